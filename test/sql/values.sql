\unset ECHO
\i test/psql.sql
-- Wrong values in the sources: refresh names source, account, column, value and cure, and changes nothing; validate finds all such rows.
BEGIN;
SELECT plan(39);
CALL create_model('cs');
UPDATE cs.policy SET as_of = '2026-06-30', time_zone = 'Europe/Berlin';
CREATE SCHEMA crm;
CREATE TABLE crm.customer (id text);
INSERT INTO crm.customer VALUES ('a'), ('b'), ('c');
CREATE TABLE crm.contract (customer text, von text, bis varchar(30), betrag text);
INSERT INTO crm.contract VALUES ('a', '2026-01-05', NULL, '100.50'), ('b', '2026-02-01T23:30:00Z', '2026-05-01', '20'), ('c', ' 2026-03-01 ', NULL, '-0.5');
CREATE TABLE crm.call (customer text, nr text, opened text, solved text, data jsonb);
INSERT INTO crm.call VALUES ('a', '1', '2026-03-04 10:00', '2026-03-06T09:00:00+00:00', '{"again": 1, "up": true}'), ('b', '2', '2026-03-04', NULL, '{"again": "2", "up": "no"}');
CALL map('cs', 'account', 'SELECT id AS account_id FROM crm.customer');
CALL map('cs', 'subscription', 'SELECT customer AS account_id, von AS starts_on, bis AS ends_on, betrag AS mrr FROM crm.contract');
CALL map('cs', 'ticket', $$SELECT customer AS account_id, nr AS ticket_id, opened AS opened_at, solved AS solved_at, data -> 'again' AS reopened, data -> 'up' AS escalated FROM crm.call$$);
SELECT results_eq('SELECT account_id, starts_on, ends_on, mrr, misread FROM cs_internal.source_subscription ORDER BY 1',
                  $$VALUES ('a', date '2026-01-05', NULL::date, 100.50, NULL::text), ('b', '2026-02-02', '2026-05-01', 20, NULL), ('c', '2026-03-01', NULL, -0.5, NULL)$$, 'texts are read');
SELECT results_eq('SELECT account_id, opened_at, solved_at, reopened, escalated, misread FROM cs_internal.source_ticket ORDER BY 1',
                  $$VALUES ('a', timestamptz '2026-03-04 09:00+00', timestamptz '2026-03-06 09:00+00', 1, true, NULL::text), ('b', '2026-03-03 23:00+00', NULL, 2, false, NULL)$$,
                  'instants without offset in the time zone of the model; values in jsonb are read as texts');
CALL refresh('cs');
CREATE TABLE before AS SELECT account_id, revenue::text, tickets::text FROM cs_internal.account_state;
SELECT is(count(*), 3::bigint, 'there are histories') FROM before;

