-- This script runs with a superuser's rights, in a schema that may be another's: its owner can plant functions and
-- operators there at any moment, also while it runs. So nothing is looked up there. The path is PostgreSQL's own;
-- what is ours is named in full, and called with arguments of just its types, so that no overload fits better.
SET LOCAL search_path = pg_catalog, pg_temp;

-- It also holds the schema's row, so that nobody can put another schema in its place before the end.
GRANT USAGE ON SCHEMA csmetrics TO PUBLIC;

DO $guard$
BEGIN
    IF EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'csmetrics'::regnamespace
               UNION ALL SELECT FROM pg_operator WHERE oprnamespace = 'csmetrics'::regnamespace
               UNION ALL SELECT FROM pg_type WHERE typnamespace = 'csmetrics'::regnamespace) THEN
        RAISE EXCEPTION 'schema "csmetrics" is not empty'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'The extension needs that schema for itself: empty, drop or rename it first.';
    END IF;
END
$guard$;

-- What every canonical value needs: a type with text and binary form, comparison,
-- hashing, operator classes for GROUP BY, ORDER BY, DISTINCT and joins. Dropped
-- again in 99. How the forms look is for the type to say.
CREATE PROCEDURE csmetrics.define_value(type_name text)
LANGUAGE plpgsql AS $define$
DECLARE
    comparison record;
    statement text;
BEGIN
    FOREACH statement IN ARRAY ARRAY[
        'CREATE TYPE csmetrics.%1$s',
        'CREATE FUNCTION csmetrics.%1$s_in(cstring) RETURNS csmetrics.%1$s LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
        'CREATE FUNCTION csmetrics.%1$s_out(csmetrics.%1$s) RETURNS cstring LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
        'CREATE FUNCTION csmetrics.%1$s_recv(internal) RETURNS csmetrics.%1$s LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
        'CREATE FUNCTION csmetrics.%1$s_send(csmetrics.%1$s) RETURNS bytea LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
        'CREATE TYPE csmetrics.%1$s (INPUT = csmetrics.%1$s_in, OUTPUT = csmetrics.%1$s_out, RECEIVE = csmetrics.%1$s_recv, SEND = csmetrics.%1$s_send,
            INTERNALLENGTH = VARIABLE, ALIGNMENT = double, STORAGE = extended)',
        'CREATE FUNCTION csmetrics.state_cmp(csmetrics.%1$s, csmetrics.%1$s) RETURNS integer LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
        'CREATE FUNCTION csmetrics.state_hash(csmetrics.%1$s) RETURNS integer LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
        'CREATE FUNCTION csmetrics.state_hash_extended(csmetrics.%1$s, bigint) RETURNS bigint LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''']
    LOOP
        EXECUTE format(statement, type_name);
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
        EXECUTE format('CREATE FUNCTION csmetrics.%2$I(csmetrics.%1$s, csmetrics.%1$s) RETURNS boolean LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
                       type_name, comparison.function);
        EXECUTE format('COMMENT ON FUNCTION csmetrics.%2$I(csmetrics.%1$s, csmetrics.%1$s) IS ''Internal: operator %3$s''',
                       type_name, comparison.function, comparison.sign);
        EXECUTE format('CREATE OPERATOR csmetrics.%3$s (LEFTARG = csmetrics.%1$s, RIGHTARG = csmetrics.%1$s, FUNCTION = csmetrics.%2$I, COMMUTATOR = OPERATOR(csmetrics.%4$s), NEGATOR = OPERATOR(csmetrics.%5$s), RESTRICT = %6$I, JOIN = %7$I%8$s)',
                       type_name, comparison.function, comparison.sign, comparison.commutator, comparison.negator,
                       comparison.restrict, comparison."join",
                       CASE comparison.sign WHEN '=' THEN ', HASHES, MERGES' ELSE '' END);
        EXECUTE format('COMMENT ON OPERATOR csmetrics.%2$s (csmetrics.%1$s, csmetrics.%1$s) IS %3$L', type_name, comparison.sign,
                       CASE comparison.sign WHEN '=' THEN 'Same bytes, and so the same facts: states are canonical'
                                            WHEN '<>' THEN 'Not the same facts'
                                            ELSE 'Order by bytes: total, for sorting and indexes, without meaning' END);
    END LOOP;

    FOREACH statement IN ARRAY ARRAY[
        'CREATE OPERATOR CLASS csmetrics.%1$s DEFAULT FOR TYPE csmetrics.%1$s USING btree AS
            OPERATOR 1 csmetrics.<, OPERATOR 2 csmetrics.<=, OPERATOR 3 csmetrics.=, OPERATOR 4 csmetrics.>=, OPERATOR 5 csmetrics.>, FUNCTION 1 csmetrics.state_cmp(csmetrics.%1$s, csmetrics.%1$s)',
        'CREATE OPERATOR CLASS csmetrics.%1$s DEFAULT FOR TYPE csmetrics.%1$s USING hash AS
            OPERATOR 1 csmetrics.=, FUNCTION 1 csmetrics.state_hash(csmetrics.%1$s), FUNCTION 2 csmetrics.state_hash_extended(csmetrics.%1$s, bigint)',
        'COMMENT ON FUNCTION csmetrics.%1$s_send(csmetrics.%1$s) IS ''Internal: binary output''',
        'COMMENT ON FUNCTION csmetrics.state_cmp(csmetrics.%1$s, csmetrics.%1$s) IS ''Internal: btree support''',
        'COMMENT ON FUNCTION csmetrics.state_hash(csmetrics.%1$s) IS ''Internal: hash support''',
        'COMMENT ON FUNCTION csmetrics.state_hash_extended(csmetrics.%1$s, bigint) IS ''Internal: hash support with a seed''']
    LOOP
        EXECUTE format(statement, type_name);
    END LOOP;
