-- Alerts: rules over account_now, and one row when an account begins or ends to meet one.

INSERT INTO policy_column (position, name, type, default_value, condition, description, defines) VALUES
(90, 'alert_late_days', 'integer', '7', 'alert_late_days BETWEEN 0 AND 3653', 'A condition that already held so many days before the last evaluation, by facts that came later, raises no alert: they are a backfill. Attributes and renewals bear no date and count as they are now; 3653: no fact is late', false);

CREATE FUNCTION customers_by_rule(model text, day date, names text[], conditions text[], labels text[] DEFAULT '{}', over text DEFAULT 'account_now',
    OUT account_id text, OUT met boolean[], OUT label text[], OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    relation regclass := format('%I.%I', model, over)::regclass;
    met_by text;
    label_by text;
    is_read boolean := false;
BEGIN
    -- Whatever a rule does is undone: it runs read only, in a subtransaction that is rolled back. The rows found stay.
    BEGIN
        SELECT string_agg(checked_expression(c.condition, relation, 'boolean'), ', ' ORDER BY c.n) INTO met_by FROM unnest(conditions) WITH ORDINALITY c(condition, n);
        SELECT string_agg(checked_expression(l.label, relation, 'text'), ', ' ORDER BY l.n) INTO label_by FROM unnest(labels) WITH ORDINALITY l(label, n);
        PERFORM set_config('transaction_read_only', 'on', true);
        RETURN QUERY EXECUTE format($query$
            SELECT account_id::text, met, label,
                   CASE WHEN true = ANY (met[:%5$s]) THEN jsonb_build_object('name', name, 'segment', segment, 'owner', owner, 'mrr', mrr, 'health_score', health_score, 'tier', tier,
                        'reasons', reasons, 'usage_change', trend, 'open_tickets', open_count, 'renews_on', renews_on) END
            FROM (SELECT *, ARRAY[%1$s]::boolean[] AS met, ARRAY[%2$s]::text[] AS label FROM %3$I.%4$I($1) AS %4$I) AS found $query$, met_by, label_by, model, over, cardinality(names)) USING day;
        is_read := true;
        RAISE EXCEPTION 'undo';
    EXCEPTION WHEN OTHERS THEN
        IF is_read THEN
            RETURN;
        ELSIF cardinality(conditions) = 0 THEN
            RAISE;
        ELSIF cardinality(conditions) = 1 THEN
            RAISE EXCEPTION '"%": %', names[1], SQLERRM USING ERRCODE = SQLSTATE;
        END IF;
        -- none of them, where the view fails by itself; or one after the other, to tell which of them it is
        PERFORM FROM customers_by_rule(model, day, '{}', '{}', over => over);
        FOR i IN 1 .. cardinality(conditions) LOOP
            PERFORM FROM customers_by_rule(model, day, ARRAY[names[(i - 1) % cardinality(names) + 1]], conditions[i:i], labels, over);
        END LOOP;
        RAISE;
    END;
END
$$;
COMMENT ON FUNCTION customers_by_rule(text, date, text[], text[], text[], text) IS
'Internal: the customers as of the day with what each condition says of them, the labels, and for whom a condition holds what else is known. Conditions beyond the names belong to the same names again, and ask for nothing else. The expressions are over the columns of the view `over`, whose rows of that day its function of the same name gives. They run with the rights of the caller and can write nothing. An error names the one of names whose condition it is in.';

CREATE PROCEDURE evaluate_alerts(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET row_security = off SET jit = off AS $evaluate$
DECLARE
    started timestamptz := clock_timestamp();
    reading record;
    later text[];
    probe record;
    day date;
    names text[];
    conditions text[];
    clearing text[];
    last_alert bigint;
    counts record;
BEGIN
    PERFORM csmetrics.require_model(model);
    PERFORM csmetrics.require_all_rows(model, NULL);
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    -- one evaluation at a time; readers go on
    LOCK TABLE alert_state IN SHARE ROW EXCLUSIVE MODE;
    SELECT r.as_of_on, r.as_of_at, r.time_zone, p.alert_late_days INTO reading FROM reporting_range r, policy p;

    SELECT array_agg(rule ORDER BY rule) INTO later FROM alert_rule JOIN alert_evaluation e USING (rule) WHERE is_enabled AND e.as_of_at > reading.as_of_at;
    IF later <> '{}' THEN
        RAISE NOTICE 'model "%" reads as of %, earlier than the last evaluation of these rules, which are left alone: %', model, reading.as_of_at, spelled(later, '%s');
    END IF;
    -- what is gone has no states, and what is off begins anew when it is on again
    DELETE FROM alert_state WHERE rule NOT IN (SELECT rule FROM alert_rule);
    DELETE FROM alert_evaluation WHERE rule NOT IN (SELECT rule FROM alert_rule WHERE is_enabled);
    SELECT array_agg(rule ORDER BY rule), array_agg(condition ORDER BY rule), array_agg(coalesce(clears_when, format(E'NOT (%s\n)', condition)) ORDER BY rule)
    INTO names, conditions, clearing
    FROM alert_rule WHERE is_enabled AND (rule = ANY (later)) IS NOT TRUE;
    IF names IS NULL THEN
        RETURN;
    END IF;
    SELECT coalesce(max(alert_id), 0) INTO last_alert FROM alert;

    -- who meets what now: those that no longer do are off, those that began to are new; who waits has no margin of clears_when
    WITH found AS MATERIALIZED (
        SELECT s.account_id, f.met, f.evidence
        FROM csmetrics.customers_by_rule(model, reading.as_of_on, names, conditions || clearing) f JOIN account_state s ON s.account_id::text = f.account_id),
    ended AS (
        DELETE FROM alert_state s USING unnest(names) WITH ORDINALITY r(rule, n)
        WHERE s.rule = r.rule AND NOT EXISTS (SELECT FROM found f WHERE f.account_id = s.account_id AND (f.met[r.n] OR (s.state <> 'held' AND f.met[cardinality(names) + r.n] IS NOT TRUE)))
        RETURNING s.*),
    off AS (
        INSERT INTO alert (rule, severity, audience, account_id, from_state, to_state, as_of_at, evidence)
        SELECT e.rule, r.severity, r.audience, e.account_id, 'on', 'off', reading.as_of_at, e.evidence FROM ended e JOIN alert_rule r USING (rule) WHERE e.state = 'raised'
        ORDER BY e.rule, e.account_id ON CONFLICT DO NOTHING)
    INSERT INTO alert_state (rule, account_id, state, since_at, evidence)
    SELECT r.rule, f.account_id, 'new', reading.as_of_at, f.evidence FROM found f, unnest(names) WITH ORDINALITY r(rule, n) WHERE f.met[r.n]
    ON CONFLICT DO NOTHING;

    -- a rule that is evaluated for the first time, or has another condition, begins with what there is
    UPDATE alert_state SET state = 'known'
    WHERE state IN ('new', 'held') AND rule NOT IN (SELECT rule FROM alert_evaluation e JOIN alert_rule r USING (rule) WHERE e.definition = r.condition);
    -- the others are news, unless they held by the end of the last day that was over at the last evaluation, and long before: then facts came late.
    -- Of who was seen to turn off in between, that is another time.
    FOR probe IN
        SELECT least(((e.as_of_at + interval '1 microsecond') AT TIME ZONE reading.time_zone)::date - 1, reading.as_of_on - 1) AS day, array_agg(r.rule ORDER BY r.rule) AS names, array_agg(r.condition ORDER BY r.rule) AS conditions
        FROM alert_rule r JOIN alert_evaluation e USING (rule) WHERE r.rule IN (SELECT rule FROM alert_state WHERE state = 'new') GROUP BY 1
    LOOP
        UPDATE alert_state s SET state = 'held'
        FROM alert a
        WHERE s.state = 'new' AND s.rule = ANY (probe.names) AND a.rule = s.rule AND a.account_id = s.account_id AND a.to_state = 'off'
          AND a.as_of_at >= (probe.day - reading.alert_late_days)::timestamp AT TIME ZONE reading.time_zone;
        FOREACH day IN ARRAY ARRAY[probe.day, probe.day - reading.alert_late_days] LOOP
            EXIT WHEN NOT EXISTS (SELECT FROM alert_state WHERE state = 'new' AND rule = ANY (probe.names));
            -- NOT IN is looked up in a hash, however few the planner takes the new ones for
            UPDATE alert_state SET state = 'held'
            WHERE state = 'new' AND rule = ANY (probe.names)
              AND (rule, account_id::text) NOT IN (SELECT r.rule, f.account_id FROM csmetrics.customers_by_rule(model, day, probe.names, probe.conditions) f, unnest(probe.names) WITH ORDINALITY r(rule, n) WHERE f.met[r.n]);
        END LOOP;
    END LOOP;
    UPDATE alert_state SET state = 'known' WHERE state = 'new';

    WITH due AS (
        INSERT INTO alert (rule, severity, audience, account_id, from_state, to_state, as_of_at, evidence)
        SELECT s.rule, r.severity, r.audience, s.account_id, 'off', 'on', reading.as_of_at, s.evidence
        FROM alert_state s JOIN alert_rule r USING (rule)
        WHERE s.state = 'held' AND s.rule = ANY (names)
          AND NOT EXISTS (SELECT FROM alert a WHERE a.rule = s.rule AND a.account_id = s.account_id AND a.to_state = 'on' AND a.as_of_at > reading.as_of_at - r.cool_down)
        ORDER BY s.rule, s.account_id ON CONFLICT DO NOTHING
        RETURNING alert_id, rule, account_id)
    UPDATE alert_state s SET state = 'raised', alert_id = due.alert_id FROM due WHERE s.rule = due.rule AND s.account_id = due.account_id;

    INSERT INTO alert_evaluation (rule, definition, as_of_at)
    SELECT rule, condition, reading.as_of_at FROM alert_rule WHERE rule = ANY (names)
    ON CONFLICT (rule) DO UPDATE SET definition = excluded.definition, as_of_at = excluded.as_of_at, evaluated_at = excluded.evaluated_at;

    -- Listeners hear of it when this is committed. Whoever can connect may be one: they get keys, and read the row with their own rights.
    SELECT count(*) FILTER (WHERE to_state = 'on') AS raised, count(*) FILTER (WHERE to_state = 'off') AS cleared,
           count(pg_notify(channel, jsonb_build_object('model', model, 'alert_id', alert_id, 'rule', rule, 'direction', to_state)::text)) INTO counts
    FROM (SELECT a.alert_id, a.rule, a.to_state, r.channel FROM alert a JOIN alert_rule r USING (rule) WHERE a.alert_id > last_alert ORDER BY a.alert_id) news;
    RAISE NOTICE 'evaluated % rules of model "%" as of %: % alerts raised, % cleared, in % s', cardinality(names), model, reading.as_of_at, counts.raised, counts.cleared,
        round(extract(epoch FROM clock_timestamp() - started), 1);
END
$evaluate$;
COMMENT ON PROCEDURE evaluate_alerts(text) IS
'Evaluates the rules of alert_rule over account_now of the model, all in one pass, and records in alert each customer that began to meet one, or no longer does, since the last evaluation: a transition once, however often and from however many sessions it is called. Each is announced by NOTIFY on the channel of its rule, with a JSON payload of keys (model, alert_id, rule, direction: on or off), when the transaction commits; what else is known is in alert, for those who may read it. Nothing is raised by what held when a rule was first evaluated, got another condition or was switched on again, by a model that reads as of an earlier day than before, or by facts that came more than alert_late_days late. Within cool_down of an alert the next one of the same customer waits. Rules run with the rights of the caller, and can write nothing; an error names the rule and leaves everything as it was. A caller from whom row-level security may hide rows: SQLSTATE 42501; an unknown model: 3F000.';
