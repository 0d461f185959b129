\unset ECHO
\i test/psql.sql
-- Confidence intervals of nrr, grr and logo_churn.
BEGIN;
SELECT plan(64);

-- From R 4 (z is qnorm(1 - (1 - confidence) / 2)):
--   x <- c(120, 80, 200, 55.5, 310, 99.99, 40, 1000, 75, 150)
--   y <- c(150, 80, 0, 40.25, 310, 120, 20, 1100, 0, 150)
--   interval <- function(x, y, z) {
--     n <- length(x); R <- sum(y) / sum(x)
--     R + c(-1, 1) * z * sqrt(n / (n - 1) * sum((y - R * x)^2)) / sum(x) }
--   interval(x, y, z); interval(x, pmin(x, y), z)
CREATE TEMP TABLE ten (opening numeric, closing numeric);
INSERT INTO ten VALUES (120, 150), (80, 80), (200, NULL), (55.5, 40.25), (310, 310), (99.99, 120), (40, 20), (1000, 1100), (75, 0), (150, 150);
CREATE TEMP TABLE flow AS SELECT nrr_agg(opening, closing) AS state FROM ten;

CREATE TEMP TABLE from_r (confidence float8, nrr_lower float8, nrr_upper float8, grr_lower float8, grr_upper float8);
INSERT INTO from_r VALUES
    (0.5,   0.83454928512400062, 1.01502522590397914, 0.77405494139927944, 0.93469750522098183),
    (0.9,   0.70472719849820342, 1.14484731252977623, 0.65849963388227428, 1.05025281273798710),
    (0.95,  0.6625695243313372,  1.1870049866966426,  0.62097487111524374, 1.08777757550501741),
    (0.99,  0.58017474160145066, 1.26939976942652910, 0.54763485091057018, 1.16111759570969109),
    (0.999, 0.48455750602185083, 1.36501700500612899, 0.46252545736665984, 1.24622698925360131);

SELECT ok(abs(i.lower - nrr_lower) < 1e-12 AND abs(i.upper - nrr_upper) < 1e-12,
          format('nrr_interval at %s is that of R', confidence))
FROM flow, from_r, LATERAL nrr_interval(state, confidence) AS i;
SELECT ok(abs(i.lower - grr_lower) < 1e-12 AND abs(i.upper - least(grr_upper, 1)) < 1e-12,
          format('grr_interval at %s is that of R, and ends at 1', confidence))
FROM flow, from_r, LATERAL grr_interval(state, confidence) AS i;
SELECT is((grr_interval(state, 0.9)).upper, 1::float8, 'the upper bound of grr is exactly 1 where the formula passes it') FROM flow;
SELECT is(nrr_interval(state), nrr_interval(state, 0.95), 'nrr_interval: confidence is 0.95 if not given') FROM flow;
SELECT is(grr_interval(state), grr_interval(state, 0.95), 'grr_interval: confidence is 0.95 if not given') FROM flow;
SELECT is(logo_churn_interval(state), logo_churn_interval(state, 0.95), 'logo_churn_interval: confidence is 0.95 if not given') FROM flow;

-- Random accounts: a third each churns, shrinks or grows, some are unchanged, some new; by plain SQL.
DO 'BEGIN PERFORM setseed(0.5); END';
CREATE TEMP TABLE random_book AS
SELECT nullif(opening, 0) AS opening,
       CASE WHEN kind < 0.1 THEN NULL WHEN kind < 0.5 THEN opening ELSE round((opening * 2 * random())::numeric + 10, 6) END AS closing
FROM (SELECT CASE WHEN random() < 0.1 THEN 0 ELSE round((exp(random() * 8))::numeric, 6) END AS opening, random() AS kind
      FROM generate_series(1, 2000)) AS drawn;
CREATE TEMP TABLE formula AS
WITH cohort AS (
    SELECT side, opening AS x, CASE side WHEN 'nrr' THEN coalesce(closing, 0) ELSE least(opening, coalesce(closing, 0)) END AS y
    FROM random_book, (VALUES ('nrr'), ('grr')) AS s (side) WHERE opening > 0),
