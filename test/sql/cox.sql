\unset ECHO
\i test/psql.sql
-- Cox regression: by hand, against figures of R survival 3.5-3, under any order of rows, with what is missing or says nothing, and what it refuses.
BEGIN;
SELECT plan(128);
CREATE FUNCTION pg_temp.near(a float8, b float8, tolerance float8 DEFAULT 1e-12) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= tolerance * greatest(1, abs(b)), a IS NULL AND b IS NULL);
-- What is far from what it should be, in words; NULL: nothing.
CREATE FUNCTION pg_temp.off(got float8[], want float8[], tolerance float8 DEFAULT 1e-12) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN cardinality(got) IS DISTINCT FROM cardinality(want) OR NOT (SELECT bool_and(pg_temp.near(g, w, tolerance)) FROM unnest(got, want) AS v(g, w)) THEN format('%s is not %s', got, want) END
$$;
CREATE FUNCTION pg_temp.coefficient_of(c cox) RETURNS float8[] LANGUAGE sql AS 'SELECT array_agg(coefficient) FROM coefficients(c)';
CREATE FUNCTION pg_temp.error_of(c cox) RETURNS float8[] LANGUAGE sql AS 'SELECT array_agg(standard_error) FROM coefficients(c)';
CREATE FUNCTION pg_temp.robust_of(c cox) RETURNS float8[] LANGUAGE sql AS 'SELECT array_agg(robust_standard_error) FROM coefficients(c)';
CREATE FUNCTION pg_temp.notes_of(c cox) RETURNS text LANGUAGE sql AS 'SELECT notes FROM cox_summary(c)';

-- By hand: two events and one censored, x = 1, 0, 1. With r = exp(b) the likelihood r / (2r + 1) / (1 + r) is highest at r = 1 / sqrt 2.
CREATE TEMP TABLE three AS SELECT * FROM (VALUES (1, true, 1), (2, true, 0), (3, false, 1)) AS v(t, e, x);
CREATE TEMP TABLE hand AS SELECT fit_cox('SELECT * FROM three', 't', 'e') AS c, sqrt(0.5::float8) AS r;
SELECT is(pg_temp.off(pg_temp.coefficient_of(c), ARRAY[-ln(2) / 2]), NULL, 'the coefficient') FROM hand;
SELECT is(pg_temp.off(pg_temp.error_of(c), ARRAY[1 / sqrt(2 * r / (2 * r + 1)^2 + r / (1 + r)^2)]), NULL, 'its standard error') FROM hand;
SELECT is(pg_temp.off(ARRAY[s.log_likelihood_null, s.log_likelihood, s.concordance], ARRAY[-ln(6), ln(r / (2 * r + 1) / (1 + r)), 1.5 / 3]), NULL,
          'the likelihoods; of three pairs one goes by risk, one against it, one has the same') FROM hand, cox_summary(c) AS s;
