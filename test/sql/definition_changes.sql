\unset ECHO
\i test/psql.sql
-- Definitions that move: who changed which when, what of a figure's definition is in its fingerprint and in the snapshot, and weights of components.
BEGIN;
SELECT plan(39);
CREATE ROLE definitions_editor;
CREATE ROLE definitions_reader;
CALL create_model('cs');
CREATE TABLE sold (account text, starts date, ends date, mrr numeric);
INSERT INTO sold VALUES ('a', '2023-01-01', NULL, 100), ('b', '2023-01-01', NULL, 50), ('c', '2023-01-01', '2024-04-10', 30), ('d', '2024-02-01', NULL, 7);
CREATE TABLE click AS SELECT account, (timestamptz '2024-01-05 12:00 UTC' + k * interval '7 days') AS at FROM unnest('{a,b}'::text[]) account, generate_series(0, 16) k;
CALL map('cs', 'account', 'SELECT DISTINCT account AS account_id, CASE account WHEN ''a'' THEN ''large'' ELSE ''small'' END AS segment FROM sold');
CALL map('cs', 'subscription', 'SELECT account AS account_id, starts AS starts_on, ends AS ends_on, mrr FROM sold');
CALL map('cs', 'usage', 'SELECT account AS account_id, at FROM click');
UPDATE cs.policy SET as_of = '2024-05-10';
CALL refresh('cs');
CALL grant_write('cs', 'definitions_editor');
CALL grant_read('cs', 'definitions_reader');
GRANT USAGE ON SCHEMA csmetrics, public TO definitions_editor, definitions_reader;

-- The log.
SELECT results_eq('SELECT relation, action, item, before, after FROM cs.definition_change', $$VALUES ('policy', 'update', NULL::text, '{"as_of": null}'::jsonb, '{"as_of": "2024-05-10"}'::jsonb)$$, 'what a model begins with is no change');
DELETE FROM cs.definition_change;
SET LOCAL ROLE definitions_editor;
UPDATE cs.policy SET pause_rule = 'churn', confidence = 0.9;
UPDATE cs.policy SET confidence = 0.9;
UPDATE cs.health_signal SET weight = 12 WHERE signal = 'csat';
INSERT INTO cs.target (metric, segment, goal) VALUES ('nrr', 'SMB', '(1.2,)');
DELETE FROM cs.target WHERE segment = 'SMB';
INSERT INTO cs.health_component (component, weight) VALUES ('usage', 40);
INSERT INTO cs.alert_rule (rule, condition) VALUES ('big', 'mrr > 1000');
UPDATE cs.quality_rule SET severity = 'info' WHERE (source, rule) = ('subscription', 'gap');
RESET ROLE;
SELECT results_eq('SELECT changed_by, relation, action, item, before, after - ''{note,source,description,clears_when,severity,audience,cool_down,channel,is_enabled}''::text[] FROM cs.definition_change WHERE relation <> ''quality_rule'' ORDER BY change_id', $$VALUES
    ('definitions_editor', 'policy', 'update', NULL::text, '{"confidence": 0.95, "pause_rule": "pause"}'::jsonb, '{"confidence": 0.9, "pause_rule": "churn"}'::jsonb),
    ('definitions_editor', 'health_signal', 'update', 'support, csat', '{"weight": 7}', '{"weight": 12}'),
    ('definitions_editor', 'target', 'insert', 'nrr, segment SMB', NULL, '{"metric": "nrr", "segment": "SMB", "goal": "(1.2,)"}'),
    ('definitions_editor', 'target', 'delete', 'nrr, segment SMB', '{"goal": "(1.2,)", "note": null, "metric": "nrr", "segment": "SMB"}', NULL),
    ('definitions_editor', 'health_component', 'insert', 'usage', NULL, '{"component": "usage", "segment": null, "lifecycle_stage": null, "weight": 40}'),
    ('definitions_editor', 'alert_rule', 'insert', 'big', NULL, '{"rule": "big", "condition": "mrr > 1000"}')$$, 'who changed what, from what to what; what is written anew as it was is no change');