ratio AS (SELECT side, sum(y) / sum(x) AS r, sum(x) AS total, count(*)::numeric AS n FROM cohort GROUP BY side)
SELECT side, r, sqrt(n / (n - 1) * sum((y - r * x) ^ 2)) / total AS standard_error
FROM cohort JOIN ratio USING (side) GROUP BY side, r, n, total;

SELECT ok(abs(i.lower - (r - 1.959963984540054 * standard_error)) < 1e-12
          AND abs(i.upper - (r + 1.959963984540054 * standard_error)) < 1e-12,
          side || '_interval of 2000 random accounts equals the ratio estimator in plain SQL')
FROM formula, (SELECT nrr_agg(opening, closing) AS state FROM random_book) AS f,
     LATERAL (SELECT * FROM nrr_interval(state) WHERE side = 'nrr'
              UNION ALL SELECT * FROM grr_interval(state) WHERE side = 'grr') AS i
ORDER BY side;

-- Shapes with an answer of their own
CREATE TEMP TABLE forty AS SELECT x::numeric FROM generate_series(1, 40) AS x;
SELECT is(ARRAY[(i).lower, (i).upper], want::float8[], description)
FROM (
    SELECT nrr_interval(nrr_agg(x, x * 1.1)) AS i, '{1.1, 1.1}' AS want,
        'exactly proportional growth: no width, nrr' AS description FROM forty
    UNION ALL SELECT grr_interval(nrr_agg(x, x * 1.1)), '{1, 1}', 'exactly proportional growth: grr 1, no width' FROM forty
    UNION ALL SELECT grr_interval(nrr_agg(x, x * 0.9)), '{0.9, 0.9}', 'exactly proportional loss: no width, grr' FROM forty
    UNION ALL SELECT nrr_interval(nrr_agg(x, x)), '{1, 1}', 'unchanged accounts: nrr 1, no width' FROM forty
    UNION ALL SELECT grr_interval(nrr_agg(x, x)), '{1, 1}', 'unchanged accounts: grr 1, no width' FROM forty
    UNION ALL SELECT nrr_interval(nrr_agg(x, NULL)), '{0, 0}', 'all churned: nrr 0, no width' FROM forty
    UNION ALL SELECT nrr_interval(nrr_agg(x * 1e16, x * 5e15)), '{0.5, 0.5}', 'halved at huge amounts: no width' FROM forty
    UNION ALL SELECT nrr_interval(nrr_agg(100, 110)), '{NULL, NULL}', 'one account: nrr_interval is NULL'
    UNION ALL SELECT grr_interval(nrr_agg(100, 90)), '{NULL, NULL}', 'one account: grr_interval is NULL'
    UNION ALL SELECT nrr_interval(nrr_agg(nullif(x, 2) * (x <= 2)::int, 110)), '{NULL, NULL}',
        'new accounts are no part of n: one left, NULL' FROM forty
    UNION ALL SELECT nrr_interval(nrr_agg(NULL, x)), '{NULL, NULL}', 'no opening MRR: nrr_interval is NULL' FROM forty
    UNION ALL SELECT grr_interval(nrr_agg(NULL, x)), '{NULL, NULL}', 'no opening MRR: grr_interval is NULL' FROM forty
    UNION ALL SELECT logo_churn_interval(nrr_agg(NULL, x)), '{NULL, NULL}', 'no opening account: logo_churn_interval is NULL' FROM forty
    UNION ALL SELECT nrr_interval(NULL), '{NULL, NULL}', 'no state: NULLs'
) AS shape;

-- (100, 300) and (100, 0): R 1.5, residuals 150, error sqrt(2 * 2 * 150^2) / 200 = 1.5.
-- Of the minima 100 and 0: R 0.5, residuals 50, error sqrt(2 * 2 * 50^2) / 200 = 0.5.
CREATE TEMP TABLE wide AS SELECT nrr_agg(100, closing) AS state FROM (VALUES (300), (0)) AS a (closing);
SELECT is((nrr_interval(state)).lower, 0::float8, 'the lower bound of nrr is at least 0') FROM wide;
SELECT ok(abs((nrr_interval(state)).upper - (1.5 + 1.959963984540054 * 1.5)) < 1e-14, 'the upper bound of nrr is not cut') FROM wide;
SELECT is(grr_interval(state)::text, '(0,1)', 'the bounds of grr stay within 0 and 1') FROM wide;

