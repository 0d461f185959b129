-- Policies compared: what differs, and how much of a change of the figures is definition, how much the customers.
--
-- Two functions, since options are texts and figures are numbers: each column has one meaning, and to see what
-- differs costs nothing, while figures under another policy may take refreshing the histories twice.

CREATE FUNCTION whole_policy(model text, given jsonb, label text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    policy regclass;
    options text[];
    unknown text;
    whole jsonb;
    rule record;
    met boolean;
    message text;
    more text;
    clue text;
    broken text;
BEGIN
    PERFORM require_model(model);
    policy := format('%I.policy', model)::regclass;
    options := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = policy AND attnum > 0 AND NOT attisdropped ORDER BY attnum);
    IF jsonb_typeof(given) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION '% is no JSON object', coalesce(given::text, 'NULL')
            USING ERRCODE = CASE WHEN given IS NULL THEN 'null_value_not_allowed' ELSE 'invalid_parameter_value' END, HINT = 'Write {"answer_rule": "mean"}, or {} for the policy in force.';
    END IF;
    SELECT string_agg(format('"%s"', key), ', ' ORDER BY key) INTO unknown FROM jsonb_object_keys(given) key WHERE key <> ALL (options);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'unknown option %', unknown
            USING ERRCODE = 'invalid_parameter_value', DETAIL = format('There are: %s.', array_to_string(array_remove(options, 'only_row'), ', '));
    END IF;
    EXECUTE format('SELECT to_jsonb(r) FROM %s p, LATERAL jsonb_populate_record(p, $1) r', policy) INTO STRICT whole USING given;
    -- what the table would say, without writing to it
    FOR rule IN
        SELECT ARRAY[attname::text] AS options, format('%I IS NOT NULL', attname) AS expression, NULL AS name FROM pg_attribute WHERE attrelid = policy AND attnum > 0 AND attnotnull
        UNION ALL
        SELECT ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = policy AND attnum = ANY (conkey) ORDER BY attnum), pg_get_expr(conbin, conrelid), conname FROM pg_constraint WHERE conrelid = policy AND contype = 'c'
    LOOP
        EXECUTE format('SELECT (%s) IS NOT FALSE FROM jsonb_populate_record(NULL::%s, $1) AS policy', rule.expression, policy) INTO met USING whole;
        IF NOT met THEN
            RAISE EXCEPTION '% %', (SELECT string_agg(format('%s %s', o, coalesce(whole ->> o, 'NULL')), ', ') FROM unnest(rule.options) o), CASE WHEN rule.name IS NULL THEN 'is not allowed' ELSE format('violates check constraint "%s"', rule.name) END
                USING ERRCODE = CASE WHEN rule.name IS NULL THEN 'not_null_violation' ELSE 'check_violation' END, CONSTRAINT = coalesce(rule.name, ''), DETAIL = format('It must meet: %s.', rule.expression);
        END IF;
    END LOOP;
    RETURN whole;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL, clue = PG_EXCEPTION_HINT, broken = CONSTRAINT_NAME;
    RAISE EXCEPTION '%', CASE WHEN policy IS NULL THEN '' ELSE format('policy %s: ', label) END || message USING ERRCODE = SQLSTATE, DETAIL = more, HINT = clue, CONSTRAINT = broken;
END
$$;
COMMENT ON FUNCTION whole_policy(text, jsonb, text) IS
'Internal: the policy in force as a JSON object, with the options given in place of its own, as the policy table would take them. An error names the policy by its label, the option and its value: SQLSTATE 22023 if it is unknown, 23514 or 23502 where a check of the table or its NOT NULL refuses the value, else that of its type.';

CREATE FUNCTION policy_differences(model text, a jsonb, b jsonb, only_different boolean DEFAULT true)
RETURNS TABLE (option text, a_value text, b_value text, defines boolean, with_refresh boolean, description text)
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
#variable_conflict use_column
DECLARE
    whole_a jsonb := whole_policy(model, a, 'a');
    whole_b jsonb := whole_policy(model, b, 'b');
BEGIN
    RETURN QUERY
    SELECT c.name, whole_a ->> c.name, whole_b ->> c.name, c.defines, c.takes_effect = 'refresh', c.description
    FROM policy_column c
    WHERE whole_a ? c.name AND (whole_a -> c.name <> whole_b -> c.name OR only_different IS FALSE)
    ORDER BY c.position;
END
$$;
COMMENT ON FUNCTION policy_differences(text, jsonb, jsonb, boolean) IS
'Two policies of a model side by side, a row an option on which they differ; only_different false: all of them. a and b are JSON objects of options in place of those in force: {} is the policy in force, {"churn_date_rule": "click"} the same but for that, and a whole row, as to_jsonb gives it, works too. defines: is it part of what figures mean, and of policy_hash? with_refresh: does it take effect with the next refresh? Nothing is changed. A policy that is no JSON object, or has an unknown option: SQLSTATE 22023, which names those that there are; NULL: 22004; a value that the policy table refuses: 23514 or 23502, or that of its type; an unknown model: 3F000.';

CREATE FUNCTION readings_under(model text, policy jsonb, as_of date, refreshing boolean) RETURNS jsonb
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    columns text[] := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = format('%I.policy', model)::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('only_row', 'as_of', 'report_from'));
    readings jsonb;
