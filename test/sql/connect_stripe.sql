\unset ECHO
\i test/psql.sql
-- Billing: subscriptions of every interval and state in Stripe, and in Recurly, by hand.
BEGIN;
SELECT plan(43);
SET jit = off;

CREATE SCHEMA st;
CREATE TABLE st.customer (id text, name text, email text, created timestamp, livemode boolean, is_deleted boolean, metadata jsonb);
CREATE TABLE st.product (id text, name text);
CREATE TABLE st.price (id text, product_id text, currency text, unit_amount bigint, unit_amount_decimal numeric, recurring_interval text, recurring_interval_count integer, recurring_usage_type text,
                       tiers_mode text, transform_quantity_divide_by integer, transform_quantity_round text, type text);
CREATE TABLE st.plan (id text, product_id text, currency text, amount bigint, "interval" text, interval_count integer, usage_type text);
CREATE TABLE st.price_tier (price_id text, up_to integer, unit_amount bigint, flat_amount bigint);
CREATE TABLE st.subscription (id text, customer_id text, status text, created timestamp, start_date timestamp, ended_at timestamp, cancel_at timestamp, cancel_at_period_end boolean, canceled_at timestamp,
                              cancellation_details_reason text, current_period_start timestamp, current_period_end timestamp, trial_start timestamp, trial_end timestamp,
                              pause_collection_behavior text, pause_collection_resumes_at timestamp, livemode boolean);
CREATE TABLE st.subscription_item (id text, subscription_id text, plan_id text, quantity integer, created timestamp);
CREATE TABLE st.coupon (id text, duration text, percent_off numeric, amount_off bigint, currency text);
CREATE TABLE st.discount (id text, type text, coupon_id text, subscription_id text, customer_id text, invoice_id text, start timestamp, "end" timestamp);

