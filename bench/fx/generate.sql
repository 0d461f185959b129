-- Three models over the subscription segments of bench/mrr (see there): `one` takes all MRR to be in one currency; `many` reads the same rows in
-- twenty, one an account; `mixed` likewise, but one account in a hundred has two. There is a rate a day, and the twelve months to 2026-11-01 are reported.
\ir ../mrr/generate.sql

drop schema if exists one, one_internal, many, many_internal, mixed, mixed_internal cascade;
drop table if exists account, currency, fx, priced cascade;
create table account as select distinct customer_id as account_id from seg;
create table currency as select 'C' || chr(64 + n) || 'X' as code, n from generate_series(1, 20) n;
create table fx as
select code, date '2025-09-01' + day as day, round((0.2 + n * 0.13 + 0.01 * sin(day / 30.0 + n))::numeric, 6) as rate
from currency, generate_series(0, 430) day;
create table priced as
select customer_id, starts, ends, mrr, (array(select code from currency order by n))[1 + customer_id % 20] as code,
       (array(select code from currency order by n))[1 + (customer_id + case when customer_id % 100 = 0 then extract(year from starts)::int % 2 else 0 end) % 20] as other_code
from seg;

create extension if not exists csmetrics;
call csmetrics.create_model('one', 'bigint');
call csmetrics.create_model('many', 'bigint');
call csmetrics.create_model('mixed', 'bigint');
call csmetrics.map('one', 'account', 'TABLE account');
call csmetrics.map('many', 'account', 'TABLE account');
call csmetrics.map('mixed', 'account', 'TABLE account');
call csmetrics.map('one', 'subscription', 'SELECT customer_id AS account_id, starts AS starts_on, ends AS ends_on, mrr FROM priced');
call csmetrics.map('many', 'subscription', 'SELECT customer_id AS account_id, starts AS starts_on, ends AS ends_on, mrr, code AS currency FROM priced');
call csmetrics.map('mixed', 'subscription', 'SELECT customer_id AS account_id, starts AS starts_on, ends AS ends_on, mrr, other_code AS currency FROM priced');
call csmetrics.map('many', 'fx_rate', 'SELECT code AS currency, day AS on_date, rate FROM fx');
call csmetrics.map('mixed', 'fx_rate', 'SELECT code AS currency, day AS on_date, rate FROM fx');
update one.policy set as_of = '2026-10-31', report_from = '2025-11-01';
update many.policy set as_of = '2026-10-31', report_from = '2025-11-01', report_currency = 'CAX';
update mixed.policy set as_of = '2026-10-31', report_from = '2025-11-01', report_currency = 'CAX';
call csmetrics.refresh('one');
call csmetrics.refresh('many');
call csmetrics.refresh('mixed');
vacuum (freeze, analyze) one_internal.account_state;
vacuum (freeze, analyze) many_internal.account_state;
vacuum (freeze, analyze) many_internal.revenue_state;
vacuum (freeze, analyze) mixed_internal.account_state;
vacuum (freeze, analyze) mixed_internal.revenue_state;
