-- Expressions that users write into settings: rules of alerts, triggers of playbooks.
CREATE FUNCTION csmetrics.checked_expression(expression text, relation regclass, type regtype) RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.checked_expression(text, regclass, regtype) IS
'The SQL expression over the relation''s columns, names resolved, cast to type; never run. NULL for NULL. '
'Refused: no single expression (SQLSTATE 42601), unknown names (42703, 42883), another type (42804), volatile (22023), '
'what no list allows (42501), aggregates (42803), sets and whole rows (0A000).';

CREATE FUNCTION csmetrics.check_expressions() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    named text;
    relation text;
BEGIN
    -- the arguments: a column, the view of the model that its text is over, the type that it is of; and so on
    FOR i IN 0 .. TG_NARGS - 1 BY 3 LOOP
        -- {column} in the name of the view stands for what that column of the row says
        named := substring(TG_ARGV[i + 1] FROM '{(.*)}');
        relation := coalesce(replace(TG_ARGV[i + 1], '{' || named || '}', to_jsonb(NEW) ->> named), TG_ARGV[i + 1]);
        IF to_regclass(format('%I.%I', TG_TABLE_SCHEMA, relation)) IS NULL THEN
            RAISE EXCEPTION 'there is no view "%" of which % could be an expression', relation, TG_ARGV[i]
                USING ERRCODE = 'undefined_table';
        END IF;
        PERFORM csmetrics.checked_expression(to_jsonb(NEW) ->> TG_ARGV[i],
                                             format('%I.%I', TG_TABLE_SCHEMA, relation)::regclass,
                                             TG_ARGV[i + 2]::regtype);
    END LOOP;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION csmetrics.check_expressions() IS
'Internal: refuses rows of settings whose expressions checked_expression refuses';
