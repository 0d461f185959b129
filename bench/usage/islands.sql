-- The best SQL known to us for one window, the 28 days: distinct account days, islands of them, running sum of their ends.
with account_day as (select distinct account_id, day from usage_event),
neighbour as (select account_id, day, day - lag(day) over w <= 28 as goes_on, lead(day) over w as next_day from account_day window w as (partition by account_id order by day)),
change as (select day, 1 as n from neighbour where goes_on is not true union all select day + 28, -1 from neighbour where next_day is null or next_day - day > 28),
net as (select day, sum(n) as n from change group by day)
select day, mau from (select day, cast(sum(n) over (order by day) as bigint) as mau from net) as series where day >= date '2025-11-01' and day < date '2026-11-01' order by day;
