\unset ECHO
\i test/psql.sql
-- The Gamma-Gamma model of spend: its fit against its likelihood worked out with 40 digits apart from this, its warning, and what it expects.
BEGIN;
SELECT plan(38);
CREATE FUNCTION pg_temp.near(a float8, b float8, tolerance float8) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= tolerance * abs(b), false);

CREATE TEMP TABLE customer AS SELECT x, z::float8, n FROM (VALUES
    (1, 10, 30), (1, 35.5, 40), (1, 80, 12), (2, 22, 20), (2, 40, 15), (3, 18.25, 9), (3, 60, 7), (5, 33, 6), (8, 29, 3), (8, 51.75, 2)) AS v(x, z, n);
CREATE TEMP TABLE fitted AS SELECT s, f.* FROM (SELECT gamma_gamma_agg(x, z, n) AS s FROM customer) AS q, gamma_gamma_fit(s) AS f;
SELECT ok(pg_temp.near(p, 2.4982072016307943, 1e-9) AND pg_temp.near(q, 26.113687928794485, 1e-9) AND pg_temp.near(v, 333.10881088556529, 1e-9), format('parameters: %s %s %s', p, q, v)) FROM fitted;
SELECT ok(pg_temp.near(log_likelihood, -601.4383696921867, 1e-13), 'log_likelihood') FROM fitted;
SELECT is(row(converged, customers, left_out, warning, customer_count(s))::text, '(t,144,0,,144)', 'it converged, over all customers, and nothing speaks against it') FROM fitted;
SELECT ok(pg_temp.near(correlation, c, 1e-12), 'correlation is that of customers') FROM fitted, (SELECT corr(x, z) AS c FROM customer, generate_series(1, n)) AS q;
SELECT is(gamma_gamma_fit(gamma_gamma_agg(x, z ORDER BY random())), (SELECT gamma_gamma_fit(s) FROM fitted), 'a row a customer, in any order, has the same fit, bit for bit') FROM customer, generate_series(1, n);
SELECT is(gamma_gamma_fit(rollup(part)), (SELECT gamma_gamma_fit(s) FROM fitted), 'so have segments that were rolled up') FROM (SELECT gamma_gamma_agg(x, z, n) FROM customer GROUP BY n % 3) AS p (part);
SELECT ok(f.converged AND pg_temp.near(f.p, g.p, 1e-8) AND pg_temp.near(f.q, g.q, 1e-8) AND pg_temp.near(f.v, unit * g.v, 1e-8), format('in a currency of 1 / %s v is as much larger, and no other is another', unit))
FROM fitted AS g, (VALUES (0.0001), (100), (1e9)) AS u(unit), LATERAL (SELECT gamma_gamma_agg(x, unit * z, n) AS s FROM customer) AS q, LATERAL gamma_gamma_fit(q.s) AS f;

-- Who did not come back, or paid nothing, is no part of it, and is counted
SELECT is(row(f.p, f.q, f.v, f.log_likelihood, f.customers, f.left_out, customer_count(q.s)), row(g.p, g.q, g.v, g.log_likelihood, 144::bigint, 12::bigint, 156::bigint), 'frequencies and amounts of 0 are left out of the fit, and counted')
FROM fitted AS g, LATERAL (SELECT merge(g.s, gamma_gamma_agg(x, z, n)) AS s FROM (VALUES (0, 7::float8, 5::bigint), (3, 0, 7)) AS v(x, z, n)) AS q, LATERAL gamma_gamma_fit(q.s) AS f;
SELECT is(row(f.p, f.log_likelihood, f.converged, f.customers, f.left_out, f.correlation, f.warning)::text, format('(,,f,%s,%s,,"%s")', n, out, told), 'no parameters: ' || told)
FROM (VALUES (gamma_gamma_agg_add(NULL, NULL, 1), 0, 0, 'no customers with purchases of an amount'), (gamma_gamma_agg_add(NULL, 0, 7, 3), 0, 3, 'no customers with purchases of an amount'),
             (gamma_gamma_agg_add(NULL, 2, 7, 3), 3, 0, 'all customers have the same mean amount'), (unmerge(gamma_gamma_agg_add(NULL, NULL, 7), gamma_gamma_agg_add(NULL, 0, 7)), 0, -1, 'counts are below zero'))
     AS v(s, n, out, told), gamma_gamma_fit(s) AS f;

