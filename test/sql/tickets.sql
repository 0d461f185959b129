\unset ECHO
\i test/psql.sql
-- Ticket histories: what was known of each ticket when, further contacts, first contact resolution, backlog, and what is refused.
BEGIN;
SELECT plan(177);

-- tickets('opened first_reply solved reopened escalated agent_replies requester topic escalated_at reopened_at', …): - is NULL, and so is the rest that is left away.
CREATE FUNCTION pg_temp.tickets(VARIADIC lines text[]) RETURNS tickets LANGUAGE sql AS $$
    SELECT ticket_agg(part[1]::timestamptz, nullif(part[2], '-')::timestamptz, nullif(part[3], '-')::timestamptz, nullif(part[4], '-')::integer,
                      nullif(part[5], '-')::boolean, nullif(part[6], '-')::integer, nullif(part[7], '-'), nullif(part[8], '-'), nullif(part[9], '-')::timestamptz, nullif(part[10], '-')::timestamptz)
    FROM (SELECT string_to_array(line, ' ') FROM unnest(lines) AS line) AS t(part)
$$;
-- Its facts in the order of opening: day opened, first_contact, one_touch, repeated.
CREATE FUNCTION pg_temp.story(history tickets, as_of timestamptz, contact_window interval DEFAULT '7 days') RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(format('%s %s %s %s', opened_at::date, coalesce(first_contact::text, '?'), coalesce(one_touch::text, '?'), repeated::text)
                              ORDER BY opened_at, nr), '{}')
    FROM ticket_facts(history, as_of, contact_window) WITH ORDINALITY AS f(opened_at, first_reply_at, solved_at, reopened, escalated, agent_replies, first_contact, one_touch, repeated, nr)
$$;
CREATE FUNCTION pg_temp.shares(history tickets, as_of timestamptz, contact_window interval DEFAULT '7 days') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s/%s', variant, success_count(r), trial_count(r)), ', ' ORDER BY nr)
    FROM unnest(ARRAY['gross', 'net', 'one_touch', 'under_two']) WITH ORDINALITY AS v(variant, nr), first_contact_resolution(history, as_of, contact_window, variant) AS r
$$;

-- Further contacts
SELECT is(pg_temp.story(pg_temp.tickets(VARIADIC lines), '2024-06-01'), story, description)
FROM (VALUES
    (ARRAY['2024-01-01 - 2024-01-02T12:00'], ARRAY['2024-01-01 true ? false'], 'one ticket, solved and never heard of again: first contact'),
    (ARRAY['2024-01-01 - 2024-01-02T12:00', '2024-01-09T12:00 - 2024-01-10'],
     ARRAY['2024-01-01 false ? false', '2024-01-09 true ? true'], 'a contact just 7 days after the solve is a further contact'),
    (ARRAY['2024-01-01 - 2024-01-02T12:00', '2024-01-09T12:00:00.000001 - 2024-01-10'],
     ARRAY['2024-01-01 true ? false', '2024-01-09 true ? false'], 'a microsecond later it is not'),
    (ARRAY['2024-01-01 - 2024-02-01', '2024-01-15 - 2024-01-15'],
     ARRAY['2024-01-01 false ? false', '2024-01-15 true ? true'], 'a contact before the solve is a further contact'),
    (ARRAY['2024-01-01 - 2024-01-02', '2024-01-01 - 2024-01-02'],
     ARRAY['2024-01-01 false ? false', '2024-01-01 true ? true'], 'of equal tickets one is the further contact of the other'),
    (ARRAY['2024-01-01 - 2024-01-09', '2024-01-01 - 2024-01-02', '2024-01-01 - 2024-01-02'],
     ARRAY['2024-01-01 false ? false', '2024-01-01 false ? true', '2024-01-01 true ? true'], 'so of three opened at the same instant, the last solved being the last'),
    (ARRAY['2024-01-01 - 2024-01-02 - - - ann', '2024-01-03 - 2024-01-04 - - - bob'],
     ARRAY['2024-01-01 true ? false', '2024-01-03 true ? false'], 'another requester is no further contact'),
    (ARRAY['2024-01-01 - 2024-01-02 - - - ann', '2024-01-03 - 2024-01-04 - - - bob', '2024-01-05 - 2024-01-06 - - - ann', '2024-01-07 - 2024-01-08 - - - bob'],
     ARRAY['2024-01-01 false ? false', '2024-01-03 false ? false', '2024-01-05 true ? true', '2024-01-07 true ? true'], 'contacts of two requesters by turns are told apart'),
    (ARRAY['2024-01-01 - 2024-01-02', '2024-01-03 - 2024-01-04 - - - ann'],
     ARRAY['2024-01-01 true ? false', '2024-01-03 true ? false'], 'no requester is one of its own'),
    (ARRAY['2024-01-01 - 2024-01-02 - - - ann billing', '2024-01-03 - 2024-01-04 - - - ann login'],
     ARRAY['2024-01-01 true ? false', '2024-01-03 true ? false'], 'another topic is no further contact'),
    (ARRAY['2024-01-01 - 2024-01-02 - - - ann billing', '2024-01-03 - 2024-01-04 - - - ann billing'],
     ARRAY['2024-01-01 false ? false', '2024-01-03 true ? true'], 'the same topic is one'),
    (ARRAY['2024-01-01 - 2024-01-02 - - - ann', '2024-01-03 - 2024-01-04 - - - ann billing'],
     ARRAY['2024-01-01 true ? false', '2024-01-03 true ? false'], 'no topic is one of its own'),
    (ARRAY['2024-01-01 - 2024-01-02 1'], ARRAY['2024-01-01 false ? false'], 'reopened: not resolved at first contact'),
    (ARRAY['2024-01-01 - -', '2024-05-01 - 2024-05-02'],
     ARRAY['2024-01-01 ? ? false', '2024-05-01 true ? true'], 'an unsolved ticket is not judged, and whatever comes later is a further contact of it'),
    (ARRAY['2024-01-01 - 2024-02-10', '2024-01-02 - 2024-01-02', '2024-02-12 - 2024-02-12'],
     ARRAY['2024-01-01 false ? false', '2024-01-02 true ? true', '2024-02-12 true ? true'], 'a ticket may be a further contact of one before the last'),
    (ARRAY['2024-01-10 - 2024-01-02', '2024-01-17 - 2024-01-17', '2024-01-25 - 2024-01-26'],
     ARRAY['2024-01-10 ? ? false', '2024-01-17 true ? true', '2024-01-25 true ? false'], 'solved before it was opened: not judged, further contacts are those within 7 days'),
    (ARRAY['2024-01-10 - 2024-01-10'], ARRAY['2024-01-10 true ? false'], 'solved as it was opened: judged'),
    (ARRAY['2024-05-25 - 2024-05-25'], ARRAY['2024-05-25 true ? false'], 'solved 7 days ago: old enough'),
    (ARRAY['2024-05-25 - 2024-05-25T00:00:00.000001'], ARRAY['2024-05-25 ? ? false'], 'solved a microsecond later: too young'),
    (ARRAY['2024-01-01 - 2024-01-02 0 f 1'], ARRAY['2024-01-01 true true false'], 'one agent reply: one touch'),
    (ARRAY['2024-01-01 - 2024-01-02 0 f 0', '2024-02-01 - 2024-02-02 0 f 2', '2024-03-01 - 2024-03-02 2 f 1', '2024-04-01 - - 0 f 1'],
     ARRAY['2024-01-01 true false false', '2024-02-01 true false false', '2024-03-01 false false false', '2024-04-01 ? ? false'],
     'no reply, two replies, reopened: not one touch; unsolved: not judged'),
    (ARRAY['2024-05-31 - 2024-05-31 0 f 1'], ARRAY['2024-05-31 ? true false'], 'one touch needs no age'),
    (ARRAY['2024-01-01 - - 1'], ARRAY['2024-01-01 false ? false'], 'reopened and open since: not resolved at first contact'),
    (ARRAY['2024-05-25 - - 1', '2024-05-25T01:00 - - 1 - - ann'], ARRAY['2024-05-25 false ? false', '2024-05-25 ? ? false'], 'judged when it is 7 days old'),
    (ARRAY['2024-01-01 - - 1 f 1', '2024-01-01 - - 0 f 1 ann'], ARRAY['2024-01-01 false false false', '2024-01-01 ? ? false'], 'nor one touch, though open; one that was never solved is not judged'),
    (ARRAY['2024-01-01 - - - - - - - - 2024-02-01'], ARRAY['2024-01-01 false ? false'], 'what has an instant of reopening was reopened')
) AS c(lines, story, description);

