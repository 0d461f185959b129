\unset ECHO
\i test/psql.sql
-- Retention of use: the triangle by hand and against plain SQL, the average over cohorts, states added
-- up and taken apart, and what is refused.
BEGIN;
SELECT plan(111);
SELECT setseed(0.37) \g /dev/null

-- The history of an account that was active on these days.
CREATE FUNCTION pg_temp.active(VARIADIC days date[]) RETURNS activity LANGUAGE sql AS $$ SELECT activity_agg(day) FROM unnest(days) AS day $$;

-- From 2024-02-01, by month, until 2024-03-05, in weeks: brackets of who begins on 1 February end on the
-- 8th, 15th, 22nd, 29th, and one is not over.
CREATE TEMP TABLE account (id int, name text, history activity);
INSERT INTO account VALUES
    (1, 'every week, 29 February too',    pg_temp.active('2024-02-01', '2024-02-08', '2024-02-20', '2024-02-22', '2024-02-29')),
    (2, 'not in the second week, and back on 3 March in the fifth', pg_temp.active('2024-02-02', '2024-02-08', '2024-02-16', '2024-03-03')),
    (3, 'once: three weeks are over',     pg_temp.active('2024-02-10')),
    (4, 'the second week ends with the range', pg_temp.active('2024-02-20', '2024-03-04', '2024-03-05')),
    (5, 'back in a week that is not over', pg_temp.active('2024-02-25', '2024-03-04')),
    (6, 'March: no week is over',         pg_temp.active('2024-03-02', '2024-03-04')),
    (7, 'began before',                   pg_temp.active('2024-01-31', '2024-02-01', '2024-02-08')),
    (8, 'began after',                    pg_temp.active('2024-03-05')),
    (9, 'never active, but for a debt',   unmerge(pg_temp.active('2024-02-03'), merge(pg_temp.active('2024-02-03'), pg_temp.active('2024-02-04')))),
    (10, 'no history',                    NULL);
CREATE TEMP TABLE state AS SELECT retention_agg(history, '2024-02-01', '2024-03-05', 'month') AS state FROM account;

CREATE TEMP TABLE triangle (cohort date, bracket int, accounts bigint, mature_accounts bigint, n_day bigint, unbounded bigint, rolling bigint, mature boolean, description text);
INSERT INTO triangle VALUES
    ('2024-02-01', 0, 5, 5, 5, 5, 5, true,  'the first week is over for all, and all were active in it'),
    ('2024-02-01', 1, 5, 4, 2, 3, 2, false, 'the second is over for accounts 1 to 4: 1 and 4 in it, 2 later'),
    ('2024-02-01', 2, 5, 3, 2, 2, 1, false, 'the third: 1 and 2 in it, 2 not in each before'),
    ('2024-02-01', 3, 5, 2, 1, 2, 1, false, 'the fourth: 1 in it, 2 back after it, in a week that is not over'),
    ('2024-02-01', 4, 5, 0, 0, 0, 0, false, 'the fifth has begun, and is over for nobody'),
    ('2024-03-01', 0, 1, 0, 0, 0, 0, false, 'of the next cohort not even the first is over');
SELECT is(row(r.cohort, r.bracket, r.accounts, r.mature_accounts, r.n_day, r.unbounded, r.rolling, r.mature)::text,
          row(t.cohort, t.bracket, t.accounts, t.mature_accounts, t.n_day, t.unbounded, t.rolling, t.mature)::text, t.description)
FROM state CROSS JOIN LATERAL usage_retention(state) WITH ORDINALITY AS r FULL JOIN (SELECT *, row_number() OVER (ORDER BY cohort, bracket) AS ordinality FROM triangle) AS t USING (ordinality);
SELECT results_eq('SELECT cohort, bracket, n_day_retention, unbounded_retention, rolling_retention FROM state, usage_retention(state)', $$VALUES
    (date '2024-02-01', 0, 1::float8, 1::float8, 1::float8),
    ('2024-02-01', 1, 2 / 4::float8, 3 / 4::float8, 2 / 4::float8),
    ('2024-02-01', 2, 2 / 3::float8, 2 / 3::float8, 1 / 3::float8),
    ('2024-02-01', 3, 1 / 2::float8, 1::float8, 1 / 2::float8),
    ('2024-02-01', 4, NULL, NULL, NULL),
    ('2024-03-01', 0, NULL, NULL, NULL)$$,
    'ratios are counts / mature_accounts, and NULL, not 0, of what is not over');
