-- By what users say that a source is watched, and what is made of it: triggers and a queue, where it is these.

CREATE OR REPLACE FUNCTION csmetrics.key_text(alias text, key_column text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
-- by the output of the type, never by a cast that somebody may have made
RETURN CASE WHEN key_column IS NULL THEN 'NULL::text'
            ELSE format('CASE WHEN %1$I.%2$I IS NOT NULL THEN format(''%%s'', %1$I.%2$I) COLLATE "C" END', alias,
                        key_column) END;
COMMENT ON FUNCTION csmetrics.key_text(text, text) IS 'Internal: SQL of the value of a key column as a text';

-- Declaring a watch.

CREATE OR REPLACE PROCEDURE csmetrics.require_column(relation regclass, name text, types regtype[], meaning text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    type regtype := csmetrics.column_type(relation, name);
BEGIN
    IF type IS NULL THEN
        RAISE EXCEPTION '% has no column "%"', relation, name
            USING ERRCODE = 'undefined_column', HINT = format('%s is to name %s.', meaning,
                CASE meaning WHEN 'changed_at' THEN 'one that grows with every change'
                             ELSE 'the one whose values lead to accounts' END);
    ELSIF type <> ALL (types) AND NOT (meaning = 'key_column'
                                       AND EXISTS (SELECT 1 FROM pg_type t WHERE t.oid = type AND t.typtype = 'e')) THEN
        RAISE EXCEPTION 'column "%" of % is of type %', name, relation, type
            USING ERRCODE = 'datatype_mismatch',
                  HINT = format('%s can be of one of the types %s.', meaning, array_to_string(types, ', '));
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.require_column(regclass, text, regtype[], text) IS
'Internal: SQLSTATE 42703 unless a table has that column, 42804 unless that is of one of these types';

CREATE OR REPLACE PROCEDURE csmetrics.require_source(source text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM csmetrics.source_column c WHERE c.source = require_source.source) THEN
        RAISE EXCEPTION 'unknown source "%"', source
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = (SELECT format('Known are: %s.', string_agg(DISTINCT c.source, ', '))
                            FROM csmetrics.source_column c);
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.require_source(text) IS 'Internal: SQLSTATE 22023 unless there is such a source';

CREATE OR REPLACE PROCEDURE csmetrics.require_method(
    method text, relation regclass, changed_at text, is_keyed boolean, asked text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wrong text := CASE
        WHEN method IS NULL OR method NOT IN ('column', 'trigger', 'list', 'fingerprint')
        THEN format('unknown method "%s": column, trigger, list and fingerprint are known', method)
        WHEN method IN ('column', 'trigger') AND relation IS NULL THEN format('method %s wants a relation', method)
        WHEN method IN ('list', 'fingerprint') AND (relation IS NOT NULL OR asked IS NOT NULL)
        THEN format('method %s is of no relation, and needs no query', method)
        WHEN method = 'list' AND NOT is_keyed THEN 'a source that has no accounts cannot be watched by a list of them'
        WHEN method = 'column' AND changed_at IS NULL
        THEN 'method column wants changed_at, a column that grows with every change'
        WHEN method <> 'column' AND changed_at IS NOT NULL THEN format('method %s has no use for changed_at', method)
        WHEN NOT is_keyed AND asked IS NOT NULL THEN 'a source that is read as a whole needs no accounts' END;
BEGIN
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', wrong USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.require_method(text, regclass, text, boolean, text) IS
'Internal: SQLSTATE 22023 unless a watch by this method has what it needs, and nothing else';

CREATE OR REPLACE FUNCTION csmetrics.checked_watch(model text, source text, method text, relation regclass,
    key_column text, accounts text, changed_at text, lag text, OUT watch_id integer, OUT key text, OUT behind text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $checked$
DECLARE
    is_keyed boolean;
    column_type regtype := csmetrics.column_type(relation, changed_at);
BEGIN
    PERFORM csmetrics.require_owner(model);
    CALL csmetrics.require_source(source);
    is_keyed := source = ANY (csmetrics.keyed_sources());
    CALL csmetrics.require_method(method, relation, changed_at, is_keyed, accounts);
    IF relation IS NOT NULL AND is_keyed THEN
        key := coalesce(key_column, 'account_id');
        CALL csmetrics.require_column(
            relation, key, '{text,varchar,bpchar,name,smallint,integer,bigint,numeric,uuid,oid}', 'key_column');
    END IF;
    IF method = 'column' THEN
        CALL csmetrics.require_column(relation, changed_at, '{timestamptz,timestamp,smallint,integer,bigint,numeric}',
                                      'changed_at');
        behind := coalesce(lag, CASE WHEN csmetrics.is_of_time(column_type) THEN '5 minutes' END);
        IF behind IS NULL THEN
            RAISE EXCEPTION 'column "%" is a number, and has no usual lag', changed_at
                USING ERRCODE = 'null_value_not_allowed',
                      HINT = 'lag says how much less than the greatest a value may be that is committed later.';
        END IF;
        -- may be read and reckoned with
        EXECUTE format('SELECT 1 FROM %2$s r WHERE r.%1$I IS NULL LIMIT 0', changed_at, relation);
        EXECUTE format('SELECT $1::%s', CASE WHEN csmetrics.is_of_time(column_type) THEN 'interval'
                                             ELSE column_type::text END) USING behind;
    END IF;
    EXECUTE format('LOCK TABLE %I.watch IN SHARE ROW EXCLUSIVE MODE', model);
    EXECUTE format('SELECT w.watch_id FROM %I.watch w WHERE w.source = $1 AND w.relation IS NOT DISTINCT FROM $2',
                   model) INTO watch_id USING source, relation;
    CALL csmetrics.drop_watch(model, watch_id);
    EXECUTE format('SELECT coalesce(max(w.watch_id), 0) + 1 FROM %I.watch w', model) INTO watch_id;
END
$checked$;
COMMENT ON FUNCTION csmetrics.checked_watch(text, text, text, regclass, text, text, text, text) IS
'Internal: refuses what can be no watch, and drops the one whose place it takes; its number, key column and lag';

CREATE OR REPLACE FUNCTION csmetrics.watched_statement(
    model text, watch_id integer, relation regclass, key_column text, accounts text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format(E'CREATE VIEW %1$I.%2$I WITH (security_invoker) AS
                WITH changed AS (SELECT t.key::%3$s AS %4$I FROM %1$I.taken_row t
                                 WHERE t.watch_id = %5$s AND t.key IS NOT NULL)
                SELECT DISTINCT CAST(query.account_id AS %6$s) AS account_id FROM (%7$s\n) AS query',
    csmetrics.internal_schema(model), 'watched_' || watch_id,
    -- as its base type, or as the text that it is told in
    coalesce(csmetrics.column_type(relation, key_column)::text, 'pg_catalog.text'),
    coalesce(key_column, 'account_id'), watch_id, csmetrics.key_type(model),
    coalesce(regexp_replace(accounts, '[;[:space:]]+$', ''),
             format('SELECT c.%I AS account_id FROM changed c', coalesce(key_column, 'account_id'))));
COMMENT ON FUNCTION csmetrics.watched_statement(text, integer, regclass, text, text) IS
'Internal: the statement that makes the view by which refresh gets from rows that changed to accounts';

CREATE OR REPLACE FUNCTION csmetrics.queue_language() RETURNS language_handler
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.queue_language() IS
'Internal: runs the functions of triggers of watches: a statement that changes rows adds one row a key to changed_row';

-- so that the function of a watch belongs to the model's owner, who can drop it with its triggers on tables of others
CREATE OR REPLACE TRUSTED LANGUAGE csmetrics_queue HANDLER csmetrics.queue_language;
COMMENT ON LANGUAGE csmetrics_queue IS
'Internal: that of the functions queue_changed_<watch_id> of models, which tell refresh what statements change';

CREATE OR REPLACE PROCEDURE csmetrics.make_queue(model text, watch_id integer, source text, key_column text,
    null_is_any boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $make$
DECLARE
    queue text := format('%I.%I', csmetrics.internal_schema(model), 'queue_changed_' || watch_id);
BEGIN
    EXECUTE format('CREATE FUNCTION %s() RETURNS trigger LANGUAGE csmetrics_queue SECURITY DEFINER AS %L', queue,
                   format('%s %s %s %s', watch_id, CASE WHEN null_is_any THEN 'any' ELSE 'none' END, source,
                          key_column));
    EXECUTE format('REVOKE ALL ON FUNCTION %s() FROM PUBLIC', queue);
    EXECUTE format('COMMENT ON FUNCTION %s() IS %L', queue,
                   'Internal: puts the keys of rows that changed where the next refresh looks for them, for whoever '
                   'changed them');
END
$make$;
COMMENT ON PROCEDURE csmetrics.make_queue(text, integer, text, text, boolean) IS
'Internal: makes the function of the triggers of a watch; null_is_any: a row without a key means any account';

CREATE OR REPLACE PROCEDURE csmetrics.make_triggers(model text, watch_id integer, relation regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $make$
DECLARE
    event record;
BEGIN
    FOR event IN
        SELECT * FROM (VALUES ('INSERT', 'REFERENCING NEW TABLE AS changed_new'),
                              ('UPDATE', 'REFERENCING NEW TABLE AS changed_new OLD TABLE AS changed_old'),
                              ('DELETE', 'REFERENCING OLD TABLE AS changed_old'), ('TRUNCATE', ''))
                      v(name, transition)
    LOOP
        -- several models may watch a table
        EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION %I.%I()',
                       format('csmetrics_%s_%s_%s', left(md5(model), 8), watch_id, lower(event.name)), event.name,
                       relation, event.transition, csmetrics.internal_schema(model), 'queue_changed_' || watch_id);
    END LOOP;
END
$make$;
COMMENT ON PROCEDURE csmetrics.make_triggers(text, integer, regclass) IS
'Internal: makes the triggers of a watch on a table; the caller needs the right TRIGGER on it';

CREATE OR REPLACE PROCEDURE csmetrics.make_watch(model text, watch_id integer, source text, method text,
    relation regclass, key_column text, accounts text, changed_at text, lag text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $make$
BEGIN
    IF method = 'trigger' THEN
        CALL csmetrics.make_queue(model, watch_id, source, key_column, accounts IS NULL);
        CALL csmetrics.make_triggers(model, watch_id, relation);
    END IF;
    EXECUTE format('INSERT INTO %I.watch VALUES ($1, $2, $3, $4, $5, $6, $7, $8)', model)
        USING watch_id, source, method, relation, key_column, accounts, changed_at, lag;
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', csmetrics.internal_schema(model), 'watched_' || watch_id,
                   format('Internal: the accounts to which rows lead that watch %s told of', watch_id));
    -- what happened before it is seen by reading all once more
    EXECUTE format('UPDATE %I.refreshed_source SET swept_at = NULL WHERE source = $1', model) USING source;
    IF NOT csmetrics.is_judged_alone(model, source) THEN
        RAISE NOTICE 'source "%" of model "%" is read as a whole as long as a rule in quarantine judges its rows '
            'beside others, or by the clock', source, model;
    END IF;
END
$make$;
COMMENT ON PROCEDURE csmetrics.make_watch(
    text, integer, text, text, regclass, text, text, text, text) IS
'Internal: makes a watch whose view there is already';

CREATE OR REPLACE PROCEDURE csmetrics.watch(model text, source text, method text, relation regclass DEFAULT NULL,
    key_column text DEFAULT NULL, accounts text DEFAULT NULL, changed_at text DEFAULT NULL, lag text DEFAULT NULL)
LANGUAGE plpgsql SET jit = off AS $watch$
DECLARE
    checked record;
BEGIN
    checked := csmetrics.checked_watch(model, source, method, relation, key_column, accounts, changed_at, lag);
    -- along the caller's path, as a query for map()
    EXECUTE csmetrics.watched_statement(model, checked.watch_id, relation, checked.key, accounts);
    CALL csmetrics.make_watch(model, checked.watch_id, source, method, relation, checked.key, accounts, changed_at,
                              checked.behind);
    CALL csmetrics.renew_told(model);
END
$watch$;
COMMENT ON PROCEDURE csmetrics.watch(text, text, text, regclass, text, text, text, text) IS
'From now on refresh reads of a source the accounts alone that a watch names, by method column, trigger, list or '
'fingerprint: doc/refresh.md. accounts: a query of account_id from table changed of key_column. Wrong arguments: '
'SQLSTATE 22023, 22004; columns: 42703, 42804; rights: 42501.';

CREATE OR REPLACE PROCEDURE csmetrics.drop_watch(model text, watch_id integer)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $drop$
DECLARE
    internal text := csmetrics.internal_schema(model);
BEGIN
    IF watch_id IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('DROP VIEW IF EXISTS %I.%I', internal, 'watched_' || watch_id);
    -- its triggers may be on a table of another's
    IF to_regprocedure(format('%I.%I()', internal, 'queue_changed_' || watch_id)) IS NOT NULL THEN
        EXECUTE format('DROP FUNCTION %I.%I() CASCADE', internal, 'queue_changed_' || watch_id);
    END IF;
    EXECUTE format('DELETE FROM %I.changed_row r WHERE r.watch_id = $1', internal) USING watch_id;
    EXECUTE format('DELETE FROM %I.watch w WHERE w.watch_id = $1', model) USING watch_id;
END
$drop$;
COMMENT ON PROCEDURE csmetrics.drop_watch(text, integer) IS 'Internal: drops a watch with all that is its own';

CREATE OR REPLACE PROCEDURE csmetrics.unwatch(model text, source text, relation regclass DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $unwatch$
DECLARE
    watches integer[];
    watch_id integer;
BEGIN
    PERFORM csmetrics.require_owner(model);
    CALL csmetrics.require_source(source);
    EXECUTE format('SELECT ARRAY(SELECT w.watch_id FROM %I.watch w
                                 WHERE w.source = $1 AND (w.relation = $2) IS NOT FALSE)', model)
        INTO watches USING source, relation;
    IF watches = '{}' THEN
        RAISE EXCEPTION 'source "%" of model "%" has no such watch', source, model USING ERRCODE = 'undefined_object';
    END IF;
    FOREACH watch_id IN ARRAY watches LOOP
        CALL csmetrics.drop_watch(model, watch_id);
    END LOOP;
    CALL csmetrics.renew_told(model);
END
$unwatch$;
COMMENT ON PROCEDURE csmetrics.unwatch(text, text, regclass) IS
'Undoes watch(): drops the watches of a source, or that of a table, with their triggers. Without any left the source '
'is read as a whole again. No such watch: SQLSTATE 42704; an unknown source: 22023; not by the owner: 42501.';

CREATE OR REPLACE PROCEDURE csmetrics.mark_changed(model text, source text, account_ids text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $mark$
DECLARE
    watch_id integer;
BEGIN
    PERFORM csmetrics.require_owner(model);
    CALL csmetrics.require_source(source);
    EXECUTE format('SELECT w.watch_id FROM %I.watch w WHERE w.source = $1 AND w.method = ''list''', model)
        INTO watch_id USING source;
    IF watch_id IS NULL THEN
        RAISE EXCEPTION 'source "%" of model "%" is not watched by a list', source, model
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('CALL csmetrics.watch(%L, %L, ''list'').', model, source);
    END IF;
    -- not one of them is a key: better to know now
    EXECUTE format('SELECT count(k::%s) FROM unnest($1) k', csmetrics.key_type(model)) USING account_ids;
    EXECUTE format('INSERT INTO %I.changed_row SELECT DISTINCT $1, $2, k FROM unnest(coalesce($3, ''{NULL}'')) k',
                   csmetrics.internal_schema(model)) USING watch_id, source, account_ids;
END
$mark$;
COMMENT ON PROCEDURE csmetrics.mark_changed(text, text, text[]) IS
'Names accounts whose rows of a source may have changed, for the next refresh: of a source watched by list, or else '
'SQLSTATE 55000. NULL, or a NULL among them: any account. What is no key of an account: as its type says, 22P02.';
