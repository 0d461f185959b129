\unset ECHO
\i test/psql.sql
-- Stored readings: whatever happens between refreshes, what is stored is what would be stored anew, byte for byte, and
-- views show the same from the store as they work out themselves.
BEGIN;
SELECT plan(27);
SET search_path = csmetrics, public;

CREATE TABLE public.customer (account_id int PRIMARY KEY, segment text, plan text, owner text, region text, is_test boolean);
INSERT INTO public.customer SELECT a, 'segment ' || a % 3, 'plan ' || a % 2, 'csm ' || a % 4, NULL, false FROM generate_series(1, 40) a;
CREATE TABLE public.term (account_id int, starts_on date, ends_on date, mrr numeric, status text, product text, plan text, end_reason text, cancelled_on date, renews_on date);
INSERT INTO public.term SELECT a, date '2024-01-01' + 37 * k + a, CASE WHEN k < 5 THEN date '2024-01-01' + 37 * k + a + 30 + 7 * (a % 2) END, 10 * a + k, NULL, 'product ' || k % 2, 'plan ' || (a + k) % 3,
    CASE WHEN a % 2 = 0 THEN 'reason ' || k % 3 END FROM generate_series(1, 38) a, generate_series(1, 5) k;
CREATE TABLE public.click (account_id int, at timestamptz, user_id text, feature text);
INSERT INTO public.click SELECT a, timestamptz '2024-03-01 22:30 UTC' + k * interval '90 hours', 'u' || k % 3, 'f' || k % 3
FROM generate_series(1, 36) a, generate_series(1, 12) k;
CREATE TABLE public.ticket (account_id int, ticket_id text, opened_at timestamptz, first_reply_at timestamptz, solved_at timestamptz, escalated boolean, topic text);
INSERT INTO public.ticket SELECT a, a || '/' || k, at, at + interval '1 hour' * (a % 7), CASE WHEN k % 3 > 0 THEN at + interval '1 day' * (a % 5 + 1) END, a % 9 = 0, 't' || k % 2
FROM generate_series(1, 35) a, generate_series(1, 5) k, LATERAL (SELECT timestamptz '2024-02-01 UTC' + (k * 31 + a) * interval '1 day' AS at) t;
CREATE TABLE public.answer (account_id int, kind text, score int, responded_at timestamptz, sent_at timestamptz, respondent_id text);
INSERT INTO public.answer SELECT a, (ARRAY['nps', 'csat'])[1 + k % 2], 1 + (a + k) % 5, at, at - interval '2 days', 'r' || a % 2
FROM generate_series(1, 34) a, generate_series(1, 6) k, LATERAL (SELECT timestamptz '2024-02-01 UTC' + (k * 29 + a) * interval '1 day' AS at) t;
CREATE TABLE public.step (account_id int, milestone text, reached_at timestamptz, is_start boolean, is_value boolean);
INSERT INTO public.step SELECT a, m, timestamptz '2024-02-01 UTC' + (a * 5 + d * (a % 4)) * interval '1 day', m = 'start', m = 'value'
FROM generate_series(1, 33) a, (VALUES ('start', 0), ('value', 9)) v(m, d);

CALL create_model('cs', 'integer');
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'subscription', 'TABLE public.term');
CALL map('cs', 'usage', 'TABLE public.click');
CALL map('cs', 'ticket', 'TABLE public.ticket');
CALL map('cs', 'survey', 'TABLE public.answer');
CALL map('cs', 'milestone', 'TABLE public.step');
UPDATE cs.policy SET as_of = '2024-10-20', shrink_limit_rate = NULL, store_from_count = 0;

-- What is stored of readings
CREATE FUNCTION pg_temp.stored() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    relation text;
    rows text[];
    stored text[] := '{}';
BEGIN
    FOR relation IN SELECT r.name FROM csmetrics.stored_readings('cs') r LOOP
        EXECUTE format('SELECT array_agg(%L || t::text ORDER BY t::text COLLATE "C") FROM cs_internal.%I t', relation || ': ', relation) INTO rows;
        stored := stored || rows;
    END LOOP;
    RETURN stored;
END
$$;
-- The views that ask whether a reading is stored, by themselves or by a function, whichever these are
CREATE VIEW reads_stored AS
WITH RECURSIVE asks AS (
    SELECT 'cs_internal.is_stored(text)'::regprocedure::oid AS oid
    UNION
    SELECT d.objid FROM asks a JOIN pg_depend d ON (d.refclassid, d.refobjid) = ('pg_proc'::regclass, a.oid) AND d.classid = 'pg_proc'::regclass)
SELECT DISTINCT c.relname::text AS name
FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid
JOIN pg_depend d ON (d.classid, d.objid) = ('pg_rewrite'::regclass, r.oid) AND d.refclassid = 'pg_proc'::regclass JOIN asks a ON a.oid = d.refobjid
WHERE c.relnamespace = 'cs'::regnamespace;
-- What these show
CREATE FUNCTION pg_temp.shown() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    relation text;
    rows text[];
    shown text[] := '{}';
