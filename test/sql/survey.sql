\unset ECHO
\i test/psql.sql
-- Surveys: who answered, and NPS, CSAT and CES read from one state, with their intervals; merged and taken apart.
BEGIN;
SELECT plan(320);
SELECT setseed(0.4) \g /dev/null

CREATE FUNCTION pg_temp.of(scores numeric[]) RETURNS survey LANGUAGE sql RETURN (SELECT survey_agg(x) FROM unnest(scores) AS x);
-- The same answers 2^doublings times
CREATE FUNCTION pg_temp.often(state survey, doublings integer) RETURNS survey LANGUAGE plpgsql AS $$
    BEGIN FOR i IN 1 .. doublings LOOP state := merge(state, state); END LOOP; RETURN state; END $$;
-- n answers of one score
CREATE FUNCTION pg_temp.counted(score numeric, n integer) RETURNS survey LANGUAGE sql
    RETURN (SELECT rollup(pg_temp.often(survey_agg_add(NULL, score), bit)) FROM generate_series(0, 30) AS bit WHERE n >> bit & 1 = 1);
CREATE FUNCTION pg_temp.near(a float8, b float8) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= 1e-12 * greatest(1, abs(b)), false);

-- Fourteen asked: 12 answered, of which 9 on the scale of NPS: 4 promoters, 2 passives, 3 detractors. 6.5 and 8.5 lie between
-- the whole scores, 11 and -1 off the scale; NaN is no score.
CREATE TEMP TABLE answer (id int, segment text, score numeric);
INSERT INTO answer VALUES (1, 'a', 10), (2, 'a', 9), (3, 'a', 9.5), (4, 'b', 8.5), (5, 'b', 7), (6, 'b', 6.5), (7, 'b', 0), (8, 'a', 3), (9, 'a', 9),
                          (10, 'b', 11), (11, 'b', -1), (12, 'c', 'NaN'), (13, 'c', NULL), (14, 'c', NULL);
CREATE TEMP TABLE asked AS SELECT survey_agg(score) AS s FROM answer;
SELECT is(got, want, description)
FROM asked, LATERAL (VALUES
    (nps(s)::text, (100.0::float8 / 9)::text, 'nps is 100 * (4 - 3) / 9, not rounded'),
    (promoter_count(s)::text, '4', 'promoters: 9 to 10'),
    (passive_count(s)::text, '2', 'passives: 7 to below 9'),
    (detractor_count(s)::text, '3', 'detractors: 0 to below 7'),
    (answer_count(s)::text, '11', 'answer_count: all scores, on whatever scale'),
    (answer_count(s, 0, 10)::text, '9', 'answer_count: those on a scale'),
    (answer_count(s, 6.5, 8.5)::text, '3', 'answer_count: both ends included'),
    (answer_count(s, 6.500001, 8.499999)::text, '1', 'answer_count: to the sixth decimal'),
    (missing_count(s)::text, '2', 'missing_count'),
    (rejected_count(s)::text, '3', 'rejected_count: no score, or off the scale of NPS'),
    (rejected_count(s, -1, 11)::text, '1', 'rejected_count: no score alone, where the scale is that wide'),
    (rejected_count(s, 7, 9)::text, '8', 'rejected_count: off another scale'),
    (rejected_count(s, highest => 11)::text, '2', 'rejected_count: lowest is 0 if not given'),
    (rejected_count(s, -1)::text, '2', 'rejected_count: highest is 10 if not given'),
    (response_rate(s)::text, (12.0::float8 / 14)::text, 'response_rate: 12 of 14, that which is no score among them'),
    (response_rate_interval(s)::text, wilson_interval(12, 14)::text, 'response_rate_interval is that of Wilson'),
    (response_rate_interval(s, 0.8)::text, wilson_interval(12, 14, 0.8)::text, 'response_rate_interval at 0.8'),
    -- 10 + 9 + 9.5 + 8.5 + 7 + 6.5 + 0 + 3 + 9 + 11 - 1 = 72.5
    (mean_score(s)::text, (72.5::float8 / 11)::text, 'mean_score: of all scores, off the scale of NPS too'),
    (csat(s, 7)::text, (7.0::float8 / 11)::text, 'csat: of all scores'),
    (csat(s, 7, 0, 10)::text, (6.0::float8 / 9)::text, 'csat: of the scores on a scale'),
    (csat(s, 9.5, 0, 10)::text, (2.0::float8 / 9)::text, 'csat: satisfied_from is included'),
    (csat(s, 9.500001, 0, 10)::text, (1.0::float8 / 9)::text, 'csat: to the sixth decimal'),
    (csat(s, 0, 0, 10)::text, '1', 'csat: satisfied_from at the lowest score'),
    (csat(s, 10, 0, 10)::text, (1.0::float8 / 9)::text, 'csat: satisfied_from at the highest'),
    (csat(s, 1000000000)::text, '0', 'csat: nobody is that satisfied'),
    (csat_interval(s, 7)::text, wilson_interval(7, 11)::text, 'csat_interval is that of Wilson'),
    (csat_interval(s, 7, 0.8)::text, wilson_interval(7, 11, 0.8)::text, 'csat_interval at 0.8'),
    (csat_interval(s, 7, 0, 10)::text, wilson_interval(6, 9)::text, 'csat_interval: of the scores on a scale'),
    (csat_interval(s, 7, 0, 10, 0.8)::text, wilson_interval(6, 9, 0.8)::text, 'csat_interval on a scale at 0.8'),
    -- 9 on the scale, of mean 62.5 / 9
    (ces(s, 0, 10, true)::text, (1 + 6 * 6.25::float8 / 9)::text, 'ces: the mean of the scores on the scale, from 1 to 7'),
    (ces_share(s, 0, 10, true)::text, (6.0::float8 / 9)::text, 'ces_share: 5 or more on its scale'),
    (small_sample(s, 11)::text, 'false', 'small_sample: 11 are not fewer than 11'),
    (small_sample(s, 12)::text, 'true', 'small_sample: but than 12'),
    (small_sample(s)::text, 'true', 'small_sample: 11 are fewer than 30')
) AS reading (got, want, description);
SELECT is(array_agg(small_sample(s) ORDER BY n), '{t,f}', 'small_sample: 30 if not given')
FROM (VALUES (29), (30)) AS v (n), LATERAL (SELECT survey_agg(1) AS s FROM generate_series(1, n)) AS q;

