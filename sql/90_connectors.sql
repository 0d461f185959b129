-- Connectors: the tables of a vendor, as a sync tool lays them out, read as the sources of a model.
--
-- What a vendor looks like is data: its tables and columns, and a query for each source. A file a vendor adds
-- its rows; users add theirs.

-- The parts of the vendors fill these anew; what users added stays.
DELETE FROM csmetrics.connector WHERE built_in;

-- Reading what vendors wrote.

CREATE OR REPLACE FUNCTION csmetrics.company_domain(address text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    host text := pg_catalog.lower(pg_catalog.btrim(address));
    rest text;
BEGIN
    IF pg_catalog.strpos(host, '://') OPERATOR(pg_catalog.>) 0 THEN
        host := pg_catalog.split_part(host, '://', 2);
    END IF;
    host := pg_catalog.split_part(pg_catalog.split_part(pg_catalog.split_part(host, '/', 1), '?', 1), '#', 1);
    IF pg_catalog.strpos(host, '@') OPERATOR(pg_catalog.>) 0 THEN
        host := pg_catalog.split_part(host, '@', -1);
    END IF;
    host := pg_catalog.rtrim(pg_catalog.split_part(host, ':', 1), '.>');
    IF pg_catalog.starts_with(host, 'www.') THEN
        host := pg_catalog.substr(host, 5);
    END IF;
    IF host OPERATOR(pg_catalog.!~) '^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]+$'
       -- mail that has a domain in each country; not those that stand for something else, such as .io
       OR host OPERATOR(pg_catalog.~)
          ('(^|\.)((hotmail|outlook|live|msn|windowslive|yahoo|ymail|rocketmail|gmx|aol|gmail|googlemail|yandex|zoho'
           '|icloud|proton(mail)?|tuta(nota)?|fastmail|hushmail|tiscali|wanadoo|freenet|lycos|excite|caramail)'
           '\.(com|net|org|fm|info|(com?|net?|org)\.[a-z]{2}|(?!ai|co|gg|io|ly|me|sh|so|to|tv|vc)[a-z]{2})'
           '|(orange|vodafone|tele2|telia|telenor|movistar|t-online|chello|upcmail|inbox|mail|terra)'
           '\.((com?|net?)\.)?(?!ai|co|gg|io|ly|me|sh|so|to|tv|vc)[a-z]{2})$') THEN
        RETURN NULL;
    END IF;
    rest := host;
    WHILE pg_catalog.strpos(rest, '.') OPERATOR(pg_catalog.>) 0 LOOP
        IF rest OPERATOR(pg_catalog.=) ANY (csmetrics.mail_domains())
           OR rest OPERATOR(pg_catalog.=) ANY (csmetrics.shared_hosts()) THEN
            RETURN NULL;
        END IF;
        rest := pg_catalog.substr(rest, pg_catalog.strpos(rest, '.') OPERATOR(pg_catalog.+) 1);
    END LOOP;
    RETURN host;
END
$$;
COMMENT ON FUNCTION csmetrics.company_domain(text) IS
'The domain of a company from a website or an e-mail address, in lower case and without www; NULL for domains of free '
'mail, of providers, and of hosts that many share, for what is neither, and for NULL. '
'company_domain(''https://www.Acme.com/about'') is acme.com.';

CREATE OR REPLACE FUNCTION csmetrics.minor_units(currency text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN upper(currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV',
                                     'XAF', 'XOF', 'XPF') THEN 1
            WHEN upper(currency) IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000 ELSE 100 END;
COMMENT ON FUNCTION csmetrics.minor_units(text) IS
'How many of the units in which billing systems write amounts make one of the currency (ISO 4217 code): 100, 1 where '
'there are no cents (JPY), 1000 where there are three decimals (KWD). ISK, UGX and HUF are written in hundredths. NULL '
'for NULL.';

CREATE OR REPLACE FUNCTION csmetrics.readable_instant_of(written text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN written ~ '^\d{9,14}(\.\d+)?$'
            THEN to_timestamp(written::numeric / CASE WHEN written::numeric > 1e11 THEN 1000 ELSE 1 END)
            ELSE csmetrics.readable_instant(written) END;
COMMENT ON FUNCTION csmetrics.readable_instant_of(text) IS 'What instant_of reads; NULL where it is none.';

CREATE OR REPLACE FUNCTION csmetrics.instant_of(written text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN written <> '' THEN coalesce(csmetrics.readable_instant_of(written),
                                             csmetrics.strict_instant(written)) END;
COMMENT ON FUNCTION csmetrics.instant_of(text) IS
'The instant that a text stands for, as strict_instant reads it in UTC; digits alone, 9 to 14 of them, are seconds or '
'milliseconds since 1970. NULL for NULL and the empty text; what is no time: SQLSTATE 22007.';

CREATE OR REPLACE FUNCTION csmetrics.unit_length(unit text) RETURNS interval
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    length interval := CASE rtrim(lower(unit), 's') WHEN 'hour' THEN interval '1 hour' WHEN 'day' THEN interval '1 day'
                            WHEN 'week' THEN interval '1 week' WHEN 'month' THEN interval '1 month'
                            WHEN 'quarter' THEN interval '3 months' WHEN 'year' THEN interval '1 year' END;
BEGIN
    IF length IS NULL THEN
        RAISE EXCEPTION 'unit "%" is none of hour, day, week, month, quarter and year', unit
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN length;
END
$$;
COMMENT ON FUNCTION csmetrics.unit_length(text) IS
'The length of an hour, a day, a week, a month, a quarter or a year, by that word, also in the plural. NULL for NULL; '
'another word: SQLSTATE 22023.';

CREATE OR REPLACE FUNCTION csmetrics.squeezed(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN lower(regexp_replace(name, '[_ ]', '', 'g'));
COMMENT ON FUNCTION csmetrics.squeezed(text) IS
'Internal: a name without underscores, blanks and capitals: OwnerId is owner_id';

CREATE OR REPLACE FUNCTION csmetrics.read_as(reference text, given regtype, wanted regtype) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE
            WHEN given = wanted THEN reference
            WHEN t.typcategory = 'S' AND wanted = 'timestamptz'::regtype
                THEN format('csmetrics.readable_instant_of(%s::text)', reference)
            -- not in the form of floating point, which hangs on the session
            WHEN t.typcategory = 'N' AND wanted = 'timestamptz'::regtype
                THEN format('csmetrics.readable_instant_of(%s::numeric::text)', reference)
            WHEN t.typcategory = 'S' AND csmetrics.strict_function(wanted) IS NOT NULL
                THEN format('csmetrics.readable_%s(nullif(%s::text, ''''))', csmetrics.strict_function(wanted),
                            reference)
            WHEN t.typcategory = 'S' AND wanted <> 'text'::regtype
                THEN format('CAST(nullif(%s::text, '''') AS %s)', reference, wanted)
            WHEN t.typcategory = 'N' AND wanted = 'boolean'::regtype THEN format('(%s <> 0)', reference)
            WHEN given IN ('timestamp'::regtype, 'date'::regtype) AND wanted = 'timestamptz'::regtype
                THEN format('(%s::timestamp AT TIME ZONE ''UTC'')', reference)
            ELSE format('CAST(%s AS %s)', reference, wanted) END
        FROM pg_type t WHERE t.oid = given);
COMMENT ON FUNCTION csmetrics.read_as(text, regtype, regtype) IS
'Internal: SQL that reads a column of one type as another; in texts the empty one is NULL, and so is what is no value '
'of the type; instants without zone are in UTC';

CREATE OR REPLACE FUNCTION csmetrics.misread_as(reference text, name text, given regtype, wanted regtype) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE
            WHEN t.typcategory = 'S' AND wanted = 'timestamptz'::regtype
                THEN format('CASE WHEN csmetrics.readable_instant_of(%1$s::text) IS NULL '
                            'THEN csmetrics.misread(%2$L, nullif(%1$s::text, ''''), ''timestamptz'') END', reference,
                            name)
            WHEN t.typcategory = 'N' AND wanted = 'timestamptz'::regtype
                THEN format('CASE WHEN csmetrics.readable_instant_of(%1$s::numeric::text) IS NULL '
                            'THEN csmetrics.misread(%2$L, %1$s::numeric::text, ''timestamptz'') END', reference, name)
            WHEN t.typcategory = 'S' AND csmetrics.strict_function(wanted) IS NOT NULL
                THEN format('csmetrics.misread(%L, nullif(%s::text, ''''), %L)', name, reference, wanted) END
        FROM pg_type t WHERE t.oid = given);
COMMENT ON FUNCTION csmetrics.misread_as(text, text, regtype, regtype) IS
'Internal: SQL of why a column is not read as that type, NULL where it is; NULL: it always is';

-- The tables of a vendor as they are found in a schema.

CREATE OR REPLACE FUNCTION csmetrics.found_table(schema_name text, names text[]) RETURNS oid
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.oid
    FROM unnest(names) WITH ORDINALITY n(name, place), pg_class c,
         LATERAL (SELECT csmetrics.squeezed(c.relname::text) AS found, csmetrics.squeezed(n.name) AS wanted) s,
         LATERAL (SELECT CASE WHEN c.relname = n.name THEN 1
                              WHEN s.found = s.wanted THEN 2
                              -- in the plural
                              WHEN s.found IN (s.wanted || 's', s.wanted || 'es', regexp_replace(s.wanted, 'y$', 'ies'))
                              THEN 3 END AS likeness) l
    WHERE c.relnamespace = (SELECT n.oid FROM pg_namespace n WHERE n.nspname = schema_name)
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND l.likeness IS NOT NULL
    ORDER BY n.place, l.likeness, c.relname
    LIMIT 1;
END;
COMMENT ON FUNCTION csmetrics.found_table(text, text[]) IS
'Internal: the table of a schema that has the first of these names, or one like it; NULL: none';

CREATE OR REPLACE FUNCTION csmetrics.found_column(
    relation oid, names text[], OUT name text, OUT type regtype, OUT reference text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- a.b.c is a field of a JSON column, or what a column of texts has in place of such an object
    SELECT a.attname::text, CASE WHEN f.path IS NULL THEN a.atttypid::regtype ELSE 'text'::regtype END,
           CASE WHEN f.path IS NULL THEN format('t.%I', a.attname)
                WHEN y.typcategory <> 'S' THEN format('(t.%I::jsonb #>> %L)', a.attname, f.path)
                ELSE format('CASE WHEN ltrim(t.%1$I::text) LIKE ''{%%'' THEN t.%1$I::text::jsonb #>> %2$L '
                            'ELSE t.%1$I::text END', a.attname, f.path) END
    FROM unnest(names) WITH ORDINALITY n(name, place)
         CROSS JOIN LATERAL (SELECT split_part(n.name, '.', 1) AS of_column,
                                    CASE WHEN n.name LIKE '%.%'
                                         THEN (string_to_array(n.name, '.'))[2:] END AS path) f
         JOIN pg_attribute a ON csmetrics.squeezed(a.attname::text) = csmetrics.squeezed(f.of_column)
         JOIN pg_type y ON y.oid = a.atttypid
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
      AND (f.path IS NULL OR y.typcategory = 'S' OR a.atttypid IN ('json'::regtype, 'jsonb'::regtype))
    ORDER BY n.place, a.attname <> f.of_column, a.attname
    LIMIT 1;
END;
COMMENT ON FUNCTION csmetrics.found_column(oid, text[]) IS
'Internal: the column of a table, alias t, that has the first of these names, its type and SQL that reads it; a name '
'a.b is field b of the objects in JSON column a; NULL: none';

CREATE OR REPLACE FUNCTION csmetrics.can_be_read(given regtype, wanted regtype) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('SELECT %s FROM (SELECT NULL::%s AS c) AS t', csmetrics.read_as('t.c', given, wanted), given);
    RETURN true;
EXCEPTION WHEN cannot_coerce OR undefined_function THEN
    RETURN false;
END
$$;
COMMENT ON FUNCTION csmetrics.can_be_read(regtype, regtype) IS 'Internal: can a column of one type be read as another?';

CREATE OR REPLACE FUNCTION csmetrics.qualified(relation oid) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = relation);
COMMENT ON FUNCTION csmetrics.qualified(oid) IS 'Internal: the name of a table with its schema; NULL: there is none';

CREATE OR REPLACE FUNCTION csmetrics.misread_in(vendor text, table_name text, relation oid) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT format('pg_catalog.concat_ws(''; '', %s)', string_agg(unread, ', ' ORDER BY c.column_name))
    FROM csmetrics.connector_column c
         CROSS JOIN csmetrics.found_column(relation, c.column_name || c.other_names) a
         CROSS JOIN csmetrics.misread_as(a.reference, a.name, a.type, c.type::regtype) unread
    WHERE (c.vendor, c.table_name) = (misread_in.vendor, misread_in.table_name)
    HAVING count(unread) > 0;
END;
COMMENT ON FUNCTION csmetrics.misread_in(text, text, oid) IS
'Internal: SQL of what of a row of a table of a vendor is not read as the types that its columns have, and why, empty '
'where all is; NULL: it always is';

-- Rows once. Syncs that append leave every version of a row in its table; of those with one key the latest counts, and
-- one that is deleted is what it was when it was last seen, with the mark. Where an index says that a key is there
-- once, a table is read as it is.

CREATE OR REPLACE FUNCTION csmetrics.deletion_mark(relation oid, names text[] DEFAULT '{}') RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT '(' || string_agg(
               CASE WHEN y.typcategory = 'B' THEN format('coalesce(t.%I, false)', a.attname)
                    WHEN csmetrics.squeezed(a.attname::text) LIKE '%at'
                    THEN format('nullif(t.%I::text, '''') IS NOT NULL', a.attname)
                    ELSE format('coalesce(csmetrics.readable_boolean(t.%I::text), false)', a.attname) END,
               ' OR ' ORDER BY a.attnum) || ')'
    FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
      AND csmetrics.squeezed(a.attname::text) IN (
          SELECT csmetrics.squeezed(n) FROM unnest(names || '{is_deleted,deleted,_fivetran_deleted,_ab_cdc_deleted_at,
                                                             _sdc_deleted_at,deleted_at}'::text[]) n);
END;
COMMENT ON FUNCTION csmetrics.deletion_mark(oid, text[]) IS
'Internal: SQL of whether a sync or its vendor has marked a row of a table as deleted, by columns of these and the '
'usual names; NULL: there are none';

CREATE OR REPLACE FUNCTION csmetrics.sync_stamp(relation oid, of_sync boolean DEFAULT true) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT csmetrics.read_as(c.reference, c.type, 'timestamptz'::regtype)
        FROM csmetrics.found_column(relation, CASE WHEN of_sync
            THEN '{_fivetran_synced,_airbyte_extracted_at,_airbyte_emitted_at,_airbyte_normalized_at,_sdc_extracted_at,
                   _sdc_received_at,_sdc_batched_at,_dlt_load_id,_synced_at}'::text[]
            ELSE '{updated_at,updated,last_updated_at,system_modstamp,last_modified_date,property_hs_lastmodifieddate,
                   properties_hs_lastmodifieddate,_ab_cdc_updated_at,modified_at}'::text[] END) c
        WHERE c.name IS NOT NULL AND csmetrics.can_be_read(c.type, 'timestamptz'::regtype));
COMMENT ON FUNCTION csmetrics.sync_stamp(oid, boolean) IS
'Internal: SQL of when a row of a table was synced or, not of_sync, last changed at the vendor; NULL: no column says';

CREATE OR REPLACE FUNCTION csmetrics.is_there_once(relation oid, names text[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT 1 FROM pg_index i
               WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND i.indimmediate
                 AND i.indpred IS NULL AND i.indexprs IS NULL
                 AND NOT EXISTS (SELECT 1 FROM unnest(i.indkey::smallint[]) WITH ORDINALITY k(attnum, place)
                                 JOIN pg_attribute a ON a.attrelid = relation AND a.attnum = k.attnum
                                 WHERE k.place <= i.indnkeyatts AND a.attname <> ALL (names)));
COMMENT ON FUNCTION csmetrics.is_there_once(oid, text[]) IS
'Internal: does an index keep a table from having these columns alike in two rows?';

CREATE OR REPLACE FUNCTION csmetrics.key_columns(
    vendor text, table_name text, relation oid, OUT names text[], OUT keys text[])
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted text[] := (SELECT t.keys FROM csmetrics.connector_table t
                      WHERE (t.vendor, t.table_name) = (key_columns.vendor, key_columns.table_name));
BEGIN
    SELECT array_agg(a.name ORDER BY c.column_name), array_agg(a.reference ORDER BY c.column_name) INTO names, keys
    FROM csmetrics.connector_column c, csmetrics.found_column(relation, c.column_name || c.other_names) a
    WHERE relation IS NOT NULL AND (c.vendor, c.table_name) = (key_columns.vendor, key_columns.table_name)
      AND a.name IS NOT NULL
      AND c.column_name = ANY (wanted);
    IF relation IS NULL OR wanted = '{}' THEN
        names := NULL;
        RETURN;
    ELSIF names IS NOT NULL THEN
        -- rows of which no key is known are told apart by all that they hold
        keys := keys || (
            SELECT format('CASE WHEN num_nonnulls(%s) = 0 THEN csmetrics.row_digest(%s) END',
                          array_to_string(keys, ', '), string_agg(p.digest, ', '))
            FROM (SELECT format('csmetrics.row_digest(%s)', string_agg(format('t.%I', o.attname), ', ')) AS digest
                  FROM (SELECT a.attname, row_number() OVER (ORDER BY a.attnum) AS place
                        FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
                        WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
                          AND y.typcategory IN ('B', 'D', 'E', 'N', 'S', 'T')) o
                  -- a function takes a hundred arguments at most, and a table has more columns
                  GROUP BY o.place / 90) p);
        RETURN;
    END IF;
    -- without its key a row is told by all of its columns; of events that one is, where a sync appends
    SELECT array_agg(a.attname), array_agg(format('t.%I', a.attname)) INTO names, keys
    FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
      AND a.attname !~ '^(_fivetran|_airbyte|_sdc|_dlt|_ab_|num_)' AND a.attname <> ALL ('{is_deleted,deleted}')
      AND (y.typcategory IN ('B', 'D', 'E', 'N', 'S', 'T') OR y.oid IN ('uuid'::regtype, 'jsonb'::regtype))
      AND ('*' <> ALL (wanted)
           OR EXISTS (SELECT 1 FROM pg_attribute s
                      WHERE s.attrelid = relation AND s.attname ~ '^(_airbyte|_sdc|_dlt)'));
END
$$;
COMMENT ON FUNCTION csmetrics.key_columns(text, text, oid) IS
'Internal: the columns that tell rows of a table of a vendor apart, and SQL that reads them; NULL: nothing does';

CREATE OR REPLACE FUNCTION csmetrics.latest_first(relation oid) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    synced text := csmetrics.sync_stamp(relation);
    changed text := csmetrics.sync_stamp(relation, false);
    terms text[];
BEGIN
    SELECT array_agg(csmetrics.read_as(c.reference, c.type, v.type::regtype) || ' DESC NULLS LAST' ORDER BY v.name)
    INTO terms
    FROM (VALUES ('_fivetran_active', 'boolean'), ('_fivetran_start', 'timestamptz')) v(name, type)
         CROSS JOIN csmetrics.found_column(relation, ARRAY[v.name]) c
    WHERE c.name IS NOT NULL;
    -- a row that says no more than that it is deleted has no time of change
    terms := terms || CASE WHEN coalesce(changed, synced) IS NOT NULL
                           THEN format('coalesce(%s) DESC NULLS LAST', concat_ws(', ', changed, synced)) END
        || CASE WHEN changed IS NOT NULL THEN synced || ' DESC NULLS LAST' END
        || (SELECT c.reference || ' DESC NULLS LAST'
            FROM csmetrics.found_column(relation, '{_ab_cdc_lsn,_sdc_sequence}') c WHERE c.name IS NOT NULL);
    RETURN nullif(array_to_string(terms, ', '), '');
END
$$;
COMMENT ON FUNCTION csmetrics.latest_first(oid) IS
'Internal: by what the rows of a table are ordered so that the latest comes first; NULL: nothing says which is';

CREATE OR REPLACE FUNCTION csmetrics.columns_read(
    vendor text, table_name text, relation oid, of_latest boolean, OUT selected text[], OUT complaints text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted record;
    read text;
    mark text;
    stamp text := CASE WHEN relation IS NOT NULL THEN csmetrics.sync_stamp(relation) END;
BEGIN
    complaints := '{}';
    FOR wanted IN
        SELECT c.column_name, c.type::regtype AS type, c.required, a.*, c.other_names
        FROM csmetrics.connector_column c
             CROSS JOIN csmetrics.found_column(relation, c.column_name || c.other_names) a(name, given, reference)
        WHERE (c.vendor, c.table_name) = (columns_read.vendor, columns_read.table_name)
        ORDER BY c.required DESC, c.column_name
    LOOP
        IF wanted.name IS NOT NULL AND NOT csmetrics.can_be_read(wanted.given, wanted.type) THEN
            complaints := complaints || format('table %s: column %s of type %s cannot be cast to %s',
                                               relation::regclass, wanted.name, wanted.given, wanted.type);
        ELSIF relation IS NOT NULL AND wanted.name IS NULL AND wanted.required THEN
            complaints := complaints || format('table %s: missing column %s (%s)', relation::regclass,
                                               wanted.column_name, wanted.type);
        END IF;
        read := CASE WHEN wanted.name IS NOT NULL
                     THEN csmetrics.read_as(wanted.reference, wanted.given, wanted.type) END;
        IF relation IS NULL THEN
            NULL;
        ELSIF wanted.column_name ~ '(master_record_id|merged_object_ids)$' AND of_latest AND read IS NOT NULL THEN
            -- the row that says that it is deleted may be the only one that says what it was merged into, or may not
            read := format('CASE WHEN first_value(%s) OVER latest THEN max(%s) OVER every ELSE %2$s END',
                           csmetrics.deletion_mark(relation), read);
        ELSIF wanted.column_name IN ('is_deleted', '_fivetran_deleted') THEN
            mark := csmetrics.deletion_mark(relation, wanted.other_names);
            read := CASE WHEN of_latest THEN format('first_value(%s) OVER latest', mark) ELSE mark END;
        ELSIF wanted.column_name = '_fivetran_synced' THEN
            mark := csmetrics.deletion_mark(relation);
            -- gone since it was first said to be
            read := coalesce(CASE WHEN of_latest
                                       AND stamp IS NOT NULL
                                  THEN format('CASE WHEN first_value(%1$s) OVER latest THEN min(%2$s) '
                                              'FILTER (WHERE %1$s) OVER every ELSE %2$s END', mark, stamp) END,
                             stamp);
        END IF;
        selected := selected || format('%s AS %I', coalesce(read, 'NULL::' || wanted.type), wanted.column_name);
    END LOOP;
END
$$;
COMMENT ON FUNCTION csmetrics.columns_read(text, text, oid, boolean) IS
'Internal: SQL of the columns of a table of a vendor as they are declared, of_latest: of the latest row of a key, with '
'windows latest and every; and what is wrong with them';

CREATE OR REPLACE FUNCTION csmetrics.selection_of(
    vendor text, table_name text, relation oid, unread text, OUT selection text, OUT complaints text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    key record := csmetrics.key_columns(vendor, table_name, relation);
    is_repeated boolean := key.names IS NOT NULL AND NOT csmetrics.is_there_once(relation, key.names);
    keys text := array_to_string(key.keys, ', ');
    mark text;
    latest text;
    rest text;
    columns record;
BEGIN
    IF is_repeated THEN
        mark := csmetrics.deletion_mark(relation);
        latest := csmetrics.latest_first(relation);
        SELECT string_agg(a.reference, ', ' ORDER BY c.column_name) INTO rest
        FROM csmetrics.connector_column c, csmetrics.found_column(relation, c.column_name || c.other_names) a, pg_type y
        WHERE (c.vendor, c.table_name) = (selection_of.vendor, selection_of.table_name)
          AND y.oid = a.type AND y.typcategory IN ('B', 'D', 'E', 'N', 'S', 'T') AND a.name <> ALL (key.names);
    END IF;
    columns := csmetrics.columns_read(vendor, table_name, relation, mark IS NOT NULL);
    complaints := columns.complaints;
    selection := format('(SELECT %s%s %s%s%s%s)',
        CASE WHEN is_repeated THEN format('DISTINCT ON (%s) ', keys) END, array_to_string(columns.selected, ', '),
        coalesce('FROM ' || csmetrics.qualified(relation) || ' AS t', 'WHERE false'),
        -- the planner takes it that this, unlike = '' or IS NULL, is true of most
        ' WHERE ' || unread || ' NOT LIKE ''column %''',
        CASE WHEN mark IS NOT NULL
             THEN format(' WINDOW every AS (PARTITION BY %1$s), latest AS (PARTITION BY %1$s ORDER BY %2$s)', keys,
                         concat_ws(', ', latest, mark || ' DESC', rest)) END,
        CASE WHEN is_repeated THEN ' ORDER BY ' || concat_ws(', ', keys, mark, latest, rest) END);
END
$$;
COMMENT ON FUNCTION csmetrics.selection_of(text, text, oid, text) IS
'Internal: what stands for a table of a vendor in queries, each row once, but for those that are not read, and what is '
'wrong with its columns';

CREATE OR REPLACE FUNCTION csmetrics.connector_tables(
    vendor text, schema_name text, OUT table_name text, OUT relation oid, OUT selection text, OUT complaints text[],
    OUT misread text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unread text;
BEGIN
    FOR table_name, relation IN
        SELECT t.table_name, csmetrics.found_table(schema_name, t.table_name || t.other_names)
        FROM csmetrics.connector_table t WHERE t.vendor = connector_tables.vendor ORDER BY t.table_name
    LOOP
        unread := csmetrics.misread_in(vendor, table_name, relation);
        misread := 'SELECT ' || quote_literal('table ' || csmetrics.qualified(relation) || ', row ') || ' || '
            || coalesce((SELECT format('t.%I', a.name) FROM csmetrics.found_column(relation, '{id}') a
                         WHERE a.name IS NOT NULL), 't.ctid')
            || '::text || '', '' || ' || unread || ' AS misread FROM ' || csmetrics.qualified(relation)
            || ' AS t WHERE ' || unread || ' LIKE ''column %''';
        SELECT s.selection, s.complaints INTO selection, complaints
        FROM csmetrics.selection_of(vendor, table_name, relation, unread) s;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION csmetrics.connector_tables(text, text) IS
'Internal: the tables of a vendor as they are found in a schema: what stands for each in queries, what is wrong with '
'it, and a query of its rows that are not read, and so left out; NULL: all are';

-- Its queries.

CREATE OR REPLACE FUNCTION csmetrics.filled_in(query text, placeholders jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
-- piece by piece, so that what is filled in is not searched again
RETURN (SELECT string_agg(coalesce(placeholders ->> substring(piece FROM '^\{([A-Za-z0-9_]+)\}$'), piece), ''
                          ORDER BY place)
        FROM regexp_split_to_table(regexp_replace(query, '(\{[A-Za-z0-9_]+\})', E'\x01\\1\x01', 'g'), E'\x01')
             WITH ORDINALITY p(piece, place));
COMMENT ON FUNCTION csmetrics.filled_in(text, jsonb) IS 'Internal: the query with its {placeholders} replaced';

CREATE OR REPLACE FUNCTION csmetrics.what_was_observed(vendor text, model text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('(SELECT o.item_key, o.subscription_key, o.from_at, o.charge, o.currency, o.unit, o.unit_count, '
                      'o.product_id, o.product, o.is_gone FROM %s AS o WHERE o.vendor = %L)',
                      coalesce(csmetrics.qualified(csmetrics.relation(model, 'observed_charge')::oid),
                               '(SELECT NULL::text AS vendor, NULL::text AS item_key, NULL::text AS subscription_key, '
                               'NULL::timestamptz AS from_at, NULL::numeric AS charge, NULL::text AS currency, '
                               'NULL::text AS unit, NULL::integer AS unit_count, NULL::text AS product_id, '
                               'NULL::text AS product, NULL::boolean AS is_gone WHERE false)'), vendor));
COMMENT ON FUNCTION csmetrics.what_was_observed(text, text) IS
'Internal: what stands for {observed} in queries of a vendor: what refreshes of the model saw of it; of no model: '
'nothing';

CREATE OR REPLACE FUNCTION csmetrics.whole_query(vendor text, source text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
-- with what several of its queries have in common
RETURN (SELECT csmetrics.filled_in(s.query, (
                   SELECT jsonb_object_agg(p.source, p.query) FROM csmetrics.connector_source p
                   WHERE p.vendor = s.vendor AND p.source <> ALL ('{observed,unmatched}')
                     AND NOT EXISTS (SELECT 1 FROM csmetrics.source_column c WHERE c.source = p.source)))
        FROM csmetrics.connector_source s WHERE (s.vendor, s.source) = ($1, $2));
COMMENT ON FUNCTION csmetrics.whole_query(text, text) IS
'Internal: the query of a vendor for a source, with its parts that have a row of their own filled in; NULL: there is '
'none';

CREATE OR REPLACE FUNCTION csmetrics.vendor_query(vendor text, schema_name text, source text, model text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    whole text := csmetrics.whole_query(vendor, source);
    sorted text;
    misread text;
    placeholders jsonb;
BEGIN
    -- what is sorted for its latest rows is so once, however often it is read
    SELECT string_agg(format('%I AS %s', 'row of ' || t.table_name, t.selection), ', ' ORDER BY t.table_name)
               FILTER (WHERE t.selection LIKE '(SELECT DISTINCT%'),
           string_agg(t.misread, ' UNION ALL ' ORDER BY t.table_name),
           jsonb_object_agg(t.table_name, CASE WHEN t.selection LIKE '(SELECT DISTINCT%'
                                               THEN quote_ident('row of ' || t.table_name) ELSE t.selection END)
    INTO sorted, misread, placeholders
    FROM csmetrics.connector_tables(vendor_query.vendor, schema_name) t
    WHERE position('{' || t.table_name || '}' IN whole) > 0;
    whole := csmetrics.filled_in(whole, placeholders || jsonb_build_object(
        'observed', csmetrics.what_was_observed(vendor, model)));
    -- rows that are not read are rows of no account that say so
    RETURN concat('WITH ' || sorted || E'\n',
                  coalesce('SELECT q.*, m.misread FROM (' || whole || E'\n) AS q FULL JOIN (' || misread
                           || ') AS m ON false', 'SELECT q.* FROM (' || whole || E'\n) AS q'));
END
$$;
COMMENT ON FUNCTION csmetrics.vendor_query(text, text, text, text) IS
'Internal: the query of a vendor for a source, over the tables of a schema and what the model observed';

CREATE OR REPLACE FUNCTION csmetrics.spelled_out(query text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    body text;
BEGIN
    -- names in the queries of connectors are looked up in csmetrics
    PERFORM csmetrics.require_no_strangers(ARRAY['csmetrics'::regnamespace::oid]);
    PERFORM set_config('search_path', 'csmetrics, pg_temp', true);
    EXECUTE pg_catalog.format(E'CREATE TEMPORARY VIEW csmetrics_connector AS (%s\n)', query);
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    body := pg_catalog.rtrim(pg_catalog.pg_get_viewdef('pg_temp.csmetrics_connector'::pg_catalog.regclass), '; ');
    -- its schema by name: statements of Citus look that up without the alias
    EXECUTE pg_catalog.format('DROP VIEW %s.csmetrics_connector', pg_my_temp_schema()::regnamespace);
    RETURN body;
END
$$;
COMMENT ON FUNCTION csmetrics.spelled_out(text) IS
'Internal: a query of a connector, with all its names in full: whatever the search_path, it means the same';

CREATE OR REPLACE FUNCTION csmetrics.with_connector(model text, view_name text, query text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    body text;
BEGIN
    IF (query LIKE '%{connector}%') IS NOT TRUE THEN
        RETURN with_connector.query;
    END IF;
    EXECUTE format('SELECT csmetrics.vendor_query(c.vendor, c.schema_name, v.source, $2)
                    FROM %I.connection c JOIN %I.connection_view v USING (vendor) WHERE v.view_name = $1',
                   model, csmetrics.internal_schema(model))
        INTO body USING view_name, model;
    -- the caller has a search_path of his own
    RETURN csmetrics.filled_in(query, jsonb_build_object('connector', format('(%s)', csmetrics.spelled_out(body))));
END
$$;
COMMENT ON FUNCTION csmetrics.with_connector(text, text, text) IS
'Internal: the query with {connector} replaced by what connect() reads for the view';
