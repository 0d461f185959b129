-- How far the readings are off, on the rows that were timed: one row a reading in the table accuracy. :tdigest says whether the
-- extension is there.

-- Exact, and by other means: the survival curve as a running sum of logarithms, one length at a time. At one length, those that
-- ended leave before those still open.
create temp table exact as
with life as (
  select team, coalesce(ended, timestamptz '2026-01-01 00:00Z') - started as length, ended is not null as has_ended from work
),
at_risk as (
  select *, row_number() over (partition by team order by length desc, has_ended) as at_risk from life
),
curve as (
  select team, length, exp(sum(case when not has_ended then 0 when at_risk > 1 then ln(1 - 1.0::float8 / at_risk) else '-infinity' end)
                           over (partition by team order by length, has_ended desc)) as surviving
  from at_risk
)
select team, min(length) filter (where surviving <= 0.5) as median, min(length) filter (where surviving <= 0.1) as p90
from curve
group by team;

create temp table naive as
select team, percentile_cont(array[0.5, 0.9]) within group (order by ended - started) as lengths from work group by team;

create temp table ours as
select team, csmetrics.duration_agg(started, ended, timestamptz '2026-01-01 00:00Z') as state from work group by team;

\if :tdigest
create temp table digest as
select compression, team, tdigest(hours, compression) as state, tdigest_percentile(hours, compression, array[0.5, 0.9]) as hours
from work, (values (100), (1000)) v (compression)
group by compression, team;
\else
create temp table digest (compression int, team int, state bytea, hours float8[]);
\endif

create temp table reading as
select 1 as place, 'median_duration' as name, 'the survival curve' as against,
       team, csmetrics.median_duration(state) as length, median as exact, pg_column_size(state) as bytes
from ours join exact using (team)
union all
select 2, 'duration_quantile, 0.9', 'the survival curve', team, csmetrics.duration_quantile(state, 0.9), p90, pg_column_size(state)
from ours join exact using (team)
union all
select 3, 'naive_median', 'percentile_cont', team, csmetrics.naive_median(state), lengths[1], pg_column_size(state)
from ours join naive using (team)
union all
select 4, 'naive_quantile, 0.9', 'percentile_cont', team, csmetrics.naive_quantile(state, 0.9), lengths[2], pg_column_size(state)
from ours join naive using (team)
union all
select 5, 't-digest of ' || compression || ', median', 'percentile_cont', team, interval '1 hour' * hours[1], lengths[1], pg_column_size(state)
from digest join naive using (team)
union all
select 6, 't-digest of ' || compression || ', 0.9', 'percentile_cont', team, interval '1 hour' * hours[2], lengths[2], pg_column_size(state)
from digest join naive using (team)
union all
select 7, 'percentile_cont, median', 'the survival curve', team, lengths[1], median, null from naive join exact using (team);

drop table if exists accuracy;
create table accuracy as
select place, name, against, count(error) as teams, percentile_cont(0.5) within group (order by error) as middle, max(error) as largest,
       max(bytes) as bytes
from (select *, abs(extract(epoch from length)::float8 / extract(epoch from exact)::float8 - 1) as error from reading) error
group by place, name, against;

-- What must hold for the figures to mean anything.
select 'no buckets in team ' || team from ours where csmetrics.is_exact(state);
select 'other subjects in team ' || team
from ours join (select team, count(*) as subjects, count(ended) as ended from work group by team) work using (team)
where csmetrics.subject_count(state) <> subjects or csmetrics.ended_count(state) <> ended;
select name || ' is missing in a team' from reading where (length is null) <> (exact is null);
