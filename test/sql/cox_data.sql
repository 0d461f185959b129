\unset ECHO
\i test/psql.sql
-- Cox regression against R survival 3.5-3 on public data: three trials, and the tenures of IBM's telephone customers. The data is not part of this project: without it
-- the tests are skipped.
BEGIN;
SELECT plan(18);
\set present false
\if :{?data}
    \set present `test -r :'data'/survival_r/expected_coxph.csv && test -r :'data'/telco_ibm/expected_coxph.csv && echo true || echo false`
\endif
\if :present

\set lung `cat :'data'/survival_r/lung.csv`
\set veteran `cat :'data'/survival_r/veteran.csv`
\set rotterdam `cat :'data'/survival_r/rotterdam.csv`
\set telco `cat :'data'/telco_ibm/telco_customer_churn.csv`
\set trials `cat :'data'/survival_r/expected_coxph.csv`
\set tenures `cat :'data'/telco_ibm/expected_coxph.csv`
CREATE FUNCTION pg_temp.fields(csv text) RETURNS SETOF text[] LANGUAGE sql AS $$
    SELECT string_to_array(replace(line, '"', ''), ',', '') FROM regexp_split_to_table(rtrim(csv, E'\r\n'), '\r?\n') WITH ORDINALITY AS l(line, number) WHERE number > 1
$$;
CREATE FUNCTION pg_temp.near(a float8, b float8, tolerance float8) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= tolerance * greatest(1, abs(b)), false);

CREATE TEMP TABLE lung AS SELECT f[2]::float8 AS time, f[3] = '2' AS status, f[4]::float8 AS age, f[5]::int AS sex, nullif(f[6], 'NA')::int AS "ph.ecog" FROM pg_temp.fields(:'lung') AS f;
CREATE TEMP TABLE veteran AS SELECT f[1]::int AS trt, f[3]::int AS time, f[4]::int AS status, f[5]::int AS karno, f[7]::int AS age, f[8]::int AS prior FROM pg_temp.fields(:'veteran') AS f;
CREATE TEMP TABLE rotterdam AS
    SELECT f[3]::numeric AS age, f[4] = '1' AS meno, f[7]::int AS nodes, f[8]::int AS pgr, f[9]::int AS er, f[10]::smallint AS hormon, f[14]::numeric AS dtime, f[15]::int AS death FROM pg_temp.fields(:'rotterdam') AS f;
CREATE TEMP TABLE telco AS
    SELECT f[3]::int AS "SeniorCitizen", f[4] AS "Partner", f[5] AS "Dependents", f[16] AS "Contract", f[17] AS "PaperlessBilling", f[18] AS "PaymentMethod", f[19]::float8 AS "MonthlyCharges",
           f[6]::int AS tenure, f[21] = 'Yes' AS "Churn", f[1] AS customer FROM pg_temp.fields(:'telco') AS f;
CREATE TEMP TABLE asked (data text, query text, duration text, event text);
INSERT INTO asked VALUES ('lung', 'TABLE lung', 'time', 'status'), ('veteran', 'TABLE veteran', 'time', 'status'), ('rotterdam_death', 'TABLE rotterdam', 'dtime', 'death'),
    ('telco', 'SELECT "SeniorCitizen", "Partner", "Dependents", "Contract", "PaperlessBilling", "PaymentMethod", "MonthlyCharges", tenure, "Churn" FROM telco', 'tenure', 'Churn');
CREATE TEMP TABLE expected AS
    SELECT f[1] AS data, f[3] AS ties, f[4] AS term, f[5]::float8 AS coefficient, f[6]::float8 AS error, f[10]::float8 AS log_likelihood, f[12]::float8 AS concordance, f[9]::float8 AS null_likelihood, f[14]::int AS n,
           f[15]::int AS events, f[8]::float8 AS p
    FROM pg_temp.fields(:'trials') AS f WHERE f[3] <> 'exact'
    UNION ALL SELECT 'telco', f[1], f[2], f[3]::float8, f[4]::float8, f[5]::float8, f[6]::float8, NULL, 7043, 1869, NULL FROM pg_temp.fields(:'tenures') AS f;
CREATE TEMP TABLE fitted AS SELECT data, ties, fit_cox(query, duration, event, ties) AS c FROM asked, (VALUES ('efron'), ('breslow')) AS t(ties);

SELECT is(count(*), 46::bigint, 'the expected ones are there') FROM expected;
SELECT is_empty(format($$ SELECT * FROM (SELECT t.* FROM fitted, coefficients(c) AS t WHERE data = %1$L AND ties = %2$L) AS t FULL JOIN (SELECT * FROM expected WHERE data = %1$L AND ties = %2$L) AS e USING (term)
                          WHERE NOT (pg_temp.near(t.coefficient, e.coefficient, 1e-8) AND pg_temp.near(t.standard_error, e.error, 1e-8) AND (e.p IS NULL OR pg_temp.near(t.p, e.p, 1e-8))) $$, data, ties), data || ', ' || ties || ': coefficients, standard errors, p')
FROM fitted ORDER BY data, ties;
SELECT is_empty(format($$ SELECT s.*, e.* FROM fitted AS f JOIN (SELECT DISTINCT data, ties, log_likelihood, null_likelihood, concordance, n, events FROM expected) AS e USING (data, ties), cox_summary(c) AS s WHERE f.data = %L AND f.ties = %L
                          AND NOT (pg_temp.near(s.log_likelihood, e.log_likelihood, 1e-12) AND (e.null_likelihood IS NULL OR pg_temp.near(s.log_likelihood_null, e.null_likelihood, 1e-12)) AND pg_temp.near(s.concordance, e.concordance, 1e-12)
                                   AND s.rows = e.n AND s.events = e.events AND s.converged) $$, data, ties), data || ', ' || ties || ': likelihoods, concordance, rows and events')
FROM fitted ORDER BY data, ties;
SELECT is((SELECT string_agg(concat_ws(' ', term, round(chi_square::numeric, 6), degrees), ', ') FROM proportional_hazards(c)),
          'SeniorCitizen 0.054947 1, PartnerYes 21.113113 1, DependentsYes 2.511225 1, ContractOne year 71.244621 1, ContractTwo year 17.963010 1, PaperlessBillingYes 1.411132 1, '
          'PaymentMethodCredit card (automatic) 15.119420 1, PaymentMethodElectronic check 2.328530 1, PaymentMethodMailed check 25.018389 1, MonthlyCharges 62.533450 1, GLOBAL 208.992365 10',
          'telco: proportional hazards do not hold, by the figures of cox.zph')
FROM fitted WHERE data = 'telco' AND ties = 'efron';

\else
SELECT skip('the data sets of R survival and of IBM are not there (CSMETRICS_DATA)', 18);
\endif
SELECT * FROM finish();
ROLLBACK;
