-- Expressions that users write into settings: rules of alerts, triggers of playbooks.
CREATE FUNCTION checked_expression(expression text, relation regclass, type regtype) RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION checked_expression(text, regclass, regtype) IS
'The expression over the columns of the relation, an SQL text, spelled out in full: the same, with every name resolved and a cast to the type where it needs one. It is parsed, never run. NULL if any argument is NULL. Refused: what does not parse or is not one expression without a query in it (SQLSTATE 42601), unknown columns and functions (42703, 42883), another type (42804), volatile functions (22023), what may read more than its arguments or make much from little, as all functions, operators and casts of users may (42501), aggregates (42803), and set-returning functions and whole rows (0A000).';

CREATE FUNCTION check_expressions() RETURNS trigger
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
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
            RAISE EXCEPTION 'there is no view "%" of which % could be an expression', relation, TG_ARGV[i] USING ERRCODE = 'undefined_table';
        END IF;
        PERFORM checked_expression(to_jsonb(NEW) ->> TG_ARGV[i], format('%I.%I', TG_TABLE_SCHEMA, relation)::regclass, TG_ARGV[i + 2]::regtype);
    END LOOP;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION check_expressions() IS 'Internal: refuses rows of settings whose expressions checked_expression refuses';
