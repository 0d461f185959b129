-- From :times ("name<TAB>cores<TAB>seconds" lines): medians with their ratios, and the target with its figure.
\pset footer off
create temp table median as
select split_part(line, E'\t', 1) as name, count(*) as runs, percentile_cont(0.5) within group (order by split_part(line, E'\t', 3)::float8) as seconds
from regexp_split_to_table(:'times', '\n') as line group by 1;
\echo
select what as "contender", m.runs, round(m.seconds::numeric, 3) as "seconds", round((m.seconds / base.seconds)::numeric, 2) as "x sorted pass", round((m.seconds / ours.seconds)::numeric, 2) as "x ours"
from (values (1, 'sorted_pass', 'one sorted pass, nothing computed'), (2, 'window', 'window function, one sorted pass'), (3, 'ours', 'csmetrics'), (4, 'self_join', 'NOT EXISTS, by index')) as label(place, name, what)
join median as m using (name) join median as base on base.name = 'sorted_pass' join median as ours on ours.name = 'ours' order by place;
select target, round(figure::numeric, 4) as figure, at_most, case when figure <= at_most then 'reached' else 'NOT reached' end as verdict
from (select max(seconds) filter (where name = 'ours') as ours, max(seconds) filter (where name = 'sorted_pass') as pass from median) as pick,
lateral (values ('ours / one sorted pass', ours / pass, 3.0)) as t(target, figure, at_most);
