-- What any answer by account must at least pay. The outer counts name every column: under a plain count(*) the planner drops
-- the three aggregates as unused.
select count(total), count(first), count(last)
from (select customer_id, sum(mrr) as total, min(starts) as first, max(ends) as last from seg group by customer_id) account;
