\unset ECHO
\i test/psql.sql
-- Retention by cohort: the triangle by hand and against plain SQL, the average over cohorts, and
-- what is refused.
BEGIN;
SELECT plan(36);
\i test/timelines.sql

-- From 2024-01-01, by month, until 2024-04-20: April is cut short
CREATE TEMP TABLE account (name text, history mrr_timeline);
INSERT INTO account VALUES
    -- January starts with 100 + 60 + 20 + 5 = 185
    ('grows in February',            pg_temp.history('2024-01-10 2024-02-15 100', '2024-02-15 - 150')),
    ('leaves, and returns in March', pg_temp.history('2024-01-20 2024-02-10 60', '2024-03-05 - 40')),
    ('comes and goes in January',    pg_temp.history('2024-01-05 2024-01-25 20')),
    ('grows on the second day',      pg_temp.history('2024-01-01 2024-01-02 5', '2024-01-02 - 50')),
    ('February, shrinks in April',   pg_temp.history('2024-02-01 2024-04-01 30', '2024-04-01 - 10')),
    ('April',                        pg_temp.history('2024-04-05 - 8')),
    ('began before',                 pg_temp.history('2023-12-31 2024-01-10 500', '2024-02-01 - 500')),
    ('began after',                  pg_temp.history('2024-04-20 - 500')),
    ('never paid',                   pg_temp.history('2024-01-01 - 0')),
    ('no history',                   NULL);
CREATE TEMP TABLE state AS SELECT cohort_agg(history, '2024-01-01', '2024-04-20', 'month') AS state FROM account;

CREATE TEMP TABLE triangle (cohort date, age integer, period_end date, accounts bigint, retained bigint, start_mrr numeric, kept_mrr numeric, mrr numeric, mature boolean, description text);
INSERT INTO triangle VALUES
    -- 100 + 60 + 0 + 5 kept, 100 + 60 + 0 + 50 paid
    ('2024-01-01', 0, '2024-02-01', 4, 3, 185, 165, 210, true,  'the close of the first month: who came and went is in the cohort, start_mrr is that of the first paid day'),
    -- 100 + 0 + 0 + 5, 150 + 0 + 0 + 50
    ('2024-01-01', 1, '2024-03-01', 4, 2, 185, 105, 200, true,  'a month later: a loss, and an expansion that kept_mrr does not count'),
    -- 100 + 40 + 0 + 5, 150 + 40 + 0 + 50
    ('2024-01-01', 2, '2024-04-01', 4, 3, 185, 145, 240, true,  'a return is retained'),
    ('2024-01-01', 3, '2024-04-20', 4, 3, 185, 145, 240, false, 'the last month is cut short, and not mature'),
    ('2024-02-01', 0, '2024-03-01', 1, 1, 30, 30, 30, true,     'the next cohort begins on its first day'),
    ('2024-02-01', 1, '2024-04-01', 1, 1, 30, 30, 30, true,     'and is a month old in March'),
    ('2024-02-01', 2, '2024-04-20', 1, 1, 30, 10, 10, false,    'and shrinks in April'),
    ('2024-04-01', 0, '2024-04-20', 1, 1, 8, 8, 8, false,       'nobody began in March: April follows');
SELECT is(row(c.cohort, c.age, c.period_end, c.accounts, c.retained, c.start_mrr, c.kept_mrr, c.mrr, c.mature)::text,
          row(t.cohort, t.age, t.period_end, t.accounts, t.retained, t.start_mrr, t.kept_mrr, t.mrr, t.mature)::text, t.description)
FROM state CROSS JOIN LATERAL cohort_retention(state) WITH ORDINALITY AS c FULL JOIN (SELECT *, row_number() OVER (ORDER BY cohort, age) AS ordinality FROM triangle) AS t USING (ordinality);
SELECT is_empty($$SELECT * FROM state, cohort_retention(state) WHERE (logo_retention, gross_retention, net_retention) IS DISTINCT FROM
                  (retained / accounts::float8, kept_mrr::float8 / start_mrr::float8, mrr::float8 / start_mrr::float8)$$,
                'logo_retention is retained / accounts, gross_retention kept_mrr / start_mrr, net_retention mrr / start_mrr');