-- Each score alone: its group of NPS. Scores are rounded to six decimals, half away from zero.
SELECT is(concat_ws(' ', detractor_count(s), passive_count(s), promoter_count(s), rejected_count(s)), want, format('%s is %s', score, description))
FROM (VALUES
    (0, '1 0 0 0', 'a detractor'), (6, '1 0 0 0', 'a detractor'), (6.5, '1 0 0 0', 'a detractor'), (6.999999, '1 0 0 0', 'a detractor'),
    (6.9999994999, '1 0 0 0', 'a detractor: it rounds down'), (6.9999995, '0 1 0 0', 'a passive: it rounds up'),
    (7, '0 1 0 0', 'a passive'), (8, '0 1 0 0', 'a passive'), (8.5, '0 1 0 0', 'a passive'), (8.999999, '0 1 0 0', 'a passive'),
    (8.9999995, '0 0 1 0', 'a promoter: it rounds up'), (9, '0 0 1 0', 'a promoter'), (9.5, '0 0 1 0', 'a promoter'), (10, '0 0 1 0', 'a promoter'),
    (10.0000004, '0 0 1 0', 'a promoter: it rounds down'), (10.0000005, '0 0 0 1', 'off the scale: it rounds up'),
    (11, '0 0 0 1', 'off the scale'), (-0.0000004, '1 0 0 0', 'a detractor: it rounds to 0'), (-0.000001, '0 0 0 1', 'off the scale'),
    (-1, '0 0 0 1', 'off the scale'), (100, '0 0 0 1', 'off the scale')
) AS v (score, want, description), LATERAL (SELECT pg_temp.of(ARRAY[score]) AS s) AS q;

-- Scores lie between -10^9 and 10^9, what is beyond is none.
SELECT is(concat_ws(' ', answer_count(s), rejected_count(s, -1000000000, 1000000000), coalesce(mean_score(s)::text, '-'), response_rate(s)), want, format('%s: %s', score, description))
FROM (VALUES
    (1000000000::numeric, '1 0 1000000000 1', 'the highest score'), (-1000000000, '1 0 -1000000000 1', 'the lowest'),
    (1000000000.0000004, '1 0 1000000000 1', 'rounds to the highest'),
    (1000000000.0000005, '0 1 - 1', 'no score'), (-1000000000.000001, '0 1 - 1', 'no score'), (1e10, '0 1 - 1', 'no score'), (-1e10, '0 1 - 1', 'no score'),
    (1e30, '0 1 - 1', 'no score'), (1e1000, '0 1 - 1', 'no score'), ('NaN', '0 1 - 1', 'no score'), ('Infinity', '0 1 - 1', 'no score'), ('-Infinity', '0 1 - 1', 'no score')
) AS v (score, want, description), LATERAL (SELECT pg_temp.of(ARRAY[score]) AS s) AS q;

-- The inverse transition ends where the aggregate begins.
SELECT is(survey_agg_remove(survey_agg_add(NULL, score), score), NULL, format('%s taken out again: no state', coalesce(score::text, 'NULL'))) FROM unnest('{5,NaN,NULL}'::numeric[]) AS score;

-- No rows, no answers, none on the scale: NULL, never 0.
SELECT is(survey_agg(score), NULL, 'no rows: no state') FROM answer WHERE false;
SELECT is(concat_ws(' ', coalesce(nps(s)::text, '-'), nps_interval(s), nps_interval(s, 0.9, 'wald'), coalesce(csat(s)::text, '-'), coalesce(csat(s, 4, 1, 5)::text, '-'),
                    csat_interval(s), csat_interval(s, 4, 1, 5), coalesce(ces(s, 1, 7, true)::text, '-'), ces_interval(s, 1, 7, true), coalesce(ces_share(s, 1, 7, true)::text, '-'),
                    coalesce(mean_score(s)::text, '-'), coalesce(score_stddev(s)::text, '-')),
          '- (,) (,) - - (,) (,) - (,) - - -', description || ': all readings of scores are NULL')
FROM (VALUES (pg_temp.of('{NULL,NULL}'), 'nobody answered'), (pg_temp.of('{NaN,1e10}'), 'no score'), (unmerge(survey_agg_add(NULL, 5), survey_agg_add(NULL, 5)), 'nobody left')) AS v (s, description);
SELECT is(concat_ws(' ', coalesce(nps(s)::text, '-'), nps_interval(s), coalesce(csat(s, 4, 1, 5)::text, '-'), csat_interval(s, 4, 1, 5), coalesce(ces(s, 1, 7, true)::text, '-'),
                    ces_interval(s, 1, 7, true), coalesce(ces_share(s, 1, 7, true)::text, '-')), '- (,) - (,) - (,) -', 'none on the scale: NULL')
