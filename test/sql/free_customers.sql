\unset ECHO
\i test/psql.sql
-- Free customers: a term without MRR that counts makes the account active. By hand, and all of the
-- bridge and the cohorts of random accounts against plain SQL that looks each account up on each day.
BEGIN;
SELECT plan(125);
\i test/timelines.sql

CREATE TEMP VIEW account(name, history) AS VALUES
    -- free in January, pays from February to April, free again in May and June
    ('up and down', pg_temp.history('2024-01-01 2024-02-01 free', '2024-02-01 2024-05-01 100', '2024-05-01 2024-07-01 free')),
    ('free only',   pg_temp.history('2024-01-10 2024-03-20 free')),
    ('for ever',    pg_temp.history('2024-01-10 - free')),
    ('beside',      pg_temp.history('2024-01-01 - free', '2024-02-01 2024-03-01 50')),
    ('twice',       pg_temp.history('2024-01-01 2024-03-01 free', '2024-02-01 2024-04-01 free')),
    ('back',        pg_temp.history('2024-01-01 2024-02-01 free', '2024-04-01 2024-05-01 free', '2024-07-01 - 30')),
    -- one subscription is paused, the other free
    ('half',        pg_temp.history('2024-01-01 2024-02-01 80', '2024-02-01 2024-04-01 paused', '2024-01-01 2024-03-01 free')),
    ('paused',      pg_temp.history('2024-01-01 2024-02-01 free', '2024-02-01 2024-03-01 paused', '2024-03-01 2024-04-01 free', '2024-04-01 2024-06-01 paused')),
    ('credit',      pg_temp.history('2024-01-01 2024-03-01 100', '2024-02-01 2024-03-01 -150', '2024-02-01 2024-03-01 free')),
    ('visit',       pg_temp.history('2024-02-05 2024-02-20 free'));

SELECT is(ARRAY(SELECT pg_temp.story(history, pauses_are_churn)), lines, description) FROM account JOIN (VALUES
    ('up and down', false, ARRAY['2024-01-01 new 0: 0 to 0', '2024-02-01 expansion 100: 0 to 100', '2024-05-01 contraction 100: 100 to 0', '2024-07-01 churn 0: 0 to 0'],
     'a free customer is new; free to paid is expansion, paid to free contraction, and the end of the last free term churn'),
    ('for ever', false, ARRAY['2024-01-10 new 0: 0 to 0'], 'a free term without an end'),
    ('beside', false, ARRAY['2024-01-01 new 0: 0 to 0', '2024-02-01 expansion 50: 0 to 50', '2024-03-01 contraction 50: 50 to 0'], 'a free term beside a paid one'),
    ('twice', false, ARRAY['2024-01-01 new 0: 0 to 0', '2024-04-01 churn 0: 0 to 0'], 'concurrent free terms: the last to end is churn'),
    ('back', false, ARRAY['2024-01-01 new 0: 0 to 0', '2024-02-01 churn 0: 0 to 0', '2024-04-01 reactivation 0: 0 to 0', '2024-05-01 churn 0: 0 to 0', '2024-07-01 reactivation 30: 0 to 30'],
     'who was free, and left, is back: free or paid'),
    ('half', false, ARRAY['2024-01-01 new 80: 0 to 80', '2024-02-01 contraction 80: 80 to 0', '2024-03-01 pause 0: 0 to 0', '2024-04-01 churn 0: 0 to 0', '2024-04-01 pause 0: 0 to 0'],
     'a pause beside a free term is contraction; the account is paused when the free term ends'),
    ('half', true, ARRAY['2024-01-01 new 80: 0 to 80', '2024-02-01 contraction 80: 80 to 0', '2024-03-01 churn 0: 0 to 0'], 'as churn, it has churned then'),
    ('paused', false, ARRAY['2024-01-01 new 0: 0 to 0', '2024-02-01 pause 0: 0 to 0', '2024-03-01 resume 0: 0 to 0', '2024-04-01 pause 0: 0 to 0', '2024-06-01 churn 0: 0 to 0', '2024-06-01 pause 0: 0 to 0'],
     'free customers can be paused, resume and lapse'),
    ('credit', false, ARRAY['2024-01-01 new 100: 0 to 100', '2024-02-01 contraction 100: 100 to 0', '2024-03-01 churn 0: 0 to 0'], 'a sum below zero is no MRR, but the free term holds')
) AS e(name, pauses_are_churn, lines, description) USING (name);

