\unset ECHO
\i test/psql.sql
-- Watches: what tells refresh which accounts may have changed, by each method; what each cannot see, and what a sweep finds of that; what is refused.
BEGIN;
SELECT plan(118);
SET LOCAL search_path = public, csmetrics;

CREATE SCHEMA app;
CREATE TABLE app.customer (account_id int, name text, time_zone text, is_test boolean DEFAULT false);
CREATE TABLE app.term (account_id int, price_id int, starts_on date, ends_on date);
CREATE TABLE app.price (price_id int, amount numeric);
CREATE TABLE app.click (account_id int, at timestamptz, events int) PARTITION BY RANGE (at);
CREATE TABLE app.click_old PARTITION OF app.click FOR VALUES FROM (MINVALUE) TO ('2024-06-01 UTC');
CREATE TABLE app.click_new PARTITION OF app.click FOR VALUES FROM ('2024-06-01 UTC') TO (MAXVALUE);
CREATE TABLE app.ticket (account_id int, ticket_id text, opened_at timestamptz, updated_at timestamptz);
CREATE TABLE app.answer (account_id int, kind text, score int, responded_at timestamptz, row_id bigint);
INSERT INTO app.customer SELECT a, 'n' || a, NULL FROM generate_series(1, 10) a;
INSERT INTO app.price VALUES (1, 10), (2, 20);
INSERT INTO app.term SELECT a, 1 + a % 2, '2024-01-01', NULL FROM generate_series(1, 10) a;
INSERT INTO app.click SELECT a, timestamptz '2024-05-01 UTC', 1 FROM generate_series(1, 10) a UNION ALL SELECT a, '2024-07-01 UTC', 1 FROM generate_series(1, 10) a;
INSERT INTO app.ticket SELECT a, 't' || a, '2024-05-01 UTC', '2024-05-01 UTC' FROM generate_series(1, 10) a;
INSERT INTO app.answer SELECT a, 'nps', 9, '2024-05-01 UTC', a FROM generate_series(1, 10) a;
CALL create_model('cs', 'integer');
CALL map('cs', 'account', 'TABLE app.customer');
CALL map('cs', 'subscription', 'SELECT t.account_id, t.starts_on, t.ends_on, p.amount AS mrr FROM app.term t JOIN app.price p USING (price_id)');
CALL map('cs', 'usage', 'TABLE app.click');
CALL map('cs', 'ticket', 'SELECT account_id, ticket_id, opened_at FROM app.ticket');
CALL map('cs', 'survey', 'SELECT account_id, kind, score, responded_at FROM app.answer');
UPDATE cs.policy SET as_of = '2024-12-31';

