\unset ECHO
\i test/psql.sql
-- Rates: built from rows or counts, read as a share with its interval, compared, merged and taken apart.
BEGIN;
SELECT plan(216);

-- Five renewals: three won, one lost, one open. By hand: 3 of 4.
CREATE TEMP TABLE renewal (id int, segment text, won boolean);
INSERT INTO renewal VALUES (1, 'a', true), (2, 'a', false), (3, 'b', true), (4, 'b', NULL), (5, 'b', true);
SELECT is(got, want, description)
FROM (
    SELECT rate_agg(won)::text AS got, '1 0|3 4' AS want, 'rows of NULL are no trials' AS description FROM renewal
    UNION ALL SELECT rate(rate_agg(won))::text, '0.75', 'rate is successes / trials' FROM renewal
    UNION ALL SELECT success_count(rate_agg(won))::text, '3', 'success_count' FROM renewal
    UNION ALL SELECT trial_count(rate_agg(won))::text, '4', 'trial_count' FROM renewal
    UNION ALL SELECT rate_agg(won) FILTER (WHERE segment = 'a')::text, '1 0|1 2', 'FILTER leaves rows out' FROM renewal
    UNION ALL SELECT rate_agg(won)::text, '1 0|0 0', 'rows of NULL alone: a rate without trials' FROM renewal WHERE won IS NULL
    UNION ALL SELECT rate(rate_agg(won))::text, NULL, 'no trials: rate is NULL' FROM renewal WHERE won IS NULL
    UNION ALL SELECT trial_count(rate_agg(won))::text, '0', 'no trials: trial_count is 0' FROM renewal WHERE won IS NULL
    UNION ALL SELECT rate_agg(won)::text, NULL, 'no rows: no state' FROM renewal WHERE false
    UNION ALL SELECT rate(rate_agg(won))::text, NULL, 'no rows: rate is NULL' FROM renewal WHERE false
    UNION ALL SELECT rate(make_rate(0, 7))::text, '0', 'none of 7: rate is 0'
    UNION ALL SELECT rate(make_rate(7, 7))::text, '1', '7 of 7: rate is 1'
    UNION ALL SELECT make_rate(NULL, 7)::text, NULL, 'make_rate without successes is NULL'
    UNION ALL SELECT make_rate(7, NULL)::text, NULL, 'make_rate without trials is NULL'
    UNION ALL SELECT rate_interval(NULL)::text, NULL, 'no state: no interval'
    UNION ALL SELECT rate_interval(make_rate(0, 0))::text, '(,)', 'no trials: an interval of NULLs'
    UNION ALL SELECT rate_interval(make_rate(0, 0), 0.95, 'clopper-pearson')::text, '(,)', 'no trials: an exact interval of NULLs'
    UNION ALL SELECT rate_difference(make_rate(0, 0), make_rate(1, 2))::text, '(,,)', 'a without trials: a difference of NULLs'
    UNION ALL SELECT rate_difference(make_rate(1, 2), make_rate(0, 0))::text, '(,,)', 'b without trials: a difference of NULLs'
    UNION ALL SELECT rate_difference(make_rate(1, 2), NULL)::text, NULL, 'b NULL: no difference'
    UNION ALL SELECT clopper_pearson_interval(0, 0)::text, '(,)', 'clopper_pearson_interval: no trials, NULLs'
    UNION ALL SELECT clopper_pearson_interval(8, 7)::text, '(,)', 'clopper_pearson_interval: more successes than trials, NULLs'
    UNION ALL SELECT clopper_pearson_interval(-1, 7)::text, '(,)', 'clopper_pearson_interval: successes below 0, NULLs'
    UNION ALL SELECT clopper_pearson_interval(NULL, 7)::text, NULL, 'clopper_pearson_interval: successes NULL, no interval'
) AS reading;
SELECT is(rate_agg(won), make_rate(3, 4), 'make_rate is what rate_agg makes of the rows') FROM renewal;
SELECT is(rate_interval(make_rate(3, 4)), rate_interval(make_rate(3, 4), 0.95, 'wilson'), 'rate_interval: 0.95 and wilson if not given');
SELECT is(clopper_pearson_interval(3, 4), rate_interval(make_rate(3, 4), 0.95, 'clopper-pearson'), 'clopper_pearson_interval: 0.95 if not given');
SELECT is(rate_difference(make_rate(3, 4), make_rate(1, 4)), rate_difference(make_rate(3, 4), make_rate(1, 4), 0.95), 'rate_difference: 0.95 if not given');