SELECT is(active_at(history, day), active, format('%s: %s on %s', name, CASE WHEN active THEN 'active' ELSE 'not active' END, day)) FROM account JOIN (VALUES
    ('up and down', date '2023-12-31', false), ('up and down', '2024-01-01', true), ('up and down', '2024-04-30', true), ('up and down', '2024-06-30', true), ('up and down', '2024-07-01', false),
    ('for ever', 'infinity', true), ('for ever', '-infinity', false), ('half', '2024-02-15', true), ('half', '2024-03-01', false), ('credit', '2024-02-15', true)
) AS e(name, day, active) USING (name);
SELECT is(active_at(NULL, '2024-01-01'), NULL, 'active_at of NULL is NULL');
SELECT is(ARRAY[mrr_at(history, '2024-01-15'), mrr_at(history, '2024-03-01'), mrr_at(history, '2024-05-01'), revenue_between(history, '2024-01-01', '2025-01-01')], '{0,100,0,300}'::numeric[], 'free terms add no MRR and no revenue')
FROM account WHERE name = 'up and down';
SELECT is(first_paid_on(history), day, name || ': a customer since its first day, free or not') FROM account JOIN (VALUES
    ('up and down', date '2024-01-01'), ('for ever', '2024-01-10'), ('half', '2024-01-01'), ('visit', '2024-02-05')) AS e(name, day) USING (name);
SELECT is(churned_on(history, as_of), day, format('%s: churned on, as of %s', name, as_of)) FROM account JOIN (VALUES
    ('up and down', date '2024-06-30', NULL::date), ('up and down', '2024-07-01', '2024-07-01'), ('free only', 'infinity', '2024-03-20'), ('for ever', 'infinity', NULL),
    ('beside', 'infinity', NULL), ('back', '2024-03-15', '2024-02-01'), ('back', '2024-04-01', NULL), ('half', '2024-03-31', NULL), ('half', 'infinity', '2024-04-01'), ('paused', '2024-05-31', NULL)
) AS e(name, as_of, day) USING (name);

-- Which rows are free terms
SELECT is(mrr_timeline_agg(starts, ends, mrr, paused, free), pg_temp.history(expected), description) FROM (VALUES
    (date '2024-01-01', date '2024-02-01', 0.0, false, true, '2024-01-01 2024-02-01 free', 'an MRR of 0'),
    ('2024-01-01', '2024-02-01', NULL, NULL, true, '2024-01-01 2024-02-01 free', 'or of NULL'),
    ('2024-01-01', '2024-02-01', 0.0000004, false, true, '2024-01-01 2024-02-01 free', 'or one that rounds to 0'),
    ('2024-01-01', '2024-02-01', 5, false, true, '2024-01-01 2024-02-01 5', 'with MRR it is a paid one'),
    ('2024-01-01', '2024-02-01', -5, false, true, '2024-01-01 2024-02-01 -5', 'a credit is a credit'),
    ('2024-01-01', '2024-02-01', 0, true, true, '2024-01-01 2024-02-01 paused', 'a paused one is paused'),
    ('2024-01-01', '2024-02-01', 0, false, NULL, '2024-01-01 2024-02-01 0', 'free of NULL is not free'),
    ('2024-01-01', '2024-02-01', 0, false, false, '2024-01-01 2024-02-01 0', 'nor is false'),
    ('2024-01-01', '2024-01-01', 0, false, true, '2024-01-01 2024-01-01 0', 'one that ends on the day it starts is never in force')
) AS e(starts, ends, mrr, paused, free, expected, description) GROUP BY expected, description;
SELECT is(mrr_timeline_agg(starts, ends, mrr, paused, false)::text, mrr_timeline_agg(starts, ends, mrr, paused)::text, 'without free terms the bytes are those of the other forms')
FROM pg_temp.random_terms(20, 0.5, 0.2) WHERE account % 20 = 0;
SELECT throws_ok('SELECT mrr_timeline_agg(''2024-02-01'', ''2024-01-01'', NULL, false, true)', '22023', 'ends 2024-01-01 is before starts 2024-02-01', 'a free term that ends before it starts');

