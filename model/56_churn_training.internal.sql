-- A churn model is made of churn_example, and one of all is in force.

CREATE OR REPLACE FUNCTION feature_bounds(trained date[]) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH value AS (
        SELECT v.feature, v.value FROM churn_example e,
               LATERAL unnest(churn_features(), e.features) v(feature, value)
        WHERE e.as_of_on = ANY ($1)),
    bound AS (
        SELECT v.feature, count(*) AS count, count(v.value) AS known,
               -- equal tenths are one
               (SELECT coalesce(array_agg(DISTINCT x ORDER BY x), '{}')
                FROM unnest(percentile_disc('{0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9}'::double precision[])
                                WITHIN GROUP (ORDER BY v.value)) x
                WHERE x IS NOT NULL) AS bounds
        FROM value v GROUP BY v.feature),
    placed AS (
        SELECT v.feature, width_bucket(v.value, b.bounds) AS place, count(*) AS count
        FROM value v JOIN bound b USING (feature) WHERE v.value IS NOT NULL AND b.bounds <> '{}'
        GROUP BY 1, 2)
    SELECT jsonb_object_agg(b.feature, jsonb_build_object(
               'bounds', to_jsonb(b.bounds), 'missing', round(1 - b.known::numeric / b.count, 6),
               'shares', (SELECT jsonb_agg(round(coalesce(p.count, 0)::numeric / b.count, 6) ORDER BY g.place)
                          FROM generate_series(0, cardinality(b.bounds)) g(place)
                               LEFT JOIN placed p ON p.feature = b.feature AND p.place = g.place)))
    FROM bound b WHERE b.bounds <> '{}';
END;
COMMENT ON FUNCTION feature_bounds(date[]) IS
'Internal: what the examples of these days are like, by feature: bounds of tenths, the shares between them, and that '
'of the missing; without features that nobody has';

CREATE OR REPLACE FUNCTION write_churn_model(
    horizon_days integer, trained date[], tested date[], query text, seed bigint, forced boolean) RETURNS bigint
LANGUAGE sql
BEGIN ATOMIC
    WITH learnt AS MATERIALIZED (
        SELECT fit_classifier($4, 'is_churned', 'account of example', NULL, 'segment of example', seed => $5) AS fit),
    told AS MATERIALIZED (
        SELECT e.account_id::text AS account, e.is_churned,
               predict_numbers((SELECT fit FROM learnt), e.features) AS chance,
               100 - coalesce(e.health_score, (avg(e.health_score::numeric) OVER ())::double precision, 50) AS risk
        FROM churn_example e WHERE e.as_of_on = ANY ($3)),
    state AS (
        SELECT backtest_agg(t.chance, t.is_churned, t.account) AS held_back,
               backtest_agg(t.risk, t.is_churned, t.account) AS health,
               backtest_agg(ln(greatest(t.chance, 1e-12) / greatest(1 - t.chance, 1e-12)), t.is_churned,
                            t.account) AS odds
        FROM told t)
    INSERT INTO churn_model (horizon_days, from_on, until_on, tested_from_on, tested_until_on, features, fit,
                             held_back, odds_line, health, bounds, policy_hash, is_forced)
    SELECT $1, $2[1], $2[cardinality($2)], $3[1], $3[cardinality($3)], churn_features(),
           l.fit, s.held_back,
           ARRAY[c.center, c.level, c.slope, c.level_variance, c.covariance, c.slope_variance], s.health,
           feature_bounds($2), r.policy_hash, $6
    FROM reporting_range r, learnt l, state s, LATERAL risk_line(s.odds) c
    RETURNING churn_model_id;
END;
COMMENT ON FUNCTION write_churn_model(integer, date[], date[], text, bigint, boolean) IS
'Internal: learns from the examples of the days trained, by a query of example_query(), and tests it on those of the '
'days tested; key of the model';

CREATE OR REPLACE FUNCTION choose_churn_model(new_id bigint) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    WITH new AS (SELECT m.* FROM churn_model m WHERE m.churn_model_id = $1),
    -- the one in force on the days by which the new one was tested; what foretells another horizon is no rival
    old AS (
        SELECT backtest_agg(predict_numbers(o.fit, e.features), e.is_churned, e.account_id::text) AS state
        FROM new n JOIN churn_model o ON o.in_force AND o.horizon_days = n.horizon_days AND o.features = n.features,
             churn_example e
        WHERE e.as_of_on BETWEEN n.tested_from_on AND n.tested_until_on
        GROUP BY o.churn_model_id)
    UPDATE churn_model m SET in_force = false
    FROM new n, reporting_range r
    WHERE m.in_force
      AND (n.is_forced OR NOT m.is_forced AND predicts(n.held_back, r.confidence_rate) = 'yes'
                          AND NOT EXISTS (SELECT 1 FROM old o WHERE brier(o.state) < brier(n.held_back)));
    UPDATE churn_model m SET in_force = true
    FROM reporting_range r
    WHERE m.churn_model_id = $1 AND NOT EXISTS (SELECT 1 FROM churn_model o WHERE o.in_force)
      AND (m.is_forced OR predicts(m.held_back, r.confidence_rate) = 'yes');
END;
COMMENT ON FUNCTION choose_churn_model(bigint) IS
'Internal: puts a new churn model in force where it was forced, or is better than chance and, on the days by which it '
'was tested, not worse (Brier) than the one in force';
