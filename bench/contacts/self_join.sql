-- What people write: no later ticket of the same requester. The index that it needs is there.
select count(*) filter (where reopened = 0 and not exists (select from ticket as later where later.requester = t.requester and later.opened_at > t.opened_at and later.opened_at <= t.solved_at + interval '168 hours')), count(*)
from ticket as t where solved_at >= opened_at and solved_at + interval '168 hours' <= '2024-12-31';