-- The form: pauses and free terms in one number, each with a limit
SELECT is(history::text, form, 'written so: ' || name) FROM account JOIN (VALUES
    ('free only', '1 0|0 2|2024-01-10 65536 0|2024-03-20 -65536 0'), ('half', '1 0|0 4|2024-01-01 65536 80|2024-02-01 1 -80|2024-03-01 -65536 0|2024-04-01 -1 0')) AS e(name, form) USING (name);
SELECT is(history::text::mrr_timeline, history, name || ' reads back from its text') FROM account WHERE name IN ('paused', 'half');
CREATE FUNCTION pg_temp.many(free integer, pauses integer) RETURNS text LANGUAGE sql AS $$
    SELECT mrr_timeline_agg('2024-01-01', NULL, NULL, n > free, true)::text FROM generate_series(1, free + pauses) AS n
$$;
SELECT is(pg_temp.many(free, pauses), '1 0|0 1|2024-01-01 ' || free * 65536 + pauses || ' 0', format('%s free terms and %s pauses from one day on', free, pauses)) FROM (VALUES (16383, 16383), (0, 16383), (16383, 0)) AS e(free, pauses);
SELECT throws_ok(format('SELECT pg_temp.many(%s, %s)', free, pauses), '22003', 'mrr_timeline out of range', format('%s and %s are too many', free, pauses))
FROM (VALUES (16384, 0), (0, 16384), (16384, 16384), (0, 40000), (0, 65536), (33000, 0), (70000, 5)) AS e(free, pauses);
SELECT throws_ok(format('SELECT ''1 0|0 1|2024-01-01 %s 0''::mrr_timeline', tally), '22P02', NULL, 'so they are in text: ' || tally)
FROM (VALUES (16384), (-16384), (32767), (32768), (65536 * 16384), (-65536 * 16384), (2147483647), (-2147483648)) AS e(tally);
SELECT throws_ok(format($$SELECT merge('1 0|0 1|2024-01-01 %s 0', '1 0|0 1|2024-01-01 %s 0'::mrr_timeline)$$, a, b), '22003', 'mrr_timeline out of range', format('%s and %s do not merge', a, b))
FROM (VALUES (16383, 1), (16383, 16383), (-16383, -16383), (65536 * 16383, 65536), (65536 * 16383 + 16383, 65536 * 16383 + 16383), (-65536 * 16383 - 16383, -65536 * 16383 - 16383)) AS e(a, b);

-- Rules
SELECT is(smooth_gaps(history, 61), pg_temp.history('2024-01-01 2024-05-01 free', '2024-07-01 - 30'), 'a gap between free terms is filled with a free one; one of 61 days is not') FROM account WHERE name = 'back';
SELECT is(smooth_gaps(history, 365), pg_temp.history('2024-01-01 2024-02-01 free', '2024-02-01 2024-05-01 100', '2024-05-01 2024-07-01 free'), 'MRR that is gone while a free term is in force is no gap') FROM account WHERE name = 'up and down';
SELECT is(limit_pauses(history, 40), pg_temp.history('2024-01-01 2024-02-01 80', '2024-02-01 2024-03-12 paused', '2024-01-01 2024-03-01 free'), 'a pause ends, and the free term beside it stays') FROM account WHERE name = 'half';
SELECT is(limit_pauses(history, 10), history, 'free terms are no pauses') FROM account WHERE name = 'twice';
SELECT is(ARRAY(SELECT split_gaps(history, days)), expected, format('a history of free terms is split at gaps of more than %s days', days)) FROM account, (VALUES
    (61, ARRAY[pg_temp.history('2024-01-01 2024-02-01 free', '2024-04-01 2024-05-01 free', '2024-07-01 - 30')]),
    (60, ARRAY[pg_temp.history('2024-01-01 2024-02-01 free', '2024-04-01 2024-05-01 free'), pg_temp.history('2024-07-01 - 30')]),
    (59, ARRAY[pg_temp.history('2024-01-01 2024-02-01 free'), pg_temp.history('2024-04-01 2024-05-01 free'), pg_temp.history('2024-07-01 - 30')])) AS e(days, expected) WHERE name = 'back';
