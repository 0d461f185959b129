\unset ECHO
\i test/psql.sql
-- Playbooks: every run of a small model by hand, what is refused, and, over hundreds of experiments whose answer is known,
-- whether the interval of the effect covers it and none is claimed where there is none.
BEGIN;
SELECT plan(109);
CALL create_model('cs', 'bigint');
CREATE ROLE playbook_reader;
UPDATE cs.policy SET as_of = '2024-06-30', backtest_count = 2;

-- The score is what the mood says: one signal, 0 to 100.
CREATE TABLE public.customer (account_id bigint, name text, segment text, owner text, seats numeric);
INSERT INTO public.customer VALUES (1, 'Ash', 'small', 'ann', 5), (2, 'Birch', 'small', 'ann', 5), (3, 'Cedar', 'large', 'bob', 5), (4, 'Elm', 'large', 'bob', NULL), (6, 'Fir', 'small', 'ann', 5), (7, 'Hazel', NULL, NULL, 5), (8, 'Juniper', 'small', 'ann', 5);
CREATE TABLE public.contract (account_id bigint, starts_on date, ends_on date, mrr numeric, renews_on date);
INSERT INTO public.contract VALUES (1, '2024-01-01', NULL, 100, '2025-01-01'), (2, '2024-01-01', NULL, 200.50, NULL), (3, '2024-01-01', '2024-08-01', 300, NULL), (4, '2024-01-01', NULL, 400, NULL), (6, '2024-01-01', '2024-06-15', 600, NULL), (7, '2024-01-01', NULL, 700, NULL), (8, '2024-01-01', NULL, 800, NULL);
CREATE TABLE public.mood (account_id bigint, signal text, at date, value numeric);
INSERT INTO public.mood VALUES
    (1, 'mood', '2024-01-01', 30), (1, 'mood', '2024-06-10', 45), (1, 'mood', '2024-07-25', 60), (1, 'mood', '2024-08-01', 20),
    (2, 'mood', '2024-01-01', 70), (2, 'mood', '2024-05-15', 20), (2, 'mood', '2024-06-20', 40), (2, 'mood', '2024-07-20', 45),
    (3, 'mood', '2024-01-01', 60), (3, 'mood', '2024-07-10', 10), (4, 'mood', '2024-01-01', 90), (6, 'mood', '2024-06-01', 30),
    (7, 'mood', '2024-01-01', 35), (8, 'mood', '2024-01-01', 80), (8, 'mood', '2024-08-06', 20), (8, 'mood', '2024-08-11', 80);
CREATE TABLE public.ticket (account_id bigint, ticket_id text, opened_at timestamptz, solved_at timestamptz, topic text, subject text);
INSERT INTO public.ticket VALUES
    (1, 't1', '2024-03-01 10:00', '2024-03-02', 'billing', 'Invoice'), (1, 't2', '2024-05-01 10:00', NULL, 'exports', 'Slow'), (1, 't3', '2024-06-01 10:00', '2024-07-04', 'exports', 'Slower'),
    (1, 't4', '2024-06-30 23:00', '2024-06-30 23:30', NULL, NULL), (1, 't5', '2024-07-01 00:00', NULL, 'exports', 'To come');
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'subscription', 'TABLE public.contract');
CALL map('cs', 'signal', 'TABLE public.mood');
CALL map('cs', 'ticket', 'TABLE public.ticket');
DELETE FROM cs.health_signal;
INSERT INTO cs.health_signal (component, signal, weight, worst, best) VALUES ('business', 'mood', 1, 0, 100);
CALL refresh('cs');

-- The ready ones
SELECT results_eq('SELECT name, horizon_days, due_days, holdout_share, cardinality(steps) > 3 FROM cs.playbook ORDER BY 1',
    $$VALUES ('expansion opportunity', 90, 21, 0.2::float8, true), ('new-customer onboarding', 30, 7, 0.2, true), ('red turnaround', 60, 14, 0, true), ('yellow check-in', 45, 10, 0.2, true)$$, 'four playbooks are ready');
SELECT lives_ok('UPDATE cs.playbook SET description = description', 'and their expressions hold');
SELECT results_eq('SELECT playbook, effect_verdict, control_kind, run_count, treated_count, treated_rate, effect_rate FROM cs.playbook_outcome', $$SELECT name, 'no comparison', 'none', 0::bigint, 0::bigint, NULL::float8, NULL::float8 FROM cs.playbook ORDER BY 1$$, 'without runs nothing is said of them');
DELETE FROM cs.playbook;
CALL run_playbooks('cs');
SELECT is_empty('TABLE cs.playbook_run', 'without playbooks there are no runs');
SELECT is(pg_temp.failure($$CALL run_playbooks('nosuch')$$), '3F000 there is no model "nosuch"', 'a model that is not there is named');

-- Those who met it before it began: as of 06-30 less a day and twice 30 days, 04-30 and 05-30, judged by 06-29.
INSERT INTO cs.playbook VALUES ('rescue', 'Help', $$tier = 'Red'$$, $$coalesce(owner, 'desk')$$, 'health_score >= opening_score + 10', 30, 7, 20, '{Call,Mend}', 0),
                               ('watch', 'Look', 'account_id = 4', 'owner', 'seat_count > 5', 10, 10, 0, '{}', 0);
