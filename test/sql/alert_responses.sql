\unset ECHO
\i test/psql.sql
-- What becomes of an alert: acknowledged, snoozed, dismissed; whose it is; a day of renewal that passed.
BEGIN;
SELECT plan(30);
CREATE ROLE responses_editor;
CREATE ROLE responses_reader;
CALL create_model('cs');
CREATE TABLE sold (account text, sub text, starts date, ends date, mrr numeric, cancelled date, renews date);
CREATE TABLE crm (id text, owner text);
INSERT INTO crm VALUES ('a', 'Ann'), ('b', 'Ben'), ('c', 'Cid'), ('d', 'Dot');
CALL map('cs', 'account', 'SELECT id AS account_id, ''name '' || id AS name, owner FROM crm');
CALL map('cs', 'subscription', 'SELECT account AS account_id, sub AS subscription_id, starts AS starts_on, ends AS ends_on, mrr, cancelled AS cancelled_on, renews AS renews_on FROM sold');
INSERT INTO sold VALUES ('a', 'a1', '2023-01-01', NULL, 100, NULL, '2024-03-10'), ('b', 'b1', '2023-01-01', NULL, 50, NULL, '2024-06-01'), ('c', 'c1', '2023-01-01', NULL, 30, '2024-02-01', '2024-03-10'), ('d', 'd1', '2023-01-01', '2024-03-10', 20, NULL, '2024-03-10');
UPDATE cs.alert_rule SET is_enabled = rule = 'renewal overdue';
UPDATE cs.policy SET as_of = '2024-03-09';
CALL refresh('cs');
CALL grant_write('cs', 'responses_editor');
CALL grant_read('cs', 'responses_reader');
GRANT USAGE ON SCHEMA csmetrics, public TO responses_editor, responses_reader;

-- A day of renewal that passed.
SELECT results_eq('SELECT account_id, overdue_mrr, overdue_days, renews_on FROM cs.account_now ORDER BY 1', $$VALUES ('a', 0::numeric, 0::float8, '2024-03-10'::date), ('b', 0, 0, '2024-06-01'), ('c', 0, 0, '2024-03-10'), ('d', 0, 0, '2024-03-10')$$, 'before it');
CALL evaluate_alerts('cs');
UPDATE cs.policy SET as_of = '2024-03-10';
CALL evaluate_alerts('cs');
SELECT is_empty('SELECT 1 FROM cs.alert_open', 'on the day it has not passed');
UPDATE cs.policy SET as_of = '2024-03-12';
SELECT results_eq('SELECT account_id, overdue_mrr, overdue_days FROM cs.account_now ORDER BY 1', $$VALUES ('a', 100::numeric, 2::float8), ('b', 0, 0), ('c', 0, 0)$$, 'of those that are neither cancelled nor over');
CALL evaluate_alerts('cs');
SELECT results_eq('SELECT rule, account_id, owner, response FROM cs.alert_open', $$VALUES ('renewal overdue', 'a', 'Ann', NULL::text)$$, 'it raises an alert');
SELECT alert_id AS alert FROM cs.alert_open \gset

-- Whose it is.
UPDATE crm SET owner = 'Eve' WHERE id = 'a';
CALL refresh('cs');
SELECT results_eq('SELECT owner, name FROM cs.alert_open', $$VALUES ('Eve', 'name a')$$, 'the owner follows the account');
SELECT is(evidence ->> 'owner', 'Ann', 'what was known when it was raised stays') FROM cs.alert WHERE alert_id = :alert;
SELECT is(owner, 'Eve', 'in the queue, too') FROM cs.csm_today WHERE account_id = 'a';