SELECT is(scale(history, 2), pg_temp.history('2024-01-01 2024-02-01 free', '2024-02-01 2024-05-01 200', '2024-05-01 2024-07-01 free'), 'free in one currency is free in another') FROM account WHERE name = 'up and down';

-- The bridge: half is paused in March, twice begins in January, all the others as they say
SELECT is(ARRAY(SELECT pg_temp.bridge(mrr_movement_agg(history, '2024-01-01', '2024-08-01', 'month'))), ARRAY[
    '2024-01-01 new 180 (9), closing 180 (9)',
    '2024-02-01 opening 180 (9), expansion 150 (2), contraction 180 (2), pause 0 (1), churn 0 (1), closing 150 (7), intra_period 0 (1)',
    '2024-03-01 opening 150 (7), resume 0 (1), contraction 50 (1), pause 0 (1), churn 0 (2), closing 100 (5)',
    '2024-04-01 opening 100 (5), reactivation 0 (1), churn 0 (2), closing 100 (4)',
    '2024-05-01 opening 100 (4), contraction 100 (1), churn 0 (1), closing 0 (3)',
    '2024-06-01 opening 0 (3), pause 0 (-1), churn 0 (1), closing 0 (3)',
    '2024-07-01 opening 0 (3), reactivation 30 (1), churn 0 (1), closing 30 (3)'], 'the bridge by month, money and accounts') FROM account;
SELECT is(ARRAY[logo_churn, nrr], expected::float8[], description) FROM (SELECT mrr_movement_agg(history, '2024-02-01', '2024-04-01', 'month') FROM account) AS s(state), movements(state) JOIN (VALUES
    (date '2024-02-01', ARRAY[1 / 9.0, 150 / 180.0], 'logo churn: one of nine, free ones and all; nrr has the free ones that pay now as expansion'),
    ('2024-03-01', ARRAY[2 / 7.0, 100 / 150.0], 'and two of seven')) AS e(period_start, expected, description) USING (period_start);
SELECT results_eq('SELECT cohort, age, accounts, retained, start_mrr, kept_mrr, mrr, net_retention FROM (SELECT cohort_agg(history, ''2024-01-01'', ''2024-04-01'', ''month'') FROM account) AS s(state), cohort_retention(state)', $$ VALUES
    (date '2024-01-01', 0, 9::bigint, 9::bigint, 180.0, 180.0, 180.0, 1::float8), ('2024-01-01', 1, 9, 7, 180, 0, 150, 150 / 180::float8), ('2024-01-01', 2, 9, 5, 180, 0, 100, 100 / 180::float8),
    ('2024-02-01', 0, 1, 0, 0, 0, 0, NULL), ('2024-02-01', 1, 1, 0, 0, 0, 0, NULL) $$, 'cohorts count free customers, from the day they began');

-- Random accounts: terms without MRR count
CREATE TEMP TABLE term AS
    SELECT account, starts, ends, CASE WHEN hashint4(account * 7 + extract(doy FROM starts)::int) % 3 = 0 THEN 0 ELSE mrr END AS mrr, paused
    FROM pg_temp.random_terms(400, 0.3, 0.15);
CREATE TEMP TABLE history AS SELECT account, mrr_timeline_agg(starts, ends, mrr, paused, true) AS history FROM term GROUP BY account;
CREATE TEMP TABLE daily AS
    WITH day AS (
        SELECT history.account, day::date, greatest(coalesce(sum(mrr) FILTER (WHERE NOT paused), 0), 0) AS mrr, coalesce(bool_or(paused), false) AS paused,
               coalesce(bool_or(mrr = 0 AND NOT paused), false) OR coalesce(sum(mrr) FILTER (WHERE NOT paused), 0) > 0 AS active
        FROM history CROSS JOIN generate_series(date '2020-12-01', '2024-11-01', interval '1 day') AS day
        LEFT JOIN term ON term.account = history.account AND starts <= day AND coalesce(ends > day, true)
        GROUP BY history.account, day),
    past AS (
        SELECT *, max(day) FILTER (WHERE active) OVER w AS last_active, max(day) FILTER (WHERE mrr > 0) OVER w AS last_paid, max(day) FILTER (WHERE NOT active AND NOT paused) OVER w AS last_idle
        FROM day WINDOW w AS (PARTITION BY account ORDER BY day))
    SELECT account, day, mrr, active, last_active, last_paid, NOT active AND last_active IS NOT NULL AND coalesce(last_idle < last_active, true) AS held FROM past;
