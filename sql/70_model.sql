-- The model: a schema of the user's own in which source views say where the facts are, policy says what
-- they mean, account_state keeps the histories of each account, and metric views give the readings.
--
-- What a model consists of is in the files of model/; what sources, rules and columns there are is data, in tables
-- that each part adds its rows to.

CREATE TABLE source_column (
    source      text     NOT NULL,
    position    smallint NOT NULL,
    name        text     NOT NULL,
    type        text     NOT NULL,  -- 'account_id' stands for the type chosen in create_model
    required    boolean  NOT NULL,
    description text     NOT NULL,
    PRIMARY KEY (source, name),
    UNIQUE (source, position));
COMMENT ON TABLE source_column IS 'The columns of the source views of every model: what CALL map() asks for. One row a column.';
COMMENT ON COLUMN source_column.source IS 'The source; its view in a model is source_<source>';
COMMENT ON COLUMN source_column.position IS 'Place of the column in the view';
COMMENT ON COLUMN source_column.name IS 'Name of the column';
COMMENT ON COLUMN source_column.type IS 'Its type; account_id stands for the type chosen in create_model';
COMMENT ON COLUMN source_column.required IS 'Must the mapping query give it?';
COMMENT ON COLUMN source_column.description IS 'What it holds';

CREATE TABLE source_check (
    source      text     NOT NULL,
    position    smallint NOT NULL,
    failing     text     NOT NULL,  -- over the columns of the source
    complaint   text     NOT NULL,
    PRIMARY KEY (source, position));
COMMENT ON TABLE source_check IS 'Rows of the source views that cannot be right, and stop CALL refresh(). One row a check.';
COMMENT ON COLUMN source_check.source IS 'The source';
COMMENT ON COLUMN source_check.position IS 'Order; the first that a row fails is named';
COMMENT ON COLUMN source_check.failing IS 'SQL condition that such a row meets';
COMMENT ON COLUMN source_check.complaint IS 'SQL expression of what is said of it';

CREATE TABLE policy_column (
    position      smallint PRIMARY KEY,
    name          text NOT NULL UNIQUE,
    type          text NOT NULL,
    default_value text,
    condition     text,
    description   text NOT NULL,
    defines       boolean NOT NULL DEFAULT true,
    may_be_null   boolean NOT NULL DEFAULT false,
    with_refresh  boolean NOT NULL GENERATED ALWAYS AS (description LIKE '%refresh)') STORED);
COMMENT ON TABLE policy_column IS 'The rules that the policy of every model has. One row a rule.';
COMMENT ON COLUMN policy_column.position IS 'Order of the columns';
COMMENT ON COLUMN policy_column.name IS 'Name of the column';
COMMENT ON COLUMN policy_column.type IS 'Its type';
COMMENT ON COLUMN policy_column.default_value IS 'SQL expression of the default; NULL: the column may be NULL, and is';
COMMENT ON COLUMN policy_column.condition IS 'SQL condition that it must meet; NULL: none';
COMMENT ON COLUMN policy_column.description IS 'Its comment; (refresh) at its end marks rules that take effect with the next refresh';
COMMENT ON COLUMN policy_column.defines IS 'Is it part of what figures mean, and so of policy_hash? False for what is shown, and of when';
COMMENT ON COLUMN policy_column.may_be_null IS 'May it be NULL though it has a default?';
COMMENT ON COLUMN policy_column.with_refresh IS 'Does it take effect with the next refresh?';

CREATE TABLE model_part (
    file text PRIMARY KEY,
    ddl  text NOT NULL);
COMMENT ON TABLE model_part IS
'What every model is made of: the files of model/, which CALL create_model() runs in the order of their names.';
COMMENT ON COLUMN model_part.file IS 'Its name';
COMMENT ON COLUMN model_part.ddl IS 'Its text: DDL, in which @account_id@ stands for the type of account_id; names are looked up in the model, then in csmetrics';

CREATE VIEW model_object AS
SELECT p.file, lower(made[1]) AS kind, made[2] AS name, made[3] AS arguments
FROM model_part p, regexp_matches(p.ddl, '^CREATE (?:UNLOGGED )?(TABLE|VIEW|FUNCTION) (\w+)(?:\(([^)]*)\))?', 'gn') made;
COMMENT ON VIEW model_object IS 'The tables, views and functions that the files of model_part make. One row an object.';
COMMENT ON COLUMN model_object.file IS 'The file';
COMMENT ON COLUMN model_object.kind IS 'table, view or function';
COMMENT ON COLUMN model_object.name IS 'Its name';
COMMENT ON COLUMN model_object.arguments IS 'Names and types of the arguments of a function; NULL: it is none';

