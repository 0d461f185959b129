-- Was the score right? Health of past days held against the churn that followed, and weights that history suggests.
INSERT INTO policy_column VALUES
(87, 'backtest_days', 'integer', '90', 'backtest_days BETWEEN 1 AND 3653', 'Backtests hold a score against the churn of so many days after it'),
(88, 'backtest_count', 'integer', '4', 'backtest_count BETWEEN 1 AND 100', 'So many past days are tested, backtest_days apart, the last of them backtest_days ago');

INSERT INTO model_column VALUES
('scored_on', 'The past day as of which the account was scored'),
('is_churned', 'Did the account churn in the backtest_days after it?'),
('prediction_count', 'Scores held against what then happened: accounts times days'),
('churned_rate', 'churn_count / prediction_count'),
('churned_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('churned_upper_rate', 'Upper end of its confidence interval'),
('auc_rate', 'Chance that of an account that churned and one that stayed, the first had the lower score; 0.5 is no better than a throw'),
('auc_lower_rate', 'Lower end of its confidence interval (accounts as clusters)'),
('auc_upper_rate', 'Upper end of its confidence interval'),
('predicts', 'yes: the interval of the AUC lies above 0.5; no: it covers it; inverse: below; too few: fewer than 10 churned, or stayed'),
('flagged_count', 'Scores that were Red'),
('precision_rate', 'Of the Red, the share that churned'),
('precision_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('precision_upper_rate', 'Upper end of its confidence interval'),
('recall_rate', 'Of those that churned, the share that was Red'),
('recall_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('recall_upper_rate', 'Upper end of its confidence interval'),
('top_lift_rate', 'Churn of the tenth with the lowest scores / churn of all'),
('top_lift_lower_rate', 'Lower end of its confidence interval'),
('top_lift_upper_rate', 'Upper end of its confidence interval'),
('odds_ten_points_rate', 'By how much the odds of churn are multiplied by ten points less (logistic fit); 1 is no relation'),
('odds_lower_rate', 'Lower end of its confidence interval (accounts as clusters)'),
('odds_upper_rate', 'Upper end of its confidence interval'),
('group_number', 'Tenths of the scores, the lowest scores first; equal scores stay together'),
('lowest_score', 'Lowest score of the group'),
('highest_score', 'Highest score of the group'),
('expected_rate', 'Churn to be expected of its mean score by the curve of the earlier test days; NULL where there are none');

INSERT INTO model_view VALUES
(400, 'health_outcome', $$
    SELECT h.account_id, h.name, h.segment, h.owner, h.as_of_on AS scored_on, h.mrr, h.health_score, h.tier,
           churned_on(limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days), h.as_of_on + p.backtest_days, r.pause_rule = 'churn') IS NOT NULL AS is_churned, h.policy_hash
    FROM reporting_range r, policy p, LATERAL generate_series(1, p.backtest_count) AS k,
         LATERAL account_health(r.as_of_on - k * p.backtest_days) h JOIN account_state a USING (account_id)
$$, 'Scores as of past days, from what was known then, and whether the customer churned in the backtest_days after: the rows of the backtests.', NULL),

(410, 'health_backtest', $$
    SELECT s.dimension, s.value, prediction_count(s.state), happened_count(s.state) AS churn_count, base_rate(s.state) AS churned_rate,
           auc(s.state) AS auc_rate, auc.lower AS auc_lower_rate, auc.upper AS auc_upper_rate, predicts(s.state, s.confidence_rate),
           red.flagged AS flagged_count, red.precision AS precision_rate, red.precision_lower AS precision_lower_rate, red.precision_upper AS precision_upper_rate,
           red.recall AS recall_rate, red.recall_lower AS recall_lower_rate, red.recall_upper AS recall_upper_rate,
           top.lift AS top_lift_rate, top.lower AS top_lift_lower_rate, top.upper AS top_lift_upper_rate,
           exp(10 * fit.slope) AS odds_ten_points_rate, exp(10 * fit.slope_lower) AS odds_lower_rate, exp(10 * fit.slope_upper) AS odds_upper_rate, s.policy_hash
    FROM (SELECT d.dimension, d.value, backtest_agg(100 - o.health_score, o.is_churned, o.account_id::text) AS state, r.confidence_rate, o.policy_hash
          FROM reporting_range r, health_outcome o JOIN account_dimension d USING (account_id)
          GROUP BY d.dimension, d.value, r.confidence_rate, o.policy_hash) s, policy p,
         LATERAL auc_interval(s.state, s.confidence_rate) auc,
         -- below yellow_from; scores have 12 decimals
         LATERAL flagged_at(s.state, 100 - p.health_yellow_from + 1e-12, s.confidence_rate) red,
         LATERAL top_lift(s.state, 0.1, s.confidence_rate) top,
         LATERAL risk_fit(s.state, s.confidence_rate) fit
    ORDER BY s.dimension, s.value
$$, 'Was the score right? Scores of past days held against the churn that followed, for all and for each value of each attribute in use. Unknown scores are left out.', NULL),

(420, 'health_backtest_by_tier', $$
    SELECT o.tier, count(*) AS prediction_count, count(*) FILTER (WHERE o.is_churned) AS churn_count, rate(rate_agg(o.is_churned)) AS churned_rate,
           (rate_interval(rate_agg(o.is_churned), r.confidence_rate)).lower AS churned_lower_rate, (rate_interval(rate_agg(o.is_churned), r.confidence_rate)).upper AS churned_upper_rate,
           o.policy_hash
    FROM reporting_range r, health_outcome o
    GROUP BY o.tier, r.confidence_rate, o.policy_hash
    ORDER BY array_position('{Red,Yellow,Green,Unknown}', o.tier)
$$, 'Churn in the backtest_days after a score, by its tier.', NULL),

(430, 'health_outcome_by_signal', $$
    SELECT h.account_id, h.as_of_on AS scored_on, k.component, k.signal, k.value AS value_score, k.weight,
           churned_on(limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days), h.as_of_on + p.backtest_days, r.pause_rule = 'churn') IS NOT NULL AS is_churned, h.policy_hash
    FROM reporting_range r, policy p, LATERAL generate_series(1, p.backtest_count) AS n,
         LATERAL account_health(r.as_of_on - n * p.backtest_days) h JOIN account_state a USING (account_id), LATERAL contributions(h.health) k
    WHERE k.component NOT IN ('veto', 'pulse')
$$, 'The signals behind health_outcome, one row each: what each was worth on past days, and whether the customer churned in the backtest_days after.', NULL),

(435, 'health_backtest_by_signal', $$
    SELECT s.component, s.signal, prediction_count(s.state), happened_count(s.state) AS churn_count, auc(s.state) AS auc_rate, auc.lower AS auc_lower_rate, auc.upper AS auc_upper_rate,
           predicts(s.state, s.confidence_rate), s.policy_hash
    FROM (SELECT o.component, o.signal, backtest_agg(100 - o.value_score, o.is_churned, o.account_id::text) AS state,
                 -- of so many signals one would stand out by chance (Bonferroni)
                 1 - (1 - r.confidence_rate) / count(*) OVER () AS confidence_rate, o.policy_hash
          FROM reporting_range r, health_outcome_by_signal o
          GROUP BY o.component, o.signal, r.confidence_rate, o.policy_hash) s,
         LATERAL auc_interval(s.state, s.confidence_rate) auc
    ORDER BY auc(s.state) DESC NULLS LAST, s.component, s.signal
$$, 'Which signals were right, each on its own where it was known: the AUC of its value against the churn that followed. The intervals allow for looking at so many (Bonferroni).', NULL),

(440, 'health_calibration', $$
    SELECT c.group_number, 100 - c.highest_risk AS lowest_score, 100 - c.lowest_risk AS highest_score, 100 - c.mean_risk AS mean_score, c.predictions AS prediction_count, c.happened AS churn_count,
           c.rate AS churned_rate, c.lower AS churned_lower_rate, c.upper AS churned_upper_rate, 1 / (1 + exp(-fit.intercept - fit.slope * c.mean_risk)) AS expected_rate, s.policy_hash
    FROM (SELECT backtest_agg(100 - o.health_score, o.is_churned, o.account_id::text) FILTER (WHERE o.scored_on = o.last_on) AS state,
                 backtest_agg(100 - o.health_score, o.is_churned, o.account_id::text) FILTER (WHERE o.scored_on < o.last_on) AS earlier, r.confidence_rate, o.policy_hash
          FROM reporting_range r, (SELECT *, max(scored_on) OVER () AS last_on FROM health_outcome) o
          GROUP BY r.confidence_rate, o.policy_hash) s
         CROSS JOIN LATERAL calibration(s.state, 10, s.confidence_rate) c
         LEFT JOIN LATERAL risk_fit(s.earlier, s.confidence_rate) fit ON true
    ORDER BY c.group_number
$$, 'Calibration: churn after the last test day, by tenths of the score, beside what the curve of the earlier test days leads to expect.', NULL);

CREATE FUNCTION suggest_weights(model text,
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
COMMENT ON FUNCTION suggest_weights(text) IS
'Weights for the signals of a model''s health score that history suggests, with the evidence; it changes nothing (UPDATE health_signal does). Scores of the past days of the backtest are held against the churn of the backtest_days after them. Learned on all days but the last: each signal on its own gets its slope, the difference of its mean value between accounts that stayed and that churned / its variance within both (Fisher''s linear discriminant, Annals of Eugenics 7, 1936), times (auc_lower - 0.5) / (auc - 0.5), which is the smaller the less sure it is; none where auc_lower is not above 0.5. The intervals take accounts as clusters and allow for looking at so many signals (Bonferroni). suggested_weight shares the present total weight out in proportion, to one decimal; NULL where no signal has any. Then both sets of weights are tried on the last day, which nothing was learned on: current_auc and suggested_auc with 95 % intervals, and advice. predictions, churned, auc and predicts are those of the signal on the earlier days. Signals that tell the same are each weighted as if alone. No rows without scored customers. An unknown model: SQLSTATE 3F000.';
