\unset ECHO
\i test/psql.sql
-- Usage histories: read over any window and as of any day, put together and taken apart, against plain SQL.
BEGIN;
SELECT plan(83);
SELECT setseed(0.27) \g /dev/null

-- By hand: active on 2024-02-26 (2 rows, 5 events), 27, 29 (a leap day), 2024-03-01, and long after, on 2024-06-15.
CREATE TEMP TABLE usage (day date, events bigint);
INSERT INTO usage VALUES ('2024-03-01', 1), ('2024-02-26', 2), ('2024-02-29', 4), ('2024-02-27', 1), ('2024-06-15', 9), ('2024-02-26', 3), ('2024-02-28', 0), (NULL, 7), ('2024-02-28', NULL);
CREATE TEMP TABLE one AS SELECT activity_agg(day, events) AS a FROM usage;
SELECT is(got, want, description)
FROM one, LATERAL (VALUES
    (active_days(a, '2024-02-01', '2024-07-01')::text, '5', 'active days: each once, without events none'),
    (active_days(a, '2024-02-26', '2024-02-29')::text, '2', 'from the first day of the window on, and before the last'),
    (active_days(a, '2024-02-29', '2024-03-02')::text, '2', 'over the leap day'),
    (active_days(a, '2024-04-01', '2024-05-01')::text, '0', 'none in a gap'),
    (events_between(a, '2024-02-01', '2024-07-01')::text, '20', 'events'),
    (events_between(a, '2024-02-26', '2024-02-27')::text, '5', 'events of rows of one day add up'),
    (events_between(a, '2024-03-02', '2024-06-15')::text, '0', 'none before the window ends'),
    (first_active_on(a)::text, '2024-02-26', 'first active day'), (last_active_on(a)::text, '2024-06-15', 'last active day'),
    (first_active_on(a, '2024-02-26')::text, '2024-02-26', 'the first by its day'), (first_active_on(a, '2024-02-25')::text, NULL, 'but not before'),
    (last_active_on(a, '2024-06-14')::text, '2024-03-01', 'the last as of a past day'), (last_active_on(a, '2024-02-28')::text, '2024-02-27', 'as of a day that is not active'),
    (is_active(a, '2024-03-28')::text, 'true', 'active 28 days up to the 27th day after'), (is_active(a, '2024-03-29')::text, 'false', 'and not on the 28th'),
    (is_active(a, '2024-03-07', 7)::text, 'true', 'active in 7 days'), (is_active(a, '2024-03-08', 7)::text, 'false', 'a day later not'), (is_active(a, '2024-02-25', 28)::text, 'false', 'nor before it began'),
    (is_active(a, '2024-02-28', 1)::text, 'false', 'a day without events is not active'),
    (consistency(a, '2024-03-03')::text, '0.25', 'weeks that end with as_of: one of four'), (consistency(a, '2024-03-03', 1)::text, '1', 'the last one'),
    (consistency(a, '2024-02-28', 2)::text, '0.5', 'a week has seven days'), (consistency(a, '2024-03-04', 2)::text, '1', 'one day in the first of two, the others in the second'),
    (consistency(a, '2024-06-15', 16)::text, (2 / 16.0)::float8::text, 'a long way back'),
    (longest_gap(a, '2024-02-26', '2024-03-02')::text, '1', 'a gap of a day'), (longest_gap(a, '2024-02-20', '2024-03-02')::text, '6', 'the gap before the first day counts'),
    (longest_gap(a, '2024-02-26', '2024-03-20')::text, '18', 'and that after the last'), (longest_gap(a, '2024-02-26', '2024-07-01')::text, '105', 'between them too'),
    (longest_gap(a, '2024-04-01', '2024-05-01')::text, '30', 'no activity: all of the window'),
    (streak(a, '2024-02-27')::text, '2', 'a streak of two'), (streak(a, '2024-02-28')::text, '0', 'none on a day without'), (streak(a, '2024-03-01')::text, '2', 'over the end of February'), (streak(a, '2024-06-15')::text, '1', 'of one')
) AS v(got, want, description);
SELECT is(activity_agg(day), (SELECT activity_agg(day, 1) FROM usage WHERE day IS NOT NULL), 'without events a row is one') FROM usage;
SELECT is(activity_agg(day), NULL, 'no rows: NULL') FROM usage WHERE false;
SELECT ok(a IS NOT NULL AND first_active_on(a) IS NULL AND last_active_on(a) IS NULL AND active_days(a, '2024-01-01', '2025-01-01') = 0 AND NOT is_active(a, '2024-03-01') AND streak(a, '2024-03-01') = 0
          AND consistency(a, '2024-03-01') = 0, 'rows of NULL alone: a history without activity') FROM (SELECT activity_agg(NULL::date) AS a) AS q;
