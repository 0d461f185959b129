-- This script runs with a superuser's rights, in a schema that may be another's: its owner can plant functions and
-- operators there at any moment, also while it runs. So nothing is looked up there. The path is PostgreSQL's own;
-- what is ours is named in full, and called with arguments of just its types, so that no overload fits better.
SET LOCAL search_path = pg_catalog, pg_temp;

-- It also holds the schema's row, so that nobody can put another schema in its place before the end.
GRANT USAGE ON SCHEMA csmetrics TO PUBLIC;

DO $guard$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_proc WHERE pronamespace = 'csmetrics'::regnamespace
               UNION ALL SELECT 1 FROM pg_operator WHERE oprnamespace = 'csmetrics'::regnamespace
               UNION ALL SELECT 1 FROM pg_type WHERE typnamespace = 'csmetrics'::regnamespace) THEN
        RAISE EXCEPTION 'schema "csmetrics" is not empty'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'The extension needs that schema for itself: empty, drop or rename it first.';
    END IF;
END
$guard$;

-- What every canonical value needs: a type with text and binary form, comparison, hashing, operator classes for
-- GROUP BY, ORDER BY, DISTINCT and joins. How the forms look is for the type to say. Dropped again in 99, as are
-- the procedures that follow.
CREATE PROCEDURE csmetrics.define_value(type_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $define$
DECLARE
    type text := 'csmetrics.' || type_name;
    in_c text := 'LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''';
    operator record;
    statement text;
BEGIN
    FOREACH statement IN ARRAY ARRAY[
        'CREATE TYPE %1$s',
        'CREATE FUNCTION %1$s_in(cstring) RETURNS %1$s %2$s',
        'CREATE FUNCTION %1$s_out(%1$s) RETURNS cstring %2$s',
        'CREATE FUNCTION %1$s_recv(internal) RETURNS %1$s %2$s',
        'CREATE FUNCTION %1$s_send(%1$s) RETURNS bytea %2$s',
        'CREATE TYPE %1$s (INPUT = %1$s_in, OUTPUT = %1$s_out, RECEIVE = %1$s_recv, SEND = %1$s_send,
                           INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = extended)',
        'CREATE FUNCTION csmetrics.state_cmp(%1$s, %1$s) RETURNS integer %2$s',
        'CREATE FUNCTION csmetrics.state_hash(%1$s) RETURNS integer %2$s',
        'CREATE FUNCTION csmetrics.state_hash_extended(%1$s, bigint) RETURNS bigint %2$s',
        'COMMENT ON FUNCTION %1$s_send(%1$s) IS ''Internal: binary output''',
        'COMMENT ON FUNCTION csmetrics.state_cmp(%1$s, %1$s) IS ''Internal: btree support''',
        'COMMENT ON FUNCTION csmetrics.state_hash(%1$s) IS ''Internal: hash support''',
        'COMMENT ON FUNCTION csmetrics.state_hash_extended(%1$s, bigint) IS ''Internal: hash support with a seed''']
    LOOP
        EXECUTE format(statement, type, in_c);
    END LOOP;

    FOR operator IN
        SELECT * FROM (VALUES ('state_lt', '<', '>', '>=', 'scalarlt', ''),
                              ('state_le', '<=', '>=', '>', 'scalarle', ''),
                              ('state_eq', '=', '=', '<>', 'eq', ', HASHES, MERGES'),
                              ('state_ne', '<>', '<>', '=', 'neq', ''),
                              ('state_ge', '>=', '<=', '<', 'scalarge', ''),
                              ('state_gt', '>', '<', '<=', 'scalargt', ''))
            AS o(function, sign, commutator, negator, selectivity, options)
    LOOP
        EXECUTE format('CREATE FUNCTION csmetrics.%I(%2$s, %2$s) RETURNS boolean %3$s', operator.function, type, in_c);
        EXECUTE format('COMMENT ON FUNCTION csmetrics.%I(%2$s, %2$s) IS ''Internal: operator %3$s''',
                       operator.function, type, operator.sign);
        EXECUTE format('CREATE OPERATOR csmetrics.%s (
                            LEFTARG = %2$s, RIGHTARG = %2$s, FUNCTION = csmetrics.%3$I,
                            COMMUTATOR = OPERATOR(csmetrics.%4$s), NEGATOR = OPERATOR(csmetrics.%5$s),
                            RESTRICT = %6$ssel, JOIN = %6$sjoinsel%7$s)',
                       operator.sign, type, operator.function,
                       operator.commutator, operator.negator, operator.selectivity, operator.options);
        EXECUTE format('COMMENT ON OPERATOR csmetrics.%s (%2$s, %2$s) IS %3$L', operator.sign, type,
                       CASE operator.sign WHEN '=' THEN 'Same bytes, and so the same facts: states are canonical'
                                          WHEN '<>' THEN 'Not the same facts'
                                          ELSE 'Order by bytes: total, for sorting and indexes, without meaning' END);
    END LOOP;

    EXECUTE format('CREATE OPERATOR CLASS %1$s DEFAULT FOR TYPE %1$s USING btree AS
                        OPERATOR 1 csmetrics.<, OPERATOR 2 csmetrics.<=, OPERATOR 3 csmetrics.=,
                        OPERATOR 4 csmetrics.>=, OPERATOR 5 csmetrics.>,
                        FUNCTION 1 csmetrics.state_cmp(%1$s, %1$s)', type);
    EXECUTE format('CREATE OPERATOR CLASS %1$s DEFAULT FOR TYPE %1$s USING hash AS
                        OPERATOR 1 csmetrics.=, FUNCTION 1 csmetrics.state_hash(%1$s),
                        FUNCTION 2 csmetrics.state_hash_extended(%1$s, bigint)', type);
END
$define$;

-- What every aggregate state needs: a value, merge, unmerge, an aggregate that rolls stored states up, and the end
-- of its aggregates, TYPE_final, where it has one.
CREATE PROCEDURE csmetrics.define_state(type_name text, has_final boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $define$
DECLARE
    type text := 'csmetrics.' || type_name;
    in_c text := 'LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''';
    ends text := CASE WHEN has_final THEN format(', FINALFUNC = %1$s_final, MFINALFUNC = %1$s_final', type) END;
    statement text;
BEGIN
    CALL csmetrics.define_value(type_name);

    IF has_final THEN
        EXECUTE format('CREATE FUNCTION %1$s_final(state %1$s) RETURNS %1$s %2$s', type, in_c);
        EXECUTE format('COMMENT ON FUNCTION %1$s_final(%1$s) IS ''Internal: end of an aggregate''', type);
    END IF;

    FOREACH statement IN ARRAY ARRAY[
        'CREATE FUNCTION csmetrics.unpacked(state %1$s) RETURNS %1$s %2$s, ''state_unpacked''',
        'CREATE FUNCTION csmetrics.merge(a %1$s, b %1$s) RETURNS %1$s %2$s, ''%3$s_merge''',
        'CREATE FUNCTION csmetrics.unmerge(a %1$s, b %1$s) RETURNS %1$s %2$s, ''%3$s_unmerge''',
        'CREATE AGGREGATE csmetrics.rollup(state %1$s) (
            SFUNC = csmetrics.merge, STYPE = %1$s, COMBINEFUNC = csmetrics.merge, PARALLEL = SAFE,
            MSFUNC = csmetrics.merge, MINVFUNC = csmetrics.unmerge, MSTYPE = %1$s %4$s)',
        'COMMENT ON FUNCTION %1$s_in(cstring) IS
         ''Internal: text input; SQLSTATE 22P02 for anything that is not a canonical state''',
        'COMMENT ON FUNCTION %1$s_out(%1$s) IS ''Internal: text output: version, flags, fields, rows''',
        'COMMENT ON FUNCTION %1$s_recv(internal) IS
         ''Internal: binary input; SQLSTATE 22P03 for anything that is not a canonical state''',
        'COMMENT ON FUNCTION csmetrics.unpacked(%1$s) IS
         ''The same state, decompressed and in memory: for queries that read a stored one several times, as in ''
         ''LATERAL (SELECT unpacked(state) AS state OFFSET 0), so that it is fetched and decompressed only once. ''
         ''NULL for NULL.''',
        'COMMENT ON FUNCTION csmetrics.merge(%1$s, %1$s) IS
         ''The state of a and b together: as if the rows of both had gone into one aggregate. NULL if either is NULL. ''
         ''States built with different arguments: SQLSTATE 22023; a sum past the limit: 22003.''',
        'COMMENT ON FUNCTION csmetrics.unmerge(%1$s, %1$s) IS
         ''The exact inverse of merge: the state a without the rows of b, so that unmerge(merge(a, b), b) = a. ''
         ''Rows of b that are not in a leave counts below zero. NULL if either is NULL; errors as merge.''',
        'COMMENT ON AGGREGATE csmetrics.rollup(%1$s) IS
         ''Rolls stored states up by merge, as in rollup(flow) ... GROUP BY segment. NULL rows are left out; NULL ''
         ''without rows; errors as merge.''']
    LOOP
        EXECUTE format(statement, type, in_c, type_name, ends);
    END LOOP;
END
$define$;

-- What every aggregate into a state needs: a transition, its inverse where rows are removable, itself, and comments.
-- arguments are those of the aggregate; space is what a state takes in bytes, 0 for what PostgreSQL takes it to be;
-- add is the name of the transition, symbol that in C, where these are others than NAME_add. The inverse is called
-- the same with remove for add. State types that have a TYPE_final end with it.
CREATE PROCEDURE csmetrics.define_agg(name text, arguments text, state text, space integer, comment text,
    add text DEFAULT NULL, symbol text DEFAULT NULL, removable boolean DEFAULT true)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $define$
DECLARE
    type text := 'csmetrics.' || state;
    adds text := 'csmetrics.' || coalesce(add, name || '_add');
    removes text := replace(adds, '_add', '_remove');
    in_c text := coalesce(symbol, add, name || '_add');
    final text := type || '_final';
    options text;
BEGIN
    EXECUTE format('CREATE FUNCTION %1$s(state %2$s, %3$s) RETURNS %2$s
                    LANGUAGE C IMMUTABLE PARALLEL SAFE AS ''MODULE_PATHNAME'', %4$L', adds, type, arguments, in_c);
    EXECUTE format('COMMENT ON FUNCTION %s(state %s, %s) IS ''Internal: transition of %s''',
                   adds, type, arguments, name);
    options := format('SFUNC = %s, STYPE = %s, SSPACE = %s, COMBINEFUNC = csmetrics.merge, PARALLEL = SAFE',
                      adds, type, space);
    IF removable THEN
        EXECUTE format('CREATE FUNCTION %1$s(state %2$s, %3$s) RETURNS %2$s
                        LANGUAGE C IMMUTABLE PARALLEL SAFE AS ''MODULE_PATHNAME'', %4$L',
                       removes, type, arguments, replace(in_c, '_add', '_remove'));
        EXECUTE format('COMMENT ON FUNCTION %s(state %s, %s) IS ''Internal: inverse transition of %s''',
                       removes, type, arguments, name);
        options := options || format(', MSFUNC = %s, MINVFUNC = %s, MSTYPE = %s, MSSPACE = %s',
                                     adds, removes, type, space);
    END IF;
    IF to_regprocedure(format('%s(%s)', final, type)) IS NOT NULL THEN
        options := options || ', FINALFUNC = ' || final;
        IF removable THEN options := options || ', MFINALFUNC = ' || final; END IF;
    END IF;
    EXECUTE format('CREATE AGGREGATE csmetrics.%s(%s) (%s)', name, arguments, options);
    EXECUTE format('COMMENT ON AGGREGATE csmetrics.%s(%s) IS %L', name, arguments, comment);
END
$define$;
