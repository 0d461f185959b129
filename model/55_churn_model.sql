-- Who will leave: models that learnt from the histories, held against what came later, and what the one in force says.

CREATE TABLE churn_model (
    churn_model_id  bigint GENERATED ALWAYS AS IDENTITY,
    trained_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    trained_by      text NOT NULL DEFAULT current_user,
    horizon_days    integer NOT NULL,
    from_on         date NOT NULL,
    until_on        date NOT NULL,
    tested_from_on  date NOT NULL,
    tested_until_on date NOT NULL,
    features        text[] NOT NULL,
    fit             classifier NOT NULL,
    held_back       backtest NOT NULL,
    odds_line       double precision[] NOT NULL,
    health          backtest NOT NULL,
    bounds          jsonb NOT NULL,
    policy_hash     text NOT NULL,
    is_forced       boolean NOT NULL DEFAULT false,
    in_force        boolean NOT NULL DEFAULT false,
    PRIMARY KEY (churn_model_id));
CREATE UNIQUE INDEX ON churn_model (in_force) WHERE in_force;
COMMENT ON TABLE churn_model IS
'What CALL csmetrics.train_churn_model learnt, a row a model; view model_card reads it. The one in force is what '
'churn_risk, account_now and csm_today go by: UPDATE in_force puts another in its place. Delete rows as you like.';
COMMENT ON COLUMN churn_model.churn_model_id IS 'Key of the model, in the order in which they were trained';
COMMENT ON COLUMN churn_model.trained_at IS 'When it was trained';
COMMENT ON COLUMN churn_model.trained_by IS 'The role that trained it';
COMMENT ON COLUMN churn_model.horizon_days IS 'It foretells who leaves within so many days';
COMMENT ON COLUMN churn_model.from_on IS 'The first day as of which it saw customers';
COMMENT ON COLUMN churn_model.until_on IS 'The last one';
COMMENT ON COLUMN churn_model.tested_from_on IS
'The first of the later days by which it was tested: a horizon after until_on or more, so that it knows nothing of '
'them';
COMMENT ON COLUMN churn_model.tested_until_on IS 'The last of them';
COMMENT ON COLUMN churn_model.features IS 'What it was told of each customer';
COMMENT ON COLUMN churn_model.fit IS 'What it learnt: for predict, explain_prediction, coefficients, classifier_card';
COMMENT ON COLUMN churn_model.held_back IS 'Its chances on the later days, and what happened';
COMMENT ON COLUMN churn_model.odds_line IS
'What happened then by the log odds of its chances, as csmetrics.risk_line tells: center, level, slope, and variances; '
'NULLs: there is no telling';
COMMENT ON COLUMN churn_model.health IS
'The health scores on these days, and what happened; one that is Unknown as the mean of the others';
COMMENT ON COLUMN churn_model.bounds IS
'By feature what the customers that it saw were like: bounds of tenths, the shares between them, and that of the '
'missing';
COMMENT ON COLUMN churn_model.policy_hash IS 'Fingerprint of the definitions when it was trained';
COMMENT ON COLUMN churn_model.is_forced IS 'Is it in force whatever the test says?';
COMMENT ON COLUMN churn_model.in_force IS 'Do the views go by it? Of one at most';

CREATE OR REPLACE FUNCTION churn_verdict(held_back backtest, health backtest, confidence double precision) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE predicts($1, $3)
            WHEN 'yes' THEN CASE WHEN (auc_difference($1, $2, $3)).lower > 0 THEN 'better than the health score'
                                 ELSE 'better than chance, not than the health score' END
            WHEN 'too few' THEN 'too few to tell'
            ELSE 'not better than chance' END;
COMMENT ON FUNCTION churn_verdict(backtest, backtest, double precision) IS
'Internal: is a churn model better than chance, and than the health score, on days that it did not learn from? too '
'few to tell: less than ten accounts left then, or stayed';

