\unset ECHO
\i test/psql.sql
-- Usage of real projects: 40,963 commits to 48 public repositories, read as accounts, their authors as users. Every day of the series and
-- every reading is compared with plain SQL. The data is not part of this project: without it the tests are skipped.
BEGIN;
SELECT plan(9);
\set present false
\if :{?data}
    \set present `test -r :'data'/oss_git_events/events.csv && echo true || echo false`
\endif
\if :present

CREATE TEMP TABLE event (account text, commit_no int, user_hash text, event_time timestamptz, feature text, files_touched bigint);
\set copy '\\copy event FROM ''' :data '/oss_git_events/events.csv'' (FORMAT csv, HEADER)'
:copy
SELECT is(count(*), 40963::bigint, 'events') FROM event;
CREATE TEMP TABLE account_day AS SELECT account, event_time::date AS day, sum(files_touched)::bigint AS files FROM event GROUP BY 1, 2;
CREATE TEMP TABLE history AS SELECT account, activity_agg(event_time::date, files_touched) AS a FROM event GROUP BY account;
SELECT is_empty($$
    SELECT account, y, active_days(a, make_date(y, 1, 1), make_date(y + 1, 1, 1)), events_between(a, make_date(y, 1, 1), make_date(y + 1, 1, 1)) FROM history, generate_series(2008, 2026) AS y
    EXCEPT SELECT account, y, count(*) FILTER (WHERE files > 0 AND extract(year FROM day) = y), coalesce(sum(files) FILTER (WHERE extract(year FROM day) = y), 0) FROM account_day, generate_series(2008, 2026) AS y GROUP BY 1, 2
$$, 'active days and events of each account and year');
CREATE TEMP TABLE active_day AS SELECT account, day FROM account_day WHERE files > 0;
CREATE FUNCTION pg_temp.spine(f date, t date) RETURNS TABLE (day date, dau bigint, wau bigint, mau bigint, new bigint, retained bigint, resurrected bigint, dormant bigint) LANGUAGE sql AS $$
    WITH first AS (SELECT account, min(day) AS first FROM active_day GROUP BY account),
    lately AS (SELECT d::date AS d, account, bool_or(day = d::date) AS short, bool_or(day > d::date - 7) AS middle, bool_or(day > d::date - 28) AS long, bool_or(day <= d::date - 28) AS before
               FROM generate_series(f::timestamp, t - 1, '1 day') AS d JOIN active_day ON day > d::date - 56 AND day <= d::date GROUP BY 1, 2)
    SELECT d, count(account) FILTER (WHERE short), count(account) FILTER (WHERE middle), count(account) FILTER (WHERE long), count(account) FILTER (WHERE long AND first > d - 28),
           count(account) FILTER (WHERE long AND before), count(account) FILTER (WHERE long AND NOT before AND first <= d - 28), count(account) FILTER (WHERE before AND NOT long)
    FROM (SELECT d::date FROM generate_series(f::timestamp, t - 1, '1 day') AS d) AS x LEFT JOIN lately USING (d) LEFT JOIN first USING (account) GROUP BY d
$$;
SELECT set_eq(format('SELECT day, dau, wau, mau, new, retained, resurrected, dormant FROM active_series((SELECT active_series_agg(a, %L, %L) FROM history))', f, t), format('SELECT * FROM pg_temp.spine(%L, %L)', f, t), format('the series from %s to %s, row by row', f, t))
FROM (VALUES (date '2012-01-01', date '2014-01-01'), ('2019-06-01', '2021-06-01'), ('2023-01-01', '2025-01-01')) AS v(f, t);
-- Users: the same of authors
SELECT set_eq('SELECT day, dau FROM active_series((SELECT active_series_agg(u, ''2022-01-01'', ''2023-01-01'') FROM (SELECT activity_agg(event_time::date) AS u FROM event GROUP BY user_hash) AS q)) WHERE dau > 0',
              'SELECT event_time::date AS day, count(DISTINCT user_hash) AS dau FROM event WHERE event_time >= ''2022-01-01'' AND event_time < ''2023-01-01'' GROUP BY 1', 'daily active users are count(distinct user)');
SELECT is((SELECT sum(pg_column_size(a)) FROM history) < (SELECT 2.5 * count(*) FROM active_day) + 48 * 30, true, 'histories take less than 2.5 bytes an active day');

-- Retention of authors by the quarter of their first commit, in brackets of 28 days; what is not over by to_date is nobody's.
CREATE TEMP TABLE author_day AS SELECT DISTINCT user_hash, event_time::date AS day FROM event WHERE files_touched > 0;
SELECT set_eq($$
    SELECT cohort, bracket, accounts, mature_accounts, n_day, unbounded FROM usage_retention((SELECT retention_agg(u, '2019-01-01', '2023-01-01', 'quarter', 28) FROM (SELECT activity_agg(day) AS u FROM author_day GROUP BY user_hash) AS q)) WHERE mature_accounts > 0
$$, $$
    WITH first AS (SELECT user_hash, min(day) AS first FROM author_day GROUP BY 1),
    cohort AS (SELECT *, date_trunc('quarter', first)::date AS cohort FROM first WHERE first >= '2019-01-01' AND first < '2023-01-01')
    SELECT cohort, k AS bracket, (SELECT count(*) FROM cohort AS all_of WHERE all_of.cohort = c.cohort) AS accounts, count(DISTINCT user_hash) AS mature_accounts,
           count(DISTINCT user_hash) FILTER (WHERE (day - first) / 28 = k) AS n_day, count(DISTINCT user_hash) FILTER (WHERE (day - first) / 28 >= k) AS unbounded
    FROM cohort AS c JOIN (SELECT * FROM author_day WHERE day < '2023-01-01') AS d USING (user_hash), generate_series(0, 60) AS k WHERE first + (k + 1) * 28 <= '2023-01-01' GROUP BY 1, 2
$$, 'retention of authors, cell by cell');
-- Adoption of top-level folders among the projects that were active in a year.
SELECT set_eq($$
    SELECT feature, eligible, adopters FROM feature_adoption((SELECT adoption_agg(f, '2022-01-01', '2023-01-01') FROM (SELECT feature_usage_agg(feature, event_time::date, files_touched) AS f FROM event GROUP BY account) AS q))
$$, $$
    SELECT feature, (SELECT count(DISTINCT account) FROM event WHERE event_time >= '2022-01-01' AND event_time < '2023-01-01' AND files_touched > 0) AS eligible,
           count(DISTINCT account) FILTER (WHERE event_time >= '2022-01-01') AS adopters
    FROM event WHERE event_time < '2023-01-01' AND files_touched > 0 GROUP BY feature
$$, 'adoption of folders, feature by feature');

\else
SELECT skip('the events of public repositories are not there (CSMETRICS_DATA)', 9);
\endif
SELECT * FROM finish();
ROLLBACK;
