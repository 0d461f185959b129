-- Qualtrics: invitations and answers of surveys that ask NPS, CSAT or CES.
INSERT INTO csmetrics.connector
    VALUES ('qualtrics', 50, 'Invitations and answers of questions of NPS, CSAT and CES', true);
INSERT INTO csmetrics.connector_table (vendor, table_name, other_names, one_of, keys) VALUES
('qualtrics', 'question', '{}', 'question', '{id,survey_id}'),
('qualtrics', 'question_option', '{}', NULL, '{survey_id,question_id,key,recode_value}'),
('qualtrics', 'survey_response', '{}', 'survey_response', '{id}'),
('qualtrics', 'question_response', '{}', 'question_response',
 '{response_id,question_id,sub_question_key,question_option_key,loop_id}'),
('qualtrics', 'distribution', '{}', NULL, '{id}'),
('qualtrics', 'distribution_contact', '{}', NULL, '{contact_id,distribution_id}'),
('qualtrics', 'directory_contact', '{contact}', NULL, '{id}'),
('qualtrics', 'survey_embedded_data', '{}', NULL, '{response_id,key}');
INSERT INTO csmetrics.connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('qualtrics', 'question', 'id', 'text', true, '{}'),
('qualtrics', 'question', 'survey_id', 'text', true, '{}'),
('qualtrics', 'question', 'question_text', 'text', false, '{}'),
('qualtrics', 'question', 'question_type', 'text', false, '{}'),
('qualtrics', 'question', 'selector', 'text', false, '{}'),
('qualtrics', 'question', 'data_export_tag', 'text', false, '{}'),
('qualtrics', 'question', '_fivetran_deleted', 'boolean', false, '{}'),
('qualtrics', 'question_option', 'key', 'text', false, '{}'),
('qualtrics', 'question_option', 'question_id', 'text', true, '{}'),
('qualtrics', 'question_option', 'survey_id', 'text', true, '{}'),
('qualtrics', 'question_option', 'recode_value', 'text', false, '{}'),
('qualtrics', 'question_option', '_fivetran_deleted', 'boolean', false, '{}'),
('qualtrics', 'survey_response', 'is_deleted', 'boolean', false, '{}'),
('qualtrics', 'survey_response', 'id', 'text', true, '{}'),
('qualtrics', 'survey_response', 'survey_id', 'text', true, '{}'),
('qualtrics', 'survey_response', 'recorded_date', 'timestamptz', true, '{end_date}'),
('qualtrics', 'survey_response', 'distribution_channel', 'text', false, '{}'),
('qualtrics', 'survey_response', 'recipient_email', 'text', false, '{}'),
('qualtrics', 'question_response', 'is_deleted', 'boolean', false, '{}'),
('qualtrics', 'question_response', 'loop_id', 'text', false, '{}'),
('qualtrics', 'question_response', 'question_option_key', 'text', false, '{}'),
('qualtrics', 'question_response', 'response_id', 'text', true, '{}'),
('qualtrics', 'question_response', 'question_id', 'text', true, '{}'),
('qualtrics', 'question_response', 'value', 'text', true, '{}'),
('qualtrics', 'question_response', 'sub_question_key', 'text', false, '{}'),
('qualtrics', 'distribution', 'id', 'text', true, '{}'),
('qualtrics', 'distribution', 'survey_link_survey_id', 'text', true, '{survey_id}'),
('qualtrics', 'distribution', 'request_type', 'text', false, '{}'),
('qualtrics', 'distribution', '_fivetran_deleted', 'boolean', false, '{}'),
('qualtrics', 'distribution_contact', 'is_deleted', 'boolean', false, '{}'),
('qualtrics', 'distribution_contact', 'contact_id', 'text', true, '{}'),
('qualtrics', 'distribution_contact', 'distribution_id', 'text', true, '{}'),
('qualtrics', 'distribution_contact', 'sent_at', 'timestamptz', true, '{}'),
('qualtrics', 'distribution_contact', 'response_id', 'text', true, '{}'),
('qualtrics', 'distribution_contact', 'response_completed_at', 'timestamptz', true, '{}'),
('qualtrics', 'directory_contact', 'id', 'text', true, '{}'),
('qualtrics', 'directory_contact', 'email', 'text', false, '{}'),
('qualtrics', 'directory_contact', 'ext_ref', 'text', false, '{external_data_reference}'),
('qualtrics', 'survey_embedded_data', 'response_id', 'text', true, '{}'),
('qualtrics', 'survey_embedded_data', 'key', 'text', true, '{}'),
('qualtrics', 'survey_embedded_data', 'value', 'text', true, '{}');

-- A contact belongs to the account of its external reference, or of its address. Who was asked makes no account of its
-- own.
INSERT INTO csmetrics.connector_source (vendor, source, query, only_with) VALUES
('qualtrics', 'account', $$
    SELECT account_key, domain, crm_key, true AS only_matched
    FROM (SELECT DISTINCT ON (account_key) account_key, domain, crm_key
          FROM (SELECT coalesce(nullif(ext_ref, ''), csmetrics.company_domain(email)) AS account_key,
                       csmetrics.company_domain(email) AS domain, nullif(ext_ref, '') AS crm_key
                FROM {directory_contact} c
                UNION ALL
                SELECT csmetrics.company_domain(recipient_email), csmetrics.company_domain(recipient_email), NULL
                FROM {survey_response} r) k
          WHERE account_key IS NOT NULL ORDER BY account_key, crm_key, domain) k $$, NULL),
