-- A model over the sources, as yet without histories.
set client_min_messages = warning;
drop schema if exists bench, bench_internal cascade;
call csmetrics.create_model('bench', 'bigint');
call csmetrics.map('bench', 'account', 'select account_id, name, segment, plan, owner, created_on, seats from source.account');
call csmetrics.map('bench', 'subscription', 'select account_id, starts_on, ends_on, mrr from source.subscription');
call csmetrics.map('bench', 'ticket', 'select account_id, ticket_id, opened_at, first_reply_at, solved_at, reopened, topic, escalated from source.ticket');
call csmetrics.map('bench', 'usage', 'select account_id, at, user_id, feature, events from source.usage');
call csmetrics.map('bench', 'survey', 'select account_id, kind, score, responded_at from source.answer');
call csmetrics.map('bench', 'milestone', 'select account_id, milestone, reached_at, is_start, is_value from source.milestone');
update bench.policy set as_of = '2026-06-30', report_from = '2024-07-01';
