\unset ECHO
\i test/psql.sql
-- Health by rules: the same as by hand with normalizers and health_score, in one call.
BEGIN;
SELECT plan(49);
SELECT setseed(0.41) \g /dev/null

CREATE TEMP TABLE rule (component text, signal text, reading int, weight float8, knots float8[], scores float8[], policy text, keep_days int, veto_from float8, veto_cap float8);
INSERT INTO rule VALUES
    ('usage', 'consistency', 1, 10, '{0,1}', '{0,100}', 'renormalise', NULL, NULL, NULL),
    ('usage', 'trend', 3, 20, '{-0.5,0,0.5}', '{0,80,100}', 'neutral', NULL, NULL, NULL),
    ('support', 'open', 2, 30, '{0,4}', '{100,0}', 'zero', NULL, 3, 45),
    ('business', 'invoices', NULL, 5, '{0,2}', '{100,0}', 'carry', 20, NULL, NULL),
    ('business', 'visits', NULL, 5, '{0,10}', '{0,100}', 'renormalise', 30, 1, 60),
    ('pulse', 'pulse', NULL, 0, '{0,100}', '{0,100}', 'pulse', 90, NULL, NULL);
CREATE TEMP TABLE rules AS
SELECT health_rule_agg(component, signal, reading, weight, knots, scores, policy, keep_days, veto_from, veto_cap) AS r FROM rule;
CREATE FUNCTION pg_temp.of(readings float8[], own signals DEFAULT NULL) RETURNS health LANGUAGE sql AS $$ SELECT health_of(r, readings, own, '2026-01-31') FROM rules $$;

-- usage (10 * 50 + 20 * 90) / 30 = 76.67 of 30; support 75 of 30; business missing: no invoices, no visits
SELECT results_eq('SELECT * FROM contributions(pg_temp.of(''{0.5,1,0.25}''))',
    $$VALUES ('business', 'invoices', NULL::float8, 5::float8, 0::numeric, 0::numeric), ('business', 'visits', NULL, 5, 0, 0), ('pulse', 'pulse', NULL, 0, 0, 0), ('support', 'open', 75, 30, 37.5, 12.5),
             ('usage', 'consistency', 50, 10, 8.333333333333, 8.333333333334), ('usage', 'trend', 90, 20, 30, 3.333333333333)$$,
    'readings become values');
SELECT is(score(pg_temp.of('{0.5,1,0.25}')), 75.833333333333::float8, 'and a score');
SELECT is(coverage(pg_temp.of('{0.5,1,0.25}')), 60 / 70::float8, 'own signals that are missing are missing');
SELECT is(score(pg_temp.of('{0.5,1,NULL}'), 0.5), 62.5::float8, 'a neutral one counts as 50');
SELECT is(score(pg_temp.of('{0.5,NULL,0.25}'), 0.4), 38.333333333333::float8, 'a zero one as 0');
SELECT is(score(pg_temp.of('{0.5}'), 0), 25::float8, 'readings that are not there are missing');
SELECT is(pg_temp.of(NULL), pg_temp.of('{}'), 'as all are without any');
SELECT is((SELECT health_of(NULL, '{1}', NULL, now())), NULL, 'no rules, no health');

-- Vetoes: where the reading is as bad as veto_from.
SELECT is(score(pg_temp.of(readings)), score, format('with %s open', readings[2]))
FROM (VALUES ('{1,2.9,0.5}'::float8[], 63.75::float8), ('{1,3,0.5}', 45), ('{1,4,0.5}', 45)) AS v(readings, score);
SELECT results_eq($$SELECT component, signal, value, points FROM contributions(pg_temp.of('{1,3,0.5}')) WHERE component = 'veto'$$, $$VALUES ('veto', 'open', 45::float8, -17.5::numeric)$$, 'a veto is a contribution of its own');
SELECT is(score(health_of(r, '{1,0,0.5}', signal_agg('visits', at, value), '2026-01-31')), score, format('%s visits: higher is better, so 1 and fewer veto', value))
FROM rules, (VALUES (timestamptz '2026-01-30', 2, 88.571428571429::float8), ('2026-01-30', 1, 60)) AS v(at, value, score) GROUP BY r, value, score ORDER BY value DESC;

