\unset ECHO
\i test/psql.sql
-- Policies compared: what differs, the figures under both by hand, how much of a change is definition, that all of it is
-- as if the policy had been put in force, and that nothing is left behind, whatever happens.
BEGIN;
SELECT plan(38);

-- Four accounts of 100: b clicked in May and is there until July 10, c left in March.
CREATE TABLE public.contract (account_id text, starts_on date, ends_on date, mrr numeric, cancelled_on date);
INSERT INTO public.contract VALUES ('a', '2023-01-01', NULL, 100, NULL), ('b', '2023-01-01', '2024-07-10', 100, '2024-05-20'), ('c', '2023-01-01', '2024-03-01', 100, NULL), ('d', '2023-01-01', NULL, 100, NULL);
-- d asked again 9 days after a solve.
CREATE TABLE public.ticket (account_id text, ticket_id text, opened_at timestamptz, solved_at timestamptz, requester_id text);
INSERT INTO public.ticket VALUES ('d', '1', '2024-06-03', '2024-06-03 12:00', 'dee'), ('d', '2', '2024-06-12', '2024-06-12 12:00', 'dee'), ('a', '0', '2024-01-10', '2024-01-10 12:00', 'ann');
CREATE TABLE public.answer (account_id text, kind text, score numeric, responded_at timestamptz, respondent_id text);
INSERT INTO public.answer VALUES ('a', 'csat', 5, '2024-06-04', 'ann'), ('a', 'csat', 3, '2024-06-04', 'abe'), ('d', 'csat', 1, '2024-06-04', 'dee'), ('d', 'nps', 9, '2024-06-04', 'dee'), ('d', 'nps', 2, '2024-06-24', 'dee'), ('a', 'nps', 8, '2024-06-04', 'ann'),
    ('a', 'csat', 3, '2024-01-04', 'abe'), ('a', 'csat', 4, '2024-01-04', 'ann');
