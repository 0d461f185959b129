-- Ours: a history a requester, the rate of each, one rate over them.
\if :{?ticket} \else \set ticket ticket \endif
select csmetrics.success_count(rate) as successes, csmetrics.trial_count(rate) as trials
from (
  select csmetrics.rollup(csmetrics.first_contact_resolution(tickets, timestamptz '2026-01-01 00:00Z')) as rate
  from (select csmetrics.ticket_agg(opened_at, solved_at, reopened) as tickets from :ticket group by requester) requester
) total;