-- Own signals: the latest, until it is too old.
CREATE FUNCTION pg_temp.own(signal text, VARIADIC days date[]) RETURNS signals LANGUAGE sql AS $$ SELECT signal_agg(signal, day, n) FROM unnest(days) WITH ORDINALITY AS d(day, n) $$;
SELECT is((SELECT value FROM contributions(pg_temp.of('{1,0,0}', pg_temp.own('visits', '2026-01-10', '2026-01-20', '2026-02-01'))) WHERE component = 'business' AND signal = 'visits'), 20::float8, 'the second of three, the third is yet to come');
SELECT is((SELECT value FROM contributions(pg_temp.of('{1,0,0}', pg_temp.own('visits', '2026-01-01'))) WHERE component = 'business' AND signal = 'visits'), NULL::float8, 'thirty days old is too old');
SELECT is((SELECT value FROM contributions(pg_temp.of('{1,0,0}', pg_temp.own('visits', '2026-01-02'))) WHERE component = 'business' AND signal = 'visits'), 10::float8, 'twenty-nine is not');
-- invoices: 5 of 20 days old, 3/4 of its weight; the carried one makes business 50 alone
SELECT is(coverage(pg_temp.of('{1,0,0}', pg_temp.own('invoices', '2026-01-26'))), (60 + 5 * 0.75) / 70::float8, 'what is carried forward counts by its freshness');
SELECT is((SELECT points FROM contributions(pg_temp.of('{1,0,0}', pg_temp.own('invoices', '2026-01-26'))) WHERE signal = 'invoices'), 7.142857142857, 'and stands for its component');
SELECT is(score(pg_temp.of('{1,0,0}', (SELECT signal_agg('pulse', '2025-12-01', 30)))), 30::float8, 'a pulse of two months is the score');
SELECT is(score(pg_temp.of('{1,0,0}', (SELECT signal_agg('pulse', '2025-11-02', 30)))), score(pg_temp.of('{1,0,0}')), 'one of ninety days has expired');
SELECT is(score(pg_temp.of('{1,3,0}', (SELECT signal_agg('pulse', '2026-01-02', 95)))), 45::float8, 'a veto holds over a pulse');

-- Random rules and readings: as normalizers and health_score make it.
CREATE TEMP TABLE random_rule AS
SELECT account, 'part ' || n % 3 AS component, 'signal ' || n AS signal, n AS reading, round(random()::numeric * 10, 3)::float8 AS weight, ARRAY[-random(), 0, 1 + random()] AS knots,
       ARRAY[100 * random(), 100 * random(), 100 * random()] AS scores, (ARRAY['renormalise', 'neutral', 'zero'])[1 + floor(random() * 3)::int] AS policy,
       CASE WHEN random() < 0.8 THEN 4 * random() - 2 END AS measure
FROM generate_series(1, 300) AS account, generate_series(1, 15) AS n;
SELECT is_empty($$
    SELECT account, a.score, b.score FROM
        (SELECT account, score(health_of(health_rule_agg(component, signal, reading, weight, knots, scores, policy, NULL, NULL, NULL), array_agg(measure ORDER BY reading), NULL, now()), 0) AS score FROM random_rule GROUP BY account) AS a
        JOIN (SELECT account, score(health_score(component, signal, normalize_piecewise(measure, knots, scores), weight, policy), 0) AS score FROM random_rule GROUP BY account) AS b USING (account)
    WHERE abs(a.score - b.score) > 2e-12 $$, 'health_of is health_score over the normalized measures');
-- The score alone, without the health: usage 76.67, support 75, as above; the worst signal is consistency.
CREATE FUNCTION pg_temp.score_of(readings float8[], own signals DEFAULT NULL, min_coverage float8 DEFAULT 0.6, method text DEFAULT 'weighted') RETURNS float8 LANGUAGE sql AS
$$ SELECT score_of(r, readings, own, '2026-01-31', min_coverage, method) FROM rules $$;
SELECT is(pg_temp.score_of('{0.5,1,0.25}', method => method), score, format('score_of, %s', method))
FROM (VALUES (1, 'weighted', 75.833333333333::float8), (2, 'worst_component', 75), (3, 'worst_signal', 50)) AS v(nr, method, score) ORDER BY nr;
SELECT is((SELECT score_of(r, '{0.5,1,0.25}', NULL, '2026-01-31') FROM rules), 75.833333333333::float8, 'weighted if not given');
SELECT is(pg_temp.score_of('{0.5}'), NULL::float8, 'a seventh of the weight is less than 0.6');
SELECT is(pg_temp.score_of('{0.5}', min_coverage => 0), 25::float8, 'and enough where that is wanted');
SELECT is(pg_temp.score_of('{1,3,0.5}'), 45::float8, 'a veto holds');
SELECT is(pg_temp.score_of('{1,0,0}', (SELECT signal_agg('pulse', '2025-12-01', 30))), 30::float8, 'and so does a pulse');
SELECT is(score_of(rules, '{1}', NULL, as_of, min_coverage, method), NULL::float8, format('no score without %s', missing))
FROM (SELECT NULL::health_rules AS rules, now() AS as_of, 0::float8 AS min_coverage, 'weighted' AS method, 'rules' AS missing UNION ALL SELECT r, NULL, 0, 'weighted', 'as_of' FROM rules
      UNION ALL SELECT r, now(), NULL, 'weighted', 'min_coverage' FROM rules UNION ALL SELECT r, now(), 0, NULL, 'method' FROM rules) AS v;
