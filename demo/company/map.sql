-- The model of the demo company, mapped from the tables of its vendors as you would map your own. The
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
UPDATE :"model".policy SET as_of = company.last_day(), report_from = company.first_day(), ttv_start_rule = 'milestone', backtest_count = 7;

-- What each subscription consisted of, and when: a change of seats or price is a new item, which ends the one before.
CREATE OR REPLACE VIEW company_stripe.item_in_force AS
SELECT c.metadata ->> 'salesforce_account_id' AS account_id, s.id AS subscription_id, i.quantity, i.created AS starts_at,
       least(lead(i.created) OVER (PARTITION BY s.id ORDER BY i.created), s.ended_at, s.cancel_at) AS ends_at,
       p.unit_amount, p.currency, p.recurring_interval, p.recurring_interval_count, d.name AS product, d.metadata -> 'features' AS features
FROM company_stripe.customer c
JOIN company_stripe.subscription s ON s.customer_id = c.id
JOIN company_stripe.subscription_item i ON i.subscription_id = s.id
JOIN company_stripe.price p ON p.id = i.plan_id
JOIN company_stripe.product d ON d.id = p.product_id
WHERE NOT c.is_deleted;
COMMENT ON VIEW company_stripe.item_in_force IS 'Generated demo data. What each subscription consisted of, from when to when';

-- The CRM knows who the customers are; everything below is brought to its account id.
CALL csmetrics.map(:'model', 'account', $$
    SELECT a.id AS account_id, a.name, a.segment_c AS segment, i.product AS plan, a.lifecycle_stage_c AS lifecycle_stage, a.onboarding_path_c AS onboarding_path,
           a.region_c AS region, u.name AS owner, a.parent_id, a.created_date AS created_on, a.seats_c AS seats, a.time_zone_c AS time_zone, a.is_test_c AS is_test
    FROM company_salesforce.account a
    LEFT JOIN company_salesforce."user" u ON u.id = a.owner_id
    LEFT JOIN (SELECT DISTINCT ON (account_id) account_id, product FROM company_stripe.item_in_force ORDER BY account_id, starts_at DESC) i ON i.account_id = a.id
    WHERE NOT a.is_deleted $$);

-- Money comes from the items (unit_amount is in cents), trials and pauses from the versions of the
-- subscription: a row for each item during each version. Who has given notice is in force until cancel_at.
CALL csmetrics.map(:'model', 'subscription', $$
    SELECT i.account_id, i.subscription_id, term.starts_at AS starts_on, nullif(term.ends_at, 'infinity') AS ends_on,
           csmetrics.mrr(i.unit_amount / 100.0, i.recurring_interval, i.recurring_interval_count, i.quantity) AS mrr,
           upper(i.currency) AS currency, i.product, i.product || ', by the ' || i.recurring_interval AS plan,
           CASE WHEN h.status = 'trialing' THEN 'trial' WHEN h.pause_collection_behavior IS NOT NULL THEN 'paused' ELSE h.status END AS status,
           s.canceled_at AS cancelled_on, CASE WHEN s.ended_at IS NULL AND NOT s.cancel_at_period_end THEN s.current_period_end END AS renews_on,
           s.cancellation_details_reason AS end_reason, s.cancellation_details_reason <> 'payment_failed' AS voluntary
    FROM company_stripe.item_in_force i
    JOIN company_stripe.subscription s ON s.id = i.subscription_id
    JOIN company_stripe.subscription_history h ON h.id = i.subscription_id AND h.status <> 'canceled',
         LATERAL (SELECT greatest(i.starts_at, h._fivetran_start) AS starts_at, least(i.ends_at, h._fivetran_end) AS ends_at) term
    WHERE term.starts_at < term.ends_at $$);

-- Of the people, not of the bots.
CALL csmetrics.map(:'model', 'usage', $$
    SELECT e.account_id, e."timestamp" AS at, e.visitor_id AS user_id, v.agent_role AS role, f.name AS feature, e.num_events AS events
    FROM company_pendo.feature_event e
    JOIN company_pendo.visitor_history v ON v.id = e.visitor_id AND v.agent_role <> 'bot'
    JOIN company_pendo.feature_history f ON f.id = e.feature_id $$);

-- Each product lists its features; a feature released later was nobody's before.
CALL csmetrics.map(:'model', 'entitlement', $$
    SELECT i.account_id, feature, greatest(min(i.starts_at), f.created_at) AS starts_on,
           CASE WHEN bool_and(i.ends_at IS NOT NULL) THEN greatest(max(i.ends_at), f.created_at) END AS ends_on
    FROM company_stripe.item_in_force i, jsonb_array_elements_text(i.features) feature
    JOIN company_pendo.feature_history f ON f.name = feature
    GROUP BY i.account_id, feature, f.created_at $$);

