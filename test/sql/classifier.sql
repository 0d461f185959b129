\unset ECHO
\i test/psql.sql
-- Classifiers: figures by hand and against SQL that works them out another way, what is handled and said, what is refused.
BEGIN;
SELECT plan(111);
SELECT setseed(0.29) \g /dev/null
SET LOCAL statement_timeout = '300s';

CREATE FUNCTION pg_temp.near(a float8, b float8, tolerance float8 DEFAULT 1e-9) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= tolerance * greatest(1, abs(b)), false);
CREATE FUNCTION pg_temp.logit(p float8) RETURNS float8 LANGUAGE sql RETURN ln(p / (1 - p));
-- A plain logistic regression, as R's glm fits it.
CREATE FUNCTION pg_temp.plain(query text, label text, clusters text DEFAULT NULL, folds integer DEFAULT 0) RETURNS classifier LANGUAGE sql RETURN
    fit_classifier(query, label, cluster_column => clusters, ridge => 0, splines => false, interactions => false, folds => folds);
CREATE FUNCTION pg_temp.card(fit classifier) RETURNS jsonb LANGUAGE sql RETURN (SELECT to_jsonb(c) FROM classifier_card(fit) c);

-- By hand. 40 of 100 left among those with x, 10 of 100 without: log odds, and errors of sums of 1 / n.
CREATE TEMP TABLE hand AS SELECT n, n <= 100 AS x, n % 100 < CASE WHEN n <= 100 THEN 40 ELSE 10 END AS gone, n / 4 AS firm FROM generate_series(1, 200) n;
CREATE TEMP TABLE hand_fit AS SELECT pg_temp.plain('SELECT x, gone FROM hand', 'gone') AS f;
SELECT is(string_agg(term, ' ' ORDER BY term), '(Intercept) xtrue', 'terms are named as R does') FROM hand_fit, coefficients(f);
SELECT ok(pg_temp.near(coefficient, CASE term WHEN 'xtrue' THEN ln(40 / 60.0) - ln(10 / 90.0) ELSE ln(10 / 90.0) END) AND
          pg_temp.near(standard_error, sqrt(CASE term WHEN 'xtrue' THEN 1 / 40.0 + 1 / 60.0 + 1 / 10.0 + 1 / 90.0 ELSE 1 / 10.0 + 1 / 90.0 END)), term || ': coefficient and error by hand')
FROM hand_fit, coefficients(f) ORDER BY term;
SELECT ok(pg_temp.near(z, coefficient / standard_error) AND round((p * 1e10)::numeric) = 45605, 'z and p') FROM hand_fit, coefficients(f) WHERE term = 'xtrue';
SELECT ok(pg_temp.near((pg_temp.card(f) ->> 'log_likelihood')::float8, 40 * ln(0.4) + 60 * ln(0.6) + 10 * ln(0.1) + 90 * ln(0.9)), 'log likelihood by hand') FROM hand_fit;
SELECT ok(pg_temp.near(predict(f, '{"x": true}'), 0.4) AND pg_temp.near(predict(f, '{"x": false, "y": 7}'::jsonb), 0.1) AND pg_temp.near(predict(f, '{"x": "true"}'::jsonb), 0.4), 'predictions by hand') FROM hand_fit;
SELECT ok(pg_temp.near(predict_numbers(f, '{2}'), 0.4) AND pg_temp.near(predict_numbers(f, '{1}'), 0.1), 'of an array, texts by the place of their level') FROM hand_fit;
-- The mean of log odds is the base.
SELECT ok(pg_temp.near((SELECT contribution FROM explain_prediction(f, '{"x": true}') WHERE feature = '(base)'), (pg_temp.logit(0.4) + pg_temp.logit(0.1)) / 2)
      AND pg_temp.near((SELECT contribution FROM explain_prediction(f, '{"x": true}') WHERE feature = 'x'), (pg_temp.logit(0.4) - pg_temp.logit(0.1)) / 2), 'why, by hand') FROM hand_fit;