FROM (SELECT pg_temp.of('{11,-1,0.5e9}') AS s) AS q;
SELECT is(concat_ws(' ', answer_count(s), promoter_count(s), passive_count(s), detractor_count(s), missing_count(s), rejected_count(s), response_rate(s), response_rate_interval(s) = wilson_interval(0, 2), small_sample(s, 1)),
          '0 0 0 0 2 0 0 t t', 'nobody answered: counts and the response rate are 0') FROM (SELECT pg_temp.of('{NULL,NULL}') AS s) AS q;
SELECT is(concat_ws(' ', response_rate(s), rejected_count(s)), '1 2', 'an answer that is no score is a response') FROM (SELECT pg_temp.of('{NaN,1e10}') AS s) AS q;
SELECT is(concat_ws(' ', coalesce(response_rate(s)::text, '-'), response_rate_interval(s)), '- (,)', 'nobody asked: no response rate') FROM (SELECT unmerge(s, s) AS s FROM asked) AS q;
SELECT is(concat_ws(' ', nps(s), mean_score(s), coalesce(score_stddev(s)::text, '-'), ces(s, 0, 10, true), ces_interval(s, 0, 10, true)), '100 10 - 7 (,)',
          'one answer: means, but no deviation') FROM (SELECT pg_temp.of('{10}') AS s) AS q;

-- From R 4, with n <- promoters + passives + detractors + more, p <- (promoters + more / 4) / n, d <- (detractors + more / 4) / n,
-- more being 3 for adjusted_wald and 0 for wald:
--   100 * (p - d + c(-1, 1) * -qnorm((1 - confidence) / 2) * sqrt((p + d - (p - d)^2) / n))
CREATE TEMP TABLE npses AS
SELECT v.*, (SELECT rollup(pg_temp.counted(score, of)) FROM (VALUES (9, promoters), (8, passives), (2, detractors)) AS g (score, of)) AS s FROM (VALUES
    (5, 3, 2, 0.5, 8.579415412566032, 37.574430741280118, 13.341332042959156, 46.658667957040848),
    (5, 3, 2, 0.95, -19.050615376363659, 65.204461530209812, -18.407539501852554, 78.407539501852554),
    (5, 3, 2, 0.999, -47.64978032473315, 93.803626478579289, -51.270015159985462, 111.27001515998545),
    (1, 0, 0, 0.5, -0.29336563235306534, 50.293365632353073, 100, 100),
    (1, 0, 0, 0.95, -48.498649420252015, 98.498649420252022, 100, 100),
    (1, 0, 0, 0.999, -98.394752430946042, 148.39475243094603, 100, 100),
    (0, 7, 0, 0.5, -8.2607786235884504, 8.2607786235884504, 0, 0),
    (0, 7, 0, 0.95, -24.00455838177654, 24.00455838177654, 0, 0),
    (0, 7, 0, 0.999, -40.30055738571626, 40.30055738571626, 0, 0),
    (0, 0, 3, 0.5, -69.470841942067565, -30.529158057932438, -100, -100),
    (0, 0, 3, 0.95, -106.57928670380858, 6.5792867038085738, -100, -100),
    (0, 0, 3, 0.999, -144.98932471012523, 44.989324710125231, -100, -100),
    (30, 0, 30, 0.5, -8.3959987023438689, 8.3959987023438689, -8.7076252323234176, 8.7076252323234176),
    (30, 0, 30, 0.95, -24.397487235432575, 24.397487235432575, -25.30302623763319, 25.30302623763319),
    (30, 0, 30, 0.999, -40.960234250560823, 40.960234250560823, -42.480517437728096, 42.480517437728096),
    (8465, 3953, 1194, 0.5, 53.027780039052395, 53.780886872442267, 53.039543827029156, 53.792663049256475),
    (8465, 3953, 1194, 0.95, 52.310126857703366, 54.498540053791302, 52.321878840066091, 54.510328036219533),
    (8465, 3953, 1194, 0.999, 51.567301709736249, 55.24136520175842, 51.579041472398387, 55.253165403887238),
    (123456789, 1000000, 987654, 0.5, 97.626996571504392, 97.629372132136737, 97.626998906781552, 97.629374466409644),
    (123456789, 1000000, 987654, 0.95, 97.624732844009571, 97.631635859631572, 97.624735180243675, 97.63163819294752),
    (123456789, 1000000, 987654, 0.999, 97.62238971538558, 97.633978988255549, 97.622392052610223, 97.633981320580972)
) AS v (promoters, passives, detractors, confidence, lower, upper, wald_lower, wald_upper);
SELECT ok(pg_temp.near(i.lower, n.lower) AND pg_temp.near(i.upper, n.upper) AND pg_temp.near(w.lower, wald_lower) AND pg_temp.near(w.upper, wald_upper)
          AND pg_temp.near(nps(s), 100.0 * (promoters - detractors) / (promoters + passives + detractors)),
          format('nps and both intervals of %s/%s/%s at %s are those of R', promoters, passives, detractors, confidence))
