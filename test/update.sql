-- A company small enough to read, with all that a user may have in a model: mappings, settings, rights, views of his
-- own, records of alerts, playbooks and snapshots. script/update_check makes it by an old release, and by the present
-- one.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE SCHEMA crm;
CREATE TABLE crm.account AS
SELECT n AS id, 'Customer ' || n AS name, (ARRAY['small', 'large'])[1 + n % 2] AS segment, 'CSM ' || n % 3 AS owner,
       CASE WHEN n > 30 THEN n - 30 END AS parent, 5 + n AS seats, date '2024-01-01' + n AS created_on
FROM generate_series(1, 40) n;
CREATE TABLE crm.term AS
SELECT n AS id, date '2024-01-01' + 7 * n AS starts_on,
       CASE WHEN n % 5 = 0 THEN date '2025-01-01' + 5 * n END AS ends_on,
       100 + 10 * n AS mrr, CASE WHEN n % 4 = 0 THEN 5 END AS discount_mrr,
       CASE WHEN n % 10 = 3 THEN date '2025-08-01' END AS cancelled_on, 0 AS limited_discount_mrr
FROM generate_series(1, 40) n;
CREATE TABLE crm.click AS
SELECT n AS id, timestamptz '2025-06-01 09:00+00' + (n * k % 90) * interval '1 day' AS at, 'u' || k % 4 AS user_id,
       (ARRAY['report', 'export', 'search'])[1 + k % 3] AS feature
FROM generate_series(1, 40) n, generate_series(1, 20) k;
CREATE TABLE crm.ticket AS
SELECT n AS id, n || '-' || k AS ticket,
       timestamptz '2025-03-01 08:00+00' + (n + 20 * k) * interval '1 day' AS opened_at,
       CASE WHEN k < 4 THEN timestamptz '2025-03-02 18:00+00' + (n + 20 * k) * interval '1 day' END AS solved_at,
       CASE WHEN n % 7 = 0 AND k = 2 THEN 1 ELSE 0 END AS reopened, n % 9 = 0 AS escalated, 1 + k % 2 AS agent_replies
FROM generate_series(1, 40) n, generate_series(1, 4) k;
CREATE TABLE crm.answer AS
SELECT n AS id, (ARRAY['nps', 'csat'])[1 + k % 2] AS kind, 1 + (n * k) % 5 AS score,
       timestamptz '2025-04-01 08:00+00' + (n + 30 * k) * interval '1 day' AS answered_at,
       timestamptz '2025-03-31 08:00+00' + (n + 30 * k) * interval '1 day' AS asked_at
FROM generate_series(1, 40) n, generate_series(1, 3) k;
CREATE TABLE crm.bought AS
SELECT n AS id, 'report' AS feature, date '2024-06-01' + n AS since FROM generate_series(1, 30) n;

CALL csmetrics.create_model('cs', 'integer');
CALL csmetrics.map('cs', 'account',
    'SELECT id AS account_id, name, segment, owner, parent AS parent_id, seats, created_on FROM crm.account');
CALL csmetrics.map('cs', 'subscription',
    'SELECT id AS account_id, starts_on, ends_on, mrr, discount_mrr, limited_discount_mrr, cancelled_on
     FROM crm.term');
CALL csmetrics.map('cs', 'usage', 'SELECT id AS account_id, at, user_id, feature FROM crm.click');
CALL csmetrics.map('cs', 'ticket',
    'SELECT id AS account_id, ticket AS ticket_id, opened_at, solved_at, reopened, escalated, agent_replies
     FROM crm.ticket');
CALL csmetrics.map('cs', 'survey',
    'SELECT id AS account_id, kind, score, answered_at AS responded_at, asked_at AS sent_at FROM crm.answer');
CALL csmetrics.map('cs', 'entitlement', 'SELECT id AS account_id, feature, since AS starts_on FROM crm.bought');
UPDATE cs.policy SET as_of = '2025-08-31', time_zone = 'Europe/Berlin', gap_smooth_days = 10, least_count = 3;
INSERT INTO cs.target (metric, segment, goal, note) VALUES ('nrr', 'large', '(1.2,)', 'agreed with the board');
UPDATE cs.alert_rule SET cool_down = '3 days' WHERE rule = 'gone quiet';
DELETE FROM cs.alert_rule WHERE rule = 'value overdue';
INSERT INTO cs.alert_rule (rule, condition) VALUES ('big and red', 'tier = ''Red'' AND mrr > 200');
UPDATE cs.quality_rule SET quarantine = true WHERE source = 'ticket' AND rule = 'orphan';
UPDATE cs.health_signal SET weight = 25 WHERE signal = 'depth';
CALL csmetrics.refresh('cs');
CALL csmetrics.validate('cs');
CALL csmetrics.evaluate_alerts('cs');
CALL csmetrics.run_playbooks('cs');
CALL csmetrics.take_snapshot('cs', 'of August');
UPDATE crm.click SET at = at - interval '40 days' WHERE id < 10;
UPDATE cs.policy SET as_of = '2025-09-01';
CALL csmetrics.refresh('cs');
CALL csmetrics.evaluate_alerts('cs');
CREATE ROLE csmetrics_analyst;
GRANT USAGE ON SCHEMA cs TO csmetrics_analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA cs TO csmetrics_analyst;
CREATE VIEW cs.board AS SELECT period_start_on, closing_mrr, nrr_rate FROM cs.revenue_monthly;
COMMENT ON VIEW cs.board IS 'What the board sees';
