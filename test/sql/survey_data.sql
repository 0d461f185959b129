\unset ECHO
\i test/psql.sql
-- Surveys on real answers: 13,954 customers of a French retailer, by wave, with NPS, CSAT and their intervals as computed apart
-- from this. The data is not part of this project: without it the tests are skipped.
BEGIN;
SELECT plan(15);
\set present false
\if :{?data}
    \set present `test -r :'data'/nps_retail_fr/nps_retail_fr.csv && test -r :'data'/nps_retail_fr/expected_nps.csv && test -r :'data'/nps_retail_fr/expected_csat.csv && echo true || echo false`
\endif
\if :present

\set answers `cat :'data'/nps_retail_fr/nps_retail_fr.csv`
\set nps `cat :'data'/nps_retail_fr/expected_nps.csv`
\set csat `cat :'data'/nps_retail_fr/expected_csat.csv`
CREATE FUNCTION pg_temp.lines(csv text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT line FROM regexp_split_to_table(rtrim(csv, E'\r\n'), '\r?\n') WITH ORDINALITY AS l(line, number) WHERE number > 1
$$;
CREATE FUNCTION pg_temp.near(a float8, b float8) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= 1e-12 * greatest(1, abs(b)), false);

-- row,id,nps,satisfaction,intention,explication,NbPassageKS,CaTicket,t: what people wrote may have commas of its own
CREATE TEMP TABLE answer AS
    SELECT nullif(f[1], '')::numeric AS nps, nullif(f[2], '')::numeric AS satisfaction, nullif(f[3], '')::numeric AS intention, 't=' || f[4] AS wave
    FROM pg_temp.lines(:'answers') AS line, regexp_match(line, '^\d+,\d*,(\d*),(\d*),(\d*),.*,(\d*)$') AS f;
CREATE TEMP TABLE expected_nps AS
    SELECT f[1] AS wave, f[2]::bigint AS n, f[3]::bigint AS promoters, f[4]::bigint AS passives, f[5]::bigint AS detractors, f[6]::float8 AS nps, f[7]::float8 AS error,
           f[8]::float8 AS wald_lower, f[9]::float8 AS wald_upper, f[10]::float8 AS adjusted, f[11]::float8 AS lower, f[12]::float8 AS upper
    FROM pg_temp.lines(:'nps') AS line, string_to_array(line, ',') AS f;
CREATE TEMP TABLE expected_csat AS
    SELECT f[1] AS question, f[2]::bigint AS n, f[3]::float8 AS mean, f[4]::float8 AS deviation, f[5]::bigint AS satisfied, f[6]::float8 AS share, f[7]::float8 AS lower, f[8]::float8 AS upper, f[9]::bigint AS missing
    FROM pg_temp.lines(:'csat') AS line, string_to_array(line, ',') AS f;
CREATE TEMP TABLE wave AS SELECT coalesce(wave, 'all') AS wave, survey_agg(nps) AS s FROM answer GROUP BY GROUPING SETS ((), (wave));
CREATE TEMP TABLE question AS
    SELECT question, survey_agg(score) AS s FROM answer, LATERAL (VALUES ('nps', nps), ('satisfaction', satisfaction), ('intention', intention)) AS q(question, score) GROUP BY question;
CREATE TEMP TABLE both_nps AS SELECT e.*, s FROM expected_nps AS e FULL JOIN wave USING (wave);
CREATE TEMP TABLE both_csat AS SELECT e.*, s FROM expected_csat AS e FULL JOIN question USING (question);

SELECT is(row((SELECT count(*) FROM answer WHERE wave IS NOT NULL), (SELECT count(*) FROM both_nps), (SELECT count(*) FROM both_csat))::text, '(13954,20,3)', 'the data is all there');
SELECT is_empty('SELECT * FROM both_nps WHERE (promoter_count(s), passive_count(s), detractor_count(s), answer_count(s)) IS DISTINCT FROM (promoters, passives, detractors, n)',
                'promoters, passives and detractors of every wave');
SELECT is_empty('SELECT * FROM both_nps WHERE (nps(s), nps) IS NULL OR NOT pg_temp.near(nps(s), nps)', 'its NPS');
SELECT is_empty($$ SELECT b.*, i FROM both_nps AS b, nps_interval(s, 0.95, 'wald') AS i WHERE NOT (pg_temp.near(i.lower, wald_lower) AND pg_temp.near(i.upper, wald_upper)) $$,
                'the interval of wald');
SELECT is_empty($$ SELECT b.*, i FROM both_nps AS b, nps_interval(s, 0.95, 'wald') AS i WHERE NOT pg_temp.near((i.upper - i.lower) / 2 / 1.959963984540054, error) $$, 'its standard error');
SELECT is_empty('SELECT b.*, i FROM both_nps AS b, nps_interval(s) AS i WHERE NOT (pg_temp.near(i.lower, b.lower) AND pg_temp.near(i.upper, b.upper))', 'the interval of adjusted_wald');
SELECT is_empty('SELECT b.*, i FROM both_nps AS b, nps_interval(s) AS i WHERE NOT pg_temp.near((i.lower + i.upper) / 2, adjusted)', 'its middle is the NPS of three answers more');
SELECT is(string_agg(wave, ' ' ORDER BY wave), 't= t=15 t=16 t=17', 'waves of fewer than thirty answers') FROM wave WHERE small_sample(s);
SELECT is(rollup(s), (SELECT s FROM wave WHERE wave = 'all'), 'the waves roll up to the whole') FROM wave WHERE wave <> 'all';

SELECT is_empty('SELECT * FROM both_csat WHERE (answer_count(s), missing_count(s), rejected_count(s)) IS DISTINCT FROM (n, missing, 0::bigint)', 'who answered each question, and who did not');
SELECT is_empty('SELECT * FROM both_csat WHERE NOT (pg_temp.near(mean_score(s), mean) AND pg_temp.near(score_stddev(s), deviation))', 'means and standard deviations');
SELECT is_empty('SELECT * FROM both_csat WHERE NOT (pg_temp.near(csat(s, 9), share) AND pg_temp.near(csat(s, 9, 1, 10), share) AND answer_count(s, 9, 10) = satisfied)', 'the upper two of ten');
SELECT is_empty('SELECT b.*, i FROM both_csat AS b, csat_interval(s, 9) AS i WHERE NOT (pg_temp.near(i.lower, b.lower) AND pg_temp.near(i.upper, b.upper))', 'their interval');
SELECT is_empty('SELECT * FROM both_csat, response_rate_interval(s) AS i WHERE NOT pg_temp.near(response_rate(s), n / 13954.0) OR i IS DISTINCT FROM wilson_interval(n, 13954)', 'response rates of 13,954 asked');
-- 100 * (8465 - 1194) / 13612
SELECT is(concat_ws(' ', round(nps(s)::numeric, 3), round(i.lower::numeric, 3), round(i.upper::numeric, 3)), '53.416 52.310 54.499', 'the NPS of all') FROM wave, nps_interval(s) AS i WHERE wave = 'all';

\else
SELECT skip('the answers of the French retailer''s customers are not there (CSMETRICS_DATA)', 15);
\endif
SELECT * FROM finish();
ROLLBACK;
