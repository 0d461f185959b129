-- From :times ("name<TAB>cores<TAB>seconds" lines) and :answers ("name,group,median,p90"): medians of the times with their ratios, how
-- far each is from the exact answers, and each target with its figure.
\pset footer off
\pset null '-'
create temp table median as
select split_part(line, E'\t', 1) as name, count(*) as runs, percentile_cont(0.5) within group (order by split_part(line, E'\t', 3)::float8) as seconds
from regexp_split_to_table(:'times', '\n') as line group by 1;
create temp table error as
select a[1] as name, max(abs(a[3]::float8 / e[3]::float8 - 1)) as median, max(abs(a[4]::float8 / e[4]::float8 - 1)) as p90
from (select string_to_array(line, ',') as a from regexp_split_to_table(:'answers', '\n') as line) as answer
join (select string_to_array(line, ',') as e from regexp_split_to_table(:'answers', '\n') as line where line like 'percentile_cont,%') as exact on a[2] = e[2]
group by 1;
\echo
select what as "contender", m.runs, round(m.seconds::numeric, 3) as "seconds", round((m.seconds / base.seconds)::numeric, 2) as "x avg",
       round((m.seconds / ours.seconds)::numeric, 2) as "x ours", round(100 * e.median::numeric, 3) as "median off by %", round(100 * e.p90::numeric, 3) as "p90 off by %"
from (values (1, 'avg', 'avg(hours)'), (2, 'avg_of_difference', 'avg(solved_at - opened_at)'), (3, 'ours', 'csmetrics: median of all, median and p90 of the solved'),
             (4, 'percentile_cont', 'percentile_cont, hours: median and p90 of the solved'), (5, 'percentile_cont_of_difference', 'percentile_cont, solved_at - opened_at'),
             (6, 'tdigest', 'tdigest, 100 centroids: median and p90 of the solved')) as label(place, name, what)
join median as m using (name) left join error as e using (name) join median as base on base.name = 'avg' join median as ours on ours.name = 'ours'
order by place;
select target, round(figure::numeric, 4) as figure, at_most, case when figure <= at_most then 'reached' else 'NOT reached' end as verdict
from (select max(seconds) filter (where name = 'ours') as ours, max(seconds) filter (where name = 'avg') as avg, max(seconds) filter (where name = 'percentile_cont') as exact,
             (select median from error where name = 'ours') as median, (select p90 from error where name = 'ours') as p90 from median) as pick,
lateral (values ('ours / avg of a column that is there', ours / avg, 1.7), ('ours / percentile_cont of it', ours / exact, 0.5),
                ('largest error of a median, of 100 groups', median, round(1 / 256.0, 6)), ('largest error of a p90, of 100 groups', p90, round(1 / 256.0, 6))) as t(target, figure, at_most);
