-- A model of :accounts accounts, as yet without histories: what each account is like, drawn by hash from its key, and the source of
-- its attributes. histories.sql fills the rest.
drop schema if exists bench, bench_internal cascade;
drop table if exists bench_account cascade;

-- The nth number of an account, from 0 up to 1
create or replace function throw(account bigint, n bigint) returns float8 language sql immutable parallel safe as
$$ select (hashint8extended(account, n) & 4294967295) / 4294967296.0::float8 $$;

create unlogged table bench_account (
  account_id bigint primary key, name text, segment text, plan text, lifecycle_stage text, owner text, created_on date, seats int,
  started_on date, ends_on date, mrr numeric, users int, pace float8, fades boolean);
insert into bench_account
select id, 'Account ' || id, (array['SMB', 'SMB', 'SMB', 'Mid-Market', 'Mid-Market', 'Enterprise'])[1 + (6 * throw(id, 1))::int % 6],
       (array['Basic', 'Plus', 'Premium'])[1 + (3 * throw(id, 2))::int % 3], case when age < 90 then 'onboarding' else 'live' end, 'CSM ' || (50 * throw(id, 3))::int,
       date '2025-06-30' - age - 10, 1 + (5 * throw(id, 5))::int, date '2025-06-30' - age,
       case when throw(id, 6) < 0.1 then date '2025-06-30' - (age * throw(id, 7))::int when throw(id, 6) < 0.18 then date '2025-06-30' + 60 end,
       round((50 * exp(4 * throw(id, 8)))::numeric, 2), 1 + (2 * throw(id, 9))::int, 0.28 + 0.3 * throw(id, 10), throw(id, 11) < 0.2
from (select id, 20 + (1400 * throw(id, 4))::int as age from generate_series(1, :accounts) as id offset 0) as account;

-- Half a year of usage: two to four days a week, one to three rows a day, all from one throw a day.
create view bench_usage as
select account_id, day, 'user ' || (throw >> 12) % users as user_id, (array['boards', 'reports', 'search', 'export', 'api'])[1 + (throw >> (16 + 2 * nth) & 3) + (throw >> 24 & 31) / 31] as feature,
       1 + (throw >> 20 & 15) as events
from bench_account,
     lateral (select day, (hashint8extended(account_id, day - date '2000-01-01') & 2147483647)::int as throw
              from (select greatest(started_on, date '2025-01-01') + n as day from generate_series(0, least(coalesce(ends_on, date '2025-07-01'), date '2025-07-01') - greatest(started_on, date '2025-01-01') - 1) as n) as day offset 0) as days,
     generate_series(0, (throw >> 10 & 3) % 3) as nth
where (throw & 1023) < 1024 * pace * case when fades and day > date '2025-05-20' then 0.4 else 1 end;

vacuum (freeze, analyze) bench_account;
call csmetrics.create_model('bench', 'bigint');
call csmetrics.map('bench', 'account', 'select account_id, name, segment, plan, lifecycle_stage, owner, created_on, seats from public.bench_account');
update bench.policy set as_of = '2025-06-30';