-- What was read of a source in the last refresh: by which watch, rows, accounts that changed, and those unseen.
CREATE FUNCTION pg_temp.reading(source text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', l.sources -> source ->> 'found_by', l.sources -> source ->> 'rows_read', l.sources -> source ->> 'accounts_changed', 'unseen ' || (l.sources -> source ->> 'accounts_unseen'))
    FROM cs.refresh_log l ORDER BY l.started_at DESC LIMIT 1 $$;
CREATE FUNCTION pg_temp.after(statement text, source text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    CALL csmetrics.refresh('cs', may_shrink => true);
    RETURN pg_temp.reading(source);
END $$;
CREATE FUNCTION pg_temp.swept(source text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    CALL csmetrics.refresh('cs', may_shrink => true, sweep => true);
    RETURN pg_temp.reading(source);
END $$;
CREATE FUNCTION pg_temp.kind() RETURNS text LANGUAGE sql AS $$ SELECT l.kind FROM cs.refresh_log l ORDER BY l.started_at DESC LIMIT 1 $$;

CALL refresh('cs');
SELECT is(pg_temp.kind(), 'whole', 'without a watch all is read');
SELECT is(pg_temp.reading('usage'), 'whole 20', 'every row of it');
CALL watch('cs', 'account', 'trigger', 'app.customer');
CALL watch('cs', 'subscription', 'trigger', 'app.term');
CALL watch('cs', 'subscription', 'trigger', 'app.price', 'price_id', 'SELECT t.account_id FROM app.term t JOIN changed USING (price_id)');
CALL watch('cs', 'usage', 'trigger', 'app.click');
CALL watch('cs', 'ticket', 'column', 'app.ticket', changed_at => 'updated_at', lag => '1 hour');
CALL watch('cs', 'survey', 'column', 'app.answer', changed_at => 'row_id', lag => '3');
SELECT results_eq('SELECT source, method, relation::text, key_column, changed_at, lag FROM cs.watch ORDER BY watch_id',
    $$VALUES ('account', 'trigger', 'app.customer', 'account_id', NULL, NULL), ('subscription', 'trigger', 'app.term', 'account_id', NULL, NULL), ('subscription', 'trigger', 'app.price', 'price_id', NULL, NULL),
             ('usage', 'trigger', 'app.click', 'account_id', NULL, NULL), ('ticket', 'column', 'app.ticket', 'account_id', 'updated_at', '1 hour'), ('survey', 'column', 'app.answer', 'account_id', 'row_id', '3')$$, 'what is watched stands in a table');
CALL refresh('cs');
SELECT is(pg_temp.kind(), 'sweep', 'what happened before a watch is found by reading all once more');
SELECT is(pg_temp.reading('usage'), 'sweep 20 0', 'of which nothing is said to be unseen');
CALL refresh('cs');
SELECT is(pg_temp.kind(), 'keys', 'with all watched, and nothing changed,');
SELECT is(pg_temp.reading('usage'), '', 'not even a row is read');

-- Triggers.
SELECT is(pg_temp.after($$INSERT INTO app.click VALUES (3, '2024-05-02 UTC', 1), (3, '2024-07-02 UTC', 1), (4, '2024-07-02 UTC', 1)$$, 'usage'), 'trigger 7 2', 'rows that come: of these accounts all are read, in all partitions');
SELECT is((SELECT row_count FROM cs.refreshed_source WHERE source = 'usage'), 23::bigint, 'and counted');
SELECT is(pg_temp.after($$UPDATE app.click SET account_id = 6 WHERE account_id = 5 AND at < '2024-06-01 UTC'$$, 'usage'), 'trigger 4 2', 'a row that moves: both accounts');
SELECT is(pg_temp.after($$UPDATE app.click SET at = '2024-08-01 UTC' WHERE account_id = 6 AND at < '2024-06-01 UTC'$$, 'usage'), 'trigger 3 1', 'a row that moves to another partition');
SELECT is(pg_temp.after($$DELETE FROM app.click WHERE account_id = 6$$, 'usage'), 'trigger 0 1', 'rows that go');
SELECT is((SELECT row_count FROM cs.refreshed_source WHERE source = 'usage'), 20::bigint, 'and are counted no more');
SELECT is((SELECT count(*) FROM cs_internal.account_state WHERE account_id = 6 AND usage IS NULL), 1::bigint, 'nor in the history');
SELECT is(pg_temp.after($$UPDATE app.click SET events = events WHERE account_id = 7$$, 'usage'), 'trigger 2 0', 'rows that are written as they were');
COPY app.click FROM PROGRAM 'printf "8\t2024-09-01 UTC\t2\n"' \g /dev/null
CALL refresh('cs');
SELECT is(pg_temp.reading('usage'), 'trigger 3 1', 'COPY');
SELECT is(pg_temp.after('UPDATE app.price SET amount = 11 WHERE price_id = 1', 'subscription'), 'trigger 5 5', 'a price: the accounts that pay it');
SELECT is((SELECT mrr_at(revenue, '2024-12-31') FROM cs_internal.account_state WHERE account_id = 2), 11::numeric, 'who pay it now');
SELECT is((SELECT mrr_at(revenue, '2024-12-31') FROM cs_internal.account_state WHERE account_id = 3), 20::numeric, 'others what they did');
SELECT is(pg_temp.after('DELETE FROM app.price WHERE price_id = 2', 'subscription'), 'trigger 0 5', 'a price that goes');
SELECT is(pg_temp.after('INSERT INTO app.price VALUES (2, 20), (3, 30)', 'subscription'), 'trigger 5 5', 'and comes');
SELECT is(pg_temp.after('INSERT INTO app.price VALUES (4, 30), (NULL, 1)', 'subscription'), '', 'one that nobody pays, or none leads to no account');
SELECT is(pg_temp.after('TRUNCATE app.click', 'usage'), 'sweep 0 9', 'TRUNCATE: all is read, and nothing is said to be unseen');
SELECT is((SELECT count(*) FROM cs_internal.account_state WHERE usage IS NOT NULL), 0::bigint, 'nobody has usage');
SELECT is((SELECT count(*) FROM cs_internal.user_state), 0::bigint, 'and no user');
INSERT INTO app.click SELECT a, timestamptz '2024-05-01 23:30 UTC', 1 FROM generate_series(1, 10) a UNION ALL SELECT a, '2024-07-01 UTC', 1 FROM generate_series(1, 10) a;
CALL refresh('cs');
SELECT is((SELECT count(*) FROM cs_internal.changed_row), 0::bigint, 'what refresh has taken is gone from the queue');
INSERT INTO app.click VALUES (1, '2024-07-03 UTC', 1);
CALL refresh('cs', '{ticket}');
SELECT is((SELECT count(*) FROM cs_internal.changed_row), 1::bigint, 'a refresh of some sources leaves what is told of others');
SELECT is(pg_temp.after('INSERT INTO app.click VALUES (NULL, ''2024-07-03 UTC'', 1); DELETE FROM app.click WHERE account_id IS NULL', 'usage'), 'sweep 21 1', 'a row of no account may be of any');

-- Accounts, and what hangs on them.
SELECT is(pg_temp.after($$UPDATE app.customer SET name = 'm' WHERE account_id = 1$$, 'account'), 'trigger 1 1', 'an attribute');
SELECT is((SELECT name FROM cs.account WHERE account_id = 1), 'm', 'is in table account');
SELECT is(pg_temp.reading('usage'), '', 'and usage is not read for it');
SELECT is(pg_temp.after($$UPDATE app.customer SET time_zone = 'Asia/Tokyo' WHERE account_id = 2$$, 'usage'), 'account 2 1', 'a time zone: its usage is read');
SELECT is((SELECT first_active_on(usage) FROM cs_internal.account_state WHERE account_id = 2), '2024-05-02', 'in other days');
SELECT is(pg_temp.after($$DELETE FROM app.customer WHERE account_id = 2$$, 'usage'), 'account 2 1', 'an account that goes takes its time zone along');
SELECT is((SELECT first_active_on(usage) FROM cs_internal.account_state WHERE account_id = 2), '2024-05-01', 'so that its days are those of the model');
SELECT is((SELECT row_count FROM cs.refreshed_source WHERE source = 'account'), 9::bigint, 'accounts are counted');
SELECT is(pg_temp.after($$UPDATE app.customer SET is_test = true WHERE account_id = 3$$, 'subscription'), 'account 1 1', 'a test account: what is its own is read');
SELECT is((SELECT count(*) FROM cs_internal.account_state WHERE account_id = 3), 0::bigint, 'and left out');
SELECT is(pg_temp.after($$UPDATE app.customer SET is_test = false WHERE account_id = 3$$, 'subscription'), 'account 1 1', 'and back');
SELECT is((SELECT mrr_at(revenue, '2024-12-31') FROM cs_internal.account_state WHERE account_id = 3), 20::numeric, 'as it was');
SELECT is(pg_temp.after($$INSERT INTO app.customer VALUES (11, 'new')$$, 'account'), 'trigger 1 1', 'a new account');
SELECT is((SELECT count(*) FROM cs_internal.account_state WHERE account_id = 11), 1::bigint, 'has a row of its own');
SELECT is(pg_temp.failure($$INSERT INTO app.customer VALUES (11, 'again'); CALL csmetrics.refresh('cs')$$), '22023 source "account": account_id 11 is there twice', 'one that is there twice is found');

-- A column that grows: what is within the lag of the greatest is read again, what changed is written.
SELECT is(pg_temp.after($$INSERT INTO app.ticket VALUES (1, 'n', '2024-06-01 UTC', '2024-06-01 12:00 UTC')$$, 'ticket'), 'column 11 1', 'rows that come');
SELECT is((SELECT seen FROM cs.watch WHERE source = 'ticket'), '2024-06-01 12:00:00+00', 'the greatest value is kept');
SELECT is(pg_temp.after($$INSERT INTO app.ticket VALUES (2, 'late', '2024-06-01 UTC', '2024-06-01 11:10 UTC')$$, 'ticket'), 'column 4 1', 'one committed later, within the lag');
SELECT is(pg_temp.after($$INSERT INTO app.ticket VALUES (3, 'too late', '2024-06-01 UTC', '2024-06-01 10:50 UTC')$$, 'ticket'), 'column 4 0', 'one beyond it is not seen');
SELECT is(pg_temp.swept('ticket'), 'sweep 13 1 unseen 1', 'but by a sweep, which says so');
SELECT is(pg_temp.after($$INSERT INTO app.ticket VALUES (4, 'to come', '2024-06-01 UTC', '2100-01-01 UTC')$$, 'ticket'), 'column 6 1', 'one of a time to come');
SELECT cmp_ok((SELECT seen::timestamptz FROM cs.watch WHERE source = 'ticket'), '<=', clock_timestamp(), 'does not hide those before it');
SELECT is(pg_temp.after($$DELETE FROM app.ticket WHERE account_id = 5$$, 'ticket'), 'column 2 0', 'rows that go leave no trace');
SELECT is(pg_temp.swept('ticket'), 'sweep 13 1 unseen 1', 'but for a sweep');
SELECT is(pg_temp.after($$UPDATE app.ticket SET account_id = 7, updated_at = clock_timestamp() WHERE account_id = 6$$, 'ticket'), 'column 4 1', 'of a row that moves the account that has it now is seen');
SELECT is(pg_temp.swept('ticket'), 'sweep 13 1 unseen 1', 'and the other by a sweep');
SELECT is(pg_temp.after($$UPDATE app.ticket SET updated_at = NULL, ticket_id = 'x' WHERE account_id = 8$$, 'ticket'), 'column 4 0', 'a row without a value is not seen');
SELECT is(pg_temp.swept('ticket'), 'sweep 13 1 unseen 1', 'but by a sweep');
SELECT is(pg_temp.after($$INSERT INTO app.answer VALUES (1, 'nps', 1, '2024-06-01 UTC', 8), (2, 'nps', 1, '2024-06-01 UTC', 20)$$, 'survey'), 'column 8 2', 'numbers have a lag, too');
SELECT is((SELECT seen FROM cs.watch WHERE source = 'survey'), '20', 'and a greatest');

-- Lists and fingerprints.
CALL watch('cs', 'milestone', 'fingerprint');
CALL watch('cs', 'signal', 'list');
CREATE TABLE app.step AS SELECT 1 AS account_id, 'live' AS milestone, timestamptz '2024-03-01 UTC' AS reached_at;
CREATE TABLE app.load AS SELECT a AS account_id, 'load' AS signal, timestamptz '2024-03-01 UTC' AS at, 1::float8 AS value FROM generate_series(1, 3) a;
CALL map('cs', 'milestone', 'TABLE app.step');
CALL map('cs', 'signal', 'TABLE app.load');
CALL refresh('cs');
SELECT is(pg_temp.reading('signal'), 'sweep 3 3', 'a source that is mapped is read');
SELECT is(pg_temp.after('UPDATE app.load SET value = 2', 'signal'), '', 'what no list names is not seen');
SELECT is(pg_temp.after($$CALL csmetrics.mark_changed('cs', 'signal', '{2,2,99}')$$, 'signal'), 'list 1 1', 'but what one does');
SELECT is(pg_temp.swept('signal'), 'sweep 3 2 unseen 2', 'and the rest by a sweep');
SELECT is(pg_temp.after($$DELETE FROM app.load; CALL csmetrics.mark_changed('cs', 'signal', NULL)$$, 'signal'), 'sweep 0 3', 'NULL: any may have');
SELECT is(pg_temp.after('SELECT', 'milestone'), '', 'a source that is what it was is not read');
SELECT is(pg_temp.after('INSERT INTO app.step VALUES (2, ''live'', ''2024-03-02 UTC'')', 'milestone'), 'sweep 2 1', 'and is if it is not');
SELECT is(pg_temp.after('INSERT INTO app.load VALUES (1, ''load'', ''2024-03-02 UTC'', 1)', 'milestone'), '', 'or another is');
CALL map('cs', 'usage', 'SELECT account_id, at, events + 1 AS events FROM app.click');
CALL refresh('cs');
SELECT is(pg_temp.reading('usage'), 'sweep 21 10', 'another mapping: all is read');

-- What triggers cannot see.
SELECT is(pg_temp.after($$INSERT INTO app.click_new VALUES (1, '2024-07-09 UTC', 1)$$, 'usage'), '', 'rows written straight to a partition are not seen');
SELECT is(pg_temp.swept('usage'), 'sweep 22 1 unseen 1', 'but by a sweep');
SELECT is(pg_temp.after('ALTER TABLE app.click DETACH PARTITION app.click_old', 'usage'), '', 'nor is a partition that is detached');
SELECT is(pg_temp.swept('usage'), 'sweep 12 10 unseen 10', 'but by a sweep');
SELECT is(pg_temp.after('SET LOCAL session_replication_role = replica; DELETE FROM app.term WHERE account_id = 1; SET LOCAL session_replication_role = origin', 'subscription'), '', 'nor what is replicated');
SELECT is(pg_temp.swept('subscription'), 'sweep 9 1 unseen 1', 'but by a sweep');
SET LOCAL client_min_messages = error;
SELECT is(pg_temp.after('ALTER TABLE app.term DISABLE TRIGGER USER; DELETE FROM app.term WHERE account_id = 4', 'subscription'), 'sweep 8 1', 'triggers that are off are seen to be so');
SET LOCAL client_min_messages = warning;
ALTER TABLE app.term ENABLE TRIGGER USER;
ALTER TABLE app.customer RENAME TO customer_before;
CREATE TABLE app.customer AS TABLE app.customer_before;
CALL map('cs', 'account', 'TABLE app.customer');
CALL refresh('cs');
SELECT is(pg_temp.after($$UPDATE app.customer SET name = 'swapped' WHERE account_id = 1$$, 'account'), '', 'a table that another was put in place of is not watched');
SELECT is(pg_temp.swept('account'), 'sweep 10 unseen 1', 'but seen by a sweep');
DROP TABLE app.customer_before;
SET LOCAL client_min_messages = error;
SELECT is(pg_temp.after('SELECT', 'account'), 'whole 10', 'a watch whose table is gone has all read');
SET LOCAL client_min_messages = warning;

-- Sweeps come by themselves.
CALL watch('cs', 'account', 'trigger', 'app.customer');
CALL unwatch('cs', 'account');
CALL watch('cs', 'account', 'trigger', 'app.customer');
CALL refresh('cs');
CALL refresh('cs');
SELECT is(pg_temp.kind(), 'keys', 'within sweep_hours of a sweep there is none');
UPDATE cs.refreshed_source SET swept_at = swept_at - interval '25 hours' WHERE source = 'usage';
CALL refresh('cs');
SELECT is(pg_temp.kind() || ' ' || pg_temp.reading('usage'), 'sweep sweep 12 0 unseen 0', 'after that there is one');
UPDATE cs.policy SET sweep_hours = NULL;
UPDATE cs.refreshed_source SET swept_at = swept_at - interval '2500 hours' WHERE source = 'usage';
CALL refresh('cs');
SELECT is(pg_temp.kind(), 'keys', 'or never, if the policy says so');

-- A refresh of a few keys makes no relation, and no file.
CREATE FUNCTION pg_temp.files() RETURNS SETOF text LANGUAGE sql AS $$ SELECT concat_ws(' ', c.oid::regclass, c.relfilenode, r.xmin) FROM pg_class c LEFT JOIN pg_rewrite r ON r.ev_class = c.oid WHERE c.relpersistence <> 't' AND c.relnamespace <> 'pg_toast'::regnamespace UNION ALL SELECT 'columns ' || count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relpersistence <> 't' $$;
CREATE TEMP TABLE file_before AS SELECT * FROM pg_temp.files() f(file);
UPDATE app.click SET events = events + 1 WHERE account_id < 4;
INSERT INTO app.customer VALUES (30, 'thirty');
UPDATE app.price SET amount = 12 WHERE price_id = 1;
CALL refresh('cs');
CALL refresh('cs', may_shrink => true);
CALL refresh('cs', sweep => true);
SELECT set_eq('SELECT * FROM pg_temp.files()', 'TABLE file_before', 'neither keys nor a sweep make a relation, a file or another view');
SELECT is((SELECT count(*) FROM pg_class c WHERE c.relnamespace = ANY (schemas_of('cs')) AND c.relname ~ '^(fresh_|taken_row)' AND c.relkind = 'r' AND (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', c.oid::regclass), false, true, '')))[1]::text <> '0'), 0::bigint, 'and leave nothing lying about');

-- Rules in quarantine.
UPDATE cs.quality_rule SET quarantine = true WHERE (rule, source) = ('bot or test user', 'usage');
CALL refresh('cs');
CALL refresh('cs');
SELECT is(pg_temp.after($$UPDATE app.click SET events = 7 WHERE account_id = 9$$, 'usage'), 'trigger 1 1', 'beside a rule that looks at the row alone, keys are enough');
UPDATE cs.quality_rule SET quarantine = true WHERE (rule, source) = ('inhuman usage', 'usage');
SELECT is(pg_temp.after($$UPDATE app.click SET events = 8 WHERE account_id = 9$$, 'usage'), 'sweep 12 1', 'beside one that looks at others they are not');
UPDATE cs.quality_rule SET quarantine = false WHERE source = 'usage';
INSERT INTO cs.quality_rule (rule, source, severity, condition, quarantine) VALUES ('own', 'usage', 'info', 'events = 3 AND (at IS NULL OR account_id IN (1, 2))', true);
CALL refresh('cs');
SELECT is(pg_temp.after($$UPDATE app.click SET events = 2 WHERE account_id = 9$$, 'usage'), 'trigger 1 1', 'so is one of one''s own without functions');
UPDATE cs.quality_rule SET condition = 'abs(events) = 3' WHERE rule = 'own';
CALL refresh('cs');
SELECT is(pg_temp.after($$UPDATE app.click SET events = 4 WHERE account_id = 9$$, 'usage'), 'sweep 7 1 unseen 0', 'but not with any: who knows what it reads');
UPDATE cs.quality_rule SET quarantine = false WHERE source = 'usage';

-- All anew.
CALL refresh('cs');
CREATE TEMP TABLE state_before AS SELECT s::text AS row FROM cs_internal.account_state s UNION ALL SELECT d::text FROM cs_internal.account_digest d;
CALL rebuild('cs');
SELECT set_eq('SELECT s::text FROM cs_internal.account_state s UNION ALL SELECT d::text FROM cs_internal.account_digest d', 'TABLE state_before', 'a rebuild has the same bytes');
SELECT is(pg_temp.kind(), 'rebuild', 'and says what it was');
SELECT is((SELECT count(*) FROM cs_internal.account_state s WHERE s.xmin <> (SELECT xmin FROM cs_internal.account_state LIMIT 1)), 0::bigint, 'all rows are new');
UPDATE cs.refresh_log SET started_at = started_at - interval '91 days' WHERE kind = 'rebuild';
CALL refresh('cs');
SELECT is((SELECT count(*) FROM cs.refresh_log WHERE kind = 'rebuild'), 0::bigint, 'what is older than refresh_log_days is taken out of the log');

-- Who writes need not know of models, and gets no rights by them.
CREATE ROLE watch_writer;
GRANT USAGE ON SCHEMA app TO watch_writer;
GRANT INSERT, SELECT ON app.click TO watch_writer;
SET LOCAL ROLE watch_writer;
INSERT INTO app.click VALUES (3, '2024-07-20 UTC', 1);
SELECT is(pg_temp.failure('SELECT * FROM cs_internal.changed_row'), '42501 permission denied for schema cs_internal', 'a writer does not see the queue');
SELECT is(pg_temp.failure('CREATE TEMP TABLE mine (x int); CREATE TRIGGER t AFTER INSERT ON mine EXECUTE FUNCTION cs_internal.queue_changed_4()'), '42501 permission denied for schema cs_internal', 'nor can it use the function');
RESET ROLE;
GRANT USAGE ON SCHEMA cs_internal TO watch_writer;
SET LOCAL ROLE watch_writer;
SELECT is(pg_temp.failure('CREATE TEMP TABLE mine (x int); CREATE TRIGGER t AFTER INSERT ON mine EXECUTE FUNCTION cs_internal.queue_changed_4()'), '42501 permission denied for function cs_internal.queue_changed_4', 'even where it may look into the schema');
RESET ROLE;
SELECT is(pg_temp.after('SELECT', 'usage'), 'trigger 2 1', 'but what it wrote is seen');

-- What is refused.
SELECT is(pg_temp.failure(format('CALL csmetrics.%s', call)), failure, call) FROM (VALUES
    (1, 'watch(''cs'', ''usage'', ''magic'')', '22023 unknown method "magic": column, trigger, list and fingerprint are known'),
    (2, 'watch(''cs'', ''usages'', ''list'')', '22023 unknown source "usages"'),
    (3, 'watch(''cs'', ''usage'', ''trigger'')', '22023 method trigger wants a relation'),
    (4, 'watch(''cs'', ''usage'', ''list'', ''app.click'')', '22023 method list is of no relation, and needs no query'),
    (5, 'watch(''cs'', ''usage'', ''column'', ''app.click'')', '22023 method column wants changed_at, a column that grows with every change'),
    (6, 'watch(''cs'', ''usage'', ''column'', ''app.click'', changed_at => ''when'')', '42703 app.click has no column "when"'),
    (7, 'watch(''cs'', ''survey'', ''column'', ''app.answer'', changed_at => ''kind'')', '42804 column "kind" of app.answer is of type text'),
    (8, 'watch(''cs'', ''survey'', ''column'', ''app.answer'', changed_at => ''row_id'')', '22004 column "row_id" is a number, and has no usual lag'),
    (9, 'watch(''cs'', ''ticket'', ''column'', ''app.ticket'', changed_at => ''updated_at'', lag => ''a while'')', '22007 invalid input syntax for type interval: "a while"'),
    (10, 'watch(''cs'', ''usage'', ''trigger'', ''app.price'')', '42703 app.price has no column "account_id"'),
    (11, 'watch(''cs'', ''usage'', ''trigger'', ''app.click'', ''at'')', '42804 column "at" of app.click is of type timestamp with time zone'),
    (12, 'watch(''cs'', ''usage'', ''trigger'', ''app.price'', ''price_id'', ''SELECT price_id FROM changed'')', '42703 column query.account_id does not exist'),
    (13, 'watch(''cs'', ''usage'', ''trigger'', ''app.price'', ''price_id'', ''SELECT now() AS account_id FROM changed'')', '42846 cannot cast type timestamp with time zone to integer'),
    (14, 'watch(''cs'', ''fx_rate'', ''list'')', '22023 a source that has no accounts cannot be watched by a list of them'),
    (15, 'watch(''cs'', ''usage'', ''trigger'', ''cs.account_now'')', '42809 "account_now" is a view'),
    (16, 'unwatch(''cs'', ''entitlement'')', '42704 source "entitlement" of model "cs" has no such watch'),
    (17, 'mark_changed(''cs'', ''usage'', ''{1}'')', '55000 source "usage" of model "cs" is not watched by a list'),
    (18, 'mark_changed(''cs'', ''signal'', ''{one}'')', '22P02 invalid input syntax for type integer: "one"'),
    (19, 'refresh(''none'')', '3F000 there is no model "none"')) v(n, call, failure) ORDER BY n;

-- Undone.
CALL unwatch('cs', 'subscription', 'app.price');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'app.price'::regclass), 0::bigint, 'a watch that is undone takes its triggers along');
CALL update_model('cs');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = 'app.term'::regclass), 4::bigint, 'an update of the model leaves those of others');
CALL refresh('cs');
SELECT is(pg_temp.after('UPDATE app.term SET ends_on = ''2024-09-01'' WHERE account_id = 3', 'subscription'), 'trigger 1 1', 'which go on to tell');
CALL drop_model('cs');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('app.term'::regclass, 'app.click'::regclass)), 0::bigint, 'a model that is dropped takes all of them');
SELECT lives_ok('INSERT INTO app.click VALUES (1, ''2024-07-03 UTC'', 1)', 'and nobody who writes is in trouble');
SELECT * FROM finish();
ROLLBACK;
