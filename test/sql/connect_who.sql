\unset ECHO
\i test/psql.sql
-- Who is who: keys of facts that no table of accounts has, empty texts, several companies of which one is there, accounts that were
-- merged away, notes of keys that name nobody, and domains that are those of no company.
BEGIN;
SELECT plan(24);
SET jit = off;

-- Free mail, providers and shared hosts.
SELECT is_empty($$SELECT d, company_domain(d) FROM unnest('{x@hotmail.es,x@live.fr,x@gmx.fr,x@cox.net,x@docomo.ne.jp,https://www.linkedin.com/company/acme,x@hotmail.com,x@hotmail.co.uk,x@hotmail.com.br,x@outlook.com.br,x@outlook.de,x@live.com.mx,x@live.co.uk,
    x@msn.com,x@yahoo.co.in,x@yahoo.com.ar,x@yahoo.es,x@ymail.com,x@gmx.net,x@gmx.co.uk,x@aol.de,x@mail.yahoo.com,x@yandex.com.tr,x@googlemail.com,x@protonmail.ch,x@proton.me,x@zoho.eu,x@orange.es,x@vodafone.nl,x@t-online.hu,x@tiscali.it,x@comcast.net,x@charter.net,
    x@rr.com,x@tampabay.rr.com,x@bell.net,x@telus.net,x@virginmedia.com,x@bbox.fr,x@skynet.be,x@arcor.de,x@bluewin.ch,x@ziggo.nl,x@tin.it,x@telefonica.net,x@sapo.pt,x@telia.com,x@online.no,x@poczta.fm,x@centrum.cz,x@abv.bg,x@rambler.ru,x@ukr.net,x@walla.co.il,x@ezweb.ne.jp,
    x@nifty.com,x@naver.com,x@foxmail.com,x@sina.cn,x@optusnet.com.au,x@xtra.co.nz,x@uol.com.br,x@mailinator.com,x@duck.com,facebook.com/acme,https://acme.wixsite.com/home,https://acme.wordpress.com,http://acme.github.io,https://sites.google.com/view/acme,acme.myshopify.com,
    https://x.com/acme,twitter.com/acme,https://instagram.com/acme,acme.blogspot.com,https://acme.herokuapp.com,acme.webflow.io,https://bit.ly/3x}'::text[]) d WHERE company_domain(d) IS NOT NULL$$, 'free mail in all countries, providers and shared hosts are no companies');

SELECT is_empty($$SELECT d FROM unnest('{x@live.nation.example,x@outlook.io,x@hotmail.acme.com,x@mail.acme.com,x@orange.com,x@telia.acme.se,x@notlinkedin.com,x@mygmail.com,x@acme.ne.jp,x@yahoo.acme.com}'::text[]) d WHERE company_domain(d) IS NULL$$, 'what only looks like these is a company');

-- A CRM in which accounts were merged, twice over and in a ring; each version of a row is there, and rows that say no more than that it is
-- deleted.
CREATE SCHEMA sf;
CREATE TABLE sf.account (id text, name text, website text, master_record_id text, is_deleted boolean, _fivetran_deleted boolean, system_modstamp timestamp);
INSERT INTO sf.account VALUES ('001A', 'Ash', 'ash.example', NULL, false, false, '2025-01-01'), ('001B', 'Birch', NULL, NULL, false, false, '2025-01-01'), ('001L', 'Lost', NULL, NULL, false, false, '2025-01-01'), ('001M', 'Lost too', NULL, '', false, false, '2025-01-01'),
    ('001P', 'Provider', 'https://provider.example', NULL, false, false, '2025-01-01'), ('001R', 'Ring', NULL, '001S', true, false, '2025-01-01'), ('001S', 'Ring', NULL, '001R', true, false, '2025-01-01'), ('001D', 'Deleted', NULL, NULL, true, false, '2025-01-01'),
    ('001N', 'Into nobody', NULL, '001X', true, false, '2025-01-01');
CREATE TABLE sf."case" (id text, account_id text, contact_id text, created_date timestamp, is_closed boolean, closed_date timestamp);
INSERT INTO sf."case" VALUES ('1', '001L', NULL, '2025-01-05', false, NULL), ('2', '', 'p', '2025-01-05', false, NULL), ('3', '001D', NULL, '2025-01-05', false, NULL), ('4', NULL, NULL, '2025-01-05', false, NULL), ('5', '001R', NULL, '2025-01-05', false, NULL);
CREATE TABLE sf.contact (id text, email text, account_id text);
INSERT INTO sf.contact VALUES ('p', 'p@ash.example', '001A');
CREATE SCHEMA st;
CREATE TABLE st.customer (id text, name text, email text, created timestamp, metadata jsonb);
INSERT INTO st.customer VALUES ('cus_1', 'One', NULL, '2025-01-01', '{"salesforce_account_id": "001L"}'), ('cus_2', 'Two', NULL, '2025-01-01', '{"salesforce_account_id": "001GONE"}'), ('cus_3', 'Three', NULL, '2025-01-01', '{"salesforce_account_id": "", "account_id": "001A"}'),
    ('cus_4', 'Four', 'pay@mail.provider.example', '2025-01-01', NULL), ('cus_5', 'Five', 'pay@provider.example', '2025-01-01', NULL), ('cus_6', 'Six', NULL, '2025-01-01', NULL), ('cus_7', 'Seven', NULL, '2025-01-01', '{"salesforce_account_id": ""}');
CREATE TABLE st.subscription (id text, customer_id text, status text, ended_at timestamp, cancel_at_period_end boolean, canceled_at timestamp, trial_end timestamp, start_date timestamp);
INSERT INTO st.subscription SELECT 'sub_' || n, 'cus_' || n, 'active', NULL, false, NULL, NULL, '2025-01-10' FROM generate_series(1, 7) n;
CREATE TABLE st.subscription_item (id text PRIMARY KEY, subscription_id text, plan_id text, quantity integer);
INSERT INTO st.subscription_item SELECT 'si_' || n, 'sub_' || n, 'p', n FROM generate_series(1, 7) n;
CREATE TABLE st.plan (id text, currency text, amount integer, "interval" text, interval_count integer, product_id text);
INSERT INTO st.plan VALUES ('p', 'usd', 1000, 'month', 1, 'prod');
CALL create_model('w');
UPDATE w.policy SET as_of = '2025-03-31';
CALL connect('w', 'salesforce', 'sf');
CALL connect('w', 'stripe', 'st');
INSERT INTO w.account_identity VALUES ('stripe', 'cus_6', '001L');
CALL refresh('w');
SELECT results_eq($$SELECT account_id, trim_scale(mrr_at(revenue, '2025-03-31')) FROM w_internal.account_state WHERE account_id IN ('001B', '001L') ORDER BY 1$$, $$VALUES ('001B', NULL::numeric), ('001L', 70)$$, 'before the merge: 10 and 60 a month');
INSERT INTO sf.account VALUES ('001L', 'Lost', NULL, '001M', true, false, '2025-02-01'), ('001L', NULL, NULL, NULL, NULL, true, '2025-02-02'), ('001M', 'Lost too', NULL, '001B', true, false, '2025-03-01');
INSERT INTO w.shared_domain VALUES ('provider.example');
CALL refresh('w');
SELECT results_eq($$SELECT vendor, account_key, account_id, matched_by FROM w_internal.identity ORDER BY 1, 2$$, $$VALUES
    ('salesforce', '001A', '001A', 'own'), ('salesforce', '001B', '001B', 'own'), ('salesforce', '001L', '001B', 'merged'), ('salesforce', '001M', '001B', 'merged'), ('salesforce', '001P', '001P', 'own'),
    ('stripe', 'cus_1', '001B', 'crm key'), ('stripe', 'cus_2', 'cus_2', 'own'), ('stripe', 'cus_3', '001A', 'crm key'), ('stripe', 'cus_4', 'cus_4', 'own'), ('stripe', 'cus_5', 'cus_5', 'own'), ('stripe', 'cus_6', '001B', 'mapping'), ('stripe', 'cus_7', 'cus_7', 'own')$$,
    'the keys of those merged away are those of the one that is left, in a mapping too; an empty note hides none; a domain of the user''s list matches none, nor one below it');
SELECT results_eq($$SELECT account_id, trim_scale(mrr_at(revenue, '2025-03-31')) FROM w_internal.account_state WHERE account_id IN ('001B', '001L', '001M') ORDER BY 1$$, $$VALUES ('001B', 70::numeric)$$, 'its customers go with it');
SELECT results_eq($$SELECT closing_count, churn_count, reactivation_count FROM w.revenue_monthly WHERE period_start_on >= '2025-02-01' ORDER BY period_start_on$$, $$VALUES (6::bigint, 0::bigint, 0::bigint), (6, 0, 0)$$, 'without churn');
SELECT results_eq($$SELECT account_id, name FROM w_internal.source_account WHERE account_id LIKE '001%' ORDER BY 1$$, $$VALUES ('001A', 'Ash'), ('001B', 'Birch'), ('001P', 'Provider')$$, 'the attributes are those of the one that is left; rings and merges into nobody make no account');
SELECT results_eq($$SELECT ticket_id, account_id FROM w_internal.source_ticket ORDER BY 1$$, $$VALUES ('1', '001B'), ('2', '001A')$$, 'cases of those merged away, and of an empty text the account of the contact');
SELECT results_eq($$SELECT row_count, sample_keys FROM unmatched_rows('w', 'ticket')$$, $$VALUES (3::bigint, 'salesforce 001D: its account is not known; salesforce 001R: its account is not known; salesforce NULL: its account is not known')$$, 'the others are counted');
CALL validate('w');
SELECT results_eq($$SELECT severity, source, row_count, sample_keys FROM w.data_quality WHERE rule = 'unknown crm key'$$, $$VALUES ('warning', 'account', 1::bigint, 'stripe cus_2: 001GONE')$$, 'a key of the CRM that names nobody is found');
ALTER TABLE sf.account RENAME COLUMN master_record_id TO nothing;
CALL connect('w', 'salesforce', 'sf', overwrite => true);
CALL refresh('w');
SELECT is((SELECT account_id FROM w_internal.identity WHERE account_key = 'cus_1'), 'cus_1', 'without the column nothing is known of merges');

-- Accounts by hand: a merge is followed, and keys of cases that the CRM's table lacks are tried.
CREATE TABLE public.mine AS SELECT * FROM (VALUES ('001B', 'Birch'), ('001D', 'Kept')) v(account_id, name);
ALTER TABLE sf.account RENAME COLUMN nothing TO master_record_id;
UPDATE sf.account SET master_record_id = '001B' WHERE id = '001L' AND is_deleted;
CALL create_model('m');
CALL map('m', 'account', 'TABLE public.mine');
CALL connect('m', 'salesforce', 'sf');
CALL connect('m', 'stripe', 'st');
SELECT results_eq($$SELECT ticket_id, account_id FROM m_internal.source_ticket ORDER BY 1$$, $$VALUES ('1', '001B'), ('2', '001A'), ('3', '001D')$$, 'accounts by hand: of the one that is left, and by the key of a fact');
SELECT is((SELECT account_id FROM m_internal.identity WHERE account_key = 'cus_1'), '001B', 'and a note of the one merged away');

-- HubSpot names those that were merged, which may still be in the table; of several companies of a ticket one that is there counts.
CREATE SCHEMA hs;
CREATE TABLE hs.company (id bigint, property_name text, property_hs_merged_object_ids text, is_deleted boolean);
INSERT INTO hs.company VALUES (1, 'Ash', '7;8', false), (3, 'Gone', NULL, true), (5, 'Elm', NULL, false), (7, 'Old Ash', NULL, false), (8, 'Older Ash', '88', true);
CREATE TABLE hs.ticket (id bigint, property_createdate timestamp, property_closed_date timestamp);
INSERT INTO hs.ticket SELECT n, '2025-01-01', NULL FROM generate_series(21, 26) n;
CREATE TABLE hs.ticket_company (ticket_id bigint, company_id bigint);
INSERT INTO hs.ticket_company VALUES (21, 3), (21, 5), (22, 7), (23, 3), (24, 3), (24, 8), (25, 88), (26, 5), (26, 1);
CALL create_model('h');
CALL connect('h', 'hubspot', 'hs');
SELECT results_eq($$SELECT ticket_id, account_id FROM h_internal.source_ticket ORDER BY 1$$, $$VALUES ('21', '5'), ('22', '1'), ('24', '1'), ('25', '1'), ('26', '1')$$, 'HubSpot: of a deleted and a live company the live one, of one merged away the one that is left');
SELECT results_eq($$SELECT row_count, sample_keys FROM unmatched_rows('h', 'ticket')$$, $$VALUES (1::bigint, 'hubspot 3: its account is not known')$$, 'HubSpot: a ticket of a deleted company alone is counted');
SELECT results_eq($$SELECT account_id, name FROM h_internal.source_account ORDER BY 1$$, $$VALUES ('1', 'Ash'), ('5', 'Elm')$$, 'HubSpot: one merged away is no account');

-- Pendo without its accounts, by keys of the CRM; an empty text is no account.
CREATE SCHEMA pn;
CREATE TABLE pn.visitor (id text, account_id text);
INSERT INTO pn.visitor VALUES ('v', '5'), ('u', '');
CREATE TABLE pn.feature_event (account_id text, visitor_id text, feature_id text, "timestamp" timestamp, num_events integer, _fivetran_deleted boolean);
INSERT INTO pn.feature_event VALUES ('1', 'u', 'f', '2025-01-01 10:00', 1, false), ('', 'v', 'f', '2025-01-01 11:00', 2, false), ('88', 'u', 'f', '2025-01-01 12:00', 3, false), ('zz', 'u', 'f', '2025-01-01 13:00', 4, false), ('', 'u', 'f', '2025-01-01 14:00', 5, false),
    ('1', 'u', 'f', '2025-01-01 15:00', 6, true), (' ', 'v', 'f', '2025-01-01 16:00', 7, false);
CREATE TABLE pn.poll (id text, attribute_type text);
INSERT INTO pn.poll VALUES ('q', 'NPSRating');
CREATE TABLE pn.poll_event (account_id text, visitor_id text, poll_id text, "timestamp" timestamp, poll_response text);
INSERT INTO pn.poll_event VALUES ('', 'v', 'q', '2025-01-01 11:00', '9');
CALL connect('h', 'pendo', 'pn');
SELECT results_eq($$SELECT account_id, events FROM h_internal.source_usage ORDER BY 2$$, $$VALUES ('1', 1::bigint), ('5', 2), ('1', 3), ('5', 7)$$, 'Pendo: without its accounts, keys are tried as those of the CRM; of an empty text or a blank that of the visitor');
SELECT results_eq($$SELECT row_count, sample_keys FROM unmatched_rows('h', 'usage')$$, $$VALUES (2::bigint, 'pendo : its account is not known; pendo zz: its account is not known')$$, 'Pendo: the others are counted');
SELECT results_eq($$SELECT account_id, score FROM h_internal.source_survey$$, $$VALUES ('5', 9::numeric)$$, 'Pendo: so are answers');
CALL create_model('p');
CALL connect('p', 'pendo', 'pn');
SELECT results_eq($$SELECT account_id FROM p_internal.source_account ORDER BY 1$$, $$VALUES ('1'), ('5'), ('88'), ('zz')$$, 'Pendo alone without its accounts: they are those that it has usage of');

-- Zendesk, Intercom: of one that is not there any more and one that is.
CREATE SCHEMA zd;
CREATE TABLE zd.organization (id bigint, name text, _fivetran_deleted boolean);
INSERT INTO zd.organization VALUES (1, 'Gone', true), (2, 'Two', false);
CREATE TABLE zd."user" (id bigint, email text, role text, organization_id bigint);
INSERT INTO zd."user" VALUES (7, 'a@two.example', 'end-user', 2), (8, 'b@five.example', 'end-user', 5);
CREATE TABLE zd.ticket (id bigint, created_at timestamp, organization_id bigint, requester_id bigint, status text);
INSERT INTO zd.ticket VALUES (31, '2025-01-01', 1, 7, 'open'), (32, '2025-01-01', 2, 8, 'open'), (33, '2025-01-01', 1, 8, 'open'), (34, '2025-01-01', NULL, 8, 'open');
CREATE SCHEMA ic;
CREATE TABLE ic.company (id text, name text, is_deleted boolean);
INSERT INTO ic.company VALUES ('a', 'Gone', true), ('b', 'Bee', false);
CREATE TABLE ic.contact (id text, email text);
INSERT INTO ic.contact VALUES ('p', 'p@b.example');
CREATE TABLE ic.contact_company (contact_id text, company_id text);
INSERT INTO ic.contact_company VALUES ('p', 'a'), ('p', 'b'), ('p', '');
CREATE TABLE ic.conversation (id text, created_at timestamp, updated_at timestamp, state text, source_author_id text, source_author_type text, conversation_rating_value integer, conversation_rating_created_at timestamp);
INSERT INTO ic.conversation VALUES ('41', '2025-01-01', '2025-01-01', 'open', 'p', 'user', 5, '2025-01-02');
CALL connect('h', 'zendesk', 'zd');
CALL connect('h', 'intercom', 'ic');
SELECT results_eq($$SELECT ticket_id, account_id FROM h_internal.source_ticket WHERE ticket_id > '3' ORDER BY 1$$, $$VALUES ('31', '2'), ('32', '2'), ('34', '5'), ('41', 'b')$$, 'Zendesk, Intercom: the organization that is there, the company that is there, the key of an organization that an account has');

-- Won opportunities and deals, as CONNECTORS.md maps them.
CREATE SCHEMA raw_salesforce;
CREATE TABLE raw_salesforce.opportunity (id text, account_id text, type text, amount numeric, is_won boolean, is_deleted boolean, contract_start_c date, contract_end_c date);
INSERT INTO raw_salesforce.opportunity VALUES ('o1', 'a', NULL, 1200, true, false, '2024-01-01', '2024-12-31'), ('o2', 'a', NULL, 2400, true, false, '2025-01-15', '2026-01-14'), ('o3', 'a', NULL, 1200, true, false, '2026-01-01', '2026-12-31'),
    ('o4', 'b', NULL, 600, true, false, '2024-03-01', '2025-02-28'), ('o5', 'b', NULL, 600, true, false, '2025-09-01', '2026-08-31'), ('o6', 'b', NULL, 600, false, false, '2025-03-01', '2026-02-28'), ('o7', 'a', 'Add-on', 120, true, false, '2024-07-01', '2025-06-30');
\set of_opportunities `awk '/connect_who.sql runs this block -->/ { marked = 1 } marked && /^\140\140\140$/ { exit } marked && shown { print } marked && /^\140\140\140sql$/ { shown = 1 }' CONNECTORS.md`
\set of_deals `awk '/connect_who.sql runs this block, too/ { marked = 1 } marked && /^\140\140\140$/ { exit } marked && shown { print } marked && /^\140\140\140sql$/ { shown = 1 }' CONNECTORS.md`
CALL create_model('cs');
:of_opportunities
SELECT results_eq($$SELECT account_id, subscription_id, starts_on, ends_on, trim_scale(mrr) FROM cs_internal.source_subscription ORDER BY 2$$, $$VALUES ('a', 'o1', date '2024-01-01', date '2025-01-15', 100::numeric), ('a', 'o2', '2025-01-15', '2026-01-01', 200), ('a', 'o3', '2026-01-01', '2027-01-01', 100),
    ('b', 'o4', '2024-03-01', '2025-03-01', 50), ('b', 'o5', '2025-09-01', '2026-09-01', 50), ('a', 'o7', '2024-07-01', '2025-07-01', 10)$$, 'opportunities: last days, and renewals signed late and early; who is back after half a year is back');
CALL refresh('cs');
CALL validate('cs');
SELECT is_empty($$SELECT rule FROM cs.data_quality WHERE source = 'subscription' AND rule <> 'orphan'$$, 'in which no slip is found');
CREATE SCHEMA raw_hubspot;
CREATE TABLE raw_hubspot.deal (deal_id bigint, property_hs_mrr numeric, property_product text, property_term_start date, property_term_months integer, property_hs_is_closed_won boolean, is_deleted boolean);
INSERT INTO raw_hubspot.deal VALUES (1, 100, 'p', '2024-01-01', 12, true, false), (2, 120, 'p', '2025-01-20', 12, true, false), (3, 50, 'p', '2024-01-01', 12, false, false), (4, 70, 'p', '2024-02-01', 6, true, NULL);
CREATE TABLE raw_hubspot.deal_company (deal_id bigint, company_id bigint, type_id integer);
INSERT INTO raw_hubspot.deal_company VALUES (1, 11, 341), (1, 12, 5), (1, 12, 341), (2, 12, 5), (3, 11, 5), (4, 13, 341), (4, 14, 341);
:of_deals
SELECT results_eq($$SELECT account_id, subscription_id, starts_on, ends_on, mrr FROM cs_internal.source_subscription ORDER BY 2$$, $$VALUES ('12', '1', date '2024-01-01', date '2025-01-20', 100::numeric), ('12', '2', '2025-01-20', '2026-01-20', 120), ('13', '4', '2024-02-01', '2024-08-01', 70)$$, 'deals: of one company each');

SELECT * FROM finish();
ROLLBACK;
