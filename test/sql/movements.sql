\unset ECHO
\i test/psql.sql
-- The revenue bridge by hand: which movement an account makes in a period, where periods begin and
-- end, the ratios of a period, and what is refused.
BEGIN;
SELECT plan(85);
\i test/timelines.sql

-- One account over January, February and March 2024
CREATE TEMP VIEW account(name, history, description, lines) AS VALUES
    ('new', pg_temp.history('2024-01-01 - 100'), 'a change on the first day of a period belongs to it',
     ARRAY['2024-01-01 new 100 (1), closing 100 (1)', '2024-02-01 opening 100 (1), closing 100 (1)', '2024-03-01 opening 100 (1), closing 100 (1)']),
    ('eve', pg_temp.history('2023-12-31 2024-01-31 100'), 'MRR of the day before is opening; a change on the last day of a period belongs to it',
     ARRAY['2024-01-01 opening 100 (1), churn 100 (1)', '2024-02-01', '2024-03-01']),
    ('firstday', pg_temp.history('2023-12-31 2024-02-01 100'), 'a term that ends on the first day of a period churns in it',
     ARRAY['2024-01-01 opening 100 (1), closing 100 (1)', '2024-02-01 opening 100 (1), churn 100 (1)', '2024-03-01']),
    ('oneday', pg_temp.history('2022-01-01 2024-01-31 100', '2024-02-01 - 90'), 'a gap of one day over the end of a period is churn and reactivation',
     ARRAY['2024-01-01 opening 100 (1), churn 100 (1)', '2024-02-01 reactivation 90 (1), closing 90 (1)', '2024-03-01 opening 90 (1), closing 90 (1)']),
    ('years', pg_temp.history('2012-01-01 2012-02-01 7', '2024-02-29 - 9'), 'so is one of twelve years',
     ARRAY['2024-01-01', '2024-02-01 reactivation 9 (1), closing 9 (1)', '2024-03-01 opening 9 (1), closing 9 (1)']),
    ('inside', pg_temp.history('2022-01-01 2024-01-10 100', '2024-01-20 - 90'), 'a gap within a period is none: its ends are compared',
     ARRAY['2024-01-01 opening 100 (1), contraction 10 (1), closing 90 (1)', '2024-02-01 opening 90 (1), closing 90 (1)', '2024-03-01 opening 90 (1), closing 90 (1)']),
    ('net', pg_temp.history('2022-01-01 2024-01-10 100', '2024-01-10 2024-01-20 170', '2024-01-20 2024-02-10 130', '2024-02-10 2024-02-20 500', '2024-02-20 - 130'),
     'ups and downs of one period net',
     ARRAY['2024-01-01 opening 100 (1), expansion 30 (1), closing 130 (1)', '2024-02-01 opening 130 (1), closing 130 (1)', '2024-03-01 opening 130 (1), closing 130 (1)']),
    ('lastrise', pg_temp.history('2022-01-01 2024-01-10 100', '2024-01-10 2024-01-20 170'), 'who grows and leaves in a period churns with the opening MRR',
     ARRAY['2024-01-01 opening 100 (1), churn 100 (1)', '2024-02-01', '2024-03-01']),
    ('growing', pg_temp.history('2024-01-10 2024-01-20 10', '2024-01-20 2024-03-05 25'), 'who joins and grows in a period is new with the closing MRR',
     ARRAY['2024-01-01 new 25 (1), closing 25 (1)', '2024-02-01 opening 25 (1), closing 25 (1)', '2024-03-01 opening 25 (1), churn 25 (1)']),
    ('visit', pg_temp.history('2024-01-05 2024-01-10 20', '2024-01-12 2024-01-20 30', '2024-03-10 - 40'),
     'who comes and goes within a period is intra_period, with the last MRR, and comes back in reactivation',
     ARRAY['2024-01-01 intra_period 30 (1)', '2024-02-01', '2024-03-01 reactivation 40 (1), closing 40 (1)']),
    ('pause', pg_temp.history('2023-01-01 2024-01-15 100', '2024-01-15 2024-03-10 paused', '2024-03-10 - 80'), 'a pause and its end by resume',
     ARRAY['2024-01-01 opening 100 (1), pause 100 (1)', '2024-02-01', '2024-03-01 resume 80 (1), closing 80 (1)']),
    ('lapse', pg_temp.history('2023-01-01 2024-01-15 100', '2024-01-15 2024-03-10 paused'), 'a pause that ends without MRR is churn then, and taken back out of pause',
     ARRAY['2024-01-01 opening 100 (1), pause 100 (1)', '2024-02-01', '2024-03-01 pause -100 (-1), churn 100 (1)']),
    ('lapsenow', pg_temp.history('2023-01-01 2024-01-15 100', '2024-01-15 2024-01-20 paused'), 'within one period that is churn alone',
     ARRAY['2024-01-01 opening 100 (1), churn 100 (1)', '2024-02-01', '2024-03-01']),
    ('break', pg_temp.history('2023-01-01 2024-01-15 100', '2024-01-15 2024-01-20 paused', '2024-01-20 - 110'), 'a pause within a period is none',
     ARRAY['2024-01-01 opening 100 (1), expansion 10 (1), closing 110 (1)', '2024-02-01 opening 110 (1), closing 110 (1)', '2024-03-01 opening 110 (1), closing 110 (1)']),
    ('lastword', pg_temp.history('2023-01-01 2024-01-15 100', '2024-01-15 2024-02-10 paused', '2024-02-10 2024-02-20 80'),
     'who is back from a pause and leaves in the same period has left in the pause',
     ARRAY['2024-01-01 opening 100 (1), pause 100 (1)', '2024-02-01 pause -100 (-1), churn 100 (1)', '2024-03-01']),
    ('shortstart', pg_temp.history('2024-01-05 2024-01-20 100', '2024-01-20 2024-02-10 paused', '2024-02-10 - 80'), 'who joins and pauses in a period is intra_period, and resumes',
     ARRAY['2024-01-01 intra_period 100 (1)', '2024-02-01 resume 80 (1), closing 80 (1)', '2024-03-01 opening 80 (1), closing 80 (1)']),
    ('free', pg_temp.history('2022-01-01 - 0', '2024-02-10 - 15'), 'who pays nothing is new with the first MRR',
     ARRAY['2024-01-01', '2024-02-01 new 15 (1), closing 15 (1)', '2024-03-01 opening 15 (1), closing 15 (1)']),
    ('nobody', NULL, 'an account without history moves nothing', ARRAY['2024-01-01', '2024-02-01', '2024-03-01']);
