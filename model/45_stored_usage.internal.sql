-- Usage: since when it is fed, the active days of groups of accounts, and what is stored of them.

CREATE OR REPLACE FUNCTION usage_feed(as_of date) RETURNS TABLE (
    is_alive boolean, first_on date, has_users boolean, has_features boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT EXISTS (SELECT 1 FROM account_state s WHERE is_active(s.usage, $1, p.usage_feed_days)),
           (SELECT min(first_active_on(s.usage)) FROM account_state s WHERE first_active_on(s.usage) <= $1),
           EXISTS (SELECT 1 FROM user_state u WHERE first_active_on(u.usage) <= $1),
           EXISTS (SELECT 1 FROM account_state s WHERE features_used(s.features, '0001-01-01', $1 + 1) > 0)
    FROM policy p LIMIT 1;
END;
COMMENT ON FUNCTION usage_feed(date) IS
'Internal: what is known of usage at all by a day: is_alive: somebody used the product within usage_feed_days, so that '
'no use of others is known; first_on: the first day of it, NULL: none';

CREATE OR REPLACE FUNCTION idle_days(usage activity, since date, as_of date, fed_on date) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT ($3 - coalesce(last_active_on($1, $3), CASE WHEN $2 <= $3 THEN greatest($2, $4) END))::double precision;
END;
COMMENT ON FUNCTION idle_days(activity, date, date, date) IS
'Internal: days since the last use, or of who never used it since its start, or since usage is fed';

CREATE TABLE stored_active (
    dimension text, value text, row_count bigint NOT NULL, state active_series, PRIMARY KEY (dimension, value));
COMMENT ON TABLE stored_active IS 'Internal: how many accounts of a group were active on each day';
CREATE UNLOGGED TABLE before_active AS SELECT * FROM stored_active WITH NO DATA;
COMMENT ON TABLE before_active IS 'Internal: what accounts that a refresh writes have in stored_active';

CREATE OR REPLACE FUNCTION read_stored_active(of_changed boolean, only_all boolean DEFAULT false)
RETURNS SETOF stored_active
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT d.dimension, d.value, count(*),
           active_series_agg(a.usage, least(coalesce(p.report_from, first.day), r.as_of_on), r.as_of_on + 1)
    FROM reporting_range r, policy p, (SELECT f.first_active_on AS day FROM first_fact() f) first,
         history_of($1) a JOIN dimension_of($1, $2) d USING (account_id)
    WHERE first.day <= r.as_of_on
    GROUP BY d.dimension, d.value;
END;
COMMENT ON FUNCTION read_stored_active(boolean, boolean) IS
'Internal: the active days of all accounts, or of those in changed_key';

CREATE OR REPLACE FUNCTION live_stored_active(only_all boolean) RETURNS SETOF stored_active
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
    SELECT r.* FROM read_stored_active(false, $1) r;
END;
COMMENT ON FUNCTION live_stored_active(boolean) IS
'Internal: what read_stored_active gives of all accounts, for views where it is not stored';

CREATE OR REPLACE FUNCTION active_of(only_all boolean) RETURNS TABLE (
    day_on date, dimension text, value text, dau_count bigint, wau_count bigint, mau_count bigint,
    stickiness_rate double precision, new_active_count bigint, retained_active_count bigint,
    resurrected_active_count bigint, dormant_count bigint, account_count bigint, policy_hash text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT s.day, g.dimension, g.value, s.dau, s.wau, s.mau, s.stickiness, s.new, s.retained, s.resurrected, s.dormant,
           g.row_count, r.policy_hash
    FROM reporting_range r, policy p,
         (SELECT s.* FROM stored_active s WHERE is_stored('stored_active') AND (NOT $1 OR s.dimension = 'all')
          UNION ALL SELECT l.* FROM live_stored_active($1) l WHERE NOT is_stored('stored_active')) g,
         LATERAL active_series(g.state, p.weekdays_only) s;
END;
COMMENT ON FUNCTION active_of(boolean) IS
'Internal: the rows of view usage_by_segment, of what is stored, or else worked out; only_all: those of all alone';

CREATE TABLE stored_retention (
    dimension text, value text, row_count bigint NOT NULL, state csmetrics.usage_retention,
    PRIMARY KEY (dimension, value)); -- the view of that name is another type
COMMENT ON TABLE stored_retention IS 'Internal: how groups of accounts came back to use the product';
CREATE UNLOGGED TABLE before_retention AS SELECT * FROM stored_retention WITH NO DATA;
COMMENT ON TABLE before_retention IS 'Internal: what accounts that a refresh writes have in stored_retention';

CREATE OR REPLACE FUNCTION read_stored_retention(of_changed boolean, only_all boolean DEFAULT false)
RETURNS SETOF stored_retention
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT d.dimension, d.value, count(*),
           -- months of the last ten years at most
           retention_agg(a.usage, greatest(date_trunc('month', least(coalesce(p.report_from, first.day), r.as_of_on)),
                                           date_trunc('month', r.as_of_on) - interval '119 months')::date,
                         r.as_of_on + 1, 'month', p.retention_days)
    FROM reporting_range r, policy p, (SELECT f.first_active_on AS day FROM first_fact() f) first,
         history_of($1) a JOIN dimension_of($1, $2) d USING (account_id)
    WHERE first.day <= r.as_of_on
    GROUP BY d.dimension, d.value;
END;
COMMENT ON FUNCTION read_stored_retention(boolean, boolean) IS
'Internal: how all accounts, or those in changed_key, came back to use the product';

CREATE OR REPLACE FUNCTION live_stored_retention(only_all boolean) RETURNS SETOF stored_retention
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
    SELECT r.* FROM read_stored_retention(false, $1) r;
END;
COMMENT ON FUNCTION live_stored_retention(boolean) IS
'Internal: what read_stored_retention gives of all accounts, for views where it is not stored';

CREATE OR REPLACE FUNCTION use_retained_of(only_all boolean) RETURNS TABLE (
    cohort_on date, dimension text, value text, bracket_number integer, account_count bigint, mature_count bigint,
    n_day_count bigint, unbounded_count bigint, rolling_count bigint, n_day_rate double precision,
    unbounded_rate double precision, rolling_rate double precision, is_mature boolean, policy_hash text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT u.cohort, g.dimension, g.value, u.bracket, u.accounts, u.mature_accounts, u.n_day, u.unbounded, u.rolling,
           u.n_day_retention, u.unbounded_retention, u.rolling_retention, u.mature, r.policy_hash
    FROM reporting_range r,
         (SELECT s.* FROM stored_retention s WHERE is_stored('stored_retention') AND (NOT $1 OR s.dimension = 'all')
          UNION ALL SELECT l.* FROM live_stored_retention($1) l WHERE NOT is_stored('stored_retention')) g,
         LATERAL csmetrics.usage_retention(g.state) u; -- the view of that name is made later
END;
COMMENT ON FUNCTION use_retained_of(boolean) IS
'Internal: the rows of view usage_retention_by_segment, of what is stored, or else worked out; only_all: those of all '
'alone';