-- Clustered errors, as Liang and Zeger have them: of a saturated fit the inverse information is known, and what rows of a firm add to the gradient.
CREATE TEMP TABLE by_firm AS
SELECT firm, sum(r) FILTER (WHERE NOT x) AS without, sum(r) FILTER (WHERE x) AS of_x FROM (SELECT *, gone::int - CASE WHEN x THEN 0.4 ELSE 0.1 END AS r FROM hand) h GROUP BY firm;
SELECT ok(pg_temp.near(c.standard_error, sqrt(g / (g - 1) * s)), 'a clustered error against SQL: ' || term)
FROM coefficients(pg_temp.plain('SELECT x, gone, firm FROM hand', 'gone', 'firm')) c,
     (SELECT count(*)::float8 AS g, sum((coalesce(without, 0) / 9) ^ 2) AS of_intercept, sum((coalesce(of_x, 0) / 24 - coalesce(without, 0) / 9) ^ 2) AS of_x FROM by_firm) f,
     LATERAL (SELECT CASE term WHEN 'xtrue' THEN f.of_x ELSE f.of_intercept END AS s) s ORDER BY term;
SELECT is((SELECT string_agg(feature, ' ' ORDER BY feature) FROM classifier_features(pg_temp.plain('SELECT x, gone, firm FROM hand', 'gone', 'firm'))), 'x', 'a cluster is no feature');

-- Coefficients in the unit of a number, wherever its mean is: Newton's steps in SQL.
CREATE TEMP TABLE line AS SELECT n, 1e6 + n * 0.25 AS far, random() < 1 / (1 + exp(1 - n / 150.0)) AS y FROM generate_series(1, 400) n;
CREATE FUNCTION pg_temp.newton(OUT a float8, OUT b float8, OUT error float8) LANGUAGE plpgsql AS $$
DECLARE
    s record;
BEGIN
    a := 0;
    b := 0;
    FOR i IN 1..20 LOOP
        SELECT sum(y::int - p) AS ga, sum((y::int - p) * x) AS gb, sum(p * (1 - p)) AS aa, sum(p * (1 - p) * x) AS ab, sum(p * (1 - p) * x * x) AS bb INTO s
        FROM (SELECT y, n / 100.0::float8 AS x, 1 / (1 + exp(-(a + b * n / 100.0))) AS p FROM line) l;
        a := a + (s.bb * s.ga - s.ab * s.gb) / (s.aa * s.bb - s.ab * s.ab);
        b := b + (s.aa * s.gb - s.ab * s.ga) / (s.aa * s.bb - s.ab * s.ab);
    END LOOP;
    error := sqrt(s.aa / (s.aa * s.bb - s.ab * s.ab));
END $$;
SELECT ok(pg_temp.near(c.coefficient, 0.04 * b) AND pg_temp.near(c.standard_error, 0.04 * error), 'a slope and its error, far from 0, as Newton''s steps in SQL have them')
FROM coefficients(pg_temp.plain('SELECT far, y FROM line', 'y')) c, pg_temp.newton() WHERE term = 'far';
SELECT ok(pg_temp.near(c.coefficient, a - 4e4 * b * 1, 1e-7), 'and the intercept, where it is 0') FROM coefficients(pg_temp.plain('SELECT far, y FROM line', 'y')) c, pg_temp.newton() WHERE term = '(Intercept)';

-- Customers of which the two things that matter are known, and some that do not.
CREATE TEMP TABLE customer AS
SELECT n, 'c' || n AS name, age, fee, plan, region, noise, date '2024-01-01' + n % 300 AS day, n % 90 AS firm,
       random() < 1 / (1 + exp(-(-2.5 - 1.5 * (age - 2) + 4 * abs(fee - 5) / 5 + CASE plan WHEN 'free' THEN 1.5 WHEN 'pro' THEN -1 ELSE 0 END))) AS gone
