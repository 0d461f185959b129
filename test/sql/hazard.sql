\unset ECHO
\i test/psql.sql
-- Hazards of discrete time: by hand, against figures of R's glm over rows of each period, whatever the rows are, and what is refused.
BEGIN;
SELECT plan(34);
CREATE FUNCTION pg_temp.off(got float8[], want float8[], tolerance float8 DEFAULT 1e-10) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN cardinality(got) IS DISTINCT FROM cardinality(want) OR NOT (SELECT bool_and(coalesce(abs(g - w) <= tolerance * greatest(1, abs(w)), g IS NULL AND w IS NULL)) FROM unnest(got, want) AS v(g, w)) THEN format('%s is not %s', got, want) END
$$;
CREATE FUNCTION pg_temp.coefficient_of(h hazard) RETURNS float8[] LANGUAGE sql AS 'SELECT array_agg(coefficient) FROM coefficients(h)';
CREATE FUNCTION pg_temp.error_of(h hazard) RETURNS float8[] LANGUAGE sql AS 'SELECT array_agg(standard_error) FROM coefficients(h)';

-- By hand: one period, in which 6 of 8 leave that have the flag, and 1 of 4 that have not.
CREATE TEMP TABLE twelve AS SELECT 1 AS month, n <= 6 OR n = 12 AS gone, n <= 8 AS flag FROM generate_series(1, 12) AS n;
CREATE TEMP TABLE hand AS SELECT link, fit_hazard('TABLE twelve', 'month', 'gone', link) AS h FROM unnest('{logit,cloglog}'::text[]) AS link;
SELECT is(pg_temp.off(pg_temp.coefficient_of(h), ARRAY[CASE link WHEN 'logit' THEN ln(9) ELSE ln(ln(4) / ln(4 / 3.0)) END]), NULL, link || ': the coefficient') FROM hand;
SELECT is(pg_temp.off(ARRAY[c.standard_error, c.ratio, c.ratio_upper, c.z], ARRAY[sqrt(2), 9, 9 * exp(1.959963984540054 * sqrt(2)), ln(9) / sqrt(2)]), NULL, 'its error by the table of four, and the odds ratio') FROM hand, coefficients(h) AS c WHERE link = 'logit';
SELECT is(pg_temp.off(ARRAY[s.log_likelihood_null, s.log_likelihood], ARRAY[7 * ln(7 / 12.0) + 5 * ln(5 / 12.0), 6 * ln(0.75) + 2 * ln(0.25) + ln(0.25) + 3 * ln(0.75)]), NULL, hand.link || ': the likelihoods') FROM hand, hazard_summary(h) AS s;
SELECT is(pg_temp.off(ARRAY[hazard_survival(h, '{"flag": true}', 0.9), hazard_survival(h, '{"flag": true}', 1), hazard_survival(h, '{"flag": false}', 1), hazard_survival(h, '{"flag": false}', 2), hazard_survival(h, '{"flag": null}', 1)],
                          ARRAY[1, 0.25, 0.75, NULL, NULL]), NULL, link || ': who stays') FROM hand;
SELECT is(row(s.rows, s.left_out, s.events, s.clusters, s.link, s.terms, s.converged, s.last_period, s.notes)::text, '(12,0,7,,logit,1,t,1,"7 events for 1 terms: ten a term are usual")', 'what it rests on') FROM hand, hazard_summary(h) AS s WHERE hand.link = 'logit';
-- A period that nobody survives, and one in which nobody leaves, say nothing of the flag.
CREATE TEMP TABLE later AS SELECT * FROM twelve WHERE gone UNION ALL SELECT CASE WHEN flag THEN 3 ELSE 4 END, NOT flag, flag FROM twelve WHERE NOT gone;
SELECT is(pg_temp.off(ARRAY[hazard_survival(l.h, '{"flag": true}', 3), hazard_survival(l.h, '{"flag": true}', 4)] || pg_temp.coefficient_of(l.h), ARRAY[0.25, 0] || pg_temp.coefficient_of(hand.h)), NULL, link || ': a period that nobody survives')
FROM hand, LATERAL (SELECT fit_hazard('TABLE later', 'month', 'gone', link)) AS l(h);

-- Against R: glm with factor(period), over a row a customer and period, of periods with events that some survive.
CREATE TEMP TABLE sixty AS
    SELECT *, floor((id * 5) % 3 * (time - 1) / 4.0) AS start
    FROM (SELECT id, (id * 7) % 11 / 10.0 AS x, (ARRAY['a', 'b', 'c'])[id % 3 + 1] AS g, id % 5 = 0 AS b, 1 + (id * 13) % 17 AS time, id % 4 > 0 AS event FROM generate_series(1, 60) AS id) AS i;
