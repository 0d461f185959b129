-- Schedules: a model that is refreshed by itself, by pg_cron where it is there, or else by the system's own cron.
CREATE FUNCTION run_steps() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{refresh,evaluate_alerts,run_playbooks,take_snapshot}'::text[];
COMMENT ON FUNCTION run_steps() IS 'Internal: the steps that run knows, in their order';

CREATE PROCEDURE run(model text, steps text[] DEFAULT '{refresh,evaluate_alerts}')
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET jit = off AS $run$
DECLARE
    step text;
BEGIN
    PERFORM require_model(model);
    PERFORM check_steps(steps);
    -- Who comes while another is at it leaves: the next one sees all that he would have seen. The lock is one that takes the right to
    -- write the policy, so that nobody else can hold it, and in the way of no reader, of no other writer and of no step.
    BEGIN
        EXECUTE format('LOCK TABLE %I.policy IN SHARE UPDATE EXCLUSIVE MODE NOWAIT', model);
    EXCEPTION WHEN lock_not_available THEN
        RAISE NOTICE 'model "%" is being run by another session: nothing to do', model;
        RETURN;
    END;
    FOREACH step IN ARRAY ARRAY(SELECT s FROM unnest(run_steps()) WITH ORDINALITY known(s, n) WHERE s = ANY (steps) ORDER BY n) LOOP
        IF step = 'refresh' THEN
            CALL refresh(model);
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
COMMENT ON PROCEDURE run(text, text[]) IS
'What schedule calls, to be called by hand too: the procedures of steps, one after the other, in the order refresh, evaluate_alerts, run_playbooks, take_snapshot whatever the order given; refresh and evaluate_alerts if nothing is given. A refresh that fails stops it with its error. Of a later step that fails a WARNING tells, and the others stand. While another session runs the model it does nothing, says so in a NOTICE, and so never queues. It takes the right to update the policy: SQLSTATE 42501. An unknown step: 22023; an unknown model: 3F000.';

