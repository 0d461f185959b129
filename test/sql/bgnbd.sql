\unset ECHO
\i test/psql.sql
-- The BG/NBD model: fits and predictions against the formulas of the paper, worked out with 40 digits apart from this.
BEGIN;
SELECT plan(85);
CREATE FUNCTION pg_temp.near(a float8, b float8, tolerance float8) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= tolerance * abs(b), false);

CREATE TEMP TABLE customer (x int, t_x float8, age float8, n bigint);
INSERT INTO customer VALUES
    (0, 0, 38, 120), (0, 0, 20, 90), (0, 0, 30, 70), (1, 3.5, 38, 25), (1, 20, 38, 12), (1, 2, 20, 18), (1, 15, 20, 9), (2, 8, 30, 9), (2, 28, 30, 8), (3, 9.5, 38, 6), (3, 36, 38, 7),
    (4, 12, 20, 4), (5, 30, 38, 5), (6, 18, 20, 3), (8, 37, 38, 4), (12, 28.5, 30, 2), (20, 37.5, 38, 1);
CREATE TEMP TABLE fitted AS SELECT s, f.* FROM (SELECT bgnbd_agg(x, t_x, age, n) AS s FROM customer) AS q, bgnbd_fit(s) AS f;

-- The fit
SELECT ok(pg_temp.near(r, 0.15821436727998776, 1e-9) AND pg_temp.near(alpha, 3.7133181515532182, 1e-9) AND pg_temp.near(a, 0.29889956865659114, 1e-9) AND pg_temp.near(b, 0.429928506154366, 1e-9),
          format('parameters: %s %s %s %s', r, alpha, a, b)) FROM fitted;
SELECT ok(pg_temp.near(log_likelihood, -1106.7930070302119, 1e-13), 'log_likelihood') FROM fitted;
SELECT is(row(converged, customers, warning, customer_count(s))::text, '(t,393,,393)', 'it converged, over all customers, and nothing speaks against it') FROM fitted;
SELECT is(bgnbd_fit(bgnbd_agg(x, t_x, age ORDER BY random())), (SELECT bgnbd_fit(s) FROM fitted), 'a row a customer, in any order, has the same fit, bit for bit') FROM customer, generate_series(1, n);
SELECT is(bgnbd_agg(x, t_x, age), (SELECT s FROM fitted), 'and the same state') FROM customer, generate_series(1, n);
SELECT is(bgnbd_fit(rollup(part)), (SELECT bgnbd_fit(s) FROM fitted), 'so have segments that were rolled up') FROM (SELECT bgnbd_agg(x, t_x, age, n) FROM customer GROUP BY age) AS p (part);
SELECT ok(pg_temp.near(f.r, g.r, 1e-8) AND pg_temp.near(f.alpha, 7 * g.alpha, 1e-8) AND pg_temp.near(f.a, g.a, 1e-8) AND pg_temp.near(f.b, g.b, 1e-8) AND f.converged, 'in days, alpha is seven times what it is in weeks, and no other is another')
FROM (SELECT bgnbd_agg(x, 7 * t_x, 7 * age, n) AS s FROM customer) AS q, bgnbd_fit(q.s) AS f, fitted AS g;
SELECT ok(f.converged AND pg_temp.near(f.r, g.r, 1e-8) AND pg_temp.near(f.alpha, unit * g.alpha, 1e-8), format('in a unit of 1 / %s it converges, too', unit))
FROM fitted AS g, (VALUES (1e-6), (3600), (1e9)) AS u(unit), LATERAL (SELECT bgnbd_agg(x, unit * t_x, unit * customer.age, n) AS s FROM customer) AS q, LATERAL bgnbd_fit(q.s) AS f ORDER BY unit;

-- Where the model has no maximum, or is none to use
SELECT is(row(f.r, f.alpha, f.a, f.b, f.log_likelihood, f.converged, f.customers, f.warning)::text, format('(,,,,,f,%s,"%s")', n, told), 'no parameters: ' || told)
FROM (VALUES (bgnbd_agg_add(NULL, NULL, 1, 1), 0, 'no customers'), (bgnbd_agg_add(NULL, 0, 0, 9, 5), 5, 'nobody bought again'), (unmerge(bgnbd_agg_add(NULL, 1, 1, 2), bgnbd_agg_add(NULL, 2, 1, 2)), 0, 'counts are below zero'))
     AS v(s, n, told), bgnbd_fit(s) AS f;
SELECT is(row(f.converged, f.warning)::text, '(f,"a has no bound: nobody seems to leave, or all with an equal chance")', 'customers who may leave at any time, not at purchases alone, all leave with an equal chance')
FROM (SELECT bgnbd_agg(x, t, 40, n) AS s FROM (VALUES (0,0,387),(1,4,20),(1,6,26),(1,12,8),(1,18,10),(1,24,1),(1,30,2),(1,36,6),(1,40,1),(2,4,5),(2,6,14),(2,12,5),(2,18,7),(2,24,11),(2,30,6),(2,36,4),(3,6,4),(3,12,3),(3,18,5),
     (3,24,5),(3,30,6),(3,36,5),(4,24,3),(4,30,3),(4,36,6),(5,30,3),(5,36,6),(6,36,2),(8,36,3)) AS v(x, t, n)) AS q, bgnbd_fit(s) AS f;