BEGIN
    -- what is shown, and of when, is no part of a comparison
    EXECUTE format('UPDATE %1$I.policy SET (%2$s) = (SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.policy, $1)), as_of = $2, report_from = NULL', model, spelled(columns, '%I')) USING policy, as_of;
    IF refreshing THEN
        CALL refresh(model);
    END IF;
    -- to 15 digits, as many as a double precision is sure of
    EXECUTE format('SELECT coalesce(jsonb_agg(jsonb_build_array(metric, period_end_on, reading::numeric::text)), ''[]'') FROM %I.metric_reading WHERE dimension = ''all'' AND is_complete AND (reading IS NOT NULL OR n_count > 0)', model) INTO readings;
    RETURN readings;
END
$$;
COMMENT ON FUNCTION readings_under(text, jsonb, date, boolean) IS
'Internal: puts a policy in force and gives the figures of all accounts in months that are over as of the day, as arrays of metric, period_end_on and reading. To be rolled back.';

CREATE FUNCTION compare_policies(model text, a jsonb, b jsonb, since date DEFAULT NULL)
RETURNS TABLE (metric text, unit text, period_end_on date, a_reading numeric, b_reading numeric, definition_change numeric,
               since_end_on date, since_reading numeric, customer_change numeric, whole_change numeric, description text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET jit = off AS $compare$
#variable_conflict use_column
DECLARE
    in_force jsonb := whole_policy(model, '{}', 'in force');
    whole_a jsonb := whole_policy(model, a, 'a');
    whole_b jsonb := whole_policy(model, b, 'b');
    refreshed text[] := ARRAY(SELECT name FROM policy_column WHERE takes_effect = 'refresh');
    parts_differ boolean := EXISTS (SELECT FROM unnest(refreshed) o WHERE whole_a -> o <> whole_b -> o);
    of_day date := in_force ->> 'as_of';
    today date;
    readings jsonb[3];
BEGIN
    EXECUTE format('SELECT as_of_on FROM %I.reporting_range', model) INTO today;
    IF since >= today THEN
        RAISE EXCEPTION 'since % is not before %, the day as of which the model reads', since, today USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Whatever it takes is undone: it runs in a subtransaction that is rolled back. The readings stay.
    BEGIN
        -- both are read from the same histories, or from those of the same sources
        CALL lock_model(model);
        RAISE NOTICE 'comparing policies of model "%": figures under a ...', model;
        readings[1] := readings_under(model, whole_a, of_day, parts_differ OR EXISTS (SELECT FROM unnest(refreshed) o WHERE whole_a -> o <> in_force -> o));
        IF since IS NOT NULL THEN
            RAISE NOTICE 'comparing policies of model "%": figures under a as of % ...', model, since;
            readings[3] := readings_under(model, whole_a, since, false);
        END IF;
        RAISE NOTICE 'comparing policies of model "%": figures under b ...', model;
        readings[2] := readings_under(model, whole_b, of_day, parts_differ);
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        NULL;
    END;
    RETURN QUERY
    WITH told AS (SELECT n, r ->> 0 AS metric, (r ->> 1)::date AS end_on, (r ->> 2)::numeric AS reading FROM generate_subscripts(readings, 1) n, jsonb_array_elements(readings[n]) r),
         latest AS (SELECT t.metric, max(t.end_on) FILTER (WHERE n < 3) AS now_on, max(t.end_on) FILTER (WHERE n = 3) AS since_on FROM told t GROUP BY t.metric),
         figure AS (
             SELECT l.*, (SELECT reading FROM told t WHERE (t.n, t.metric, t.end_on) = (1, l.metric, l.now_on)) AS in_a, (SELECT reading FROM told t WHERE (t.n, t.metric, t.end_on) = (2, l.metric, l.now_on)) AS in_b,
                    (SELECT reading FROM told t WHERE (t.n, t.metric, t.end_on) = (3, l.metric, l.since_on)) AS in_since
             FROM latest l)
    SELECT f.metric, m.unit, f.now_on, trim_scale(f.in_a), trim_scale(f.in_b), trim_scale(f.in_b - f.in_a), f.since_on, trim_scale(f.in_since), trim_scale(f.in_a - f.in_since), trim_scale(f.in_b - f.in_since), m.description
    FROM figure f JOIN model_metric m ON m.name = f.metric
    ORDER BY m.position;
END
$compare$;
COMMENT ON FUNCTION compare_policies(text, jsonb, jsonb, date) IS
'The figures of the scorecard (csmetrics.model_metric) under two policies of a model, a row a metric that has any, of all accounts and of the last month that is over and has anything in it under either: a_reading, b_reading and definition_change, b_reading - a_reading, which is definition alone. since: an earlier day; then since_reading is the figure of the last such month as of that day under a, and whole_change, from since_reading to b_reading, is customer_change, what customers did, + definition_change, exactly. Readings have 15 digits; what is not known, and differences from it, are NULL. a and b are as in policy_differences, with its errors; as_of and report_from have no part in it. Policy and histories are put back as they were, whatever happens, and nobody else sees anything of it; who refreshes the model waits. Where an option marked (refresh) differs it refreshes, twice where a and b differ on one; else histories are read as they stand, and rules of the policy in force that wait for a refresh are not in them. In a transaction that is REPEATABLE READ both see the same sources. since not before the day of the policy: SQLSTATE 22023. It takes the rights to update the policy and to refresh.';
