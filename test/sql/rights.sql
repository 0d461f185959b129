\unset ECHO
\i test/psql.sql
-- Who may do what with a model: its owner, editors of its rules, readers, who sees some accounts only, and nobody.
BEGIN;
SELECT plan(75);
CREATE FUNCTION pg_temp.by("role" text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    clue text;
BEGIN
    BEGIN
        EXECUTE format('SET LOCAL ROLE %I', "role");
        EXECUTE statement;
        RESET ROLE;
        RETURN 'no error';
    EXCEPTION WHEN OTHERS THEN
        RETURN SQLSTATE || ' ' || SQLERRM;
    END;
END $$;
CREATE FUNCTION pg_temp.seen("role" text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    answer text;
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', "role");
    EXECUTE query INTO answer;
    RESET ROLE;
    RETURN answer;
END $$;

-- A company of three accounts, of two customer-success managers, in a database where nobody is a superuser but one.
CREATE ROLE rights_owner;
CREATE ROLE rights_member IN ROLE rights_owner;
CREATE ROLE rights_reader;
CREATE ROLE rights_editor;
CREATE ROLE rights_csm;
CREATE ROLE rights_lead;
CREATE ROLE rights_nobody;
SELECT format('GRANT CREATE ON DATABASE %I TO rights_owner', current_database()) \gexec
CREATE SCHEMA crm AUTHORIZATION rights_owner;
GRANT USAGE ON SCHEMA public TO rights_owner, rights_csm;
SET LOCAL ROLE rights_owner;
CREATE TABLE crm.customer AS
SELECT * FROM (VALUES ('a', 'Ash', 'SMB', 'rights_csm', NULL), ('b', 'Birch', 'SMB', 'rights_csm', 'a'), ('c', 'Cedar', 'Enterprise', 'someone else', NULL))
              v(account_id, name, segment, owner, parent_id);
CREATE TABLE crm.contract AS SELECT account_id, date '2024-01-01' AS starts_on, 100 * n AS mrr FROM (VALUES ('a', 1), ('b', 2), ('c', 4)) v(account_id, n);
CREATE TABLE crm.click AS SELECT account_id, timestamptz '2024-06-01 12:00+00' AS at, 'u' AS user_id, 'report' AS feature FROM crm.customer;
CREATE TABLE crm.ticket AS SELECT account_id, 't' || account_id AS ticket_id, timestamptz '2024-05-01 12:00+00' AS opened_at FROM crm.customer;
CALL create_model('cs');
CALL map('cs', 'account', 'TABLE crm.customer');
CALL map('cs', 'subscription', 'TABLE crm.contract');
CALL map('cs', 'usage', 'TABLE crm.click');
CALL map('cs', 'ticket', 'TABLE crm.ticket');
UPDATE cs.policy SET as_of = '2024-06-10';
UPDATE cs.alert_rule SET is_enabled = false;
INSERT INTO cs.alert_rule (rule, condition) VALUES ('customer', 'mrr > 0');
CALL refresh('cs');
CALL validate('cs');
CALL evaluate_alerts('cs');
CALL take_snapshot('cs');
RESET ROLE;

-- Only its owner runs it, superusers and members no more than others: what it calls is the owner's.
SELECT is(pg_temp.by(r, 'CALL csmetrics.refresh(''cs'')'), '42501 only "rights_owner" may do that, the owner of model "cs"', r || ' may not refresh')
FROM (VALUES ('rights_member'), (current_user::text)) v(r);
SELECT is(pg_temp.by(current_user, format('CALL csmetrics.%s', statement)), '42501 only "rights_owner" may do that, the owner of model "cs"', statement)
FROM (VALUES ('map(''cs'', ''account'', ''TABLE crm.customer'')'), ('validate(''cs'')'), ('evaluate_alerts(''cs'')'), ('run_playbooks(''cs'')'), ('take_snapshot(''cs'')'),
             ('run(''cs'')'), ('connect(''cs'', ''stripe'', ''crm'')'), ('disconnect(''cs'', ''stripe'')'), ('unite_sources(''cs'')'), ('update_model(''cs'')'),
             ('grant_read(''cs'', ''rights_reader'')'), ('grant_write(''cs'', ''rights_reader'')'), ('revoke_rights(''cs'', ''rights_reader'')'), ('secure(''cs'')'), ('unsecure(''cs'')'),
             ('forget_account(''cs'', ''a'')')) v(statement);
SELECT throws_ok('SELECT * FROM compare_policies(''cs'', ''{}'', ''{}'')', '42501', NULL, 'compare_policies');
SELECT is(pg_temp.by('rights_owner', 'CALL csmetrics.refresh(''cs'')'), 'no error', 'the owner may');

-- Readers read the model, and nothing of what feeds it.
SELECT is(pg_temp.by('rights_reader', 'TABLE cs.revenue_monthly'), '42501 permission denied for schema cs', 'who was given nothing reads nothing');
SET LOCAL ROLE rights_owner;
CALL grant_read('cs', 'rights_reader');
CALL grant_write('cs', 'rights_editor');
RESET ROLE;
CREATE FUNCTION pg_temp.unread("role" text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT c.oid::regclass || ': ' || f FROM pg_class c, LATERAL (SELECT pg_temp.by("role", format('SELECT * FROM %s', c.oid::regclass)) AS f) f
    WHERE c.relnamespace = 'cs'::regnamespace AND c.relkind IN ('r', 'v') AND f <> 'no error' $$;
SELECT results_eq('SELECT * FROM pg_temp.unread(''rights_reader'') ORDER BY 1', $$VALUES ('cs.account_identity: 42501 permission denied for table account_identity'), ('cs.connection: 42501 permission denied for table connection'), ('cs.shared_domain: 42501 permission denied for table shared_domain')$$,
                  'a reader reads every view and table, but for what maps accounts of vendors');
SELECT is_empty($$SELECT * FROM pg_class c WHERE relnamespace = ANY (schemas_of('cs')) AND relkind IN ('r', 'v')
                  AND (relname ~ '^(source|kept|fresh)_' OR relname IN ('identity', 'connected_account', 'account_digest')) AND has_table_privilege('rights_reader', oid, 'SELECT')$$,
                'and nothing that feeds it');
SELECT is_empty($$SELECT * FROM pg_class c WHERE relnamespace = ANY (schemas_of('cs')) AND relkind IN ('r', 'v') AND has_any_column_privilege('rights_reader', oid, 'INSERT, UPDATE') $$, 'it writes nothing');
SELECT is(pg_temp.seen('rights_reader', 'SELECT closing_mrr FROM cs.revenue_monthly ORDER BY period_start_on DESC LIMIT 1'), '700', 'and sees the company');
SELECT is(pg_temp.by('rights_reader', 'TABLE crm.customer'), '42501 permission denied for schema crm', 'without a right on the raw tables');
SELECT is(pg_temp.by('rights_reader', 'SELECT * FROM csmetrics.explain_metric(''nrr'', ''cs'')'), 'no error', 'metrics are explained to it');
SELECT is(pg_temp.by('rights_editor', statement), 'no error', 'an editor: ' || statement)
FROM (VALUES ('INSERT INTO cs.target (metric, segment, goal) VALUES (''nrr'', ''SMB'', ''(1.1,)'')'), ('UPDATE cs.policy SET week_start = 1'), ('UPDATE cs.alert_rule SET severity = ''info'''),
             ('UPDATE cs.quality_rule SET quarantine = false'), ('UPDATE cs.health_signal SET weight = weight'), ('DELETE FROM cs.playbook'), ('UPDATE cs.playbook_run SET note = ''done'''),
             ('TABLE cs.csm_today')) v(statement);
SELECT is(left(pg_temp.by('rights_editor', statement), 5), '42501', 'no editor: ' || statement)
FROM (VALUES ('DELETE FROM cs.snapshot'), ('UPDATE cs.account SET owner = ''me'''), ('DELETE FROM cs.alert'), ('UPDATE cs.playbook_run SET is_success = true'),
             ('DELETE FROM cs_internal.account_state'), ('CREATE TABLE cs.mine (n integer)'), ('CALL csmetrics.refresh(''cs'')')) v(statement);
SELECT is(pg_temp.by('rights_owner', 'CALL csmetrics.grant_read(''cs'', ''rights_none'')'), '42704 there is no role "rights_none"', 'an unknown role');

-- Who sees which accounts.
SET LOCAL ROLE rights_owner;
CALL grant_read('cs', 'rights_csm');
CALL grant_read('cs', 'rights_lead');
CALL secure('cs', 'rights_csm', 'owner = current_user');
CALL secure('cs', 'rights_lead', 'true');
RESET ROLE;
SELECT is(pg_temp.seen('rights_csm', 'SELECT string_agg(account_id, '' '' ORDER BY account_id) FROM cs.account_health'), 'a b', 'a CSM sees own accounts');
SELECT is(pg_temp.seen('rights_lead', 'SELECT string_agg(account_id, '' '' ORDER BY account_id) FROM cs.account_health'), 'a b c', 'by a condition that holds: all');
SELECT is(pg_temp.seen('rights_reader', 'SELECT string_agg(account_id, '' '' ORDER BY account_id) FROM cs.account_health'), NULL, 'without one: none');
SELECT is(pg_temp.seen('rights_csm', 'SELECT closing_mrr FROM cs.revenue_monthly ORDER BY period_start_on DESC LIMIT 1'), '300', 'the figures are of these');
SELECT is(pg_temp.seen('rights_csm', 'SELECT string_agg(value, '' '' ORDER BY value) FROM cs.revenue_by_segment WHERE dimension = ''segment'' AND is_complete IS NOT NULL'), pg_temp.seen('rights_csm', 'SELECT string_agg(value, '' '' ORDER BY value) FROM cs.revenue_by_segment WHERE dimension = ''segment'' AND value = ''SMB'''), 'no other segment shows');
SELECT is(pg_temp.seen('rights_owner', 'SELECT closing_mrr FROM cs.revenue_monthly ORDER BY period_start_on DESC LIMIT 1'), '700', 'the owner sees all');
-- Whatever has a key of accounts has none of the others in it, and stored figures of all are not for who sees some.
CREATE FUNCTION pg_temp.leaks("role" text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    relation regclass;
    leaked boolean;
BEGIN
    FOR relation IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = ANY (csmetrics.schemas_of('cs')) AND c.relkind IN ('r', 'v') AND has_table_privilege("role", c.oid, 'SELECT') ORDER BY 1 LOOP
        EXECUTE format('SET LOCAL ROLE %I', "role");
        EXECUTE format('SELECT EXISTS (SELECT FROM (SELECT to_jsonb(t)::text AS row FROM %s t) t WHERE row ~ ''"c"|Cedar|Enterprise|"tc"|\m[47]00\M'')', relation) INTO leaked;
        RESET ROLE;
        IF leaked THEN
            RETURN NEXT relation;
        END IF;
    END LOOP;
END $$;
SELECT is_empty('SELECT * FROM pg_temp.leaks(''rights_csm'')', 'nothing tells of the third account');
SELECT cmp_ok(count(*), '>', 30::bigint, 'which shows everywhere to who sees all') FROM pg_temp.leaks('rights_lead');
SELECT is(pg_temp.by('rights_owner', 'CALL csmetrics.refresh(''cs'')'), 'no error', 'the owner refreshes');
SELECT is(pg_temp.by('rights_owner', 'CALL csmetrics.update_model(''cs'')'), 'no error', 'and updates');
SELECT is_empty('SELECT * FROM pg_temp.leaks(''rights_csm'')', 'and still nothing tells of it');
SET LOCAL ROLE rights_owner;
CALL secure('cs', 'rights_csm', 'account_id = ''c''');
RESET ROLE;
SELECT is(pg_temp.seen('rights_csm', 'SELECT string_agg(account_id, '' '' ORDER BY account_id) FROM cs.account_health'), 'c', 'another condition takes the place of the one before');
SET LOCAL ROLE rights_owner;
CALL unsecure('cs');
CALL revoke_rights('cs', 'rights_lead');
RESET ROLE;
SELECT is(pg_temp.seen('rights_csm', 'SELECT string_agg(account_id, '' '' ORDER BY account_id) FROM cs.account_health'), 'a b c', 'undone, all are seen');
SELECT is(pg_temp.by('rights_lead', 'TABLE cs.account'), '42501 permission denied for schema cs', 'rights are taken again');
SET LOCAL ROLE rights_owner;
CALL revoke_rights('cs', 'rights_editor');
RESET ROLE;
SELECT is_empty($$SELECT oid::regclass FROM pg_class WHERE relnamespace = ANY (schemas_of('cs')) AND relkind IN ('r', 'v') AND has_any_column_privilege('rights_editor', oid, 'SELECT, INSERT, UPDATE')$$, 'those on columns, too');

-- Erasing.
SET LOCAL ROLE rights_owner;
INSERT INTO cs.playbook (name, trigger_when, success_when, horizon_days, due_days) VALUES ('p', 'true', 'true', 10, 5);
CALL run_playbooks('cs');
DELETE FROM crm.ticket WHERE account_id = 'c';
CALL forget_account('cs', 'c');
RESET ROLE;
CREATE FUNCTION pg_temp.remains(key text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    relation regclass;
    found boolean;
BEGIN
    FOR relation IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = ANY (csmetrics.schemas_of('cs')) AND c.relkind = 'r' ORDER BY 1 LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s t WHERE to_jsonb(t)::text LIKE %L)', relation, '%"' || key || '"%') INTO found;
        IF found THEN
            RETURN NEXT relation;
        END IF;
    END LOOP;
END $$;
SELECT is_empty('SELECT * FROM pg_temp.remains(''c'')', 'nothing is left of the account');
SELECT cmp_ok(count(*), '>=', 8::bigint, 'as there is of another') FROM pg_temp.remains('a');
SELECT isnt_empty('TABLE cs.snapshot_reading', 'figures that were reported stay');
SELECT is(csmetrics.sources_with('cs', 'c'), 'account, subscription, usage', 'sources that still have it are named');
SELECT is(pg_temp.by('rights_owner', 'CALL csmetrics.forget_account(''cs'', NULL)'), '22004 no account is named', 'NULL is no account');
SELECT is(pg_temp.by('rights_owner', 'CALL csmetrics.forget_account(''cs'', ''none'')'), 'no error', 'an unknown one is no error');

-- One that was part of another: the whole is made anew, though none of its rows is left to tell.
SET LOCAL ROLE rights_owner;
UPDATE crm.customer SET parent_id = 'a' WHERE account_id = 'c';
UPDATE cs.policy SET entity_grain = 'parent';
CALL refresh('cs');
RESET ROLE;
SELECT is(pg_temp.seen('rights_owner', 'SELECT closing_mrr FROM cs.revenue_monthly ORDER BY period_start_on DESC LIMIT 1'), '700', 'entities add up');
SET LOCAL ROLE rights_owner;
DELETE FROM crm.customer WHERE account_id = 'b';
DELETE FROM crm.contract WHERE account_id = 'b';
DELETE FROM crm.click WHERE account_id = 'b';
DELETE FROM crm.ticket WHERE account_id = 'b';
CALL forget_account('cs', 'b');
CALL refresh('cs');
RESET ROLE;
SELECT is(pg_temp.seen('rights_owner', 'SELECT closing_mrr FROM cs.revenue_monthly ORDER BY period_start_on DESC LIMIT 1'), '500', 'after the next refresh nothing is left of it in its parent');
SET LOCAL ROLE rights_owner;
UPDATE cs.policy SET entity_grain = 'account';
CALL refresh('cs');
RESET ROLE;

-- Whoever may create in the schema of a model puts nothing in the way: names are not looked up there.
SELECT format('GRANT CREATE ON SCHEMA cs TO rights_nobody') \gexec
GRANT USAGE ON SCHEMA cs TO rights_nobody;
SET LOCAL ROLE rights_nobody;
CREATE FUNCTION cs.caught() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'caught, as %', current_user; END $$;
SELECT format('CREATE FUNCTION cs.%s RETURNS %s LANGUAGE sql AS ''SELECT NULL::%2$s FROM (SELECT cs.caught()) c''', signature, result)
FROM (VALUES ('format(text, text)', 'text'), ('format(text, bigint)', 'text'), ('format(text, date, date)', 'text'), ('format(text, text, text)', 'text'), ('format(text, numeric)', 'text'),
             ('concat_ws(text, text, text)', 'text'), ('coalesced(text)', 'text'), ('lower(name)', 'text'), ('round(double precision, integer)', 'numeric'), ('num_nulls(text, text)', 'integer'),
             ('json_build_object(text, text)', 'json'), ('jsonb_build_object(text, text)', 'jsonb'), ('quote_ident(name)', 'text'), ('to_char(date, text)', 'text'), ('date_trunc(text, date)', 'timestamptz')) f(signature, result) \gexec
CREATE VIEW cs.source_account AS SELECT cs.caught()::text AS account_id;
CREATE VIEW cs.source_subscription AS SELECT cs.caught()::text AS account_id;
CREATE VIEW cs.account_state AS SELECT cs.caught()::text AS account_id;
CREATE FUNCTION cs.never(text, name) RETURNS boolean LANGUAGE sql AS 'SELECT cs.caught()';
CREATE OPERATOR cs.= (LEFTARG = text, RIGHTARG = name, FUNCTION = cs.never);
RESET ROLE;
SELECT is(pg_temp.by('rights_owner', statement), 'no error', 'not caught: ' || statement)
FROM (VALUES ('UPDATE crm.contract SET mrr = mrr + 1; CALL csmetrics.refresh(''cs'')'), ('UPDATE cs.quality_rule SET quarantine = true WHERE rule = ''orphan''; CALL csmetrics.refresh(''cs'')'),
             ('CALL csmetrics.validate(''cs'')'), ('CALL csmetrics.evaluate_alerts(''cs'')'), ('CALL csmetrics.run_playbooks(''cs'')'), ('CALL csmetrics.take_snapshot(''cs'')'),
             ('CALL csmetrics.map(''cs'', ''account'', ''TABLE crm.customer'')')) v(statement);
SELECT alike(pg_temp.by('rights_owner', 'CALL csmetrics.update_model(''cs'')'), '55000 not of csmetrics, and might be called in place of what is: %function cs.caught()%', 'where they are, these are refused');
SET LOCAL ROLE rights_owner;
SELECT throws_ok('CALL csmetrics.create_model(''public'')', '42501', NULL, 'a schema of another owner is not taken');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
