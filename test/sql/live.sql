\unset ECHO
\i test/psql.sql
-- Live views: whatever changed in watched sources since the last refresh, each view of <model>_live shows what that of the model shows after the next one,
-- byte for byte. Tickets here are never solved: medians of segments, against which health is read, are those of the last refresh.
-- LIVE_STEPS: how many steps at random; LIVE_SEED: another seed.
\getenv steps LIVE_STEPS
\if :{?steps}
\else
    \set steps 8
\endif
\getenv seed LIVE_SEED
\if :{?seed}
\else
    \set seed 0.37
\endif
BEGIN;
SELECT plan(49);
SET LOCAL search_path = csmetrics, public;
SET LOCAL client_min_messages = warning;
SET LOCAL jit = off;

CREATE TABLE public.customer (account_id int PRIMARY KEY, segment text, plan text, owner text, region text, is_test boolean, time_zone text, parent_id int);
INSERT INTO public.customer SELECT a, 'segment ' || a % 3, 'plan ' || a % 2, 'csm ' || a % 4, NULL, false FROM generate_series(1, 30) a;
CREATE TABLE public.term (account_id int, starts_on date, ends_on date, mrr numeric, status text, product text, end_reason text, cancelled_on date, renews_on date);
INSERT INTO public.term SELECT a, date '2024-01-01' + 37 * k + a, CASE WHEN k < 5 THEN date '2024-01-01' + 37 * k + a + 30 + 7 * (a % 2) END, 10 * a + k, NULL, 'product ' || k % 2,
    CASE WHEN a % 2 = 0 THEN 'reason ' || k % 3 END, CASE WHEN k = 5 AND a % 5 = 0 THEN date '2024-10-01' END, CASE WHEN k = 5 THEN date '2024-10-05' + a END
FROM generate_series(1, 28) a, generate_series(1, 5) k;
CREATE TABLE public.click (account_id int, at timestamptz, user_id text, feature text);
INSERT INTO public.click SELECT a, timestamptz '2024-03-01 22:30 UTC' + k * interval '90 hours', 'u' || k % 3, 'f' || k % 3 FROM generate_series(1, 26) a, generate_series(1, 12) k;
CREATE TABLE public.ticket (account_id int, ticket_id text, opened_at timestamptz, first_reply_at timestamptz, solved_at timestamptz, escalated boolean, topic text);
INSERT INTO public.ticket SELECT a, a || '/' || k, at, at + interval '1 hour' * (a % 7), NULL, a % 9 = 0, 't' || k % 2
FROM generate_series(1, 25) a, generate_series(1, 5) k, LATERAL (SELECT timestamptz '2024-02-01 UTC' + (k * 31 + a) * interval '1 day' AS at) t;
CREATE TABLE public.answer (account_id int, kind text, score int, responded_at timestamptz, sent_at timestamptz, respondent_id text, updated_at timestamptz DEFAULT clock_timestamp());
INSERT INTO public.answer SELECT a, (ARRAY['nps', 'csat'])[1 + k % 2], 1 + (a + k) % 5, at, at - interval '2 days', 'r' || a % 2
FROM generate_series(1, 24) a, generate_series(1, 6) k, LATERAL (SELECT timestamptz '2024-02-01 UTC' + (k * 29 + a) * interval '1 day' AS at) t;
CREATE TABLE public.step (account_id int, milestone text, reached_at timestamptz, is_start boolean, is_value boolean);
INSERT INTO public.step SELECT a, m, timestamptz '2024-02-01 UTC' + (a * 5 + d * (a % 4)) * interval '1 day', m = 'start', m = 'value' FROM generate_series(1, 23) a, (VALUES ('start', 0), ('value', 9)) v(m, d);
CREATE TABLE public.plan_feature (plan text, feature text);
INSERT INTO public.plan_feature VALUES ('plan 0', 'f0'), ('plan 1', 'f1'), ('plan 1', 'f2');
-- columns tell of rows alone that are new
CREATE FUNCTION public.is_now() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END $$;
CREATE TRIGGER is_now BEFORE INSERT OR UPDATE ON public.answer FOR EACH ROW EXECUTE FUNCTION public.is_now();

