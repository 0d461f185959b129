\unset ECHO
\i test/psql.sql
-- Adoption of features: by hand and against plain SQL, with lists, with starts and without; merged and taken apart.
BEGIN;
SELECT plan(89);
SELECT setseed(0.31) \g /dev/null

CREATE FUNCTION pg_temp.story(state adoption) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(format('%s: %s of %s, %s, %s days, %s unentitled', feature, adopters, eligible, coalesce(round(adoption::numeric, 4)::text, '?'),
                                     coalesce(median_days_to_adopt::text, '?'), unentitled) ORDER BY nr), '{}')
    FROM feature_adoption(state) WITH ORDINALITY AS f(feature, eligible, adopters, adoption, lower, upper, median_days_to_adopt, unentitled, nr)
$$;

-- Seven accounts in January 2024. use: feature and day of events.
CREATE TEMP TABLE account (id int, eligible text[], started date, use text[]);
INSERT INTO account VALUES
    (1, '{a,b}',        '2024-01-01', '{a 2024-01-05,c 2024-01-06}'), -- a after 4 days; b not within 30; c without being entitled
    (2, '{a}',          '2023-12-01', '{a 2023-12-11,old 2023-12-11}'), -- a after 10 days, but not in January
    (3, '{b,a}',        '2024-01-11', NULL), -- neither within 20 days
    (4, NULL,           '2024-01-01', '{b 2024-01-10,late 2024-02-01}'), -- entitled to nothing
    (5, '{a,a,NULL,b}', NULL,         '{a 2024-01-31,b 2024-02-01}'), -- on the last day, and on the day after it; start not known
    (6, '{b}',          '2024-02-01', '{b 2024-01-15}'), -- starts when January is over
    (7, '{a}',          '2024-01-20', '{a 2024-01-15}'); -- before the start
ALTER TABLE account ADD usage feature_usage;
UPDATE account SET usage = (SELECT feature_usage_agg(split_part(u, ' ', 1), split_part(u, ' ', 2)::date) FROM unnest(use) AS u);

-- a: 7, 1, 2 after 0, 4, 10 days, 3 not within 20. Surviving 3/4, 2/4 from day 4 on, 1/4 from day 10 on: the middle is 7.
SELECT is(pg_temp.story(adoption_agg(usage, '2024-01-01', '2024-02-01', eligible, started)),
          ARRAY['a: 3 of 5, 0.6000, 7 days, 0 unentitled', 'b: 1 of 4, 0.2500, ? days, 1 unentitled', 'c: 0 of 0, ?, ? days, 1 unentitled'], 'with lists and starts') FROM account;
SELECT is(pg_temp.story(adoption_agg(usage, '2024-01-01', '2024-02-01', eligible)),
          ARRAY['a: 3 of 5, 0.6000, ? days, 0 unentitled', 'b: 1 of 4, 0.2500, ? days, 1 unentitled', 'c: 0 of 0, ?, ? days, 1 unentitled'], 'with lists') FROM account;
SELECT is(pg_temp.story(adoption_agg(usage, '2024-01-01', '2024-02-01')),
          ARRAY['a: 3 of 5, 0.6000, ? days, 0 unentitled', 'b: 2 of 5, 0.4000, ? days, 0 unentitled', 'c: 1 of 5, 0.2000, ? days, 0 unentitled', 'old: 0 of 5, 0.0000, ? days, 0 unentitled'],
          'without lists: all that were active, and all features that were used by then') FROM account;
SELECT is(pg_temp.story(adoption_agg(usage, '2024-01-01', '2024-01-06', eligible, started)),
          ARRAY['a: 1 of 5, 0.2000, 7 days, 0 unentitled', 'b: 0 of 4, 0.0000, ? days, 0 unentitled'], 'as of an earlier day: what came later is not known') FROM account;
