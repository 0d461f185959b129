\unset ECHO
\i test/psql.sql
-- The same facts give the same bytes in any order of rows, and by any plan: every view and function of a model, before
-- and after the rows of every table that it stores were shuffled.
BEGIN;
SELECT plan(6);
\set company small
\i test/company.sql
UPDATE company.policy SET answer_rule = 'mean', store_from_count = 0;
CALL refresh('company');
CALL evaluate_alerts('company');
CALL run_playbooks('company');
CALL take_snapshot('company');
CALL validate('company');

CREATE TABLE reading (round text, what text, rows text);
CREATE PROCEDURE pg_temp.read(round text) LANGUAGE plpgsql AS $$
DECLARE
    what text;
    rows text;
BEGIN
    FOR what IN
        SELECT c.oid::regclass::text FROM pg_class c
        WHERE c.relnamespace = ANY (csmetrics.schemas_of('company')) AND c.relkind = 'v'
          AND c.relname !~ '^(source|kept)_'
          AND c.relname NOT IN (SELECT v.view_name FROM company_internal.connection_view v)
        UNION ALL SELECT 'csmetrics.suggest_weights(''company'')'
        UNION ALL SELECT 'csmetrics.restatement(''company'')'
    LOOP
        EXECUTE format('SELECT coalesce(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C"), '''') FROM %s t', what)
            INTO rows;
        INSERT INTO reading VALUES (round, what, rows);
    END LOOP;
END
$$;

-- Rows of a table in another order; what is worked out of a row is left to the table.
CREATE PROCEDURE pg_temp.shuffle(relation regclass) LANGUAGE plpgsql AS $$
DECLARE
    columns text := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
                     WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = '');
BEGIN
    EXECUTE format('CREATE TEMP TABLE shuffled AS SELECT %s FROM %s ORDER BY random()', columns, relation);
    EXECUTE format('DELETE FROM %s', relation);
    EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM shuffled', relation, columns);
    DROP TABLE shuffled;
END
$$;
CREATE PROCEDURE pg_temp.shuffle_all() LANGUAGE plpgsql AS $$
DECLARE
    relation regclass;
BEGIN
    -- runs of playbooks are of a playbook
    SET LOCAL session_replication_role = replica;
    FOR relation IN SELECT c.oid FROM pg_class c
                    WHERE c.relnamespace = ANY (csmetrics.schemas_of('company')) AND c.relkind = 'r' ORDER BY c.relname
    LOOP
        CALL pg_temp.shuffle(relation);
    END LOOP;
    SET LOCAL session_replication_role = origin;
END
$$;
SELECT setseed(0.17) \g /dev/null
CREATE TABLE place AS SELECT account_id, ctid AS at FROM company_internal.account_state;
CALL pg_temp.read('as stored');
SELECT cmp_ok(count(*), '>', 60::bigint, 'views are read') FROM reading;
SELECT cmp_ok(count(*), '>', 50::bigint, 'most of them have rows') FROM reading WHERE rows <> '';
CALL pg_temp.shuffle_all();
SELECT cmp_ok(count(*), '>', 250::bigint, 'rows are elsewhere now')
FROM place p JOIN company_internal.account_state s USING (account_id) WHERE p.at <> s.ctid;
CALL pg_temp.read('shuffled');
SELECT is_empty($$SELECT a.what FROM reading a JOIN reading b USING (what)
                  WHERE a.round = 'as stored' AND b.round = 'shuffled' AND a.rows <> b.rows$$, 'in any order, the same bytes');
CALL pg_temp.shuffle_all();
SET LOCAL enable_hashagg = off;
SET LOCAL enable_hashjoin = off;
CALL pg_temp.read('sorted and merged');
SELECT is_empty($$SELECT a.what FROM reading a JOIN reading b USING (what)
                  WHERE a.round = 'as stored' AND b.round = 'sorted and merged' AND a.rows <> b.rows$$, 'and by another plan');
SELECT is((SELECT count(*) FROM reading), 3 * (SELECT count(DISTINCT what) FROM reading), 'all were read thrice');
SELECT * FROM finish();
ROLLBACK;