ALTER TABLE daily ADD PRIMARY KEY (account, day);
ANALYZE daily;

CREATE TEMP TABLE config (config text PRIMARY KEY, from_date date, to_date date, period text, step interval, lag integer);
INSERT INTO config VALUES ('months', '2021-06-01', '2024-07-15', 'month', '1 month', 1), ('weeks', '2022-01-05', '2023-01-01', 'week', '7 days', 1), ('years by month', '2022-06-01', '2024-08-01', 'month', '1 month', 12);
CREATE TEMP TABLE state AS
    SELECT config, mrr_movement_agg(history, from_date, to_date, period, lag) AS state FROM config, history GROUP BY config;
CREATE TEMP TABLE movement AS
    SELECT config, starts, ends, account, o.mrr AS opening, c.mrr AS closing, o.active AS opened, c.active AS closed, kind,
           CASE kind WHEN 'lapse' THEN (SELECT mrr FROM daily AS d WHERE d.account = o.account AND d.day = o.last_active)
                     WHEN 'intra_period' THEN coalesce((SELECT mrr FROM daily AS d WHERE d.account = o.account AND d.day = c.last_paid AND d.day >= starts), 0)
                     ELSE abs(o.mrr - c.mrr) END AS amount
    FROM config, generate_series(0, 1000) AS k,
         LATERAL (SELECT (from_date + (k - lag + 1) * step)::date AS starts, least((from_date + (k + 1) * step)::date, to_date) AS ends) AS span
         JOIN daily AS o ON o.day = starts - 1 JOIN daily AS c USING (account),
         LATERAL (SELECT CASE WHEN o.active AND c.active THEN CASE WHEN c.mrr > o.mrr THEN 'expansion' WHEN c.mrr < o.mrr THEN 'contraction' END
                              WHEN o.active THEN CASE WHEN c.held THEN 'pause' ELSE 'churn' END
                              WHEN c.active THEN CASE WHEN o.held THEN 'resume' WHEN o.last_active IS NULL THEN 'new' ELSE 'reactivation' END
                              WHEN o.held AND NOT c.held THEN 'lapse'
                              WHEN c.last_active >= starts AND lag = 1 THEN 'intra_period' END) AS m(kind)
    WHERE from_date + k * step < to_date AND c.day = ends - 1;
CREATE TEMP TABLE shown AS
    SELECT config, pauses_are_churn, starts, ends, account, opening, closing, s.kind, s.amount, s.count
    FROM movement CROSS JOIN (VALUES (false), (true)) AS p(pauses_are_churn), LATERAL (VALUES
        (CASE WHEN kind <> 'lapse' AND NOT pauses_are_churn THEN kind END, amount, 1),
        (CASE WHEN kind = 'lapse' AND NOT pauses_are_churn THEN 'churn' END, amount, 1),
        (CASE WHEN kind = 'lapse' AND NOT pauses_are_churn THEN 'pause' END, -amount, -1),
        (CASE WHEN kind <> 'lapse' AND pauses_are_churn THEN CASE kind WHEN 'pause' THEN 'churn' WHEN 'resume' THEN 'reactivation' ELSE kind END END, amount, 1),
        ('opening', opening, opened::integer), ('closing', closing, closed::integer)) AS s(kind, amount, count)
    WHERE s.kind IS NOT NULL;

SELECT cmp_ok(count(*), '>', 3::bigint, 'the data has what is to be tested: without MRR, ' || kind) FROM movement WHERE kind IS NOT NULL AND amount = 0 AND config <> 'years by month' GROUP BY kind ORDER BY kind;
CREATE FUNCTION pg_temp.same(found text, expected text, description text) RETURNS text LANGUAGE sql AS $$
    SELECT is_empty(format('((%1$s) EXCEPT ALL (%2$s)) UNION ALL ((%2$s) EXCEPT ALL (%1$s))', found, expected), description)
