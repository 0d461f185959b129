-- Watches: by what refresh knows which accounts of a source may have changed, so that it reads these alone. A watch
-- that names one too many costs time; one that names one too few is what the next sweep finds.
--
-- What happens in a table is told to refresh as the values of one column, key_column; which accounts these lead to is
-- asked by refresh, with the rights of who runs it. So a writer pays for its own keys alone, and runs nothing of ours
-- but their way into the queue.

CREATE OR REPLACE FUNCTION csmetrics.queue_functions(model text) RETURNS SETOF oid
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = csmetrics.internal_schema(model) AND p.proname ~ '^queue_changed_[0-9]+$'
      AND p.prorettype = 'trigger'::regtype;
END;
COMMENT ON FUNCTION csmetrics.queue_functions(text) IS 'Internal: the functions of triggers of the watches of a model';

-- What is refreshed how.

CREATE OR REPLACE FUNCTION csmetrics.is_judged_alone(model text, source text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    others boolean;
BEGIN
    -- rules that look at other rows, at accounts or at the clock, or may do so by a function
    EXECUTE format('SELECT EXISTS (
                        SELECT 1 FROM %I.quality_rule r LEFT JOIN csmetrics.quality_check c USING (rule, source)
                        WHERE source = $1 AND r.is_enabled AND r.quarantine
                          AND (coalesce(c.kind, ''row'') <> ''row''
                               OR coalesce(r.condition, c.condition)
                                  ~* ''\m(select|over|known_id|until_at|now|current_\w+|localtime\w*)\M''
                               OR regexp_replace(r.condition, ''\m(and|or|not|in|any|all|when|then|else)\s*\('', ''~('',
                                                 ''gi'') ~ ''[\w"]\s*\(''))', model) INTO others USING source;
    RETURN NOT others;
END
$$;
COMMENT ON FUNCTION csmetrics.is_judged_alone(text, text) IS
'Internal: is each row of a source kept or in quarantine whatever else there is, as far as the text of rules tells?';

CREATE OR REPLACE FUNCTION csmetrics.read_hash(model text, source text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    hash text;
BEGIN
    EXECUTE format('SELECT md5(concat(csmetrics.kept_query($1, $2),
                                      string_agg(csmetrics.fingerprint(c.oid::regclass), '' '' ORDER BY c.relname)))
                    FROM pg_class c
                    WHERE c.relnamespace = %1$L::regnamespace AND c.relkind = ''v''
                      AND (c.relname = ''source_'' || $2
                           OR c.relname IN (SELECT v.view_name FROM %1$s.connection_view v WHERE v.source = $2))',
                   quote_ident(csmetrics.internal_schema(model))) INTO hash USING model, source;
    RETURN hash;
END
$$;
COMMENT ON FUNCTION csmetrics.read_hash(text, text) IS
'Internal: fingerprint of what refresh reads of a source: its mapping and the rules in quarantine';

CREATE OR REPLACE PROCEDURE csmetrics.count_written(relation regclass, INOUT written bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    written := CASE WHEN current_setting('track_counts')::boolean
                    THEN pg_stat_get_xact_tuples_inserted(relation) + pg_stat_get_xact_tuples_updated(relation)
                         + pg_stat_get_xact_tuples_deleted(relation) END;
END
$$;
COMMENT ON PROCEDURE csmetrics.count_written(regclass, bigint) IS
'Internal: how many rows of a table this transaction has written so far; NULL where the server does not count';

CREATE OR REPLACE FUNCTION csmetrics.unmapped(model text) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT s.source
    FROM (SELECT DISTINCT c.source FROM csmetrics.source_column c) s,
         LATERAL (SELECT pg_get_viewdef(csmetrics.relation(model, 'source_' || s.source))) v(definition)
    WHERE v.definition ~ 'WHERE false;$' AND v.definition !~ '\mFROM\M';
END;
COMMENT ON FUNCTION csmetrics.unmapped(text) IS
'Internal: the sources of a model that are as it was made with, and have no rows';

CREATE OR REPLACE FUNCTION csmetrics.keyed_now(model text, sweep boolean, has_moved boolean) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $keyed$
DECLARE
    keyed text[];
BEGIN
    IF sweep THEN
        RETURN '{}';
    END IF;
    -- not those never read, by other rules, by another mapping, or too long ago; nor where a vendor's account is
    -- another one now
    EXECUTE format('SELECT array_agg(s.source)
                    FROM (SELECT w.source FROM %1$I.watch w
                          UNION SELECT u FROM csmetrics.unmapped($1) u WHERE EXISTS (SELECT 1 FROM %1$I.watch w)) s
                    JOIN %1$I.refreshed_source r USING (source)
                    JOIN %2$I.read_form f USING (source),
                         (SELECT sweep_hours, report_currency FROM %1$I.policy LIMIT 1) p
                    WHERE r.policy_hash = $2 AND r.swept_at IS NOT NULL
                      AND (r.swept_at > clock_timestamp() - p.sweep_hours * interval ''1 hour'') IS NOT FALSE
                      AND NOT (s.source = ''subscription'' AND p.report_currency IS NOT NULL)
                      AND NOT EXISTS (SELECT 1 FROM %2$I.connection_view v WHERE v.view_name = ''source_'' || s.source
                                                                           AND ($3 OR s.source = ''account''))
                      AND csmetrics.is_judged_alone($1, s.source)
                      AND f.read_hash = csmetrics.read_hash($1, s.source)',
                   model, csmetrics.internal_schema(model))
        INTO keyed USING model, csmetrics.policy_of_refresh(model), has_moved;
    RETURN coalesce(keyed, '{}');
END
$keyed$;
COMMENT ON FUNCTION csmetrics.keyed_now(text, boolean, boolean) IS
'Internal: the sources of which a refresh reads what watches tell of, and no more; has_moved: keys of vendors lead to '
'other accounts than before';

-- What watches tell.

CREATE OR REPLACE FUNCTION csmetrics.is_marked(model text, source text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_marked boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.fresh_change c WHERE c.source = $1)',
                   csmetrics.internal_schema(model)) INTO is_marked USING source;
    RETURN is_marked;
END
$$;
COMMENT ON FUNCTION csmetrics.is_marked(text, text) IS 'Internal: may an account of a source have changed?';

CREATE OR REPLACE FUNCTION csmetrics.forced_sources(model text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    forced text[];
BEGIN
    EXECUTE format('SELECT ARRAY(SELECT DISTINCT c.source FROM %I.fresh_change c WHERE c.is_forced)',
                   csmetrics.internal_schema(model)) INTO forced;
    RETURN forced;
END
$$;
COMMENT ON FUNCTION csmetrics.forced_sources(text) IS
'Internal: the sources of which rows are to be read even if they are what they were';

CREATE OR REPLACE FUNCTION csmetrics.greatest_seen(type regtype, value text, lag text, OUT since text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('SELECT ($1::%1$s - $2::%2$s)::text', type, CASE WHEN csmetrics.is_of_time(type) THEN 'interval'
                                                                    ELSE type::text END)
        INTO since USING value, lag;
END
$$;
COMMENT ON FUNCTION csmetrics.greatest_seen(regtype, text, text) IS
'Internal: a value of a watched column, less the lag: from there on rows may be new';

CREATE OR REPLACE FUNCTION csmetrics.is_of_time(type regtype) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN type IN ('timestamptz'::regtype, 'timestamp'::regtype);
COMMENT ON FUNCTION csmetrics.is_of_time(regtype) IS 'Internal: is it a type of instants?';

CREATE OR REPLACE FUNCTION csmetrics.column_type(relation regclass, name text) RETURNS regtype
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT csmetrics.base_type(a.atttypid::regtype) FROM pg_attribute a
        WHERE a.attrelid = relation AND a.attname = name AND a.attnum > 0 AND NOT a.attisdropped);
COMMENT ON FUNCTION csmetrics.column_type(regclass, text) IS
'Internal: the type of a column, below domains; NULL: there is no such column';

CREATE OR REPLACE PROCEDURE csmetrics.take_newer(model text, watch record)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $newer$
DECLARE
    internal text := csmetrics.internal_schema(model);
    type regtype := csmetrics.column_type(watch.relation, watch.changed_at);
    now_seen text;
BEGIN
    IF watch.seen IS NULL THEN
        -- all is read now; what is committed meanwhile is within the lag
        EXECUTE format('INSERT INTO %I.taken_row VALUES ($1, $2, NULL)', internal) USING watch.watch_id, watch.source;
        EXECUTE format('SELECT max(r.%I)::text FROM %s r', watch.changed_at, watch.relation) INTO now_seen;
    ELSE
        EXECUTE format('WITH newer AS MATERIALIZED (
                            SELECT r.%2$I AS changed_at, %1$s AS key FROM %3$s r WHERE r.%2$I >= $3::%4$s),
                        taken AS (
                            INSERT INTO %5$I.taken_row SELECT DISTINCT $1, $2, n.key FROM newer n
                            WHERE n.key IS NOT NULL OR $5)
                        SELECT greatest(max(n.changed_at), $4::%4$s)::text FROM newer n',
                       csmetrics.key_text('r', watch.key_column), watch.changed_at, watch.relation, type, internal)
            INTO now_seen USING watch.watch_id, watch.source, csmetrics.greatest_seen(type, watch.seen, watch.lag),
                                watch.seen, watch.accounts_query IS NULL;
    END IF;
    -- one that is to come would hide all that come before it
    IF csmetrics.is_of_time(type) THEN
        now_seen := CASE type WHEN 'timestamptz'::regtype THEN least(now_seen::timestamptz, clock_timestamp())::text
                              ELSE least(now_seen::timestamp,
                                         clock_timestamp() AT TIME ZONE 'UTC' + interval '14 hours')::text END;
    END IF;
    IF now_seen IS DISTINCT FROM watch.seen THEN
        EXECUTE format('UPDATE %I.watch SET seen = $2 WHERE watch_id = $1', model) USING watch.watch_id, now_seen;
    END IF;
END
$newer$;
COMMENT ON PROCEDURE csmetrics.take_newer(text, record) IS
'Internal: takes the keys of the rows of a table whose column is not far below what was seen, and sees how far it got';

CREATE OR REPLACE PROCEDURE csmetrics.take_fingerprint(model text, watch_id integer, source text, seen text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    now_seen text;
BEGIN
    CALL csmetrics.renew_kept_view(model, source);
    EXECUTE format('SELECT concat(count(*), '' '', sum(k.digest)) FROM %I.%I k', internal, 'kept_' || source)
        INTO now_seen;
    IF now_seen IS DISTINCT FROM seen THEN
        EXECUTE format('INSERT INTO %I.taken_row VALUES ($1, $2, NULL)', internal) USING watch_id, source;
        EXECUTE format('UPDATE %I.watch SET seen = $2 WHERE watch_id = $1', model) USING watch_id, now_seen;
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.take_fingerprint(text, integer, text, text) IS
'Internal: has a source read whose rows, as a whole, are not what they were';

CREATE OR REPLACE FUNCTION csmetrics.is_broken(model text, watch_id integer, relation regclass) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT count(*) < 4
    FROM pg_trigger t
    JOIN pg_proc p ON p.oid = t.tgfoid AND p.proname = 'queue_changed_' || watch_id
    JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = csmetrics.internal_schema(model)
    WHERE t.tgrelid = relation AND t.tgenabled IN ('O', 'A');
END;
COMMENT ON FUNCTION csmetrics.is_broken(text, integer, regclass) IS
'Internal: has a table not, or not any more, all the triggers of its watch?';

CREATE OR REPLACE PROCEDURE csmetrics.ask_watch(model text, watch record)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $ask$
DECLARE
    internal text := csmetrics.internal_schema(model);
    is_gone boolean := watch.relation IS NOT NULL
                       AND NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = watch.relation);
BEGIN
    IF is_gone OR watch.method = 'trigger' AND csmetrics.is_broken(model, watch.watch_id, watch.relation) THEN
        RAISE WARNING 'watch % of source "%" in model "%" sees nothing: % ', watch.watch_id, watch.source, model,
            CASE WHEN is_gone THEN 'its table is gone'
                 ELSE format('%s has not all of its triggers, or they are off', watch.relation) END
            USING HINT = 'The source is read as a whole. CALL csmetrics.watch() again, or unwatch().';
        EXECUTE format('INSERT INTO %I.taken_row VALUES ($1, $2, NULL)', internal) USING watch.watch_id, watch.source;
    ELSIF watch.method = 'column' THEN
        CALL csmetrics.take_newer(model, watch);
    ELSIF watch.method = 'fingerprint' THEN
        CALL csmetrics.take_fingerprint(model, watch.watch_id, watch.source, watch.seen);
    END IF;
END
$ask$;
COMMENT ON PROCEDURE csmetrics.ask_watch(text, record) IS
'Internal: asks a watch what changed. One whose table or triggers are gone has its source read as a whole: a WARNING.';

CREATE OR REPLACE PROCEDURE csmetrics.lead_on(model text, watch_id integer, source text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
BEGIN
    EXECUTE format('INSERT INTO %1$I.fresh_change
                    SELECT $2, w.account_id, false, $1 FROM %1$I.%2$I w WHERE w.account_id IS NOT NULL
                    UNION ALL
                    SELECT $2, NULL, false, $1
                    WHERE EXISTS (SELECT 1 FROM %1$I.taken_row t WHERE t.watch_id = $1 AND t.key IS NULL)',
                   internal, 'watched_' || watch_id) USING watch_id, source;
EXCEPTION WHEN data_exception OR undefined_table THEN
    -- no key of an account: the row is wrong, and reading it tells how
    EXECUTE format('INSERT INTO %I.fresh_change VALUES ($2, NULL, false, $1)', internal) USING watch_id, source;
END
$$;
COMMENT ON PROCEDURE csmetrics.lead_on(text, integer, text) IS
'Internal: what a watch told of becomes accounts that may have changed';

CREATE OR REPLACE PROCEDURE csmetrics.take_changes(model text, sources text[], INOUT keyed text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $take$
DECLARE
    internal text := csmetrics.internal_schema(model);
    watch record;
    too_many text[];
BEGIN
    -- those that are seen are taken; a row that comes meanwhile, or of a transaction under way, waits for the next
    EXECUTE format('WITH taken AS (DELETE FROM %1$I.changed_row c WHERE c.source = ANY ($1)
                                   RETURNING c.watch_id, c.source, c.key)
                    INSERT INTO %1$I.taken_row SELECT DISTINCT t.watch_id, t.source, t.key FROM taken t', internal)
        USING sources;
    FOR watch IN EXECUTE format('SELECT w.* FROM %I.watch w WHERE w.source = ANY ($1) ORDER BY w.watch_id', model)
        USING sources
    LOOP
        CALL csmetrics.ask_watch(model, watch);
    END LOOP;
    FOR watch IN EXECUTE format('SELECT DISTINCT t.watch_id, t.source FROM %I.taken_row t ORDER BY 1', internal) LOOP
        CALL csmetrics.lead_on(model, watch.watch_id, watch.source);
    END LOOP;
    CALL csmetrics.empty_table(format('%I.taken_row', internal)::regclass);
    -- where any may have changed, or a tenth of all, it is no longer to reading by key
    EXECUTE format('SELECT ARRAY(SELECT c.source FROM %I.fresh_change c WHERE c.source = ANY ($2)
                                 GROUP BY c.source
                                 HAVING bool_or(c.account_id IS NULL) OR count(*) > greatest($1, 1000))', internal)
        INTO too_many USING (SELECT c.reltuples / 10 FROM pg_class c
                             WHERE c.oid = format('%I.account_state', internal)::regclass), csmetrics.keyed_sources();
    keyed := ARRAY(SELECT k FROM unnest(keyed) k WHERE k <> ALL (too_many));
END
$take$;
COMMENT ON PROCEDURE csmetrics.take_changes(text, text[], text[]) IS
'Internal: takes what the watches of these sources tell, as accounts that may have changed; keyed: those of them that '
'are read by key';

-- Reading what watches told of.

CREATE OR REPLACE PROCEDURE csmetrics.ready_keys(model text, source text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
BEGIN
    CALL csmetrics.empty_table(format('%I.fresh_key', internal)::regclass);
    EXECUTE format('INSERT INTO %1$I.fresh_key SELECT DISTINCT c.account_id FROM %1$I.fresh_change c
                    WHERE c.source = $1 AND c.account_id IS NOT NULL', internal) USING source;
    EXECUTE format('ANALYZE %I.fresh_key', internal);
    CALL csmetrics.renew_kept_view(model, source);
END
$$;
COMMENT ON PROCEDURE csmetrics.ready_keys(text, text) IS
'Internal: puts the accounts of a source that may have changed into fresh_key';

CREATE OR REPLACE FUNCTION csmetrics.found_by(model text, source text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    methods text;
BEGIN
    EXECUTE format('SELECT string_agg(DISTINCT w.method, '', '' ORDER BY w.method)
                    FROM %I.fresh_change c JOIN %I.watch w USING (watch_id) WHERE c.source = $1',
                   csmetrics.internal_schema(model), model) INTO methods USING source;
    RETURN coalesce(methods, 'account');
END
$$;
COMMENT ON FUNCTION csmetrics.found_by(text, text) IS
'Internal: the methods of the watches that told of changes of a source; account: it was of those of accounts';

CREATE OR REPLACE PROCEDURE csmetrics.read_keyed_accounts(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    started timestamptz := clock_timestamp();
    internal text := csmetrics.internal_schema(model);
    read_count bigint;
    changed_count bigint;
BEGIN
    CALL csmetrics.ready_keys(model, 'account');
    read_count := csmetrics.read_rows(model, 'account', by_key => true);
    EXECUTE format('UPDATE %1$I.refreshed_source SET row_count = row_count + $1
                        - (SELECT count(*) FROM %2$I.fresh_key k JOIN %1$I.account a USING (account_id))
                    WHERE source = ''account''', model, internal) USING read_count;
    EXECUTE format('SELECT (SELECT count(*) FROM %1$I.changed_account())
                           + (SELECT count(*) FROM %1$I.fresh_key k JOIN %2$I.account a USING (account_id)
                              WHERE NOT EXISTS (SELECT 1 FROM %1$I.fresh_account f
                                                WHERE f.account_id = k.account_id))', internal, model)
        INTO changed_count;
    CALL csmetrics.note_reading(model, 'account', csmetrics.found_by(model, 'account'), read_count, changed_count,
                                started);
END
$$;
COMMENT ON PROCEDURE csmetrics.read_keyed_accounts(text) IS
'Internal: reads the accounts that may have changed into fresh_account, and notes how many rows the source has now';

CREATE OR REPLACE PROCEDURE csmetrics.read_keyed(model text, source text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $keyed$
DECLARE
    started timestamptz := clock_timestamp();
    internal text := csmetrics.internal_schema(model);
    read_count bigint;
    changed_count bigint;
    has_entities boolean;
BEGIN
    CALL csmetrics.ready_keys(model, source);
    read_count := csmetrics.read_rows(model, source, by_key => true);
    EXECUTE format('UPDATE %1$I.refreshed_source SET row_count = row_count + $2
                        - coalesce((SELECT sum(d.row_count) FROM %2$I.fresh_key k
                                    JOIN %2$I.account_digest d ON d.account_id = k.account_id AND d.source = $1), 0)
                    WHERE source = $1', model, internal) USING source, read_count;
    EXECUTE format('INSERT INTO %1$I.fresh_digest
                    SELECT $1, k.account_id, f.digest, f.row_count, f.fed_mask
                    FROM %1$I.fresh_key k
                    LEFT JOIN (SELECT f.account_id, sum(f.digest) AS digest, sum(f.row_count) AS row_count,
                                      bit_or(f.fed_mask) AS fed_mask
                               FROM %1$I.%2$I f GROUP BY f.account_id) f USING (account_id)
                    LEFT JOIN %1$I.account_digest d ON d.account_id = k.account_id AND d.source = $1
                    WHERE f.digest IS DISTINCT FROM d.digest
                       OR EXISTS (SELECT 1 FROM %1$I.fresh_change c
                                  WHERE c.source = $1 AND c.account_id = k.account_id AND c.is_forced)',
                   internal, 'fresh_' || source) USING source;
    GET DIAGNOSTICS changed_count = ROW_COUNT;
    EXECUTE format('SELECT $1 = ''subscription'' AND %I.has_entities()', internal) INTO has_entities USING source;
    IF has_entities AND changed_count > 0 THEN
        -- revenue of one is made of that of several
        EXECUTE format('DELETE FROM %I.fresh_digest WHERE source = $1', internal) USING source;
        CALL csmetrics.read_source(model, source, true);
    ELSE
        CALL csmetrics.note_reading(model, source, csmetrics.found_by(model, source), read_count, changed_count,
                                    started);
    END IF;
END
$keyed$;
COMMENT ON PROCEDURE csmetrics.read_keyed(text, text) IS
'Internal: reads the rows of a source of the accounts that may have changed, and notes which did and how many rows the '
'source has now';

-- What a sweep found.

CREATE OR REPLACE FUNCTION csmetrics.is_watched(model text, source text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    is_watched boolean;
BEGIN
    -- read before by this mapping and these rules, and no watch said that any account may have changed
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %1$I.watch w WHERE w.source = $2)
                           AND EXISTS (SELECT 1 FROM %1$I.refreshed_source r JOIN %2$I.read_form f USING (source)
                                       WHERE source = $2 AND r.swept_at IS NOT NULL AND r.policy_hash = $3
                                         AND f.read_hash = csmetrics.read_hash($1, $2))
                           AND NOT EXISTS (SELECT 1 FROM %2$I.fresh_change c
                                           WHERE c.source = $2 AND c.account_id IS NULL)',
                   model, csmetrics.internal_schema(model))
        INTO is_watched USING model, source, csmetrics.policy_of_refresh(model);
    RETURN is_watched;
END
$$;
COMMENT ON FUNCTION csmetrics.is_watched(text, text) IS
'Internal: should the watches of a source have told of all that changed?';

CREATE OR REPLACE PROCEDURE csmetrics.note_unseen(model text, source text, unseen bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    noted bigint;
BEGIN
    EXECUTE format('UPDATE %I.fresh_reading SET accounts_unseen = $2 WHERE source = $1',
                   csmetrics.internal_schema(model)) USING source, unseen;
    GET DIAGNOSTICS noted = ROW_COUNT;
    IF noted = 0 THEN
        EXECUTE format('INSERT INTO %I.fresh_reading (source, accounts_unseen) VALUES ($1, $2)',
                       csmetrics.internal_schema(model)) USING source, unseen;
    END IF;
    IF unseen > 0 THEN
        RAISE NOTICE 'refreshing model "%": % accounts of source "%" had changed unseen by its watch', model, unseen,
            source;
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.note_unseen(text, text, bigint) IS
'Internal: tells how many accounts of a source had changed that no watch had told of';

CREATE OR REPLACE PROCEDURE csmetrics.tell_unseen(model text, source text, keys text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unseen bigint;
BEGIN
    IF csmetrics.is_watched(model, source) THEN
        -- what was committed since watches were asked has a row in the queue again
        EXECUTE format('SELECT count(*) FROM (
                            SELECT unnest($2)
                            EXCEPT SELECT c.account_id::text FROM %1$I.fresh_change c WHERE c.source = $1
                            EXCEPT SELECT r.key FROM %1$I.changed_row r JOIN %2$I.watch w USING (watch_id)
                                   WHERE r.source = $1 AND w.accounts_query IS NULL) u',
                       csmetrics.internal_schema(model), model) INTO unseen USING source, keys;
        CALL csmetrics.note_unseen(model, source, unseen);
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.tell_unseen(text, text, text[]) IS
'Internal: tells how many of these accounts, whose rows of a source changed, no watch had told of';

CREATE OR REPLACE PROCEDURE csmetrics.tell_unseen_accounts(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unseen bigint;
BEGIN
    EXECUTE format('SELECT %I.unseen_accounts()', csmetrics.internal_schema(model)) INTO unseen;
    CALL csmetrics.note_unseen(model, 'account', unseen);
END
$$;
COMMENT ON PROCEDURE csmetrics.tell_unseen_accounts(text) IS
'Internal: the same of accounts themselves, as read';
