-- Prints the medians with their ratios, then each speed target with its figure.
\ir ../median.sql

select what as "contender", m.cores, m.runs, round(m.seconds::numeric, 3) as "seconds",
       round((m.seconds / base.seconds)::numeric, 2) as "x bare GROUP BY",
       round((m.seconds / ours.seconds)::numeric, 2) as "x ours"
from median m
join (values
  (1, 'bare_scan',          'bare scan'),
  (2, 'bare_group_keys',    'bare GROUP BY, keys alone'),
  (3, 'bare_group_by',      'bare GROUP BY, sum, min, max'),
  (4, 'ours',               'csmetrics, 83 months'),
  (5, 'ours_quarter',       'csmetrics, 28 quarters'),
  (6, 'ours_day',           'csmetrics, 2,526 days'),
  (7, 'duckdb',             'DuckDB, delta SQL'),
  (8, 'delta',              'PostgreSQL, delta SQL'),
  (9, 'spine',              'PostgreSQL, spine SQL'),
  (10, 'retention_one',     'nrr'),
  (11, 'retention_four',    'nrr, grr, logo_churn, revenue_churn')
) label (place, name, what) using (name)
left join median base on base.name = 'bare_group_by' and base.cores = m.cores and m.name !~ '^retention'
left join median ours on ours.name = 'ours' and ours.cores = m.cores and m.name !~ '^retention'
order by place, m.cores;

-- "No growth" and "the same cost" allow a tenth for the noise of a machine.
with pick as (
  select max(seconds) filter (where name = 'ours' and cores = 1) as ours,
         max(seconds) filter (where name = 'bare_group_by' and cores = 1) as bare,
         max(seconds) filter (where name = 'spine' and cores = 1) as spine,
         max(seconds) filter (where name = 'duckdb' and cores = 2) as duckdb,
         max(seconds) filter (where name = 'ours_day') as day,
         max(seconds) filter (where name = 'ours_quarter') as quarter,
         max(seconds) filter (where name = 'retention_one') as one,
         max(seconds) filter (where name = 'retention_four') as four
  from median
)
select target, round(figure::numeric, 4) as figure, at_most,
       case when figure <= at_most then 'reached' when figure > at_most then 'NOT reached' else 'not measured' end as verdict
from pick, lateral (values
  ('83-month bridge / bare GROUP BY, one core',         ours / bare,   2.0),
  ('83-month bridge / spine SQL, one core',             ours / spine,  round(1 / 60.0, 4)),
  ('83-month bridge on one core / DuckDB on two',       ours / duckdb, 1.0),
  ('2,526 days / 28 quarters: no growth with periods',  day / quarter, 1.1),
  ('four retention readings / nrr alone',               four / one,    1.1)
) t (target, figure, at_most);
