-- Prints the medians with their ratios, then each speed target with its figure.
\ir ../median.sql

select what as "contender", m.cores, m.runs, round(m.seconds::numeric, 3) as "seconds", round((m.seconds / base.seconds)::numeric, 2) as "x bare GROUP BY"
from median m
join (values
  (1, 'bare_scan',     'bare scan'),
  (2, 'bare_group_by', 'bare GROUP BY, count, sum'),
  (3, 'histories',     'csmetrics, histories'),
  (4, 'read',          'stored histories, read alone'),
  (5, 'series',        'csmetrics, series from stored histories'),
  (6, 'ours',          'csmetrics, series from rows'),
  (7, 'duckdb',        'DuckDB, islands, one window'),
  (8, 'islands',       'PostgreSQL, islands, one window'),
  (9, 'ours_tenth',    'csmetrics, series from rows, a tenth'),
  (10, 'spine',        'PostgreSQL, spine, a tenth')
) label (place, name, what) using (name)
left join median base on base.name = 'bare_group_by' and base.cores = m.cores
order by place, m.cores;

with pick as (
  select max(seconds) filter (where name = 'bare_group_by' and cores = 1) as bare, max(seconds) filter (where name = 'histories' and cores = 1) as histories,
         max(seconds) filter (where name = 'series' and cores = 1) as series, max(seconds) filter (where name = 'ours' and cores = 1) as ours_one,
         max(seconds) filter (where name = 'ours' and cores = 2) as ours_two, max(seconds) filter (where name = 'duckdb' and cores = 1) as duckdb_one,
         max(seconds) filter (where name = 'duckdb' and cores = 2) as duckdb_two, max(seconds) filter (where name = 'ours_tenth') as tenth, max(seconds) filter (where name = 'spine') as spine
  from median
)
select target, round(figure::numeric, 4) as figure, at_most,
       case when figure <= at_most then 'reached' when figure > at_most then 'NOT reached' else 'not measured' end as verdict
from pick, lateral (values
  ('histories / bare GROUP BY, one core',                  histories / bare,      1.7),
  ('series from stored histories / DuckDB on two threads', series / duckdb_two,   0.1),
  ('series from rows / DuckDB, one core each',             ours_one / duckdb_one, 1.0),
  ('series from rows / DuckDB, two cores each',            ours_two / duckdb_two, 1.0),
  ('series from rows / spine, a tenth',                    tenth / spine,         0.1)
) t (target, figure, at_most);
