-- What a refresh keeps of vendors that change things in place, and what of theirs stands for no account or no money.

CREATE OR REPLACE PROCEDURE csmetrics.write_part_views(model text, vendor text, schema_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $parts$
DECLARE
    internal text := csmetrics.internal_schema(model);
    part text;
    view text;
    of_column record;
BEGIN
    CALL csmetrics.drop_views(model, ARRAY[vendor || '_observed', vendor || '_unmatched']);
    FOR part IN SELECT s.source FROM csmetrics.connector_source s
                WHERE s.vendor = write_part_views.vendor AND s.source IN ('observed', 'unmatched') LOOP
        view := format('%I.%I', internal, vendor || '_' || part);
        EXECUTE format('CREATE VIEW %s WITH (security_invoker) AS %s', view,
                       csmetrics.spelled_out(csmetrics.vendor_query(vendor, schema_name, part, model)));
        EXECUTE format('COMMENT ON VIEW %s IS %L', view, CASE part
            WHEN 'observed' THEN 'What of ' || vendor || ' is changed in place, as it is now: each refresh adds what '
                                 'is new to observed_charge'
            ELSE 'What of ' || vendor || ' cannot be a row of its sources for want of another row' END);
        FOR of_column IN
            SELECT a.attname, coalesce(col_description(csmetrics.relation(model, 'observed_charge'), o.attnum),
                       CASE a.attname WHEN 'since_at' THEN 'Since when it is so, as lines of invoices tell; NULL: they '
                                                           'do not'
                                      WHEN 'until_at' THEN 'Until when it was billed otherwise last; NULL: it was not'
                                      WHEN 'synced_at' THEN 'When it was synced'
                                      WHEN 'source' THEN 'The source'
                                      WHEN 'row_key' THEN 'The vendor''s key of the row'
                                      WHEN 'mrr' THEN 'MRR of the row as of now; NULL: unknown'
                                      WHEN 'reason' THEN 'What is missing'
                                      ELSE 'What of the row could not be read; NULL: all was' END) AS description
            FROM pg_attribute a
                 LEFT JOIN pg_attribute o ON o.attrelid = csmetrics.relation(model, 'observed_charge')
                      AND o.attname = a.attname
            WHERE a.attrelid = view::regclass AND a.attnum > 0
        LOOP
            EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', view, of_column.attname, of_column.description);
        END LOOP;
    END LOOP;
END
$parts$;
COMMENT ON PROCEDURE csmetrics.write_part_views(text, text, text) IS
'Internal: writes the views <vendor>_observed and <vendor>_unmatched of a model, where the vendor has queries for them';

CREATE OR REPLACE FUNCTION csmetrics.queries_of(model text, source text) RETURNS TABLE (vendor text, query text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT c.vendor, format(''SELECT * FROM %%s'', v)
         FROM %I.connection c, LATERAL to_regclass(format(''%%I.%%I'', $1, c.vendor || ''_'' || $2)) v
         WHERE v IS NOT NULL AND EXISTS (SELECT 1 FROM csmetrics.connector_source s
                                         WHERE s.vendor = c.vendor AND s.source = $2)
         ORDER BY c.priority, c.connected_at, c.vendor', model)
    USING csmetrics.internal_schema(model), source;
END
$$;
COMMENT ON FUNCTION csmetrics.queries_of(text, text) IS
'Internal: queries of the views <vendor>_observed or <vendor>_unmatched of the connected vendors that have some';

CREATE OR REPLACE PROCEDURE csmetrics.observe(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $observe$
DECLARE
    of_vendor record;
    row_count bigint;
BEGIN
    FOR of_vendor IN
        SELECT q.vendor, q.query FROM csmetrics.queries_of(model, 'observed') q
    LOOP
        EXECUTE format($query$
            WITH day AS (SELECT r.as_of_on::timestamp AT TIME ZONE r.time_zone AS day_at, r.as_of_at
                         FROM %1$I.reporting_range r),
            seen AS (SELECT DISTINCT ON (q.item_key) q.* FROM (%3$s) q WHERE q.item_key IS NOT NULL
                     ORDER BY q.item_key, q.synced_at DESC NULLS LAST),
            before AS (SELECT DISTINCT ON (o.item_key) o.* FROM %2$I.observed_charge o WHERE o.vendor = $1
                       ORDER BY o.item_key, o.found_at DESC)
            INSERT INTO %2$I.observed_charge (vendor, item_key, account_key, from_at, subscription_key, charge,
                                              currency, unit, unit_count, product_id, product, is_gone)
            SELECT $1, coalesce(s.item_key, b.item_key), coalesce(s.account_key, b.account_key),
                   CASE WHEN b.item_key IS NULL
                        THEN coalesce(s.since_at, least(s.until_at, CASE WHEN s.until_at IS NOT NULL THEN d.day_at END),
                                      '-infinity')
                        -- back again, as it was
                        WHEN b.is_gone AND s.item_key IS NOT NULL THEN b.from_at
                        WHEN s.since_at > b.from_at THEN s.since_at
                        WHEN s.synced_at > greatest(b.from_at, b.found_at) AND s.synced_at <= d.as_of_at
                        THEN s.synced_at
                        ELSE greatest(d.day_at, b.from_at) END,
                   coalesce(s.subscription_key, b.subscription_key), s.charge, s.currency, s.unit, s.unit_count,
                   coalesce(s.product_id, b.product_id), coalesce(s.product, b.product), s.item_key IS NULL
            FROM day d CROSS JOIN (seen s FULL JOIN before b ON b.item_key = s.item_key)
            WHERE b.item_key IS NULL
               OR (s.charge, s.currency, s.unit, s.unit_count, s.item_key IS NULL, coalesce(s.product_id, b.product_id))
                  IS DISTINCT FROM (b.charge, b.currency, b.unit, b.unit_count, b.is_gone, b.product_id)
            $query$, model, csmetrics.internal_schema(model), of_vendor.query) USING of_vendor.vendor;
        GET DIAGNOSTICS row_count = ROW_COUNT;
        IF row_count > 0 THEN
            EXECUTE format('ANALYZE %I.observed_charge', csmetrics.internal_schema(model));
            RAISE NOTICE 'refreshing model "%": % items of % are new, changed or gone, and kept as they were seen',
                model, row_count, of_vendor.vendor;
        END IF;
    END LOOP;
END
$observe$;
COMMENT ON PROCEDURE csmetrics.observe(text) IS
'Internal: adds to observed_charge of a model what items of subscriptions are now, where that is new';

CREATE OR REPLACE FUNCTION csmetrics.has_all_accounts(model text, vendor text, source text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    has_all boolean := false;
BEGIN
    -- who tells what cannot be a row gives no other keys of subscriptions than those of its accounts
    IF source = 'subscription' AND vendor || '_' || source = ANY (csmetrics.unchanged_views(model))
       AND EXISTS (SELECT 1 FROM csmetrics.connector_source s
                   WHERE s.vendor = has_all_accounts.vendor AND s.source = 'unmatched') THEN
        EXECUTE format('SELECT NOT EXISTS (SELECT 1 FROM %1$I.%2$I a
                                           WHERE a.account_key IS NOT NULL AND NOT EXISTS (
                                               SELECT 1 FROM %1$I.identity i
                                               WHERE i.vendor = $1 AND i.account_key = a.account_key))',
                       internal, vendor || '_account') INTO has_all USING vendor;
    END IF;
    RETURN has_all;
END
$$;
COMMENT ON FUNCTION csmetrics.has_all_accounts(text, text, text) IS
'Internal: is it plain that no row of a vendor for a source has a key of no account, without reading the rows?';

CREATE OR REPLACE FUNCTION csmetrics.unmatched_query(model text, source text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $unmatched$
DECLARE
    internal text := csmetrics.internal_schema(model);
    queries text;
    others text;
BEGIN
    IF source = ANY ('{account,fx_rate,parent}') OR csmetrics.by_hand(model, source) THEN
        RETURN NULL;
    END IF;
    -- rows whose key is that of no account
    EXECUTE format('SELECT string_agg(format($1, v.vendor, $2, v.view_name, $3), '' UNION ALL '' ORDER BY v.vendor)
                    FROM %I.connection_view v
                    WHERE v.source = $4 AND v.vendor IS NOT NULL
                      AND NOT csmetrics.has_all_accounts($5, v.vendor, $4)', internal)
        INTO queries USING
            'SELECT %1$L::text AS vendor, coalesce(v.account_key, ''NULL'') AS row_key, %4$s AS mrr,
                    ''its account is not known'' AS reason
             FROM %2$I.%3$I v LEFT JOIN %2$I.identity i ON i.vendor = %1$L AND i.account_key = v.account_key
             WHERE i.account_id IS NULL AND v.misread IS NULL', internal,
            CASE source WHEN 'subscription'
                 THEN format($$CASE WHEN r.as_of_on >= v.starts_on AND (v.ends_on <= r.as_of_on) IS NOT TRUE
                                         AND coalesce(v.status, '') NOT IN ('trial', 'paused') THEN v.mrr END$$)
                 ELSE 'NULL::numeric' END, source, model;
    queries := CASE source WHEN 'subscription'
                    THEN replace(queries, ' v LEFT JOIN', format(' v CROSS JOIN %I.reporting_range r LEFT JOIN', model))
                    ELSE queries END;
    -- and what the tables of a vendor do not let be a row
    SELECT string_agg(format('SELECT %L::text AS vendor, u.row_key, u.mrr, u.reason FROM (%s) u
                              WHERE u.source = %L', q.vendor,
                             q.query, unmatched_query.source), ' UNION ALL ') INTO others
    FROM csmetrics.queries_of(model, 'unmatched') q
    WHERE EXISTS (SELECT 1 FROM csmetrics.connector_source s
                  WHERE s.vendor = q.vendor AND s.source = unmatched_query.source);
    RETURN nullif(array_to_string(ARRAY[queries, others], ' UNION ALL '), '');
END
$unmatched$;
COMMENT ON FUNCTION csmetrics.unmatched_query(text, text) IS
'Internal: a query of the rows of the connected vendors for a source that stand for no account, or cannot be one for '
'want of another, with vendor, row_key, their MRR as of now and the reason; NULL: no vendor gives the source';

CREATE OR REPLACE FUNCTION csmetrics.unmatched_rows(model text, source text)
RETURNS TABLE (vendor text, row_count bigint, mrr numeric, sample_keys text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    query text := csmetrics.unmatched_query(model, source);
BEGIN
    IF query IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT k.vendor, sum(k.row_count)::bigint, trim_scale(sum(k.mrr)),
               string_agg(format('%%s %%s: %%s', k.vendor, k.row_key, k.reason), '; ' ORDER BY k.place)
                   FILTER (WHERE k.place <= 5)
        FROM (SELECT u.vendor, u.row_key, u.reason, count(*) AS row_count, sum(u.mrr) AS mrr,
                     row_number() OVER (PARTITION BY u.vendor ORDER BY sum(u.mrr) DESC NULLS LAST, u.row_key) AS place
              FROM (%s) u GROUP BY u.vendor, u.row_key, u.reason) k
        GROUP BY k.vendor ORDER BY k.vendor$query$, query);
END
$$;
COMMENT ON FUNCTION csmetrics.unmatched_rows(text, text) IS
'Internal: how many rows of each connected vendor for a source stand for no account, their MRR as of now, NULL where '
'none is known, and the first five keys';

CREATE OR REPLACE PROCEDURE csmetrics.tell_unmatched(model text, source text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT u.* FROM csmetrics.unmatched_rows(model, source) u LOOP
        RAISE NOTICE 'refreshing model "%": % rows of % stand for no account and are left out of source "%"%: %; CALL '
            'csmetrics.validate finds them by rule "unmatched"', model, found.row_count, found.vendor, source,
            coalesce(', MRR ' || found.mrr, ''), found.sample_keys;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE csmetrics.tell_unmatched(text, text) IS
'Internal: a NOTICE for each connected vendor of which rows for a source stand for no account';

CREATE OR REPLACE FUNCTION csmetrics.kept_in_place(model text, of_vendor text DEFAULT NULL)
RETURNS TABLE (vendor text, row_count bigint, sample_keys text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    query text := (
        SELECT string_agg(format('SELECT %L::text AS vendor, q.item_key FROM (%s) q
                                  WHERE q.since_at IS NULL AND q.until_at IS NULL', q.vendor,
                                 q.query), ' UNION ALL ')
        FROM csmetrics.queries_of(model, 'observed') q WHERE q.vendor = coalesce(of_vendor, q.vendor));
BEGIN
    IF query IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT k.vendor, count(*), string_agg(k.vendor || ' ' || k.item_key, '; ' ORDER BY k.place)
                                       FILTER (WHERE k.place <= 5)
        FROM (SELECT i.*, row_number() OVER (PARTITION BY i.vendor ORDER BY i.item_key) AS place FROM (%s) i) k
        GROUP BY k.vendor ORDER BY k.vendor$query$, query);
END
$$;
COMMENT ON FUNCTION csmetrics.kept_in_place(text, text) IS
'Internal: how many items of subscriptions each connected vendor keeps without versions and without invoices, so that '
'what they were is known from refreshes alone, and the first five; of_vendor: of this one';

CREATE OR REPLACE FUNCTION csmetrics.found_of_feed(model text, source text, rule text, INOUT found csmetrics.found_rows,
    OUT mrr numeric)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF rule = 'unmatched' THEN
        SELECT coalesce(sum(u.row_count), 0), sum(u.mrr), string_agg(u.sample_keys, '; ' ORDER BY u.vendor)
        INTO found.row_count, mrr, found.sample_keys FROM csmetrics.unmatched_rows(model, source) u;
    ELSIF rule = 'kept in place' AND NOT csmetrics.by_hand(model, source) THEN
        SELECT coalesce(sum(k.row_count), 0), string_agg(k.sample_keys, '; ' ORDER BY k.vendor)
        INTO found.row_count, found.sample_keys FROM csmetrics.kept_in_place(model) k;
    ELSIF rule = 'unknown crm key' THEN
        SELECT coalesce(sum(k.row_count), 0), string_agg(k.sample_keys, '; ' ORDER BY k.vendor)
        INTO found.row_count, found.sample_keys FROM csmetrics.unknown_crm_keys(model) k;
    END IF;
END
$$;
COMMENT ON FUNCTION csmetrics.found_of_feed(text, text, text, csmetrics.found_rows) IS
'Internal: what a rule found that is about what connected vendors have beside the rows of a source, and its MRR; as it '
'was given for others';

CREATE OR REPLACE PROCEDURE csmetrics.forget_observed(model text, account_id text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('DELETE FROM %1$I.observed_charge o
                    WHERE o.account_key = $1
                       OR EXISTS (SELECT 1 FROM %1$I.identity i
                                  WHERE (i.vendor, i.account_key) = (o.vendor, o.account_key)
                                    AND i.account_id = $1::%2$s)',
                   csmetrics.internal_schema(model), csmetrics.key_type(model)) USING account_id;
END
$$;
COMMENT ON PROCEDURE csmetrics.forget_observed(text, text) IS
'Internal: takes out of observed_charge of a model what was seen of an account';