-- The error of refresh and the finding of validate; then it is gone again.
CREATE FUNCTION pg_temp.told(planted text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    error text;
    found text;
BEGIN
    BEGIN
        EXECUTE planted;
        error := pg_temp.failure('CALL csmetrics.refresh(''cs'')');
        CALL csmetrics.validate('cs');
        SELECT string_agg(format('%s: %s of %s: %s', source, row_count, account_count, sample_keys), ' | ' ORDER BY source) INTO found FROM cs.data_quality WHERE rule = 'misread';
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN ARRAY[error, found];
    END;
END
$$;
CREATE TEMP TABLE planted (nr serial, planted text, error text, found text);
INSERT INTO planted (planted, error, found) VALUES
($$UPDATE crm.contract SET von = '05.01.2023' WHERE customer = 'a'$$,
 '22023 source "subscription", account a: column starts_on: "05.01.2023" is no day in ISO form, like 2026-03-04; say how it is written, as to_date(starts_on, ''DD.MM.YYYY'') does, or NULL where it is none',
 'subscription: 1 of 1: a / NULL / NULL / 100.50 / column starts_on: "05.01.2023" is no day in ISO form, like 2026-03-04; say how it is written, as to_date(starts_on, ''DD.MM.YYYY'') does, or NULL where it is none'),
($$UPDATE crm.contract SET betrag = '1.234,50' WHERE customer = 'b'$$,
 '22023 source "subscription", account b: column mrr: "1.234,50" is no plain decimal, like -1234.50; bring it into that form, as replace(replace(mrr, ''.'', ''''), '','', ''.'')::numeric does with 1.234,50',
 'subscription: 1 of 1: b / NULL / 2026-02-02 / NULL / column mrr: "1.234,50" is no plain decimal, like -1234.50; bring it into that form, as replace(replace(mrr, ''.'', ''''), '','', ''.'')::numeric does with 1.234,50'),
($$UPDATE crm.call SET solved = '03/04/2026 10:00' WHERE nr = '2'$$,
 '22023 source "ticket", account b: column solved_at: "03/04/2026 10:00" is no instant in ISO form, like 2026-03-04 10:00:00+01; '
 'bring it into that form, as regexp_replace(solved_at, ''^(\d\d)\.(\d\d)\.(\d{4})'', ''\3-\2-\1'') does with 04.03.2026, or NULL where it is none (ticket 2)',
 'ticket: 1 of 1: b / 2 / 2026-03-03 23:00:00+00 / column solved_at: "03/04/2026 10:00" is no instant in ISO form, like 2026-03-04 10:00:00+01; '
 'bring it into that form, as regexp_replace(solved_at, ''^(\d\d)\.(\d\d)\.(\d{4})'', ''\3-\2-\1'') does with 04.03.2026, or NULL where it is none');
SELECT is((pg_temp.told(planted))[1], error, 'refresh: ' || planted) FROM planted ORDER BY nr;
-- keys read in the time zone of the model
SELECT is(replace((pg_temp.told(planted))[2], '2026-03-04 00:00:00+01', '2026-03-03 23:00:00+00'), found, 'validate: ' || planted) FROM planted ORDER BY nr;
SELECT matches((pg_temp.told($$UPDATE crm.call SET data = '{"again": "x", "up": "vielleicht"}' WHERE nr = '1'$$))[1],
               'account a: column reopened: "x" is no whole number .*; column escalated: "vielleicht" is no true or false', 'all columns of a row are named');
SELECT matches((pg_temp.told($$UPDATE crm.contract SET von = '05.01.2023', bis = 'infinity'$$))[2], '^subscription: 3 of 3: a / .*; b / .*; c / ', 'all rows are found');
SELECT is(told[2] ~ '^subscription: 3 of 3: .* \| ticket: 2 of 2: ' AND told[1] ~ 'source "subscription", account a: ', true, 'in all sources')
FROM pg_temp.told($$UPDATE crm.contract SET von = 'today'; UPDATE crm.call SET opened = 'now'$$) told;
SELECT is(told[1] ~ 'account c: column ends_on: "January 8" is no day' AND length(told[1]) < 400, true, 'an error is a line, not our SQL') FROM pg_temp.told($$UPDATE crm.contract SET bis = 'January 8' WHERE customer = 'c'$$) told;
SELECT set_eq('SELECT account_id, revenue::text, tickets::text FROM cs_internal.account_state', 'TABLE before', 'nothing was changed');

-- In quarantine they are left out, and counted.
UPDATE crm.contract SET betrag = '1,234' WHERE customer = 'b';
UPDATE cs.quality_rule SET quarantine = true WHERE (source, rule) = ('subscription', 'misread');
CALL refresh('cs');
SELECT results_eq($$SELECT row_count, left_out_count FROM cs.refreshed_source WHERE source = 'subscription'$$, 'VALUES (2::bigint, 1::bigint)', 'in quarantine they are left out, and counted');
SELECT is_empty($$SELECT account_id FROM cs_internal.account_state WHERE account_id = 'b' AND mrr_at(revenue, '2026-04-01') > 0$$, 'and in no history');
UPDATE cs.quality_rule SET quarantine = false;
UPDATE crm.contract SET betrag = '20' WHERE customer = 'b';
CALL refresh('cs');
SELECT set_eq('SELECT account_id, revenue::text, tickets::text FROM cs_internal.account_state', 'TABLE before', 'mended, they count again');

-- Numbers that do not fit into whole ones are named, too.
CALL map('cs', 'usage', $$SELECT 'a' AS account_id, timestamptz '2026-01-01 UTC' AS at, 1e30 AS events$$);
SELECT matches(pg_temp.failure($$CALL refresh('cs')$$), 'source "usage", account a: column events: 1000+ is no bigint', 'a number that is too large for its column');
CALL map('cs', 'usage', $$SELECT 'a' AS account_id, timestamptz '2026-01-01 UTC' AS at, 'NaN'::float8 AS events$$);
SELECT matches(pg_temp.failure($$CALL refresh('cs')$$), 'source "usage", account a: column events: NaN is no bigint', 'or none');
CALL map('cs', 'usage', $$SELECT 'a' AS account_id, timestamptz '2026-01-01 UTC' AS at, 2.0 AS events$$);
-- Domains are what they are over.
CREATE DOMAIN crm.moment AS timestamptz;
CALL map('cs', 'survey', $$SELECT 'a' AS account_id, 'nps' AS kind, 9 AS score, '2026-03-04 23:30+00'::crm.moment AS responded_at$$);
CALL map('cs', 'milestone', $$SELECT 'a' AS account_id, 'live' AS milestone, timestamptz '2026-03-04 23:30+00' AS reached_at, '2026-03-04 23:30+00'::crm.moment AS due_on$$);
SELECT is(due_on, '2026-03-05', 'a domain over instants falls on a day of the model, too') FROM cs_internal.source_milestone;

-- Connected tables: the row is named, the others are read.
CREATE SCHEMA zd;
CREATE TABLE zd.organization (id text, name text, created_at text, updated_at text);
CREATE TABLE zd."user" (id text, organization_id text, email text, role text);
CREATE TABLE zd.ticket (id text, organization_id text, requester_id text, status text, created_at text, updated_at text);
INSERT INTO zd.organization VALUES ('1', 'One', '2025-01-01 00:00:00', '2025-01-01'), ('2', 'Two', '1735689600', NULL);
INSERT INTO zd."user" VALUES ('7', '1', 'x@one.example', 'end-user');
INSERT INTO zd.ticket VALUES ('11', '1', '7', 'open', '2026-03-04 10:00:00', '2026-03-04T10:00:00Z'), ('12', '2', '7', 'open', '03/04/2026 10:00', NULL), ('13', '2', '7', 'open', '2026-03-05 10:00 UTC', '');
CALL create_model('zen');
UPDATE zen.policy SET as_of = '2026-06-30';
CALL connect('zen', 'zendesk', 'zd');
SELECT matches(pg_temp.failure($$CALL refresh('zen')$$), '^22023 source "account", account NULL: table zd\.ticket, row 12, column created_at: "03/04/2026 10:00" is no instant in ISO form',
               'a wrong value in a vendor''s table is named, with its row');
CALL validate('zen');
SELECT set_eq($$SELECT source, row_count FROM zen.data_quality WHERE rule = 'misread'$$, $$VALUES ('account', 1::bigint), ('ticket', 1)$$, 'and found, in each source that reads the table');
UPDATE zen.quality_rule SET quarantine = true WHERE rule = 'misread';
CALL refresh('zen');
SELECT results_eq($$SELECT account_id, opened_at FROM zen_internal.source_ticket WHERE misread IS NULL ORDER BY 1$$, $$VALUES ('1', timestamptz '2026-03-04 10:00+00'), ('2', '2026-03-05 10:00+00')$$, 'the others are read');
SELECT is(count(*), 2::bigint, 'accounts too') FROM zen.account;
UPDATE zd.ticket SET created_at = '2026-03-04 10:00' WHERE id = '12';
UPDATE zen.quality_rule SET quarantine = false WHERE rule = 'misread';
CALL refresh('zen');
SELECT is(row_count, 3::bigint, 'mended, it counts') FROM zen.refreshed_source WHERE source = 'ticket';

-- Amounts that look like those of another unit.
SELECT matches(csmetrics.amounts_look_like(a), pattern, 'looks like: ' || pattern) FROM (VALUES
    ((SELECT array_agg(4900 + 1000 * n) FROM generate_series(1, 30) n)::numeric[], 'cents'), ((SELECT array_agg(999 + 100 * n) FROM generate_series(1, 30) n)::numeric[], 'cents'),
    ('{1.234,12.500,9.999,1.000,2.345}'::numeric[], '1\.234 has that stands for 1234')) v(a, pattern);
SELECT is(csmetrics.amounts_look_like(a), NULL, 'looks like nothing else: ' || what) FROM (VALUES
    (1, (SELECT array_agg(49 + 10 * n) FROM generate_series(1, 300) n)::numeric[], 'units'), (2, (SELECT array_agg(1000 + n / 100.0) FROM generate_series(1, 300) n)::numeric[], 'with cents'),
    (3, '{1000,2000,3000}', 'a few'), (4, '{}', 'none'), (5, NULL, 'not known'), (6, '{1.2345,1.000,2.000,2.345,1.5}', 'other decimals')) v(n, a, what) ORDER BY n;
CREATE TABLE crm.plan (customer text, since date, price numeric, billing_interval text, is_annual boolean, trial_period text);
INSERT INTO crm.plan SELECT 'a', '2026-01-01', 100 * n, CASE WHEN n % 3 = 0 THEN 'Yearly' ELSE 'month' END, n % 3 = 0, '14 days' FROM generate_series(90, 120) n;
SET client_min_messages = error;
CALL map('cs', 'subscription', 'SELECT customer AS account_id, since AS starts_on, price AS mrr FROM crm.plan');
SELECT results_eq($$SELECT name FROM csmetrics.unread_terms('cs_internal.source_subscription') t WHERE csmetrics.is_yearly(t.relation, t.name, t.type) ORDER BY 1$$, ARRAY['billing_interval', 'is_annual'], 'yearly prices: the query reads no column that says so');
SELECT matches(csmetrics.amounts_look_like(csmetrics.sampled_amounts('cs_internal.source_subscription')), 'cents', 'the amounts of a source are looked at');
CALL map('cs', 'subscription', 'SELECT customer AS account_id, since AS starts_on, mrr(price, CASE billing_interval WHEN ''Yearly'' THEN ''year'' ELSE ''month'' END) AS mrr FROM crm.plan WHERE NOT is_annual');
SELECT is_empty($$SELECT name FROM csmetrics.unread_terms('cs_internal.source_subscription') t WHERE csmetrics.is_yearly(t.relation, t.name, t.type)$$, 'it does');
CALL map('cs', 'subscription', 'SELECT customer AS account_id, since AS starts_on, price / (since - since) AS mrr FROM crm.plan');
SELECT is(csmetrics.sampled_amounts('cs_internal.source_subscription'), NULL, 'what fails is not looked at, and mapped nevertheless');
CALL map('cs', 'subscription', 'SELECT p.customer AS account_id, p.since AS starts_on, sum(p.price) AS mrr FROM crm.plan p, generate_series(1, 1000000) a, generate_series(1, 1000000) b GROUP BY 1, 2');
SELECT is(csmetrics.sampled_amounts('cs_internal.source_subscription'), NULL, 'nor is what is dear');
RESET client_min_messages;
SELECT * FROM finish();
ROLLBACK;