-- Refused, by value
SELECT throws_ok('SELECT csmetrics.' || call, code, message, description)
FROM (VALUES
    ('make_rate(-1, 5)', '22023', 'successes -1 of trials 5 are not a share', 'successes below 0'),
    ('make_rate(6, 5)', '22023', 'successes 6 of trials 5 are not a share', 'more successes than trials'),
    ('make_rate(0, -1)', '22023', 'successes 0 of trials -1 are not a share', 'trials below 0'),
    ('make_rate(-9223372036854775808, 9223372036854775807)', '22023',
        'successes -9223372036854775808 of trials 9223372036854775807 are not a share', 'successes far below 0'),
    ('make_rate(1, 576460752303423488)', '22003', 'rate out of range', '2^59 trials'),
    ('merge(csmetrics.make_rate(1, 576460752303423487), csmetrics.make_rate(0, 1))', '22003', 'rate out of range', '2^59 trials by merge'),
    ('rate_agg_add(csmetrics.make_rate(1, 576460752303423487), false)', '22003', 'rate out of range', '2^59 trials by a row'),
    ('rate_interval(csmetrics.make_rate(1, 5), 0.95, ''wald'')', '22023', 'unknown method "wald"', 'a method that is not known'),
    ('rate_interval(csmetrics.make_rate(0, 0), 0.95, ''Wilson'')', '22023', 'unknown method "Wilson"', 'the same without trials'),
    ('rate_difference(csmetrics.make_rate(1, 5), csmetrics.make_rate(0, 0), 0.95, ''wald'')', '22023', 'unknown method "wald"', 'of the difference too')
) AS wrong (call, code, message, description);
SELECT throws_ok(format('SELECT csmetrics.' || call, confidence), '22023', format('confidence %s is not between 0 and 1', confidence),
                 format('%s: confidence %s is an error', reader, confidence))
FROM (VALUES (1, 'rate_interval', 'rate_interval(csmetrics.make_rate(1, 5), %L)'),
             (2, 'rate_difference', 'rate_difference(csmetrics.make_rate(0, 0), csmetrics.make_rate(0, 0), %L)'),
             (3, 'clopper_pearson_interval', 'clopper_pearson_interval(1, 5, %L)')) AS r (nr, reader, call),
     unnest(ARRAY['0', '1', '-1', '95', 'NaN']) WITH ORDINALITY AS c (confidence, n)
ORDER BY nr, n;

-- From R 4, with a <- (1 - confidence) / 2:
--   c(if (x == 0) 0 else qbeta(a, x, n - x + 1), if (x == n) 1 else qbeta(a, x + 1, n - x, lower.tail = FALSE))
-- which is binom.test(x, n, conf.level = confidence)$conf.int, but for the digits that its 1 - a loses.
SELECT ok(abs(i.lower - want_lower) <= 1e-12 * want_lower AND abs(i.upper - want_upper) <= 1e-12 * want_upper,
          format('the exact interval of %s of %s at %s is that of R', successes, trials, confidence))
