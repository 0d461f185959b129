\unset ECHO
\i test/psql.sql
-- Surveys against 13,954 answers of customers of a French retailer (CC0), with figures worked out apart from this project.
-- The data is not part of it: without it the tests are skipped.
BEGIN;
SELECT plan(31);
\set present false
\if :{?data}
    \set present `test -r :'data'/nps_retail_fr/expected_nps.csv && echo true || echo false`
\endif
\if :present

CREATE TEMP TABLE expected (grp text, n bigint, promoters bigint, passives bigint, detractors bigint, nps float8, se float8, wald_lo float8, wald_hi float8, adj_nps float8, adj_lo float8, adj_hi float8);
\set copy '\\copy expected FROM ''' :data '/nps_retail_fr/expected_nps.csv'' (FORMAT csv, HEADER)'
:copy
CREATE TEMP TABLE expected_csat (col text, n bigint, mean float8, sd float8, top2 bigint, share float8, lower float8, upper float8, missing bigint);
\set copy '\\copy expected_csat FROM ''' :data '/nps_retail_fr/expected_csat.csv'' (FORMAT csv, HEADER)'
:copy
CREATE TEMP TABLE answer (line int, id text, nps numeric, satisfaction numeric, intention numeric, explication text, visits text, basket text, t text);
\set copy '\\copy answer FROM ''' :data '/nps_retail_fr/nps_retail_fr.csv'' (FORMAT csv, HEADER)'
:copy
CREATE FUNCTION pg_temp.near(a float8, b float8) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= 1e-12 * greatest(1, abs(b)), false);

CREATE TEMP TABLE wave AS SELECT 't=' || coalesce(t, '') AS grp, survey_agg(nps) AS s FROM answer GROUP BY t;
INSERT INTO wave SELECT 'all', rollup(s) FROM wave;
SELECT ok((answer_count(s), promoter_count(s), passive_count(s), detractor_count(s)) = (e.n, e.promoters, e.passives, e.detractors) AND pg_temp.near(nps(s), e.nps)
          AND pg_temp.near(w.lower, e.wald_lo) AND pg_temp.near(w.upper, e.wald_hi) AND pg_temp.near(a.lower, e.adj_lo) AND pg_temp.near(a.upper, e.adj_hi), format('NPS %s of %s: counts, score and both intervals', round(e.nps::numeric, 1), grp))
FROM expected AS e LEFT JOIN wave USING (grp), nps_interval(s, 0.95, 'wald') AS w, nps_interval(s) AS a ORDER BY grp;
SELECT is(count(*), 20::bigint, 'groups') FROM expected;

CREATE TEMP TABLE asked AS
SELECT col, survey_agg(score) AS s FROM answer, LATERAL (VALUES ('satisfaction', satisfaction), ('intention', intention), ('nps', nps)) AS q(col, score) GROUP BY col;
SELECT ok(pg_temp.near(csat(s, 9, 1, 10), share) AND pg_temp.near((csat_interval(s, 9, 1, 10)).lower, e.lower) AND pg_temp.near((csat_interval(s, 9, 1, 10)).upper, e.upper), col || ': 9 and 10 of 10, with its interval')
FROM asked JOIN expected_csat AS e USING (col) ORDER BY col;
SELECT ok(pg_temp.near(mean_score(s), mean) AND pg_temp.near(score_stddev(s), sd), col || ': mean and standard deviation') FROM asked JOIN expected_csat USING (col) ORDER BY col;
SELECT ok((answer_count(s), missing_count(s)) = (n, missing) AND response_rate(s) = n / (n + missing)::float8, col || ': answers, missing ones and response rate') FROM asked JOIN expected_csat USING (col) ORDER BY col;
SELECT ok(bool_and(small_sample(s) = (n < 30)), 'waves of fewer than 30 answers are small') FROM expected JOIN wave USING (grp);

\else
SELECT skip('the answers of a French retailer''s customers are not there (CSMETRICS_DATA)', 31);
\endif
SELECT * FROM finish();
ROLLBACK;
