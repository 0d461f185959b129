-- Restatement: reported figures change afterwards, because rows come late or are mended, or definitions change. A
-- snapshot keeps what was reported, and what it was made of. All that is kept holds from one snapshot on and until
-- another one: it is stored when it changes, and never again while it does not. What is shown, stored and compared are
-- functions of the model.

INSERT INTO csmetrics.policy_column
    (position, name, type, default_value, condition, takes_effect, meaning, may_be_null, defines)
VALUES
(217, 'snapshot_days', 'integer', 'NULL', 'snapshot_days > 0', 'at once',
 'Days for which snapshots are kept, but for the last, and what only they showed; NULL: for ever, as what was reported '
 'cannot be had again', true, false);

CREATE OR REPLACE FUNCTION csmetrics.redefinition(model text, policy jsonb, quarantine jsonb, shown_by bigint)
RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $redefinition$
DECLARE
    internal text := csmetrics.internal_schema(model);
    in_force jsonb := csmetrics.whole_policy(model, '{}', 'in force');
    whole jsonb := csmetrics.whole_policy(model, policy, 'of the snapshot');
    is_other boolean;
    result jsonb;
BEGIN
    EXECUTE format('SELECT %I.present_definition() -> ''quarantine'' <> $1', internal) INTO is_other USING quarantine;
    -- whatever is done here is undone: what the query gave stays
    BEGIN
        EXECUTE format('CREATE TEMPORARY TABLE csmetrics_now AS SELECT * FROM %I.movements_at($1)', internal)
            USING shown_by;
        CALL csmetrics.put_policy(model, whole);
        IF is_other THEN
            EXECUTE format('SELECT %I.put_quarantine($1)', internal) USING quarantine;
        END IF;
        IF is_other OR csmetrics.differ_by_refresh(whole, in_force) THEN
            CALL csmetrics.refresh(model, may_shrink => true);
        END IF;
        EXECUTE format(
            'SELECT coalesce(jsonb_agg(to_jsonb(q)), ''[]'')
             FROM (SELECT account_id, period_start_on, coalesce(n.period_end_on, d.period_end_on) AS period_end_on,
                          movement, coalesce(n.amount_mrr, 0) - coalesce(d.amount_mrr, 0) AS amount_mrr
                   FROM pg_temp.csmetrics_now n
                        FULL JOIN %I.movements_at(NULL) d USING (account_id, period_start_on, movement)
                   WHERE coalesce(n.amount_mrr, 0) <> coalesce(d.amount_mrr, 0)) q', internal) INTO result;
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN result;
    END;
END
$redefinition$;
COMMENT ON FUNCTION csmetrics.redefinition(text, jsonb, jsonb, bigint) IS
'Internal: what the policy in force, and the rules by which rows are left out, add to the movements that a snapshot '
'shows, NULL: to those of now, account by account, against others: these less those that the facts of now have under '
'these';

CREATE OR REPLACE PROCEDURE csmetrics.take_snapshot(model text, note text DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $take$
DECLARE
    internal text := csmetrics.internal_schema(model);
    before record;
    taken record;
BEGIN
    PERFORM csmetrics.require_owner(model);
    PERFORM csmetrics.require_all_rows(model, NULL);
    -- one at a time; readers go on
    EXECUTE format('LOCK TABLE %I.snapshot IN SHARE ROW EXCLUSIVE MODE', model);
    EXECUTE format('SELECT b.* FROM %I.definition_before() b', internal) INTO before;
    IF before.is_redefined AND (before.quarantine <> before.present_quarantine
                                OR csmetrics.differ_by_refresh(before.policy, before.present)) THEN
        -- rows that came since the last refresh are no matter of definition
        CALL csmetrics.refresh(model);
    END IF;
    EXECUTE format('SELECT %I.forget_snapshots()', internal);
    EXECUTE format('SELECT w.* FROM %I.write_snapshot($1) w', internal) INTO taken USING note;
    IF before.is_redefined THEN
        EXECUTE format('SELECT %I.write_redefinition($1, $2)', internal)
            USING taken.snapshot_id,
                  csmetrics.redefinition(model, before.policy, before.quarantine, taken.snapshot_id);
    END IF;
    RAISE NOTICE 'snapshot % of model "%" as of %: % figures, % movements and % accounts are new', taken.snapshot_id,
        model, taken.as_of_on, taken.reading_count, taken.movement_count, taken.account_count;
END
$take$;
COMMENT ON PROCEDURE csmetrics.take_snapshot(text, text) IS
'Keeps the figures as they are reported now, of the periods that are over, with what they are made of; restatement '
'tells later what has changed. note: what it is, as a report that is sent today. Hidden rows: SQLSTATE 42501; an '
'unknown model: 3F000.';

CREATE OR REPLACE FUNCTION csmetrics.require_snapshots(model text, from_snapshot bigint, to_snapshot bigint)
RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last_id bigint;
    wanted bigint;
    is_there boolean;
BEGIN
    PERFORM csmetrics.require_model(model);
    EXECUTE format('SELECT max(s.snapshot_id) FROM %I.snapshot s', model) INTO last_id;
    IF last_id IS NULL THEN
        RAISE EXCEPTION 'model "%" has no snapshot yet', model
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('CALL csmetrics.take_snapshot(%L) takes one: of what is reported then.', model);
    END IF;
    from_snapshot := coalesce(from_snapshot, last_id);
    FOREACH wanted IN ARRAY array_remove(ARRAY[from_snapshot, to_snapshot], NULL) LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.snapshot s WHERE s.snapshot_id = $1)', model)
            INTO is_there USING wanted;
        IF NOT is_there THEN
            RAISE EXCEPTION 'model "%" has no snapshot %', model, wanted
                USING ERRCODE = 'invalid_parameter_value',
                      DETAIL = format('Its last one is %s; table %I.snapshot has them all.', last_id, model);
        END IF;
    END LOOP;
    IF from_snapshot >= to_snapshot THEN
        RAISE EXCEPTION 'snapshot % was not taken before snapshot %', from_snapshot, to_snapshot
            USING ERRCODE = 'invalid_parameter_value', HINT = 'The earlier one comes first.';
    END IF;
    RETURN from_snapshot;
END
$$;
COMMENT ON FUNCTION csmetrics.require_snapshots(text, bigint, bigint) IS
'Internal: the earlier of two snapshots, NULL: the last one. None yet: SQLSTATE 55000; an unknown one, or one that is '
'not the earlier: 22023.';

CREATE OR REPLACE FUNCTION csmetrics.snapshot_pair(
    model text, from_snapshot bigint, to_snapshot bigint,
    OUT then_id bigint, OUT then_hash text, OUT now_hash text, OUT report_from date, OUT as_of_on date,
    OUT then_health text, OUT now_health text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    then_is record;
    now_is record;
BEGIN
    then_id := csmetrics.require_snapshots(model, from_snapshot, to_snapshot);
    EXECUTE format('SELECT d.* FROM %I.definition_at($1) d', internal) INTO then_is USING then_id;
    EXECUTE format('SELECT d.* FROM %I.definition_at($1) d', internal) INTO now_is USING to_snapshot;
    then_hash := then_is.policy_hash;
    now_hash := now_is.policy_hash;
    -- snapshots of earlier versions do not know
    then_health := CASE WHEN now_is.health_hash IS NULL THEN then_hash
                        ELSE coalesce(then_is.health_hash, then_hash) END;
    now_health := CASE WHEN then_is.health_hash IS NULL THEN now_hash ELSE now_is.health_hash END;
    -- the periods that both report
    as_of_on := least(then_is.as_of_on, now_is.as_of_on);
    report_from := date_trunc('month', greatest((then_is.policy ->> 'report_from')::date,
                                                (now_is.policy ->> 'report_from')::date));
END
$$;
COMMENT ON FUNCTION csmetrics.snapshot_pair(text, bigint, bigint) IS
'Internal: the two that are compared, with the fingerprints of their definitions, of figures in general and of those '
'of health, and the days of the periods that both report; errors as '
'restatement';

CREATE OR REPLACE FUNCTION csmetrics.restatement(
    model text, from_snapshot bigint DEFAULT NULL, to_snapshot bigint DEFAULT NULL,
    OUT source_view text, OUT metric text, OUT dimension text, OUT value text, OUT period_start_on date,
    OUT period_end_on date, OUT reported_then numeric, OUT reported_now numeric, OUT difference numeric,
    OUT is_restated boolean, OUT policy_changed boolean, OUT policy_hash_then text, OUT policy_hash_now text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    pair record := csmetrics.snapshot_pair(model, from_snapshot, to_snapshot);
    is_seen boolean;
BEGIN
    EXECUTE format('SELECT NOT row_security_active($1) OR EXISTS (SELECT 1 FROM %I.snapshot_reading)', model)
        INTO is_seen USING format('%I.snapshot_reading', model)::regclass::oid;
    IF NOT is_seen THEN
        RAISE EXCEPTION 'the figures in snapshots are of all accounts, which you do not see'
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'csmetrics.restatement_by_account tells what changed, account by account.';
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT r.source_view, r.metric, r.dimension, r.value, r.period_start_on, r.period_end_on, r.reported_then,
                r.reported_now, r.difference, r.is_restated, h.before <> h.now, h.before, h.now
         FROM %I.restated($1, $2) r,
              LATERAL (SELECT CASE WHEN r.is_health THEN $7 ELSE $3 END AS before,
                              CASE WHEN r.is_health THEN $8 ELSE $4 END AS now) h
         WHERE r.period_end_on <= $5 + 1 AND ($6 IS NULL OR r.period_start_on >= $6)
         ORDER BY r.source_view, r.metric, r.dimension <> ''all'', r.dimension, r.value, r.period_start_on',
        csmetrics.internal_schema(model))
    USING pair.then_id, to_snapshot, pair.then_hash, pair.now_hash, pair.as_of_on, pair.report_from, pair.then_health,
          pair.now_health;
END
$$;
COMMENT ON FUNCTION csmetrics.restatement(text, bigint, bigint) IS
'What was reported in from_snapshot (default: the last) beside what is in to_snapshot (NULL: now), a row a figure of a '
'period that was over then; NULL: none. No snapshot yet: SQLSTATE 55000; an unknown one, or not the earlier: 22023; an '
'unknown model: 3F000; who sees some accounts alone: 42501.';

CREATE OR REPLACE FUNCTION csmetrics.redefined_since(model text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before record;
BEGIN
    EXECUTE format('SELECT b.* FROM %I.definition_before() b', csmetrics.internal_schema(model)) INTO before;
    RETURN CASE WHEN before.is_redefined
                THEN csmetrics.redefinition(model, before.policy, before.quarantine, NULL) ELSE '[]' END;
END
$$;
COMMENT ON FUNCTION csmetrics.redefined_since(text) IS
'Internal: what happened to the policy after the last snapshot did to the movements, as redefinition gives it';

CREATE OR REPLACE FUNCTION csmetrics.restatement_by_account(
    model text, from_snapshot bigint DEFAULT NULL, to_snapshot bigint DEFAULT NULL,
    OUT account_id text, OUT period_start_on date, OUT period_end_on date, OUT movement text, OUT amount_then numeric,
    OUT amount_now numeric, OUT difference numeric, OUT by_facts numeric, OUT by_definition numeric, OUT cause text)
RETURNS SETOF record
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    pair record := csmetrics.snapshot_pair(model, from_snapshot, to_snapshot);
    since_last jsonb := '[]';
BEGIN
    IF to_snapshot IS NULL THEN
        since_last := csmetrics.redefined_since(model);
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT r.account_id::text, r.period_start_on, r.period_end_on, r.movement, r.amount_then, r.amount_now,
                r.amount_now - r.amount_then, r.amount_now - r.amount_then - r.by_definition, r.by_definition,
                CASE WHEN r.is_new THEN ''account new in the sources'' WHEN r.is_gone THEN ''account gone''
                     WHEN r.amount_now - r.amount_then = r.by_definition THEN ''definition''
                     WHEN r.by_definition <> 0 THEN ''rows changed, definition'' ELSE ''rows changed'' END
         FROM %I.restated_by_account($1, $2, $3) r
         WHERE r.period_end_on <= $4 + 1 AND ($5 IS NULL OR r.period_start_on >= $5)
         ORDER BY r.period_start_on, r.movement, r.account_id', csmetrics.internal_schema(model))
    USING pair.then_id, to_snapshot, since_last, pair.as_of_on, pair.report_from;
END
$$;
COMMENT ON FUNCTION csmetrics.restatement_by_account(text, bigint, bigint) IS
'The accounts behind a restated bridge, a row an account, period and movement: difference = by_facts + by_definition, '
'exactly; cause: rows changed, account new in the sources, account gone, definition. Since the policy changed it takes '
'the right to change it. Arguments and errors as restatement.';
