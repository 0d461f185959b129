-- The floor: detoasts and reads once each stored column that account_health reads, of each account and each user.
set search_path = public, csmetrics;
select count(*) as accounts, count(segment) as segments, count(lifecycle_stage) as stages, sum(seats) as seats,
       count(first_paid_on(revenue)) as revenue, count(first_paid_on(notice)) as notice, sum(due_count(milestones, '2025-07-01')) as milestones, sum(open_count(tickets, '2025-07-01')) as tickets,
       count(mean_answer(answers, 'ces', '2025-06-30', '2025-07-01')) as answers, count(first_active_on(usage)) as usage, sum(features_used(features, '2025-06-30', '2025-07-01')) as features,
       count(first_paid_on(entitlements)) as entitlements, sum(signal_count(signals, 'pulse', '2025-06-01', '2025-07-01')) as signals,
       (select count(first_active_on(usage)) from bench.user_state) as users
from bench.account_state left join bench.source_account using (account_id);