CALL run_playbooks('cs');
CREATE FUNCTION pg_temp.runs(which text) RETURNS SETOF text LANGUAGE sql AS
$$SELECT concat_ws(' ', arm, account_id, opened_on, due_on, judge_on, opening_score, opening_tier, opening_mrr, coalesce(segment, '-'), coalesce(owner, '-'), '|', closed_on, is_success, closing_score, closing_tier, closing_mrr)
  FROM cs.playbook_run WHERE playbook = which ORDER BY opened_on, account_id$$;
SELECT results_eq($$SELECT * FROM pg_temp.runs('rescue')$$, $$VALUES
    ('past 1 2024-04-30 2024-05-07 2024-05-30 30 Red 100 small - | 2024-05-30 f 30 Red 100'),
    ('past 7 2024-04-30 2024-05-07 2024-05-30 35 Red 700 - - | 2024-05-30 f 35 Red 700'),
    ('past 2 2024-05-30 2024-06-06 2024-06-29 20 Red 200.5 small - | 2024-06-29 t 40 Red 200.5'),
    ('treated 1 2024-06-30 2024-07-07 2024-07-30 45 Red 100 small ann |'),
    ('treated 2 2024-06-30 2024-07-07 2024-07-30 40 Red 200.5 small ann |'),
    ('treated 7 2024-06-30 2024-07-07 2024-07-30 35 Red 700 - desk |')$$,
    'who is Red now is treated; those who were, as of days on which nobody was, are the past: 1 and 7 are not taken again while they cool down, 6 had left');
SELECT results_eq($$SELECT * FROM pg_temp.runs('watch') WHERE runs NOT LIKE 'past%'$$, $$VALUES ('treated 4 2024-06-30 2024-07-10 2024-07-10 90 Green 400 large bob |')$$, 'another playbook has its own days');
SELECT results_eq($$SELECT DISTINCT planned_share FROM cs.playbook_run WHERE arm = 'treated'$$, 'VALUES (0::float8)', 'nobody was to be left alone');
SELECT is((SELECT evidence FROM cs.playbook_run WHERE playbook = 'rescue' AND account_id = 1 AND opened_on = '2024-06-30'), '{
    "name": "Ash", "segment": "small", "owner": "ann", "mrr": 100, "health_score": 45, "tier": "Red", "reasons": "mood -55.0", "usage_change": null, "open_tickets": 2, "renews_on": "2025-01-01", "lost_points": {"business": 55.0},
    "tickets": [{"ticket_id": "t4", "opened_at": "2024-06-30T23:00:00Z", "topic": null, "subject": null, "is_open": false},
                {"ticket_id": "t3", "opened_at": "2024-06-01T10:00:00Z", "topic": "exports", "subject": "Slower", "is_open": true},
                {"ticket_id": "t2", "opened_at": "2024-05-01T10:00:00Z", "topic": "exports", "subject": "Slow", "is_open": true}]}'::jsonb,
    'the evidence: what was known that day, the latest three tickets of that day, and what cost points');
SELECT is(evidence -> 'tickets', '[]'::jsonb, 'no tickets, none in the evidence') FROM cs.playbook_run WHERE account_id = 7 AND arm = 'treated';

-- The same day again, and a playbook that is not enabled
CREATE TEMP TABLE before AS TABLE cs.playbook_run;
CALL run_playbooks('cs');
SELECT results_eq('TABLE cs.playbook_run', 'TABLE before', 'again on the same day changes nothing');
INSERT INTO cs.playbook VALUES ('idle', NULL, 'true', 'owner', 'true', 30, 7, 20, '{}', 0, false);
UPDATE cs.policy SET as_of = '2024-07-15';
CALL run_playbooks('cs');
SELECT results_eq($$SELECT runs FROM pg_temp.runs('rescue') WHERE runs LIKE '%2024-07-15%'$$, $$VALUES ('treated 3 2024-07-15 2024-07-22 2024-08-14 10 Red 300 large bob |')$$, 'two weeks on, the one who turned Red meanwhile; who has an open run is left to it');
SELECT is(count(*), 0::bigint, 'what is not enabled is not opened') FROM cs.playbook_run WHERE playbook = 'idle';
SELECT results_eq($$SELECT runs FROM pg_temp.runs('watch') WHERE runs NOT LIKE 'past%'$$, $$VALUES ('treated 4 2024-06-30 2024-07-10 2024-07-10 90 Green 400 large bob | 2024-07-10 90 Green 400'), ('treated 4 2024-07-15 2024-07-25 2024-07-25 90 Green 400 large bob |')$$,
    'a condition that is NULL leaves it unknown whether it succeeded; without cool-down it is opened again');
SELECT results_eq('SELECT account_id, playbook, run_days, opening_score, health_score FROM cs.playbook_judgement ORDER BY 1, 2',
    $$VALUES (1::bigint, 'rescue', 15::float8, 45::float8, 45::float8), (2, 'rescue', 15, 40, 40), (3, 'rescue', 0, 10, 10), (4, 'watch', 0, 90, 90), (7, 'rescue', 15, 35, 35)$$, 'playbook_judgement: open runs, now and then');

