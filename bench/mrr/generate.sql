-- The rows every contender reads: the subscription segments of :ncust accounts (default 500000).
-- An account joins on a day between 2020-01-01 and mid 2025 and has up to four segments of one to eighteen months, at a new
-- price each; before 15 % of them lies a gap of up to four months. A segment that outlives 2026-11-01 is open (ends is null).
-- The seed is fixed and the plan runs in one process, so that every run measures the same rows.
\if :{?ncust} \else \set ncust 500000 \endif

drop table if exists seg, account_year;
create table seg (
  customer_id bigint not null,
  starts      date   not null,
  ends        date,             -- first day no longer in force
  mrr         numeric(12,2) not null
);

select setseed(0.42) \g /dev/null

insert into seg
select customer_id, starts,
       case when ends <= date '2026-11-01' then ends end,
       round((20 + random() * 980)::numeric, 2)
from (
  select customer_id, joined + skipped as starts, joined + skipped + length as ends
  from (
    select customer_id, date '2020-01-01' + (random() * 2000)::int as joined
    from generate_series(1, :ncust) customer_id
  ) account,
  lateral (
    select (sum(length + gap) over (order by i) - (length + gap))::int as skipped, length
    from (
      select i, (30 + random() * 500)::int as length,
             case when random() < 0.15 then (random() * 120)::int else 0 end as gap
      from generate_series(1, 4) i
      where customer_id > 0   -- ties the draw to the account: without it all accounts would share one
    ) term
  ) run
) segment
where starts <= date '2026-11-01';

-- For retention.sql: what each account paid a month on two days a year apart.
create table account_year as
select customer_id,
       coalesce(sum(mrr) filter (where starts <= date '2024-12-31' and (ends is null or ends > date '2024-12-31')), 0) as opening,
       coalesce(sum(mrr) filter (where starts <= date '2025-12-31' and (ends is null or ends > date '2025-12-31')), 0) as closing
from seg
group by customer_id;

-- Hint bits and statistics now, so that no contender pays for them.
vacuum (freeze, analyze) seg;
vacuum (freeze, analyze) account_year;
