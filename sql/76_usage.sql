-- Product usage in the model: which accounts are active, on how many days, and whose usage falls.
INSERT INTO source_column VALUES
('usage', 1, 'account_id', 'account_id', true, 'Key of the account; bots, internal and test users left out'),
('usage', 2, 'at', 'timestamptz', true, 'When it was used'),
('usage', 3, 'user_id', 'text', false, 'Who used it'),
('usage', 4, 'role', 'text', false, 'Role of the user'),
('usage', 5, 'feature', 'text', false, 'What was used'),
('usage', 6, 'events', 'bigint', false, 'How many events the row stands for; NULL: 1');

INSERT INTO source_check VALUES
('usage', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('usage', 2, 'at IS NULL', $$'at is NULL'$$),
('usage', 3, 'events < 0', $$format('events %s is below 0', events)$$),
('usage', 4, 'octet_length(feature) > 255', $$format('feature %s ... of %s bytes is longer than 255', left(feature, 40), octet_length(feature))$$);

INSERT INTO model_state VALUES
('user_state', '{account_id,user_id}', 'One row a user of an account: its history. Written by CALL csmetrics.refresh alone; the metric views read it.');

INSERT INTO model_history (position, state, name, type, source, expression, condition, index_on, with_zone, description) VALUES
(50, 'account_state', 'usage', 'activity', 'usage',
 'activity_agg((at AT TIME ZONE coalesce(account_zone, (rules).time_zone))::date, coalesce(events, 1))', 'true', 'first_active_on(usage)', true,
 'On which days it used the product, in its own time zone; NULL: never'),
(60, 'user_state', 'role', 'text', 'usage', 'max(role)', 'user_id IS NOT NULL', NULL, false, 'Its role; of several, the last in the alphabet'),
(61, 'user_state', 'usage', 'activity', 'usage',
 'activity_agg((at AT TIME ZONE coalesce(account_zone, (rules).time_zone))::date, coalesce(events, 1))', 'user_id IS NOT NULL', NULL, true,
 'On which days it used the product, in the time zone of its account');

INSERT INTO policy_column VALUES
(60, 'weekdays_only', 'boolean', 'false', NULL, 'Stickiness of the days from Monday to Friday alone'),
(61, 'trend_days', 'integer', '28', 'trend_days BETWEEN 2 AND 366', 'Days of usage that are compared with as many before; whole weeks are best');

INSERT INTO model_column VALUES
('day_on', 'The day'),
('dau_count', 'Accounts active on that day'),
('wau_count', 'Accounts active in the 7 days up to it'),
('mau_count', 'Accounts active in the 28 days up to it'),
('stickiness_rate', 'Days on which accounts of mau were active / those of the 28 days from the first activity of each on; without newcomers mean dau / mau'),
('new_active_count', 'Of mau: accounts that were never active before the 28 days'),
('retained_active_count', 'Of mau: accounts that were active in the 28 days before these too'),
('resurrected_active_count', 'Of mau: accounts that were active only earlier than that'),
('dormant_count', 'Accounts active in the 28 days before these, and not in these'),
('first_active_on', 'First day with usage'),
('last_active_on', 'Last day with usage'),
('idle_days', 'Days since then'),
('active_28_days_count', 'Days with usage in the last 28'),
('events_28_days_count', 'Events in the last 28 days'),
('consistency_rate', 'Of the last 8 weeks that are over, or as many as the account has been active for, the share with usage; a week begins on week_start'),
('longest_gap_days', 'Longest run of days without usage in the last 90, or since it was first active'),
('streak_days', 'Active days in a row up to the day of the reading'),
('recent_events_rate', 'Events a day in the last trend_days days'),
('before_events_rate', 'Events a day in as many days before'),
('trend_events_rate', 'Their difference'),
('trend_lower_rate', 'Lower end of its confidence interval (Welch, days as the sample)'),
('trend_upper_rate', 'Upper end of its confidence interval'),
('trend_p', 'Probability of a difference as large if nothing had changed; of a hundred steady accounts five are below 0.05'),
('change_rate', 'Relative change: recent / before - 1'),
('direction', 'falls or rises');

INSERT INTO model_view VALUES
(200, 'usage_by_segment', $$
    SELECT s.day AS day_on, g.dimension, g.value, s.dau AS dau_count, s.wau AS wau_count, s.mau AS mau_count, s.stickiness AS stickiness_rate,
           s.new AS new_active_count, s.retained AS retained_active_count, s.resurrected AS resurrected_active_count, s.dormant AS dormant_count,
           g.account_count, g.policy_hash
    FROM (SELECT d.dimension, d.value, count(*) AS account_count, p.weekdays_only, r.policy_hash,
                 active_series_agg(a.usage, least(coalesce(p.report_from, first.day), r.as_of_on), r.as_of_on + 1) AS state
          FROM reporting_range r, policy p, (SELECT min(first_active_on(usage)) AS day FROM account_state) first,
               account_state a JOIN account_dimension d USING (account_id)
          WHERE first.day <= r.as_of_on
          GROUP BY d.dimension, d.value, p.weekdays_only, r.policy_hash) g,
         LATERAL active_series(g.state, g.weekdays_only) s
    ORDER BY g.dimension, g.value, s.day
$$, 'Active accounts, day by day, for each value of each attribute of accounts that is in use, and for all: in 1, 7 and 28 days, stickiness, and where those of the 28 days came from. Counts of distinct accounts, exact.', NULL),

(210, 'usage_daily', $$
    SELECT day_on, dau_count, wau_count, mau_count, stickiness_rate, new_active_count, retained_active_count, resurrected_active_count, dormant_count,
           account_count, policy_hash
    FROM usage_by_segment WHERE dimension = 'all' ORDER BY day_on
$$, 'Active accounts, day by day: in 1, 7 and 28 days, stickiness, and growth accounting.', NULL),

(215, 'account_usage', $$
    SELECT a.account_id, is_active(a.usage, $1, 28)::integer AS active_count, s.active_days_count, s.exposed_days_count
    FROM policy p, account_state a,
         LATERAL (SELECT count(*) AS exposed_days_count, sum(active_days(a.usage, d.day::date, d.day::date + 1)) AS active_days_count
                  FROM generate_series(greatest($1 - 27, first_active_on(a.usage))::timestamp, $1, '1 day') d(day)
                  WHERE NOT p.weekdays_only OR extract(isodow FROM d.day) < 6) s
    WHERE is_active(a.usage, $1, 28)
$$, 'The accounts behind the usage of a day: those active in the 28 days up to it, on how many of these days and of how many since their first. Sums of active_days_count / those of exposed_days_count are stickiness.', 'day date'),

(220, 'usage_by_account', $$
    SELECT a.account_id, n.name, n.segment, n.plan, n.owner, coalesce(mrr_at(a.revenue, r.as_of_on), 0) AS mrr,
           first.day AS first_active_on, last_active_on(a.usage, r.as_of_on) AS last_active_on, (r.as_of_on - last_active_on(a.usage, r.as_of_on))::double precision AS idle_days,
           coalesce(active_days(a.usage, r.as_of_on - 27, r.as_of_on + 1), 0) AS active_28_days_count,
           coalesce(events_between(a.usage, r.as_of_on - 27, r.as_of_on + 1), 0) AS events_28_days_count,
           CASE WHEN first.day <= week.over_on THEN consistency(a.usage, week.over_on, least(8, (week.over_on - first.day) / 7 + 1)) END AS consistency_rate,
           longest_gap(a.usage, greatest(first.day, r.as_of_on - 89), r.as_of_on + 1)::double precision AS longest_gap_days,
           streak(a.usage, r.as_of_on)::double precision AS streak_days,
           -- an account that has not been active for both spans has no trend yet
           t.recent AS recent_events_rate, t.before AS before_events_rate, t.difference AS trend_events_rate, t.lower AS trend_lower_rate, t.upper AS trend_upper_rate, t.p AS trend_p,
           t.recent / nullif(t.before, 0) - 1 AS change_rate, r.as_of_on, r.policy_hash
    FROM reporting_range r, policy p, LATERAL (SELECT week_begin(r.as_of_on + 1, p.week_start) - 1 AS over_on) week, account_state a LEFT JOIN source_account n USING (account_id),
         LATERAL (SELECT first_active_on(a.usage, r.as_of_on) AS day) first,
         LATERAL usage_trend(CASE WHEN first.day <= r.as_of_on + 1 - 2 * p.trend_days THEN a.usage END, r.as_of_on, p.trend_days, r.confidence_rate) t
$$, 'Usage, account by account: how lately, how often, how steadily, and where it is going. Accounts that never used the product have no days and zero counts.', NULL),

(230, 'usage_movement', $$
    SELECT account_id, name, segment, plan, owner, mrr, CASE WHEN trend_events_rate < 0 THEN 'falls' ELSE 'rises' END AS direction,
           recent_events_rate, before_events_rate, change_rate, trend_events_rate, trend_lower_rate, trend_upper_rate, trend_p, last_active_on, as_of_on, policy_hash
    FROM usage_by_account
    WHERE trend_lower_rate > 0 OR trend_upper_rate < 0
    ORDER BY trend_events_rate < 0 DESC, mrr DESC, account_id
$$, 'Accounts whose usage falls or rises by more than chance explains: the confidence interval of the change excludes zero.', NULL);
