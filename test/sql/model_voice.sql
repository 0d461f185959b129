\unset ECHO
\i test/psql.sql
-- What customers ask and answer, in a model: tickets that are open again, answers about tickets and answers about the whole, scales and
-- directions of NPS, rows without a score; in views, signals and the accounts behind figures alike.
BEGIN;
SELECT plan(35);
CREATE TABLE public.customer AS SELECT name AS account_id, name, segment, 100 AS seats FROM (VALUES ('a', 'small'), ('b', 'large')) c(name, segment);
CREATE TABLE public.contract AS SELECT account_id, date '2023-01-01' AS starts_on, 100 AS mrr FROM public.customer;
CREATE TABLE public.ticket (account_id text, ticket_id text, opened_at timestamptz, solved_at timestamptz, reopened integer, agent_replies integer, requester_id text, reopened_at timestamptz);
CREATE TABLE public.answer (account_id text, kind text, score numeric, responded_at timestamptz, sent_at timestamptz, respondent_id text, ticket_id text, lowest numeric, highest numeric, higher_is_better boolean);

CALL create_model('cs');
CREATE FUNCTION pg_temp.reading(account text, signal text) RETURNS numeric LANGUAGE sql AS
$$SELECT round(h.readings[m.position]::numeric, 6) FROM cs.account_health('2024-03-31') h, model_signal m WHERE h.account_id = account AND m.name = signal$$;
CREATE FUNCTION pg_temp.behind(metric text) RETURNS numeric LANGUAGE sql AS
$$SELECT round(sum(s.numerator) / sum(s.denominator), 6) FROM cs.scorecard_by_account s WHERE s.metric = behind.metric$$;
-- Nine clean tickets of a, and one that was solved, opened again, and is open since; b has one clean one.
INSERT INTO public.ticket SELECT 'a', 't' || n, '2024-03-01 09:00', '2024-03-02 09:00', 0, 1, 'p' || n FROM generate_series(1, 9) n;
INSERT INTO public.ticket VALUES ('a', 't10', '2024-03-01 09:00', NULL, 1, 1, 'p10'), ('b', 't11', '2024-03-01 09:00', '2024-03-02 09:00', 0, 1, 'q');
UPDATE cs.policy SET as_of = '2024-03-31', time_zone = 'UTC', least_count = 1, least_tickets = 1;
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'subscription', 'TABLE public.contract');
CALL map('cs', 'ticket', 'TABLE public.ticket');
CALL map('cs', 'survey', 'TABLE public.answer');
CALL refresh('cs');
SELECT results_eq($$SELECT reopen_rate, resolved_count, fcr_rate, judged_count, fcr_net_rate, one_touch_rate, solved_count, backlog_count FROM cs.support_by_segment WHERE value = 'small'$$,
    $$VALUES (0.1::float8, 10::bigint, 0.9::float8, 10::bigint, NULL::float8, 0.9::float8, 9::bigint, 1::bigint)$$, 'nine clean tickets, and one that is open again; of escalations nothing is known');
SELECT results_eq('SELECT reopen_rate, resolved_count, fcr_rate, judged_count FROM cs.support_monthly', 'VALUES (1 / 11.0::float8, 11::bigint, 10 / 11.0::float8, 11::bigint)', 'and of all');
SELECT results_eq('SELECT account_id, fcr_rate, judged_count, reopened_90_days_count, friction_count, friction_rate, open_count FROM cs.support_by_account ORDER BY 1',
    $$VALUES ('a', 0.9::float8, 10::bigint, 1::bigint, 1::bigint, 0.1::float8, 1::bigint), ('b', 1, 1, 0, 0, 0, 0)$$, 'account by account');
