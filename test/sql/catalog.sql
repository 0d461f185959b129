\unset ECHO
\i test/psql.sql
-- What the extension leaves in the catalogue: everything described and truthfully labelled, nothing astray.
BEGIN;
SELECT plan(27);

CREATE VIEW member AS
SELECT d.classid, d.objid, (i).type, (i).schema, (i).name, (i).identity, obj_description(d.objid, d.classid::regclass::name) AS description
FROM pg_depend AS d JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid,
     LATERAL pg_identify_object(d.classid, d.objid, 0) AS i
WHERE e.extname = 'csmetrics' AND d.deptype = 'e'
  -- PostgreSQL 18 counts the arrays of types and the rows of tables as members, too
  AND NOT EXISTS (SELECT FROM pg_type WHERE d.classid = 'pg_type'::regclass AND oid = d.objid AND (typelem <> 0 OR typrelid <> 0));
CREATE VIEW function AS
SELECT p.*, m.identity FROM member AS m JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid;
-- A type that adds up has a merge.
CREATE VIEW state AS
SELECT prorettype::regtype AS type FROM function WHERE proname = 'merge' AND prokind = 'f' AND proargtypes = ARRAY[prorettype, prorettype]::oidvector;

-- Of its base types only these do not.
SELECT set_eq($$ SELECT typname FROM pg_type JOIN member ON objid = oid AND classid = 'pg_type'::regclass
                 WHERE typtype = 'b' AND oid NOT IN (SELECT type FROM state) $$, $$ VALUES ('business_hours'::name), ('classifier'), ('cox'), ('hazard') $$,
              'the state types are found');
SELECT cmp_ok(count(*), '>', 150::bigint, 'the functions are found') FROM function;

-- Described.
SELECT is_empty(format('SELECT identity FROM member WHERE type = ANY (%L) AND coalesce(description, '''') = ''''', kinds), format('each %s has a comment', kinds[1]))
FROM (VALUES (1, '{function}'::text[]), (2, '{aggregate}'), (3, '{procedure}'), (4, '{type}'), (5, '{operator}'), (6, '{table,view,"materialized view"}')) AS k(nr, kinds) ORDER BY nr;
SELECT is_empty($$ SELECT m.identity, attname FROM member AS m JOIN pg_attribute ON attrelid = m.objid
                   WHERE m.classid = 'pg_class'::regclass AND attnum > 0 AND NOT attisdropped AND col_description(m.objid, attnum) IS NULL $$,
                'each column has a comment');
SELECT is_empty($$ SELECT identity, length(description) FROM member WHERE length(description) > 300
                   UNION ALL SELECT format('%s.%s', m.identity, attname), length(col_description(m.objid, attnum))
                   FROM member AS m JOIN pg_attribute ON attrelid = m.objid AND m.classid = 'pg_class'::regclass
                   WHERE length(col_description(m.objid, attnum)) > 300 $$,
                'none is longer than 300 characters');
SELECT is_empty($$ SELECT f.identity, a.name FROM function AS f, unnest(f.proargnames, f.proargmodes) AS a(name, mode)
                   WHERE a.mode IS DISTINCT FROM 't' AND coalesce(a.name, '') = '' $$,
                'arguments that have names have them all');

-- Labelled.
-- what may do something else than to read, by itself or by a function that it calls
CREATE VIEW doing AS
WITH RECURSIVE own AS (
    SELECT oid, proname, prosrc, code ~ '\m(EXECUTE|CREATE|INSERT|UPDATE|DELETE|CALL|set_config)\M'
                               OR prorettype = 'trigger'::regtype AS writes,
           code ~ '\mEXCEPTION\s+WHEN\M' AS begins
    FROM function, LATERAL regexp_replace(prosrc, '''[^'']*''', '', 'g') AS code
    WHERE prokind = 'f' AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'plpgsql')),
reached AS (
    SELECT oid, oid AS by FROM own
    UNION SELECT r.oid, called.oid FROM reached AS r JOIN own AS caller ON caller.oid = r.by
          JOIN own AS called ON caller.prosrc ~ format('\mcsmetrics\.%s\(', called.proname))
SELECT r.oid, bool_or(writes) AS may_write, bool_or(writes OR begins) AS may_leave
FROM reached AS r JOIN own ON own.oid = r.by GROUP BY r.oid;
SELECT is_empty($$ SELECT identity FROM function WHERE prokind IN ('f', 'w', 'a') AND proparallel <> 's' AND prorettype <> 'language_handler'::regtype
                   AND oid NOT IN (SELECT oid FROM doing WHERE may_leave) AND proname NOT IN ('fit_cox', 'fit_hazard', 'fit_classifier') $$,
                'functions and aggregates are parallel safe, but for PL/pgSQL that runs other SQL or begins anew after an error, and what runs a query of its caller''s');
SELECT is_empty($$ SELECT identity FROM function WHERE prokind <> 'p' AND provolatile = 'v' AND prorettype <> 'language_handler'::regtype
                   AND oid NOT IN (SELECT oid FROM doing WHERE may_write) $$,
                'functions and aggregates are immutable or stable, but for PL/pgSQL that runs other SQL');
SELECT is_empty($$ SELECT identity FROM function WHERE proparallel = 's' AND oid IN (SELECT oid FROM doing WHERE may_leave) $$,
                'what does so says so');