CALL create_model('cs', 'integer');
CALL map('cs', 'account', 'SELECT account_id, segment, plan, owner, region, is_test, time_zone, parent_id FROM public.customer');
CALL map('cs', 'subscription', 'TABLE public.term');
CALL map('cs', 'usage', 'TABLE public.click');
CALL map('cs', 'ticket', 'TABLE public.ticket');
CALL map('cs', 'survey', 'SELECT account_id, kind, score, responded_at, sent_at, respondent_id FROM public.answer');
CALL map('cs', 'milestone', 'TABLE public.step');
CALL map('cs', 'entitlement', 'SELECT c.account_id, f.feature FROM public.customer c JOIN public.plan_feature f USING (plan)');
UPDATE cs.policy SET as_of = '2024-10-20', shrink_limit_rate = NULL, store_from_count = 0;
CALL watch('cs', 'account', 'trigger', 'public.customer');
CALL watch('cs', 'subscription', 'trigger', 'public.term');
CALL watch('cs', 'usage', 'trigger', 'public.click');
CALL watch('cs', 'ticket', 'trigger', 'public.ticket');
CALL watch('cs', 'survey', 'column', 'public.answer', changed_at => 'updated_at', lag => '0');
CALL watch('cs', 'milestone', 'list');
CALL watch('cs', 'entitlement', 'trigger', 'public.customer');
CALL watch('cs', 'entitlement', 'trigger', 'public.plan_feature', 'plan', 'SELECT c.account_id FROM public.customer c JOIN changed USING (plan)');
CALL refresh('cs');

SELECT throws_ok($$CALL drop_live('cs')$$, '3F000', NULL, 'no live form as yet');
CALL create_live('cs');
SELECT throws_ok($$CALL create_live('cs')$$, '42P06', NULL, 'made once');
SELECT throws_ok($$CALL create_live('no such model')$$, '3F000', NULL, 'of a model');
SELECT throws_ok($$CALL create_live(NULL)$$, '22004', NULL, 'not of none');
SELECT set_eq($$SELECT relname::text FROM pg_class WHERE relnamespace = 'cs_live'::regnamespace AND relkind = 'v'$$,
              $$SELECT o.name FROM model_object o WHERE o.kind = 'view' AND NOT o.is_internal UNION VALUES ('live_pending')$$, 'it has each view of the model');
SELECT set_eq($$SELECT c.relname, a.attname, a.attnum, a.atttypid, col_description(c.oid, a.attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                WHERE c.relnamespace = 'cs_live'::regnamespace AND c.relname <> 'live_pending'$$,
              $$SELECT o.name::name, a.attname, a.attnum, a.atttypid, col_description(a.attrelid, a.attnum) FROM model_object o JOIN pg_attribute a ON a.attrelid = relation('cs', o.name) AND a.attnum > 0
                WHERE o.kind = 'view' AND NOT o.is_internal$$, 'with the same columns, commented');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE n.nspname LIKE 'cs\_live%' AND c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (c.reloptions) OR 'security_invoker' = ANY (c.reloptions), false)$$, 'read with the rights of the reader');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname LIKE 'cs\_live%' AND (p.prosecdef OR p.provolatile = 'v')$$, 'nothing writes, or runs with the rights of another');
SELECT is_empty($$SELECT r.name FROM csmetrics.stored_readings('cs') r WHERE to_regclass('cs_live_now.' || r.name) IS NULL$$, 'each stored reading has a live form');
SELECT is_empty($$SELECT r.name FROM csmetrics.stored_readings('cs') r WHERE r.is_sum AND NOT EXISTS (SELECT 1 FROM pg_proc p WHERE p.pronamespace = 'cs_live_was'::regnamespace AND p.proname = 'read_' || r.name)$$,
                'and each sum one of what the accounts that changed had part in');