-- Spend that hangs on frequency
SELECT is(left(f.warning, 34), 'spend rises with frequency, which ', format('a correlation of %s is told', round(f.correlation::numeric, 2)))
FROM (SELECT gamma_gamma_agg(x, z * x, n) AS s FROM customer) AS q, gamma_gamma_fit(s) AS f;
SELECT is(left(f.warning, 34), 'spend falls with frequency, which ', format('so is one of %s', round(f.correlation::numeric, 2)))
FROM (SELECT gamma_gamma_agg(x, z / x, n) AS s FROM customer) AS q, gamma_gamma_fit(s) AS f;
SELECT is(row(f.converged, f.warning)::text, '(f,"q has no bound: customers spend alike, or too few of them were seen")', 'customers who spend alike')
FROM (SELECT gamma_gamma_agg(1 + n % 5, 100 + (n % 3 - 1) * 20 / sqrt(1 + n % 5)) AS s FROM generate_series(1, 150) AS n) AS q, gamma_gamma_fit(s) AS f;

-- p (v + x z) / (p x + q - 1), by hand
SELECT is(gamma_gamma_expected(6, 4, 15, x, z), want::float8, format('of %s purchases of %s', x, coalesce(z::text, 'NULL')))
FROM (VALUES (0, NULL, 30), (0, 500, 30), (1, 40, 330 / 9.0), (7, 45, 1980 / 45.0), (1, 0, 10), (2, NULL, NULL)) AS v(x, z, want);
SELECT is(gamma_gamma_expected(6, 1, 15, 0, NULL), NULL, 'the mean of all has no bound where q is at most 1');
SELECT is(gamma_gamma_expected(6, 0.5, 14, 1, 40), 324 / 5.5::float8, 'that of a customer can have one');
SELECT ok(pg_temp.near(gamma_gamma_expected(6.25, 3.74, 15.44, 5000, 38.5), 38.5, 1e-3), 'of 5,000 purchases it is their own mean, nearly');

SELECT is(gamma_gamma_agg(x, z), NULL, 'no rows: no state') FROM customer WHERE false;
SELECT throws_ok('SELECT csmetrics.' || call, code, message, call)
FROM (VALUES
    ('gamma_gamma_agg(-1, 5)', '22023', 'frequency -1 is not between 0 and 100000'), ('gamma_gamma_agg(1, -5)', '22023', 'mean_amount -5 is not between 0 and 1e+18'),
    ('gamma_gamma_agg(1, ''NaN'')', '22023', 'mean_amount NaN is not between 0 and 1e+18'), ('gamma_gamma_agg(1, ''Infinity'')', '22023', 'mean_amount Infinity is not between 0 and 1e+18'),
    ('gamma_gamma_agg(1, 5, -2)', '22023', 'customers -2 is not at least 0'), ('gamma_gamma_expected(0, 1, 1, 1, 1)', '22023', 'p 0 is not a finite number above 0'),
    ('gamma_gamma_expected(1, ''NaN'', 1, 1, 1)', '22023', 'q NaN is not a finite number above 0'), ('gamma_gamma_expected(1, 1, ''Infinity'', 1, 1)', '22023', 'v Infinity is not a finite number above 0'),
    ('gamma_gamma_expected(1, 1, 1, 1, -1)', '22023', 'mean_amount -1 is not between 0 and 1e+18')
) AS wrong (call, code, message);
SELECT throws_ok('SELECT csmetrics.gamma_gamma ''1 0|1 1|1 -9223372036854775808 1''', '22P02', NULL, 'an amount of minus 0: refused');
SELECT is(concat(gamma_gamma_fit(NULL), gamma_gamma_expected(NULL, 1, 1, 1, 1), gamma_gamma_expected(1, 1, NULL, 1, 1), gamma_gamma_expected(1, 1, 1, NULL, 1)), '', 'NULL for NULL');

SELECT * FROM finish();
ROLLBACK;
