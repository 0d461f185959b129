-- This script runs with a superuser's rights, the schema may be another's: nothing in it may catch
-- a call of ours. For the same reason, calls name pg_catalog where another signature could fit better.
DO $guard$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_proc WHERE pronamespace = 'csmetrics'::pg_catalog.regnamespace
               UNION ALL SELECT FROM pg_catalog.pg_operator WHERE oprnamespace = 'csmetrics'::pg_catalog.regnamespace
               UNION ALL SELECT FROM pg_catalog.pg_type WHERE typnamespace = 'csmetrics'::pg_catalog.regnamespace) THEN
        RAISE EXCEPTION 'schema "csmetrics" is not empty'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'The extension needs that schema for itself: empty, drop or rename it first.';
    END IF;
END
$guard$;

GRANT USAGE ON SCHEMA @extschema@ TO PUBLIC;

-- What every canonical value needs: a type with text and binary form, comparison,
-- hashing, operator classes for GROUP BY, ORDER BY, DISTINCT and joins. Dropped
-- again in 99. How the forms look is for the type to say.
CREATE PROCEDURE define_value(type_name text)
LANGUAGE plpgsql AS $define$
DECLARE
    comparison record;
    statement text;
BEGIN
    FOREACH statement IN ARRAY ARRAY[
        'CREATE TYPE %1$s',
        'CREATE FUNCTION %1$s_in(cstring) RETURNS %1$s LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
        'CREATE FUNCTION %1$s_out(%1$s) RETURNS cstring LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
        'CREATE FUNCTION %1$s_recv(internal) RETURNS %1$s LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
        'CREATE FUNCTION %1$s_send(%1$s) RETURNS bytea LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
        'CREATE TYPE %1$s (INPUT = %1$s_in, OUTPUT = %1$s_out, RECEIVE = %1$s_recv, SEND = %1$s_send,
            INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = extended)',
        'CREATE FUNCTION state_cmp(%1$s, %1$s) RETURNS integer LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
        'CREATE FUNCTION state_hash(%1$s) RETURNS integer LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
        'CREATE FUNCTION state_hash_extended(%1$s, bigint) RETURNS bigint LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''']
    LOOP
        EXECUTE pg_catalog.format(statement, type_name);
    END LOOP;

    FOR comparison IN
        SELECT * FROM (VALUES ('state_lt', '<', '>', '>=', 'scalarltsel', 'scalarltjoinsel'),
                              ('state_le', '<=', '>=', '>', 'scalarlesel', 'scalarlejoinsel'),
                              ('state_eq', '=', '=', '<>', 'eqsel', 'eqjoinsel'),
                              ('state_ne', '<>', '<>', '=', 'neqsel', 'neqjoinsel'),
                              ('state_ge', '>=', '<=', '<', 'scalargesel', 'scalargejoinsel'),
                              ('state_gt', '>', '<', '<=', 'scalargtsel', 'scalargtjoinsel'))
            AS c(function, sign, commutator, negator, restrict, "join")
    LOOP
        EXECUTE pg_catalog.format('CREATE FUNCTION %2$I(%1$s, %1$s) RETURNS boolean LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
                       type_name, comparison.function);
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION %2$I(%1$s, %1$s) IS ''Internal: operator %3$s''',
                       type_name, comparison.function, comparison.sign);
        EXECUTE pg_catalog.format('CREATE OPERATOR %3$s (LEFTARG = %1$s, RIGHTARG = %1$s, FUNCTION = %2$I, COMMUTATOR = %4$s, NEGATOR = %5$s, RESTRICT = %6$I, JOIN = %7$I%8$s)',
                       type_name, comparison.function, comparison.sign, comparison.commutator, comparison.negator,
                       comparison.restrict, comparison."join",
                       CASE comparison.sign WHEN '=' THEN ', HASHES, MERGES' ELSE '' END);
        EXECUTE pg_catalog.format('COMMENT ON OPERATOR %2$s (%1$s, %1$s) IS %3$L', type_name, comparison.sign,
                       CASE comparison.sign WHEN '=' THEN 'Same bytes, and so the same facts: states are canonical'
                                            WHEN '<>' THEN 'Not the same facts'
                                            ELSE 'Order by bytes: total, for sorting and indexes, without meaning' END);
    END LOOP;

    FOREACH statement IN ARRAY ARRAY[
        'CREATE OPERATOR CLASS %1$s DEFAULT FOR TYPE %1$s USING btree AS
            OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 state_cmp(%1$s, %1$s)',
        'CREATE OPERATOR CLASS %1$s DEFAULT FOR TYPE %1$s USING hash AS
            OPERATOR 1 =, FUNCTION 1 state_hash(%1$s), FUNCTION 2 state_hash_extended(%1$s, bigint)',
        'COMMENT ON FUNCTION %1$s_send(%1$s) IS ''Internal: binary output''',
        'COMMENT ON FUNCTION state_cmp(%1$s, %1$s) IS ''Internal: btree support''',
        'COMMENT ON FUNCTION state_hash(%1$s) IS ''Internal: hash support''',
        'COMMENT ON FUNCTION state_hash_extended(%1$s, bigint) IS ''Internal: hash support with a seed''']
    LOOP
        EXECUTE pg_catalog.format(statement, type_name);
    END LOOP;
