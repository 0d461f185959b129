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
    EXECUTE pg_catalog.format('CREATE TRIGGER a_sentence BEFORE INSERT OR UPDATE ON %I.policy FOR EACH ROW
                               EXECUTE FUNCTION csmetrics.say_what_is_wrong()', model);
END
$policy$;
COMMENT ON PROCEDURE csmetrics.make_policy(text) IS 'Internal: makes the policy of a model from policy_column';

CREATE OR REPLACE PROCEDURE csmetrics.make_sources(model text, account_id_type regtype)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $sources$
DECLARE
    internal text := csmetrics.internal_schema(model);
    source record;
BEGIN
    FOR source IN
        SELECT c.source AS name,
               string_agg(format('NULL::%s AS %I', replace(c.type, 'account_id', account_id_type::text), c.name),
                          ', ' ORDER BY c.position) AS columns
        FROM csmetrics.source_column c GROUP BY c.source
    LOOP
        EXECUTE format('CREATE VIEW %I.%I WITH (security_invoker) AS SELECT %s WHERE false', internal,
                       'source_' || source.name, source.columns);
        EXECUTE format('COMMENT ON VIEW %I.%I IS %L', internal, 'source_' || source.name,
                       format('Empty until CALL csmetrics.map(%L, %L, ''SELECT ...'') says where the facts are', model,
                              source.name));
        EXECUTE format('CREATE VIEW %I.%I WITH (security_invoker) AS
                        SELECT NULL::text AS complaint, NULL::bigint AS digest, NULL::integer AS fed_mask, s.*
                        FROM %1$I.%3$I s', internal,
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
        EXECUTE format('COMMENT ON VIEW %I.%I IS %L', csmetrics.internal_schema(model), 'kept_' || source,
                       format('The rows of source_%s that refresh reads: those that no rule has in quarantine. '
                              'complaint: why a row cannot be right; NULL: it can. digest: hash of the row. '
                              'fed_mask: which of csmetrics.telling_columns() have a value.', source));
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
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', csmetrics.relation(model, col.relation), col.name,
                       col.description);
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
        JOIN pg_attribute a ON a.attrelid = csmetrics.relation(model, o.name) AND a.attnum > 0
        LEFT JOIN csmetrics.model_column c ON c.name = a.attname
        -- a word that means something else here is explained beside the view
        WHERE o.kind = 'view' AND (c.name IS NULL OR position(format('COMMENT ON COLUMN %I.%I IS', o.name, a.attname)
                                                              IN (SELECT p.ddl FROM csmetrics.model_part p
                                                                  WHERE p.file = o.file)) = 0)
        UNION ALL
        SELECT c.oid::regclass, a.attname, CASE a.attname WHEN 'complaint' THEN 'Why it cannot be right; NULL: it can'
                   WHEN 'digest' THEN 'Internal: hash of the row, or sum of those of the rows'
                   WHEN 'fed_mask' THEN 'Internal: which of csmetrics.telling_columns() have a value, a bit each'
                   ELSE format('Internal: as %s has it',
                               regexp_replace(c.relname, '^(kept|fresh)_', 'source_')) END
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = quote_ident(csmetrics.internal_schema(model))::regnamespace
          AND c.relname ~ '^(kept|keyed|fresh)_'
        UNION ALL
        SELECT c.oid::regclass, a.attname, format('Internal: as read_%s() gives it',
                                                  regexp_replace(c.relname, '^before_', 'stored_'))
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = quote_ident(csmetrics.internal_schema(model))::regnamespace
          AND c.relkind = 'r' AND c.relname ~ '^(stored|before)_' AND c.relname <> 'stored_reading'
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
        WHERE p.pronamespace = ANY (csmetrics.schemas_of(model)) ORDER BY 1);
BEGIN
    EXECUTE format('INSERT INTO %I.model_version AS v (version, views, routines) VALUES ($1, $2, $3)
                    ON CONFLICT (only_row) DO UPDATE SET (version, made_at, views, routines)
                    = ROW (excluded.version, now(), excluded.views, excluded.routines)',
                   csmetrics.internal_schema(model))
        USING (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'csmetrics'), views, routines;
END
$sign$;
COMMENT ON PROCEDURE csmetrics.sign_model(text) IS
'Internal: notes in model_version what made the model, and of what it is made';

