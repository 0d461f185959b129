-- Features, seats and retention of use in the model: what is used of what was bought, and who keeps using it.
INSERT INTO source_column VALUES
('entitlement', 1, 'account_id', 'account_id', true, 'Key of the account'),
('entitlement', 2, 'feature', 'text', true, 'A feature that the account may use, named as in the usage'),
('entitlement', 3, 'starts_on', 'date', false, 'First day on which it may; NULL: always'),
('entitlement', 4, 'ends_on', 'date', false, 'The day after the last; NULL: still');

INSERT INTO source_check VALUES
('entitlement', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('entitlement', 2, 'feature IS NULL', $$'feature is NULL'$$),
('entitlement', 3, 'ends_on < starts_on', $$format('feature %s ends %s before it starts %s', feature, ends_on, starts_on)$$);

INSERT INTO model_history (position, name, type, source, expression, condition, with_zone, description) VALUES
(55, 'features', 'feature_usage', 'usage',
 'feature_usage_agg(feature, (at AT TIME ZONE coalesce(account_zone, (rules).time_zone))::date, coalesce(events, 1))', 'feature IS NOT NULL', true,
 'Which features it used on which days, in its own time zone; NULL: none');

INSERT INTO policy_column VALUES
(62, 'adoption_days', 'integer', '28', 'adoption_days BETWEEN 1 AND 3653', 'A feature is adopted, a user or a seat in use, with usage in so many days up to the day of the reading'),
(63, 'retention_days', 'integer', '7', 'retention_days BETWEEN 1 AND 366', 'Length of the brackets of usage retention'),
(64, 'adoption_threshold', 'integer', '1', 'adoption_threshold >= 1', 'So many events of a feature in the adoption_days make it adopted, and used');

INSERT INTO model_column VALUES
('feature', 'Name of the feature'),
('starts_on', 'First day in force; NULL: always'),
('eligible_count', 'Accounts entitled to the feature; where no entitlements are mapped, accounts active in the window'),
('adopter_count', 'Those of them that used it in the last adoption_days, adoption_threshold times or more'),
('adoption_rate', 'adopter_count / eligible_count'),
('adoption_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('adoption_upper_rate', 'Upper end of its confidence interval'),
('unentitled_count', 'Accounts that used it so without being eligible'),
('activation_median_days', 'Median days from entitlement to first use, of all entitled accounts, those that have not used it included; NULL where half have not'),
('activation_median_lower_days', 'Lower end of its confidence interval (log-log)'),
('activation_median_upper_days', 'Upper end of its confidence interval'),
('seat_count', 'Seats bought'),
('user_count', 'Users ever active'),
('active_user_count', 'Users active in the last adoption_days'),
('seat_use_rate', 'active_user_count / seats; above 1 where more use it than were paid for'),
('is_over_seats', 'Do more use it than were paid for?'),
('events_per_user_rate', 'Events an active user in the last adoption_days, mean'),
('events_median_rate', 'The same of the user in the middle'),
('features_used_count', 'Different features used in the last adoption_days, adoption_threshold times or more'),
('entitled_count', 'Features that the account is entitled to'),
('breadth_rate', 'Those of them that it used / entitled_count'),
('role', 'Role of the users'),
('bracket_number', 'Bracket of retention_days since the first active day, from 0'),
('mature_count', 'Accounts whose bracket is over'),
('n_day_count', 'Of these: active in that very bracket'),
('unbounded_count', 'Of these: active in that bracket or later'),
('rolling_count', 'Of these: active in every bracket up to that one'),
('n_day_rate', 'n_day_count / mature_count; NULL before a bracket is over, never 0'),
('unbounded_rate', 'unbounded_count / mature_count; it can still rise'),
('rolling_rate', 'rolling_count / mature_count');

INSERT INTO model_view VALUES
(235, 'entitlement', $$
    SELECT e.account_id, e.feature, min(e.starts_on) AS starts_on
    FROM source_entitlement e, reporting_range r
    WHERE coalesce(e.starts_on, '-infinity') <= r.as_of_on AND coalesce(e.ends_on, 'infinity') > r.as_of_on
    GROUP BY e.account_id, e.feature
$$, 'The features that each account is entitled to on the day of the reading.'),

(240, 'feature_adoption', $$
    WITH entitled AS (SELECT account_id, array_agg(feature) AS features FROM entitlement GROUP BY account_id),
    -- without entitlements, who is active may use all
    adopted AS (
        SELECT d.dimension, d.value, frequent_adoption_agg(p.adoption_threshold, a.features, r.as_of_on + 1 - p.adoption_days, r.as_of_on + 1, e.features) AS state
        FROM reporting_range r, policy p, account_state a JOIN account_dimension d USING (account_id) LEFT JOIN entitled e USING (account_id)
        WHERE EXISTS (SELECT FROM source_entitlement)
        GROUP BY d.dimension, d.value
        UNION ALL
        SELECT d.dimension, d.value, frequent_adoption_agg(p.adoption_threshold, a.features, r.as_of_on + 1 - p.adoption_days, r.as_of_on + 1)
        FROM reporting_range r, policy p, account_state a JOIN account_dimension d USING (account_id)
        WHERE NOT EXISTS (SELECT FROM source_entitlement)
        GROUP BY d.dimension, d.value),
    waiting AS (
        SELECT d.dimension, d.value, e.feature,
               duration_agg((greatest(coalesce(u.first_used, r.as_of_on + 1), e.starts_on) - e.starts_on) * interval '1 day', u.first_used IS NOT NULL) AS state
        FROM reporting_range r, entitlement e JOIN account_state a USING (account_id) JOIN account_dimension d USING (account_id),
             LATERAL (SELECT CASE WHEN first_used_on(a.features, e.feature) <= r.as_of_on THEN first_used_on(a.features, e.feature) END AS first_used) u
        WHERE e.starts_on IS NOT NULL
        GROUP BY d.dimension, d.value, e.feature)
    SELECT a.dimension, a.value, f.feature, f.eligible AS eligible_count, f.adopters AS adopter_count,
           f.adoption AS adoption_rate, f.lower AS adoption_lower_rate, f.upper AS adoption_upper_rate, f.unentitled AS unentitled_count,
           as_days(median_duration(w.state)) AS activation_median_days,
           as_days(median.lower) AS activation_median_lower_days, as_days(median.upper) AS activation_median_upper_days, r.as_of_on, r.policy_hash
    FROM reporting_range r CROSS JOIN adopted a CROSS JOIN LATERAL feature_adoption(a.state, r.confidence_rate) f
         LEFT JOIN waiting w ON (w.dimension, w.value, w.feature) = (a.dimension, a.value, f.feature)
         CROSS JOIN LATERAL median_duration_interval(w.state, r.confidence_rate) median
    ORDER BY a.dimension, a.value, f.feature
$$, 'Adoption of each feature, for all accounts and for each value of each attribute in use: who may use it, who does, and how long it takes.'),

(250, 'usage_depth', $$
    SELECT a.account_id, n.name, n.segment, n.plan, n.owner, coalesce(mrr_at(a.revenue, r.as_of_on), 0) AS mrr,
           n.seats::bigint AS seat_count, coalesce(u.users, 0) AS user_count, coalesce(u.active, 0) AS active_user_count,
           coalesce(u.active, 0) / nullif(n.seats, 0)::double precision AS seat_use_rate, coalesce(u.active, 0) > n.seats AS is_over_seats,
           u.events::double precision / nullif(u.active, 0) AS events_per_user_rate, u.middle AS events_median_rate,
           coalesce(features_used(a.features, r.as_of_on + 1 - p.adoption_days, r.as_of_on + 1, 1, p.adoption_threshold), 0) AS features_used_count,
           coalesce(e.features, 0) AS entitled_count,
           e.used::double precision / nullif(e.features, 0) AS breadth_rate, r.as_of_on, r.policy_hash
    FROM reporting_range r, policy p, account_state a LEFT JOIN source_account n USING (account_id)
         LEFT JOIN (SELECT s.account_id, count(*) AS users, count(*) FILTER (WHERE l.events > 0) AS active, sum(l.events) AS events,
                           percentile_cont(0.5) WITHIN GROUP (ORDER BY l.events) FILTER (WHERE l.events > 0) AS middle
                    FROM reporting_range r, policy p, user_state s,
                         LATERAL (SELECT events_between(s.usage, r.as_of_on + 1 - p.adoption_days, r.as_of_on + 1) AS events) l
                    WHERE first_active_on(s.usage) <= r.as_of_on
                    GROUP BY s.account_id) u USING (account_id)
         LEFT JOIN (SELECT t.account_id, count(*) AS features,
                           count(*) FILTER (WHERE events_between(feature_activity(s.features, t.feature), r.as_of_on + 1 - p.adoption_days, r.as_of_on + 1) >= p.adoption_threshold) AS used
                    FROM reporting_range r, policy p, entitlement t LEFT JOIN account_state s USING (account_id)
                    GROUP BY t.account_id) e USING (account_id)
$$, 'Depth of use, account by account: users of seats, events a user, features of those entitled.'),

(260, 'usage_by_role', $$
    SELECT coalesce(s.role, '(none)') AS role, count(*) AS user_count, count(*) FILTER (WHERE l.events > 0) AS active_user_count,
           count(DISTINCT s.account_id) AS account_count, sum(l.events)::double precision / nullif(count(*) FILTER (WHERE l.events > 0), 0) AS events_per_user_rate,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY l.events) FILTER (WHERE l.events > 0) AS events_median_rate, r.as_of_on, r.policy_hash
    FROM reporting_range r, policy p, user_state s,
         LATERAL (SELECT events_between(s.usage, r.as_of_on + 1 - p.adoption_days, r.as_of_on + 1) AS events) l
    WHERE first_active_on(s.usage) <= r.as_of_on
    GROUP BY s.role, r.as_of_on, r.policy_hash
    ORDER BY 1
$$, 'Users and how much they do, by role.'),

(270, 'usage_retention_by_segment', $$
    SELECT u.cohort AS cohort_on, g.dimension, g.value, u.bracket AS bracket_number, u.accounts AS account_count, u.mature_accounts AS mature_count,
           u.n_day AS n_day_count, u.unbounded AS unbounded_count, u.rolling AS rolling_count,
           u.n_day_retention AS n_day_rate, u.unbounded_retention AS unbounded_rate, u.rolling_retention AS rolling_rate, u.mature AS is_mature, g.policy_hash
    FROM (SELECT d.dimension, d.value, r.policy_hash,
                 -- months of the last ten years at most
                 retention_agg(a.usage, greatest(date_trunc('month', least(coalesce(p.report_from, first.day), r.as_of_on)), date_trunc('month', r.as_of_on) - interval '119 months')::date,
                               r.as_of_on + 1, 'month', p.retention_days) AS state
          FROM reporting_range r, policy p, (SELECT min(first_active_on(usage)) AS day FROM account_state) first,
               account_state a JOIN account_dimension d USING (account_id)
          WHERE first.day <= r.as_of_on
          GROUP BY d.dimension, d.value, r.policy_hash) g,
         LATERAL usage_retention(g.state) u
    ORDER BY g.dimension, g.value, u.cohort, u.bracket
$$, 'Retention of use: accounts by the month of their first active day, followed over brackets of retention_days, for all and for each value of each attribute in use; N-day, unbounded and rolling.'),

(280, 'usage_retention', $$
    SELECT cohort_on, bracket_number, account_count, mature_count, n_day_count, unbounded_count, rolling_count, n_day_rate, unbounded_rate, rolling_rate, is_mature, policy_hash
    FROM usage_retention_by_segment WHERE dimension = 'all' ORDER BY cohort_on, bracket_number
$$, 'Retention of use: accounts by the month of their first active day, followed over brackets of retention_days; N-day, unbounded and rolling.');