BEGIN
    FOR relation IN SELECT v.name FROM reads_stored v LOOP
        EXECUTE format('SELECT array_agg(%L || t::text ORDER BY t::text COLLATE "C") FROM cs.%I t', relation || ': ', relation) INTO rows;
        shown := shown || rows;
    END LOOP;
    RETURN shown;
END
$$;
-- The same made anew, and worked out by the views; nothing of it stays.
CREATE FUNCTION pg_temp.anew(OUT stored text[], OUT shown text[]) LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        DELETE FROM cs_internal.stored_reading;
        shown := pg_temp.shown();
        CALL csmetrics.end_readings('cs');
        stored := pg_temp.stored();
        RAISE EXCEPTION USING ERRCODE = 'P0002';
    EXCEPTION WHEN no_data_found THEN
        NULL;
    END;
END
$$;
CREATE FUNCTION pg_temp.differences() RETURNS SETOF text LANGUAGE sql AS $$
    WITH kept AS MATERIALIZED (SELECT pg_temp.stored() AS stored, pg_temp.shown() AS shown),
         anew AS MATERIALIZED (SELECT a.* FROM (SELECT count(*) FROM kept) k, pg_temp.anew() a),
         pair AS (
             SELECT unnest(k.stored) AS row, 'kept' AS side FROM kept k UNION ALL SELECT unnest(a.stored), 'anew' FROM anew a
             UNION ALL SELECT 'view ' || unnest(k.shown), 'kept' FROM kept k UNION ALL SELECT 'view ' || unnest(a.shown), 'anew' FROM anew a)
    SELECT left(p.row, 100) FROM pair p GROUP BY p.row HAVING count(*) <> 2 OR count(DISTINCT p.side) <> 2
$$;

CALL refresh('cs');
SELECT is((SELECT count(*) FROM cs_internal.stored_reading), (SELECT count(*) FROM csmetrics.stored_readings('cs')), 'a refresh stores all readings');
SELECT cmp_ok(cardinality(pg_temp.stored()), '>', 500, 'they have rows');
SELECT cmp_ok(count(*), '>=', 20::bigint, 'and are shown by views') FROM reads_stored;
SELECT is_empty('SELECT pg_temp.differences()', 'which are what the views work out');

