-- Qualtrics: invitations and answers of surveys that ask NPS, CSAT or CES.

-- What is said in English, German, French, Spanish, Italian, Portuguese and Dutch; letters with accents are one or two
-- of any kind, whatever the encoding.
CREATE OR REPLACE FUNCTION csmetrics.asked_of(question text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN question ~* ('likely.*recommend|recommend.*likely|wahrscheinlich.*weiterempf'
                              '|weiterempf.*wahrscheinlich|recommanderi'
                              '|probab.*(recom|consigl|raccom)|(recom|consigl|raccom).*probab'
                              '|waarschijnlijk.*aanbevel|aanbevel.*waarschijnlijk') THEN 'nps'
            WHEN question ~* '\m(satisf|zufrieden|soddisf|tevreden)' THEN 'csat'
            WHEN question ~* ('effort|(was|is) (it )?easy|made it easy|\maufwand|(wie|war|es|mir) (einfach|leicht)'
                              '|esfuerzo|sforzo|esfor.{1,2}o\M|moeite|facile|f.{1,2}cil fue|fue f.{1,2}cil') THEN 'ces'
            END;
COMMENT ON FUNCTION csmetrics.asked_of(text) IS
'Internal: what a question of a survey asks by its words: nps, csat or ces; NULL: none of them';

CREATE OR REPLACE FUNCTION csmetrics.is_no_score(label text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN label ~* ('^\W*(n\W?a\M|not (applicable|relevant|sure)|(not|never) used|does( not|n.t) apply|unsure|skip\M'
                 '|(i )?(do not|don.t) (know|remember)|no (opinion|answer|experience|basis)|prefer not|decline'
                 '|(i )?can(not|.t) (say|judge|rate)|(i |we )?(have|did)( not|n.t) '
                 '|k\W?a\M|nicht (zutreffend|bewertbar|beurteilbar|relevant)|keine (angabe|antwort|meinung|erfahrung)'
                 '|(ich )?wei.{1,2} (ich |es )?nicht|(das )?kann ich nicht'
                 '|sans (objet|opinion|r.{1,2}ponse|avis)|(non|pas) (concern|applica)|(je )?ne (sais|sait|se prononce)'
                 '|ns ?/? ?nc\M|no (aplica|sabe|s.{1,2}\M|contest|procede)|non (so|saprei)\M'
                 '|n.{1,2}o (se aplica|sei|sabe|aplic)|n\W?v\W?t\M|niet van toepassing|(ik )?weet (ik )?(het )?niet'
                 '|geen (mening|antwoord|ervaring))');
COMMENT ON FUNCTION csmetrics.is_no_score(text) IS
'Internal: does a label of an option say that it is no answer, such as "not applicable"?';

CREATE OR REPLACE FUNCTION csmetrics.tone_of(label text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN label ~* ('\m(neither|nor|neutral|undecided|indifferent|weder|teils|ni|neutre|neutr[oe]|neutrale'
                           '|indiferente|nem|noch|neutraal)\M|\mn.{1,2} (in)?soddisf') THEN 0
            WHEN label ~* ('\m(low|little|no|less|minimal|kein|wenig|geringer|peu d.|poco) ?'
                           '(effort|aufwand|esfuerzo|sforzo)') THEN 1
            WHEN label ~* ('\m(dis|un)(satisf|agree|happy|likely)|\mnot (at all|very|satisf|easy|likely|good|happy)'
                           '|\m(difficult|hard|poor|bad|terrible|awful|worst|negative)\M'
                           '|\m(high|much|lot of|great deal of|extreme|hoher|viel|mucho|molto) '
                           '(effort|aufwand|esfuerzo|sforzo)'
                           '|\m(unzufrieden|unwahrscheinlich|schlecht|mangelhaft|schwierig|schwer\M|nicht\M|kein)'
                           '|\m(insatisf|m.{1,2}content|mauvais|m.{1,2}diocre|difficile|d.{1,2}saccord|(pas|peu)\M)'
                           '|\m(descontent|mal[oa]?\M|p.{1,2}sim|dif.{1,2}cil|desacuerdo|(nada|poco)\M)'
                           '|\m(insoddisf|scontent|niente|disaccordo|non\M|cattiv|ruim|mau\M|discord|pouco)'
                           '|\m(ontevreden|niet\M|slecht|moeilijk|oneens|onwaarschijnlijk)') THEN -1
            WHEN label ~* ('\m(satisf|agree|happy|easy|likely|good|great|excellent|best|positive|effortless)'
                           '|\m(zufrieden|gut\M|einfach|leicht|stimme|wahrscheinlich|hervorragend|ausgezeichnet)'
                           '|\m(content|bien\M|bon(ne)?\M|facile|accord|probable|buen|f.{1,2}cil|de acuerdo)'
                           '|\m(soddisf|buon|ottim|eccellent|boa?\M|bom\M|.{1,2}tim[oa]\M|concord)'
                           '|\m(tevreden|goed|uitstekend|(ge)?makkelijk|eens\M|waarschijnlijk)') THEN 1 END
       * CASE WHEN label ~* ('\m(extremely|very|completely|strongly|totally|at all|sehr|voll|gar\M|tr.{1,2}s\M|tout'
                             '|extr|muy|totalmente|completamente|molto|muito|zeer|heel|helemaal)') THEN 3
              WHEN label ~* ('\m(slightly|somewhat|a little|rather|eher|etwas|plut.{1,2}t|assez|algo|abbastanza'
                             '|piuttosto|enigszins|redelijk)\M') THEN 1 ELSE 2 END;
COMMENT ON FUNCTION csmetrics.tone_of(text) IS
'Internal: how good a label of an option sounds, from -3 to 3; NULL: it does not say';

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
('qualtrics', 'question_option', 'question_id', 'text', true, '{}'),
('qualtrics', 'question_option', 'survey_id', 'text', true, '{}'),
('qualtrics', 'question_option', 'key', 'text', false, '{option_key,choice_id}'),
('qualtrics', 'question_option', 'recode_value', 'text', false, '{}'),
('qualtrics', 'question_option', 'text', 'text', false, '{display,label}'),
('qualtrics', 'question_option', '_fivetran_deleted', 'boolean', false, '{}'),
('qualtrics', 'survey_response', 'is_deleted', 'boolean', false, '{}'),
('qualtrics', 'survey_response', 'id', 'text', true, '{}'),
('qualtrics', 'survey_response', 'survey_id', 'text', true, '{}'),
('qualtrics', 'survey_response', 'recorded_date', 'timestamptz', true, '{end_date}'),
('qualtrics', 'survey_response', 'distribution_channel', 'text', false, '{}'),
('qualtrics', 'survey_response', 'recipient_email', 'text', false, '{}'),
('qualtrics', 'question_response', 'is_deleted', 'boolean', false, '{}'),
('qualtrics', 'survey_response', 'status', 'text', false, '{}'),
('qualtrics', 'survey_response', 'finished', 'text', false, '{}'),
('qualtrics', 'question_response', 'response_id', 'text', true, '{}'),
('qualtrics', 'question_response', 'question_id', 'text', true, '{}'),
('qualtrics', 'question_response', 'value', 'text', true, '{}'),
('qualtrics', 'question_response', 'question_option_key', 'text', false, '{}'),
('qualtrics', 'question_response', 'sub_question_key', 'text', false, '{}'),
('qualtrics', 'question_response', 'loop_id', 'text', false, '{}'),
('qualtrics', 'distribution', 'id', 'text', true, '{}'),
('qualtrics', 'distribution', 'survey_link_survey_id', 'text', true, '{survey_id}'),
('qualtrics', 'distribution', 'request_type', 'text', false, '{}'),
('qualtrics', 'distribution', '_fivetran_deleted', 'boolean', false, '{}'),
('qualtrics', 'distribution_contact', 'is_deleted', 'boolean', false, '{}'),
('qualtrics', 'distribution_contact', 'contact_id', 'text', true, '{}'),
('qualtrics', 'distribution_contact', 'distribution_id', 'text', true, '{}'),
('qualtrics', 'distribution_contact', 'sent_at', 'timestamptz', true, '{}'),
('qualtrics', 'distribution_contact', 'status', 'text', false, '{}'),
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
                FROM {survey_response} r
                UNION ALL
                SELECT value, NULL, value FROM {survey_embedded_data} d
                WHERE csmetrics.squeezed(key) IN ('accountid', 'customerid', 'companyid') AND value <> '') k
          WHERE account_key IS NOT NULL ORDER BY account_key, crm_key, domain) k $$, NULL),
