-- Customers alike counted once, by PostgreSQL's own means.
select count(*) from (select frequency, recency, age, count(*) as customers from customer group by frequency, recency, age) as q where customers > 0;
