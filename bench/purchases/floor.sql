-- What any fit of these rows must at least read.
select avg(frequency::float8), avg(recency), avg(age) from customer;
