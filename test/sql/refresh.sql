\unset ECHO
\i test/psql.sql
-- Refresh reads the rows of those accounts alone whose digest changed: a model that is refreshed after each change has what one has that is
-- made anew, byte for byte.
BEGIN;
SELECT plan(48);
SET search_path = csmetrics, public;

CREATE TABLE public.customer (account_id int, segment text, time_zone text, parent_id int, is_test boolean);
INSERT INTO public.customer SELECT a, 'segment ' || a % 3, 'UTC', NULL, false FROM generate_series(1, 20) a;
CREATE TABLE public.term (account_id int, subscription_id text, starts_on date, ends_on date, mrr numeric, currency text, discount_mrr numeric);
INSERT INTO public.term SELECT a, 's' || k, date '2024-01-01' + 90 * k + a, CASE WHEN k < 3 THEN date '2024-01-01' + 90 * k + a + 80 END, 10 * a + k, 'EUR', k
FROM generate_series(1, 19) a, generate_series(1, 3) k;
ALTER TABLE public.term ADD product text DEFAULT 'product', ADD plan text, ADD end_reason text DEFAULT 'reason';
CREATE TABLE public.click (account_id int, at timestamptz, user_id text, role text, feature text, events int);
INSERT INTO public.click SELECT a, timestamptz '2024-06-01 22:30 UTC' + k * interval '30 hours', CASE WHEN k % 4 > 0 THEN 'u' || k % 4 END, 'r' || k % 2, 'f' || k % 3, k
FROM generate_series(1, 18) a, generate_series(1, 12) k;
CREATE TABLE public.bought (account_id int, feature text, starts_on date, ends_on date);
INSERT INTO public.bought SELECT a, 'f' || k, '2024-01-01', NULL FROM generate_series(1, 15) a, generate_series(0, 1) k;
CREATE TABLE public.ticket (account_id int, ticket_id text, opened_at timestamptz, solved_at timestamptz);
INSERT INTO public.ticket SELECT a, a || '/' || k, timestamptz '2024-05-01 UTC' + k * interval '9 days', NULL FROM generate_series(1, 17) a, generate_series(1, 3) k;
CREATE TABLE public.answer (account_id int, kind text, score int, responded_at timestamptz);
INSERT INTO public.answer SELECT a, 'nps', k, timestamptz '2024-05-01 UTC' + k * interval '9 days' FROM generate_series(1, 17) a, generate_series(1, 3) k;
CREATE TABLE public.step (account_id int, milestone text, reached_at timestamptz);
INSERT INTO public.step SELECT a, 'm' || k, timestamptz '2024-02-01 UTC' + k * interval '9 days' FROM generate_series(1, 17) a, generate_series(1, 2) k;
CREATE TABLE public.reading (account_id int, signal text, at timestamptz, value float8);
INSERT INTO public.reading SELECT a, 'load', timestamptz '2024-02-01 UTC' + k * interval '9 days', k FROM generate_series(1, 17) a, generate_series(1, 2) k;
CREATE TABLE public.rate (currency text, on_date date, rate numeric);
INSERT INTO public.rate VALUES ('EUR', '2024-01-01', 1), ('USD', '2024-01-01', 0.9);
CREATE TABLE public.merger (account_id int, parent_id int, starts_on date, ends_on date, is_merger boolean);

-- How many rows of usage were read
CREATE SEQUENCE public.row_read;
CREATE FUNCTION public.is_read() RETURNS boolean LANGUAGE sql VOLATILE RETURN nextval('public.row_read') > 0;

CREATE PROCEDURE pg_temp.make(model text) LANGUAGE plpgsql AS $$
BEGIN
    CALL create_model(model, 'integer');
    CALL map(model, 'account', 'TABLE public.customer');
    CALL map(model, 'subscription', 'TABLE public.term');
    CALL map(model, 'usage', 'SELECT c.* FROM public.click c WHERE public.is_read()');
    CALL map(model, 'entitlement', 'TABLE public.bought');
    CALL map(model, 'ticket', 'TABLE public.ticket');
    CALL map(model, 'survey', 'TABLE public.answer');
    CALL map(model, 'milestone', 'TABLE public.step');
    CALL map(model, 'signal', 'TABLE public.reading');
    CALL map(model, 'fx_rate', 'TABLE public.rate');
    CALL map(model, 'parent', 'TABLE public.merger');
    EXECUTE format('UPDATE %I.policy SET as_of = ''2025-01-01''', model);
