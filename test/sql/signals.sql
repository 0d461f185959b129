\unset ECHO
\i test/psql.sql
-- A user's own signals: the latest value as of an instant, counts and sums over windows, against plain SQL, in a model, and what is refused.
BEGIN;
SELECT plan(55);

-- signals('signal at value', …): - is NULL.
CREATE FUNCTION pg_temp.signals(VARIADIC lines text[]) RETURNS signals LANGUAGE sql AS $$
    SELECT signal_agg(nullif(part[1], '-'), nullif(part[2], '-')::timestamptz, nullif(part[3], '-')::numeric)
    FROM (SELECT string_to_array(line, ' ') FROM unnest(lines) AS line) AS t(part)
$$;

-- By hand
CREATE TEMP VIEW own AS
SELECT pg_temp.signals('pulse 2024-03-01 2', 'pulse 2024-01-10 3.5', 'pulse 2024-02-01 5', 'pulse 2024-02-01 4', 'pulse 2024-02-01 4', 'logins 2024-01-31 -7.25', 'logins 2024-02-01 0') AS s;
SELECT is(signal_at(s, signal, as_of), value::float8, description)
FROM own, (VALUES
    ('pulse', timestamptz '2024-01-09 23:59:59.999999', NULL::numeric, 'no value a microsecond before the first'),
    ('pulse', '2024-01-10', 3.5, 'the first from its instant on'),
    ('pulse', '2024-01-31 23:59:59.999999', 3.5, 'until the next'),
    ('pulse', '2024-02-01', 13 / 3.0::float8, 'of three at one instant, two of them alike, the mean'),
    ('pulse', '2024-02-29', 13 / 3.0::float8, 'however old it is'),
    ('pulse', '2024-03-01', 2, 'the latest, not the largest'),
    ('pulse', 'infinity', 2, 'as of the end of time'),
    ('pulse', '-infinity', NULL, 'nothing before time'),
    ('logins', '2024-01-31', -7.25, 'another signal; below zero'),
    ('logins', '2024-03-01', 0, '0 is a value'),
    ('Pulse', 'infinity', NULL, 'another name'),
    ('', 'infinity', NULL, 'no letters')
) AS v(signal, as_of, value, description);
SELECT is(signal_given_at(s, signal, as_of), given, 'given: ' || description)
FROM own, (VALUES
    ('pulse', timestamptz '2024-01-09 23:59:59.999999', NULL::timestamptz, 'not yet'), ('pulse', '2024-01-10', '2024-01-10', 'at that very instant'), ('pulse', '2024-02-29', '2024-02-01', 'a while ago'),
    ('pulse', 'infinity', '2024-03-01', 'as of the end of time'), ('pulse', '-infinity', NULL, 'nothing before time'), ('x', 'infinity', NULL, 'never')
) AS v(signal, as_of, given, description);
SELECT is(ARRAY[signal_count(s, signal, f, t), signal_sum(s, signal, f, t)], want, description)
FROM own, (VALUES
    ('pulse', timestamptz '2024-01-10', timestamptz '2024-02-01', '{1,3.5}'::float8[], 'from the first instant on, and before the last'),
    ('pulse', '2024-01-10 00:00:00.000001', '2024-02-01 00:00:00.000001', '{3,13}', 'a microsecond later: equal values count as often as they were given'),
    ('pulse', '-infinity', 'infinity', '{5,18.5}', 'of all time'), ('logins', '-infinity', 'infinity', '{2,-7.25}', 'of another signal'),
    ('pulse', '2024-04-01', 'infinity', '{0,0}', 'of none: 0'), ('x', '-infinity', 'infinity', '{0,0}', 'nor of a signal that is not there')
) AS v(signal, f, t, want, description);
SELECT is(signal_sum(s, 'a', '2024-01-01', '2024-01-02'), 0.3::float8, 'ten tenths of 0.03 are 0.3') FROM (SELECT signal_agg('a', timestamptz '2024-01-01' + n * interval '1 hour', 0.03) AS s FROM generate_series(1, 10) AS n) AS q;
SELECT is(signal_sum(s, 'a', '2024-01-01', '2024-01-02'), 1::float8, 'large values that cancel leave the small one')
FROM (SELECT signal_agg('a', '2024-01-01', v) AS s FROM unnest('{1e18,-1e18,1}'::numeric[]) AS v) AS q;

