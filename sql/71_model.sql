-- The model: a schema of the user's own in which source views say where the facts are, policy says what
-- they mean, account_state keeps the histories of each account, and metric views give the readings.
--
-- What a model consists of is in the files of model/; what sources, rules and columns there are is data, in tables
-- that each part adds its rows to.

CREATE OR REPLACE VIEW csmetrics.model_object AS
SELECT p.file, lower(made[1]) AS kind, made[2] AS name, made[3] AS arguments,
       p.file LIKE '%.internal.sql' AS is_internal
FROM csmetrics.model_part p,
     regexp_matches(p.ddl,
         '^CREATE (?:OR REPLACE |UNLOGGED )?(TABLE|VIEW|FUNCTION) (\w+)(?:\(([^)]*)\))?', 'gn') made
-- the live form of a model is not the model
WHERE p.file NOT LIKE 'model/live/%';
COMMENT ON VIEW csmetrics.model_object IS
'The tables, views and functions that the files of model_part make. One row an object.';
COMMENT ON COLUMN csmetrics.model_object.file IS 'The file';
COMMENT ON COLUMN csmetrics.model_object.kind IS 'table, view or function';
COMMENT ON COLUMN csmetrics.model_object.name IS 'Its name';
COMMENT ON COLUMN csmetrics.model_object.arguments IS
'Names and types of the arguments of a function; NULL: it is none';
COMMENT ON COLUMN csmetrics.model_object.is_internal IS
'Does it stand in the schema that the model keeps for itself, by the name of the file?';
GRANT SELECT ON csmetrics.model_object TO PUBLIC;

