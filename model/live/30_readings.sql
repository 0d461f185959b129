-- What is stored of readings and scores, without what the accounts that changed added, and with what they add now.

CREATE OR REPLACE FUNCTION find_known() RETURNS TABLE (dimension text, account_count bigint)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 7 SET search_path = pg_catalog, pg_temp SET jit = off AS $live$
#variable_conflict use_column
DECLARE
    keys @account_id@[] := ARRAY(SELECT p.account_id FROM @live@.pending p WHERE p.source = 'account');
BEGIN
    RETURN QUERY
    SELECT CASE e.key WHEN 'plan' THEN 'account_plan' ELSE e.key END, sum(a.sign)::bigint
    FROM (SELECT 1 AS sign, to_jsonb(f) AS attributes FROM @live@.fresh_account f
          UNION ALL
          SELECT -1, to_jsonb(s) FROM @internal@.score_account s WHERE s.account_id = ANY (keys)) a,
         LATERAL jsonb_each_text(a.attributes) e
    WHERE e.value IS NOT NULL
    GROUP BY e.key;
END
$live$;
COMMENT ON FUNCTION find_known() IS 'Internal: of how many accounts more each attribute is known than is stored';

CREATE OR REPLACE VIEW known_dimension WITH (security_invoker) AS
SELECT d.dimension, d.account_count + coalesce(f.account_count, 0) AS account_count
FROM known_dimension d
     LEFT JOIN once($live$SELECT f.* FROM @live@.find_known() f$live$, NULL::known_dimension) f USING (dimension);
COMMENT ON VIEW known_dimension IS 'Internal: of how many accounts each attribute is known, with what changed';

CREATE OR REPLACE FUNCTION dimensions_in_use() RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp SET jit = off AS $live$
DECLARE
    stored text[] := (SELECT s.dimensions FROM @internal@.stored_reading s LIMIT 1);
BEGIN
    IF NOT EXISTS (SELECT 1 FROM @internal@.known_dimension d) OR stored IS NULL THEN
        RETURN @live@.count_dimensions();
    END IF;
    RETURN array_remove(ARRAY(SELECT CASE WHEN k.account_count > 0 THEN d END
                              FROM unnest(ARRAY['segment', 'account_plan', 'lifecycle_stage', 'onboarding_path',
                                           'region', 'owner'])
                                   WITH ORDINALITY d(d, place) JOIN @live@.known_dimension k ON k.dimension = d.d
                              ORDER BY d.place), NULL);
END
$live$;
COMMENT ON FUNCTION dimensions_in_use() IS 'Internal: the attributes of accounts that any account has a value of';

CREATE OR REPLACE FUNCTION find_stored(reading text) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED COST 1000 SET search_path = pg_catalog, pg_temp AS $live$
BEGIN
    -- all that refresh would go by
    RETURN NOT row_security_active('@model@.account'::regclass)
       AND EXISTS (SELECT 1 FROM @internal@.stored_reading s
                   WHERE s.reading = $1 AND s.basis = @live@.present_basis($1)
                     AND s.dimensions = @live@.dimensions_in_use())
       AND (SELECT bool_and(@live@.is_additive(r)) FROM unnest($1 || @live@.made_of($1)) r);
END
$live$;
COMMENT ON FUNCTION find_stored(text) IS
'Internal: may a reading be had from its table and from what the accounts that changed add to it?';

CREATE OR REPLACE FUNCTION is_stored(reading text) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED COST 1000 SET search_path = pg_catalog, pg_temp AS $live$
BEGIN
    RETURN o FROM csmetrics.once(format('SELECT %I.find_stored(%L)', @live_name@, $1), NULL::boolean) o;
END
$live$;
COMMENT ON FUNCTION is_stored(text) IS 'Internal: find_stored, once a state of the database';

CREATE OR REPLACE FUNCTION find_same_feed() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000 SET search_path = pg_catalog, pg_temp SET jit = off AS $live$
DECLARE
    keys @account_id@[] := ARRAY(SELECT k.account_id FROM @live@.fresh_key k);