FROM (VALUES
    (0, 1, 0.95, 0, 0.97499999999999998),
    (1, 1, 0.5, 0.25, 1),
    (1, 1, 0.9, 0.049999999999999989, 1),
    (1, 1, 0.95, 0.025000000000000022, 1),
    (1, 1, 0.999999, 5.0000000001437783e-07, 1),
    (0, 5, 0.95, 0, 0.52182375010498139),
    (1, 5, 0.5, 0.055912488705098025, 0.45418056477361568),
    (1, 5, 0.9, 0.010206218313011493, 0.65740831800113875),
    (1, 5, 0.95, 0.0050507633794680609, 0.71641793611808935),
    (1, 5, 0.999999, 1.0000002000288165e-07, 0.98215316002784891),
    (5, 5, 0.95, 0.47817624989501861, 1),
    (1, 10, 0.5, 0.028358342136926489, 0.24737062945875277),
    (1, 10, 0.9, 0.005116196891823699, 0.39416330243650488),
    (1, 10, 0.95, 0.0025285785444617865, 0.44501611702819543),
    (1, 10, 0.999999, 5.0000011251441292e-08, 0.84291685094640811),
    (7, 10, 0.95, 0.34754714994000269, 0.93326048882226553),
    (3, 40, 0.95, 0.015742179851041538, 0.20386474873289895),
    (56, 70, 0.95, 0.6872643461041652, 0.88611963796779225),
    (48, 80, 0.95, 0.48437694049548952, 0.70799064374468956),
    (81, 263, 0.5, 0.28740779412303241, 0.32955599194971474),
    (81, 263, 0.9, 0.26105574600911191, 0.35817849557578418),
    (81, 263, 0.95, 0.25273674558527121, 0.3676219226013514),
    (81, 263, 0.999999, 0.18168665739023154, 0.45781513984096445),
    (1, 1000, 0.5, 0.00028764069593223196, 0.0026903566457660861),
    (1, 1000, 0.9, 5.1291978909017805e-05, 0.0047349935754997761),
    (1, 1000, 0.95, 2.5317487491294069e-05, 0.005558924279826627),
    (1, 1000, 0.999999, 5.0000012488941957e-10, 0.017279905261178619),
    (500, 1000, 0.5, 0.48883958202961941, 0.51116041797038059),
    (500, 1000, 0.9, 0.47351773123569119, 0.52648226876430881),
    (500, 1000, 0.95, 0.46854917297179194, 0.53145082702820812),
    (500, 1000, 0.999999, 0.4226439240005232, 0.5773560759994768),
    (999, 1000, 0.95, 0.99444107572017337, 0.99997468251250876),
    (1234, 98765, 0.5, 0.012254024163166425, 0.012740965518273861),
    (1234, 98765, 0.9, 0.011918484147126932, 0.013091453814211063),
    (1234, 98765, 0.95, 0.011810843814556984, 0.013206613775645137),
    (1234, 98765, 0.99, 0.011602329039893243, 0.013433597444884704),
    (1234, 98765, 0.999999, 0.01084015221350587, 0.014309870427076987),
    (0, 1e9, 0.5, 0, 1.3862943601589843e-09),
    (0, 1e9, 0.95, 0, 3.6888794473100178e-09),
    (0, 1e9, 0.99, 0, 5.298317352511968e-09),
    (0, 1e9, 0.999999, 0, 1.4508657633244908e-08),
    (1, 1e9, 0.5, 2.8768207241040069e-10, 2.692634526610872e-09),
    (1, 1e9, 0.95, 2.5317807983969421e-11, 5.5716433782031108e-09),
    (1, 1e9, 0.99, 5.0125418235317264e-12, 7.4301294763917625e-09),
    (1, 1e9, 0.999999, 5.000001250144197e-16, 1.7422214869444619e-08),
    (500000000, 1e9, 0.5, 0.49998933488065855, 0.50001066511934145),
    (500000000, 1e9, 0.95, 0.49996900974842229, 0.50003099025157771),
    (500000000, 1e9, 0.99, 0.49995927206276264, 0.50004072793723742),
    (500000000, 1e9, 0.999999, 0.49992265590511553, 0.50007734409488447),
    (123456789, 1e9, 0.5, 0.12344977225623077, 0.12346380622322672),
    (123456789, 1e9, 0.95, 0.12343640076268983, 0.12347717941704361),
    (123456789, 1e9, 0.99, 0.12342999483012003, 0.12348358675210236),
    (123456789, 1e9, 0.999999, 0.12340590860981995, 0.12350768165468418),
    (999999999, 1e9, 0.5, 0.99999999730736544, 0.9999999997123179),
    (999999999, 1e9, 0.95, 0.99999999442835663, 0.99999999997468214),
    (999999999, 1e9, 0.99, 0.99999999256987049, 0.99999999999498745),
    (999999999, 1e9, 0.999999, 0.99999998257778511, 0.99999999999999944),
    (1e9, 1e9, 0.5, 0.99999999861370559, 1),
    (1e9, 1e9, 0.95, 0.99999999631112058, 1),
    (1e9, 1e9, 0.99, 0.99999999470168266, 1),
    (1e9, 1e9, 0.999999, 0.99999998549134239, 1)
) AS r (successes, trials, confidence, want_lower, want_upper),
LATERAL rate_interval(make_rate(successes::bigint, trials::bigint), confidence, 'clopper-pearson') AS i;