SELECT is(f.warning, 'customers buy at equal intervals, as subscribers do: a model of renewals or of survival fits these, not one of purchases at random', 'subscribers who pay every month, and leave')
FROM (SELECT bgnbd_agg(n % 20, n % 20 * 4.35 + CASE WHEN n % 20 > 0 THEN n % 3 * 0.1 ELSE 0 END, 90) AS s FROM generate_series(1, 400) AS n) AS q, bgnbd_fit(s) AS f;
SELECT is(row(f.converged, f.warning)::text, '(f,"r has no bound: customers buy at equal rates, or too few of them were seen")', 'customers who buy at equal rates, and nearly all stay')
FROM (SELECT bgnbd_agg(x, t, 40, n) AS s FROM (VALUES (2,10,3),(3,35,20),(4,38,26),(3,39,18),(5,39,10)) AS v(x, t, n)) AS q, bgnbd_fit(s) AS f;
SELECT is(f.warning LIKE '%equal intervals%', false, 'of few customers nothing is said') FROM (SELECT bgnbd_agg(2 + n, (2 + n) * 4, 90) AS s FROM generate_series(0, 8) AS n) AS q, bgnbd_fit(s) AS f;
SELECT is(bgnbd_fit(NULL)::text, NULL, 'no state: no fit');

-- Predictions: parameters, x, t_x, age, horizon, chance to be there, purchases to expect
CREATE TEMP TABLE prediction AS SELECT p[1] AS r, p[2] AS alpha, p[3] AS a, p[4] AS b, v.* FROM (VALUES
    ('{0.243,4.414,0.793,2.426}'::float8[], 2, 30.43::float8, 38.86::float8, 39::float8, 0.72657857008067291::float8, 1.2260281747671445::float8),
    ('{0.243,4.414,0.793,2.426}', 0, 0, 38.86, 39, 1.0, 0.19509805201126264),
    ('{0.243,4.414,0.793,2.426}', 0, 0, 0, 52, 1.0, 1.4460505953964038),
    ('{0.243,4.414,1,2.426}', 3, 10, 20, 5, 0.44486891691113749, 0.27722108788439558),
    ('{0.5,8,2.5,0.3}', 1, 0.5, 40, 1000, 0.008863014528601498, 0.015753416462064667),
    ('{0.243,4.414,0.793,2.426}', 5000, 2000, 2000.5, 100, 0.99944846744754766, 244.47617401330589),
    ('{1.5,30,0.01,0.02}', 5000, 1990, 2000, 10, 9.3825624515432118e-6, 0.00023116123945733518),
    ('{0.001,1,50,10000}', 7, 2, 9, 1e-6, 0.041882737831596212, 2.9322104697581386e-8),
    ('{0.243,4.414,0.793,2.426}', 26, 30, 38.86, 3000, 0.078092787142018872, 14.647775417579475)) AS v(p, x, t_x, age, horizon, alive, expected);
SELECT ok(pg_temp.near(bgnbd_alive(r, alpha, a, b, x, t_x, age), alive, 1e-11), format('alive: %s, x %s, %s of %s', p, x, t_x, age)) FROM prediction;
SELECT ok(pg_temp.near(bgnbd_expected(r, alpha, a, b, x, t_x, age, horizon), expected, 1e-10), format('expected: %s, x %s, %s of %s, in %s', p, x, t_x, age, horizon)) FROM prediction;
SELECT is(round(bgnbd_expected(0.243, 4.414, 0.793, 2.426, 2, 30.43, 38.86, 39)::numeric, 3), 1.226, 'as published');
SELECT is(bgnbd_alive(0.243, 4.414, 0.793, 2.426, 0, 0, 100000), 1::float8, 'who bought once is there for ever: the model''s own gap');
SELECT ok(value > 0 AND value < 'Infinity', format('5,000 purchases, the last %s before the day: no overflow', gap))
FROM (VALUES (0), (1e-9), (1), (10), (100)) AS g(gap), LATERAL (VALUES (bgnbd_alive(0.243, 4.414, 0.793, 2.426, 5000, 5000 - gap, 5000)), (bgnbd_expected(0.243, 4.414, 0.793, 2.426, 5000, 5000 - gap, 5000, 52))) AS v(value);
SELECT is(row(bgnbd_alive(0.243, 4.414, 0.793, 2.426, 5000, 1, 5000), bgnbd_expected(0.243, 4.414, 0.793, 2.426, 5000, 1, 5000, 52))::text, '(0,0)', 'who bought 5,000 times in a week long ago is gone, without overflow');
SELECT is(bgnbd_expected(0.243, 4.414, 0.793, 2.426, 2, 30.43, 38.86, 0), 0::float8, 'in no time nothing is bought');
SELECT ok(bgnbd_expected(r, alpha, a, b, x, t_x, prediction.age, 2 * horizon) > bgnbd_expected(r, alpha, a, b, x, t_x, prediction.age, horizon), 'in more time more is bought') FROM prediction WHERE x < 27 LIMIT 4;
SELECT ok(converged AND f.customers = 396, 'customers who bought 5,000 and 100,000 times are fitted with the others')
FROM (SELECT merge(merge(s, bgnbd_agg_add(NULL, 5000, 37.9, 38, 2)), bgnbd_agg_add(NULL, 100000, 37.9, 38)) AS s FROM fitted) AS q, bgnbd_fit(q.s) AS f;

