\unset ECHO
\i test/psql.sql
-- Prices brought to MRR: mrr(amount, unit, ...) and term_mrr(amount, starts, ends).
BEGIN;
SELECT plan(89);

SELECT is(have, want, description)
FROM (VALUES
    (mrr(50, 'month'),      50.0,         'a monthly price is its MRR'),
    (mrr(90, 'month', 3),   30,           'every three months: / 3'),
    (mrr(30, 'quarter'),    10,           'quarterly: / 3'),
    (mrr(60, 'quarter', 2), 10,           'every two quarters: / 6'),
    (mrr(120, 'year'),      10,           'annual: / 12'),
    (mrr(240, 'year', 2),   10,           'every two years: / 24'),
    (mrr(12, 'week'),       52,           'weekly: 12 * 52 / 12'),
    (mrr(60, 'week', 2),    130,          'every two weeks: 60 * 26 / 12'),
    (mrr(1, 'day'),         30.4375,      'daily: 365.25 / 12'),
    (mrr(30, 'day', 30),    30.4375,      'every thirty days: 365.25 / 12 a month, not 30'),
    (mrr(0, 'month'),       0,            'a price of nothing'),
    (mrr(10, 'month', 1, 7), 70,          'a quantity multiplies'),
    (mrr(10, 'month', 1, 2.5), 25,        'a quantity may be broken'),
    (mrr(10, 'month', 1, 0), 0,           'a quantity of nothing'),
    (mrr(100, 'month', 1, 1, 15), 85,     '15 percent off'),
    (mrr(100, 'month', discount_percent => 12.5), 87.5, 'half percents, by name'),
    (mrr(100, 'month', 1, 1, 100), 0,     '100 percent off'),
    (mrr(100, 'month', 1, 3, 0, 50), 250, 'an amount off the charge, not off each unit'),
    (mrr(1200, 'year', 1, 1, 0, 120), 90, 'an amount off each charge: (1200 - 120) / 12'),
    (mrr(100, 'month', 1, 3, 10, 50), 220, 'percent first, then the amount: 100 * 3 * 0.9 - 50'),
    (mrr(100, 'month', 1, 1, 0, 100), 0,  'a discount of the whole charge'),
    (mrr(100, 'month', 1, 1, 0, 130), 0,  'a discount never takes a charge below 0'),
    (mrr(100, 'month', 1, 1, 50, 60), 0,  'nor do two together'),
    (mrr(0, 'month', 1, 1, 0, 10), 0,     'nor one of a charge of nothing'),
    (mrr(-30, 'month'), -30,              'a credit stays negative'),
    (mrr(-30, 'month', 1, 2, 50), -30,    'a credit has quantity and percentage'),
    (mrr(-30, 'month', 1, 1, 0, 10), -30, 'a credit has no discount to give')
) AS price (have, want, description);

-- Six decimals, half away from zero
SELECT is(have::text, want, description)
FROM (VALUES
    (mrr(90, 'month', 3),      '30',          'no zeros after the last digit'),
    (mrr(100, 'quarter'),      '33.333333',   'a third rounds down'),
    (mrr(200, 'quarter'),      '66.666667',   'two thirds round up'),
    (mrr(-200, 'quarter'),     '-66.666667',  'two thirds of a credit round away from zero'),
    (mrr(0.000006, 'year'),    '0.000001',    'half of the sixth decimal rounds up'),
    (mrr(0.000030, 'year'),    '0.000003',    'half above an even digit rounds up too'),
    (mrr(-0.000006, 'year'),   '-0.000001',   'half below zero rounds away from zero'),
    (mrr(0.00000599999999999999999999999999, 'year'), '0', 'a hair less than half rounds down'),
    (mrr(1, 'year', 2147483647), '0',         'the longest unit_count'),
    -- 10^6 * 25769809029556888 / (12 * 2147483647) = 1000000204330 + 1/2 - 1/12884901882
    (mrr(25769809029556888, 'year', 2147483647), '1000000.20433', 'a quotient a hair less than half rounds down'),
    -- 1 / 7 = 0.142857 142857 142857 ...
    (mrr(1000000000000, 'month', 7), '142857142857.142857', '10^12 / 7 is exact to six decimals'),
    (mrr(999999999999999999, 'year', 1, 1000), '83333333333333333250', 'past 18 digits: 999999999999999999000 / 12'),
    -- 1 / 13 = 0.076923 076923 ...
    (term_mrr(1000000000000, date '2024-01-01', '2025-02-01'), '76923076923.076923', '10^12 over 13 months is exact to six decimals'),
    (term_mrr(1, date '2024-01-01', '2024-01-08'), '4.348214', 'seven days: 30.4375 / 7 = 4.34821428...')
) AS rounded (have, want, description);

