\unset ECHO
\i test/psql.sql
-- Connecting vendors to a model: what is refused, what is written, who is who, and that nothing of a person's is lost.
BEGIN;
SELECT plan(60);
SET jit = off;

-- A small company: a CRM, billing and support.
CREATE SCHEMA sf;
CREATE TABLE sf.account (id text, name text, owner_id text, parent_id text, created_date timestamptz, website text, is_deleted boolean, segment_c text);
INSERT INTO sf.account VALUES
    ('001000000000001AAA', 'Ash', '005a', NULL, '2024-01-01 23:30:00+00', 'https://www.ash.example/', false, 'small'), ('001000000000002AAA', 'Birch', '005b', '001000000000001AAA', '2024-01-02', 'birch.example', false, 'large'),
    ('001000000000003AAA', 'Cedar', NULL, NULL, '2024-01-03', 'http://twin.example', false, NULL), ('001000000000004AAA', 'Dogwood', NULL, NULL, '2024-01-04', 'twin.example', false, NULL),
    ('001000000000005AAA', 'Elm', NULL, NULL, '2024-01-05', 'http://gmail.com', false, NULL), ('001000000000006AAA', 'Gone', NULL, NULL, '2024-01-06', NULL, true, NULL);
CREATE TABLE sf."user" (id text, name text);
INSERT INTO sf."user" VALUES ('005a', 'Ann'), ('005b', 'Bob');
CREATE SCHEMA st;
CREATE TABLE st.customer (id text, name text, email text, created timestamp, livemode boolean, is_deleted boolean, metadata jsonb);
INSERT INTO st.customer VALUES
    ('cus_1', 'Ash Ltd', 'pay@other.example', '2024-01-10', true, false, '{"salesforce_account_id": "001000000000001"}'), ('cus_2', 'Birch Ltd', 'pay@birch.example', '2024-01-10', true, false, '{"salesforce_account_id": "unknown"}'),
    ('cus_3', 'Twin', 'pay@twin.example', '2024-01-10', true, false, NULL), ('cus_4', 'Elm', 'elm@gmail.com', '2024-01-10', true, false, NULL), ('cus_5', 'Fir', 'pay@fir.example', '2024-01-10', true, false, NULL),
    ('cus_6', 'Second of Ash', 'x@ash.example', '2024-01-10', true, false, NULL);
CREATE TABLE st.subscription (id text, customer_id text, status text, ended_at timestamp, cancel_at_period_end boolean, canceled_at timestamp, trial_end timestamp, start_date timestamp);
INSERT INTO st.subscription SELECT 'sub_' || n, 'cus_' || n, 'active', NULL, false, NULL, NULL, '2024-01-10' FROM generate_series(1, 6) n;
CREATE TABLE st.subscription_item (id text, subscription_id text, plan_id text, quantity integer);
INSERT INTO st.subscription_item SELECT 'si_' || n, 'sub_' || n, 'p', n FROM generate_series(1, 6) n;
CREATE TABLE st.plan (id text, currency text, amount integer, "interval" text, interval_count integer, product_id text);
INSERT INTO st.plan VALUES ('p', 'usd', 1000, 'month', 1, 'prod');
CREATE SCHEMA zd;
CREATE TABLE zd.organization (id bigint, name text, external_id text, created_at timestamp);
INSERT INTO zd.organization VALUES (11, 'Ash Inc', '001000000000001AAA', '2024-01-01'), (12, 'Birch Inc', NULL, '2024-01-01'), (13, 'Gum', NULL, '2024-01-01');
CREATE TABLE zd.domain_name (organization_id bigint, domain_name text, index integer);
INSERT INTO zd.domain_name VALUES (12, 'birch.example', 0), (13, 'hotmail.com', 0), (13, 'gum.example', 1);
CREATE TABLE zd."user" (id bigint, email text, role text, organization_id bigint);
INSERT INTO zd."user" VALUES (1, 'Ann@Ash.example', 'end-user', 11), (2, 'bob@birch.example', 'end-user', NULL), (3, 'who@nobody.example', 'end-user', NULL), (9, 'agent@us.example', 'agent', NULL);
CREATE TABLE zd.ticket (id bigint, created_at timestamp, updated_at timestamp, organization_id bigint, requester_id bigint, status text, priority text, subject text, via_channel text);
INSERT INTO zd.ticket VALUES
    (101, '2024-02-01 10:00', '2024-02-20', 11, 1, 'closed', 'high', 'Broken', 'email'), (102, '2024-02-02 10:00', '2024-02-03', NULL, 2, 'open', NULL, 'How', 'web'), (103, '2024-02-02 10:00', '2024-02-03', NULL, 3, 'new', NULL, NULL, 'web'),
    (104, '2024-02-02 10:00', '2024-02-03', 11, 1, 'deleted', NULL, NULL, 'web'), (105, '2024-02-02 10:00', '2024-02-03', 11, 1, 'solved', NULL, NULL, 'web'), (106, '2024-02-02 10:00', '2024-02-03', 11, 1, 'closed', NULL, NULL, 'web');
