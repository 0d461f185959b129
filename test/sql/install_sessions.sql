\unset ECHO
\i test/psql.sql
-- While the script runs that installs or updates the extension, nobody can put another schema in the place of the one
-- that it fills, in which all that it names in full would be looked up. Needs dblink; a database of its own is made and
-- dropped.
SELECT plan(7);
DROP SCHEMA IF EXISTS install_sessions_aids CASCADE;
CREATE SCHEMA install_sessions_aids;
\set aids install_sessions_aids
\i test/sessions.sql
\if :present
\set parts `cat sql/00_kernel.sql`
DROP DATABASE IF EXISTS install_sessions;
CREATE DATABASE install_sessions TEMPLATE template0;
SELECT pg_temp.opened(connection, 'install_sessions') FROM unnest('{script,owner}'::text[]) AS connection \g /dev/null
SELECT dblink_exec('script', 'CREATE SCHEMA csmetrics') \g /dev/null
SELECT dblink_exec('owner', 'SET lock_timeout = 300') \g /dev/null
SELECT dblink_exec('script', 'BEGIN') \g /dev/null
SELECT dblink_exec('script', split_part(:'parts', 'DO $guard$', 1)) \g /dev/null
SELECT alike(pg_temp.failure(format('SELECT dblink_exec(''owner'', %L)', statement)), '%due to lock timeout',
             'held: ' || statement)
FROM unnest('{ALTER SCHEMA csmetrics RENAME TO other,DROP SCHEMA csmetrics}'::text[]) AS statement;
SELECT is(dblink_exec('script', split_part(:'parts', 'CREATE PROCEDURE', 1)), 'DO', 'the script goes on');
SELECT dblink_exec('script', 'ROLLBACK') \g /dev/null
SELECT is(dblink_exec('owner', 'ALTER SCHEMA csmetrics RENAME TO other'), 'ALTER SCHEMA', 'free again');

\set parts `cat sql/updates/begin.sql`
SELECT dblink_exec('script', 'CREATE EXTENSION csmetrics'), dblink_exec('script', 'BEGIN') \g /dev/null
SELECT is(dblink_exec('script', :'parts'), 'DO', 'so does an update begin');
SELECT alike(pg_temp.failure(format('SELECT dblink_exec(''owner'', %L)', statement)), '%due to lock timeout',
             'held: ' || statement)
FROM unnest('{ALTER SCHEMA csmetrics RENAME TO another,DROP SCHEMA csmetrics CASCADE}'::text[]) AS statement;
SELECT dblink_exec('script', 'ROLLBACK') \g /dev/null
SELECT dblink_disconnect(connection) FROM unnest('{script,owner}'::text[]) AS connection \g /dev/null
DROP DATABASE install_sessions;
\else
SELECT skip('there are no other sessions here (dblink)', 7);
\endif
DROP SCHEMA install_sessions_aids CASCADE;
SELECT * FROM finish();
