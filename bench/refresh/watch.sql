-- The model's sources are watched by triggers. Refresh then asks tables for the rows of some accounts, which wants an index.
set client_min_messages = warning;
create index if not exists account_key on source.account (account_id);
create index if not exists subscription_key on source.subscription (account_id);
create index if not exists ticket_key on source.ticket (account_id);
create index if not exists usage_key on source.usage (account_id);
create index if not exists answer_key on source.answer (account_id);
create index if not exists milestone_key on source.milestone (account_id);
call csmetrics.watch('bench', 'account', 'trigger', 'source.account');
call csmetrics.watch('bench', 'subscription', 'trigger', 'source.subscription');
call csmetrics.watch('bench', 'ticket', 'trigger', 'source.ticket');
call csmetrics.watch('bench', 'usage', 'trigger', 'source.usage');
call csmetrics.watch('bench', 'survey', 'trigger', 'source.answer');
call csmetrics.watch('bench', 'milestone', 'trigger', 'source.milestone');
call csmetrics.refresh('bench');
