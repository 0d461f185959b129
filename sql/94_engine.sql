-- Where Citus has the sources of a model, it refuses functions in SQL that read them: they are put in place of their
-- calls only after it has looked for distributed tables. The query of such a function, written out, it plans.
CREATE OR REPLACE FUNCTION csmetrics.query_of(function regprocedure, arguments text[] DEFAULT '{}') RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    body text := regexp_replace(pg_get_function_sqlbody(function), '^\s*BEGIN ATOMIC\s+(.*);\s*END\s*$', '\1');
    routine record;
BEGIN
    SELECT p.proname AS name, p.proargnames AS names INTO routine FROM pg_proc p WHERE p.oid = function;
    FOR i IN 1 .. cardinality(arguments) LOOP
        body := regexp_replace(body, format('\m%s\.%s\M', quote_ident(routine.name), quote_ident(routine.names[i])),
                               format('(%s)', arguments[i]), 'g');
    END LOOP;
    RETURN body;
END
$$;
COMMENT ON FUNCTION csmetrics.query_of(regprocedure, text[]) IS
'Internal: the query of a function in SQL of one statement, with all names in full, and in place of its first '
'parameters the SQL of arguments, as ''true''';

CREATE OR REPLACE FUNCTION csmetrics.rows_of(function regprocedure, arguments text[] DEFAULT '{}') RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN EXISTS (SELECT 1 FROM pg_extension e WHERE e.extname = 'citus')
            THEN csmetrics.query_of(function, arguments)
            ELSE (SELECT format('SELECT r.* FROM %I.%I(%s) r', n.nspname, p.proname, array_to_string(arguments, ', '))
                  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = function) END;
COMMENT ON FUNCTION csmetrics.rows_of(regprocedure, text[]) IS
'Internal: SQL of the rows that a function in SQL gives, called, or, where Citus is, written out; arguments as in '
'query_of()';
