\unset ECHO
\i test/psql.sql
-- Support desks and surveys as their vendors' tables have them: who replies and who is a bot, what was opened again, and what the labels
-- of Qualtrics' options say.
BEGIN;
SELECT plan(14);
CREATE SCHEMA zd;
CREATE TABLE zd.organization (id bigint, name text);
INSERT INTO zd.organization VALUES (11, 'Ash');
CREATE TABLE zd."user" (id bigint, email text, role text, organization_id bigint);
INSERT INTO zd."user" VALUES (1, 'ann@ash.example', 'end-user', 11), (9, 'agent@us.example', 'agent', NULL), (-1, NULL, 'admin', NULL);
CREATE TABLE zd.ticket (id bigint, created_at timestamp, updated_at timestamp, organization_id bigint, requester_id bigint, status text);
INSERT INTO zd.ticket SELECT n, '2024-02-01 10:00', '2024-02-20', 11, 1, 'open' FROM generate_series(101, 107) n;
CREATE TABLE zd.ticket_comment (ticket_id bigint, user_id bigint, created timestamp, public boolean, via jsonb, via_source_rel text);
INSERT INTO zd.ticket_comment VALUES (101, 9, '2024-02-01 11:00', true, '{"channel": "rule", "source": {"rel": "trigger"}}', NULL), (101, 9, '2024-02-01 12:00', true, '{"channel": "web", "source": {"rel": null}}', NULL),
    (102, -1, '2024-02-01 11:00', true, '{"channel": "web"}', NULL), (103, 9, '2024-02-01 11:00', true, '{"channel": "answer_bot_for_web_widget"}', NULL), (104, 9, '2024-02-01 11:00', true, NULL, 'automation'),
    (105, 9, '2024-02-01 11:00', true, '{"channel": "email"}', NULL), (106, 9, '2024-02-01 11:00', true, '{"channel": "system", "source": {"rel": "merge"}}', NULL), (107, 9, '2024-02-01 11:00', true, NULL, NULL);
CREATE TABLE zd.ticket_field_history (ticket_id bigint, field_name text, updated timestamp, value text);
INSERT INTO zd.ticket_field_history VALUES (105, 'status', '2024-02-02', 'solved'), (105, 'status', '2024-02-03', 'open'), (105, 'status', '2024-02-04', 'solved'), (105, 'status', '2024-02-05', 'open');
CALL create_model('z');
CALL connect('z', 'zendesk', 'zd');
SELECT results_eq($$SELECT ticket_id, first_reply_at, agent_replies, reopened, solved_at, reopened_at FROM z_internal.source_ticket ORDER BY ticket_id$$, $$VALUES
    ('101', timestamptz '2024-02-01 12:00+00', 1, 0, NULL::timestamptz, NULL::timestamptz), ('102', NULL, 0, 0, NULL, NULL), ('103', NULL, 0, 0, NULL, NULL), ('104', NULL, 0, 0, NULL, NULL),
    ('105', '2024-02-01 11:00+00', 1, 2, NULL, '2024-02-03 00:00+00'), ('106', NULL, 0, 0, NULL, NULL), ('107', '2024-02-01 11:00+00', 1, 0, NULL, NULL)$$,
    'Zendesk: triggers, automations, bots and the system do not reply; what was opened again, and when');
-- new until the first reply, open, pending, on hold, open, and solved; what is open again waits still
INSERT INTO zd.ticket_field_history VALUES (101, 'status', '2024-02-01 10:00', 'new'), (101, 'status', '2024-02-01 12:00', 'open'), (101, 'status', '2024-02-01 13:00', 'pending'), (101, 'status', '2024-02-01 18:00', 'hold'), (101, 'status', '2024-02-01 20:00', 'open'),
    (101, 'status', '2024-02-01 21:00', 'solved'), (101, 'status', '2024-02-05 21:00', 'closed');
