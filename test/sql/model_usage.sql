\unset ECHO
\i test/psql.sql
-- Usage in a model: days in the zone of each account, series and readings as plain SQL has them, as of a past day what they said then.
BEGIN;
SELECT plan(24);
SELECT setseed(0.41) \g /dev/null
-- By hand: a in Tokyo, b in the model's Berlin, c never active, d unknown to the account source.
CALL create_model('cs');
UPDATE cs.policy SET time_zone = 'Europe/Berlin', as_of = '2024-03-31', trend_days = 7;
CREATE TABLE public.customer (account_id text, segment text, time_zone text);
INSERT INTO public.customer VALUES ('a', 'far', 'Asia/Tokyo'), ('b', 'near', NULL), ('c', 'near', NULL);
CREATE TABLE public.click (account_id text, at timestamptz, user_id text, events int);
INSERT INTO public.click VALUES ('a', '2024-03-30 16:00Z', 'x', 2), ('b', '2024-03-30 16:00Z', 'y', NULL), ('b', '2024-03-30 23:30Z', 'y', 0), ('b', '2024-03-10 12:00Z', 'y', 3), ('d', '2024-03-31 22:30Z', 'z', 5), ('d', '2024-01-05 12:00Z', 'z', 1);
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'usage', 'TABLE public.click');
CALL refresh('cs');
SELECT results_eq('SELECT account_id, first_active_on, last_active_on, idle_days, active_28_days_count, events_28_days_count, consistency_rate, longest_gap_days, streak_days FROM cs.usage_by_account ORDER BY 1',
    $$VALUES ('a', date '2024-03-31', date '2024-03-31', 0::float8, 1::bigint, 2::bigint, 1::float8, 0::float8, 1::float8),  -- 16:00 in London is the next day in Tokyo
             ('b', '2024-03-10', '2024-03-30', 1, 2, 4, 0.5, 19, 0),
             ('c', NULL, NULL, NULL, 0, 0, NULL, NULL, NULL),
             ('d', '2024-01-05', '2024-01-05', 86, 0, 0, 0, 86, 0)$$, 'readings by account; 22:30 in London is the next day in Berlin, after the day of the reading');
SELECT results_eq('SELECT day_on, dau_count, wau_count, mau_count, new_active_count, resurrected_active_count, dormant_count, account_count FROM cs.usage_daily WHERE day_on >= ''2024-03-30''',
    $$VALUES (date '2024-03-30', 1::bigint, 1::bigint, 1::bigint, 1::bigint, 0::bigint, 0::bigint, 4::bigint), ('2024-03-31', 1, 2, 2, 2, 0, 0, 4)$$, 'series of all');
SELECT results_eq('SELECT dimension, value, mau_count, account_count FROM cs.usage_by_segment WHERE day_on = ''2024-03-31''', $$VALUES ('all', 'all', 2::bigint, 4::bigint), ('segment', '(none)', 0, 1), ('segment', 'far', 1, 1), ('segment', 'near', 1, 2)$$, 'and by segment');
SELECT is(min(day_on), date '2024-01-05', 'the series begins with the first usage') FROM cs.usage_daily;
UPDATE cs.policy SET report_from = '2024-03-01';
SELECT is(min(day_on), date '2024-03-01', 'report_from: with that day') FROM cs.usage_daily;
UPDATE cs.policy SET report_from = NULL, as_of = '2024-04-01';
SELECT is(last_active_on, date '2024-04-01', 'a day later it has happened') FROM cs.usage_by_account WHERE account_id = 'd';
SELECT ok(trend_events_rate IS NULL, 'an account that is new has no trend') FROM cs.usage_by_account WHERE account_id = 'a';
SELECT ok(trend_events_rate = 5 / 7.0::float8 AND change_rate IS NULL, 'an account that is back has one, but nothing to compare in relative terms') FROM cs.usage_by_account WHERE account_id = 'd';
UPDATE cs.policy SET weekdays_only = true;
-- b on 2024-03-10, a Sunday, and on 2024-03-30, a Saturday; d on 2024-04-01, a Monday: one of 20 weekdays, of b's 16 and of the one that a has had
SELECT is(round(stickiness_rate::numeric, 9), round(1 / (20.0 + 16 + 1), 9), 'weekdays_only') FROM cs.usage_daily WHERE day_on = '2024-04-01';
UPDATE cs.policy SET as_of = '2023-01-01';
SELECT is(count(*), 0::bigint, 'before the first usage there is no series') FROM cs.usage_daily;

