-- Pendo: accounts, what visitors use, and answers to polls of NPS.
INSERT INTO csmetrics.connector
    VALUES ('pendo', 40, 'Accounts; events of features and pages by visitor; NPS polls', true);
INSERT INTO csmetrics.connector_table (vendor, table_name, other_names, one_of, keys) VALUES
('pendo', 'account_history', '{account}', NULL, '{id}'),
('pendo', 'visitor_history', '{visitor}', NULL, '{id}'),
('pendo', 'feature_history', '{feature}', NULL, '{id}'),
('pendo', 'feature_event', '{}', 'event', '{_fivetran_id,*}'),
('pendo', 'page_event', '{}', 'event', '{_fivetran_id,*}'),
('pendo', 'event', '{}', 'event', '{_fivetran_id,*}'),
('pendo', 'poll', '{}', NULL, '{id}'),
('pendo', 'poll_event', '{}', NULL, '{account_id,visitor_id,poll_id,timestamp}');
INSERT INTO csmetrics.connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('pendo', 'account_history', 'id', 'text', true, '{}'),
('pendo', 'account_history', 'last_updated_at', 'timestamptz', false, '{}'),
('pendo', 'account_history', 'name', 'text', false, '{agent_name,salesforce_name}'),
('pendo', 'account_history', 'plan', 'text', false, '{agent_planlevel,agent_plan}'),
('pendo', 'account_history', 'first_visit', 'timestamptz', false, '{}'),
('pendo', 'account_history', 'salesforce_account_id', 'text', false,
 '{agent_salesforceaccountid,agent_salesforce_id,salesforce_id}'),
('pendo', 'visitor_history', 'id', 'text', true, '{}'),
('pendo', 'visitor_history', 'last_updated_at', 'timestamptz', false, '{}'),
('pendo', 'visitor_history', 'account_id', 'text', false, '{}'),
('pendo', 'visitor_history', 'role', 'text', false, '{agent_role}'),
('pendo', 'feature_history', 'id', 'text', true, '{}'),
('pendo', 'feature_history', 'last_updated_at', 'timestamptz', false, '{}'),
('pendo', 'feature_history', 'name', 'text', true, '{}'),
('pendo', 'feature_event', '_fivetran_id', 'text', false, '{}'),
('pendo', 'feature_event', 'is_deleted', 'boolean', false, '{}'),
('pendo', 'feature_event', 'account_id', 'text', true, '{}'),
('pendo', 'feature_event', 'visitor_id', 'text', true, '{}'),
('pendo', 'feature_event', 'feature_id', 'text', true, '{}'),
('pendo', 'feature_event', 'timestamp', 'timestamptz', true, '{}'),
('pendo', 'feature_event', 'num_events', 'bigint', true, '{}'),
('pendo', 'page_event', '_fivetran_id', 'text', false, '{}'),
('pendo', 'page_event', 'is_deleted', 'boolean', false, '{}'),
('pendo', 'page_event', 'account_id', 'text', true, '{}'),
('pendo', 'page_event', 'visitor_id', 'text', true, '{}'),
('pendo', 'page_event', 'timestamp', 'timestamptz', true, '{}'),
('pendo', 'page_event', 'num_events', 'bigint', true, '{}'),
('pendo', 'event', '_fivetran_id', 'text', false, '{}'),
('pendo', 'event', 'is_deleted', 'boolean', false, '{}'),
('pendo', 'event', 'account_id', 'text', true, '{}'),
('pendo', 'event', 'visitor_id', 'text', true, '{}'),
('pendo', 'event', 'timestamp', 'timestamptz', true, '{}'),
('pendo', 'event', 'num_events', 'bigint', true, '{}'),
('pendo', 'poll', 'id', 'text', true, '{}'),
('pendo', 'poll', 'attribute_type', 'text', true, '{type}'),
('pendo', 'poll_event', 'is_deleted', 'boolean', false, '{}'),
('pendo', 'poll_event', 'account_id', 'text', true, '{}'),
('pendo', 'poll_event', 'visitor_id', 'text', true, '{}'),
('pendo', 'poll_event', 'poll_id', 'text', true, '{}'),
('pendo', 'poll_event', 'timestamp', 'timestamptz', true, '{}'),
('pendo', 'poll_event', 'poll_response', 'text', true, '{}');

-- Who installs Pendo often gives it the key of the CRM. Keys that are in no table of accounts are tried all the same:
-- those of visitors and answers, and of events where the accounts or the visitors are not there to tell them. Without
-- accounts they are what is known of them.
INSERT INTO csmetrics.connector_source (vendor, source, query, only_with) VALUES
('pendo', 'account', $$
    SELECT a.id AS account_key, a.name, a.plan, a.first_visit AS created_on,
           nullif(a.salesforce_account_id, '') AS crm_key, false AS only_matched
    FROM {account_history} a
    UNION ALL
    SELECT k.account_id, NULL, NULL, NULL,
           CASE WHEN NOT EXISTS (SELECT 1 FROM {account_history} x) THEN k.account_id END, true
    FROM (SELECT account_id FROM {visitor_history} v
          UNION SELECT account_id FROM {poll_event} p
          UNION SELECT e.account_id
          FROM (SELECT account_id FROM {feature_event} e UNION ALL SELECT account_id FROM {page_event} e
                UNION ALL SELECT account_id FROM {event} e) e
          WHERE NOT EXISTS (SELECT 1 FROM {account_history} x) OR NOT EXISTS (SELECT 1 FROM {visitor_history} x)) k
    WHERE k.account_id ~ '\S' AND NOT EXISTS (SELECT 1 FROM {account_history} a WHERE a.id = k.account_id) $$, NULL),
-- Events of features and of pages are different ones; table event has both again, so it is read only where there is
-- none of these.
('pendo', 'usage', $$
    SELECT coalesce(CASE WHEN e.account_id ~ '\S' THEN e.account_id END, v.account_id) AS account_key,
           e.at, e.visitor_id AS user_id, v.role,
           f.name AS feature, e.events
    FROM (SELECT account_id, visitor_id, "timestamp" AS at, num_events AS events, feature_id FROM {feature_event} e
          WHERE is_deleted IS NOT TRUE
          UNION ALL SELECT account_id, visitor_id, "timestamp", num_events, NULL FROM {page_event} e
          WHERE is_deleted IS NOT TRUE
          UNION ALL SELECT account_id, visitor_id, "timestamp", num_events, NULL FROM {event} e
          WHERE is_deleted IS NOT TRUE AND NOT EXISTS (SELECT 1 FROM {feature_event} x)
                AND NOT EXISTS (SELECT 1 FROM {page_event} x)) e
    LEFT JOIN {visitor_history} v ON v.id = e.visitor_id
    LEFT JOIN {feature_history} f
      ON f.id = e.feature_id $$, NULL),
('pendo', 'survey', $$
    SELECT coalesce(CASE WHEN e.account_id ~ '\S' THEN e.account_id END, v.account_id) AS account_key, 'nps' AS kind,
           e.poll_response::numeric AS score, e."timestamp" AS responded_at, e.visitor_id AS respondent_id,
           0 AS lowest, 10 AS highest, true AS higher_is_better
    FROM {poll_event} e
    JOIN {poll} p ON p.id = e.poll_id AND p.attribute_type ~* '^nps' AND p.attribute_type !~* 'reason'
    LEFT JOIN {visitor_history} v ON v.id = e.visitor_id
    WHERE e.is_deleted IS NOT TRUE AND e.poll_response ~ '^\d{1,2}$' $$, 'poll_event');
