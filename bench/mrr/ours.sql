-- Ours: a history an account, one summary over the histories, one row a period. :period may be day, month (default) or quarter.
\if :{?period} \else \set period month \endif
select period_start, opening, new, reactivation, expansion, contraction, churn, closing
from csmetrics.movements((
  select csmetrics.mrr_movement_agg(timeline, date '2020-01-01', date '2026-12-01', :'period')
  from (select csmetrics.mrr_timeline_agg(starts, ends, mrr) as timeline from seg group by customer_id) account
));
