-- Reads "contender,period_start,…" lines and prints every row on which the contenders differ; nothing where all agree.
create temp table answer (
  contender text, period_start date,
  opening numeric, new numeric, reactivation numeric, expansion numeric, contraction numeric, churn numeric, closing numeric
);
\copy answer from pstdin csv

-- By day and by quarter the movements net differently, the balance on a shared first day does not.
create temp view monthly as select * from answer where contender !~ '_(day|quarter)';

select string_agg(contender, ' and ' order by contender) || ' alone: ' || period_start as differs,
       opening, new, reactivation, expansion, contraction, churn, closing
from monthly
group by period_start, opening, new, reactivation, expansion, contraction, churn, closing
having count(*) < (select count(distinct contender) from monthly)
order by period_start;

select 'balance by period: ' || period_start as differs, array_agg(distinct opening) as openings
from answer
group by period_start
having count(distinct opening) > 1
order by period_start;

select contender || ' does not add up: ' || period_start as differs, opening, closing
from answer
where opening + new + reactivation + expansion - contraction - churn is distinct from closing
order by contender, period_start;

select contender || ' has ' || count(*) || ' of 83 months' as differs
from monthly
group by contender
having count(*) <> 83;