CREATE TABLE zd.ticket_metric (ticket_id bigint, requester_wait_time_in_minutes jsonb, agent_wait_time_in_minutes_calendar integer, agent_wait_time_in_minutes_business integer);
INSERT INTO zd.ticket_metric VALUES (102, '{"calendar": 90, "business": 60}', 30, 20);
CALL connect('z', 'zendesk', 'zd');
SELECT results_eq($$SELECT ticket_id, requester_wait, agent_wait, on_hold, requester_wait_minutes, requester_wait_business_minutes, agent_wait_minutes, agent_wait_business_minutes, on_hold_minutes FROM z_internal.source_ticket WHERE ticket_id IN ('101', '102', '103', '105') ORDER BY 1$$, $$VALUES
    ('101', '{[2024-02-01 10:00+00,2024-02-01 13:00+00),[2024-02-01 18:00+00,2024-02-01 21:00+00)}'::tstzmultirange, '{[2024-02-01 13:00+00,2024-02-01 18:00+00)}'::tstzmultirange, '{[2024-02-01 18:00+00,2024-02-01 20:00+00)}'::tstzmultirange, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric),
    ('102', NULL, NULL, NULL, 90, 60, 30, 20, NULL), ('103', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), ('105', '{[2024-02-03 00:00+00,2024-02-04 00:00+00),[2024-02-05 00:00+00,)}', '{}', '{}', NULL, NULL, NULL, NULL, NULL)$$, 'Zendesk: who waited for whom, from the history of the status, or in minutes where that is all there is');
ALTER TABLE zd.ticket_comment ADD via_channel text;
UPDATE zd.ticket_comment SET via_channel = via ->> 'channel';
CALL connect('z', 'zendesk', 'zd');
SELECT results_eq($$SELECT ticket_id, agent_replies FROM z_internal.source_ticket WHERE agent_replies > 0 ORDER BY ticket_id$$, $$VALUES ('101', 1), ('105', 1), ('107', 1)$$, 'Zendesk: a channel alone says it, too');

CREATE SCHEMA ic;
CREATE TABLE ic.company_history (id text, name text, updated_at timestamp);
INSERT INTO ic.company_history VALUES ('c1', 'Ash', '2024-02-01');
CREATE TABLE ic.contact_history (id text, email text, updated_at timestamp);
INSERT INTO ic.contact_history VALUES ('p1', 'a@ash.example', '2024-01-01');
CREATE TABLE ic.contact_company_history (contact_id text, company_id text, _fivetran_active boolean);
INSERT INTO ic.contact_company_history VALUES ('p1', 'c1', true);
CREATE TABLE ic.conversation_history (id text, created_at timestamp, updated_at timestamp, state text, source_author_id text, source_author_type text, conversation_rating_value integer, conversation_rating_created_at timestamp);
INSERT INTO ic.conversation_history SELECT 'v' || n, '2024-03-01 10:00', '2024-03-09', CASE WHEN n IN (1, 2, 3) THEN 'closed' ELSE 'open' END, 'p1', 'user', CASE WHEN n = 1 THEN 4 END, CASE WHEN n < 3 THEN timestamp '2024-03-09 10:00' END FROM generate_series(1, 7) n;
CREATE TABLE ic.conversation_part_history (id text, conversation_id text, part_type text, author_type text, body text, created_at timestamp);
INSERT INTO ic.conversation_part_history VALUES
    ('1', 'v1', 'comment', 'bot', '<p>Hi</p>', '2024-03-01 10:01'), ('2', 'v1', 'assignment', 'admin', '<p>On it</p>', '2024-03-01 11:00'), ('3', 'v1', 'close', 'admin', NULL, '2024-03-01 12:00'),
    ('4', 'v2', 'assignment', 'admin', NULL, '2024-03-01 11:00'), ('5', 'v2', 'close', 'admin', '<p>Done, bye</p>', '2024-03-01 12:00'),
    ('6', 'v3', 'assignment', 'bot', '<p>An agent will come</p>', '2024-03-01 11:00'), ('7', 'v3', 'close', 'admin', '<p> </p>', '2024-03-01 12:00'),
    ('8', 'v4', 'comment', 'admin', '<p>Try this</p>', '2024-03-01 11:00'), ('9', 'v4', 'close', 'admin', NULL, '2024-03-01 12:00'), ('10', 'v4', 'open', 'user', '<p>No</p>', '2024-03-02 12:00'),
    ('11', 'v5', 'close', 'admin', NULL, '2024-03-01 12:00'), ('12', 'v5', 'comment', 'user', '<p>Still broken</p>', '2024-03-02 12:00'),
    ('13', 'v6', 'open', 'admin', '<p>Back to it</p>', '2024-03-01 11:00'), ('14', 'v7', 'note', 'admin', '<p>Who?</p>', '2024-03-01 11:00');
