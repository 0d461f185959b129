-- Time to value: milestones, and how long accounts take from start to first value.

CREATE OR REPLACE FUNCTION account_time_to_value(as_of date) RETURNS TABLE (
    account_id @account_id@, name text, segment text, onboarding_path text, owner text,
    started_at timestamp with time zone, value_at timestamp with time zone, lost_at timestamp with time zone,
    status text, ttv_days double precision, as_of_at timestamp with time zone)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT w.account_id, w.name, w.segment, w.onboarding_path, w.owner, w.started_at, w.value_at, w.lost_at, w.status,
           w.ttv_days, w.as_of_at
    FROM way_in('{-infinity}', ARRAY[$1 + 1], false) w;
END;
COMMENT ON FUNCTION account_time_to_value(as_of date) IS
'The way of each account to first value as of the end of any day, from what was known then: when it started, when it '
'got there, and where it stood.';

CREATE OR REPLACE VIEW time_to_value_by_account WITH (security_invoker) AS
SELECT t.account_id, t.name, t.segment, t.onboarding_path, t.owner, t.started_at, t.value_at, t.lost_at, t.status,
       t.ttv_days
FROM reporting_range r, LATERAL account_time_to_value(r.as_of_on) t;
COMMENT ON VIEW time_to_value_by_account IS
'The way of each account to first value: when it started, when it got there, and where it stands.';

CREATE OR REPLACE VIEW time_to_value WITH (security_invoker) AS
WITH way AS (
    SELECT s.dimension, s.value, s.rejected_count, s.state, r.confidence_rate, r.as_of_on, r.policy_hash
    FROM reporting_range r,
         (SELECT s.* FROM stored_way_now s WHERE is_stored('stored_way_now')
          UNION ALL SELECT l.* FROM live_stored_way_now() l WHERE NOT is_stored('stored_way_now')) s),
test AS (
    SELECT w.dimension, l.p AS log_rank_p
    FROM (SELECT dimension, array_agg(state ORDER BY value) AS states
          FROM way GROUP BY dimension HAVING count(*) BETWEEN 2 AND 100) w,
         LATERAL log_rank(w.states) l)
SELECT w.dimension, w.value, coalesce(subject_count(w.state), 0) AS account_count,
       coalesce(ended_count(w.state), 0) AS reached_count,
       coalesce(censored_count(w.state), 0) AS waiting_count, coalesce(competing_count(w.state), 0) AS lost_count,
       w.rejected_count,
       as_days(median_duration(w.state)) AS ttv_median_days,
       as_days(median.lower) AS ttv_median_lower_days, as_days(median.upper) AS ttv_median_upper_days,
       share_within(w.state, '30 days') AS within_30_days_rate,
       share.lower AS within_30_days_lower_rate, share.upper AS within_30_days_upper_rate,
       as_days(naive_mean(w.state)) AS naive_ttv_mean_days, as_days(naive_median(w.state)) AS naive_ttv_median_days,
       test.log_rank_p, is_exact(w.state) AS is_exact, w.as_of_on, w.policy_hash
FROM way w LEFT JOIN test USING (dimension),
     LATERAL median_duration_interval(w.state, w.confidence_rate) median,
     LATERAL share_within_interval(w.state, '30 days', w.confidence_rate) share
ORDER BY w.dimension, w.value;
COMMENT ON VIEW time_to_value IS
'Time to first value of all accounts, and for each value of each attribute in use, onboarding path among them: '
'survival estimates, so that accounts on their way count. Empty where no milestone is marked is_start, unless '
'ttv_start_rule names another start. See doc/survival.md.';

CREATE OR REPLACE VIEW time_to_value_monthly WITH (security_invoker) AS
SELECT s.* FROM stored_time_to_value_monthly s WHERE is_stored('stored_time_to_value_monthly')
UNION ALL
SELECT l.* FROM read_stored_time_to_value_monthly(false) l WHERE NOT is_stored('stored_time_to_value_monthly')
ORDER BY dimension, value, period_end_on;
COMMENT ON VIEW time_to_value_monthly IS
'Time to first value as it stood at the end of each of the last 24 months that are over, of the accounts that had set '
'out in the year up to then: survival estimates from what was known then. For all and for each value of each '
'attribute in use.';