FROM npses AS n, nps_interval(s, confidence) AS i, nps_interval(s, confidence, 'wald') AS w;
SELECT is(nps_interval(s), nps_interval(s, 0.95, 'adjusted_wald'), 'nps_interval: 0.95 and adjusted_wald if not given') FROM asked;
SELECT is(nps_interval(s, 0.8), nps_interval(s, 0.8, 'adjusted_wald'), 'nps_interval: adjusted_wald if not given') FROM asked;
SELECT ok(bool_and(i.lower = sign * 100 AND i.upper = sign * 100), 'where all agree, the interval of wald has no width, for n up to 300')
FROM generate_series(1, 300) AS n, (VALUES (9, 1), (6, -1)) AS v (score, sign), nps_interval((pg_temp.counted(score, n)), 0.95, 'wald') AS i;
-- In numeric: of all counts up to 6, and of random ones
SELECT ok(bool_and(pg_temp.near(i.lower, 100 * (p - d - half)) AND pg_temp.near(i.upper, 100 * (p - d + half))), format('the interval of %s equals the formula in numeric', method))
FROM (SELECT a, b, c, pg_temp.counted(9, a) AS sa, pg_temp.counted(7, b) AS sb, pg_temp.counted(0, c) AS sc FROM generate_series(0, 6) AS a, generate_series(0, 6) AS b, generate_series(0, 6) AS c
      UNION ALL SELECT a, b, c, pg_temp.counted(9, a), pg_temp.counted(7, b), pg_temp.counted(0, c)
      FROM (SELECT exp(random() * 14)::int AS a, exp(random() * 14)::int AS b, exp(random() * 14)::int AS c FROM generate_series(1, 100)) AS r) AS g,
     (VALUES ('adjusted_wald', 3), ('wald', 0)) AS m (method, more),
     LATERAL (SELECT (a + b + c + more)::numeric(40, 30) AS n) AS n, LATERAL (SELECT (a + more / 4.0) / nullif(n, 0) AS p, (c + more / 4.0) / nullif(n, 0) AS d) AS x,
     LATERAL (SELECT 1.959963984540054 * sqrt(greatest(p + d - (p - d) ^ 2, 0) / n) AS half) AS h,
     LATERAL (SELECT rollup(x) AS s FROM unnest(ARRAY[sa, sb, sc]) AS x) AS s, nps_interval(s, 0.95, method) AS i
WHERE a + b + c > 0 GROUP BY method ORDER BY method;

-- CSAT, and what its readers make of neutral answers and of the scale
CREATE TEMP TABLE satisfaction AS SELECT pg_temp.of('{5,4,4,3,2,1,5,NULL,3.9,0,6}') AS s;
SELECT is(got, want, description)
FROM satisfaction, LATERAL (VALUES
    (csat(s), 0.5::float8, 'csat: 4 if not given, neutral scores in the denominator'),
    (csat(s, 4, 1, 5), 0.5, 'csat from 1 to 5: 0 and 6 are neither'),
    (csat(s, 3.9), 0.6, 'csat from 3.9'),
    (csat(s, 3.9000004), 0.6, 'csat: satisfied_from is rounded to six decimals'),
    (csat(s, 4, 0, 5), 4.0::float8 / 9, 'csat from 0 to 5'),
    (csat(s, 4, 1, 6), 5.0::float8 / 9, 'csat from 1 to 6')
) AS v (got, want, description);
SELECT is(csat_interval(s), csat_interval(s, 4, 0.95), 'csat_interval: 4 and 0.95 if not given') FROM satisfaction;
SELECT is(csat_interval(s, 4, 1, 5), csat_interval(s, 4, 1, 5, 0.95), 'csat_interval on a scale: 0.95 if not given') FROM satisfaction;
SELECT ok(bool_and(csat(s, c, a, b) IS NOT DISTINCT FROM within::float8 / nullif(whole, 0)
                   AND csat_interval(s, c, a, b, 0.9) IS NOT DISTINCT FROM CASE WHEN whole > 0 THEN wilson_interval(within, whole, 0.9) ELSE csat_interval(pg_temp.of('{NULL}')) END
                   AND answer_count(s, a, b) = whole), 'csat, its interval and the counts of random answers on every scale are those of plain SQL')
FROM (SELECT array_agg(round((random() * 12 - 1)::numeric, 1)) AS scores FROM generate_series(1, 200) AS i GROUP BY i % 20) AS r, LATERAL (SELECT pg_temp.of(scores) AS s) AS q,
     generate_series(0, 4, 0.5) AS a, generate_series(5, 10, 0.7) AS b, LATERAL (VALUES (a), (4.2), (b)) AS from_ (c),
     LATERAL (SELECT count(*) FILTER (WHERE x BETWEEN a AND b) AS whole, count(*) FILTER (WHERE x BETWEEN c AND b) AS within FROM unnest(scores) AS x) AS w;

-- CES: from R 4, with y <- 1 + 6 * (x - lowest) / (highest - lowest), or highest - x where low is good: t.test(y, conf.level = confidence)$conf.int
SELECT ok(pg_temp.near(i.lower, r.lower) AND pg_temp.near(i.upper, r.upper) AND pg_temp.near(ces(s, lowest, highest, higher), m),
          format('ces and its interval of %s on %s to %s, %s being easy, at %s are those of R', scores, lowest, highest, CASE WHEN higher THEN 'high' ELSE 'low' END, confidence))
