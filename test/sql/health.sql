\unset ECHO
\i test/psql.sql
-- The health of one account: scores by hand and by plain SQL, parts that add up exactly, changes too, tiers, overrides.
BEGIN;
SELECT plan(99);
SELECT setseed(0.31) \g /dev/null

-- usage 20 * 90 + 20 * 50 -> 70; business 80; support missing: (40 * 70 + 30 * 80) / 70
CREATE TEMP TABLE hand AS
SELECT health_score(component, signal, value, weight) AS h
FROM (VALUES ('usage', 'logins', 90::float8, 20::float8), ('usage', 'breadth', 50, 20), ('support', 'csat', NULL, 30), ('business', 'nps', 80, 30)) AS v(component, signal, value, weight);
SELECT is(score(h), 74.285714285714::float8, 'the mean of components, each the mean of its signals') FROM hand;
SELECT is(tier(h), 'Yellow', 'its tier') FROM hand;
SELECT is(coverage(h), 0.7::float8, 'a missing component is missing from the coverage') FROM hand;
SELECT results_eq('SELECT * FROM contributions((SELECT h FROM hand))',
    $$VALUES ('business', 'nps', 80::float8, 30::float8, 34.285714285714, 8.571428571429), ('support', 'csat', NULL, 30, 0, 0),
             ('usage', 'breadth', 50, 20, 14.285714285714, 14.285714285714), ('usage', 'logins', 90, 20, 25.714285714286, 2.857142857143)$$, 'what it is made of, by name');
-- others of a component stand in for a missing signal: usage stays 40
SELECT is(score(health_score(c, s, v, w)), 78::float8, 'a missing signal leaves its weight to its component')
FROM (VALUES ('usage', 'a', 60::float8, 10::float8), ('usage', 'b', NULL, 30), ('business', 'c', 90, 60)) AS t(c, s, v, w);
SELECT is(coverage(health_score(c, s, v, w)), 0.7::float8, 'and its own to the coverage')
FROM (VALUES ('usage', 'a', 60::float8, 10::float8), ('usage', 'b', NULL, 30), ('business', 'c', 90, 60)) AS t(c, s, v, w);

-- Tiers on the unrounded score.
SELECT is(tier(health_score('usage', 'x', value, 1)), tier, value || ' is ' || tier)
FROM (VALUES (100::float8, 'Green'), (80, 'Green'), (79.999, 'Yellow'), (79.9999999999, 'Yellow'), (79.5, 'Yellow'), (50, 'Yellow'), (49.999, 'Red'), (0, 'Red')) AS v(value, tier) GROUP BY value, tier ORDER BY value DESC;
SELECT is(tier(value), tier, value || ' as a score is ' || tier) FROM (VALUES (80::float8, 'Green'), (79.999, 'Yellow'), (49.999, 'Red'), (NULL, 'Unknown')) AS v(value, tier);
SELECT is(score(health_score('usage', 'x', 79.999, 1)), 79.999::float8, 'one signal is the score itself');
SELECT is(score(health_score('u', s::text, 80, w)), 80::float8, 'the mean of equal values is that value, whatever the weights')
FROM (SELECT s, 0.1 + random() * 1e-3 * 10 ^ (s % 7) AS w FROM generate_series(1, 50) AS s) AS t;
-- components of 79 1/3 and 80 2/3
SELECT is(score(health_score(c, s, v, 1)), 80::float8, 'parts that do not end in decimals meet a bound all the same')
FROM (VALUES ('a', '1', 79::float8), ('a', '2', 79), ('a', '3', 80), ('b', '1', 80), ('b', '2', 81), ('b', '3', 81)) AS t(c, s, v);
SELECT is(tier(health_score('u', 'x', 70, 1), 60, 70), 'Green', 'bounds may be given');
SELECT is(tier(health_score('u', 'x', 70, 1), green_from => 90, yellow_from => 71), 'Red', 'by name');
SELECT is(tier(h, min_coverage => 0.71), 'Unknown', 'too little coverage is Unknown') FROM hand;
SELECT is(score(h, 0.7) IS NOT NULL AND score(h, 0.71) IS NULL, true, 'the floor itself is enough') FROM hand;
SELECT is(score(health_score('u', 'x', NULL, 1)), NULL::float8, 'a score of nothing is NULL');
SELECT is(score(health_score('u', 'x', 5, 0)), NULL::float8, 'so is one without weight');
SELECT is(tier(NULL::health), 'Unknown', 'an account without health is Unknown');
SELECT is(health_score(NULL, NULL, NULL, NULL)::text, '1 0|0 0', 'a row of NULLs, as outer joins have, is left out');
SELECT is((SELECT health_score('a', 'b', 1, 1) FROM generate_series(1, 0)), NULL, 'no rows, no health');

