-- :rows tickets in 100 groups, opened over a year. How long one takes is log-normal with a heavy tail: half an hour in the middle,
-- nine days for one in a thousand. One in seven is open. Fixed seed.
drop table if exists duration;
create unlogged table duration (grp int not null, opened_at timestamptz not null, solved_at timestamptz, hours float8, waited interval);
select setseed(0.5);
insert into duration
select grp, opened_at, solved_at, extract(epoch from solved_at - opened_at) / 3600, solved_at - opened_at
from (select grp, opened_at, case when random() < 6 / 7.0 then opened_at + least(0.5 * exp(3 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())), 8760) * interval '1 hour' end as solved_at
      from (select 1 + i % 100 as grp, timestamptz '2024-01-01' + random() * interval '366 days' as opened_at
            from generate_series(1, :rows) as i offset 0) as opened offset 0) as ticket;
vacuum (freeze, analyze) duration;
