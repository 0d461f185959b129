\unset ECHO
\i test/psql.sql
-- Money in another currency: timelines and flows times a rate of exchange, exact but for one rounding.
BEGIN;
SELECT plan(65);
\i test/timelines.sql

-- By hand
SELECT is(scale(pg_temp.history(VARIADIC terms), rate), pg_temp.history(VARIADIC expected), description) FROM (VALUES
    ('{2024-01-01 2024-05-01 100}'::text[], 0.9234567, '{2024-01-01 2024-05-01 92.3456700}'::text[], 'MRR times rate'),
    ('{2024-01-01 - 0.000001}', 0.5, '{2024-01-01 - 0.000001}', 'half of the sixth decimal rounds up'),
    ('{2024-01-01 - 0.000001}', 0.4999999999999999999999, '{2024-01-01 - 0}', 'less than half of it down, and a history of nothing is empty'),
    ('{2024-01-01 - 1}', 0.33333333333333333333, '{2024-01-01 - 0.333333}', 'rates have as many decimals as a division gives'),
    ('{2024-01-01 - 3}', 0.000000166666666666666666666666666667, '{2024-01-01 - 0.000001}', 'and 36'),
    ('{2024-01-01 - 0.000001}', 999999999999.9999994, '{2024-01-01 - 999999.999999999}', '12 digits before the point'),
    -- levels 0.4, 0.8, 1.2 of the sixth decimal: differences would each round to 0
    ('{2024-01-01 - 0.000004,2024-02-01 - 0.000004,2024-03-01 - 0.000004}', 0.1, '{2024-02-01 - 0.000001}', 'levels are rounded, not differences'),
    -- 33.335 + 66.665 = 100
    ('{2024-01-01 2024-02-01 33.335,2024-01-01 - 66.665}', 0.0000001, '{2024-01-01 2024-02-01 0.000003,2024-01-01 - 0.000007}', 'concurrent terms are converted together: 0.00001, then 0.0000066665'),
    ('{2024-01-01 2024-03-01 100,2024-03-01 2024-05-01 paused,2024-05-01 - 80}', 2, '{2024-01-01 2024-03-01 200,2024-03-01 2024-05-01 paused,2024-05-01 - 160}', 'pauses stay'),
    ('{2024-01-01 2024-03-01 100,2024-02-01 2024-04-01 -150.000001}', 0.5, '{2024-01-01 2024-02-01 50,2024-02-01 2024-03-01 -25.000001,2024-03-01 2024-04-01 -75.000001}',
     'sums below zero keep their sign, and round away from zero')
) AS e(terms, rate, expected, description);
SELECT is(scale(mrr_timeline_agg(as_of, mrr), 0.1)::text, '1 0|1 4|2024-01-01 1 0.000001|2024-02-01 2 0.000001|2024-03-01 1 0|2024-04-01 1 -0.5', 'snapshots: each by itself; one that comes to nothing stays')
FROM (VALUES (date '2024-01-01', 0.000005), ('2024-02-01', 0.000006), ('2024-02-01', 0.000006), ('2024-03-01', 0.000004), ('2024-04-01', -5)) AS t(as_of, mrr);
SELECT is(ARRAY[scale(nothing, 0.5), scale(NULL::mrr_timeline, 0.5), scale(nothing, NULL)], ARRAY[nothing, NULL, NULL], 'an empty history stays empty; NULL gives NULL')
FROM (SELECT mrr_timeline_agg(NULL, NULL, 1)) AS n(nothing);

-- Random histories, with pauses, credits and free terms, from terms and from snapshots
CREATE TEMP TABLE history AS
    SELECT 'terms' AS kind, account, mrr_timeline_agg(starts, ends, mrr, paused) AS history FROM pg_temp.random_terms(60, 0.13, 0.15) GROUP BY account
    UNION ALL SELECT 'snapshots', account, mrr_timeline_agg(starts, mrr) FROM pg_temp.random_terms(60, 0.19) GROUP BY account;
CREATE TEMP TABLE rate (rate numeric);
INSERT INTO rate VALUES (0.9234), (1), (1.000001), (0.000061), (157.3), (1 / 3.0), (123456789012.123456789012), (0.0000000666666666666667), (7.5e-11);
SELECT is_empty(format($$
    SELECT account, day, mrr_at(history, day::date) FROM history, generate_series(date '2020-12-30', '2026-07-01', '13 days') AS day
    WHERE mrr_at(scale(history, %1$s), day::date) <> round(mrr_at(history, day::date) * %1$s, 6)
    $$, rate), 'on each day MRR is that of the day, times rate, rounded once: ' || rate) FROM rate;
SELECT ok(bool_and(scale(history, 1.000) = history AND scale(history, 1)::text = history::text), kind || ': a rate of 1 changes no byte') FROM history GROUP BY kind ORDER BY kind;
SELECT ok(bool_and(scale(history, rate)::text::mrr_timeline = scale(history, rate)), kind || ': what comes out is canonical') FROM history, rate GROUP BY kind ORDER BY kind;
SELECT is_empty($$
    SELECT account FROM history, (VALUES (0.9234), (157.3)) AS r(rate)
    WHERE ARRAY(SELECT (changed_on, movement)::text FROM changes(scale(history, rate))) <> ARRAY(SELECT (changed_on, movement)::text FROM changes(history))
    $$, 'the movements of each account are the same, on the same days');

-- What is refused
SELECT throws_ok(format('SELECT scale(%s, %L)', what, rate), '22023', 'rate out of range: ' || rate, split_part(what, '_agg', 1) || ', a rate of ' || left(rate, 30))
FROM (VALUES ('mrr_timeline_agg(''2024-01-01'', NULL, 5)'), ('nrr_agg(5, 6)')) AS w(what),
     (VALUES ('0'), ('0.000'), ('-0.9'), ('NaN'), ('Infinity'), ('-Infinity'), ('1000000000000'), ('1000000000000.5'),
             ('0.' || repeat('0', 36) || '1'), ('1.' || repeat('3', 36)), ('0.' || repeat('7', 5000))) AS r(rate)
