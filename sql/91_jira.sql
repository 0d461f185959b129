-- Jira: issues as tickets, of customers' organizations or of reporters whose address is that of a known account.
INSERT INTO csmetrics.connector
    VALUES ('jira', 32, 'Issues as tickets, with resolution, reopenings and comments', true);
INSERT INTO csmetrics.connector_table (vendor, table_name, other_names, one_of, keys) VALUES
('jira', 'issue', '{}', 'issue', '{id}'),
('jira', 'user', '{}', 'user', '{id}'),
('jira', 'priority', '{}', NULL, '{id}'),
('jira', 'issue_type', '{}', NULL, '{id}'),
('jira', 'field', '{}', NULL, '{id}'),
('jira', 'field_option', '{}', NULL, '{id}'),
('jira', 'organization', '{}', NULL, '{id}'),
('jira', 'issue_field_history', '{}', NULL, '{issue_id,field_id,time,value}'),
('jira', 'issue_multiselect_history', '{}', NULL, '{issue_id,field_id,time,value}'),
('jira', 'comment', '{}', NULL, '{id}');
INSERT INTO csmetrics.connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('jira', 'issue', 'id', 'text', true, '{}'),
('jira', 'issue', 'key', 'text', false, '{}'),
('jira', 'issue', 'created', 'timestamptz', true, '{created_at}'),
('jira', 'issue', 'resolved', 'timestamptz', true, '{resolution_date}'),
('jira', 'issue', 'reporter', 'text', true, '{reporter_id}'),
('jira', 'issue', 'priority', 'text', false, '{priority_id}'),
('jira', 'issue', 'issue_type', 'text', false, '{issue_type_id}'),
('jira', 'issue', 'summary', 'text', false, '{}'),
('jira', 'issue', '_fivetran_deleted', 'boolean', false, '{}'),
('jira', 'user', 'id', 'text', true, '{account_id}'),
('jira', 'user', 'email', 'text', false, '{email_address}'),
('jira', 'user', 'account_type', 'text', false, '{}'),
('jira', 'priority', 'id', 'text', true, '{}'),
('jira', 'priority', 'name', 'text', true, '{}'),
('jira', 'issue_type', 'id', 'text', true, '{}'),
('jira', 'issue_type', 'name', 'text', true, '{}'),
('jira', 'issue_type', 'subtask', 'boolean', false, '{}'),
('jira', 'field', 'id', 'text', true, '{}'),
('jira', 'field', 'name', 'text', true, '{}'),
('jira', 'field_option', 'id', 'text', true, '{}'),
('jira', 'field_option', 'name', 'text', true, '{}'),
('jira', 'organization', 'id', 'text', true, '{}'),
('jira', 'organization', 'name', 'text', true, '{}'),
('jira', 'issue_field_history', 'issue_id', 'text', true, '{}'),
('jira', 'issue_field_history', 'field_id', 'text', true, '{}'),
('jira', 'issue_field_history', 'time', 'timestamptz', true, '{}'),
('jira', 'issue_field_history', 'value', 'text', true, '{}'),
('jira', 'issue_field_history', 'is_active', 'boolean', false, '{}'),
('jira', 'issue_multiselect_history', 'issue_id', 'text', true, '{}'),
('jira', 'issue_multiselect_history', 'field_id', 'text', true, '{}'),
('jira', 'issue_multiselect_history', 'time', 'timestamptz', true, '{}'),
('jira', 'issue_multiselect_history', 'value', 'text', true, '{}'),
('jira', 'issue_multiselect_history', 'is_active', 'boolean', false, '{}'),
('jira', 'comment', 'is_deleted', 'boolean', false, '{}'),
('jira', 'comment', 'id', 'text', false, '{}'),
('jira', 'comment', 'issue_id', 'text', true, '{}'),
('jira', 'comment', 'author_id', 'text', true, '{}'),
('jira', 'comment', 'created', 'timestamptz', true, '{}'),
('jira', 'comment', 'is_public', 'boolean', false, '{}');

