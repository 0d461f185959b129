-- Live: what views show, with what changed since the last refresh. A schema <model>_live has the views of a model once
-- more; behind it are <model>_live_now, with the views and functions of model/ over relations that are live, and
-- <model>_live_was, with those that tell what the accounts that changed had part in as it is stored.

CREATE OR REPLACE PROCEDURE csmetrics.run_readers(script text, file text, views boolean)
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON PROCEDURE csmetrics.run_readers(text, text, boolean) IS
'Internal: runs those statements of a script that make functions which write nothing, and views if so told, under '
'names that are free as yet in the schema that is first on the path';

CREATE OR REPLACE FUNCTION csmetrics.once(statement text, "row" anyelement) RETURNS SETOF anyelement
LANGUAGE C STABLE PARALLEL SAFE ROWS 100 COST 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.once(text, anyelement) IS
'Internal: what a query gives, run with the rights of the caller; kept for as long as the transaction sees the same, '
'so that it is run once however often it is named. row: of which type its rows are. Other columns: SQLSTATE 42804.';

CREATE OR REPLACE FUNCTION csmetrics.live_schemas(model text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY[model || '_live', model || '_live_now', model || '_live_was'];
COMMENT ON FUNCTION csmetrics.live_schemas(text) IS
'Internal: the schemas of the live form of a model: that of its readers, and what stands behind it';

CREATE OR REPLACE FUNCTION csmetrics.is_live(model text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN to_regclass(format('%I.told', (csmetrics.live_schemas(model))[2])) IS NOT NULL;
COMMENT ON FUNCTION csmetrics.is_live(text) IS 'Internal: has a model a live form?';

CREATE OR REPLACE FUNCTION csmetrics.in_live(model text, script text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part record;
BEGIN
    script := replace(script, '@account_id@', csmetrics.key_type(model));
    FOR part IN
        SELECT * FROM (VALUES ('model', model), ('internal', csmetrics.internal_schema(model)),
                              ('live', (csmetrics.live_schemas(model))[2]), ('was', (csmetrics.live_schemas(model))[3]))
                      v(place, name)
    LOOP
        script := replace(script, '@' || part.place || '_name@', quote_literal(part.name));
        -- a relation in quotes, to be known by its name
        script := regexp_replace(script, format('''@%s@\.(\w+)''', part.place),
                                 format('format(''%%I.\1'', %s)', replace(quote_literal(part.name), '\', '\\')), 'g');
        script := replace(script, '@' || part.place || '@', quote_ident(part.name));
    END LOOP;
    RETURN script;
END
$$;
COMMENT ON FUNCTION csmetrics.in_live(text, text) IS
'Internal: a script with the names of the schemas of a model in place of @model@, @internal@, @live@ and @was@, or as '
'literals of @model_name@ and the like';

-- What watches have told, and what is newer in watched columns.

CREATE OR REPLACE FUNCTION csmetrics.newer_rows(model text, watch record) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    type regtype := csmetrics.column_type(watch.relation, watch.changed_at);
BEGIN
    RETURN CASE WHEN watch.method <> 'column' OR type IS NULL THEN ''
                ELSE format('SELECT %1$s, %2$L, %3$s FROM %4$s r
                             WHERE r.%5$I >= (SELECT w.seen::%6$s - w.lag::%7$s FROM %8$I.watch w
                                              WHERE w.watch_id = %1$s)',
                            watch.watch_id, watch.source, csmetrics.key_text('r', watch.key_column), watch.relation,
                            watch.changed_at, type,
                            CASE WHEN csmetrics.is_of_time(type) THEN 'interval' ELSE type::text END, model) END;
END
$$;
COMMENT ON FUNCTION csmetrics.newer_rows(text, record) IS
'Internal: a query of watch_id, source and key of the rows whose watched column is not far below what was seen; '
'nothing of a watch by another method';

CREATE OR REPLACE FUNCTION csmetrics.told_by(model text, watch record) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    taken text := format('%I.taken_row', csmetrics.internal_schema(model));
    definition text := rtrim(pg_get_viewdef(csmetrics.relation(model, 'watched_' || watch.watch_id)), ';');
    rows text := format('SELECT c.watch_id, c.source, c.key FROM %I.changed_row c WHERE c.watch_id = %s',
                        csmetrics.internal_schema(model), watch.watch_id)
                 || coalesce(' UNION ALL ' || nullif(csmetrics.newer_rows(model, watch), ''), '');
BEGIN
    RETURN format('SELECT w.watch_id, w.source, w.account_id
                   FROM (SELECT %1$s AS watch_id, %2$L::text AS source, w.account_id FROM (%3$s) w
                         WHERE w.account_id IS NOT NULL
                         UNION ALL
                         SELECT %1$s, %2$L, NULL FROM (%4$s) t WHERE t.key IS NULL) w',
                  watch.watch_id, watch.source,
                  -- the first relation that it names is where refresh puts what it takes
                  overlay(definition PLACING '(' || rows || ')' FROM position(taken IN definition) FOR length(taken)),
                  rows);
END
$$;
COMMENT ON FUNCTION csmetrics.told_by(text, record) IS
'Internal: a query of the accounts of which a watch has told since the last refresh; one that is NULL: any';

CREATE OR REPLACE PROCEDURE csmetrics.tell_live(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $tell$
DECLARE
    watch record;
    told text := format('SELECT NULL::integer AS watch_id, NULL::text AS source, NULL::%s AS account_id WHERE false',
                        csmetrics.key_type(model));
    is_told text := format('EXISTS (SELECT 1 FROM %I.changed_row c)', csmetrics.internal_schema(model));
BEGIN
    FOR watch IN
        EXECUTE format('SELECT w.* FROM %I.watch w LEFT JOIN pg_class c ON c.oid = w.relation
                        WHERE w.method <> ''fingerprint'' AND (w.relation IS NULL) = (c.oid IS NULL)
                        ORDER BY w.watch_id', model)
    LOOP
        IF watch.source = ANY (csmetrics.keyed_sources()) THEN
            told := told || ' UNION ALL ' || csmetrics.told_by(model, watch);
            IF watch.method = 'column' THEN
                is_told := is_told || format(' OR EXISTS (%s)', csmetrics.newer_rows(model, watch));
            END IF;
        END IF;
    END LOOP;
    EXECUTE format('CREATE OR REPLACE FUNCTION %I.is_told() RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE
                    SET search_path = pg_catalog, pg_temp AS %L', (csmetrics.live_schemas(model))[2],
                   format('BEGIN RETURN %s; END', is_told));
    EXECUTE format('COMMENT ON FUNCTION %I.is_told() IS %L', (csmetrics.live_schemas(model))[2],
                   'Internal: has any watch told of anything?');
    EXECUTE format('CREATE OR REPLACE VIEW %I.told WITH (security_invoker) AS %s', (csmetrics.live_schemas(model))[2],
                   told);
    EXECUTE format('COMMENT ON VIEW %I.told IS %L', (csmetrics.live_schemas(model))[2],
                   'Internal: the accounts of which watches have told since the last refresh; NULL: any of a source');
END
$tell$;
COMMENT ON PROCEDURE csmetrics.tell_live(text) IS
'Internal: makes the view of what the watches of a model have told, for its live form';

CREATE OR REPLACE PROCEDURE csmetrics.renew_told(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $renew$
BEGIN
    IF csmetrics.is_live(model) THEN
        CALL csmetrics.tell_live(model);
        CALL csmetrics.renew_rights(model);
    END IF;
END
$renew$;
COMMENT ON PROCEDURE csmetrics.renew_told(text) IS
'Internal: has the live form of a model, if it has one, hear of its present watches';

-- What is made of it.

CREATE OR REPLACE PROCEDURE csmetrics.run_live(
    model text, files text, "schema" text, only_readers boolean DEFAULT true, views boolean DEFAULT true)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $run$
DECLARE
    part record;
    path text;
BEGIN
    FOR part IN SELECT p.file, p.ddl FROM csmetrics.model_part p WHERE p.file ~ files
                ORDER BY p.file COLLATE pg_catalog."C" LOOP
        path := pg_catalog.format(
            CASE WHEN part.file OPERATOR(pg_catalog.~~) '%.internal.sql' THEN '%1$I, %3$I, %2$I, csmetrics, pg_temp'
                 ELSE '%1$I, %2$I, %3$I, csmetrics, pg_temp' END, "schema", model, csmetrics.internal_schema(model));
        PERFORM pg_catalog.set_config('search_path', path, true);
        IF only_readers THEN
            CALL csmetrics.run_readers(csmetrics.in_live(model, part.ddl), part.file, views);
        ELSE
            CALL csmetrics.run_script(csmetrics.in_live(model, part.ddl), part.file);
        END IF;
    END LOOP;
END
$run$;
COMMENT ON PROCEDURE csmetrics.run_live(text, text, text, boolean, boolean) IS
'Internal: runs the files whose names match in a schema of the live form of a model; only_readers: what of them reads '
'alone, under names that are free as yet';

CREATE OR REPLACE PROCEDURE csmetrics.make_live_relation(model text, name text, query text, form regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $make$
DECLARE
    live text := (csmetrics.live_schemas(model))[2];
BEGIN
    EXECUTE format('CREATE VIEW %I.%I WITH (security_invoker) AS
                    SELECT o.* FROM csmetrics.once(%L, NULL::%s) o', live, name, query,
                   form);
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', live, name,
                   format('Internal: what %s is, with what changed', name));
END
$make$;
COMMENT ON PROCEDURE csmetrics.make_live_relation(text, text, text, regclass) IS
'Internal: makes the live form of a table by a query of rows of that form, whose names are looked up when it is run';

CREATE OR REPLACE PROCEDURE csmetrics.make_fresh(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $fresh$
DECLARE
    source text;
BEGIN
    FOREACH source IN ARRAY csmetrics.fact_sources() LOOP
        EXECUTE csmetrics.in_live(model, format($statement$
            CREATE VIEW @live@.%2$I WITH (security_invoker) AS SELECT r.* FROM @live@.%4$I() r WHERE false;
            COMMENT ON VIEW @live@.%2$I IS 'Internal: the form of what is read of the source';
            CREATE FUNCTION @live@.%1$I() RETURNS SETOF @live@.%2$I
            LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $body$
            DECLARE
                -- as a value: by it an index is searched
                keys @account_id@[] := ARRAY(SELECT c.account_id FROM @live@.fresh_change c WHERE c.source = %3$L);
            BEGIN
                IF keys <> '{}' THEN
                    RETURN QUERY SELECT r.* FROM @live@.%4$I(keys) r
                                 WHERE r.account_id NOT IN (SELECT l.account_id FROM @live@.left_out_account l);
                END IF;
            END $body$;
            COMMENT ON FUNCTION @live@.%1$I() IS
            'Internal: what the source has now of the accounts that may have changed' $statement$,
            'find_' || source, 'form_' || source, source, 'read_' || source));
        CALL csmetrics.make_live_relation(model, 'fresh_' || source, csmetrics.in_live(model,
            format('SELECT f.* FROM @live@.%I() f', 'find_' || source)),
            format('%I.%I', (csmetrics.live_schemas(model))[2], 'form_' || source)::regclass);
    END LOOP;
END
$fresh$;
COMMENT ON PROCEDURE csmetrics.make_fresh(text) IS
'Internal: makes what the sources have now of the accounts that may have changed';

CREATE OR REPLACE FUNCTION csmetrics.live_sum(model text, name text, keys text[], others text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN csmetrics.in_live(model, format($body$
    %1$s,
    value AS MATERIALIZED (SELECT %2$s, %3$s, %4$s AS is_unsure FROM diff d LEFT JOIN @internal@.%5$I s USING (%2$s)),
    doubt AS MATERIALIZED (SELECT coalesce(bool_or(v.is_unsure), false) AS is_there FROM value v)
    SELECT s.* FROM @internal@.%5$I s
    WHERE NOT EXISTS (SELECT 1 FROM value v WHERE (%6$s) = (%7$s)) AND NOT (SELECT is_there FROM doubt)
    UNION ALL
    SELECT %8$s FROM value v WHERE v.row_count <> 0 AND NOT (SELECT is_there FROM doubt)
    UNION ALL
    SELECT a.* FROM @live@.%9$I() a WHERE (SELECT is_there FROM doubt) $body$,
    csmetrics.changed_groups(format('@was@.%I(true)', 'read_' || name), format('@live@.%I(true)', 'read_' || name),
                             keys, others),
    csmetrics.spelled(keys, '%I'),
    (SELECT string_agg(format('%s AS %I', csmetrics.summed(csmetrics.relation(model, name), o), o), ', ' ORDER BY place)
     FROM unnest(others) WITH ORDINALITY o(o, place)),
    csmetrics.unsure(csmetrics.relation(model, name)), name, csmetrics.spelled(keys, 's.%I'),
    csmetrics.spelled(keys, 'v.%I'),
    (SELECT string_agg(format('v.%I', a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
     WHERE a.attrelid = csmetrics.relation(model, name) AND a.attnum > 0 AND NOT a.attisdropped), 'anew_' || name));
COMMENT ON FUNCTION csmetrics.live_sum(text, text, text[], text[]) IS
'Internal: the query of a sum as it is stored, without what the accounts that changed have part '
'in, and with what they add now; where it cannot be sure of a state, added up anew';

CREATE OR REPLACE PROCEDURE csmetrics.make_live_readings(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $readings$
DECLARE
    live text := (csmetrics.live_schemas(model))[2];
    reading record;
    made_of jsonb := '{}';
BEGIN
    FOR reading IN SELECT r.* FROM csmetrics.stored_readings(model) r LOOP
        CALL csmetrics.make_live_relation(model, reading.name,
            CASE WHEN reading.is_sum THEN csmetrics.live_sum(model, reading.name, reading.keys, reading.others)
                 ELSE format('SELECT r.* FROM %I.%I(true) r', live, 'read_' || reading.name) END,
            csmetrics.relation(model, reading.name));
        IF reading.is_sum THEN
            EXECUTE format('CREATE FUNCTION %I.%I() RETURNS SETOF %s LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
                            SET search_path = pg_catalog, pg_temp AS %L', live,
                           'anew_' || reading.name, csmetrics.relation(model, reading.name),
                           format('BEGIN RETURN QUERY SELECT r.* FROM %I.%I(false) r; END', live,
                                  'read_' || reading.name));
            EXECUTE format('COMMENT ON FUNCTION %I.%I() IS %L', live, 'anew_' || reading.name,
                           format('Internal: what %s is, added up from all histories', reading.name));
        END IF;
        made_of := made_of || jsonb_build_object(reading.name, ARRAY(
            SELECT s.name FROM csmetrics.stored_readings(model) s
            WHERE s.is_sum AND s.name <> reading.name AND csmetrics.reads_from(model, reading.name, ARRAY[s.name])));
    END LOOP;
    EXECUTE format('CREATE FUNCTION %I.made_of(reading text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
                    SET search_path = pg_catalog, pg_temp
                    RETURN ARRAY(SELECT jsonb_array_elements_text(%L::jsonb -> reading))', live, made_of);
    EXECUTE format('COMMENT ON FUNCTION %I.made_of(text) IS %L', live,
                   'Internal: the sums that a stored reading is made of');
END
$readings$;
COMMENT ON PROCEDURE csmetrics.make_live_readings(text) IS
'Internal: makes the live form of what is stored of readings, whichever these are';

CREATE OR REPLACE PROCEDURE csmetrics.make_behind(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $behind$
DECLARE
    live text := (csmetrics.live_schemas(model))[2];
    before text := (csmetrics.live_schemas(model))[3];
BEGIN
    CALL csmetrics.tell_live(model);
    CALL csmetrics.run_live(model, '^model/live/10_', live, only_readers => false);
    CALL csmetrics.run_live(model, '^model/31_refresh_read', live);
    CALL csmetrics.make_fresh(model);
    CALL csmetrics.run_live(model, '^model/31_refresh_write', live, views => false);
    CALL csmetrics.run_live(model, '^model/live/20_', live, only_readers => false);
    CALL csmetrics.run_live(model, '^model/22_scores', live, views => false);
    CALL csmetrics.run_live(model, '^model/live/30_', live, only_readers => false);
    CALL csmetrics.make_live_readings(model);
    CALL csmetrics.run_live(model, '^model/(?!live/|31_refresh_|22_scores)', live);
    -- what the same accounts have part in as it is stored
    EXECUTE format('CREATE VIEW %I.changed_key WITH (security_invoker) AS SELECT k.account_id FROM %I.changed_key k',
                   before, live);
    EXECUTE format('COMMENT ON VIEW %I.changed_key IS %L', before,
                   'Internal: the accounts that may have changed since the last refresh');
    CALL csmetrics.run_live(model, '^model/(22_scores|27|28|3[24-9]|4|53).*\.internal\.sql$', before,
                            views => false);
END
$behind$;
COMMENT ON PROCEDURE csmetrics.make_behind(text) IS
'Internal: makes what stands behind the live views of a model';

CREATE OR REPLACE FUNCTION csmetrics.reads_readings(view regclass, is_stored regprocedure) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH RECURSIVE read AS (
        SELECT 'pg_class'::regclass::oid AS classid, view::oid AS objid
        UNION
        SELECT d.refclassid, d.refobjid
        FROM read r
        LEFT JOIN pg_rewrite w ON r.classid = 'pg_class'::regclass AND w.ev_class = r.objid
        JOIN pg_depend d ON d.classid = CASE WHEN r.classid = 'pg_class'::regclass THEN 'pg_rewrite'::regclass
                                             ELSE r.classid END AND d.objid = coalesce(w.oid, r.objid)
        WHERE d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass))
    SELECT EXISTS (SELECT 1 FROM read r WHERE r.classid = 'pg_proc'::regclass AND r.objid = is_stored);
END;
COMMENT ON FUNCTION csmetrics.reads_readings(regclass, regprocedure) IS
'Internal: does a view read, by whatever is below it, readings of groups of accounts, which ask is_stored?';

CREATE OR REPLACE FUNCTION csmetrics.live_view(model text, name text, is_split boolean) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT format(CASE WHEN is_split THEN $split$
        SELECT p.* FROM %1$s p
        WHERE (SELECT NOT %2$I.is_pending() OR %2$I.is_split())
          AND p.account_id NOT IN (SELECT c.account_id FROM %2$I.fresh_change c WHERE (SELECT %2$I.is_pending()))
        UNION ALL
        SELECT o.* FROM csmetrics.once(%3$L, NULL::%1$s) o WHERE (SELECT %2$I.is_pending() AND %2$I.is_split())
        UNION ALL
        SELECT o.* FROM csmetrics.once(%4$L, NULL::%1$s) o
        WHERE (SELECT %2$I.is_pending() AND NOT %2$I.is_split()) $split$
        ELSE $whole$
        SELECT p.* FROM %1$s p WHERE (SELECT NOT %2$I.is_pending())
        UNION ALL
        SELECT o.* FROM csmetrics.once(%4$L, NULL::%1$s) o WHERE (SELECT %2$I.is_pending()) $whole$ END,
        csmetrics.relation(model, name), l.live,
        format('SELECT v.* FROM %1$I.%2$I v
                WHERE v.account_id = ANY (ARRAY(SELECT c.account_id FROM %1$I.fresh_change c))', l.live, name),
        format('SELECT v.* FROM %I.%I v', l.live, name))
    FROM (SELECT (csmetrics.live_schemas(model))[2] AS live) l);
COMMENT ON FUNCTION csmetrics.live_view(text, text, boolean) IS
'Internal: the query of the live form of a view: where nothing is pending it is the view itself; is_split: its rows '
'are each of an account or entity, and others do not change them, so that those alone which changed are worked out';

CREATE OR REPLACE PROCEDURE csmetrics.make_live_view(model text, name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $view$
DECLARE
    schemas text[] := csmetrics.live_schemas(model);
    plain regclass := csmetrics.relation(model, name);
    col record;
BEGIN
    -- windows go over rows of several, readings of groups are made of several
    EXECUTE format('CREATE VIEW %I.%I WITH (security_invoker) AS %s', schemas[1], name,
                   csmetrics.live_view(model, name, csmetrics.column_type(plain, 'account_id') IS NOT NULL
                       AND pg_get_viewdef(plain) !~ '\mOVER\M'
                       AND NOT csmetrics.reads_readings(plain, format('%I.is_stored(text)',
                               csmetrics.internal_schema(model))::regprocedure)));
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', schemas[1], name, obj_description(plain, 'pg_class'));
    FOR col IN
        SELECT a.attname AS name, col_description(plain, a.attnum) AS description FROM pg_attribute a
        WHERE a.attrelid = plain AND a.attnum > 0 AND NOT a.attisdropped
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', schemas[1], name, col.name, col.description);
    END LOOP;
END
$view$;
COMMENT ON PROCEDURE csmetrics.make_live_view(text, text) IS
'Internal: makes the live form of a view of a model: where nothing is pending it is the view itself';

CREATE OR REPLACE PROCEDURE csmetrics.make_live_pending(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $pending$
DECLARE
    schemas text[] := csmetrics.live_schemas(model);
BEGIN
    EXECUTE format('CREATE VIEW %I.live_pending WITH (security_invoker) AS %s', schemas[1],
                   csmetrics.in_live(model, $query$
        SELECT s.source, s.reason IS NULL AS is_live, coalesce(p.account_count, 0) AS account_count, s.reason
        FROM (SELECT s.source,
                     CASE WHEN s.source <> ALL (csmetrics.keyed_sources()) THEN 'it has no accounts'
                          WHEN w.methods IS NULL THEN 'it is not watched'
                          WHEN w.methods = '{fingerprint}' THEN 'a fingerprint tells not which accounts changed'
                          WHEN r.swept_at IS NULL OR r.policy_hash <> csmetrics.policy_of_refresh(@model_name@)
                          THEN 'the next refresh reads it as a whole'
                          WHEN s.source = 'subscription' AND p.report_currency IS NOT NULL
                          THEN 'rates move with the day, and it is read as a whole'
                          WHEN NOT csmetrics.is_judged_alone(@model_name@, s.source)
                          THEN 'a rule in quarantine judges rows beside others'
                          WHEN t.account_count > 0 AND n.source IS NULL
                          THEN 'any account may have changed, or too many' END AS reason
              FROM @model@.policy p
                   CROSS JOIN (SELECT DISTINCT c.source FROM csmetrics.source_column c) s
                   LEFT JOIN (SELECT w.source, array_agg(DISTINCT w.method) AS methods FROM @model@.watch w
                              GROUP BY w.source) w USING (source)
                   LEFT JOIN @model@.refreshed_source r USING (source)
                   LEFT JOIN (SELECT t.source, count(*) AS account_count FROM @live@.told t GROUP BY t.source) t
                       USING (source)
                   LEFT JOIN (SELECT DISTINCT n.source FROM @live@.pending n) n USING (source)) s
             LEFT JOIN (SELECT p.source, count(*) AS account_count FROM @live@.pending p GROUP BY p.source) p
                 USING (source)
        ORDER BY s.source $query$));
    EXECUTE format('COMMENT ON VIEW %I.live_pending IS %L', schemas[1],
                   'What the views of this schema have that those of the model will have after the next refresh. One '
                   'row a source.');
    EXECUTE format('COMMENT ON COLUMN %I.live_pending.source IS %L', schemas[1], 'The source');
    EXECUTE format('COMMENT ON COLUMN %I.live_pending.is_live IS %L', schemas[1],
                   'Is what changed in it shown at once, or with the next refresh?');
    EXECUTE format('COMMENT ON COLUMN %I.live_pending.account_count IS %L', schemas[1],
                   'Accounts of which it may have changed since the last refresh');
    EXECUTE format('COMMENT ON COLUMN %I.live_pending.reason IS %L', schemas[1], 'Why it is not live; NULL: it is');
END
$pending$;
COMMENT ON PROCEDURE csmetrics.make_live_pending(text) IS
'Internal: makes the view that says which sources are live, and how many accounts are pending';

CREATE OR REPLACE PROCEDURE csmetrics.make_live(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $make$
DECLARE
    schemas text[] := csmetrics.live_schemas(model);
    view text;
BEGIN
    FOR i IN 1 .. 3 LOOP
        EXECUTE format('CREATE SCHEMA %I', schemas[i]);
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', schemas[i],
                       CASE i WHEN 1 THEN format('The views of model "%s" of the extension csmetrics, with what '
                                                 'changed since the last refresh', model)
                              ELSE format('Internal: what stands behind schema "%s"', schemas[1]) END);
    END LOOP;
    CALL csmetrics.make_behind(model);
    FOR view IN
        SELECT o.name FROM csmetrics.model_object o WHERE o.kind = 'view' AND NOT o.is_internal ORDER BY o.name
    LOOP
        CALL csmetrics.make_live_view(model, view);
    END LOOP;
    CALL csmetrics.make_live_pending(model);
    CALL csmetrics.renew_rights(model);
END
$make$;
COMMENT ON PROCEDURE csmetrics.make_live(text) IS 'Internal: makes the live form of a model';

CREATE OR REPLACE PROCEDURE csmetrics.create_live(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' SET citus.enable_ddl_propagation = off AS $create$
DECLARE
    "schema" text;
BEGIN
    IF model IS NULL THEN
        RAISE EXCEPTION 'no model is named' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    PERFORM csmetrics.require_owner(model);
    FOREACH "schema" IN ARRAY csmetrics.live_schemas(model) LOOP
        IF octet_length("schema") > 63 THEN
            RAISE EXCEPTION 'the name "%" is too long for a model that is live', model
                USING ERRCODE = 'name_too_long',
                      DETAIL = format('It has a schema "%s", and names have 63 bytes at most.', "schema");
        ELSIF to_regnamespace(quote_ident("schema")) IS NOT NULL THEN
            RAISE EXCEPTION 'there is a schema "%" already', "schema"
                USING ERRCODE = 'duplicate_schema',
                      HINT = format('If it is of the live form of the model: CALL csmetrics.drop_live(%L).', model);
        END IF;
    END LOOP;
    PERFORM csmetrics.require_no_strangers(csmetrics.schemas_of(model) || 'csmetrics'::regnamespace::oid,
                                           ARRAY(SELECT o.objid FROM csmetrics.own_objects(model) o
                                                 UNION ALL SELECT q FROM csmetrics.queue_functions(model) q));
    CALL csmetrics.make_live(model);
END
$create$;
COMMENT ON PROCEDURE csmetrics.create_live(text) IS
'Makes schema <model>_live: the views of a model, with what changed in watched sources since the last refresh, at a '
'cost that grows with that; live_pending says what is live. See doc/refresh.md. A schema of that name: SQLSTATE 42P06; '
'not by the owner: 42501; no model: 3F000.';

CREATE OR REPLACE PROCEDURE csmetrics.remove_live(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $remove$
DECLARE
    "schema" text;
    others text;
BEGIN
    IF NOT csmetrics.is_live(model) THEN
        RETURN;
    END IF;
    SELECT concat_ws(', ', string_agg(pg_describe_object(o.classid, o.objid, 0), ', ' ORDER BY o.objid)
                               FILTER (WHERE NOT o.is_ours),
                     csmetrics.other_dependents(array_agg(o.classid), array_agg(o.objid))) INTO others
    FROM (SELECT 'pg_class'::regclass::oid AS classid, c.oid AS objid,
                 n.nspname <> (csmetrics.live_schemas(model))[1] OR c.relname = 'live_pending'
                 OR EXISTS (SELECT 1 FROM csmetrics.model_object m WHERE m.name = c.relname) AS is_ours
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname = ANY (csmetrics.live_schemas(model))
          UNION ALL
          SELECT 'pg_proc'::regclass, p.oid, n.nspname <> (csmetrics.live_schemas(model))[1]
          FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
          WHERE n.nspname = ANY (csmetrics.live_schemas(model))) o;
    IF others <> '' THEN
        RAISE EXCEPTION 'not of the live form of model "%", but to go with it: %', model, others
            USING ERRCODE = 'dependent_objects_still_exist',
                  HINT = 'Drop them first, or move them elsewhere. Nothing was changed.';
    END IF;
    FOREACH "schema" IN ARRAY csmetrics.live_schemas(model) LOOP
        EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', "schema");
    END LOOP;
END
$remove$;
COMMENT ON PROCEDURE csmetrics.remove_live(text) IS
'Internal: drops the live form of a model, if it has one; SQLSTATE 2BP01 if something of others stands in it or over '
'it';

CREATE OR REPLACE PROCEDURE csmetrics.remake_live(model text, was_live boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF was_live THEN
        CALL csmetrics.make_live(model);
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.remake_live(text, boolean) IS
'Internal: makes the live form of a model anew after an update, if it had one';

CREATE OR REPLACE PROCEDURE csmetrics.drop_live(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' SET citus.enable_ddl_propagation = off SET client_min_messages = warning
AS $drop$
BEGIN
    PERFORM csmetrics.require_owner(model);
    IF NOT csmetrics.is_live(model) THEN
        RAISE EXCEPTION 'model "%" has no live form', model
            USING ERRCODE = 'invalid_schema_name', HINT = format('CALL csmetrics.create_live(%L) makes one.', model);
    END IF;
    CALL csmetrics.remove_live(model);
END
$drop$;
COMMENT ON PROCEDURE csmetrics.drop_live(text) IS
'Undoes create_live(): drops schema <model>_live and what stands behind it. What is of others in it, or over it, is '
'named: SQLSTATE 2BP01; there is none, or no such model: 3F000; not by the owner: 42501.';
