-- HubSpot: companies with their owners, and tickets where they are in use. Deals say what was sold, not for how long:
-- no subscriptions.
INSERT INTO csmetrics.connector VALUES ('hubspot', 11, 'Companies with owner and parent; tickets', true);
INSERT INTO csmetrics.connector_table (vendor, table_name, other_names, one_of, keys) VALUES
('hubspot', 'company', '{}', 'company', '{id}'),
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

INSERT INTO csmetrics.connector_source (vendor, source, query, only_with) VALUES
('hubspot', 'account', $$
    SELECT c.id AS account_key, c.property_name AS name,
           coalesce(nullif(concat_ws(' ', o.first_name, o.last_name), ''), o.email) AS owner,
           c.property_lifecyclestage AS lifecycle_stage,
           c.property_hs_parent_company_id AS parent_id, c.property_createdate AS created_on,
           coalesce(csmetrics.company_domain(c.property_domain), csmetrics.company_domain(c.property_website)) AS domain
    FROM {company} c LEFT JOIN {owner} o
        ON o.owner_id = c.property_hubspot_owner_id
    WHERE c.is_deleted IS NOT TRUE $$, NULL),
-- of several companies of a ticket the lowest key
('hubspot', 'ticket', $$
    SELECT c.company_id AS account_key, t.id AS ticket_id, t.property_createdate AS opened_at,
           t.property_first_agent_reply_date AS first_reply_at, t.property_closed_date AS solved_at,
           n.requester_id, t.property_hs_ticket_category AS topic, t.property_hs_ticket_priority AS priority,
           t.property_source_type AS channel, t.property_subject AS subject
    FROM {ticket} t
    LEFT JOIN (SELECT ticket_id, min(company_id) AS company_id FROM {ticket_company} tc
               WHERE is_deleted IS NOT TRUE GROUP BY ticket_id) c ON c.ticket_id = t.id
    LEFT JOIN (SELECT tc.ticket_id, min(coalesce(lower(p.property_email), tc.contact_id)) AS requester_id
               FROM {ticket_contact} tc LEFT JOIN {contact} p ON p.id = tc.contact_id
               WHERE tc.is_deleted IS NOT TRUE GROUP BY tc.ticket_id) n ON n.ticket_id = t.id
    WHERE t.is_deleted IS NOT TRUE $$, 'ticket_company');
