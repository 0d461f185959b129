-- Which account a vendor means. Accounts of the first vendor, or those mapped by hand, are the ones known; keys of the
-- others are tied to them by the user's mapping or by a key of the CRM, or else by a domain that one account alone has.

CREATE OR REPLACE FUNCTION csmetrics.listed_query(model text, vendors text[], names text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(
            format('SELECT %L::text AS vendor, %s AS place, account_key, domain, nullif(crm_key, '''') AS crm_key,
                           only_matched, %s AS merged_into%s
                    FROM %I.%I WHERE account_key <> ''''',
                   vendor, place,
                   -- views that an older version wrote, or a user, may not have it
                   CASE WHEN EXISTS (SELECT 1 FROM pg_attribute a
                                     WHERE a.attrelid = csmetrics.relation(model, vendor || '_account')
                                       AND a.attname = 'merged_into')
                        THEN 'nullif(merged_into, '''')' ELSE 'NULL::text' END,
                   csmetrics.spelled(names, ', %I', ''), csmetrics.internal_schema(model), vendor || '_account'),
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
             FROM (SELECT k.key, coalesce(mapped_id, account_key) AS account_id
                   FROM mapped, unnest(ARRAY[account_key, crm_key]) k(key)
                   WHERE place = 1 AND merged_into IS NULL AND k.key IS NOT NULL
                     AND (mapped_id IS NOT NULL OR only_matched IS NOT TRUE
                          OR coalesce(domain, crm_key) IS NOT NULL)) k
             GROUP BY key HAVING count(DISTINCT account_id) = 1' END;
COMMENT ON FUNCTION csmetrics.known_query(text, boolean) IS
'Internal: a query, over mapped, of the accounts that are known, by their keys: those mapped by hand, or those of the '
'first vendor';

CREATE OR REPLACE FUNCTION csmetrics.merged_query(by_hand boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format($query$
    -- a row that was merged into another, which may have been merged in its turn; a ring has no end
    step AS (
        SELECT vendor, account_key, merged_into AS winner, ARRAY[account_key] AS passed
        FROM listed WHERE merged_into IS NOT NULL
        UNION ALL
        SELECT s.vendor, s.account_key, l.merged_into, s.passed || s.winner
        FROM step s JOIN listed l ON l.vendor = s.vendor AND l.account_key = s.winner AND l.merged_into IS NOT NULL
        WHERE s.winner <> ALL (s.passed)),
    merged AS MATERIALIZED (
        SELECT s.vendor, s.account_key, min(s.winner) AS winner
        FROM step s
        WHERE s.winner <> ALL (s.passed)
          AND NOT EXISTS (SELECT 1 FROM listed l
                          WHERE l.vendor = s.vendor AND l.account_key = s.winner AND l.merged_into IS NOT NULL)
        GROUP BY s.vendor, s.account_key),
    -- its keys are keys of the one that is left
    lost AS MATERIALIZED (
        SELECT DISTINCT ON (k.key) k.key, w.account_id
        FROM merged m
             JOIN alive w ON w.key = m.winner
             JOIN listed l ON l.vendor = m.vendor AND l.account_key = m.account_key AND l.merged_into IS NOT NULL%s
             CROSS JOIN LATERAL unnest(ARRAY[l.account_key, l.crm_key]) k(key)
        WHERE k.key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM alive a WHERE a.key = k.key)
        ORDER BY k.key, w.account_id),
    known AS MATERIALIZED (SELECT key, account_id FROM alive UNION ALL SELECT key, account_id FROM lost)
    $query$, CASE WHEN NOT by_hand THEN ' AND l.place = 1' END);
COMMENT ON FUNCTION csmetrics.merged_query(boolean) IS
'Internal: the common tables, over listed and alive, of rows of vendors that were merged into others, of the keys of '
'theirs that are now keys of other accounts (lost), and of all keys of accounts (known)';

CREATE OR REPLACE FUNCTION csmetrics.identity_query(
    model text, vendors text[], by_hand boolean, is_text boolean, names text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format($query$
    WITH RECURSIVE listed AS MATERIALIZED (%2$s),
    mapped AS (
        SELECT l.*, m.account_id AS mapped_id
        FROM listed l LEFT JOIN %1$I.account_identity m ON m.vendor = l.vendor AND m.account_key = l.account_key),
    alive AS MATERIALIZED (%3$s),
    %7$s,
    tied AS MATERIALIZED (
        SELECT l.*, coalesce(g.account_id, l.mapped_id, %4$s k.account_id, o.account_id) AS tied_id
        FROM mapped l LEFT JOIN known k ON k.key = l.crm_key LEFT JOIN known o ON o.key = l.account_key
             LEFT JOIN lost g ON g.key = l.mapped_id::text),
    shared AS (
        SELECT t.domain
        FROM (SELECT DISTINCT domain FROM tied WHERE domain IS NOT NULL) t
             CROSS JOIN LATERAL string_to_array(t.domain, '.') p
             CROSS JOIN LATERAL generate_subscripts(p, 1) n
             JOIN %1$I.shared_domain s ON s.domain = array_to_string(p[n:], '.')),
    of_domain AS (
        SELECT domain, (array_agg(DISTINCT tied_id))[1] AS account_id FROM tied
        WHERE tied_id IS NOT NULL AND domain NOT IN (SELECT domain FROM shared)
          AND (only_matched IS NOT TRUE OR place = 1)
        GROUP BY domain HAVING count(DISTINCT tied_id) = 1),
    settled AS MATERIALIZED (
        SELECT t.*, coalesce(t.tied_id, d.account_id%5$s) AS settled_id,
               CASE WHEN t.mapped_id IS NOT NULL THEN 'mapping'
                    WHEN t.merged_into IS NOT NULL THEN 'merged'
                    %6$s
                    WHEN t.tied_id IS NOT NULL THEN 'crm key'
                    WHEN d.account_id IS NOT NULL THEN 'domain' ELSE 'own' END AS matched_by
        FROM tied t LEFT JOIN of_domain d ON d.domain = t.domain),
    resolved AS MATERIALIZED (
        SELECT s.*, coalesce(s.settled_id, w.settled_id) AS account_id
        FROM settled s
             LEFT JOIN merged g ON g.vendor = s.vendor AND g.account_key = s.account_key AND s.merged_into IS NOT NULL
             LEFT JOIN settled w ON w.vendor = g.vendor AND w.account_key = g.winner AND w.merged_into IS NULL)
    $query$, model,
    csmetrics.listed_query(model, vendors, names),
    csmetrics.known_query(model, by_hand),
    -- of the first vendor: what is known by no more than its key, as the key of a fact is, makes no account
    CASE WHEN NOT by_hand
         THEN 'CASE WHEN l.place = 1 AND l.merged_into IS NULL
                         AND (l.only_matched IS NOT TRUE OR coalesce(l.domain, l.crm_key) IS NOT NULL)
                    THEN l.account_key END,' END,
    CASE WHEN is_text THEN ', CASE WHEN t.only_matched IS NOT TRUE AND t.merged_into IS NULL
                                     THEN t.account_key END' END,
    CASE WHEN NOT by_hand THEN 'WHEN t.place = 1 THEN ''own''' END,
    csmetrics.merged_query(by_hand));
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
                          ORDER BY r.account_id, r.account_key <> r.account_id, r.merged_into IS NOT NULL,
                                   r.only_matched, r.account_key) v%1$s
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
          UNION SELECT coalesce(g.account_id, i.account_id)
          FROM %2$I.account_identity i LEFT JOIN lost g ON g.key = i.account_id::text
          WHERE i.vendor = ANY (%3$L::text[])) a
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