-- Rows left out, and no history
SELECT is(pg_temp.signals('a 2024-01-01 1', '- 2024-01-01 2', 'a - 3', 'a infinity 4', 'a 2024-01-01 -'), pg_temp.signals('a 2024-01-01 1.0000004'), 'rows with NULL or at infinity are left out; six decimals are kept');
SELECT is(pg_temp.signals('- - -')::text, '1 0|0 0', 'rows that are left out alone: a history without signals');
SELECT is(signal_agg('a', now(), 1), NULL, 'no rows: NULL') WHERE false HAVING true;
SELECT ok(signal_at(NULL, 'a', now()) IS NULL AND signal_given_at(NULL, 'a', now()) IS NULL AND signal_count(NULL, 'a', '-infinity', 'infinity') IS NULL AND signal_sum(NULL, 'a', '-infinity', 'infinity') IS NULL
          AND signal_at(s, NULL, now()) IS NULL AND signal_at(s, 'pulse', NULL) IS NULL, 'NULL for NULL') FROM own;
SELECT is(pg_temp.signals('pulse 2024-01-10 3.5')::text, '1 0|1 1|-3685225845124129989 758160000000000 3.5 1', 'the text form: key of the name, instant, value, count');
SELECT is(concat_ws(' ', signal_at(debt, 'pulse', 'infinity'), signal_given_at(debt, 'pulse', 'infinity')::date, signal_count(debt, 'pulse', '-infinity', 'infinity'), signal_sum(debt, 'pulse', '-infinity', 'infinity')), '4 2024-02-01 2 8',
          'counts below zero, which unmerge can leave, are no values')
FROM own, unmerge(unmerge(s, pg_temp.signals('pulse 2024-02-01 5', 'pulse 2024-01-10 3.5')), pg_temp.signals('pulse 2024-03-01 2', 'pulse 2024-03-01 2', 'pulse 2024-02-01 9')) AS debt;

-- Oracle: plain SQL over random values, many at the same instants
SELECT setseed(0.67) \g /dev/null
CREATE TEMP TABLE given AS
SELECT id % 17 AS account, (ARRAY['a', 'b', 'c'])[1 + floor(random() * 3)::int] AS signal, timestamptz '2024-01-01' + floor(random() * 60) * interval '1 day' AS at, round((random() * 9)::numeric, (random() * 2)::int) AS value
FROM generate_series(1, 2000) AS id;
CREATE TEMP TABLE history AS SELECT account, signal_agg(signal, at, value ORDER BY random()) AS s FROM given GROUP BY account;
CREATE TEMP TABLE question AS
SELECT n AS account, signal, as_of, as_of - d * interval '1 day' AS since
FROM generate_series(0, 16) AS n, unnest('{a,b,c}'::text[]) AS signal, unnest('{2024-01-01,2024-01-03 12:00,2024-01-25,2024-02-20,2024-04-01}'::timestamptz[]) AS as_of, unnest('{1,28}'::int[]) AS d;
SELECT is_empty($$ SELECT account, signal, as_of, since, round(signal_at(s, signal, as_of)::numeric, 12), signal_given_at(s, signal, as_of), signal_count(s, signal, since, as_of), signal_sum(s, signal, since, as_of) FROM question JOIN history USING (account)
                   EXCEPT SELECT q.*, round(l.value, 12), l.at, w.count, w.sum
                   FROM question AS q,
                        LATERAL (SELECT count(*) AS count, coalesce(sum(value), 0)::float8 AS sum FROM given AS g WHERE (g.account, g.signal) = (q.account, q.signal) AND at >= since AND at < as_of) AS w,
                        LATERAL (SELECT max(at) AS at, (SELECT avg(value) FROM given AS g WHERE (g.account, g.signal, g.at) = (q.account, q.signal, max(m.at))) AS value
                                 FROM given AS m WHERE (m.account, m.signal) = (q.account, q.signal) AND at <= as_of) AS l $$, 'values, counts and sums are those of plain SQL');
SELECT is_empty($$ SELECT account, signal, as_of, signal_at(s, signal, as_of), signal_given_at(s, signal, as_of), signal_count(s, signal, since, as_of) FROM question JOIN history USING (account)
                   EXCEPT SELECT account, q.signal, as_of, signal_at(s, q.signal, as_of), signal_given_at(s, q.signal, as_of), signal_count(s, q.signal, since, as_of)
                   FROM question AS q, LATERAL (SELECT coalesce(signal_agg(g.signal, at, value), '1 0|0 0') AS s FROM given AS g WHERE g.account = q.account AND at <= as_of) AS k $$, 'what came later changes nothing');

-- An account has at most 2^21 rows.
CREATE TEMP VIEW full_history AS SELECT '1 0|1 1|7 0 1000000000000000000 2097152'::signals AS s;
SELECT throws_ok('SELECT merge(s, pg_temp.signals(''a 2024-01-01 1'')) FROM full_history', '54000', 'signals of more than 2097152 rows', '2^21 rows and one are too many');