CREATE TABLE zd.ticket_tag (ticket_id bigint, tag text);
INSERT INTO zd.ticket_tag VALUES (105, 'spam'), (106, 'closed_by_merge');
CREATE TABLE zd.ticket_comment (ticket_id bigint, user_id bigint, created timestamp, public boolean);
INSERT INTO zd.ticket_comment VALUES (101, 1, '2024-02-01 10:00', true), (101, 9, '2024-02-01 10:30', false), (101, 9, '2024-02-01 11:00', true), (101, 1, '2024-02-03 09:00', true), (101, 9, '2024-02-03 10:00', true);
CREATE TABLE zd.ticket_field_history (ticket_id bigint, field_name text, updated timestamp, value text);
INSERT INTO zd.ticket_field_history VALUES
    (101, 'status', '2024-02-01 10:00', 'new'), (101, 'status', '2024-02-02 10:00', 'solved'), (101, 'status', '2024-02-03 09:00', 'open'), (101, 'status', '2024-02-04 10:00', 'solved'), (101, 'status', '2024-02-20 10:00', 'closed'),
    (101, 'tags', '2024-02-01 12:00', 'vip'), (101, 'tags', '2024-02-01 14:00', 'vip escalated'), (101, 'satisfaction_score', '2024-02-05 10:00', 'offered'), (101, 'satisfaction_score', '2024-02-05 12:00', 'good'),
    (101, 'satisfaction_score', '2024-02-06 12:00', 'bad'), (101, 'satisfaction_comment', '2024-02-06 12:00', 'slow'), (102, 'satisfaction_score', '2024-02-05 10:00', 'offered');

CALL create_model('cs');
CREATE TEMP TABLE view_before AS SELECT relname, pg_get_viewdef(oid) AS definition, obj_description(oid, 'pg_class') AS comment FROM pg_class WHERE relnamespace = ANY (csmetrics.schemas_of('cs')) AND relkind = 'v';

-- What is refused.
SELECT is(pg_temp.failure($$CALL connect('nosuch', 'stripe', 'st')$$), '3F000 there is no model "nosuch"', 'a model that is not there');
SELECT is(pg_temp.failure($$CALL connect('cs', 'strype', 'st')$$), '22023 unknown vendor "strype"', 'a vendor that is not known');
SELECT is(pg_temp.failure($$CALL connect('cs', NULL, 'st')$$), '22023 unknown vendor "<NULL>"', 'none');
SELECT is(pg_temp.failure($$CALL connect('cs', 'stripe', 'nowhere')$$), '3F000 there is no schema "nowhere"', 'a schema that is not there');
SELECT is(pg_temp.failure($$CALL connect('cs', 'zendesk', 'sf')$$), '42P01 schema "sf" does not look like that of zendesk: missing table organization; missing table ticket; table sf."user": missing column role (text)', 'every missing table is named at once');
CREATE SCHEMA bad;
CREATE TABLE bad.customer (key text, email json[]);
CREATE TABLE bad.subscription_item (id text, subscription_id text, quantity json);
CREATE TABLE bad.price (id text, currency text, unit_amount xml, recurring_interval text, recurring_interval_count point);
SELECT is(pg_temp.failure($$CALL connect('cs', 'stripe', 'bad')$$),
    '42P01 schema "bad" does not look like that of stripe: missing table subscription_history or subscription; table bad.customer: missing column id (text); table bad.price: column recurring_interval_count of type point cannot be cast to integer; table bad.price: column unit_amount of type xml cannot be cast to numeric; table bad.subscription_item: column quantity of type json cannot be cast to numeric; table bad.subscription_item: missing column plan_id (text)',
    'and every missing column, and every type');
DROP TABLE bad.subscription_item, bad.price;
SELECT is(pg_temp.failure($$CALL disconnect('cs', 'stripe')$$), '22023 vendor "stripe" is not connected to model "cs"', 'there is nothing to undo');
CALL create_model('keyed', 'bigint');
SELECT is(pg_temp.failure($$CALL connect('keyed', 'stripe', 'st')$$), '42804 keys of vendors are texts, and cannot be those of the accounts of model "keyed", which are of type bigint', 'keys of another type');
SELECT results_eq($$SELECT relname, pg_get_viewdef(oid) FROM pg_class WHERE relnamespace = ANY (csmetrics.schemas_of('cs')) AND relkind = 'v' ORDER BY relname$$, 'SELECT relname, definition FROM view_before ORDER BY relname', 'what was refused has changed nothing');

-- One vendor alone.
CALL connect('cs', 'stripe', 'st');
SELECT results_eq('SELECT account_key, account_id, matched_by FROM cs_internal.identity ORDER BY 1', $$SELECT 'cus_' || n, 'cus_' || n, 'own' FROM generate_series(1, 6) n$$, 'the keys of the only vendor are those of the accounts');
SELECT results_eq($$SELECT view_name, vendor, source FROM cs_internal.connection_view ORDER BY 1$$, $$VALUES ('source_account', NULL, 'account'), ('source_subscription', NULL, 'subscription'), ('stripe_account', 'stripe', 'account'), ('stripe_subscription', 'stripe', 'subscription')$$, 'what was written is remembered');
SELECT is_empty($$SELECT relname FROM pg_class WHERE relnamespace = ANY (csmetrics.schemas_of('cs')) AND relkind = 'v' AND NOT coalesce(reloptions @> '{security_invoker=true}', false)$$, 'the views read with the rights of the reader');
SELECT is_empty($$SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = ANY (csmetrics.schemas_of('cs')) AND c.relkind IN ('r', 'v')
                  AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)$$, 'and all of it is described');
