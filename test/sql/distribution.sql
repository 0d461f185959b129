\unset ECHO
\i test/psql.sql
-- What lets sources stand on other machines, or in partitions: what reads them names columns, never a row of a view, whose type no other machine
-- knows; the functions of refresh can be written out; a source partitioned by account is aggregated partition by partition. In any of these ways
-- histories are the same bytes.
BEGIN;
SELECT plan(15);
\set company small
\i test/company.sql

-- What is read of sources: views, functions, and the checks of data quality.
CREATE SCHEMA judged;
SELECT format('CREATE VIEW judged.%I AS %s', c.source || ': ' || c.rule,
              csmetrics.judged_rows('company', c.source, ARRAY[csmetrics.quality_condition('company', c.rule, c.source, NULL)]))
FROM csmetrics.quality_check c ORDER BY c.source, c.rule COLLATE "C" \gexec
CREATE TABLE source_view AS
SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'company_internal'::regnamespace AND c.relkind = 'v' AND c.relname ~ '^(source|kept|keyed)_';
CREATE TABLE tree AS
SELECT c.oid::regclass::text AS name, r.ev_action::text AS tree
FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid
WHERE c.relnamespace = ANY (schemas_of('company') || 'judged'::regnamespace::oid)
UNION ALL
SELECT p.oid::regprocedure::text, p.prosqlbody::text FROM pg_proc p
WHERE p.pronamespace = ANY (schemas_of('company')) AND p.prosqlbody IS NOT NULL;
CREATE VIEW reader AS
SELECT t.* FROM tree t
WHERE EXISTS (SELECT 1 FROM regexp_matches(t.tree, ':relid (\d+) ', 'g') m JOIN source_view s ON s.oid = m[1]::oid);
CREATE VIEW whole_row AS
SELECT t.name, y.typname FROM reader t, regexp_matches(t.tree, '\{VAR :varno \d+ :varattno 0 :vartype (\d+)', 'g') m
JOIN pg_type y ON y.oid = m[1]::oid WHERE y.typnamespace = ANY (schemas_of('company'));
SELECT cmp_ok(count(*), '>', 60::bigint, 'what reads sources is found') FROM reader;
SELECT is_empty('TABLE whole_row', 'nothing of it has a row of a type of the model');
CREATE VIEW judged.careless AS SELECT count(*) FILTER (WHERE p IS NULL) OVER (ORDER BY p) FROM company_internal.source_parent p;
INSERT INTO tree SELECT 'careless', r.ev_action FROM pg_rewrite r WHERE r.ev_class = 'judged.careless'::regclass;
SELECT isnt_empty('TABLE whole_row', 'that would be seen');
SELECT is_empty($$SELECT p.oid::regprocedure FROM pg_proc p, unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]) || p.prorettype) u(type)
                  JOIN pg_type t ON t.oid = u.type WHERE p.oid::regprocedure::text IN (SELECT name FROM reader) AND t.typnamespace = ANY (schemas_of('company'))$$,
                'no function that reads sources takes or gives such a row');
SELECT is_empty($$SELECT c.oid::regclass FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
                  WHERE c.relnamespace = ANY (schemas_of('company')) AND t.typnamespace = ANY (schemas_of('company'))$$,
                'nor has a table or view of it a column of one');

