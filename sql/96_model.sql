-- A model is made: its policy and sources from rows, all else from the files of model/.
CREATE OR REPLACE PROCEDURE csmetrics.run_script(script text, file text, only_new boolean DEFAULT false)
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON PROCEDURE csmetrics.run_script(text, text, boolean) IS
'Internal: runs SQL statements one after the other; the context of an error names the file and the line in it. '
'only_new: tables that are there are neither made nor filled, indexed or altered.';

CREATE OR REPLACE PROCEDURE csmetrics.make_policy(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $policy$
DECLARE
    options text := (
        SELECT string_agg(format('%I %s%s%s', c.name, c.type,
                                 CASE WHEN c.may_be_null THEN '' ELSE ' NOT NULL' END || ' DEFAULT ' || c.default_value,
                                 ' CHECK (' || c.condition || ')'), ', ' ORDER BY c.position)
        FROM csmetrics.policy_column c);
BEGIN
    -- the types of options are those of csmetrics, too
    PERFORM set_config('search_path', 'csmetrics, pg_temp', true);
    EXECUTE pg_catalog.format('CREATE TABLE %I.policy (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), %s)',
                              model, options);
    EXECUTE pg_catalog.format('INSERT INTO %I.policy DEFAULT VALUES', model);
END
$policy$;
COMMENT ON PROCEDURE csmetrics.make_policy(text) IS 'Internal: makes the policy of a model from policy_column';

CREATE OR REPLACE PROCEDURE csmetrics.make_sources(model text, account_id_type regtype)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $sources$
DECLARE
    source record;
BEGIN
    FOR source IN
        SELECT c.source AS name,
               string_agg(format('NULL::%s AS %I', replace(c.type, 'account_id', account_id_type::text), c.name),
                          ', ' ORDER BY c.position) AS columns
        FROM csmetrics.source_column c GROUP BY c.source
    LOOP
        EXECUTE format('CREATE VIEW %I.%I WITH (security_invoker) AS SELECT %s WHERE false', model,
                       'source_' || source.name, source.columns);
        EXECUTE format('COMMENT ON VIEW %I.%I IS %L', model, 'source_' || source.name,
                       format('Empty until CALL csmetrics.map(%L, %L, ''SELECT ...'') says where the facts are', model,
                              source.name));
        EXECUTE format('CREATE VIEW %I.%I WITH (security_invoker) AS
                        SELECT NULL::text AS complaint, NULL::bigint AS digest, s.* FROM %1$I.%3$I s', model,
                       'kept_' || source.name, 'source_' || source.name);
    END LOOP;
END
$sources$;
COMMENT ON PROCEDURE csmetrics.make_sources(text, regtype) IS
'Internal: makes the empty source views of a model from source_column, and what refresh reads of them';

CREATE OR REPLACE PROCEDURE csmetrics.comment_rules(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $comment$
DECLARE
    col record;
    source text;
BEGIN
    FOR source IN SELECT DISTINCT c.source FROM csmetrics.source_column c LOOP
        EXECUTE format('COMMENT ON VIEW %I.%I IS %L', model, 'kept_' || source,
                       format('The rows of source_%s that refresh reads: those that no rule has in quarantine. '
                              'complaint: why a row cannot be right; NULL: it can. digest: hash of the row.', source));
    END LOOP;
    EXECUTE format('COMMENT ON TABLE %I.policy IS %L', model,
        'What the numbers of this model mean: its one row is the definition in force. UPDATE it; rules marked '
        '(refresh) take effect with the next CALL csmetrics.refresh, the others at once.');
    FOR col IN
        SELECT 'policy' AS relation, 'only_row' AS name, 'There is one row' AS description
        UNION ALL
        SELECT 'policy', c.name, c.description FROM csmetrics.policy_column c
        UNION ALL
        SELECT 'source_' || c.source, c.name, CASE WHEN c.required THEN 'Required. ' ELSE '' END || c.description
        FROM csmetrics.source_column c
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', model, col.relation, col.name, col.description);
    END LOOP;
END
$comment$;
COMMENT ON PROCEDURE csmetrics.comment_rules(text) IS
'Internal: comments the columns of the policy and of the source views of a model by policy_column and source_column, '
'and what refresh reads of these';

CREATE OR REPLACE PROCEDURE csmetrics.comment_columns(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $comment$
DECLARE
    col record;
    unknown text;
BEGIN
    FOR col IN
        SELECT a.attrelid::regclass AS relation, a.attname AS name, c.description
        FROM csmetrics.model_object o
        JOIN pg_attribute a ON a.attrelid = format('%I.%I', model, o.name)::regclass AND a.attnum > 0
        LEFT JOIN csmetrics.model_column c ON c.name = a.attname
        -- a word that means something else here is explained beside the view
        WHERE o.kind = 'view' AND (c.name IS NULL OR position(format('COMMENT ON COLUMN %I.%I IS', o.name, a.attname)
                                                              IN (SELECT p.ddl FROM csmetrics.model_part p
                                                                  WHERE p.file = o.file)) = 0)
        UNION ALL
        SELECT c.oid::regclass, a.attname, CASE a.attname WHEN 'complaint' THEN 'Why it cannot be right; NULL: it can'
                   WHEN 'digest' THEN 'Internal: hash of the row, or sum of those of the rows'
                   ELSE format('Internal: as %s has it', regexp_replace(c.relname, '^(kept|fresh)_', 'source_')) END
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = quote_ident(model)::regnamespace AND c.relname ~ '^(kept|fresh)_'
    LOOP
        unknown := concat_ws(', ', unknown, CASE WHEN col.description IS NULL THEN col.relation || '.' || col.name END);
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', col.relation, col.name, col.description);
    END LOOP;
    IF unknown <> '' THEN
        RAISE EXCEPTION 'columns without a row in model_column: %', unknown;
    END IF;
END
$comment$;
COMMENT ON PROCEDURE csmetrics.comment_columns(text) IS
'Internal: comments the columns of the views of a model by the dictionary, model_column';

CREATE OR REPLACE PROCEDURE csmetrics.sign_model(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $sign$
DECLARE
    views text[] := ARRAY(SELECT o.name FROM csmetrics.model_object o WHERE o.kind = 'view' ORDER BY o.name);
    routines text[] := ARRAY(
        SELECT format('%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid))
        FROM pg_proc p
        JOIN (SELECT DISTINCT o.name FROM csmetrics.model_object o WHERE o.kind = 'function') o ON o.name = p.proname
        WHERE p.pronamespace = quote_ident(model)::regnamespace ORDER BY 1);
BEGIN
    EXECUTE format('INSERT INTO %I.model_version AS v (version, views, routines) VALUES ($1, $2, $3)
                    ON CONFLICT (only_row) DO UPDATE SET (version, made_at, views, routines)
                    = ROW (excluded.version, now(), excluded.views, excluded.routines)', model)
        USING (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'csmetrics'), views, routines;
END
$sign$;
COMMENT ON PROCEDURE csmetrics.sign_model(text) IS
'Internal: notes in model_version what made the model, and of what it is made';

CREATE OR REPLACE PROCEDURE csmetrics.run_parts(model text, account_id_type regtype, only_new boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $parts$
DECLARE
    key_type text := account_id_type;
    part record;
BEGIN
    -- here names are those of the model; the views remember what they were bound to
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    FOR part IN SELECT p.file, p.ddl FROM csmetrics.model_part p ORDER BY p.file COLLATE pg_catalog."C" LOOP
        CALL csmetrics.run_script(pg_catalog.replace(part.ddl, '@account_id@', key_type), part.file, only_new);
    END LOOP;
    CALL csmetrics.comment_rules(model);
    CALL csmetrics.comment_columns(model);
    CALL csmetrics.write_kept_views(model);
    CALL csmetrics.sign_model(model);
END
$parts$;
COMMENT ON PROCEDURE csmetrics.run_parts(text, regtype, boolean) IS
'Internal: makes all of a model that the files of model/ are about; only_new: views, functions, comments, and tables '
'that are not there';

CREATE OR REPLACE PROCEDURE csmetrics.create_model(model text, account_id_type regtype DEFAULT 'text')
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $create$
BEGIN
    IF model IS NULL OR model = '' OR account_id_type IS NULL THEN
        RAISE EXCEPTION 'a model needs a name and a type of account_id' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF to_regclass(format('%I.policy', model)) IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" holds a model already', model
            USING ERRCODE = 'duplicate_schema',
                  HINT = format('Choose another name. CALL csmetrics.update_model(%L) brings that one up to date.',
                                model);
    END IF;
    IF to_regnamespace(quote_ident(model)) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', model);
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', model, 'Customer-success model of the extension csmetrics');
    END IF;
    CALL csmetrics.make_policy(model);
    CALL csmetrics.make_sources(model, account_id_type);
    CALL csmetrics.run_parts(model, account_id_type);
END
$create$;
COMMENT ON PROCEDURE csmetrics.create_model(text, regtype) IS
'Makes a model: a schema of that name with empty source views, the policy, tables and metric views, owned by the '
'caller. account_id_type: the type of the keys of accounts, text if not given. A schema that exists is used unless it '
'holds a model: SQLSTATE 42P06.';