CREATE OR REPLACE FUNCTION churn_chance(as_of date) RETURNS TABLE (
    account_id @account_id@, name text, segment text, owner text, mrr numeric, health_score double precision, tier text,
    churn_probability double precision, features double precision[], churn_model_id bigint, horizon_days integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH model AS (SELECT m.* FROM churn_model m WHERE m.in_force AND m.features = churn_features() LIMIT 1),
    -- each of them read once, not once an account
    same AS NOT MATERIALIZED (
        SELECT (SELECT fit FROM model) AS fit, (SELECT churn_model_id FROM model) AS churn_model_id,
               (SELECT horizon_days FROM model) AS horizon_days)
    SELECT f.account_id, f.name, f.segment, f.owner, f.mrr, f.health_score, f.tier, predict_numbers(d.fit, f.features),
           f.features, d.churn_model_id, d.horizon_days
    FROM same d CROSS JOIN churn_feature($1) f
    WHERE d.churn_model_id IS NOT NULL;
END;
COMMENT ON FUNCTION churn_chance(date) IS
'Internal: the chance of each customer as of the end of a day to leave within the horizon of the model in force; no '
'rows where there is none, or where what it learnt from is not what there is now';

CREATE OR REPLACE FUNCTION told_reasons(reasons text[], names text[], features double precision[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT string_agg(concat(r.name, ' ', coalesce(trim_scale(round(
                                     $3[array_position($2, r.name)]::numeric, 2))::text, 'unknown')),
                          ', ' ORDER BY r.place)
        FROM unnest($1) WITH ORDINALITY r(name, place));
COMMENT ON FUNCTION told_reasons(text[], text[], double precision[]) IS
'Internal: what prediction_reasons() gives, with what each reads; NULL: nothing makes a customer more likely to leave '
'than the mean of its segment';

CREATE OR REPLACE VIEW churn_risk WITH (security_invoker) AS
SELECT c.account_id, c.name, c.segment, c.owner, c.mrr, c.churn_probability,
       1 / (1 + exp(i.half - i.odds)) AS churn_lower_probability,
       1 / (1 + exp(-i.half - i.odds)) AS churn_upper_probability,
       trim_scale(round(c.mrr * c.churn_probability::numeric, 6)) AS expected_loss_mrr,
       told_reasons(prediction_reasons(m.fit, c.features, coalesce(c.segment, '')), m.features, c.features) AS reasons,
       next.renews_on, c.health_score, c.tier, c.horizon_days::double precision AS horizon_days, c.churn_model_id,
       r.as_of_on, r.policy_hash
FROM reporting_range r,
     (SELECT m.fit, m.features, m.odds_line AS line, normal_quantile((1 + r.confidence_rate) / 2) AS z
      FROM reporting_range r, churn_model m WHERE m.in_force LIMIT 1) m,
     LATERAL churn_chance(r.as_of_on) c
     LEFT JOIN LATERAL (
         SELECT s.account_id, (SELECT min(day) FROM unnest(s.renewals) day WHERE day >= r.as_of_on) AS renews_on
         FROM account_state s WHERE s.renewals IS NOT NULL) next USING (account_id),
     -- around what happened to those of whom it said so, by the line through its later days
     LATERAL (SELECT ln(nullif(c.churn_probability, 0) / nullif(1 - c.churn_probability, 0)) - m.line[1] AS off) d,
     LATERAL (SELECT m.line[2] + m.line[3] * d.off AS odds,
                     m.z * sqrt(m.line[4] + 2 * d.off * m.line[5] + d.off * d.off * m.line[6]) AS half) i
ORDER BY expected_loss_mrr DESC, c.account_id;
COMMENT ON VIEW churn_risk IS
'Who will leave: the chance of each customer by the churn model in force, how many such left on days that it did not '
'learn from, the MRR to be expected lost, and what speaks for it. Without a model, no rows.';
COMMENT ON COLUMN churn_risk.reasons IS
'What makes it more likely to leave than the mean of its segment, the strongest first, with what it reads; NULL: '
'nothing does';

CREATE OR REPLACE FUNCTION live_revenue_at_risk() RETURNS TABLE (
    dimension text, value text, is_before boolean, account_count bigint, mrr numeric, expected_churn double precision,
    expected_loss numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 SET jit = off
BEGIN ATOMIC
    SELECT d.dimension, d.value, c.is_before, count(*), sum(c.mrr), sum(c.chance)::double precision,
           sum(c.mrr * c.chance)
    FROM (SELECT w.is_before, c.mrr, c.churn_probability::numeric AS chance, c.segment, c.owner,
                 (SELECT to_char(min(day) + CASE WHEN w.is_before THEN interval '1 year' ELSE '0' END, 'YYYY-MM')
                  FROM unnest(s.renewals) day WHERE day >= w.day) AS renewal_month
          FROM reporting_range r,
               LATERAL (VALUES (r.as_of_on, false), ((r.as_of_on - interval '1 year')::date, true)) w(day, is_before),
               LATERAL churn_chance(w.day) c JOIN account_state s USING (account_id)) c,
         LATERAL (VALUES ('all', 'all'), ('segment', c.segment), ('owner', c.owner),
                         ('renewal_month', c.renewal_month)) d(dimension, value)
    WHERE d.value IS NOT NULL
    GROUP BY d.dimension, d.value, c.is_before;
END;
COMMENT ON FUNCTION live_revenue_at_risk() IS
'Internal: what revenue_at_risk is made of, of now and of a year before; months of renewal of then stand a year later';

CREATE OR REPLACE VIEW revenue_at_risk WITH (security_invoker) AS
SELECT n.dimension, n.value, n.account_count, n.mrr, n.expected_churn / n.account_count AS expected_churn_rate,
       trim_scale(round(n.expected_loss, 6)) AS expected_loss_mrr,
       (n.expected_loss / nullif(n.mrr, 0))::double precision AS at_risk_rate,
       b.account_count AS year_before_count, b.mrr AS year_before_mrr,
       trim_scale(round(b.expected_loss, 6)) AS year_before_loss_mrr,
       (b.expected_loss / nullif(b.mrr, 0))::double precision AS year_before_rate, r.as_of_on, r.policy_hash
FROM reporting_range r CROSS JOIN live_revenue_at_risk() n
     LEFT JOIN live_revenue_at_risk() b ON b.is_before AND b.dimension = n.dimension AND b.value = n.value
WHERE NOT n.is_before
ORDER BY n.dimension, n.value;
COMMENT ON VIEW revenue_at_risk IS
'The MRR that the churn model in force expects to be lost within its horizon: for all, by segment, owner and month of '
'the next renewal, beside what it would have said a year before. The values of one dimension add up to all, but for '
'accounts without one.';

CREATE OR REPLACE FUNCTION live_drift(bounds jsonb) RETURNS TABLE (
    feature text, drift_score double precision, known_rate double precision, trained_known_rate double precision)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20 SET jit = off
BEGIN ATOMIC
    WITH trained AS (
        SELECT b.key AS feature, (b.value ->> 'missing')::numeric AS missing,
               ARRAY(SELECT x::double precision FROM jsonb_array_elements_text(b.value -> 'bounds') x) AS bounds,
               ARRAY(SELECT x::numeric FROM jsonb_array_elements_text(b.value -> 'shares') x) AS shares
        FROM jsonb_each($1) b),
    seen AS (
        SELECT t.feature, count(*) AS count,
               CASE WHEN v.value IS NULL THEN 0 ELSE width_bucket(v.value, t.bounds) + 1 END AS place
        FROM reporting_range r, churn_feature(r.as_of_on) f,
             LATERAL unnest(churn_features(), f.features) v(feature, value) JOIN trained t USING (feature)
        GROUP BY t.feature, 3),
    share AS (
        SELECT t.feature, p.place,
               greatest(CASE p.place WHEN 0 THEN t.missing ELSE t.shares[p.place] END, 0.0001) AS was,
               greatest(coalesce(s.count, 0) / sum(coalesce(s.count, 0)) OVER (PARTITION BY t.feature), 0.0001) AS is,
               t.missing, sum(coalesce(s.count, 0)) OVER (PARTITION BY t.feature) AS all_count, s.count
        FROM trained t CROSS JOIN LATERAL generate_series(0, cardinality(t.shares)) p(place)
             LEFT JOIN seen s ON s.feature = t.feature AND s.place = p.place)
    SELECT s.feature, sum((s.is - s.was) * ln(s.is / s.was))::double precision,
           1 - (coalesce(max(s.count) FILTER (WHERE s.place = 0), 0) / max(s.all_count))::double precision,
           1 - max(s.missing)::double precision
    FROM share s WHERE s.all_count > 0
    GROUP BY s.feature;
END;
COMMENT ON FUNCTION live_drift(jsonb) IS
'Internal: how far customers of now are from those that a churn model learnt from, by feature: the population '
'stability index over tenths of then and the missing';

CREATE OR REPLACE VIEW churn_drift WITH (security_invoker) AS
SELECT m.churn_model_id, d.feature, d.drift_score, d.known_rate, d.trained_known_rate,
       CASE WHEN d.drift_score < 0.1 THEN 'stable' WHEN d.drift_score < 0.25 THEN 'moved' ELSE 'far off' END AS advice,
       r.as_of_on
FROM reporting_range r, churn_model m, LATERAL live_drift(m.bounds) d
WHERE m.in_force
ORDER BY d.drift_score DESC, d.feature;
COMMENT ON VIEW churn_drift IS
'How far the customers of now are from those that the churn model in force learnt from, by feature: the population '
'stability index over tenths; from 0.25 on it judges by what is no more.';
COMMENT ON COLUMN churn_drift.known_rate IS 'Share of the customers of now of whom the feature is known';

CREATE OR REPLACE VIEW churn_calibration WITH (security_invoker) AS
SELECT m.churn_model_id, c.group_number, c.lowest_risk AS lowest_probability, c.highest_risk AS highest_probability,
       c.mean_risk AS mean_probability, c.predictions AS prediction_count, c.happened AS churn_count,
       c.rate AS churned_rate, c.lower AS churned_lower_rate, c.upper AS churned_upper_rate,
       c.rate / nullif(base_rate(m.held_back), 0) AS lift_rate
FROM reporting_range r, churn_model m, LATERAL calibration(m.held_back, 10, r.confidence_rate) c
WHERE m.in_force
ORDER BY c.group_number;
COMMENT ON VIEW churn_calibration IS
'The chances that the churn model in force gave on days that it did not learn from, by tenths, and how many left: '
'what it says beside what came.';
COMMENT ON COLUMN churn_calibration.group_number IS 'Tenths of the chances, the lowest first; equal ones stay together';
COMMENT ON COLUMN churn_calibration.prediction_count IS 'Customers as of days that it did not learn from';
COMMENT ON COLUMN churn_calibration.churn_count IS 'Those of them that left within the horizon';

CREATE OR REPLACE VIEW model_card WITH (security_invoker) AS
SELECT m.churn_model_id, m.trained_at, m.trained_by, m.in_force, m.is_forced,
       v.verdict || CASE WHEN m.in_force AND m.features <> churn_features()
                         THEN '; not used: the signals are others now, train it anew' ELSE '' END AS verdict,
       m.horizon_days::double precision AS horizon_days, m.from_on AS trained_from_on,
       m.until_on AS trained_until_on, m.tested_from_on,
       m.tested_until_on,
       f.rows AS example_count, f.positives AS trained_churn_count,
       prediction_count(m.held_back) AS prediction_count, happened_count(m.held_back) AS churn_count,
       base_rate(m.held_back) AS churned_rate, auc(m.held_back) AS auc_rate,
       one.lower AS auc_lower_rate, one.upper AS auc_upper_rate, brier(m.held_back) AS brier_score,
       m.odds_line[3] AS calibration_slope,
       m.odds_line[2] - m.odds_line[3] * m.odds_line[1] AS calibration_intercept, top.lift AS top_lift_rate,
       auc(m.health) AS health_auc_rate, gain.difference AS auc_gain_rate, gain.lower AS auc_gain_lower_rate,
       gain.upper AS auc_gain_upper_rate, array_to_string(f.features, ', ') AS feature_names,
       array_to_string(f.interactions, ', ') AS interaction_names,
       f.hash AS fit_hash, array_to_string(f.notes, '; ') AS notes, m.policy_hash AS trained_policy_hash
FROM reporting_range r, churn_model m, LATERAL classifier_card(m.fit) f,
     LATERAL churn_verdict(m.held_back, m.health, r.confidence_rate) v(verdict),
     LATERAL sure_auc(m.held_back, r.confidence_rate) one, LATERAL top_lift(m.held_back, 0.1, r.confidence_rate) top,
     LATERAL auc_difference(m.held_back, m.health, r.confidence_rate) gain
ORDER BY m.churn_model_id DESC;
COMMENT ON VIEW model_card IS
'The churn models, the latest first: what each learnt from, how well it foretold the later days that it did not see, '
'against chance and against the health score, and whether it is in force.';
COMMENT ON COLUMN model_card.verdict IS
'better than the health score, better than chance alone, not better than chance, or too few to tell; and why it is not '
'used';
COMMENT ON COLUMN model_card.prediction_count IS 'Customers as of the days by which it was tested';
COMMENT ON COLUMN model_card.churn_count IS 'Those of them that left within the horizon';
COMMENT ON COLUMN model_card.auc_rate IS
'Chance that of a customer that left and one that stayed, it gave the first the higher chance; 0.5 is no better than a '
'throw';
COMMENT ON COLUMN model_card.auc_lower_rate IS 'Lower end of its confidence interval (accounts as clusters)';
COMMENT ON COLUMN model_card.top_lift_rate IS 'Churn of the tenth to which it gave the highest chances / churn of all';