CALL refresh('cs');
SELECT is(sum(mrr_at(revenue, '2024-06-30')), 210::numeric, 'it refreshes: 10 times 1 to 6') FROM cs_internal.account_state;

-- Another, whose keys are those of the accounts from now on.
CALL connect('cs', 'salesforce', 'sf');
CALL connect('cs', 'zendesk', 'zd');
SELECT results_eq($$SELECT vendor, schema_name, priority FROM cs.connection ORDER BY priority$$, $$VALUES ('salesforce', 'sf', 10), ('stripe', 'st', 20), ('zendesk', 'zd', 30)$$, 'the CRM goes first, whenever it came');
SELECT results_eq($$SELECT vendor, account_key, right(account_id, 9), matched_by FROM cs_internal.identity ORDER BY 1, 2$$, $$VALUES
    ('salesforce', '001000000000001AAA', '000001AAA', 'own'), ('salesforce', '001000000000002AAA', '000002AAA', 'own'), ('salesforce', '001000000000003AAA', '000003AAA', 'own'), ('salesforce', '001000000000004AAA', '000004AAA', 'own'),
    ('salesforce', '001000000000005AAA', '000005AAA', 'own'), ('stripe', 'cus_1', '000001AAA', 'crm key'), ('stripe', 'cus_2', '000002AAA', 'domain'), ('stripe', 'cus_3', 'cus_3', 'own'), ('stripe', 'cus_4', 'cus_4', 'own'),
    ('stripe', 'cus_5', 'cus_5', 'own'), ('stripe', 'cus_6', '000001AAA', 'domain'), ('zendesk', '11', '000001AAA', 'crm key'), ('zendesk', '12', '000002AAA', 'domain'), ('zendesk', '13', '13', 'own'),
    ('zendesk', 'birch.example', '000002AAA', 'domain')$$,
    'by key of the CRM in either form, by domain, not by one that two have nor by free mail; who only asks makes no account');
INSERT INTO cs.account_identity VALUES ('stripe', 'cus_3', '001000000000004AAA'), ('stripe', 'cus_1', '001000000000005AAA'), ('zendesk', 'nobody.example', '001000000000003AAA');
CALL refresh('cs');
SELECT results_eq($$SELECT vendor, account_key, right(account_id, 9) FROM cs_internal.identity WHERE matched_by = 'mapping' ORDER BY 1, 2$$, $$VALUES ('stripe', 'cus_1', '000005AAA'), ('stripe', 'cus_3', '000004AAA'), ('zendesk', 'nobody.example', '000003AAA')$$,
    'the user''s own mapping comes before all, with the next refresh');
SELECT is(string_agg(right(account_id, 4) || ' ' || trim_scale(coalesce(mrr_at(revenue, '2024-06-30'), 0)), ', ' ORDER BY account_id), '1AAA 60, 2AAA 20, 3AAA 0, 4AAA 30, 5AAA 10, 13 0, us_4 40, us_5 50', 'the money is with the accounts') FROM cs_internal.account_state;
SELECT results_eq($$SELECT right(account_id, 4), name, owner, right(parent_id, 4), created_on FROM cs_internal.source_account ORDER BY account_id$$, $$VALUES
    ('1AAA', 'Ash', 'Ann', NULL, date '2024-01-01'), ('2AAA', 'Birch', 'Bob', '1AAA', '2024-01-02'), ('3AAA', 'Cedar', NULL, NULL, '2024-01-03'), ('4AAA', 'Dogwood', NULL, NULL, '2024-01-04'), ('5AAA', 'Elm', NULL, NULL, '2024-01-05'),
    ('13', 'Gum', NULL, NULL, '2024-01-01'), ('us_4', 'Elm', NULL, NULL, '2024-01-10'), ('us_5', 'Fir', NULL, NULL, '2024-01-10')$$, 'each attribute from the first vendor that knows it, a parent by its account');
SELECT results_eq($$SELECT right(account_id, 4), ticket_id, opened_at, first_reply_at, solved_at, reopened, agent_replies, requester_id, priority, escalated, escalated_at FROM cs_internal.source_ticket ORDER BY ticket_id$$, $$VALUES
    ('1AAA', '101', timestamptz '2024-02-01 10:00+00', timestamptz '2024-02-01 11:00+00', timestamptz '2024-02-04 10:00+00', 1, 2, 'ann@ash.example', 'high', true, timestamptz '2024-02-01 14:00+00'),
    ('2AAA', '102', '2024-02-02 10:00+00', NULL, NULL, 0, 0, 'bob@birch.example', NULL, false, NULL), ('3AAA', '103', '2024-02-02 10:00+00', NULL, NULL, 0, 0, 'who@nobody.example', NULL, false, NULL)$$,
    'Zendesk: tickets with what their history tells; closing a solved one is no solve; deleted, merged and spam are none');
