\unset ECHO
\i test/psql.sql
-- The install script runs with a superuser's rights, in a schema whose owner can plant functions and operators there
-- while it runs. None of these may be called or bound. So that no luck is needed, they are planted right after the
-- script has seen that the schema is empty. The script is run as plain SQL, along the path of CREATE EXTENSION.
BEGIN;
SELECT plan(10);
\set parts `cat sql/[0-6]*.sql sql/99*.sql`
SELECT replace(replace(:'parts', 'MODULE_PATHNAME', '$libdir/csmetrics'),
               'SET LOCAL search_path = csmetrics, pg_temp;', '') AS parts \gset
SELECT split_part(:'parts', E'\n$guard$;\n', 1) || E'\n$guard$;\n' AS guard,
       split_part(:'parts', E'\n$guard$;\n', 2) AS script \gset

-- What fits a call better than what it means: an argument is of the very type of a value, which is converted else.
CREATE TEMP TABLE fitting AS
SELECT castsource AS given, casttarget AS wanted FROM pg_cast WHERE castcontext = 'i'
UNION SELECT oid, oid FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype <> 'p'
-- literals are text before they are anything else
UNION SELECT 'text'::regtype, oid FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype <> 'p'
UNION SELECT given, 'anyelement'::regtype
      FROM unnest('{text,name,integer,bigint,numeric,float8,boolean,date,oid,regclass,jsonb,anyelement}'::regtype[])
           AS given
UNION SELECT given, 'anyarray'::regtype FROM unnest('{text[],date[],float8[],anyarray}'::regtype[]) AS given;

-- The functions of each name that is written in the script. The types of its own are not there yet.
CREATE TEMP TABLE known AS
SELECT proname::text AS name, pronamespace AS schema, a.types, 'FUNCTION' AS kind
FROM pg_proc AS p,
     LATERAL (SELECT array_agg(CASE WHEN type = '"any"'::regtype THEN 'anyelement'::regtype
                                    WHEN typnamespace = 'pg_catalog'::regnamespace THEN type
                                    WHEN typelem = 0 THEN 'anyelement'::regtype ELSE 'anyarray'::regtype END
                               ORDER BY n)
              FROM unnest(proargtypes::oid[]) WITH ORDINALITY AS a(type, n) JOIN pg_type AS t ON t.oid = type) a(types)
WHERE proname IN (SELECT lower(m[1]) FROM regexp_matches(:'parts', '([A-Za-z_]\w*)\s*\(', 'g') AS m)
  AND pronamespace IN ('pg_catalog'::regnamespace, 'csmetrics'::regnamespace) AND pronargs > 0
-- as many arguments as there may be
UNION ALL SELECT proname, pronamespace, array_fill('text'::regtype::oid, ARRAY[n]), 'FUNCTION'
          FROM pg_proc CROSS JOIN generate_series(2, 9) AS n
          WHERE provariadic = '"any"'::regtype AND pronamespace = 'pg_catalog'::regnamespace
-- what it drops again
UNION ALL SELECT name, 'csmetrics'::regnamespace, types::regtype[]::oid[], 'PROCEDURE'
          FROM (VALUES ('define_value', '{text}'), ('define_state', '{text,boolean}'),
                       ('define_agg', '{text,text,text,integer,text,text,text,boolean}')) AS p(name, types);
CREATE TEMP TABLE overload AS
SELECT name, types, kind FROM known
UNION SELECT name, types[:n - 1] || given || types[n + 1:], kind
      FROM known CROSS JOIN generate_subscripts(types, 1) AS n JOIN fitting ON wanted = types[n]
-- it would not be installed beside one of its own: an error, and no catch
EXCEPT SELECT name, types, kind FROM known WHERE schema = 'csmetrics'::regnamespace;
DELETE FROM overload WHERE EXISTS (SELECT FROM pg_type WHERE oid = ANY (types) AND typtype = 'p'
                                                         AND oid NOT IN ('anyelement'::regtype, 'anyarray'::regtype));
CREATE TEMP TABLE overload_operator AS
SELECT oprname AS name, l.given AS leftarg, r.given AS rightarg
FROM pg_operator JOIN fitting AS l ON l.wanted = oprleft JOIN fitting AS r ON r.wanted = oprright
WHERE position(oprname IN :'parts') > 0 AND oprnamespace = 'pg_catalog'::regnamespace
EXCEPT SELECT oprname, oprleft, oprright FROM pg_operator;
SELECT cmp_ok(count(*), '>', 5000::bigint, 'functions to plant') FROM overload;
SELECT cmp_ok(count(*), '>', 1000::bigint, 'operators to plant') FROM overload_operator;

