-- The grouping alone: one count, no aggregate by account.
select count(*) from (select customer_id from seg group by customer_id) account;
