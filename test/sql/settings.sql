\unset ECHO
\i test/psql.sql
-- Settings: procedures bring what they need, views are read without any, and nobody's are changed.
BEGIN;
SELECT plan(10);

CREATE VIEW setting AS SELECT name, setting FROM pg_settings;
CREATE TABLE session_before AS TABLE setting;
CREATE TABLE stored_before AS TABLE pg_db_role_setting;
CALL csmetrics.create_model('cs', 'bigint');

-- Nobody's are changed.
SELECT set_eq('TABLE pg_db_role_setting', 'TABLE stored_before', 'create_model changes no setting of a database or a role');
SELECT set_eq('TABLE setting', 'TABLE session_before', 'nor of the session');
CALL csmetrics.map('cs', 'account', 'SELECT 1::bigint AS account_id');
CALL csmetrics.refresh('cs');
CALL csmetrics.evaluate_alerts('cs');
CALL csmetrics.run_playbooks('cs');
CALL csmetrics.take_snapshot('cs');
CALL csmetrics.validate('cs');
SELECT set_eq('TABLE setting', 'TABLE session_before', 'no more do the procedures');
SELECT set_eq('TABLE pg_db_role_setting', 'TABLE stored_before', 'in the catalogue either');

-- Procedures bring what they need: what compiles long queries takes longer than without.
CREATE VIEW procedure AS
SELECT p.oid::regprocedure AS procedure, coalesce(p.proconfig, '{}') AS settings
FROM pg_proc p JOIN pg_depend d ON (d.classid, d.objid) = ('pg_proc'::regclass, p.oid) AND d.deptype = 'e'
JOIN pg_extension e ON (d.refclassid, d.refobjid) = ('pg_extension'::regclass, e.oid) AND e.extname = 'csmetrics'
WHERE p.prokind = 'p' AND obj_description(p.oid, 'pg_proc') NOT LIKE 'Internal:%';
SELECT cmp_ok(count(*), '>=', 10::bigint, 'the procedures are found') FROM procedure;
SELECT set_eq($$ SELECT procedure::text FROM procedure WHERE NOT 'jit=off' = ANY (settings) $$, $$VALUES ('refresh(text,text[],boolean,boolean,boolean)'), ('rebuild(text,boolean,boolean)'), ('run(text,text[])')$$,
    'each that users call does without jit, but for those that commit the row of a failure');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'csmetrics'::regnamespace AND proname IN ('refresh_once', 'run_once') AND NOT 'jit=off' = ANY (coalesce(proconfig, '{}')) $$, 'and what these call does, too');

-- Views are read without any: a function with a setting of its own is never inlined.
CREATE VIEW read_by_views AS
WITH RECURSIVE read AS (
    SELECT d.refobjid AS oid
    FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid
    JOIN pg_depend d ON (d.classid, d.objid) = ('pg_rewrite'::regclass, r.oid) AND d.refclassid = 'pg_proc'::regclass
    WHERE c.relnamespace = ANY (csmetrics.schemas_of('cs'))
    UNION
    -- and what those functions read by
    SELECT d.refobjid
    FROM read JOIN pg_depend d ON (d.classid, d.objid) = ('pg_proc'::regclass, read.oid) AND d.refclassid = 'pg_proc'::regclass)
SELECT p.oid::regprocedure AS function, p.proname AS name, l.lanname AS language, p.proconfig AS settings
FROM read JOIN pg_proc p USING (oid) JOIN pg_language l ON l.oid = p.prolang;
SELECT cmp_ok(count(*), '>', 50::bigint, 'the functions that views read are found') FROM read_by_views;
SELECT is_empty($$ SELECT function FROM read_by_views WHERE language = 'sql' AND settings IS NOT NULL AND name !~ '^(read_stored|live)_' $$,
                'none in SQL that a view of a model reads has a setting, but what is not to be inlined: what it reads where nothing is stored');
-- They loop, and so cannot be inlined anyway.
SELECT set_eq($$SELECT DISTINCT name FROM read_by_views WHERE settings IS NOT NULL AND name !~ '^(read_stored|live)_'$$, ARRAY['cltv', 'cltv_discounted']::name[],
              'those that have one are in PL/pgSQL');

SELECT * FROM finish();
ROLLBACK;