CREATE FUNCTION pg_temp.plant() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('CREATE %s csmetrics.%I(%s) %s LANGUAGE plpgsql AS ''BEGIN RAISE ''''caught''''; END''',
                      kind, name, array_to_string(types::regtype[], ', '),
                      CASE kind WHEN 'FUNCTION' THEN 'RETURNS boolean' END)
        FROM overload
        UNION ALL SELECT DISTINCT format('CREATE FUNCTION csmetrics.planted(%s, %s) RETURNS boolean LANGUAGE plpgsql
                                          AS ''BEGIN RAISE ''''caught''''; END''', leftarg::regtype, rightarg::regtype)
                  FROM overload_operator
        UNION ALL SELECT format('CREATE OPERATOR csmetrics.%s (LEFTARG = %s, RIGHTARG = %s,
                                                               FUNCTION = csmetrics.planted)',
                                name, leftarg::regtype, rightarg::regtype)
                  FROM overload_operator
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;

DROP EXTENSION csmetrics CASCADE;
DROP SCHEMA IF EXISTS csmetrics CASCADE;
CREATE ROLE csmetrics_planter;
SELECT format('GRANT CREATE ON DATABASE %I TO csmetrics_planter', current_database()) \gexec
GRANT ALL ON overload, overload_operator TO csmetrics_planter;
CREATE SCHEMA csmetrics AUTHORIZATION csmetrics_planter;

SET LOCAL search_path = csmetrics, pg_temp;
SELECT pg_temp.failure(:'guard') AS began, current_setting('search_path') AS path \gset
SET LOCAL ROLE csmetrics_planter;
SELECT pg_temp.plant() \g /dev/null
RESET ROLE;
SELECT pg_temp.failure(:'script') AS ran \gset
SET LOCAL search_path = pg_catalog, public;
SELECT is(:'began'::text, 'no error', 'the script begins');
SELECT is(:'path'::text, 'pg_catalog, pg_temp', 'along a path of its own');
SELECT is(:'ran'::text, 'no error', 'it calls nothing that is planted while it runs');
CREATE TEMP VIEW planted AS
SELECT 'pg_proc'::regclass AS classid, oid FROM pg_proc WHERE pg_get_userbyid(proowner) = 'csmetrics_planter'
UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE pg_get_userbyid(oprowner) = 'csmetrics_planter';
SELECT cmp_ok(count(*), '>', 6000::bigint, 'though there is much') FROM planted;
SELECT is_empty('SELECT pg_describe_object(d.classid, d.objid, d.objsubid), pg_describe_object(refclassid, refobjid, 0)
                 FROM pg_depend AS d JOIN planted AS p ON (p.classid, p.oid) = (refclassid, refobjid)
                 WHERE (d.classid, d.objid) NOT IN (TABLE planted)', 'nothing is bound to it');

-- Nor later, though the caller's path has it: what is written in SQL names what it calls in full.
SET LOCAL search_path = csmetrics, pg_temp;
CREATE TEMP TABLE caller AS
SELECT numeric '100' AS amount, float8 '0.8' AS margin, float8 '0.05' AS churn,
       float8 '30' AS age, float8 '120' AS keep,
       numeric '2' AS score, numeric '1' AS low, numeric '4' AS high, numeric '7' AS top,
       date '2024-01-01' AS day, NULL::date AS never, text 'click' AS click, text 'all' AS "all",
       30 AS days, duration_agg(interval '60 days', true) AS tenure;
SELECT (cltv(amount, margin, churn)).value AS cltv,
       (cltv_discounted(tenure, amount, margin, days, float8 '0', float8 '0', true, float8 '0.95')).value AS discounted,
       freshness(age, keep) AS freshness, rescale(score, low, high, false, low, top) AS rescaled,
       counted_mrr(amount, score, low, "all") AS mrr,
       counted_until(day, never, day, never, never, click, days) AS until FROM caller \gset
SELECT pg_temp.failure(:'guard') AS again \gset
SET LOCAL search_path = pg_catalog, public;
SELECT is(concat_ws(' ', :'cltv', :'discounted'), '1600 160', 'its functions call nothing of it either');
SELECT is(concat_ws(' ', :'freshness', :'rescaled', :'mrr', :'until'), '0.75 5.0000000000000000 99 2024-01-01',
          'nor do those that are put in place of their calls');
SELECT is(:'again'::text, '55000 schema "csmetrics" is not empty', 'a script that begins after it says so');

SELECT * FROM finish();
ROLLBACK;
