\unset ECHO
\i test/psql.sql
-- Refresh and those who write beside it, from sessions of their own: what is under way is taken by the next refresh, a second refresh waits or leaves, and the
-- row of one that failed stays. Needs dblink.
SELECT plan(19);
DROP SCHEMA IF EXISTS watch_sessions, watch_sessions_internal, watch_sessions_aids, watch_sessions_app CASCADE;
CREATE SCHEMA watch_sessions_aids;
\set aids watch_sessions_aids
\i test/sessions.sql
\if :present
SELECT pg_temp.opened('two') \g /dev/null
CREATE SCHEMA watch_sessions_app;
CREATE TABLE watch_sessions_app.term AS SELECT a AS account_id, date '2024-01-01' AS starts_on, 10 AS mrr FROM generate_series(1, 5) a;
CALL create_model('watch_sessions', 'integer');
CALL map('watch_sessions', 'subscription', 'TABLE watch_sessions_app.term');
CALL watch('watch_sessions', 'subscription', 'trigger', 'watch_sessions_app.term');
CALL refresh('watch_sessions');
CREATE FUNCTION pg_temp.mrr(account int) RETURNS numeric LANGUAGE sql AS $$ SELECT mrr_at(revenue, '2024-06-01') FROM watch_sessions_internal.account_state WHERE account_id = account $$;
CREATE FUNCTION pg_temp.last(what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE format('SELECT %s FROM watch_sessions.refresh_log l ORDER BY l.started_at DESC LIMIT 1', what) INTO answer;
    RETURN answer;
END $$;

-- Writers do not wait for each other, nor for refresh, and none of what they do is lost.
SELECT dblink_exec('one', 'BEGIN; UPDATE watch_sessions_app.term SET mrr = 11 WHERE account_id = 1') \g /dev/null
SELECT dblink_exec('two', 'SET statement_timeout = ''120s''; UPDATE watch_sessions_app.term SET mrr = 12 WHERE account_id = 2') \g /dev/null
CALL refresh('watch_sessions');
SELECT is(pg_temp.mrr(2), 12::numeric, 'what was committed is taken');
SELECT is(pg_temp.mrr(1), 10::numeric, 'what was not is not');
SELECT dblink_exec('one', 'COMMIT') \g /dev/null
CALL refresh('watch_sessions');
SELECT is(pg_temp.mrr(1), 11::numeric, 'but by the next');
SELECT dblink_exec('one', 'BEGIN; CALL csmetrics.refresh(''watch_sessions'')') \g /dev/null
SELECT is(dblink_exec('two', 'UPDATE watch_sessions_app.term SET mrr = 13 WHERE account_id = 3'), 'UPDATE 1', 'nobody who writes waits for a refresh');

-- Two at once.
SELECT is(pg_temp.failure($$SELECT dblink_exec('two', 'CALL csmetrics.refresh(''watch_sessions'', wait => false)')$$), '55P03 another session is refreshing model "watch_sessions"', 'a second one leaves, if it is told to');
SELECT is(pg_temp.last('l.state || l.error'), 'failed55P03 another session is refreshing model "watch_sessions"', 'which is in the log');
SELECT dblink_send_query('two', 'CALL csmetrics.refresh(''watch_sessions'')') \g /dev/null
SELECT pg_sleep(0.5) \g /dev/null
SELECT is(dblink_is_busy('two'), 1, 'or waits');
SELECT dblink_exec('one', 'ROLLBACK') \g /dev/null
SELECT result FROM dblink_get_result('two') t(result text) \g /dev/null
SELECT result FROM dblink_get_result('two') t(result text) \g /dev/null
SELECT is(pg_temp.mrr(3), 13::numeric, 'and then does what there is to do');

-- What failed is in the log, and nothing else that was done.
INSERT INTO watch_sessions_app.term VALUES (4, NULL, 1);
SELECT matches(pg_temp.failure($$SELECT dblink_exec('two', 'CALL csmetrics.refresh(''watch_sessions'')')$$), '^22023 source "subscription", account 4: ', 'a row that cannot be right');
SELECT matches(pg_temp.last('l.state || '' '' || l.error'), '^failed 22023 source "subscription", account 4: ', 'is named by the log');
SELECT is((SELECT count(*) FROM watch_sessions_internal.changed_row), 1::bigint, 'what a refresh that fails had taken is back');
SELECT pg_temp.failure($$SELECT dblink_exec('two', 'CALL csmetrics.run(''watch_sessions'')')$$) \g /dev/null
SELECT is((SELECT count(*) FROM watch_sessions.refresh_log WHERE error ~ '^22023'), 2::bigint, 'one that run began is there, too');
SELECT pg_temp.failure($$SELECT dblink_exec('two', 'BEGIN; CREATE TABLE watch_sessions_app.mine (); CALL csmetrics.refresh(''watch_sessions'')')$$) \g /dev/null
SELECT dblink_exec('two', 'ROLLBACK') \g /dev/null
SELECT is((SELECT count(*) FROM watch_sessions.refresh_log WHERE error ~ '^22023'), 2::bigint, 'one within a transaction goes with it');
SELECT pg_temp.failure($$SELECT dblink_exec('two', 'DO $d$ BEGIN CREATE TABLE watch_sessions_app.mine (); CALL csmetrics.refresh(''watch_sessions''); END $d$')$$) \g /dev/null
SELECT is(to_regclass('watch_sessions_app.mine'), NULL, 'and nothing of another''s is committed with it');
DELETE FROM watch_sessions_app.term WHERE starts_on IS NULL;
CALL refresh('watch_sessions');
SELECT is((SELECT count(*) FROM watch_sessions_internal.changed_row), 0::bigint, 'mended, it is taken');
SELECT is(pg_temp.last('l.state'), 'ok', 'and all is well');
CALL refresh('watch_sessions', sweep => true);
SELECT is(pg_temp.last($$l.sources -> 'subscription' ->> 'accounts_unseen'$$), '0', 'a sweep finds nothing that was lost');

-- The live form is read beside a transaction of more subtransactions than a snapshot can list.
CALL create_live('watch_sessions');
SELECT dblink_exec('one', 'BEGIN; DO $d$ BEGIN FOR i IN 1 .. 100 LOOP
                           BEGIN UPDATE watch_sessions_app.term SET mrr = mrr + 1 WHERE account_id = 1; EXCEPTION WHEN division_by_zero THEN END; END LOOP; END $d$') \g /dev/null
SELECT dblink_exec('two', 'UPDATE watch_sessions_app.term SET mrr = 20 WHERE account_id = 2') \g /dev/null
SELECT is((SELECT mrr FROM watch_sessions_live.account_now WHERE account_id = 2), 20::numeric, 'what is live shows what was committed');
SELECT is((SELECT mrr FROM watch_sessions_live.account_now WHERE account_id = 1), (SELECT mrr FROM watch_sessions.account_now WHERE account_id = 1), 'and nothing else');
SELECT dblink_exec('one', 'ROLLBACK') \g /dev/null
CALL drop_live('watch_sessions');
SELECT dblink_disconnect(connection) FROM unnest('{one,two}'::text[]) connection \g /dev/null
\else
SELECT skip('there are no other sessions here (dblink)', 19);
\endif
DROP SCHEMA IF EXISTS watch_sessions, watch_sessions_internal, watch_sessions_aids, watch_sessions_app CASCADE;
SELECT * FROM finish();
