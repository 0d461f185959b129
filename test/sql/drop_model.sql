\unset ECHO
\i test/psql.sql
-- A model has two schemas: what readers see, and what it keeps for itself. Both come and go with it, and nothing else.
BEGIN;
SELECT plan(20);
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    clue text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS clue = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, nullif(clue, ''));
END
$$;
CREATE SCHEMA crm;
CREATE TABLE crm.customer (account_id text);
CREATE SCHEMA cs_before;
CALL create_model('cs');
CALL map('cs', 'account', 'TABLE crm.customer');

-- What stands where.
SELECT is(internal_schema('cs'), 'cs_internal', 'the name of the other schema');
SELECT is(internal_schema(NULL), NULL, 'NULL for NULL');
SELECT is_empty($$SELECT relname FROM pg_class WHERE relnamespace = 'cs'::regnamespace AND relkind IN ('r', 'v')
                  AND relname ~ '^(source|kept|keyed|fresh)_|_state$|_digest$'$$, 'readers see neither sources nor histories');
SELECT is(count(*), 97::bigint, 'of relations, what they are meant to see: metric views, settings and records')
FROM pg_class WHERE relnamespace = 'cs'::regnamespace AND relkind IN ('r', 'v');
SELECT set_eq($$SELECT name, is_internal FROM model_object WHERE kind <> 'function'
                UNION ALL SELECT format('%s_%s', prefix, source), true
                FROM (VALUES ('source'), ('kept')) p(prefix), (SELECT DISTINCT source FROM source_column) s
                UNION ALL SELECT 'policy', false$$,
              $$SELECT relname, relnamespace = 'cs_internal'::regnamespace FROM pg_class
                WHERE relnamespace = ANY (schemas_of('cs')) AND relkind IN ('r', 'v')$$,
              'each stands where its file says');
SELECT is(relation('cs', 'account_state'), 'cs_internal.account_state'::regclass, 'found by its name');
SELECT is(relation('cs', 'csm_today'), 'cs.csm_today'::regclass, 'wherever it stands');
SELECT is(relation('cs', 'nothing'), NULL, 'or not at all');

-- Names that cannot be.
SELECT is(pg_temp.refused(format('CALL create_model(%L)', repeat('n', 55))),
    '42622 | the name "' || repeat('n', 55) || '" is too long for a model', 'the name of the other schema has 63 bytes, too');
SELECT lives_ok(format('CALL create_model(%L)', repeat('n', 54)), 'which leaves 54');
CREATE SCHEMA other_internal;
SELECT is(pg_temp.refused($$CALL create_model('other')$$),
    '42P06 | there is a schema "other_internal" already, in which model "other" would keep what is its own | '
    'Choose another name. What is left of a model that was: CALL csmetrics.drop_model(''other'').', 'another schema of that name');
SELECT hasnt_schema('other', 'then nothing is made');

-- Dropping.
SELECT is(pg_temp.refused($$CALL drop_model('none')$$), '3F000 | there is no model "none"', 'no such model');
CREATE TABLE cs.mine (n integer);
CREATE VIEW public.over AS SELECT account_id FROM cs.account;
CREATE FUNCTION cs.own() RETURNS integer LANGUAGE sql RETURN 1;
CREATE TABLE cs_internal.kept_by_me (n integer);
CREATE TYPE cs.mood AS ENUM ('good');
CREATE SEQUENCE cs.counted;
SELECT is(pg_temp.refused($$CALL drop_model('cs')$$),
    '2BP01 | not of model "cs", but to go with it: type cs.mood, function cs.own(), table cs.mine, '
    'table cs_internal.kept_by_me, sequence cs.counted, view public.over | '
    'Drop them first, or move them elsewhere. Nothing was changed.', 'what is not of the model is not dropped with it');
SELECT has_view('cs', 'csm_today', 'and nothing was');
DROP TABLE cs.mine;
DROP VIEW public.over;
DROP FUNCTION cs.own();
DROP TABLE cs_internal.kept_by_me;
DROP TYPE cs.mood;
DROP SEQUENCE cs.counted;
SELECT is(pg_temp.refused($$CALL drop_model('cs')$$), 'no error', 'else it goes');
SELECT is_empty($$SELECT nspname FROM pg_namespace WHERE nspname IN ('cs', 'cs_internal')$$, 'with both schemas');
SELECT has_table('crm', 'customer', 'its sources stay');

-- What is left of one whose first schema was dropped alone.
CALL create_model('cs');
DROP SCHEMA cs CASCADE;
SELECT matches(pg_temp.refused($$CALL create_model('cs')$$), 'CALL csmetrics.drop_model\(''cs''\)', 'half of one is in the way');
CALL drop_model('cs');
SELECT lives_ok($$CALL create_model('cs')$$, 'until it is dropped, too');
SELECT * FROM finish();
ROLLBACK;