-- What refresh reads, by a call and written out.
CREATE FUNCTION pg_temp.bytes(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    bytes text;
BEGIN
    EXECUTE format('SELECT md5(string_agg(q::text, E''\n'' ORDER BY q::text COLLATE "C")) FROM (%s) q', query) INTO bytes;
    RETURN bytes;
END
$$;
CREATE TABLE reads AS
SELECT p.oid::regprocedure AS function, csmetrics.rows_of(p.oid::regprocedure, a.arguments) AS call, csmetrics.query_of(p.oid::regprocedure, a.arguments) AS written
FROM pg_proc p, LATERAL (SELECT array_fill('NULL'::text, ARRAY[p.pronargs::int]) AS arguments) a WHERE p.pronamespace = 'company_internal'::regnamespace AND p.proname IN (SELECT 'read_' || c.source FROM csmetrics.source_column c);
SELECT is((SELECT count(*) FROM reads WHERE call ~ '^SELECT r\.\* FROM company_internal\.read_'), count(DISTINCT source), 'each source has a function that reads it')
FROM csmetrics.source_column;
SELECT is_empty('SELECT function FROM reads WHERE written !~ ''SELECT'' OR written ~ ''BEGIN ATOMIC|read_''', 'and its query');
SELECT is_empty('SELECT function FROM reads WHERE pg_temp.bytes(call) IS DISTINCT FROM pg_temp.bytes(written)', 'which gives the same rows');
CREATE FUNCTION public.some_accounts(first text, is_all boolean) RETURNS TABLE (account_id text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT a.account_id FROM company_internal.source_account a WHERE a.account_id > first OR is_all;
END;
SELECT is((SELECT array_agg(pg_temp.bytes(csmetrics.query_of(f, ARRAY[quote_literal(k), a]))
                            = pg_temp.bytes(csmetrics.rows_of(f, ARRAY[quote_literal(k), a])) ORDER BY k, a)
           FROM (VALUES ('public.some_accounts(text, boolean)'::regprocedure)) x(f), (SELECT min(account_id) FROM company_internal.source_account) m(k), unnest('{true,false}'::text[]) a),
          '{t,t}', 'arguments are written in place of parameters');

-- Each source in three partitions by account.
CREATE TABLE stored (round text, name text, bytes text);
CREATE PROCEDURE pg_temp.store(round text) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO stored SELECT $1, c.relname, pg_temp.bytes(format('TABLE %s', c.oid::regclass)) FROM pg_class c
    WHERE c.relnamespace = 'company_internal'::regnamespace AND c.relname ~ '(_state|^account|^account_digest)$';
END
$$;
CALL pg_temp.store('in tables');
CREATE SCHEMA fleet;
CREATE TABLE source AS SELECT DISTINCT source FROM csmetrics.source_column WHERE name = 'account_id';
SELECT format('CREATE TABLE fleet.%I (LIKE company_internal.%I) PARTITION BY HASH (account_id)', source, 'source_' || source) FROM source \gexec
SELECT format('CREATE TABLE fleet.%I PARTITION OF fleet.%I FOR VALUES WITH (MODULUS 3, REMAINDER %s)', source || n, source, n) FROM source, generate_series(0, 2) n \gexec
SELECT format('INSERT INTO fleet.%I SELECT * FROM company_internal.%I', source, 'source_' || source) FROM source \gexec
SELECT format('ANALYZE fleet.%I', source) FROM source \gexec
SELECT format('CALL map(%L, %L, %L)', 'company', source, format('SELECT * FROM fleet.%I', source)) FROM source \gexec
CREATE FUNCTION pg_temp.plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    line text;
    lines text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        lines := lines || line || E'\n';
    END LOOP;
    RETURN lines;
END
$$;
\set each_partition '^Append\\n(\\s+->  (?:Hash|Group)Aggregate\\n.*){3}$'
SELECT doesnt_match(pg_temp.plan_of('SELECT * FROM company_internal.read_ticket()'), :'each_partition', 'by default, all partitions are aggregated at once');
SET LOCAL enable_partitionwise_aggregate = on;
SELECT matches(pg_temp.plan_of(format('SELECT * FROM company_internal.read_%s()', s)), :'each_partition', s || ': histories are made partition by partition')
FROM unnest('{ticket,survey,signal}'::text[]) WITH ORDINALITY u(s, n) ORDER BY n;
SELECT matches(pg_temp.plan_of('SELECT kind, answer_agg(kind, score, responded_at, sent_at, respondent_id, lowest, highest, higher_is_better) FROM fleet.survey GROUP BY kind'),
               '^Finalize (Hash|Group)Aggregate\n.*Append\n(\s+->  Partial HashAggregate\n.*){3}$', 'states of no account in particular are made in each and merged');
-- as if it had been read by other rules
UPDATE company.refreshed_source SET policy_hash = '';
TRUNCATE company_internal.user_state;
CALL refresh('company');
CALL pg_temp.store('in partitions');
SELECT is_empty($$SELECT t.name FROM stored t FULL JOIN stored p ON p.name = t.name AND p.round = 'in partitions'
                  WHERE t.round = 'in tables' AND p.bytes IS DISTINCT FROM t.bytes$$, 'the same bytes are stored');
SELECT * FROM finish();
ROLLBACK;