SELECT is(pg_temp.behind(metric), round(want, 6), 'the accounts behind ' || metric) FROM (VALUES ('reopen', 1 / 11.0), ('fcr', 10 / 11.0)) e(metric, want);
SELECT is(round(s.reading::numeric, 6), pg_temp.behind(s.metric), 'add up to the scorecard''s ' || s.metric) FROM cs.scorecard s WHERE s.metric IN ('reopen', 'fcr') ORDER BY s.metric;
SELECT is(pg_temp.reading('a', 'reopening'), 0.1, 'signal reopening');
SELECT is(pg_temp.reading('b', 'reopening'), 0.0, 'of the other');
SELECT is(ARRAY[success_count(resolved), trial_count(resolved)], '{10,11}'::bigint[], 'and what validate holds findings against') FROM cs_internal.headline('{ticket}');
UPDATE public.ticket SET reopened_at = '2024-03-20' WHERE reopened > 0;
CALL refresh('cs');
SELECT results_eq($$SELECT reopen_rate, fcr_rate FROM cs.support_by_segment WHERE value = 'small'$$, 'VALUES (0.1::float8, 0.9::float8)', 'with the instant of it');
UPDATE cs.policy SET as_of = '2024-03-19';
SELECT results_eq($$SELECT reopen_rate, fcr_rate, judged_count FROM cs.support_by_segment WHERE value = 'small'$$, 'VALUES (0::float8, 1::float8, 9::bigint)', 'the day before nobody knew');
UPDATE cs.policy SET as_of = '2024-03-31';

-- Ten tickets of one contact, nine rated 1 and the last 5; the same of effort, 7 being easy; NPS asked after two of them.
INSERT INTO public.answer SELECT 'a', 'csat', CASE WHEN n < 10 THEN 1 ELSE 5 END, timestamptz '2024-03-01' + n * interval '1 day', NULL, 'ann', 't' || n FROM generate_series(1, 10) n;
INSERT INTO public.answer SELECT 'a', 'ces', CASE WHEN n < 10 THEN 1 ELSE 7 END, timestamptz '2024-03-01' + n * interval '1 day', NULL, 'ann', 't' || n, 1, 7, true FROM generate_series(1, 10) n;
INSERT INTO public.answer VALUES ('a', 'nps', 2, '2024-03-05', NULL, 'ann', 't1'), ('a', 'nps', 9, '2024-03-06', NULL, 'ann', 't2');
CALL refresh('cs');
SELECT results_eq('SELECT csat_rate, csat_count, ces_score, ces_easy_rate, ces_count, nps_score, nps_count FROM cs.satisfaction_monthly',
    'VALUES (0.1::float8, 10::bigint, 1.6::float8, 0.1::float8, 10::bigint, 100::float8, 1::bigint)', 'answers about tickets are one a person and ticket, of the whole one a person and month');
SELECT is(ARRAY[pg_temp.behind('csat'), pg_temp.behind('ces'), pg_temp.behind('nps')], '{0.1,1.6,100}'::numeric[], 'the accounts behind them') ;
SELECT is(ARRAY[pg_temp.reading('a', 'csat'), pg_temp.reading('a', 'nps')], '{1.4,9}'::numeric[], 'and signals');
SELECT is(satisfied, (SELECT survey_agg(CASE WHEN n < 10 THEN 1 ELSE 5 END) FROM generate_series(1, 10) n), 'and what validate holds findings against') FROM cs_internal.headline('{survey}');
-- The first of them is rated anew in another month.
UPDATE cs.policy SET as_of = '2024-04-15';
INSERT INTO public.answer VALUES ('a', 'csat', 4, '2024-04-03', NULL, 'ann', 't1'), ('a', 'nps', 6, '2024-04-03', NULL, 'ann', 't1');
CALL refresh('cs');
SELECT results_eq('SELECT csat_rate, csat_count, nps_count FROM cs.satisfaction_monthly ORDER BY period_start_on', 'VALUES (1 / 9.0::float8, 9::bigint, 1::bigint), (1, 1, 1)', 'a ticket rated anew is one answer, in the month of the last');
UPDATE cs.policy SET answer_rule = 'first';
SELECT results_eq('SELECT csat_rate, csat_count, nps_score FROM cs.satisfaction_monthly ORDER BY period_start_on', 'VALUES (0.1::float8, 10::bigint, -100::float8), (NULL, 0, -100)', 'answer_rule first: of the first');
SELECT is(ARRAY[pg_temp.reading('a', 'csat'), pg_temp.reading('a', 'nps')], '{1.4,2}'::numeric[], 'signals obey answer_rule: first');
UPDATE cs.policy SET answer_rule = 'mean';
SELECT results_eq('SELECT csat_count, nps_count, detractor_count FROM cs.satisfaction_monthly ORDER BY period_start_on', 'VALUES (9::bigint, 1::bigint, 1::bigint), (1, 1, 1)', 'mean: 2.5, and 5.5 of NPS in March');
SELECT is(pg_temp.reading('a', 'nps'), 5.5, 'signals, too');
UPDATE cs.policy SET answer_rule = 'all';
SELECT results_eq('SELECT csat_count, nps_count FROM cs.satisfaction_monthly ORDER BY period_start_on', 'VALUES (10::bigint, 2::bigint), (1, 1)', 'all: each');
SELECT is(pg_temp.reading('a', 'nps'), 5.5, 'signals, too');
UPDATE cs.policy SET answer_rule = 'last', as_of = '2024-03-31';