-- Judged late, as of the day itself: on 07-30 Ash was at 60, since 08-01 at 20. What was called done has no part in it.
UPDATE cs.playbook_run SET done_on = '2024-07-02', note = 'All good!' WHERE account_id = 7 AND arm = 'treated';
UPDATE cs.policy SET as_of = '2024-08-05';
CALL run_playbooks('cs');
SELECT results_eq($$SELECT runs FROM pg_temp.runs('rescue') WHERE runs LIKE 'treated%' $$, $$VALUES
    ('treated 1 2024-06-30 2024-07-07 2024-07-30 45 Red 100 small ann | 2024-07-30 t 60 Yellow 100'),
    ('treated 2 2024-06-30 2024-07-07 2024-07-30 40 Red 200.5 small ann | 2024-07-30 f 45 Red 200.5'),
    ('treated 7 2024-06-30 2024-07-07 2024-07-30 35 Red 700 - desk | 2024-07-30 f 35 Red 700'),
    ('treated 3 2024-07-15 2024-07-22 2024-08-14 10 Red 300 large bob |')$$, 'six days late it is judged as of its day; done is not success');
UPDATE cs.policy SET as_of = '2024-08-18';
CALL run_playbooks('cs');
SELECT results_eq($$SELECT runs FROM pg_temp.runs('rescue') WHERE runs LIKE 'treated 3%' OR runs LIKE '%2024-08-18%'$$, $$VALUES ('treated 3 2024-07-15 2024-07-22 2024-08-14 10 Red 300 large bob | 2024-08-14 f 0')$$,
    'who left has not succeeded; 19 days after 07-30 the others are cooling down');
UPDATE cs.policy SET as_of = '2024-08-19';
CALL run_playbooks('cs');
SELECT results_eq($$SELECT runs FROM pg_temp.runs('rescue') WHERE runs LIKE '%2024-08-19%'$$, $$VALUES ('treated 1 2024-08-19 2024-08-26 2024-09-18 20 Red 100 small ann |'), ('treated 2 2024-08-19 2024-08-26 2024-09-18 45 Red 200.5 small ann |'), ('treated 7 2024-08-19 2024-08-26 2024-09-18 35 Red 700 - desk |')$$,
    'with the twentieth they are taken again');
-- Juniper was Red from 08-06 to 08-10, when nobody looked.
CREATE TEMP TABLE latest AS TABLE cs.playbook_run;
UPDATE cs.policy SET as_of = '2024-08-08';
CALL run_playbooks('cs');
SELECT results_eq('TABLE cs.playbook_run', 'TABLE latest', 'as of a day before the latest nothing is opened');
SELECT is(max(opened_on), '2024-06-29'::date - 10, 'past runs came once, all judged before the first opening') FROM cs.playbook_run WHERE playbook = 'watch' AND arm = 'past';
SELECT is(count(*), 2::bigint, 'of which there are backtest_count') FROM cs.playbook_run WHERE playbook = 'watch' AND arm = 'past';
UPDATE cs.policy SET as_of = '2024-08-19';

-- Judged again after months, by the facts that have come since, they end as they did.
CREATE TEMP TABLE ended AS TABLE cs.playbook_run;
UPDATE cs.playbook_run SET closed_on = NULL, is_success = NULL, closing_score = NULL, closing_tier = NULL, closing_mrr = NULL WHERE closed_on IS NOT NULL AND (arm = 'past' OR account_id = 3);
SET timezone = 'Pacific/Auckland';
CALL run_playbooks('cs');
SET timezone = 'UTC';
SELECT set_eq('TABLE cs.playbook_run', 'TABLE ended', 'judged again months later, in another time zone: the same');
SELECT results_eq($$SELECT playbook, outcome, count(*), count(*) FILTER (WHERE is_counted) FROM cs.playbook_run_outcome GROUP BY 1, 2 ORDER BY 1, 2$$,
    $$VALUES ('rescue', 'failed', 4::bigint, 2::bigint), ('rescue', 'lost', 1, 0), ('rescue', 'open', 3, 0), ('rescue', 'succeeded', 2, 0), ('watch', 'open', 1, 0), ('watch', 'unknown', 5, 0)$$, 'how the runs ended');
-- Of treated 45, 40 and 10 (small, small, large) and 35, and past 30, 20 and 35, only those at 35 without a segment are alike.
SELECT results_eq($$SELECT control_kind, treated_count, treated_success_count, control_count, control_success_count, matched_count, left_out_count, open_run_count, unknown_run_count, lost_run_count, done_count, run_count, effect_verdict, sample_ratio FROM cs.playbook_outcome WHERE playbook = 'rescue'$$,
    $$VALUES ('past', 1::bigint, 0::bigint, 1::bigint, 0::bigint, 1::bigint, 5::bigint, 3::bigint, 0::bigint, 1::bigint, 1::bigint, 10::bigint, 'too few', NULL::text)$$, 'only those alike are compared');
SELECT results_eq($$SELECT treated_opening_score, treated_closing_score, control_opening_score, control_closing_score, naive_change_score, anyway_change_score FROM cs.playbook_outcome WHERE playbook = 'rescue'$$,
    'VALUES (35::float8, 35::float8, 35::float8, 35::float8, 0::float8, 0::float8)', 'before and after of both');
