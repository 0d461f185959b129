\unset ECHO
\i test/psql.sql
-- Health in a model of a dozen accounts: readings, scores, tiers and coverage by hand, each rule moving one of them,
-- drill-downs that add up exactly, and backtests counted by plain SQL.
BEGIN;
SELECT plan(250);
CALL create_model('cs');
-- each ticket tells, however few there are
UPDATE cs.policy SET as_of = '2024-06-30', least_tickets = 1;

CREATE TABLE public.customer (account_id text, name text, segment text, lifecycle_stage text, parent_id text, seats int);
INSERT INTO public.customer VALUES
    ('a', 'All that can be known', 'small', 'mature', NULL, 4), ('b', 'Buys and never used it', 'small', 'mature', NULL, 5), ('c', 'Churned', 'small', 'mature', NULL, NULL), ('d', 'Does a trial', 'small', 'young', NULL, 1),
    ('e', 'Enjoys a pause', 'large', 'mature', NULL, NULL), ('f', 'First week', 'large', 'young', NULL, 3), ('g', 'Great, but for an escalation', 'large', 'young', NULL, 10),
    ('h', 'Has a pulse', 'large', 'young', 'g', NULL), ('i', 'Its pulse is old', 'large', 'young', 'g', 1), ('l', 'Lonely child', 'small', 'young', 'z', NULL), ('x', 'Never bought', 'large', NULL, NULL, 9);
CREATE TABLE public.contract (account_id text, starts_on date, ends_on date, mrr numeric, status text, cancelled_on date);
INSERT INTO public.contract VALUES
    ('a', '2024-01-01', '2024-06-01', 100, NULL, NULL), ('a', '2024-06-01', NULL, 120, NULL, NULL),
    ('b', '2024-01-01', NULL, 60, NULL, NULL), ('b', '2024-01-01', '2024-09-01', 40, NULL, '2024-06-15'),
    ('c', '2024-01-01', '2024-05-01', 70, NULL, '2024-04-20'),
    ('d', '2024-06-01', NULL, 30, 'trial', NULL),
    ('e', '2024-01-01', '2024-06-10', 200, NULL, NULL), ('e', '2024-06-10', NULL, 200, 'paused', NULL),
    ('f', '2024-06-26', NULL, 50, NULL, NULL), ('g', '2024-01-01', NULL, 500, NULL, NULL), ('h', '2024-01-01', NULL, 100, NULL, NULL), ('i', '2024-01-01', NULL, 300, NULL, NULL),
    ('k', '2023-01-01', NULL, 10, NULL, NULL), -- unknown to the account source
    ('l', '2024-01-01', NULL, 40, NULL, NULL);
CREATE TABLE public.click (account_id text, at timestamptz, user_id text, feature text, events int);
INSERT INTO public.click VALUES
    ('a', '2024-03-01', NULL, NULL, 1), ('a', '2024-05-21', 'a3', NULL, 10), ('a', '2024-05-28', NULL, NULL, 10), ('a', '2024-06-04', NULL, 'search', 3),
    ('a', '2024-06-11', NULL, 'search', 3), ('a', '2024-06-18', 'a2', 'search', 3), ('a', '2024-06-25', 'a1', 'search', 3), ('a', '2024-06-25', NULL, 'export', 3),
    ('d', '2024-06-15', 'd1', 'beta', 1), ('f', '2024-06-27', 'f1', 'search', 5), ('a', '2024-07-01', 'a4', 'report', 100);
-- g and i use it every Tuesday: eight users of g, one of i
INSERT INTO public.click SELECT 'g', day, 'g' || u, (ARRAY['search', 'export'])[1 + u % 2], 2 FROM generate_series(timestamptz '2024-03-05', '2024-07-30', '7 days') day, generate_series(1, 8) u;
INSERT INTO public.click SELECT 'i', day, 'i1', 'search', 2 FROM generate_series(timestamptz '2024-03-05', '2024-07-30', '7 days') day;
CREATE TABLE public.bought (account_id text, feature text, starts_on date, ends_on date);
INSERT INTO public.bought VALUES ('a', 'search', NULL, NULL), ('a', 'export', NULL, NULL), ('a', 'report', '2024-03-10', NULL), ('a', 'admin', NULL, NULL), ('a', 'old', NULL, '2024-06-30'), ('a', 'next', '2024-07-01', NULL), ('f', 'search', NULL, NULL), ('g', 'search', NULL, NULL), ('g', 'export', NULL, NULL), ('i', 'search', NULL, NULL), ('i', 'export', NULL, NULL);
CREATE TABLE public.ticket (account_id text, ticket_id text, opened_at timestamptz, solved_at timestamptz, reopened int, requester_id text, escalated_at timestamptz);
INSERT INTO public.ticket VALUES
    ('a', '1', '2024-05-10 00:00', '2024-05-10 10:00', 1, 'ann', NULL), ('a', '2', '2024-05-14 00:00', '2024-05-14 20:00', 0, 'ann', NULL), ('a', '3', '2024-06-01 00:00', '2024-06-02 06:00', 0, 'bob', NULL),
    ('a', '4', '2024-06-20 00:00', '2024-07-09 00:00', 0, 'cyd', '2024-06-28 00:00'), ('a', '5', '2024-07-01 00:00', NULL, 0, 'cyd', '2024-07-01 00:00'),
    ('l', '6', '2024-04-10 00:00', '2024-04-10 10:00', 0, 'dan', NULL), ('g', '7', '2024-06-11 00:00', NULL, 0, 'eve', '2024-06-11 00:00');
CREATE TABLE public.answer (account_id text, kind text, score numeric, responded_at timestamptz, respondent_id text);
INSERT INTO public.answer VALUES
    ('a', 'csat', 5, '2024-04-01 12:00', 'old'), ('a', 'csat', 2, '2024-05-20', 'ann'), ('a', 'csat', 4, '2024-06-05', 'bob'), ('a', 'csat', 1, '2024-07-01', 'bob'),
    ('a', 'nps', 3, '2024-01-02 12:00', 'old'), ('a', 'nps', 9, '2024-01-15', 'ann'), ('a', 'nps', 6, '2024-06-01', 'bob'), ('g', 'csat', 5, '2024-05-02', 'eve');
CREATE TABLE public.step (account_id text, milestone text, reached_at timestamptz, due_on date, is_start boolean, is_value boolean);
INSERT INTO public.step VALUES
    ('a', 'kickoff', '2024-01-05', '2024-01-10', true, NULL), ('a', 'live', '2024-02-14', '2024-02-15', NULL, true), ('a', 'train', NULL, '2024-06-30', NULL, NULL), ('a', 'adopt', '2024-07-01', '2024-05-01', NULL, NULL),
    ('f', 'kickoff', '2024-06-25 23:30', NULL, true, NULL), ('k', 'kickoff', '2023-12-01', NULL, true, NULL), ('h', 'kickoff', '2024-04-01', NULL, true, NULL),
    ('e', 'live', '2024-02-01', NULL, NULL, true), ('i', 'kickoff', '2024-02-10', NULL, true, NULL), ('i', 'live', '2024-02-05', NULL, NULL, true);
CREATE TABLE public.own (account_id text, signal text, at timestamptz, value numeric);
INSERT INTO public.own VALUES ('h', 'pulse', '2024-06-21', 30), ('i', 'pulse', '2024-03-23', 10), ('i', 'quality', '2024-05-01', 10), ('i', 'quality', '2024-06-21', 80), ('i', 'quality', '2024-07-02', 0);
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'subscription', 'TABLE public.contract');
CALL map('cs', 'usage', 'TABLE public.click');
CALL map('cs', 'entitlement', 'TABLE public.bought');
CALL map('cs', 'ticket', 'TABLE public.ticket');
CALL map('cs', 'survey', 'TABLE public.answer');
CALL map('cs', 'milestone', 'TABLE public.step');
CALL map('cs', 'signal', 'TABLE public.own');
CALL refresh('cs');

