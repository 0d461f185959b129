\unset ECHO
\i test/psql.sql
-- Milestone histories: when the clock started and value was reached, what was reached, due and overdue when, and what is refused.
BEGIN;
SELECT plan(47);

-- milestones('name reached_at due_at start|value|both', …): - is NULL, and so is the rest that is left away.
CREATE FUNCTION pg_temp.milestones(VARIADIC lines text[]) RETURNS milestones LANGUAGE sql AS $$
    SELECT milestone_agg(nullif(part[1], '-'), nullif(part[2], '-')::timestamptz, nullif(part[3], '-')::timestamptz, part[4] IN ('start', 'both'), part[4] IN ('value', 'both'))
    FROM (SELECT string_to_array(line, ' ') FROM unnest(lines) AS line) AS t(part)
$$;
CREATE FUNCTION pg_temp.counts(history milestones, as_of timestamptz) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT ARRAY[reached_count(history, as_of), due_count(history, as_of), overdue_count(history, as_of)]
$$;

-- Start and value
CREATE TEMP VIEW way AS
SELECT pg_temp.milestones('contract 2024-01-01 - start', 'kickoff 2024-01-05 - start', 'import 2024-01-20 2024-01-15', 'report 2024-02-10 2024-02-01 value',
                          'dashboard 2024-02-05 - value', 'training - 2024-01-31', 'review infinity -') AS history;
SELECT is(ARRAY[started_at(history, as_of), value_at(history, as_of)], ARRAY[started, value], description)
FROM way, (VALUES
    (timestamptz '2023-12-31 23:59:59.999999', NULL::timestamptz, NULL::timestamptz, 'not started'),
    ('2024-01-01', '2024-01-01', NULL, 'started with the earliest start'),
    ('2024-01-31', '2024-01-01', NULL, 'not with a later one'),
    ('2024-02-04 23:59:59.999999', '2024-01-01', NULL, 'no value a microsecond before'),
    ('2024-02-05', '2024-01-01', '2024-02-05', 'value with the earliest value'),
    ('2025-01-01', '2024-01-01', '2024-02-05', 'not with a later one'),
    ('-infinity', NULL, NULL, 'nothing before time')
) AS e(as_of, started, value, description);
SELECT is(ARRAY[started_at(history), value_at(history)], '{2024-01-01,2024-02-05}'::timestamptz[], 'as of the end of time if not said otherwise') FROM way;
SELECT is(ARRAY[started_at(history), value_at(history)], ARRAY[started, value], description)
FROM (VALUES
    (ARRAY['a 2024-01-01'], NULL::timestamptz, NULL::timestamptz, 'milestones that are neither start nor value'),
    (ARRAY['a 2024-01-01 - both'], '2024-01-01', '2024-01-01', 'one that is both'),
    (ARRAY['a - 2024-01-01 both'], NULL, NULL, 'one that is due and not reached'),
    (ARRAY['a - - start', 'b 2024-03-01 - start'], '2024-03-01', NULL, 'one not reached does not hide another'),
    (ARRAY['a 2024-02-01 - start', 'b 2024-01-01 - value'], '2024-02-01', '2024-01-01', 'value before the start is kept as given')
) AS c(lines, started, value, description), pg_temp.milestones(VARIADIC lines) AS history;

-- Reached, due, overdue
SELECT is(pg_temp.counts(history, as_of), counts, description)
FROM way, (VALUES
    (timestamptz '2023-12-31', '{0,0,0}'::bigint[], 'nothing yet'),
    ('2024-01-05', '{2,0,0}', 'two reached'),
    ('2024-01-14 23:59:59.999999', '{2,0,0}', 'nothing due a microsecond before'),
    ('2024-01-15', '{2,1,1}', 'import due, and overdue'),
    ('2024-01-20', '{3,1,0}', 'import reached, late'),
    ('2024-01-31', '{3,2,1}', 'training overdue'),
    ('2024-02-01', '{3,3,2}', 'report overdue, too'),
    ('2024-02-10', '{5,3,1}', 'report and dashboard reached'),
    ('infinity', '{5,3,1}', 'training is overdue for ever; review is never due, nor reached'),
    ('-infinity', '{0,0,0}', 'nothing before time')
) AS e(as_of, counts, description);

SELECT is(due_reached_share(history, as_of), share, format('share of the due that is reached at %s', as_of))
FROM way, (VALUES (timestamptz '2024-01-14 23:59:59.999999', NULL::float8), ('2024-01-15', 0), ('2024-01-20', 1), ('2024-01-31', 0.5), ('2024-02-01', 1 / 3.0), ('2024-02-10', 2 / 3.0), ('infinity', 2 / 3.0), ('-infinity', NULL)) AS e(as_of, share);

