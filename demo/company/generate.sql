-- The demo company: everything below is generated. No row stands for a real person or a real firm; names
-- end in a number, addresses in .example.
--
-- A maker of analytics software and its customers, 24 months to 2026-06-30, in the tables that the sync
-- tools of its vendors would have filled: billing (Stripe), CRM (Salesforce), support (Zendesk), product
-- analytics (Pendo) and surveys (Qualtrics). Why customers leave is known here, because it is planted:
-- company.truth and company.churn_truth hold the answers.
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
SET client_min_messages = warning;
SET jit = off;
DROP SCHEMA IF EXISTS company, company_stripe, company_salesforce, company_zendesk, company_pendo, company_qualtrics CASCADE;

CREATE SCHEMA company;
CREATE SCHEMA company_stripe;
CREATE SCHEMA company_salesforce;
CREATE SCHEMA company_zendesk;
CREATE SCHEMA company_pendo;
CREATE SCHEMA company_qualtrics;
COMMENT ON SCHEMA company IS 'Generated demo company: how it is made, and the truth about it. No real person or firm.';
COMMENT ON SCHEMA company_stripe IS 'Generated demo company: billing, laid out as Fivetran''s sync of Stripe does. No real person or firm.';
COMMENT ON SCHEMA company_salesforce IS 'Generated demo company: CRM, laid out as Fivetran''s sync of Salesforce does. No real person or firm.';
COMMENT ON SCHEMA company_zendesk IS 'Generated demo company: support, laid out as Fivetran''s sync of Zendesk does. No real person or firm.';
COMMENT ON SCHEMA company_pendo IS 'Generated demo company: product usage, laid out as Fivetran''s sync of Pendo does. No real person or firm.';
COMMENT ON SCHEMA company_qualtrics IS 'Generated demo company: surveys, laid out as Fivetran''s sync of Qualtrics does. No real person or firm.';

-- 24 months of 2024-07-01, a Monday, to 2026-06-30
CREATE FUNCTION company.first_day() RETURNS date LANGUAGE sql IMMUTABLE RETURN date '2024-07-01';
CREATE FUNCTION company.last_day() RETURNS date LANGUAGE sql IMMUTABLE RETURN date '2026-06-30';
COMMENT ON FUNCTION company.first_day() IS 'First day of usage, support and surveys; contracts began earlier';
COMMENT ON FUNCTION company.last_day() IS 'The last day of which anything is known';

-- STABLE, as what it calls is, so that the planner puts its body in place of the call
CREATE FUNCTION company.dice(seed bigint, VARIADIC keys text[]) RETURNS float8 LANGUAGE sql STABLE PARALLEL SAFE
RETURN (hashtextextended(array_to_string(keys, '/'), seed) & 9007199254740991)::float8 / 9007199254740992::float8;
COMMENT ON FUNCTION company.dice(bigint, text[]) IS 'A throw from 0 to below 1, uniform: the low 53 bits of a hash of the seed and the keys';

CREATE FUNCTION company.normal(seed bigint, VARIADIC keys text[]) RETURNS float8 LANGUAGE sql STABLE PARALLEL SAFE
RETURN sqrt(-2 * ln(1 - company.dice(seed, VARIADIC keys || '1'::text))) * cos(2 * pi() * company.dice(seed, VARIADIC keys || '2'::text));
COMMENT ON FUNCTION company.normal(bigint, text[]) IS 'A throw of the standard normal distribution (Box and Muller)';

