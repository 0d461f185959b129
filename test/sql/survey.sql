\unset ECHO
\i test/psql.sql
-- Surveys: the groups of NPS, CSAT and CES on any scale, their intervals, what is rejected and what is missing.
BEGIN;
SELECT plan(98);
CREATE FUNCTION pg_temp.survey(VARIADIC numeric[]) RETURNS survey LANGUAGE sql AS 'SELECT survey_agg(x) FROM unnest($1) AS x';
CREATE FUNCTION pg_temp.near(a float8, b float8) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= 1e-12 * greatest(1, abs(b)), false);

-- By hand: 3 promoters, 2 passives, 4 detractors of 9.
CREATE TEMP TABLE nine AS SELECT pg_temp.survey(9, 10, 9.5, 7, 8.999999, 0, 6, 6.999999, 3) AS s;
SELECT is(got, want, description)
FROM nine, LATERAL (VALUES
    (promoter_count(s)::text, '3', 'promoters: from 9 on'), (passive_count(s)::text, '2', 'passives: from 7 on and below 9'), (detractor_count(s)::text, '4', 'detractors: below 7'),
    (nps(s)::text, (-100 / 9.0::float8)::text, 'NPS is 100 (3 - 4) / 9, not rounded'), (answer_count(s)::text, '9', 'answers'),
    (rejected_count(s)::text, '0', 'nothing rejected'), (missing_count(s)::text, '0', 'nothing missing'), (response_rate(s)::text, '1', 'all answered')
) AS v(got, want, description);
SELECT is(concat_ws(' ', promoter_count(s), passive_count(s), detractor_count(s)), want, format('%s is in one group', score))
FROM (VALUES (0, '0 0 1'), (6.5, '0 0 1'), (6.9999999, '0 1 0'), (7, '0 1 0'), (8.5, '0 1 0'), (8.999999, '0 1 0'), (9, '1 0 0'), (10, '1 0 0'), (10.000001, '0 0 0'), (-0.000001, '0 0 0')) AS e(score, want),
     pg_temp.survey(score) AS s;
SELECT is(concat_ws(' ', answer_count(s), rejected_count(s), missing_count(s), answer_count(s, 0, 10), nps(s), response_rate(s)), '4 5 2 2 50 ' || 7 / 9.0::float8,
          'off the scale: an answer, but rejected; no score: rejected; NULL: missing')
FROM (SELECT pg_temp.survey(10, 8, 11, -1, 'NaN', 'infinity', 1000000000.000001, NULL, NULL) AS s) AS q;
SELECT is(concat_ws(' ', answer_count(s), rejected_count(s), rejected_count(s, 2, 5), rejected_count(s, -5, 1000000000)), '3 1 2 0', 'rejected by the scale that is asked for')
FROM (SELECT pg_temp.survey(1000000000, 5, 1) AS s) AS q;
SELECT is(survey_agg(x), NULL, 'no rows: no survey') FROM unnest('{}'::numeric[]) AS x;
SELECT ok(s IS NOT NULL AND nps(s) IS NULL AND csat(s) IS NULL AND ces(s, 1, 7, true) IS NULL AND ces_share(s, 1, 7, true) IS NULL AND mean_score(s) IS NULL AND nps_interval(s)::text = '(,)'
          AND csat_interval(s)::text = '(,)' AND ces_interval(s, 1, 7, true)::text = '(,)' AND response_rate(s) = 0 AND answer_count(s) = 0 AND small_sample(s), 'nobody answered: readings are NULL, never 0')
FROM (SELECT pg_temp.survey(NULL, NULL) AS s) AS q;
SELECT ok(nps(s) IS NULL AND csat(s) IS NULL AND nps_interval(s) IS NULL AND mean_score(s) IS NULL AND response_rate(s) IS NULL AND ces(s, 1, 7, true) IS NULL AND small_sample(s) IS NULL, 'no survey: NULL')
FROM (SELECT NULL::survey AS s) AS q;
SELECT is(nps(pg_temp.survey(11, 12)), NULL, 'only answers off the scale: no NPS');