SELECT results_eq($$SELECT unknown_run_count, treated_count, treated_rate, run_count FROM cs.playbook_outcome WHERE playbook = 'watch'$$, 'VALUES (5::bigint, 0::bigint, NULL::float8, 6::bigint)', 'the unknown are in no rate');

-- Holdouts: by a throw that depends on seed, playbook, account and day alone.
INSERT INTO public.contract SELECT n, '2024-01-01', NULL, 10, NULL FROM generate_series(1001, 1400) AS n;
CALL refresh('cs');
INSERT INTO cs.playbook VALUES ('try', NULL, 'account_id > 1000', $$'desk'$$, 'mrr > 5', 30, 7, 20, '{}', 0.25);
CALL run_playbooks('cs');
CREATE TEMP TABLE held AS SELECT account_id FROM cs.playbook_run WHERE playbook = 'try' AND arm = 'holdout';
SELECT results_eq($$SELECT count(*), count(DISTINCT planned_share) FROM cs.playbook_run WHERE playbook = 'try'$$, 'VALUES (400::bigint, 1::bigint)', 'all who meet it have a run');
SELECT ok(count(*) BETWEEN 100 - 26 AND 100 + 26, 'about a quarter is left alone (3 standard deviations are 26)') FROM held;
SELECT is(count(*) FILTER (WHERE (owner IS NULL) <> (arm = 'holdout')), 0::bigint, 'who is left alone has no owner, the others have') FROM cs.playbook_run WHERE playbook = 'try';
SELECT is(count(*), 0::bigint, 'with holdouts, no past is needed') FROM cs.playbook_run WHERE playbook = 'try' AND arm = 'past';
DELETE FROM cs.playbook_run WHERE playbook = 'try';
CALL run_playbooks('cs');
SELECT set_eq($$SELECT account_id FROM cs.playbook_run WHERE playbook = 'try' AND arm = 'holdout'$$, 'TABLE held', 'thrown again, the same are left alone');
DELETE FROM cs.playbook_run WHERE playbook = 'try';
UPDATE cs.playbook SET holdout_share = 0.5 WHERE name = 'try';
CALL run_playbooks('cs');
SELECT is_empty($$TABLE held EXCEPT SELECT account_id FROM cs.playbook_run WHERE playbook = 'try' AND arm = 'holdout'$$, 'with a greater share, these and others');
DELETE FROM cs.playbook_run WHERE playbook = 'try';
UPDATE cs.playbook SET holdout_share = 0.25 WHERE name = 'try';
UPDATE cs.policy SET playbook_seed = 2;
CALL run_playbooks('cs');
SELECT ok(count(*) BETWEEN 10 AND 45, 'with another seed, others: about a quarter of them again') FROM held JOIN cs.playbook_run USING (account_id) WHERE playbook = 'try' AND arm = 'holdout';
-- Four weeks later all are judged, and all have succeeded, treated or not.
UPDATE cs.policy SET as_of = '2024-09-18';
CALL run_playbooks('cs');
SELECT results_eq($$SELECT control_kind, treated_rate, control_rate, effect_rate, effect_lower_rate < 0, effect_upper_rate > 0, effect_verdict, sample_ratio, planned_rate, treated_count + control_count, holdout_count = control_count FROM cs.playbook_outcome WHERE playbook = 'try'$$,
    $$VALUES ('holdout', 1::float8, 1::float8, 0::float8, true, true, 'no effect shown', 'ok', 0.25::float8, 400::bigint, true)$$, 'all treated have succeeded, and so have those left alone: no effect');
SELECT is_empty($$SELECT playbook FROM cs.playbook_outcome WHERE run_count <> open_run_count + treated_count + control_count + left_out_count + unknown_run_count$$, 'the counts add up');

-- By the clock, today is not over: a run is judged tomorrow.
CREATE TEMP TABLE kept AS TABLE cs.playbook_run;
DELETE FROM cs.playbook_run;
UPDATE cs.policy SET as_of = NULL;
SELECT CURRENT_DATE AS today, CURRENT_DATE - 1 AS yesterday, CURRENT_DATE - 40 AS earlier \gset
INSERT INTO cs.playbook_run (playbook, account_id, arm, planned_share, opened_on, due_on, judge_on, evidence) VALUES ('watch', 4, 'treated', 0, :'earlier', :'earlier', :'today', '{}'), ('watch', 7, 'treated', 0, :'earlier', :'earlier', :'yesterday', '{}');
CALL run_playbooks('cs');
SELECT results_eq($$SELECT account_id, closed_on FROM cs.playbook_run WHERE opened_on < CURRENT_DATE AND playbook = 'watch' ORDER BY 1$$, format('VALUES (4::bigint, NULL::date), (7, %L)', :'yesterday'), 'what is to be judged today is judged when the day is over');
DELETE FROM cs.playbook_run;
UPDATE cs.policy SET as_of = '2024-09-18';
INSERT INTO cs.playbook_run OVERRIDING SYSTEM VALUE TABLE kept;
SELECT is(count(*), (SELECT count(*) FROM kept), 'back to September') FROM cs.playbook_run;

