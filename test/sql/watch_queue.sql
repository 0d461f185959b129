\unset ECHO
\i test/psql.sql
-- The language of the functions of watches: which keys a statement puts into the queue, of which types, once each however many rows; and what is refused.
BEGIN;
SELECT plan(32);
SET LOCAL search_path = public, csmetrics;
CREATE TYPE public.kind AS ENUM ('first', 'second one');
CREATE DOMAIN public.code AS text CHECK (value <> '');
CREATE TABLE public.fact (gone int, n bigint, word text, fixed char(4), name name, small smallint, exact numeric, id uuid, kind kind, code code, oid oid) PARTITION BY LIST (small);
ALTER TABLE public.fact DROP COLUMN gone;
-- columns in another order, and one that is gone
CREATE TABLE public.fact_1 (oid oid, code code, was text, kind kind, id uuid, exact numeric, small smallint, name name, fixed char(4), word text, n bigint);
ALTER TABLE public.fact_1 DROP COLUMN was;
ALTER TABLE public.fact ATTACH PARTITION public.fact_1 FOR VALUES IN (1);
CREATE TABLE public.fact_rest PARTITION OF public.fact DEFAULT;
CREATE TABLE public.plain (account_id int PRIMARY KEY, what text);
CALL create_model('cs', 'text');
CREATE FUNCTION pg_temp.told() RETURNS text LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM cs_internal.changed_row RETURNING watch_id, source, key)
    SELECT string_agg(concat_ws(' ', watch_id, source, coalesce('<' || key || '>', 'any')), ', ' ORDER BY watch_id, key COLLATE "C") FROM gone $$;
