\unset ECHO
\i test/psql.sql
-- The CSM's queue and the manager's week: a dozen accounts by hand, and a generated company against plain SQL.
BEGIN;
SELECT plan(24);

-- The score of each is what its one signal reads.
CREATE TABLE public.customer (account_id text, name text, segment text, owner text);
INSERT INTO public.customer SELECT letter, upper(letter), CASE WHEN letter < 'f' THEN 'large' ELSE 'small' END, CASE WHEN letter IN ('a', 'c') THEN 'Ann' ELSE 'Bob' END FROM unnest('{a,b,c,d,e,f,g,h,i,j,k}'::text[]) letter;
CREATE TABLE public.contract (account_id text, starts_on date, ends_on date, mrr numeric, renews_on date);
INSERT INTO public.contract VALUES
    ('a', '2024-01-01', NULL, 1000, NULL), ('b', '2024-01-01', NULL, 500, NULL), ('c', '2024-01-01', '2024-06-25', 1900, NULL), ('c', '2024-06-25', NULL, 2000, '2024-07-30'),
    ('d', '2024-01-01', '2024-06-29', 350, NULL), ('d', '2024-06-29', NULL, 300, '2025-01-01'), ('e', '2024-01-01', NULL, 800, NULL), ('f', '2024-01-01', NULL, 100, NULL),
    ('g', '2024-01-01', NULL, 700, NULL), ('h', '2024-01-01', NULL, 400, NULL), ('i', '2024-01-01', NULL, 900, NULL), ('j', '2024-01-01', '2024-06-28', 250, NULL), ('k', '2024-06-26', NULL, 150, NULL);
CREATE TABLE public.reading (account_id text, signal text, at timestamptz, value numeric);
INSERT INTO public.reading VALUES
    ('a', 'x', '2024-03-01', 60), ('a', 'x', '2024-06-27', 40), ('b', 'x', '2024-03-01', 30), ('c', 'x', '2024-03-01', 60), ('d', 'x', '2024-03-01', 60), ('e', 'x', '2024-03-01', 70), ('e', 'x', '2024-06-24', 90),
    ('g', 'x', '2024-03-01', 90), ('h', 'x', '2024-03-01', 90), ('i', 'x', '2024-03-01', 90), ('j', 'x', '2024-03-01', 45);
CALL create_model('cs');
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'subscription', 'TABLE public.contract');
CALL map('cs', 'signal', 'TABLE public.reading');
DELETE FROM cs.health_signal;
INSERT INTO cs.health_signal (component, signal, weight, worst, best) VALUES ('business', 'x', 1, 0, 100);
UPDATE cs.policy SET as_of = '2024-06-30';
CALL refresh('cs');

INSERT INTO cs.playbook (name, trigger_when, success_when, horizon_days) VALUES ('save', 'tier = ''Red''', 'tier = ''Green''', 42), ('greet', 'true', 'true', 37);
INSERT INTO cs.playbook_run (playbook, account_id, arm, planned_share, owner, evidence, opened_on, due_on, judge_on) VALUES
    ('save', 'h', 'treated', 0.5, 'Bob', '{}', '2024-06-20', '2024-06-29', '2024-08-01'), ('save', 'i', 'holdout', 0.5, NULL, '{}', '2024-06-20', '2024-06-29', '2024-08-01'),
    ('greet', 'h', 'treated', 0, 'Bob', '{}', '2024-06-25', '2024-07-05', '2024-08-01'), ('save', 'b', 'holdout', 0.5, NULL, '{}', '2024-06-10', '2024-06-20', '2024-08-01');
INSERT INTO cs.playbook_run (playbook, account_id, arm, planned_share, owner, evidence, opened_on, due_on, judge_on, closed_on, is_success) VALUES
    ('greet', 'a', 'treated', 0, 'Ann', '{}', '2024-05-01', '2024-05-08', '2024-06-25', '2024-06-25', true), ('greet', 'c', 'treated', 0, 'Ann', '{}', '2024-05-01', '2024-05-08', '2024-06-18', '2024-06-18', false);