CREATE OR REPLACE PROCEDURE csmetrics.run_parts(model text, account_id_type regtype, only_new boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $parts$
DECLARE
    key_type text := account_id_type;
    internal text := csmetrics.internal_schema(model);
    part record;
BEGIN
    FOR part IN SELECT p.file, p.ddl FROM csmetrics.model_part p
                WHERE p.file OPERATOR(pg_catalog.!~~) 'model/live/%' ORDER BY p.file COLLATE pg_catalog."C" LOOP
        -- here names are those of the model; the views remember what they were bound to
        PERFORM pg_catalog.set_config('search_path', pg_catalog.format(
            CASE WHEN part.file OPERATOR(pg_catalog.~~) '%.internal.sql' THEN '%2$I, %1$I, csmetrics, pg_temp'
                 ELSE '%1$I, %2$I, csmetrics, pg_temp' END, model, internal), true);
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

CREATE OR REPLACE FUNCTION csmetrics.strangers(schemas oid[]) RETURNS TABLE (classid oid, objid oid)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT o.classid, o.objid
    FROM (SELECT 'pg_proc'::regclass::oid, p.oid, p.pronamespace FROM pg_proc p
          UNION ALL SELECT 'pg_operator'::regclass, o.oid, o.oprnamespace FROM pg_operator o
          UNION ALL SELECT 'pg_opclass'::regclass, c.oid, c.opcnamespace FROM pg_opclass c
          UNION ALL SELECT 'pg_collation'::regclass, c.oid, c.collnamespace FROM pg_collation c
          UNION ALL SELECT 'pg_ts_config'::regclass, c.oid, c.cfgnamespace FROM pg_ts_config c
          -- those of tables and views are of these, and arrays of what they hold
          UNION ALL SELECT 'pg_type'::regclass, t.oid, t.typnamespace FROM pg_type t
                    LEFT JOIN pg_class c ON c.oid = t.typrelid
                    WHERE NOT (t.typelem <> 0 AND t.typlen = -1) AND coalesce(c.relkind, 'c') = 'c')
         o(classid, objid, schema)
    WHERE o.schema = ANY (schemas)
      AND NOT EXISTS (SELECT 1 FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'csmetrics'
                      WHERE (d.classid, d.objid) = (o.classid, o.objid) AND d.refclassid = 'pg_extension'::regclass
                        AND d.deptype = 'e');
END;
COMMENT ON FUNCTION csmetrics.strangers(oid[]) IS
'Internal: the functions, operators, types and the like in these schemas that are not of the extension';

CREATE OR REPLACE FUNCTION csmetrics.require_no_strangers(schemas oid[], own oid[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    strangers text;
BEGIN
    SELECT string_agg(DISTINCT pg_describe_object(s.classid, s.objid, 0), ', ') INTO strangers
    FROM csmetrics.strangers(schemas) s
    WHERE s.objid <> ALL (own);
    IF strangers IS NOT NULL THEN
        RAISE EXCEPTION 'not of csmetrics, and might be called in place of what is: %', strangers
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Move them to another schema: ALTER ... SET SCHEMA. Tables and views may stay.';
    END IF;
    SELECT string_agg(DISTINCT format('%s in %s', CASE WHEN a.grantee = 0 THEN 'PUBLIC'
                                                       ELSE a.grantee::regrole::text END, n.oid::regnamespace), ', ')
    INTO strangers
    FROM pg_namespace n, aclexplode(n.nspacl) a
    WHERE n.oid = ANY (schemas) AND a.privilege_type = 'CREATE'
      AND a.grantee NOT IN (n.nspowner, current_user::regrole);
    IF strangers IS NOT NULL THEN
        RAISE EXCEPTION 'others may create what would be called with your rights: %', strangers
            USING ERRCODE = 'insufficient_privilege', HINT = 'REVOKE CREATE ON SCHEMA ... FROM them.';
    END IF;
END
$$;
COMMENT ON FUNCTION csmetrics.require_no_strangers(oid[], oid[]) IS
'Internal: SQLSTATE 55000 where these schemas hold functions and the like that are neither of the extension nor among '
'own, 42501 where others may create some. To be called before names are looked up along them.';

CREATE OR REPLACE PROCEDURE csmetrics.make_schemas(model text, in_schema_of_another boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $schemas$
DECLARE
    internal text := csmetrics.internal_schema(model);
    owner name := (SELECT pg_get_userbyid(n.nspowner) FROM pg_namespace n WHERE n.nspname = model);
BEGIN
    IF octet_length(internal) > 63 THEN
        RAISE EXCEPTION 'the name "%" is too long for a model', model
            USING ERRCODE = 'name_too_long',
                  DETAIL = format('A model has a second schema, "%s", and names have 63 bytes at most.', internal);
    END IF;
    IF to_regclass(format('%I.policy', model)) IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" holds a model already', model
            USING ERRCODE = 'duplicate_schema',
                  HINT = format('Choose another name. CALL csmetrics.update_model(%L) brings that one up to date.',
                                model);
    END IF;
    IF to_regnamespace(quote_ident(internal)) IS NOT NULL THEN
        RAISE EXCEPTION 'there is a schema "%" already, in which model "%" would keep what is its own', internal, model
            USING ERRCODE = 'duplicate_schema',
                  HINT = format('Choose another name. What is left of a model that was: CALL csmetrics.drop_model(%L).',
                                model);
    END IF;
    IF owner <> current_user AND in_schema_of_another IS NOT TRUE THEN
        RAISE EXCEPTION 'schema "%" is owned by "%"', model, owner
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Its owner can drop what is in it, and put there what runs with your rights. '
                         'With in_schema_of_another => true it is used nevertheless.';
    END IF;
    IF owner IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', model);
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', model, 'Customer-success model of the extension csmetrics');
    END IF;
    CALL csmetrics.make_internal_schema(model);
    PERFORM csmetrics.require_no_strangers(csmetrics.schemas_of(model) || 'csmetrics'::regnamespace::oid);
END
$schemas$;
COMMENT ON PROCEDURE csmetrics.make_schemas(text, boolean) IS
'Internal: makes the schemas of a model that is to be. A model or a schema in the way: SQLSTATE 42P06; a schema of '
'another owner: 42501, unless in_schema_of_another';

CREATE OR REPLACE PROCEDURE csmetrics.make_internal_schema(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
BEGIN
    EXECUTE format('CREATE SCHEMA %I', internal);
    EXECUTE format('COMMENT ON SCHEMA %I IS %L', internal,
                   format('What model "%s" of the extension csmetrics keeps for itself: nothing in it is for readers',
                          model));
END
$$;
COMMENT ON PROCEDURE csmetrics.make_internal_schema(text) IS
'Internal: makes the schema of what a model keeps for itself';

CREATE OR REPLACE PROCEDURE csmetrics.create_model(
    model text, account_id_type regtype DEFAULT 'text', in_schema_of_another boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' SET citus.enable_ddl_propagation = off AS $create$
BEGIN
    IF model IS NULL OR model = '' OR account_id_type IS NULL THEN
        RAISE EXCEPTION 'a model needs a name and a type of account_id' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    CALL csmetrics.make_schemas(model, in_schema_of_another);
    CALL csmetrics.make_policy(model);
    CALL csmetrics.make_sources(model, account_id_type);
    CALL csmetrics.run_parts(model, account_id_type);
END
$create$;
COMMENT ON PROCEDURE csmetrics.create_model(text, regtype, boolean) IS
'Makes a model, owned by the caller: a schema with policy, settings and metric views, and <model>_internal. '
'account_id_type: the type of the keys of accounts, text if not given. A schema that is there is used, unless it holds '
'a model: SQLSTATE 42P06, is another''s: 42501, or has functions: 55000.';

CREATE OR REPLACE FUNCTION csmetrics.objects_of(model text) RETURNS TABLE (classid oid, objid oid, is_ours boolean)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH ours AS (
        SELECT o.name FROM csmetrics.model_object o
        UNION ALL SELECT 'policy'
        UNION ALL SELECT p || s.source FROM csmetrics.source_column s, unnest('{source_,kept_}'::text[]) p
        UNION ALL SELECT s.vendor || '_' || s.source FROM csmetrics.connector_source s)
    SELECT 'pg_class'::regclass::oid, c.oid,
           c.relname IN (SELECT o.name FROM ours o) OR c.relkind = 'v' AND c.relname ~ '^watched_[0-9]+$'
    FROM pg_class c
    WHERE c.relnamespace = ANY (csmetrics.schemas_of(model)) AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S')
      -- sequences of columns are of these
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE (d.classid, d.objid) = ('pg_class'::regclass, c.oid)
                                                AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))
    UNION ALL
    SELECT s.classid, s.objid, p.proname IN (SELECT o.name FROM ours o) OR p.proname ~ '^queue_changed_[0-9]+$'
    FROM csmetrics.strangers(csmetrics.schemas_of(model)) s
    LEFT JOIN pg_proc p ON s.classid = 'pg_proc'::regclass AND p.oid = s.objid;
END;
COMMENT ON FUNCTION csmetrics.objects_of(text) IS
'Internal: what stands in the schemas of a model; is_ours: it is of csmetrics, by its name';

CREATE OR REPLACE PROCEDURE csmetrics.drop_model(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' SET citus.enable_ddl_propagation = off AS $drop$
DECLARE
    schema_name text;
    others text;
BEGIN
    IF csmetrics.relation(model, 'model_version') IS NULL THEN
        RAISE EXCEPTION 'there is no model "%"', model USING ERRCODE = 'invalid_schema_name';
    END IF;
    CALL csmetrics.remove_live(model);
    SELECT concat_ws(', ', string_agg(pg_describe_object(o.classid, o.objid, 0), ', ' ORDER BY o.classid, o.objid)
                               FILTER (WHERE o.is_ours IS NOT TRUE),
                     csmetrics.other_dependents(array_agg(o.classid), array_agg(o.objid))) INTO others
    FROM csmetrics.objects_of(model) o;
    IF others <> '' THEN
        RAISE EXCEPTION 'not of model "%", but to go with it: %', model, others
            USING ERRCODE = 'dependent_objects_still_exist',
                  HINT = 'Drop them first, or move them elsewhere. Nothing was changed.';
    END IF;
    FOR schema_name IN SELECT n::regnamespace::text FROM unnest(csmetrics.schemas_of(model)) n LOOP
        EXECUTE format('DROP SCHEMA %s CASCADE', schema_name);
    END LOOP;
END
$drop$;
COMMENT ON PROCEDURE csmetrics.drop_model(text) IS
'Drops a model: both its schemas, with settings, records and histories; the sources that it reads are left alone. '
'Objects of others in them, or over them, are named: SQLSTATE 2BP01; no such model: 3F000.';