CREATE FUNCTION pg_temp.shown(shown_schema text, views text[] DEFAULT NULL) RETURNS TABLE (shown_row text) LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT o.name FROM csmetrics.model_object o WHERE o.kind = 'view' AND NOT o.is_internal AND (views IS NULL OR o.name = ANY (views)) LOOP
        RETURN QUERY EXECUTE format('SELECT %L || t::text FROM %I.%I t', name || ': ', shown_schema, name);
    END LOOP;
END
$$;
-- What live views show now, against what views show after a refresh
CREATE FUNCTION pg_temp.differences(views text[] DEFAULT NULL) RETURNS TABLE (side text, shown_row text) LANGUAGE plpgsql AS $$
DECLARE
    live text[] := ARRAY(SELECT s.shown_row FROM pg_temp.shown('cs_live', views) s);
    plain text[];
BEGIN
    CALL csmetrics.refresh('cs');
    plain := ARRAY(SELECT s.shown_row FROM pg_temp.shown('cs', views) s);
    RETURN QUERY (SELECT 'live', left(l, 200) FROM unnest(live) l EXCEPT ALL SELECT 'live', left(p, 200) FROM unnest(plain) p)
    UNION ALL (SELECT 'plain', left(p, 200) FROM unnest(plain) p EXCEPT ALL SELECT 'plain', left(l, 200) FROM unnest(live) l) LIMIT 10;
END
$$;
CREATE FUNCTION pg_temp.check(statement text, what text, pending bigint) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN NEXT is((SELECT count(*) FROM cs_live_now.changed_key), pending, 'pending: ' || what);
    RETURN NEXT is_empty('SELECT * FROM pg_temp.differences()', what);
END
$$;
SELECT pg_temp.check('SELECT 1', 'nothing', 0);
SELECT pg_temp.check('UPDATE public.term SET mrr = mrr + 1 WHERE account_id = 7', 'another price', 1);
SELECT pg_temp.check('UPDATE public.customer SET segment = ''segment 9'', region = ''north'' WHERE account_id IN (1, 4)', 'a new segment, and an attribute that nobody had', 2);
SELECT pg_temp.check('UPDATE public.customer SET is_test = true WHERE account_id = 5', 'a test account', 1);
SELECT pg_temp.check('UPDATE public.customer SET plan = NULL', 'an attribute that nobody has any more', 30);
SELECT pg_temp.check('UPDATE public.customer SET plan = ''plan '' || account_id % 2 WHERE account_id > 20', 'and some have again', 10);
SELECT is((SELECT string_agg(DISTINCT dimension, ' ' ORDER BY dimension) FROM cs.revenue_by_segment), 'account_plan all owner region segment', 'the plan of today is dimension account_plan');
SELECT pg_temp.check('INSERT INTO public.ticket VALUES (77, ''77/1'', ''2024-08-01 12:00 UTC'', NULL, NULL, false, ''t0'')', 'an account that is in no other source', 1);
SELECT pg_temp.check('UPDATE public.answer SET score = 1 WHERE account_id = 9', 'answers, told by a column', 1);
SELECT pg_temp.check('UPDATE public.step SET reached_at = reached_at + interval ''3 days'' WHERE account_id = 9; CALL csmetrics.mark_changed(''cs'', ''milestone'', ''{9}'')', 'milestones, told by a list', 1);

-- And at random
CREATE FUNCTION pg_temp.change() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a int := 1 + floor(random() * 32)::int;
    b int := 1 + floor(random() * 32)::int;
    day timestamptz := timestamptz '2024-03-01 UTC' + floor(random() * 200) * interval '1 day';
