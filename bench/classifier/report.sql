-- Prints the medians with their ratios, then each target with its figure.
\ir ../median.sql

select what as "contender", m.runs, round(m.seconds::numeric, 3) as "seconds", round((m.seconds / floor.seconds)::numeric, 2) as "x ten columns"
from median m
join (values
  (1, 'ours',                 'csmetrics, plain logistic regression'),
  (2, 'r',                    'R glm'),
  (3, 'read_ten',             'ten columns read'),
  (4, 'array_plain',          'predict, array, plain fit'),
  (5, 'array_default',        'predict, array, default fit'),
  (6, 'to_jsonb',             'count(to_jsonb(t))'),
  (7, 'jsonb_plain',          'predict, jsonb, plain fit'),
  (8, 'jsonb_default',        'predict, jsonb, default fit')
) label (place, name, what) using (name)
join median floor on floor.name = 'read_ten'
order by place;

with pick as (
  select max(seconds) filter (where name = 'ours') as ours, max(seconds) filter (where name = 'r') as r, max(seconds) filter (where name = 'read_ten') as read_ten,
         max(seconds) filter (where name = 'array_plain') as array_plain, max(seconds) filter (where name = 'array_default') as array_default,
         max(seconds) filter (where name = 'to_jsonb') as to_jsonb, max(seconds) filter (where name = 'jsonb_plain') as jsonb_plain,
         max(seconds) filter (where name = 'jsonb_default') as jsonb_default
  from median
)
select target, round(figure::numeric, 3) as figure, at_most, case when figure <= at_most then 'reached' when figure > at_most then 'NOT reached' else 'not measured' end as verdict
from pick, lateral (values
  ('csmetrics / R glm',                                    ours / r,                  0.5),
  ('predict by jsonb, plain / count(to_jsonb(t))',         jsonb_plain / to_jsonb,    1.5),
  ('predict by jsonb, default / count(to_jsonb(t))',       jsonb_default / to_jsonb,  1.5),
  ('predict by array, plain / ten columns read',           array_plain / read_ten,    2.0),
  ('predict by array, default / ten columns read',         array_default / read_ten,  2.0)) t (target, figure, at_most);

select what as "learner", round(auc::numeric, 4) as auc, round(brier::numeric, 4) as brier from pairs order by place;
select 'boosting less default, at most 0.01' as target, round((b.auc - d.auc)::numeric, 4) as figure, case when b.auc - d.auc <= 0.01 then 'reached' else 'NOT reached' end as verdict
from pairs b, pairs d where b.place = 3 and d.place = 1;