CREATE OR REPLACE FUNCTION csmetrics.accounts_by_hand(model text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    by_hand boolean;
BEGIN
    EXECUTE format('SELECT NOT EXISTS (SELECT 1 FROM %I.connection_view v WHERE v.view_name = ''source_account'')',
                   csmetrics.internal_schema(model)) INTO by_hand;
    RETURN by_hand;
END
$$;
COMMENT ON FUNCTION csmetrics.accounts_by_hand(text) IS
'Internal: are the accounts of a model those that its user mapped, not those of connected vendors?';

CREATE OR REPLACE FUNCTION csmetrics.unknown_crm_keys(model text)
RETURNS TABLE (vendor text, row_count bigint, sample_keys text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $unknown$
DECLARE
    vendors text[] := csmetrics.connected_vendors(model);
    by_hand boolean := csmetrics.accounts_by_hand(model);
BEGIN
    IF vendors IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($query$
        %1$s
        SELECT u.vendor, count(*),
               string_agg(format('%%s %%s: %%s', u.vendor, u.account_key, u.crm_key), '; ' ORDER BY u.place)
                   FILTER (WHERE u.place <= 5)
        FROM (SELECT l.vendor, l.account_key, l.crm_key,
                     row_number() OVER (PARTITION BY l.vendor ORDER BY l.account_key) AS place
              FROM mapped l
              -- its own key, or a name, is no note of what another has
              WHERE l.mapped_id IS NULL AND l.crm_key <> l.account_key AND NOT starts_with(l.account_key, l.crm_key)
                AND l.crm_key IS DISTINCT FROM l.name%2$s
                AND NOT EXISTS (SELECT 1 FROM known k WHERE k.key = l.crm_key)
                AND NOT EXISTS (SELECT 1 FROM known k WHERE k.key = l.account_key)) u
        GROUP BY u.vendor ORDER BY u.vendor$query$,
        csmetrics.identity_query(model, vendors, by_hand, csmetrics.key_type(model) = 'text', ARRAY['name']),
        CASE WHEN NOT by_hand THEN ' AND l.place > 1' END);
END
$unknown$;
COMMENT ON FUNCTION csmetrics.unknown_crm_keys(text) IS
'Internal: how many rows of accounts of each connected vendor note a key of the CRM that is that of no account, and '
'the first five';

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
    by_hand := csmetrics.accounts_by_hand(model);
    SELECT array_agg(c.name ORDER BY c.position) INTO names FROM csmetrics.source_column c
    WHERE c.source = 'account' AND c.name NOT IN ('account_id', 'misread');
    tables := csmetrics.identity_query(model, vendors, by_hand, csmetrics.key_type(model) = 'text', names);
    IF vendors IS NOT NULL THEN
        identities := format(
            'SELECT DISTINCT ON (i.vendor, i.account_key) i.vendor, i.account_key, i.account_id, i.matched_by
             FROM (SELECT vendor, account_key, account_id, matched_by FROM resolved WHERE account_id IS NOT NULL
                   UNION ALL
                   SELECT m.vendor, m.account_key, coalesce(g.account_id, m.account_id), ''mapping''
                   FROM %I.account_identity m LEFT JOIN lost g ON g.key = m.account_id::text
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