INSERT INTO cs.alert_rule (rule, condition) VALUES ('seats', 'true'), ('fell', 'true'), ('red', 'true');
INSERT INTO cs.alert (rule, severity, audience, account_id, from_state, to_state, as_of_at, evidence) VALUES
    ('seats', 'info', 'csm', 'g', 'off', 'on', '2024-06-29 12:00', '{"name": "G"}'), ('fell', 'warning', 'csm', 'a', 'off', 'on', '2024-06-28', '{}'), ('red', 'critical', 'csm', 'a', 'off', 'on', '2024-06-27', '{}'),
    ('red', 'critical', 'csm', 'e', 'off', 'on', '2024-06-22', '{}'), ('red', 'critical', 'csm', 'e', 'on', 'off', '2024-06-24', '{}');
INSERT INTO cs_internal.alert_state (rule, account_id, state, since_at, alert_id) SELECT rule, account_id, 'raised', as_of_at, alert_id FROM cs.alert WHERE account_id <> 'e';
INSERT INTO cs_internal.alert_state (rule, account_id, state, since_at) VALUES ('fell', 'd', 'known', '2024-06-01');

-- At risk: a 1000 x 60 %, b 500 x 70 %, h 400 x 10 %, c 2000 x 40 %, g 700 x 10 %. d renews too late, e and i are well, f and k are unknown.
SELECT results_eq($$SELECT rank_number, urgency, account_id, owner, at_risk_mrr, tier, reasons, rules, playbook, due_on, is_overdue, is_holdout, renews_on FROM cs.csm_today$$, $$VALUES
    (1, 'now', 'a', 'Ann', 600::numeric, 'Red', 'x -60.0', 'red, fell', NULL, NULL::date, false, false, NULL::date),
    (2, 'now', 'b', 'Bob', 350, 'Red', 'x -70.0', NULL, NULL, NULL, false, true, NULL),
    (3, 'now', 'h', 'Bob', 40, 'Green', 'x -10.0', NULL, 'save', '2024-06-29', true, false, NULL),
    (4, 'soon', 'c', 'Ann', 800, 'Yellow', 'x -40.0', NULL, NULL, NULL, false, false, '2024-07-30'),
    (5, 'chance', 'g', 'Bob', 70, 'Green', 'x -10.0', 'seats', NULL, NULL, false, false, NULL)$$, 'the queue: who first, why, and which play');
UPDATE cs.playbook_run SET done_on = '2024-06-28' WHERE playbook = 'save' AND account_id = 'h';
SELECT results_eq($$SELECT urgency, playbook, due_on, is_overdue FROM cs.csm_today WHERE account_id = 'h'$$, $$VALUES ('chance', 'greet', date '2024-07-05', false)$$, 'what is done gives way to the next play');
UPDATE cs.playbook_run SET done_on = NULL;
SELECT results_eq($$SELECT account_id FROM cs.csm_today WHERE owner = 'Ann'$$, $$VALUES ('a'), ('c')$$, 'the queue of one CSM');

SELECT results_eq($$SELECT period_start_on, period_end_on, account_count, green_count, yellow_count, red_count, unknown_count, before_red_count, improved_count, declined_count FROM cs.manager_weekly WHERE dimension = 'all' LIMIT 2$$, $$VALUES
    (date '2024-06-24', date '2024-07-01', 10::bigint, 4::bigint, 2::bigint, 2::bigint, 2::bigint, 2::bigint, 1::bigint, 1::bigint),
    ('2024-06-17', '2024-06-24', 10, 3, 4, 2, 1, 2, 0, 0)$$, 'the week: tiers, and who moved');
SELECT results_eq($$SELECT into_red_count, into_red_mrr, out_of_red_count, red_mrr, health_score, before_score FROM cs.manager_weekly WHERE dimension = 'all' LIMIT 1$$,
    $$VALUES (1::bigint, 1000::numeric, 1::bigint, 1500::numeric, (40 + 30 + 60 + 60 + 90 + 90 + 90 + 90) / 8::float8, (60 + 30 + 60 + 60 + 70 + 90 + 90 + 90 + 45) / 9::float8)$$, 'into Red and out of it, j by leaving');