-- Which question asks what: its selector, its export tag, or else its text; of those that take several answers none is
-- a score. Labels of options say what a score is worth: the number that they begin with, else the recoded value; which
-- end is the good one, by their words; and which of them is none, such as "not applicable". Rows of a matrix and loops
-- of one question are worth their mean. Responses that are spam, previews, tests or unfinished are none; invitations
-- that came back were not sent. Invitations first, answered or not; then answers without one.
('qualtrics', 'survey', $$
    WITH asked AS (
        -- options of a slider are no places on it
        SELECT id, survey_id, coalesce(question_text, '') AS text, (question_type = 'Slider') IS TRUE AS is_slider,
               CASE WHEN selector = 'NPS' OR data_export_tag ~* '(^|[^a-z])nps' THEN 'nps'
                    WHEN data_export_tag ~* '(^|[^a-z])csat' THEN 'csat'
                    WHEN data_export_tag ~* '(^|[^a-z])ces([^a-z]|$)' THEN 'ces'
                    ELSE csmetrics.asked_of(question_text) END AS kind
        FROM {question} q
        WHERE coalesce(question_type, 'MC') IN ('MC', 'Slider', 'Matrix') AND _fivetran_deleted IS NOT TRUE
              AND coalesce(selector, '') !~* '^(MA|MSB)'),
    labelled AS (
        SELECT o.survey_id, o.question_id, o.key, o.recode_value, o.text,
               substring(o.text FROM '^\s*(\d{1,3})\M')::numeric AS label_number,
               CASE WHEN o.recode_value ~ '^-?\d{1,4}$' THEN o.recode_value::numeric END AS recoded,
               csmetrics.is_no_score(o.text) IS TRUE AS is_none
        FROM {question_option} o WHERE o._fivetran_deleted IS NOT TRUE),
    option AS (
        SELECT l.survey_id, l.question_id, l.key, l.recode_value, l.text, l.is_none,
               CASE WHEN bool_and(l.is_none OR l.label_number IS NOT NULL)
                         OVER (PARTITION BY l.survey_id, l.question_id) THEN l.label_number ELSE l.recoded END AS score,
               CASE WHEN NOT l.is_none THEN csmetrics.tone_of(l.text) END AS tone
        FROM labelled l),
    scale AS (
        SELECT survey_id, question_id, min(score) AS lowest, nullif(max(score), min(score)) AS highest,
               CASE WHEN regr_slope(tone, score) <> 0 THEN regr_slope(tone, score) > 0 END AS higher_is_better
        FROM option WHERE NOT is_none AND score IS NOT NULL GROUP BY survey_id, question_id),
    question AS (
        SELECT q.id, q.survey_id, q.kind, q.is_slider, shift.by,
               coalesce(o.lowest - shift.by, CASE q.kind WHEN 'nps' THEN 0 ELSE 1 END) AS lowest,
               coalesce(o.highest - shift.by, CASE q.kind WHEN 'nps' THEN 10 WHEN 'csat' THEN 5 ELSE 7 END) AS highest,
               -- CES as agreement that it was easy, or as the effort that it took
               coalesce(CASE WHEN q.kind <> 'nps' THEN o.higher_is_better END,
                        NOT (q.kind = 'ces'
                             AND q.text ~* ('how much effort|difficult|schwierig|difficile|dif.{1,2}cil'
                                            '|(wie viel|welche[nr]?|quel|cu.{1,2}nto|quanto) '
                                            '(aufwand|effort|esfuerzo|sforzo)')))
                   AS higher_is_better
        FROM asked q
        LEFT JOIN scale o ON o.survey_id = q.survey_id AND o.question_id = q.id AND o.highest IS NOT NULL
             AND NOT q.is_slider,
             -- eleven places from 1 on are those of 0 to 10
             LATERAL (SELECT CASE WHEN q.kind = 'nps' AND o.lowest = 1 AND o.highest = 11 THEN 1 ELSE 0 END AS by) shift
        WHERE q.kind IS NOT NULL),
    response AS (
        SELECT r.id, r.survey_id, r.recorded_date, lower(r.recipient_email) AS email, t.ticket_id, t.account_key
        FROM {survey_response} r
        LEFT JOIN (SELECT response_id,
                          min(nullif(value, '')) FILTER (
                              WHERE csmetrics.squeezed(key) IN ('ticketid', 'caseid')) AS ticket_id,
                          min(nullif(value, '')) FILTER (
                              WHERE csmetrics.squeezed(key) IN ('accountid', 'customerid', 'companyid')) AS account_key
                   FROM {survey_embedded_data} d GROUP BY response_id) t ON t.response_id = r.id
        -- bits of it are 1, preview, 2, test, and 8, spam
        WHERE CASE WHEN r.status ~ '^\d{1,4}$' THEN r.status::integer & 11 = 0
                   ELSE coalesce(r.status, '') !~* 'preview|test|spam' END
          AND coalesce(lower(r.finished), 'true') NOT IN ('0', 'f', 'false', 'no')
          AND coalesce(r.distribution_channel, '') !~* 'preview|test' AND r.is_deleted IS NOT TRUE),
    answer AS (
        SELECT a.response_id, a.question_id, trim_scale(avg(a.score)) AS score
        FROM (SELECT DISTINCT a.response_id, a.question_id, a.sub_question_key, a.loop_id,
                     CASE WHEN o.is_none THEN NULL WHEN o.score IS NOT NULL THEN o.score - q.by
                          WHEN a.value ~ '^-?\d+(\.\d+)?$' THEN a.value::numeric - q.by END AS score
              FROM {question_response} a
              JOIN response r ON r.id = a.response_id
              JOIN question q ON q.survey_id = r.survey_id AND q.id = a.question_id
              LEFT JOIN LATERAL (
                  SELECT o.is_none, o.score FROM option o
                  WHERE o.survey_id = q.survey_id AND o.question_id = q.id AND NOT q.is_slider
                    AND (o.key = a.question_option_key OR o.recode_value = a.value OR o.text = a.value)
                  ORDER BY (o.key = a.question_option_key) IS TRUE DESC, (o.recode_value = a.value) IS TRUE DESC
                  LIMIT 1) o ON true
              WHERE a.is_deleted IS NOT TRUE) a
        WHERE a.score IS NOT NULL GROUP BY a.response_id, a.question_id),
    invited AS (
        SELECT i.response_id, d.survey_link_survey_id AS survey_id, i.sent_at, i.response_completed_at, c.email,
               nullif(c.ext_ref, '') AS account_key, csmetrics.company_domain(c.email) AS domain
        FROM {distribution_contact} i
        JOIN {distribution} d ON d.id = i.distribution_id AND d._fivetran_deleted IS NOT TRUE
              AND coalesce(d.request_type, '') !~* 'test|reminder|thankyou'
        JOIN {directory_contact} c ON c.id = i.contact_id
        WHERE i.sent_at IS NOT NULL AND i.is_deleted IS NOT TRUE
          AND (coalesce(i.status, '') !~* 'bounce|fail|error|skipped|blocked|pending' OR i.response_id IS NOT NULL))
    SELECT coalesce(i.account_key, r.account_key, i.domain) AS account_key, q.kind, a.score,
           CASE WHEN a.score IS NOT NULL THEN coalesce(i.response_completed_at, r.recorded_date) END AS responded_at,
           i.sent_at, lower(i.email) AS respondent_id, r.ticket_id,
           q.lowest, q.highest, q.higher_is_better
    FROM invited i
    JOIN question q ON q.survey_id = i.survey_id
    LEFT JOIN answer a ON a.response_id = i.response_id AND a.question_id = q.id
    LEFT JOIN response r ON r.id = i.response_id
    UNION ALL
    -- who is not known is one by his response
    SELECT coalesce(nullif(c.ext_ref, ''), r.account_key, csmetrics.company_domain(r.email)), q.kind, a.score,
           r.recorded_date, NULL, coalesce(r.email, r.id), r.ticket_id, q.lowest, q.highest, q.higher_is_better
    FROM response r
    JOIN question q ON q.survey_id = r.survey_id
    JOIN answer a ON a.response_id = r.id AND a.question_id = q.id
    LEFT JOIN (SELECT DISTINCT ON (lower(email)) lower(email) AS email, ext_ref
               FROM {directory_contact} c ORDER BY lower(email), nullif(ext_ref, '')) c ON c.email = r.email
    WHERE r.recorded_date IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM invited i WHERE i.response_id = r.id) $$, NULL);