FROM (SELECT n, random() * 4 AS age, random() * 10 AS fee, (ARRAY['free', 'basic', 'pro'])[1 + n % 3] AS plan, 'r' || n * 7 % 5 AS region, random() AS noise FROM generate_series(1, 1500) n) c;
UPDATE customer SET fee = NULL WHERE n % 17 = 0;
CREATE TEMP TABLE learnt AS SELECT fit_classifier('SELECT age, fee, plan, region, noise, gone FROM customer', 'gone', segment_column => 'region') AS f, fit_classifier('SELECT age, fee, plan, region, noise, gone FROM customer', 'gone') AS g;
SELECT is(g, fit_classifier(format('SELECT age, fee, plan, region, noise, gone FROM customer ORDER BY %s', o), 'gone'), 'the same bytes in order of ' || o) FROM learnt, (VALUES ('md5(name)'), ('fee DESC'), ('n % 7')) v(o);
SET LOCAL work_mem = '64kB';
SET LOCAL DateStyle = 'German';
SET LOCAL TimeZone = 'Asia/Kathmandu';
SET LOCAL extra_float_digits = -5;
SELECT is(g, fit_classifier('SELECT age, fee, plan, region, noise, gone FROM customer ORDER BY name', 'gone'), 'whatever the settings are') FROM learnt;
SET LOCAL extra_float_digits = 1;
SELECT isnt(g, fit_classifier('SELECT age, fee, plan, region, noise, gone FROM customer WHERE n < 1500', 'gone'), 'and not the same without a row') FROM learnt;
SELECT is(f::text::classifier, f, 'it is read as it is written') FROM learnt;
SELECT ok(c ->> 'verdict' = 'better than chance' AND (c ->> 'auc_lower')::float8 > 0.75 AND (c ->> 'auc')::float8 BETWEEN (c ->> 'auc_lower')::float8 AND (c ->> 'auc_upper')::float8, 'it is better than chance') FROM learnt, pg_temp.card(g) c;
SELECT is(c ->> 'split', 'random, 10 folds: not by time', 'its card says that rows were held back by chance') FROM learnt, pg_temp.card(g) c;
SELECT ok((c ->> 'calibration_slope')::float8 BETWEEN 0.8 AND 1.25 AND abs((c ->> 'calibration_intercept')::float8) < 0.2, 'its chances are what they say') FROM learnt, pg_temp.card(g) c;
SELECT ok((c ->> 'brier')::float8 < 0.2 AND (c ->> 'lift')::float8 BETWEEN 1.5 AND 1 / ((c ->> 'positives')::float8 / (c ->> 'rows')::float8), 'Brier score and lift') FROM learnt, pg_temp.card(g) c;
SELECT is(row(c ->> 'rows', c ->> 'positives', c ->> 'tested')::text, (SELECT row(count(*), count(*) FILTER (WHERE gone), count(*))::text FROM customer), 'its card counts') FROM learnt, pg_temp.card(g) c;
SELECT is(c -> 'features', '["age", "fee", "plan", "region", "noise"]'::jsonb, 'and names the features') FROM learnt, pg_temp.card(g) c;
SELECT ok(c ->> 'hash' ~ '^[0-9a-f]{16}$' AND c ->> 'hash' <> pg_temp.card(f) ->> 'hash', 'each has a hash of its own') FROM learnt, pg_temp.card(g) c;
SELECT ok((c99 ->> 'auc_lower')::float8 < (c ->> 'auc_lower')::float8, 'confidence is for the reader to say') FROM learnt, pg_temp.card(g) c, LATERAL (SELECT to_jsonb(d) FROM classifier_card(g, 0.99) d) w(c99);
SELECT ok((c ->> 'auc')::float8 > (pg_temp.card(pg_temp.plain('SELECT age, fee, plan, region, noise, gone FROM customer', 'gone', folds => 10)) ->> 'auc')::float8 + 0.01, 'what bends is told better than by lines') FROM learnt, pg_temp.card(g) c;

