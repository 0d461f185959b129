\unset ECHO
\i test/psql.sql
-- The script that updates the extension runs with a superuser's rights too, and whatever the owner of its schema has
-- planted there is there before it begins. None of it may be called or bound; nor may another schema take its place.
BEGIN;
SELECT plan(10);
SAVEPOINT installed;
DROP EXTENSION csmetrics CASCADE;
SELECT pg_temp.failure('CREATE EXTENSION csmetrics VERSION ''0.1.0''') = 'no error' AS present \gset
ROLLBACK TO installed;
\if :present
\set parts `script/assemble 0.1.0`
\set planter csmetrics_old_planter
\i test/planted.sql
SELECT cmp_ok(count(*), '>', 5000::bigint, 'functions to plant') FROM overload;
SELECT cmp_ok(count(*), '>', 500::bigint, 'some over its own types') FROM overload WHERE own;
SELECT extversion AS version FROM pg_extension WHERE extname = 'csmetrics' \gset

DROP EXTENSION csmetrics CASCADE;
DROP SCHEMA IF EXISTS csmetrics CASCADE;
CREATE SCHEMA csmetrics AUTHORIZATION :planter;
SET LOCAL ROLE :planter;
CREATE EXTENSION csmetrics VERSION '0.1.0';

-- A schema of the same name, whose tables do what its owner wants.
ALTER SCHEMA csmetrics RENAME TO kept;
CREATE SCHEMA csmetrics;
CREATE FUNCTION csmetrics.caught() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''caught''; END';
CREATE TABLE csmetrics.policy_column (LIKE kept.policy_column);
CREATE TRIGGER caught BEFORE DELETE ON csmetrics.policy_column EXECUTE FUNCTION csmetrics.caught();
RESET ROLE;
SELECT is(pg_temp.failure('SET LOCAL ROLE csmetrics_old_planter; ALTER EXTENSION csmetrics UPDATE'),
          '55000 schema "csmetrics" is not that of the extension', 'a schema in the place of its own is refused');
SET LOCAL ROLE :planter;
DROP SCHEMA csmetrics CASCADE;
ALTER SCHEMA kept RENAME TO csmetrics;

-- A function in the place of a new one, which CREATE OR REPLACE would leave to its owner.
CREATE FUNCTION csmetrics.other_dependents(classids oid[], objids oid[]) RETURNS text LANGUAGE sql AS 'SELECT ''''';
RESET ROLE;
SELECT alike(pg_temp.failure('SET LOCAL ROLE csmetrics_old_planter; ALTER EXTENSION csmetrics UPDATE'),
             '55000 function %other_dependents% is not a member of extension "csmetrics"', 'nor is a function');
SET LOCAL ROLE :planter;
DROP FUNCTION csmetrics.other_dependents(oid[], oid[]);

SELECT pg_temp.plant(true) \g /dev/null
SET LOCAL search_path = csmetrics, pg_temp;
RESET ROLE;
SELECT pg_temp.failure('SET LOCAL ROLE csmetrics_old_planter; ALTER EXTENSION csmetrics UPDATE') AS ran,
       current_setting('search_path') AS path \gset
RESET ROLE;
SET LOCAL search_path = pg_catalog, public;
SELECT is(:'ran'::text, 'no error', 'the update calls nothing that is planted before it begins');
SELECT is(:'path'::text, 'csmetrics, pg_temp', 'and leaves the path as it was');
SELECT is(extversion::text, :'version', 'it brings the extension up to date') FROM pg_extension
WHERE extname = 'csmetrics';
SELECT cmp_ok(count(*), '>', 6000::bigint, 'though there is much') FROM planted;
SELECT isnt_empty($$SELECT FROM pg_proc JOIN planted USING (oid)
                    WHERE pg_get_function_arguments(oid) LIKE '%csmetrics.%'$$, 'over its own types, too');
SELECT is_empty('TABLE bound_to_planted', 'nothing is bound to it');
\else
SELECT skip('an older version is not installed here', 10);
\endif

SELECT * FROM finish();
ROLLBACK;