SELECT ok(active_days(NULL, '2024-01-01', '2024-02-01') IS NULL AND usage_change(NULL, '2024-01-01') IS NULL AND usage_change(activity_agg(NULL::date), '2024-03-01') IS NULL AND first_active_on(NULL) IS NULL AND is_active(NULL, '2024-01-01') IS NULL AND consistency(NULL, '2024-01-01') IS NULL
          AND usage_trend(NULL, '2024-01-01') IS NULL, 'no history: NULL');
SELECT is(concat_ws(' ', first_active_on(a), last_active_on(a), active_days(a, '0001-01-01', '9999-12-31'), longest_gap(a, '0001-01-01', '9999-12-31')), '0001-01-01 9999-12-31 1 3652057', 'the first and the last day there are')
FROM (SELECT activity_agg(day) AS a FROM (VALUES (date '0001-01-01'), ('9999-12-31')) AS v(day)) AS q;

-- From R: t.test(c(3, 0, 0, 3, 0, 0, 3), c(1, 0, 2, 0, 0, 0, 1), conf.level = confidence)
CREATE TEMP TABLE fortnight AS
SELECT activity_agg(day, events) AS a FROM (VALUES (date '2024-02-26', 1::bigint), ('2024-02-28', 2), ('2024-03-03', 1), ('2024-03-04', 3), ('2024-03-07', 3), ('2024-03-10', 3)) AS v(day, events);
SELECT ok(t.recent = 9 / 7.0::float8 AND t.before = 4 / 7.0::float8 AND abs(t.difference - 5 / 7.0) < 1e-15 AND abs(t.lower - r.lower) < 1e-12 AND abs(t.upper - r.upper) < 1e-12 AND abs(t.p - r.p) < 1e-12, format('usage_trend at %s is Welch''s', confidence))
FROM fortnight, (VALUES (0.5, 0.239257624039294, 1.18931380453213, 0.318440679706298), (0.95, -0.820146924521908, 2.24871835309334, 0.318440679706298), (0.999, -2.55549593710669, 3.98406736567812, 0.318440679706298)) AS r(confidence, lower, upper, p),
     usage_trend(a, '2024-03-10', 7, confidence) AS t;
SELECT is(usage_trend(a, '2024-03-10'), usage_trend(a, '2024-03-10', 28, 0.95), 'usage_trend: 28 days and 0.95 if not given') FROM fortnight;
-- The fortnight began on 2024-02-26: 4 events and then 9.
SELECT is(usage_change(a, as_of, days), change, format('usage_change at %s over %s days', as_of, days))
FROM fortnight, (VALUES (date '2024-03-10', 7, 1.25::float8), ('2024-03-09', 7, NULL), ('2024-03-11', 7, 0), ('2024-03-17', 7, -1), ('2024-03-24', 7, NULL), ('2024-03-10', 8, NULL), ('2024-03-10', 2, 0), ('2024-03-04', 2, NULL), ('2024-03-05', 2, 2),
                        ('2024-02-20', 7, NULL), ('0001-01-01', 36525, NULL), ('9999-12-31', 36525, NULL)) AS c(as_of, days, change);
SELECT is(usage_change(activity_agg(d, n), '2024-04-21'), 0.5::float8, 'usage_change: 28 days if not given') FROM (VALUES (date '2024-02-26', 4), ('2024-03-24', 2), ('2024-03-25', 4), ('2024-04-21', 5), ('2024-04-22', 9)) AS v(d, n);
SELECT is(usage_trend(a, '2024-02-11', 7)::text, '(2,2,0,0,0,)', 'no day differs from another: no width, no p') FROM (SELECT activity_agg(d::date, 2) AS a FROM generate_series(timestamp '2024-01-01', '2024-03-01', '1 day') AS d) AS q;

