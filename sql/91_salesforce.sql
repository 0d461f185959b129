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
('salesforce', 'account', 'master_record_id', 'text', false, '{}'),
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
('salesforce', 'contact', 'account_id', 'text', false, '{}'),
('salesforce', 'contact', '_fivetran_active', 'boolean', false, '{}');

-- Other systems often keep the key without its last three letters, which only guard against a loss of capitals. An
-- account that was merged away tells into which; accounts of cases that are not in their table are tried by their keys.
INSERT INTO csmetrics.connector_source (vendor, source, query, only_with) VALUES
('salesforce', 'account', $$
    SELECT a.id AS account_key, a.name, u.name AS owner, a.parent_id, a.created_date AS created_on,
           csmetrics.company_domain(a.website) AS domain, left(a.id, 15) AS crm_key, false AS only_matched,
           NULL::text AS merged_into
    FROM {account} a LEFT JOIN {user} u ON u.id = a.owner_id
    WHERE a.is_deleted IS NOT TRUE AND a._fivetran_active IS NOT FALSE AND nullif(a.master_record_id, '') IS NULL
    UNION ALL
    SELECT DISTINCT ON (a.id) a.id, NULL, NULL, NULL, NULL::timestamptz, NULL, left(a.id, 15), true, a.master_record_id
    FROM {account} a WHERE a.master_record_id <> ''
    UNION ALL
    SELECT k.account_id, NULL, NULL, NULL, NULL, NULL, NULL, true, NULL
    FROM (SELECT coalesce(nullif(c.account_id, ''), n.account_id) AS account_id
          FROM {case} c LEFT JOIN {contact} n ON n.id = c.contact_id GROUP BY 1) k
    WHERE k.account_id <> '' AND NOT EXISTS (SELECT 1 FROM {account} a WHERE a.id = k.account_id
                                             AND (a.is_deleted IS NOT TRUE AND a._fivetran_active IS NOT FALSE
                                                  OR a.master_record_id <> '')) $$, NULL),
('salesforce', 'ticket', $$
    SELECT coalesce(nullif(c.account_id, ''), n.account_id) AS account_key, c.id AS ticket_id,
           c.created_date AS opened_at, CASE WHEN c.is_closed THEN c.closed_date END AS solved_at,
           coalesce(lower(n.email), c.contact_id) AS requester_id, c.reason AS topic, c.priority,
           c.is_escalated AS escalated, c.origin AS channel, c.subject
    FROM {case} c LEFT JOIN {contact} n ON n.id = c.contact_id AND n._fivetran_active IS NOT FALSE
    WHERE c.is_deleted IS NOT TRUE AND c._fivetran_active IS NOT FALSE $$, 'case');
