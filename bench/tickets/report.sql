-- Prints the medians with their ratios, then each speed target with its figure.
\ir ../median.sql

select what as "contender", m.runs, round(m.seconds::numeric, 3) as "seconds",
       round((m.seconds / pass.seconds)::numeric, 2) as "x window", round((m.seconds / ours.seconds)::numeric, 2) as "x ours"
from median m
join (values
  (1, 'ours',            '',          'csmetrics'),
  (2, 'window',          '',          'window, lead()'),
  (3, 'ours_4MB',        '_4MB',      'csmetrics, work_mem 4 MB'),
  (4, 'window_4MB',      '_4MB',      'window, lead(), work_mem 4 MB'),
  (5, 'ours_shuffled',   '_shuffled', 'csmetrics, rows in no order'),
  (6, 'window_shuffled', '_shuffled', 'window, lead(), rows in no order'),
  (7, 'sorted_scan',     '',          'the sorted pass alone'),
  (8, 'not_exists',      '',          'NOT EXISTS')
) label (place, name, rival, what) using (name)
join median pass on pass.name = 'window' || rival
join median ours on ours.name = 'ours' || rival
order by place;

with pick as (
  select max(seconds) filter (where name = 'ours') as ours,
         max(seconds) filter (where name = 'window') as pass,
         max(seconds) filter (where name = 'ours_4MB') as ours_small,
         max(seconds) filter (where name = 'window_4MB') as pass_small,
         max(seconds) filter (where name = 'ours_shuffled') as ours_shuffled,
         max(seconds) filter (where name = 'window_shuffled') as pass_shuffled,
         max(seconds) filter (where name = 'sorted_scan') as sorted_scan
  from median
)
select target, round(figure::numeric, 4) as figure, at_most,
       case when figure <= at_most then 'reached' when figure > at_most then 'NOT reached' else 'not measured' end as verdict
from pick, lateral (values
  ('csmetrics / window',                    ours / pass,                    3.0),
  ('csmetrics / window, work_mem 4 MB',     ours_small / pass_small,        3.0),
  ('csmetrics / window, rows in no order',  ours_shuffled / pass_shuffled,  3.0),
  ('csmetrics / the sorted pass alone',     ours / sorted_scan,             3.0)
) t (target, figure, at_most);
