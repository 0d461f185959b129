\unset ECHO
\i test/psql.sql
-- What an engine needs that aggregates on many machines and puts together on one: for each aggregate there is, rows are aggregated without its
-- end, states travel as text or in binary, and are combined and ended elsewhere. That is the whole, byte for byte.
BEGIN;
\i test/samples.sql
ALTER TABLE account ADD score health;
UPDATE account SET score = (SELECT health_score('part', 'signal', v::float8, 1) FROM (VALUES (id % 100)) AS x(v)) WHERE id % 3 > 0;
-- Arguments of each aggregate, the longest form of it: shorter ones have the first of them. One that is new needs a row here.
CREATE TABLE example (name text, types text, arguments text[]);
INSERT INTO example VALUES
    ('rate_agg', 'boolean', ARRAY['closing > opening']),
    ('survey_agg', 'numeric', ARRAY['closing']),
    ('sbg_agg', 'int,boolean,bigint', ARRAY['part + id % 3', 'paused', 'id']),
    ('purchase_agg', 'date,numeric', ARRAY['started', 'abs(opening)']),
    ('bgnbd_agg', 'int,float8,float8,bigint', ARRAY['id % 5', 'least(id % 5, 1) * part / 7.0', 'part + id % 9', 'id']),
    ('pareto_nbd_agg', 'int,float8,float8,bigint', ARRAY['id % 5', 'least(id % 5, 1) * part / 7.0', 'part + id % 9', 'id']),
    ('gamma_gamma_agg', 'int,float8,bigint', ARRAY['id % 5', 'abs(mrr)', 'id']),
    ('nrr_agg', 'numeric,numeric', ARRAY['opening', 'closing']),
    ('backtest_agg', 'float8,boolean,text', ARRAY['closing', 'paused', 'segment']),
    ('health_score', 'text,text,float8,float8,text,float8',
     ARRAY[$$'part ' || part$$, $$'signal ' || segment$$, 'mod(abs(closing), 100)', 'coalesce(abs(mod(mrr, 9)), 1)', $$'zero'$$, 'id % 5 / 4.0']),
    ('health_agg', 'health,numeric', ARRAY['score', 'mrr']),
    ('health_agg', 'float8,numeric', ARRAY['mod(abs(closing), 100)', 'mrr']),
    ('duration_agg', 'timestamptz,timestamptz,timestamptz,timestamptz,timestamptz',
     ARRAY['started', 'ended', $$'2023-09-01'$$, 'renews_on', 'started + id % 50']),
    ('duration_agg', 'interval,boolean,boolean', ARRAY[$$(ended - started) * interval '1 day'$$, 'id % 3 = 0', 'id % 3 = 1']),
    ('duration_agg', 'interval,boolean,numeric', ARRAY[$$(ended - started) * interval '1 day'$$, 'id % 3 = 0', 'abs(mrr)']),
    ('churn_agg', 'date,date,date,date,numeric,date', ARRAY['started', 'ended', $$'2023-07-01'$$, $$'2024-01-01'$$, 'mrr', 'renews_on']),
    ('mrr_timeline_agg', 'date,date,numeric,boolean,boolean', ARRAY['started', 'ended', 'nullif(mrr, 0)', 'paused', 'part > 2']),
    ('mrr_timeline_agg', 'date,numeric', ARRAY['started', 'mrr']),
    ('mrr_movement_agg', 'mrr_timeline,date,date,text,int', ARRAY['history', $$'2023-01-01'$$, $$'2023-08-15'$$, $$'quarter'$$, '3']),
    ('cohort_agg', 'mrr_timeline,date,date,text', ARRAY['history', $$'2022-07-01'$$, $$'2024-02-15'$$, $$'month'$$]),
    ('ticket_agg', 'timestamptz,timestamptz,timestamptz,int,boolean,int,text,text,timestamptz',
     ARRAY['started', 'renews_on', 'ended', 'part', 'paused', 'segment', 'part', 'segment', 'renews_on']),
    ('ticket_agg', 'timestamptz,timestamptz,timestamptz,int,boolean,int,text,text,timestamptz,timestamptz',
     ARRAY['started', 'renews_on', 'ended', 'part', 'paused', 'segment', 'part', 'segment', 'renews_on', 'started + id % 9']),
    ('ticket_agg', 'timestamptz,timestamptz,int', ARRAY['started', 'ended', 'part']),
    ('answer_agg', 'text,numeric,timestamptz,timestamptz,text,numeric,numeric,boolean',
     ARRAY[$$'nps'$$, 'closing', 'ended', 'started', 'part', '0', '10', 'paused']),
    ('answer_agg', 'text,numeric,timestamptz,timestamptz,text,numeric,numeric,boolean,text',
     ARRAY[$$'csat'$$, 'closing', 'ended', 'started', 'part', '0', '10', 'paused', 'segment']),
    ('milestone_agg', 'text,timestamptz,timestamptz,boolean,boolean', ARRAY['segment', 'started', 'ended', 'paused', 'part = 3']),
    ('activity_agg', 'date,bigint', ARRAY['started', 'id % 7']),
    ('active_series_agg', 'activity,date,date,int,int,int', ARRAY['used', $$'2023-01-01'$$, $$'2023-09-01'$$, '1', '7', '28']),
    ('feature_usage_agg', 'text,date,bigint', ARRAY[$$'feature ' || segment$$, 'coalesce(started, renews_on)', 'id']),
    ('adoption_agg', 'feature_usage,date,date,text[],date', ARRAY['usage', $$'2023-01-01'$$, $$'2024-01-01'$$, 'entitled', 'started']),
    ('frequent_adoption_agg', 'int,feature_usage,date,date,text[]', ARRAY['2', 'usage', $$'2023-01-01'$$, $$'2024-01-01'$$, 'entitled']),
    ('signal_agg', 'text,timestamptz,numeric', ARRAY['segment', 'started', 'closing']),
    ('health_rule_agg', 'text,text,int,float8,float8[],float8[],text,int,float8,float8',
     ARRAY[$$'part ' || part$$, $$'signal ' || segment$$, 'id % 7', 'part', 'ARRAY[id % 3, 10]', 'ARRAY[part, id % 50]', $$'zero'$$, 'id % 4', 'abs(closing)', '49']),
    ('retention_agg', 'activity,date,date,text,int', ARRAY['used', $$'2022-07-01'$$, $$'2024-02-15'$$, $$'quarter'$$, '28']);