SELECT results_eq($$SELECT right(account_id, 4), kind, score, responded_at, sent_at, ticket_id, comment FROM cs_internal.source_survey ORDER BY ticket_id$$, $$VALUES
    ('1AAA', 'csat', 1::numeric, timestamptz '2024-02-06 12:00+00', timestamptz '2024-02-05 10:00+00', '101', 'slow'), ('2AAA', 'csat', NULL, NULL, '2024-02-05 10:00+00', '102', NULL)$$, 'Zendesk: the last rating counts, an offer without one is sent');
UPDATE cs.connection SET priority = 5 WHERE vendor = 'zendesk';
CALL unite_sources('cs');
SELECT results_eq($$SELECT account_id, name FROM cs_internal.source_account WHERE account_id IN ('11', '12')$$, $$VALUES ('11', 'Ash Inc'), ('12', 'Birch Inc')$$, 'with another priority the accounts are those of another');
UPDATE cs.connection SET priority = 30 WHERE vendor = 'zendesk';
CALL unite_sources('cs');
DELETE FROM cs.account_identity;

-- Views of a person.
SET search_path = public;
CALL csmetrics.map('cs', 'salesforce_account', 'SELECT c.*, a.segment_c AS segment FROM {connector} c JOIN sf.account a ON a.id = c.account_key;');
SET search_path = csmetrics, public;
SELECT results_eq($$SELECT account_key, name, segment, owner, domain FROM cs_internal.salesforce_account WHERE segment IS NOT NULL ORDER BY 1$$, $$VALUES ('001000000000001AAA', 'Ash', 'small', 'Ann', 'ash.example'), ('001000000000002AAA', 'Birch', 'large', 'Bob', 'birch.example')$$,
    'a view of a vendor may be mapped by hand, over what the connector reads');
CALL refresh('cs');
SELECT is(segment, 'large', 'and the accounts know it') FROM cs_internal.source_account WHERE name = 'Birch';
SELECT is(pg_temp.failure($$CALL map('cs', 'salesforce_account', 'SELECT 1 AS account_id')$$), '42703 source "salesforce_account": missing column account_key (text); unknown column account_id', 'it has the vendor''s keys');
SELECT is(pg_temp.failure($$CALL map('cs', 'hubspot_account', 'SELECT 1 AS account_key')$$), '22023 unknown source "hubspot_account"', 'there must be such a connection');
SELECT is(pg_temp.failure($$CALL connect('cs', 'salesforce', 'sf')$$), '55000 changed since they were written: salesforce_account', 'it is not written over');
SELECT is(pg_temp.failure($$CALL disconnect('cs', 'salesforce')$$), '55000 changed since they were written: salesforce_account', 'nor dropped');
SELECT is(segment, 'small', 'it is as it was') FROM cs_internal.salesforce_account WHERE name = 'Ash';
CALL connect('cs', 'stripe', 'st');
SELECT is(segment, 'small', 'connecting others leaves it alone') FROM cs_internal.source_account WHERE name = 'Ash';
CALL connect('cs', 'salesforce', 'sf', overwrite => true);
SELECT is(segment, NULL, 'unless it is told to') FROM cs_internal.source_account WHERE name = 'Ash';
CALL map('cs', 'ticket', $$SELECT '001000000000001AAA' AS account_id, 1 AS ticket_id, timestamptz '2024-01-01' AS opened_at$$);
CREATE TEMP TABLE mine AS SELECT pg_get_viewdef('cs_internal.source_ticket'::regclass) AS definition;
CALL connect('cs', 'zendesk', 'zd');
SELECT is(pg_get_viewdef('cs_internal.source_ticket'::regclass), definition, 'a source mapped by hand is left alone') FROM mine;
SELECT is((SELECT count(*) FROM cs_internal.source_survey), 2::bigint, 'the others are not');
CALL connect('cs', 'zendesk', 'zd', overwrite => true);
SELECT is((SELECT count(*) FROM cs_internal.source_ticket), 2::bigint, 'unless told to');
SAVEPOINT taken;
CREATE TABLE cs_internal.pendo_usage (mine integer);
CREATE SCHEMA pn;
CREATE TABLE pn.event (account_id text, visitor_id text, "timestamp" timestamp, num_events integer);
SELECT is(pg_temp.failure($$CALL connect('cs', 'pendo', 'pn')$$), '42P07 there is a "pendo_usage" in schema "cs_internal" already', 'a table of that name is not touched');
DROP TABLE cs_internal.pendo_usage;
CREATE TABLE pn.account (id text, name text);
INSERT INTO pn.account VALUES ('001000000000001AAA', 'Ash');
INSERT INTO pn.event VALUES ('001000000000001AAA', 'u', '2024-03-01 10:00', 3);
CALL connect('cs', 'pendo', 'pn');
SELECT results_eq('SELECT right(account_id, 4), at, user_id, events FROM cs_internal.source_usage', $$VALUES ('1AAA', timestamptz '2024-03-01 10:00+00', 'u', 3::bigint)$$, 'a vendor that has the key of the CRM for its own; events where neither pages nor features are');