-- Oracle: rows of many shapes, in any order
CREATE TEMP TABLE event AS
SELECT account, date '2023-01-01' + CASE account % 4 WHEN 0 THEN floor(random() * 60) WHEN 1 THEN floor(random() * 2000) WHEN 2 THEN 7 * floor(random() * 100) ELSE floor(random() ^ 3 * 5000) END::int AS day, floor(random() ^ 8 * 100000)::bigint AS events
FROM generate_series(1, 40) AS account, generate_series(1, 400) AS i;
CREATE TEMP TABLE history AS SELECT account, activity_agg(day, events) AS a FROM event GROUP BY account;
CREATE TEMP TABLE window_of AS SELECT date '2022-12-01' + floor(random() * 2000)::int AS f, floor(random() ^ 2 * 1500 + 1)::int AS n FROM generate_series(1, 60);
SELECT is_empty($$
    SELECT account, f, n, active_days(a, f, f + n), events_between(a, f, f + n) FROM history, window_of
    EXCEPT SELECT account, f, n, count(DISTINCT day) FILTER (WHERE day >= f AND day < f + n AND events > 0), coalesce(sum(events) FILTER (WHERE day >= f AND day < f + n), 0) FROM event, window_of GROUP BY 1, 2, 3
$$, 'active days and events of random windows are those of plain SQL');
SELECT is_empty($$
    SELECT account, f, first_active_on(a, f), last_active_on(a, f), is_active(a, f, n), consistency(a, f, 1 + n / 7), streak(a, f) FROM history, window_of
    EXCEPT SELECT account, f, min(day) FILTER (WHERE day <= f), max(day) FILTER (WHERE day <= f), bool_or(day > f - n AND day <= f), count(DISTINCT (f - day) / 7) FILTER (WHERE day > f - 7 * (1 + n / 7) AND day <= f) / (1.0::float8 + n / 7),
                  (SELECT count(*)::int FROM generate_series(0, 3000) AS back WHERE NOT EXISTS (SELECT FROM generate_series(0, back) AS b WHERE NOT EXISTS (SELECT FROM event AS o WHERE o.account = e.account AND o.events > 0 AND o.day = f - b) LIMIT 1) AND back < 70)
           FROM event AS e, (SELECT DISTINCT f, n FROM window_of) AS w WHERE events > 0 GROUP BY account, f, n
$$, 'bounds, activity, consistency and streaks too');
SELECT is_empty($$
    SELECT account, f, n, usage_change(a, f, n) FROM history, window_of WHERE n > 1
    EXCEPT SELECT account, f, n, CASE WHEN first <= f + 1 - 2 * n AND before > 0 THEN (recent - before)::float8 / before::float8 END
           FROM (SELECT account, f, n, (SELECT min(day) FROM event AS b WHERE b.account = e.account AND events > 0) AS first,
                        coalesce(sum(events) FILTER (WHERE day > f - n AND day <= f), 0) AS recent, coalesce(sum(events) FILTER (WHERE day > f - 2 * n AND day <= f - n), 0) AS before
                 FROM event AS e, (SELECT DISTINCT f, n FROM window_of) AS w GROUP BY 1, 2, 3) AS s
$$, 'and changes');
SELECT is_empty($$ SELECT account, f, n, usage_change(a, f, n) FROM history, window_of WHERE n > 1
                   EXCEPT SELECT account, f, n, usage_change(k, f, n) FROM (SELECT account, f, n, activity_agg(day, events) FILTER (WHERE day <= f) AS k FROM event, window_of WHERE n > 1 GROUP BY 1, 2, 3) AS e $$,
                'what came later does not change them');