INSERT INTO st.product VALUES ('p', 'Plan'), ('q', 'Add-on');
INSERT INTO st.price (id, product_id, currency, unit_amount, unit_amount_decimal, recurring_interval, recurring_interval_count, recurring_usage_type, tiers_mode, transform_quantity_divide_by, transform_quantity_round) VALUES
    ('day', 'p', 'usd', 100, NULL, 'day', 1, 'licensed', NULL, NULL, NULL), ('week', 'p', 'usd', 1200, NULL, 'week', 1, NULL, NULL, NULL, NULL),
    ('month', 'p', 'usd', 2500, NULL, 'month', 1, 'licensed', NULL, NULL, NULL), ('months3', 'p', 'usd', 9000, NULL, 'month', 3, NULL, NULL, NULL, NULL), ('months6', 'p', 'usd', 60000, NULL, 'month', 6, NULL, NULL, NULL, NULL),
    ('year', 'p', 'eur', 120000, NULL, 'year', 1, NULL, NULL, NULL, NULL), ('years2', 'p', 'usd', 240000, NULL, 'year', 2, NULL, NULL, NULL, NULL), ('weeks2', 'p', 'usd', 2600, NULL, 'week', 2, NULL, NULL, NULL, NULL),
    ('yen', 'p', 'jpy', 5000, NULL, 'month', 1, NULL, NULL, NULL, NULL), ('dinar', 'p', 'kwd', 5500, NULL, 'month', 1, NULL, NULL, NULL, NULL), ('fraction', 'p', 'usd', NULL, 0.5, 'month', 1, NULL, NULL, NULL, NULL),
    ('metered', 'p', 'usd', 10, NULL, 'month', 1, 'metered', NULL, NULL, NULL), ('once', 'p', 'usd', 99900, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ('packs', 'p', 'usd', 1000, NULL, 'month', 1, NULL, NULL, 5, 'up'), ('packs down', 'p', 'usd', 1000, NULL, 'month', 1, NULL, NULL, 5, 'down'),
    ('volume', 'p', 'usd', NULL, NULL, 'month', 1, NULL, 'volume', NULL, NULL), ('graduated', 'p', 'usd', NULL, NULL, 'month', 1, NULL, 'graduated', NULL, NULL),
    ('addon', 'q', 'usd', 1000, NULL, 'month', 1, NULL, NULL, NULL, NULL), ('more', 'p', 'usd', 4000, NULL, 'month', 1, NULL, NULL, NULL, NULL);
INSERT INTO st.plan VALUES ('old', 'p', 'usd', 3600, 'year', 1, 'licensed'), ('month', 'p', 'usd', 1, 'month', 1, 'licensed');
INSERT INTO st.price_tier VALUES ('volume', 10, 500, NULL), ('volume', NULL, 400, 1000), ('graduated', 10, 500, NULL), ('graduated', NULL, 400, 1000);

-- A subscription of one item, from 2024-01-10, of a customer of its own.
CREATE FUNCTION pg_temp.subscribe(id text, price text, quantity integer DEFAULT 1, status text DEFAULT 'active') RETURNS void LANGUAGE sql AS $$
    INSERT INTO st.customer VALUES ('cus ' || id, id, 'pay@' || id || '.example', '2024-01-10', true, false, '{}');
    INSERT INTO st.subscription (id, customer_id, status, created, start_date, cancel_at_period_end, current_period_start, current_period_end, livemode)
        VALUES (id, 'cus ' || id, status, '2024-01-10', '2024-01-10', false, '2024-06-10', '2024-07-10', true);
    INSERT INTO st.subscription_item VALUES ('si ' || id, id, price, quantity, '2024-01-10')
$$;
SELECT count(pg_temp.subscribe(id, price, quantity, status)) > 0 AS done FROM (VALUES
    ('day', 'day', 2, 'active'), ('week', 'week', 1, 'active'), ('month', 'month', 3, 'active'), ('months3', 'months3', 1, 'active'), ('months6', 'months6', 1, 'active'), ('year', 'year', 1, 'active'),
    ('years2', 'years2', 1, 'active'), ('weeks2', 'weeks2', 1, 'active'), ('old', 'old', 1, 'active'), ('yen', 'yen', 1, 'active'), ('dinar', 'dinar', 1, 'active'), ('fraction', 'fraction', 1000, 'active'),
    ('metered', 'metered', NULL, 'active'), ('once', 'once', 1, 'active'), ('packs', 'packs', 11, 'active'), ('packs down', 'packs down', 11, 'active'), ('volume', 'volume', 12, 'active'), ('graduated', 'graduated', 12, 'active'),
    ('none', 'month', 0, 'active'),
    ('trialing', 'month', 1, 'trialing'), ('tried', 'month', 1, 'active'), ('paused', 'month', 1, 'active'), ('resumes', 'month', 1, 'active'), ('stopped', 'month', 1, 'paused'),
    ('leaving', 'month', 1, 'active'), ('leaves at', 'month', 1, 'active'), ('late', 'month', 1, 'past_due'), ('unpaid', 'month', 1, 'unpaid'), ('incomplete', 'month', 1, 'incomplete'), ('expired', 'month', 1, 'incomplete_expired'),
    ('gone', 'month', 1, 'canceled'), ('failed', 'month', 1, 'canceled'), ('lost', 'month', 1, 'canceled'), ('test', 'month', 1, 'active'), ('deleted', 'month', 1, 'active'), ('erased', 'month', 1, 'canceled'),
    ('forever', 'month', 4, 'active'), ('amount', 'month', 4, 'active'), ('repeating', 'month', 1, 'active'), ('single', 'month', 1, 'active'), ('two', 'month', 4, 'active'), ('later', 'month', 1, 'active'),
    ('by customer', 'month', 1, 'active'), ('own before', 'month', 1, 'active'), ('free', 'month', 1, 'active'), ('invoice', 'month', 1, 'active'), ('items', 'month', 1, 'active'), ('changed', 'month', 1, 'active')) v(id, price, quantity, status) \gset
UPDATE st.subscription SET trial_start = '2024-01-10', trial_end = CASE id WHEN 'trialing' THEN timestamp '2024-07-10' ELSE '2024-02-10' END WHERE id IN ('trialing', 'tried', 'stopped');
UPDATE st.subscription SET pause_collection_behavior = 'void' WHERE id IN ('paused', 'resumes');
UPDATE st.subscription SET pause_collection_resumes_at = '2024-08-01' WHERE id = 'resumes';
UPDATE st.subscription SET cancel_at_period_end = true, canceled_at = '2024-06-20' WHERE id = 'leaving';
UPDATE st.subscription SET cancel_at = '2024-09-01', canceled_at = '2024-06-20' WHERE id = 'leaves at';
UPDATE st.subscription SET ended_at = '2024-04-10 12:00', canceled_at = '2024-03-20', cancellation_details_reason = CASE id WHEN 'failed' THEN 'payment_failed' ELSE 'cancellation_requested' END WHERE id IN ('gone', 'failed', 'erased');
UPDATE st.subscription SET canceled_at = '2024-03-20' WHERE id = 'lost';
UPDATE st.subscription SET livemode = false WHERE id = 'test';
UPDATE st.customer SET is_deleted = true WHERE name IN ('deleted', 'erased');
INSERT INTO st.coupon VALUES ('tenth', 'forever', 10, NULL, NULL), ('fifth', 'forever', 20, NULL, NULL), ('thirty', 'forever', NULL, 3000, 'usd'), ('half year', 'repeating', 50, NULL, NULL), ('first', 'once', NULL, 1000, 'usd'), ('gift', 'forever', 100, NULL, NULL);
INSERT INTO st.discount VALUES
    ('1', 'subscription', 'fifth', 'forever', NULL, NULL, '2024-01-10', NULL), ('2', NULL, 'thirty', 'amount', 'cus amount', NULL, '2024-01-10', NULL), ('3', NULL, 'half year', 'repeating', NULL, NULL, '2024-01-10', '2024-07-10'),
    ('4', NULL, 'first', 'single', NULL, NULL, '2024-01-10', NULL), ('5', NULL, 'tenth', 'two', NULL, NULL, '2024-01-10', NULL), ('6', NULL, 'fifth', 'two', NULL, NULL, '2024-01-10', NULL),
    ('7', NULL, 'tenth', 'later', NULL, NULL, '2024-03-01', '2024-05-01'), ('8', 'customer', 'tenth', NULL, 'cus by customer', NULL, '2024-01-10', NULL),
    ('9', 'customer', 'tenth', NULL, 'cus own before', NULL, '2024-01-10', NULL), ('10', 'subscription', 'fifth', 'own before', NULL, NULL, '2024-01-10', NULL), ('11', NULL, 'gift', 'free', NULL, NULL, '2024-01-10', NULL),
    ('12', 'invoice', 'fifth', 'invoice', NULL, 'in_1', '2024-01-10', NULL), ('13', 'subscription', 'thirty', 'items', NULL, NULL, '2024-01-10', NULL);
-- beside it an add-on; and a dearer price of the same product in its place
INSERT INTO st.subscription_item VALUES ('si items 2', 'items', 'addon', 2, '2024-03-01'), ('si items 3', 'items', 'more', 1, '2024-05-01'), ('si changed 2', 'changed', 'more', 1, '2024-03-01');

CALL create_model('cs');
CALL connect('cs', 'stripe', 'st');
CREATE TEMP VIEW row AS SELECT subscription_id AS id, concat_ws(' ', starts_on, coalesce(ends_on::text, '...'), trim_scale(mrr), status) AS text, s.* FROM cs_internal.source_subscription s;

SELECT is((SELECT text FROM row WHERE id = v.id), '2024-01-10 ... ' || mrr || ' active', format('Stripe %s: %s', v.id, how)) FROM (VALUES
    (1, 'day', '60.875', '2 a day, 365.25 / 12 of them'), (2, 'week', '52', '12 a week, 52 / 12 of them'), (3, 'month', '75', '3 times 25'), (4, 'months3', '30', '90 a quarter'), (5, 'months6', '100', '600 a half-year'),
    (6, 'year', '100', '1200 a year'), (7, 'years2', '100', '2400 in two years'), (8, 'weeks2', '56.333333', '26 * 26 / 12'), (9, 'old', '3', 'a plan that is no price: 36 a year'), (10, 'yen', '5000', 'no cents'), (11, 'dinar', '5.5', 'three decimals'),
    (12, 'fraction', '5', 'half a cent, a thousand times'), (13, 'packs', '30', '11 in packs of 5, up'), (14, 'packs down', '20', 'and down'),
    (15, 'volume', '58', '12 at 4 and 10 for the tier'), (16, 'graduated', '68', '10 at 5, 2 at 4 and 10 for the tier')) v(nr, id, mrr, how) ORDER BY nr;
SELECT is((SELECT string_agg(v.id || ': ' || coalesce(t.text, 'none'), E'\n' ORDER BY v.nr) FROM (VALUES
    (1, 'metered'), (2, 'once'), (3, 'none'), (4, 'trialing'), (5, 'tried'), (6, 'paused'), (7, 'resumes'), (8, 'stopped'), (9, 'leaving'), (10, 'leaves at'), (11, 'late'), (12, 'unpaid'), (13, 'incomplete'), (14, 'expired'),
    (15, 'gone'), (16, 'failed'), (17, 'lost'), (18, 'test'), (19, 'deleted'), (20, 'erased')) v(nr, id) LEFT JOIN (SELECT id, string_agg(text, ', ' ORDER BY text) AS text FROM row GROUP BY id) t USING (id)),
$$metered: none
once: none
none: 2024-01-10 ... 0 active
trialing: 2024-01-10 2024-07-10 25 trial, 2024-07-10 ... 25 active
tried: 2024-01-10 2024-02-10 25 trial, 2024-02-10 ... 25 active
paused: 2024-01-10 2024-06-10 25 active, 2024-06-10 ... 25 paused
resumes: 2024-01-10 2024-06-10 25 active, 2024-06-10 2024-08-01 25 paused, 2024-08-01 ... 25 active
stopped: 2024-01-10 2024-02-10 25 trial, 2024-02-10 ... 25 paused
leaving: 2024-01-10 2024-07-10 25 active
leaves at: 2024-01-10 2024-09-01 25 active
late: 2024-01-10 ... 25 past_due
unpaid: 2024-01-10 2024-06-10 25 unpaid
incomplete: none
expired: none
gone: 2024-01-10 2024-04-10 25 canceled
failed: 2024-01-10 2024-04-10 25 canceled
lost: 2024-01-10 2024-03-20 25 canceled
test: none
deleted: 2024-01-10 2024-07-10 25 active
erased: 2024-01-10 2024-04-10 25 canceled$$, 'Stripe: every state of a subscription, known as of now alone');
SELECT is((SELECT string_agg(v.id || ': ' || coalesce(t.text, 'none'), E'\n' ORDER BY v.nr) FROM (VALUES
    (1, 'forever'), (2, 'amount'), (3, 'repeating'), (4, 'single'), (5, 'two'), (6, 'later'), (7, 'by customer'), (8, 'own before'), (9, 'free'), (10, 'invoice')) v(nr, id) LEFT JOIN (SELECT id, string_agg(text, ', ' ORDER BY text) AS text FROM row GROUP BY id) t USING (id)),
$$forever: 2024-01-10 ... 80 active
amount: 2024-01-10 ... 70 active
repeating: 2024-01-10 2024-07-10 25 active, 2024-07-10 ... 25 active
single: 2024-01-10 2024-02-10 25 active, 2024-02-10 ... 25 active
two: 2024-01-10 ... 72 active
later: 2024-01-10 2024-03-01 25 active, 2024-03-01 2024-05-01 22.5 active, 2024-05-01 ... 25 active
by customer: 2024-01-10 ... 22.5 active
own before: 2024-01-10 ... 20 active
free: 2024-01-10 ... 0 active
invoice: 2024-01-10 ... 25 active$$, 'Stripe: discounts that last are off, from when until they are; others are not; the subscription''s own go before the customer''s');
SELECT results_eq($$SELECT product, text FROM row WHERE id = 'items' ORDER BY starts_on, product DESC$$, $$VALUES ('Plan', '2024-01-10 2024-03-01 0 active'), ('Plan', '2024-03-01 2024-05-01 0 active'), ('Add-on', '2024-03-01 2024-05-01 15 active'), ('Plan', '2024-05-01 ... 10 active'), ('Add-on', '2024-05-01 ... 20 active')$$,
    'Stripe: products stand side by side, 30 off is off all of 45, and of 60, and never below 0');
SELECT results_eq($$SELECT text FROM row WHERE id = 'changed' ORDER BY starts_on$$, $$VALUES ('2024-01-10 2024-03-01 25 active'), ('2024-03-01 ... 40 active')$$, 'Stripe: where nothing tells which items are alive, a later item of a product replaces the one before');
SELECT is(currency || ' ' || product || ' / ' || plan, 'EUR Plan / Plan, by the year', 'Stripe: currency, product and plan') FROM row WHERE id = 'year';
SELECT is(plan, 'Plan, every 3 months', 'Stripe: plan of several months') FROM row WHERE id = 'months3';
SELECT results_eq($$SELECT id, cancelled_on, renews_on, end_reason, voluntary FROM row WHERE id IN ('gone', 'failed', 'leaving', 'month') ORDER BY id$$, $$VALUES
    ('failed', date '2024-03-20', NULL::date, 'payment_failed', false), ('gone', '2024-03-20', NULL, 'cancellation_requested', true), ('leaving', '2024-06-20', NULL, NULL, NULL), ('month', NULL, '2024-07-10', NULL, NULL)$$,
    'Stripe: cancellation, renewal, reason, and whose will it was');
SELECT is((SELECT count(*) FROM cs_internal.source_account), 48::bigint, 'Stripe: customers are accounts, deleted ones too');
SELECT results_eq($$SELECT account_key, name, plan, created_on, domain, crm_key FROM cs_internal.stripe_account WHERE name = 'changed'$$, $$VALUES ('cus changed', 'changed', 'Plan', date '2024-01-10', 'changed.example', NULL)$$, 'Stripe: what is known of a customer');
-- What is off MRR, and what is off beside it: 25 at half price, 10 off one month of 25, a tenth and a fifth off 100, half off what a fifth is off.
INSERT INTO st.coupon VALUES ('three months', 'repeating', 50, NULL, NULL);
ALTER TABLE st.coupon ADD duration_in_months integer;
UPDATE st.coupon SET duration_in_months = 3 WHERE id = 'three months';
INSERT INTO st.coupon VALUES ('all', 'repeating', 100, NULL, NULL, 1);
INSERT INTO st.discount VALUES ('14', NULL, 'three months', 'forever', NULL, NULL, '2024-02-10', NULL), ('15', NULL, 'first', 'months6', NULL, NULL, NULL, NULL), ('16', 'customer', 'half year', NULL, 'cus week', NULL, '2024-03-01', NULL), ('17', 'customer', 'half year', NULL, 'cus own before', NULL, '2024-03-01', NULL), ('18', NULL, 'all', 'volume', NULL, NULL, '2024-01-10', NULL);
CALL connect('cs', 'stripe', 'st');
SELECT results_eq($$SELECT id, starts_on, ends_on, trim_scale(mrr), trim_scale(discount_mrr), trim_scale(limited_discount_mrr) FROM row WHERE id IN ('repeating', 'single', 'two', 'forever', 'free', 'months6', 'week', 'own before', 'amount', 'month', 'volume') ORDER BY 1, 2$$, $$VALUES
    ('amount', date '2024-01-10', NULL::date, 70::numeric, 30::numeric, 0::numeric),
    ('forever', '2024-01-10', '2024-02-10', 80, 20, 0), ('forever', '2024-02-10', '2024-05-10', 80, 20, 40), ('forever', '2024-05-10', NULL, 80, 20, 0),
    ('free', '2024-01-10', NULL, 0, 25, 0), ('month', '2024-01-10', NULL, 75, 0, 0), ('months6', '2024-01-10', '2024-07-10', 100, 0, 1.666667), ('months6', '2024-07-10', NULL, 100, 0, 0),
    ('own before', '2024-01-10', NULL, 20, 5, 0),
    ('repeating', '2024-01-10', '2024-07-10', 25, 0, 12.5), ('repeating', '2024-07-10', NULL, 25, 0, 0), ('single', '2024-01-10', '2024-02-10', 25, 0, 10), ('single', '2024-02-10', NULL, 25, 0, 0),
    ('two', '2024-01-10', NULL, 72, 28, 0), ('volume', '2024-01-10', '2024-02-10', 58, 0, 58), ('volume', '2024-02-10', NULL, 58, 0, 0), ('week', '2024-01-10', '2024-03-01', 52, 0, 0), ('week', '2024-03-01', NULL, 52, 0, 26)$$,
    'Stripe: recurring discounts are told, and limited ones for as long as they last: until their end, for their months, or for one period of billing');
SELECT is(past_due_on, date '2024-06-10', 'Stripe: without a history a payment is due since the period began') FROM row WHERE id = 'late';
SELECT is_empty($$SELECT id FROM row WHERE past_due_on IS NOT NULL AND id <> 'late'$$, 'Stripe: and none of others');
UPDATE cs.policy SET as_of = '2024-12-31';
CALL refresh('cs');
SELECT is(churned_on(revenue), date '2024-07-10', 'Stripe: 30 days later it is churn') FROM cs_internal.account_state WHERE account_id = 'cus late';
UPDATE cs.policy SET discount_rule = 'all';
CALL refresh('cs');
SELECT is(mrr_at(revenue, '2024-02-10'), 40::numeric, 'Stripe: discount_rule all, half off 80') FROM cs_internal.account_state WHERE account_id = 'cus forever';
UPDATE cs.policy SET discount_rule = 'recurring', as_of = NULL;
CALL refresh('cs');
SELECT is(mrr_at(revenue, '2024-06-30'), 80::numeric, 'Stripe: and it refreshes') FROM cs_internal.account_state WHERE account_id = 'cus forever';

-- Versions of subscriptions, where the history is kept.
CREATE TABLE st.subscription_history AS SELECT *, start_date AS _fivetran_start, timestamp '9999-12-31' AS _fivetran_end, true AS _fivetran_active FROM st.subscription WHERE id IN ('month', 'tried');
UPDATE st.subscription_history SET _fivetran_start = '2024-05-01', status = 'canceled', ended_at = '2024-05-01' WHERE id = 'month';
INSERT INTO st.subscription_history (id, customer_id, status, created, start_date, cancel_at_period_end, current_period_start, pause_collection_behavior, _fivetran_start, _fivetran_end, _fivetran_active)
VALUES ('month', 'cus month', 'incomplete', '2024-01-10', '2024-01-10', false, '2024-01-10', NULL, '2024-01-10', '2024-01-11', false), ('month', 'cus month', 'active', '2024-01-10', '2024-01-10', false, '2024-01-10', NULL, '2024-01-11', '2024-02-10', false),
       ('month', 'cus month', 'active', '2024-01-10', '2024-01-10', false, '2024-02-10', 'void', '2024-02-10', '2024-03-10', false), ('month', 'cus month', 'past_due', '2024-01-10', '2024-01-10', false, '2024-03-10', NULL, '2024-03-10', '2024-04-10', false),
       ('month', 'cus month', 'unpaid', '2024-01-10', '2024-01-10', false, '2024-04-10', NULL, '2024-04-10', '2024-05-01', false);
CALL connect('cs', 'stripe', 'st');
SELECT results_eq($$SELECT text FROM row WHERE id = 'month' ORDER BY starts_on$$, $$VALUES ('2024-01-11 2024-02-10 75 active'), ('2024-02-10 2024-03-10 75 paused'), ('2024-03-10 2024-04-10 75 past_due')$$,
    'Stripe: the versions of a history, from incomplete over a pause and arrears to the end');
SELECT is(string_agg(past_due_on::text, ' '), '2024-03-10', 'Stripe: in arrears since its version began, in that one alone') FROM row WHERE id = 'month';
-- a second month in arrears is a version of its own, and arrears of the first version began with its period
UPDATE st.subscription_history SET status = 'past_due' WHERE id = 'month' AND status = 'unpaid';
INSERT INTO st.subscription_history (id, customer_id, status, created, start_date, cancel_at_period_end, current_period_start, _fivetran_start, _fivetran_end, _fivetran_active)
VALUES ('week', 'cus week', 'past_due', '2024-01-10', '2024-01-10', false, '2024-03-06', '2024-04-01', '2024-05-01', false), ('week', 'cus week', 'active', '2024-01-10', '2024-01-10', false, '2024-05-08', '2024-05-01', '9999-12-31', true);
CALL connect('cs', 'stripe', 'st');
SELECT results_eq($$SELECT id, starts_on, past_due_on FROM row WHERE past_due_on IS NOT NULL ORDER BY 1, 2$$, $$VALUES ('month', date '2024-03-10', date '2024-03-10'), ('month', '2024-04-10', '2024-03-10'), ('week', '2024-01-10', '2024-03-06'), ('week', '2024-03-01', '2024-03-06')$$,
    'Stripe: since the first of versions in arrears that follow each other; without one before, since its period began');
UPDATE cs.policy SET as_of = '2024-12-31';
CALL refresh('cs');
SELECT results_eq($$SELECT account_id, day, mrr_at(revenue, day) > 0 FROM cs_internal.account_state, unnest('{2024-04-04,2024-04-05,2024-04-08,2024-04-09,2024-05-01}'::date[]) day WHERE account_id IN ('cus month', 'cus week') ORDER BY 1, 2$$,
    $$VALUES ('cus month', date '2024-04-04', true), ('cus month', '2024-04-05', true), ('cus month', '2024-04-08', true), ('cus month', '2024-04-09', false), ('cus month', '2024-05-01', false),
             ('cus week', '2024-04-04', true), ('cus week', '2024-04-05', false), ('cus week', '2024-04-08', false), ('cus week', '2024-04-09', false), ('cus week', '2024-05-01', true)$$, 'Stripe: churn on the 30th day, and back with the payment');
SELECT is((SELECT string_agg(text, ', ' ORDER BY text) FROM row WHERE id = 'tried'), '2024-01-10 2024-02-10 25 trial, 2024-02-10 ... 25 active', 'Stripe: a trial within a version');

-- Recurly: amounts in money, versions by update.
CREATE SCHEMA rc;
CREATE TABLE rc.account_history (id text, code text, company text, email text, created_at timestamp, updated_at timestamp);
CREATE TABLE rc.plan_history (id text, name text, code text, interval_unit text, interval_length integer, updated_at timestamp);
CREATE TABLE rc.subscription_history (id text, account_id text, plan_id text, state text, created_at timestamp, updated_at timestamp, activated_at timestamp, canceled_at timestamp, expires_at timestamp, current_period_started_at timestamp, current_period_ends_at timestamp,
                                      trial_started_at timestamp, trial_ends_at timestamp, paused_at timestamp, currency text, unit_amount numeric, quantity integer, add_ons_total numeric, expiration_reason text);
CREATE TABLE rc.coupon_redemption_history (id text, account_id text, coupon_id text, created_at timestamp, removed_at timestamp, updated_at timestamp);
CREATE TABLE rc.coupon_discount (coupon_id text, type text, percentage integer, amount numeric, currency text);
CREATE TABLE rc.coupon (id text, duration text);
INSERT INTO rc.account_history SELECT id, 'code ' || id, upper(id), 'x@' || id || '.example', '2024-01-01', updated_at FROM unnest('{a,b,c,d,e,f}'::text[]) id, unnest('{2024-01-01,2024-02-01}'::timestamp[]) updated_at;
INSERT INTO rc.plan_history VALUES ('m', 'Monthly', 'm', 'months', 1, '2024-01-01'), ('y', 'Yearly', 'y', 'months', 12, '2024-01-01'), ('d', 'Ten days', 'd', 'days', 10, '2024-01-01'), ('m', 'Monthly now', 'm', 'months', 1, '2024-02-01');
INSERT INTO rc.subscription_history (id, account_id, plan_id, state, updated_at, activated_at, canceled_at, expires_at, current_period_ends_at, trial_started_at, trial_ends_at, paused_at, currency, unit_amount, quantity, add_ons_total, expiration_reason) VALUES
    ('a1', 'a', 'm', 'active', '2024-01-15', '2024-01-15', NULL, NULL, '2024-02-15', NULL, NULL, NULL, 'USD', 10, 2, 5, NULL), ('a1', 'a', 'm', 'active', '2024-02-15', '2024-01-15', NULL, NULL, '2024-03-15', NULL, NULL, NULL, 'USD', 10, 3, 5, NULL),
    ('b1', 'b', 'y', 'active', '2024-01-15', '2024-01-01', NULL, NULL, '2025-01-15', '2024-01-01', '2024-01-15', NULL, 'EUR', 1200, 1, 0, NULL),
    ('c1', 'c', 'd', 'expired', '2024-03-01', '2024-01-01', '2024-02-20', '2024-03-01', '2024-03-01', NULL, NULL, NULL, 'USD', 40, 1, 0, 'nonpayment'), ('c2', 'c', 'm', 'future', '2024-01-01', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'USD', 40, 1, 0, NULL),
    ('d1', 'd', 'm', 'canceled', '2024-02-20', '2024-01-01', '2024-02-20', '2024-03-01', '2024-03-01', NULL, NULL, NULL, 'USD', 40, 1, 0, NULL),
    ('e1', 'e', 'm', 'active', '2024-01-01', '2024-01-01', NULL, NULL, '2024-02-01', NULL, NULL, NULL, 'USD', 100, 1, 0, NULL), ('e1', 'e', 'm', 'paused', '2024-02-01', '2024-01-01', NULL, NULL, '2024-03-01', NULL, NULL, '2024-02-01', 'USD', 100, 1, 0, NULL),
    ('f1', 'f', 'm', 'active', '2024-01-01', '2024-01-01', NULL, NULL, '2024-02-01', NULL, NULL, NULL, 'USD', 100, 1, 0, NULL), ('f2', 'f', 'm', 'active', '2024-01-01', '2024-01-01', NULL, NULL, '2024-02-01', NULL, NULL, NULL, 'USD', 50, 1, 0, NULL);
INSERT INTO rc.coupon_discount VALUES ('tenth', 'percent', 10, NULL, NULL), ('twenty', 'fixed', NULL, 20, 'USD'), ('once', 'percent', 50, NULL, NULL);
INSERT INTO rc.coupon VALUES ('tenth', 'forever'), ('twenty', 'forever'), ('once', 'single_use');
INSERT INTO rc.coupon_redemption_history VALUES ('1', 'f', 'tenth', '2024-02-01', NULL, '2024-02-01'), ('1', 'f', 'tenth', '2024-02-01', '2024-04-01', '2024-04-01'), ('2', 'f', 'twenty', '2024-03-01', NULL, '2024-03-01'), ('3', 'a', 'once', '2024-01-01', NULL, '2024-01-01');
CALL create_model('rc_model');
CALL connect('rc_model', 'recurly', 'rc');
CREATE TEMP VIEW recurly_row AS SELECT subscription_id AS id, string_agg(concat_ws(' ', starts_on, coalesce(ends_on::text, '...'), trim_scale(mrr), status), ', ' ORDER BY starts_on) AS text FROM rc_model_internal.source_subscription GROUP BY 1;
SELECT results_eq('SELECT * FROM recurly_row ORDER BY id', $$VALUES
    ('a1', '2024-01-15 2024-02-15 25 active, 2024-02-15 ... 35 active'), ('b1', '2024-01-01 2024-01-15 100 trial, 2024-01-15 ... 100 active'), ('c1', '2024-01-01 2024-03-01 121.75 expired'), ('d1', '2024-01-01 2024-03-01 40 canceled'),
    ('e1', '2024-01-01 2024-02-01 100 active, 2024-02-01 ... 100 paused'),
    ('f1', '2024-01-01 2024-02-01 100 active, 2024-02-01 2024-03-01 90 active, 2024-03-01 2024-04-01 70 active, 2024-04-01 ... 80 active'),
    ('f2', '2024-01-01 2024-02-01 50 active, 2024-02-01 2024-03-01 45 active, 2024-03-01 2024-04-01 45 active, 2024-04-01 ... 50 active')$$,
    'Recurly: versions with add-ons, trial, end, pause, and coupons that last');
-- A tenth and 20 off 100, half off one month of 25, half off for two months of 100; e is past due since the earlier of two invoices, b has paid since.
CREATE TABLE rc.invoice_history (id text, state text, due_at timestamp, updated_at timestamp);
CREATE TABLE rc.invoice_subscription_history (invoice_id text, subscription_id text);
INSERT INTO rc.invoice_history VALUES ('1', 'past_due', '2024-03-01', '2024-03-02'), ('2', 'past_due', '2024-02-01', '2024-02-02'), ('3', 'past_due', '2024-02-01', '2024-02-02'), ('3', 'paid', '2024-02-01', '2024-02-20');
INSERT INTO rc.invoice_subscription_history VALUES ('1', 'e1'), ('2', 'e1'), ('2', 'e1'), ('3', 'b1');
ALTER TABLE rc.coupon ADD temporal_unit text, ADD temporal_amount integer;
INSERT INTO rc.coupon VALUES ('months', 'temporal', 'month', 2);
INSERT INTO rc.coupon_discount VALUES ('months', 'percent', 50, NULL, NULL);
INSERT INTO rc.coupon_redemption_history VALUES ('4', 'b', 'months', '2024-02-01', NULL, '2024-02-01'), ('5', 'd', 'months', '2024-01-01', '2024-01-20', '2024-01-20');
CALL connect('rc_model', 'recurly', 'rc');
SELECT results_eq($$SELECT subscription_id, starts_on, ends_on, trim_scale(mrr), trim_scale(discount_mrr), trim_scale(limited_discount_mrr), past_due_on FROM rc_model_internal.source_subscription WHERE subscription_id <> 'c1' ORDER BY 1, 2$$, $$VALUES
    ('a1', date '2024-01-15', date '2024-02-15', 25::numeric, 0::numeric, 12.5::numeric, NULL::date), ('a1', '2024-02-15', NULL, 35, 0, 0, NULL),
    ('b1', '2024-01-01', '2024-01-15', 100, 0, 0, NULL), ('b1', '2024-01-15', '2024-02-01', 100, 0, 0, NULL), ('b1', '2024-02-01', '2024-04-01', 100, 0, 50, NULL), ('b1', '2024-04-01', NULL, 100, 0, 0, NULL),
    ('d1', '2024-01-01', '2024-01-20', 40, 0, 20, NULL), ('d1', '2024-01-20', '2024-03-01', 40, 0, 0, NULL), ('e1', '2024-01-01', '2024-02-01', 100, 0, 0, '2024-02-01'), ('e1', '2024-02-01', NULL, 100, 0, 0, '2024-02-01'),
    ('f1', '2024-01-01', '2024-02-01', 100, 0, 0, NULL), ('f1', '2024-02-01', '2024-03-01', 90, 10, 0, NULL), ('f1', '2024-03-01', '2024-04-01', 70, 30, 0, NULL), ('f1', '2024-04-01', NULL, 80, 20, 0, NULL),
    ('f2', '2024-01-01', '2024-02-01', 50, 0, 0, NULL), ('f2', '2024-02-01', '2024-03-01', 45, 5, 0, NULL), ('f2', '2024-03-01', '2024-04-01', 45, 5, 0, NULL), ('f2', '2024-04-01', NULL, 50, 0, 0, NULL)$$,
    'Recurly: discounts that last and limited ones, and since when a payment is due');
SELECT results_eq($$SELECT DISTINCT product, cancelled_on, renews_on, end_reason, voluntary FROM rc_model_internal.source_subscription WHERE subscription_id IN ('c1', 'a1') ORDER BY product$$,
    $$VALUES ('Monthly now', NULL::date, date '2024-03-15', NULL, NULL::boolean), ('Ten days', '2024-02-20', NULL, 'nonpayment', false)$$, 'Recurly: plan, cancellation, renewal, reason');
SELECT results_eq($$SELECT account_key, name, domain, crm_key FROM rc_model_internal.recurly_account WHERE account_key = 'a'$$, $$VALUES ('a', 'A', 'a.example', 'code a')$$, 'Recurly: an account is one, as its latest version says');

-- Helpers.
SELECT is(string_agg(concat_ws('=', c, minor_units(c)), ' ' ORDER BY n), 'usd=100 JPY=1 jpy=1 kwd=1000 UGX=100 ISK=100', 'minor units') FROM unnest('{usd,JPY,jpy,kwd,UGX,ISK}'::text[]) WITH ORDINALITY u(c, n);
SELECT is(minor_units(NULL), NULL, 'of no currency: NULL');
SET timezone = 'Asia/Tokyo';
SELECT results_eq($$SELECT instant_of(t) FROM unnest('{2024-01-01,2024-01-01 10:00:00,2024-01-01T10:00:00.000Z,2024-01-01T10:00:00.000+0200,2024-01-01 10:00:00-05:30,1704103200,1704103200000,""}'::text[]) t$$,
    $$VALUES (timestamptz '2024-01-01 00:00+00'), ('2024-01-01 10:00+00'), ('2024-01-01 10:00+00'), ('2024-01-01 08:00+00'), ('2024-01-01 15:30+00'), ('2024-01-01 10:00+00'), ('2024-01-01 10:00+00'), (NULL)$$,
    'an instant is that of its text, and in UTC without a zone, wherever the session is');

SELECT * FROM finish();
ROLLBACK;
