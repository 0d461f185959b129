-- Who changed which definition when: triggers on the settings of a model write it down, with the rights of who changes
-- them. Editors may add rows, under their own name alone, and neither change nor remove any.

CREATE OR REPLACE FUNCTION csmetrics.definition_item(relation text, definition jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN nullif(CASE relation
    WHEN 'health_signal' THEN concat_ws(', ', definition ->> 'component', definition ->> 'signal',
                                        'segment ' || (definition ->> 'segment'),
                                        'stage ' || (definition ->> 'lifecycle_stage'))
    WHEN 'health_component' THEN concat_ws(', ', definition ->> 'component', 'segment ' || (definition ->> 'segment'),
                                           'stage ' || (definition ->> 'lifecycle_stage'))
    WHEN 'quality_rule' THEN concat_ws(', ', definition ->> 'source', definition ->> 'rule')
    WHEN 'target' THEN concat_ws(', ', definition ->> 'metric', 'segment ' || (definition ->> 'segment'))
    WHEN 'alert_rule' THEN definition ->> 'rule' WHEN 'playbook' THEN definition ->> 'name' END, '');
COMMENT ON FUNCTION csmetrics.definition_item(text, jsonb) IS
'Internal: which row of a table of settings that is, in words; NULL: there is but one, or all are meant';

CREATE OR REPLACE FUNCTION csmetrics.other_options(of jsonb, than jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT coalesce(jsonb_object_agg(o.key, o.value), '{}') FROM jsonb_each(of) o
        WHERE than IS NULL OR than -> o.key IS DISTINCT FROM o.value HAVING of IS NOT NULL);
COMMENT ON FUNCTION csmetrics.other_options(jsonb, jsonb) IS
'Internal: what of a row of settings is not in another; all of it where there is none. NULL for NULL';

CREATE OR REPLACE FUNCTION csmetrics.log_definition() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $$
DECLARE
    old_row jsonb := CASE WHEN TG_OP IN ('UPDATE', 'DELETE') THEN to_jsonb(OLD) - 'only_row' END;
    new_row jsonb := CASE WHEN TG_OP IN ('UPDATE', 'INSERT') THEN to_jsonb(NEW) - 'only_row' END;
BEGIN
    IF TG_OP = 'TRUNCATE' OR old_row IS DISTINCT FROM new_row THEN
        EXECUTE format('INSERT INTO %I.definition_change (relation, action, item, before, after)
                        VALUES ($1, $2, $3, $4, $5)', TG_TABLE_SCHEMA)
            USING TG_TABLE_NAME::text, lower(TG_OP),
                  csmetrics.definition_item(TG_TABLE_NAME, coalesce(new_row, old_row)),
                  csmetrics.other_options(old_row, new_row), csmetrics.other_options(new_row, old_row);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION csmetrics.log_definition() IS
'Internal: writes down in definition_change what changed of a table of settings';

CREATE OR REPLACE FUNCTION csmetrics.refuse_definition_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- by a trigger that writes to a table with this trigger; by a dump that is restored, by the owner
    IF pg_trigger_depth() < 2 AND current_user <> (SELECT pg_get_userbyid(c.relowner) FROM pg_class c
                                                   WHERE c.oid = TG_RELID) THEN
        RAISE EXCEPTION 'changes of definitions are written by triggers alone' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION csmetrics.refuse_definition_change() IS
'Internal: refuses rows of definition_change that no trigger writes: SQLSTATE 42501';