-- Windows
CREATE TEMP VIEW twice AS SELECT pg_temp.tickets('2024-01-01 - 2024-01-02', '2024-01-02 - 2024-01-03', '2024-01-04T01:00 - 2024-01-05') AS history;
SELECT is(pg_temp.story(history, '2024-06-01', width), story, description)
FROM twice, (VALUES
    ('0'::interval,      ARRAY['2024-01-01 false ? false', '2024-01-02 true ? true', '2024-01-04 true ? false'], 'window 0: contacts until the instant of the solve'),
    ('24 hours',         ARRAY['2024-01-01 false ? false', '2024-01-02 true ? true', '2024-01-04 true ? false'], 'a day is 24 hours'),
    ('1 day 1 hour',     ARRAY['2024-01-01 false ? false', '2024-01-02 false ? true', '2024-01-04 true ? true'], 'days and hours add up'),
    ('2147483647 days',  ARRAY['2024-01-01 ? ? false', '2024-01-02 ? ? true', '2024-01-04 ? ? true'], 'nothing is old enough for a window without end')
) AS w(width, story, description);
SELECT is(pg_temp.story(history, 'infinity', '2147483647 days'), ARRAY['2024-01-01 false ? false', '2024-01-02 false ? true', '2024-01-04 true ? true'],
          'except at the end of time') FROM twice;
SELECT is(pg_temp.story(history, '2024-06-01'), pg_temp.story(history, '2024-06-01', '7 days'), 'the window is 7 days if not given') FROM twice;

-- What was known when
CREATE TEMP VIEW handled AS
    SELECT pg_temp.tickets('2024-01-01 2024-01-02 2024-01-05 2 t 3 ann billing', '2024-01-03 2024-01-01 2024-01-02 0 f - - -') AS history;
SELECT is(ARRAY(SELECT format('%s|%s|%s|%s|%s|%s', opened_at, first_reply_at, solved_at, reopened, escalated, agent_replies)
                FROM ticket_facts(history, as_of) ORDER BY opened_at), facts, description)