SELECT is(row(s.rows, s.left_out, s.events, s.clusters, s.ties, s.terms, s.converged, s.last_time, s.notes)::text, '(3,0,2,,efron,1,t,3,"2 events for 1 terms: ten a term are usual")', 'what it rests on')
FROM hand, cox_summary(c) AS s;
SELECT is(pg_temp.off(ARRAY[x.z, x.p, x.hazard_ratio, x.hazard_ratio_lower, x.hazard_ratio_upper], ARRAY[-ln(2) / 2 / s, 0.8092214145888756, r, r * exp(-1.6448536269514722 * s), r * exp(1.6448536269514722 * s)]), NULL, 'z, p, the hazard ratio and its interval')
FROM hand, coefficients(c, 0.9) AS x, LATERAL (SELECT x.standard_error) AS e(s);
SELECT is(robust_standard_error, NULL, 'without clusters no robust error is known') FROM hand, coefficients(c);
SELECT is(pg_temp.off(array_agg(cox_survival(c, format('{"x": %s}', x)::jsonb, at) ORDER BY x, at), ARRAY[1, h1, h1, h1 * h2, h1 * h2, 1, h1^r, h1^r, (h1 * h2)^r, (h1 * h2)^r]), NULL, 'survival of either, before, at and after the events')
FROM (SELECT c, r, exp(-1 / (2 * r + 1)) AS h1, exp(-1 / (r + 1)) AS h2 FROM hand) AS h, (VALUES (0), (1)) AS v(x), (VALUES (0.9), (1), (1.9), (2), (3)) AS a(at) GROUP BY r, h1, h2;
SELECT is(cox_survival(c, '{"x": 0}', 3.01), NULL, 'after the last time observed it is not known') FROM hand;
SELECT is(pg_temp.off(ARRAY[relative_hazard(c, '{"x": 1, "other": "y"}') / relative_hazard(c, '{"x": 0}'), relative_hazard(c, '{"x": true}') / relative_hazard(c, '{"x": 1}')], ARRAY[r, 1]), NULL, 'relative hazards; other keys are not read') FROM hand;
-- Two at once: Efron r / ((2r + 1) (3r + 1) / 2), highest at r^2 = 1/6; Breslow r / (2r + 1)^2, at 1/2.
SELECT is(pg_temp.off(pg_temp.coefficient_of(fit_cox('SELECT greatest(t, 2) AS t, e, x FROM three', 't', 'e', ties)), ARRAY[ln(r)], 1e-10), NULL, ties || ', by hand')
FROM (VALUES ('efron', sqrt(1 / 6.0)), ('breslow', 0.5)) AS v(ties, r);

-- Against R: coxph, cox.zph(terms = FALSE) and survfit. Its maxima are right to about eight digits.
CREATE TEMP TABLE sixty AS
    SELECT *, (id * 5) % 3 * (time - 1) / 4.0 AS start
    FROM (SELECT id, (id * 7) % 11 / 10.0 AS x, (ARRAY['a', 'b', 'c'])[id % 3 + 1] AS g, id % 5 = 0 AS b, 1 + (id * 13) % 17 AS time, id % 4 > 0 AS event, id % 12 AS cl FROM generate_series(1, 60) AS id) AS i;
\set plain '\'SELECT x, g, b, time, event, cl FROM sixty\''
\set counted '\'SELECT x, g, b, time, event, cl, start FROM sixty\''
CREATE TEMP TABLE fitted AS
    SELECT 'efron' AS name, fit_cox(:plain, 'time', 'event', cluster => 'cl') AS c
    UNION ALL SELECT 'breslow', fit_cox(:plain, 'time', 'event', 'breslow', 'cl')
    UNION ALL SELECT 'efron, with starts', fit_cox(:counted, 'time', 'event', 'efron', 'cl', 'start')
    UNION ALL SELECT 'breslow, with starts', fit_cox(:counted, 'time', 'event', 'breslow', 'cl', 'start');
