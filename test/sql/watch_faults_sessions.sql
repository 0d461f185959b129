\unset ECHO
\i test/psql.sql
-- A refresh that is stopped, whatever stops it, leaves nothing half done, has its row in the log, and the next one makes of the sources what a rebuild
-- makes. Needs dblink. bench/run faults kills the server, too.
SELECT plan(24);
DROP SCHEMA IF EXISTS watch_faults, watch_faults_internal, watch_faults_aids, watch_faults_app CASCADE;
CREATE SCHEMA watch_faults_aids;
\set aids watch_faults_aids
\i test/sessions.sql
\if :present
SELECT pg_temp.opened('two') \g /dev/null
CREATE SCHEMA watch_faults_app;
CREATE TABLE watch_faults_app.customer AS SELECT a AS account_id, 'n' || a AS name FROM generate_series(1, 40) a;
CREATE TABLE watch_faults_app.term AS SELECT a AS account_id, date '2024-01-01' AS starts_on, 10 AS mrr FROM generate_series(1, 40) a;
CREATE TABLE watch_faults_app.click AS SELECT 1 + n % 40 AS account_id, timestamptz '2024-01-01 UTC' + n * interval '90 minutes' AS at, 'user ' || n % 7 AS user_id FROM generate_series(1, 4000) n;
CALL create_model('watch_faults', 'integer');
UPDATE watch_faults.policy SET as_of = '2024-12-31', store_from_count = 0;
CALL map('watch_faults', 'account', 'TABLE watch_faults_app.customer');
CALL map('watch_faults', 'subscription', 'TABLE watch_faults_app.term');
CALL map('watch_faults', 'usage', 'TABLE watch_faults_app.click');
CALL watch('watch_faults', 'account', 'trigger', 'watch_faults_app.customer');
CALL watch('watch_faults', 'subscription', 'trigger', 'watch_faults_app.term');
CALL watch('watch_faults', 'usage', 'trigger', 'watch_faults_app.click');
CALL refresh('watch_faults');

-- All that the model stores, but for when, what happened and what is to come.
CREATE FUNCTION pg_temp.contents() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    relation record;
BEGIN
    FOR relation IN
        SELECT c.oid::regclass AS name, string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum) AS columns
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN ('refreshed_at', 'swept_at')
        WHERE c.relnamespace = ANY (csmetrics.schemas_of('watch_faults')) AND c.relkind = 'r' AND c.relpersistence = 'p' AND c.relname NOT IN ('refresh_log', 'changed_row', 'watch')
        GROUP BY c.oid
    LOOP
        RETURN QUERY EXECUTE format('SELECT %L || t FROM (SELECT %s FROM %s) t', relation.name || ' ', relation.columns, relation.name);
    END LOOP;
END
$$;
CREATE TEMP TABLE kept (row text);
-- What a refresh leaves that is not what a rebuild makes, which is undone.
CREATE FUNCTION pg_temp.differences() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    kept text[];
    anew text[];
BEGIN
    CALL csmetrics.refresh('watch_faults');
    kept := ARRAY(SELECT pg_temp.contents());
    BEGIN
        CALL csmetrics.rebuild('watch_faults');
        anew := ARRAY(SELECT pg_temp.contents());
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        NULL;
    END;
    RETURN QUERY (SELECT unnest(kept) EXCEPT ALL SELECT unnest(anew)) UNION ALL (SELECT unnest(anew) EXCEPT ALL SELECT unnest(kept));
END
$$;
CREATE FUNCTION pg_temp.last() RETURNS text LANGUAGE sql AS $$ SELECT concat_ws(' ', l.state, l.error) FROM watch_faults.refresh_log l ORDER BY l.started_at DESC LIMIT 1 $$;
-- What writers do; the nth time something else.
CREATE PROCEDURE pg_temp.write(n int) LANGUAGE sql AS $$
    UPDATE watch_faults_app.customer SET name = name || n WHERE account_id % 17 = n;
    UPDATE watch_faults_app.term SET mrr = mrr + n WHERE account_id % 19 = n;
    INSERT INTO watch_faults_app.click VALUES (n, '2024-11-01 UTC', 'late');
    DELETE FROM watch_faults_app.click WHERE account_id = n + 20 AND at > '2024-06-01 UTC';
    TRUNCATE kept; INSERT INTO kept SELECT pg_temp.contents() $$;
-- Until the other session waits for a lock
CREATE PROCEDURE pg_temp.await() LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 400 LOOP
        PERFORM pg_sleep(0.05);
        EXIT WHEN EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND a.datname = current_database());
    END LOOP;
END
$$;
-- What came of the refresh that the other session was sent
CREATE FUNCTION pg_temp.outcome() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM * FROM dblink_get_result('two') t(result text);
    PERFORM * FROM dblink_get_result('two') t(result text);
    RETURN 'no error';
EXCEPTION WHEN query_canceled OR OTHERS THEN
    DECLARE failure text := SQLSTATE; BEGIN
        PERFORM * FROM dblink_get_result('two', false) t(result text);
        RETURN failure;
    END;
END
$$;
SELECT pid AS two FROM dblink('two', 'SELECT pg_backend_pid()') t(pid int) \gset

-- A lock that another holds, on what is read last: the rest is done by then.
CALL pg_temp.write(1);
SELECT dblink_exec('one', 'BEGIN; LOCK TABLE watch_faults_app.click') \g /dev/null
SELECT dblink_exec('two', 'SET lock_timeout = ''300ms''') \g /dev/null
SELECT is(left(pg_temp.failure($$SELECT dblink_exec('two', 'CALL csmetrics.refresh(''watch_faults'')')$$), 5), '55P03', 'no lock within lock_timeout');
SELECT set_eq('SELECT pg_temp.contents()', 'TABLE kept', 'nothing is half done');
SELECT is(pg_temp.last(), 'failed 55P03 canceling statement due to lock timeout', 'it is in the log');
SELECT dblink_exec('two', 'SET lock_timeout = 0') \g /dev/null
SELECT dblink_exec('one', 'COMMIT') \g /dev/null
SELECT is_empty('SELECT pg_temp.differences()', 'and the next one does all');

