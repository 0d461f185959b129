\unset ECHO
\i test/psql.sql
-- The files that a model is made of: whoever makes a mistake in one is told where.
BEGIN;
SELECT plan(17);
CREATE FUNCTION pg_temp.told(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    context text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RETURN concat_ws(' | ', SQLSTATE, SQLERRM, substring(context FROM '[^\n]*, line \d+'));
END
$$;

SELECT lives_ok($$CALL run_script(E'-- nothing but\n;\n', 'f')$$, 'an empty script is one');
SELECT is(pg_temp.told($$CALL run_script(E'SELECT 1;\n\nSELEC 2;\n', 'f')$$),
    '42601 | syntax error at or near "SELEC" | f, line 3', 'where a text does not parse');
SELECT is(pg_temp.told($$CALL run_script(E'SELECT 1;\nSELECT 1,\n  x\nFROM (SELECT 2 AS y) s;', 'f')$$),
    '42703 | column "x" does not exist | f, line 3', 'where a name is unknown');
SELECT is(pg_temp.told($$CALL run_script(E'SELECT ''äöü€'',\n ''ß'',\n  x;', 'f')$$),
    '42703 | column "x" does not exist | f, line 3', 'counted in characters, not in bytes');
SELECT is(pg_temp.told($$CALL run_script(E'SELECT 1;\n-- why\n\nSELECT\n  1 / 0;', 'f')$$),
    '22012 | division by zero | f, line 4', 'where a statement begins that fails as it runs');
CREATE FUNCTION pg_temp.context(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    context text;
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RETURN split_part(context, E'\nSQL statement "CALL', 1);
END
$$;
SELECT is(pg_temp.context($$CALL run_script(E'SELECT 1;\n SELECT 1 /\n 0;', 'f')$$), 'f, line 2', 'without the statement itself');
SELECT is(pg_temp.told($$CALL run_script(E'CREATE FUNCTION pg_temp.f() RETURNS integer LANGUAGE sql\nBEGIN ATOMIC\n  SELECT 1;\n  SELECT z;\nEND;', 'f')$$),
    '42703 | column "z" does not exist | f, line 4', 'in the body of a function');
SELECT lives_ok($$CALL run_script(E'CREATE TEMP TABLE made (n integer);\nINSERT INTO made VALUES (1);\nINSERT INTO made SELECT n + 1 FROM made', 'f')$$,
    'each statement sees what those before it did');
SELECT is(pg_temp.told($$CALL run_script(NULL, 'f')$$), '22004 | a script needs a text and a name', 'NULL is none');
SELECT results_eq('SELECT n FROM made ORDER BY n', 'VALUES (1), (2)', 'in their order');

-- A model with a mistake in one of its files is not made, and says in which.
UPDATE model_part SET ddl = E'-- one line more\n' || replace(ddl, 'FROM reporting_range r, bridge_of(''month'', 1, 0, $1', 'FROM reporting_ramge r, bridge_of(''month'', 1, 0, $1')
WHERE file = 'model/34_bridge.internal.sql';
SELECT is(pg_temp.told('CALL create_model(''broken'')'),
    (SELECT format('42P01 | relation "reporting_ramge" does not exist | model/34_bridge.internal.sql, line %s', n)
     FROM model_part, string_to_table(ddl, E'\n') WITH ORDINALITY l(line, n) WHERE line LIKE '%reporting_ramge%' AND file = 'model/34_bridge.internal.sql' LIMIT 1), 'file and line');
SELECT hasnt_schema('broken', 'and nothing is left of it');
UPDATE model_part SET ddl = replace(ddl, 'reporting_ramge', 'reporting_range');
CALL create_model('cs');
SELECT set_eq($$SELECT kind, name FROM model_object WHERE kind <> 'function'$$,
    $$SELECT CASE relkind WHEN 'v' THEN 'view' ELSE 'table' END, relname::text FROM pg_class
      WHERE relnamespace = ANY (csmetrics.schemas_of('cs')) AND relkind IN ('r', 'v') AND relname !~ '^(source|kept|keyed)_' AND relname <> 'policy'$$,
    'model_object lists the tables and views of a model');
SELECT set_eq($$SELECT name FROM model_object WHERE kind = 'function'$$, $$SELECT proname FROM pg_proc WHERE pronamespace = ANY (csmetrics.schemas_of('cs'))$$, 'and its functions');
-- Which chapter reads which: none reads one that comes after it.
CREATE TEMP VIEW arrow AS
WITH object AS (
    SELECT o.file, 'pg_class'::regclass::oid AS classid, c.oid AS objid FROM model_object o JOIN pg_class c ON c.relname = o.name AND c.relnamespace = ANY (csmetrics.schemas_of('cs')) WHERE o.kind <> 'function'
    UNION ALL
    SELECT o.file, 'pg_proc'::regclass, p.oid FROM model_object o JOIN pg_proc p ON p.proname = o.name AND p.pronamespace = ANY (csmetrics.schemas_of('cs')) WHERE o.kind = 'function')
SELECT DISTINCT a.file, b.file AS reads
FROM pg_depend d LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
JOIN object a ON (a.classid, a.objid) = (CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END, coalesce(r.ev_class, d.objid))
JOIN object b ON (b.classid, b.objid) = (d.refclassid, d.refobjid) WHERE a.file <> b.file;
SELECT cmp_ok(count(*), '>', 60::bigint, 'chapters read chapters') FROM arrow;
SELECT is_empty('SELECT * FROM arrow WHERE reads COLLATE "C" > file', 'none reads one that comes after it');
SELECT is_empty($$SELECT file, l.n FROM model_part, string_to_table(ddl, E'\n') WITH ORDINALITY l(line, n) WHERE length(line) > 120$$, 'no line is longer than 120 characters');
SELECT * FROM finish();
ROLLBACK;