SELECT is(bgnbd_agg(x, t_x, age), NULL, 'no rows: no state') FROM customer WHERE false;
SELECT is(bgnbd_agg(x, t_x, age, n)::text, '1 0|0 0', 'rows with NULL are left out') FROM (VALUES (NULL, 0::float8, 3::float8, 1::bigint), (1, NULL, 3, 1), (1, 1, NULL, 1), (1, 1, 3, NULL)) AS v(x, t_x, age, n);
SELECT is(bgnbd_agg_add(NULL, 0, '-0', 0), bgnbd_agg_add(NULL, 0, 0, '-0'), 'a zero has no sign');
SELECT throws_ok('SELECT csmetrics.' || call, code, message, call)
FROM (VALUES
    ('bgnbd_agg(-1, 0, 3)', '22023', 'frequency -1 is not between 0 and 100000'), ('bgnbd_agg(100001, 1, 3)', '22023', 'frequency 100001 is not between 0 and 100000'),
    ('bgnbd_agg(1, -1, 3)', '22023', 'recency -1 is not between 0 and 1000000000000'), ('bgnbd_agg(1, ''NaN'', 3)', '22023', 'recency NaN is not between 0 and 1000000000000'),
    ('bgnbd_agg(1, 1, ''Infinity'')', '22023', 'age Infinity is not between 0 and 1000000000000'), ('bgnbd_agg(1, 1, ''NaN'')', '22023', 'age NaN is not between 0 and 1000000000000'),
    ('bgnbd_agg(0, 0, -0.5)', '22023', 'age -0.5 is not between 0 and 1000000000000'), ('bgnbd_agg(2, 4, 3.5)', '22023', 'recency 4 is past age 3.5'),
    ('bgnbd_agg(2, 0, 3)', '22023', 'recency 0 does not fit frequency 2'), ('bgnbd_agg(0, 2, 3)', '22023', 'recency 2 does not fit frequency 0'),
    ('bgnbd_agg(1, 1, 2, -1)', '22023', 'customers -1 is not at least 0'), ('bgnbd_agg(1, 1, 2, 576460752303423488)', '22003', 'bgnbd out of range'),
    ('bgnbd_alive(0, 1, 1, 1, 1, 1, 2)', '22023', 'r 0 is not a finite number above 0'), ('bgnbd_alive(1, ''NaN'', 1, 1, 1, 1, 2)', '22023', 'alpha NaN is not a finite number above 0'),
    ('bgnbd_alive(1, 1, -1, 1, 1, 1, 2)', '22023', 'a -1 is not a finite number above 0'), ('bgnbd_expected(1, 1, 1, ''Infinity'', 1, 1, 2, 3)', '22023', 'b Infinity is not a finite number above 0'),
    ('bgnbd_alive(1, 1, 1, 1, 1, 3, 2)', '22023', 't_x 3 is past age 2'), ('bgnbd_alive(1, 1, 1, 1, -1, 1, 2)', '22023', 'x -1 is not between 0 and 100000'),
    ('bgnbd_expected(1, 1, 1, 1, 1, 1, 2, -3)', '22023', 'horizon -3 is not between 0 and 1000000000000'), ('bgnbd_expected(1, 1, 1, 1, 1, 1, 2, ''NaN'')', '22023', 'horizon NaN is not between 0 and 1000000000000'),
    ('bgnbd_expected(1, 1, 1, 1, 1, 1, 2, 1e9)', '22003', 'horizon 1000000000 is too long')
) AS wrong (call, code, message);
SELECT throws_ok(format('SELECT %L::csmetrics.bgnbd', form), '22P02', NULL, name || ': refused')
FROM (VALUES ('a recency past age', '1 0|1 1|1 4613937818241073152 4611686018427387904 1'), ('a recency of minus 0', '1 0|1 1|0 -9223372036854775808 4611686018427387904 1'), ('an age NaN', '1 0|1 1|0 0 9221120237041090560 1'),
             ('a frequency past its limit', '1 0|1 1|100001 4607182418800017408 4611686018427387904 1'), ('a recency without frequency', '1 0|1 1|0 4607182418800017408 4611686018427387904 1')) AS v(name, form);
SELECT is(concat(bgnbd_alive(NULL, 1, 1, 1, 1, 1, 2), bgnbd_alive(1, 1, 1, 1, NULL, 1, 2), bgnbd_expected(1, 1, 1, NULL, 1, 1, 2, 3), bgnbd_expected(1, 1, 1, 1, 1, 1, 2, NULL)), '', 'NULL for NULL');

SELECT * FROM finish();
ROLLBACK;
