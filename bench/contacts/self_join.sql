-- What people write: no later ticket of the same requester.
select count(*) filter (where reopened = 0 and not exists (select from indexed_ticket as later where later.requester = t.requester and later.opened_at > t.opened_at and later.opened_at <= t.solved_at + interval '168 hours')), count(*)
from indexed_ticket as t where solved_at >= opened_at and solved_at + interval '168 hours' <= '2024-12-31';
