\unset ECHO
\i test/psql.sql
-- Durations against R survival 3.5-3 on public data: curves, quantiles, means and log-rank tests of six trials, and of the
-- tenures of IBM's telephone customers. The data is not part of this project: without it the tests are skipped.
BEGIN;
SELECT plan(18);
\set present false
\if :{?data}
    \set present `test -r :'data'/survival_r/expected_km_curve.csv && test -r :'data'/telco_ibm/expected_km_quantiles.csv && echo true || echo false`
\endif
\if :present

\set lung `cat :'data'/survival_r/lung.csv`
\set veteran `cat :'data'/survival_r/veteran.csv`
\set aml `cat :'data'/survival_r/aml.csv`
\set ovarian `cat :'data'/survival_r/ovarian.csv`
\set colon `cat :'data'/survival_r/colon.csv`
\set rotterdam `cat :'data'/survival_r/rotterdam.csv`
\set telco `cat :'data'/telco_ibm/telco_customer_churn.csv`
\set curve `cat :'data'/survival_r/expected_km_curve.csv`
\set quantiles `cat :'data'/survival_r/expected_km_quantiles.csv`
\set logrank `cat :'data'/survival_r/expected_logrank.csv`
\set telco_survival `cat :'data'/telco_ibm/expected_km_survival.csv`
\set telco_quantiles `cat :'data'/telco_ibm/expected_km_quantiles.csv`
CREATE FUNCTION pg_temp.fields(csv text) RETURNS SETOF text[] LANGUAGE sql AS $$
    SELECT string_to_array(replace(line, '"', ''), ',', '') FROM regexp_split_to_table(rtrim(csv, E'\r\n'), '\r?\n') WITH ORDINALITY AS l(line, number) WHERE number > 1
$$;

CREATE TEMP TABLE subject AS
    SELECT 'lung' AS data, f[2]::numeric AS days, f[3] = '2' AS ended, 'g=' || f[5] AS grp FROM pg_temp.fields(:'lung') AS f
    UNION ALL SELECT 'veteran', f[3]::numeric, f[4] = '1', 'g=' || f[1] FROM pg_temp.fields(:'veteran') AS f
    UNION ALL SELECT 'aml', f[1]::numeric, f[2] = '1', 'g=' || f[3] FROM pg_temp.fields(:'aml') AS f
    UNION ALL SELECT 'ovarian', f[1]::numeric, f[2] = '1', 'g=' || f[5] FROM pg_temp.fields(:'ovarian') AS f
    UNION ALL SELECT 'colon_death', f[15]::numeric, f[10] = '1', 'g=' || f[3] FROM pg_temp.fields(:'colon') AS f WHERE f[16] = '2'
    UNION ALL SELECT 'rotterdam_death', f[14]::numeric, f[15] = '1', 'g=' || f[10] FROM pg_temp.fields(:'rotterdam') AS f
    UNION ALL SELECT 'telco', f[6]::numeric, f[21] = 'Yes', 'Contract=' || f[16] FROM pg_temp.fields(:'telco') AS f;
-- R left one account of the telephone company out: a tenure of 0 months is no observation to it
CREATE TEMP TABLE sample AS
    SELECT data, coalesce(grp, 'all') AS grp, duration_agg(days * interval '1 day', ended) AS d FROM subject GROUP BY GROUPING SETS ((data), (data, grp));
CREATE FUNCTION pg_temp.days(interval) RETURNS float8 LANGUAGE sql RETURN extract(epoch FROM $1) / 86400;
-- Both unknown, or the same but for rounding.
CREATE FUNCTION pg_temp.near(a float8, b float8) RETURNS boolean LANGUAGE sql
    RETURN a IS NOT DISTINCT FROM b OR coalesce(abs(a - b) <= 1e-9 * greatest(1, abs(b)), false);

CREATE TEMP TABLE expected_curve AS
    SELECT f[1] AS data, f[2]::float8 AS days, f[3]::bigint AS at_risk, f[4]::bigint AS ended, f[5]::bigint AS censored, f[6]::float8 AS surviving,
           f[9]::float8 AS log_lower, f[10]::float8 AS log_upper, f[11]::float8 AS loglog_lower, f[12]::float8 AS loglog_upper
    FROM pg_temp.fields(:'curve') AS f;