END
$$;
CREATE FUNCTION pg_temp.contents(model text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY '{account,left_out_account,fx_rate,account_state,revenue_state,user_state,entitlement_state,discount_state,product_state,ending_state,account_entity}'::text[] LOOP
        RETURN QUERY EXECUTE format('SELECT %L || '': '' || t FROM %s t', name, csmetrics.relation(model, name));
    END LOOP;
    RETURN QUERY EXECUTE format('SELECT concat(r.source, r.row_count, r.left_out_count) FROM %I.refreshed_source r', model);
END
$$;
-- What is there in one of the two alone, after the statement, which calls both of them model; all that is stored in the one is thrown away before.
CREATE FUNCTION pg_temp.differs(statement text, sources text[] DEFAULT NULL) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE replace(statement, 'model.', 'kept.');
    IF statement LIKE '% model.%' THEN
        EXECUTE replace(substring(statement, '(?:UPDATE|INSERT INTO) model.*'), 'model.', 'anew.');
    END IF;
    CALL refresh('kept', sources);
    TRUNCATE anew.account, anew_internal.left_out_account, anew_internal.fx_rate, anew_internal.account_state, anew_internal.revenue_state, anew_internal.user_state, anew_internal.entitlement_state, anew_internal.discount_state,
        anew_internal.product_state, anew_internal.ending_state, anew_internal.account_entity, anew.refreshed_source, anew_internal.account_digest;
    CALL refresh('anew');
    RETURN QUERY (SELECT 'kept: ' || c FROM pg_temp.contents('kept') c EXCEPT ALL SELECT 'kept: ' || c FROM pg_temp.contents('anew') c)
    UNION ALL (SELECT 'anew: ' || c FROM pg_temp.contents('anew') c EXCEPT ALL SELECT 'anew: ' || c FROM pg_temp.contents('kept') c);
END
$$;
CALL pg_temp.make('kept');
CALL pg_temp.make('anew');
CALL refresh('kept');
SELECT cmp_ok(count(*), '>', 150::bigint, 'there is something to compare') FROM pg_temp.contents('kept');

-- With nothing changed, each row is read once, and nothing is written.
SELECT setval('public.row_read', 1) \g /dev/null
CREATE TABLE public.before AS SELECT s.ctid AS place, s.xmin::text AS writer, s.account_id FROM kept_internal.account_state s UNION ALL SELECT u.ctid, u.xmin::text, u.account_id FROM kept_internal.user_state u;
CALL refresh('kept');
SELECT is((SELECT last_value - 1 FROM public.row_read), (SELECT count(*) FROM public.click), 'with nothing changed each row is read once');
SELECT set_eq('SELECT s.ctid AS place, s.xmin::text AS writer, s.account_id FROM kept_internal.account_state s UNION ALL SELECT u.ctid, u.xmin::text, u.account_id FROM kept_internal.user_state u', 'TABLE public.before', 'and nothing is written');
SELECT is_empty(format('SELECT 1 FROM kept_internal.%I', relname), relname || ' is empty afterwards') FROM pg_class
WHERE relnamespace = ANY (csmetrics.schemas_of('kept')) AND relname ~ '^fresh_(usage|ticket|key|digest)$' ORDER BY relname;

-- One change at a time.
SELECT is_empty(format('SELECT pg_temp.differs(%L)', statement), what)
FROM (VALUES
    (1, 'events of one account', 'UPDATE public.click SET events = events + 1 WHERE account_id = 3'),
    (2, 'rows that change places', 'UPDATE public.click SET account_id = 9 - account_id WHERE account_id IN (4, 5)'),
    (3, 'a row more, a row less', 'WITH gone AS (DELETE FROM public.term WHERE account_id = 7 AND subscription_id = ''s2'') INSERT INTO public.term VALUES (20, ''s1'', ''2024-03-01'', NULL, 5, ''EUR'', 0)'),
    (4, 'a row twice', 'INSERT INTO public.ticket SELECT * FROM public.ticket WHERE ticket_id = ''4/1'''),
    (5, 'an account without usage any more', 'DELETE FROM public.click WHERE account_id = 6'),
    (6, 'a user renamed', 'UPDATE public.click SET user_id = ''u9'' WHERE account_id = 8 AND user_id = ''u1'''),
    (7, 'answers, milestones, signals and entitlements', 'WITH a AS (UPDATE public.answer SET score = 9 WHERE account_id = 1), m AS (DELETE FROM public.step WHERE account_id = 2),
        s AS (UPDATE public.reading SET value = -1 WHERE account_id = 3) UPDATE public.bought SET ends_on = ''2024-07-01'' WHERE account_id = 4'),
    (8, 'an account that is gone, but not its facts', 'DELETE FROM public.customer WHERE account_id = 10'),
    (9, 'nor they', 'WITH t AS (DELETE FROM public.term WHERE account_id = 10), c AS (DELETE FROM public.click WHERE account_id = 10), b AS (DELETE FROM public.bought WHERE account_id = 10),
        i AS (DELETE FROM public.ticket WHERE account_id = 10), a AS (DELETE FROM public.answer WHERE account_id = 10), m AS (DELETE FROM public.step WHERE account_id = 10)
        DELETE FROM public.reading WHERE account_id = 10'),
    (10, 'facts of an account that was never there', 'INSERT INTO public.click SELECT 99, at, user_id, role, feature, events FROM public.click WHERE account_id = 1'),
    (11, 'a new account', 'INSERT INTO public.customer VALUES (21, ''segment 1'', ''UTC'', NULL, false)'),
    (12, 'another time zone', 'UPDATE public.customer SET time_zone = ''Asia/Tokyo'' WHERE account_id = 11'),
    (13, 'test accounts', 'UPDATE public.customer SET is_test = true WHERE account_id IN (12, 13)'),
    (14, 'that count', 'UPDATE model.policy SET test_account_rule = ''count'''),
    (15, 'or do not', 'UPDATE model.policy SET test_account_rule = ''exclude'''),
    (16, 'one more, its usage gone meanwhile', 'WITH u AS (UPDATE public.customer SET is_test = true WHERE account_id = 14) DELETE FROM public.click WHERE account_id = 14'),
    (17, 'one that is none', 'UPDATE public.customer SET is_test = false WHERE account_id = 12'),
    (18, 'rows in quarantine', 'UPDATE model.quality_rule SET quarantine = true WHERE (rule, source) = (''duplicate ticket'', ''ticket'')'),
    (19, 'by a condition of one''s own', 'INSERT INTO model.quality_rule (rule, source, condition, severity, quarantine) VALUES (''few'', ''usage'', ''events = 2'', ''warning'', true)'),
    (20, 'all rows at once', 'UPDATE public.term SET mrr = mrr * 2'),
    (21, 'another rule of the policy', 'UPDATE model.policy SET discount_rule = ''none'''),
    (22, 'a merger', 'INSERT INTO public.merger VALUES (1, 2, ''2024-08-01'', NULL, true)'),
    (23, 'MRR of one that was merged', 'UPDATE public.term SET mrr = mrr + 1 WHERE account_id = 1'),
    (24, 'a merger that is undone', 'DELETE FROM public.merger'),
    (25, 'subscriptions as entities', 'UPDATE model.policy SET entity_grain = ''subscription'''),
    (26, 'MRR of one', 'UPDATE public.term SET mrr = mrr + 1 WHERE account_id = 2 AND subscription_id = ''s1'''),
    (27, 'accounts again, all of them', 'WITH c AS (UPDATE public.customer SET is_test = false) UPDATE model.policy SET entity_grain = ''account'''),
    (28, 'a currency of report', 'UPDATE model.policy SET report_currency = ''USD'''),
    (29, 'another rate', 'UPDATE public.rate SET rate = 0.8 WHERE currency = ''USD'''),
    (30, 'another day, with a rate of its own', 'WITH r AS (INSERT INTO public.rate VALUES (''USD'', ''2025-02-01'', 0.5)) UPDATE model.policy SET as_of = ''2025-03-01'''),
    (31, 'a day before that', 'UPDATE model.policy SET as_of = ''2025-01-31''')) s(n, what, statement) ORDER BY n;

-- What is thrown away is read again.
SELECT is_empty($$SELECT pg_temp.differs('DELETE FROM kept_internal.account_state WHERE account_id < 9')$$, 'histories that are gone are read again');
SELECT is_empty($$SELECT pg_temp.differs('DELETE FROM kept_internal.account_digest')$$, 'without digests all is read');

-- What tells rows apart.
SELECT is(row_digest(1, 'a'::text), row_digest(1, 'a'::text), 'a digest is the same for the same values');
SELECT isnt(row_digest(1, 2), row_digest(2, 1), 'their order counts');
SELECT isnt(row_digest(1, NULL::integer), row_digest(NULL::integer, 1), 'so does which is NULL');
SELECT isnt(row_digest('a'::text), row_digest('a '::text), 'each byte counts');
SELECT is(row_digest(1.50), row_digest(1.5), 'as equal values are one');
SELECT is(row_digest(v.a, v.b), row_digest('a'::text, 'b'::text), 'whatever the collations') FROM (SELECT 'a' COLLATE "C" AS a, 'b' COLLATE "POSIX" AS b OFFSET 0) v;
SELECT throws_ok('SELECT row_digest(1, point(1, 2))', '42883', 'values of type point cannot be hashed', 'not every type has a hash');
SELECT throws_ok('SELECT row_digest(VARIADIC ARRAY[1, 2])', '0A000', 'row_digest takes values, not an array of them', 'an array is no row');
SELECT * FROM finish();
ROLLBACK;
