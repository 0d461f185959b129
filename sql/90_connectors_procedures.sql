-- connect(), disconnect() and what they share: views that they wrote are known by a fingerprint, and no others are
-- touched.
CREATE OR REPLACE FUNCTION csmetrics.fingerprint(view regclass) RETURNS text
-- values in it are told in the forms that settings say
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' AS $$
BEGIN
    -- the path by which a definition is told is part of it: that of the first version
    PERFORM set_config('search_path', 'csmetrics, pg_temp', true);
    RETURN pg_catalog.md5(pg_catalog.pg_get_viewdef(view));
END
$$;
COMMENT ON FUNCTION csmetrics.fingerprint(regclass) IS 'Internal: fingerprint of the definition of a view';

CREATE OR REPLACE FUNCTION csmetrics.by_hand(model text, source text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    view regclass := format('%I.%I', internal, 'source_' || source)::regclass;
    definition text := pg_get_viewdef(view);
    is_ours boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.connection_view v
                                   WHERE v.view_name = $1 AND v.definition = $2)', internal)
        INTO is_ours USING 'source_' || source, csmetrics.fingerprint(view);
    -- as create_model makes it: no rows, of nothing
    RETURN NOT is_ours AND NOT (definition ~ 'WHERE false;$' AND definition !~ '\mFROM\M');
END
$$;
COMMENT ON FUNCTION csmetrics.by_hand(text, text) IS
'Internal: does the view of the source say what its user wrote, not connect() nor create_model()?';