CREATE VIEW ours AS
SELECT p.oid, p.oid::regprocedure::text AS name, p.proname, ARRAY(SELECT t::regtype FROM unnest(p.proargtypes) WITH ORDINALITY u(t, n) ORDER BY n) AS types, p.prorettype::regtype AS result, p.proparallel, p.provariadic, a.*
FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid
JOIN pg_depend d ON (d.classid, d.objid, d.deptype) = ('pg_proc'::regclass, p.oid, 'e')
JOIN pg_extension e ON (d.refclassid, d.refobjid) = ('pg_extension'::regclass, e.oid) AND e.extname = 'csmetrics';
-- Each with what it is called with, and over which rows: states are rolled up from those of small groups.
CREATE TABLE called AS
SELECT row_number() OVER (ORDER BY o.name COLLATE "C") AS nr, o.*, x.arguments, x.rows
FROM ours o LEFT JOIN LATERAL (
    SELECT (SELECT string_agg(format('(%s)::%s', a, t), ', ' ORDER BY n) FROM ROWS FROM (unnest(e.arguments), unnest(o.types)) WITH ORDINALITY u(a, t, n)
            WHERE n <= cardinality(o.types)), 'account'
    FROM example e WHERE e.name = o.proname AND (string_to_array(e.types, ',')::regtype[])[1:cardinality(o.types)] = o.types
    UNION ALL
    SELECT 'state', format('(SELECT part, segment, %s AS state FROM account GROUP BY part, segment) AS q', k.aggregate)
    FROM kind k WHERE o.proname = 'rollup' AND k.type::regtype = ANY (o.types)
    LIMIT 1) x(arguments, rows) ON true;
-- The aggregate without its end, and what combines its states and ends them.
CREATE FUNCTION stated(called, name text, inputs text, transition regproc, final text) RETURNS text LANGUAGE sql AS $$
    SELECT format('CREATE AGGREGATE %s_%s(%s) (SFUNC = %s, STYPE = %s%s%s)', name, $1.nr, inputs, transition, $1.aggtranstype::regtype, final,
                  ', INITCOND = ' || quote_literal($1.agginitval))
$$;
SELECT plan((9 + 3 * (SELECT count(*) FROM called))::int);

