-- Alerts: rules over account_now, and one row when an account begins or ends to meet one.
CREATE FUNCTION customers_by_rule(model text, day date, names text[], conditions text[], labels text[] DEFAULT '{}', over text DEFAULT 'account_now',
    OUT account_id text, OUT met boolean[], OUT label text[], OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    relation regclass := format('%I.%I', model, over)::regclass;
    met_by text;
    label_by text;
BEGIN
    -- Whatever a rule does is undone: it runs read only, in a subtransaction that is rolled back. The rows found stay.
    BEGIN
        SELECT string_agg(checked_expression(c.condition, relation, 'boolean'), ', ' ORDER BY c.n) INTO met_by FROM unnest(conditions) WITH ORDINALITY c(condition, n);
        SELECT string_agg(checked_expression(l.label, relation, 'text'), ', ' ORDER BY l.n) INTO label_by FROM unnest(labels) WITH ORDINALITY l(label, n);
        PERFORM set_config('transaction_read_only', 'on', true);
        RETURN QUERY EXECUTE format($query$
            SELECT account_id::text, met, label,
                   CASE WHEN true = ANY (met) THEN jsonb_build_object('name', name, 'segment', segment, 'owner', owner, 'mrr', mrr, 'health_score', health_score, 'tier', tier,
                        'reasons', reasons, 'usage_change', trend, 'open_tickets', open_count, 'renews_on', renews_on) END
            FROM (SELECT *, ARRAY[%s]::boolean[] AS met, ARRAY[%s]::text[] AS label FROM %I.%I($1) AS %4$I) AS found $query$, met_by, label_by, model, over) USING day;
        RAISE SQLSTATE 'CSEND';
    EXCEPTION
        WHEN SQLSTATE 'CSEND' THEN
            NULL;
        WHEN OTHERS THEN
            IF cardinality(conditions) = 1 THEN
                RAISE EXCEPTION '"%": %', names[1], SQLERRM USING ERRCODE = SQLSTATE;
            END IF;
            -- one after the other, to tell which of them it is
            FOR i IN 1 .. cardinality(conditions) LOOP
                PERFORM FROM customers_by_rule(model, day, names[i:i], conditions[i:i], labels, over);
            END LOOP;
            RAISE;
    END;
END
$$;
COMMENT ON FUNCTION customers_by_rule(text, date, text[], text[], text[], text) IS
'Internal: the customers as of the day with what each condition says of them, the labels, and for whom any condition holds what else is known. The expressions are over the columns of the view `over`, whose rows of that day its function of the same name gives. They run with the rights of the caller and can write nothing. An error names the one of names whose condition it is in.';
