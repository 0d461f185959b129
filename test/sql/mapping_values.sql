\unset ECHO
\i test/psql.sql
-- A mapping whose own query casts by the settings of the session is refused, with what would be right; what is right is not.
BEGIN;
SELECT plan(78);
CALL create_model('cs');
CREATE SCHEMA crm;
CREATE TYPE crm.term AS (since date, amount numeric);
CREATE DOMAIN crm.day AS date;
CREATE DOMAIN crm.instant AS timestamptz;
CREATE TYPE crm.word AS ENUM ('a', 'b');
CREATE FUNCTION crm.to_day(integer) RETURNS date LANGUAGE sql STABLE RETURN date '2000-01-01' + $1;
CREATE TABLE crm.contract (id text, von text, bis varchar(20), am timestamptz, um timestamp, tag date, betrag text, preis money, n integer, einheit text, data jsonb, doc xml, wort text,
                           tage text[], zeit time, typed crm.instant);
INSERT INTO crm.contract (id, von, am, um, tag, betrag, n) VALUES ('a', '2026-01-05', '2026-01-05 10:00+00', '2026-01-05 10:00', '2026-01-05', '10.50', 3);

CREATE FUNCTION pg_temp.mapped(start text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
    message text;
BEGIN
    EXECUTE format('CALL csmetrics.map(''cs'', ''subscription'', %L)', CASE WHEN start ~* '^\s*(WITH|SELECT)' THEN start ELSE format('SELECT id AS account_id, %s AS starts_on, 1 AS mrr FROM crm.contract', start) END);
    RETURN 'mapped';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, message = MESSAGE_TEXT;
    RETURN SQLSTATE || ' ' || message || CASE WHEN hint = '' THEN ' without a cure' ELSE '' END;
END
$$;
CREATE TEMP TABLE query (nr serial, start text, cast_of text, setting text);
INSERT INTO query (start, cast_of, setting) VALUES
('von::date', 'text to date', 'DateStyle'), ('CAST(bis AS date)', 'text to date', 'DateStyle'), ('date(von)', 'text to date', 'DateStyle'),
('von::timestamp', 'text to timestamp without time zone', 'DateStyle'), ('von::timestamptz', 'text to timestamp with time zone', 'DateStyle and TimeZone'),
('von::timestamptz(0)', 'text to timestamp with time zone', 'DateStyle and TimeZone'), ('(von::crm.day)', 'text to date', 'DateStyle'),
('tag + von::time', 'text to time without time zone', 'DateStyle'), ('tag + (''1 '' || einheit)::interval', 'text to interval', 'IntervalStyle'),
('(tage::date[])[1]', 'text to date', 'DateStyle'), ('lower(von::daterange)', 'text to daterange', 'DateStyle'), ('(von::crm.term).since', 'text to crm.term', 'DateStyle'),
('(data ->> ''since'')::date', 'text to date', 'DateStyle'), ('date_in(textout(von))', 'text to date', 'DateStyle'),
('coalesce(tag, von::date)', 'text to date', 'DateStyle'), ('CASE WHEN n > 1 THEN tag ELSE (SELECT max(c.von::date) FROM crm.contract c) END', 'text to date', 'DateStyle'),
('am::date', 'timestamp with time zone to date', 'TimeZone'), ('date(am)', 'timestamp with time zone to date', 'TimeZone'), ('typed::date', 'crm.instant to date', 'TimeZone'),
('now()::date', 'timestamp with time zone to date', 'TimeZone'), ('am::timestamp', 'timestamp with time zone to timestamp without time zone', 'TimeZone'),
('um::timestamptz', 'timestamp without time zone to timestamp with time zone', 'TimeZone'), ('tag::timestamptz', 'date to timestamp with time zone', 'TimeZone'),
('coalesce(am, tag)', 'date to timestamp with time zone', 'TimeZone'), ('greatest(am, um)', 'timestamp without time zone to timestamp with time zone', 'TimeZone'),
('to_timestamp(von, ''DD.MM.YYYY HH24:MI'')', 'text to timestamp with time zone by to_timestamp', 'TimeZone'),
('SELECT id AS account_id, tag AS starts_on, betrag::numeric::money AS mrr FROM crm.contract', 'numeric to money', 'lc_monetary'),
('SELECT id AS account_id, tag AS starts_on, betrag::money AS mrr FROM crm.contract', 'text to money', 'lc_monetary'),
('SELECT id AS account_id, tag AS starts_on, to_number(betrag, ''9G999D99'') AS mrr FROM crm.contract', 'text to numeric by to_number', 'lc_numeric'),
('SELECT id AS account_id, tag AS starts_on, 1 AS mrr FROM crm.contract WHERE von::date > ''2020-01-01''', 'text to date', 'DateStyle'),
('SELECT id AS account_id, tag AS starts_on, 1 AS mrr FROM crm.contract ORDER BY von::date', 'text to date', 'DateStyle'),
('SELECT id AS account_id, max(tag) AS starts_on, 1 AS mrr FROM crm.contract GROUP BY id, von::date', 'text to date', 'DateStyle'),
('SELECT id AS account_id, max(tag) FILTER (WHERE am::date > tag) AS starts_on, 1 AS mrr FROM crm.contract GROUP BY id', 'timestamp with time zone to date', 'TimeZone'),
('WITH c AS (SELECT id, von::date AS von FROM crm.contract) SELECT id AS account_id, von AS starts_on, 1 AS mrr FROM c', 'text to date', 'DateStyle'),
('SELECT c.id AS account_id, d AS starts_on, 1 AS mrr FROM crm.contract c, LATERAL (SELECT c.von::date AS d) x', 'text to date', 'DateStyle'),
('SELECT c.id AS account_id, c.tag AS starts_on, 1 AS mrr FROM crm.contract c JOIN crm.contract o ON o.von::date = c.tag', 'text to date', 'DateStyle'),
('SELECT id AS account_id, tag AS starts_on, 1 AS mrr FROM crm.contract UNION ALL SELECT id, von::date, 1 FROM crm.contract', 'text to date', 'DateStyle'),
('SELECT id AS account_id, v.d AS starts_on, 1 AS mrr FROM crm.contract c, LATERAL (VALUES (c.von::date)) v(d)', 'text to date', 'DateStyle'),
('SELECT id AS account_id, first_value(von::date) OVER (PARTITION BY n ORDER BY id) AS starts_on, 1 AS mrr FROM crm.contract', 'text to date', 'DateStyle'),
('SELECT c.id AS account_id, r.since AS starts_on, 1 AS mrr FROM crm.contract c, jsonb_to_record(c.data) AS r(since date)', 'text to date', 'DateStyle'),
('SELECT c.id AS account_id, r.since AS starts_on, 1 AS mrr FROM crm.contract c, jsonb_populate_recordset(NULL::crm.term, c.data) r', 'text to crm.term', 'DateStyle'),
('SELECT c.id AS account_id, r.since AS starts_on, 1 AS mrr FROM crm.contract c, XMLTABLE(''/a'' PASSING c.doc COLUMNS since date PATH ''b'') r', 'text to date', 'DateStyle'),
('WITH RECURSIVE r AS (SELECT id, tag FROM crm.contract UNION ALL SELECT id, von::date FROM r JOIN crm.contract USING (id) WHERE false) SELECT id AS account_id, tag AS starts_on, 1 AS mrr FROM r', 'text to date', 'DateStyle');
SELECT is(pg_temp.mapped(start), format('22023 source "subscription": the query casts %s, which hangs on the session''s %s', cast_of, setting), 'refused: ' || left(start, 150)) FROM query ORDER BY nr;
SELECT is((SELECT count(*) FROM cs_internal.source_subscription), 0::bigint, 'a mapping that was refused changed nothing');

-- What hangs on no setting, or on the clock alone.
SELECT is(pg_temp.mapped(start), 'mapped', 'mapped: ' || left(start, 150)) FROM unnest(ARRAY[
'von', 'bis', 'am', 'um', 'tag', 'to_date(von, ''YYYY-MM-DD'')', 'csmetrics.strict_date(von)', 'csmetrics.strict_instant(von, ''Europe/Berlin'')', '(am AT TIME ZONE ''UTC'')::date',
'(um AT TIME ZONE ''UTC'')', 'um::date', 'tag::timestamp AT TIME ZONE ''UTC''', 'date ''2026-01-05''', '''2026-01-05''::date', 'timestamptz ''2026-01-05 10:00+00''', 'now()', 'current_date', 'coalesce(tag, current_date)',
'tag + n * interval ''1 month''', '(tag + make_interval(days => n))::date', 'to_timestamp(n)', 'to_timestamp(von || '' +01'', ''YYYY-MM-DD TZH'')', 'date_trunc(''month'', um)', 'make_date(2026, n, 1)', 'crm.to_day(n)',
'regexp_replace(von, ''^(\d\d)\.(\d\d)\.(\d{4})'', ''\3-\2-\1'')', '(data ->> ''since'')',
'SELECT id AS account_id, tag AS starts_on, betrag::numeric AS mrr FROM crm.contract', 'SELECT id AS account_id, tag AS starts_on, replace(replace(betrag, ''.'', ''''), '','', ''.'')::numeric AS mrr FROM crm.contract',
'SELECT id AS account_id, tag AS starts_on, to_number(betrag, ''999999.99'') AS mrr FROM crm.contract', 'SELECT id AS account_id, tag AS starts_on, preis::numeric AS mrr FROM crm.contract', 'SELECT id AS account_id, tag AS starts_on, n::text AS mrr, wort::crm.word::text AS product FROM crm.contract',
'SELECT id AS account_id, tag AS starts_on, 1 AS mrr FROM crm.contract WHERE am > now() - interval ''1 year'' AND am >= tag AND von <> ''''',
'SELECT c.id AS account_id, r.since AS starts_on, 1 AS mrr FROM crm.contract c, jsonb_to_record(c.data) AS r(since text)']) start;
SELECT * FROM finish();
ROLLBACK;
