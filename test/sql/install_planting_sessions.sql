\unset ECHO
\i test/psql.sql
-- A session begun before, of the owner of schema csmetrics, plants overloads of all that the script uses, as fast as it
-- can, while the extension is installed, brought up to date, and restored with a model from a dump: none of them is
-- called or bound. That none would be at any other moment either is what install and install_update show, without luck.
-- Needs dblink, pg_dump and pg_restore; databases of its own are made and dropped.
SELECT plan(10);
\set aids install_planting_aids
DROP SCHEMA IF EXISTS :aids CASCADE;
CREATE SCHEMA :aids;
\i test/sessions.sql
\if :present
DROP DATABASE IF EXISTS planting;
DROP DATABASE IF EXISTS planting_source;
DROP ROLE IF EXISTS csmetrics_racer;
\set parts `script/assemble`
\set planter csmetrics_racer
\i test/planted.sql
SET search_path = :aids, public, csmetrics;

-- What the planter does until it is stopped. It begins when another session makes a function: the script has seen by
-- then that the schema is empty.
CREATE TEMP TABLE aid AS SELECT $aid$
    CREATE TABLE public.stopped ();
    CREATE PROCEDURE public.plant() LANGUAGE plpgsql AS $plant$
    DECLARE
        statements text[] := ARRAY(SELECT statement FROM public.planting ORDER BY md5(statement));
    BEGIN
        WHILE NOT EXISTS (SELECT FROM pg_locks JOIN pg_database AS d ON d.oid = database
                          WHERE datname = current_database() AND pid <> pg_backend_pid() AND granted
                            AND (relation = 'pg_proc'::regclass AND mode = 'RowExclusiveLock'
                                 -- that may be missed; a lock on a table made or altered is held to the end
                                 OR relation >= 16384 AND mode = 'AccessExclusiveLock'))
              AND NOT EXISTS (SELECT FROM public.stopped) LOOP
            PERFORM pg_sleep(0.001);
        END LOOP;
        LOOP
            FOR i IN 1 .. cardinality(statements) LOOP
                BEGIN
                    EXECUTE statements[i];
                EXCEPTION WHEN undefined_object OR duplicate_function OR undefined_function THEN
                    -- a type that is not there yet, or what is there already
                END;
                IF i % 20 = 0 THEN
                    COMMIT;
                    IF EXISTS (SELECT FROM public.stopped) THEN
                        RETURN;
                    END IF;
                END IF;
            END LOOP;
        END LOOP;
    END
    $plant$;
    CREATE VIEW public.planted AS
    SELECT 'pg_proc'::regclass AS classid, oid FROM pg_proc WHERE pg_get_userbyid(proowner) = 'csmetrics_racer'
    UNION ALL
    SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE pg_get_userbyid(oprowner) = 'csmetrics_racer';
    CREATE VIEW public.bound AS
    SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS object
    FROM pg_depend AS d JOIN public.planted AS p ON (p.classid, p.oid) = (refclassid, refobjid)
    WHERE (d.classid, d.objid) NOT IN (TABLE public.planted);
    GRANT ALL ON public.planting, public.stopped TO csmetrics_racer;
$aid$ AS statements;

-- A database in which the planter waits, and another session that is to run the script.
CREATE PROCEDURE pg_temp.begin_planting() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.opened('script', 'planting'), pg_temp.opened('planter', 'planting');
    PERFORM dblink_exec('script', format('CREATE TABLE public.planting AS SELECT unnest(%L::text[]) AS statement',
                                         ARRAY(SELECT statement FROM planting)));
    PERFORM dblink_exec('script', statements) FROM aid;
    PERFORM dblink_exec('script', 'GRANT CREATE ON DATABASE planting TO csmetrics_racer');
    PERFORM dblink_exec('planter', 'SET ROLE csmetrics_racer');
    PERFORM dblink_exec('planter', 'SET synchronous_commit = off');
    PERFORM dblink_send_query('planter', 'CALL public.plant()');