BEGIN
    CASE floor(random() * 14)::int
        WHEN 0 THEN INSERT INTO public.customer VALUES (a, 'segment ' || a % 3, 'plan ' || a % 2, 'csm 1') ON CONFLICT DO NOTHING;
        WHEN 1 THEN UPDATE public.customer SET segment = 'segment ' || floor(random() * 4), plan = 'plan ' || a % 2 WHERE account_id = a;
        WHEN 2 THEN UPDATE public.customer SET owner = nullif('csm ' || floor(random() * 4), 'csm 3'), is_test = random() < 0.1 WHERE account_id = a;
        WHEN 3 THEN DELETE FROM public.customer WHERE account_id = a;
        WHEN 4 THEN INSERT INTO public.term VALUES (a, day::date, day::date + floor(random() * 90)::int + 1, round((random() * 100)::numeric, 2), CASE WHEN random() < 0.2 THEN 'paused' END, 'product ' || floor(random() * 3), CASE WHEN random() < 0.3 THEN 'price' END);
        WHEN 5 THEN DELETE FROM public.term WHERE account_id = a AND random() < 0.5;
        WHEN 6 THEN UPDATE public.term SET account_id = a WHERE account_id = b AND random() < 0.5;
        WHEN 7 THEN INSERT INTO public.ticket VALUES (a, a || '/' || day, day, day + random() * interval '9 hours', NULL, random() < 0.1, 't0');
        WHEN 8 THEN DELETE FROM public.ticket WHERE account_id = a AND random() < 0.3;
        WHEN 9 THEN INSERT INTO public.click SELECT a, day + k * interval '1 day', 'u1', 'f1' FROM generate_series(1, 9) k;
        WHEN 10 THEN UPDATE public.customer SET time_zone = (ARRAY[NULL, 'Asia/Tokyo', 'America/Lima'])[1 + a % 3] WHERE account_id = a;
        WHEN 11 THEN INSERT INTO public.answer VALUES (a, (ARRAY['nps', 'csat'])[1 + (a % 2)], floor(random() * 6)::int, day, day - interval '1 day', 'r' || a % 3);
        WHEN 12 THEN INSERT INTO public.plan_feature VALUES ('plan ' || a % 3, 'f' || b % 4);
        ELSE
            UPDATE public.step SET reached_at = day, account_id = a WHERE account_id = b AND random() < 0.5;
            CALL csmetrics.mark_changed('cs', 'milestone', ARRAY[a, b]::text[]);
    END CASE;
END
$$;
CREATE TABLE public.found (step int, side text, difference text);
CREATE PROCEDURE pg_temp.walk(steps int) LANGUAGE plpgsql AS $$
BEGIN
    FOR step IN 1 .. steps LOOP
        PERFORM pg_temp.change() FROM generate_series(1, 1 + floor(random() * 4)::int);
        INSERT INTO public.found SELECT step, d.* FROM pg_temp.differences() d;
        EXIT WHEN EXISTS (SELECT 1 FROM public.found);
    END LOOP;
END
$$;
SELECT setseed(:seed) \g /dev/null
CALL pg_temp.walk(:steps);
SELECT is_empty('TABLE public.found', 'after random changes');
-- Where nothing is stored, all is worked out
UPDATE cs.policy SET store_from_count = 1000;
CALL refresh('cs');
CALL pg_temp.walk(2);
SELECT is_empty('TABLE public.found', 'and where nothing is stored');
UPDATE cs.policy SET store_from_count = 0;
CALL refresh('cs');

-- What is not live, and says so
UPDATE public.ticket SET solved_at = opened_at + interval '3 days' WHERE account_id = 9;
SELECT is_empty($$SELECT * FROM pg_temp.differences('{support_by_segment,support_by_account,revenue_by_segment,usage_by_segment}')$$, 'a ticket that is solved: support');
TRUNCATE public.click;
SELECT results_eq($$SELECT is_live, account_count, reason FROM cs_live.live_pending WHERE source = 'usage'$$, $$VALUES (false, 0::bigint, 'any account may have changed, or too many')$$, 'TRUNCATE: any account');
SELECT results_eq($$SELECT is_live, reason FROM cs_live.live_pending WHERE source IN ('signal', 'fx_rate') ORDER BY source$$, $$VALUES (false, 'it has no accounts'), (false, 'it is not watched')$$, 'sources that no watch tells of');
CALL refresh('cs');
UPDATE public.term SET mrr = mrr + 5 WHERE account_id = 7;
SELECT results_eq($$SELECT is_live, account_count, reason FROM cs_live.live_pending WHERE source = 'subscription'$$, $$VALUES (true, 1::bigint, NULL::text)$$, 'a source that is');
CALL unwatch('cs', 'subscription');
SELECT results_eq($$SELECT is_live, account_count FROM cs_live.live_pending WHERE source = 'subscription'$$, $$VALUES (false, 0::bigint)$$, 'until it is watched no more');
CALL watch('cs', 'subscription', 'trigger', 'public.term');
SELECT is((SELECT reason FROM cs_live.live_pending WHERE source = 'subscription'), 'the next refresh reads it as a whole', 'nor by a new watch before all of it was read');
CALL refresh('cs');
UPDATE public.term SET mrr = mrr + 5 WHERE account_id = 7;
SELECT isnt((SELECT mrr FROM cs_live.account_health WHERE account_id = 7), (SELECT mrr FROM cs.account_health WHERE account_id = 7), 'then it is');