CREATE TEMP TABLE oracle (name text, coefficient float8[], error float8[], robust float8[], summary float8[], test float8[], surviving float8[]);
INSERT INTO oracle VALUES
    ('efron', '{0.229559320735821554,0.079573200831999272,0.003398238412036811,-0.158089963601952016}', '{0.5141925838395491,0.3850656206077970,0.3714395157072063,0.4098747525495283}',
     '{0.5364801310237669,0.4323774682763575,0.4286366081210802,0.3526677377393579}', '{-140.9059165549784,-140.6010807926999,0.52107279693486586}',
     '{0.007945289445533264,0.015698377430976088,0.023021571353180916,0.016434577174974652,0.054691971090396738}', '{0.8356627605547690,0.6318046348551046}'),
    ('breslow', '{0.221934408519183418,0.078477205800370278,0.006857486628617795,-0.137714367476042321}', '{0.5128553231438060,0.3836727384667437,0.3700087889724203,0.4068647521234457}',
     '{0.5092871051390683,0.4121458751484086,0.4061775487527763,0.3383377632679799}', '{-144.1601469247489,-143.9010115307375,0.5241379310344827}',
     '{0.009757378290455058,0.013454911835005964,0.018186442923208106,0.004553667895337654,0.032039567874428479}', '{0.8356917103372149,0.6324078953743902}'),
    ('efron, with starts', '{0.28093186917427010,0.57715908984869624,0.23756129201342299,-0.08549436971913521}', '{0.5063605993750325,0.3946271180844658,0.3765996151199470,0.3990619425327716}',
     '{0.4682987330243012,0.4792822312111946,0.4500974587016630,0.2864739337317058}', '{-133.6520638162716,-132.3137355250878,0.59334657398212509}',
     '{0.001521086200144936,1.855042716155280491,0.073082872556165052,0.117837284059810754,2.974902135430798733}', '{0.6197405157734208,0.4082498977710578}'),
    ('breslow, with starts', '{0.26568943734432704,0.55341662867263519,0.23024028624549978,-0.07651669365098493}', '{0.5049099724901330,0.3919422613774191,0.3749104299977625,0.3968927701758260}',
     '{0.4378738259909940,0.4484627066988372,0.4250717792705356,0.2697918112220988}', '{-137.0752118555431,-135.8583666985152,0.58937437934458792}',
     '{0.001686663890743684,1.703791508742052319,0.062793818787717615,0.134035483013891787,2.646777754305576380}', '{0.6325353068309525,0.4210142952147037}');
SELECT is(pg_temp.off(got, want, 5e-8), NULL, name || ': ' || what)
FROM fitted JOIN oracle USING (name), cox_summary(c) AS s,
     LATERAL (VALUES (1, 'coefficients', pg_temp.coefficient_of(c), coefficient), (2, 'standard errors', pg_temp.error_of(c), error), (3, 'robust standard errors', pg_temp.robust_of(c), robust),
                     (4, 'likelihoods and concordance', ARRAY[s.log_likelihood_null, s.log_likelihood, s.concordance], summary),
                     (5, 'test of proportional hazards', (SELECT array_agg(chi_square) FROM proportional_hazards(c)), test),
                     (6, 'survival', ARRAY[cox_survival(c, '{"x": 0.3, "g": "b", "b": true}', 4), cox_survival(c, '{"x": 0.3, "g": "b", "b": true}', 9)], surviving)) AS v(nr, what, got, want) ORDER BY name, nr;
SELECT is(array_agg(term), '{x,gb,gc,b}', 'terms are columns, and columns with a level') FROM fitted, coefficients(c) WHERE name = 'efron';
SELECT is(string_agg(concat_ws(' ', term, degrees, round(p::numeric, 6)), ', '), 'x 1 0.928974, gb 1 0.900291, gc 1 0.879401, b 1 0.897993, GLOBAL 4 0.999633', 'the test says on how many degrees, and p') FROM fitted, proportional_hazards(c) WHERE name = 'efron';
SELECT is(row(s.rows, s.events, s.clusters)::text, '(60,45,12)', 'clusters are counted') FROM fitted, cox_summary(c) AS s WHERE name = 'breslow';
SELECT ok(bool_and(pg_temp.near(z, coefficient / robust_standard_error) AND pg_temp.near(hazard_ratio_upper, exp(coefficient + 1.959963984540054 * robust_standard_error))), 'z and the interval go by robust errors where there are clusters') FROM fitted, coefficients(c);
SELECT is(fit_cox('SELECT x::numeric(3,1), g::char(5), b, time::float4, event, cl::text, start::float8 FROM sixty', 'time', 'event', 'efron', NULL, 'start'),
          fit_cox('SELECT x::float8, g::varchar, b, time::bigint, event::int, cl::text, start FROM sixty', 'time', 'event', start => 'start'), 'types of numbers and texts make no difference');