-- Who counts
SELECT results_eq('SELECT account_id, mrr FROM cs.account_health ORDER BY 1',
    $$VALUES ('a', 120::numeric), ('b', 100), ('e', 0), ('f', 50), ('g', 500), ('h', 100), ('i', 300), ('k', 10), ('l', 40)$$,
    'customers, paused ones too, also one without attributes: not who churned, tries or never bought');
SELECT results_eq($$SELECT account_id, mrr FROM cs.account_health('2024-04-30') ORDER BY 1$$,
    $$VALUES ('a', 100::numeric), ('b', 100), ('c', 70), ('e', 200), ('g', 500), ('h', 100), ('i', 300), ('k', 10), ('l', 40)$$, 'two months before: who churned the day after, not who was yet to come');
SELECT is_empty($$SELECT * FROM cs.account_health('2022-12-31') WHERE mrr > 0$$, 'before the first subscription nobody pays');

-- The sixteen readings. Windows: 28 days from 06-03, the 28 before from 05-06, eight weeks from 05-06, 90 days from 04-01 24:00, twice that from 01-02 24:00.
CREATE FUNCTION pg_temp.reading(account text, signal text, day date DEFAULT '2024-06-30') RETURNS numeric LANGUAGE sql AS
$$SELECT round(h.readings[m.position]::numeric, 6) FROM cs.account_health(day) h, model_signal m WHERE h.account_id = account AND m.name = signal$$;
SELECT is(pg_temp.reading(account, signal), want::numeric(20, 6), format('%s of %s: %s', signal, account, why))
FROM (VALUES
    ('consistency', 'a', 0.75, 'Tuesdays of six of eight weeks'), ('consistency', 'b', 0, 'never used it, though others do'), ('consistency', 'f', NULL, 'a customer for less than a week'),
    ('breadth', 'a', 0.5, 'search and export of four that it is entitled to; one ended today, one starts tomorrow'), ('breadth', 'b', NULL, 'entitled to nothing'), ('breadth', 'f', NULL, 'too new'),
    ('depth', 'a', 0.25, 'search alone on four days'), ('depth', 'i', 0.5, 'search of two'), ('depth', 'b', NULL, 'entitled to nothing'),
    ('seat_use', 'a', 0.5, 'two users of four seats; a third is idle, a fourth to come'), ('seat_use', 'b', 0, 'none of five seats'), ('seat_use', 'k', NULL, 'no seats'), ('seat_use', 'f', NULL, 'too new'),
    ('trend', 'a', -0.25, '15 events after 20'), ('trend', 'g', 0, 'as before'), ('trend', 'b', -1, 'never used it, though others do'), ('trend', 'f', NULL, 'nothing before'),
    ('open_escalations', 'a', 1, 'ticket 4, solved later; ticket 5 is to come'), ('open_escalations', 'b', 0, 'no ticket, though others have'),
    ('reopening', 'a', 1 / 3.0, 'ticket 1 of three solved'), ('reopening', 'g', NULL, 'nothing solved'),
    ('repeated_contact', 'a', 0.25, 'ticket 2 of four opened'), ('repeated_contact', 'g', 0, 'one, the first'), ('repeated_contact', 'b', NULL, 'none opened'),
    ('resolution', 'a', 2, '20 hours, where the other of its segment, l, has 10'), ('resolution', 'l', 0.5, 'and the other way round'), ('resolution', 'g', NULL, 'nothing solved'),
    ('csat', 'a', 3, '2 and 4; the 5 is too old'), ('csat', 'b', NULL, 'no answer'),
    ('milestones', 'a', 2 / 3.0, 'two of three due; one is due until tonight'), ('milestones', 'f', NULL, 'none due'), ('milestones', 'b', NULL, 'none'),
    ('renewal_posture', 'a', 1, 'no notice'), ('renewal_posture', 'b', 0.6, '40 of 100 under notice'), ('renewal_posture', 'e', NULL, 'no MRR while it pauses'),
    ('mrr_change', 'a', 0.2, '120 after 100'), ('mrr_change', 'e', -1, 'a pause has none'), ('mrr_change', 'f', NULL, 'too new'),
    ('nps', 'a', 7.5, '9 and 6; the 3 is too old'), ('nps', 'g', NULL, 'no answer'),
    ('time_to_value', 'a', 40, 'from 01-05 to 02-14'), ('time_to_value', 'h', 91, 'so far, since 04-01'), ('time_to_value', 'f', NULL, 'not 30 days yet'), ('time_to_value', 'b', NULL, 'has not set out'),
    ('time_to_value', 'e', NULL, 'got there without setting out'), ('time_to_value', 'i', NULL, 'got there before setting out, which somebody has to mend'),
    ('escalation_days', 'a', 3, 'since 06-28'), ('escalation_days', 'g', 20, 'since 06-11'), ('escalation_days', 'b', 0, 'none')
) AS t(signal, account, want, why);
SELECT is(count(DISTINCT m.name), 16::bigint, 'all of them were read above') FROM model_signal m;
-- Before the feeds begin nothing can be said of anybody: tickets on 04-10, usage on 03-01, first value on 02-01, entitlements without a start ever since.
SELECT results_eq($$SELECT account_id, readings[6], readings[16] FROM cs.account_health('2024-04-09') WHERE account_id IN ('a', 'b') ORDER BY 1$$, $$VALUES ('a', NULL::float8, NULL::float8), ('b', NULL, NULL)$$, 'before the first ticket no escalation is no reading');
SELECT results_eq($$SELECT account_id, readings[6], readings[16] FROM cs.account_health('2024-04-10') WHERE account_id IN ('a', 'b') ORDER BY 1$$, $$VALUES ('a', 0::float8, 0::float8), ('b', 0, 0)$$, 'from the first one on it is, for all');
SELECT results_eq('SELECT day, r.readings[1], r.readings[4] FROM (VALUES (date ''2024-02-29''), (''2024-03-01''), (''2024-03-05'')) d(day), cs.account_health(day) r WHERE account_id = ''b'' ORDER BY 1',
    $$VALUES (date '2024-02-29', NULL::float8, NULL::float8), ('2024-03-01', 0, NULL), ('2024-03-05', 0, 0)$$, 'so with usage, and with users');
SELECT results_eq('SELECT day, r.readings[2], r.readings[3] FROM (VALUES (date ''2024-03-04''), (''2024-03-05''), (''2024-03-10'')) d(day), cs.account_health(day) r WHERE account_id = ''a'' ORDER BY 1',
    $$VALUES (date '2024-03-04', NULL::float8, NULL::float8), ('2024-03-05', 0, 0), ('2024-03-10', 0, 0)$$, 'and with features');
SELECT is(pg_temp.reading('k', 'time_to_value', day), want::numeric(20, 6), 'and with first value, on ' || day) FROM (VALUES (date '2024-01-31', NULL), ('2024-02-01', 63)) t(day, want);
SELECT is(pg_temp.reading('a', 'time_to_value', '2024-02-14'), 40::numeric(20, 6), 'which counts from its instant on');
SELECT is(pg_temp.reading('b', 'renewal_posture', day), want::numeric(20, 6), 'notice on ' || day) FROM (VALUES (date '2024-06-14', 1), ('2024-06-15', 0.6), ('2024-08-31', 0.6), ('2024-09-01', 1)) t(day, want);