-- Cancelled there; out of time there.
CALL pg_temp.write(2);
SELECT dblink_exec('one', 'BEGIN; LOCK TABLE watch_faults_app.click') \g /dev/null
SELECT dblink_send_query('two', 'CALL csmetrics.refresh(''watch_faults'')') \g /dev/null
CALL pg_temp.await();
SELECT pg_cancel_backend(:two) \g /dev/null
SELECT is(pg_temp.outcome(), '57014', 'cancelled in the middle');
SELECT is(pg_temp.last(), 'failed 57014 canceling statement due to user request', 'it is in the log');
SELECT dblink_exec('two', 'SET statement_timeout = ''500ms''') \g /dev/null
SELECT dblink_send_query('two', 'CALL csmetrics.refresh(''watch_faults'')') \g /dev/null
SELECT is(pg_temp.outcome(), '57014', 'out of time');
SELECT set_eq('SELECT pg_temp.contents()', 'TABLE kept', 'nothing is half done');
SELECT is(pg_temp.last(), 'failed 57014 canceling statement due to statement timeout', 'it is in the log');
SELECT dblink_exec('two', 'SET statement_timeout = 0') \g /dev/null
SELECT dblink_exec('one', 'COMMIT') \g /dev/null
SELECT is_empty('SELECT pg_temp.differences()', 'and the next one does all');

-- No space for temporary files.
CALL pg_temp.write(3);
SELECT dblink_exec('two', 'SET temp_file_limit = 0; SET work_mem = ''64kB''') \g /dev/null
SELECT is(left(pg_temp.failure($$SELECT dblink_exec('two', 'CALL csmetrics.refresh(''watch_faults'', sweep => true)')$$), 5), '53400', 'temporary space used up');
SELECT set_eq('SELECT pg_temp.contents()', 'TABLE kept', 'nothing is half done');
SELECT matches(pg_temp.last(), '^failed 53400 temporary file size exceeds temp_file_limit', 'it is in the log');
SELECT dblink_exec('two', 'RESET temp_file_limit; RESET work_mem') \g /dev/null
SELECT is_empty('SELECT pg_temp.differences()', 'and the next one does all');

-- At isolation levels that refuse what another did meanwhile.
SELECT dblink_exec('two', 'SET default_transaction_isolation = ''repeatable read''') \g /dev/null
CALL pg_temp.write(4);
SELECT dblink_exec('one', 'BEGIN; CALL csmetrics.refresh(''watch_faults'')') \g /dev/null
SELECT dblink_send_query('two', 'CALL csmetrics.refresh(''watch_faults'')') \g /dev/null
CALL pg_temp.await();
SELECT dblink_exec('one', 'COMMIT') \g /dev/null
SELECT is(pg_temp.outcome(), '40001', 'repeatable read: what it waited for has taken what it saw');
SELECT matches(pg_temp.last(), '^failed 40001 could not serialize access', 'it is in the log');
SELECT is_empty('SELECT pg_temp.differences()', 'and the next one does all');
SELECT dblink_exec('two', 'SET default_transaction_isolation = ''serializable''') \g /dev/null
SELECT dblink_exec('one', 'BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE watch_faults_app.term SET mrr = 70 WHERE account_id = 7') \g /dev/null
CALL pg_temp.write(5);
SELECT is(pg_temp.failure($$SELECT dblink_exec('two', 'CALL csmetrics.refresh(''watch_faults'')')$$), 'no error', 'serializable, beside a writer that is');
SELECT is(pg_temp.failure($$SELECT dblink_exec('one', 'COMMIT')$$), 'no error', 'who is not in trouble by it');
SELECT is_empty('SELECT pg_temp.differences()', 'and the next one does all');

-- Its connection ended; and all that a crash empties empty.
CALL pg_temp.write(6);
SELECT dblink_exec('one', 'BEGIN; LOCK TABLE watch_faults_app.click') \g /dev/null
SELECT dblink_send_query('two', 'CALL csmetrics.refresh(''watch_faults'')') \g /dev/null
CALL pg_temp.await();
SELECT pg_terminate_backend(:two, 10000) \g /dev/null
SELECT dblink_exec('one', 'COMMIT') \g /dev/null
SELECT set_eq('SELECT pg_temp.contents()', 'TABLE kept', 'its connection ended in the middle: nothing is half done');
SELECT is_empty('SELECT pg_temp.differences()', 'and the next one does all');
CALL pg_temp.write(7);
SELECT format('TRUNCATE %s', string_agg(c.oid::regclass::text, ', ')) FROM pg_class c WHERE c.relnamespace = ANY (schemas_of('watch_faults')) AND c.relkind = 'r' AND c.relpersistence = 'u' \gexec
SELECT cmp_ok((SELECT count(*) FROM watch_faults_internal.changed_row), '>=', 4::bigint, 'what triggers told outlives a crash');
SELECT is_empty('SELECT pg_temp.differences()', 'and unlogged tables, which do not, hold nothing that the next one needs');
SELECT dblink_disconnect(connection) FROM unnest('{one,two}'::text[]) connection \g /dev/null
\else
SELECT skip('there are no other sessions here (dblink)', 24);
\endif
DROP SCHEMA IF EXISTS watch_faults, watch_faults_internal, watch_faults_aids, watch_faults_app CASCADE;
SELECT * FROM finish();
