-- The rows every contender reads: :rows tickets (default 5000000) over two years, of a tenth as many requesters, some of which ask
-- far more often than others. ticket is in the order of opening, as such tables grow; ticket_shuffled in none.
-- A solve takes a log-normal time, its median 7 hours; one later than 2026-01-01 has not happened. 8 % are reopened.
-- The seed is fixed and the plan runs in one process, so that every run measures the same rows.
\if :{?rows} \else \set rows 5000000 \endif

drop table if exists ticket, ticket_shuffled;
create table ticket (
  id        bigint not null,
  requester int not null,
  opened_at timestamptz not null,
  solved_at timestamptz,
  reopened  int not null
);

select setseed(0.42) \g /dev/null

insert into ticket
select row_number() over (), requester, opened_at, case when solved_at <= timestamptz '2026-01-01 00:00Z' then solved_at end, reopened
from (
  select 1 + floor(:rows / 10 * power(random(), 1.5))::int as requester, opened_at,
         opened_at + interval '1 hour' * exp(2 + 1.5 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) as solved_at,
         (random() < 0.08)::int as reopened
  from (
    select timestamptz '2026-01-01 00:00Z' - interval '730 days' * random() as opened_at
    from generate_series(1, :rows)
    order by opened_at
  ) opening
) ticket;

create table ticket_shuffled as select * from ticket order by hashint8(id);

-- Hint bits and statistics now, so that no contender pays for them.
vacuum (freeze, analyze) ticket;
vacuum (freeze, analyze) ticket_shuffled;
