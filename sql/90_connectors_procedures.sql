-- connect(), disconnect() and what they share: views that they wrote are known by a fingerprint, and no others are touched.
CREATE FUNCTION by_hand(model text, source text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    definition text := pg_get_viewdef(format('%I.%I', model, 'source_' || source)::regclass);
    is_ours boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.connection_view v WHERE v.view_name = $1 AND v.definition = md5($2))', model) INTO is_ours USING 'source_' || source, definition;
    -- as create_model makes it: no rows, of nothing
    RETURN NOT is_ours AND NOT (definition ~ 'WHERE false;$' AND definition !~ '\mFROM\M');
END
$$;
COMMENT ON FUNCTION by_hand(text, text) IS 'Internal: does the view of the source say what its user wrote, not connect() nor create_model()?';

CREATE FUNCTION changed_views(model text, vendor text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    changed text;
BEGIN
    EXECUTE format('SELECT string_agg(v.view_name, '', '' ORDER BY v.view_name)
                    FROM %I.connection_view v, LATERAL to_regclass(format(''%%I.%%I'', $1, v.view_name)) r WHERE v.vendor = $2 AND r IS NOT NULL AND md5(pg_get_viewdef(r)) <> v.definition', model)
        INTO changed USING model, vendor;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION changed_views(text, text) IS 'Internal: the views of a connection that were changed since they were written, in a list; NULL: none';

CREATE PROCEDURE write_view(model text, view_name text, vendor text, source text, query text, description text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    part record;
BEGIN
    EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker) AS %s', model, view_name, query);
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', model, view_name, description);
    EXECUTE format('INSERT INTO %I.connection_view AS v VALUES ($1, $2, $3, md5(pg_get_viewdef($4)))
                    ON CONFLICT (view_name) DO UPDATE SET (vendor, source, definition) = ROW (excluded.vendor, excluded.source, excluded.definition)', model)
        USING view_name, vendor, source, format('%I.%I', model, view_name)::regclass;
    FOR part IN
        SELECT a.attname, CASE a.attname
                   WHEN 'account_key' THEN 'Required. The vendor''s own key of the account'
                   WHEN 'domain' THEN 'Domain of the account, by which it is matched with those of other vendors; NULL: none'
                   WHEN 'crm_key' THEN 'Its key in the CRM; NULL: unknown'
                   WHEN 'only_matched' THEN 'True: it stands for an account only where it matches one that is known'
                   ELSE c.description END AS description
        FROM pg_attribute a LEFT JOIN source_column c ON c.source = write_view.source AND c.name = a.attname
        WHERE write_view.vendor IS NOT NULL AND a.attrelid = format('%I.%I', model, view_name)::regclass AND a.attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', model, view_name, part.attname, part.description);
    END LOOP;
END
$$;
COMMENT ON PROCEDURE write_view(text, text, text, text, text, text) IS 'Internal: writes a view of a connection and remembers what it wrote';

CREATE PROCEDURE unite_sources(model text, overwrite boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET jit = off AS $unite$
DECLARE
    vendors text[];
    givers text[];
    key_type regtype;
    part record;
    query text;
BEGIN
    PERFORM require_model(model);
    EXECUTE format('SELECT array_agg(vendor ORDER BY priority, connected_at, vendor) FROM %I.connection', model) INTO vendors;
    SELECT a.atttypid INTO key_type FROM pg_attribute a WHERE a.attrelid = format('%I.account_state', model)::regclass AND a.attname = 'account_id';
    IF vendors IS NOT NULL AND key_type <> 'text'::regtype AND (overwrite OR NOT by_hand(model, 'account')) THEN
        RAISE EXCEPTION 'keys of vendors are texts, and cannot be those of the accounts of model "%", which are of type %', model, key_type
            USING ERRCODE = 'datatype_mismatch',
                  HINT = 'Map source "account" by hand first: keys of vendors are then matched with its accounts. Or make a model with account_id of type text.';
    END IF;

    FOR part IN
        SELECT c.source, 'source_' || c.source AS view_name, array_agg(c.name ORDER BY c.position) AS names,
               string_agg(format('NULL::%s AS %I', CASE WHEN c.type = 'account_id' THEN key_type::text ELSE c.type END, c.name), ', ' ORDER BY c.position) AS nothing
        FROM source_column c GROUP BY c.source ORDER BY c.source
    LOOP
        EXECUTE format('SELECT array_agg(v.vendor ORDER BY c.priority, c.connected_at, c.vendor) FROM %1$I.connection_view v JOIN %1$I.connection c USING (vendor) WHERE v.source = $1', model)
            INTO givers USING part.source;
        EXECUTE format('SELECT v.definition FROM %I.connection_view v WHERE v.view_name = $1', model) INTO query USING part.view_name;
        CONTINUE WHEN givers IS NULL AND query IS NULL;
        IF by_hand(model, part.source) AND NOT (overwrite AND givers IS NOT NULL) THEN
            EXECUTE format('DELETE FROM %I.connection_view WHERE view_name = $1', model) USING part.view_name;
            RAISE NOTICE 'source "%" was mapped by hand and is left as it is', part.source;
        ELSIF givers IS NULL THEN
            EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker) AS SELECT %s WHERE false', model, part.view_name, part.nothing);
            EXECUTE format('COMMENT ON VIEW %I.%I IS %L', model, part.view_name,
                           format('Empty until CALL csmetrics.map(%L, %L, ''SELECT ...'') says where the facts are', model, part.source));
            EXECUTE format('DELETE FROM %I.connection_view WHERE view_name = $1', model) USING part.view_name;
        ELSE
            CALL write_view(model, part.view_name, NULL, part.source,
                            CASE part.source WHEN 'account' THEN format('SELECT %s FROM %I.connected_account', spelled(part.names, '%I'), model) ELSE united_facts(model, part.source, givers, part.names) END,
                            format('Where the facts are: written by CALL csmetrics.connect, from %s', array_to_string(givers, ', ')));
        END IF;
    END LOOP;
    CALL resolve_identities(model);
END
$unite$;
COMMENT ON PROCEDURE unite_sources(text, boolean) IS
'Writes the source views of a model anew from the vendors that are connected to it, as CALL connect() does: after a change of priority in its table connection, or after accounts were mapped by hand. Sources mapped by hand are left alone, with a notice, unless overwrite.';

CREATE PROCEDURE connect(model text, vendor text, schema_name text, overwrite boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET jit = off AS $connect$
DECLARE
    complaints text[];
    changed text;
    part record;
    view_name text;
    is_new boolean;
    written text[];
    gone text[];
BEGIN
    PERFORM require_model(model);
    IF vendor IS NULL OR NOT EXISTS (SELECT FROM connector c WHERE c.vendor = connect.vendor) THEN
        RAISE EXCEPTION 'unknown vendor "%"', vendor
            USING ERRCODE = 'invalid_parameter_value', DETAIL = (SELECT format('Known are: %s.', string_agg(c.vendor, ', ' ORDER BY c.vendor)) FROM connector c);
    END IF;
    IF schema_name IS NULL OR NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = schema_name) THEN
        RAISE EXCEPTION 'there is no schema "%"', schema_name
            USING ERRCODE = 'invalid_schema_name',
                  DETAIL = (SELECT format('Schemas are: %s.', string_agg(nspname, ', ' ORDER BY nspname)) FROM pg_namespace
                            WHERE nspname NOT LIKE 'pg\_%' AND nspname NOT IN ('information_schema', 'csmetrics'));
    END IF;
    EXECUTE format('LOCK TABLE %I.connection IN SHARE ROW EXCLUSIVE MODE', model);

    -- all that is wrong at once
    SELECT array_agg(complaint ORDER BY place, complaint) INTO complaints
    FROM (SELECT 1 AS place, format('missing table %s', string_agg(array_to_string(t.table_name || t.other_names, ' or '), ' or ' ORDER BY t.table_name)) AS complaint
          FROM connector_table t JOIN connector_tables(connect.vendor, schema_name) f USING (table_name) WHERE t.vendor = connect.vendor AND t.one_of IS NOT NULL
          GROUP BY t.one_of HAVING bool_and(f.relation IS NULL)
          UNION ALL SELECT 2, c FROM connector_tables(connect.vendor, schema_name) f, unnest(f.complaints) c) w;
    IF complaints IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" does not look like that of %: %', schema_name, vendor, array_to_string(complaints, '; ')
            USING ERRCODE = CASE WHEN complaints[1] LIKE 'missing table%' THEN 'undefined_table' ELSE 'undefined_column' END,
                  HINT = format('What is read of it: SELECT * FROM csmetrics.connector_column WHERE vendor = %L.', vendor);
    END IF;
    changed := changed_views(model, vendor);
    IF changed IS NOT NULL AND NOT overwrite THEN
        RAISE EXCEPTION 'changed since they were written: %', changed
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'With overwrite => true they are written anew. To unite the sources only: CALL csmetrics.unite_sources.';
    END IF;

    FOR part IN
        SELECT s.source, f.tables FROM connector_source s, (SELECT array_agg(t.table_name) AS tables FROM connector_tables(connect.vendor, schema_name) t WHERE t.relation IS NOT NULL) f
        WHERE s.vendor = connect.vendor AND EXISTS (SELECT FROM source_column c WHERE c.source = s.source) AND (s.only_with IS NULL OR s.only_with = ANY (f.tables))
        ORDER BY s.source
    LOOP
        view_name := vendor || '_' || part.source;
        written := written || view_name;
        EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I.connection_view v WHERE v.view_name = $1)', model) INTO is_new USING view_name;
        IF is_new AND to_regclass(format('%I.%I', model, view_name)) IS NOT NULL AND NOT overwrite THEN
            RAISE EXCEPTION 'there is a "%" in model "%" already', view_name, model
                USING ERRCODE = 'duplicate_table', HINT = 'Drop or rename it; a view of the same columns is written anew with overwrite => true.';
        END IF;
        CALL write_view(model, view_name, vendor, part.source,
                        conformed(model, format('connector "%s", source "%s"', vendor, part.source), vendor_query(vendor, schema_name, part.source), asked_columns(model, part.source, true)),
                        format('What %s knows of source %s: written by CALL csmetrics.connect', vendor, part.source));
    END LOOP;
    IF (vendor || '_account' = ANY (written)) IS NOT TRUE THEN
        RAISE EXCEPTION 'connector "%" has no query for source "account"', vendor USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('INSERT INTO %I.connection AS c SELECT v.vendor, $2, v.priority, clock_timestamp() FROM csmetrics.connector v WHERE v.vendor = $1
                    ON CONFLICT (vendor) DO UPDATE SET schema_name = excluded.schema_name', model) USING vendor, schema_name;
    -- what the schema gave before, and no longer does
    EXECUTE format('WITH gone AS (DELETE FROM %I.connection_view v WHERE v.vendor = $1 AND v.view_name <> ALL ($2) RETURNING v.view_name) SELECT array_agg(view_name) FROM gone', model)
        INTO gone USING vendor, written;
    CALL unite_sources(model, overwrite);
    FOREACH view_name IN ARRAY coalesce(gone, '{}') LOOP
        EXECUTE format('DROP VIEW IF EXISTS %I.%I', model, view_name);
    END LOOP;
END
$connect$;
COMMENT ON PROCEDURE connect(text, text, text, boolean) IS
'Reads the tables of a vendor (TABLE csmetrics.connector: stripe, salesforce, zendesk and others), as a sync tool lays them out in that schema, as sources of the model: writes a view <vendor>_<source> for each, and source_<source> as what all connected vendors say, their keys of accounts resolved as the table identity shows, which each refresh brings up to date. All tables and columns that are missing or of the wrong type are named together (SQLSTATE 42P01, 42703), then nothing is changed; so too an unknown vendor (22023) or schema (3F000). Views that were changed since are named and kept (55000), sources mapped by hand are left alone with a notice; overwrite: they are written anew. Models whose account_id is no text need source account mapped by hand first (42804).';

CREATE PROCEDURE disconnect(model text, vendor text, overwrite boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET jit = off AS $disconnect$
DECLARE
    is_there boolean;
    known text;
    changed text;
    views text[];
    view_name text;
BEGIN
    PERFORM require_model(model);
    EXECUTE format('LOCK TABLE %I.connection IN SHARE ROW EXCLUSIVE MODE', model);
    EXECUTE format('SELECT coalesce(bool_or(c.vendor = $1), false), string_agg(c.vendor, '', '' ORDER BY c.vendor) FROM %I.connection c', model) INTO is_there, known USING vendor;
    IF NOT is_there THEN
        RAISE EXCEPTION 'vendor "%" is not connected to model "%"', vendor, model
            USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Connected are: %s.', coalesce(known, 'none'));
    END IF;
    changed := changed_views(model, vendor);
    IF changed IS NOT NULL AND NOT overwrite THEN
        RAISE EXCEPTION 'changed since they were written: %', changed
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'With overwrite => true they are dropped nevertheless.';
    END IF;
    EXECUTE format('DELETE FROM %I.connection c WHERE c.vendor = $1', model) USING vendor;
    EXECUTE format('WITH gone AS (DELETE FROM %I.connection_view v WHERE v.vendor = $1 RETURNING v.view_name) SELECT array_agg(view_name) FROM gone', model) INTO views USING vendor;
    CALL unite_sources(model);
    FOREACH view_name IN ARRAY coalesce(views, '{}') LOOP
        EXECUTE format('DROP VIEW IF EXISTS %I.%I', model, view_name);
    END LOOP;
END
$disconnect$;
COMMENT ON PROCEDURE disconnect(text, text, boolean) IS
'Undoes CALL connect(): the views of the vendor are dropped, the sources written without it, or empty as create_model made them; account_identity is kept. Views of it that were changed since are named, and stop it (SQLSTATE 55000) unless overwrite; sources mapped by hand are left alone.';