FROM handled, (VALUES
    (timestamptz '2023-12-31 23:59:59.999999', ARRAY[]::text[], 'nothing is known before the first opening'),
    ('2024-01-01', ARRAY['2024-01-01 00:00:00+00|||0|t|'], 'a ticket is known from its opening on'),
    ('2024-01-02', ARRAY['2024-01-01 00:00:00+00|2024-01-02 00:00:00+00||0|t|'], 'its first reply when it came'),
    ('2024-01-04 23:59:59.999999', ARRAY['2024-01-01 00:00:00+00|2024-01-02 00:00:00+00||0|t|',
                   '2024-01-03 00:00:00+00|2024-01-01 00:00:00+00|2024-01-02 00:00:00+00|0|f|'], 'a reply and a solve before the opening are kept as given'),
    ('2024-01-05', ARRAY['2024-01-01 00:00:00+00|2024-01-02 00:00:00+00|2024-01-05 00:00:00+00|2|t|3',
                   '2024-01-03 00:00:00+00|2024-01-01 00:00:00+00|2024-01-02 00:00:00+00|0|f|'], 'the rest is known with the solve'),
    ('infinity',   ARRAY['2024-01-01 00:00:00+00|2024-01-02 00:00:00+00|2024-01-05 00:00:00+00|2|t|3',
                   '2024-01-03 00:00:00+00|2024-01-01 00:00:00+00|2024-01-02 00:00:00+00|0|f|'], 'and for ever'),
    ('-infinity',  ARRAY[]::text[], 'nothing is known before time')
) AS e(as_of, facts, description);

-- Reopened at an instant and solved later; open ever since; at times that are not known; before it was opened
CREATE TEMP VIEW comebacks AS
    SELECT pg_temp.tickets('2024-01-01 - 2024-01-20 2 - 4 a - - 2024-01-10', '2024-01-02 - - 1 - 3 b - - 2024-01-12', '2024-01-03 - 2024-01-15 1 - 2 c', '2024-01-04 - - 1 - 1 d', '2024-01-05 - - - - - e - - 2023-12-31') AS history;
SELECT is((SELECT string_agg(concat_ws('/', reopened, coalesce(agent_replies::text, '-')), ' ' ORDER BY opened_at) FROM ticket_facts(history, as_of)), facts, format('reopened and replies as of %s', as_of))
FROM comebacks, (VALUES (timestamptz '2024-01-04', '0/- 0/- 0/- 1/1'), ('2024-01-09', '0/- 0/- 0/- 1/1 1/-'), ('2024-01-10', '2/4 0/- 0/- 1/1 1/-'), ('2024-01-12', '2/4 1/3 0/- 1/1 1/-'), ('2024-01-15', '2/4 1/3 1/2 1/1 1/-')) AS e(as_of, facts);
SELECT is(reopened_share(history, f, t), share, format('reopened, of those solved or reopened from %s and before %s', f, t))
FROM (SELECT merge(history, pg_temp.tickets('2024-01-01 - 2024-01-11 0', '2024-01-01 - - 0')) AS history FROM comebacks) AS c,
     (VALUES (timestamptz '2024-01-01', timestamptz '2024-01-04', NULL::float8), ('2024-01-01', '2024-01-06', 1), ('2024-01-06', '2024-01-11', 1), ('2024-01-11', '2024-01-12', 0), ('2024-01-11', '2024-01-13', 0.5), ('2024-01-01', '2024-02-01', 5 / 6.0), ('2024-01-13', '2024-02-01', 1), ('2024-01-21', '2024-02-01', NULL)) AS e(f, t, share);
-- Nine clean ones, and one that is open again
SELECT is(concat_ws(' ', pg_temp.shares(history, '2024-06-01'), reopened_share(history, '2024-01-01', '2024-06-01')), 'gross 9/10, net 9/10, one_touch 9/10, under_two 9/10 0.1', 'nine clean tickets and one open again: 9/10 and 1/10')
FROM (SELECT pg_temp.tickets(VARIADIC array_append(ARRAY(SELECT format('2024-01-01 - 2024-01-02 0 f 1 %s', n) FROM generate_series(1, 9) AS n), '2024-01-01 - - 1 f 1 x')) AS history) AS ten;

-- Rates
CREATE TEMP VIEW support AS
    SELECT pg_temp.tickets('2024-01-01 - 2024-01-02 0 f 1 ann', '2024-01-05 - 2024-01-06 0 t 4 ann', '2024-02-01 - 2024-02-02 0 f 0 bob',
                           '2024-03-01 - 2024-03-02 1 f 1 bob', '2024-03-20 - 2024-03-21 0 f 2 cyd', '2024-04-01 - 2024-04-02 0 - - cyd',
                           '2024-05-30 - 2024-05-31 0 f 1 dee', '2024-05-30 - - 0 f 1 eve') AS history;
SELECT is(pg_temp.shares(history, '2024-06-01'), 'gross 4/6, net 3/5, one_touch 2/6, under_two 4/6',
          'gross leaves out what is unsolved or young, net the escalated too, the others what has no replies known') FROM support;
SELECT is(pg_temp.shares(history, '2024-01-11'), 'gross 0/1, net 0/1, one_touch 1/2, under_two 1/2', 'a rate as of a past day knows what was known then') FROM support;
SELECT is(pg_temp.shares(history, '2023-01-01'), 'gross 0/0, net 0/0, one_touch 0/0, under_two 0/0', 'no trials before the first ticket') FROM support;
SELECT is(rate(first_contact_resolution(history, '2024-06-01')), 4 / 6::float8, 'the rate is gross with a window of 7 days if not said otherwise') FROM support;
SELECT is(rate(first_contact_resolution(history, '2023-01-01')), NULL, 'no trials: NULL') FROM support;
SELECT is(rate(rollup(first_contact_resolution(h, '2024-06-01'))), 7 / 9::float8, 'rates of accounts roll up: 4 of 6 and 3 of 3')
FROM support, unnest(ARRAY[history, pg_temp.tickets('2024-01-01 - 2024-01-02 - - - a', '2024-01-01 - 2024-01-02 - - - b', '2024-01-01 - 2024-01-02 - - - c')]) AS h;

