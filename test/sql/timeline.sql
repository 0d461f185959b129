\unset ECHO
\i test/psql.sql
-- The MRR history of one account from terms and from snapshots: what is in force on which day,
-- the changes that follow from it, and what is refused.
BEGIN;
SELECT plan(59);
\i test/timelines.sql

CREATE TEMP VIEW account(name, history) AS VALUES
    ('two',     pg_temp.history('2024-01-10 2024-06-01 100', '2024-02-01 2024-04-01 50')),
    ('swap',    pg_temp.history('2024-01-01 2024-03-01 40', '2024-03-01 - 70', '2024-01-01 2024-03-01 60', '2024-03-01 - 20')),
    ('return',  pg_temp.history('2024-01-01 2024-02-01 30', '2024-05-01 2024-08-01 45')),
    ('zero',    pg_temp.history('2024-01-01 2024-06-01 0')),
    ('credit',  pg_temp.history('2024-01-01 2024-12-01 100', '2024-03-01 2024-04-01 -30', '2024-05-01 2024-06-01 -150')),
    ('debt',    pg_temp.history('2024-01-01 2024-02-01 -5')),
    ('instant', pg_temp.history('2024-01-01 2024-01-01 100')),
    ('ancient', pg_temp.history('0001-01-01 9999-12-31 1.5'));

-- What is in force on a day
SELECT is(mrr_at(history, day), mrr, description)
FROM account JOIN (VALUES
    ('two',     date '2024-01-09',   0.0, 'no MRR on the day before a term starts'),
    ('two',     '2024-01-10',      100.0, 'MRR from the day on which a term starts'),
    ('two',     '2024-02-01',      150.0, 'concurrent terms add up'),
    ('two',     '2024-03-31',      150.0, 'they do until the day before one ends'),
    ('two',     '2024-04-01',      100.0, 'the day on which a term ends is not in it'),
    ('two',     '2024-05-31',      100.0, 'the last term lasts until the day before its end'),
    ('two',     '2024-06-01',        0.0, 'no MRR from the end of the last term on'),
    ('two',     'infinity',          0.0, 'nor ever after'),
    ('two',     '-infinity',         0.0, 'nor ever before'),
    ('swap',    'infinity',         90.0, 'an open term is in force for ever'),
    ('return',  '2024-03-15',        0.0, 'no MRR within a gap'),
    ('return',  '2024-05-01',       45.0, 'MRR again after the gap'),
    ('credit',  '2024-03-31',       70.0, 'a credit takes away: 100 - 30'),
    ('credit',  '2024-05-31',        0.0, 'a sum below zero reads as 0: 100 - 150'),
    ('credit',  '2024-06-01',      100.0, 'and nothing of it is left when the credit ends'),
    ('debt',    '2024-01-15',        0.0, 'a credit alone is no MRR'),
    ('instant', '2024-01-01',        0.0, 'a term that ends on the day it starts is never in force'),
    ('ancient', '0001-01-01',        1.5, 'the first day possible'),
    ('ancient', '9999-12-30',        1.5, 'the last day of the longest term')
) AS expected(name, day, mrr, description) USING (name);

-- The changes that follow
CREATE TEMP VIEW changes_expected(name, lines, description) AS VALUES
    ('two', ARRAY['2024-01-10 new 100: 0 to 100', '2024-02-01 expansion 50: 100 to 150',
                  '2024-04-01 contraction 50: 150 to 100', '2024-06-01 churn 100: 100 to 0'],
     'a second subscription is expansion, to end one of two is contraction'),
    ('swap', ARRAY['2024-01-01 new 100: 0 to 100', '2024-03-01 contraction 10: 100 to 90'],
     'changes of one day net: 40 to 70 and 60 to 20 is a contraction of 10'),
    ('return', ARRAY['2024-01-01 new 30: 0 to 30', '2024-02-01 churn 30: 30 to 0',
                     '2024-05-01 reactivation 45: 0 to 45', '2024-08-01 churn 45: 45 to 0'],
     'MRR after a gap is reactivation'),
    ('zero', ARRAY[]::text[], 'a term of no MRR is no activity'),
    ('credit', ARRAY['2024-01-01 new 100: 0 to 100', '2024-03-01 contraction 30: 100 to 70', '2024-04-01 expansion 30: 70 to 100',
                     '2024-05-01 churn 100: 100 to 0', '2024-06-01 reactivation 100: 0 to 100', '2024-12-01 churn 100: 100 to 0'],
     'credits are contraction, and churn where nothing is left'),
    ('debt', ARRAY[]::text[], 'a credit alone moves nothing'),
    ('instant', ARRAY[]::text[], 'nor does a term that ends on the day it starts');