-- Held tiers.
SELECT is(held_tier(score, held), tier, format('%s held as %s is %s', score, held, tier))
FROM (VALUES (1, 81.9::float8, 'Yellow', 'Yellow'), (2, 82, 'Yellow', 'Green'), (3, 78, 'Green', 'Green'), (4, 77.9, 'Green', 'Yellow'), (5, 51.9, 'Red', 'Red'), (6, 48, 'Yellow', 'Yellow'),
             (7, 47.9, 'Green', 'Red'), (8, 81, 'Red', 'Yellow'), (9, 80, NULL, 'Green'), (10, 80, 'Unknown', 'Green'), (11, NULL, 'Green', 'Unknown')) AS v(nr, score, held, tier) ORDER BY nr;

-- Policies of missing signals, and freshness.
CREATE FUNCTION pg_temp.one_missing(policy text) RETURNS health LANGUAGE sql AS $$
    SELECT health_score(c, s, v, w, CASE WHEN v IS NULL THEN policy ELSE 'renormalise' END)
    FROM (VALUES ('u', 'a', 90::float8, 30::float8), ('u', 'b', NULL, 10)) AS t(c, s, v, w) $$;
SELECT is(score(pg_temp.one_missing(policy)), score, policy || ': a missing quarter makes 90 into ' || score)
FROM (VALUES ('renormalise', 90::float8), ('neutral', 80), ('zero', 67.5)) AS v(policy, score);
SELECT is(coverage(pg_temp.one_missing('neutral')), 0.75::float8, 'what is assumed is in the score, not in the coverage');
SELECT results_eq($$SELECT signal, value, points, points_lost FROM contributions(pg_temp.one_missing('neutral'))$$, $$VALUES ('a', 90::float8, 67.5, 7.5), ('b', NULL, 12.5, 12.5)$$, 'and is shown as missing');
-- 30 * 90 + 10 * 0.4 * 10 = 2740 of 34
SELECT is(round(score(health_score('u', s, v, w, 'renormalise', f))::numeric, 9), round(2740 / 34.0, 9), 'a value carried forward counts by its freshness')
FROM (VALUES ('a', 90::float8, 30::float8, 1::float8), ('b', 10, 10, 0.4)) AS t(s, v, w, f);
SELECT is(coverage(health_score('u', s, v, w, 'renormalise', f)), 0.85::float8, 'in the coverage too')
FROM (VALUES ('a', 90::float8, 30::float8, 1::float8), ('b', 10, 10, 0.4)) AS t(s, v, w, f);
SELECT is(health_score('u', 'a', 5, 1, 'zero', 0), health_score('u', 'a', NULL, 1, 'zero'), 'what is not fresh at all is missing');
SELECT results_eq('SELECT freshness(age, 10) FROM unnest(ARRAY[0, 2.5, 10, 11, -3]::float8[]) AS age', 'VALUES (1::float8), (0.75), (0), (0), (1)', 'freshness falls evenly');

-- Methods.
SELECT is(score(h, 0, 'worst_component'), 70::float8, 'worst_component: that of usage') FROM hand;
SELECT is(score(h, 0, 'worst_signal'), 50::float8, 'worst_signal: breadth') FROM hand;
SELECT results_eq($$SELECT signal, points, points_lost FROM contributions((SELECT h FROM hand), 'worst_component')$$,
    'VALUES (''nps'', 0::numeric, 0::numeric), (''csat'', 0, 0), (''breadth'', 25, 25), (''logins'', 45, 5)', 'only the worst component counts');

-- Overrides.
CREATE FUNCTION pg_temp.overridden(pulse float8, cap float8) RETURNS health LANGUAGE sql AS $$
    SELECT health_score(c, s, v, w, p) FROM (VALUES ('u', 'a', 90::float8, 10::float8, 'renormalise'), ('pulse', 'csm', pulse, 0, 'pulse'), ('veto', 'p1', cap, 0, 'veto')) AS t(c, s, v, w, p) $$;
