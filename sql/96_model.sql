-- A model is made: its policy and sources from rows, all else from the files of model/.
CREATE PROCEDURE run_script(script text, file text) LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON PROCEDURE run_script(text, text) IS
'Internal: runs SQL statements one after the other; the context of an error names the file and the line in it';

CREATE PROCEDURE make_policy(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $policy$
DECLARE
    option record;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    EXECUTE (SELECT format('CREATE TABLE policy (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), %s)',
                           string_agg(format('%I %s%s%s', name, type,
                               CASE WHEN may_be_null THEN ' DEFAULT ' ELSE ' NOT NULL DEFAULT ' END || default_value,
                               ' CHECK (' || condition || ')'), ', ' ORDER BY position))
             FROM policy_column);
    INSERT INTO policy DEFAULT VALUES;
    COMMENT ON TABLE policy IS
'What the numbers of this model mean: its one row is the definition in force. UPDATE it; rules marked (refresh) take '
'effect with the next CALL csmetrics.refresh, the others at once.';
    COMMENT ON COLUMN policy.only_row IS 'There is one row';
    FOR option IN SELECT name, description FROM policy_column LOOP
        EXECUTE format('COMMENT ON COLUMN policy.%I IS %L', option.name, option.description);
    END LOOP;
END
$policy$;
COMMENT ON PROCEDURE make_policy(text) IS 'Internal: makes the policy of a model from policy_column';

CREATE PROCEDURE make_sources(model text, account_id_type regtype)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $sources$
DECLARE
    source record;
    col record;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    FOR source IN
        SELECT c.source AS name,
               string_agg(format('NULL::%s AS %I', CASE c.type WHEN 'account_id' THEN account_id_type::text ELSE c.type END,
                                 c.name), ', ' ORDER BY c.position) AS columns
        FROM source_column c GROUP BY c.source
    LOOP
        EXECUTE format('CREATE VIEW %I WITH (security_invoker) AS SELECT %s WHERE false', 'source_' || source.name,
                       source.columns);
        EXECUTE format('COMMENT ON VIEW %I IS %L', 'source_' || source.name,
                       format('Empty until CALL csmetrics.map(%L, %L, ''SELECT ...'') says where the facts are', model,
                              source.name));
        EXECUTE format('CREATE VIEW %I WITH (security_invoker) AS
                        SELECT NULL::text AS complaint, NULL::bigint AS digest, s.* FROM %I s',
                       'kept_' || source.name, 'source_' || source.name);
        EXECUTE format('COMMENT ON VIEW %I IS %L', 'kept_' || source.name,
                       format('The rows of source_%s that refresh reads: those that no rule has in quarantine. '
                              'complaint: why a row cannot be right; NULL: it can. digest: hash of the row.',
                              source.name));
    END LOOP;
    FOR col IN SELECT * FROM source_column LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', 'source_' || col.source, col.name,
                       CASE WHEN col.required THEN 'Required. ' ELSE '' END || col.description);
    END LOOP;
END
$sources$;
COMMENT ON PROCEDURE make_sources(text, regtype) IS
'Internal: makes the empty source views of a model from source_column, and what refresh reads of them';

CREATE PROCEDURE comment_columns(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $comment$
DECLARE
    col record;
    unknown text;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    FOR col IN
        SELECT a.attrelid::regclass AS view, a.attname AS name, c.description
        FROM model_object o
        JOIN pg_attribute a ON a.attrelid = format('%I.%I', model, o.name)::regclass AND a.attnum > 0
        LEFT JOIN model_column c ON c.name = a.attname
        -- a word that means something else here is explained beside the view
        WHERE o.kind = 'view' AND col_description(a.attrelid, a.attnum) IS NULL
        UNION ALL
        SELECT c.oid::regclass, a.attname, CASE a.attname WHEN 'complaint' THEN 'Why it cannot be right; NULL: it can'
                   WHEN 'digest' THEN 'Internal: hash of the row, or sum of those of the rows'
                   ELSE format('Internal: as %s has it', regexp_replace(c.relname, '^(kept|fresh)_', 'source_')) END
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = quote_ident(model)::regnamespace AND c.relname ~ '^(kept|fresh)_'
    LOOP
        unknown := concat_ws(', ', unknown, CASE WHEN col.description IS NULL THEN col.view || '.' || col.name END);
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', col.view, col.name, col.description);
    END LOOP;
    IF unknown <> '' THEN
        RAISE EXCEPTION 'columns without a row in model_column: %', unknown;
    END IF;
END
$comment$;
COMMENT ON PROCEDURE comment_columns(text) IS
'Internal: comments the columns of the views of a model by the dictionary, model_column';

CREATE PROCEDURE sign_model(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $sign$
DECLARE
    views text[] := ARRAY(SELECT o.name FROM model_object o WHERE o.kind = 'view' ORDER BY o.name);
    routines text[] := ARRAY(
        SELECT format('%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid))
        FROM pg_proc p JOIN (SELECT DISTINCT o.name FROM model_object o WHERE o.kind = 'function') o ON o.name = p.proname
        WHERE p.pronamespace = quote_ident(model)::regnamespace ORDER BY 1);
BEGIN
    EXECUTE format('INSERT INTO %I.model_version AS v (version, views, routines) VALUES ($1, $2, $3)
                    ON CONFLICT (only_row) DO UPDATE SET (version, made_at, views, routines)
                    = ROW (excluded.version, now(), excluded.views, excluded.routines)', model)
        USING (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'csmetrics'), views, routines;
END
$sign$;
COMMENT ON PROCEDURE sign_model(text) IS 'Internal: notes in model_version what made the model, and of what it is made';

CREATE PROCEDURE create_model(model text, account_id_type regtype DEFAULT 'text')
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET jit = off AS $create$
DECLARE
    part record;
BEGIN
    IF model IS NULL OR model = '' OR account_id_type IS NULL THEN
        RAISE EXCEPTION 'a model needs a name and a type of account_id' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF to_regclass(format('%I.policy', model)) IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" holds a model already', model
            USING ERRCODE = 'duplicate_schema', HINT = 'Choose another name, or DROP SCHEMA it first.';
    END IF;
    IF to_regnamespace(quote_ident(model)) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', model);
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', model, 'Customer-success model of the extension csmetrics');
    END IF;
    -- from here on, names are those of the model; the views remember what they were bound to
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    CALL make_policy(model);
    CALL make_sources(model, account_id_type);
    FOR part IN SELECT file, ddl FROM model_part ORDER BY file COLLATE "C" LOOP
        CALL run_script(replace(part.ddl, '@account_id@', account_id_type::text), part.file);
    END LOOP;
    CALL comment_columns(model);
    CALL write_kept_views(model);
    CALL sign_model(model);
END
$create$;
COMMENT ON PROCEDURE create_model(text, regtype) IS
'Makes a model: a schema of that name with empty source views, the policy, account_state and the metric views, all owned by the caller. account_id_type: the type of the keys of accounts, text if not given. A schema that exists is used unless it holds a model: SQLSTATE 42P06.';