CALL connect('z', 'intercom', 'ic');
SELECT results_eq($$SELECT ticket_id, first_reply_at, agent_replies, solved_at, reopened, reopened_at FROM z_internal.intercom_ticket ORDER BY ticket_id$$, $$VALUES
    ('v1', timestamptz '2024-03-01 11:00+00', 1, timestamptz '2024-03-01 12:00+00', 0, NULL::timestamptz), ('v2', '2024-03-01 12:00+00', 1, '2024-03-01 12:00+00', 0, NULL), ('v3', NULL, 0, '2024-03-01 12:00+00', 0, NULL),
    ('v4', '2024-03-01 11:00+00', 1, NULL, 1, '2024-03-02 12:00+00'), ('v5', NULL, 0, NULL, 1, NULL), ('v6', '2024-03-01 11:00+00', 1, NULL, 0, NULL), ('v7', NULL, 0, NULL, 0, NULL)$$,
    'Intercom: an assignment, a close and an opening with a text reply; what is open after its close was opened again');
SELECT results_eq($$SELECT ticket_id, score, responded_at IS NULL, sent_at IS NULL FROM z_internal.intercom_survey ORDER BY 1$$, $$VALUES ('v1', 4::numeric, false, false), ('v2', NULL, true, false)$$, 'Intercom: asked for a rating, and none given: no answer');

CREATE SCHEMA jr;
CREATE TABLE jr.issue (id integer, created timestamp, resolved timestamp, reporter text);
INSERT INTO jr.issue VALUES (1, '2024-04-01 10:00', NULL, 'r1'), (2, '2024-04-01 10:00', NULL, 'r1');
CREATE TABLE jr."user" (account_id text, email text, "accountType" text);
INSERT INTO jr."user" VALUES ('r1', 'a@ash.example', 'customer'), ('r2', 'b@ash.example', 'customer'), ('app', NULL, 'app'), ('dev', 'dev@us.example', 'atlassian');
CREATE TABLE jr.comment (issue_id integer, author_id text, created timestamp, is_public boolean);
INSERT INTO jr.comment VALUES (1, 'app', '2024-04-01 11:00', true), (1, 'r2', '2024-04-01 12:00', true), (1, 'dev', '2024-04-01 13:00', true), (2, 'gone', '2024-04-01 14:00', true);
CREATE TABLE jr.issue_field_history (issue_id integer, field_id text, "time" timestamp, value text, is_active boolean);
INSERT INTO jr.issue_field_history VALUES (1, 'resolution', '2024-04-03 10:00', '1', false), (1, 'resolution', '2024-04-05 10:00', NULL, true);
CALL connect('z', 'jira', 'jr');
SELECT results_eq($$SELECT ticket_id, first_reply_at, agent_replies, reopened, reopened_at FROM z_internal.jira_ticket ORDER BY 1$$, $$VALUES
    ('1', timestamptz '2024-04-01 13:00+00', 1, 1, timestamptz '2024-04-05 10:00+00'), ('2', '2024-04-01 14:00+00', 1, 0, NULL)$$, 'Jira: apps and other customers do not reply');

-- Qualtrics: a question each, by labels of its options.
CREATE SCHEMA qx;
CREATE TABLE qx.question (id text, survey_id text, question_text text, question_type text, selector text);
CREATE TABLE qx.question_option (question_id text, survey_id text, key text, recode_value text, text text);
CREATE TABLE qx.survey_response (id text, survey_id text, recorded_date timestamp, recipient_email text, status text, finished boolean);
CREATE TABLE qx.question_response (response_id text, question_id text, question_option_key text, value text, sub_question_key text, loop_id text);
CREATE TABLE qx.distribution (id text, survey_link_survey_id text, request_type text);
CREATE TABLE qx.distribution_contact (contact_id text, distribution_id text, sent_at timestamp, response_id text, response_completed_at timestamp, status text);
CREATE TABLE qx.directory_contact (id text, email text, ext_ref text);
CREATE TABLE qx.survey_embedded_data (response_id text, key text, value text);
INSERT INTO qx.question VALUES ('Q1', 'reversed', 'How satisfied are you?', 'MC', 'SAVR'), ('Q1', 'none', 'How satisfied are you?', 'MC', 'SAVR'), ('Q1', 'none99', 'How satisfied are you?', 'MC', 'SAVR'), ('Q1', 'moved', 'How likely are you to recommend us?', 'MC', 'NPS'),
    ('Q1', 'several', 'What satisfies you?', 'MC', 'MAVR'), ('Q1', 'spam', 'How likely are you to recommend us?', 'MC', 'NPS'), ('Q1', 'matrix', 'How satisfied are you with these?', 'Matrix', 'Likert'), ('Q1', 'dis', 'Why were you dissatisfied?', 'MC', 'SAVR'),
    ('Q1', 'bounced', 'How likely are you to recommend us?', 'MC', 'NPS'), ('Q1', 'effort', 'It was easy to get help', 'MC', 'SAVR'), ('Q1', 'numbered', 'How satisfied are you?', 'MC', 'SAVR'), ('Q1', 'short', 'How likely are you to recommend us?', 'MC', 'SAVR'), ('Q1', 'labels', 'How likely are you to recommend us?', 'MC', 'SAVR');
