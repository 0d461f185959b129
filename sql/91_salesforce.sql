-- Salesforce: accounts with their owners, and cases where Service Cloud is in use. Opportunities say what was sold, not
-- for how long, so no subscriptions are made of them; fields of one's own (segment_c and the like) are added by a query
-- of one's own, see CONNECTORS.md.
INSERT INTO csmetrics.connector VALUES ('salesforce', 10, 'Accounts with owner and parent; cases as tickets', true);
INSERT INTO csmetrics.connector_table (vendor, table_name, other_names, one_of, keys) VALUES
('salesforce', 'account', '{account_history}', 'account', '{id}'),
('salesforce', 'user', '{}', NULL, '{id}'),
('salesforce', 'case', '{case_history}', NULL, '{id}'),
('salesforce', 'contact', '{contact_history}', NULL, '{id}');
INSERT INTO csmetrics.connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('salesforce', 'account', 'id', 'text', true, '{}'),
('salesforce', 'account', 'name', 'text', true, '{}'),
('salesforce', 'account', 'owner_id', 'text', false, '{}'),
('salesforce', 'account', 'parent_id', 'text', false, '{}'),
('salesforce', 'account', 'created_date', 'timestamptz', false, '{}'),
('salesforce', 'account', 'website', 'text', false, '{}'),
('salesforce', 'account', 'is_deleted', 'boolean', false, '{_fivetran_deleted}'),
('salesforce', 'account', '_fivetran_active', 'boolean', false, '{}'),
('salesforce', 'user', 'id', 'text', true, '{}'),
('salesforce', 'user', 'name', 'text', true, '{}'),
('salesforce', 'case', 'id', 'text', true, '{}'),
('salesforce', 'case', 'account_id', 'text', true, '{}'),
('salesforce', 'case', 'created_date', 'timestamptz', true, '{}'),
('salesforce', 'case', 'is_closed', 'boolean', true, '{}'),
('salesforce', 'case', 'closed_date', 'timestamptz', true, '{}'),
('salesforce', 'case', 'is_escalated', 'boolean', false, '{}'),
('salesforce', 'case', 'priority', 'text', false, '{}'),
('salesforce', 'case', 'origin', 'text', false, '{}'),
('salesforce', 'case', 'reason', 'text', false, '{}'),
('salesforce', 'case', 'subject', 'text', false, '{}'),
('salesforce', 'case', 'contact_id', 'text', false, '{}'),
('salesforce', 'case', 'is_deleted', 'boolean', false, '{_fivetran_deleted}'),
('salesforce', 'case', '_fivetran_active', 'boolean', false, '{}'),
('salesforce', 'contact', 'id', 'text', true, '{}'),
('salesforce', 'contact', 'email', 'text', true, '{}'),
('salesforce', 'contact', '_fivetran_active', 'boolean', false, '{}');

-- Other systems often keep the key without its last three letters, which only guard against a loss of capitals.
INSERT INTO csmetrics.connector_source (vendor, source, query, only_with) VALUES
('salesforce', 'account', $$
    SELECT a.id AS account_key, a.name, u.name AS owner, a.parent_id, a.created_date AS created_on,
           csmetrics.company_domain(a.website) AS domain, left(a.id, 15) AS crm_key
    FROM {account} a LEFT JOIN {user} u ON u.id = a.owner_id
    WHERE a.is_deleted IS NOT TRUE AND a._fivetran_active IS NOT FALSE $$, NULL),
('salesforce', 'ticket', $$
    SELECT c.account_id AS account_key, c.id AS ticket_id, c.created_date AS opened_at,
           CASE WHEN c.is_closed THEN c.closed_date END AS solved_at,
           coalesce(lower(n.email), c.contact_id) AS requester_id, c.reason AS topic, c.priority,
           c.is_escalated AS escalated, c.origin AS channel, c.subject
    FROM {case} c LEFT JOIN {contact} n ON n.id = c.contact_id AND n._fivetran_active IS NOT FALSE
    WHERE c.is_deleted IS NOT TRUE AND c._fivetran_active IS NOT FALSE $$, 'case');
