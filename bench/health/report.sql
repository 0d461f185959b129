-- Prints the medians with their ratios, then each speed target with its figure.
\ir ../median.sql

select what as "contender", m.cores, m.runs, round(m.seconds::numeric, 3) as "seconds", round((m.seconds * 1e6 / :scored)::numeric, 2) as "us a customer",
       round((m.seconds / base.seconds)::numeric, 2) as "x read", round((m.seconds / ours.seconds)::numeric, 2) as "x ours"
from median m
join (values
  (1, 'read',           'the same columns, read alone'),
  (2, 'ours',           'csmetrics, account_health'),
  (3, 'ours_aggregate', 'csmetrics, aggregate health_score'),
  (4, 'hand',           'by hand over the same readers'),
  (5, 'contributions',  'csmetrics, contributions of all'),
  (6, 'movement',       'csmetrics, health_movement'),
  (7, 'view',           'csmetrics, account_health, all columns'),
  (8, 'queue',          'csmetrics, csm_today')
) label (place, name, what) using (name)
left join median base on base.name = 'read' and base.cores = m.cores
left join median ours on ours.name = 'ours' and ours.cores = m.cores
order by place, m.cores;

with pick as (
  select cores, max(seconds) filter (where name = 'read') as read, max(seconds) filter (where name = 'ours') as ours,
         max(seconds) filter (where name = 'view') as view, max(seconds) filter (where name = 'queue') as queue
  from median group by cores
)
select target, round(figure::numeric, 4) as figure, at_most,
       case when figure <= at_most then 'reached' when figure > at_most then 'NOT reached' else 'not measured' end as verdict
from pick as one, pick as two, lateral (values
  ('account_health / read, one core',  one.ours / one.read, 3.0),
  ('account_health / read, two cores', two.ours / two.read, 3.0),
  ('csm_today / account_health',       one.queue / one.view, 1.5)
) t (target, figure, at_most)
where one.cores = 1 and two.cores = 2;
