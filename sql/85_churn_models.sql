-- Churn models: learnt from customers as of past days, held against later ones, and in force where they are any good.
CREATE OR REPLACE FUNCTION csmetrics.split_days(
    days date[], horizon_days integer, OUT trained date[], OUT tested date[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT coalesce(array_agg(d ORDER BY d) FILTER (WHERE d + $2 <= b.first_on), '{}'),
           coalesce(array_agg(d ORDER BY d) FILTER (WHERE d >= b.first_on), '{}')
    FROM unnest($1) d, (SELECT $1[cardinality($1) - greatest(cardinality($1) / 4, 1) + 1] AS first_on) b;
END;
COMMENT ON FUNCTION csmetrics.split_days(date[], integer) IS
'Internal: the last quarter of days, to test by, and those from which a horizon has passed by then, to learn from';

CREATE OR REPLACE FUNCTION csmetrics.days_of_training(
    model text, horizon_days integer, months integer, OUT trained date[], OUT tested date[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    days date[];
BEGIN
    IF (horizon_days BETWEEN 1 AND 3653) IS NOT TRUE THEN
        RAISE EXCEPTION 'horizon_days % is not between 1 and 3653', coalesce(horizon_days::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write 90 for: who leaves within 90 days?';
    ELSIF (months BETWEEN 2 AND 240) IS NOT TRUE THEN
        RAISE EXCEPTION 'months % is not between 2 and 240', coalesce(months::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It is shown the customers as of the ends of so many months.';
    END IF;
    EXECUTE format('SELECT %I.churn_days($1, $2)', csmetrics.internal_schema(model)) INTO days
        USING horizon_days, months;
    SELECT s.* FROM csmetrics.split_days(days, horizon_days) s INTO trained, tested;
    IF trained = '{}' OR trained IS NULL THEN
        RAISE EXCEPTION 'model "%" tells of too short a time to learn who leaves within % days', model, horizon_days
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('Ends of months after which %s days have passed: %s. Some are to learn from, and, '
                                  'after another %1$s days, some to test by.', horizon_days,
                                  coalesce(cardinality(days), 0)),
                  HINT = 'Ask for a shorter horizon_days, or for more months.';
    END IF;
END
$$;
COMMENT ON FUNCTION csmetrics.days_of_training(text, integer, integer) IS
'Internal: the days that a churn model learns from, and those by which it is tested. Arguments out of range: SQLSTATE '
'22023; too short a past: 55000.';

CREATE OR REPLACE PROCEDURE csmetrics.read_examples(
    model text, days date[], horizon_days integer, max_examples integer)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    customers bigint;
    share double precision;
    written bigint;
    day date;
BEGIN
    CALL csmetrics.empty_table(format('%I.churn_example', internal)::regclass);
    EXECUTE format('SELECT count(*) FROM %I.account_state', internal) INTO customers;
    share := max_examples::double precision / greatest(customers * cardinality(days), 1);
    IF share < 1 THEN
        RAISE NOTICE 'model "%": learning from % in a hundred of its accounts, since max_examples is %', model,
            round(100 * share::numeric, 1), max_examples;
    END IF;
    FOREACH day IN ARRAY days LOOP
        EXECUTE format('SELECT %I.write_churn_example($1, $2, $3)', internal) INTO written
            USING day, horizon_days, share;
        RAISE NOTICE 'model "%": % customers as of % read', model, written, day;
    END LOOP;
    EXECUTE format('ANALYZE %I.churn_example', internal);
END
$$;
COMMENT ON PROCEDURE csmetrics.read_examples(text, date[], integer, integer) IS
'Internal: fills churn_example with the customers as of these days, or with a share of the accounts where that would '
'be too many';

CREATE OR REPLACE FUNCTION csmetrics.example_query(model text, until_on date) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    names text[];
BEGIN
    EXECUTE format('SELECT %I.churn_features()', csmetrics.internal_schema(model)) INTO names;
    RETURN format('SELECT e.is_churned, e.account_id::text AS "account of example", '
                  'coalesce(e.segment, '''') AS "segment of example", %s FROM %I.churn_example e '
                  'WHERE e.as_of_on <= %L',
                  (SELECT string_agg(format('e.features[%s] AS %I', n.place, n.name), ', ' ORDER BY n.place)
                   FROM unnest(names) WITH ORDINALITY n(name, place)), csmetrics.internal_schema(model), until_on);
END
$$;
COMMENT ON FUNCTION csmetrics.example_query(text, date) IS
'Internal: the query that fit_classifier learns from: examples as of days until this one';

CREATE OR REPLACE FUNCTION csmetrics.require_churn(model text, trained date[], horizon_days integer) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    seen record;
BEGIN
    EXECUTE format('SELECT count(DISTINCT e.account_id) FILTER (WHERE e.is_churned) AS churned, count(*)
                    FROM %I.churn_example e WHERE e.as_of_on = ANY ($1)', csmetrics.internal_schema(model))
        INTO seen USING trained;
    IF seen.churned < 10 THEN
        RAISE EXCEPTION 'of % customers as of % to %, % left within % days: from fewer than 10 nothing is learnt',
            seen.count, trained[1], trained[cardinality(trained)], seen.churned, horizon_days
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Ask for more months, or for a longer horizon_days.';
    END IF;
    RAISE NOTICE 'model "%": learning from % customers as of past days, of whom % left ...', model, seen.count,
        seen.churned;
END
$$;
COMMENT ON FUNCTION csmetrics.require_churn(text, date[], integer) IS
'Internal: SQLSTATE 55000 where fewer than ten accounts left after the days that a churn model is to learn from';

CREATE OR REPLACE PROCEDURE csmetrics.train_churn_model(
    model text, horizon_days integer DEFAULT 90, months integer DEFAULT 24, max_examples integer DEFAULT 200000,
    seed bigint DEFAULT 1, forced boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $train$
DECLARE
    internal text := csmetrics.internal_schema(model);
    days record;
    new_id bigint;
    card record;
BEGIN
    PERFORM csmetrics.require_owner(model);
    PERFORM csmetrics.require_all_rows(model, NULL);
    IF (max_examples >= 100) IS NOT TRUE THEN
        RAISE EXCEPTION 'max_examples % is not 100 or more', coalesce(max_examples::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT d.* FROM csmetrics.days_of_training(model, horizon_days, months) d INTO days;
    -- one at a time; readers go on
    EXECUTE format('LOCK TABLE %I.churn_model IN SHARE ROW EXCLUSIVE MODE', model);
    CALL csmetrics.read_examples(model, days.trained || days.tested, horizon_days, max_examples);
    PERFORM csmetrics.require_churn(model, days.trained, horizon_days);
    EXECUTE format('SELECT %I.write_churn_model($1, $2, $3, $4, $5, $6)', internal) INTO new_id
        USING horizon_days, days.trained, days.tested,
              csmetrics.example_query(model, days.trained[cardinality(days.trained)]), seed, coalesce(forced, false);
    EXECUTE format('SELECT %I.choose_churn_model($1)', internal) USING new_id;
    CALL csmetrics.empty_table(format('%I.churn_example', internal)::regclass);
    EXECUTE format('SELECT c.* FROM %I.model_card c WHERE c.churn_model_id = $1', model) INTO card USING new_id;
    RAISE NOTICE 'model "%": churn model %: %; of % customers as of later days % left, AUC % (% to %); %', model,
        new_id, card.verdict, card.prediction_count, card.churn_count, round(card.auc_rate::numeric, 3),
        round(card.auc_lower_rate::numeric, 3), round(card.auc_upper_rate::numeric, 3),
        CASE WHEN card.in_force THEN 'it is in force' ELSE 'it is not in force' END;
END
$train$;
COMMENT ON PROCEDURE csmetrics.train_churn_model(text, integer, integer, integer, bigint, boolean) IS
'Learns who leaves within horizon_days from customers as of the ends of the last months, tests it on the latest, and '
'puts it in force where it is better than chance and than the one in force, or forced. Too little to learn from: '
'SQLSTATE 55000; arguments: 22023; hidden rows: 42501.';
