-- The scores made without health_of, account by account: by the aggregate health_score, and by hand.
set search_path = public, csmetrics;

-- The same readings, one row a signal, normalised as the rules say.
create or replace view scores_aggregate as
select h.account_id, score(k.health) as health_score
from bench.account_health('2025-06-30') h join bench_internal.account_state a using (account_id),
     lateral (select health_score(component, signal, value, weight, policy) as health
              from (values
                ('usage',    'consistency',      normalize_linear(readings[1], 0, 1),                          10::float8, 'renormalise'),
                ('usage',    'breadth',          normalize_linear(readings[2], 0, 0.8),                         6, 'renormalise'),
                ('usage',    'depth',            normalize_linear(readings[3], 0, 0.5),                         6, 'renormalise'),
                ('usage',    'seat_use',         normalize_linear(readings[4], 0, 0.8),                         8, 'renormalise'),
                ('usage',    'trend',            normalize_linear(readings[5], -0.5, 0),                       10, 'renormalise'),
                -- lower is better: these are the knots of worst and best in ascending order
                ('support',  'open_escalations', normalize_piecewise(readings[6], '{0,2}', '{100,0}'),          8, 'renormalise'),
                ('support',  'reopening',        normalize_piecewise(readings[7], '{0,0.4}', '{100,0}'),        5, 'renormalise'),
                ('support',  'repeated_contact', normalize_piecewise(readings[8], '{0,0.5}', '{100,0}'),        5, 'renormalise'),
                ('support',  'resolution',       normalize_piecewise(readings[9], '{1,3}', '{100,0}'),          5, 'renormalise'),
                ('support',  'csat',             normalize_linear(readings[10], 2, 5),                          7, 'renormalise'),
                ('business', 'milestones',       normalize_linear(readings[11], 0, 1),                          5, 'renormalise'),
                ('business', 'renewal_posture',  normalize_linear(readings[12], 0, 1),                          9, 'renormalise'),
                ('business', 'mrr_change',       normalize_linear(readings[13], -0.3, 0),                       5, 'renormalise'),
                ('business', 'nps',              normalize_linear(readings[14], 3, 9),                          5, 'renormalise'),
                ('business', 'time_to_value',    normalize_piecewise(readings[15], '{30,90}', '{100,0}'),       6, 'renormalise'),
                ('veto',     'escalation_days',  case when readings[16] >= 14 then 79 end,                      0, 'veto'),
                ('pulse',    'pulse',            case when signal_given_at(signals, 'pulse', '2025-06-30 23:59:59.999999Z') > timestamptz '2025-06-30 23:59:59.999999Z' - interval '90 days'
                                                      then normalize_linear(signal_at(signals, 'pulse', '2025-06-30 23:59:59.999999Z'), 0, 100) end, 0, 'pulse')
              ) as signal (component, signal, value, weight, policy)) k;

-- By hand: the readers, least and greatest, weights where there is a value. No coverage, no Unknown, nothing to explain it by.
create or replace view scores_hand as
with active as (select account_id, count(*) filter (where active_days(usage, '2025-06-03', '2025-07-01') > 0) as users from bench_internal.user_state group by account_id),
account as (
  select a.*, users, seats, segment, first_paid_on(revenue) as since, mrr_at(revenue, '2025-06-30') as mrr, mrr_at(entitlements, '2025-06-30')::float8 as entitled,
         started_at(milestones, '2025-06-30 23:59:59.999999Z') as started, value_at(milestones, '2025-06-30 23:59:59.999999Z') as valued
  from (select account_id, revenue, notice, milestones, unpacked(tickets) as tickets, answers, usage, features, entitlements, signals from bench_internal.account_state offset 0) as a
  join bench_internal.source_account using (account_id) left join active using (account_id)
  where first_paid_on(revenue) <= '2025-06-30' and churned_on(limit_pauses(revenue, 60), '2025-06-30') is null offset 0),
