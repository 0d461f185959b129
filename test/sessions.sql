-- Included by the tests in which other sessions take part, after test/psql.sql: pg_temp.opened(connection) opens one by dblink, a contributed
-- extension, which is created in schema :aids, or public; :present tells whether it can be done here.
\if :{?aids}
\else
    \set aids public
\endif
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'dblink') AS present \gset
\if :present
    CREATE EXTENSION IF NOT EXISTS dblink SCHEMA :aids;
    SELECT set_config('search_path', concat_ws(', ', 'csmetrics', nullif(:'aids', 'public'), 'public'), false) \g /dev/null
    CREATE FUNCTION pg_temp.opened(connection text, database text DEFAULT current_database()) RETURNS text LANGUAGE sql AS
    $$SELECT dblink_connect(connection, format('host=%s port=%s dbname=%s user=%s options=''-c client_min_messages=warning -c jit=off''', coalesce(nullif(trim(split_part(current_setting('unix_socket_directories'), ',', 1)), ''), 'localhost'),
                                               current_setting('port'), quote_literal(database), quote_literal(current_user)))$$;
    SELECT pg_temp.failure('SELECT pg_temp.opened(''one'')') = 'no error' AS present \gset
\endif
