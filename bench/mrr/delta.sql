-- The best SQL known to us: no calendar join. Each segment is two changes, netted by account and month; a running sum gives the
-- closing. Only months in which an account changed are touched. DuckDB runs this same text.
with change as (
  select customer_id, starts - extract(day from starts)::int + 1 as month, mrr as delta from seg
  union all
  select customer_id, ends - extract(day from ends)::int + 1, -mrr from seg where ends is not null
),
net as (
  select customer_id, month, sum(delta)::numeric(12,2) as delta
  from change
  group by customer_id, month
),
step as (
  -- nth = 1 is the month the account joined in; from nth = 2 on it has paid before, and coming back is a reactivation.
  select month, delta, sum(delta) over life as closing, row_number() over life as nth
  from net
  window life as (partition by customer_id order by month rows unbounded preceding)
),
bridge as (
  -- The opening is closing - delta; delta = closing therefore says that it was zero.
  select month,
         sum(closing) filter (where delta = closing and nth = 1) as new,
         sum(closing) filter (where delta = closing and nth > 1) as reactivation,
         sum(delta) filter (where delta > 0 and delta < closing) as expansion,
         sum(-delta) filter (where delta < 0 and closing > 0) as contraction,
         sum(-delta) filter (where delta < 0 and closing = 0) as churn,
         sum(delta) as net
  from step
  group by month
),
filled as (
  select cast(c.month as date) as month,
         coalesce(new, 0) as new, coalesce(reactivation, 0) as reactivation, coalesce(expansion, 0) as expansion,
         coalesce(contraction, 0) as contraction, coalesce(churn, 0) as churn, coalesce(net, 0) as net
  from generate_series(timestamp '2020-01-01', timestamp '2026-11-01', interval '1 month') c(month)
       left join bridge on bridge.month = c.month
)
select month as period_start,
       sum(net) over to_here - net as opening,
       new, reactivation, expansion, contraction, churn,
       sum(net) over to_here as closing
from filled
window to_here as (order by month rows unbounded preceding)
order by month;