CREATE OR REPLACE FUNCTION csmetrics.internal_schema(model text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN model || '_internal';
COMMENT ON FUNCTION csmetrics.internal_schema(text) IS
'The schema of what a model keeps for itself: the views of its sources and of connected vendors, histories and working '
'tables. NULL for NULL.';

CREATE OR REPLACE FUNCTION csmetrics.relation(model text, name text) RETURNS regclass
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN coalesce(to_regclass(format('%I.%I', csmetrics.internal_schema(model), name)),
                to_regclass(format('%I.%I', model, name)));
COMMENT ON FUNCTION csmetrics.relation(text, text) IS
'Internal: the table or view of a model of that name, kept for itself or not; NULL: there is none';

CREATE OR REPLACE FUNCTION csmetrics.schemas_of(model text) RETURNS oid[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN ARRAY(SELECT n.oid FROM pg_namespace n WHERE n.nspname IN (model, csmetrics.internal_schema(model)));
COMMENT ON FUNCTION csmetrics.schemas_of(text) IS
'Internal: the schemas of a model that are there: what readers see, and what it keeps for itself';

-- The rows that this part and those after it fill these tables with.
DELETE FROM csmetrics.source_column;
DELETE FROM csmetrics.source_check;
DELETE FROM csmetrics.policy_column;

INSERT INTO csmetrics.source_column VALUES
('account', 1, 'account_id', 'account_id', true, 'Key of the account'),
('account', 2, 'name', 'text', false, 'Name of the account'),
('account', 3, 'segment', 'text', false, 'Market segment'),
('account', 4, 'plan', 'text', false, 'Plan or contract type'),
('account', 5, 'lifecycle_stage', 'text', false, 'Stage of the customer lifecycle'),
('account', 6, 'onboarding_path', 'text', false, 'Way in which the account was brought on board'),
('account', 7, 'region', 'text', false, 'Region'),
('account', 8, 'owner', 'text', false, 'Customer-success manager'),
('account', 9, 'parent_id', 'account_id', false, 'Key of the parent account'),
('account', 10, 'created_on', 'date', false, 'Day the account was created'),
('account', 11, 'seats', 'numeric', false, 'Seats bought'),
('account', 12, 'time_zone', 'text', false, 'IANA time zone of the account'),
('account', 13, 'is_test', 'boolean', false, 'True for test and internal accounts, which the model leaves out');

INSERT INTO csmetrics.policy_column (position, name, type, default_value, condition, takes_effect, meaning) VALUES
(1, 'as_of', 'date', NULL, NULL, 'at once', 'The day as of which the views read; NULL: today in time_zone'),
(2, 'time_zone', 'text', $$'UTC'$$, 'now() AT TIME ZONE time_zone IS NOT NULL AND csmetrics.is_time_zone(time_zone)',
 'refresh',
 'IANA time zone in which a day begins'),
(3, 'report_from', 'date', NULL, NULL, 'at once',
 'The views begin with the month of this day; NULL: that of the first fact'),
(4, 'test_account_rule', 'text', $$'exclude'$$, $$test_account_rule IN ('exclude', 'count')$$, 'refresh',
 'Accounts with is_test: exclude, or count like any other'),
(5, 'confidence', 'double precision', '0.95', 'confidence > 0 AND confidence < 1', 'at once',
 'Confidence of the intervals, as a share'),
(9, 'week_start', 'integer', '1', 'week_start BETWEEN 1 AND 7', 'at once',
 'Day on which a week begins, from 1, Monday, to 7, Sunday');
UPDATE csmetrics.policy_column SET defines = false WHERE name IN ('as_of', 'report_from');

CREATE OR REPLACE FUNCTION csmetrics.require_model(model text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF csmetrics.relation(model, 'account_state') IS NULL OR to_regclass(format('%I.policy', model)) IS NULL THEN
        RAISE EXCEPTION 'there is no model "%"', model
            USING ERRCODE = 'invalid_schema_name', HINT = format('CALL csmetrics.create_model(%L) makes one.', model);
    END IF;
    IF csmetrics.model_version(model) <> (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'csmetrics') THEN
        RAISE EXCEPTION 'model "%" is of csmetrics %, and the extension of %', model, csmetrics.model_version(model),
            (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'csmetrics')
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('CALL csmetrics.update_model(%L) brings it up to date; its views work meanwhile.',
                                model);
    END IF;
END
$$;
COMMENT ON FUNCTION csmetrics.require_model(text) IS
'Internal: SQLSTATE 3F000 unless a schema of that name holds a model, 55000 unless it is of the extension''s version';

CREATE OR REPLACE FUNCTION csmetrics.require_ownership(model text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner name := (SELECT pg_get_userbyid(c.relowner) FROM pg_class c
                   WHERE c.oid = to_regclass(format('%I.policy', model)));
BEGIN
    IF owner <> current_user THEN
        RAISE EXCEPTION 'only "%" may do that, the owner of model "%"', owner, model
            USING ERRCODE = 'insufficient_privilege',
                  HINT = format('Its sources are SQL of the owner''s, which would run with your rights. '
                                'As a member of that role: SET ROLE %I.', owner);
    END IF;
END
$$;
COMMENT ON FUNCTION csmetrics.require_ownership(text) IS
'Internal: SQLSTATE 42501 unless the caller is the owner of the model; nothing for what is none';

CREATE OR REPLACE FUNCTION csmetrics.require_owner(model text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM csmetrics.require_ownership(model);
    PERFORM csmetrics.require_model(model);
END
$$;
COMMENT ON FUNCTION csmetrics.require_owner(text) IS
'Internal: SQLSTATE 42501 unless the caller is the owner of the model; as require_model() for what is none, or of '
'another version';

CREATE OR REPLACE FUNCTION csmetrics.require_all_rows(model text, relations text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off AS $$
DECLARE
    relation record;
    is_hidden boolean;
BEGIN
    FOR relation IN
        SELECT c.oid::regclass AS name FROM pg_class c
        WHERE c.relnamespace = ANY (csmetrics.schemas_of(model)) AND c.relkind IN ('r', 'v')
          AND (c.relkind = 'r' OR c.relname ~ relations)
        ORDER BY c.relname
    LOOP
        BEGIN
            EXECUTE format('SELECT 1 FROM %s LIMIT 0', relation.name);
        EXCEPTION WHEN insufficient_privilege THEN
            -- it may be read with policies, or not at all; whoever needs it then hears of that
            PERFORM set_config('row_security', 'on', true);
            BEGIN
                EXECUTE format('SELECT 1 FROM %s LIMIT 0', relation.name);
                is_hidden := true;
            EXCEPTION WHEN insufficient_privilege THEN
                is_hidden := false;
            END;
            PERFORM set_config('row_security', 'off', true);
            IF is_hidden THEN
                RAISE EXCEPTION 'row-level security may hide rows of %', relation.name
                    USING ERRCODE = 'insufficient_privilege',
                          HINT = 'What is worked out from some of the rows would take the place of what was from '
                                 'all. Call it as a role that sees them all, as one with BYPASSRLS does. Nothing was '
                                 'changed.';
            END IF;
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION csmetrics.require_all_rows(text, text) IS
'Internal: SQLSTATE 42501 if a policy of row-level security may hide rows from the caller: of a table of the model, or '
'of what is below a view of it whose name matches relations.';

CREATE OR REPLACE FUNCTION csmetrics.spelled(names text[], form text, separator text DEFAULT ', ') RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(format(form, name), separator ORDER BY place)
        FROM unnest(names) WITH ORDINALITY n(name, place));
COMMENT ON FUNCTION csmetrics.spelled(text[], text, text) IS
'Internal: names in a list, each as format() gives it';

CREATE OR REPLACE FUNCTION csmetrics.last_instant(day date, time_zone text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (day + 1)::timestamp AT TIME ZONE time_zone - interval '1 microsecond';
COMMENT ON FUNCTION csmetrics.last_instant(date, text) IS
'The last instant of the day in that time zone: a day is read as of it, today too, so that the same facts give the '
'same figures all day long, and the next day the same of it. NULL if an argument is NULL. An unknown time zone: '
'SQLSTATE 22023.';

CREATE OR REPLACE FUNCTION csmetrics.week_begin(day date, week_start integer DEFAULT 1) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN day - (extract(isodow FROM day)::integer + 7 - week_start) % 7;
COMMENT ON FUNCTION csmetrics.week_begin(date, integer) IS
'The first day of the week in which a day lies, where weeks begin on the ISO weekday week_start, from 1, Monday, to 7, '
'Sunday. NULL if an argument is NULL.';

-- Mapping: what stands for a source is a query of the caller's, run with the caller's path and rights. The routines
-- that run it have no path of their own, and do nothing else: what they are to run others say, which have one.

CREATE OR REPLACE FUNCTION csmetrics.asked_columns(model text, source text, of_vendor boolean,
    OUT names text[], OUT types text[], OUT required boolean[])
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH asked AS (
        SELECT s.position, CASE WHEN of_vendor AND s.name = 'account_id' THEN 'account_key' ELSE s.name END AS name,
               s.required,
               CASE WHEN s.type <> 'account_id' THEN s.type WHEN of_vendor THEN 'text'
                    ELSE (SELECT a.atttypid::regtype::text FROM pg_attribute a
                          WHERE a.attrelid = csmetrics.relation(model, 'source_' || s.source)
                            AND a.attname = s.name) END AS type
        FROM csmetrics.source_column s WHERE s.source = asked_columns.source
        UNION ALL
        SELECT v.position, v.name, false, v.type
        FROM (VALUES (1001, 'domain', 'text'), (1002, 'crm_key', 'text'), (1003, 'only_matched', 'boolean'),
                     (1004, 'merged_into', 'text'))
             v(position, name, type)
        WHERE of_vendor AND asked_columns.source = 'account')
    SELECT array_agg(c.name ORDER BY c.position), array_agg(format_type(c.type::regtype, NULL) ORDER BY c.position),
           array_agg(c.required ORDER BY c.position)
    FROM asked c;
END;
COMMENT ON FUNCTION csmetrics.asked_columns(text, text, boolean) IS
'Internal: the columns that a query for the source must or may have; of_vendor: one for the view of a vendor, which '
'has the vendor''s own keys of accounts';

CREATE OR REPLACE FUNCTION csmetrics.base_type(type regtype) RETURNS regtype
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH RECURSIVE below AS (
        SELECT t.oid, t.typbasetype, t.typtype FROM pg_type t WHERE t.oid = base_type.type
        UNION ALL
        SELECT t.oid, t.typbasetype, t.typtype FROM below b JOIN pg_type t ON t.oid = b.typbasetype
        WHERE b.typtype = 'd')
    SELECT b.oid::regtype FROM below b WHERE b.typtype <> 'd';
END;
COMMENT ON FUNCTION csmetrics.base_type(regtype) IS 'Internal: the type that a domain is over; another is its own';

CREATE OR REPLACE FUNCTION csmetrics.strict_function(type regtype) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE type WHEN 'date'::regtype THEN 'date' WHEN 'timestamptz'::regtype THEN 'instant'
                 WHEN 'numeric'::regtype THEN 'numeric' WHEN 'double precision'::regtype THEN 'double'
                 WHEN 'integer'::regtype THEN 'integer' WHEN 'bigint'::regtype THEN 'bigint'
                 WHEN 'boolean'::regtype THEN 'boolean' END;
COMMENT ON FUNCTION csmetrics.strict_function(regtype) IS
'Internal: which of strict_* and readable_* reads texts as that type; NULL: none, a cast does';

CREATE OR REPLACE FUNCTION csmetrics.written_text(reference text, given regtype) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE WHEN t.typcategory = 'S' THEN format('%s::pg_catalog.text', reference)
                    WHEN t.oid = 'jsonb'::regtype
                    THEN format('(%s OPERATOR(pg_catalog.#>>) ''{}''::pg_catalog.text[])', reference) END
        FROM pg_type t WHERE t.oid = csmetrics.base_type(given));
COMMENT ON FUNCTION csmetrics.written_text(text, regtype) IS
'Internal: SQL of the text in which a column has its value, without the quotes of jsonb; NULL: it is not in a text';

CREATE OR REPLACE FUNCTION csmetrics.whole_limits(given regtype, asked regtype) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE WHEN asked = 'integer'::regtype
                         AND base IN ('bigint'::regtype, 'numeric'::regtype, 'double precision'::regtype,
                                      'real'::regtype) THEN '-2147483648 AND 2147483647'
                    WHEN asked = 'bigint'::regtype
                         AND base IN ('numeric'::regtype, 'double precision'::regtype, 'real'::regtype)
                    -- the last that is one of double precision, too
                    THEN '-9223372036854774784 AND 9223372036854774784' END
        FROM csmetrics.base_type(given) base);
COMMENT ON FUNCTION csmetrics.whole_limits(regtype, regtype) IS
'Internal: between which numbers of one type those of another are, which is narrower; NULL: it is not';

CREATE OR REPLACE FUNCTION csmetrics.cast_column(model text, name text, given text, asked text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    base CONSTANT text := format_type(csmetrics.base_type(given::regtype), NULL);
    written CONSTANT text := csmetrics.written_text(format('query.%I', name), given::regtype);
    reader CONSTANT text := csmetrics.strict_function(asked::regtype);
    limits CONSTANT text := csmetrics.whole_limits(given::regtype, asked::regtype);
BEGIN
    IF given IS NULL THEN
        RETURN format('NULL::%s AS %I', asked, name);
    ELSIF written IS NOT NULL AND reader IS NOT NULL THEN
        RETURN format('csmetrics.readable_%s(%s%s) AS %I', reader, written,
                      CASE WHEN reader IN ('date', 'instant')
                           THEN format(', (SELECT time_zone FROM %I.policy)', model) END, name);
    ELSIF asked = 'date' AND base = 'timestamp with time zone' THEN
        -- an instant falls on a day of the model's time zone, not of the session's
        RETURN format('(query.%1$I AT TIME ZONE (SELECT time_zone FROM %2$I.policy))::date AS %1$I', name, model);
    ELSIF asked = 'timestamp with time zone' AND base IN ('timestamp without time zone', 'date') THEN
        RETURN format('query.%1$I::timestamp AT TIME ZONE (SELECT time_zone FROM %2$I.policy) AS %1$I', name, model);
    END IF;
    EXECUTE format('SELECT CAST(NULL::%s AS %s)', given, asked);
    RETURN CASE WHEN limits IS NULL THEN format('CAST(query.%1$I AS %2$s) AS %1$I', name, asked)
                ELSE format('CASE WHEN query.%1$I BETWEEN %3$s THEN CAST(query.%1$I AS %2$s) END AS %1$I', name, asked,
                            limits) END;
EXCEPTION WHEN cannot_coerce THEN
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION csmetrics.cast_column(text, text, text, text) IS
'Internal: SQL of a column of a mapping, cast from the type given (NULL: there is none) to the one asked for, NULL '
'where a text does not say a value of it; NULL: it cannot be';

CREATE OR REPLACE FUNCTION csmetrics.misread_column(name text, given text, asked text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE WHEN name = 'misread' THEN 'query.misread'
                    WHEN written IS NOT NULL AND csmetrics.strict_function(asked::regtype) IS NOT NULL
                    THEN format('csmetrics.misread(%L, %s, %L::pg_catalog.regtype)', name, written, asked)
                    WHEN limits IS NOT NULL
                    THEN format('CASE WHEN query.%I NOT BETWEEN %s '
                                'THEN pg_catalog.format(%L, query.%1$I::pg_catalog.text) END', name, limits,
                                format('column %s: %%s is no %s', replace(name, '%', '%%'), asked)) END
        FROM (SELECT csmetrics.written_text(format('query.%I', name), given::regtype) AS written,
                     csmetrics.whole_limits(given::regtype, asked::regtype) AS limits) w);
COMMENT ON FUNCTION csmetrics.misread_column(text, text, text) IS
'Internal: SQL of why the value in a column of a mapping is not read as the type asked for; NULL: it always is';

CREATE OR REPLACE FUNCTION csmetrics.misread_columns(given jsonb, names text[], types text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE WHEN count(found) = 0 THEN 'NULL::pg_catalog.text'
                    ELSE format('nullif(pg_catalog.concat_ws(''; '', %s), '''')',
                                string_agg(found, ', ' ORDER BY place)) END || ' AS misread'
        FROM ROWS FROM (unnest(names), unnest(types)) WITH ORDINALITY c(name, type, place),
             LATERAL csmetrics.misread_column(c.name, given ->> c.name, c.type) found
        WHERE given ? c.name);
COMMENT ON FUNCTION csmetrics.misread_columns(jsonb, text[], text[]) IS
'Internal: SQL of the column misread of a mapping: what of a row could not be read as the types asked for, and why';

CREATE OR REPLACE FUNCTION csmetrics.cast_columns(model text, subject text, asked record) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    given jsonb := (
        SELECT jsonb_object_agg(a.attname, format_type(a.atttypid, a.atttypmod)) FROM pg_attribute a
        WHERE a.attrelid = 'pg_temp.csmetrics_map'::regclass AND a.attnum > 0);
    name text;
    columns text[];
    complaints text[];
BEGIN
    FOR i IN 1 .. cardinality(asked.names) LOOP
        name := asked.names[i];
        columns := columns || CASE name WHEN 'misread' THEN csmetrics.misread_columns(given, asked.names, asked.types)
                                   ELSE csmetrics.cast_column(model, name, given ->> name, asked.types[i]) END;
        IF given ->> name IS NULL AND asked.required[i] THEN
            complaints := complaints || format('missing column %s (%s)', name, asked.types[i]);
        ELSIF columns[i] IS NULL THEN
            complaints := complaints || format('column %s of type %s cannot be cast to %s', name, given ->> name,
                                               asked.types[i]);
        END IF;
    END LOOP;
    complaints := complaints || ARRAY(SELECT format('unknown column %s', k)
                                      FROM jsonb_object_keys(given - asked.names::text[]) k ORDER BY k);
    IF cardinality(complaints) > 0 THEN
        RAISE EXCEPTION '%: %', subject, array_to_string(complaints, '; ')
            USING ERRCODE = 'undefined_column',
                  DETAIL = (
                      SELECT concat_ws(' ',
                          'Required: ' || string_agg(c.name, ', ' ORDER BY c.place) FILTER (WHERE c.required) || '.',
                          'Optional: ' || string_agg(c.name, ', ' ORDER BY c.place) FILTER (WHERE NOT c.required)
                          || '.')
                      FROM ROWS FROM (unnest(asked.names), unnest(asked.required))
                           WITH ORDINALITY c(name, required, place));
    END IF;
    RETURN array_to_string(columns, ', ');
END
$$;
COMMENT ON FUNCTION csmetrics.cast_columns(text, text, record) IS
'Internal: the columns of pg_temp.csmetrics_map cast to those asked for, the optional ones filled with NULL. What is '
'missing, unknown or cannot be cast is named together: SQLSTATE 42703';

CREATE OR REPLACE FUNCTION csmetrics.require_settled_query(subject text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    cure text;
BEGIN
    PERFORM csmetrics.require_settled_casts('pg_temp.csmetrics_map'::regclass);
EXCEPTION WHEN invalid_parameter_value THEN
    GET STACKED DIAGNOSTICS cure = PG_EXCEPTION_HINT;
    RAISE EXCEPTION '%: %', subject, SQLERRM USING ERRCODE = SQLSTATE, HINT = cure;
END
$$;
COMMENT ON FUNCTION csmetrics.require_settled_query(text) IS
'Internal: SQLSTATE 22023 if the query of pg_temp.csmetrics_map casts what settings of the session have a say in';

CREATE OR REPLACE FUNCTION csmetrics.conformed(model text, subject text, query text, asked record) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    columns pg_catalog.text;
BEGIN
    -- the line break keeps a comment at the end of the query from swallowing the bracket
    EXECUTE pg_catalog.format(E'CREATE TEMPORARY VIEW csmetrics_map AS SELECT * FROM (%s\n) AS query', query);
    columns := csmetrics.cast_columns(model, subject, asked);
    PERFORM csmetrics.require_settled_query(subject);
    -- its schema by name: statements of Citus look that up without the alias
    EXECUTE pg_catalog.format('DROP VIEW %s.csmetrics_map', pg_catalog.pg_my_temp_schema()::pg_catalog.regnamespace);
    RETURN pg_catalog.format(E'SELECT %s FROM (%s\n) AS query', columns, query);
END
$$;
COMMENT ON FUNCTION csmetrics.conformed(text, text, text, record) IS
'Internal: the query with its columns cast to those asked for and the optional ones filled with NULL; what is missing, '
'unknown or cannot be cast is named together: SQLSTATE 42703. Runs with the path of the caller';

CREATE OR REPLACE FUNCTION csmetrics.mapping(model text, source text, query text,
    OUT view_name text, OUT subject text, OUT body text, OUT names text[], OUT types text[], OUT required boolean[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_source text := source;
    of_vendor boolean := false;
BEGIN
    PERFORM csmetrics.require_owner(model);
    view_name := 'source_' || source;
    subject := format('source "%s"', source);
    body := regexp_replace(query, '[;[:space:]]+$', '');
    IF source IS NULL OR NOT EXISTS (SELECT 1 FROM csmetrics.source_column c WHERE c.source = mapping.source) THEN
        -- a view that connect() wrote, to be replaced by a query of one's own
        EXECUTE format('SELECT v.source FROM %I.connection_view v WHERE v.view_name = $1 AND v.vendor IS NOT NULL',
                       csmetrics.internal_schema(model)) INTO of_source USING source;
        IF of_source IS NULL THEN
            RAISE EXCEPTION 'unknown source "%"', source
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = (SELECT format('Known are: %s.', string_agg(DISTINCT c.source, ', '))
                                FROM csmetrics.source_column c);
        END IF;
        view_name := source;
        of_vendor := true;
        body := csmetrics.with_connector(model, source, body);
    END IF;
    IF body IS NULL OR body = '' THEN
        RAISE EXCEPTION 'the query for source "%" is empty', source USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT a.names, a.types, a.required INTO names, types, required
    FROM csmetrics.asked_columns(model, of_source, of_vendor) a;
END
$$;
COMMENT ON FUNCTION csmetrics.mapping(text, text, text) IS
'Internal: which view a query given to map() is to replace, what the query is, and what is asked of it';

CREATE OR REPLACE PROCEDURE csmetrics.note_mapped(model text, view_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('UPDATE %I.refreshed_source SET swept_at = NULL
                    WHERE source = coalesce((SELECT v.source FROM %I.connection_view v WHERE v.view_name = $1),
                                            regexp_replace($1, ''^source_'', ''''))',
                   model, csmetrics.internal_schema(model)) USING view_name;
END
$$;
COMMENT ON PROCEDURE csmetrics.note_mapped(text, text) IS
'Internal: has a source read as a whole next time, since another query stands for it';

CREATE OR REPLACE PROCEDURE csmetrics.map(model text, source text, query text)
LANGUAGE plpgsql SET jit = off SET citus.enable_ddl_propagation = off AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    wanted record;
BEGIN
    wanted := csmetrics.mapping(model, source, query);
    EXECUTE pg_catalog.format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker) AS %s', internal,
                              wanted.view_name, csmetrics.conformed(model, wanted.subject, wanted.body, wanted));
    EXECUTE pg_catalog.format('COMMENT ON VIEW %I.%I IS %L', internal, wanted.view_name,
                              'Where the facts are: written by CALL csmetrics.map');
    CALL csmetrics.note_mapped(model, wanted.view_name);
    CALL csmetrics.warn_of_amounts(model, wanted.view_name);
END
$$;
COMMENT ON PROCEDURE csmetrics.map(text, text, text) IS
'Says where the facts of a source, or of a view that connect() wrote, are: replaces its view by the query, whose '
'columns go by name. Missing or unknown columns, types that cannot be cast: SQLSTATE 42703; an unknown source, a cast '
'by settings: 22023; an unknown model: 3F000. See doc/models.md.';
