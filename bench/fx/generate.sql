-- Two models over the subscription segments of bench/mrr (see there): one takes all MRR to be in one currency, many reads the same rows in twenty
-- currencies, of a hundred accounts one has two, with a rate a day. Both report the twelve months to 2026-11-01.
\if :{?mixed_one_of} \else \set mixed_one_of 1000000000 \endif
\ir ../mrr/generate.sql

drop table if exists account, currency, fx, priced cascade;
create table account as select distinct customer_id as account_id from seg;
create table currency as
select 'C' || chr(64 + n) || 'X' as code, n from generate_series(1, 20) n;
create table fx as
select code, date '2025-09-01' + day as day, round((0.2 + n * 0.13 + 0.01 * sin(day / 30.0 + n))::numeric, 6) as rate
from currency, generate_series(0, 430) day;
create table priced as
select customer_id, starts, ends, mrr, 'C' || chr(65 + ((customer_id + case when customer_id % :mixed_one_of = 0 then extract(year from starts)::int % 2 else 0 end) % 20)::int) || 'X' as code from seg;

create extension if not exists csmetrics;
drop schema if exists one, many cascade;
call csmetrics.create_model('one', 'bigint');
call csmetrics.create_model('many', 'bigint');
select format('call csmetrics.map(%L, ''account'', ''SELECT account_id FROM account'')', model) from (values ('one'), ('many')) v(model) \gexec
call csmetrics.map('one', 'subscription', 'SELECT customer_id AS account_id, starts AS starts_on, ends AS ends_on, mrr FROM seg');
call csmetrics.map('many', 'subscription', 'SELECT customer_id AS account_id, starts AS starts_on, ends AS ends_on, mrr, code AS currency FROM priced');
call csmetrics.map('many', 'fx_rate', 'SELECT code AS currency, day AS on_date, rate FROM fx');
update many.policy set report_currency = 'CAX';
update one.policy set as_of = '2026-10-31', report_from = '2025-11-01';
update many.policy set as_of = '2026-10-31', report_from = '2025-11-01';
call csmetrics.refresh('one');
call csmetrics.refresh('many');
vacuum (analyze) one.account_state;
vacuum (analyze) many.account_state;
vacuum (analyze) many.revenue_state;
