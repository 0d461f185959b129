-- Ours: a history a requester, and one rate over them.
select csmetrics.success_count(r), csmetrics.trial_count(r)
from (select csmetrics.rollup(csmetrics.first_contact_resolution(history, '2024-12-31')) as r
      from (select csmetrics.ticket_agg(opened_at, solved_at, reopened) as history from ticket group by requester) as requester) as rate;