-- Several questions of one response, all of one instant: their mean is the answer.
TRUNCATE public.answer;
INSERT INTO public.answer SELECT 'a', 'csat', score, '2024-03-05', NULL, 'ann' FROM unnest('{5,5,2}'::int[]) score;
INSERT INTO public.answer SELECT 'b', 'csat', score, '2024-03-05', NULL, 'bob', 't11' FROM unnest('{5,3}'::int[]) score;
CALL refresh('cs', may_shrink => true);
SELECT results_eq($$SELECT account_id, score FROM cs.account_answer('2024-03-31') WHERE is_answer ORDER BY 1$$, $$VALUES ('a', 4::numeric), ('b', 4)$$, 'several questions of one response are worth their mean');
SELECT is(ARRAY[pg_temp.reading('a', 'csat'), pg_temp.reading('b', 'csat')], '{4,4}'::numeric[], 'of signals, too');

-- NPS on other scales, and turned round. Rows without a score were sent, and are no answers.
TRUNCATE public.answer;
INSERT INTO public.answer SELECT 'a', 'nps', 4, '2024-03-05', NULL, 'p' || n, NULL, 1, 4 FROM generate_series(1, 4) n;
CALL refresh('cs', may_shrink => true);
SELECT results_eq('SELECT nps_score, nps_count, rejected_count FROM cs.satisfaction_monthly', 'VALUES (NULL::float8, 0::bigint, 4::bigint)', 'four times all of 1 to 4 is no NPS, and is counted');
SELECT is(pg_temp.reading('a', 'nps'), NULL, 'nor a signal');
TRUNCATE public.answer;
INSERT INTO public.answer VALUES
    ('a', 'nps', 10, '2024-03-05', NULL, 'p1', NULL, 1, 10, NULL), ('a', 'nps', 7, '2024-03-05', NULL, 'p2', NULL, 1, NULL, NULL),
    ('b', 'nps', 1, '2024-03-05', NULL, 'p3', NULL, 0, 10, false), ('b', 'nps', 2, '2024-03-05', NULL, 'p4', NULL, 1, 10, false), ('b', 'nps', 10, '2024-03-05', NULL, 'p5', NULL, NULL, NULL, false),
    ('b', 'nps', 5, '2024-03-05', NULL, 'p6', NULL, 0, 5, NULL), ('b', 'nps', 50, '2024-03-05', NULL, 'p7', NULL, -100, 100, NULL), ('b', 'nps', 0, '2024-03-05', NULL, 'p8', NULL, 1, 10, NULL), ('b', 'nps', 7, '2024-03-05', NULL, 'p9', NULL, 1, 7, NULL),
    ('b', 'nps', NULL, '2024-03-05', '2024-03-04', 'p10', NULL, NULL, NULL, NULL), ('b', 'nps', NULL, NULL, '2024-03-04', 'p11', NULL, NULL, NULL, NULL), ('b', 'nps', 9, '2024-03-05', '2024-03-04', 'p12', NULL, NULL, NULL, NULL), ('b', 'csat', NULL, '2024-03-05', '2024-03-04', 'p13', NULL, NULL, NULL, NULL);
CALL refresh('cs', may_shrink => true);
-- promoters 10, 10 - 1, 11 - 2 and 9; passive 7; detractor 10 - 10
SELECT results_eq('SELECT promoter_count, passive_count, detractor_count, rejected_count, nps_sent_count, nps_response_rate, csat_sent_count, csat_response_rate FROM cs.satisfaction_monthly',
    'VALUES (4::bigint, 1::bigint, 1::bigint, 4::bigint, 3::bigint, 1 / 3.0::float8, 1::bigint, 0::float8)', 'NPS of 1 to 10 counts, a declared direction is obeyed, other scales are rejected; no score is no answer');