-- Counts
CREATE TEMP VIEW backlog AS
    SELECT pg_temp.tickets('2024-01-01 - 2024-01-10', '2024-01-05 - 2024-01-20 0 t', '2024-01-05 - 2024-01-20 0 t', '2024-01-09 - -', '2024-01-12 - 2024-01-11') AS history;
SELECT is(ARRAY[open_count(history, as_of), escalated_open_count(history, as_of)], counts, format('backlog at %s', as_of))
FROM backlog, (VALUES (timestamptz '2023-12-31', '{0,0}'::bigint[]), ('2024-01-01', '{1,0}'), ('2024-01-05', '{3,2}'), ('2024-01-09', '{4,2}'),
                      ('2024-01-10', '{3,2}'), ('2024-01-12', '{3,2}'), ('2024-01-20', '{1,0}'), ('infinity', '{1,0}'), ('-infinity', '{0,0}')) AS e(as_of, counts);
-- Escalated with the opening, on the 8th, as it was solved, never, at a time that is not known, on the 9th; and before it was opened, on the 12th
CREATE TEMP VIEW escalations AS
    SELECT pg_temp.tickets('2024-01-05 - - 0 - - a - 2024-01-05', '2024-01-05 - 2024-01-10 0 - 1 b - 2024-01-08', '2024-01-05 - 2024-01-10 0 f 1 c - 2024-01-10', '2024-01-05 - 2024-01-20 0 f - d - infinity',
                           '2024-01-07 - - 0 t - e - -', '2024-01-07 - - 0 t - f - 2024-01-09', '2024-01-12 - - 0 t - g - 2024-01-01') AS history;
SELECT is(ARRAY[open_count(history, as_of), escalated_open_count(history, as_of), (SELECT count(*) FILTER (WHERE escalated) FROM ticket_facts(history, as_of)), trial_count(first_contact_resolution(history, as_of, '0', 'net'))],
          counts, format('open, escalated, ever escalated, net trials at %s', as_of))
FROM escalations, (VALUES (timestamptz '2024-01-04', '{0,0,0,0}'::bigint[]), ('2024-01-05', '{4,1,1,0}'), ('2024-01-07 23:59:59.999999', '{6,2,2,0}'), ('2024-01-08', '{6,3,3,0}'), ('2024-01-09', '{6,4,4,0}'),
                          ('2024-01-10', '{4,3,5,0}'), ('2024-01-12', '{5,4,6,0}'), ('2024-01-20', '{4,4,6,1}'), ('infinity', '{4,4,6,1}'), ('-infinity', '{0,0,0,0}')) AS e(as_of, counts);
SELECT is(pg_temp.tickets('2024-01-05 - - 0 t'), pg_temp.tickets(line), 'escalated with its opening: ' || line)
FROM unnest(ARRAY['2024-01-05 - - 0 - - - - 2024-01-05', '2024-01-05 - - 0 f - - - 2023-12-31', '2024-01-05 - - 0 t - - - infinity', '2024-01-05 - - 0 t - - - 2024-01-05']) AS line;
SELECT is(ticket_agg('2024-01-05', NULL, NULL, 0, escalated, NULL, NULL, NULL), ticket_agg('2024-01-05', NULL, NULL, 0, escalated, NULL, NULL, NULL, NULL), 'without escalated_at: ' || coalesce(escalated::text, 'NULL'))
FROM unnest('{t,f,NULL}'::boolean[]) AS escalated GROUP BY escalated;
SELECT is(ticket_agg('2024-01-05', NULL, NULL, 0, NULL, NULL, NULL, NULL)::text, '2 0|1 1|757728000000000 ' || repeat('9223372036854775807 ', 3) || '0 0 0 -1 9223372036854775807 1', 'the text form: opened, first reply, solved, escalated, requester, topic, reopened, replies, reopened at, count');
SELECT is(('1 0|2 2|757728000000000 ' || repeat('9223372036854775807 ', 3) || '0 0 1 -1 2|757728000000001 ' || repeat('9223372036854775807 ', 3) || '0 0 0 2 1')::tickets,
          pg_temp.tickets('2024-01-05 - - 1', '2024-01-05 - - 1', '2024-01-05T00:00:00.000001 - - 0 - 2'), 'version 1, of two rows, did not tell when they were reopened');
SELECT is(opened_count(history, from_at, to_at), n, format('opened from %s and before %s', from_at, to_at))
FROM backlog, (VALUES (timestamptz '2024-01-01', timestamptz '2024-01-05', 1::bigint), ('2024-01-01 00:00:00.000001', '2024-01-05 00:00:00.000001', 2),
                      ('2024-01-12', 'infinity', 1), ('-infinity', 'infinity', 5), ('-infinity', '2024-01-01', 0)) AS e(from_at, to_at, n);
SELECT is(last_opened_at(history, as_of), opened, format('the last ticket by %s', as_of))
FROM backlog, (VALUES (timestamptz '2023-12-31', NULL::timestamptz), ('2024-01-01', '2024-01-01'), ('2024-01-08', '2024-01-05'), ('infinity', '2024-01-12')) AS e(as_of, opened);

-- Readings of one number
SELECT is(escalated_open_days(history, as_of), days, format('days of the first escalation that is open at %s', as_of))
FROM escalations, (VALUES (timestamptz '2024-01-04', 0::float8), ('2024-01-05', 0), ('2024-01-06 12:00', 1.5), ('infinity', 'infinity'), ('-infinity', 0)) AS e(as_of, days);
SELECT is(escalated_open_days(pg_temp.tickets('2024-01-01 - 2024-01-08 0 - - a - 2024-01-03', '2024-01-02 - 2024-02-01 0 - - b - 2024-01-06', '2024-01-02'), as_of), days, format('escalated_open_days at %s', as_of))
FROM (VALUES (timestamptz '2024-01-02', 0::float8), ('2024-01-07', 4), ('2024-01-08', 2), ('2024-01-08 06:00', 2.25), ('2024-02-01', 0)) AS e(as_of, days);
-- Solved in 1 day, twice in 3, in 4, before the opening, in 10; open
CREATE TEMP VIEW solves AS
    SELECT pg_temp.tickets('2024-01-01 - 2024-01-02 1', '2024-01-01 - 2024-01-04 0', '2024-01-01 - 2024-01-04 0', '2024-01-01 - 2024-01-05 2', '2024-01-10 - 2024-01-05 1', '2024-01-02 - 2024-01-12 0', '2024-01-03') AS history;
