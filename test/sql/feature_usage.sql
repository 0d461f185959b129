\unset ECHO
\i test/psql.sql
-- Feature usage: histories by feature, read over windows and as of days, held against plain SQL, merged and taken apart.
BEGIN;
SELECT plan(101);
SELECT setseed(0.23) \g /dev/null

-- usage('feature day events', …): days of January 2024; events 1 if left away.
CREATE FUNCTION pg_temp.usage(VARIADIC lines text[]) RETURNS feature_usage LANGUAGE sql AS $$
    SELECT feature_usage_agg(part[1], date '2023-12-31' + part[2]::int, coalesce(part[3]::bigint, 1)) FROM (SELECT string_to_array(line, ' ') FROM unnest(lines) AS line) AS t(part)
$$;
CREATE FUNCTION pg_temp.facts(usage feature_usage, as_of date DEFAULT 'infinity') RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(format('%s %s %s %s %s', feature, first_used_on, last_used_on, active_days, events) ORDER BY nr), '{}')
    FROM feature_facts(usage, as_of) WITH ORDINALITY AS f(feature, first_used_on, last_used_on, active_days, events, nr)
$$;
CREATE FUNCTION pg_temp.value_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE value text;
BEGIN
    EXECUTE query INTO value;
    RETURN value;
END
$$;

-- The form: two names. Of "a" (97): 4 bytes of chunks, day 1 (zigzag 2), no day after it, 1 byte of counts, 2 events (4).
-- Of "b" (98): day 0, of the days after it the second (mask 2), counts 1 and 4 (2 and 8).
SELECT is(feature_usage_agg(feature, day::date, events)::text, '1 0|2 0|1|97|4|2|0|1|4|1|98|5|0|2|2|2|8', 'names in order, each with the chunks of activity')
FROM (VALUES ('b', '2000-01-03', 4), ('a', '2000-01-02', 2), ('b', '2000-01-01', 1)) AS u(feature, day, events);
SELECT is(feature_usage_agg('', '2000-01-01')::text, '1 0|1 0|0|4|0|0|1|2', 'a name may be empty');

-- By hand
CREATE TEMP VIEW office AS
    SELECT pg_temp.usage('reports 3', 'reports 3 4', 'export 10 2', 'reports 9 1', 'alerts 20 7', 'export 31 1', 'alerts 21 0') AS usage;
