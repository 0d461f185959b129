\unset ECHO
\i test/psql.sql
-- The Pareto/NBD model: fits and predictions against the hypergeometric formulas of the papers, worked out with 40 digits apart from this.
BEGIN;
SELECT plan(43);
CREATE FUNCTION pg_temp.near(a float8, b float8, tolerance float8) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= tolerance * abs(b), false);

CREATE TEMP TABLE customer AS SELECT x, t_x::float8, 40::float8 AS age, n FROM (VALUES
    (0,0,387),(1,4,20),(1,6,26),(1,12,8),(1,18,10),(1,24,1),(1,30,2),(1,36,6),(1,40,1),(2,4,5),(2,6,14),(2,12,5),(2,18,7),(2,24,11),(2,30,6),(2,36,4),(2,40,1),(3,4,1),(3,6,4),(3,12,3),(3,18,5),(3,24,5),(3,30,6),
    (3,36,5),(3,40,1),(4,12,1),(4,18,1),(4,24,3),(4,30,3),(4,36,6),(4,40,1),(5,6,1),(5,12,1),(5,18,2),(5,30,3),(5,36,6),(6,6,1),(6,12,1),(6,36,2),(7,36,2),(8,24,1),(8,36,3)) AS v(x, t_x, n);
CREATE TEMP TABLE fitted AS SELECT state, f.* FROM (SELECT pareto_nbd_agg(x, t_x, age, n) AS state FROM customer) AS q, pareto_nbd_fit(state) AS f;
SELECT ok(pg_temp.near(r, 0.64936408799484133, 1e-8) AND pg_temp.near(alpha, 15.603924378330756, 1e-8) AND pg_temp.near(s, 1.9990558800765315, 1e-8) AND pg_temp.near(beta, 38.034147731512431, 1e-8),
          format('parameters: %s %s %s %s', r, alpha, s, beta)) FROM fitted;
SELECT ok(pg_temp.near(log_likelihood, -2051.7699574080114, 1e-13), 'log_likelihood') FROM fitted;
SELECT is(row(converged, customers, warning, customer_count(state))::text, '(t,582,,582)', 'it converged, over all customers, and nothing speaks against it') FROM fitted;
SELECT is(pareto_nbd_fit(pareto_nbd_agg(x, t_x, age ORDER BY random())), (SELECT pareto_nbd_fit(state) FROM fitted), 'a row a customer, in any order, has the same fit, bit for bit') FROM customer, generate_series(1, n);
SELECT ok(pg_temp.near(f.r, g.r, 1e-6) AND pg_temp.near(f.alpha, 7 * g.alpha, 1e-6) AND pg_temp.near(f.s, g.s, 1e-6) AND pg_temp.near(f.beta, 7 * g.beta, 1e-6) AND f.converged, 'in days, alpha and beta are seven times what they are in weeks')
FROM (SELECT pareto_nbd_agg(x, 7 * t_x, 7 * age, n) AS state FROM customer) AS q, pareto_nbd_fit(q.state) AS f, fitted AS g;
SELECT ok(pg_temp.near(f.r, 0.52967529703679234, 1e-8) AND pg_temp.near(f.alpha, 11.252385692638729, 1e-8) AND pg_temp.near(f.s, 0.69071288544981994, 1e-8) AND pg_temp.near(f.beta, 5.796059311330648, 1e-8)
          AND pg_temp.near(f.log_likelihood, -1103.3643344811065, 1e-13) AND f.converged, 'other customers, of whom it has a second, lower maximum where nobody leaves')
FROM (SELECT pareto_nbd_agg(x, t_x, age, n) AS state FROM (VALUES (0, 0, 38, 120), (0, 0, 20, 90), (0, 0, 30, 70), (1, 3.5, 38, 25), (1, 20, 38, 12), (1, 2, 20, 18), (1, 15, 20, 9), (2, 8, 30, 9), (2, 28, 30, 8), (3, 9.5, 38, 6), (3, 36, 38, 7),
      (4, 12, 20, 4), (5, 30, 38, 5), (6, 18, 20, 3), (8, 37, 38, 4), (12, 28.5, 30, 2), (20, 37.5, 38, 1)) AS v(x, t_x, age, n)) AS q, pareto_nbd_fit(state) AS f;
SELECT is(row(f.converged, f.warning)::text, '(f,"beta has no bound: nobody seems to leave, or all at an equal rate")', 'customers who all bought lately')
FROM (SELECT pareto_nbd_agg(x, t, 40, n) AS state FROM (VALUES (0,0,3),(1,35,20),(2,38,26),(3,39,18),(5,39,10),(9,39,6),(14,40,3)) AS v(x, t, n)) AS q, pareto_nbd_fit(state) AS f;
SELECT is(row(f.r, f.beta, f.converged, f.customers, f.warning)::text, format('(,,f,%s,"%s")', n, told), 'no parameters: ' || told)
FROM (VALUES (pareto_nbd_agg_add(NULL, NULL, 1, 1), 0, 'no customers'), (pareto_nbd_agg_add(NULL, 0, 0, 9, 5), 5, 'nobody bought again')) AS v(state, n, told), pareto_nbd_fit(state) AS f;
SELECT is(f.warning LIKE 'customers buy at equal intervals, as subscribers do%', true, 'subscribers who pay every month, and leave')
FROM (SELECT pareto_nbd_agg(n % 20, n % 20 * 4.35 + CASE WHEN n % 20 > 0 THEN n % 3 * 0.1 ELSE 0 END, 90) AS state FROM generate_series(1, 400) AS n) AS q, pareto_nbd_fit(state) AS f;

