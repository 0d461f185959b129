-- Intercom: companies, conversations that a customer began as tickets, their ratings as CSAT.
INSERT INTO csmetrics.connector
    VALUES ('intercom', 31, 'Companies; conversations as tickets; ratings of conversations as CSAT', true);
INSERT INTO csmetrics.connector_table (vendor, table_name, other_names, one_of, keys) VALUES
('intercom', 'company_history', '{company}', 'company', '{id}'),
('intercom', 'contact_history', '{contact}', 'contact', '{id}'),
('intercom', 'contact_company_history', '{contact_company,company_contact_history}', NULL, '{contact_id,company_id}'),
('intercom', 'conversation_history', '{conversation}', 'conversation', '{id}'),
('intercom', 'conversation_contact_history', '{conversation_contact}', NULL, '{conversation_id,contact_id}'),
('intercom', 'conversation_part_history', '{conversation_part}', NULL, '{id}');
INSERT INTO csmetrics.connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('intercom', 'company_history', 'id', 'text', true, '{}'),
('intercom', 'company_history', 'is_deleted', 'boolean', false, '{}'),
('intercom', 'company_history', 'company_id', 'text', false, '{}'),
('intercom', 'company_history', 'name', 'text', false, '{}'),
('intercom', 'company_history', 'website', 'text', false, '{}'),
('intercom', 'company_history', 'plan_name', 'text', false, '{}'),
('intercom', 'company_history', 'created_at', 'timestamptz', false, '{}'),
('intercom', 'company_history', 'remote_created_at', 'timestamptz', false, '{}'),
('intercom', 'company_history', 'updated_at', 'timestamptz', false, '{}'),
('intercom', 'contact_history', 'id', 'text', true, '{}'),
('intercom', 'contact_history', 'email', 'text', false, '{}'),
('intercom', 'contact_history', 'updated_at', 'timestamptz', false, '{}'),
('intercom', 'contact_company_history', 'is_deleted', 'boolean', false, '{}'),
('intercom', 'contact_company_history', 'contact_id', 'text', true, '{}'),
('intercom', 'contact_company_history', 'company_id', 'text', true, '{}'),
('intercom', 'contact_company_history', '_fivetran_active', 'boolean', false, '{}'),
('intercom', 'conversation_history', 'is_deleted', 'boolean', false, '{}'),
('intercom', 'conversation_history', 'id', 'text', true, '{}'),
('intercom', 'conversation_history', 'created_at', 'timestamptz', true, '{}'),
('intercom', 'conversation_history', 'updated_at', 'timestamptz', true, '{}'),
('intercom', 'conversation_history', 'state', 'text', true, '{}'),
('intercom', 'conversation_history', 'priority', 'text', false, '{}'),
('intercom', 'conversation_history', 'source_type', 'text', false, '{}'),
('intercom', 'conversation_history', 'source_subject', 'text', false, '{}'),
('intercom', 'conversation_history', 'source_author_id', 'text', false, '{}'),
('intercom', 'conversation_history', 'source_author_type', 'text', false, '{}'),
('intercom', 'conversation_history', 'conversation_rating_value', 'numeric', false, '{}'),
('intercom', 'conversation_history', 'conversation_rating_created_at', 'timestamptz', false, '{}'),
('intercom', 'conversation_history', 'conversation_rating_remark', 'text', false, '{}'),
('intercom', 'conversation_contact_history', 'is_deleted', 'boolean', false, '{}'),
('intercom', 'conversation_contact_history', 'conversation_id', 'text', true, '{}'),
('intercom', 'conversation_contact_history', 'contact_id', 'text', true, '{}'),
('intercom', 'conversation_contact_history', '_fivetran_active', 'boolean', false, '{}'),
('intercom', 'conversation_part_history', 'id', 'text', true, '{}'),
('intercom', 'conversation_part_history', 'is_deleted', 'boolean', false, '{}'),
('intercom', 'conversation_part_history', 'conversation_id', 'text', true, '{}'),
('intercom', 'conversation_part_history', 'part_type', 'text', true, '{}'),
('intercom', 'conversation_part_history', 'author_type', 'text', true, '{}'),
('intercom', 'conversation_part_history', 'body', 'text', false, '{}'),
('intercom', 'conversation_part_history', 'created_at', 'timestamptz', true, '{}'),
('intercom', 'conversation_part_history', 'updated_at', 'timestamptz', false, '{}');

-- A contact belongs to his company (of several to one that is there, and of these to that with the lowest key), or to
-- that of his address if it is a known one.
INSERT INTO csmetrics.connector_source (vendor, source, query, only_with) VALUES
('intercom', 'employer', $$
    (SELECT DISTINCT ON (k.contact_id) k.contact_id, k.company_id
     FROM {contact_company_history} k
     LEFT JOIN {company_history} c ON c.id = k.company_id AND c.is_deleted IS NOT TRUE
     WHERE k._fivetran_active IS NOT FALSE AND k.is_deleted IS NOT TRUE AND k.company_id <> ''
     ORDER BY k.contact_id, c.id IS NULL, k.company_id) $$, NULL),
