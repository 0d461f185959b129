-- Time to value: the way of accounts to first value, and what is stored of it.

CREATE OR REPLACE FUNCTION way_in(starts date[], ends date[], of_changed boolean) RETURNS TABLE (
    account_id @account_id@, name text, segment text, onboarding_path text, owner text,
    started_at timestamp with time zone, value_at timestamp with time zone, lost_at timestamp with time zone,
    status text, ttv_days double precision, as_of_at timestamp with time zone, start_on date, end_on date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT t.account_id, t.name, t.segment, t.onboarding_path, t.owner, t.started_at, t.value_at, t.lost_at,
           CASE WHEN t.value_at < t.started_at THEN 'rejected'
                WHEN t.value_at <= coalesce(t.lost_at, 'infinity') THEN 'reached'
                WHEN t.lost_at IS NOT NULL THEN 'lost' ELSE 'waiting' END AS status,
           as_days(least(t.value_at, t.lost_at, t.as_of_at) - t.started_at) AS ttv_days, t.as_of_at, t.start_on,
           t.end_on
    FROM (SELECT a.account_id, n.name, n.segment, n.onboarding_path, n.owner, start.at AS started_at,
                 CASE WHEN start.value_at <= w.as_of_at THEN start.value_at END AS value_at,
                 -- who was lost before the clock started never had a day
                 CASE WHEN lost.at < start.at THEN start.at ELSE lost.at END AS lost_at, w.as_of_at,
                 w.start_on, w.end_on
          FROM reporting_range r, policy p, history_of($3) a LEFT JOIN account n USING (account_id),
               -- OFFSET 0: worked out once an account; the earliest of all is that of any day on which it is known
               LATERAL (SELECT CASE p.ttv_start_rule WHEN 'milestone' THEN started_at(a.milestones)
                               WHEN 'created' THEN n.created_on::timestamp AT TIME ZONE r.time_zone
                               ELSE first_paid_on(a.revenue)::timestamp AT TIME ZONE r.time_zone END AS at,
                               value_at(a.milestones) AS value_at,
                               limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days) AS revenue
                        OFFSET 0) start,
               -- and this once a window
               LATERAL (SELECT s.start_on, s.end_on, s.start_on::timestamp AT TIME ZONE r.time_zone AS from_at,
                               last_instant(s.end_on - 1, r.time_zone) AS as_of_at
                        FROM unnest($1, $2) s(start_on, end_on) OFFSET 0) w,
               LATERAL (SELECT churned_on(start.revenue, w.end_on - 1, r.pause_rule = 'churn')::timestamp
                               AT TIME ZONE r.time_zone AS at OFFSET 0) lost
          -- of a range planners take it that hardly any are in it, and compare each with each
          WHERE CASE WHEN start.at >= w.from_at THEN start.at <= w.as_of_at END) t;
END;
COMMENT ON FUNCTION way_in(date[], date[], boolean) IS
'Internal: account_time_to_value of those that set out from a day of starts on and before that of ends, as of its eve; '
'of all accounts or of those in changed_key';

CREATE TABLE stored_way (
    start_on date, end_on date, dimension text, value text, row_count bigint NOT NULL, rejected_count bigint NOT NULL,
    state durations, PRIMARY KEY (start_on, end_on, dimension, value));
COMMENT ON TABLE stored_way IS
'Internal: the ways to first value of groups of accounts that set out within a year, as of its end';
CREATE UNLOGGED TABLE before_way AS SELECT * FROM stored_way WITH NO DATA;
COMMENT ON TABLE before_way IS 'Internal: what accounts that a refresh writes have in stored_way';

CREATE OR REPLACE FUNCTION read_stored_way(of_changed boolean) RETURNS SETOF stored_way
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH month AS (
        SELECT array_agg((m.end_on - interval '1 year')::date) AS starts, array_agg(m.end_on) AS ends
        FROM reporting_range r, policy p, generate_series(0, 23) k,
             LATERAL (SELECT (date_trunc('month', r.as_of_on + 1) - k * interval '1 month')::date AS end_on) m
        WHERE m.end_on > coalesce(p.report_from, '-infinity')),
    summed AS (
        SELECT t.start_on, t.end_on, g.members, count(*) AS row_count,
               count(*) FILTER (WHERE t.status = 'rejected') AS rejected_count,
               duration_agg(t.started_at, t.value_at,
                            CASE p.lost_before_value_rule WHEN 'censor' THEN least(t.lost_at, t.as_of_at)
                                ELSE t.as_of_at END,
                            CASE p.lost_before_value_rule WHEN 'compete'
                                THEN t.lost_at END) FILTER (WHERE t.status <> 'rejected') AS state
        FROM policy p, month m, LATERAL way_in(m.starts, m.ends, $1) t JOIN group_of($1) g USING (account_id)
        GROUP BY t.start_on, t.end_on, g.members)
    SELECT s.start_on, s.end_on, d.dimension, d.value, sum(s.row_count)::bigint, sum(s.rejected_count)::bigint,
           rollup(s.state)
    FROM summed s, LATERAL dimension_in(s.members, $1) d
    GROUP BY s.start_on, s.end_on, d.dimension, d.value;