CREATE TEMP VIEW state AS
    SELECT name, mrr_movement_agg(history, '2024-01-01', '2024-04-01', 'month') AS state FROM account GROUP BY name;

SELECT is(ARRAY(SELECT pg_temp.bridge(state)), lines, description) FROM account JOIN state USING (name);
SELECT is(ARRAY(SELECT pg_temp.bridge(state, pauses_are_churn, gross)), lines, description) FROM state JOIN (VALUES
    ('pause', true, false, 'as churn, a pause is churn and a resume reactivation',
     ARRAY['2024-01-01 opening 100 (1), churn 100 (1)', '2024-02-01', '2024-03-01 reactivation 80 (1), closing 80 (1)']),
    ('lapse', true, false, 'as churn, a pause that lapses has churned when it began',
     ARRAY['2024-01-01 opening 100 (1), churn 100 (1)', '2024-02-01', '2024-03-01']),
    ('shortstart', true, false, 'as churn, who joined and paused in a period is reactivated',
     ARRAY['2024-01-01 intra_period 100 (1)', '2024-02-01 reactivation 80 (1), closing 80 (1)', '2024-03-01 opening 80 (1), closing 80 (1)']),
    ('visit', false, true, 'gross: who comes and goes is in new and in churn too',
     ARRAY['2024-01-01 new 30 (1), churn 30 (1), intra_period 30 (1)', '2024-02-01', '2024-03-01 reactivation 40 (1), closing 40 (1)'])
) AS e(name, pauses_are_churn, gross, description, lines) USING (name);

