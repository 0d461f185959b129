-- What people write: the MRR of each account and currency at both ends of each month, at the rates of both.
with rate as (
  select f.code, f.day, f.rate / home.rate as rate from fx f join fx home on home.code = 'CAX' and home.day = f.day),
month as (
  select m::date as month, (m + interval '1 month')::date as next from generate_series(timestamp '2025-11-01', '2026-10-01', '1 month') m),
held as (
  select month, next, customer_id, code, coalesce(sum(mrr) filter (where starts < month and (ends >= month or ends is null)), 0) as m0,
         coalesce(sum(mrr) filter (where starts < next and (ends >= next or ends is null)), 0) as m1
  from priced join month on starts < next and (ends >= month or ends is null)
  group by month, next, customer_id, code)
select month, sum(m0 * o.rate), sum(m1 * c.rate), sum(m1 * c.rate - m1 * o.rate) as fx
from held join rate o on o.code = held.code and o.day = month - 1 join rate c on c.code = held.code and c.day = next - 1
group by month
order by month;