SELECT is(pg_temp.failure(s), '42501 permission denied for table definition_change', 'an editor does not write the log: ' || s) FROM unnest(ARRAY['DELETE FROM cs.definition_change', 'UPDATE cs.definition_change SET changed_by = ''x''']) s, LATERAL set_config('role', 'definitions_editor', true);
SET LOCAL ROLE definitions_editor;
SELECT is(pg_temp.failure('INSERT INTO cs.definition_change (changed_by, relation, action) VALUES (''x'', ''policy'', ''update'')'), '42501 permission denied for table definition_change', 'nor adds to it under another name');
SELECT is(pg_temp.failure('INSERT INTO cs.definition_change (relation, action) VALUES (''policy'', ''update'')'), '42501 changes of definitions are written by triggers alone', 'or its own');
CREATE TEMP TABLE policy (only_row boolean, pause_rule text);
CREATE TRIGGER t AFTER INSERT ON pg_temp.policy FOR EACH ROW EXECUTE FUNCTION csmetrics.log_definition();
SELECT matches(pg_temp.failure('INSERT INTO pg_temp.policy VALUES (true, ''forged'')'), '^42P01 ', 'nor by a table of its own of that name');
RESET ROLE;
SELECT is_empty('SELECT 1 FROM cs.definition_change WHERE after::text ~ ''forged''', 'which writes nothing here');
DROP TABLE pg_temp.policy;
SET LOCAL ROLE definitions_reader;
SELECT results_eq($$SELECT explanation FROM explain_metric('nrr', 'cs') WHERE aspect ~ '^changed'$$, $$VALUES
    ('target nrr, segment SMB delete from {"goal": "(1.2,)", "note": null, "metric": "nrr", "segment": "SMB"} by definitions_editor'),
    ('target nrr, segment SMB insert to {"goal": "(1.2,)", "note": null, "metric": "nrr", "segment": "SMB"} by definitions_editor'),
    ('confidence from 0.95 to 0.9, pause_rule from pause to churn by definitions_editor')$$, 'a reader has it explained, the latest first');
SELECT set_eq($$SELECT explanation FROM explain_metric('health', 'cs') WHERE aspect ~ '^changed' AND explanation ~ '^health'$$, $$VALUES ('health_signal support, csat update from {"weight": 7} to {"weight": 12} by definitions_editor'),
    ('health_component usage insert to {"weight": 40, "segment": null, "component": "usage", "lifecycle_stage": null} by definitions_editor')$$, 'of health its signals');
SELECT is_empty($$SELECT 1 FROM explain_metric('stickiness', 'cs') WHERE aspect ~ '^changed'$$, 'of what has nothing to do with it nothing');
RESET ROLE;
SELECT compare_policies('cs', '{}', '{"trial_rule": "count"}') \g /dev/null
SELECT is_empty('SELECT 1 FROM cs.definition_change WHERE after ? ''trial_rule''', 'what is tried and undone is no change');
TRUNCATE cs.health_component;
SELECT is(action, 'truncate', 'a table that is emptied at once is told') FROM cs.definition_change ORDER BY change_id DESC LIMIT 1;
UPDATE cs.policy SET pause_rule = DEFAULT, confidence = DEFAULT;
UPDATE cs.health_signal SET weight = 7 WHERE signal = 'csat';

-- Fingerprints.
CREATE FUNCTION pg_temp.hashes(OUT revenue text, OUT health text, OUT judged text, OUT unjudged text) LANGUAGE sql AS $$
    SELECT (SELECT policy_hash FROM cs.revenue_monthly LIMIT 1), (SELECT policy_hash FROM cs.metric_reading WHERE metric = 'health' LIMIT 1), (SELECT policy_hash FROM cs.scorecard WHERE metric = 'nrr'), (SELECT policy_hash FROM cs.scorecard WHERE metric = 'mrr') $$;
