-- Reads "kind<TAB>name<TAB>seconds" lines, prints the medians, and each target.
create temp table sample (kind text, name text, seconds float8);
\copy sample from pstdin
\pset footer off
\pset null '-'
\echo
create temp view median as
select kind, name, count(*) as runs, percentile_cont(0.5) within group (order by seconds) as seconds from sample group by kind, name;

select s.name as "view", round(s.seconds::numeric * 1000, 1) as "stored, ms", round(l.seconds::numeric * 1000, 1) as "live, ms",
       round((l.seconds / s.seconds)::numeric, 1) as "live / stored", round(o.seconds::numeric * 1000, 1) as "one account, ms"
from median s left join median l on l.kind = 'live' and l.name = s.name left join median o on o.kind = 'one account' and o.name = s.name
where s.kind = 'stored' order by s.seconds desc;

select name as "refresh", runs, round(seconds::numeric, 3) as "seconds" from median where kind = 'refresh' order by name;

select target, round(worst::numeric, 3) as "worst, s", at_most, name as "of", case when worst <= at_most then 'reached' else 'NOT reached' end as verdict
from (select distinct on (target) target, seconds as worst, at_most, name
      from (select 'scorecard and its like' as target, seconds, 0.1 as at_most, name from median
            where kind = 'stored' and name in ('scorecard', 'executive_monthly', 'manager_weekly', 'revenue_by_segment', 'health_trend', 'csm_today')
            union all
            select 'other views, LIMIT 10000', seconds, 1, name from median where kind = 'stored'
            union all
            select 'one account', seconds, 0.02, name from median where kind = 'one account') t
      order by target, seconds desc) t
order by target;