-- The same bytes under any order of rows, of parts, and in parallel.
SELECT setseed(0.3) \g /dev/null
SELECT is(count(DISTINCT fit_cox(format($$SELECT x, g, b, time, event, cl, start FROM sixty ORDER BY md5(id || '%s')$$, n), 'time', 'event', 'efron', 'cl', 'start')::text), 1::bigint, 'any order of rows gives the same bytes') FROM generate_series(1, 20) AS n;
CREATE TABLE many AS SELECT n, (n * 7919) % 1009 / 100.0 AS x, (n * 31) % 7 AS y, 'level ' || (n * 17) % 5 AS g, 1 + (n * 10429) % 73 AS months, (n * 13) % 3 = 0 AS churned, (n * 7) % 400 AS account FROM generate_series(1, 30000) AS n;
CREATE TEMP TABLE one AS SELECT fit_cox('SELECT x, y, g, months, churned, account FROM many', 'months', 'churned', 'efron', 'account') AS c;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL work_mem = '64kB';
SELECT is(fit_cox('SELECT x, y, g, months, churned, account FROM many', 'months', 'churned', 'efron', 'account'), c, 'nor does a parallel plan matter') FROM one;
SELECT is(fit_cox('SELECT x, y, g, months, churned, account FROM many ORDER BY n DESC', 'months', 'churned', 'efron', 'account'), c, 'nor many equal times in reverse') FROM one;
RESET work_mem;
SELECT isnt(fit_cox('SELECT x + 0.01 AS x, y, g, months, churned, account FROM many', 'months', 'churned', 'efron', 'account'), c, 'other rows give another value') FROM one;
SELECT is(c::text::cox, c, 'the text form is read back') FROM one;
CREATE TEMP TABLE few AS SELECT * FROM many WHERE n <= 700;
CREATE TEMP TABLE scored AS SELECT few.*, c, relative_hazard(c, to_jsonb(few)) AS risk FROM few, (SELECT fit_cox('SELECT y, g, months, churned FROM few', 'months', 'churned') AS c) AS f;
SELECT is(pg_temp.off(ARRAY[s.concordance], ARRAY[pairs.concordance]), NULL, 'concordance is that of all pairs, one by one')
FROM (SELECT (count(*) FILTER (WHERE a.risk > b.risk) + count(*) FILTER (WHERE a.risk = b.risk) / 2.0::float8) / count(*) AS concordance
      FROM scored AS a JOIN scored AS b ON a.churned AND (b.months > a.months OR b.months = a.months AND NOT b.churned)) AS pairs, (SELECT c FROM scored LIMIT 1) AS f, cox_summary(c) AS s;

-- A long baseline keeps no more than 2000 steps.
CREATE TEMP TABLE long AS SELECT n / 7.0::float8 AS t, n % 3 > 0 AS e, (n * 37) % 101 / 100.0::float8 AS x FROM generate_series(1, 9000) AS n;
CREATE TEMP TABLE thinned AS SELECT fit_cox('SELECT * FROM long', 't', 'e', 'breslow') AS c;
SELECT matches(pg_temp.notes_of(c), '^the baseline hazard keeps [12]\d\d\d of its steps$', 'its notes say so') FROM thinned;
SELECT cmp_ok(pg_column_size(c), '<', 33000, 'and it is small') FROM thinned;
-- the exact curve of the same fit: hazards of those at risk, by a running sum
SELECT cmp_ok((SELECT max(abs(cox_survival(c, jsonb_build_object('x', 0.5), t) - exp(-hazard * relative))) FROM (
        SELECT t, sum(CASE WHEN e THEN 1 / at_risk ELSE 0 END) OVER (ORDER BY t) AS hazard FROM (
            SELECT t, e, sum(relative_hazard(c, jsonb_build_object('x', x))) OVER (ORDER BY t DESC) AS at_risk FROM long) AS r) AS h
    WHERE (t * 7)::int % 50 = 0), '<', 5e-4::float8, 'survival is near that of all steps') FROM thinned, LATERAL (SELECT relative_hazard(c, '{"x": 0.5}')) AS r(relative);

