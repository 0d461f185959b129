-- Prints the medians with their ratios, then each target with its figure.
\ir ../median.sql

select what as "contender", m.runs, round(m.seconds::numeric, 3) as "seconds", round((m.seconds / base.seconds)::numeric, 2) as "x avg"
from median m
join (values
  (1, 'floor',       'three avg'),
  (2, 'grouped',     'GROUP BY all three, count'),
  (3, 'bgnbd',       'BG/NBD, by the day: aggregate and fit'),
  (4, 'bgnbd_exact', 'BG/NBD, nearly all different'),
  (5, 'gamma_gamma', 'Gamma-Gamma'),
  (6, 'pareto_nbd',  'Pareto/NBD, by the day'),
  (7, 'r_optim',     'R, optim: BG/NBD, fit alone'),
  (8, 'predict',     'bgnbd_expected, a customer')
) label (place, name, what) using (name)
join median base on base.name = 'floor'
order by place;

with pick as (
  select max(seconds) filter (where name = 'bgnbd') as ours, max(seconds) filter (where name = 'bgnbd_exact') as exact,
         max(seconds) filter (where name = 'r_optim') as r
  from median
)
select target, round(figure::numeric, 4) as figure, at_most,
       case when figure <= at_most then 'reached' when figure > at_most then 'NOT reached' else 'not measured' end as verdict
from pick, lateral (values
  ('BG/NBD of all customers, by the day, seconds on one core',            ours,     5.0),
  ('the same of customers that are nearly all different, seconds',        exact,    5.0),
  ('BG/NBD / R''s optim',                                                 ours / r, 0.1)
) t (target, figure, at_most);