SELECT is_empty($$ SELECT f.identity FROM function AS f
                   WHERE f.prokind = 'f' AND f.prolang = (SELECT oid FROM pg_language WHERE lanname = 'c') AND NOT f.proisstrict
                     -- who bought once has no mean amount, the tier of nothing is Unknown, an account without own signals or readings has a health, without days nothing is split, a row has NULLs, not every fit has clusters, starts or a time, and one of them says of which type rows are
                     AND f.proname NOT IN ('gamma_gamma_expected', 'tier', 'held_tier', 'health_of', 'score_of', 'split_gaps', 'row_digest', 'once', 'fit_cox', 'fit_hazard', 'fit_classifier') AND f.prorettype <> 'language_handler'::regtype
                     AND NOT EXISTS (SELECT FROM pg_aggregate WHERE f.oid IN (aggtransfn, aggmtransfn, aggminvtransfn)) $$,
                'functions in C are strict, but for transitions');

-- Aggregates of concrete states.
SELECT is_empty($$ SELECT f.identity FROM function AS f JOIN pg_aggregate AS a ON a.aggfnoid = f.oid
                   JOIN pg_type AS t ON t.oid = ANY (f.proargtypes::oid[] || f.prorettype || a.aggtranstype || a.aggmtranstype) WHERE t.typtype = 'p' $$,
                'no aggregate takes, keeps or gives a pseudo-type');
SELECT is_empty($$ SELECT f.identity FROM function AS f JOIN pg_aggregate AS a ON a.aggfnoid = f.oid
                   WHERE aggserialfn <> 0 OR aggdeserialfn <> 0 OR aggfinalextra OR aggmfinalextra OR aggkind <> 'n' $$,
                'no aggregate needs a serial form, or extra arguments at its end');
SELECT is_empty($$ SELECT f.identity FROM function AS f JOIN pg_aggregate AS a ON a.aggfnoid = f.oid WHERE aggcombinefn = 0 $$, 'each aggregate combines');
SELECT is_empty($$ SELECT identity FROM function WHERE prokind = 'a'
                   AND proname IN (SELECT proname FROM pg_proc WHERE prokind = 'a' AND pronamespace = 'pg_catalog'::regnamespace) $$,
                'no aggregate bears the name of a built-in one');
SELECT is_empty($$ SELECT s.type, need.name FROM state AS s, (VALUES ('merge'), ('unmerge'), ('rollup')) AS need(name)
                   WHERE NOT EXISTS (SELECT FROM function WHERE proname = need.name AND prorettype = s.type AND proargtypes[0] = s.type)
                   UNION ALL SELECT type, method FROM state, (VALUES ('btree'), ('hash')) AS m(method)
                   WHERE NOT EXISTS (SELECT FROM pg_opclass AS c JOIN pg_am AS a ON a.oid = c.opcmethod WHERE opcintype = type AND opcdefault AND amname = method)
                   UNION ALL SELECT type, 'send, receive, analyze' FROM state JOIN pg_type AS t ON t.oid = type
                   WHERE typsend = 0 OR typreceive = 0 OR typalign <> 'd' OR typstorage <> 'x' $$,
                'each state merges, unmerges, rolls up, sorts, hashes and travels');

-- In its place.
SELECT is_empty($$ SELECT type, identity, schema FROM member WHERE schema <> 'csmetrics' OR (schema IS NULL AND (type, name) NOT IN (('schema', 'csmetrics'), ('language', 'csmetrics_queue'))
                   AND type <> 'operator of access method' AND type <> 'function of access method') $$,
                'all of it lives in schema csmetrics');
SELECT is_empty($$ SELECT f.identity, acl.grantee::regrole FROM function AS f, aclexplode(f.proacl) AS acl WHERE acl.grantee <> f.proowner AND acl.grantee <> 0 $$,
                'nobody has rights of his own');
SELECT is_empty($$ SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'p') AND oid IN (SELECT objid FROM member)
                   EXCEPT SELECT unnest(extconfig)::regclass FROM pg_extension WHERE extname = 'csmetrics'
                   EXCEPT SELECT oid::regclass FROM pg_class WHERE relname IN ('source_column', 'source_check', 'policy_column', 'model_part', 'model_change', 'model_column', 'model_signal', 'model_metric', 'metric_definition', 'quality_check', 'iso_currency') $$,
                'its tables are settings, which are dumped, or its own');

-- An owner of a database needs no superuser: the extension is trusted.
CREATE ROLE csmetrics_owner;
SELECT format('GRANT CREATE ON DATABASE %I TO csmetrics_owner', current_database()) \gexec
DROP EXTENSION csmetrics CASCADE;
DROP SCHEMA csmetrics CASCADE;
SET LOCAL ROLE csmetrics_owner;
CREATE SCHEMA csmetrics;
CREATE FUNCTION csmetrics.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT pg_catalog.format($1, $2)';
RESET ROLE;
SELECT throws_ok('SET LOCAL ROLE csmetrics_owner; CREATE EXTENSION csmetrics', '55000', 'schema "csmetrics" is not empty',
                 'the script, which runs with more rights, calls nothing that its user has planted');
DROP SCHEMA csmetrics CASCADE;
SELECT current_setting('search_path') AS path \gset
SET LOCAL ROLE csmetrics_owner;
CREATE EXTENSION csmetrics;
CREATE TEMPORARY TABLE used AS SELECT csmetrics.nrr(csmetrics.nrr_agg(opening, closing)) AS nrr FROM (VALUES (100, 150), (100, 100), (0, 50)) AS v(opening, closing);
RESET ROLE;
SELECT is(extowner::regrole::text, 'csmetrics_owner', 'a role that may create in the database creates the extension') FROM pg_extension WHERE extname = 'csmetrics';
SELECT is(nrr, 1.25::float8, 'and uses it') FROM used;
SELECT is(current_setting('search_path'), :'path', 'along the path that was there before');

SELECT * FROM finish();
ROLLBACK;
