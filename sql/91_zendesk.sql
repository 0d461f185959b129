-- Zendesk: organizations, tickets with what their field history and comments say, and satisfaction ratings as CSAT.
INSERT INTO csmetrics.connector
    VALUES ('zendesk', 30,
            'Organizations; tickets with first reply, solve, reopenings and escalation; satisfaction as CSAT', true);
INSERT INTO csmetrics.connector_table (vendor, table_name, other_names, one_of, keys) VALUES
('zendesk', 'organization', '{}', 'organization', '{id}'),
('zendesk', 'ticket', '{}', 'ticket', '{id}'),
('zendesk', 'user', '{}', 'user', '{id}'),
('zendesk', 'ticket_comment', '{}', NULL, '{id}'),
('zendesk', 'ticket_field_history', '{}', NULL, '{ticket_id,field_name,updated,value}'),
('zendesk', 'ticket_tag', '{}', NULL, '{ticket_id,tag}'),
('zendesk', 'ticket_metric', '{}', NULL, '{ticket_id}'),
('zendesk', 'domain_name', '{}', NULL, '{organization_id,domain_name}');
INSERT INTO csmetrics.connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('zendesk', 'organization', 'id', 'bigint', true, '{}'),
('zendesk', 'organization', 'name', 'text', true, '{}'),
('zendesk', 'organization', 'external_id', 'text', false, '{}'),
('zendesk', 'organization', 'created_at', 'timestamptz', false, '{}'),
('zendesk', 'organization', '_fivetran_deleted', 'boolean', false, '{}'),
('zendesk', 'ticket', 'id', 'bigint', true, '{}'),
('zendesk', 'ticket', 'created_at', 'timestamptz', true, '{}'),
('zendesk', 'ticket', 'updated_at', 'timestamptz', false, '{}'),
('zendesk', 'ticket', 'organization_id', 'bigint', true, '{}'),
('zendesk', 'ticket', 'requester_id', 'bigint', true, '{}'),
('zendesk', 'ticket', 'status', 'text', true, '{}'),
('zendesk', 'ticket', 'priority', 'text', false, '{}'),
('zendesk', 'ticket', 'subject', 'text', false, '{}'),
('zendesk', 'ticket', 'via_channel', 'text', false, '{channel}'),
('zendesk', 'ticket', '_fivetran_deleted', 'boolean', false, '{}'),
('zendesk', 'user', 'id', 'bigint', true, '{}'),
('zendesk', 'user', 'email', 'text', false, '{}'),
('zendesk', 'user', 'role', 'text', true, '{}'),
('zendesk', 'user', 'organization_id', 'bigint', false, '{}'),
('zendesk', 'ticket_comment', 'is_deleted', 'boolean', false, '{}'),
('zendesk', 'ticket_comment', 'id', 'text', false, '{}'),
('zendesk', 'ticket_comment', 'ticket_id', 'bigint', true, '{}'),
('zendesk', 'ticket_comment', 'user_id', 'bigint', true, '{author_id}'),
('zendesk', 'ticket_comment', 'created', 'timestamptz', true, '{created_at}'),
('zendesk', 'ticket_comment', 'public', 'boolean', true, '{is_public}'),
('zendesk', 'ticket_comment', 'via_channel', 'text', false, '{channel,via}'),
('zendesk', 'ticket_comment', 'via_source_rel', 'text', false, '{}'),
('zendesk', 'ticket_field_history', 'ticket_id', 'bigint', true, '{}'),
('zendesk', 'ticket_field_history', 'field_name', 'text', true, '{}'),
('zendesk', 'ticket_field_history', 'updated', 'timestamptz', true, '{updated_at}'),
('zendesk', 'ticket_field_history', 'value', 'text', true, '{}'),
('zendesk', 'ticket_tag', 'is_deleted', 'boolean', false, '{}'),
('zendesk', 'ticket_tag', 'ticket_id', 'bigint', true, '{}'),
('zendesk', 'ticket_tag', 'tag', 'text', true, '{}'),
('zendesk', 'ticket_metric', 'ticket_id', 'bigint', true, '{}'),
('zendesk', 'ticket_metric', 'solved_at', 'timestamptz', false, '{}'),
('zendesk', 'ticket_metric', 'reopens', 'integer', false, '{}'),
('zendesk', 'ticket_metric', 'replies', 'integer', false, '{}'),
('zendesk', 'ticket_metric', 'requester_wait_time_in_minutes', 'text', false, '{}'),
('zendesk', 'ticket_metric', 'requester_wait_time_in_minutes_calendar', 'numeric', false, '{}'),
('zendesk', 'ticket_metric', 'requester_wait_time_in_minutes_business', 'numeric', false, '{}'),
('zendesk', 'ticket_metric', 'agent_wait_time_in_minutes', 'text', false, '{}'),
('zendesk', 'ticket_metric', 'agent_wait_time_in_minutes_calendar', 'numeric', false, '{}'),
('zendesk', 'ticket_metric', 'agent_wait_time_in_minutes_business', 'numeric', false, '{}'),
('zendesk', 'ticket_metric', 'on_hold_time_in_minutes', 'text', false, '{}'),
('zendesk', 'ticket_metric', 'on_hold_time_in_minutes_calendar', 'numeric', false, '{}'),
('zendesk', 'ticket_metric', 'on_hold_time_in_minutes_business', 'numeric', false, '{}'),
('zendesk', 'domain_name', 'is_deleted', 'boolean', false, '{}'),
('zendesk', 'domain_name', 'organization_id', 'bigint', true, '{}'),
('zendesk', 'domain_name', 'domain_name', 'text', true, '{}'),
('zendesk', 'domain_name', 'index', 'integer', false, '{}');

