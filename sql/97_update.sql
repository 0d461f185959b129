-- A model is brought to the version of the extension: what a fresh model would be is made beside it, and the one in
-- hand is made like it. Views and functions are replaced in place, so that rights and what depends on them stay; tables
-- get the columns, constraints, indexes and triggers that they lack; what is in them stays.

CREATE OR REPLACE FUNCTION csmetrics.version_number(version text) RETURNS integer[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN pg_catalog.string_to_array(version, '.')::integer[];
COMMENT ON FUNCTION csmetrics.version_number(text) IS 'Internal: a version as numbers, which compare as versions do';

CREATE OR REPLACE FUNCTION csmetrics.model_version(model text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $version$
DECLARE
    here text := (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'csmetrics');
    of_model regclass := csmetrics.relation(model, 'model_version');
    made_by text;
BEGIN
    IF of_model IS NULL THEN
        IF to_regclass(format('%I.policy', model)) IS NULL THEN
            RAISE EXCEPTION 'there is no model "%"', model
                USING ERRCODE = 'invalid_schema_name',
                      HINT = format('CALL csmetrics.create_model(%L) makes one.', model);
        END IF;
        RAISE EXCEPTION 'model "%" was made before csmetrics 0.1.0, and cannot be brought to %', model, here
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Make a new model, and map its sources anew; copy the rows of its settings.';
    END IF;
    EXECUTE format('SELECT v.version FROM %s v', of_model) INTO made_by;
    IF csmetrics.version_number(made_by) > csmetrics.version_number(here) THEN
        RAISE EXCEPTION 'model "%" was made by csmetrics %, which is newer than this extension, %', model, made_by, here
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Install the newer release on this server, then ALTER EXTENSION csmetrics UPDATE.';
    END IF;
    RETURN made_by;
END
$version$;
COMMENT ON FUNCTION csmetrics.model_version(text) IS
'The version of csmetrics that made a model or brought it up to date last. No such model: SQLSTATE 3F000; one of a '
'newer version than the extension, or of none: 55000.';

CREATE OR REPLACE FUNCTION csmetrics.own_objects(model text) RETURNS TABLE (classid oid, objid oid)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $own$
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT 'pg_class'::regclass::oid, c.oid FROM pg_class c, %1$s v
        WHERE c.relnamespace = ANY ($1) AND c.relkind = 'v' AND (c.relname = ANY (v.views)
                                                                 OR c.relname ~ '^(kept|keyed)_')
        UNION ALL
        SELECT 'pg_class'::regclass, c.oid FROM pg_class c
        WHERE c.relnamespace = ANY ($1) AND c.relkind = 'r' AND c.relname ~ '^(fresh|stored|before|changed)_'
        UNION ALL
        SELECT 'pg_proc'::regclass, p.oid FROM pg_proc p, %1$s v
        WHERE p.pronamespace = ANY ($1)
          AND format('%%I(%%s)', p.proname, pg_get_function_identity_arguments(p.oid)) = ANY (v.routines) $query$,
                                csmetrics.relation(model, 'model_version'))
    USING csmetrics.schemas_of(model);
END
$own$;
COMMENT ON FUNCTION csmetrics.own_objects(text) IS
'Internal: the views, functions and working tables that csmetrics made in a model, with nothing of the user in them';

CREATE OR REPLACE FUNCTION csmetrics.misplaced(model text) RETURNS TABLE (statement text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $misplaced$
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT format('ALTER %%s %%s SET SCHEMA %%I', CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
                      c.oid::regclass, $2)
        FROM pg_class c
        WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'v')
          AND c.relname IN (SELECT o.name FROM csmetrics.model_object o WHERE o.is_internal
                            UNION ALL SELECT p || s.source
                            FROM csmetrics.source_column s, unnest('{source_,kept_}'::text[]) p
                            UNION ALL SELECT v.view_name FROM %s v)
        UNION ALL
        SELECT format('ALTER FUNCTION %%s SET SCHEMA %%I', o.objid::regprocedure, $2)
        FROM csmetrics.own_objects($3) o JOIN pg_proc p ON o.classid = 'pg_proc'::regclass AND p.oid = o.objid
        WHERE p.pronamespace = $1 AND p.proname IN (
                  SELECT o.name FROM csmetrics.model_object o WHERE o.is_internal) $query$,
                                csmetrics.relation(model, 'connection_view'))
    USING quote_ident(model)::regnamespace::oid, csmetrics.internal_schema(model), model;
