-- The popular shape: every account times every month of its life, joined to the segments in force on the month's last day,
-- lag() for the opening, then classify. Its cost grows with the months.
with calendar as (
  select m::date as month, (m + interval '1 month')::date as month_end
  from generate_series(timestamp '2020-01-01', timestamp '2026-11-01', interval '1 month') m
),
account as (
  select customer_id, min(starts) as joined, max(coalesce(ends, date '2026-12-01')) as gone
  from seg
  group by customer_id
),
spine as (
  select customer_id, month, month_end
  from account join calendar on month_end > joined and month <= gone
),
balance as (
  select spine.customer_id, month, coalesce(sum(mrr), 0) as closing
  from spine left join seg
    on seg.customer_id = spine.customer_id and starts < month_end and (ends is null or ends >= month_end)
  group by spine.customer_id, month
),
step as (
  -- nth = 1 is the month the account joined in; from nth = 2 on it has paid before, and coming back is a reactivation.
  select month, closing, coalesce(lag(closing) over life, 0) as opening, row_number() over life as nth
  from balance
  window life as (partition by customer_id order by month)
),
bridge as (
  select month,
         sum(opening) as opening,
         sum(closing) filter (where opening = 0 and nth = 1) as new,
         sum(closing) filter (where opening = 0 and nth > 1) as reactivation,
         sum(closing - opening) filter (where opening > 0 and closing > opening) as expansion,
         sum(opening - closing) filter (where closing > 0 and closing < opening) as contraction,
         sum(opening) filter (where closing = 0) as churn,
         sum(closing) as closing
  from step
  group by month
)
select month as period_start,
       coalesce(opening, 0) as opening, coalesce(new, 0) as new, coalesce(reactivation, 0) as reactivation,
       coalesce(expansion, 0) as expansion, coalesce(contraction, 0) as contraction, coalesce(churn, 0) as churn,
       coalesce(closing, 0) as closing
from calendar left join bridge using (month)
order by month;
