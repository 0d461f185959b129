-- Was the score right? Health of past days held against the churn that followed, and weights that history suggests.
INSERT INTO csmetrics.policy_column (position, name, type, default_value, condition, takes_effect, meaning) VALUES
(87, 'backtest_days', 'integer', '90', 'backtest_days BETWEEN 1 AND 3653', 'at once',
 'Backtests hold a score against the churn of so many days after it'),
(88, 'backtest_count', 'integer', '4', 'backtest_count BETWEEN 1 AND 100', 'at once',
 'So many past days are tested, backtest_days apart, the last of them backtest_days ago');

CREATE OR REPLACE FUNCTION csmetrics.suggest_weights(model text,
    OUT component text, OUT signal text, OUT weight double precision, OUT suggested_weight double precision, OUT predictions bigint, OUT churned bigint,
    OUT auc double precision, OUT auc_lower double precision, OUT auc_upper double precision, OUT predicts text, OUT slope double precision,
    OUT current_auc double precision, OUT current_auc_lower double precision, OUT current_auc_upper double precision,
    OUT suggested_auc double precision, OUT suggested_auc_lower double precision, OUT suggested_auc_upper double precision, OUT advice text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE AS $suggest$
BEGIN
    PERFORM csmetrics.require_model(model);
    RAISE NOTICE 'model "%": scoring the customers of past days ...', model;
    RETURN QUERY EXECUTE pg_catalog.replace($query$
        WITH fact AS MATERIALIZED (
            SELECT o.account_id::text AS subject, o.scored_on, o.component, o.signal, o.value_score AS value, o.weight, o.is_churned, r.confidence_rate
            FROM {model}.reporting_range r, {model}.health_outcome_by_signal o WHERE o.weight > 0),
        last AS (SELECT pg_catalog.max(scored_on) AS day FROM fact),
        learned AS (
            SELECT f.component, f.signal, pg_catalog.avg(f.weight) AS weight,
                   -- Fisher's linear discriminant of one variable
                   (pg_catalog.avg(f.value) FILTER (WHERE NOT f.is_churned AND f.scored_on < last.day) - pg_catalog.avg(f.value) FILTER (WHERE f.is_churned AND f.scored_on < last.day))
                   / nullif((pg_catalog.regr_sxx(f.value, f.value) FILTER (WHERE f.is_churned AND f.scored_on < last.day) + pg_catalog.regr_sxx(f.value, f.value) FILTER (WHERE NOT f.is_churned AND f.scored_on < last.day))
                            / (pg_catalog.count(f.value) FILTER (WHERE f.scored_on < last.day) - 2), 0) AS slope,
                   csmetrics.backtest_agg(100 - f.value, f.is_churned, f.subject) FILTER (WHERE f.scored_on < last.day) AS state,
                   -- of so many signals one would stand out by chance (Bonferroni)
                   1 - (1 - f.confidence_rate) / pg_catalog.count(*) OVER () AS confidence
            FROM fact f, last GROUP BY f.component, f.signal, f.confidence_rate),
        -- taken down by how sure it is; evidence of nothing is none
        evidence AS (
            SELECT l.*, own.lower, own.upper, csmetrics.auc(l.state) AS area,
                   CASE WHEN own.lower > 0.5 THEN greatest(l.slope, 0) * (own.lower - 0.5) / (csmetrics.auc(l.state) - 0.5) ELSE 0 END AS sure
            FROM learned l LEFT JOIN LATERAL csmetrics.auc_interval(l.state, l.confidence) own ON true),
        proposal AS (
            SELECT e.*, pg_catalog.round((pg_catalog.sum(weight) OVER () * sure / nullif(pg_catalog.sum(sure) OVER (), 0))::numeric, 1)::double precision AS suggested FROM evidence e),
        tested AS (
            SELECT csmetrics.backtest_agg(100 - t.now, t.is_churned, t.subject) AS now, csmetrics.backtest_agg(100 - t.suggested, t.is_churned, t.subject) AS suggested
            FROM (SELECT f.subject, f.is_churned, csmetrics.score(csmetrics.health_score(f.component, f.signal, f.value, p.weight), 0) AS now,
                         csmetrics.score(csmetrics.health_score(f.component, f.signal, f.value, p.suggested), 0) AS suggested
                  FROM last JOIN fact f ON f.scored_on = last.day JOIN proposal p USING (component, signal) WHERE p.suggested IS NOT NULL
                  GROUP BY f.subject, f.is_churned) t)
        SELECT p.component, p.signal, p.weight, p.suggested, csmetrics.prediction_count(p.state), csmetrics.happened_count(p.state),
               p.area, p.lower, p.upper, csmetrics.predicts(p.state, p.confidence), p.slope,
               csmetrics.auc(t.now), now.lower, now.upper, csmetrics.auc(t.suggested), suggested.lower, suggested.upper,
               CASE WHEN p.suggested IS NULL THEN 'no signal predicts churn on the earlier test days: nothing to suggest'
                    WHEN csmetrics.predicts(t.suggested) = 'too few' THEN 'too few churned after the last test day to tell'
                    WHEN csmetrics.auc(t.suggested) <= csmetrics.auc(t.now) THEN 'no better on the last test day: keep the weights'
                    WHEN suggested.lower <= csmetrics.auc(t.now) THEN 'better on the last test day, but within chance'
                    ELSE 'better on the last test day' END
        FROM proposal p CROSS JOIN tested t
             LEFT JOIN LATERAL csmetrics.auc_interval(t.now) now ON true
             LEFT JOIN LATERAL csmetrics.auc_interval(t.suggested) suggested ON true
        ORDER BY p.suggested DESC NULLS LAST, p.area DESC NULLS LAST, p.component, p.signal $query$, '{model}', pg_catalog.quote_ident(model));
END
$suggest$;
COMMENT ON FUNCTION csmetrics.suggest_weights(text) IS
'Weights for the signals of a model''s health score that history suggests, with the evidence; it changes nothing (UPDATE health_signal does). Scores of the past days of the backtest are held against the churn of the backtest_days after them. Learned on all days but the last: each signal on its own gets its slope, the difference of its mean value between accounts that stayed and that churned / its variance within both (Fisher''s linear discriminant, Annals of Eugenics 7, 1936), times (auc_lower - 0.5) / (auc - 0.5), which is the smaller the less sure it is; none where auc_lower is not above 0.5. The intervals take accounts as clusters and allow for looking at so many signals (Bonferroni). suggested_weight shares the present total weight out in proportion, to one decimal; NULL where no signal has any. Then both sets of weights are tried on the last day, which nothing was learned on: current_auc and suggested_auc with 95 % intervals, and advice. predictions, churned, auc and predicts are those of the signal on the earlier days. Signals that tell the same are each weighted as if alone. No rows without scored customers. An unknown model: SQLSTATE 3F000.';