FROM (VALUES
    ('{7, 6, 6, 5, 3, 1, 7, 4}', 1, 7, true, 0.3, 4.5768489298478983, 5.1731510701521017),
    ('{7, 6, 6, 5, 3, 1, 7, 4}', 1, 7, true, 0.5, 4.3469614097576637, 5.4030385902423363),
    ('{7, 6, 6, 5, 3, 1, 7, 4}', 1, 7, true, 0.9, 3.4682332390406043, 6.2817667609593952),
    ('{7, 6, 6, 5, 3, 1, 7, 4}', 1, 7, true, 0.95, 3.1192138899055162, 6.6307861100944834),
    ('{7, 6, 6, 5, 3, 1, 7, 4}', 1, 7, true, 0.999, 0.85952692483545379, 8.8904730751645467),
    ('{7, 6, 6, 5, 3, 1, 7, 4}', 1, 7, false, 0.3, 2.8268489298478983, 3.4231510701521013),
    ('{7, 6, 6, 5, 3, 1, 7, 4}', 1, 7, false, 0.5, 2.5969614097576628, 3.6530385902423368),
    ('{7, 6, 6, 5, 3, 1, 7, 4}', 1, 7, false, 0.9, 1.7182332390406048, 4.5317667609593943),
    ('{7, 6, 6, 5, 3, 1, 7, 4}', 1, 7, false, 0.95, 1.3692138899055162, 4.8807861100944834),
    ('{7, 6, 6, 5, 3, 1, 7, 4}', 1, 7, false, 0.999, -0.89047307516454621, 7.1404730751645458),
    ('{1, 2, 5, 4, 4, 3, 5}', 1, 5, true, 0.3, 4.2963028330872355, 4.9894114526270519),
    ('{1, 2, 5, 4, 4, 3, 5}', 1, 5, true, 0.5, 4.0278072601502179, 5.2579070255640685),
    ('{1, 2, 5, 4, 4, 3, 5}', 1, 5, true, 0.9, 2.9772740452725985, 6.3084402404416888),
    ('{1, 2, 5, 4, 4, 3, 5}', 1, 5, true, 0.95, 2.5455041275900272, 6.7402101581242597),
    ('{1, 2, 5, 4, 4, 3, 5}', 1, 5, true, 0.999, -0.46469958184475807, 9.750413867559045),
    ('{1, 2, 5, 4, 4, 3, 5}', 1, 5, false, 0.3, 3.010588547372949, 3.7036971669127658),
    ('{1, 2, 5, 4, 4, 3, 5}', 1, 5, false, 0.5, 2.7420929744359324, 3.9721927398497821),
    ('{1, 2, 5, 4, 4, 3, 5}', 1, 5, false, 0.9, 1.6915597595583123, 5.0227259547274024),
    ('{1, 2, 5, 4, 4, 3, 5}', 1, 5, false, 0.95, 1.2597898418757409, 5.4544958724099741),
    ('{1, 2, 5, 4, 4, 3, 5}', 1, 5, false, 0.999, -1.7504138675590444, 8.4646995818447586),
    ('{0, 10, 9.5, 7, 6.25, 3}', 0, 10, true, 0.3, 4.1895263575051569, 4.9604736424948435),
    ('{0, 10, 9.5, 7, 6.25, 3}', 0, 10, true, 0.5, 3.88881943029376, 5.2611805697062408),
    ('{0, 10, 9.5, 7, 6.25, 3}', 0, 10, true, 0.9, 2.6722725010843513, 6.477727498915649),
    ('{0, 10, 9.5, 7, 6.25, 3}', 0, 10, true, 0.95, 2.1477050468827943, 7.0022949531172065),
    ('{0, 10, 9.5, 7, 6.25, 3}', 0, 10, true, 0.999, -1.9109511460414565, 11.060951146041457),
    ('{0, 10, 9.5, 7, 6.25, 3}', 0, 10, false, 0.3, 3.0395263575051561, 3.8104736424948431),
    ('{0, 10, 9.5, 7, 6.25, 3}', 0, 10, false, 0.5, 2.7388194302937596, 4.1111805697062396),
    ('{0, 10, 9.5, 7, 6.25, 3}', 0, 10, false, 0.9, 1.5222725010843507, 5.3277274989156487),
    ('{0, 10, 9.5, 7, 6.25, 3}', 0, 10, false, 0.95, 0.99770504688279382, 5.8522949531172053),
    ('{0, 10, 9.5, 7, 6.25, 3}', 0, 10, false, 0.999, -3.0609511460414573, 9.910951146041457),
    ('{-3, -1}', -3, 3, true, 0.3, 1.4904745505055712, 2.5095254494944288),
    ('{-3, -1}', -3, 3, true, 0.5, 1, 3),
    ('{-3, -1}', -3, 3, true, 0.9, -4.3137515146750376, 8.3137515146750367),
    ('{-3, -1}', -3, 3, true, 0.95, -10.706204736174694, 14.706204736174694),
    ('{-3, -1}', -3, 3, true, 0.999, -634.6192487687897, 638.6192487687897),
    ('{-3, -1}', -3, 3, false, 0.3, 5.4904745505055708, 6.5095254494944292),
    ('{-3, -1}', -3, 3, false, 0.5, 5, 7),
    ('{-3, -1}', -3, 3, false, 0.9, -0.31375151467503759, 12.313751514675037),
    ('{-3, -1}', -3, 3, false, 0.95, -6.7062047361746941, 18.706204736174694),
    ('{-3, -1}', -3, 3, false, 0.999, -630.6192487687897, 642.6192487687897)
) AS r (scores, lowest, highest, higher, confidence, lower, upper), LATERAL (SELECT pg_temp.of(scores::numeric[]) AS s) AS q,
LATERAL (SELECT avg(1 + 6 * CASE WHEN higher THEN x - lowest ELSE highest - x END / (highest - lowest)::numeric(30, 20)) AS m FROM unnest(scores::numeric[]) AS x) AS m,
LATERAL ces_interval(s, lowest, highest, higher, confidence) AS i;
SELECT is(got, want, description)
FROM (VALUES
    (ces(pg_temp.of('{7,6,5}'), 1, 7, true)::text, '6', 'ces from 1 to 7, higher being better: the mean itself'),
    (ces(pg_temp.of('{7,6,5}'), 1, 7, false)::text, '2', 'ces from 1 to 7, lower being better: 8 less the mean'),
    (ces(pg_temp.of('{1,5}'), 1, 5, true)::text, '4', 'ces: the ends of a scale are 1 and 7'),
    (ces(pg_temp.of('{5}'), 1, 5, true)::text, '7', 'ces: the highest score'),
    (ces(pg_temp.of('{5}'), 1, 5, false)::text, '1', 'ces: the highest score where low is easy'),
    (ces(pg_temp.of('{-3,3,3}'), -3, 3, true)::text, '5', 'ces: a scale around 0'),
    (ces(pg_temp.of('{0.1,0.2}'), 0, 0.3, true)::text, '4', 'ces: a scale of decimals'),
    (ces(pg_temp.of('{-1000000000,1000000000,0}'), -1000000000, 1000000000, true)::text, '4', 'ces: the longest scale'),
    (ces(pg_temp.of('{0.000001}'), 0, 0.000001, true)::text, '7', 'ces: the shortest scale'),
    (ces(pg_temp.of('{1,2,3,4,5,0,6,99,NULL,NaN}'), 1, 5, true)::text, '4', 'ces: scores off the scale are left out'),
    (ces_interval(pg_temp.of('{3,3,3}'), 1, 5, true)::text, '(4,4)', 'ces_interval: no width where all agree'),
    (ces_interval(pg_temp.of('{3,3,3,9}'), 1, 5, true)::text, '(4,4)', 'ces_interval: scores off the scale are left out'),
    (ces_interval(pg_temp.of('{3,9}'), 1, 5, true)::text, '(,)', 'ces_interval: of one answer there is none'),
    (ces_interval(pg_temp.of('{1,2,4}'), 1, 5, true)::text, ces_interval(pg_temp.of('{1,2,4}'), 1, 5, true, 0.95)::text, 'ces_interval: 0.95 if not given')
) AS v (got, want, description);
-- 1 + 6 (x - lowest) / (highest - lowest) >= 5 from two thirds of the way on: 11/3 of 1 to 5, 20/3 of 0 to 10. In doubles,
-- (0.3 - 0.1) / 0.3 is less than two thirds.
SELECT is(ces_share(pg_temp.of(ARRAY[score]), lowest, highest, higher), want::float8, format('%s on %s to %s, %s being easy, is %s', score, lowest, highest,
                                                            CASE WHEN higher THEN 'high' ELSE 'low' END, CASE want WHEN 1 THEN 'easy' ELSE 'not easy' END))
