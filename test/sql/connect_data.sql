\unset ECHO
\i test/psql.sql
-- Connectors over rows in the layout that a sync tool lands: each set connects and refreshes, loaded with types and as texts alike. The data is
-- not part of this project: without it the tests are skipped.
BEGIN;
SELECT plan(40);
\set present false
\if :{?data}
    \set present `for s in intercom jira pendo qualtrics recurly salesforce stripe zendesk; do test -d :'data'/fivetran_$s || exit 0; done; echo true`
    \if :{?present}
    \else
        \set present false
    \endif
\endif
SELECT coalesce(nullif(:'present', ''), 'false') AS present \gset
\if :present

-- Each file becomes a table of its name (but for sf_ and _data), with the types that its values have, or of texts.
CREATE FUNCTION pg_temp.load(schema text, files text, typed boolean) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    file text;
    name text;
    header text[];
    rows jsonb;
    done integer := 0;
BEGIN
    EXECUTE format('CREATE SCHEMA %I', schema);
    FOR file IN SELECT regexp_split_to_table(files, E'\x1e') OFFSET 1 LOOP
        name := regexp_replace(regexp_replace(split_part(file, E'\x1f', 1), '^sf_', ''), '_data(_postgres)?$', '');
        CONTINUE WHEN to_regclass(format('%I.%I', schema, name)) IS NOT NULL;
        WITH cell AS (
            SELECT CASE WHEN m[1] LIKE '"%' THEN replace(substr(m[1], 2, length(m[1]) - 2), '""', '"') ELSE m[1] END AS value, n,
                   count(*) FILTER (WHERE m[2] <> ',') OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS line
            FROM regexp_matches(translate(split_part(file, E'\x1f', 2), E'\r', ''), '("(?:[^"]|"")*"|[^,\n"]*)(,|\n|$)', 'g') WITH ORDINALITY r(m, n)),
        line AS (SELECT line, array_agg(value ORDER BY n) AS cells FROM cell GROUP BY line)
        SELECT (SELECT cells FROM line WHERE line = 0), (SELECT jsonb_agg(to_jsonb(cells) ORDER BY line) FROM line WHERE line > 0 AND cells <> '{""}') INTO header, rows;
        EXECUTE (SELECT format('CREATE TABLE %I.%I (%s)', schema, name, string_agg(format('%I %s', h, type), ', ' ORDER BY n))
                 FROM (SELECT h, n, CASE WHEN NOT typed OR bool_and(coalesce(v, '') = '') THEN 'text'
                                         WHEN bool_and(coalesce(v, '') ~ '^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?)?$') THEN 'timestamp'
                                         WHEN bool_and(coalesce(v, '') ~* '^(true|false)?$') THEN 'boolean'
                                         WHEN bool_and(coalesce(v, '') ~ '^(-?\d{1,18})?$') THEN 'bigint'
                                         WHEN bool_and(coalesce(v, '') ~ '^(-?\d+(\.\d+)?)?$') THEN 'numeric' ELSE 'text' END AS type
                       FROM unnest(header) WITH ORDINALITY a(h, n) LEFT JOIN LATERAL (SELECT r ->> (n - 1)::integer AS v FROM jsonb_array_elements(rows) r) x ON true
                       GROUP BY h, n) c);
        EXECUTE (SELECT format('INSERT INTO %I.%I SELECT %s FROM jsonb_array_elements($1) r', schema, name,
                               string_agg(CASE WHEN typed THEN format('nullif(r ->> %s, '''')::%s', n - 1, format_type(a.atttypid, NULL)) ELSE format('nullif(r ->> %s, '''')', n - 1) END, ', ' ORDER BY n))
                 FROM unnest(header) WITH ORDINALITY h(h, n) JOIN pg_attribute a ON a.attrelid = format('%I.%I', schema, name)::regclass AND a.attnum = n) USING rows;
        done := done + 1;
    END LOOP;
    RETURN done;
