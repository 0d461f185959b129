-- The floor: the sorted pass alone. OFFSET keeps the planner from dropping the order.
select count(solved_at), count(reopened)
from (select opened_at, solved_at, reopened from ticket order by requester, opened_at offset 0) sorted;
