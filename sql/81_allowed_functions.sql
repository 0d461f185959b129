-- Expressions that users write into settings, and functions that the owner of a model lets them call beyond the list.

CREATE OR REPLACE FUNCTION csmetrics.checked_expression(expression text, relation regclass, type regtype, model text)
RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'checked_expression';
COMMENT ON FUNCTION csmetrics.checked_expression(text, regclass, regtype, text) IS
'As checked_expression(expression, relation, type), with the functions that the owner of the model allowed. One that '
'is not what was allowed: SQLSTATE 42501, which says what changed; a volatile one: 22023. NULL for NULL.';

CREATE OR REPLACE FUNCTION csmetrics.check_expressions() RETURNS trigger
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
        IF csmetrics.relation(TG_TABLE_SCHEMA, relation) IS NULL THEN
            RAISE EXCEPTION 'there is no view "%" of which % could be an expression', relation, TG_ARGV[i]
                USING ERRCODE = 'undefined_table';
        END IF;
        PERFORM csmetrics.require_known_tiers(csmetrics.checked_expression(
            to_jsonb(NEW) ->> TG_ARGV[i], csmetrics.relation(TG_TABLE_SCHEMA, relation), TG_ARGV[i + 2]::regtype,
            TG_TABLE_SCHEMA));
    END LOOP;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION csmetrics.check_expressions() IS
'Internal: refuses rows of settings whose expressions checked_expression refuses';

CREATE OR REPLACE FUNCTION csmetrics.definition_hash(function oid) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT encode(sha256(convert_to(jsonb_build_array(
               l.lanname, p.prosrc, p.probin, pg_get_function_sqlbody(p.oid), pg_get_function_arguments(p.oid),
               pg_get_function_result(p.oid), p.prokind, p.provolatile, p.proparallel, p.proisstrict, p.prosecdef,
               p.proleakproof, p.proconfig, p.prosupport::oid)::text, 'UTF8')), 'hex')
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid = function);
COMMENT ON FUNCTION csmetrics.definition_hash(oid) IS
'Internal: hash of all that says what a function does: body, language, arguments with their defaults, result, labels '
'and settings; NULL: there is none';

-- Keys of objects are the database's own: one that was restored from a dump has others.
CREATE OR REPLACE FUNCTION csmetrics.database_key() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT format('%s.%s', c.system_identifier, d.oid)
        FROM pg_control_system() c, pg_database d WHERE d.datname = current_database());
COMMENT ON FUNCTION csmetrics.database_key() IS
'Internal: tells this database from any other, and from what a dump of it is restored to';

CREATE OR REPLACE FUNCTION csmetrics.complaint_of_allowed(model text, function oid) RETURNS text
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    signature text := function::regprocedure;
    owner text := (SELECT p.proowner::regrole FROM pg_proc p WHERE p.oid = function);
    allowed record;
    changes text;
BEGIN
    -- a model of an older version has no such table yet
    IF to_regclass(format('%I.allowed_function', model)) IS NULL THEN
        RETURN '';
    END IF;
    EXECUTE format('SELECT * FROM %I.allowed_function a WHERE a.signature = $1', model) INTO allowed USING signature;
    IF allowed.signature IS NULL THEN
        RETURN '';
    END IF;
    changes := concat_ws(', ',
        CASE WHEN allowed.database_key = csmetrics.database_key() AND allowed.function_id <> function
             THEN 'it was dropped and made anew' END,
        CASE WHEN allowed.owner <> owner THEN format('its owner is %s, and was %s', owner, allowed.owner) END,
        CASE WHEN allowed.definition_hash <> csmetrics.definition_hash(function) THEN 'its definition is another' END);
    RETURN CASE WHEN changes <> '' THEN format('%s; CALL csmetrics.allow_function(%L, %L) by the owner of the model '
                                               'allows it as it is now', changes, model, signature) END;
END
$$;
COMMENT ON FUNCTION csmetrics.complaint_of_allowed(text, oid) IS
'Internal: what changed of a function since the owner of the model allowed it; NULL: nothing, empty: it is not allowed';

CREATE OR REPLACE FUNCTION csmetrics.only_owner_writes() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    owner oid := (SELECT c.relowner FROM pg_class c WHERE c.oid = TG_RELID);
BEGIN
    IF NOT pg_has_role(owner, 'USAGE') THEN
        RAISE EXCEPTION 'only the owner of the model, %, writes to %', owner::regrole, TG_RELID::regclass
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION csmetrics.only_owner_writes() IS
'Internal: refuses statements that write to a table of a model by others than its owner, whatever was granted';

CREATE OR REPLACE FUNCTION csmetrics.allowable_function(function text) RETURNS oid
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found record;
BEGIN
    SELECT p.* INTO found FROM pg_proc p WHERE p.oid = function::regprocedure;
    IF found.prokind <> 'f' OR found.proretset THEN
        RAISE EXCEPTION '% is not a function that gives one value of one row', found.oid::regprocedure
            USING ERRCODE = 'wrong_object_type';
    ELSIF found.provolatile = 'v' THEN
        RAISE EXCEPTION '% is volatile: it may write, or give another result each time', found.oid::regprocedure
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Declare it STABLE or IMMUTABLE, if that is what it is.';
    ELSIF found.pronamespace = pg_my_temp_schema() THEN
        RAISE EXCEPTION '% is gone with this session', found.oid::regprocedure
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN found.oid;
END
$$;
COMMENT ON FUNCTION csmetrics.allowable_function(text) IS
'Internal: the function of that signature, if rules may be allowed to call it';

CREATE OR REPLACE PROCEDURE csmetrics.allow_function(model text, function text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    id oid;
BEGIN
    PERFORM csmetrics.require_owner(model);
    id := csmetrics.allowable_function(function);
    EXECUTE format($insert$
        INSERT INTO %I.allowed_function AS a (signature, function_id, database_key, owner, definition_hash)
        SELECT p.oid::regprocedure, p.oid, csmetrics.database_key(), p.proowner::regrole,
               csmetrics.definition_hash(p.oid)
        FROM pg_proc p WHERE p.oid = $1
        ON CONFLICT (signature) DO UPDATE
        SET (function_id, database_key, owner, definition_hash, allowed_by, allowed_at)
            = ROW (excluded.function_id, excluded.database_key, excluded.owner, excluded.definition_hash,
                   current_user, now()) $insert$, model) USING id;
END
$$;
COMMENT ON PROCEDURE csmetrics.allow_function(text, text) IS
'Lets expressions of the model call a function, named by schema and types as in public.f(text), as it is now: changed, '
'given to another owner or made anew, it is refused until allowed again. By the owner of the model alone: SQLSTATE '
'42501; no such function: 42883; volatile: 22023.';

CREATE OR REPLACE PROCEDURE csmetrics.disallow_function(model text, function text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $$
DECLARE
    removed text;
BEGIN
    PERFORM csmetrics.require_owner(model);
    -- one that is gone is known by what it was called
    EXECUTE format('DELETE FROM %I.allowed_function a WHERE a.signature IN ($1, to_regprocedure($1)::text)
                    RETURNING a.signature', model) INTO removed USING function;
    IF removed IS NULL THEN
        RAISE EXCEPTION 'function "%" is not allowed in model "%"', function, model USING ERRCODE = 'undefined_object';
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.disallow_function(text, text) IS
'Takes back what allow_function allowed. By the owner of the model alone: SQLSTATE 42501; not allowed: 42704.';