CREATE FUNCTION pg_temp.other(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before record := pg_temp.hashes();
    after record;
    text text;
BEGIN
    BEGIN
        EXECUTE statement;
        CALL csmetrics.refresh('cs');
        after := pg_temp.hashes();
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN concat_ws(', ', CASE WHEN before.revenue <> after.revenue THEN 'revenue' END, CASE WHEN before.health <> after.health THEN 'health' END,
                         CASE WHEN before.judged <> after.judged THEN 'judged' END, CASE WHEN before.unjudged <> after.unjudged THEN 'unjudged' END);
    END;
END
$$;
SELECT is(pg_temp.other(statement), others, 'is in the fingerprint: ' || statement) FROM (VALUES
    ('SELECT 1', ''), ('UPDATE cs.policy SET gap_smooth_days = 9', 'revenue, health, judged, unjudged'), ('UPDATE cs.health_signal SET weight = 9 WHERE signal = ''csat''', 'health'),
    ('UPDATE cs.health_signal SET best = 4 WHERE signal = ''csat''', 'health'), ('INSERT INTO cs.health_component (component, weight) VALUES (''usage'', 50)', 'health'), ('UPDATE cs.target SET goal = ''(1.3,)'' WHERE metric = ''nrr''', 'judged'),
    ('INSERT INTO cs.quality_rule (rule, source, condition, quarantine) VALUES (''small'', ''subscription'', ''mrr < 10'', true)', 'revenue, health, judged, unjudged'),
    ('INSERT INTO cs.quality_rule (rule, source, condition) VALUES (''small'', ''subscription'', ''mrr < 10'')', ''), ('UPDATE cs.policy SET business_hours = ARRAY[NULL::business_hours], business_hours_from = ''{-infinity}''', 'revenue, health, judged, unjudged'),
    ('UPDATE cs.policy SET report_from = ''2024-02-01''', '')) v(statement, others);

-- Snapshots, and what is restated by definition.
CALL take_snapshot('cs', 'April');
SELECT is(s.definition -> 'health' -> 0 ->> 'component', 'business', 'a snapshot has what health is made of') FROM cs.snapshot s;
SELECT is(jsonb_array_length(s.definition -> 'targets'), 7, 'and targets') FROM cs.snapshot s;
UPDATE cs.health_signal SET weight = 30 WHERE signal = 'mrr_change';
SELECT results_eq($$SELECT policy_changed, count(*) > 0 FROM restatement('cs') WHERE metric IN ('health', 'red_mrr', 'red_mrr_share') GROUP BY 1$$, 'VALUES (true, true)', 'another weight is another definition of health');
SELECT results_eq($$SELECT policy_changed, count(*) > 20 FROM restatement('cs') WHERE metric NOT IN ('health', 'red_mrr', 'red_mrr_share') GROUP BY 1$$, 'VALUES (false, true)', 'and of nothing else');
INSERT INTO cs.quality_rule (rule, source, condition, quarantine) VALUES ('small', 'subscription', 'mrr < 10', true);
SELECT results_eq($$SELECT count(*) FILTER (WHERE policy_changed AND metric = 'closing_mrr') FROM restatement('cs')$$, 'VALUES (0::bigint)', 'a quarantine that waits for a refresh has done nothing');
UPDATE sold SET mrr = 60 WHERE account = 'b';
CALL refresh('cs');
SELECT results_eq($$SELECT period_start_on, account_id, movement, difference, by_facts, by_definition, cause FROM restatement_by_account('cs')$$, $$VALUES ('2023-01-01'::date, 'b', 'new', 10::numeric, 10::numeric, 0::numeric, 'rows changed'),
    ('2024-02-01', 'd', 'new', -7, 0, -7, 'definition')$$, 'what quarantine leaves out is definition, not facts');
SELECT ok(bool_and(policy_changed), 'and it says so') FROM restatement('cs');
SELECT results_eq('SELECT rule, quarantine FROM cs.quality_rule WHERE condition IS NOT NULL', $$VALUES ('small', true)$$, 'rules are as they were');
CALL take_snapshot('cs', 'April again');
SELECT results_eq('SELECT period_start_on, account_id, amount_mrr FROM cs_internal.snapshot_definition', $$VALUES ('2024-02-01'::date, 'd', -7::numeric)$$, 'a snapshot keeps it');
DELETE FROM cs.quality_rule WHERE rule = 'small';
CALL refresh('cs');
SELECT results_eq($$SELECT account_id, difference, by_definition FROM restatement_by_account('cs')$$, $$VALUES ('d', 7::numeric, 7::numeric)$$, 'and the way back, where the rule is no more');

-- Weights of components.
CREATE FUNCTION pg_temp.weights(account text) RETURNS TABLE (component text, weight numeric) LANGUAGE sql AS $$
    SELECT k.component, round(sum(k.weight)::numeric, 9) FROM cs.account_health('2024-05-10') h, contributions(h.health, 'weighted') k WHERE h.account_id = account AND k.component <> 'veto' GROUP BY 1 HAVING sum(k.weight) > 0 ORDER BY 1 $$;
UPDATE cs.health_signal SET weight = 5 WHERE signal = 'mrr_change';
SELECT results_eq('SELECT * FROM pg_temp.weights(''a'')', $$VALUES ('business', 30::numeric), ('support', 30), ('usage', 40)$$, '40/30/30');
INSERT INTO cs.health_signal (component, signal, weight, worst, best) VALUES ('business', 'reviews', 20, 0, 1);
SELECT results_eq('SELECT * FROM pg_temp.weights(''a'')', $$VALUES ('business', 50::numeric), ('support', 30), ('usage', 40)$$, 'another signal makes it 40/30/50');
INSERT INTO cs.health_component (component, weight) VALUES ('business', 30);
SELECT results_eq('SELECT * FROM pg_temp.weights(''a'')', $$VALUES ('business', 30::numeric), ('support', 30), ('usage', 40)$$, 'unless the component has a weight of its own');
SELECT results_eq($$SELECT k.signal, round(k.weight::numeric, 9) FROM cs.account_health('2024-05-10') h, contributions(h.health, 'weighted') k WHERE h.account_id = 'a' AND k.component = 'business' ORDER BY 1$$,
    $$VALUES ('milestones', 3::numeric), ('mrr_change', 3), ('nps', 3), ('renewal_posture', 5.4), ('reviews', 12), ('time_to_value', 3.6)$$, 'which its signals share as their weights say');
INSERT INTO cs.health_component (component, segment, weight) VALUES ('business', 'large', 10);
SELECT results_eq('SELECT ''large'', * FROM pg_temp.weights(''a'') UNION ALL SELECT ''small'', * FROM pg_temp.weights(''b'')', $$VALUES ('large', 'business', 10::numeric), ('large', 'support', 30), ('large', 'usage', 40), ('small', 'business', 30), ('small', 'support', 30), ('small', 'usage', 40)$$,
    'by segment, too');
SELECT is(pg_temp.refusal('INSERT INTO cs.health_component (component, weight) VALUES (''usage'', -1)'), '23514 weight_in_range', 'no weight is below 0');
SELECT * FROM finish();
ROLLBACK;