SELECT cmp_ok(count(*), '>=', 70::bigint, 'the aggregates are found') FROM called;
SELECT is_empty('SELECT name FROM called WHERE arguments IS NULL', 'each has an example');
SELECT is_empty('SELECT name FROM ours WHERE proname IN (SELECT p.proname FROM pg_proc p WHERE p.pronamespace = ''pg_catalog''::regnamespace)',
                'none has the name of what is built in: engines know these by name');
SELECT is_empty('SELECT name FROM ours WHERE aggcombinefn = 0', 'each has a function that combines states');
SELECT is_empty('SELECT o.name FROM ours o JOIN pg_type t ON t.oid = ANY (o.types || o.result || o.aggtranstype::regtype) WHERE t.typtype = ''p'' OR t.oid = ''internal''::regtype',
                'none has a pseudo-type, or a state that cannot leave a server');
SELECT is_empty('SELECT o.name FROM ours o JOIN pg_type t ON t.oid = o.aggtranstype WHERE 0 IN (t.typinput, t.typoutput, t.typreceive, t.typsend)',
                'each state goes out and comes in as text and in binary');
SELECT is_empty('SELECT name FROM ours WHERE aggserialfn <> 0 OR aggdeserialfn <> 0', 'as it is, with no other form between servers');
SELECT is_empty('SELECT name FROM ours WHERE aggkind <> ''n'' OR aggnumdirectargs <> 0 OR aggfinalextra OR provariadic <> 0',
                'each is a plain one, of so many arguments, whose end asks for the state alone');
SELECT is_empty('SELECT name FROM ours WHERE proparallel <> ''s''', 'each may run in parallel');

SELECT stated(c, 'begun', array_to_string(types, ', '), aggtransfn, '') FROM called c WHERE arguments IS NOT NULL ORDER BY nr \gexec
SELECT stated(c, 'ended', aggtranstype::regtype::text, aggcombinefn, CASE WHEN aggfinalfn <> 0 THEN ', FINALFUNC = ' || aggfinalfn ELSE '' END)
FROM called c WHERE arguments IS NOT NULL ORDER BY nr \gexec
SELECT format('CREATE TABLE whole_%s AS SELECT %s(%s) AS state FROM %s', nr, aggfnoid, arguments, rows) FROM called WHERE arguments IS NOT NULL ORDER BY nr \gexec
SELECT format('CREATE TABLE parts_%1$s AS SELECT begun_%1$s(%2$s) AS state FROM %3$s GROUP BY part', nr, arguments, rows)
FROM called WHERE arguments IS NOT NULL ORDER BY nr \gexec

CREATE FUNCTION bytes_of(called, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    bytes text;
BEGIN
    EXECUTE format('SELECT state::text || %s_send(state)::text FROM (%s) AS q(state)', $1.result, query) INTO STRICT bytes;
    RETURN bytes;
END
$$;
CREATE FUNCTION whole_bytes(called) RETURNS text LANGUAGE sql AS $$ SELECT bytes_of($1, format('TABLE whole_%s', $1.nr)) $$;
-- COPY reads the file and the server deletes it.
CREATE FUNCTION through_copy(called, format text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    path text := current_setting('data_directory') || '/csmetrics_partial.copy';
BEGIN
    EXECUTE format('CREATE TABLE %s_%s (LIKE parts_%2$s)', $2, $1.nr);
    EXECUTE format('COPY parts_%s TO %L WITH (FORMAT %s)', $1.nr, path, $2);
    EXECUTE format('COPY %1$s_%2$s FROM PROGRAM %3$L WITH (FORMAT %1$s)', $2, $1.nr, format('cat "%1$s" && rm "%1$s"', path));
    RETURN format('SELECT ended_%1$s(state ORDER BY random()) FROM %2$s_%1$s', $1.nr, $2);
END
$$;
SELECT isnt(whole_bytes(c), bytes_of(c, format('SELECT ended_%1$s(state) FROM (SELECT state FROM parts_%1$s LIMIT 1) AS p', nr)), name || ': the whole is more than a part')
FROM called c ORDER BY nr;
SELECT is(bytes_of(c, through_copy(c, 'text')), whole_bytes(c), name || ': parts as text, combined and ended') FROM called c ORDER BY nr;
SELECT is(bytes_of(c, through_copy(c, 'binary')), whole_bytes(c), name || ': parts in binary, combined and ended') FROM called c ORDER BY nr;

SELECT * FROM finish();
ROLLBACK;
