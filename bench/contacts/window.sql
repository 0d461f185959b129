-- The best SQL known to us: the next contact by a window function.
select count(*) filter (where judged and reopened = 0 and (next is null or next > solved_at + interval '168 hours')), count(*) filter (where judged)
from (select reopened, solved_at, coalesce(solved_at >= opened_at and solved_at + interval '168 hours' <= '2024-12-31', false) as judged, lead(opened_at) over (partition by requester order by opened_at) as next from ticket) as t;