-- Its definition, in exact numeric sums: at the lower bound so many successes or more, at the upper
-- so many or fewer, have probability (1 - confidence) / 2. These confidences are exact in binary.
CREATE FUNCTION pg_temp.at_most(successes int, trials int, share numeric) RETURNS numeric LANGUAGE sql AS $$
    SELECT sum(factorial(trials) / (factorial(i) * factorial(trials - i)) * share ^ i * (1 - share) ^ (trials - i))
    FROM generate_series(0, successes) AS i
$$;
SELECT ok(bool_and(abs(pg_temp.at_most(trials - k, trials, 1 - i.lower::text::numeric(60, 50)) / tail - 1) < 1e-12
                   -- near 1 a double keeps fewer digits of what is left
                   AND abs(pg_temp.at_most(k, trials, i.upper::text::numeric(60, 50)) / tail - 1) < 1e-12 + (trials - k) * 2 ^ -52 / (1 - i.upper)),
          format('the exact bounds of 1 to %s of %s at %s have the tails that define them', trials - 1, trials, confidence))
FROM (VALUES (2), (13), (40)) AS t (trials), (VALUES (0.5), (0.9375), (1 - 2 ^ -20)) AS c (confidence), generate_series(1, trials - 1) AS k,
     LATERAL (SELECT ((1 - confidence) / 2)::numeric(40, 30) AS tail) AS a, clopper_pearson_interval(k, trials, confidence) AS i
GROUP BY trials, confidence ORDER BY trials, confidence;

-- None of n: 1 - tail^(1/n); n of n: tail^(1/n)
SELECT ok(bool_and(i.lower = 0 AND abs(i.upper / (1 - exp(ln(tail) / n)) - 1) < 1e-12), format('the exact interval of none of %s is 0 to 1 - tail^(1/n)', n))
FROM (VALUES (1), (2), (17), (1000), (1000000000)) AS t (n), (VALUES (0.5), (0.9375), (1 - 2 ^ -20)) AS c (confidence),
     LATERAL (SELECT ((1 - confidence) / 2)::numeric(40, 30) AS tail) AS a, clopper_pearson_interval(0, n, confidence) AS i
GROUP BY n ORDER BY n;
SELECT ok(bool_and(i.upper = 1 AND abs(i.lower / exp(ln(tail) / n) - 1) < 1e-14), format('the exact interval of %1$s of %1$s is tail^(1/n) to 1', n))
FROM (VALUES (1), (2), (17), (1000), (1000000000)) AS t (n), (VALUES (0.5), (0.9375), (1 - 2 ^ -20)) AS c (confidence),
     LATERAL (SELECT ((1 - confidence) / 2)::numeric(40, 30) AS tail) AS a, clopper_pearson_interval(n, n, confidence) AS i
GROUP BY n ORDER BY n;
SELECT ok(bool_and(abs(i.lower + j.upper - 1) < 1e-15 AND abs(i.upper + j.lower - 1) < 1e-15 AND i.lower <= k / 333.0 AND i.upper >= k / 333.0),
          'exact intervals hold the share, and those of failures mirror those of successes')
FROM generate_series(0, 333) AS k, clopper_pearson_interval(k, 333, 0.9) AS i, clopper_pearson_interval(333 - k, 333, 0.9) AS j;

-- Counts of every size: past 10^8 of both kinds the beta tail has another form. Over so many trials the
-- count is all but normal: half the width of both intervals is z sqrt(p (1 - p) / n), and p near their middle.
SELECT ok(bool_and(i.lower < p AND p < i.upper AND abs((i.upper - i.lower) / 2 / half - 1) < 1e-3 AND abs((i.upper + i.lower) / 2 - p) < half * 1e-2),
          format('the %s interval of up to 2^59 trials is the normal one', method))
FROM (VALUES ('wilson'), ('clopper-pearson')) AS m (method), generate_series(7, 17) AS e, unnest(ARRAY[0.3, 0.9]) AS share,
     LATERAL (SELECT least(10::numeric ^ e * 5.7, 2::numeric ^ 59 - 1)::bigint AS n) AS t, LATERAL (SELECT (n * share)::bigint AS k) AS s,
     LATERAL (SELECT k::float8 / n AS p, 1.959963984540054 * sqrt(k::float8 / n * (1 - k::float8 / n) / n) AS half) AS w,
     rate_interval(make_rate(k, n), 0.95, method) AS i
