\unset ECHO
\i test/psql.sql
-- Lifetime value from three averages, and where it has none.
BEGIN;
SELECT plan(25);
SELECT is(concat_ws('|', value, reason), want, description)
FROM (VALUES
    (100, 0.8, 0.05, '1600', '100 a month at 80 % and 5 % churn'),
    (100, 1, 1, '100', 'all leave at once'),
    (29.99, 0.75, 0.03, '749.75', 'to the cent'),
    (100, 0.8, 0.07, '1142.857143', 'rounded once, to six decimals'),
    (1e15, 1, 0.3, '3333333333333333.333333', 'six decimals of a large amount'),
    (0.000001, 0.5, 0.5, '0.000001', 'of a small one'),
    (100, -0.2, 0.05, '-400', 'a loss is one over a life, too'),
    (0, 0.8, 0.05, '0', 'nothing is worth nothing'),
    (-10, 0.8, 0.05, '-160', 'credits'),
    (100, 0.1 + 0.2, 0.1, '300', 'ratios are taken as the decimals they are written with'),
    (100, 0.8, 0, 'no churn: the formula has no bound', 'no churn: no value, and why'),
    (100, 0.8, '-0', 'no churn: the formula has no bound', 'nor with minus nothing'),
    (100, 0.8, -0.01, 'churn below 0, customers grow faster than they leave: the formula does not apply', 'net churn below 0: no value, and why')
) AS e(arpa, gross_margin, churn, want, description), LATERAL cltv(arpa, gross_margin, churn);
SELECT is(concat_ws('|', value, reason), '', 'churn NULL: NULLs, no reason') FROM cltv(100, 0.8, NULL);
SELECT is(concat_ws('|', value, reason), '', 'arpa NULL: NULLs') FROM cltv(NULL, 0.8, 0.1);
SELECT is(concat_ws('|', value, reason), '', 'gross_margin NULL: NULLs') FROM cltv(100, NULL, 0.1);
SELECT throws_ok('SELECT csmetrics.cltv(' || call || ')', '22023', message, message)
FROM (VALUES
    ('100, 80, 0.05', 'gross_margin 80 is not a share of at most 1'), ('100, ''NaN'', 0.05', 'gross_margin NaN is not a share of at most 1'), ('100, ''-infinity'', 0.05', 'gross_margin -Infinity is not a share of at most 1'),
    ('100, 0.8, 5', 'churn 5 is not a share of at most 1'), ('100, 0.8, ''NaN''', 'churn NaN is not a share of at most 1'), ('100, 0.8, ''-infinity''', 'churn -Infinity is not a share of at most 1'),
    ('''NaN'', 0.8, 0.05', 'arpa NaN is not an amount'), ('''infinity'', 0.8, 0.05', 'arpa Infinity is not an amount'), ('''-infinity'', 0.8, 0.05', 'arpa -Infinity is not an amount')
) AS wrong(call, message);
SELECT * FROM finish();
ROLLBACK;