SELECT is(got, want, description)
FROM office, LATERAL (VALUES
    (features_used(usage, '2024-01-01', '2024-02-01')::text, '3', 'features_used: all of the month'),
    (features_used(usage, '2024-01-03', '2024-01-10')::text, '1', 'features_used: one, twice'),
    (features_used(usage, '2024-01-10', '2024-01-20')::text, '1', 'features_used: from the first day on'),
    (features_used(usage, '2024-01-04', '2024-01-09')::text, '0', 'features_used: the day at the end is not in it'),
    (features_used(usage, '2024-01-21', '2024-01-22')::text, '0', 'features_used: 0 events are no use'),
    (features_used(usage, '0001-01-01', '9999-12-31')::text, '3', 'features_used: of all time'),
    (features_used(usage, '2024-01-01', '2024-02-01', 1)::text, '3', 'features_used on a day'),
    (features_used(usage, '2024-01-01', '2024-02-01', 2)::text, '2', 'features_used on two: reports and export, a day counts once'),
    (features_used(usage, '2024-01-03', '2024-01-31', 2)::text, '1', 'features_used on two days of the window'),
    (features_used(usage, '2024-01-01', '2024-02-01', 3)::text, '0', 'features_used on three'),
    (features_used(usage, '2024-01-01', '2024-02-01', 9223372036854775807)::text, '0', 'features_used on more days than there are'),
    (features_used(usage, '2024-01-01', '2024-02-01', NULL)::text, NULL, 'features_used on NULL days'),
    ((SELECT string_agg(features_used(often, '2024-01-02', '2024-01-05', days, events)::text, ' ' ORDER BY days, events) FROM (SELECT feature_usage_agg(f, d::date, e) AS often FROM (VALUES ('a', '2024-01-01', 9), ('a', '2024-01-02', 2), ('a', '2024-01-04', 1), ('b', '2024-01-03', 5), ('b', '2024-01-05', 5)) AS v(f, d, e)) AS o,
      generate_series(1, 2) AS days, unnest('{1,3,4,5,6}'::bigint[]) AS events), '2 2 1 1 0 1 1 0 0 0', 'features_used on 1 or 2 days and 1, 3, 4, 5 or 6 times'),
    (breadth(usage, '2024-01-01', '2024-01-16', 5)::text, '0.4', 'breadth: 2 of 5'),
    (breadth(usage, '2024-01-01', '2024-02-01', 2)::text, '1.5', 'breadth: more than it is entitled to'),
    (breadth(usage, '2024-01-04', '2024-01-05', 5)::text, '0', 'breadth: none of 5'),
    (breadth(usage, '2024-01-01', '2024-02-01', 0)::text, NULL, 'breadth: entitled 0'),
    (breadth(usage, '2024-01-01', '2024-02-01', NULL)::text, NULL, 'breadth: entitled NULL'),
    (first_used_on(usage, 'export')::text, '2024-01-10', 'first_used_on'),
    (first_used_on(usage, 'Export')::text, NULL, 'first_used_on: another name'),
    (first_used_on(usage, 'expor')::text, NULL, 'first_used_on: a part of a name'),
    (first_used_on(usage, 'zoom')::text, NULL, 'first_used_on: past the last name'),
    (feature_activity(usage, 'zoom')::text, NULL, 'feature_activity: never used'),
    (active_days(feature_activity(usage, 'reports'), '2024-01-01', '2024-02-01')::text, '2', 'feature_activity is an activity'),
    (events_between(all_activity(usage), '2024-01-01', '2024-02-01')::text, '16', 'all_activity: of all features'),
    (active_days(all_activity(usage), '2024-01-01', '2024-02-01')::text, '5', 'all_activity: a day counts once'),
    (features_used(NULL, '2024-01-01', '2024-02-01')::text, NULL, 'features_used of NULL'),
    (first_used_on(NULL, 'a')::text, NULL, 'first_used_on of NULL'),
    (all_activity(NULL::feature_usage)::text, NULL, 'all_activity of NULL')
) AS r(got, want, description);
SELECT is(pg_temp.facts(usage, as_of), want, description)
FROM office, (VALUES
    (date 'infinity', ARRAY['alerts 2024-01-20 2024-01-20 1 7', 'export 2024-01-10 2024-01-31 2 3', 'reports 2024-01-03 2024-01-09 2 6'], 'all facts'),
    ('2024-01-30', ARRAY['alerts 2024-01-20 2024-01-20 1 7', 'export 2024-01-10 2024-01-10 1 2', 'reports 2024-01-03 2024-01-09 2 6'], 'the last use is not known the day before'),
    ('2024-01-10', ARRAY['export 2024-01-10 2024-01-10 1 2', 'reports 2024-01-03 2024-01-09 2 6'], 'a feature is known from its first day on'),
    ('2024-01-08', ARRAY['reports 2024-01-03 2024-01-03 1 5'], 'and the rest not yet'),
    ('2024-01-02', ARRAY[]::text[], 'nothing is known before')
) AS f(as_of, want, description);
SELECT is(pg_temp.facts(usage), ARRAY(SELECT format('%s %s %s %s %s', feature, first_used_on, last_used_on, active_days, events) FROM feature_facts(usage) AS f), 'as_of: whenever if not given') FROM office;
SELECT is_empty('SELECT csmetrics.feature_facts(NULL)', 'no facts of NULL');

-- Rows left out
SELECT is(got, want, description)
FROM (VALUES
    ((SELECT feature_usage_agg(f, d)::text FROM (VALUES ('a', date '2000-01-01'), (NULL, '2000-01-01'), ('b', NULL)) AS v(f, d)), '1 0|1 0|1|97|4|0|0|1|2', 'feature or day NULL: left out'),
    ((SELECT feature_usage_agg('a', '2000-01-01', e)::text FROM (VALUES (NULL::bigint), (1)) AS v(e)), '1 0|1 0|1|97|4|0|0|1|2', 'events NULL: left out'),
    ((SELECT feature_usage_agg('b', '2000-01-01', 0)::text), '1 0|0 0', 'events 0 alone: usage of nothing'),
    ((SELECT feature_usage_agg(NULL, NULL)::text), '1 0|0 0', 'rows of NULL alone: usage of nothing'),
    ((SELECT features_used(feature_usage_agg(NULL, NULL), '2024-01-01', '2024-01-02')::text), '0', 'which has no features'),
    ((SELECT all_activity(feature_usage_agg(NULL, NULL))::text), '1 0|0 0', 'and no activity'),
    ((SELECT feature_usage_agg('a', '2000-01-01')::text WHERE false), NULL, 'no rows: no state')
) AS v(got, want, description);