('intercom', 'account', $$
    SELECT c.id AS account_key, c.name, c.plan_name AS plan, coalesce(c.remote_created_at, c.created_at) AS created_on,
           csmetrics.company_domain(c.website) AS domain, c.company_id AS crm_key, false AS only_matched
    FROM {company_history} c WHERE c.is_deleted IS NOT TRUE
    UNION ALL
    SELECT domain, NULL, NULL, NULL, domain, NULL, true
    FROM (SELECT DISTINCT csmetrics.company_domain(p.email) AS domain FROM {contact_history} p
          WHERE NOT EXISTS (SELECT 1 FROM {employer} k WHERE k.contact_id = p.id)) d
    WHERE domain IS NOT NULL
    UNION ALL
    SELECT k.company_id, NULL, NULL, NULL, NULL, NULL, true
    FROM (SELECT DISTINCT company_id FROM {employer} e) k
    WHERE NOT EXISTS (SELECT 1 FROM {company_history} c WHERE c.id = k.company_id) $$, NULL),

-- Closed: when it was last, if it still is; one that is open after its last close was opened again. What nobody of the
-- customers wrote in is no ticket. Replies may come with an assignment, a close or an opening that has a text; notes
-- and bots do not reply.
('intercom', 'ticket', $$
    WITH contact AS (
        SELECT p.id, p.email, coalesce(k.company_id, csmetrics.company_domain(p.email)) AS account_key
        FROM {contact_history} p
        LEFT JOIN {employer} k ON k.contact_id = p.id),
    part AS (
        SELECT conversation_id, min(created_at) FILTER (WHERE is_reply) AS first_reply_at,
               count(*) FILTER (WHERE is_reply) AS agent_replies,
               bool_or(author_type IN ('user', 'lead', 'contact')) AS is_answered,
               max(created_at) FILTER (WHERE is_close) AS closed_at,
               count(*) FILTER (WHERE is_opening AND was_closed) AS reopened,
               min(created_at) FILTER (WHERE is_opening AND was_closed) AS reopened_at,
               (array_agg(is_close ORDER BY created_at DESC, id DESC)
                    FILTER (WHERE is_close OR is_opening))[1] AS is_closed
        FROM (SELECT q.*, author_type = 'admin' AND (
                         part_type = 'comment'
                         OR part_type IN ('assignment', 'assign_and_reopen', 'assign_and_unsnooze', 'close', 'open',
                                          'snoozed', 'unsnoozed')
                            AND (body ~* '<img' OR regexp_replace(body, '<[^>]*>|&nbsp;|\s', '', 'g') <> ''))
                         AS is_reply,
                     lag(is_close) OVER (PARTITION BY conversation_id, is_close OR is_opening ORDER BY created_at, id)
                         AS was_closed
              FROM (SELECT id, conversation_id, part_type, author_type, created_at, body,
                           part_type = 'close' AS is_close,
                           part_type IN ('open', 'assign_and_reopen', 'note_and_reopen') AS is_opening
                    FROM {conversation_part_history} h WHERE is_deleted IS NOT TRUE) q) q
        GROUP BY conversation_id)
    SELECT n.account_key, c.id AS ticket_id, c.created_at AS opened_at, p.first_reply_at,
           CASE WHEN c.state = 'closed' THEN coalesce(p.closed_at, c.updated_at) END AS solved_at,
           -- none, if there is where to see them; else nobody knows
           coalesce(p.reopened, CASE WHEN EXISTS (SELECT 1 FROM {conversation_part_history} x) THEN 0 END)
               + (p.is_closed IS TRUE AND c.state <> 'closed')::integer AS reopened, p.reopened_at,
           coalesce(p.agent_replies,
                    CASE WHEN EXISTS (SELECT 1 FROM {conversation_part_history} x) THEN 0 END) AS agent_replies,
           coalesce(lower(n.email), n.id) AS requester_id, c.priority, c.source_type AS channel,
           c.source_subject AS subject
    FROM {conversation_history} c
    LEFT JOIN (SELECT conversation_id, min(contact_id) AS contact_id FROM {conversation_contact_history} k
               WHERE _fivetran_active IS NOT FALSE AND is_deleted IS NOT TRUE
               GROUP BY conversation_id) k ON k.conversation_id = c.id
    LEFT JOIN contact n
      ON n.id = coalesce(CASE WHEN c.source_author_type IN ('user', 'lead', 'contact') THEN c.source_author_id END,
                         k.contact_id)
    LEFT JOIN part p ON p.conversation_id = c.id
    WHERE (coalesce(c.source_author_type, 'user') NOT IN ('admin', 'bot') OR p.is_answered)
          AND c.is_deleted IS NOT TRUE $$, NULL),
('intercom', 'survey', $$
    SELECT coalesce(k.company_id, csmetrics.company_domain(p.email)) AS account_key, 'csat' AS kind,
           c.conversation_rating_value AS score,
           CASE WHEN c.conversation_rating_value IS NOT NULL THEN c.conversation_rating_created_at END AS responded_at,
           c.conversation_rating_created_at AS sent_at,
           coalesce(lower(p.email), p.id) AS respondent_id, c.id AS ticket_id, 1 AS lowest, 5 AS highest,
           true AS higher_is_better, c.conversation_rating_remark AS comment
    FROM {conversation_history} c
    LEFT JOIN (SELECT conversation_id, min(contact_id) AS contact_id FROM {conversation_contact_history} k
               WHERE _fivetran_active IS NOT FALSE AND is_deleted IS NOT TRUE
               GROUP BY conversation_id) n ON n.conversation_id = c.id
    LEFT JOIN {contact_history} p
      ON p.id = coalesce(CASE WHEN c.source_author_type IN ('user', 'lead', 'contact') THEN c.source_author_id END,
                         n.contact_id)
    LEFT JOIN {employer} k ON k.contact_id = p.id
    WHERE c.conversation_rating_created_at IS NOT NULL AND c.is_deleted IS NOT TRUE $$, NULL);