SELECT is(pg_temp.story(adoption_agg(usage, '2024-02-01', '2024-02-02', eligible, started)),
          ARRAY['a: 0 of 5, 0.0000, 7 days, 0 unentitled', 'b: 1 of 4, 0.2500, ? days, 0 unentitled', 'late: 0 of 0, ?, ? days, 1 unentitled'], 'a window that is one day') FROM account;

-- Starts and first uses of accounts that are entitled to "a", as known on the 9th of January.
CREATE FUNCTION pg_temp.timed(accounts text[]) RETURNS adoption LANGUAGE sql AS $$
    SELECT adoption_agg(usage, '2024-01-01', '2024-01-10', '{a}', started)
    FROM (SELECT split_part(a, ' ', 1)::date AS started, nullif(split_part(a, ' ', 2), '-')::date AS first FROM unnest(accounts) AS a) AS p,
         LATERAL (SELECT feature_usage_agg('a', day) FROM unnest(ARRAY[first]) AS day WHERE day IS NOT NULL) AS u(usage)
$$;
SELECT is(pg_temp.story(pg_temp.timed(accounts)), want, description)
FROM (VALUES
    ('{2024-01-01 2024-01-05}'::text[], ARRAY['a: 1 of 1, 1.0000, 4 days, 0 unentitled'], 'one after 4 days'),
    ('{2024-01-01 2024-01-05,2024-01-01 2024-01-08}', ARRAY['a: 2 of 2, 1.0000, 5.5 days, 0 unentitled'], 'the median of two'),
    ('{2024-01-01 2024-01-05,2024-01-01 2024-01-08,2024-01-02 2024-01-02}', ARRAY['a: 3 of 3, 1.0000, 4 days, 0 unentitled'], 'the median of three'),
    ('{2024-01-01 2024-01-05,2024-01-07 -}', ARRAY['a: 1 of 2, 0.5000, 4 days, 0 unentitled'], 'who is known for 2 days only says nothing of day 4'),
    ('{2024-01-01 2024-01-05,2024-01-05 -}', ARRAY['a: 1 of 2, 0.5000, 4 days, 0 unentitled'], 'known for 4 days: says of day 4, and the curve is at one half'),
    ('{2024-01-01 2024-01-05,2024-01-05 -,2024-01-05 -}', ARRAY['a: 1 of 3, 0.3333, ? days, 0 unentitled'], 'two of them: the curve stays above one half'),
    ('{2024-01-01 2024-01-05,2024-01-06 -,2024-01-06 -}', ARRAY['a: 1 of 3, 0.3333, 4 days, 0 unentitled'], 'known for a day less: the day at the end is not known'),
    ('{2024-01-01 -,2024-01-09 -}', ARRAY['a: 0 of 2, 0.0000, ? days, 0 unentitled'], 'nobody'),
    ('{2024-01-09 2024-01-09}', ARRAY['a: 1 of 1, 1.0000, 0 days, 0 unentitled'], 'on the first day, which is the last'),
    ('{2024-01-10 2024-01-09}', ARRAY['a: 1 of 1, 1.0000, ? days, 0 unentitled'], 'a start that is not yet')
) AS c(accounts, want, description);

-- Readers
SELECT is(account_count(adoption_agg(usage, '2024-01-01', '2024-02-01')), 7::bigint, 'account_count: all that were given') FROM account;
SELECT is(active_count(adoption_agg(usage, '2024-01-01', '2024-02-01')), 5::bigint, 'active_count: those with use in the window') FROM account;
SELECT is(active_count(adoption_agg(usage, '2024-01-01', '2024-02-01', eligible)), 5::bigint, 'active_count: entitled or not') FROM account;
SELECT ok(bool_and(adoption IS NOT DISTINCT FROM adopters::float8 / nullif(eligible, 0) AND lower IS NOT DISTINCT FROM w.l AND upper IS NOT DISTINCT FROM w.u), format('the interval is that of Wilson at %s', c))
FROM unnest(ARRAY[0.5, 0.95, 0.99]) AS c, (SELECT adoption_agg(usage, '2024-01-01', '2024-02-01', eligible) FROM account) AS s(state), feature_adoption(state, c) AS f,
     LATERAL (SELECT i.lower, i.upper FROM wilson_interval(adopters, eligible, c) AS i) AS w(l, u) GROUP BY c ORDER BY c;