-- Names: bytewise order, whatever the collation; every length; every plane
CREATE TEMP TABLE names AS
    SELECT DISTINCT name FROM unnest(ARRAY['', ' ', 'a', 'A', 'a b', 'ab', 'aB', 'Zebra', 'zebra', 'é', 'e', 'ß', '日本', '日', '🎉', '~', repeat('x', 255), repeat('x', 254), repeat('é', 127)]
        || ARRAY(SELECT repeat(md5(i::text), 1 + i % 7) FROM generate_series(1, 300) AS i)) AS name;
SELECT is(ARRAY(SELECT feature FROM feature_facts(usage) WITH ORDINALITY AS f(feature, a, b, c, d, nr) ORDER BY nr),
          ARRAY(SELECT name FROM names ORDER BY name COLLATE "C"), 'names come back in bytewise order')
FROM (SELECT feature_usage_agg(name, '2024-01-01' ORDER BY random()) FROM names) AS q(usage);
SELECT ok(bool_and(first_used_on(usage, name) = '2024-01-01'), 'each name is found') FROM (SELECT feature_usage_agg(name, '2024-01-01') FROM names) AS q(usage), names;
SELECT is(usage::text::feature_usage, usage, 'and the text form comes back the same') FROM (SELECT feature_usage_agg(name, '2024-01-01') FROM names) AS q(usage);

-- Random use, against plain SQL: accounts of few and many features, over short and long times
CREATE TEMP TABLE use AS
SELECT account, 'feature ' || floor(random() ^ 2 * (1 + account * 3)) AS feature, date '2024-01-01' + floor(random() ^ 3 * (10 + 90 * account))::int AS day,
       CASE WHEN random() < 0.01 THEN 1e12 ELSE floor(random() * 20) END::bigint AS events, row_number() OVER () AS nr
FROM generate_series(1, 12) AS account, generate_series(1, 800);
CREATE TEMP TABLE histories AS SELECT account, feature_usage_agg(feature, day, events ORDER BY random()) AS usage FROM use GROUP BY account;
CREATE TEMP TABLE daily AS SELECT account, feature, day, sum(events)::bigint AS events FROM use GROUP BY 1, 2, 3 HAVING sum(events) > 0;
SELECT is((SELECT count(*) FROM (SELECT account, f.* FROM histories, feature_facts(usage, as_of) AS f
                                 EXCEPT SELECT account, feature, min(day), max(day), count(*), sum(events)::bigint FROM daily WHERE day <= as_of GROUP BY 1, 2) AS d)
          + (SELECT count(*) FROM (SELECT account, feature, min(day), max(day), count(*), sum(events)::bigint FROM daily WHERE day <= as_of GROUP BY 1, 2
                                   EXCEPT SELECT account, f.* FROM histories, feature_facts(usage, as_of) AS f) AS d),
          0::bigint, 'feature_facts as of ' || as_of || ' are those of plain SQL')
FROM unnest('{2023-12-31,2024-01-01,2024-01-20,2024-06-30,2025-01-01,infinity}'::date[]) AS as_of;
SELECT ok(bool_and(features_used(usage, f, t) = (SELECT count(DISTINCT feature) FROM daily AS d WHERE d.account = h.account AND day >= f AND day < t)), 'features_used is that of plain SQL')
FROM histories AS h, (SELECT date '2023-12-25' + n * 17 AS f, date '2023-12-25' + n * 17 + 1 + n * n % 91 AS t FROM generate_series(0, 40) AS n) AS w;
SELECT ok(bool_and(features_used(usage, f, t, n) = (SELECT count(*) FROM (SELECT FROM daily AS d WHERE d.account = h.account AND day >= f AND day < t GROUP BY feature HAVING count(*) >= n) AS used)), 'and on so many days, too')
FROM histories AS h, (SELECT date '2023-12-25' + n * 17 AS f, date '2023-12-25' + n * 17 + 1 + n * n % 91 AS t FROM generate_series(0, 40) AS n) AS w, unnest('{1,2,3,9,65}'::bigint[]) AS n;
SELECT ok(bool_and(feature_activity(usage, feature) = activity AND first_used_on(usage, feature) = first_active_on(activity)), 'feature_activity is the activity of its rows')
FROM histories JOIN (SELECT account, feature, activity_agg(day, events) AS activity FROM daily GROUP BY 1, 2) AS a USING (account);
SELECT ok(bool_and(all_activity(usage) = activity), 'all_activity is the activity of all rows') FROM histories JOIN (SELECT account, activity_agg(day, events) AS activity FROM use GROUP BY 1) AS a USING (account);
SELECT ok(bool_and(usage = other), 'rows by event, by day and in any order: the same bytes')
FROM (SELECT account, feature_usage_agg(feature, day, events ORDER BY feature DESC, day) AS other FROM daily GROUP BY 1) AS o JOIN histories USING (account);
SELECT is(feature_usage_agg(feature, day), feature_usage_agg(feature, day, 1), 'without events a row is one event') FROM use;

