\unset ECHO
\i test/psql.sql
-- A model that is run from two sessions at once, and one that pg_cron runs: really, so this takes up to a minute. Needs dblink, and
-- for the second part a server with pg_cron in shared_preload_libraries; its jobs live in the database cron.database_name, so the
-- models are made there. All is dropped again at the end but pg_cron, whose launcher would not see it come again.
SELECT plan(19);
DROP SCHEMA IF EXISTS schedule_sessions, schedule_sessions_internal, schedule_sessions_aids CASCADE;
CREATE SCHEMA schedule_sessions_aids;
\set aids schedule_sessions_aids
\set has_cron false
\i test/sessions.sql
\if :present
SELECT pg_temp.opened('two') \g /dev/null
CREATE FUNCTION pg_temp.wait_for(connection text, condition text, seconds integer) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE met boolean;
BEGIN
    FOR i IN 1 .. 5 * seconds LOOP
        SELECT t.met INTO met FROM dblink(connection, 'SELECT ' || condition) AS t(met boolean);
        EXIT WHEN met;
        PERFORM pg_sleep(0.2);
    END LOOP;
    RETURN met;
END $$;
-- Two at once: the second does nothing, and does not wait.
CALL create_model('schedule_sessions');
CALL map('schedule_sessions', 'subscription', 'SELECT ''a'' AS account_id, date ''2024-01-01'' AS starts_on, 10 AS mrr');
SELECT dblink_exec('one', 'BEGIN; CALL csmetrics.run(''schedule_sessions'')') \g /dev/null
SELECT dblink_exec('two', 'SET statement_timeout = ''120s''') \g /dev/null
SELECT is(dblink_exec('two', 'CALL csmetrics.run(''schedule_sessions'')'), 'CALL', 'a run beside another is over at once');
SELECT is(n, 0::bigint, 'and did nothing') FROM dblink('two', 'SELECT count(*) FROM schedule_sessions_internal.account_state') t(n bigint);
SELECT dblink_exec('one', 'ROLLBACK') \g /dev/null
SELECT is(dblink_exec('two', 'CALL csmetrics.run(''schedule_sessions'')'), 'CALL', 'when the other is over');
SELECT is(n, 1::bigint, 'the next one runs') FROM dblink('two', 'SELECT count(*) FROM schedule_sessions_internal.account_state') t(n bigint);
-- Nobody stops it who may not write the model: not by a lock that anybody can take, nor by any of the table, which those who read take.
SELECT dblink_exec('two', 'UPDATE schedule_sessions.policy SET as_of = ''2024-03-01''; DELETE FROM schedule_sessions_internal.account_state') \g /dev/null
SELECT dblink_exec('two', 'DO $d$ BEGIN IF to_regrole(''csmetrics_locker'') IS NULL THEN CREATE ROLE csmetrics_locker; END IF; END $d$;
                           GRANT USAGE ON SCHEMA schedule_sessions TO csmetrics_locker; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA schedule_sessions TO csmetrics_locker') \g /dev/null
SELECT dblink_exec('one', 'SET ROLE csmetrics_locker') \g /dev/null
SELECT set_eq($$SELECT mode, pg_temp.failure(format('SELECT dblink_exec(''one'', ''DO $d$ BEGIN LOCK TABLE schedule_sessions.policy IN %s MODE NOWAIT; END $d$'')', mode))
                       FROM unnest('{SHARE UPDATE EXCLUSIVE,SHARE,SHARE ROW EXCLUSIVE,EXCLUSIVE,ACCESS EXCLUSIVE}'::text[]) mode$$,
              $$SELECT mode, '42501 permission denied for table policy' FROM unnest('{SHARE UPDATE EXCLUSIVE,SHARE,SHARE ROW EXCLUSIVE,EXCLUSIVE,ACCESS EXCLUSIVE}'::text[]) mode$$, 'who reads and adds rows cannot take a lock that would be in the way');
SELECT dblink_exec('one', 'BEGIN; LOCK TABLE schedule_sessions.policy IN ACCESS SHARE MODE; LOCK TABLE schedule_sessions.policy IN ROW EXCLUSIVE MODE;
                           DO $d$ BEGIN PERFORM pg_advisory_lock(hashtextextended(''csmetrics.run '' || ''schedule_sessions.policy''::regclass::oid, 0)); END $d$') \g /dev/null
SELECT is(dblink_exec('two', 'CALL csmetrics.run(''schedule_sessions'')'), 'CALL', 'what such a role can hold, it may:');
SELECT is(n, 1::bigint, 'the model is run') FROM dblink('two', 'SELECT count(*) FROM schedule_sessions_internal.account_state') t(n bigint);
SELECT dblink_exec('one', 'ROLLBACK; RESET ROLE') \g /dev/null
SELECT dblink_disconnect(connection) FROM unnest('{one,two}'::text[]) connection \g /dev/null

SELECT current_setting('cron.database_name', true) IS NOT NULL AND EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_cron') AS has_cron \gset
\if :has_cron
    SELECT pg_temp.opened('home', current_setting('cron.database_name')) \g /dev/null
    SELECT had_csmetrics FROM dblink('home', $$SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'csmetrics')$$) t(had_csmetrics boolean) \gset
    SELECT dblink_exec('home', $$
        CREATE EXTENSION IF NOT EXISTS pg_cron;
        CREATE EXTENSION IF NOT EXISTS csmetrics;
        DROP SCHEMA IF EXISTS schedule_on, schedule_on_internal, "schedule 'off'", "schedule 'off'_internal" CASCADE;
        CALL csmetrics.create_model('schedule_on');
        CALL csmetrics.map('schedule_on', 'subscription', 'SELECT ''a'' AS account_id, date ''2024-01-01'' AS starts_on, 10 AS mrr');
        CALL csmetrics.create_model('schedule ''off''');
        CALL csmetrics.map('schedule ''off''', 'subscription', 'SELECT ''a'' AS account_id, date ''2024-01-01'' AS starts_on, 10 AS mrr') $$) \g /dev/null
    -- from 1.5 on it knows seconds
    SELECT timing FROM dblink('home', $$SELECT CASE WHEN string_to_array(substring(extversion FROM '^[0-9.]+'), '.')::integer[] >= '{1,5}' THEN '2 seconds' ELSE '* * * * *' END FROM pg_extension WHERE extname = 'pg_cron'$$) t(timing text) \gset
    CREATE FUNCTION pg_temp.home(statement text) RETURNS text LANGUAGE sql AS $$SELECT result FROM dblink('home', statement) t(result text)$$;

SELECT is(pg_temp.home($$SELECT csmetrics.schedule('schedule_on', '0 0 1 1 *') = csmetrics.schedule('schedule_on', '0 0 2 1 *', '{refresh,take_snapshot}')$$), 't', 'scheduled again it is the same job');
SELECT is(pg_temp.home($$SELECT string_agg(concat_ws('|', jobname, schedule, command, database = current_database(), username = current_user), ' ') FROM cron.job WHERE jobname LIKE 'csmetrics:schedule%'$$),
          'csmetrics:schedule_on|0 0 2 1 *|CALL csmetrics.run(''schedule_on'', ''{refresh,take_snapshot}'')|t|t', 'with the new schedule and steps alone');
SELECT is(pg_temp.home(format($$SELECT count(csmetrics.schedule(m, %L)) FROM unnest('{schedule_on,schedule ''off''}'::text[]) m$$, :'timing')), '2', 'two are scheduled');
SELECT is(pg_temp.home($$SELECT csmetrics.unschedule('schedule ''off''')$$), 't', 'and one not any more');
SELECT is(pg_temp.home($$SELECT csmetrics.unschedule('schedule ''off''')$$), 'f', 'which it can be once');
SELECT matches(pg_temp.failure($$SELECT pg_temp.home('SELECT csmetrics.schedule(''schedule_on'', ''99 * * * *'')')$$), '99 \* \* \* \*', 'what pg_cron cannot read is named');
SELECT ok(pg_temp.wait_for('home', 'EXISTS (SELECT FROM schedule_on_internal.account_state)', 130), 'pg_cron runs the model');
SELECT ok(pg_temp.wait_for('home', $$EXISTS (SELECT FROM cron.job_run_details d JOIN cron.job USING (jobid) WHERE jobname = 'csmetrics:schedule_on' AND d.status = 'succeeded')$$, 130), 'and says that it went well');
SELECT is(pg_temp.home('SELECT count(*) FROM schedule_on_internal.alert_evaluation'), pg_temp.home('SELECT count(*) FROM schedule_on.alert_rule WHERE is_enabled'), 'its alerts were evaluated');
SELECT is(pg_temp.home($$SELECT count(*) FROM "schedule 'off'_internal".account_state$$), '0', 'the other was not run');
SELECT is(pg_temp.home($$SELECT csmetrics.unschedule('schedule_on')$$), 't', 'it can be ended');
SELECT is(pg_temp.home($$SELECT count(*) FROM cron.job WHERE jobname LIKE 'csmetrics:schedule%'$$), '0', 'and no job is left');

    SELECT dblink_exec('home', 'DROP SCHEMA schedule_on, schedule_on_internal, "schedule ''off''", "schedule ''off''_internal" CASCADE') \g /dev/null
    SELECT dblink_exec('home', 'DROP EXTENSION csmetrics CASCADE; DROP SCHEMA csmetrics') WHERE NOT :'had_csmetrics' \g /dev/null
    SELECT dblink_disconnect('home') \g /dev/null
\else
SELECT skip('pg_cron is not loaded here (shared_preload_libraries)', 12);
\endif
\else
SELECT skip('there are no other sessions here (dblink)', 19);
\endif
DROP SCHEMA IF EXISTS schedule_sessions, schedule_sessions_internal, schedule_sessions_aids CASCADE;
DROP ROLE IF EXISTS csmetrics_locker;
SELECT * FROM finish();
