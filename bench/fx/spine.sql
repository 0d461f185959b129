-- What people write: the MRR of each account and currency at both ends of each month, at the rates of both.
select month, sum(m0 * r0), sum(m1 * r1), sum(m1 * r1 - m1 * r0) as fx
from (
  select month, customer_id, code, coalesce(sum(mrr) filter (where starts < month and (ends >= month or ends is null)), 0) as m0,
         coalesce(sum(mrr) filter (where starts < next and (ends >= next or ends is null)), 0) as m1
  from priced, (select m::date as month, (m + interval '1 month')::date as next from generate_series(timestamp '2025-11-01', '2026-10-01', '1 month') m) w
  where starts < next and (ends >= month or ends is null)
  group by month, customer_id, code) a
join (select code, day + 1 as month, rate / (select f.rate from fx f where f.code = 'CAX' and f.day = fx.day) as r0 from fx) o using (month, code)
join (select code, (day + 1 - interval '1 month')::date as month, rate / (select f.rate from fx f where f.code = 'CAX' and f.day = fx.day) as r1 from fx) c using (month, code)
group by month
order by month;