SELECT is(ARRAY(SELECT f::text FROM feature_adoption(state) AS f), ARRAY(SELECT f::text FROM feature_adoption(state, 0.95) AS f), 'feature_adoption: 0.95 if not given')
FROM (SELECT adoption_agg(usage, '2024-01-01', '2024-02-01', eligible) FROM account) AS s(state);
SELECT is_empty('SELECT csmetrics.feature_adoption(NULL)', 'no rows of NULL');
SELECT is(account_count(NULL::adoption), NULL::bigint, 'account_count of NULL');
SELECT is(adoption_agg(usage, '2024-01-01', '2024-02-01')::text, NULL, 'no rows: no state') FROM account WHERE false;
-- The form: window, form, reserved, accounts, active, names. Of "a": used (-4) and adopted (-3), 1 account each.
SELECT is(adoption_agg(u, '2024-01-01', '2024-02-01')::text, '1 0|2024-01-01 2024-02-01 0 0 2 1 1 0|1|97|5|7|1|2|2|2', 'the form of a state')
FROM (SELECT feature_usage_agg('a', '2024-01-05') UNION ALL SELECT NULL) AS q(u);
SELECT is(adoption_agg(NULL, '2024-01-01', '2024-02-01', '{}')::text, '1 0|2024-01-01 2024-02-01 1 0 1 0 0 0', 'an account of nothing');
SELECT is(pg_temp.story(adoption_agg(NULL, '2024-01-01', '2024-02-01', '{b,a}', NULL)), ARRAY['a: 0 of 1, 0.0000, ? days, 0 unentitled', 'b: 0 of 1, 0.0000, ? days, 0 unentitled'], 'no usage, no start');

-- Random accounts, against plain SQL
CREATE TEMP TABLE use AS
SELECT account, 'feature ' || floor(random() ^ 2 * 20) AS feature, date '2023-06-01' + floor(random() ^ 2 * 500)::int AS day
FROM generate_series(1, 400) AS account, generate_series(1, 12) WHERE account % 7 > 0;
CREATE TEMP TABLE many AS
SELECT id, (SELECT feature_usage_agg(feature, day) FROM use WHERE account = id) AS usage,
       CASE WHEN id % 9 > 0 THEN ARRAY(SELECT 'feature ' || floor(random() * 23) FROM generate_series(1, 1 + id % 15)) END AS eligible,
       CASE WHEN id % 11 > 0 THEN date '2023-03-01' + floor(random() * 500)::int END AS started
FROM generate_series(1, 400) AS id;
CREATE TEMP TABLE span AS SELECT * FROM (VALUES (date '2024-01-01', date '2024-02-01'), ('2023-01-01', '2024-06-01'), ('2023-09-30', '2023-10-01'), ('2024-06-01', '2026-01-01')) AS s(from_date, to_date);
CREATE TEMP TABLE entitlement AS SELECT DISTINCT id, feature, started FROM many, unnest(eligible) AS feature;
-- Of all pairs of account and feature: entitled or not, first use before to_date, use in the window.
CREATE FUNCTION pg_temp.pairs(from_date date, to_date date) RETURNS TABLE (feature text, entitled boolean, started date, first date, used boolean) LANGUAGE sql AS $$
    SELECT feature, e.id IS NOT NULL, e.started, u.first, coalesce(u.used, false)
    FROM entitlement AS e
         FULL JOIN (SELECT account AS id, feature, min(day) AS first, bool_or(day >= from_date) AS used FROM use WHERE day < to_date GROUP BY 1, 2) AS u USING (id, feature)