END
$$;
-- What the views of the vendor give, and the sources: the rows of the sets know little of each other.
CREATE FUNCTION pg_temp.given(model text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    view text;
    n bigint;
    told text;
BEGIN
    FOR view IN EXECUTE format('SELECT view_name FROM %I.connection_view ORDER BY vendor IS NULL, view_name', model || '_internal') LOOP
        EXECUTE format('SELECT count(*) FROM %I.%I', model || '_internal', view) INTO n;
        told := concat_ws(', ', told, view || ' ' || n);
    END LOOP;
    RETURN told;
END
$$;
-- The views of both loads, row by row.
CREATE FUNCTION pg_temp.differences(vendor text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    view text;
    statement text := 'SELECT 1 WHERE false';
BEGIN
    FOR view IN EXECUTE format('SELECT view_name FROM %I.connection_view WHERE vendor IS NOT NULL', format('m_typed_%s_internal', vendor)) LOOP
        statement := statement || format(' UNION ALL (SELECT 1 FROM (TABLE %1$I.%3$I EXCEPT ALL TABLE %2$I.%3$I) d) UNION ALL (SELECT 1 FROM (TABLE %2$I.%3$I EXCEPT ALL TABLE %1$I.%3$I) d)',
                                 format('m_typed_%s_internal', vendor), format('m_text_%s_internal', vendor), view);
    END LOOP;
    RETURN statement;
END
$$;
CREATE FUNCTION pg_temp.connected(vendor text, schema text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CALL csmetrics.create_model(%L)', 'm_' || schema);
    EXECUTE format('CALL csmetrics.connect(%L, %L, %L)', 'm_' || schema, vendor, schema);
    EXECUTE format('CALL csmetrics.refresh(%L)', 'm_' || schema);
    RETURN pg_temp.given('m_' || schema);
END
$$;
\set files `for f in :'data'/fivetran_stripe/*.csv; do printf '\036%s\037' "$(basename $f .csv)"; cat $f; done`
SELECT cmp_ok(pg_temp.load('typed_stripe', :'files', true), '>', 10, 'stripe: its tables are there');
SELECT cmp_ok(pg_temp.load('text_stripe', :'files', false), '>', 10, 'stripe: and as texts');
SELECT is(pg_temp.connected('stripe', 'typed_stripe'), 'stripe_account 14, stripe_subscription 0, source_account 14, source_subscription 0', 'stripe: connects and refreshes');
SELECT is(pg_temp.connected('stripe', 'text_stripe'), pg_temp.given('m_typed_stripe'), 'stripe: as texts, too');
SELECT is_empty(pg_temp.differences('stripe'), 'stripe: with the same rows');
\set files `for f in :'data'/fivetran_recurly/*.csv; do printf '\036%s\037' "$(basename $f .csv)"; cat $f; done`
SELECT cmp_ok(pg_temp.load('typed_recurly', :'files', true), '>', 10, 'recurly: its tables are there');
SELECT cmp_ok(pg_temp.load('text_recurly', :'files', false), '>', 10, 'recurly: and as texts');
SELECT is(pg_temp.connected('recurly', 'typed_recurly'), 'recurly_account 4, recurly_subscription 8, source_account 4, source_subscription 8', 'recurly: connects and refreshes');
SELECT is(pg_temp.connected('recurly', 'text_recurly'), pg_temp.given('m_typed_recurly'), 'recurly: as texts, too');
SELECT is_empty(pg_temp.differences('recurly'), 'recurly: with the same rows');
\set files `for f in :'data'/fivetran_salesforce/*.csv; do printf '\036%s\037' "$(basename $f .csv)"; cat $f; done`
SELECT cmp_ok(pg_temp.load('typed_salesforce', :'files', true), '>', 10, 'salesforce: its tables are there');
SELECT cmp_ok(pg_temp.load('text_salesforce', :'files', false), '>', 10, 'salesforce: and as texts');
SELECT is(pg_temp.connected('salesforce', 'typed_salesforce'), 'salesforce_account 2, source_account 1', 'salesforce: connects and refreshes');
SELECT is(pg_temp.connected('salesforce', 'text_salesforce'), pg_temp.given('m_typed_salesforce'), 'salesforce: as texts, too');
SELECT is_empty(pg_temp.differences('salesforce'), 'salesforce: with the same rows');
\set files `for f in :'data'/fivetran_zendesk/*.csv; do printf '\036%s\037' "$(basename $f .csv)"; cat $f; done`
SELECT cmp_ok(pg_temp.load('typed_zendesk', :'files', true), '>', 10, 'zendesk: its tables are there');
SELECT cmp_ok(pg_temp.load('text_zendesk', :'files', false), '>', 10, 'zendesk: and as texts');
SELECT is(pg_temp.connected('zendesk', 'typed_zendesk'), 'zendesk_account 26, zendesk_survey 0, zendesk_ticket 8, source_account 10, source_survey 0, source_ticket 0', 'zendesk: connects and refreshes');
SELECT is(pg_temp.connected('zendesk', 'text_zendesk'), pg_temp.given('m_typed_zendesk'), 'zendesk: as texts, too');
SELECT is_empty(pg_temp.differences('zendesk'), 'zendesk: with the same rows');
\set files `for f in :'data'/fivetran_intercom/*.csv; do printf '\036%s\037' "$(basename $f .csv)"; cat $f; done`
SELECT cmp_ok(pg_temp.load('typed_intercom', :'files', true), '>', 10, 'intercom: its tables are there');
SELECT cmp_ok(pg_temp.load('text_intercom', :'files', false), '>', 10, 'intercom: and as texts');
SELECT is(pg_temp.connected('intercom', 'typed_intercom'), 'intercom_account 18, intercom_survey 0, intercom_ticket 2, source_account 9, source_survey 0, source_ticket 0', 'intercom: connects and refreshes');
SELECT is(pg_temp.connected('intercom', 'text_intercom'), pg_temp.given('m_typed_intercom'), 'intercom: as texts, too');
SELECT is_empty(pg_temp.differences('intercom'), 'intercom: with the same rows');
\set files `for f in :'data'/fivetran_jira/*.csv; do printf '\036%s\037' "$(basename $f .csv)"; cat $f; done`
SELECT cmp_ok(pg_temp.load('typed_jira', :'files', true), '>', 10, 'jira: its tables are there');
SELECT cmp_ok(pg_temp.load('text_jira', :'files', false), '>', 10, 'jira: and as texts');
SELECT is(pg_temp.connected('jira', 'typed_jira'), 'jira_account 0, jira_ticket 4, source_account 0, source_ticket 0', 'jira: connects and refreshes');
SELECT is(pg_temp.connected('jira', 'text_jira'), pg_temp.given('m_typed_jira'), 'jira: as texts, too');
SELECT is_empty(pg_temp.differences('jira'), 'jira: with the same rows');
\set files `for f in :'data'/fivetran_pendo/*.csv; do printf '\036%s\037' "$(basename $f .csv)"; cat $f; done`
SELECT cmp_ok(pg_temp.load('typed_pendo', :'files', true), '>', 10, 'pendo: its tables are there');
SELECT cmp_ok(pg_temp.load('text_pendo', :'files', false), '>', 10, 'pendo: and as texts');
SELECT is(pg_temp.connected('pendo', 'typed_pendo'), 'pendo_account 13, pendo_survey 0, pendo_usage 10, source_account 5, source_survey 0, source_usage 0', 'pendo: connects and refreshes');
SELECT is(pg_temp.connected('pendo', 'text_pendo'), pg_temp.given('m_typed_pendo'), 'pendo: as texts, too');
SELECT is_empty(pg_temp.differences('pendo'), 'pendo: with the same rows');
\set files `for f in :'data'/fivetran_qualtrics/*.csv; do printf '\036%s\037' "$(basename $f .csv)"; cat $f; done`
SELECT cmp_ok(pg_temp.load('typed_qualtrics', :'files', true), '>', 10, 'qualtrics: its tables are there');
SELECT cmp_ok(pg_temp.load('text_qualtrics', :'files', false), '>', 10, 'qualtrics: and as texts');
SELECT is(pg_temp.connected('qualtrics', 'typed_qualtrics'), 'qualtrics_account 5, qualtrics_survey 0, source_account 5, source_survey 0', 'qualtrics: connects and refreshes');
SELECT is(pg_temp.connected('qualtrics', 'text_qualtrics'), pg_temp.given('m_typed_qualtrics'), 'qualtrics: as texts, too');
SELECT is_empty(pg_temp.differences('qualtrics'), 'qualtrics: with the same rows');
\else
SELECT skip('the tables of sync tools are not there (CSMETRICS_DATA)', 40);
\endif
SELECT * FROM finish();
ROLLBACK;
