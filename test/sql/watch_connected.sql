\unset ECHO
\i test/psql.sql
-- Sources that connected vendors give, watched by triggers on the vendors' tables: one of each kind, CRM, billing, support, usage and surveys. Whatever
-- happens there, a refresh has what a rebuild makes; a vendor that is connected anew keeps its watches, by another schema it does not.
BEGIN;
SELECT plan(24);
SET jit = off;
\set company small
\i test/company.sql
-- Each table with its column of keys, and how these lead to the vendor's own key of an account
CREATE TEMP TABLE watched (nr int, vendor text, source text, relation regclass, key_column text, query text);
INSERT INTO watched VALUES
    (1, 'stripe', 'subscription', 'company_stripe.subscription_history', 'customer_id', 'SELECT customer_id AS account_key FROM changed'),
    (2, 'stripe', 'subscription', 'company_stripe.subscription_item', 'subscription_id', 'SELECT s.customer_id AS account_key FROM changed c JOIN company_stripe.subscription_history s ON s.id = c.subscription_id'),
    (3, 'stripe', 'subscription', 'company_stripe.price', 'id', 'SELECT s.customer_id AS account_key FROM changed c JOIN company_stripe.subscription_item t ON t.plan_id = c.id JOIN company_stripe.subscription_history s ON s.id = t.subscription_id'),
    (4, 'zendesk', 'ticket', 'company_zendesk.ticket', 'organization_id', 'SELECT organization_id AS account_key FROM changed'),
    (5, 'zendesk', 'ticket', 'company_zendesk.ticket_comment', 'ticket_id', 'SELECT t.organization_id AS account_key FROM changed c JOIN company_zendesk.ticket t ON t.id = c.ticket_id'),
    (6, 'zendesk', 'survey', 'company_zendesk.ticket_field_history', 'ticket_id', 'SELECT t.organization_id AS account_key FROM changed c JOIN company_zendesk.ticket t ON t.id = c.ticket_id'),
    (7, 'pendo', 'usage', 'company_pendo.feature_event', 'account_id', 'SELECT account_id AS account_key FROM changed'),
    (8, 'qualtrics', 'survey', 'company_qualtrics.question_response', 'response_id', 'SELECT k.ext_ref AS account_key FROM changed c JOIN company_qualtrics.distribution_contact i USING (response_id) JOIN company_qualtrics.directory_contact k ON k.id = i.contact_id');
CREATE PROCEDURE pg_temp.watch_all(which text) LANGUAGE plpgsql AS $$
DECLARE
    w record;
BEGIN
    FOR w IN SELECT * FROM watched WHERE vendor ~ which ORDER BY nr LOOP
        CALL csmetrics.watch('company', w.source, 'trigger', w.relation, w.key_column,
            format('SELECT i.account_id FROM (%s) k JOIN company_internal.identity i ON i.vendor = %L AND i.account_key = k.account_key::text', w.query, w.vendor));
    END LOOP;
END
$$;
CREATE FUNCTION pg_temp.contents() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    name text;
    part text[];
    contents text[] := '{}';
BEGIN
    FOREACH name IN ARRAY '{account,account_state,user_state,entitlement_state,discount_state,account_entity,account_digest}'::text[] LOOP
        EXECUTE format('SELECT ARRAY(SELECT %L || '': '' || t FROM %s t)', name, csmetrics.relation('company', name)) INTO part;
        contents := contents || part;
    END LOOP;
    RETURN contents || ARRAY(SELECT concat_ws(' ', 'rows:', r.source, r.row_count) FROM company.refreshed_source r);
