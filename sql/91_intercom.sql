-- Intercom: companies, conversations that a customer began as tickets, their ratings as CSAT.
INSERT INTO csmetrics.connector
    VALUES ('intercom', 31, 'Companies; conversations as tickets; ratings of conversations as CSAT', true);
INSERT INTO csmetrics.connector_table (vendor, table_name, other_names, one_of) VALUES
('intercom', 'company_history', '{company}', 'company'),
('intercom', 'contact_history', '{contact}', 'contact'),
('intercom', 'contact_company_history', '{contact_company,company_contact_history}', NULL),
('intercom', 'conversation_history', '{conversation}', 'conversation'),
('intercom', 'conversation_contact_history', '{conversation_contact}', NULL),
('intercom', 'conversation_part_history', '{conversation_part}', NULL);
INSERT INTO csmetrics.connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('intercom', 'company_history', 'id', 'text', true, '{}'),
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
('intercom', 'contact_company_history', 'contact_id', 'text', true, '{}'),
('intercom', 'contact_company_history', 'company_id', 'text', true, '{}'),
('intercom', 'contact_company_history', '_fivetran_active', 'boolean', false, '{}'),
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
('intercom', 'conversation_contact_history', 'conversation_id', 'text', true, '{}'),
('intercom', 'conversation_contact_history', 'contact_id', 'text', true, '{}'),
('intercom', 'conversation_contact_history', '_fivetran_active', 'boolean', false, '{}'),
('intercom', 'conversation_part_history', 'id', 'text', true, '{}'),
('intercom', 'conversation_part_history', 'conversation_id', 'text', true, '{}'),
('intercom', 'conversation_part_history', 'part_type', 'text', true, '{}'),
('intercom', 'conversation_part_history', 'author_type', 'text', true, '{}'),
('intercom', 'conversation_part_history', 'body', 'text', false, '{}'),
('intercom', 'conversation_part_history', 'created_at', 'timestamptz', true, '{}'),
('intercom', 'conversation_part_history', 'updated_at', 'timestamptz', false, '{}');

-- A contact belongs to his company (of several to the one with the lowest key), or to that of his address if it is a
-- known one.
INSERT INTO csmetrics.connector_source (vendor, source, query, only_with) VALUES
('intercom', 'account', $$
    SELECT c.id AS account_key, c.name, c.plan_name AS plan, coalesce(c.remote_created_at, c.created_at) AS created_on,
           csmetrics.company_domain(c.website) AS domain, c.company_id AS crm_key, false AS only_matched
    FROM (SELECT DISTINCT ON (id) * FROM {company_history} h ORDER BY id, updated_at DESC NULLS LAST) c
    UNION ALL
    SELECT domain, NULL, NULL, NULL, domain, NULL, true
    FROM (SELECT DISTINCT csmetrics.company_domain(p.email) AS domain FROM {contact_history} p
          WHERE NOT EXISTS (SELECT 1 FROM {contact_company_history} k
                            WHERE k.contact_id = p.id AND k._fivetran_active IS NOT FALSE)) d
    WHERE domain IS NOT NULL $$, NULL),