CREATE TABLE model_column (
    name        text PRIMARY KEY,
    description text NOT NULL);
COMMENT ON TABLE model_column IS 'The dictionary of metric view columns: a name means the same in every view.';
COMMENT ON COLUMN model_column.name IS 'Name of the column';
COMMENT ON COLUMN model_column.description IS 'Its comment wherever it appears';

GRANT SELECT ON source_column, source_check, policy_column, model_part, model_object, model_column
    TO PUBLIC;

INSERT INTO source_column VALUES
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

INSERT INTO policy_column VALUES
(1, 'as_of', 'date', NULL, NULL, 'The day as of which the views read; NULL: today in time_zone'),
(2, 'time_zone', 'text', $$'UTC'$$, 'now() AT TIME ZONE time_zone IS NOT NULL', 'IANA time zone in which a day begins (refresh)'),
(3, 'report_from', 'date', NULL, NULL, 'The views begin with the month of this day; NULL: that of the first fact'),
(4, 'test_account_rule', 'text', $$'exclude'$$, $$test_account_rule IN ('exclude', 'count')$$, 'Accounts with is_test: exclude, or count like any other (refresh)'),
(5, 'confidence', 'double precision', '0.95', 'confidence > 0 AND confidence < 1', 'Confidence of the intervals, as a share'),
(9, 'week_start', 'integer', '1', 'week_start BETWEEN 1 AND 7', 'Day on which a week begins, from 1, Monday, to 7, Sunday');
UPDATE policy_column SET defines = false WHERE name IN ('as_of', 'report_from');

