\unset ECHO
\i test/psql.sql
-- What a schedule runs, and what is said where there is no pg_cron. With it: schedule_sessions.
BEGIN;
SELECT plan(27);
DROP EXTENSION IF EXISTS pg_cron;

CREATE TABLE public.contract (account_id text, starts_on date, mrr numeric);
INSERT INTO public.contract VALUES ('a', '2024-01-01', 100);
CALL create_model('cs');
CALL map('cs', 'subscription', 'TABLE public.contract');
UPDATE cs.policy SET as_of = '2024-03-01';
DELETE FROM cs.alert_rule;
INSERT INTO cs.alert_rule (rule, condition) VALUES ('big', 'mrr > 1000');
DELETE FROM cs.playbook;
INSERT INTO cs.playbook (name, trigger_when, success_when, holdout_share) VALUES ('greet', 'true', 'mrr > 0', 0);

-- What is run.
CALL run('cs');
SELECT is(count(*), 1::bigint, 'run refreshes') FROM cs_internal.account_state;
SELECT is(count(*), 1::bigint, 'and evaluates the alerts') FROM cs_internal.alert_evaluation;
SELECT is((SELECT count(*) FROM cs.playbook_run) + (SELECT count(*) FROM cs.snapshot), 0::bigint, 'and no more, unless asked to');
INSERT INTO public.contract VALUES ('b', '2024-01-01', 2000);
CALL run('cs', '{take_snapshot,run_playbooks,refresh}');
SELECT is((SELECT count(*) FROM cs.playbook_run WHERE arm = 'treated') || ' ' || (SELECT count(*) FROM cs_internal.snapshot_account), '2 2', 'whatever is asked for, in the order that makes sense');
SELECT is(count(*), 0::bigint, 'and not the alerts, unless they are') FROM cs.alert;
INSERT INTO cs.alert_rule (rule, condition) VALUES ('broken', '1 / (mrr - 100)::integer > 0');
INSERT INTO public.contract VALUES ('c', '2024-01-01', 5);
SET LOCAL client_min_messages = error;
CALL run('cs', '{refresh,evaluate_alerts,take_snapshot}');
SET LOCAL client_min_messages = warning;
SELECT is((SELECT count(*) FROM cs_internal.account_state) || ' ' || (SELECT count(*) FROM cs_internal.alert_evaluation WHERE rule = 'broken') || ' ' || (SELECT count(*) FROM cs.snapshot), '3 0 2', 'a step that fails takes no other with it');
INSERT INTO public.contract VALUES ('d', NULL, 5);
SELECT throws_ok('CALL run(''cs'')', '22023', 'source "subscription", account d: starts_on is NULL');
SELECT throws_ok('CALL run(''no'')', '3F000', 'there is no model "no"');
SELECT throws_ok('CALL run(''cs'', ''{refresh,dance}'')', '22023', 'unknown step "dance"');
SELECT throws_ok('CALL run(''cs'', ''{}'')', '22023', 'no steps to run');
SELECT throws_ok('CALL run(''cs'', ''{NULL}'')', '22023', 'unknown step "NULL"');

