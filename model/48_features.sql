-- Features: which are used, how deeply, and by whom.

CREATE OR REPLACE VIEW entitlement WITH (security_invoker) AS
SELECT e.account_id, e.feature, min(lower(term)) AS starts_on
FROM reporting_range r, entitlement_state e, unnest(e.terms) term
WHERE term @> r.as_of_on
GROUP BY e.account_id, e.feature;
COMMENT ON VIEW entitlement IS 'The features that each account is entitled to on the day of the reading.';

-- Who adopted what stands behind functions with a setting: all accounts are read each time, and what compiles such a
-- query takes longer than the query.

CREATE OR REPLACE FUNCTION live_adoption() RETURNS TABLE (members text[], state adoption)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 SET jit = off
BEGIN ATOMIC
    WITH entitled AS (SELECT account_id, array_agg(feature) AS features FROM entitlement GROUP BY account_id)
    SELECT g.members, frequent_adoption_agg(p.adoption_threshold, a.features, r.as_of_on + 1 - p.adoption_days,
                                            r.as_of_on + 1, e.features)
    FROM reporting_range r, policy p, account_state a JOIN group_of(false) g USING (account_id)
         LEFT JOIN entitled e USING (account_id)
    WHERE EXISTS (SELECT 1 FROM entitlement_state)
    GROUP BY g.members
    UNION ALL
    -- without entitlements, who is active may use all
    SELECT g.members, frequent_adoption_agg(p.adoption_threshold, a.features, r.as_of_on + 1 - p.adoption_days,
                                            r.as_of_on + 1)
    FROM reporting_range r, policy p, account_state a JOIN group_of(false) g USING (account_id)
    WHERE NOT EXISTS (SELECT 1 FROM entitlement_state)
    GROUP BY g.members;
END;
COMMENT ON FUNCTION live_adoption() IS
'Internal: who of all accounts may use features, and who does, by what they are summed up by, see group_of';

CREATE OR REPLACE FUNCTION live_activation() RETURNS TABLE (members text[], feature text, state durations)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 SET jit = off
BEGIN ATOMIC
    SELECT g.members, e.feature,
           duration_agg((greatest(coalesce(u.first_used, r.as_of_on + 1),
                                  e.starts_on) - e.starts_on) * interval '1 day', u.first_used IS NOT NULL)
    FROM reporting_range r, entitlement e JOIN account_state a USING (account_id)
         JOIN group_of(false) g USING (account_id),
         LATERAL (SELECT CASE WHEN first_used_on(a.features, e.feature) <= r.as_of_on THEN first_used_on(a.features,
                     e.feature) END AS first_used) u
    WHERE e.starts_on IS NOT NULL
    GROUP BY g.members, e.feature;
END;
COMMENT ON FUNCTION live_activation() IS
'Internal: how long all accounts took to use what they are entitled to, feature by feature, by what they are summed up '
'by, see group_of';

CREATE OR REPLACE VIEW feature_adoption WITH (security_invoker) AS
WITH adopted AS (
    SELECT d.dimension, d.value, rollup(a.state) AS state
    FROM live_adoption() a, LATERAL dimension_in(a.members, false) d
    GROUP BY d.dimension, d.value),
waiting AS (
    SELECT d.dimension, d.value, b.feature, rollup(b.state) AS state
    FROM live_activation() b, LATERAL dimension_in(b.members, false) d
    GROUP BY d.dimension, d.value, b.feature)
SELECT a.dimension, a.value, f.feature, f.eligible AS eligible_count,
       -- nobody, where any use of a feature is seen; else nobody knows
       CASE WHEN feed.has_features THEN f.adopters END AS adopter_count,
       CASE WHEN feed.has_features THEN f.adoption END AS adoption_rate,
       CASE WHEN feed.has_features THEN f.lower END AS adoption_lower_rate,
       CASE WHEN feed.has_features THEN f.upper END AS adoption_upper_rate,
       CASE WHEN feed.has_features THEN f.unentitled END AS unentitled_count,
       as_days(median_duration(w.state)) AS activation_median_days,
       as_days(median.lower) AS activation_median_lower_days, as_days(median.upper) AS activation_median_upper_days,
       r.as_of_on, r.policy_hash
FROM reporting_range r CROSS JOIN LATERAL (SELECT u.* FROM usage_feed(r.as_of_on) u OFFSET 0) feed
     CROSS JOIN adopted a CROSS JOIN LATERAL feature_adoption(a.state, r.confidence_rate) f
     LEFT JOIN waiting w ON (w.dimension, w.value, w.feature) = (a.dimension, a.value, f.feature)
     CROSS JOIN LATERAL median_duration_interval(w.state, r.confidence_rate) median
ORDER BY a.dimension, a.value, f.feature;
COMMENT ON VIEW feature_adoption IS
'Adoption of each feature, for all accounts and for each value of each attribute in use: who may use it, who does, '
'and how long it takes.';

