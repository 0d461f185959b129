\unset ECHO
\i test/psql.sql
-- Alerts among sessions: listeners hear what was committed, evaluations at the same time take turns, and one that is killed leaves
-- nothing. This needs dblink, a contributed extension, and objects that other sessions see: all is dropped again at the end.
SELECT plan(27);
DROP SCHEMA IF EXISTS alert_sessions, alert_sessions_internal, alert_sessions_aids CASCADE;
CREATE SCHEMA alert_sessions_aids;
\set aids alert_sessions_aids
\i test/sessions.sql
\if :present

SELECT is(pg_temp.opened('listener') || pg_temp.opened('two'), 'OKOK', 'three sessions more');
-- Twenty accounts, the heat of each a signal of its own
CALL create_model('alert_sessions', 'bigint');
CREATE TABLE alert_sessions_aids.own (account_id bigint, signal text, at timestamptz, value numeric);
CALL map('alert_sessions', 'account', $$SELECT id AS account_id, CASE id WHEN 20 THEN repeat('long "name" ', 800) ELSE 'Account ' || id END AS name, 'Ann' AS owner, 'small' AS segment FROM generate_series(1, 20) id$$);
CALL map('alert_sessions', 'subscription', $$SELECT id AS account_id, date '2024-01-01' AS starts_on, 100 AS mrr, date '2025-01-01' AS renews_on FROM generate_series(1, 20) id$$);
CALL map('alert_sessions', 'signal', 'TABLE alert_sessions_aids.own');
INSERT INTO alert_sessions.health_signal (component, signal, worst, best) VALUES ('own', 'heat', 100, 0);
DELETE FROM alert_sessions.alert_rule;
INSERT INTO alert_sessions.alert_rule (rule, condition, cool_down, channel) VALUES ('hot', '(own_signals ->> ''heat'')::int >= 80', '0', 'alert_sessions'), ('too hot', '(own_signals ->> ''heat'')::int >= 99', '0', 'Other "channel"');
CREATE PROCEDURE pg_temp.facts(day date, first int, last int, value int) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO alert_sessions_aids.own SELECT id, 'heat', day + time '12:00', value FROM generate_series(first, last) id;
    UPDATE alert_sessions.policy SET as_of = day;
    CALL csmetrics.refresh('alert_sessions');
END $$;
-- What the listener heard until now: a last word, sent after all else, comes last.
CREATE FUNCTION pg_temp.heard() RETURNS TABLE (channel text, payload text) LANGUAGE plpgsql AS $$
DECLARE message record;
BEGIN
    PERFORM dblink_exec('one', 'NOTIFY alert_sessions, ''over''');
    FOR attempt IN 1 .. 12000 LOOP
        FOR message IN SELECT notify_name, extra FROM dblink_get_notify('listener') LOOP
            IF message.extra = 'over' THEN
                RETURN;
            END IF;
            channel := message.notify_name;
            payload := message.extra;
            RETURN NEXT;
        END LOOP;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RAISE 'the listener heard no last word';
