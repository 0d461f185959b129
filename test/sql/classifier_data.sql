\unset ECHO
\i test/psql.sql
-- Classifiers on IBM's telephone customers: coefficients and errors against R's glm, and how well the default foretells. The
-- data is not part of this project: without it the tests are skipped.
BEGIN;
SELECT plan(13);
\set present false
\if :{?data}
    \set present `test -r :'data'/telco_ibm/telco_customer_churn.csv && test -r :'data'/telco_ibm/expected_logit.csv && echo true || echo false`
\endif
\if :present

\set customers `cat :'data'/telco_ibm/telco_customer_churn.csv`
\set logit `cat :'data'/telco_ibm/expected_logit.csv`
CREATE FUNCTION pg_temp.fields(csv text) RETURNS SETOF text[] LANGUAGE sql AS $$
    SELECT string_to_array(replace(line, '"', ''), ',', '') FROM regexp_split_to_table(rtrim(csv, E'\r\n'), '\r?\n') WITH ORDINALITY AS l(line, number) WHERE number > 1
$$;
CREATE FUNCTION pg_temp.near(a float8, b float8) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= 1e-6 * abs(b), false);
CREATE TEMP TABLE customer AS
SELECT f[2] AS gender, f[3]::int AS "SeniorCitizen", f[4] AS "Partner", f[5] AS "Dependents", f[6]::int AS tenure, f[7] AS "PhoneService", f[8] AS "MultipleLines", f[9] AS "InternetService",
       f[10] AS "OnlineSecurity", f[11] AS "OnlineBackup", f[12] AS "DeviceProtection", f[13] AS "TechSupport", f[14] AS "StreamingTV", f[15] AS "StreamingMovies", f[16] AS "Contract",
       f[17] AS "PaperlessBilling", f[18] AS "PaymentMethod", f[19]::numeric AS "MonthlyCharges", nullif(trim(f[20]), '')::numeric AS "TotalCharges", f[21] AS "Churn"
FROM pg_temp.fields(:'customers') AS f;
SELECT is(row(count(*), count(*) FILTER (WHERE "Churn" = 'Yes'))::text, '(7043,1869)', 'the data is all there') FROM customer;

CREATE TEMP TABLE glm AS SELECT fit_classifier('SELECT tenure, "MonthlyCharges", "SeniorCitizen", "Contract", "InternetService", "PaperlessBilling", "Churn" FROM customer', 'Churn',
    ridge => 0, splines => false, interactions => false, folds => 0) AS f;
CREATE TEMP TABLE expected AS SELECT f[1] AS term, f[2]::float8 AS coefficient, f[3]::float8 AS error, f[4]::float8 AS z, f[5]::float8 AS p, f[6]::float8 AS log_likelihood FROM pg_temp.fields(:'logit') AS f;
SELECT set_eq('SELECT term FROM glm, coefficients(f)', 'SELECT term FROM expected', 'the terms of R''s fit');
SELECT is_empty('SELECT e.*, c.* FROM expected e LEFT JOIN (glm CROSS JOIN LATERAL coefficients(f) c) USING (term) WHERE NOT pg_temp.near(c.coefficient, e.coefficient)', 'coefficients to 1e-6');
SELECT is_empty('SELECT e.*, c.* FROM expected e LEFT JOIN (glm CROSS JOIN LATERAL coefficients(f) c) USING (term) WHERE NOT (pg_temp.near(c.standard_error, e.error) AND pg_temp.near(c.z, e.z) AND pg_temp.near(c.p, e.p))', 'errors, z and p to 1e-6');
SELECT ok(pg_temp.near(c.log_likelihood, e.log_likelihood), 'log likelihood to 1e-6') FROM glm, classifier_card(f) c, (SELECT DISTINCT log_likelihood FROM expected) e;
SELECT is((SELECT string_agg(predict(f, to_jsonb(c))::numeric(6, 5)::text, ' ') FROM (SELECT * FROM customer ORDER BY "TotalCharges", tenure LIMIT 3) c, glm),
          (SELECT string_agg((1 / (1 + exp(-(SELECT sum(coefficient * CASE term WHEN '(Intercept)' THEN 1 WHEN 'tenure' THEN tenure WHEN 'MonthlyCharges' THEN "MonthlyCharges" WHEN 'SeniorCitizen' THEN "SeniorCitizen"
              ELSE (term IN ('Contract' || "Contract", 'InternetService' || "InternetService", 'PaperlessBilling' || "PaperlessBilling"))::int END) FROM expected))))::numeric(6, 5)::text, ' ')
           FROM (SELECT * FROM customer ORDER BY "TotalCharges", tenure LIMIT 3) c), 'predictions from R''s coefficients');

-- Ten folds, with all that is chosen chosen anew in each; beside them lines alone.
CREATE TEMP TABLE cross_validated AS SELECT s, d.auc, d.brier, p.auc AS plain_auc, p.brier AS plain_brier FROM generate_series(1, 5) s, classifier_card(fit_classifier('TABLE customer', 'Churn', seed => s)) d,
    classifier_card(fit_classifier('TABLE customer', 'Churn', seed => s, ridge => 0, splines => false, interactions => false)) p;
SELECT ok(auc >= 0.847 AND auc >= plain_auc AND brier <= 0.1340, format('seed %s: AUC %s, Brier %s; lines alone: %s, %s', s, round(auc::numeric, 4), round(brier::numeric, 4), round(plain_auc::numeric, 4), round(plain_brier::numeric, 4)))
FROM cross_validated ORDER BY s;
CREATE TEMP TABLE default_fit AS SELECT fit_classifier('TABLE customer', 'Churn', folds => 0) AS f;
SELECT is((SELECT array_agg(feature) FROM (SELECT feature FROM customer c, default_fit, explain_prediction(f, to_jsonb(c)) WHERE feature <> '(base)' GROUP BY feature ORDER BY avg(abs(contribution)) DESC LIMIT 3) t),
          '{tenure,Contract,InternetService}', 'what leads the reasons');
SELECT is(c.notes, '{"TotalCharges: 11 missing, told by a column of their own"}', 'what is missing is said') FROM default_fit, classifier_card(f) c;

\else
SELECT skip('the telephone customers are not there (CSMETRICS_DATA)', 13);
\endif
SELECT * FROM finish();
ROLLBACK;