-- Only a table's readers and writers
SELECT is(pg_temp.failure('SET LOCAL ROLE playbook_reader; CALL run_playbooks(''cs'')'), '42501 permission denied for schema cs', 'it runs with the rights of the caller');

-- What is refused
CREATE TEMP TABLE refused (line text, want text);
INSERT INTO refused VALUES
    ('horizon_days = 0, due_days = 0', '23514 horizon_days_in_range'), ('horizon_days = 3654', '23514 horizon_days_in_range'), ('horizon_days = -30', '23514 due_by_the_horizon'), ('horizon_days = NULL', '23502'), ('due_days = -1', '23514 due_by_the_horizon'), ('due_days = 31', '23514 due_by_the_horizon'),
    ('cool_down_days = -1', '23514 cool_down_days_in_range'), ('holdout_share = -0.1', '23514 holdout_share_from_0_to_below_1'), ('holdout_share = 1', '23514 holdout_share_from_0_to_below_1'), ($$holdout_share = 'NaN'$$, '23514 holdout_share_from_0_to_below_1'),
    ($$name = ''$$, '23514 name_of_1_to_255_bytes'), ('name = NULL', '23502'), ($$name = 'watch'$$, '23505 playbook_pkey'), ($$steps = '{a,NULL}'$$, '23514 steps_are_texts'), ('trigger_when = NULL', '23502'),
    ($$trigger_when = 'no_such_column > 1'$$, '42703'), ($$trigger_when = 'health_score <'$$, '42601'), ($$trigger_when = 'true; DROP TABLE x'$$, '42601'), ($$trigger_when = 'health_score'$$, '42804'), ($$trigger_when = 'random() < 0.5'$$, '22023'), ($$trigger_when = '(SELECT true)'$$, '42601'),
    ($$trigger_when = 'opening_score < 50'$$, '42703'), ($$owner_rule = 'nobody'$$, '42703'), ($$owner_rule = 'max(owner)'$$, '42803'), ($$success_when = 'opening_scores > 1'$$, '42703'), ($$success_when = $q$arm = 'treated'$q$ $$, '42703'), ($$success_when = 'done_on IS NOT NULL'$$, '42703'), ($$success_when = 'count(*) > 0'$$, '42803'),
    ($$trigger_when = 'public.harmless(tier)'$$, '42501'), ($$owner_rule = 'current_setting(owner)'$$, '42501'), ($$success_when = 'public.harmless(tier)'$$, '42501');
