\unset ECHO
\i test/psql.sql
-- Snapshots taken from two sessions at once, in each isolation level: one after the other, and nothing twice. Needs dblink, and a socket to connect to.
BEGIN;
SELECT plan(7);
\i test/sessions.sql
\if :present
SELECT pg_temp.opened(name) FROM unnest('{two,three}'::text[]) name \g /dev/null
SELECT dblink_exec(name, 'SET client_min_messages = warning') FROM unnest('{one,two,three}'::text[]) name \g /dev/null
SELECT dblink_exec('one', $$
    DROP SCHEMA IF EXISTS restatement_sessions, restatement_sessions_internal CASCADE;
    CALL csmetrics.create_model('restatement_sessions');
    CREATE TABLE restatement_sessions.contract AS SELECT 'a' || n AS account_id, date '2024-01-01' AS starts_on, 10 AS mrr FROM generate_series(1, 50) AS n;
    CALL csmetrics.map('restatement_sessions', 'subscription', 'TABLE restatement_sessions.contract');
    CALL csmetrics.refresh('restatement_sessions');
    UPDATE restatement_sessions.policy SET as_of = '2024-03-01' $$) \g /dev/null
CREATE FUNCTION pg_temp.shown() RETURNS text LANGUAGE sql AS
$$SELECT text FROM dblink('three', 'SELECT (SELECT count(*) FROM restatement_sessions.snapshot) || '' snapshots, '' || count(*) || '' accounts, '' || coalesce(sum(amount_mrr), 0) FROM restatement_sessions_internal.snapshot_account JOIN restatement_sessions_internal.snapshot_movement USING (account_id)') AS t(text text)$$;
CREATE FUNCTION pg_temp.waits(holder integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 6000 LOOP
        IF EXISTS (SELECT FROM pg_locks l WHERE NOT l.granted AND holder = ANY (pg_blocking_pids(l.pid))) THEN
            RETURN true;
        END IF;
        PERFORM pg_sleep(0.02);
    END LOOP;
    RETURN false;
END $$;
SELECT pid FROM dblink('one', 'SELECT pg_backend_pid()') AS t(pid integer) \gset

SELECT dblink_exec('one', $$BEGIN; CALL csmetrics.take_snapshot('restatement_sessions')$$) \g /dev/null
SELECT dblink_send_query('two', $$CALL csmetrics.take_snapshot('restatement_sessions')$$) \g /dev/null
SELECT ok(pg_temp.waits(:pid), 'the second session waits for the first');
SELECT is(pg_temp.shown(), '0 snapshots, 0 accounts, 0', 'readers do not');
SELECT dblink_exec('one', 'COMMIT') \g /dev/null
SELECT is(status, 'CALL', 'then the second goes on') FROM dblink_get_result('two') AS t(status text);
SELECT is(pg_temp.shown(), '2 snapshots, 50 accounts, 500', 'and stores nothing again');
SELECT FROM dblink_get_result('two') AS t(status text) \g /dev/null

-- Where the second cannot see what the first has written, it fails.
SELECT dblink_exec('one', $$UPDATE restatement_sessions.contract SET starts_on = '2024-02-01'; CALL csmetrics.refresh('restatement_sessions')$$) \g /dev/null
SELECT dblink_exec('two', 'BEGIN ISOLATION LEVEL REPEATABLE READ') \g /dev/null
SELECT FROM dblink('two', 'SELECT 1 FROM restatement_sessions.snapshot') AS t(one integer) \g /dev/null
SELECT dblink_exec('one', $$CALL csmetrics.take_snapshot('restatement_sessions')$$) \g /dev/null
SELECT matches(pg_temp.failure($$SELECT dblink_exec('two', 'CALL csmetrics.take_snapshot(''restatement_sessions'')')$$), '^(40001|23505)', 'or fails, where it is to see what was before');
SELECT dblink_exec('two', 'ROLLBACK') \g /dev/null
SELECT is(text, '3 snapshots, 50 as of now', 'and leaves nothing') FROM dblink('three', 'SELECT (SELECT count(*) FROM restatement_sessions.snapshot) || '' snapshots, '' || count(*) || '' as of now'' FROM restatement_sessions_internal.snapshot_account WHERE to_snapshot IS NULL') AS t(text text);
SELECT is(n, 0::bigint, 'nothing is restated since') FROM dblink('three', 'SELECT count(*) FROM csmetrics.restatement(''restatement_sessions'') WHERE is_restated') AS t(n bigint);
SELECT dblink_exec('three', 'DROP SCHEMA restatement_sessions, restatement_sessions_internal CASCADE') \g /dev/null
SELECT dblink_disconnect(name) FROM unnest('{two,three}'::text[]) name \g /dev/null
\else
SELECT skip('dblink is not there, or may not connect', 7);
\endif
SELECT * FROM finish();
ROLLBACK;