-- f begins on 06-26, sets out on the evening before and uses search on 06-27.
SELECT is(pg_temp.reading('f', signal, day), want::numeric(20, 6), format('%s of f as of %s', signal, day))
FROM (VALUES ('consistency', date '2024-07-02', NULL), ('consistency', '2024-07-03', 1), ('breadth', '2024-07-23', NULL), ('breadth', '2024-07-24', 1), ('breadth', '2024-07-25', 0), ('depth', '2024-07-23', NULL), ('depth', '2024-07-24', 0),
             ('seat_use', '2024-07-23', NULL), ('seat_use', '2024-07-24', 1 / 3.0), ('seat_use', '2024-07-25', 0), ('mrr_change', '2024-09-23', NULL), ('mrr_change', '2024-09-24', 0),
             ('time_to_value', '2024-07-24', NULL), ('time_to_value', '2024-07-25', 30 + 0.5 / 24)) t(signal, day, want);

-- Scores. a: usage (75 10 + 62.5 6 + 50 6 + 62.5 8 + 50 10) / 40, support (50 8 + 50/3 5 + 50 5 + 250/3 5 + 100/3 7) / 30, business (200/3 5 + 100 9 + 100 5 + 75 5 + 250/3 6) / 30
CREATE FUNCTION pg_temp.score(account text, day date DEFAULT '2024-06-30') RETURNS text LANGUAGE sql AS
$$SELECT concat_ws(' ', round(health_score::numeric, 6), tier, round(coverage_rate::numeric, 6)) FROM cs.account_health(day) WHERE account_id = account$$;
SELECT is(pg_temp.score('a'), '62.500000 Yellow 1.000000', 'a: 2425 + 1216.67 + 2608.33 of 10000');
SELECT is(pg_temp.score('b'), 'Unknown 0.500000', 'b: half of the weight is known, too little');
SELECT is(pg_temp.score('f'), 'Unknown 0.170000', 'f: new');
-- g: usage 100, support (50 8 + 100 5 + 100 7) / 20 = 80, business 100: 94; an escalation of 20 days holds it at 79
SELECT is(pg_temp.score('g'), '79.000000 Yellow 0.740000', 'g: a veto');
SELECT is(pg_temp.score('g', '2024-06-23'), '94.000000 Green 0.740000', 'g a week before: 13 days are no veto');
SELECT is(pg_temp.score('g', '2024-06-24'), '94.000000 Green 0.740000', 'nor are 14 days less a microsecond');
SELECT is(pg_temp.score('g', '2024-06-25'), '79.000000 Yellow 0.740000', 'but more are');
SELECT is(pg_temp.score('h'), '30.000000 Red 0.480000', 'h: a pulse of ten days is the score, however little else is known');
SELECT is(pg_temp.score('h', '2024-09-18'), '30.000000 Red 0.280000', 'after 90 days less a microsecond it still is; usage ended in July, and nothing is known of it');
SELECT is(pg_temp.score('h', '2024-09-19'), 'Unknown 0.280000', 'and then no more');
-- i: usage (100 10 + 62.5 6 + 100 6 + 100 8 + 100 10) / 40 = 94.375, the rest 100
SELECT is(pg_temp.score('i'), '97.750000 Green 0.620000', 'i: a pulse of 100 days is none');
SELECT is(pg_temp.score('i', '2024-06-20'), '10.000000 Red 0.620000', 'ten days before it was');
SELECT results_eq('SELECT account_id, reasons FROM cs.account_health WHERE account_id IN (''a'', ''g'', ''i'') ORDER BY 1',
    $$VALUES ('a', 'trend -5.0, csat -4.7, reopening -4.2'), ('g', 'escalation_days -15.0, open_escalations -6.0'), ('i', 'breadth -2.3')$$, 'what cost most');
SELECT results_eq('SELECT * FROM (SELECT account_id, name, segment, plan, owner, mrr, health_score, tier, coverage_rate, as_of_on, policy_hash FROM cs.account_health) v ORDER BY 1',
    $$SELECT account_id, name, segment, plan, owner, mrr, health_score, tier, coverage_rate, as_of_on, policy_hash FROM cs.account_health('2024-06-30') ORDER BY 1$$, 'the view is the function of as_of');

-- Without entitlements, what anybody used in the last 28 days: search, export and the beta of a trial
CALL map('cs', 'entitlement', 'SELECT * FROM public.bought WHERE false');
CALL refresh('cs');
SELECT is(pg_temp.reading('a', signal), want::numeric(20, 6), signal || ' without entitlements') FROM (VALUES ('breadth', 2 / 3.0), ('depth', 1 / 3.0)) t(signal, want);
SELECT is(pg_temp.reading('b', 'breadth'), 0::numeric(20, 6), 'who never used it has no breadth then');
CALL map('cs', 'entitlement', 'TABLE public.bought');
CALL refresh('cs');

-- What was under notice while it was paused, or before it starts, is no MRR to lose: 100 and 40 of 200.
CREATE FUNCTION pg_temp.tried(change text, further text, result text) RETURNS text LANGUAGE plpgsql AS $$
-- what a query says after a change that is taken back
DECLARE said text;
BEGIN
    EXECUTE change;
    EXECUTE further;
    EXECUTE 'SELECT concat_ws('' | '', ' || result || ')' INTO said;
    RAISE EXCEPTION USING ERRCODE = 'P0099', MESSAGE = said;
EXCEPTION WHEN SQLSTATE 'P0099' THEN
    RETURN SQLERRM;
END $$;
SELECT is(pg_temp.tried($$INSERT INTO public.contract VALUES ('g', '2024-05-01', NULL, 700, 'paused', '2024-06-01')$$, 'CALL refresh(''cs'')', $$pg_temp.reading('g', 'renewal_posture')$$), '1.000000', 'notice of what is paused');
SELECT is(pg_temp.tried($$INSERT INTO public.contract VALUES ('g', '2024-07-01', '2024-09-01', 700, NULL, '2024-06-01')$$, 'CALL refresh(''cs'')', $$pg_temp.reading('g', 'renewal_posture'), pg_temp.reading('g', 'renewal_posture', '2024-07-01')$$), '1.000000 | 0.416667', 'notice of what has not begun');

SELECT is(pg_temp.tried($$INSERT INTO public.contract VALUES ('b', '2024-05-01', NULL, -70, NULL, NULL); UPDATE cs.policy SET credit_rule = 'count'$$, 'CALL refresh(''cs'')', $$pg_temp.reading('b', 'renewal_posture')$$), '0.000000', 'notice of 40 where a credit leaves 30 of MRR');
SELECT is(pg_temp.tried($$INSERT INTO public.answer VALUES ('b', 'nps', 4, '2024-06-30 23:59:59.999999', NULL), ('b', 'csat', 4, '2024-06-30 23:59:59.999999', NULL), ('i', 'csat', 4, '2024-07-01', NULL)$$, 'CALL refresh(''cs'')', $$pg_temp.reading('b', 'nps'), pg_temp.reading('b', 'csat'), pg_temp.reading('i', 'csat')$$), '4.000000 | 4.000000', 'the last microsecond of the day counts');

