-- Refresh: what the sources say now becomes accounts, rates and histories. What is read and what is written are
-- functions of the model, read_<source> and write_<table>; here is in what order, and what is told.
INSERT INTO csmetrics.policy_column
    (position, name, type, default_value, condition, takes_effect, meaning, may_be_null, defines)
VALUES
(212, 'shrink_limit_rate', 'double precision', '0.5', 'shrink_limit_rate > 0 AND shrink_limit_rate < 1', 'at once',
 'A refresh stops where a source of a hundred rows and more has lost a greater share of them since the last: it may be '
 'half loaded; NULL: never', true, false),
(213, 'sweep_hours', 'double precision', '24', 'sweep_hours > 0', 'at once',
 'Hours after which a refresh reads a watched source as a whole once more, and says what its watch had not seen; NULL: '
 'only when told', true, false),
(214, 'refresh_log_days', 'integer', '90', 'refresh_log_days > 0', 'at once',
 'Days for which refresh_log keeps what each refresh did; NULL: for ever', true, false);

CREATE OR REPLACE FUNCTION csmetrics.policy_of_refresh(model text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    rules jsonb;
BEGIN
    EXECUTE format('SELECT to_jsonb(p) FROM %I.policy p', model) INTO rules;
    RETURN md5((SELECT jsonb_object_agg(c.name, rules -> c.name)
                FROM csmetrics.policy_column c WHERE c.takes_effect = 'refresh')::text);
END
$$;
COMMENT ON FUNCTION csmetrics.policy_of_refresh(text) IS
'Internal: fingerprint of those rules of the policy that take effect with a refresh';

CREATE OR REPLACE PROCEDURE csmetrics.empty_table(relation regclass)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    row_count bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM (SELECT 1 FROM %s LIMIT 10000) r', relation) INTO row_count;
    IF row_count = 0 THEN
        RETURN;
    ELSIF row_count < 10000 THEN
        -- truncated, it would get a new file each time
        EXECUTE format('DELETE FROM %s', relation);
        RETURN;
    END IF;
    BEGIN
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', relation);
        EXECUTE format('TRUNCATE %s', relation);
    EXCEPTION WHEN lock_not_available THEN
        -- somebody dumps the database: that is not waited for
        EXECUTE format('DELETE FROM %s', relation);
    END;
END
$$;
COMMENT ON PROCEDURE csmetrics.empty_table(regclass) IS
'Internal: takes all rows out of a table, without waiting for readers';

CREATE OR REPLACE FUNCTION csmetrics.write_table(
    model text, name text, arguments text DEFAULT '', of_key boolean DEFAULT false) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    started timestamptz := clock_timestamp();
    relation regclass := csmetrics.relation(model, name);
    count record;
BEGIN
    EXECUTE format('SELECT w.written, w.removed FROM %I.%I(%s) w', csmetrics.internal_schema(model),
                   'write_' || name || CASE WHEN of_key THEN '_of_key' ELSE '' END, arguments) INTO count;
    IF count.written + count.removed > 0 THEN
        -- a few rows more or less are no other plan
        IF 10 * (count.written + count.removed) > (SELECT c.reltuples FROM pg_class c WHERE c.oid = relation) THEN
            EXECUTE format('ANALYZE %s', relation);
        END IF;
        RAISE NOTICE 'refreshing model "%": % rows of % written, % removed, in % s', model, count.written, name,
            count.removed, round(extract(epoch FROM clock_timestamp() - started), 1);
    END IF;
    RETURN count.written + count.removed > 0;
END
$$;
COMMENT ON FUNCTION csmetrics.write_table(text, text, text, boolean) IS
'Internal: brings a table of a model up to date with what was read, of_key: of the accounts of fresh_key; did that '
'change it?';

CREATE OR REPLACE PROCEDURE csmetrics.read_accounts(model text, by_key boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $accounts$
DECLARE
    internal text := csmetrics.internal_schema(model);
    was_watched boolean := NOT by_key AND csmetrics.is_watched(model, 'account');
    wrong text;
BEGIN
    IF by_key THEN
        CALL csmetrics.read_keyed_accounts(model);
    ELSE
        CALL csmetrics.read_source(model, 'account');
    END IF;
    EXECUTE format('SELECT %I.account_complaint()', internal) INTO wrong;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'source "account": account_id %', wrong
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'The query given to csmetrics.map must have one row an account. Nothing was changed.';
    END IF;
    IF was_watched THEN
        CALL csmetrics.tell_unseen_accounts(model);
    END IF;
END
$accounts$;
COMMENT ON PROCEDURE csmetrics.read_accounts(text, boolean) IS
'Internal: reads source account, by_key: of the accounts that may have changed alone. A key that is missing or there '
'twice: SQLSTATE 22023.';

CREATE OR REPLACE PROCEDURE csmetrics.write_accounts(model text, by_key boolean, INOUT changed boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $accounts$
DECLARE
    in_quarantine boolean;
    is_other boolean;
BEGIN
    -- days of usage are those of the account's time zone
    EXECUTE format('SELECT %I.%I()', csmetrics.internal_schema(model),
                   'force_moved' || CASE WHEN by_key THEN '_of_key' ELSE '' END);
    CALL csmetrics.note_changed(model, format('written_account(%L)', by_key));
    changed := csmetrics.write_table(model, 'account', of_key => by_key);
    CALL csmetrics.readings_after(model);
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.quality_rule q
                                   WHERE q.source = ''account'' AND q.is_enabled AND q.quarantine)', model)
        INTO in_quarantine;
    is_other := csmetrics.write_table(model, 'left_out_account', in_quarantine::text, of_key => by_key);
    changed := changed OR is_other;
END
$accounts$;
COMMENT ON PROCEDURE csmetrics.write_accounts(text, boolean, boolean) IS
'Internal: brings accounts up to date with what was read, and which of them are left out; changed: did that change '
'any?';

CREATE OR REPLACE PROCEDURE csmetrics.refresh_accounts(
    model text, keyed text[], INOUT stale text[], INOUT whole text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $accounts$
DECLARE
    by_key boolean := 'account' = ANY (keyed);
    is_other boolean := false;
    changed boolean := false;
BEGIN
    IF NOT by_key OR csmetrics.is_marked(model, 'account') THEN
        CALL csmetrics.read_accounts(model, by_key);
        CALL csmetrics.write_accounts(model, by_key, is_other);
    END IF;
    IF NOT 'fx_rate' = ANY (keyed) OR csmetrics.is_marked(model, 'fx_rate') THEN
        CALL csmetrics.read_source(model, 'fx_rate');
        changed := csmetrics.write_table(model, 'fx_rate');
    END IF;
    IF changed THEN
        whole := whole || ARRAY['subscription'];
    END IF;
    IF is_other OR NOT 'parent' = ANY (keyed) OR csmetrics.is_marked(model, 'parent') THEN
        CALL csmetrics.refresh_entities(model, changed);
        IF changed THEN
            whole := whole || ARRAY['subscription'];
        END IF;
    END IF;
    -- sources whose histories hang on what changed
    stale := ARRAY(SELECT DISTINCT s FROM unnest(stale || whole || csmetrics.forced_sources(model)) s ORDER BY s);
END
$accounts$;
COMMENT ON PROCEDURE csmetrics.refresh_accounts(text, text[], text[], text[]) IS
'Internal: brings accounts, rates and entities of a model up to date; keyed: sources of which watches know what '
'changed; stale: sources whose histories hang on what changed; whole: those of which all rows are read differently';

CREATE OR REPLACE PROCEDURE csmetrics.refresh_entities(model text, INOUT changed boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $entities$
DECLARE
    internal text := csmetrics.internal_schema(model);
    wrong text;
BEGIN
    CALL csmetrics.read_source(model, 'parent');
    EXECUTE format('SELECT %I.has_belonging()', internal) INTO changed;
    IF NOT changed THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT %I.belonging_complaint()', internal) INTO wrong;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'source "parent": %', wrong
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'At any time an account belongs to one other at most, and never to itself; see source_parent, '
                         'and parent_id of source_account. Nothing was changed.';
    END IF;
    changed := csmetrics.write_table(model, 'account_entity');
END
$entities$;
COMMENT ON PROCEDURE csmetrics.refresh_entities(text, boolean) IS
'Internal: brings account_entity up to date. An account that belongs to two others at one time, or to itself by way '
'of others: SQLSTATE 22023.';

CREATE OR REPLACE PROCEDURE csmetrics.lock_model(model text, wait boolean DEFAULT true)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- one at a time that writes histories; readers go on
    EXECUTE format('LOCK TABLE %I.account_state IN SHARE ROW EXCLUSIVE MODE%s', csmetrics.internal_schema(model),
                   CASE WHEN wait THEN '' ELSE ' NOWAIT' END);
EXCEPTION WHEN lock_not_available THEN
    IF wait THEN
        RAISE;
    END IF;
    RAISE EXCEPTION 'another session is refreshing model "%"', model
        USING ERRCODE = 'lock_not_available', HINT = 'With wait => true it is waited for.';
END
$$;
COMMENT ON PROCEDURE csmetrics.lock_model(text, boolean) IS
'Internal: waits for other refreshes of the model, or leaves, SQLSTATE 55P03, and keeps new ones waiting';

CREATE OR REPLACE FUNCTION csmetrics.fact_sources() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT array_agg(DISTINCT c.source ORDER BY c.source) FROM csmetrics.source_column c
        WHERE c.source NOT IN ('account', 'fx_rate', 'parent'));
COMMENT ON FUNCTION csmetrics.fact_sources() IS 'Internal: the sources that histories are made of';

CREATE OR REPLACE FUNCTION csmetrics.keyed_sources() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN 'account'::text || csmetrics.fact_sources();
COMMENT ON FUNCTION csmetrics.keyed_sources() IS
'Internal: the sources that can be read by the keys of accounts: those that have some';

CREATE OR REPLACE FUNCTION csmetrics.stale_sources(model text, sources text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unknown text;
    stale text[];
BEGIN
    SELECT string_agg(format('"%s"', s), ', ') INTO unknown FROM unnest(sources) s
    WHERE s IS NULL OR NOT EXISTS (SELECT 1 FROM csmetrics.source_column c WHERE c.source = s);
    IF unknown IS NOT NULL OR cardinality(sources) = 0 THEN
        RAISE EXCEPTION 'unknown source %', coalesce(unknown, 'of an empty list')
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = (SELECT format('Known are: %s.', string_agg(DISTINCT c.source, ', '))
                            FROM csmetrics.source_column c);
    END IF;
    IF sources IS NULL THEN
        RETURN csmetrics.fact_sources();
    END IF;
    -- what was never read, or by other rules, is read too
    EXECUTE format('SELECT array_agg(s) FROM unnest($1) s LEFT JOIN %I.refreshed_source r ON r.source = s
                    WHERE s = ANY ($2) OR r.policy_hash IS DISTINCT FROM $3', model)
        INTO stale USING csmetrics.fact_sources(), sources, csmetrics.policy_of_refresh(model);
    RETURN coalesce(stale, '{}');
END
$$;
COMMENT ON FUNCTION csmetrics.stale_sources(text, text[]) IS
'Internal: the sources of histories among those named, all for NULL, with those read by other rules or never. '
'An unknown one: SQLSTATE 22023.';

CREATE OR REPLACE PROCEDURE csmetrics.write_histories(model text, by_key boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    sources text[];
    has_entities boolean;
    has_keys boolean;
    is_other boolean;
BEGIN
    CALL csmetrics.empty_table(format('%I.fresh_key', internal)::regclass);
    EXECUTE format('INSERT INTO %1$I.fresh_key SELECT k.account_id, k.sources FROM %1$I.%2$I() k', internal,
                   CASE WHEN by_key THEN 'read_changed_key' ELSE 'read_key' END);
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.fresh_key)', internal) INTO has_keys;
    IF has_keys THEN
        EXECUTE format('ANALYZE %I.fresh_digest', internal);
        EXECUTE format('ANALYZE %I.fresh_key', internal);
        EXECUTE format('SELECT %I.mark_coming()', internal);
        CALL csmetrics.note_changed(model, 'fresh_key');
    END IF;
    -- those whose attributes changed are among them, too
    CALL csmetrics.scores_before(model);
    IF NOT has_keys THEN
        RETURN;
    END IF;
    PERFORM csmetrics.write_table(model, 'account_state');
    EXECUTE format('SELECT ARRAY(SELECT DISTINCT d.source FROM %1$I.fresh_digest d), %1$I.has_entities()', internal)
        INTO sources, has_entities;
    IF 'subscription' = ANY (sources) THEN
        IF has_entities THEN
            PERFORM csmetrics.write_table(model, 'revenue_state');
        END IF;
        PERFORM csmetrics.write_table(model, 'discount_state');
        PERFORM csmetrics.write_table(model, 'product_state');
        PERFORM csmetrics.write_table(model, 'ending_state');
    END IF;
    IF 'usage' = ANY (sources) THEN
        PERFORM csmetrics.write_table(model, 'user_state');
    END IF;
    IF 'entitlement' = ANY (sources) THEN
        PERFORM csmetrics.write_table(model, 'entitlement_state');
    END IF;
    CALL csmetrics.readings_after(model);
    EXECUTE format('SELECT %I.write_fed_columns()', internal) INTO is_other;
    IF is_other THEN
        CALL csmetrics.forget_readings(model);
    END IF;
    EXECUTE format('SELECT w.written FROM %I.write_account_digest() w', internal);
END
$$;
COMMENT ON PROCEDURE csmetrics.write_histories(text, boolean) IS
'Internal: stores what was read of the sources of facts; by_key: the accounts that may be new, gone or left out are '
'known, too';

CREATE OR REPLACE PROCEDURE csmetrics.write_totals(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    are_shown boolean;
BEGIN
    -- a customer with ten subscriptions is no group of ten
    EXECUTE format('SELECT p.restricted_totals = ''company'' AND p.entity_grain <> ''subscription'' FROM %I.policy p',
                   model) INTO are_shown;
    IF are_shown THEN
        EXECUTE format('SELECT %I.write_company_total()', csmetrics.internal_schema(model));
    ELSE
        EXECUTE format('DELETE FROM %I.company_total', csmetrics.internal_schema(model));
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.write_totals(text) IS
'Internal: stores the totals of the company for who sees some accounts, where the policy says so';

CREATE OR REPLACE FUNCTION csmetrics.row_counts(model text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    counts jsonb;
BEGIN
    EXECUTE format('SELECT jsonb_object_agg(r.source, r.row_count + r.left_out_count) FROM %I.refreshed_source r',
                   model) INTO counts;
    RETURN coalesce(counts, '{}');
END
$$;
COMMENT ON FUNCTION csmetrics.row_counts(text) IS
'Internal: how many rows each source of a model had when it was read last, those in quarantine too';

CREATE OR REPLACE FUNCTION csmetrics.require_no_shrinking(model text, before jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    now jsonb := csmetrics.row_counts(model);
    limit_rate double precision;
    shrunk text;
BEGIN
    EXECUTE format('SELECT p.shrink_limit_rate FROM %I.policy p', model) INTO limit_rate;
    SELECT string_agg(format('source "%s" has %s rows, and had %s', b.key, now ->> b.key, b.value), '; '
                      ORDER BY b.key) INTO shrunk
    FROM jsonb_each_text(before) b
    WHERE b.value::bigint >= 100 AND (now ->> b.key)::bigint < (1 - limit_rate) * b.value::bigint;
    IF shrunk IS NOT NULL THEN
        RAISE EXCEPTION '% at the last refresh', shrunk
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('Half loaded? If it is right: CALL csmetrics.refresh(%L, may_shrink => true). '
                                'How much may go says shrink_limit_rate of the policy. Nothing was changed.', model);
    END IF;
END
$$;
COMMENT ON FUNCTION csmetrics.require_no_shrinking(text, jsonb) IS
'Internal: SQLSTATE 55000 where a source lost more of its rows than shrink_limit_rate of the policy allows, against '
'row_counts() before';

CREATE OR REPLACE PROCEDURE csmetrics.read_stale(model text, stale text[], whole text[], keyed text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $stale$
DECLARE
    internal text := csmetrics.internal_schema(model);
    source text;
BEGIN
    FOREACH source IN ARRAY stale LOOP
        IF source = 'subscription' AND (NOT source = ANY (keyed) OR source = ANY (whole)
                                        OR csmetrics.is_marked(model, source)) THEN
            CALL csmetrics.observe(model);
        END IF;
        IF NOT source = ANY (keyed) OR source = ANY (whole) THEN
            CALL csmetrics.read_source(model, source, source = ANY (whole));
            CALL csmetrics.tell_unmatched(model, source);
        ELSIF csmetrics.is_marked(model, source) THEN
            CALL csmetrics.read_keyed(model, source);
        ELSE
            CONTINUE;
        END IF;
        -- an account that is left out takes what is its own with it
        EXECUTE format('DELETE FROM %1$I.%2$I f
                        WHERE f.account_id IN (SELECT l.account_id FROM %1$I.left_out_account l)', internal,
                       'fresh_' || source);
    END LOOP;
    -- as of now they are what they were
    EXECUTE format('UPDATE %I.refreshed_source SET refreshed_at = clock_timestamp() WHERE source = ANY ($1)', model)
        USING ARRAY(SELECT k FROM unnest(keyed) k WHERE k = ANY (stale || '{account,fx_rate,parent}'::text[]));
END
$stale$;
COMMENT ON PROCEDURE csmetrics.read_stale(text, text[], text[], text[]) IS
'Internal: reads these sources of facts: whole as a whole, keyed of the accounts that may have changed alone, the '
'others of those that did';

CREATE OR REPLACE PROCEDURE csmetrics.refresh_once(
    model text, sources text[], may_shrink boolean, sweep boolean, wait boolean, kind text DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $refresh$
DECLARE
    internal text := csmetrics.internal_schema(model);
    started timestamptz := clock_timestamp();
    stale text[];
    whole text[] := '{}';
    keyed text[];
    before_it bigint;
    after_it bigint;
    source text;
    before jsonb;
BEGIN
    PERFORM csmetrics.require_owner(model);
    PERFORM csmetrics.require_all_rows(model, '^source_');
    stale := csmetrics.stale_sources(model, sources);
    CALL csmetrics.lock_model(model, wait);
    before := csmetrics.row_counts(model);
    IF kind = 'rebuild' THEN
        CALL csmetrics.empty_stored(model);
    END IF;
    CALL csmetrics.count_written(csmetrics.relation(model, 'identity'), before_it);
    CALL csmetrics.begin_readings(model);
    CALL csmetrics.resolve_identities(model);
    CALL csmetrics.count_written(csmetrics.relation(model, 'identity'), after_it);
    keyed := csmetrics.keyed_now(model, sweep, (before_it = after_it) IS NOT TRUE);
    CALL csmetrics.take_changes(model, stale || '{account,fx_rate,parent}'::text[], keyed);
    CALL csmetrics.refresh_accounts(model, keyed, stale, whole);
    CALL csmetrics.empty_table(format('%I.fresh_digest', internal)::regclass);
    IF NOT 'account' = ANY (keyed) THEN
        EXECUTE format('SELECT %I.forget_digests($1)', internal) USING stale;
    END IF;
    CALL csmetrics.read_stale(model, stale, whole, keyed);
    IF may_shrink IS NOT TRUE THEN
        PERFORM csmetrics.require_no_shrinking(model, before);
    END IF;
    CALL csmetrics.write_histories(model, 'account' = ANY (keyed));
    CALL csmetrics.store_readings(model);
    CALL csmetrics.write_totals(model);
    CALL csmetrics.log_refresh(model, started, kind, sweep);
    FOREACH source IN ARRAY ARRAY['key', 'digest', 'change', 'reading', 'account', 'fx_rate', 'parent'] || stale LOOP
        CALL csmetrics.empty_table(format('%I.%I', internal, 'fresh_' || source)::regclass);
    END LOOP;
    RAISE NOTICE 'refreshed model "%" in % s', model, round(extract(epoch FROM clock_timestamp() - started), 1);
END
$refresh$;
COMMENT ON PROCEDURE csmetrics.refresh_once(text, text[], boolean, boolean, boolean, text) IS
'Internal: what refresh() does; kind: rebuild, or NULL for what comes of it';
