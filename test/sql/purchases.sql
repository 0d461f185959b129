\unset ECHO
\i test/psql.sql
-- The purchases of one customer: read as of a day, what came later is not there; several on one day are one coming back.
BEGIN;
SELECT plan(57);

CREATE TEMP TABLE purchase (customer text, day date, amount numeric);
INSERT INTO purchase VALUES
    ('a', '2024-01-01', 10), ('a', '2024-01-01', 5.5), ('a', '2024-01-15', 20), ('a', '2024-03-01', 0), ('a', '2024-03-01', 40.000001), ('a', '2024-06-30', 100),
    ('b', '2024-02-29', 7), ('c', '2024-01-01', NULL), ('c', NULL, 5);
CREATE TEMP TABLE history AS SELECT customer, purchase_agg(day, amount) AS h FROM purchase GROUP BY customer;

-- By hand: days 1 January, 15 January (14 days later), 1 March (60), 30 June (181)
SELECT is(concat_ws(' ', purchase_count(h, day), purchase_total(h, day), purchase_frequency(h, day), first_purchase_on(h, day), last_purchase_on(h, day)), want, format('a on %s', day))
FROM history, (VALUES
    (date '2023-12-31', '0 0'), ('2024-01-01', '2 15.5 0 2024-01-01 2024-01-01'), ('2024-01-14', '2 15.5 0 2024-01-01 2024-01-01'),
    ('2024-01-15', '3 35.5 1 2024-01-01 2024-01-15'), ('2024-03-01', '5 75.500001 2 2024-01-01 2024-03-01'), ('2024-06-29', '5 75.500001 2 2024-01-01 2024-03-01'),
    ('2024-06-30', '6 175.500001 3 2024-01-01 2024-06-30'), ('infinity', '6 175.500001 3 2024-01-01 2024-06-30')) AS v(day, want) WHERE customer = 'a';
SELECT is(concat_ws(' ', purchase_recency(h, day, 'day'), purchase_age(h, day, 'day'), mean_purchase(h, day)), want, format('a on %s, in days', day))
FROM history, (VALUES
    (date '2023-12-31', ''), ('2024-01-01', '0 0'), ('2024-01-14', '0 13'), ('2024-01-15', '14 14 20'), ('2024-02-01', '14 31 20'), ('2024-03-01', '60 60 30.0000005'),
    ('2024-12-31', '181 365 53.33333366666667')) AS v(day, want) WHERE customer = 'a';
SELECT is(row(purchase_recency(h, day), purchase_age(h, day)), row(purchase_recency(h, day, 'day') / 7, purchase_age(h, day, 'day') / 7), format('in weeks a seventh of that, on %s', day))
FROM history, (VALUES (date '2024-01-15'), ('2024-02-01'), ('2024-12-31')) AS v(day) WHERE customer = 'a';
SELECT is(purchase_summary(h, day, unit)::text, row(purchase_frequency(h, day), purchase_recency(h, day, unit), purchase_age(h, day, unit), mean_purchase(h, day))::text,
          format('the summary of %s on %s in %ss is what its parts are', customer, day, unit))
FROM history, (VALUES (date '2023-12-31'), ('2024-01-01'), ('2024-03-02'), ('2024-12-31')) AS v(day), (VALUES ('day'), ('week')) AS u(unit) WHERE customer < 'c' ORDER BY customer, day, unit;
SELECT is(purchase_summary(h, '2024-04-10')::text, '(0,0,5.857142857142857,)', 'who bought once has a frequency of 0, and no mean amount') FROM history WHERE customer = 'b';
SELECT is(row(h::text, purchase_count(h), purchase_total(h), purchase_frequency(h), purchase_summary(h, '2024-01-01'))::text, '("1 0|0 0",0,0,,"(,,,)")', 'rows with NULL are left out') FROM history WHERE customer = 'c';

-- What came later is not there: with other rows after the day, the readings are the same
SELECT is(concat(purchase_summary(a.h, '2024-03-10'), purchase_total(a.h, '2024-03-10'), purchase_count(a.h, '2024-03-10')),
          concat(purchase_summary(merge(a.h, later), '2024-03-10'), purchase_total(merge(a.h, later), '2024-03-10'), purchase_count(merge(a.h, later), '2024-03-10')), 'later purchases change nothing as of a day')
