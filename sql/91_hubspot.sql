-- HubSpot: companies with their owners, and tickets where they are in use. Deals say what was sold, not for how long:
-- no subscriptions.
INSERT INTO csmetrics.connector VALUES ('hubspot', 11, 'Companies with owner and parent; tickets', true);
INSERT INTO csmetrics.connector_table (vendor, table_name, other_names, one_of, keys) VALUES
('hubspot', 'company', '{}', 'company', '{id}'),
('hubspot', 'merged_company', '{company_merge_audit}', NULL, '{company_id,merged_company_id}'),
('hubspot', 'owner', '{}', NULL, '{owner_id}'),
('hubspot', 'ticket', '{}', NULL, '{id}'),
('hubspot', 'ticket_company', '{}', NULL, '{ticket_id,company_id}'),
('hubspot', 'ticket_contact', '{}', NULL, '{ticket_id,contact_id}'),
('hubspot', 'contact', '{}', NULL, '{id}');
INSERT INTO csmetrics.connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('hubspot', 'company', 'id', 'text', true, '{company_id}'),
('hubspot', 'company', 'property_name', 'text', true, '{properties_name,property_name_value,name}'),
('hubspot', 'company', 'property_domain', 'text', false, '{properties_domain,domain}'),
('hubspot', 'company', 'property_website', 'text', false, '{properties_website,website}'),
('hubspot', 'company', 'property_createdate', 'timestamptz', false, '{properties_createdate,created_at}'),
('hubspot', 'company', 'property_hubspot_owner_id', 'text', false, '{properties_hubspot_owner_id,owner_id}'),
('hubspot', 'company', 'property_lifecyclestage', 'text', false, '{properties_lifecyclestage}'),
('hubspot', 'company', 'property_hs_parent_company_id', 'text', false, '{properties_hs_parent_company_id}'),
('hubspot', 'company', 'is_deleted', 'boolean', false, '{_fivetran_deleted,archived}'),
('hubspot', 'company', 'property_hs_merged_object_ids', 'text', false,
 '{properties_hs_merged_object_ids,hs_merged_object_ids,merged_object_ids}'),
('hubspot', 'merged_company', 'company_id', 'text', true, '{canonical_company_id,winner_id}'),
('hubspot', 'merged_company', 'merged_company_id', 'text', true, '{loser_id}'),
('hubspot', 'owner', 'owner_id', 'text', true, '{id}'),
('hubspot', 'owner', 'first_name', 'text', false, '{}'),
('hubspot', 'owner', 'last_name', 'text', false, '{}'),
('hubspot', 'owner', 'email', 'text', false, '{}'),
('hubspot', 'ticket', 'id', 'text', true, '{}'),
('hubspot', 'ticket', 'property_createdate', 'timestamptz', true, '{properties_createdate,created_at}'),
('hubspot', 'ticket', 'property_closed_date', 'timestamptz', true, '{properties_closed_date}'),
('hubspot', 'ticket', 'property_first_agent_reply_date', 'timestamptz', false, '{properties_first_agent_reply_date}'),
('hubspot', 'ticket', 'property_subject', 'text', false, '{properties_subject}'),
('hubspot', 'ticket', 'property_hs_ticket_category', 'text', false, '{properties_hs_ticket_category}'),
('hubspot', 'ticket', 'property_hs_ticket_priority', 'text', false, '{properties_hs_ticket_priority}'),
('hubspot', 'ticket', 'property_source_type', 'text', false, '{properties_source_type}'),
('hubspot', 'ticket', 'is_deleted', 'boolean', false, '{_fivetran_deleted,archived}'),
('hubspot', 'ticket_company', 'is_deleted', 'boolean', false, '{}'),
('hubspot', 'ticket_company', 'ticket_id', 'text', true, '{}'),
('hubspot', 'ticket_company', 'company_id', 'text', true, '{}'),
('hubspot', 'ticket_contact', 'is_deleted', 'boolean', false, '{}'),
('hubspot', 'ticket_contact', 'ticket_id', 'text', true, '{}'),
('hubspot', 'ticket_contact', 'contact_id', 'text', true, '{}'),
('hubspot', 'contact', 'id', 'text', true, '{}'),
('hubspot', 'contact', 'property_email', 'text', true, '{properties_email,email}');