CREATE TEMP TABLE our_curve AS
    SELECT data, pg_temp.days(l.at) AS days, l.at_risk, l.ended, l.censored, l.surviving, g.lower AS log_lower, g.upper AS log_upper, l.lower AS loglog_lower, l.upper AS loglog_upper
    FROM sample, survival(d) AS l JOIN LATERAL survival(d, 0.95, 'log') AS g USING (at) WHERE grp = 'all' AND data <> 'telco';
SELECT is(count(*), 3326::bigint, 'the expected curves are there') FROM expected_curve;
SELECT set_eq('SELECT data, days, at_risk, ended, censored FROM our_curve', 'SELECT data, days, at_risk, ended, censored FROM expected_curve', 'who left, and who was at risk, length by length');
SELECT is_empty($$ SELECT * FROM our_curve JOIN expected_curve AS e USING (data, days) WHERE NOT pg_temp.near(our_curve.surviving, e.surviving) $$, 'every step of the curves');
SELECT is_empty($$ SELECT o.data, days, o.log_lower, e.log_lower, o.log_upper, e.log_upper FROM our_curve AS o JOIN expected_curve AS e USING (data, days)
                   WHERE NOT pg_temp.near(o.log_lower, e.log_lower) OR NOT pg_temp.near(o.log_upper, e.log_upper) $$, 'their intervals on the scale log');
SELECT is_empty($$ SELECT o.data, days, o.loglog_lower, e.loglog_lower, o.loglog_upper, e.loglog_upper FROM our_curve AS o JOIN expected_curve AS e USING (data, days)
                   WHERE NOT pg_temp.near(o.loglog_lower, e.loglog_lower) OR NOT pg_temp.near(o.loglog_upper, e.loglog_upper) $$, 'their intervals on the scale log-log');

CREATE TEMP TABLE expected_quantile AS
    SELECT f[1] AS data, f[2] AS grp, f[3] AS scale, f[4]::bigint AS n, f[5]::bigint AS events, f[6]::float8 AS p, f[7]::float8 AS quantile, f[8]::float8 AS lower,
           f[9]::float8 AS upper, f[10]::float8 AS mean, f[11]::float8 AS mean_error
    FROM pg_temp.fields(:'quantiles') AS f WHERE f[3] IN ('log', 'log-log');
SELECT is(count(*), 62::bigint, 'the expected quantiles are there') FROM expected_quantile;
SELECT is_empty($$ SELECT e.*, o.* FROM expected_quantile AS e JOIN sample USING (data, grp), LATERAL
                       (SELECT pg_temp.days(duration_quantile(d, p)) AS quantile, pg_temp.days(i.lower) AS lower, pg_temp.days(i.upper) AS upper FROM duration_quantile_interval(d, p, 0.95, scale) AS i) AS o
                   WHERE (e.quantile, e.lower, e.upper) IS DISTINCT FROM (o.quantile, o.lower, o.upper) $$,
                'every quantile and its interval, those that are never reached too');
SELECT is_empty($$ SELECT * FROM expected_quantile JOIN sample USING (data, grp)
                   WHERE p = 0.5 AND (median_duration(d), (median_duration_interval(d, 0.95, scale)).lower, (median_duration_interval(d, 0.95, scale)).upper)
                                     IS DISTINCT FROM (duration_quantile(d, 0.5), (duration_quantile_interval(d, 0.5, 0.95, scale)).lower, (duration_quantile_interval(d, 0.5, 0.95, scale)).upper) $$,
                'the median is the quantile of a half');
SELECT is_empty('SELECT * FROM expected_quantile JOIN sample USING (data, grp) WHERE subject_count(d) <> n OR ended_count(d) <> events', 'subjects and events');
-- R prolongs the curve of a group to the longest length of all groups; here it ends where it ends
CREATE TEMP TABLE reach AS
    SELECT data, grp, (SELECT max(days) FROM subject AS s WHERE s.data = q.data)::float8 AS days_of_all,
           (SELECT max(days) FROM subject AS s WHERE s.data = q.data AND q.grp IN ('all', s.grp))::float8 AS days FROM sample AS q;
