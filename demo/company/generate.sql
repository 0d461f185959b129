-- The demo company: everything below is generated. No row stands for a real person or a real firm; names
-- end in a number, addresses in .example.
--
-- A maker of analytics software and its customers, 24 months to 2026-06-30, in the tables that the sync
-- tools of its vendors would have filled: billing (Stripe), CRM (Salesforce), support (Zendesk), product
-- analytics (Pendo) and surveys (Qualtrics). Why customers leave is known here, because it is planted:
-- company_made.truth and company_made.churn_truth hold the answers.
--
--     psql -X -q -v seed=1 -v accounts=2000 -v health_matters=true -f demo/company/generate.sql
--
-- Every draw is a hash of the seed, its purpose and its keys: the same seed gives the same rows, byte for
-- byte, and with more accounts the first ones stay as they were. Nothing depends on the clock.
-- health_matters=false leaves every signal as it is, and lets customers leave without regard to any.
\set ON_ERROR_STOP on
\if :{?seed}
\else
    \set seed 1
\endif
\if :{?accounts}
\else
    \set accounts 2000
\endif
\if :{?health_matters}
\else
    \set health_matters true
\endif
SELECT current_setting('client_min_messages') AS messages_before, current_setting('jit') AS jit_before \gset
SET client_min_messages = warning;
SET jit = off;

DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT nspname FROM pg_namespace
                WHERE nspname IN ('company_made', 'company_stripe', 'company_salesforce', 'company_zendesk', 'company_pendo', 'company_qualtrics')
                  AND obj_description(oid, 'pg_namespace') LIKE 'Generated demo company%' IS NOT TRUE LOOP
        RAISE EXCEPTION 'schema "%" is there already, and not of the demo company', name USING ERRCODE = 'duplicate_schema';
    END LOOP;
    -- the model of the one before goes with it
    IF to_regnamespace('company_made') IS NOT NULL THEN
        DROP SCHEMA IF EXISTS company, company_internal CASCADE;
    END IF;
END
$$;
DROP SCHEMA IF EXISTS company_made, company_stripe, company_salesforce, company_zendesk, company_pendo, company_qualtrics CASCADE;

CREATE SCHEMA company_made;
CREATE SCHEMA company_stripe;
CREATE SCHEMA company_salesforce;
CREATE SCHEMA company_zendesk;
CREATE SCHEMA company_pendo;
CREATE SCHEMA company_qualtrics;
COMMENT ON SCHEMA company_made IS 'Generated demo company: how it is made, and the truth about it. No real person or firm.';
COMMENT ON SCHEMA company_stripe IS 'Generated demo company: billing, laid out as Fivetran''s sync of Stripe does. No real person or firm.';
COMMENT ON SCHEMA company_salesforce IS 'Generated demo company: CRM, laid out as Fivetran''s sync of Salesforce does. No real person or firm.';
COMMENT ON SCHEMA company_zendesk IS 'Generated demo company: support, laid out as Fivetran''s sync of Zendesk does. No real person or firm.';
COMMENT ON SCHEMA company_pendo IS 'Generated demo company: product usage, laid out as Fivetran''s sync of Pendo does. No real person or firm.';
COMMENT ON SCHEMA company_qualtrics IS 'Generated demo company: surveys, laid out as Fivetran''s sync of Qualtrics does. No real person or firm.';

-- 24 months of 2024-07-01, a Monday, to 2026-06-30
CREATE FUNCTION company_made.first_day() RETURNS date LANGUAGE sql IMMUTABLE RETURN date '2024-07-01';
CREATE FUNCTION company_made.last_day() RETURNS date LANGUAGE sql IMMUTABLE RETURN date '2026-06-30';
COMMENT ON FUNCTION company_made.first_day() IS 'First day of usage, support and surveys; contracts began earlier';
COMMENT ON FUNCTION company_made.last_day() IS 'The last day of which anything is known';

-- STABLE, as what it calls is, so that the planner puts its body in place of the call
CREATE FUNCTION company_made.dice(seed bigint, VARIADIC keys text[]) RETURNS float8 LANGUAGE sql STABLE PARALLEL SAFE
RETURN (hashtextextended(array_to_string(keys, '/'), seed) & 9007199254740991)::float8 / 9007199254740992::float8;
COMMENT ON FUNCTION company_made.dice(bigint, text[]) IS 'A throw from 0 to below 1, uniform: the low 53 bits of a hash of the seed and the keys';

CREATE FUNCTION company_made.normal(seed bigint, VARIADIC keys text[]) RETURNS float8 LANGUAGE sql STABLE PARALLEL SAFE
RETURN sqrt(-2 * ln(1 - company_made.dice(seed, VARIADIC keys || '1'::text))) * cos(2 * pi() * company_made.dice(seed, VARIADIC keys || '2'::text));
COMMENT ON FUNCTION company_made.normal(bigint, text[]) IS 'A throw of the standard normal distribution (Box and Muller)';