-- From R, with n, P and D of m answers more, 3/4 of them promoters and detractors each (m is 3, for wald 0):
--   100 * (P - D + c(-1, 1) * -qnorm((1 - confidence) / 2) * sqrt((P + D - (P - D)^2) / n))
SELECT ok(pg_temp.near(i.lower, want_lower) AND pg_temp.near(i.upper, want_upper), format('the %s interval of %s, %s, %s at %s', method, p, q, d, confidence))
FROM (VALUES
    (3, 2, 4, 0.5, 'adjusted_wald', -24.6399616463569, 7.97329497969024), (3, 2, 4, 0.95, 'adjusted_wald', -55.7178995087513, 39.0512328420846), (3, 2, 4, 0.999, 'adjusted_wald', -87.8859082225853, 71.2192415559187),
    (5, 0, 0, 0.95, 'adjusted_wald', 17.491453034169, 107.508546965831), (0, 1, 0, 0.95, 'adjusted_wald', -60.0113959544413, 60.0113959544413),
    (8465, 3953, 1194, 0.95, 'adjusted_wald', 52.3101268577034, 54.4985400537913),
    (3, 2, 4, 0.5, 'wald', -30.7812503851267, 8.55902816290447), (3, 2, 4, 0.95, 'wald', -68.2695253594368, 46.0473031372146), (8465, 3953, 1194, 0.999, 'wald', 51.5790414723984, 55.2531654038872),
    (5, 0, 0, 0.95, 'wald', 100, 100), (0, 1, 0, 0.95, 'wald', 0, 0)
) AS r(p, q, d, confidence, method, want_lower, want_upper),
LATERAL (SELECT survey_agg(score) AS s FROM (SELECT 10 AS score FROM generate_series(1, p) UNION ALL SELECT 8 FROM generate_series(1, q) UNION ALL SELECT 2 FROM generate_series(1, d)) AS a) AS s,
LATERAL nps_interval(s, confidence, method) AS i;
SELECT is(nps_interval(s), nps_interval(s, 0.95, 'adjusted_wald'), 'nps_interval: 0.95 and adjusted_wald if not given') FROM nine;

-- CSAT: neutral answers stay in the denominator, so 7 of 10, not 7 of 9.
CREATE TEMP TABLE ten AS SELECT pg_temp.survey(5, 5, 5, 5, 4, 4, 4, 3, 2, 1) AS s;
SELECT is(got, want, description)
FROM ten, LATERAL (VALUES
    (csat(s)::text, '0.7', 'CSAT: 4 and 5 of five'), (csat(s, 5)::text, '0.4', 'CSAT from 5 on'), (csat(s, 4.5)::text, '0.4', 'CSAT from between two scores on'), (csat(s, 6)::text, '0', 'CSAT: none'),
    (csat(s, 4, 1, 4)::text, (3 / 6.0::float8)::text, 'CSAT of the scores on the scale alone'), (csat_interval(s)::text, wilson_interval(7, 10)::text, 'its interval is Wilson''s'),
    (csat_interval(s, 5, 0.9)::text, wilson_interval(4, 10, 0.9)::text, 'its interval at another confidence'), (csat_interval(s, 4, 1, 4, 0.9)::text, wilson_interval(3, 6, 0.9)::text, 'its interval on the scale'),
    (response_rate_interval(s)::text, wilson_interval(10, 10)::text, 'the interval of the response rate is Wilson''s')
) AS v(got, want, description);