SELECT results_eq($$SELECT opening_mrr, joined_mrr, expansion_mrr, contraction_mrr, left_mrr, mrr, joined_count, left_count FROM cs.manager_weekly WHERE dimension = 'all' LIMIT 1$$,
    $$VALUES (6900::numeric, 150::numeric, 100::numeric, 50::numeric, 250::numeric, 6850::numeric, 1::bigint, 1::bigint)$$, 'its money');
SELECT results_eq($$SELECT raised_count, cleared_count, play_opened_count, play_judged_count, play_success_count, play_overdue_count FROM cs.manager_weekly WHERE dimension = 'all'$$, $$VALUES
    (3::bigint, 1::bigint, 1::bigint, 1::bigint, 1::bigint, 1::bigint), (1, 0, 1, 1, 0, 1), (0, 0, 0, 0, 0, 2), (0, 0, 0, 0, 0, 2)$$, 'its alerts and plays, of those treated');
SELECT results_eq($$SELECT value, account_count, mrr, red_count FROM cs.manager_weekly WHERE dimension = 'owner' LIMIT 2$$, $$VALUES ('Ann', 2::bigint, 3000::numeric, 1::bigint), ('Bob', 8, 3850, 1)$$, 'by owner');

-- From Sunday on: this week has a day so far, on which nothing happened; what came from the 24th on is of the week before, with the 23rd.
UPDATE cs.policy SET week_start = 7;
SELECT results_eq($$SELECT period_start_on, period_end_on, is_complete, account_count, declined_count, opening_mrr, joined_mrr, left_mrr, mrr, raised_count, cleared_count, play_opened_count, play_judged_count, play_overdue_count FROM cs.manager_weekly WHERE dimension = 'all' LIMIT 2$$, $$VALUES
    (date '2024-06-30', date '2024-07-07', false, 10::bigint, 0::bigint, 6850::numeric, 0::numeric, 0::numeric, 6850::numeric, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 1::bigint),
    ('2024-06-23', '2024-06-30', true, 10, 1, 6900, 150, 250, 6850, 3, 1, 1, 1, 0)$$, 'week_start 7: this week so far, and the one before');
-- From Thursday on: four days of this week, with a''s fall and k''s first day in the one before
UPDATE cs.policy SET week_start = 4;
SELECT results_eq($$SELECT period_start_on, is_complete, declined_count, joined_mrr, left_mrr, raised_count, play_opened_count FROM cs.manager_weekly WHERE dimension = 'all' LIMIT 2$$, $$VALUES
    (date '2024-06-27', false, 1::bigint, 0::numeric, 250::numeric, 3::bigint, 0::bigint), ('2024-06-20', true, 0, 150, 0, 1, 2)$$, 'week_start 4: other days, other figures');
UPDATE cs.policy SET week_start = 1;
SELECT results_eq($$SELECT d, week_begin(date '2024-06-30', d) FROM generate_series(1, 7) d$$, $$VALUES (1, date '2024-06-24'), (2, '2024-06-25'), (3, '2024-06-26'), (4, '2024-06-27'), (5, '2024-06-28'), (6, '2024-06-29'), (7, '2024-06-30')$$, 'the week of a Sunday, by each first day');
SELECT ok(bool_and(extract(isodow FROM week_begin(day::date, d)) = d AND day::date - week_begin(day::date, d) BETWEEN 0 AND 6), 'a week begins on its day, at most six days ago') FROM generate_series(timestamp '2023-12-20', '2024-01-10', '1 day') day, generate_series(1, 7) d;

-- An empty model has an empty queue.
CALL create_model('bare');
SELECT is_empty('SELECT * FROM bare.csm_today', 'nobody, no queue');
SELECT is_empty('SELECT * FROM bare.manager_weekly', 'no week');

