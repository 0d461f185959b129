-- Prints the medians with their ratios, then the target with its figure.
\ir ../median.sql

select what as "contender", m.cores, m.runs, round(m.seconds::numeric, 3) as "seconds", round((m.seconds / base.seconds)::numeric, 2) as "x one currency"
from median m
join (values
  (1, 'one',   'csmetrics, one currency'),
  (2, 'many',  'csmetrics, twenty currencies, a rate a day'),
  (3, 'mixed',  'the same, one account in a hundred in two'),
  (4, 'spine', 'plain SQL, opening, closing and fx alone')
) label (place, name, what) using (name)
left join median base on base.name = 'one' and base.cores = m.cores
order by place, m.cores;

select target, round(figure::numeric, 4) as figure, at_most,
       case when figure <= at_most then 'reached' when figure > at_most then 'NOT reached' else 'not measured' end as verdict
from (select 'twenty currencies / one, one core' as target, max(seconds) filter (where name = 'many') / max(seconds) filter (where name = 'one') as figure, 1.3 as at_most
      from median where cores = 1) t;