CREATE FUNCTION pg_temp.told_by(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN pg_temp.told();
END $$;

-- Types. A key is the text that its type gives.
CREATE FUNCTION pg_temp.keys_of(key text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE keys text;
BEGIN
    CALL csmetrics.watch('cs', 'usage', 'trigger', 'public.fact', key);
    INSERT INTO public.fact VALUES (9007199254740993, 'Ä', 'ab', 'it''s "so"', 1, 1.50, '11111111-2222-3333-4444-555555555555', 'second one', 'x', 4294967295), (1, 'ä', 'ab', 'it''s "so"', 2, 1.5, '11111111-2222-3333-4444-555555555555', 'first', 'x', 1);
    keys := pg_temp.told();
    DELETE FROM public.fact;
    DELETE FROM cs_internal.changed_row;
    RETURN replace(keys, '1 usage ', '');
END $$;
SELECT is(pg_temp.keys_of(key), want, 'keys of column ' || key)
FROM (VALUES (1, 'n', '<1>, <9007199254740993>'), (2, 'word', '<Ä>, <ä>'), (3, 'fixed', '<ab  >'), (4, 'name', '<it''s "so">'), (5, 'small', '<1>, <2>'), (6, 'exact', '<1.5>, <1.50>'),
             (7, 'id', '<11111111-2222-3333-4444-555555555555>'), (8, 'kind', '<first>, <second one>'), (9, 'code', '<x>'), (10, 'oid', '<1>, <4294967295>')) AS t(nr, key, want) ORDER BY nr;
CALL unwatch('cs', 'usage');

-- Statements
CALL watch('cs', 'usage', 'trigger', 'public.plain');
CALL watch('cs', 'survey', 'trigger', 'public.plain', 'what', 'SELECT p.account_id FROM public.plain p JOIN changed USING (what)');
SELECT is(pg_temp.told_by($$INSERT INTO public.plain VALUES (1, 'a'), (2, 'a'), (3, NULL)$$), '1 usage <1>, 1 usage <2>, 1 usage <3>, 2 survey <a>', 'rows that come: each key once; one that is NULL, where it leads to others, is none');
SELECT is(pg_temp.told_by($$INSERT INTO public.plain VALUES (1, 'b'), (4, 'b') ON CONFLICT (account_id) DO UPDATE SET what = 'c'$$), '1 usage <1>, 1 usage <4>, 2 survey <a>, 2 survey <b>, 2 survey <c>', 'ON CONFLICT: what came, what was and what is');
SELECT is(pg_temp.told_by($$MERGE INTO public.plain p USING (VALUES (1), (2), (5)) v(k) ON p.account_id = v.k WHEN MATCHED AND v.k = 1 THEN DELETE WHEN MATCHED THEN UPDATE SET what = 'd' WHEN NOT MATCHED THEN INSERT VALUES (v.k, 'e')$$),
          '1 usage <1>, 1 usage <2>, 1 usage <5>, 2 survey <a>, 2 survey <c>, 2 survey <d>, 2 survey <e>', 'MERGE');
SELECT is(pg_temp.told_by('UPDATE public.plain SET account_id = account_id + 10 WHERE account_id < 4'), '1 usage <12>, 1 usage <13>, 1 usage <2>, 1 usage <3>, 2 survey <d>', 'a key that changes: both');
SELECT is(pg_temp.told_by('DELETE FROM public.plain WHERE false'), NULL, 'no row: nothing');
SELECT is(pg_temp.told_by('WITH a AS (DELETE FROM public.plain WHERE account_id = 4) UPDATE public.plain SET what = what WHERE account_id = 5'), '1 usage <4>, 1 usage <5>, 2 survey <b>, 2 survey <e>', 'two in one statement');
SELECT is(pg_temp.told_by('TRUNCATE public.plain'), '1 usage any, 2 survey any', 'TRUNCATE: any');
-- more keys than are told apart at once
INSERT INTO public.plain SELECT n, 'w' || n % 3 FROM generate_series(1, 120000) n;
SELECT is((SELECT count(DISTINCT key) FROM cs_internal.changed_row WHERE watch_id = 1), 120000::bigint, 'all of many keys');
SELECT is((SELECT count(*) FROM cs_internal.changed_row WHERE watch_id = 1), 120000::bigint, 'once each');
SELECT is((SELECT count(*) FROM cs_internal.changed_row WHERE watch_id = 2), 3::bigint, 'of a few in many rows, too');
SELECT pg_temp.told() \g /dev/null
INSERT INTO public.plain SELECT -n, repeat('long', 3000) FROM generate_series(1, 2) n;
SELECT is((SELECT key FROM cs_internal.changed_row WHERE watch_id = 2), repeat('long', 3000), 'a key as long as a page is kept whole');
SELECT pg_temp.told() \g /dev/null

-- A column that is another one, or gone: any account may have changed, and nobody who writes is in trouble.
ALTER TABLE public.plain RENAME what TO which;
SELECT is(pg_temp.told_by('UPDATE public.plain SET which = NULL WHERE account_id = 2'), '1 usage <2>, 2 survey any', 'a column with another name: any');
SELECT is(pg_temp.told_by('UPDATE public.plain SET which = NULL WHERE false'), NULL, 'but nothing where no row changed');
-- rates have no accounts
CREATE TABLE public.rate (currency text);
CALL watch('cs', 'fx_rate', 'trigger', 'public.rate');
SELECT is(pg_temp.told_by('INSERT INTO public.rate VALUES (''EUR''), (''USD'')'), '3 fx_rate any', 'a source without accounts');

-- What is refused
CREATE SCHEMA own;
CREATE TABLE own.t (k int);
SELECT is(pg_temp.failure(make || '; INSERT INTO own.t VALUES (1)'), failure, what) FROM (VALUES
    (1, '39P01 a function of a watch is for triggers of statements', 'CREATE FUNCTION own.f() RETURNS trigger LANGUAGE csmetrics_queue AS ''1 any usage k''; CREATE TRIGGER t AFTER INSERT ON own.t FOR EACH ROW EXECUTE FUNCTION own.f()', 'rows one by one'),
    (2, '39P01 a function of a watch is for triggers of statements', 'CREATE FUNCTION own.f() RETURNS int LANGUAGE csmetrics_queue AS ''1 any usage k''; SELECT own.f()', 'a function that is no trigger'),
    (3, '42P13 "usage" tells of no watch', 'CREATE FUNCTION own.f() RETURNS trigger LANGUAGE csmetrics_queue AS ''usage''; CREATE TRIGGER t AFTER INSERT ON own.t EXECUTE FUNCTION own.f()', 'a body that is none'),
    (4, '42P01 there is no table "changed_row" beside the function of a watch', 'CREATE FUNCTION own.f() RETURNS trigger LANGUAGE csmetrics_queue AS ''1 any usage k''; CREATE TRIGGER t AFTER INSERT ON own.t EXECUTE FUNCTION own.f()', 'no queue'),
    (5, '42809 table "changed_row" is not as a model makes it', 'CREATE TABLE own.changed_row (watch_id int, source text, key text CHECK (key > ''2'')); CREATE FUNCTION own.f() RETURNS trigger LANGUAGE csmetrics_queue AS ''1 any usage k''; CREATE TRIGGER t AFTER INSERT ON own.t EXECUTE FUNCTION own.f()', 'a queue that would check what it gets'),
    (6, '42809 table "changed_row" is not as a model makes it', 'CREATE VIEW own.changed_row AS SELECT 1 AS watch_id, ''''::text AS source, ''''::text AS key; CREATE FUNCTION own.f() RETURNS trigger LANGUAGE csmetrics_queue AS ''1 any usage k''; CREATE TRIGGER t AFTER INSERT ON own.t EXECUTE FUNCTION own.f()', 'nor a view')) AS t(nr, failure, make, what) ORDER BY nr;
CREATE ROLE queue_writer;
GRANT USAGE, CREATE ON SCHEMA own TO queue_writer;
CREATE TABLE own.changed_row (watch_id int, source text, key text);
CREATE FUNCTION own.f() RETURNS trigger LANGUAGE csmetrics_queue AS '1 any usage k';
CREATE TRIGGER t AFTER INSERT ON own.t REFERENCING NEW TABLE AS changed_new EXECUTE FUNCTION own.f();
GRANT INSERT ON own.t TO queue_writer;
SET LOCAL ROLE queue_writer;
SELECT is(pg_temp.failure('INSERT INTO own.t VALUES (1)'), '42501 permission denied for table changed_row', 'it writes with the rights of who it runs as');
RESET ROLE;
ALTER FUNCTION own.f() SECURITY DEFINER;
SET LOCAL ROLE queue_writer;
INSERT INTO own.t VALUES (1);
RESET ROLE;
SELECT results_eq('TABLE own.changed_row', $$VALUES (1, 'usage', '1')$$, 'its owner, if it is so made');
SELECT * FROM finish();
ROLLBACK;