SELECT is(concat_ws(' / ', coalesce(reopened_share(history, f, t)::text, '?'), coalesce(median_resolution(history, f, t)::text, '?')), want, format('reopened and median, solved from %s and before %s', f, t))
FROM solves, (VALUES (timestamptz '2024-01-02', timestamptz '2024-01-04', '1 / 1 day'), ('2024-01-04', '2024-01-05', '0 / 3 days'), ('2024-01-02', '2024-01-05', 1 / 3.0::float8 || ' / 3 days'), ('2024-01-04', '2024-01-06', 1 / 3.0::float8 || ' / 3 days'),
                     ('2024-01-05', '2024-01-10', '1 / 4 days'), ('2024-01-10', '2024-01-11', '1 / 00:00:00'), ('2024-01-05', '2024-01-11', '1 / 2 days'), ('2024-01-05', '2024-01-13', 2 / 3.0::float8 || ' / 4 days'), ('2024-01-06', '2024-01-10', '? / ?'),
                     ('-infinity', 'infinity', '0.5 / 3 days'), ('-infinity', '2024-01-02', '? / ?'), ('2024-01-12 00:00:00.000001', 'infinity', '? / ?')) AS e(f, t, want);
SELECT is(median_resolution(pg_temp.tickets('2024-01-01 - 2024-01-02T01:00', '2024-01-01 - 2024-01-04T02:00'), '2024-01-01', '2024-02-01')::text, '2 days 01:30:00', 'of two the middle');
SELECT is(repeated_share(history, f, t, width), share, format('repeated of those opened from %s and before %s, within %s', f, t, width))
FROM twice, (VALUES (timestamptz '2024-01-01', timestamptz '2024-01-02', interval '7 days', 0::float8), ('2024-01-01', '2024-01-03', '7 days', 0.5), ('2024-01-02', '2024-01-03', '7 days', 1), ('2024-01-04', 'infinity', '7 days', 1), ('2024-01-04', 'infinity', '1 day', 0),
                    ('-infinity', 'infinity', '1 day 1 hour', 2 / 3.0), ('-infinity', '2024-01-04 01:00', '7 days', 0.5), ('2024-01-03', '2024-01-04', '7 days', NULL), ('-infinity', '2024-01-01', '7 days', NULL)) AS e(f, t, width, share);
SELECT is(repeated_share(history, '-infinity', 'infinity'), repeated_share(history, '-infinity', 'infinity', '7 days'), 'repeated_share: the window is 7 days if not given') FROM support;
SELECT is(first_opened_at(history), '2024-01-01'::timestamptz, 'the first opening') FROM backlog;
SELECT ok(first_opened_at(none) IS NULL AND escalated_open_days(none, 'infinity') = 0 AND reopened_share(none, '-infinity', 'infinity') IS NULL AND repeated_share(none, '-infinity', 'infinity') IS NULL AND median_resolution(none, '-infinity', 'infinity') IS NULL,
          'of a history without tickets') FROM (SELECT ticket_agg(NULL, NULL, 0) AS none) AS q;
SELECT ok(first_opened_at(NULL) IS NULL AND escalated_open_days(NULL, 'infinity') IS NULL AND reopened_share(NULL, '-infinity', 'infinity') IS NULL AND repeated_share(NULL, '-infinity', 'infinity') IS NULL AND median_resolution(NULL, '-infinity', 'infinity') IS NULL,
          'of no history: NULL');
SELECT is(concat_ws(' ', first_opened_at(debt)::date, escalated_open_days(debt, '2024-02-03'), reopened_share(debt, '2024-01-01', '2025-01-01'), repeated_share(debt, '2024-01-01', '2025-01-01'), median_resolution(debt, '2024-01-01', '2025-01-01')), '2024-02-01 2 1 0 5 days',
          'counts below zero are none of these')
FROM (SELECT unmerge(pg_temp.tickets('2024-02-01 - 2024-02-06 1 t'), pg_temp.tickets('2024-01-01 - - 0 t', '2024-01-31 - 2024-02-01', '2024-01-31 - 2024-02-03')) AS debt) AS d;

-- Rows and states that come to the same, or to nothing
SELECT is(pg_temp.tickets('2024-01-01 - 2024-01-02 0 f -'), pg_temp.tickets('2024-01-01 infinity 2024-01-02'), 'NULL is as good as 0, no and infinity');
SELECT is(ticket_agg(o, NULL, s, r, NULL, NULL, NULL, NULL), ticket_agg(o, s, r), 'the short form keeps what it is given')
FROM (VALUES (timestamptz '2024-01-01', timestamptz '2024-01-02', 1), ('2024-01-03', NULL, NULL), ('2024-01-03', 'infinity', 0)) AS t(o, s, r);
SELECT is(ticket_agg(o, '2024-01-02', 0), pg_temp.tickets('2024-01-01 - 2024-01-02'), 'tickets without opening are left out')
FROM (VALUES (timestamptz '2024-01-01'), (NULL), ('infinity')) AS t(o);
SELECT is(ticket_agg(NULL, NULL, 1), NULL, 'no rows: NULL') WHERE false HAVING true;
WITH skipped AS (SELECT ticket_agg(NULL, '2024-01-01', 1) AS history)
SELECT ok(history IS NOT NULL AND open_count(history, 'infinity') = 0 AND last_opened_at(history, 'infinity') IS NULL
          AND NOT EXISTS (SELECT FROM ticket_facts(history, 'infinity')), 'an account whose rows are all left out has a history without tickets') FROM skipped;
