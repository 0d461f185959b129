\unset ECHO
\i test/psql.sql
-- Every procedure and function that takes a model, with names of schemas, tables, columns and keys that break out of whatever is not quoted.
BEGIN;
SELECT plan(9);
CREATE TABLE public.victim ();
CREATE FUNCTION pg_temp.evil(kind text) RETURNS text LANGUAGE sql IMMUTABLE RETURN kind || E'"\'$1 %s {rows} \\''; DROP TABLE public.victim; --';
SELECT pg_temp.evil('Model') AS model, pg_temp.evil('Vendor') AS vendor, pg_temp.evil('Table') AS rows, pg_temp.evil('Column') AS key \gset
CREATE SCHEMA :"vendor";
CREATE TABLE :"vendor".:"rows" (:"key" text, "Starts; DROP" date, "Sum ""of"" MRR" numeric, "Währung" text);
INSERT INTO :"vendor".:"rows" SELECT pg_temp.evil('Key ' || n), '2023-01-01', n, 'EUR' FROM generate_series(1, 3) n;
CREATE ROLE :"vendor";
CREATE TABLE :"vendor".customer (id text, name text, email text);
CREATE TABLE :"vendor".subscription (id text, customer_id text, status text, ended_at timestamptz, cancel_at_period_end boolean, canceled_at timestamptz, trial_end timestamptz, start_date timestamptz);
CREATE TABLE :"vendor".subscription_item (id text, subscription_id text, plan_id text, quantity integer);
CREATE TABLE :"vendor".price (id text, currency text, unit_amount bigint, recurring_interval text, recurring_interval_count integer);
INSERT INTO :"vendor".customer SELECT :"key", :"key", 'a@b.example' FROM :"vendor".:"rows";
CREATE FUNCTION :"vendor".:"key"(text) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN true;
CREATE TEMP TABLE called (nr serial, name text, statement text);
INSERT INTO called (name, statement) SELECT name, format(statement, :'model', :'vendor', format('FROM %I.%I', :'vendor', :'rows'), :'key') FROM (VALUES
    ('internal_schema', 'SELECT csmetrics.internal_schema(%1$L)'),
    ('create_model', 'CALL csmetrics.create_model(%1$L)'),
    ('map', 'CALL csmetrics.map(%1$L, ''account'', ''SELECT DISTINCT '' || quote_ident(%4$L) || '' AS account_id, '' || quote_ident(%4$L) || '' AS name, '' || quote_ident(%4$L) || '' AS segment '' || %3$L)'),
    ('map', 'CALL csmetrics.map(%1$L, ''subscription'', ''SELECT '' || quote_ident(%4$L) || '' AS account_id, "Starts; DROP" AS starts_on, "Sum ""of"" MRR" AS mrr, "Währung" AS currency '' || %3$L)'),
    ('map', 'CALL csmetrics.map(%1$L, ''usage'', ''SELECT '' || quote_ident(%4$L) || '' AS account_id, "Starts; DROP" AS at, '' || quote_ident(%4$L) || '' AS user_id, '' || quote_ident(%4$L) || '' AS feature '' || %3$L)'),
    ('map', 'CALL csmetrics.map(%1$L, ''signal'', ''SELECT '' || quote_ident(%4$L) || '' AS account_id, "Starts; DROP" AS at, '' || quote_ident(%4$L) || '' AS signal, 1 AS value '' || %3$L)'),
    ('refresh', 'CALL csmetrics.refresh(%1$L)'),
    ('watch', 'CALL csmetrics.watch(%1$L, ''subscription'', ''trigger'', substr(%3$L, 6)::regclass, %4$L)'),
    ('watch', 'CALL csmetrics.watch(%1$L, ''signal'', ''list'')'),
    ('watch', 'CALL csmetrics.watch(%1$L, ''usage'', ''trigger'', substr(%3$L, 6)::regclass, %4$L, format(''SELECT %%I AS account_id FROM changed'', %4$L))'),
    ('refresh', 'DELETE %3$s WHERE false'),
    ('create_live', 'CALL csmetrics.create_live(%1$L)'),
    ('mark_changed', 'CALL csmetrics.mark_changed(%1$L, ''signal'', ARRAY[%4$L])'),
    ('create_live', 'SELECT csmetrics.once(format(''SELECT count(t::text) FROM %%I.account_health t'', %1$L || ''_live''), NULL::bigint)'),
    ('rebuild', 'CALL csmetrics.rebuild(%1$L)'),
    ('refresh', 'CALL csmetrics.refresh(%1$L, sweep => true)'),
    ('unwatch', 'CALL csmetrics.unwatch(%1$L, ''signal'')'),
    ('model_version', 'SELECT csmetrics.model_version(%1$L)'),
    ('update_model', 'CALL csmetrics.update_model(%1$L)'),
    ('drop_live', 'CALL csmetrics.drop_live(%1$L)'),
    ('validate', 'CALL csmetrics.validate(%1$L)'),
    ('evaluate_alerts', 'CALL csmetrics.evaluate_alerts(%1$L)'),
    ('respond_to_alert', 'INSERT INTO %1$I.alert (rule, severity, audience, account_id, from_state, to_state, as_of_at) VALUES (%4$L, ''info'', ''csm'', %4$L, ''off'', ''on'', ''2024-01-01'')'),
    ('respond_to_alert', 'CALL csmetrics.respond_to_alert(%1$L, 1, ''dismissed'', %4$L)'),
    ('run_playbooks', 'CALL csmetrics.run_playbooks(%1$L)'),
    ('allow_function', 'CALL csmetrics.allow_function(%1$L, format(''%%I.%%I(text)'', %2$L, %4$L))'),
    ('checked_expression', 'SELECT csmetrics.checked_expression(format(''%%I.%%I(name)'', %2$L, %4$L), format(''%%I.account_now'', %1$L)::regclass, ''boolean'', %1$L)'),
    ('disallow_function', 'CALL csmetrics.disallow_function(%1$L, format(''%%I.%%I(text)'', %2$L, %4$L))'),
    ('suggest_weights', 'SELECT * FROM csmetrics.suggest_weights(%1$L)'),
    -- of three accounts it learns nothing, once it has read them
    ('train_churn_model', 'DO $do$ BEGIN CALL csmetrics.train_churn_model(%1$L, 1, 3); EXCEPTION WHEN object_not_in_prerequisite_state THEN ASSERT SQLERRM LIKE ''%% nothing is learnt''; END $do$'),
    ('take_snapshot', 'CALL csmetrics.take_snapshot(%1$L, %2$L)'),
    ('restatement', 'SELECT * FROM csmetrics.restatement(%1$L)'),
    ('restatement_by_account', 'SELECT * FROM csmetrics.restatement_by_account(%1$L)'),
    ('policy_differences', 'SELECT * FROM csmetrics.policy_differences(%1$L, ''{}'', ''{"trial_rule": "count"}'')'),
    ('compare_policies', 'SELECT * FROM csmetrics.compare_policies(%1$L, ''{}'', ''{"trial_rule": "count"}'', ''2024-01-01'')'),
    ('explain_metric', 'SELECT * FROM csmetrics.explain_metric(''nrr'', %1$L)'),
    ('run', 'CALL csmetrics.run(%1$L)'),
    ('connect', 'CALL csmetrics.connect(%1$L, ''stripe'', %2$L, true)'),
    ('unite_sources', 'CALL csmetrics.unite_sources(%1$L, true)'),
    ('disconnect', 'CALL csmetrics.disconnect(%1$L, ''stripe'', true)'),
    ('grant_read', 'CALL csmetrics.grant_read(%1$L, %2$L)'),
    ('grant_write', 'CALL csmetrics.grant_write(%1$L, %2$L)'),
    ('secure', 'CALL csmetrics.secure(%1$L, %2$L, ''name <> '''''''' -- or not'')'),
    ('unsecure', 'CALL csmetrics.unsecure(%1$L)'),
    ('revoke_rights', 'CALL csmetrics.revoke_rights(%1$L, %2$L)'),
    ('forget_account', 'CALL csmetrics.forget_account(%1$L, %2$L)')) v(name, statement);