-- What is missing, and what says nothing.
CREATE TEMP TABLE lacking AS SELECT id, CASE WHEN id % 10 > 0 THEN x END AS x, CASE WHEN id % 7 > 0 THEN g ELSE 'rare' END AS g, CASE id % 15 WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' ELSE x * x END::float8 AS y, time, event FROM sixty;
CREATE TEMP TABLE lacked AS SELECT fit_cox('SELECT x, g, y, time, event FROM lacking', 'time', 'event') AS c;
SELECT is(s.rows || ', ' || s.left_out || ': ' || s.notes, '46, 14: 14 rows left out; "x" is missing in 6 rows; "y" is missing in 8 rows; 36 events for 5 terms: ten a term are usual', 'rows that lack a feature are left out and told; not finite is missing') FROM lacked, cox_summary(c) AS s;
SELECT is(pg_temp.coefficient_of(c), pg_temp.coefficient_of(fit_cox($$SELECT x, g, y, time, event FROM lacking WHERE id % 10 > 0 AND id % 15 NOT IN (1, 2)$$, 'time', 'event')), 'as if they were not there') FROM lacked;
SELECT is((SELECT array_agg(term) FROM coefficients(fit_cox($$SELECT CASE WHEN id = 1 THEN 'gone' ELSE g END AS g, CASE WHEN id > 1 THEN x END AS x, time, event FROM sixty$$, 'time', 'event'))), '{gb,gc,x}', 'a level of these alone is none');
CREATE TEMP TABLE idle AS SELECT fit_cox($$SELECT 5 AS five, 'only' AS word, x, 1 - 2 * x AS again, g, (g = 'c')::int AS c, NOT b AS unless, b, time, event FROM sixty$$, 'time', 'event') AS c;
SELECT is(pg_temp.notes_of(c), '"word" has one value: left out; "five" has one value: left out; "again" follows from the terms before it: left out; "c" follows from the terms before it: left out; "b" follows from the terms before it: left out; 45 events for 8 terms: ten a term are usual',
          'constants, and what follows from others, are told') FROM idle;
SELECT is((SELECT string_agg(term, ' ' ORDER BY n) FROM coefficients(c) WITH ORDINALITY AS t(term, coefficient, standard_error, z, p, ratio, lower, upper, robust, n) WHERE coefficient IS NULL AND standard_error IS NULL AND p IS NULL AND upper IS NULL), 'five again c b', 'and are NULL') FROM idle;
SELECT is(pg_temp.off((SELECT array_agg(coefficient) FROM coefficients(idle.c) WHERE term IN ('x', 'gb', 'gc')), (SELECT coefficient[1:3] FROM oracle WHERE name = 'efron'), 5e-8), NULL, 'the others are as without them') FROM idle;
SELECT is((SELECT degrees FROM proportional_hazards(c) WHERE term = 'GLOBAL'), 4, 'nor do they count in the test') FROM idle;
SELECT is(pg_temp.off(ARRAY[cox_survival(i.c, to_jsonb(s) || '{"five": 5, "word": "only", "again": 0, "c": 0, "unless": false}', 9)], ARRAY[cox_survival(f.c, to_jsonb(s), 9)], 1e-9), NULL, 'nor in what is predicted')
FROM idle AS i, fitted AS f, sixty AS s WHERE f.name = 'efron' AND s.id = 20;
-- Nobody with the flag has the event: the likelihood rises for ever as its coefficient falls
CREATE TEMP TABLE apart AS SELECT fit_cox('SELECT x, id % 4 = 0 AND id % 8 = 0 AS safe, time, event FROM sixty', 'time', 'event') AS c;
SELECT is(pg_temp.notes_of(c) LIKE 'the coefficient of "safe" has no bound: it tells events apart too well%; the likelihood has no maximum that % iterations came to%', true, 'a coefficient without bound is told') FROM apart;
SELECT ok(NOT s.converged AND s.iterations < 40 AND t.coefficient < -10 AND t.hazard_ratio < 1e-4, 'it did not converge, and stops') FROM apart, cox_summary(c) AS s, coefficients(c) AS t WHERE term = 'safe';
SELECT is((SELECT string_agg(concat_ws(' ', term, chi_square IS NOT NULL, degrees), ', ') FROM proportional_hazards(c)), 'x t 1, safe f 1, GLOBAL t 1', 'it has no test') FROM apart;
SELECT is(pg_temp.off(ARRAY[(SELECT coefficient FROM coefficients(c) WHERE term = 'x')], ARRAY[(SELECT coefficient FROM coefficients(fit_cox('SELECT x, time, event FROM sixty WHERE id % 8 > 0', 'time', 'event')) WHERE term = 'x')], 1e-6), NULL, 'the others go where they go without those') FROM apart;
SELECT is(pg_temp.off(ARRAY[c.coefficient * 1e12, c.standard_error * 1e12], ARRAY[d.coefficient, d.standard_error], 1e-9), NULL, 'the size of a feature, and where it begins, do not matter')
FROM coefficients(fit_cox('SELECT 1e12 * (x + 50) AS x, time, event FROM sixty', 'time', 'event')) AS c, coefficients(fit_cox('SELECT x, time, event FROM sixty', 'time', 'event')) AS d;
SELECT is(c.coefficient, 0::float8, 'at time 0 and without partners nothing is learnt') FROM coefficients(fit_cox('SELECT * FROM (VALUES (0, true, 1), (0, true, 0)) AS v(t, e, x)', 't', 'e', 'breslow')) AS c WHERE c.standard_error IS NOT NULL;