FROM history AS a, (SELECT purchase_agg(date '2024-03-11' + n, n) AS later FROM generate_series(0, 50) AS n) AS l WHERE customer = 'a';

-- Histories of parts, and without one of them
SELECT is(rollup(part), whole, 'parts in any order roll up to the whole')
FROM (SELECT purchase_agg(day, amount) AS part FROM purchase WHERE customer = 'a' GROUP BY amount ORDER BY random()) AS p, (SELECT h AS whole FROM history WHERE customer = 'a') AS w GROUP BY whole;
SELECT is(unmerge(h, purchase_agg_add(NULL, '2024-01-15', 20)), (SELECT purchase_agg(day, amount) FROM purchase WHERE customer = 'a' AND day <> '2024-01-15'), 'a purchase taken out') FROM history WHERE customer = 'a';
SELECT is(concat_ws(' ', purchase_count(u), purchase_frequency(u), purchase_total(u)), '4 2 155.500001', 'a day with fewer than no purchases has none')
FROM (SELECT unmerge(unmerge(h, purchase_agg_add(NULL, '2024-01-15', 20)), purchase_agg_add(NULL, '2024-01-15', 20)) AS w, h FROM history WHERE customer = 'a') AS q,
     LATERAL (SELECT unmerge(w, purchase_agg_add(NULL, '2024-03-01', 0)) AS u) AS r;
SELECT ok(bool_and(moving IS NOT DISTINCT FROM (SELECT purchase_agg(day, amount) FROM purchase AS p WHERE customer = 'a' AND p.day BETWEEN w.day - 60 AND w.day)), 'moving frames are those of their rows alone')
FROM (SELECT day, purchase_agg(day, amount) OVER (ORDER BY day RANGE BETWEEN '60 days' PRECEDING AND CURRENT ROW) AS moving FROM purchase WHERE customer = 'a') AS w;
SELECT is(purchase_agg(day, amount), NULL, 'no rows: no history') FROM purchase WHERE false;
SELECT is(purchase_total(purchase_agg(date '2024-01-01' + n % 2, 1e18)), 1e21, 'amounts add up exactly') FROM generate_series(1, 1000) AS n;

SELECT throws_ok('SELECT csmetrics.' || call, code, message, call)
FROM (VALUES
    ('purchase_agg(''2024-01-01'', -0.01)', '22023', 'amount -0.01 is below 0'),
    ('purchase_agg(''2024-01-01'', ''NaN'')', '22003', 'amount out of range: NaN'),
    ('purchase_agg(''2024-01-01'', 1.1e18)', '22003', 'amount out of range: 1100000000000000000'),
    ('purchase_agg(''infinity'', 1)', '22008', 'day out of range: infinity'),
    ('purchase_recency(csmetrics.purchase_agg_add(NULL, ''2024-01-01'', 1), ''2024-01-02'', ''month'')', '22023', 'unknown unit "month"'),
    ('purchase_age(csmetrics.purchase_agg_add(NULL, ''2024-01-01'', 1), ''infinity'')', '22008', 'as_of out of range: infinity'),
    ('purchase_summary(csmetrics.purchase_agg_add(NULL, ''2024-01-01'', 1), ''-infinity'')', '22008', 'as_of out of range: -infinity')
) AS wrong (call, code, message);
SELECT throws_ok(format('SELECT %L::csmetrics.purchases', form), '22P02', NULL, name || ': refused')
FROM (VALUES ('a day before the year 1', '1 0|1 1|-800000 1 5'), ('days not in order', '1 0|2 2|5 1 1|4 1 1'), ('a day twice', '1 0|2 2|5 1 1|5 1 1'), ('a void day', '1 0|1 1|5 0 0'),
             ('an amount past 10^24', '1 0|1 1|5 1 1267650600228229401496703.205376'), ('a count that is not there', '1 0|2 2|5 1 1')) AS v(name, form);
SELECT is(row(purchase_count(NULL::purchases), purchase_total(NULL::purchases), purchase_frequency(NULL::purchases), purchase_recency(NULL, '2024-01-01'), purchase_age(h, NULL), mean_purchase(NULL::purchases),
              purchase_age(h, '2024-01-01', NULL), first_purchase_on(NULL::purchases), last_purchase_on(h, NULL))::text, '(,,,,,,,,)', 'NULL for NULL') FROM history WHERE customer = 'a';

SELECT * FROM finish();
ROLLBACK;
