\unset ECHO
\i test/psql.sql
-- Functions that the owner of a model lets rules call: he alone, each as it was when he did, in every kind of rule.
BEGIN;
SELECT plan(63);
CREATE ROLE csmetrics_model_owner;
CREATE ROLE csmetrics_rule_editor;
CREATE ROLE csmetrics_function_author;
SELECT format('GRANT CREATE ON DATABASE %I TO csmetrics_model_owner', current_database()) \gexec
GRANT USAGE ON SCHEMA csmetrics TO csmetrics_model_owner, csmetrics_rule_editor, csmetrics_function_author;
CREATE SCHEMA shared AUTHORIZATION csmetrics_function_author;
GRANT USAGE ON SCHEMA shared TO PUBLIC;
CREATE TABLE public.customer AS SELECT 'a' AS account_id, 'A' AS name;
CREATE TABLE public.contract AS SELECT 'a' AS account_id, date '2024-01-01' AS starts_on, 100 AS mrr;
CREATE TABLE public.victim (n int);
GRANT SELECT ON public.customer, public.contract TO csmetrics_model_owner;
GRANT INSERT ON public.victim TO PUBLIC;
-- what is done once the author has turned: a write, by way of a function that the label of the first says nothing of
CREATE FUNCTION public.steal() RETURNS boolean LANGUAGE sql AS 'INSERT INTO public.victim VALUES (1); SELECT true';
SET LOCAL ROLE csmetrics_function_author;
CREATE FUNCTION shared.is_key(name text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN name = 'A';
CREATE FUNCTION shared.is_key(name text, other text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN name = other;
CREATE FUNCTION shared.writes(name text) RETURNS boolean LANGUAGE sql VOLATILE RETURN name = 'A';
CREATE FUNCTION shared.many(name text) RETURNS SETOF boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE PROCEDURE shared.called(name text) LANGUAGE sql AS '';
SET LOCAL ROLE csmetrics_model_owner;
CALL create_model('cs');
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'subscription', 'TABLE public.contract');
UPDATE cs.policy SET as_of = '2024-06-10';
UPDATE cs.alert_rule SET is_enabled = false;
UPDATE cs.playbook SET is_enabled = false;
CALL refresh('cs');
RESET ROLE;

CREATE FUNCTION pg_temp.by(role name, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', role);
    answer := pg_temp.failure(statement);
    RESET ROLE;
    RETURN answer;
END $$;
CREATE FUNCTION pg_temp.owner(statement text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.by('csmetrics_model_owner', statement)$$;

-- Refused, unless it is allowed.
\set off 'this calls function shared.is_key(text), which is not among those that it may call'
SELECT is(pg_temp.owner($$INSERT INTO cs.alert_rule (rule, condition) VALUES ('key', 'shared.is_key(name)')$$), '42501 ' || :'off', 'refused');
SELECT is(pg_temp.owner($$CALL csmetrics.allow_function('cs', 'shared.is_key(text)')$$), 'no error', 'its owner allows it');
SELECT is(pg_temp.owner($$INSERT INTO cs.alert_rule (rule, condition) VALUES ('key', 'shared.is_key(name)')$$), 'no error', 'then it may be called by alerts');
SELECT is(pg_temp.owner($$INSERT INTO cs.playbook (name, trigger_when, success_when) VALUES ('key', 'shared.is_key(name)', 'shared.is_key(''A'')')$$), 'no error', 'by playbooks');
SELECT is(pg_temp.owner($$INSERT INTO cs.quality_rule (rule, source, condition) VALUES ('key', 'account', 'NOT shared.is_key(name)')$$), 'no error', 'by rules of quality');
SELECT is(pg_temp.owner($$INSERT INTO cs.quality_rule (rule, source, condition, quarantine) VALUES ('quarantine', 'account', 'NOT shared.is_key(name)', true)$$), 'no error', 'and in quarantine');
SELECT is(pg_temp.owner(statement), 'no error', statement) FROM (VALUES (1, $$CALL csmetrics.refresh('cs')$$), (2, $$CALL csmetrics.validate('cs')$$), (3, $$CALL csmetrics.evaluate_alerts('cs')$$), (4, $$CALL csmetrics.run_playbooks('cs')$$)) s(n, statement) ORDER BY n;
SELECT is((SELECT count(*) FROM cs_internal.alert_state WHERE rule = 'key') || ' ' || (SELECT count(*) FROM cs.playbook_run WHERE playbook = 'key') || ' ' || (SELECT row_count FROM cs.data_finding WHERE rule = 'key'), '1 1 0', 'and each was evaluated');
SELECT results_eq('SELECT signature, owner, allowed_by FROM cs.allowed_function', $$VALUES ('shared.is_key(text)', 'csmetrics_function_author', 'csmetrics_model_owner')$$, 'it is recorded whose it is, and who allowed it');
-- That one alone, and by its name alone.
SELECT is(pg_temp.owner($$INSERT INTO cs.alert_rule (rule, condition) VALUES ('other', 'shared.is_key(name, name)')$$), '42501 this calls function shared.is_key(text,text), which is not among those that it may call', 'another of the same name is not allowed');
CREATE OPERATOR shared.!! (FUNCTION = shared.is_key, RIGHTARG = text);
CREATE TYPE shared.flag AS ENUM ('a');
SELECT is(pg_temp.owner($$INSERT INTO cs.alert_rule (rule, condition) VALUES ('other', 'OPERATOR(shared.!!) name')$$), '42501 this calls operator shared.!!(NONE,text), which is not among those that it may call', 'nor an operator that calls it');
SELECT is(pg_temp.failure($$SELECT csmetrics.checked_expression('shared.is_key(name)', 'cs.account_now', 'boolean')$$), '42501 ' || :'off', 'without a model nothing is allowed');
SELECT is(pg_temp.owner($$CALL csmetrics.create_model('cs2'); INSERT INTO cs2.alert_rule (rule, condition) VALUES ('key', 'shared.is_key(name)')$$), '42501 ' || :'off', 'nor in another model');

-- What cannot be allowed.
SELECT is(pg_temp.owner(format('CALL csmetrics.allow_function(%L, %L)', model, function)), want, 'not allowed: ' || function)
FROM (VALUES ('cs', 'shared.writes(text)', '22023 shared.writes(text) is volatile: it may write, or give another result each time'), ('cs', 'shared.many(text)', '42809 shared.many(text) is not a function that gives one value of one row'),
             ('cs', 'shared.called(text)', '42809 shared.called(text) is not a function that gives one value of one row'), ('cs', 'pg_catalog.sum(integer)', '42809 sum(integer) is not a function that gives one value of one row'),
             ('cs', 'shared.none(text)', '42883 function "shared.none(text)" does not exist'), ('nosuch', 'shared.is_key(text)', '3F000 there is no model "nosuch"')) f(model, function, want);

-- Nobody else allows any, whatever he was granted.
GRANT USAGE ON SCHEMA cs, cs_internal TO csmetrics_rule_editor;
SELECT is(pg_temp.by('csmetrics_rule_editor', $$CALL csmetrics.allow_function('cs', 'shared.is_key(text,text)')$$), '42501 only "csmetrics_model_owner" may do that, the owner of model "cs"', 'an editor may not');
GRANT ALL ON ALL TABLES IN SCHEMA cs TO csmetrics_rule_editor WITH GRANT OPTION;
SELECT is(pg_temp.by('csmetrics_rule_editor', statement), '42501 only "csmetrics_model_owner" may do that, the owner of model "cs"', 'nor with all rights: ' || statement)
FROM (VALUES (1, $$CALL csmetrics.allow_function('cs', 'shared.is_key(text,text)')$$), (2, $$CALL csmetrics.disallow_function('cs', 'shared.is_key(text)')$$)) s(n, statement) ORDER BY n;
SELECT is(pg_temp.by('csmetrics_rule_editor', statement), '42501 only the owner of the model, csmetrics_model_owner, writes to cs.allowed_function', 'nor with all rights: ' || statement)
FROM (VALUES (3, $$INSERT INTO cs.allowed_function VALUES ('x', 1, 'x', 'x', 'x')$$), (4, 'UPDATE cs.allowed_function SET owner = owner'),
             (5, 'DELETE FROM cs.allowed_function'), (6, 'TRUNCATE cs.allowed_function'), (7, $$MERGE INTO cs.allowed_function a USING (VALUES (1)) v(n) ON false WHEN NOT MATCHED THEN INSERT VALUES ('x', 1, 'x', 'x', 'x')$$)) s(n, statement) ORDER BY n;
SELECT is(pg_temp.by('csmetrics_rule_editor', statement), want, statement)
FROM (VALUES ('ALTER TABLE cs.allowed_function DISABLE TRIGGER ALL', '42501 must be owner of table allowed_function'), ('DROP TRIGGER only_owner_writes ON cs.allowed_function', '42501 must be owner of relation allowed_function')) s(statement, want);
SELECT is(pg_temp.by('csmetrics_rule_editor', $$UPDATE cs.alert_rule SET condition = 'shared.is_key(name) AND mrr > 0' WHERE rule = 'key'$$), 'no error', 'but he calls what is allowed');

-- Changed since, it is refused wherever it is called, before it runs; what changed is said.
CREATE FUNCTION pg_temp.answers(change text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    EXECUTE change;
    FOREACH statement IN ARRAY ARRAY['CALL csmetrics.refresh(''cs'')', 'CALL csmetrics.validate(''cs'')', 'CALL csmetrics.evaluate_alerts(''cs'')', 'CALL csmetrics.run_playbooks(''cs'')', 'UPDATE cs.alert_rule SET is_enabled = is_enabled WHERE rule = ''key'''] LOOP
        RETURN NEXT regexp_replace(regexp_replace(pg_temp.owner(statement), '^(42501) ("(key|quarantine)": )?this calls function shared.is_key\(text\), which is not what was allowed: ', '\1 '),
                                   '; CALL csmetrics.allow_function\(''cs'', ''shared.is_key\(text\)''\) by the owner of the model allows it as it is now$', '');
    END LOOP;
END $$;
\set turned 'CREATE OR REPLACE FUNCTION shared.is_key(name text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS ''BEGIN RETURN public.steal(); END'''
SELECT is(ARRAY(SELECT DISTINCT pg_temp.answers(:'turned')), ARRAY['42501 its definition is another'], 'another body');
SELECT is_empty('TABLE public.victim', 'which never ran');
SELECT is(public.steal() AND (SELECT shared.is_key('x')), true, 'though it can');
SELECT is((SELECT count(*) FROM public.victim), 2::bigint, 'and writes');
DELETE FROM public.victim;
SELECT is(ARRAY(SELECT DISTINCT pg_temp.answers('CREATE OR REPLACE FUNCTION shared.is_key(name text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN name = ''A''; ALTER FUNCTION shared.is_key(text) OWNER TO csmetrics_rule_editor')), ARRAY['42501 its owner is csmetrics_rule_editor, and was csmetrics_function_author'], 'another owner');
SELECT is(ARRAY(SELECT DISTINCT pg_temp.answers('ALTER FUNCTION shared.is_key(text) OWNER TO csmetrics_function_author; ALTER FUNCTION shared.is_key(text) SET search_path = shared')), ARRAY['42501 its definition is another'], 'another setting');
SELECT is(ARRAY(SELECT DISTINCT pg_temp.answers('ALTER FUNCTION shared.is_key(text) RESET ALL')), ARRAY['no error'], 'as it was, it may be called again');
SELECT is(ARRAY(SELECT DISTINCT pg_temp.answers('ALTER FUNCTION shared.is_key(text) SECURITY DEFINER')), ARRAY['42501 its definition is another'], 'with the rights of its owner');
SELECT is(ARRAY(SELECT DISTINCT regexp_replace(pg_temp.answers('ALTER FUNCTION shared.is_key(text) SECURITY INVOKER VOLATILE'), '"(key|quarantine)": ', '')), ARRAY['22023 this calls a volatile function'], 'volatile');
SAVEPOINT before;
ALTER FUNCTION shared.is_key(text) IMMUTABLE;
DELETE FROM cs.quality_rule WHERE rule = 'quarantine';
SET LOCAL ROLE csmetrics_model_owner;
CALL csmetrics.refresh('cs');
RESET ROLE;
DROP OPERATOR shared.!! (NONE, text);
SELECT is(ARRAY(SELECT DISTINCT pg_temp.answers('DROP FUNCTION shared.is_key(text); SET LOCAL ROLE csmetrics_function_author; CREATE FUNCTION shared.is_key(name text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN name = ''A''; RESET ROLE')), ARRAY['42501 it was dropped and made anew', 'no error'], 'dropped and made anew by the same, to the letter (refresh calls it no more)');
SELECT is(pg_temp.owner($$CALL csmetrics.allow_function('cs', 'shared.is_key(text)')$$), 'no error', 'allowed anew');
SELECT is(ARRAY(SELECT DISTINCT pg_temp.answers('SELECT')), ARRAY['no error'], 'it may be called again');
SELECT is((SELECT count(*) FROM cs.allowed_function), 1::bigint, 'and stands there once');
-- In what was restored from a dump keys are others: name, owner and definition decide.
UPDATE cs.allowed_function SET function_id = 1, database_key = 'another';
SELECT is(ARRAY(SELECT DISTINCT pg_temp.answers('SELECT')), ARRAY['no error'], 'restored from a dump, it may be called');
SELECT is(ARRAY(SELECT DISTINCT pg_temp.answers(:'turned')), ARRAY['42501 its definition is another', 'no error'], 'if it is the same');
SELECT is(ARRAY(SELECT DISTINCT pg_temp.answers('ALTER FUNCTION shared.is_key(text) OWNER TO csmetrics_rule_editor')), ARRAY['42501 its owner is csmetrics_rule_editor, and was csmetrics_function_author, its definition is another', 'no error'], 'and of the same owner');
ROLLBACK TO before;

-- What is allowed runs read only all the same, whatever its label says.
SET LOCAL ROLE csmetrics_function_author;
CREATE FUNCTION shared.sly(name text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN public.steal(); END';
RESET ROLE;
SAVEPOINT sly;
DELETE FROM cs.quality_rule WHERE rule IN ('key', 'quarantine');
DELETE FROM cs.alert_rule WHERE rule = 'key';
UPDATE cs.playbook SET is_enabled = false, trigger_when = 'true', success_when = 'true' WHERE name = 'key';
SELECT is(pg_temp.owner($$CALL csmetrics.allow_function('cs', 'shared.sly(text)')$$), 'no error', 'one that writes, by another, is allowed');
SELECT is(pg_temp.owner(written || '; ' || run), '25006 ' || want, run)
FROM (VALUES (1, $$INSERT INTO cs.alert_rule (rule, condition) VALUES ('sly', 'shared.sly(name)')$$, $$CALL csmetrics.evaluate_alerts('cs')$$, '"sly": cannot execute INSERT in a read-only transaction'),
             (2, $$INSERT INTO cs.playbook (name, trigger_when, success_when) VALUES ('sly', 'shared.sly(name)', 'true')$$, $$CALL csmetrics.run_playbooks('cs')$$, '"sly": cannot execute INSERT in a read-only transaction'),
             (3, $$INSERT INTO cs.quality_rule (rule, source, condition) VALUES ('sly', 'account', 'shared.sly(name)')$$, $$CALL csmetrics.validate('cs')$$, '"sly" of source "account": cannot execute INSERT in a read-only transaction')) r(n, written, run, want) ORDER BY n;
SELECT is_empty('TABLE public.victim', 'and writes nothing');
ROLLBACK TO sly;

-- Taken back; and what is gone with its name.
SELECT is(pg_temp.owner($$CALL csmetrics.disallow_function('cs', 'shared.is_key(text)')$$), 'no error', 'taken back');
SELECT is(ARRAY(SELECT DISTINCT regexp_replace(pg_temp.answers('ALTER FUNCTION shared.is_key(text) IMMUTABLE'), '"(key|quarantine)": ', '')), ARRAY['42501 ' || :'off'], 'it is refused');
SELECT is(pg_temp.owner($$CALL csmetrics.disallow_function('cs', 'shared.is_key(text)')$$), '42704 function "shared.is_key(text)" is not allowed in model "cs"', 'and is not there to be taken back');
SELECT is_empty('TABLE public.victim', 'nothing was written');

-- A model keeps them when it is brought up to date, and gets the table if it has none.
SELECT is(pg_temp.owner($$CALL csmetrics.allow_function('cs', 'shared.is_key(text)')$$), 'no error', 'allowed once more');
SET LOCAL ROLE csmetrics_model_owner;
CALL csmetrics.update_model('cs');
RESET ROLE;
SELECT is((SELECT count(*) FROM cs.allowed_function), 1::bigint, 'kept by update_model');
DELETE FROM cs.quality_rule WHERE rule = 'quarantine';
DROP TABLE cs.allowed_function;
SELECT is(pg_temp.failure($$SELECT csmetrics.checked_expression('shared.is_key(name)', 'cs.account_now', 'boolean', 'cs')$$), '42501 ' || :'off', 'of a model of an older version nothing is allowed');
SET LOCAL ROLE csmetrics_model_owner;
CALL csmetrics.update_model('cs');
RESET ROLE;
SELECT has_table('cs', 'allowed_function', 'it gets the table');
SELECT is(tgname, 'only_owner_writes', 'and its guard') FROM pg_trigger WHERE tgrelid = 'cs.allowed_function'::regclass;
SELECT * FROM finish();
ROLLBACK;
