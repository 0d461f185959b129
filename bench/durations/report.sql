-- Prints the medians with their ratios, the errors, then each target with its figure.
\ir ../median.sql

select what as "contender", m.runs, round(m.seconds::numeric, 3) as "seconds",
       round((m.seconds / base.seconds)::numeric, 2) as "x avg, float8",
       round((m.seconds / ours.seconds)::numeric, 2) as "x ours"
from median m
join (values
  (1, 'ours',                 'csmetrics, median_duration'),
  (2, 'avg_float8',           'avg, float8'),
  (3, 'avg_interval',         'avg, interval'),
  (4, 'percentile_float8',    'percentile_cont, float8'),
  (5, 'percentile_interval',  'percentile_cont, interval'),
  (6, 'tdigest_100',          't-digest of 100, float8'),
  (7, 'tdigest_1000',         't-digest of 1000, float8')
) label (place, name, what) using (name)
join median base on base.name = 'avg_float8'
join median ours on ours.name = 'ours'
order by place;

-- percentile_cont knows the ended ones alone; the survival curve the open ones too.
select name as "reading", against, teams, round((100 * middle)::numeric, 2) as "middle error, %",
       round((100 * largest)::numeric, 2) as "largest, %", bytes as "bytes stored"
from accuracy
order by place, name;

with pick as (
  select max(seconds) filter (where name = 'ours') as ours,
         max(seconds) filter (where name = 'avg_float8') as avg_float8,
         max(seconds) filter (where name = 'avg_interval') as avg_interval,
         max(seconds) filter (where name = 'percentile_float8') as percentile_float8,
         max(seconds) filter (where name = 'percentile_interval') as percentile_interval
  from median
),
error as (
  select max(largest) filter (where place = 1) as median, max(largest) filter (where place = 2) as p90,
         max(largest) filter (where place in (3, 4)) as naive
  from accuracy
)
select target, round(figure::numeric, 4) as figure, round(at_most, 4) as at_most,
       case when figure <= at_most then 'reached' when figure > at_most then 'NOT reached' else 'not measured' end as verdict
from pick, error, lateral (values
  ('median_duration / avg, float8',                  ours / avg_float8,            1.7),
  ('median_duration / avg, interval',                ours / avg_interval,          1.7),
  ('median_duration / percentile_cont, float8',      ours / percentile_float8,     0.5),
  ('median_duration / percentile_cont, interval',    ours / percentile_interval,   0.5),
  ('largest error, median_duration',                 median,                       1 / 256.0),
  ('largest error, duration_quantile, 0.9',          p90,                          1 / 256.0),
  ('largest error, naive median and 0.9',            naive,                        1 / 256.0)
) t (target, figure, at_most);