-- Why.
CREATE TEMP TABLE told AS SELECT c.n, c.region, f, to_jsonb(c) AS json, predict(f, to_jsonb(c)) AS p FROM customer c, learnt;
SELECT is_empty('SELECT n FROM (SELECT n, p, sum(contribution) AS s FROM told, explain_prediction(f, json) WHERE n <= 200 GROUP BY n, p) t WHERE NOT pg_temp.near(s, pg_temp.logit(p))', 'contributions add up to the log odds');
SELECT is_empty('SELECT n FROM (SELECT n, p, sum(contribution) AS s FROM told, explain_prediction(f, json, region) WHERE n <= 200 GROUP BY n, p) t WHERE NOT pg_temp.near(s, pg_temp.logit(p))', 'and so they do against a segment');
SELECT ok(pg_temp.near(contribution, (SELECT avg(pg_temp.logit(p)) FROM told)), 'the base is the mean log odds') FROM learnt, explain_prediction(f, '{}') WHERE feature = '(base)';
SELECT ok(pg_temp.near(contribution, (SELECT avg(pg_temp.logit(p)) FROM told WHERE region = r)), 'that of segment ' || r || ' its own') FROM learnt, (VALUES ('r0'), ('r3')) v(r), explain_prediction(f, '{}', r) WHERE feature = '(base)';
SELECT is_empty('SELECT feature FROM (SELECT feature, avg(contribution) AS m FROM told, explain_prediction(f, json) WHERE feature <> ''(base)'' GROUP BY feature) t WHERE NOT pg_temp.near(m, 0)', 'contributions of all are 0 on average');
SELECT is((SELECT array_agg(feature) FROM (SELECT feature FROM told, explain_prediction(f, json) WHERE feature <> '(base)' GROUP BY feature ORDER BY avg(abs(contribution)) DESC LIMIT 3) t), '{age,fee,plan}', 'what matters leads the reasons');
SELECT ok(bool_and(order_kept), 'the largest first') FROM (SELECT coalesce(lag(abs(contribution)) OVER (PARTITION BY n ORDER BY ord) >= abs(contribution), true) AS order_kept
    FROM told, explain_prediction(f, json) WITH ORDINALITY e(feature, contribution, ord) WHERE n <= 50 AND feature <> '(base)') o;

-- Both ways to give features.
SELECT is_empty($$SELECT t.n FROM told t JOIN customer c USING (n), LATERAL (SELECT array_position(ARRAY['basic', 'free', 'pro'], plan) AS at) a
                  WHERE n <= 300 AND NOT pg_temp.near(predict_numbers((SELECT g FROM learnt), ARRAY[age, fee, at, right(c.region, 1)::int + 1, noise]::float8[]), predict((SELECT g FROM learnt), to_jsonb(c)), 1e-13)$$, 'an array tells what jsonb does');
SELECT is_empty($$SELECT c.n, r, e.f FROM customer c, learnt, LATERAL (SELECT array_position(ARRAY['basic', 'free', 'pro'], plan) AS at) a,
                  LATERAL prediction_reasons(g, ARRAY[age, fee, at, right(c.region, 1)::int + 1, noise]::float8[], '', 2) r,
                  LATERAL (SELECT coalesce(array_agg(feature ORDER BY contribution DESC), '{}') AS f FROM (SELECT * FROM explain_prediction(g, to_jsonb(c)) WHERE feature <> '(base)' AND contribution >= 0.05 ORDER BY contribution DESC LIMIT 2) x) e
                  WHERE n <= 200 AND r <> e.f$$, 'reasons are what adds most');
SELECT is_empty($$SELECT c.n FROM customer c, told t, learnt, LATERAL (SELECT array_position(ARRAY['basic', 'free', 'pro'], plan) AS at) a,
                  LATERAL prediction_reasons(learnt.f, ARRAY[age, fee, at, noise]::float8[], c.region) r,
                  LATERAL (SELECT coalesce(array_agg(feature ORDER BY contribution DESC), '{}') AS f FROM (SELECT * FROM explain_prediction(learnt.f, t.json, c.region) WHERE feature <> '(base)' AND contribution >= 0.05 ORDER BY contribution DESC LIMIT 3) x) e
                  WHERE c.n = t.n AND c.n <= 200 AND r <> e.f$$, 'against the segment, too');
SELECT ok(prediction_reasons(g, '{1,1,1,1,1}', 'nowhere') = prediction_reasons(g, '{1,1,1,1,1}') AND prediction_reasons(g, '{1,1,1,1,1}', at_most => 0) = '{}' AND prediction_reasons(g, NULL) IS NULL, 'of a segment that is not known, against all') FROM learnt;
SELECT is((SELECT string_agg(concat_ws(' ', position, feature, kind, levels), ', ' ORDER BY position) FROM learnt, classifier_features(g)),
          '1 age number, 2 fee number, 3 plan text {basic,free,pro}, 4 region text {r0,r1,r2,r3,r4}, 5 noise number', 'in the order of the features');