-- Undone, one by one, it is as create_model made it.
CALL disconnect('cs', 'salesforce');
SELECT results_eq($$SELECT DISTINCT matched_by FROM cs_internal.identity WHERE vendor = 'stripe'$$, $$VALUES ('own')$$, 'without the CRM the next vendor is the first');
CALL disconnect('cs', 'stripe');
CALL disconnect('cs', 'zendesk');
CALL disconnect('cs', 'pendo');
SELECT results_eq($$SELECT relname, pg_get_viewdef(oid), obj_description(oid, 'pg_class') FROM pg_class WHERE relnamespace = ANY (csmetrics.schemas_of('cs')) AND relkind = 'v' ORDER BY relname$$, 'SELECT * FROM view_before ORDER BY relname', 'disconnected, all views are as they were');
SELECT is((SELECT count(*) FROM cs.connection) + (SELECT count(*) FROM cs_internal.connection_view) + (SELECT count(*) FROM cs_internal.identity) + (SELECT count(*) FROM cs_internal.connected_account), 0::numeric::bigint, 'and nothing is remembered');

-- Accounts mapped by hand, of any type: vendors are matched with them.
CREATE TABLE public.customer (id bigint, name text);
INSERT INTO public.customer VALUES (7, 'Ash'), (8, 'Birch');
CALL map('keyed', 'account', 'SELECT id AS account_id, name FROM public.customer');
UPDATE st.customer SET metadata = '{"account_id": 7}' WHERE id = 'cus_1';
INSERT INTO keyed.account_identity VALUES ('stripe', 'cus_2', 8);
CALL connect('keyed', 'stripe', 'st');
CALL connect('keyed', 'zendesk', 'zd');
SELECT results_eq('SELECT vendor, account_key, account_id, matched_by FROM keyed_internal.identity ORDER BY 1, 2', $$VALUES ('stripe', 'cus_1', 7::bigint, 'crm key'), ('stripe', 'cus_2', 8, 'mapping'), ('zendesk', '12', 8, 'domain'), ('zendesk', 'birch.example', 8, 'domain')$$,
    'keys of accounts mapped by hand; a domain is that of a vendor''s account which is tied to one');
CALL refresh('keyed');
SELECT results_eq('SELECT account_id, mrr_at(revenue, ''2024-06-30'') FROM keyed_internal.account_state ORDER BY 1', 'VALUES (7::bigint, 10::numeric), (8, 20)', 'and only they have money');
SELECT is(pg_temp.failure($$CALL connect('keyed', 'stripe', 'st', overwrite => true)$$) LIKE '42804 %', true, 'their map is not written over');

-- Names that ask for care; spellings of other tools; everything as text.
CREATE SCHEMA "St. ""ripe""; DROP TABLE x {price}";
CREATE TABLE "St. ""ripe""; DROP TABLE x {price}"."Customers" ("Id" text, "Name" text, "Email" text);
CREATE TABLE "St. ""ripe""; DROP TABLE x {price}"."Subscriptions" ("Id" text, "Customer" text, "Status" text, "EndedAt" text, "CancelAtPeriodEnd" text, "CanceledAt" text, "TrialEnd" text, "Created" text);
CREATE TABLE "St. ""ripe""; DROP TABLE x {price}"."SubscriptionItems" ("Id" text, "Subscription" text, "PriceId" text, "Quantity" text);
CREATE TABLE "St. ""ripe""; DROP TABLE x {price}"."Prices" ("Id" text, "Currency" text, "UnitAmount" text, "RecurringInterval" text, "RecurringIntervalCount" text);
INSERT INTO "St. ""ripe""; DROP TABLE x {price}"."Customers" VALUES ('c', '{price}', 'x@y.example');
INSERT INTO "St. ""ripe""; DROP TABLE x {price}"."Subscriptions" VALUES ('s', 'c', 'active', '', 'false', '', '1706745600', '2024-01-01T00:00:00.000Z');
INSERT INTO "St. ""ripe""; DROP TABLE x {price}"."SubscriptionItems" VALUES ('i', 's', 'p', '3');
INSERT INTO "St. ""ripe""; DROP TABLE x {price}"."Prices" VALUES ('p', 'USD', '1000', 'month', '1');
CALL create_model('My "model"; DROP SCHEMA cs');
CALL connect('My "model"; DROP SCHEMA cs', 'stripe', 'St. "ripe"; DROP TABLE x {price}');
SELECT results_eq('SELECT account_id, starts_on, ends_on, mrr, status FROM "My ""model""; DROP SCHEMA cs_internal".source_subscription ORDER BY starts_on', $$VALUES ('c', date '2024-01-01', date '2024-02-01', 30::numeric, 'trial'), ('c', '2024-02-01', NULL, 30, 'active')$$,
    'any names, other spellings, plurals, and all of it text');
SELECT is(name, '{price}', 'a value is no placeholder') FROM "My ""model""; DROP SCHEMA cs_internal".source_account;
INSERT INTO "My ""model""; DROP SCHEMA cs".account_identity VALUES ('stripe', 'c', 'a "quoted"; key');
CALL refresh('My "model"; DROP SCHEMA cs');
SELECT is(account_id, 'a "quoted"; key', 'nor is a key a statement') FROM "My ""model""; DROP SCHEMA cs_internal".account_state;
CALL map('My "model"; DROP SCHEMA cs', 'stripe_account', 'SELECT ''c'' AS account_key, ''mine'' AS name -- as I say');
SELECT is(pg_temp.failure($$CALL disconnect('My "model"; DROP SCHEMA cs', 'stripe')$$), '55000 changed since they were written: stripe_account', 'what was changed is known there, too');
CALL disconnect('My "model"; DROP SCHEMA cs', 'stripe', overwrite => true);
SELECT is_empty('TABLE "My ""model""; DROP SCHEMA cs_internal".source_subscription', 'and disconnected when told to');