-- Which question asks what: its selector, its export tag, or else its text. Invitations first, answered or not; then
-- answers without one.
('qualtrics', 'survey', $$
    WITH question AS (
        SELECT q.id, q.survey_id, q.kind, coalesce(o.lowest, CASE q.kind WHEN 'nps' THEN 0 ELSE 1 END) AS lowest,
               coalesce(o.highest, CASE q.kind WHEN 'nps' THEN 10 WHEN 'csat' THEN 5 ELSE 7 END) AS highest,
               -- CES as agreement that it was easy, or as the effort that it took
               NOT (q.kind = 'ces' AND q.text ~* 'how much effort|difficult') AS higher_is_better
        FROM (SELECT id, survey_id, coalesce(question_text, '') AS text,
                     CASE WHEN selector = 'NPS' OR data_export_tag ~* '(^|[^a-z])nps' THEN 'nps'
                          WHEN data_export_tag ~* '(^|[^a-z])csat' THEN 'csat'
                          WHEN data_export_tag ~* '(^|[^a-z])ces([^a-z]|$)' THEN 'ces'
                          WHEN question_text ~* 'likely.*recommend|recommend.*likely' THEN 'nps'
                          WHEN question_text ~* 'satisf' THEN 'csat'
                          WHEN question_text ~* 'effort|(was|is) (it )?easy|made it easy' THEN 'ces' END AS kind
              FROM {question} q
              WHERE coalesce(question_type, 'MC') IN ('MC', 'Slider', 'Matrix') AND _fivetran_deleted IS NOT TRUE) q
        LEFT JOIN (SELECT survey_id, question_id, min(recode_value::numeric) AS lowest,
                          nullif(max(recode_value::numeric), min(recode_value::numeric)) AS highest
                   FROM {question_option} o WHERE recode_value ~ '^\d{1,3}$' AND _fivetran_deleted IS NOT TRUE
                   GROUP BY survey_id, question_id) o ON o.survey_id = q.survey_id AND o.question_id = q.id
              AND q.kind <> 'nps' AND o.highest IS NOT NULL
        WHERE q.kind IS NOT NULL),
    answer AS (
        SELECT DISTINCT ON (response_id, question_id) response_id, question_id, value::numeric AS score
        FROM {question_response} a WHERE is_deleted IS NOT TRUE AND value ~ '^-?\d+(\.\d+)?$'
        ORDER BY response_id, question_id, sub_question_key NULLS FIRST),
    ticket AS (
        SELECT response_id, min(value) AS ticket_id FROM {survey_embedded_data} d
        WHERE csmetrics.squeezed(key) IN ('ticketid', 'caseid') GROUP BY response_id),
    invited AS (
        SELECT i.response_id, d.survey_link_survey_id AS survey_id, i.sent_at, i.response_completed_at, c.email,
               coalesce(nullif(c.ext_ref, ''), csmetrics.company_domain(c.email)) AS account_key
        FROM {distribution_contact} i
        JOIN {distribution} d ON d.id = i.distribution_id AND d._fivetran_deleted IS NOT TRUE
              AND coalesce(d.request_type, '') !~* 'test|reminder|thankyou'
        JOIN {directory_contact} c ON c.id = i.contact_id
        WHERE i.sent_at IS NOT NULL AND i.is_deleted IS NOT TRUE)
    SELECT i.account_key, q.kind, a.score,
           CASE WHEN a.score IS NOT NULL THEN coalesce(i.response_completed_at, r.recorded_date) END AS responded_at,
           i.sent_at, lower(i.email) AS respondent_id, t.ticket_id,
           q.lowest, q.highest, q.higher_is_better
    FROM invited i
    JOIN question q ON q.survey_id = i.survey_id
    LEFT JOIN answer a ON a.response_id = i.response_id AND a.question_id = q.id
    LEFT JOIN {survey_response} r ON r.id = i.response_id
    LEFT JOIN ticket t ON t.response_id = i.response_id
    UNION ALL
    SELECT coalesce(nullif(c.ext_ref, ''), csmetrics.company_domain(r.recipient_email)), q.kind, a.score,
           r.recorded_date, NULL, lower(r.recipient_email), t.ticket_id, q.lowest, q.highest, q.higher_is_better
    FROM {survey_response} r
    JOIN question q ON q.survey_id = r.survey_id
    JOIN answer a ON a.response_id = r.id AND a.question_id = q.id
    LEFT JOIN ticket t ON t.response_id = r.id
    LEFT JOIN (SELECT DISTINCT ON (lower(email)) lower(email) AS email, ext_ref
               FROM {directory_contact} c ORDER BY lower(email), ext_ref) c ON c.email = lower(r.recipient_email)
    WHERE coalesce(r.distribution_channel, '') !~* 'preview|test' AND r.recorded_date IS NOT NULL
      AND r.is_deleted IS NOT TRUE
      AND NOT EXISTS (SELECT 1 FROM invited i WHERE i.response_id = r.id) $$, NULL);