SELECT is(ARRAY(SELECT pg_temp.story(history)), lines, description) FROM account JOIN changes_expected USING (name);
SELECT is(first_paid_on(history), day, name || ': the first day with MRR')
FROM account JOIN (VALUES ('two', date '2024-01-10'), ('return', '2024-01-01'), ('zero', NULL), ('debt', NULL), ('instant', NULL))
    AS expected(name, day) USING (name);

-- Terms that come to the same are the same
SELECT is(pg_temp.history('2024-01-01 2024-02-01 100', '2024-02-01 2024-03-01 100'), pg_temp.history('2024-01-01 2024-03-01 100'),
          'terms that follow on one another are one history');
SELECT is(pg_temp.history('2024-05-01 - 7', '2024-01-01 2024-02-01 100'), pg_temp.history('2024-01-01 2024-02-01 100', '2024-05-01 - 7'),
          'the order of rows does not matter');
SELECT is(pg_temp.history('2024-01-01 infinity 100'), pg_temp.history('2024-01-01 - 100'), 'ends of infinity and of NULL are both open');

-- Rows that are left out, and no rows
SELECT is(mrr_timeline_agg(starts, ends, mrr), pg_temp.history('2024-01-01 2024-02-01 100'), 'rows without starts or mrr are left out')
FROM (VALUES (date '2024-01-01', date '2024-02-01', 100.0), (NULL, '2024-02-01', 50), ('2024-01-01', '2024-03-01', NULL)) AS t(starts, ends, mrr);
SELECT is(mrr_timeline_agg(NULL, NULL, 1.0), NULL, 'no rows: NULL') WHERE false HAVING true;
WITH skipped AS (SELECT mrr_timeline_agg(NULL::date, NULL::date, 100) AS history)
SELECT ok(history IS NOT NULL AND mrr_at(history, '2024-01-01') = 0 AND first_paid_on(history) IS NULL AND churned_on(history) IS NULL,
          'an account whose rows are all left out has a history without MRR') FROM skipped;
SELECT is(mrr_at(NULL, '2024-01-01'), NULL, 'no history, no MRR: NULL');

-- Snapshots
CREATE TEMP TABLE snapshot (as_of date, mrr numeric);
INSERT INTO snapshot VALUES ('2024-01-31', 100), ('2024-02-29', 60), ('2024-03-31', 130), ('2024-02-29', 70), ('2024-04-30', 0),
                            ('2024-06-30', 20), (NULL, 1), ('2024-05-31', NULL);
SELECT is(mrr_at(history, day), mrr, description)
FROM (SELECT mrr_timeline_agg(as_of, mrr) FROM snapshot) AS s(history), (VALUES
    (date '2024-01-30', 0.0, 'no MRR before the first snapshot'),
    ('2024-02-28', 100.0, 'a snapshot holds until the next'),
    ('2024-02-29', 130.0, 'rows of one day add up'),
    ('2024-05-31', 0.0, 'a row of 0 is a loss, a row without mrr is left out'),
    ('infinity', 20.0, 'the last snapshot holds for ever')) AS e(day, mrr, description);
SELECT is(ARRAY(SELECT pg_temp.story(history)),
          ARRAY['2024-01-31 new 100: 0 to 100', '2024-02-29 expansion 30: 100 to 130',
                '2024-04-30 churn 130: 130 to 0', '2024-06-30 reactivation 20: 0 to 20'],
          'a snapshot that repeats the MRR is no change')
