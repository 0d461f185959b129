-- What a definition does to the figures: readings under another policy, with nothing left behind.
CREATE FUNCTION refresh_rules() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
RETURN ARRAY(SELECT name FROM policy_column WHERE description LIKE '%refresh)%');
COMMENT ON FUNCTION refresh_rules() IS 'Internal: the rules of a policy that take effect with a refresh';

CREATE FUNCTION under_policy(model text, rules jsonb, query text, refreshed boolean DEFAULT NULL) RETURNS jsonb
-- long queries, each run once: compiling them takes longer than running them
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET jit = off AS $$
DECLARE
    in_force jsonb;
    unknown text;
    result jsonb;
BEGIN
    PERFORM require_model(model);
    -- whatever is done here is undone: what the query gave stays
    BEGIN
        PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
        SELECT to_jsonb(p) - 'only_row' INTO in_force FROM policy p;
        IF jsonb_typeof(rules) IS DISTINCT FROM 'object' THEN
            RAISE EXCEPTION 'a policy is an object of rules, not %', coalesce(rules::text, 'NULL') USING ERRCODE = 'invalid_parameter_value', HINT = '''{}'' is the policy in force.';
        END IF;
        SELECT string_agg(format('"%s"', k), ', ' ORDER BY k) INTO unknown FROM jsonb_object_keys(rules - 'only_row') k WHERE NOT in_force ? k;
        IF unknown IS NOT NULL THEN
            RAISE EXCEPTION 'unknown rules of a policy: %', unknown
                USING ERRCODE = 'invalid_parameter_value', DETAIL = (SELECT format('Known are: %s.', string_agg(name, ', ' ORDER BY position)) FROM policy_column);
        END IF;
        EXECUTE (SELECT format('UPDATE policy AS p SET (%1$s) = (SELECT %1$s FROM jsonb_populate_record(p, $1))', string_agg(quote_ident(name), ', ')) FROM policy_column) USING rules - 'only_row';
        IF coalesce(refreshed, (SELECT bool_or(to_jsonb(p) -> name <> in_force -> name) FROM policy p, unnest(refresh_rules()) name)) THEN
            CALL refresh(model);
        END IF;
        EXECUTE format('SELECT coalesce(jsonb_agg(to_jsonb(q)), ''[]'') FROM (%s) q', query) INTO result;
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN result;
    END;
END
$$;
COMMENT ON FUNCTION under_policy(text, jsonb, text, boolean) IS
'Internal: the rows that a query gives while these rules are in the policy of the model, as an array of objects; names are looked up in the model. refreshed: with the histories rebuilt meanwhile; NULL: where a rule that takes effect with a refresh is another one. Policy and histories stay as they are; others see nothing of it, but wait for a refresh.';

CREATE FUNCTION policy_differences(model text, a jsonb, b jsonb,
    OUT rule text, OUT a_value text, OUT b_value text, OUT with_refresh boolean, OUT description text)
RETURNS SETOF record
LANGUAGE sql SET search_path = csmetrics, pg_temp AS $$
    SELECT c.name, p.a ->> c.name, p.b ->> c.name, c.name = ANY (refresh_rules()), c.description
    FROM policy_column c, (SELECT under_policy(model, a, 'TABLE policy', false) -> 0 AS a, under_policy(model, b, 'TABLE policy', false) -> 0 AS b) p
    WHERE p.a -> c.name <> p.b -> c.name
    ORDER BY c.position;
$$;
COMMENT ON FUNCTION policy_differences(text, jsonb, jsonb) IS
'Two definitions side by side, a row a rule of the policy in which they differ: its value in a and in b, NULL where it has none, whether it takes effect with a refresh, and what it means. a and b as in compare_policies, with its errors.';

CREATE FUNCTION compare_policies(model text, a jsonb, b jsonb, since date DEFAULT NULL,
    OUT metric text, OUT unit text, OUT period_start_on date, OUT period_end_on date, OUT a_reading numeric, OUT b_reading numeric, OUT by_definition numeric,
    OUT since_reading numeric, OUT by_customers numeric, OUT change numeric)
RETURNS SETOF record
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    readings CONSTANT text := 'SELECT metric, period_start_on, period_end_on, reading::numeric AS reading FROM scorecard';
    of_a jsonb := under_policy(model, a, readings);
    of_b jsonb := under_policy(model, b, readings);
    of_then jsonb := CASE WHEN since IS NOT NULL THEN under_policy(model, a || jsonb_build_object('as_of', since), readings) END;
BEGIN
    RETURN QUERY
    SELECT k.name, k.unit, coalesce(n.period_start_on, o.period_start_on), coalesce(n.period_end_on, o.period_end_on), n.reading, o.reading, o.reading - n.reading,
           t.reading, n.reading - t.reading, o.reading - t.reading
    FROM model_metric k
         LEFT JOIN jsonb_to_recordset(of_a) n(metric text, period_start_on date, period_end_on date, reading numeric) ON n.metric = k.name
         LEFT JOIN jsonb_to_recordset(of_b) o(metric text, period_start_on date, period_end_on date, reading numeric) ON o.metric = k.name
         LEFT JOIN jsonb_to_recordset(of_then) t(metric text, reading numeric) ON t.metric = k.name
    WHERE n.reading IS NOT NULL OR o.reading IS NOT NULL OR t.reading IS NOT NULL
    ORDER BY k.position;
END
$$;
COMMENT ON FUNCTION compare_policies(text, jsonb, jsonb, date) IS
'How much of a figure is definition: each metric of the scorecard, in its last month that is over, under policy a and under policy b, and by_definition, b_reading - a_reading. a and b are objects of rules over the policy in force: ''{}'' is that, ''{"churn_date_rule": "click"}'' another; a row of policy as to_jsonb gives it works too. since: an earlier day; then since_reading is the figure as of that day under a, by_customers = a_reading - since_reading, and change = b_reading - since_reading is by_customers + by_definition, exactly. Readings are taken to 15 digits. Where rules that take effect with a refresh differ, the histories are rebuilt meanwhile; policy and histories stay as they are, and others see nothing of it. It takes the right to change the policy. Unknown rules: SQLSTATE 22023, all named; values that the policy refuses: its own error; an unknown model: 3F000. policy_differences has the rules in which they differ.';