CREATE OR REPLACE FUNCTION csmetrics.changed_views(model text, vendor text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    changed text;
BEGIN
    EXECUTE format(
        'SELECT string_agg(v.view_name, '', '' ORDER BY v.view_name)
         FROM %I.connection_view v, LATERAL to_regclass(format(''%%I.%%I'', $1, v.view_name)) r
         WHERE v.vendor = $2 AND r IS NOT NULL AND csmetrics.fingerprint(r) <> v.definition', internal)
        INTO changed USING internal, vendor;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION csmetrics.changed_views(text, text) IS
'Internal: the views of a connection that were changed since they were written, in a list; NULL: none';

CREATE OR REPLACE FUNCTION csmetrics.unchanged_views(model text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    unchanged text[];
BEGIN
    EXECUTE format(
        'SELECT array_agg(v.view_name)
         FROM %I.connection_view v, LATERAL to_regclass(format(''%%I.%%I'', $1, v.view_name)) r
         WHERE r IS NOT NULL AND csmetrics.fingerprint(r) = v.definition', internal) INTO unchanged USING internal;
    RETURN unchanged;
END
$$;
COMMENT ON FUNCTION csmetrics.unchanged_views(text) IS
'Internal: the views of connections that are as they were written; NULL: none';

CREATE OR REPLACE PROCEDURE csmetrics.widen_vendor_views(model text, unchanged text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    view regclass;
BEGIN
    FOR view IN EXECUTE format(
        'SELECT r FROM %I.connection_view v, LATERAL to_regclass(format(''%%I.%%I'', $1, v.view_name)) r
         WHERE v.vendor IS NOT NULL AND r IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = r AND a.attname = ''misread'')', internal)
        USING internal
    LOOP
        EXECUTE format('CREATE OR REPLACE VIEW %s WITH (security_invoker) AS
                        SELECT q.*, NULL::text AS misread FROM (%s) q', view, rtrim(pg_get_viewdef(view), ';'));
    END LOOP;
    EXECUTE format('UPDATE %I.connection_view v SET definition = csmetrics.fingerprint(format(''%%I.%%I'', $1,
                    v.view_name)::regclass) WHERE v.view_name = ANY ($2)', internal) USING internal, unchanged;
END
$$;
COMMENT ON PROCEDURE csmetrics.widen_vendor_views(text, text[]) IS
'Internal: gives views of vendors that an older version wrote the column misread, and those that were unchanged their '
'fingerprint again';

CREATE OR REPLACE PROCEDURE csmetrics.write_view(
    model text, view_name text, vendor text, source text, query text, description text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $write$
DECLARE
    internal text := csmetrics.internal_schema(model);
    part record;
BEGIN
    EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker) AS %s', internal, view_name, query);
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', internal, view_name, description);
    EXECUTE format('INSERT INTO %I.connection_view AS v VALUES ($1, $2, $3, $4)
                    ON CONFLICT (view_name) DO UPDATE SET (vendor, source, definition)
                    = ROW (excluded.vendor, excluded.source, excluded.definition)', internal)
        USING view_name, vendor, source, csmetrics.fingerprint(format('%I.%I', internal, view_name)::regclass);
    FOR part IN
        SELECT a.attname, CASE a.attname
                   WHEN 'account_key' THEN 'Required. The vendor''s own key of the account'
                   WHEN 'domain' THEN 'Domain of the account, by which it is matched with those of other vendors; '
                                      'NULL: none'
                   WHEN 'crm_key' THEN 'Its key in the CRM; NULL: unknown'
                   WHEN 'only_matched' THEN 'True: it stands for an account only where it matches one that is known'
                   WHEN 'merged_into' THEN 'The vendor''s key of the account that it was merged into; NULL: it was not'
                   ELSE c.description END AS description
        FROM pg_attribute a
             LEFT JOIN csmetrics.source_column c ON c.source = write_view.source AND c.name = a.attname
        WHERE write_view.vendor IS NOT NULL
          AND a.attrelid = format('%I.%I', internal, view_name)::regclass AND a.attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', internal, view_name, part.attname, part.description);
    END LOOP;
END
$write$;
COMMENT ON PROCEDURE csmetrics.write_view(text, text, text, text, text, text) IS
'Internal: writes a view of a connection and remembers what it wrote';

CREATE OR REPLACE PROCEDURE csmetrics.drop_views(model text, views text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    view_name text;
BEGIN
    FOREACH view_name IN ARRAY coalesce(views, '{}') LOOP
        EXECUTE format('DROP VIEW IF EXISTS %I.%I', csmetrics.internal_schema(model), view_name);
    END LOOP;
END
$$;
COMMENT ON PROCEDURE csmetrics.drop_views(text, text[]) IS 'Internal: drops views of a model, where they are there';

-- The sources, of what all connected vendors say.

CREATE OR REPLACE PROCEDURE csmetrics.empty_source(model text, source text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    view_name text := 'source_' || source;
    internal text := csmetrics.internal_schema(model);
    nothing text;
BEGIN
    SELECT string_agg(format('NULL::%s AS %I', CASE WHEN c.type = 'account_id' THEN csmetrics.key_type(model)
                                                    ELSE c.type END, c.name), ', ' ORDER BY c.position) INTO nothing
    FROM csmetrics.source_column c WHERE c.source = empty_source.source;
    EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker) AS SELECT %s WHERE false', internal, view_name,
                   nothing);
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', internal, view_name,
                   format('Empty until CALL csmetrics.map(%L, %L, ''SELECT ...'') says where the facts are', model,
                          source));
    EXECUTE format('DELETE FROM %I.connection_view WHERE view_name = $1', internal) USING view_name;
END
$$;
COMMENT ON PROCEDURE csmetrics.empty_source(text, text) IS
'Internal: makes a source of a model empty, as create_model made it';

CREATE OR REPLACE PROCEDURE csmetrics.unite_source(model text, source text, overwrite boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $unite$
DECLARE
    named CONSTANT text := 'source_' || source;
    names text[] := ARRAY(SELECT c.name FROM csmetrics.source_column c WHERE c.source = unite_source.source
                          ORDER BY c.position);
    internal text := csmetrics.internal_schema(model);
    givers text[];
    was_united boolean;
    query text;
BEGIN
    EXECUTE format('SELECT array_agg(v.vendor ORDER BY c.priority, c.connected_at, c.vendor)
                    FROM %I.connection_view v JOIN %I.connection c USING (vendor) WHERE v.source = $1', internal, model)
        INTO givers USING source;
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.connection_view v WHERE v.view_name = $1)', internal)
        INTO was_united USING named;
    IF givers IS NULL AND NOT was_united THEN
        RETURN;
    END IF;
    IF csmetrics.by_hand(model, source) AND NOT (overwrite AND givers IS NOT NULL) THEN
        EXECUTE format('DELETE FROM %I.connection_view WHERE view_name = $1', internal) USING named;
        RAISE NOTICE 'source "%" was mapped by hand and is left as it is', source;
    ELSIF givers IS NULL THEN
        CALL csmetrics.empty_source(model, source);
    ELSE
        query := CASE source
                 WHEN 'account'
                 THEN format('SELECT %s, NULL::text AS misread FROM %I.connected_account',
                             csmetrics.spelled(array_remove(names, 'misread'), '%I'), internal)
                 ELSE csmetrics.united_facts(model, source, givers, names) END
                 || csmetrics.misread_facts(model, source, givers, names);
        CALL csmetrics.write_view(model, named, NULL, source, query,
                                  format('Where the facts are: written by CALL csmetrics.connect, from %s',
                                         array_to_string(givers, ', ')));
    END IF;
END
$unite$;
COMMENT ON PROCEDURE csmetrics.unite_source(text, text, boolean) IS
'Internal: writes a source of a model anew from the vendors that give it; one mapped by hand is left alone, with a '
'notice, unless overwrite';

CREATE OR REPLACE PROCEDURE csmetrics.unite_sources(model text, overwrite boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' SET citus.enable_ddl_propagation = off AS $unite$
DECLARE
    source text;
BEGIN
    PERFORM csmetrics.require_owner(model);
    IF csmetrics.connected_vendors(model) IS NOT NULL AND csmetrics.key_type(model) <> 'text'
       AND (overwrite OR NOT csmetrics.by_hand(model, 'account')) THEN
        RAISE EXCEPTION 'keys of vendors are texts, and cannot be those of the accounts of model "%", which are of '
                        'type %', model, csmetrics.key_type(model)
            USING ERRCODE = 'datatype_mismatch',
                  HINT = 'Map source "account" by hand first: keys of vendors are then matched with its accounts. '
                         'Or make a model with account_id of type text.';
    END IF;
    FOR source IN SELECT DISTINCT c.source FROM csmetrics.source_column c ORDER BY c.source LOOP
        CALL csmetrics.unite_source(model, source, overwrite);
    END LOOP;
    CALL csmetrics.resolve_identities(model);
END
$unite$;
COMMENT ON PROCEDURE csmetrics.unite_sources(text, boolean) IS
'Writes the source views of a model anew from the vendors that are connected to it: after a change of priority in its '
'table connection, or after accounts were mapped by hand. Sources mapped by hand are left alone, with a notice, unless '
'overwrite.';

-- A vendor, connected and disconnected.

CREATE OR REPLACE FUNCTION csmetrics.require_vendor(vendor text, schema_name text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $require$
DECLARE
    missing text;
    complaints text[];
BEGIN
    IF NOT EXISTS (SELECT 1 FROM csmetrics.connector c WHERE c.vendor = require_vendor.vendor) THEN
        RAISE EXCEPTION 'unknown vendor "%"', vendor
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = (SELECT format('Known are: %s.', string_agg(c.vendor, ', ' ORDER BY c.vendor))
                            FROM csmetrics.connector c);
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = schema_name) THEN
        RAISE EXCEPTION 'there is no schema "%"', schema_name
            USING ERRCODE = 'invalid_schema_name',
                  DETAIL = (SELECT format('Schemas are: %s.', string_agg(nspname, ', ' ORDER BY nspname))
                            FROM pg_namespace
                            WHERE nspname NOT LIKE 'pg\_%' AND nspname NOT IN ('information_schema', 'csmetrics'));
    END IF;
    -- all that is wrong at once
    SELECT string_agg(w.missing, '; ' ORDER BY w.missing) INTO missing
    FROM (SELECT format('missing table %s', string_agg(array_to_string(t.table_name || t.other_names, ' or '), ' or '
                                                       ORDER BY t.table_name)) AS missing
          FROM csmetrics.connector_table t
               CROSS JOIN csmetrics.found_table(schema_name, t.table_name || t.other_names) f
          WHERE t.vendor = require_vendor.vendor AND t.one_of IS NOT NULL
          GROUP BY t.one_of HAVING bool_and(f IS NULL)) w;
    SELECT array_agg(c ORDER BY c) INTO complaints
    FROM csmetrics.connector_tables(vendor, schema_name) f, unnest(f.complaints) c;
    IF missing IS NOT NULL OR complaints IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" does not look like that of %: %', schema_name, vendor,
            array_to_string(missing || complaints, '; ')
            USING ERRCODE = CASE WHEN missing IS NOT NULL THEN 'undefined_table' ELSE 'undefined_column' END,
                  HINT = format('What is read of it: SELECT * FROM csmetrics.connector_column WHERE vendor = %L.',
                                vendor);
    END IF;
END
$require$;
COMMENT ON FUNCTION csmetrics.require_vendor(text, text) IS
'Internal: an error unless the schema holds what is read of the vendor: an unknown vendor is SQLSTATE 22023, a schema '
'that is not there 3F000, missing tables 42P01, missing columns or such of a wrong type 42703';

CREATE OR REPLACE FUNCTION csmetrics.sources_of(vendor text, schema_name text) RETURNS text[]
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    tables text[] := ARRAY(SELECT t.table_name FROM csmetrics.connector_table t
                           WHERE t.vendor = sources_of.vendor
                             AND csmetrics.found_table(schema_name, t.table_name || t.other_names) IS NOT NULL);
BEGIN
    RETURN (SELECT array_agg(s.source ORDER BY s.source)
            FROM csmetrics.connector_source s
            WHERE s.vendor = sources_of.vendor AND (s.only_with IS NULL OR s.only_with = ANY (tables))
              AND EXISTS (SELECT 1 FROM csmetrics.source_column c WHERE c.source = s.source));
END
$$;
COMMENT ON FUNCTION csmetrics.sources_of(text, text) IS
'Internal: the sources that a vendor gives, with the tables that are in the schema';

CREATE OR REPLACE PROCEDURE csmetrics.write_vendor_view(
    model text, vendor text, schema_name text, source text, overwrite boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    named CONSTANT text := vendor || '_' || source;
    internal text := csmetrics.internal_schema(model);
    is_new boolean;
BEGIN
    EXECUTE format('SELECT NOT EXISTS (SELECT 1 FROM %I.connection_view v WHERE v.view_name = $1)', internal)
        INTO is_new USING named;
    IF is_new AND to_regclass(format('%I.%I', internal, named)) IS NOT NULL AND NOT overwrite THEN
        RAISE EXCEPTION 'there is a "%" in schema "%" already', named, internal
            USING ERRCODE = 'duplicate_table',
                  HINT = 'Drop or rename it; a view of the same columns is written anew with overwrite => true.';
    END IF;
    CALL csmetrics.write_view(
        model, named, vendor, source,
        csmetrics.conformed(model, format('connector "%s", source "%s"', vendor, source),
                            csmetrics.spelled_out(csmetrics.vendor_query(vendor, schema_name, source, model)),
                            csmetrics.asked_columns(model, source, true)),
        format('What %s knows of source %s: written by CALL csmetrics.connect', vendor, source));
END
$$;
COMMENT ON PROCEDURE csmetrics.write_vendor_view(text, text, text, text, boolean) IS
'Internal: writes the view <vendor>_<source> of a model. A relation of that name that connect() did not write: '
'SQLSTATE 42P07, unless overwrite.';

CREATE OR REPLACE PROCEDURE csmetrics.drop_vendor_watches(model text, vendor text, schema_name text DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    watch record;
BEGIN
    FOR watch IN EXECUTE format(
        'SELECT w.watch_id, w.source, w.relation
         FROM %1$I.watch w JOIN %2$I.connection_view v ON v.source = w.source AND v.vendor = $1
         JOIN %1$I.connection c ON c.vendor = v.vendor
         JOIN pg_class r ON r.oid = w.relation
         JOIN pg_namespace n ON n.oid = r.relnamespace AND n.nspname = c.schema_name
         WHERE c.schema_name IS DISTINCT FROM $2 AND NOT csmetrics.by_hand($3, w.source)
         ORDER BY w.watch_id', model, csmetrics.internal_schema(model)) USING vendor, schema_name, model
    LOOP
        RAISE WARNING 'watch % of source "%" in model "%" is undone, with its triggers: % is not read any more',
            watch.watch_id, watch.source, model, watch.relation
            USING HINT = 'Without any left the source is read as a whole. CALL csmetrics.watch() for the other tables.';
        CALL csmetrics.drop_watch(model, watch.watch_id);
    END LOOP;
END
$$;
COMMENT ON PROCEDURE csmetrics.drop_vendor_watches(text, text, text) IS
'Internal: undoes the watches on tables of a vendor that are not read any more, since it is connected by another '
'schema from now on, or by none: NULL';

CREATE OR REPLACE PROCEDURE csmetrics.tell_in_place(model text, vendor text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found record;
BEGIN
    IF csmetrics.by_hand(model, 'subscription') THEN
        RETURN;
    END IF;
    FOR found IN SELECT k.* FROM csmetrics.kept_in_place(model, vendor) k LOOP
        RAISE NOTICE '%: % items of subscriptions have neither versions nor lines of invoices: what they were before '
            'today is not known, and each refresh keeps what it sees from now on. A sync in history mode, or of the '
            'lines of invoices, tells more.', vendor, found.row_count;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE csmetrics.tell_in_place(text, text) IS
'Internal: a NOTICE where a vendor that was connected changes items of subscriptions in place';

CREATE OR REPLACE PROCEDURE csmetrics.connect(
    model text, vendor text, schema_name text, overwrite boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' SET citus.enable_ddl_propagation = off AS $connect$
DECLARE
    changed text;
    sources text[];
    source text;
    gone text[];
BEGIN
    PERFORM csmetrics.require_owner(model);
    PERFORM csmetrics.require_vendor(vendor, schema_name);
    EXECUTE format('LOCK TABLE %I.connection IN SHARE ROW EXCLUSIVE MODE', model);
    changed := csmetrics.changed_views(model, vendor);
    IF changed IS NOT NULL AND NOT overwrite THEN
        RAISE EXCEPTION 'changed since they were written: %', changed
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'With overwrite => true they are written anew. To unite the sources only: '
                         'CALL csmetrics.unite_sources.';
    END IF;

    CALL csmetrics.drop_vendor_watches(model, vendor, schema_name);
    sources := csmetrics.sources_of(vendor, schema_name);
    FOREACH source IN ARRAY coalesce(sources, '{}') LOOP
        CALL csmetrics.write_vendor_view(model, vendor, schema_name, source, overwrite);
    END LOOP;
    IF ('account' = ANY (sources)) IS NOT TRUE THEN
        RAISE EXCEPTION 'connector "%" has no query for source "account"', vendor
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('INSERT INTO %I.connection AS c
                    SELECT v.vendor, $2, v.priority, clock_timestamp() FROM csmetrics.connector v WHERE v.vendor = $1
                    ON CONFLICT (vendor) DO UPDATE SET schema_name = excluded.schema_name', model)
        USING vendor, schema_name;
    -- what the schema gave before, and no longer does
    EXECUTE format('WITH gone AS (DELETE FROM %I.connection_view v
                                  WHERE v.vendor = $1 AND v.source <> ALL ($2) RETURNING v.view_name)
                    SELECT array_agg(view_name) FROM gone', csmetrics.internal_schema(model))
        INTO gone USING vendor, sources;
    CALL csmetrics.unite_sources(model, overwrite);
    CALL csmetrics.drop_views(model, gone);
    CALL csmetrics.write_part_views(model, vendor, schema_name);
    CALL csmetrics.tell_in_place(model, vendor);
END
$connect$;
COMMENT ON PROCEDURE csmetrics.connect(text, text, text, boolean) IS
'Reads the tables of a vendor (TABLE csmetrics.connector) in that schema as sources of the model. overwrite: also '
'views changed since (else 55000) and sources mapped by hand. What is missing or of a wrong type: 42P01, 42703; an '
'unknown vendor: 22023, schema: 3F000; accounts not keyed by text: 42804.';

CREATE OR REPLACE PROCEDURE csmetrics.disconnect(model text, vendor text, overwrite boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' SET citus.enable_ddl_propagation = off AS $disconnect$
DECLARE
    known text[];
    changed text;
    views text[];
BEGIN
    PERFORM csmetrics.require_owner(model);
    EXECUTE format('LOCK TABLE %I.connection IN SHARE ROW EXCLUSIVE MODE', model);
    known := ARRAY(SELECT v FROM unnest(csmetrics.connected_vendors(model)) v ORDER BY v);
    IF (vendor = ANY (known)) IS NOT TRUE THEN
        RAISE EXCEPTION 'vendor "%" is not connected to model "%"', vendor, model
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('Connected are: %s.', coalesce(nullif(array_to_string(known, ', '), ''), 'none'));
    END IF;
    changed := csmetrics.changed_views(model, vendor);
    IF changed IS NOT NULL AND NOT overwrite THEN
        RAISE EXCEPTION 'changed since they were written: %', changed
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'With overwrite => true they are dropped nevertheless.';
    END IF;
    CALL csmetrics.drop_vendor_watches(model, vendor);
    EXECUTE format('DELETE FROM %I.connection c WHERE c.vendor = $1', model) USING vendor;
    EXECUTE format('WITH gone AS (DELETE FROM %I.connection_view v WHERE v.vendor = $1 RETURNING v.view_name)
                    SELECT array_agg(view_name) FROM gone', csmetrics.internal_schema(model)) INTO views USING vendor;
    CALL csmetrics.unite_sources(model);
    CALL csmetrics.drop_views(model, views || ARRAY[vendor || '_observed', vendor || '_unmatched']);
END
$disconnect$;
COMMENT ON PROCEDURE csmetrics.disconnect(text, text, boolean) IS
'Undoes CALL connect(): the views of the vendor are dropped, the sources written without it, or empty; '
'account_identity is kept. Views of it that were changed since stop it (SQLSTATE 55000) unless overwrite; sources '
'mapped by hand are left alone.';