SELECT is(pg_temp.behind('nps_response'), round(1 / 3.0, 6), 'the accounts behind the response rate');
SELECT is(pg_temp.reading('b', 'nps'), (9 + 9 + 0 + 9) / 4.0, 'the signal of b: 10 - 1, 11 - 2, 10 - 10 and 9');
CALL validate('cs');
SELECT results_eq($$SELECT rule, severity, row_count FROM cs.data_finding WHERE source = 'survey' AND rule ~ 'scale|nps' AND row_count > 0 ORDER BY 1$$,
    $$VALUES ('nps from 1', 'info', 4::bigint), ('nps on another scale', 'warning', 3), ('score off its scale', 'warning', 1)$$, 'findings name the scales');
-- Who waited for whom: opened on Friday 16:00, pending from 17:00 to Monday 9:00, on hold from then to 11:00, solved at 12:00; one whose minutes alone are known; one that waits still.
CREATE TABLE public.waiting (account_id text, ticket_id text, opened_at timestamptz, solved_at timestamptz, requester_wait tstzmultirange, agent_wait tstzmultirange, on_hold tstzmultirange, requester_wait_minutes numeric, requester_wait_business_minutes numeric, agent_wait_minutes numeric);
INSERT INTO public.waiting VALUES ('a', 'w1', '2024-03-01 16:00', '2024-03-04 12:00', '{[2024-03-01 16:00,2024-03-01 17:00),[2024-03-04 09:00,2024-03-04 12:00)}', '{[2024-03-01 17:00,2024-03-04 09:00)}', '{[2024-03-04 09:00,2024-03-04 11:00)}', NULL, NULL, NULL),
    ('b', 'w2', '2024-03-01 16:00', '2024-03-04 12:00', NULL, NULL, NULL, 90, 30, 0), ('b', 'w3', '2024-03-29 16:00', NULL, '{[2024-03-29 16:00,)}', '{}', '{}', NULL, NULL, NULL);
UPDATE cs.policy SET business_hours = '{UTC Mon-Fri 09:00-16:30}', time_zone = 'UTC';
CALL map('cs', 'ticket', 'TABLE public.waiting');
CALL refresh('cs', may_shrink => true);
SELECT results_eq('SELECT account_id, opened_at, requester_wait, agent_wait, on_hold, requester_wait_business, agent_wait_business, on_hold_business FROM cs.account_wait() ORDER BY 1, 2', $$VALUES
    ('a', timestamptz '2024-03-01 16:00', interval '4 hours', interval '64 hours', interval '2 hours', interval '3 hours 30 minutes', interval '0', interval '2 hours'),
    ('b', '2024-03-01 16:00', '90 minutes', '0', NULL, '30 minutes', NULL, NULL), ('b', '2024-03-29 16:00', '55 hours 59 minutes 59.999999 seconds', '0', '0', '30 minutes', '0', '0')$$, 'who waited for whom, in all hours and in business hours, so far');
SELECT results_eq($$SELECT dimension, value, timed_count, requester_wait_median_hours, agent_wait_median_hours, on_hold_median_hours, requester_wait_business_median_hours FROM cs.waiting_by_segment WHERE dimension = 'segment' ORDER BY 2 DESC$$,
    $$VALUES ('segment', 'small', 1::bigint, 4::float8, 64::float8, 2::float8, 3.5::float8), ('segment', 'large', 2, 28.75, 0, NULL, 0.5)$$, 'medians by segment, what is open censored: half waited 1.5 hours, the others 56 at least');
SELECT is(timed_count, 3::bigint, 'and of all') FROM cs.waiting_monthly;
UPDATE cs.policy SET as_of = '2024-03-02';
SELECT results_eq('SELECT account_id, solved_at, requester_wait, agent_wait FROM cs.account_wait() ORDER BY 1', $$VALUES ('a', NULL::timestamptz, interval '1 hour', interval '30 hours 59 minutes 59.999999 seconds'), ('b', NULL, NULL, NULL)$$, 'as of a past day: minutes are known with the solve');
SELECT * FROM finish();
ROLLBACK;