SELECT is(score(pg_temp.overridden(pulse, cap)), score, format('90, pulse %s, veto %s: %s', pulse, cap, score))
FROM (VALUES (1, NULL::float8, 79::float8, 79::float8), (2, NULL, 95, 90), (3, 30, NULL, 30), (4, 95, 79, 79), (5, 40, 79, 40), (6, NULL, NULL, 90)) AS v(nr, pulse, cap, score) ORDER BY nr;
SELECT results_eq('SELECT signal, points, points_lost FROM contributions(pg_temp.overridden(95, 79))', $$VALUES ('csm', 5::numeric, -5::numeric), ('a', 90, 10), ('p1', -16, 16)$$, 'a pulse and a veto have the points that they make of it');
SELECT is(score(health_score(c, s, v, w, p)), 30::float8, 'a pulse is known without any coverage')
FROM (VALUES ('u', 'a', NULL::float8, 10::float8, 'zero'), ('pulse', 'csm', 30, 0, 'pulse')) AS t(c, s, v, w, p);

-- Random health: a score by plain SQL, and sums to the last decimal.
CREATE TEMP TABLE signal AS
SELECT account, 'part ' || nr % (1 + account % 4) AS component, 'signal ' || nr AS signal,
       CASE WHEN random() < 0.8 THEN CASE nr % 3 WHEN 0 THEN round(random() * 100) WHEN 1 THEN random() * 100 ELSE 100 * (random() < 0.5)::int END END AS value,
       CASE floor(random() * 4) WHEN 0 THEN 0 WHEN 1 THEN random() WHEN 2 THEN 1000 * random() ELSE 1 + nr END::numeric(12,6)::float8 AS weight,
       (ARRAY['renormalise', 'renormalise', 'neutral', 'zero'])[1 + floor(random() * 4)::int] AS policy
FROM generate_series(1, 600) AS account, generate_series(1, 1 + account % 20) AS nr;
CREATE TEMP TABLE scored AS
SELECT account, health_score(component, signal, value, weight, policy) AS h FROM signal GROUP BY account;
CREATE TEMP TABLE oracle AS
SELECT account, sum(whole * mean) / nullif(sum(whole), 0) AS score FROM (
    SELECT account, component, sum(weight::numeric) AS whole,
           sum(weight::numeric * coalesce(value::numeric, CASE policy WHEN 'neutral' THEN 50 ELSE 0 END)) FILTER (WHERE value IS NOT NULL OR policy <> 'renormalise')
           / nullif(sum(weight::numeric) FILTER (WHERE value IS NOT NULL OR policy <> 'renormalise'), 0) AS mean
    FROM signal GROUP BY account, component) AS c WHERE mean IS NOT NULL GROUP BY account;
SELECT is_empty($$SELECT account, score(h, 0), o.score FROM scored LEFT JOIN oracle AS o USING (account)
                  WHERE abs(score(h, 0)::numeric - o.score) > 1e-11 OR (score(h, 0) IS NULL) <> (o.score IS NULL)$$, 'scores are those of plain SQL');
SELECT is_empty(format($$SELECT account, score(h, 0, %L), c.points, c.lost FROM scored, LATERAL (SELECT sum(points) AS points, sum(points_lost) AS lost FROM contributions(h, %L)) AS c
                  WHERE score(h, 0, %L) IS NOT NULL AND (c.points <> score(h, 0, %L)::numeric OR c.points + c.lost <> 100)$$, m, m, m, m), m || ': contributions add up exactly')
FROM unnest(ARRAY['weighted', 'worst_component', 'worst_signal']) AS m;
SELECT is_empty($$SELECT account, k.* FROM scored, LATERAL contributions(h) AS k WHERE points < 0 OR points_lost < 0 OR (value IS NOT NULL AND weight > 0 AND abs(points * (100 - value::numeric) - points_lost * value::numeric) > 1e-8)$$,
                'and each is what its value is of 100');
SELECT is(bool_and(a.h = b.h AND health_send(a.h) = health_send(b.h)), true, 'in any order the same bytes')
FROM scored AS a JOIN (SELECT account, health_score(component, signal, value, weight, policy ORDER BY random()) AS h FROM signal GROUP BY account) AS b USING (account);

-- Changes.
CREATE TEMP TABLE pair AS
SELECT a.account, a.h AS before, b.h AS after FROM scored AS a JOIN scored AS b ON b.account = a.account + 20
UNION ALL
SELECT account, health_score(component, signal, value, weight, policy),
       health_score(component, signal, CASE floor(random() * 4) WHEN 0 THEN NULL WHEN 1 THEN random() * 100 ELSE value END, CASE WHEN random() < 0.1 THEN weight / 2 ELSE weight END, CASE WHEN random() < 0.05 THEN 'veto' ELSE policy END, random())