SELECT ok(NOT EXISTS (SELECT FROM ticket_facts(NULL, 'infinity')) AND open_count(NULL, 'infinity') IS NULL
          AND first_contact_resolution(NULL, 'infinity') IS NULL, 'no history: nothing, and NULL');
SELECT is(ARRAY[open_count(debt, 'infinity'), opened_count(debt, '-infinity', 'infinity'), (SELECT count(*) FROM ticket_facts(debt, 'infinity'))], '{1,1,1}',
          'counts below zero, which unmerge can leave, are no tickets')
FROM (SELECT unmerge(pg_temp.tickets('2024-02-01'), pg_temp.tickets('2024-01-01', '2024-03-01')) AS debt) AS d;

-- An account has at most 2^21 tickets.
CREATE TEMP VIEW full_history AS
    SELECT '2 0|1 1|0 9223372036854775807 9223372036854775807 9223372036854775807 0 0 0 -1 9223372036854775807 2097152'::tickets AS history, ticket_agg('2024-01-01', NULL, 0) AS one;
SELECT is(open_count(history, 'infinity'), 2097152::bigint, '2^21 tickets are not too many') FROM full_history;
SELECT throws_ok('SELECT merge(history, one) FROM full_history', '54000', 'tickets of more than 2097152 rows', 'one more is');
SELECT throws_ok('SELECT unmerge(history, one) FROM full_history', '54000', NULL, 'whatever its sign');
SELECT throws_ok('SELECT rollup(h) FROM full_history, unnest(ARRAY[history, one]) AS h', '54000', NULL, 'as they roll up, too');
SELECT throws_ok($$SELECT '1 0|1 1|0 9223372036854775807 9223372036854775807 9223372036854775807 0 0 0 -1 2097153'::tickets$$, '22P02', NULL, 'and from outside');

-- What is refused
SELECT throws_ok($$SELECT '1 0|1 1|1 9223372036854775807 9223372036854775807 0 0 0 0 -1 1'::tickets$$, '22P02', NULL, 'an escalation before the opening, from outside');
SELECT throws_ok(format('SELECT %L::tickets', '2 0|1 1|1 9223372036854775807 9223372036854775807 9223372036854775807 0 0 ' || rest), '22P02', NULL, description)
FROM (VALUES ('1 -1 0 1', 'a reopening before the opening, from outside'), ('0 -1 5 1', 'one that was not reopened, but has an instant of it'), ('1 -1 9223372036854775806 1', 'a reopening at no instant')) AS wrong(rest, description);
SELECT throws_ok(format('SELECT ticket_agg(''2024-01-01'', NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, %L)', reopened), '22008', message, message)
FROM (VALUES ('-infinity', 'reopened_at out of range: -infinity'), ('10000-01-01', 'reopened_at out of range: 10000-01-01 00:00:00+00')) AS wrong(reopened, message);
SELECT throws_ok(format('SELECT ticket_agg(''2024-01-01'', NULL, NULL, 0, NULL, NULL, NULL, NULL, %L)', escalated), '22008', message, message)
FROM (VALUES ('-infinity', 'escalated_at out of range: -infinity'), ('10000-01-01', 'escalated_at out of range: 10000-01-01 00:00:00+00')) AS wrong(escalated, message);
PREPARE ticket(timestamptz, timestamptz, timestamptz, integer, integer) AS SELECT ticket_agg($1, $2, $3, $4, NULL, $5, NULL, NULL);
SELECT throws_ok(format('EXECUTE ticket(%L, %L, %L, %L, %L)', opened, reply, solved, reopened, replies), code, message, description)
FROM (VALUES
    (timestamptz '2024-01-01', timestamptz '2024-01-01', timestamptz '2024-01-01', -1, 0, '22023', 'reopened -1 is not between 0 and 1073741823', 'reopened fewer than 0 times'),
    ('2024-01-01', NULL, NULL, 0, -1, '22023', 'agent_replies -1 is not between 0 and 1073741823', 'fewer than 0 replies'),
    ('2024-01-01', NULL, NULL, 1073741824, 0, '22023', 'reopened 1073741824 is not between 0 and 1073741823', 'reopened too often'),
    ('-infinity', NULL, NULL, 0, 0, '22008', 'opened_at out of range: -infinity', 'an opening of -infinity'),
    ('10000-01-01', NULL, NULL, 0, 0, '22008', 'opened_at out of range: 10000-01-01 00:00:00+00', 'an opening beyond the year 9999'),
    ('2024-01-01', '0001-12-31 BC', NULL, 0, 0, '22008', 'first_reply_at out of range: 0001-12-31 00:00:00+00 BC', 'a reply before the year 1'),
    ('2024-01-01', NULL, '-infinity', 0, 0, '22008', 'solved_at out of range: -infinity', 'a solve of -infinity')
) AS refused(opened, reply, solved, reopened, replies, code, message, description);
SELECT throws_ok(format('SELECT first_contact_resolution(history, ''2024-06-01'', %L, %L) FROM support', width, variant), '22023', message, description)
FROM (VALUES
    (interval '-1 day', 'gross', 'contact_window -1 days is not a fixed length of time from 0 on', 'a window below 0'),
    ('1 day -25 hours', 'gross', 'contact_window 1 day -25:00:00 is not a fixed length of time from 0 on', 'a sum below 0'),
    ('1 month', 'gross', 'contact_window 1 mon is not a fixed length of time from 0 on', 'a month, which has no fixed length'),
    ('7 days', 'nett', 'unknown variant "nett"', 'an unknown variant')
) AS refused(width, variant, message, description);
SELECT throws_ok($$SELECT * FROM support, ticket_facts(history, '2024-06-01', '1 year')$$, '22023', NULL, 'ticket_facts refuses the same windows');
SELECT throws_ok(format('SELECT %s(history, ''2024-06-01'', ''2024-06-01'') FROM support', reader), '22023', 'to_at 2024-06-01 00:00:00+00 is not after from_at 2024-06-01 00:00:00+00', reader || ' over no instants')
FROM unnest('{reopened_share,repeated_share,median_resolution}'::text[]) AS reader;
SELECT throws_ok($$SELECT repeated_share(history, '2024-01-01', '2024-06-01', '1 month') FROM support$$, '22023', 'contact_window 1 mon is not a fixed length of time from 0 on', 'repeated_share refuses the same windows');
SELECT throws_ok($$SELECT opened_count(history, '2024-06-01', '2024-06-01') FROM support$$, '22023',
                 'to_at 2024-06-01 00:00:00+00 is not after from_at 2024-06-01 00:00:00+00', 'no instants to count on');