END
$$;
-- What it was able to plant until now, and what is bound to that.
CREATE FUNCTION pg_temp.end_planting(OUT planted bigint, OUT bound text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dblink_exec('script', 'INSERT INTO public.stopped DEFAULT VALUES');
    PERFORM FROM dblink_get_result('planter') AS r(status text);
    SELECT * INTO planted, bound
    FROM dblink('script', $query$
        SELECT (SELECT count(*) FROM public.planted), coalesce((SELECT string_agg(object, ', ') FROM public.bound), '')
        $query$) AS t(planted bigint, bound text);
    PERFORM dblink_disconnect('script'), dblink_disconnect('planter');
END
$$;

CREATE DATABASE planting TEMPLATE template0;
CALL pg_temp.begin_planting();
SELECT dblink_exec('script', 'SET ROLE csmetrics_racer'), dblink_exec('script', 'CREATE SCHEMA csmetrics') \g /dev/null
SELECT pg_temp.failure($$SELECT dblink_exec('script', 'CREATE EXTENSION csmetrics')$$) AS ran \gset
SELECT dblink_exec('script', 'RESET ROLE') \g /dev/null
SELECT * FROM pg_temp.end_planting() \gset
SELECT is(:'ran'::text, 'no error', 'the extension is installed');
SELECT cmp_ok(:planted, '>', 0, 'while something is planted');
SELECT is(:'bound'::text, '', 'and nothing is bound to it');
DROP DATABASE planting;

CREATE DATABASE planting TEMPLATE template0;
SELECT pg_temp.opened('owner', 'planting') \g /dev/null
SELECT dblink_exec('owner', 'CREATE SCHEMA csmetrics AUTHORIZATION csmetrics_racer'),
       dblink_exec('owner', 'GRANT CREATE ON DATABASE planting TO csmetrics_racer'),
       dblink_exec('owner', 'SET ROLE csmetrics_racer') \g /dev/null
SELECT pg_temp.failure($$SELECT dblink_exec('owner', 'CREATE EXTENSION csmetrics VERSION ''0.1.0''')$$) = 'no error'
       AS is_older \gset
\if :is_older
CALL pg_temp.begin_planting();
SELECT dblink_exec('script', 'SET ROLE csmetrics_racer') \g /dev/null
SELECT pg_temp.failure($$SELECT dblink_exec('script', 'ALTER EXTENSION csmetrics UPDATE')$$) AS ran \gset
SELECT dblink_exec('script', 'RESET ROLE') \g /dev/null
SELECT * FROM pg_temp.end_planting() \gset
SELECT is(:'ran'::text, 'no error', 'it is brought up to date');
SELECT cmp_ok(:planted, '>', 0, 'while something is planted');
SELECT is(:'bound'::text, '', 'and nothing is bound to it');
\else
SELECT skip('an older version is not installed here', 3);
\endif
SELECT dblink_disconnect('owner') \g /dev/null
DROP DATABASE planting;

-- A model with some facts, its dump, and a superuser who restores it.
CREATE DATABASE planting_source TEMPLATE template0;
SELECT pg_temp.opened('source', 'planting_source') \g /dev/null
SELECT dblink_exec('source', $$
    CREATE SCHEMA csmetrics AUTHORIZATION csmetrics_racer;
    CREATE EXTENSION csmetrics;
    CREATE TABLE public.term AS
    SELECT n AS id, date '2024-01-01' + n AS since, 100 + n AS mrr FROM generate_series(1, 9) n;
    CALL csmetrics.create_model('cs', 'integer');
    CALL csmetrics.map('cs', 'account', 'SELECT id AS account_id, since AS created_on FROM public.term');
    CALL csmetrics.map('cs', 'subscription', 'SELECT id AS account_id, since AS starts_on, mrr FROM public.term');
    UPDATE cs.policy SET as_of = '2024-12-31';
    CALL csmetrics.refresh('cs');
    CREATE MATERIALIZED VIEW public.monthly AS SELECT * FROM cs.revenue_monthly$$) \g /dev/null
CREATE DATABASE planting TEMPLATE template0;
CALL pg_temp.begin_planting();
\set restored `pg_dump -Fc planting_source | pg_restore -d planting 2>&1`
SELECT pg_temp.opened('target', 'planting') \g /dev/null
CREATE FUNCTION pg_temp.told(connection text) RETURNS text LANGUAGE sql AS $$
SELECT told
FROM dblink(connection, 'SELECT string_agg(m::text, E''\n'' ORDER BY period_start_on) FROM public.monthly AS m')
    AS t(told text)
$$;
SELECT pg_temp.told('source') AS source, pg_temp.told('target') AS target \gset
SELECT dblink_disconnect(connection) FROM unnest('{source,target}'::text[]) AS connection \g /dev/null
SELECT * FROM pg_temp.end_planting() \gset
SELECT is(:'restored'::text, '', 'a model is restored');
SELECT is(:'target'::text, :'source', 'with its figures');
SELECT cmp_ok(:planted, '>', 0, 'while something is planted');
SELECT is(:'bound'::text, '', 'and nothing is bound to it');
DROP DATABASE planting;
DROP DATABASE planting_source;
DROP OWNED BY csmetrics_racer;
DROP ROLE csmetrics_racer;
\else
SELECT skip('there are no other sessions here (dblink)', 10);
\endif
DROP SCHEMA :aids CASCADE;
SELECT * FROM finish();
