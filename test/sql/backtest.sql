\unset ECHO
\i test/psql.sql
-- Predictions against what happened: by hand, against plain SQL that counts pairs and clusters, and against figures of R.
BEGIN;
SELECT plan(145);
SELECT setseed(0.31) \g /dev/null

CREATE FUNCTION pg_temp.near(a float8, b float8, tolerance float8 DEFAULT 1e-12) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= tolerance * greatest(1, abs(b)), false);
-- Predictions written as '3+ 2- 2-', a + where it happened; after a colon the subject.
CREATE FUNCTION pg_temp.of(predictions text) RETURNS backtest LANGUAGE sql RETURN (
    SELECT backtest_agg(m[1]::float8, m[2] = '+', m[3]) FROM regexp_split_to_table(predictions, ' ') AS p, regexp_match(p, '^([^ ]+)([+-])(?::(.*))?$') AS m);

-- By hand. Of 2 x 3 pairs 3+ wins three, 2+ two and a half.
CREATE TEMP TABLE hand AS SELECT pg_temp.of('0- 1- 2- 2+ 3+') AS b, pg_temp.of('0- 0.5- 0.5+ 1+ 0.25- 0.75+ 1- 0.25+') AS p;
SELECT is(b::text, '1 0|4 4|0 0 0 1|4607182418800017408 0 0 1|4611686018427387904 0 1 1|4613937818241073152 0 1 0', 'a risk is kept as the bits of its double') FROM hand;
SELECT is(row(prediction_count(b), happened_count(b), base_rate(b), auc(b)), row(5::bigint, 2::bigint, 0.4::float8, 11 / 12::float8), 'counts, base rate and area by hand') FROM hand;
SELECT is(row(f.flagged, f.hits, f.missed, f.precision, f.recall, f.lift), want, 'flagged from ' || risk_from || ', by hand')
FROM hand, (VALUES (2, row(3::bigint, 2::bigint, 0::bigint, 2 / 3::float8, 1::float8, 5 / 3::float8)), (2.5, row(1::bigint, 1::bigint, 1::bigint, 1::float8, 0.5::float8, 2.5::float8)),
    ('-infinity', row(5::bigint, 2::bigint, 0::bigint, 0.4::float8, 1::float8, 1::float8)), (-0.0, row(5::bigint, 2::bigint, 0::bigint, 0.4::float8, 1::float8, 1::float8)),
    (3.5, row(0::bigint, 0::bigint, 2::bigint, NULL::float8, 0::float8, NULL::float8)), ('infinity', row(0::bigint, 0::bigint, 2::bigint, NULL::float8, 0::float8, NULL::float8))) AS v (risk_from, want), flagged_at(b, risk_from) AS f;
SELECT is(row(f.precision_lower, f.precision_upper, f.recall_lower, f.recall_upper), row(p.lower, p.upper, r.lower, r.upper), 'their intervals are those of rates')
FROM hand, flagged_at(b, 2, 0.9) AS f, rate_interval(make_rate(2, 3), 0.9) AS p, rate_interval(make_rate(2, 2), 0.9) AS r;
-- Of the first 2.5 the tie of 2+ and 2- fills 1.5, so 0.75 of it happened.
SELECT is(row(t.flagged, t.hits, t.lift), want, 'lift of the first ' || share || ', by hand')
FROM hand, (VALUES (0.5, row(2.5::float8, 1.75::float8, 1.75::float8)), (0.2, row(1::float8, 1::float8, 2.5::float8)), (0.1, row(0.5::float8, 0.5::float8, 2.5::float8)),
    (0.4, row(2::float8, 1.5::float8, 1.875::float8)), (0.6, row(3::float8, 2::float8, 5 / 3::float8)), (1, row(5::float8, 2::float8, 1::float8))) AS v (share, want), top_lift(b, share) AS t;
SELECT is(row(t.lower, t.upper), row(r.lower / 0.4, r.upper / 0.4), 'where whole predictions are flagged, the interval is that of their rate over the base rate')
FROM hand, top_lift(b, 0.6, 0.8) AS t, rate_interval(make_rate(2, 3), 0.8) AS r;
-- Wilson of 1.75 among 2.5: (1.75 + z^2 / 2 -+ z sqrt(1.75 x 0.75 / 2.5 + z^2 / 4)) / (2.5 + z^2)
SELECT ok(pg_temp.near(t.lower * 0.4, (1.75 + z * z / 2 - z * sqrt(1.75 * 0.75 / 2.5 + z * z / 4)) / (2.5 + z * z)) AND pg_temp.near(t.upper * 0.4, (1.75 + z * z / 2 + z * sqrt(1.75 * 0.75 / 2.5 + z * z / 4)) / (2.5 + z * z)),
          'parts of predictions count as parts in the interval')
FROM hand, top_lift(b, 0.5) AS t, (VALUES (1.959963984540054::float8)) AS v (z);
SELECT is(top_lift(b), top_lift(b, 0.1, 0.95), 'a tenth and 95 % if not given') FROM hand;
SELECT results_eq('SELECT group_number, lowest_risk, highest_risk, mean_risk, predictions, happened, rate FROM hand, calibration(b, 3)',
    'VALUES (1, 0::float8, 1::float8, 0.5::float8, 2::bigint, 0::bigint, 0::float8), (2, 2, 2, 2, 2, 1, 0.5), (3, 3, 3, 3, 1, 1, 1)', 'groups by hand: ties stay together');
SELECT is(row(c.lower, c.upper), row(r.lower, r.upper), 'a group''s interval is that of its rate') FROM hand, calibration(b, 3, 0.8) AS c, rate_interval(make_rate(1, 2), 0.8) AS r WHERE group_number = 2;
-- (0 + 1/4 + 1/4 + 0 + 1/16 + 1/16 + 1 + 9/16) / 8
SELECT is(brier(p), 2.1875 / 8::float8, 'Brier score by hand') FROM hand;
SELECT is(brier(pg_temp.of('0.25- 0.25- 0.25- 0.25+')), 0.1875::float8, 'who always says the base rate gets base rate (1 - base rate)');