CREATE FUNCTION public.harmless(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
SELECT is(pg_temp.refusal(format('UPDATE cs.playbook SET %s WHERE name = ''rescue''', line)), want, line) FROM refused;
SELECT is(pg_temp.refusal($$DELETE FROM cs.playbook WHERE name = 'rescue'$$), '23503 known_playbook', 'a playbook with runs is not deleted');
SELECT is(pg_temp.refusal($$UPDATE cs.playbook_run SET arm = 'control'$$), '23514 known_arm', 'there are three arms');
SELECT is(pg_temp.refusal($$UPDATE cs.playbook_run SET closed_on = judge_on + 1 WHERE closed_on IS NOT NULL$$), '23514 closed_when_judged', 'a run is closed on its day to be judged');
SELECT is(pg_temp.refusal($$INSERT INTO cs.playbook_run (playbook, account_id, arm, planned_share, opened_on, due_on, judge_on, evidence) SELECT playbook, account_id, 'treated', 0, opened_on + 1, due_on, judge_on, '{}' FROM cs.playbook_run WHERE closed_on IS NULL LIMIT 1$$),
    '23P01 one_open_run', 'an account has one open run of a playbook');
SELECT is(pg_temp.refusal($$UPDATE cs.playbook_run SET is_success = true WHERE closed_on IS NULL$$), '23514 no_outcome_before', 'an open run has no outcome');
SELECT lives_ok($$UPDATE cs.playbook SET name = 'save' WHERE name = 'rescue'$$, 'a playbook gets another name');
SELECT is(run_count > 0, true, 'and keeps its runs') FROM cs.playbook_outcome WHERE playbook = 'save';

-- What fails only when it is run names its playbook, and changes nothing.
CREATE TEMP TABLE intact AS TABLE cs.playbook_run;
UPDATE cs.policy SET as_of = '2024-10-30';
UPDATE cs.playbook SET is_enabled = true, trigger_when = 'account_id = 8 AND 1 / (mrr - 800) > 0' WHERE name = 'idle';
SELECT is(pg_temp.failure($$CALL run_playbooks('cs')$$), '22012 "idle": division by zero', 'a trigger that fails');
UPDATE cs.playbook SET trigger_when = 'account_id = 8', owner_rule = '(1 / (mrr - 800))::text' WHERE name = 'idle';
SELECT is(pg_temp.failure($$CALL run_playbooks('cs')$$), '22012 "idle": division by zero', 'a rule of the owner that fails');
UPDATE cs.playbook SET is_enabled = false WHERE name = 'idle';
UPDATE cs.playbook SET success_when = '1 / (mrr - 400) > 0 -- of Elm' WHERE name = 'watch';
SELECT is(pg_temp.failure($$CALL run_playbooks('cs')$$), '22012 "watch": division by zero', 'a condition of success that fails');
SELECT results_eq('TABLE cs.playbook_run', 'TABLE intact', 'and nothing was changed');
UPDATE cs.playbook SET success_when = '1 / (CASE account_id WHEN 4 THEN 1 ELSE 0 END) = 1 -- of other accounts it would fail' WHERE name = 'watch';
CALL run_playbooks('cs');
SELECT results_eq($$SELECT count(*), count(*) FILTER (WHERE is_success) FROM cs.playbook_run WHERE playbook = 'watch' AND closed_on > '2024-08-29'$$, 'VALUES (1::bigint, 1::bigint)', 'a condition is asked of the runs of its playbook alone');

-- Figures by hand, from runs as they might have come.
CREATE FUNCTION pg_temp.add_runs(playbook text, arm text, share float8, runs integer, successes integer, score float8, segment text DEFAULT 'small', opened date DEFAULT '2024-01-01', unknown boolean DEFAULT false) RETURNS void LANGUAGE sql AS $$
INSERT INTO cs.playbook_run (playbook, account_id, arm, planned_share, opened_on, due_on, judge_on, opening_score, opening_tier, opening_mrr, segment, evidence, closed_on, is_success, closing_score, closing_tier, closing_mrr)
SELECT playbook, n + coalesce((SELECT max(account_id) FROM cs.playbook_run), 0), arm, share, opened, opened, opened + 30, score, 'Red', 10, segment, '{}', opened + 30, CASE WHEN NOT unknown THEN n <= successes END, score + 20, 'Yellow', 10 FROM generate_series(1, runs) n $$;
CREATE FUNCTION pg_temp.add_playbook(name text) RETURNS void LANGUAGE sql AS $$INSERT INTO cs.playbook VALUES (name, NULL, 'true', 'owner', 'true', 30, 7, 0, '{}', 0.2, false)$$;
CREATE FUNCTION pg_temp.outcome(which text) RETURNS text LANGUAGE sql AS
$$SELECT concat_ws(' ', control_kind, treated_success_count || '/' || treated_count, control_success_count || '/' || control_count, coalesce(matched_count::text, '-'), left_out_count, unknown_run_count, effect_verdict, coalesce(sample_ratio, '-')) FROM cs.playbook_outcome WHERE playbook = which$$;
SELECT pg_temp.add_playbook(name) FROM unnest('{past,shares,ratio,alone,few,harm,unknown,missing}'::text[]) name \g /dev/null
SELECT pg_temp.add_runs('past', arm, CASE arm WHEN 'treated' THEN 0 END, runs, successes, score, segment)
FROM (VALUES ('treated', 12, 12, 54.99, 'small'), ('past', 15, 0, 50, 'small'), ('treated', 5, 0, 55, 'small'), ('past', 2, 2, 59.9, 'small'), ('treated', 9, 9, 52, 'large'), ('past', 9, 0, 49.99, 'large'), ('treated', 3, 3, NULL, NULL), ('past', 4, 0, NULL, NULL)) v(arm, runs, successes, score, segment) \g /dev/null
-- 12 of 50 to 55, 2 of 55 to 60 and 3 without a score; of 50 to 55 large ones the past has none
SELECT is(pg_temp.outcome('past'), 'past 15/17 2/17 17 25 0 better than before -', 'past: the same number of each segment and five points');
SELECT results_eq($$SELECT effect_rate, effect_lower_rate, effect_upper_rate, treated_lower_rate, control_upper_rate FROM cs.playbook_outcome WHERE playbook = 'past'$$,
    $$SELECT d.difference, d.lower, d.upper, t.lower, c.upper FROM rate_difference(make_rate(15, 17), make_rate(2, 17), 0.95, 'newcombe-corrected') d, rate_interval(make_rate(15, 17), 0.95) t, rate_interval(make_rate(2, 17), 0.95) c$$, 'with the intervals of Newcombe and Wilson');
SELECT is(count(*) FILTER (WHERE arm = 'treated') || ' ' || count(*) FILTER (WHERE arm = 'past'), '17 17', 'the rows behind them') FROM cs.playbook_run_outcome WHERE playbook = 'past' AND is_counted;
-- each of them once more, with another end: of an account the first one counts
CREATE TEMP TABLE once AS SELECT run_id FROM cs.playbook_run_outcome WHERE playbook = 'past' AND is_counted;
INSERT INTO cs.playbook_run (playbook, account_id, arm, planned_share, opened_on, due_on, judge_on, opening_score, segment, evidence, closed_on, is_success)
SELECT playbook, account_id, arm, planned_share, opened_on + 40, due_on + 40, judge_on + 40, opening_score, segment, '{}', closed_on + 40, NOT is_success FROM cs.playbook_run WHERE playbook = 'past';
SELECT is(pg_temp.outcome('past'), 'past 15/17 2/17 17 84 0 better than before -', 'of an account the first run is compared');
SELECT set_eq($$SELECT run_id FROM cs.playbook_run_outcome WHERE playbook = 'past' AND is_counted$$, 'TABLE once', 'the same as before');
UPDATE cs.policy SET confidence = 0.99;
SELECT is(effect_lower_rate, (rate_difference(make_rate(15, 17), make_rate(2, 17), 0.99, 'newcombe-corrected')).lower, 'of the confidence of the policy') FROM cs.playbook_outcome WHERE playbook = 'past';
UPDATE cs.policy SET confidence = 0.95;
-- a share of 0.5 in good times, 0.2 in bad ones: put together, the treated would look worse than those left alone
SELECT pg_temp.add_runs('shares', arm, share, runs, successes, 50, 'small', opened) FROM (VALUES ('treated', 0.5, 50, 40, date '2024-01-01'), ('holdout', 0.5, 50, 40, '2024-01-01'), ('treated', 0.2, 160, 32, '2024-03-01'), ('holdout', 0.2, 40, 8, '2024-03-01')) v(arm, share, runs, successes, opened) \g /dev/null
SELECT is(pg_temp.outcome('shares'), 'holdout 32/160 8/40 - 100 0 no effect shown ok', 'of several holdout shares the present one alone is compared');
SELECT pg_temp.add_runs('shares', 'treated', 0, 30, 30, 50, 'small', '2024-05-01') \g /dev/null
SELECT is(pg_temp.outcome('shares'), 'holdout 32/160 8/40 - 130 0 no effect shown ok', 'and none of those opened without holdouts');
-- 400 with a share of 0.2: 80 expected; 50 is far outside
SELECT pg_temp.add_runs('ratio', arm, 0.2, runs, successes, 50) FROM (VALUES ('treated', 350, 300), ('holdout', 50, 10)) v(arm, runs, successes) \g /dev/null
SELECT is(pg_temp.outcome('ratio'), 'holdout 300/350 10/50 - 0 0 not comparable mismatch', 'sample ratio: fewer left alone than planned, and no effect however great the difference');
SELECT results_eq($$SELECT holdout_count, holdout_rate, planned_rate FROM cs.playbook_outcome WHERE playbook = 'ratio'$$, 'VALUES (50::bigint, 0.125::float8, 0.2::float8)', 'what the sample ratio is made of');
SELECT pg_temp.add_runs('alone', 'treated', 0, 200, 190, 40) \g /dev/null
SELECT is(pg_temp.outcome('alone'), 'none 190/200 0/0 - 0 0 no comparison -', '190 of 200 came back, by 20 points: nothing is claimed without a comparison');
SELECT pg_temp.add_runs('few', arm, 0.2, runs, successes, 50) FROM (VALUES ('treated', 36, 36), ('holdout', 9, 0)) v(arm, runs, successes) \g /dev/null
SELECT is(pg_temp.outcome('few'), 'holdout 36/36 0/9 - 0 0 too few ok', 'fewer than ten left alone are too few');
SELECT pg_temp.add_runs('few', 'holdout', 0.2, 1, 0, 50) \g /dev/null
SELECT is(pg_temp.outcome('few'), 'holdout 36/36 0/10 - 0 0 helps ok', 'ten are enough');
SELECT pg_temp.add_runs('harm', arm, 0.2, runs, successes, 50) FROM (VALUES ('treated', 80, 20), ('holdout', 20, 15)) v(arm, runs, successes) \g /dev/null
SELECT is(pg_temp.outcome('harm'), 'holdout 20/80 15/20 - 0 0 harms ok', 'what harms is called so');
SELECT pg_temp.add_runs('unknown', arm, 0.2, 20, 0, 50, unknown => true) FROM unnest('{treated,holdout}'::text[]) arm \g /dev/null
SELECT is(pg_temp.outcome('unknown'), 'holdout 0/0 0/0 - 0 40 not comparable mismatch', 'the unknown are in the sample ratio, not in the rates');
SELECT pg_temp.add_runs('missing', arm, 0.2, runs, successes, 50, unknown => unknown) FROM (VALUES ('treated', 80, 80, false), ('treated', 80, 0, true), ('holdout', 40, 10, false)) v(arm, runs, successes, unknown) \g /dev/null
SELECT is(pg_temp.outcome('missing'), 'holdout 80/80 10/40 - 0 80 not comparable ok', 'unknown of half the treated and of none of the others: who knows what they were');

-- Experiments whose answer is known, 300 of each kind and 200 runs each; every throw is a hash.
DELETE FROM cs.playbook_run;
DELETE FROM cs.playbook;
CREATE FUNCTION pg_temp.dice(VARIADIC keys text[]) RETURNS float8 LANGUAGE sql STABLE RETURN (hashtextextended(array_to_string(keys, '/'), 1) & 9007199254740991)::float8 / 9007199254740992::float8;
CREATE FUNCTION pg_temp.normal(VARIADIC keys text[]) RETURNS float8 LANGUAGE sql STABLE RETURN sqrt(-2 * ln(1 - pg_temp.dice(VARIADIC keys || '1'::text))) * cos(2 * pi() * pg_temp.dice(VARIADIC keys || '2'::text));
SELECT pg_temp.add_playbook(kind || ' ' || nr) FROM unnest('{effect,nothing,worst}'::text[]) kind, generate_series(1, 300) nr \g /dev/null
INSERT INTO cs.playbook_run (playbook, account_id, arm, planned_share, opened_on, due_on, judge_on, evidence, closed_on, is_success, closing_tier)
SELECT kind || ' ' || nr, n, arm, 0.3, '2024-01-01', '2024-01-08', '2024-01-31', '{}', '2024-01-31', pg_temp.dice(kind, nr::text, n::text, 'success') < CASE WHEN kind = 'effect' AND arm = 'treated' THEN 0.6 ELSE 0.4 END, 'Yellow'
FROM unnest('{effect,nothing}'::text[]) kind, generate_series(1, 300) nr, generate_series(1, 200) n, LATERAL (SELECT CASE WHEN pg_temp.dice(kind, nr::text, n::text, 'arm') < 0.3 THEN 'holdout' ELSE 'treated' END AS arm OFFSET 0) a;
-- Regression to the mean: 250 accounts whose level does not change, read with noise on both days; those read below 45 are taken, and nothing is done for half of them, nor for the others.
INSERT INTO cs.playbook_run (playbook, account_id, arm, planned_share, opened_on, due_on, judge_on, evidence, opening_score, closed_on, is_success, closing_score, closing_tier)
SELECT 'worst ' || nr, n, CASE WHEN pg_temp.dice('worst', nr::text, n::text, 'arm') < 0.5 THEN 'holdout' ELSE 'treated' END, 0.5, '2024-01-01', '2024-01-08', '2024-01-31', '{}', opening, '2024-01-31', closing >= opening + 5, closing, 'Yellow'
FROM generate_series(1, 300) nr, generate_series(1, 250) n, LATERAL (SELECT 60 + 8 * pg_temp.normal('level', nr::text, n::text) AS level OFFSET 0) l,
     LATERAL (SELECT level + 10 * pg_temp.normal('before', nr::text, n::text) AS opening, level + 10 * pg_temp.normal('after', nr::text, n::text) AS closing OFFSET 0) s
WHERE opening < 45;
CREATE TEMP TABLE judged AS SELECT split_part(playbook, ' ', 1) AS kind, * FROM cs.playbook_outcome;
SELECT ok(count(*) FILTER (WHERE 0.2 BETWEEN effect_lower_rate AND effect_upper_rate) BETWEEN 276 AND 294, 'an effect of 0.2: the interval covers it in 92 to 98 % of 300') FROM judged WHERE kind = 'effect';
SELECT ok(count(*) FILTER (WHERE effect_verdict = 'helps') > 200 AND count(*) FILTER (WHERE effect_verdict = 'harms') = 0, 'and it is mostly found') FROM judged WHERE kind = 'effect';
SELECT ok(count(*) FILTER (WHERE 0 BETWEEN effect_lower_rate AND effect_upper_rate) BETWEEN 276 AND 294, 'no effect: the interval covers 0 in 92 to 98 % of 300') FROM judged WHERE kind = 'nothing';
SELECT cmp_ok(count(*) FILTER (WHERE effect_verdict IN ('helps', 'harms')), '<=', 15::bigint, 'and one is claimed in 5 % or less') FROM judged WHERE kind = 'nothing';
SELECT is_empty($$SELECT playbook FROM judged WHERE effect_verdict IN ('helps', 'harms') AND (0 BETWEEN effect_lower_rate AND effect_upper_rate OR sample_ratio <> 'ok' OR least(treated_count, control_count) < 10)$$, 'never where the interval covers 0');
SELECT cmp_ok(count(*) FILTER (WHERE sample_ratio = 'mismatch'), '<=', 3::bigint, 'throws as planned are hardly ever taken for a mismatch') FROM judged;
SELECT ok(avg(treated_rate) > 0.7 AND avg(naive_change_score) > 10, 'taken at their worst, most come back, by more than ten points') FROM judged WHERE kind = 'worst';
SELECT ok(abs(avg(naive_change_score - anyway_change_score)) < 0.5 AND abs(avg(effect_rate)) < 0.02, 'as many and as far as those left alone') FROM judged WHERE kind = 'worst';
SELECT cmp_ok(count(*) FILTER (WHERE effect_verdict IN ('helps', 'harms')), '<=', 15::bigint, 'so nothing is claimed') FROM judged WHERE kind = 'worst';
-- The same against the past: those left alone came before, and more of them were at their very worst.
UPDATE cs.playbook_run SET arm = CASE arm WHEN 'holdout' THEN 'past' ELSE arm END, planned_share = CASE arm WHEN 'treated' THEN 0 END WHERE playbook LIKE 'worst%';
DELETE FROM cs.playbook_run WHERE arm = 'past' AND opening_score > 40 AND pg_temp.dice(playbook, account_id::text, 'lost') < 0.7;
CREATE TEMP TABLE matched AS SELECT * FROM cs.playbook_outcome WHERE playbook LIKE 'worst%';
SELECT cmp_ok(count(*) FILTER (WHERE effect_verdict IN ('better than before', 'worse than before')), '<=', 15::bigint, 'nor against past ones of the same scores') FROM matched;
SELECT ok(bool_and(matched_count = treated_count AND matched_count = control_count AND run_count = treated_count + control_count + left_out_count), 'of which as many are compared as there are alike') FROM matched;
SELECT ok(abs(avg(effect_rate)) < 0.03, 'with no bias from who was there') FROM matched;

SELECT * FROM finish();
ROLLBACK;
