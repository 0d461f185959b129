\unset ECHO
\i test/psql.sql
-- The library meets SQL of other versions: between its installation and ALTER EXTENSION UPDATE, and in old dumps.
BEGIN;
SELECT plan(7);
SELECT DISTINCT probin::text AS library FROM pg_proc
WHERE pronamespace = 'csmetrics'::regnamespace AND probin IS NOT NULL \gset

-- A release adds test/symbols-VERSION.txt, which psql -At writes:
--   SELECT DISTINCT prosrc COLLATE "C" FROM pg_proc
--   WHERE pronamespace = 'csmetrics'::regnamespace AND probin IS NOT NULL ORDER BY 1
CREATE TABLE shipped (symbol text);
\copy shipped FROM PROGRAM 'cat test/symbols-*.txt'
SELECT set_config('library.path', :'library', true) \g /dev/null
CREATE FUNCTION is_there(symbol text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE FUNCTION probe() RETURNS void LANGUAGE c AS %L, %L',
                   current_setting('library.path'), symbol);
    RETURN true;
EXCEPTION WHEN undefined_function THEN
    RETURN false;
END
$$;
SELECT cmp_ok(count(*), '>', 400::bigint, 'the symbols shipped are known') FROM shipped;
SELECT is_empty('SELECT symbol FROM shipped WHERE NOT is_there(symbol)', 'every symbol ever shipped answers');
SELECT ok(NOT is_there('nrr_was_never_called_so'), 'a symbol never shipped does not');

-- Declared with other columns than it gives, a function says so, and writes past none.
CREATE FUNCTION few(health, method text, OUT component text, OUT signal text) RETURNS SETOF record
LANGUAGE c STRICT AS :'library', 'health_contributions';
CREATE FUNCTION many(health, method text, OUT component text, OUT signal text, OUT value float8, OUT weight float8,
                     OUT points numeric, OUT lost_points numeric, OUT more text) RETURNS SETOF record
LANGUAGE c STRICT AS :'library', 'health_contributions';
CREATE FUNCTION few(sbg, OUT alpha float8, OUT beta float8) LANGUAGE c STRICT AS :'library', 'sbg_fit_sql';
CREATE FUNCTION many(sbg, OUT alpha float8, OUT beta float8, OUT log_likelihood float8, OUT reason text, OUT more text)
LANGUAGE c STRICT AS :'library', 'sbg_fit_sql';
SELECT throws_ok(format('SELECT %s(h, ''weighted'') FROM (SELECT health_score(''a'', ''b'', 50, 1)) AS h(h)', width),
                 '42804', NULL, format('rows of too %s columns', width))
FROM unnest('{few,many}'::text[]) AS width;
SELECT throws_ok(format('SELECT %s(s) FROM (SELECT sbg_agg(1, true)) AS s(s)', width),
                 '42804', NULL, format('a row of too %s columns', width))
FROM unnest('{few,many}'::text[]) AS width;

SELECT * FROM finish();
ROLLBACK;
