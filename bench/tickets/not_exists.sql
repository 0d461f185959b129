-- The definition as a sentence: no later ticket of the same requester within seven days of the solve. Two scans, so that the
-- planner may choose an anti-join; as one expression in a filter it looks through all tickets for each.
with judged as not materialized (
  select * from ticket where solved_at >= opened_at and solved_at + interval '7 days' <= timestamptz '2026-01-01 00:00Z'
      or solved_at is null and reopened > 0 and opened_at + interval '7 days' <= timestamptz '2026-01-01 00:00Z'
)
select count(*) as successes, (select count(*) from judged) as trials
from judged
where reopened = 0 and not exists (
  select from ticket later
  where later.requester = judged.requester and later.opened_at > judged.opened_at and later.opened_at <= judged.solved_at + interval '7 days'
);
