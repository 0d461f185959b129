\unset ECHO
\i test/psql.sql
-- Accounts that merged leave queue and health as they left revenue; parents count all that is below them.
BEGIN;
SELECT plan(17);
CALL create_model('cs');
CREATE TABLE sold (account text, starts date, ends date, mrr numeric);
CREATE TABLE crm (id text, parent text);
CREATE TABLE belongs (account text, parent text, since date, until date, merged boolean);
INSERT INTO crm VALUES ('a', NULL), ('b', NULL), ('c', NULL), ('g', NULL), ('h', 'g'), ('i', 'h'), ('j', 'i'), ('x', 'y'), ('y', 'x');
INSERT INTO sold SELECT id, '2023-01-01', NULL, 10 * (ascii(id) - 96) FROM crm WHERE id <> 'g';
CALL map('cs', 'account', 'SELECT id AS account_id, ''name '' || id AS name, parent AS parent_id FROM crm');
CALL map('cs', 'subscription', 'SELECT account AS account_id, starts AS starts_on, ends AS ends_on, mrr FROM sold');
CALL map('cs', 'parent', 'SELECT account AS account_id, parent AS parent_id, since AS starts_on, until AS ends_on, merged AS is_merger FROM belongs');
UPDATE cs.policy SET as_of = '2024-04-30', store_from_count = 0;
CALL refresh('cs');
PREPARE healthy AS SELECT account_id, mrr FROM cs.account_health WHERE account_id < 'd' ORDER BY 1;
SELECT results_eq('healthy', $$VALUES ('a', 10::numeric), ('b', 20), ('c', 30)$$, 'three customers');
INSERT INTO belongs VALUES ('a', 'b', '2024-03-10', NULL, true);
CALL refresh('cs');
SELECT results_eq('healthy', $$VALUES ('b', 30::numeric), ('c', 30)$$, 'one merged into another, which has its MRR');
SELECT is((SELECT sum(mrr) FROM cs.account_health), closing_mrr, 'health is of all MRR') FROM cs.revenue_monthly ORDER BY period_start_on DESC LIMIT 1;
SELECT is(account_count, (SELECT count(*) FROM cs.account_health), 'as are its totals') FROM cs.health_by_segment WHERE dimension = 'all';
SELECT is_empty('SELECT 1 FROM cs.account_now WHERE account_id = ''a''', 'rules do not see it');
SELECT is_empty('SELECT 1 FROM cs.csm_today WHERE account_id = ''a''', 'nor does the queue');
SELECT results_eq('SELECT account_id, mrr FROM cs.account_health(''2024-03-09'') WHERE account_id < ''d'' ORDER BY 1', $$VALUES ('a', 10::numeric), ('b', 20), ('c', 30)$$, 'before that day they were three');
UPDATE sold SET mrr = 15 WHERE account = 'a';
CALL refresh('cs');
SELECT results_eq('healthy', $$VALUES ('b', 35::numeric), ('c', 30)$$, 'what changes of it is the other''s');
SELECT is((SELECT sum(mrr) FROM cs.account_health), mrr, 'in totals, too') FROM cs.health_by_segment WHERE dimension = 'all';
UPDATE sold SET ends = '2024-04-01' WHERE account = 'b';
CALL refresh('cs');
SELECT results_eq('healthy', $$VALUES ('b', 15::numeric), ('c', 30)$$, 'whose own subscription may end');
UPDATE sold SET ends = '2024-04-01' WHERE account = 'a';
CALL refresh('cs');
SELECT results_eq('healthy', $$VALUES ('c', 30::numeric)$$, 'it is a customer as long as either has MRR');
UPDATE sold SET ends = NULL;
DELETE FROM belongs;
CALL refresh('cs');
SELECT results_eq('healthy', $$VALUES ('a', 15::numeric), ('b', 20), ('c', 30)$$, 'a merger that is taken back');
INSERT INTO belongs VALUES ('a', 'b', NULL, NULL, false);
CALL refresh('cs');
SELECT results_eq('healthy', $$VALUES ('a', 15::numeric), ('b', 20), ('c', 30)$$, 'a child is no merger');
DELETE FROM belongs;
CALL refresh('cs');

-- g is no customer itself: below it are h, i and j
SELECT results_eq('SELECT parent_id, child_count, mrr FROM cs.health_by_parent', $$VALUES ('g', 3::bigint, 270::numeric), ('h', 2, 190), ('i', 1, 100), ('x', 1, 250), ('y', 1, 240)$$, 'all that is below, and no end of it where they belong to each other');
UPDATE crm SET parent = NULL WHERE id = 'x';
UPDATE cs.policy SET entity_grain = 'parent';
CALL refresh('cs');
SELECT results_eq('SELECT parent_id, mrr FROM cs.health_by_parent WHERE parent_id = ''g''', $$SELECT 'g', closing_mrr FROM (SELECT e.entity_id, sum(mrr_at(a.revenue, '2024-04-30')) AS closing_mrr FROM cs_internal.account_entity e JOIN cs_internal.account_state a USING (account_id) WHERE e.entity_id = 'g' GROUP BY 1) s$$, 'the same whose revenue is the parent''s');
INSERT INTO belongs VALUES ('c', 'g', '2024-04-01', NULL, NULL), ('h', 'g', NULL, NULL, NULL);
CALL refresh('cs');
SELECT results_eq('SELECT child_count, mrr FROM cs.health_by_parent WHERE parent_id = ''g''', 'VALUES (4::bigint, 300::numeric)', 'and who belongs to it by source parent alone');
UPDATE cs.policy SET as_of = '2024-03-31';
SELECT results_eq('SELECT child_count FROM cs.health_by_parent WHERE parent_id = ''g''', 'VALUES (3::bigint)', 'since then');
SELECT * FROM finish();
ROLLBACK;
