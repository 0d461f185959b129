-- The floor: detoasts and reads once each stored column that account_health reads, of each account and each user.
select count(*) as accounts, count(segment) as segments, count(lifecycle_stage) as stages, sum(seats) as seats,
       count(csmetrics.first_paid_on(revenue)) as revenue, count(csmetrics.first_paid_on(notice)) as notice, sum(csmetrics.due_count(milestones, '2025-07-01')) as milestones, sum(csmetrics.open_count(tickets, '2025-07-01')) as tickets,
       count(csmetrics.mean_answer(answers, 'ces', '2025-06-30', '2025-07-01')) as answers, count(csmetrics.first_active_on(usage)) as usage, sum(csmetrics.features_used(features, '2025-06-30', '2025-07-01')) as features,
       count(csmetrics.first_paid_on(entitlements)) as entitlements, sum(csmetrics.signal_count(signals, 'pulse', '2025-06-01', '2025-07-01')) as signals,
       (select count(csmetrics.first_active_on(usage)) from bench_internal.user_state) as users
from bench_internal.account_state left join bench_internal.source_account using (account_id);