SELECT throws_ok($$SELECT pg_temp.score_of('{1}', NULL, 2)$$, '22023', 'min_coverage 2 is out of range', 'score_of refuses what score refuses: min_coverage');
SELECT throws_ok($$SELECT pg_temp.score_of('{1}', NULL, 0, 'mean')$$, '22023', 'unknown method "mean"', 'score_of refuses what score refuses: method');
CREATE TEMP TABLE random_score AS
SELECT account, method, score(health_of(r, readings, NULL, now()), 0.7, method) AS score, score_of(r, readings, NULL, now(), 0.7, method)
FROM (SELECT account, array_agg(measure ORDER BY reading) AS readings,
             health_rule_agg(component, signal, reading, weight, knots, scores, policy, NULL, CASE WHEN reading % 5 = 0 THEN 0 END, CASE WHEN reading % 5 = 0 THEN 30 + account % 30 END) AS r
      FROM random_rule GROUP BY account) AS a, unnest('{weighted,worst_component,worst_signal}'::text[]) AS method;
SELECT is_empty('SELECT * FROM random_score WHERE score IS DISTINCT FROM score_of', 'score_of is the score of health_of, to the last bit');
SELECT ok(bool_or(score IS NULL) AND bool_or(score = 30 + account % 30) AND bool_or(score > 60), 'of unknown, vetoed and other accounts') FROM random_score;
SELECT is((SELECT sum(points) FROM health_change(pg_temp.of('{1,0,0}'), health_of(n.r, '{1,0,0}', NULL, '2026-01-31'))), -15::numeric, 'another normalizer is a change of definition')
FROM (SELECT health_rule_agg(component, signal, reading, weight, knots, CASE signal WHEN 'consistency' THEN '{0,10}' ELSE scores END, policy, keep_days, veto_from, veto_cap) AS r FROM rule) AS n;
SELECT results_eq($$SELECT h.signal, h.term FROM (SELECT health_rule_agg(component, signal, reading, weight, knots, CASE signal WHEN 'consistency' THEN '{0,10}' ELSE scores END, policy, keep_days, veto_from, veto_cap) AS r FROM rule) AS n,
                         health_change(pg_temp.of('{1,0,0}'), health_of(n.r, '{1,0,0}', NULL, '2026-01-31')) AS h$$, $$VALUES ('consistency', 'definition')$$, 'and is said to be');

SELECT is(pg_temp.failure(format('SELECT health_rule_agg(%s)', arguments)), failure, failure)
FROM (VALUES
    (1, $$'u', 'a', 1, -1, '{0,1}', '{0,100}', 'zero', 0, NULL, NULL$$, '22023 weight -1 is out of range'),
    (2, $$'u', 'a', 1, 1, '{1,0}', '{0,100}', 'zero', 0, NULL, NULL$$, '22023 knots must ascend: 1 is followed by 0'),
    (3, $$'u', 'a', 1, 1, '{0,1}', '{0,100}', 'none', 0, NULL, NULL$$, '22023 unknown policy "none"'),
    (4, $$'u', 'a', 1, 1, '{0,1}', '{0,100}', 'zero', -1, NULL, NULL$$, '22023 keep_days -1 is not between 0 and 36525'),
    (5, $$'u', 'a', 1, 1, '{0,1}', '{0,100}', 'zero', 0, 1, NULL$$, '22004 veto_cap must not be NULL'),
    (6, $$'u', 'a', 1, 1, '{0,1}', '{0,100}', 'zero', 0, 1, 200$$, '22023 veto_cap 200 is out of range'),
    (7, $$'u', 'a', 1, 1, NULL, '{0,100}', 'zero', 0, NULL, NULL$$, '22004 knots must not be NULL'),
    (8, $$'u', 'a', -1, 1, '{0,1}', '{0,100}', 'zero', 0, NULL, NULL$$, '22023 reading -1 is not between 0 and 1000')) AS v(nr, arguments, failure) ORDER BY nr;

SELECT * FROM finish();
ROLLBACK;