-- CES 2.0: 1 to 7, higher is better; 37 / 7. Older scales run from 1, no effort, to 5.
CREATE TEMP TABLE seven AS SELECT pg_temp.survey(7, 6, 5, 2, 7, 4, 6) AS s, pg_temp.survey(1, 2, 2, 5, 3, 1, 6) AS r;
SELECT is(got, want, description)
FROM seven, LATERAL (VALUES
    (ces(s, 1, 7, true)::text, (37 / 7.0::float8)::text, 'CES from 1 to 7 is the mean'), (ces(s, 1, 7, false)::text, (8 - 37 / 7.0)::float8::text, 'turned round where a low score is the good one'),
    (ces(r, 1, 5, false)::text, '5', 'CES from 1 to 5, 1 the easiest, brought to 1 to 7; 6 is off the scale'), (ces(r, 1, 5, true)::text, '3', 'and had 5 been the easiest'),
    (ces(pg_temp.survey(0, 10), 0, 10, true)::text, '4', 'CES from 0 to 10'),
    (ces_share(s, 1, 7, true)::text, (5 / 7.0::float8)::text, 'share of 5 and more'), (ces_share(r, 1, 5, false)::text, (4 / 6.0::float8)::text, 'share of 1 and 2 of five: 7 and 5.5')
) AS v(got, want, description);
-- From R: t.test(x, conf.level = confidence)$conf.int, of 1 + 6 * (5 - r) / 4 for the second
SELECT ok(pg_temp.near(i.lower, want_lower) AND pg_temp.near(i.upper, want_upper), format('Student''s interval of CES at %s, %s', confidence, CASE nr WHEN 1 THEN '1 to 7' ELSE '5 to 1' END))
FROM seven, (VALUES (0.5, 4.79767709489927, 5.7737514765293, 1), (0.95, 3.62148134705666, 6.94994722437191, 1), (0.999, 1.23290864191636, 9.33851992951222, 1),
                    (0.5, 4.33002783370521, 5.66997216629479, 2), (0.95, 2.63004064852414, 7.36995935147586, 2), (0.999, -1.33274524467495, 11.3327452446749, 2)) AS r(confidence, want_lower, want_upper, nr),
     LATERAL ces_interval(CASE nr WHEN 1 THEN s ELSE r END, 1, CASE nr WHEN 1 THEN 7 ELSE 5 END, nr = 1, confidence) AS i;
SELECT is(ces_interval(s, 1, 7, true), ces_interval(s, 1, 7, true, 0.95), 'ces_interval: 0.95 if not given') FROM seven;
SELECT is(ces_interval(pg_temp.survey(5, 9), 1, 7, true)::text, '(,)', 'one answer on the scale has no interval');
-- 5 of 1..7 is two thirds of the scale up; of 0..10 that is 20/3, of 1..4 just 3
SELECT is(ces_share(pg_temp.survey(score), lowest, highest, higher), want::float8, format('%s of %s to %s, %s: easy or not, exactly', score, lowest, highest, higher))
FROM (VALUES (6.666666, 0, 10, true, 0), (6.666667, 0, 10, true, 1), (3.333333, 0, 10, false, 1), (3.333334, 0, 10, false, 0), (3, 1, 4, true, 1), (2.999999, 1, 4, true, 0), (2, 1, 4, false, 1), (2.000001, 1, 4, false, 0),
             (5, 1, 7, true, 1), (4.999999, 1, 7, true, 0)) AS e(score, lowest, highest, higher, want);

-- Means from exact sums: nothing cancels. From R: sd(c(.1, .2, .4)), sd(x)
SELECT ok(pg_temp.near(mean_score(s), 37 / 7.0) AND pg_temp.near(score_stddev(s), 1.79947082168487), 'mean and deviation') FROM seven;
SELECT ok(pg_temp.near(score_stddev(s), 0.152752523165195) AND mean_score(s) = 999999000 + 0.7 / 3::float8, 'as exact far from zero') FROM (SELECT pg_temp.survey(999999000.1, 999999000.2, 999999000.4) AS s) AS q;
SELECT is(mean_score(survey_agg(CASE i % 2 WHEN 0 THEN 1 ELSE -1 END * 999999000 + i % 5)), 2::float8, 'large scores in both directions cancel exactly') FROM generate_series(1, 10000) AS i;
SELECT ok(score_stddev(pg_temp.survey(5)) IS NULL AND mean_score(pg_temp.survey(5)) = 5, 'one score has no deviation');
SELECT ok(small_sample(pg_temp.survey(1, 2)) AND small_sample(s, 10) AND NOT small_sample(s, 9), 'a small sample is one of fewer than 30, or as many as said') FROM nine;

