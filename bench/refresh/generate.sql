-- The sources of :accounts accounts in schema source: 3.1 subscriptions, 8 tickets, 30 rows of usage (4 features, 3 users), 4 answers
-- and 2 milestones each, events in the order of time, as they are written. What an account has is drawn by hash from its key, so that
-- every run measures the same rows. Nothing is analysed, and autovacuum does not come to it.
set client_min_messages = warning;
drop schema if exists source cascade;
create schema source;
set search_path = source;

-- The nth number of an account, from 0 up to 1
create function throw(account bigint, n bigint) returns float8 language sql immutable parallel safe as
$$ select (hashint8extended(account, n) & 4294967295) / 4294967296.0::float8 $$;

create table account with (autovacuum_enabled = off) as
select a as account_id, 'Account ' || a as name, (array['SMB', 'Mid-market', 'Enterprise'])[1 + a % 3] as segment,
       (array['basic', 'pro'])[1 + a % 2] as plan, 'CSM ' || a % 20 as owner, date '2021-07-01' + (throw(a, 1) * 1800)::int as created_on,
       (5 + a % 50)::numeric as seats
from generate_series(1::bigint, :accounts) as a;

-- One term after the other, until today
create table subscription with (autovacuum_enabled = off) as
select account_id, starts_on, nullif(least(starts_on + days, date '2026-07-01'), date '2026-07-01') as ends_on, mrr
from (select account_id, created_on + (sum(days) over w - days)::int as starts_on, days, mrr
      from (select account_id, created_on, k, 100 + (throw(account_id, 10 + k) * 400)::int as days, (2000 + (throw(account_id, 20 + k) * 98000)::int) / 100.0 as mrr
            from account, generate_series(1, 5) as k offset 0) as term
      window w as (partition by account_id order by k)) as row
where starts_on < date '2026-07-01'
order by starts_on;

create table ticket with (autovacuum_enabled = off) as
select account_id, account_id || '-' || k as ticket_id, opened_at, opened_at + throw(account_id, 40 + k) * interval '8 hours' as first_reply_at,
       case when throw(account_id, 50 + k) < 0.95 then opened_at + (8 + throw(account_id, 60 + k) * 232) * interval '1 hour' end as solved_at,
       throw(account_id, 70 + k) < 0.1 as reopened, (array['billing', 'defect', 'question'])[1 + k % 3] as topic, throw(account_id, 80 + k) < 0.05 as escalated
from (select account_id, k, timestamptz '2024-07-01 UTC' + throw(account_id, 30 + k) * interval '729 days' as opened_at
      from account, generate_series(1, 8) as k offset 0) as row
order by opened_at;

create table usage with (autovacuum_enabled = off) as
select account_id, timestamptz '2026-01-01 UTC' + throw(account_id, 100 + k) * interval '180 days' as at, account_id || '/' || k % 3 as user_id,
       (array['reports', 'export', 'search', 'sharing'])[1 + k % 4] as feature, (1 + k % 5)::bigint as events
from account, generate_series(1, 30) as k
order by at;

create table answer with (autovacuum_enabled = off) as
select account_id, (array['csat', 'nps'])[1 + k % 2] as kind,
       case k % 2 when 1 then (throw(account_id, 200 + k) * 10)::int else 1 + (throw(account_id, 200 + k) * 4)::int end::numeric as score,
       timestamptz '2025-01-01 UTC' + throw(account_id, 210 + k) * interval '540 days' as responded_at
from account, generate_series(1, 4) as k
order by responded_at;

create table milestone with (autovacuum_enabled = off) as
select account_id, milestone, (created_on + days + (throw(account_id, 220 + days) * 20)::int)::timestamp at time zone 'UTC' as reached_at,
       milestone = 'kickoff' as is_start, milestone = 'first value' as is_value
from account, (values ('kickoff', 2), ('first value', 30)) as m(milestone, days)
order by reached_at;
