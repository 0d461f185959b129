\unset ECHO
\i test/psql.sql
-- Active accounts day by day: hand-computed, and row by row what count(distinct) over a spine of days says.
BEGIN;
SELECT plan(27);
SELECT setseed(0.33) \g /dev/null

-- By hand, windows 1, 2 and 4: a on days 1, 2, 8; b on day 3; c never; d on day 5 and long before.
CREATE TEMP TABLE small AS
SELECT account, activity_agg(date '2024-02-27' + n - 1) AS a FROM (VALUES ('a', 1), ('a', 2), ('a', 8), ('b', 3), ('d', 5), ('d', -300)) AS v(account, n) GROUP BY account
UNION ALL SELECT 'c', NULL;
SELECT results_eq('SELECT extract(day FROM day)::int, dau, wau, mau, round(stickiness::numeric, 6), new, retained, resurrected, dormant FROM active_series((SELECT active_series_agg(a, ''2024-02-27'', ''2024-03-08'', 1, 2, 4) FROM small))',
    $$VALUES (27, 1::bigint, 1::bigint, 1::bigint, round(1.0, 6), 1::bigint, 0::bigint, 0::bigint, 0::bigint),
             (28, 1, 1, 1, round(2 / 2.0, 6), 1, 0, 0, 0),
             (29, 1, 2, 2, round(3 / (3.0 + 1), 6), 2, 0, 0, 0),
             (1, 0, 1, 2, round(3 / (4.0 + 2), 6), 2, 0, 0, 0),
             (2, 1, 1, 3, round(3 / (4.0 + 3 + 4), 6), 1, 1, 1, 0),  -- a and b are still in; a was in the window before; d is back
             (3, 0, 1, 2, round(2 / 4.0 / 2, 6), 1, 0, 1, 1),  -- b, d; a is gone
             (4, 0, 0, 1, round(1 / 4.0, 6), 0, 0, 1, 2),      -- d; a and b are gone
             (5, 1, 1, 2, round(2 / 4.0 / 2, 6), 0, 1, 1, 1),  -- a is back after 6 days: in the window before by its first two days
             (6, 0, 1, 1, round(1 / 4.0, 6), 0, 1, 0, 2),
             (7, 0, 0, 1, round(1 / 4.0, 6), 0, 0, 1, 2)$$, 'a week and a half by hand, over a leap day');
SELECT is(account_count(active_series_agg(a, '2024-02-27', '2024-03-08')), 4::bigint, 'accounts, active or not') FROM small;
SELECT is(active_series_agg(a, '2024-02-27', '2024-03-08'), active_series_agg(a, '2024-02-27', '2024-03-08', 1, 7, 28), 'windows of 1, 7 and 28 days if not given') FROM small;
SELECT is(active_series_agg(a, '2024-02-27', '2024-03-08'), NULL, 'no rows: NULL') FROM small WHERE false;
SELECT ok(count(*) = 10 AND bool_and(dau = 0 AND mau = 0 AND stickiness IS NULL AND dormant = 0), 'nobody active: zeros, but no stickiness') FROM active_series((SELECT active_series_agg(NULL, '2024-02-27', '2024-03-08')));
SELECT ok(NOT EXISTS (SELECT FROM active_series(NULL::active_series)), 'no state: no rows');
-- 2024-03-01 is a Friday: of the week up to Sunday 3 March five days count, of a the four since it began, of b two; three were active.
SELECT is(round(stickiness::numeric, 6), round(3 / (4.0 + 2 + 5), 6), 'weekdays alone') FROM active_series((SELECT active_series_agg(a, '2024-02-27', '2024-03-08', 1, 2, 7) FROM small), true) WHERE day = '2024-03-03';
SELECT is(round(stickiness::numeric, 6), round(4 / (6.0 + 4 + 7), 6), 'or all days') FROM active_series((SELECT active_series_agg(a, '2024-02-27', '2024-03-08', 1, 2, 7) FROM small)) WHERE day = '2024-03-03';

-- Oracle: accounts that begin inside the range or end, gaps, bots on every day, days that repeat.
CREATE TEMP TABLE event AS
SELECT account, date '2023-06-01' + CASE account % 5 WHEN 0 THEN i WHEN 1 THEN floor(random() * 600)::int WHEN 2 THEN 150 + floor(random() ^ 2 * 300)::int WHEN 3 THEN 30 * floor(random() * 20)::int ELSE 270 + floor(random() * 4)::int END AS day
FROM generate_series(1, 120) AS account, generate_series(1, 60) AS i WHERE i <= 3 * (account % 21);
INSERT INTO event SELECT 1000, date '2023-01-01' + i FROM generate_series(0, 800) AS i;
CREATE TEMP TABLE history AS SELECT account, activity_agg(day) AS a FROM event GROUP BY account;
CREATE FUNCTION pg_temp.spine(f date, t date, s int, m int, l int) RETURNS TABLE (day date, dau bigint, wau bigint, mau bigint, stickiness numeric, new bigint, retained bigint, resurrected bigint, dormant bigint) LANGUAGE sql AS $$
    WITH account_day AS (SELECT DISTINCT account, day FROM event), first AS (SELECT account, min(day) AS first FROM event GROUP BY account),
    lately AS (SELECT d::date AS d, account, bool_or(day > d::date - s AND day <= d::date) AS short, bool_or(day > d::date - m AND day <= d::date) AS middle,
                      bool_or(day > d::date - l AND day <= d::date) AS long, bool_or(day <= d::date - l) AS before
               FROM generate_series(f::timestamp, t - 1, '1 day') AS d JOIN account_day ON day > d::date - 2 * l AND day <= d::date GROUP BY 1, 2),
    counted AS (SELECT d::date AS d, (SELECT count(DISTINCT account) FROM account_day WHERE day > d::date - s AND day <= d::date) AS n FROM generate_series(f - l::int, t - 1, interval '1 day') AS d)
    SELECT d, count(account) FILTER (WHERE short), count(account) FILTER (WHERE middle), count(account) FILTER (WHERE long),
           round((SELECT sum(n) FROM counted AS c WHERE c.d > x.d - l AND c.d <= x.d) / nullif(sum(least(l, d - first + 1)) FILTER (WHERE long), 0), 9),
           count(account) FILTER (WHERE long AND first > d - l), count(account) FILTER (WHERE long AND before), count(account) FILTER (WHERE long AND NOT before AND first <= d - l), count(account) FILTER (WHERE before AND NOT long)
    FROM (SELECT d::date FROM generate_series(f::timestamp, t - 1, '1 day') AS d) AS x LEFT JOIN lately USING (d) LEFT JOIN first USING (account) GROUP BY d