CREATE OR REPLACE VIEW usage_depth WITH (security_invoker) AS
SELECT a.account_id, n.name, n.segment, n.plan, n.owner, coalesce(mrr_at(a.revenue, r.as_of_on), 0) AS mrr,
       n.seats::bigint AS seat_count,
       -- none, where others have users; else nobody knows
       CASE WHEN feed.has_users THEN coalesce(u.users, 0) END AS user_count,
       CASE WHEN feed.has_users THEN coalesce(u.active, 0) END AS active_user_count,
       CASE WHEN feed.has_users THEN coalesce(u.active, 0) / nullif(n.seats, 0)::double precision END AS seat_use_rate,
       CASE WHEN feed.has_users THEN coalesce(u.active, 0) > n.seats END AS is_over_seats,
       u.events::double precision / nullif(u.active, 0) AS events_per_user_rate, u.middle AS events_median_rate,
       CASE WHEN feed.has_features
           THEN coalesce(features_used(a.features, r.as_of_on + 1 - p.adoption_days, r.as_of_on + 1, 1,
                                       p.adoption_threshold), 0) END AS features_used_count,
       CASE WHEN EXISTS (SELECT 1 FROM entitlement_state) THEN coalesce(e.features, 0) END AS entitled_count,
       CASE WHEN feed.has_features
           THEN e.used::double precision / nullif(e.features, 0) END AS breadth_rate, r.as_of_on, r.policy_hash
FROM reporting_range r, policy p, LATERAL (SELECT f.* FROM usage_feed(r.as_of_on) f OFFSET 0) feed,
     account_state a LEFT JOIN account n USING (account_id)
     LEFT JOIN (SELECT s.account_id, count(*) AS users, count(*) FILTER (WHERE l.events > 0) AS active,
                sum(l.events) AS events,
                       percentile_cont(0.5) WITHIN GROUP (ORDER BY l.events) FILTER (WHERE l.events > 0) AS middle
                FROM reporting_range r, policy p, user_state s,
                     LATERAL (SELECT events_between(s.usage, r.as_of_on + 1 - p.adoption_days,
                                                    r.as_of_on + 1) AS events) l
                WHERE first_active_on(s.usage) <= r.as_of_on
                GROUP BY s.account_id) u USING (account_id)
     LEFT JOIN (SELECT t.account_id, count(*) AS features,
                       count(*) FILTER (WHERE events_between(feature_activity(s.features, t.feature),
                                                             r.as_of_on + 1 - p.adoption_days,
                                                             r.as_of_on + 1) >= p.adoption_threshold) AS used
                FROM reporting_range r, policy p, entitlement t LEFT JOIN account_state s USING (account_id)
                GROUP BY t.account_id) e USING (account_id);
COMMENT ON VIEW usage_depth IS
'Depth of use, account by account: users of seats, events a user, features of those entitled.';

CREATE OR REPLACE VIEW usage_by_role WITH (security_invoker) AS
SELECT coalesce(s.role, '(none)') AS role, count(*) AS user_count,
       count(*) FILTER (WHERE l.events > 0) AS active_user_count,
       count(DISTINCT s.account_id) AS account_count,
       sum(l.events)::double precision / nullif(count(*) FILTER (WHERE l.events > 0), 0) AS events_per_user_rate,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY l.events) FILTER (WHERE l.events > 0) AS events_median_rate,
       r.as_of_on, r.policy_hash
FROM reporting_range r, policy p, user_state s,
     LATERAL (SELECT events_between(s.usage, r.as_of_on + 1 - p.adoption_days, r.as_of_on + 1) AS events) l
WHERE first_active_on(s.usage) <= r.as_of_on
GROUP BY s.role, r.as_of_on, r.policy_hash
ORDER BY 1;
COMMENT ON VIEW usage_by_role IS 'Users and how much they do, by role.';

CREATE OR REPLACE VIEW usage_retention_by_segment WITH (security_invoker) AS
SELECT u.* FROM use_retained_of(false) u
ORDER BY u.dimension, u.value, u.cohort_on, u.bracket_number;
COMMENT ON VIEW usage_retention_by_segment IS
'Retention of use: accounts by the month of their first active day, followed over brackets of retention_days, for all '
'and for each value of each attribute in use; N-day, unbounded and rolling.';

CREATE OR REPLACE VIEW usage_retention WITH (security_invoker) AS
SELECT cohort_on, bracket_number, account_count, mature_count, n_day_count, unbounded_count, rolling_count, n_day_rate,
       unbounded_rate, rolling_rate, is_mature, policy_hash
FROM use_retained_of(true) ORDER BY cohort_on, bracket_number;
COMMENT ON VIEW usage_retention IS
'Retention of use: accounts by the month of their first active day, followed over brackets of retention_days; N-day, '
'unbounded and rolling.';