-- Random predictions with ties: rows with and without a subject, subjects that share what they do.
CREATE TEMP TABLE pred AS
SELECT g, i, CASE WHEN g % 4 > 0 AND i % 7 > 0 THEN 's' || s END AS subject,
       CASE WHEN g % 3 = 0 THEN floor(v * 9) ELSE v END AS risk, random() < 0.15 + 0.06 * (g % 5) + 0.25 * (s % 2) + (g % 6 - 2) * 0.1 * v AS happened
FROM (SELECT g, i, floor(random() * (4 + g * 2))::int AS s, random() AS r FROM generate_series(1, 24) AS g, generate_series(1, 40 + 5 * g) AS i) AS d,
     LATERAL (SELECT r + 0.3 * (s % 3)) AS e (v);
CREATE FUNCTION pg_temp.win(a float8, b float8) RETURNS float8 LANGUAGE sql RETURN CASE WHEN a > b THEN 1 WHEN a = b THEN 0.5 ELSE 0 END;
CREATE TEMP TABLE state AS SELECT g, backtest_agg(risk, happened, subject) AS b, backtest_agg(risk, happened) AS apart FROM pred GROUP BY g;
CREATE TEMP TABLE pairs AS SELECT g, avg(pg_temp.win(a.risk, b.risk)) AS area FROM pred AS a JOIN pred AS b USING (g) WHERE a.happened AND NOT b.happened GROUP BY g;
SELECT ok(count(*) = 24 AND bool_and(pg_temp.near(auc(b), area) AND auc(b) = auc(apart)), 'the area is the share of pairs that are won') FROM state JOIN pairs USING (g);

-- Obuchowski (1997), section 2, as written there; with each row its own cluster, DeLong (1988).
CREATE TEMP TABLE placed AS
SELECT p.*, (SELECT avg(CASE WHEN p.happened THEN pg_temp.win(p.risk, o.risk) ELSE pg_temp.win(o.risk, p.risk) END) FROM pred AS o WHERE o.g = p.g AND o.happened <> p.happened) AS v FROM pred AS p;
CREATE FUNCTION pg_temp.logit_interval(area float8, variance float8, z float8, OUT lower float8, OUT upper float8) LANGUAGE sql RETURN (
    SELECT row(1 / (1 + exp(-(l - half))), 1 / (1 + exp(-(l + half)))) FROM (SELECT ln(area / (1 - area)) AS l, z * sqrt(variance) / (area * (1 - area)) AS half) AS q);
CREATE TEMP TABLE clustered AS
SELECT g, area, i10 / ((i10 - 1) * m) * s10 / m + i01 / ((i01 - 1) * n) * s01 / n + 2 * i / (i - 1) * s11 / (m * n) AS variance
FROM (SELECT g, area, sum(m) AS m, sum(n) AS n, count(*)::float8 AS i, (count(*) FILTER (WHERE m > 0))::float8 AS i10, (count(*) FILTER (WHERE n > 0))::float8 AS i01,
             sum((x - m * area) ^ 2) AS s10, sum((y - n * area) ^ 2) AS s01, sum((x - m * area) * (y - n * area)) AS s11
      FROM (SELECT g, coalesce(subject, 'row ' || i) AS cluster, count(*) FILTER (WHERE happened)::float8 AS m, count(*) FILTER (WHERE NOT happened)::float8 AS n,
                   coalesce(sum(v) FILTER (WHERE happened), 0) AS x, coalesce(sum(v) FILTER (WHERE NOT happened), 0) AS y FROM placed GROUP BY 1, 2) AS c JOIN pairs USING (g) GROUP BY g, area) AS t;
CREATE TEMP TABLE delong AS
SELECT g, area, var_samp(v) FILTER (WHERE happened) / count(*) FILTER (WHERE happened) + var_samp(v) FILTER (WHERE NOT happened) / count(*) FILTER (WHERE NOT happened) AS variance
FROM placed JOIN pairs USING (g) GROUP BY g, area;
SELECT ok(count(*) = 24 AND bool_and(pg_temp.near(have.lower, want.lower, 1e-10) AND pg_temp.near(have.upper, want.upper, 1e-10)), 'the interval is Obuchowski''s, ' || confidence)
FROM (VALUES (0.95::float8, 1.959963984540054::float8), (0.8, 1.2815515655446004)) AS z (confidence, z), state JOIN clustered USING (g), auc_interval(b, confidence) AS have, pg_temp.logit_interval(area, variance, z) AS want
GROUP BY confidence ORDER BY confidence;
SELECT ok(count(*) = 24 AND bool_and(pg_temp.near(have.lower, want.lower, 1e-10) AND pg_temp.near(have.upper, want.upper, 1e-10)), 'without subjects it is DeLong''s')
FROM state JOIN delong USING (g), auc_interval(apart) AS have, pg_temp.logit_interval(area, variance, 1.959963984540054) AS want;
SELECT ok(bool_and(pg_temp.near(a.lower, s.lower, 1e-10) AND pg_temp.near(a.upper, s.upper, 1e-10)) AND bool_and(p.predicts = p.apart), 'and so it is where each prediction has a subject of its own')
FROM (SELECT backtest_agg(risk, happened, i::text) AS own, backtest_agg(risk, happened) AS apart FROM pred GROUP BY g) AS q, auc_interval(apart) AS a, auc_interval(own) AS s, LATERAL (SELECT predicts(own), predicts(apart) AS apart) AS p;
SELECT ok(bool_or(abs(a.lower - b.lower) > 0.01), 'subjects make a difference') FROM state, auc_interval(b) AS b, auc_interval(apart) AS a;
SELECT is(auc_interval(b), auc_interval(b, 0.95), '95 % if not given') FROM state WHERE g = 1;

