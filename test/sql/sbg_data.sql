\unset ECHO
\i test/psql.sql
-- Contracts on the published tables of Fader and Hardie, High End and Regular, and on their example of many cohorts, with fits
-- and projections as computed apart from this. The data is not part of this project: without it the tests are skipped.
BEGIN;
SELECT plan(15);
\set present false
\if :{?data}
    \set present `test -r :'data'/sbg_fader_hardie/retention.csv && test -r :'data'/sbg_fader_hardie/multi_cohort.csv && test -r :'data'/sbg_fader_hardie/expected_fit.csv && test -r :'data'/sbg_fader_hardie/expected_projection.csv && echo true || echo false`
\endif
\if :present

\set retention `cat :'data'/sbg_fader_hardie/retention.csv`
\set cohorts `cat :'data'/sbg_fader_hardie/multi_cohort.csv`
\set fit `cat :'data'/sbg_fader_hardie/expected_fit.csv`
\set projection `cat :'data'/sbg_fader_hardie/expected_projection.csv`
CREATE FUNCTION pg_temp.fields(csv text) RETURNS SETOF text[] LANGUAGE sql AS $$
    SELECT string_to_array(line, ',', '') FROM regexp_split_to_table(rtrim(csv, E'\r\n'), '\r?\n') WITH ORDINALITY AS l(line, number) WHERE number > 1
$$;
CREATE FUNCTION pg_temp.near(a float8, b float8, tolerance float8) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= tolerance * abs(b), false);

-- Who is still there after each renewal: of 1000 customers a segment, and of 10,000 a cohort
CREATE TEMP TABLE survivor AS
    SELECT f[1] AS segment, 1 AS cohort, f[2]::int AS period, (f[3]::numeric * 1000)::bigint AS accounts FROM pg_temp.fields(:'retention') AS f
    UNION ALL SELECT 'multi_cohort', f[1]::int, f[2]::int, f[3]::bigint FROM pg_temp.fields(:'cohorts') AS f;
CREATE TEMP TABLE contract AS
    SELECT segment, cohort, period, true AS churned, before - accounts AS accounts
    FROM (SELECT *, lag(accounts) OVER (PARTITION BY segment, cohort ORDER BY period) AS before FROM survivor) AS s WHERE period > 0
    UNION ALL (SELECT DISTINCT ON (segment, cohort) segment, cohort, period, false, accounts FROM survivor ORDER BY segment, cohort, period DESC);
CREATE TEMP TABLE sample AS SELECT segment, sbg_agg(period, churned, accounts) AS s FROM contract GROUP BY segment;
CREATE TEMP TABLE fitted AS SELECT segment, s, f.* FROM sample, sbg_fit(s) AS f;
CREATE TEMP TABLE expected AS
    SELECT f[1] AS segment, f[2]::float8 AS alpha, f[3]::float8 AS beta, f[4]::float8 * CASE WHEN f[1] = 'multi_cohort' THEN 1 ELSE 1000 END AS log_likelihood
    FROM pg_temp.fields(:'fit') AS f;
CREATE TEMP TABLE projection AS
    SELECT f[1] AS segment, f[2]::int AS year, f[3]::float8 AS survival, f[4]::float8 AS retention, f[5]::float8 AS residual FROM pg_temp.fields(:'projection') AS f;

SELECT is((SELECT string_agg(concat_ws(' ', segment, account_count(s), churned_count(s)), ', ' ORDER BY segment) FROM sample) || ', ' || (SELECT count(*) FROM projection) || ' projections',
          'High End 1000 509, Regular 1000 759, multi_cohort 40000 15822, 24 projections', 'the data is all there');
-- The expected ones were found without derivatives, which leaves them right to about eight digits
SELECT ok(pg_temp.near(f.alpha, e.alpha, 1e-7) AND pg_temp.near(f.beta, e.beta, 1e-7) AND f.reason IS NULL, segment || ': alpha and beta')
FROM expected AS e LEFT JOIN fitted AS f USING (segment) ORDER BY segment;
SELECT is(row(round(f.alpha::numeric, digits), round(f.beta::numeric, digits))::text, want, segment || ': alpha and beta are as published')
FROM (VALUES ('High End', 3, '(0.668,3.806)'), ('Regular', 3, '(0.704,1.182)'), ('multi_cohort', 2, '(3.80,15.19)')) AS p (segment, digits, want) LEFT JOIN fitted AS f USING (segment) ORDER BY segment;
SELECT ok(pg_temp.near(f.log_likelihood, e.log_likelihood, 1e-12), segment || ': log_likelihood') FROM expected AS e LEFT JOIN fitted AS f USING (segment) ORDER BY segment;
SELECT is_empty($$ SELECT p.*, r.* FROM projection AS p LEFT JOIN sample USING (segment) LEFT JOIN LATERAL sbg_retention(s, 12) AS r ON r.period = year
                   WHERE NOT (pg_temp.near(r.surviving, survival, 1e-7) AND pg_temp.near(r.retention, p.retention, 1e-7)) $$, 'survival and retention for twelve years');
SELECT is_empty($$ SELECT p.*, sbg_residual_lifetime(s, 0.1, year) FROM projection AS p LEFT JOIN sample USING (segment) WHERE NOT pg_temp.near(sbg_residual_lifetime(s, 0.1, year), residual, 1e-7) $$,
                'residual lifetimes after one to twelve renewals, at 10 %');
SELECT is(round(sbg_residual_lifetime(s, 0.1, 7)::numeric, 3), 7.530, 'High End after seven renewals, to the digits published') FROM sample WHERE segment = 'High End';

-- Cohort by cohort, and customer by customer
SELECT is(rollup(part), (SELECT s FROM sample WHERE segment = 'multi_cohort'), 'the cohorts roll up to the whole')
FROM (SELECT sbg_agg(period, churned, accounts) FROM contract WHERE segment = 'multi_cohort' GROUP BY cohort) AS p (part);
SELECT is_empty($$ SELECT segment FROM fitted JOIN (SELECT segment, sbg_agg(period, churned) AS each FROM contract, generate_series(1, accounts) GROUP BY segment) AS e USING (segment)
                   WHERE sbg_fit(each) IS DISTINCT FROM sbg_fit(s) OR account_count(each) <> account_count(s) $$, 'a row a customer has the same fit');

\else
SELECT skip('the tables of Fader and Hardie are not there (CSMETRICS_DATA)', 15);
\endif
SELECT * FROM finish();
ROLLBACK;
