\unset ECHO
\i test/psql.sql
-- Revenue earned between two days: a full calendar month earns its MRR, a part of one its share of
-- that month's days, and all is rounded once.
BEGIN;
SELECT plan(31);
\i test/timelines.sql

CREATE TEMP VIEW account(name, history) AS VALUES
    ('plain',  pg_temp.history('2024-01-15 2024-04-11 100')),
    ('long',   pg_temp.history('2022-12-01 - 10')),
    ('step',   pg_temp.history('2024-01-01 2024-01-16 100', '2024-01-16 2024-03-01 130')),
    ('pause',  pg_temp.history('2024-01-01 2024-02-01 60', '2024-02-01 2024-04-01 paused', '2024-04-01 - 60')),
    ('credit', pg_temp.history('2024-01-01 - 60', '2024-02-01 2024-03-01 -90')),
    ('tiny',   pg_temp.history('2023-01-01 - 0.000001'));

SELECT is(revenue_between(history, from_date, to_date), revenue, description)
FROM account JOIN (VALUES
    ('plain', date '2024-02-01', date '2024-03-01', 100.0, 'a full month earns its MRR'),
    ('plain', '2024-02-01', '2024-04-01', 200, 'two full months earn it twice'),
    ('plain', '2024-01-15', '2024-02-01', 54.838710, 'the last 17 of 31 days: 100 * 17 / 31'),
    ('plain', '2024-01-01', '2024-02-01', 54.838710, 'days before the term earn nothing'),
    ('plain', '2024-04-01', '2024-05-01', 33.333333, 'nor do days from its end on: 100 * 10 / 30'),
    ('plain', '2024-02-10', '2024-02-11', 3.448276, 'one day of a leap February: 100 / 29'),
    ('plain', '2024-02-01', '2024-02-29', 96.551724, 'a leap February without its last day: 100 * 28 / 29'),
    ('plain', '2024-01-01', '2025-01-01', 288.172043, 'all of it: 100 * (17/31 + 1 + 1 + 10/30)'),
    ('plain', '2023-01-01', '2024-01-15', 0, 'nothing before'),
    ('plain', '2024-04-11', '2026-01-01', 0, 'nothing after'),
    ('long',  '2023-02-01', '2023-02-28', 9.642857, 'a plain February without its last day: 10 * 27 / 28'),
    ('long',  '2023-02-01', '2023-03-01', 10, 'and with it'),
    ('long',  '2023-01-01', '2024-01-01', 120, 'a year is twelve months'),
    ('long',  '2023-12-16', '2025-02-11', 138.732719, 'across years: 10 * (16/31 + 13 + 10/28)'),
    ('long',  '2022-11-01', '9999-12-31', 957249.677419, 'over 7,977 years: 10 * (95724 + 30/31)'),
    ('step',  '2024-01-01', '2024-02-01', 115.483871, 'a change within the month: (100 * 15 + 130 * 16) / 31'),
    ('step',  '2024-01-10', '2024-02-15', 149.210234, 'and parts on both sides: (100 * 6 + 130 * 16) / 31 + 130 * 14 / 29'),
    ('pause', '2024-01-01', '2024-05-01', 120, 'paused months earn nothing'),
    ('credit','2024-01-01', '2024-04-01', 120, 'nor does MRR below zero cost anything'),
    ('tiny',  '2023-06-01', '2023-06-16', 0.000001, 'half of the smallest amount is rounded up: 15 / 30'),
    ('tiny',  '2023-06-01', '2023-06-15', 0, 'less is rounded down: 14 / 30'),
    ('tiny',  '2023-05-16', '2023-07-16', 0.000002, 'parts are rounded together: 16/31 + 1 + 15/31 is 2, not 1 + 1 + 0')
) AS e(name, from_date, to_date, revenue, description) USING (name);

SELECT is(revenue_between(mrr_timeline_agg(as_of, mrr), '2024-01-01', '2024-03-01'), 45.0, 'snapshots earn alike: 31 * 15 / 31 + 30')
FROM (VALUES (date '2024-01-17', 31), ('2024-02-01', 30)) AS t(as_of, mrr);

-- Random terms, credits and all, over random days
CREATE TEMP TABLE term AS SELECT * FROM pg_temp.random_terms(150, 0.44);
CREATE TEMP TABLE earning AS
    SELECT history, mrr, starts, least(days[1], days[2]) AS from_date, greatest(days[1], days[2]) + 1 AS to_date
    FROM (SELECT account, mrr_timeline_agg(starts, ends, mrr) AS history FROM term GROUP BY account) AS h
    CROSS JOIN LATERAL (SELECT ARRAY[date '2020-12-01' + floor(random() * 1700)::integer, date '2020-12-01' + floor(random() * 1700)::integer]
                        FROM generate_series(1, account - account + 4)) AS d(days)
    JOIN LATERAL (SELECT array_agg(mrr) AS mrr, array_agg(starts) AS starts FROM term WHERE term.account = h.account) AS t ON true;

-- Days in a month have 377,580 = lcm(28, 29, 30, 31) parts in common, so the oracle is exact until it rounds.
SELECT is_empty($$
    WITH earned AS (
        SELECT e.ctid, sum(mrr_at(history, day::date) * (377580 / extract(day FROM date_trunc('month', day) + interval '1 month - 1 day'))) AS parts
        FROM earning AS e, generate_series(from_date, to_date - 1, interval '1 day') AS day GROUP BY e.ctid)
    SELECT from_date, to_date, revenue_between(history, from_date, to_date), parts / 377580
    FROM earning AS e JOIN earned ON earned.ctid = e.ctid
    WHERE revenue_between(history, from_date, to_date) <> round(parts::numeric(60, 20) / 377580, 6)
    $$, 'revenue is the sum over days of MRR / days in the month: 600 random ranges of 150 random accounts');
SELECT is_empty($$
    SELECT from_date, boundary, to_date FROM earning, LATERAL (SELECT (date_trunc('month', from_date) + interval '1 month')::date) AS b(boundary)
    WHERE boundary < to_date AND
          abs(revenue_between(history, from_date, boundary) + revenue_between(history, boundary, to_date)
              - revenue_between(history, from_date, to_date)) > 0.000001
    $$, 'revenue adds up over the month''s end, to the rounding of its parts');
SELECT is(sum(revenue_between(history, month::date, (month + interval '1 month')::date)), revenue_between(history, '2023-01-01', '2025-01-01'),
          'full months add up exactly')
FROM (SELECT pg_temp.history('2022-01-01 2023-07-01 33.333333', '2023-07-01 2024-03-01 0.1', '2024-05-01 - 7')) AS a(history),
     generate_series(date '2023-01-01', '2024-12-01', interval '1 month') AS month GROUP BY history;

PREPARE revenue(date, date) AS SELECT revenue_between(history, $1, $2) FROM account WHERE name = 'plain';
SELECT throws_ok(format('EXECUTE revenue(%L, %L)', from_date, to_date), code, message, message) FROM (VALUES
    (date '2024-01-01', date '2024-01-01', '22023', 'to_date 2024-01-01 is not after from_date 2024-01-01'),
    ('2024-01-02', '2024-01-01', '22023', 'to_date 2024-01-01 is not after from_date 2024-01-02'),
    ('-infinity', '2024-01-01', '22008', 'from_date out of range: -infinity'),
    ('2024-01-01', 'infinity', '22008', 'to_date out of range: infinity')) AS refused(from_date, to_date, code, message);
SELECT is(revenue_between(history, NULL, '2024-01-01'), NULL, 'NULL for NULL') FROM account WHERE name = 'plain';

SELECT * FROM finish();
ROLLBACK;