SELECT is_empty($$ SELECT e.*, pg_temp.days(restricted_mean(d)) FROM expected_quantile AS e JOIN sample USING (data, grp) JOIN reach USING (data, grp)
                   WHERE NOT pg_temp.near(pg_temp.days(restricted_mean(d)) + (1 - share_within(d, days * interval '1 day')) * (days_of_all - days), mean) $$, 'restricted means');
SELECT is_empty($$ SELECT e.*, i.* FROM expected_quantile AS e JOIN sample USING (data, grp) JOIN reach USING (data, grp), restricted_mean_interval(d, 0.95) AS i
                   WHERE days = days_of_all AND NOT pg_temp.near(pg_temp.days(i.upper - i.lower) / 2 / 1.959963984540054, mean_error) $$, 'and their standard errors');
SELECT is_empty($$ SELECT * FROM sample JOIN reach USING (data, grp) WHERE (restricted_mean(d, days_of_all * interval '1 day') IS NULL)
                                                                         <> (days < days_of_all AND share_within(d, days * interval '1 day') < 1) $$, 'no mean beyond the end of the curve');

CREATE TEMP TABLE expected_test AS
    SELECT f[1] AS data, f[2]::float8 AS rho, f[3]::float8 AS statistic, f[4]::integer AS degrees, f[5]::float8 AS p FROM pg_temp.fields(:'logrank') AS f;
SELECT is_empty($$ SELECT e.*, t.* FROM expected_test AS e JOIN (SELECT data, array_agg(d) AS groups FROM sample WHERE grp <> 'all' GROUP BY data) AS g USING (data), log_rank(groups, rho) AS t
                   WHERE NOT pg_temp.near(t.statistic, e.statistic) OR t.degrees <> e.degrees OR abs(t.p / e.p - 1) > 1e-9 $$,
                'every test between groups, log-rank and rho 1, of two groups and of three');
SELECT is(count(*), 12::bigint, 'the expected tests are there') FROM expected_test;
SELECT is_empty($$ SELECT e.*, t.* FROM expected_test AS e JOIN sample AS a USING (data) JOIN sample AS b USING (data), log_rank(a.d, b.d, rho) AS t
                   WHERE a.grp <> 'all' AND b.grp > a.grp AND degrees = 1 AND b.grp <> 'all' AND NOT (pg_temp.near(t.statistic, e.statistic) AND abs(t.p / e.p - 1) < 1e-9) $$,
                'the test of a pair is the same');

-- IBM's customers, lengths in months of one day here
CREATE TEMP TABLE telco AS SELECT regexp_replace(f[1], '^all$', 'all') AS grp, f[2]::float8 AS days, f[3]::bigint AS at_risk, f[4]::float8 AS surviving, f[6]::float8 AS lower, f[7]::float8 AS upper
    FROM pg_temp.fields(:'telco_survival') AS f;
SELECT is_empty($$ SELECT t.*, share_within(d, days * interval '1 day'), i.* FROM telco AS t LEFT JOIN sample AS s ON s.data = 'telco' AND s.grp = t.grp, share_within_interval(d, days * interval '1 day') AS i
                   WHERE NOT pg_temp.near(1 - share_within(d, days * interval '1 day'), surviving)
                      OR NOT pg_temp.near(1 - i.lower, t.upper) OR NOT pg_temp.near(1 - i.upper, t.lower) $$,
                'IBM''s customers: who stayed for 1 to 72 months, with intervals');
SELECT is_empty($$ SELECT f, q.* FROM pg_temp.fields($$ || quote_literal(:'telco_quantiles') || $$) AS f JOIN sample ON data = 'telco' AND grp = f[1], LATERAL
                       (SELECT pg_temp.days(duration_quantile(d, f[3]::float8)), pg_temp.days(i.lower), pg_temp.days(i.upper) FROM duration_quantile_interval(d, f[3]::float8, 0.95, f[2]) AS i) AS q(quantile, lower, upper)
                   WHERE f[2] <> 'plain' AND (q.quantile, q.lower, q.upper) IS DISTINCT FROM (f[4]::float8, f[5]::float8, f[6]::float8) $$,
                'and the months by which a tenth, a quarter and half of them left, many of which are never reached');
SELECT is(count(*), 27::bigint, 'the expected shares are there') FROM telco;

\else
SELECT skip('the data of R survival and IBM''s customers is not there (CSMETRICS_DATA)', 18);
\endif
SELECT * FROM finish();
ROLLBACK;