SELECT results_eq('SELECT a.* FROM state, cohort_average(state) AS a', $$VALUES
    (0, 2::bigint, 5::bigint, 4::bigint, 4 / 5::float8, 195 / 215::float8, 240 / 215::float8),
    (1, 2, 5, 3, 3 / 5::float8, 135 / 215::float8, 230 / 215::float8),
    (2, 1, 4, 3, 3 / 4::float8, 145 / 185::float8, 240 / 185::float8)$$,
    'the average is weighted by where cohorts started, leaves out what is not mature, and ends where nothing is');

-- Periods and rows
CREATE FUNCTION pg_temp.triangle(from_date date, to_date date, VARIADIC terms text[])
RETURNS TABLE (cohort date, age integer, period_end date, mrr numeric, kept_mrr numeric, mature boolean) LANGUAGE sql AS $$
    SELECT c.cohort, c.age, c.period_end, c.mrr, c.kept_mrr, c.mature
    FROM (SELECT cohort_agg(pg_temp.history(VARIADIC terms), from_date, to_date, 'month')) AS s(state), cohort_retention(state) AS c
$$;
SELECT is((SELECT string_agg(format('%s %s', age, period_end), ', ') FROM pg_temp.triangle('2024-01-31', '2024-05-31', '2024-02-28 - 1')),
          '0 2024-02-29, 1 2024-03-31, 2 2024-04-30, 3 2024-05-31', 'months from a 31st: 28 February is in the first');
SELECT is((SELECT string_agg(format('%s %s', cohort, mature), ', ') FROM pg_temp.triangle('2024-01-31', '2024-03-31', '2024-02-29 - 1')),
          '2024-02-29 t', '29 February in the second');
SELECT is((SELECT string_agg(format('%s %s %s', age, mrr, kept_mrr), ', ') FROM pg_temp.triangle('2024-01-01', '2024-04-01',
               '2024-01-10 2024-02-10 10', '2024-02-10 2024-03-10 paused', '2024-03-10 - 12')),
          '0 10 10, 1 0 0, 2 12 10', 'a pause is no MRR');
SELECT is(cohort_agg(history, '2024-01-01', '2024-04-20', 'month'), NULL, 'no rows: NULL') FROM account WHERE false;
SELECT is_empty($$SELECT c.* FROM (SELECT cohort_agg(NULL, '2024-01-01', '2024-04-20', 'month')) AS s(state), cohort_retention(state) AS c$$, 'nobody began: no cohorts');
SELECT is_empty($$SELECT c.* FROM (SELECT cohort_agg(NULL, '2024-01-01', '2024-04-20', 'month')) AS s(state), cohort_average(state) AS c$$, 'and no average');
SELECT is(state::text::cohorts, state, 'cohorts read back from their text') FROM state;
SELECT is(rollup(part), state, 'parts of the accounts roll up to the whole')
FROM (SELECT cohort_agg(history, '2024-01-01', '2024-04-20', 'month') FROM account GROUP BY length(name) % 3) AS p(part), state GROUP BY state;

-- Random accounts against plain SQL. MRR begins on the start of a term, or on the end of a credit.
CREATE TEMP TABLE term AS SELECT * FROM pg_temp.random_terms(300, 0.21, 0.1);
CREATE TEMP TABLE config (config text, from_date date, to_date date, period text, step interval);
INSERT INTO config VALUES ('months', '2021-03-01', '2024-02-10', 'month', '1 month'), ('weeks', '2022-01-05', '2022-08-03', 'week', '7 days'),
                          ('quarters from a 30th', '2020-11-30', '2024-05-30', 'quarter', '3 months');
CREATE FUNCTION pg_temp.looked_up(account integer, day date) RETURNS numeric LANGUAGE sql AS $$
    SELECT greatest(coalesce(sum(mrr), 0), 0) FROM term AS t
    WHERE t.account = $1 AND NOT paused AND starts <= day AND (ends IS NULL OR ends > day)