-- Around 10^12, change and opening nearly proportional: sums of squares in doubles would lose all.
CREATE TEMP TABLE large AS
SELECT 1000000000000 + i * i AS x, (1000000000000 + i * i) * factor + (i * 7919 % 101 - 50) AS y, factor
FROM generate_series(1, 50) AS i, (VALUES (2::numeric), (0.5)) AS f (factor);
SELECT ok(abs(i.lower - (r - half)) < 1e-15 AND abs(i.upper - (r + half)) < 1e-15 AND half BETWEEN 1e-12 AND 1e-10,
          CASE factor WHEN 2 THEN 'nrr_interval' ELSE 'grr_interval' END || ' at amounts of 10^12 is as exact as in numeric')
FROM (
    SELECT factor, r, 1.959963984540054 * sqrt(50::numeric(60, 40) / 49 * sum((y - r * x) ^ 2)) / sum(x) AS half, nrr_agg(x, y) AS state
    FROM large JOIN (SELECT factor, sum(y)::numeric(80, 40) / sum(x) AS r FROM large GROUP BY factor) AS ratio USING (factor)
    GROUP BY factor, r) AS g,
    LATERAL (SELECT * FROM nrr_interval(state) WHERE factor = 2 UNION ALL SELECT * FROM grr_interval(state) WHERE factor < 1) AS i
ORDER BY factor;

-- Wilson, as prop.test(churned, accounts, conf.level = confidence, correct = FALSE)$conf.int of R
SELECT ok(abs(i.lower - want_lower) < 1e-13 AND abs(i.upper - want_upper) < 1e-13,
          format('logo_churn_interval of %s of %s at %s is that of R', churned, accounts, confidence))
FROM (VALUES
    (0,  20, 0.95,  0,                    0.1611251580528193),
    (0,  20, 0.5,   0,                    0.022240911128199467),
    (1,  20, 0.9,   0.011234816850851641, 0.196007236774016297),
    (1,  20, 0.95,  0.0088814488007953798, 0.2361311934467419660),
    (3,  40, 0.5,   0.051442097676884083, 0.108116586474962584),
    (3,  40, 0.9,   0.030370252611739007, 0.173480178736900331),
    (3,  40, 0.95,  0.025836025774588198, 0.198642335243105400),
    (3,  40, 0.99,  0.019163255329385141, 0.251768976152061563),
    (3,  40, 0.999, 0.013959515440814838, 0.317112134029106207),
    (1,   1, 0.95,  0.2065493143772375,   1),
    (0,   1, 0.95,  0,                    0.79345068562276255),
    (20, 20, 0.95,  0.83887484194718065,  1)
) AS r (churned, accounts, confidence, want_lower, want_upper),
LATERAL (SELECT nrr_agg(10, CASE WHEN n > churned THEN 5 END) AS state FROM generate_series(1, accounts) AS n) AS s,
LATERAL logo_churn_interval(state, confidence) AS i;
SELECT ok(bool_and((i).lower = 0 AND (i).upper > 0), 'none of n: the lower bound is exactly 0 for n up to 300')
FROM (SELECT logo_churn_interval(nrr_agg(1, 1) OVER (ORDER BY n)) AS i FROM generate_series(1, 300) AS n) AS s;
SELECT ok(bool_and((i).upper = 1 AND (i).lower < 1), 'n of n: the upper bound is exactly 1 for n up to 300')
FROM (SELECT logo_churn_interval(nrr_agg(1, 0) OVER (ORDER BY n)) AS i FROM generate_series(1, 300) AS n) AS s;

-- Confidence is a share between 0 and 1, neither included.
SELECT throws_ok(format('SELECT csmetrics.%s(csmetrics.nrr_agg(100, 90), %L)', reader, confidence), '22023',
                 format('confidence %s is not between 0 and 1', confidence), format('%s: confidence %s is an error', reader, confidence))
FROM (VALUES ('nrr_interval'), ('grr_interval'), ('logo_churn_interval')) AS r (reader),
     (VALUES (1, '0'), (2, '1'), (3, '-1'), (4, '95'), (5, 'NaN')) AS c (n, confidence)
ORDER BY reader, n;

SELECT * FROM finish();
ROLLBACK;
