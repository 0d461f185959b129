\unset ECHO
\i test/psql.sql
-- Rows that an appending sync repeats: of each key the latest counts, in every table of every vendor, and a later row that says no more
-- than that it is deleted wins.
BEGIN;
SELECT plan(20);
SET jit = off;

-- Every declared table with a key: a row of it three times, the second the latest, is one.
CREATE SCHEMA one;
SELECT format('CREATE TABLE one.%I (%s, "_airbyte_extracted_at" timestamptz)', vendor || ' ' || table_name, string_agg(format('%I %s', column_name, type), ', ' ORDER BY column_name)) FROM connector_column WHERE column_name <> '_fivetran_synced' GROUP BY vendor, table_name \gexec
CREATE FUNCTION pg_temp.rows_read(vendor text, table_name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    relation regclass := format('one.%I', vendor || ' ' || table_name)::regclass;
    names text[] := (SELECT array_agg(column_name ORDER BY column_name) FROM csmetrics.connector_column c WHERE (c.vendor, c.table_name) = (rows_read.vendor, rows_read.table_name) AND column_name <> '_fivetran_synced');
    types text[] := (SELECT array_agg(type ORDER BY column_name) FROM csmetrics.connector_column c WHERE (c.vendor, c.table_name) = (rows_read.vendor, rows_read.table_name) AND column_name <> '_fivetran_synced');
    keys text[] := (SELECT t.keys FROM csmetrics.connector_table t WHERE (t.vendor, t.table_name) = (rows_read.vendor, rows_read.table_name));
    told text;
BEGIN
    -- what is no key is another each time
    FOR n IN 1..3 LOOP
        EXECUTE format('INSERT INTO %s (%s, _airbyte_extracted_at) SELECT %s, $1', relation, (SELECT string_agg(quote_ident(c), ', ') FROM unnest(names) c),
                       (SELECT string_agg(CASE WHEN t.name ~ '(deleted|active)$' THEN 'NULL'
                                               WHEN t.name = ANY (keys) OR '*' = ANY (keys) THEN CASE t.type WHEN 'timestamptz' THEN '''2025-01-01''' WHEN 'text' THEN '''k''' WHEN 'boolean' THEN 'true' WHEN 'jsonb' THEN '''{}''' ELSE '1' END
                                               ELSE CASE t.type WHEN 'timestamptz' THEN format('''2025-02-0%s''', 1 + n % 3) WHEN 'text' THEN format('''v%s''', n) WHEN 'boolean' THEN 'true' WHEN 'jsonb' THEN '''{}''' ELSE n::text END END, ', ' ORDER BY place)
                        FROM unnest(names, types) WITH ORDINALITY t(name, type, place)))
        USING CASE n WHEN 2 THEN timestamptz '2025-05-03' WHEN 1 THEN '2025-05-01' ELSE '2025-05-02' END;
    END LOOP;
    EXECUTE format('SELECT count(*) FROM %s t', (SELECT s.selection FROM csmetrics.selection_of(vendor, table_name, relation, NULL) s)) INTO told;
    RETURN told;
END
$$;
SELECT is_empty($$SELECT vendor, table_name, pg_temp.rows_read(vendor, table_name) FROM connector_table WHERE pg_temp.rows_read(vendor, table_name) <> '1'$$, 'a row three times is one row, in each table of each vendor');
SELECT is_empty($$SELECT vendor, table_name FROM connector_table t JOIN connector c USING (vendor) WHERE c.built_in AND t.keys = '{}'$$, 'each of them has a key');
SELECT cmp_ok(count(*), '>', 70::bigint, 'and these are many') FROM connector_table;

-- An index that says so is believed, and the table read as it is.
CREATE SCHEMA zd;
CREATE TABLE zd.organization (id bigint PRIMARY KEY, name text, _fivetran_synced timestamptz);
CREATE TABLE zd."user" (id bigint, email text, role text, organization_id bigint, updated_at timestamp);
CREATE TABLE zd.ticket (id bigint, created_at timestamp, updated_at timestamp, organization_id bigint, requester_id bigint, status text, _ab_cdc_deleted_at text, _airbyte_extracted_at timestamptz);
CREATE TABLE zd.ticket_metric (ticket_id bigint, reopens integer, replies integer);
CREATE TABLE zd.ticket_comment (ticket_id bigint, user_id bigint, created timestamp, public boolean);
SELECT is((SELECT selection LIKE '%DISTINCT%' FROM connector_tables('zendesk', 'zd') WHERE table_name = 'organization'), false, 'a table with a primary key is read as it is');
SELECT is((SELECT selection LIKE '(SELECT DISTINCT ON%' FROM connector_tables('zendesk', 'zd') WHERE table_name = 'ticket'), true, 'one without it is not');
INSERT INTO zd.organization VALUES (1, 'One', '2025-01-01');
INSERT INTO zd."user" VALUES (7, 'old@one.example', 'end-user', 1, '2025-01-01'), (7, 'new@one.example', 'end-user', 1, '2025-02-01'), (9, 'a@us.example', 'agent', NULL, '2025-01-01'), (9, 'a@us.example', 'admin', NULL, '2025-03-01');
INSERT INTO zd.ticket VALUES (11, '2025-02-01', '2025-02-01', 1, 7, 'open', NULL, '2025-02-01'), (11, '2025-02-01', '2025-02-03', 1, 7, 'solved', NULL, '2025-02-03'), (11, '2025-02-01', '2025-02-02', 1, 7, 'open', NULL, '2025-02-02'),
    (12, '2025-02-01', '2025-02-01', 1, 7, 'open', NULL, '2025-02-01'), (12, NULL, NULL, NULL, NULL, NULL, '2025-02-05T00:00:00Z', '2025-02-05'), (13, '2025-02-01', '2025-02-06', 1, 7, 'open', NULL, '2025-02-06'), (13, NULL, NULL, NULL, NULL, NULL, '2025-02-05T00:00:00Z', '2025-02-05');
INSERT INTO zd.ticket_metric VALUES (11, 0, 1), (11, 0, 1);
INSERT INTO zd.ticket_comment VALUES (11, 9, '2025-02-02', true), (11, 9, '2025-02-02', true);
CALL create_model('z');
CALL connect('z', 'zendesk', 'zd');
SELECT results_eq('SELECT ticket_id, solved_at, agent_replies, requester_id FROM z_internal.source_ticket ORDER BY 1', $$VALUES ('11', timestamptz '2025-02-03 00:00+00', 1, 'new@one.example'), ('13', NULL, 0, 'new@one.example')$$,
    'Zendesk: the latest version of tickets and users, each reply once, none that was deleted since, one that came back');

CREATE SCHEMA sf;
CREATE TABLE sf.account (id text, name text, is_deleted boolean, _fivetran_deleted boolean, system_modstamp timestamp);
-- people add fields of their own, hundreds of them
SELECT 'ALTER TABLE sf.account ' || string_agg(format('ADD field_%s_c text', n), ', ') FROM generate_series(1, 600) n \gexec
CREATE TABLE sf."case" (id text, account_id text, contact_id text, created_date timestamp, is_closed boolean, closed_date timestamp, system_modstamp timestamp);
CREATE TABLE sf.contact (id text, email text, last_modified_date timestamp);
INSERT INTO sf.account VALUES ('a', 'Old', false, false, '2025-01-01'), ('a', 'New', false, false, '2025-02-01'), ('b', 'B', false, false, '2025-01-01'), ('b', 'B', false, true, '2025-02-01');
INSERT INTO sf."case" VALUES ('1', 'a', 'p', '2025-01-01', false, NULL, '2025-01-01'), ('1', 'a', 'p', '2025-01-01', true, '2025-01-05', '2025-01-05');
INSERT INTO sf.contact VALUES ('p', 'old@a.example', '2025-01-01'), ('p', 'new@a.example', '2025-02-01');
CALL create_model('s');
CALL connect('s', 'salesforce', 'sf');
SELECT results_eq('SELECT account_id, name FROM s_internal.source_account', $$VALUES ('a', 'New')$$, 'Salesforce: the latest version, and either mark of deletion');
SELECT results_eq('SELECT ticket_id, solved_at, requester_id FROM s_internal.source_ticket', $$VALUES ('1', timestamptz '2025-01-05 00:00+00', 'new@a.example')$$, 'Salesforce: versions of a case and of its contact are one ticket');

CREATE SCHEMA hs;
CREATE TABLE hs.company (id bigint, property_name text, is_deleted boolean, _airbyte_extracted_at timestamptz);
CREATE TABLE hs.ticket (id bigint, property_createdate timestamp, property_closed_date timestamp, _airbyte_extracted_at timestamptz);
CREATE TABLE hs.ticket_company (ticket_id bigint, company_id bigint, _fivetran_deleted boolean);
INSERT INTO hs.company VALUES (1, 'One', false, '2025-01-01'), (2, 'Two', false, '2025-01-01'), (2, NULL, true, '2025-03-01');
INSERT INTO hs.ticket VALUES (5, '2025-01-01', NULL, '2025-01-01'), (5, '2025-01-01', '2025-01-02', '2025-01-02'), (6, '2025-01-01', NULL, '2025-01-01');
INSERT INTO hs.ticket_company VALUES (5, 1, false), (5, 0, true), (6, 1, true);
CALL create_model('h');
CALL connect('h', 'hubspot', 'hs');
SELECT results_eq('SELECT account_id, ticket_id, solved_at FROM h_internal.source_ticket', $$VALUES ('1', '5', timestamptz '2025-01-02 00:00+00')$$, 'HubSpot: the latest version, and no company that it is of no more');
SELECT results_eq($$SELECT vendor, row_count FROM csmetrics.unmatched_rows('h', 'ticket')$$, $$VALUES ('hubspot', 1::bigint)$$, 'HubSpot: a ticket of no company is counted');

CREATE SCHEMA pn;
CREATE TABLE pn.account (id text, name text, last_updated_at timestamp);
CREATE TABLE pn.feature_event (account_id text, visitor_id text, feature_id text, "timestamp" timestamp, num_events integer, _airbyte_extracted_at timestamptz);
INSERT INTO pn.account VALUES ('a', 'A', '2025-01-01'), ('a', 'A', '2025-01-02');
INSERT INTO pn.feature_event VALUES ('a', 'u', 'f', '2025-01-01 10:00', 3, '2025-01-01 11:00'), ('a', 'u', 'f', '2025-01-01 10:00', 5, '2025-01-01 12:00'), ('a', 'u', 'f', '2025-01-01 11:00', 1, '2025-01-01 12:00'), ('x', 'u', 'f', '2025-01-01 11:00', 1, '2025-01-01 12:00');
CALL create_model('p');
CALL connect('p', 'pendo', 'pn');
SELECT results_eq('SELECT at, events FROM p_internal.source_usage ORDER BY 1', $$VALUES (timestamptz '2025-01-01 10:00+00', 5::bigint), ('2025-01-01 11:00+00', 1)$$, 'Pendo: an hour that was synced again counts as it is now');
SELECT results_eq($$SELECT vendor, row_count, sample_keys FROM csmetrics.unmatched_rows('p', 'usage')$$, $$VALUES ('pendo', 1::bigint, 'pendo x: its account is not known')$$, 'Pendo: usage of no account is counted');

-- Recurly: repeated rows, a coupon that stands twice, what was changed in place, what another row is missing for.
CREATE SCHEMA rc;
CREATE TABLE rc.account (id text, code text, company text, deleted_at timestamp, updated_at timestamp, _airbyte_extracted_at timestamptz);
CREATE TABLE rc.plan (id text, name text, interval_unit text, interval_length integer, updated_at timestamp);
CREATE TABLE rc.subscription (id text, account_id text, plan_id text, state text, updated_at timestamp, activated_at timestamp, canceled_at timestamp, expires_at timestamp, current_period_started_at timestamp, current_period_ends_at timestamp, currency text, unit_amount numeric, quantity integer);
CREATE TABLE rc.coupon_redemption (id text, account_id text, coupon_id text, created_at timestamp, removed_at timestamp, updated_at timestamp);
CREATE TABLE rc.coupon_discount (coupon_id text, type text, percentage integer, amount numeric, currency text);
CREATE TABLE rc.coupon (id text, duration text);
INSERT INTO rc.account VALUES ('a', 'a', 'A', NULL, '2025-01-01', '2025-01-01'), ('a', 'a', 'A', NULL, '2025-01-01', '2025-01-02'), ('d', 'd', 'D', NULL, '2025-01-01', '2025-01-01'), ('d', NULL, NULL, '2025-04-04', NULL, '2025-04-05');
INSERT INTO rc.plan VALUES ('m', 'Monthly', 'months', 1, '2025-01-01'), ('m', 'Monthly', 'months', 1, '2025-01-01');
INSERT INTO rc.subscription VALUES ('sa', 'a', 'm', 'active', '2025-01-10', '2025-01-10', NULL, NULL, '2025-01-10', '2025-02-10', 'USD', 100, 1), ('sa', 'a', 'm', 'active', '2025-01-10', '2025-01-10', NULL, NULL, '2025-01-10', '2025-02-10', 'USD', 100, 1),
    ('sd', 'd', 'm', 'active', '2025-01-10', '2025-01-10', NULL, NULL, '2025-01-10', '2025-02-10', 'USD', 40, 1), ('sg', 'ghost', 'm', 'active', '2025-01-10', '2025-01-10', NULL, NULL, '2025-01-10', '2025-02-10', 'USD', 30, 1),
    ('sp', 'a', 'lost', 'active', '2025-01-10', '2025-01-10', NULL, NULL, '2025-01-10', '2026-01-10', 'USD', 120, 1), ('su', 'a', 'lost', 'active', '2025-01-10', '2025-01-10', NULL, NULL, NULL, NULL, 'USD', 120, 1);
INSERT INTO rc.coupon_redemption VALUES ('r', 'a', 'half', '2025-01-10', NULL, '2025-01-10'), ('r', 'a', 'half', '2025-01-10', NULL, '2025-01-10');
INSERT INTO rc.coupon_discount VALUES ('half', 'percent', 50, NULL, NULL), ('half', 'percent', 50, NULL, NULL);
INSERT INTO rc.coupon VALUES ('half', 'forever'), ('half', 'forever');
CALL create_model('r');
UPDATE r.policy SET as_of = '2025-03-31';
CALL connect('r', 'recurly', 'rc');
CALL refresh('r');
SELECT results_eq('SELECT account_id, subscription_id, trim_scale(mrr), ends_on FROM r_internal.source_subscription ORDER BY 2', $$VALUES ('a', 'sa', 50::numeric, NULL::date), ('d', 'sd', 40, '2025-04-05'), ('ghost', 'sg', 30, NULL), ('a', 'sp', 5, NULL)$$,
    'Recurly: each row once, half off is half, who was deleted is gone then, who has no row is known by the key, a plan that is missing by its period');
SELECT results_eq($$SELECT vendor, row_count, sample_keys FROM csmetrics.unmatched_rows('r', 'subscription')$$, $$VALUES ('recurly', 1::bigint, 'recurly subscription su: plan lost is missing')$$, 'Recurly: a subscription of no known term is counted');
UPDATE rc.subscription SET unit_amount = 300 WHERE id = 'sa';
UPDATE r.policy SET as_of = '2025-04-30';
CALL refresh('r');
SELECT results_eq($$SELECT day, trim_scale(mrr_at(revenue, day)) FROM r_internal.account_state, unnest('{2025-03-31,2025-04-29,2025-04-30}'::date[]) day WHERE account_id = 'a' ORDER BY 1$$, $$VALUES (date '2025-03-31', 55::numeric), ('2025-04-29', 55), ('2025-04-30', 155)$$,
    'Recurly: without versions, what was changed in place is so since the refresh that saw it');
SELECT is((SELECT trim_scale(sum(mrr_at(revenue, '2025-04-04'))) FROM r_internal.account_state WHERE account_id = 'd'), 40::numeric, 'Recurly: a deleted account keeps its past');

-- Recurly, what has no amount, add-ons in their own table, an amount that is off the account's whole, and the layout of Airbyte: keys in objects, discounts in the coupon, tax in the price.
UPDATE rc.subscription SET unit_amount = NULL WHERE id = 'sa';
INSERT INTO rc.subscription VALUES ('sn', 'd', 'm', 'active', '2025-01-10', '2025-01-10', NULL, NULL, NULL, NULL, 'USD', 15, NULL), ('sv', 'd', 'm', 'active', '2025-01-10', '2025-01-10', NULL, NULL, NULL, NULL, 'USD', NULL, 1);
CALL connect('r', 'recurly', 'rc');
SELECT results_eq($$SELECT subscription_id, ends_on, trim_scale(mrr) FROM r_internal.source_subscription WHERE subscription_id IN ('sn', 'sv', 'sa') ORDER BY 1, 3$$, $$VALUES ('sa', date '2025-04-30', 50::numeric), ('sa', NULL, 150), ('sn', '2025-04-05', 15)$$, 'Recurly: without a quantity it is one; without an amount it is what it was');
SELECT results_eq($$SELECT vendor, row_count, sample_keys FROM csmetrics.unmatched_rows('r', 'subscription')$$, $$VALUES ('recurly', 2::bigint, 'recurly subscription su: plan lost is missing; recurly subscription sv: it has no amount')$$, 'Recurly: one that never had an amount is counted, and stops no refresh');
SELECT is(pg_temp.failure($$CALL refresh('r')$$), 'no error', 'it does not');
CREATE SCHEMA ra;
CREATE TABLE ra.accounts (id text, code text, company text, updated_at text, deleted_at text, _airbyte_extracted_at timestamptz);
CREATE TABLE ra.plans (id text, name text, interval_unit text, interval_length bigint, _airbyte_extracted_at timestamptz);
CREATE TABLE ra.subscriptions (id text, account jsonb, plan jsonb, state text, updated_at text, activated_at text, canceled_at text, expires_at text, currency text, unit_amount numeric, quantity bigint, tax_inclusive boolean, tax_info jsonb, _airbyte_extracted_at timestamptz);
CREATE TABLE ra.subscription_add_ons (id text, subscription_id text, unit_amount numeric, quantity int, created_at text, expired_at text);
CREATE TABLE ra.coupons (id text, duration text, discount jsonb, updated_at text);
CREATE TABLE ra.coupon_redemptions (id text, account jsonb, coupon jsonb, created_at text, removed_at text, updated_at text);
INSERT INTO ra.accounts SELECT k, k, upper(k), '2025-01-01', NULL, '2025-01-01' FROM unnest('{a,b,c}'::text[]) k;
INSERT INTO ra.plans VALUES ('m', 'Monthly', 'months', 1, '2025-01-01');
INSERT INTO ra.subscriptions SELECT id, jsonb_build_object('id', account), '{"id": "m"}', state, '2025-01-10T00:00:00Z', CASE WHEN state <> 'future' THEN starts_on || 'T00:00:00Z' END, NULL, ends_on || 'T00:00:00Z', currency, amount, 1, tax IS NOT NULL, jsonb_build_object('rate', tax), '2025-01-10'
FROM (VALUES ('sa', 'a', 'active', '2025-01-10', NULL, 'USD', 20, NULL), ('sb', 'b', 'active', '2025-01-10', NULL, 'EUR', 120, 0.2), ('c1', 'c', 'expired', '2025-01-10', '2025-03-10', 'USD', 100, NULL), ('c2', 'c', 'active', '2025-02-10', NULL, 'USD', 50, NULL), ('c3', 'c', 'active', '2025-02-10', NULL, 'EUR', 50, NULL),
             ('c4', 'c', 'future', NULL, NULL, 'USD', 500, NULL)) v(id, account, state, starts_on, ends_on, currency, amount, tax);
INSERT INTO ra.subscription_add_ons VALUES ('x', 'sa', 5, 1, '2025-01-10', NULL), ('y', 'sa', 7, 2, '2025-01-10', NULL), ('z', 'sa', 100, 1, '2024-01-10', '2024-12-10');
INSERT INTO ra.coupons VALUES ('p', 'forever', '{"type": "percent", "percent": 10}', '2025-01-01'), ('f', 'forever', '{"type": "fixed", "currencies": [{"currency": "USD", "amount": 20}, {"currency": "EUR", "amount": 18}]}', '2025-01-01');
INSERT INTO ra.coupon_redemptions VALUES ('r1', '{"id": "a"}', '{"id": "p"}', '2025-01-01', NULL, '2025-01-01'), ('r2', '{"id": "c"}', '{"id": "f"}', '2025-01-01', NULL, '2025-01-01');
CALL create_model('ra_model');
CALL connect('ra_model', 'recurly', 'ra');
SELECT results_eq('SELECT subscription_id, starts_on, ends_on, trim_scale(mrr) FROM ra_model_internal.source_subscription ORDER BY 1, 2', $$VALUES ('c1', date '2025-01-10', date '2025-03-10', 80::numeric), ('c2', '2025-02-10', '2025-03-10', 50), ('c2', '2025-03-10', NULL, 30), ('c3', '2025-02-10', NULL, 32),
    ('sa', '2025-01-10', NULL, 35.1), ('sb', '2025-01-10', NULL, 100)$$, 'Recurly: add-ons side by side, an amount off the dearest of its currency that is in force, tax in the price taken out');

SELECT * FROM finish();
ROLLBACK;