-- schedule and unschedule want pg_cron: see the tests of these; drop_model comes last
SELECT set_eq($$SELECT name FROM called UNION VALUES ('schedule'), ('unschedule'), ('drop_model')$$, $$SELECT DISTINCT proname::text FROM pg_proc p WHERE pronamespace = 'csmetrics'::regnamespace AND 'model' = ANY (proargnames) AND obj_description(oid, 'pg_proc') NOT LIKE 'Internal%'$$, 'all that take a model are called');
CREATE FUNCTION pg_temp.call_all() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    c record;
    failed text;
BEGIN
    FOR c IN SELECT * FROM called ORDER BY nr LOOP
        failed := pg_temp.failure(c.statement);
        IF failed <> 'no error' THEN
            RETURN NEXT c.statement || ': ' || failed;
        END IF;
    END LOOP;
END
$$;
SELECT is_empty('SELECT * FROM pg_temp.call_all()', 'and do what they do');
SELECT has_table('public', 'victim', 'nothing was dropped');
SELECT quote_ident(csmetrics.internal_schema(:'model')) AS internal \gset
SELECT is(count(*), 3::bigint, 'keys are as they were') FROM :internal.account_state JOIN :"vendor".:"rows" ON :"key" = account_id;
-- Every view can be read, and every function of the model.
CREATE FUNCTION pg_temp.unread(model text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT c.relname || ': ' || f.failed FROM pg_class c, LATERAL (SELECT pg_temp.failure(format('SELECT * FROM %s', c.oid::regclass)) AS failed) f
    WHERE c.relnamespace = ANY (csmetrics.schemas_of(model)) AND c.relkind = 'v' AND f.failed <> 'no error' $$;
SELECT is_empty(format('SELECT * FROM pg_temp.unread(%L)', :'model'), 'its views can be read');
SELECT is(closing_mrr, 6::numeric, 'and say what they should') FROM :"model".revenue_by_segment WHERE dimension = 'all' ORDER BY period_start_on DESC LIMIT 1;
SELECT is(pg_temp.failure(format('CALL csmetrics.connect(%L, ''stripe'', %L)', :'model', 'none'' of; ours')) LIKE '3F000 %', true, 'a schema that is not there is named');
SELECT is(pg_temp.failure(format('CALL csmetrics.drop_model(%L)', :'model')), 'no error', 'it is dropped');
SELECT hasnt_schema(:'model', 'with all that is its own');
SELECT * FROM finish();
ROLLBACK;