-- A ticket without organization, or of one that is not there any more, belongs to that of its requester, or to the
-- company of his address, if that is a known one. Keys that are in no table are tried all the same.
INSERT INTO csmetrics.connector_source (vendor, source, query, only_with) VALUES
('zendesk', 'account', $$
    SELECT o.id::text AS account_key, o.name, o.created_at AS created_on, d.domain, o.external_id AS crm_key,
           false AS only_matched
    FROM {organization} o
    LEFT JOIN (SELECT DISTINCT ON (organization_id) organization_id, csmetrics.company_domain(domain_name) AS domain
               FROM {domain_name} d
               WHERE csmetrics.company_domain(domain_name) IS NOT NULL AND is_deleted IS NOT TRUE
               ORDER BY organization_id, index, domain_name) d ON d.organization_id = o.id
    WHERE o._fivetran_deleted IS NOT TRUE
    UNION ALL
    SELECT domain, NULL, NULL, domain, NULL, true
    FROM (SELECT DISTINCT csmetrics.company_domain(u.email) AS domain FROM {ticket} t
          JOIN {user} u ON u.id = t.requester_id
          WHERE t.organization_id IS NULL AND u.organization_id IS NULL) d
    WHERE domain IS NOT NULL
    UNION ALL
    SELECT k.key::text, NULL, NULL, NULL, NULL, true
    FROM (SELECT organization_id AS key FROM {ticket} t UNION SELECT organization_id FROM {user} u) k
    WHERE k.key IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {organization} o WHERE o.id = k.key) $$, NULL),