-- One change of each kind
CREATE FUNCTION pg_temp.check(statement text, what text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    CALL csmetrics.refresh('cs');
    RETURN is_empty('SELECT pg_temp.differences()', what);
END
$$;
SELECT pg_temp.check('SELECT 1', 'nothing changed');
SELECT pg_temp.check('UPDATE public.term SET mrr = mrr + 1 WHERE account_id = 7', 'another price');
SELECT pg_temp.check('UPDATE public.term SET product = ''product 2'' WHERE account_id IN (8, 13) AND mrr % 2 = 0', 'another product');
SELECT pg_temp.check('UPDATE public.term SET end_reason = ''price'' WHERE account_id < 20', 'another reason');
SELECT pg_temp.check('UPDATE public.term SET cancelled_on = ''2024-10-01'', renews_on = ''2024-12-15'' WHERE ends_on IS NULL AND account_id % 3 = 0', 'renewals called off');
SELECT pg_temp.check('UPDATE public.ticket SET solved_at = opened_at + interval ''3 days'' WHERE account_id = 9 AND solved_at IS NULL', 'tickets solved');
SELECT pg_temp.check('UPDATE public.customer SET segment = ''segment 9'' WHERE account_id IN (1, 4)', 'a new segment');
SELECT pg_temp.check('UPDATE public.customer SET segment = ''segment 1'' WHERE account_id IN (1, 4)', 'and back: it is gone again');
SELECT pg_temp.check('UPDATE public.customer SET region = ''north'' WHERE account_id = 2', 'an attribute that nobody had');
SELECT pg_temp.check('UPDATE public.customer SET is_test = true WHERE account_id = 5', 'a test account');
SELECT pg_temp.check('DELETE FROM public.click WHERE account_id = 11', 'usage gone');
SELECT pg_temp.check('INSERT INTO public.ticket VALUES (99, ''99/1'', ''2024-08-01 12:00 UTC'', NULL, NULL, false, ''t0'')', 'an account of which one source alone tells');
SELECT pg_temp.check('DELETE FROM public.ticket WHERE account_id = 99', 'and that goes again');
SELECT pg_temp.check('UPDATE cs.policy SET as_of = as_of + 1', 'a day begins');
SELECT pg_temp.check('UPDATE cs.policy SET as_of = ''2024-11-01''', 'a month begins');
SELECT pg_temp.check('UPDATE cs.policy SET confidence = 0.9', 'another confidence');
SELECT pg_temp.check('UPDATE cs.policy SET report_from = ''2024-06-01'', period = ''quarter''', 'another beginning and period');
SELECT pg_temp.check('INSERT INTO public.ticket SELECT 12, ''many/'' || k, timestamptz ''2024-09-01 UTC'' + k * interval ''7 minutes'', NULL,
    timestamptz ''2024-09-01 UTC'' + k * interval ''7 minutes 1 second'' + k * interval ''1 second'' FROM generate_series(1, 4200) k', 'so many lengths that they go to buckets');
SELECT pg_temp.check('DELETE FROM public.ticket WHERE ticket_id LIKE ''many/%'' AND right(ticket_id, 1) <> ''3''', 'and back');
SELECT is((SELECT count(*) FROM cs.support_by_segment WHERE NOT is_exact), 0::bigint, 'where all are exact again');

-- And at random
CREATE FUNCTION pg_temp.change() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a int := 1 + floor(random() * 42)::int;
    day timestamptz := timestamptz '2024-03-01 UTC' + floor(random() * 240) * interval '1 day';
BEGIN
    CASE floor(random() * 13)::int
        WHEN 0 THEN INSERT INTO public.customer VALUES (a, 'segment ' || a % 3, 'plan ' || a % 2, 'csm 1') ON CONFLICT DO NOTHING;
        WHEN 1 THEN UPDATE public.customer SET segment = 'segment ' || floor(random() * 4) WHERE account_id = a;
        WHEN 2 THEN UPDATE public.customer SET owner = nullif('csm ' || floor(random() * 4), 'csm 3') WHERE account_id = a;
        WHEN 3 THEN DELETE FROM public.customer WHERE account_id = a;
        WHEN 4 THEN INSERT INTO public.term VALUES (a, day::date, day::date + floor(random() * 90)::int + 1, round((random() * 100)::numeric, 2), CASE WHEN random() < 0.2 THEN 'paused' END, 'product ' || floor(random() * 3));
        WHEN 5 THEN DELETE FROM public.term WHERE account_id = a AND random() < 0.5;
        WHEN 6 THEN UPDATE public.term SET account_id = a WHERE account_id = 1 + floor(random() * 42)::int AND random() < 0.5;
        WHEN 7 THEN INSERT INTO public.ticket VALUES (a, a || '/' || day, day, day + random() * interval '9 hours', CASE WHEN random() < 0.6 THEN day + random() * interval '9 days' END, random() < 0.1, 't0');
        WHEN 8 THEN UPDATE public.ticket SET solved_at = opened_at + random() * interval '20 days' WHERE account_id = a AND random() < 0.5;
        WHEN 9 THEN DELETE FROM public.ticket WHERE account_id = a AND random() < 0.3;
        WHEN 10 THEN INSERT INTO public.click SELECT a, day + k * interval '1 day', 'u1', 'f1' FROM generate_series(1, 9) k;
        WHEN 11 THEN INSERT INTO public.answer VALUES (a, (ARRAY['nps', 'csat'])[1 + (a % 2)], floor(random() * 6)::int, day, day - interval '1 day', 'r' || a % 3);
        ELSE UPDATE public.step SET reached_at = day, account_id = a WHERE account_id = 1 + floor(random() * 42)::int AND random() < 0.5;
    END CASE;
END
$$;
CREATE TABLE public.found (step int, difference text);
CREATE PROCEDURE pg_temp.walk(steps int) LANGUAGE plpgsql AS $$
BEGIN
    FOR step IN 1 .. steps LOOP
        PERFORM pg_temp.change() FROM generate_series(1, 1 + floor(random() * 4)::int);
        IF random() < 0.15 THEN
            UPDATE cs.policy SET as_of = as_of + 3 - floor(random() * 6)::int;
        END IF;
        CALL csmetrics.refresh('cs');
        INSERT INTO public.found SELECT step, d FROM pg_temp.differences() d;
    END LOOP;
END
$$;
SELECT setseed(0.4) \g /dev/null
CALL pg_temp.walk(12);
SELECT is_empty('TABLE public.found', 'of 12 refreshes after random changes');

-- The same where watches tell which accounts changed, and scores are stored beside
CREATE INDEX ON public.click (account_id);
CALL watch('cs', 'account', 'trigger', 'public.customer');
CALL watch('cs', 'subscription', 'trigger', 'public.term');
CALL watch('cs', 'usage', 'trigger', 'public.click');
CALL watch('cs', 'ticket', 'trigger', 'public.ticket');
CALL watch('cs', 'survey', 'trigger', 'public.answer');
CALL watch('cs', 'milestone', 'trigger', 'public.step');
CALL refresh('cs', sweep => true);
CALL pg_temp.walk(12);
SELECT is_empty('TABLE public.found', 'and of 12 more that read by key');
SELECT cmp_ok(count(*), '>', 5::bigint, 'as they did') FROM cs.refresh_log WHERE kind = 'keys';

SELECT * FROM finish();
ROLLBACK;
