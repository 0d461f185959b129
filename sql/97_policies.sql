-- Policies compared: what differs, and how much of a change of the figures is definition, how much the customers.
--
-- Two functions, since options are texts and figures are numbers: each column has one meaning, and to see what
-- differs costs nothing, while figures under another policy may take refreshing the histories twice.

CREATE OR REPLACE FUNCTION csmetrics.policy_options(model text) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = format('%I.policy', model)::regclass AND a.attnum > 0 AND NOT a.attisdropped
               AND a.attname <> 'only_row'
             ORDER BY a.attnum);
COMMENT ON FUNCTION csmetrics.policy_options(text) IS 'Internal: the options of the policy of a model';

CREATE OR REPLACE FUNCTION csmetrics.policy_checks(model text, OUT options text[], OUT expression text, OUT name text)
RETURNS SETOF record
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT ARRAY[a.attname::text], format('%I IS NOT NULL', a.attname), NULL
    FROM pg_attribute a
    WHERE a.attrelid = format('%I.policy', model)::regclass AND a.attnum > 0 AND a.attnotnull
    UNION ALL
    SELECT ARRAY(SELECT a.attname::text FROM pg_attribute a
                 WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) ORDER BY a.attnum),
           pg_get_expr(c.conbin, c.conrelid), c.conname::text
    FROM pg_constraint c
    WHERE c.conrelid = format('%I.policy', model)::regclass AND c.contype = 'c';
END;
COMMENT ON FUNCTION csmetrics.policy_checks(text) IS
'Internal: what the table policy of a model asks of its options, with the name of the constraint; NULL: of NOT NULL';