FROM signal GROUP BY account;
SELECT is_empty(format($$SELECT account, c.sum FROM pair, LATERAL (SELECT coalesce(sum(points), 0) AS sum FROM health_change(before, after, 0, %L)) AS c
                  WHERE c.sum <> (score(after, 0, %L)::numeric - score(before, 0, %L)::numeric)$$, m, m, m), m || ': changes add up to the difference exactly')
FROM unnest(ARRAY['weighted', 'worst_component', 'worst_signal']) AS m;
SELECT cmp_ok(count(DISTINCT term), '=', 4::bigint, 'of all terms') FROM pair, health_change(before, after, 0);
SELECT is_empty('SELECT * FROM scored, health_change(h, h, 0)', 'the same health has no changes');

CREATE FUNCTION pg_temp.of(VARIADIC v float8[]) RETURNS health LANGUAGE sql AS $$
    SELECT health_score('u', chr(96 + i::int), w, 10) FROM unnest(v) WITH ORDINALITY AS t(w, i) $$;
SELECT results_eq('SELECT * FROM health_change(pg_temp.of(80, 60), pg_temp.of(40, 70))', $$VALUES ('u', 'a', 'value', 80::float8, 40::float8, -20::numeric), ('u', 'b', 'value', 60, 70, 5)$$, 'values that moved have their own points');
-- 80, 60 -> 40, missing: first a falls (-20), then b leaves (50 -> 40)
SELECT results_eq('SELECT * FROM health_change(pg_temp.of(80, 60), pg_temp.of(40, NULL), 0)', $$VALUES ('u', 'a', 'value', 80::float8, 40::float8, -20::numeric), ('u', 'b', 'coverage', 60, NULL, -10)$$, 'a value that went is a change of coverage');
SELECT results_eq($$SELECT signal, term, points FROM health_change(pg_temp.of(80, 60), (SELECT health_score('u', s, v, w) FROM (VALUES ('a', 80::float8, 30::float8), ('b', 60, 10)) AS t(s, v, w)))$$,
    $$VALUES ('a', 'definition', 5::numeric)$$, 'another weight is a change of definition');
SELECT results_eq($$SELECT signal, term, points FROM health_change(pg_temp.of(80, 60), pg_temp.of(80, 60, 10))$$, $$VALUES ('c', 'definition', -20::numeric)$$, 'so is a new signal');
SELECT results_eq('SELECT signal, term, value_before, value_after, points FROM health_change(pg_temp.overridden(NULL, NULL), pg_temp.overridden(NULL, 79))',
    $$VALUES ('p1', 'override', NULL::float8, 79::float8, -11::numeric)$$, 'a veto that came is an override');
SELECT is_empty('SELECT * FROM health_change(pg_temp.of(80, NULL, NULL), pg_temp.of(40, 60, 60))', 'no changes where one score is not known');

-- Bad input.
SELECT is(pg_temp.failure(statement), failure, failure)
FROM (VALUES
    (1, $$SELECT health_score('u', 'a', 50, -1)$$, '22023 weight -1 is out of range'),
    (2, $$SELECT health_score('u', 'a', 50, 'NaN')$$, '22023 weight NaN is out of range'),
    (3, $$SELECT health_score('u', 'a', 100.5, 1)$$, '22023 value 100.5 is out of range'),
    (4, $$SELECT health_score('u', 'a', -0.001, 1)$$, '22023 value -0.001 is out of range'),
    (5, $$SELECT health_score('u', 'a', 'NaN', 1)$$, '22023 value NaN is out of range'),
    (6, $$SELECT health_score('u', 'a', 50, 1, 'average')$$, '22023 unknown policy "average"'),
    (7, $$SELECT health_score('u', 'a', 50, 1, 'zero', 1.5)$$, '22023 freshness 1.5 is out of range'),
    (8, $$SELECT health_score('u', NULL, 50, 1)$$, '22004 signal must not be NULL'),
    (9, $$SELECT health_score('u', 'a', 50, NULL)$$, '22004 weight must not be NULL'),
    (10, $$SELECT tier(h, 80, 50) FROM hand$$, '22023 green_from 50 is not above yellow_from 80'),
    (11, $$SELECT tier(h, 50, 101) FROM hand$$, '22023 green_from 101 is out of range'),
    (12, $$SELECT tier(101::float8)$$, '22023 score 101 is out of range'),
    (13, $$SELECT score(h, 2) FROM hand$$, '22023 min_coverage 2 is out of range'),
    (14, $$SELECT score(h, 0, 'best') FROM hand$$, '22023 unknown method "best"'),
    (15, $$SELECT held_tier(50, 'Amber')$$, '22023 unknown tier "Amber"'),
    (16, $$SELECT held_tier(50, 'Red', -1)$$, '22023 margin -1 is out of range'),
    (17, $$SELECT health_score('u', repeat('é', 128), 50, 1)$$, '22023 signal of 256 bytes')) AS v(nr, statement, failure) ORDER BY nr;