SELECT results_eq('SELECT a.* FROM state, usage_retention_average(state) AS a', $$VALUES
    (0, 1::bigint, 5::bigint, 5::bigint, 5::bigint, 5::bigint, 1::float8, 1::float8, 1::float8),
    (1, 1, 4, 2, 3, 2, 2 / 4::float8, 3 / 4::float8, 2 / 4::float8),
    (2, 1, 3, 2, 2, 1, 2 / 3::float8, 2 / 3::float8, 1 / 3::float8),
    (3, 1, 2, 1, 2, 1, 1 / 2::float8, 1::float8, 1 / 2::float8)$$,
    'the average is of accounts whose bracket is over, and ends where none is');
SELECT is(account_count(state), 10::bigint, 'account_count: all that were given, in a cohort or not') FROM state;
SELECT is(retention_agg(history, '2024-02-01', '2024-03-05', 'month', 7), state, 'brackets are of 7 days if not given') FROM account, state GROUP BY state;
SELECT is(state::text, '1 0|2024-02-01 2024-03-05 2 2 7 6 10|0 5 0 0|1 2 2 3|1 2 1 1|1 1 0 0|2 0 2 1|1 0 1 1', 'the text form: five cells of February, and one of March') FROM state;

-- Brackets and cohorts at their ends
CREATE FUNCTION pg_temp.read(history activity, from_date date, to_date date, period text, bracket_days int) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s %s%s%s%s', cohort, bracket, mature_accounts, n_day, unbounded, rolling), ', ')
    FROM (SELECT retention_agg(history, from_date, to_date, period, bracket_days)) AS s(state), usage_retention(state)
$$;
SELECT is(pg_temp.read(history, from_date, to_date, period, bracket_days), want, description) FROM (VALUES
    (pg_temp.active('2024-02-28', '2024-03-01'), date '2024-02-28', date '2024-03-02', 'day', 1, '2024-02-28 0 1111, 2024-02-28 1 1010, 2024-02-28 2 1110', 'days: 29 February is one of them'),
    (pg_temp.active('2023-02-28', '2023-03-01'), '2023-02-28', '2023-03-02', 'day', 1, '2023-02-28 0 1111, 2023-02-28 1 1111', 'and is none in 2023'),
    (pg_temp.active('2024-01-01', '2024-01-07'), '2024-01-01', '2024-01-15', 'year', 7, '2024-01-01 0 1111, 2024-01-01 1 1000', 'the last day of a bracket is in it'),
    (pg_temp.active('2024-01-01', '2024-01-08'), '2024-01-01', '2024-01-15', 'year', 7, '2024-01-01 0 1111, 2024-01-01 1 1111', 'the day after is in the next'),
    (pg_temp.active('2024-01-01', '2024-01-08'), '2024-01-01', '2024-01-14', 'year', 7, '2024-01-01 0 1111, 2024-01-01 1 0000', 'which is not over a day before its end'),
    (pg_temp.active('2024-01-01', '2024-01-15'), '2024-01-01', '2024-01-15', 'year', 7, '2024-01-01 0 1111, 2024-01-01 1 1000', 'to_date itself is not seen'),
    (pg_temp.active('2024-02-29', '2024-04-30'), '2024-01-31', '2024-05-01', 'month', 36525, '2024-02-29 0 0000', 'months from a 31st: 29 February is the first of the second; the longest bracket'),
    (pg_temp.active('2024-02-28', '2024-04-30'), '2024-01-31', '2024-05-01', 'month', 50, '2024-01-31 0 1111, 2024-01-31 1 0000', '28 February is in the first; its bracket reaches over the month'),
    (pg_temp.active('0001-01-01', '0001-01-02', '9999-12-30'), '0001-01-01', '9999-12-31', 'year', 36525, '0001-01-01 0 1111, ' || (SELECT string_agg(format('0001-01-01 %s 1010', k), ', ') FROM generate_series(1, 98) AS k) || ', 0001-01-01 99 0000', 'all the years there are'),
    (pg_temp.active('2024-01-15'), '2024-01-01', '2024-01-15', 'week', 7, NULL, 'who begins on to_date is in no cohort'),
    (unmerge(pg_temp.active('2024-01-09'), pg_temp.active('2024-01-02')), '2024-01-01', '2024-01-16', 'week', 7, '2024-01-08 0 1111, 2024-01-08 1 0000', 'a day with fewer than no events is not active'),
    (NULL, '2024-01-01', '2024-01-15', 'week', 7, NULL, 'no history: no cohorts')
) AS t(history, from_date, to_date, period, bracket_days, want, description);
SELECT is(retention_agg(history, '2024-02-01', '2024-03-05', 'month'), NULL, 'no rows: NULL') FROM account WHERE false;
SELECT is_empty('SELECT * FROM usage_retention(NULL::usage_retention)', 'NULL: no rows');
SELECT is_empty('SELECT * FROM usage_retention_average(NULL::usage_retention)', 'NULL: no average');
SELECT is(account_count(NULL::usage_retention), NULL, 'NULL: no account_count');
SELECT is_empty($$SELECT a.* FROM (SELECT retention_agg(NULL, '2024-01-01', '2024-04-20', 'month')) AS s(state), usage_retention_average(state) AS a$$, 'nobody began: no average');