-- Solved: when it last came to be solved or closed, if it still is. A change from solved to closed is no solve.
('zendesk', 'ticket', $$
    SELECT coalesce(o.id::text, w.id::text, CASE WHEN t.organization_id IS NULL AND u.organization_id IS NULL
                                                 THEN csmetrics.company_domain(u.email) END,
                    t.organization_id::text, u.organization_id::text) AS account_key,
           t.id::text AS ticket_id, t.created_at AS opened_at, reply.first_reply_at,
           CASE WHEN t.status IN ('solved', 'closed')
                THEN coalesce(change.solved_at, m.solved_at, t.updated_at) END AS solved_at,
           -- none, if there is where to see them; else nobody knows
           coalesce(change.reopened, m.reopens,
                    CASE WHEN EXISTS (SELECT 1 FROM {ticket_field_history} x WHERE x.field_name = 'status')
                         THEN 0 END) AS reopened,
           coalesce(reply.agent_replies, m.replies,
                    CASE WHEN EXISTS (SELECT 1 FROM {ticket_comment} x) THEN 0 END) AS agent_replies,
           coalesce(lower(u.email), t.requester_id::text) AS requester_id, t.priority,
           CASE WHEN change.escalated_at IS NOT NULL OR tag.is_escalated THEN true
                WHEN EXISTS (SELECT 1 FROM {ticket_tag} x)
                     OR EXISTS (SELECT 1 FROM {ticket_field_history} x WHERE x.field_name = 'tags')
                THEN false END AS escalated,
           t.via_channel AS channel, t.subject, change.escalated_at, change.reopened_at,
           wait.requester_wait, wait.agent_wait, wait.on_hold,
           m.requester_wait_minutes, m.agent_wait_minutes, m.on_hold_minutes, m.requester_wait_business_minutes,
           m.agent_wait_business_minutes, m.on_hold_business_minutes
    FROM {ticket} t
    LEFT JOIN {user} u ON u.id = t.requester_id
    LEFT JOIN {organization} o ON o.id = t.organization_id AND o._fivetran_deleted IS NOT TRUE
    LEFT JOIN {organization} w ON w.id = u.organization_id AND w._fivetran_deleted IS NOT TRUE
    -- what it tells of waiting, apart or in JSON
    LEFT JOIN (SELECT ticket_id, solved_at, reopens, replies,
                      coalesce(requester_wait_time_in_minutes_calendar,
                               substring(requester_wait_time_in_minutes FROM '"calendar" *: *(\d+)')::numeric)
                          AS requester_wait_minutes,
                      coalesce(requester_wait_time_in_minutes_business,
                               substring(requester_wait_time_in_minutes FROM '"business" *: *(\d+)')::numeric)
                          AS requester_wait_business_minutes,
                      coalesce(agent_wait_time_in_minutes_calendar,
                               substring(agent_wait_time_in_minutes FROM '"calendar" *: *(\d+)')::numeric)
                          AS agent_wait_minutes,
                      coalesce(agent_wait_time_in_minutes_business,
                               substring(agent_wait_time_in_minutes FROM '"business" *: *(\d+)')::numeric)
                          AS agent_wait_business_minutes,
                      coalesce(on_hold_time_in_minutes_calendar,
                               substring(on_hold_time_in_minutes FROM '"calendar" *: *(\d+)')::numeric)
                          AS on_hold_minutes,
                      coalesce(on_hold_time_in_minutes_business,
                               substring(on_hold_time_in_minutes FROM '"business" *: *(\d+)')::numeric)
                          AS on_hold_business_minutes
               FROM {ticket_metric} m) m ON m.ticket_id = t.id
    LEFT JOIN (SELECT h.ticket_id,
                      coalesce(range_agg(tstzrange(updated, until))
                                   FILTER (WHERE value IN ('new', 'open', 'hold')), '{}') AS requester_wait,
                      coalesce(range_agg(tstzrange(updated, until)) FILTER (WHERE value = 'pending'), '{}')
                          AS agent_wait,
                      coalesce(range_agg(tstzrange(updated, until)) FILTER (WHERE value = 'hold'), '{}') AS on_hold
               FROM (SELECT ticket_id, value, updated,
                            lead(updated) OVER (PARTITION BY ticket_id ORDER BY updated, value = 'closed') AS until
                     FROM {ticket_field_history} f WHERE field_name = 'status') h
               GROUP BY h.ticket_id) wait ON wait.ticket_id = t.id
    LEFT JOIN (SELECT c.ticket_id, min(c.created) AS first_reply_at, count(*) AS agent_replies
               FROM {ticket_comment} c JOIN {user} a ON a.id = c.user_id AND a.role IN ('agent', 'admin')
               JOIN {ticket} t ON t.id = c.ticket_id
               -- an agent who opens a ticket does not reply by it; triggers, automations and bots write in the names of
               -- agents, and say so by their channel, alone or in JSON; the system itself has no key above 0
               WHERE c.public AND c.created > t.created_at AND c.is_deleted IS NOT TRUE AND c.user_id > 0
                     AND coalesce(c.via_channel, '')
                         !~* '(^|"channel" *: *")(rule|system|[a-z_]*answer_bot[a-z_]*|[a-z_]*ai_agent[a-z_]*)("|$)'
                     AND concat_ws(' ', c.via_source_rel, c.via_channel)
                         !~* '(^|"rel" *: *")(trigger|automation|follow_up|merge)("|$)'
               GROUP BY c.ticket_id) reply ON reply.ticket_id = t.id
    LEFT JOIN (SELECT h.ticket_id, max(updated) FILTER (WHERE is_solved AND was_solved IS NOT TRUE) AS solved_at,
                      count(*) FILTER (WHERE NOT is_solved AND was_solved) AS reopened,
                      min(updated) FILTER (WHERE NOT is_solved AND was_solved) AS reopened_at,
                      min(updated) FILTER (WHERE field_name = 'tags' AND value ~* 'escalat') AS escalated_at
               FROM (SELECT ticket_id, field_name, updated, value,
                            CASE WHEN field_name = 'status' THEN value IN ('solved', 'closed') END AS is_solved,
                            CASE WHEN field_name = 'status'
                                 THEN lag(value IN ('solved', 'closed'))
                                      OVER (PARTITION BY ticket_id, field_name ORDER BY updated, value = 'closed')
                                 END AS was_solved
                     FROM {ticket_field_history} f WHERE field_name IN ('status', 'tags')) h
               GROUP BY h.ticket_id) change ON change.ticket_id = t.id
    LEFT JOIN (SELECT ticket_id, bool_or(tag ~* 'escalat') AS is_escalated,
                      bool_or(lower(tag) IN ('spam', 'closed_by_merge')) AS is_none
               FROM {ticket_tag} g WHERE is_deleted IS NOT TRUE GROUP BY ticket_id) tag ON tag.ticket_id = t.id
    WHERE t.status <> 'deleted' AND t._fivetran_deleted IS NOT TRUE AND tag.is_none IS NOT TRUE $$, NULL),