CREATE FUNCTION check_steps(steps text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    wrong text;
BEGIN
    IF cardinality(steps) > 0 IS NOT TRUE THEN
        RAISE EXCEPTION 'no steps to run' USING ERRCODE = 'invalid_parameter_value', HINT = format('Steps are %s.', array_to_string(run_steps(), ', '));
    END IF;
    SELECT coalesce(s, 'NULL') INTO wrong FROM unnest(steps) s WHERE (s = ANY (run_steps())) IS NOT TRUE LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'unknown step "%"', wrong USING ERRCODE = 'invalid_parameter_value', HINT = format('Steps are %s.', array_to_string(run_steps(), ', '));
    END IF;
END
$$;
COMMENT ON FUNCTION check_steps(text[]) IS 'Internal: SQLSTATE 22023 unless these are steps of run';

CREATE FUNCTION run_command(model text, steps text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('CALL csmetrics.run(%L%s)', model, CASE WHEN steps <> '{refresh,evaluate_alerts}' THEN format(', %L', steps) END);
COMMENT ON FUNCTION run_command(text, text[]) IS 'Internal: the statement that a schedule runs';

CREATE FUNCTION crontab_line(timing text, model text, steps text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
BEGIN ATOMIC
    -- A line of a crontab is one line, in which % ends the command unless a backslash stands before it, and in which crons differ
    -- over two backslashes: so SQL has the characters in question as Unicode escapes, and the database goes in a URI.
    SELECT format('%s psql -X -q%s -d %s -c %s', CASE WHEN timing ~ 'second' THEN '* * * * *' ELSE timing END, CASE WHEN current_setting('port') <> '5432' THEN ' -p ' || current_setting('port') END,
                  CASE WHEN d.name ~ '^[a-z_][a-z0-9_]*$' THEN d.name ELSE '''postgresql:///' || replace(d.name, '%', '\%') || '''' END,
                  CASE WHEN c.command ~ '["$`!]' THEN '''' || replace(c.command, '''', '''"''"''') || '''' ELSE '"' || c.command || '"' END)
    FROM (SELECT string_agg(CASE WHEN b.hex ~ '^(3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|2d|2e)$' THEN chr(('x' || lpad(b.hex, 8, '0'))::bit(32)::integer) ELSE '%' || upper(b.hex) END, '' ORDER BY b.n) AS name
          FROM (SELECT n, encode(substring(name FROM n FOR 1), 'hex') AS hex FROM convert_to(current_database(), 'UTF8') name, generate_series(1, octet_length(name)) n) b) d,
         (SELECT CASE WHEN model !~ '[\\%[:cntrl:]]' THEN run_command(model, steps)
                      ELSE replace(run_command('', steps), '''''', 'U&''' || l.escaped || ''' UESCAPE ''!''') END AS command
          FROM (SELECT string_agg(CASE WHEN s = '''' THEN '''''' WHEN s = '!' THEN '!!' WHEN s ~ '[\\%[:cntrl:]]' THEN '!' || lpad(to_hex(ascii(s)), 4, '0') ELSE s END, '' ORDER BY n) AS escaped
                FROM string_to_table(model, NULL) WITH ORDINALITY t(s, n)) l) c;
END;
COMMENT ON FUNCTION crontab_line(text, text, text[]) IS 'Internal: the line of a crontab that runs the model in this database, quoted for cron, sh and SQL';

CREATE FUNCTION require_cron(hint text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    home text;
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
        RETURN;
    ELSIF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_cron') THEN
        RAISE EXCEPTION 'pg_cron is not installed on this server' USING ERRCODE = 'feature_not_supported', HINT = hint;
    END IF;
    BEGIN
        home := current_setting('cron.database_name', true);
    EXCEPTION WHEN insufficient_privilege THEN
        home := NULL;
    END;
    RAISE EXCEPTION 'extension pg_cron is not created in this database'
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = hint,
              DETAIL = CASE WHEN home = current_database() THEN 'It can be: CREATE EXTENSION pg_cron.'
                            WHEN home IS NOT NULL THEN format('Its jobs are kept in database "%s", where cron.schedule_in_database makes jobs for others.', home)
                            ELSE format('It is on this server: with shared_preload_libraries = ''pg_cron'' and cron.database_name = %L it can be.', current_database()) END;
END
$$;
COMMENT ON FUNCTION require_cron(text) IS 'Internal: SQLSTATE 0A000 or 55000 unless pg_cron is in this database';

CREATE FUNCTION schedule(model text, timing text, steps text[] DEFAULT '{refresh,evaluate_alerts}') RETURNS bigint
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $schedule$
DECLARE
    job bigint;
BEGIN
    PERFORM require_model(model);
    PERFORM check_steps(steps);
    IF (timing ~ '^(@(yearly|annually|monthly|weekly|daily|midnight|hourly|reboot)|([0-9A-Za-z*,/$-]+ +){4}[0-9A-Za-z*,/$-]+|[1-9][0-9]? seconds?)$') IS NOT TRUE THEN
        RAISE EXCEPTION 'invalid schedule "%"', coalesce(timing, 'NULL')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Minute, hour, day of the month, month and day of the week as in a crontab: */5 * * * * is every five minutes, 0 3 * * * each night at three.';
    END IF;
    PERFORM require_cron(format(E'This line in the crontab of a user who may connect does the same:\n%s', crontab_line(timing, model, steps)));
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job USING 'csmetrics:' || model, timing, run_command(model, steps);
    RETURN job;
END
$schedule$;
COMMENT ON FUNCTION schedule(text, text, text[]) IS
'Runs the model by itself from now on: a job of pg_cron, named csmetrics:<model>, that calls run with the steps, with the rights of the caller. timing: as in a crontab, in the time zone of pg_cron (cron.timezone, GMT), or, from pg_cron 1.5 on, as 30 seconds. Gives the key of the job, in cron.job; cron.job_run_details tells how it went. Scheduled again, the model has the new schedule alone. Where pg_cron is not on the server: SQLSTATE 0A000, where it is not created in this database: 55000; the hint is a line for the system''s own cron. A schedule that cannot be read, an unknown step: 22023; an unknown model: 3F000.';

CREATE FUNCTION unschedule(model text) RETURNS boolean
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $unschedule$
DECLARE
    jobs bigint;
BEGIN
    PERFORM require_cron('What the system''s own cron runs is in a crontab: crontab -e.');
    EXECUTE 'SELECT count(cron.unschedule(jobid)) FROM cron.job WHERE jobname = $1 AND database = pg_catalog.current_database()' INTO jobs USING 'csmetrics:' || model;
    IF jobs = 0 THEN
        RAISE NOTICE 'model "%" is not scheduled', model;
    END IF;
    RETURN jobs > 0;
END
$unschedule$;
COMMENT ON FUNCTION unschedule(text) IS
'Ends what schedule began: removes the jobs of the model that the caller may see, whether there still is such a model or not. True if there was one; false, with a NOTICE, if there was none. Where pg_cron is not: SQLSTATE 0A000 or 55000, as schedule.';