GROUP BY method ORDER BY method DESC;
-- Four trials more bring the bound nearer to 1/2 by 1 / sqrt(n), and change nothing else that doubles could show.
SELECT ok(bool_and(abs((below.upper - 0.5) * sqrt(2e8) / ((above.upper - 0.5) * sqrt(2e8 + 4)) - 1) < 1e-11),
          'the two forms of the beta tail agree where one takes over from the other')
FROM (VALUES (0.5), (0.9), (0.95), (0.999999)) AS c (confidence),
     clopper_pearson_interval(99999998, 199999996, confidence) AS below, clopper_pearson_interval(100000000, 200000000, confidence) AS above;

-- From R 4, with z <- -qnorm((1 - confidence) / 2), p <- x / n and w <- z^2 / n; the bounds of none and of all as numbers:
--   (p + w / 2 + c(-1, 1) * z * sqrt(p * (1 - p) / n + w / (4 * n))) / (1 + w)
-- which is prop.test(x, n, conf.level = confidence, correct = FALSE)$conf.int, but for the digits that its quantile loses.
SELECT ok(abs(i.lower - want_lower) < 1e-13 AND abs(i.upper - want_upper) < 1e-13 AND i = wilson_interval(successes::bigint, trials::bigint, confidence),
          format('rate_interval of %s of %s at %s is that of R, and wilson_interval', successes, trials, confidence))
FROM (VALUES
    (0, 1, 0.5, 0, 0.31268474408258329),
    (0, 1, 0.95, 0, 0.79345068562276255),
    (0, 1, 0.999999, 0, 0.9598846716029853),
    (3, 40, 0.5, 0.051442097676884083, 0.10811658647496257),
    (3, 40, 0.95, 0.025836025774588198, 0.19864233524310543),
    (3, 40, 0.999999, 0.0076427829347101572, 0.46050994407547441),
    (56, 70, 0.5, 0.76586204361639121, 0.83026368060210132),
    (56, 70, 0.95, 0.69183355503746946, 0.8769526075163705),
    (56, 70, 0.999999, 0.50770338455327879, 0.93944702024866467),
    (999, 1000, 0.5, 0.99806191979956604, 0.99948426010944946),
    (999, 1000, 0.95, 0.99435744140204207, 0.99982345362937386),
    (999, 1000, 0.999999, 0.97471641324779768, 0.99996137292316023),
    (123456789, 1e9, 0.5, 0.12344977268780467, 0.12346380565480174),
    (123456789, 1e9, 0.95, 0.12343640161927887, 0.12347717927367156),
    (123456789, 1e9, 0.999999, 0.12340591198722753, 0.12350768403271956)
) AS r (successes, trials, confidence, want_lower, want_upper),
LATERAL rate_interval(make_rate(successes::bigint, trials::bigint), confidence) AS i;

-- R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890, Table II, method 10, at 0.95
SELECT is(ARRAY[round(d.difference::numeric, 4), round(d.lower::numeric, 4), round(d.upper::numeric, 4)], want::numeric[],
          format('%s/%s - %s/%s is as published', x, m, y, n))
FROM (VALUES
    (56, 70, 48, 80, '{0.2000, 0.0524, 0.3339}'),
    (9, 10, 3, 10, '{0.6000, 0.1705, 0.8090}'),
    (6, 7, 2, 7, '{0.5714, 0.0582, 0.8062}'),
    (5, 56, 0, 29, '{0.0893, -0.0381, 0.1926}'),
    (0, 10, 0, 20, '{0.0000, -0.1611, 0.2775}'),
    (0, 10, 0, 10, '{0.0000, -0.2775, 0.2775}'),
    (10, 10, 0, 20, '{1.0000, 0.6791, 1.0000}'),
    (10, 10, 0, 10, '{1.0000, 0.6075, 1.0000}')
) AS published (x, m, y, n, want), rate_difference(make_rate(x, m), make_rate(y, n)) AS d;
-- The same table, method 11
SELECT is(ARRAY[round(d.lower::numeric, 4), round(d.upper::numeric, 4)], want::numeric[], format('%s/%s - %s/%s with continuity correction is as published', x, m, y, n))
FROM (VALUES
    (56, 70, 48, 80, '{0.0428, 0.3422}'),
    (9, 10, 3, 10, '{0.1013, 0.8387}'),
    (6, 7, 2, 7, '{-0.0290, 0.8423}'),
    (5, 56, 0, 29, '{-0.0667, 0.2037}'),
    (0, 10, 0, 20, '{-0.2005, 0.3445}'),
    (0, 10, 0, 10, '{-0.3445, 0.3445}'),
    (10, 10, 0, 20, '{0.6014, 1.0000}'),
    (10, 10, 0, 10, '{0.5128, 1.0000}')
) AS published (x, m, y, n, want), rate_difference(make_rate(x, m), make_rate(y, n), 0.95, 'newcombe-corrected') AS d;
SELECT ok(bool_and(c.lower <= d.lower AND c.upper >= d.upper AND c.lower BETWEEN -1 AND 1 AND c.upper BETWEEN -1 AND 1 AND c.lower = -mirrored.upper),
          'which is never narrower, within -1 to 1, and mirrored where a and b change places, for any rates')
