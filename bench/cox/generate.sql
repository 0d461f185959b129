-- :rows customers (default 1000000), ten features, and how long each stayed: an exponential time by the features, cut off for four in
-- ten. As a time of its own nearly each (R takes times to be one that differ by less than 1.5e-8), and in whole months.
\if :{?rows} \else \set rows 1000000 \endif

drop table if exists stay;
create table stay (
  x1 float8, x2 float8, x3 float8, x4 float8, x5 float8, x6 float8, x7 float8, x8 float8, x9 float8, x10 float8,
  years   float8 not null,
  months  float8 not null,
  churned boolean not null
);

select setseed(0.42) \g /dev/null

insert into stay
select x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9], x[10], round(least(left_at, seen)::numeric, 6), ceil(10 * least(left_at, seen)), left_at <= seen
from (
  select x, -ln(1 - random()) / exp(-0.5 * x[1] - 0.4 * x[2] - 0.3 * x[3] - 0.2 * x[4] - 0.1 * x[5] + 0.1 * x[6] + 0.2 * x[7] + 0.3 * x[8] + 0.4 * x[9] + 0.5 * x[10]) as left_at,
         -1.5 * ln(1 - random()) as seen
  from (
    -- normal, by Box and Muller; n keeps the subquery from being worked out once
    select array(select sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) from generate_series(1, 10) where n > 0) as x
    from generate_series(1, :rows) n
  ) features
) stay;

vacuum (freeze, analyze) stay;