$$;
SELECT pg_temp.same(
    format('SELECT period_start, period_end, kind, amount, count FROM state, pg_temp.cells(state, %L) WHERE config = %L', pauses_are_churn, config),
    format('SELECT starts, ends, kind, sum(amount), sum(count) FROM shown WHERE pauses_are_churn = %L AND config = %L GROUP BY starts, ends, kind HAVING sum(amount) <> 0 OR sum(count) <> 0', pauses_are_churn, config),
    format('%s: every amount and count of the bridge%s', config, CASE WHEN pauses_are_churn THEN ', pauses as churn' END))
FROM config, (VALUES (false), (true)) AS p(pauses_are_churn);
SELECT pg_temp.same(
    format('SELECT account, c.* FROM config, history, changes(history, from_date, to_date, period, lag, %L) AS c WHERE config = %L', pauses_are_churn, config),
    format('SELECT account, starts, ends, kind, opening, closing, amount FROM shown WHERE kind NOT IN (''opening'', ''closing'') AND pauses_are_churn = %L AND config = %L', pauses_are_churn, config),
    format('%s: the changes of every account%s', config, CASE WHEN pauses_are_churn THEN ', pauses as churn' END))
FROM config, (VALUES (false), (true)) AS p(pauses_are_churn);
-- the moments are those of the opening cohort, free ones and all: of e = m1 - m0
SELECT is(ARRAY(SELECT array_to_string((string_to_array(split_part(flow::text, '|', 2), ' '))[7:11], ' ') || opening_count(flow) || ' ' || churned_count(flow) FROM revenue_flows(state) ORDER BY period_start),
          ARRAY(SELECT concat_ws(' ', trim_scale(sum(opening)), trim_scale(coalesce(sum(closing) FILTER (WHERE NOT opened), 0)), trim_scale(coalesce(sum(amount) FILTER (WHERE kind = 'expansion'), 0)),
                                 trim_scale(coalesce(sum(amount) FILTER (WHERE kind = 'contraction'), 0)), trim_scale(coalesce(sum(opening) FILTER (WHERE NOT closed), 0)))
                       || count(*) FILTER (WHERE opened) || ' ' || count(*) FILTER (WHERE opened AND NOT closed)
                FROM movement AS m WHERE m.config = s.config GROUP BY starts ORDER BY starts), config || ': the flows') FROM state AS s ORDER BY config;
SELECT ok(bool_and(abs(i.lower - e.lower) < 1e-9 AND abs(i.upper - e.upper) < 1e-9) AND count(*) > 20, 'the interval of nrr is that of the ratio estimator over the opening cohort, free ones and all')
FROM state, revenue_flows(state) AS f, nrr_interval(flow) AS i, LATERAL (
    SELECT greatest(r - 1.959963984540054 * se, 0) AS lower, r + 1.959963984540054 * se AS upper
    FROM (SELECT sum(closing) / sum(opening) AS r, count(*) AS n, sum(opening) AS x FROM movement AS m WHERE m.config = state.config AND starts = period_start AND opened) AS t,
         LATERAL (SELECT (sqrt(n / (n - 1.0) * sum((closing - r * opening) ^ 2)) / x)::float8 AS se FROM movement AS m WHERE m.config = state.config AND starts = period_start AND opened) AS u) AS e
WHERE opening_count(flow) > 1;

-- Days, cohorts, rules and sums
SELECT is_empty('SELECT account, d.day FROM history JOIN daily AS d USING (account) WHERE active_at(history, d.day) <> d.active OR mrr_at(history, d.day) <> d.mrr', 'active_at and mrr_at on every day');
SELECT is_empty($$SELECT account FROM history JOIN daily USING (account) GROUP BY account, history
                  HAVING first_paid_on(history) IS DISTINCT FROM min(day) FILTER (WHERE active)$$, 'first_paid_on is the first active day');