END
$define$;

-- What every aggregate state needs: a value, merge, unmerge, and an aggregate that
-- rolls stored states up. Dropped again in 99.
CREATE PROCEDURE define_state(type_name text, final_function text)
LANGUAGE plpgsql AS $define$
DECLARE
    statement text;
BEGIN
    CALL define_value(type_name);

    IF final_function IS NOT NULL THEN
        EXECUTE pg_catalog.format('CREATE FUNCTION %2$I(state %1$s) RETURNS %1$s LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
                       type_name, final_function);
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION %2$I(%1$s) IS ''Internal: end of an aggregate''', type_name, final_function);
    END IF;

    FOREACH statement IN ARRAY ARRAY[
        'CREATE FUNCTION unpacked(state %1$s) RETURNS %1$s LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME'', ''state_unpacked''',
        'COMMENT ON FUNCTION unpacked(%1$s) IS ''The same state, decompressed and in memory: for queries that read a stored one several times, as in LATERAL (SELECT unpacked(state) AS state OFFSET 0), so that it is fetched and decompressed only once. NULL for NULL.''',
        'CREATE FUNCTION merge(a %1$s, b %1$s) RETURNS %1$s LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME'', ''%1$s_merge''',
        'CREATE FUNCTION unmerge(a %1$s, b %1$s) RETURNS %1$s LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME'', ''%1$s_unmerge''',
        'CREATE AGGREGATE rollup(state %1$s) (SFUNC = merge, STYPE = %1$s, COMBINEFUNC = merge, PARALLEL = SAFE,
            MSFUNC = merge, MINVFUNC = unmerge, MSTYPE = %1$s %2$s)',
        'COMMENT ON FUNCTION %1$s_in(cstring) IS ''Internal: text input; SQLSTATE 22P02 for anything that is not a canonical state''',
        'COMMENT ON FUNCTION %1$s_out(%1$s) IS ''Internal: text output: version, flags, fields, rows''',
        'COMMENT ON FUNCTION %1$s_recv(internal) IS ''Internal: binary input; SQLSTATE 22P03 for anything that is not a canonical state''',
        'COMMENT ON FUNCTION merge(%1$s, %1$s) IS ''The state of a and b together: as if the rows of both had gone into one aggregate. NULL if either is NULL. States built with different arguments: SQLSTATE 22023; a sum past the limit: 22003.''',
        'COMMENT ON FUNCTION unmerge(%1$s, %1$s) IS ''The exact inverse of merge: the state a without the rows of b, so that unmerge(merge(a, b), b) = a. Rows of b that are not in a leave counts below zero. NULL if either is NULL; errors as merge.''',
        'COMMENT ON AGGREGATE rollup(%1$s) IS ''Rolls stored states up by merge, as in rollup(flow) ... GROUP BY segment. NULL rows are left out; NULL without rows; errors as merge.''']
    LOOP
        EXECUTE pg_catalog.format(statement, type_name,
                       CASE WHEN final_function IS NOT NULL THEN pg_catalog.format(', FINALFUNC = %1$I, MFINALFUNC = %1$I', final_function) END);
    END LOOP;
END
$define$;