ORDER BY what, rate;
SELECT lives_ok(format('SELECT scale(%s, 999999999999.999999999999999999999999)', what), split_part(what, '_agg', 1) || ', the largest rate')
FROM (VALUES ('mrr_timeline_agg(''2024-01-01'', NULL, 5)'), ('nrr_agg(5, 6)')) AS w(what);
SELECT is(mrr_at(scale(mrr_timeline_agg('2024-01-01', NULL, 1e18), 1267650.600228), '2024-01-01'), 1267650600228000000000000.0, 'up to 10^24 on one account');
SELECT throws_ok('SELECT scale(mrr_timeline_agg(''2024-01-01'', NULL, 1e18), 1267651)', '22003', 'mrr_timeline out of range', 'past it: an error');
SELECT throws_ok('SELECT scale(mrr_timeline_agg(''2024-01-01'', NULL, 1e18), 999999999999)', '22003', 'mrr_timeline out of range', 'far past it, too');
SELECT throws_ok('SELECT scale(nrr_agg(1e18, 0), 999999999999) FROM generate_series(1, 2000)', '22003', 'revenue_flow out of range', 'a sum past 10^30: an error');
SELECT throws_ok('SELECT scale(rollup(f), 999999999999) FROM (SELECT nrr_agg(1e18, 0) FROM generate_series(1, 1000)) AS f(f), generate_series(1, 1000)', '22003', 'revenue_flow out of range', 'so is a moment past 255 bits');

-- Flows by hand: 100 to 150, 100 to 30, 50 to 0, and 20 new
CREATE TEMP VIEW flow AS SELECT nrr_agg(opening, closing) AS flow FROM (VALUES (100, 150), (100, 30), (50.000001, 0), (0, 20)) AS v(opening, closing);
SELECT is(ARRAY[opening_mrr(f), new_mrr(f), expansion_mrr(f), contraction_mrr(f), churned_mrr(f)], ARRAY[125.000001, 10, 25, 35, 25.000001], 'sums of money are converted and rounded')
FROM (SELECT scale(flow, 0.5) FROM flow) AS s(f);
SELECT is(ARRAY[account_count(f), opening_count(f), new_count(f), expansion_count(f), contraction_count(f), churned_count(f)], '{4,3,1,1,1,1}'::bigint[], 'counts stay')
FROM (SELECT scale(flow, 0.5) FROM flow) AS s(f);
-- moments of 2 to 1, twice, in millionths: e^2 = 10^12, e m0 = -2 10^12, l^2, l m0, m0^2 = 4 10^12; times 1.5^2
SELECT is(scale(nrr_agg(2, 1), 1.5)::text, format('1 0|2 2 0 0 2 0 6 0 0 3 0 0x%1$s -0x%2$s 0x%1$s 0x%2$s 0x%3$s', to_hex(4500000000000), to_hex(9000000000000), to_hex(18000000000000)),
          'moments take the square of the rate') FROM generate_series(1, 2);
SELECT ok(scale(flow, 1) = flow AND scale(flow, NULL) IS NULL AND scale(NULL::revenue_flow, 2) IS NULL, 'a rate of 1 changes no byte; NULL gives NULL') FROM flow;

-- Random flows: ratios and intervals are what they were
CREATE TEMP TABLE flows AS
    SELECT n, nrr_agg(round((random() * 1000 * (n % 7))::numeric, 2), CASE WHEN random() < 0.8 THEN round((random() * 1000)::numeric, 2) END) AS flow
    FROM (SELECT setseed(0.23)) AS s, generate_series(1, 40) AS n, LATERAL generate_series(1, n * 20) WHERE n % 7 > 0 GROUP BY n;
SELECT cmp_ok(max(greatest(abs(nrr(f) - nrr(flow)), abs(grr(f) - grr(flow)), abs(logo_churn(f) - logo_churn(flow)),
                           abs(ni.lower - n.lower), abs(ni.upper - n.upper), abs(gi.lower - g.lower), abs(gi.upper - g.upper), abs(li.upper - l.upper))), '<', 1e-9::float8,
              'ratios and intervals stay, to 1e-9: ' || rate)
FROM flows, (VALUES (0.9234), (157.3), (1 / 3.0), (0.01)) AS r(rate), LATERAL (SELECT scale(flow, rate)) AS s(f), nrr_interval(f) AS ni, nrr_interval(flow) AS n,
     grr_interval(f) AS gi, grr_interval(flow) AS g, logo_churn_interval(f) AS li, logo_churn_interval(flow) AS l GROUP BY rate ORDER BY rate;
SELECT ok(bool_and(scale(flow, rate)::text::revenue_flow = scale(flow, rate) AND account_count(scale(flow, rate)) = account_count(flow)), 'flows times a rate are flows') FROM flows, rate;
-- two accounts that lose the same share: the error is 0, and stays a number when rounding takes it below
SELECT is_empty($$ SELECT rate FROM (SELECT nrr_agg(m, m * 0.7) AS flow FROM (VALUES (7.1), (13.9), (0.3)) AS v(m)) AS f, generate_series(0.0000017, 0.0001, 0.0000031) AS rate,
                        nrr_interval(scale(flow, rate)) AS i WHERE i.lower = 'NaN' OR i.upper = 'NaN' OR i.upper < i.lower $$, 'an interval is one, however little the rate leaves of the money');

SELECT * FROM finish();
ROLLBACK;
