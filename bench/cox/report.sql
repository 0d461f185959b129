-- Prints the medians with their ratios, then each target with its figure.
\ir ../median.sql

select what as "contender", m.runs, round(m.seconds::numeric, 3) as "seconds", round((m.seconds / floor.seconds)::numeric, 1) as "x scan"
from median m
join (values
  (1, 'ours_years',  'csmetrics, a time of its own each'),
  (2, 'r_years',     'R coxph, a time of its own each'),
  (3, 'ours_months', 'csmetrics, months'),
  (4, 'r_months',    'R coxph, months'),
  (5, 'bare_scan',   'bare scan')
) label (place, name, what) using (name)
join median floor on floor.name = 'bare_scan'
order by place;

with pick as (
  select max(seconds) filter (where name = 'ours_years') as ours_years, max(seconds) filter (where name = 'r_years') as r_years,
         max(seconds) filter (where name = 'ours_months') as ours_months, max(seconds) filter (where name = 'r_months') as r_months
  from median
)
select target, round(figure::numeric, 2) as figure, at_least, case when figure >= at_least then 'reached' when figure < at_least then 'NOT reached' else 'not measured' end as verdict
from pick, lateral (values ('R coxph / csmetrics, a time of its own each', r_years / ours_years, 3), ('R coxph / csmetrics, months', r_months / ours_months, 3)) t (target, figure, at_least);