-- Oracle: self-joins over random tickets, many of them at the same instants
SELECT setseed(0.64) \g /dev/null
CREATE TEMP TABLE ticket AS
SELECT id, account, opened, opened + random() * interval '4 days' AS reply,
       CASE WHEN random() < 0.85 THEN opened + CASE WHEN random() < 0.1 THEN -1 ELSE floor(random() * 40) END * interval '6 hours' END AS solved,
       (random() < 0.2)::integer * ceil(random() * 3)::integer AS reopened, random() < 0.2 AS escalated,
       CASE WHEN random() < 0.8 THEN floor(random() * 4)::integer END AS replies,
       (ARRAY['ann', 'bob', 'cyd', NULL])[1 + id % 4] AS requester, (ARRAY['billing', NULL])[1 + id / 7 % 2] AS topic
FROM (SELECT id, 1 + id % 31 AS account, timestamptz '2024-01-01' + floor(random() * 480) * interval '6 hours' AS opened FROM generate_series(1, 2500) AS id) AS t;
UPDATE ticket SET reply = NULL WHERE id % 3 = 0;
-- some a while after the opening, some before, some at a time that is not known
ALTER TABLE ticket ADD escalated_at timestamptz, ADD since timestamptz;
UPDATE ticket SET escalated_at = opened + floor(random() * 40 - 4) * interval '6 hours' WHERE escalated AND id % 5 > 0;
UPDATE ticket SET escalated = (ARRAY[true, false, NULL])[1 + id % 3] WHERE escalated_at IS NOT NULL;
UPDATE ticket SET since = CASE WHEN escalated_at > opened THEN escalated_at WHEN escalated_at IS NOT NULL OR escalated THEN opened END;
ALTER TABLE ticket ADD reopened_at timestamptz, ADD back timestamptz;
UPDATE ticket SET reopened_at = opened + floor(random() * 40 - 4) * interval '6 hours' WHERE reopened > 0 AND id % 4 > 0;
UPDATE ticket SET back = CASE WHEN reopened_at IS NOT NULL THEN greatest(reopened_at, opened) WHEN reopened > 0 AND solved IS NULL THEN opened END;
CREATE TEMP TABLE history AS
SELECT account, ticket_agg(opened, reply, solved, reopened, escalated, replies, requester, topic, escalated_at, reopened_at) AS history FROM ticket GROUP BY account;
CREATE TEMP TABLE question AS
SELECT as_of, width FROM unnest('{2024-01-20,2024-03-01 06:00,2024-04-15 00:00:00.000001,infinity}'::timestamptz[]) AS as_of, unnest('{0,36 hours,7 days}'::interval[]) AS width;
CREATE TEMP VIEW known AS
SELECT as_of, account, requester, topic, opened, CASE WHEN reply <= as_of THEN reply END AS reply, CASE WHEN solved <= as_of THEN solved END AS solved,
       CASE WHEN solved <= as_of OR back <= as_of THEN reopened ELSE 0 END AS reopened, CASE WHEN back <= as_of AND reopened_at IS NOT NULL THEN back END AS reopened_at, coalesce(since <= as_of, false) AS escalated, CASE WHEN since <= as_of THEN since END AS escalated_at,
       CASE WHEN solved <= as_of OR back <= as_of THEN replies END AS replies
FROM ticket, (SELECT DISTINCT as_of FROM question) AS q WHERE opened <= as_of;
CREATE TEMP TABLE contact AS
SELECT *, row_number() OVER (PARTITION BY as_of, account ORDER BY opened, reply, solved, escalated_at, reopened, replies NULLS FIRST, reopened_at) AS nr FROM known;
CREATE INDEX ON contact (as_of, account);
CREATE TEMP TABLE expected AS
SELECT q.as_of, width, account, opened, reply, solved, reopened, escalated, replies,
       CASE WHEN solved IS NULL AND reopened > 0 THEN CASE WHEN opened + width <= q.as_of THEN false END
            WHEN solved >= opened AND solved + width <= q.as_of
            THEN reopened = 0 AND NOT EXISTS (SELECT FROM contact AS later
                                              WHERE (later.as_of, later.account) = (t.as_of, t.account) AND (later.requester, later.topic) IS NOT DISTINCT FROM (t.requester, t.topic)
                                                AND later.nr > t.nr AND later.opened <= t.solved + width) END AS first_contact,
       CASE WHEN replies IS NOT NULL THEN replies = 1 AND reopened = 0 END AS one_touch,
       EXISTS (SELECT FROM contact AS earlier
               WHERE (earlier.as_of, earlier.account) = (t.as_of, t.account) AND (earlier.requester, earlier.topic) IS NOT DISTINCT FROM (t.requester, t.topic)
                 AND earlier.nr < t.nr AND (earlier.solved IS NULL OR t.opened <= greatest(earlier.solved, earlier.opened) + width)) AS repeated