SELECT is(pg_temp.failure(format('INSERT INTO public.click VALUES (%s); CALL refresh(''cs'')', line)), want, want)
FROM (VALUES ('NULL, now()', '22023 source "usage", account NULL: account_id is NULL'), ('''a'', NULL', '22023 source "usage", account a: at is NULL'), ('''a'', now(), NULL, -1', '22023 source "usage", account a: events -1 is below 0')) AS w(line, want);
SELECT is(pg_temp.failure('UPDATE public.customer SET time_zone = ''Mars''; CALL refresh(''cs'')'), '22023 time zone "Mars" not recognized', 'an unknown zone is named');

-- Random usage of many shapes
CREATE TABLE public.many AS SELECT id AS account_id, (ARRAY['small', 'large', NULL])[1 + id % 3] AS segment, (ARRAY['Asia/Kolkata', 'America/New_York', NULL])[1 + id % 3] AS time_zone FROM generate_series(1, 90) AS id;
CREATE TABLE public.use AS
SELECT id % 90 + 1 AS account_id, timestamptz '2023-09-01' + (CASE WHEN id % 90 < 30 THEN random() WHEN id % 90 < 60 THEN random() ^ 2 ELSE 0.5 + random() / 3 END) * interval '300 days' AS at, 1 + id % 5 AS events FROM generate_series(1, 9000) AS id;
CREATE PROCEDURE pg_temp.build(model text, use text) LANGUAGE plpgsql AS $$
BEGIN
    CALL create_model(model, 'bigint');
    EXECUTE format('UPDATE %I.policy SET time_zone = ''Europe/Berlin'', as_of = ''2024-04-20''', model);
    CALL map(model, 'account', 'TABLE public.many');
    CALL map(model, 'usage', 'SELECT * FROM ' || use);
    CALL refresh(model);
END
$$;
CALL pg_temp.build('now', 'public.use');
CREATE VIEW public.day_of AS SELECT u.*, (at AT TIME ZONE coalesce(time_zone, 'Europe/Berlin'))::date AS day FROM public.use AS u JOIN public.many USING (account_id);
CREATE VIEW public.use_then AS SELECT account_id, at, events FROM public.day_of WHERE day <= '2024-04-20';
CALL pg_temp.build('past', 'public.use_then');
SELECT results_eq(format('SELECT t::text FROM now.%I t ORDER BY 1', v), format('SELECT t::text FROM past.%I t ORDER BY 1', v), v || ' as of a past day is what it was on that day')
FROM unnest(ARRAY['usage_daily', 'usage_by_segment', 'usage_by_account', 'usage_movement']) AS v;
SELECT set_eq('SELECT day_on, dau_count, wau_count, mau_count FROM now.usage_daily',
    $$SELECT d::date AS day_on, count(DISTINCT account_id) FILTER (WHERE day = d::date) AS dau_count, count(DISTINCT account_id) FILTER (WHERE day > d::date - 7) AS wau_count, count(DISTINCT account_id) AS mau_count
      FROM generate_series((SELECT min(day) FROM public.day_of)::timestamp, '2024-04-20', '1 day') AS d JOIN public.day_of ON day > d::date - 28 AND day <= d::date GROUP BY 1$$, 'the series is that of plain SQL');
SELECT set_eq('SELECT day_on, sum(dau_count)::bigint AS d, sum(mau_count)::bigint AS m, sum(dormant_count)::bigint AS x FROM now.usage_by_segment WHERE dimension = ''segment'' GROUP BY 1', 'SELECT day_on, dau_count AS d, mau_count AS m, dormant_count AS x FROM now.usage_daily', 'segments add up to it');
-- weeks that begin on Sunday are over on the 20th, a Saturday; those that begin on Monday on the 14th
CREATE FUNCTION pg_temp.readings(over_on date) RETURNS TABLE (account_id int, last_active_on date, active_28_days_count bigint, events_28_days_count bigint, c numeric) LANGUAGE sql AS $$
    SELECT account_id, max(day), count(DISTINCT day) FILTER (WHERE day > '2024-03-23'), coalesce(sum(events) FILTER (WHERE day > '2024-03-23'), 0)::bigint,
           round(count(DISTINCT (over_on - day) / 7) FILTER (WHERE day <= over_on AND (over_on - day) / 7 < weeks)::numeric / nullif(weeks, 0), 9)
    FROM public.day_of JOIN (SELECT account_id, min(day) AS first FROM public.day_of GROUP BY 1) AS f USING (account_id), LATERAL (SELECT CASE WHEN first <= over_on THEN least(8, (over_on - first) / 7 + 1) END AS weeks) w
    WHERE day <= '2024-04-20' GROUP BY account_id, weeks $$;
SELECT set_eq('SELECT account_id, last_active_on, active_28_days_count, events_28_days_count, round(consistency_rate::numeric, 9) AS c FROM now.usage_by_account', $$SELECT * FROM pg_temp.readings('2024-04-14')$$, 'readings by account too, with weeks from Monday on');
UPDATE now.policy SET week_start = 7;
SELECT set_eq('SELECT account_id, last_active_on, active_28_days_count, events_28_days_count, round(consistency_rate::numeric, 9) AS c FROM now.usage_by_account', $$SELECT * FROM pg_temp.readings('2024-04-20')$$, 'or from Sunday on');
SELECT ok(count(*) FILTER (WHERE direction = 'falls') > 0 AND count(*) FILTER (WHERE direction = 'rises') > 0 AND bool_and(trend_p < 0.05 AND (trend_upper_rate < 0 OR trend_lower_rate > 0)), 'usage_movement has those whose change is no chance') FROM now.usage_movement;
SELECT is((SELECT count(*) FROM now.usage_movement), (SELECT count(*) FROM now.usage_by_account WHERE trend_p < 0.05), 'and all of them');
SELECT * FROM finish();
ROLLBACK;
