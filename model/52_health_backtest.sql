-- Health held against what happened.

CREATE OR REPLACE VIEW health_outcome WITH (security_invoker) AS
SELECT h.account_id, h.name, h.segment, h.owner, h.as_of_on AS scored_on, h.mrr, h.health_score, h.tier,
       churned_on(limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days),
                  h.as_of_on + p.backtest_days, r.pause_rule = 'churn') IS NOT NULL AS is_churned, h.policy_hash
FROM reporting_range r, policy p, LATERAL generate_series(1, p.backtest_count) AS k,
     LATERAL account_health(r.as_of_on - k * p.backtest_days) h JOIN account_state a USING (account_id);
COMMENT ON VIEW health_outcome IS
'Scores as of past days, from what was known then, and whether the customer churned in the backtest_days after: the '
'rows of the backtests.';

CREATE OR REPLACE FUNCTION sure_auc(
    state backtest, confidence double precision DEFAULT 0.95, OUT lower double precision, OUT upper double precision)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT i.lower, i.upper FROM auc_interval(CASE WHEN predicts($1, $2) <> 'too few' THEN $1 END, $2) i;
END;
COMMENT ON FUNCTION sure_auc(backtest, double precision) IS
'Internal: auc_interval() of a backtest, NULL where predicts() says that there is too little in it for one';

-- What the backtests are made of stands behind functions with a setting: scores of past days are worked out at each
-- reading, and what compiles such a query takes longer than the query.

