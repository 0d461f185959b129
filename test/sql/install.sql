\unset ECHO
\i test/psql.sql
-- The install script runs with a superuser's rights, in a schema whose owner can plant functions and operators there
-- while it runs. None of these may be called or bound. So that no luck is needed, they are planted right after the
-- script has seen that the schema is empty. The script is run as plain SQL, along the path of CREATE EXTENSION.
BEGIN;
SELECT plan(10);
\set parts `script/assemble`
CREATE FUNCTION pg_temp.config_dump(regclass, text) RETURNS void LANGUAGE plpgsql AS 'BEGIN END';
SELECT regexp_replace(replace(replace(:'parts', 'MODULE_PATHNAME', '$libdir/csmetrics'),
                              -- which can be called by CREATE EXTENSION alone
                              'pg_catalog.pg_extension_config_dump(', 'pg_temp.config_dump('),
                      '^\\echo [^\n]*', '') AS parts \gset
SELECT split_part(:'parts', E'\n$guard$;\n', 1) || E'\n$guard$;\n' AS guard,
       split_part(:'parts', E'\n$guard$;\n', 2) AS script \gset

\set planter csmetrics_planter
\i test/planted.sql
SELECT cmp_ok(count(*), '>', 5000::bigint, 'functions to plant') FROM overload WHERE NOT own;
SELECT cmp_ok(count(*), '>', 1000::bigint, 'operators to plant') FROM overload_operator;

DROP EXTENSION csmetrics CASCADE;
DROP SCHEMA IF EXISTS csmetrics CASCADE;
CREATE SCHEMA csmetrics AUTHORIZATION :planter;

SET LOCAL search_path = csmetrics, pg_temp;
SELECT pg_temp.failure(:'guard') AS began, current_setting('search_path') AS path \gset
SET LOCAL ROLE :planter;
SELECT pg_temp.plant(false) \g /dev/null
RESET ROLE;
SELECT pg_temp.failure(:'script') AS ran \gset
SET LOCAL search_path = pg_catalog, public;
SELECT is(:'began'::text, 'no error', 'the script begins');
SELECT is(:'path'::text, 'pg_catalog, pg_temp', 'along a path of its own');
SELECT is(:'ran'::text, 'no error', 'it calls nothing that is planted while it runs');
SELECT cmp_ok(count(*), '>', 6000::bigint, 'though there is much') FROM planted;
SELECT is_empty('TABLE bound_to_planted', 'nothing is bound to it');

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