-- Closed: when it was last, if it still is. What nobody of the customers wrote in is no ticket; notes and bots do not
-- reply.
('intercom', 'ticket', $$
    WITH contact AS (
        SELECT p.id, p.email, coalesce(k.company_id, csmetrics.company_domain(p.email)) AS account_key
        FROM (SELECT DISTINCT ON (id) id, email FROM {contact_history} h ORDER BY id, updated_at DESC NULLS LAST) p
        LEFT JOIN (SELECT contact_id, min(company_id) AS company_id FROM {contact_company_history} k
                   WHERE _fivetran_active IS NOT FALSE GROUP BY contact_id) k ON k.contact_id = p.id),
    part AS (
        SELECT conversation_id, min(created_at) FILTER (WHERE is_reply) AS first_reply_at,
               count(*) FILTER (WHERE is_reply) AS agent_replies,
               bool_or(author_type IN ('user', 'lead')) AS is_answered,
               max(created_at) FILTER (WHERE part_type = 'close') AS closed_at,
               count(*) FILTER (WHERE part_type = 'open' AND was_closed) AS reopened
        FROM (SELECT q.*, part_type = 'comment' AND author_type = 'admin' AS is_reply,
                     lag(part_type = 'close') OVER (PARTITION BY conversation_id, part_type IN ('close', 'open')
                                                    ORDER BY created_at, id) AS was_closed
              FROM (SELECT DISTINCT ON (id) id, conversation_id, part_type, author_type, created_at
                    FROM {conversation_part_history} h ORDER BY id, updated_at DESC NULLS LAST) q) q
        GROUP BY conversation_id)
    SELECT n.account_key, c.id AS ticket_id, c.created_at AS opened_at, p.first_reply_at,
           CASE WHEN c.state = 'closed' THEN coalesce(p.closed_at, c.updated_at) END AS solved_at,
           -- none, if there is where to see them; else nobody knows
           coalesce(p.reopened, CASE WHEN EXISTS (SELECT 1 FROM {conversation_part_history} x) THEN 0 END) AS reopened,
           coalesce(p.agent_replies,
                    CASE WHEN EXISTS (SELECT 1 FROM {conversation_part_history} x) THEN 0 END) AS agent_replies,
           coalesce(lower(n.email), n.id) AS requester_id, c.priority, c.source_type AS channel,
           c.source_subject AS subject
    FROM (SELECT DISTINCT ON (id) * FROM {conversation_history} h ORDER BY id, updated_at DESC) c
    LEFT JOIN (SELECT conversation_id, min(contact_id) AS contact_id FROM {conversation_contact_history} k
               WHERE _fivetran_active IS NOT FALSE GROUP BY conversation_id) k ON k.conversation_id = c.id
    JOIN contact n
      ON n.id = coalesce(CASE WHEN c.source_author_type IN ('user', 'lead', 'contact') THEN c.source_author_id END,
                         k.contact_id)
    LEFT JOIN part p ON p.conversation_id = c.id
    WHERE coalesce(c.source_author_type, 'user') NOT IN ('admin', 'bot') OR p.is_answered $$, NULL),
('intercom', 'survey', $$
    SELECT coalesce(k.company_id, csmetrics.company_domain(p.email)) AS account_key, 'csat' AS kind,
           c.conversation_rating_value AS score,
           CASE WHEN c.conversation_rating_value IS NOT NULL THEN c.conversation_rating_created_at END AS responded_at,
           c.conversation_rating_created_at AS sent_at,
           coalesce(lower(p.email), p.id) AS respondent_id, c.id AS ticket_id, 1 AS lowest, 5 AS highest,
           true AS higher_is_better, c.conversation_rating_remark AS comment
    FROM (SELECT DISTINCT ON (id) * FROM {conversation_history} h ORDER BY id, updated_at DESC) c
    LEFT JOIN (SELECT conversation_id, min(contact_id) AS contact_id FROM {conversation_contact_history} k
               WHERE _fivetran_active IS NOT FALSE GROUP BY conversation_id) n ON n.conversation_id = c.id
    JOIN (SELECT DISTINCT ON (id) id, email FROM {contact_history} h ORDER BY id, updated_at DESC NULLS LAST) p
      ON p.id = coalesce(CASE WHEN c.source_author_type IN ('user', 'lead', 'contact') THEN c.source_author_id END,
                         n.contact_id)
    LEFT JOIN (SELECT contact_id, min(company_id) AS company_id FROM {contact_company_history} k
               WHERE _fivetran_active IS NOT FALSE GROUP BY contact_id) k ON k.contact_id = p.id
    WHERE c.conversation_rating_created_at IS NOT NULL $$, NULL);