SELECT is_empty($$SELECT history.account FROM history, LATERAL (SELECT * FROM daily AS d WHERE d.account = history.account ORDER BY day DESC LIMIT 1) AS d
                  WHERE (churned_on(history, d.day) IS NULL) <> (d.active OR d.held OR d.last_active IS NULL)
                     OR (churned_on(history, d.day, true) IS DISTINCT FROM CASE WHEN NOT d.active THEN d.last_active + 1 END)$$, 'churned_on is the day after the last active one, if pauses are churn');
SELECT pg_temp.same('SELECT cohort, age, accounts, retained, start_mrr, kept_mrr, mrr FROM (SELECT cohort_agg(history, ''2021-01-01'', ''2024-01-01'', ''quarter'') FROM history) AS s(state), cohort_retention(state)',
    $$SELECT date_trunc('quarter', first.day)::date, age, count(*), count(*) FILTER (WHERE d.active), sum(first.mrr), sum(least(first.mrr, d.mrr)), sum(d.mrr)
      FROM (SELECT DISTINCT ON (account) account, day, mrr FROM daily WHERE active ORDER BY account, day) AS first, generate_series(0, 11) AS age, daily AS d
      WHERE d.account = first.account AND d.day = (date_trunc('quarter', first.day) + (age + 1) * interval '3 months')::date - 1 AND d.day < '2024-01-01'
      GROUP BY 1, 2$$, 'the triangle of cohorts');
SELECT is_empty($$SELECT account FROM history, LATERAL (SELECT rollup(part) AS whole, bool_or(part::text::mrr_timeline <> part) AS odd FROM split_gaps(history, 40) AS part) AS p WHERE odd OR whole <> history$$, 'parts add up to the whole, byte for byte');
SELECT pg_temp.same('SELECT account, c.changed_on, c.movement, c.opening, c.closing, c.amount FROM history, split_gaps(history, 40) AS part, changes(part) AS c',
    $$SELECT account, changed_on, CASE WHEN movement = 'reactivation' AND changed_on - churned_on(history, changed_on - 1) > 40 THEN 'new' ELSE movement END, opening, closing, amount FROM history, changes(history)$$,
    'and differ in nothing but that the return is new');
SELECT is_empty($$SELECT account FROM history WHERE smooth_gaps(history, 20)::text::mrr_timeline <> smooth_gaps(history, 20) OR limit_pauses(history, 20)::text::mrr_timeline <> limit_pauses(history, 20)
                  OR EXISTS (SELECT FROM daily AS d WHERE d.account = history.account AND d.active AND NOT (active_at(smooth_gaps(history, 20), d.day) AND active_at(limit_pauses(history, 20), d.day)))
                  OR EXISTS (SELECT FROM changes(smooth_gaps(history, 20)) WHERE movement = 'reactivation' AND changed_on - churned_on(smooth_gaps(history, 20), changed_on - 1) < 20
                                AND NOT EXISTS (SELECT FROM term WHERE term.account = history.account AND paused))$$, 'smoothed and limited histories keep every active day');
SELECT is_empty($$SELECT account FROM (SELECT account, starts, ends, mrr, paused, row_number() OVER (PARTITION BY account ORDER BY random()) % 3 AS part FROM term) AS t JOIN history USING (account)
                  GROUP BY account, history HAVING history <> merge(merge(coalesce(mrr_timeline_agg(starts, ends, mrr, paused, true) FILTER (WHERE part = 0), '1 0|0 0'),
                      coalesce(mrr_timeline_agg(starts, ends, mrr, paused, true) FILTER (WHERE part = 1), '1 0|0 0')), coalesce(mrr_timeline_agg(starts, ends, mrr, paused, true) FILTER (WHERE part = 2), '1 0|0 0'))$$,
                'terms in three random parts merge to the whole, byte for byte');
SELECT is_empty($$SELECT account FROM history, (SELECT mrr_timeline_agg(starts, ends, mrr, paused, true) AS other FROM term WHERE account < 20) AS o WHERE unmerge(merge(history, other), other) <> history$$, 'unmerge is the inverse of merge');
-- the same accounts where nothing without MRR counts: sums of MRR are what they were
SELECT is_empty($$SELECT * FROM (SELECT config, m.* FROM state, movements(state) AS m) AS with_free JOIN (
    SELECT config, m.* FROM (SELECT config, mrr_movement_agg(history, from_date, to_date, period, lag) AS state
                             FROM config, (SELECT mrr_timeline_agg(starts, ends, mrr, paused) AS history FROM term GROUP BY account) AS h GROUP BY config) AS s, movements(state) AS m) AS without
    USING (config, period_start) WHERE with_free.opening <> without.opening OR with_free.closing <> without.closing$$, 'opening and closing MRR are those of the rule that counts none');