FROM (VALUES
    (5, 1, 7, true, 1), (4.999999, 1, 7, true, 0), (3, 1, 7, false, 1), (3.000001, 1, 7, false, 0),
    (3.666666, 1, 5, true, 0), (3.666667, 1, 5, true, 1), (2.333333, 1, 5, false, 1), (2.333334, 1, 5, false, 0), (4, 1, 5, true, 1), (3, 1, 5, true, 0),
    (6.666666, 0, 10, true, 0), (6.666667, 0, 10, true, 1), (3.333333, 0, 10, false, 1), (3.333334, 0, 10, false, 0),
    (0.2, 0, 0.3, true, 1), (0.199999, 0, 0.3, true, 0), (0.1, 0, 0.3, false, 1), (0.100001, 0, 0.3, false, 0), (0.6, 0, 0.9, true, 1),
    (333333333.333333, -1000000000, 1000000000, true, 0), (333333333.333334, -1000000000, 1000000000, true, 1)
) AS v (score, lowest, highest, higher, want);
SELECT ok(bool_and(ces_share(s, lowest, highest, true) = high AND ces_share(s, lowest, highest, false) = low), 'every score of every short scale is decided as in whole numbers')
FROM generate_series(-0.000002, 0.000003, 0.000001) AS lowest, generate_series(1, 13) AS length, LATERAL (SELECT lowest + length * 0.000001 AS highest) AS h,
     LATERAL (SELECT survey_agg(lowest + x * 0.000001) AS s, avg((3 * x >= 2 * length)::int)::float8 AS high, avg((3 * (length - x) >= 2 * length)::int)::float8 AS low
              FROM generate_series(0, length) AS x) AS q;
SELECT is(ces_share(pg_temp.of('{1,2,3,4,5,5,0,6,NULL,NaN}'), 1, 5, true), 0.5::float8, 'ces_share: 4, 5 and 5 of six on the scale');

-- Sums are exact. In doubles, the squares of these scores differ from one another by less than they are rounded by.
SELECT is(concat_ws(' ', mean_score(s), score_stddev(s)), '999999999.000002 1e-06', 'the spread of scores far from 0 does not cancel')
FROM (SELECT pg_temp.of('{999999999.000001,999999999.000002,999999999.000003}') AS s) AS q;
SELECT is(mean_score(pg_temp.of('{1000000000,0.000003,-1000000000}')), 1e-6::float8, 'nor do scores that sum to almost nothing');
SELECT is(score_stddev(pg_temp.of('{7,7,7}')), 0::float8, 'equal scores: no deviation');
SELECT is(score_stddev(pg_temp.of('{2,4,4,4,5,5,7,9}')), sqrt(32 / 7.0::float8), 'the deviation is that of the sample: sqrt(32 / 7)');
SELECT ok(bool_and(abs(mean_score(s) / m - 1) < 1e-15 AND abs(score_stddev(s) / d - 1) < 1e-15), 'mean and deviation of random scores are those of numeric')
FROM (SELECT g, survey_agg(x) AS s, avg(x::numeric(60, 40)) AS m, stddev_samp(x::numeric(60, 40)) AS d
      FROM (SELECT g, round((1e8 * g + random() * 10 ^ (g - 6))::numeric, 6) AS x FROM generate_series(0, 9) AS g, generate_series(1, 100)) AS r GROUP BY g) AS q WHERE d > 0;
-- 2^57 answers of -10^9, as many of 10^9: half the width of the interval is 0.674489750196 * 3 / sqrt(2^58)
SELECT is(concat_ws(' ', answer_count(s), mean_score(s), score_stddev(s), ces(s, -1000000000, 1000000000, true), abs(i.upper - 4 - 3.769e-9) < 1e-11,
                    csat(s, 1), ces_share(s, -1000000000, 1000000000, false)),
          '288230376151711744 0 1000000000 4 t 0.5 0.5', 'the most answers that there may be, as far apart as they may be')