-- The rules of health_signal, one at a time
CREATE FUNCTION pg_temp.by_rule(change text, result text DEFAULT 'pg_temp.score(''a''), pg_temp.score(''i'')') RETURNS text LANGUAGE sql AS $$SELECT pg_temp.tried(change, 'SELECT', result)$$;
SELECT is(pg_temp.by_rule('UPDATE cs.health_signal SET weight = 20 WHERE signal = ''consistency'''), '63.636364 Yellow 1.000000 | 97.954545 Green 0.654545', 'another weight: (7000) / 110 and (4775 + 6000) / 110');
SELECT is(pg_temp.by_rule('INSERT INTO cs.health_signal (component, signal, segment, weight, worst, best) VALUES (''usage'', ''consistency'', ''small'', 0, 0, 1)'), '61.111111 Yellow 1.000000 | 97.750000 Green 0.620000', 'a row for one segment: 5500 / 90, and the other as before');
SELECT is(pg_temp.by_rule('INSERT INTO cs.health_signal (component, signal, lifecycle_stage, weight, worst, best) VALUES (''usage'', ''consistency'', ''mature'', 20, 0, 1)'), '63.636364 Yellow 1.000000 | 97.750000 Green 0.620000', 'a row for one stage');
SELECT is(pg_temp.by_rule('INSERT INTO cs.health_signal (component, signal, segment, lifecycle_stage, weight, worst, best) VALUES (''usage'', ''consistency'', ''small'', NULL, 0, 0, 1), (''usage'', ''consistency'', NULL, ''mature'', 20, 0, 1)'), '61.111111 Yellow 1.000000 | 97.750000 Green 0.620000', 'the row of the segment comes first');
SELECT is(pg_temp.by_rule('INSERT INTO cs.health_signal (component, signal, segment, lifecycle_stage, weight, worst, best) VALUES (''usage'', ''consistency'', ''small'', NULL, 0, 0, 1), (''usage'', ''consistency'', ''small'', ''mature'', 20, 0, 1), (''usage'', ''consistency'', ''large'', ''mature'', 0, 0, 1)'), '63.636364 Yellow 1.000000 | 97.750000 Green 0.620000', 'the row of both before that');
SELECT is(pg_temp.by_rule('UPDATE cs.health_signal SET worst = 2, best = -1 WHERE signal = ''consistency''', 'pg_temp.score(''a'')'), '59.166667 Yellow 1.000000', 'worst and best: 0.75 is worth 125 / 3 now, 100/3 points of weight 10 less');
SELECT is(pg_temp.by_rule('UPDATE cs.health_signal SET worst = NULL, best = NULL, knots = ''{0,0.5,1}'', scores = ''{0,90,100}'' WHERE signal = ''consistency'''), '64.500000 Yellow 1.000000 | 97.750000 Green 0.620000', 'knots and scores: 0.75 is worth 95');
SELECT is(pg_temp.by_rule('UPDATE cs.health_signal SET worst = NULL, best = NULL, knots = ''{0,1}'', scores = ''{100,0}'' WHERE signal = ''consistency''; UPDATE cs.health_signal SET veto_from = 0.75, veto_cap = 12.5 WHERE signal = ''consistency''', 'pg_temp.score(''a'')'), '12.500000 Red 1.000000', 'a veto of any signal, on the side of the worse: 0.75 and above');
SELECT is(pg_temp.by_rule('UPDATE cs.health_signal SET veto_from = 0.74, veto_cap = 12.5 WHERE signal = ''consistency''', 'pg_temp.score(''a'')'), '62.500000 Yellow 1.000000', 'and of one where higher is better 0.74 and below');
-- b knows usage 0 of weight 28, support 100 of 8, business 1040 / 14
UPDATE cs.policy SET health_min_coverage = 0.4;
SELECT is(pg_temp.score('b'), '49.000000 Red 0.500000', 'health_min_coverage: b has enough; of no use at all there is a veto to Red');
SELECT is(pg_temp.by_rule('UPDATE cs.health_signal SET policy = ''neutral'' WHERE signal = ''breadth''; UPDATE cs.health_signal SET veto_from = NULL, veto_cap = NULL WHERE signal = ''trend''', 'pg_temp.score(''b'')'), '55.815126 Yellow 0.500000', 'policy neutral: 50 of weight 6 among 34 of usage');
SELECT is(pg_temp.by_rule('UPDATE cs.health_signal SET policy = ''zero'' WHERE signal = ''nps''', 'pg_temp.score(''b'')'), '46.421053 Red 0.500000', 'policy zero: 0 of weight 5 among 19 of business');
UPDATE cs.policy SET health_min_coverage = 0.501;
SELECT is(pg_temp.score('b'), 'Unknown 0.500000', 'and here it has not');
UPDATE cs.policy SET health_min_coverage = 0.6;
-- quality of i: 80, given on 06-21, ten days less a microsecond ago; its usage is 3775 of weight 40, its other components 100
CREATE FUNCTION pg_temp.own(policy text, keep_days int, component text DEFAULT 'usage') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.by_rule(format('INSERT INTO cs.health_signal (component, signal, weight, worst, best, policy, keep_days) VALUES (%L, ''quality'', 10, 0, 100, %L, %L)', component, policy, keep_days), 'pg_temp.score(''i'')') $$;
SELECT is(pg_temp.own('renormalise', NULL), '96.136364 Green 0.654545', 'an own signal: (3775 + 800 + 6000) / 110');
SELECT is(pg_temp.own('renormalise', NULL, 'own'), '96.136364 Green 0.654545', 'and in a component of its own');
SELECT is(pg_temp.own('renormalise', 10), '96.136364 Green 0.654545', 'keep_days 10: not that old');
SELECT is(pg_temp.own('renormalise', 9), 'Unknown 0.563636', 'keep_days 9: it is missing, and too little is known');
SELECT is(pg_temp.own('carry', 40), '96.411483 Green 0.631818', 'carry for 40 days: three quarters of its weight are left, (50 (3775 + 7.5 80) / 47.5 + 6000) / 110');
SELECT is(pg_temp.own('pulse', 11), '80.000000 Green 0.620000', 'as a pulse it is the score');
SELECT is(pg_temp.own('pulse', 9), '97.750000 Green 0.620000', 'while it lasts');
SELECT is(pg_temp.by_rule('UPDATE cs.health_signal SET keep_days = 101 WHERE signal = ''pulse''', 'pg_temp.score(''i'')'), '10.000000 Red 0.620000', 'keep_days of the pulse');
SELECT is(pg_temp.by_rule('DELETE FROM cs.health_signal WHERE signal = ''escalation_days''', 'pg_temp.score(''g'')'), '94.000000 Green 0.740000', 'without the row, no veto');
SELECT is(pg_temp.by_rule('UPDATE cs.health_signal SET veto_from = 21 WHERE signal = ''escalation_days''', 'pg_temp.score(''g'')'), '94.000000 Green 0.740000', 'veto_from');
SELECT is(pg_temp.by_rule('UPDATE cs.health_signal SET veto_cap = 40 WHERE signal = ''escalation_days''', 'pg_temp.score(''g'')'), '40.000000 Red 0.740000', 'veto_cap');
SELECT is(pg_temp.by_rule('UPDATE cs.health_signal SET segment = ''small''', '(SELECT string_agg(concat_ws('' '', account_id, tier, coverage_rate), '', '' ORDER BY account_id) FROM cs.account_health)'), 'a Yellow 1, b Unknown 0.5, e Unknown, f Unknown, g Unknown, h Unknown, i Unknown, k Unknown, l Unknown 0.57', 'who has no rules is Unknown, not gone');
SELECT is(pg_temp.by_rule('DELETE FROM cs.health_signal', '(SELECT count(*) FROM cs.account_health WHERE tier = ''Unknown'' AND policy_hash IS NOT NULL)'), '9', 'without any rules all are');
SELECT results_eq('SELECT signal, higher_is_better FROM cs.health_signal ORDER BY 1', $$SELECT name, best > worst FROM model_signal UNION ALL SELECT 'pulse', true ORDER BY 1$$, 'the table says which way is better');