BEGIN
    RETURN (SELECT f.first_active_on FROM @live@.first_fact() f)
           IS NOT DISTINCT FROM (SELECT min(csmetrics.first_active_on(s.usage)) FROM @internal@.account_state s)
       AND NOT EXISTS (
           SELECT 1
           FROM @model@.policy p, @live@.reporting_range r,
                LATERAL (SELECT r.as_of_on - p.movement_days
                         UNION
                         SELECT r.as_of_on - k * p.backtest_days FROM generate_series(0, p.backtest_count) k) d(day)
           -- where others use the product, it does not matter who of these does
           WHERE NOT EXISTS (SELECT 1 FROM @internal@.account_state s
                             WHERE csmetrics.is_active(s.usage, d.day, p.usage_feed_days)
                               AND s.account_id <> ALL (keys))
             AND EXISTS (SELECT 1 FROM @internal@.account_state s
                         WHERE csmetrics.is_active(s.usage, d.day, p.usage_feed_days) AND s.account_id = ANY (keys))
                 <> EXISTS (SELECT 1 FROM @live@.fresh_state s
                            WHERE csmetrics.is_active(s.usage, d.day, p.usage_feed_days)));
END
$live$;
COMMENT ON FUNCTION find_same_feed() IS
'Internal: is usage fed on the days that views of accounts read as it was at the last refresh, whatever changed since?';

CREATE OR REPLACE FUNCTION is_split() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000 SET search_path = pg_catalog, pg_temp AS $live$
BEGIN
    RETURN @live@.is_stored('stored_active')
       AND EXISTS (SELECT 1 FROM @internal@.scored_day d, @live@.health_term(d.as_of_on) t
                   WHERE d.as_of_on = (SELECT r.as_of_on FROM @live@.reporting_range r) AND d.basis = t.basis)
       AND (SELECT o FROM csmetrics.once(format('SELECT %I.find_same_feed()', @live_name@), NULL::boolean) o);
END
$live$;
COMMENT ON FUNCTION is_split() IS
'Internal: is what an account is held against stored, and the days of the report as they were? Then rows of accounts '
'that did not change are what they were.';

-- Scores.

CREATE OR REPLACE FUNCTION is_fed_anew() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000 SET search_path = pg_catalog, pg_temp AS $live$
BEGIN
    -- an account is the first now, or was it and is no more
    RETURN EXISTS (
        SELECT 1 FROM @internal@.feed_first f, @was@.feed_since(true) o, @live@.feed_since(true) n
        WHERE (f.usage_on, f.feature_on, f.user_on, f.ticket_at, f.entitled_on, f.value_at, f.revenue_on)
              IS DISTINCT FROM (least(f.usage_on, n.usage_on), least(f.feature_on, n.feature_on),
                                least(f.user_on, n.user_on), least(f.ticket_at, n.ticket_at),
                                least(f.entitled_on, n.entitled_on), least(f.value_at, n.value_at),
                                least(f.revenue_on, n.revenue_on))
           OR o.usage_on <= f.usage_on AND (n.usage_on <= f.usage_on) IS NOT TRUE
           OR o.feature_on <= f.feature_on AND (n.feature_on <= f.feature_on) IS NOT TRUE
           OR o.user_on <= f.user_on AND (n.user_on <= f.user_on) IS NOT TRUE
           OR o.ticket_at <= f.ticket_at AND (n.ticket_at <= f.ticket_at) IS NOT TRUE
           OR o.entitled_on <= f.entitled_on AND (n.entitled_on <= f.entitled_on) IS NOT TRUE
           OR o.value_at <= f.value_at AND (n.value_at <= f.value_at) IS NOT TRUE
           OR o.revenue_on <= f.revenue_on AND (n.revenue_on <= f.revenue_on) IS NOT TRUE);
END
$live$;
COMMENT ON FUNCTION is_fed_anew() IS
'Internal: may a kind of fact be there earlier or later than at the last refresh, by the accounts that changed?';

CREATE OR REPLACE FUNCTION find_scored() RETURNS SETOF scored_day
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 20 SET search_path = pg_catalog, pg_temp SET jit = off AS $live$
BEGIN
    IF NOT @live@.is_pending() THEN
        RETURN QUERY SELECT d.* FROM @internal@.scored_day d;
    ELSIF NOT @live@.is_fed_anew() THEN
        RETURN QUERY
        SELECT d.*
        FROM @internal@.scored_day d JOIN @internal@.score_feed f USING (as_of_on)
             LEFT JOIN @was@.changed_active() o USING (as_of_on) LEFT JOIN @live@.changed_active() n USING (as_of_on)
        WHERE f.has_usage = (f.active_count - coalesce(o.active_count, 0) + coalesce(n.active_count, 0) > 0);
    END IF;