-- Merged and taken apart
SELECT is(rollup(usage ORDER BY random()), (SELECT feature_usage_agg(feature, day, events) FROM use), 'a rollup is the state of all rows') FROM histories;
SELECT ok(bool_and(unmerge(merge(a.usage, b.usage), b.usage) = a.usage), 'unmerge is the inverse of merge') FROM histories AS a, histories AS b;
SELECT ok(bool_and(merge(a.usage, b.usage) = merge(b.usage, a.usage)), 'merge takes either order') FROM histories AS a, histories AS b;
SELECT is(unmerge(usage, usage)::text, '1 0|0 0', 'nothing is left of a state without itself') FROM histories WHERE account = 7;
SELECT is(merge(unmerge(a.usage, b.usage), b.usage), a.usage, 'taken out first and put back') FROM histories AS a, histories AS b WHERE a.account = 3 AND b.account = 9;
CREATE TEMP VIEW debt AS SELECT unmerge(pg_temp.usage('a 1 5', 'b 2', 'c 7'), pg_temp.usage('a 1 2', 'a 3 2', 'b 2 1', 'd 5')) AS usage;
SELECT is(pg_temp.facts(usage), ARRAY['a 2024-01-01 2024-01-01 1 1', 'c 2024-01-07 2024-01-07 1 1'], 'a day of fewer than no events is not active, its events count') FROM debt;
SELECT is(features_used(usage, '2024-01-01', '2024-02-01') + features_used(usage, '2024-01-01', '2024-02-01', 1), 4::bigint, 'nor does it make a feature used') FROM debt;
SELECT is(first_used_on(usage, 'd'), NULL::date, 'nor first used') FROM debt;
SELECT is(split_part(usage::text, '|', 1), '1 2', 'a flag tells of it') FROM debt;
SELECT is(usage::text::feature_usage, usage, 'and its text form comes back the same') FROM debt;

-- Moving frames
SELECT ok(bool_and(near IS NOT DISTINCT FROM (SELECT feature_usage_agg(feature, day, events) FROM use AS r WHERE r.nr BETWEEN w.nr - 3 AND w.nr)
                   AND past IS NOT DISTINCT FROM (SELECT feature_usage_agg(feature, day, events) FROM use AS r WHERE r.nr BETWEEN w.nr - 90 AND w.nr - 40)),
          'a moving frame equals its rows aggregated')
FROM (SELECT nr, feature_usage_agg(feature, day, events) OVER (ORDER BY nr ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) AS near,
             feature_usage_agg(feature, day, events) OVER (ORDER BY nr ROWS BETWEEN 90 PRECEDING AND 40 PRECEDING) AS past FROM use WHERE nr < 400) AS w;
SELECT is(max(features), 10::bigint, 'names that left the frame make room for others')
FROM (SELECT features_used(feature_usage_agg('feature ' || i, '2024-01-01') OVER (ORDER BY i ROWS 9 PRECEDING), '2024-01-01', '2024-01-02') AS features FROM generate_series(1, 5000) AS i) AS w;