-- Against numeric's own division with twenty decimals to spare; one charge a unit_count of units
DO 'BEGIN PERFORM setseed(0.75); END';
CREATE TEMP TABLE quotes AS
SELECT round(exp(random() * 27)::numeric, 4) AS amount, 1 + (random() * 40)::int AS count, round((random() * 50)::numeric, 1) AS quantity,
       round((random() * 100)::numeric, 2) AS percent, round((random() * 3000)::numeric, 2) AS discount
FROM generate_series(1, 3000);
SELECT is(count(*), 15000::bigint, 'random prices equal the formula in numeric, by every unit')
FROM quotes, (VALUES ('day', 365.25), ('week', 52), ('month', 12), ('quarter', 4), ('year', 1)) AS u (unit, per_year)
WHERE mrr(amount, unit, count, quantity, percent, discount)
    = round(greatest(amount * quantity * (1 - percent / 100) - discount, 0)::numeric(100, 40) * per_year / (12 * count), 6);

-- Terms
SELECT is(have, want, description)
FROM (VALUES
    (term_mrr(1300, date '2024-01-15', '2025-02-15'),  100.0, '13 months: amount / 13'),
    (term_mrr(100, date '2024-01-01', '2024-02-01'),   100, 'one month of 31 days: the amount'),
    (term_mrr(100, date '2024-02-01', '2024-03-01'),   100, 'one month of 29 days: the amount'),
    (term_mrr(1200, date '2024-03-01', '2025-03-01'),  100, 'a year: amount / 12'),
    (term_mrr(1, date '2024-06-01', '2024-06-02'),     30.4375, 'one day: amount * 365.25 / 12'),
    (term_mrr(100, date '2024-01-01', '2024-01-11'),   304.375, 'ten days: amount * 365.25 / 12 / 10'),
    (term_mrr(32, date '2024-01-01', '2024-02-02'),    30.4375, 'a month and a day: by days'),
    (term_mrr(30, date '2024-01-01', '2024-01-31'),    30.4375, 'a month less a day: by days'),
    (term_mrr(364, date '2024-01-01', '2024-12-30'),   30.4375, '364 days: by days'),
    (term_mrr(70, date '2024-01-31', '2024-02-29'),    70, 'January 31 to February 29 is a month in a leap year'),
    (term_mrr(28, date '2024-01-31', '2024-02-28'),    30.4375, 'January 31 to February 28 is none in a leap year'),
    (term_mrr(70, date '2023-01-31', '2023-02-28'),    70, 'January 31 to February 28 is a month in another'),
    (term_mrr(70, date '2024-01-30', '2024-02-29'),    70, 'January 30 to February 29 is a month'),
    (term_mrr(90, date '2024-01-31', '2024-04-30'),    30, 'January 31 to April 30 is three months'),
    (term_mrr(60, date '2024-01-31', '2024-03-31'),    30, 'January 31 to March 31 is two months, back on the 31st'),
    (term_mrr(70, date '2024-02-29', '2024-03-29'),    70, 'February 29 to March 29 is a month'),
    (term_mrr(31, date '2024-02-29', '2024-03-31'),    30.4375, 'February 29 to March 31 is none'),
    (term_mrr(120, date '2024-02-29', '2025-02-28'),   10, 'February 29 to February 28 is a year'),
    (term_mrr(480, date '2024-02-29', '2028-02-29'),   10, 'February 29 to the next one is 48 months'),
    (term_mrr(70, date '1900-01-31', '1900-02-28'),    70, '1900 was no leap year'),
    (term_mrr(70, date '2000-01-31', '2000-02-29'),    70, '2000 was one'),
    (term_mrr(-1300, date '2024-01-15', '2025-02-15'), -100, 'a credit over a term')
) AS term (have, want, description);