CREATE OR REPLACE FUNCTION csmetrics.require_allowed(model text, policy jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    asked record;
    met boolean;
BEGIN
    -- what the table would say, without writing to it
    FOR asked IN SELECT * FROM csmetrics.policy_checks(model) LOOP
        EXECUTE format('SELECT (%s) IS NOT FALSE FROM jsonb_populate_record(NULL::%I.policy, $1) AS policy',
                       asked.expression, model) INTO met USING policy;
        IF NOT met THEN
            RAISE EXCEPTION '%', coalesce(
                    csmetrics.policy_sentence(model, asked.options, policy),
                    (SELECT string_agg(format('%s %s', o, coalesce(policy ->> o, 'NULL')), ', ')
                     FROM unnest(asked.options) o) || ' is not allowed')
                USING ERRCODE = CASE WHEN asked.name IS NULL THEN 'not_null_violation' ELSE 'check_violation' END,
                      CONSTRAINT = coalesce(asked.name, ''), DETAIL = format('It must meet: %s.', asked.expression);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION csmetrics.require_allowed(text, jsonb) IS
'Internal: SQLSTATE 23514 or 23502 where a check of the table policy or its NOT NULL refuses a value';

CREATE OR REPLACE FUNCTION csmetrics.whole_policy(model text, given jsonb, label text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    options text[];
    unknown text;
    whole jsonb;
    message text;
    more text;
    clue text;
    broken text;
BEGIN
    PERFORM csmetrics.require_owner(model);
    options := csmetrics.policy_options(model);
    IF jsonb_typeof(given) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION '% is no JSON object', coalesce(given::text, 'NULL')
            USING ERRCODE = CASE WHEN given IS NULL THEN 'null_value_not_allowed' ELSE 'invalid_parameter_value' END,
                  HINT = 'Write {"answer_rule": "mean"}, or {} for the policy in force.';
    END IF;
    SELECT string_agg(format('"%s"', key), ', ' ORDER BY key) INTO unknown
    FROM jsonb_object_keys(given) key WHERE key <> ALL (options) AND key <> 'only_row';
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'unknown option %', unknown
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = format('There are: %s.', array_to_string(options, ', '));
    END IF;
    EXECUTE format('SELECT to_jsonb(r) FROM %I.policy p, LATERAL jsonb_populate_record(p, $1) r', model)
        INTO STRICT whole USING given;
    PERFORM csmetrics.require_allowed(model, whole);
    RETURN whole;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL, clue = PG_EXCEPTION_HINT,
        broken = CONSTRAINT_NAME;
    RAISE EXCEPTION '%', CASE WHEN options IS NULL THEN '' ELSE format('policy %s: ', label) END || message
        USING ERRCODE = SQLSTATE, DETAIL = more, HINT = clue, CONSTRAINT = broken;
END
$$;
COMMENT ON FUNCTION csmetrics.whole_policy(text, jsonb, text) IS
'Internal: the policy in force as a JSON object, with the options given in place of its own. An error names the '
'policy by its label, the option and its value: SQLSTATE 22023 if it is unknown, 23514 or 23502 where the table policy '
'refuses the value, else that of its type.';

CREATE OR REPLACE FUNCTION csmetrics.policy_differences(
    model text, a jsonb, b jsonb, only_different boolean DEFAULT true)
RETURNS TABLE (option text, a_value text, b_value text, defines boolean, with_refresh boolean, description text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    whole_a jsonb := csmetrics.whole_policy(model, a, 'a');
    whole_b jsonb := csmetrics.whole_policy(model, b, 'b');
BEGIN
    RETURN QUERY
    SELECT c.name, whole_a ->> c.name, whole_b ->> c.name, c.defines, c.takes_effect = 'refresh', c.description
    FROM csmetrics.policy_column c
    WHERE whole_a ? c.name AND (whole_a -> c.name <> whole_b -> c.name OR only_different IS FALSE)
    ORDER BY c.position;
END
$$;
COMMENT ON FUNCTION csmetrics.policy_differences(text, jsonb, jsonb, boolean) IS
'Two policies side by side, a row an option on which they differ; only_different false: all. a, b: JSON objects of '
'options in place of those in force. No object, or an unknown option: SQLSTATE 22023; NULL: 22004; a value refused: '
'23514, 23502 or that of its type; an unknown model: 3F000.';

CREATE OR REPLACE PROCEDURE csmetrics.put_policy(model text, policy jsonb)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    options text := csmetrics.spelled(csmetrics.policy_options(model), '%I');
BEGIN
    EXECUTE format('UPDATE %1$I.policy SET (%2$s) = (SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.policy, $1))',
                   model, options) USING policy;
END
$$;
COMMENT ON PROCEDURE csmetrics.put_policy(text, jsonb) IS 'Internal: puts a whole policy in force';

CREATE OR REPLACE FUNCTION csmetrics.differ_by_refresh(a jsonb, b jsonb) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT 1 FROM csmetrics.policy_column c WHERE c.takes_effect = 'refresh' AND a -> c.name <> b -> c.name);
COMMENT ON FUNCTION csmetrics.differ_by_refresh(jsonb, jsonb) IS
'Internal: do two policies differ on a rule that takes effect with a refresh?';

CREATE OR REPLACE FUNCTION csmetrics.readings_under(model text, policy jsonb, as_of date, refreshing boolean)
RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    readings jsonb;
BEGIN
    -- what is shown, and of when, is no part of a comparison
    CALL csmetrics.put_policy(model, policy || jsonb_build_object('as_of', as_of, 'report_from', NULL));
    IF refreshing THEN
        CALL csmetrics.refresh(model);
    END IF;
    EXECUTE format('SELECT %I.readings_of_all()', model) INTO readings;
    RETURN readings;
END
$$;
COMMENT ON FUNCTION csmetrics.readings_under(text, jsonb, date, boolean) IS
'Internal: puts a policy in force and gives the figures of all accounts in months that are over as of the day, as '
'arrays of metric, period_end_on and reading. To be rolled back.';

CREATE OR REPLACE FUNCTION csmetrics.compared_readings(readings jsonb[])
RETURNS TABLE (metric text, now_on date, a_reading numeric, b_reading numeric, since_on date, since_reading numeric)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH told AS (
        SELECT n, r ->> 0 AS metric, (r ->> 1)::date AS end_on, trim_scale((r ->> 2)::numeric) AS reading
        FROM generate_subscripts(readings, 1) n, jsonb_array_elements(readings[n]) r),
    latest AS (
        SELECT t.metric, max(t.end_on) FILTER (WHERE t.n < 3) AS now_on,
               max(t.end_on) FILTER (WHERE t.n = 3) AS since_on
        FROM told t
        GROUP BY t.metric)
    SELECT l.metric, l.now_on,
           (SELECT t.reading FROM told t WHERE (t.n, t.metric, t.end_on) = (1, l.metric, l.now_on)),
           (SELECT t.reading FROM told t WHERE (t.n, t.metric, t.end_on) = (2, l.metric, l.now_on)),
           l.since_on,
           (SELECT t.reading FROM told t WHERE (t.n, t.metric, t.end_on) = (3, l.metric, l.since_on))
    FROM latest l;
END;
COMMENT ON FUNCTION csmetrics.compared_readings(jsonb[]) IS
'Internal: of each metric the last figure under a and under b, and that under a as of an earlier day, from three '
'arrays that readings_under gave';

CREATE OR REPLACE FUNCTION csmetrics.compare_policies(model text, a jsonb, b jsonb, since date DEFAULT NULL)
RETURNS TABLE (
    metric text, unit text, period_end_on date, a_reading numeric, b_reading numeric, definition_change numeric,
    since_end_on date, since_reading numeric, customer_change numeric, whole_change numeric, description text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $compare$
#variable_conflict use_column
DECLARE
    in_force jsonb := csmetrics.whole_policy(model, '{}', 'in force');
    whole_a jsonb := csmetrics.whole_policy(model, a, 'a');
    whole_b jsonb := csmetrics.whole_policy(model, b, 'b');
    parts_differ boolean := csmetrics.differ_by_refresh(whole_a, whole_b);
    of_day date := in_force ->> 'as_of';
    today date;
    readings jsonb[3];
BEGIN
    EXECUTE format('SELECT as_of_on FROM %I.reporting_range', model) INTO today;
    IF since >= today THEN
        RAISE EXCEPTION 'since % is not before %, the day as of which the model reads', since, today
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Whatever it takes is undone: it runs in a subtransaction that is rolled back. The readings stay.
    BEGIN
        -- both are read from the same histories, or from those of the same sources
        CALL csmetrics.lock_model(model);
        RAISE NOTICE 'comparing policies of model "%": figures under a ...', model;
        readings[1] := csmetrics.readings_under(model, whole_a, of_day,
                                                parts_differ OR csmetrics.differ_by_refresh(whole_a, in_force));
        IF since IS NOT NULL THEN
            RAISE NOTICE 'comparing policies of model "%": figures under a as of % ...', model, since;
            readings[3] := csmetrics.readings_under(model, whole_a, since, false);
        END IF;
        RAISE NOTICE 'comparing policies of model "%": figures under b ...', model;
        readings[2] := csmetrics.readings_under(model, whole_b, of_day, parts_differ);
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        NULL;
    END;
    RETURN QUERY
    SELECT f.metric, m.unit, f.now_on, f.a_reading, f.b_reading, trim_scale(f.b_reading - f.a_reading), f.since_on,
           f.since_reading, trim_scale(f.a_reading - f.since_reading), trim_scale(f.b_reading - f.since_reading),
           m.description
    FROM csmetrics.compared_readings(readings) f JOIN csmetrics.model_metric m ON m.name = f.metric
    ORDER BY m.position;
END
$compare$;
COMMENT ON FUNCTION csmetrics.compare_policies(text, jsonb, jsonb, date) IS
'The figures of the scorecard under two policies, a row a metric: a_reading, b_reading, and definition_change between '
'them; since: an earlier day, and what customers changed since. NULL: not known. Nothing is kept. since not before '
'that of the policy: SQLSTATE 22023; else as policy_differences.';