SELECT is_empty($$
    SELECT account, f, n, longest_gap(a, f, f + n) FROM history, window_of
    EXCEPT SELECT account, f, n, max(gap) FROM (SELECT account, f, n, lead(day, 1, f + n) OVER (PARTITION BY account, f, n ORDER BY day) - day - 1 AS gap
                                                FROM (SELECT account, f, n, f - 1 AS day FROM history, window_of UNION SELECT account, f, n, day FROM event, window_of WHERE events > 0 AND day >= f AND day < f + n) AS d) AS g GROUP BY 1, 2, 3
$$, 'and the longest gaps');
SELECT ok(bool_and(a = b AND a::text::activity = a), 'the same facts in any order, split any way, are the same bytes')
FROM history JOIN (SELECT account, rollup(p ORDER BY random()) AS b FROM (SELECT account, activity_agg(day, events ORDER BY random()) AS p FROM event GROUP BY account, floor(random() * 6)) AS parts GROUP BY account) AS q USING (account);
SELECT ok(bool_and(unmerge(merge(x.a, y.a), y.a) = x.a), 'unmerge takes out what merge put in') FROM history AS x, history AS y WHERE x.account + y.account = 41;
SELECT is(array_agg(events_between(w, '2024-01-01', '2025-01-01') ORDER BY id), '{1,3,5,7,9}'::bigint[], 'a moving frame of two rows') FROM (SELECT id, activity_agg(date '2024-01-01' + id % 2, id) OVER (ORDER BY id ROWS 1 PRECEDING) AS w FROM generate_series(1, 5) AS id) AS m;
SELECT cmp_ok(max(pg_column_size(a)), '<', 5 * 209, 'a week of three active days takes less than five bytes') FROM (SELECT activity_agg(d::date, 20) AS a FROM generate_series(timestamp '2020-01-01', '2023-12-31', '1 day') AS d WHERE extract(isodow FROM d) IN (1, 3, 4)) AS q;

-- What unmerge can leave is not active, but adds up.
SELECT is(concat_ws(' ', active_days(s, '2024-01-01', '2025-01-01'), events_between(s, '2024-01-01', '2025-01-01'), first_active_on(s), last_active_on(s), streak(s, '2024-02-27'), longest_gap(s, '2024-02-26', '2024-03-02')), '2 -20 2024-02-29 2024-06-15 0 3', 'days with fewer than no events are not active, but count as they are')
FROM (SELECT unmerge(a, (SELECT activity_agg(day, 10) FROM usage WHERE day IN ('2024-02-26', '2024-02-27', '2024-03-01'))) AS s FROM one) AS q;

SELECT throws_ok('SELECT csmetrics.' || call || ' FROM one', code, message, message)
FROM (VALUES
    ('activity_agg(''2024-01-01'', -1)', '22023', 'events -1 is not between 0 and 281474976710655'), ('activity_agg(''2024-01-01'', 281474976710656)', '22023', 'events 281474976710656 is not between 0 and 281474976710655'),
    ('activity_agg(''infinity'')', '22008', 'day out of range: infinity'), ('activity_agg(''0001-12-31 BC'')', '22008', 'day out of range: 0001-12-31 BC'),
    ('active_days(a, ''2024-01-02'', ''2024-01-02'')', '22023', NULL), ('events_between(a, ''2024-01-02'', ''2024-01-01'')', '22023', NULL), ('longest_gap(a, ''2024-01-02'', ''2024-01-02'')', '22023', NULL),
    ('is_active(a, ''2024-01-02'', 0)', '22023', 'days 0 is not between 1 and 36525'), ('consistency(a, ''2024-01-02'', 0)', '22023', 'weeks 0 is not between 1 and 5218'),
    ('usage_change(a, ''2024-01-02'', 1)', '22023', 'days 1 is not between 2 and 36525'), ('usage_change(a, ''2024-01-02'', 36526)', '22023', 'days 36526 is not between 2 and 36525'), ('usage_change(a, ''infinity'')', '22008', 'as_of out of range: infinity'),
    ('usage_trend(a, ''2024-01-02'', 1)', '22023', 'days 1 is not between 2 and 36525'), ('usage_trend(a, ''2024-01-02'', 7, 95)', '22023', 'confidence 95 is not between 0 and 1'), ('streak(a, ''infinity'')', '22008', 'as_of out of range: infinity')
) AS wrong(call, code, message);
SELECT throws_ok($$SELECT merge(a, a) FROM (SELECT activity_agg('2024-01-01', 281474976710655) AS a) AS q$$, '22003', 'activity out of range', 'too many events on one day');
SELECT throws_ok($$SELECT activity_agg(date '1600-01-01' + i) FROM generate_series(1, 140000) AS i$$, '54000', 'activity of more than 131071 days', 'too many days');
SELECT * FROM finish();
ROLLBACK;
