-- A model of :accounts accounts, and readers that see a thousandth, a tenth and three quarters of them, here and there. The accounts
-- are plain: what is measured is who sees them.
set client_min_messages = warning;
set jit = off;
drop schema if exists source cascade;
create schema source;
create table source.account as
select a as account_id, 'Account ' || a as name, (array['SMB', 'Mid-market', 'Enterprise'])[1 + a % 3] as segment,
       case when a % 1000 = 0 then 'secure_few' when a % 1000 <= 100 then 'secure_some' when a % 1000 <= 850 then 'secure_most' else 'nobody' end as owner,
       date '2024-01-01' + (a % 700)::int as created_on
from generate_series(1::bigint, :accounts) as a;
create table source.subscription as
select account_id, created_on + 300 * k as starts_on, case when k = 0 or account_id % 10 = 1 then created_on + 300 * (k + 1) end as ends_on, (100 + account_id % 900 + 10 * k)::numeric as mrr
from source.account, generate_series(0, 1) as k;
create table source.ticket as
select account_id, account_id::text as ticket_id, timestamptz '2026-03-01 UTC' + account_id % 100 * interval '1 day' as opened_at
from source.account where account_id % 2 = 0;
create table source.usage as
select account_id, timestamptz '2026-05-01 UTC' + (account_id + 11 * k) % 60 * interval '1 day' as at, 'user ' || k as user_id, 'reports' as feature
from source.account, generate_series(1, 3) as k;
analyze source.account, source.subscription, source.ticket, source.usage;

call csmetrics.create_model('bench', 'bigint');
call csmetrics.map('bench', 'account', 'table source.account');
call csmetrics.map('bench', 'subscription', 'table source.subscription');
call csmetrics.map('bench', 'ticket', 'table source.ticket');
call csmetrics.map('bench', 'usage', 'table source.usage');
update bench.policy set as_of = '2026-06-30';
call csmetrics.refresh('bench');
vacuum (analyze);
select format('drop owned by %1$I; drop role %1$I', rolname) from pg_roles where rolname like 'secure\_%' \gexec
create role secure_few;
create role secure_some;
create role secure_most;
create role secure_all;
select format('call csmetrics.grant_read(''bench'', %L); call csmetrics.secure(''bench'', %1$L, %2$L)', r, c)
from (values ('secure_few', 'owner = current_user'), ('secure_some', 'owner = current_user'), ('secure_most', 'owner = current_user'), ('secure_all', 'true')) as v(r, c) \gexec