$$;
CREATE FUNCTION pg_temp.differences(a text, b text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM (((%1$s) EXCEPT (%2$s)) UNION ALL ((%2$s) EXCEPT (%1$s))) AS d', a, b) INTO n;
    RETURN n;
END
$$;
SELECT cmp_ok(count(*), '>', 60::bigint, 'there are rows to compare, entitled and not, timed and not')
FROM span, pg_temp.pairs(from_date, to_date) AS p, LATERAL (SELECT 1 WHERE entitled AND used UNION ALL SELECT 2 WHERE NOT entitled AND used UNION ALL SELECT 3 WHERE entitled AND started < to_date AND first IS NULL) AS x;
SELECT is(pg_temp.differences(
    format('SELECT feature, eligible, adopters, unentitled, median_days_to_adopt FROM (SELECT adoption_agg(usage, %L, %L, eligible, started) FROM many) AS s(state), feature_adoption(state)', from_date, to_date),
    format($q$ SELECT feature, count(*) FILTER (WHERE entitled), count(*) FILTER (WHERE entitled AND used), count(*) FILTER (WHERE NOT entitled AND used),
                      extract(epoch FROM duration_quantile(duration_agg(greatest(coalesce(first, %2$L::date - 1) - started, 0) * interval '1 day', first IS NOT NULL)
                                                           FILTER (WHERE entitled AND started < %2$L), 0.5)) / 86400
               FROM pg_temp.pairs(%1$L, %2$L) GROUP BY 1 HAVING bool_or(entitled OR used) $q$, from_date, to_date)),
    0::bigint, format('timed adoption from %s to %s is that of plain SQL', from_date, to_date))
FROM span;
SELECT is(pg_temp.differences(
    format('SELECT feature, eligible, adopters, unentitled FROM (SELECT adoption_agg(usage, %L, %L) FROM many) AS s(state), feature_adoption(state)', from_date, to_date),
    format($q$ SELECT feature, (SELECT count(DISTINCT account) FROM use WHERE day >= %1$L AND day < %2$L), count(DISTINCT account) FILTER (WHERE day >= %1$L), 0
               FROM use WHERE day < %2$L GROUP BY 1 $q$, from_date, to_date)),
    0::bigint, format('open adoption from %s to %s is that of plain SQL', from_date, to_date))
FROM span;
-- Used often: of account 1, feature a 3 times on two days of January and once before, b once; account 2 b 5 times on one day, and a before January.
CREATE TEMP TABLE often (id int, feature text, day date, events int, eligible text[]);
INSERT INTO often VALUES (1, 'a', '2024-01-01', 2, '{a,c}'), (1, 'a', '2024-01-31', 1, '{a,c}'), (1, 'a', '2023-12-31', 9, '{a,c}'), (1, 'b', '2024-01-05', 1, '{a,c}'), (2, 'b', '2024-01-05', 5, '{b}'), (2, 'a', '2023-12-01', 5, '{b}');
SELECT is(pg_temp.story(state), want, format('at least %s times, of who is %s', n, who))
FROM (VALUES (1, ARRAY['a: 1 of 2, 0.5000, ? days, 0 unentitled', 'b: 2 of 2, 1.0000, ? days, 0 unentitled'], ARRAY['a: 1 of 1, 1.0000, ? days, 0 unentitled', 'b: 1 of 1, 1.0000, ? days, 1 unentitled', 'c: 0 of 1, 0.0000, ? days, 0 unentitled']),
             (3, ARRAY['a: 1 of 2, 0.5000, ? days, 0 unentitled', 'b: 1 of 2, 0.5000, ? days, 0 unentitled'], ARRAY['a: 1 of 1, 1.0000, ? days, 0 unentitled', 'b: 1 of 1, 1.0000, ? days, 0 unentitled', 'c: 0 of 1, 0.0000, ? days, 0 unentitled']),
             (4, ARRAY['a: 0 of 2, 0.0000, ? days, 0 unentitled', 'b: 1 of 2, 0.5000, ? days, 0 unentitled'], ARRAY['a: 0 of 1, 0.0000, ? days, 0 unentitled', 'b: 1 of 1, 1.0000, ? days, 0 unentitled', 'c: 0 of 1, 0.0000, ? days, 0 unentitled']),
             (2147483647, ARRAY['a: 0 of 2, 0.0000, ? days, 0 unentitled', 'b: 0 of 2, 0.0000, ? days, 0 unentitled'], ARRAY['a: 0 of 1, 0.0000, ? days, 0 unentitled', 'b: 0 of 1, 0.0000, ? days, 0 unentitled', 'c: 0 of 1, 0.0000, ? days, 0 unentitled'])) AS v(n, want_open, want_entitled),
     LATERAL (SELECT frequent_adoption_agg(n, usage, '2024-01-01', '2024-02-01') AS open, frequent_adoption_agg(n, usage, '2024-01-01', '2024-02-01', eligible) AS entitled
              FROM (SELECT feature_usage_agg(feature, day, events) AS usage, eligible FROM often GROUP BY id, eligible) AS u) AS s,
     LATERAL (VALUES (1, 'active', open, want_open), (2, 'entitled', entitled, want_entitled)) AS w(nr, who, state, want) ORDER BY n, nr;
SELECT is(frequent_adoption_agg(1, usage, '2024-01-01', '2024-02-01'), adoption_agg(usage, '2024-01-01', '2024-02-01'), 'at least once is adoption_agg') FROM many;
SELECT is(frequent_adoption_agg(1, usage, '2024-01-01', '2024-02-01', eligible), adoption_agg(usage, '2024-01-01', '2024-02-01', eligible), 'of who is entitled too') FROM many;
-- uses of half a year: some 0 to 6 of a feature
SELECT is(pg_temp.differences(
    format('SELECT feature, eligible, adopters, unentitled FROM (SELECT frequent_adoption_agg(%s, usage, ''2023-07-01'', ''2024-01-01'') FROM many) AS s(state), feature_adoption(state)', n),
    format($q$ SELECT feature, (SELECT count(DISTINCT account) FROM use WHERE day >= '2023-07-01' AND day < '2024-01-01'), count(*) FILTER (WHERE events >= %s), 0
               FROM (SELECT feature, account, count(*) FILTER (WHERE day >= '2023-07-01') AS events FROM use WHERE day < '2024-01-01' GROUP BY 1, 2) AS u GROUP BY 1 $q$, n)), 0::bigint, format('at least %s times is that of plain SQL', n))
FROM generate_series(1, 4) AS n;
SELECT ok(bool_and(unmerge(merge(a, b), b) = a AND merge(a, b) = whole), 'they merge and are taken apart')
FROM (SELECT frequent_adoption_agg(2, usage, '2023-07-01', '2024-01-01', eligible) FILTER (WHERE id % 3 = 0) AS a, frequent_adoption_agg(2, usage, '2023-07-01', '2024-01-01', eligible) FILTER (WHERE id % 3 > 0) AS b, frequent_adoption_agg(2, usage, '2023-07-01', '2024-01-01', eligible) AS whole FROM many) AS s;
SELECT ok(bool_and(near IS NOT DISTINCT FROM (SELECT frequent_adoption_agg(2, usage, '2023-07-01', '2024-01-01') FROM many AS r WHERE r.id BETWEEN w.id - 9 AND w.id)), 'and follow a moving frame')
FROM (SELECT id, frequent_adoption_agg(2, usage, '2023-07-01', '2024-01-01') OVER (ORDER BY id ROWS 9 PRECEDING) AS near FROM many) AS w;
-- Merged and taken apart
CREATE TEMP TABLE part AS
SELECT form, id % 7 AS part, CASE form WHEN 0 THEN adoption_agg(usage, '2024-01-01', '2024-02-01') WHEN 1 THEN adoption_agg(usage, '2024-01-01', '2024-02-01', eligible)
                                       ELSE adoption_agg(usage, '2024-01-01', '2024-02-01', eligible, started) END AS state
FROM many, generate_series(0, 2) AS form GROUP BY 1, 2;
CREATE TEMP TABLE whole AS
SELECT 0 AS form, adoption_agg(usage, '2024-01-01', '2024-02-01') AS state FROM many UNION ALL SELECT 1, adoption_agg(usage, '2024-01-01', '2024-02-01', eligible) FROM many
UNION ALL SELECT 2, adoption_agg(usage, '2024-01-01', '2024-02-01', eligible, started ORDER BY random()) FROM many;
SELECT is(rollup(p.state ORDER BY random()), w.state, format('form %s: a rollup of the parts is the whole', form)) FROM part AS p JOIN whole AS w USING (form) GROUP BY form, w.state ORDER BY form;
SELECT ok(bool_and(unmerge(merge(a.state, b.state), b.state) = a.state AND merge(unmerge(a.state, b.state), b.state) = a.state AND merge(a.state, b.state) = merge(b.state, a.state)),
          format('form %s: unmerge is the inverse of merge', form)) FROM part AS a JOIN part AS b USING (form) GROUP BY form ORDER BY form;
SELECT ok(state::text::adoption = state, format('form %s: the text form comes back the same', form)) FROM whole ORDER BY form;
SELECT is(pg_temp.story(unmerge(adoption_agg(NULL, '2024-01-01', '2024-02-01', '{b}', '2024-01-01'), adoption_agg(usage, '2024-01-01', '2024-02-01', eligible, started))),
          ARRAY['a: -3 of -5, ?, ? days, 0 unentitled', 'b: -1 of 3, ?, ? days, -1 unentitled', 'c: 0 of 0, ?, ? days, -1 unentitled'], 'below zero nothing is known') FROM account;

-- Moving frames
SELECT ok(bool_and(near IS NOT DISTINCT FROM (SELECT adoption_agg(usage, '2024-01-01', '2024-02-01', eligible, started) FROM many AS r WHERE r.id BETWEEN w.id - 3 AND w.id)
                   AND past IS NOT DISTINCT FROM (SELECT adoption_agg(usage, '2024-01-01', '2024-02-01') FROM many AS r WHERE r.id BETWEEN w.id - 90 AND w.id - 40)),
          'a moving frame equals its rows aggregated')
FROM (SELECT id, adoption_agg(usage, '2024-01-01', '2024-02-01', eligible, started) OVER (ORDER BY id ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) AS near,
             adoption_agg(usage, '2024-01-01', '2024-02-01') OVER (ORDER BY id ROWS BETWEEN 90 PRECEDING AND 40 PRECEDING) AS past FROM many) AS w;

-- Refused
SELECT throws_ok('SELECT csmetrics.' || call, code, message, description)
FROM (VALUES
    ('adoption_agg(NULL, ''2024-01-01'', ''2024-01-01'')', '22023', 'to_date 2024-01-01 is not after from_date 2024-01-01', 'an empty window'),
    ('adoption_agg(NULL, NULL, ''2024-01-01'')', '22004', 'from_date must not be NULL', 'no from_date'),
    ('adoption_agg(NULL, ''2024-01-01'', NULL, ''{}'')', '22004', 'to_date must not be NULL', 'no to_date'),
    ('adoption_agg(NULL, ''2024-01-01'', ''infinity'', ''{}'', NULL)', '22008', 'to_date out of range: infinity', 'a window without end'),
    ('adoption_agg(NULL, ''2024-01-01'', ''2024-02-01'', ''{}'', ''-infinity'')', '22008', 'started out of range: -infinity', 'a start without a day'),
    ('adoption_agg(NULL, ''2024-01-01'', date ''2024-02-01'' + n) FROM generate_series(0, 1) AS n', '22023', 'from_date and to_date must be the same in every row of a group', 'two windows'),
    ('adoption_agg(NULL, ''2024-01-01'', ''2024-02-01'', ARRAY[''a'', repeat(''x'', 256)])', '22023', 'feature of 256 bytes', 'a name of 256 bytes'),
    ('adoption_agg(NULL, ''2024-01-01'', ''2024-02-01'', ARRAY(SELECT i::text FROM generate_series(1, 4097) AS i))', '54000', 'adoption of more than 4096 features', '4097 features'),
    ('adoption_agg_add(csmetrics.adoption_agg_add(NULL, NULL, ''2024-01-01'', ''2024-02-01''), NULL, ''2024-01-01'', ''2024-02-01'', ''{}'')', '22023',
        'from_date and to_date must be the same in every row of a group', 'rows with a list after rows without'),
    ('merge(csmetrics.adoption_agg_add(NULL, NULL, ''2024-01-01'', ''2024-02-01''), csmetrics.adoption_agg_add(NULL, NULL, ''2024-01-01'', ''2024-02-02''))', '22023',
        'cannot merge two adoption that were built with different arguments', 'two windows by merge'),
    ('merge(csmetrics.adoption_agg_add(NULL, NULL, ''2024-01-01'', ''2024-02-01''), csmetrics.adoption_agg_add(NULL, NULL, ''2024-01-01'', ''2024-02-01'', NULL))', '22023',
        'cannot merge two adoption that were built with different arguments', 'two forms by merge'),
    ('frequent_adoption_agg(0, NULL, ''2024-01-01'', ''2024-02-01'')', '22023', 'at_least 0 is below 1', 'no use at least'),
    ('frequent_adoption_agg(NULL, NULL, ''2024-01-01'', ''2024-02-01'', ''{}'')', '22004', 'at_least must not be NULL', 'nobody knows how many uses'),
    ('frequent_adoption_agg(n, NULL, ''2024-01-01'', ''2024-02-01'') FROM generate_series(1, 2) AS n', '22023', 'at_least must be the same in every row of a group', 'two numbers of uses'),
    ('merge(csmetrics.frequent_adoption_agg_add(NULL, 2, NULL, ''2024-01-01'', ''2024-02-01''), csmetrics.adoption_agg_add(NULL, NULL, ''2024-01-01'', ''2024-02-01''))', '22023',
        'cannot merge two adoption that were built with different arguments', 'two numbers of uses by merge'),
    ('feature_adoption(csmetrics.adoption_agg_add(NULL, NULL, ''2024-01-01'', ''2024-02-01''), 95)', '22023', 'confidence 95 is not between 0 and 1', 'confidence 95')
) AS wrong(call, code, message, description);
SELECT throws_ok(format('SELECT %L::csmetrics.adoption', form), '22P02', NULL, description)
FROM (VALUES
    ('1 0|2024-01-01 2024-02-01 3 0 1 1 0 0', 'a form that is not known'),
    ('1 0|2024-01-01 2024-02-01 0 -1 1 1 0 0', 'fewer uses than one'),
    ('1 0|2024-02-01 2024-02-01 0 0 1 1 0 0', 'an empty window'),
    ('1 0|2024-01-01 2024-02-01 0 0 1 1 1 0|1|97|4|9|0|1|2', 'a number below those of totals'),
    ('1 0|2024-01-01 2024-02-01 0 0 1 1 1 0|1|97|4|1|0|1|2', 'eligible accounts without lists'),
    ('1 0|2024-01-01 2024-02-01 1 0 1 1 1 0|1|97|4|7|0|1|2', 'known features with lists'),
    ('1 0|2024-01-01 2024-02-01 1 0 1 1 1 0|1|97|4|0|0|1|2', 'days without starts'),
    ('1 2|2024-01-01 2024-02-01 2 0 1 1 1 0|1|97|4|0|0|1|2', 'flags')
) AS wrong(form, description);
SELECT lives_ok($$ SELECT '1 0|2024-01-01 2024-02-01 2 0 1 1 1 0|1|97|4|0|0|1|2'::csmetrics.adoption $$, 'the like of these with starts is a state');

SELECT * FROM finish();
ROLLBACK;
