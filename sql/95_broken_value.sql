-- A value that a mapping itself fails on, as by a cast of the user's: in which column, account and row it is. Views
-- give a column without working out the others, so each is tried alone, and then half of the keys, and half of that.

CREATE OR REPLACE FUNCTION csmetrics.failure_of(query text, given text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE query USING given;
    RETURN NULL;
EXCEPTION WHEN data_exception THEN
    RETURN SQLERRM;
END
$$;
COMMENT ON FUNCTION csmetrics.failure_of(text, text[]) IS
'Internal: the message of class 22 that a query over $1 fails with; NULL: it does not';

CREATE OR REPLACE FUNCTION csmetrics.broken_key(counted text, key text, keys text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    half integer;
BEGIN
    WHILE cardinality(keys) > 1 LOOP
        half := cardinality(keys) / 2;
        IF csmetrics.failure_of(format('%s AND %I::text = ANY ($1)', counted, key), keys[:half]) IS NOT NULL THEN
            keys := keys[:half];
        ELSE
            keys := keys[half + 1:];
        END IF;
    END LOOP;
    RETURN keys[1];
END
$$;
COMMENT ON FUNCTION csmetrics.broken_key(text, text, text[]) IS
'Internal: of the keys of rows the first for whose rows a query fails';

CREATE OR REPLACE FUNCTION csmetrics.broken_value(model text, source text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    view text := format('%I.%I', csmetrics.internal_schema(model), 'source_' || source);
    counted text;
    broken record;
    told text := '';
    key text;
    keys text[];
BEGIN
    SELECT c.name, f.message INTO broken
    FROM csmetrics.source_column c,
         LATERAL csmetrics.failure_of(format('SELECT count(%I) FROM %s', c.name, view), '{}') f(message)
    WHERE c.source = broken_value.source AND f.message IS NOT NULL ORDER BY c.position LIMIT 1;
    IF broken.name IS NULL THEN
        RETURN NULL;
    END IF;
    counted := format('SELECT count(%I) FROM %s WHERE true', broken.name, view);
    FOR key IN
        SELECT c.name FROM csmetrics.source_column c
        WHERE c.source = broken_value.source AND c.name <> broken.name AND c.name <> 'misread'
          AND (c.required OR c.name IN (c.source || '_id', 'name', 'user_id', 'respondent_id')) ORDER BY c.position
    LOOP
        CONTINUE WHEN csmetrics.failure_of(format('SELECT count(%I) FROM %s', key, view), '{}') IS NOT NULL;
        EXECUTE format('SELECT array_agg(DISTINCT %I::text) FROM (%s) q', key,
                       replace(counted, format('count(%I)', broken.name), quote_ident(key))) INTO keys;
        CONTINUE WHEN keys IS NULL;
        keys[1] := csmetrics.broken_key(counted, key, array_remove(keys, NULL));
        CONTINUE WHEN csmetrics.failure_of(format('%s AND %I::text = %L', counted, key, keys[1]), '{}') IS NULL;
        counted := format('%s AND %I::text = %L', counted, key, keys[1]);
        told := concat(told, CASE key WHEN 'account_id' THEN ', account ' ELSE format(', %s ', key) END, keys[1]);
    END LOOP;
    RETURN format('source "%s"%s: column %s: %s', source, told, broken.name, broken.message);
END
$$;
COMMENT ON FUNCTION csmetrics.broken_value(text, text) IS
'Internal: which value of a source its mapping fails on: source, account, row and column, and why, in one line; NULL: '
'none by itself';

CREATE OR REPLACE PROCEDURE csmetrics.raise_broken(model text, source text, state text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    broken text;
BEGIN
    IF state LIKE '22%' THEN
        broken := csmetrics.broken_value(model, source);
        IF broken IS NOT NULL THEN
            RAISE EXCEPTION '%', broken
                USING ERRCODE = state,
                      HINT = 'Mend the row, or map the column as the text that it is: what cannot be read is then '
                             'found by CALL csmetrics.validate, and can be put in quarantine. Nothing was changed.';
        END IF;
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.raise_broken(text, text, text) IS
'Internal: an error that names the value on which the mapping of a source fails, where the SQLSTATE is of that kind';