END
$misplaced$;
COMMENT ON FUNCTION csmetrics.misplaced(text) IS
'Internal: the statements that move what a model keeps for itself out of the schema that readers see';

CREATE OR REPLACE FUNCTION csmetrics.is_replaceable(old oid, fresh oid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN fresh IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM pg_attribute a
        LEFT JOIN pg_attribute b ON b.attrelid = fresh AND b.attnum = a.attnum AND b.attname = a.attname
             AND b.atttypid = a.atttypid AND b.atttypmod = a.atttypmod
        WHERE a.attrelid = old AND a.attnum > 0 AND b.attnum IS NULL)
    -- a working table is left as it is, or made anew
    AND ((SELECT c.relkind FROM pg_class c WHERE c.oid = old) = 'v'
         OR (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = old AND a.attnum > 0)
            = (SELECT count(*) FROM pg_attribute b WHERE b.attrelid = fresh AND b.attnum > 0));
COMMENT ON FUNCTION csmetrics.is_replaceable(oid, oid) IS
'Internal: can CREATE OR REPLACE VIEW make the one view of the other? Only if columns are added at the end.';

CREATE OR REPLACE FUNCTION csmetrics.outdated_objects(model text, fresh text)
RETURNS TABLE (classid oid, objid oid, kind text, name text, successor text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT o.classid, o.objid,
           CASE WHEN p.oid IS NOT NULL THEN 'function' WHEN c.relkind = 'r' THEN 'table' ELSE 'view' END,
           CASE WHEN p.oid IS NOT NULL THEN o.objid::regprocedure::text ELSE o.objid::regclass::text END,
           CASE WHEN s.oid IS NOT NULL
                THEN format('%s.%I(%s)', p.pronamespace::regnamespace, p.proname,
                            pg_get_function_identity_arguments(p.oid))
                WHEN n.oid IS NOT NULL THEN format('%s.%I', c.relnamespace::regnamespace, c.relname) END
    FROM csmetrics.own_objects(model) o
    LEFT JOIN pg_class c ON o.classid = 'pg_class'::regclass AND c.oid = o.objid
    LEFT JOIN pg_class n ON n.relnamespace = ANY (csmetrics.schemas_of(fresh)) AND n.relname = c.relname
         AND n.relkind = c.relkind
    LEFT JOIN pg_proc p ON o.classid = 'pg_proc'::regclass AND p.oid = o.objid
    LEFT JOIN pg_proc s ON s.pronamespace = ANY (csmetrics.schemas_of(fresh)) AND s.proname = p.proname
         AND pg_get_function_identity_arguments(s.oid) = pg_get_function_identity_arguments(p.oid)
    WHERE CASE WHEN c.oid IS NOT NULL THEN NOT csmetrics.is_replaceable(c.oid, n.oid)
               ELSE replace(replace(pg_get_function_result(s.oid),
                                    quote_ident(fresh) || '.', quote_ident(model) || '.'),
                            quote_ident(csmetrics.internal_schema(fresh)) || '.',
                            quote_ident(csmetrics.internal_schema(model)) || '.')
                        IS DISTINCT FROM pg_get_function_result(p.oid)
                    -- or it gives rows of a table that is to be made anew
                    OR EXISTS (SELECT 1 FROM csmetrics.own_objects(model) w
                               JOIN pg_class g ON w.classid = 'pg_class'::regclass AND g.oid = w.objid
                               LEFT JOIN pg_class h ON h.relnamespace = ANY (csmetrics.schemas_of(fresh))
                                    AND h.relname = g.relname AND h.relkind = g.relkind
                               WHERE g.reltype = p.prorettype AND NOT csmetrics.is_replaceable(g.oid, h.oid)) END;
END;
COMMENT ON FUNCTION csmetrics.outdated_objects(text, text) IS
'Internal: the objects of a model of which no object of a fresh one can be made in place; successor: what takes the '
'place of it, NULL: nothing';

CREATE OR REPLACE FUNCTION csmetrics.rights_on(model text, fresh text) RETURNS TABLE (statement text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT format('GRANT %s ON %s %s TO %s%s', a.privilege_type,
                  CASE WHEN o.kind = 'function' THEN 'FUNCTION' ELSE 'TABLE' END, o.successor,
                  CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                  CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
    FROM csmetrics.outdated_objects(model, fresh) o
    LEFT JOIN pg_class c ON o.classid = 'pg_class'::regclass AND c.oid = o.objid
    LEFT JOIN pg_proc p ON o.classid = 'pg_proc'::regclass AND p.oid = o.objid,
         LATERAL aclexplode(coalesce(c.relacl, p.proacl)) a
    WHERE o.successor IS NOT NULL AND a.grantee <> coalesce(c.relowner, p.proowner);
END;
COMMENT ON FUNCTION csmetrics.rights_on(text, text) IS
'Internal: the statements that give the rights that others have on outdated objects to their successors';

CREATE OR REPLACE FUNCTION csmetrics.other_dependents(classids oid[], objids oid[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH RECURSIVE gone AS (
        SELECT g.classid, g.objid FROM unnest(classids, objids) g(classid, objid)
        UNION
        -- a view depends by its rule
        SELECT CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END, coalesce(r.ev_class, d.objid)
        FROM gone g
        JOIN pg_depend d ON d.refclassid = g.classid AND d.refobjid = g.objid
        LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid)
    SELECT string_agg(pg_describe_object(g.classid, g.objid, 0), ', ' ORDER BY g.classid, g.objid)
    FROM gone g
    -- row types, defaults, indexes and the like go with their relation, and are nobody's
    WHERE NOT EXISTS (SELECT 1 FROM unnest(classids, objids) o(classid, objid)
                      WHERE o.classid = g.classid AND o.objid = g.objid)
      AND g.classid NOT IN ('pg_type'::regclass, 'pg_attrdef'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass)
      AND NOT EXISTS (SELECT 1 FROM pg_depend d JOIN unnest(classids, objids) o(classid, objid)
                                                     ON (d.refclassid, d.refobjid) = (o.classid, o.objid)
                      WHERE (d.classid, d.objid) = (g.classid, g.objid) AND d.deptype IN ('a', 'i'))
      AND NOT EXISTS (SELECT 1 FROM pg_class c
                      WHERE g.classid = 'pg_class'::regclass AND c.oid = g.objid AND c.relkind IN ('t', 'i'));
END;
COMMENT ON FUNCTION csmetrics.other_dependents(oid[], oid[]) IS
'Internal: what else depends on these objects, directly or not, in words; NULL: nothing';

CREATE OR REPLACE FUNCTION csmetrics.missing_columns(model text, fresh text) RETURNS TABLE (statement text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN o.attnum IS NULL THEN
                    format('ALTER TABLE %s ADD COLUMN %I %s%s%s', c.oid::regclass, a.attname,
                           format_type(a.atttypid, a.atttypmod),
                           CASE WHEN a.attgenerated = 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', e.value)
                                ELSE ' DEFAULT ' || e.value END,
                           CASE WHEN a.attnotnull THEN ' NOT NULL' END)
                WHEN e.value IS NULL THEN format('ALTER TABLE %s ALTER %I DROP DEFAULT', c.oid::regclass, a.attname)
                ELSE format('ALTER TABLE %s ALTER %I SET DEFAULT %s', c.oid::regclass, a.attname, e.value) END
    FROM pg_class n
    JOIN pg_class c ON c.relname = n.relname AND c.relnamespace = ANY (csmetrics.schemas_of(model)) AND c.relkind = 'r'
    JOIN pg_attribute a ON a.attrelid = n.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
    LEFT JOIN pg_attribute o ON o.attrelid = c.oid AND o.attname = a.attname AND NOT o.attisdropped
    LEFT JOIN pg_attrdef w ON w.adrelid = o.attrelid AND w.adnum = o.attnum,
         LATERAL (SELECT pg_get_expr(f.adbin, f.adrelid)) e(value)
    WHERE n.relnamespace = ANY (csmetrics.schemas_of(fresh)) AND n.relkind = 'r'
      AND (o.attnum IS NULL OR a.attgenerated = '' AND pg_get_expr(w.adbin, w.adrelid) IS DISTINCT FROM e.value)
    ORDER BY n.relname, a.attnum;
END;
COMMENT ON FUNCTION csmetrics.missing_columns(text, text) IS
'Internal: the statements that give the tables of a model the columns and defaults that a fresh one has';

CREATE OR REPLACE FUNCTION csmetrics.outdated_checks(model text, fresh text) RETURNS TABLE (statement text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', c.oid::regclass, o.conname)
    FROM pg_class n
    JOIN pg_class c ON c.relname = n.relname AND c.relnamespace = ANY (csmetrics.schemas_of(model)) AND c.relkind = 'r'
    JOIN pg_constraint o ON o.conrelid = c.oid AND o.contype = 'c'
    LEFT JOIN pg_constraint k ON k.conrelid = n.oid AND k.contype = 'c' AND k.conname = o.conname
    WHERE n.relnamespace = ANY (csmetrics.schemas_of(fresh)) AND n.relkind = 'r'
      AND CASE WHEN k.oid IS NOT NULL
               THEN replace(replace(pg_get_constraintdef(k.oid), quote_ident(fresh) || '.', quote_ident(model) || '.'),
                            quote_ident(csmetrics.internal_schema(fresh)) || '.',
                            quote_ident(csmetrics.internal_schema(model)) || '.') <> pg_get_constraintdef(o.oid)
               -- those of options have the names that PostgreSQL gave them
               ELSE n.relname = 'policy' AND o.conname ~ '^policy_(.*_)?check[0-9]*$' END
    ORDER BY c.relname, o.conname;
END;
COMMENT ON FUNCTION csmetrics.outdated_checks(text, text) IS
'Internal: the statements that drop conditions on the tables of a model which are others in a fresh one';

CREATE OR REPLACE FUNCTION csmetrics.missing_parts(model text, fresh text) RETURNS TABLE (statement text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- the definitions name the schemas of the fresh one
    SELECT replace(replace(s.statement, quote_ident(fresh) || '.', quote_ident(model) || '.'),
                   quote_ident(csmetrics.internal_schema(fresh)) || '.',
                   quote_ident(csmetrics.internal_schema(model)) || '.')
    FROM pg_class n
    JOIN pg_class c ON c.relname = n.relname AND c.relnamespace = ANY (csmetrics.schemas_of(model)) AND c.relkind = 'r',
         LATERAL (
             SELECT 1 AS place, k.conname AS name,
                    format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.oid::regclass, k.conname,
                           pg_get_constraintdef(k.oid)) AS statement
             FROM pg_constraint k
             WHERE k.conrelid = n.oid AND k.contype IN ('c', 'p', 'u', 'x', 'f')
               AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.conrelid = c.oid AND o.conname = k.conname)
             UNION ALL
             SELECT 2, i.relname, pg_get_indexdef(i.oid)
             FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
             WHERE x.indrelid = n.oid AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.oid)
               AND NOT EXISTS (SELECT 1 FROM pg_class o WHERE o.relname = i.relname AND o.relnamespace = c.relnamespace)
             UNION ALL
             SELECT 3, t.tgname, pg_get_triggerdef(t.oid)
             FROM pg_trigger t
             WHERE t.tgrelid = n.oid AND NOT t.tgisinternal
               AND NOT EXISTS (SELECT 1 FROM pg_trigger o WHERE o.tgrelid = c.oid AND o.tgname = t.tgname)
             UNION ALL
             SELECT 4, a.attname, format('ALTER TABLE %s ALTER %I SET STATISTICS %s', c.oid::regclass, a.attname,
                                         coalesce(a.attstattarget, -1))
             FROM pg_attribute a
             JOIN pg_attribute o ON o.attrelid = c.oid AND o.attname = a.attname
             WHERE a.attrelid = n.oid AND a.attnum > 0 AND a.attstattarget IS DISTINCT FROM o.attstattarget) s
    WHERE n.relnamespace = ANY (csmetrics.schemas_of(fresh)) AND n.relkind = 'r'
    ORDER BY s.place, n.relname, s.name;
END;
COMMENT ON FUNCTION csmetrics.missing_parts(text, text) IS
'Internal: the statements that give the tables of a model the constraints, indexes and triggers that a fresh one has';

CREATE OR REPLACE FUNCTION csmetrics.missing_sources(model text, fresh text) RETURNS TABLE (statement text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN c.oid IS NULL
                THEN format('CREATE VIEW %I.%I WITH (security_invoker) AS %s', csmetrics.internal_schema(model),
                            n.relname, rtrim(pg_get_viewdef(n.oid), ';'))
                ELSE format('CREATE OR REPLACE VIEW %s WITH (security_invoker) AS ', c.oid::regclass)
                     || CASE WHEN pg_get_viewdef(c.oid) ~ 'WHERE false;$' AND pg_get_viewdef(c.oid) !~ '\mFROM\M'
                             -- empty, and to be known as such
                             THEN regexp_replace(pg_get_viewdef(c.oid), '\s+WHERE false;$', '') || ', ' || m.columns
                                  || ' WHERE false'
                             ELSE format('SELECT q.*, %s FROM (%s) q', m.columns, rtrim(pg_get_viewdef(c.oid), ';'))
                             END END
    FROM pg_class n
    LEFT JOIN pg_class c ON c.relname = n.relname AND c.relnamespace = ANY (csmetrics.schemas_of(model))
    CROSS JOIN LATERAL (
        SELECT string_agg(format('NULL::%s AS %I', format_type(a.atttypid, a.atttypmod), a.attname), ', '
                          ORDER BY a.attnum) AS columns
        FROM pg_attribute a
        WHERE a.attrelid = n.oid AND a.attnum > 0
          AND NOT EXISTS (SELECT 1 FROM pg_attribute o WHERE o.attrelid = c.oid AND o.attname = a.attname)) m
    WHERE n.relnamespace = ANY (csmetrics.schemas_of(fresh)) AND n.relname ~ '^source_' AND m.columns IS NOT NULL
    UNION ALL
    SELECT format('CREATE VIEW %I.%I WITH (security_invoker) AS
                   SELECT NULL::text AS complaint, NULL::bigint AS digest, NULL::integer AS fed_mask, s.*
                   FROM %1$I.%3$I s',
                  csmetrics.internal_schema(model), n.relname, regexp_replace(n.relname, '^(kept|keyed)_', 'source_'))
    FROM pg_class n
    WHERE n.relnamespace = ANY (csmetrics.schemas_of(fresh)) AND n.relname ~ '^(kept|keyed)_'
      AND NOT EXISTS (SELECT 1 FROM pg_class c
                      WHERE c.relname = n.relname AND c.relnamespace = ANY (csmetrics.schemas_of(model)));
END;
COMMENT ON FUNCTION csmetrics.missing_sources(text, text) IS
'Internal: the statements that give a model the source views, and columns of these, that a fresh one has, empty, and '
'the views of what is kept of them';

CREATE OR REPLACE PROCEDURE csmetrics.stand_apart(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $apart$
DECLARE
    internal text := csmetrics.internal_schema(model);
    untouched regclass[];
    statement text;
BEGIN
    IF to_regnamespace(quote_ident(internal)) IS NULL THEN
        CALL csmetrics.make_internal_schema(model);
        -- who may look things up in the one may do so in the other; what each may read is said by the things
        FOR statement IN
            SELECT format('GRANT USAGE ON SCHEMA %I TO %s', internal,
                          CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END)
            FROM pg_namespace n, aclexplode(n.nspacl) a
            WHERE n.nspname = model AND a.privilege_type = 'USAGE' AND a.grantee <> n.nspowner
        LOOP
            EXECUTE statement;
        END LOOP;
    END IF;
    EXECUTE format('SELECT ARRAY(SELECT r FROM %s v, LATERAL to_regclass(format(''%%I.%%I'', $1, v.view_name)) r
                                 WHERE csmetrics.fingerprint(r) = v.definition)',
                   csmetrics.relation(model, 'connection_view')) INTO untouched USING model;
    FOR statement IN SELECT m.statement FROM csmetrics.misplaced(model) m LOOP
        EXECUTE statement;
    END LOOP;
    -- what a definition says of another of them has its new name in it
    EXECUTE format('UPDATE %I.connection_view v SET definition = csmetrics.fingerprint(r)
                    FROM unnest($1) r WHERE v.view_name = (SELECT c.relname FROM pg_class c WHERE c.oid = r)', internal)
        USING untouched;
END
$apart$;
COMMENT ON PROCEDURE csmetrics.stand_apart(text) IS
'Internal: moves what a model keeps for itself to the schema for that, where an older version made it elsewhere';

CREATE OR REPLACE PROCEDURE csmetrics.run_changes(model text, made_by text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $changes$
DECLARE
    change record;
BEGIN
    PERFORM set_config('search_path', format('%I, %I, csmetrics, pg_temp', model, csmetrics.internal_schema(model)),
                       true);
    FOR change IN
        SELECT c.file, c.ddl FROM csmetrics.model_change c
        WHERE csmetrics.version_number(c.version) OPERATOR(pg_catalog.>) csmetrics.version_number(made_by)
        ORDER BY csmetrics.version_number(c.version)
    LOOP
        CALL csmetrics.run_script(change.ddl, change.file);
    END LOOP;
END
$changes$;
COMMENT ON PROCEDURE csmetrics.run_changes(text, text) IS
'Internal: runs the scripts that change tables of a model, of all versions after the one that made it';

CREATE OR REPLACE PROCEDURE csmetrics.put_aside(objects csmetrics.outdated[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $aside$
DECLARE
    object csmetrics.outdated;
    key record;
BEGIN
    FOREACH object IN ARRAY objects LOOP
        EXECUTE format('ALTER %s %s RENAME TO %I', object.kind, object.name, 'outdated_' || object.objid);
        FOR key IN
            SELECT c.oid, c.conname FROM pg_constraint c
            WHERE object.kind = 'table' AND c.conrelid = object.objid AND c.contype IN ('p', 'u')
        LOOP
            EXECUTE format('ALTER TABLE %s RENAME CONSTRAINT %I TO %I', object.objid::regclass, key.conname,
                           'outdated_' || key.oid);
        END LOOP;
    END LOOP;
END
$aside$;
COMMENT ON PROCEDURE csmetrics.put_aside(csmetrics.outdated[]) IS
'Internal: gives outdated objects other names, so that their successors can be made and what is ours can turn to these';

CREATE OR REPLACE PROCEDURE csmetrics.drop_outdated(model text, objects csmetrics.outdated[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $drop$
DECLARE
    object csmetrics.outdated;
    others text := csmetrics.other_dependents(ARRAY(SELECT o.classid FROM unnest(objects) o),
                                              ARRAY(SELECT o.objid FROM unnest(objects) o));
BEGIN
    IF others IS NOT NULL THEN
        RAISE EXCEPTION 'these depend on what changes in model "%": %', model, others
            USING ERRCODE = 'dependent_objects_still_exist',
                  DETAIL = (SELECT format('Changed are: %s.', string_agg(
                      concat_ws(' ', o.kind, o.name), ', ' ORDER BY o.name COLLATE "C")) FROM unnest(objects) o),
                  HINT = 'Drop them, update the model, and make them anew over it. Nothing was changed.';
    END IF;
    FOREACH object IN ARRAY objects LOOP
        -- it may have gone with another
        IF object.kind = 'function' AND EXISTS (SELECT 1 FROM pg_proc p WHERE p.oid = object.objid) THEN
            EXECUTE format('DROP FUNCTION %s CASCADE', object.objid::regprocedure);
        ELSIF object.kind <> 'function' AND EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = object.objid) THEN
            EXECUTE format('DROP %s %s CASCADE', object.kind, object.objid::regclass);
        END IF;
    END LOOP;
END
$drop$;
COMMENT ON PROCEDURE csmetrics.drop_outdated(text, csmetrics.outdated[]) IS
'Internal: drops outdated objects; SQLSTATE 2BP01, which names them, if objects of the user depend on them';

CREATE OR REPLACE PROCEDURE csmetrics.warn_of_casts(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $casts$
DECLARE
    source text;
    cure text;
BEGIN
    FOR source IN SELECT DISTINCT c.source FROM csmetrics.source_column c ORDER BY c.source LOOP
        BEGIN
            PERFORM csmetrics.require_settled_casts(csmetrics.relation(model, 'source_' || source));
        EXCEPTION WHEN invalid_parameter_value THEN
            GET STACKED DIAGNOSTICS cure = PG_EXCEPTION_HINT;
            RAISE WARNING 'map source "%" again, or connect its vendors: %', source, SQLERRM USING HINT = cure;
        END;
    END LOOP;
END
$casts$;
COMMENT ON PROCEDURE csmetrics.warn_of_casts(text) IS
'Internal: a WARNING for each source whose view casts what settings of the session have a say in, as older versions '
'let map write';

CREATE OR REPLACE PROCEDURE csmetrics.update_model(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' SET citus.enable_ddl_propagation = off AS $update$
DECLARE
    made_by text := csmetrics.model_version(model);
    fresh text := format('csmetrics_update_%s', pg_backend_pid());
    told text := current_setting('client_min_messages');
    key_type regtype;
    outdated csmetrics.outdated[];
    rights text[];
    unchanged text[];
    statement text;
    changed integer := 0;
    is_live boolean := csmetrics.is_live(model);
BEGIN
    PERFORM csmetrics.require_ownership(model);
    PERFORM csmetrics.require_no_strangers(csmetrics.schemas_of(model) || 'csmetrics'::regnamespace::oid,
                                           ARRAY(SELECT o.objid FROM csmetrics.own_objects(model) o UNION ALL
                                                 SELECT q FROM csmetrics.queue_functions(model) q));
    RAISE NOTICE 'updating model "%", made by csmetrics % ...', model, made_by;
    EXECUTE format('LOCK TABLE %I.policy, %s IN ACCESS EXCLUSIVE MODE', model,
                   csmetrics.relation(model, 'account_state'));
    CALL csmetrics.remove_live(model);
    CALL csmetrics.stand_apart(model);
    unchanged := csmetrics.unchanged_views(model);
    key_type := csmetrics.key_type(model)::regtype;
    CALL csmetrics.run_changes(model, made_by);
    CALL csmetrics.create_model(fresh, key_type);
    rights := ARRAY(SELECT r.statement FROM csmetrics.rights_on(model, fresh) r);
    outdated := ARRAY(SELECT ROW (o.classid, o.objid, o.kind, o.name)::csmetrics.outdated
                      FROM csmetrics.outdated_objects(model, fresh) o);
    CALL csmetrics.put_aside(outdated);
    FOR statement IN SELECT s.statement FROM csmetrics.missing_columns(model, fresh) s
                     UNION ALL SELECT s.statement FROM csmetrics.missing_sources(model, fresh) s
                     UNION ALL SELECT s.statement FROM csmetrics.outdated_checks(model, fresh) s LOOP
        EXECUTE statement;
        changed := changed + 1;
    END LOOP;
    CALL csmetrics.widen_vendor_views(model, unchanged);
    CALL csmetrics.run_parts(model, key_type, true);
    CALL csmetrics.drop_outdated(model, outdated);
    FOR statement IN SELECT s.statement FROM csmetrics.missing_parts(model, fresh) s
                     UNION ALL SELECT r FROM unnest(rights) r LOOP
        EXECUTE statement;
    END LOOP;
    PERFORM set_config('client_min_messages', 'warning', true);
    EXECUTE format('DROP SCHEMA %I, %I CASCADE', fresh, csmetrics.internal_schema(fresh));
    CALL csmetrics.remake_live(model, is_live);
    CALL csmetrics.renew_rights(model);
    PERFORM set_config('client_min_messages', told, true);
    -- histories may be made of more now: the next refresh reads all
    EXECUTE format('UPDATE %I.refreshed_source SET policy_hash = '''' WHERE $1', model)
        USING changed > 0 OR made_by <> csmetrics.model_version(model);
    CALL csmetrics.forget_readings(model);
    CALL csmetrics.warn_of_casts(model);
    RAISE NOTICE 'model "%" is of csmetrics % now: CALL csmetrics.refresh(%)', model, csmetrics.model_version(model),
        quote_literal(model);
END
$update$;
COMMENT ON PROCEDURE csmetrics.update_model(text) IS
'Brings a model of an older version to that of the extension, and mends one whose parts were lost by DROP EXTENSION '
'CASCADE; settings, records and rights stay. Objects of the user that depend on what changes are named: SQLSTATE '
'2BP01; a model too new or too old: 55000. In one transaction.';