-- A group, with the ratios of its first month. Opening 100 + 60 + 40 + 50 = 250.
CREATE TEMP VIEW member(history) AS VALUES
    (pg_temp.history('2023-01-01 2024-01-05 100', '2024-01-05 - 120')), (pg_temp.history('2023-01-01 2024-01-05 60', '2024-01-05 - 30')),
    (pg_temp.history('2023-01-01 2024-01-20 40')), (pg_temp.history('2023-01-01 2024-01-20 50', '2024-01-20 - paused')),
    (pg_temp.history('2024-01-20 - 15')), (pg_temp.history('2023-01-01 2023-02-01 1', '2024-01-31 - 5')),
    (pg_temp.history('2024-01-02 2024-01-03 8')), (NULL);
CREATE TEMP VIEW together AS SELECT mrr_movement_agg(history, '2024-01-01', '2024-02-01', 'month') AS state FROM member;
SELECT is(ARRAY(SELECT pg_temp.bridge(state)),
          ARRAY['2024-01-01 opening 250 (4), new 15 (1), reactivation 5 (1), expansion 20 (1), contraction 30 (1), pause 50 (1), churn 40 (1), closing 170 (4), intra_period 8 (1)'],
          'a group adds up by account') FROM together;
SELECT is(m.nrr, (120 + 30) / 250.0::float8, 'nrr: closing MRR of those with opening MRR; a pause is none') FROM together, movements(state) AS m;
SELECT is(m.grr, (100 + 30) / 250.0::float8, 'grr: the minimum by account') FROM together, movements(state) AS m;
SELECT is(m.logo_churn, 1 / 4.0::float8, 'logo_churn: one of four; who is paused has not churned') FROM together, movements(state) AS m;
SELECT is(m.revenue_churn, 40 / 250.0::float8, 'revenue_churn: its opening MRR') FROM together, movements(state) AS m;
SELECT is(ARRAY[m.nrr, m.grr, m.logo_churn, m.revenue_churn], ARRAY[150 / 250.0, 130 / 250.0, 2 / 4.0, 90 / 250.0]::float8[],
          'as churn, pauses are in logo_churn and revenue_churn; nrr and grr stay') FROM together, movements(state, true) AS m;
SELECT is(ARRAY[m.nrr, m.grr, m.logo_churn, m.revenue_churn], ARRAY[NULL, NULL, NULL, NULL]::float8[], 'without opening all ratios are NULL')
FROM state, movements(state) AS m WHERE name = 'new' AND period_start = '2024-01-01';
SELECT ok((SELECT row(nrr, grr, logo_churn, revenue_churn) FROM movements(state, gross => true)) = (SELECT row(nrr, grr, logo_churn, revenue_churn) FROM movements(state)),
          'gross changes no ratio') FROM together;
SELECT is(account_count(flow), 8::bigint, 'every row is an account, one without history too') FROM together, revenue_flows(state);
SELECT is(mrr_movement_agg(history, '2024-01-01', '2024-02-01', 'month'), NULL, 'no rows: NULL') FROM member WHERE false;

-- Periods
SELECT is((SELECT string_agg(concat(m.period_start, CASE WHEN NOT m.complete THEN ' cut' END), ' ') || ' - ' || max(m.period_end)
           FROM movements(mrr_movement_agg(NULL, from_date, to_date, period)) AS m), expected, description)
FROM (VALUES
    (date '2024-01-31', date '2024-05-31', 'month', '2024-01-31 2024-02-29 2024-03-31 2024-04-30 - 2024-05-31', 'months from a 31st begin on the last day of shorter ones'),
    ('2023-01-31', '2023-04-30', 'month', '2023-01-31 2023-02-28 2023-03-31 - 2023-04-30', 'and on 28 February in a plain year'),
    ('2023-11-30', '2024-08-30', 'quarter', '2023-11-30 2024-02-29 2024-05-30 - 2024-08-30', 'quarters from a 30th return to the 30th'),
    ('2024-02-29', '2028-02-29', 'year', '2024-02-29 2025-02-28 2026-02-28 2027-02-28 - 2028-02-29', 'years from a leap day return to the next leap day'),
    ('2024-02-26', '2024-03-11', 'week', '2024-02-26 2024-03-04 - 2024-03-11', 'weeks are seven days from the first day'),
    ('2024-02-28', '2024-03-02', 'day', '2024-02-28 2024-02-29 2024-03-01 - 2024-03-02', 'days go over the leap day'),
    ('2024-01-01', '2024-03-15', 'month', '2024-01-01 2024-02-01 2024-03-01 cut - 2024-03-15', 'the last period may be cut short, and is not complete'),
    ('2024-01-31', '2024-02-28', 'month', '2024-01-31 cut - 2024-02-28', 'one day short of the month''s end too'),
    ('2024-01-01', '2024-01-02', 'year', '2024-01-01 cut - 2024-01-02', 'a day can be all there is of a year')
) AS e(from_date, to_date, period, expected, description)
GROUP BY from_date, to_date, period, expected, description;
SELECT is((SELECT string_agg(m.period_start || ' to ' || m.period_end || CASE WHEN NOT m.complete THEN ' cut' ELSE '' END, ', ')
           FROM movements(mrr_movement_agg(NULL, from_date, to_date, period, lag)) AS m), expected, description)