END
$define$;

-- What every aggregate state needs: a value, merge, unmerge, and an aggregate that
-- rolls stored states up. Dropped again in 99.
CREATE PROCEDURE csmetrics.define_state(type_name text, final_function text)
LANGUAGE plpgsql AS $define$
DECLARE
    statement text;
BEGIN
    CALL csmetrics.define_value(type_name);

    IF final_function IS NOT NULL THEN
        EXECUTE format('CREATE FUNCTION csmetrics.%2$I(state csmetrics.%1$s) RETURNS csmetrics.%1$s LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME''',
                       type_name, final_function);
        EXECUTE format('COMMENT ON FUNCTION csmetrics.%2$I(csmetrics.%1$s) IS ''Internal: end of an aggregate''', type_name, final_function);
    END IF;

    FOREACH statement IN ARRAY ARRAY[
        'CREATE FUNCTION csmetrics.unpacked(state csmetrics.%1$s) RETURNS csmetrics.%1$s LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME'', ''state_unpacked''',
        'COMMENT ON FUNCTION csmetrics.unpacked(csmetrics.%1$s) IS ''The same state, decompressed and in memory: for queries that read a stored one several times, as in LATERAL (SELECT unpacked(state) AS state OFFSET 0), so that it is fetched and decompressed only once. NULL for NULL.''',
        'CREATE FUNCTION csmetrics.merge(a csmetrics.%1$s, b csmetrics.%1$s) RETURNS csmetrics.%1$s LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME'', ''%1$s_merge''',
        'CREATE FUNCTION csmetrics.unmerge(a csmetrics.%1$s, b csmetrics.%1$s) RETURNS csmetrics.%1$s LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS ''MODULE_PATHNAME'', ''%1$s_unmerge''',
        'CREATE AGGREGATE csmetrics.rollup(state csmetrics.%1$s) (SFUNC = csmetrics.merge, STYPE = csmetrics.%1$s, COMBINEFUNC = csmetrics.merge, PARALLEL = SAFE,
            MSFUNC = csmetrics.merge, MINVFUNC = csmetrics.unmerge, MSTYPE = csmetrics.%1$s %2$s)',
        'COMMENT ON FUNCTION csmetrics.%1$s_in(cstring) IS ''Internal: text input; SQLSTATE 22P02 for anything that is not a canonical state''',
        'COMMENT ON FUNCTION csmetrics.%1$s_out(csmetrics.%1$s) IS ''Internal: text output: version, flags, fields, rows''',
        'COMMENT ON FUNCTION csmetrics.%1$s_recv(internal) IS ''Internal: binary input; SQLSTATE 22P03 for anything that is not a canonical state''',
        'COMMENT ON FUNCTION csmetrics.merge(csmetrics.%1$s, csmetrics.%1$s) IS ''The state of a and b together: as if the rows of both had gone into one aggregate. NULL if either is NULL. States built with different arguments: SQLSTATE 22023; a sum past the limit: 22003.''',
        'COMMENT ON FUNCTION csmetrics.unmerge(csmetrics.%1$s, csmetrics.%1$s) IS ''The exact inverse of merge: the state a without the rows of b, so that unmerge(merge(a, b), b) = a. Rows of b that are not in a leave counts below zero. NULL if either is NULL; errors as merge.''',
        'COMMENT ON AGGREGATE csmetrics.rollup(csmetrics.%1$s) IS ''Rolls stored states up by merge, as in rollup(flow) ... GROUP BY segment. NULL rows are left out; NULL without rows; errors as merge.''']
    LOOP
        EXECUTE format(statement, type_name,
                       CASE WHEN final_function IS NOT NULL THEN format(', FINALFUNC = csmetrics.%1$I, MFINALFUNC = csmetrics.%1$I', final_function) END);
    END LOOP;
END
$define$;