SELECT is(predict(g, '{"age": 1, "plan": "free", "region": "r1", "noise": 0.5}'::jsonb), predict(g, '{"age": 1, "fee": null, "plan": "free", "region": "r1", "noise": 0.5}'::jsonb), 'what is not there is missing') FROM learnt;
SELECT is(predict_numbers(g, '{1, NULL, 2, 2, 0.5}'), predict_numbers(g, '{1, NaN, 2, 2, 0.5}'), 'so are NULL and NaN') FROM learnt;
SELECT ok(pg_temp.near(predict_numbers(g, '{1, NULL, 2, 2, 0.5}'), predict(g, '{"age": 1, "plan": "free", "region": "r1", "noise": 0.5}'::jsonb), 1e-13), 'the same in an array') FROM learnt;
SELECT ok(predict(g, '{"plan": "never seen"}'::jsonb) BETWEEN 0 AND 1, 'a level that was never seen is told of') FROM learnt;
SELECT is(predict(NULL::classifier, '{}'::jsonb), NULL, 'NULL of NULL');
-- To the last bit: with x -1 and 1 alike often, mean and spread leave numbers as they are, and the mean over a segment of one each is 0.
CREATE TEMP TABLE unit AS SELECT fit_classifier('SELECT CASE WHEN n % 2 = 0 THEN 1 ELSE -1 END AS x, n % 3 = 0 OR n % 8 = 1 AS y, n <= 2 AS two FROM generate_series(1, 240) n', 'y', segment_column => 'two',
    ridge => 0, splines => false, interactions => false, folds => 0) AS f;
CREATE TEMP TABLE slope AS SELECT f, coefficient AS b FROM unit, coefficients(f) WHERE term = 'x';
CREATE TEMP TABLE number AS SELECT sign * m * (10::numeric ^ e) AS v FROM (SELECT n, (random() * 10 ^ (1 + n % 20))::numeric AS m, CASE WHEN n % 2 = 0 THEN 1 ELSE -1 END AS sign, n % 41 - 25 AS e FROM generate_series(1, 4000) n) r
    UNION ALL SELECT (random() * 100)::float8::numeric FROM generate_series(1, 2000) UNION ALL SELECT (1 / (1 + random() * 1e6))::text::numeric FROM generate_series(1, 2000)
    UNION ALL SELECT unnest('{0,1,-1,0.1,0.0001,9007199254740993,9007199254740992,90071992547409925,18446744073709551615,18446744073709551616,99999999999999999999,0.99999999999999999999,123456789012345678901234567890,1e-300,1e300,0.30000000000000004,2.5,1e22,1e23,12345678901234567e-19}'::numeric[]);
SELECT is_empty($$SELECT v, e.contribution, v::float8 * b FROM slope, number, explain_prediction(f, jsonb_build_object('x', v), 'true') e WHERE feature = 'x' AND e.contribution <> v::float8 * b$$, 'numerics are the nearest doubles');

-- Causes that lie in pairs alone.
CREATE TEMP TABLE paired AS SELECT *, random() < CASE WHEN (a > 0.5) <> (b > 0.45) THEN 0.9 ELSE 0.1 END AS y FROM (SELECT random() AS a, random() AS b, random() AS c, 'k' || n % 3 AS k FROM generate_series(1, 3000) n) p;
SELECT is(c -> 'interactions', '["a x b"]'::jsonb, 'the pair is found, and no other') FROM pg_temp.card(fit_classifier('SELECT * FROM paired', 'y', folds => 5)) c;
SELECT ok((pg_temp.card(fit_classifier('SELECT * FROM paired', 'y', folds => 5)) ->> 'auc')::float8 > 0.87 AND (pg_temp.card(fit_classifier('SELECT * FROM paired', 'y', interactions => false, folds => 5)) ->> 'auc')::float8 < 0.65, 'and tells what no feature does alone');
CREATE TEMP TABLE paired_fit AS SELECT fit_classifier('SELECT * FROM paired', 'y', folds => 0) AS f;
SELECT is_empty($$SELECT s FROM (SELECT predict(f, j) AS p, (SELECT sum(contribution) FROM explain_prediction(f, j)) AS s FROM paired_fit, (SELECT to_jsonb(q) AS j FROM paired q LIMIT 100) j) t WHERE NOT pg_temp.near(s, pg_temp.logit(p))$$, 'with pairs contributions add up, too');
SELECT ok(bool_or(term LIKE 'a at % x b at %'), 'their cells are terms') FROM paired_fit, coefficients(f);