FROM (VALUES
    (date '2024-03-31', date '2024-06-30', 'month', 2, '2024-02-29 to 2024-04-30, 2024-03-31 to 2024-05-31, 2024-04-30 to 2024-06-30', 'windows that reach back over a short month keep the 31st'),
    ('2024-03-31', '2024-05-10', 'month', 12, '2023-04-30 to 2024-04-30, 2023-05-31 to 2024-05-10 cut', 'as do those of a year'),
    ('2024-02-29', '2025-02-28', 'year', 2, '2023-02-28 to 2025-02-28', 'and years from a leap day')
) AS e(from_date, to_date, period, lag, expected, description)
GROUP BY from_date, to_date, period, lag, expected, description;
SELECT is(ARRAY(SELECT pg_temp.bridge(mrr_movement_agg(history, '2024-01-31', '2024-03-31', 'month'))), lines, description)
FROM (VALUES
    (pg_temp.history('2023-01-01 2024-02-28 9'), ARRAY['2024-01-31 opening 9 (1), churn 9 (1)', '2024-02-29'], '28 February belongs to the month from 31 January'),
    (pg_temp.history('2023-01-01 2024-02-29 9'), ARRAY['2024-01-31 opening 9 (1), closing 9 (1)', '2024-02-29 opening 9 (1), churn 9 (1)'],
     '29 February to the next')) AS e(history, lines, description) GROUP BY lines, description;
SELECT is(mrr_movement_agg(history, '2024-01-01', '2024-04-01', 'month')::text::mrr_movements, mrr_movement_agg(history, '2024-01-01', '2024-04-01', 'month'),
          'a bridge reads back from its text') FROM account;
SELECT is(mrr_movement_agg(history, '2024-03-31', '2024-06-30', 'month', 2)::text::mrr_movements, mrr_movement_agg(history, '2024-03-31', '2024-06-30', 'month', 2),
          'windows over short months too') FROM account;