-- Offered and then good or bad: the ends of a scale of 1 to 5.
('zendesk', 'survey', $$
    SELECT coalesce(o.id::text, w.id::text, CASE WHEN t.organization_id IS NULL AND u.organization_id IS NULL
                                                 THEN csmetrics.company_domain(u.email) END,
                    t.organization_id::text, u.organization_id::text) AS account_key,
           'csat' AS kind, CASE WHEN h.answer LIKE 'good%' THEN 5 WHEN h.answer LIKE 'bad%' THEN 1 END AS score,
           h.answered_at AS responded_at, h.offered_at AS sent_at,
           coalesce(lower(u.email), t.requester_id::text) AS respondent_id, t.id::text AS ticket_id, 1 AS lowest,
           5 AS highest, true AS higher_is_better, h.comment
    FROM (SELECT ticket_id, min(updated) FILTER (WHERE field_name = 'satisfaction_score' AND value = 'offered')
                     AS offered_at,
                 max(updated) FILTER (WHERE field_name = 'satisfaction_score' AND value ~ '^(good|bad)') AS answered_at,
                 (array_agg(value ORDER BY updated DESC) FILTER (
                      WHERE field_name = 'satisfaction_score' AND value ~ '^(good|bad)'))[1] AS answer,
                 (array_agg(value ORDER BY updated DESC) FILTER (
                      WHERE field_name = 'satisfaction_comment'))[1] AS comment
          FROM {ticket_field_history} f WHERE field_name IN ('satisfaction_score', 'satisfaction_comment')
          GROUP BY ticket_id) h
    JOIN {ticket} t ON t.id = h.ticket_id AND t.status <> 'deleted' AND t._fivetran_deleted IS NOT TRUE
    LEFT JOIN {user} u ON u.id = t.requester_id
    LEFT JOIN {organization} o ON o.id = t.organization_id AND o._fivetran_deleted IS NOT TRUE
    LEFT JOIN {organization} w ON w.id = u.organization_id AND w._fivetran_deleted IS NOT TRUE
    WHERE h.offered_at IS NOT NULL OR h.answered_at IS NOT NULL $$, 'ticket_field_history');