-- Where the variance says nothing: Newcombe (2006), method 5, which asks for the areas A with
--   (seen - A)^2 = z^2 A (1 - A) (1 + N (1 - A) / (2 - A) + N A / (1 + A)) / (m n),   N = (m + n) / 2 - 1
CREATE FUNCTION pg_temp.off(seen float8, a float8, m float8, n float8, z float8) RETURNS float8 LANGUAGE sql
    RETURN (seen - a) ^ 2 - z * z * a * (1 - a) * (1 + ((m + n) / 2 - 1) * (1 - a) / (2 - a) + ((m + n) / 2 - 1) * a / (1 + a)) / (m * n);
-- The bounds were found once by R's uniroot.
CREATE TEMP TABLE few AS SELECT v.*, pg_temp.of(predictions) AS b, auc(pg_temp.of(predictions)) AS seen FROM (VALUES
    ('separated, 10 and 15', '1- 2- 3- 4- 5- 6- 7- 8- 9- 10- 11- 12- 13- 14- 15- 21+ 22+ 23+ 24+ 25+ 26+ 27+ 28+ 29+ 30+', 10, 15, 0.832151920203, 1),
    ('separated, 3 and 4', '1- 2- 3- 4- 5+ 6+ 7+', 3, 4, 0.539691667197, 1),
    ('separated, and upside down', '1+ 2+ 3+ 5- 6- 7- 8-', 3, 4, 0, 1 - 0.539691667197),
    ('all of one risk', repeat('5+ 5- ', 7) || '5+ 5-', 8, 8, 0.252526819855, 0.747473180145),
    ('one that happened', '1- 2- 3- 4- 5- 6- 7- 8+ 9- 10-', 1, 9, 0.248585777042, 0.970833405620),
    ('one that did not', '1+ 2+ 3- 4+ 5+ 6+ 7+ 8+ 9+ 10+', 9, 1, 0.248585777042, 0.970833405620),
    ('three subjects with it and four without, each twice', '1-:a 1.5-:a 2-:b 2.5-:b 3-:c 3-:c 4-:d 4-:d 5+:e 6+:e 6+:f 6+:f 7+:g 7+:g', 3, 4, 0.539691667197, 1),
    ('three subjects that are all alike', '1-:a 2+:a 3-:a 4+:a 5+:a 6-:a 7-:a 1-:b 2+:b 3-:b 4+:b 5+:b 6-:b 7-:b 1-:c 2+:c 3-:c 4+:c 5+:c 6-:c 7-:c', 3, 3, NULL, NULL)
) AS v (name, predictions, m, n, lower, upper);
SELECT ok(pg_temp.near(have.lower, coalesce(f.lower, have.lower), 1e-9) AND pg_temp.near(have.upper, coalesce(f.upper, have.upper), 1e-9)
          AND pg_temp.near(pg_temp.off(seen, have.lower, m, n, 1.959963984540054), 0) AND pg_temp.near(pg_temp.off(seen, have.upper, m, n, 1.959963984540054), 0), name || ': Newcombe''s interval')
FROM few AS f, auc_interval(b) AS have;
SELECT ok(lower < 1 AND lower > 0.99999 AND upper = 1, 'not even a million predictions are certain')
FROM (SELECT rollup(b) AS b FROM (SELECT b FROM (SELECT backtest_agg(n, n > 1000000) AS b FROM generate_series(1, 2000000, 20) AS n) AS q, generate_series(1, 10)) AS r) AS q, auc_interval(b);

-- What is read of it
SELECT is(predicts(b, 0.95, least), want, name || ': ' || want)
FROM (VALUES ('all told apart', 10, 'yes', pg_temp.of((SELECT predictions FROM few WHERE name = 'separated, 10 and 15'))),
             ('the same, eleven asked for', 11, 'too few', pg_temp.of((SELECT predictions FROM few WHERE name = 'separated, 10 and 15'))),
             ('three and four, upside down', 3, 'inverse', pg_temp.of((SELECT predictions FROM few WHERE name = 'separated, and upside down'))),
             ('one risk', 8, 'no', pg_temp.of((SELECT predictions FROM few WHERE name = 'all of one risk'))),
             ('three subjects are not six', 4, 'too few', pg_temp.of((SELECT predictions FROM few WHERE name LIKE 'three subjects with%'))),
             ('four and three', 4, 'too few', pg_temp.of('1- 2- 3- 4+ 5+ 6+ 7+')),
             ('no predictions', 1, 'too few', (SELECT backtest_agg(NULL, true))),
             ('nothing happened', 1, 'too few', pg_temp.of('1- 2-'))) AS v (name, least, want, b);
SELECT is(predicts(b), predicts(b, 0.95, 10), 'ten of each if not given') FROM few WHERE name = 'separated, 3 and 4';
SELECT ok(bool_and(predicts(b, confidence, 1) = CASE WHEN lower > 0.5 THEN 'yes' WHEN upper < 0.5 THEN 'inverse' ELSE 'no' END) AND count(DISTINCT predicts(b, confidence, 1)) = 3, 'the verdict is that of the interval')
FROM (SELECT b FROM state UNION ALL SELECT b FROM few) AS s, unnest(ARRAY[0.5, 0.95]) AS confidence, auc_interval(b, confidence);