-- In a model
CREATE TABLE public.contract (account_id text, starts_on date, ends_on date, mrr numeric, status text);
INSERT INTO public.contract VALUES
    ('free first', '2024-01-01', '2024-03-01', 0, 'active'), ('free first', '2024-03-01', NULL, 50, 'active'),
    ('discount',   '2024-01-01', '2024-03-01', 100, 'active'), ('discount', '2024-03-01', NULL, 0, 'active'),
    ('trial',      '2024-01-01', NULL, 0, 'trial'),
    ('paid',       '2024-01-01', NULL, 30, 'active'),
    ('paused',     '2024-01-01', '2024-03-01', 10, 'active'), ('paused', '2024-03-01', NULL, NULL, 'paused');
CALL create_model('cs');
UPDATE cs.policy SET as_of = '2024-03-31';
CALL map('cs', 'subscription', 'TABLE public.contract');
CREATE FUNCTION pg_temp.months() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(', ', to_char(period_start_on, 'Mon'), 'opening ' || opening_mrr || ' ' || opening_count, 'new ' || new_mrr || ' ' || new_count, 'expansion ' || expansion_mrr || ' ' || expansion_count,
                     'contraction ' || contraction_mrr || ' ' || contraction_count, 'pause ' || pause_mrr || ' ' || pause_count, 'churn ' || churn_mrr || ' ' || churn_count, 'closing ' || closing_mrr || ' ' || closing_count)
    FROM cs.revenue_monthly WHERE period_start_on <> '2024-02-01' ORDER BY period_start_on
$$;
CALL refresh('cs');
SELECT is(ARRAY(SELECT pg_temp.months()), ARRAY[
    'Jan, opening 0 0, new 140 3, expansion 0 0, contraction 0 0, pause 0 0, churn 0 0, closing 140 3',
    'Mar, opening 140 3, new 50 1, expansion 0 0, contraction 0 0, pause 10 1, churn 100 1, closing 80 2'], 'zero_mrr_rule exclude, the default: who pays nothing is no customer');
UPDATE cs.policy SET zero_mrr_rule = 'count';
CALL refresh('cs');
SELECT is(ARRAY(SELECT pg_temp.months()), ARRAY[
    'Jan, opening 0 0, new 140 4, expansion 0 0, contraction 0 0, pause 0 0, churn 0 0, closing 140 4',
    'Mar, opening 140 4, new 0 0, expansion 50 1, contraction 100 1, pause 10 1, churn 0 0, closing 80 3'], 'count: it is one, with the same MRR; a trial that is excluded is none');
SELECT results_eq('SELECT account_count, retained_count, start_mrr, mrr FROM cs.cohort_retention WHERE age_months = 2', 'VALUES (4::bigint, 3::bigint, 140::numeric, 80::numeric)', 'cohorts follow');
UPDATE cs.policy SET trial_rule = 'count';
CALL refresh('cs');
SELECT is((SELECT closing_count FROM cs.revenue_monthly WHERE period_start_on = '2024-01-01'), 5::bigint, 'with trial_rule count a trial without MRR is a customer, too');
UPDATE cs.policy SET trial_rule = 'exclude', pause_rule = 'keep';
CALL refresh('cs');
SELECT is((ARRAY(SELECT pg_temp.months()))[2], 'Mar, opening 140 4, new 0 0, expansion 50 1, contraction 100 1, pause 0 0, churn 10 1, closing 80 3', 'with pause_rule keep, a pause of unknown MRR is no free term');
SELECT is(pg_temp.failure($$UPDATE cs.policy SET zero_mrr_rule = 'maybe'$$) LIKE '23514 %', true, 'an unknown rule is refused');

SELECT * FROM finish();
ROLLBACK;