-- What the field history and the comments say of each ticket. Solved: when it was last, unless it is open again.
CREATE OR REPLACE VIEW company_zendesk.ticket_timeline AS
SELECT t.id AS ticket_id, reply.first_reply_at, coalesce(reply.agent_replies, 0) AS agent_replies,
       CASE WHEN t.status IN ('solved', 'closed') THEN change.solved_at END AS solved_at, coalesce(change.reopened, 0) AS reopened, change.escalated_at
FROM company_zendesk.ticket t
LEFT JOIN (
    SELECT c.ticket_id, min(c.created) AS first_reply_at, count(*) AS agent_replies
    FROM company_zendesk.ticket_comment c
    JOIN company_zendesk."user" u ON u.id = c.user_id AND u.role = 'agent'
    WHERE c.public GROUP BY c.ticket_id) reply ON reply.ticket_id = t.id
LEFT JOIN (
    SELECT ticket_id, max(updated) FILTER (WHERE is_solve) AS solved_at, count(*) FILTER (WHERE is_reopening) AS reopened,
           min(updated) FILTER (WHERE field_name = 'tags' AND value LIKE '%escalated%') AS escalated_at
    FROM (SELECT ticket_id, field_name, updated, value, field_name = 'status' AND value IN ('solved', 'closed') AS is_solve,
                 field_name = 'status' AND value IN ('new', 'open', 'pending', 'hold')
                 AND lag(value) OVER (PARTITION BY ticket_id, field_name ORDER BY updated) IN ('solved', 'closed') AS is_reopening
          FROM company_zendesk.ticket_field_history) h
    GROUP BY ticket_id) change ON change.ticket_id = t.id
WHERE t.status <> 'deleted' AND NOT EXISTS (SELECT FROM company_zendesk.ticket_tag g WHERE g.ticket_id = t.id AND g.tag = 'spam');
COMMENT ON VIEW company_zendesk.ticket_timeline IS 'Generated demo data. First reply, solve, reopenings and escalation of each ticket, without deleted ones and spam';

-- The requester is named by his address, as in the surveys and the usage.
CALL csmetrics.map(:'model', 'ticket', $$
    SELECT o.external_id AS account_id, t.id AS ticket_id, t.created_at AS opened_at, l.first_reply_at, l.solved_at, l.reopened, l.agent_replies,
           r.email AS requester_id, t.custom_topic AS topic, t.priority, l.escalated_at IS NOT NULL AS escalated, t.via_channel AS channel, t.subject, l.escalated_at
    FROM company_zendesk.ticket t
    JOIN company_zendesk.ticket_timeline l ON l.ticket_id = t.id
    JOIN company_zendesk.organization o ON o.id = t.organization_id
    JOIN company_zendesk."user" r ON r.id = t.requester_id $$);

-- NPS (0 to 10) and CES (1 to 7, high is easy) from Qualtrics, whose contacts carry the account as external reference: a row an
-- invitation, answered or not. CSAT from Zendesk, where it is offered, and then good or bad: the ends of a scale of 1 to 5.
CALL csmetrics.map(:'model', 'survey', $$
    SELECT c.ext_ref AS account_id, CASE d.survey_link_survey_id WHEN 'SV_NPS' THEN 'nps' ELSE 'ces' END AS kind, q.value::numeric AS score,
           i.response_completed_at AS responded_at, i.sent_at, c.email AS respondent_id, about.value AS ticket_id,
           CASE d.survey_link_survey_id WHEN 'SV_NPS' THEN 0 ELSE 1 END AS lowest, CASE d.survey_link_survey_id WHEN 'SV_NPS' THEN 10 ELSE 7 END AS highest, true AS higher_is_better
    FROM company_qualtrics.distribution_contact i
    JOIN company_qualtrics.distribution d ON d.id = i.distribution_id
    JOIN company_qualtrics.directory_contact c ON c.id = i.contact_id
    LEFT JOIN company_qualtrics.question_response q ON q.response_id = i.response_id AND q.question_id = 'QID1'
    LEFT JOIN company_qualtrics.survey_embedded_data about ON about.response_id = i.response_id AND about.key = 'ticket_id'
    UNION ALL
    SELECT o.external_id, 'csat', CASE h.answer WHEN 'good' THEN 5 WHEN 'bad' THEN 1 END, h.answered_at, h.offered_at, r.email, t.id::text, 1, 5, true
    FROM (SELECT ticket_id, min(updated) FILTER (WHERE value = 'offered') AS offered_at, max(updated) FILTER (WHERE value <> 'offered') AS answered_at,
                 max(value) FILTER (WHERE value <> 'offered') AS answer
          FROM company_zendesk.ticket_field_history WHERE field_name = 'satisfaction_score' GROUP BY ticket_id) h
    JOIN company_zendesk.ticket t ON t.id = h.ticket_id AND t.status <> 'deleted'
    JOIN company_zendesk.organization o ON o.id = t.organization_id
    JOIN company_zendesk."user" r ON r.id = t.requester_id $$);

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