reading as materialized (
  select account_id, signals, segment,
    case when since <= '2025-06-23' then coalesce(consistency(usage, '2025-06-30', least(8, (date '2025-06-30' - since) / 7)), 0) end as consistency,
    case when since <= '2025-06-02' and entitled > 0 then least(1, coalesce(features_used(features, '2025-06-03', '2025-07-01'), 0) / entitled) end as breadth,
    case when since <= '2025-06-02' and entitled > 0 then least(1, coalesce(features_used(features, '2025-06-03', '2025-07-01', 4), 0) / entitled) end as depth,
    case when since <= '2025-06-02' then coalesce(users, 0) / nullif(seats, 0)::float8 end as seat_use,
    usage_change(usage, '2025-06-30') as trend,
    coalesce(escalated_open_count(tickets, '2025-06-30 23:59:59.999999Z'), 0) as escalations,
    reopened_share(tickets, '2025-04-01 23:59:59.999999Z', '2025-07-01 00:00Z') as reopening,
    repeated_share(tickets, '2025-04-01 23:59:59.999999Z', '2025-07-01 00:00Z') as repeated,
    as_hours(median_resolution(tickets, '2025-04-01 23:59:59.999999Z', '2025-07-01 00:00Z')) as resolution_hours,
    mean_answer(answers, 'csat', '2025-04-01 23:59:59.999999Z', '2025-07-01 00:00Z') as csat,
    due_reached_share(milestones, '2025-06-30 23:59:59.999999Z') as milestones,
    case when mrr > 0 then 1 - least(1, coalesce(mrr_at(notice, '2025-06-30'), 0) / mrr)::float8 end as posture,
    case when since <= '2025-04-01' then (mrr / nullif(mrr_at(revenue, '2025-04-01'), 0) - 1)::float8 end as mrr_change,
    mean_answer(answers, 'nps', '2025-01-01 23:59:59.999998Z', '2025-07-01 00:00Z') as nps,
    case when valued >= started or valued is null and started <= '2025-05-31 23:59:59.999999Z' then as_days(least(valued, '2025-06-30 23:59:59.999999Z') - started) end as value_days,
    coalesce(escalated_open_days(tickets, '2025-06-30 23:59:59.999999Z'), 0) as escalation_days
  from account),
usual as (select segment, percentile_cont(0.5) within group (order by resolution_hours) as usual_hours from reading group by segment),
compared as (select *, resolution_hours / usual_hours as resolution from reading join usual using (segment) offset 0),
component as (
  select account_id, signals, escalation_days,
    -- missing is as bad as can be above the line, and has no weight below it
    (10 * greatest(0, least(1, coalesce(consistency, 0))) + 6 * greatest(0, least(1, coalesce(breadth, 0) / 0.8)) + 6 * greatest(0, least(1, coalesce(depth, 0) / 0.5))
     + 8 * greatest(0, least(1, coalesce(seat_use, 0) / 0.8)) + 10 * greatest(0, least(1, (coalesce(trend, -0.5) + 0.5) / 0.5)))
    / nullif(10 * (consistency is not null)::int + 6 * (breadth is not null)::int + 6 * (depth is not null)::int + 8 * (seat_use is not null)::int + 10 * (trend is not null)::int, 0) as usage,
    (8 * greatest(0, least(1, 1 - escalations / 2::float8)) + 5 * greatest(0, least(1, 1 - coalesce(reopening, 0.4) / 0.4)) + 5 * greatest(0, least(1, 1 - coalesce(repeated, 0.5) / 0.5))
     + 5 * greatest(0, least(1, (3 - coalesce(resolution, 3)) / 2)) + 7 * greatest(0, least(1, (coalesce(csat, 2) - 2) / 3)))
    / (8 + 5 * (reopening is not null)::int + 5 * (repeated is not null)::int + 5 * (resolution is not null)::int + 7 * (csat is not null)::int) as support,
    (5 * greatest(0, least(1, coalesce(milestones, 0))) + 9 * greatest(0, least(1, coalesce(posture, 0))) + 5 * greatest(0, least(1, (coalesce(mrr_change, -0.3) + 0.3) / 0.3))
     + 5 * greatest(0, least(1, (coalesce(nps, 3) - 3) / 6)) + 6 * greatest(0, least(1, (90 - coalesce(value_days, 90)) / 60)))
    / nullif(5 * (milestones is not null)::int + 9 * (posture is not null)::int + 5 * (mrr_change is not null)::int + 5 * (nps is not null)::int + 6 * (value_days is not null)::int, 0) as business
  from compared offset 0)
select account_id,
  least(coalesce(case when signal_given_at(signals, 'pulse', '2025-06-30 23:59:59.999999Z') > timestamptz '2025-06-30 23:59:59.999999Z' - interval '90 days' then signal_at(signals, 'pulse', '2025-06-30 23:59:59.999999Z') end,
                 100 * (40 * coalesce(usage, 0) + 30 * support + 30 * coalesce(business, 0)) / (30 + 40 * (usage is not null)::int + 30 * (business is not null)::int)),
        case when escalation_days >= 14 then 79 end) as health_score
from component;