-- Refused
SELECT throws_ok(format('SELECT csmetrics.%s', call), code, message, description)
FROM (VALUES
    ('feature_usage_agg(repeat(''x'', 256), ''2024-01-01'')', '22023', 'feature of 256 bytes', 'a name of 256 bytes'),
    ('feature_usage_agg(repeat(''é'', 128), ''2024-01-01'')', '22023', 'feature of 256 bytes', 'a name of 128 characters of two bytes'),
    ('feature_usage_agg(repeat(''x'', 256), ''2024-01-01'', 0)', '22023', 'feature of 256 bytes', 'the same without events'),
    ('feature_usage_agg(''a'', ''infinity'')', '22008', 'day out of range: infinity', 'a day without end'),
    ('feature_usage_agg(''a'', ''2024-01-01'', -1)', '22023', 'events -1 is not between 0 and 281474976710655', 'events below 0'),
    ('feature_usage_agg(''a'', ''2024-01-01'', 281474976710655 + n) FROM generate_series(0, 0) AS n, generate_series(1, 2)', '22003', 'feature_usage out of range', '2^48 events on a day'),
    ('feature_usage_agg(''a'' || n, ''2024-01-01'', 281474976710655) FROM generate_series(1, 2049) AS n', '22003', 'feature_usage out of range', '2^59 events in all'),
    ('feature_usage_agg(''feature '' || n, ''2024-01-01'') FROM generate_series(1, 4097) AS n', '54000', 'feature_usage of more than 4096 features', '4097 features'),
    ('feature_usage_agg(repeat(chr(65 + n % 26), 250) || n, date ''1990-01-01'' + 100 * m, 4000000000000 + m) FROM generate_series(1, 4000) AS n, generate_series(1, 30) AS m',
        '54000', 'feature_usage of more than 2097152 bytes', 'more than 2 MB'),
    ('features_used(csmetrics.feature_usage_agg(''a'', ''2024-01-01''), ''2024-01-02'', ''2024-01-02'')', '22023', 'to_date 2024-01-02 is not after from_date 2024-01-02', 'an empty window'),
    ('features_used(csmetrics.feature_usage_agg(''a'', ''2024-01-01''), ''2024-01-01'', ''2024-01-02'', 0)', '22023', 'at_least_days 0 is below 1', 'no days at least'),
    ('features_used(csmetrics.feature_usage_agg(''a'', ''2024-01-01''), ''2024-01-01'', ''2024-01-02'', 1, 0)', '22023', 'at_least_events 0 is below 1', 'no events at least'),
    ('features_used(csmetrics.feature_usage_agg(''a'', ''2024-01-01''), ''2024-01-02'', ''2024-01-01'', 2)', '22023', 'to_date 2024-01-01 is not after from_date 2024-01-02', 'on so many days of none'),
    ('breadth(csmetrics.feature_usage_agg(''a'', ''2024-01-01''), ''2024-01-01'', ''2024-01-02'', -1)', '22023', 'entitled -1 is below 0', 'entitled below 0'),
    ('first_used_on(csmetrics.feature_usage_agg(''a'', ''2024-01-01''), repeat(''x'', 256))', '22023', 'feature of 256 bytes', 'a name to look for of 256 bytes')
) AS wrong(call, code, message, description);
SELECT lives_ok('SELECT csmetrics.feature_usage_agg(repeat(''x'', 250) || n, ''2024-01-01'') FROM generate_series(1, 4096) AS n', '4096 features are not too many');

-- Text from outside
SELECT throws_ok(format('SELECT %L::csmetrics.feature_usage', form), '22P02', NULL, description)
FROM (VALUES
    ('1 0|1 0|1|98|4|0|0|1|2|1|97|4|0|0|1|2', 'one name, and then another'),
    ('1 0|2 0|1|98|4|0|0|1|2|1|97|4|0|0|1|2', 'names in the wrong order'),
    ('1 0|2 0|1|97|4|0|0|1|2|1|97|4|0|0|1|2', 'a name twice'),
    ('1 0|1 0|1|0|4|0|0|1|2', 'a NUL in a name'),
    ('1 0|1 0|1|255|4|0|0|1|2', 'a byte that UTF-8 has not'),
    ('1 0|1 0|2|192|128|4|0|0|1|2', 'more bytes than the character needs'),
    ('1 0|1 0|3|237|160|128|4|0|0|1|2', 'half of a surrogate pair'),
    ('1 0|1 0|1|195|4|0|0|1|2', 'half of a character'),
    ('1 0|1 0|1|97|0', 'a name without days'),
    ('1 0|1 0|1|97|5|0|0|1|2', 'fewer bytes than it says'),
    ('1 0|1 0|1|97|132|0|0|0|1|2', 'a longer number than it need be'),
    ('1 2|1 0|1|97|4|0|0|1|2', 'the flag of debts without any'),
    ('1 0|1 1|1|97|4|0|0|1|2', 'an entry in a finished state')
) AS wrong(form, description);

SELECT * FROM finish();
ROLLBACK;