END
$live$;
COMMENT ON FUNCTION find_scored() IS
'Internal: the stored days on which the same kinds of facts are fed as at the last refresh; the others are worked out';

CREATE OR REPLACE VIEW scored_day WITH (security_invoker) AS
SELECT d.* FROM once($live$SELECT d.* FROM @live@.find_scored() d$live$, NULL::scored_day) d;
COMMENT ON VIEW scored_day IS 'Internal: the days whose scores are stored, but for those on which all may be others';

CREATE OR REPLACE FUNCTION find_scores(day date) RETURNS SETOF score_state
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 100 SET search_path = pg_catalog, pg_temp AS $live$
BEGIN
    RETURN QUERY SELECT day, s.* FROM @live@.scores(day, true, true) s;
END
$live$;
COMMENT ON FUNCTION find_scores(date) IS
'Internal: the scores of the accounts that changed on a stored day, against the stored medians of their segments';

CREATE OR REPLACE FUNCTION fresh_scores(day date) RETURNS SETOF score_state
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 100
BEGIN ATOMIC
    SELECT s.* FROM once(format('SELECT s.* FROM %I.find_scores(%L) s', @live_name@, day), NULL::score_state) s;
END;
COMMENT ON FUNCTION fresh_scores(date) IS 'Internal: find_scores, once a state of the database';

CREATE OR REPLACE VIEW score_state WITH (security_invoker) AS
SELECT s.as_of_on, s.account_id, s.mrr, s.resolution_hours, s.health_score, s.readings
FROM score_state s WHERE s.account_id NOT IN (SELECT k.account_id FROM changed_key k)
                     AND s.as_of_on IN (SELECT d.as_of_on FROM scored_day d)
UNION ALL
SELECT d.as_of_on, s.account_id, s.mrr, s.resolution_hours, s.health_score, s.readings
FROM scored_day d, LATERAL fresh_scores(d.as_of_on) s;
COMMENT ON VIEW score_state IS 'Internal: the scores of the stored days, with what changed';

CREATE OR REPLACE VIEW changed_score WITH (security_invoker) AS
SELECT c.* FROM once($live$SELECT c.* FROM @live@.read_changed_score() c$live$, NULL::changed_score) c;
COMMENT ON VIEW changed_score IS 'Internal: the scores that are others than those stored';

-- What is stored is of all accounts, and hidden from who sees some.
CREATE OR REPLACE VIEW health_total WITH (security_invoker) AS
SELECT t.* FROM once($live$
    WITH changed AS MATERIALIZED (SELECT c.* FROM @live@.read_changed_total() c
                                  WHERE NOT row_security_active('@internal@.health_total'::regclass))
    SELECT t.* FROM @internal@.health_total t
    WHERE NOT EXISTS (SELECT 1 FROM changed c WHERE c.as_of_on = t.as_of_on AND c.dimension = t.dimension
                                                AND c.value = t.value)
          AND t.as_of_on IN (SELECT d.as_of_on FROM @live@.scored_day d)
    UNION ALL
    SELECT c.* FROM changed c
    WHERE csmetrics.account_count(c.state) > 0 AND c.as_of_on IN (SELECT d.as_of_on FROM @live@.scored_day d)
    $live$, NULL::health_total) t;
COMMENT ON VIEW health_total IS 'Internal: what the scores of the stored days come to, with what changed';

CREATE OR REPLACE VIEW week_total WITH (security_invoker) AS
SELECT t.* FROM once($live$
    WITH changed AS MATERIALIZED (SELECT c.* FROM @live@.read_changed_week() c
                                  WHERE NOT row_security_active('@internal@.week_total'::regclass))
    SELECT t.* FROM @internal@.week_total t
    WHERE NOT EXISTS (SELECT 1 FROM changed c WHERE c.before_on = t.before_on AND c.as_of_on = t.as_of_on
                                                AND c.dimension = t.dimension AND c.value = t.value)
          AND 2 = (SELECT count(*) FROM @live@.scored_day d WHERE d.as_of_on IN (t.before_on, t.as_of_on))
    UNION ALL
    SELECT c.* FROM changed c
    WHERE c.account_count > 0
      AND 2 = (SELECT count(*) FROM @live@.scored_day d WHERE d.as_of_on IN (c.before_on, c.as_of_on))
    $live$, NULL::week_total) t;
COMMENT ON VIEW week_total IS 'Internal: the movements of the stored weeks, with what changed';