END;
COMMENT ON FUNCTION read_stored_way(boolean) IS
'Internal: the ways of all accounts, or of those in changed_key, at the ends of the last 24 months that are over';

CREATE TABLE stored_time_to_value_monthly (
    period_start_on date, period_end_on date, dimension text, value text, account_count bigint, reached_count bigint,
    waiting_count bigint, lost_count bigint, rejected_count bigint, ttv_median_days double precision,
    ttv_median_lower_days double precision, ttv_median_upper_days double precision,
    within_30_days_rate double precision, within_30_days_lower_rate double precision,
    within_30_days_upper_rate double precision, is_complete boolean, policy_hash text,
    PRIMARY KEY (dimension, value, period_end_on));
COMMENT ON TABLE stored_time_to_value_monthly IS 'Internal: the rows of view time_to_value_monthly';

CREATE OR REPLACE FUNCTION read_stored_time_to_value_monthly(of_stored boolean)
RETURNS SETOF stored_time_to_value_monthly
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
    SELECT w.start_on AS period_start_on, w.end_on AS period_end_on, w.dimension, w.value,
           coalesce(subject_count(w.state), 0) AS account_count, coalesce(ended_count(w.state), 0) AS reached_count,
           coalesce(censored_count(w.state), 0) AS waiting_count, coalesce(competing_count(w.state), 0) AS lost_count,
           w.rejected_count,
           as_days(median_duration(w.state)) AS ttv_median_days,
           as_days(median.lower) AS ttv_median_lower_days, as_days(median.upper) AS ttv_median_upper_days,
           share_within(w.state, '30 days') AS within_30_days_rate,
           share.lower AS within_30_days_lower_rate, share.upper AS within_30_days_upper_rate,
           w.end_on <= r.over_until_on AS is_complete,
           r.policy_hash
    FROM reporting_range r,
         (SELECT s.* FROM stored_way s WHERE $1
          UNION ALL SELECT l.* FROM read_stored_way(false) l WHERE NOT $1) w,
         LATERAL median_duration_interval(w.state, r.confidence_rate) median,
         LATERAL share_within_interval(w.state, '30 days', r.confidence_rate) share;
END;
COMMENT ON FUNCTION read_stored_time_to_value_monthly(boolean) IS
'Internal: the rows of view time_to_value_monthly, from what is stored or from the histories';

CREATE TABLE stored_way_now (
    dimension text, value text, row_count bigint NOT NULL, rejected_count bigint NOT NULL, state durations,
    PRIMARY KEY (dimension, value));
COMMENT ON TABLE stored_way_now IS 'Internal: the ways to first value of groups of accounts as they stand';
CREATE UNLOGGED TABLE before_way_now AS SELECT * FROM stored_way_now WITH NO DATA;
COMMENT ON TABLE before_way_now IS 'Internal: what accounts that a refresh writes have in stored_way_now';

CREATE OR REPLACE FUNCTION read_stored_way_now(of_changed boolean) RETURNS SETOF stored_way_now
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH summed AS (
        SELECT g.members, count(*) AS row_count, count(*) FILTER (WHERE t.status = 'rejected') AS rejected_count,
               duration_agg(t.started_at, t.value_at,
                            CASE p.lost_before_value_rule WHEN 'censor' THEN least(t.lost_at, t.as_of_at)
                                ELSE t.as_of_at END,
                            CASE p.lost_before_value_rule WHEN 'compete'
                                THEN t.lost_at END) FILTER (WHERE t.status <> 'rejected') AS state
        FROM reporting_range r, policy p, LATERAL way_in('{-infinity}', ARRAY[r.as_of_on + 1], $1) t
             JOIN group_of($1) g USING (account_id)
        GROUP BY g.members)
    SELECT d.dimension, d.value, sum(s.row_count)::bigint, sum(s.rejected_count)::bigint, rollup(s.state)
    FROM summed s, LATERAL dimension_in(s.members, $1) d
    GROUP BY d.dimension, d.value;
END;
COMMENT ON FUNCTION read_stored_way_now(boolean) IS
'Internal: the ways of all accounts, or of those in changed_key, as they stand at the end of the day of the reading';

CREATE OR REPLACE FUNCTION live_stored_way_now() RETURNS SETOF stored_way_now
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
    SELECT r.* FROM read_stored_way_now(false) r;
END;
COMMENT ON FUNCTION live_stored_way_now() IS
'Internal: what read_stored_way_now gives of all accounts, for views where it is not stored';
