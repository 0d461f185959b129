-- Which account a vendor means. Accounts of the first vendor, or those mapped by hand, are the ones known; keys of the
-- others are tied to them by the user's mapping or by a key of the CRM, or else by a domain that one account alone has.

CREATE OR REPLACE FUNCTION csmetrics.listed_query(model text, vendors text[], names text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(
            format('SELECT %L::text AS vendor, %s AS place, account_key, domain, crm_key, only_matched%s
                    FROM %I.%I WHERE account_key IS NOT NULL',
                   vendor, place, csmetrics.spelled(names, ', %I', ''), csmetrics.internal_schema(model),
                   vendor || '_account'),
            ' UNION ALL ' ORDER BY place)
        FROM unnest(vendors) WITH ORDINALITY p(vendor, place));
COMMENT ON FUNCTION csmetrics.listed_query(text, text[], text[]) IS
'Internal: a query of all accounts that the vendors list, with the attributes of these names';

CREATE OR REPLACE FUNCTION csmetrics.known_query(model text, by_hand boolean) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN by_hand
       THEN format('SELECT DISTINCT ON (account_id) account_id::text AS key, account_id
                    FROM %I.source_account WHERE account_id IS NOT NULL', csmetrics.internal_schema(model))
       -- each of them by its key, and by the other form of it that some systems write
       ELSE 'SELECT key, (array_agg(DISTINCT account_id))[1] AS account_id
             FROM (SELECT account_key AS key, coalesce(mapped_id, account_key) AS account_id
                   FROM mapped WHERE place = 1
                   UNION ALL
                   SELECT crm_key, coalesce(mapped_id, account_key)
                   FROM mapped WHERE place = 1 AND crm_key IS NOT NULL) k
             GROUP BY key HAVING count(DISTINCT account_id) = 1' END;
COMMENT ON FUNCTION csmetrics.known_query(text, boolean) IS
'Internal: a query, over mapped, of the accounts that are known, by their keys: those mapped by hand, or those of the '
'first vendor';

CREATE OR REPLACE FUNCTION csmetrics.identity_query(
    model text, vendors text[], by_hand boolean, is_text boolean, names text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format($query$
    WITH listed AS MATERIALIZED (%2$s),
    mapped AS (
        SELECT l.*, m.account_id AS mapped_id
        FROM listed l LEFT JOIN %1$I.account_identity m ON m.vendor = l.vendor AND m.account_key = l.account_key),
    known AS (%3$s),
    tied AS MATERIALIZED (
        SELECT l.*, coalesce(l.mapped_id, %4$s k.account_id, o.account_id) AS tied_id
        FROM mapped l LEFT JOIN known k ON k.key = l.crm_key LEFT JOIN known o ON o.key = l.account_key),
    of_domain AS (
        SELECT domain, (array_agg(DISTINCT tied_id))[1] AS account_id FROM tied
        WHERE tied_id IS NOT NULL AND domain IS NOT NULL AND (only_matched IS NOT TRUE OR place = 1)
        GROUP BY domain HAVING count(DISTINCT tied_id) = 1),
    resolved AS MATERIALIZED (
        SELECT t.*, coalesce(t.tied_id, d.account_id%5$s) AS account_id,
               CASE WHEN t.mapped_id IS NOT NULL THEN 'mapping'
                    %6$s
                    WHEN t.tied_id IS NOT NULL THEN 'crm key'
                    WHEN d.account_id IS NOT NULL THEN 'domain' ELSE 'own' END AS matched_by
        FROM tied t LEFT JOIN of_domain d ON d.domain = t.domain)
    $query$, model,
    csmetrics.listed_query(model, vendors, names),
    csmetrics.known_query(model, by_hand),
    CASE WHEN NOT by_hand THEN 'CASE WHEN l.place = 1 THEN l.account_key END,' END,
    CASE WHEN is_text THEN ', CASE WHEN t.only_matched IS NOT TRUE THEN t.account_key END' END,
    CASE WHEN NOT by_hand THEN 'WHEN t.place = 1 THEN ''own''' END);
COMMENT ON FUNCTION csmetrics.identity_query(text, text[], boolean, boolean, text[]) IS
'Internal: the common tables that resolve the keys of the connected vendors to accounts, with the attributes of these '
'names; the last of them is resolved';

CREATE OR REPLACE FUNCTION csmetrics.united_facts(model text, source text, vendors text[], names text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(
            format('SELECT i.account_id%1$s
                    FROM %2$I.%3$I v JOIN %2$I.identity i ON i.vendor = %4$L AND i.account_key = v.account_key',
                   csmetrics.spelled(array_remove(names, 'account_id'), ', v.%I', ''), csmetrics.internal_schema(model),
                   vendor || '_' || source, vendor),
            ' UNION ALL ' ORDER BY place)
        FROM unnest(vendors) WITH ORDINALITY p(vendor, place));
COMMENT ON FUNCTION csmetrics.united_facts(text, text, text[], text[]) IS
'Internal: what all vendors say of a source, with their keys of accounts resolved';

CREATE OR REPLACE FUNCTION csmetrics.misread_facts(model text, source text, vendors text[], names text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(
            format(' UNION ALL SELECT %s, %s FROM %I.%I v WHERE v.misread IS NOT NULL%s',
                   array_to_string(array_fill('NULL'::text, ARRAY[cardinality(names) - 1]), ', '),
                   CASE source WHEN 'account' THEN 'concat_ws('', '', ''account '' || v.account_key, v.misread)'
                               ELSE 'v.misread' END,
                   csmetrics.internal_schema(model), vendor || '_' || source,
                   -- facts of an account are among the others
                   CASE WHEN source <> 'account' THEN ' AND v.account_key IS NULL' END), '' ORDER BY place)
        FROM unnest(vendors) WITH ORDINALITY p(vendor, place));
COMMENT ON FUNCTION csmetrics.misread_facts(text, text, text[], text[]) IS
'Internal: what the vendors have of a source that was not read, a row of no account each; misread is the last of the '
'names';

CREATE OR REPLACE FUNCTION csmetrics.account_of_vendor(place integer) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
-- a parent is a key of the vendor's, too
RETURN format('LEFT JOIN (SELECT DISTINCT ON (r.account_id) r.account_id%2$s
                          FROM resolved r
                          LEFT JOIN resolved parent ON parent.place = r.place AND parent.account_key = r.parent_id
                          WHERE r.place = %1$s
                          ORDER BY r.account_id, r.account_key <> r.account_id, r.account_key) v%1$s
               ON v%1$s.account_id = a.account_id', place,
    (SELECT string_agg(CASE WHEN c.type = 'account_id' THEN format(', parent.account_id AS %I', c.name)
                            ELSE format(', r.%I', c.name) END, '' ORDER BY c.position)
     FROM csmetrics.source_column c WHERE c.source = 'account' AND c.name NOT IN ('account_id', 'misread')));
COMMENT ON FUNCTION csmetrics.account_of_vendor(integer) IS
'Internal: the join over resolved that gives what the vendor in that place says of an account';

CREATE OR REPLACE FUNCTION csmetrics.united_accounts(model text, vendors text[], names text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format($query$
    SELECT a.account_id, %1$s
    FROM (SELECT account_id FROM resolved WHERE account_id IS NOT NULL
          UNION SELECT account_id FROM %2$I.account_identity WHERE vendor = ANY (%3$L::text[])) a
         %4$s$query$,
    -- the first vendor that knows it
    (SELECT string_agg(format('coalesce(%s)',
                              (SELECT string_agg(format('v%s.%I', place, name), ', ' ORDER BY place)
                               FROM generate_subscripts(vendors, 1) place)), ', ' ORDER BY n)
     FROM unnest(names) WITH ORDINALITY c(name, n)),
    model, vendors,
    (SELECT string_agg(csmetrics.account_of_vendor(place), ' ' ORDER BY place)
     FROM generate_subscripts(vendors, 1) place));
COMMENT ON FUNCTION csmetrics.united_accounts(text, text[], text[]) IS
'Internal: a query over resolved of the accounts that all vendors know, each attribute from the first that knows it';

CREATE OR REPLACE PROCEDURE csmetrics.replace_rows(
    model text, name text, keys text[], others text[], tables text, query text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $replace$
DECLARE
    internal text := csmetrics.internal_schema(model);
BEGIN
    IF query IS NULL THEN
        EXECUTE format('DELETE FROM %I.%I', internal, name);
    ELSE
        EXECUTE format($query$
            %1$s,
            fresh (%2$s, %3$s) AS MATERIALIZED (%4$s),
            gone AS (DELETE FROM %5$I.%6$I AS old WHERE NOT EXISTS (SELECT 1 FROM fresh WHERE (%7$s) = (%8$s)))
            INSERT INTO %5$I.%6$I AS old (%2$s, %3$s) SELECT %2$s, %3$s FROM fresh
            ON CONFLICT (%2$s) DO UPDATE SET (%3$s) = ROW (%9$s) WHERE (%10$s) IS DISTINCT FROM (%9$s)$query$,
            tables, csmetrics.spelled(keys, '%I'), csmetrics.spelled(others, '%I'), query,
            internal, name,
            csmetrics.spelled(keys, 'fresh.%I'), csmetrics.spelled(keys, 'old.%I'),
            csmetrics.spelled(others, 'excluded.%I'), csmetrics.spelled(others, 'old.%I'));
    END IF;
    EXECUTE format('ANALYZE %I.%I', internal, name);
END
$replace$;
COMMENT ON PROCEDURE csmetrics.replace_rows(text, text, text[], text[], text, text) IS
'Internal: brings a table that a model keeps to the rows of a query, over common tables; NULL: to none';

CREATE OR REPLACE FUNCTION csmetrics.connected_vendors(model text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    vendors text[];
BEGIN
    EXECUTE format('SELECT array_agg(vendor ORDER BY priority, connected_at, vendor) FROM %I.connection', model)
        INTO vendors;
    RETURN vendors;
END
$$;
COMMENT ON FUNCTION csmetrics.connected_vendors(text) IS
'Internal: the vendors that are connected to a model, in the order in which they are asked; NULL: none';

CREATE OR REPLACE PROCEDURE csmetrics.resolve_identities(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    vendors text[] := csmetrics.connected_vendors(model);
    names text[];
    has_some boolean;
    by_hand boolean;
    tables text;
    identities text;
    accounts text;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.identity)', internal) INTO has_some;
    IF vendors IS NULL AND NOT has_some THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT NOT EXISTS (SELECT 1 FROM %I.connection_view v WHERE v.view_name = ''source_account'')',
                   internal) INTO by_hand;
    SELECT array_agg(c.name ORDER BY c.position) INTO names FROM csmetrics.source_column c
    WHERE c.source = 'account' AND c.name NOT IN ('account_id', 'misread');
    tables := csmetrics.identity_query(model, vendors, by_hand, csmetrics.key_type(model) = 'text', names);
    IF vendors IS NOT NULL THEN
        identities := format(
            'SELECT DISTINCT ON (i.vendor, i.account_key) i.vendor, i.account_key, i.account_id, i.matched_by
             FROM (SELECT vendor, account_key, account_id, matched_by FROM resolved WHERE account_id IS NOT NULL
                   UNION ALL
                   SELECT m.vendor, m.account_key, m.account_id, ''mapping'' FROM %I.account_identity m
                   WHERE m.vendor = ANY (%L::text[])) i
             ORDER BY i.vendor, i.account_key, i.account_id', model, vendors);
    END IF;
    IF vendors IS NOT NULL AND NOT by_hand THEN
        accounts := csmetrics.united_accounts(model, vendors, names);
    END IF;
    CALL csmetrics.replace_rows(model, 'identity', ARRAY['vendor', 'account_key'], ARRAY['account_id', 'matched_by'],
                                tables, identities);
    CALL csmetrics.replace_rows(model, 'connected_account', ARRAY['account_id'], names, tables, accounts);
END
$$;
COMMENT ON PROCEDURE csmetrics.resolve_identities(text) IS
'Internal: brings identity and connected_account of a model up to date';