FROM (SELECT pg_temp.often(pg_temp.of('{-1000000000,1000000000}'), 57) AS s) AS q, ces_interval(s, -1000000000, 1000000000, true, 0.5) AS i;
SELECT is(concat_ws(' ', nps(s), mean_score(s), promoter_count(s)), '50 9 144115188075855872', 'NPS of 2^58 answers') FROM (SELECT pg_temp.often(pg_temp.of('{8,10}'), 57) AS s) AS q;

-- Refused, by value: whatever the state
SELECT throws_ok('SELECT csmetrics.' || call, '22023', message, call)
FROM (VALUES
    ('answer_count(%s, 5, 5)', 'highest 5 is not above lowest 5'),
    ('answer_count(%s, 5, 4.5)', 'highest 4.5 is not above lowest 5'),
    ('answer_count(%s, 5, 5.0000004)', 'highest 5 is not above lowest 5'),
    ('answer_count(%s, ''NaN'', 5)', 'lowest NaN is not a score'),
    ('answer_count(%s, 0, ''Infinity'')', 'highest Infinity is not a score'),
    ('answer_count(%s, -1000000001, 5)', 'lowest -1000000001 is not a score'),
    ('rejected_count(%s, 10)', 'highest 10 is not above lowest 10'),
    ('rejected_count(%s, 0, 1e10)', 'highest 10000000000 is not a score'),
    ('small_sample(%s, 0)', 'at_least 0 is not at least 1'),
    ('small_sample(%s, -5)', 'at_least -5 is not at least 1'),
    ('nps_interval(%s, 0.95, ''wilson'')', 'unknown method "wilson"'),
    ('nps_interval(%s, 0.95, ''Wald'')', 'unknown method "Wald"'),
    ('csat(%s, ''NaN'')', 'satisfied_from NaN is not a score'),
    ('csat(%s, ''-Infinity'')', 'satisfied_from -Infinity is not a score'),
    ('csat(%s, 1000000000.5)', 'satisfied_from 1000000000.5 is not a score'),
    ('csat(%s, 6, 1, 5)', 'satisfied_from 6 is not between lowest 1 and highest 5'),
    ('csat(%s, 0.5, 1, 5)', 'satisfied_from 0.5 is not between lowest 1 and highest 5'),
    ('csat(%s, 4, 5, 1)', 'highest 1 is not above lowest 5'),
    ('csat(%s, 4, ''NaN'', 5)', 'lowest NaN is not a score'),
    ('csat_interval(%s, ''NaN'')', 'satisfied_from NaN is not a score'),
    ('csat_interval(%s, 6, 1, 5)', 'satisfied_from 6 is not between lowest 1 and highest 5'),
    ('csat_interval(%s, 4, 5, 1)', 'highest 1 is not above lowest 5'),
    ('ces(%s, 7, 1, true)', 'highest 1 is not above lowest 7'),
    ('ces(%s, 1, 1, true)', 'highest 1 is not above lowest 1'),
    ('ces(%s, 1, ''NaN'', true)', 'highest NaN is not a score'),
    ('ces_interval(%s, 7, 1, true)', 'highest 1 is not above lowest 7'),
    ('ces_share(%s, 7, 1, true)', 'highest 1 is not above lowest 7')
) AS wrong (form, message), LATERAL (VALUES (format(form, 'survey_agg_add(NULL, 5)')), (format(form, 'survey_agg_add(NULL, NULL)'))) AS c (call);
SELECT throws_ok(format('SELECT csmetrics.' || call, state, confidence), '22023', format('confidence %s is not between 0 and 1', confidence), format('%s: confidence %s is an error', reader, confidence))
FROM (VALUES (1, 'nps_interval', 'nps_interval(%s, %L)'), (2, 'csat_interval', 'csat_interval(%s, 4, %L)'), (3, 'csat_interval on a scale', 'csat_interval(%s, 4, 1, 5, %L)'),
             (4, 'ces_interval', 'ces_interval(%s, 1, 5, true, %L)'), (5, 'response_rate_interval', 'response_rate_interval(%s, %L)')) AS r (nr, reader, call),
     unnest(ARRAY['0', '1', '-1', '95', 'NaN']) WITH ORDINALITY AS c (confidence, n), (VALUES ('csmetrics.survey_agg_add(NULL, NULL)')) AS s (state)
ORDER BY nr, n;
SELECT throws_ok(call, '22003', 'survey out of range', description)
FROM (VALUES
    ('SELECT pg_temp.often(pg_temp.of(''{5}''), 59)', '2^59 answers of one score'),
    ('SELECT pg_temp.often(pg_temp.of(''{NULL}''), 59)', '2^59 that did not answer'),
    ('SELECT merge(pg_temp.often(pg_temp.of(''{5}''), 58), pg_temp.often(pg_temp.of(''{6}''), 58))', '2^59 answers of two scores')
) AS v (call, description);