-- Milestones of one name are one.
SELECT is(pg_temp.counts(pg_temp.milestones(VARIADIC lines), '2024-06-01'), counts, description)
FROM (VALUES
    (ARRAY['a 2024-01-01 2024-01-01', 'a 2024-02-01 2024-02-01', 'b 2024-01-01'], '{2,1,0}'::bigint[], 'two rows of one name are one milestone'),
    (ARRAY['a - 2024-01-01', 'a 2024-02-01'], '{1,1,0}', 'due in one row, reached in another'),
    (ARRAY['a - 2024-01-01', 'a - 2024-01-01', 'a - 2025-01-01'], '{0,1,1}', 'due as soon as one row is'),
    (ARRAY['- 2024-01-01', '- - 2024-01-01', 'a - 2024-01-01'], '{1,2,1}', 'no name is one name')
) AS c(lines, counts, description);

-- No rows, and no history
SELECT is(milestone_agg('a', now(), NULL, true, true), NULL, 'no rows: NULL') WHERE false HAVING true;
SELECT is(ARRAY[reached_count(NULL, now()), due_count(NULL, now()), overdue_count(NULL, now())], '{NULL,NULL,NULL}', 'no history: NULL');
SELECT is(due_reached_share(NULL, now()), NULL, 'no history, no share: NULL');
SELECT is(ARRAY[started_at(NULL), value_at(NULL)], '{NULL,NULL}', 'no history, no start: NULL');
SELECT is(pg_temp.milestones('a 2024-01-01 infinity'), milestone_agg('a', '2024-01-01', NULL, NULL, NULL), 'NULL is as good as infinity and no');
SELECT ok(started_at(debt) IS NULL AND value_at(debt) IS NULL AND pg_temp.counts(debt, 'infinity') = '{1,0,0}', 'counts below zero are no milestones')
FROM (SELECT unmerge(pg_temp.milestones('b 2024-02-01'), pg_temp.milestones('a 2024-01-01 2024-01-01 both')) AS debt) AS d;

-- Oracle: GROUP BY over random milestones
SELECT setseed(0.66) \g /dev/null
CREATE TEMP TABLE milestone AS
SELECT id % 30 AS account, (ARRAY['a', 'b', 'c', 'd', 'e', NULL])[1 + floor(random() * 6)::integer] AS name,
       CASE WHEN random() < 0.6 THEN timestamptz '2024-01-01' + floor(random() * 90) * interval '1 day' END AS reached,
       CASE WHEN random() < 0.6 THEN timestamptz '2024-01-01' + floor(random() * 90) * interval '1 day' END AS due, random() < 0.3 AS starts, random() < 0.3 AS value
FROM generate_series(1, 300) AS id;
SELECT results_eq($$ SELECT account, as_of, reached_count(h, as_of), due_count(h, as_of), overdue_count(h, as_of), due_reached_share(h, as_of), started_at(h, as_of), value_at(h, as_of)
                     FROM (SELECT account, milestone_agg(name, reached, due, starts, value) AS h FROM milestone GROUP BY account) AS s,
                          unnest('{2024-01-15,2024-02-20,infinity}'::timestamptz[]) AS as_of ORDER BY 1, 2 $$,
                  $$ SELECT account, as_of, count(*) FILTER (WHERE reached), count(*) FILTER (WHERE due), count(*) FILTER (WHERE due AND NOT reached), avg(reached::int) FILTER (WHERE due)::float8, min(started), min(value)
                     FROM (SELECT account, as_of, name, coalesce(bool_or(reached <= as_of), false) AS reached, coalesce(bool_or(due <= as_of), false) AS due,
                                  min(reached) FILTER (WHERE starts AND reached <= as_of) AS started, min(reached) FILTER (WHERE value AND reached <= as_of) AS value
                           FROM milestone, unnest('{2024-01-15,2024-02-20,infinity}'::timestamptz[]) AS as_of GROUP BY 1, 2, 3) AS m
                     GROUP BY 1, 2 ORDER BY 1, 2 $$, 'counts and instants are what GROUP BY says');

-- An account has at most 2^21 rows.
SELECT throws_ok($$SELECT merge('1 0|1 1|0 9223372036854775807 0 0 0 2097152', pg_temp.milestones('a 2024-01-01'))$$, '54000', 'milestones of more than 2097152 rows', '2^21 rows and one are too many');

-- What is refused
PREPARE milestone(timestamptz, timestamptz) AS SELECT milestone_agg('a', $1, $2, false, false);
SELECT throws_ok(format('EXECUTE milestone(%L, %L)', reached, due), '22008', message, description)
FROM (VALUES
    (timestamptz '-infinity', timestamptz '2024-01-01', 'reached_at out of range: -infinity', 'reached at -infinity'),
    ('0001-12-31 BC', NULL, 'reached_at out of range: 0001-12-31 00:00:00+00 BC', 'reached before the year 1'),
    ('2024-01-01', '10000-01-01', 'due_at out of range: 10000-01-01 00:00:00+00', 'due beyond the year 9999')
) AS refused(reached, due, message, description);
SELECT lives_ok($$EXECUTE milestone('0001-01-01', '9999-12-31 23:59:59.999999')$$, 'the first and the last instant possible');

SELECT * FROM finish();
ROLLBACK;