-- A connector of one's own.
CREATE SCHEMA own;
CREATE TABLE own.firm (nr integer, called text, "Select" text);
CREATE TABLE own.deal (firm integer, from_day date, monthly money);
INSERT INTO own.firm VALUES (1, 'One', 'http://one.example');
INSERT INTO own.deal VALUES (1, '2024-01-01', '12.50');
INSERT INTO connector VALUES ('my "own"', 1, 'A table of one''s own');
INSERT INTO connector_table VALUES ('my "own"', 'firm', '{}', 'firm'), ('my "own"', 'deal', '{}', 'deal');
INSERT INTO connector_column VALUES ('my "own"', 'firm', 'nr', 'text', true), ('my "own"', 'firm', 'called', 'text', true), ('my "own"', 'firm', 'Select', 'text', false), ('my "own"', 'deal', 'firm', 'text', true),
    ('my "own"', 'deal', 'from_day', 'date', true), ('my "own"', 'deal', 'monthly', 'numeric', true);
INSERT INTO connector_source VALUES ('my "own"', 'subscription', 'SELECT firm AS account_key, from_day AS starts_on, monthly AS mrr FROM {deal} d');
CALL create_model('owned');
SELECT is(pg_temp.failure($$CALL connect('owned', 'my "own"', 'own')$$), '22023 connector "my "own"" has no query for source "account"', 'a connector tells who the accounts are');
INSERT INTO connector_source VALUES ('my "own"', 'account', 'SELECT nr AS account_key, called AS name, company_domain("Select") AS domain FROM {firm} f');
CALL connect('owned', 'my "own"', 'own');
CALL refresh('owned');
SELECT results_eq('SELECT account_id, mrr_at(revenue, ''2024-06-30'') FROM owned_internal.account_state', $$VALUES ('1', 12.5::numeric)$$, 'rows of three tables make a connector');
UPDATE connector_source SET query = 'SELECT nr AS account_key, called AS label, 1 AS segment FROM {firm} f' WHERE vendor = 'my "own"' AND source = 'account';
SELECT is(pg_temp.failure($$CALL connect('owned', 'my "own"', 'own')$$), '42703 connector "my "own"", source "account": unknown column label', 'what its query gives is checked');

-- The other vendors, a few rows each.
CREATE SCHEMA hs;
CREATE TABLE hs.company (id bigint, property_name text, property_domain text, property_createdate timestamp, property_hubspot_owner_id bigint, property_hs_parent_company_id numeric, property_lifecyclestage text, is_deleted boolean);
INSERT INTO hs.company VALUES (1, 'Ash', 'ash.example', '2024-01-01', 5, NULL, 'customer', false), (2, 'Birch', 'birch.example', '2024-01-01', NULL, 1, 'lead', false), (3, 'Gone', NULL, '2024-01-01', NULL, NULL, NULL, true);
CREATE TABLE hs.owner (owner_id bigint, first_name text, last_name text, email text);
INSERT INTO hs.owner VALUES (5, 'Ann', 'Lee', 'ann@us.example');
CREATE TABLE hs.ticket (id bigint, property_createdate timestamp, property_closed_date timestamp, property_subject text);
INSERT INTO hs.ticket VALUES (9, '2024-02-01 10:00', '2024-02-02 10:00', 'Help');
CREATE TABLE hs.ticket_company (ticket_id bigint, company_id bigint);
INSERT INTO hs.ticket_company VALUES (9, 2), (9, 1);
CALL create_model('h');
CALL connect('h', 'hubspot', 'hs');
SELECT results_eq('SELECT account_id, name, owner, parent_id, lifecycle_stage FROM h_internal.source_account ORDER BY 1', $$VALUES ('1', 'Ash', 'Ann Lee', NULL, 'customer'), ('2', 'Birch', NULL, '1', 'lead')$$, 'HubSpot: companies');
SELECT results_eq('SELECT account_id, ticket_id, solved_at FROM h_internal.source_ticket', $$VALUES ('1', '9', timestamptz '2024-02-02 10:00+00')$$, 'HubSpot: a ticket counts once');
CREATE SCHEMA hs_small;
CREATE TABLE hs_small.companies AS TABLE hs.company;
CALL connect('h', 'hubspot', 'hs_small');
SELECT results_eq($$SELECT view_name FROM h_internal.connection_view ORDER BY 1$$, $$VALUES ('hubspot_account'), ('source_account')$$, 'HubSpot: connected to another schema, a source that this does not give is gone');

