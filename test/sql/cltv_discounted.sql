\unset ECHO
\i test/psql.sql
-- Lifetime value over a horizon, from the retention curve.
BEGIN;
SELECT plan(22);
CREATE FUNCTION pg_temp.near(a float8, b float8) RETURNS boolean LANGUAGE sql RETURN coalesce(abs(a - b) <= 1e-9 * greatest(1, abs(b)), false);
CREATE FUNCTION pg_temp.months(n float8) RETURNS interval LANGUAGE sql RETURN n * 365.25 / 12 * interval '1 day';

-- Four customers: gone after 1.5 and 2.5 months, here after 3.5 and 3.5. S is 1 in months 0 and 1, 3/4 at 2, 1/2 at 3.
CREATE TEMP TABLE t AS SELECT duration_agg(pg_temp.months(m), gone) AS t FROM (VALUES (1.5, true), (2.5, true), (3.5, false), (3.5, false)) AS v(m, gone);
SELECT ok(pg_temp.near(p.payments, 1 + 1 + 0.75 + 0.5) AND p.known_months = 4, 'payments in advance, without discount') FROM t, expected_payments(t, 4, 0) AS p;
SELECT ok(pg_temp.near(p.payments, 1 + 0.75 + 0.5) AND p.known_months = 3, 'payments at the end of the month') FROM t, expected_payments(t, 3, 0, 0, false) AS p;
SELECT ok(pg_temp.near(p.payments, 1 + 1.1 ^ (-1 / 12.0) + 0.75 * 1.1 ^ (-2 / 12.0)), 'discounted by the year') FROM t, expected_payments(t, 3, 0.1) AS p;
SELECT ok(pg_temp.near(p.payments, 1.1 ^ (-1 / 12.0) + 0.75 * 1.02 * 1.1 ^ (-2 / 12.0)), 'growing by the month') FROM t, expected_payments(t, 2, 0.1, 0.02, false) AS p;
SELECT ok(pg_temp.near(p.payments, 3.25) AND p.known_months = 4, 'what the curve does not tell is left out') FROM t, expected_payments(t, 60, 0) AS p;
-- Greenwood: an event at 1.5 of 4 at risk (tail 3/4 + 1/2), one at 2.5 of 3 (tail 1/2)
SELECT ok(pg_temp.near((p.upper - p.lower) / 2, 1.959963984540054 * sqrt(1.25 ^ 2 / 12.0 + 0.5 ^ 2 / 6.0)), 'the interval by the variance of the sum') FROM t, expected_payments(t, 4, 0) AS p;
SELECT ok(pg_temp.near(p.payments, 1 + 1 + 0.5) AND p.known_months = 12, 'a curve that ended at zero tells of all time') FROM (SELECT duration_agg(pg_temp.months(m), true) AS t FROM (VALUES (1.5), (2.5)) AS v(m)) AS q, expected_payments(t, 12, 0) AS p;
SELECT ok(pg_temp.near(p.payments, 1), 'who leaves just when a payment is due does not make it') FROM (SELECT duration_agg(pg_temp.months(1), true) AS t) AS q, expected_payments(t, 12, 0) AS p;
SELECT is(p::text, '(,,,)', 'no tenures, nothing known') FROM (SELECT duration_agg(NULL::interval, true) AS t) AS q, expected_payments(t) AS p;
-- The area under the curve, in months, lies between payments at the ends of months and in advance.
SELECT ok(bool_and(late.payments <= m + 1e-9 AND m <= early.payments + 1e-9 AND early.payments - late.payments <= 1 + 1e-9), 'the mean tenure lies between payments at the end of months and in advance')
FROM generate_series(0, 9) AS salt, LATERAL (SELECT duration_agg(pg_temp.months(i * (salt + 13) % 41 + salt / 10.0), true) AS d FROM generate_series(1, 40) AS i) AS q,
     expected_payments(d, 60, 0) AS early, expected_payments(d, 60, 0, 0, false) AS late, LATERAL (SELECT extract(epoch FROM restricted_mean(d)) / 86400 / 365.25 * 12 AS m) AS r;
SELECT ok(pg_temp.near(a.payments, b.payments) AND pg_temp.near(a.upper, b.upper), 'equal weights change nothing')
FROM (SELECT duration_agg(pg_temp.months(i), i % 3 = 0) AS x, duration_agg(pg_temp.months(i), i % 3 = 0, 7) AS y FROM generate_series(1, 40) AS i) AS q, expected_payments(x, 30) AS a, expected_payments(y, 30) AS b;
SELECT cmp_ok(a.payments, '>', b.payments, 'weights of the loyal raise it')
FROM (SELECT duration_agg(pg_temp.months(i), true, i) AS x, duration_agg(pg_temp.months(i), true) AS y FROM generate_series(1, 40) AS i) AS q, expected_payments(x, 30) AS a, expected_payments(y, 30) AS b;

SELECT is(c::text, '(260,' || trim_scale(round(80 * (3.25 - 1.959963984540054 * sqrt(1.25 ^ 2 / 12.0 + 0.5 ^ 2 / 6.0)), 6)) || ',' || trim_scale(round(80 * (3.25 + 1.959963984540054 * sqrt(1.25 ^ 2 / 12.0 + 0.5 ^ 2 / 6.0)), 6)) || ',4,)',
          'in money: 100 a month at a margin of 80 %') FROM t, cltv_discounted(t, 100, 0.8, 4, 0) AS c;
SELECT is(c.value::text || ' ' || c.reason, '260 retention is known for 4 of 60 months: payments after that are left out', 'with the reason where the curve ends early') FROM t, cltv_discounted(t, 100, 0.8, 60, 0) AS c;
SELECT is(c::text, '(,,,,"no tenures: no retention curve")', 'no tenures, no value') FROM (SELECT duration_agg(NULL::interval, true) AS t) AS q, cltv_discounted(t, 100, 0.8) AS c;
SELECT ok(c.value < 0 AND c.lower < c.value AND c.value < c.upper, 'a loss has its bounds in order') FROM t, cltv_discounted(t, 100, -0.1) AS c;
SELECT is(c::text, '(,,,,)', 'NULL for NULL') FROM t, cltv_discounted(t, NULL, 0.8) AS c;

SELECT throws_ok('SELECT cltv_discounted(t, 100, 1.2) FROM t', '22023', 'gross_margin 1.2 is not a share of at most 1', 'a margin above 1');
SELECT throws_ok('SELECT expected_payments(t, 0) FROM t', '22023', 'months 0 is not between 1 and 1200', 'no months');
SELECT throws_ok('SELECT expected_payments(t, 12, -0.1) FROM t', '22023', 'annual_discount -0.1 is not a share between 0 and 10', 'a discount below zero');
SELECT throws_ok('SELECT expected_payments(t, 12, 0.1, ''NaN'') FROM t', '22023', 'monthly_expansion NaN is not a share between -1 and 10', 'an expansion that is none');
SELECT throws_ok('SELECT expected_payments(t, 12, 0.1, 0, true, 95) FROM t', '22023', 'confidence 95 is not between 0 and 1', 'a confidence in percent');
SELECT * FROM finish();
ROLLBACK;