CREATE OR REPLACE FUNCTION live_backtest() RETURNS TABLE (
    dimension text, value text, state backtest, policy_hash text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 SET jit = off
BEGIN ATOMIC
    SELECT d.dimension, d.value, backtest_agg(100 - o.health_score, o.is_churned, o.account_id::text), o.policy_hash
    FROM health_outcome o JOIN account_dimension d USING (account_id)
    GROUP BY d.dimension, d.value, o.policy_hash;
END;
COMMENT ON FUNCTION live_backtest() IS
'Internal: scores of past days and the churn that followed, for all and for each value of each attribute in use';

CREATE OR REPLACE VIEW health_backtest WITH (security_invoker) AS
SELECT s.dimension, s.value, prediction_count(s.state), happened_count(s.state) AS churn_count,
       base_rate(s.state) AS churned_rate,
       auc(s.state) AS auc_rate, auc.lower AS auc_lower_rate, auc.upper AS auc_upper_rate,
       s.verdict AS predicts,
       red.flagged AS flagged_count, red.precision AS precision_rate,
       CASE WHEN s.carries THEN red.precision_lower END AS precision_lower_rate,
       CASE WHEN s.carries THEN red.precision_upper END AS precision_upper_rate, red.recall AS recall_rate,
       CASE WHEN s.carries THEN red.recall_lower END AS recall_lower_rate,
       CASE WHEN s.carries THEN red.recall_upper END AS recall_upper_rate, top.lift AS top_lift_rate,
       CASE WHEN s.carries THEN top.lower END AS top_lift_lower_rate,
       CASE WHEN s.carries THEN top.upper END AS top_lift_upper_rate,
       -- by a handful of events the odds are drawn as they please
       CASE WHEN s.carries THEN exp(10 * fit.slope) END AS odds_ten_points_rate,
       CASE WHEN s.carries THEN exp(10 * fit.slope_lower) END AS odds_lower_rate,
       CASE WHEN s.carries THEN exp(10 * fit.slope_upper) END AS odds_upper_rate, s.policy_hash
FROM (SELECT g.*, g.verdict <> 'too few' AS carries
      FROM (SELECT b.*, predicts(b.state, b.confidence_rate) AS verdict
            FROM (SELECT l.dimension, l.value, l.state, r.confidence_rate, l.policy_hash
                  FROM reporting_range r, live_backtest() l) b OFFSET 0) g) s, policy p,
     -- an interval that a handful of events cannot carry is none
     LATERAL sure_auc(s.state, s.confidence_rate) auc,
     -- below yellow_from; scores have 12 decimals
     LATERAL flagged_at(s.state, 100 - p.health_yellow_from + 1e-12, s.confidence_rate) red,
     LATERAL top_lift(s.state, 0.1, s.confidence_rate) top,
     LATERAL risk_fit(s.state, s.confidence_rate) fit
ORDER BY s.dimension, s.value;
COMMENT ON VIEW health_backtest IS
'Was the score right? Scores of past days held against the churn that followed, for all and for each value of each '
'attribute in use. Unknown scores are left out.';

CREATE OR REPLACE FUNCTION live_backtest_by_tier() RETURNS TABLE (
    tier text, prediction_count bigint, churn_count bigint, state rate, carries boolean, policy_hash text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 4 SET jit = off
BEGIN ATOMIC
    SELECT o.tier, count(*), count(*) FILTER (WHERE o.is_churned), rate_agg(o.is_churned), o.carries, o.policy_hash
    FROM (SELECT h.*, count(*) FILTER (WHERE h.is_first AND h.is_churned) OVER () >= 10
                      AND count(*) FILTER (WHERE h.is_first AND NOT h.is_churned) OVER () >= 10 AS carries
          FROM (SELECT h.*, row_number() OVER (PARTITION BY h.account_id, h.is_churned) = 1 AS is_first
                FROM health_outcome h) h) o
    GROUP BY o.tier, o.carries, o.policy_hash;
END;
COMMENT ON FUNCTION live_backtest_by_tier() IS
'Internal: the churn that followed scores of past days, by tier; carries: enough accounts churned, and enough did not, '
'for an interval';

CREATE OR REPLACE VIEW health_backtest_by_tier WITH (security_invoker) AS
SELECT o.tier, o.prediction_count, o.churn_count, rate(o.state) AS churned_rate,
       CASE WHEN o.carries THEN (rate_interval(o.state, r.confidence_rate)).lower END AS churned_lower_rate,
       CASE WHEN o.carries THEN (rate_interval(o.state, r.confidence_rate)).upper END AS churned_upper_rate,
       o.policy_hash
FROM reporting_range r, live_backtest_by_tier() o
ORDER BY array_position('{Red,Yellow,Green,Unknown}', o.tier);
COMMENT ON VIEW health_backtest_by_tier IS 'Churn in the backtest_days after a score, by its tier.';

CREATE OR REPLACE VIEW health_outcome_by_signal WITH (security_invoker) AS
SELECT h.account_id, h.as_of_on AS scored_on, k.component, k.signal, k.value AS value_score, k.weight,
       churned_on(limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days),
                  h.as_of_on + p.backtest_days, r.pause_rule = 'churn') IS NOT NULL AS is_churned, h.policy_hash
FROM reporting_range r, policy p, LATERAL generate_series(1, p.backtest_count) AS n,
     LATERAL account_health(r.as_of_on - n * p.backtest_days) h
         JOIN account_state a USING (account_id), LATERAL contributions(h.health) k
WHERE k.component NOT IN ('veto', 'pulse');
COMMENT ON VIEW health_outcome_by_signal IS
'The signals behind health_outcome, one row each: what each was worth on past days, and whether the customer churned '
'in the backtest_days after.';

CREATE OR REPLACE FUNCTION live_backtest_by_signal() RETURNS TABLE (
    component text, signal text, state backtest, policy_hash text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20 SET jit = off
BEGIN ATOMIC
    SELECT o.component, o.signal, backtest_agg(100 - o.value_score, o.is_churned, o.account_id::text), o.policy_hash
    FROM health_outcome_by_signal o
    GROUP BY o.component, o.signal, o.policy_hash;
END;
COMMENT ON FUNCTION live_backtest_by_signal() IS
'Internal: what each signal was worth on past days, and the churn that followed';

CREATE OR REPLACE VIEW health_backtest_by_signal WITH (security_invoker) AS
SELECT s.component, s.signal, prediction_count(s.state), happened_count(s.state) AS churn_count,
       auc(s.state) AS auc_rate, auc.lower AS auc_lower_rate, auc.upper AS auc_upper_rate,
       s.verdict AS predicts, s.policy_hash
FROM (SELECT b.*, predicts(b.state, b.confidence_rate) AS verdict FROM (
      SELECT o.component, o.signal, o.state,
             -- of so many signals one would stand out by chance (Bonferroni)
             1 - (1 - r.confidence_rate) / count(*) OVER () AS confidence_rate, o.policy_hash
      FROM reporting_range r, live_backtest_by_signal() o) b OFFSET 0) s,
     LATERAL sure_auc(s.state, s.confidence_rate) auc
ORDER BY auc(s.state) DESC NULLS LAST, s.component, s.signal;
COMMENT ON VIEW health_backtest_by_signal IS
'Which signals were right, each on its own where it was known: the AUC of its value against the churn that followed. '
'The intervals allow for looking at so many (Bonferroni).';

CREATE OR REPLACE FUNCTION live_calibration() RETURNS TABLE (state backtest, earlier backtest, policy_hash text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 SET jit = off
BEGIN ATOMIC
    SELECT backtest_agg(100 - o.health_score, o.is_churned, o.account_id::text) FILTER (WHERE o.scored_on = o.last_on),
           backtest_agg(100 - o.health_score, o.is_churned, o.account_id::text) FILTER (WHERE o.scored_on < o.last_on),
           o.policy_hash
    FROM (SELECT *, max(scored_on) OVER () AS last_on FROM health_outcome) o
    GROUP BY o.policy_hash;
END;
COMMENT ON FUNCTION live_calibration() IS
'Internal: scores of the last test day and the churn that followed, and those of the earlier test days';

CREATE OR REPLACE VIEW health_calibration WITH (security_invoker) AS
SELECT c.group_number, 100 - c.highest_risk AS lowest_score, 100 - c.lowest_risk AS highest_score,
       100 - c.mean_risk AS health_score, c.predictions AS prediction_count, c.happened AS churn_count,
       c.rate AS churned_rate, CASE WHEN s.carries THEN c.lower END AS churned_lower_rate,
       CASE WHEN s.carries THEN c.upper END AS churned_upper_rate,
       1 / (1 + exp(-fit.intercept - fit.slope * c.mean_risk)) AS expected_rate, s.policy_hash
FROM (SELECT b.*, predicts(b.state, b.confidence_rate) <> 'too few' AS carries FROM (
      SELECT l.state, l.earlier, r.confidence_rate, l.policy_hash
      FROM reporting_range r, live_calibration() l) b OFFSET 0) s
     CROSS JOIN LATERAL calibration(s.state, 10, s.confidence_rate) c
     -- no curve is drawn through a handful of events
     LEFT JOIN LATERAL risk_fit(CASE WHEN predicts(s.earlier, s.confidence_rate) <> 'too few' THEN s.earlier END,
                                s.confidence_rate) fit ON true
ORDER BY c.group_number;
COMMENT ON VIEW health_calibration IS
'Calibration: churn after the last test day, by tenths of the score, beside what the curve of the earlier test days '
'leads to expect.';

CREATE OR REPLACE FUNCTION suggested_weights() RETURNS TABLE (
    component text, signal text, weight double precision, suggested_weight double precision, predictions bigint,
    churned bigint, auc double precision, auc_lower double precision, auc_upper double precision, predicts text,
    slope double precision, current_auc double precision, current_auc_lower double precision,
    current_auc_upper double precision, suggested_auc double precision, suggested_auc_lower double precision,
    suggested_auc_upper double precision, advice text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH fact AS MATERIALIZED (
        -- as numeric, which adds up to the same in any order
        SELECT o.account_id::text AS subject, o.component, o.signal, o.value_score::numeric AS value,
               o.weight::numeric AS weight, o.is_churned,
               r.confidence_rate, o.scored_on < max(o.scored_on) OVER () AS is_earlier
        FROM reporting_range r, health_outcome_by_signal o WHERE o.weight > 0),
    learned AS (
        SELECT f.component, f.signal, avg(f.weight) AS weight,
               -- Fisher's linear discriminant of one variable
               (avg(f.value) FILTER (WHERE f.is_earlier AND NOT f.is_churned)
                - avg(f.value) FILTER (WHERE f.is_earlier AND f.is_churned))
               / nullif((var_pop(f.value) FILTER (WHERE f.is_earlier AND f.is_churned)
                         * count(f.value) FILTER (WHERE f.is_earlier AND f.is_churned)
                         + var_pop(f.value) FILTER (WHERE f.is_earlier AND NOT f.is_churned)
                           * count(f.value) FILTER (WHERE f.is_earlier AND NOT f.is_churned))
                        / nullif(count(f.value) FILTER (WHERE f.is_earlier) - 2, 0), 0) AS slope,
               backtest_agg((100 - f.value)::double precision, f.is_churned,
                            f.subject) FILTER (WHERE f.is_earlier) AS state,
               -- of so many signals one would stand out by chance (Bonferroni)
               1 - (1 - f.confidence_rate) / count(*) OVER () AS confidence
        FROM fact f GROUP BY f.component, f.signal, f.confidence_rate),
    -- taken down by how sure it is; evidence of nothing is none
    evidence AS (
        SELECT l.*, own.lower, own.upper, auc(l.state) AS area,
               CASE WHEN own.lower > 0.5
                    THEN greatest(l.slope, 0) * ((own.lower - 0.5) / (auc(l.state) - 0.5))::numeric ELSE 0 END AS sure
        FROM learned l LEFT JOIN LATERAL sure_auc(l.state, l.confidence) own ON true),
    proposal AS (
        SELECT e.*, round(sum(e.weight) OVER () * e.sure / nullif(sum(e.sure) OVER (), 0), 1)::double precision
               AS suggested FROM evidence e),
    tested AS (
        SELECT backtest_agg(100 - t.now, t.is_churned, t.subject) AS now,
               backtest_agg(100 - t.suggested, t.is_churned, t.subject) AS suggested
        FROM (SELECT f.subject, f.is_churned, score(health_score(f.component, f.signal, f.value::double precision,
                                        p.weight::double precision), 0) AS now,
                     score(health_score(f.component, f.signal, f.value::double precision,
                                        p.suggested), 0) AS suggested
              FROM fact f JOIN proposal p USING (component, signal) WHERE NOT f.is_earlier AND p.suggested IS NOT NULL
              GROUP BY f.subject, f.is_churned) t)
    SELECT p.component, p.signal, p.weight::double precision, p.suggested, prediction_count(p.state),
           happened_count(p.state), p.area, p.lower, p.upper, predicts(p.state, p.confidence),
           p.slope::double precision, auc(t.now), now.lower, now.upper,
           auc(t.suggested), suggested.lower, suggested.upper,
           CASE WHEN p.suggested IS NULL THEN 'no signal predicts churn on the earlier test days: nothing to suggest'
                WHEN predicts(t.suggested) = 'too few' THEN 'too few churned after the last test day to tell'
                WHEN auc(t.suggested) <= auc(t.now) THEN 'no better on the last test day: keep the weights'
                WHEN suggested.lower <= auc(t.now) THEN 'better on the last test day, but within chance'
                ELSE 'better on the last test day' END
    FROM proposal p CROSS JOIN tested t LEFT JOIN LATERAL sure_auc(t.now) now ON true
         LEFT JOIN LATERAL sure_auc(t.suggested) suggested ON true
    ORDER BY p.suggested DESC NULLS LAST, p.area DESC NULLS LAST, p.component, p.signal;
END;
COMMENT ON FUNCTION suggested_weights() IS
'Internal: what csmetrics.suggest_weights tells: learned on all days of the backtest but the last, tried on that';
