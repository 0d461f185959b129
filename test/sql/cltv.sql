\unset ECHO
\i test/psql.sql
-- Lifetime value from three averages: by hand, where the formula has no bound, and decimals that stay exact.
BEGIN;
SELECT plan(52);

SELECT is(row(c.value, c.reason), row(want, NULL::text), format('%s * %s / %s = %s: %s', arpa, margin, churn, want, description))
FROM (VALUES
    (100.0, 0.8, 0.05, 1600.0, 'a customer of 100 a month who stays for twenty'),
    (1200, 0.8, 0.5, 1920, 'the same by year'),
    (100, 1, 1, 100, 'everybody leaves after one payment'),
    (100, 0, 0.05, 0, 'no margin'),
    (100, -0.25, 0.05, -500, 'a loss on each'),
    (0, 0.8, 0.05, 0, 'no revenue'),
    (-50, 0.8, 0.05, -800, 'a credit'),
    (49.99, 0.7, 0.03, 1166.433333, 'six decimals, rounded down'),
    (100, 1, 0.03, 3333.333333, 'a third rounds down'),
    (100, 0.5, 0.75, 66.666667, 'two thirds round up'),
    (-100, 0.5, 0.75, -66.666667, 'two thirds of a credit round away from zero'),
    (0.000001, 0.5, 1, 0.000001, 'half of the sixth decimal rounds up'),
    (-0.000001, 0.5, 1, -0.000001, 'half below zero rounds away from zero'),
    (0.00000099999999999999999999, 0.5, 1, 0, 'a hair less than half rounds down'),
    (1000000000000, 1, 0.07, 14285714285714.285714, '10^12 / 0.07 is exact to six decimals'),
    (123456789012345.678901, 0.999999999999999, 0.000000000000001, 123456789012345555444210987654.321099, 'fifteen digits each'),
    (100, 1, 1e-9, 100000000000, 'hardly any churn'),
    (100, 0.1, 0.3, 33.333333, 'ratios are the decimals they are written with: 0.1 / 0.3 is a third'),
    (3, 0.1, 0.3, 1, 'and this is 1, where doubles make it 1.0000000000000002'),
    (100, 0.29, 1, 29, '100 * 0.29 is 29, where doubles make it 28.999999999999996'),
    -- 999999499999999 * 10^15 / 999999999999999 is 999999499999999.9999995 less 5 * 10^-22, and no quotient that is not half is nearer to it
    (999999499999999, 1, 0.999999999999999, 999999499999999.999999, 'a quotient a hair less than half rounds down'),
    -- 444444333333333333333 / (2 * 10^6), less 5 * 10^-22
    (222222166666666, 1, 0.999999999999997, 222222166666666.666666, 'and so does another')
) AS v (arpa, margin, churn, want, description), cltv(arpa, margin, churn) AS c;
SELECT is(c.value::text, want, format('%s * %s / %s is written %s', arpa, margin, churn, want))
FROM (VALUES (100.00, 0.8, 0.05, '1600'), (10.50, 0.5, 1, '5.25'), (0.00, 0.5, 0.1, '0'), (-0.0000001, 0.5, 1, '0')) AS v (arpa, margin, churn, want), cltv(arpa, margin, churn) AS c;

-- Against numeric's own division with forty decimals, of random amounts; ratios of up to fifteen digits
SELECT setseed(0.25) \g /dev/null
SELECT is(count(*), 3000::bigint, 'random values are the formula in numeric')
FROM (SELECT round(exp(random() * 30)::numeric, 1 + (i % 7)) AS arpa, round(random()::numeric, 1 + (i % 15)) AS margin, round(random()::numeric, 1 + (i % 14)) + 0.1 ^ (1 + i % 14) AS churn
      FROM generate_series(1, 3000) AS i) AS r, LATERAL (SELECT least(churn, 1) AS churn) AS l,
     cltv(arpa, margin::float8, l.churn::float8) AS c
WHERE c.value = round(arpa * margin * 1.0000000000000000000000000000000000000000 / l.churn, 6) AND c.reason IS NULL;

-- Where the formula has no bound
SELECT is(row(c.value, c.reason), row(NULL::numeric, want), format('churn %s: no value, and why', churn))
FROM (VALUES
    ('0'::float8, 'no churn: the formula has no bound'),
    ('-0', 'no churn: the formula has no bound'),
    (-0.01, 'churn below 0, customers grow faster than they leave: the formula does not apply'),
    (-1e-300, 'churn below 0, customers grow faster than they leave: the formula does not apply'),
    (-5, 'churn below 0, customers grow faster than they leave: the formula does not apply')
) AS v (churn, want), cltv(100, 0.8, churn) AS c;
SELECT is(value, 100 * (10::numeric ^ 300), 'churn just above 0 has a value') FROM cltv(100, 1, 1e-300);

-- Refused, by value
SELECT throws_ok(format('SELECT csmetrics.cltv(%L, %L, %L)', arpa, margin, churn), '22023', message, message)
FROM (VALUES
    ('100', '1.01', '0.05', 'gross_margin 1.01 is not a share of at most 1'),
    ('100', '80', '0.05', 'gross_margin 80 is not a share of at most 1'),
    ('100', 'NaN', '0.05', 'gross_margin NaN is not a share of at most 1'),
    ('100', 'Infinity', '0.05', 'gross_margin Infinity is not a share of at most 1'),
    ('100', '-Infinity', '0.05', 'gross_margin -Infinity is not a share of at most 1'),
    ('100', '0.8', '1.01', 'churn 1.01 is not a share of at most 1'),
    ('100', '0.8', '5', 'churn 5 is not a share of at most 1'),
    ('100', '0.8', 'NaN', 'churn NaN is not a share of at most 1'),
    ('100', '0.8', 'Infinity', 'churn Infinity is not a share of at most 1'),
    ('100', '0.8', '-Infinity', 'churn -Infinity is not a share of at most 1'),
    ('NaN', '0.8', '0.05', 'arpa NaN is not an amount'),
    ('Infinity', '0.8', '0.05', 'arpa Infinity is not an amount'),
    ('-Infinity', '0.8', '0', 'arpa -Infinity is not an amount'),
    ('NaN', '2', '3', 'gross_margin 2 is not a share of at most 1')
) AS wrong (arpa, margin, churn, message);

SELECT is(row(c.value, c.reason), row(NULL::numeric, NULL::text), missing || ' NULL: NULLs')
FROM (VALUES (NULL::numeric, 0.8::float8, 0.05::float8, 'arpa'), (100, NULL, 0.05, 'gross_margin'), (100, 0.8, NULL, 'churn'), (100, 2, NULL, 'churn beside an error')) AS v (arpa, margin, churn, missing), cltv(arpa, margin, churn) AS c;

-- Of readings: monthly churn of 2 of 40 accounts, 50 a month each
SELECT is(value, 800.0, 'of churn and revenue as they are read elsewhere: 50 * 0.8 / 0.05')
FROM (SELECT nrr_agg(50, CASE WHEN i > 2 THEN 50 END) AS s FROM generate_series(1, 40) AS i) AS q, cltv(50, 0.8, logo_churn(s));

SELECT * FROM finish();
ROLLBACK;