CREATE TEMP TABLE stretched AS SELECT x, g, b, t AS time, event AND t = time AS event, t - 1 AS start FROM sixty, generate_series(start::int + 1, time) AS t;
CREATE TEMP TABLE fitted AS SELECT link, fit_hazard('SELECT x, g, b, time, event, start FROM sixty', 'time', 'event', link, 'start') AS h FROM unnest('{logit,cloglog}'::text[]) AS link;
CREATE TEMP TABLE oracle (link text, coefficient float8[], error float8[], likelihood float8[], surviving float8[]);
INSERT INTO oracle VALUES
    ('logit', '{0.331557164929028,0.697002343006318,0.302349750517238,-0.154416639764739}', '{0.555605115108772,0.433338932993769,0.411281916494806,0.435933756862600}', '{-131.466701421368,-129.881526412546}', '{0.616421563738772,0.406252120023887}'),
    ('cloglog', '{0.322594777884179,0.643209575551193,0.274465952336876,-0.134654329735517}', '{0.520976121336525,0.402761679699687,0.385940682177019,0.410783409989244}', '{-131.466701421368,-129.887043831026}', '{0.615304957689393,0.406114361935522}');
-- its steps for cloglog end at seven digits
SELECT is(pg_temp.off(got, want, 5e-8), NULL, fitted.link || ': ' || what)
FROM fitted JOIN oracle ON oracle.link = fitted.link, hazard_summary(h) AS s,
     LATERAL (VALUES (1, 'coefficients', pg_temp.coefficient_of(h), coefficient), (2, 'standard errors', pg_temp.error_of(h), error), (3, 'likelihoods', ARRAY[s.log_likelihood_null, s.log_likelihood], likelihood),
                     (4, 'survival', ARRAY[hazard_survival(h, '{"x": 0.3, "g": "b", "b": true}', 4), hazard_survival(h, '{"x": 0.3, "g": "b", "b": true}', 9)], surviving)) AS v(nr, what, got, want) ORDER BY fitted.link, nr;
SELECT is(pg_temp.off(pg_temp.coefficient_of(s) || pg_temp.error_of(s), pg_temp.coefficient_of(h) || pg_temp.error_of(h)), NULL, link || ': a row each period, or a row a customer')
FROM fitted, LATERAL (SELECT fit_hazard('TABLE stretched', 'time', 'event', link, 'start')) AS l(s);
SELECT is(count(DISTINCT fit_hazard(format($$SELECT x, g, b, time, event, start FROM sixty ORDER BY md5(id || '%s')$$, n), 'time', 'event', 'cloglog', 'start')::text), 1::bigint, 'any order of rows gives the same bytes') FROM generate_series(1, 10) AS n;
SELECT ok(h::text::hazard = h AND h::text::hazard::text = h::text, link || ': the text form is read back') FROM fitted;
-- in small periods cloglog is Cox's proportional hazards, and logit is not far off
SELECT is(pg_temp.off(pg_temp.coefficient_of(fit_hazard(q, 't', 'e', 'cloglog')), (SELECT array_agg(coefficient) FROM coefficients(fit_cox(q, 't', 'e'))), 2e-3), NULL, 'many short periods are the continuous time of Cox')
FROM (VALUES ('SELECT n AS t, n % 3 > 0 AS e, (n * 37) % 101 / 100.0::float8 AS x FROM generate_series(1, 1500) AS n')) AS v(q);

SELECT matches(s.notes, '^2 rows left out; "x" is missing in 2 rows; "five" has one value: left out; "again" follows from the terms before it: left out; ', 'what is missing, constant, or follows from others is told')
FROM hazard_summary(fit_hazard('SELECT nullif(x, 0.7) AS x, 5 AS five, 2 * x AS again, time, event FROM sixty WHERE id < 20', 'time', 'event')) AS s;
SELECT ok(NOT s.converged AND s.notes LIKE 'the coefficient of "safe" has no bound%' AND c.coefficient < -8, 'a coefficient without bound is told')
FROM (SELECT fit_hazard('SELECT id % 8 = 0 AS safe, time, event FROM sixty', 'time', 'event') AS h) AS f, hazard_summary(h) AS s, coefficients(h) AS c;
SELECT is(pg_temp.failure(statement), message, message)
FROM (VALUES
    ($$SELECT fit_hazard('SELECT 0.5 AS month, gone, flag FROM twelve', 'month', 'gone')$$, '22023 column "month" has the value 0.5'),
    ($$SELECT fit_hazard('SELECT -1 AS month, gone, flag FROM twelve', 'month', 'gone')$$, '22023 column "month" has the value -1'),
    ($$SELECT fit_hazard('SELECT NULL::int AS month, gone, flag FROM twelve', 'month', 'gone')$$, '22004 column "month", the period, is NULL in row 1 of the query'),
    ($$SELECT fit_hazard('TABLE twelve', 'month', 'gone', 'probit')$$, '22023 unknown link "probit"'),
    ($$SELECT fit_hazard('TABLE twelve', 'month', 'gone', NULL)$$, '22004 link must not be NULL'),
    ($$SELECT fit_hazard('TABLE twelve', 'year', 'gone')$$, '42703 the query has no column "year", which should be the period'),
    ($$SELECT fit_hazard('SELECT month, false AS gone, flag FROM twelve', 'month', 'gone')$$, '22023 column "gone", the event, is true in none of 12 rows'),
    ($$SELECT fit_hazard('SELECT n AS t, true AS e, n % 2 AS x FROM generate_series(1, 2001) AS n', 't', 'e')$$, '54000 2001 periods with an event are more than 2000')) AS v(statement, message);
SELECT * FROM finish();
ROLLBACK;