$$;
CREATE TEMP TABLE expected AS
    WITH beginning AS (
        SELECT account, min(day) AS day FROM (SELECT account, starts FROM term UNION SELECT account, ends FROM term) AS t(account, day)
        WHERE pg_temp.looked_up(account, day) > 0 GROUP BY account),
    member AS (
        SELECT config, step, from_date, to_date, account, pg_temp.looked_up(account, day) AS start,
               (SELECT max(k) FROM generate_series(0, 400) AS k WHERE from_date + k * step <= day) AS cohort
        FROM config JOIN beginning ON from_date <= day AND day < to_date),
    cell AS (
        SELECT *, k - cohort AS age, least((from_date + (k + 1) * step)::date, to_date) AS period_end, (from_date + (k + 1) * step)::date <= to_date AS mature
        FROM member JOIN generate_series(0, 400) AS k ON k >= cohort AND from_date + k * step < to_date)
    SELECT config, (from_date + cohort * step)::date AS cohort, age, period_end, count(*) AS accounts, count(*) FILTER (WHERE mrr > 0) AS retained,
           sum(start) AS start_mrr, sum(least(start, mrr)) AS kept_mrr, sum(mrr) AS mrr, mature
    FROM cell, LATERAL (SELECT pg_temp.looked_up(account, period_end - 1)) AS l(mrr)
    GROUP BY config, from_date, step, cohort, age, period_end, mature;
CREATE TEMP TABLE random_state AS
    SELECT config, cohort_agg(history, from_date, to_date, period) AS state
    FROM config, (SELECT account, mrr_timeline_agg(starts, ends, mrr, paused) FROM term GROUP BY account) AS h(account, history) GROUP BY config;
SELECT ok((SELECT count(*) > 50 AND bool_or(retained < accounts) AND bool_or(mrr > start_mrr) AND bool_or(kept_mrr < mrr) FROM expected WHERE expected.config = config.config),
          config || ': the data has what is to be tested') FROM config;
SELECT results_eq(
    format('SELECT cohort, age, period_end, accounts, retained, start_mrr, kept_mrr, mrr, mature FROM random_state, cohort_retention(state) WHERE config = %L', config),
    format('SELECT cohort, age, period_end, accounts, retained, start_mrr, kept_mrr, mrr, mature FROM expected WHERE config = %L ORDER BY cohort, age', config),
    config || ': every cell of 300 random accounts') FROM config;
SELECT ok((SELECT count(*) = max(a.age) + 1 AND max(a.age) = (SELECT max(age) FROM expected AS e WHERE e.config = s.config AND mature)
                  AND every(a.accounts = e.accounts AND a.retained = e.retained AND a.cohorts = e.cohorts)
                  AND max(greatest(abs(a.logo_retention - e.retained / e.accounts), abs(a.gross_retention - e.kept / e.start), abs(a.net_retention - e.mrr / e.start))) < 1e-12
           FROM cohort_average(state) AS a JOIN (
               SELECT age, count(*) AS cohorts, sum(accounts) AS accounts, sum(retained) AS retained, sum(kept_mrr) AS kept, sum(start_mrr) AS start, sum(mrr) AS mrr
               FROM expected AS x WHERE x.config = s.config AND mature GROUP BY age) AS e USING (age)),
          config || ': the average over mature cells') FROM random_state AS s;

-- What is refused
PREPARE cohort(date, date, text) AS SELECT cohort_agg(history, $1, $2, $3) FROM account;
SELECT throws_ok(format('EXECUTE cohort(%L, %L, %L)', from_date, to_date, period), code, message, message) FROM (VALUES
    (date '2024-01-01', date '2024-01-01', 'month', '22023', 'to_date 2024-01-01 is not after from_date 2024-01-01'),
    ('2024-01-01', '2024-02-01', 'fortnight', '22023', 'unknown period "fortnight"'),
    ('2020-01-01', '2021-06-05', 'day', '22023', 'too many periods of one day between 2020-01-01 and 2021-06-05'),
    ('2024-01-01', 'infinity', 'month', '22008', 'to_date out of range: infinity'),
    (NULL, '2024-02-01', 'month', '22004', 'from_date must not be NULL'),
    ('2024-01-01', NULL, 'month', '22004', 'to_date must not be NULL'),
    ('2024-01-01', '2024-02-01', NULL, '22004', 'period must not be NULL')) AS refused(from_date, to_date, period, code, message);
SELECT lives_ok($$EXECUTE cohort('2020-01-01', '2021-06-04', 'day')$$, '520 periods are the most');
SELECT throws_ok($$SELECT cohort_agg(NULL, '2024-01-01', day, 'month') FROM (VALUES (date '2024-02-01'), ('2024-02-02')) AS v(day)$$, '22023',
                 'from_date, to_date, period and lag must be the same in every row of a group', 'arguments that vary within a group');

SELECT * FROM finish();
ROLLBACK;