$$;
SELECT set_eq(format('SELECT day, dau, wau, mau, round(stickiness::numeric, 9) AS stickiness, new, retained, resurrected, dormant FROM active_series((SELECT active_series_agg(a, %L, %L, %s, %s, %s) FROM history))', f, t, s, m, l),
              format('SELECT * FROM pg_temp.spine(%L, %L, %s, %s, %s)', f, t, s, m, l), format('%s to %s, windows %s, %s, %s: every row is that of plain SQL', f, t, s, m, l))
FROM (VALUES (date '2023-06-01', date '2024-03-01', 1, 7, 28), ('2024-01-01', '2024-03-05', 1, 7, 28), ('2023-10-01', '2023-11-15', 1, 1, 1), ('2023-10-01', '2023-11-15', 2, 5, 11), ('2024-02-28', '2024-03-01', 7, 30, 90), ('2022-11-01', '2023-02-01', 1, 7, 28), ('2026-01-01', '2026-01-10', 1, 7, 28)) AS v(f, t, s, m, l);
SELECT ok(bool_and(mau = new + retained + resurrected AND before = retained + dormant), 'who is active came from somewhere, and who was, went somewhere')
FROM (SELECT *, lag(mau, 28) OVER (ORDER BY day) AS before FROM active_series((SELECT active_series_agg(a, '2023-03-01', '2024-09-01') FROM history))) AS s WHERE before IS NOT NULL;
SELECT is(rollup(s), (SELECT active_series_agg(a, '2023-07-01', '2024-03-01') FROM history), 'the series of parts roll up to the whole') FROM (SELECT active_series_agg(a, '2023-07-01', '2024-03-01') AS s FROM history GROUP BY account % 7) AS p;
SELECT is(unmerge(x, y), (SELECT active_series_agg(a, '2023-07-01', '2024-03-01') FROM history WHERE account % 7 > 0), 'and parts are taken out again')
FROM (SELECT active_series_agg(a, '2023-07-01', '2024-03-01') AS x, active_series_agg(a, '2023-07-01', '2024-03-01') FILTER (WHERE account % 7 = 0) AS y FROM history) AS p;
SELECT is(array_agg((SELECT sum(mau)::bigint FROM active_series(s)) ORDER BY id), array_agg(want ORDER BY id), 'a moving frame of two accounts')
FROM (SELECT account AS id, active_series_agg(a, '2023-07-01', '2023-09-01') OVER w AS s, (SELECT sum(mau)::bigint FROM active_series((SELECT active_series_agg(b.a, '2023-07-01', '2023-09-01') FROM history AS b WHERE b.account IN (h.account, h.account - 1)))) AS want
      FROM history AS h WHERE account BETWEEN 42 AND 47 WINDOW w AS (ORDER BY account ROWS 1 PRECEDING)) AS m WHERE id > 43;

SELECT throws_ok('SELECT csmetrics.active_series_agg(a, ' || call || ') FROM small', '22023', message, call)
FROM (VALUES
    ('''2024-03-01'', ''2024-03-01''', NULL), ('''2024-03-01'', ''2024-02-01''', NULL), ('''2024-03-01'', ''2124-03-05''', 'a series of 36528 days, from 2024-03-01 to 2124-03-05'),
    ('''2024-03-01'', ''2024-04-01'', 0, 7, 28', 'windows of 0, 7 and 28 days'), ('''2024-03-01'', ''2024-04-01'', 7, 1, 28', 'windows of 7, 1 and 28 days'), ('''2024-03-01'', ''2024-04-01'', 1, 7, 36526', 'windows of 1, 7 and 36526 days'),
    ('date ''2024-03-01'' + length(account) + (account > ''b'')::int, ''2024-04-01''', 'from_date, to_date and windows must be the same in every row of a group')
) AS wrong(call, message);
SELECT throws_ok('SELECT merge(active_series_agg(a, ''2024-03-01'', ''2024-04-01''), active_series_agg(a, ''2024-03-01'', ''2024-04-01'', 1, 7, 30)) FROM small', '22023', NULL, 'series of other windows do not merge');
SELECT * FROM finish();
ROLLBACK;
