\unset ECHO
\i test/psql.sql
-- Shifted-beta-geometric contracts against the tables that Fader and Hardie published (2007, 2010) and a teaching example of
-- four cohorts, with all digits as maximised apart from this project. The data is not part of it: without it the tests are skipped.
BEGIN;
SELECT plan(10);
\set present false
\if :{?data}
    \set present `test -r :'data'/sbg_fader_hardie/expected_fit.csv && echo true || echo false`
\endif
\if :present

CREATE TEMP TABLE expected (segment text, alpha float8, beta float8, loglik_per_customer float8, loglik_at_1_1 float8, source text);
\set copy '\\copy expected FROM ''' :data '/sbg_fader_hardie/expected_fit.csv'' (FORMAT csv, HEADER)'
:copy
CREATE TEMP TABLE projection (segment text, year int, survival float8, retention float8, derl_d10 float8);
\set copy '\\copy projection FROM ''' :data '/sbg_fader_hardie/expected_projection.csv'' (FORMAT csv, HEADER)'
:copy
CREATE TEMP TABLE kept (segment text, year int, survival numeric);
\set copy '\\copy kept FROM ''' :data '/sbg_fader_hardie/retention.csv'' (FORMAT csv, HEADER)'
:copy
CREATE TEMP TABLE cohort (cohort int, period int, active bigint);
\set copy '\\copy cohort FROM ''' :data '/sbg_fader_hardie/multi_cohort.csv'' (FORMAT csv, HEADER)'
:copy
-- Shares of 1,000 customers that are left: who is missing in the next year left at that renewal.
CREATE TEMP TABLE contract AS
SELECT segment, sbg_agg(year, churned, accounts::bigint) AS s
FROM (SELECT segment, year, true AS churned, 1000 * (lag(survival) OVER (PARTITION BY segment ORDER BY year) - survival) AS accounts FROM kept
      UNION ALL SELECT segment, 7, false, 1000 * survival FROM kept WHERE year = 7) AS k WHERE year > 0 GROUP BY segment
UNION ALL
SELECT 'multi_cohort', sbg_agg(period, churned, accounts)
FROM (SELECT period, true AS churned, lag(active) OVER (PARTITION BY cohort ORDER BY period) - active AS accounts FROM cohort
      UNION ALL (SELECT DISTINCT ON (cohort) period, false, active FROM cohort ORDER BY cohort, period DESC)) AS c;

SELECT ok(abs(f.alpha - e.alpha) < 1e-6 AND abs(f.beta - e.beta) < 1e-5, format('%s: alpha %s and beta %s are those expected', segment, round(f.alpha::numeric, 4), round(f.beta::numeric, 4)))
FROM contract JOIN expected AS e USING (segment), sbg_fit(s) AS f ORDER BY segment;
SELECT ok(abs(f.log_likelihood - e.loglik_per_customer * CASE segment WHEN 'multi_cohort' THEN 1 ELSE 1000 END) < 1e-6, segment || ': so is the log-likelihood')
FROM contract JOIN expected AS e USING (segment), sbg_fit(s) AS f ORDER BY segment;
SELECT ok(bool_and(abs(r.surviving - p.survival) < 1e-6 AND abs(r.retention - p.retention) < 1e-6) AND count(*) = 12, segment || ': survival and retention of twelve years')
FROM contract JOIN projection AS p USING (segment) JOIN LATERAL sbg_retention(s, 12) AS r ON r.period = p.year GROUP BY segment ORDER BY segment;
SELECT ok(bool_and(abs(sbg_residual_lifetime(s, 0.1, year) - derl_d10) < 1e-5), 'residual lifetime of who renewed 1 to 12 times, at 10 %') FROM contract JOIN projection USING (segment);
SELECT is(round(sbg_residual_lifetime(s, 0.1, 7)::numeric, 3), 7.530, 'after seven, as printed') FROM contract WHERE segment = 'High End';

\else
SELECT skip('the data of Fader and Hardie is not there (CSMETRICS_DATA)', 10);
\endif
SELECT * FROM finish();
ROLLBACK;
