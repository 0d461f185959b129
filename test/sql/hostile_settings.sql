\unset ECHO
\i test/psql.sql
-- The whole model, made, mapped, connected, refreshed, judged and read under settings that turn texts around, has the same rows as under the
-- usual ones. All sources are texts.
BEGIN;
SELECT plan(6);
\set company small
\i test/company.sql

-- The sources of the company, and the tables of its vendors, as texts.
CREATE FUNCTION pg_temp.as_texts(relation regclass) RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT %s FROM %s', string_agg(CASE WHEN typcategory IN ('D', 'N', 'B') AND attname <> 'misread' THEN format('replace(%I::text, ''infinity'', ''9999-12-31 23:59:59.999+00'') AS %1$I', attname) ELSE quote_ident(attname) END, ', ' ORDER BY attnum), relation)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
$$;
CREATE SCHEMA crm;
SELECT format('CREATE TABLE crm.%I AS %s', source, pg_temp.as_texts(csmetrics.relation('company', 'source_' || source))) FROM (SELECT DISTINCT source FROM source_column) s \gexec
SELECT DISTINCT format('CREATE SCHEMA text_%s', substr(nspname, 9)) FROM pg_namespace WHERE nspname LIKE 'company\_%' AND nspname NOT IN ('company_internal', 'company_made') \gexec
SELECT format('CREATE TABLE text_%s.%I AS %s', substr(nspname, 9), relname, pg_temp.as_texts(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname LIKE 'company\_%' AND nspname NOT IN ('company_internal', 'company_made') AND relkind = 'r' \gexec
ANALYZE;
SELECT cmp_ok(count(*), '>', 100::bigint, 'days, instants and numbers in texts') FROM pg_attribute WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace::regnamespace::text ~ '^(crm|text_)') AND attnum > 0;

CREATE TABLE hostile (n serial, settings jsonb);
INSERT INTO hostile (settings) VALUES
('{"DateStyle": "ISO, YMD", "TimeZone": "UTC", "IntervalStyle": "postgres", "extra_float_digits": "1", "bytea_output": "hex"}'),
('{"DateStyle": "German, DMY", "TimeZone": "Pacific/Apia", "IntervalStyle": "sql_standard", "extra_float_digits": "0", "bytea_output": "escape"}'),
('{"DateStyle": "SQL, MDY", "TimeZone": "America/St_Johns", "IntervalStyle": "postgres_verbose", "extra_float_digits": "-3", "bytea_output": "escape"}');
-- lc_numeric and lc_monetary of a country with commas, where the machine has one
CREATE FUNCTION pg_temp.set_all(n integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config(key, value, true) FROM jsonb_each_text((SELECT h.settings FROM hostile h WHERE h.n = set_all.n));
    PERFORM set_config(name, CASE n WHEN 1 THEN 'C' ELSE 'de_DE.UTF-8' END, true) FROM unnest('{lc_numeric,lc_monetary,lc_time}'::text[]) name;
EXCEPTION WHEN invalid_parameter_value THEN
    PERFORM set_config(key, value, true) FROM jsonb_each_text((SELECT h.settings FROM hostile h WHERE h.n = set_all.n));
END
$$;

CREATE PROCEDURE pg_temp.make(n integer, kinds text[]) LANGUAGE plpgsql AS $$
DECLARE
    made text;
    name text;
BEGIN
    PERFORM pg_temp.set_all(n);
    FOREACH made IN ARRAY ARRAY(SELECT k || '_' || n FROM unnest(kinds) k) LOOP
        EXECUTE format('CALL csmetrics.create_model(%L)', made);
        EXECUTE format('UPDATE %I.policy SET as_of = ''2026-06-30'', time_zone = ''Europe/Berlin'', confidence = 0.1::float8 + 0.2::float8', made);
        IF made ~ '^mapped' THEN
            FOR name IN SELECT DISTINCT c.source FROM csmetrics.source_column c LOOP
                EXECUTE format('CALL csmetrics.map(%L, %L, %L)', made, name, format('TABLE crm.%I', name));
            END LOOP;
        ELSE
            FOREACH name IN ARRAY '{salesforce,stripe,zendesk,pendo,qualtrics}'::text[] LOOP
                EXECUTE format('CALL csmetrics.connect(%L, %L, %L)', made, name, 'text_' || name);
            END LOOP;
        END IF;
        EXECUTE format('CALL csmetrics.refresh(%L)', made);
        -- what follows is of the histories
        CONTINUE WHEN made ~ '^connected';
        EXECUTE format('CALL csmetrics.evaluate_alerts(%L)', made);
        EXECUTE format('CALL csmetrics.run_playbooks(%L)', made);
        EXECUTE format('CALL csmetrics.take_snapshot(%L)', made);
        EXECUTE format('CALL csmetrics.validate(%L)', made);
    END LOOP;
    PERFORM pg_temp.set_all(1);
END
$$;

CALL pg_temp.make(1, '{mapped,connected}');
CALL pg_temp.make(2, '{mapped,connected}');
CALL pg_temp.make(3, '{mapped}');
ANALYZE;

-- All views and tables of a model, read under settings and told under the usual ones.
CREATE TABLE reading (model text, made integer, read integer, relation text, rows text);
CREATE PROCEDURE pg_temp.read(model text, made integer, read integer) LANGUAGE plpgsql AS $$
DECLARE
    name text;
    told text;
BEGIN
    FOR name IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = ANY (csmetrics.schemas_of(format('%s_%s', model, made))) AND (c.relkind = 'r' OR c.relkind = 'v' AND (model = 'mapped' OR c.relname ~ '^source_'))
                AND c.relname !~ '^(refreshed_source|refresh_log|read_form|model_version|connection|connection_view)$' ORDER BY 1 LOOP
        PERFORM pg_temp.set_all(read);
        EXECUTE format('CREATE TEMP TABLE seen AS SELECT * FROM %s', csmetrics.relation(format('%s_%s', model, made), name));
        PERFORM pg_temp.set_all(1);
        EXECUTE $q$ SELECT coalesce(md5(string_agg(r, E'\n' ORDER BY r COLLATE "C")), '') || ' ' || count(*) FROM (SELECT replace((to_jsonb(s) - '{taken_at,changed_at,found_at,computed_at,evaluated_at,raised_at,opened_at,duration}'::text[])::text, $1, 'model') AS r FROM seen s) x $q$
            INTO told USING format('%s_%s', model, made);
        INSERT INTO reading VALUES (model, made, read, name, told);
        DROP TABLE seen;
    END LOOP;
END
$$;
CALL pg_temp.read('mapped', 1, 1);
CALL pg_temp.read('mapped', 2, 2);
CALL pg_temp.read('mapped', 3, 3);
CALL pg_temp.read('connected', 1, 1);
CALL pg_temp.read('connected', 2, 2);
SELECT cmp_ok(count(*), '>', 100::bigint, 'the relations are read') FROM reading WHERE (model, made, read) = ('mapped', 1, 1);
SELECT cmp_ok(count(*), '>', 80::bigint, 'most of them have rows') FROM reading WHERE (model, made, read) = ('mapped', 1, 1) AND rows !~ ' 0$';
SELECT is_empty(format('SELECT o.relation FROM reading r JOIN reading o USING (model, relation) WHERE r.model = %L AND (r.made, r.read) = (1, 1) AND (o.made, o.read) = (%s, %s) AND r.rows <> o.rows', model, made, read),
                format('%s: made under %s, read under %s', model, made, read)) FROM (SELECT DISTINCT model, made, read FROM reading WHERE (made, read) <> (1, 1)) r ORDER BY model, made, read;
SELECT * FROM finish();
ROLLBACK;