-- Labels that mean nothing.
CREATE TEMP TABLE chance AS SELECT s, c.verdict FROM generate_series(1, 20) s,
    LATERAL classifier_card(fit_classifier(format('SELECT a, b, c, k, d, md5(%s || n::text) < ''4'' AS y FROM (SELECT *, row_number() OVER (ORDER BY a) AS n, a * b AS d FROM paired LIMIT 800) q', s), 'y', seed => s, folds => 5)) c;
SELECT cmp_ok(count(*), '>=', 19::bigint, 'seeds 1 to 20 of shuffled labels: ' || string_agg(s || ' ' || verdict, ', ' ORDER BY s)) FROM chance WHERE verdict = 'not better than chance';

-- A time splits before from after, and clusters stay together.
SELECT ok(c ->> 'split' = 'by time: the last quarter' AND (c ->> 'tested')::int BETWEEN 375 AND 385 AND c ->> 'verdict' = 'better than chance', 'by time, the last quarter is foretold from what was before')
FROM pg_temp.card(fit_classifier('SELECT age, fee, plan, day, gone FROM customer', 'gone', time_column => 'day')) c;
SELECT is(pg_temp.card(fit_classifier('SELECT age, fee, date ''2024-01-01'' AS day, gone FROM customer', 'gone', time_column => 'day')) ->> 'split', 'random, 10 folds: not by time', 'where all is of one day, by chance');
-- What holds until a day, and the reverse after it: only a split by time sees that.
CREATE TEMP TABLE turned AS SELECT n, random() AS x FROM generate_series(1, 1200) n;
SELECT ok((pg_temp.card(fit_classifier('SELECT x, n, (x > 0.5) = (n <= 900) AS y FROM turned', 'y', time_column => 'n')) ->> 'auc')::float8 < 0.1, 'it does not look ahead');
-- The label is that of the firm, so that all of a firm's rows tell the same: with folds by firm there is nothing to be known.
CREATE TEMP TABLE firm AS SELECT firm, md5(firm::text) < '8' AS y, 100 * firm + random() AS x FROM generate_series(1, 60) firm, generate_series(1, 20);
SELECT is(row(pg_temp.card(fit_classifier('SELECT * FROM firm', 'y', cluster_column => 'firm', folds => 5)) ->> 'verdict', (pg_temp.card(fit_classifier('SELECT x, y FROM firm', 'y', folds => 5)) ->> 'auc')::float8 > 0.6)::text,
          row('not better than chance', true)::text, 'rows of a cluster are in one fold: none tells of another');

-- Labels.
SELECT is(pg_temp.plain(format('SELECT x, %s AS gone FROM hand', label), 'gone'), f, 'a label as ' || label)
FROM hand_fit, (VALUES ('gone::int'), ('gone::text'), ('CASE WHEN gone THEN ''Yes'' ELSE ''no'' END'), ('gone::int::numeric')) v(label);
SELECT is(pg_temp.card(pg_temp.plain('SELECT x, CASE WHEN n % 10 > 0 THEN gone END AS gone FROM hand', 'gone')) ->> 'rows', '180', 'rows without a label are not counted');

-- What is wrong with features is said, and lived with.
CREATE FUNCTION pg_temp.notes(query text, ridge float8 DEFAULT NULL) RETURNS text LANGUAGE sql RETURN (
    SELECT array_to_string(notes, '; ') FROM classifier_card(fit_classifier(query, 'y', ridge => ridge, splines => ridge IS NULL, interactions => false, folds => 0)));
CREATE TEMP TABLE plain_row AS SELECT n, n % 7 + random() AS x, n * 31 % 17 < 8 AS y FROM generate_series(1, 300) n;
SELECT is(pg_temp.notes('SELECT x, y, 5 AS five, ''k''::text AS k, NULL::int AS nothing FROM plain_row'), 'five: left out, it is the same in all rows; k: left out, it is the same in all rows; nothing: left out, it is the same in all rows', 'constants');
SELECT is(pg_temp.notes('SELECT x, y, 3 - 2 * x AS same FROM plain_row', 0), 'same: left out, those before it tell it', 'collinear columns');
SELECT is((SELECT count(*) FROM coefficients(pg_temp.plain('SELECT x, y, 3 - 2 * x AS same FROM plain_row', 'y')) WHERE term = 'same' AND coefficient IS NULL AND standard_error IS NULL), 1::bigint, 'have no coefficient');
SELECT is(pg_temp.notes('SELECT x, y, CASE WHEN n > 250 THEN ''rare '' || n % 9 ELSE ''k'' || n % 2 END AS k FROM plain_row'), 'k: 9 rare levels are taken together', 'rare levels');
SELECT is(pg_temp.notes('SELECT x, y, ''id '' || n AS id FROM plain_row'), 'id: left out, of its 300 texts none is there often enough', 'texts of which each is its own');
SELECT is(pg_temp.notes('SELECT CASE WHEN n % 5 > 0 THEN x END AS x, CASE WHEN n % 100 > 0 THEN x * x END AS z, CASE WHEN n % 3 > 0 THEN ''k'' || n % 2 END AS k, y FROM plain_row'),
          'x: 60 missing, told by a column of their own; z: 3 missing, taken for the mean; k: 100 missing, a level of their own', 'missing values');
