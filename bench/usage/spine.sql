-- The popular shape, of a tenth of the accounts: a spine of days, joined to the rows of the 28 days before, count(distinct).
select spine.day, count(distinct account_id) filter (where u.day = spine.day) as dau, count(distinct account_id) filter (where u.day > spine.day - 7) as wau, count(distinct account_id) as mau
from (select d::date as day from generate_series(date '2025-11-01', date '2026-10-31', interval '1 day') as d) as spine
join usage_tenth as u on u.day > spine.day - 28 and u.day <= spine.day
group by 1 order by 1;
