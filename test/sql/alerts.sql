\unset ECHO
\i test/psql.sql
-- Alerts from day to day: every transition by hand, in a model whose readings are values of a signal of its own.
BEGIN;
SELECT plan(141);
CALL create_model('cs');
CREATE TABLE public.customer (account_id text, name text, segment text, owner text, seats int);
INSERT INTO public.customer SELECT a, 'Account ' || a, 'small', 'Ann', 10 FROM unnest('{a,b,c,d}'::text[]) a;
CREATE TABLE public.contract (account_id text, starts_on date, ends_on date, mrr numeric, renews_on date);
INSERT INTO public.contract SELECT a, '2024-01-01', NULL, 100, '2025-01-01' FROM unnest('{a,b,c,d}'::text[]) a;
CREATE TABLE public.own (account_id text, signal text, at timestamptz, value numeric);
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'subscription', 'TABLE public.contract');
CALL map('cs', 'signal', 'TABLE public.own');
INSERT INTO cs.health_signal (component, signal, weight, worst, best) VALUES ('own', 'heat', 0, 100, 0), ('own', 'noise', 0, 100, 0);
-- -1 stands for unknown
CREATE TEMP TABLE first_rules AS TABLE cs.alert_rule;
DELETE FROM cs.alert_rule;
INSERT INTO cs.alert_rule (rule, condition, clears_when) VALUES ('hot', 'nullif((own_signals ->> ''heat'')::int, -1) >= 80', 'nullif((own_signals ->> ''heat'')::int, -1) < 60 -- with a margin');

-- What a day brings: values given as 'a 85, b -1' hold from its noon on, the later written the later; the answer is the alerts of its evaluation.
CREATE PROCEDURE pg_temp.facts(day date, facts text, name text DEFAULT 'heat') LANGUAGE sql AS
$$INSERT INTO public.own SELECT f[1], name, day + time '12:00' + (SELECT count(*) FROM public.own) * interval '1 second', f[2]::numeric FROM regexp_matches(facts, '(\w+) (-?\d+)', 'g') f$$;
CREATE FUNCTION pg_temp.news(since bigint) RETURNS text LANGUAGE sql AS
$$SELECT coalesce(string_agg(format('%s %s %s', rule, account_id, to_state), ', ' ORDER BY alert_id), '') FROM cs.alert WHERE alert_id > since$$;
CREATE FUNCTION pg_temp.evaluated() RETURNS text LANGUAGE plpgsql AS $$
DECLARE last bigint := (SELECT coalesce(max(alert_id), 0) FROM cs.alert);
BEGIN
    CALL refresh('cs');
    CALL evaluate_alerts('cs');
    RETURN pg_temp.news(last);