-- Acknowledged.
SET LOCAL ROLE responses_editor;
CALL respond_to_alert('cs', :alert, 'acknowledged', 'I call them');
RESET ROLE;
SELECT results_eq('SELECT response, reason, responded_by, responded_at > now() - interval ''1 hour'' FROM cs.alert_open', $$VALUES ('acknowledged', 'I call them', 'responses_editor', true)$$, 'who is at it is known');
-- Snoozed.
UPDATE cs.alert SET response = 'snoozed', until_on = '2024-03-20', reason = NULL WHERE alert_id = :alert;
SELECT is_empty('SELECT 1 FROM cs.alert_open', 'a snoozed one is not open');
SELECT is_empty('SELECT 1 FROM cs.csm_today WHERE rules IS NOT NULL', 'nor in the queue');
SELECT results_eq(format('SELECT response, responded_by FROM cs.alert WHERE alert_id = %s', :alert), $$SELECT 'snoozed', current_user::text COLLATE "default"$$, 'but kept');
UPDATE cs.policy SET as_of = '2024-03-19';
CALL evaluate_alerts('cs');
SELECT is_empty('SELECT 1 FROM cs.alert_open', 'until the day before');
UPDATE cs.policy SET as_of = '2024-03-20';
SELECT results_eq('SELECT alert_id, response FROM cs.alert_open', format('VALUES (%s::bigint, NULL::text)', :alert), 'then it is open again');
-- Dismissed.
SELECT is(pg_temp.failure(format('CALL respond_to_alert(''cs'', %s, %s)', a, r)), e, 'refused: ' || r)
FROM (VALUES (:alert, '''dismissed''', '22023 an alert is dismissed for a reason: say which'), (:alert, '''dismissed'', '' ''', '22023 an alert is dismissed for a reason: say which'),
             (:alert, '''snoozed''', '22023 an alert is snoozed until a day: say which'), (:alert, '''done''', '22023 ''done'' is no response: acknowledged, snoozed or dismissed'), (:alert, 'NULL, ''why''', '22023 reason and until_on are of a response: there is none'),
             (4711, '''acknowledged''', '22023 model "cs" has no alert 4711')) v(a, r, e);
CALL respond_to_alert('cs', :alert, 'dismissed', 'paid by cheque', '2024-04-10');
SELECT is_empty('SELECT 1 FROM cs.alert_open', 'a dismissed one is not open');
UPDATE cs.policy SET as_of = '2024-04-09';
CALL evaluate_alerts('cs');
SELECT is_empty('SELECT 1 FROM cs.alert_open', 'nor raised again while it holds');
UPDATE cs.policy SET as_of = '2024-04-10';
SELECT is(count(*), 1::bigint, 'a dismissal expires, if it is to') FROM cs.alert_open;
CALL respond_to_alert('cs', :alert, 'dismissed', 'paid by cheque');
UPDATE sold SET renews = '2024-05-01' WHERE account = 'a';
CALL refresh('cs');
CALL evaluate_alerts('cs');
UPDATE cs.policy SET as_of = '2024-05-03';
CALL evaluate_alerts('cs');
SELECT results_eq('SELECT account_id, alert_id <> ' || :alert || ', response FROM cs.alert_open', $$VALUES ('a', true, NULL::text)$$, 'renewed, and overdue a year later: it is another alert');
SELECT is(pg_temp.failure(format('CALL respond_to_alert(''cs'', %s, ''acknowledged'')', alert_id)), format('22023 alert %s is of a rule that turned off: there is nothing to respond to', alert_id), 'what turned off needs no response')
FROM cs.alert WHERE to_state = 'off';
CALL respond_to_alert('cs', :alert, NULL);
SELECT results_eq(format('SELECT response, responded_by, responded_at FROM cs.alert WHERE alert_id = %s', :alert), 'VALUES (NULL::text, NULL::text, NULL::timestamptz)', 'a response is taken back');

-- Who may.
SET LOCAL ROLE responses_reader;
SELECT is(pg_temp.failure(format('CALL respond_to_alert(''cs'', %s, ''acknowledged'')', :alert)), '42501 permission denied for table alert', 'a reader does not');
SET LOCAL ROLE responses_editor;
SELECT is(pg_temp.failure(format('UPDATE cs.alert SET responded_by = ''another'' WHERE alert_id = %s', :alert)), '42501 permission denied for table alert', 'nor does an editor say that it was another');
SELECT is(pg_temp.failure('UPDATE cs.alert SET evidence = NULL'), '42501 permission denied for table alert', 'or change anything else');
RESET ROLE;
SELECT is(pg_temp.failure('CALL respond_to_alert(''no'', 1, ''acknowledged'')'), '3F000 there is no model "no"', 'a model that is none');
SELECT is(pg_temp.failure('UPDATE cs.alert SET response = ''maybe'' WHERE to_state = ''on'''), '22023 ''maybe'' is no response: acknowledged, snoozed or dismissed', 'nor is anything written that is no response');
SELECT * FROM finish();
ROLLBACK;