CREATE SCHEMA ic;
CREATE TABLE ic.company_history (id text, company_id text, name text, website text, updated_at timestamp, plan_name text);
INSERT INTO ic.company_history VALUES ('c1', '1', 'Old name', NULL, '2024-01-01', NULL), ('c1', '1', 'Ash', NULL, '2024-02-01', 'Pro');
CREATE TABLE ic.contact_history (id text, email text, updated_at timestamp);
INSERT INTO ic.contact_history VALUES ('p1', 'A@ash.example', '2024-01-01'), ('p2', 'b@birch.example', '2024-01-01');
CREATE TABLE ic.contact_company_history (contact_id text, company_id text, _fivetran_active boolean);
INSERT INTO ic.contact_company_history VALUES ('p1', 'c1', true);
CREATE TABLE ic.conversation_history (id text, created_at timestamp, updated_at timestamp, state text, source_author_id text, source_author_type text, conversation_rating_value integer, conversation_rating_created_at timestamp, conversation_rating_remark text);
INSERT INTO ic.conversation_history VALUES ('v1', '2024-03-01 10:00', '2024-03-01', 'open', 'p1', 'user', NULL, NULL, NULL), ('v1', '2024-03-01 10:00', '2024-03-09', 'closed', 'p1', 'user', 4, '2024-03-09 10:00', 'fine'),
    ('v2', '2024-03-02 10:00', '2024-03-02', 'open', 'p2', 'lead', NULL, NULL, NULL), ('v3', '2024-03-03 10:00', '2024-03-03', 'open', '77', 'admin', NULL, NULL, NULL);
CREATE TABLE ic.conversation_part_history (id text, conversation_id text, part_type text, author_type text, created_at timestamp, updated_at timestamp);
INSERT INTO ic.conversation_part_history VALUES ('1', 'v1', 'comment', 'bot', '2024-03-01 10:01', NULL), ('2', 'v1', 'note', 'admin', '2024-03-01 10:02', NULL), ('3', 'v1', 'comment', 'admin', '2024-03-01 11:00', NULL), ('4', 'v1', 'close', 'admin', '2024-03-01 12:00', NULL),
    ('5', 'v1', 'open', 'user', '2024-03-02 12:00', NULL), ('6', 'v1', 'comment', 'admin', '2024-03-02 13:00', NULL), ('7', 'v1', 'close', 'admin', '2024-03-03 12:00', NULL);
CALL connect('h', 'intercom', 'ic');
SELECT results_eq('SELECT account_key, account_id, matched_by FROM h_internal.identity WHERE vendor = ''intercom'' ORDER BY 1', $$VALUES ('birch.example', '2', 'domain'), ('c1', '1', 'crm key')$$, 'Intercom: companies and contacts without one');
SELECT is(plan, 'Pro', 'Intercom: the latest version of a company') FROM h_internal.source_account WHERE account_id = '1';
SELECT results_eq('SELECT account_id, ticket_id, first_reply_at, solved_at, reopened, agent_replies, requester_id FROM h_internal.source_ticket ORDER BY ticket_id', $$VALUES ('1', 'v1', timestamptz '2024-03-01 11:00+00', timestamptz '2024-03-03 12:00+00', 1, 2, 'a@ash.example'), ('2', 'v2', NULL, NULL, 0, 0, 'b@birch.example')$$,
    'Intercom: conversations that customers began; bots and notes do not reply');
SELECT results_eq('SELECT kind, score, responded_at, ticket_id, comment FROM h_internal.source_survey', $$VALUES ('csat', 4::numeric, timestamptz '2024-03-09 10:00+00', 'v1', 'fine')$$, 'Intercom: ratings');

CREATE SCHEMA jr;
CREATE TABLE jr.issue (id integer, key text, created timestamp, resolved timestamp, reporter text, priority integer, issue_type integer, summary text);
INSERT INTO jr.issue VALUES (1, 'A-1', '2024-04-01 10:00', '2024-04-09 10:00', 'r1', 2, 10, 'Crash'), (2, 'A-2', '2024-04-01 10:00', NULL, 'r2', 2, 10, 'Wish'), (3, 'A-3', '2024-04-01 10:00', NULL, 'dev', 2, 10, 'Ours'), (4, 'A-4', '2024-04-01 10:00', NULL, 'r1', 2, 11, 'Part');
CREATE TABLE jr."user" (id text, email text);
INSERT INTO jr."user" VALUES ('r1', 'x@elsewhere.example'), ('r2', 'b@birch.example'), ('dev', 'dev@us.example');
CREATE TABLE jr.priority (id integer, name text);
INSERT INTO jr.priority VALUES (2, 'High');
CREATE TABLE jr.issue_type (id integer, name text, subtask boolean);
INSERT INTO jr.issue_type VALUES (10, 'Bug', false), (11, 'Sub-task', true);
CREATE TABLE jr.field (id text, name text);
INSERT INTO jr.field VALUES ('customfield_1', 'Organizations');
CREATE TABLE jr.organization (id integer, name text);
INSERT INTO jr.organization VALUES (31, '1');
CREATE TABLE jr.issue_field_history (issue_id integer, field_id text, "time" timestamp, value text, is_active boolean);
INSERT INTO jr.issue_field_history VALUES (1, 'resolution', '2024-04-03 10:00', '1', false), (1, 'resolution', '2024-04-05 10:00', NULL, false), (1, 'resolution', '2024-04-09 10:00', '1', true);
CREATE TABLE jr.issue_multiselect_history (issue_id integer, field_id text, "time" timestamp, value text, is_active boolean);
INSERT INTO jr.issue_multiselect_history VALUES (1, 'customfield_1', '2024-04-01 10:00', '31', true);
CREATE TABLE jr.comment (issue_id integer, author_id text, created timestamp, is_public boolean);
INSERT INTO jr.comment VALUES (1, 'r1', '2024-04-01 11:00', true), (1, 'dev', '2024-04-01 12:00', false), (1, 'dev', '2024-04-01 13:00', true);
CALL connect('h', 'jira', 'jr');
SELECT results_eq($$SELECT account_id, ticket_id, first_reply_at, solved_at, reopened, agent_replies, topic, priority FROM h_internal.source_ticket WHERE ticket_id IN ('1', '2', '3', '4') ORDER BY ticket_id$$, $$VALUES
    ('1', '1', timestamptz '2024-04-01 13:00+00', timestamptz '2024-04-09 10:00+00', 1, 1, 'Bug', 'High'), ('2', '2', NULL, NULL, 0, 0, 'Bug', 'High')$$, 'Jira: issues of customers by organization or address; those of one''s own are none');