CREATE FUNCTION company_made.pick(throw float8, VARIADIC options text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN options[1 + floor(throw * cardinality(options))::integer];
COMMENT ON FUNCTION company_made.pick(float8, text[]) IS 'One of the options, each as likely as the others';

CREATE FUNCTION company_made.vendor_id(prefix text, VARIADIC keys text[]) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN prefix || left(md5(array_to_string(keys, '/')), 14);
COMMENT ON FUNCTION company_made.vendor_id(text, text[]) IS 'A key that looks like those of the vendors';

\qecho 'Generating the demo company (seed' :seed', ' :accounts 'accounts, health_matters' :health_matters') ...'
\qecho '  accounts, contracts and prices'

CREATE TEMPORARY TABLE product AS
SELECT *, company_made.vendor_id('prod_', name) AS id
FROM (VALUES (1, 'Team', 2900, 7), (2, 'Business', 4900, 9), (3, 'Enterprise', 6900, 11)) p(no, name, monthly_price, feature_count);

-- The first ones are in every product, the Assistant since October 2025
CREATE TEMPORARY TABLE feature AS
SELECT nth::integer, name, company_made.vendor_id('', 'feature', name) AS id, CASE name WHEN 'Assistant' THEN date '2025-10-01' ELSE date '2020-01-01' END AS released_on
FROM unnest('{Dashboards,Reports,Sharing,Assistant,Exports,Alerts,Comments,Integrations,API,Forecasts,Audit log}'::text[]) WITH ORDINALITY f(name, nth);

CREATE TEMPORARY TABLE customer AS
SELECT no, key, '001Dm' || lpad(key, 10, '0') || 'AAA' AS sf_id, company_made.vendor_id('cus_', key) AS stripe_id, 370000000000 + no AS zendesk_id,
       company_made.pick(company_made.dice(:seed, key, 'first'), 'Amber', 'Birch', 'Cobalt', 'Dune', 'Elm', 'Flint', 'Granite', 'Hazel', 'Indigo', 'Juniper') || ' ' ||
       company_made.pick(company_made.dice(:seed, key, 'second'), 'Falcon', 'Harbour', 'Kettle', 'Lantern', 'Meadow', 'Otter', 'Quarry', 'Sail', 'Tram', 'Willow') || ' ' || key AS name,
       attribute.segment, attribute.region,
       CASE attribute.region WHEN 'Americas' THEN 'America/New_York' WHEN 'EMEA' THEN 'Europe/Berlin' ELSE 'Asia/Singapore' END AS time_zone,
       CASE attribute.region WHEN 'Americas' THEN -5 WHEN 'EMEA' THEN 1 ELSE 8 END AS hours_ahead,
       company_made.pick(company_made.dice(:seed, key, 'industry'), 'Software', 'Retail', 'Logistics', 'Health', 'Education', 'Manufacturing') AS industry,
       CASE WHEN dice.path < 0.45 THEN 'guided' WHEN dice.path < 0.8 THEN 'self_serve' ELSE 'partner' END AS onboarding_path,
       dice.term < CASE attribute.segment WHEN 'Enterprise' THEN 0.85 WHEN 'Mid-Market' THEN 0.55 ELSE 0.25 END AS is_yearly,
       CASE attribute.segment WHEN 'Enterprise' THEN 3 WHEN 'Mid-Market' THEN 2 ELSE 1 END AS product_no,
       floor(CASE attribute.segment WHEN 'Enterprise' THEN 25 + 45 * dice.seats WHEN 'Mid-Market' THEN 10 + 20 * dice.seats ELSE 3 + 7 * dice.seats END)::integer AS first_seats,
       0.55 + 0.4 * company_made.dice(:seed, key, 'use of seats') AS seat_use,
       0.6 + 0.8 * company_made.dice(:seed, key, 'intensity') AS intensity,
       -- six of ten were there before the first day, up to four years
       CASE WHEN dice.old < 0.6 THEN company_made.first_day() - 1 - floor(1460 * dice.began)::integer ELSE company_made.first_day() + floor(730 * dice.began)::integer END AS started_on,
       -- a monthly hazard, to be multiplied by the causes; where these do not matter, segments, which use the product differently, do not either
       CASE WHEN NOT :health_matters THEN 0.013 ELSE CASE attribute.segment WHEN 'Enterprise' THEN 0.006 WHEN 'Mid-Market' THEN 0.010 ELSE 0.018 END / 4 END AS base_hazard,
       no = 13 AS is_test
FROM generate_series(1, :accounts) no,
     LATERAL (SELECT no::text AS key) k,
     LATERAL (SELECT company_made.dice(:seed, key, 'segment') AS segment, company_made.dice(:seed, key, 'region') AS region, company_made.dice(:seed, key, 'path') AS path,
                     company_made.dice(:seed, key, 'term') AS term, company_made.dice(:seed, key, 'seats') AS seats, company_made.dice(:seed, key, 'old') AS old,
                     company_made.dice(:seed, key, 'began') AS began) dice,
     LATERAL (SELECT CASE WHEN dice.segment < 0.15 THEN 'Enterprise' WHEN dice.segment < 0.5 THEN 'Mid-Market' ELSE 'SMB' END AS segment,
                     CASE WHEN dice.region < 0.45 THEN 'Americas' WHEN dice.region < 0.8 THEN 'EMEA' ELSE 'APAC' END AS region) attribute;
CREATE UNIQUE INDEX ON customer (no);
ANALYZE customer;

-- The months of the contract, from its first day on, to one month beyond the last day
CREATE TEMPORARY TABLE month AS
SELECT no, key, k, (started_on + k * interval '1 month')::date AS starts_on, (started_on + (k + 1) * interval '1 month')::date AS ends_on, is_yearly AND k % 12 <> 0 AS within_year
FROM customer, generate_series(0, 90) k
WHERE started_on + k * interval '1 month' <= company_made.last_day();
CREATE UNIQUE INDEX ON month (no, k);
ANALYZE month;

-- One in twenty-five pauses once, for one to three months
CREATE TEMPORARY TABLE pause AS
SELECT no, starts_on, (starts_on + (1 + floor(3 * company_made.dice(:seed, key, 'pause length'))) * interval '1 month')::date AS ends_on
FROM (SELECT m.*, count(*) OVER (PARTITION BY no) AS months, row_number() OVER (PARTITION BY no ORDER BY k) AS nth, company_made.dice(:seed, key, 'pause month') AS throw
      -- a place among all months of the two years, so that a later last day would not move it
      FROM month m WHERE starts_on >= company_made.first_day() AND k >= 3) m
WHERE nth = 1 + floor(24 * throw) AND company_made.dice(:seed, key, 'pauses') < 0.06;
CREATE INDEX ON pause (no);
ANALYZE pause;

\qecho '  causes: what precedes churn'

-- Kickoff, data connected, first dashboard (the first value), team rollout
CREATE TEMPORARY TABLE onboarding AS
SELECT no, key, kickoff_on, kickoff_on + ceil(0.4 * delay)::integer AS connected_on, kickoff_on + ceil(delay)::integer AS value_on,
       kickoff_on + ceil(delay)::integer + 14 + floor(45 * company_made.dice(:seed, key, 'rollout'))::integer AS rollout_on
FROM customer,
     LATERAL (SELECT started_on + 2 + floor(8 * company_made.dice(:seed, key, 'kickoff'))::integer AS kickoff_on,
                     CASE WHEN company_made.dice(:seed, key, 'stuck') < CASE onboarding_path WHEN 'guided' THEN 0.10 WHEN 'partner' THEN 0.20 ELSE 0.50 END
                          THEN 180 + 480 * company_made.dice(:seed, key, 'stuck for')
                          ELSE CASE onboarding_path WHEN 'guided' THEN 19 WHEN 'partner' THEN 26 ELSE 36 END * exp(0.6 * company_made.normal(:seed, key, 'delay')) END AS delay) d;

-- Invoices whose charge fails; of yearly ones ten times as many, so that yearly customers are in trouble as often as monthly ones
CREATE TEMPORARY TABLE failed_payment AS
SELECT m.no, m.k, m.starts_on AS failed_on,
       CASE WHEN company_made.dice(:seed, m.key, m.k::text, 'recovers') < 0.6 THEN m.starts_on + 20 + floor(60 * company_made.dice(:seed, m.key, m.k::text, 'recovered'))::integer END AS recovered_on
FROM month m JOIN customer c USING (no)
WHERE m.k > 0 AND NOT m.within_year AND m.starts_on >= company_made.first_day() - 91
  AND company_made.dice(:seed, m.key, m.k::text, 'fails') < CASE WHEN c.is_yearly THEN 0.30 ELSE 0.03 END
  AND NOT EXISTS (SELECT FROM pause p WHERE p.no = m.no AND m.starts_on >= p.starts_on AND m.starts_on < p.ends_on);
CREATE INDEX ON failed_payment (no);
ANALYZE failed_payment;

-- Slots of 13 weeks, in each of which each of the other causes may begin once
CREATE TEMPORARY TABLE cause AS
WITH slot AS (
    SELECT no, key, slot::text, started_on + 30 AS earliest_on, company_made.first_day() + 91 * slot AS slot_on FROM customer, generate_series(-3, 8) slot)
SELECT no, 'usage_decline' AS cause, began_on, began_on + 21 AS from_on, began_on + 90 + floor(150 * company_made.dice(:seed, key, slot, 'decline ends'))::integer AS to_on, 8 AS multiplier
FROM slot, LATERAL (SELECT slot_on + floor(91 * company_made.dice(:seed, key, slot, 'decline begins'))::integer AS began_on) b
WHERE company_made.dice(:seed, key, slot, 'decline') < 0.07 AND began_on > earliest_on
UNION ALL
SELECT no, 'champion_left', began_on, began_on, began_on + 120 + floor(120 * company_made.dice(:seed, key, slot, 'new champion'))::integer, 6
FROM slot, LATERAL (SELECT slot_on + floor(91 * company_made.dice(:seed, key, slot, 'champion leaves'))::integer AS began_on) b
WHERE company_made.dice(:seed, key, slot, 'champion') < 0.045 AND began_on > earliest_on
UNION ALL
-- to_on is 60 days after the ticket is solved
SELECT no, 'unresolved_escalation', began_on, began_on + 14, began_on + 20 + floor(65 * company_made.dice(:seed, key, slot, 'escalation solved'))::integer + 60, 5
FROM slot, LATERAL (SELECT slot_on + floor(91 * company_made.dice(:seed, key, slot, 'escalation begins'))::integer AS began_on) b
WHERE company_made.dice(:seed, key, slot, 'escalation') < 0.085 AND began_on > earliest_on AND began_on >= company_made.first_day()
UNION ALL
SELECT no, 'no_first_value', kickoff_on, kickoff_on + 60, value_on, 8 FROM onboarding WHERE value_on > kickoff_on + 60
UNION ALL
SELECT no, 'payment_failure', failed_on, failed_on, failed_on + 90, 8 FROM failed_payment;
DELETE FROM cause WHERE began_on > company_made.last_day() OR to_on <= company_made.first_day();
CREATE INDEX ON cause (no);
ANALYZE cause;

\qecho '  who leaves, and who comes back'

-- Whether a customer would leave at the end of each month. The decision is taken, from the causes in force, as long before as notice
-- is given: 5 to 30 days. Yearly customers can leave at a renewal, twelve months' hazard at once, or when their payment fails.
CREATE TEMPORARY TABLE decision AS
SELECT m.no, m.key, m.k, m.ends_on, d.decided_on, a.causes[1] AS cause,
       throw < 1 - exp(-c.base_hazard * a.multiplier) AS leaves_monthly,
       throw < 1 - exp(-c.base_hazard * a.multiplier * CASE WHEN NOT :health_matters OR NOT is_yearly OR a.causes @> '{payment_failure}' THEN 1
                                                           WHEN (m.k + 1) % 12 = 0 THEN 12 ELSE 0 END) AS leaves
FROM month m
JOIN customer c USING (no),
     LATERAL (SELECT m.ends_on - 5 - floor(26 * company_made.dice(:seed, m.key, m.k::text, 'notice'))::integer AS decided_on,
                     company_made.dice(:seed, m.key, m.k::text, 'leaves') AS throw) d,
     LATERAL (SELECT CASE WHEN :health_matters THEN coalesce(exp(sum(ln(multiplier))), 1) ELSE 1 END AS multiplier,
                     array_agg(cause ORDER BY multiplier DESC) AS causes
              FROM (SELECT DISTINCT cause, multiplier FROM cause WHERE cause.no = m.no AND d.decided_on >= from_on AND d.decided_on < to_on) active) a
WHERE m.ends_on > company_made.first_day() AND d.decided_on <= company_made.last_day()
  AND NOT EXISTS (SELECT FROM pause p WHERE p.no = m.no AND m.ends_on >= p.starts_on AND m.starts_on < p.ends_on);

-- One in ten of those who leave comes back after two to six months, by the month. A life is a subscription.
CREATE TEMPORARY TABLE life AS
WITH first AS (
    SELECT DISTINCT ON (no) no, key, k, ends_on, decided_on, cause FROM decision WHERE leaves ORDER BY no, k),
second AS (
    SELECT f.no, f.key, m.k, m.starts_on FROM first f JOIN month m ON m.no = f.no AND m.k = f.k + 3 + floor(5 * company_made.dice(:seed, f.key, 'comes back after'))
    WHERE company_made.dice(:seed, f.key, 'comes back') < 0.1),
again AS (
    SELECT DISTINCT ON (d.no) d.no, d.k, d.ends_on, d.decided_on, d.cause FROM decision d JOIN second s ON s.no = d.no AND d.k > s.k WHERE leaves_monthly ORDER BY d.no, d.k)
SELECT c.no, c.key, 1 AS life, 0 AS from_k, f.k AS to_k, c.started_on AS starts_on, f.ends_on, f.decided_on, f.cause, c.is_yearly
FROM customer c LEFT JOIN first f USING (no)
UNION ALL
SELECT s.no, s.key, 2, s.k, a.k, s.starts_on, a.ends_on, a.decided_on, a.cause, false FROM second s LEFT JOIN again a USING (no);
ALTER TABLE life ADD stripe_id text, ADD trial_on date, ADD is_involuntary boolean, ADD noticed_on date;
UPDATE life SET stripe_id = company_made.vendor_id('sub_', key, life::text), trial_on = CASE WHEN life = 1 AND company_made.dice(:seed, key, 'trial') < 0.3 THEN starts_on - 14 END, is_involuntary = :health_matters AND cause IS NOT DISTINCT FROM 'payment_failure';
-- Most give notice. Who does not, or is cut off, leaves on the day itself: of those beyond the last day nobody knows yet.
UPDATE life SET noticed_on = CASE WHEN :health_matters AND NOT is_involuntary AND company_made.dice(:seed, key, life::text, 'gives notice') < 0.85 THEN decided_on ELSE ends_on END
WHERE ends_on IS NOT NULL;
UPDATE life SET to_k = NULL, ends_on = NULL, decided_on = NULL, noticed_on = NULL, cause = NULL, is_involuntary = false WHERE noticed_on > company_made.last_day();
CREATE INDEX ON life (no);
ANALYZE life;

CREATE TABLE company_made.truth (account_id text NOT NULL, cause text NOT NULL, began_on date NOT NULL, from_on date NOT NULL, to_on date NOT NULL, hazard_multiplier integer NOT NULL);
INSERT INTO company_made.truth
SELECT sf_id, cause.cause, greatest(began_on, starts_on), greatest(from_on, starts_on), least(to_on, ends_on), multiplier
FROM cause JOIN customer USING (no) JOIN life USING (no)
WHERE to_on > starts_on AND began_on < coalesce(ends_on, 'infinity') AND greatest(from_on, starts_on) < least(to_on, ends_on)
ORDER BY 1, 2, 3;
COMMENT ON TABLE company_made.truth IS 'Generated. The planted causes of churn while an account was a customer, one row each. With health_matters=false the same ones, without effect.';
COMMENT ON COLUMN company_made.truth.account_id IS 'Salesforce id of the account';
COMMENT ON COLUMN company_made.truth.cause IS 'usage_decline, unresolved_escalation, no_first_value, payment_failure or champion_left';
COMMENT ON COLUMN company_made.truth.began_on IS 'Since when the data show it';
COMMENT ON COLUMN company_made.truth.from_on IS 'First day on which it multiplies the hazard';
COMMENT ON COLUMN company_made.truth.to_on IS 'The day after the last; may be later than the last day of the data';
COMMENT ON COLUMN company_made.truth.hazard_multiplier IS 'By how much; several at once multiply';

CREATE TABLE company_made.churn_truth (account_id text NOT NULL, churned_on date NOT NULL, decided_on date NOT NULL, cause text NOT NULL, is_involuntary boolean NOT NULL);
INSERT INTO company_made.churn_truth
SELECT sf_id, ends_on, decided_on, coalesce(cause, 'base'), is_involuntary FROM life JOIN customer USING (no) WHERE ends_on <= company_made.last_day() ORDER BY 1, 2;
COMMENT ON TABLE company_made.churn_truth IS 'Generated. Who left, and which planted cause was in force when it was decided; a row a departure.';
COMMENT ON COLUMN company_made.churn_truth.account_id IS 'Salesforce id of the account';
COMMENT ON COLUMN company_made.churn_truth.churned_on IS 'The first day on which it was no customer';
COMMENT ON COLUMN company_made.churn_truth.decided_on IS 'The day whose causes decided it';
COMMENT ON COLUMN company_made.churn_truth.cause IS 'The strongest cause in force then; base: none. With health_matters=false it decided nothing.';
COMMENT ON COLUMN company_made.churn_truth.is_involuntary IS 'Was it cut off after failed payments?';

\qecho '  Stripe: subscriptions, invoices, charges'

-- Seats, each quarter anew: customers without a cause in force buy some now and then, the others give some back. Never who leaves.
CREATE TEMPORARY TABLE seats AS
SELECT no, key, k, starts_on, ends_on, within_year, greatest(2, round((first_seats * exp(sum(ln(factor)) OVER (PARTITION BY no ORDER BY k)))::numeric))::integer AS seats,
       -- a price holds for twelve months, then that of the year's list
       extract(year FROM started_on + (k - k % 12) * interval '1 month')::integer AS price_year
FROM (SELECT m.*, c.first_seats, c.started_on,
             CASE WHEN m.k = 0 OR m.k % 3 <> 0 THEN 1
                  WHEN EXISTS (SELECT FROM cause a WHERE a.no = m.no AND m.starts_on >= a.from_on AND m.starts_on < a.to_on)
                  THEN CASE WHEN throw < 0.15 THEN 0.9 - 0.2 * size ELSE 1 END
                  ELSE CASE WHEN throw < 0.16 THEN 1.1 + 0.15 * size ELSE 1 END END AS factor
      FROM month m JOIN customer c USING (no),
           LATERAL (SELECT company_made.dice(:seed, m.key, m.k::text, 'seats change') AS throw, company_made.dice(:seed, m.key, m.k::text, 'seats by') AS size) d) step;
CREATE UNIQUE INDEX ON seats (no, k);
ANALYZE seats;

CREATE TEMPORARY TABLE price AS
SELECT p.no AS product_no, p.id AS product_id, year, is_yearly, company_made.vendor_id('price_', p.name, year::text, is_yearly::text) AS id,
       round(p.monthly_price * 1.05 ^ (year - 2020))::bigint * CASE WHEN is_yearly THEN 10 ELSE 1 END AS unit_amount
FROM product p, generate_series(2020, 2026) year, (VALUES (false), (true)) i(is_yearly);

CREATE TEMPORARY TABLE billed AS  -- the months of each life
SELECT l.no, l.key, l.life, l.stripe_id AS subscription_id, c.stripe_id AS customer_id, l.is_yearly, l.trial_on, l.ends_on AS life_ends_on, s.k, s.starts_on, s.ends_on, s.seats, p.id AS price_id, p.unit_amount,
       (s.seats, p.id) IS DISTINCT FROM lag((s.seats, p.id)) OVER (PARTITION BY l.no, l.life ORDER BY s.k) AS changes
FROM life l
JOIN customer c USING (no)
JOIN seats s ON s.no = l.no AND s.k BETWEEN l.from_k AND coalesce(l.to_k, 1000)
JOIN price p ON p.product_no = c.product_no AND p.year = s.price_year AND p.is_yearly = l.is_yearly;
CREATE INDEX ON billed (no);
ANALYZE billed;

CREATE UNLOGGED TABLE company_stripe.customer (
    id text PRIMARY KEY, name text, email text, description text, created timestamp, currency text, delinquent boolean, is_deleted boolean, livemode boolean,
    metadata jsonb, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_stripe.customer
SELECT stripe_id, name, 'billing@account-' || key || '.example', 'Generated demo customer', started_on, 'usd', false, false, NOT is_test, jsonb_build_object('salesforce_account_id', sf_id)
FROM customer;

CREATE UNLOGGED TABLE company_stripe.product (id text PRIMARY KEY, name text, active boolean, type text, created timestamp, metadata jsonb, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_stripe.product SELECT id, name, true, 'service', timestamp '2020-01-01', (SELECT jsonb_build_object('features', jsonb_agg(f.name ORDER BY nth)) FROM feature f WHERE nth <= feature_count) FROM product;

CREATE UNLOGGED TABLE company_stripe.price (
    id text PRIMARY KEY, product_id text, active boolean, billing_scheme text, created timestamp, currency text, nickname text, type text, recurring_interval text,
    recurring_interval_count integer, recurring_usage_type text, unit_amount bigint, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_stripe.price
SELECT id, product_id, year = 2026, 'per_unit', make_date(year, 1, 1), 'usd', 'List price of ' || year, 'recurring', CASE WHEN is_yearly THEN 'year' ELSE 'month' END, 1, 'licensed', unit_amount FROM price;

-- A change of seats or price is a new item; the one before it ends when it is created
CREATE UNLOGGED TABLE company_stripe.subscription_item (
    id text PRIMARY KEY, subscription_id text, plan_id text, quantity integer, created timestamp, current_period_start timestamp, current_period_end timestamp, metadata jsonb,
    _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_stripe.subscription_item
SELECT company_made.vendor_id('si_', key, life::text, k::text), subscription_id, price_id, seats, CASE k WHEN 0 THEN coalesce(trial_on, starts_on) ELSE starts_on END, starts_on, ends_on, '{}' FROM billed WHERE changes;

-- Every version of a subscription: begun (some with a trial of 14 days), paused, past due, notice given, ended
CREATE UNLOGGED TABLE company_stripe.subscription_history (
    id text, _fivetran_start timestamp, _fivetran_end timestamp, _fivetran_active boolean, customer_id text, status text, billing text, billing_cycle_anchor timestamp, created timestamp,
    start_date timestamp, trial_start timestamp, trial_end timestamp, current_period_start timestamp, current_period_end timestamp, cancel_at timestamp, cancel_at_period_end boolean,
    canceled_at timestamp, cancellation_details_reason text, ended_at timestamp, pause_collection_behavior text, pause_collection_resumes_at timestamp, quantity integer,
    livemode boolean, metadata jsonb, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00', PRIMARY KEY (id, _fivetran_start));
INSERT INTO company_stripe.subscription_history
WITH version AS (
    SELECT l.*, c.stripe_id AS customer_id, e.at, lead(e.at) OVER (PARTITION BY l.no, l.life ORDER BY e.at) AS until
    FROM life l JOIN customer c USING (no),
         LATERAL (SELECT l.trial_on AS at UNION SELECT l.starts_on
                  UNION SELECT on_day FROM pause p, LATERAL (VALUES (p.starts_on), (p.ends_on)) v(on_day) WHERE p.no = l.no
                  UNION SELECT on_day FROM failed_payment f, LATERAL (VALUES (f.failed_on), (coalesce(f.recovered_on, f.failed_on + 45))) v(on_day) WHERE f.no = l.no
                  -- the renewals of the year, or of the last months, tell the period that is current
                  UNION SELECT s.starts_on FROM seats s WHERE s.no = l.no AND s.starts_on > l.starts_on AND CASE WHEN l.is_yearly THEN s.k % 12 = 0 ELSE s.starts_on > company_made.last_day() - 31 END
                  UNION SELECT l.noticed_on UNION SELECT l.ends_on) e
    WHERE e.at IS NOT NULL AND e.at >= least(l.trial_on, l.starts_on) AND e.at <= coalesce(l.ends_on, 'infinity') AND e.at <= company_made.last_day())
SELECT v.stripe_id, v.at, coalesce(v.until, 'infinity'), v.until IS NULL, v.customer_id,
       CASE WHEN v.at = v.ends_on THEN 'canceled' WHEN v.at < v.starts_on THEN 'trialing'
            WHEN EXISTS (SELECT FROM failed_payment f WHERE f.no = v.no AND v.at >= failed_on AND v.at < coalesce(recovered_on, failed_on + 45)) THEN 'past_due' ELSE 'active' END,
       'charge_automatically', v.starts_on, coalesce(v.trial_on, v.starts_on), coalesce(v.trial_on, v.starts_on), v.trial_on, v.starts_on + CASE WHEN v.trial_on IS NOT NULL THEN 0 END,
       period.starts_on, period.ends_on, CASE WHEN v.at >= v.noticed_on AND v.noticed_on < v.ends_on THEN v.ends_on END, coalesce(v.at >= v.noticed_on AND v.at < v.ends_on, false),
       CASE WHEN v.at >= v.noticed_on THEN v.noticed_on END, CASE WHEN v.at >= v.noticed_on THEN CASE WHEN v.is_involuntary THEN 'payment_failed' ELSE 'cancellation_requested' END END,
       CASE WHEN v.at = v.ends_on THEN v.ends_on END, CASE WHEN p.no IS NOT NULL THEN 'void' END, p.ends_on, seats.seats, true, '{}'
FROM version v
     LEFT JOIN pause p ON p.no = v.no AND v.at >= p.starts_on AND v.at < p.ends_on,
     LATERAL (SELECT s.starts_on AS on_day, s.k - CASE WHEN v.is_yearly THEN s.k % 12 ELSE 0 END AS k, s.seats FROM seats s WHERE s.no = v.no AND s.starts_on <= greatest(v.at, v.starts_on) ORDER BY s.k DESC LIMIT 1) seats,
     LATERAL (SELECT (c.started_on + seats.k * interval '1 month')::date AS starts_on, (c.started_on + (seats.k + CASE WHEN v.is_yearly THEN 12 ELSE 1 END) * interval '1 month')::date AS ends_on
              FROM customer c WHERE c.no = v.no) period;

CREATE UNLOGGED TABLE company_stripe.subscription AS
SELECT id, customer_id, status, billing, billing_cycle_anchor, created, start_date, trial_start, trial_end, current_period_start, current_period_end, cancel_at, cancel_at_period_end,
       canceled_at, cancellation_details_reason, ended_at, pause_collection_behavior, pause_collection_resumes_at, quantity, livemode, metadata, _fivetran_synced
FROM company_stripe.subscription_history WHERE _fivetran_active;
ALTER TABLE company_stripe.subscription ADD PRIMARY KEY (id);

-- Invoices of the two years and the quarter before, none in a pause; a failed charge is tried again after three and seven days, and then perhaps recovered
CREATE TEMPORARY TABLE bill AS
SELECT b.*, company_made.vendor_id('in_', b.key, b.life::text, b.k::text) AS id, b.seats * b.unit_amount AS amount,
       (b.starts_on + CASE WHEN b.is_yearly THEN interval '1 year' ELSE interval '1 month' END)::date AS period_ends_on, f.failed_on,
       CASE WHEN f.failed_on IS NULL THEN b.starts_on WHEN f.recovered_on < coalesce(b.life_ends_on, 'infinity') AND f.recovered_on <= company_made.last_day() THEN f.recovered_on END AS paid_on
FROM billed b LEFT JOIN failed_payment f USING (no, k)
WHERE b.starts_on >= company_made.first_day() - 91 AND NOT (b.is_yearly AND b.k % 12 <> 0)
  AND NOT EXISTS (SELECT FROM pause p WHERE p.no = b.no AND b.starts_on >= p.starts_on AND b.starts_on < p.ends_on);

CREATE UNLOGGED TABLE company_stripe.invoice (
    id text PRIMARY KEY, customer_id text, subscription_id text, number text, currency text, created timestamp, due_date timestamp, period_start timestamp, period_end timestamp,
    amount_due bigint, amount_paid bigint, amount_remaining bigint, subtotal bigint, tax bigint, total bigint, attempt_count integer, billing_reason text, paid boolean, status text,
    is_deleted boolean, livemode boolean, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_stripe.invoice
SELECT id, customer_id, subscription_id, 'DEMO-' || key || '-' || k, 'usd', starts_on, starts_on, starts_on, period_ends_on, amount, CASE WHEN paid_on IS NULL THEN 0 ELSE amount END,
       CASE WHEN paid_on IS NULL THEN amount ELSE 0 END, amount, 0, amount, CASE WHEN failed_on IS NULL THEN 1 ELSE 3 END,
       CASE WHEN k = 0 THEN 'subscription_create' ELSE 'subscription_cycle' END, paid_on IS NOT NULL, CASE WHEN paid_on IS NOT NULL THEN 'paid' ELSE 'open' END, false, true
FROM bill;

CREATE UNLOGGED TABLE company_stripe.charge (
    id text PRIMARY KEY, customer_id text, invoice_id text, amount bigint, currency text, created timestamp, captured boolean, paid boolean, refunded boolean, status text,
    failure_code text, failure_message text, livemode boolean, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_stripe.charge
SELECT company_made.vendor_id('ch_', b.id, attempt.on_day::text), customer_id, b.id, amount, 'usd', attempt.on_day + interval '6 hours', succeeds, succeeds, false,
       CASE WHEN succeeds THEN 'succeeded' ELSE 'failed' END, CASE WHEN NOT succeeds THEN 'card_declined' END, CASE WHEN NOT succeeds THEN 'Your card was declined.' END, true
FROM bill b,
     LATERAL (SELECT failed_on + days, false FROM (VALUES (0), (3), (7)) retry(days) WHERE failed_on IS NOT NULL UNION ALL SELECT paid_on, true) attempt(on_day, succeeds)
WHERE attempt.on_day <= company_made.last_day() AND attempt.on_day < coalesce(b.life_ends_on, 'infinity');

\qecho '  Pendo: users and what they use'

-- Users of an account, the champion first; others come and go with the seats. A champion who left is followed by another (nth).
CREATE TEMPORARY TABLE visitor AS
WITH team AS (
    SELECT s.no, s.key, j, min(s.starts_on) FILTER (WHERE users >= j) AS needed_on, max(s.ends_on) FILTER (WHERE users >= j) AS needed_until, max(s.ends_on) AS ends_on
    FROM seats s JOIN customer c USING (no), LATERAL (SELECT ceil(s.seats * c.seat_use)::integer AS users) u, generate_series(1, users) j
    GROUP BY s.no, s.key, j)
SELECT t.no, t.key, j, 0 AS nth, greatest(needed_on, o.kickoff_on) + CASE j WHEN 1 THEN 0 ELSE floor(45 * company_made.dice(:seed, t.key, j::text, 'joins'))::integer END AS joined_on,
       CASE WHEN needed_until < ends_on THEN needed_until ELSE 'infinity' END AS left_on
FROM team t JOIN onboarding o USING (no) WHERE j > 1
UNION ALL
SELECT no, key, 1, row_number() OVER champions, came_on, coalesce(lead(left_on) OVER champions, 'infinity')
FROM (SELECT no, key, kickoff_on AS came_on, NULL::date AS left_on FROM onboarding
      UNION ALL SELECT a.no, c.key, a.to_on, a.began_on FROM cause a JOIN customer c USING (no) WHERE cause = 'champion_left') champion
WINDOW champions AS (PARTITION BY no ORDER BY came_on);
DELETE FROM visitor WHERE joined_on >= left_on OR joined_on > company_made.last_day();
ALTER TABLE visitor ADD id text, ADD person text, ADD account_id text, ADD hours_ahead integer, ADD feature_count integer, ADD stays float8, ADD visits_a_week float8;
UPDATE visitor v
SET person = p.person, account_id = c.sf_id, hours_ahead = c.hours_ahead, feature_count = product.feature_count, id = 'user' || v.j || CASE WHEN v.nth > 1 THEN chr(96 + v.nth::integer) ELSE '' END || '@account-' || v.key || '.example',
    stays = CASE v.j WHEN 1 THEN 1 ELSE company_made.dice(:seed, p.person, 'stays') END,
    visits_a_week = least(5, 1.75 / sqrt(v.j) * c.intensity * (0.75 + 0.5 * company_made.dice(:seed, p.person, 'visits')))
FROM customer c JOIN product ON product.no = c.product_no, (SELECT no, j, nth, key || '-' || j || '-' || nth AS person FROM visitor) p WHERE c.no = v.no AND (p.no, p.j, p.nth) = (v.no, v.j, v.nth);
CREATE INDEX ON visitor (no);
ANALYZE visitor;

-- What kind of week an account has. A decline takes six weeks to its depth, and three to recover.
CREATE TEMPORARY TABLE week AS
SELECT l.no, l.key, w AS week_no, w::text AS week, monday, l.starts_on AS life_starts_on, least(l.ends_on, company_made.last_day() + 1) AS stops_on,
       coalesce(d.depth, 0) AS depth, o.value_on > monday AS before_value,
       EXISTS (SELECT FROM cause a WHERE a.no = l.no AND a.cause = 'champion_left' AND monday >= a.began_on AND monday < a.to_on) AS without_champion
FROM life l
JOIN onboarding o USING (no),
     generate_series(0, 104) w, LATERAL (SELECT company_made.first_day() + 7 * w AS monday) m,
     LATERAL (SELECT max(greatest(0, least(1, (monday - began_on) / 42.0, 1 - (monday - to_on) / 21.0)))::float8 AS depth
              FROM cause a WHERE a.no = l.no AND a.cause = 'usage_decline' AND monday > began_on) d
WHERE monday > l.starts_on - 7 AND monday < coalesce(l.ends_on, 'infinity')
  AND NOT EXISTS (SELECT FROM pause p WHERE p.no = l.no AND monday + 6 >= p.starts_on AND monday < p.ends_on);
CREATE INDEX ON week (no);
ANALYZE week;

CREATE UNLOGGED TABLE company_pendo.feature_history (
    id text PRIMARY KEY, last_updated_at timestamp, name text, created_at timestamp, is_core_event boolean, app_id text, group_id text, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_pendo.feature_history
SELECT id, company_made.last_day(), name, released_on, nth <= 7, '-1', 'demo' FROM feature;

CREATE UNLOGGED TABLE company_pendo.feature_event (
    account_id text, visitor_id text, feature_id text, app_id text, "timestamp" timestamp, num_events bigint, num_minutes integer, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
-- OFFSET 0: a throw is thrown once, however often it is named
INSERT INTO company_pendo.feature_event
SELECT v.account_id, v.id, coalesce(f.id, dashboards.id), '-1', day + interval '1 hour' * (9 - v.hours_ahead + floor(8 * hour)),
       1 + floor(-12 * (1 - 0.1 * w.depth) * ln(1 - events))::bigint, 1 + floor(30 * events)::integer
FROM week w
JOIN visitor v ON v.no = w.no AND v.joined_on <= w.monday + 6 AND v.left_on > w.monday,
     -- in a decline users stay away, the others come less often, to fewer features; before the first value all of it is slow
     LATERAL (SELECT floor(CASE WHEN v.stays < greatest(0.5 * w.depth, CASE WHEN w.without_champion THEN 0.6 ELSE 0 END) THEN 0
                                ELSE v.visits_a_week * (1 - 0.25 * w.depth) * CASE WHEN w.before_value THEN 0.5 ELSE 1 END + company_made.dice(:seed, v.person, w.week, 'visits') END)::integer AS visits,
                     floor(5 * company_made.dice(:seed, v.person, w.week, 'first day'))::integer AS first_day OFFSET 0) n,
     generate_series(1, n.visits) visit,
     -- different days of a week, from Monday to Friday in any order; one visit in forty on a Saturday
     LATERAL (SELECT w.monday + CASE WHEN company_made.dice(:seed, v.person, w.week, visit::text, 'saturday') < 0.025 THEN 5 ELSE (n.first_day + 2 * visit) % 5 END AS day,
                     company_made.dice(:seed, v.person, w.week, visit::text, 'hour') AS hour, company_made.dice(:seed, v.person, w.week, visit::text, 'events') AS events,
                     1 + floor(v.feature_count * (1 - 0.5 * w.depth) * CASE WHEN w.before_value THEN 0.3 ELSE 1 END * company_made.dice(:seed, v.person, w.week, visit::text, 'feature') ^ 1.5)::integer AS feature OFFSET 0) throw
     LEFT JOIN feature f ON f.nth = throw.feature AND f.released_on <= day
     JOIN feature dashboards ON dashboards.nth = 1
WHERE day >= w.life_starts_on AND day >= v.joined_on AND day < v.left_on AND day < w.stops_on;
-- One account in fifty has a bot, which calls the API every night
INSERT INTO company_pendo.feature_event
SELECT c.sf_id, 'bot@account-' || c.key || '.example', company_made.vendor_id('', 'feature', 'API'), '-1', day + interval '3 hours', 500, 60
FROM customer c JOIN week w USING (no), generate_series(0, 6) n, LATERAL (SELECT w.monday + n AS day) d WHERE c.no % 50 = 7 AND day >= w.life_starts_on AND day < w.stops_on;

CREATE UNLOGGED TABLE company_pendo.account_history (
    id text PRIMARY KEY, last_updated_at timestamp, agent_name text, agent_salesforceaccountid text, agent_is_paying boolean, first_visit timestamp, last_visit timestamp, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_pendo.account_history
SELECT c.sf_id, company_made.last_day(), c.name, c.sf_id, true, e.first_visit, e.last_visit
FROM customer c LEFT JOIN (SELECT account_id, min("timestamp") AS first_visit, max("timestamp") AS last_visit FROM company_pendo.feature_event GROUP BY account_id) e ON e.account_id = c.sf_id;

CREATE UNLOGGED TABLE company_pendo.visitor_history (
    id text PRIMARY KEY, last_updated_at timestamp, account_id text, agent_email text, agent_role text, first_visit timestamp, last_visit timestamp, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_pendo.visitor_history
SELECT e.visitor_id, company_made.last_day(), e.account_id, e.visitor_id, CASE WHEN v.id IS NULL THEN 'bot' WHEN v.j = 1 THEN 'admin' WHEN v.j % 3 = 2 THEN 'analyst' ELSE 'viewer' END, first_visit, last_visit
FROM (SELECT account_id, visitor_id, min("timestamp") AS first_visit, max("timestamp") AS last_visit FROM company_pendo.feature_event GROUP BY account_id, visitor_id) e LEFT JOIN visitor v ON v.id = e.visitor_id;

\qecho '  Zendesk: tickets and their history'

-- Two kinds of ticket a week at most: how-to questions, of which some accounts have many (and leave no more often), and trouble;
-- and the escalations that stay open for weeks.
CREATE TEMPORARY TABLE ticket AS
WITH asked AS (
    SELECT w.no, w.key, w.week || t.kind AS nth, t.kind, w.monday + floor(5 * company_made.dice(:seed, w.key, w.week, t.kind, 'day'))::integer AS opened_on, w.life_starts_on, w.stops_on, NULL::date AS solved_on
    FROM week w, LATERAL (VALUES ('how_to', 0.02 + 0.4 * company_made.dice(:seed, w.key, 'asks') ^ 3), ('trouble', 0.07)) t(kind, share)
    WHERE company_made.dice(:seed, w.key, w.week, t.kind) < t.share
    UNION ALL
    SELECT a.no, l.key, a.began_on::text, 'escalation', a.began_on, l.starts_on, least(l.ends_on, company_made.last_day() + 1), a.to_on - 60
    FROM cause a JOIN life l ON l.no = a.no AND a.began_on >= l.starts_on WHERE a.cause = 'unresolved_escalation'),
thrown AS (
    SELECT a.*, c.zendesk_id, c.sf_id, a.opened_on + interval '1 hour' * (9 - c.hours_ahead + 8 * company_made.dice(:seed, a.key, nth, 'hour')) AS opened_at, stops_on::timestamp AS stops_at,
           CASE kind WHEN 'how_to' THEN 'how_to'
                     ELSE company_made.pick(company_made.dice(:seed, a.key, nth, 'topic'), VARIADIC CASE kind WHEN 'trouble' THEN '{billing,exports,integrations,integrations,product}' ELSE '{exports,integrations}' END::text[]) END AS topic,
           kind = 'escalation' OR kind = 'trouble' AND company_made.dice(:seed, a.key, nth, 'escalated') < 0.06 AS escalates,
           interval '1 hour' * -4 * ln(1 - company_made.dice(:seed, a.key, nth, 'reply')) AS reply_after,
           interval '1 hour' * -22 * ln(1 - company_made.dice(:seed, a.key, nth, 'solve')) AS solve_after,
           kind = 'trouble' AND company_made.dice(:seed, a.key, nth, 'never') < 0.02 AS never_solved,
           kind <> 'escalation' AND company_made.dice(:seed, a.key, nth, 'reopened') < 0.09 AS reopens,
           1 + floor(3 * company_made.dice(:seed, a.key, nth, 'replies'))::integer AS replies,
           -- asked by the champion or another of the first five
           1 + floor(5 * company_made.dice(:seed, a.key, nth, 'requester') ^ 2)::integer AS requester_no,
           CASE WHEN kind = 'how_to' AND company_made.dice(:seed, a.key, nth, 'rubbish') < 0.02 THEN company_made.pick(company_made.dice(:seed, a.key, nth, 'spam'), 'deleted', 'spam') END AS rubbish
    FROM asked a JOIN customer c USING (no)
    WHERE opened_on >= life_starts_on AND opened_on < stops_on),
timed AS (
    SELECT *, opened_at + reply_after AS first_reply_at, CASE WHEN escalates THEN opened_at + interval '20 hours' + reply_after * 4 END AS escalates_at,
           CASE WHEN never_solved THEN NULL WHEN solved_on IS NOT NULL THEN solved_on + interval '15 hours' WHEN escalates THEN opened_at + interval '2 days' + solve_after * 3 ELSE opened_at + reply_after + solve_after END AS first_solved_at
    FROM thrown WHERE opened_at < stops_at)
SELECT *, no * 1000 + row_number() OVER (PARTITION BY no ORDER BY opened_at, nth) AS id, 396000000000 + no * 1000 + requester_no AS requester_id, 395000000001 + no % 8 AS agent_id,
       CASE WHEN reopens THEN first_solved_at + interval '30 hours' END AS reopened_at, CASE WHEN reopens THEN first_solved_at + interval '30 hours' + solve_after END AS solved_again_at
FROM timed;

-- What happens to a ticket, until the account leaves; then those still open are closed
CREATE UNLOGGED TABLE company_zendesk.ticket_field_history (
    ticket_id bigint, field_name text, updated timestamp, value text, user_id bigint, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00', PRIMARY KEY (ticket_id, field_name, updated));
INSERT INTO company_zendesk.ticket_field_history
SELECT t.id, e.field_name, e.at, e.value, CASE WHEN e.by_agent THEN t.agent_id ELSE t.requester_id END
FROM ticket t,
     LATERAL (SELECT coalesce(t.solved_again_at, t.first_solved_at) AS solved_at, company_made.dice(:seed, t.key, t.nth, 'answers') AS answers, company_made.dice(:seed, t.key, t.nth, 'good') AS good) s,
     LATERAL (VALUES ('status', opened_at, 'new', false), ('status', first_reply_at, 'pending', true), ('status', first_solved_at, 'solved', true),
                     ('status', reopened_at, 'open', false), ('status', solved_again_at, 'solved', true),
                     ('priority', opened_at, CASE topic WHEN 'how_to' THEN 'low' ELSE 'normal' END, false), ('priority', escalates_at, 'urgent', true), ('tags', escalates_at, 'escalated', true),
                     ('satisfaction_score', solved_at + interval '1 day', CASE WHEN answers < 0.7 THEN 'offered' END, true),
                     ('satisfaction_score', solved_at + interval '1 day' + 40 * answers * interval '1 hour',
                      CASE WHEN answers < 0.28 THEN CASE WHEN good < CASE WHEN escalates THEN 0.55 ELSE 0.86 END THEN 'good' ELSE 'bad' END END, false)) e(field_name, at, value, by_agent)
WHERE e.at < t.stops_at AND e.value IS NOT NULL AND (rubbish IS NULL OR e.at = opened_at);
INSERT INTO company_zendesk.ticket_field_history
SELECT t.id, 'status', t.stops_at, 'closed', t.agent_id FROM ticket t WHERE stops_on <= company_made.last_day() AND (coalesce(solved_again_at, first_solved_at) < stops_at) IS NOT TRUE;

CREATE UNLOGGED TABLE company_zendesk.ticket (
    id bigint PRIMARY KEY, created_at timestamp, updated_at timestamp, organization_id bigint, requester_id bigint, submitter_id bigint, assignee_id bigint, status text, priority text, type text,
    subject text, description text, via_channel text, is_public boolean, custom_topic text, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_zendesk.ticket
SELECT t.id, opened_at, h.updated_at, zendesk_id, requester_id, requester_id, agent_id, CASE rubbish WHEN 'deleted' THEN 'deleted' ELSE h.status END, h.priority,
       CASE topic WHEN 'how_to' THEN 'question' ELSE 'incident' END,
       CASE rubbish WHEN 'spam' THEN 'You have won a prize' ELSE company_made.pick(throw.subject, VARIADIC text.subjects) END,
       CASE rubbish WHEN 'spam' THEN 'Click here to claim it.' ELSE company_made.pick(throw.first, VARIADIC text.firsts) || ' ' || company_made.pick(throw.second, VARIADIC text.seconds) END,
       company_made.pick(throw.channel, 'email', 'web', 'chat'), true, topic
FROM ticket t
JOIN (VALUES
    ('how_to', '{How do I share a dashboard?,Question about filters,How can I schedule a report?}'::text[],
     '{How can I do this?,"We are new to this and could not find it in the help pages.","Where do I set this up?"}'::text[], '{A link to the documentation would be enough.,"No hurry, thanks.",Our team would like to learn it.}'::text[]),
    ('billing', '{Invoice is not clear,Charged for the wrong number of seats,Question about our last invoice}',
     '{"We do not understand the amount on the invoice.","The invoice shows more seats than we use.",The price on the invoice differs from our contract.}', '{Please explain the charge.,Our finance team is asking.,Can you send a corrected invoice?}'),
    ('exports', '{Export takes hours,CSV export times out,Slow exports}',
     '{The export of our reports is very slow.,"Exports that took a minute take an hour now.",The download fails with a timeout.}', '{We need the file every morning.,It became worse this week.,Smaller exports work.}'),
    ('integrations', '{Integration stopped syncing,Connector fails with an error,Data from the CRM is missing}',
     '{The integration with our CRM is broken.,The connector disconnects every night.,The sync fails since the last update.}', '{Our dashboards show old data.,We reconnected it twice without success.,Several teams depend on it.}'),
    ('product', '{Feature request: custom roles,Missing feature in reports,Is there a way to group alerts?}',
     '{We miss a feature that we had before.,It is not possible to set permissions by team.,The report lacks a comparison with last year.}', '{Is it on your roadmap?,Without it we work around in spreadsheets.,Other tools have this.}')
    ) text(topic, subjects, firsts, seconds) USING (topic),
     LATERAL (SELECT company_made.dice(:seed, key, nth, 'subject') AS subject, company_made.dice(:seed, key, nth, 'first') AS first, company_made.dice(:seed, key, nth, 'second') AS second,
                     company_made.dice(:seed, key, nth, 'channel') AS channel) throw
JOIN (SELECT ticket_id, max(updated) AS updated_at, (array_agg(value ORDER BY updated DESC) FILTER (WHERE field_name = 'status'))[1] AS status,
             (array_agg(value ORDER BY updated DESC) FILTER (WHERE field_name = 'priority'))[1] AS priority
      FROM company_zendesk.ticket_field_history GROUP BY ticket_id) h ON true
WHERE h.ticket_id = t.id;

CREATE UNLOGGED TABLE company_zendesk.ticket_tag (ticket_id bigint, tag text, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00', PRIMARY KEY (ticket_id, tag));
INSERT INTO company_zendesk.ticket_tag
SELECT id, tag FROM ticket, LATERAL (VALUES ('escalated', rubbish IS NULL AND escalates_at < stops_at), ('spam', rubbish = 'spam')) v(tag, holds) WHERE holds;

CREATE UNLOGGED TABLE company_zendesk.ticket_comment (id bigint PRIMARY KEY, ticket_id bigint, user_id bigint, created timestamp, body text, public boolean, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_zendesk.ticket_comment
SELECT t.id * 10 + n, t.id, CASE n WHEN 0 THEN t.requester_id ELSE t.agent_id END, at, CASE n WHEN 0 THEN k.description ELSE 'Thank you for writing to us. ' || company_made.pick(company_made.dice(:seed, key, nth, n::text), 'We look into it.', 'Here is how to go on.', 'It should work now.') END, true
FROM ticket t JOIN company_zendesk.ticket k USING (id), generate_series(0, replies) n,
     -- the replies are spread between the first one and the solve
     LATERAL (SELECT CASE n WHEN 0 THEN opened_at ELSE first_reply_at + (n - 1) * (coalesce(first_solved_at, first_reply_at + interval '1 day') - first_reply_at) / replies END AS at) a
WHERE at < stops_at AND (n = 0 OR rubbish IS NULL);

CREATE UNLOGGED TABLE company_zendesk.organization (id bigint PRIMARY KEY, name text, external_id text, created_at timestamp, updated_at timestamp, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_zendesk.organization SELECT zendesk_id, name, sf_id, started_on, started_on FROM customer;

CREATE UNLOGGED TABLE company_zendesk."user" (
    id bigint PRIMARY KEY, name text, email text, role text, organization_id bigint, active boolean, created_at timestamp, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_zendesk."user"
SELECT 396000000000 + no * 1000 + n, 'User ' || n || ' of ' || name, 'user' || n || '@account-' || key || '.example', 'end-user', zendesk_id, true, started_on FROM customer, generate_series(1, 5) n
UNION ALL SELECT 395000000000 + n, 'Demo agent ' || n, 'agent' || n || '@demo.example', 'agent', NULL, true, timestamp '2020-01-01' FROM generate_series(1, 8) n;

\qecho '  Qualtrics: NPS and CES'

CREATE TEMPORARY TABLE survey AS  -- NPS each quarter to the champion and another user, CES after some of the solved tickets
SELECT 'NPS' AS kind, c.no, c.key, q::text || '/' || v.j AS nth, v.id AS email, NULL::bigint AS ticket_id, sent_on + interval '14 hours' AS sent_at, least(l.ends_on, company_made.last_day() + 1)::timestamp AS stops_at,
       8.1 + 0.9 * company_made.normal(:seed, c.key, 'mood') + 1.6 * company_made.normal(:seed, c.key, q::text, v.j::text, 'nps')
       - EXISTS (SELECT FROM cause a WHERE a.no = c.no AND sent_on >= a.from_on AND sent_on < a.to_on)::integer AS score, 0 AS lowest, 10 AS highest
FROM customer c
JOIN life l USING (no), generate_series(0, 8) q, LATERAL (SELECT company_made.first_day() + 91 * q + floor(91 * company_made.dice(:seed, c.key, 'survey day'))::integer AS sent_on) s
JOIN visitor v ON v.j IN (1, 3) AND v.joined_on <= sent_on AND v.left_on > sent_on
WHERE v.no = c.no AND sent_on >= l.starts_on + 30 AND sent_on < coalesce(l.ends_on, 'infinity') AND sent_on <= company_made.last_day()
UNION ALL
SELECT 'CES', no, key, id::text, 'user' || requester_no || '@account-' || key || '.example', id, first_solved_at + interval '2 hours', stops_at,
       5.5 + 1.3 * company_made.normal(:seed, key, nth, 'ces') - CASE WHEN escalates THEN 1 ELSE 0 END, 1, 7
FROM ticket WHERE first_solved_at + interval '2 hours' < stops_at AND rubbish IS NULL AND company_made.dice(:seed, key, nth, 'ces sent') < 0.3;
ALTER TABLE survey ADD contact_id text, ADD answered_at timestamp, ADD response_id text;
UPDATE survey SET contact_id = company_made.vendor_id('CID_', email),
                  answered_at = CASE WHEN company_made.dice(:seed, key, kind, nth, 'answers') < 0.38 THEN sent_at + 9 * company_made.dice(:seed, key, kind, nth, 'answered') ^ 2 * interval '1 day' END;
UPDATE survey SET answered_at = NULL WHERE answered_at >= stops_at;
UPDATE survey SET response_id = company_made.vendor_id('R_', kind, key, nth) WHERE answered_at IS NOT NULL;

CREATE UNLOGGED TABLE company_qualtrics.survey (id text PRIMARY KEY, survey_name text, survey_status text, _fivetran_deleted boolean, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_qualtrics.survey VALUES ('SV_NPS', 'Relationship NPS', 'Active', false), ('SV_CES', 'Effort after a ticket', 'Active', false);

CREATE UNLOGGED TABLE company_qualtrics.question (
    id text, survey_id text, question_text text, question_type text, _fivetran_deleted boolean, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00', PRIMARY KEY (id, survey_id));
INSERT INTO company_qualtrics.question VALUES
    ('QID1', 'SV_NPS', 'How likely are you to recommend us? (0 to 10)', 'MC', false),
    ('QID1', 'SV_CES', 'It was easy to get my issue handled. (1 strongly disagree to 7 strongly agree)', 'MC', false);

CREATE UNLOGGED TABLE company_qualtrics.distribution (
    id text PRIMARY KEY, survey_link_survey_id text, send_date timestamp, request_type text, _fivetran_deleted boolean, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_qualtrics.distribution
SELECT DISTINCT company_made.vendor_id('EMD_', kind, sent_at::date::text), 'SV_' || kind, date_trunc('day', sent_at), 'Invite', false FROM survey;

CREATE UNLOGGED TABLE company_qualtrics.directory_contact (
    id text PRIMARY KEY, directory_id text, email text, ext_ref text, creation_date timestamp, directory_unsubscribed boolean, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_qualtrics.directory_contact
SELECT contact_id, 'POOL_demo', email, sf_id, min(sent_at), false FROM survey JOIN customer USING (no) GROUP BY contact_id, email, sf_id;

CREATE UNLOGGED TABLE company_qualtrics.distribution_contact (
    contact_id text, distribution_id text, contact_lookup_id text, sent_at timestamp, opened_at timestamp, response_started_at timestamp, response_completed_at timestamp, response_id text, status text,
    _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_qualtrics.distribution_contact
SELECT contact_id, company_made.vendor_id('EMD_', kind, sent_at::date::text), company_made.vendor_id('CGC_', kind, key, nth), sent_at, answered_at - interval '3 minutes', answered_at - interval '2 minutes', answered_at, response_id,
       CASE WHEN answered_at IS NULL THEN 'Success' ELSE 'SurveyFinished' END
FROM survey;

CREATE UNLOGGED TABLE company_qualtrics.survey_response (
    id text PRIMARY KEY, survey_id text, start_date timestamp, end_date timestamp, recorded_date timestamp, duration_in_seconds integer, progress integer, finished integer, status integer,
    distribution_channel text, recipient_email text, user_language text, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_qualtrics.survey_response
SELECT response_id, 'SV_' || kind, answered_at - interval '2 minutes', answered_at, answered_at, 120, 100, 1, 0, 'email', email, 'EN' FROM survey WHERE answered_at IS NOT NULL;

CREATE UNLOGGED TABLE company_qualtrics.question_response (
    _fivetran_id text PRIMARY KEY, response_id text, question_id text, question text, value text, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_qualtrics.question_response
SELECT company_made.vendor_id('', response_id, 'QID1'), response_id, 'QID1', question_text, least(highest, greatest(lowest, round(score::numeric)))::text
FROM survey JOIN company_qualtrics.question q ON q.survey_id = 'SV_' || kind WHERE answered_at IS NOT NULL;

CREATE UNLOGGED TABLE company_qualtrics.survey_embedded_data (
    response_id text, key text, value text, import_id text, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00', PRIMARY KEY (response_id, key));
INSERT INTO company_qualtrics.survey_embedded_data SELECT response_id, 'ticket_id', ticket_id::text, 'ticket_id' FROM survey WHERE answered_at IS NOT NULL AND ticket_id IS NOT NULL;

\qecho '  Salesforce: accounts, onboarding, reviews, newsletters'

CREATE UNLOGGED TABLE company_salesforce."user" (id text PRIMARY KEY, name text, email text, title text, is_active boolean, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_salesforce."user"
SELECT '005Dm' || lpad(n::text, 10, '0') || 'AAA', 'Demo CSM ' || n, 'csm' || n || '@demo.example', 'Customer Success Manager', true FROM generate_series(1, 12) n;

CREATE UNLOGGED TABLE company_salesforce.account (
    id text PRIMARY KEY, name text, industry text, owner_id text, parent_id text, created_date timestamp, type text, is_deleted boolean,
    segment_c text, region_c text, time_zone_c text, seats_c numeric, onboarding_path_c text, lifecycle_stage_c text, is_test_c boolean, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_salesforce.account
SELECT c.sf_id, CASE WHEN is_test THEN 'Internal test account' ELSE c.name END, industry, '005Dm' || lpad((1 + floor(12 * company_made.dice(:seed, c.key, 'owner')))::text, 10, '0') || 'AAA',
       -- one in twelve belongs to an account that was there before it
       CASE WHEN c.no > 20 AND company_made.dice(:seed, c.key, 'child') < 1 / 12.0 THEN '001Dm' || lpad((1 + floor(12 * company_made.dice(:seed, c.key, 'parent')))::text, 10, '0') || 'AAA' END,
       c.started_on, 'Customer', false, segment, region, time_zone, s.seats, onboarding_path,
       CASE WHEN o.value_on > s.starts_on THEN 'Onboarding' WHEN s.starts_on - c.started_on < 300 THEN 'Adoption' ELSE 'Mature' END, is_test
FROM customer c JOIN onboarding o USING (no), LATERAL (SELECT seats, starts_on FROM billed b WHERE b.no = c.no ORDER BY b.k DESC LIMIT 1) s;

CREATE UNLOGGED TABLE company_salesforce.contact (id text PRIMARY KEY, account_id text, name text, email text, title text, is_deleted boolean, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_salesforce.contact
SELECT '003Dm' || lpad(key, 10, '0') || 'AAA', sf_id, 'User 1 of ' || name, 'user1@account-' || key || '.example', 'Head of Analytics', false FROM customer;

-- Onboarding: activity_date is when it is due
CREATE UNLOGGED TABLE company_salesforce.task (
    id text PRIMARY KEY, account_id text, owner_id text, what_id text, subject text, type text, status text, is_closed boolean, is_deleted boolean, activity_date timestamp, created_date timestamp,
    completed_date_time timestamp, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_salesforce.task
SELECT '00TDm' || lpad(c.key, 9, '0') || m.nth || 'AAA', a.id, a.owner_id, a.id, m.subject, 'Onboarding', CASE WHEN done THEN 'Completed' ELSE 'Not Started' END, done, false, m.due_on, c.started_on,
       CASE WHEN done THEN m.on_day + interval '15 hours' END
FROM customer c JOIN company_salesforce.account a ON a.id = c.sf_id JOIN onboarding o USING (no) JOIN life l ON l.no = c.no AND life = 1,
     LATERAL (VALUES (1, 'Kickoff', kickoff_on, c.started_on + 7), (2, 'Data connected', connected_on, c.started_on + 21), (3, 'First dashboard', value_on, c.started_on + 30),
                     (4, 'Team rollout', rollout_on, c.started_on + 75)) m(nth, subject, on_day, due_on),
     LATERAL (SELECT m.on_day <= company_made.last_day() AND m.on_day < coalesce(l.ends_on, 'infinity') AS done) d;

-- Reviews with six of ten accounts, about each quarter, with a note; after one in twenty-five the CSM says how healthy the account feels
CREATE UNLOGGED TABLE company_salesforce.event (
    id text PRIMARY KEY, account_id text, owner_id text, subject text, type text, description text, activity_date timestamp, start_date_time timestamp, duration_in_minutes integer, is_deleted boolean,
    pulse_c numeric, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_salesforce.event
SELECT '00UDm' || lpad(c.key, 7, '0') || lpad(q::text, 3, '0') || 'AAA', a.id, a.owner_id, 'Business review', 'Call',
       CASE x.cause WHEN 'usage_decline' THEN 'Fewer of the team log in than last quarter; other priorities, they say.' WHEN 'unresolved_escalation' THEN 'Annoyed that the escalated ticket is still open.'
                    WHEN 'no_first_value' THEN 'Still no first dashboard; waiting for their data team.' WHEN 'payment_failure' THEN 'Card on file was declined, finance will look into it.'
                    WHEN 'champion_left' THEN 'Our main contact has left; need to find a new sponsor.'
                    ELSE company_made.pick(company_made.dice(:seed, c.key, q::text, 'note'), 'Good call, plans for the next quarter agreed.', 'Content. Asked about the roadmap.', 'Short check-in, nothing open.') END,
       day, day + interval '13 hours', 30, false, CASE WHEN company_made.dice(:seed, c.key, q::text, 'feels') < 0.04
           THEN least(100, greatest(0, round((76 + 8 * company_made.normal(:seed, c.key, q::text, 'pulse') - CASE WHEN x.cause IS NULL THEN 0 ELSE 34 END)::numeric))) END
FROM customer c JOIN company_salesforce.account a ON a.id = c.sf_id JOIN life l USING (no), generate_series(0, 8) q,
     LATERAL (SELECT company_made.first_day() + 91 * q + floor(91 * company_made.dice(:seed, c.key, q::text, 'review'))::integer AS day) d
     LEFT JOIN LATERAL (SELECT cause FROM cause x WHERE x.no = c.no AND day >= x.from_on AND day < x.to_on ORDER BY multiplier DESC LIMIT 1) x ON true
WHERE company_made.dice(:seed, c.key, 'reviewed') < 0.6 AND company_made.dice(:seed, c.key, q::text, 'skipped') < 0.7 AND day >= l.starts_on AND day < coalesce(l.ends_on, 'infinity') AND day <= company_made.last_day();

-- A newsletter a month; whether it is opened says nothing of whether they stay
CREATE UNLOGGED TABLE company_salesforce.campaign (id text PRIMARY KEY, name text, type text, start_date timestamp, is_deleted boolean, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_salesforce.campaign
SELECT '701Dm' || lpad(n::text, 10, '0') || 'AAA', 'Newsletter ' || to_char(company_made.first_day() + n * interval '1 month', 'YYYY-MM'), 'Newsletter', company_made.first_day() + n * interval '1 month' + interval '9 days', false FROM generate_series(0, 23) n;

CREATE UNLOGGED TABLE company_salesforce.campaign_member (
    id text PRIMARY KEY, campaign_id text, contact_id text, status text, has_responded boolean, first_responded_date timestamp, is_deleted boolean, _fivetran_synced timestamp DEFAULT '2026-07-01 04:00');
INSERT INTO company_salesforce.campaign_member
SELECT company_made.vendor_id('00v', p.id, n.id), p.id, n.id, CASE WHEN opened THEN 'Opened' ELSE 'Sent' END, opened, CASE WHEN opened THEN p.start_date + interval '1 hour' * floor(20 * company_made.dice(:seed, c.key, p.id, 'opens at')) END, false
FROM company_salesforce.campaign p, customer c JOIN life l USING (no) JOIN company_salesforce.contact n ON n.account_id = c.sf_id,
     LATERAL (SELECT company_made.dice(:seed, c.key, p.id, 'opens') < company_made.dice(:seed, c.key, 'reads newsletters') AS opened) o
WHERE p.start_date >= l.starts_on AND p.start_date < coalesce(l.ends_on, 'infinity');

\qecho '  statistics'
DO $$
DECLARE
    t record;
BEGIN
    FOR t IN SELECT schemaname, tablename FROM pg_tables WHERE schemaname LIKE 'company%' ORDER BY 1, 2 LOOP
        EXECUTE format('ANALYZE %I.%I', t.schemaname, t.tablename);
        IF t.schemaname <> 'company' THEN
            EXECUTE format('COMMENT ON TABLE %I.%I IS %L', t.schemaname, t.tablename,
                           format('Generated demo data, no real person or firm; laid out as Fivetran''s sync lands the %s of %s', t.tablename, initcap(split_part(t.schemaname, '_', 2))));
        END IF;
    END LOOP;
END
$$;
DROP TABLE product, feature, customer, month, pause, onboarding, failed_payment, cause, decision, life, seats, price, billed, bill, visitor, week, ticket, survey;
SET jit = :jit_before;
SET client_min_messages = :messages_before;
