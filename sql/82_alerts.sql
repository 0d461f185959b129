-- Alerts: rules over account_now, and one row when an account begins or ends to meet one.

INSERT INTO csmetrics.policy_column
    (position, name, type, default_value, condition, takes_effect, meaning, defines)
VALUES
(90, 'alert_late_days', 'integer', '7', 'alert_late_days BETWEEN 0 AND 3653', 'at once',
 'A condition that already held so many days before the last evaluation, by facts that came later, raises no alert: '
 'they are a backfill. Attributes and renewals bear no date and count as they are now; 3653: no fact is late', false);
INSERT INTO csmetrics.policy_column
    (position, name, type, default_value, condition, takes_effect, meaning, may_be_null, defines)
VALUES
-- manager_weekly counts those of five weeks
(216, 'alert_days', 'integer', '730', 'alert_days >= 42', 'at once',
 'Days for which alerts that are over are kept, from when they were found; NULL: for ever', true, false);

CREATE OR REPLACE FUNCTION csmetrics.rule_query(model text, relation text, met text, label text, of_names integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format($query$
    SELECT account_id::text, met, label,
           CASE WHEN true = ANY (met[:%5$s]) THEN jsonb_build_object(
               'name', name, 'segment', segment, 'owner', owner, 'mrr', mrr, 'health_score', health_score, 'tier', tier,
               'reasons', reasons, 'usage_change', trend, 'open_tickets', open_count, 'renews_on', renews_on) END
    FROM (SELECT *, ARRAY[%1$s]::boolean[] AS met, ARRAY[%2$s]::text[] AS label
          FROM %3$I.%4$I($1) AS %4$I) AS found $query$, met, label, model, relation, of_names);
COMMENT ON FUNCTION csmetrics.rule_query(text, text, text, text, integer) IS
'Internal: the query of customers_by_rule, with what is known of those for whom one of the first of_names expressions '
'in met holds';

CREATE OR REPLACE FUNCTION csmetrics.customers_by_rule(model text, day date, names text[], conditions text[],
    labels text[] DEFAULT '{}', over text DEFAULT 'account_now',
    OUT account_id text, OUT met boolean[], OUT label text[], OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation regclass := format('%I.%I', model, over)::regclass;
    met_by text;
    label_by text;
    is_read boolean := false;
BEGIN
    -- Whatever a rule does is undone: it runs read only, in a subtransaction that is rolled back. The rows found stay.
    BEGIN
        SELECT string_agg(csmetrics.checked_expression(c.condition, relation, 'boolean', model), ', ' ORDER BY c.n)
        INTO met_by
        FROM unnest(conditions) WITH ORDINALITY c(condition, n);
        SELECT string_agg(csmetrics.checked_expression(l.label, relation, 'text', model), ', ' ORDER BY l.n)
        INTO label_by
        FROM unnest(labels) WITH ORDINALITY l(label, n);
        PERFORM set_config('transaction_read_only', 'on', true);
        RETURN QUERY EXECUTE csmetrics.rule_query(model, over, met_by, label_by, cardinality(names)) USING day;
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
        PERFORM 1 FROM csmetrics.customers_by_rule(model, day, '{}', '{}', over => over);
        FOR i IN 1 .. cardinality(conditions) LOOP
            PERFORM 1 FROM csmetrics.customers_by_rule(model, day, ARRAY[names[(i - 1) % cardinality(names) + 1]],
                                                     conditions[i:i], labels, over);
        END LOOP;
        RAISE;
    END;
END
$$;
COMMENT ON FUNCTION csmetrics.customers_by_rule(text, date, text[], text[], text[], text) IS
'Internal: the customers as of the day, what each condition says of them, the labels, and for whom one holds what else '
'is known. Conditions beyond the names belong to the same names again. They are over the view `over`, read only. An '
'error names the one of names it is in.';

CREATE OR REPLACE PROCEDURE csmetrics.settle_alerts(model text, as_of_on date, time_zone text, late_days integer)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    probe record;
    day date;
    has_news boolean;
BEGIN
    -- a rule that is evaluated for the first time, or has another condition, begins with what there is
    EXECUTE format('SELECT %I.begin_alert_rules()', internal);
    -- the others are news, unless they held by the end of the last day that was over at the last evaluation, and long
    -- before: then facts came late. Of who was seen to turn off in between, that is another time.
    FOR probe IN EXECUTE format('SELECT p.day, p.names, p.conditions FROM %I.alert_probe($1, $2) p', internal)
        USING as_of_on, time_zone
    LOOP
        EXECUTE format('SELECT %I.hold_alerts_again($1, $2)', internal)
            USING probe.names, (probe.day - late_days)::timestamp AT TIME ZONE time_zone;
        FOREACH day IN ARRAY ARRAY[probe.day, probe.day - late_days] LOOP
            EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.alert_state s
                                           WHERE s.state = ''new'' AND s.rule = ANY ($1))', internal)
                INTO has_news USING probe.names;
            EXIT WHEN NOT has_news;
            EXECUTE format('SELECT %I.hold_alerts($1, $2, $3, $4)', internal)
                USING model, day, probe.names, probe.conditions;
        END LOOP;
    END LOOP;
    EXECUTE format('UPDATE %I.alert_state SET state = ''known'' WHERE state = ''new''', internal);
END
$$;
COMMENT ON PROCEDURE csmetrics.settle_alerts(text, date, text, integer) IS
'Internal: says of each customer that newly meets a rule whether that is news (held) or was so before (known)';

CREATE OR REPLACE PROCEDURE csmetrics.evaluate_alerts(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    started timestamptz := clock_timestamp();
    reading record;
    later text[];
    due record;
    last_alert bigint;
    counts record;
BEGIN
    PERFORM csmetrics.require_owner(model);
    PERFORM csmetrics.require_all_rows(model, NULL);
    -- one evaluation at a time; readers go on
    EXECUTE format('LOCK TABLE %I.alert_state IN SHARE ROW EXCLUSIVE MODE', internal);
    EXECUTE format('SELECT r.as_of_on, r.as_of_at, r.time_zone, p.alert_late_days
                    FROM %1$I.reporting_range r, %1$I.policy p', model) INTO reading;

    EXECUTE format('SELECT %I.alert_rules_ahead($1)', internal) INTO later USING reading.as_of_at;
    IF later <> '{}' THEN
        RAISE NOTICE 'model "%" reads as of %, earlier than the last evaluation of these rules, which are left alone: '
            '%', model, reading.as_of_at, csmetrics.spelled(later, '%s');
    END IF;
    EXECUTE format('SELECT %I.forget_alert_states()', internal);
    EXECUTE format('SELECT %I.forget_alerts($1)', internal) USING reading.as_of_at;
    EXECUTE format('SELECT d.names, d.conditions, d.clearing FROM %I.alert_rules_due($1) d', internal)
        INTO due USING later;
    IF due.names IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT coalesce(max(a.alert_id), 0) FROM %I.alert a', model) INTO last_alert;

    EXECUTE format('SELECT %I.turn_alerts($1, $2, $3, $4, $5, $6)', internal)
        USING model, reading.as_of_on, reading.as_of_at, due.names, due.conditions, due.clearing;
    CALL csmetrics.settle_alerts(model, reading.as_of_on, reading.time_zone, reading.alert_late_days);
    EXECUTE format('SELECT %I.raise_alerts($1, $2)', internal) USING due.names, reading.as_of_at;
    EXECUTE format('SELECT n.raised, n.cleared FROM %I.announce_alerts($1, $2) n', internal)
        INTO counts USING model, last_alert;
    RAISE NOTICE 'evaluated % rules of model "%" as of %: % alerts raised, % cleared, in % s', cardinality(due.names),
        model, reading.as_of_at, counts.raised, counts.cleared,
        round(extract(epoch FROM clock_timestamp() - started), 1);
END
$$;
COMMENT ON PROCEDURE csmetrics.evaluate_alerts(text) IS
'Evaluates the rules of alert_rule over account_now: a row of alert and a NOTIFY for each customer that began to meet '
'one, or no longer does. An error names the rule, and nothing is changed. Row-level security that may hide rows: '
'SQLSTATE 42501; an unknown model: 3F000.';

CREATE OR REPLACE FUNCTION csmetrics.note_response() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    complaint text;
BEGIN
    IF (NEW.response, NEW.reason, NEW.until_on) IS NOT DISTINCT FROM (OLD.response, OLD.reason, OLD.until_on) THEN
        RETURN NEW;
    END IF;
    complaint := CASE
        WHEN NEW.response IS NULL THEN CASE WHEN num_nonnulls(NEW.reason, NEW.until_on) > 0
                                            THEN 'reason and until_on are of a response: there is none' END
        WHEN NEW.to_state <> 'on' THEN format('alert %s is of a rule that turned off: there is nothing to respond to',
                                              NEW.alert_id)
        WHEN NEW.response = 'dismissed' AND coalesce(trim(NEW.reason), '') = ''
            THEN 'an alert is dismissed for a reason: say which'
        WHEN NEW.response = 'snoozed' AND NEW.until_on IS NULL THEN 'an alert is snoozed until a day: say which'
        WHEN NEW.response NOT IN ('acknowledged', 'snoozed', 'dismissed')
            THEN format('%L is no response: acknowledged, snoozed or dismissed', NEW.response) END;
    IF complaint IS NOT NULL THEN
        RAISE EXCEPTION '%', complaint USING ERRCODE = 'invalid_parameter_value';
    END IF;
    NEW.responded_by := CASE WHEN NEW.response IS NOT NULL THEN current_user END;
    NEW.responded_at := CASE WHEN NEW.response IS NOT NULL THEN clock_timestamp() END;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION csmetrics.note_response() IS
'Internal: notes who responded to an alert, and when; refuses what is no response: SQLSTATE 22023';

CREATE OR REPLACE PROCEDURE csmetrics.respond_to_alert(
    model text, alert_id bigint, response text, reason text DEFAULT NULL, until_on date DEFAULT NULL)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    written bigint;
BEGIN
    PERFORM csmetrics.require_model(model);
    EXECUTE format('UPDATE %I.alert a SET response = $2, reason = $3, until_on = $4 WHERE a.alert_id = $1', model)
        USING alert_id, response, reason, until_on;
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written = 0 THEN
        RAISE EXCEPTION 'model "%" has no alert %', model, alert_id USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.respond_to_alert(text, bigint, text, text, date) IS
'Responds to an alert: acknowledged, snoozed (until_on: the first day on which it is open again), dismissed (with a '
'reason), NULL: takes it back; table alert keeps who and when. An unknown alert, no reason, no day: SQLSTATE 22023; '
'who is no editor: 42501; an unknown model: 3F000.';
