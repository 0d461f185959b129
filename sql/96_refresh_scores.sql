-- Refresh keeps the stored scores: what is done is functions of the model; here is in what order.
CREATE OR REPLACE PROCEDURE csmetrics.scores_before(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    are_kept boolean;
    are_many boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.scored_day d)', internal) INTO are_kept;
    IF NOT are_kept THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT %I.forget_scores()', internal);
    -- a tenth of the accounts cost about what all of them do
    EXECUTE format('SELECT k.count > 100 AND NOT EXISTS (SELECT 1 FROM %1$I.score_account OFFSET 10 * k.count - 1)
                    FROM (SELECT count(*) FROM %1$I.changed_key) k', internal) INTO are_many;
    IF are_many THEN
        EXECUTE format('DELETE FROM %I.scored_day', internal);
    END IF;
    EXECUTE format('SELECT %1$I.take_out_feed()
                    WHERE EXISTS (SELECT 1 FROM %1$I.scored_day d) AND EXISTS (SELECT 1 FROM %1$I.changed_key k)',
                   internal);
END
$$;
COMMENT ON PROCEDURE csmetrics.scores_before(text) IS
'Internal: to be called before the histories of the accounts of changed_key are written';

CREATE OR REPLACE PROCEDURE csmetrics.scores_after(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $after$
DECLARE
    internal text := csmetrics.internal_schema(model);
    started timestamptz := clock_timestamp();
    are_kept boolean;
    day date;
    count record;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.scored_day d)', internal) INTO are_kept;
    IF are_kept THEN
        CALL csmetrics.score_changed(model);
    ELSE
        EXECUTE format('SELECT %I.settle_all()', internal);
    END IF;
    FOR day IN EXECUTE format('SELECT u.day FROM %I.unscored_days() u', internal) LOOP
        started := clock_timestamp();
        EXECUTE format('SELECT s.written, s.removed FROM %I.score_day($1) s', internal) INTO count USING day;
        IF NOT are_kept THEN
            EXECUTE format('ANALYZE %I.score_state (as_of_on, account_id)', internal);
            are_kept := true;
        END IF;
        EXECUTE format('SELECT %I.sum_day($1)', internal) USING day;
        RAISE NOTICE 'refreshing model "%": % scores as of % written, % removed, in % s', model, count.written, day,
            count.removed, round(extract(epoch FROM clock_timestamp() - started), 1);
    END LOOP;
    EXECUTE format('SELECT %1$I.sum_week(u.before_on, u.as_of_on) FROM %1$I.unsummed_weeks() u', internal);
    -- rules that changed meanwhile
    EXECUTE format('SELECT %I.forget_scores()', internal);
    -- not by truncating it, for which readers of live scores would wait
    EXECUTE format('DELETE FROM %I.changed_key', internal);
END
$after$;
COMMENT ON PROCEDURE csmetrics.scores_after(text) IS
'Internal: to be called once the attributes and histories of the accounts of changed_key are written: brings the '
'stored scores up to date, and empties changed_key';

CREATE OR REPLACE PROCEDURE csmetrics.score_changed(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    started timestamptz := clock_timestamp();
    has_changed boolean;
    count bigint;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.changed_key k)', internal) INTO has_changed;
    IF has_changed THEN
        EXECUTE format('ANALYZE %I.changed_key', internal);
        EXECUTE format('SELECT %I.put_in_feed()', internal);
        CALL csmetrics.empty_table(format('%I.changed_score', internal)::regclass);
        EXECUTE format('SELECT %I.score_changed()', internal);
        EXECUTE format('ANALYZE %I.changed_score', internal);
        EXECUTE format('SELECT %I.settle_usual()', internal);
        EXECUTE format('SELECT %I.settle_totals()', internal);
        EXECUTE format('SELECT %I.settle_weeks()', internal);
        EXECUTE format('SELECT %I.store_changed()', internal) INTO count;
        CALL csmetrics.empty_table(format('%I.changed_score', internal)::regclass);
        RAISE NOTICE 'refreshing model "%": % scores of accounts that changed written, in % s', model, count,
            round(extract(epoch FROM clock_timestamp() - started), 1);
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.score_changed(text) IS
'Internal: scores the accounts of changed_key on the days that are stored';