FROM generate_series(0, 12) AS x, generate_series(0, 7) AS y, unnest(ARRAY[0.1, 0.95, 0.999999999]) AS confidence,
     rate_difference(make_rate(x, 12), make_rate(y, 7), confidence) AS d, rate_difference(make_rate(x, 12), make_rate(y, 7), confidence, 'newcombe-corrected') AS c,
     rate_difference(make_rate(y, 7), make_rate(x, 12), confidence, 'newcombe-corrected') AS mirrored;

-- From R 4, a and b being such bounds of x/m and y/n:
--   x/m - y/n + c(-sqrt((x/m - a[1])^2 + (b[2] - y/n)^2), sqrt((a[2] - x/m)^2 + (y/n - b[1])^2))
SELECT ok(abs(d.difference - (x::float8 / m - y::float8 / n)) < 1e-15 AND abs(d.lower - want_lower) < 1e-13 AND abs(d.upper - want_upper) < 1e-13,
          format('%s/%s - %s/%s at %s is as in R', x, m, y, n, confidence))
FROM (VALUES
    (56, 70, 48, 80, 0.5, 0.15018569239349422, 0.24811743883481521),
    (56, 70, 48, 80, 0.95, 0.052431472402364981, 0.33387265403690591),
    (56, 70, 48, 80, 0.999999, -0.16177114473105281, 0.49434448067088665),
    (9, 10, 3, 10, 0.5, 0.46679524325427729, 0.69939661869122516),
    (9, 10, 3, 10, 0.95, 0.17052272393450313, 0.80901797353548799),
    (9, 10, 3, 10, 0.999999, -0.25997722361353315, 0.8854948225426712),
    (6, 7, 2, 7, 0.5, 0.40396800267863364, 0.69140335281882737),
    (6, 7, 2, 7, 0.95, 0.058227927482312425, 0.80624963752422774),
    (6, 7, 2, 7, 0.999999, -0.34050708456329259, 0.86968378577094296),
    (5, 56, 0, 29, 0.5, 0.061993475447727708, 0.1184065160546432),
    (5, 56, 0, 29, 0.95, -0.038137147903536853, 0.19256001385511157),
    (5, 56, 0, 29, 0.999999, -0.36909419049066988, 0.41088957547552518),
    (0, 10, 0, 20, 0.5, -0.022240911128199467, 0.043514030569669168),
    (0, 10, 0, 20, 0.95, -0.1611251580528193, 0.27753279986288915),
    (0, 10, 0, 20, 0.999999, -0.54471084072110498, 0.70525929690092937),
    (0, 10, 0, 10, 0.5, -0.043514030569669168, 0.043514030569669168),
    (0, 10, 0, 10, 0.95, -0.27753279986288915, 0.27753279986288915),
    (0, 10, 0, 10, 0.999999, -0.70525929690092937, 0.70525929690092937),
    (10, 10, 0, 20, 0.5, 0.95113151338305479, 1),
    (10, 10, 0, 20, 0.95, 0.67908603714191484, 1),
    (10, 10, 0, 20, 0.999999, 0.10887678973988901, 1),
    (10, 10, 0, 10, 0.5, 0.93846186781485652, 1),
    (10, 10, 0, 10, 0.95, 0.60750935043052434, 1),
    (10, 10, 0, 10, 0.999999, 0.0026127373329924986, 1),
    (1, 1, 0, 1, 0.5, 0.55779699417125039, 1),
    (1, 1, 0, 1, 0.95, -0.12210872068194178, 1),
    (1, 1, 0, 1, 0.999999, -0.35748192089498643, 1),
    (0, 1, 1, 1, 0.5, -1, -0.55779699417125039),
    (0, 1, 1, 1, 0.95, -1, 0.12210872068194178),
    (0, 1, 1, 1, 0.999999, -1, 0.35748192089498643),
    (48, 80, 56, 70, 0.5, -0.24811743883481521, -0.15018569239349422),
    (48, 80, 56, 70, 0.95, -0.33387265403690591, -0.052431472402364981),
    (48, 80, 56, 70, 0.999999, -0.49434448067088665, 0.16177114473105281),
    (123456789, 1e9, 123356789, 1e9, 0.5, 9.0078920621384655e-05, 0.00010992107939863428),
    (123456789, 1e9, 123356789, 1e9, 0.95, 7.1170861706603246e-05, 0.0001288291384623588),
    (123456789, 1e9, 123356789, 1e9, 0.999999, 2.8048818810648624e-05, 0.00017195118224182362)
) AS r (x, m, y, n, confidence, want_lower, want_upper),
LATERAL rate_difference(make_rate(x::bigint, m::bigint), make_rate(y::bigint, n::bigint), confidence) AS d;
SELECT ok(bool_and(d.difference = -e.difference AND d.lower = -e.upper AND d.upper = -e.lower AND d.lower >= -1 AND d.upper <= 1
                   AND d.lower <= d.difference AND d.difference <= d.upper),
          'b - a is a - b mirrored, for any rates: within -1 to 1, around the difference')