SELECT is(pg_temp.notes('SELECT x, y, NULL::boolean AS z FROM plain_row UNION ALL SELECT x, NULL, NULL FROM plain_row WHERE n <= 4'), '4 rows without a label are not counted; z: left out, it is the same in all rows', 'labels that are not there');
SELECT is(pg_temp.notes('SELECT n AS x, n > 150 AS y FROM plain_row', 0), 'separated: some rows are told apart for sure, so a small ridge was added; coefficients and errors hang on it', 'separation');
SELECT ok((SELECT bool_and(isfinite(now()) AND abs(coefficient) < 1e3 AND standard_error < 1e3) FROM coefficients(pg_temp.plain('SELECT n AS x, n > 150 AS y FROM plain_row', 'y'))), 'coefficients stay within bounds then');
SELECT is(pg_temp.notes('SELECT n AS x, n > 150 AS y FROM plain_row'), '', 'with a ridge it is no matter');
SELECT is(verdict, 'not tested', 'without folds nothing is tested') FROM classifier_card(pg_temp.plain('SELECT x, y FROM plain_row', 'y'));

-- Refused: SQLSTATE, and what is wrong.
SELECT is(pg_temp.failure(format('SELECT fit_classifier(%L, %L%s)', query, label, options)), failure, failure)
FROM (VALUES (1, 'SELECT 1 AS a, true AS y WHERE false', 'y', '', '22023 the query gives no rows'),
    (2, 'SELECT 1 AS a, NULL::boolean AS y', 'y', '', '22023 no row of the query has a label'),
    (3, 'SELECT n AS a, true AS y FROM generate_series(1, 20) n', 'y', '', '22023 label "y" is true in all 20 rows'),
    (4, 'SELECT n AS a, n AS y FROM generate_series(1, 20) n', 'y', '', '22023 label "y" is "2", which is neither true nor false'),
    (5, 'SELECT n AS a, ''left''::text AS y FROM generate_series(1, 20) n', 'y', '', '22023 label "y" is "left", which is neither true nor false'),
    (6, 'SELECT n AS a, n AS b, n AS c, n > 2 AS y FROM generate_series(1, 9) n', 'y', '', '22023 3 features, and only 2 rows whose label "y" is false'),
    (7, 'SELECT n AS a, n > 2 AS y FROM generate_series(1, 9) n', 'z', '', '42703 the query has no column "z" to be the label'),
    (8, 'SELECT n AS a, n > 2 AS y FROM generate_series(1, 9) n', 'y', ', cluster_column => ''firm''', '42703 the query has no column "firm" to be the cluster'),
    (9, 'SELECT n > 2 AS y FROM generate_series(1, 9) n', 'y', '', '22023 the query has no features beside the label'),
    (10, 'SELECT n AS a, n AS a, n > 2 AS y FROM generate_series(1, 9) n', 'y', '', '42701 the query has two columns "a"'),
    (11, 'SELECT now() AS a, true AS y', 'y', '', '42804 column "a" is of type timestamp with time zone, and cannot be a feature'),
    (12, 'SELECT ''{1}''::int[] AS a, true AS y', 'y', '', '42804 column "a" is of type integer[], and cannot be a feature'),
    (13, 'SELECT ''x''::text AS t, 1 AS a, true AS y', 'y', ', time_column => ''t''', '42804 column "t" is of type text, and cannot be the time'),
    (14, 'SELECT ''inf''::float8 AS a, true AS y', 'y', '', '22003 column "a" has an infinite value'),
    (15, 'SELECT NULL::date AS t, 1 AS a, true AS y', 'y', ', time_column => ''t''', '22004 column "t", the time, is NULL in a row'),
    (16, 'SELEC 1', 'y', '', '42601 syntax error at or near "SELEC"'),
    (17, 'SELECT nothing FROM customer', 'y', '', '42703 column "nothing" does not exist'),
    (18, 'DELETE FROM customer', 'y', '', '42601 the query is not a SELECT: DELETE FROM customer'),
    (19, 'WITH d AS (DELETE FROM customer RETURNING *) SELECT * FROM d', 'gone', '', '42601 the query does more than to read: WITH d AS (DELETE FROM customer RETURNING *) SELECT * FROM d'),
    (20, 'SELECT * FROM customer FOR UPDATE', 'gone', '', '42601 the query does more than to read: SELECT * FROM customer FOR UPDATE'),
    (21, 'SELECT * INTO other FROM customer', 'gone', '', '42601 the query is not a SELECT: SELECT * INTO other FROM customer'),
    (22, 'SELECT 1; SELECT 2', 'y', '', '42601 the query is more than one statement: SELECT 1; SELECT 2'),
    (23, '', 'y', '', '42601 the query is empty: '),
    (24, 'SELECT 1 AS a, true AS y', 'y', ', folds => 1', '22023 1 folds'),
    (25, 'SELECT 1 AS a, true AS y', 'y', ', ridge => -1', '22023 ridge -1'),
    (26, 'SELECT 1 AS a, true AS y', 'y', ', seed => -1', '22023 seed -1'),
    (27, NULL, 'y', '', '22004 the query must not be NULL'),
    (28, 'SELECT 1 AS a, true AS y', NULL, '', '22004 the label must not be NULL')) v(nr, query, label, options, failure) ORDER BY nr;