-- What is refused
SELECT throws_ok('SELECT csmetrics.' || call, code, message, description)
FROM (VALUES
    ('signal_agg(''a'', ''2024-01-01'', ''NaN'')', '22003', 'amount out of range: NaN', 'a value that is no number'),
    ('signal_agg(''a'', ''2024-01-01'', ''-infinity'')', '22003', 'amount out of range: -Infinity', 'a value that is not finite'),
    ('signal_agg(''a'', ''2024-01-01'', 1e18 + 0.000001)', '22003', 'amount out of range: 1000000000000000000.000001', 'a value that is too large'),
    ('signal_agg(''a'', ''-infinity'', 1)', '22008', 'at out of range: -infinity', 'an instant of -infinity'),
    ('signal_agg(''a'', ''10000-01-01'', 1)', '22008', 'at out of range: 10000-01-01 00:00:00+00', 'an instant beyond the year 9999'),
    ('signal_count(''1 0|0 0'', ''a'', ''2024-01-01'', ''2024-01-01'')', '22023', 'to_at 2024-01-01 00:00:00+00 is not after from_at 2024-01-01 00:00:00+00', 'no instants to count on'),
    ('signal_sum(''1 0|0 0'', ''a'', ''2024-01-02'', ''2024-01-01'')', '22023', 'to_at 2024-01-01 00:00:00+00 is not after from_at 2024-01-02 00:00:00+00', 'nor to add up on')
) AS refused(call, code, message, description);
SELECT throws_ok(format('SELECT %L::csmetrics.signals', form), '22P02', NULL, description)
FROM (VALUES
    ('1 0|1 1|0 757944000000000 3.5 1', 'a signal without a name'), ('1 0|1 1|7 9223372036854775807 3.5 1', 'a value that is never given'),
    ('1 0|1 1|7 0 1000000000000000000.000001 1', 'a value that is too large'), ('1 0|1 1|7 0 1 0', 'a row of nothing'), ('1 0|2 2|7 5 1 1|7 4 1 1', 'instants out of order')
) AS wrong(form, description);

-- In a model
CREATE TABLE public.pulse (account_id text, signal text, at date, value numeric);
INSERT INTO public.pulse VALUES ('a', 'pulse', '2024-01-10', 4), ('a', 'pulse', '2024-02-10', 2), ('a', 'risk', '2024-02-10', 0.25), ('b', 'pulse', '2024-02-01', 5);
CALL create_model('cs');
UPDATE cs.policy SET time_zone = 'Europe/Berlin';
CALL map('cs', 'account', $$SELECT * FROM (VALUES ('a'), ('b'), ('c')) AS c(account_id)$$);
CALL map('cs', 'signal', 'TABLE public.pulse');
CALL refresh('cs');
SELECT results_eq($$SELECT account_id, signal_at(signals, 'pulse', '2024-02-10 00:00 Europe/Berlin'::timestamptz - interval '1 us'), signal_at(signals, 'pulse', '2024-02-10 00:00 Europe/Berlin') FROM cs_internal.account_state ORDER BY 1$$,
    $$VALUES ('a', 4::float8, 2::float8), ('b', 5, 5), ('c', NULL, NULL)$$, 'account_state keeps the signals of each account; a day begins in the zone of the model');
CREATE FUNCTION pg_temp.refused(line text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'INSERT INTO public.pulse VALUES ' || line;
    CALL refresh('cs');
    RAISE EXCEPTION USING ERRCODE = 'P0099', MESSAGE = 'accepted';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT is(pg_temp.refused(line), '22023 source "signal", account ' || want, want)
FROM (VALUES
    ($$(NULL, 'pulse', '2024-01-01', 1)$$, 'NULL: account_id is NULL'), ($$('a', NULL, '2024-01-01', 1)$$, 'a: signal is NULL'), ($$('a', 'pulse', NULL, 1)$$, 'a: signal pulse: at is NULL'),
    ($$('a', 'pulse', '2024-01-01', NULL)$$, 'a: signal pulse: value is NULL'), ($$('a', 'pulse', '2024-01-01', 'NaN')$$, 'a: signal pulse: value NaN is no amount between -10^18 and 10^18'),
    ($$('a', 'pulse', '2024-01-01', '-infinity')$$, 'a: signal pulse: value -Infinity is no amount between -10^18 and 10^18')
) AS wrong(line, want);
SELECT is(pg_temp.refused($$('a', 'pulse', '2024-01-01', -1e18)$$), 'P0099 accepted', 'the largest value below zero is one');

SELECT * FROM finish();
ROLLBACK;