FROM generate_series(0, 12) AS x, generate_series(0, 7) AS y, unnest(ARRAY[0.1, 0.95, 0.999999999]) AS confidence,
     rate_difference(make_rate(x, 12), make_rate(y, 7), confidence) AS d, rate_difference(make_rate(y, 7), make_rate(x, 12), confidence) AS e;

-- Merged and taken apart
SELECT is(rollup(part), (SELECT rate_agg(won) FROM renewal), 'the rates of parts roll up to the whole')
FROM (SELECT rate_agg(won) FROM renewal GROUP BY segment) AS p (part);
SELECT is(merge(make_rate(1, 2), make_rate(2, 2)), make_rate(3, 4), 'merge adds successes and trials');
SELECT is(unmerge(make_rate(3, 4), make_rate(2, 2)), make_rate(1, 2), 'unmerge takes them out again');
SELECT is(unmerge(make_rate(3, 4), make_rate(3, 4)), make_rate(0, 0), 'a rate without itself has no trials');
SELECT is(array_agg(moving ORDER BY id), ARRAY['1 0|1 1', '1 0|1 2', '1 0|1 2', '1 0|1 1', '1 0|1 1']::rate[], 'a moving frame of two rows')
FROM (SELECT id, rate_agg(won) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS moving FROM renewal) AS w;
SELECT is(array_agg(moving ORDER BY id), ARRAY[NULL, '1 0|1 1', '1 0|0 1', '1 0|1 1', '1 0|0 0']::rate[], 'a frame empty or of NULL alone')
FROM (SELECT id, rate_agg(won) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) AS moving FROM renewal) AS w;

-- Rows taken out that were never in leave counts that are no rate.
SELECT is(concat_ws(' ', success_count(s), trial_count(s), coalesce(rate(s)::text, '-'), rate_interval(s), rate_interval(s, 0.9, 'clopper-pearson'),
                    rate_difference(s, make_rate(1, 2)), rate_difference(make_rate(1, 2), s)), want, description)
FROM (VALUES
    (unmerge(make_rate(1, 3), make_rate(2, 2)), '-1 1 - (,) (,) (,,) (,,)', 'successes below 0: no rate, no interval, no difference'),
    (unmerge(make_rate(3, 3), make_rate(0, 2)), '3 1 - (,) (,) (,,) (,,)', 'successes above trials: no rate, no interval, no difference'),
    (unmerge(make_rate(1, 1), make_rate(2, 2)), '-1 -1 - (,) (,) (,,) (,,)', 'trials below 0: no rate, no interval, no difference'),
    (unmerge(make_rate(1, 1), make_rate(0, 1)), '1 0 - (,) (,) (,,) (,,)', 'successes without trials: no rate, no interval, no difference')
) AS nonsense (s, want, description);

SELECT * FROM finish();
ROLLBACK;