CREATE FUNCTION company.pick(throw float8, VARIADIC options text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN options[1 + floor(throw * cardinality(options))::integer];
COMMENT ON FUNCTION company.pick(float8, text[]) IS 'One of the options, each as likely as the others';

CREATE FUNCTION company.vendor_id(prefix text, VARIADIC keys text[]) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN prefix || left(md5(array_to_string(keys, '/')), 14);
COMMENT ON FUNCTION company.vendor_id(text, text[]) IS 'A key that looks like those of the vendors';

\echo 'Generating the demo company (seed' :seed', ' :accounts 'accounts, health_matters' :health_matters') ...'
\echo '  accounts, contracts and prices'

CREATE TEMPORARY TABLE product AS
SELECT no, name, monthly_price, features[1:feature_count] AS features, company.vendor_id('prod_', name) AS id
FROM (VALUES (1, 'Team', 2900, 7), (2, 'Business', 4900, 9), (3, 'Enterprise', 6900, 11)) p(no, name, monthly_price, feature_count),
     (VALUES ('{Dashboards,Reports,Sharing,Assistant,Exports,Alerts,Comments,Integrations,API,Forecasts,Audit log}'::text[])) f(features);

CREATE TEMPORARY TABLE customer AS
SELECT no, key, '001Dm' || lpad(key, 10, '0') || 'AAA' AS sf_id, company.vendor_id('cus_', key) AS stripe_id, 370000000000 + no AS zendesk_id,
       company.pick(company.dice(:seed, key, 'first'), 'Amber', 'Birch', 'Cobalt', 'Dune', 'Elm', 'Flint', 'Granite', 'Hazel', 'Indigo', 'Juniper') || ' ' ||
       company.pick(company.dice(:seed, key, 'second'), 'Falcon', 'Harbour', 'Kettle', 'Lantern', 'Meadow', 'Otter', 'Quarry', 'Sail', 'Tram', 'Willow') || ' ' || key AS name,
       attribute.segment, attribute.region,
       CASE attribute.region WHEN 'Americas' THEN 'America/New_York' WHEN 'EMEA' THEN 'Europe/Berlin' ELSE 'Asia/Singapore' END AS time_zone,
       CASE attribute.region WHEN 'Americas' THEN -5 WHEN 'EMEA' THEN 1 ELSE 8 END AS hours_ahead,
       company.pick(company.dice(:seed, key, 'industry'), 'Software', 'Retail', 'Logistics', 'Health', 'Education', 'Manufacturing') AS industry,
       CASE WHEN dice.path < 0.45 THEN 'guided' WHEN dice.path < 0.8 THEN 'self_serve' ELSE 'partner' END AS onboarding_path,
       dice.term < CASE attribute.segment WHEN 'Enterprise' THEN 0.85 WHEN 'Mid-Market' THEN 0.55 ELSE 0.25 END AS is_yearly,
       CASE attribute.segment WHEN 'Enterprise' THEN 3 WHEN 'Mid-Market' THEN 2 ELSE 1 END AS product_no,
       floor(CASE attribute.segment WHEN 'Enterprise' THEN 25 + 45 * dice.seats WHEN 'Mid-Market' THEN 10 + 20 * dice.seats ELSE 3 + 7 * dice.seats END)::integer AS first_seats,
       0.55 + 0.4 * company.dice(:seed, key, 'use of seats') AS seat_use,
       0.6 + 0.8 * company.dice(:seed, key, 'intensity') AS intensity,
       -- six of ten were there before the first day, up to four years
       CASE WHEN dice.old < 0.6 THEN company.first_day() - 1 - floor(1460 * dice.began)::integer ELSE company.first_day() + floor(730 * dice.began)::integer END AS started_on,
       -- a monthly hazard that, times the causes, comes to 0.6, 1 and 1.8 % a month on the average
       CASE attribute.segment WHEN 'Enterprise' THEN 0.006 WHEN 'Mid-Market' THEN 0.010 ELSE 0.018 END / CASE WHEN :health_matters THEN 2.7 ELSE 1 END AS base_hazard,
       no = 13 AS is_test
FROM generate_series(1, :accounts) no,
     LATERAL (SELECT no::text AS key) k,
     LATERAL (SELECT company.dice(:seed, key, 'segment') AS segment, company.dice(:seed, key, 'region') AS region, company.dice(:seed, key, 'path') AS path,
                     company.dice(:seed, key, 'term') AS term, company.dice(:seed, key, 'seats') AS seats, company.dice(:seed, key, 'old') AS old,
                     company.dice(:seed, key, 'began') AS began) dice,
     LATERAL (SELECT CASE WHEN dice.segment < 0.15 THEN 'Enterprise' WHEN dice.segment < 0.5 THEN 'Mid-Market' ELSE 'SMB' END AS segment,
                     CASE WHEN dice.region < 0.45 THEN 'Americas' WHEN dice.region < 0.8 THEN 'EMEA' ELSE 'APAC' END AS region) attribute;
CREATE UNIQUE INDEX ON customer (no);
ANALYZE customer;

-- The months of the contract, from its first day on, to one month beyond the last day
CREATE TEMPORARY TABLE month AS
SELECT no, key, k, (started_on + k * interval '1 month')::date AS starts_on, (started_on + (k + 1) * interval '1 month')::date AS ends_on, is_yearly AND k % 12 <> 0 AS within_year
FROM customer, generate_series(0, 90) k
WHERE started_on + k * interval '1 month' <= company.last_day();
CREATE UNIQUE INDEX ON month (no, k);
ANALYZE month;

-- One in twenty-five pauses once, for one to three months
CREATE TEMPORARY TABLE pause AS
SELECT no, starts_on, (starts_on + (1 + floor(3 * company.dice(:seed, key, 'pause length'))) * interval '1 month')::date AS ends_on
FROM (SELECT m.*, count(*) OVER (PARTITION BY no) AS months, row_number() OVER (PARTITION BY no ORDER BY k) AS nth, company.dice(:seed, key, 'pause month') AS throw
      -- a place among all months of the two years, so that a later last day would not move it
      FROM month m WHERE starts_on >= company.first_day() AND k >= 3) m
WHERE nth = 1 + floor(24 * throw) AND company.dice(:seed, key, 'pauses') < 0.06;

\echo '  causes: what precedes churn'

-- Kickoff, data connected, first dashboard (the first value), team rollout
CREATE TEMPORARY TABLE onboarding AS
SELECT no, key, kickoff_on, kickoff_on + ceil(0.4 * delay)::integer AS connected_on, kickoff_on + ceil(delay)::integer AS value_on,
       kickoff_on + ceil(delay)::integer + 14 + floor(45 * company.dice(:seed, key, 'rollout'))::integer AS rollout_on
FROM customer,
     LATERAL (SELECT started_on + 2 + floor(8 * company.dice(:seed, key, 'kickoff'))::integer AS kickoff_on,
                     CASE WHEN company.dice(:seed, key, 'stuck') < CASE onboarding_path WHEN 'guided' THEN 0.05 WHEN 'partner' THEN 0.10 ELSE 0.35 END
                          THEN 150 + 400 * company.dice(:seed, key, 'stuck for')
                          ELSE CASE onboarding_path WHEN 'guided' THEN 19 WHEN 'partner' THEN 26 ELSE 36 END * exp(0.6 * company.normal(:seed, key, 'delay')) END AS delay) d;

-- Invoices whose charge fails; of yearly ones ten times as many, so that yearly customers are in trouble as often as monthly ones
CREATE TEMPORARY TABLE failed_payment AS
SELECT m.no, m.k, m.starts_on AS failed_on,
       CASE WHEN company.dice(:seed, m.key, m.k::text, 'recovers') < 0.8 THEN m.starts_on + 10 + floor(35 * company.dice(:seed, m.key, m.k::text, 'recovered'))::integer END AS recovered_on
FROM month m JOIN customer c USING (no)
WHERE m.k > 0 AND NOT m.within_year AND m.starts_on >= company.first_day()
  AND company.dice(:seed, m.key, m.k::text, 'fails') < CASE WHEN c.is_yearly THEN 0.24 ELSE 0.022 END
  AND NOT EXISTS (SELECT FROM pause p WHERE p.no = m.no AND m.starts_on >= p.starts_on AND m.starts_on < p.ends_on);

-- Slots of 13 weeks, in each of which each of the other causes may begin once
CREATE TEMPORARY TABLE cause AS
WITH slot AS (
    SELECT no, key, slot::text, started_on + 30 AS earliest_on, company.first_day() + 91 * slot AS slot_on FROM customer, generate_series(-3, 8) slot)
SELECT no, 'usage_decline' AS cause, began_on, began_on + 21 AS from_on, began_on + 90 + floor(150 * company.dice(:seed, key, slot, 'decline ends'))::integer AS to_on, 8 AS multiplier
FROM slot, LATERAL (SELECT slot_on + floor(91 * company.dice(:seed, key, slot, 'decline begins'))::integer AS began_on) b
WHERE company.dice(:seed, key, slot, 'decline') < 0.065 AND began_on > earliest_on
UNION ALL
SELECT no, 'champion_left', began_on, began_on, began_on + 120 + floor(120 * company.dice(:seed, key, slot, 'new champion'))::integer, 3
FROM slot, LATERAL (SELECT slot_on + floor(91 * company.dice(:seed, key, slot, 'champion leaves'))::integer AS began_on) b
WHERE company.dice(:seed, key, slot, 'champion') < 0.045 AND began_on > earliest_on
UNION ALL
-- to_on is 60 days after the ticket is solved
SELECT no, 'unresolved_escalation', began_on, began_on + 14, began_on + 20 + floor(65 * company.dice(:seed, key, slot, 'escalation solved'))::integer + 60, 5
FROM slot, LATERAL (SELECT slot_on + floor(91 * company.dice(:seed, key, slot, 'escalation begins'))::integer AS began_on) b
WHERE company.dice(:seed, key, slot, 'escalation') < 0.08 AND began_on > earliest_on AND began_on >= company.first_day()
UNION ALL
SELECT no, 'no_first_value', kickoff_on, kickoff_on + 60, value_on, 4 FROM onboarding WHERE value_on > kickoff_on + 60
UNION ALL
SELECT no, 'payment_failure', failed_on, failed_on, failed_on + 60, 6 FROM failed_payment;
DELETE FROM cause WHERE began_on > company.last_day() OR to_on <= company.first_day();
CREATE INDEX ON cause (no);
ANALYZE cause;

\echo '  who leaves, and who comes back'

-- Whether a customer would leave at the end of each month. The decision is taken, from the causes in force, as long before as notice
-- is given: 5 to 30 days. Yearly customers can leave at a renewal, twelve months' hazard at once, or when their payment fails.
CREATE TEMPORARY TABLE decision AS
SELECT m.no, m.key, m.k, m.ends_on, d.decided_on, a.causes[1] AS cause,
       throw < 1 - exp(-c.base_hazard * a.multiplier) AS leaves_monthly,
       throw < 1 - exp(-c.base_hazard * a.multiplier * CASE WHEN NOT :health_matters OR NOT is_yearly OR a.causes @> '{payment_failure}' THEN 1
                                                           WHEN (m.k + 1) % 12 = 0 THEN 12 ELSE 0 END) AS leaves
FROM month m
JOIN customer c USING (no),
     LATERAL (SELECT m.ends_on - 5 - floor(26 * company.dice(:seed, m.key, m.k::text, 'notice'))::integer AS decided_on,
                     company.dice(:seed, m.key, m.k::text, 'leaves') AS throw) d,
     LATERAL (SELECT CASE WHEN :health_matters THEN coalesce(exp(sum(ln(multiplier))), 1) ELSE 1 END AS multiplier,
                     array_agg(cause ORDER BY multiplier DESC) AS causes
              FROM (SELECT DISTINCT cause, multiplier FROM cause WHERE cause.no = m.no AND d.decided_on >= from_on AND d.decided_on < to_on) active) a
WHERE m.ends_on > company.first_day() AND d.decided_on <= company.last_day()
  AND NOT EXISTS (SELECT FROM pause p WHERE p.no = m.no AND m.ends_on >= p.starts_on AND m.starts_on < p.ends_on);

-- One in ten of those who leave comes back after two to six months, by the month. A life is a subscription.
CREATE TEMPORARY TABLE life AS
WITH first AS (
    SELECT DISTINCT ON (no) no, key, k, ends_on, decided_on, cause FROM decision WHERE leaves ORDER BY no, k),
second AS (
    SELECT f.no, f.key, m.k, m.starts_on FROM first f JOIN month m ON m.no = f.no AND m.k = f.k + 3 + floor(5 * company.dice(:seed, f.key, 'comes back after'))
    WHERE company.dice(:seed, f.key, 'comes back') < 0.1),
again AS (
    SELECT DISTINCT ON (d.no) d.no, d.k, d.ends_on, d.decided_on, d.cause FROM decision d JOIN second s ON s.no = d.no AND d.k > s.k WHERE leaves_monthly ORDER BY d.no, d.k)
SELECT c.no, c.key, 1 AS life, 0 AS from_k, f.k AS to_k, c.started_on AS starts_on, f.ends_on, f.decided_on, f.cause, c.is_yearly
FROM customer c LEFT JOIN first f USING (no)
UNION ALL
SELECT s.no, s.key, 2, s.k, a.k, s.starts_on, a.ends_on, a.decided_on, a.cause, false FROM second s LEFT JOIN again a USING (no);
ALTER TABLE life ADD stripe_id text, ADD is_involuntary boolean, ADD noticed_on date;
UPDATE life SET stripe_id = company.vendor_id('sub_', key, life::text), is_involuntary = :health_matters AND cause IS NOT DISTINCT FROM 'payment_failure';
-- Most give notice. Who does not, or is cut off, leaves on the day itself: of those beyond the last day nobody knows yet.
UPDATE life SET noticed_on = CASE WHEN :health_matters AND NOT is_involuntary AND company.dice(:seed, key, life::text, 'gives notice') < 0.85 THEN decided_on ELSE ends_on END
WHERE ends_on IS NOT NULL;
UPDATE life SET to_k = NULL, ends_on = NULL, decided_on = NULL, noticed_on = NULL, cause = NULL, is_involuntary = false WHERE noticed_on > company.last_day();
CREATE INDEX ON life (no);
ANALYZE life;

CREATE TABLE company.truth (account_id text NOT NULL, cause text NOT NULL, began_on date NOT NULL, from_on date NOT NULL, to_on date NOT NULL, hazard_multiplier integer NOT NULL);
INSERT INTO company.truth
SELECT sf_id, cause.cause, greatest(began_on, starts_on), greatest(from_on, starts_on), least(to_on, ends_on), multiplier
FROM cause JOIN customer USING (no) JOIN life USING (no)
WHERE to_on > starts_on AND began_on < coalesce(ends_on, 'infinity') AND greatest(from_on, starts_on) < least(to_on, ends_on)
ORDER BY 1, 2, 3;
COMMENT ON TABLE company.truth IS 'Generated. The planted causes of churn while an account was a customer, one row each. With health_matters=false the same ones, without effect.';
COMMENT ON COLUMN company.truth.account_id IS 'Salesforce id of the account';
COMMENT ON COLUMN company.truth.cause IS 'usage_decline, unresolved_escalation, no_first_value, payment_failure or champion_left';
COMMENT ON COLUMN company.truth.began_on IS 'Since when the data show it';
COMMENT ON COLUMN company.truth.from_on IS 'First day on which it multiplies the hazard';
COMMENT ON COLUMN company.truth.to_on IS 'The day after the last; may be later than the last day of the data';
COMMENT ON COLUMN company.truth.hazard_multiplier IS 'By how much; several at once multiply';

CREATE TABLE company.churn_truth (account_id text NOT NULL, churned_on date NOT NULL, decided_on date NOT NULL, cause text NOT NULL, is_involuntary boolean NOT NULL);
INSERT INTO company.churn_truth
SELECT sf_id, ends_on, decided_on, coalesce(cause, 'base'), is_involuntary FROM life JOIN customer USING (no) WHERE ends_on <= company.last_day() ORDER BY 1, 2;
COMMENT ON TABLE company.churn_truth IS 'Generated. Who left, and which planted cause was in force when it was decided; a row a departure.';
COMMENT ON COLUMN company.churn_truth.account_id IS 'Salesforce id of the account';
COMMENT ON COLUMN company.churn_truth.churned_on IS 'The first day on which it was no customer';
COMMENT ON COLUMN company.churn_truth.decided_on IS 'The day whose causes decided it';
COMMENT ON COLUMN company.churn_truth.cause IS 'The strongest cause in force then; base: none. With health_matters=false it decided nothing.';
COMMENT ON COLUMN company.churn_truth.is_involuntary IS 'Was it cut off after failed payments?';
