-- Connectors: the tables of a vendor, as a sync tool lays them out, read as the sources of a model.
--
-- What a vendor looks like is data: its tables and columns, and a query for each source. A file a vendor adds
-- its rows; users add theirs.

-- Reading what vendors wrote.

CREATE FUNCTION company_domain(address text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    host text := pg_catalog.lower(pg_catalog.btrim(address));
BEGIN
    IF pg_catalog.strpos(host, '://') > 0 THEN
        host := pg_catalog.split_part(host, '://', 2);
    END IF;
    host := pg_catalog.split_part(pg_catalog.split_part(pg_catalog.split_part(host, '/', 1), '?', 1), '#', 1);
    IF pg_catalog.strpos(host, '@') > 0 THEN
        host := pg_catalog.split_part(host, '@', -1);
    END IF;
    host := pg_catalog.rtrim(pg_catalog.split_part(host, ':', 1), '.>');
    IF pg_catalog.starts_with(host, 'www.') THEN
        host := pg_catalog.substr(host, 5);
    END IF;
    IF host OPERATOR(pg_catalog.~) '^([a-z0-9][a-z0-9-]*\.)+[a-z][a-z0-9-]+$' AND host OPERATOR(pg_catalog.<>) ALL ('{gmail.com,googlemail.com,outlook.com,hotmail.com,hotmail.co.uk,hotmail.fr,live.com,msn.com,yahoo.com,yahoo.co.uk,yahoo.co.jp,yahoo.fr,yahoo.de,ymail.com,rocketmail.com,icloud.com,me.com,mac.com,aol.com,gmx.com,gmx.de,gmx.net,gmx.at,gmx.ch,web.de,t-online.de,freenet.de,mail.com,email.com,mail.ru,bk.ru,inbox.ru,list.ru,yandex.ru,yandex.com,proton.me,protonmail.com,pm.me,tutanota.com,tuta.io,fastmail.com,hey.com,zoho.com,qq.com,163.com,126.com,sina.com,naver.com,daum.net,hanmail.net,orange.fr,wanadoo.fr,free.fr,laposte.net,sfr.fr,libero.it,virgilio.it,uol.com.br,bol.com.br,terra.com.br,rediffmail.com,comcast.net,verizon.net,att.net,sbcglobal.net,btinternet.com,bigpond.com,shaw.ca,rogers.com,seznam.cz,wp.pl,o2.pl,onet.pl,interia.pl}'::pg_catalog.text[]) THEN
        RETURN host;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION company_domain(text) IS
'The domain of a company from a website or an e-mail address, in lower case and without www; NULL for domains of free mail, for what is neither, and for NULL. company_domain(''https://www.Acme.com/about'') is acme.com.';

CREATE FUNCTION minor_units(currency text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN upper(currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1
            WHEN upper(currency) IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000 ELSE 100 END;
COMMENT ON FUNCTION minor_units(text) IS
'How many of the units in which billing systems write amounts make one of the currency (ISO 4217 code): 100, 1 where there are no cents (JPY), 1000 where there are three decimals (KWD). ISK, UGX and HUF are written in hundredths. NULL for NULL.';

CREATE FUNCTION instant_of(written text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN written = '' THEN NULL
            WHEN written ~ '^\d{9,14}(\.\d+)?$' THEN to_timestamp(written::numeric / CASE WHEN written::numeric > 1e11 THEN 1000 ELSE 1 END)
            WHEN written ~* '(\d:\d\d(:\d\d)?(\.\d+)?\s*[+-]\d\d(:?\d\d)?|Z|UTC|GMT)$' THEN written::timestamptz
            ELSE written::timestamp AT TIME ZONE 'UTC' END;
COMMENT ON FUNCTION instant_of(text) IS
'The instant that a text stands for: with its zone where it names one, else in UTC, whatever the time zone of the session; digits alone are seconds or milliseconds since 1970. NULL for NULL and the empty text; what is no time: SQLSTATE 22007.';

CREATE FUNCTION squeezed(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN lower(regexp_replace(name, '[_ ]', '', 'g'));
COMMENT ON FUNCTION squeezed(text) IS 'Internal: a name without underscores, blanks and capitals: OwnerId is owner_id';

CREATE FUNCTION read_as(reference text, given regtype, wanted regtype) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE
            WHEN given = wanted THEN reference
            WHEN typcategory = 'S' AND wanted = 'timestamptz'::regtype THEN format('csmetrics.instant_of(%s::text)', reference)
            WHEN typcategory = 'S' AND wanted <> 'text'::regtype THEN format('CAST(nullif(%s::text, '''') AS %s)', reference, wanted)
            WHEN typcategory = 'N' AND wanted = 'timestamptz'::regtype THEN format('csmetrics.instant_of(%s::text)', reference)
            WHEN typcategory = 'N' AND wanted = 'boolean'::regtype THEN format('(%s <> 0)', reference)
            WHEN given IN ('timestamp'::regtype, 'date'::regtype) AND wanted = 'timestamptz'::regtype THEN format('(%s::timestamp AT TIME ZONE ''UTC'')', reference)
            ELSE format('CAST(%s AS %s)', reference, wanted) END
        FROM pg_type WHERE oid = given);
COMMENT ON FUNCTION read_as(text, regtype, regtype) IS 'Internal: SQL that reads a column of one type as another; in texts the empty one is NULL, instants without zone are in UTC';

CREATE FUNCTION connector_tables(vendor text, schema_name text, OUT table_name text, OUT relation oid, OUT selection text, OUT complaints text[]) RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    wanted record;
    found_type regtype;
    found_name text;
    selected text[];
BEGIN
    FOR table_name, relation IN
        SELECT t.table_name, (SELECT c.oid
                              FROM unnest(t.table_name || t.other_names) WITH ORDINALITY n(name, place), pg_class c,
                                   LATERAL (SELECT CASE WHEN c.relname = n.name THEN 1 WHEN squeezed(c.relname) = squeezed(n.name) THEN 2
                                                        -- in the plural
                                                        WHEN squeezed(c.relname) IN (squeezed(n.name) || 's', squeezed(n.name) || 'es', regexp_replace(squeezed(n.name), 'y$', 'ies')) THEN 3 END AS likeness) l
                              WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = schema_name) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND likeness IS NOT NULL
                              ORDER BY place, likeness, c.relname LIMIT 1)
        FROM connector_table t WHERE t.vendor = connector_tables.vendor ORDER BY t.table_name
    LOOP
        complaints := '{}';
        selected := '{}';
        FOR wanted IN
            SELECT c.column_name, c.type::regtype AS type, c.required, a.attname, a.atttypid::regtype AS given
            FROM connector_column c
                 LEFT JOIN LATERAL (SELECT a.attname, a.atttypid
                                    FROM unnest(c.column_name || c.other_names) WITH ORDINALITY n(name, place)
                                    JOIN pg_attribute a ON a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND squeezed(a.attname) = squeezed(n.name)
                                    ORDER BY place, a.attname <> n.name, a.attname LIMIT 1) a ON true
            WHERE c.vendor = connector_tables.vendor AND c.table_name = connector_tables.table_name
            ORDER BY c.required DESC, c.column_name
        LOOP
            IF wanted.attname IS NULL THEN
                selected := selected || format('NULL::%s AS %I', wanted.type, wanted.column_name);
                IF relation IS NOT NULL AND wanted.required THEN
                    complaints := complaints || format('table %s: missing column %s (%s)', relation::regclass, wanted.column_name, wanted.type);
                END IF;
            ELSE
                BEGIN
                    EXECUTE format('SELECT %s FROM (SELECT NULL::%s AS c) AS t', read_as('t.c', wanted.given, wanted.type), wanted.given);
                EXCEPTION WHEN cannot_coerce OR undefined_function THEN
                    complaints := complaints || format('table %s: column %s of type %s cannot be cast to %s', relation::regclass, wanted.attname, wanted.given, wanted.type);
                END;
                selected := selected || format('%s AS %I', read_as(format('t.%I', wanted.attname), wanted.given, wanted.type), wanted.column_name);
            END IF;
        END LOOP;
        selection := format('(SELECT %s %s)', array_to_string(selected, ', '),
                            coalesce((SELECT format('FROM %I.%I AS t', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation), 'WHERE false'));
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION connector_tables(text, text) IS 'Internal: the tables of a vendor as they are found in a schema: what stands for each in queries, and what is wrong with it';

CREATE FUNCTION filled_in(query text, placeholders jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
-- piece by piece, so that what is filled in is not searched again
RETURN (SELECT string_agg(coalesce(placeholders ->> substring(piece FROM '^\{([A-Za-z0-9_]+)\}$'), piece), '' ORDER BY place)
        FROM regexp_split_to_table(regexp_replace(query, '(\{[A-Za-z0-9_]+\})', E'\x01\\1\x01', 'g'), E'\x01') WITH ORDINALITY p(piece, place));
COMMENT ON FUNCTION filled_in(text, jsonb) IS 'Internal: the query with its {placeholders} replaced';

CREATE FUNCTION vendor_query(vendor text, schema_name text, source text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
BEGIN
    RETURN (SELECT filled_in(s.query, (SELECT jsonb_object_agg(t.table_name, t.selection) FROM connector_tables(vendor_query.vendor, vendor_query.schema_name) t))
            FROM connector_source s WHERE s.vendor = vendor_query.vendor AND s.source = vendor_query.source);
END
$$;
COMMENT ON FUNCTION vendor_query(text, text, text) IS 'Internal: the query of a vendor for a source, over the tables of a schema';

CREATE FUNCTION with_connector(model text, view_name text, query text) RETURNS text
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    body text;
BEGIN
    IF query LIKE '%{connector}%' THEN
        EXECUTE format('SELECT vendor_query(c.vendor, c.schema_name, v.source) FROM %1$I.connection c JOIN %1$I.connection_view v USING (vendor) WHERE v.view_name = $1', model)
            INTO body USING view_name;
        -- spelled out in full, since the caller has a search_path of his own
        EXECUTE format(E'CREATE TEMPORARY VIEW csmetrics_connector AS SELECT * FROM (%s\n) AS query', body);
        PERFORM set_config('search_path', 'pg_catalog', true);
        body := rtrim(pg_get_viewdef('pg_temp.csmetrics_connector'::regclass), '; ');
        DROP VIEW pg_temp.csmetrics_connector;
        RETURN csmetrics.filled_in(query, jsonb_build_object('connector', format('(%s)', body)));
    END IF;
    RETURN with_connector.query;
END
$$;
COMMENT ON FUNCTION with_connector(text, text, text) IS 'Internal: the query with {connector} replaced by what connect() reads for the view';
