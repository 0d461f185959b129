-- What each refresh did, and the procedures that people call: shells that keep the row of one that failed.

CREATE OR REPLACE PROCEDURE csmetrics.may_commit(INOUT may boolean)
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON PROCEDURE csmetrics.may_commit(boolean) IS
'Internal: could the caller COMMIT here, and would that commit nothing that was done before it was called?';

CREATE OR REPLACE PROCEDURE csmetrics.throw_again(state text, message text, detail text, hint text)
LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON PROCEDURE csmetrics.throw_again(text, text, text, text) IS
'Internal: an error that was caught, as it was: with this SQLSTATE, and without a detail or hint that is empty';

CREATE OR REPLACE PROCEDURE csmetrics.note_reading(
    model text, source text, found_by text, rows_read bigint, accounts_changed bigint, started timestamptz)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    unseen bigint;
BEGIN
    EXECUTE format('DELETE FROM %I.fresh_reading WHERE source = $1 RETURNING accounts_unseen', internal)
        INTO unseen USING source;
    EXECUTE format('INSERT INTO %I.fresh_reading VALUES ($1, $2, $3, $4, $5, $6)', internal)
        USING source, found_by, rows_read, accounts_changed, unseen,
              round(extract(epoch FROM clock_timestamp() - started), 3);
END
$$;
COMMENT ON PROCEDURE csmetrics.note_reading(text, text, text, bigint, bigint, timestamptz) IS
'Internal: notes for refresh_log how a source was read, what came of it, and how long it took';

CREATE OR REPLACE PROCEDURE csmetrics.log_refresh(model text, started timestamptz, kind text, sweep boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('INSERT INTO %1$I.refresh_log (started_at, finished_at, kind, state, sources)
                    SELECT $1, clock_timestamp(),
                           coalesce($2, CASE WHEN $3 OR bool_or(r.found_by = ''sweep'' AND w.source IS NOT NULL)
                                             THEN ''sweep''
                                             WHEN bool_or(r.found_by IN (''sweep'', ''whole'') AND r.rows_read > 0)
                                             THEN ''whole''
                                             ELSE ''keys'' END),
                           ''ok'',
                           coalesce(jsonb_object_agg(r.source, jsonb_strip_nulls(jsonb_build_object(
                               ''found_by'', r.found_by, ''rows_read'', r.rows_read,
                               ''accounts_changed'', r.accounts_changed, ''accounts_unseen'', r.accounts_unseen,
                               ''seconds'', r.seconds))) FILTER (WHERE r.source IS NOT NULL), ''{}'')
                    FROM %2$I.fresh_reading r
                    LEFT JOIN (SELECT DISTINCT o.source FROM %1$I.watch o) w USING (source)',
                   model, csmetrics.internal_schema(model)) USING started, kind, sweep;
    EXECUTE format('DELETE FROM %1$I.refresh_log
                    WHERE started_at < now() - interval ''1 day'' * (SELECT p.refresh_log_days
                                                                     FROM %1$I.policy p)', model);
END
$$;
COMMENT ON PROCEDURE csmetrics.log_refresh(text, timestamptz, text, boolean) IS
'Internal: adds what a refresh did to refresh_log, and takes out what is too old; kind: NULL, as it follows from how '
'the sources were read';

CREATE OR REPLACE PROCEDURE csmetrics.log_failure(model text, started timestamptz, kind text, problem text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('INSERT INTO %I.refresh_log (started_at, finished_at, kind, state, error)
                    VALUES ($1, clock_timestamp(), $2, ''failed'', $3)', model) USING started, kind, problem;
EXCEPTION WHEN OTHERS THEN
    -- no such model, or not the caller's: it is the error before this one that is to be heard
    NULL;
END
$$;
COMMENT ON PROCEDURE csmetrics.log_failure(text, timestamptz, text, text) IS
'Internal: adds a refresh that failed to refresh_log of a model, if there is such a model and it is the caller''s';

CREATE OR REPLACE PROCEDURE csmetrics.logged(model text, kind text, statement text)
-- without settings of its own, as it commits
LANGUAGE plpgsql AS $logged$
DECLARE
    started pg_catalog.timestamptz := pg_catalog.clock_timestamp();
    may pg_catalog.bool := false;
    state pg_catalog.text;
    message pg_catalog.text;
    details pg_catalog.text;
    advice pg_catalog.text;
BEGIN
    CALL csmetrics.may_commit(may);
    IF NOT may THEN
        -- part of a larger transaction, which an error undoes whole
        EXECUTE statement;
        RETURN;
    END IF;
    BEGIN
        EXECUTE statement;
        RETURN;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, details = PG_EXCEPTION_DETAIL,
            advice = PG_EXCEPTION_HINT;
    END;
    CALL csmetrics.log_failure(model, started, kind, pg_catalog.concat(state, ' ', message));
    COMMIT;
    CALL csmetrics.throw_again(state, message, details, advice);
END
$logged$;
COMMENT ON PROCEDURE csmetrics.logged(text, text, text) IS
'Internal: runs the statement that refreshes a model; if it fails, that is in refresh_log, unless the statement is '
'part of a larger transaction';

CREATE OR REPLACE PROCEDURE csmetrics.refresh(
    model text, sources text[] DEFAULT NULL, may_shrink boolean DEFAULT false, sweep boolean DEFAULT false,
    wait boolean DEFAULT true)
LANGUAGE plpgsql AS $refresh$
BEGIN
    CALL csmetrics.logged(model, CASE WHEN sweep THEN 'sweep' ELSE 'keys' END, pg_catalog.format(
        'CALL csmetrics.refresh_once(%L, %L, %L, %L, %L)', model, sources, may_shrink, sweep, wait));
END
$refresh$;
COMMENT ON PROCEDURE csmetrics.refresh(text, text[], boolean, boolean, boolean) IS
'Brings a model up to date in one transaction: histories of accounts whose rows changed. sources: of these; accounts, '
'rates, parents always; sweep: watched ones whole. A row that cannot be right: SQLSTATE 22023; hidden rows: 42501; '
'half gone: 55000, or may_shrink; NOT wait, another at it: 55P03.';

CREATE OR REPLACE PROCEDURE csmetrics.rebuild(model text, may_shrink boolean DEFAULT false, wait boolean DEFAULT true)
LANGUAGE plpgsql AS $rebuild$
BEGIN
    CALL csmetrics.logged(model, 'rebuild', pg_catalog.format(
        'CALL csmetrics.refresh_once(%L, NULL, %L, false, %L, ''rebuild'')', model, may_shrink, wait));
END
$rebuild$;
COMMENT ON PROCEDURE csmetrics.rebuild(text, boolean, boolean) IS
'Makes all that refresh stores anew from all rows, as in a fresh model, in one transaction that readers do not wait '
'for. Settings, records and what was observed stay. Errors, may_shrink and wait as for refresh().';

CREATE OR REPLACE PROCEDURE csmetrics.empty_stored(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY '{account, left_out_account, fx_rate, account_digest, account_state, revenue_state,
                            user_state, entitlement_state, discount_state, product_state, ending_state,
                            account_entity}'::text[] LOOP
        EXECUTE format('DELETE FROM %s', csmetrics.relation(model, name));
    END LOOP;
    EXECUTE format('UPDATE %I.refreshed_source SET policy_hash = ''''', model);
    CALL csmetrics.forget_readings(model);
END
$$;
COMMENT ON PROCEDURE csmetrics.empty_stored(text) IS
'Internal: throws away what refresh stored, so that all of it is made anew';