-- A generated company: every figure by plain SQL.
\set company small
\i test/company.sql
UPDATE company.policy SET as_of = '2026-06-02';
CALL evaluate_alerts('company');
CALL run_playbooks('company');
UPDATE company.policy SET as_of = '2026-06-16';
CALL evaluate_alerts('company');
CALL run_playbooks('company');
-- a Tuesday: the week that began on Wednesday ends with it
UPDATE company.policy SET as_of = '2026-06-30', week_start = 3;
CALL evaluate_alerts('company');
CALL run_playbooks('company');
CREATE TEMP TABLE today AS SELECT * FROM company.csm_today;
CREATE TEMP TABLE health AS SELECT * FROM company.account_health;
SELECT cmp_ok(count(*), '>', 40::bigint, 'there is a queue') FROM today;
SELECT is(count(DISTINCT account_id), count(*), 'each account once') FROM today;
SELECT results_eq('SELECT rank_number FROM today ORDER BY array_position(''{now,soon,chance}'', urgency), at_risk_mrr DESC NULLS LAST, account_id', 'SELECT generate_series(1, count(*)::integer) FROM today', 'by urgency, then by MRR at risk');
SELECT set_eq('SELECT account_id FROM today WHERE urgency = ''now''', $$
    SELECT account_id FROM health WHERE tier = 'Red' UNION SELECT account_id FROM company.alert_open WHERE severity = 'critical'
    UNION SELECT account_id FROM company.playbook_run JOIN health USING (account_id) WHERE closed_on IS NULL AND arm = 'treated' AND due_on < '2026-06-30'$$, 'now is Red, critical or overdue');
SELECT set_eq('SELECT account_id, mrr, health_score, reasons FROM today', 'SELECT account_id, mrr, health_score, reasons FROM health WHERE account_id IN (SELECT account_id FROM today)', 'the queue says what account_health says');
CREATE TEMP TABLE weekly AS SELECT * FROM company.manager_weekly;
SELECT is_empty('SELECT * FROM weekly WHERE opening_mrr + joined_mrr + expansion_mrr - contraction_mrr - left_mrr <> mrr', 'each week adds up exactly');
SELECT set_eq($$SELECT period_start_on, dimension, sum(account_count) AS a, sum(mrr) AS b, sum(into_red_mrr) AS c, sum(raised_count) AS d, sum(play_opened_count) AS e, sum(declined_count) AS f FROM weekly GROUP BY 1, 2$$,
    $$SELECT a.period_start_on, d.dimension, a.account_count::numeric, a.mrr, a.into_red_mrr, a.raised_count::numeric, a.play_opened_count::numeric, a.declined_count::numeric FROM weekly a, (SELECT DISTINCT dimension FROM weekly) d WHERE a.dimension = 'all'$$,
    'the values of each attribute add up to all');
SELECT results_eq($$SELECT account_count, red_count, mrr, health_score FROM weekly WHERE dimension = 'segment' AND period_end_on = '2026-07-01' ORDER BY value$$,
    $$SELECT account_count, coalesce(red_count, 0), mrr, health_score FROM company.health_by_segment WHERE dimension = 'segment' ORDER BY value$$, 'this week''s segments are those of health_by_segment');
SELECT results_eq($$SELECT declined_count, improved_count FROM weekly WHERE dimension = 'all' AND period_end_on = '2026-06-24'$$, $$
    SELECT count(*) FILTER (WHERE n.place > b.place), count(*) FILTER (WHERE n.place < b.place)
    FROM (SELECT account_id, strpos('Green Yellow Red', tier) AS place FROM company.account_health('2026-06-23') WHERE tier <> 'Unknown') n
    JOIN (SELECT account_id, strpos('Green Yellow Red', tier) AS place FROM company.account_health('2026-06-16') WHERE tier <> 'Unknown') b USING (account_id)$$, 'movers of a week, by plain SQL');
SELECT is(sum(raised_count)::bigint, (SELECT count(*) FROM company.alert WHERE to_state = 'on' AND as_of_at >= '2026-06-03'), 'alerts of four weeks') FROM weekly WHERE dimension = 'all';

SELECT * FROM finish();
ROLLBACK;