SELECT is(pg_temp.failure(format('SELECT %s FROM learnt', call)), failure, failure)
FROM (VALUES ('predict(g, ''[1]''::jsonb)', '22023 features are not a JSON object'), ('predict(g, ''{"age": "old"}''::jsonb)', '22023 feature "age" is no number'),
    ('predict(g, ''{"plan": [1]}''::jsonb)', '22023 feature "plan" is no text'), ('predict(g, ''{"age": 1e400}''::jsonb)', '22003 feature "age" is out of range'),
    ('predict_numbers(g, ''{1,2}'')', '22023 an array of 2 numbers, and 5 features'), ('predict_numbers(g, ''{inf,1,1,1,1}'')', '22003 feature "age" is out of range'),
    ('explain_prediction(g, ''{}'', ''r1'')', '22023 segment "r1" is not known to the classifier'), ('classifier_card(g, 1)', '22023 confidence 1 is not between 0 and 1')) v(call, failure);

-- With the rights of the caller, by names as the caller has them, and no longer than the caller wants.
CREATE ROLE classifier_nobody;
GRANT USAGE ON SCHEMA public TO classifier_nobody;
CREATE TABLE public.secret AS SELECT n AS a, n % 3 = 0 AS y FROM generate_series(1, 60) n;
SET LOCAL ROLE classifier_nobody;
SELECT throws_ok($$SELECT csmetrics.fit_classifier('SELECT * FROM public.secret', 'y')$$, '42501', NULL, 'nobody learns from what he may not read');
RESET ROLE;
SET LOCAL search_path = pg_catalog;
SELECT csmetrics.fit_classifier('SELECT * FROM public.secret', 'y') IS NOT NULL AS learnt \gset
SET LOCAL search_path = csmetrics, public;
SELECT ok(:'learnt', 'it needs no path of its own');
CREATE FUNCTION pg_temp.cancelled(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'it ran to its end';
EXCEPTION WHEN query_canceled THEN
    RETURN 'cancelled';
END $$;
SET LOCAL statement_timeout = '300ms';
SELECT is(pg_temp.cancelled($$SELECT fit_classifier('SELECT n * 7919 % 1009 AS a, n * 10473 % 997 AS b, n % 31 AS c, md5(n::text) < ''6'' AS y FROM generate_series(1, 60000) n', 'y', folds => 100)$$), 'cancelled', 'a fit can be cancelled');
SET LOCAL statement_timeout = 0;
SELECT * FROM finish();
ROLLBACK;
