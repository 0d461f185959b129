-- Restatement: reported figures change afterwards, because rows come late or are mended, or definitions change. A snapshot
-- keeps what was reported, and what it was made of. All that is kept holds from one snapshot on and until another one: it is
-- stored when it changes, and never again while it does not.

CREATE FUNCTION snapshot_part(part text, shown_by bigint DEFAULT NULL, OUT keys text[], OUT facts text[], OUT query text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
BEGIN ATOMIC
    SELECT p.keys, p.facts, CASE WHEN shown_by IS NULL THEN p.query ELSE format('SELECT * FROM %I WHERE from_snapshot <= %s AND coalesce(to_snapshot > %2$s, true)', part, shown_by) END
    FROM (VALUES
        ('snapshot_reading', '{source_view,metric,dimension,value,period_start_on}'::text[], '{period_end_on,reading}'::text[], $$
            SELECT 'metric_reading' AS source_view, metric, dimension, value, period_start_on, period_end_on, reading::numeric AS reading
            FROM metric_reading WHERE is_complete AND reading IS NOT NULL
            UNION ALL
            SELECT 'revenue_monthly', c.key, 'all', 'all', m.period_start_on, m.period_end_on, CASE WHEN c.key LIKE '%\_rate' THEN c.value::double precision::numeric ELSE c.value::numeric END
            FROM revenue_monthly m, LATERAL jsonb_each_text(to_jsonb(m)) c WHERE m.is_complete AND c.key ~ '_(mrr|count|rate)$' AND c.value IS NOT NULL $$),
        ('snapshot_movement', '{account_id,period_start_on,movement}', '{period_end_on,amount_mrr}', $$
            SELECT m.account_id, m.period_start_on, m.period_end_on, m.movement, sum(m.amount_mrr) AS amount_mrr
            FROM revenue_movement m WHERE m.amount_mrr IS NOT NULL AND m.period_end_on <= (SELECT as_of_on + 1 FROM reporting_range)
            GROUP BY m.account_id, m.period_start_on, m.period_end_on, m.movement $$),
        ('snapshot_account', '{account_id}', '{}', 'SELECT account_id FROM account_state')) p(name, keys, facts, query)
    WHERE p.name = part;
END;
COMMENT ON FUNCTION snapshot_part(text, bigint) IS 'Internal: keys and other columns of a table of snapshots, and the query of its rows in a snapshot, or without one as the model stands now; names are looked up in the model';

CREATE FUNCTION redefined(model text, policy jsonb, movements text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET jit = off AS $redefined$
DECLARE
    in_force jsonb := whole_policy(model, '{}', 'in force');
    whole jsonb := whole_policy(model, policy, 'of the snapshot');
    result jsonb;
BEGIN
    -- whatever is done here is undone: what the query gave stays
    BEGIN
        PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
        EXECUTE (SELECT format('UPDATE policy SET (%1$s) = (SELECT %1$s FROM jsonb_populate_record(NULL::policy, $1))', string_agg(quote_ident(name), ', ')) FROM policy_column) USING whole;
        IF EXISTS (SELECT FROM policy_column WHERE with_refresh AND whole -> name <> in_force -> name) THEN
            CALL refresh(model);
        END IF;
        EXECUTE format($query$
            SELECT coalesce(jsonb_agg(to_jsonb(q)), '[]')
            FROM (SELECT account_id, period_start_on, coalesce(n.period_end_on, d.period_end_on) AS period_end_on, movement, coalesce(n.amount_mrr, 0) - coalesce(d.amount_mrr, 0) AS amount_mrr
                  FROM (%s) n FULL JOIN (%s) d USING (account_id, period_start_on, movement)
                  WHERE coalesce(n.amount_mrr, 0) <> coalesce(d.amount_mrr, 0)) q $query$, movements, (snapshot_part('snapshot_movement')).query) INTO result;
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN result;
    END;
END
$redefined$;
COMMENT ON FUNCTION redefined(text, jsonb, text) IS
'Internal: what the policy in force adds to the movements that the query gives, account by account, against another policy: these less those that the facts of now have under that. To be run with the path of the model.';

CREATE PROCEDURE take_snapshot(model text, note text DEFAULT NULL)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET row_security = off SET jit = off AS $take$
DECLARE
    parts text[] := '{snapshot_reading,snapshot_movement,snapshot_account}';
    part text;
    before record;
    taken record;
BEGIN
    PERFORM csmetrics.require_model(model);
    PERFORM csmetrics.require_all_rows(model, NULL);
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    -- one at a time; readers go on
    LOCK TABLE snapshot IN SHARE ROW EXCLUSIVE MODE;
    SELECT s.snapshot_id, s.policy || jsonb_build_object('as_of', p.as_of, 'report_from', p.report_from) AS policy, to_jsonb(p) - 'only_row' AS present, s.policy_hash <> r.policy_hash AS is_redefined INTO before
    FROM snapshot s, policy p, reporting_range r ORDER BY s.snapshot_id DESC LIMIT 1;
    IF before.is_redefined AND EXISTS (SELECT FROM policy_column WHERE with_refresh AND before.policy -> name <> before.present -> name) THEN
        -- rows that came since the last refresh are no matter of definition
        CALL refresh(model);
    END IF;
    DELETE FROM snapshot_definition d WHERE NOT EXISTS (SELECT FROM snapshot s WHERE s.snapshot_id < d.snapshot_id);
    FOREACH part IN ARRAY parts LOOP
        EXECUTE format('DELETE FROM %I r WHERE to_snapshot IS NOT NULL AND NOT EXISTS (SELECT FROM snapshot s WHERE s.snapshot_id >= r.from_snapshot AND s.snapshot_id < r.to_snapshot)', part);
    END LOOP;

    -- one statement, so that a refresh meanwhile cannot come between the figures and the accounts behind them
    EXECUTE (SELECT format('WITH taken AS (INSERT INTO snapshot (follows, as_of_on, policy_hash, policy, note)
                                           SELECT (SELECT max(snapshot_id) FROM snapshot), r.as_of_on, r.policy_hash, to_jsonb(p) - ''only_row'', $1 FROM reporting_range r, policy p RETURNING snapshot_id, as_of_on), %s
                            SELECT taken.*, (SELECT count(*) FROM new_snapshot_reading) AS readings, (SELECT count(*) FROM new_snapshot_movement) AS movements, (SELECT count(*) FROM new_snapshot_account) AS accounts FROM taken',
        string_agg(format('now_%1$s AS MATERIALIZED (%2$s),
            old_%1$s AS (UPDATE %1$s old SET to_snapshot = taken.snapshot_id FROM taken WHERE old.to_snapshot IS NULL AND NOT EXISTS (SELECT FROM now_%1$s fresh WHERE %3$s)),
            new_%1$s AS (INSERT INTO %1$s (%4$s, from_snapshot)
                         SELECT %5$s, taken.snapshot_id FROM taken, now_%1$s fresh WHERE NOT EXISTS (SELECT FROM %1$s old WHERE old.to_snapshot IS NULL AND %3$s)
                         RETURNING 1)',
            p.part, s.query, concat_ws(' AND ', format('(%s) = (%s)', spelled(s.keys, 'fresh.%I'), spelled(s.keys, 'old.%I')), CASE WHEN s.facts <> '{}' THEN format('(%s) IS NOT DISTINCT FROM (%s)', spelled(s.facts, 'fresh.%I'), spelled(s.facts, 'old.%I')) END),
            spelled(s.keys || s.facts, '%I'), spelled(s.keys || s.facts, 'fresh.%I')), ', '))
        FROM unnest(parts) p(part), snapshot_part(p.part) s) INTO taken USING note;
    IF before.is_redefined THEN
        INSERT INTO snapshot_definition (snapshot_id, account_id, period_start_on, period_end_on, movement, amount_mrr)
        SELECT taken.snapshot_id, d.account_id, d.period_start_on, d.period_end_on, d.movement, d.amount_mrr
        FROM jsonb_populate_recordset(NULL::snapshot_definition, redefined(model, before.policy, (snapshot_part('snapshot_movement', taken.snapshot_id)).query)) d;
    END IF;
    RAISE NOTICE 'snapshot % of model "%" as of %: % figures, % movements and % accounts are new', taken.snapshot_id, model, taken.as_of_on, taken.readings, taken.movements, taken.accounts;
END
$take$;
COMMENT ON PROCEDURE take_snapshot(text, text) IS
'Keeps the figures as they are reported now, of the periods that are over: each metric of metric_reading for all and for each value of each attribute in use, the whole bridge of revenue_monthly, the movements of the accounts behind it, the policy. What has not changed since the snapshot before is not stored again. Where the policy has, what that did to the movements is worked out and kept, too; if a rule that takes effect with a refresh is another one, the model is refreshed first. note: what it is, as a report that is sent today. restatement tells later what has changed since. The figures are of the last CALL refresh: refresh first. A caller from whom row-level security may hide rows: SQLSTATE 42501; an unknown model: 3F000.';

CREATE FUNCTION snapshot_pair(model text, from_snapshot bigint, to_snapshot bigint,
    OUT then_id bigint, OUT then_hash text, OUT now_hash text, OUT report_from date, OUT as_of_on date)
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    known text;
    wanted bigint;
    then_policy jsonb;
    now_policy jsonb;
    last_on date;
BEGIN
    PERFORM require_model(model);
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    SELECT max(s.snapshot_id), format('Its last one is %s; table %I.snapshot has them all.', max(s.snapshot_id), model) INTO then_id, known FROM snapshot s;
    IF then_id IS NULL THEN
        RAISE EXCEPTION 'model "%" has no snapshot yet', model
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('CALL csmetrics.take_snapshot(%L) takes one: of what is reported then.', model);
    END IF;
    then_id := coalesce(from_snapshot, then_id);
    FOREACH wanted IN ARRAY array_remove(ARRAY[then_id, to_snapshot], NULL) LOOP
        IF NOT EXISTS (SELECT FROM snapshot s WHERE s.snapshot_id = wanted) THEN
            RAISE EXCEPTION 'model "%" has no snapshot %', model, wanted USING ERRCODE = 'invalid_parameter_value', DETAIL = known;
        END IF;
    END LOOP;
    IF then_id >= to_snapshot THEN
        RAISE EXCEPTION 'snapshot % was not taken before snapshot %', then_id, to_snapshot USING ERRCODE = 'invalid_parameter_value', HINT = 'The earlier one comes first.';
    END IF;
    SELECT s.policy_hash, s.policy, s.as_of_on INTO then_hash, then_policy, as_of_on FROM snapshot s WHERE s.snapshot_id = then_id;
    SELECT n.policy_hash, n.policy, n.as_of_on INTO now_hash, now_policy, last_on
    FROM (SELECT s.policy_hash, s.policy, s.as_of_on FROM snapshot s WHERE s.snapshot_id = to_snapshot
          UNION ALL SELECT r.policy_hash, to_jsonb(p) - 'only_row', r.as_of_on FROM reporting_range r, policy p WHERE to_snapshot IS NULL) n;
    -- the periods that both report
    as_of_on := least(as_of_on, last_on);
    report_from := date_trunc('month', greatest((then_policy ->> 'report_from')::date, (now_policy ->> 'report_from')::date));
END
$$;
COMMENT ON FUNCTION snapshot_pair(text, bigint, bigint) IS 'Internal: the two that are compared, with their policies and the days of the periods that both report; errors as restatement';

CREATE FUNCTION restatement(model text, from_snapshot bigint DEFAULT NULL, to_snapshot bigint DEFAULT NULL,
    OUT source_view text, OUT metric text, OUT dimension text, OUT value text, OUT period_start_on date, OUT period_end_on date,
    OUT reported_then numeric, OUT reported_now numeric, OUT difference numeric, OUT is_restated boolean, OUT policy_changed boolean, OUT policy_hash_then text, OUT policy_hash_now text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    pair record := snapshot_pair(model, from_snapshot, to_snapshot);
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    RETURN QUERY EXECUTE format($query$
        SELECT source_view, metric, dimension, value, period_start_on, coalesce(b.period_end_on, n.period_end_on), b.reading, n.reading, d.difference,
               coalesce(d.difference <> 0, b.reading IS DISTINCT FROM n.reading), $1 <> $2, $1, $2
        FROM (%s) b FULL JOIN (%s) n USING (source_view, metric, dimension, value, period_start_on) LEFT JOIN (SELECT name, unit FROM model_metric) k ON k.name = metric AND source_view = 'metric_reading',
             -- where there is nothing of what is added up, there is none of it; a ratio of nothing is unknown
             LATERAL (SELECT CASE WHEN k.unit IN ('mrr', 'count') OR k.unit IS NULL AND metric ~ '_(mrr|count)$' THEN coalesce(n.reading, 0) - coalesce(b.reading, 0) ELSE n.reading - b.reading END AS difference) d
        WHERE coalesce(b.period_end_on, n.period_end_on) <= $3 + 1 AND ($4 IS NULL OR period_start_on >= $4)
        ORDER BY source_view, metric, dimension <> 'all', dimension, value, period_start_on $query$,
        (snapshot_part('snapshot_reading', pair.then_id)).query, (snapshot_part('snapshot_reading', to_snapshot)).query)
    USING pair.then_hash, pair.now_hash, pair.as_of_on, pair.report_from;
END
$$;
COMMENT ON FUNCTION restatement(text, bigint, bigint) IS
'What was reported and what it would be now, a row a figure of a period that was over then: reported_then in from_snapshot (default: the last), reported_now in to_snapshot (NULL: as the model stands now), and the difference, in the unit of the metric. source_view: metric_reading, with metrics of model_metric, or revenue_monthly, with its columns, the bridge to the last decimal. is_restated: are they different? policy_changed: is the definition another one? NULL where there is no such figure; in the difference an amount or count that is not there is 0. Periods that only one of the two reports are left out. No snapshot yet: SQLSTATE 55000; an unknown one, or one that is not the earlier: 22023; an unknown model: 3F000.';

CREATE FUNCTION restatement_by_account(model text, from_snapshot bigint DEFAULT NULL, to_snapshot bigint DEFAULT NULL,
    OUT account_id text, OUT period_start_on date, OUT period_end_on date, OUT movement text,
    OUT amount_then numeric, OUT amount_now numeric, OUT difference numeric, OUT by_facts numeric, OUT by_definition numeric, OUT cause text)
RETURNS SETOF record
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    pair record := snapshot_pair(model, from_snapshot, to_snapshot);
    now_movements text := (snapshot_part('snapshot_movement', to_snapshot)).query;
    since_last jsonb := '[]';
    last record;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    IF to_snapshot IS NULL THEN
        -- what happened to the policy after the last snapshot
        SELECT s.policy_hash, s.policy || jsonb_build_object('as_of', p.as_of, 'report_from', p.report_from) AS policy INTO last FROM snapshot s, policy p ORDER BY s.snapshot_id DESC LIMIT 1;
        IF last.policy_hash <> pair.now_hash THEN
            EXECUTE format('CREATE TEMPORARY TABLE csmetrics_now ON COMMIT DROP AS %s', now_movements);
            now_movements := 'SELECT * FROM pg_temp.csmetrics_now';
            since_last := redefined(model, last.policy, now_movements);
        END IF;
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH defined AS (
            SELECT account_id, period_start_on, period_end_on, movement, sum(amount_mrr) AS amount_mrr
            FROM (SELECT account_id, period_start_on, period_end_on, movement, amount_mrr FROM snapshot_definition WHERE snapshot_id > $3 AND (snapshot_id <= $4 OR $4 IS NULL)
                  UNION ALL SELECT account_id, period_start_on, period_end_on, movement, amount_mrr FROM jsonb_populate_recordset(NULL::snapshot_definition, $5) d) d
            GROUP BY account_id, period_start_on, period_end_on, movement),
        moved AS (
            SELECT account_id, period_start_on, coalesce(b.period_end_on, n.period_end_on, d.period_end_on) AS period_end_on, movement,
                   coalesce(b.amount_mrr, 0) AS before, coalesce(n.amount_mrr, 0) AS now, coalesce(d.amount_mrr, 0) AS defined
            FROM (%s) b FULL JOIN (%s) n USING (account_id, period_start_on, movement) FULL JOIN defined d USING (account_id, period_start_on, movement))
        SELECT m.account_id::text, m.period_start_on, m.period_end_on, m.movement, m.before, m.now, m.now - m.before, m.now - m.before - m.defined, m.defined,
               CASE WHEN b.account_id IS NULL THEN 'account new in the sources' WHEN n.account_id IS NULL THEN 'account gone'
                    WHEN m.now - m.before = m.defined THEN 'definition' WHEN m.defined <> 0 THEN 'rows changed, definition' ELSE 'rows changed' END
        FROM moved m LEFT JOIN (%s) b USING (account_id) LEFT JOIN (%s) n USING (account_id)
        WHERE m.period_end_on <= $1 + 1 AND ($2 IS NULL OR m.period_start_on >= $2) AND (m.now <> m.before OR m.defined <> 0)
        ORDER BY m.period_start_on, m.movement, m.account_id $query$,
        (snapshot_part('snapshot_movement', pair.then_id)).query, now_movements,
        (snapshot_part('snapshot_account', pair.then_id)).query, (snapshot_part('snapshot_account', to_snapshot)).query)
    USING pair.as_of_on, pair.report_from, pair.then_id, to_snapshot, since_last;
    DROP TABLE IF EXISTS pg_temp.csmetrics_now;
END
$$;
COMMENT ON FUNCTION restatement_by_account(text, bigint, bigint) IS
'The accounts behind a restated bridge, a row an account, period and movement whose amount is another one; arguments, periods and errors as for restatement. Of each period and movement the differences add up to the difference of that column of revenue_monthly, to the last decimal; opening and closing MRR carry on those of the periods before. It is a function of its own since these are rows of another kind: who, not what. difference = by_facts + by_definition, exactly: by_definition is what changes of the policy did, each worked out of the facts of its time by the policy before and after it; those since the last snapshot are worked out now, which takes the right to change the policy, and cannot be done in a materialized view. The rest is by_facts: rows that came late, were corrected or removed, rates, parents. Rows that came after the last refresh count as neither, but where a rule that takes effect with a refresh has changed since the last snapshot: refresh first. cause: rows changed, account new in the sources, account gone, definition, or the first with the last.';