-- Predictions: parameters, x, t_x, age, horizon, chance to be there, purchases to expect
CREATE TEMP TABLE prediction AS SELECT p[1] AS r, p[2] AS alpha, p[3] AS s, p[4] AS beta, v.* FROM (VALUES
    ('{0.553,10.578,0.606,11.669}'::float8[], 2, 30.43::float8, 38.86::float8, 39::float8, 0.8691675591530112::float8, 1.4551231932576025::float8),
    ('{0.553,10.578,0.606,11.669}', 0, 0, 38.86, 39, 0.29528660461689416, 0.10708146821530886),
    ('{0.553,10.578,0.606,11.669}', 0, 0, 0, 52, 1.0, 1.4729968033751073),
    ('{0.553,10.578,1,3}', 4, 10, 20, 5, 0.29429581215526835, 0.19825656629032661),
    ('{0.553,3,2.5,40}', 1, 0.5, 40, 1000, 0.019736633499358727, 0.037250301123266607),
    ('{0.8,1000,0.7,0.001}', 0, 0, 50, 10, 0.00049407340044122513, 3.527215830412952e-6),
    ('{0.8,0.001,0.7,1000}', 3, 0.02, 50, 10, 2.7123507608765158e-8, 2.0545110458718191e-8),
    ('{0.553,10.578,0.606,11.669}', 5000, 1999.5, 2000, 100, 0.9997010781946273, 244.98939615726801),
    ('{2,500,30,700}', 5000, 1000, 1000.1, 10, 0.99790794240448386, 30.50921676727619),
    ('{0.553,10.578,0.606,11.669}', 26, 38.86, 38.86, 39, 1.0, 17.41241604026713),
    ('{5,5,5,5}', 3, 1, 300, 7, 1.7180733110340414e-22, 2.9814857890661567e-23)) AS v(p, x, t_x, age, horizon, alive, expected);
SELECT ok(pg_temp.near(pareto_nbd_alive(r, alpha, s, beta, x, t_x, age), alive, 1e-11), format('alive: %s, x %s, %s of %s', p, x, t_x, age)) FROM prediction;
SELECT ok(pg_temp.near(pareto_nbd_expected(r, alpha, s, beta, x, t_x, age, horizon), expected, 1e-11), format('expected: %s, x %s, %s of %s, in %s', p, x, t_x, age, horizon)) FROM prediction;
SELECT is(row(pareto_nbd_alive(0.553, 10.578, 0.606, 11.669, 5000, 1, 5000), pareto_nbd_expected(0.553, 10.578, 0.606, 11.669, 5000, 1, 5000, 52))::text, '(0,0)', 'who bought 5,000 times in a week long ago is gone, without overflow');
SELECT is(pareto_nbd_expected(0.553, 10.578, 0.606, 11.669, 2, 30.43, 38.86, 0), 0::float8, 'in no time nothing is bought');

SELECT is(pareto_nbd_agg(x, t_x, age), NULL, 'no rows: no state') FROM customer WHERE false;
SELECT throws_ok('SELECT csmetrics.' || call, code, message, call)
FROM (VALUES
    ('pareto_nbd_agg(-1, 0, 3)', '22023', 'frequency -1 is not between 0 and 100000'), ('pareto_nbd_agg(2, 4, 3.5)', '22023', 'recency 4 is past age 3.5'),
    ('pareto_nbd_agg(1, ''Infinity'', 3)', '22023', 'recency Infinity is not between 0 and 1000000000000'), ('pareto_nbd_alive(1, 1, 0, 1, 1, 1, 2)', '22023', 's 0 is not a finite number above 0'),
    ('pareto_nbd_alive(1, 1, 1, ''NaN'', 1, 1, 2)', '22023', 'beta NaN is not a finite number above 0'), ('pareto_nbd_expected(1, 1, 1, 1, 1, 1, 2, -1)', '22023', 'horizon -1 is not between 0 and 1000000000000')
) AS wrong (call, code, message);
SELECT throws_ok('SELECT csmetrics.pareto_nbd ''1 0|1 1|1 4613937818241073152 4611686018427387904 1''', '22P02', NULL, 'a recency past age: refused');
SELECT is(concat(pareto_nbd_fit(NULL), pareto_nbd_alive(NULL, 1, 1, 1, 1, 1, 2), pareto_nbd_expected(1, 1, 1, 1, 1, 1, 2, NULL)), '', 'NULL for NULL');

SELECT * FROM finish();
ROLLBACK;
