-- How a refresh reads a source: as a whole, or the rows of those accounts alone that changed, found by the digests of
-- all rows; refuses rows that cannot be right, and notes what it read.
CREATE OR REPLACE FUNCTION csmetrics.left_out_count(model text, source text, kept_count bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rules text;
    all_count bigint;
BEGIN
    EXECUTE format('SELECT string_agg(q.rule, '', '' ORDER BY q.rule) FROM %I.quality_rule q
                    WHERE q.source = $1 AND q.is_enabled AND q.quarantine', model) INTO rules USING source;
    IF rules IS NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('SELECT count(*) FROM %I.%I', csmetrics.internal_schema(model), 'source_' || source) INTO all_count;
    RAISE NOTICE 'refreshing model "%": % rows of source "%" left out, in quarantine by: %', model,
        all_count - kept_count, source, rules;
    RETURN all_count - kept_count;
END
$$;
COMMENT ON FUNCTION csmetrics.left_out_count(text, text, bigint) IS
'Internal: how many rows of a source are in quarantine, told in a NOTICE where a rule has some';

CREATE OR REPLACE PROCEDURE csmetrics.check_source(model text, source text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $check$
DECLARE
    whose text := CASE WHEN source = 'fx_rate' THEN 'NULL' ELSE 'account_id' END;
    wrong record;
BEGIN
    EXECUTE format('SELECT %s::text AS account_id, f.complaint FROM %I.%I f WHERE f.complaint IS NOT NULL
                    ORDER BY 1, 2 LIMIT 1', whose, csmetrics.internal_schema(model), 'fresh_' || source) INTO wrong;
    IF wrong.complaint IS NOT NULL THEN
        RAISE EXCEPTION 'source "%"%: %', source,
            CASE WHEN source <> 'fx_rate' THEN format(', account %s', coalesce(wrong.account_id, 'NULL')) ELSE '' END,
            wrong.complaint
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Mend the row, leave it out in the query given to csmetrics.map, or put its rule in '
                         'quarantine; CALL csmetrics.validate finds all such rows. Nothing was changed.';
    END IF;
END
$check$;
COMMENT ON PROCEDURE csmetrics.check_source(text, text) IS
'Internal: refuses rows that cannot be right among those that were read of a source: SQLSTATE 22023';

CREATE OR REPLACE FUNCTION csmetrics.given_columns(model text, source text) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN source = 'subscription'
            THEN CASE WHEN csmetrics.by_hand(model, source)
                           AND pg_get_viewdef(csmetrics.relation(model, 'source_subscription'))
                               !~ '\mNULL::date AS cancelled_on\M'
                      THEN '{cancelled_on}' ELSE '{}' END
            ELSE '{}' END::text[];
COMMENT ON FUNCTION csmetrics.given_columns(text, text) IS
'Internal: of telling_columns() those that a query of the user''s own gives, of which none means that it did not '
'happen';

CREATE OR REPLACE PROCEDURE csmetrics.sign_source(model text, source text, kept_count bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    given text[] := csmetrics.given_columns(model, source);
    is_other boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.refreshed_source r
                                   WHERE r.source = $1 AND r.given_columns IS DISTINCT FROM $2)', model)
        INTO is_other USING source, given;
    IF is_other THEN
        CALL csmetrics.forget_readings(model);
    END IF;
    EXECUTE format('INSERT INTO %1$I.refreshed_source AS o
                        (source, refreshed_at, row_count, left_out_count, policy_hash, swept_at, given_columns,
                         quarantine)
                    VALUES ($1, clock_timestamp(), $2, $3, $4, clock_timestamp(), $5,
                            (SELECT jsonb_object_agg(q.rule, q.condition) FROM %1$I.quality_rule q
                             WHERE q.source = $1 AND q.is_enabled AND q.quarantine))
                    ON CONFLICT (source) DO UPDATE SET
                        (refreshed_at, row_count, left_out_count, policy_hash, swept_at, given_columns, quarantine)
                    = ROW (excluded.refreshed_at, excluded.row_count, excluded.left_out_count, excluded.policy_hash,
                           excluded.swept_at, excluded.given_columns, excluded.quarantine)',
                   model)
        USING source, kept_count, csmetrics.left_out_count(model, source, kept_count),
              csmetrics.policy_of_refresh(model), given;
    EXECUTE format('UPDATE %I.read_form SET read_hash = $2 WHERE source = $1', csmetrics.internal_schema(model))
        USING source, csmetrics.read_hash(model, source);
END
$$;
COMMENT ON PROCEDURE csmetrics.sign_source(text, text, bigint) IS
'Internal: notes that a source was read as a whole, and how many rows of it count';

CREATE OR REPLACE FUNCTION csmetrics.read_rows(model text, source text, by_key boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    fresh regclass := format('%I.%I', internal, 'fresh_' || source)::regclass;
    keys text;
    read_count bigint;
    kept_count bigint;
BEGIN
    CALL csmetrics.empty_table(fresh);
    BEGIN
        IF source = ANY (csmetrics.keyed_sources()) THEN
            -- keys as a constant: by it an index is searched, and where there is none, rows are looked up in a hash
            EXECUTE format('SELECT CASE WHEN $1 THEN coalesce(array_agg(k.account_id), ''{}'') END::text
                            FROM %I.fresh_key k', internal) INTO keys USING by_key;
            EXECUTE format('INSERT INTO %s %s', fresh, csmetrics.rows_of(
                format('%I.%I(%s[])', internal, 'read_' || source, csmetrics.key_type(model))::regprocedure,
                ARRAY[format('%L::%s[]', keys, csmetrics.key_type(model))]));
        ELSE
            EXECUTE format('INSERT INTO %s %s', fresh,
                           csmetrics.rows_of(format('%I.%I()', internal, 'read_' || source)::regprocedure));
        END IF;
        GET DIAGNOSTICS read_count = ROW_COUNT;
    EXCEPTION WHEN data_exception THEN
        CALL csmetrics.raise_broken(model, source, SQLSTATE);
        RAISE;
    END;
    IF read_count = 0 THEN
        RETURN 0;
    END IF;
    EXECUTE format('ANALYZE %s (%I)', fresh, CASE source WHEN 'fx_rate' THEN 'currency' ELSE 'account_id' END);
    CALL csmetrics.check_source(model, source);
    EXECUTE format('SELECT coalesce(sum(f.row_count), 0) FROM %s f', fresh) INTO kept_count;
    RETURN kept_count;
END
$$;
COMMENT ON FUNCTION csmetrics.read_rows(text, text, boolean) IS
'Internal: reads kept_<source> of a model into fresh_<source>, by_key: of the accounts of fresh_key alone; the number '
'of its rows. One that cannot be right: SQLSTATE 22023.';

CREATE OR REPLACE FUNCTION csmetrics.find_changed(
    model text, source text, OUT kept_count bigint, OUT keys text[], OUT is_whole boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- where half of them changed, or a row is of no account, all are read
    EXECUTE format('SELECT coalesce(sum(n.row_count), 0),
                           array_agg(coalesce(n.account_id, d.account_id)::text)
                               FILTER (WHERE n.digest IS DISTINCT FROM d.digest),
                           coalesce(bool_or(n.row_count > 0 AND n.account_id IS NULL)
                                    OR 2 * count(*) FILTER (WHERE n.digest IS DISTINCT FROM d.digest) > count(*), false)
                    FROM (SELECT k.account_id, count(*) AS row_count, sum(k.digest) AS digest
                          FROM %1$I.%2$I k GROUP BY k.account_id) n
                    FULL JOIN (SELECT a.account_id, a.digest FROM %1$I.account_digest a WHERE a.source = $1) d
                        USING (account_id)',
                   csmetrics.internal_schema(model), 'kept_' || source) INTO kept_count, keys, is_whole USING source;
    EXECUTE format('SELECT array_agg(k) FROM (
                        SELECT unnest($2) UNION
                        SELECT c.account_id::text FROM %I.fresh_change c WHERE c.source = $1 AND c.is_forced) k(k)',
                   csmetrics.internal_schema(model)) INTO keys USING source, keys;
    keys := coalesce(keys, '{}');
END
$$;
COMMENT ON FUNCTION csmetrics.find_changed(text, text) IS
'Internal: the keys of the accounts whose rows of a source are not what they were, or are to be read in any case, and '
'how many rows of all count; is_whole: the source is to be read as a whole';

CREATE OR REPLACE PROCEDURE csmetrics.read_changed(model text, source text, keys text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
BEGIN
    CALL csmetrics.empty_table(format('%I.fresh_key', internal)::regclass);
    EXECUTE format('INSERT INTO %I.fresh_key SELECT k::%s FROM unnest($1) k', internal,
                   csmetrics.key_type(model))
        USING keys;
    EXECUTE format('ANALYZE %I.fresh_key', internal);
    PERFORM csmetrics.read_rows(model, source, by_key => true);
    EXECUTE format('INSERT INTO %1$I.fresh_digest SELECT $1, k.account_id, f.digest, f.row_count, f.fed_mask
                    FROM %1$I.fresh_key k
                    LEFT JOIN (SELECT f.account_id, sum(f.digest) AS digest, sum(f.row_count) AS row_count,
                                      bit_or(f.fed_mask) AS fed_mask
                               FROM %1$I.%2$I f GROUP BY f.account_id) f USING (account_id)',
                   internal, 'fresh_' || source) USING source;
END
$$;
COMMENT ON PROCEDURE csmetrics.read_changed(text, text, text[]) IS
'Internal: reads the rows of a source of the accounts of these keys';

CREATE OR REPLACE FUNCTION csmetrics.read_whole(model text, source text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept_count bigint := csmetrics.read_rows(model, source);
BEGIN
    EXECUTE format('INSERT INTO %1$I.fresh_digest
                    SELECT $1, account_id, f.digest, f.row_count, f.fed_mask
                    FROM (SELECT s.account_id FROM %1$I.account_state s
                          UNION SELECT d.account_id FROM %1$I.account_digest d WHERE d.source = $1) s
                    FULL JOIN (SELECT f.account_id, sum(f.digest) AS digest, sum(f.row_count) AS row_count,
                                      bit_or(f.fed_mask) AS fed_mask
                               FROM %1$I.%2$I f GROUP BY f.account_id) f USING (account_id)',
                   csmetrics.internal_schema(model), 'fresh_' || source) USING source;
    RETURN kept_count;
END
$$;
COMMENT ON FUNCTION csmetrics.read_whole(text, text) IS
'Internal: reads all rows of a source of facts; the number of its rows';

CREATE OR REPLACE FUNCTION csmetrics.stored_count(model text, source text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    row_count bigint;
BEGIN
    EXECUTE format('SELECT coalesce(sum(r.row_count), 0)
                    FROM (SELECT f.row_count FROM %1$I.fresh_digest f WHERE f.source = $1
                          UNION ALL
                          SELECT d.row_count FROM %1$I.account_digest d
                          WHERE d.source = $1 AND NOT EXISTS (SELECT 1 FROM %1$I.fresh_digest f
                                                              WHERE f.source = $1 AND f.account_id = d.account_id)) r',
                   csmetrics.internal_schema(model)) INTO row_count USING source;
    RETURN row_count;
END
$$;
COMMENT ON FUNCTION csmetrics.stored_count(text, text) IS
'Internal: how many rows of a source the accounts have, those that were read just now as they were read';

CREATE OR REPLACE PROCEDURE csmetrics.read_facts(model text, source text, is_whole boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $facts$
DECLARE
    started timestamptz := clock_timestamp();
    internal text := csmetrics.internal_schema(model);
    changed record;
    found_by text := 'whole';
    changed_count bigint;
    has_entities boolean;
    kept_count bigint;
BEGIN
    -- what was never read, or by other rules; rates of exchange move with the day
    EXECUTE format('SELECT $1 OR NOT EXISTS (SELECT 1 FROM %1$I.refreshed_source r
                                             WHERE r.source = $2 AND r.policy_hash = $3)
                        OR $2 = ''subscription'' AND EXISTS (SELECT 1 FROM %1$I.policy p
                                                             WHERE p.report_currency IS NOT NULL),
                           $2 = ''subscription'' AND %2$I.has_entities()', model, internal)
        INTO is_whole, has_entities USING is_whole, source, csmetrics.policy_of_refresh(model);
    IF NOT is_whole THEN
        CALL csmetrics.empty_table(format('%I.%I', internal, 'fresh_' || source)::regclass);
        changed := csmetrics.find_changed(model, source);
        found_by := 'sweep';
        changed_count := cardinality(changed.keys);
        CALL csmetrics.tell_unseen(model, source, changed.keys);
        is_whole := changed.is_whole OR has_entities AND changed.keys <> '{}';
    END IF;
    IF is_whole THEN
        kept_count := csmetrics.read_whole(model, source);
    ELSE
        kept_count := changed.kept_count;
        IF changed.keys <> '{}' THEN
            CALL csmetrics.read_changed(model, source, changed.keys);
            -- which was later: they may have other rows again
            kept_count := csmetrics.stored_count(model, source);
        END IF;
    END IF;
    CALL csmetrics.sign_source(model, source, kept_count);
    CALL csmetrics.note_reading(model, source, found_by, kept_count, changed_count, started);
END
$facts$;
COMMENT ON PROCEDURE csmetrics.read_facts(text, text, boolean) IS
'Internal: reads a source of facts as a whole, or the rows of those accounts alone where they are not what they were';

CREATE OR REPLACE PROCEDURE csmetrics.read_source(model text, source text, is_whole boolean DEFAULT true)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $read$
DECLARE
    started timestamptz := clock_timestamp();
    found_by text := CASE WHEN csmetrics.is_watched(model, source) THEN 'sweep' ELSE 'whole' END;
    kept_count bigint;
BEGIN
    RAISE NOTICE 'refreshing model "%": reading source "%" ...', model, source;
    CALL csmetrics.renew_kept_view(model, source);
    IF source = ANY (csmetrics.fact_sources()) THEN
        CALL csmetrics.read_facts(model, source, is_whole);
    ELSE
        kept_count := csmetrics.read_rows(model, source);
        CALL csmetrics.sign_source(model, source, kept_count);
        CALL csmetrics.note_reading(model, source, found_by, kept_count, NULL, started);
    END IF;
EXCEPTION WHEN OTHERS THEN
    CALL csmetrics.raise_broken(model, source, CASE WHEN SQLERRM NOT LIKE 'source "%' THEN SQLSTATE END);
    -- tells which rule in quarantine it is
    PERFORM csmetrics.found_in(model, r.source, ARRAY[r.rule], ARRAY[r.condition])
    FROM csmetrics.rules_in_force(model) r
    WHERE r.source = read_source.source AND r.quarantine;
    RAISE;
END
$read$;
COMMENT ON PROCEDURE csmetrics.read_source(text, text, boolean) IS
'Internal: reads a source of a model into its table fresh_<source>, of facts only what changed unless is_whole. A row '
'that cannot be right: SQLSTATE 22023.';
