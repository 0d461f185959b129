-- What people write once the self-join is too slow: one sorted pass. Only the next ticket of the requester can be the first that
-- comes too soon. A ticket is judged once the seven days after its solve are over, or
-- those after its opening where it is open again.
\if :{?ticket} \else \set ticket ticket \endif
select count(*) filter (where reopened = 0 and (next_at is null or next_at > solved_at + interval '7 days')) as successes,
       count(*) as trials
from (
  select opened_at, solved_at, reopened, lead(opened_at) over (partition by requester order by opened_at) as next_at from :ticket
) contact
where solved_at >= opened_at and solved_at + interval '7 days' <= timestamptz '2026-01-01 00:00Z'
      or solved_at is null and reopened > 0 and opened_at + interval '7 days' <= timestamptz '2026-01-01 00:00Z';