-- The policy, one column at a time
CREATE FUNCTION pg_temp.by_policy(change text, result text DEFAULT 'pg_temp.score(''a'')') RETURNS text LANGUAGE sql AS $$SELECT pg_temp.tried('UPDATE cs.policy SET ' || change, 'SELECT', result)$$;
SELECT is(pg_temp.by_policy('health_green_from = 62.5'), '62.500000 Green 1.000000', 'health_green_from');
SELECT is(pg_temp.by_policy('health_yellow_from = 62.51'), '62.500000 Red 1.000000', 'health_yellow_from');
SELECT is(pg_temp.by_policy('health_method = ''worst_component'''), '40.555556 Red 1.000000', 'health_method worst_component: support');
SELECT is(pg_temp.by_policy('health_method = ''worst_signal'''), '16.666667 Red 1.000000', 'health_method worst_signal: reopening');
SELECT is(pg_temp.by_policy('health_days = 30', $$(SELECT string_agg(concat_ws(' ', name, pg_temp.reading('a', name)), ', ' ORDER BY position) FROM model_signal WHERE name IN ('reopening', 'repeated_contact', 'resolution', 'csat', 'nps', 'mrr_change'))$$),
    'reopening 0.000000, repeated_contact 0.000000, resolution, csat 4.000000, mrr_change 0.200000, nps 6.000000', 'health_days: tickets 3 and 4, and none of others, one CSAT answer, one NPS answer of 60 days, MRR of 05-31');
SELECT is(pg_temp.by_policy('health_days = 29', 'pg_temp.reading(''a'', ''mrr_change'')'), '0.000000', 'and of 06-01, when it was 120');
SELECT is(pg_temp.by_policy('trend_days = 14', 'pg_temp.reading(''a'', ''trend'')'), round(9 / 6.0 - 1, 6)::text, 'trend_days: 9 events after 6');
SELECT is(pg_temp.by_policy('adoption_days = 41', 'pg_temp.reading(''a'', ''seat_use'')'), '0.750000', 'adoption_days: the third user is active');
SELECT is(pg_temp.by_policy('contact_window_days = 3', 'pg_temp.reading(''a'', ''repeated_contact'')'), '0.000000', 'contact_window_days: ticket 2 came too late for that');
SELECT is(pg_temp.by_policy('ttv_start_rule = ''paid''', 'pg_temp.reading(''a'', ''time_to_value''), pg_temp.reading(''e'', ''time_to_value'')'), '44.000000 | 31.000000', 'ttv_start_rule paid: from 01-01');
SELECT is(pg_temp.by_policy('pause_churn_days = 10', '(SELECT count(*) FROM cs.account_health WHERE account_id = ''e'')'), '0', 'pause_churn_days: e has churned by now');
SELECT is(pg_temp.by_policy('time_zone = ''America/New_York''', 'pg_temp.reading(''a'', ''escalation_days'')'), '3.166667', 'time_zone: the day ends four hours later');
-- In a day of the session's own zone an hour may come or go.
SET timezone = 'America/New_York';
INSERT INTO public.answer VALUES ('a', 'nps', 1, '2024-01-03 00:30+00', 'eve'), ('a', 'csat', 1, '2024-01-12 00:30+00', 'eve');
CALL refresh('cs');
SELECT is(pg_temp.reading('a', 'nps'), round(16 / 3.0, 6), 'the time zone of the session has no part in it');
SELECT is(pg_temp.reading('a', 'csat', '2024-04-10'), 3::numeric(20, 6), 'nor in 90 days: 5 and 1');
SET timezone = 'UTC';
DELETE FROM public.answer WHERE respondent_id = 'eve' AND account_id = 'a';
CALL refresh('cs');

-- What cannot be right is refused when it is written, and what is accepted can be read.
CREATE FUNCTION pg_temp.rule(change text) RETURNS text LANGUAGE sql AS $$SELECT pg_temp.refusal('UPDATE cs.health_signal SET ' || change || ' WHERE signal = ''csat''')$$;
SELECT is(pg_temp.rule(change), want, change || ': ' || want)
FROM (VALUES
    ('weight = -1', '23514 weight_in_range'), ('weight = 1e6 + 1', '23514 weight_in_range'), ('weight = ''NaN''', '23514 weight_in_range'), ('policy = ''ignore''', '23514 known_policy'),
    ('worst = NULL', '23514 worst_and_best_or_knots_and_scores'), ('worst = 5', '22023'), ('best = ''NaN''', '22023'), ('scores = ''{0,100}''', '23514 worst_and_best_or_knots_and_scores'),
    ('knots = ''{1,5}'', scores = ''{0,100}''', '23514 worst_and_best_or_knots_and_scores'), ('worst = NULL, best = NULL, knots = ''{1,5}''', '23514 worst_and_best_or_knots_and_scores'),
    ('worst = NULL, best = NULL, knots = ''{5,1}'', scores = ''{0,100}''', '22023'), ('worst = NULL, best = NULL, knots = ''{1,5}'', scores = ''{0,101}''', '22023'),
    ('worst = NULL, best = NULL, knots = (SELECT array_agg(k) FROM generate_series(1, 65) k), scores = array_fill(1, ARRAY[65])', '23514 at_most_64_knots'),
    ('keep_days = -1', '23514 keep_days_in_range'), ('keep_days = 36526', '23514 keep_days_in_range'), ('policy = ''carry''', '23514 carry_and_pulse_need_keep_days'), ('policy = ''pulse'', keep_days = 0', '23514 carry_and_pulse_need_keep_days'),
    ('veto_from = 2', '23514 veto_from_and_veto_cap'), ('veto_cap = 50', '23514 veto_from_and_veto_cap'), ('veto_from = 2, veto_cap = 101', '23514 veto_from_and_veto_cap'), ('veto_from = ''NaN'', veto_cap = 50', '23514 veto_from_and_veto_cap'),
    ('signal = repeat(''x'', 256)', '23514 names_of_1_to_255_bytes'), ('component = ''''', '23514 names_of_1_to_255_bytes'), ('signal = NULL', '23502'), ('weight = NULL', '23502'),
    ('component = ''business'', signal = ''nps''', '23505 health_signal_component_signal_segment_lifecycle_stage_key'),
    ('worst = NULL, best = NULL, knots = (SELECT array_agg(k) FROM generate_series(1, 64) k), scores = array_fill(1, ARRAY[64])', 'no error')
) AS t(change, want);
SELECT lives_ok('SELECT h::text FROM cs.health_by_account_signal h', '64 knots can be read');
UPDATE cs.health_signal SET worst = 2, best = 5, knots = NULL, scores = NULL WHERE signal = 'csat';
SELECT matches(pg_temp.refusal('UPDATE cs.policy SET ' || change), '^23514 policy_', change || ' is refused')
FROM unnest(ARRAY['health_green_from = 50', 'health_green_from = 101', 'health_green_from = 79.995', 'health_yellow_from = -1', 'health_yellow_from = 80', 'health_yellow_from = 49.999', 'health_min_coverage = 1.1', 'health_method = ''mean''', 'health_days = 0', 'health_margin = -1', 'health_margin = ''NaN''',
                  'movement_days = 0', 'backtest_days = 0', 'backtest_count = 0', 'backtest_count = 101']) change;