-- Random accounts against plain SQL: dense and thin, with pauses past 64 days, begun before, in and after the ranges.
CREATE TEMP TABLE used AS
    SELECT DISTINCT account, begins + n AS day
    FROM (SELECT account, date '2022-09-01' + floor(random() * 660)::int AS begins, 0.02 + random() ^ 2 AS density, 20 + floor(random() * 150)::int AS phase
          FROM generate_series(1, 150) AS account) AS a, generate_series(0, 700) AS n
    WHERE n = 0 OR (random() < density AND n / phase % 3 <> 1);
CREATE INDEX ON used (account, day);
ANALYZE used;
CREATE TEMP TABLE history AS SELECT account, activity_agg(day) AS history FROM used GROUP BY account;
CREATE TEMP TABLE config (config text, from_date date, to_date date, period text, step interval, length int);
INSERT INTO config VALUES
    ('days, brackets of 1',                        '2024-02-20', '2024-03-21', 'day', '1 day', 1),
    ('weeks, brackets of 1',                       '2023-11-03', '2024-03-06', 'week', '7 days', 1),
    ('months from a 31st, brackets of 7',          '2023-01-31', '2024-05-01', 'month', '1 month', 7),
    ('days, brackets of 28',                       '2023-06-01', '2024-02-29', 'day', '1 day', 28),
    ('quarters, brackets of 28',                   '2022-11-30', '2024-08-30', 'quarter', '3 months', 28),
    ('years from 29 February, brackets of 100',    '2020-02-29', '2025-03-01', 'year', '1 year', 100);
CREATE TEMP TABLE expected AS
    WITH beginning AS (SELECT account, min(day) AS first FROM used GROUP BY account),
    member AS MATERIALIZED (
        SELECT config, from_date, to_date, length, account, first,
               (SELECT max((from_date + k * step)::date) FROM generate_series(0, 400) AS k WHERE from_date + k * step <= first) AS cohort
        FROM config JOIN beginning ON from_date <= first AND first < to_date),
    cell AS (
        SELECT m.*, bracket, begins, begins + length <= to_date AS is_over,
               EXISTS (SELECT FROM used AS u WHERE u.account = m.account AND u.day >= begins AND u.day < begins + length) AS active,
               EXISTS (SELECT FROM used AS u WHERE u.account = m.account AND u.day >= begins AND u.day < to_date) AS active_later
        FROM member AS m, generate_series(0, 3000) AS bracket, LATERAL (SELECT first + bracket * length AS begins) AS b
        WHERE cohort + bracket * length < to_date),
    judged AS (SELECT *, bool_and(active) OVER (PARTITION BY config, account ORDER BY bracket) AS always FROM cell)
    SELECT config, cohort, bracket, count(*) AS accounts, count(*) FILTER (WHERE is_over) AS mature_accounts, count(*) FILTER (WHERE is_over AND active) AS n_day,
           count(*) FILTER (WHERE is_over AND active_later) AS unbounded, count(*) FILTER (WHERE is_over AND always) AS rolling, bool_and(is_over) AS mature
    FROM judged GROUP BY config, cohort, bracket;
