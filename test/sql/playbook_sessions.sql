\unset ECHO
\i test/psql.sql
-- Playbooks run from two sessions at once, and from one that is killed: one set of runs. Needs dblink, and a socket to connect to.
BEGIN;
SELECT plan(8);
\i test/sessions.sql
\if :present
SELECT pg_temp.opened(name) FROM unnest('{two,three}'::text[]) name \g /dev/null
SELECT dblink_exec('one', $$
    SET client_min_messages = warning;
    DROP SCHEMA IF EXISTS playbook_sessions, playbook_sessions_internal CASCADE;
    CALL csmetrics.create_model('playbook_sessions');
    CREATE TABLE playbook_sessions.contract AS SELECT 'a' || n AS account_id, date '2024-01-01' AS starts_on, NULL::date AS ends_on, 10 AS mrr FROM generate_series(1, 50) AS n;
    CALL csmetrics.map('playbook_sessions', 'subscription', 'TABLE playbook_sessions.contract');
    CALL csmetrics.refresh('playbook_sessions');
    UPDATE playbook_sessions.policy SET as_of = '2024-03-01';
    DELETE FROM playbook_sessions.playbook;
    INSERT INTO playbook_sessions.playbook VALUES ('all', NULL, 'true', 'owner', 'mrr > 0', 30, 7, 0, '{}', 0.5) $$) \g /dev/null
SELECT dblink_exec(name, 'SET client_min_messages = warning') FROM unnest('{two,three}'::text[]) name \g /dev/null
CREATE FUNCTION pg_temp.count_of(condition text) RETURNS bigint LANGUAGE sql AS $$SELECT n FROM dblink('three', 'SELECT count(*) FROM playbook_sessions.playbook_run WHERE ' || condition) AS t(n bigint)$$;
CREATE FUNCTION pg_temp.wait_for(condition text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE met boolean;
BEGIN
    FOR i IN 1 .. 6000 LOOP
        EXECUTE 'SELECT ' || condition INTO met;
        EXIT WHEN met;
        PERFORM pg_sleep(0.02);
        PERFORM pg_stat_clear_snapshot();
    END LOOP;
    RETURN met;
END $$;

SELECT dblink_exec('one', $$BEGIN; CALL csmetrics.run_playbooks('playbook_sessions')$$) \g /dev/null
SELECT dblink_send_query('two', $$CALL csmetrics.run_playbooks('playbook_sessions')$$) \g /dev/null
SELECT pid FROM dblink('one', 'SELECT pg_backend_pid()') AS t(pid integer) \gset
SELECT ok(pg_temp.wait_for(format('EXISTS (SELECT FROM pg_locks WHERE NOT granted AND %s = ANY (pg_blocking_pids(pid)))', :pid)), 'the second session waits for the first');
SELECT is(pg_temp.count_of('true'), 0::bigint, 'readers do not wait, and see nothing yet');
SELECT dblink_exec('one', 'COMMIT') \g /dev/null
SELECT is((SELECT status FROM dblink_get_result('two') AS t(status text)), 'CALL', 'then the second goes on');
SELECT is(pg_temp.count_of('true'), 50::bigint, 'and opens nothing twice');

SELECT dblink_exec('one', $$UPDATE playbook_sessions.policy SET as_of = '2024-04-30'$$) \g /dev/null
SELECT dblink_exec('one', $$BEGIN; CALL csmetrics.run_playbooks('playbook_sessions')$$) \g /dev/null
SELECT pg_terminate_backend(:pid) \g /dev/null
SELECT ok(pg_temp.wait_for(format('NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)', :pid)), 'a session is killed in the middle of it');
SELECT is(pg_temp.count_of('closed_on IS NULL'), 50::bigint, 'nothing of what it did is left');
SELECT dblink_exec('three', $$CALL csmetrics.run_playbooks('playbook_sessions')$$) \g /dev/null
SELECT is(pg_temp.count_of('is_success AND closed_on = date ''2024-03-31'''), 50::bigint, 'the next one judges them');
SELECT is(pg_temp.count_of('closed_on IS NULL AND opened_on = date ''2024-04-30'''), 50::bigint, 'and opens the next ones');
SELECT dblink_exec('three', 'SET client_min_messages = warning; DROP SCHEMA playbook_sessions, playbook_sessions_internal CASCADE') \g /dev/null
SELECT dblink_disconnect(name) FROM unnest('{two,three}'::text[]) name \g /dev/null
\else
SELECT skip('dblink is not there, or may not connect', 8);
\endif
SELECT * FROM finish();
ROLLBACK;