INSERT INTO qx.question_option SELECT 'Q1', 'reversed', n, n, l FROM unnest('{Extremely satisfied,Somewhat satisfied,Neither satisfied nor dissatisfied,Somewhat dissatisfied,Extremely dissatisfied}'::text[]) WITH ORDINALITY o(l, n);
INSERT INTO qx.question_option SELECT 'Q1', 'none', n, n, l FROM unnest('{Very dissatisfied,Dissatisfied,Neutral,Satisfied,Very satisfied,Not applicable}'::text[]) WITH ORDINALITY o(l, n);
INSERT INTO qx.question_option SELECT 'Q1', 'none99', n, CASE n WHEN 6 THEN 99 ELSE n END, l FROM unnest('{Very dissatisfied,Dissatisfied,Neutral,Satisfied,Very satisfied,N/A}'::text[]) WITH ORDINALITY o(l, n);
INSERT INTO qx.question_option SELECT 'Q1', 'moved', n, n, NULL FROM generate_series(1, 11) n;
INSERT INTO qx.question_option SELECT 'Q1', 'labels', n, n, (n - 1) || CASE n WHEN 1 THEN ' - Not at all likely' WHEN 11 THEN ' - Extremely likely' ELSE '' END FROM generate_series(1, 11) n;
INSERT INTO qx.question_option SELECT 'Q1', 'short', n, n, NULL FROM generate_series(1, 4) n;
INSERT INTO qx.question_option SELECT 'Q1', 'matrix', n, n, NULL FROM generate_series(1, 5) n;
INSERT INTO qx.question_option SELECT 'Q1', 'effort', n, n, l FROM unnest('{Strongly agree,Agree,Neither agree nor disagree,Disagree,Strongly disagree}'::text[]) WITH ORDINALITY o(l, n);
INSERT INTO qx.question_option SELECT 'Q1', 'numbered', n, n, l FROM unnest('{5 - Very satisfied,4 - Satisfied,3 - Neutral,2 - Dissatisfied,1 - Very dissatisfied}'::text[]) WITH ORDINALITY o(l, n);
CREATE FUNCTION pg_temp.respond(survey text, who text, score integer, status text DEFAULT '0', finished boolean DEFAULT true, sub text DEFAULT NULL, loop text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO qx.survey_response SELECT survey || who, survey, '2024-05-02 10:00', who || '@' || survey || '.example', status, finished WHERE NOT EXISTS (SELECT 1 FROM qx.survey_response WHERE id = survey || who);
    INSERT INTO qx.question_response VALUES (survey || who, 'Q1', CASE WHEN EXISTS (SELECT 1 FROM qx.question_option o WHERE o.survey_id = survey) THEN score::text END, score, sub, loop);
$$;
SELECT pg_temp.respond('reversed', 'p' || n, 1), pg_temp.respond('effort', 'p' || n, 1), pg_temp.respond('numbered', 'p' || n, 1), pg_temp.respond('moved', 'p' || n, 11), pg_temp.respond('labels', 'p' || n, 11), pg_temp.respond('short', 'p' || n, n), pg_temp.respond('several', 'p' || n, n), pg_temp.respond('dis', 'p' || n, n) FROM generate_series(1, 4) n \g /dev/null
SELECT pg_temp.respond(survey, 'p' || n, CASE WHEN n < 4 THEN 5 WHEN survey = 'none' THEN 6 ELSE 99 END) FROM generate_series(1, 4) n, unnest('{none,none99}'::text[]) survey \g /dev/null
SELECT pg_temp.respond('spam', 'p1', 10), pg_temp.respond('spam', 'p2', 0, '8'), pg_temp.respond('spam', 'p3', 0, '1'), pg_temp.respond('spam', 'p4', 0, '2'), pg_temp.respond('spam', 'p5', 0, 'Possible Spam'), pg_temp.respond('spam', 'p6', 0, '0', false) \g /dev/null
SELECT pg_temp.respond('matrix', 'p1', score, sub => sub, loop => loop) FROM (VALUES (5, '1', NULL), (5, '2', NULL), (2, '3', NULL)) m(score, sub, loop) \g /dev/null
SELECT pg_temp.respond('matrix', 'p2', score, loop => loop) FROM (VALUES (1, '1'), (4, '2')) m(score, loop) \g /dev/null
INSERT INTO qx.distribution VALUES ('D', 'bounced', 'Invite');
INSERT INTO qx.directory_contact SELECT 'C' || n, 'p' || n || '@bounced.example', NULL FROM generate_series(1, 4) n;
SELECT pg_temp.respond('bounced', 'p1', 9) \g /dev/null
INSERT INTO qx.distribution_contact VALUES ('C1', 'D', '2024-05-01', 'bouncedp1', '2024-05-02', 'SurveyFinished'), ('C2', 'D', '2024-05-01', NULL, NULL, 'Success'), ('C3', 'D', '2024-05-01', NULL, NULL, 'HardBounce'), ('C4', 'D', '2024-05-01', NULL, NULL, 'SoftBounce');
-- by an anonymous link, with the account among what is embedded
INSERT INTO qx.survey_response VALUES ('anon', 'spam', '2024-05-03', NULL, '0', true);
INSERT INTO qx.question_response VALUES ('anon', 'Q1', NULL, '9', NULL, NULL);
INSERT INTO qx.survey_embedded_data VALUES ('anon', 'account_id', '11'), ('anon', 'Ticket ID', '105');
CALL connect('z', 'qualtrics', 'qx');
CREATE TEMP VIEW answered AS
SELECT split_part(account_key, '.', 1) AS survey, *, standard_score(kind, score, lowest, highest, higher_is_better) AS standard FROM z_internal.qualtrics_survey;
SELECT results_eq($$SELECT survey, kind, csat(survey_agg(standard)), answer_count(survey_agg(standard)), min(lowest), max(highest), bool_and(higher_is_better) FROM answered WHERE kind = 'csat' GROUP BY 1, 2 ORDER BY 1$$, $$VALUES
    ('matrix', 'csat', 0.5::float8, 2::bigint, 1::numeric, 5::numeric, true), ('none', 'csat', 1, 3, 1, 5, true), ('none99', 'csat', 1, 3, 1, 5, true), ('numbered', 'csat', 1, 4, 1, 5, true), ('reversed', 'csat', 1, 4, 1, 5, false)$$,
    'Qualtrics: 1 may be extremely satisfied, 6 and 99 not applicable, a label begin with its number; of several choices, and of why one is dissatisfied, there is no CSAT');
SELECT results_eq($$SELECT survey, score FROM answered WHERE survey = 'matrix' ORDER BY respondent_id$$, $$VALUES ('matrix', 4::numeric), ('matrix', 2.5)$$, 'Qualtrics: rows of a matrix and loops are worth their mean');
SELECT results_eq($$SELECT survey, nps(survey_agg(standard)), answer_count(survey_agg(standard), 0, 10), rejected_count(survey_agg(standard)) FROM answered WHERE kind = 'nps' AND score IS NOT NULL GROUP BY 1 ORDER BY 1$$, $$VALUES
    ('11', 100::float8, 1::bigint, 0::bigint), ('bounced', 100, 1, 0), ('labels', 100, 4, 0), ('moved', 100, 4, 0), ('short', NULL, 0, 4), ('spam', 100, 1, 0)$$,
    'Qualtrics: NPS recoded from 1 to 11 is that of its labels; one of 1 to 4 is none; spam, previews, tests and what is not finished are none');
SELECT results_eq($$SELECT kind, ces(survey_agg(standard), 1, 7, true), bool_and(higher_is_better) FROM answered WHERE survey = 'effort' GROUP BY 1$$, $$VALUES ('ces', 7::float8, false)$$, 'Qualtrics: 1 may be strongly agree');
SELECT results_eq($$SELECT count(*) FILTER (WHERE score IS NOT NULL), count(*) FROM answered WHERE sent_at IS NOT NULL$$, 'VALUES (1::bigint, 2::bigint)', 'Qualtrics: invitations that came back were not sent');
SELECT results_eq($$SELECT account_key, respondent_id, ticket_id, score FROM answered WHERE account_key = '11'$$, $$VALUES ('11', 'anon', '105', 9::numeric)$$, 'Qualtrics: by an anonymous link, the account and the ticket among what is embedded');
-- in other languages, the best first and none of them last; and words for "not applicable" that are none of a score
INSERT INTO qx.question SELECT 'Q1', survey, asked, 'MC', 'SAVR' FROM (VALUES ('german', 'Wie zufrieden sind Sie?'), ('french', 'Êtes-vous satisfait de notre aide ?'), ('spanish', '¿Qué tan satisfecho está?'), ('italian', 'Quanto è soddisfatto?'), ('portuguese', 'Qual é o seu nível de satisfação?'), ('dutch', 'Hoe tevreden bent u?'),
    ('unused', 'How satisfied are you?'), ('easy', 'Es war einfach, Hilfe zu bekommen'), ('nps de', 'Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?'), ('nps fr', 'Quelle est la probabilité que vous nous recommandiez ?'), ('why', 'Warum sind Sie unzufrieden?')) q(survey, asked);
INSERT INTO qx.question_option SELECT 'Q1', survey, n, n, l FROM (VALUES ('german', '{Sehr zufrieden,Zufrieden,Weder noch,Unzufrieden,Sehr unzufrieden,Weiß nicht}'::text[]), ('french', '{Très satisfait,Satisfait,Ni satisfait ni insatisfait,Insatisfait,Très insatisfait,Sans objet}'),
    ('spanish', '{Muy satisfecho,Satisfecho,Ni satisfecho ni insatisfecho,Insatisfecho,Nada satisfecho,No aplica}'), ('italian', '{Molto soddisfatto,Soddisfatto,Né soddisfatto né insoddisfatto,Insoddisfatto,Per niente soddisfatto,Non so}'),
    ('portuguese', '{Muito satisfeito,Satisfeito,Neutro,Insatisfeito,Muito insatisfeito,Não se aplica}'), ('dutch', '{Zeer tevreden,Tevreden,Neutraal,Ontevreden,Zeer ontevreden,Niet van toepassing}'),
    ('unused', '{Excellent,Very good,Good,Poor,Bad,I have not used it}'), ('easy', '{Stimme voll zu,Stimme eher zu,Teils teils,Stimme eher nicht zu,Stimme überhaupt nicht zu,Keine Angabe}')) o(survey, labels), unnest(labels) WITH ORDINALITY u(l, n);
SELECT pg_temp.respond(survey, 'p' || n, CASE WHEN survey LIKE 'nps%' THEN 9 WHEN n < 3 THEN 1 ELSE 6 END) FROM generate_series(1, 3) n, unnest('{german,french,spanish,italian,portuguese,dutch,unused,easy,nps de,nps fr,why}'::text[]) survey \g /dev/null
SELECT results_eq($$SELECT split_part(respondent_id, '@', 2), kind, count(*), min(standard), max(standard) FROM answered WHERE respondent_id ~ '@(german|french|spanish|italian|portuguese|dutch|unused|easy|nps (de|fr)|why).example' GROUP BY 1, 2 ORDER BY 1$$, $$VALUES
    ('dutch.example', 'csat', 2::bigint, 5::numeric, 5::numeric), ('easy.example', 'ces', 2, 7, 7), ('french.example', 'csat', 2, 5, 5), ('german.example', 'csat', 2, 5, 5), ('italian.example', 'csat', 2, 5, 5), ('nps de.example', 'nps', 3, 9, 9), ('nps fr.example', 'nps', 3, 9, 9),
    ('portuguese.example', 'csat', 2, 5, 5), ('spanish.example', 'csat', 2, 5, 5), ('unused.example', 'csat', 2, 5, 5)$$, 'Qualtrics: labels in other languages, too');
CALL refresh('z');
SELECT is(count(*), 1::bigint, 'and it reaches that account') FROM z_internal.source_survey WHERE account_id = '11' AND kind = 'nps';
SELECT * FROM finish();
ROLLBACK;