-- Without pg_cron in this database.
CREATE FUNCTION pg_temp.said(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || ' ' || SQLERRM || E'\n' || detail || E'\n' || hint;
END $$;
CREATE TEMP TABLE absence AS SELECT CASE WHEN EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_cron') THEN '55000 extension pg_cron is not created in this database' ELSE '0A000 pg_cron is not installed on this server' END AS said;
SELECT is(split_part(pg_temp.said('SELECT schedule(''cs'', ''*/5 * * * *'')'), E'\n', 1), said, 'that there is none is said, and whether the server has it') FROM absence;
SELECT is(split_part(pg_temp.said('SELECT unschedule(''cs'')'), E'\n', 1), said, 'by unschedule too') FROM absence;
SELECT ok(CASE WHEN said LIKE '0A000%' THEN pg_temp.said('SELECT unschedule(''cs'')') LIKE E'%\n\n%' ELSE pg_temp.said('SELECT unschedule(''cs'')') ~ E'\n(It can be|Its jobs are kept in database|It is on this server)' END, 'and what is to be done') FROM absence;
-- psql -p, where the port is not the usual one, and the database as cron and sh have it
SELECT format(' psql -X -q%s -d ', CASE WHEN current_setting('port') <> '5432' THEN ' -p ' || current_setting('port') END) AS psql \gset
SELECT CASE WHEN current_database() ~ '^[a-z_][a-z0-9_]*$' THEN current_database() ELSE regexp_replace(crontab_line('', 'cs', '{refresh}'), '^.* -d (.*) -c .*$', '\1') END AS here \gset
SELECT is(substr(pg_temp.said('SELECT schedule(''cs'', ''*/5 * * * *'')'), strpos(pg_temp.said('SELECT schedule(''cs'', ''*/5 * * * *'')'), E'\n*/5') + 1),
          '*/5 * * * *' || :'psql' || :'here' || ' -c "CALL csmetrics.run(''cs'')"', 'the line of a crontab that does the same');
SELECT is(crontab_line('@daily', 'cs', '{refresh,run_playbooks}'), '@daily' || :'psql' || :'here' || ' -c "CALL csmetrics.run(''cs'', ''{refresh,run_playbooks}'')"', 'with the steps asked for');
SELECT is(crontab_line('0 3 * * 1-5', 'My "cs''', '{refresh,evaluate_alerts}'), '0 3 * * 1-5' || :'psql' || :'here' || $x$ -c 'CALL csmetrics.run('"'"'My "cs'"'"''"'"''"'"')'$x$, 'a name that is quoted for SQL and for sh');
SELECT is(crontab_line('0 3 * * *', E'a%b\\c\n$(d)!', '{refresh,evaluate_alerts}'), '0 3 * * *' || :'psql' || :'here' || $x$ -c 'CALL csmetrics.run(U&'"'"'a!0025b!005cc!000a$(d)!!'"'"' UESCAPE '"'"'!'"'"')'$x$, 'and for cron');
-- back through cron and sh: what SQL makes of it
CREATE FUNCTION pg_temp.made_of(line text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    argument text := replace(regexp_replace(line, '^.* -c ''(.*)''$', '\1'), '''"''"''', '''');
    name text;
BEGIN
    EXECUTE 'SELECT ' || regexp_replace(argument, '^CALL csmetrics\.run\((.*)\)$', '\1') INTO name;
    RETURN name;
END $$;
SELECT is(pg_temp.made_of(crontab_line('* * * * *', name, '{refresh,evaluate_alerts}')), name, 'the name comes through: ' || nr)
FROM (VALUES (1, E'My "cs''; 100% \\ ! \n$(x) `y`'), (2, '''"!'), (3, E'\\'' %''')) v(nr, name) ORDER BY nr;
SELECT is_empty($$SELECT FROM (VALUES (E'My "cs''; 100% \\ ! \n$(x)'), ('%'), (E'\r\n')) v(name), crontab_line('* * * * *', name, '{refresh,evaluate_alerts}') line WHERE line ~ '[\n\r]' OR replace(line, '\%', '') ~ '[%\\]'$$, 'it is one line, and nothing in it means anything to cron');

-- Schedules that are none.
SELECT is(string_agg(pg_temp.failure(format('SELECT schedule(''cs'', %L)', wrong)), ', ' ORDER BY nr), '22023 invalid schedule "often", 22023 invalid schedule "* * * *", 22023 invalid schedule "NULL", 22023 invalid schedule "@often", 22023 invalid schedule "* * * * %"', 'what is no schedule')
FROM (VALUES (1, 'often'), (2, '* * * *'), (3, NULL), (4, '@often'), (5, '* * * * %')) v(nr, wrong);
SELECT throws_ok('SELECT schedule(''cs'', E''* * * * *\nroot reboot'')', '22023', E'invalid schedule "* * * * *\nroot reboot"', 'nor is what has a second line');
SELECT throws_ok('SELECT schedule(''no'', ''* * * * *'')', '3F000', 'there is no model "no"');
SELECT throws_ok('SELECT schedule(''cs'', ''* * * * *'', ''{dance}'')', '22023', 'unknown step "dance"');
SELECT is_empty(format('SELECT FROM unnest(%L::text[]) timing WHERE pg_temp.said(format(''SELECT schedule(''''cs'''', %%L)'', timing)) NOT LIKE (SELECT said || ''%%'' FROM absence)', '{*/5 * * * *,0 3 1\,15 1-6 mon-fri,@hourly,30 seconds,0  4 * * 7,0 0 $ * *}'), 'what is one');

SELECT * FROM finish();
ROLLBACK;