-- What a statement saw the next one does not take for granted
SAVEPOINT taken_back;
UPDATE public.term SET mrr = mrr + 100 WHERE account_id = 7 AND ends_on IS NULL;
CREATE TEMP TABLE seen AS SELECT mrr FROM cs_live.account_health WHERE account_id = 7;
SELECT isnt((SELECT mrr FROM seen), (SELECT mrr FROM cs.account_health WHERE account_id = 7), 'what this transaction wrote is seen');
ROLLBACK TO taken_back;
SELECT is((SELECT mrr - (SELECT mrr FROM cs.account_health WHERE account_id = 7) FROM cs_live.account_health WHERE account_id = 7), 5::numeric, 'and, taken back, not');

-- As a standby, which writes nothing
SAVEPOINT read_only;
SET LOCAL transaction_read_only = on;
SELECT count(*) AS read_count FROM pg_temp.shown('cs_live') \gset
ROLLBACK TO read_only;
SELECT cmp_ok(:read_count, '>', 1000, 'all of it is read in a transaction that writes nothing');

-- Rights
CREATE ROLE live_reader;
CREATE ROLE live_some;
CALL grant_read('cs', 'live_reader');
GRANT SELECT ON public.customer, public.term, public.click, public.ticket, public.answer, public.step, public.plan_feature TO live_reader, live_some;
GRANT USAGE ON SCHEMA public TO live_reader, live_some;
SET LOCAL ROLE live_reader;
SELECT is(count(*), 1::bigint, 'a reader of the model reads what is live') FROM cs_live.account_health WHERE account_id = 7;
SELECT throws_ok($$CALL csmetrics.drop_live('cs')$$, '42501', NULL, 'and drops it not');
RESET ROLE;
CALL grant_read('cs', 'live_some');
CALL secure('cs', 'live_some', 'owner = ''csm 2''');
UPDATE public.term SET mrr = mrr + 1 WHERE account_id IN (2, 3, 6);
SET LOCAL ROLE live_some;
SELECT results_eq('SELECT account_id FROM cs_live_now.changed_key ORDER BY 1', 'SELECT a.account_id FROM cs.account a WHERE a.account_id IN (2, 3, 6, 7) ORDER BY 1', 'who sees some accounts hears of no other');
SELECT is_empty('SELECT account_id FROM cs_live.account_health EXCEPT SELECT account_id FROM cs.account', 'nor sees any other');
SET LOCAL ROLE live_reader;
RESET ROLE;
CALL unsecure('cs');

-- Made, remade, dropped
CALL update_model('cs');
SELECT isnt(to_regclass('cs_live.scorecard'), NULL, 'an update keeps it');
CREATE VIEW public.over_live AS SELECT * FROM cs_live.scorecard;
SELECT throws_ok($$CALL drop_live('cs')$$, '2BP01', NULL, 'it is not dropped under what others made over it');
DROP VIEW public.over_live;
CALL drop_live('cs');
SELECT is(count(*), 0::bigint, 'nothing of it is left') FROM pg_namespace WHERE nspname LIKE 'cs\_live%';
CALL create_live('cs');
CALL drop_model('cs');
SELECT is(count(*), 0::bigint, 'it goes with the model') FROM pg_namespace WHERE nspname LIKE 'cs%' AND nspname <> 'csmetrics';
SELECT * FROM finish();
ROLLBACK;
