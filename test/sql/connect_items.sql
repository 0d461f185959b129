\unset ECHO
\i test/psql.sql
-- Stripe as it is today, by hand: items side by side, billing periods of items, what was changed in place, coupons off the whole
-- invoice, prices in other currencies and with tax, rows that another row is missing for.
BEGIN;
SELECT plan(39);
SET jit = off;

-- What all have: price base is 50 a month and seat 10, both of product p; add is 30 a month, of product q; a subscription is active since
-- 2025-01-10.
CREATE PROCEDURE pg_temp.make(schema text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA %I', schema);
    PERFORM set_config('search_path', format('%I, csmetrics, public, pg_temp', schema), true);
    CREATE TABLE customer (id text, name text, email text, created timestamp, livemode boolean, is_deleted boolean, _fivetran_synced timestamp);
    CREATE TABLE product (id text, name text);
    CREATE TABLE price (id text, product_id text, currency text, unit_amount bigint, recurring_interval text, recurring_interval_count integer);
    CREATE TABLE subscription (id text, customer_id text, status text, start_date timestamp, ended_at timestamp, cancel_at timestamp, cancel_at_period_end boolean, canceled_at timestamp, trial_end timestamp,
                               pause_collection_behavior text, currency text);
    CREATE TABLE subscription_item (id text, subscription_id text, plan_id text, quantity integer, created timestamp, current_period_start timestamp, current_period_end timestamp, _fivetran_deleted boolean DEFAULT false,
                                    _fivetran_synced timestamp);
    CREATE TABLE coupon (id text, duration text, percent_off numeric, amount_off bigint, currency text);
    CREATE TABLE subscription_discount (id text, coupon_id text, subscription_id text, start timestamp, "end" timestamp);
    INSERT INTO customer VALUES ('c', 'C', 'pay@c.example', '2025-01-10', true, false);
    INSERT INTO product VALUES ('p', 'Plan'), ('q', 'Add-on');
    INSERT INTO price VALUES ('base', 'p', 'usd', 5000, 'month', 1), ('seat', 'p', 'usd', 1000, 'month', 1), ('add', 'q', 'usd', 3000, 'month', 1);
    INSERT INTO subscription VALUES ('s', 'c', 'active', '2025-01-10', NULL, NULL, false, NULL, NULL, NULL);
END
$$;
-- The MRR of a model by day, with what it is made of.
CREATE PROCEDURE pg_temp.connect(schema text) LANGUAGE plpgsql AS $$
BEGIN
    CALL csmetrics.create_model(schema || '_cs');
    EXECUTE format('UPDATE %I.policy SET as_of = ''2025-06-30''', schema || '_cs');
    -- the others are not asked for
    EXECUTE format('UPDATE %I.quality_rule SET is_enabled = rule IN (''unmatched'', ''kept in place'')', schema || '_cs');
    CALL csmetrics.connect(schema || '_cs', 'stripe', schema);
    CALL csmetrics.refresh(schema || '_cs');
END
$$;
CREATE FUNCTION pg_temp.mrr_on(schema text, VARIADIC days date[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    told text;
BEGIN
    EXECUTE format('SELECT string_agg(trim_scale(coalesce((SELECT sum(csmetrics.mrr_at(revenue, day)) FROM %I.account_state), 0))::text, '' '' ORDER BY day) FROM unnest($1) day', schema || '_cs_internal') INTO told USING days;
    RETURN told;
END
$$;
CREATE FUNCTION pg_temp.rows_of(schema text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    told text;
BEGIN
    EXECUTE format('SELECT string_agg(concat_ws('' '', product, starts_on, coalesce(ends_on::text, ''...''), trim_scale(mrr), status), '', '' ORDER BY product, starts_on, mrr) FROM %I.source_subscription', schema || '_cs_internal') INTO told;
    RETURN told;
END
$$;
CREATE FUNCTION pg_temp.moved(schema text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    told text;
BEGIN
    EXECUTE format('SELECT string_agg(concat_ws('' '', to_char(period_start_on, ''MM''), ''new'', trim_scale(new_mrr), ''up'', trim_scale(expansion_mrr), ''down'', trim_scale(contraction_mrr), ''lost'', trim_scale(churn_mrr)), '', '' ORDER BY period_start_on)
                    FROM %I.revenue_monthly WHERE new_mrr + expansion_mrr + contraction_mrr + churn_mrr <> 0', schema || '_cs') INTO told;
    RETURN told;
END
$$;

-- (a) Items of one product stand side by side: what the sync calls alive is in force.
CALL pg_temp.make('two');
INSERT INTO subscription_item (id, subscription_id, plan_id, quantity) VALUES ('i1', 's', 'base', 1), ('i2', 's', 'seat', 4);
CALL pg_temp.connect('two');
SELECT is(pg_temp.mrr_on('two', '2025-06-30'), '90', 'a fee and its four seats are 90');
CALL pg_temp.make('later');
INSERT INTO subscription_item (id, subscription_id, plan_id, quantity, created) VALUES ('i1', 's', 'base', 1, '2025-01-10'), ('i2', 's', 'seat', 4, '2025-04-01');
CALL pg_temp.connect('later');
SELECT is(pg_temp.moved('later'), '01 new 50 up 0 down 0 lost 0, 04 new 0 up 40 down 0 lost 0', 'seats bought later are an expansion of 40');
CALL pg_temp.make('unmarked');
ALTER TABLE subscription_item DROP _fivetran_deleted;
INSERT INTO subscription_item (id, subscription_id, plan_id, quantity, created) VALUES ('i1', 's', 'base', 1, '2025-01-10'), ('i2', 's', 'seat', 4, '2025-01-10'), ('i3', 's', 'add', 1, '2025-02-01'), ('i4', 's', 'seat', 7, '2025-04-01');
CALL pg_temp.connect('unmarked');
SELECT is(pg_temp.mrr_on('unmarked', '2025-01-31', '2025-03-31', '2025-06-30'), '90 120 100', 'without marks or versions a later item replaces those before of its product, and none that came with it');
CALL pg_temp.make('gone');
INSERT INTO subscription_item (id, subscription_id, plan_id, quantity, created, _fivetran_deleted, _fivetran_synced) VALUES ('i1', 's', 'base', 1, '2025-01-10', false, '2025-06-01'), ('i2', 's', 'seat', 4, '2025-01-10', true, '2025-03-10');
CALL pg_temp.connect('gone');
SELECT is(pg_temp.mrr_on('gone', '2025-03-09', '2025-03-10'), '90 50', 'a deleted one is gone when the sync says so');
CALL pg_temp.make('history');
ALTER TABLE subscription_item DROP _fivetran_deleted, ADD _fivetran_start timestamp, ADD _fivetran_end timestamp, ADD _fivetran_active boolean;
INSERT INTO subscription_item (id, subscription_id, plan_id, quantity, created, _fivetran_start, _fivetran_end, _fivetran_active) VALUES
    ('i1', 's', 'base', 1, '2025-01-10', '2025-01-10', '9999-12-31 23:59:59.999', true), ('i2', 's', 'seat', 2, '2025-01-10', '2025-01-10', '2025-03-31 23:59:59.999', false),
    ('i2', 's', 'seat', 5, '2025-01-10', '2025-04-01', '9999-12-31 23:59:59.999', true), ('i3', 's', 'add', 1, '2025-01-10', '2025-01-10', '2025-05-05 11:59:59.999', false);
CALL pg_temp.connect('history');
SELECT is(pg_temp.mrr_on('history', '2025-01-31', '2025-03-31', '2025-04-01', '2025-05-31'), '100 100 130 100', 'in history mode the fee stays while seats go from 2 to 5, and what was taken out is gone');
SELECT is(pg_temp.moved('history'), '01 new 100 up 0 down 0 lost 0, 04 new 0 up 30 down 0 lost 0, 05 new 0 up 0 down 30 lost 0', 'with the movements that were');
SELECT is(pg_temp.rows_of('history'), 'Add-on 2025-01-10 2025-05-05 30 active, Plan 2025-01-10 2025-04-01 20 active, Plan 2025-01-10 ... 50 active, Plan 2025-04-01 ... 50 active', 'versions follow each other without a gap');

-- (b) The billing period stands on the items since API version 2025-03-31.
CALL pg_temp.make('period');
INSERT INTO customer SELECT 'c ' || k, k, NULL, '2025-01-10', true, false FROM unnest('{paused,unpaid,late,leaving}'::text[]) k;
INSERT INTO subscription SELECT k, 'c ' || k, CASE k WHEN 'unpaid' THEN k WHEN 'late' THEN 'past_due' ELSE 'active' END, '2025-01-10', NULL, NULL, k = 'leaving', NULL, NULL, CASE k WHEN 'paused' THEN 'void' END FROM unnest('{paused,unpaid,late,leaving}'::text[]) k;
INSERT INTO subscription_item SELECT 'i ' || id, id, 'base', 1, '2025-01-10', '2025-05-10', '2025-06-10' FROM subscription;
INSERT INTO subscription_item VALUES ('old', 'paused', 'seat', 1, '2025-01-10', '2025-06-10', '2025-07-10', true, '2025-02-10');
CALL pg_temp.connect('period');
SELECT results_eq('SELECT subscription_id, string_agg(concat_ws('' '', starts_on, coalesce(ends_on::text, ''...''), status), '', '' ORDER BY starts_on), max(past_due_on), max(renews_on) FROM period_cs_internal.source_subscription WHERE mrr = 50 GROUP BY 1 ORDER BY 1', $$VALUES
    ('late', '2025-01-10 ... past_due', date '2025-05-10', date '2025-06-10'), ('leaving', '2025-01-10 2025-06-10 active', NULL, NULL), ('paused', '2025-01-10 2025-05-10 active, 2025-05-10 ... paused', NULL, '2025-06-10'),
    ('s', '2025-01-10 ... active', NULL, '2025-06-10'), ('unpaid', '2025-01-10 2025-05-10 unpaid', NULL, '2025-06-10')$$, 'paused, past due and unpaid since the period of the items, at its end who leaves, and renewing then');
SELECT is(churned_on(revenue), date '2025-06-09', 'past due is churn after 30 days') FROM period_cs_internal.account_state WHERE account_id = 'c late';

-- (f) Changed in place: by lines of invoices, prorations apart.
CALL pg_temp.make('lines');
INSERT INTO subscription_item (id, subscription_id, plan_id, quantity, created) VALUES ('i1', 's', 'base', 3, '2025-01-10');
CREATE TABLE invoice (id text, status text);
CREATE TABLE invoice_line_item (id text, invoice_id text, subscription_item_id text, plan_id text, quantity integer, amount bigint, currency text, proration boolean, period_start timestamp, period_end timestamp);
INSERT INTO invoice VALUES ('v1', 'paid'), ('v2', 'paid'), ('v3', 'paid'), ('v4', 'paid'), ('v9', 'void');
INSERT INTO invoice_line_item VALUES
    ('l1', 'v1', 'i1', 'base', 1, 5000, 'usd', false, '2025-01-10', '2025-02-10'), ('l2', 'v2', 'i1', 'base', 1, 5000, 'usd', false, '2025-02-10', '2025-03-10'),
    ('l3', 'v3', 'i1', 'base', 1, -2500, 'usd', true, '2025-02-24', '2025-03-10'), ('l4', 'v3', 'i1', 'base', 3, 7500, 'usd', true, '2025-02-24', '2025-03-10'),
    ('l5', 'v3', 'i1', 'base', 3, 15000, 'usd', false, '2025-03-10', '2025-04-10'), ('l6', 'v4', 'i1', 'base', 3, 15000, 'usd', false, '2025-04-10', '2025-05-10'), ('l9', 'v9', 'i1', 'base', 9, 45000, 'usd', false, '2025-04-10', '2025-05-10');
CALL pg_temp.connect('lines');
SELECT is(pg_temp.moved('lines'), '01 new 50 up 0 down 0 lost 0, 03 new 0 up 100 down 0 lost 0', 'quantity 1 to 3: new 50, and an expansion of 100 with the first whole period, as lines of invoices tell');
SELECT is((SELECT count(*) FROM lines_cs_internal.observed_charge), 1::bigint, 'what was seen is kept all the same');
-- now five, in the period that runs: since the proration, though no line has billed it yet
UPDATE subscription_item SET quantity = 5;
INSERT INTO invoice_line_item VALUES ('l7', 'v4', 'i1', 'base', 5, 10000, 'usd', true, '2025-04-20', '2025-05-10');
CALL refresh('lines_cs');
SELECT is(pg_temp.mrr_on('lines', '2025-04-19', '2025-04-20', '2025-06-30'), '150 250 250', 'what no line has billed yet is so since its proration');
INSERT INTO invoice_line_item VALUES ('l8', 'v4', 'i1', 'base', 5, 25000, 'usd', false, '2025-05-10', '2025-06-10');
CALL refresh('lines_cs');
SELECT is(pg_temp.mrr_on('lines', '2025-04-19', '2025-04-20', '2025-06-30'), '150 250 250', 'and stays so once it is billed');
-- else by what refreshes saw
CALL pg_temp.make('seen');
INSERT INTO subscription_item (id, subscription_id, plan_id, quantity, created) VALUES ('i1', 's', 'base', 1, '2025-01-10'), ('i2', 's', 'seat', 2, '2025-01-10');
CALL create_model('seen_cs');
UPDATE seen_cs.policy SET as_of = '2025-03-31';
UPDATE seen_cs.quality_rule SET is_enabled = rule IN ('unmatched', 'kept in place');
CALL connect('seen_cs', 'stripe', 'seen');
CALL refresh('seen_cs');
UPDATE subscription_item SET quantity = 3 WHERE id = 'i1';
DELETE FROM subscription_item WHERE id = 'i2';
UPDATE seen_cs.policy SET as_of = '2025-04-30';
CALL refresh('seen_cs');
SELECT is(pg_temp.moved('seen'), '01 new 70 up 0 down 0 lost 0, 04 new 0 up 80 down 0 lost 0', 'what was changed between two refreshes is so since the second, and what vanished was there until then');
CREATE TEMP TABLE before AS SELECT account_id, revenue::text AS revenue FROM seen_cs_internal.account_state;
CALL refresh('seen_cs');
CALL rebuild('seen_cs');
SELECT results_eq('SELECT account_id, revenue::text FROM seen_cs_internal.account_state', 'TABLE before', 'a rebuild reads it, too');
UPDATE seen_cs.policy SET as_of = '2025-06-30';
INSERT INTO subscription_item (id, subscription_id, plan_id, quantity, created) VALUES ('i2', 's', 'seat', 2, '2025-01-10');
CALL refresh('seen_cs');
SELECT is(pg_temp.mrr_on('seen', '2025-03-31', '2025-04-30', '2025-06-30'), '70 170 170', 'one that was not in the table for a while was there');
SELECT is((SELECT count(*) FROM seen_cs_internal.observed_charge), 5::bigint, 'five rows were added, none taken out');
CALL validate('seen_cs');
SELECT results_eq($$SELECT rule, severity, row_count, sample_keys FROM seen_cs.data_quality WHERE rule IN ('unmatched', 'kept in place')$$, $$VALUES ('kept in place', 'info', 2::bigint, 'stripe i1; stripe i2')$$, 'validate says that they are kept in place');
CALL forget_account('seen_cs', 'c');
SELECT is((SELECT count(*) FROM seen_cs_internal.observed_charge), 0::bigint, 'who is forgotten is forgotten there, too');
SELECT is(pg_temp.failure($$CALL disconnect('seen_cs', 'stripe')$$), 'no error', 'disconnected, it leaves no view behind');
SELECT is((SELECT count(*) FROM pg_class WHERE relnamespace = 'seen_cs_internal'::regnamespace AND relname ~ '^stripe_'), 0::bigint, 'none');

-- (d) Coupons are off the whole invoice, once.
CALL pg_temp.make('coupons');
INSERT INTO coupon VALUES ('sixty', 'forever', NULL, 6000, 'usd'), ('half', 'forever', 50, NULL, NULL), ('euros', 'forever', NULL, 1000, 'eur'), ('q only', 'forever', 50, NULL, NULL), ('five', 'forever', NULL, 500, 'usd');
INSERT INTO customer SELECT 'c ' || k, k, NULL, '2025-01-10', true, false FROM unnest('{whole,twice,wrong,one,of q,later}'::text[]) k;
INSERT INTO subscription SELECT k, 'c ' || k, 'active', '2025-01-10', NULL, NULL, false FROM unnest('{whole,twice,wrong,one,of q,later}'::text[]) k;
INSERT INTO subscription_item SELECT n || id, id, price, quantity, '2025-01-10', NULL, NULL, false FROM subscription, (VALUES (1, 'base', 1), (2, 'seat', 2), (3, 'add', 1)) v(n, price, quantity) WHERE id <> 's';
UPDATE subscription_item SET created = '2025-03-01' WHERE id = '3later';
ALTER TABLE coupon ADD applies_to jsonb;
UPDATE coupon SET applies_to = '{"products": ["q"]}' WHERE id = 'q only';
CREATE TABLE discount (id text, coupon_id text, subscription_id text, subscription_item_id text, start timestamp, "end" timestamp, type text);
INSERT INTO subscription_discount VALUES ('d1', 'sixty', 'whole', '2025-01-10', NULL), ('d2', 'half', 'twice', '2025-01-10', NULL), ('d3', 'euros', 'wrong', '2025-01-10', NULL), ('d4', 'q only', 'of q', '2025-01-10', NULL), ('d6', 'sixty', 'later', '2025-01-10', NULL),
    ('d2', 'half', 'twice', '2025-01-10', NULL);
INSERT INTO discount VALUES ('d2', 'half', 'twice', NULL, NULL, NULL, 'subscription'), ('d2', 'half', 'twice', NULL, '2025-01-11', NULL, 'subscription'), ('d5', 'half', NULL, '2one', '2025-01-10', NULL, NULL), ('d1', 'sixty', 'whole', NULL, '2025-01-10', NULL, 'subscription');
CALL pg_temp.connect('coupons');
SELECT results_eq('SELECT subscription_id, trim_scale(sum(mrr)), trim_scale(sum(discount_mrr)) FROM coupons_cs_internal.source_subscription WHERE ends_on IS NULL GROUP BY 1 ORDER BY 1', $$VALUES
    ('later', 40::numeric, 60::numeric), ('of q', 85, 15), ('one', 90, 10), ('twice', 50, 50), ('whole', 40, 60), ('wrong', 100, 0)$$,
    'of 50, 20 and 30: 60 off the whole, half once, half of the add-on or of the seats alone, nothing in another currency');
SELECT results_eq($$SELECT starts_on, trim_scale(sum(mrr)) FROM coupons_cs_internal.source_subscription WHERE subscription_id = 'later' GROUP BY 1 ORDER BY 1$$, $$VALUES (date '2025-01-10', 10::numeric), (date '2025-03-01', 40)$$, 'an amount is off what is there at the time');

-- Prices in the currency of the subscription, and with tax in them.
CALL pg_temp.make('prices');
ALTER TABLE price ADD currency_options jsonb, ADD tax_behavior text;
UPDATE price SET currency_options = '{"eur": {"unit_amount": 4500}, "usd": {"unit_amount": 5000}}' WHERE id = 'base';
INSERT INTO price VALUES ('gross', 'p', 'usd', 12000, 'month', 1, NULL, 'inclusive'), ('net', 'p', 'usd', 12000, 'month', 1, NULL, 'exclusive');
ALTER TABLE subscription ADD default_tax_rates jsonb;
INSERT INTO customer SELECT 'c ' || k, k, NULL, '2025-01-10', true, false FROM unnest('{euro,gross,net,percent}'::text[]) k;
INSERT INTO subscription SELECT k, 'c ' || k, 'active', '2025-01-10', NULL, NULL, false, NULL, NULL, NULL, CASE k WHEN 'euro' THEN 'eur' ELSE 'usd' END,
       CASE k WHEN 'gross' THEN '[{"id": "t", "percentage": 20, "inclusive": true}]'::jsonb WHEN 'net' THEN '[{"id": "u", "percentage": 20, "inclusive": false}]' END FROM unnest('{euro,gross,net}'::text[]) k;
INSERT INTO subscription_item (id, subscription_id, plan_id, quantity) VALUES ('i1', 'euro', 'base', 2), ('i2', 'gross', 'gross', 1), ('i3', 'net', 'net', 1), ('i4', 's', 'base', 1);
CALL pg_temp.connect('prices');
SELECT results_eq('SELECT subscription_id, trim_scale(mrr), currency FROM prices_cs_internal.source_subscription ORDER BY 1', $$VALUES ('euro', 90::numeric, 'EUR'), ('gross', 100, 'USD'), ('net', 120, 'USD'), ('s', 50, 'USD')$$, 'the amount of the subscription''s currency; 120 with a fifth of tax in it are 100');
CREATE TABLE price_currency_option (price_id text, currency text, unit_amount bigint);
INSERT INTO price_currency_option VALUES ('base', 'EUR', 4600);
UPDATE price SET currency_options = NULL;
CREATE TABLE tax_rate (id text, percentage numeric, inclusive boolean);
CREATE TABLE subscription_item_tax_rate (subscription_item_id text, tax_rate_id text);
INSERT INTO tax_rate VALUES ('r', 10, true);
INSERT INTO subscription_item_tax_rate VALUES ('i4', 'r');
UPDATE price SET unit_amount = 5500 WHERE id = 'base';
CALL create_model('tables_cs');
CALL connect('tables_cs', 'stripe', 'prices');
SELECT results_eq($$SELECT subscription_id, trim_scale(mrr) FROM tables_cs_internal.source_subscription WHERE subscription_id IN ('euro', 's') ORDER BY 1$$, $$VALUES ('euro', 92::numeric), ('s', 50)$$, 'from tables of their own, too');

-- (e) What another row is missing for.
CALL pg_temp.make('missing');
INSERT INTO subscription VALUES ('s2', 'ghost', 'active', '2025-01-10'), ('s3', 'gone', 'active', '2025-01-10'), ('s4', NULL, 'active', '2025-01-10'), ('empty', 'c', 'active', '2025-01-10');
INSERT INTO customer VALUES ('gone', 'Gone', NULL, '2025-01-10', true, true, '2025-04-15');
INSERT INTO subscription_item (id, subscription_id, plan_id, quantity) VALUES ('i1', 's', 'base', 1), ('i2', 's2', 'seat', 4), ('i3', 's3', 'add', 1), ('i4', 's', 'lost price', 1), ('i5', 'lost', 'seat', 2), ('i6', 's4', 'seat', 1);
CALL pg_temp.connect('missing');
SELECT results_eq('SELECT account_id, trim_scale(mrr_at(revenue, ''2025-03-31'')), trim_scale(mrr_at(revenue, ''2025-06-30'')), churned_on(revenue) FROM missing_cs_internal.account_state ORDER BY 1', $$VALUES
    ('c', 50::numeric, 50::numeric, NULL::date), ('ghost', 40, 40, NULL), ('gone', 30, 0, '2025-04-15'), ('s4', 10, 10, NULL)$$, 'who has no row is an account by its key, nobody''s subscription by its own; who was deleted churns on the day that it is known');
SELECT results_eq('SELECT row_key, trim_scale(mrr), reason FROM missing_cs_internal.stripe_unmatched ORDER BY 1', $$VALUES ('item i4', NULL::numeric, 'price lost price is missing'), ('item i5', 20, 'subscription lost is missing'), ('subscription empty', NULL, 'its items are missing')$$,
    'what cannot be a row is told with its MRR');
CALL validate('missing_cs');
SELECT results_eq($$SELECT source, row_count, trim_scale(mrr), sample_keys FROM missing_cs.data_quality WHERE rule = 'unmatched'$$,
    $$VALUES ('subscription', 3::bigint, 20::numeric, 'stripe item i5: subscription lost is missing; stripe item i4: price lost price is missing; stripe subscription empty: its items are missing')$$, 'and is a finding');
-- tickets of organizations that are not in their table
CREATE TABLE organization (id bigint, name text);
CREATE TABLE "user" (id bigint, email text, role text, organization_id bigint);
CREATE TABLE ticket (id bigint, created_at timestamp, organization_id bigint, requester_id bigint, status text);
INSERT INTO organization VALUES (1, 'One');
INSERT INTO ticket VALUES (11, '2025-02-01', 1, 7, 'open'), (12, '2025-02-01', 2, 7, 'open'), (13, '2025-02-02', 2, 7, 'open'), (14, '2025-02-01', NULL, 7, 'open');
CALL connect('missing_cs', 'zendesk', 'missing');
CALL refresh('missing_cs');
CALL validate('missing_cs');
SELECT results_eq($$SELECT source, row_count, mrr, sample_keys FROM missing_cs.data_quality WHERE rule = 'unmatched' ORDER BY source DESC LIMIT 1$$, $$VALUES ('ticket', 3::bigint, NULL::numeric, 'zendesk 2: its account is not known; zendesk NULL: its account is not known')$$,
    'tickets of an organization that is not in its table are counted');
-- a price that is missing, where the lines of invoices tell it
CREATE TABLE invoice_line_item (id text, invoice_id text, subscription_item_id text, quantity integer, amount bigint, currency text, proration boolean, period_start timestamp, period_end timestamp);
INSERT INTO invoice_line_item VALUES ('l', 'v', 'i4', 1, 9900, 'usd', false, '2025-02-10', '2025-05-10');
CALL connect('missing_cs', 'stripe', 'missing');
SELECT is((SELECT trim_scale(mrr) FROM missing_cs_internal.source_subscription WHERE account_id = 'c' AND mrr < 50), 33::numeric, 'a price that is missing is told by the lines of invoices: 99 a quarter');

-- one of no known amount is as one that is missing, and stops no refresh; a version without a price is told by the lines of its time
CALL pg_temp.make('amounts');
ALTER TABLE price ADD tiers_mode text, ADD tiers jsonb, ADD currency_options jsonb;
INSERT INTO price VALUES ('none', 'p', 'usd', NULL, 'month', 1), ('free', 'p', 'usd', 0, 'month', 1);
INSERT INTO price VALUES ('no tiers', 'p', 'usd', NULL, 'month', 1, 'volume', NULL, NULL), ('tiers', 'p', 'usd', NULL, 'month', 1, 'graduated', '[{"up_to": 10, "unit_amount": 500}, {"up_to": null, "unit_amount": 400, "flat_amount": 1000}]', '{"eur": {"tiers": [{"up_to": 10, "unit_amount": 100}, {"up_to": null, "unit_amount": 50}]}, "gbp": {"unit_amount": null}}');
INSERT INTO customer SELECT 'c ' || k, k, NULL, '2025-01-10', true, false FROM unnest('{none,free,no tiers,usd,eur,gbp,one}'::text[]) k;
INSERT INTO subscription SELECT k, 'c ' || k, 'active', '2025-01-10', NULL, NULL, false, NULL, NULL, NULL, CASE WHEN length(k) = 3 THEN k END FROM unnest('{none,free,no tiers,usd,eur,gbp,one}'::text[]) k;
INSERT INTO subscription_item (id, subscription_id, plan_id, quantity) SELECT 'i ' || id, id, CASE id WHEN 's' THEN 'base' WHEN 'one' THEN 'seat' ELSE CASE WHEN id IN ('usd', 'eur', 'gbp') THEN 'tiers' ELSE id END END, CASE WHEN id <> 'one' THEN 12 END FROM subscription;
CALL pg_temp.connect('amounts');
SELECT results_eq('SELECT subscription_id, trim_scale(mrr), currency FROM amounts_cs_internal.source_subscription ORDER BY 1', $$VALUES ('eur', 11::numeric, 'EUR'), ('free', 0, 'USD'), ('one', 10, 'USD'), ('s', 600, 'USD'), ('usd', 68, 'USD')$$,
    'tiers in the subscription''s currency; nothing is 0, no quantity is one, and an amount that is not known is no 0');
SELECT results_eq('SELECT row_key, mrr, reason FROM amounts_cs_internal.stripe_unmatched ORDER BY 1', $$VALUES ('item i gbp', NULL::numeric, 'price tiers has no amount in its currency'), ('item i no tiers', NULL, 'price no tiers has no amount in its currency'), ('item i none', NULL, 'price none has no amount in its currency')$$,
    'but a finding');
CALL pg_temp.make('unpriced');
ALTER TABLE subscription_item DROP _fivetran_deleted, ADD _fivetran_start timestamp, ADD _fivetran_end timestamp, ADD _fivetran_active boolean;
INSERT INTO subscription_item (id, subscription_id, plan_id, quantity, created, _fivetran_start, _fivetran_end, _fivetran_active) VALUES ('i1', 's', 'base', 1, '2025-01-10', '2025-01-10', '9999-12-31 23:59:59.999', true),
    ('i2', 's', 'lost', 2, '2025-01-10', '2025-01-10', '2025-03-31 23:59:59.999', false), ('i2', 's', 'seat', 5, '2025-01-10', '2025-04-01', '9999-12-31 23:59:59.999', true), ('i3', 's', 'lost', 2, '2025-01-10', '2025-01-10', '9999-12-31 23:59:59.999', true);
CALL pg_temp.connect('unpriced');
SELECT is(pg_temp.rows_of('unpriced'), 'Plan 2025-01-10 ... 50 active, Plan 2025-04-01 ... 50 active', 'versions without a price are left out');
SELECT results_eq('SELECT row_key, reason FROM unpriced_cs_internal.stripe_unmatched ORDER BY 1', $$VALUES ('item i2', 'price lost is missing'), ('item i3', 'price lost is missing')$$, 'and told, those of the past, too');
CREATE TABLE invoice_line_item (id text, invoice_id text, subscription_item_id text, plan_id text, quantity integer, amount bigint, currency text, proration boolean, period_start timestamp, period_end timestamp);
INSERT INTO invoice_line_item VALUES ('l1', 'v', 'i2', 'lost', 2, 1400, 'usd', false, '2025-02-10', '2025-03-10'), ('l2', 'v', 'i2', 'seat', 5, 5000, 'usd', false, '2025-04-10', '2025-05-10');
CALL connect('unpriced_cs', 'stripe', 'unpriced');
SELECT is(pg_temp.rows_of('unpriced'), 'Plan 2025-01-10 ... 50 active, Plan 2025-04-01 ... 50 active, 2025-01-10 2025-04-01 14 active', 'unless lines of invoices tell what was charged');
-- neither place has the billing period: that of the last line
CALL pg_temp.make('billed');
INSERT INTO customer SELECT 'c ' || k, k, NULL, '2025-01-10', true, false FROM unnest('{paused,unpaid,late,leaving}'::text[]) k;
INSERT INTO subscription SELECT k, 'c ' || k, CASE k WHEN 'unpaid' THEN k WHEN 'late' THEN 'past_due' ELSE 'active' END, '2025-01-10', NULL, NULL, k = 'leaving', NULL, NULL, CASE k WHEN 'paused' THEN 'void' END FROM unnest('{paused,unpaid,late,leaving}'::text[]) k;
INSERT INTO subscription_item SELECT 'i ' || id, id, 'base', 1, '2025-01-10' FROM subscription;
CREATE TABLE invoice_line_item (id text, invoice_id text, subscription_item_id text, plan_id text, quantity integer, amount bigint, currency text, proration boolean, period_start timestamp, period_end timestamp);
INSERT INTO invoice_line_item SELECT id, 'v', 'i ' || id, 'base', 1, 5000, 'usd', false, '2025-05-10', '2025-06-10' FROM subscription;
CALL pg_temp.connect('billed');
SELECT results_eq('SELECT subscription_id, string_agg(concat_ws('' '', starts_on, coalesce(ends_on::text, ''...''), status), '', '' ORDER BY starts_on), max(past_due_on), max(renews_on) FROM billed_cs_internal.source_subscription GROUP BY 1 ORDER BY 1', $$VALUES
    ('late', '2025-01-10 ... past_due', date '2025-05-10', date '2025-06-10'), ('leaving', '2025-01-10 2025-06-10 active', NULL, NULL), ('paused', '2025-01-10 2025-05-10 active, 2025-05-10 ... paused', NULL, '2025-06-10'),
    ('s', '2025-01-10 ... active', NULL, '2025-06-10'), ('unpaid', '2025-01-10 2025-05-10 unpaid', NULL, '2025-06-10')$$, 'without a period of items, that which was billed last');

-- Airbyte: objects in JSON columns, instants as numbers, rows appended, the last of a key marked as deleted.
CREATE SCHEMA ab;
SET LOCAL search_path = ab, csmetrics, public, pg_temp;
CREATE TABLE customers (id text, name text, email text, created bigint, metadata jsonb, livemode boolean, discount jsonb, is_deleted boolean, updated bigint, _airbyte_extracted_at timestamptz);
CREATE TABLE products (id text, name text, _airbyte_extracted_at timestamptz);
CREATE TABLE prices (id text, product text, currency text, unit_amount bigint, recurring jsonb, tiers_mode text, tiers jsonb, _airbyte_extracted_at timestamptz);
CREATE TABLE subscriptions (id text, customer text, status text, created bigint, start_date bigint, ended_at numeric, cancel_at numeric, cancel_at_period_end boolean, canceled_at numeric, trial_end numeric, pause_collection jsonb, cancellation_details jsonb, discount jsonb, livemode boolean, _airbyte_extracted_at timestamptz);
CREATE TABLE subscription_items (id text, subscription text, price jsonb, plan jsonb, quantity bigint, created bigint, current_period_start bigint, current_period_end bigint, is_deleted boolean, _airbyte_extracted_at timestamptz);
INSERT INTO products VALUES ('p', 'Plan', '2025-05-01'), ('p', 'Plan', '2025-05-02');
INSERT INTO prices VALUES ('base', 'p', 'usd', 5000, '{"interval": "month", "interval_count": 1, "usage_type": "licensed"}', NULL, NULL, '2025-05-01'), ('base', 'p', 'usd', 5000, '{"interval": "month", "interval_count": 1, "usage_type": "licensed"}', NULL, NULL, '2025-05-02'),
    ('steps', 'p', 'usd', NULL, '{"interval": "month", "interval_count": 1}', 'graduated', '[{"up_to": 10, "unit_amount": 500}, {"up_to": null, "unit_amount": 400, "flat_amount": 1000}]', '2025-05-01'),
    ('steps', 'p', 'usd', NULL, '{"interval": "month", "interval_count": 1}', 'graduated', '[{"up_to": 10, "unit_amount": 500}, {"up_to": null, "unit_amount": 400, "flat_amount": 1000}]', '2025-05-02');
INSERT INTO customers (id, name, created, is_deleted, _airbyte_extracted_at) SELECT k, upper(k), extract(epoch FROM timestamptz '2025-01-10 00:00+00'), false, day FROM unnest('{a,b,d,e}'::text[]) k, unnest('{2025-05-01,2025-05-02}'::timestamptz[]) day;
INSERT INTO customers (id, is_deleted, _airbyte_extracted_at) VALUES ('d', true, '2025-05-20 00:00+00'), ('d', true, '2025-05-21 00:00+00');
UPDATE customers SET discount = '{"coupon": {"id": "tenth", "duration": "forever", "percent_off": 10}, "start": 1736467200}' WHERE id = 'a';
INSERT INTO subscriptions (id, customer, status, start_date, cancel_at_period_end, pause_collection, _airbyte_extracted_at) SELECT 's' || k, k, 'active', extract(epoch FROM timestamptz '2025-01-10 00:00+00'), false, CASE k WHEN 'b' THEN '{"behavior": "void", "resumes_at": 1751328000}'::jsonb END, day
FROM unnest('{a,b,d,e}'::text[]) k, unnest('{2025-05-01,2025-05-02}'::timestamptz[]) day;
INSERT INTO subscription_items SELECT 'i' || id, id, jsonb_build_object('id', CASE id WHEN 'sb' THEN 'steps' WHEN 'se' THEN 'unlisted' ELSE 'base' END, 'product', 'p', 'currency', 'usd', 'unit_amount', 700, 'recurring', '{"interval": "month", "interval_count": 1}'::jsonb), NULL, CASE id WHEN 'sb' THEN 12 ELSE 2 END,
       extract(epoch FROM timestamptz '2025-01-10 00:00+00'), extract(epoch FROM timestamptz '2025-04-10 00:00+00'), extract(epoch FROM timestamptz '2025-05-10 00:00+00'), false, _airbyte_extracted_at FROM subscriptions;
INSERT INTO subscription_items (id, subscription, is_deleted, _airbyte_extracted_at) VALUES ('isa', NULL, true, '2025-05-25 00:00+00');
CALL pg_temp.connect('ab');
SELECT results_eq('SELECT account_id, string_agg(concat_ws('' '', starts_on, coalesce(ends_on::text, ''...''), trim_scale(mrr), status), '', '' ORDER BY starts_on) FROM ab_cs_internal.source_subscription GROUP BY 1 ORDER BY 1', $$VALUES
    ('a', '2025-01-10 2025-05-25 90 active'), ('b', '2025-01-10 2025-04-10 68 active, 2025-04-10 2025-07-01 68 paused, 2025-07-01 ... 68 active'), ('d', '2025-01-10 2025-05-20 100 active'), ('e', '2025-01-10 ... 14 active')$$,
    'Airbyte: prices, tiers, pauses and discounts in JSON; each row once; who and what was deleted is so since that was synced; a price that stands in its item alone');
SELECT is((SELECT name FROM ab_cs_internal.source_account WHERE account_id = 'd'), 'D', 'Airbyte: who was deleted keeps the name');
-- the same, all of it as texts
CREATE SCHEMA ab_text;
SELECT format('CREATE TABLE ab_text.%I AS SELECT %s FROM ab.%I', c.relname, string_agg(format('%I::text', a.attname), ', ' ORDER BY a.attnum), c.relname)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = 'ab'::regnamespace AND c.relkind = 'r' GROUP BY c.relname \gexec
CALL pg_temp.connect('ab_text');
SELECT set_eq('SELECT account_id, starts_on, ends_on, mrr, status, currency, plan FROM ab_text_cs_internal.source_subscription', 'SELECT account_id, starts_on, ends_on, mrr, status, currency, plan FROM ab_cs_internal.source_subscription', 'Airbyte: as texts, too');

SELECT * FROM finish();
ROLLBACK;
