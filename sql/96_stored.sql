-- Stored readings: what is dear to read is kept by what changed; see model/27_stored.internal.sql.
INSERT INTO csmetrics.policy_column
    (position, name, type, default_value, condition, takes_effect, meaning, may_be_null, defines)
VALUES
(215, 'store_from_count', 'bigint', '1000', 'store_from_count >= 0', 'at once',
 'From so many accounts on each refresh stores what is dear to read; with fewer it is soon worked out', false, false);

CREATE OR REPLACE FUNCTION csmetrics.stored_readings(model text)
RETURNS TABLE (name text, is_sum boolean, keys text[], others text[])
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT t.relname, f.proargnames[1] = 'of_changed',
           array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attnum = ANY (i.indkey)),
           array_agg(a.attname::text ORDER BY a.attnum) FILTER (WHERE a.attnum <> ALL (i.indkey))
    FROM pg_class t
    JOIN pg_proc f ON f.pronamespace = t.relnamespace AND f.proname = 'read_' || t.relname
         AND f.proargnames[1] IN ('of_changed', 'of_stored')
    JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE t.relnamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = csmetrics.internal_schema($1))
      AND t.relkind = 'r'
    GROUP BY t.relname, f.proargnames[1]
    ORDER BY f.proargnames[1], t.relname;
END;
COMMENT ON FUNCTION csmetrics.stored_readings(text) IS
'Internal: the readings that a model stores, sums before rows, by the functions that fill their tables; keys: the '
'columns of the primary key';