-- NULL
SELECT ok(have IS NULL, description || ': NULL')
FROM asked, LATERAL (VALUES
    (nps(NULL)::text, 'nps without a state'), (nps_interval(NULL)::text, 'nps_interval without a state'), (csat(NULL)::text, 'csat without a state'),
    (mean_score(NULL::survey)::text, 'mean_score without a state'), (score_stddev(NULL)::text, 'score_stddev without a state'), (response_rate(NULL)::text, 'response_rate without a state'),
    (answer_count(NULL::survey)::text, 'answer_count without a state'), (rejected_count(NULL::survey)::text, 'rejected_count without a state'), (missing_count(NULL)::text, 'missing_count without a state'),
    (small_sample(NULL::survey)::text, 'small_sample without a state'), (ces(NULL, 1, 5, true)::text, 'ces without a state'),
    (nps_interval(s, NULL)::text, 'nps_interval, confidence'), (nps_interval(s, 0.95, NULL)::text, 'nps_interval, method'), (answer_count(s, NULL, 10)::text, 'answer_count, lowest'),
    (answer_count(s, 0, NULL)::text, 'answer_count, highest'), (rejected_count(s, NULL)::text, 'rejected_count, lowest'), (small_sample(s, NULL)::text, 'small_sample, at_least'),
    (csat(s, NULL)::text, 'csat, satisfied_from'), (csat(s, 4, NULL, 5)::text, 'csat, lowest'), (csat_interval(s, 4, NULL)::text, 'csat_interval, confidence'),
    (csat_interval(s, 4, 1, NULL, 0.9)::text, 'csat_interval, highest'), (ces(s, 1, NULL, true)::text, 'ces, highest'), (ces(s, 1, 5, NULL)::text, 'ces, higher_is_better'),
    (ces_interval(s, 1, 5, NULL)::text, 'ces_interval, higher_is_better'), (ces_interval(s, 1, 5, true, NULL)::text, 'ces_interval, confidence'),
    (ces_share(s, NULL, 5, true)::text, 'ces_share, lowest'), (response_rate_interval(s, NULL)::text, 'response_rate_interval, confidence')
) AS v (have, description);

-- Merged and taken apart
SELECT is(rollup(part), (SELECT s FROM asked), 'the answers of parts roll up to the whole') FROM (SELECT survey_agg(score) FROM answer GROUP BY segment) AS p (part);
SELECT is(merge(a, b), s, 'merge is what one aggregate makes of all rows')
FROM asked, (SELECT survey_agg(score) FILTER (WHERE id % 2 = 0) AS a, survey_agg(score) FILTER (WHERE id % 2 = 1) AS b FROM answer) AS q;
SELECT is(unmerge(s, a), b, 'unmerge takes them out again')
FROM asked, (SELECT survey_agg(score) FILTER (WHERE id % 2 = 0) AS a, survey_agg(score) FILTER (WHERE id % 2 = 1) AS b FROM answer) AS q;
SELECT is(count(DISTINCT s), 1::bigint, 'the same state in any order, and however scores are written')
FROM (SELECT survey_agg(score ORDER BY id) AS s FROM answer UNION ALL SELECT survey_agg(score ORDER BY score) FROM answer UNION ALL SELECT survey_agg(score::numeric(20, 9) ORDER BY id DESC) FROM answer) AS q;
SELECT ok(bool_and(moving IS NOT DISTINCT FROM (SELECT survey_agg(score) FROM answer AS a WHERE a.id BETWEEN w.id + shift - 3 AND w.id + shift)), 'moving frames, also empty ones, are those of their rows alone')
FROM (SELECT id, 0 AS shift, survey_agg(score) OVER (ORDER BY id ROWS 3 PRECEDING) AS moving FROM answer
      UNION ALL SELECT id, -2, survey_agg(score) OVER (ORDER BY id ROWS BETWEEN 5 PRECEDING AND 2 PRECEDING) FROM answer) AS w;
SELECT ok(bool_and(moving = (SELECT survey_agg(score) FROM answer AS a WHERE a.id BETWEEN w.id - 3 AND w.id)), 'and so are those of stored states')
FROM (SELECT id, rollup(s) OVER (ORDER BY id ROWS 3 PRECEDING) AS moving FROM (SELECT id, survey_agg(score) AS s FROM answer GROUP BY id) AS q) AS w;

-- Answers taken out that were never in leave counts below zero: the counts say so, nothing else is known.
SELECT is(concat_ws(' ', answer_count(s), missing_count(s), rejected_count(s), coalesce(nps(s)::text, '-'), nps_interval(s), nps_interval(s, 0.9, 'wald'), coalesce(csat(s)::text, '-'), coalesce(csat(s, 4, 0, 10)::text, '-'),
                    csat_interval(s), csat_interval(s, 4, 0, 10), coalesce(ces(s, 0, 10, true)::text, '-'), ces_interval(s, 0, 10, true), coalesce(ces_share(s, 0, 10, true)::text, '-'),
                    coalesce(mean_score(s)::text, '-'), coalesce(score_stddev(s)::text, '-'), coalesce(response_rate(s)::text, '-'), response_rate_interval(s)),
          want || ' - (,) (,) - - (,) (,) - (,) - - - - (,)', description)
FROM (VALUES
    (unmerge(pg_temp.of('{9,9,3}'), pg_temp.of('{7}')), '2 0 0', 'a score below zero: only counts'),
    (unmerge(pg_temp.of('{9,9,3}'), pg_temp.of('{11}')), '2 0 -1', 'a score off the scale below zero: only counts'),
    (unmerge(pg_temp.of('{9,9,3}'), pg_temp.of('{NULL}')), '3 -1 0', 'missing answers below zero: only counts'),
    (unmerge(pg_temp.of('{9,9,3}'), pg_temp.of('{NaN}')), '3 0 -1', 'rejected answers below zero: only counts'),
    (unmerge(pg_temp.of('{9}'), pg_temp.of('{9,9,9}')), '-2 0 0', 'all below zero: only counts')
) AS nonsense (s, want, description);
SELECT is(concat_ws(' ', promoter_count(s), passive_count(s), detractor_count(s), small_sample(s, 1)), '-1 -2 1 t', 'counts of groups go below zero too')
FROM (SELECT unmerge(pg_temp.of('{9,3}'), pg_temp.of('{10,9,8,7}')) AS s) AS q;

SELECT * FROM finish();
ROLLBACK;