CREATE TABLE public.reading (account_id text, signal text, at timestamptz, value numeric);
INSERT INTO public.reading VALUES ('a', 'x', '2024-01-01', 80), ('b', 'x', '2024-01-01', 20), ('c', 'x', '2024-01-01', 50), ('d', 'x', '2024-01-01', 50);
CREATE TABLE public.step (account_id text, milestone text, reached_at timestamptz, is_start boolean, is_value boolean);
INSERT INTO public.step VALUES ('a', 'kickoff', '2024-01-05', true, false), ('a', 'live', '2024-01-15', false, true), ('a', 'report', '2024-02-14', false, false);
CREATE FUNCTION pg_temp.build(model text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CALL csmetrics.create_model(model);
    -- fails by click where it is told to
    CALL csmetrics.map(model, 'subscription', format('SELECT account_id, starts_on, ends_on, CASE WHEN current_setting(''compare.fail'', true) = ''on'' AND (SELECT churn_date_rule FROM %I.policy) = ''click'' THEN mrr / 0 ELSE mrr END AS mrr, cancelled_on FROM public.contract', model));
    CALL csmetrics.map(model, 'ticket', 'TABLE public.ticket');
    CALL csmetrics.map(model, 'survey', 'TABLE public.answer');
    CALL csmetrics.map(model, 'signal', 'TABLE public.reading');
    CALL csmetrics.map(model, 'milestone', 'TABLE public.step');
    EXECUTE format('DELETE FROM %I.health_signal', model);
    EXECUTE format('INSERT INTO %I.health_signal (component, signal, weight, worst, best) VALUES (''business'', ''x'', 1, 0, 100)', model);
    EXECUTE format('UPDATE %I.policy SET as_of = ''2024-06-30'', report_from = ''2024-06-01''', model);
    CALL csmetrics.refresh(model);
END $$;
SELECT pg_temp.build('cs') \g /dev/null

-- What differs
SELECT results_eq($$SELECT option, a_value, b_value, defines, with_refresh FROM policy_differences('cs', '{}', '{"satisfied_from": 3, "churn_date_rule": "click", "delinquency_days": null, "answer_rule": "last", "playbook_seed": 2}')$$,
    $$VALUES ('churn_date_rule', 'term_end', 'click', true, true), ('delinquency_days', '30', NULL, true, true), ('satisfied_from', '4', '3', true, false), ('playbook_seed', '1', '2', false, false)$$, 'the options that differ, in their order');
SELECT is_empty($$SELECT * FROM policy_differences('cs', '{}', (SELECT to_jsonb(p) FROM cs.policy p))$$, 'a whole row is a policy, and that in force is {}');
SELECT results_eq($$SELECT option, a_value IS NOT DISTINCT FROM b_value, description FROM policy_differences('cs', '{"answer_rule": "all"}', '{"answer_rule": "all", "business_hours": ["Europe/Berlin Mon-Fri 09:00-17:00"]}', false)$$,
    $$SELECT name, name <> 'business_hours', description FROM policy_column ORDER BY position$$, 'all of them, where asked for');
SELECT is(b_value, '["Europe/Berlin Mon-Fri 09:00-17:00"]', 'a value of a type of its own') FROM policy_differences('cs', '{}', '{"business_hours": ["Europe/Berlin Mon-Fri 09:00-17:00"]}');

-- The figures, by hand. A year before four had 400: three are left, by click two. 1 of 2 tickets in 14 days; 5, 3, 1 of CSAT; NPS of 9 and 8, or 2 and 8.
CREATE TEMP TABLE compared AS SELECT * FROM compare_policies('cs', '{}', '{"churn_date_rule": "click", "contact_window_days": 14, "satisfied_from": 3, "answer_rule": "first", "value_event": "report"}', '2024-01-31');
SELECT results_eq($$SELECT metric, period_end_on, a_reading, b_reading, definition_change, since_end_on, since_reading, customer_change, whole_change FROM compared WHERE metric IN ('nrr', 'grr', 'logo_churn', 'mrr', 'churn_mrr', 'health', 'time_to_value', 'csat', 'nps', 'fcr')$$, $$VALUES
    ('nrr', date '2024-07-01', 0.75::numeric, 0.5::numeric, -0.25::numeric, date '2024-02-01', 1::numeric, -0.25::numeric, -0.5::numeric), ('grr', '2024-07-01', 0.75, 0.5, -0.25, '2024-02-01', 1, -0.25, -0.5), ('logo_churn', '2024-07-01', 0.25, 0.5, 0.25, '2024-02-01', 0, 0.25, 0.5),
    ('mrr', '2024-07-01', 300, 200, -100, '2024-02-01', 400, -100, -200), ('churn_mrr', '2024-07-01', 0, 0, 0, '2024-02-01', 0, 0, 0), ('health', '2024-07-01', 50, 65, 15, '2024-02-01', 50, 0, 15), ('time_to_value', '2024-07-01', 10, 40, 30, '2024-02-01', 10, 0, 30),
    ('csat', '2024-07-01', 0.333333333333333, 0.666666666666667, 0.333333333333334, '2024-02-01', 0.5, -0.166666666666667, 0.166666666666667), ('nps', '2024-07-01', -50, 50, 100, NULL, NULL, NULL, NULL), ('fcr', '2024-07-01', 1, 0.5, -0.5, '2024-02-01', 1, 0, -0.5)$$,
    'each figure under a, under b, and then; what the definition does and what customers did');
SELECT is_empty('SELECT * FROM compared WHERE whole_change <> customer_change + definition_change OR whole_change <> b_reading - since_reading', 'the two add up exactly');
SELECT set_eq('SELECT metric FROM compared', $$VALUES ('nrr'), ('grr'), ('logo_churn'), ('revenue_churn'), ('mrr'), ('new_mrr'), ('expansion_mrr'), ('contraction_mrr'), ('churn_mrr'), ('arpa'), ('health'), ('red_mrr'), ('red_mrr_share'), ('time_to_value'), ('within_30_days'), ('csat'), ('nps'), ('fcr'), ('resolution'), ('reopen')$$, 'of every metric that has a figure');
SELECT results_eq('SELECT unit, description FROM compared', $$SELECT m.unit, m.description FROM model_metric m JOIN compared c ON c.metric = m.name ORDER BY m.position$$, 'in the order of the scorecard');
SELECT results_eq($$SELECT metric, a_reading, b_reading, definition_change, since_end_on, since_reading, customer_change, whole_change FROM compare_policies('cs', '{"churn_date_rule": "click"}', '{"satisfied_from": 3}') WHERE metric IN ('nrr', 'csat')$$,
    $$VALUES ('nrr', 0.5::numeric, 0.75::numeric, 0.25::numeric, NULL::date, NULL::numeric, NULL::numeric, NULL::numeric), ('csat', 0.333333333333333, 0.666666666666667, 0.333333333333334, NULL, NULL, NULL, NULL)$$, 'neither need be in force; without since there is only definition');
SELECT is_empty($$SELECT * FROM compare_policies('cs', '{}', '{"as_of": "2023-05-31", "report_from": "2023-02-01", "least_count": 99, "playbook_seed": 5}') WHERE definition_change <> 0$$, 'what defines nothing changes nothing');
SELECT results_eq($$SELECT metric, customer_change FROM compare_policies('cs', '{"churn_date_rule": "click"}', '{"churn_date_rule": "click"}', '2024-04-30') WHERE metric IN ('nrr', 'mrr')$$, $$VALUES ('nrr', -0.25::numeric), ('mrr', -100)$$, 'one definition: all of it is customers, here b, which clicked in May');

-- As if it were in force: each figure is that of a scorecard.
CREATE FUNCTION pg_temp.in_force(change text) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'UPDATE cs.policy SET report_from = NULL, ' || change;
    CALL csmetrics.refresh('cs');
    CREATE TEMP TABLE told ON COMMIT DROP AS SELECT metric, period_end_on, reading::numeric FROM cs.scorecard WHERE reading IS NOT NULL;
    RETURN QUERY SELECT metric, period_end_on, reading FROM told;
    DROP TABLE told;
END $$;
SAVEPOINT before;
CREATE TEMP TABLE applied AS SELECT * FROM compare_policies('cs', '{}', '{"churn_date_rule": "click", "contact_window_days": 14, "satisfied_from": 3, "answer_rule": "first", "value_event": "report", "time_zone": "Asia/Tokyo", "health_method": "worst_signal"}', '2024-03-15');
SELECT results_eq('SELECT metric, since_end_on, trim_scale(since_reading) FROM applied WHERE since_reading IS NOT NULL', $$SELECT metric, period_end_on, trim_scale(reading) FROM pg_temp.in_force('as_of = ''2024-03-15''') t(metric text, period_end_on date, reading numeric)$$, 'the figures of then are those of the scorecard as of then');
SELECT results_eq('SELECT metric, period_end_on, trim_scale(a_reading) FROM applied WHERE a_reading IS NOT NULL', $$SELECT metric, period_end_on, trim_scale(reading) FROM pg_temp.in_force('as_of = ''2024-06-30''') t(metric text, period_end_on date, reading numeric)$$, 'those under a are the scorecard''s');
SELECT results_eq('SELECT metric, period_end_on, trim_scale(b_reading) FROM applied WHERE b_reading IS NOT NULL',
    $$SELECT metric, period_end_on, trim_scale(reading) FROM pg_temp.in_force('churn_date_rule = ''click'', contact_window_days = 14, satisfied_from = 3, answer_rule = ''first'', value_event = ''report'', time_zone = ''Asia/Tokyo'', health_method = ''worst_signal''') t(metric text, period_end_on date, reading numeric)$$, 'and those under b, once it is in force');
ROLLBACK TO before;

-- Nothing is left behind: not a byte, nor a version of a row.
CREATE FUNCTION pg_temp.left_behind() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', (SELECT concat(p, p.ctid, p.xmin) FROM cs.policy p), (SELECT string_agg(concat(a, a.ctid, a.xmin), ' ' ORDER BY a.account_id) FROM cs_internal.account_state a), (SELECT count(*) FROM cs_internal.user_state), current_setting('search_path'), current_setting('jit')) $$;
CREATE TEMP TABLE before AS SELECT pg_temp.left_behind() AS state;
SELECT count(*) FROM compare_policies('cs', '{"discount_rule": "all"}', '{"churn_date_rule": "click"}', '2024-01-31') \g /dev/null
SELECT is(pg_temp.left_behind(), state, 'policy and histories are as they were') FROM before;
SET LOCAL compare.fail = 'on';
SELECT is(pg_temp.failure($$SELECT * FROM compare_policies('cs', '{}', '{"churn_date_rule": "click"}')$$), '22012 source "subscription", account a, starts_on 2023-01-01: column mrr: division by zero', 'an error half way is that of the source');
SELECT is(pg_temp.left_behind(), state, 'and leaves all as it was') FROM before;
SET LOCAL compare.fail = 'off';
-- histories are not made anew where no option asks for it: a change of the sources waits for a refresh
INSERT INTO public.contract VALUES ('e', '2023-01-01', NULL, 1000, NULL);
SELECT results_eq($$SELECT a_reading, b_reading FROM compare_policies('cs', '{}', '{"satisfied_from": 3}') WHERE metric = 'mrr'$$, 'VALUES (300::numeric, 300::numeric)', 'without an option marked (refresh) the histories are read as they stand');
SELECT results_eq($$SELECT a_reading, b_reading FROM compare_policies('cs', '{}', '{"churn_date_rule": "click"}') WHERE metric = 'mrr'$$, 'VALUES (1300::numeric, 1200::numeric)', 'with one, both are made of the same sources, so that only the definition differs');
SELECT is(pg_temp.left_behind(), state, 'and the refresh is undone, too') FROM before;
SELECT is(sum(mrr_at(revenue, '2024-06-30')), 300::numeric, 'as a figure shows') FROM cs_internal.account_state;
DELETE FROM public.contract WHERE account_id = 'e';

-- Refused
SELECT is(pg_temp.failure(format('SELECT * FROM csmetrics.policy_differences(%s)', arguments)), want, why)
FROM (VALUES
    ('''nosuch'', ''{}'', ''{}''', '3F000 there is no model "nosuch"', 'an unknown model'), ('NULL, ''{}'', ''{}''', '22004 null values cannot be formatted as an SQL identifier', 'none'),
    ('''cs'', NULL, ''{}''', '22004 policy a: NULL is no JSON object', 'no policy'), ('''cs'', ''{}'', ''[1]''', '22023 policy b: [1] is no JSON object', 'an array'), ('''cs'', ''{}'', ''null''', '22023 policy b: null is no JSON object', 'null of JSON'),
    ('''cs'', ''{"nosuch": 1, "as_of": null, "Odd": 2}'', ''{}''', '22023 policy a: unknown option "Odd", "nosuch"', 'unknown options'),
    ('''cs'', ''{}'', ''{"churn_date_rule": "never"}''', '23514 policy b: churn_date_rule never is none of term_end, click, scheduled', 'a value that a check refuses'),
    ('''cs'', ''{}'', ''{"answer_rule": null}''', '23502 policy b: answer_rule NULL is not allowed', 'NULL where there is none'),
    ('''cs'', ''{"trend_days": "x"}'', ''{}''', '22P02 policy a: invalid input syntax for type integer: "x"', 'a value of another type'),
    ('''cs'', ''{"time_zone": "Mars/Base"}'', ''{}''', '22023 policy a: time zone "Mars/Base" not recognized', 'an unknown time zone')) AS t(arguments, want, why);
SELECT is(pg_temp.failure($$SELECT * FROM policy_differences('cs', '{}', '{"health_green_from": 40}')$$), '23514 policy b: health_yellow_from 50 is not below health_green_from 40', 'a check of two options');
SELECT is(pg_temp.refusal($$SELECT * FROM compare_policies('cs', '{"discount_rule": "x"}', '{}')$$), '23514 policy_discount_rule_check', 'compare_policies refuses the same, and names the constraint');
SELECT is(pg_temp.failure(format('SELECT * FROM compare_policies(''cs'', ''{}'', ''{}'', %L)', since)), format('22023 since %s is not before 2024-06-30, the day as of which the model reads', since), 'since has to be earlier: ' || since) FROM unnest('{2024-06-30,2024-07-01}'::date[]) since;
-- A model of a hostile name
CALL create_model('My "Model"; DROP TABLE public.contract; --');
CALL map('My "Model"; DROP TABLE public.contract; --', 'subscription', 'TABLE public.contract');
UPDATE "My ""Model""; DROP TABLE public.contract; --".policy SET as_of = '2024-06-30';
CALL refresh('My "Model"; DROP TABLE public.contract; --');
SELECT results_eq($$SELECT option, a_reading, b_reading FROM policy_differences('My "Model"; DROP TABLE public.contract; --', '{}', '{"churn_date_rule": "click"}'), compare_policies('My "Model"; DROP TABLE public.contract; --', '{}', '{"churn_date_rule": "click"}') WHERE metric = 'mrr'$$,
    $$VALUES ('churn_date_rule', 300::numeric, 200::numeric)$$, 'a model of a hostile name');

SELECT is(pg_temp.failure($$SET TRANSACTION READ ONLY; SELECT option FROM policy_differences('cs', '{}', '{"churn_date_rule": "click"}')$$), 'no error', 'what differs can be read where nothing may be written');
SELECT is(pg_temp.failure($$SET TRANSACTION READ ONLY; SELECT * FROM compare_policies('cs', '{}', '{}')$$), '25006 cannot execute UPDATE in a read-only transaction', 'figures cannot');

SELECT * FROM finish();
ROLLBACK;