CREATE TEMP TABLE random_state AS
    SELECT config, retention_agg(history, from_date, to_date, period, length) AS state FROM config, history GROUP BY config;
SELECT ok((SELECT count(*) > 20 AND bool_or(n_day < unbounded) AND bool_or(rolling < n_day) AND bool_or(unbounded < mature_accounts)
                  AND bool_or(0 < mature_accounts AND mature_accounts < accounts) = (period <> 'day') AND bool_or(mature_accounts = 0) = (length > 1 OR period <> 'day') AND bool_or(mature)
           FROM expected WHERE expected.config = config.config),
          config || ': the data has what is to be tested') FROM config;
SELECT results_eq(
    format('SELECT cohort, bracket, accounts, mature_accounts, n_day, unbounded, rolling, mature FROM random_state, usage_retention(state) WHERE config = %L', config),
    format('SELECT cohort, bracket, accounts, mature_accounts, n_day, unbounded, rolling, mature FROM expected WHERE config = %L ORDER BY cohort, bracket', config),
    config || ': every cell of 150 random accounts') FROM config;
SELECT is_empty($$SELECT * FROM random_state, usage_retention(state) WHERE (n_day_retention, unbounded_retention, rolling_retention) IS DISTINCT FROM
                  (n_day / nullif(mature_accounts, 0)::float8, unbounded / nullif(mature_accounts, 0)::float8, rolling / nullif(mature_accounts, 0)::float8)$$,
                'ratios are counts / mature_accounts everywhere');