-- Signal by signal
SELECT results_eq('SELECT account_id, sum(points), 100 - sum(lost_points) FROM cs.health_by_account_signal WHERE tier <> ''Unknown'' GROUP BY 1 ORDER BY 1',
    'SELECT account_id, health_score::numeric, health_score::numeric FROM cs.account_health WHERE tier <> ''Unknown'' ORDER BY 1', 'the points of the signals add up to the score exactly');
SELECT results_eq('SELECT account_id, round(sum(points), 6) FROM cs.health_by_account_signal WHERE account_id = ''b'' GROUP BY 1', $$VALUES ('b', 49.000000)$$, 'of an Unknown one to what it would be');
SELECT results_eq('SELECT component, signal, round(reading::numeric, 6), round(value_score::numeric, 6), weight, round(points, 6), round(lost_points, 6) FROM cs.health_by_account_signal WHERE account_id = ''g'' AND (component IN (''veto'', ''support'', ''pulse'') OR signal = ''trend'') ORDER BY 1, 2',
    $$VALUES ('pulse', 'pulse', NULL::numeric, NULL::numeric, 0::float8, 0.000000, 0.000000),
             ('support', 'csat', 5.000000, 100.000000, 7, 10.500000, 0.000000), ('support', 'escalation_days', 20.000000, 33.333333, 0, 0.000000, 0.000000), ('support', 'open_escalations', 1.000000, 50.000000, 8, 6.000000, 6.000000),
             ('support', 'reopening', NULL, NULL, 5, 0.000000, 0.000000), ('support', 'repeated_contact', 0.000000, 100.000000, 5, 7.500000, 0.000000), ('support', 'resolution', NULL, NULL, 5, 0.000000, 0.000000),
             ('usage', 'trend', 0.000000, 100.000000, 10, 10.000000, 0.000000), ('veto', 'escalation_days', NULL, 79.000000, 0, -15.000000, 15.000000)$$, 'what g is made of');
SELECT is(reading, 30::float8, 'an own signal has a reading too') FROM cs.health_by_account_signal WHERE account_id = 'h' AND signal = 'pulse';
SELECT results_eq('SELECT component, signal, account_count, known_count, known_rate, mean_value_score, weight, mean_lost_points FROM cs.health_by_signal ORDER BY 1, 2',
    $$SELECT component, signal, count(*), count(value_score), count(value_score) / count(*)::float8, avg(value_score), avg(weight), avg(lost_points) FROM cs.health_by_account_signal GROUP BY 1, 2 ORDER BY 1, 2$$, 'by signal: over the accounts');
SELECT results_eq('SELECT signal, account_count, known_count, round(mean_value_score::numeric, 6) FROM cs.health_by_signal WHERE signal IN (''csat'', ''nps'', ''breadth'') ORDER BY 1',
    $$VALUES ('breadth', 9::bigint, 3::bigint, 75.000000), ('csat', 9, 2, 66.666667), ('nps', 9, 1, 75.000000)$$, 'by hand');

-- By segment: a Yellow of 120, b and l Unknown of 140; g Yellow of 500, h Red of 100, i Green of 300, e and f Unknown of 50; k in none, Unknown of 10
SELECT results_eq('SELECT value, account_count, green_count, yellow_count, red_count, unknown_count, green_rate, mrr, green_mrr, yellow_mrr, red_mrr, unknown_mrr, round(red_mrr_rate::numeric, 6), round(health_score::numeric, 6), round(weighted_score::numeric, 6), worst_score FROM cs.health_by_segment WHERE dimension IN (''all'', ''segment'') ORDER BY dimension, value',
    $$VALUES ('all', 9::bigint, 1::bigint, 2::bigint, 1::bigint, 5::bigint, 1 / 9.0::float8, 1220::numeric, 300::numeric, 620::numeric, 100::numeric, 200::numeric, round(100 / 1220.0, 6), round((62.5 + 79 + 30 + 97.75) / 4, 6), round((62.5 * 120 + 39500 + 3000 + 29325) / 1020, 6), 30::float8),
             ('(none)', 1, 0, 0, 0, 1, 0, 10, 0, 0, 0, 10, 0, NULL, NULL, NULL),
             ('large', 5, 1, 1, 1, 2, 0.2, 950, 300, 500, 100, 50, round(100 / 950.0, 6), round((79 + 30 + 97.75) / 3, 6), round(71825 / 900.0, 6), 30),
             ('small', 3, 0, 1, 0, 2, 0, 260, 0, 120, 0, 140, 0, 62.500000, 62.500000, 62.5)$$, 'by segment, by hand');
SELECT results_eq('SELECT dimension, sum(account_count)::bigint, sum(green_count)::bigint, sum(yellow_count)::bigint, sum(red_count)::bigint, sum(unknown_count)::bigint, sum(mrr), sum(green_mrr), sum(yellow_mrr), sum(red_mrr), sum(unknown_mrr) FROM cs.health_by_segment GROUP BY 1 ORDER BY 1',
    $$SELECT d, account_count, green_count, yellow_count, red_count, unknown_count, mrr, green_mrr, yellow_mrr, red_mrr, unknown_mrr FROM cs.health_by_segment, unnest('{all,lifecycle_stage,segment}'::text[]) d WHERE dimension = 'all' ORDER BY 1$$, 'the values of each attribute add up to all');
SELECT results_eq('SELECT parent_id, name, child_count, mrr, round(children_score::numeric, 6), round(with_parent_score::numeric, 6), worst_child_id, worst_child_score FROM cs.health_by_parent ORDER BY 1',
    $$VALUES ('g', 'Great, but for an escalation', 2::bigint, 400::numeric, 80.812500, round(71825 / 900.0, 6), 'h', 30::float8), ('z', NULL, 1, 40, NULL, NULL, NULL, NULL)$$, 'parents: (100 30 + 300 97.75) / 400, and 500 of 79 more; the child of z is Unknown');
UPDATE public.customer SET parent_id = 'c' WHERE account_id = 'i';
CALL refresh('cs');
SELECT results_eq('SELECT parent_id, child_count, round(children_score::numeric, 6), round(with_parent_score::numeric, 6) FROM cs.health_by_parent ORDER BY 1',
    $$VALUES ('c', 1::bigint, 97.750000, 97.750000), ('g', 1, 30.000000, round(42500 / 600.0, 6)), ('z', 1, NULL, NULL)$$, 'a parent that is no customer adds nothing');
UPDATE public.customer SET parent_id = 'g' WHERE account_id = 'i';

-- Movement. Of 28 days: whatever it is, it adds up.
SELECT results_eq($$SELECT account_id, before_on, before_score, health_score, before_score::numeric + sum(change_points) FROM cs.health_movement_by_signal GROUP BY 1, 2, 3, 4 ORDER BY 1$$,
    $$SELECT h.account_id, date '2024-06-02', b.health_score, h.health_score, h.health_score::numeric FROM cs.account_health('2024-06-30') h JOIN cs.account_health('2024-06-02') b USING (account_id)
      WHERE h.health_score IS NOT NULL AND b.health_score IS NOT NULL AND h.health::text <> b.health::text ORDER BY 1$$, 'the changes add up to the difference exactly');