-- A company that is left names those that were merged into it, which may stay in the table as if they were there.
INSERT INTO csmetrics.connector_source (vendor, source, query, only_with) VALUES
('hubspot', 'merged', $$
    (SELECT m.account_key, (array_agg(m.merged_into ORDER BY m.is_deleted, m.merged_into))[1] AS merged_into
     FROM (SELECT regexp_split_to_table(c.property_hs_merged_object_ids, '[^[:alnum:]_-]+') AS account_key,
                  c.id AS merged_into, c.is_deleted IS TRUE AS is_deleted
           FROM {company} c WHERE c.property_hs_merged_object_ids <> ''
           UNION ALL
           SELECT merged_company_id, company_id, false FROM {merged_company} g) m
     WHERE m.account_key <> '' AND m.account_key <> m.merged_into
     GROUP BY m.account_key) $$, NULL),
('hubspot', 'account', $$
    SELECT c.id AS account_key, c.property_name AS name,
           coalesce(nullif(concat_ws(' ', o.first_name, o.last_name), ''), o.email) AS owner,
           c.property_lifecyclestage AS lifecycle_stage,
           c.property_hs_parent_company_id AS parent_id, c.property_createdate AS created_on,
           coalesce(csmetrics.company_domain(c.property_domain), csmetrics.company_domain(c.property_website))
               AS domain, false AS only_matched, NULL::text AS merged_into
    FROM {company} c LEFT JOIN {owner} o
        ON o.owner_id = c.property_hubspot_owner_id
    WHERE c.is_deleted IS NOT TRUE AND NOT EXISTS (SELECT 1 FROM {merged} m WHERE m.account_key = c.id)
    UNION ALL
    SELECT m.account_key, NULL, NULL, NULL, NULL, NULL, NULL, true, m.merged_into FROM {merged} m
    UNION ALL
    SELECT k.company_id, NULL, NULL, NULL, NULL, NULL, NULL, true, NULL
    FROM (SELECT DISTINCT company_id FROM {ticket_company} tc WHERE is_deleted IS NOT TRUE) k
    WHERE k.company_id <> '' AND NOT EXISTS (SELECT 1 FROM {company} c
                                             WHERE c.id = k.company_id AND c.is_deleted IS NOT TRUE)
      AND NOT EXISTS (SELECT 1 FROM {merged} m WHERE m.account_key = k.company_id) $$, NULL),
-- of several companies of a ticket one that is there, then one that was merged, then any, and of these the lowest key
('hubspot', 'ticket', $$
    SELECT c.company_id AS account_key, t.id AS ticket_id, t.property_createdate AS opened_at,
           t.property_first_agent_reply_date AS first_reply_at, t.property_closed_date AS solved_at,
           n.requester_id, t.property_hs_ticket_category AS topic, t.property_hs_ticket_priority AS priority,
           t.property_source_type AS channel, t.property_subject AS subject
    FROM {ticket} t
    LEFT JOIN (SELECT DISTINCT ON (tc.ticket_id) tc.ticket_id, tc.company_id
               FROM {ticket_company} tc
               LEFT JOIN {company} y ON y.id = tc.company_id AND y.is_deleted IS NOT TRUE
               LEFT JOIN {merged} m ON m.account_key = tc.company_id
               WHERE tc.is_deleted IS NOT TRUE
               ORDER BY tc.ticket_id, y.id IS NULL OR m.account_key IS NOT NULL, m.account_key IS NULL,
                        tc.company_id) c ON c.ticket_id = t.id
    LEFT JOIN (SELECT tc.ticket_id, min(coalesce(lower(p.property_email), tc.contact_id)) AS requester_id
               FROM {ticket_contact} tc LEFT JOIN {contact} p ON p.id = tc.contact_id
               WHERE tc.is_deleted IS NOT TRUE GROUP BY tc.ticket_id) n ON n.ticket_id = t.id
    WHERE t.is_deleted IS NOT TRUE $$, 'ticket_company');