-- Only one count of months can lead from one calendar month to another: if it does, the term is whole.
SELECT is(count(*), 152 * 1200::bigint, 'every term of up to 1200 days from five months is whole where starts + months = ends')
FROM generate_series(date '2023-11-01', date '2024-03-31', '1 day') AS s (s), generate_series(1, 1200) AS days,
     LATERAL (SELECT s::date AS starts, s::date + days AS ends) AS term,
     LATERAL (SELECT ((extract(year FROM ends) - extract(year FROM starts)) * 12
                      + extract(month FROM ends) - extract(month FROM starts))::int AS months) AS m
WHERE term_mrr(1000000, starts, ends)
    = CASE WHEN starts + months * interval '1 month' = ends THEN round(1000000::numeric(60, 30) / months, 6)
           ELSE round(1000000::numeric(60, 30) * 365.25 / 12 / days, 6) END;

SELECT throws_ok('SELECT csmetrics.' || statement, code, message, description)
FROM (VALUES
    ('mrr(10, ''fortnight'')',          '22023', 'unknown unit "fortnight"',                     'an unknown unit is an error'),
    ('mrr(10, ''Month'')',              '22023', 'unknown unit "Month"',                         'units are written small'),
    ('mrr(10, ''month'', 0)',           '22023', 'unit_count 0 is not at least 1',               'a unit_count of 0 is an error'),
    ('mrr(10, ''month'', -3)',          '22023', 'unit_count -3 is not at least 1',              'a negative unit_count is an error'),
    ('mrr(10, ''month'', 1, -2)',       '22023', 'quantity -2 is not at least 0',                'a negative quantity is an error'),
    ('mrr(10, ''month'', 1, 1, 101)',   '22023', 'discount_percent 101 is not between 0 and 100', 'a percentage above 100 is an error'),
    ('mrr(10, ''month'', 1, 1, -0.5)',  '22023', 'discount_percent -0.5 is not between 0 and 100', 'a negative percentage is an error'),
    ('mrr(10, ''month'', 1, 1, 0, -5)', '22023', 'discount_amount -5 is not at least 0',         'a negative discount is an error'),
    ('term_mrr(10, date ''2024-01-05'', ''2024-01-05'')', '22023',
        'ends 2024-01-05 is not after starts 2024-01-05', 'ends on starts is an error'),
    ('term_mrr(10, date ''2024-01-05'', ''2024-01-04'')', '22023',
        'ends 2024-01-04 is not after starts 2024-01-05', 'ends before starts is an error'),
    ('term_mrr(10, date ''2024-01-05'', ''infinity'')',   '22008', 'ends out of range: infinity',           'a term without end has no MRR'),
    ('term_mrr(10, date ''-infinity'', ''2024-01-05'')',  '22008', 'starts out of range: -infinity',        'nor has one without beginning'),
    ('mrr(''Infinity'', ''month'')',    '22003', 'MRR out of range: Infinity', 'an infinite amount is an error'),
    ('mrr(10, ''month'', 1, ''NaN'')',  '22003', 'MRR out of range: NaN',      'a quantity that is no number is an error'),
    ('term_mrr(''NaN'', date ''2024-01-01'', ''2024-02-01'')', '22003', 'MRR out of range: NaN', 'a term''s amount that is no number is an error')
) AS wrong (statement, code, message, description);

SELECT ok(have IS NULL, description || ' NULL: NULL')
FROM (VALUES
    (mrr(NULL, 'month'),                       'amount'),
    (mrr(1, NULL::text),                       'unit'),
    (mrr(1, 'month', NULL::int),               'unit_count'),
    (mrr(1, 'month', 1, NULL),                 'quantity'),
    (mrr(1, 'month', 1, 1, NULL),              'discount_percent'),
    (mrr(1, 'month', 1, 1, 0, NULL),           'discount_amount'),
    (term_mrr(NULL, date '2024-01-01', '2024-02-01'), 'amount of a term'),
    (term_mrr(1, NULL, date '2024-02-01'),          'starts'),
    (term_mrr(1, date '2024-01-01', NULL),          'ends')
) AS missing (have, description);

SELECT * FROM finish();
ROLLBACK;