END $$;
CREATE FUNCTION pg_temp.on_day(day date, facts text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    CALL pg_temp.facts(day, facts);
    UPDATE cs.policy SET as_of = day;
    RETURN pg_temp.evaluated();
END $$;
CREATE FUNCTION pg_temp.states() RETURNS text LANGUAGE sql AS $$SELECT coalesce(string_agg(format('%s %s %s', rule, account_id, state), ', ' ORDER BY rule, account_id), '') FROM cs_internal.alert_state$$;
CREATE FUNCTION pg_temp.everything() RETURNS text LANGUAGE sql AS
$$SELECT (SELECT jsonb_agg(s ORDER BY rule, account_id) FROM cs_internal.alert_state s)::text || (SELECT jsonb_agg(a ORDER BY alert_id) FROM cs.alert a) || (SELECT jsonb_agg(jsonb_build_object('r', rule, 'd', definition, 'a', as_of_at) ORDER BY rule) FROM cs_internal.alert_evaluation)$$;

-- A rule begins with what there is; then it raises on the day that somebody turns.
SELECT is(pg_temp.on_day('2024-03-01', 'a 90, b 50, c 70'), '', 'the first evaluation of a rule raises nothing');
SELECT is(pg_temp.states(), 'hot a known', 'but knows who meets it');
SELECT is(pg_temp.on_day('2024-03-02', 'b 85'), 'hot b on', 'who begins to meet it raises an alert');
SELECT is(pg_temp.states(), 'hot a known, hot b raised', 'and is raised');
CREATE TEMP TABLE before AS SELECT pg_temp.everything();
SELECT is(pg_temp.evaluated(), '', 'evaluated again it raises nothing');
SELECT is(pg_temp.everything(), everything, 'and changes nothing') FROM before;
SELECT is(pg_temp.on_day('2024-03-03', 'b 70'), '', 'within the margin of clears_when it stays');
SELECT is(pg_temp.on_day('2024-03-04', 'b 90'), '', 'and is not raised again out of there');
SELECT is(pg_temp.on_day('2024-03-05', 'b -1'), '', 'unknown changes nothing of what was raised');
SELECT is(pg_temp.states(), 'hot a known, hot b raised', 'it still is');
SELECT is(pg_temp.on_day('2024-03-06', 'b 59, c -1'), 'hot b off', 'clears_when clears it');
SELECT is(pg_temp.states(), 'hot a known', 'and it is gone');
SELECT is(pg_temp.on_day('2024-03-07', 'b 80'), '', 'back within the cool-down it waits');
SELECT is(pg_temp.states(), 'hot a known, hot b held', 'held');
SELECT is(pg_temp.on_day('2024-03-08', 'b 79, c 70'), '', 'who waits and meets it no more, in the margin too, waits no more');
SELECT is(pg_temp.states(), 'hot a known', 'gone without an alert');
SELECT is(pg_temp.on_day('2024-03-08', 'b 99'), '', 'another change of the same day');
SELECT is(pg_temp.states(), 'hot a known, hot b held', 'is held again: seven days are not quite over');
SELECT is(pg_temp.on_day('2024-03-09'), 'hot b on', 'what still holds after the cool-down is raised then, not lost');
SELECT is(pg_temp.on_day('2024-03-10', 'a 50'), '', 'who was known to meet it ends without an alert');
SELECT is(pg_temp.on_day('2024-03-11', 'a 80'), 'hot a on', 'and begins with one');
SELECT is(pg_temp.on_day('2024-03-12', 'b 10, a 10, c 100'), 'hot a off, hot b off, hot c on', 'several at once, in order');
SELECT is(pg_temp.on_day('2024-03-13', 'c -1, d -1'), '', 'unknown from one evaluation to the next');
SELECT is(pg_temp.on_day('2024-03-14', 'd 90'), 'hot d on', 'what was unknown begins to hold');

-- Rows of alert
SELECT results_eq('SELECT rule, severity, audience, account_id, from_state, to_state, as_of_at FROM cs.alert ORDER BY alert_id',
    $$SELECT 'hot', 'warning', 'csm', a, CASE t WHEN 'on' THEN 'off' ELSE 'on' END, t, (day + 1)::timestamptz - interval '1 microsecond'
      FROM (VALUES ('b', 'on', date '2024-03-02'), ('b', 'off', '2024-03-06'), ('b', 'on', '2024-03-09'), ('a', 'on', '2024-03-11'), ('a', 'off', '2024-03-12'), ('b', 'off', '2024-03-12'), ('c', 'on', '2024-03-12'), ('d', 'on', '2024-03-14')) v(a, t, day)$$,
    'all alerts so far');
SELECT is(evidence, '{"mrr": 100, "name": "Account c", "tier": "Unknown", "owner": "Ann", "reasons": "Unknown: 0 % of the weight is known, and 60 % is needed; of weight 0, though known: heat", "segment": "small", "renews_on": "2025-01-01", "health_score": null, "open_tickets": null, "usage_change": null}', 'evidence') FROM cs.alert WHERE account_id = 'c';
SELECT is(evaluated_at BETWEEN now() AND clock_timestamp(), true, 'evaluated_at is when it was found') FROM cs.alert WHERE account_id = 'c';
SELECT results_eq('SELECT rule, severity, audience, account_id, name, segment, owner, mrr, health_score, tier, reasons, raised_at FROM cs.alert_open',
    $$VALUES ('hot', 'warning', 'csm', 'd', 'Account d', 'small', 'Ann', 100::numeric, NULL::float8, 'Unknown', 'Unknown: 0 % of the weight is known, and 60 % is needed; of weight 0, though known: heat', timestamptz '2024-03-14 23:59:59.999999'), ('hot', 'warning', 'csm', 'c', 'Account c', 'small', 'Ann', 100, NULL, 'Unknown', 'Unknown: 0 % of the weight is known, and 60 % is needed; of weight 0, though known: heat', '2024-03-12 23:59:59.999999')$$,
    'alert_open: who still meets it, the latest first');
INSERT INTO cs.alert_rule (rule, condition, severity, cool_down) VALUES ('loud', '(own_signals ->> ''noise'')::int >= 80', 'critical', '0'), ('faint', '(own_signals ->> ''noise'')::int < 10', 'info', '0');
SELECT is(pg_temp.on_day('2024-03-15'), '', 'new rules beside it');
CALL pg_temp.facts('2024-03-16', 'a 90, b 5', 'noise');
SELECT is(pg_temp.on_day('2024-03-16'), 'faint b on, loud a on', 'raise alerts of their own');
SELECT is((SELECT string_agg(severity || ' ' || account_id, ', ') FROM cs.alert_open), 'critical a, warning d, warning c, info b', 'alert_open: the most severe first');
SELECT is(pg_temp.failure($$INSERT INTO cs.alert (rule, severity, audience, account_id, from_state, to_state, as_of_at) SELECT rule, severity, audience, account_id, from_state, to_state, as_of_at FROM cs.alert WHERE rule = 'loud'$$) LIKE '23505 %', true, 'a transition is there once');


-- A day has each transition once, whatever else happens on it.
CALL pg_temp.facts('2024-03-16', 'a 20, b 20', 'noise');
SELECT is(pg_temp.evaluated(), 'faint b off, loud a off', 'on the day that it was raised it may be cleared');
CALL pg_temp.facts('2024-03-16', 'a 90', 'noise');
SELECT is(pg_temp.evaluated(), '', 'but not raised once more, even without a cool-down');
SELECT is(pg_temp.on_day('2024-03-17'), 'loud a on', 'it is the next day');

-- Other rules
SELECT is(pg_temp.on_day('2024-03-18', 'a 70, b 65, c 90'), '', 'c is known again, and as hot as it was');
UPDATE cs.alert_rule SET clears_when = 'nullif((own_signals ->> ''heat'')::int, -1) < 50' WHERE rule = 'hot';
SELECT is(pg_temp.on_day('2024-03-19', 'a 85'), 'hot a on', 'another clears_when is not another rule');
UPDATE cs.alert_rule SET condition = 'nullif((own_signals ->> ''heat'')::int, -1) >= 60' WHERE rule = 'hot';
SELECT is(pg_temp.on_day('2024-03-20', 'b 66'), '', 'with another condition it begins anew');
SELECT is(pg_temp.states(), 'hot a raised, hot b known, hot c raised, hot d raised, loud a raised', 'with who meets it then');
SELECT is(pg_temp.on_day('2024-03-21', 'b 10'), '', 'who ends');
SELECT is(pg_temp.on_day('2024-03-22', 'b 60'), 'hot b on', 'and begins');
SELECT is(pg_temp.on_day('2024-03-23', 'b 10'), 'hot b off', 'and ends');
SELECT is(pg_temp.on_day('2024-03-24', 'b 61'), '', 'and has to wait');
UPDATE cs.alert_rule SET condition = 'nullif((own_signals ->> ''heat'')::int, -1) >= 61' WHERE rule = 'hot';
SELECT is(pg_temp.on_day('2024-03-25'), '', 'when the condition changes');
SELECT is(pg_temp.states(), 'hot a raised, hot b known, hot c raised, hot d raised, loud a raised', 'is known then too');
SELECT is(pg_temp.on_day('2024-04-01'), '', 'and waits for nothing');
DELETE FROM cs.alert_rule WHERE rule = 'hot';
SELECT is((SELECT string_agg(rule || ' ' || account_id, ', ') FROM cs.alert_open), 'loud a', 'the alerts of a rule that is gone are not open');
INSERT INTO cs.alert_rule (rule, condition) VALUES ('hot', 'nullif((own_signals ->> ''heat'')::int, -1) >= 61');
SELECT is(pg_temp.on_day('2024-04-02', 'c 0'), 'hot c off', 'a rule that is written again before the next evaluation goes on');
DELETE FROM cs.alert_rule WHERE rule = 'hot';
SELECT is(pg_temp.on_day('2024-04-03'), '', 'evaluated without it');
SELECT is(pg_temp.states() || (SELECT string_agg(rule, '' ORDER BY rule) FROM cs_internal.alert_evaluation), 'loud a raisedfaintloud', 'nothing is left of it but its alerts');
INSERT INTO cs.alert_rule (rule, condition) VALUES ('hot', 'nullif((own_signals ->> ''heat'')::int, -1) >= 61');
SELECT is(pg_temp.on_day('2024-04-04', 'c 99'), '', 'written again later it begins anew');
UPDATE cs.alert_rule SET is_enabled = false WHERE rule = 'loud';
SELECT is((SELECT count(*) FROM cs.alert_open), 0::bigint, 'the alerts of a rule that is off are not open');
CALL pg_temp.facts('2024-04-05', 'b 90', 'noise');
SELECT is(pg_temp.on_day('2024-04-05'), '', 'nor are there new ones');
UPDATE cs.alert_rule SET is_enabled = true WHERE rule = 'loud';
SELECT is(pg_temp.on_day('2024-04-06'), '', 'on again it begins anew');
SELECT is(pg_temp.states(), 'hot a known, hot b known, hot c known, hot d known, loud a raised, loud b known', 'who was raised before still is');
CALL pg_temp.facts('2024-04-07', 'a 20, b 20', 'noise');
SELECT is(pg_temp.on_day('2024-04-07'), 'loud a off', 'and ends with an alert');
UPDATE cs.alert_rule SET is_enabled = false;
DELETE FROM cs.alert_rule WHERE rule = 'hot';
SELECT is(pg_temp.on_day('2024-04-08'), '', 'with no rule on');
SELECT is(pg_temp.states() || (SELECT count(*) FROM cs_internal.alert_evaluation), '0', 'there is nothing to keep');

-- Backfills raise nothing. In the week before 04-20 all are at rest.
DELETE FROM cs.alert_rule;
INSERT INTO cs.alert_rule (rule, condition) VALUES ('hot', '(own_signals ->> ''heat'')::int >= 80');
CALL pg_temp.facts('2024-04-10', 'a 0, b 0, c 0, d 0');
SELECT is(pg_temp.on_day('2024-04-19'), '', 'the rule begins');
SELECT is(pg_temp.on_day('2024-04-20'), '', 'all are at rest');
CREATE TEMP TABLE at_rest AS SELECT pg_temp.everything();
UPDATE cs.policy SET as_of = '2024-03-15';
SELECT is(pg_temp.evaluated(), '', 'as of an earlier day nothing is raised, though there was something');
SELECT is(pg_temp.everything(), everything, 'and nothing is changed') FROM at_rest;
DELETE FROM public.own WHERE account_id IN ('a', 'b', 'c', 'd') AND signal = 'heat';
CALL pg_temp.facts('2024-04-12', 'a 90');
CALL pg_temp.facts('2024-04-13', 'b 90');
CALL pg_temp.facts('2024-04-14', 'c 90');
SELECT is(pg_temp.on_day('2024-04-21', 'd 90'), 'hot c on, hot d on', 'facts of a week before the last evaluation raise nothing, later ones do, and those of today');
SELECT is(pg_temp.states(), 'hot a known, hot b known, hot c raised, hot d raised', 'who met it all along is known');
SELECT is(pg_temp.on_day('2024-04-22', 'a 0, b 0, c 0, d 0'), 'hot c off, hot d off', 'all at rest again');
UPDATE cs.policy SET alert_late_days = 0;
CALL pg_temp.facts('2024-04-22', 'a 90');
SELECT is(pg_temp.on_day('2024-04-23', 'b 90'), 'hot b on', 'alert_late_days 0: the facts of yesterday are late');
UPDATE cs.policy SET alert_late_days = 3653;
INSERT INTO public.customer VALUES ('e', 'Imported', NULL, NULL, NULL), ('f', 'Imported', NULL, NULL, NULL), ('g', 'New', NULL, NULL, NULL), ('h', 'New six days ago', NULL, NULL, NULL);
INSERT INTO public.contract VALUES ('e', '2020-01-01', NULL, 10, NULL);
CALL pg_temp.facts('2020-01-01', 'e 90, f 90');
SELECT is(pg_temp.on_day('2024-04-24'), 'hot e on', 'alert_late_days 3653: nothing is late');
UPDATE cs.policy SET alert_late_days = 7;
INSERT INTO public.contract VALUES ('f', '2020-01-01', NULL, 10, NULL), ('g', '2024-04-25', NULL, 10, NULL), ('h', '2024-04-18', NULL, 10, NULL);
CALL pg_temp.facts('2024-04-18', 'h 90');
SELECT is(pg_temp.on_day('2024-04-25', 'g 90'), 'hot g on, hot h on', 'an account that is imported with its history raises nothing, a new customer does');
SELECT is((SELECT state FROM cs_internal.alert_state WHERE account_id = 'f'), 'known', 'the imported one is known');
INSERT INTO cs.alert_rule (rule, condition) VALUES ('customer', 'mrr > 0');
SELECT is(pg_temp.on_day('2024-04-26'), '', 'a rule that all meet');
INSERT INTO public.customer VALUES ('i', 'Imported', NULL, NULL, NULL);
INSERT INTO public.contract VALUES ('i', '2020-01-01', NULL, 10, NULL);
CALL pg_temp.facts('2020-01-01', 'i 0');
SELECT is(pg_temp.on_day('2024-04-27', 'i 90'), 'hot i on', 'an imported account that turns on its first day raises the rule that it did not meet before, alone');
DELETE FROM cs.alert_rule WHERE rule = 'customer';
-- c was raised on 04-21 and is at rest since 04-22.
SELECT is(pg_temp.on_day('2024-04-29', 'c 90'), 'hot c on', 'who met it eight days ago, did not yesterday and does today is raised');
SELECT is(pg_temp.on_day('2024-05-01', 'c 0, d 90'), 'hot c off, hot d on', 'one ends, one begins');
SELECT is(pg_temp.on_day('2024-05-04', 'd 0'), 'hot d off', 'and ends');
SELECT is(pg_temp.on_day('2024-05-08'), '', 'at rest');
CALL pg_temp.facts('2024-05-05', 'd 90');
SELECT is(pg_temp.on_day('2024-05-09'), 'hot d on', 'facts three days late of one that met it a week before, and was seen to end since');
-- a and f are known since April and end on 05-10. f turns on 05-11, after its evaluation; a after that of noon, when the day is not over.
SELECT is(pg_temp.on_day('2024-05-10', 'a 0, f 0'), '', 'who is known ends');
SELECT is(pg_temp.on_day('2024-05-11'), '', 'at rest');
CALL pg_temp.facts('2024-05-11', 'f 90');
SELECT is(pg_temp.evaluated(), 'hot f on', 'what changes on the day of the last evaluation is news');
UPDATE cs_internal.alert_evaluation SET as_of_at = '2024-05-11 12:00';
CALL pg_temp.facts('2024-05-11', 'a 90');
UPDATE cs.policy SET alert_late_days = 18;
SELECT is(pg_temp.on_day('2024-05-12'), 'hot a on', 'what began after noon is news, though it was so long ago as well');
UPDATE cs.policy SET alert_late_days = 7;
-- Other definitions of health are a backfill too.
INSERT INTO cs.alert_rule (rule, condition) VALUES ('red', 'tier = ''Red''');
INSERT INTO cs.health_signal (component, signal, policy, keep_days, worst, best) VALUES ('pulse', 'heat', 'pulse', 365, 0, 100);
SELECT is(pg_temp.on_day('2024-05-13', 'a 90, b 90, c 90, d 90'), 'hot c on', 'a rule over tiers begins');
CALL pg_temp.facts('2024-05-20', 'a 60, b 60');
SELECT is(pg_temp.on_day('2024-05-30'), 'hot a off, hot b off', 'all are Yellow or better');
UPDATE cs.policy SET health_yellow_from = 70;
SELECT is(pg_temp.on_day('2024-05-31', 'c 65'), 'hot c off, red c on', 'another bound of Red raises nothing, an account that falls below it does');
UPDATE cs.policy SET health_yellow_from = 50;
DELETE FROM cs.health_signal WHERE signal = 'heat' AND component = 'pulse';
SELECT is(pg_temp.on_day('2024-06-01'), 'red c off', 'and back');

-- Who is no customer any more has no alerts.
SELECT is(pg_temp.on_day('2024-06-10', 'a 90, b 90, c 0, d 90, e 90, f 90, g 90, h 90'), 'hot a on, hot b on', 'two are hot');
UPDATE public.contract SET ends_on = '2024-06-11' WHERE account_id = 'a';
DELETE FROM public.customer WHERE account_id = 'b';
DELETE FROM public.contract WHERE account_id = 'b';
DELETE FROM public.own WHERE account_id = 'b';
SELECT is(pg_temp.on_day('2024-06-11'), 'hot a off, hot b off', 'who churned, or is gone from the source, is cleared');
SELECT is((SELECT evidence ->> 'name' FROM cs.alert WHERE account_id = 'b' ORDER BY alert_id DESC LIMIT 1), 'Account b', 'with what was known of it when it was raised');

-- Rules are refused when they are written, with their error.
SELECT is(pg_temp.failure(format('INSERT INTO cs.alert_rule (rule, condition, clears_when) VALUES (''x'', %L, %L)', condition, clears)), want, format('refused: %s, %s', condition, clears))
FROM (VALUES ('colour = 1', NULL, '42703 column "colour" does not exist'), ('mrr >', NULL, '42601 syntax error at end of input'), ('mrr > 1', 'mrr < ', '42601 syntax error at end of input'), ('random() > 0.5', NULL, '22023 this calls a volatile function'),
             ('mrr', NULL, '42804 this is of type numeric, and should be of type boolean'), ('true', 'tier', '42804 this is of type text, and should be of type boolean'), ('true) OR (true', NULL, '42601 syntax error at or near ")"'),
             ('EXISTS (SELECT FROM public.own)', NULL, '42601 this is not one expression'), ('nosuch(mrr)', NULL, '42883 function nosuch(numeric) does not exist'),
             (NULL, NULL, '23502 null value in column "condition" of relation "alert_rule" violates not-null constraint')) t(condition, clears, want);
SELECT is(pg_temp.failure('INSERT INTO cs.alert_rule (rule, condition, severity, audience, cool_down, channel) VALUES (' || given || ')'), want, 'refused: ' || left(given, 60))
FROM (VALUES ('''x'', ''true'', ''grave'', ''csm'', ''0'', ''c''', '23514 severity grave is none of critical, warning, info'), ('''x'', ''true'', ''info'', ''all'', ''0'', ''c''', '23514 audience all is none of csm, manager, executive'),
             ('''x'', ''true'', ''info'', ''csm'', ''-1 day'', ''c''', '23514 cool_down -1 days is below 0'), ('''x'', ''true'', ''info'', ''csm'', ''0'', ''''', '23514 channel "" has not 1 to 63 bytes'),
             ('''x'', ''true'', ''info'', ''csm'', ''0'', repeat(''c'', 64)', '23514 channel "' || repeat('c', 64) || '" has not 1 to 63 bytes'), (''''', ''true'', ''info'', ''csm'', ''0'', ''c''', '23514 the name of a rule has 1 to 255 bytes: ""'),
             ('''hot'', ''true'', ''info'', ''csm'', ''0'', ''c''', '23505 duplicate key value violates unique constraint "alert_rule_pkey"')) t(given, want);
SELECT is(pg_temp.failure('UPDATE cs.alert_rule SET clears_when = ''colour''') , '42703 column "colour" does not exist', 'so is a change');
SELECT is(pg_temp.failure('UPDATE cs.policy SET alert_late_days = -1') LIKE '23514 %', true, 'and alert_late_days below 0');

-- What fails when it runs names its rule, and leaves everything as it was.
CREATE TEMP TABLE before_failing AS SELECT pg_temp.everything();
INSERT INTO cs.alert_rule (rule, condition, clears_when) VALUES ('zero', '1 / (mrr - mrr) > 0', 'true'), ('another', 'true', 'true');
SELECT is(pg_temp.failure($$CALL evaluate_alerts('cs')$$), '22012 "zero": division by zero', 'a condition that divides by zero');
UPDATE cs.alert_rule SET condition = 'false', clears_when = '1 / (mrr - mrr) > 0' WHERE rule = 'zero';
SELECT is(pg_temp.failure($$CALL evaluate_alerts('cs')$$), '22012 "zero": division by zero', 'clears_when too');
DELETE FROM cs.alert_rule WHERE rule = 'another';
UPDATE cs.alert_rule SET is_enabled = rule = 'zero';
SELECT is(pg_temp.failure($$CALL evaluate_alerts('cs')$$), '22012 "zero": division by zero', 'the only rule too');
UPDATE cs.alert_rule SET is_enabled = true;
SELECT is(pg_temp.everything(), everything, 'nothing was written') FROM before_failing;
-- Functions change after a rule is written: each evaluation looks again.
CREATE FUNCTION public.odd(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
ALTER EXTENSION csmetrics ADD FUNCTION public.odd(text);
UPDATE cs.alert_rule SET condition = 'public.odd(account_id)', clears_when = NULL WHERE rule = 'zero';
ALTER EXTENSION csmetrics DROP FUNCTION public.odd(text);
SELECT is(pg_temp.failure($$CALL evaluate_alerts('cs')$$), '42501 "zero": this calls function public.odd(text), which is not among those that it may call', 'a function that is the extension''s no more');
DROP FUNCTION public.odd;
SELECT is(pg_temp.failure($$CALL evaluate_alerts('cs')$$), '42883 "zero": function public.odd(text) does not exist', 'a function that is gone since');
DELETE FROM cs.alert_rule WHERE rule = 'zero';
CREATE VIEW public.failing AS SELECT account_id, name, segment, owner, 1 / (length(name) - length(name)) AS seats FROM public.customer;
CALL map('cs', 'account', 'TABLE public.failing');
SELECT is(pg_temp.failure($$CALL evaluate_alerts('cs')$$), 'no error', 'a source that fails stops no rule: what they read is stored');
CALL map('cs', 'account', 'TABLE public.customer');
SELECT is(pg_temp.evaluated(), '', 'mended, all is well');
SELECT is(pg_temp.failure($$CALL evaluate_alerts('nosuch')$$), '3F000 there is no model "nosuch"', 'an unknown model');

-- Nothing in a rule can write, or do anything else: no function of a user is called, when a rule is written or, if it came to be there
-- otherwise, when it is evaluated.
CREATE TABLE public.victim (id int);
CREATE FUNCTION public.does(what text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$BEGIN EXECUTE what; RETURN true; END$$;
CREATE FUNCTION public.harmless(what text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN public.does(what); END$$;
CREATE FUNCTION public.harmless_too(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT public.harmless($2)$$;
CREATE OPERATOR public.~~~ (FUNCTION = public.harmless_too, LEFTARG = text, RIGHTARG = text);
CREATE FUNCTION pg_temp.sly(condition text, column_name text DEFAULT 'condition') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    statement text := format('INSERT INTO cs.alert_rule (rule, condition) VALUES (''sly'', ''false''); UPDATE cs.alert_rule SET %I = %L WHERE rule = ''sly''', column_name, condition);
    written text := pg_temp.failure(statement);
BEGIN
    ALTER TABLE cs.alert_rule DISABLE TRIGGER check_expressions;
    EXECUTE statement;
    ALTER TABLE cs.alert_rule ENABLE TRIGGER check_expressions;
    RETURN written || E'\n' || pg_temp.failure('CALL evaluate_alerts(''cs'')');
END $$;
-- (what it did is undone with the error that tells)
SELECT is(pg_temp.failure(format('DO %L', format('BEGIN RAISE ''%%'', pg_temp.sly(%L, %L) USING ERRCODE = ''P0001''; END', condition, column_name))),
          format(E'P0001 42501 this calls %1$s, which is not among those that it may call\n42501 "sly": this calls %1$s, which is not among those that it may call', called), format('%s: %s', column_name, condition))
FROM (VALUES ('public.harmless(''INSERT INTO public.victim VALUES (1)'')', 'condition', 'function public.harmless(text)'), ('public.harmless(''INSERT INTO public.victim VALUES (1)'')', 'clears_when', 'function public.harmless(text)'),
             ('public.harmless(''SELECT pg_advisory_lock(20240611)'')', 'condition', 'function public.harmless(text)'), ('account_id OPERATOR(public.~~~) ''SELECT pg_advisory_lock(20240611)''', 'condition', 'operator public.~~~(text,text)'),
             ('current_setting(''data_directory'') > ''''', 'condition', 'function current_setting(text)')) t(condition, column_name, called);
SELECT is((SELECT count(*) FROM public.victim) + (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), 0::bigint, 'nothing was written or locked');
SELECT is((SELECT count(*) FROM cs.alert_rule WHERE rule = 'sly'), 0::bigint, 'and the tests left no rule');
SELECT is(current_setting('search_path') || ' ' || current_setting('transaction_read_only'), 'csmetrics, public off', 'the session is as it was');

-- Only the owner evaluates: what is called could run with the rights of whoever calls.
CREATE ROLE csmetrics_caller;
GRANT USAGE ON SCHEMA cs, cs_internal, csmetrics TO csmetrics_caller;
GRANT SELECT ON ALL TABLES IN SCHEMA cs, cs_internal TO csmetrics_caller;
GRANT INSERT, UPDATE, DELETE ON cs_internal.alert_state, cs_internal.alert_evaluation, cs.alert TO csmetrics_caller;
GRANT SELECT ON public.customer, public.contract, public.own TO csmetrics_caller;
CREATE FUNCTION pg_temp.as_caller(condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    DELETE FROM cs.alert_rule WHERE rule = 'nosy';
    INSERT INTO cs.alert_rule (rule, condition) VALUES ('nosy', condition);
    SET LOCAL ROLE csmetrics_caller;
    answer := pg_temp.failure('CALL evaluate_alerts(''cs'')');
    RESET ROLE;
    RETURN answer;
END $$;
SELECT is(pg_temp.as_caller('mrr > 1e9'), format('42501 only "%s" may do that, the owner of model "cs"', current_user), 'another role may not evaluate, whatever its rights');
SELECT is(pg_temp.evaluated(), '', 'its owner can');

-- The rules that a model begins with, each turned on and off. Tiers come from a pulse of each account.
CALL create_model('fresh', 'bigint');
UPDATE fresh.policy SET as_of = '2024-05-31';
CREATE TABLE public.buyer (account_id bigint, seats int);
INSERT INTO public.buyer SELECT id, 2 FROM generate_series(1, 8) id;
CREATE TABLE public.term (account_id bigint, starts_on date, mrr numeric, ends_on date, cancelled_on date, renews_on date);
INSERT INTO public.term SELECT id, '2024-01-01', 100, NULL, NULL, CASE id WHEN 4 THEN date '2024-08-30' END FROM generate_series(1, 8) id;
CREATE TABLE public.pulse (account_id bigint, signal text, at timestamptz, value numeric);
INSERT INTO public.pulse SELECT id, 'pulse', '2024-05-01', CASE id WHEN 1 THEN 50 WHEN 3 THEN 65 WHEN 4 THEN 70 ELSE 90 END FROM generate_series(1, 8) id;
CREATE TABLE public.case (account_id bigint, ticket_id text, opened_at timestamptz, solved_at timestamptz, escalated_at timestamptz);
INSERT INTO public.case VALUES (5, '1', '2024-05-10', NULL, '2024-05-18 12:00');
CREATE TABLE public.visit (account_id bigint, at timestamptz, user_id text, events int);
INSERT INTO public.visit SELECT 8, day, 'a', 1 FROM generate_series(timestamptz '2024-04-01 12:00', '2024-07-01', '1 day') day;
INSERT INTO public.visit VALUES (6, '2024-05-18 12:00', 'x', 1);
-- the others are never quiet
INSERT INTO public.visit SELECT id, day, 'u', 1 FROM generate_series(timestamptz '2024-01-02 12:00', '2024-07-01', '1 day') day, unnest('{1,2,3,4,5,7}'::int[]) id;
CREATE TABLE public.mark (account_id bigint, milestone text, reached_at timestamptz, is_value boolean, is_start boolean);
INSERT INTO public.mark VALUES (7, 'kickoff', '2024-04-02 12:00', NULL, true), (8, 'live', '2024-01-15', true, NULL), (8, 'kickoff', '2024-01-05', NULL, true);
UPDATE fresh.policy SET ttv_start_rule = 'milestone';
CALL map('fresh', 'account', 'TABLE public.buyer');
CALL map('fresh', 'subscription', 'TABLE public.term');
CALL map('fresh', 'signal', 'TABLE public.pulse');
CALL map('fresh', 'ticket', 'TABLE public.case');
CALL map('fresh', 'usage', 'TABLE public.visit');
CALL map('fresh', 'milestone', 'TABLE public.mark');
CREATE FUNCTION pg_temp.fresh_on(day date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE last bigint := (SELECT coalesce(max(alert_id), 0) FROM fresh.alert);
BEGIN
    UPDATE fresh.policy SET as_of = day;
    CALL refresh('fresh');
    CALL evaluate_alerts('fresh');
    RETURN (SELECT coalesce(string_agg(format('%s %s %s', account_id, rule, to_state), ', ' ORDER BY account_id, rule, alert_id), '') FROM fresh.alert WHERE alert_id > last);
END $$;
SELECT is(pg_temp.fresh_on('2024-05-31'), '', 'the rules of a new model begin with what there is');
SELECT is((SELECT string_agg(account_id || ' ' || rule, ', ' ORDER BY account_id, rule) FROM fresh_internal.alert_state), NULL, 'which is nothing');
INSERT INTO public.pulse VALUES (1, 'pulse', '2024-06-01', 49.99), (2, 'pulse', '2024-06-01', 75);
INSERT INTO public.visit VALUES (8, '2024-06-01', 'b', 1);
UPDATE public.term SET cancelled_on = '2024-06-01', ends_on = '2024-12-31' WHERE account_id = 3;
SELECT is(pg_temp.fresh_on('2024-06-01'), '1 turned red on, 2 steep fall on, 3 notice given on, 4 renewal at risk on, 5 escalation unresolved on, 6 gone quiet on, 7 value overdue on, 8 seats nearly used on', 'each rule, as its reading passes the bound');
SELECT is((SELECT string_agg(severity || ' ' || account_id, ', ') FROM fresh.alert_open), 'critical 3, critical 1, warning 5, warning 6, warning 4, warning 2, warning 7, info 8', 'open are');
INSERT INTO public.pulse VALUES (1, 'pulse', '2024-06-02', 51.99), (2, 'pulse', '2024-06-02', 80), (4, 'pulse', '2024-06-02', 79.99);
INSERT INTO public.visit VALUES (6, '2024-05-26 12:00', 'x', 1);
SELECT is(pg_temp.fresh_on('2024-06-02'), '', 'within the margins nothing clears');
INSERT INTO public.pulse VALUES (1, 'pulse', '2024-06-03', 52), (2, 'pulse', '2024-06-03', 80.01), (4, 'pulse', '2024-06-03', 80);
UPDATE public.term SET cancelled_on = NULL, ends_on = NULL WHERE account_id = 3;
UPDATE public.case SET solved_at = '2024-06-03';
INSERT INTO public.visit VALUES (6, '2024-05-28 12:00', 'x', 1);
INSERT INTO public.mark VALUES (7, 'live', '2024-06-03', true, NULL);
UPDATE public.buyer SET seats = 3 WHERE account_id = 8;
SELECT is(pg_temp.fresh_on('2024-06-03'), '1 turned red off, 2 steep fall off, 3 notice given off, 4 renewal at risk off, 5 escalation unresolved off, 6 gone quiet off, 7 value overdue off, 8 seats nearly used off', 'beyond them all do');
SELECT results_eq('SELECT rule, condition, clears_when, severity, audience, cool_down, channel, is_enabled FROM fresh.alert_rule ORDER BY 1', 'SELECT rule, condition, clears_when, severity, audience, cool_down, channel, is_enabled FROM first_rules ORDER BY 1', 'every model begins with the same rules');

-- Models of any name and key, and with next to nothing in them
CALL create_model('Ein "Modell"; DROP TABLE x', 'uuid');
UPDATE "Ein ""Modell""; DROP TABLE x".policy SET as_of = '2024-06-01';
CALL map('Ein "Modell"; DROP TABLE x', 'account', $$SELECT '00000000-0000-0000-0000-000000000001'::uuid AS account_id, repeat('long "name" ', 1000) AS name, repeat(E'\u00fc', 5000) AS owner$$);
CALL refresh('Ein "Modell"; DROP TABLE x');
INSERT INTO "Ein ""Modell""; DROP TABLE x".alert_rule (rule, condition, channel) VALUES (repeat('"', 255), 'as_of_on > ''2024-06-01'' AND account_id IS NOT NULL', 'Kanal; "x"');
CALL evaluate_alerts('Ein "Modell"; DROP TABLE x');
UPDATE "Ein ""Modell""; DROP TABLE x".policy SET as_of = '2024-06-02';
CALL evaluate_alerts('Ein "Modell"; DROP TABLE x');
SELECT is((SELECT array_agg(concat_ws(' ', account_id, to_state, length(evidence ->> 'name'), length(evidence ->> 'owner'))) FROM "Ein ""Modell""; DROP TABLE x".alert), '{00000000-0000-0000-0000-000000000001 on 12000 5000}', 'a model of any name, with keys of type uuid, without subscriptions, and an account that is too long to be announced in full');
CALL create_model('bare');
CALL refresh('bare');
SELECT is(pg_temp.failure('CALL evaluate_alerts(''bare'')'), 'no error', 'an empty model has nothing to evaluate');
SELECT is((SELECT count(*) FROM bare_internal.alert_state) + (SELECT count(*) FROM bare.alert), 0::bigint, 'nobody meets anything');
SELECT is((SELECT count(*) FROM bare_internal.alert_evaluation), 9::bigint, 'but all rules have begun');

-- A storm: 5,000 accounts turn at once.
DELETE FROM cs.alert_rule;
INSERT INTO cs.alert_rule (rule, condition) VALUES ('hot', '(own_signals ->> ''heat'')::int >= 80');
INSERT INTO public.customer SELECT 's' || n, 'Storm ' || n FROM generate_series(1, 5000) n;
INSERT INTO public.contract SELECT 's' || n, '2024-01-01', NULL, 1 FROM generate_series(1, 5000) n;
SELECT isnt(pg_temp.on_day('2024-07-01'), NULL, 'before the storm');
INSERT INTO public.own SELECT 's' || n, 'heat', '2024-07-02', 80 FROM generate_series(1, 5000) n;
CREATE TEMP TABLE storm AS SELECT length(pg_temp.on_day('2024-07-02')) > 0 AS is_over, pg_temp.evaluated() AS again;
SELECT is((SELECT again FROM storm), '', 'after it all is quiet');
SELECT results_eq('SELECT count(*), count(DISTINCT account_id), min(to_state) FROM cs.alert WHERE as_of_at > ''2024-07-02''', 'VALUES (5000::bigint, 5000::bigint, ''on'')', 'each has exactly one alert');
SELECT is((SELECT count(*) FROM cs.alert_open WHERE account_id LIKE 's%'), 5000::bigint, 'which is open');
INSERT INTO public.own SELECT 's' || n, 'heat', '2024-07-03', 0 FROM generate_series(1, 5000) n;
SELECT is((SELECT count(*) FROM regexp_matches(pg_temp.on_day('2024-07-03'), 's\d+ off', 'g')), 5000::bigint, 'and clears');

SELECT * FROM finish();
ROLLBACK;