FROM contact AS t JOIN question AS q USING (as_of);
CREATE TEMP TABLE actual AS SELECT as_of, width, account, f.* FROM history, question, ticket_facts(history, as_of, width) AS f;
SELECT cmp_ok(count(DISTINCT (first_contact, one_touch, repeated)), '=', 18::bigint, 'random tickets have every combination of facts') FROM expected;
SELECT is_empty('TABLE expected EXCEPT ALL TABLE actual', 'first_contact, one_touch and repeated are what self-joins say');
SELECT is_empty('TABLE actual EXCEPT ALL TABLE expected', 'and nothing else is');
SELECT results_eq($$ SELECT as_of, width, v, success_count(r), trial_count(r) FROM (
                         SELECT as_of, width, v, rollup(first_contact_resolution(history, as_of, width, v)) AS r
                         FROM history, question, unnest(ARRAY['gross', 'net', 'one_touch', 'under_two']) AS v GROUP BY 1, 2, 3) AS q ORDER BY 1, 2, 3 $$,
                  $$ SELECT as_of, width, v, count(*) FILTER (WHERE success), count(success) FROM expected,
                         LATERAL (VALUES ('gross', first_contact), ('net', CASE WHEN NOT escalated THEN first_contact END), ('one_touch', one_touch), ('under_two', CASE WHEN replies IS NOT NULL THEN replies < 2 AND solved IS NOT NULL END)) AS s(v, success)
                     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 $$, 'the rates are counts of these');
CREATE TEMP TABLE span AS SELECT f AS from_at, t AS to_at FROM unnest('{-infinity,2024-01-10,2024-02-20 18:00}'::timestamptz[]) AS f, unnest('{2024-01-10 00:00:00.000001,2024-02-20 06:00,2024-03-01,infinity}'::timestamptz[]) AS t WHERE f < t;
SELECT is_empty($$ SELECT account, from_at, to_at, reopened_share(history, from_at, to_at), median_resolution(history, from_at, to_at), repeated_share(history, from_at, to_at, '36 hours'), escalated_open_days(history, from_at + interval '1 day'), first_opened_at(history) FROM history, span
                   EXCEPT SELECT account, from_at, to_at, c.reopened, s.median, o.repeated, coalesce(e.days, 0), (SELECT min(opened) FROM ticket AS t WHERE t.account = h.account)
                   FROM history AS h, span,
                        LATERAL (SELECT avg((t.reopened > 0)::int)::float8 AS reopened FROM ticket AS t
                                 WHERE t.account = h.account AND CASE WHEN t.solved < to_at THEN greatest(t.solved, t.opened) >= from_at AND t.opened < to_at ELSE t.back >= from_at AND t.back < to_at END) AS c,
                        LATERAL (SELECT justify_hours(percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(f.solved_at - f.opened_at, '0'))) AS median
                                 FROM ticket_facts(history, CASE to_at WHEN 'infinity' THEN to_at ELSE to_at - interval '1 us' END) AS f WHERE greatest(f.solved_at, f.opened_at) >= from_at AND f.solved_at IS NOT NULL) AS s,
                        LATERAL (SELECT avg(f.repeated::int)::float8 AS repeated FROM ticket_facts(history, CASE to_at WHEN 'infinity' THEN to_at ELSE to_at - interval '1 us' END, '36 hours') AS f WHERE f.opened_at >= from_at) AS o,
                        LATERAL (SELECT extract(epoch FROM from_at + interval '1 day' - min(since))::float8 / 86400 AS days FROM ticket AS t WHERE t.account = h.account AND since <= from_at + interval '1 day' AND opened <= from_at + interval '1 day' AND (solved > from_at + interval '1 day') IS NOT FALSE) AS e $$,
                'shares, medians and escalations are those of plain SQL over what was known at the end');
-- Thirty tickets an account, opened on Mondays: short histories are read in another way.
SELECT is_empty($$ WITH short AS (SELECT account, ticket_agg(date_trunc('week', opened), reply, solved, reopened, escalated, replies, requester, topic) AS history FROM ticket WHERE id <= 930 GROUP BY account)
                   SELECT account, from_at, to_at, repeated_share(history, from_at, to_at, '36 hours') FROM short, span
                   EXCEPT SELECT account, from_at, to_at, (SELECT avg(f.repeated::int)::float8 FROM ticket_facts(history, CASE to_at WHEN 'infinity' THEN to_at ELSE to_at - interval '1 us' END, '36 hours') AS f WHERE f.opened_at >= from_at) FROM short, span $$,
                'and so is the share of further contacts in short histories');
SELECT is_empty($$ SELECT as_of, width, account, f.* FROM (SELECT as_of, account, ticket_agg(opened, reply, solved, reopened, escalated, replies, requester, topic, escalated_at, reopened_at) AS history
                                                           FROM known GROUP BY 1, 2) AS k JOIN question USING (as_of), ticket_facts(history, as_of, width) AS f
                   EXCEPT ALL TABLE actual $$, 'a history of what was known at an instant reads the same as of then: what came later changes nothing');

SELECT * FROM finish();
ROLLBACK;