-- What is refused
PREPARE movement(date, date, text, integer) AS SELECT mrr_movement_agg(history, $1, $2, $3, $4) FROM account;
PREPARE change(date, date, text, integer) AS SELECT changes(history, $1, $2, $3, $4) FROM account;
SELECT throws_ok(format('EXECUTE %s(%L, %L, %L, %L)', statement, from_date, to_date, period, lag), code, message, statement || ': ' || message)
FROM (VALUES ('movement'), ('change')) AS s(statement), (VALUES
    (date '2024-01-01', date '2024-01-01', 'month', 1, '22023', 'to_date 2024-01-01 is not after from_date 2024-01-01'),
    ('2024-01-01', '2023-01-01', 'month', 1, '22023', 'to_date 2023-01-01 is not after from_date 2024-01-01'),
    ('2024-01-01', '2024-02-01', 'fortnight', 1, '22023', 'unknown period "fortnight"'),
    ('2024-01-01', '2024-02-01', 'Month', 1, '22023', 'unknown period "Month"'),
    ('1900-01-01', '2024-01-01', 'day', 1, '22023', 'too many periods of one day between 1900-01-01 and 2024-01-01'),
    ('2024-01-01', '2024-02-01', 'day', 19971, '22023', 'too many periods of one day between 2024-01-01 and 2024-02-01'),
    ('0001-06-01', '0001-12-01', 'month', 12, '22023', 'too many periods of one month between 0001-06-01 and 0001-12-01'),
    ('2024-01-01', '2024-02-01', 'month', 0, '22023', 'lag 0 is not at least 1'),
    ('-infinity', '2024-02-01', 'month', 1, '22008', 'from_date out of range: -infinity'),
    ('2024-01-01', 'infinity', 'month', 1, '22008', 'to_date out of range: infinity')
) AS refused(from_date, to_date, period, lag, code, message);
SELECT lives_ok($$EXECUTE movement('2024-01-01', '2024-02-01', 'day', 19970)$$, '31 days and 19,969 before them are the most: 20,000');
SELECT throws_ok(format('EXECUTE movement(%s)', arguments), '22004', what || ' must not be NULL', what || ' of NULL') FROM (VALUES
    ('from_date', 'NULL, ''2024-02-01'', ''month'', 1'), ('to_date', '''2024-01-01'', NULL, ''month'', 1'),
    ('period', '''2024-01-01'', ''2024-02-01'', NULL, 1'), ('lag', '''2024-01-01'', ''2024-02-01'', ''month'', NULL')) AS refused(what, arguments);
SELECT is_empty($$SELECT changes(history, NULL, '2024-02-01', 'month') FROM account$$, 'changes of NULL are none');
SELECT throws_ok(format('SELECT mrr_movement_agg(NULL, from_date::date, to_date::date, period, lag) FROM (VALUES (''2024-01-01'', ''2025-01-01'', ''month'', 2), (%s)) AS v(from_date, to_date, period, lag)', arguments),
                 '22023', 'from_date, to_date, period and lag must be the same in every row of a group', what || ' that varies') FROM (VALUES
    ('from_date', '''2024-02-01'', ''2025-01-01'', ''month'', 2'), ('to_date', '''2024-01-01'', ''2024-12-31'', ''month'', 2'),
    ('period', '''2024-01-01'', ''2025-01-01'', ''quarter'', 2'), ('lag', '''2024-01-01'', ''2025-01-01'', ''month'', 3')) AS refused(what, arguments);

-- Windows of three months, and the months they are made of
CREATE TEMP VIEW trailing_state AS SELECT mrr_movement_agg(history, '2024-03-01', '2024-04-15', 'month', 3) AS state FROM account;
SELECT results_eq('SELECT m.* FROM trailing_state, movements(single_periods(state)) AS m',
                  'SELECT m.* FROM (SELECT mrr_movement_agg(history, ''2024-01-01'', ''2024-04-15'', ''month'') FROM account) AS s(state), movements(state) AS m',
                  'single_periods: the bridge month by month, from the start of the first window on');
SELECT is(ARRAY(SELECT pg_temp.bridge(single_periods(mrr_movement_agg('1 0|0 1|2024-02-10 0 7', '2024-03-01', '2024-05-01', 'month', 3)))),
          ARRAY['2024-01-01', '2024-02-01 new 7 (1), closing 7 (1)', '2024-03-01 opening 7 (1), closing 7 (1)', '2024-04-01 opening 7 (1), closing 7 (1)'],
          'the months before from_date too');
SELECT is(single_periods(state), state, 'a state without lag has them already') FROM state WHERE name = 'lapse';
SELECT is(single_periods(NULL::mrr_movements), NULL, 'single_periods of NULL is NULL');
SELECT is(single_periods(mrr_movement_agg(NULL, '2024-03-29', '2024-06-29', 'month', 2)), mrr_movement_agg(NULL, '2024-02-29', '2024-06-29', 'month'), 'from a 29th, back to a leap day');
SELECT throws_ok(format('SELECT single_periods(mrr_movement_agg(NULL, %L, %L, %L, %s))', from_date, to_date, period, lag), '22023', message, 'single_periods: ' || message) FROM (VALUES
    ('2024-03-31', '2024-06-30', 'month', 2, 'periods of one month from 2024-02-29 on do not come to 2024-03-31'),
    ('2024-02-29', '2025-02-28', 'year', 2, 'periods of one year from 2023-02-28 on do not come to 2024-02-29')) AS refused(from_date, to_date, period, lag, message);

SELECT * FROM finish();
ROLLBACK;