-- Risk that has nothing to do with what happens: about one verdict in twenty is wrong, and clustering is what it takes.
CREATE TEMP TABLE verdict AS
SELECT kind, predicts(backtest_agg(risk, happened, subject)) AS v, predicts(backtest_agg(risk, happened)) AS apart
FROM (SELECT kind, seed, s::text AS subject, CASE kind WHEN 'alone' THEN random() ELSE tendency + 0.1 * random() END AS risk, random() < CASE kind WHEN 'alone' THEN 0.3 ELSE chance END AS happened
      FROM (SELECT kind, seed, s, random() AS tendency, CASE WHEN random() < 0.3 THEN 0.9 ELSE 0.05 END AS chance
            FROM (VALUES ('alone'), ('by subject')) AS k (kind), generate_series(1, 400) AS seed, generate_series(1, 60) AS s) AS one, generate_series(1, CASE kind WHEN 'alone' THEN 1 ELSE 5 END)) AS p
GROUP BY kind, seed;
SELECT ok(count(*) = 400 AND count(*) FILTER (WHERE v IN ('yes', 'inverse')) BETWEEN 6 AND 40, format('unrelated, %s: about one in twenty is told to predict', kind)) FROM verdict GROUP BY kind ORDER BY kind;
SELECT ok(count(*) FILTER (WHERE apart IN ('yes', 'inverse')) > 100, 'taken as independent, predictions of few subjects mislead') FROM verdict WHERE kind = 'by subject';