SELECT isnt_empty('SELECT FROM cs.health_movement_by_signal', 'and there are some');
UPDATE cs.policy SET movement_days = 7;
-- a: an escalation -4, trend from 0.9 -5, csat without the 5 of old -14/9, consistency +1.25, breadth +2.25 (one of five, old among them), depth +3, seats +2.5, nps without the 3 of old +1.25; g: a veto
SELECT results_eq('SELECT account_id, signal, term, round(before_value_score::numeric, 6), round(value_score::numeric, 6), round(change_points, 6) FROM cs.health_movement_by_signal WHERE round(change_points, 6) <> 0 ORDER BY 1, 6, 2',
    $$VALUES ('a', 'trend', 'value', 100.000000, 50.000000, -5.000000), ('a', 'open_escalations', 'value', 100.000000, 50.000000, -4.000000), ('a', 'csat', 'value', 55.555556, 33.333333, -1.555556), ('a', 'consistency', 'value', 62.500000, 75.000000, 1.250000),
             ('a', 'nps', 'value', 50.000000, 75.000000, 1.250000), ('a', 'breadth', 'value', 25.000000, 62.500000, 2.250000), ('a', 'seat_use', 'value', 31.250000, 62.500000, 2.500000), ('a', 'depth', 'value', 0.000000, 50.000000, 3.000000),
             ('g', 'escalation_days', 'override', NULL, 79.000000, -15.000000)$$, 'movement_days: a week''s changes by hand');
SELECT results_eq('SELECT account_id, before_on, round(before_score::numeric, 6), round(change_points, 6), before_tier, tier, reasons FROM cs.health_movement', $$VALUES ('g', date '2024-06-23', 94.000000, -15.000000, 'Green', 'Yellow', 'escalation_days -15.0')$$, 'a moved by less than the margin');
UPDATE cs.policy SET health_margin = 0.3;
SELECT results_eq('SELECT account_id, before_on, round(before_score::numeric, 6), round(change_points, 6), before_tier, tier, reasons FROM cs.health_movement',
    $$VALUES ('g', date '2024-06-23', 94.000000, -15.000000, 'Green', 'Yellow', 'escalation_days -15.0'), ('a', '2024-06-23', 62.805556, -0.305556, 'Yellow', 'Yellow', 'trend -5.0, open_escalations -4.0, depth +3.0')$$, 'health_margin');
UPDATE cs.policy SET health_margin = 2, health_green_from = 62.8;
SELECT results_eq('SELECT before_tier, tier FROM cs.health_movement WHERE account_id = ''a''', $$VALUES ('Green', 'Yellow')$$, 'another tier is a move, however short; tiers of then are by the bounds of now');
UPDATE cs.policy SET health_margin = 2, health_green_from = 80, movement_days = 28;

