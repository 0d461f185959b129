\unset ECHO
\i test/psql.sql
-- Churn rates brought to a year or a month: they compound.
BEGIN;
SELECT plan(41);

SELECT ok(abs(have - want) <= 2e-15 * abs(want), description)
FROM (VALUES
    (annualize_churn(0.05, 1),  0.459639912337363037109375, '5 % a month: 1 - 0.95^12'),
    (annualize_churn(0.05),     0.459639912337363037109375, 'one month if not given'),
    (annualize_churn(0.05, 12), 0.05,           'over twelve months: the rate itself'),
    (annualize_churn(0.05, 3),  0.18549375,     'over three months: 1 - 0.95^4'),
    (annualize_churn(0.05, 6),  0.0975,         'over six months: 1 - 0.95^2'),
    (annualize_churn(0.36, 24), 0.2,            'over two years: 1 - sqrt(0.64)'),
    (annualize_churn(1e-12),    12e-12 - 66e-24, 'a tiny rate keeps its digits: 12 r - 66 r^2'),
    (annualize_churn(-0.5, 12), -0.5,           'negative net churn over a year: the rate itself'),
    (annualize_churn(-0.1, 6),  -0.21,          'negative net churn compounds: 1 - 1.1^2'),
    (annualize_churn(0),        0,              'no churn'),
    (monthly_churn(0),          0,              'no churn, by the month'),
    (monthly_churn(0.459639912337363037109375), 0.05, 'monthly_churn: 1 - (0.95^12)^(1/12)'),
    -- 1.01^12 = 1.126825030131969720661201
    (monthly_churn(-0.126825030131969720661201), -0.01, 'monthly_churn of negative net churn: 1 - 1.01'),
    -- 0.9^12 = 0.282429536481
    (annualize_churn(array_fill(0.1::float8, '{12}')), 0.717570463519, 'twelve equal months: 1 - 0.9^12'),
    (annualize_churn('{0.1,0.2,0,0,0,0,0,0,0,0,0,0.5}'::float8[]), 0.64, 'twelve months: 1 - 0.9 * 0.8 * 0.5'),
    (annualize_churn('{0.5,-0.6,0,0,0,0,0,0,0,0,0,0}'::float8[]), 0.2, 'twelve months with a negative one: 1 - 0.5 * 1.6'),
    (annualize_churn('{0.1,0.1,0.1,0.1,0.1,0.1}'::float8[]), 0.717570463519, 'six months are brought to twelve: 1 - (0.9^6)^2'),
    -- 0.9 * 0.81 * 0.729 = 0.9^6; 0.9^24 = 0.282429536481^2
    (annualize_churn('{0.1,0.19,0.271}'::float8[]), 0.920233556923127490136639, 'three unequal months: 1 - (0.9^6)^4'),
    (annualize_churn('{0.05}'::float8[]), 0.459639912337363037109375, 'one month in an array'),
    (annualize_churn(array_fill(0.1::float8, '{24}')), 0.717570463519, 'two years of months give one year')
) AS rate (have, want, description);

SELECT is(have, 1::float8, description || ': 1 stays exactly 1') FROM (VALUES
    (annualize_churn(1),                   'annualize_churn'),
    (annualize_churn(1, 36),               'annualize_churn over three years'),
    (annualize_churn('{0.1,1}'::float8[]), 'annualize_churn of months'),
    (monthly_churn(1),                     'monthly_churn')
) AS whole (have, description);
SELECT ok(bool_and(abs(monthly_churn(annualize_churn(r)) - r) < 1e-14 AND abs(annualize_churn(monthly_churn(r)) - r) < 1e-14),
    'monthly_churn is the inverse of annualize_churn')
FROM (SELECT n / 100.0::float8 AS r FROM generate_series(-50, 50) AS n) AS rates;

SELECT is(have, NULL::float8, description) FROM (VALUES
    (annualize_churn('{}'::float8[]),         'an empty array: NULL'),
    (annualize_churn('{0.1,NULL}'::float8[]), 'an array with NULL: NULL'),
    (annualize_churn(NULL::float8),           'rate NULL: NULL'),
    (annualize_churn(0.1, NULL),              'months NULL: NULL'),
    (monthly_churn(NULL),                     'annual rate NULL: NULL')
) AS n (have, description);

SELECT throws_ok('SELECT csmetrics.' || statement, '22023', message, statement || ' is an error')
FROM (VALUES
    ('annualize_churn(1.5)',            'churn rate 1.5 is not a share of at most 1'),
    ('annualize_churn(''NaN''::float8)',        'churn rate NaN is not a share of at most 1'),
    ('annualize_churn(''Infinity''::float8)',   'churn rate Infinity is not a share of at most 1'),
    ('annualize_churn(''-Infinity''::float8)',  'churn rate -Infinity is not a share of at most 1'),
    ('annualize_churn(0.05, 0)',        'months 0 is not at least 1'),
    ('annualize_churn(0.05, -1)',       'months -1 is not at least 1'),
    ('annualize_churn(''{0.1,1.5}''::float8[])', 'churn rate 1.5 is not a share of at most 1'),
    ('annualize_churn(''{0.1,NaN}''::float8[])', 'churn rate NaN is not a share of at most 1'),
    ('monthly_churn(1.5)',              'churn rate 1.5 is not a share of at most 1'),
    ('monthly_churn(''NaN'')',          'churn rate NaN is not a share of at most 1'),
    ('monthly_churn(''-Infinity'')',    'churn rate -Infinity is not a share of at most 1')
) AS wrong (statement, message);

SELECT * FROM finish();
ROLLBACK;