-- Merged and taken apart
SELECT is(rollup(part), pg_temp.survey(9, 10, 9.5, 7, NULL, 11, 'NaN'), 'parts roll up to the whole') FROM (VALUES (pg_temp.survey(9, NULL)), (pg_temp.survey(10, 11, 'NaN')), (pg_temp.survey(9.5, 7)), (NULL)) AS p(part);
SELECT is(pg_temp.survey(9, 9.00, 9.0000001), pg_temp.survey(9.0, 9, 9), 'scores are the same to six decimals');
SELECT is(array_agg(nps(s) ORDER BY id), '{100,0,-100}'::float8[], 'a moving frame of two answers')
FROM (SELECT id, survey_agg(score) OVER (ORDER BY id ROWS 1 PRECEDING) AS s FROM (VALUES (1, 10), (2, 0), (3, 3)) AS a(id, score)) AS w;
SELECT is(concat_ws(' ', coalesce(nps(s)::text, '-'), coalesce(csat(s)::text, '-'), coalesce(ces(s, 1, 7, true)::text, '-'), coalesce(mean_score(s)::text, '-'), coalesce(score_stddev(s)::text, '-'), coalesce(response_rate(s)::text, '-'),
                    nps_interval(s), csat_interval(s), ces_interval(s, 1, 7, true), response_rate_interval(s), coalesce(ces_share(s, 1, 7, true)::text, '-')),
          '- - - - - - (,) (,) (,) (,) -', 'counts below zero, as unmerge can leave them: nothing is known')
FROM (SELECT unmerge(pg_temp.survey(9, 9, 9, 9, 1, 2), pg_temp.survey(5)) AS s) AS q;
SELECT is(nps(unmerge(pg_temp.survey(9, 5, NULL, 11), pg_temp.survey(5, NULL, 11))), 100::float8, 'what is taken out is out');

-- Refused, by value
SELECT throws_ok('SELECT csmetrics.' || replace(call, 'S', 'csmetrics.survey_agg(5)'), '22023', message, message)
FROM (VALUES
    ('csat(S, ''NaN'')', 'satisfied_from NaN is not a score'), ('csat(S, 1e10)', 'satisfied_from 10000000000 is not a score'),
    ('csat(S, 4, 5, 1)', 'highest 1 is not above lowest 5'), ('csat(S, 6, 1, 5)', 'satisfied_from 6 is not between lowest 1 and highest 5'), ('csat(S, 0.5, 1, 5)', 'satisfied_from 0.5 is not between lowest 1 and highest 5'),
    ('csat_interval(S, 6, 1, 5)', 'satisfied_from 6 is not between lowest 1 and highest 5'), ('csat_interval(S, 4, 95)', 'confidence 95 is not between 0 and 1'),
    ('ces(S, 7, 1, true)', 'highest 1 is not above lowest 7'), ('ces(S, 1, ''infinity'', true)', 'highest Infinity is not a score'), ('ces_interval(S, 1, 7, true, 1)', 'confidence 1 is not between 0 and 1'),
    ('ces_share(S, 1, 1, true)', 'highest 1 is not above lowest 1'), ('answer_count(S, 3, 2)', 'highest 2 is not above lowest 3'), ('rejected_count(S, 3, 2)', 'highest 2 is not above lowest 3'),
    ('nps_interval(S, 0.95, ''wilson'')', 'unknown method "wilson"'), ('nps_interval(S, 0)', 'confidence 0 is not between 0 and 1'), ('small_sample(S, 0)', 'at_least 0 is not at least 1'),
    ('response_rate_interval(S, -1)', 'confidence -1 is not between 0 and 1')
) AS wrong(call, message);
SELECT throws_ok('SELECT csmetrics.ces(csmetrics.survey_agg(5), 1, 7)', '42883', NULL, 'the direction of a CES scale must be said');
SELECT * FROM finish();
ROLLBACK;