FROM (SELECT mrr_timeline_agg(as_of, mrr) FROM snapshot) AS s(history);

CREATE TEMP VIEW kinds AS
    SELECT pg_temp.history('2024-01-01 - 100') AS terms, mrr_timeline_agg(as_of, mrr) AS snapshots,
           mrr_timeline_agg(NULL::date, NULL::numeric) AS neither FROM snapshot;
SELECT throws_ok('SELECT merge(terms, snapshots) FROM kinds', '22023', 'cannot put terms and snapshots into one mrr_timeline',
                 'terms and snapshots do not merge');
SELECT throws_ok('SELECT rollup(h) FROM kinds, unnest(ARRAY[snapshots, terms]) AS h', '22023', 'cannot put terms and snapshots into one mrr_timeline',
                 'nor do they roll up');
SELECT is(ARRAY[merge(terms, neither), merge(neither, snapshots)], ARRAY[terms, snapshots], 'a history without rows merges with either') FROM kinds;

-- Oracle: sum() by day of random terms, credits and all
CREATE TEMP TABLE term AS SELECT * FROM pg_temp.random_terms(80, 0.31);
SELECT is_empty($$
    WITH histories AS (SELECT account, mrr_timeline_agg(starts, ends, term.mrr) AS history FROM term GROUP BY account)
    SELECT account, day FROM histories, generate_series(date '2020-12-30', '2025-07-01', '1 day') AS day,
        LATERAL (SELECT greatest(coalesce(sum(mrr), 0), 0) FROM term
                 WHERE term.account = histories.account AND starts <= day AND coalesce(ends > day, true)) AS s(mrr)
    WHERE mrr_at(history, day::date) <> s.mrr
    $$, 'mrr_at is the sum of the terms in force, on every day of 80 random accounts');

-- What is refused
PREPARE term(date, date, numeric) AS SELECT mrr_timeline_agg($1, $2, $3);
SELECT throws_ok(format('EXECUTE term(%L, %L, %L)', starts, ends, mrr), code, message, description)
FROM (VALUES
    (date '2024-02-01', date '2024-01-01', 100.0, '22023', 'ends 2024-01-01 is before starts 2024-02-01', 'a term that ends before it starts'),
    ('-infinity', NULL, 100, '22008', 'starts out of range: -infinity', 'a start of -infinity'),
    ('infinity', NULL, 100, '22008', 'starts out of range: infinity', 'a start of infinity'),
    ('10000-01-01', NULL, 100, '22008', 'starts out of range: 10000-01-01', 'a start beyond the year 9999'),
    ('0001-12-31 BC', NULL, 100, '22008', 'starts out of range: 0001-12-31 BC', 'a start before the year 1'),
    ('2024-01-01', '10000-01-01', 100, '22008', 'ends out of range: 10000-01-01', 'an end beyond the year 9999'),
    ('2024-01-01', '-infinity', 100, '22008', 'ends out of range: -infinity', 'an end of -infinity'),
    ('2024-01-01', NULL, 1000000000000000001, '22003', 'amount out of range: 1000000000000000001', 'an amount beyond 10^18'),
    ('2024-01-01', NULL, 'NaN', '22003', 'amount out of range: NaN', 'an amount that is no number')
) AS refused(starts, ends, mrr, code, message, description);
SELECT throws_ok($$SELECT mrr_timeline_agg(date '-infinity', 100)$$, '22008', 'as_of out of range: -infinity', 'a snapshot of -infinity');

SELECT is_empty($$SELECT mrr, mrr_at(mrr_timeline_agg('2026-01-01', NULL::date, mrr), '2026-01-01')
                  FROM (VALUES (0.1), (0.000001), (7), (1200), (123456.789), (9223372036854.775807), (9223372036854.775808), (999999999999999999.5)) AS v(mrr) GROUP BY mrr
                  HAVING mrr_at(mrr_timeline_agg('2026-01-01', NULL::date, mrr), '2026-01-01')::text <> trim_scale(mrr)::text$$, 'amounts have the digits that they need, long ones too');

SELECT * FROM finish();
ROLLBACK;