-- The field Organizations of Jira Service Management, or one called Customer or Account, tells the account; else the
-- reporter's address may.
INSERT INTO csmetrics.connector_source (vendor, source, query, only_with) VALUES
('jira', 'account', $$
    SELECT v.value AS account_key, coalesce(o.name, p.name, v.value) AS name, NULL::text AS domain,
           coalesce(o.name, p.name, v.value) AS crm_key, false AS only_matched
    FROM (SELECT DISTINCT value FROM (SELECT field_id, value, is_active FROM {issue_field_history} h
                                      UNION ALL SELECT field_id, value, is_active FROM {issue_multiselect_history} h) h
          WHERE is_active IS NOT FALSE AND value <> ''
                AND field_id IN (SELECT id FROM {field} f
                                 WHERE name ~* '^(organi[sz]ations?|customers?|accounts?)$')) v
    LEFT JOIN {organization} o ON o.id = v.value
    LEFT JOIN {field_option} p ON p.id = v.value
    UNION ALL
    SELECT domain, NULL, domain, NULL, true
    FROM (SELECT DISTINCT csmetrics.company_domain(email) AS domain FROM {user} u) u
    WHERE domain IS NOT NULL $$, NULL),

-- Resolved as the issue says now; reopened when its resolution was taken back. Whoever is not the reporter replies by a
-- comment, but for apps, which are bots and rules, and other customers.
('jira', 'ticket', $$
    SELECT coalesce(a.value, csmetrics.company_domain(u.email)) AS account_key, i.id AS ticket_id,
           i.created AS opened_at, c.first_reply_at, i.resolved AS solved_at,
           -- none, if there is where to see them; else nobody knows
           coalesce(r.reopened, CASE WHEN EXISTS (SELECT 1 FROM {issue_field_history} x
                                                  WHERE x.field_id = 'resolution') THEN 0 END) AS reopened,
           coalesce(c.agent_replies, CASE WHEN EXISTS (SELECT 1 FROM {comment} x) THEN 0 END) AS agent_replies,
           coalesce(lower(u.email), i.reporter) AS requester_id,
           r.reopened_at, y.name AS topic, coalesce(p.name, i.priority) AS priority, i.summary AS subject
    FROM {issue} i
    LEFT JOIN {user} u ON u.id = i.reporter
    LEFT JOIN {priority} p ON p.id = i.priority
    LEFT JOIN {issue_type} y ON y.id = i.issue_type
    LEFT JOIN (SELECT DISTINCT ON (issue_id) issue_id, value
               FROM (SELECT issue_id, field_id, value, is_active, "time" FROM {issue_field_history} h
                     UNION ALL SELECT issue_id, field_id, value, is_active, "time" FROM {issue_multiselect_history} h) h
               WHERE is_active IS NOT FALSE AND value <> ''
                     AND field_id IN (SELECT id FROM {field} f
                                      WHERE name ~* '^(organi[sz]ations?|customers?|accounts?)$')
               ORDER BY issue_id, "time" DESC, value) a ON a.issue_id = i.id
    LEFT JOIN (SELECT issue_id, count(*) FILTER (WHERE nullif(value, '') IS NULL AND before <> '') AS reopened,
                      min("time") FILTER (WHERE nullif(value, '') IS NULL AND before <> '') AS reopened_at
               FROM (SELECT issue_id, "time", value, lag(value) OVER (PARTITION BY issue_id ORDER BY "time") AS before
                     FROM {issue_field_history} h WHERE field_id = 'resolution') h
               GROUP BY issue_id) r ON r.issue_id = i.id
    LEFT JOIN (SELECT c.issue_id, min(c.created) AS first_reply_at, count(*) AS agent_replies
               FROM {comment} c JOIN {issue} i ON i.id = c.issue_id LEFT JOIN {user} w ON w.id = c.author_id
               WHERE c.author_id <> i.reporter AND c.is_public IS NOT FALSE AND c.is_deleted IS NOT TRUE
                     AND coalesce(w.account_type, '') NOT IN ('app', 'customer')
               GROUP BY c.issue_id) c ON c.issue_id = i.id
    WHERE i._fivetran_deleted IS NOT TRUE AND y.subtask IS NOT TRUE AND coalesce(y.name, '') <> 'Epic' $$, NULL);