CREATE FUNCTION require_model(model text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_regclass(format('%I.account_state', model)) IS NULL OR to_regclass(format('%I.policy', model)) IS NULL THEN
        RAISE EXCEPTION 'there is no model "%"', model
            USING ERRCODE = 'invalid_schema_name', HINT = format('CALL csmetrics.create_model(%L) makes one.', model);
    END IF;
END
$$;
COMMENT ON FUNCTION require_model(text) IS 'Internal: SQLSTATE 3F000 unless a schema of that name holds a model';

CREATE FUNCTION require_all_rows(model text, relations text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off AS $$
DECLARE
    relation record;
    is_hidden boolean;
BEGIN
    FOR relation IN
        SELECT c.oid::regclass AS name FROM pg_class c
        WHERE c.relnamespace = quote_ident(model)::regnamespace AND c.relkind IN ('r', 'v')
          AND (c.relkind = 'r' OR c.relname ~ relations)
        ORDER BY c.relname
    LOOP
        BEGIN
            EXECUTE format('SELECT FROM %s LIMIT 0', relation.name);
        EXCEPTION WHEN insufficient_privilege THEN
            -- it may be read with policies, or not at all; whoever needs it then hears of that
            PERFORM set_config('row_security', 'on', true);
            BEGIN
                EXECUTE format('SELECT FROM %s LIMIT 0', relation.name);
                is_hidden := true;
            EXCEPTION WHEN insufficient_privilege THEN
                is_hidden := false;
            END;
            PERFORM set_config('row_security', 'off', true);
            IF is_hidden THEN
                RAISE EXCEPTION 'row-level security may hide rows of %', relation.name
                    USING ERRCODE = 'insufficient_privilege',
                          HINT = 'What is worked out from some of the rows would take the place of what was from all. '
                                 'Call it as a role that sees them all, as one with BYPASSRLS does. Nothing was changed.';
            END IF;
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION require_all_rows(text, text) IS
'Internal: SQLSTATE 42501 if a policy of row-level security may hide rows from the caller: of a table of the model, or of what is below a view of it whose name matches relations.';

CREATE FUNCTION spelled(names text[], form text, separator text DEFAULT ', ') RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(format(form, name), separator ORDER BY place) FROM unnest(names) WITH ORDINALITY n(name, place));
COMMENT ON FUNCTION spelled(text[], text, text) IS 'Internal: names in a list, each as format() gives it';

CREATE FUNCTION last_instant(day date, time_zone text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN least(pg_catalog.now(), (day + 1)::timestamp AT TIME ZONE time_zone - interval '1 microsecond');
COMMENT ON FUNCTION last_instant(date, text) IS
'The last instant of the day in that time zone, or now where that is to come: up to it things are known as of the day. NULL if an argument is NULL. An unknown time zone: SQLSTATE 22023.';

CREATE FUNCTION week_begin(day date, week_start integer DEFAULT 1) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN day - (extract(isodow FROM day)::integer + 7 - week_start) % 7;
COMMENT ON FUNCTION week_begin(date, integer) IS
'The first day of the week in which a day lies, where weeks begin on the ISO weekday week_start, from 1, Monday, to 7, Sunday. NULL if an argument is NULL.';

CREATE FUNCTION asked_columns(model text, source text, of_vendor boolean, OUT names text[], OUT types text[], OUT required boolean[])
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
BEGIN ATOMIC
    SELECT array_agg(c.name ORDER BY c.position), array_agg(format_type(c.type::regtype, NULL) ORDER BY c.position), array_agg(c.required ORDER BY c.position)
    FROM (SELECT s.position, CASE WHEN of_vendor AND s.name = 'account_id' THEN 'account_key' ELSE s.name END AS name, s.required,
                 CASE WHEN s.type <> 'account_id' THEN s.type WHEN of_vendor THEN 'text'
                      ELSE (SELECT a.atttypid::regtype::text FROM pg_attribute a
                            WHERE a.attrelid = format('%I.%I', model, 'source_' || s.source)::regclass AND a.attname = s.name) END AS type
          FROM source_column s WHERE s.source = asked_columns.source
          UNION ALL
          SELECT v.position, v.name, false, v.type
          FROM (VALUES (1001, 'domain', 'text'), (1002, 'crm_key', 'text'), (1003, 'only_matched', 'boolean')) v(position, name, type)
          WHERE of_vendor AND asked_columns.source = 'account') c;
END;
COMMENT ON FUNCTION asked_columns(text, text, boolean) IS
'Internal: the columns that a query for the source must or may have; of_vendor: one for the view of a vendor, which has the vendor''s own keys of accounts';

CREATE FUNCTION conformed(model text, subject text, query text, asked record) RETURNS text
LANGUAGE plpgsql AS $conformed$
DECLARE
    -- no search_path of its own: the query is the caller's, with the caller's path and rights
    given pg_catalog.jsonb;
    given_type text;
    columns text[];
    complaints text[];
BEGIN
    -- the line break keeps a comment at the end of the query from swallowing the bracket
    EXECUTE pg_catalog.format(E'CREATE TEMPORARY VIEW csmetrics_map AS SELECT * FROM (%s\n) AS query', query);
    SELECT pg_catalog.jsonb_object_agg(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)) INTO given
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = 'pg_temp.csmetrics_map'::pg_catalog.regclass AND a.attnum > 0;
    DROP VIEW pg_temp.csmetrics_map;

    FOR i IN 1 .. pg_catalog.cardinality(asked.names) LOOP
        given_type := given ->> asked.names[i];
        IF given_type IS NULL THEN
            IF asked.required[i] THEN
                complaints := complaints || pg_catalog.format('missing column %s (%s)', asked.names[i], asked.types[i]);
            END IF;
            columns := columns || pg_catalog.format('NULL::%s AS %I', asked.types[i], asked.names[i]);
        ELSIF asked.types[i] = 'date' AND given_type = 'timestamp with time zone' THEN
            -- an instant falls on a day of the model's time zone, not of the session's
            columns := columns || pg_catalog.format('(query.%1$I AT TIME ZONE (SELECT time_zone FROM %2$I.policy))::date AS %1$I',
                                                    asked.names[i], model);
        ELSIF asked.types[i] = 'timestamp with time zone' AND given_type IN ('timestamp without time zone', 'date') THEN
            columns := columns || pg_catalog.format('query.%1$I::timestamp AT TIME ZONE (SELECT time_zone FROM %2$I.policy) AS %1$I',
                                                    asked.names[i], model);
        ELSE
            BEGIN
                EXECUTE pg_catalog.format('SELECT CAST(NULL::%s AS %s)', given_type, asked.types[i]);
            EXCEPTION WHEN cannot_coerce THEN
                complaints := complaints || pg_catalog.format('column %s of type %s cannot be cast to %s',
                                                              asked.names[i], given_type, asked.types[i]);
            END;
            columns := columns || pg_catalog.format('CAST(query.%1$I AS %2$s) AS %1$I', asked.names[i], asked.types[i]);
        END IF;
        given := given - asked.names[i];
    END LOOP;
    complaints := complaints || ARRAY(SELECT pg_catalog.format('unknown column %s', k) FROM pg_catalog.jsonb_object_keys(given) k ORDER BY k);
    IF pg_catalog.cardinality(complaints) > 0 THEN
        RAISE EXCEPTION '%: %', subject, pg_catalog.array_to_string(complaints, '; ')
            USING ERRCODE = 'undefined_column',
                  DETAIL = (SELECT pg_catalog.concat_ws(' ', 'Required: ' || pg_catalog.string_agg(c.name, ', ' ORDER BY c.place) FILTER (WHERE c.required) || '.',
                                'Optional: ' || pg_catalog.string_agg(c.name, ', ' ORDER BY c.place) FILTER (WHERE NOT c.required) || '.')
                            FROM ROWS FROM (pg_catalog.unnest(asked.names), pg_catalog.unnest(asked.required)) WITH ORDINALITY c(name, required, place));
    END IF;
    RETURN pg_catalog.format(E'SELECT %s FROM (%s\n) AS query', pg_catalog.array_to_string(columns, ', '), query);
END
$conformed$;
COMMENT ON FUNCTION conformed(text, text, text, record) IS
'Internal: the query with its columns cast to those asked for and the optional ones filled with NULL; what is missing, unknown or cannot be cast is named together: SQLSTATE 42703';

CREATE PROCEDURE map(model text, source text, query text)
LANGUAGE plpgsql SET jit = off AS $map$
DECLARE
    -- no search_path of its own: the query is the caller's, with the caller's path and rights
    body text := pg_catalog.regexp_replace(query, '[;[:space:]]+$', '');
    named text := 'source_' || source;
    of_source text := source;
    of_vendor boolean := false;
    known text;
BEGIN
    PERFORM csmetrics.require_model(model);
    IF source IS NULL OR NOT EXISTS (SELECT FROM csmetrics.source_column c WHERE c.source = map.source) THEN
        -- a view that connect() wrote, to be replaced by a query of one's own
        EXECUTE pg_catalog.format('SELECT v.source FROM %I.connection_view v WHERE v.view_name = $1 AND v.vendor IS NOT NULL', model) INTO of_source USING source;
        IF of_source IS NULL THEN
            SELECT pg_catalog.string_agg(DISTINCT c.source, ', ') INTO known FROM csmetrics.source_column c;
            RAISE EXCEPTION 'unknown source "%"', source
                USING ERRCODE = 'invalid_parameter_value', DETAIL = pg_catalog.format('Known are: %s.', known);
        END IF;
        named := source;
        of_vendor := true;
        body := csmetrics.with_connector(model, source, body);
    END IF;
    IF body IS NULL OR body = '' THEN
        RAISE EXCEPTION 'the query for source "%" is empty', source USING ERRCODE = 'invalid_parameter_value';
    END IF;

    EXECUTE pg_catalog.format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker) AS %s', model, named,
                              csmetrics.conformed(model, pg_catalog.format('source "%s"', source), body, csmetrics.asked_columns(model, of_source, of_vendor)));
    EXECUTE pg_catalog.format('COMMENT ON VIEW %I.%I IS %L', model, named, 'Where the facts are: written by CALL csmetrics.map');
END
$map$;
COMMENT ON PROCEDURE map(text, text, text) IS
'Says where the facts of a source are (account, subscription, ticket and the others of source_column): replaces the model''s view source_<source> by the query, its columns cast to their types and the optional ones filled with NULL. The query''s columns go by name, in any order. Required columns that are missing, unknown columns and types that cannot be cast are named together: SQLSTATE 42703; then nothing is changed. Instants become days, and days and times without zone instants, in the model''s time zone. The view reads with the rights of the reader. The source may also be a view that CALL connect() wrote, such as stripe_subscription: then the query gives the vendor''s account_key for account_id, and {connector} in it stands for what connect() reads.';