CREATE SCHEMA qx;
CREATE TABLE qx.question (id text, survey_id text, question_text text, question_type text, selector text, data_export_tag text);
INSERT INTO qx.question VALUES ('Q1', 'S', 'How likely are you to recommend us?', 'MC', 'NPS', 'Q1'), ('Q2', 'S', 'Overall satisfaction', 'MC', 'SAVR', 'Q2'), ('Q3', 'S', 'How much effort did it take?', 'MC', 'SAVR', 'CES_1'), ('Q4', 'S', 'Why would you recommend us?', 'TE', 'SL', 'Q4');
CREATE TABLE qx.question_option (question_id text, survey_id text, recode_value text);
INSERT INTO qx.question_option SELECT 'Q2', 'S', n FROM generate_series(1, 7) n;
CREATE TABLE qx.survey_response (id text, survey_id text, recorded_date timestamp, recipient_email text, distribution_channel text);
INSERT INTO qx.survey_response VALUES ('R1', 'S', '2024-05-02 10:00', 'a@ash.example', 'email'), ('R2', 'S', '2024-05-03 10:00', 'b@birch.example', 'anonymous'), ('R3', 'S', '2024-05-03 10:00', 'b@birch.example', 'preview');
CREATE TABLE qx.question_response (response_id text, question_id text, value text);
INSERT INTO qx.question_response VALUES ('R1', 'Q1', '9'), ('R1', 'Q2', '6'), ('R1', 'Q3', '2'), ('R1', 'Q4', 'nice'), ('R2', 'Q1', '3'), ('R3', 'Q1', '0');
CREATE TABLE qx.distribution (id text, survey_link_survey_id text, request_type text);
INSERT INTO qx.distribution VALUES ('D', 'S', 'Invite'), ('E', 'S', 'Reminder');
CREATE TABLE qx.distribution_contact (contact_id text, distribution_id text, sent_at timestamp, response_id text, response_completed_at timestamp);
INSERT INTO qx.distribution_contact VALUES ('C1', 'D', '2024-05-01 10:00', 'R1', '2024-05-02 10:00'), ('C2', 'D', '2024-05-01 10:00', NULL, NULL), ('C2', 'E', '2024-05-04 10:00', NULL, NULL);
CREATE TABLE qx.directory_contact (id text, email text, ext_ref text);
INSERT INTO qx.directory_contact VALUES ('C1', 'a@ash.example', '1'), ('C2', 'n@nobody.example', '2');
CALL connect('h', 'qualtrics', 'qx');
SELECT results_eq($$SELECT account_id, kind, score, responded_at, sent_at, lowest, highest, higher_is_better FROM h_internal.source_survey WHERE ticket_id IS NULL ORDER BY account_id, sent_at NULLS LAST, kind$$, $$VALUES
    ('1', 'ces', 2::numeric, timestamptz '2024-05-02 10:00+00', timestamptz '2024-05-01 10:00+00', 1::numeric, 7::numeric, false), ('1', 'csat', 6, '2024-05-02 10:00+00', '2024-05-01 10:00+00', 1, 7, true),
    ('1', 'nps', 9, '2024-05-02 10:00+00', '2024-05-01 10:00+00', 0, 10, true), ('2', 'ces', NULL, NULL, '2024-05-01 10:00+00', 1, 7, false), ('2', 'csat', NULL, NULL, '2024-05-01 10:00+00', 1, 7, true), ('2', 'nps', NULL, NULL, '2024-05-01 10:00+00', 0, 10, true),
    ('2', 'nps', 3, '2024-05-03 10:00+00', NULL, 0, 10, true)$$, 'Qualtrics: invitations answered or not, answers without one, scales and which way they run; no previews, no reminders');
CALL refresh('h');

-- Domains.
SELECT is(string_agg(coalesce(company_domain(a), '-'), ' ' ORDER BY n), 'acme.com acme.com acme.co.uk acme.com - - - - - sub.acme.com acme.com', 'domains of websites and addresses')
FROM unnest('{https://www.Acme.com/about?x=1,jo@ACME.com,http://acme.co.uk:8080,acme.com.,jo@gmail.com,acme,"","not a domain","d41d8cd98f00b204e9800998ecf8427e",mail@sub.acme.com,"Jo <jo@acme.com>"}'::text[]) WITH ORDINALITY u(a, n);

SELECT * FROM finish();
ROLLBACK;
