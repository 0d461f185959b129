-- The rows every contender reads: :rows pieces of work (default 5000000) of 100 teams, in the order of their start.
-- A length is log-normal, its median 1.5 to 4 days by team, and its logarithm has a standard deviation of 2: some take
-- a year. Work starts evenly over 75 days; what outlives 2026-01-01 is open. hours says again how long it took, for
-- contenders that want a number.
-- The seed is fixed and the plan runs in one process, so that every run measures the same rows.
\if :{?rows} \else \set rows 5000000 \endif

drop table if exists work;
create table work (
  team    int not null,
  started timestamptz not null,
  ended   timestamptz,
  hours   float8
);

select setseed(0.42) \g /dev/null

insert into work
select team, started, ended, extract(epoch from ended - started)::float8 / 3600
from (
  select team, started, case when ended <= timestamptz '2026-01-01 00:00Z' then ended end as ended
  from (
    select team, started,
           started + interval '1 hour' * exp(3.6 + team / 100.0 + 2 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) as ended
    from (
      select 1 + floor(100 * random())::int as team, timestamptz '2026-01-01 00:00Z' - interval '75 days' * random() as started
      from generate_series(1, :rows)
      order by started
    ) start
  ) work
) known;

-- Hint bits and statistics now, so that no contender pays for them.
vacuum (freeze, analyze) work;