SELECT is(pg_temp.by_policy('movement_days = 7, health_green_from = 95, health_margin = ' || margin, '(SELECT string_agg(concat_ws('' '', account_id, before_tier, tier), '', '') FROM cs.health_movement)'), want, 'a move of just health_margin is one: ' || margin) FROM (VALUES ('15', 'g Yellow Yellow'), ('15.01', '')) t(margin, want);
-- without the veto of trend b had 74.29 of business less 40 9 / 14 of 30 when notice came; by the worst component a has support alone.
SELECT is(pg_temp.by_rule('UPDATE cs.policy SET health_min_coverage = 0.4; UPDATE cs.health_signal SET veto_from = NULL, veto_cap = NULL WHERE signal = ''trend''', '(SELECT round(sum(change_points), 6) FROM cs.health_movement_by_signal WHERE account_id = ''b'')'), round(-40 * 9 / 14.0 * 0.3, 6)::text, 'health_min_coverage: b moves too');
SELECT is(pg_temp.by_policy('health_method = ''worst_component''', '(SELECT reasons FROM cs.account_health WHERE account_id = ''a'')'), 'csat -15.6, reopening -13.9, open_escalations -13.3', 'health_method: reasons by the worst component');
SELECT is(pg_temp.by_policy('health_method = ' || quote_literal(method), '(SELECT bool_and(points = score) FROM (SELECT account_id, sum(points) AS points, health_score::numeric AS score FROM cs.health_by_account_signal WHERE tier <> ''Unknown'' GROUP BY 1, 3) s),
              (SELECT bool_and(before_score + points = score) FROM (SELECT account_id, before_score::numeric, sum(change_points) AS points, health_score::numeric AS score FROM cs.health_movement_by_signal GROUP BY 1, 2, 4) s)'), 't | t', 'by method ' || method || ' points and changes add up too')
FROM unnest('{worst_component,worst_signal}'::text[]) method;

-- Trend
SELECT results_eq('SELECT * FROM (SELECT dimension, value, account_count, green_count, yellow_count, red_count, unknown_count, green_rate, mrr, red_mrr, health_score, weighted_score, as_of_on, policy_hash FROM cs.health_trend WHERE as_of_on = ''2024-06-30'') t ORDER BY 1, 2',
    'SELECT dimension, value, account_count, green_count, yellow_count, red_count, unknown_count, green_rate, mrr, red_mrr, health_score, weighted_score, as_of_on, policy_hash FROM cs.health_by_segment ORDER BY 1, 2', 'the trend ends with health_by_segment');
SELECT results_eq($$SELECT as_of_on, account_count, mrr FROM cs.health_trend WHERE dimension = 'all' ORDER BY 1$$,
    $$SELECT day::date, (SELECT count(*) FROM cs.account_health(day::date)), (SELECT sum(mrr) FROM cs.account_health(day::date)) FROM (SELECT timestamp '2023-07-01' + n * interval '1 month' - interval '1 day' AS day FROM generate_series(0, 12) n) d ORDER BY 1$$, 'thirteen days: twelve ends of months and today');
UPDATE cs.policy SET as_of = '2024-06-12', report_from = '2024-05-03';
SELECT results_eq($$SELECT as_of_on FROM cs.health_trend WHERE dimension = 'all' ORDER BY 1$$, $$VALUES (date '2024-05-31'), ('2024-06-12')$$, 'from report_from on, in the middle of a month too');
UPDATE cs.policy SET as_of = '2024-06-30', report_from = NULL;

-- Was it right? Days 05-16 and 04-01, scores of all: c churned on 05-01. e pauses from 06-10.
UPDATE cs.policy SET backtest_days = 45, backtest_count = 2, health_min_coverage = 0;
SELECT results_eq('SELECT scored_on, account_id, is_churned FROM cs.health_outcome ORDER BY 1, 2',
    $$SELECT day, account_id, day = '2024-04-01' AND account_id = 'c' FROM (VALUES (date '2024-04-01'), ('2024-05-16')) d(day), regexp_split_to_table('abceghikl', '') account_id WHERE day = '2024-04-01' OR account_id <> 'c' ORDER BY 1, 2$$, 'who was a customer, and who churned within 45 days');
SELECT results_eq('SELECT * FROM (SELECT account_id, scored_on, mrr, health_score, tier, policy_hash FROM cs.health_outcome) o ORDER BY 2, 1',
    'SELECT account_id, as_of_on, mrr, health_score, tier, policy_hash FROM (VALUES (date ''2024-04-01''), (''2024-05-16'')) d(day), cs.account_health(day) ORDER BY 2, 1', 'scores as of those days');
SELECT is(pg_temp.by_policy('pause_rule = ''churn''', '(SELECT string_agg(account_id, '' '' ORDER BY scored_on, account_id) FROM cs.health_outcome WHERE is_churned)'), 'c e', 'pause_rule churn: a pause is one');
SELECT is(pg_temp.by_policy('backtest_days = 30, backtest_count = 3', '(SELECT string_agg(DISTINCT concat_ws('' '', scored_on, CASE WHEN is_churned THEN account_id END), '', '') FROM cs.health_outcome)'), '2024-04-01, 2024-04-01 c, 2024-05-01, 2024-05-31', 'backtest_days and backtest_count: other days');
SELECT is(pg_temp.by_policy('health_yellow_from = 10', '(SELECT string_agg(concat_ws('' '', account_id, tier), '', '') FROM cs.health_outcome WHERE health_score = 10), (SELECT flagged_count FROM cs.health_backtest WHERE dimension = ''all''), (SELECT count(*) FROM cs.health_outcome WHERE tier = ''Red'')'), 'i Yellow, i Yellow | 0 | 0', 'a score at the bound is not flagged');
SELECT is(pg_temp.tried($$UPDATE public.contract SET ends_on = '2024-05-10' WHERE account_id = 'l'; INSERT INTO public.contract VALUES ('l', '2024-05-20', NULL, 40, NULL, NULL); UPDATE cs.policy SET gap_smooth_days = $$ || days, 'CALL refresh(''cs'')', $$(SELECT string_agg(concat_ws(' ', scored_on, is_churned), ', ') FROM cs.health_outcome WHERE account_id = 'l')$$), want, 'gap_smooth_days ' || days || ': what a gap of ten days is in the end')
FROM (VALUES (0, '2024-04-01 t'), (30, '2024-04-01 f')) t(days, want);
SELECT results_eq('SELECT dimension, value, prediction_count, churn_count, churned_rate, round(auc_rate::numeric, 12), predicts, flagged_count, round(precision_rate::numeric, 12), recall_rate, precision_lower_rate, precision_upper_rate, recall_lower_rate, recall_upper_rate FROM cs.health_backtest',
    $$WITH o AS (SELECT d.dimension, d.value, o.* FROM cs.health_outcome o JOIN cs_internal.account_dimension d USING (account_id) WHERE health_score IS NOT NULL)
      SELECT dimension, value, count(*), count(*) FILTER (WHERE is_churned), avg(is_churned::int)::float8,
             (SELECT round(avg(CASE WHEN c.health_score < s.health_score THEN 1 WHEN c.health_score = s.health_score THEN 0.5 ELSE 0 END), 12) FROM o c JOIN o s USING (dimension, value) WHERE c.is_churned AND NOT s.is_churned AND (dimension, value) = (g.dimension, g.value)),
             'too few', count(*) FILTER (WHERE tier = 'Red'), round(avg(is_churned::int) FILTER (WHERE tier = 'Red'), 12), (avg((tier = 'Red')::int) FILTER (WHERE is_churned))::float8,
             NULL::float8, NULL::float8, NULL::float8, NULL::float8
      FROM o g GROUP BY 1, 2 ORDER BY 1, 2$$, 'backtest, counted by plain SQL; of one churned account there is no interval');
SELECT is(concat_ws(' ', prediction_count, churn_count), '17 1', 'of nine and eight, one churned') FROM cs.health_backtest WHERE dimension = 'all';
SELECT results_eq('SELECT tier, prediction_count, churn_count, churned_rate, churned_lower_rate, churned_upper_rate FROM cs.health_backtest_by_tier',
    $$SELECT tier, n, k, k::float8 / n, NULL::float8, NULL::float8 FROM (SELECT tier, count(*) AS n, count(*) FILTER (WHERE is_churned) AS k FROM cs.health_outcome GROUP BY 1) t ORDER BY array_position('{Red,Yellow,Green,Unknown}', tier)$$, 'by tier, nor here');
SELECT results_eq('SELECT component, signal, prediction_count, churn_count, round(auc_rate::numeric, 9) FROM cs.health_backtest_by_signal ORDER BY 1, 2',
    $$WITH k AS (SELECT o.is_churned, k.* FROM cs.health_outcome o, cs.account_health(o.scored_on) h, contributions(h.health) k WHERE h.account_id = o.account_id AND component NOT IN ('veto', 'pulse'))
      SELECT component, signal, count(value), count(*) FILTER (WHERE is_churned AND value IS NOT NULL),
             (SELECT round(avg(CASE WHEN c.value < s.value THEN 1 WHEN c.value = s.value THEN 0.5 ELSE 0 END), 9) FROM k c JOIN k s USING (component, signal) WHERE c.is_churned AND NOT s.is_churned AND c.value IS NOT NULL AND s.value IS NOT NULL AND (component, signal) = (g.component, g.signal))
      FROM k g GROUP BY 1, 2 HAVING count(value) > 0 ORDER BY 1, 2$$, 'by signal, where it was known');
SELECT results_eq('SELECT sum(prediction_count), sum(churn_count), min(lowest_score), max(highest_score), round((sum(health_score * prediction_count) / sum(prediction_count))::numeric, 9) FROM cs.health_calibration',
    $$SELECT count(*)::numeric, count(*) FILTER (WHERE is_churned)::numeric, min(health_score), max(health_score), round(avg(health_score)::numeric, 9) FROM cs.health_outcome WHERE scored_on = '2024-05-16'$$, 'calibration: of the last day');
UPDATE cs.policy SET backtest_days = 90, backtest_count = 4, health_min_coverage = 0.6;

-- Hashes
CREATE TEMP TABLE hash AS SELECT (SELECT policy_hash FROM cs.account_health LIMIT 1) AS health, (SELECT DISTINCT policy_hash FROM cs.revenue_monthly) AS revenue;
SELECT is(pg_temp.by_rule(change, '(SELECT DISTINCT policy_hash <> health FROM cs.account_health, hash), (SELECT DISTINCT policy_hash <> revenue FROM cs.revenue_monthly, hash)'), want, change || ' moves the hash of health, and of revenue with the policy alone')
FROM (VALUES ('UPDATE cs.health_signal SET weight = 11 WHERE signal = ''csat''', 't | f'), ('UPDATE cs.health_signal SET keep_days = 80 WHERE signal = ''pulse''', 't | f'), ('UPDATE cs.policy SET health_days = 60', 't | t'),
             ('UPDATE cs.policy SET as_of = ''2024-06-29''', 'f | f'), ('UPDATE cs.health_signal SET weight = weight', 'f | f')) t(change, want);
SELECT is_empty(format('SELECT v.policy_hash FROM cs.%I v, hash WHERE v.policy_hash IS DISTINCT FROM hash.health', view), view || ' has that of health')
FROM unnest('{health_by_account_signal,health_by_signal,health_by_segment,health_by_parent,health_movement,health_movement_by_signal,health_trend,health_outcome,health_backtest,health_backtest_by_tier,health_backtest_by_signal,health_calibration}'::text[]) view;

-- Without subscriptions all are accounts; without anything there is nothing to say.
CALL create_model('bare');
SELECT is_empty(format('TABLE bare.%I', view), 'an empty model gives no rows: ' || view)
FROM unnest('{account_health,health_by_account_signal,health_by_signal,health_by_segment,health_by_parent,health_movement,health_trend,health_outcome,health_backtest,health_backtest_by_tier,health_backtest_by_signal,health_calibration}'::text[]) view;
UPDATE bare.policy SET as_of = '2024-06-30';
CALL map('bare', 'account', 'TABLE public.customer');
CALL map('bare', 'usage', 'SELECT account_id, at, user_id, events FROM public.click UNION ALL SELECT ''new'', ''2024-06-30'', NULL, 1 UNION ALL SELECT ''next'', ''2024-07-01'', NULL, 1');
CALL refresh('bare');
SELECT results_eq('SELECT account_id, readings[1], readings[2], readings[12] FROM bare.account_health(''2024-06-30'') WHERE account_id IN (''a'', ''c'', ''new'', ''next'') ORDER BY 1',
    'VALUES (''a'', 0.75::float8, NULL::float8, NULL::float8), (''c'', NULL, NULL, NULL), (''new'', NULL, NULL, NULL)', 'without subscriptions: all accounts, since their first usage; who is not known yet is none');
SELECT * FROM finish();
ROLLBACK;