SELECT results_eq(
    format('SELECT a.* FROM random_state, usage_retention_average(state) AS a WHERE config = %L', config),
    format('SELECT bracket, count(*), m::bigint, n::bigint, u::bigint, r::bigint, n / m::float8, u / m::float8, r / m::float8
            FROM (SELECT *, sum(mature_accounts) OVER b AS m, sum(n_day) OVER b AS n, sum(unbounded) OVER b AS u, sum(rolling) OVER b AS r
                  FROM expected WHERE config = %L AND mature_accounts > 0 WINDOW b AS (PARTITION BY bracket)) AS e
            GROUP BY bracket, m, n, u, r ORDER BY bracket', config),
    config || ': the average over accounts whose bracket is over') FROM config;
SELECT is(account_count(state), 150::bigint, config || ': all accounts were given') FROM random_state;
SELECT results_eq($$SELECT bracket, mature_accounts, n_day, unbounded, rolling FROM usage_retention_average((SELECT retention_agg(history, '2023-01-31', '2024-05-01', 'year') FROM history))$$,
                  $$SELECT bracket, mature_accounts, n_day, unbounded, rolling FROM usage_retention_average((SELECT retention_agg(history, '2023-01-31', '2024-05-01', 'day') FROM history))$$,
                  'the average does not depend on the period of the cohorts');

-- Added up and taken apart
SELECT is(state::text::usage_retention, state, config || ': reads back from its text') FROM random_state;
SELECT is((SELECT rollup(part) FROM (SELECT retention_agg(history, from_date, to_date, period, length) FROM history GROUP BY account % 4) AS p(part)), state,
          config || ': parts of the accounts roll up to the whole') FROM random_state JOIN config USING (config);
SELECT is(unmerge(state, (SELECT retention_agg(history, from_date, to_date, period, length) FROM history WHERE account > 30)),
          (SELECT retention_agg(history, from_date, to_date, period, length) FROM history WHERE account <= 30),
          config || ': unmerge takes accounts out again') FROM random_state JOIN config USING (config);
SELECT ok(bool_and(moving IS NOT DISTINCT FROM (SELECT retention_agg(history, '2023-01-31', '2024-05-01', 'month') FROM history AS h WHERE h.account BETWEEN w.account - 9 AND w.account - 5)),
          'a moving frame equals its rows aggregated')
FROM (SELECT account, retention_agg(history, '2023-01-31', '2024-05-01', 'month') OVER (ORDER BY account ROWS BETWEEN 9 PRECEDING AND 5 PRECEDING) AS moving FROM history) AS w;
SELECT ok(bool_and(moving IS NOT DISTINCT FROM (SELECT retention_agg(history, '2024-02-01', '2024-03-05', 'month', 1) FROM account AS a WHERE a.id BETWEEN w.id - 1 AND w.id)),
          'a moving frame over accounts without history, too')
FROM (SELECT id, retention_agg(history, '2024-02-01', '2024-03-05', 'month', 1) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS moving FROM account) AS w;
-- Accounts taken out that were never in: counts below zero, and no ratio of them.
SELECT is((SELECT string_agg(format('%s %s %s %s', accounts, mature_accounts, n_day, coalesce(n_day_retention::text, '-')), ', ') FROM usage_retention(unmerge(none, state)) WHERE bracket < 2), '-5 -5 -5 -, -5 -4 -2 -, -1 0 0 -',
          'counts below zero have no ratios')
FROM state, (SELECT retention_agg(NULL, '2024-02-01', '2024-03-05', 'month')) AS n(none);
SELECT is_empty('SELECT a.* FROM state, (SELECT retention_agg(NULL, ''2024-02-01'', ''2024-03-05'', ''month'')) AS n(none), usage_retention_average(unmerge(none, state)) AS a', 'and no average');

-- What is refused
PREPARE triangle(date, date, text, int) AS SELECT retention_agg(history, $1, $2, $3, $4) FROM account;
SELECT throws_ok(format('EXECUTE triangle(%L, %L, %L, %L)', from_date, to_date, period, bracket_days), code, message, message) FROM (VALUES
    (date '2024-01-01', date '2024-01-01', 'month', 7, '22023', 'to_date 2024-01-01 is not after from_date 2024-01-01'),
    ('2024-01-01', '2024-02-01', 'fortnight', 7, '22023', 'unknown period "fortnight"'),
    ('1900-01-01', '2021-06-05', 'day', 28, '22023', 'too many periods of one day between 1900-01-01 and 2021-06-05'),
    ('2024-01-01', 'infinity', 'month', 7, '22008', 'to_date out of range: infinity'),
    (NULL, '2024-02-01', 'month', 7, '22004', 'from_date must not be NULL'),
    ('2024-01-01', NULL, 'month', 7, '22004', 'to_date must not be NULL'),
    ('2024-01-01', '2024-02-01', NULL, 7, '22004', 'period must not be NULL'),
    ('2024-01-01', '2024-02-01', 'month', NULL, '22004', 'bracket_days must not be NULL'),
    ('2024-01-01', '2024-02-01', 'month', 0, '22023', 'bracket_days 0 is not between 1 and 36525'),
    ('2024-01-01', '2024-02-01', 'month', -2147483648, '22023', 'bracket_days -2147483648 is not between 1 and 36525'),
    ('2024-01-01', '2024-02-01', 'month', 36526, '22023', 'bracket_days 36526 is not between 1 and 36525'),
    ('2018-01-01', '2023-08-10', 'day', 1, '22023', 'too many brackets of 1 days for cohorts of one day between 2018-01-01 and 2023-08-10'),
    ('0001-01-01', '9999-12-31', 'year', 7, '22023', 'too many brackets of 7 days for cohorts of one year between 0001-01-01 and 9999-12-31')
) AS refused(from_date, to_date, period, bracket_days, code, message);
SELECT is((SELECT length(usage_retention_send(retention_agg(NULL, '2018-01-01', '2023-08-09', 'day', 1)))), 4 + 32 + 32 * 2046 * 2049 / 2, '2046 days by day are the most');
SELECT throws_ok(format($$SELECT retention_agg(NULL, %s) FROM (VALUES (1), (2)) AS v(n)$$, arguments), '22023',
                 'from_date, to_date, period and bracket_days must be the same in every row of a group', arguments || ' vary within a group')
FROM (VALUES ('date ''2024-01-01'' + n, ''2024-02-01'', ''month'''), ('''2024-01-01'', date ''2024-02-01'' + n, ''month'''),
             ('''2024-01-01'', ''2024-02-01'', (ARRAY[''month'', ''week''])[n]'), ('''2024-01-01'', ''2024-02-01'', ''month'', n')) AS v(arguments);
SELECT throws_ok(format('SELECT merge(retention_agg(NULL, ''2024-01-01'', ''2024-02-01'', ''month'', 7), retention_agg(NULL, %s))', arguments), '22023', NULL, 'no merge with ' || arguments)
FROM (VALUES ('''2024-01-02'', ''2024-02-01'', ''month'', 7'), ('''2024-01-01'', ''2024-02-02'', ''month'', 7'), ('''2024-01-01'', ''2024-02-01'', ''year'', 7'), ('''2024-01-01'', ''2024-02-01'', ''month'', 8')) AS v(arguments);
SELECT throws_ok(format('SELECT %L::usage_retention', form), '22P02', NULL, description) FROM (VALUES
    ('1 0|2024-02-01 2024-03-05 2 2 7 7 10|0 5 0 0|1 2 2 3|1 2 1 1|1 1 0 0|2 0 2 1|0 0 0 0|1 0 1 1', 'a line wider than need be'),
    ('1 0|2024-02-01 2024-03-05 2 2 7 6 10|0 5 0 0|1 2 2 3|1 2 1 1|1 1 0 0|2 0 2 1|1 1 1 1', 'a bracket active that cannot be over'),
    ('1 0|2024-02-01 2024-03-05 2 2 7 6 10|0 5 0 0|1 2 2 3|1 2 1 1|1 1 0 0|2 0 2 1|1 0 1 0', 'an account that is not rolling from any bracket'),
    ('1 0|2024-02-01 2024-03-05 2 2 7 6 10|0 5 0 0|1 2 2 3|1 2 1 1|1 1 0 0|2 0 3 1|1 0 1 1', 'an account that is unbounded to two brackets'),
    ('1 0|2024-02-01 2024-03-05 2 2 7 6 10|0 5 0 0|1 2 2 3|1 2 1 1|1 1 0 0|2 0 2 1|1 0 1 1|0 0 0 0', 'a row too many'),
    ('1 0|2024-02-01 2024-03-05 2 2 0 6 10|0 5 0 0|1 2 2 3|1 2 1 1|1 1 0 0|2 0 2 1|1 0 1 1', 'brackets of no days'),
    ('1 0|2024-02-01 2024-04-05 2 3 28 4 1|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|1 0 1 1|0 0 0 0', 'a count after the cohort in the middle'),
    ('1 0|2024-01-01 2024-04-28 2 4 28 7 1|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|1 0 1 1|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0', 'a count between two cohorts')
) AS v(form, description);
SELECT lives_ok(format('SELECT %L::usage_retention', form), description) FROM (VALUES
    ('1 0|2024-02-01 2024-04-05 2 3 28 4 1|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|1 0 1 1|0 0 0 0|0 0 0 0', 'a count in the last cell of the cohort in the middle'),
    ('1 0|2024-01-01 2024-04-28 2 4 28 7 1|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|1 0 1 1|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0', 'a count in the last cell of the first cohort'),
    ('1 0|2024-01-01 2024-04-28 2 4 28 7 1|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|1 0 1 1|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0', 'a count in the only cell of the last cohort')
) AS v(form, description);
SELECT throws_ok($$SELECT a.* FROM usage_retention('1 0|2024-02-01 2024-03-05 2 2 7 6 10|576460752303423487 0 576460752303423487 576460752303423487|1 0 1 1|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0'::usage_retention) AS a$$, '22003',
                 'usage_retention out of range', 'a cohort of more accounts than can be');
SELECT throws_ok($$SELECT retention_agg_add('1 0|2024-02-01 2024-03-05 2 2 7 6 576460752303423487|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0|0 0 0 0', NULL, '2024-02-01', '2024-03-05', 'month')$$, '22003',
                 'usage_retention out of range', 'more accounts than can be');

SELECT * FROM finish();
ROLLBACK;
