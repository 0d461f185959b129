\unset ECHO
\i test/psql.sql
-- Known, unknown, zero: what no source tells is NULL, in rates and signals alike, and no use of a product that others use is the worst reading.
BEGIN;
SELECT plan(110);
-- A model of next to nothing: subscriptions without notice of cancellation and discounts, tickets without reopenings, escalation and replies.
CREATE TABLE public.customer AS SELECT unnest('{a,b,n}'::text[]) AS account_id, 'small' AS segment, 10 AS seats;
CREATE TABLE public.term AS SELECT account_id, date '2024-01-01' AS starts_on, 100::numeric AS mrr FROM public.customer;
CREATE TABLE public.ticket (account_id text, ticket_id text, opened_at timestamptz, solved_at timestamptz, requester_id text, reopened int, escalated boolean, escalated_at timestamptz, agent_replies int);
INSERT INTO public.ticket SELECT account_id, account_id || n, timestamptz '2024-06-01' + n * interval '5 days', timestamptz '2024-06-01 10:00' + n * interval '5 days', 'r' || n FROM unnest('{a,b}'::text[]) account_id, generate_series(1, 4) n;
CREATE TABLE public.answer (account_id text, kind text, score numeric, responded_at timestamptz, sent_at timestamptz);
INSERT INTO public.answer VALUES ('a', 'nps', 9, '2024-06-10', NULL), ('b', 'csat', 5, '2024-06-11', NULL);
CREATE FUNCTION pg_temp.make(model text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CALL create_model(model);
    EXECUTE format('UPDATE %I.policy SET as_of = ''2024-06-30'', report_from = ''2024-06-01'', store_from_count = 0', model);
    CALL map(model, 'account', 'TABLE public.customer');
    CALL map(model, 'subscription', 'TABLE public.term');
    CALL map(model, 'ticket', 'SELECT account_id, ticket_id, opened_at, solved_at, requester_id FROM public.ticket');
    CALL map(model, 'survey', 'SELECT account_id, kind, score, responded_at FROM public.answer');
END $$;
SELECT pg_temp.make('cs') \g /dev/null
CALL refresh('cs');
CREATE FUNCTION pg_temp.reading(account text, signal text, day date DEFAULT '2024-06-30') RETURNS numeric LANGUAGE sql AS
$$SELECT round(h.readings[m.position]::numeric, 6) FROM cs.account_health(day) h, model_signal m WHERE h.account_id = account AND m.name = signal$$;

-- The views that tell of these columns, and of others beside them.
CREATE FUNCTION pg_temp.told() RETURNS TABLE (what text, told text) LANGUAGE sql AS $$
    SELECT 'signals of a', (SELECT string_agg(concat_ws(' ', m.name, round(h.readings[m.position]::numeric, 2)), ', ' ORDER BY m.position) FROM cs.account_health('2024-06-30') h, model_signal m
                            WHERE h.account_id = 'a' AND m.name IN ('open_escalations', 'reopening', 'repeated_contact', 'renewal_posture', 'escalation_days'))
    UNION ALL SELECT 'support_monthly', concat_ws(' ', opened_count, 'r', reopen_rate, reopen_lower_rate, reopen_upper_rate, 'e', escalated_count, fcr_rate, 'n', fcr_net_rate, fcr_net_lower_rate, fcr_net_upper_rate, 't', one_touch_rate, one_touch_lower_rate) FROM cs.support_monthly
    UNION ALL SELECT 'support_by_account of a', concat_ws(' ', opened_90_days_count, 'r', reopened_90_days_count, 'e', escalated_90_days_count, escalated_open_count, 'f', friction_count) FROM cs.support_by_account WHERE account_id = 'a'
    UNION ALL SELECT 'account_ticket', string_agg(concat(is_reopened), '' ORDER BY account_id, opened_at) FROM cs.account_ticket('2024-06-30')
    UNION ALL SELECT 'metric_reading', (SELECT concat_ws(' ', string_agg(concat_ws(' ', metric, reading), ', ' ORDER BY metric)) FROM cs.metric_reading WHERE metric IN ('reopen', 'nps_response', 'fcr') AND dimension = 'all')
    UNION ALL SELECT 'satisfaction_monthly', concat_ws(' ', 'sent', nps_sent_count, csat_sent_count, ces_sent_count, 'rate', nps_response_rate, nps_response_lower_rate) FROM cs.satisfaction_monthly
    UNION ALL SELECT 'account_survey of a', concat_ws(' ', nps_count, 'sent', nps_sent_count, nps_answered_count, csat_sent_count) FROM cs.account_survey('2024-06-30') WHERE account_id = 'a'
    UNION ALL SELECT 'discount_by_segment', concat_ws(' ', account_count, list_mrr, 'd', discounted_count, discount_mrr, limited_discount_mrr, discount_rate) FROM cs.discount_by_segment WHERE dimension = 'all'
    UNION ALL SELECT 'account_now of a', concat_ws(' ', open_count, 'value', has_value, 'renewal', renewal_posture, 'escalation', escalation_days) FROM cs.account_now WHERE account_id = 'a' $$;
SELECT results_eq('SELECT * FROM pg_temp.told()', $$VALUES ('signals of a', 'open_escalations, reopening, repeated_contact 0.00, renewal_posture, escalation_days'), ('support_monthly', '8 r e 1 n t'), ('support_by_account of a', '4 r e f 0'), ('account_ticket', ''),
    ('metric_reading', 'fcr 1, nps_response, reopen'), ('satisfaction_monthly', 'sent rate'), ('account_survey of a', '1 sent'), ('discount_by_segment', '3 300 d'), ('account_now of a', '0 value renewal escalation')$$, 'what is not mapped is unknown, what is counts');
SELECT results_eq('SELECT source, fed_columns FROM cs.refreshed_source WHERE source IN (''subscription'', ''survey'', ''ticket'') ORDER BY 1', $$VALUES ('subscription', '{}'::text[]), ('survey', '{}'), ('ticket', '{}')$$, 'refresh notes what is fed');
-- No ticket is a known count where others have some; and so is no reading of whom nobody asked.
SELECT is(open_count, 0::bigint, 'no ticket, though others have: none is open') FROM cs.account_now WHERE account_id = 'n';
-- Mapped, but nowhere filled: as if it were not.
CALL map('cs', 'ticket', 'TABLE public.ticket');
CALL map('cs', 'survey', 'TABLE public.answer');
CALL refresh('cs');
SELECT results_eq($$SELECT * FROM pg_temp.told() WHERE what ~ 'support|signals|satisf|metric'$$, $$VALUES ('signals of a', 'open_escalations, reopening, repeated_contact 0.00, renewal_posture, escalation_days'), ('support_monthly', '8 r e 1 n t'), ('support_by_account of a', '4 r e f 0'),
    ('metric_reading', 'fcr 1, nps_response, reopen'), ('satisfaction_monthly', 'sent rate')$$, 'a column that is NULL in every row is not fed');
-- Of one account alone it is filled: then it counts for all. One of eight reopened; b was escalated once; a had one reply each.
UPDATE public.ticket SET reopened = CASE ticket_id WHEN 'a1' THEN 1 ELSE 0 END WHERE account_id = 'a';
UPDATE public.ticket SET escalated = ticket_id = 'b1' WHERE account_id = 'b';
UPDATE public.ticket SET agent_replies = 1 WHERE account_id = 'a';
UPDATE public.answer SET sent_at = responded_at - interval '1 hour';
CALL refresh('cs');
SELECT results_eq($$SELECT * FROM pg_temp.told() WHERE what ~ 'support|signals|ticket|satisf|metric|survey'$$, $$VALUES ('signals of a', 'open_escalations 0.00, reopening 0.25, repeated_contact 0.00, renewal_posture, escalation_days 0.00'),
    ('support_monthly', (SELECT concat_ws(' ', 8, 'r', 0.125, r.lower, r.upper, 'e', 1, 0.875, 'n', 6 / 7.0::float8, n.lower, n.upper, 't', 0.75, t.lower) FROM wilson_interval(1, 8) r, wilson_interval(6, 7) n, wilson_interval(3, 4) t)),
    ('support_by_account of a', '4 r 1 e 0 0 f 1'), ('account_ticket', 'tfffffff'), ('metric_reading', 'fcr 0.875, nps_response 1, reopen 0.125'),
    ('satisfaction_monthly', (SELECT concat_ws(' ', 'sent', 1, 1, 0, 'rate', 1, lower) FROM wilson_interval(1, 1))), ('account_survey of a', '1 sent 1 1 0')$$, 'one account that has it feeds it');
SELECT results_eq('SELECT source, fed_columns FROM cs.refreshed_source WHERE source IN (''survey'', ''ticket'') ORDER BY 1', $$VALUES ('survey', '{sent_at}'::text[]), ('ticket', '{reopened,escalated,agent_replies}')$$, 'refresh notes it');
-- Kept by what changed, it is as if made anew.
CREATE FUNCTION pg_temp.as_anew() RETURNS TABLE (is_same boolean) LANGUAGE plpgsql AS $$
BEGIN
    CALL refresh('cs');
    CREATE TEMP TABLE kept_told ON COMMIT DROP AS SELECT t.*, (SELECT jsonb_agg(coalesce(r.fed_columns, '{}') ORDER BY r.source) FROM cs.refreshed_source r) AS fed, (SELECT jsonb_agg(s ORDER BY s.as_of_on, s.account_id) FROM cs_internal.score_state s) AS scores FROM pg_temp.told() t;
    CALL rebuild('cs');
    RETURN QUERY SELECT NOT EXISTS (SELECT what, told, fed, scores FROM kept_told
                                    EXCEPT SELECT t.what, t.told, (SELECT jsonb_agg(coalesce(r.fed_columns, '{}') ORDER BY r.source) FROM cs.refreshed_source r), (SELECT jsonb_agg(s ORDER BY s.as_of_on, s.account_id) FROM cs_internal.score_state s) FROM pg_temp.told() t);
    DROP TABLE kept_told;
END $$;
UPDATE public.ticket SET reopened = NULL WHERE account_id = 'a' AND ticket_id <> 'a1';
SELECT is(is_same, true, 'some lose it, one has it still') FROM pg_temp.as_anew();
SELECT is((SELECT fed_columns FROM cs.refreshed_source WHERE source = 'ticket'), '{reopened,escalated,agent_replies}', 'and it is fed still');
UPDATE public.ticket SET reopened = NULL WHERE ticket_id = 'a1';
SELECT is(is_same, true, 'the last one loses it') FROM pg_temp.as_anew();
SELECT is((SELECT fed_columns FROM cs.refreshed_source WHERE source = 'ticket'), '{escalated,agent_replies}', 'and it is fed no more');
DELETE FROM public.ticket WHERE account_id = 'b';
SELECT is(is_same, true, 'who fed it is gone') FROM pg_temp.as_anew();
SELECT is((SELECT fed_columns FROM cs.refreshed_source WHERE source = 'ticket'), '{agent_replies}', 'and what it fed with it');
UPDATE public.ticket SET escalated_at = opened_at, solved_at = NULL WHERE ticket_id = 'a4';
SELECT is(is_same, true, 'an instant of escalation feeds it, too') FROM pg_temp.as_anew();
SELECT is(pg_temp.reading('a', signal), want::numeric(20, 6), signal || ' of a') FROM (VALUES ('open_escalations', 1), ('escalation_days', 10), ('reopening', NULL)) v(signal, want);
-- Notice of cancellation: a query that gives it says of whom it says nothing that he gave none; one that does not says nothing.
SELECT is(pg_temp.reading('a', 'renewal_posture'), NULL, 'renewal_posture without notices');
ALTER TABLE public.term ADD cancelled_on date, ADD discount_mrr numeric, ADD limited_discount_mrr numeric;
CALL map('cs', 'subscription', 'TABLE public.term');
CALL refresh('cs');
SELECT is(pg_temp.reading('a', 'renewal_posture'), 1::numeric(20, 6), 'nobody gave any');
SELECT results_eq($$SELECT told FROM pg_temp.told() WHERE what = 'discount_by_segment'$$, $$VALUES ('3 300 d')$$, 'discounts that nobody tells of');
UPDATE public.term SET cancelled_on = '2024-06-01', discount_mrr = 20 WHERE account_id = 'b';
ALTER TABLE public.term ADD ends_on date DEFAULT '2024-12-31';
CALL map('cs', 'subscription', 'TABLE public.term');
CALL refresh('cs');
SELECT results_eq($$SELECT account_id, readings[12] FROM cs.account_health('2024-06-30') ORDER BY 1$$, $$VALUES ('a', 1::float8), ('b', 0), ('n', 1)$$, 'b gave notice');
SELECT results_eq($$SELECT told FROM pg_temp.told() WHERE what = 'discount_by_segment'$$, $$VALUES ('3 320 d 1 20 0.0625')$$, '20 of 320 are off; of limited ones nothing is known');
UPDATE public.term SET cancelled_on = NULL;
CALL refresh('cs');
SELECT is(pg_temp.reading('b', 'renewal_posture'), 1::numeric(20, 6), 'and took it back');
CALL map('cs', 'subscription', 'SELECT account_id, starts_on, ends_on, mrr, NULL::date AS cancelled_on FROM public.term');
CALL refresh('cs');
SELECT is(pg_temp.reading('b', 'renewal_posture'), NULL, 'a query that says NULL of all says nothing');
-- First value: where no milestone is called one nobody knows who has reached it.
CREATE TABLE public.step (account_id text, milestone text, reached_at timestamptz, is_value boolean);
INSERT INTO public.step VALUES ('a', 'kickoff', '2024-01-05', NULL);
CALL map('cs', 'milestone', 'TABLE public.step');
CALL refresh('cs');
SELECT is(bool_or(has_value), NULL, 'has_value, where no milestone is first value') FROM cs.account_now;
INSERT INTO public.step VALUES ('a', 'live', '2024-02-05', true);
CALL refresh('cs');
SELECT is(string_agg(concat(account_id, has_value), ' ' ORDER BY account_id), 'at bf nf', 'and where one is') FROM cs.account_now;

-- Known silence. a uses it daily, s until April 20, n never, y began on June 10 and has not yet, r came back in June after two months, w once in a while.
SELECT pg_temp.make('use') \g /dev/null
CREATE TABLE public.user_of AS SELECT account_id, 2 AS seats, CASE account_id WHEN 'y' THEN date '2024-06-10' ELSE '2024-01-01' END AS starts_on FROM unnest('{a,s,n,y,r,w}'::text[]) account_id;
CREATE TABLE public.click AS
    SELECT 'a' AS account_id, d AS at, 'u' AS user_id, 'search' AS feature FROM generate_series(timestamptz '2024-01-02 12:00', '2024-08-10', '1 day') d
    UNION ALL SELECT 's', d, 'v', 'search' FROM generate_series(timestamptz '2024-01-02 12:00', '2024-04-20 12:00', '1 day') d
    UNION ALL SELECT 'r', d, 'x', 'search' FROM generate_series(timestamptz '2024-01-02 12:00', '2024-04-01', '1 day') d UNION ALL SELECT 'r', d, 'x', 'search' FROM generate_series(timestamptz '2024-06-20 12:00', '2024-06-30', '1 day') d
    UNION ALL SELECT 'w', d, 'z', 'search' FROM unnest('{2024-01-02,2024-05-10,2024-05-20,2024-05-25,2024-06-10,2024-06-20}'::timestamptz[]) d;
CALL map('use', 'account', 'SELECT account_id, seats FROM public.user_of');
CALL map('use', 'subscription', 'SELECT account_id, starts_on, 100 AS mrr, NULL::date AS cancelled_on FROM public.user_of');
CALL map('use', 'usage', 'TABLE public.click');
CALL refresh('use');
-- a: usage (100 10 + 100 6 + 100 6 + 62.5 8 + 100 10) / 40 = 92.5, support and business 100; of s and n usage 0, business 100: 30 / 70
UPDATE use.policy SET health_min_coverage = 0.4;
CREATE FUNCTION pg_temp.usage_of(accounts text, day date DEFAULT '2024-06-30') RETURNS TABLE (account text, readings text, score numeric, tier text) LANGUAGE sql AS
$$SELECT account_id, array_to_string(ARRAY(SELECT coalesce(round(r::numeric, 3)::text, '-') FROM unnest(readings[1:5]) WITH ORDINALITY u(r, n) ORDER BY n), ' '), round(health_score::numeric, 2), tier FROM use.account_health(day) WHERE account_id = ANY (string_to_array(accounts, NULL)) ORDER BY 1$$;
SELECT results_eq($$SELECT * FROM pg_temp.usage_of('asny')$$, $$VALUES ('a', '1.000 1.000 1.000 0.500 0.000', 97.00, 'Green'), ('n', '0.000 0.000 0.000 0.000 -1.000', 42.86, 'Red'), ('s', '0.000 0.000 0.000 0.000 -1.000', 42.86, 'Red'),
    ('y', '0.000 - - - -', NULL, 'Unknown')$$, 'no use is 0 points in each of the five signals, of whom it stopped and who never began; a new one has time');
SELECT results_eq($$SELECT account, readings FROM pg_temp.usage_of('rw')$$, $$VALUES ('r', '0.250 1.000 1.000 0.500 1.000'), ('w', '0.500 1.000 0.000 0.500 -')$$, 'use after none has a trend; two events after three have none');
-- The 57th day and those around it: day for day the same, and not one Unknown.
SELECT results_eq($$SELECT day::date, u.readings, u.score, u.tier FROM unnest('{2024-04-20,2024-05-17,2024-05-18,2024-06-14,2024-06-15,2024-06-16}'::date[]) day, pg_temp.usage_of('s', day) u ORDER BY 1$$,
    $$VALUES (date '2024-04-20', '1.000 1.000 1.000 0.500 0.000', round((92.5 * 40 + 3000) / 70, 2), 'Green'), ('2024-05-17', '0.625 1.000 0.000 0.500 -0.964', round((43.125 * 40 + 3000) / 70, 2), 'Yellow'), ('2024-05-18', '0.500 0.000 0.000 0.000 -1.000', 49.00, 'Red'),
             ('2024-06-14', '0.125 0.000 0.000 0.000 -1.000', round((3.125 * 40 + 3000) / 70, 2), 'Red'), ('2024-06-15', '0.000 0.000 0.000 0.000 -1.000', 42.86, 'Red'), ('2024-06-16', '0.000 0.000 0.000 0.000 -1.000', 42.86, 'Red')$$, 'eight weeks of silence');
SELECT is(red_count, 2::bigint, 'n and s are counted as Red') FROM use.health_by_segment WHERE dimension = 'all';
-- How long: since the last use, since the start of who never did, and since usage is fed at all.
SELECT results_eq('SELECT account_id, idle_days, last_active_on FROM use.account_now ORDER BY 1', $$VALUES ('a', 0::float8, date '2024-06-30'), ('n', 180, NULL), ('r', 1, '2024-06-29'), ('s', 71, '2024-04-20'), ('w', 10, '2024-06-20'), ('y', 20, NULL)$$, 'idle_days');
SELECT results_eq($$SELECT account_id, idle_days, active_28_days_count, events_28_days_count, consistency_rate FROM use.usage_by_account WHERE account_id IN ('n', 's', 'y') ORDER BY 1$$,
    $$VALUES ('n', 180::float8, 0::bigint, 0::bigint, 0::float8), ('s', 71, 0, 0, 0), ('y', 20, 0, 0, 0)$$, 'and by account');
UPDATE public.user_of SET starts_on = '2024-02-01' WHERE account_id = 'n';
CALL refresh('use');
SELECT is(idle_days, 150::float8, 'since the start, not since before usage is fed as above, on 01-02') FROM use.account_now WHERE account_id = 'n';
UPDATE public.user_of SET starts_on = '2024-01-01' WHERE account_id = 'n';
-- Alerts: who falls silent turns red and is called quiet; so does who never began, once the grace of a new one is over.
CREATE FUNCTION pg_temp.alerts_on(day date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE last bigint := (SELECT coalesce(max(alert_id), 0) FROM use.alert);
BEGIN
    UPDATE use.policy SET as_of = day;
    CALL refresh('use');
    CALL evaluate_alerts('use');
    RETURN (SELECT string_agg(format('%s %s', account_id, rule), ', ' ORDER BY account_id, rule) FROM use.alert WHERE alert_id > last AND to_state = 'on' AND account_id IN ('n', 's', 'y'));
END $$;
SELECT is(pg_temp.alerts_on(day::date), want, 'alerts of ' || day)
FROM (VALUES (1, '2024-01-10', NULL), (2, '2024-01-15', NULL), (3, '2024-01-16', 'n gone quiet'), (4, '2024-02-25', NULL), (5, '2024-02-26', 'n turned red'), (6, '2024-05-03', 's steep fall'), (7, '2024-05-04', 's gone quiet'), (8, '2024-05-17', NULL), (9, '2024-05-18', 's turned red'),
             (10, '2024-06-23', NULL), (11, '2024-06-24', 'y gone quiet')) v(n, day, want) ORDER BY n;
UPDATE use.policy SET as_of = '2024-06-30', backtest_days = 30, backtest_count = 1;
SELECT results_eq('SELECT account_id, tier FROM use.health_outcome WHERE account_id IN (''n'', ''s'') ORDER BY 1', $$VALUES ('n', 'Red'), ('s', 'Red')$$, 'and they are in the backtest');
-- A feed that stopped is no silence: after usage_feed_days nothing is known of anybody, least of all that he is gone quiet.
SELECT results_eq($$SELECT day::date, u.readings, n.idle_days FROM unnest('{2024-08-15,2024-08-16}'::date[]) day, pg_temp.usage_of('a', day) u, use.account_now(day) n WHERE n.account_id = 'a' ORDER BY 1$$,
    $$VALUES (date '2024-08-15', '1.000 1.000 1.000 0.500 -0.214', 6::float8), ('2024-08-16', '- - - - -', NULL)$$, 'the last use of all is of 08-09');
UPDATE use.policy SET usage_feed_days = 8;
SELECT is(readings, '0.875 1.000 1.000 0.500 -0.250', 'usage_feed_days says when it has stopped') FROM pg_temp.usage_of('a', '2024-08-16');
UPDATE use.policy SET usage_feed_days = 7;
-- What is stored of it is kept as what is fed begins and ends.
CREATE TEMP TABLE kept_score (as_of_on date, account_id text, health_score float8, readings float8[]);
CREATE FUNCTION pg_temp.scores_as_anew(change text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE change;
    CALL refresh('use', may_shrink => true);
    TRUNCATE kept_score;
    INSERT INTO kept_score SELECT s.as_of_on, s.account_id, s.health_score, s.readings FROM use_internal.score_state s;
    CALL rebuild('use');
    -- days of which nobody asks any more are kept for a while
    DELETE FROM kept_score k WHERE k.as_of_on NOT IN (SELECT d.as_of_on FROM use_internal.scored_day d);
    RETURN NOT EXISTS ((TABLE kept_score EXCEPT SELECT s.as_of_on, s.account_id, s.health_score, s.readings FROM use_internal.score_state s)
                       UNION ALL (SELECT s.as_of_on, s.account_id, s.health_score, s.readings FROM use_internal.score_state s EXCEPT TABLE kept_score)) AND EXISTS (SELECT FROM kept_score);
END $$;
CALL refresh('use');
SELECT is(pg_temp.scores_as_anew(change), true, 'kept as if made anew: ' || change)
FROM (VALUES (1, 'DELETE FROM public.click WHERE account_id = ''r'' AND at > ''2024-06-24'''), (2, 'DELETE FROM public.click WHERE account_id = ''a'' AND at BETWEEN ''2024-06-22'' AND ''2024-07-02'''), (3, 'DELETE FROM public.click WHERE account_id = ''r'' AND at > ''2024-06-01'''),
             (4, 'INSERT INTO public.click VALUES (''y'', ''2024-06-30'', ''q'', ''search'')'), (5, 'DELETE FROM public.click WHERE at < ''2024-05-01'''), (6, 'INSERT INTO public.click VALUES (''w'', ''2024-02-01'', ''z'', ''search'')')) v(n, change) ORDER BY n;
SELECT isnt(readings, '- - - - -', 'one use of another is enough for the feed to be alive') FROM pg_temp.usage_of('s');
-- Without usage no view has a count of it.
SELECT results_eq($$SELECT idle_days, active_28_days_count, events_28_days_count, consistency_rate FROM cs.usage_by_account WHERE account_id = 'a'$$, 'VALUES (NULL::float8, NULL::bigint, NULL::bigint, NULL::float8)', 'usage_by_account without usage');
SELECT results_eq($$SELECT user_count, active_user_count, seat_use_rate, is_over_seats, features_used_count, entitled_count, breadth_rate FROM cs.usage_depth WHERE account_id = 'a'$$,
    'VALUES (NULL::bigint, NULL::bigint, NULL::float8, NULL::boolean, NULL::bigint, NULL::bigint, NULL::float8)', 'nor usage_depth');
CREATE TABLE public.bought AS SELECT 'a' AS account_id, 'search' AS feature;
CALL map('cs', 'entitlement', 'TABLE public.bought');
CALL refresh('cs');
SELECT results_eq($$SELECT feature, eligible_count, adopter_count, adoption_rate, unentitled_count FROM cs.feature_adoption WHERE dimension = 'all'$$, $$VALUES ('search', 1::bigint, NULL::bigint, NULL::float8, NULL::bigint)$$, 'nor feature_adoption');

-- Vendors: tables that the sync does not have, and then, one after the other, those that it has after all. The one ticket was solved and not reopened, and an agent replied once.
CREATE SCHEMA zd CREATE TABLE organization (id bigint, name text) CREATE TABLE "user" (id bigint, email text, role text, organization_id bigint)
    CREATE TABLE ticket (id bigint, created_at timestamptz, updated_at timestamptz, organization_id bigint, requester_id bigint, status text);
INSERT INTO zd.organization VALUES (1, 'Ash');
INSERT INTO zd."user" VALUES (7, 'ann@ash.example', 'end-user', 1), (8, 'agent@desk.example', 'agent', NULL);
INSERT INTO zd.ticket VALUES (5, '2024-06-01', '2024-06-02', 1, 7, 'solved');
CREATE SCHEMA ic CREATE TABLE company (id text, name text) CREATE TABLE contact (id text, email text) CREATE TABLE contact_company (contact_id text, company_id text)
    CREATE TABLE conversation (id text, created_at timestamptz, updated_at timestamptz, state text, source_author_id text, source_author_type text);
INSERT INTO ic.company VALUES ('1', 'Ash');
INSERT INTO ic.contact VALUES ('7', 'ann@ash.example');
INSERT INTO ic.contact_company VALUES ('7', '1');
INSERT INTO ic.conversation VALUES ('5', '2024-06-01', '2024-06-02', 'closed', '7', 'user');
CREATE SCHEMA ji CREATE TABLE issue (id text, created timestamptz, resolved timestamptz, reporter text) CREATE TABLE "user" (id text, email text);
INSERT INTO ji."user" VALUES ('7', 'ann@ash.example'), ('8', 'agent@desk.example');
INSERT INTO ji.issue VALUES ('5', '2024-06-01', '2024-06-02', '7');
CREATE FUNCTION pg_temp.ticket_of(vendor text, schema_name text, planted text DEFAULT 'SELECT 1') RETURNS text LANGUAGE plpgsql AS $$
DECLARE told text;
BEGIN
    EXECUTE planted;
    CALL create_model('ven');
    CALL connect('ven', vendor, schema_name);
    SELECT concat_ws(' ', 'reopened', t.reopened, 'replies', t.agent_replies, 'escalated', t.escalated) INTO told FROM ven_internal.source_ticket t;
    RAISE SQLSTATE 'CSEND';
EXCEPTION WHEN SQLSTATE 'CSEND' THEN
    RETURN told;
END $$;
SELECT is(pg_temp.ticket_of(vendor, schema_name, planted), told, format('%s: %s', vendor, why))
FROM (VALUES (1, 'zendesk', 'zd', 'SELECT 1', 'reopened replies escalated', 'without histories, comments, tags and metrics nothing is known'),
    (2, 'zendesk', 'zd', 'CREATE TABLE zd.ticket_comment AS SELECT 5 AS ticket_id, 8 AS user_id, timestamptz ''2024-06-01 10:00'' AS created, true AS public', 'reopened replies 1 escalated', 'with comments replies are'),
    (3, 'zendesk', 'zd', 'CREATE TABLE zd.ticket_comment AS SELECT 6 AS ticket_id, 8 AS user_id, timestamptz ''2024-06-01 10:00'' AS created, true AS public', 'reopened replies 0 escalated', 'none among comments of others'),
    (4, 'zendesk', 'zd', 'CREATE TABLE zd.ticket_field_history AS SELECT 6 AS ticket_id, ''status'' AS field_name, timestamptz ''2024-06-01 10:00'' AS updated, ''new'' AS value', 'reopened 0 replies escalated', 'with a history of status reopenings are'),
    (5, 'zendesk', 'zd', 'CREATE TABLE zd.ticket_tag AS SELECT 6 AS ticket_id, ''vip'' AS tag', 'reopened replies escalated f', 'with tags escalation is'),
    (6, 'intercom', 'ic', 'SELECT 1', 'reopened replies escalated', 'without parts nothing is known'),
    (7, 'intercom', 'ic', 'CREATE TABLE ic.conversation_part AS SELECT ''9'' AS id, ''6'' AS conversation_id, ''comment'' AS part_type, ''admin'' AS author_type, timestamptz ''2024-06-01'' AS created_at', 'reopened 0 replies 0 escalated', 'with parts of others there were none'),
    (8, 'jira', 'ji', 'SELECT 1', 'reopened replies escalated', 'without histories and comments nothing is known'),
    (9, 'jira', 'ji', 'CREATE TABLE ji.comment AS SELECT ''5'' AS issue_id, ''8'' AS author_id, timestamptz ''2024-06-01'' AS created; CREATE TABLE ji.issue_field_history AS SELECT ''6'' AS issue_id, ''resolution'' AS field_id, timestamptz ''2024-06-01'' AS time, ''1'' AS value',
     'reopened 0 replies 1 escalated', 'with them it is')) v(n, vendor, schema_name, planted, told, why) ORDER BY n;

-- Small numbers.
SELECT results_eq($$SELECT least, u.readings FROM unnest('{5,6}'::int[]) least, LATERAL (SELECT set_config('least.events', least::text, true)) c, LATERAL (SELECT coalesce(usage_change(activity_agg(d::date), '2024-06-30', 28, least), NULL)::text AS readings
    FROM unnest('{2024-01-02,2024-05-10,2024-05-20,2024-05-25,2024-06-10,2024-06-20}'::timestamptz[]) d) u$$, $$VALUES (5, (-1 / 3.0::float8)::text), (6, NULL)$$, 'usage_change of five events in both spans');
SELECT results_eq($$SELECT least, reopened_share(t.h, '2024-01-01', '2024-02-01', least), repeated_share(t.h, '2024-01-01', '2024-02-01', '7 days', least) FROM unnest('{0,2,3}'::bigint[]) least,
    (SELECT ticket_agg(timestamptz '2024-01-01' + n * interval '1 day', timestamptz '2024-01-01 10:00' + n * interval '1 day', n) AS h FROM generate_series(0, 1) n) t$$, $$VALUES (0::bigint, 0.5::float8, 0.5::float8), (2, 0.5, 0.5), (3, NULL, NULL)$$, 'shares of two tickets');
UPDATE public.ticket SET reopened = CASE ticket_id WHEN 'a1' THEN 1 ELSE 0 END, solved_at = opened_at + interval '10 hours';
CALL refresh('cs');
SELECT is(pg_temp.reading('a', 'reopening'), 0.25::numeric(20, 6), 'one of four');
UPDATE cs.policy SET least_tickets = 5;
SELECT is(concat(pg_temp.reading('a', 'reopening'), pg_temp.reading('a', 'repeated_contact')), '', 'least_tickets: of fewer it is not told');
UPDATE cs.policy SET least_tickets = 3;
-- Resolution is held against the others of the segment: nobody is his own measure. Held against percentile_cont of the others, in segments of 1 to 9 accounts with ties among them.
CREATE TABLE public.many AS SELECT 's' || s AS segment, s * 100 + n AS account_id, ((n * 7 + s * 3) % 5 + 1) * 2 AS hours FROM generate_series(1, 9) s, generate_series(1, s) n;
CALL create_model('seg', 'bigint');
UPDATE seg.policy SET as_of = '2024-06-30', report_from = '2024-06-01', store_from_count = 0;
CALL map('seg', 'account', 'SELECT account_id, segment FROM public.many');
CALL map('seg', 'ticket', 'SELECT account_id, account_id::text AS ticket_id, timestamptz ''2024-06-01'' AS opened_at, timestamptz ''2024-06-01'' + hours * interval ''1 hour'' AS solved_at FROM public.many');
CALL refresh('seg');
CREATE TEMP VIEW others AS SELECT m.account_id::bigint, round((m.hours / (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY o.hours) FROM public.many o WHERE o.segment = m.segment AND o.account_id <> m.account_id))::numeric, 9) AS reading FROM public.many m;
SELECT results_eq('SELECT account_id, round(readings[9]::numeric, 9) FROM seg.account_health(''2024-06-30'') ORDER BY 1', 'TABLE others ORDER BY 1', 'resolution against the median of the others');
SELECT is((SELECT reading FROM others WHERE account_id = 101), NULL, 'who is alone in his segment has nobody to be held against');
UPDATE public.many SET hours = hours + 3 WHERE account_id IN (303, 401);
UPDATE public.many SET segment = 's1' WHERE account_id = 902;
DELETE FROM public.many WHERE account_id = 801;
CALL refresh('seg');
SELECT results_eq('SELECT account_id, round(readings[9]::numeric, 9) FROM seg_internal.score_state WHERE as_of_on = ''2024-06-30'' ORDER BY 1', 'TABLE others ORDER BY 1', 'also as it is kept by what changed');
SELECT isnt((SELECT reading FROM others WHERE account_id = 101), NULL, 'who has company is');
-- Why a score is Unknown.
UPDATE cs.policy SET health_min_coverage = 0.6;
SELECT is(reasons, 'Unknown: 28 % of the weight is known, and 60 % is needed; reopening -8.7', 'reasons of an Unknown score') FROM cs.account_health WHERE account_id = 'a';
UPDATE cs.health_signal SET weight = 0 WHERE signal IN ('open_escalations', 'mrr_change');
SELECT matches(reasons, '^Unknown: \d+ % of the weight is known, and 60 % is needed; of weight 0, though known: mrr_change, open_escalations', 'weights that were taken away are named') FROM cs.account_health WHERE account_id = 'a';
SELECT is((SELECT reasons FROM cs.account_now WHERE account_id = 'a'), (SELECT reasons FROM cs.account_health WHERE account_id = 'a'), 'to rules of alerts, too');
UPDATE cs.health_signal SET weight = 0;
SELECT is(reasons, 'Unknown: no signal has weight', 'no weight at all') FROM cs.account_health WHERE account_id = 'a';

-- Refused in a sentence.
SELECT is(pg_temp.failure(statement), '23514 ' || want, want)
FROM (VALUES ('UPDATE cs.policy SET health_yellow_from = 80, health_green_from = 50', 'health_yellow_from 80 is not below health_green_from 50'), ('UPDATE cs.policy SET health_green_from = 80.005', 'health_green_from 80.005 has more than two decimals'),
             ('UPDATE cs.policy SET confidence = 1', 'confidence 1 is not below 1'), ('UPDATE cs.policy SET satisfied_from = 6', 'satisfied_from 6 is above 5'), ('UPDATE cs.policy SET week_start = 8', 'week_start 8 is not from 1 to 7'), ('UPDATE cs.policy SET least_count = 0', 'least_count 0 is below 1'),
             ('UPDATE cs.policy SET trial_rule = ''never''', 'trial_rule never is none of exclude, count'), ('UPDATE cs.policy SET report_currency = ''Euro''', 'report_currency Euro is no code of three capitals, such as EUR'),
             ('UPDATE cs.policy SET business_hours = ''{Europe/Berlin Mon-Fri 09:00-17:00}'', business_hours_from = ''{2024-01-01,2025-01-01}''', 'business_hours_from has not as many instants as business_hours has schedules'),
             ('UPDATE cs.policy SET time_zone = ''CET+1''', 'time_zone CET+1 is no name of a time zone in pg_timezone_names, such as Europe/Berlin'), ('UPDATE cs.health_signal SET weight = -1', 'weight -1 is not from 0 to 1000000'),
             ('UPDATE cs.health_signal SET policy = ''ignore''', 'policy ignore is none of renormalise, neutral, zero, carry, pulse'), ('UPDATE cs.playbook SET due_days = 90', 'due_days 90 is not from 0 to horizon_days 60'), ('UPDATE cs.alert_rule SET severity = ''grave''', 'severity grave is none of critical, warning, info'),
             ('UPDATE cs.target SET goal = ''empty'' WHERE metric = ''nrr''', 'the goal of nrr is empty: nothing lies in it')) v(statement, want);
SELECT is(pg_temp.failure(statement), '23514 ' || want, want)
FROM (VALUES (1, 'INSERT INTO cs.health_component VALUES (''usage'', NULL, NULL, -1)', 'weight -1 is not from 0 to 1000000'), (2, 'INSERT INTO cs.shared_domain VALUES (''https://Provider.example'')', 'domain "https://Provider.example" is no domain in lower case, without www, such as provider.example'),
             (3, 'INSERT INTO cs.account_identity VALUES (''stripe'', ''cus_1'', NULL)', 'key cus_1 of stripe is given no account_id')) v(n, statement, want) ORDER BY n;
SELECT is(pg_temp.refusal('UPDATE cs.policy SET week_start = 8'), '23514 policy_week_start_check', 'with the name of the constraint');
SELECT is_empty($$SELECT c.conrelid::regclass, c.conname FROM pg_constraint c JOIN pg_trigger t ON t.tgrelid = c.conrelid AND t.tgname = 'a_sentence'
                  WHERE c.conrelid <> 'cs.policy'::regclass AND c.contype = 'c' AND (c.conrelid::regclass::text, c.conname) NOT IN (SELECT 'cs.' || relation, broken FROM csmetrics.setting_sentences()) AND c.connamespace = 'cs'::regnamespace$$, 'each constraint of settings has a sentence');
SELECT is_empty($$SELECT c.name FROM policy_column c, unnest(csmetrics.terms_of(c.condition)) term WHERE csmetrics.said_of_term(term, (SELECT to_jsonb(p) FROM cs.policy p)) ~ 'does not meet' AND term NOT LIKE 'now()%'$$, 'and each condition of the policy');
SELECT is(pg_temp.failure('UPDATE cs.policy SET time_zone = ''Etc/GMT+1'''), 'no error', 'a zone of IANA with a digit');
UPDATE cs.policy SET time_zone = 'UTC';
SELECT is(pg_temp.failure('UPDATE cs.policy SET time_zone = ''Nowhere'''), '22023 time zone "Nowhere" not recognized', 'none at all');
SELECT is(pg_temp.failure(format('INSERT INTO cs.alert_rule (rule, condition) VALUES (''x'', %L)', condition)), coalesce('22023 ' || want, 'no error'), condition)
FROM (VALUES ('tier = ''red''', 'tier is never ''red'': it is Green, Yellow, Red or Unknown'), ('mrr > 10 AND tier IN (''Red'', ''Orange'')', 'tier is never ''Orange'': it is Green, Yellow, Red or Unknown'), ('''yellow'' <> before_tier', 'before_tier is never ''yellow'': it is Green, Yellow, Red or Unknown'),
             ('tier IN (''Red'', ''Yellow'') AND before_tier = ''Green'' AND segment = ''Enterprize'' AND plan <> ALL (''{x}'') AND owner = ''O''''Hara'' AND name = ''red''', NULL)) v(condition, want);
SELECT is(pg_temp.failure('INSERT INTO cs.playbook (name, trigger_when, success_when) VALUES (''x'', ''true'', ''opening_tier = ''''red'''''')'), '22023 opening_tier is never ''red'': it is Green, Yellow, Red or Unknown', 'a playbook, too');

-- Found by validate.
CREATE TABLE public.own AS SELECT 'a' AS account_id, s AS signal, timestamptz '2024-06-01' AS at, '1' AS value FROM unnest('{load,trend}'::text[]) s;
CALL map('cs', 'signal', 'TABLE public.own');
INSERT INTO cs.health_signal (component, signal, segment, lifecycle_stage, weight, worst, best) VALUES ('own', 'load', NULL, NULL, 1, 0, 1), ('own', 'laod', NULL, NULL, 1, 0, 1), ('business', 'csat', 'small', NULL, 1, 2, 5), ('usage', 'trend', 'smal', NULL, 1, -1, 0), ('usage', 'depth', NULL, 'young', 1, 0, 1);
INSERT INTO cs.health_component VALUES ('usgae', NULL, NULL, 1), ('usage', NULL, NULL, 1), ('usage', 'smal', NULL, 1), ('usage', NULL, 'young', 1);
INSERT INTO cs.account_identity VALUES ('stirpe', 'cus_1', 'a'), ('stripe', 'cus_1', 'a');
UPDATE cs.policy SET value_event = 'onbording';
INSERT INTO cs.target VALUES ('nrr', 'smal', '(1,)'), ('csat', 'small', '(0.8,)');
INSERT INTO cs.alert_rule (rule, condition) VALUES ('y', '(own_signals ->> ''laod'')::int > 3 AND (own_signals ->> ''load'')::int < 9');
CALL refresh('cs');
CALL validate('cs');
SELECT results_eq($$SELECT source, rule, row_count, sample_keys, severity FROM cs.data_quality WHERE source IN ('account_identity', 'alert_rule', 'health_component', 'health_signal', 'policy', 'target') OR rule = 'signal of the model' ORDER BY 1, 2$$,
    $$VALUES ('account_identity', 'unknown vendor', 1::bigint, 'stirpe cus_1', 'warning'), ('alert_rule', 'unknown owner', 1::bigint, 'x / owner O''Hara', 'warning'), ('alert_rule', 'unknown segment', 1, 'x / segment Enterprize', 'warning'), ('alert_rule', 'unknown signal', 1, 'y / signal laod', 'warning'), ('health_component', 'unknown component', 1, 'usgae', 'warning'), ('health_component', 'unknown lifecycle stage', 1, 'usage / young', 'warning'), ('health_component', 'unknown segment', 1, 'usage / smal', 'warning'), ('health_signal', 'two components', 1, 'csat / business, support', 'warning'),
             ('health_signal', 'unknown lifecycle stage', 1, 'depth / young', 'warning'), ('health_signal', 'unknown segment', 1, 'trend / smal', 'warning'), ('health_signal', 'unknown signal', 1, 'laod', 'warning'),
             ('policy', 'unknown value event', 1, 'onbording', 'warning'), ('signal', 'signal of the model', 1, 'a / trend / ' || timestamptz '2024-06-01 UTC' || ' / 1', 'warning'), ('target', 'unknown segment', 1, 'nrr / smal', 'warning')$$, 'names that nobody has');

-- A value of the wrong kind: source, account, row and column in a line.
UPDATE public.own SET value = 'high' WHERE signal = 'load';
SELECT matches(pg_temp.failure('CALL refresh(''cs'')'), '^22023 source "signal", account a: column value: "high" is no plain decimal, like -1234\.50; [^\n]* \(signal load\)$', 'a text that is no number');
CALL map('cs', 'signal', 'SELECT account_id, signal, at, value::numeric FROM public.own');
SELECT is(pg_temp.failure('CALL refresh(''cs'')'), '22P02 source "signal", account a, signal load, at 2024-06-01 00:00:00+00: column value: invalid input syntax for type numeric: "high"', 'one that the mapping casts itself');
SELECT is(pg_temp.failure('CALL validate(''cs'')'), '22P02 source "signal", account a, signal load, at 2024-06-01 00:00:00+00: column value: invalid input syntax for type numeric: "high"', 'validate says it, too');
INSERT INTO public.own SELECT 'a' || n, 'load', '2024-06-01', CASE n WHEN 57 THEN 'low' ELSE '1' END FROM generate_series(1, 100) n;
DELETE FROM public.own WHERE account_id = 'a';
SELECT is(split_part(pg_temp.failure('CALL refresh(''cs'')'), ', at', 1), '22P02 source "signal", account a57, signal load', 'one of a hundred accounts');
SELECT * FROM finish();
ROLLBACK;
