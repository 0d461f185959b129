\unset ECHO
\i test/psql.sql
-- Measures brought to 0 ... 100: by anchors, thresholds, rank and standing.
BEGIN;
SELECT plan(45);

SELECT is(normalize_linear(value, worst, best), score, format('%s between %s and %s is worth %s', value, worst, best, score))
FROM (VALUES (1, 5::float8, 0::float8, 10::float8, 50::float8), (2, -3, 0, 10, 0), (3, 12, 0, 10, 100), (4, 2, 8, 0, 75), (5, 9, 8, 0, 0), (6, 0, 8, 0, 100),
             (7, 'infinity', 0, 10, 100), (8, '-infinity', 0, 10, 0), (9, 'infinity', 10, 0, 0), (10, -2.5, -5, 5, 25)) AS v(nr, value, worst, best, score) ORDER BY nr;
SELECT is(csmetrics.normalize(2, 8, 0), 75::float8, 'normalize with its schema is the same');
SELECT is("normalize"(2, 8, 0), 75::float8, 'and in quotes');
SELECT is(normalize_linear(NULL, 0, 1), NULL::float8, 'NULL for NULL');

SELECT is(normalize_piecewise(value, '{0,7,30}', '{100,60,0}'), score, format('%s days are worth %s', value, score))
FROM (VALUES (1, -1::float8, 100::float8), (2, 0, 100), (3, 3.5, 80), (4, 7, 60), (5, 18.5, 30), (6, 30, 0), (7, 99, 0), (8, 'infinity', 0)) AS v(nr, value, score) ORDER BY nr;
SELECT is(normalize_piecewise(3, '{0,1,5,6}', '{0,100,100,20}'), 100::float8, 'a plateau in the middle: neither end is best');

-- of 1, 2, 2, 2, 9: five ranks from 0 to 4
SELECT is(normalize_percentile(value, '{1,2,2,2,9}'), score, format('rank of %s: %s', value, score))
FROM (VALUES (1, 0::float8, 0::float8), (2, 1, 0), (3, 2, 50), (4, 5.5, 87.5), (5, 9, 100), (6, 10, 100), (7, 1.5, 12.5)) AS v(nr, value, score) ORDER BY nr;
SELECT is_empty($$
    SELECT v, r FROM (SELECT v, 100 * percent_rank() OVER (ORDER BY v) AS r FROM (SELECT (37 * n) % 101 AS v FROM generate_series(1, 80) AS n) AS d) AS p,
                     (SELECT array_agg(v::float8 ORDER BY v) AS all FROM (SELECT (37 * n) % 101 AS v FROM generate_series(1, 80) AS n) AS d) AS a
    WHERE abs(normalize_percentile(v, a.all) - r) > 1e-9 $$, 'of a whole population it is percent_rank');

SELECT is(normalize_logistic(5, 5, 2), 50::float8, 'the middle is 50');
SELECT is(round(normalize_logistic(7, 5, 2)::numeric, 9), round((100 / (1 + exp(-1.0)))::numeric, 9), 'one spread above');
SELECT is(round(normalize_logistic(7, 5, -2)::numeric, 9), round((100 / (1 + exp(1.0)))::numeric, 9), 'with a spread below zero lower is better');
SELECT is(normalize_logistic('infinity', 0, 1), 100::float8, 'infinity is the best');

SELECT is(pg_temp.failure(statement), failure, failure)
FROM (VALUES
    (1, $$SELECT normalize_linear(1, 5, 5)$$, '22023 worst and best are both 5'),
    (2, $$SELECT normalize_linear('NaN', 0, 5)$$, '22023 value NaN cannot be normalized'),
    (3, $$SELECT normalize_linear(1, '-infinity', 5)$$, '22023 worst -Infinity is not finite'),
    (4, $$SELECT normalize_piecewise(1, '{1}', '{1}')$$, '22023 knots must be at least two'),
    (5, $$SELECT normalize_piecewise(1, '{1,1}', '{1,2}')$$, '22023 knots must ascend: 1 is followed by 1'),
    (6, $$SELECT normalize_piecewise(1, '{1,2}', '{1}')$$, '22023 1 scores for 2 knots'),
    (7, $$SELECT normalize_piecewise(1, '{1,2}', '{1,101}')$$, '22023 score 101 is out of range'),
    (8, $$SELECT normalize_piecewise(1, '{1,NULL}', '{1,2}')$$, '22023 knots must be a list of numbers without NULL'),
    (9, $$SELECT normalize_piecewise(1, '{{1,2}}', '{1,2}')$$, '22023 knots must be a list of numbers without NULL'),
    (10, $$SELECT normalize_percentile(1, '{2,1}')$$, '22023 knots must ascend: 2 is followed by 1'),
    (11, $$SELECT normalize_logistic(1, 2, 0)$$, '22023 spread must not be 0')) AS v(nr, statement, failure) ORDER BY nr;

SELECT * FROM finish();
ROLLBACK;
