-- Schedules: a model that is refreshed by itself, by pg_cron where it is there, or else by the system's own cron.
CREATE OR REPLACE FUNCTION csmetrics.run_steps() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{refresh,evaluate_alerts,run_playbooks,take_snapshot}'::text[];
COMMENT ON FUNCTION csmetrics.run_steps() IS 'Internal: the steps that run knows, in their order';

CREATE OR REPLACE PROCEDURE csmetrics.run_once(model text, steps text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $run$
DECLARE
    step text;
BEGIN
    -- Who comes while another is at it leaves: the next one sees all that he would have seen. The lock is one that
    -- takes the right to write the policy, so that nobody else can hold it, and in the way of no reader, of no other
    -- writer and of no step.
    BEGIN
        EXECUTE format('LOCK TABLE %I.policy IN SHARE UPDATE EXCLUSIVE MODE NOWAIT', model);
    EXCEPTION WHEN lock_not_available THEN
        RAISE NOTICE 'model "%" is being run by another session: nothing to do', model;
        RETURN;
    END;
    FOREACH step IN ARRAY ARRAY(SELECT s FROM unnest(csmetrics.run_steps()) WITH ORDINALITY known(s, n)
                                WHERE s = ANY (steps) ORDER BY n) LOOP
        IF step = 'refresh' THEN
            CALL csmetrics.refresh(model);
            CONTINUE;
        END IF;
        -- a rule that fails does not undo the refresh
        BEGIN
            EXECUTE format('CALL csmetrics.%I(%L)', step, model);
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'model "%": % failed: %', model, step, SQLERRM USING ERRCODE = SQLSTATE;
        END;
    END LOOP;
END
$run$;
COMMENT ON PROCEDURE csmetrics.run_once(text, text[]) IS 'Internal: what run() does';

CREATE OR REPLACE PROCEDURE csmetrics.run(model text, steps text[] DEFAULT '{refresh,evaluate_alerts}')
LANGUAGE plpgsql AS $run$
BEGIN
    PERFORM csmetrics.require_owner(model);
    PERFORM csmetrics.check_steps(steps);
    CALL csmetrics.logged(model, 'keys', pg_catalog.format('CALL csmetrics.run_once(%L, %L)', model, steps));
END
$run$;
COMMENT ON PROCEDURE csmetrics.run(text, text[]) IS
'What schedule calls: refresh, evaluate_alerts, run_playbooks, take_snapshot, those that steps name, in this order. A '
'refresh that fails stops it; of a later step a WARNING tells. No steps, or an unknown one: SQLSTATE 22023; no right '
'to update the policy: 42501; an unknown model: 3F000.';

CREATE OR REPLACE FUNCTION csmetrics.check_steps(steps text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wrong text;
BEGIN
    IF cardinality(steps) > 0 IS NOT TRUE THEN
        RAISE EXCEPTION 'no steps to run'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Steps are %s.', array_to_string(csmetrics.run_steps(), ', '));
    END IF;
    SELECT coalesce(s, 'NULL') INTO wrong
    FROM unnest(steps) s WHERE (s = ANY (csmetrics.run_steps())) IS NOT TRUE LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'unknown step "%"', wrong
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Steps are %s.', array_to_string(csmetrics.run_steps(), ', '));
    END IF;
END
$$;
COMMENT ON FUNCTION csmetrics.check_steps(text[]) IS 'Internal: SQLSTATE 22023 unless these are steps of run';

CREATE OR REPLACE FUNCTION csmetrics.run_command(model text, steps text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('CALL csmetrics.run(%L%s)', model,
              CASE WHEN steps <> '{refresh,evaluate_alerts}' THEN format(', %L', steps) END);
COMMENT ON FUNCTION csmetrics.run_command(text, text[]) IS 'Internal: the statement that a schedule runs';

-- A line of a crontab is one line, in which % ends the command unless a backslash stands before it, and in which crons
-- differ over two backslashes: so SQL has the characters in question as Unicode escapes, and the database goes in a
-- URI.

CREATE OR REPLACE FUNCTION csmetrics.uri_encoded(name text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(CASE WHEN b.hex ~ '^(3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|2d|2e)$'
                               THEN chr(('x' || lpad(b.hex, 8, '0'))::bit(32)::integer)
                               ELSE '%' || upper(b.hex) END, '' ORDER BY b.n)
        FROM (SELECT n, encode(substring(bytes FROM n FOR 1), 'hex') AS hex
              FROM convert_to(name, 'UTF8') bytes, generate_series(1, octet_length(bytes)) n) b);
COMMENT ON FUNCTION csmetrics.uri_encoded(text) IS 'Internal: a text as it stands in a URI';

CREATE OR REPLACE FUNCTION csmetrics.crontab_command(model text, steps text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN model !~ '[\\%[:cntrl:]]' THEN csmetrics.run_command(model, steps)
            ELSE (SELECT replace(csmetrics.run_command(''::text, steps), '''''',
                                 'U&''' || string_agg(CASE WHEN s = '''' THEN '''''' WHEN s = '!' THEN '!!'
                                                           WHEN s ~ '[\\%[:cntrl:]]'
                                                           THEN '!' || lpad(to_hex(ascii(s)), 4, '0')
                                                           ELSE s END, '' ORDER BY n) || ''' UESCAPE ''!''')
                  FROM string_to_table(model, NULL) WITH ORDINALITY t(s, n)) END;
COMMENT ON FUNCTION csmetrics.crontab_command(text, text[]) IS
'Internal: the statement that a schedule runs, without characters that mean something to a cron';

CREATE OR REPLACE FUNCTION csmetrics.crontab_line(timing text, model text, steps text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT format('%s psql -X -q%s -d %s -c %s',
                  CASE WHEN timing ~ 'second' THEN '* * * * *' ELSE timing END,
                  CASE WHEN current_setting('port') <> '5432' THEN ' -p ' || current_setting('port') END,
                  CASE WHEN d.name ~ '^[a-z_][a-z0-9_]*$' THEN d.name
                       ELSE '''postgresql:///' || replace(d.name, '%', '\%') || '''' END,
                  CASE WHEN c.command ~ '["$`!]' THEN '''' || replace(c.command, '''', '''"''"''') || ''''
                       ELSE '"' || c.command || '"' END)
    FROM (SELECT csmetrics.uri_encoded(current_database()::text) AS name) d,
         (SELECT csmetrics.crontab_command(model, steps) AS command) c;
END;
COMMENT ON FUNCTION csmetrics.crontab_line(text, text, text[]) IS
'Internal: the line of a crontab that runs the model in this database, quoted for cron, sh and SQL';

CREATE OR REPLACE FUNCTION csmetrics.require_cron(hint text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    home text;
BEGIN
    IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_cron') THEN
        RETURN;
    ELSIF NOT EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'pg_cron') THEN
        RAISE EXCEPTION 'pg_cron is not installed on this server'
            USING ERRCODE = 'feature_not_supported', HINT = hint;
    END IF;
    BEGIN
        home := current_setting('cron.database_name', true);
    EXCEPTION WHEN insufficient_privilege THEN
        home := NULL;
    END;
    RAISE EXCEPTION 'extension pg_cron is not created in this database'
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = hint,
              DETAIL = CASE WHEN home = current_database() THEN 'It can be: CREATE EXTENSION pg_cron.'
                            WHEN home IS NOT NULL
                            THEN format('Its jobs are kept in database "%s", where cron.schedule_in_database makes '
                                        'jobs for others.', home)
                            ELSE format('It is on this server: with shared_preload_libraries = ''pg_cron'' and '
                                        'cron.database_name = %L it can be.', current_database()) END;
END
$$;
COMMENT ON FUNCTION csmetrics.require_cron(text) IS
'Internal: SQLSTATE 0A000 or 55000 unless pg_cron is in this database';

CREATE OR REPLACE FUNCTION csmetrics.schedule(
    model text, timing text, steps text[] DEFAULT '{refresh,evaluate_alerts}') RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $schedule$
DECLARE
    job bigint;
    known CONSTANT text := '^(@(yearly|annually|monthly|weekly|daily|midnight|hourly|reboot)'
                           '|([0-9A-Za-z*,/$-]+ +){4}[0-9A-Za-z*,/$-]+|[1-9][0-9]? seconds?)$';
BEGIN
    PERFORM csmetrics.require_owner(model);
    PERFORM csmetrics.check_steps(steps);
    IF (timing ~ known) IS NOT TRUE THEN
        RAISE EXCEPTION 'invalid schedule "%"', coalesce(timing, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Minute, hour, day of the month, month and day of the week as in a crontab: */5 * * * * is '
                         'every five minutes, 0 3 * * * each night at three.';
    END IF;
    PERFORM csmetrics.require_cron(
        format(E'This line in the crontab of a user who may connect does the same:\n%s',
               csmetrics.crontab_line(timing, model, steps)));
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job
        USING 'csmetrics:' || model, timing, csmetrics.run_command(model, steps);
    RETURN job;
END
$schedule$;
COMMENT ON FUNCTION csmetrics.schedule(text, text, text[]) IS
'Runs the model by itself: a job of pg_cron, csmetrics:<model>, in place of the one before; gives its key. timing: as '
'in a crontab, in cron.timezone. No pg_cron on the server: SQLSTATE 0A000, in this database: 55000, with a line for '
'cron; a wrong timing or step: 22023; an unknown model: 3F000.';

CREATE OR REPLACE FUNCTION csmetrics.unschedule(model text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $unschedule$
DECLARE
    jobs bigint;
BEGIN
    PERFORM csmetrics.require_cron('What the system''s own cron runs is in a crontab: crontab -e.');
    EXECUTE 'SELECT count(cron.unschedule(jobid)) FROM cron.job
             WHERE jobname = $1 AND database = pg_catalog.current_database()' INTO jobs USING 'csmetrics:' || model;
    IF jobs = 0 THEN
        RAISE NOTICE 'model "%" is not scheduled', model;
    END IF;
    RETURN jobs > 0;
END
$unschedule$;
COMMENT ON FUNCTION csmetrics.unschedule(text) IS
'Ends what schedule began: removes the jobs of the model that the caller may see, whether there still is such a model '
'or not. True if there was one; false, with a NOTICE, if there was none. Where pg_cron is not: SQLSTATE 0A000 or '
'55000, as schedule.';