END $$;
-- How many wait for a lock that this session holds; as soon as there are as many as wanted, or after two minutes.
CREATE FUNCTION pg_temp.waiting_for(what text, wanted bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE found bigint;
BEGIN
    FOR attempt IN 1 .. 12000 LOOP
        -- other databases have transactions that wait, too
        EXECUTE 'SELECT count(*) FROM pg_locks WHERE NOT granted AND ' || what || ' AND pg_backend_pid() = ANY (pg_blocking_pids(pid))' INTO found;
        EXIT WHEN found >= wanted;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RETURN found;
END $$;
SELECT is(dblink_exec('listener', 'LISTEN alert_sessions') || dblink_exec('listener', 'LISTEN "Other ""channel"""'), 'LISTENLISTEN', 'one listens');
CALL pg_temp.facts('2024-03-01', 1, 20, 0);
CALL evaluate_alerts('alert_sessions');
SELECT is_empty('SELECT * FROM pg_temp.heard()', 'the first evaluation announces nothing');

-- What is committed is announced, as JSON.
CALL pg_temp.facts('2024-03-02', 1, 2, 90);
CALL evaluate_alerts('alert_sessions');
CREATE TEMP TABLE message AS SELECT * FROM pg_temp.heard();
SELECT results_eq('SELECT channel, payload::jsonb FROM message', $$
    SELECT 'alert_sessions', jsonb_build_object('model', 'alert_sessions', 'alert_id', alert_id, 'rule', 'hot', 'direction', 'on') FROM alert_sessions.alert ORDER BY alert_id$$, 'two alerts, by their keys and no more: any role may listen');
SELECT results_eq('SELECT a.account_id, a.severity, a.evidence ->> ''name'', (a.evidence ->> ''mrr'')::numeric FROM message JOIN alert_sessions.alert a ON a.alert_id = (payload::jsonb ->> ''alert_id'')::bigint ORDER BY 1',
    $$SELECT id::bigint, 'warning', 'Account ' || id, 100::numeric FROM generate_series(1, 2) id$$, 'the rest is in alert');
CALL evaluate_alerts('alert_sessions');
SELECT is_empty('SELECT * FROM pg_temp.heard()', 'evaluated again nothing is announced');
BEGIN;
CALL pg_temp.facts('2024-03-03', 3, 4, 99);
CALL evaluate_alerts('alert_sessions');
SELECT is((SELECT count(*) FROM alert_sessions.alert), 6::bigint, 'an evaluation');
ROLLBACK;
SELECT is((SELECT count(*) FROM alert_sessions.alert), 2::bigint, 'that is rolled back');
SELECT is_empty('SELECT * FROM pg_temp.heard()', 'was never heard of');
CALL pg_temp.facts('2024-03-03', 1, 3, 0);
CALL pg_temp.facts('2024-03-03', 4, 4, 99);
CALL evaluate_alerts('alert_sessions');
CREATE FUNCTION pg_temp.heard_of() RETURNS TABLE (channel text, rule text, account_id int, direction text) LANGUAGE sql AS
$$SELECT h.channel, h.payload::jsonb ->> 'rule', a.account_id::int, h.payload::jsonb ->> 'direction' FROM pg_temp.heard() h LEFT JOIN alert_sessions.alert a ON a.alert_id = (h.payload::jsonb ->> 'alert_id')::bigint$$;
SELECT results_eq('SELECT * FROM pg_temp.heard_of()',
    $$VALUES ('alert_sessions', 'hot', 1, 'off'), ('alert_sessions', 'hot', 2, 'off'), ('alert_sessions', 'hot', 4, 'on'), ('Other "channel"', 'too hot', 4, 'on')$$, 'each on the channel of its rule, the ends as well');
CALL pg_temp.facts('2024-03-04', 20, 20, 90);
CALL evaluate_alerts('alert_sessions');
SELECT results_eq('SELECT payload::jsonb FROM pg_temp.heard()', $$
    SELECT jsonb_build_object('model', 'alert_sessions', 'alert_id', max(alert_id), 'rule', 'hot', 'direction', 'on') FROM alert_sessions.alert$$, 'a long name is no matter');
-- Two at the same time. Both begin, and wait for this session.
CALL pg_temp.facts('2024-03-05', 1, 19, 0);
CALL pg_temp.facts('2024-03-06', 5, 19, 90);
BEGIN;
LOCK TABLE alert_sessions_internal.alert_state IN SHARE ROW EXCLUSIVE MODE;
SELECT is(dblink_send_query(connection, 'CALL csmetrics.evaluate_alerts(''alert_sessions'')'), 1, connection || ' evaluates') FROM unnest('{one,two}'::text[]) connection;
SELECT is(pg_temp.waiting_for('relation = ''alert_sessions_internal.alert_state''::regclass', 2), 2::bigint, 'both are under way');
COMMIT;
SELECT is_empty(format('SELECT * FROM dblink_get_result(%L) r(status text) WHERE status <> ''CALL''', connection), connection || ' succeeds') FROM unnest('{one,two}'::text[]) connection;
SELECT is_empty(format('SELECT * FROM dblink_get_result(%L) r(status text)', connection), connection || ' is done') FROM unnest('{one,two}'::text[]) connection;
SELECT results_eq('SELECT account_id, count(*) FROM alert_sessions.alert WHERE rule = ''hot'' AND as_of_at > ''2024-03-06'' AND to_state = ''on'' GROUP BY 1 ORDER BY 1', 'SELECT id, 1::bigint FROM generate_series(5::bigint, 19) id', 'each transition is there once');
SELECT results_eq('SELECT account_id, rule FROM pg_temp.heard_of()', 'SELECT account_id::int, rule FROM alert_sessions.alert WHERE as_of_at > ''2024-03-05'' ORDER BY alert_id', 'and was announced once');

-- One is killed in the middle: when all alerts are written, and only when they were evaluated is not, it waits for a row that this session holds.
CALL pg_temp.facts('2024-03-07', 1, 4, 90);
CREATE TEMP TABLE before AS SELECT (SELECT jsonb_agg(s ORDER BY rule, account_id) FROM alert_sessions_internal.alert_state s) || (SELECT jsonb_agg(e ORDER BY rule) FROM alert_sessions_internal.alert_evaluation e) || (SELECT jsonb_agg(a ORDER BY alert_id) FROM alert_sessions.alert a) AS everything;
BEGIN;
SELECT FROM alert_sessions_internal.alert_evaluation FOR UPDATE \g /dev/null
SELECT is(dblink_send_query('two', 'CALL csmetrics.evaluate_alerts(''alert_sessions'')'), 1, 'two evaluates');
SELECT is(pg_temp.waiting_for('locktype = ''transactionid''', 1), 1::bigint, 'and is in the middle of it');
SELECT is((SELECT bool_and(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))), true, 'when it is killed');
COMMIT;
SELECT is((SELECT jsonb_agg(s ORDER BY rule, account_id) FROM alert_sessions_internal.alert_state s) || (SELECT jsonb_agg(e ORDER BY rule) FROM alert_sessions_internal.alert_evaluation e) || (SELECT jsonb_agg(a ORDER BY alert_id) FROM alert_sessions.alert a), everything, 'nothing was written') FROM before;
SELECT is_empty('SELECT * FROM pg_temp.heard()', 'nor heard');
CALL evaluate_alerts('alert_sessions');
SELECT results_eq('SELECT account_id, direction FROM pg_temp.heard_of()', $$VALUES (1, 'on'), (2, 'on'), (3, 'on'), (4, 'on')$$, 'the next evaluation announces each once');
SELECT results_eq('SELECT account_id, count(*) FROM alert_sessions.alert WHERE as_of_at > ''2024-03-07'' GROUP BY 1 ORDER BY 1', 'SELECT id, 1::bigint FROM generate_series(1::bigint, 4) id', 'and writes it once');

SELECT dblink_disconnect(connection) FROM unnest('{listener,one,two}'::text[]) connection \g /dev/null
\else
SELECT skip('there are no other sessions here (dblink)', 27);
\endif
DROP SCHEMA IF EXISTS alert_sessions, alert_sessions_internal, alert_sessions_aids CASCADE;
SELECT * FROM finish();