-- What is no fit is told from one. The text form: version and flags, counts, and the bytes one by one.
CREATE FUNCTION pg_temp.flaw(form text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    told text;
BEGIN
    PERFORM form::cox;
    RETURN 'none';
EXCEPTION WHEN invalid_text_representation THEN
    GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
    RETURN told;
END $$;
CREATE TEMP TABLE form AS SELECT c::text AS whole, string_to_array(c::text, '|') AS f, cardinality(string_to_array(c::text, '|')) AS n FROM fitted WHERE name = 'efron';
SELECT is(pg_temp.flaw(broken), told, what)
FROM form, LATERAL (VALUES
    (whole, 'none', 'the form itself has no flaw'),
    (replace(whole, '|97|0|98|0|99|0', '|98|0|97|0|99|0'), 'levels are not in order', 'levels out of order'),
    (replace(whole, '|97|0|98|0|99|0', '|97|0|97|0|99|0'), 'levels are not in order', 'a level twice'),
    (replace(whole, '|97|0|98|0|99|0', '|97|0|255|0|99|0'), 'a name is not sound', 'a level that is no UTF-8'),
    (array_to_string(f[1:n - 1], '|'), 'it ends too early', 'a byte less'),
    (array_to_string(f[1:n - 16], '|'), 'it ends too early', 'a step less'),
    (whole || '|0', 'it goes on after its end', 'a byte more'),
    (array_to_string(f[1:2] || '2'::text || f[4:], '|'), 'a choice is unknown', 'other ties'),
    (array_to_string(f[1:3] || '4'::text || f[5:], '|'), 'a choice is unknown', 'other flags'),
    (array_to_string(f[1:n - 32] || f[n - 15:] || f[n - 31:n - 16], '|'), 'steps are not in order', 'steps exchanged'),
    (array_to_string(f[1:n - 8] || '{127,248,0,0,0,0,0,0}'::text[], '|'), 'a number is out of range', 'a hazard that is no number'),
    (array_to_string(f[1:n - 8] || '{128,0,0,0,0,0,0,0}'::text[], '|'), 'a number is out of range', 'a zero with a sign'),
    (replace(whole, '|60 0 45 12|', '|60 0 61 12|'), 'a count is out of range', 'more events than rows'),
    (replace(whole, '|60 0 45 12|', '|60 0 45 0|'), 'a term has numbers that it cannot have', 'robust errors without clusters')) AS v(broken, told, what);

-- Predictions
SELECT is(cox_survival(c, given::jsonb, 4), NULL, why) FROM fitted, (VALUES ('{"x": null, "g": "b", "b": true}', 'a feature that is not known makes survival not known'), ('{"x": 0.3, "g": "z", "b": true}', 'so does a level that did not occur'), (NULL, 'and NULL')) AS v(given, why) WHERE name = 'efron';
SELECT is(pg_temp.failure(format('SELECT cox_survival(c, %L, 4) FROM fitted WHERE name = ''efron''', given)), message, message)
FROM (VALUES ('{"g": "b", "b": true}', '22023 feature "x" is not given'), ('{"x": "0.3", "g": "b", "b": true}', '22023 feature "x" is not a number'), ('{"x": 0.3, "g": 1, "b": true}', '22023 feature "g" is not a text'),
             ('[1]', '22023 features are not an object of JSON, as to_jsonb of a row is')) AS v(given, message);
SELECT is(pg_temp.failure('SELECT cox_survival(c, ''{"x": 0.3, "g": "b", "b": true}'', -1) FROM fitted'), '22023 at -1 is not at least 0', 'no time before the beginning');
SELECT is(pg_temp.failure('SELECT * FROM fitted, coefficients(c, 1)'), '22023 confidence 1 is not between 0 and 1', 'a confidence that is none');

-- What is refused, and how it is told.
SELECT is(pg_temp.failure(statement), message, message)
FROM (VALUES
    ($$SELECT fit_cox('SELECT * FROM three WHERE x > 5', 't', 'e')$$, '22023 the query gives no rows'),
    ($$SELECT fit_cox('SELECT t, e, NULL::int AS x FROM three', 't', 'e')$$, '22023 a feature is missing in each of the 3 rows of the query'),
    ($$SELECT fit_cox('SELECT t, false AS e, x FROM three', 't', 'e')$$, '22023 column "e", the event, is true in none of 3 rows'),
    ($$SELECT fit_cox('SELECT t, e, x, t + x AS y, t * t AS z FROM three', 't', 'e')$$, '22023 3 terms are more than 2 events'),
    ($$SELECT fit_cox('SELECT -t AS t, e, x FROM three WHERE t = 1', 't', 'e')$$, '22023 column "t", the duration, has the value -1'),
    ($$SELECT fit_cox('SELECT nullif(t, 1) AS t, e, x FROM three', 't', 'e')$$, '22004 column "t", the duration, is NULL in row 1 of the query'),
    ($$SELECT fit_cox('SELECT ''NaN''::float8 AS t, e, x FROM three', 't', 'e')$$, '22023 column "t" has the value NaN, which is no time'),
    ($$SELECT fit_cox('SELECT t, nullif(e, false) AS e, x FROM three', 't', 'e')$$, '22004 column "e", the event, is NULL in row 3 of the query'),
    ($$SELECT fit_cox('SELECT t, t AS e, x FROM three', 't', 'e')$$, '22023 column "e", the event, has the value 2'),
    ($$SELECT fit_cox('SELECT t, e::text AS e, x FROM three', 't', 'e')$$, '42804 column "e", the event, is text'),
    ($$SELECT fit_cox('SELECT t::text AS t, e, x FROM three', 't', 'e')$$, '42804 column "t", the duration, is text'),
    ($$SELECT fit_cox('SELECT t, e, x, now() AS seen FROM three', 't', 'e')$$, '42804 column "seen" of the query is timestamp with time zone, which is no number, boolean or text'),
    ($$SELECT fit_cox('SELECT t, e, x FROM three', 'duration', 'e')$$, '42703 the query has no column "duration", which should be the duration'),
    ($$SELECT fit_cox('SELECT t, e, x FROM three', 't', 'e', 'efron', 'account')$$, '42703 the query has no column "account", which should be the cluster'),
    ($$SELECT fit_cox('SELECT t, e, x, x FROM three', 't', 'e')$$, '42701 two columns of the query are named "x"'),
    ($$SELECT fit_cox('SELECT t, e, x, t FROM three', 't', 'e')$$, '42702 two columns of the query are named "t"'),
    ($$SELECT fit_cox('SELECT t, e FROM three', 't', 'e')$$, '22023 the query has no feature'),
    ($$SELECT fit_cox('SELECT t, e, x FROM three', 't', 't')$$, '22023 column "t" cannot be both the duration and the event'),
    ($$SELECT fit_cox('SELECT t, e, x, t AS s FROM three', 't', 'e', start => 's')$$, '22023 a row starts at 1 and ends at 1'),
    ($$SELECT fit_cox('SELECT t, e, x FROM three', 't', 'e', 'exact')$$, '22023 unknown ties "exact"'),
    ($$SELECT fit_cox('SELECT t, e, x FROM three', 't', 'e', NULL)$$, '22004 ties must not be NULL'),
    ($$SELECT fit_cox(NULL, 't', 'e')$$, '22004 query must not be NULL'),
    ($$SELECT fit_cox('SELECT t, e, x FROM three', NULL, 'e')$$, '22004 duration must not be NULL'),
    ($$SELECT fit_cox('SELECT t, e, x FROM three', 't', NULL)$$, '22004 event must not be NULL'),
    ($$SELECT fit_cox('SELECT t, e, 1e101::float8 AS x FROM three', 't', 'e')$$, '22003 column "x" has the value 1e+101'),
    ($$SELECT fit_cox('SELECT n AS t, true AS e, n::text AS id FROM generate_series(1, 600) AS n', 't', 'e')$$, '54000 column "id" has more than 501 different values'),
    ($$SELECT fit_cox('SELECT n AS t, true AS e, repeat(n::text, 100) AS id FROM generate_series(1, 600) AS n', 't', 'e')$$, '54000 column "id" has a value of 300 bytes'),
    ($$SELECT fit_cox('SELECT n AS t, true AS e, (n % 300)::text AS a, (n % 301)::text AS b FROM generate_series(1, 2000) AS n', 't', 'e')$$, '54000 599 terms are more than 500')) AS v(statement, message);
SELECT is(pg_temp.refusal(format('SELECT fit_cox(%L, ''t'', ''e'')', query)), state, 'refused: ' || query)
FROM (VALUES ('', '42601'), ('SELECT 1; SELECT 2', '42601'), ('DELETE FROM three RETURNING *', '42601'), ('WITH d AS (DELETE FROM three RETURNING *) TABLE d', '42601'), ('SELECT * FROM three FOR UPDATE', '42601'), ('SELECT * INTO four FROM three', '42601'),
             ('SHOW all', '42601'), ('EXPLAIN TABLE three', '42601'), ('SELECT * FROM nowhere', '42P01'), ('SELEC', '42601'), ('SELECT $1', '42P02')) AS v(query, state);
SELECT is((SELECT count(*) FROM three), 3::bigint, 'and nothing is lost');

-- It reads with the rights of who calls it.
CREATE ROLE cox_stranger;
GRANT USAGE ON SCHEMA csmetrics TO cox_stranger;
SET LOCAL ROLE cox_stranger;
SELECT is(pg_temp.refusal('SELECT csmetrics.fit_cox(''SELECT x, y, months, churned FROM many'', ''months'', ''churned'')'), '42501', 'who may not read a table fits nothing to it');
RESET ROLE;

-- It stops where it is asked to.
CREATE FUNCTION pg_temp.stopped(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'it ended';
EXCEPTION WHEN query_canceled THEN
    RETURN SQLSTATE;
END $$;
SELECT format('CREATE TEMP TABLE wide AS SELECT n AS t, true AS e, %s FROM generate_series(1, 20000) AS n', string_agg(format('sin(n * %s) AS x%1$s', k), ', ')) FROM generate_series(1, 200) AS k \gexec
SET LOCAL statement_timeout = '700ms';
SELECT is(pg_temp.stopped('SELECT fit_cox(''TABLE wide'', ''t'', ''e'')'), '57014', 'a long fit is cancelled');
SET LOCAL statement_timeout = 0;
SELECT * FROM finish();
ROLLBACK;
