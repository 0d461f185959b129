select f.* from (select csmetrics.:state as state from customer) as s, csmetrics.:of(state) as f;