END
$$;
-- How a source was read after a statement, and how many accounts had changed
CREATE FUNCTION pg_temp.after(statement text, source text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    CALL csmetrics.refresh('company');
    RETURN (SELECT concat_ws(' ', l.sources -> source ->> 'found_by', l.sources -> source ->> 'accounts_changed') FROM company.refresh_log l ORDER BY l.started_at DESC LIMIT 1);
END
$$;
-- What is not as a rebuild makes it, which is undone
CREATE FUNCTION pg_temp.differences() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    kept text[] := pg_temp.contents();
    anew text[];
BEGIN
    BEGIN
        CALL csmetrics.rebuild('company');
        anew := pg_temp.contents();
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        NULL;
    END;
    RETURN QUERY (SELECT 'kept ' || unnest(kept) EXCEPT SELECT 'kept ' || unnest(anew)) UNION (SELECT 'anew ' || unnest(anew) EXCEPT SELECT 'anew ' || unnest(kept));
END
$$;
SELECT is((SELECT string_agg(vendor, ' ' ORDER BY vendor) FROM company.connection), 'pendo qualtrics salesforce stripe zendesk', 'one of each kind is connected');
CALL pg_temp.watch_all('');
SELECT is(pg_temp.after('SELECT', 'subscription'), 'sweep 0', 'read once more as a whole');
SELECT is(pg_temp.after('SELECT', 'subscription'), '', 'then not at all');
SELECT is(pg_temp.after($$UPDATE company_salesforce.account SET name = name || '!' WHERE id IN (SELECT account_id FROM company.account ORDER BY 1 LIMIT 2)$$, 'subscription'), '', 'CRM: accounts are read in any case, and nothing else for their name');
SELECT is((SELECT count(*) FROM company.account WHERE name LIKE '%!'), 2::bigint, 'which is seen');

-- Stripe
SELECT is(pg_temp.after($$UPDATE company_stripe.subscription_item SET quantity = quantity + 7 WHERE id IN (SELECT id FROM company_stripe.subscription_item ORDER BY id LIMIT 1)$$, 'subscription'), 'trigger 1', 'billing: other seats of one');
SELECT is(pg_temp.after($$UPDATE company_stripe.subscription_history SET customer_id = (SELECT max(customer_id) FROM company_stripe.subscription_history) WHERE customer_id = (SELECT min(customer_id) FROM company_stripe.subscription_history)$$, 'subscription'), 'trigger 2', 'subscriptions that move to another customer');
SELECT matches(pg_temp.after($$UPDATE company_stripe.price SET unit_amount = unit_amount + 100 WHERE id = (SELECT plan_id FROM company_stripe.subscription_item GROUP BY 1 ORDER BY count(*), 1 LIMIT 1)$$, 'subscription'), '^(trigger|sweep) [1-9]', 'a price');
SELECT is(pg_temp.after($$DELETE FROM company_stripe.subscription_history WHERE customer_id = (SELECT min(customer_id) FROM company_stripe.subscription_history)$$, 'subscription'), 'trigger 1', 'one that goes');
-- Zendesk
SELECT is(pg_temp.after($$INSERT INTO company_zendesk.ticket (id, created_at, updated_at, organization_id, requester_id, status) SELECT 1, '2026-01-10', '2026-01-10', min(organization_id), min(requester_id), 'open' FROM company_zendesk.ticket$$, 'ticket'), 'trigger 1', 'support: a ticket that comes');
SELECT is(pg_temp.after($$UPDATE company_zendesk.ticket SET organization_id = (SELECT max(organization_id) FROM company_zendesk.ticket) WHERE id = 1$$, 'ticket'), 'trigger 2', 'that is another''s');
SELECT is(pg_temp.after($$INSERT INTO company_zendesk.ticket_comment SELECT 1, 1, id, '2026-01-11', 'Hello', true FROM company_zendesk."user" WHERE role = 'agent' LIMIT 1$$, 'ticket'), 'trigger 1', 'that is answered');
SELECT is(pg_temp.after($$UPDATE company_zendesk.ticket SET status = 'deleted' WHERE id = 1$$, 'ticket'), 'trigger 1', 'and deleted');
-- Pendo, Qualtrics
SELECT is(pg_temp.after($$INSERT INTO company_pendo.feature_event SELECT account_id, visitor_id, feature_id, app_id, '2026-06-29 10:00', 3, 1 FROM company_pendo.feature_event WHERE visitor_id NOT LIKE 'bot%' ORDER BY account_id, visitor_id LIMIT 1$$, 'usage'), 'trigger 1', 'usage: what is used');
SELECT is(pg_temp.after($$UPDATE company_qualtrics.question_response SET value = CASE value WHEN '1' THEN '2' ELSE '1' END WHERE response_id = (SELECT min(response_id) FROM company_qualtrics.question_response)$$, 'survey'), 'trigger 1', 'surveys: another answer');
-- A key of a vendor's that leads to another account: all of that vendor's is read.
SELECT matches(pg_temp.after($$INSERT INTO company.account_identity SELECT 'zendesk', max(account_key), (SELECT min(account_id) FROM company.account) FROM company_internal.identity WHERE vendor = 'zendesk'$$, 'ticket'), '^sweep [1-9]', 'a key that is another account''s now');

SELECT is_empty('SELECT pg_temp.differences()', 'all of this is what a rebuild makes of it');

-- Connected anew: by the same schema all is as it was, by another one it is read as a whole until it is watched again.
CALL connect('company', 'stripe', 'company_stripe');
SELECT is(pg_temp.after($$UPDATE company_stripe.subscription_item SET quantity = quantity + 7 WHERE id IN (SELECT max(id) FROM company_stripe.subscription_item)$$, 'subscription'), 'trigger 1', 'connected again, it is watched as it was');
CREATE SCHEMA stripe_two;
SELECT format('CREATE TABLE stripe_two.%I AS TABLE %s', relname, oid::regclass) FROM pg_class WHERE relnamespace = 'company_stripe'::regnamespace AND relkind = 'r' \gexec
SET LOCAL client_min_messages = error;
CALL connect('company', 'stripe', 'stripe_two');
SET LOCAL client_min_messages = warning;
SELECT results_eq('SELECT DISTINCT source FROM company.watch ORDER BY 1', $$VALUES ('survey'), ('ticket'), ('usage')$$, 'by another schema, watches on the one before are undone');
SELECT is((SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'company_stripe'::regnamespace), 0::bigint, 'with their triggers');
SELECT matches(pg_temp.after($$UPDATE stripe_two.subscription_item SET quantity = quantity + 3 WHERE id IN (SELECT max(id) FROM stripe_two.subscription_item)$$, 'subscription'), '^(sweep|whole) 1$', 'so that nothing goes unseen');
UPDATE watched SET relation = replace(relation::text, 'company_stripe', 'stripe_two')::regclass, query = replace(query, 'company_stripe', 'stripe_two') WHERE vendor = 'stripe';
CALL pg_temp.watch_all('stripe');
CALL refresh('company');
SELECT is(pg_temp.after($$UPDATE stripe_two.subscription_item SET quantity = quantity + 3 WHERE id IN (SELECT min(id) FROM stripe_two.subscription_item)$$, 'subscription'), 'trigger 1', 'until it is watched there');
SET LOCAL client_min_messages = error;
CALL disconnect('company', 'zendesk', overwrite => true);
SET LOCAL client_min_messages = warning;
CALL refresh('company', may_shrink => true);
SELECT results_eq('SELECT DISTINCT relation::text FROM company.watch WHERE source IN (''ticket'', ''survey'')', $$VALUES ('company_qualtrics.question_response')$$, 'a vendor that is disconnected takes its watches along');
SELECT is_empty('SELECT pg_temp.differences()', 'and so is that');
SELECT * FROM finish();
ROLLBACK;