-- Figures of R 4.2: pROC 1.18 (area, DeLong's variance), glm and sandwich's vcovCL (slope), on 60 predictions of 13 subjects.
CREATE TEMP TABLE figures AS
SELECT backtest_agg(risk, happened, subject) AS b, backtest_agg(risk, happened) AS apart, avg((risk - happened::int) ^ 2) AS squared
FROM (SELECT 's' || i * 7919 % 13 AS subject, round((i * 37 % 101)::numeric / 100 * 0.8 + i % 5 * 0.03, 2)::float8 AS risk, i * 53 % 97 < 20 + i * 37 % 101 * 0.5 AS happened FROM generate_series(1, 60) AS i) AS p;
SELECT ok(pg_temp.near(auc(b), 0.5811111111111111) AND pg_temp.near(d.lower, 0.4294412595630894, 1e-9) AND pg_temp.near(d.upper, 0.7188579496805758, 1e-9)
          AND pg_temp.near(n.lower, 0.4536773748616565, 1e-9) AND pg_temp.near(n.upper, 0.6985696533923508, 1e-9), 'area and interval are those of pROC')
FROM figures, auc_interval(apart) AS d, auc_interval(apart, 0.9) AS n;
SELECT ok(pg_temp.near(lower, 0.4844653551677915, 1e-9) AND pg_temp.near(upper, 0.6719088308139043, 1e-9), 'and by subject those of the paper''s formulas written out in R') FROM figures, auc_interval(b);
SELECT ok(pg_temp.near(f.intercept, -0.5577168818105447, 1e-10) AND pg_temp.near(f.slope, 1.1878818722709239, 1e-10) AND pg_temp.near(f.slope_lower, lower, 1e-7) AND pg_temp.near(f.slope_upper, upper, 1e-7) AND reason IS NULL,
          'intercept and slope are those of glm, the interval that of vcovCL, ' || kind)
FROM figures, LATERAL (VALUES ('by subject', b, -0.2226534961, 2.5984172407), ('each its own', apart, -1.0510873792, 3.4268511237)) AS v (kind, state, lower, upper), risk_fit(state) AS f;
SELECT ok(pg_temp.near(brier(b), squared), 'the Brier score is the mean squared error') FROM figures;

-- The fit: two risks give their own log odds; else the gradient is zero and the variance that of the plain matrices.
-- 3 of 10 at 2 and 6 of 10 at 5: slope (log(6 / 4) - log(3 / 7)) / 3, intercept log(3 / 7) - 2 slope
SELECT ok(pg_temp.near(slope, (ln(1.5) - ln(3 / 7.0)) / 3) AND pg_temp.near(intercept, ln(3 / 7.0) - 2 * (ln(1.5) - ln(3 / 7.0)) / 3)
          AND pg_temp.near(slope_upper - slope_lower, 2 * 1.959963984540054 * sqrt(20 / 19.0 * (1 / 2.1 + 1 / 2.4)) / 3), 'two risks by hand')
FROM risk_fit(pg_temp.of(repeat('2+ ', 3) || repeat('2- ', 7) || repeat('5+ ', 6) || repeat('5- ', 3) || '5-'));
CREATE TEMP TABLE fitted AS
SELECT g, kind, (q.f).* FROM (SELECT g, kind, risk_fit(s, 0.9) AS f FROM state, LATERAL (VALUES ('by subject', b), ('each its own', apart)) AS v (kind, s)) AS q;
CREATE TEMP TABLE chance AS SELECT p.*, f.kind, 1 / (1 + exp(-(f.intercept + f.slope * p.risk))) AS c FROM pred AS p JOIN fitted AS f USING (g);
SELECT ok(count(*) = 48 AND bool_and(level < 1e-9 AND tilt < 1e-9), 'the gradient is zero') FROM (SELECT abs(sum(happened::int - c)) AS level, abs(sum(risk * (happened::int - c))) AS tilt FROM chance GROUP BY g, kind) AS q;
SELECT ok(count(*) = 48 AND bool_and(pg_temp.near(slope_upper - slope, 1.6448536269514722 * sqrt(variance), 1e-8) AND pg_temp.near(slope - slope_lower, 1.6448536269514722 * sqrt(variance), 1e-8)), 'the interval is by the sandwich of plain matrices')
FROM fitted JOIN (
    -- the last element of (inverse H) B (inverse H), with H = (h00 h01; h01 h11)
    SELECT g, kind, n / (n - 1) * (h01 ^ 2 * b00 - 2 * h01 * h00 * b01 + h00 ^ 2 * b11) / (h00 * h11 - h01 ^ 2) ^ 2 AS variance
    FROM (SELECT g, kind, count(*)::float8 AS n, sum(h00) AS h00, sum(h01) AS h01, sum(h11) AS h11, sum(s0 * s0) AS b00, sum(s0 * s1) AS b01, sum(s1 * s1) AS b11
          FROM (SELECT g, kind, sum(c * (1 - c)) AS h00, sum(risk * c * (1 - c)) AS h01, sum(risk ^ 2 * c * (1 - c)) AS h11, sum(happened::int - c) AS s0, sum(risk * (happened::int - c)) AS s1
                FROM chance GROUP BY g, kind, CASE kind WHEN 'by subject' THEN coalesce(subject, 'row ' || i) ELSE 'row ' || i END) AS one GROUP BY g, kind) AS t) AS v USING (g, kind);
SELECT ok(bool_and(pg_temp.near(moved.slope * factor / f.slope, 1, 1e-7) AND pg_temp.near(moved.intercept + moved.slope * shift, f.intercept, 1e-6) AND pg_temp.near(moved.slope_upper * factor / f.slope_upper, 1, 1e-6)), 'another zero or unit of risk changes nothing else')
FROM (VALUES (1e300::float8, 0::float8), (1e-300, 0), (1, 1e6), (1e-6, -1)) AS v (factor, shift),
     LATERAL (SELECT g, risk_fit(backtest_agg(risk * factor + shift, happened, subject)) AS m, risk_fit(backtest_agg(risk, happened, subject)) AS f FROM pred WHERE g < 5 GROUP BY g) AS q,
     LATERAL (SELECT (m).*) AS moved, LATERAL (SELECT (q.f).*) AS f;
SELECT is(row(f.intercept, f.slope, f.slope_lower, f.slope_upper, f.reason), row(NULL::float8, NULL::float8, NULL::float8, NULL::float8, want), name)
FROM (VALUES ('1+ 2+', 'always happened'), ('1- 2-', 'nothing happened'), ('3+ 3- 3-', 'constant risk'), ('1- 2- 3+', 'separated'), ('1+ 2- 3-', 'separated'), ('1- 2- 2+ 3+', 'separated'), ('1+ 2+ 2- 2-', 'separated')) AS v (name, want), risk_fit(pg_temp.of(name)) AS f;
SELECT ok(reason IS NULL AND slope > 0 AND slope_lower < slope AND slope_upper > slope, 'one out of order is enough for a fit: ' || name) FROM (VALUES ('1- 2+ 3- 4+'), ('1- 1- 1- 2+ 2- 3+ 3+ 900-')) AS v (name), risk_fit(pg_temp.of(replace(name, '900-', '2.5-')));
SELECT ok(f.reason IS NULL AND abs(sum(CASE WHEN happened THEN 1 ELSE 0 END - c)) < 1e-9 AND abs(sum(risk * (CASE WHEN happened THEN 1 ELSE 0 END - c))) < 1e-9, 'where whole Newton steps go astray, parts of them get there')
FROM risk_fit(pg_temp.of('-20- -2+ -1+ -1+ -1+ -1+ -1+ -1+ 0+ 0+ 0+ 1-')) AS f,
     LATERAL (SELECT risk, happened, 1 / (1 + exp(-(f.intercept + f.slope * risk))) AS c FROM unnest(ARRAY[-20, -2, -1, -1, -1, -1, -1, -1, 0, 0, 0, 1], ARRAY[false, true, true, true, true, true, true, true, true, true, true, false]) AS p (risk, happened)) AS p
GROUP BY f.reason;
SELECT ok(f.reason IS NULL AND f.slope IS NOT NULL AND f.slope_lower IS NULL AND f.slope_upper IS NULL, 'no interval: ' || name)
FROM (VALUES ('one subject', '1-:a 2+:a 1+:a 2-:a'), ('subjects that are all alike', '1.1-:a 2.3+:a 1.7+:a 2.2-:a 3.1+:a 5.9-:a 0.3+:a 1.1-:b 2.3+:b 1.7+:b 2.2-:b 3.1+:b 5.9-:b 0.3+:b 1.1-:c 2.3+:c 1.7+:c 2.2-:c 3.1+:c 5.9-:c 0.3+:c')) AS v (name, predictions), risk_fit(pg_temp.of(predictions)) AS f;

-- Groups: all predictions once, in order, about equal, none of a risk in two.
SELECT ok(bool_and(total = prediction_count(b) AND hits = happened_count(b) AND numbered AND ordered AND means AND (g % 3 = 0 OR (n = groups AND least >= total / groups - 1 AND most <= total / groups + 1))), format('%s groups hold each prediction once, in order, about equally many', groups))
FROM (SELECT g, b, groups, sum(predictions) AS total, sum(happened) AS hits, count(*) AS n, min(predictions) AS least, max(predictions) AS most, bool_and(group_number = place) AS numbered, bool_and(lowest_risk > coalesce(below, '-infinity')) AS ordered,
             bool_and(pg_temp.near(mean_risk, (SELECT avg(risk) FROM pred WHERE pred.g = q.g AND risk BETWEEN lowest_risk AND highest_risk)) AND predictions = (SELECT count(*) FROM pred WHERE pred.g = q.g AND risk BETWEEN lowest_risk AND highest_risk)) AS means
      FROM (SELECT g, b, groups, c.*, row_number() OVER w AS place, lag(highest_risk) OVER w AS below FROM state, (VALUES (1), (3), (10)) AS v (groups), calibration(b, groups) AS c WINDOW w AS (PARTITION BY g, groups ORDER BY group_number)) AS q
      GROUP BY g, b, groups) AS t GROUP BY groups ORDER BY groups;
SELECT is(count(*), 10::bigint, 'ten if not given') FROM state, calibration(b) WHERE g = 1;
SELECT is(array_agg(predictions ORDER BY group_number), '{3,7}', 'ties go where their middle belongs') FROM calibration(pg_temp.of('1- 1- 1+ 2+ 2+ 2- 2- 3+ 3+ 3-'), 2);
SELECT is(array_agg(predictions ORDER BY group_number), '{1,1,1,1}', 'not more groups than risks') FROM calibration(pg_temp.of('1+ 2+ 3- 4-'), 2147483647);
SELECT is(array_agg(mean_risk), '{0}', 'the mean of the largest risks does not overflow') FROM calibration(pg_temp.of('1.7e308+ -1.7e308-'), 1);
SELECT is(array_agg(mean_risk), '{5e-324,-5e-324}', 'nor that of the smallest vanish') FROM (SELECT * FROM calibration(pg_temp.of('5e-324+ -5e-324-'), 2) ORDER BY group_number DESC) AS c;

-- What changes nothing
SELECT ok(bool_and(a = b AND a::text = b::text), 'rows in any order give the same state, -0 among them')
FROM (SELECT backtest_agg(CASE WHEN i % 9 = 0 THEN -0.0::float8 ELSE risk END, happened, subject ORDER BY i) AS a, backtest_agg(CASE WHEN i % 9 = 0 THEN 0 ELSE risk END, happened, subject ORDER BY random()) AS b FROM pred GROUP BY g) AS q;
SELECT ok(bool_and(auc(a) = auc(c) AND pg_temp.near(auc(a), 1 - auc(d)) AND pg_temp.near(i.lower, 1 - j.upper, 1e-10) AND pg_temp.near(i.upper, 1 - j.lower, 1e-10)), 'only the order of risks counts for the area, and its reverse mirrors it')
FROM (SELECT backtest_agg(risk, happened, subject) AS a, backtest_agg(risk ^ 3 * 1e300, happened, subject) AS c, backtest_agg(-risk, happened, subject) AS d FROM pred GROUP BY g) AS q, auc_interval(a) AS i, auc_interval(d) AS j;
SELECT is(rollup(b), (SELECT backtest_agg(risk, happened, subject) FROM pred), 'parts roll up to the whole') FROM state;
SELECT is(unmerge(whole, part), rest, 'unmerge takes a part out again')
FROM (SELECT backtest_agg(risk, happened, subject) AS whole, backtest_agg(risk, happened, subject) FILTER (WHERE g = 1) AS part, backtest_agg(risk, happened, subject) FILTER (WHERE g <> 1) AS rest FROM pred) AS q;
SELECT is(backtest_agg(risk, happened, NULL), backtest_agg(risk, happened), 'a NULL subject is none') FROM pred;
SELECT ok(bool_and(moving IS NOT DISTINCT FROM (SELECT backtest_agg(risk, happened, subject) FROM pred AS p WHERE g = 5 AND p.i BETWEEN w.i - 4 AND w.i - 1)
                   AND apart IS NOT DISTINCT FROM (SELECT backtest_agg(risk, happened) FROM pred AS p WHERE g = 5 AND p.i BETWEEN w.i - 4 AND w.i - 1)), 'moving frames are those of their rows alone')
FROM (SELECT i, backtest_agg(risk, happened, subject) OVER f AS moving, backtest_agg(risk, happened) OVER f AS apart FROM pred WHERE g = 5 WINDOW f AS (ORDER BY i ROWS BETWEEN 4 PRECEDING AND 1 PRECEDING)) AS w;

-- Nothing, and less
SELECT is(row(backtest_agg(risk, happened), backtest_agg(risk, happened, subject)), row(NULL::backtest, NULL::backtest), 'no rows: no state') FROM pred WHERE false;
SELECT is(backtest_agg(risk, happened)::text, '1 0|0 0', 'rows with NULL are left out') FROM (VALUES (1.5::float8, NULL::boolean), (NULL, true), (NULL, NULL)) AS v (risk, happened);
SELECT is(concat_ws('; ', prediction_count(b), happened_count(b), base_rate(b), auc(b), brier(b), auc_interval(b), top_lift(b), (SELECT count(*) FROM calibration(b)), flagged_at(b, 0), risk_fit(b), predicts(b)), want, name || ': what can be read')
FROM (VALUES ('no predictions', (SELECT backtest_agg(NULL, true)), '0; 0; (,); (,,,,); 0; (0,0,0,,,,,,,); (,,,,"no predictions"); too few'),
             ('counts below zero', (SELECT unmerge(backtest_agg(1, true), backtest_agg(v, v = 1)) FROM generate_series(0, 2) AS v), '0; 2; (,); (,,,,); 0; (0,2,0,,,,,,,); (,,,,"counts are below zero")')) AS v (name, b, want);
SELECT is(concat_ws(' ', auc(b), base_rate(b)) || ' ' || (SELECT concat_ws(' ', t.flagged, t.hits, t.lift) FROM top_lift(b) AS t) || ' ' || (SELECT concat_ws(' ', f.precision, f.recall, f.lift) FROM flagged_at(b, 1) AS f), want, 'all of one kind: ' || name)
FROM (VALUES ('1+ 2+', '1 0.2 0.2 1 1 1 1'), ('1- 2-', '0 0.2 0 0')) AS v (name, want), pg_temp.of(name) AS b;
SELECT ok(have IS NULL, description || ' NULL: NULL')
FROM hand, LATERAL (VALUES
    (prediction_count(NULL)::text, 'prediction_count, state'), (happened_count(NULL)::text, 'happened_count, state'), (base_rate(NULL)::text, 'base_rate, state'), (auc(NULL)::text, 'auc, state'), (brier(NULL)::text, 'brier, state'),
    (auc_interval(NULL)::text, 'auc_interval, state'), (auc_interval(b, NULL)::text, 'auc_interval, confidence'), (predicts(NULL), 'predicts, state'), (predicts(b, NULL), 'predicts, confidence'), (predicts(b, 0.9, NULL), 'at_least'),
    (flagged_at(NULL, 1)::text, 'flagged_at, state'), (flagged_at(b, NULL)::text, 'risk_from'), (top_lift(NULL)::text, 'top_lift, state'), (top_lift(b, NULL)::text, 'share'), (risk_fit(NULL)::text, 'risk_fit, state'), (risk_fit(b, NULL)::text, 'risk_fit, confidence')
) AS v (have, description);
SELECT is(count(*), 0::bigint, 'calibration without a state, groups or confidence has no rows') FROM hand, LATERAL (SELECT FROM calibration(NULL) UNION ALL SELECT FROM calibration(b, NULL) UNION ALL SELECT FROM calibration(b, 3, NULL)) AS c;

-- Refused, by value
SELECT throws_ok(format('SELECT csmetrics.%s FROM (SELECT csmetrics.backtest_agg_add(csmetrics.backtest_agg_add(NULL, 1.0000000001, true), 0.5, false) AS b) AS q', call), code, message, call)
FROM (VALUES
    ('backtest_agg(''NaN'', true)', '22003', 'risk NaN is not a finite number'),
    ('backtest_agg(''Infinity'', true)', '22003', 'risk Infinity is not a finite number'),
    ('backtest_agg(''-Infinity'', false, ''a'')', '22003', 'risk -Infinity is not a finite number'),
    ('brier(b)', '22003', 'risk 1.0000000001 is not a probability from 0 to 1'),
    ('brier(csmetrics.backtest_agg_add(csmetrics.backtest_agg_add(NULL, 0.5, true), -1e-9, false))', '22003', 'risk -1e-09 is not a probability from 0 to 1'),
    ('auc_interval(b, 95)', '22023', 'confidence 95 is not between 0 and 1'),
    ('predicts(b, 0)', '22023', 'confidence 0 is not between 0 and 1'),
    ('predicts(b, 0.95, 0)', '22023', 'at_least 0 is not at least 1'),
    ('flagged_at(b, ''NaN'')', '22023', 'risk_from NaN is not a number'),
    ('flagged_at(b, 1, 1)', '22023', 'confidence 1 is not between 0 and 1'),
    ('top_lift(b, 0)', '22023', 'share 0 is not above 0 and at most 1'),
    ('top_lift(b, 1.0000000001)', '22023', 'share 1.0000000001 is not above 0 and at most 1'),
    ('top_lift(b, ''NaN'')', '22023', 'share NaN is not above 0 and at most 1'),
    ('top_lift(b, 1, ''NaN'')', '22023', 'confidence NaN is not between 0 and 1'),
    ('calibration(b, 0)', '22023', 'groups 0 is not at least 1'),
    ('calibration(b, 3, -1)', '22023', 'confidence -1 is not between 0 and 1'),
    ('risk_fit(b, 1)', '22023', 'confidence 1 is not between 0 and 1'),
    ('merge(b, csmetrics.backtest(''1 0|1 1|0 0 0 576460752303423487''))', '22003', 'backtest out of range')
) AS wrong (call, code, message);
SELECT throws_ok(format('SELECT %L::csmetrics.backtest', form), '22P02', NULL, name || ': refused')
FROM (VALUES ('-0', '1 0|1 1|-1 0 1 0'), ('infinity', '1 0|1 1|9218868437227405312 0 1 0'), ('NaN', '1 0|1 1|9221120237041090560 0 1 0'), ('-infinity', '1 0|1 1|-9218868437227405313 0 1 0'),
             ('a void row', '1 0|1 1|0 0 0 0'), ('rows out of order', '1 0|2 2|0 5 1 0|0 4 1 0')) AS v (name, form);
SELECT is(row(auc(b), i.lower > 0.6, f.reason, f.slope > 0), row(0.625::float8, true, NULL::text, true), 'as many predictions as there may be')
FROM (SELECT backtest '1 0|3 3|0 0 0 288230376151711743|4607182418800017408 0 288230376151711744 0|4611686018427387904 0 288230376151711743 288230376151711744' AS b) AS q, auc_interval(b) AS i, risk_fit(b) AS f;

-- Two ways to foretell the same: the difference of areas, its variance in plain SQL from what each prediction wins.
CREATE TEMP TABLE pair AS
SELECT g, 's' || s AS subject, happened, v + CASE WHEN happened THEN 0.4 ELSE 0 END AS one, CASE WHEN g % 2 = 0 THEN floor(w * 6) / 6 ELSE w END + CASE WHEN happened THEN 0.2 ELSE 0 END AS two
FROM (SELECT g, floor(random() * (5 + 3 * g))::int AS s, random() < 0.3 AS happened, random() AS v, random() AS w FROM generate_series(1, 12) AS g, generate_series(1, 30 + 6 * g)) AS d;
CREATE TEMP TABLE two AS SELECT g, backtest_agg(one, happened, subject) AS a, backtest_agg(two, happened, subject) AS b FROM pair GROUP BY g;
CREATE TEMP TABLE paired AS
WITH won AS (
    SELECT p.*, (SELECT avg(CASE WHEN p.happened THEN pg_temp.win(p.one, o.one) - pg_temp.win(p.two, o.two) ELSE pg_temp.win(o.one, p.one) - pg_temp.win(o.two, p.two) END) FROM pair AS o WHERE o.g = p.g AND o.happened <> p.happened) AS d FROM pair AS p),
mean AS (SELECT g, avg(d) FILTER (WHERE happened) AS d, count(*) FILTER (WHERE happened)::float8 AS m, count(*) FILTER (WHERE NOT happened)::float8 AS n FROM won GROUP BY g),
by_subject AS (
    SELECT g, coalesce(sum((won.d - mean.d) / m) FILTER (WHERE happened), 0) AS x, coalesce(sum((won.d - mean.d) / n) FILTER (WHERE NOT happened), 0) AS y, bool_or(happened) AS any_m, bool_or(NOT happened) AS any_n
    FROM won JOIN mean USING (g) GROUP BY g, subject)
SELECT g, d, k / (k - 1) * sum_x + l / (l - 1) * sum_y + 2 * i / (i - 1) * sum_xy AS variance
FROM (SELECT g, sum(x ^ 2) AS sum_x, sum(y ^ 2) AS sum_y, sum(x * y) AS sum_xy, (count(*) FILTER (WHERE any_m))::float8 AS k, (count(*) FILTER (WHERE any_n))::float8 AS l, count(*)::float8 AS i FROM by_subject GROUP BY g) AS q JOIN mean USING (g);
SELECT ok(count(*) = 12 AND bool_and(pg_temp.near(t.difference, d) AND pg_temp.near(t.difference, auc(a) - auc(b))
                                     AND pg_temp.near(t.lower, d - 1.6448536269514722 * sqrt(variance)) AND pg_temp.near(t.upper, d + 1.6448536269514722 * sqrt(variance))), 'the difference of two areas and its interval')
FROM two JOIN paired USING (g), auc_difference(a, b, 0.9) AS t;
SELECT ok(bool_and(t.difference = -u.difference AND pg_temp.near(t.lower, -u.upper) AND t.upper - t.lower < v.upper - v.lower + w.upper - w.lower), 'the other way round it is the negative; what is paired is surer than what is not')
FROM two, auc_difference(a, b) AS t, auc_difference(b, a) AS u, auc_interval(a) AS v, auc_interval(b) AS w;
SELECT is(t::text, '(0,,)', 'of the same there is no difference, and none to be sure of') FROM two, auc_difference(a, a) AS t WHERE g = 1;
SELECT is(t::text, '(,,)', 'NULL where an area is') FROM auc_difference(pg_temp.of('1+:a 2+:b'), pg_temp.of('1+:a 2-:b')) AS t;
CREATE FUNCTION pg_temp.spread(s backtest) RETURNS float8 LANGUAGE sql RETURN (SELECT (ln(upper / (1 - upper)) - ln(lower / (1 - lower))) / 2 * auc(s) * (1 - auc(s)) FROM auc_interval(s));
SELECT ok(count(*) > 10 AND bool_and(pg_temp.near(t.difference, auc(x.apart) - auc(y.apart)) AND abs((t.upper - t.lower) / 2 / sqrt(pg_temp.spread(x.apart) ^ 2 + pg_temp.spread(y.apart) ^ 2) - 1) < 0.05), 'without subjects nothing is paired: the variances add up')
FROM state AS x JOIN state AS y ON y.g = x.g + 1, auc_difference(x.apart, y.apart) AS t WHERE x.g > 8;
SELECT throws_ok('SELECT auc_difference(a, b, 1) FROM two', '22023', NULL, 'no confidence of 1');
SELECT is(auc_difference(a, NULL), NULL, 'NULL for NULL') FROM two WHERE g = 1;
-- The line of risk_fit by its center: the same line; the sandwich of Liang and Zeger in plain SQL, of level and slope at once.
SELECT ok(count(*) = 12 AND bool_and(pg_temp.near(level - slope * center, intercept, 1e-9) AND pg_temp.near(sqrt(slope_variance) * 2 * normal_quantile(0.95), slope_upper - slope_lower, 1e-9)), 'risk_line is the line of risk_fit')
FROM (SELECT f.intercept, f.slope_lower, f.slope_upper, l.* FROM two, risk_fit(a, 0.9) AS f, risk_line(a) AS l) AS r;
SELECT ok(bool_and(pg_temp.near(v00, want00, 1e-7) AND pg_temp.near(v01, want01, 1e-6) AND pg_temp.near(v11, want11, 1e-7)), 'its variances, subject by subject')
FROM (SELECT q.g, max(q.v00) AS v00, max(q.v01) AS v01, max(q.v11) AS v11,
             count(*) / (count(*) - 1.0) * sum(u * u) / max(i00) ^ 2 AS want00, count(*) / (count(*) - 1.0) * sum(u * w) / max(i00) / max(i11) AS want01, count(*) / (count(*) - 1.0) * sum(w * w) / max(i11) ^ 2 AS want11
      FROM (SELECT p.g, p.subject, l.level_variance AS v00, l.covariance AS v01, l.slope_variance AS v11, sum(e) AS u, sum((one - l.center) * e) AS w,
                   max(i.i00) AS i00, max(i.i11) AS i11
            FROM pair AS p JOIN two USING (g), risk_line(a) AS l, LATERAL (SELECT 1 / (1 + exp(-l.level - l.slope * (one - l.center))) AS c) AS c, LATERAL (SELECT happened::int - c AS e) AS e,
                 LATERAL (SELECT sum(c2 * (1 - c2)) AS i00, sum((o.one - l.center) ^ 2 * c2 * (1 - c2)) AS i11 FROM pair AS o, LATERAL (SELECT 1 / (1 + exp(-l.level - l.slope * (o.one - l.center))) AS c2) AS x WHERE o.g = p.g) AS i
            GROUP BY p.g, p.subject, l.level_variance, l.covariance, l.slope_variance) AS q GROUP BY q.g) AS r;
SELECT is(row(risk_line(pg_temp.of('1+:a 2+:b'))), row(row(NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::float8, NULL::float8)), 'NULLs without a fit');
SELECT ok(normal_quantile(0.5) = 0 AND pg_temp.near(normal_quantile(0.975), 1.959963984540054) AND pg_temp.near(normal_quantile(0.025), -1.959963984540054) AND normal_quantile(NULL) IS NULL, 'quantiles of the normal distribution');
SELECT * FROM finish();
ROLLBACK;
