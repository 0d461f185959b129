-- The model of the demo company, connected to the tables of its vendors as you would connect yours. The
-- company is generated (generate.sql, to be run before this): no row stands for a real person or firm.
--
--     psql -X -q -v model=company -f demo/company/map.sql
\set ON_ERROR_STOP on
\if :{?model}
\else
    \set model company
\endif

CALL csmetrics.create_model(:'model');

-- Times without zone are read in the policy's time zone: UTC, in which all of these vendors write. Billing
-- goes back further than usage and support, so the reports begin with those. Two years hold seven quarters of backtest.
-- It leaves it to Stripe when a payment is given up.
UPDATE :"model".policy SET as_of = company_made.last_day(), report_from = company_made.first_day(), ttv_start_rule = 'milestone', backtest_count = 7, delinquency_days = NULL;

-- The five vendors, as far as their own columns go. The CRM is the first of them, so its keys are those of the accounts; the others name
-- them in their metadata, external ids and references.
CALL csmetrics.connect(:'model', 'salesforce', 'company_salesforce');
CALL csmetrics.connect(:'model', 'stripe', 'company_stripe');
CALL csmetrics.connect(:'model', 'zendesk', 'company_zendesk');
CALL csmetrics.connect(:'model', 'pendo', 'company_pendo');
CALL csmetrics.connect(:'model', 'qualtrics', 'company_qualtrics');

-- What this company has of its own: fields of the CRM, the topic of a ticket, and a bot that is no user.
CALL csmetrics.map(:'model', 'salesforce_account', $$
    SELECT c.*, a.segment_c AS segment, a.lifecycle_stage_c AS lifecycle_stage, a.onboarding_path_c AS onboarding_path, a.region_c AS region, a.seats_c AS seats, a.time_zone_c AS time_zone, a.is_test_c AS is_test
    FROM {connector} c JOIN company_salesforce.account a ON a.id = c.account_key $$);
CALL csmetrics.map(:'model', 'zendesk_ticket', $$
    SELECT c.*, t.custom_topic AS topic FROM {connector} c JOIN company_zendesk.ticket t ON t.id = c.ticket_id::bigint $$);
CALL csmetrics.map(:'model', 'pendo_usage', $$ SELECT * FROM {connector} c WHERE role <> 'bot' $$);

-- What follows is known to no connector.

-- What each subscription consisted of, and when.
CREATE OR REPLACE VIEW company_stripe.item_in_force AS
SELECT c.metadata ->> 'salesforce_account_id' AS account_id, s.id AS subscription_id, i.created AS starts_at,
       least(lead(i.created) OVER (PARTITION BY s.id ORDER BY i.created), s.ended_at, s.cancel_at) AS ends_at,
       d.metadata -> 'features' AS features
FROM company_stripe.customer c
JOIN company_stripe.subscription s ON s.customer_id = c.id
JOIN company_stripe.subscription_item i ON i.subscription_id = s.id
JOIN company_stripe.price p ON p.id = i.plan_id
JOIN company_stripe.product d ON d.id = p.product_id
WHERE NOT c.is_deleted;
COMMENT ON VIEW company_stripe.item_in_force IS 'Generated demo data. What each subscription consisted of, from when to when';

-- Each product lists its features; a feature released later was nobody's before.
CALL csmetrics.map(:'model', 'entitlement', $$
    SELECT i.account_id, feature, greatest(min(i.starts_at), f.created_at) AS starts_on,
           CASE WHEN bool_and(i.ends_at IS NOT NULL) THEN greatest(max(i.ends_at), f.created_at) END AS ends_on
    FROM company_stripe.item_in_force i, jsonb_array_elements_text(i.features) feature
    JOIN company_pendo.feature_history f ON f.name = feature
    GROUP BY i.account_id, feature, f.created_at $$);

-- Onboarding is kept as tasks in the CRM: the clock starts with the kickoff, the first dashboard is first value.
CALL csmetrics.map(:'model', 'milestone', $$
    SELECT account_id, subject AS milestone, completed_date_time AS reached_at, activity_date AS due_on, subject = 'Kickoff' AS is_start, subject = 'First dashboard' AS is_value
    FROM company_salesforce.task WHERE type = 'Onboarding' AND NOT is_deleted $$);

-- What else may tell how an account is: whether its last charge failed, the share of its contacts who opened the last newsletter
-- (several values of one instant count as their mean), and the pulse that its CSM felt.
CALL csmetrics.map(:'model', 'signal', $$
    SELECT c.metadata ->> 'salesforce_account_id' AS account_id, 'payment_failure' AS signal, h.created AS at, (h.status = 'failed')::integer AS value
    FROM company_stripe.charge h JOIN company_stripe.customer c ON c.id = h.customer_id
    UNION ALL
    SELECT c.account_id, 'newsletter', n.start_date + interval '7 days', (m.has_responded AND m.first_responded_date < n.start_date + interval '7 days')::integer
    FROM company_salesforce.campaign_member m JOIN company_salesforce.campaign n ON n.id = m.campaign_id JOIN company_salesforce.contact c ON c.id = m.contact_id WHERE NOT m.is_deleted
    UNION ALL
    SELECT account_id, 'pulse', start_date_time, pulse_c FROM company_salesforce.event WHERE pulse_c IS NOT NULL AND NOT is_deleted $$);
-- Two of them join the health score, the newsletter without weight: to be watched, not counted.
INSERT INTO :"model".health_signal (component, signal, weight, worst, best) VALUES ('business', 'payment_failure', 5, 1, 0), ('usage', 'newsletter', 0, 0, 1);

CALL csmetrics.refresh(:'model');