-- By rules: of several accounts in turn, each with the rules of its kind; a veto comes before the rest has its place.
SELECT is_empty($$
    WITH rule AS (SELECT kind, health_rule_agg(component, signal, reading, weight * kind, '{0,10}', scores, 'renormalise', NULL, veto_from, veto_cap) AS rules
                  FROM generate_series(1, 2) AS kind, (VALUES ('usage', 'logins', 1, 10, '{0,100}'::float8[], NULL::float8, NULL::float8), ('support', 'open', 2, 5, '{100,0}', 4, 79), ('business', 'nps', 3, 8, '{0,100}', NULL, NULL))
                       AS r(component, signal, reading, weight, scores, veto_from, veto_cap) GROUP BY kind)
    SELECT i FROM generate_series(1, 200) AS i JOIN rule ON kind = 1 + i % 2, LATERAL (SELECT i % 11 AS logins, i % 7 AS open, nullif(i % 5, 4) AS nps) AS m,
         LATERAL (SELECT health_score(c, s, v, w, p) AS health
                  FROM (VALUES ('usage', 'logins', 10 * logins::float8, 10 * kind::float8, 'renormalise'), ('support', 'open', 100 - 10 * open, 5 * kind, 'renormalise'), ('business', 'nps', 10 * nps, 8 * kind, 'renormalise'),
                               ('veto', 'open', CASE WHEN open >= 4 THEN 79 END, 0, 'veto')) AS t(c, s, v, w, p)) AS h
    WHERE (SELECT array_agg(k::text) FROM contributions(health_of(rules, ARRAY[logins, open, nps]::float8[], NULL, '2026-01-01')) AS k)
          IS DISTINCT FROM (SELECT array_agg(k::text) FROM contributions(health) AS k WHERE component <> 'veto' OR value IS NOT NULL)$$,
    'health_of is health_score of the normalized readings, whatever the rules of the account before');

-- What costs most, in words: weights 1 and 3, of which 0.3 and 0.75 are lost; less than 0.05 points is nothing.
SELECT is(health_reasons(health_score('u', s, v, w)), 'trend -56.3, seats -7.5', 'the greatest loss first, to one decimal') FROM (VALUES ('seats', 70::float8, 1::float8), ('trend', 25, 3)) AS r(s, v, w);
SELECT is(health_reasons(health_score('u', s, v, 1)), NULL, 'nothing lost, no reasons') FROM (VALUES ('seats', 99.91::float8), ('trend', 99.99)) AS r(s, v);
SELECT is_empty($$
    SELECT n FROM (SELECT n, health_score('c' || c, s, CASE WHEN hashint8(n * 100 + c) % 5 <> 0 THEN abs(hashint8(n * 100 + c)::bigint) % 101 END, 1 + abs(hashint8(n * 7 + c)::bigint) % 9) AS h
                   FROM generate_series(1, 500) AS n, (VALUES (1, 'x'), (1, 'y'), (2, 'x'), (2, 'ü'), (3, 'w')) AS v(c, s) GROUP BY n) AS a
    WHERE health_reasons(h, 'weighted', 2) IS DISTINCT FROM (SELECT string_agg(format('%s -%s', signal, round(points_lost, 1)), ', ' ORDER BY points_lost DESC, signal COLLATE "C")
          FROM (SELECT signal, points_lost FROM contributions(h) WHERE points_lost >= 0.05 ORDER BY points_lost DESC, signal COLLATE "C" LIMIT 2) AS l)$$, 'reasons are the greatest contributions, as plain SQL words them');

SELECT * FROM finish();
ROLLBACK;