CREATE OR REPLACE FUNCTION csmetrics.reads_from(model text, reading text, sums text[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH RECURSIVE read AS (
        SELECT p.oid AS objid FROM pg_proc p
        WHERE p.pronamespace = quote_ident(csmetrics.internal_schema(model))::regnamespace
          AND p.proname = 'read_' || reading
        UNION
        SELECT d.refobjid FROM read r
        JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = r.objid
             AND d.refclassid = 'pg_proc'::regclass)
    SELECT EXISTS (SELECT 1 FROM read r JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = r.objid
                   WHERE d.refclassid = 'pg_class'::regclass
                     AND d.refobjid IN (SELECT csmetrics.relation(model, s) FROM unnest(sums) s));
END;
COMMENT ON FUNCTION csmetrics.reads_from(text, text, text[]) IS
'Internal: is a reading made of any of these sums?';

CREATE OR REPLACE PROCEDURE csmetrics.forget_readings(model text, names text[] DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('DELETE FROM %I.stored_reading s WHERE $1 IS NULL OR s.reading = ANY ($1)
                       OR csmetrics.reads_from($2, s.reading, $1)', csmetrics.internal_schema(model))
        USING names, model;
    IF names IS NULL THEN
        EXECUTE format('DELETE FROM %I.scored_day', csmetrics.internal_schema(model));
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.forget_readings(text, text[]) IS
'Internal: these readings, for NULL all and the scores, too, with those made of them, are worked out by the views '
'until they are stored anew';

CREATE OR REPLACE FUNCTION csmetrics.summed(relation regclass, name text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT CASE
        WHEN t.typnamespace = 'csmetrics'::regnamespace AND a.attnotnull THEN
            format('CASE WHEN d.o_%1$s IS NULL THEN coalesce(csmetrics.merge(s.%1$I, d.n_%1$s), d.n_%1$s)
                         ELSE coalesce(csmetrics.merge(csmetrics.unmerge(s.%1$I, d.o_%1$s), d.n_%1$s),
                                       csmetrics.unmerge(s.%1$I, d.o_%1$s)) END', a.attname)
        -- nothing at all is NULL, as where no row is
        WHEN t.typnamespace = 'csmetrics'::regnamespace THEN
            format('CASE WHEN d.o_%1$s IS NULL THEN coalesce(csmetrics.merge(s.%1$I, d.n_%1$s), d.n_%1$s, s.%1$I)
                         WHEN csmetrics.unmerge(s.%1$I, d.o_%1$s) OPERATOR(csmetrics.=)
                              csmetrics.unmerge(d.o_%1$s, d.o_%1$s) THEN d.n_%1$s
                         ELSE coalesce(csmetrics.merge(csmetrics.unmerge(s.%1$I, d.o_%1$s), d.n_%1$s),
                                       csmetrics.unmerge(s.%1$I, d.o_%1$s)) END', a.attname)
        WHEN t.oid = 'bigint'::regtype THEN
            format('coalesce(s.%1$I, 0) - coalesce(d.o_%1$s, 0) + coalesce(d.n_%1$s, 0)', a.attname)
        -- in the one form that a number has
        WHEN t.oid = 'numeric'::regtype AND a.attnotnull THEN
            format('trim_scale(coalesce(s.%1$I, 0) - coalesce(d.o_%1$s, 0) + coalesce(d.n_%1$s, 0))', a.attname)
        ELSE format('coalesce(d.n_%1$s, s.%1$I)', a.attname) END
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    WHERE a.attrelid = relation AND a.attname = name);
COMMENT ON FUNCTION csmetrics.summed(regclass, text) IS
'Internal: what a column of a sum is after a refresh: s, what it was, without o_, what some accounts added, with n_, '
'what they add now';

CREATE OR REPLACE FUNCTION csmetrics.unsure(relation regclass) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN coalesce((
    SELECT string_agg(format('d.o_%1$s IS NOT NULL AND (d.o_%1$s OPERATOR(csmetrics.<>) d.n_%1$s) IS NOT FALSE
                              AND NOT csmetrics.is_exact(s.%1$I)', a.attname), ' OR ' ORDER BY a.attnum)
    FROM pg_attribute a
    WHERE a.attrelid = relation AND a.atttypid = 'csmetrics.durations'::regtype), 'false');
COMMENT ON FUNCTION csmetrics.unsure(regclass) IS
'Internal: the condition by which a state may not be what it would be of all rows, since lengths that went to buckets '
'do not come back where some are taken out';

CREATE OR REPLACE FUNCTION csmetrics.changed_groups(before text, after text, keys text[], others text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format($$
    WITH before AS MATERIALIZED (SELECT r.* FROM %1$s r), after AS MATERIALIZED (SELECT r.* FROM %2$s r),
    diff AS MATERIALIZED (
        SELECT %3$s, %4$s, %5$s FROM before b FULL JOIN after a USING (%3$s)
        WHERE record_image_ne(ROW (%6$s), ROW (%7$s)))$$,
    before, after, csmetrics.spelled(keys, '%I'),
    csmetrics.spelled(others, 'b.%1$I AS o_%1$s'), csmetrics.spelled(others, 'a.%1$I AS n_%1$s'),
    csmetrics.spelled(others, 'b.%I'), csmetrics.spelled(others, 'a.%I'));
COMMENT ON FUNCTION csmetrics.changed_groups(text, text, text[], text[]) IS
'Internal: common tables over the groups of a sum in which some accounts add, by after, something else than they did, '
'by before: diff, with o_ and n_ before each column';

CREATE OR REPLACE FUNCTION csmetrics.write_changed_sum(model text, name text, keys text[], others text[])
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation regclass := csmetrics.relation(model, name);
    changed bigint;
    is_unsure boolean;
BEGIN
    -- one statement: what is written is worked out from what was there
    EXECUTE format('%1$s,
                    value AS MATERIALIZED (
                        SELECT %2$s, %3$s, %4$s AS is_unsure FROM diff d LEFT JOIN %5$s s USING (%2$s)),
                    gone AS (
                        DELETE FROM %5$s s USING value v WHERE (%6$s) = (%7$s) AND v.row_count = 0),
                    written AS (
                        INSERT INTO %5$s AS s (%2$s, %8$s) SELECT %2$s, %8$s FROM value v WHERE v.row_count <> 0
                        ON CONFLICT (%2$s) DO UPDATE SET (%8$s) = ROW (%9$s))
                    SELECT count(*), bool_or(v.is_unsure) FROM value v',
                   csmetrics.changed_groups(
                       format('%I.%I', csmetrics.internal_schema(model), replace(name, 'stored_', 'before_')),
                       format('%I.%I(true)', csmetrics.internal_schema(model), 'read_' || name), keys, others),
                   csmetrics.spelled(keys, '%I'),
                   (SELECT string_agg(format('%s AS %I', csmetrics.summed(relation, o), o), ', ' ORDER BY place)
                    FROM unnest(others) WITH ORDINALITY o(o, place)),
                   csmetrics.unsure(relation), relation, csmetrics.spelled(keys, 's.%I'),
                   csmetrics.spelled(keys, 'v.%I'), csmetrics.spelled(others, '%I'),
                   csmetrics.spelled(others, 'excluded.%I')) INTO changed, is_unsure;
    EXECUTE format('DELETE FROM %I.%I', csmetrics.internal_schema(model), replace(name, 'stored_', 'before_'));
    IF is_unsure THEN
        CALL csmetrics.forget_readings(model, ARRAY[name]);
    END IF;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION csmetrics.write_changed_sum(text, text, text[], text[]) IS
'Internal: takes out of a sum what accounts added before a refresh, puts in what they add now; how many groups that '
'changed. Where it cannot be sure of a state, the sum is to be made anew.';

CREATE OR REPLACE FUNCTION csmetrics.write_reading(model text, name text, keys text[], others text[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    written bigint;
BEGIN
    EXECUTE format('WITH fresh AS MATERIALIZED (SELECT r.* FROM %1$I.%2$I($1) r),
                    gone AS (
                        DELETE FROM %1$I.%3$I s WHERE NOT EXISTS (SELECT 1 FROM fresh f WHERE (%4$s) = (%5$s))
                        RETURNING 1),
                    written AS (
                        INSERT INTO %1$I.%3$I AS s (%6$s, %7$s)
                        SELECT f.* FROM (SELECT %6$s, %7$s FROM fresh) f LEFT JOIN %1$I.%3$I s USING (%6$s)
                        WHERE s.* IS NULL OR record_image_ne(ROW (%8$s), ROW (%9$s))
                        ON CONFLICT (%6$s) DO UPDATE SET (%7$s) = ROW (%10$s)
                        RETURNING 1)
                    SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM gone)',
                   csmetrics.internal_schema(model), 'read_' || name, name, csmetrics.spelled(keys, 's.%I'),
                   csmetrics.spelled(keys, 'f.%I'), csmetrics.spelled(keys, '%I'), csmetrics.spelled(others, '%I'),
                   csmetrics.spelled(others, 'f.%I'), csmetrics.spelled(others, 's.%I'),
                   csmetrics.spelled(others, 'excluded.%I'))
        INTO written
        -- sums are of all accounts, rows of what is stored
        USING NOT EXISTS (SELECT 1 FROM csmetrics.stored_readings(model) r
                          WHERE r.name = write_reading.name AND r.is_sum);
    RETURN written;
END
$$;
COMMENT ON FUNCTION csmetrics.write_reading(text, text, text[], text[]) IS
'Internal: stores a reading as a whole; how many rows changed';

CREATE OR REPLACE FUNCTION csmetrics.sums_to_keep(model text)
RETURNS TABLE (name text, keys text[], others text[], is_additive boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    are_any boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %1$I.stored_reading) AND EXISTS (SELECT 1 FROM %1$I.changed_key)',
                   csmetrics.internal_schema(model)) INTO are_any;
    IF NOT are_any THEN
        RETURN;
    END IF;
    -- attributes are written first, and may change any
    RETURN QUERY EXECUTE format($query$
        SELECT r.name, r.keys, r.others, %1$I.is_additive(r.name)
        FROM csmetrics.stored_readings($1) r JOIN %1$I.stored_reading s ON s.reading = r.name
        WHERE r.is_sum
          AND (NOT EXISTS (SELECT 1 FROM %1$I.fresh_key)
               OR EXISTS (SELECT 1 FROM %1$I.fresh_key k
                          WHERE k.sources = '{}' OR 'account' = ANY (k.sources)
                             OR coalesce(k.sources && %1$I.hangs_on(r.name), true)))
        ORDER BY r.name $query$, csmetrics.internal_schema(model)) USING model;
END
$$;
COMMENT ON FUNCTION csmetrics.sums_to_keep(text) IS
'Internal: the stored sums that what a refresh is about to write, or has written, may change';

CREATE OR REPLACE FUNCTION csmetrics.is_kept(model text, name text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_kept boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.stored_reading s WHERE s.reading = $1)',
                   csmetrics.internal_schema(model)) INTO is_kept USING name;
    RETURN is_kept;
END
$$;
COMMENT ON FUNCTION csmetrics.is_kept(text, text) IS
'Internal: is a reading stored, by what were the present definitions when the refresh began?';

CREATE OR REPLACE PROCEDURE csmetrics.readings_before(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    reading record;
    before text;
BEGIN
    FOR reading IN SELECT s.name, s.is_additive FROM csmetrics.sums_to_keep(model) s LOOP
        IF reading.is_additive THEN
            before := replace(reading.name, 'stored_', 'before_');
            EXECUTE format('DELETE FROM %I.%I', internal, before);
            EXECUTE format('INSERT INTO %1$I.%2$I SELECT r.* FROM %1$I.%3$I(true) r', internal, before,
                           'read_' || reading.name);
        ELSE
            CALL csmetrics.forget_readings(model, ARRAY[reading.name]);
        END IF;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE csmetrics.readings_before(text) IS
'Internal: notes what the accounts of changed_key add to the sums, before a refresh writes them';

CREATE OR REPLACE PROCEDURE csmetrics.readings_after(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    reading record;
BEGIN
    -- it may have gone by other days meanwhile, as where a first fact is earlier than all
    EXECUTE format('DELETE FROM %1$I.stored_reading s WHERE s.basis <> %1$I.present_basis(s.reading)',
                   csmetrics.internal_schema(model));
    FOR reading IN SELECT s.* FROM csmetrics.sums_to_keep(model) s LOOP
        IF NOT reading.is_additive THEN
            -- it may have been before
            CALL csmetrics.forget_readings(model, ARRAY[reading.name]);
        ELSIF csmetrics.write_changed_sum(model, reading.name, reading.keys, reading.others) > 0 THEN
            EXECUTE format('DELETE FROM %I.stored_reading s
                            WHERE s.reading <> $1 AND csmetrics.reads_from($2, s.reading, ARRAY[$1])',
                           csmetrics.internal_schema(model)) USING reading.name, model;
        END IF;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE csmetrics.readings_after(text) IS
'Internal: brings the sums to what the accounts of changed_key add, now that a refresh has written them; they stay in '
'it until it ends';

CREATE OR REPLACE PROCEDURE csmetrics.begin_readings(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
BEGIN
    -- views may be reading it: they plan for both forms of what they ask
    EXECUTE format('DELETE FROM %I.changed_key', internal);
    EXECUTE format('DELETE FROM %1$I.stored_reading s WHERE s.basis <> %1$I.present_basis(s.reading)', internal);
END
$$;
COMMENT ON PROCEDURE csmetrics.begin_readings(text) IS
'Internal: what is stored by other definitions, or of another day, is not kept by what changes';

CREATE OR REPLACE PROCEDURE csmetrics.note_changed(model text, accounts text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    are_many boolean;
BEGIN
    EXECUTE format('INSERT INTO %1$I.changed_key SELECT k.account_id FROM %1$I.%2$s k
                    ON CONFLICT DO NOTHING', internal, accounts);
    -- what merged into another is part of its score
    EXECUTE format('INSERT INTO %1$I.changed_key
                    SELECT DISTINCT e.entity_id FROM %1$I.account_entity e JOIN %1$I.changed_key k USING (account_id)
                    WHERE e.is_merged AND e.entity_id <> e.account_id ON CONFLICT DO NOTHING', internal);
    -- of many accounts it takes less to add all up anew
    EXECUTE format('SELECT k.count > 100 AND NOT EXISTS (SELECT 1 FROM %1$I.account_state OFFSET 4 * k.count - 1)
                    FROM (SELECT count(*) FROM %1$I.changed_key) k', internal) INTO are_many;
    IF are_many THEN
        CALL csmetrics.forget_readings(model);
    END IF;
    EXECUTE format('ANALYZE %I.changed_key', internal);
    CALL csmetrics.readings_before(model);
END
$$;
COMMENT ON PROCEDURE csmetrics.note_changed(text, text) IS
'Internal: to be called before a refresh writes these accounts, those of a table or function that keeps them, and '
'readings_after when it has';

CREATE OR REPLACE PROCEDURE csmetrics.end_readings(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    in_use text[];
    missing text[];
    started timestamptz;
    written bigint;
    reading record;
BEGIN
    -- asked of all accounts: once, not once a reading
    EXECUTE format('SELECT %I.dimensions_in_use()', internal) INTO in_use;
    EXECUTE format('DELETE FROM %1$I.stored_reading s
                    WHERE s.basis <> %1$I.present_basis(s.reading) OR s.dimensions <> $1', internal) USING in_use;
    missing := ARRAY(SELECT r.name FROM csmetrics.stored_readings(model) r WHERE NOT csmetrics.is_kept(model, r.name));
    CALL csmetrics.forget_readings(model, missing);
    FOR reading IN
        SELECT r.name, r.keys, r.others FROM csmetrics.stored_readings(model) r
        WHERE missing <> '{}' AND NOT csmetrics.is_kept(model, r.name)
    LOOP
        started := clock_timestamp();
        written := csmetrics.write_reading(model, reading.name, reading.keys, reading.others);
        EXECUTE format('INSERT INTO %1$I.stored_reading SELECT $1, %1$I.present_basis($1), $2', internal)
            USING reading.name, in_use;
        IF written > 0 THEN
            EXECUTE format('ANALYZE %I.%I', internal, reading.name);
            RAISE NOTICE 'refreshing model "%": % rows of % written, in % s', model, written, reading.name,
                round(extract(epoch FROM clock_timestamp() - started), 1);
        END IF;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE csmetrics.end_readings(text) IS
'Internal: stores anew what is not as it should be of the readings';

CREATE OR REPLACE PROCEDURE csmetrics.store_readings(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    are_dear boolean;
BEGIN
    EXECUTE format('SELECT (SELECT count(*) FROM (SELECT 1 FROM %I.account_state LIMIT p.store_from_count) s)
                           >= p.store_from_count FROM %I.policy p', internal, model) INTO are_dear;
    IF are_dear THEN
        CALL csmetrics.end_readings(model);
        CALL csmetrics.scores_after(model);
    ELSE
        CALL csmetrics.forget_readings(model);
        EXECUTE format('DELETE FROM %I.changed_key', internal);
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.store_readings(text) IS
'Internal: brings what is stored of readings up to date, once histories are written; nothing is stored of a model with '
'fewer accounts than store_from_count';
