-- The histories of the accounts from :from to :to: terms, notice, milestones, tickets, answers, usage, entitlements and own signals.
set search_path = public, csmetrics;

insert into bench_internal.account_state (account_id, revenue, notice, milestones, tickets, answers, usage, features, entitlements, signals)
select account_id,
  -- terms of nine months, each at another price, the last one without end or until the account ends
  (select mrr_timeline_agg(begins, case when following < least(ends_on, '2025-06-30') then following else ends_on end, round(mrr * (1 + 0.1 * nth + 0.1 * throw(account_id, 20 + nth)::numeric), 2))
   from generate_series(0, 5) as nth, lateral (select started_on + 270 * nth as begins, started_on + 270 * (nth + 1) as following) as term where begins < least(ends_on, '2025-06-30')),
  case when ends_on > '2025-06-30' then (select mrr_timeline_agg('2025-06-01', ends_on, round(mrr * (0.2 + 0.8 * throw(account_id, 30 + nth)::numeric), 2)) from generate_series(1, 1) as nth) end,
  (select milestone_agg((array['kickoff', 'integration', 'first value', 'rollout'])[nth], case when reached < '2025-06-30' and throw(account_id, 40 + nth) < 0.93 then reached end, started_on + 40 * nth, nth = 1, nth = 3)
   from generate_series(1, 4) as nth, lateral (select started_on::timestamptz + (nth * (5 + 30 * throw(account_id, 45 + nth))) * interval '1 day' as reached) as milestone),
  (select ticket_agg(opened, opened + (1 + 20 * throw(account_id, 120 + nth)) * interval '1 hour',
                     case when throw(account_id, 140 + nth) < 0.95 then opened + (2 + 100 * throw(account_id, 160 + nth) ^ 2) * interval '1 hour' end, (throw(account_id, 180 + nth) < 0.08)::int,
                     throw(account_id, 200 + nth) < 0.06, 1 + (4 * throw(account_id, 220 + nth))::int, 'requester ' || (3 * throw(account_id, 240 + nth))::int, 'topic ' || (5 * throw(account_id, 260 + nth))::int,
                     case when throw(account_id, 200 + nth) < 0.06 then opened + interval '5 hours' end)
   from generate_series(1, 4 + (12 * throw(account_id, 50))::int) as nth,
        lateral (select timestamptz '2025-06-30 20:00Z' - 270 * throw(account_id, 100 + nth) * interval '1 day' as opened) as ticket),
  (select answer_agg(kind, (case kind when 'nps' then 4.5 + 5.9 * throw(account_id, 320 + nth) else 1.6 + 3.8 * throw(account_id, 340 + nth) end)::int, sent + interval '9 hours', sent,
                     'respondent ' || (3 * throw(account_id, 360 + nth))::int, null, null, null)
   from generate_series(1, 4 + (4 * throw(account_id, 51))::int) as nth,
        lateral (select case when nth % 3 = 0 then 'nps' else 'csat' end as kind, timestamptz '2025-06-29 20:00Z' - 240 * throw(account_id, 300 + nth) * interval '1 day' as sent) as answer),
  usage, features,
  (select mrr_timeline_agg(started_on + 45 * (nth / 6), ends_on, 1) from generate_series(1, 8) as nth where started_on + 45 * (nth / 6) < least(ends_on, '2025-06-30')),
  case when throw(account_id, 52) < 0.2 then
    (select signal_agg(case when nth = 6 and throw(account_id, 53) < 0.2 then 'pulse' else 'sentiment' end, timestamptz '2025-06-25 08:00Z' - 30 * (6 - nth) * interval '1 day', round((100 * throw(account_id, 400 + nth))::numeric))
     from generate_series(1, 6) as nth) end
from bench_account
left join (select account_id, activity_agg(day, events) as usage, feature_usage_agg(feature, day, events) as features
           from bench_usage where account_id between :from and :to group by account_id) as used using (account_id)
where account_id between :from and :to
order by account_id;

insert into bench_internal.user_state (account_id, user_id, role, usage)
select account_id, user_id, 'editor', activity_agg(day, events) from bench_usage where account_id between :from and :to group by account_id, user_id order by account_id, user_id;
