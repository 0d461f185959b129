\echo Use "CREATE EXTENSION csmetrics" to load this file. \quit
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
-- Intervals of plain counts.
CREATE FUNCTION csmetrics.wilson_interval(successes bigint, trials bigint, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'wilson_interval_sql';
COMMENT ON FUNCTION csmetrics.wilson_interval(bigint, bigint, double precision) IS
'Confidence interval of successes / trials, as ratios: Wilson score (JASA 22, 1927). confidence is a share, 0.95 if '
'not given; outside 0 to 1: SQLSTATE 22023. NULLs without trials, or when successes are not between 0 and trials.';
CREATE FUNCTION csmetrics.clopper_pearson_interval(successes bigint, trials bigint,
    confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'clopper_pearson_interval_sql';
COMMENT ON FUNCTION csmetrics.clopper_pearson_interval(bigint, bigint, double precision) IS
'Confidence interval of successes / trials, as ratios: exact (Clopper and Pearson, Biometrika 26, 1934), so wider '
'than Wilson''s. confidence is a share, 0.95 if not given; outside 0 to 1: SQLSTATE 22023. NULLs without trials, or '
'when successes are not between 0 and trials.';
-- Rates: successes of trials, their aggregate, their readers, and the difference of two.
CALL csmetrics.define_state('rate', has_final => false);
COMMENT ON TYPE csmetrics.rate IS
'How many of the trials (customers, answers, tickets) were successes. Built by rate_agg or make_rate; read by rate, '
'rate_interval and rate_difference; adds up by merge and rollup.';

CALL csmetrics.define_agg('rate_agg', 'success boolean', 'rate', 24, comment =>
'The rate of rows with success true among those with true or false, one row a trial, as in rate_agg(closing_mrr > 0). '
'NULL rows are left out: where all are NULL the rate has no trials. NULL without rows.');

CREATE FUNCTION csmetrics.make_rate(successes bigint, trials bigint) RETURNS csmetrics.rate
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.make_rate(bigint, bigint) IS
'The rate of counts that are known already, equal to what rate_agg makes of as many rows. NULL if either is NULL. '
'Successes below 0 or above trials: SQLSTATE 22023; 2^59 trials or more: 22003.';

CREATE FUNCTION csmetrics.rate(state csmetrics.rate) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'rate_share_sql';
COMMENT ON FUNCTION csmetrics.rate(csmetrics.rate) IS
'Successes / trials, a ratio. NULL without trials, or where unmerge left successes that are not between 0 and trials.';
CREATE FUNCTION csmetrics.success_count(state csmetrics.rate) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'rate_success_count';
COMMENT ON FUNCTION csmetrics.success_count(csmetrics.rate) IS 'Trials that were successes.';
CREATE FUNCTION csmetrics.trial_count(state csmetrics.rate) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'rate_trial_count';
COMMENT ON FUNCTION csmetrics.trial_count(csmetrics.rate) IS 'Trials: rows of the aggregate that were true or false.';
CREATE FUNCTION csmetrics.rate_interval(state csmetrics.rate, confidence double precision DEFAULT 0.95,
    method text DEFAULT 'wilson',
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.rate_interval(csmetrics.rate, double precision, text) IS
'Confidence interval of rate, as ratios. method: wilson (default), near the confidence asked for; clopper-pearson, '
'exact, never below it and so wider. confidence is a share, 0.95 if not given; outside 0 to 1, or an unknown method: '
'SQLSTATE 22023. NULLs where rate is NULL.';
CREATE FUNCTION csmetrics.rate_difference(a csmetrics.rate, b csmetrics.rate, confidence double precision DEFAULT 0.95,
    method text DEFAULT 'newcombe',
    OUT difference double precision, OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.rate_difference(csmetrics.rate, csmetrics.rate, double precision, text) IS
'rate(a) - rate(b), a difference of ratios, with Newcombe''s interval for independent groups, within -1 to 1. method: '
'newcombe (default); newcombe-corrected, for continuity, wider. confidence is a share; outside 0 to 1, or an unknown '
'method: SQLSTATE 22023. NULLs where either rate is NULL.';
-- Opening hours, and the time between two instants that lies within them.
CALL csmetrics.define_value('business_hours');
COMMENT ON TYPE csmetrics.business_hours IS
'Weekly opening hours in a named time zone, and holidays: local days without any. Text form: Europe/Berlin '
'Mon-Fri 09:00-12:00 13:00-17:30, Sat 10:00-14:00; 2024-12-25 2024-12-26. Equal schedules are equal '
'values. What is no schedule: SQLSTATE 22P02.';
COMMENT ON FUNCTION csmetrics.business_hours_in(cstring) IS
'Internal: text input; SQLSTATE 22P02 for anything that is no schedule';
COMMENT ON FUNCTION csmetrics.business_hours_out(csmetrics.business_hours) IS
'Internal: text output: zone, days and hours, holidays';
COMMENT ON FUNCTION csmetrics.business_hours_recv(internal) IS
'Internal: binary input; SQLSTATE 22P03 for anything that is not a canonical schedule';

CREATE FUNCTION csmetrics.business_hours(zone text, hours text,
    holidays date[] DEFAULT '{}') RETURNS csmetrics.business_hours
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_hours_make';
COMMENT ON FUNCTION csmetrics.business_hours(text, text, date[]) IS
'A schedule of a time zone, weekly hours as in the type''s text form, and holidays in any order. NULL if any argument '
'is NULL. An unknown zone, hours that overlap, end before they begin or do not parse, a holiday that is NULL: SQLSTATE '
'22023; a holiday outside the years 1 to 9999: 22008.';

CREATE FUNCTION csmetrics.business_time(from_at timestamptz, to_at timestamptz,
    hours csmetrics.business_hours) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_time_by_hours';
COMMENT ON FUNCTION csmetrics.business_time(timestamptz, timestamptz, csmetrics.business_hours) IS
'Time from from_at on and before to_at within business hours, as it really elapsed: an interval without days. '
'NULL if any argument is NULL, as while a ticket is open. to_at before from_at: SQLSTATE 22023; an instant '
'infinite or outside the years 1 to 9999: 22008.';

CREATE FUNCTION csmetrics.business_time(from_at timestamptz, to_at timestamptz, hours csmetrics.business_hours[],
    in_force_from timestamptz[]) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_time_by_schedules';
COMMENT ON FUNCTION csmetrics.business_time(timestamptz, timestamptz, csmetrics.business_hours[], timestamptz[]) IS
'The same over schedules that followed one another, each of hours in force from its place in in_force_from (-infinity: '
'from ever) until the next; before the first nothing counts. Arrays of different length, NULL elements, in_force_from '
'not strictly ascending: SQLSTATE 22023; else as above.';

CREATE FUNCTION csmetrics.is_open(hours csmetrics.business_hours, at timestamptz) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_hours_open_at';
COMMENT ON FUNCTION csmetrics.is_open(csmetrics.business_hours, timestamptz) IS
'Does the instant lie within business hours? True at the minute they begin, false at the minute they end. NULL if any '
'argument is NULL; an instant infinite or outside the years 1 to 9999: SQLSTATE 22008.';

CREATE FUNCTION csmetrics.weekly_hours(hours csmetrics.business_hours) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_hours_weekly';
COMMENT ON FUNCTION csmetrics.weekly_hours(csmetrics.business_hours) IS
'Business time of a week without holidays and without a change of the clock, an '
'interval of hours and minutes. NULL for NULL.';

CREATE FUNCTION csmetrics.handling_time(from_at timestamptz, to_at timestamptz, hours csmetrics.business_hours[],
    in_force_from timestamptz[]) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN hours IS NULL OR to_at < from_at THEN to_at - from_at
            ELSE csmetrics.business_time(from_at, to_at, hours, in_force_from) END;
COMMENT ON FUNCTION csmetrics.handling_time(timestamptz, timestamptz, csmetrics.business_hours[], timestamptz[]) IS
'Time from from_at to to_at as business_time, or all of it where hours is NULL; below zero where to_at is before '
'from_at, for duration_agg to reject. NULL if an instant is NULL; errors as business_time.';
-- Scores that people gave: survey, its aggregate, and NPS, CSAT and CES read from it.
CALL csmetrics.define_state('survey', has_final => true);
COMMENT ON TYPE csmetrics.survey IS
'The scores given in answer to one question, each with how often it was given, and how many did not answer. Built by '
'survey_agg; read by nps, csat, ces, response_rate and the counts; adds up by merge and rollup.';

CALL csmetrics.define_agg('survey_agg', 'score numeric', 'survey', 256, comment =>
'The answers to one question, one row a person asked. score: on any scale, rounded to six decimals; NULL where the '
'person did not answer, which missing_count counts; NaN, infinite or beyond 10^9 is no score, which rejected_count '
'counts. Keep questions on different scales apart. NULL without rows.');

CREATE FUNCTION csmetrics.answer_count(state csmetrics.survey) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_answer_count';
COMMENT ON FUNCTION csmetrics.answer_count(csmetrics.survey) IS 'Answers that are scores, on whatever scale.';
CREATE FUNCTION csmetrics.answer_count(state csmetrics.survey, lowest numeric, highest numeric) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_answer_count_on_scale';
COMMENT ON FUNCTION csmetrics.answer_count(csmetrics.survey, numeric, numeric) IS
'Answers from lowest to highest, both included. highest not above lowest, or an end that is no score: '
'SQLSTATE 22023. NULL if any argument is NULL.';
CREATE FUNCTION csmetrics.rejected_count(state csmetrics.survey, lowest numeric DEFAULT 0,
    highest numeric DEFAULT 10) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_rejected_count';
COMMENT ON FUNCTION csmetrics.rejected_count(csmetrics.survey, numeric, numeric) IS
'Answers that are no score, and those below lowest or above highest; without these, the scale of NPS, 0 to 10. highest '
'not above lowest, or an end that is no score: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.missing_count(state csmetrics.survey) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_missing_count';
COMMENT ON FUNCTION csmetrics.missing_count(csmetrics.survey) IS 'People asked who gave no answer: rows with NULL.';
CREATE FUNCTION csmetrics.small_sample(state csmetrics.survey, at_least integer DEFAULT 30) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_small_sample';
COMMENT ON FUNCTION csmetrics.small_sample(csmetrics.survey, integer) IS
'Whether there are fewer answers that are scores than at_least, so few that readings should be shown with their '
'interval or not at all. at_least below 1: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.response_rate(state csmetrics.survey) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_response_rate';
COMMENT ON FUNCTION csmetrics.response_rate(csmetrics.survey) IS
'Answers, those that are no score among them, / all that were asked, a ratio. NULL '
'for counts below zero, as after unmerge.';
CREATE FUNCTION csmetrics.response_rate_interval(state csmetrics.survey, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_response_rate_interval';
COMMENT ON FUNCTION csmetrics.response_rate_interval(csmetrics.survey, double precision) IS
'Confidence interval of response_rate, as ratios: Wilson score (JASA 22, 1927). confidence is a share, 0.95 if not '
'given; outside 0 to 1: SQLSTATE 22023. NULLs where response_rate is NULL.';

CREATE FUNCTION csmetrics.mean_score(state csmetrics.survey) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_mean_score';
COMMENT ON FUNCTION csmetrics.mean_score(csmetrics.survey) IS
'Mean of all scores, on the scale they were given; summed exactly. NULL without answers, or '
'for counts below zero, as after unmerge.';
CREATE FUNCTION csmetrics.score_stddev(state csmetrics.survey) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_score_stddev';
COMMENT ON FUNCTION csmetrics.score_stddev(csmetrics.survey) IS
'Standard deviation of all scores, of the sample (n - 1), on the scale they were given; from exact sums, so that '
'nothing cancels. NULL with fewer than two answers, or for counts below zero, as after unmerge.';

-- Net Promoter Score
CREATE FUNCTION csmetrics.nps(state csmetrics.survey) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_nps';
COMMENT ON FUNCTION csmetrics.nps(csmetrics.survey) IS
'Net Promoter Score, from -100 to 100, not rounded: 100 * (promoters - detractors) / answers, of scores from 0 '
'to 10; others are left out, see rejected_count (Reichheld, HBR 81, 2003). NULL without answers, never 0, or '
'for counts below zero, as after unmerge.';
CREATE FUNCTION csmetrics.nps_interval(state csmetrics.survey, confidence double precision DEFAULT 0.95,
    method text DEFAULT 'adjusted_wald',
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_nps_interval';
COMMENT ON FUNCTION csmetrics.nps_interval(csmetrics.survey, double precision, text) IS
'Confidence interval of nps, in its points, not cut to their range. method: adjusted_wald (default; Rocks, Am. '
'Statistician 70, 2016) or wald, which has no width where all agree. confidence is a share, 0.95 if not given; outside '
'0 to 1, or an unknown method: SQLSTATE 22023. NULLs where nps is NULL.';
CREATE FUNCTION csmetrics.promoter_count(state csmetrics.survey) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_promoter_count';
COMMENT ON FUNCTION csmetrics.promoter_count(csmetrics.survey) IS 'Scores from 9 to 10.';
CREATE FUNCTION csmetrics.passive_count(state csmetrics.survey) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_passive_count';
COMMENT ON FUNCTION csmetrics.passive_count(csmetrics.survey) IS 'Scores from 7 on and below 9.';
CREATE FUNCTION csmetrics.detractor_count(state csmetrics.survey) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_detractor_count';
COMMENT ON FUNCTION csmetrics.detractor_count(csmetrics.survey) IS 'Scores from 0 on and below 7.';

-- Customer satisfaction
CREATE FUNCTION csmetrics.csat(state csmetrics.survey, satisfied_from numeric DEFAULT 4) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_csat';
COMMENT ON FUNCTION csmetrics.csat(csmetrics.survey, numeric) IS
'Customer satisfaction, a ratio: scores of satisfied_from or more / all scores. Neutral ones stay in the denominator. '
'4 if not given: the upper two of five. NULL without answers, or for counts below zero, as after unmerge. '
'satisfied_from not finite or beyond 10^9: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.csat(state csmetrics.survey, satisfied_from numeric, lowest numeric,
    highest numeric) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_csat_on_scale';
COMMENT ON FUNCTION csmetrics.csat(csmetrics.survey, numeric, numeric, numeric) IS
'The same of the scores from lowest to highest alone. highest not above lowest, an end that is no score, or '
'satisfied_from not between them: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.csat_interval(state csmetrics.survey, satisfied_from numeric DEFAULT 4,
    confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_csat_interval';
COMMENT ON FUNCTION csmetrics.csat_interval(csmetrics.survey, numeric, double precision) IS
'Confidence interval of csat, as ratios: Wilson score (JASA 22, 1927). confidence is a share, 0.95 if not given; '
'outside 0 to 1: SQLSTATE 22023; other errors as csat. NULLs where csat is NULL.';
CREATE FUNCTION csmetrics.csat_interval(state csmetrics.survey, satisfied_from numeric, lowest numeric, highest numeric,
    confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_csat_interval_on_scale';
COMMENT ON FUNCTION csmetrics.csat_interval(csmetrics.survey, numeric, numeric, numeric, double precision) IS
'The same of the scores from lowest to highest alone; errors as csat.';

-- Customer effort score
CREATE FUNCTION csmetrics.ces(state csmetrics.survey, lowest numeric, highest numeric,
    higher_is_better boolean) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_ces';
COMMENT ON FUNCTION csmetrics.ces(csmetrics.survey, numeric, numeric, boolean) IS
'Customer effort score, from 1 to 7, 7 being the easiest: the mean of the scores from lowest to highest, '
'brought to that scale. NULL without answers on the scale, or for counts below zero. highest not above lowest, '
'or an end that is no score: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.ces_interval(state csmetrics.survey, lowest numeric, highest numeric,
    higher_is_better boolean, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_ces_interval';
COMMENT ON FUNCTION csmetrics.ces_interval(csmetrics.survey, numeric, numeric, boolean, double precision) IS
'Confidence interval of ces, on its scale from 1 to 7 and not cut to it: Student''s t of the mean. confidence is a '
'share, 0.95 if not given; outside 0 to 1: SQLSTATE 22023; other errors as ces. NULLs with fewer than two answers, or '
'for counts below zero, as after unmerge.';
CREATE FUNCTION csmetrics.ces_share(state csmetrics.survey, lowest numeric, highest numeric,
    higher_is_better boolean) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'survey_ces_share';
COMMENT ON FUNCTION csmetrics.ces_share(csmetrics.survey, numeric, numeric, boolean) IS
'Scores that come to 5 or more on the scale of ces, 1 to 7, / all scores on the scale, a ratio; '
'decided exactly. NULL and errors as ces.';

CREATE FUNCTION csmetrics.rescale(score numeric, lowest numeric, highest numeric, higher_is_better boolean,
    to_lowest numeric, to_highest numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN score BETWEEN lowest AND highest
            THEN to_lowest + (to_highest - to_lowest)
                 * CASE WHEN higher_is_better THEN score - lowest ELSE highest - score END / (highest - lowest)
            ELSE 'NaN' END;
COMMENT ON FUNCTION csmetrics.rescale(numeric, numeric, numeric, boolean, numeric, numeric) IS
'A score of the scale from lowest to highest brought to that from to_lowest to to_highest, in proportion, '
'so that higher is better: rescale(2, 1, 4, false, 1, 7) is 5. NaN off the scale, which survey_agg rejects '
'and counts. NULL if any argument is NULL.';
-- Contracts and their renewals: sbg, its aggregate, and the shifted-beta-geometric model fitted to it.
CALL csmetrics.define_state('sbg', has_final => true);
COMMENT ON TYPE csmetrics.sbg IS
'Accounts by how many renewals they came to, and whether they churned at the last. Built by sbg_agg; read by sbg_fit, '
'sbg_retention and sbg_residual_lifetime; adds up by merge and rollup.';

CALL csmetrics.define_agg('sbg_agg', 'period integer, churned boolean', 'sbg', 256, comment =>
'Contracts and their renewals, one row an account. period: how many renewals came up so far; churned: it left at the '
'last of them, else it is still there. Rows with NULL are left out. period below 1 if churned, below 0 if not, or '
'above 10000: SQLSTATE 22023. NULL without rows.');
CALL csmetrics.define_agg('sbg_agg', 'period integer, churned boolean, accounts bigint', 'sbg', 256, comment =>
'The same, one row a group of accounts that have this in common. accounts below 0: '
'SQLSTATE 22023; 2^59 of them or more: 22003.');

CREATE FUNCTION csmetrics.account_count(state csmetrics.sbg) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sbg_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.sbg) IS
'Accounts that churned or are still there; rows with NULL are not counted.';
CREATE FUNCTION csmetrics.churned_count(state csmetrics.sbg) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sbg_churned_count';
COMMENT ON FUNCTION csmetrics.churned_count(csmetrics.sbg) IS 'Accounts that churned.';

CREATE FUNCTION csmetrics.sbg_fit(state csmetrics.sbg,
    OUT alpha double precision, OUT beta double precision, OUT log_likelihood double precision, OUT reason text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sbg_fit_sql';
COMMENT ON FUNCTION csmetrics.sbg_fit(csmetrics.sbg) IS
'The shifted-beta-geometric model by maximum likelihood (Fader and Hardie, J. Interactive Marketing 21, 2007): each '
'account churns at every renewal with a probability of its own, spread as Beta(alpha, beta). Where there is no '
'maximum, all three are NULL and reason says why; else reason is NULL.';
CREATE FUNCTION csmetrics.sbg_retention(state csmetrics.sbg, periods integer,
    OUT period integer, OUT surviving double precision, OUT retention double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 12 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.sbg_retention(csmetrics.sbg, integer) IS
'What sbg_fit projects for a new account, a row for each of the renewals 1 to periods. surviving: the share still '
'there after it; retention: the share of those before it that stay, which rises with age. No rows where sbg_fit gives '
'a reason. periods outside 1 to 10000: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.sbg_residual_lifetime(state csmetrics.sbg, discount_rate double precision,
    periods_survived integer) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'sbg_residual_lifetime_sql';
COMMENT ON FUNCTION csmetrics.sbg_residual_lifetime(csmetrics.sbg, double precision, integer) IS
'Discounted payments to come, without end, of an account that survived so many renewals (0: new), seen just before the '
'next, by sbg_fit. discount_rate is a share for one period. NULL where sbg_fit gives a reason. discount_rate below '
'1e-9 or not finite, periods outside 0 to 10000: SQLSTATE 22023.';
-- Retention between two days: revenue_flow, its aggregate and its readers.
CALL csmetrics.define_state('revenue_flow', has_final => false);
COMMENT ON TYPE csmetrics.revenue_flow IS
'What became of the MRR of a group of accounts between two days: amounts, account counts and exact second moments. '
'Built by nrr_agg; read by nrr, grr, logo_churn and their fellows; adds up by merge and rollup.';

CALL csmetrics.define_agg('nrr_agg', 'opening numeric, closing numeric', 'revenue_flow', 312, comment =>
'Retention of a group, one row an account: its MRR at the opening and at the closing of the period, in money. NULL is '
'none, as the empty side of an outer join gives it; below zero counts as zero. Six decimals are kept; beyond 10^18 or '
'not finite: SQLSTATE 22003. NULL without rows.');

CREATE FUNCTION csmetrics.nrr(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_nrr';
COMMENT ON FUNCTION csmetrics.nrr(csmetrics.revenue_flow) IS
'Net revenue retention, a ratio (1.05 is 105 %): closing MRR of the accounts with opening MRR / their opening MRR. '
'Point to point, by account; new and returning accounts are out. NULL without opening MRR.';
CREATE FUNCTION csmetrics.grr(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_grr';
COMMENT ON FUNCTION csmetrics.grr(csmetrics.revenue_flow) IS
'Gross revenue retention, a ratio of at most 1: sum of min(opening, closing) by account / opening MRR. The minimum is '
'taken by account, so the expansion of one never hides the loss of another (SMSB standard). NULL without opening MRR.';
CREATE FUNCTION csmetrics.logo_churn(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_logo_churn';
COMMENT ON FUNCTION csmetrics.logo_churn(csmetrics.revenue_flow) IS
'Logo churn, a ratio: accounts with opening but no closing MRR / accounts with opening MRR. NULL without any.';
CREATE FUNCTION csmetrics.revenue_churn(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_revenue_churn';
COMMENT ON FUNCTION csmetrics.revenue_churn(csmetrics.revenue_flow) IS
'Revenue churn by churned accounts alone, a ratio: opening MRR of the accounts without closing MRR / opening MRR. With '
'contraction it is 1 - grr. NULL without opening MRR.';
CREATE FUNCTION csmetrics.contraction(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_contraction';
COMMENT ON FUNCTION csmetrics.contraction(csmetrics.revenue_flow) IS
'Contraction, a ratio: MRR lost by accounts that stayed / opening MRR. NULL without opening MRR.';
CREATE FUNCTION csmetrics.expansion(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_expansion';
COMMENT ON FUNCTION csmetrics.expansion(csmetrics.revenue_flow) IS
'Expansion, a ratio: MRR gained by accounts with opening MRR / opening MRR. New '
'accounts are out. NULL without opening MRR.';
CREATE FUNCTION csmetrics.net_revenue_churn(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_net_revenue_churn';
COMMENT ON FUNCTION csmetrics.net_revenue_churn(csmetrics.revenue_flow) IS
'Net revenue churn, a ratio: 1 - nrr, below zero where expansion outweighs the losses. NULL without opening MRR.';
CREATE FUNCTION csmetrics.quick_ratio(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_quick_ratio';
COMMENT ON FUNCTION csmetrics.quick_ratio(csmetrics.revenue_flow) IS
'SaaS quick ratio: MRR gained (new, returning, expansion) / MRR lost '
'(contraction, churn). NULL when nothing was lost.';

CREATE FUNCTION csmetrics.nrr_interval(flow csmetrics.revenue_flow, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_nrr_interval';
COMMENT ON FUNCTION csmetrics.nrr_interval(csmetrics.revenue_flow, double precision) IS
'Confidence interval of nrr, as ratios, lower at least 0. Ratio estimator with the account as unit, normal quantile '
'(Cochran, Sampling Techniques, 6.4), from exact second moments. confidence is a share, 0.95 if not given; outside 0 '
'to 1: SQLSTATE 22023. NULLs below two accounts.';
CREATE FUNCTION csmetrics.grr_interval(flow csmetrics.revenue_flow, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_grr_interval';
COMMENT ON FUNCTION csmetrics.grr_interval(csmetrics.revenue_flow, double precision) IS
'Confidence interval of grr, as ratios between 0 and 1; method, confidence and NULLs as nrr_interval.';
CREATE FUNCTION csmetrics.logo_churn_interval(flow csmetrics.revenue_flow, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_logo_churn_interval';
COMMENT ON FUNCTION csmetrics.logo_churn_interval(csmetrics.revenue_flow, double precision) IS
'Confidence interval of logo_churn, as ratios: Wilson score (JASA 22, 1927). 0 of 20 at 0.95 gives 0 to 0.161. '
'confidence is a share, 0.95 if not given; outside 0 to 1: SQLSTATE 22023. NULLs without accounts.';

CREATE FUNCTION csmetrics.opening_mrr(flow csmetrics.revenue_flow) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_opening_mrr';
COMMENT ON FUNCTION csmetrics.opening_mrr(csmetrics.revenue_flow) IS 'Opening MRR, in money, exact.';
CREATE FUNCTION csmetrics.new_mrr(flow csmetrics.revenue_flow) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_new_mrr';
COMMENT ON FUNCTION csmetrics.new_mrr(csmetrics.revenue_flow) IS
'Closing MRR of accounts without opening MRR, in money, exact; two amounts cannot tell new from returning accounts.';
CREATE FUNCTION csmetrics.expansion_mrr(flow csmetrics.revenue_flow) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_expansion_mrr';
COMMENT ON FUNCTION csmetrics.expansion_mrr(csmetrics.revenue_flow) IS
'MRR gained by accounts with opening MRR, in money, exact.';
CREATE FUNCTION csmetrics.contraction_mrr(flow csmetrics.revenue_flow) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_contraction_mrr';
COMMENT ON FUNCTION csmetrics.contraction_mrr(csmetrics.revenue_flow) IS
'MRR lost by accounts that stayed, in money, exact, at least 0.';
CREATE FUNCTION csmetrics.churned_mrr(flow csmetrics.revenue_flow) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_churned_mrr';
COMMENT ON FUNCTION csmetrics.churned_mrr(csmetrics.revenue_flow) IS
'Opening MRR of accounts without closing MRR, in money, exact, at least 0.';
CREATE FUNCTION csmetrics.closing_mrr(flow csmetrics.revenue_flow) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_closing_mrr';
COMMENT ON FUNCTION csmetrics.closing_mrr(csmetrics.revenue_flow) IS
'Closing MRR, in money, exact: opening + new + expansion - contraction - churned.';

CREATE FUNCTION csmetrics.account_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.revenue_flow) IS 'Rows given to the aggregate, with MRR or not.';
CREATE FUNCTION csmetrics.opening_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_opening_count';
COMMENT ON FUNCTION csmetrics.opening_count(csmetrics.revenue_flow) IS 'Accounts with opening MRR.';
CREATE FUNCTION csmetrics.new_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_new_count';
COMMENT ON FUNCTION csmetrics.new_count(csmetrics.revenue_flow) IS 'Accounts with closing but no opening MRR.';
CREATE FUNCTION csmetrics.expansion_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_expansion_count';
COMMENT ON FUNCTION csmetrics.expansion_count(csmetrics.revenue_flow) IS
'Accounts with opening MRR that closed above it.';
CREATE FUNCTION csmetrics.contraction_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_contraction_count';
COMMENT ON FUNCTION csmetrics.contraction_count(csmetrics.revenue_flow) IS
'Accounts that closed below their opening MRR, but above zero.';
CREATE FUNCTION csmetrics.churned_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_churned_count';
COMMENT ON FUNCTION csmetrics.churned_count(csmetrics.revenue_flow) IS 'Accounts with opening but no closing MRR.';
CREATE FUNCTION csmetrics.closing_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_closing_count';
COMMENT ON FUNCTION csmetrics.closing_count(csmetrics.revenue_flow) IS 'Accounts with closing MRR.';

CREATE FUNCTION csmetrics.scale(flow csmetrics.revenue_flow, rate numeric) RETURNS csmetrics.revenue_flow
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_scale_by';
COMMENT ON FUNCTION csmetrics.scale(csmetrics.revenue_flow, numeric) IS
'The same accounts in another currency: each sum of money times rate, rounded once to six decimals, half away from '
'zero; counts as they are. rate is above 0 and below 10^12, with at most 36 digits before and after the point, else '
'SQLSTATE 22023; a sum past 10^30: 22003. NULL for NULL.';
-- Normalizers: measures brought to a value from 0, the worst, to 100, the best.
CREATE FUNCTION csmetrics.normalize_linear(value double precision, worst double precision,
    best double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'normalize_linear_sql';
COMMENT ON FUNCTION csmetrics.normalize_linear(double precision, double precision, double precision) IS
'A measure brought to 0 ... 100 by two anchors: 0 at worst and beyond, 100 at best and beyond, even in between. best '
'below worst: lower is better. Stable over time, as it asks nothing of other accounts. NULL for NULL. Anchors that are '
'equal or not finite, or value NaN: SQLSTATE 22023.';

-- Its usual name; the grammar of SQL has a NORMALIZE of its own, so this one is called with its schema.
CREATE FUNCTION csmetrics."normalize"(value double precision, worst double precision,
    best double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'normalize_linear_sql';
COMMENT ON FUNCTION csmetrics."normalize"(double precision, double precision, double precision) IS
'The same as normalize_linear(value, worst, best). NORMALIZE is a word of SQL: write '
'csmetrics.normalize(...) or "normalize"(...).';

CREATE FUNCTION csmetrics.normalize_piecewise(value double precision, knots double precision[],
    scores double precision[]) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'normalize_piecewise_sql';
COMMENT ON FUNCTION csmetrics.normalize_piecewise(double precision, double precision[], double precision[]) IS
'A measure brought to 0 ... 100 by thresholds: at each of the knots worth the score at the same place, even in '
'between, level beyond the ends. NULL for NULL. Fewer than two knots, knots not ascending, another number of scores, '
'scores outside 0 ... 100, value NaN: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.normalize_percentile(value double precision,
    knots double precision[]) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'normalize_percentile_sql';
COMMENT ON FUNCTION csmetrics.normalize_percentile(double precision, double precision[]) IS
'A measure brought to 0 ... 100 by its rank. knots: all measures of the population in ascending order, or its '
'percentiles; of equal ones the middle, even in between. Take it from 100 where lower is better. NULL for NULL. Fewer '
'than two knots, knots that descend, value NaN: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.normalize_logistic(value double precision, middle double precision,
    spread double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'normalize_logistic_sql';
COMMENT ON FUNCTION csmetrics.normalize_logistic(double precision, double precision, double precision) IS
'A measure brought to 0 ... 100 by its standing: 100 / (1 + exp(-(value - middle) / spread)), 50 at the middle, '
'73 one spread beyond it. A spread below zero: lower is better. NULL for NULL. A spread of 0, arguments that '
'are not finite, value NaN: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.freshness(age_days double precision, keep_days double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN keep_days > 0 THEN greatest(0, least(1, 1 - age_days / keep_days)) ELSE 0 END;
COMMENT ON FUNCTION csmetrics.freshness(double precision, double precision) IS
'How much a value of that age still counts when it is carried forward for so many days: 1 - age_days / keep_days, from '
'1 when new to 0 at keep_days and later; the last argument of health_score. keep_days of 0 or less: 0. NULL for NULL.';
-- Predictions held against what then happened: backtest, its aggregate, and what it tells of the predictor.
CALL csmetrics.define_state('backtest', has_final => true);
COMMENT ON TYPE csmetrics.backtest IS
'Predictions held against what then happened, by risk and subject: 32 bytes for each different one, at '
'most 2^21 of them. Built by backtest_agg; read by auc, predicts, flagged_at, top_lift, calibration, '
'risk_fit and brier; adds up by merge and rollup.';

CALL csmetrics.define_agg('backtest_agg', 'risk double precision, happened boolean', 'backtest', 256, comment =>
'Predictions and what came of them, one row a prediction. risk: the higher the more likely, on any scale; happened: '
'what was predicted came true. Rows with NULL are left out: where all are, the state is empty. A risk NaN or infinite: '
'SQLSTATE 22003; past 2^21 different rows: 54000. NULL without rows.');
CALL csmetrics.define_agg('backtest_agg',
    'risk double precision, happened boolean, subject text',
    'backtest', 256, comment =>
'The same, where subject is what the prediction was made of, such as the account: predictions of one subject, at '
'different times say, are not independent, and auc_interval, predicts and risk_fit take them as one cluster. A NULL '
'subject is nobody''s: such a row is a cluster by itself.');

CREATE FUNCTION csmetrics.prediction_count(state csmetrics.backtest) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'backtest_prediction_count';
COMMENT ON FUNCTION csmetrics.prediction_count(csmetrics.backtest) IS 'Predictions; rows with NULL are not counted.';
CREATE FUNCTION csmetrics.happened_count(state csmetrics.backtest) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'backtest_happened_count';
COMMENT ON FUNCTION csmetrics.happened_count(csmetrics.backtest) IS
'Predictions of what then happened, whatever their risk.';
CREATE FUNCTION csmetrics.base_rate(state csmetrics.backtest) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.base_rate(csmetrics.backtest) IS
'What happened / all predictions, a ratio: how often the event comes, whoever predicts it. NULL if there are no '
'predictions, or counts below zero as after unmerge.';

CREATE FUNCTION csmetrics.auc(state csmetrics.backtest) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.auc(csmetrics.backtest) IS
'The area under the ROC curve, a ratio: the chance that one that happened had a higher risk than one that did not, a '
'tie counting half (Mann and Whitney). 0.5: risk tells nothing; below: it is upside down. NULL unless both kinds were '
'seen, or for counts below zero as after unmerge.';
CREATE FUNCTION csmetrics.auc_interval(state csmetrics.backtest, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.auc_interval(csmetrics.backtest, double precision) IS
'Confidence interval of auc, as ratios, predictions of one subject being a cluster (Obuchowski, Biometrics 53, 1997). '
'Near the confidence from some ten subjects of each kind on. confidence is a share, 0.95 if not given; outside 0 to 1: '
'SQLSTATE 22023. NULLs where auc is NULL.';
CREATE FUNCTION csmetrics.predicts(state csmetrics.backtest, confidence double precision DEFAULT 0.95,
    at_least integer DEFAULT 10) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.predicts(csmetrics.backtest, double precision, integer) IS
'Whether risk tells what will happen, by auc_interval: yes (above 0.5), inverse (below), no (0.5 is not ruled out), '
'too few (less than at_least, 10 if not given, subjects with the event, or without). confidence outside 0 to 1, '
'at_least below 1: SQLSTATE 22023. NULL for counts below zero.';

CREATE FUNCTION csmetrics.flagged_at(state csmetrics.backtest, risk_from double precision,
    confidence double precision DEFAULT 0.95,
    OUT flagged bigint, OUT hits bigint, OUT missed bigint, OUT "precision" double precision,
    OUT precision_lower double precision, OUT precision_upper double precision, OUT recall double precision,
    OUT recall_lower double precision, OUT recall_upper double precision, OUT lift double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.flagged_at(csmetrics.backtest, double precision, double precision) IS
'Acting on each risk of risk_from or more: counts, precision = hits / flagged and recall = hits / all that happened, '
'as ratios with Wilson intervals; lift = precision / base_rate. NULL where a denominator is 0, ratios for counts below '
'zero. risk_from NaN, confidence outside 0 to 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.top_lift(state csmetrics.backtest, share double precision DEFAULT 0.1,
    confidence double precision DEFAULT 0.95,
    OUT flagged double precision, OUT hits double precision, OUT lift double precision, OUT lower double precision,
    OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.top_lift(csmetrics.backtest, double precision, double precision) IS
'How much more often it happened among the share with the highest risk (0.1 if not given) than among all: lift = hits '
'/ flagged / base_rate, with its Wilson interval. lift is NULL if nothing happened; all without predictions or with '
'counts below 0. share or confidence outside 0 to 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.calibration(state csmetrics.backtest, groups integer DEFAULT 10,
    confidence double precision DEFAULT 0.95,
    OUT group_number integer, OUT lowest_risk double precision, OUT highest_risk double precision,
    OUT mean_risk double precision, OUT predictions bigint, OUT happened bigint, OUT rate double precision,
    OUT lower double precision, OUT upper double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.calibration(csmetrics.backtest, integer, double precision) IS
'Risk and what happened, in groups (10 if not given) of about equal size in ascending order of risk: rate = happened / '
'predictions, with its Wilson interval. Equal risks are not split. No rows without predictions, or for counts below '
'zero. groups below 1, confidence outside 0 to 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.risk_fit(state csmetrics.backtest, confidence double precision DEFAULT 0.95,
    OUT intercept double precision, OUT slope double precision, OUT slope_lower double precision,
    OUT slope_upper double precision, OUT reason text)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'risk_fit_sql';
COMMENT ON FUNCTION csmetrics.risk_fit(csmetrics.backtest, double precision) IS
'Logistic regression of what happened on risk, by maximum likelihood: the chance is 1 / (1 + exp(-(intercept + slope * '
'risk))). The interval of slope takes subjects as clusters (Liang, Zeger 1986). Where there is no maximum, all are '
'NULL and reason says why. confidence outside 0 to 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.brier(state csmetrics.backtest) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.brier(csmetrics.backtest) IS
'The Brier score of risk as a probability (Monthly Weather Review 78, 1950): the mean of (risk - 1)^2 of what happened '
'and risk^2 of what did not, from 0, the best, to 1. A risk outside 0 to 1: SQLSTATE 22003. NULL without predictions, '
'or for counts below zero as after unmerge.';
-- Health: the signals of one account, the score that they come to, and what it is made of.
CALL csmetrics.define_state('health', has_final => true);
COMMENT ON TYPE csmetrics.health IS
'The signals of one account, each with its component, value (to 12 decimals), weight (to 6) and policy. Built by '
'health_score; read by score, tier, coverage, contributions and health_change. merge adds the signals of both, so that '
'the health of several accounts is that of their mean; see health_agg.';

CALL csmetrics.define_agg('health_score',
    'component text, signal text, value double precision, weight double precision',
    'health', 4096, removable => false, comment =>
'The health of one account, one row a signal: value 0, the worst, to 100, NULL where missing; weight 0 to 10^6. Rows '
'NULL throughout are left out. Component, signal or weight NULL: SQLSTATE 22004; value, weight or name (255 bytes) out '
'of range: 22023; more than 2^19 signals: 54000. NULL without rows.');
CALL csmetrics.define_agg('health_score',
    'component text, signal text, value double precision, weight double precision, policy text',
    'health', 4096, removable => false, comment =>
'The same, with a policy for each signal: renormalise, neutral (50) or zero where its value is missing; veto: its '
'value is the most that the score may be; pulse: its value is the score, NULL once it has expired. Of several the '
'lowest holds. Another policy: SQLSTATE 22023; NULL: 22004.');
CALL csmetrics.define_agg('health_score',
    'component text, signal text, value double precision, weight double precision, '
    'policy text, freshness double precision',
    'health', 4096, removable => false, comment =>
'The same, with the freshness of each value: the share of its weight that still counts, from 1 to 0, for values that '
'are carried forward with decay; see freshness(). NULL and 0: the value is missing. Outside 0 ... 1: SQLSTATE 22023.');

CREATE FUNCTION csmetrics.score(health csmetrics.health, min_coverage double precision DEFAULT 0.6,
    method text DEFAULT 'weighted') RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_score_read_sql';
COMMENT ON FUNCTION csmetrics.score(csmetrics.health, double precision, text) IS
'The health score, 0 to 100, to 12 decimals. method: weighted (default), the mean of components; worst_component, '
'worst_signal. Then vetoes and pulses. NULL where less than min_coverage of the weight is known and there is no pulse, '
'without weight, and for NULL. Bad arguments: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.tier(health csmetrics.health, yellow_from double precision DEFAULT 50,
    green_from double precision DEFAULT 80, min_coverage double precision DEFAULT 0.6,
    method text DEFAULT 'weighted') RETURNS text
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_tier_sql';
COMMENT ON FUNCTION csmetrics.tier(csmetrics.health, double precision, double precision, double precision, text) IS
'The tier of the score: Green from green_from on, Yellow from yellow_from on, Red below; so 79.999 is Yellow, 80 is '
'Green. Unknown where score(health, min_coverage, method) is NULL, and for NULL. yellow_from not below green_from, '
'bounds outside 0 ... 100: SQLSTATE 22023; errors as score.';

CREATE FUNCTION csmetrics.tier(score double precision, yellow_from double precision DEFAULT 50,
    green_from double precision DEFAULT 80) RETURNS text
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_tier_of_score';
COMMENT ON FUNCTION csmetrics.tier(double precision, double precision, double precision) IS
'The tier of a score: Green from green_from on, Yellow from yellow_from on, Red below; Unknown for NULL. yellow_from '
'not below green_from, bounds or score outside 0 ... 100: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.held_tier(score double precision, held text, margin double precision DEFAULT 2,
    yellow_from double precision DEFAULT 50, green_from double precision DEFAULT 80) RETURNS text
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_held_tier_sql';
COMMENT ON FUNCTION csmetrics.held_tier(double precision, text, double precision, double precision, double precision) IS
'The tier of a score with hysteresis: from tier held it goes up at margin points above a bound and down at '
'margin points below it. held NULL or Unknown: tier(score). Unknown for a NULL score. Another tier, margin '
'outside 0 ... 100: SQLSTATE 22023; errors as tier.';

CREATE FUNCTION csmetrics.coverage(health csmetrics.health) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_coverage';
COMMENT ON FUNCTION csmetrics.coverage(csmetrics.health) IS
'The share of the weight whose value is known, 0 to 1; what is carried forward counts by its freshness, what is '
'assumed (neutral, zero) does not. NULL where nothing has weight, and for NULL.';

CREATE FUNCTION csmetrics.contributions(health csmetrics.health, method text DEFAULT 'weighted',
    OUT component text, OUT signal text, OUT value double precision, OUT weight double precision, OUT points numeric,
    OUT points_lost numeric) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 16 AS 'MODULE_PATHNAME', 'health_contributions';
COMMENT ON FUNCTION csmetrics.contributions(csmetrics.health, text) IS
'What the score is made of, one row a signal: value, weight, the points that it gives and those that it takes from '
'100. points add up to score(health, 0, method) exactly, points_lost to 100 less that. A missing signal has NULL value '
'and no points, unless assumed. No rows for NULL. Errors as score.';

CREATE FUNCTION csmetrics.health_change(before csmetrics.health, after csmetrics.health,
    min_coverage double precision DEFAULT 0.6, method text DEFAULT 'weighted',
    OUT component text, OUT signal text, OUT term text, OUT value_before double precision,
    OUT value_after double precision, OUT points numeric) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 8 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.health_change(csmetrics.health, csmetrics.health, double precision, text) IS
'Why the score is another than before, one row a change; points add up to score(after) - score(before) '
'exactly. term: value, coverage, definition or override. No rows for the same health, where either '
'score is NULL, and for NULL. Errors as score.';

CREATE FUNCTION csmetrics.health_reasons(health csmetrics.health, method text DEFAULT 'weighted',
    at_most integer DEFAULT 3) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.health_reasons(csmetrics.health, text, integer) IS
'What costs the score most, as text: the at_most signals, 3 if not given, with the most points_lost of contributions, '
'the greatest first, as in ''trend -6.2, csat -3.1''. Less than 0.05 points is left out. NULL where nothing is lost, '
'there is no score, or an argument is NULL. Errors as score.';
-- The health of a group of accounts: how scores are distributed, and the MRR behind them.
CALL csmetrics.define_state('health_summary', has_final => true);
COMMENT ON TYPE csmetrics.health_summary IS
'How the health scores of a group of accounts are distributed, with their MRR: exact sums, and the accounts by '
'hundredths of a score, at most 10,002 rows of 32 bytes. Built by health_agg; adds up by merge and rollup.';

CALL csmetrics.define_agg('health_agg',
    'health csmetrics.health, mrr numeric',
    'health_summary', 0, symbol => 'health_agg_add_health', comment =>
'Summarizes the health of accounts, one row an account with its MRR (NULL: 0), each by score(health). An account whose '
'score is NULL, or whose health is, counts as Unknown. Rows that are NULL throughout are left out. An MRR beyond '
'10^18: SQLSTATE 22003. NULL without rows.');
CALL csmetrics.define_agg('health_agg',
    'score double precision, mrr numeric',
    'health_summary', 0, symbol => 'health_agg_add_score', comment =>
'The same of scores, however they were read: 0 to 100, NULL where unknown. A score outside: SQLSTATE 22023.');

CREATE FUNCTION csmetrics.account_count(summary csmetrics.health_summary) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.health_summary) IS 'Accounts, those of unknown score too';
CREATE FUNCTION csmetrics.scored_count(summary csmetrics.health_summary) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_scored_count';
COMMENT ON FUNCTION csmetrics.scored_count(csmetrics.health_summary) IS 'Accounts whose score is known';
CREATE FUNCTION csmetrics.mean_score(summary csmetrics.health_summary) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_mean_score';
COMMENT ON FUNCTION csmetrics.mean_score(csmetrics.health_summary) IS
'Mean of the known scores, each account alike; NULL without any';
CREATE FUNCTION csmetrics.weighted_score(summary csmetrics.health_summary) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_weighted_score';
COMMENT ON FUNCTION csmetrics.weighted_score(csmetrics.health_summary) IS
'Mean of the known scores, each account by its MRR: the health of the revenue; NULL where these have none';
CREATE FUNCTION csmetrics.worst_score(summary csmetrics.health_summary) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_worst_score';
COMMENT ON FUNCTION csmetrics.worst_score(csmetrics.health_summary) IS
'The lowest known score, rounded down to hundredths; NULL without any';

CREATE FUNCTION csmetrics.health_tiers(summary csmetrics.health_summary, yellow_from double precision DEFAULT 50,
    green_from double precision DEFAULT 80, confidence double precision DEFAULT 0.95,
    OUT tier text, OUT accounts bigint, OUT share double precision, OUT lower double precision,
    OUT upper double precision, OUT mrr numeric, OUT mrr_share double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 4 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.health_tiers(
    csmetrics.health_summary, double precision, double precision, double precision) IS
'Accounts and MRR by tier: a row each for Green, Yellow, Red and Unknown, with the share of accounts, its Wilson '
'interval, and the share of MRR, as ratios; NULL without accounts or MRR. Bounds with more than two decimals, outside '
'0 ... 100 or out of order: SQLSTATE 22023. No rows for NULL.';
-- Time to an event, with some events still to come: durations, its aggregates, its readers.
CALL csmetrics.define_state('durations', has_final => true);
COMMENT ON TYPE csmetrics.durations IS
'How long a group of subjects took until an event. Who has not had it yet is censored; a competing event rules it out. '
'Built by duration_agg; exact up to 4,096 different lengths, then to 0.4 % (is_exact tells): 32 bytes a length, 128 '
'with weights; adds up by merge and rollup.';

CALL csmetrics.define_agg('duration_agg',
    'started timestamptz, ended timestamptz, as_of timestamptz',
    'durations', 512, add => 'duration_agg_add_instants', comment =>
'Durations, one row a subject, as known at as_of: from started to ended, or censored at as_of where ended is NULL or '
'later. Days are 24 hours. Not started by as_of: no subject; ended before started: rejected_count. as_of NULL: '
'SQLSTATE 22004; infinite, or past 36,533 years: 22008. NULL without rows.');
CALL csmetrics.define_agg('duration_agg',
    'started timestamptz, ended timestamptz, as_of timestamptz, competed timestamptz',
    'durations', 512, add => 'duration_agg_add_instants', comment =>
'The same with the instant of a competing event that rules the event out, as an account that is lost before it '
'reached value: whichever comes first counts (ended, if both do at once). NULL: none. With several causes, read each '
'from a state of its own, all others competing.');
CALL csmetrics.define_agg('duration_agg',
    'started timestamptz, ended timestamptz, as_of timestamptz, competed timestamptz, entered timestamptz',
    'durations', 512, add => 'duration_agg_add_instants', comment =>
'The same with the instant from which the subject was under observation (late entry): it is at risk only after '
'entered; NULL or not after started: from the start. Who left by entered could not have been seen: '
'rejected_count. competed may be NULL throughout.');
CALL csmetrics.define_agg('duration_agg',
    'length interval, ended boolean',
    'durations', 512, add => 'duration_agg_add_length', comment =>
'Durations from lengths, one row a subject: length until the event (ended true) or until observation stopped. A '
'month counts 30 days, a day 24 hours. Rows with NULL are left out; a length below zero: rejected_count; past 36,533 '
'years: SQLSTATE 22008. NULL without rows.');
CALL csmetrics.define_agg('duration_agg',
    'length interval, ended boolean, competing boolean',
    'durations', 512, add => 'duration_agg_add_length', comment =>
'The same with competing events: competing true (and ended not) is a length '
'until a competing event ruled the event out.');
CALL csmetrics.define_agg('duration_agg',
    'length interval, ended boolean, weight numeric',
    'durations', 512, add => 'duration_agg_add_weighted', comment =>
'The same, each subject with a weight, as its MRR: curve, quantiles and means are of the weight; naive '
'readings, counts and log_rank go by subjects. Six decimals are kept; below 0: SQLSTATE 22023; beyond 10^18: '
'22003; rows without weight are left out.');

CREATE FUNCTION csmetrics.median_duration(state csmetrics.durations) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.median_duration(csmetrics.durations) IS
'The length by which half of the subjects had the event, from the survival curve, and so not flattered by those that '
'are still waiting: the first at which the curve is not above 0.5; where it stays at 0.5, the middle of that stretch '
'(as R survival). NULL if the curve never gets there.';
CREATE FUNCTION csmetrics.median_duration_interval(state csmetrics.durations, confidence double precision DEFAULT 0.95,
    scale text DEFAULT 'log-log',
    OUT lower interval, OUT upper interval)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.median_duration_interval(csmetrics.durations, double precision, text) IS
'Confidence interval of median_duration (Brookmeyer and Crowley, Biometrics 38, 1982). confidence is a share, 0.95 '
'if not given; scale, on which it is symmetric: log-log (default) or log; else SQLSTATE 22023. An end is NULL where '
'the interval of the curve never passes 0.5.';
CREATE FUNCTION csmetrics.duration_quantile(state csmetrics.durations, share double precision) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.duration_quantile(csmetrics.durations, double precision) IS
'The length by which that share of the subjects had the event, as median_duration; share is between 0 and 1, '
'0.9 for nine of ten: else SQLSTATE 22023.';
CREATE FUNCTION csmetrics.duration_quantile_interval(state csmetrics.durations, share double precision,
    confidence double precision DEFAULT 0.95, scale text DEFAULT 'log-log',
    OUT lower interval, OUT upper interval)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.duration_quantile_interval(
    csmetrics.durations, double precision, double precision, text) IS
'Confidence interval of duration_quantile, as median_duration_interval.';
CREATE FUNCTION csmetrics.share_within(state csmetrics.durations, within interval) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.share_within(csmetrics.durations, interval) IS
'Share of the subjects that had the event within that time, inclusive, a ratio: one minus the survival curve (with '
'competing events the Aalen-Johansen incidence). NULL without subjects, and past the longest length, where nobody was '
'observed, unless none was left before. Below 0: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.share_within_interval(state csmetrics.durations, within interval,
    confidence double precision DEFAULT 0.95, scale text DEFAULT 'log-log',
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.share_within_interval(csmetrics.durations, interval, double precision, text) IS
'Confidence interval of share_within, as ratios, from that of the curve. confidence is a share, 0.95 if not given; '
'scale, on which it is symmetric: log-log (default) or log; else SQLSTATE 22023. NULLs where share_within is NULL, '
'when nobody is left, and on log-log before the first event.';
CREATE FUNCTION csmetrics.restricted_mean(state csmetrics.durations) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.restricted_mean(csmetrics.durations) IS
'Mean length up to the longest one that was observed: the area under the survival '
'curve until there. NULL without subjects.';
CREATE FUNCTION csmetrics.restricted_mean(state csmetrics.durations, horizon interval) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.restricted_mean(csmetrics.durations, interval) IS
'Mean length up to a horizon, a longer one counting as the horizon: comparable between groups, unlike a plain mean, '
'for those still waiting count. NULL without subjects, and where the curve ends before the horizon.';
CREATE FUNCTION csmetrics.restricted_mean_interval(state csmetrics.durations, confidence double precision DEFAULT 0.95,
    OUT lower interval, OUT upper interval)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.restricted_mean_interval(csmetrics.durations, double precision) IS
'Confidence interval of restricted_mean (normal, with the variance of the area under the curve; Klein and '
'Moeschberger, Survival Analysis, 2003, 4.5). confidence as in median_duration_interval.';
CREATE FUNCTION csmetrics.restricted_mean_interval(state csmetrics.durations, horizon interval,
    confidence double precision DEFAULT 0.95,
    OUT lower interval, OUT upper interval)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.restricted_mean_interval(csmetrics.durations, interval, double precision) IS
'Confidence interval of restricted_mean up to a horizon.';
CREATE FUNCTION csmetrics.naive_mean(state csmetrics.durations) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.naive_mean(csmetrics.durations) IS
'What is usually reported: the mean length of those that had the event, exact in any state. It leaves out who is still '
'waiting, and so is too short. NULL if nobody had the event.';
CREATE FUNCTION csmetrics.naive_median(state csmetrics.durations) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.naive_median(csmetrics.durations) IS
'What is usually reported: the median length of those that had the event, between two neighbours their middle, as '
'percentile_cont. NULL if nobody had the event.';
CREATE FUNCTION csmetrics.naive_quantile(state csmetrics.durations, share double precision) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.naive_quantile(csmetrics.durations, double precision) IS
'The same for another share, as percentile_cont; share between 0 and 1, else SQLSTATE 22023.';
CREATE FUNCTION csmetrics.is_exact(state csmetrics.durations) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_is_exact';
COMMENT ON FUNCTION csmetrics.is_exact(csmetrics.durations) IS
'Are all lengths kept as they were? False past 4,096 different ones: each then counts as one that is off by at most '
'0.4 %, and of those censored in it half are taken as gone before its events (life table). It depends on the facts '
'alone, not on their order. NULL for NULL.';
CREATE FUNCTION csmetrics.subject_count(state csmetrics.durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_subject_count';
COMMENT ON FUNCTION csmetrics.subject_count(csmetrics.durations) IS 'Subjects: ended, competing and censored ones.';
CREATE FUNCTION csmetrics.ended_count(state csmetrics.durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_ended_count';
COMMENT ON FUNCTION csmetrics.ended_count(csmetrics.durations) IS 'Subjects that had the event.';
CREATE FUNCTION csmetrics.competing_count(state csmetrics.durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_competing_count';
COMMENT ON FUNCTION csmetrics.competing_count(csmetrics.durations) IS 'Subjects that had a competing event.';
CREATE FUNCTION csmetrics.censored_count(state csmetrics.durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_censored_count';
COMMENT ON FUNCTION csmetrics.censored_count(csmetrics.durations) IS
'Subjects that had no event as long as they were observed.';
CREATE FUNCTION csmetrics.rejected_count(state csmetrics.durations) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'durations_rejected_count';
COMMENT ON FUNCTION csmetrics.rejected_count(csmetrics.durations) IS
'Rows that can be no subject: ended before started, a length below zero, gone before the observation began.';

CREATE FUNCTION csmetrics.survival(state csmetrics.durations, confidence double precision DEFAULT 0.95,
    scale text DEFAULT 'log-log',
    OUT at interval, OUT at_risk bigint, OUT ended bigint, OUT censored bigint, OUT surviving double precision,
    OUT lower double precision, OUT upper double precision, OUT competing bigint, OUT weight_at_risk numeric,
    OUT weight_ended numeric) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 500 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.survival(csmetrics.durations, double precision, text) IS
'The survival curve, a row a length at which subjects left: counts, surviving, a ratio, and its interval. Kaplan-Meier '
'with Greenwood''s variance; with competing events one minus the Aalen-Johansen incidence. confidence and scale as in '
'median_duration_interval; lower and upper may be NULL.';
CREATE FUNCTION csmetrics.incidence(state csmetrics.durations, confidence double precision DEFAULT 0.95,
    scale text DEFAULT 'log-log',
    OUT at interval, OUT at_risk bigint, OUT ended bigint, OUT competing bigint, OUT censored bigint,
    OUT incidence double precision, OUT lower double precision, OUT upper double precision,
    OUT competing_incidence double precision, OUT event_free double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 500 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.incidence(csmetrics.durations, double precision, text) IS
'Cumulative incidence with competing events (Aalen and Johansen, Scand. J. Stat. 5, 1978), a row a length at which '
'subjects left: the shares with the event (and its interval), a competing one, and neither, which add up to 1. Counts, '
'confidence, scale and NULLs as in survival.';

CREATE FUNCTION csmetrics.log_rank(a csmetrics.durations, b csmetrics.durations, rho double precision DEFAULT 0,
    OUT statistic double precision, OUT p double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.log_rank(csmetrics.durations, csmetrics.durations, double precision) IS
'Do two groups differ in their time to the event? Log-rank test: chi-square with one degree of freedom, and its p. rho '
'above 0 weighs early differences more (Harrington and Fleming 1982). By subjects; competing is censored. rho outside '
'0 to 100: SQLSTATE 22023. NULLs unless both were at risk.';
CREATE FUNCTION csmetrics.log_rank(groups csmetrics.durations[], rho double precision DEFAULT 0,
    OUT statistic double precision, OUT degrees integer, OUT p double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'log_rank_groups';
COMMENT ON FUNCTION csmetrics.log_rank(csmetrics.durations[], double precision) IS
'The same for any number of groups up to 1,000, with one degree of freedom less than there are groups at risk '
'of an event. NULL elements are left out.';

CREATE FUNCTION csmetrics.as_days(length interval) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.as_days(interval) IS 'A length of time in days of 24 hours. NULL for NULL.';
CREATE FUNCTION csmetrics.as_hours(length interval) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.as_hours(interval) IS 'A length of time in hours, a day counting 24. NULL for NULL.';
-- Churn from first and last days: churn, its aggregate, its readers, and rates brought to another length of time.
CALL csmetrics.define_state('churn', has_final => false);
COMMENT ON TYPE csmetrics.churn IS
'Customers that were in force, left, joined and came due over one period, with their MRR. Built by churn_agg; read by '
'logo_churn, revenue_churn and the counts; adds up by merge and rollup.';

CALL csmetrics.define_agg('churn_agg',
    'started date, ended date, from_date date, to_date date',
    'churn', 168, comment =>
'Churn over [from_date, to_date), one row a customer, in force on days from started on and before ended (NULL or '
'infinity: still). Rows without started are counted, never in force. ended before started, an empty period, or one '
'that varies in the group: SQLSTATE 22023. NULL without rows.');
CALL csmetrics.define_agg('churn_agg',
    'started date, ended date, from_date date, to_date date, mrr numeric',
    'churn', 168, comment =>
'The same with each customer''s MRR, in money, so that revenue_churn can be read; below zero counts as zero; rows '
'without mrr are counted but never in force.');
CALL csmetrics.define_agg('churn_agg',
    'started date, ended date, from_date date, to_date date, mrr numeric, renews_on date',
    'churn', 168, comment =>
'The same with the day on which the customer''s term renews, so that the denominator up_for_renewal can '
'be read. A renewal that falls within the period, after the first day of the term, is due; it is lost '
'when ended is not after it. NULL: none due.');

CREATE FUNCTION csmetrics.logo_churn(state csmetrics.churn, denominator text DEFAULT 'start') RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_logo';
COMMENT ON FUNCTION csmetrics.logo_churn(csmetrics.churn, text) IS
'Logo churn of the period, a ratio. denominator: start (default), lost of the opening / opening; start_plus_new, lost '
'/ opening and joined; average, lost / mean of opening and closing; up_for_renewal, renewals lost / due. NULL when the '
'denominator is 0. An unknown word: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.revenue_churn(state csmetrics.churn,
    denominator text DEFAULT 'start') RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_revenue';
COMMENT ON FUNCTION csmetrics.revenue_churn(csmetrics.churn, text) IS
'Revenue churn of the period, a ratio: logo_churn weighted by MRR, with the same denominators. NULL when '
'the denominator is 0, as it is without MRR.';
CREATE FUNCTION csmetrics.logo_churn_interval(state csmetrics.churn, confidence double precision DEFAULT 0.95,
    denominator text DEFAULT 'start',
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_logo_interval';
COMMENT ON FUNCTION csmetrics.logo_churn_interval(csmetrics.churn, double precision, text) IS
'Confidence interval of logo_churn, as ratios: Wilson score. confidence is a share, 0.95 if not given; outside 0 to 1: '
'SQLSTATE 22023. NULLs when the denominator is 0, or when an average is less than what was lost.';

CREATE FUNCTION csmetrics.account_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.churn) IS
'Rows given to the aggregate, whether the period touches them or not.';
CREATE FUNCTION csmetrics.opening_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_opening_count';
COMMENT ON FUNCTION csmetrics.opening_count(csmetrics.churn) IS
'Customers in force at the end of the day before the period.';
CREATE FUNCTION csmetrics.churned_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_churned_count';
COMMENT ON FUNCTION csmetrics.churned_count(csmetrics.churn) IS
'Customers in force at the opening whose end falls within the period.';
CREATE FUNCTION csmetrics.new_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_new_count';
COMMENT ON FUNCTION csmetrics.new_count(csmetrics.churn) IS
'Customers that started within the period and were in force at its end.';
CREATE FUNCTION csmetrics.intra_period_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_intra_period_count';
COMMENT ON FUNCTION csmetrics.intra_period_count(csmetrics.churn) IS
'Customers that started and ended within the period.';
CREATE FUNCTION csmetrics.closing_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_closing_count';
COMMENT ON FUNCTION csmetrics.closing_count(csmetrics.churn) IS
'Customers in force at the end of the period: opening - churned + new.';
CREATE FUNCTION csmetrics.due_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_due_count';
COMMENT ON FUNCTION csmetrics.due_count(csmetrics.churn) IS 'Customers with a renewal due within the period.';
CREATE FUNCTION csmetrics.unrenewed_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_unrenewed_count';
COMMENT ON FUNCTION csmetrics.unrenewed_count(csmetrics.churn) IS
'Customers with a renewal due within the period that had ended by it.';

CREATE FUNCTION csmetrics.opening_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_opening_mrr';
COMMENT ON FUNCTION csmetrics.opening_mrr(csmetrics.churn) IS 'MRR of opening_count, in money, exact.';
CREATE FUNCTION csmetrics.churned_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_churned_mrr';
COMMENT ON FUNCTION csmetrics.churned_mrr(csmetrics.churn) IS 'MRR of churned_count, in money, exact.';
CREATE FUNCTION csmetrics.new_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_new_mrr';
COMMENT ON FUNCTION csmetrics.new_mrr(csmetrics.churn) IS 'MRR of new_count, in money, exact.';
CREATE FUNCTION csmetrics.intra_period_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_intra_period_mrr';
COMMENT ON FUNCTION csmetrics.intra_period_mrr(csmetrics.churn) IS 'MRR of intra_period_count, in money, exact.';
CREATE FUNCTION csmetrics.closing_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_closing_mrr';
COMMENT ON FUNCTION csmetrics.closing_mrr(csmetrics.churn) IS 'MRR of closing_count, in money, exact.';
CREATE FUNCTION csmetrics.due_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_due_mrr';
COMMENT ON FUNCTION csmetrics.due_mrr(csmetrics.churn) IS 'MRR of due_count, in money, exact.';
CREATE FUNCTION csmetrics.unrenewed_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_unrenewed_mrr';
COMMENT ON FUNCTION csmetrics.unrenewed_mrr(csmetrics.churn) IS 'MRR of unrenewed_count, in money, exact.';

CREATE FUNCTION csmetrics.annualize_churn(rate double precision, months integer DEFAULT 1) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'annualize_churn';
COMMENT ON FUNCTION csmetrics.annualize_churn(double precision, integer) IS
'The yearly rate of a churn rate over that many months, compounding: 1 - (1 - rate)^(12 / months). 0.05 a month is '
'0.4596 a year, not 0.60. A rate above 1, infinite or NaN, or months below 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.annualize_churn(rates double precision[]) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'annualize_churn_months';
COMMENT ON FUNCTION csmetrics.annualize_churn(double precision[]) IS
'The yearly rate of the churn rates of actual months, compounding: 1 - product of (1 - rate); of '
'another number of months than twelve, brought to twelve. NULL for an empty array or one with NULL. A '
'rate above 1, infinite or NaN: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.monthly_churn(annual_rate double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'monthly_churn';
COMMENT ON FUNCTION csmetrics.monthly_churn(double precision) IS
'The monthly rate that compounds to a yearly churn rate: 1 - (1 - rate)^(1/12), the inverse of annualize_churn. A rate '
'above 1, infinite or NaN: SQLSTATE 22023.';
-- The revenue history of one account: mrr_timeline, its aggregate and its readers.
CALL csmetrics.define_state('mrr_timeline', has_final => true);
COMMENT ON TYPE csmetrics.mrr_timeline IS
'The MRR of one account over time, as the days on which it changed, 24 bytes each. Built by mrr_timeline_agg; keeps '
'time, so it can be read as of any day; adds up by merge and rollup.';

CALL csmetrics.define_agg('mrr_timeline_agg',
    'starts date, ends date, mrr numeric',
    'mrr_timeline', 128, add => 'mrr_timeline_add_term', removable => false, comment =>
'Revenue of an account, one row a term: mrr, in money a month, on days from starts on and before ends (NULL or '
'infinity: still). Terms add up; those without starts or mrr are left out. ends before starts: SQLSTATE 22023; mrr '
'beyond 10^18: 22003; years outside 1 to 9999: 22008. NULL without rows.');
CALL csmetrics.define_agg('mrr_timeline_agg',
    'starts date, ends date, mrr numeric, paused boolean',
    'mrr_timeline', 128, add => 'mrr_timeline_add_term', removable => false, comment =>
'The same with pauses: over a term that is paused no MRR is in force (mrr may be NULL), and an account whose MRR '
'is gone meanwhile is paused, not churned.');
CALL csmetrics.define_agg('mrr_timeline_agg',
    'starts date, ends date, mrr numeric, paused boolean, free boolean',
    'mrr_timeline', 128, add => 'mrr_timeline_add_term', removable => false, comment =>
'The same with free customers: while a term with free, not paused, is in force at an MRR of 0 or NULL, the account '
'is an active customer without MRR; with other MRR, free says nothing. More than 16383 free terms, or pauses, that '
'begin on one day, or end: SQLSTATE 22003.');
CALL csmetrics.define_agg('mrr_timeline_agg',
    'as_of date, mrr numeric',
    'mrr_timeline', 128, add => 'mrr_timeline_add_snapshot', removable => false, comment =>
'The revenue history of one account from snapshots, one row a day and subscription: mrr, in money a month, holds '
'until the account''s next snapshot; rows of a day add up; a lost account needs a row of 0. Rows with NULL are left '
'out; errors as for terms. NULL without rows.');

CREATE FUNCTION csmetrics.mrr_at(timeline csmetrics.mrr_timeline, day date) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.mrr_at(csmetrics.mrr_timeline, date) IS
'MRR in force on that day, in money a month; 0 where there is none. A sum below zero reads as 0. NULL for NULL.';
CREATE FUNCTION csmetrics.active_at(timeline csmetrics.mrr_timeline, day date) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.active_at(csmetrics.mrr_timeline, date) IS
'Is the account an active customer on that day: with MRR, or with a free term where '
'the timeline counts those. NULL for NULL.';
CREATE FUNCTION csmetrics.first_paid_on(timeline csmetrics.mrr_timeline) RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.first_paid_on(csmetrics.mrr_timeline) IS
'The first day as an active customer: with MRR, or with a free term where the '
'timeline counts those; NULL if there is none.';
CREATE FUNCTION csmetrics.churned_on(timeline csmetrics.mrr_timeline, as_of date DEFAULT 'infinity',
    pauses_are_churn boolean DEFAULT false) RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.churned_on(csmetrics.mrr_timeline, date, boolean) IS
'The day on which the account lost its last MRR (or free term, where these count), as of as_of (default: the end); '
'NULL if it has MRR then, never had any, or is paused. A pause that ended without MRR: the day it ended. '
'pauses_are_churn: the day a pause began.';
CREATE FUNCTION csmetrics.revenue_between(timeline csmetrics.mrr_timeline, from_date date, to_date date) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.revenue_between(csmetrics.mrr_timeline, date, date) IS
'Revenue earned on the days from from_date on and before to_date, in money: a full calendar month '
'earns its MRR, part of one its share of that month''s days; exact, rounded once to six decimals. '
'from_date not before to_date: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.scale(timeline csmetrics.mrr_timeline, rate numeric) RETURNS csmetrics.mrr_timeline
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'timeline_scale_by';
COMMENT ON FUNCTION csmetrics.scale(csmetrics.mrr_timeline, numeric) IS
'The timeline in another currency: the MRR of every day times rate, rounded once to six decimals, half away from '
'zero. Pauses stay. rate is above 0 and below 10^12, with at most 36 digits before and after the point, else SQLSTATE '
'22023; MRR past 10^24: 22003. NULL for NULL.';

CREATE FUNCTION csmetrics.smooth_gaps(timeline csmetrics.mrr_timeline, days integer) RETURNS csmetrics.mrr_timeline
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.smooth_gaps(csmetrics.mrr_timeline, integer) IS
'The timeline with each gap of fewer than that many days, in which the account is no active customer, filled with the '
'MRR before it: late renewals are no churn. Pauses stay. days below 0: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.limit_pauses(timeline csmetrics.mrr_timeline, days integer) RETURNS csmetrics.mrr_timeline
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.limit_pauses(csmetrics.mrr_timeline, integer) IS
'The timeline with each pause ended after that many days: an account that is not back by then '
'has churned. days below 0: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.split_gaps(timeline csmetrics.mrr_timeline, days integer) RETURNS SETOF csmetrics.mrr_timeline
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 1 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.split_gaps(csmetrics.mrr_timeline, integer) IS
'The timeline cut where the account came back more than that many days after its churn, a row a part that reads as a '
'customer of its own: the return is new. Parts add up to the timeline. One row for days NULL or an empty timeline; '
'none for a timeline of NULL. days below 0: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.changes(timeline csmetrics.mrr_timeline, pauses_are_churn boolean DEFAULT false,
    OUT changed_on date, OUT movement text, OUT opening numeric, OUT closing numeric, OUT amount numeric)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5 AS 'MODULE_PATHNAME', 'changes_by_day';
COMMENT ON FUNCTION csmetrics.changes(csmetrics.mrr_timeline, boolean) IS
'The movements of one account, a row a day of change: new, reactivation, resume, expansion, contraction, churn or '
'pause; opening and closing MRR around it and its amount, in money. A pause that ends without MRR: a row of churn, and '
'one of pause below zero. pauses_are_churn: shown as such.';
CREATE FUNCTION csmetrics.changes(timeline csmetrics.mrr_timeline, from_date date, to_date date, period text,
    lag integer DEFAULT 1, pauses_are_churn boolean DEFAULT false,
    OUT period_start date, OUT period_end date, OUT movement text, OUT opening numeric, OUT closing numeric,
    OUT amount numeric) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5 AS 'MODULE_PATHNAME', 'changes_by_period';
COMMENT ON FUNCTION csmetrics.changes(csmetrics.mrr_timeline, date, date, text, integer, boolean) IS
'The movements of one account, a row a period with a movement, as movements() classifies them: summed over accounts '
'they give its rows exactly. Days, period, lag and errors as for mrr_movement_agg; columns as for changes by day; '
'intra_period is MRR that came and went within one period.';
-- The revenue bridge of a group of accounts, period by period: mrr_movements, its aggregate and its readers.
CALL csmetrics.define_state('mrr_movements', has_final => false);
COMMENT ON TYPE csmetrics.mrr_movements IS
'The MRR movements of a group of accounts, period by period: about 400 bytes a period, whatever the number of '
'accounts. Built by mrr_movement_agg; read by movements, retention and revenue_flows; adds up by merge and rollup.';

CALL csmetrics.define_agg('mrr_movement_agg',
    'timeline csmetrics.mrr_timeline, from_date date, to_date date, period text',
    'mrr_movements', 32768, comment =>
'The revenue bridge of a group, one timeline an account (NULL: no history). period: day, week, month, quarter or year, '
'counted from from_date; to_date may cut the last short. A bad range or period, arguments that vary in the group, more '
'than 20,000 periods: SQLSTATE 22023. NULL without rows.');
CALL csmetrics.define_agg('mrr_movement_agg',
    'timeline csmetrics.mrr_timeline, from_date date, to_date date, period text, lag integer',
    'mrr_movements', 65536, comment =>
'The same over windows of lag periods that end with each period: 12 with month gives trailing-year '
'retention month by month. The windows of the first periods reach back before from_date, which the '
'histories know. lag below 1: SQLSTATE 22023.');

CREATE FUNCTION csmetrics.movements(state csmetrics.mrr_movements, pauses_are_churn boolean DEFAULT false,
    gross boolean DEFAULT false,
    OUT period_start date, OUT period_end date, OUT opening numeric, OUT new numeric, OUT reactivation numeric,
    OUT resume numeric, OUT expansion numeric, OUT contraction numeric, OUT pause numeric, OUT churn numeric,
    OUT closing numeric, OUT opening_count bigint, OUT new_count bigint, OUT reactivation_count bigint,
    OUT resume_count bigint, OUT expansion_count bigint, OUT contraction_count bigint, OUT pause_count bigint,
    OUT churn_count bigint, OUT closing_count bigint, OUT intra_period numeric, OUT intra_period_count bigint,
    OUT nrr double precision, OUT grr double precision, OUT logo_churn double precision,
    OUT revenue_churn double precision, OUT complete boolean) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.movements(csmetrics.mrr_movements, boolean, boolean) IS
'The revenue bridge, a row a period or window: opening + new + reactivation + resume + expansion - contraction - pause '
'- churn = closing, in money and in accounts, exactly (else SQLSTATE XX001). Ratios are NULL without opening. gross: '
'with intra_period; pauses_are_churn: shown as such.';

CREATE FUNCTION csmetrics.retention(state csmetrics.mrr_movements, method text DEFAULT 'cohort',
    OUT period_start date, OUT period_end date, OUT method text, OUT nrr double precision, OUT grr double precision,
    OUT complete boolean) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.retention(csmetrics.mrr_movements, text) IS
'Retention over each window by a named method, as ratios: cohort (default), point to point on accounts with opening '
'MRR; movement, by sums of movements; chained, product of the periods; ttm_avg, their mean weighted by opening MRR. '
'NULL where a denominator is 0. An unknown method: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.revenue_flows(state csmetrics.mrr_movements,
    OUT period_start date, OUT period_end date, OUT flow csmetrics.revenue_flow, OUT complete boolean)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.revenue_flows(csmetrics.mrr_movements) IS
'The revenue_flow of each period or window, for every reader of that type: nrr_interval(flow), quick_ratio(flow), ... '
'Returning accounts are new in it and paused ones churned, since it knows but two amounts an account.';

CREATE FUNCTION csmetrics.single_periods(state csmetrics.mrr_movements) RETURNS csmetrics.mrr_movements
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.single_periods(csmetrics.mrr_movements) IS
'From a state of windows of lag periods that of the single periods they are made of, the lag - 1 before from_date too: '
'what mrr_movement_agg without lag gives from the start of the first window on. A from_date on a day that a month on '
'the way back lacks: SQLSTATE 22023. NULL for NULL.';
-- Retention by cohort: cohorts, its aggregate and its readers.
CALL csmetrics.define_state('cohorts', has_final => false);
COMMENT ON TYPE csmetrics.cohorts IS
'Accounts by the period of their first MRR (or free term, where timelines count those), followed period by '
'period: 40 bytes a cell of the triangle. Built by cohort_agg; read by cohort_retention and '
'cohort_average; adds up by merge and rollup.';

CALL csmetrics.define_agg('cohort_agg',
    'timeline csmetrics.mrr_timeline, from_date date, to_date date, period text',
    'cohorts', 65536, comment =>
'Cohorts by the period (day, week, month, quarter, year, from from_date on) of the first MRR or counted free term, one '
'timeline an account. Others are left out. A bad range or period, arguments that vary in the group, more than 520 '
'periods: SQLSTATE 22023. NULL without rows.');

CREATE FUNCTION csmetrics.cohort_retention(state csmetrics.cohorts,
    OUT cohort date, OUT age integer, OUT period_end date, OUT accounts bigint, OUT retained bigint,
    OUT start_mrr numeric, OUT kept_mrr numeric, OUT mrr numeric,
    OUT logo_retention double precision, OUT gross_retention double precision, OUT net_retention double precision,
    OUT mature boolean)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.cohort_retention(csmetrics.cohorts) IS
'The retention triangle, a row a cohort and age in periods, 0 being its own: accounts that began and those retained, '
'MRR of the first day, what is kept of it and what there is, in money, and their ratios. mature: the period is over by '
'to_date. No rows for cohorts without accounts.';

CREATE FUNCTION csmetrics.cohort_average(state csmetrics.cohorts,
    OUT age integer, OUT cohorts bigint, OUT accounts bigint, OUT retained bigint,
    OUT logo_retention double precision, OUT gross_retention double precision, OUT net_retention double precision)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.cohort_average(csmetrics.cohorts) IS
'Retention by age over all cohorts that have reached that age in full: immature cells are left out. Weighted by where '
'cohorts started: logo_retention by accounts, gross_retention and net_retention by MRR.';
-- Prices brought to MRR.
CREATE FUNCTION csmetrics.mrr(amount numeric, unit text, unit_count integer DEFAULT 1, quantity numeric DEFAULT 1,
    discount_percent numeric DEFAULT 0, discount_amount numeric DEFAULT 0) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mrr_from_price';
COMMENT ON FUNCTION csmetrics.mrr(numeric, text, integer, numeric, numeric, numeric) IS
'MRR of a price, in money a month: amount * quantity * (1 - discount_percent / 100) - discount_amount, which no '
'discount takes below 0, every unit_count units (day, week, month, quarter, year); to six decimals. NULL if any '
'argument is NULL. What is out of range: SQLSTATE 22023; not finite: 22003.';
CREATE FUNCTION csmetrics.term_mrr(amount numeric, starts date, ends date) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'mrr_from_term';
COMMENT ON FUNCTION csmetrics.term_mrr(numeric, date, date) IS
'MRR of an amount paid for the days from starts on and before ends, in money a month: by months where the term is of '
'whole months, else by days of 12 / 365.25 months; to six decimals. ends not after starts: SQLSTATE 22023; an amount '
'not finite: 22003. NULL if any argument is NULL.';
-- What a subscription term counts for, by the rules of a policy. Plain expressions of their arguments, so that
-- the planner puts them in place of the calls.
CREATE FUNCTION csmetrics.counted_until(starts_on date, ends_on date, cancelled_on date, renews_on date,
    past_due_on date, churn_date_rule text, delinquency_days integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN (cancelled_on IS NULL OR churn_date_rule = 'term_end')
         AND (past_due_on IS NULL OR delinquency_days IS NULL) THEN ends_on
    ELSE greatest(starts_on, least(
        coalesce(CASE WHEN cancelled_on IS NULL OR churn_date_rule = 'term_end' THEN ends_on
                      WHEN churn_date_rule = 'click' THEN least(ends_on, cancelled_on)
                      -- no renewal is known, or the term was over by then
                      WHEN (renews_on > cancelled_on AND renews_on <= '9999-12-31'
                            AND coalesce(ends_on, 'infinity') > cancelled_on) IS NOT TRUE THEN ends_on
                      -- the term of the click lasts until the renewal: what follows it would count twice
                      WHEN starts_on > cancelled_on THEN starts_on
                      ELSE renews_on END, 'infinity'),
        -- days end with the year 9999
        CASE WHEN past_due_on IS NOT NULL
             THEN least(past_due_on, date '9999-12-31' - delinquency_days) + delinquency_days END)) END;
COMMENT ON FUNCTION csmetrics.counted_until(date, date, date, date, date, text, integer) IS
'The day after the last on which the MRR of a subscription term counts; NULL or infinity: still. churn_date_rule: '
'term_end (ends_on), click (cancelled_on), scheduled (the renewal that was called off); past_due_on + delinquency_days '
'ends it where earlier. Never before starts_on.';

CREATE FUNCTION csmetrics.counted_mrr(mrr numeric, discount_mrr numeric, limited_discount_mrr numeric,
    discount_rule text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE discount_rule WHEN 'none' THEN mrr + coalesce(discount_mrr, 0)
                          -- never below 0, but for credits
                          WHEN 'all' THEN CASE WHEN limited_discount_mrr > mrr THEN least(mrr, 0)
                                               ELSE mrr - coalesce(limited_discount_mrr, 0) END
                          ELSE mrr END;
COMMENT ON FUNCTION csmetrics.counted_mrr(numeric, numeric, numeric, text) IS
'The MRR that a term counts with, in money a month; mrr has recurring discounts off. discount_rule: recurring, mrr; '
'none, mrr + discount_mrr; all, one-off and limited discounts off too: mrr - limited_discount_mrr, not below 0. '
'NULL discounts are 0; NULL for a NULL mrr.';
-- Expressions that users write into settings: rules of alerts, triggers of playbooks.
CREATE FUNCTION csmetrics.checked_expression(expression text, relation regclass, type regtype) RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.checked_expression(text, regclass, regtype) IS
'The SQL expression over the relation''s columns, names resolved, cast to the type; never run. NULL for NULL. '
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
-- Customer lifetime value from three averages.
CREATE FUNCTION csmetrics.cltv(arpa numeric, gross_margin double precision, churn double precision,
    OUT value numeric, OUT reason text)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- NaN is above all numbers
    IF NOT (gross_margin > '-infinity' AND gross_margin <= 1) THEN
        RAISE EXCEPTION 'gross_margin % is not a share of at most 1', gross_margin
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write 0.8 for 80 %; a loss may be below 0.';
    ELSIF NOT (churn > '-infinity' AND churn <= 1) THEN
        RAISE EXCEPTION 'churn % is not a share of at most 1', churn
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write 0.05 for 5 %; net churn may be below 0.';
    ELSIF NOT (arpa > '-infinity' AND arpa < 'infinity') THEN
        RAISE EXCEPTION 'arpa % is not an amount', arpa USING ERRCODE = 'invalid_parameter_value';
    END IF;

    CASE sign(churn)
        WHEN 0 THEN reason := 'no churn: the formula has no bound';
        WHEN -1 THEN reason := 'churn below 0, customers grow faster than they leave: the formula does not apply';
        -- twenty-four decimals more than there are: as churn has fifteen digits, no quotient but a half of the
        -- sixth decimal rounds to one
        ELSE value := trim_scale(round(arpa * gross_margin::numeric * 1.000000000000000000000000 / churn::numeric, 6));
    END CASE;
END
$$;
COMMENT ON FUNCTION csmetrics.cltv(numeric, double precision, double precision) IS
'Customer lifetime value, in money: arpa * gross_margin / churn, ratios for the same period; rounded once to six '
'decimals. At churn 0 and below, value is NULL and reason says why; else reason is NULL. NULLs if any argument is '
'NULL. A ratio above 1, any argument NaN or infinite: SQLSTATE 22023.';
-- Lifetime value over a horizon, from the retention that was seen.
CREATE FUNCTION csmetrics.expected_payments(tenure csmetrics.durations, months integer DEFAULT 60,
    annual_discount double precision DEFAULT 0.1, monthly_expansion double precision DEFAULT 0,
    in_advance boolean DEFAULT true, confidence double precision DEFAULT 0.95,
    OUT payments double precision, OUT lower double precision, OUT upper double precision, OUT known_months integer)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'expected_payments_sql';
COMMENT ON FUNCTION csmetrics.expected_payments(
    csmetrics.durations, integer, double precision, double precision, boolean, double precision) IS
'Expected monthly payments of a customer over months, in units of the first, discounted to its first day, by the '
'survival curve of tenure, with their interval; known_months: those of which the curve tells. NULLs without subjects. '
'months outside 1 to 1200 or a rate out of range: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.cltv_discounted(tenure csmetrics.durations, arpa numeric, gross_margin double precision,
    months integer DEFAULT 60, annual_discount double precision DEFAULT 0.1,
    monthly_expansion double precision DEFAULT 0, in_advance boolean DEFAULT true,
    confidence double precision DEFAULT 0.95,
    OUT value numeric, OUT lower numeric, OUT upper numeric, OUT known_months integer, OUT reason text)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    expected record;
    money numeric;
BEGIN
    -- NaN is above all numbers
    IF NOT (gross_margin > '-infinity' AND gross_margin <= 1) THEN
        RAISE EXCEPTION 'gross_margin % is not a share of at most 1', gross_margin
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write 0.8 for 80 %; a loss may be below 0.';
    END IF;
    expected := csmetrics.expected_payments(tenure, months, annual_discount, monthly_expansion, in_advance, confidence);
    money := arpa * gross_margin::numeric;
    value := trim_scale(round(money * expected.payments::numeric, 6));
    lower := trim_scale(round(least(money * expected.lower::numeric, money * expected.upper::numeric), 6));
    upper := trim_scale(round(greatest(money * expected.lower::numeric, money * expected.upper::numeric), 6));
    known_months := expected.known_months;
    reason := CASE WHEN expected.payments IS NULL THEN 'no tenures: no retention curve'
                   WHEN known_months < months
                   THEN format('retention is known for %s of %s months: payments after that are left out',
                               known_months, months) END;
END
$$;
COMMENT ON FUNCTION csmetrics.cltv_discounted(
    csmetrics.durations, numeric, double precision, integer, double precision, double precision, boolean,
    double precision) IS
'Lifetime value over a horizon, in money: arpa (a month) * gross_margin * expected_payments, with its interval. reason '
'says where tenures are too short to tell of all months, whose value is left out, or none are known. NULLs if an '
'argument is NULL. gross_margin above 1 or not finite: SQLSTATE 22023.';
-- The support history of one account: tickets, its aggregate and its readers.
CALL csmetrics.define_state('tickets', has_final => true);
COMMENT ON TYPE csmetrics.tickets IS
'The support tickets of one account over time, 64 bytes each. Built by ticket_agg; keeps time, so it can be read as '
'of any instant; adds up by merge and rollup, to at most 2^21 tickets. Requesters and topics are kept as keys of 64 '
'bits, which tell them apart, not as text.';

CALL csmetrics.define_agg('ticket_agg',
    'opened_at timestamptz, first_reply_at timestamptz, solved_at timestamptz, reopened integer, '
    'escalated boolean, agent_replies integer, requester text, topic text',
    'tickets', 256, add => 'tickets_add', symbol => 'tickets_add_ticket', removable => false, comment =>
'The support history of one account, one row a ticket (times NULL or infinity: not yet). Rows without opened_at are '
'left out. reopened or agent_replies below 0: SQLSTATE 22023; an instant of -infinity or outside the years 1 to 9999: '
'22008; more than 2^21 tickets: 54000. NULL without rows.');
CALL csmetrics.define_agg('ticket_agg',
    'opened_at timestamptz, first_reply_at timestamptz, solved_at timestamptz, reopened integer, '
    'escalated boolean, agent_replies integer, requester text, topic text, escalated_at timestamptz',
    'tickets', 256, add => 'tickets_add', symbol => 'tickets_add_ticket', removable => false, comment =>
'The same with the instant of escalation, before which the ticket is not escalated; NULL or infinity: escalated '
'tells, from the opening on; before the opening: from it on. escalated_at of -infinity or outside the years 1 to '
'9999: SQLSTATE 22008; other errors as above.');
CALL csmetrics.define_agg('ticket_agg',
    'opened_at timestamptz, solved_at timestamptz, reopened integer',
    'tickets', 256, add => 'tickets_add', symbol => 'tickets_add_solve', removable => false, comment =>
'The same for tickets that are grouped by requester, and by topic if that matters, already: nothing is kept of first '
'replies, escalation, agent replies, requester and topic.');

CREATE FUNCTION csmetrics.opened_count(history csmetrics.tickets, from_at timestamptz, to_at timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.opened_count(csmetrics.tickets, timestamptz, timestamptz) IS
'Tickets opened from from_at on and before to_at. from_at not before to_at: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.open_count(history csmetrics.tickets, as_of timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.open_count(csmetrics.tickets, timestamptz) IS
'The backlog: tickets opened by as_of and not solved by then. NULL for NULL.';
CREATE FUNCTION csmetrics.escalated_open_count(history csmetrics.tickets, as_of timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.escalated_open_count(csmetrics.tickets, timestamptz) IS
'Tickets of the backlog that were escalated by as_of. NULL for NULL.';
CREATE FUNCTION csmetrics.last_opened_at(history csmetrics.tickets, as_of timestamptz) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.last_opened_at(csmetrics.tickets, timestamptz) IS
'When the last ticket opened by as_of was opened; NULL if there is none, and for NULL.';
CREATE FUNCTION csmetrics.first_opened_at(history csmetrics.tickets) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.first_opened_at(csmetrics.tickets) IS
'When the first ticket was opened, as of whenever; NULL if there is none, and for NULL.';
CREATE FUNCTION csmetrics.escalated_open_days(history csmetrics.tickets, as_of timestamptz) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.escalated_open_days(csmetrics.tickets, timestamptz) IS
'Days of 24 hours, and parts of one, since the first escalation among the tickets that are escalated and open at '
'as_of; 0 where there is none. Infinity as of infinity. NULL for NULL.';
CREATE FUNCTION csmetrics.reopened_share(history csmetrics.tickets, from_at timestamptz,
    to_at timestamptz) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.reopened_share(csmetrics.tickets, timestamptz, timestamptz) IS
'Tickets that were reopened / tickets last solved from from_at on and before to_at, a ratio. A solve before the '
'opening counts at the opening. NULL if none was solved, and for NULL. from_at not before to_at: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.repeated_share(history csmetrics.tickets, from_at timestamptz, to_at timestamptz,
    contact_window interval DEFAULT '7 days') RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.repeated_share(csmetrics.tickets, timestamptz, timestamptz, interval) IS
'Tickets that are a further contact of another (repeated in ticket_facts) / tickets opened from from_at on and '
'before to_at, a ratio, as known at to_at. NULL if none was opened, and for NULL. from_at not before to_at, '
'contact_window below 0 or with months: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.median_resolution(history csmetrics.tickets, from_at timestamptz,
    to_at timestamptz) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.median_resolution(csmetrics.tickets, timestamptz, timestamptz) IS
'The median time from opening to last solve of the tickets solved from from_at on and before to_at, in days of 24 '
'hours and the rest; blind for open tickets. A solve before the opening took no time. NULL if none was solved, and for '
'NULL. from_at not before to_at: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.ticket_facts(history csmetrics.tickets, as_of timestamptz,
    contact_window interval DEFAULT '7 days',
    OUT opened_at timestamptz, OUT first_reply_at timestamptz, OUT solved_at timestamptz, OUT reopened integer,
    OUT escalated boolean, OUT agent_replies integer, OUT first_contact boolean, OUT one_touch boolean,
    OUT repeated boolean) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.ticket_facts(csmetrics.tickets, timestamptz, interval) IS
'One row a ticket opened by as_of, as it was known then, in no order; what came later is NULL. repeated: a further '
'contact of another; first_contact, one_touch: NULL where not to be judged yet. contact_window: days of 24 hours and '
'hours; below 0 or with months: SQLSTATE 22023. No rows for NULL.';

CREATE FUNCTION csmetrics.first_contact_resolution(history csmetrics.tickets, as_of timestamptz,
    contact_window interval DEFAULT '7 days', variant text DEFAULT 'gross') RETURNS csmetrics.rate
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.first_contact_resolution(csmetrics.tickets, timestamptz, interval, text) IS
'The rate of tickets resolved at first contact, as of an instant. variant: gross (default); net, without escalated '
'ones; one_touch; under_two, fewer than two agent replies. No trials where nothing can be judged; NULL for NULL. An '
'unknown variant: SQLSTATE 22023; errors as ticket_facts.';
-- The survey history of one account: answers, its aggregate and its reader.
CALL csmetrics.define_state('answers', has_final => true);
COMMENT ON TYPE csmetrics.answers IS
'What one account was asked by NPS, CSAT and CES surveys and what it answered, 88 bytes a row. Built by answer_agg; '
'keeps time, so it can be read as of any instant; adds up by merge and rollup, to at most 2^21 rows. Respondents are '
'kept as keys of 64 bits, which tell them apart, not as text.';

CALL csmetrics.define_agg('answer_agg',
    'kind text, score numeric, responded_at timestamptz, sent_at timestamptz, respondent text, '
    'lowest numeric, highest numeric, higher_is_better boolean',
    'answers', 256, add => 'answers_add', removable => false, comment =>
'Surveys of one account, one row a question sent or answered; kind: nps, csat or ces. Rows without an instant are left '
'out. Another kind, a scale out of order: SQLSTATE 22023; no kind: 22004; an end not finite: 22003; years outside 1 to '
'9999: 22008; past 2^21 rows: 54000. NULL without rows.');

CREATE FUNCTION csmetrics.answer_facts(history csmetrics.answers, as_of timestamptz,
    OUT kind text, OUT sent_at timestamptz, OUT responded_at timestamptz, OUT score numeric, OUT respondent bigint,
    OUT lowest numeric, OUT highest numeric, OUT higher_is_better boolean) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.answer_facts(csmetrics.answers, timestamptz) IS
'One row a question sent or answered by as_of, as it was known then, in no order: an answer that came later has NULL '
'score and responded_at; sent_at is NULL if not known. respondent is the key of the name, NULL for none; score is NaN '
'for one that surveys reject. No rows for NULL.';

CREATE FUNCTION csmetrics.mean_answer(history csmetrics.answers, kind text, from_at timestamptz,
    to_at timestamptz) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.mean_answer(csmetrics.answers, text, timestamptz, timestamptz) IS
'The mean score of the answers of that kind given from from_at on and before to_at, of each respondent the last alone: '
'csat on a scale of 1 to 5, ces of 1 to 7, higher being better, nps as it is. NULL if there is none, and for NULL. '
'Another kind, from_at not before to_at: SQLSTATE 22023.';
-- The way of one account to its goals: milestones, its aggregate and its readers.
CALL csmetrics.define_state('milestones', has_final => true);
COMMENT ON TYPE csmetrics.milestones IS
'The milestones of one account over time, reached or due, 40 bytes a row. Built by milestone_agg; keeps time, so it '
'can be read as of any instant; adds up by merge and rollup, to at most 2^21 rows. Their names are kept as keys of 64 '
'bits, which tell them apart, not as text.';

CALL csmetrics.define_agg('milestone_agg',
    'milestone text, reached_at timestamptz, due_at timestamptz, is_start boolean, is_value boolean',
    'milestones', 256, add => 'milestones_add', removable => false, comment =>
'The milestones of one account: name (NULL is one), when reached and due (NULL or infinity: not yet, never), whether '
'it starts the clock, whether it is first value. Rows of a name are one. An instant outside the years 1 to 9999: '
'SQLSTATE 22008; past 2^21 rows: 54000. NULL without rows.');

CREATE FUNCTION csmetrics.started_at(history csmetrics.milestones,
    as_of timestamptz DEFAULT 'infinity') RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.started_at(csmetrics.milestones, timestamptz) IS
'When the clock to first value started: the earliest is_start milestone was reached, if by as_of (default: '
'whenever); NULL if there is none, and for NULL.';
CREATE FUNCTION csmetrics.value_at(history csmetrics.milestones,
    as_of timestamptz DEFAULT 'infinity') RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.value_at(csmetrics.milestones, timestamptz) IS
'When first value was reached: the earliest is_value milestone, if by as_of (default: whenever); NULL if there is '
'none, and for NULL. It may lie before started_at, where the source says so.';
CREATE FUNCTION csmetrics.reached_count(history csmetrics.milestones, as_of timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.reached_count(csmetrics.milestones, timestamptz) IS
'Milestones of different names reached by as_of. NULL for NULL.';
CREATE FUNCTION csmetrics.due_count(history csmetrics.milestones, as_of timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.due_count(csmetrics.milestones, timestamptz) IS
'Milestones of different names due by as_of, reached or not. NULL for NULL.';
CREATE FUNCTION csmetrics.overdue_count(history csmetrics.milestones, as_of timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.overdue_count(csmetrics.milestones, timestamptz) IS
'Milestones of different names due by as_of and not reached by then. NULL for NULL.';
CREATE FUNCTION csmetrics.due_reached_share(history csmetrics.milestones, as_of timestamptz) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.due_reached_share(csmetrics.milestones, timestamptz) IS
'Of the milestones due by as_of, the share reached by then, late or not: 1 - overdue_count / due_count, a '
'ratio. NULL where none was due, and for NULL.';
-- The usage history of one account or user: activity, its aggregate and its readers.
CALL csmetrics.define_state('activity', has_final => true);
COMMENT ON TYPE csmetrics.activity IS
'On which days an account or a user was active, and how many events each of them had: three to five bytes an active '
'week. Built by activity_agg; keeps time, so it can be read over any window and as of any day; adds up by merge and '
'rollup. Each day counts once, however many rows it had.';

CALL csmetrics.define_agg('activity_agg', 'day date', 'activity', 512, comment =>
'The usage history of one account or user, one row an event: the day on which it happened, in the zone of the '
'account. Rows with NULL are left out. A day outside the years 1 to 9999: SQLSTATE 22008; more than 131,071 '
'different days: 54000. NULL without rows.');
CALL csmetrics.define_agg('activity_agg', 'day date, events bigint', 'activity', 512, comment =>
'The same, one row a day or part of it, with its number of events; 0 events are no activity. events below 0 or from '
'2^48 on: SQLSTATE 22023; as many on one day, or 2^59 in all: 22003.');

CREATE FUNCTION csmetrics.active_days(history csmetrics.activity, from_date date, to_date date) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.active_days(csmetrics.activity, date, date) IS
'Days with events from from_date on and before to_date. from_date not before to_date: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.events_between(history csmetrics.activity, from_date date, to_date date) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.events_between(csmetrics.activity, date, date) IS
'Events on the days from from_date on and before to_date. from_date not before '
'to_date: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.longest_gap(history csmetrics.activity, from_date date, to_date date) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.longest_gap(csmetrics.activity, date, date) IS
'The longest run of days without events from from_date on and before to_date, those at the ends included: all of them '
'where there is no activity. from_date not before to_date: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.first_active_on(history csmetrics.activity, as_of date DEFAULT 'infinity') RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.first_active_on(csmetrics.activity, date) IS
'The first day with events, if by as_of (default: whenever). NULL if there is none, and for NULL.';
CREATE FUNCTION csmetrics.last_active_on(history csmetrics.activity, as_of date DEFAULT 'infinity') RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.last_active_on(csmetrics.activity, date) IS
'The last day with events by as_of (default: whenever). NULL if there is none, and for NULL.';
CREATE FUNCTION csmetrics.is_active(history csmetrics.activity, as_of date, days integer DEFAULT 28) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.is_active(csmetrics.activity, date, integer) IS
'Were there events on one of the days up to as_of, that day included? days outside 1 '
'to 36525: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.consistency(history csmetrics.activity, as_of date,
    weeks integer DEFAULT 4) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.consistency(csmetrics.activity, date, integer) IS
'Active weeks / weeks, a ratio: of the weeks of seven days that end with as_of, the share with an '
'active day. Weeks before an account began count against it; ask for no more than it has had. weeks '
'outside 1 to 5218: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.streak(history csmetrics.activity, as_of date) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.streak(csmetrics.activity, date) IS
'Active days in a row up to as_of, that day included; 0 where it is not active. NULL for NULL.';
CREATE FUNCTION csmetrics.usage_trend(history csmetrics.activity, as_of date, days integer DEFAULT 28,
    confidence double precision DEFAULT 0.95,
    OUT recent double precision, OUT before double precision, OUT difference double precision,
    OUT lower double precision, OUT upper double precision, OUT p double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.usage_trend(csmetrics.activity, date, integer, double precision) IS
'Events a day on the days up to as_of, it included, against as many days before: recent, before, difference, its '
'confidence interval and p (Welch, Biometrika 34, 1947). p is NULL where no day differs in its span. days outside 2 to '
'36525, confidence outside 0 to 1: SQLSTATE 22023. NULLs for NULL.';
CREATE FUNCTION csmetrics.usage_change(history csmetrics.activity, as_of date,
    days integer DEFAULT 28) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.usage_change(csmetrics.activity, date, integer) IS
'Events on the days up to as_of, it included, over those on as many days before, less 1, a ratio. NULL where the '
'history does not reach back over both spans or the earlier had no events, and for NULL. days outside 2 to 36525: '
'SQLSTATE 22023; as_of infinite or outside the years 1 to 9999: 22008.';
-- Active accounts day by day: active_series, its aggregate and its readers.
CALL csmetrics.define_state('active_series', has_final => false);
COMMENT ON TYPE csmetrics.active_series IS
'How many accounts were active in the days up to each day, over three windows, and how they came and went: 40 bytes a '
'day, whatever the number of accounts. Built by active_series_agg; read by active_series; adds up by merge and rollup. '
'Counts are exact, as each account is one value.';

CALL csmetrics.define_agg('active_series_agg',
    'history csmetrics.activity, from_date date, to_date date',
    'active_series', 65536, comment =>
'Active accounts (or users) on each day from from_date on and before to_date, one activity each (NULL: never active), '
'over windows of 1, 7 and 28 days that end with the day. An empty range, more than 36,525 days, arguments that vary in '
'the group: SQLSTATE 22023. NULL without rows.');
CALL csmetrics.define_agg('active_series_agg',
    'history csmetrics.activity, from_date date, to_date date, '
    'short_days integer, middle_days integer, long_days integer',
    'active_series', 65536, comment =>
'The same over windows of other lengths: short_days, middle_days and long_days, none shorter than the one before. '
'Windows out of order, below 1 or above 36,525 days: SQLSTATE 22023.');

CREATE FUNCTION csmetrics.active_series(state csmetrics.active_series, weekdays_only boolean DEFAULT false,
    OUT day date, OUT dau bigint, OUT wau bigint, OUT mau bigint, OUT stickiness double precision,
    OUT new bigint, OUT retained bigint, OUT resurrected bigint, OUT dormant bigint)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 365 AS 'MODULE_PATHNAME', 'active_series_sql';
COMMENT ON FUNCTION csmetrics.active_series(csmetrics.active_series, boolean) IS
'A row a day: dau, wau, mau, accounts active in the short, middle and long window up to it; stickiness, a ratio, NULL '
'where there is none, on Mondays to Fridays alone with weekdays_only; new, retained and resurrected of mau, and '
'dormant. mau = new + retained + resurrected.';
CREATE FUNCTION csmetrics.account_count(state csmetrics.active_series) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'active_series_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.active_series) IS
'Accounts given to the aggregate, ever active or not.';
-- What one account uses of the product: feature_usage, its aggregate and its readers.
CALL csmetrics.define_state('feature_usage', has_final => true);
COMMENT ON TYPE csmetrics.feature_usage IS
'Which features an account used on which days, and how many events each had: their names, and three to five '
'bytes an active week of each. Built by feature_usage_agg; keeps time, so it can be read over any window and as '
'of any day; adds up by merge and rollup.';

CALL csmetrics.define_agg('feature_usage_agg', 'feature text, day date', 'feature_usage', 4096, comment =>
'The feature usage of one account, one row an event: which feature, and the day, in the zone of the account. Rows with '
'NULL are left out. A name past 255 bytes: SQLSTATE 22023; a day outside the years 1 to 9999: 22008; more than 4,096 '
'features, or a state past 2 MB: 54000. NULL without rows.');
CALL csmetrics.define_agg('feature_usage_agg',
    'feature text, day date, events bigint',
    'feature_usage', 4096, comment =>
'The same, one row a day or part of it, with its number of events; 0 events are no use. events below 0 or from 2^48 '
'on: SQLSTATE 22023; as many of a feature on one day, or 2^59 in all: 22003.');

CREATE FUNCTION csmetrics.features_used(usage csmetrics.feature_usage, from_date date, to_date date) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'features_used_sql';
COMMENT ON FUNCTION csmetrics.features_used(csmetrics.feature_usage, date, date) IS
'Different features with events from from_date on and before to_date. from_date not '
'before to_date: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.features_used(usage csmetrics.feature_usage, from_date date, to_date date,
    at_least_days bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'features_used_often';
COMMENT ON FUNCTION csmetrics.features_used(csmetrics.feature_usage, date, date, bigint) IS
'Different features with events on at_least_days days or more from from_date on and before to_date: used, and not just '
'tried. from_date not before to_date, at_least_days below 1: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.features_used(usage csmetrics.feature_usage, from_date date, to_date date,
    at_least_days bigint, at_least_events bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'features_used_often';
COMMENT ON FUNCTION csmetrics.features_used(csmetrics.feature_usage, date, date, bigint, bigint) IS
'The same, of features with at_least_events events or more in there besides. '
'at_least_events below 1: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.breadth(usage csmetrics.feature_usage, from_date date, to_date date,
    entitled bigint) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.breadth(csmetrics.feature_usage, date, date, bigint) IS
'Breadth of use, a ratio: features_used from from_date on and before to_date / entitled, the number of features that '
'the account may use. Above 1 where it used more than these. NULL where entitled is 0, and for NULL. entitled below 0, '
'from_date not before to_date: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.feature_facts(usage csmetrics.feature_usage, as_of date DEFAULT 'infinity',
    OUT feature text, OUT first_used_on date, OUT last_used_on date, OUT active_days bigint, OUT events bigint)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'feature_facts_sql';
COMMENT ON FUNCTION csmetrics.feature_facts(csmetrics.feature_usage, date) IS
'A row for each feature used by as_of (default: whenever), it included, in the order of the bytes of their names: the '
'first and the last day with events, the number of such days, and all events, as known by as_of. No rows for NULL.';
CREATE FUNCTION csmetrics.first_used_on(usage csmetrics.feature_usage, feature text) RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.first_used_on(csmetrics.feature_usage, text) IS
'The first day with events of the feature. NULL if it was never used, and for NULL. A '
'name of more than 255 bytes: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.feature_activity(usage csmetrics.feature_usage, feature text) RETURNS csmetrics.activity
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.feature_activity(csmetrics.feature_usage, text) IS
'The activity of the feature alone, for all readers of activity. NULL if it was never used, and for NULL. A '
'name of more than 255 bytes: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.all_activity(usage csmetrics.feature_usage) RETURNS csmetrics.activity
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.all_activity(csmetrics.feature_usage) IS
'The activity of all features together: what activity_agg makes of the same rows. Events of one day '
'from 2^48 on: SQLSTATE 22003. NULL for NULL.';
-- Who adopts which feature: adoption, its aggregate and its reader.
CALL csmetrics.define_state('adoption', has_final => true);
COMMENT ON TYPE csmetrics.adoption IS
'How many accounts may use each feature, how many of them did in a window, and after how many days they first did: '
'some ten bytes a feature, and some for each number of days. Exact. Built by adoption_agg; read by '
'feature_adoption; adds up by merge and rollup.';

CALL csmetrics.define_agg('adoption_agg',
    'usage csmetrics.feature_usage, from_date date, to_date date',
    'adoption', 16384, comment =>
'Adoption from from_date on and before to_date, one feature_usage an account (NULL: none). Who is active in the window '
'may adopt every feature the group used before to_date. An empty window, one that varies: SQLSTATE 22023; NULL for an '
'end: 22004; more than 4,096 features: 54000. NULL without rows.');
CALL csmetrics.define_agg('adoption_agg',
    'usage csmetrics.feature_usage, from_date date, to_date date, eligible text[]',
    'adoption', 16384, comment =>
'The same, where each account may adopt the features that it is entitled to: eligible (NULL: none; NULL elements and '
'repetitions are left out), active or not. Who used a feature without that is no adopter: see unentitled of '
'feature_adoption. A name of more than 255 bytes in UTF-8: SQLSTATE 22023.');
CALL csmetrics.define_agg('adoption_agg',
    'usage csmetrics.feature_usage, from_date date, to_date date, eligible text[], started date',
    'adoption', 16384, comment =>
'The same with the day on which the account started, for the days until it first used each eligible feature; without '
'use before to_date, censored. Use before the start counts as 0 days. Accounts without a start before to_date are left '
'out of these days alone. Years outside 1 to 9999: SQLSTATE 22008.');

CALL csmetrics.define_agg('frequent_adoption_agg',
    'at_least integer, usage csmetrics.feature_usage, from_date date, to_date date',
    'adoption', 16384, comment =>
'Adoption as adoption_agg has it, where it takes at_least events of a feature in the window to adopt it; who may '
'is the same, and at_least 1 is adoption_agg. at_least below 1, or not the same in every row of a group: '
'SQLSTATE 22023; NULL: 22004. NULL without rows.');
CALL csmetrics.define_agg('frequent_adoption_agg',
    'at_least integer, usage csmetrics.feature_usage, from_date date, to_date date, eligible text[]',
    'adoption', 16384, comment =>
'The same, where each account may adopt the features of eligible, as in adoption_agg; '
'unentitled, too, are those with at_least events.');

CREATE FUNCTION csmetrics.feature_adoption(state csmetrics.adoption, confidence double precision DEFAULT 0.95,
    OUT feature text, OUT eligible bigint, OUT adopters bigint, OUT adoption double precision,
    OUT lower double precision, OUT upper double precision, OUT median_days_to_adopt double precision,
    OUT unentitled bigint) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.feature_adoption(csmetrics.adoption, double precision) IS
'A row a feature, by the bytes of its name: adoption = adopters / eligible, a ratio with its Wilson interval, NULL '
'where eligible is 0; median_days_to_adopt by Kaplan-Meier, NULL where less than half had; unentitled: users not '
'eligible. confidence outside 0 to 1: SQLSTATE 22023. No rows for NULL.';
CREATE FUNCTION csmetrics.account_count(state csmetrics.adoption) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'adoption_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.adoption) IS
'Accounts given to the aggregate, with usage or not. NULL for NULL.';
CREATE FUNCTION csmetrics.active_count(state csmetrics.adoption) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'adoption_active_count';
COMMENT ON FUNCTION csmetrics.active_count(csmetrics.adoption) IS
'Accounts with events of any feature in the window. NULL for NULL.';
-- A user's own signals of one account: signals, its aggregate and its readers.
CALL csmetrics.define_state('signals', has_final => true);
COMMENT ON TYPE csmetrics.signals IS
'The history of a user''s own signals of one account, values that were given at an instant, such as its '
'manager''s pulse: 40 bytes a row. Built by signal_agg; keeps time, so it can be read as of any instant; adds up '
'by merge and rollup, to at most 2^21 rows.';

CALL csmetrics.define_agg('signal_agg',
    'signal text, at timestamptz, value numeric',
    'signals', 256, add => 'signals_add', removable => false, comment =>
'The signals of one account, one row a value: its signal, when it was given, and the value, to six decimals. Rows with '
'NULL, or at infinity, are left out. A value not finite or beyond 10^18: SQLSTATE 22003; an instant outside the years '
'1 to 9999: 22008; more than 2^21 rows: 54000. NULL without rows.');

CREATE FUNCTION csmetrics.signal_at(history csmetrics.signals, signal text, as_of timestamptz) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.signal_at(csmetrics.signals, text, timestamptz) IS
'The latest value of that signal given by as_of, in the unit in which it was given; of several given at that very '
'instant, their mean. However old it is: signal_given_at tells. NULL if none was given by then, and for NULL.';
CREATE FUNCTION csmetrics.signal_given_at(history csmetrics.signals, signal text, as_of timestamptz) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.signal_given_at(csmetrics.signals, text, timestamptz) IS
'When the value that signal_at reads was given: the latest of that signal by as_of. NULL '
'if none was given by then, and for NULL.';
CREATE FUNCTION csmetrics.signal_count(history csmetrics.signals, signal text, from_at timestamptz,
    to_at timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.signal_count(csmetrics.signals, text, timestamptz, timestamptz) IS
'Values of that signal given from from_at on and before to_at. from_at not '
'before to_at: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.signal_sum(history csmetrics.signals, signal text, from_at timestamptz,
    to_at timestamptz) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.signal_sum(csmetrics.signals, text, timestamptz, timestamptz) IS
'Sum of the values of that signal given from from_at on and before to_at, added exactly; 0 where none '
'was given, which signal_count tells apart. Their mean is signal_sum / signal_count. from_at not '
'before to_at: SQLSTATE 22023. NULL for NULL.';
-- Health rules: which signals make the health of an account, and how their measures become values.
CALL csmetrics.define_state('health_rules', has_final => true);
COMMENT ON TYPE csmetrics.health_rules IS
'The rules of a health score as one value, for health_of: built by health_rule_agg, one row a '
'signal. Equal values, equal definitions.';

CALL csmetrics.define_agg('health_rule_agg',
    'component text, signal text, reading integer, weight double precision, knots double precision[], '
    'scores double precision[], policy text, keep_days integer, veto_from double precision, veto_cap double precision',
    'health_rules', 4096, removable => false, comment =>
'The rules of a health score, one row a signal. reading: its place in the readings of health_of, from 1 (NULL or 0: '
'the account''s own signal); policy: renormalise, neutral, zero, carry or pulse. Names, weight, knots, scores, policy '
'NULL: SQLSTATE 22004; what is out of range: 22023. NULL without rows.');

CREATE FUNCTION csmetrics.health_of(rules csmetrics.health_rules, readings double precision[], own csmetrics.signals,
    as_of timestamptz) RETURNS csmetrics.health
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.health_of(csmetrics.health_rules, double precision[], csmetrics.signals, timestamptz) IS
'The health of an account by rules: readings are the measures in the order that the rules count on (NULL or none: '
'missing), own the account''s own signals, read as of an instant (NULL: none). The same as health_score over the '
'normalized measures, in one call. NULL without rules or as_of.';

CREATE FUNCTION csmetrics.score_of(rules csmetrics.health_rules, readings double precision[], own csmetrics.signals,
    as_of timestamptz, min_coverage double precision DEFAULT 0.6,
    method text DEFAULT 'weighted') RETURNS double precision
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.score_of(
    csmetrics.health_rules, double precision[], csmetrics.signals, timestamptz, double precision, text) IS
'The health score by rules, 0 to 100: score(health_of(rules, readings, own, as_of), min_coverage, method) '
'without making the health, for queries that want the score alone. NULL without rules, as_of, '
'min_coverage or method. Errors as score.';
-- Retention of use by cohort: usage_retention, its aggregate and its readers.
CALL csmetrics.define_state('usage_retention', has_final => false);
COMMENT ON TYPE csmetrics.usage_retention IS
'Accounts (or users) by the period of their first active day, followed over brackets of days from that day on: '
'32 bytes a cohort and bracket. Exact. Built by retention_agg; read by usage_retention and '
'usage_retention_average; adds up by merge and rollup.';

CALL csmetrics.define_agg('retention_agg',
    'history csmetrics.activity, from_date date, to_date date, period text',
    'usage_retention', 65536, comment =>
'Retention of use in brackets of 7 days, one activity an account (NULL: never active), by the period of the first '
'active day. to_date: the day after the last one known. A bad range or period, arguments that vary, past 20,000 '
'periods or 2,097,152 cells: SQLSTATE 22023; NULL: 22004. NULL without rows.');
CALL csmetrics.define_agg('retention_agg',
    'history csmetrics.activity, from_date date, to_date date, period text, bracket_days integer',
    'usage_retention', 65536, comment =>
'The same in brackets of bracket_days days: 1 for retention day by day, 7, 28. bracket_days outside '
'1 to 36525: SQLSTATE 22023; NULL: 22004.');

CREATE FUNCTION csmetrics.usage_retention(state csmetrics.usage_retention,
    OUT cohort date, OUT bracket integer, OUT accounts bigint, OUT mature_accounts bigint, OUT n_day bigint,
    OUT unbounded bigint, OUT rolling bigint, OUT n_day_retention double precision,
    OUT unbounded_retention double precision, OUT rolling_retention double precision,
    OUT mature boolean) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1000 AS 'MODULE_PATHNAME', 'usage_retention_sql';
COMMENT ON FUNCTION csmetrics.usage_retention(csmetrics.usage_retention) IS
'A row a cohort and bracket: of mature_accounts, whose bracket is over, those active in it (n_day), in it or later '
'(unbounded), in every one up to it (rolling), and these / mature_accounts as ratios, NULL where no bracket is over. '
'mature: over for all of the cohort. No rows for NULL.';

CREATE FUNCTION csmetrics.usage_retention_average(state csmetrics.usage_retention,
    OUT bracket integer, OUT cohorts bigint, OUT mature_accounts bigint, OUT n_day bigint, OUT unbounded bigint,
    OUT rolling bigint, OUT n_day_retention double precision, OUT unbounded_retention double precision,
    OUT rolling_retention double precision) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.usage_retention_average(csmetrics.usage_retention) IS
'Retention by bracket over all cohorts, weighted by accounts: a row a bracket that is over for someone, '
'of the accounts of which it is. Counts and ratios as in usage_retention; it does not depend on the '
'period of the cohorts. No rows for NULL.';

CREATE FUNCTION csmetrics.account_count(state csmetrics.usage_retention) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'usage_retention_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.usage_retention) IS
'Accounts given to the aggregate, in a cohort or not. NULL for NULL.';
-- The parts that follow still look names up along the path that CREATE EXTENSION gives.
SET LOCAL search_path = csmetrics, pg_temp;
-- The model: a schema of the user's own in which source views say where the facts are, policy says what
-- they mean, account_state keeps the histories of each account, and metric views give the readings.
--
-- What a model consists of is in the files of model/; what sources, rules and columns there are is data, in tables
-- that each part adds its rows to.

CREATE TABLE source_column (
    source      text     NOT NULL,
    position    smallint NOT NULL,
    name        text     NOT NULL,
    type        text     NOT NULL,  -- 'account_id' stands for the type chosen in create_model
    required    boolean  NOT NULL,
    description text     NOT NULL,
    PRIMARY KEY (source, name),
    UNIQUE (source, position));
COMMENT ON TABLE source_column IS 'The columns of the source views of every model: what CALL map() asks for. One row a column.';
COMMENT ON COLUMN source_column.source IS 'The source; its view in a model is source_<source>';
COMMENT ON COLUMN source_column.position IS 'Place of the column in the view';
COMMENT ON COLUMN source_column.name IS 'Name of the column';
COMMENT ON COLUMN source_column.type IS 'Its type; account_id stands for the type chosen in create_model';
COMMENT ON COLUMN source_column.required IS 'Must the mapping query give it?';
COMMENT ON COLUMN source_column.description IS 'What it holds';

CREATE TABLE source_check (
    source      text     NOT NULL,
    position    smallint NOT NULL,
    failing     text     NOT NULL,  -- over the columns of the source
    complaint   text     NOT NULL,
    PRIMARY KEY (source, position));
COMMENT ON TABLE source_check IS 'Rows of the source views that cannot be right, and stop CALL refresh(). One row a check.';
COMMENT ON COLUMN source_check.source IS 'The source';
COMMENT ON COLUMN source_check.position IS 'Order; the first that a row fails is named';
COMMENT ON COLUMN source_check.failing IS 'SQL condition that such a row meets';
COMMENT ON COLUMN source_check.complaint IS 'SQL expression of what is said of it';

CREATE TABLE policy_column (
    position      smallint PRIMARY KEY,
    name          text NOT NULL UNIQUE,
    type          text NOT NULL,
    default_value text,
    condition     text,
    description   text NOT NULL,
    defines       boolean NOT NULL DEFAULT true,
    may_be_null   boolean NOT NULL DEFAULT false,
    with_refresh  boolean NOT NULL GENERATED ALWAYS AS (description LIKE '%refresh)') STORED);
COMMENT ON TABLE policy_column IS 'The rules that the policy of every model has. One row a rule.';
COMMENT ON COLUMN policy_column.position IS 'Order of the columns';
COMMENT ON COLUMN policy_column.name IS 'Name of the column';
COMMENT ON COLUMN policy_column.type IS 'Its type';
COMMENT ON COLUMN policy_column.default_value IS 'SQL expression of the default; NULL: the column may be NULL, and is';
COMMENT ON COLUMN policy_column.condition IS 'SQL condition that it must meet; NULL: none';
COMMENT ON COLUMN policy_column.description IS 'Its comment; (refresh) at its end marks rules that take effect with the next refresh';
COMMENT ON COLUMN policy_column.defines IS 'Is it part of what figures mean, and so of policy_hash? False for what is shown, and of when';
COMMENT ON COLUMN policy_column.may_be_null IS 'May it be NULL though it has a default?';
COMMENT ON COLUMN policy_column.with_refresh IS 'Does it take effect with the next refresh?';

CREATE TABLE model_part (
    file text PRIMARY KEY,
    ddl  text NOT NULL);
COMMENT ON TABLE model_part IS
'What every model is made of: the files of model/, which CALL create_model() runs in the order of their names.';
COMMENT ON COLUMN model_part.file IS 'Its name';
COMMENT ON COLUMN model_part.ddl IS 'Its text: DDL, in which @account_id@ stands for the type of account_id; names are looked up in the model, then in csmetrics';

CREATE TABLE model_change (
    version text PRIMARY KEY,
    file    text NOT NULL,
    ddl     text NOT NULL);
COMMENT ON TABLE model_change IS
'What a version changed in the tables of models, beyond new tables, columns, constraints and indexes: the files of '
'model/changes/, which CALL update_model() runs.';
COMMENT ON COLUMN model_change.version IS 'The version';
COMMENT ON COLUMN model_change.file IS 'Name of the file';
COMMENT ON COLUMN model_change.ddl IS 'Its text; names are looked up in the model, then in csmetrics';

CREATE VIEW model_object AS
SELECT p.file, lower(made[1]) AS kind, made[2] AS name, made[3] AS arguments
FROM model_part p, regexp_matches(p.ddl, '^CREATE (?:OR REPLACE |UNLOGGED )?(TABLE|VIEW|FUNCTION) (\w+)(?:\(([^)]*)\))?', 'gn') made;
COMMENT ON VIEW model_object IS 'The tables, views and functions that the files of model_part make. One row an object.';
COMMENT ON COLUMN model_object.file IS 'The file';
COMMENT ON COLUMN model_object.kind IS 'table, view or function';
COMMENT ON COLUMN model_object.name IS 'Its name';
COMMENT ON COLUMN model_object.arguments IS 'Names and types of the arguments of a function; NULL: it is none';

CREATE TABLE model_column (
    name        text PRIMARY KEY,
    description text NOT NULL);
COMMENT ON TABLE model_column IS 'The dictionary of metric view columns: a name means the same in every view.';
COMMENT ON COLUMN model_column.name IS 'Name of the column';
COMMENT ON COLUMN model_column.description IS 'Its comment wherever it appears';

GRANT SELECT ON source_column, source_check, policy_column, model_part, model_change, model_object, model_column
    TO PUBLIC;

INSERT INTO source_column VALUES
('account', 1, 'account_id', 'account_id', true, 'Key of the account'),
('account', 2, 'name', 'text', false, 'Name of the account'),
('account', 3, 'segment', 'text', false, 'Market segment'),
('account', 4, 'plan', 'text', false, 'Plan or contract type'),
('account', 5, 'lifecycle_stage', 'text', false, 'Stage of the customer lifecycle'),
('account', 6, 'onboarding_path', 'text', false, 'Way in which the account was brought on board'),
('account', 7, 'region', 'text', false, 'Region'),
('account', 8, 'owner', 'text', false, 'Customer-success manager'),
('account', 9, 'parent_id', 'account_id', false, 'Key of the parent account'),
('account', 10, 'created_on', 'date', false, 'Day the account was created'),
('account', 11, 'seats', 'numeric', false, 'Seats bought'),
('account', 12, 'time_zone', 'text', false, 'IANA time zone of the account'),
('account', 13, 'is_test', 'boolean', false, 'True for test and internal accounts, which the model leaves out');

INSERT INTO policy_column VALUES
(1, 'as_of', 'date', NULL, NULL, 'The day as of which the views read; NULL: today in time_zone'),
(2, 'time_zone', 'text', $$'UTC'$$, 'now() AT TIME ZONE time_zone IS NOT NULL', 'IANA time zone in which a day begins (refresh)'),
(3, 'report_from', 'date', NULL, NULL, 'The views begin with the month of this day; NULL: that of the first fact'),
(4, 'test_account_rule', 'text', $$'exclude'$$, $$test_account_rule IN ('exclude', 'count')$$, 'Accounts with is_test: exclude, or count like any other (refresh)'),
(5, 'confidence', 'double precision', '0.95', 'confidence > 0 AND confidence < 1', 'Confidence of the intervals, as a share'),
(9, 'week_start', 'integer', '1', 'week_start BETWEEN 1 AND 7', 'Day on which a week begins, from 1, Monday, to 7, Sunday');
UPDATE policy_column SET defines = false WHERE name IN ('as_of', 'report_from');

CREATE FUNCTION require_model(model text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_regclass(format('%I.account_state', model)) IS NULL OR to_regclass(format('%I.policy', model)) IS NULL THEN
        RAISE EXCEPTION 'there is no model "%"', model
            USING ERRCODE = 'invalid_schema_name', HINT = format('CALL csmetrics.create_model(%L) makes one.', model);
    END IF;
    IF csmetrics.model_version(model) <> (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'csmetrics') THEN
        RAISE EXCEPTION 'model "%" is of csmetrics %, and the extension of %', model, csmetrics.model_version(model),
            (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'csmetrics')
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('CALL csmetrics.update_model(%L) brings it up to date; its views work meanwhile.', model);
    END IF;
END
$$;
COMMENT ON FUNCTION require_model(text) IS
'Internal: SQLSTATE 3F000 unless a schema of that name holds a model, 55000 unless it is of the extension''s version';

CREATE FUNCTION require_all_rows(model text, relations text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off AS $$
DECLARE
    relation record;
    is_hidden boolean;
BEGIN
    FOR relation IN
        SELECT c.oid::regclass AS name FROM pg_class c
        WHERE c.relnamespace = quote_ident(model)::regnamespace AND c.relkind IN ('r', 'v')
          AND (c.relkind = 'r' OR c.relname ~ relations)
        ORDER BY c.relname
    LOOP
        BEGIN
            EXECUTE format('SELECT FROM %s LIMIT 0', relation.name);
        EXCEPTION WHEN insufficient_privilege THEN
            -- it may be read with policies, or not at all; whoever needs it then hears of that
            PERFORM set_config('row_security', 'on', true);
            BEGIN
                EXECUTE format('SELECT FROM %s LIMIT 0', relation.name);
                is_hidden := true;
            EXCEPTION WHEN insufficient_privilege THEN
                is_hidden := false;
            END;
            PERFORM set_config('row_security', 'off', true);
            IF is_hidden THEN
                RAISE EXCEPTION 'row-level security may hide rows of %', relation.name
                    USING ERRCODE = 'insufficient_privilege',
                          HINT = 'What is worked out from some of the rows would take the place of what was from all. '
                                 'Call it as a role that sees them all, as one with BYPASSRLS does. Nothing was changed.';
            END IF;
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION require_all_rows(text, text) IS
'Internal: SQLSTATE 42501 if a policy of row-level security may hide rows from the caller: of a table of the model, or of what is below a view of it whose name matches relations.';

CREATE FUNCTION spelled(names text[], form text, separator text DEFAULT ', ') RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(format(form, name), separator ORDER BY place) FROM unnest(names) WITH ORDINALITY n(name, place));
COMMENT ON FUNCTION spelled(text[], text, text) IS 'Internal: names in a list, each as format() gives it';

CREATE FUNCTION last_instant(day date, time_zone text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN least(pg_catalog.now(), (day + 1)::timestamp AT TIME ZONE time_zone - interval '1 microsecond');
COMMENT ON FUNCTION last_instant(date, text) IS
'The last instant of the day in that time zone, or now where that is to come: up to it things are known as of the day. NULL if an argument is NULL. An unknown time zone: SQLSTATE 22023.';

CREATE FUNCTION week_begin(day date, week_start integer DEFAULT 1) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN day - (extract(isodow FROM day)::integer + 7 - week_start) % 7;
COMMENT ON FUNCTION week_begin(date, integer) IS
'The first day of the week in which a day lies, where weeks begin on the ISO weekday week_start, from 1, Monday, to 7, Sunday. NULL if an argument is NULL.';

CREATE FUNCTION asked_columns(model text, source text, of_vendor boolean, OUT names text[], OUT types text[], OUT required boolean[])
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
BEGIN ATOMIC
    SELECT array_agg(c.name ORDER BY c.position), array_agg(format_type(c.type::regtype, NULL) ORDER BY c.position), array_agg(c.required ORDER BY c.position)
    FROM (SELECT s.position, CASE WHEN of_vendor AND s.name = 'account_id' THEN 'account_key' ELSE s.name END AS name, s.required,
                 CASE WHEN s.type <> 'account_id' THEN s.type WHEN of_vendor THEN 'text'
                      ELSE (SELECT a.atttypid::regtype::text FROM pg_attribute a
                            WHERE a.attrelid = format('%I.%I', model, 'source_' || s.source)::regclass AND a.attname = s.name) END AS type
          FROM source_column s WHERE s.source = asked_columns.source
          UNION ALL
          SELECT v.position, v.name, false, v.type
          FROM (VALUES (1001, 'domain', 'text'), (1002, 'crm_key', 'text'), (1003, 'only_matched', 'boolean')) v(position, name, type)
          WHERE of_vendor AND asked_columns.source = 'account') c;
END;
COMMENT ON FUNCTION asked_columns(text, text, boolean) IS
'Internal: the columns that a query for the source must or may have; of_vendor: one for the view of a vendor, which has the vendor''s own keys of accounts';

CREATE FUNCTION conformed(model text, subject text, query text, asked record) RETURNS text
LANGUAGE plpgsql AS $conformed$
DECLARE
    -- no search_path of its own: the query is the caller's, with the caller's path and rights
    given pg_catalog.jsonb;
    given_type text;
    columns text[];
    complaints text[];
BEGIN
    -- the line break keeps a comment at the end of the query from swallowing the bracket
    EXECUTE pg_catalog.format(E'CREATE TEMPORARY VIEW csmetrics_map AS SELECT * FROM (%s\n) AS query', query);
    SELECT pg_catalog.jsonb_object_agg(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)) INTO given
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = 'pg_temp.csmetrics_map'::pg_catalog.regclass AND a.attnum > 0;
    DROP VIEW pg_temp.csmetrics_map;

    FOR i IN 1 .. pg_catalog.cardinality(asked.names) LOOP
        given_type := given ->> asked.names[i];
        IF given_type IS NULL THEN
            IF asked.required[i] THEN
                complaints := complaints || pg_catalog.format('missing column %s (%s)', asked.names[i], asked.types[i]);
            END IF;
            columns := columns || pg_catalog.format('NULL::%s AS %I', asked.types[i], asked.names[i]);
        ELSIF asked.types[i] = 'date' AND given_type = 'timestamp with time zone' THEN
            -- an instant falls on a day of the model's time zone, not of the session's
            columns := columns || pg_catalog.format('(query.%1$I AT TIME ZONE (SELECT time_zone FROM %2$I.policy))::date AS %1$I',
                                                    asked.names[i], model);
        ELSIF asked.types[i] = 'timestamp with time zone' AND given_type IN ('timestamp without time zone', 'date') THEN
            columns := columns || pg_catalog.format('query.%1$I::timestamp AT TIME ZONE (SELECT time_zone FROM %2$I.policy) AS %1$I',
                                                    asked.names[i], model);
        ELSE
            BEGIN
                EXECUTE pg_catalog.format('SELECT CAST(NULL::%s AS %s)', given_type, asked.types[i]);
            EXCEPTION WHEN cannot_coerce THEN
                complaints := complaints || pg_catalog.format('column %s of type %s cannot be cast to %s',
                                                              asked.names[i], given_type, asked.types[i]);
            END;
            columns := columns || pg_catalog.format('CAST(query.%1$I AS %2$s) AS %1$I', asked.names[i], asked.types[i]);
        END IF;
        given := given - asked.names[i];
    END LOOP;
    complaints := complaints || ARRAY(SELECT pg_catalog.format('unknown column %s', k) FROM pg_catalog.jsonb_object_keys(given) k ORDER BY k);
    IF pg_catalog.cardinality(complaints) > 0 THEN
        RAISE EXCEPTION '%: %', subject, pg_catalog.array_to_string(complaints, '; ')
            USING ERRCODE = 'undefined_column',
                  DETAIL = (SELECT pg_catalog.concat_ws(' ', 'Required: ' || pg_catalog.string_agg(c.name, ', ' ORDER BY c.place) FILTER (WHERE c.required) || '.',
                                'Optional: ' || pg_catalog.string_agg(c.name, ', ' ORDER BY c.place) FILTER (WHERE NOT c.required) || '.')
                            FROM ROWS FROM (pg_catalog.unnest(asked.names), pg_catalog.unnest(asked.required)) WITH ORDINALITY c(name, required, place));
    END IF;
    RETURN pg_catalog.format(E'SELECT %s FROM (%s\n) AS query', pg_catalog.array_to_string(columns, ', '), query);
END
$conformed$;
COMMENT ON FUNCTION conformed(text, text, text, record) IS
'Internal: the query with its columns cast to those asked for and the optional ones filled with NULL; what is missing, unknown or cannot be cast is named together: SQLSTATE 42703';

CREATE PROCEDURE map(model text, source text, query text)
LANGUAGE plpgsql AS $map$
DECLARE
    -- no search_path of its own: the query is the caller's, with the caller's path and rights
    body text := pg_catalog.regexp_replace(query, '[;[:space:]]+$', '');
    named text := 'source_' || source;
    of_source text := source;
    of_vendor boolean := false;
    known text;
BEGIN
    PERFORM csmetrics.require_model(model);
    IF source IS NULL OR NOT EXISTS (SELECT FROM csmetrics.source_column c WHERE c.source = map.source) THEN
        -- a view that connect() wrote, to be replaced by a query of one's own
        EXECUTE pg_catalog.format('SELECT v.source FROM %I.connection_view v WHERE v.view_name = $1 AND v.vendor IS NOT NULL', model) INTO of_source USING source;
        IF of_source IS NULL THEN
            SELECT pg_catalog.string_agg(DISTINCT c.source, ', ') INTO known FROM csmetrics.source_column c;
            RAISE EXCEPTION 'unknown source "%"', source
                USING ERRCODE = 'invalid_parameter_value', DETAIL = pg_catalog.format('Known are: %s.', known);
        END IF;
        named := source;
        of_vendor := true;
        body := csmetrics.with_connector(model, source, body);
    END IF;
    IF body IS NULL OR body = '' THEN
        RAISE EXCEPTION 'the query for source "%" is empty', source USING ERRCODE = 'invalid_parameter_value';
    END IF;

    EXECUTE pg_catalog.format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker) AS %s', model, named,
                              csmetrics.conformed(model, pg_catalog.format('source "%s"', source), body, csmetrics.asked_columns(model, of_source, of_vendor)));
    EXECUTE pg_catalog.format('COMMENT ON VIEW %I.%I IS %L', model, named, 'Where the facts are: written by CALL csmetrics.map');
END
$map$;
COMMENT ON PROCEDURE map(text, text, text) IS
'Says where the facts of a source are (account, subscription, ticket and the others of source_column): replaces the model''s view source_<source> by the query, its columns cast to their types and the optional ones filled with NULL. The query''s columns go by name, in any order. Required columns that are missing, unknown columns and types that cannot be cast are named together: SQLSTATE 42703; then nothing is changed. Instants become days, and days and times without zone instants, in the model''s time zone. The view reads with the rights of the reader. The source may also be a view that CALL connect() wrote, such as stripe_subscription: then the query gives the vendor''s account_key for account_id, and {connector} in it stands for what connect() reads.';
-- The dictionary: what each column of the views means. A name means the same in every view, so each has one row.
INSERT INTO model_column VALUES
('account_count', 'Accounts of the cohort'),
('account_id', 'Key of the account'),
('activation_median_days',
 'Median days from entitlement to first use, of all entitled accounts, those that have not used it included; NULL '
 'where half have not'),
('activation_median_lower_days', 'Lower end of its confidence interval (log-log)'),
('activation_median_upper_days', 'Upper end of its confidence interval'),
('active_28_days_count', 'Days with usage in the last 28'),
('active_user_count', 'Users active in the last adoption_days'),
('adopter_count', 'Those of them that used it in the last adoption_days, adoption_threshold times or more'),
('adoption_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('adoption_rate', 'adopter_count / eligible_count'),
('adoption_upper_rate', 'Upper end of its confidence interval'),
('age_months', 'Months since then; 0 is the close of the first month'),
('alert_id', 'Key of the alert'),
('amount_mrr', 'Amount of the movement, in money a month'),
('annualized_logo_churn_rate', 'This month''s logo churn if it held for a year, compounding'),
('anyway_change_score',
 'control_closing_score - control_opening_score: how much better they got with nothing done (regression to the mean)'),
('arm', 'treated; holdout: left alone by chance; past: met the trigger as of a day before the playbook began'),
('arpa_mrr', 'MRR an account with MRR, in money a month'),
('as_of_at', 'The last instant that the views know of'),
('as_of_on', 'The day as of which the views read'),
('at_risk_mrr', 'MRR times the points that the score lacks / 100: what the queue is ordered by'),
('auc_lower_rate', 'Lower end of its confidence interval (accounts as clusters)'),
('auc_rate',
 'Chance that of an account that churned and one that stayed, the first had the lower score; 0.5 is no better than a '
 'throw'),
('auc_upper_rate', 'Upper end of its confidence interval'),
('audience', 'Whom it is for: csm, manager or executive'),
('backlog_age_days', 'Mean age of these then, in days'),
('backlog_count', 'Tickets open at the end of the period'),
('before_events_rate', 'Events a day in as many days before'),
('before_mean_score', 'Mean score at the end of the week before'),
('before_on', 'The day that it is compared with'),
('before_reading', 'The reading of the month before'),
('before_red_count', 'Customers that were Red at the end of the week before'),
('before_score', 'Score as of before_on, by the rules of now'),
('before_tier', 'Tier as of before_on'),
('before_value_score', 'What the signal was worth then; NULL: missing'),
('bracket_number', 'Bracket of retention_days since the first active day, from 0'),
('breadth_rate', 'Those of them that it used / entitled_count'),
('ces_count', 'Answers it is made of'),
('ces_easy_rate', 'CES answers from 5 on / all of them'),
('ces_lower_score', 'Lower end of its confidence interval (t)'),
('ces_response_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('ces_response_rate', 'Of these, the share answered so far'),
('ces_response_upper_rate', 'Upper end of its confidence interval'),
('ces_score', 'Customer effort score, 1 to 7, 7 being the easiest; other scales are brought to it'),
('ces_sent_count', 'CES questions sent in the period'),
('ces_upper_score', 'Upper end of its confidence interval'),
('change_points', 'Score less before_score'),
('change_rate', 'Relative change: recent / before - 1'),
('checked_at', 'When that was found'),
('child_count', 'Child accounts that are customers'),
('children_score', 'Mean score of the child accounts, each by its MRR'),
('churn_count', 'Accounts of churn_mrr'),
('churn_mrr', 'MRR lost by accounts that left, and of pauses that ended in churn'),
('churned_count', 'Accounts that lost their last MRR, at whatever time'),
('churned_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('churned_on', 'Day on which the last MRR was lost; NULL: still there, or paused'),
('churned_rate', 'churn_count / prediction_count'),
('churned_upper_rate', 'Upper end of its confidence interval'),
('cleared_count', 'Alerts cleared within the week'),
('closed_on', 'judge_on, once it is judged'),
('closing_change_mrr', 'The difference'),
('closing_count', 'Accounts with closing MRR'),
('closing_fx', 'Rate of the last day of the period'),
('closing_mrr',
 'MRR at the end of the period: opening + new + reactivation + resume + expansion - contraction - pause - churn, '
 'exactly'),
('closing_score', 'Health score as of judge_on'),
('closing_tier', 'Tier as of judge_on; NULL: open, or no customer any more'),
('cltv_amount',
 'Lifetime value, simple: arpa_mrr x gross margin / monthly churn, in money; assumes that churn never changes'),
('cltv_lower_amount', 'The same at the upper end of monthly churn'),
('cltv_reason', 'Why there is no simple lifetime value'),
('cltv_upper_amount', 'The same at the lower end of monthly churn; NULL where that is 0'),
('cohort_on', 'First day of the month in which the accounts had their first MRR'),
('complaint', 'What is wrong, in words'),
('component', 'Component of the score'),
('confidence_rate', 'Confidence of the intervals, from the policy'),
('consistency_rate',
 'Of the last 8 weeks that are over, or as many as the account has been active for, the share with usage; a week '
 'begins on week_start'),
('contraction_count', 'Accounts of contraction_mrr'),
('contraction_mrr', 'MRR lost by accounts that stayed'),
('contraction_rate', 'Contraction / opening MRR'),
('control_closing_score', 'Their mean score when judged'),
('control_count', 'Runs that they are compared with'),
('control_kind',
 'What the treated are compared with: holdout, left alone by chance; past, from before the playbook began; none'),
('control_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('control_opening_score', 'The same of those that they are compared with'),
('control_rate',
 'control_success_count / control_count: the share that comes back anyway, with nothing done (regression to the mean)'),
('control_success_count', 'Those of them that succeeded'),
('control_upper_rate', 'Upper end of its confidence interval'),
('coverage_rate', 'Share of the weight of all signals whose value is known'),
('csat_change_rate', 'The difference'),
('csat_count', 'Answers it is made of'),
('csat_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('csat_rate', 'Customer satisfaction: answers of satisfied_from or more, on a scale of 1 to 5 / all answers'),
('csat_response_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('csat_response_rate', 'Of these, the share answered so far'),
('csat_response_upper_rate', 'Upper end of its confidence interval'),
('csat_sent_count', 'CSAT questions sent in the period'),
('csat_upper_rate', 'Upper end of its confidence interval'),
('currency', 'ISO 4217 code of the currency'),
('customer_days', 'Days since it first paid; NULL where it never did'),
('dau_count', 'Accounts active on that day'),
('day_on', 'The day'),
('declined_count', 'Customers in a worse tier than at the end of the week before'),
('denominator', 'What that is to be divided by; NULL: the sum of numerators is the reading'),
('description', 'What it means, and what to do'),
('detractor_count', 'NPS answers below 7'),
('dimension', 'Attribute of the account by which it is grouped'),
('direction', 'falls or rises'),
('discount_mrr', 'Recurring discounts on it'),
('discount_rate', '(discount_mrr + limited_discount_mrr) / list_mrr'),
('discounted_cltv_amount',
 'Lifetime value over the horizon, discounted, from the retention curve that was seen, in money'),
('discounted_cltv_lower_amount', 'Lower end of its confidence interval, from that of the curve'),
('discounted_cltv_upper_amount', 'Upper end of its confidence interval'),
('discounted_count', 'Those with a discount, recurring or limited'),
('done_count', 'Treated runs that their owners called done; it is in no other figure'),
('done_on', 'When its owner called it done; no outcome depends on it'),
('dormant_count', 'Accounts active in the 28 days before these, and not in these'),
('due_on', 'The day by which it is to be done'),
('earlier_spearman_rate',
 'Rank correlation of the changes, on the earlier months that the lag was chosen by: flattering, since it was chosen'),
('effect', 'What the headline figures would be without the rows found, in words'),
('effect_lower_rate', 'Lower end of its confidence interval (Newcombe, with continuity correction)'),
('effect_rate', 'What the playbook gives: treated_rate - control_rate'),
('effect_upper_rate', 'Upper end of its confidence interval'),
('effect_verdict',
 'helps, or harms: the interval of the effect does not cover 0 (against past days: better than before, worse than '
 'before); no effect shown: it does; too few: fewer than 10 judged on a side; not comparable: the sample ratio is '
 'off, or of more on one side than on the other it is unknown (99.9 %); no comparison: nobody was left alone'),
('eligible_count',
 'Accounts entitled to the feature; where no entitlements are mapped, accounts active in the window'),
('entitled_count', 'Features that the account is entitled to'),
('entity_id', 'The account that it belongs to meanwhile'),
('escalated_90_days_count', 'Those of them that were escalated'),
('escalated_count', 'Tickets opened in the period that were escalated'),
('escalated_open_count', 'Those of them that are escalated'),
('events_28_days_count', 'Events in the last 28 days'),
('events_median_rate', 'The same of the user in the middle'),
('events_per_user_rate', 'Events an active user in the last adoption_days, mean'),
('expansion_count', 'Accounts of expansion_mrr'),
('expansion_mrr', 'MRR gained by accounts with opening MRR'),
('expected_rate',
 'Churn to be expected of its mean score by the curve of the earlier test days; NULL where there are none'),
('exposed_months_count', 'Months of the last twelve that began with MRR'),
('fcr_change_rate', 'The difference'),
('fcr_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('fcr_net_lower_rate', 'Lower end of its confidence interval'),
('fcr_net_rate', 'The same without escalated tickets, which first contact could not resolve'),
('fcr_net_upper_rate', 'Upper end of its confidence interval'),
('fcr_rate',
 'First contact resolution, gross: judged ones without reopening and further contact in contact_window_days / judged '
 'ones'),
('fcr_upper_rate', 'Upper end of its confidence interval'),
('feature', 'Name of the feature'),
('features_used_count', 'Different features used in the last adoption_days, adoption_threshold times or more'),
('first_active_on', 'First day with usage'),
('first_paid_on', 'Day of the first MRR'),
('first_reply_median_hours',
 'Median hours to the first reply of the tickets opened in the period, those waiting included; one solved without '
 'reply waits until then'),
('first_reply_median_lower_hours', 'Lower end of its confidence interval (log-log)'),
('first_reply_median_upper_hours', 'Upper end of its confidence interval'),
('fiscal_year_start', 'First month of its years, from the policy'),
('flagged_count', 'Scores that were Red'),
('friction_count',
 'Friction of the last 90 days: tickets that are a further contact, were opened again or escalated, each counted once'),
('friction_rate', 'friction_count / opened_90_days_count'),
('from_on', 'First day that the views report'),
('fx', 'What one unit of the currency is worth in the currency of report'),
('fx_mrr', 'Effect of exchange rates on MRR: what opening and movements do not explain of the closing'),
('gap_smooth_days', 'Gaps of fewer days are no churn, from the policy'),
('goal', 'Its goal, from table target'),
('goal_status', 'Where the reading lies against the goal: below, in or above'),
('green_count', 'Accounts that are Green'),
('green_mrr', 'MRR of accounts that are Green'),
('green_rate', 'green_count / account_count'),
('gross_retention_rate', 'kept_mrr / start_mrr; at most 1'),
('group_number', 'Tenths of the scores, the lowest scores first; equal scores stay together'),
('grr_change_rate', 'The difference'),
('grr_lower_rate', 'Lower end of its confidence interval'),
('grr_rate', 'Gross revenue retention: the same with each account''s closing MRR capped at its opening; at most 1'),
('grr_upper_rate', 'Upper end of its confidence interval'),
('has_value', 'Has it reached first value?'),
('health_score', 'Health score, 0 to 100; NULL where too little is known'),
('higher_is_better', 'Is a higher reading the better one? NULL where it should lie in a band'),
('highest_reading', 'Its reading'),
('highest_score', 'Highest score of the group'),
('highest_segment', 'The segment with the highest reading'),
('history_count', 'Readings of the 24 months before'),
('holdout_count', 'Runs of the present holdout share, open ones too, that were left alone'),
('holdout_rate', 'Their share of all such runs'),
('idle_days', 'Days since then'),
('improved_count', 'Customers in a better tier than at the end of the week before'),
('indicator', 'leading: it can still be acted upon; lagging: it tells how it went'),
('into_red_count', 'Customers that are Red and were not at the end of the week before'),
('into_red_mrr', 'Their MRR'),
('intra_period_count', 'Accounts of intra_period_mrr'),
('intra_period_mrr', 'MRR that came and went within the period: in no other column'),
('is_churned', 'Did the account churn in the backtest_days after it?'),
('is_complete', 'Is the period over as of as_of?'),
('is_counted', 'Is it in treated_count or control_count?'),
('is_enabled', 'Is it opened for further accounts?'),
('is_exact', 'Are all lengths of time kept as they are? Else they are off by at most 0.4 %'),
('is_holdout', 'Is it left alone, so that a play can be compared?'),
('is_known', 'Are all the rates there that it needs?'),
('is_mature', 'Is the period of this cell over as of as_of?'),
('is_over_seats', 'Do more use it than were paid for?'),
('is_overdue', 'Is it past that day?'),
('is_quarantined', 'Does refresh leave these rows out?'),
('is_sampled',
 'Was it thrown with the present holdout share, the latest above 0? The sample ratio is that of such runs'),
('is_small_sample', 'Is one of these figures made of fewer than 30 answers?'),
('is_success', 'Did it succeed? NULL: open, or unknown'),
('is_suppressed', 'Is the reading not shown, since it is made of fewer than least_count?'),
('joined_count', 'Customers that were none at the end of the week before'),
('joined_mrr', 'Their MRR'),
('judge_on', 'The day as of which it is judged'),
('judged_count', 'Tickets opened in the period that are solved and old enough to judge first contact resolution'),
('kept_mrr', 'MRR at this age, or at the end of the period, each account''s capped at what it began with'),
('known_count', 'Accounts of which it is known'),
('known_months', 'Months of the horizon that the curve tells of; payments after them are in neither'),
('known_rate', 'known_count / account_count'),
('lag_months',
 'Months after which its changes follow those of the leading one most closely, as learned on the earlier months'),
('lagging_metric', 'The metric that follows'),
('last_active_on', 'Last day with usage'),
('last_opened_at', 'When the last ticket was opened'),
('leading_metric', 'The metric that goes before'),
('left_count', 'Customers of the end of the week before that are none'),
('left_mrr', 'The MRR that they had'),
('left_out_count',
 'Judged runs in no figure of the comparison: of another holdout share, without a match, or a further one of an '
 'account that is matched with past days'),
('lifecycle_stage', 'Stage of the customer lifecycle'),
('limited_discount_mrr',
 'One-off and limited discounts on it, which mrr does not have off unless discount_rule is all'),
('list_mrr', 'MRR of the subscriptions in force without discounts, in money a month of that currency'),
('log_rank_p',
 'Probability of differences as large as those between the values of this dimension if there were none (log-rank '
 'test); NULL with one value, or more than 100'),
('logo_churn_average_rate',
 'Logo churn by the denominator average: accounts that left, those of within the period too / mean of opening and '
 'closing accounts'),
('logo_churn_change_rate', 'The difference'),
('logo_churn_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('logo_churn_rate', 'Logo churn: accounts that left / accounts with opening MRR'),
('logo_churn_upper_rate', 'Upper end of its confidence interval'),
('logo_retention_rate', 'retained_count / account_count'),
('longest_gap_days', 'Longest run of days without usage in the last 90, or since it was first active'),
('lost_at', 'When the account lost its last MRR'),
('lost_count', 'Accounts lost before first value'),
('lost_months_count', 'Those of them in which the last MRR was lost: 0 or 1'),
('lost_points', 'Points that it takes from 100; those of an account add up to 100 less its score exactly'),
('lost_run_count', 'Judged runs whose account was no customer any more: they count as failed'),
('lowest_reading', 'Its reading'),
('lowest_score', 'Lowest score of the group'),
('lowest_segment', 'The segment with the lowest reading, of those that are made of least_count or more'),
('matched_count',
 'Pairs of one treated and one past run, each the first of its account, of the same segment and the same five points '
 'of opening_score; NULL with holdouts, which need none'),
('mature_count', 'Accounts whose bracket is over'),
('mau_count', 'Accounts active in the 28 days up to it'),
('mean_lost_points', 'Mean points that it takes from 100'),
('mean_score', 'Mean score, each account alike'),
('mean_value_score', 'Mean value where it is known'),
('metric', 'Name of the metric, of csmetrics.model_metric'),
('monthly_churn_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('monthly_churn_rate',
 'Accounts lost a month, over the last twelve months: losses / months that accounts began with MRR'),
('monthly_churn_upper_rate', 'Upper end of its confidence interval'),
('movement', 'new, reactivation, resume, expansion, contraction, pause, churn or intra_period'),
('movement_fx', 'Rate at which movements are converted'),
('mrr', 'MRR as of then, in money a month'),
('n_count', 'How many accounts, tickets or answers it is made of; see csmetrics.model_metric'),
('n_day_count', 'Of these: active in that very bracket'),
('n_day_rate', 'n_day_count / mature_count; NULL before a bracket is over, never 0'),
('naive_change_score',
 'treated_closing_score - treated_opening_score: what before and after alone would claim. Who is picked at his worst '
 'gets better anyway'),
('naive_resolution_mean_hours',
 'Mean hours to the last solve of the solved ones of them alone: too low while others are open'),
('naive_resolution_median_hours', 'Median of the solved ones alone: too low while others are open'),
('naive_resolution_p90_hours',
 'Hours within which nine of ten of the solved ones were: too low while others are open'),
('naive_ttv_mean_days', 'Mean days of the accounts that reached first value alone: too low while others wait'),
('naive_ttv_median_days', 'Median days of the accounts that reached first value alone: too low while others wait'),
('name', 'Name of the account'),
('net_retention_rate', 'mrr / start_mrr'),
('net_revenue_churn_rate', '1 - NRR; below zero where expansion outweighs the losses'),
('new_active_count', 'Of mau: accounts that were never active before the 28 days'),
('new_count', 'Accounts of new_mrr'),
('new_mrr', 'MRR of accounts that never had any before'),
('nps_change_score', 'The difference'),
('nps_count', 'Answers it is made of'),
('nps_lower_score', 'Lower end of its confidence interval (adjusted Wald)'),
('nps_response_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('nps_response_rate', 'Of these, the share answered so far'),
('nps_response_upper_rate', 'Upper end of its confidence interval'),
('nps_score', 'Net Promoter Score, -100 to 100'),
('nps_sent_count', 'NPS questions sent in the period'),
('nps_upper_score', 'Upper end of its confidence interval'),
('nrr_chained_rate', 'NRR by method chained: product of the twelve monthly ratios'),
('nrr_change_rate', 'The difference'),
('nrr_lower_rate', 'Lower end of its confidence interval (ratio estimator, account as unit)'),
('nrr_movement_rate',
 'NRR by method movement: (opening + expansion - contraction - churn of the twelve months) / opening; the movements '
 'of newcomers leak in'),
('nrr_rate', 'Net revenue retention: closing / opening MRR of the accounts with opening MRR; NULL without any'),
('nrr_ttm_avg_rate',
 'NRR by method ttm_avg: mean of the twelve monthly ratios weighted by opening MRR; a monthly figure'),
('nrr_upper_rate', 'Upper end of its confidence interval'),
('numerator', 'What the account gives to the reading'),
('odds_lower_rate', 'Lower end of its confidence interval (accounts as clusters)'),
('odds_ten_points_rate',
 'By how much the odds of churn are multiplied by ten points less (logistic fit); 1 is no relation'),
('odds_upper_rate', 'Upper end of its confidence interval'),
('oldest_open_days', 'Age of the oldest open one, in days'),
('onboarding_path', 'Way in which the account was brought on board'),
('one_touch_lower_rate', 'Lower end of its confidence interval'),
('one_touch_rate', 'Tickets solved with one agent reply and not reopened / solved ones whose replies are known'),
('one_touch_upper_rate', 'Upper end of its confidence interval'),
('open_count', 'Tickets open'),
('open_run_count', 'Runs that are open'),
('opened_90_days_count', 'Tickets opened in the last 90 days'),
('opened_count', 'Tickets opened in the period'),
('opened_on', 'The day as of which the trigger of the playbook held'),
('opening_count', 'Accounts with opening MRR'),
('opening_fx', 'Rate of the day before the period'),
('opening_mrr', 'MRR at the end of the day before the period, in money a month'),
('opening_score', 'Health score as of opened_on'),
('opening_tier', 'Tier as of opened_on'),
('out_of_red_count', 'Customers that were Red at the end of the week before and are not'),
('outcome',
 'open, succeeded, failed, lost (no customer any more as of judge_on: counts as failed), or unknown (in no rate)'),
('own_closing_mrr', 'Closing MRR in the currency itself'),
('own_opening_mrr', 'Opening MRR in the currency itself'),
('own_signals',
 'The signals of health_signal that are not of csmetrics.model_signal, as a JSON object: own_signals -> ''name'' is '
 'the latest value of source_signal'),
('owner', 'Customer-success manager of the account'),
('parent_id', 'Key of the parent account'),
('passive_count', 'NPS answers from 7 on and below 9'),
('pause_churn_days', 'Days after which a pause becomes churn, from the policy'),
('pause_count', 'Accounts of pause_mrr'),
('pause_mrr', 'MRR lost to pauses, less that of pauses that ended in churn'),
('pause_rule', 'How pauses are shown, from the policy'),
('paying_count', 'Accounts with MRR'),
('percentile_rate',
 'Its place among these: the share that lies below it, of equal ones half; NULL where there are fewer than 6'),
('period', 'Length of the periods of revenue_by_period, from the policy'),
('period_end_on', 'The day after the last of the period'),
('period_start_on', 'First day of the period'),
('plan', 'Plan of the account'),
('planned_rate', 'The share that was to be left alone by chance'),
('play_judged_count', 'Plays judged within the week'),
('play_opened_count', 'Plays opened within the week'),
('play_overdue_count', 'Plays that were past due and not done at the end of the week'),
('play_success_count', 'Those that met their success condition'),
('playbook', 'Name of the playbook'),
('points', 'Points that it gives to the score; those of an account add up to its score exactly'),
('policy_hash', 'Fingerprint of the policy: equal hashes, equal definitions'),
('precision_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('precision_rate', 'Of the Red, the share that churned'),
('precision_upper_rate', 'Upper end of its confidence interval'),
('prediction_count', 'Scores held against what then happened: accounts times days'),
('predicts',
 'yes: the interval of the AUC lies above 0.5; no: it covers it; inverse: below; too few: fewer than 10 churned, or '
 'stayed'),
('promoter_count', 'NPS answers from 9 on'),
('raised_at', 'As of when the alert was raised'),
('raised_count', 'Alerts raised within the week'),
('rank_number', 'Place in the queue'),
('rate_max_age_days', 'Age at which a rate is none any more, from the policy'),
('rate_on', 'The day whose rates convert the histories of single accounts, from the policy'),
('rate_rule', 'Rate at which movements are converted, from the policy'),
('reached_count', 'Accounts that reached first value'),
('reactivation_count', 'Accounts of reactivation_mrr'),
('reactivation_gap_days', 'Who comes back after more days without MRR is new, from the policy'),
('reactivation_mrr', 'MRR of accounts that had some before, none at the opening'),
('reading', 'What the signal or metric reads, in its own unit; see csmetrics.model_signal and csmetrics.model_metric'),
('reading_change', 'Reading less before_reading'),
('reading_change_year', 'Reading less year_before_reading'),
('reading_from_all', 'Reading less that of all accounts'),
('reading_from_goal',
 'How far it is from the goal, in its unit: below zero by what is wanting to the lower limit, above by what exceeds '
 'the upper'),
('reading_lower', 'Lower end of its confidence interval, where there is one'),
('reading_upper', 'Upper end of its confidence interval'),
('reasons', 'The three signals that cost most points'),
('recall_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('recall_rate', 'Of those that churned, the share that was Red'),
('recall_upper_rate', 'Upper end of its confidence interval'),
('recent_events_rate', 'Events a day in the last trend_days days'),
('red_count', 'Accounts that are Red'),
('red_mrr', 'MRR of accounts that are Red'),
('red_mrr_rate', 'red_mrr / mrr of all of them'),
('region', 'Region of the account'),
('rejected_count',
 'Rows that cannot be right, in no figure: first value before the start, solved before opened, answers off their scale'),
('renewal_count', 'Monthly renewals that came up so far; the account was lost at the last, or is still there'),
('renewal_days', 'Days until then'),
('renews_on', 'Day of its next renewal, as the source says now'),
('reopen_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('reopen_rate', 'Tickets opened again / tickets solved, of those opened in the period'),
('reopen_upper_rate', 'Upper end of its confidence interval'),
('reopened_90_days_count', 'Those of them that were opened again after a solve'),
('repeated_90_days_count', 'Those of them that are a further contact on an earlier one'),
('report_currency', 'Currency of report, from the policy'),
('resolution_median_hours', 'Median hours to the last solve of the tickets opened in the period, open ones included'),
('resolution_median_lower_hours', 'Lower end of its confidence interval (log-log)'),
('resolution_median_upper_hours', 'Upper end of its confidence interval'),
('resolution_p90_hours', 'Hours within which nine of ten of them are solved'),
('resolution_p90_lower_hours', 'Lower end of its confidence interval'),
('resolution_p90_upper_hours', 'Upper end of its confidence interval'),
('resolved_count', 'Tickets opened in the period that are solved'),
('resume_count', 'Accounts of resume_mrr'),
('resume_mrr', 'MRR of accounts that are back from a pause'),
('resurrected_active_count', 'Of mau: accounts that were active only earlier than that'),
('retained_12_months_lower_rate', 'Lower end of its confidence interval'),
('retained_12_months_rate', 'Share of accounts still there after a year (366 days); NULL where none was seen so long'),
('retained_12_months_upper_rate', 'Upper end of its confidence interval'),
('retained_active_count', 'Of mau: accounts that were active in the 28 days before these too'),
('retained_count', 'Those with MRR at this age'),
('revenue_churn_rate', 'Revenue churn of accounts that left: churn / opening MRR'),
('robust_z_score',
 'Its distance from their median in robust standard deviations (1.4826 x the median absolute deviation); NULL where '
 'there are fewer than 6, or most are equal'),
('role', 'Role of the users'),
('rolling_count', 'Of these: active in every bracket up to that one'),
('rolling_rate', 'rolling_count / mature_count'),
('row_count', 'Rows found'),
('rule', 'Name of the rule'),
('rules', 'The alerts that are open, the most severe first'),
('run_count', 'All runs: open_run_count + treated_count + control_count + left_out_count + unknown_run_count'),
('run_days', 'Days since it was opened'),
('run_id', 'Key of the run'),
('run_owner', 'Who does it'),
('sample_keys', 'The first five of them: the required columns and keys of each'),
('sample_ratio',
 'ok: as many were left alone as planned (99.9 %, Clopper-Pearson), of all runs of the present share; mismatch: not '
 'so, and whatever made it so may make the arms differ; NULL without holdouts'),
('sbg_alpha', 'Shifted-beta-geometric model of monthly renewals: alpha'),
('sbg_beta', 'Its beta; mean churn of a new account at its first renewal is alpha / (alpha + beta)'),
('sbg_cltv_amount',
 'Lifetime value of a new account by that model, discounted, without horizon, in money: churn falls as accounts age, '
 'as constant churn denies'),
('sbg_reason', 'Why there is no such model'),
('scored_on', 'The past day as of which the account was scored'),
('seat_count', 'Seats bought'),
('seat_use_rate', 'active_user_count / seats; above 1 where more use it than were paid for'),
('segment', 'Market segment of the account'),
('severity', 'critical, warning or info'),
('signal', 'Name of the signal'),
('solved_count', 'Tickets solved in the period, whenever they were opened'),
('source', 'The source whose rows these are'),
('source_column', 'The column of it, or what of its columns'),
('source_view', 'The view that the reading comes from'),
('spearman_p', 'Probability of one as far from 0 if there were no relation (Student''s t)'),
('spearman_q',
 'The same with all pairs that were tested taken into account: share of chance finds among those up to here '
 '(Benjamini-Hochberg)'),
('spearman_rate', 'Rank correlation of the changes on the later months, -1 to 1, which nothing was chosen by'),
('start_mrr', 'MRR of the first paid day of each account, in money a month'),
('started_at', 'When the clock to first value started, as the policy says'),
('starts_on', 'First day in force; NULL: always'),
('status', 'reached, waiting, lost before value, or rejected: value before the start, for somebody to mend'),
('stickiness_rate',
 'Days on which accounts of mau were active / those of the 28 days from the first activity of each on; without '
 'newcomers mean dau / mau'),
('streak_days', 'Active days in a row up to the day of the reading'),
('subscription_id', 'Key of the subscription, where these are the entities; else NULL'),
('tenure_days', 'Days from the first MRR to the loss of the last, or so far'),
('tenure_median_days', 'Median tenure, accounts still there included; NULL where half have not left'),
('tenure_median_lower_days', 'Lower end of its confidence interval (log-log)'),
('tenure_median_upper_days', 'Upper end of its confidence interval'),
('term',
 'value: its value is another; coverage: its value came, went or grew older; definition: its rule is another; '
 'override: a pulse or veto'),
('tier', 'Green, Yellow, Red or Unknown, by the unrounded score and the bounds of the policy'),
('time_zone', 'Time zone in which a day begins, from the policy'),
('top_lift_lower_rate', 'Lower end of its confidence interval'),
('top_lift_rate', 'Churn of the tenth with the lowest scores / churn of all'),
('top_lift_upper_rate', 'Upper end of its confidence interval'),
('trailing_year_logo_churn_rate',
 'Logo churn of the twelve months to here, compounding; NULL before there are twelve'),
('treated_closing_score', 'Their mean score when judged'),
('treated_count', 'Treated runs that are compared, whether anything was done or not (intention to treat)'),
('treated_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('treated_opening_score', 'Mean score of the treated when opened, of those whose score is known on both days'),
('treated_rate',
 'treated_success_count / treated_count. Not the effect: in it are those that would have come back anyway, a share of '
 'control_rate'),
('treated_success_count', 'Those of them that succeeded'),
('treated_upper_rate', 'Upper end of its confidence interval'),
('trend_events_rate', 'Their difference'),
('trend_lower_rate', 'Lower end of its confidence interval (Welch, days as the sample)'),
('trend_p',
 'Probability of a difference as large if nothing had changed; of a hundred steady accounts five are below 0.05'),
('trend_upper_rate', 'Upper end of its confidence interval'),
('ttv_days', 'Days from the start to first value, to the loss, or so far'),
('ttv_median_days',
 'Median days to first value of all accounts, those waiting included; NULL where half have not got there'),
('ttv_median_lower_days', 'Lower end of its confidence interval (log-log)'),
('ttv_median_upper_days', 'Upper end of its confidence interval'),
('unbounded_count', 'Of these: active in that bracket or later'),
('unbounded_rate', 'unbounded_count / mature_count; it can still rise'),
('unentitled_count', 'Accounts that used it so without being eligible'),
('unit', 'Unit of the reading: rate (a ratio), score (points), days, hours, mrr (money a month) or count'),
('unknown_count', 'Accounts of which too little is known'),
('unknown_mrr', 'MRR of accounts of which too little is known'),
('unknown_run_count', 'Judged runs of which it is unknown whether they succeeded: in no rate'),
('urgency',
 'now: a critical alert, a play that is overdue, or Red; soon: a warning, an open play, or Yellow before a renewal; '
 'chance: nothing is wrong, there is room to expand'),
('user_count', 'Users ever active'),
('value', 'Its value; (none) where the account has none'),
('value_at', 'When first value was reached'),
('value_score', 'What that is worth, 0 to 100; NULL: missing'),
('verdict',
 'met, missed, or above a goal with two limits; within chance where the confidence interval reaches over a limit'),
('waiting_count', 'Accounts on their way: censored, not left out'),
('wau_count', 'Accounts active in the 7 days up to it'),
('weight', 'Its weight'),
('weighted_cltv_amount', 'The same with the curve of MRR: each account weighs as much as the MRR it began with'),
('weighted_cltv_lower_amount', 'Lower end of its confidence interval'),
('weighted_cltv_upper_amount', 'Upper end of its confidence interval'),
('weighted_score', 'Mean score, each account by its MRR'),
('with_parent_score', 'Mean score of the child accounts and the parent itself, each by its MRR'),
('within_30_days_lower_rate', 'Lower end of its confidence interval'),
('within_30_days_rate', 'Share of accounts that reach first value within 30 days, those waiting included'),
('within_30_days_upper_rate', 'Upper end of its confidence interval'),
('without_closing_mrr', 'Closing MRR without the rows found'),
('without_csat_rate', 'CSAT of the answers of the trailing year without the rows found'),
('without_fcr_rate', 'First contact resolution of the tickets opened in the trailing year without the rows found'),
('without_grr_rate', 'GRR of the trailing year without the rows found'),
('without_logo_churn_rate', 'Logo churn of the trailing year without the rows found'),
('without_nps_score', 'NPS of the answers of the trailing year without the rows found'),
('without_nrr_rate', 'NRR of the trailing year without the rows found'),
('worst_child_id', 'Key of the child account with the lowest score'),
('worst_child_score', 'Its score'),
('worst_score', 'The lowest score, rounded down to hundredths'),
('year_before_reading', 'The reading of the same month a year before'),
('yellow_count', 'Accounts that are Yellow'),
('yellow_mrr', 'MRR of accounts that are Yellow');
-- Whose revenue, and in which money: rates, parents, and the rules of both.
INSERT INTO source_column VALUES
('fx_rate', 1, 'currency', 'text', true, 'ISO 4217 code'),
('fx_rate', 2, 'on_date', 'date', true, 'First day on which the rate holds, until the next of the currency'),
('fx_rate', 3, 'rate', 'numeric', true, 'What one unit of the currency is worth, in a currency that is the same in every row; where that is not the currency of report, it has rows too'),
('parent', 1, 'account_id', 'account_id', true, 'Key of the account'),
('parent', 2, 'parent_id', 'account_id', true, 'Key of the account that it belongs to'),
('parent', 3, 'starts_on', 'date', false, 'First day on which it does; NULL: from ever'),
('parent', 4, 'ends_on', 'date', false, 'The day after the last; NULL: still'),
('parent', 5, 'is_merger', 'boolean', false, 'Has it become a part of that account? Then it is no account of its own any more, at whatever grain');

INSERT INTO source_check VALUES
('fx_rate', 1, 'currency IS NULL', $$'currency is NULL'$$),
('fx_rate', 2, 'on_date IS NULL', $$format('the rate of %s is of no day: on_date is NULL', currency)$$),
('fx_rate', 3, $$NOT coalesce(rate > 0 AND rate < 'infinity', false)$$, $$format('rate %s of %s on %s is not above 0', coalesce(rate::text, 'NULL'), currency, on_date)$$),
('parent', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('parent', 2, 'ends_on < starts_on', $$format('ends %s is before starts %s', ends_on, starts_on)$$),
('subscription', 7, $$currency IS NOT NULL AND upper(currency) <> (SELECT report_currency FROM policy) AND upper(currency) NOT IN (SELECT currency FROM constant_rate WHERE fx IS NOT NULL)$$,
 $$format('no rate from %s to %s is known', currency, (SELECT report_currency FROM policy))$$);

INSERT INTO policy_column VALUES
(6, 'period', 'text', $$'month'$$, $$period IN ('month', 'quarter', 'year')$$, 'Length of the periods of revenue_by_period'),
(7, 'fiscal_year_start', 'integer', '1', 'fiscal_year_start BETWEEN 1 AND 12', 'Month in which quarters and years of revenue_by_period are counted from: 2 for a year from February to January'),
(8, 'entity_grain', 'text', $$'account'$$, $$entity_grain IN ('account', 'subscription', 'parent')$$, 'Whose MRR is compared with its own before, in the bridge, churn and retention: account, each subscription by itself, or the topmost parent with all that belongs to it (refresh)'),
(15, 'reactivation_gap_days', 'integer', NULL, 'reactivation_gap_days BETWEEN 0 AND 36525', 'Who comes back after more than so many days without MRR is a new customer, and the one before is lost; NULL: whoever paid before is back, however long after'),
(200, 'report_currency', 'text', NULL, $$report_currency ~ '^[A-Z]{3}$'$$, 'ISO 4217 code of the currency of report; NULL: all MRR is taken to be in one, and nothing is converted (refresh)'),
(201, 'rate_rule', 'text', $$'period_start'$$, $$rate_rule IN ('period_start', 'period_end', 'average', 'fixed')$$, 'Rate at which movements are converted: that before the period, at its end, the mean of its days, or one for all time; what rates do to MRR between is fx_mrr'),
(202, 'rate_on', 'date', NULL, NULL, 'The day whose rates convert the histories of single accounts, and everything where rate_rule is fixed; NULL: the latest (refresh)'),
(203, 'rate_max_age_days', 'integer', '7', 'rate_max_age_days BETWEEN 0 AND 36525', 'A rate older than this many days is no rate: figures that would need it are NULL, and view missing_rate has the rows');

CREATE FUNCTION in_report_currency(amount numeric, currency text, report_currency text, rates jsonb) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN report_currency IS NULL OR currency IS NULL OR upper(currency) = report_currency THEN amount ELSE round(amount * (rates ->> upper(currency))::numeric, 6) END;
COMMENT ON FUNCTION in_report_currency(numeric, text, text, jsonb) IS
'An amount in the currency of report, rounded once to six decimals, by the rate of its currency in rates, an object of numbers by ISO 4217 code; as it is where its own currency is NULL or that of report, or there is none of report. NULL without a rate.';

CREATE FUNCTION period_start(day date, period text, fiscal_year_start integer DEFAULT 1) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (date_trunc(period, day::timestamp - (fiscal_year_start - 1) * interval '1 month') + (fiscal_year_start - 1) * interval '1 month')::date;
COMMENT ON FUNCTION period_start(date, text, integer) IS
'First day of the month, quarter or year that the day is in, with years that begin with that month, 1 to 12. NULL if an argument is NULL; another period: SQLSTATE 22023.';

CREATE FUNCTION period_length(period text) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE period WHEN 'month' THEN interval '1 month' WHEN 'quarter' THEN interval '3 months' WHEN 'year' THEN interval '1 year' END;
COMMENT ON FUNCTION period_length(text) IS 'Length of a month, quarter or year. NULL for anything else.';

CREATE FUNCTION moves(revenue mrr_timeline, from_on date, to_on date) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mrr_at(revenue, from_on - 1) > 0 OR EXISTS (SELECT FROM changes(revenue) c WHERE c.changed_on >= from_on AND c.changed_on < to_on);
COMMENT ON FUNCTION moves(mrr_timeline, date, date) IS 'Internal: is there MRR before from_on, or a movement from then on and before to_on?';
-- The revenue part of the model: what subscriptions say, and the bridge, churn and cohorts read from it.
INSERT INTO source_column VALUES
('subscription', 1, 'account_id', 'account_id', true, 'Key of the account'),
('subscription', 2, 'subscription_id', 'text', false, 'Key of the subscription'),
('subscription', 3, 'starts_on', 'date', true, 'First day in force'),
('subscription', 4, 'ends_on', 'date', false, 'The day after the last in force; NULL: still in force'),
('subscription', 5, 'mrr', 'numeric', true, 'MRR in force meanwhile, in money a month, recurring discounts off, without tax; see mrr() and term_mrr() for prices'),
('subscription', 6, 'currency', 'text', false, 'ISO 4217 code'),
('subscription', 7, 'product', 'text', false, 'Product'),
('subscription', 8, 'plan', 'text', false, 'Plan'),
('subscription', 9, 'status', 'text', false, 'trial and paused are treated as the policy says; anything else counts by its days'),
('subscription', 10, 'cancelled_on', 'date', false, 'Day on which the customer cancelled'),
('subscription', 11, 'renews_on', 'date', false, 'Day of the next renewal; where it was cancelled, of the one that was called off'),
('subscription', 12, 'end_reason', 'text', false, 'Why it ended'),
('subscription', 13, 'voluntary', 'boolean', false, 'Was it the customer who ended it?'),
('subscription', 14, 'past_due_on', 'date', false, 'Day since which a payment is due; NULL: none is'),
('subscription', 15, 'discount_mrr', 'numeric', false, 'Recurring discounts that are off mrr already, in money a month; NULL: 0'),
('subscription', 16, 'limited_discount_mrr', 'numeric', false, 'One-off and limited discounts of that time that are not off mrr, in money a month; NULL: 0');

INSERT INTO source_check VALUES
('subscription', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('subscription', 2, 'starts_on IS NULL', $$'starts_on is NULL'$$),
('subscription', 3, 'ends_on < starts_on', $$format('ends %s is before starts %s', ends_on, starts_on)$$),
('subscription', 4, $$mrr IS NULL AND status IS DISTINCT FROM 'paused'$$, $$'mrr is NULL'$$),
('subscription', 5, 'discount_mrr < 0', $$format('discount_mrr %s is below 0', discount_mrr)$$),
('subscription', 6, 'limited_discount_mrr < 0', $$format('limited_discount_mrr %s is below 0', limited_discount_mrr)$$);

INSERT INTO policy_column VALUES
(10, 'trial_rule', 'text', $$'exclude'$$, $$trial_rule IN ('exclude', 'count')$$, 'Subscriptions with status trial: exclude, or count their MRR (refresh)'),
(11, 'pause_rule', 'text', $$'pause'$$, $$pause_rule IN ('pause', 'churn', 'keep')$$, 'Subscriptions with status paused: no MRR and shown as pause, no MRR and shown as churn, or keep their MRR (to or from keep: refresh)'),
(12, 'pause_churn_days', 'integer', '60', 'pause_churn_days BETWEEN 0 AND 36525', 'A pause of this many days becomes churn'),
(13, 'gap_smooth_days', 'integer', '0', 'gap_smooth_days BETWEEN 0 AND 36525', 'A gap without MRR of fewer days is no churn; 0: every gap is'),
(14, 'credit_rule', 'text', $$'exclude'$$, $$credit_rule IN ('exclude', 'count')$$, 'Subscription rows with MRR below zero: exclude, or count against the others of the account (refresh)'),
(16, 'zero_mrr_rule', 'text', $$'exclude'$$, $$zero_mrr_rule IN ('exclude', 'count')$$, 'Subscriptions with an MRR of 0, free plans and discounts of 100 %: exclude, or count the account as an active customer (refresh)'),
(17, 'churn_date_rule', 'text', $$'term_end'$$, $$churn_date_rule IN ('term_end', 'click', 'scheduled')$$,
 'The MRR of a subscription that was cancelled counts until ends_on, the end of what was paid for (term_end), until cancelled_on (click), or until the renewal that was called off, renews_on (scheduled); see csmetrics.counted_until (refresh)'),
(19, 'discount_rule', 'text', $$'recurring'$$, $$discount_rule IN ('recurring', 'none', 'all')$$,
 'MRR has recurring discounts off (recurring), no discounts (none), or one-off and limited ones too (all); see csmetrics.counted_mrr (refresh)');
INSERT INTO policy_column (position, name, type, default_value, condition, description, may_be_null) VALUES
(18, 'delinquency_days', 'integer', '30', 'delinquency_days BETWEEN 0 AND 3653', 'The MRR of a subscription counts until so many days after past_due_on, and is churn then; 0: at once; NULL: never (refresh)', true);
-- Time to value in the model: milestones, and how long accounts take from start to first value.
INSERT INTO source_column VALUES
('milestone', 1, 'account_id', 'account_id', true, 'Key of the account'),
('milestone', 2, 'milestone', 'text', true, 'Name of the milestone'),
('milestone', 3, 'reached_at', 'timestamptz', false, 'When it was reached; NULL: not yet'),
('milestone', 4, 'due_on', 'date', false, 'The day by which it is to be reached'),
('milestone', 5, 'is_start', 'boolean', false, 'True where reaching it starts the clock to first value, as kickoff does'),
('milestone', 6, 'is_value', 'boolean', false, 'True where it is first value, unless value_event of the policy names another');

INSERT INTO source_check VALUES
('milestone', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('milestone', 2, 'milestone IS NULL', $$'milestone is NULL'$$);

INSERT INTO policy_column VALUES
(20, 'ttv_start_rule', 'text', $$'milestone'$$, $$ttv_start_rule IN ('milestone', 'created', 'paid')$$,
 'The clock to first value starts when the first is_start milestone is reached (milestone), with the day the account was created (created), or with that of its first MRR (paid); accounts without have not started'),
(21, 'lost_before_value_rule', 'text', $$'compete'$$, $$lost_before_value_rule IN ('compete', 'censor')$$,
 'Accounts lost before first value: never get there any more (compete), or count as waiting until the day they were lost (censor)'),
(22, 'value_event', 'text', NULL, NULL, 'Name of the milestone that is first value; NULL: those that the source marks is_value (refresh)');
-- Support in the model: tickets, how long they take, and what they cost the customer.
INSERT INTO source_column VALUES
('ticket', 1, 'account_id', 'account_id', true, 'Key of the account'),
('ticket', 2, 'ticket_id', 'text', true, 'Key of the ticket, one row each; deleted, merged, spam and test tickets left out'),
('ticket', 3, 'opened_at', 'timestamptz', true, 'When it was opened'),
('ticket', 4, 'first_reply_at', 'timestamptz', false, 'When an agent first replied; NULL: not yet'),
('ticket', 5, 'solved_at', 'timestamptz', false, 'When it was last solved; NULL: open'),
('ticket', 6, 'reopened', 'integer', false, 'How many times it was opened again after a solve'),
('ticket', 7, 'agent_replies', 'integer', false, 'Public replies of agents, not of bots'),
('ticket', 8, 'requester_id', 'text', false, 'Who asked; NULL: the account as a whole'),
('ticket', 9, 'topic', 'text', false, 'About what; further contacts count within a topic'),
('ticket', 10, 'priority', 'text', false, 'Priority'),
('ticket', 11, 'escalated', 'boolean', false, 'Was it escalated?'),
('ticket', 12, 'channel', 'text', false, 'Way in which it came'),
('ticket', 13, 'subject', 'text', false, 'Subject line'),
('ticket', 14, 'escalated_at', 'timestamptz', false, 'When it was escalated; NULL: with its opening, where escalated is true');

INSERT INTO source_check VALUES
('ticket', 1, 'account_id IS NULL', $$format('ticket %s: account_id is NULL', ticket_id)$$),
('ticket', 2, 'opened_at IS NULL', $$format('ticket %s: opened_at is NULL', ticket_id)$$),
('ticket', 3, 'reopened < 0', $$format('ticket %s: reopened %s is below 0', ticket_id, reopened)$$),
('ticket', 4, 'agent_replies < 0', $$format('ticket %s: agent_replies %s is below 0', ticket_id, agent_replies)$$);

INSERT INTO policy_column VALUES
(30, 'contact_window_days', 'integer', '7', 'contact_window_days BETWEEN 0 AND 365', 'A contact so many days after a solve shows that the first was not resolved'),
(31, 'business_hours', 'business_hours[]', NULL, NULL, 'Opening hours in which first replies and resolutions are timed, one schedule or several that followed one another; NULL: all hours count'),
(32, 'business_hours_from', 'timestamptz[]', $$'{-infinity}'$$,
 'business_hours IS NULL OR cardinality(business_hours) = cardinality(business_hours_from)', 'Since when each of them is in force');
-- Surveys in the model: NPS, CSAT and CES, and who answers.
INSERT INTO source_column VALUES
('survey', 1, 'account_id', 'account_id', true, 'Key of the account'),
('survey', 2, 'kind', 'text', true, 'nps, csat or ces'),
('survey', 3, 'score', 'numeric', true, 'The score given; NULL: sent and not answered'),
('survey', 4, 'responded_at', 'timestamptz', true, 'When it was answered; NULL: not yet'),
('survey', 5, 'sent_at', 'timestamptz', false, 'When it was sent; needed for response rates, and for rows without an answer'),
('survey', 6, 'respondent_id', 'text', false, 'Who was asked'),
('survey', 7, 'ticket_id', 'text', false, 'The ticket it is about'),
('survey', 8, 'lowest', 'numeric', false, 'Lowest score of its scale; NULL: 0 of NPS, else 1'),
('survey', 9, 'highest', 'numeric', false, 'Highest score of its scale; NULL: 10 of NPS, 5 of CSAT, 7 of CES'),
('survey', 10, 'higher_is_better', 'boolean', false, 'False where a low score is the good one; CES scales run both ways and must say it'),
('survey', 11, 'comment', 'text', false, 'What was written');

INSERT INTO source_check VALUES
('survey', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('survey', 2, $$lower(kind) IN ('nps', 'csat', 'ces') IS NOT TRUE$$, $$format('kind %s is not nps, csat or ces', coalesce(quote_literal(kind), 'NULL'))$$),
('survey', 3, 'responded_at IS NULL AND sent_at IS NULL', $$'neither responded_at nor sent_at'$$),
('survey', 4, 'lowest >= highest', $$format('lowest %s is not below highest %s', lowest, highest)$$),
('survey', 5, $$lower(kind) = 'ces' AND higher_is_better IS NULL$$, $$'higher_is_better is NULL, and CES scales run both ways'$$);

INSERT INTO policy_column VALUES
(40, 'satisfied_from', 'numeric', '4', 'satisfied_from > 1 AND satisfied_from <= 5', 'CSAT counts scores from here on as satisfied, on a scale of 1 to 5 to which others are brought'),
(41, 'answer_rule', 'text', $$'last'$$, $$answer_rule IN ('last', 'first', 'mean', 'all')$$,
 'Of several answers of one respondent in one month: the last counts, the first, their mean as one, or all of them');
-- Lifetime value in the model: how long accounts stay, and what they bring meanwhile.
INSERT INTO policy_column VALUES
(50, 'gross_margin', 'double precision', '1', $$gross_margin > '-infinity' AND gross_margin <= 1$$, 'Gross margin as a share; at 1 lifetime values are revenue, not profit'),
(51, 'annual_discount', 'double precision', '0.1', 'annual_discount >= 0 AND annual_discount <= 10', 'Discount of future payments a year, as a share'),
(52, 'monthly_expansion', 'double precision', '0', 'monthly_expansion > -1 AND monthly_expansion <= 10', 'Growth of MRR a month that discounted lifetime values assume, as a share'),
(53, 'value_months', 'integer', '60', 'value_months BETWEEN 1 AND 1200', 'Horizon of discounted lifetime values, in months');
-- Product usage in the model: which accounts are active, on how many days, and whose usage falls.
INSERT INTO source_column VALUES
('usage', 1, 'account_id', 'account_id', true, 'Key of the account; bots, internal and test users left out'),
('usage', 2, 'at', 'timestamptz', true, 'When it was used'),
('usage', 3, 'user_id', 'text', false, 'Who used it'),
('usage', 4, 'role', 'text', false, 'Role of the user'),
('usage', 5, 'feature', 'text', false, 'What was used'),
('usage', 6, 'events', 'bigint', false, 'How many events the row stands for; NULL: 1');

INSERT INTO source_check VALUES
('usage', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('usage', 2, 'at IS NULL', $$'at is NULL'$$),
('usage', 3, 'events < 0', $$format('events %s is below 0', events)$$),
('usage', 4, 'octet_length(feature) > 255', $$format('feature %s ... of %s bytes is longer than 255', left(feature, 40), octet_length(feature))$$);

INSERT INTO policy_column VALUES
(60, 'weekdays_only', 'boolean', 'false', NULL, 'Stickiness of the days from Monday to Friday alone'),
(61, 'trend_days', 'integer', '28', 'trend_days BETWEEN 2 AND 366', 'Days of usage that are compared with as many before; whole weeks are best');
-- Features, seats and retention of use in the model: what is used of what was bought, and who keeps using it.
INSERT INTO source_column VALUES
('entitlement', 1, 'account_id', 'account_id', true, 'Key of the account'),
('entitlement', 2, 'feature', 'text', true, 'A feature that the account may use, named as in the usage'),
('entitlement', 3, 'starts_on', 'date', false, 'First day on which it may; NULL: always'),
('entitlement', 4, 'ends_on', 'date', false, 'The day after the last; NULL: still');

INSERT INTO source_check VALUES
('entitlement', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('entitlement', 2, 'feature IS NULL', $$'feature is NULL'$$),
('entitlement', 3, 'ends_on < starts_on', $$format('feature %s ends %s before it starts %s', feature, ends_on, starts_on)$$);

INSERT INTO policy_column VALUES
(62, 'adoption_days', 'integer', '28', 'adoption_days BETWEEN 1 AND 3653', 'A feature is adopted, a user or a seat in use, with usage in so many days up to the day of the reading'),
(63, 'retention_days', 'integer', '7', 'retention_days BETWEEN 1 AND 366', 'Length of the brackets of usage retention'),
(64, 'adoption_threshold', 'integer', '1', 'adoption_threshold >= 1', 'So many events of a feature in the adoption_days make it adopted, and used');
-- The user's own signals in the model: a history to read, with no view of its own.
INSERT INTO source_column VALUES
('signal', 1, 'account_id', 'account_id', true, 'Key of the account'),
('signal', 2, 'signal', 'text', true, 'Name of the signal'),
('signal', 3, 'at', 'timestamptz', true, 'When its value was given'),
('signal', 4, 'value', 'numeric', true, 'The value');

INSERT INTO source_check VALUES
('signal', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('signal', 2, 'signal IS NULL', $$'signal is NULL'$$),
('signal', 3, 'at IS NULL', $$format('signal %s: at is NULL', signal)$$),
('signal', 4, 'value IS NULL', $$format('signal %s: value is NULL', signal)$$),
-- NaN is above all numbers
('signal', 5, 'abs(value) > 1e18', $$format('signal %s: value %s is no amount between -10^18 and 10^18', signal, value)$$);
-- Health in the model: signals read from the histories as of any day, the score that they make, who moved and why.
CREATE TABLE model_signal (
    position    smallint PRIMARY KEY,
    component   text NOT NULL,
    name        text NOT NULL UNIQUE,
    weight      double precision NOT NULL,
    worst       double precision NOT NULL,
    best        double precision NOT NULL,
    veto_from   double precision,
    veto_cap    double precision,
    against_segment boolean NOT NULL,
    expression  text NOT NULL,      -- over the histories of an account, and what view account_health puts beside them
    description text NOT NULL);
COMMENT ON TABLE model_signal IS 'The signals of health that every model reads from its histories, with the rules that a model begins with. One row a signal.';
COMMENT ON COLUMN model_signal.position IS 'Its place among the readings of an account, from 1 without gaps';
COMMENT ON COLUMN model_signal.component IS 'Component of the score: usage, support or business';
COMMENT ON COLUMN model_signal.name IS 'Name of the signal';
COMMENT ON COLUMN model_signal.weight IS 'Weight at first; those of usage come to 40, of support and of business to 30 each';
COMMENT ON COLUMN model_signal.worst IS 'Reading that is worth 0 at first';
COMMENT ON COLUMN model_signal.best IS 'Reading that is worth 100 at first';
COMMENT ON COLUMN model_signal.veto_from IS 'Reading from which on it vetoes at first; NULL: never';
COMMENT ON COLUMN model_signal.veto_cap IS 'The most that the score may be then';
COMMENT ON COLUMN model_signal.against_segment IS 'Is the reading that expression / that of the customer in the middle of its segment?';
COMMENT ON COLUMN model_signal.expression IS 'SQL expression of the reading, a double precision; NULL: missing';
COMMENT ON COLUMN model_signal.description IS 'What it reads, and in which unit';
GRANT SELECT ON model_signal TO PUBLIC;

INSERT INTO model_signal VALUES
(1, 'usage', 'consistency', 10, 0, 1, NULL, NULL, false,
 $$CASE WHEN has_usage AND day - since >= 7 THEN coalesce(consistency(usage, day, least(8, (day - since) / 7)), 0) END$$,
 'Share of the last 8 times 7 days, or as many as it has been a customer for, with usage'),
(2, 'usage', 'breadth', 6, 0, 0.8, NULL, NULL, false,
 $$CASE WHEN has_features AND entitled > 0 AND day - since >= 28 THEN least(1, coalesce(features_used(features, day - 27, day + 1), 0) / entitled::double precision) END$$,
 'Features used in the last 28 days / those it is entitled to; where no entitlements are mapped, those that anybody used'),
(3, 'usage', 'depth', 6, 0, 0.5, NULL, NULL, false,
 $$CASE WHEN has_features AND entitled > 0 AND day - since >= 28 THEN least(1, coalesce(features_used(features, day - 27, day + 1, 4), 0) / entitled::double precision) END$$,
 'Features used on at least 4 of the last 28 days / those it is entitled to, as in breadth'),
(4, 'usage', 'seat_use', 8, 0, 0.8, NULL, NULL, false,
 $$CASE WHEN has_users AND day - since >= 28 THEN coalesce(active_users, 0) / nullif(seats, 0)::double precision END$$,
 'Users active in the last adoption_days / seats bought'),
(5, 'usage', 'trend', 10, -0.5, 0, NULL, NULL, false,
 $$usage_change(usage, day, trend_days)$$,
 'Events of the last trend_days days / those of as many days before - 1'),
(6, 'support', 'open_escalations', 8, 2, 0, NULL, NULL, false,
 $$CASE WHEN has_tickets THEN coalesce(escalated_open_count(tickets, as_of_at), 0) END$$,
 'Escalated tickets that are open'),
(7, 'support', 'reopening', 5, 0.4, 0, NULL, NULL, false,
 $$reopened_share(tickets, from_at, to_at)$$,
 'Tickets that were opened again / tickets solved in the last health_days'),
(8, 'support', 'repeated_contact', 5, 0.5, 0, NULL, NULL, false,
 $$repeated_share(tickets, from_at, to_at, contact_window)$$,
 'Further contacts on an earlier ticket / tickets opened in the last health_days'),
(9, 'support', 'resolution', 5, 3, 1, NULL, NULL, true,
 $$as_hours(median_resolution(tickets, from_at, to_at))$$,
 'Median time to resolution of the tickets solved in the last health_days / that of the customer in the middle of its segment'),
(10, 'support', 'csat', 7, 2, 5, NULL, NULL, false,
 $$mean_answer(answers, 'csat', from_at, to_at)$$,
 'Mean CSAT answer of the last health_days, 1 to 5'),
(11, 'business', 'milestones', 5, 0, 1, NULL, NULL, false,
 $$due_reached_share(milestones, as_of_at)$$,
 'Milestones reached / milestones due'),
(12, 'business', 'renewal_posture', 9, 0, 1, NULL, NULL, false,
 $$CASE WHEN mrr > 0 THEN 1 - least(1, coalesce((mrr_at(notice, day) / mrr)::double precision, 0)) END$$,
 'Share of its MRR that is not under notice of cancellation'),
(13, 'business', 'mrr_change', 5, -0.3, 0, NULL, NULL, false,
 $$CASE WHEN day - since >= health_days THEN (mrr / nullif(mrr_at(revenue, day - health_days), 0) - 1)::double precision END$$,
 'MRR / MRR health_days before - 1'),
(14, 'business', 'nps', 5, 3, 9, NULL, NULL, false,
 $$mean_answer(answers, 'nps', before_at, to_at)$$,
 'Mean NPS answer of twice the last health_days, 0 to 10'),
(15, 'business', 'time_to_value', 6, 90, 30, NULL, NULL, false,
 $$CASE WHEN has_value AND (value_at >= started_at OR (value_at IS NULL AND as_of_at - started_at >= interval '720 hours')) THEN as_days(least(value_at, as_of_at) - started_at) END$$,
 'Days from the start to first value, as the policy says; so far, where it is not reached after 30 days'),
(16, 'support', 'escalation_days', 0, 30, 0, 14, 79, false,
 $$CASE WHEN has_tickets THEN coalesce(escalated_open_days(tickets, as_of_at), 0) END$$,
 'Days for which an escalated ticket has been open: no weight, but from 14 on a veto to Green');
INSERT INTO model_column SELECT name, description FROM model_signal;

INSERT INTO policy_column VALUES
(80, 'health_green_from', 'double precision', '80', 'health_green_from > health_yellow_from AND health_green_from <= 100 AND health_green_from = round(health_green_from::numeric, 2)', 'Scores from here on are Green; at most two decimals'),
(81, 'health_yellow_from', 'double precision', '50', 'health_yellow_from >= 0 AND health_yellow_from = round(health_yellow_from::numeric, 2)', 'Scores from here on are Yellow, lower ones Red; at most two decimals'),
(82, 'health_min_coverage', 'double precision', '0.6', 'health_min_coverage >= 0 AND health_min_coverage <= 1', 'A score of which less than this share of the weight is known is Unknown'),
(83, 'health_method', 'text', $$'weighted'$$, $$health_method IN ('weighted', 'worst_component', 'worst_signal')$$, 'The score is the weighted mean of its components, or that of the worst component, or of the worst signal'),
(84, 'health_days', 'integer', '90', 'health_days BETWEEN 1 AND 3653', 'Days of tickets, answers and MRR that signals of health look back on'),
(85, 'health_margin', 'double precision', '2', 'health_margin >= 0 AND health_margin <= 100', 'Points by which a score has to move to count as moved, and to pass a bound to leave its tier where tiers are held'),
(86, 'movement_days', 'integer', '28', 'movement_days BETWEEN 1 AND 3653', 'health_movement compares with the score of so many days before');-- Was the score right? Health of past days held against the churn that followed, and weights that history suggests.
INSERT INTO policy_column VALUES
(87, 'backtest_days', 'integer', '90', 'backtest_days BETWEEN 1 AND 3653', 'Backtests hold a score against the churn of so many days after it'),
(88, 'backtest_count', 'integer', '4', 'backtest_count BETWEEN 1 AND 100', 'So many past days are tested, backtest_days apart, the last of them backtest_days ago');

CREATE FUNCTION suggest_weights(model text,
    OUT component text, OUT signal text, OUT weight double precision, OUT suggested_weight double precision, OUT predictions bigint, OUT churned bigint,
    OUT auc double precision, OUT auc_lower double precision, OUT auc_upper double precision, OUT predicts text, OUT slope double precision,
    OUT current_auc double precision, OUT current_auc_lower double precision, OUT current_auc_upper double precision,
    OUT suggested_auc double precision, OUT suggested_auc_lower double precision, OUT suggested_auc_upper double precision, OUT advice text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE AS $suggest$
BEGIN
    PERFORM csmetrics.require_model(model);
    RAISE NOTICE 'model "%": scoring the customers of past days ...', model;
    RETURN QUERY EXECUTE pg_catalog.replace($query$
        WITH fact AS MATERIALIZED (
            SELECT o.account_id::text AS subject, o.scored_on, o.component, o.signal, o.value_score AS value, o.weight, o.is_churned, r.confidence_rate
            FROM {model}.reporting_range r, {model}.health_outcome_by_signal o WHERE o.weight > 0),
        last AS (SELECT pg_catalog.max(scored_on) AS day FROM fact),
        learned AS (
            SELECT f.component, f.signal, pg_catalog.avg(f.weight) AS weight,
                   -- Fisher's linear discriminant of one variable
                   (pg_catalog.avg(f.value) FILTER (WHERE NOT f.is_churned AND f.scored_on < last.day) - pg_catalog.avg(f.value) FILTER (WHERE f.is_churned AND f.scored_on < last.day))
                   / nullif((pg_catalog.regr_sxx(f.value, f.value) FILTER (WHERE f.is_churned AND f.scored_on < last.day) + pg_catalog.regr_sxx(f.value, f.value) FILTER (WHERE NOT f.is_churned AND f.scored_on < last.day))
                            / (pg_catalog.count(f.value) FILTER (WHERE f.scored_on < last.day) - 2), 0) AS slope,
                   csmetrics.backtest_agg(100 - f.value, f.is_churned, f.subject) FILTER (WHERE f.scored_on < last.day) AS state,
                   -- of so many signals one would stand out by chance (Bonferroni)
                   1 - (1 - f.confidence_rate) / pg_catalog.count(*) OVER () AS confidence
            FROM fact f, last GROUP BY f.component, f.signal, f.confidence_rate),
        -- taken down by how sure it is; evidence of nothing is none
        evidence AS (
            SELECT l.*, own.lower, own.upper, csmetrics.auc(l.state) AS area,
                   CASE WHEN own.lower > 0.5 THEN greatest(l.slope, 0) * (own.lower - 0.5) / (csmetrics.auc(l.state) - 0.5) ELSE 0 END AS sure
            FROM learned l LEFT JOIN LATERAL csmetrics.auc_interval(l.state, l.confidence) own ON true),
        proposal AS (
            SELECT e.*, pg_catalog.round((pg_catalog.sum(weight) OVER () * sure / nullif(pg_catalog.sum(sure) OVER (), 0))::numeric, 1)::double precision AS suggested FROM evidence e),
        tested AS (
            SELECT csmetrics.backtest_agg(100 - t.now, t.is_churned, t.subject) AS now, csmetrics.backtest_agg(100 - t.suggested, t.is_churned, t.subject) AS suggested
            FROM (SELECT f.subject, f.is_churned, csmetrics.score(csmetrics.health_score(f.component, f.signal, f.value, p.weight), 0) AS now,
                         csmetrics.score(csmetrics.health_score(f.component, f.signal, f.value, p.suggested), 0) AS suggested
                  FROM last JOIN fact f ON f.scored_on = last.day JOIN proposal p USING (component, signal) WHERE p.suggested IS NOT NULL
                  GROUP BY f.subject, f.is_churned) t)
        SELECT p.component, p.signal, p.weight, p.suggested, csmetrics.prediction_count(p.state), csmetrics.happened_count(p.state),
               p.area, p.lower, p.upper, csmetrics.predicts(p.state, p.confidence), p.slope,
               csmetrics.auc(t.now), now.lower, now.upper, csmetrics.auc(t.suggested), suggested.lower, suggested.upper,
               CASE WHEN p.suggested IS NULL THEN 'no signal predicts churn on the earlier test days: nothing to suggest'
                    WHEN csmetrics.predicts(t.suggested) = 'too few' THEN 'too few churned after the last test day to tell'
                    WHEN csmetrics.auc(t.suggested) <= csmetrics.auc(t.now) THEN 'no better on the last test day: keep the weights'
                    WHEN suggested.lower <= csmetrics.auc(t.now) THEN 'better on the last test day, but within chance'
                    ELSE 'better on the last test day' END
        FROM proposal p CROSS JOIN tested t
             LEFT JOIN LATERAL csmetrics.auc_interval(t.now) now ON true
             LEFT JOIN LATERAL csmetrics.auc_interval(t.suggested) suggested ON true
        ORDER BY p.suggested DESC NULLS LAST, p.area DESC NULLS LAST, p.component, p.signal $query$, '{model}', pg_catalog.quote_ident(model));
END
$suggest$;
COMMENT ON FUNCTION suggest_weights(text) IS
'Weights for the signals of a model''s health score that history suggests, with the evidence; it changes nothing (UPDATE health_signal does). Scores of the past days of the backtest are held against the churn of the backtest_days after them. Learned on all days but the last: each signal on its own gets its slope, the difference of its mean value between accounts that stayed and that churned / its variance within both (Fisher''s linear discriminant, Annals of Eugenics 7, 1936), times (auc_lower - 0.5) / (auc - 0.5), which is the smaller the less sure it is; none where auc_lower is not above 0.5. The intervals take accounts as clusters and allow for looking at so many signals (Bonferroni). suggested_weight shares the present total weight out in proportion, to one decimal; NULL where no signal has any. Then both sets of weights are tried on the last day, which nothing was learned on: current_auc and suggested_auc with 95 % intervals, and advice. predictions, churned, auc and predicts are those of the signal on the earlier days. Signals that tell the same are each weighted as if alone. No rows without scored customers. An unknown model: SQLSTATE 3F000.';
-- Alerts: rules over account_now, and one row when an account begins or ends to meet one.

INSERT INTO policy_column (position, name, type, default_value, condition, description, defines) VALUES
(90, 'alert_late_days', 'integer', '7', 'alert_late_days BETWEEN 0 AND 3653', 'A condition that already held so many days before the last evaluation, by facts that came later, raises no alert: they are a backfill. Attributes and renewals bear no date and count as they are now; 3653: no fact is late', false);

CREATE FUNCTION customers_by_rule(model text, day date, names text[], conditions text[], labels text[] DEFAULT '{}', over text DEFAULT 'account_now',
    OUT account_id text, OUT met boolean[], OUT label text[], OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    relation regclass := format('%I.%I', model, over)::regclass;
    met_by text;
    label_by text;
    is_read boolean := false;
BEGIN
    -- Whatever a rule does is undone: it runs read only, in a subtransaction that is rolled back. The rows found stay.
    BEGIN
        SELECT string_agg(checked_expression(c.condition, relation, 'boolean'), ', ' ORDER BY c.n) INTO met_by FROM unnest(conditions) WITH ORDINALITY c(condition, n);
        SELECT string_agg(checked_expression(l.label, relation, 'text'), ', ' ORDER BY l.n) INTO label_by FROM unnest(labels) WITH ORDINALITY l(label, n);
        PERFORM set_config('transaction_read_only', 'on', true);
        RETURN QUERY EXECUTE format($query$
            SELECT account_id::text, met, label,
                   CASE WHEN true = ANY (met[:%5$s]) THEN jsonb_build_object('name', name, 'segment', segment, 'owner', owner, 'mrr', mrr, 'health_score', health_score, 'tier', tier,
                        'reasons', reasons, 'usage_change', trend, 'open_tickets', open_count, 'renews_on', renews_on) END
            FROM (SELECT *, ARRAY[%1$s]::boolean[] AS met, ARRAY[%2$s]::text[] AS label FROM %3$I.%4$I($1) AS %4$I) AS found $query$, met_by, label_by, model, over, cardinality(names)) USING day;
        is_read := true;
        RAISE EXCEPTION 'undo';
    EXCEPTION WHEN OTHERS THEN
        IF is_read THEN
            RETURN;
        ELSIF cardinality(conditions) = 0 THEN
            RAISE;
        ELSIF cardinality(conditions) = 1 THEN
            RAISE EXCEPTION '"%": %', names[1], SQLERRM USING ERRCODE = SQLSTATE;
        END IF;
        -- none of them, where the view fails by itself; or one after the other, to tell which of them it is
        PERFORM FROM customers_by_rule(model, day, '{}', '{}', over => over);
        FOR i IN 1 .. cardinality(conditions) LOOP
            PERFORM FROM customers_by_rule(model, day, ARRAY[names[(i - 1) % cardinality(names) + 1]], conditions[i:i], labels, over);
        END LOOP;
        RAISE;
    END;
END
$$;
COMMENT ON FUNCTION customers_by_rule(text, date, text[], text[], text[], text) IS
'Internal: the customers as of the day with what each condition says of them, the labels, and for whom a condition holds what else is known. Conditions beyond the names belong to the same names again, and ask for nothing else. The expressions are over the columns of the view `over`, whose rows of that day its function of the same name gives. They run with the rights of the caller and can write nothing. An error names the one of names whose condition it is in.';

CREATE PROCEDURE evaluate_alerts(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET row_security = off AS $evaluate$
DECLARE
    started timestamptz := clock_timestamp();
    reading record;
    later text[];
    probe record;
    day date;
    names text[];
    conditions text[];
    clearing text[];
    last_alert bigint;
    counts record;
BEGIN
    PERFORM csmetrics.require_model(model);
    PERFORM csmetrics.require_all_rows(model, NULL);
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    -- one evaluation at a time; readers go on
    LOCK TABLE alert_state IN SHARE ROW EXCLUSIVE MODE;
    SELECT r.as_of_on, r.as_of_at, r.time_zone, p.alert_late_days INTO reading FROM reporting_range r, policy p;

    SELECT array_agg(rule ORDER BY rule) INTO later FROM alert_rule JOIN alert_evaluation e USING (rule) WHERE is_enabled AND e.as_of_at > reading.as_of_at;
    IF later <> '{}' THEN
        RAISE NOTICE 'model "%" reads as of %, earlier than the last evaluation of these rules, which are left alone: %', model, reading.as_of_at, spelled(later, '%s');
    END IF;
    -- what is gone has no states, and what is off begins anew when it is on again
    DELETE FROM alert_state WHERE rule NOT IN (SELECT rule FROM alert_rule);
    DELETE FROM alert_evaluation WHERE rule NOT IN (SELECT rule FROM alert_rule WHERE is_enabled);
    SELECT array_agg(rule ORDER BY rule), array_agg(condition ORDER BY rule), array_agg(coalesce(clears_when, format(E'NOT (%s\n)', condition)) ORDER BY rule)
    INTO names, conditions, clearing
    FROM alert_rule WHERE is_enabled AND (rule = ANY (later)) IS NOT TRUE;
    IF names IS NULL THEN
        RETURN;
    END IF;
    SELECT coalesce(max(alert_id), 0) INTO last_alert FROM alert;

    -- who meets what now: those that no longer do are off, those that began to are new; who waits has no margin of clears_when
    WITH found AS MATERIALIZED (
        SELECT s.account_id, f.met, f.evidence
        FROM csmetrics.customers_by_rule(model, reading.as_of_on, names, conditions || clearing) f JOIN account_state s ON s.account_id::text = f.account_id),
    ended AS (
        DELETE FROM alert_state s USING unnest(names) WITH ORDINALITY r(rule, n)
        WHERE s.rule = r.rule AND NOT EXISTS (SELECT FROM found f WHERE f.account_id = s.account_id AND (f.met[r.n] OR (s.state <> 'held' AND f.met[cardinality(names) + r.n] IS NOT TRUE)))
        RETURNING s.*),
    off AS (
        INSERT INTO alert (rule, severity, audience, account_id, from_state, to_state, as_of_at, evidence)
        SELECT e.rule, r.severity, r.audience, e.account_id, 'on', 'off', reading.as_of_at, e.evidence FROM ended e JOIN alert_rule r USING (rule) WHERE e.state = 'raised'
        ORDER BY e.rule, e.account_id ON CONFLICT DO NOTHING)
    INSERT INTO alert_state (rule, account_id, state, since_at, evidence)
    SELECT r.rule, f.account_id, 'new', reading.as_of_at, f.evidence FROM found f, unnest(names) WITH ORDINALITY r(rule, n) WHERE f.met[r.n]
    ON CONFLICT DO NOTHING;

    -- a rule that is evaluated for the first time, or has another condition, begins with what there is
    UPDATE alert_state SET state = 'known'
    WHERE state IN ('new', 'held') AND rule NOT IN (SELECT rule FROM alert_evaluation e JOIN alert_rule r USING (rule) WHERE e.definition = r.condition);
    -- the others are news, unless they held by the end of the last day that was over at the last evaluation, and long before: then facts came late.
    -- Of who was seen to turn off in between, that is another time.
    FOR probe IN
        SELECT least(((e.as_of_at + interval '1 microsecond') AT TIME ZONE reading.time_zone)::date - 1, reading.as_of_on - 1) AS day, array_agg(r.rule ORDER BY r.rule) AS names, array_agg(r.condition ORDER BY r.rule) AS conditions
        FROM alert_rule r JOIN alert_evaluation e USING (rule) WHERE r.rule IN (SELECT rule FROM alert_state WHERE state = 'new') GROUP BY 1
    LOOP
        UPDATE alert_state s SET state = 'held'
        FROM alert a
        WHERE s.state = 'new' AND s.rule = ANY (probe.names) AND a.rule = s.rule AND a.account_id = s.account_id AND a.to_state = 'off'
          AND a.as_of_at >= (probe.day - reading.alert_late_days)::timestamp AT TIME ZONE reading.time_zone;
        FOREACH day IN ARRAY ARRAY[probe.day, probe.day - reading.alert_late_days] LOOP
            EXIT WHEN NOT EXISTS (SELECT FROM alert_state WHERE state = 'new' AND rule = ANY (probe.names));
            -- NOT IN is looked up in a hash, however few the planner takes the new ones for
            UPDATE alert_state SET state = 'held'
            WHERE state = 'new' AND rule = ANY (probe.names)
              AND (rule, account_id::text) NOT IN (SELECT r.rule, f.account_id FROM csmetrics.customers_by_rule(model, day, probe.names, probe.conditions) f, unnest(probe.names) WITH ORDINALITY r(rule, n) WHERE f.met[r.n]);
        END LOOP;
    END LOOP;
    UPDATE alert_state SET state = 'known' WHERE state = 'new';

    WITH due AS (
        INSERT INTO alert (rule, severity, audience, account_id, from_state, to_state, as_of_at, evidence)
        SELECT s.rule, r.severity, r.audience, s.account_id, 'off', 'on', reading.as_of_at, s.evidence
        FROM alert_state s JOIN alert_rule r USING (rule)
        WHERE s.state = 'held' AND s.rule = ANY (names)
          AND NOT EXISTS (SELECT FROM alert a WHERE a.rule = s.rule AND a.account_id = s.account_id AND a.to_state = 'on' AND a.as_of_at > reading.as_of_at - r.cool_down)
        ORDER BY s.rule, s.account_id ON CONFLICT DO NOTHING
        RETURNING alert_id, rule, account_id)
    UPDATE alert_state s SET state = 'raised', alert_id = due.alert_id FROM due WHERE s.rule = due.rule AND s.account_id = due.account_id;

    INSERT INTO alert_evaluation (rule, definition, as_of_at)
    SELECT rule, condition, reading.as_of_at FROM alert_rule WHERE rule = ANY (names)
    ON CONFLICT (rule) DO UPDATE SET definition = excluded.definition, as_of_at = excluded.as_of_at, evaluated_at = excluded.evaluated_at;

    -- Listeners hear of it when this is committed. Whoever can connect may be one: they get keys, and read the row with their own rights.
    SELECT count(*) FILTER (WHERE to_state = 'on') AS raised, count(*) FILTER (WHERE to_state = 'off') AS cleared,
           count(pg_notify(channel, jsonb_build_object('model', model, 'alert_id', alert_id, 'rule', rule, 'direction', to_state)::text)) INTO counts
    FROM (SELECT a.alert_id, a.rule, a.to_state, r.channel FROM alert a JOIN alert_rule r USING (rule) WHERE a.alert_id > last_alert ORDER BY a.alert_id) news;
    RAISE NOTICE 'evaluated % rules of model "%" as of %: % alerts raised, % cleared, in % s', cardinality(names), model, reading.as_of_at, counts.raised, counts.cleared,
        round(extract(epoch FROM clock_timestamp() - started), 1);
END
$evaluate$;
COMMENT ON PROCEDURE evaluate_alerts(text) IS
'Evaluates the rules of alert_rule over account_now of the model, all in one pass, and records in alert each customer that began to meet one, or no longer does, since the last evaluation: a transition once, however often and from however many sessions it is called. Each is announced by NOTIFY on the channel of its rule, with a JSON payload of keys (model, alert_id, rule, direction: on or off), when the transaction commits; what else is known is in alert, for those who may read it. Nothing is raised by what held when a rule was first evaluated, got another condition or was switched on again, by a model that reads as of an earlier day than before, or by facts that came more than alert_late_days late. Within cool_down of an alert the next one of the same customer waits. Rules run with the rights of the caller, and can write nothing; an error names the rule and leaves everything as it was. A caller from whom row-level security may hide rows: SQLSTATE 42501; an unknown model: 3F000.';
-- Playbooks: what is done for customers of whom a trigger says so, and whether it does any good. That is judged by what the
-- data say at a fixed horizon, beside customers who met the same trigger and were left alone; never by whether tasks were
-- done, and never by how the treated were before: who is picked at his worst comes back by himself.

INSERT INTO policy_column (position, name, type, default_value, condition, description, defines) VALUES
(96, 'playbook_seed', 'bigint', '1', NULL, 'Seed of the throws that leave holdouts alone: the same seed, the same holdouts', false);

CREATE FUNCTION open_playbook_runs(model text, day date, only_past text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET extra_float_digits = 1 AS $$
DECLARE
    wanted record;
    opened bigint;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    SELECT array_agg(b.name ORDER BY b.name) AS names, array_agg(b.trigger_when ORDER BY b.name) AS triggers, array_agg(b.owner_rule ORDER BY b.name) AS owners INTO wanted
    FROM playbook b WHERE CASE WHEN only_past IS NULL THEN b.is_enabled ELSE b.name = only_past END;
    IF wanted.names IS NULL THEN
        RETURN 0;
    END IF;
    WITH known AS (
        SELECT last_instant(day, p.time_zone) AS as_of_at, p.playbook_seed, p.health_method FROM policy p),
    found AS MATERIALIZED (
        SELECT b.name AS playbook, a.account_id, f.label[k.place] AS owner, f.evidence, b.holdout_share, b.due_days, b.horizon_days
        FROM customers_by_rule(model, day, wanted.names, wanted.triggers, wanted.owners) f
             JOIN account_state a ON a.account_id::text = f.account_id
             CROSS JOIN LATERAL unnest(wanted.names) WITH ORDINALITY k(name, place)
             JOIN playbook b ON b.name = k.name
        WHERE f.met[k.place]
          AND NOT EXISTS (SELECT FROM playbook_run u WHERE u.playbook = b.name AND u.account_id = a.account_id AND (u.arm = 'past') = (only_past IS NOT NULL)
                          AND (u.closed_on IS NULL OR day < u.closed_on + b.cool_down_days))),
    -- on most days there are none: the EXISTS below spare the rest then
    ticket AS MATERIALIZED (
        SELECT account_id, jsonb_agg(jsonb_build_object('ticket_id', ticket_id, 'opened_at', to_char(opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'topic', topic, 'subject', subject, 'is_open', is_open) ORDER BY place) AS latest
        FROM (SELECT t.account_id, t.ticket_id, t.opened_at, t.topic, t.subject, (t.solved_at > k.as_of_at) IS NOT FALSE AS is_open,
                     row_number() OVER (PARTITION BY t.account_id ORDER BY t.opened_at DESC, t.ticket_id) AS place
              FROM known k CROSS JOIN source_ticket t WHERE t.opened_at <= k.as_of_at AND t.account_id IN (SELECT account_id FROM found) AND EXISTS (SELECT FROM found)) t
        WHERE place <= 3 GROUP BY account_id),
    lost AS MATERIALIZED (
        SELECT account_id, jsonb_object_agg(component, points) AS points
        FROM (SELECT h.account_id, c.component, round(sum(c.points_lost), 1) AS points
              FROM known k CROSS JOIN account_health(day) h CROSS JOIN LATERAL contributions(h.health, k.health_method) c
              WHERE h.account_id IN (SELECT account_id FROM found) AND EXISTS (SELECT FROM found) GROUP BY h.account_id, c.component) c
        WHERE points <> 0 GROUP BY account_id),
    thrown AS (
        SELECT f.*, CASE WHEN only_past IS NOT NULL THEN 'past'
                         WHEN (hashtextextended(jsonb_build_array(f.playbook, f.account_id, day)::text, k.playbook_seed) & 9007199254740991)::double precision / 9007199254740992 < f.holdout_share THEN 'holdout'
                         ELSE 'treated' END AS arm
        FROM found f, known k)
    INSERT INTO playbook_run (playbook, account_id, arm, planned_share, owner, opened_on, due_on, judge_on, opening_score, opening_tier, opening_mrr, segment, evidence)
    SELECT t.playbook, t.account_id, t.arm, CASE WHEN t.arm <> 'past' THEN t.holdout_share END, CASE t.arm WHEN 'treated' THEN t.owner END, day, day + t.due_days, day + t.horizon_days,
           (t.evidence ->> 'health_score')::double precision, t.evidence ->> 'tier', (t.evidence ->> 'mrr')::numeric, t.evidence ->> 'segment',
           t.evidence || jsonb_build_object('tickets', coalesce(ticket.latest, '[]'), 'lost_points', coalesce(lost.points, '{}'))
    FROM thrown t LEFT JOIN ticket USING (account_id) LEFT JOIN lost USING (account_id)
    ORDER BY t.playbook, t.account_id;
    GET DIAGNOSTICS opened = ROW_COUNT;
    RETURN opened;
EXCEPTION WHEN OTHERS THEN
    -- one after the other, to tell in which of them the mistake is
    FOR i IN 1 .. coalesce(cardinality(wanted.names), 0) LOOP
        PERFORM FROM customers_by_rule(model, day, wanted.names[i:i], wanted.triggers[i:i], wanted.owners[i:i]);
    END LOOP;
    RAISE;
END
$$;
COMMENT ON FUNCTION open_playbook_runs(text, date, text) IS
'Internal: opens runs of the enabled playbooks for the customers who meet their triggers as of the day and have none open or cooling down, and gives their number. only_past: instead, runs of this playbook alone as if it had been followed then.';

CREATE FUNCTION close_playbook_runs(model text, day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET extra_float_digits = 1 AS $$
DECLARE
    due record;
    closed bigint;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    -- each condition looks at the runs of its own playbook only: on others it might fail
    SELECT array_agg(b.name ORDER BY b.name) AS names, array_agg(format(E'CASE WHEN playbook = %L THEN (%s\n) END', b.name, b.success_when) ORDER BY b.name) AS conditions INTO due
    FROM playbook b WHERE b.name IN (SELECT u.playbook FROM playbook_run u WHERE u.judge_on = day AND u.closed_on IS NULL);
    UPDATE playbook_run u SET closed_on = day, is_success = j.is_success, closing_score = j.score, closing_tier = j.tier, closing_mrr = j.mrr
    FROM (SELECT o.run_id, CASE WHEN f.account_id IS NULL THEN false ELSE f.met[array_position(due.names, o.playbook)] END AS is_success,
                 f.label[2]::double precision AS score, f.label[3] AS tier, coalesce(f.label[4]::numeric, 0) AS mrr
          FROM playbook_run o
               LEFT JOIN customers_by_rule(model, day, due.names, due.conditions, '{run_id::text,health_score::text,tier,mrr::text}', 'playbook_judgement') f ON f.label[1] = o.run_id::text
          WHERE o.judge_on = day AND o.closed_on IS NULL) j
    WHERE u.run_id = j.run_id;
    GET DIAGNOSTICS closed = ROW_COUNT;
    RETURN closed;
END
$$;
COMMENT ON FUNCTION close_playbook_runs(text, date) IS
'Internal: judges the open runs whose day to be judged it is, as of that day, and gives their number. An account that is no customer any more has not succeeded.';

CREATE PROCEDURE run_playbooks(model text)
-- long queries over few rows, which take longer to compile than to run
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET row_security = off SET jit = off AS $run$
DECLARE
    started timestamptz := clock_timestamp();
    rules record;
    part record;
    past_day date;
    judged bigint := 0;
    past bigint := 0;
    latest_on date;
    latest_id bigint;
BEGIN
    PERFORM require_model(model);
    PERFORM require_all_rows(model, NULL);
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    -- one at a time; readers go on
    LOCK TABLE playbook_run IN SHARE ROW EXCLUSIVE MODE;
    -- today is not over before tomorrow: a run is judged by the whole of its day, or it would matter at what hour
    SELECT r.as_of_on, coalesce(p.as_of, r.as_of_on - 1) AS over_on, r.from_on, p.backtest_count INTO rules FROM reporting_range r, policy p;
    SELECT max(greatest(u.opened_on, u.closed_on)), coalesce(max(u.run_id), 0) INTO latest_on, latest_id FROM playbook_run u;

    -- each as of its own day, also when that is long ago
    FOR part IN SELECT DISTINCT u.judge_on AS day FROM playbook_run u WHERE u.closed_on IS NULL AND u.judge_on <= rules.over_on ORDER BY 1 LOOP
        judged := judged + close_playbook_runs(model, part.day);
    END LOOP;

    IF rules.as_of_on < latest_on THEN
        RAISE NOTICE 'playbooks of model "%": % is before %, of which there are runs already: none is opened', model, rules.as_of_on, latest_on;
    ELSE
        PERFORM open_playbook_runs(model, rules.as_of_on);
    END IF;

    -- Without holdouts, a playbook that begins is compared with days before it, when nobody was treated.
    FOR part IN
        SELECT b.name, b.horizon_days FROM playbook b
        WHERE b.holdout_share = 0 AND EXISTS (SELECT FROM playbook_run u WHERE u.playbook = b.name AND u.run_id > latest_id)
          AND NOT EXISTS (SELECT FROM playbook_run u WHERE u.playbook = b.name AND u.run_id <= latest_id)
        ORDER BY b.name
    LOOP
        FOR k IN REVERSE rules.backtest_count .. 1 LOOP
            past_day := rules.as_of_on - 1 - k * part.horizon_days;
            CONTINUE WHEN past_day < rules.from_on;
            RAISE NOTICE 'playbook "%": who would have met it as of % ...', part.name, past_day;
            past := past + open_playbook_runs(model, past_day, part.name);
            PERFORM close_playbook_runs(model, past_day + part.horizon_days);
        END LOOP;
    END LOOP;

    SELECT count(*) FILTER (WHERE u.arm = 'treated') AS treated, count(*) FILTER (WHERE u.arm = 'holdout') AS held INTO part FROM playbook_run u WHERE u.run_id > latest_id;
    RAISE NOTICE 'ran the playbooks of model "%" as of %: % judged, % opened (% treated, % left alone), % of past days to compare with, in % s', model, rules.as_of_on,
        judged, part.treated + part.held, part.treated, part.held, past, round(extract(epoch FROM clock_timestamp() - started), 1);
END
$run$;
COMMENT ON PROCEDURE run_playbooks(text) IS
'Follows the playbooks of a model as of its as_of_on; to be called after each refresh, say each night. Runs whose judge_on is over are judged, each by what was known as of exactly that day, however late (where the policy''s as_of is NULL, the day of the clock is not over). Then each enabled playbook is opened for the customers who meet its trigger and have no open run of it, nor one that was judged less than cool_down_days ago: a share of them drawn by a hash of playbook, account and day, holdout_share, is left alone. A playbook without holdouts is compared with days before it began: with its first runs come, once, those of customers who met the trigger as of backtest_count days, horizon_days apart, all judged before that. Again on the same day it changes nothing; as of a day before the latest on which any was opened or judged, nothing is opened. All in one transaction; callers take turns. Conditions run read only, with the rights of the caller; an error names the playbook. A caller from whom row-level security may hide rows: SQLSTATE 42501; an unknown model: 3F000.';
-- From figures to a verdict in the model: goals, one row a metric, the months of the executive, the accounts behind each.
CREATE FUNCTION goal_status(reading double precision, goal numrange) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN reading = 'NaN' OR isempty(goal) THEN NULL
            WHEN reading::numeric <@ goal THEN 'in'
            WHEN numrange(reading::numeric, reading::numeric, '[]') << goal THEN 'below'
            WHEN numrange(reading::numeric, reading::numeric, '[]') >> goal THEN 'above' END;
COMMENT ON FUNCTION goal_status(double precision, numrange) IS
'Where a reading lies against its goal: below, in or above. goal is a range in the unit of the reading and says of each limit whether it belongs to it: (1.1,) is more than 110 %, [0.8,0.9] from 80 to 90 % with both. The reading is taken to 15 digits, as many as a double precision is sure of, so that 0.1 + 0.2 is 0.3. NULL if an argument is NULL, for a reading that is NaN and for an empty goal.';

CREATE FUNCTION goal_distance(reading double precision, goal numrange) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE goal_status(reading, goal) WHEN 'in' THEN 0 WHEN 'below' THEN (reading::numeric - lower(goal))::double precision
                                       WHEN 'above' THEN (reading::numeric - upper(goal))::double precision END;
COMMENT ON FUNCTION goal_distance(double precision, numrange) IS
'How far a reading is from its goal, in its unit: 0 in the goal, below zero by what is wanting to its lower limit, above zero by what exceeds its upper one; 0 too at a limit that does not belong to the goal. NULL as goal_status.';

CREATE FUNCTION goal_verdict(reading double precision, lower double precision, upper double precision, goal numrange) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN goal_status(reading, goal) = 'in' THEN 'met' WHEN goal_status(reading, goal) = 'above' AND NOT lower_inf(goal) THEN 'above'
            WHEN goal_status(reading, goal) IS NOT NULL THEN 'missed' END
       || CASE WHEN nullif(lower, 'NaN') IS NULL AND nullif(upper, 'NaN') IS NULL THEN ''
               -- an end that is not known is no bound
               WHEN goal_status(reading, goal) = 'in' AND numrange(nullif(lower, 'NaN')::numeric, nullif(upper, 'NaN')::numeric, '[]') <@ goal THEN ''
               WHEN goal_status(reading, goal) <> 'in' AND NOT numrange(nullif(lower, 'NaN')::numeric, nullif(upper, 'NaN')::numeric, '[]') && goal THEN ''
               ELSE ', within chance' END;
COMMENT ON FUNCTION goal_verdict(double precision, double precision, double precision, numrange) IS
'Is the goal met, and is that more than chance? met or missed, and above for a reading over the upper limit of a goal that has two, which is no failure; "met, within chance" and the like where the confidence interval from lower to upper reaches over a limit of the goal, which it does not where it lies in it, or outside it, as a whole. An end that is NULL has no bound, as that of a median that few have reached; without both the reading alone decides, as with an amount that is no estimate. All are taken to 15 digits. NULL as goal_status. lower above upper: SQLSTATE 22000.';

CREATE FUNCTION goal_text(goal numrange) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN goal IS NULL THEN NULL WHEN isempty(goal) THEN 'none' WHEN lower_inf(goal) AND upper_inf(goal) THEN 'any'
            WHEN lower_inc(goal) AND upper_inc(goal) THEN concat_ws(' to ', trim_scale(lower(goal)), nullif(trim_scale(upper(goal)), trim_scale(lower(goal))))
            ELSE concat_ws(' and ', CASE WHEN lower_inc(goal) THEN '>= ' ELSE '> ' END || trim_scale(lower(goal)),
                                    CASE WHEN upper_inc(goal) THEN '<= ' ELSE '< ' END || trim_scale(upper(goal))) END;
COMMENT ON FUNCTION goal_text(numrange) IS
'A goal as people write it: > 1.1, <= 30, 0.8 to 0.9 (both included), > 0.8 and <= 0.9; none for an empty range, any for one without limits. NULL for NULL.';

CREATE FUNCTION student_p(t double precision, degrees integer) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT greatest(0, 1 - CASE WHEN degrees = 1 THEN 2 / pi() * s.angle WHEN degrees % 2 = 0 THEN s.sine * (1 + coalesce(sum(s.term), 0)) ELSE 2 / pi() * (s.angle + s.sine * s.cosine * (1 + coalesce(sum(s.term), 0))) END)
        FROM (SELECT a.angle, sin(a.angle) AS sine, cos(a.angle) AS cosine, exp(greatest(-700, sum(ln((2 * k - 1 + degrees % 2) / (2 * k + degrees % 2)::double precision) + 2 * ln(cos(a.angle))) OVER (ORDER BY k))) AS term
              FROM (SELECT atan(abs(t) / sqrt(greatest(degrees, 1))) AS angle WHERE degrees > 0 AND t IS NOT NULL) a LEFT JOIN generate_series(1, (degrees - 2) / 2) k ON true) s
        GROUP BY s.angle, s.sine, s.cosine);
COMMENT ON FUNCTION student_p(double precision, integer) IS
'Two-sided p value of Student''s t: the probability of a t as far from 0, or farther, with that many degrees of freedom, by the finite series of Abramowitz and Stegun, 26.7.3 and 26.7.4; exact to about 10^-15, and 0 below. NULL if an argument is NULL, and for degrees below 1.';

CREATE TABLE model_metric (
    position         smallint PRIMARY KEY,
    name             text     NOT NULL UNIQUE,
    unit             text     NOT NULL CHECK (unit IN ('rate', 'score', 'days', 'hours', 'mrr', 'count')),
    indicator        text     NOT NULL CHECK (indicator IN ('leading', 'lagging')),
    higher_is_better boolean,
    is_executive     boolean  NOT NULL,
    source_view      text     NOT NULL,
    day_column       text,
    reading          text     NOT NULL,
    reading_lower    text,
    reading_upper    text,
    n_count          text     NOT NULL,
    account_source   text     NOT NULL,
    numerator        text     NOT NULL,
    denominator      text,
    account_reading  text,
    description      text     NOT NULL);
COMMENT ON TABLE model_metric IS 'The metrics of every model that have a place on its scorecard: where each figure comes from, and the accounts behind it. One row a metric.';
COMMENT ON COLUMN model_metric.position IS 'Its place on the scorecard';
COMMENT ON COLUMN model_metric.name IS 'Name of the metric';
COMMENT ON COLUMN model_metric.unit IS 'Unit of its readings: rate (a ratio), score (points), days, hours, mrr (money a month) or count';
COMMENT ON COLUMN model_metric.indicator IS 'leading: it can still be acted upon; lagging: it tells how it went';
COMMENT ON COLUMN model_metric.higher_is_better IS 'Is a higher reading the better one? NULL where it should lie in a band';
COMMENT ON COLUMN model_metric.is_executive IS 'Is it in executive_monthly?';
COMMENT ON COLUMN model_metric.source_view IS 'The view of a model that it comes from';
COMMENT ON COLUMN model_metric.day_column IS 'The column of that view that has the day of the reading; NULL: it has periods';
COMMENT ON COLUMN model_metric.reading IS 'The reading, in columns of that view';
COMMENT ON COLUMN model_metric.reading_lower IS 'Lower end of its confidence interval; NULL: there is none';
COMMENT ON COLUMN model_metric.reading_upper IS 'Upper end of its confidence interval';
COMMENT ON COLUMN model_metric.n_count IS 'How many accounts, tickets or answers it is made of, in columns of that view';
COMMENT ON COLUMN model_metric.account_source IS 'The function of a model that gives the accounts behind it, of the last day of a period';
COMMENT ON COLUMN model_metric.numerator IS 'What each of its rows gives to the figure; NULL: it is not behind it';
COMMENT ON COLUMN model_metric.denominator IS 'What that is to be divided by: sum(numerator) / sum(denominator) is the reading, or that of medians n_count; NULL: the sum is the reading';
COMMENT ON COLUMN model_metric.account_reading IS 'The length or score of that row, where the reading is a median or mean of them';
COMMENT ON COLUMN model_metric.description IS 'What it is';
GRANT SELECT ON model_metric TO PUBLIC;

INSERT INTO model_metric VALUES
(1, 'nrr', 'rate', 'lagging', true, true, 'retention_by_segment', NULL, 'nrr_rate', 'nrr_lower_rate', 'nrr_upper_rate', 'opening_count',
 'account_retention', 'CASE WHEN opening_count > 0 THEN closing_mrr END', 'opening_mrr', NULL, 'Net revenue retention of the trailing year: closing / opening MRR of the accounts with opening MRR'),
(2, 'grr', 'rate', 'lagging', true, true, 'retention_by_segment', NULL, 'grr_rate', 'grr_lower_rate', 'grr_upper_rate', 'opening_count',
 'account_retention', 'CASE WHEN opening_count > 0 THEN kept_mrr END', 'opening_mrr', NULL, 'Gross revenue retention of the trailing year: the same with each account capped at its opening'),
(3, 'logo_churn', 'rate', 'lagging', false, true, 'retention_by_segment', NULL, 'logo_churn_rate', 'logo_churn_lower_rate', 'logo_churn_upper_rate', 'opening_count',
 'account_retention', 'churn_count', 'opening_count', NULL, 'Annual logo churn: accounts that left in the trailing year / those with MRR at its start'),
(4, 'revenue_churn', 'rate', 'lagging', false, false, 'revenue_by_segment', NULL, 'revenue_churn_rate', NULL, NULL, 'opening_count',
 'account_revenue', 'CASE WHEN opening_mrr > 0 OR churn_mrr <> 0 THEN coalesce(churn_mrr, 0) END', 'opening_mrr', NULL, 'Revenue churn of the month: MRR of accounts that left / opening MRR'),
(5, 'mrr', 'mrr', 'lagging', true, true, 'revenue_by_segment', NULL, 'closing_mrr', NULL, NULL, 'closing_count',
 'account_revenue', 'nullif(closing_mrr, 0)', NULL, NULL, 'MRR at the end of the month'),
(6, 'new_mrr', 'mrr', 'lagging', true, true, 'revenue_by_segment', NULL, 'new_mrr', NULL, NULL, 'new_count',
 'account_revenue', 'new_mrr', NULL, NULL, 'MRR of the month''s new accounts'),
(7, 'expansion_mrr', 'mrr', 'lagging', true, true, 'revenue_by_segment', NULL, 'expansion_mrr', NULL, NULL, 'opening_count',
 'account_revenue', 'expansion_mrr', NULL, NULL, 'MRR that accounts added in the month'),
(8, 'contraction_mrr', 'mrr', 'lagging', false, false, 'revenue_by_segment', NULL, 'contraction_mrr', NULL, NULL, 'opening_count',
 'account_revenue', 'contraction_mrr', NULL, NULL, 'MRR lost in the month by accounts that stayed'),
(9, 'churn_mrr', 'mrr', 'lagging', false, true, 'revenue_by_segment', NULL, 'churn_mrr', NULL, NULL, 'opening_count',
 'account_revenue', 'churn_mrr', NULL, NULL, 'MRR of accounts that left in the month'),
(10, 'arpa', 'mrr', 'lagging', true, false, 'revenue_by_segment', NULL, 'arpa_mrr', NULL, NULL, 'closing_count',
 'account_revenue', 'CASE WHEN closing_count > 0 THEN closing_mrr END', '1', 'closing_mrr', 'MRR an account with MRR, at the end of the month'),
(11, 'health', 'score', 'leading', true, true, 'health_trend', 'as_of_on', 'mean_score', NULL, NULL, 'account_count - unknown_count',
 'account_health', 'health_score', '1', 'health_score', 'Mean health score, each account alike, of those whose score is known'),
(12, 'red_mrr', 'mrr', 'leading', false, true, 'health_trend', 'as_of_on', 'red_mrr', NULL, NULL, 'account_count',
 'account_health', $$CASE tier WHEN 'Red' THEN mrr END$$, NULL, NULL, 'Revenue at risk: MRR of accounts that are Red'),
(13, 'red_mrr_share', 'rate', 'leading', false, true, 'health_trend', 'as_of_on', 'red_mrr / nullif(mrr, 0)', NULL, NULL, 'account_count',
 'account_health', $$CASE tier WHEN 'Red' THEN mrr ELSE 0 END$$, 'mrr', NULL, 'Revenue at risk / MRR of all accounts'),
(14, 'time_to_value', 'days', 'leading', false, true, 'time_to_value_monthly', NULL, 'ttv_median_days', 'ttv_median_lower_days', 'ttv_median_upper_days', 'account_count',
 'account_time_to_value', $$CASE WHEN status <> 'rejected' AND started_at >= p.from_at THEN (status = 'reached')::integer END$$, '1', 'ttv_days', 'Median days to first value of the accounts that set out in the trailing year, those waiting included'),
(15, 'within_30_days', 'rate', 'leading', true, false, 'time_to_value_monthly', NULL, 'within_30_days_rate', 'within_30_days_lower_rate', 'within_30_days_upper_rate', 'account_count',
 'account_time_to_value', $$CASE WHEN status <> 'rejected' AND started_at >= p.from_at THEN (status = 'reached')::integer END$$, '1', 'ttv_days', 'Share of these that reach first value within 30 days, a survival estimate'),
(16, 'mau', 'count', 'leading', true, false, 'usage_by_segment', 'day_on', 'mau_count', NULL, NULL, 'account_count',
 'account_usage', 'active_count', NULL, NULL, 'Accounts active in the last 28 days of the month'),
(17, 'stickiness', 'rate', 'leading', true, false, 'usage_by_segment', 'day_on', 'stickiness_rate', NULL, NULL, 'mau_count',
 'account_usage', 'active_days_count', 'exposed_days_count', NULL, 'Days on which these were active / days of the 28 since their first'),
(18, 'csat', 'rate', 'leading', NULL, false, 'satisfaction_by_segment', NULL, 'csat_rate', 'csat_lower_rate', 'csat_upper_rate', 'csat_count',
 'account_survey', 'CASE WHEN csat_count > 0 THEN satisfied_count END', 'csat_count', NULL, 'Customer satisfaction of the month: satisfied answers / all'),
(19, 'csat_response', 'rate', 'leading', true, false, 'satisfaction_by_segment', NULL, 'csat_response_rate', 'csat_response_lower_rate', 'csat_response_upper_rate', 'csat_sent_count',
 'account_survey', 'CASE WHEN csat_sent_count > 0 THEN csat_answered_count END', 'csat_sent_count', NULL, 'CSAT questions sent in the month that were answered so far / all of them'),
(20, 'ces', 'score', 'leading', true, false, 'satisfaction_by_segment', NULL, 'ces_score', 'ces_lower_score', 'ces_upper_score', 'ces_count',
 'account_survey', 'ces_points', 'ces_count', NULL, 'Customer effort score of the month, 1 to 7, 7 being the easiest'),
(21, 'nps', 'score', 'lagging', true, true, 'satisfaction_by_segment', NULL, 'nps_score', 'nps_lower_score', 'nps_upper_score', 'nps_count',
 'account_survey', 'CASE WHEN nps_count > 0 THEN 100 * (promoter_count - detractor_count) END', 'nps_count', NULL, 'Net Promoter Score of the month'),
(22, 'nps_response', 'rate', 'leading', true, false, 'satisfaction_by_segment', NULL, 'nps_response_rate', 'nps_response_lower_rate', 'nps_response_upper_rate', 'nps_sent_count',
 'account_survey', 'CASE WHEN nps_sent_count > 0 THEN nps_answered_count END', 'nps_sent_count', NULL, 'NPS questions sent in the month that were answered so far / all of them'),
(23, 'fcr', 'rate', 'leading', NULL, false, 'support_by_segment', NULL, 'fcr_rate', 'fcr_lower_rate', 'fcr_upper_rate', 'judged_count',
 'account_ticket', 'first_contact::integer', '1', NULL, 'First contact resolution of the tickets opened in the month, gross'),
(24, 'resolution', 'hours', 'leading', false, false, 'support_by_segment', NULL, 'resolution_median_hours', 'resolution_median_lower_hours', 'resolution_median_upper_hours', 'opened_count - rejected_count',
 'account_ticket', 'CASE WHEN resolution_hours >= 0 THEN (solved_at IS NOT NULL)::integer END', '1', 'resolution_hours', 'Median hours to the last solve of the tickets opened in the month, open ones included'),
(25, 'reopen', 'rate', 'leading', false, false, 'support_by_segment', NULL, 'reopen_rate', 'reopen_lower_rate', 'reopen_upper_rate', 'resolved_count',
 'account_ticket', 'is_reopened::integer', '1', NULL, 'Tickets opened again / tickets solved, of those opened in the month');

CREATE FUNCTION metric_readings() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp AS $$
    -- each view is read once, whatever the number of its metrics
    SELECT string_agg(format('SELECT m.metric, s.dimension, s.value, %s, m.reading, m.reading_lower, m.reading_upper, m.n_count, %s AS is_complete, s.policy_hash FROM %s s, LATERAL (VALUES %s) m(metric, reading, reading_lower, reading_upper, n_count)%s',
                             CASE WHEN day_column IS NULL THEN 's.period_start_on, s.period_end_on' ELSE format('date_trunc(''month'', s.%1$I)::date AS period_start_on, s.%1$I + 1 AS period_end_on', day_column) END,
                             CASE WHEN day_column IS NULL THEN 's.is_complete' ELSE format('extract(day FROM s.%I + 1) = 1', day_column) END,
                             -- a condition on the day that went down into the view would lead the planner to expect a single row there
                             CASE WHEN day_column IS NULL THEN quote_ident(source_view) ELSE format('(SELECT * FROM %I OFFSET 0)', source_view) END, metrics,
                             CASE WHEN day_column IS NOT NULL THEN format(' WHERE extract(day FROM s.%1$I + 1) = 1 OR s.%1$I = (SELECT as_of_on FROM reporting_range)', day_column) END), ' UNION ALL ' ORDER BY place)
    FROM (SELECT source_view, day_column, min(position) AS place,
                 string_agg(format('(%L, (%s)::double precision, (%s)::double precision, (%s)::double precision, (%s)::bigint)', name, reading, coalesce(reading_lower, 'NULL'), coalesce(reading_upper, 'NULL'), n_count), ', ' ORDER BY position) AS metrics
          FROM model_metric GROUP BY source_view, day_column) v $$;
COMMENT ON FUNCTION metric_readings() IS 'Internal: the query of view metric_reading, of the rows of model_metric';

CREATE FUNCTION metric_accounts() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp AS $$
    SELECT string_agg(format('SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics FROM shown WHERE metric = ANY (%L) GROUP BY 1, 2, 3) p, LATERAL %I(p.period_end_on - 1) a, LATERAL (VALUES %s) m(metric, numerator, denominator, reading) WHERE m.metric = ANY (p.metrics) AND m.numerator IS NOT NULL',
                             names, account_source, metrics), ' UNION ALL ' ORDER BY place)
    FROM (SELECT account_source, min(position) AS place, array_agg(name) AS names,
                 string_agg(format('(%L, (%s)::numeric, (%s)::numeric, (%s)::double precision)', name, numerator, coalesce(denominator, 'NULL'), coalesce(account_reading, 'NULL')), ', ' ORDER BY position) AS metrics
          FROM model_metric GROUP BY account_source) v $$;
COMMENT ON FUNCTION metric_accounts() IS 'Internal: the query of the accounts behind the metrics shown, of the rows of model_metric';

CREATE FUNCTION is_metric(name text) RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM model_metric m WHERE m.name = is_metric.name) THEN
        RAISE EXCEPTION 'unknown metric "%"', name
            USING ERRCODE = 'invalid_parameter_value', DETAIL = (SELECT format('Known are: %s.', string_agg(m.name, ', ' ORDER BY m.position)) FROM model_metric m);
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION is_metric(text) IS 'Internal: true; SQLSTATE 22023 unless model_metric has a metric of that name';

INSERT INTO policy_column (position, name, type, default_value, condition, description, defines) VALUES
(100, 'least_count', 'bigint', '10', 'least_count >= 1', 'Values of an attribute whose reading is made of fewer accounts, tickets or answers are not shown on scorecards', false);
-- Connectors: the tables of a vendor, as a sync tool lays them out, read as the sources of a model.
--
-- What a vendor looks like is data: its tables and columns, and a query for each source. A file a vendor adds
-- its rows; users add theirs.

CREATE TABLE connector (
    vendor      text    PRIMARY KEY CHECK (octet_length(vendor) BETWEEN 1 AND 40),
    priority    integer NOT NULL,
    description text    NOT NULL,
    built_in    boolean NOT NULL DEFAULT false);
COMMENT ON TABLE connector IS 'The vendors whose tables CALL connect() can read. One row a vendor; add rows for your own.';
COMMENT ON COLUMN connector.vendor IS 'Name of the vendor; its views in a model are <vendor>_<source>';
COMMENT ON COLUMN connector.priority IS 'Priority of its connections at first: the lowest number is asked first, and its keys are those of the accounts';
COMMENT ON COLUMN connector.description IS 'What is read of it';
COMMENT ON COLUMN connector.built_in IS 'Is it one of the extension''s own? Rows of others are dumped with the database';

CREATE TABLE connector_table (
    vendor      text   NOT NULL REFERENCES connector ON DELETE CASCADE,
    table_name  text   NOT NULL,
    other_names text[] NOT NULL DEFAULT '{}',
    one_of      text,
    PRIMARY KEY (vendor, table_name));
COMMENT ON TABLE connector_table IS 'The tables of each vendor. One row a table.';
COMMENT ON COLUMN connector_table.vendor IS 'The vendor';
COMMENT ON COLUMN connector_table.table_name IS 'Name of the table: {table_name} in the queries';
COMMENT ON COLUMN connector_table.other_names IS 'Names that it has elsewhere, in order of preference';
COMMENT ON COLUMN connector_table.one_of IS 'Of the tables with the same word here one at least must be there; NULL: it may be missing, and then has no rows';

CREATE TABLE connector_column (
    vendor      text    NOT NULL,
    table_name  text    NOT NULL,
    column_name text    NOT NULL,
    type        text    NOT NULL,
    required    boolean NOT NULL DEFAULT false,
    other_names text[]  NOT NULL DEFAULT '{}',
    PRIMARY KEY (vendor, table_name, column_name),
    FOREIGN KEY (vendor, table_name) REFERENCES connector_table ON DELETE CASCADE);
COMMENT ON TABLE connector_column IS 'The columns that the queries read of each table of a vendor. One row a column.';
COMMENT ON COLUMN connector_column.vendor IS 'The vendor';
COMMENT ON COLUMN connector_column.table_name IS 'The table';
COMMENT ON COLUMN connector_column.column_name IS 'Name of the column';
COMMENT ON COLUMN connector_column.type IS 'Type that it is cast to, whatever it was loaded as; instants without zone are in UTC';
COMMENT ON COLUMN connector_column.required IS 'Must its table have it? If not, it is NULL where it is missing';
COMMENT ON COLUMN connector_column.other_names IS 'Names that it has elsewhere, in order of preference';

CREATE TABLE connector_source (
    vendor    text NOT NULL REFERENCES connector ON DELETE CASCADE,
    source    text NOT NULL,
    query     text NOT NULL,
    only_with text,
    PRIMARY KEY (vendor, source));
COMMENT ON TABLE connector_source IS 'What the tables of a vendor say of each source. One row a source; each vendor needs one for account.';
COMMENT ON COLUMN connector_source.vendor IS 'The vendor';
COMMENT ON COLUMN connector_source.source IS 'The source';
COMMENT ON COLUMN connector_source.query IS 'A query of its columns, by name, with the vendor''s account_key (text) in place of account_id; {table_name} stands for a declared table with the declared columns (give it an alias), names are looked up in csmetrics. That of account may also give domain (see company_domain()), crm_key (its key in the CRM) and only_matched (true: it stands for an account only where it matches one)';
COMMENT ON COLUMN connector_source.only_with IS 'The table without which the source is left out; NULL: none';

SELECT pg_catalog.pg_extension_config_dump('connector', 'WHERE NOT built_in');
SELECT pg_catalog.pg_extension_config_dump('connector_table', 'WHERE vendor IN (SELECT vendor FROM csmetrics.connector WHERE NOT built_in)');
SELECT pg_catalog.pg_extension_config_dump('connector_column', 'WHERE vendor IN (SELECT vendor FROM csmetrics.connector WHERE NOT built_in)');
SELECT pg_catalog.pg_extension_config_dump('connector_source', 'WHERE vendor IN (SELECT vendor FROM csmetrics.connector WHERE NOT built_in)');
GRANT SELECT ON connector, connector_table, connector_column, connector_source TO PUBLIC;

-- Reading what vendors wrote.

CREATE FUNCTION company_domain(address text) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
    host text := pg_catalog.lower(pg_catalog.btrim(address));
BEGIN
    IF pg_catalog.strpos(host, '://') > 0 THEN
        host := pg_catalog.split_part(host, '://', 2);
    END IF;
    host := pg_catalog.split_part(pg_catalog.split_part(pg_catalog.split_part(host, '/', 1), '?', 1), '#', 1);
    IF pg_catalog.strpos(host, '@') > 0 THEN
        host := pg_catalog.split_part(host, '@', -1);
    END IF;
    host := pg_catalog.rtrim(pg_catalog.split_part(host, ':', 1), '.>');
    IF pg_catalog.starts_with(host, 'www.') THEN
        host := pg_catalog.substr(host, 5);
    END IF;
    IF host OPERATOR(pg_catalog.~) '^([a-z0-9][a-z0-9-]*\.)+[a-z][a-z0-9-]+$' AND host OPERATOR(pg_catalog.<>) ALL ('{gmail.com,googlemail.com,outlook.com,hotmail.com,hotmail.co.uk,hotmail.fr,live.com,msn.com,yahoo.com,yahoo.co.uk,yahoo.co.jp,yahoo.fr,yahoo.de,ymail.com,rocketmail.com,icloud.com,me.com,mac.com,aol.com,gmx.com,gmx.de,gmx.net,gmx.at,gmx.ch,web.de,t-online.de,freenet.de,mail.com,email.com,mail.ru,bk.ru,inbox.ru,list.ru,yandex.ru,yandex.com,proton.me,protonmail.com,pm.me,tutanota.com,tuta.io,fastmail.com,hey.com,zoho.com,qq.com,163.com,126.com,sina.com,naver.com,daum.net,hanmail.net,orange.fr,wanadoo.fr,free.fr,laposte.net,sfr.fr,libero.it,virgilio.it,uol.com.br,bol.com.br,terra.com.br,rediffmail.com,comcast.net,verizon.net,att.net,sbcglobal.net,btinternet.com,bigpond.com,shaw.ca,rogers.com,seznam.cz,wp.pl,o2.pl,onet.pl,interia.pl}'::pg_catalog.text[]) THEN
        RETURN host;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION company_domain(text) IS
'The domain of a company from a website or an e-mail address, in lower case and without www; NULL for domains of free mail, for what is neither, and for NULL. company_domain(''https://www.Acme.com/about'') is acme.com.';

CREATE FUNCTION minor_units(currency text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE WHEN upper(currency) IN ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') THEN 1
            WHEN upper(currency) IN ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 1000 ELSE 100 END;
COMMENT ON FUNCTION minor_units(text) IS
'How many of the units in which billing systems write amounts make one of the currency (ISO 4217 code): 100, 1 where there are no cents (JPY), 1000 where there are three decimals (KWD). ISK, UGX and HUF are written in hundredths. NULL for NULL.';

CREATE FUNCTION instant_of(written text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN written = '' THEN NULL
            WHEN written ~ '^\d{9,14}(\.\d+)?$' THEN to_timestamp(written::numeric / CASE WHEN written::numeric > 1e11 THEN 1000 ELSE 1 END)
            WHEN written ~* '(\d:\d\d(:\d\d)?(\.\d+)?\s*[+-]\d\d(:?\d\d)?|Z|UTC|GMT)$' THEN written::timestamptz
            ELSE written::timestamp AT TIME ZONE 'UTC' END;
COMMENT ON FUNCTION instant_of(text) IS
'The instant that a text stands for: with its zone where it names one, else in UTC, whatever the time zone of the session; digits alone are seconds or milliseconds since 1970. NULL for NULL and the empty text; what is no time: SQLSTATE 22007.';

CREATE FUNCTION squeezed(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN lower(regexp_replace(name, '[_ ]', '', 'g'));
COMMENT ON FUNCTION squeezed(text) IS 'Internal: a name without underscores, blanks and capitals: OwnerId is owner_id';

CREATE FUNCTION read_as(reference text, given regtype, wanted regtype) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE
            WHEN given = wanted THEN reference
            WHEN typcategory = 'S' AND wanted = 'timestamptz'::regtype THEN format('csmetrics.instant_of(%s::text)', reference)
            WHEN typcategory = 'S' AND wanted <> 'text'::regtype THEN format('CAST(nullif(%s::text, '''') AS %s)', reference, wanted)
            WHEN typcategory = 'N' AND wanted = 'timestamptz'::regtype THEN format('csmetrics.instant_of(%s::text)', reference)
            WHEN typcategory = 'N' AND wanted = 'boolean'::regtype THEN format('(%s <> 0)', reference)
            WHEN given IN ('timestamp'::regtype, 'date'::regtype) AND wanted = 'timestamptz'::regtype THEN format('(%s::timestamp AT TIME ZONE ''UTC'')', reference)
            ELSE format('CAST(%s AS %s)', reference, wanted) END
        FROM pg_type WHERE oid = given);
COMMENT ON FUNCTION read_as(text, regtype, regtype) IS 'Internal: SQL that reads a column of one type as another; in texts the empty one is NULL, instants without zone are in UTC';

CREATE FUNCTION connector_tables(vendor text, schema_name text, OUT table_name text, OUT relation oid, OUT selection text, OUT complaints text[]) RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    wanted record;
    found_type regtype;
    found_name text;
    selected text[];
BEGIN
    FOR table_name, relation IN
        SELECT t.table_name, (SELECT c.oid
                              FROM unnest(t.table_name || t.other_names) WITH ORDINALITY n(name, place), pg_class c,
                                   LATERAL (SELECT CASE WHEN c.relname = n.name THEN 1 WHEN squeezed(c.relname) = squeezed(n.name) THEN 2
                                                        -- in the plural
                                                        WHEN squeezed(c.relname) IN (squeezed(n.name) || 's', squeezed(n.name) || 'es', regexp_replace(squeezed(n.name), 'y$', 'ies')) THEN 3 END AS likeness) l
                              WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = schema_name) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND likeness IS NOT NULL
                              ORDER BY place, likeness, c.relname LIMIT 1)
        FROM connector_table t WHERE t.vendor = connector_tables.vendor ORDER BY t.table_name
    LOOP
        complaints := '{}';
        selected := '{}';
        FOR wanted IN
            SELECT c.column_name, c.type::regtype AS type, c.required, a.attname, a.atttypid::regtype AS given
            FROM connector_column c
                 LEFT JOIN LATERAL (SELECT a.attname, a.atttypid
                                    FROM unnest(c.column_name || c.other_names) WITH ORDINALITY n(name, place)
                                    JOIN pg_attribute a ON a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND squeezed(a.attname) = squeezed(n.name)
                                    ORDER BY place, a.attname <> n.name, a.attname LIMIT 1) a ON true
            WHERE c.vendor = connector_tables.vendor AND c.table_name = connector_tables.table_name
            ORDER BY c.required DESC, c.column_name
        LOOP
            IF wanted.attname IS NULL THEN
                selected := selected || format('NULL::%s AS %I', wanted.type, wanted.column_name);
                IF relation IS NOT NULL AND wanted.required THEN
                    complaints := complaints || format('table %s: missing column %s (%s)', relation::regclass, wanted.column_name, wanted.type);
                END IF;
            ELSE
                BEGIN
                    EXECUTE format('SELECT %s FROM (SELECT NULL::%s AS c) AS t', read_as('t.c', wanted.given, wanted.type), wanted.given);
                EXCEPTION WHEN cannot_coerce OR undefined_function THEN
                    complaints := complaints || format('table %s: column %s of type %s cannot be cast to %s', relation::regclass, wanted.attname, wanted.given, wanted.type);
                END;
                selected := selected || format('%s AS %I', read_as(format('t.%I', wanted.attname), wanted.given, wanted.type), wanted.column_name);
            END IF;
        END LOOP;
        selection := format('(SELECT %s %s)', array_to_string(selected, ', '),
                            coalesce((SELECT format('FROM %I.%I AS t', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation), 'WHERE false'));
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION connector_tables(text, text) IS 'Internal: the tables of a vendor as they are found in a schema: what stands for each in queries, and what is wrong with it';

CREATE FUNCTION filled_in(query text, placeholders jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
-- piece by piece, so that what is filled in is not searched again
RETURN (SELECT string_agg(coalesce(placeholders ->> substring(piece FROM '^\{([A-Za-z0-9_]+)\}$'), piece), '' ORDER BY place)
        FROM regexp_split_to_table(regexp_replace(query, '(\{[A-Za-z0-9_]+\})', E'\x01\\1\x01', 'g'), E'\x01') WITH ORDINALITY p(piece, place));
COMMENT ON FUNCTION filled_in(text, jsonb) IS 'Internal: the query with its {placeholders} replaced';

CREATE FUNCTION vendor_query(vendor text, schema_name text, source text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
BEGIN
    RETURN (SELECT filled_in(s.query, (SELECT jsonb_object_agg(t.table_name, t.selection) FROM connector_tables(vendor_query.vendor, vendor_query.schema_name) t))
            FROM connector_source s WHERE s.vendor = vendor_query.vendor AND s.source = vendor_query.source);
END
$$;
COMMENT ON FUNCTION vendor_query(text, text, text) IS 'Internal: the query of a vendor for a source, over the tables of a schema';

CREATE FUNCTION with_connector(model text, view_name text, query text) RETURNS text
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    body text;
BEGIN
    IF query LIKE '%{connector}%' THEN
        EXECUTE format('SELECT vendor_query(c.vendor, c.schema_name, v.source) FROM %1$I.connection c JOIN %1$I.connection_view v USING (vendor) WHERE v.view_name = $1', model)
            INTO body USING view_name;
        -- spelled out in full, since the caller has a search_path of his own
        EXECUTE format(E'CREATE TEMPORARY VIEW csmetrics_connector AS SELECT * FROM (%s\n) AS query', body);
        PERFORM set_config('search_path', 'pg_catalog', true);
        body := rtrim(pg_get_viewdef('pg_temp.csmetrics_connector'::regclass), '; ');
        DROP VIEW pg_temp.csmetrics_connector;
        RETURN csmetrics.filled_in(query, jsonb_build_object('connector', format('(%s)', body)));
    END IF;
    RETURN with_connector.query;
END
$$;
COMMENT ON FUNCTION with_connector(text, text, text) IS 'Internal: the query with {connector} replaced by what connect() reads for the view';
-- Which account a vendor means. Accounts of the first vendor, or those mapped by hand, are the ones known; keys of the others are
-- tied to them by the user's mapping or by a key of the CRM, or else by a domain that one account alone has.
CREATE FUNCTION identity_query(model text, vendors text[], by_hand boolean, is_text boolean, names text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
RETURN format($query$
    WITH listed AS MATERIALIZED (%2$s),
    mapped AS (
        SELECT l.*, m.account_id AS mapped_id FROM listed l LEFT JOIN %1$I.account_identity m ON m.vendor = l.vendor AND m.account_key = l.account_key),
    known AS (%3$s),
    tied AS MATERIALIZED (
        SELECT l.*, coalesce(l.mapped_id, %4$s k.account_id, o.account_id) AS tied_id
        FROM mapped l LEFT JOIN known k ON k.key = l.crm_key LEFT JOIN known o ON o.key = l.account_key),
    of_domain AS (
        SELECT domain, (array_agg(DISTINCT tied_id))[1] AS account_id FROM tied
        WHERE tied_id IS NOT NULL AND domain IS NOT NULL AND (only_matched IS NOT TRUE OR place = 1)
        GROUP BY domain HAVING count(DISTINCT tied_id) = 1),
    resolved AS MATERIALIZED (
        SELECT t.*, coalesce(t.tied_id, d.account_id%5$s) AS account_id,
               CASE WHEN t.mapped_id IS NOT NULL THEN 'mapping' %6$s WHEN t.tied_id IS NOT NULL THEN 'crm key' WHEN d.account_id IS NOT NULL THEN 'domain' ELSE 'own' END AS matched_by
        FROM tied t LEFT JOIN of_domain d ON d.domain = t.domain)
    $query$, model,
    (SELECT string_agg(format('SELECT %L::text AS vendor, %s AS place, account_key, domain, crm_key, only_matched%s FROM %I.%I WHERE account_key IS NOT NULL',
                              v, place, spelled(names, ', %I', ''), model, v || '_account'),
                       ' UNION ALL ' ORDER BY place) FROM unnest(vendors) WITH ORDINALITY p(v, place)),
    CASE WHEN by_hand THEN format('SELECT DISTINCT ON (account_id) account_id::text AS key, account_id FROM %I.source_account WHERE account_id IS NOT NULL', model)
         -- each of them by its key, and by the other form of it that some systems write
         ELSE 'SELECT key, (array_agg(DISTINCT account_id))[1] AS account_id
               FROM (SELECT account_key AS key, coalesce(mapped_id, account_key) AS account_id FROM mapped WHERE place = 1
                     UNION ALL SELECT crm_key, coalesce(mapped_id, account_key) FROM mapped WHERE place = 1 AND crm_key IS NOT NULL) k
               GROUP BY key HAVING count(DISTINCT account_id) = 1' END,
    CASE WHEN NOT by_hand THEN 'CASE WHEN l.place = 1 THEN l.account_key END,' END,
    CASE WHEN is_text THEN ', CASE WHEN t.only_matched IS NOT TRUE THEN t.account_key END' END,
    CASE WHEN NOT by_hand THEN $$WHEN t.place = 1 THEN 'own'$$ END);
COMMENT ON FUNCTION identity_query(text, text[], boolean, boolean, text[]) IS
'Internal: the common tables that resolve the keys of the connected vendors to accounts, with the attributes of these names; the last of them is resolved';

CREATE FUNCTION united_facts(model text, source text, vendors text[], names text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
RETURN (SELECT string_agg(format('SELECT i.account_id%s FROM %I.%I v JOIN %I.identity i ON i.vendor = %L AND i.account_key = v.account_key',
                                 spelled(array_remove(names, 'account_id'), ', v.%I', ''), model, vendor || '_' || source, model, vendor), ' UNION ALL ' ORDER BY place)
        FROM unnest(vendors) WITH ORDINALITY p(vendor, place));
COMMENT ON FUNCTION united_facts(text, text, text[], text[]) IS 'Internal: what all vendors say of a source, with their keys of accounts resolved';

CREATE FUNCTION united_accounts(model text, vendors text[], names text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
RETURN format($query$
    SELECT a.account_id, %1$s
    FROM (SELECT account_id FROM resolved WHERE account_id IS NOT NULL UNION SELECT account_id FROM %2$I.account_identity WHERE vendor = ANY (%3$L::text[])) a %4$s$query$,
    -- the first vendor that knows it
    (SELECT string_agg(format('coalesce(%s)', (SELECT string_agg(format('v%s.%I', place, name), ', ' ORDER BY place) FROM generate_subscripts(vendors, 1) place)), ', ' ORDER BY n)
     FROM unnest(names) WITH ORDINALITY c(name, n)),
    model, vendors,
    -- a parent is a key of the vendor's, too
    (SELECT string_agg(format('LEFT JOIN (SELECT DISTINCT ON (r.account_id) r.account_id%s FROM resolved r LEFT JOIN resolved parent ON parent.place = r.place AND parent.account_key = r.parent_id
                                          WHERE r.place = %s ORDER BY r.account_id, r.account_key <> r.account_id, r.account_key) v%s ON v%s.account_id = a.account_id',
                              (SELECT string_agg(CASE WHEN c.type = 'account_id' THEN format(', parent.account_id AS %I', c.name) ELSE format(', r.%I', c.name) END, '' ORDER BY c.position)
                               FROM source_column c WHERE c.source = 'account' AND c.name <> 'account_id'), place, place, place), ' ' ORDER BY place)
     FROM generate_subscripts(vendors, 1) place));
COMMENT ON FUNCTION united_accounts(text, text[], text[]) IS 'Internal: a query over resolved of the accounts that all vendors know, each attribute from the first that knows it';

CREATE PROCEDURE resolve_identities(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    vendors text[];
    names text[];
    has_some boolean;
    is_text boolean;
    accounts_by_hand boolean;
    part record;
BEGIN
    EXECUTE format('SELECT array_agg(vendor ORDER BY priority, connected_at, vendor), EXISTS (SELECT FROM %1$I.identity) FROM %1$I.connection', model) INTO vendors, has_some;
    IF vendors IS NULL AND NOT has_some THEN
        RETURN;
    END IF;
    SELECT a.atttypid = 'text'::regtype INTO is_text FROM pg_attribute a WHERE a.attrelid = format('%I.identity', model)::regclass AND a.attname = 'account_id';
    EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I.connection_view v WHERE v.view_name = ''source_account'')', model) INTO accounts_by_hand;
    SELECT array_agg(c.name ORDER BY c.position) INTO names FROM source_column c WHERE c.source = 'account' AND c.name <> 'account_id';

    FOR part IN
        SELECT 'identity' AS name, ARRAY['vendor', 'account_key'] AS keys, ARRAY['account_id', 'matched_by'] AS others,
               format('SELECT DISTINCT ON (i.vendor, i.account_key) i.vendor, i.account_key, i.account_id, i.matched_by
                       FROM (SELECT vendor, account_key, account_id, matched_by FROM resolved WHERE account_id IS NOT NULL
                             UNION ALL SELECT m.vendor, m.account_key, m.account_id, ''mapping'' FROM %I.account_identity m WHERE m.vendor = ANY (%L::text[])) i
                       ORDER BY i.vendor, i.account_key, i.account_id', model, vendors) AS query
        UNION ALL
        SELECT 'connected_account', ARRAY['account_id'], names, CASE WHEN NOT accounts_by_hand THEN united_accounts(model, vendors, names) END
    LOOP
        IF vendors IS NULL OR part.query IS NULL THEN
            EXECUTE format('DELETE FROM %I.%I', model, part.name);
        ELSE
            EXECUTE format($query$
                %1$s,
                fresh (%2$s, %3$s) AS MATERIALIZED (%4$s),
                gone AS (DELETE FROM %5$I.%6$I AS old WHERE NOT EXISTS (SELECT FROM fresh WHERE (%7$s) = (%8$s)))
                INSERT INTO %5$I.%6$I AS old (%2$s, %3$s) SELECT %2$s, %3$s FROM fresh
                ON CONFLICT (%2$s) DO UPDATE SET (%3$s) = ROW (%9$s) WHERE (%10$s) IS DISTINCT FROM (%9$s)$query$,
                identity_query(model, vendors, accounts_by_hand, is_text, names), spelled(part.keys, '%I'), spelled(part.others, '%I'), part.query, model, part.name,
                spelled(part.keys, 'fresh.%I'), spelled(part.keys, 'old.%I'), spelled(part.others, 'excluded.%I'), spelled(part.others, 'old.%I'));
        END IF;
        EXECUTE format('ANALYZE %I.%I', model, part.name);
    END LOOP;
END
$$;
COMMENT ON PROCEDURE resolve_identities(text) IS 'Internal: brings identity and connected_account of a model up to date';
-- connect(), disconnect() and what they share: views that they wrote are known by a fingerprint, and no others are touched.
CREATE FUNCTION by_hand(model text, source text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    definition text := pg_get_viewdef(format('%I.%I', model, 'source_' || source)::regclass);
    is_ours boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.connection_view v WHERE v.view_name = $1 AND v.definition = md5($2))', model) INTO is_ours USING 'source_' || source, definition;
    -- as create_model makes it: no rows, of nothing
    RETURN NOT is_ours AND NOT (definition ~ 'WHERE false;$' AND definition !~ '\mFROM\M');
END
$$;
COMMENT ON FUNCTION by_hand(text, text) IS 'Internal: does the view of the source say what its user wrote, not connect() nor create_model()?';

CREATE FUNCTION changed_views(model text, vendor text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    changed text;
BEGIN
    EXECUTE format('SELECT string_agg(v.view_name, '', '' ORDER BY v.view_name)
                    FROM %I.connection_view v, LATERAL to_regclass(format(''%%I.%%I'', $1, v.view_name)) r WHERE v.vendor = $2 AND r IS NOT NULL AND md5(pg_get_viewdef(r)) <> v.definition', model)
        INTO changed USING model, vendor;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION changed_views(text, text) IS 'Internal: the views of a connection that were changed since they were written, in a list; NULL: none';

CREATE PROCEDURE write_view(model text, view_name text, vendor text, source text, query text, description text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    part record;
BEGIN
    EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker) AS %s', model, view_name, query);
    EXECUTE format('COMMENT ON VIEW %I.%I IS %L', model, view_name, description);
    EXECUTE format('INSERT INTO %I.connection_view AS v VALUES ($1, $2, $3, md5(pg_get_viewdef($4)))
                    ON CONFLICT (view_name) DO UPDATE SET (vendor, source, definition) = ROW (excluded.vendor, excluded.source, excluded.definition)', model)
        USING view_name, vendor, source, format('%I.%I', model, view_name)::regclass;
    FOR part IN
        SELECT a.attname, CASE a.attname
                   WHEN 'account_key' THEN 'Required. The vendor''s own key of the account'
                   WHEN 'domain' THEN 'Domain of the account, by which it is matched with those of other vendors; NULL: none'
                   WHEN 'crm_key' THEN 'Its key in the CRM; NULL: unknown'
                   WHEN 'only_matched' THEN 'True: it stands for an account only where it matches one that is known'
                   ELSE c.description END AS description
        FROM pg_attribute a LEFT JOIN source_column c ON c.source = write_view.source AND c.name = a.attname
        WHERE write_view.vendor IS NOT NULL AND a.attrelid = format('%I.%I', model, view_name)::regclass AND a.attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I.%I IS %L', model, view_name, part.attname, part.description);
    END LOOP;
END
$$;
COMMENT ON PROCEDURE write_view(text, text, text, text, text, text) IS 'Internal: writes a view of a connection and remembers what it wrote';

CREATE PROCEDURE unite_sources(model text, overwrite boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $unite$
DECLARE
    vendors text[];
    givers text[];
    key_type regtype;
    part record;
    query text;
BEGIN
    PERFORM require_model(model);
    EXECUTE format('SELECT array_agg(vendor ORDER BY priority, connected_at, vendor) FROM %I.connection', model) INTO vendors;
    SELECT a.atttypid INTO key_type FROM pg_attribute a WHERE a.attrelid = format('%I.account_state', model)::regclass AND a.attname = 'account_id';
    IF vendors IS NOT NULL AND key_type <> 'text'::regtype AND (overwrite OR NOT by_hand(model, 'account')) THEN
        RAISE EXCEPTION 'keys of vendors are texts, and cannot be those of the accounts of model "%", which are of type %', model, key_type
            USING ERRCODE = 'datatype_mismatch',
                  HINT = 'Map source "account" by hand first: keys of vendors are then matched with its accounts. Or make a model with account_id of type text.';
    END IF;

    FOR part IN
        SELECT c.source, 'source_' || c.source AS view_name, array_agg(c.name ORDER BY c.position) AS names,
               string_agg(format('NULL::%s AS %I', CASE WHEN c.type = 'account_id' THEN key_type::text ELSE c.type END, c.name), ', ' ORDER BY c.position) AS nothing
        FROM source_column c GROUP BY c.source ORDER BY c.source
    LOOP
        EXECUTE format('SELECT array_agg(v.vendor ORDER BY c.priority, c.connected_at, c.vendor) FROM %1$I.connection_view v JOIN %1$I.connection c USING (vendor) WHERE v.source = $1', model)
            INTO givers USING part.source;
        EXECUTE format('SELECT v.definition FROM %I.connection_view v WHERE v.view_name = $1', model) INTO query USING part.view_name;
        CONTINUE WHEN givers IS NULL AND query IS NULL;
        IF by_hand(model, part.source) AND NOT (overwrite AND givers IS NOT NULL) THEN
            EXECUTE format('DELETE FROM %I.connection_view WHERE view_name = $1', model) USING part.view_name;
            RAISE NOTICE 'source "%" was mapped by hand and is left as it is', part.source;
        ELSIF givers IS NULL THEN
            EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker) AS SELECT %s WHERE false', model, part.view_name, part.nothing);
            EXECUTE format('COMMENT ON VIEW %I.%I IS %L', model, part.view_name,
                           format('Empty until CALL csmetrics.map(%L, %L, ''SELECT ...'') says where the facts are', model, part.source));
            EXECUTE format('DELETE FROM %I.connection_view WHERE view_name = $1', model) USING part.view_name;
        ELSE
            CALL write_view(model, part.view_name, NULL, part.source,
                            CASE part.source WHEN 'account' THEN format('SELECT %s FROM %I.connected_account', spelled(part.names, '%I'), model) ELSE united_facts(model, part.source, givers, part.names) END,
                            format('Where the facts are: written by CALL csmetrics.connect, from %s', array_to_string(givers, ', ')));
        END IF;
    END LOOP;
    CALL resolve_identities(model);
END
$unite$;
COMMENT ON PROCEDURE unite_sources(text, boolean) IS
'Writes the source views of a model anew from the vendors that are connected to it, as CALL connect() does: after a change of priority in its table connection, or after accounts were mapped by hand. Sources mapped by hand are left alone, with a notice, unless overwrite.';

CREATE PROCEDURE connect(model text, vendor text, schema_name text, overwrite boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $connect$
DECLARE
    complaints text[];
    changed text;
    part record;
    view_name text;
    is_new boolean;
    written text[];
    gone text[];
BEGIN
    PERFORM require_model(model);
    IF vendor IS NULL OR NOT EXISTS (SELECT FROM connector c WHERE c.vendor = connect.vendor) THEN
        RAISE EXCEPTION 'unknown vendor "%"', vendor
            USING ERRCODE = 'invalid_parameter_value', DETAIL = (SELECT format('Known are: %s.', string_agg(c.vendor, ', ' ORDER BY c.vendor)) FROM connector c);
    END IF;
    IF schema_name IS NULL OR NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = schema_name) THEN
        RAISE EXCEPTION 'there is no schema "%"', schema_name
            USING ERRCODE = 'invalid_schema_name',
                  DETAIL = (SELECT format('Schemas are: %s.', string_agg(nspname, ', ' ORDER BY nspname)) FROM pg_namespace
                            WHERE nspname NOT LIKE 'pg\_%' AND nspname NOT IN ('information_schema', 'csmetrics'));
    END IF;
    EXECUTE format('LOCK TABLE %I.connection IN SHARE ROW EXCLUSIVE MODE', model);

    -- all that is wrong at once
    SELECT array_agg(complaint ORDER BY place, complaint) INTO complaints
    FROM (SELECT 1 AS place, format('missing table %s', string_agg(array_to_string(t.table_name || t.other_names, ' or '), ' or ' ORDER BY t.table_name)) AS complaint
          FROM connector_table t JOIN connector_tables(connect.vendor, schema_name) f USING (table_name) WHERE t.vendor = connect.vendor AND t.one_of IS NOT NULL
          GROUP BY t.one_of HAVING bool_and(f.relation IS NULL)
          UNION ALL SELECT 2, c FROM connector_tables(connect.vendor, schema_name) f, unnest(f.complaints) c) w;
    IF complaints IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" does not look like that of %: %', schema_name, vendor, array_to_string(complaints, '; ')
            USING ERRCODE = CASE WHEN complaints[1] LIKE 'missing table%' THEN 'undefined_table' ELSE 'undefined_column' END,
                  HINT = format('What is read of it: SELECT * FROM csmetrics.connector_column WHERE vendor = %L.', vendor);
    END IF;
    changed := changed_views(model, vendor);
    IF changed IS NOT NULL AND NOT overwrite THEN
        RAISE EXCEPTION 'changed since they were written: %', changed
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'With overwrite => true they are written anew. To unite the sources only: CALL csmetrics.unite_sources.';
    END IF;

    FOR part IN
        SELECT s.source, f.tables FROM connector_source s, (SELECT array_agg(t.table_name) AS tables FROM connector_tables(connect.vendor, schema_name) t WHERE t.relation IS NOT NULL) f
        WHERE s.vendor = connect.vendor AND EXISTS (SELECT FROM source_column c WHERE c.source = s.source) AND (s.only_with IS NULL OR s.only_with = ANY (f.tables))
        ORDER BY s.source
    LOOP
        view_name := vendor || '_' || part.source;
        written := written || view_name;
        EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I.connection_view v WHERE v.view_name = $1)', model) INTO is_new USING view_name;
        IF is_new AND to_regclass(format('%I.%I', model, view_name)) IS NOT NULL AND NOT overwrite THEN
            RAISE EXCEPTION 'there is a "%" in model "%" already', view_name, model
                USING ERRCODE = 'duplicate_table', HINT = 'Drop or rename it; a view of the same columns is written anew with overwrite => true.';
        END IF;
        CALL write_view(model, view_name, vendor, part.source,
                        conformed(model, format('connector "%s", source "%s"', vendor, part.source), vendor_query(vendor, schema_name, part.source), asked_columns(model, part.source, true)),
                        format('What %s knows of source %s: written by CALL csmetrics.connect', vendor, part.source));
    END LOOP;
    IF (vendor || '_account' = ANY (written)) IS NOT TRUE THEN
        RAISE EXCEPTION 'connector "%" has no query for source "account"', vendor USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('INSERT INTO %I.connection AS c SELECT v.vendor, $2, v.priority, clock_timestamp() FROM csmetrics.connector v WHERE v.vendor = $1
                    ON CONFLICT (vendor) DO UPDATE SET schema_name = excluded.schema_name', model) USING vendor, schema_name;
    -- what the schema gave before, and no longer does
    EXECUTE format('WITH gone AS (DELETE FROM %I.connection_view v WHERE v.vendor = $1 AND v.view_name <> ALL ($2) RETURNING v.view_name) SELECT array_agg(view_name) FROM gone', model)
        INTO gone USING vendor, written;
    CALL unite_sources(model, overwrite);
    FOREACH view_name IN ARRAY coalesce(gone, '{}') LOOP
        EXECUTE format('DROP VIEW IF EXISTS %I.%I', model, view_name);
    END LOOP;
END
$connect$;
COMMENT ON PROCEDURE connect(text, text, text, boolean) IS
'Reads the tables of a vendor (TABLE csmetrics.connector: stripe, salesforce, zendesk and others), as a sync tool lays them out in that schema, as sources of the model: writes a view <vendor>_<source> for each, and source_<source> as what all connected vendors say, their keys of accounts resolved as the table identity shows, which each refresh brings up to date. All tables and columns that are missing or of the wrong type are named together (SQLSTATE 42P01, 42703), then nothing is changed; so too an unknown vendor (22023) or schema (3F000). Views that were changed since are named and kept (55000), sources mapped by hand are left alone with a notice; overwrite: they are written anew. Models whose account_id is no text need source account mapped by hand first (42804).';

CREATE PROCEDURE disconnect(model text, vendor text, overwrite boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $disconnect$
DECLARE
    is_there boolean;
    known text;
    changed text;
    views text[];
    view_name text;
BEGIN
    PERFORM require_model(model);
    EXECUTE format('LOCK TABLE %I.connection IN SHARE ROW EXCLUSIVE MODE', model);
    EXECUTE format('SELECT coalesce(bool_or(c.vendor = $1), false), string_agg(c.vendor, '', '' ORDER BY c.vendor) FROM %I.connection c', model) INTO is_there, known USING vendor;
    IF NOT is_there THEN
        RAISE EXCEPTION 'vendor "%" is not connected to model "%"', vendor, model
            USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Connected are: %s.', coalesce(known, 'none'));
    END IF;
    changed := changed_views(model, vendor);
    IF changed IS NOT NULL AND NOT overwrite THEN
        RAISE EXCEPTION 'changed since they were written: %', changed
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'With overwrite => true they are dropped nevertheless.';
    END IF;
    EXECUTE format('DELETE FROM %I.connection c WHERE c.vendor = $1', model) USING vendor;
    EXECUTE format('WITH gone AS (DELETE FROM %I.connection_view v WHERE v.vendor = $1 RETURNING v.view_name) SELECT array_agg(view_name) FROM gone', model) INTO views USING vendor;
    CALL unite_sources(model);
    FOREACH view_name IN ARRAY coalesce(views, '{}') LOOP
        EXECUTE format('DROP VIEW IF EXISTS %I.%I', model, view_name);
    END LOOP;
END
$disconnect$;
COMMENT ON PROCEDURE disconnect(text, text, boolean) IS
'Undoes CALL connect(): the views of the vendor are dropped, the sources written without it, or empty as create_model made them; account_identity is kept. Views of it that were changed since are named, and stop it (SQLSTATE 55000) unless overwrite; sources mapped by hand are left alone.';
-- HubSpot: companies with their owners, and tickets where they are in use. Deals say what was sold, not for how long: no subscriptions.
INSERT INTO connector VALUES ('hubspot', 11, 'Companies with owner and parent; tickets', true);
INSERT INTO connector_table (vendor, table_name, other_names, one_of) VALUES
('hubspot', 'company', '{}', 'company'),
('hubspot', 'owner', '{}', NULL),
('hubspot', 'ticket', '{}', NULL),
('hubspot', 'ticket_company', '{}', NULL),
('hubspot', 'ticket_contact', '{}', NULL),
('hubspot', 'contact', '{}', NULL);
INSERT INTO connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('hubspot', 'company', 'id', 'text', true, '{company_id}'),
('hubspot', 'company', 'property_name', 'text', true, '{properties_name,property_name_value,name}'),
('hubspot', 'company', 'property_domain', 'text', false, '{properties_domain,domain}'),
('hubspot', 'company', 'property_website', 'text', false, '{properties_website,website}'),
('hubspot', 'company', 'property_createdate', 'timestamptz', false, '{properties_createdate,created_at}'),
('hubspot', 'company', 'property_hubspot_owner_id', 'text', false, '{properties_hubspot_owner_id,owner_id}'),
('hubspot', 'company', 'property_lifecyclestage', 'text', false, '{properties_lifecyclestage}'),
('hubspot', 'company', 'property_hs_parent_company_id', 'text', false, '{properties_hs_parent_company_id}'),
('hubspot', 'company', 'is_deleted', 'boolean', false, '{_fivetran_deleted,archived}'),
('hubspot', 'owner', 'owner_id', 'text', true, '{id}'),
('hubspot', 'owner', 'first_name', 'text', false, '{}'),
('hubspot', 'owner', 'last_name', 'text', false, '{}'),
('hubspot', 'owner', 'email', 'text', false, '{}'),
('hubspot', 'ticket', 'id', 'text', true, '{}'),
('hubspot', 'ticket', 'property_createdate', 'timestamptz', true, '{properties_createdate,created_at}'),
('hubspot', 'ticket', 'property_closed_date', 'timestamptz', true, '{properties_closed_date}'),
('hubspot', 'ticket', 'property_first_agent_reply_date', 'timestamptz', false, '{properties_first_agent_reply_date}'),
('hubspot', 'ticket', 'property_subject', 'text', false, '{properties_subject}'),
('hubspot', 'ticket', 'property_hs_ticket_category', 'text', false, '{properties_hs_ticket_category}'),
('hubspot', 'ticket', 'property_hs_ticket_priority', 'text', false, '{properties_hs_ticket_priority}'),
('hubspot', 'ticket', 'property_source_type', 'text', false, '{properties_source_type}'),
('hubspot', 'ticket', 'is_deleted', 'boolean', false, '{_fivetran_deleted,archived}'),
('hubspot', 'ticket_company', 'ticket_id', 'text', true, '{}'),
('hubspot', 'ticket_company', 'company_id', 'text', true, '{}'),
('hubspot', 'ticket_contact', 'ticket_id', 'text', true, '{}'),
('hubspot', 'ticket_contact', 'contact_id', 'text', true, '{}'),
('hubspot', 'contact', 'id', 'text', true, '{}'),
('hubspot', 'contact', 'property_email', 'text', true, '{properties_email,email}');

INSERT INTO connector_source (vendor, source, query, only_with) VALUES
('hubspot', 'account', $$
    SELECT c.id AS account_key, c.property_name AS name, coalesce(nullif(concat_ws(' ', o.first_name, o.last_name), ''), o.email) AS owner, c.property_lifecyclestage AS lifecycle_stage,
           c.property_hs_parent_company_id AS parent_id, c.property_createdate AS created_on, coalesce(company_domain(c.property_domain), company_domain(c.property_website)) AS domain
    FROM {company} c LEFT JOIN (SELECT DISTINCT ON (owner_id) * FROM {owner} o ORDER BY owner_id) o ON o.owner_id = c.property_hubspot_owner_id
    WHERE c.is_deleted IS NOT TRUE $$, NULL),
-- of several companies of a ticket the lowest key
('hubspot', 'ticket', $$
    SELECT c.company_id AS account_key, t.id AS ticket_id, t.property_createdate AS opened_at, t.property_first_agent_reply_date AS first_reply_at, t.property_closed_date AS solved_at,
           n.requester_id, t.property_hs_ticket_category AS topic, t.property_hs_ticket_priority AS priority, t.property_source_type AS channel, t.property_subject AS subject
    FROM {ticket} t
    JOIN (SELECT ticket_id, min(company_id) AS company_id FROM {ticket_company} tc GROUP BY ticket_id) c ON c.ticket_id = t.id
    LEFT JOIN (SELECT tc.ticket_id, min(coalesce(lower(p.property_email), tc.contact_id)) AS requester_id
               FROM {ticket_contact} tc LEFT JOIN {contact} p ON p.id = tc.contact_id GROUP BY tc.ticket_id) n ON n.ticket_id = t.id
    WHERE t.is_deleted IS NOT TRUE $$, 'ticket_company');
-- Intercom: companies, conversations that a customer began as tickets, their ratings as CSAT.
INSERT INTO connector VALUES ('intercom', 31, 'Companies; conversations as tickets; ratings of conversations as CSAT', true);
INSERT INTO connector_table (vendor, table_name, other_names, one_of) VALUES
('intercom', 'company_history', '{company}', 'company'),
('intercom', 'contact_history', '{contact}', 'contact'),
('intercom', 'contact_company_history', '{contact_company,company_contact_history}', NULL),
('intercom', 'conversation_history', '{conversation}', 'conversation'),
('intercom', 'conversation_contact_history', '{conversation_contact}', NULL),
('intercom', 'conversation_part_history', '{conversation_part}', NULL);
INSERT INTO connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('intercom', 'company_history', 'id', 'text', true, '{}'),
('intercom', 'company_history', 'company_id', 'text', false, '{}'),
('intercom', 'company_history', 'name', 'text', false, '{}'),
('intercom', 'company_history', 'website', 'text', false, '{}'),
('intercom', 'company_history', 'plan_name', 'text', false, '{}'),
('intercom', 'company_history', 'created_at', 'timestamptz', false, '{}'),
('intercom', 'company_history', 'remote_created_at', 'timestamptz', false, '{}'),
('intercom', 'company_history', 'updated_at', 'timestamptz', false, '{}'),
('intercom', 'contact_history', 'id', 'text', true, '{}'),
('intercom', 'contact_history', 'email', 'text', false, '{}'),
('intercom', 'contact_history', 'updated_at', 'timestamptz', false, '{}'),
('intercom', 'contact_company_history', 'contact_id', 'text', true, '{}'),
('intercom', 'contact_company_history', 'company_id', 'text', true, '{}'),
('intercom', 'contact_company_history', '_fivetran_active', 'boolean', false, '{}'),
('intercom', 'conversation_history', 'id', 'text', true, '{}'),
('intercom', 'conversation_history', 'created_at', 'timestamptz', true, '{}'),
('intercom', 'conversation_history', 'updated_at', 'timestamptz', true, '{}'),
('intercom', 'conversation_history', 'state', 'text', true, '{}'),
('intercom', 'conversation_history', 'priority', 'text', false, '{}'),
('intercom', 'conversation_history', 'source_type', 'text', false, '{}'),
('intercom', 'conversation_history', 'source_subject', 'text', false, '{}'),
('intercom', 'conversation_history', 'source_author_id', 'text', false, '{}'),
('intercom', 'conversation_history', 'source_author_type', 'text', false, '{}'),
('intercom', 'conversation_history', 'conversation_rating_value', 'numeric', false, '{}'),
('intercom', 'conversation_history', 'conversation_rating_created_at', 'timestamptz', false, '{}'),
('intercom', 'conversation_history', 'conversation_rating_remark', 'text', false, '{}'),
('intercom', 'conversation_contact_history', 'conversation_id', 'text', true, '{}'),
('intercom', 'conversation_contact_history', 'contact_id', 'text', true, '{}'),
('intercom', 'conversation_contact_history', '_fivetran_active', 'boolean', false, '{}'),
('intercom', 'conversation_part_history', 'id', 'text', true, '{}'),
('intercom', 'conversation_part_history', 'conversation_id', 'text', true, '{}'),
('intercom', 'conversation_part_history', 'part_type', 'text', true, '{}'),
('intercom', 'conversation_part_history', 'author_type', 'text', true, '{}'),
('intercom', 'conversation_part_history', 'body', 'text', false, '{}'),
('intercom', 'conversation_part_history', 'created_at', 'timestamptz', true, '{}'),
('intercom', 'conversation_part_history', 'updated_at', 'timestamptz', false, '{}');

-- A contact belongs to his company (of several to the one with the lowest key), or to that of his address if it is a known one.
INSERT INTO connector_source (vendor, source, query, only_with) VALUES
('intercom', 'account', $$
    SELECT c.id AS account_key, c.name, c.plan_name AS plan, coalesce(c.remote_created_at, c.created_at) AS created_on, company_domain(c.website) AS domain, c.company_id AS crm_key, false AS only_matched
    FROM (SELECT DISTINCT ON (id) * FROM {company_history} h ORDER BY id, updated_at DESC NULLS LAST) c
    UNION ALL
    SELECT domain, NULL, NULL, NULL, domain, NULL, true
    FROM (SELECT DISTINCT company_domain(p.email) AS domain FROM {contact_history} p
          WHERE NOT EXISTS (SELECT FROM {contact_company_history} k WHERE k.contact_id = p.id AND k._fivetran_active IS NOT FALSE)) d
    WHERE domain IS NOT NULL $$, NULL),

-- Closed: when it was last, if it still is. What nobody of the customers wrote in is no ticket; notes and bots do not reply.
('intercom', 'ticket', $$
    WITH contact AS (
        SELECT p.id, p.email, coalesce(k.company_id, company_domain(p.email)) AS account_key
        FROM (SELECT DISTINCT ON (id) id, email FROM {contact_history} h ORDER BY id, updated_at DESC NULLS LAST) p
        LEFT JOIN (SELECT contact_id, min(company_id) AS company_id FROM {contact_company_history} k WHERE _fivetran_active IS NOT FALSE GROUP BY contact_id) k ON k.contact_id = p.id),
    part AS (
        SELECT conversation_id, min(created_at) FILTER (WHERE is_reply) AS first_reply_at, count(*) FILTER (WHERE is_reply) AS agent_replies, bool_or(author_type IN ('user', 'lead')) AS is_answered,
               max(created_at) FILTER (WHERE part_type = 'close') AS closed_at, count(*) FILTER (WHERE part_type = 'open' AND was_closed) AS reopened
        FROM (SELECT q.*, part_type = 'comment' AND author_type = 'admin' AS is_reply,
                     lag(part_type = 'close') OVER (PARTITION BY conversation_id, part_type IN ('close', 'open') ORDER BY created_at, id) AS was_closed
              FROM (SELECT DISTINCT ON (id) id, conversation_id, part_type, author_type, created_at FROM {conversation_part_history} h ORDER BY id, updated_at DESC NULLS LAST) q) q
        GROUP BY conversation_id)
    SELECT n.account_key, c.id AS ticket_id, c.created_at AS opened_at, p.first_reply_at, CASE WHEN c.state = 'closed' THEN coalesce(p.closed_at, c.updated_at) END AS solved_at,
           coalesce(p.reopened, 0) AS reopened, coalesce(p.agent_replies, 0) AS agent_replies, coalesce(lower(n.email), n.id) AS requester_id, c.priority, c.source_type AS channel, c.source_subject AS subject
    FROM (SELECT DISTINCT ON (id) * FROM {conversation_history} h ORDER BY id, updated_at DESC) c
    LEFT JOIN (SELECT conversation_id, min(contact_id) AS contact_id FROM {conversation_contact_history} k WHERE _fivetran_active IS NOT FALSE GROUP BY conversation_id) k ON k.conversation_id = c.id
    JOIN contact n ON n.id = coalesce(CASE WHEN c.source_author_type IN ('user', 'lead', 'contact') THEN c.source_author_id END, k.contact_id)
    LEFT JOIN part p ON p.conversation_id = c.id
    WHERE coalesce(c.source_author_type, 'user') NOT IN ('admin', 'bot') OR p.is_answered $$, NULL),
('intercom', 'survey', $$
    SELECT coalesce(k.company_id, company_domain(p.email)) AS account_key, 'csat' AS kind, c.conversation_rating_value AS score,
           CASE WHEN c.conversation_rating_value IS NOT NULL THEN c.conversation_rating_created_at END AS responded_at, c.conversation_rating_created_at AS sent_at,
           coalesce(lower(p.email), p.id) AS respondent_id, c.id AS ticket_id, 1 AS lowest, 5 AS highest, true AS higher_is_better, c.conversation_rating_remark AS comment
    FROM (SELECT DISTINCT ON (id) * FROM {conversation_history} h ORDER BY id, updated_at DESC) c
    LEFT JOIN (SELECT conversation_id, min(contact_id) AS contact_id FROM {conversation_contact_history} k WHERE _fivetran_active IS NOT FALSE GROUP BY conversation_id) n ON n.conversation_id = c.id
    JOIN (SELECT DISTINCT ON (id) id, email FROM {contact_history} h ORDER BY id, updated_at DESC NULLS LAST) p
      ON p.id = coalesce(CASE WHEN c.source_author_type IN ('user', 'lead', 'contact') THEN c.source_author_id END, n.contact_id)
    LEFT JOIN (SELECT contact_id, min(company_id) AS company_id FROM {contact_company_history} k WHERE _fivetran_active IS NOT FALSE GROUP BY contact_id) k ON k.contact_id = p.id
    WHERE c.conversation_rating_created_at IS NOT NULL $$, NULL);
-- Jira: issues as tickets, of customers' organizations or of reporters whose address is that of a known account.
INSERT INTO connector VALUES ('jira', 32, 'Issues as tickets, with resolution, reopenings and comments', true);
INSERT INTO connector_table (vendor, table_name, other_names, one_of) VALUES
('jira', 'issue', '{}', 'issue'),
('jira', 'user', '{}', 'user'),
('jira', 'priority', '{}', NULL),
('jira', 'issue_type', '{}', NULL),
('jira', 'field', '{}', NULL),
('jira', 'field_option', '{}', NULL),
('jira', 'organization', '{}', NULL),
('jira', 'issue_field_history', '{}', NULL),
('jira', 'issue_multiselect_history', '{}', NULL),
('jira', 'comment', '{}', NULL);
INSERT INTO connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('jira', 'issue', 'id', 'text', true, '{}'),
('jira', 'issue', 'key', 'text', false, '{}'),
('jira', 'issue', 'created', 'timestamptz', true, '{created_at}'),
('jira', 'issue', 'resolved', 'timestamptz', true, '{resolution_date}'),
('jira', 'issue', 'reporter', 'text', true, '{reporter_id}'),
('jira', 'issue', 'priority', 'text', false, '{priority_id}'),
('jira', 'issue', 'issue_type', 'text', false, '{issue_type_id}'),
('jira', 'issue', 'summary', 'text', false, '{}'),
('jira', 'issue', '_fivetran_deleted', 'boolean', false, '{}'),
('jira', 'user', 'id', 'text', true, '{account_id}'),
('jira', 'user', 'email', 'text', false, '{email_address}'),
('jira', 'priority', 'id', 'text', true, '{}'),
('jira', 'priority', 'name', 'text', true, '{}'),
('jira', 'issue_type', 'id', 'text', true, '{}'),
('jira', 'issue_type', 'name', 'text', true, '{}'),
('jira', 'issue_type', 'subtask', 'boolean', false, '{}'),
('jira', 'field', 'id', 'text', true, '{}'),
('jira', 'field', 'name', 'text', true, '{}'),
('jira', 'field_option', 'id', 'text', true, '{}'),
('jira', 'field_option', 'name', 'text', true, '{}'),
('jira', 'organization', 'id', 'text', true, '{}'),
('jira', 'organization', 'name', 'text', true, '{}'),
('jira', 'issue_field_history', 'issue_id', 'text', true, '{}'),
('jira', 'issue_field_history', 'field_id', 'text', true, '{}'),
('jira', 'issue_field_history', 'time', 'timestamptz', true, '{}'),
('jira', 'issue_field_history', 'value', 'text', true, '{}'),
('jira', 'issue_field_history', 'is_active', 'boolean', false, '{}'),
('jira', 'issue_multiselect_history', 'issue_id', 'text', true, '{}'),
('jira', 'issue_multiselect_history', 'field_id', 'text', true, '{}'),
('jira', 'issue_multiselect_history', 'time', 'timestamptz', true, '{}'),
('jira', 'issue_multiselect_history', 'value', 'text', true, '{}'),
('jira', 'issue_multiselect_history', 'is_active', 'boolean', false, '{}'),
('jira', 'comment', 'issue_id', 'text', true, '{}'),
('jira', 'comment', 'author_id', 'text', true, '{}'),
('jira', 'comment', 'created', 'timestamptz', true, '{}'),
('jira', 'comment', 'is_public', 'boolean', false, '{}');

-- The field Organizations of Jira Service Management, or one called Customer or Account, tells the account; else the reporter's address may.
INSERT INTO connector_source (vendor, source, query, only_with) VALUES
('jira', 'account', $$
    SELECT v.value AS account_key, coalesce(o.name, p.name, v.value) AS name, NULL::text AS domain, coalesce(o.name, p.name, v.value) AS crm_key, false AS only_matched
    FROM (SELECT DISTINCT value FROM (SELECT field_id, value, is_active FROM {issue_field_history} h UNION ALL SELECT field_id, value, is_active FROM {issue_multiselect_history} h) h
          WHERE is_active IS NOT FALSE AND value IS NOT NULL AND field_id IN (SELECT id FROM {field} f WHERE name ~* '^(organi[sz]ations?|customers?|accounts?)$')) v
    LEFT JOIN {organization} o ON o.id = v.value
    LEFT JOIN {field_option} p ON p.id = v.value
    UNION ALL
    SELECT domain, NULL, domain, NULL, true FROM (SELECT DISTINCT company_domain(email) AS domain FROM {user} u) u WHERE domain IS NOT NULL $$, NULL),

-- Resolved as the issue says now; reopened when its resolution was taken back. Whoever is not the reporter replies by a comment.
('jira', 'ticket', $$
    SELECT coalesce(a.value, company_domain(u.email)) AS account_key, i.id AS ticket_id, i.created AS opened_at, c.first_reply_at, i.resolved AS solved_at, coalesce(r.reopened, 0) AS reopened,
           coalesce(c.agent_replies, 0) AS agent_replies, coalesce(lower(u.email), i.reporter) AS requester_id, y.name AS topic, coalesce(p.name, i.priority) AS priority, i.summary AS subject
    FROM {issue} i
    LEFT JOIN {user} u ON u.id = i.reporter
    LEFT JOIN {priority} p ON p.id = i.priority
    LEFT JOIN {issue_type} y ON y.id = i.issue_type
    LEFT JOIN (SELECT DISTINCT ON (issue_id) issue_id, value
               FROM (SELECT issue_id, field_id, value, is_active, "time" FROM {issue_field_history} h UNION ALL SELECT issue_id, field_id, value, is_active, "time" FROM {issue_multiselect_history} h) h
               WHERE is_active IS NOT FALSE AND value IS NOT NULL AND field_id IN (SELECT id FROM {field} f WHERE name ~* '^(organi[sz]ations?|customers?|accounts?)$')
               ORDER BY issue_id, "time" DESC, value) a ON a.issue_id = i.id
    LEFT JOIN (SELECT issue_id, count(*) FILTER (WHERE nullif(value, '') IS NULL AND before <> '') AS reopened
               FROM (SELECT issue_id, value, lag(value) OVER (PARTITION BY issue_id ORDER BY "time") AS before FROM {issue_field_history} h WHERE field_id = 'resolution') h
               GROUP BY issue_id) r ON r.issue_id = i.id
    LEFT JOIN (SELECT c.issue_id, min(c.created) AS first_reply_at, count(*) AS agent_replies
               FROM {comment} c JOIN {issue} i ON i.id = c.issue_id WHERE c.author_id <> i.reporter AND c.is_public IS NOT FALSE GROUP BY c.issue_id) c ON c.issue_id = i.id
    WHERE i._fivetran_deleted IS NOT TRUE AND y.subtask IS NOT TRUE AND coalesce(y.name, '') <> 'Epic' $$, NULL);
-- Pendo: accounts, what visitors use, and answers to polls of NPS.
INSERT INTO connector VALUES ('pendo', 40, 'Accounts; events of features and pages by visitor; NPS polls', true);
INSERT INTO connector_table (vendor, table_name, other_names, one_of) VALUES
('pendo', 'account_history', '{account}', NULL),
('pendo', 'visitor_history', '{visitor}', NULL),
('pendo', 'feature_history', '{feature}', NULL),
('pendo', 'feature_event', '{}', 'event'),
('pendo', 'page_event', '{}', 'event'),
('pendo', 'event', '{}', 'event'),
('pendo', 'poll', '{}', NULL),
('pendo', 'poll_event', '{}', NULL);
INSERT INTO connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('pendo', 'account_history', 'id', 'text', true, '{}'),
('pendo', 'account_history', 'last_updated_at', 'timestamptz', false, '{}'),
('pendo', 'account_history', 'name', 'text', false, '{agent_name,salesforce_name}'),
('pendo', 'account_history', 'plan', 'text', false, '{agent_planlevel,agent_plan}'),
('pendo', 'account_history', 'first_visit', 'timestamptz', false, '{}'),
('pendo', 'account_history', 'salesforce_account_id', 'text', false, '{agent_salesforceaccountid,agent_salesforce_id,salesforce_id}'),
('pendo', 'visitor_history', 'id', 'text', true, '{}'),
('pendo', 'visitor_history', 'last_updated_at', 'timestamptz', false, '{}'),
('pendo', 'visitor_history', 'account_id', 'text', false, '{}'),
('pendo', 'visitor_history', 'role', 'text', false, '{agent_role}'),
('pendo', 'feature_history', 'id', 'text', true, '{}'),
('pendo', 'feature_history', 'last_updated_at', 'timestamptz', false, '{}'),
('pendo', 'feature_history', 'name', 'text', true, '{}'),
('pendo', 'feature_event', 'account_id', 'text', true, '{}'),
('pendo', 'feature_event', 'visitor_id', 'text', true, '{}'),
('pendo', 'feature_event', 'feature_id', 'text', true, '{}'),
('pendo', 'feature_event', 'timestamp', 'timestamptz', true, '{}'),
('pendo', 'feature_event', 'num_events', 'bigint', true, '{}'),
('pendo', 'page_event', 'account_id', 'text', true, '{}'),
('pendo', 'page_event', 'visitor_id', 'text', true, '{}'),
('pendo', 'page_event', 'timestamp', 'timestamptz', true, '{}'),
('pendo', 'page_event', 'num_events', 'bigint', true, '{}'),
('pendo', 'event', 'account_id', 'text', true, '{}'),
('pendo', 'event', 'visitor_id', 'text', true, '{}'),
('pendo', 'event', 'timestamp', 'timestamptz', true, '{}'),
('pendo', 'event', 'num_events', 'bigint', true, '{}'),
('pendo', 'poll', 'id', 'text', true, '{}'),
('pendo', 'poll', 'attribute_type', 'text', true, '{type}'),
('pendo', 'poll_event', 'account_id', 'text', true, '{}'),
('pendo', 'poll_event', 'visitor_id', 'text', true, '{}'),
('pendo', 'poll_event', 'poll_id', 'text', true, '{}'),
('pendo', 'poll_event', 'timestamp', 'timestamptz', true, '{}'),
('pendo', 'poll_event', 'poll_response', 'text', true, '{}');

-- Who installs Pendo often gives it the key of the CRM.
INSERT INTO connector_source (vendor, source, query, only_with) VALUES
('pendo', 'account', $$
    SELECT DISTINCT ON (a.id) a.id AS account_key, a.name, a.plan, a.first_visit AS created_on, a.salesforce_account_id AS crm_key
    FROM {account_history} a ORDER BY a.id, a.last_updated_at DESC NULLS LAST $$, NULL),
-- Events of features and of pages are different ones; table event has both again, so it is read only where there is none of these.
('pendo', 'usage', $$
    SELECT coalesce(e.account_id, v.account_id) AS account_key, e.at, e.visitor_id AS user_id, v.role, f.name AS feature, e.events
    FROM (SELECT account_id, visitor_id, "timestamp" AS at, num_events AS events, feature_id FROM {feature_event} e
          UNION ALL SELECT account_id, visitor_id, "timestamp", num_events, NULL FROM {page_event} e
          UNION ALL SELECT account_id, visitor_id, "timestamp", num_events, NULL FROM {event} e
          WHERE NOT EXISTS (SELECT FROM {feature_event} x) AND NOT EXISTS (SELECT FROM {page_event} x)) e
    LEFT JOIN (SELECT DISTINCT ON (id) id, account_id, role FROM {visitor_history} h ORDER BY id, last_updated_at DESC NULLS LAST) v ON v.id = e.visitor_id
    LEFT JOIN (SELECT DISTINCT ON (id) id, name FROM {feature_history} h ORDER BY id, last_updated_at DESC NULLS LAST) f ON f.id = e.feature_id $$, NULL),
('pendo', 'survey', $$
    SELECT coalesce(e.account_id, v.account_id) AS account_key, 'nps' AS kind, e.poll_response::numeric AS score, e."timestamp" AS responded_at, e.visitor_id AS respondent_id,
           0 AS lowest, 10 AS highest, true AS higher_is_better
    FROM {poll_event} e
    JOIN (SELECT DISTINCT id FROM {poll} p WHERE attribute_type ~* '^nps' AND attribute_type !~* 'reason') p ON p.id = e.poll_id
    LEFT JOIN (SELECT DISTINCT ON (id) id, account_id FROM {visitor_history} h ORDER BY id, last_updated_at DESC NULLS LAST) v ON v.id = e.visitor_id
    WHERE e.poll_response ~ '^\d{1,2}$' $$, 'poll_event');
-- Qualtrics: invitations and answers of surveys that ask NPS, CSAT or CES.
INSERT INTO connector VALUES ('qualtrics', 50, 'Invitations and answers of questions of NPS, CSAT and CES', true);
INSERT INTO connector_table (vendor, table_name, other_names, one_of) VALUES
('qualtrics', 'question', '{}', 'question'),
('qualtrics', 'question_option', '{}', NULL),
('qualtrics', 'survey_response', '{}', 'survey_response'),
('qualtrics', 'question_response', '{}', 'question_response'),
('qualtrics', 'distribution', '{}', NULL),
('qualtrics', 'distribution_contact', '{}', NULL),
('qualtrics', 'directory_contact', '{contact}', NULL),
('qualtrics', 'survey_embedded_data', '{}', NULL);
INSERT INTO connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('qualtrics', 'question', 'id', 'text', true, '{}'),
('qualtrics', 'question', 'survey_id', 'text', true, '{}'),
('qualtrics', 'question', 'question_text', 'text', false, '{}'),
('qualtrics', 'question', 'question_type', 'text', false, '{}'),
('qualtrics', 'question', 'selector', 'text', false, '{}'),
('qualtrics', 'question', 'data_export_tag', 'text', false, '{}'),
('qualtrics', 'question', '_fivetran_deleted', 'boolean', false, '{}'),
('qualtrics', 'question_option', 'question_id', 'text', true, '{}'),
('qualtrics', 'question_option', 'survey_id', 'text', true, '{}'),
('qualtrics', 'question_option', 'recode_value', 'text', false, '{}'),
('qualtrics', 'question_option', '_fivetran_deleted', 'boolean', false, '{}'),
('qualtrics', 'survey_response', 'id', 'text', true, '{}'),
('qualtrics', 'survey_response', 'survey_id', 'text', true, '{}'),
('qualtrics', 'survey_response', 'recorded_date', 'timestamptz', true, '{end_date}'),
('qualtrics', 'survey_response', 'distribution_channel', 'text', false, '{}'),
('qualtrics', 'survey_response', 'recipient_email', 'text', false, '{}'),
('qualtrics', 'question_response', 'response_id', 'text', true, '{}'),
('qualtrics', 'question_response', 'question_id', 'text', true, '{}'),
('qualtrics', 'question_response', 'value', 'text', true, '{}'),
('qualtrics', 'question_response', 'sub_question_key', 'text', false, '{}'),
('qualtrics', 'distribution', 'id', 'text', true, '{}'),
('qualtrics', 'distribution', 'survey_link_survey_id', 'text', true, '{survey_id}'),
('qualtrics', 'distribution', 'request_type', 'text', false, '{}'),
('qualtrics', 'distribution', '_fivetran_deleted', 'boolean', false, '{}'),
('qualtrics', 'distribution_contact', 'contact_id', 'text', true, '{}'),
('qualtrics', 'distribution_contact', 'distribution_id', 'text', true, '{}'),
('qualtrics', 'distribution_contact', 'sent_at', 'timestamptz', true, '{}'),
('qualtrics', 'distribution_contact', 'response_id', 'text', true, '{}'),
('qualtrics', 'distribution_contact', 'response_completed_at', 'timestamptz', true, '{}'),
('qualtrics', 'directory_contact', 'id', 'text', true, '{}'),
('qualtrics', 'directory_contact', 'email', 'text', false, '{}'),
('qualtrics', 'directory_contact', 'ext_ref', 'text', false, '{external_data_reference}'),
('qualtrics', 'survey_embedded_data', 'response_id', 'text', true, '{}'),
('qualtrics', 'survey_embedded_data', 'key', 'text', true, '{}'),
('qualtrics', 'survey_embedded_data', 'value', 'text', true, '{}');

-- A contact belongs to the account of its external reference, or of its address. Who was asked makes no account of its own.
INSERT INTO connector_source (vendor, source, query, only_with) VALUES
('qualtrics', 'account', $$
    SELECT account_key, domain, crm_key, true AS only_matched
    FROM (SELECT DISTINCT ON (account_key) account_key, domain, crm_key
          FROM (SELECT coalesce(nullif(ext_ref, ''), company_domain(email)) AS account_key, company_domain(email) AS domain, nullif(ext_ref, '') AS crm_key FROM {directory_contact} c
                UNION ALL SELECT company_domain(recipient_email), company_domain(recipient_email), NULL FROM {survey_response} r) k
          WHERE account_key IS NOT NULL ORDER BY account_key, crm_key, domain) k $$, NULL),
-- Which question asks what: its selector, its export tag, or else its text. Invitations first, answered or not; then answers without one.
('qualtrics', 'survey', $$
    WITH question AS (
        SELECT q.id, q.survey_id, q.kind, coalesce(o.lowest, CASE q.kind WHEN 'nps' THEN 0 ELSE 1 END) AS lowest, coalesce(o.highest, CASE q.kind WHEN 'nps' THEN 10 WHEN 'csat' THEN 5 ELSE 7 END) AS highest,
               -- CES as agreement that it was easy, or as the effort that it took
               NOT (q.kind = 'ces' AND q.text ~* 'how much effort|difficult') AS higher_is_better
        FROM (SELECT id, survey_id, coalesce(question_text, '') AS text,
                     CASE WHEN selector = 'NPS' OR data_export_tag ~* '(^|[^a-z])nps' THEN 'nps' WHEN data_export_tag ~* '(^|[^a-z])csat' THEN 'csat' WHEN data_export_tag ~* '(^|[^a-z])ces([^a-z]|$)' THEN 'ces'
                          WHEN question_text ~* 'likely.*recommend|recommend.*likely' THEN 'nps' WHEN question_text ~* 'satisf' THEN 'csat' WHEN question_text ~* 'effort|(was|is) (it )?easy|made it easy' THEN 'ces' END AS kind
              FROM {question} q WHERE coalesce(question_type, 'MC') IN ('MC', 'Slider', 'Matrix') AND _fivetran_deleted IS NOT TRUE) q
        LEFT JOIN (SELECT survey_id, question_id, min(recode_value::numeric) AS lowest, nullif(max(recode_value::numeric), min(recode_value::numeric)) AS highest
                   FROM {question_option} o WHERE recode_value ~ '^\d{1,3}$' AND _fivetran_deleted IS NOT TRUE GROUP BY survey_id, question_id) o ON o.survey_id = q.survey_id AND o.question_id = q.id AND q.kind <> 'nps' AND o.highest IS NOT NULL
        WHERE q.kind IS NOT NULL),
    answer AS (
        SELECT DISTINCT ON (response_id, question_id) response_id, question_id, value::numeric AS score
        FROM {question_response} a WHERE value ~ '^-?\d+(\.\d+)?$' ORDER BY response_id, question_id, sub_question_key NULLS FIRST),
    ticket AS (
        SELECT response_id, min(value) AS ticket_id FROM {survey_embedded_data} d WHERE squeezed(key) IN ('ticketid', 'caseid') GROUP BY response_id),
    invited AS (
        SELECT i.response_id, d.survey_link_survey_id AS survey_id, i.sent_at, i.response_completed_at, c.email, coalesce(nullif(c.ext_ref, ''), company_domain(c.email)) AS account_key
        FROM {distribution_contact} i
        JOIN {distribution} d ON d.id = i.distribution_id AND d._fivetran_deleted IS NOT TRUE AND coalesce(d.request_type, '') !~* 'test|reminder|thankyou'
        JOIN {directory_contact} c ON c.id = i.contact_id
        WHERE i.sent_at IS NOT NULL)
    SELECT i.account_key, q.kind, a.score, CASE WHEN a.score IS NOT NULL THEN coalesce(i.response_completed_at, r.recorded_date) END AS responded_at, i.sent_at, lower(i.email) AS respondent_id, t.ticket_id,
           q.lowest, q.highest, q.higher_is_better
    FROM invited i
    JOIN question q ON q.survey_id = i.survey_id
    LEFT JOIN answer a ON a.response_id = i.response_id AND a.question_id = q.id
    LEFT JOIN {survey_response} r ON r.id = i.response_id
    LEFT JOIN ticket t ON t.response_id = i.response_id
    UNION ALL
    SELECT coalesce(nullif(c.ext_ref, ''), company_domain(r.recipient_email)), q.kind, a.score, r.recorded_date, NULL, lower(r.recipient_email), t.ticket_id, q.lowest, q.highest, q.higher_is_better
    FROM {survey_response} r
    JOIN question q ON q.survey_id = r.survey_id
    JOIN answer a ON a.response_id = r.id AND a.question_id = q.id
    LEFT JOIN ticket t ON t.response_id = r.id
    LEFT JOIN (SELECT DISTINCT ON (lower(email)) lower(email) AS email, ext_ref FROM {directory_contact} c ORDER BY lower(email), ext_ref) c ON c.email = lower(r.recipient_email)
    WHERE coalesce(r.distribution_channel, '') !~* 'preview|test' AND r.recorded_date IS NOT NULL
      AND NOT EXISTS (SELECT FROM invited i WHERE i.response_id = r.id) $$, NULL);
-- Recurly: subscriptions from the versions of their history, add-ons included, coupons that last subtracted. Amounts are in money, not cents.
INSERT INTO connector VALUES ('recurly', 21, 'Accounts, and subscriptions with add-ons, trials, pauses and coupons that last', true);
INSERT INTO connector_table (vendor, table_name, other_names, one_of) VALUES
('recurly', 'account_history', '{account}', 'account'),
('recurly', 'subscription_history', '{subscription}', 'subscription'),
('recurly', 'plan_history', '{plan}', 'plan'),
('recurly', 'coupon_redemption_history', '{coupon_redemption}', NULL),
('recurly', 'coupon_discount', '{}', NULL),
('recurly', 'coupon', '{coupon_history}', NULL),
('recurly', 'invoice_history', '{invoice}', NULL),
('recurly', 'invoice_subscription_history', '{invoice_subscription}', NULL);
INSERT INTO connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('recurly', 'account_history', 'id', 'text', true, '{}'),
('recurly', 'account_history', 'code', 'text', false, '{}'),
('recurly', 'account_history', 'company', 'text', false, '{}'),
('recurly', 'account_history', 'account_first_name', 'text', false, '{first_name}'),
('recurly', 'account_history', 'account_last_name', 'text', false, '{last_name}'),
('recurly', 'account_history', 'email', 'text', false, '{}'),
('recurly', 'account_history', 'created_at', 'timestamptz', false, '{}'),
('recurly', 'account_history', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'id', 'text', true, '{}'),
('recurly', 'subscription_history', 'account_id', 'text', true, '{}'),
('recurly', 'subscription_history', 'plan_id', 'text', true, '{}'),
('recurly', 'subscription_history', 'state', 'text', true, '{}'),
('recurly', 'subscription_history', 'created_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'activated_at', 'timestamptz', true, '{}'),
('recurly', 'subscription_history', 'canceled_at', 'timestamptz', true, '{}'),
('recurly', 'subscription_history', 'expires_at', 'timestamptz', true, '{}'),
('recurly', 'subscription_history', 'current_period_started_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'current_period_ends_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'current_term_ends_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'trial_started_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'trial_ends_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'paused_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'currency', 'text', true, '{}'),
('recurly', 'subscription_history', 'unit_amount', 'numeric', true, '{}'),
('recurly', 'subscription_history', 'quantity', 'numeric', true, '{}'),
('recurly', 'subscription_history', 'add_ons_total', 'numeric', false, '{}'),
('recurly', 'subscription_history', 'expiration_reason', 'text', false, '{}'),
('recurly', 'plan_history', 'id', 'text', true, '{}'),
('recurly', 'plan_history', 'name', 'text', false, '{}'),
('recurly', 'plan_history', 'code', 'text', false, '{}'),
('recurly', 'plan_history', 'interval_unit', 'text', true, '{}'),
('recurly', 'plan_history', 'interval_length', 'integer', true, '{}'),
('recurly', 'plan_history', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'coupon_redemption_history', 'id', 'text', true, '{}'),
('recurly', 'coupon_redemption_history', 'account_id', 'text', true, '{}'),
('recurly', 'coupon_redemption_history', 'subscription_id', 'text', false, '{}'),
('recurly', 'coupon_redemption_history', 'coupon_id', 'text', true, '{}'),
('recurly', 'coupon_redemption_history', 'created_at', 'timestamptz', true, '{}'),
('recurly', 'coupon_redemption_history', 'removed_at', 'timestamptz', true, '{}'),
('recurly', 'coupon_redemption_history', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'coupon_discount', 'coupon_id', 'text', true, '{}'),
('recurly', 'coupon_discount', 'type', 'text', true, '{}'),
('recurly', 'coupon_discount', 'percentage', 'numeric', false, '{}'),
('recurly', 'coupon_discount', 'amount', 'numeric', false, '{}'),
('recurly', 'coupon_discount', 'currency', 'text', false, '{}'),
('recurly', 'coupon', 'id', 'text', true, '{}'),
('recurly', 'coupon', 'duration', 'text', true, '{}'),
('recurly', 'coupon', 'temporal_unit', 'text', false, '{}'),
('recurly', 'coupon', 'temporal_amount', 'integer', false, '{}'),
('recurly', 'coupon', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'invoice_history', 'id', 'text', true, '{}'),
('recurly', 'invoice_history', 'state', 'text', true, '{}'),
('recurly', 'invoice_history', 'due_at', 'timestamptz', true, '{due_on}'),
('recurly', 'invoice_history', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'invoice_subscription_history', 'invoice_id', 'text', true, '{}'),
('recurly', 'invoice_subscription_history', 'subscription_id', 'text', true, '{}');

-- The code of an account is the key that the seller gave it.
INSERT INTO connector_source (vendor, source, query) VALUES
('recurly', 'account', $$
    SELECT DISTINCT ON (a.id) a.id AS account_key, coalesce(a.company, nullif(concat_ws(' ', a.account_first_name, a.account_last_name), ''), a.code) AS name,
           a.created_at AS created_on, company_domain(a.email) AS domain, a.code AS crm_key
    FROM {account_history} a ORDER BY a.id, a.updated_at DESC NULLS LAST $$),

-- A row for each version of a subscription, from its update to the next, the first one from activation on; cut where a trial, a pause or
-- a coupon begins or ends. Canceled means that it will not renew: it is in force until it expires. Future and failed ones have not begun.
-- Coupons that last ('forever', or of unknown duration) are subtracted while they are redeemed; those of the account from each subscription, a
-- fixed amount from the dearest. Limited ones are told beside it: 'temporal' for their time, 'single_use' for one period of billing. A payment is
-- due since the earliest invoice of the subscription that is past due now. Pending changes count once they are made, when the subscription has them.
('recurly', 'subscription', $$
    WITH version AS (
        SELECT h.*, nr = 1 AS is_first, CASE WHEN nr = 1 THEN '-infinity' ELSE updated_at END AS from_at, coalesce(lead(updated_at) OVER (PARTITION BY id ORDER BY nr), 'infinity') AS to_at,
               unit_amount * quantity + coalesce(add_ons_total, 0) AS charge
        FROM (SELECT DISTINCT ON (id, updated_at) s.*, dense_rank() OVER (PARTITION BY id ORDER BY updated_at NULLS FIRST) AS nr FROM {subscription_history} s ORDER BY id, updated_at) h),
    subscription AS (
        SELECT DISTINCT ON (id) id, account_id, plan_id, coalesce(activated_at, created_at) AS start_at, canceled_at, expiration_reason AS reason,
               CASE WHEN state IN ('canceled', 'expired') THEN coalesce(expires_at, current_term_ends_at, current_period_ends_at, canceled_at) ELSE expires_at END AS end_at,
               CASE WHEN state IN ('active', 'paused') AND canceled_at IS NULL THEN coalesce(current_term_ends_at, current_period_ends_at) END AS renews_at,
               first_value(id) OVER (PARTITION BY account_id ORDER BY charge DESC NULLS LAST, id) = id AS is_main
        FROM version ORDER BY id, from_at DESC),
    plan AS (
        SELECT DISTINCT ON (id) id, coalesce(name, code) AS name, rtrim(interval_unit, 's') AS unit, coalesce(interval_length, 1) AS unit_count FROM {plan_history} p ORDER BY id, updated_at DESC NULLS LAST),
    discount AS (
        SELECT r.account_id, r.subscription_id, r.created_at AS from_at, coalesce(r.removed_at, 'infinity') AS to_at, d.percentage, d.amount, d.currency,
               coalesce(c.duration, 'forever') AS duration, c.temporal_amount * ('1 ' || c.temporal_unit)::interval AS lasts
        FROM (SELECT DISTINCT ON (id) * FROM {coupon_redemption_history} r ORDER BY id, updated_at DESC NULLS LAST) r
        JOIN {coupon_discount} d ON d.coupon_id = r.coupon_id AND d.type <> 'free_trial'
        LEFT JOIN (SELECT DISTINCT ON (id) * FROM {coupon} c ORDER BY id, updated_at DESC NULLS LAST) c ON c.id = r.coupon_id
        WHERE coalesce(c.duration, 'forever') IN ('forever', 'temporal', 'single_use')),
    applied AS (
        SELECT s.id AS subscription_id, d.from_at, d.duration <> 'forever' AS is_limited, d.percentage AS percent_off, CASE WHEN s.is_main OR d.subscription_id IS NOT NULL THEN d.amount END AS amount_off, d.currency,
               -- what was used once is gone, but not its period
               CASE d.duration WHEN 'forever' THEN d.to_at WHEN 'temporal' THEN least(d.to_at, (d.from_at AT TIME ZONE 'UTC' + d.lasts) AT TIME ZONE 'UTC')
                               ELSE (greatest(d.from_at, s.start_at) AT TIME ZONE 'UTC' + p.unit_count * ('1 ' || p.unit)::interval) AT TIME ZONE 'UTC' END AS to_at
        FROM subscription s JOIN discount d ON d.account_id = s.account_id AND (d.subscription_id IS NULL OR d.subscription_id = s.id) LEFT JOIN plan p ON p.id = s.plan_id),
    arrears AS (
        SELECT l.subscription_id, min(i.due_at) AS past_due_at
        FROM (SELECT DISTINCT invoice_id, subscription_id FROM {invoice_subscription_history} x) l
        JOIN (SELECT DISTINCT ON (id) id, state, due_at FROM {invoice_history} x ORDER BY id, updated_at DESC NULLS LAST) i ON i.id = l.invoice_id AND i.state = 'past_due'
        GROUP BY l.subscription_id),
    span AS (
        SELECT subscription_id, at AS from_at, lead(at) OVER (PARTITION BY subscription_id ORDER BY at) AS to_at
        FROM (SELECT subscription_id, from_at AS at FROM applied UNION SELECT subscription_id, to_at FROM applied
              UNION SELECT subscription_id, '-infinity' FROM applied UNION SELECT subscription_id, 'infinity' FROM applied) e)
    SELECT s.account_id AS account_key, v.id AS subscription_id, phase.from_at AS starts_on, nullif(phase.to_at, 'infinity') AS ends_on,
           price.mrr, price.list - price.mrr AS discount_mrr, price.mrr - price.least AS limited_discount_mrr,
           upper(v.currency) AS currency, p.name AS product, p.name AS plan, phase.status, s.canceled_at AS cancelled_on, s.renews_at AS renews_on, s.reason AS end_reason,
           s.reason NOT IN ('nonpayment', 'nonpayment_gift', 'nonpayment_trial', 'trial_ended') AS voluntary, r.past_due_at AS past_due_on
    FROM version v
    JOIN subscription s ON s.id = v.id
    JOIN plan p ON p.id = v.plan_id
    LEFT JOIN arrears r ON r.subscription_id = v.id
    LEFT JOIN span o ON o.subscription_id = v.id AND o.to_at IS NOT NULL,
         LATERAL (SELECT round(100 * (1 - CASE WHEN bool_or(a.percent_off >= 100 AND NOT a.is_limited) THEN 0 ELSE exp(coalesce(sum(ln(1 - a.percent_off / 100)) FILTER (WHERE a.percent_off < 100 AND NOT a.is_limited), 0)) END), 9) AS percent_off,
                         coalesce(sum(a.amount_off) FILTER (WHERE NOT a.is_limited AND (a.currency IS NULL OR upper(a.currency) = upper(v.currency))), 0) AS amount_off,
                         round(100 * (1 - CASE WHEN bool_or(a.percent_off >= 100) THEN 0 ELSE exp(coalesce(sum(ln(1 - a.percent_off / 100)) FILTER (WHERE a.percent_off < 100), 0)) END), 9) AS all_percent_off,
                         coalesce(sum(a.amount_off) FILTER (WHERE a.currency IS NULL OR upper(a.currency) = upper(v.currency)), 0) AS all_amount_off
                  FROM applied a WHERE a.subscription_id = v.id AND a.from_at <= o.from_at AND a.to_at >= o.to_at) off,
         LATERAL (SELECT mrr(v.charge, p.unit, p.unit_count) AS list, mrr(v.charge, p.unit, p.unit_count, 1, off.percent_off, off.amount_off) AS mrr, mrr(v.charge, p.unit, p.unit_count, 1, off.all_percent_off, off.all_amount_off) AS least) price,
         LATERAL (SELECT greatest(s.start_at, v.from_at, o.from_at) AS from_at, least(v.to_at, s.end_at, o.to_at, 'infinity') AS to_at,
                         coalesce(v.trial_started_at, s.start_at) AS trial_from, coalesce(v.trial_ends_at, '-infinity') AS trial_to,
                         CASE WHEN v.state <> 'paused' THEN 'infinity' ELSE coalesce(v.paused_at, CASE WHEN v.is_first THEN v.current_period_started_at END, '-infinity') END AS pause_from) t,
         LATERAL (VALUES (t.from_at, least(t.to_at, CASE WHEN t.trial_to > t.trial_from THEN t.trial_from ELSE '-infinity' END), v.state),
                         (greatest(t.from_at, t.trial_from), least(t.to_at, t.trial_to), 'trial'),
                         (greatest(t.from_at, t.trial_to), least(t.to_at, t.pause_from), CASE v.state WHEN 'paused' THEN 'active' ELSE v.state END),
                         (greatest(t.from_at, t.trial_to, t.pause_from), t.to_at, 'paused')) phase(from_at, to_at, status)
    WHERE v.state NOT IN ('future', 'failed', 'pending') AND phase.from_at < phase.to_at $$);
-- Salesforce: accounts with their owners, and cases where Service Cloud is in use. Opportunities say what was sold, not for how long, so no
-- subscriptions are made of them; fields of one's own (segment_c and the like) are added by a query of one's own, see CONNECTORS.md.
INSERT INTO connector VALUES ('salesforce', 10, 'Accounts with owner and parent; cases as tickets', true);
INSERT INTO connector_table (vendor, table_name, other_names, one_of) VALUES
('salesforce', 'account', '{account_history}', 'account'),
('salesforce', 'user', '{}', NULL),
('salesforce', 'case', '{case_history}', NULL),
('salesforce', 'contact', '{contact_history}', NULL);
INSERT INTO connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('salesforce', 'account', 'id', 'text', true, '{}'),
('salesforce', 'account', 'name', 'text', true, '{}'),
('salesforce', 'account', 'owner_id', 'text', false, '{}'),
('salesforce', 'account', 'parent_id', 'text', false, '{}'),
('salesforce', 'account', 'created_date', 'timestamptz', false, '{}'),
('salesforce', 'account', 'website', 'text', false, '{}'),
('salesforce', 'account', 'is_deleted', 'boolean', false, '{_fivetran_deleted}'),
('salesforce', 'account', '_fivetran_active', 'boolean', false, '{}'),
('salesforce', 'account', '_fivetran_synced', 'timestamptz', false, '{_airbyte_extracted_at,_sdc_received_at}'),
('salesforce', 'user', 'id', 'text', true, '{}'),
('salesforce', 'user', 'name', 'text', true, '{}'),
('salesforce', 'case', 'id', 'text', true, '{}'),
('salesforce', 'case', 'account_id', 'text', true, '{}'),
('salesforce', 'case', 'created_date', 'timestamptz', true, '{}'),
('salesforce', 'case', 'is_closed', 'boolean', true, '{}'),
('salesforce', 'case', 'closed_date', 'timestamptz', true, '{}'),
('salesforce', 'case', 'is_escalated', 'boolean', false, '{}'),
('salesforce', 'case', 'priority', 'text', false, '{}'),
('salesforce', 'case', 'origin', 'text', false, '{}'),
('salesforce', 'case', 'reason', 'text', false, '{}'),
('salesforce', 'case', 'subject', 'text', false, '{}'),
('salesforce', 'case', 'contact_id', 'text', false, '{}'),
('salesforce', 'case', 'is_deleted', 'boolean', false, '{_fivetran_deleted}'),
('salesforce', 'case', '_fivetran_active', 'boolean', false, '{}'),
('salesforce', 'contact', 'id', 'text', true, '{}'),
('salesforce', 'contact', 'email', 'text', true, '{}'),
('salesforce', 'contact', '_fivetran_active', 'boolean', false, '{}');

-- Other systems often keep the key without its last three letters, which only guard against a loss of capitals.
INSERT INTO connector_source (vendor, source, query, only_with) VALUES
('salesforce', 'account', $$
    SELECT DISTINCT ON (a.id) a.id AS account_key, a.name, u.name AS owner, a.parent_id, a.created_date AS created_on, company_domain(a.website) AS domain, left(a.id, 15) AS crm_key
    FROM {account} a LEFT JOIN {user} u ON u.id = a.owner_id
    WHERE a.is_deleted IS NOT TRUE AND a._fivetran_active IS NOT FALSE
    ORDER BY a.id, a._fivetran_synced DESC NULLS LAST $$, NULL),
('salesforce', 'ticket', $$
    SELECT c.account_id AS account_key, c.id AS ticket_id, c.created_date AS opened_at, CASE WHEN c.is_closed THEN c.closed_date END AS solved_at,
           coalesce(lower(n.email), c.contact_id) AS requester_id, c.reason AS topic, c.priority, c.is_escalated AS escalated, c.origin AS channel, c.subject
    FROM {case} c LEFT JOIN {contact} n ON n.id = c.contact_id AND n._fivetran_active IS NOT FALSE
    WHERE c.is_deleted IS NOT TRUE AND c._fivetran_active IS NOT FALSE AND c.account_id IS NOT NULL $$, 'case');
-- Stripe. MRR is that of the items of each subscription, not of invoices, so that prorations do not matter.
INSERT INTO connector VALUES ('stripe', 20, 'Customers, and subscriptions from their items: prices and plans, tiers, coupons that last, trials, pauses', true);
INSERT INTO connector_table (vendor, table_name, other_names, one_of) VALUES
('stripe', 'customer', '{}', 'customer'),
('stripe', 'subscription_history', '{subscription}', 'subscription'),
('stripe', 'subscription_item', '{subscription_item_history}', 'subscription_item'),
('stripe', 'price', '{}', 'price'),
('stripe', 'plan', '{}', 'price'),
('stripe', 'price_tier', '{tier,plan_tier}', NULL),
('stripe', 'product', '{}', NULL),
('stripe', 'coupon', '{}', NULL),
('stripe', 'discount', '{}', NULL),
('stripe', 'subscription_discount', '{}', NULL),
('stripe', 'customer_discount', '{}', NULL);
INSERT INTO connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('stripe', 'customer', 'id', 'text', true, '{}'),
('stripe', 'customer', 'name', 'text', false, '{}'),
('stripe', 'customer', 'email', 'text', false, '{}'),
('stripe', 'customer', 'description', 'text', false, '{}'),
('stripe', 'customer', 'created', 'timestamptz', false, '{created_at}'),
('stripe', 'customer', 'metadata', 'jsonb', false, '{}'),
('stripe', 'customer', 'is_deleted', 'boolean', false, '{deleted,_fivetran_deleted}'),
('stripe', 'customer', 'livemode', 'boolean', false, '{}'),
('stripe', 'subscription_history', 'id', 'text', true, '{}'),
('stripe', 'subscription_history', 'customer_id', 'text', true, '{customer}'),
('stripe', 'subscription_history', 'status', 'text', true, '{}'),
('stripe', 'subscription_history', 'created', 'timestamptz', false, '{created_at}'),
('stripe', 'subscription_history', 'start_date', 'timestamptz', false, '{start}'),
('stripe', 'subscription_history', 'ended_at', 'timestamptz', true, '{}'),
('stripe', 'subscription_history', 'cancel_at', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'cancel_at_period_end', 'boolean', true, '{}'),
('stripe', 'subscription_history', 'canceled_at', 'timestamptz', true, '{}'),
('stripe', 'subscription_history', 'cancellation_details_reason', 'text', false, '{cancellation_reason}'),
('stripe', 'subscription_history', 'current_period_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'current_period_end', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'trial_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'trial_end', 'timestamptz', true, '{}'),
('stripe', 'subscription_history', 'pause_collection_behavior', 'text', false, '{}'),
('stripe', 'subscription_history', 'pause_collection_resumes_at', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'livemode', 'boolean', false, '{}'),
('stripe', 'subscription_history', '_fivetran_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', '_fivetran_end', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', '_fivetran_active', 'boolean', false, '{}'),
('stripe', 'subscription_history', '_fivetran_synced', 'timestamptz', false, '{_airbyte_extracted_at,_sdc_received_at}'),
('stripe', 'subscription_item', 'id', 'text', true, '{}'),
('stripe', 'subscription_item', 'subscription_id', 'text', true, '{subscription}'),
('stripe', 'subscription_item', 'plan_id', 'text', true, '{price_id}'),
('stripe', 'subscription_item', 'quantity', 'numeric', true, '{}'),
('stripe', 'subscription_item', 'created', 'timestamptz', false, '{created_at}'),
('stripe', 'subscription_item', 'current_period_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_item', 'current_period_end', 'timestamptz', false, '{}'),
('stripe', 'subscription_item', '_fivetran_deleted', 'boolean', false, '{is_deleted,deleted}'),
('stripe', 'subscription_item', '_fivetran_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_item', '_fivetran_end', 'timestamptz', false, '{}'),
('stripe', 'subscription_item', '_fivetran_synced', 'timestamptz', false, '{_airbyte_extracted_at,_sdc_received_at}'),
('stripe', 'price', 'id', 'text', true, '{}'),
('stripe', 'price', 'currency', 'text', true, '{}'),
('stripe', 'price', 'unit_amount', 'numeric', true, '{}'),
('stripe', 'price', 'unit_amount_decimal', 'numeric', false, '{}'),
('stripe', 'price', 'recurring_interval', 'text', true, '{}'),
('stripe', 'price', 'recurring_interval_count', 'integer', true, '{}'),
('stripe', 'price', 'recurring_usage_type', 'text', false, '{}'),
('stripe', 'price', 'product_id', 'text', false, '{product}'),
('stripe', 'price', 'tiers_mode', 'text', false, '{}'),
('stripe', 'price', 'transform_quantity_divide_by', 'numeric', false, '{}'),
('stripe', 'price', 'transform_quantity_round', 'text', false, '{}'),
('stripe', 'plan', 'id', 'text', true, '{}'),
('stripe', 'plan', 'currency', 'text', true, '{}'),
('stripe', 'plan', 'amount', 'numeric', true, '{}'),
('stripe', 'plan', 'amount_decimal', 'numeric', false, '{}'),
('stripe', 'plan', 'interval', 'text', true, '{}'),
('stripe', 'plan', 'interval_count', 'integer', true, '{}'),
('stripe', 'plan', 'usage_type', 'text', false, '{}'),
('stripe', 'plan', 'product_id', 'text', false, '{product}'),
('stripe', 'plan', 'tiers_mode', 'text', false, '{}'),
('stripe', 'plan', 'transform_usage_divide_by', 'numeric', false, '{}'),
('stripe', 'plan', 'transform_usage_round', 'text', false, '{}'),
('stripe', 'price_tier', 'price_id', 'text', true, '{plan_id}'),
('stripe', 'price_tier', 'up_to', 'numeric', true, '{}'),
('stripe', 'price_tier', 'unit_amount', 'numeric', false, '{amount}'),
('stripe', 'price_tier', 'flat_amount', 'numeric', false, '{}'),
('stripe', 'product', 'id', 'text', true, '{}'),
('stripe', 'product', 'name', 'text', true, '{}'),
('stripe', 'coupon', 'id', 'text', true, '{}'),
('stripe', 'coupon', 'duration', 'text', true, '{}'),
('stripe', 'coupon', 'duration_in_months', 'integer', false, '{}'),
('stripe', 'coupon', 'percent_off', 'numeric', false, '{}'),
('stripe', 'coupon', 'amount_off', 'numeric', false, '{}'),
('stripe', 'discount', 'coupon_id', 'text', true, '{coupon}'),
('stripe', 'discount', 'type', 'text', false, '{}'),
('stripe', 'discount', 'subscription_id', 'text', false, '{subscription}'),
('stripe', 'discount', 'customer_id', 'text', false, '{customer}'),
('stripe', 'discount', 'invoice_id', 'text', false, '{invoice}'),
('stripe', 'discount', 'invoice_item_id', 'text', false, '{invoice_item}'),
('stripe', 'discount', 'start', 'timestamptz', false, '{}'),
('stripe', 'discount', 'end', 'timestamptz', false, '{}'),
('stripe', 'subscription_discount', 'coupon_id', 'text', true, '{}'),
('stripe', 'subscription_discount', 'subscription_id', 'text', true, '{}'),
('stripe', 'subscription_discount', 'start', 'timestamptz', false, '{}'),
('stripe', 'subscription_discount', 'end', 'timestamptz', false, '{}'),
('stripe', 'customer_discount', 'coupon_id', 'text', true, '{}'),
('stripe', 'customer_discount', 'customer_id', 'text', true, '{}'),
('stripe', 'customer_discount', 'start', 'timestamptz', false, '{}'),
('stripe', 'customer_discount', 'end', 'timestamptz', false, '{}');

-- A customer of test mode is none. One that was deleted is kept: it had a past. The plan is the product of its latest item.
INSERT INTO connector_source (vendor, source, query) VALUES
('stripe', 'account', $$
    SELECT c.id AS account_key, coalesce(c.name, c.description, c.email) AS name, i.product AS plan, c.created AS created_on, company_domain(c.email) AS domain,
           coalesce(c.metadata ->> 'salesforce_account_id', c.metadata ->> 'sf_account_id', c.metadata ->> 'salesforce_id', c.metadata ->> 'hubspot_company_id', c.metadata ->> 'hubspot_id',
                    c.metadata ->> 'crm_account_id', c.metadata ->> 'crm_id', c.metadata ->> 'account_id', c.metadata ->> 'external_id') AS crm_key
    FROM {customer} c
    LEFT JOIN (SELECT DISTINCT ON (s.customer_id) s.customer_id, d.name AS product
               FROM (SELECT DISTINCT id, customer_id FROM {subscription_history} h) s
               JOIN {subscription_item} i ON i.subscription_id = s.id
               JOIN (SELECT id, product_id FROM {price} a UNION SELECT id, product_id FROM {plan} b) p ON p.id = i.plan_id
               JOIN {product} d ON d.id = p.product_id
               ORDER BY s.customer_id, i.created DESC NULLS LAST, d.name) i ON i.customer_id = c.id
    WHERE c.livemode IS NOT FALSE $$),

-- A row for each item during each version of its subscription, cut where a trial, a pause or a discount begins or ends.
--
-- Versions are those of the history, the first one reaching back to the beginning; without a history there is one, that of now: then a
-- pause or the end of payments is taken to have begun with the current period. An incomplete subscription has not begun, an unpaid one has
-- ended; one that is past due has been so since the first of its versions that are, one after the other, or since its period began where none
-- went before. Who has given notice is in force until then.
--
-- Items of different products stand side by side, a later item of one product replaces the one before. Discounts that last ('forever') are
-- subtracted, percentages from every item, amounts from those of the product that costs most; a discount of the customer holds where the
-- subscription has none. Limited ones are told beside it: 'repeating' until their end, 'once' for one period of billing. Metered prices have no MRR, nor have one-off ones; of tiers without table price_tier it is unknown (NULL).
('stripe', 'subscription', $$
    WITH known AS (
        SELECT v.*, coalesce(CASE WHEN nr > 1 THEN _fivetran_start END, '-infinity') AS from_at,
               coalesce(lead(_fivetran_start) OVER (PARTITION BY id ORDER BY nr), CASE WHEN _fivetran_end < '9999-01-01' AND _fivetran_active IS NOT TRUE THEN _fivetran_end END, 'infinity') AS to_at,
               nr = 1 OR timed = 0 AS is_first
        FROM (SELECT h.*, row_number() OVER (PARTITION BY id ORDER BY _fivetran_start NULLS FIRST, _fivetran_active, _fivetran_synced) AS nr,
                     -- versions without a time: the last one alone
                     row_number() OVER (PARTITION BY id ORDER BY _fivetran_start DESC NULLS LAST, _fivetran_active DESC NULLS LAST, _fivetran_synced DESC NULLS LAST) AS from_last,
                     count(_fivetran_start) OVER (PARTITION BY id) AS timed
              FROM {subscription_history} h WHERE livemode IS NOT FALSE) v
        WHERE from_last = 1 OR _fivetran_start IS NOT NULL),
    version AS (
        SELECT k.*, CASE status WHEN 'past_due' THEN coalesce(max(to_at) FILTER (WHERE status <> 'past_due') OVER so_far, first_value(coalesce(current_period_start, _fivetran_start)) OVER so_far) END AS past_due_at
        FROM known k WINDOW so_far AS (PARTITION BY id ORDER BY from_at)),
    subscription AS (
        SELECT DISTINCT ON (v.id) v.id, v.customer_id, v.created, coalesce(v.start_date, v.created) AS start_at, v.canceled_at, v.cancellation_details_reason AS reason,
               CASE WHEN v.ended_at IS NULL AND v.cancel_at_period_end IS NOT TRUE AND v.status NOT IN ('canceled', 'incomplete_expired') THEN v.current_period_end END AS renews_at,
               least(v.ended_at, v.cancel_at, CASE WHEN v.cancel_at_period_end AND v.cancel_at IS NULL THEN v.current_period_end END,
                     -- ended, and nothing says when: with the cancellation
                     CASE WHEN (v.status IN ('canceled', 'incomplete_expired') OR c.is_deleted) AND v.ended_at IS NULL THEN coalesce(v.canceled_at, '-infinity') END) AS end_at
        FROM version v JOIN {customer} c ON c.id = v.customer_id AND c.livemode IS NOT FALSE
        ORDER BY v.id, v.from_at DESC),
    price AS (
        SELECT id, product_id, currency, coalesce(unit_amount_decimal, unit_amount) AS amount, recurring_interval AS unit, coalesce(recurring_interval_count, 1) AS unit_count,
               recurring_usage_type AS usage_type, tiers_mode, transform_quantity_divide_by AS divide_by, transform_quantity_round AS round FROM {price} a
        UNION ALL
        SELECT id, product_id, currency, coalesce(amount_decimal, amount), "interval", coalesce(interval_count, 1), usage_type, tiers_mode, transform_usage_divide_by, transform_usage_round
        FROM {plan} b WHERE id NOT IN (SELECT id FROM {price} a WHERE id IS NOT NULL)),
    tier AS (
        SELECT price_id, up_to, coalesce(unit_amount, 0) AS unit_amount, coalesce(flat_amount, 0) AS flat_amount,
               coalesce(lag(up_to) OVER (PARTITION BY price_id ORDER BY up_to NULLS LAST), 0) AS above
        FROM {price_tier} t),
    item AS (
        SELECT i.id, i.subscription_id, s.customer_id, p.currency, p.unit, p.unit_count, coalesce(d.name, p.product_id) AS product, p.product_id,
               -- in minor units, for what is charged each time
               CASE WHEN i.quantity = 0 THEN 0
                    WHEN p.tiers_mode IS NULL THEN p.amount * CASE WHEN p.divide_by > 1 THEN CASE p.round WHEN 'down' THEN floor(i.quantity / p.divide_by) ELSE ceil(i.quantity / p.divide_by) END ELSE coalesce(i.quantity, 1) END
                    ELSE (SELECT CASE p.tiers_mode WHEN 'volume' THEN sum(t.unit_amount * i.quantity + t.flat_amount) FILTER (WHERE i.quantity <= coalesce(t.up_to, i.quantity))
                                                   ELSE sum(t.unit_amount * (least(i.quantity, t.up_to) - t.above) + t.flat_amount) END
                          FROM tier t WHERE t.price_id = p.id AND i.quantity > t.above) END AS charge,
               CASE WHEN i.created <= coalesce(s.created, s.start_at) + interval '1 hour' OR i.created IS NULL THEN coalesce(s.start_at, i.created) ELSE i.created END AS created_at, i._fivetran_start,
               CASE WHEN i._fivetran_deleted THEN i._fivetran_synced WHEN i._fivetran_end < '9999-01-01' THEN i._fivetran_end END AS gone_at
        FROM {subscription_item} i
        JOIN subscription s ON s.id = i.subscription_id
        JOIN price p ON p.id = i.plan_id
        LEFT JOIN {product} d ON d.id = p.product_id
        WHERE p.unit IS NOT NULL AND p.usage_type IS DISTINCT FROM 'metered'),
    item_in_force AS (
        SELECT i.*, least(lead(i.from_at) OVER (PARTITION BY i.subscription_id, coalesce(i.product_id, i.id) ORDER BY i.from_at, i.id), i.gone_at) AS until_at,
               -- the product that costs most
               first_value(coalesce(i.product_id, i.id)) OVER (PARTITION BY i.subscription_id ORDER BY i.charge DESC NULLS LAST, i.id) = coalesce(i.product_id, i.id) AS is_main
        FROM (SELECT i.*, CASE WHEN row_number() OVER (PARTITION BY i.id ORDER BY i._fivetran_start NULLS FIRST) > 1 THEN i._fivetran_start ELSE i.created_at END AS from_at FROM item i) i),
    discount AS (
        SELECT d.subscription_id, d.customer_id, d.start, d."end", c.duration, c.duration_in_months, c.percent_off, c.amount_off
        FROM (SELECT coupon_id, subscription_id, NULL AS customer_id, start, "end" FROM {subscription_discount} d
              UNION SELECT coupon_id, subscription_id, NULL, start, "end" FROM {discount} d WHERE subscription_id IS NOT NULL AND coalesce(type, 'subscription') ILIKE 'subscription%'
              UNION SELECT coupon_id, NULL, customer_id, start, "end" FROM {customer_discount} d
              UNION SELECT coupon_id, NULL, customer_id, start, "end" FROM {discount} d
                    WHERE subscription_id IS NULL AND customer_id IS NOT NULL AND coalesce(type, 'customer') ILIKE 'customer%' AND invoice_id IS NULL AND invoice_item_id IS NULL) d
        JOIN {coupon} c ON c.id = d.coupon_id AND c.duration IN ('forever', 'repeating', 'once')),
    billing AS (SELECT subscription_id, max(unit_count * ('1 ' || unit)::interval) AS period FROM item GROUP BY subscription_id),
    applied AS (
        SELECT t.id AS subscription_id, t.from_at, t.duration <> 'forever' AS is_limited, t.percent_off, t.amount_off,
               least(t."end", (t.from_at AT TIME ZONE 'UTC' + CASE t.duration WHEN 'repeating' THEN t.duration_in_months * interval '1 month' WHEN 'once' THEN b.period END) AT TIME ZONE 'UTC', 'infinity') AS to_at
        FROM (SELECT s.id, coalesce(d.start, CASE WHEN d.duration <> 'forever' THEN s.start_at END, '-infinity') AS from_at, d.* FROM subscription s JOIN discount d ON d.subscription_id = s.id
              UNION ALL
              SELECT s.id, coalesce(d.start, CASE WHEN d.duration <> 'forever' THEN s.start_at END, '-infinity'), d.* FROM subscription s JOIN discount d ON d.customer_id = s.customer_id
              WHERE NOT EXISTS (SELECT FROM discount own WHERE own.subscription_id = s.id AND (own.duration = 'forever' OR d.duration <> 'forever'))) t
        LEFT JOIN billing b ON b.subscription_id = t.id),
    -- what is off the charge, of discounts that last and of all
    discounted AS (
        SELECT b.subscription_id, b.from_at, b.to_at,
               100 * (1 - CASE WHEN bool_or(a.percent_off >= 100 AND NOT a.is_limited) THEN 0 ELSE exp(coalesce(sum(ln(1 - a.percent_off / 100)) FILTER (WHERE a.percent_off < 100 AND NOT a.is_limited), 0)) END) AS percent_off,
               coalesce(sum(a.amount_off) FILTER (WHERE NOT a.is_limited), 0) AS amount_off,
               100 * (1 - CASE WHEN bool_or(a.percent_off >= 100) THEN 0 ELSE exp(coalesce(sum(ln(1 - a.percent_off / 100)) FILTER (WHERE a.percent_off < 100), 0)) END) AS all_percent_off,
               coalesce(sum(a.amount_off), 0) AS all_amount_off
        FROM (SELECT subscription_id, at AS from_at, lead(at) OVER (PARTITION BY subscription_id ORDER BY at) AS to_at
              FROM (SELECT subscription_id, from_at AS at FROM applied UNION SELECT subscription_id, to_at FROM applied
                    UNION SELECT subscription_id, '-infinity' FROM applied UNION SELECT subscription_id, 'infinity' FROM applied) e) b
        LEFT JOIN applied a ON a.subscription_id = b.subscription_id AND a.from_at <= b.from_at AND a.to_at >= b.to_at
        WHERE b.to_at IS NOT NULL GROUP BY b.subscription_id, b.from_at, b.to_at)
    SELECT i.customer_id AS account_key, i.subscription_id, phase.from_at AS starts_on, nullif(phase.to_at, 'infinity') AS ends_on,
           price.mrr, price.list - price.mrr AS discount_mrr, price.mrr - price.least AS limited_discount_mrr,
           upper(i.currency) AS currency, i.product, i.product || CASE i.unit_count WHEN 1 THEN ', by the ' || i.unit ELSE format(', every %s %ss', i.unit_count, i.unit) END AS plan,
           phase.status, s.canceled_at AS cancelled_on, s.renews_at AS renews_on, s.reason AS end_reason, s.reason NOT IN ('payment_failed', 'payment_disputed') AS voluntary, h.past_due_at AS past_due_on
    FROM item_in_force i
    JOIN subscription s ON s.id = i.subscription_id
    JOIN version h ON h.id = i.subscription_id AND h.status NOT IN ('incomplete', 'incomplete_expired') AND (h.status <> 'unpaid' OR h.is_first)
    LEFT JOIN discounted o ON o.subscription_id = i.subscription_id,
         LATERAL (SELECT i.charge / minor_units(i.currency) AS charge, CASE WHEN i.is_main THEN coalesce(o.amount_off, 0) ELSE 0 END / minor_units(i.currency) AS off, CASE WHEN i.is_main THEN coalesce(o.all_amount_off, 0) ELSE 0 END / minor_units(i.currency) AS all_off) c,
         LATERAL (SELECT mrr(c.charge, i.unit, i.unit_count) AS list, mrr(c.charge, i.unit, i.unit_count, 1, round(coalesce(o.percent_off, 0), 9), c.off) AS mrr, mrr(c.charge, i.unit, i.unit_count, 1, round(coalesce(o.all_percent_off, 0), 9), c.all_off) AS least) price,
         LATERAL (SELECT greatest(i.from_at, h.from_at, o.from_at) AS from_at,
                         least(i.until_at, h.to_at, s.end_at, o.to_at, CASE WHEN h.status = 'unpaid' THEN h.current_period_start END, 'infinity') AS to_at,
                         h.trial_start AS trial_from, CASE WHEN h.status = 'trialing' THEN coalesce(h.trial_end, 'infinity') ELSE coalesce(h.trial_end, '-infinity') END AS trial_to,
                         CASE WHEN h.status = 'paused' THEN '-infinity' WHEN h.pause_collection_behavior IS NULL THEN 'infinity' WHEN h.is_first THEN coalesce(h.current_period_start, '-infinity') ELSE '-infinity' END AS pause_from,
                         coalesce(h.pause_collection_resumes_at, 'infinity') AS pause_to, CASE h.status WHEN 'trialing' THEN 'active' ELSE h.status END AS status) t,
         -- before a trial, the trial, before a pause, the pause, after it
         LATERAL (VALUES (t.from_at, least(t.to_at, CASE WHEN t.trial_to > t.trial_from THEN t.trial_from ELSE '-infinity' END), t.status),
                         (greatest(t.from_at, t.trial_from), least(t.to_at, t.trial_to), 'trial'),
                         (greatest(t.from_at, t.trial_to), least(t.to_at, t.pause_from), t.status),
                         (greatest(t.from_at, t.trial_to, t.pause_from), least(t.to_at, t.pause_to), 'paused'),
                         (greatest(t.from_at, t.trial_to, t.pause_from, t.pause_to), t.to_at, t.status)) phase(from_at, to_at, status)
    WHERE phase.from_at < phase.to_at AND phase.from_at > '-infinity' $$);
-- Zendesk: organizations, tickets with what their field history and comments say, and satisfaction ratings as CSAT.
INSERT INTO connector VALUES ('zendesk', 30, 'Organizations; tickets with first reply, solve, reopenings and escalation; satisfaction as CSAT', true);
INSERT INTO connector_table (vendor, table_name, other_names, one_of) VALUES
('zendesk', 'organization', '{}', 'organization'),
('zendesk', 'ticket', '{}', 'ticket'),
('zendesk', 'user', '{}', 'user'),
('zendesk', 'ticket_comment', '{}', NULL),
('zendesk', 'ticket_field_history', '{}', NULL),
('zendesk', 'ticket_tag', '{}', NULL),
('zendesk', 'ticket_metric', '{}', NULL),
('zendesk', 'domain_name', '{}', NULL);
INSERT INTO connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('zendesk', 'organization', 'id', 'bigint', true, '{}'),
('zendesk', 'organization', 'name', 'text', true, '{}'),
('zendesk', 'organization', 'external_id', 'text', false, '{}'),
('zendesk', 'organization', 'created_at', 'timestamptz', false, '{}'),
('zendesk', 'organization', '_fivetran_deleted', 'boolean', false, '{}'),
('zendesk', 'ticket', 'id', 'bigint', true, '{}'),
('zendesk', 'ticket', 'created_at', 'timestamptz', true, '{}'),
('zendesk', 'ticket', 'updated_at', 'timestamptz', false, '{}'),
('zendesk', 'ticket', 'organization_id', 'bigint', true, '{}'),
('zendesk', 'ticket', 'requester_id', 'bigint', true, '{}'),
('zendesk', 'ticket', 'status', 'text', true, '{}'),
('zendesk', 'ticket', 'priority', 'text', false, '{}'),
('zendesk', 'ticket', 'subject', 'text', false, '{}'),
('zendesk', 'ticket', 'via_channel', 'text', false, '{channel}'),
('zendesk', 'ticket', '_fivetran_deleted', 'boolean', false, '{}'),
('zendesk', 'user', 'id', 'bigint', true, '{}'),
('zendesk', 'user', 'email', 'text', false, '{}'),
('zendesk', 'user', 'role', 'text', true, '{}'),
('zendesk', 'user', 'organization_id', 'bigint', false, '{}'),
('zendesk', 'ticket_comment', 'ticket_id', 'bigint', true, '{}'),
('zendesk', 'ticket_comment', 'user_id', 'bigint', true, '{author_id}'),
('zendesk', 'ticket_comment', 'created', 'timestamptz', true, '{created_at}'),
('zendesk', 'ticket_comment', 'public', 'boolean', true, '{is_public}'),
('zendesk', 'ticket_field_history', 'ticket_id', 'bigint', true, '{}'),
('zendesk', 'ticket_field_history', 'field_name', 'text', true, '{}'),
('zendesk', 'ticket_field_history', 'updated', 'timestamptz', true, '{updated_at}'),
('zendesk', 'ticket_field_history', 'value', 'text', true, '{}'),
('zendesk', 'ticket_tag', 'ticket_id', 'bigint', true, '{}'),
('zendesk', 'ticket_tag', 'tag', 'text', true, '{}'),
('zendesk', 'ticket_metric', 'ticket_id', 'bigint', true, '{}'),
('zendesk', 'ticket_metric', 'solved_at', 'timestamptz', false, '{}'),
('zendesk', 'ticket_metric', 'reopens', 'integer', false, '{}'),
('zendesk', 'ticket_metric', 'replies', 'integer', false, '{}'),
('zendesk', 'domain_name', 'organization_id', 'bigint', true, '{}'),
('zendesk', 'domain_name', 'domain_name', 'text', true, '{}'),
('zendesk', 'domain_name', 'index', 'integer', false, '{}');

-- A ticket without organization belongs to the company of its requester's address, if that is a known one.
INSERT INTO connector_source (vendor, source, query, only_with) VALUES
('zendesk', 'account', $$
    SELECT o.id::text AS account_key, o.name, o.created_at AS created_on, d.domain, o.external_id AS crm_key, false AS only_matched
    FROM {organization} o
    LEFT JOIN (SELECT DISTINCT ON (organization_id) organization_id, company_domain(domain_name) AS domain
               FROM {domain_name} d WHERE company_domain(domain_name) IS NOT NULL ORDER BY organization_id, index, domain_name) d ON d.organization_id = o.id
    WHERE o._fivetran_deleted IS NOT TRUE
    UNION ALL
    SELECT domain, NULL, NULL, domain, NULL, true
    FROM (SELECT DISTINCT company_domain(u.email) AS domain FROM {ticket} t JOIN {user} u ON u.id = t.requester_id
          WHERE t.organization_id IS NULL AND u.organization_id IS NULL) d
    WHERE domain IS NOT NULL $$, NULL),

-- Solved: when it last came to be solved or closed, if it still is. A change from solved to closed is no solve.
('zendesk', 'ticket', $$
    SELECT coalesce(t.organization_id::text, u.organization_id::text, company_domain(u.email)) AS account_key, t.id::text AS ticket_id, t.created_at AS opened_at, reply.first_reply_at,
           CASE WHEN t.status IN ('solved', 'closed') THEN coalesce(change.solved_at, m.solved_at, t.updated_at) END AS solved_at,
           coalesce(change.reopened, m.reopens, 0) AS reopened, coalesce(reply.agent_replies, m.replies, 0) AS agent_replies,
           coalesce(lower(u.email), t.requester_id::text) AS requester_id, t.priority, change.escalated_at IS NOT NULL OR tag.is_escalated IS TRUE AS escalated, t.via_channel AS channel, t.subject, change.escalated_at
    FROM {ticket} t
    LEFT JOIN {user} u ON u.id = t.requester_id
    LEFT JOIN {ticket_metric} m ON m.ticket_id = t.id
    LEFT JOIN (SELECT c.ticket_id, min(c.created) AS first_reply_at, count(*) AS agent_replies
               FROM {ticket_comment} c JOIN {user} a ON a.id = c.user_id AND a.role IN ('agent', 'admin') JOIN {ticket} t ON t.id = c.ticket_id
               -- an agent who opens a ticket does not reply by it
               WHERE c.public AND c.created > t.created_at GROUP BY c.ticket_id) reply ON reply.ticket_id = t.id
    LEFT JOIN (SELECT h.ticket_id, max(updated) FILTER (WHERE is_solved AND was_solved IS NOT TRUE) AS solved_at, count(*) FILTER (WHERE NOT is_solved AND was_solved) AS reopened,
                      min(updated) FILTER (WHERE field_name = 'tags' AND value ~* 'escalat') AS escalated_at
               FROM (SELECT ticket_id, field_name, updated, value, CASE WHEN field_name = 'status' THEN value IN ('solved', 'closed') END AS is_solved,
                            CASE WHEN field_name = 'status' THEN lag(value IN ('solved', 'closed')) OVER (PARTITION BY ticket_id, field_name ORDER BY updated, value = 'closed') END AS was_solved
                     FROM {ticket_field_history} f WHERE field_name IN ('status', 'tags')) h
               GROUP BY h.ticket_id) change ON change.ticket_id = t.id
    LEFT JOIN (SELECT ticket_id, bool_or(tag ~* 'escalat') AS is_escalated, bool_or(lower(tag) IN ('spam', 'closed_by_merge')) AS is_none
               FROM {ticket_tag} g GROUP BY ticket_id) tag ON tag.ticket_id = t.id
    WHERE t.status <> 'deleted' AND t._fivetran_deleted IS NOT TRUE AND tag.is_none IS NOT TRUE $$, NULL),

-- Offered and then good or bad: the ends of a scale of 1 to 5.
('zendesk', 'survey', $$
    SELECT coalesce(t.organization_id::text, u.organization_id::text, company_domain(u.email)) AS account_key, 'csat' AS kind, CASE WHEN h.answer LIKE 'good%' THEN 5 WHEN h.answer LIKE 'bad%' THEN 1 END AS score,
           h.answered_at AS responded_at, h.offered_at AS sent_at, coalesce(lower(u.email), t.requester_id::text) AS respondent_id, t.id::text AS ticket_id, 1 AS lowest, 5 AS highest, true AS higher_is_better, h.comment
    FROM (SELECT ticket_id, min(updated) FILTER (WHERE field_name = 'satisfaction_score' AND value = 'offered') AS offered_at,
                 max(updated) FILTER (WHERE field_name = 'satisfaction_score' AND value ~ '^(good|bad)') AS answered_at,
                 (array_agg(value ORDER BY updated DESC) FILTER (WHERE field_name = 'satisfaction_score' AND value ~ '^(good|bad)'))[1] AS answer,
                 (array_agg(value ORDER BY updated DESC) FILTER (WHERE field_name = 'satisfaction_comment'))[1] AS comment
          FROM {ticket_field_history} f WHERE field_name IN ('satisfaction_score', 'satisfaction_comment') GROUP BY ticket_id) h
    JOIN {ticket} t ON t.id = h.ticket_id AND t.status <> 'deleted' AND t._fivetran_deleted IS NOT TRUE
    LEFT JOIN {user} u ON u.id = t.requester_id
    WHERE h.offered_at IS NOT NULL OR h.answered_at IS NOT NULL $$, 'ticket_field_history');
-- Data quality: rules about the rows of the sources, what they find, and what the headline figures would be without it.
--
-- A rule is an SQL condition that the rows found meet. The rows found are those that would be left out, so that one
-- text says what is wrong, what quarantine removes and what the figures are compared without.

-- What the histories cannot hold: refresh names the account, and rules find all of them.
INSERT INTO source_check
SELECT source, 90, string_agg(format(CASE WHEN type = 'timestamptz' THEN '(%1$I < ''0001-01-01 00:00+00'' OR %1$I >= ''10000-01-01 00:00+00'')'
                                          -- a milestone is due when its day is over
                                          WHEN name = 'due_on' THEN '%1$I NOT BETWEEN ''0001-01-01'' AND ''9999-12-30''' ELSE '%1$I NOT BETWEEN ''0001-01-01'' AND ''9999-12-31''' END, name)
                              || CASE WHEN required AND (source, name) <> ('survey', 'responded_at') THEN '' ELSE format(' AND %I <> ''infinity''', name) END, ' OR ' ORDER BY position),
       $$'a day or an instant outside the years 1 to 9999'$$
FROM source_column WHERE source <> 'account' AND name <> 'renews_on' AND type IN ('date', 'timestamptz') GROUP BY source;
INSERT INTO source_check VALUES
-- NaN is above all numbers
('subscription', 91, 'abs(mrr) > 1e18', $$format('mrr %s is no amount between -10^18 and 10^18', mrr)$$),
('subscription', 92, 'greatest(discount_mrr, limited_discount_mrr) > 1e18', $$format('the discounts %s and %s are no amounts up to 10^18', coalesce(discount_mrr::text, 'NULL'), coalesce(limited_discount_mrr::text, 'NULL'))$$),
('survey', 91, 'abs(lowest) > 1e18 OR abs(highest) > 1e18', $$format('the scale from %s to %s is out of range', lowest, highest)$$),
('usage', 91, 'events >= 281474976710656', $$format('events %s are 2^48 or more', events)$$);

CREATE TABLE iso_currency (code text PRIMARY KEY);
COMMENT ON TABLE iso_currency IS 'The currencies of ISO 4217, with those withdrawn since 2020. One row a currency.';
COMMENT ON COLUMN iso_currency.code IS 'Its alphabetic code';
INSERT INTO iso_currency SELECT unnest(string_to_array('AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XDR XOF XPF XSU XUA YER ZAR ZMW ZWG ZWL', ' '));

CREATE FUNCTION is_dst_hole(local timestamp, zone text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (local AT TIME ZONE zone) AT TIME ZONE zone <> local;
COMMENT ON FUNCTION is_dst_hole(timestamp, text) IS
'Is this a local time that the zone never had, because clocks were set forward over it? A column of the type timestamp that holds such times is of another zone than it is taken for. It cannot be seen in an instant any more: ask before the mapping, of the column of your own table. An unknown zone: SQLSTATE 22023. NULL for NULL.';

CREATE TABLE quality_check (
    position       smallint PRIMARY KEY,
    rule           text    NOT NULL,
    source         text    NOT NULL,
    severity       text    NOT NULL CHECK (severity IN ('error', 'warning', 'info')),
    kind           text    NOT NULL CHECK (kind IN ('row', 'set', 'feed')),
    condition      text    NOT NULL,
    can_quarantine boolean NOT NULL,
    stops_refresh  boolean NOT NULL,
    description    text    NOT NULL,
    UNIQUE (rule, source));
COMMENT ON TABLE quality_check IS 'The rules of data quality that every model begins with. One row a rule and source.';
COMMENT ON COLUMN quality_check.position IS 'Order';
COMMENT ON COLUMN quality_check.rule IS 'Name of the rule';
COMMENT ON COLUMN quality_check.source IS 'The source whose rows it is about';
COMMENT ON COLUMN quality_check.severity IS 'Severity at first: error, a figure is wrong or refresh stops; warning, one may be; info, good to know';
COMMENT ON COLUMN quality_check.kind IS 'row: a row is judged by itself; set: beside the others of its source; feed: the source as a whole, and the rows found are its latest';
COMMENT ON COLUMN quality_check.condition IS 'SQL condition of the rows found, over the columns of the source, known_id (its account_id, NULL unless source_account has it) and until_at (now), with window functions over the source';
COMMENT ON COLUMN quality_check.can_quarantine IS 'Can the rows found be left out? Of a set, the first row is not among them; an account is left out with all that is its own';
COMMENT ON COLUMN quality_check.stops_refresh IS 'Do they stop CALL refresh() unless they are in quarantine?';
COMMENT ON COLUMN quality_check.description IS 'What it means, and what to do';

GRANT SELECT ON iso_currency, quality_check TO PUBLIC;

-- What stops a refresh, by the names of rules; a check without a name here is called by its number.
INSERT INTO quality_check
SELECT 100 + row_number() OVER (ORDER BY c.source, c.position), coalesce(n.rule, 'refused ' || c.position), c.source, 'error', 'row', c.failing, true, true,
       coalesce(n.description, 'Refresh stops at such rows: mend them, or leave them out')
FROM source_check c LEFT JOIN (VALUES
    ('subscription', 2, 'start missing', 'Nothing says since when it is in force: give it a starts_on'),
    ('subscription', 3, 'ends before start', 'A term cannot end before it starts: the days are swapped, or one is mistyped'),
    ('subscription', 4, 'mrr missing', 'Nothing says what it is worth: give it an mrr, 0 if it is free'),
    ('subscription', 7, 'rate missing', 'Nothing says what its currency is worth in the currency of report: give source_fx_rate a rate'),
    ('fx_rate', 1, 'currency missing', 'Nothing says whose rate it is: give it a currency'),
    ('fx_rate', 2, 'day missing', 'Nothing says since when it holds: give it an on_date'),
    ('fx_rate', 3, 'rate not above 0', 'No rate of exchange: mend it'),
    ('parent', 2, 'ends before start', 'It cannot end before it starts: the days are swapped, or one is mistyped'),
    ('subscription', 5, 'discount below 0', 'A discount takes off: give it as an amount above 0'),
    ('subscription', 6, 'limited discount below 0', 'A discount takes off: give it as an amount above 0'),
    ('subscription', 91, 'amount out of range', 'No amount of money: mend it'),
    ('subscription', 92, 'discount out of range', 'No amount of money: mend it'),
    ('ticket', 2, 'opening missing', 'Nothing says when it was opened: give it an opened_at'),
    ('ticket', 3, 'reopened below 0', 'A count cannot be below 0: mend it'),
    ('ticket', 4, 'agent replies below 0', 'A count cannot be below 0: mend it'),
    ('survey', 2, 'unknown kind', 'Only nps, csat and ces are known: map it to one of them, or leave it out'),
    ('survey', 3, 'neither sent nor answered', 'Nothing says when it was: give it a sent_at or responded_at'),
    ('survey', 4, 'scale upside down', 'lowest has to be below highest; higher_is_better says which end is the good one'),
    ('survey', 5, 'direction missing', 'CES scales run both ways: say by higher_is_better which end is the good one'),
    ('survey', 91, 'scale out of range', 'No ends of a scale: mend them'),
    ('usage', 2, 'instant missing', 'Nothing says when it happened: give it an at'),
    ('usage', 3, 'events below 0', 'A count cannot be below 0: mend it'),
    ('usage', 4, 'feature name too long', 'More than 255 bytes are no name of a feature: an address or a message was mapped to it'),
    ('usage', 91, 'events out of range', 'No count of events: mend it'),
    ('milestone', 2, 'name missing', 'Nothing says what was reached: give it a milestone'),
    ('signal', 2, 'name missing', 'Nothing says which signal it is: give it a name'),
    ('signal', 3, 'instant missing', 'Nothing says when it was so: give it an at'),
    ('signal', 4, 'value missing', 'A signal without a value says nothing: leave it out'),
    ('signal', 5, 'value out of range', 'No number that counts: mend it'),
    ('entitlement', 2, 'feature missing', 'Nothing says what the account is entitled to: give it a feature'),
    ('entitlement', 3, 'ends before start', 'An entitlement cannot end before it starts: the days are swapped, or one is mistyped')
    ) n(source, position, rule, description) USING (source, position)
WHERE c.failing <> 'account_id IS NULL' AND c.position <> 90
UNION ALL
SELECT 200 + row_number() OVER (ORDER BY source, position), CASE position WHEN 90 THEN 'date out of range' ELSE 'account missing' END, source, 'error', 'row', failing, true, true,
       CASE position WHEN 90 THEN 'No day or instant of the years 1 to 9999: mistyped, or a stand-in for none: map it to NULL' ELSE 'Nothing says whose it is: give it an account_id' END
FROM source_check WHERE failing = 'account_id IS NULL' OR position = 90;

INSERT INTO quality_check
SELECT 300 + row_number() OVER (ORDER BY source), 'orphan', source, 'error', 'row', 'account_id IS NOT NULL AND known_id IS NULL', true, false,
       'Of an account that source_account does not have: it counts, but has no name, segment or owner: map the account too, or mend the key'
FROM (SELECT DISTINCT source FROM source_column WHERE name = 'account_id' AND source <> 'account') s
UNION ALL
SELECT 330 + row_number() OVER (ORDER BY source), 'future date', source, 'warning', 'row', condition, true, false,
       'It happened after now: a clock is wrong, a zone is, or the year is mistyped; it counts as not yet'
FROM (VALUES ('ticket', $$greatest(opened_at, nullif(first_reply_at, 'infinity'), nullif(solved_at, 'infinity'), nullif(escalated_at, 'infinity')) > until_at$$),
             ('survey', $$greatest(nullif(responded_at, 'infinity'), sent_at) > until_at$$), ('usage', $$at > until_at AND at < 'infinity'$$), ('signal', $$at > until_at AND at < 'infinity'$$), ('milestone', $$reached_at > until_at AND reached_at <> 'infinity'$$),
             -- on no day of the earth yet
             ('account', $$created_on > (until_at AT TIME ZONE 'Pacific/Kiritimati')::date$$)) v(source, condition)
UNION ALL
SELECT 900 + row_number() OVER (ORDER BY source), 'stale feed', source, 'warning', 'feed', format($$%1$I = (SELECT max(f.%1$I) FROM %2$I f, reporting_range r WHERE f.%1$I <= r.as_of_at)
    AND %1$I < (SELECT as_of_at FROM reporting_range) - (
        -- days without a row between days with; that one pause was longer once does not make it usual
        SELECT CASE WHEN count(gap) >= 10 THEN greatest(3, 5 * percentile_disc(0.95) WITHIN GROUP (ORDER BY gap), (array_agg(gap ORDER BY gap DESC))[2]) END
        FROM (SELECT day - lag(day) OVER (ORDER BY day) AS gap FROM (SELECT DISTINCT f.%1$I::date AS day FROM %2$I f, reporting_range r WHERE f.%1$I <= r.as_of_at AND f.%1$I > '-infinity') d) g) * interval '1 day'$$, time_column, 'source_' || source),
       false, false, 'No new row for five times its usual interval, three days and two of its pauses: see whether the feed still runs; figures of the last days are too low'
FROM (VALUES ('usage', 'at'), ('ticket', 'opened_at'), ('survey', 'responded_at'), ('signal', 'at')) v(source, time_column);

INSERT INTO quality_check VALUES
(400, 'account missing', 'account', 'error', 'row', 'account_id IS NULL', true, true, 'An account without a key: give it one'),
(401, 'account twice', 'account', 'error', 'set', 'account_id IS NOT NULL AND row_number() OVER (PARTITION BY account_id ORDER BY source_account) > 1', false, true,
 'Two accounts of one key: give one row an account in the query given to map, since every view reads it'),
(402, 'unknown time zone', 'account', 'error', 'row', 'time_zone IS NOT NULL AND lower(time_zone) NOT IN (SELECT lower(name) FROM pg_timezone_names)', true, false,
 'No time zone by IANA''s names, and where its usage is mapped refresh fails: map it to a name like Europe/Berlin, or to NULL'),
(403, 'test account', 'account', 'info', 'row', $$is_test OR name ~* '(^|[^[:alpha:]])(test|testing|demo|qa|sandbox|dummy)([^[:alpha:]]|$)'$$, true, false,
 'Marked as a test, or named like one: map is_test, and the model leaves it out'),
(404, 'more users than seats', 'account', 'info', 'row', 'account_id IN (SELECT account_id FROM usage_depth WHERE is_over_seats)', false, false,
 'More users are active than seats were bought, as of the last refresh: room to expand, users counted twice, or seats out of date'),
(410, 'negative mrr', 'subscription', 'warning', 'row', 'mrr < 0', true, false,
 'A credit or a correction among the MRR: credit_rule of the policy says whether it counts; MRR of a term is not below 0'),
(411, 'overlap', 'subscription', 'warning', 'set',
 $$subscription_id IS NOT NULL AND (mrr >= 0 OR mrr IS NULL) AND (ends_on > starts_on OR ends_on IS NULL)
   AND starts_on < max(coalesce(ends_on, 'infinity')) FILTER (WHERE (mrr >= 0 OR mrr IS NULL) AND (ends_on > starts_on OR ends_on IS NULL))
       OVER (PARTITION BY account_id, subscription_id, product ORDER BY starts_on, source_subscription ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)$$, true, false,
 'It starts while an earlier row of this subscription and product is in force, and its MRR counts twice: end the earlier row on the day on which this one starts'),
(412, 'gap', 'subscription', 'warning', 'set',
 $$subscription_id IS NOT NULL AND starts_on > max(coalesce(ends_on, 'infinity')) FILTER (WHERE ends_on >= starts_on OR ends_on IS NULL) OVER earlier
   AND starts_on - max(coalesce(ends_on, 'infinity')) FILTER (WHERE ends_on >= starts_on OR ends_on IS NULL) OVER earlier >= (SELECT gap_smooth_days FROM policy)$$, false, false,
 'It starts days after its subscription had ended, and reads as churn and reactivation: a renewal signed late, or a term that is missing; see gap_smooth_days'),
(413, 'double-counted subscription', 'subscription', 'warning', 'set',
 'mrr > 0 AND subscription_id IS NOT NULL AND dense_rank() OVER (PARTITION BY account_id, product, mrr, starts_on ORDER BY subscription_id) > 1', true, false,
 'Another subscription of this account has the same product, MRR and start: copied by a move from one system to another, or bought twice'),
(414, 'duplicate row', 'subscription', 'warning', 'set', 'subscription_id IS NULL AND row_number() OVER (PARTITION BY source_subscription ORDER BY starts_on) > 1', true, false,
 'The same in every column as another row, without a subscription_id to tell them apart: a join in the query given to map, or bought twice'),
(415, 'unknown currency', 'subscription', 'warning', 'row', 'currency IS NOT NULL AND upper(currency) NOT IN (SELECT code FROM iso_currency)', true, false,
 'No currency of ISO 4217 (csmetrics.iso_currency): mend the code; amounts of other currencies add up as if they were one'),
(416, 'mixed currencies', 'subscription', 'warning', 'row',
 $$currency IS NOT NULL AND (SELECT report_currency IS NULL FROM policy) AND upper(currency) <> (SELECT mode() WITHIN GROUP (ORDER BY upper(currency)) FROM source_subscription)$$, true, false,
 'In another currency than most, and added up as if it were one: set report_currency in the policy and map source fx_rate'),
(405, 'unknown parent', 'account', 'warning', 'row', 'parent_id IS NOT NULL AND parent_id NOT IN (SELECT account_id FROM source_account WHERE account_id IS NOT NULL)', false, false,
 'Its parent is no account of source_account, and counts as none: map the parent too, or mend the key'),
(460, 'rate twice', 'fx_rate', 'error', 'set', 'row_number() OVER (PARTITION BY upper(currency), on_date ORDER BY source_fx_rate) > 1', true, false,
 'Two rates of one currency on one day: which of them holds is chance: leave one out'),
(461, 'unknown currency', 'fx_rate', 'warning', 'row', 'upper(currency) NOT IN (SELECT code FROM iso_currency)', true, false, 'No currency of ISO 4217 (csmetrics.iso_currency): mend the code'),
(462, 'rate jumps', 'fx_rate', 'warning', 'set', 'rate / nullif(lag(rate) OVER (PARTITION BY upper(currency) ORDER BY on_date), 0) NOT BETWEEN 0.5 AND 2', true, false,
 'Half the rate before or less, or twice that or more: a point in the wrong place, or the rate of the other direction'),
(470, 'unknown parent', 'parent', 'error', 'row', 'parent_id IS NULL OR parent_id NOT IN (SELECT account_id FROM source_account WHERE account_id IS NOT NULL)', true, false,
 'The parent is no account of source_account, and counts as none: map the parent too, or mend the key'),
(471, 'own parent', 'parent', 'warning', 'row', 'account_id = parent_id', true, false, 'An account that belongs to itself: the row says nothing'),
(472, 'two parents', 'parent', 'error', 'set',
 $$coalesce(starts_on, '-infinity') < max(coalesce(ends_on, 'infinity')) OVER (PARTITION BY account_id ORDER BY starts_on NULLS FIRST, source_parent ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)$$, true, true,
 'It belongs to another account while an earlier row is in force: end the earlier row on the day on which this one starts'),
(420, 'duplicate ticket', 'ticket', 'warning', 'set', 'ticket_id IS NOT NULL AND row_number() OVER (PARTITION BY ticket_id ORDER BY opened_at, source_ticket) > 1', true, false,
 'A ticket_id that is there before: a join in the query given to map, or two help desks that count alike'),
(421, 'solved before opened', 'ticket', 'warning', 'row', 'solved_at < opened_at', true, false,
 'A solve before the opening takes no time, and is in no figure of how long it took: two clocks, or the zone of one column is wrong'),
(422, 'reply before opened', 'ticket', 'warning', 'row', 'first_reply_at < opened_at', true, false,
 'A reply before the opening is in no figure of how long it took: two clocks, or the agent opened it afterwards'),
(430, 'duplicate answer', 'survey', 'warning', 'set',
 'respondent_id IS NOT NULL AND responded_at IS NOT NULL AND row_number() OVER (PARTITION BY account_id, respondent_id, lower(kind), responded_at, ticket_id ORDER BY source_survey) > 1', true, false,
 'The same person answered the same question at the same instant before: sent twice, or doubled by a join'),
(431, 'score off its scale', 'survey', 'warning', 'row',
 $$(lowest >= highest) IS NOT TRUE AND (score < coalesce(lowest, CASE lower(kind) WHEN 'nps' THEN 0 ELSE 1 END) OR score > coalesce(highest, CASE lower(kind) WHEN 'nps' THEN 10 WHEN 'csat' THEN 5 ELSE 7 END))$$, true, false,
 'Below the lowest or above the highest score: rejected, and in no figure; say by lowest and highest which scale it is'),
(432, 'nps not whole', 'survey', 'warning', 'row', $$lower(kind) = 'nps' AND score <> trunc(score) AND score < 'Infinity'$$, true, false,
 'Nobody answers NPS with a fraction: a mean of answers, or another scale'),
(433, 'answered before sent', 'survey', 'warning', 'row', 'responded_at < sent_at', true, false,
 'An answer before the question: two clocks, or the zone of one column is wrong'),
(440, 'bot or test user', 'usage', 'info', 'row',
 $$user_id ~* '(^|[^[:alpha:]])(bot|robot|crawler|test|demo|qa)([^[:alpha:]]|$)' OR role ~* '(^|[^[:alpha:]])(bot|robot|crawler|test|qa)([^[:alpha:]]|$)'$$, true, false,
 'Usage of users or roles named like bots or tests: leave them out in the query given to map'),
(441, 'inhuman usage', 'usage', 'info', 'set',
 $$(account_id, user_id) IN (SELECT u.account_id, u.user_id FROM (SELECT DISTINCT account_id, user_id, date_trunc('hour', at) AS hour FROM source_usage WHERE user_id IS NOT NULL AND at > '-infinity' AND at < 'infinity') u
                             GROUP BY u.account_id, u.user_id HAVING max(u.hour) - min(u.hour) >= interval '71 hours' AND count(*) >= 0.9 * (extract(epoch FROM max(u.hour) - min(u.hour)) / 3600 + 1))$$, true, false,
 'Users active in nine of ten hours of three days and more, night and day: a bot, or an account that many share'),
(450, 'reached before start', 'milestone', 'warning', 'set',
 'is_start IS NOT TRUE AND reached_at < min(reached_at) FILTER (WHERE is_start) OVER (PARTITION BY account_id)', true, false,
 'Reached before the milestone that starts the clock; first value before the start is in no figure: see which of the two is mistyped');
-- a window of its own name is spelled out where it is used
UPDATE quality_check SET condition = replace(condition, 'OVER earlier', 'OVER (PARTITION BY account_id, subscription_id ORDER BY starts_on, source_subscription ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)');

CREATE FUNCTION can_quarantine(rule text, source text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
RETURN (SELECT c.can_quarantine FROM quality_check c WHERE (c.rule, c.source) = ($1, $2));
COMMENT ON FUNCTION can_quarantine(text, text) IS 'Internal: can_quarantine of quality_check; NULL without such a rule';

CREATE FUNCTION judged_rows(source text, conditions text[], rows text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
-- the planner drops the join where no condition asks for known_id
RETURN format('SELECT %1$I.*, ARRAY[%2$s]::boolean[] AS found FROM %3$s AS %1$I %4$s CROSS JOIN (SELECT greatest(now(), (as_of + 1)::timestamp AT TIME ZONE time_zone - interval ''1 microsecond'') AS until_at FROM policy) AS clock',
    'source_' || source, (SELECT string_agg(format(E'(%s\n)', condition), ', ' ORDER BY n) FROM unnest(conditions) WITH ORDINALITY c(condition, n)), coalesce(rows, quote_ident('source_' || source)),
    CASE WHEN EXISTS (SELECT FROM source_column c WHERE c.source = $1 AND c.name = 'account_id')
         THEN format('LEFT JOIN (SELECT DISTINCT account_id AS known_id FROM source_account) AS known ON known_id = %I.account_id', 'source_' || source) END);
COMMENT ON FUNCTION judged_rows(text, text[], text) IS
'Internal: a query of the rows of a source, or of the query in brackets, with what the conditions say of each in found. To be run with the path of the model.';

CREATE FUNCTION quality_condition(model text, rule text, source text, condition text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
BEGIN
    IF condition IS NULL THEN
        RETURN (SELECT c.condition FROM quality_check c WHERE c.rule = quality_condition.rule AND c.source = quality_condition.source);
    END IF;
    condition := checked_expression(condition, format('%I.%I', model, 'source_' || source)::regclass, 'boolean');
    -- it is run with the path of the model, where other functions might stand before those that it was held to
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    RETURN checked_expression(condition, format('%I.%I', model, 'source_' || source)::regclass, 'boolean');
EXCEPTION WHEN OTHERS THEN
    RAISE EXCEPTION '"%": %', rule, SQLERRM USING ERRCODE = SQLSTATE;
END
$$;
COMMENT ON FUNCTION quality_condition(text, text, text, text) IS 'Internal: the condition of a row of quality_rule, spelled out. An error names the rule.';

CREATE FUNCTION kept_rows(model text, source text, without text[] DEFAULT '{}') RETURNS text
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    rows text := quote_ident('source_' || source);
    columns text := (SELECT string_agg(quote_ident(c.name), ', ' ORDER BY c.position)
                     FROM source_column c WHERE c.source = kept_rows.source);
    conditions text[];
    condition text;
BEGIN
    -- rows are judged by themselves before they are judged beside others
    EXECUTE format('SELECT array_agg(quality_condition($1, rule, source, r.condition)
                                     ORDER BY coalesce(c.kind, ''row''), c.position NULLS FIRST, rule)
                    FROM %I.quality_rule r LEFT JOIN quality_check c USING (rule, source)
                    WHERE source = $2 AND r.is_enabled AND r.quarantine', model) INTO conditions USING model, source;
    FOREACH condition IN ARRAY without || conditions LOOP
        rows := format('(SELECT %s FROM (%s) AS judged WHERE found[1] IS NOT TRUE)', columns,
                       judged_rows(source, ARRAY[condition], rows));
    END LOOP;
    RETURN rows;
END
$$;
COMMENT ON FUNCTION kept_rows(text, text, text[]) IS
'Internal: what to select from for the rows of a source that count, those in quarantine left out; first the rows that '
'meet one of the conditions. To be run with the path of the model.';

CREATE PROCEDURE write_kept_view(model text, source text, without text[] DEFAULT '{}', of_keys boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    alias text := quote_ident('source_' || source);
    columns text;
    complaint text;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    SELECT string_agg(format('%s.%I', alias, c.name), ', ' ORDER BY c.position) INTO columns
    FROM source_column c WHERE c.source = write_kept_view.source;
    SELECT 'CASE ' || string_agg(format('WHEN %s THEN %s', c.failing, c.complaint), ' ' ORDER BY c.position) || ' END'
    INTO complaint FROM source_check c WHERE c.source = write_kept_view.source;
    EXECUTE format('CREATE OR REPLACE VIEW %I.%I WITH (security_invoker) AS SELECT %s AS complaint, %s FROM %s AS %s%s',
                   model, 'kept_' || source, coalesce(complaint, 'NULL::text'), columns,
                   kept_rows(model, source, without), alias,
                   CASE WHEN of_keys THEN format(' WHERE %s.account_id IN (SELECT k.account_id FROM fresh_key k)', alias) END);
END
$$;
COMMENT ON PROCEDURE write_kept_view(text, text, text[], boolean) IS
'Internal: makes the view kept_<source> of a model anew, from the rules in quarantine; without: rows that meet one of '
'these conditions are left out too; of_keys: only those of the accounts of fresh_key are in it';

CREATE PROCEDURE write_kept_views(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    source text;
BEGIN
    FOR source IN SELECT DISTINCT c.source FROM source_column c LOOP
        CALL write_kept_view(model, source);
    END LOOP;
END
$$;
COMMENT ON PROCEDURE write_kept_views(text) IS 'Internal: makes all views kept_<source> of a model anew';

CREATE TYPE headline_states AS (movements mrr_movements, resolved rate, satisfied survey, promoted survey, mrr numeric);
COMMENT ON TYPE headline_states IS 'Internal: what the headline figures of the trailing year are readings of';

CREATE TYPE headline_figures AS (
    nrr_rate double precision, grr_rate double precision, logo_churn_rate double precision, closing_mrr numeric,
    fcr_rate double precision, csat_rate double precision, nps_score double precision);
COMMENT ON TYPE headline_figures IS 'Internal: the headline figures of the trailing year; NULL: not looked at';

CREATE FUNCTION states_of(model text, source text DEFAULT NULL, accounts text[] DEFAULT NULL, without text[] DEFAULT '{}')
RETURNS headline_states
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    states headline_states;
    kept text;
BEGIN
    IF accounts IS NOT NULL THEN
        EXECUTE format('DELETE FROM %I.fresh_key', model);
        EXECUTE format('INSERT INTO %I.fresh_key SELECT k::%s FROM unnest($1) k', model, key_type(model)) USING accounts;
    END IF;
    FOREACH kept IN ARRAY '{account,subscription,ticket,survey}'::text[] LOOP
        CALL write_kept_view(model, kept, CASE WHEN kept = source THEN without ELSE '{}' END, accounts IS NOT NULL);
    END LOOP;
    EXECUTE format('SELECT h.* FROM %I.headline($1) h', model) INTO states
    USING CASE WHEN coalesce(source, 'account') = 'account' THEN '{ticket,survey}' ELSE ARRAY[source] END;
    RETURN states;
END
$$;
COMMENT ON FUNCTION states_of(text, text, text[], text[]) IS
'Internal: what the headline figures are made of, of the accounts of these keys, NULL: of all, without the rows of the '
'source that meet one of the conditions. It writes views anew: to be rolled back.';

CREATE FUNCTION key_type(model text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
RETURN (SELECT format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
        WHERE a.attrelid = format('%I.account_state', model)::regclass AND a.attname = 'account_id');
COMMENT ON FUNCTION key_type(text) IS 'Internal: the type of account_id in a model';

CREATE FUNCTION states_without(whole headline_states, theirs headline_states, rebuilt headline_states)
RETURNS headline_states
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- states are a group: all, less theirs as they are, and theirs without the rows, to the last digit
RETURN ROW (
    (SELECT rollup(s) FROM (VALUES (coalesce(unmerge(whole.movements, theirs.movements), whole.movements)),
                                   (rebuilt.movements)) v(s)),
    (SELECT rollup(s) FROM (VALUES (coalesce(unmerge(whole.resolved, theirs.resolved), whole.resolved)),
                                   (rebuilt.resolved)) v(s)),
    (SELECT rollup(s) FROM (VALUES (coalesce(unmerge(whole.satisfied, theirs.satisfied), whole.satisfied)),
                                   (rebuilt.satisfied)) v(s)),
    (SELECT rollup(s) FROM (VALUES (coalesce(unmerge(whole.promoted, theirs.promoted), whole.promoted)),
                                   (rebuilt.promoted)) v(s)),
    whole.mrr - coalesce(theirs.mrr, 0) + coalesce(rebuilt.mrr, 0))::headline_states;
COMMENT ON FUNCTION states_without(headline_states, headline_states, headline_states) IS
'Internal: the states of all, with those of some accounts exchanged for others';

CREATE FUNCTION figures_of(states headline_states, source text, pauses_are_churn boolean, satisfied_from numeric)
RETURNS headline_figures
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
BEGIN ATOMIC
    SELECT m.nrr, m.grr, m.logo_churn, CASE WHEN source IN ('account', 'subscription') THEN coalesce(m.closing, 0) END,
           CASE WHEN source IN ('account', 'ticket') THEN rate((states).resolved) END,
           CASE WHEN source IN ('account', 'survey') THEN csat((states).satisfied, satisfied_from) END,
           CASE WHEN source IN ('account', 'survey') THEN nps((states).promoted) END
    FROM (SELECT 1) one LEFT JOIN movements((states).movements, pauses_are_churn) m ON source IN ('account', 'subscription');
END;
COMMENT ON FUNCTION figures_of(headline_states, text, boolean, numeric) IS
'Internal: the headline figures that rows of the source are part of';

CREATE FUNCTION effect_in_words(figures headline_figures, without headline_figures) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT coalesce('excluding these, ' || string_agg(
            CASE WHEN f.figure IS NULL THEN f.name || ' becomes known' WHEN f.other IS NULL THEN f.name || ' is unknown'
                 ELSE format('%s %s %s%s', f.name, CASE WHEN f.other > f.figure THEN 'rises' ELSE 'falls' END,
                             CASE WHEN c.change = 0 THEN 'less than 0.1' ELSE trim_scale(c.change)::text END,
                             CASE WHEN c.change = 1 THEN rtrim(f.unit, 's') ELSE f.unit END) END,
            ', ' ORDER BY f.n), 'excluding these changes no headline figure')
        FROM (VALUES (1, 'NRR', ' points', 100 * figures.nrr_rate, 100 * without.nrr_rate),
                     (2, 'GRR', ' points', 100 * figures.grr_rate, 100 * without.grr_rate),
                     (3, 'logo churn', ' points', 100 * figures.logo_churn_rate, 100 * without.logo_churn_rate),
                     (4, 'closing MRR', '', figures.closing_mrr::double precision,
                      without.closing_mrr::double precision),
                     (5, 'FCR', ' points', 100 * figures.fcr_rate, 100 * without.fcr_rate),
                     (6, 'CSAT', ' points', 100 * figures.csat_rate, 100 * without.csat_rate),
                     (7, 'NPS', ' points', figures.nps_score, without.nps_score)) f(n, name, unit, figure, other),
             LATERAL (SELECT round(abs(f.other - f.figure)::numeric, 1) AS change) c
        WHERE f.figure IS DISTINCT FROM f.other);
COMMENT ON FUNCTION effect_in_words(headline_figures, headline_figures) IS
'Internal: how the headline figures change, in words, to a tenth of their units';

CREATE TYPE found_rows AS (rule text, condition text, row_count bigint, accounts text[], sample_keys text);
COMMENT ON TYPE found_rows IS 'Internal: what a rule of data quality found among the rows of a source';

CREATE TYPE finding AS (
    rule text, source text, severity text, description text, row_count bigint, account_count bigint, sample_keys text,
    mrr numeric, figures headline_figures, without headline_figures, effect text, is_quarantined boolean);
COMMENT ON TYPE finding IS 'Internal: what CALL validate() writes to data_finding';

CREATE FUNCTION findings_of(source text, rules text[], conditions text[]) RETURNS SETOF found_rows
LANGUAGE plpgsql STABLE AS $findings$
DECLARE
    key text := (SELECT string_agg(format('coalesce(%I::text, ''NULL'')', c.name), ' || '' / '' || ' ORDER BY c.position) FROM csmetrics.source_column c
                 WHERE c.source = findings_of.source AND (c.required OR c.name IN (findings_of.source || '_id', 'name', 'user_id', 'respondent_id')));
    account text := CASE WHEN EXISTS (SELECT FROM csmetrics.source_column c WHERE c.source = findings_of.source AND c.name = 'account_id') THEN 'account_id::text' ELSE 'NULL::text' END;
BEGIN
    -- all rules in one pass; OFFSET 0 keeps the planner from working them out once for each
    RETURN QUERY EXECUTE format($query$
        SELECT ($1)[n], ($2)[n], coalesce(f.row_count, 0), coalesce(f.accounts, '{}'), f.sample_keys
        FROM generate_series(1, %3$s) n LEFT JOIN (
            SELECT n, count(*) AS row_count, array_agg(DISTINCT account) FILTER (WHERE account IS NOT NULL) AS accounts, string_agg(key, '; ' ORDER BY place) FILTER (WHERE place <= 5) AS sample_keys
            FROM (SELECT n, %1$s AS account, %2$s AS key, row_number() OVER (PARTITION BY n ORDER BY %2$s) AS place FROM (%4$s OFFSET 0) j, generate_series(1, %3$s) n WHERE true = ANY (j.found) AND j.found[n]) k
            GROUP BY n) f USING (n) $query$, account, key, cardinality(rules), csmetrics.judged_rows(source, conditions)) USING rules, conditions;
EXCEPTION WHEN OTHERS THEN
    IF cardinality(rules) = 1 THEN
        RAISE EXCEPTION '"%" of source "%": %', rules[1], source, SQLERRM USING ERRCODE = SQLSTATE;
    END IF;
    -- one after the other, to tell which of them it is
    FOR i IN 1 .. cardinality(rules) LOOP
        PERFORM FROM csmetrics.findings_of(source, rules[i:i], conditions[i:i]);
    END LOOP;
    RAISE;
END
$findings$;
COMMENT ON FUNCTION findings_of(text, text[], text[]) IS
'Internal: what each condition finds among the rows of a source. An error names the rule. To be run with the path of the model.';

CREATE FUNCTION found_in(model text, source text, rules text[], conditions text[]) RETURNS found_rows[]
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    found found_rows[];
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    -- whatever a rule does is undone: it runs read only, in a subtransaction that is rolled back; the rows found stay
    BEGIN
        PERFORM set_config('transaction_read_only', 'on', true);
        found := ARRAY(SELECT f FROM findings_of(source, rules, conditions) f);
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN found;
    END;
END
$$;
COMMENT ON FUNCTION found_in(text, text, text[], text[]) IS
'Internal: what each rule finds among the rows of a source, read only. An error names the rule.';

CREATE FUNCTION plain_effect(found found_rows, source text, kind text, can_quarantine boolean, is_quarantined boolean)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN (found).row_count = 0 THEN NULL
            WHEN is_quarantined THEN 'left out already: in quarantine'
            WHEN kind = 'feed' THEN 'nothing to leave out: rows are missing'
            WHEN NOT can_quarantine THEN 'nothing to leave out'
            WHEN source NOT IN ('account', 'subscription', 'ticket', 'survey')
                THEN 'no headline figure is made of these' END;
COMMENT ON FUNCTION plain_effect(found_rows, text, text, boolean, boolean) IS
'Internal: the effect of leaving rows out, where that takes no figures to tell; else NULL';

CREATE FUNCTION rules_in_force(model text) RETURNS TABLE (
    source text, rule text, condition text, severity text, description text, quarantine boolean, kind text,
    can_quarantine boolean, stops_refresh boolean, place bigint)
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT q.source, q.rule, quality_condition($1, q.rule, q.source, q.condition), q.severity,
               coalesce(q.description, c.description), q.quarantine, coalesce(c.kind, 'row'),
               coalesce(c.can_quarantine OR q.condition IS NOT NULL, true),
               coalesce(c.stops_refresh AND q.condition IS NULL, false),
               row_number() OVER (PARTITION BY q.source ORDER BY c.position, q.rule)
        FROM %I.quality_rule q LEFT JOIN quality_check c USING (rule, source) WHERE q.is_enabled $query$, model)
    USING model;
END
$$;
COMMENT ON FUNCTION rules_in_force(text) IS 'Internal: the rules of data quality that are enabled, with their conditions';

CREATE PROCEDURE find_effect(model text, condition text, accounts text[], INOUT finding finding, INOUT whole headline_states)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    -- of the accounts concerned alone: those of usage and the like are not rebuilt
    theirs headline_states := states_of(model, finding.source, accounts);
    pauses_are_churn boolean;
    satisfied_from numeric;
BEGIN
    finding.mrr := coalesce(theirs.mrr, 0);
    IF finding.effect IS NOT NULL THEN
        RETURN;
    END IF;
    whole := CASE WHEN whole IS NULL THEN states_of(model) ELSE whole END;
    EXECUTE format('SELECT p.pause_rule = ''churn'', p.satisfied_from FROM %I.policy p', model)
        INTO pauses_are_churn, satisfied_from;
    finding.figures := figures_of(whole, finding.source, pauses_are_churn, satisfied_from);
    finding.without := figures_of(
        states_without(whole, theirs, states_of(model, finding.source, accounts, ARRAY[condition])), finding.source,
        pauses_are_churn, satisfied_from);
    finding.effect := effect_in_words(finding.figures, finding.without);
END
$$;
COMMENT ON PROCEDURE find_effect(text, text, text[], finding, headline_states) IS
'Internal: adds to a finding the MRR of the accounts concerned and, unless its effect is plain, the headline figures '
'with and without its rows; whole: the states of all, once known';

CREATE PROCEDURE find_in_source(model text, source text, INOUT findings finding[], INOUT whole headline_states)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $find$
DECLARE
    started timestamptz := clock_timestamp();
    rules text[];
    conditions text[];
    found found_rows;
    known record;
    told finding;
    found_count integer := 0;
BEGIN
    SELECT array_agg(r.rule ORDER BY r.place), array_agg(r.condition ORDER BY r.place) INTO rules, conditions
    FROM rules_in_force(model) r WHERE r.source = find_in_source.source;
    FOREACH found IN ARRAY found_in(model, source, rules, conditions) LOOP
        SELECT r.* INTO known FROM rules_in_force(model) r WHERE (r.source, r.rule) = (find_in_source.source, found.rule);
        told := (found.rule, source, known.severity, known.description, found.row_count,
                 CASE WHEN known.kind <> 'feed' THEN cardinality(found.accounts) END, found.sample_keys, NULL, NULL, NULL,
                 plain_effect(found, source, known.kind, known.can_quarantine, known.quarantine), known.quarantine);
        IF found.row_count > 0 AND known.kind <> 'feed' THEN
            CALL find_effect(model, found.condition, found.accounts, told, whole);
        END IF;
        IF known.stops_refresh AND NOT known.quarantine THEN
            told.effect := told.effect || '; refresh stops at them';
        END IF;
        found_count := found_count + (found.row_count > 0)::integer;
        findings := findings || told;
    END LOOP;
    RAISE NOTICE 'validating model "%": source "%" by % rules, % found something, in % s', model, source,
        cardinality(rules), found_count, round(extract(epoch FROM clock_timestamp() - started), 1);
END
$find$;
COMMENT ON PROCEDURE find_in_source(text, text, finding[], headline_states) IS
'Internal: adds what the rules find among the rows of a source to findings; whole: the states of all, once known';

CREATE FUNCTION data_findings(model text) RETURNS SETOF finding
-- long queries, each run once: compiling them takes longer than running them
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET jit = off AS $findings$
DECLARE
    source text;
    zone text;
    findings finding[] := '{}';
    whole headline_states;
BEGIN
    -- rates as the source says now, and views of the rows that are left: undone at the end; the findings stay
    BEGIN
        PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
        -- keys read the same in every session
        SELECT p.time_zone INTO zone FROM policy p;
        PERFORM set_config('TimeZone', zone, true), set_config('DateStyle', 'ISO, YMD', true);
        CALL write_kept_views(model);
        DELETE FROM fresh_fx_rate;
        INSERT INTO fresh_fx_rate SELECT r.* FROM read_fx_rate() r WHERE r.rate IS NOT NULL;
        PERFORM write_fx_rate();
        FOR source IN SELECT DISTINCT r.source FROM rules_in_force(model) r ORDER BY r.source LOOP
            CALL find_in_source(model, source, findings, whole);
        END LOOP;
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN QUERY SELECT f.* FROM unnest(findings) f;
    END;
END
$findings$;
COMMENT ON FUNCTION data_findings(text) IS
'Internal: what CALL validate() writes to data_finding. Rules run with the rights of the caller, read only; an error '
'names the rule.';

CREATE PROCEDURE validate(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET row_security = off AS $validate$
DECLARE
    started timestamptz := clock_timestamp();
    counts record;
BEGIN
    PERFORM require_model(model);
    PERFORM require_all_rows(model, '^source_');
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    -- one validation at a time, and no refresh meanwhile; readers go on
    CALL lock_model(model);
    DELETE FROM data_finding;
    INSERT INTO data_finding
    SELECT f.rule, f.source, f.severity, f.description, f.row_count, f.account_count, f.sample_keys, f.mrr,
           (f.figures).nrr_rate, (f.without).nrr_rate, (f.figures).grr_rate, (f.without).grr_rate,
           (f.figures).logo_churn_rate, (f.without).logo_churn_rate, (f.figures).closing_mrr, (f.without).closing_mrr,
           (f.figures).fcr_rate, (f.without).fcr_rate, (f.figures).csat_rate, (f.without).csat_rate,
           (f.figures).nps_score, (f.without).nps_score, f.effect, f.is_quarantined, now(), r.policy_hash
    FROM reporting_range r, data_findings(model) f;
    SELECT count(*) AS rules, count(*) FILTER (WHERE row_count > 0 AND severity = 'error') AS errors, count(*) FILTER (WHERE row_count > 0 AND severity = 'warning') AS warnings,
           count(*) FILTER (WHERE row_count > 0 AND severity = 'info') AS infos INTO counts FROM data_finding;
    RAISE NOTICE 'validated model "%" by % rules: % errors, % warnings, % infos, in % s', model, counts.rules, counts.errors, counts.warnings, counts.infos,
        round(extract(epoch FROM clock_timestamp() - started), 1);
END
$validate$;
COMMENT ON PROCEDURE validate(text) IS
'Holds the rows of the sources to the rules of quality_rule and replaces data_finding, which view data_quality reads, by what each found: rows, accounts, the MRR that they touch, and what NRR, GRR, logo churn and closing MRR, of tickets FCR, of surveys CSAT and NPS of the trailing year would be without the rows found, and are with all, as a refresh now would give them, of single accounts at constant rates whatever entity_grain and rate_rule say; rows that stop a refresh, and those in quarantine, are in neither. Nothing is changed in the histories. Rules run with the rights of the caller and can write nothing; an error names the rule and leaves everything as it was. A caller from whom row-level security may hide rows: SQLSTATE 42501; an unknown model: 3F000.';
-- A model is made: its policy and sources from rows, all else from the files of model/.
CREATE PROCEDURE run_script(script text, file text, only_new boolean DEFAULT false) LANGUAGE C AS 'MODULE_PATHNAME';
COMMENT ON PROCEDURE run_script(text, text, boolean) IS
'Internal: runs SQL statements one after the other; the context of an error names the file and the line in it. '
'only_new: tables that are there are neither made nor filled, indexed or altered.';

CREATE PROCEDURE make_policy(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $policy$
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    EXECUTE (SELECT format('CREATE TABLE policy (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), %s)',
                           string_agg(format('%I %s%s%s', name, type,
                               CASE WHEN may_be_null THEN ' DEFAULT ' ELSE ' NOT NULL DEFAULT ' END || default_value,
                               ' CHECK (' || condition || ')'), ', ' ORDER BY position))
             FROM policy_column);
    INSERT INTO policy DEFAULT VALUES;
END
$policy$;
COMMENT ON PROCEDURE make_policy(text) IS 'Internal: makes the policy of a model from policy_column';

CREATE PROCEDURE make_sources(model text, account_id_type regtype)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $sources$
DECLARE
    source record;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    FOR source IN
        SELECT c.source AS name,
               string_agg(format('NULL::%s AS %I', replace(c.type, 'account_id', account_id_type::text), c.name),
                          ', ' ORDER BY c.position) AS columns
        FROM source_column c GROUP BY c.source
    LOOP
        EXECUTE format('CREATE VIEW %I WITH (security_invoker) AS SELECT %s WHERE false', 'source_' || source.name,
                       source.columns);
        EXECUTE format('COMMENT ON VIEW %I IS %L', 'source_' || source.name,
                       format('Empty until CALL csmetrics.map(%L, %L, ''SELECT ...'') says where the facts are', model,
                              source.name));
        EXECUTE format('CREATE VIEW %I WITH (security_invoker) AS SELECT NULL::text AS complaint, s.* FROM %I s',
                       'kept_' || source.name, 'source_' || source.name);
        EXECUTE format('COMMENT ON VIEW %I IS %L', 'kept_' || source.name,
                       format('The rows of source_%s that refresh reads: those that no rule has in quarantine. '
                              'complaint: why a row cannot be right; NULL: it can.', source.name));
    END LOOP;
END
$sources$;
COMMENT ON PROCEDURE make_sources(text, regtype) IS
'Internal: makes the empty source views of a model from source_column, and what refresh reads of them';

CREATE PROCEDURE comment_rules(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $comment$
DECLARE
    col record;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    COMMENT ON TABLE policy IS
'What the numbers of this model mean: its one row is the definition in force. UPDATE it; rules marked (refresh) take '
'effect with the next CALL csmetrics.refresh, the others at once.';
    COMMENT ON COLUMN policy.only_row IS 'There is one row';
    FOR col IN
        SELECT 'policy' AS relation, c.name, c.description FROM policy_column c
        UNION ALL
        SELECT 'source_' || c.source, c.name, CASE WHEN c.required THEN 'Required. ' ELSE '' END || c.description
        FROM source_column c
    LOOP
        EXECUTE format('COMMENT ON COLUMN %I.%I IS %L', col.relation, col.name, col.description);
    END LOOP;
END
$comment$;
COMMENT ON PROCEDURE comment_rules(text) IS
'Internal: comments the columns of the policy and of the source views of a model by policy_column and source_column';

CREATE PROCEDURE comment_columns(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $comment$
DECLARE
    col record;
    unknown text;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    FOR col IN
        SELECT a.attrelid::regclass AS view, a.attname AS name, c.description
        FROM model_object o
        JOIN pg_attribute a ON a.attrelid = format('%I.%I', model, o.name)::regclass AND a.attnum > 0
        LEFT JOIN model_column c ON c.name = a.attname
        -- a word that means something else here is explained beside the view
        WHERE o.kind = 'view' AND col_description(a.attrelid, a.attnum) IS NULL
        UNION ALL
        SELECT c.oid::regclass, a.attname, CASE a.attname WHEN 'complaint' THEN 'Why it cannot be right; NULL: it can'
                   ELSE format('Internal: as %s has it', regexp_replace(c.relname, '^(kept|fresh)_', 'source_')) END
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relnamespace = quote_ident(model)::regnamespace AND c.relname ~ '^(kept|fresh)_'
    LOOP
        unknown := concat_ws(', ', unknown, CASE WHEN col.description IS NULL THEN col.view || '.' || col.name END);
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', col.view, col.name, col.description);
    END LOOP;
    IF unknown <> '' THEN
        RAISE EXCEPTION 'columns without a row in model_column: %', unknown;
    END IF;
END
$comment$;
COMMENT ON PROCEDURE comment_columns(text) IS
'Internal: comments the columns of the views of a model by the dictionary, model_column';

CREATE PROCEDURE sign_model(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $sign$
DECLARE
    views text[] := ARRAY(SELECT o.name FROM model_object o WHERE o.kind = 'view' ORDER BY o.name);
    routines text[] := ARRAY(
        SELECT format('%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid))
        FROM pg_proc p
        JOIN (SELECT DISTINCT o.name FROM model_object o WHERE o.kind = 'function') o ON o.name = p.proname
        WHERE p.pronamespace = quote_ident(model)::regnamespace ORDER BY 1);
BEGIN
    EXECUTE format('INSERT INTO %I.model_version AS v (version, views, routines) VALUES ($1, $2, $3)
                    ON CONFLICT (only_row) DO UPDATE SET (version, made_at, views, routines)
                    = ROW (excluded.version, now(), excluded.views, excluded.routines)', model)
        USING (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'csmetrics'), views, routines;
END
$sign$;
COMMENT ON PROCEDURE sign_model(text) IS 'Internal: notes in model_version what made the model, and of what it is made';

CREATE PROCEDURE run_parts(model text, account_id_type regtype, only_new boolean DEFAULT false)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $parts$
DECLARE
    part record;
BEGIN
    -- from here on, names are those of the model; the views remember what they were bound to
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    FOR part IN SELECT file, ddl FROM model_part ORDER BY file COLLATE "C" LOOP
        CALL run_script(replace(part.ddl, '@account_id@', account_id_type::text), part.file, only_new);
    END LOOP;
    CALL comment_rules(model);
    CALL comment_columns(model);
    CALL write_kept_views(model);
    CALL sign_model(model);
END
$parts$;
COMMENT ON PROCEDURE run_parts(text, regtype, boolean) IS
'Internal: makes all of a model that the files of model/ are about; only_new: views, functions, comments, and tables '
'that are not there';

CREATE PROCEDURE create_model(model text, account_id_type regtype DEFAULT 'text')
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $create$
BEGIN
    IF model IS NULL OR model = '' OR account_id_type IS NULL THEN
        RAISE EXCEPTION 'a model needs a name and a type of account_id' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF to_regclass(format('%I.policy', model)) IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" holds a model already', model
            USING ERRCODE = 'duplicate_schema',
                  HINT = format('Choose another name. CALL csmetrics.update_model(%L) brings that one up to date.',
                                model);
    END IF;
    IF to_regnamespace(quote_ident(model)) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', model);
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', model, 'Customer-success model of the extension csmetrics');
    END IF;
    CALL make_policy(model);
    CALL make_sources(model, account_id_type);
    CALL run_parts(model, account_id_type);
END
$create$;
COMMENT ON PROCEDURE create_model(text, regtype) IS
'Makes a model: a schema of that name with empty source views, the policy, tables and metric views, owned by the '
'caller. account_id_type: the type of the keys of accounts, text if not given. A schema that exists is used unless it '
'holds a model: SQLSTATE 42P06.';
-- Refresh: what the sources say now becomes accounts, rates and histories. What is read and what is written are
-- functions of the model, read_<source> and write_<table>; here is in what order, and what is told.
CREATE FUNCTION policy_of_refresh(model text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    rules jsonb;
BEGIN
    EXECUTE format('SELECT to_jsonb(p) FROM %I.policy p', model) INTO rules;
    RETURN md5((SELECT jsonb_object_agg(c.name, rules -> c.name) FROM policy_column c WHERE c.with_refresh)::text);
END
$$;
COMMENT ON FUNCTION policy_of_refresh(text) IS
'Internal: fingerprint of those rules of the policy that take effect with a refresh';

CREATE PROCEDURE empty_table(relation regclass)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    has_rows boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', relation) INTO has_rows;
    IF NOT has_rows THEN
        RETURN;
    END IF;
    BEGIN
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', relation);
        EXECUTE format('TRUNCATE %s', relation);
    EXCEPTION WHEN lock_not_available THEN
        -- somebody dumps the database: that is not waited for
        EXECUTE format('DELETE FROM %s', relation);
    END;
END
$$;
COMMENT ON PROCEDURE empty_table(regclass) IS 'Internal: takes all rows out of a table, without waiting for readers';

CREATE FUNCTION left_out_count(model text, source text, kept_count bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    rules text;
    all_count bigint;
BEGIN
    EXECUTE format('SELECT string_agg(q.rule, '', '' ORDER BY q.rule) FROM %I.quality_rule q
                    WHERE q.source = $1 AND q.is_enabled AND q.quarantine', model) INTO rules USING source;
    IF rules IS NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('SELECT count(*) FROM %I.%I', model, 'source_' || source) INTO all_count;
    RAISE NOTICE 'refreshing model "%": % rows of source "%" left out, in quarantine by: %', model,
        all_count - kept_count, source, rules;
    RETURN all_count - kept_count;
END
$$;
COMMENT ON FUNCTION left_out_count(text, text, bigint) IS
'Internal: how many rows of a source are in quarantine, told in a NOTICE where a rule has some';

CREATE PROCEDURE read_source(model text, source text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $read$
DECLARE
    fresh regclass := format('%I.%I', model, 'fresh_' || source)::regclass;
    whose text := CASE WHEN source = 'fx_rate' THEN 'NULL' ELSE 'account_id' END;
    wrong record;
    kept_count bigint;
BEGIN
    RAISE NOTICE 'refreshing model "%": reading source "%" ...', model, source;
    CALL write_kept_view(model, source);
    CALL empty_table(fresh);
    BEGIN
        EXECUTE format('INSERT INTO %s SELECT r.* FROM %I.%I() r', fresh, model, 'read_' || source);
    EXCEPTION WHEN OTHERS THEN
        -- tells which rule in quarantine it is
        PERFORM found_in(model, r.source, ARRAY[r.rule], ARRAY[r.condition]) FROM rules_in_force(model) r
        WHERE r.source = read_source.source AND r.quarantine;
        RAISE;
    END;
    EXECUTE format('ANALYZE %s (%I)', fresh, CASE source WHEN 'fx_rate' THEN 'currency' ELSE 'account_id' END);
    EXECUTE format('SELECT %s::text AS account_id, f.complaint FROM %s f WHERE f.complaint IS NOT NULL
                    ORDER BY 1, 2 LIMIT 1', whose, fresh) INTO wrong;
    IF wrong.complaint IS NOT NULL THEN
        RAISE EXCEPTION 'source "%"%: %', source,
            CASE WHEN source <> 'fx_rate' THEN format(', account %s', coalesce(wrong.account_id, 'NULL')) ELSE '' END,
            wrong.complaint
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Mend the row, leave it out in the query given to csmetrics.map, or put its rule in quarantine; '
                         'CALL csmetrics.validate finds all such rows. Nothing was changed.';
    END IF;
    EXECUTE format('SELECT coalesce(sum(f.row_count), 0) FROM %s f', fresh) INTO kept_count;
    EXECUTE format('INSERT INTO %I.refreshed_source AS o VALUES ($1, clock_timestamp(), $2, $3, $4)
                    ON CONFLICT (source) DO UPDATE SET (refreshed_at, row_count, left_out_count, policy_hash)
                    = ROW (excluded.refreshed_at, excluded.row_count, excluded.left_out_count, excluded.policy_hash)',
                   model)
        USING source, kept_count, left_out_count(model, source, kept_count), policy_of_refresh(model);
END
$read$;
COMMENT ON PROCEDURE read_source(text, text) IS
'Internal: reads a source of a model into its table fresh_<source>. A row that cannot be right: SQLSTATE 22023.';

CREATE FUNCTION write_table(model text, name text, arguments text DEFAULT '') RETURNS boolean
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    started timestamptz := clock_timestamp();
    count record;
BEGIN
    EXECUTE format('SELECT w.written, w.removed FROM %I.%I(%s) w', model, 'write_' || name, arguments) INTO count;
    IF count.written + count.removed > 0 THEN
        EXECUTE format('ANALYZE %I.%I', model, name);
        RAISE NOTICE 'refreshing model "%": % rows of % written, % removed, in % s', model, count.written, name,
            count.removed, round(extract(epoch FROM clock_timestamp() - started), 1);
    END IF;
    RETURN count.written + count.removed > 0;
END
$$;
COMMENT ON FUNCTION write_table(text, text, text) IS
'Internal: brings a table of a model up to date with what was read; did that change it?';

CREATE PROCEDURE refresh_accounts(model text, INOUT stale text[])
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $accounts$
DECLARE
    in_quarantine boolean;
    wrong record;
    moved boolean;
    changed boolean;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    CALL read_source(model, 'account');
    SELECT coalesce(f.account_id::text, 'NULL') AS account_id,
           CASE WHEN f.account_id IS NULL THEN 'missing' ELSE 'there twice' END AS complaint
    INTO wrong FROM fresh_account f GROUP BY f.account_id HAVING count(*) > 1 OR f.account_id IS NULL LIMIT 1;
    IF wrong.complaint IS NOT NULL THEN
        RAISE EXCEPTION 'source "account": account_id % is %', wrong.account_id, wrong.complaint
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'The query given to csmetrics.map must have one row an account. Nothing was changed.';
    END IF;
    -- days of usage are those of the account's time zone
    SELECT EXISTS (SELECT 1 FROM fresh_account f LEFT JOIN account a USING (account_id)
                   WHERE f.time_zone IS DISTINCT FROM a.time_zone) INTO moved;
    PERFORM write_table(model, 'account');
    SELECT EXISTS (SELECT 1 FROM quality_rule q WHERE q.source = 'account' AND q.is_enabled AND q.quarantine)
        INTO in_quarantine;
    changed := write_table(model, 'left_out_account', in_quarantine::text);
    IF changed THEN
        stale := fact_sources();
    ELSIF moved THEN
        stale := stale || ARRAY['usage'];
    END IF;
    CALL read_source(model, 'fx_rate');
    changed := write_table(model, 'fx_rate');
    IF changed THEN
        stale := stale || ARRAY['subscription'];
    END IF;
    CALL refresh_entities(model, changed);
    IF changed THEN
        stale := stale || ARRAY['subscription'];
    END IF;
END
$accounts$;
COMMENT ON PROCEDURE refresh_accounts(text, text[]) IS
'Internal: brings accounts, rates and entities of a model up to date; stale: sources whose histories hang on what changed';

CREATE PROCEDURE refresh_entities(model text, INOUT changed boolean)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $entities$
DECLARE
    wrong text;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    CALL read_source(model, 'parent');
    EXECUTE format('SELECT %I.belonging_complaint()', model) INTO wrong;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'source "parent": %', wrong
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'At any time an account belongs to one other at most, and never to itself; see source_parent, '
                         'and parent_id of source_account. Nothing was changed.';
    END IF;
    changed := write_table(model, 'account_entity');
END
$entities$;
COMMENT ON PROCEDURE refresh_entities(text, boolean) IS
'Internal: brings account_entity up to date. An account that belongs to two others at one time, or to itself by way '
'of others: SQLSTATE 22023.';

CREATE PROCEDURE lock_model(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
BEGIN
    -- one at a time that writes histories; readers go on
    EXECUTE format('LOCK TABLE %I.account_state IN SHARE ROW EXCLUSIVE MODE', model);
END
$$;
COMMENT ON PROCEDURE lock_model(text) IS 'Internal: waits for other refreshes of the model, and keeps new ones waiting';

CREATE FUNCTION fact_sources() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
RETURN (SELECT array_agg(DISTINCT c.source ORDER BY c.source) FROM source_column c
        WHERE c.source NOT IN ('account', 'fx_rate', 'parent'));
COMMENT ON FUNCTION fact_sources() IS 'Internal: the sources that histories are made of';

CREATE FUNCTION stale_sources(model text, sources text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    unknown text;
    stale text[];
BEGIN
    SELECT string_agg(format('"%s"', s), ', ') INTO unknown FROM unnest(sources) s
    WHERE s IS NULL OR NOT EXISTS (SELECT 1 FROM source_column c WHERE c.source = s);
    IF unknown IS NOT NULL OR cardinality(sources) = 0 THEN
        RAISE EXCEPTION 'unknown source %', coalesce(unknown, 'of an empty list')
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = (SELECT format('Known are: %s.', string_agg(DISTINCT c.source, ', ')) FROM source_column c);
    END IF;
    IF sources IS NULL THEN
        RETURN fact_sources();
    END IF;
    -- what was never read, or by other rules, is read too
    EXECUTE format('SELECT array_agg(s) FROM unnest($1) s LEFT JOIN %I.refreshed_source r ON r.source = s
                    WHERE s = ANY ($2) OR r.policy_hash IS DISTINCT FROM $3', model)
        INTO stale USING fact_sources(), sources, policy_of_refresh(model);
    RETURN coalesce(stale, '{}');
END
$$;
COMMENT ON FUNCTION stale_sources(text, text[]) IS
'Internal: the sources of histories among those named, all for NULL, with those that were read by other rules or never. '
'An unknown one: SQLSTATE 22023.';

CREATE PROCEDURE refresh(model text, sources text[] DEFAULT NULL)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET row_security = off SET jit = off AS $refresh$
DECLARE
    started timestamptz := clock_timestamp();
    stale text[];
    source text;
BEGIN
    PERFORM require_model(model);
    PERFORM require_all_rows(model, '^source_');
    stale := stale_sources(model, sources);
    CALL lock_model(model);
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    CALL resolve_identities(model);
    CALL refresh_accounts(model, stale);
    stale := ARRAY(SELECT DISTINCT s FROM unnest(stale) s ORDER BY s);
    FOREACH source IN ARRAY stale LOOP
        CALL read_source(model, source);
        -- an account that is left out takes what is its own with it
        EXECUTE format('DELETE FROM %I f WHERE f.account_id IN (SELECT l.account_id FROM left_out_account l)',
                       'fresh_' || source);
    END LOOP;
    CALL empty_table('fresh_key');
    INSERT INTO fresh_key SELECT k.account_id FROM read_key(stale) k;
    ANALYZE fresh_key;
    PERFORM write_table(model, 'account_state', quote_literal(stale) || '::text[]');
    IF 'subscription' = ANY (stale) THEN
        PERFORM write_table(model, 'revenue_state');
        PERFORM write_table(model, 'discount_state');
    END IF;
    IF 'usage' = ANY (stale) THEN
        PERFORM write_table(model, 'user_state');
    END IF;
    IF 'entitlement' = ANY (stale) THEN
        PERFORM write_table(model, 'entitlement_state');
    END IF;
    FOREACH source IN ARRAY ARRAY['key', 'account', 'fx_rate', 'parent'] || stale LOOP
        CALL empty_table(format('%I.%I', model, 'fresh_' || source)::regclass);
    END LOOP;
    RAISE NOTICE 'refreshed model "%" in % s', model, round(extract(epoch FROM clock_timestamp() - started), 1);
END
$refresh$;
COMMENT ON PROCEDURE refresh(text, text[]) IS
'Brings a model up to date with its sources, each read once, in one transaction that readers do not wait for. sources: '
'only what hangs on these; accounts, rates and parents always are. Rows in quarantine are left out and counted in a '
'NOTICE. A row that cannot be right: SQLSTATE 22023; row-level security that may hide some: 42501.';
-- Policies compared: what differs, and how much of a change of the figures is definition, how much the customers.
--
-- Two functions, since options are texts and figures are numbers: each column has one meaning, and to see what
-- differs costs nothing, while figures under another policy may take refreshing the histories twice.

CREATE FUNCTION whole_policy(model text, given jsonb, label text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    policy regclass;
    options text[];
    unknown text;
    whole jsonb;
    rule record;
    met boolean;
    message text;
    more text;
    clue text;
    broken text;
BEGIN
    PERFORM require_model(model);
    policy := format('%I.policy', model)::regclass;
    options := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = policy AND attnum > 0 AND NOT attisdropped ORDER BY attnum);
    IF jsonb_typeof(given) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION '% is no JSON object', coalesce(given::text, 'NULL')
            USING ERRCODE = CASE WHEN given IS NULL THEN 'null_value_not_allowed' ELSE 'invalid_parameter_value' END, HINT = 'Write {"answer_rule": "mean"}, or {} for the policy in force.';
    END IF;
    SELECT string_agg(format('"%s"', key), ', ' ORDER BY key) INTO unknown FROM jsonb_object_keys(given) key WHERE key <> ALL (options);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'unknown option %', unknown
            USING ERRCODE = 'invalid_parameter_value', DETAIL = format('There are: %s.', array_to_string(array_remove(options, 'only_row'), ', '));
    END IF;
    EXECUTE format('SELECT to_jsonb(r) FROM %s p, LATERAL jsonb_populate_record(p, $1) r', policy) INTO STRICT whole USING given;
    -- what the table would say, without writing to it
    FOR rule IN
        SELECT ARRAY[attname::text] AS options, format('%I IS NOT NULL', attname) AS expression, NULL AS name FROM pg_attribute WHERE attrelid = policy AND attnum > 0 AND attnotnull
        UNION ALL
        SELECT ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = policy AND attnum = ANY (conkey) ORDER BY attnum), pg_get_expr(conbin, conrelid), conname FROM pg_constraint WHERE conrelid = policy AND contype = 'c'
    LOOP
        EXECUTE format('SELECT (%s) IS NOT FALSE FROM jsonb_populate_record(NULL::%s, $1) AS policy', rule.expression, policy) INTO met USING whole;
        IF NOT met THEN
            RAISE EXCEPTION '% %', (SELECT string_agg(format('%s %s', o, coalesce(whole ->> o, 'NULL')), ', ') FROM unnest(rule.options) o), CASE WHEN rule.name IS NULL THEN 'is not allowed' ELSE format('violates check constraint "%s"', rule.name) END
                USING ERRCODE = CASE WHEN rule.name IS NULL THEN 'not_null_violation' ELSE 'check_violation' END, CONSTRAINT = coalesce(rule.name, ''), DETAIL = format('It must meet: %s.', rule.expression);
        END IF;
    END LOOP;
    RETURN whole;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL, clue = PG_EXCEPTION_HINT, broken = CONSTRAINT_NAME;
    RAISE EXCEPTION '%', CASE WHEN policy IS NULL THEN '' ELSE format('policy %s: ', label) END || message USING ERRCODE = SQLSTATE, DETAIL = more, HINT = clue, CONSTRAINT = broken;
END
$$;
COMMENT ON FUNCTION whole_policy(text, jsonb, text) IS
'Internal: the policy in force as a JSON object, with the options given in place of its own, as the policy table would take them. An error names the policy by its label, the option and its value: SQLSTATE 22023 if it is unknown, 23514 or 23502 where a check of the table or its NOT NULL refuses the value, else that of its type.';

CREATE FUNCTION policy_differences(model text, a jsonb, b jsonb, only_different boolean DEFAULT true)
RETURNS TABLE (option text, a_value text, b_value text, defines boolean, with_refresh boolean, description text)
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
#variable_conflict use_column
DECLARE
    whole_a jsonb := whole_policy(model, a, 'a');
    whole_b jsonb := whole_policy(model, b, 'b');
BEGIN
    RETURN QUERY
    SELECT c.name, whole_a ->> c.name, whole_b ->> c.name, c.defines, c.with_refresh, c.description
    FROM policy_column c
    WHERE whole_a ? c.name AND (whole_a -> c.name <> whole_b -> c.name OR only_different IS FALSE)
    ORDER BY c.position;
END
$$;
COMMENT ON FUNCTION policy_differences(text, jsonb, jsonb, boolean) IS
'Two policies of a model side by side, a row an option on which they differ; only_different false: all of them. a and b are JSON objects of options in place of those in force: {} is the policy in force, {"churn_date_rule": "click"} the same but for that, and a whole row, as to_jsonb gives it, works too. defines: is it part of what figures mean, and of policy_hash? with_refresh: does it take effect with the next refresh? Nothing is changed. A policy that is no JSON object, or has an unknown option: SQLSTATE 22023, which names those that there are; NULL: 22004; a value that the policy table refuses: 23514 or 23502, or that of its type; an unknown model: 3F000.';

CREATE FUNCTION readings_under(model text, policy jsonb, as_of date, refreshing boolean) RETURNS jsonb
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    columns text[] := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = format('%I.policy', model)::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('only_row', 'as_of', 'report_from'));
    readings jsonb;
BEGIN
    -- what is shown, and of when, is no part of a comparison
    EXECUTE format('UPDATE %1$I.policy SET (%2$s) = (SELECT %2$s FROM jsonb_populate_record(NULL::%1$I.policy, $1)), as_of = $2, report_from = NULL', model, spelled(columns, '%I')) USING policy, as_of;
    IF refreshing THEN
        CALL refresh(model);
    END IF;
    -- to 15 digits, as many as a double precision is sure of
    EXECUTE format('SELECT coalesce(jsonb_agg(jsonb_build_array(metric, period_end_on, reading::numeric::text)), ''[]'') FROM %I.metric_reading WHERE dimension = ''all'' AND is_complete AND (reading IS NOT NULL OR n_count > 0)', model) INTO readings;
    RETURN readings;
END
$$;
COMMENT ON FUNCTION readings_under(text, jsonb, date, boolean) IS
'Internal: puts a policy in force and gives the figures of all accounts in months that are over as of the day, as arrays of metric, period_end_on and reading. To be rolled back.';

CREATE FUNCTION compare_policies(model text, a jsonb, b jsonb, since date DEFAULT NULL)
RETURNS TABLE (metric text, unit text, period_end_on date, a_reading numeric, b_reading numeric, definition_change numeric,
               since_end_on date, since_reading numeric, customer_change numeric, whole_change numeric, description text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET jit = off AS $compare$
#variable_conflict use_column
DECLARE
    in_force jsonb := whole_policy(model, '{}', 'in force');
    whole_a jsonb := whole_policy(model, a, 'a');
    whole_b jsonb := whole_policy(model, b, 'b');
    refreshed text[] := ARRAY(SELECT name FROM policy_column WHERE with_refresh);
    parts_differ boolean := EXISTS (SELECT FROM unnest(refreshed) o WHERE whole_a -> o <> whole_b -> o);
    of_day date := in_force ->> 'as_of';
    today date;
    readings jsonb[3];
BEGIN
    EXECUTE format('SELECT as_of_on FROM %I.reporting_range', model) INTO today;
    IF since >= today THEN
        RAISE EXCEPTION 'since % is not before %, the day as of which the model reads', since, today USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Whatever it takes is undone: it runs in a subtransaction that is rolled back. The readings stay.
    BEGIN
        -- both are read from the same histories, or from those of the same sources
        CALL lock_model(model);
        RAISE NOTICE 'comparing policies of model "%": figures under a ...', model;
        readings[1] := readings_under(model, whole_a, of_day, parts_differ OR EXISTS (SELECT FROM unnest(refreshed) o WHERE whole_a -> o <> in_force -> o));
        IF since IS NOT NULL THEN
            RAISE NOTICE 'comparing policies of model "%": figures under a as of % ...', model, since;
            readings[3] := readings_under(model, whole_a, since, false);
        END IF;
        RAISE NOTICE 'comparing policies of model "%": figures under b ...', model;
        readings[2] := readings_under(model, whole_b, of_day, parts_differ);
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        NULL;
    END;
    RETURN QUERY
    WITH told AS (SELECT n, r ->> 0 AS metric, (r ->> 1)::date AS end_on, (r ->> 2)::numeric AS reading FROM generate_subscripts(readings, 1) n, jsonb_array_elements(readings[n]) r),
         latest AS (SELECT t.metric, max(t.end_on) FILTER (WHERE n < 3) AS now_on, max(t.end_on) FILTER (WHERE n = 3) AS since_on FROM told t GROUP BY t.metric),
         figure AS (
             SELECT l.*, (SELECT reading FROM told t WHERE (t.n, t.metric, t.end_on) = (1, l.metric, l.now_on)) AS in_a, (SELECT reading FROM told t WHERE (t.n, t.metric, t.end_on) = (2, l.metric, l.now_on)) AS in_b,
                    (SELECT reading FROM told t WHERE (t.n, t.metric, t.end_on) = (3, l.metric, l.since_on)) AS in_since
             FROM latest l)
    SELECT f.metric, m.unit, f.now_on, trim_scale(f.in_a), trim_scale(f.in_b), trim_scale(f.in_b - f.in_a), f.since_on, trim_scale(f.in_since), trim_scale(f.in_a - f.in_since), trim_scale(f.in_b - f.in_since), m.description
    FROM figure f JOIN model_metric m ON m.name = f.metric
    ORDER BY m.position;
END
$compare$;
COMMENT ON FUNCTION compare_policies(text, jsonb, jsonb, date) IS
'The figures of the scorecard (csmetrics.model_metric) under two policies of a model, a row a metric that has any, of all accounts and of the last month that is over and has anything in it under either: a_reading, b_reading and definition_change, b_reading - a_reading, which is definition alone. since: an earlier day; then since_reading is the figure of the last such month as of that day under a, and whole_change, from since_reading to b_reading, is customer_change, what customers did, + definition_change, exactly. Readings have 15 digits; what is not known, and differences from it, are NULL. a and b are as in policy_differences, with its errors; as_of and report_from have no part in it. Policy and histories are put back as they were, whatever happens, and nobody else sees anything of it; who refreshes the model waits. Where an option marked (refresh) differs it refreshes, twice where a and b differ on one; else histories are read as they stand, and rules of the policy in force that wait for a refresh are not in them. In a transaction that is REPEATABLE READ both see the same sources. since not before the day of the policy: SQLSTATE 22023. It takes the rights to update the policy and to refresh.';
-- Restatement: reported figures change afterwards, because rows come late or are mended, or definitions change. A snapshot
-- keeps what was reported, and what it was made of. All that is kept holds from one snapshot on and until another one: it is
-- stored when it changes, and never again while it does not.

CREATE FUNCTION snapshot_part(part text, shown_by bigint DEFAULT NULL, OUT keys text[], OUT facts text[], OUT query text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
BEGIN ATOMIC
    SELECT p.keys, p.facts, CASE WHEN shown_by IS NULL THEN p.query ELSE format('SELECT * FROM %I WHERE from_snapshot <= %s AND coalesce(to_snapshot > %2$s, true)', part, shown_by) END
    FROM (VALUES
        ('snapshot_reading', '{source_view,metric,dimension,value,period_start_on}'::text[], '{period_end_on,reading}'::text[], $$
            SELECT 'metric_reading' AS source_view, metric, dimension, value, period_start_on, period_end_on, reading::numeric AS reading
            FROM metric_reading WHERE is_complete AND reading IS NOT NULL
            UNION ALL
            SELECT 'revenue_monthly', c.key, 'all', 'all', m.period_start_on, m.period_end_on, CASE WHEN c.key LIKE '%\_rate' THEN c.value::double precision::numeric ELSE c.value::numeric END
            FROM revenue_monthly m, LATERAL jsonb_each_text(to_jsonb(m)) c WHERE m.is_complete AND c.key ~ '_(mrr|count|rate)$' AND c.value IS NOT NULL $$),
        ('snapshot_movement', '{account_id,period_start_on,movement}', '{period_end_on,amount_mrr}', $$
            SELECT m.account_id, m.period_start_on, m.period_end_on, m.movement, sum(m.amount_mrr) AS amount_mrr
            FROM revenue_movement m WHERE m.amount_mrr IS NOT NULL AND m.period_end_on <= (SELECT as_of_on + 1 FROM reporting_range)
            GROUP BY m.account_id, m.period_start_on, m.period_end_on, m.movement $$),
        ('snapshot_account', '{account_id}', '{}', 'SELECT account_id FROM account_state')) p(name, keys, facts, query)
    WHERE p.name = part;
END;
COMMENT ON FUNCTION snapshot_part(text, bigint) IS 'Internal: keys and other columns of a table of snapshots, and the query of its rows in a snapshot, or without one as the model stands now; names are looked up in the model';

CREATE FUNCTION redefined(model text, policy jsonb, movements text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET jit = off AS $redefined$
DECLARE
    in_force jsonb := whole_policy(model, '{}', 'in force');
    whole jsonb := whole_policy(model, policy, 'of the snapshot');
    result jsonb;
BEGIN
    -- whatever is done here is undone: what the query gave stays
    BEGIN
        PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
        EXECUTE (SELECT format('UPDATE policy SET (%1$s) = (SELECT %1$s FROM jsonb_populate_record(NULL::policy, $1))', string_agg(quote_ident(name), ', ')) FROM policy_column) USING whole;
        IF EXISTS (SELECT FROM policy_column WHERE with_refresh AND whole -> name <> in_force -> name) THEN
            CALL refresh(model);
        END IF;
        EXECUTE format($query$
            SELECT coalesce(jsonb_agg(to_jsonb(q)), '[]')
            FROM (SELECT account_id, period_start_on, coalesce(n.period_end_on, d.period_end_on) AS period_end_on, movement, coalesce(n.amount_mrr, 0) - coalesce(d.amount_mrr, 0) AS amount_mrr
                  FROM (%s) n FULL JOIN (%s) d USING (account_id, period_start_on, movement)
                  WHERE coalesce(n.amount_mrr, 0) <> coalesce(d.amount_mrr, 0)) q $query$, movements, (snapshot_part('snapshot_movement')).query) INTO result;
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN result;
    END;
END
$redefined$;
COMMENT ON FUNCTION redefined(text, jsonb, text) IS
'Internal: what the policy in force adds to the movements that the query gives, account by account, against another policy: these less those that the facts of now have under that. To be run with the path of the model.';

CREATE PROCEDURE take_snapshot(model text, note text DEFAULT NULL)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET row_security = off AS $take$
DECLARE
    parts text[] := '{snapshot_reading,snapshot_movement,snapshot_account}';
    part text;
    before record;
    taken record;
BEGIN
    PERFORM csmetrics.require_model(model);
    PERFORM csmetrics.require_all_rows(model, NULL);
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    -- one at a time; readers go on
    LOCK TABLE snapshot IN SHARE ROW EXCLUSIVE MODE;
    SELECT s.snapshot_id, s.policy || jsonb_build_object('as_of', p.as_of, 'report_from', p.report_from) AS policy, to_jsonb(p) - 'only_row' AS present, s.policy_hash <> r.policy_hash AS is_redefined INTO before
    FROM snapshot s, policy p, reporting_range r ORDER BY s.snapshot_id DESC LIMIT 1;
    IF before.is_redefined AND EXISTS (SELECT FROM policy_column WHERE with_refresh AND before.policy -> name <> before.present -> name) THEN
        -- rows that came since the last refresh are no matter of definition
        CALL refresh(model);
    END IF;
    DELETE FROM snapshot_definition d WHERE NOT EXISTS (SELECT FROM snapshot s WHERE s.snapshot_id < d.snapshot_id);
    FOREACH part IN ARRAY parts LOOP
        EXECUTE format('DELETE FROM %I r WHERE to_snapshot IS NOT NULL AND NOT EXISTS (SELECT FROM snapshot s WHERE s.snapshot_id >= r.from_snapshot AND s.snapshot_id < r.to_snapshot)', part);
    END LOOP;

    -- one statement, so that a refresh meanwhile cannot come between the figures and the accounts behind them
    EXECUTE (SELECT format('WITH taken AS (INSERT INTO snapshot (follows, as_of_on, policy_hash, policy, note)
                                           SELECT (SELECT max(snapshot_id) FROM snapshot), r.as_of_on, r.policy_hash, to_jsonb(p) - ''only_row'', $1 FROM reporting_range r, policy p RETURNING snapshot_id, as_of_on), %s
                            SELECT taken.*, (SELECT count(*) FROM new_snapshot_reading) AS readings, (SELECT count(*) FROM new_snapshot_movement) AS movements, (SELECT count(*) FROM new_snapshot_account) AS accounts FROM taken',
        string_agg(format('now_%1$s AS MATERIALIZED (%2$s),
            old_%1$s AS (UPDATE %1$s old SET to_snapshot = taken.snapshot_id FROM taken WHERE old.to_snapshot IS NULL AND NOT EXISTS (SELECT FROM now_%1$s fresh WHERE %3$s)),
            new_%1$s AS (INSERT INTO %1$s (%4$s, from_snapshot)
                         SELECT %5$s, taken.snapshot_id FROM taken, now_%1$s fresh WHERE NOT EXISTS (SELECT FROM %1$s old WHERE old.to_snapshot IS NULL AND %3$s)
                         RETURNING 1)',
            p.part, s.query, concat_ws(' AND ', format('(%s) = (%s)', spelled(s.keys, 'fresh.%I'), spelled(s.keys, 'old.%I')), CASE WHEN s.facts <> '{}' THEN format('(%s) IS NOT DISTINCT FROM (%s)', spelled(s.facts, 'fresh.%I'), spelled(s.facts, 'old.%I')) END),
            spelled(s.keys || s.facts, '%I'), spelled(s.keys || s.facts, 'fresh.%I')), ', '))
        FROM unnest(parts) p(part), snapshot_part(p.part) s) INTO taken USING note;
    IF before.is_redefined THEN
        INSERT INTO snapshot_definition (snapshot_id, account_id, period_start_on, period_end_on, movement, amount_mrr)
        SELECT taken.snapshot_id, d.account_id, d.period_start_on, d.period_end_on, d.movement, d.amount_mrr
        FROM jsonb_populate_recordset(NULL::snapshot_definition, redefined(model, before.policy, (snapshot_part('snapshot_movement', taken.snapshot_id)).query)) d;
    END IF;
    RAISE NOTICE 'snapshot % of model "%" as of %: % figures, % movements and % accounts are new', taken.snapshot_id, model, taken.as_of_on, taken.readings, taken.movements, taken.accounts;
END
$take$;
COMMENT ON PROCEDURE take_snapshot(text, text) IS
'Keeps the figures as they are reported now, of the periods that are over: each metric of metric_reading for all and for each value of each attribute in use, the whole bridge of revenue_monthly, the movements of the accounts behind it, the policy. What has not changed since the snapshot before is not stored again. Where the policy has, what that did to the movements is worked out and kept, too; if a rule that takes effect with a refresh is another one, the model is refreshed first. note: what it is, as a report that is sent today. restatement tells later what has changed since. The figures are of the last CALL refresh: refresh first. A caller from whom row-level security may hide rows: SQLSTATE 42501; an unknown model: 3F000.';

CREATE FUNCTION snapshot_pair(model text, from_snapshot bigint, to_snapshot bigint,
    OUT then_id bigint, OUT then_hash text, OUT now_hash text, OUT report_from date, OUT as_of_on date)
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    known text;
    wanted bigint;
    then_policy jsonb;
    now_policy jsonb;
    last_on date;
BEGIN
    PERFORM require_model(model);
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    SELECT max(s.snapshot_id), format('Its last one is %s; table %I.snapshot has them all.', max(s.snapshot_id), model) INTO then_id, known FROM snapshot s;
    IF then_id IS NULL THEN
        RAISE EXCEPTION 'model "%" has no snapshot yet', model
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('CALL csmetrics.take_snapshot(%L) takes one: of what is reported then.', model);
    END IF;
    then_id := coalesce(from_snapshot, then_id);
    FOREACH wanted IN ARRAY array_remove(ARRAY[then_id, to_snapshot], NULL) LOOP
        IF NOT EXISTS (SELECT FROM snapshot s WHERE s.snapshot_id = wanted) THEN
            RAISE EXCEPTION 'model "%" has no snapshot %', model, wanted USING ERRCODE = 'invalid_parameter_value', DETAIL = known;
        END IF;
    END LOOP;
    IF then_id >= to_snapshot THEN
        RAISE EXCEPTION 'snapshot % was not taken before snapshot %', then_id, to_snapshot USING ERRCODE = 'invalid_parameter_value', HINT = 'The earlier one comes first.';
    END IF;
    SELECT s.policy_hash, s.policy, s.as_of_on INTO then_hash, then_policy, as_of_on FROM snapshot s WHERE s.snapshot_id = then_id;
    SELECT n.policy_hash, n.policy, n.as_of_on INTO now_hash, now_policy, last_on
    FROM (SELECT s.policy_hash, s.policy, s.as_of_on FROM snapshot s WHERE s.snapshot_id = to_snapshot
          UNION ALL SELECT r.policy_hash, to_jsonb(p) - 'only_row', r.as_of_on FROM reporting_range r, policy p WHERE to_snapshot IS NULL) n;
    -- the periods that both report
    as_of_on := least(as_of_on, last_on);
    report_from := date_trunc('month', greatest((then_policy ->> 'report_from')::date, (now_policy ->> 'report_from')::date));
END
$$;
COMMENT ON FUNCTION snapshot_pair(text, bigint, bigint) IS 'Internal: the two that are compared, with their policies and the days of the periods that both report; errors as restatement';

CREATE FUNCTION restatement(model text, from_snapshot bigint DEFAULT NULL, to_snapshot bigint DEFAULT NULL,
    OUT source_view text, OUT metric text, OUT dimension text, OUT value text, OUT period_start_on date, OUT period_end_on date,
    OUT reported_then numeric, OUT reported_now numeric, OUT difference numeric, OUT is_restated boolean, OUT policy_changed boolean, OUT policy_hash_then text, OUT policy_hash_now text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    pair record := snapshot_pair(model, from_snapshot, to_snapshot);
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    RETURN QUERY EXECUTE format($query$
        SELECT source_view, metric, dimension, value, period_start_on, coalesce(b.period_end_on, n.period_end_on), b.reading, n.reading, d.difference,
               coalesce(d.difference <> 0, b.reading IS DISTINCT FROM n.reading), $1 <> $2, $1, $2
        FROM (%s) b FULL JOIN (%s) n USING (source_view, metric, dimension, value, period_start_on) LEFT JOIN (SELECT name, unit FROM model_metric) k ON k.name = metric AND source_view = 'metric_reading',
             -- where there is nothing of what is added up, there is none of it; a ratio of nothing is unknown
             LATERAL (SELECT CASE WHEN k.unit IN ('mrr', 'count') OR k.unit IS NULL AND metric ~ '_(mrr|count)$' THEN coalesce(n.reading, 0) - coalesce(b.reading, 0) ELSE n.reading - b.reading END AS difference) d
        WHERE coalesce(b.period_end_on, n.period_end_on) <= $3 + 1 AND ($4 IS NULL OR period_start_on >= $4)
        ORDER BY source_view, metric, dimension <> 'all', dimension, value, period_start_on $query$,
        (snapshot_part('snapshot_reading', pair.then_id)).query, (snapshot_part('snapshot_reading', to_snapshot)).query)
    USING pair.then_hash, pair.now_hash, pair.as_of_on, pair.report_from;
END
$$;
COMMENT ON FUNCTION restatement(text, bigint, bigint) IS
'What was reported and what it would be now, a row a figure of a period that was over then: reported_then in from_snapshot (default: the last), reported_now in to_snapshot (NULL: as the model stands now), and the difference, in the unit of the metric. source_view: metric_reading, with metrics of model_metric, or revenue_monthly, with its columns, the bridge to the last decimal. is_restated: are they different? policy_changed: is the definition another one? NULL where there is no such figure; in the difference an amount or count that is not there is 0. Periods that only one of the two reports are left out. No snapshot yet: SQLSTATE 55000; an unknown one, or one that is not the earlier: 22023; an unknown model: 3F000.';

CREATE FUNCTION restatement_by_account(model text, from_snapshot bigint DEFAULT NULL, to_snapshot bigint DEFAULT NULL,
    OUT account_id text, OUT period_start_on date, OUT period_end_on date, OUT movement text,
    OUT amount_then numeric, OUT amount_now numeric, OUT difference numeric, OUT by_facts numeric, OUT by_definition numeric, OUT cause text)
RETURNS SETOF record
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $$
DECLARE
    pair record := snapshot_pair(model, from_snapshot, to_snapshot);
    now_movements text := (snapshot_part('snapshot_movement', to_snapshot)).query;
    since_last jsonb := '[]';
    last record;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    IF to_snapshot IS NULL THEN
        -- what happened to the policy after the last snapshot
        SELECT s.policy_hash, s.policy || jsonb_build_object('as_of', p.as_of, 'report_from', p.report_from) AS policy INTO last FROM snapshot s, policy p ORDER BY s.snapshot_id DESC LIMIT 1;
        IF last.policy_hash <> pair.now_hash THEN
            EXECUTE format('CREATE TEMPORARY TABLE csmetrics_now ON COMMIT DROP AS %s', now_movements);
            now_movements := 'SELECT * FROM pg_temp.csmetrics_now';
            since_last := redefined(model, last.policy, now_movements);
        END IF;
    END IF;
    RETURN QUERY EXECUTE format($query$
        WITH defined AS (
            SELECT account_id, period_start_on, period_end_on, movement, sum(amount_mrr) AS amount_mrr
            FROM (SELECT account_id, period_start_on, period_end_on, movement, amount_mrr FROM snapshot_definition WHERE snapshot_id > $3 AND (snapshot_id <= $4 OR $4 IS NULL)
                  UNION ALL SELECT account_id, period_start_on, period_end_on, movement, amount_mrr FROM jsonb_populate_recordset(NULL::snapshot_definition, $5) d) d
            GROUP BY account_id, period_start_on, period_end_on, movement),
        moved AS (
            SELECT account_id, period_start_on, coalesce(b.period_end_on, n.period_end_on, d.period_end_on) AS period_end_on, movement,
                   coalesce(b.amount_mrr, 0) AS before, coalesce(n.amount_mrr, 0) AS now, coalesce(d.amount_mrr, 0) AS defined
            FROM (%s) b FULL JOIN (%s) n USING (account_id, period_start_on, movement) FULL JOIN defined d USING (account_id, period_start_on, movement))
        SELECT m.account_id::text, m.period_start_on, m.period_end_on, m.movement, m.before, m.now, m.now - m.before, m.now - m.before - m.defined, m.defined,
               CASE WHEN b.account_id IS NULL THEN 'account new in the sources' WHEN n.account_id IS NULL THEN 'account gone'
                    WHEN m.now - m.before = m.defined THEN 'definition' WHEN m.defined <> 0 THEN 'rows changed, definition' ELSE 'rows changed' END
        FROM moved m LEFT JOIN (%s) b USING (account_id) LEFT JOIN (%s) n USING (account_id)
        WHERE m.period_end_on <= $1 + 1 AND ($2 IS NULL OR m.period_start_on >= $2) AND (m.now <> m.before OR m.defined <> 0)
        ORDER BY m.period_start_on, m.movement, m.account_id $query$,
        (snapshot_part('snapshot_movement', pair.then_id)).query, now_movements,
        (snapshot_part('snapshot_account', pair.then_id)).query, (snapshot_part('snapshot_account', to_snapshot)).query)
    USING pair.as_of_on, pair.report_from, pair.then_id, to_snapshot, since_last;
    DROP TABLE IF EXISTS pg_temp.csmetrics_now;
END
$$;
COMMENT ON FUNCTION restatement_by_account(text, bigint, bigint) IS
'The accounts behind a restated bridge, a row an account, period and movement whose amount is another one; arguments, periods and errors as for restatement. Of each period and movement the differences add up to the difference of that column of revenue_monthly, to the last decimal; opening and closing MRR carry on those of the periods before. It is a function of its own since these are rows of another kind: who, not what. difference = by_facts + by_definition, exactly: by_definition is what changes of the policy did, each worked out of the facts of its time by the policy before and after it; those since the last snapshot are worked out now, which takes the right to change the policy, and cannot be done in a materialized view. The rest is by_facts: rows that came late, were corrected or removed, rates, parents. Rows that came after the last refresh count as neither, but where a rule that takes effect with a refresh has changed since the last snapshot: refresh first. cause: rows changed, account new in the sources, account gone, definition, or the first with the last.';
-- Schedules: a model that is refreshed by itself, by pg_cron where it is there, or else by the system's own cron.
CREATE FUNCTION run_steps() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{refresh,evaluate_alerts,run_playbooks,take_snapshot}'::text[];
COMMENT ON FUNCTION run_steps() IS 'Internal: the steps that run knows, in their order';

CREATE PROCEDURE run(model text, steps text[] DEFAULT '{refresh,evaluate_alerts}')
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $run$
DECLARE
    step text;
BEGIN
    PERFORM require_model(model);
    PERFORM check_steps(steps);
    -- Who comes while another is at it leaves: the next one sees all that he would have seen. The lock is one that takes the right to
    -- write the policy, so that nobody else can hold it, and in the way of no reader, of no other writer and of no step.
    BEGIN
        EXECUTE format('LOCK TABLE %I.policy IN SHARE UPDATE EXCLUSIVE MODE NOWAIT', model);
    EXCEPTION WHEN lock_not_available THEN
        RAISE NOTICE 'model "%" is being run by another session: nothing to do', model;
        RETURN;
    END;
    FOREACH step IN ARRAY ARRAY(SELECT s FROM unnest(run_steps()) WITH ORDINALITY known(s, n) WHERE s = ANY (steps) ORDER BY n) LOOP
        IF step = 'refresh' THEN
            CALL refresh(model);
            CONTINUE;
        END IF;
        -- a rule that fails does not undo the refresh
        BEGIN
            EXECUTE format('CALL csmetrics.%I(%L)', step, model);
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'model "%": % failed: %', model, step, SQLERRM USING ERRCODE = SQLSTATE;
        END;
    END LOOP;
END
$run$;
COMMENT ON PROCEDURE run(text, text[]) IS
'What schedule calls, to be called by hand too: the procedures of steps, one after the other, in the order refresh, evaluate_alerts, run_playbooks, take_snapshot whatever the order given; refresh and evaluate_alerts if nothing is given. A refresh that fails stops it with its error. Of a later step that fails a WARNING tells, and the others stand. While another session runs the model it does nothing, says so in a NOTICE, and so never queues. It takes the right to update the policy: SQLSTATE 42501. An unknown step: 22023; an unknown model: 3F000.';

CREATE FUNCTION check_steps(steps text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    wrong text;
BEGIN
    IF cardinality(steps) > 0 IS NOT TRUE THEN
        RAISE EXCEPTION 'no steps to run' USING ERRCODE = 'invalid_parameter_value', HINT = format('Steps are %s.', array_to_string(run_steps(), ', '));
    END IF;
    SELECT coalesce(s, 'NULL') INTO wrong FROM unnest(steps) s WHERE (s = ANY (run_steps())) IS NOT TRUE LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'unknown step "%"', wrong USING ERRCODE = 'invalid_parameter_value', HINT = format('Steps are %s.', array_to_string(run_steps(), ', '));
    END IF;
END
$$;
COMMENT ON FUNCTION check_steps(text[]) IS 'Internal: SQLSTATE 22023 unless these are steps of run';

CREATE FUNCTION run_command(model text, steps text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('CALL csmetrics.run(%L%s)', model, CASE WHEN steps <> '{refresh,evaluate_alerts}' THEN format(', %L', steps) END);
COMMENT ON FUNCTION run_command(text, text[]) IS 'Internal: the statement that a schedule runs';

CREATE FUNCTION crontab_line(timing text, model text, steps text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
BEGIN ATOMIC
    -- A line of a crontab is one line, in which % ends the command unless a backslash stands before it, and in which crons differ
    -- over two backslashes: so SQL has the characters in question as Unicode escapes, and the database goes in a URI.
    SELECT format('%s psql -X -q%s -d %s -c %s', CASE WHEN timing ~ 'second' THEN '* * * * *' ELSE timing END, CASE WHEN current_setting('port') <> '5432' THEN ' -p ' || current_setting('port') END,
                  CASE WHEN d.name ~ '^[a-z_][a-z0-9_]*$' THEN d.name ELSE '''postgresql:///' || replace(d.name, '%', '\%') || '''' END,
                  CASE WHEN c.command ~ '["$`!]' THEN '''' || replace(c.command, '''', '''"''"''') || '''' ELSE '"' || c.command || '"' END)
    FROM (SELECT string_agg(CASE WHEN b.hex ~ '^(3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|2d|2e)$' THEN chr(('x' || lpad(b.hex, 8, '0'))::bit(32)::integer) ELSE '%' || upper(b.hex) END, '' ORDER BY b.n) AS name
          FROM (SELECT n, encode(substring(name FROM n FOR 1), 'hex') AS hex FROM convert_to(current_database(), 'UTF8') name, generate_series(1, octet_length(name)) n) b) d,
         (SELECT CASE WHEN model !~ '[\\%[:cntrl:]]' THEN run_command(model, steps)
                      ELSE replace(run_command('', steps), '''''', 'U&''' || l.escaped || ''' UESCAPE ''!''') END AS command
          FROM (SELECT string_agg(CASE WHEN s = '''' THEN '''''' WHEN s = '!' THEN '!!' WHEN s ~ '[\\%[:cntrl:]]' THEN '!' || lpad(to_hex(ascii(s)), 4, '0') ELSE s END, '' ORDER BY n) AS escaped
                FROM string_to_table(model, NULL) WITH ORDINALITY t(s, n)) l) c;
END;
COMMENT ON FUNCTION crontab_line(text, text, text[]) IS 'Internal: the line of a crontab that runs the model in this database, quoted for cron, sh and SQL';

CREATE FUNCTION require_cron(hint text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $$
DECLARE
    home text;
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron') THEN
        RETURN;
    ELSIF NOT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_cron') THEN
        RAISE EXCEPTION 'pg_cron is not installed on this server' USING ERRCODE = 'feature_not_supported', HINT = hint;
    END IF;
    BEGIN
        home := current_setting('cron.database_name', true);
    EXCEPTION WHEN insufficient_privilege THEN
        home := NULL;
    END;
    RAISE EXCEPTION 'extension pg_cron is not created in this database'
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = hint,
              DETAIL = CASE WHEN home = current_database() THEN 'It can be: CREATE EXTENSION pg_cron.'
                            WHEN home IS NOT NULL THEN format('Its jobs are kept in database "%s", where cron.schedule_in_database makes jobs for others.', home)
                            ELSE format('It is on this server: with shared_preload_libraries = ''pg_cron'' and cron.database_name = %L it can be.', current_database()) END;
END
$$;
COMMENT ON FUNCTION require_cron(text) IS 'Internal: SQLSTATE 0A000 or 55000 unless pg_cron is in this database';

CREATE FUNCTION schedule(model text, timing text, steps text[] DEFAULT '{refresh,evaluate_alerts}') RETURNS bigint
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $schedule$
DECLARE
    job bigint;
BEGIN
    PERFORM require_model(model);
    PERFORM check_steps(steps);
    IF (timing ~ '^(@(yearly|annually|monthly|weekly|daily|midnight|hourly|reboot)|([0-9A-Za-z*,/$-]+ +){4}[0-9A-Za-z*,/$-]+|[1-9][0-9]? seconds?)$') IS NOT TRUE THEN
        RAISE EXCEPTION 'invalid schedule "%"', coalesce(timing, 'NULL')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Minute, hour, day of the month, month and day of the week as in a crontab: */5 * * * * is every five minutes, 0 3 * * * each night at three.';
    END IF;
    PERFORM require_cron(format(E'This line in the crontab of a user who may connect does the same:\n%s', crontab_line(timing, model, steps)));
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job USING 'csmetrics:' || model, timing, run_command(model, steps);
    RETURN job;
END
$schedule$;
COMMENT ON FUNCTION schedule(text, text, text[]) IS
'Runs the model by itself from now on: a job of pg_cron, named csmetrics:<model>, that calls run with the steps, with the rights of the caller. timing: as in a crontab, in the time zone of pg_cron (cron.timezone, GMT), or, from pg_cron 1.5 on, as 30 seconds. Gives the key of the job, in cron.job; cron.job_run_details tells how it went. Scheduled again, the model has the new schedule alone. Where pg_cron is not on the server: SQLSTATE 0A000, where it is not created in this database: 55000; the hint is a line for the system''s own cron. A schedule that cannot be read, an unknown step: 22023; an unknown model: 3F000.';

CREATE FUNCTION unschedule(model text) RETURNS boolean
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $unschedule$
DECLARE
    jobs bigint;
BEGIN
    PERFORM require_cron('What the system''s own cron runs is in a crontab: crontab -e.');
    EXECUTE 'SELECT count(cron.unschedule(jobid)) FROM cron.job WHERE jobname = $1 AND database = pg_catalog.current_database()' INTO jobs USING 'csmetrics:' || model;
    IF jobs = 0 THEN
        RAISE NOTICE 'model "%" is not scheduled', model;
    END IF;
    RETURN jobs > 0;
END
$unschedule$;
COMMENT ON FUNCTION unschedule(text) IS
'Ends what schedule began: removes the jobs of the model that the caller may see, whether there still is such a model or not. True if there was one; false, with a NOTICE, if there was none. Where pg_cron is not: SQLSTATE 0A000 or 55000, as schedule.';
-- A model is brought to the version of the extension: what a fresh model would be is made beside it, and the one in
-- hand is made like it. Views and functions are replaced in place, so that rights and what depends on them stay; tables
-- get the columns, constraints, indexes and triggers that they lack; what is in them stays.

CREATE OR REPLACE FUNCTION csmetrics.version_number(version text) RETURNS integer[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN pg_catalog.string_to_array(version, '.')::integer[];
COMMENT ON FUNCTION csmetrics.version_number(text) IS 'Internal: a version as numbers, which compare as versions do';

CREATE OR REPLACE FUNCTION csmetrics.model_version(model text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $version$
DECLARE
    here text := (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'csmetrics');
    made_by text;
BEGIN
    IF to_regclass(format('%I.model_version', model)) IS NULL THEN
        IF to_regclass(format('%I.policy', model)) IS NULL THEN
            RAISE EXCEPTION 'there is no model "%"', model
                USING ERRCODE = 'invalid_schema_name',
                      HINT = format('CALL csmetrics.create_model(%L) makes one.', model);
        END IF;
        RAISE EXCEPTION 'model "%" was made before csmetrics 0.1.0, and cannot be brought to %', model, here
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Make a new model, and map its sources anew; copy the rows of its settings.';
    END IF;
    EXECUTE format('SELECT v.version FROM %I.model_version v', model) INTO made_by;
    IF csmetrics.version_number(made_by) > csmetrics.version_number(here) THEN
        RAISE EXCEPTION 'model "%" was made by csmetrics %, which is newer than this extension, %', model, made_by, here
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Install the newer release on this server, then ALTER EXTENSION csmetrics UPDATE.';
    END IF;
    RETURN made_by;
END
$version$;
COMMENT ON FUNCTION csmetrics.model_version(text) IS
'The version of csmetrics that made a model or brought it up to date last. No such model: SQLSTATE 3F000; one of a '
'newer version than the extension, or of none: 55000.';

CREATE OR REPLACE FUNCTION csmetrics.own_objects(model text) RETURNS TABLE (classid oid, objid oid)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $own$
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT 'pg_class'::regclass::oid, c.oid FROM pg_class c, %1$I.model_version v
        WHERE c.relnamespace = $1 AND c.relkind = 'v' AND (c.relname = ANY (v.views) OR c.relname ~ '^kept_')
        UNION ALL
        SELECT 'pg_class'::regclass, c.oid FROM pg_class c
        WHERE c.relnamespace = $1 AND c.relkind = 'r' AND c.relname ~ '^fresh_'
        UNION ALL
        SELECT 'pg_proc'::regclass, p.oid FROM pg_proc p, %1$I.model_version v
        WHERE p.pronamespace = $1
          AND format('%%I(%%s)', p.proname, pg_get_function_identity_arguments(p.oid)) = ANY (v.routines) $query$,
                                model)
    USING quote_ident(model)::regnamespace::oid;
END
$own$;
COMMENT ON FUNCTION csmetrics.own_objects(text) IS
'Internal: the views, functions and working tables that csmetrics made in a model, with nothing of the user in them';

CREATE OR REPLACE FUNCTION csmetrics.is_replaceable(old oid, fresh oid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN fresh IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM pg_attribute a
        LEFT JOIN pg_attribute b ON b.attrelid = fresh AND b.attnum = a.attnum AND b.attname = a.attname
             AND b.atttypid = a.atttypid AND b.atttypmod = a.atttypmod
        WHERE a.attrelid = old AND a.attnum > 0 AND b.attnum IS NULL)
    -- a working table is left as it is, or made anew
    AND ((SELECT c.relkind FROM pg_class c WHERE c.oid = old) = 'v'
         OR (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = old AND a.attnum > 0)
            = (SELECT count(*) FROM pg_attribute b WHERE b.attrelid = fresh AND b.attnum > 0));
COMMENT ON FUNCTION csmetrics.is_replaceable(oid, oid) IS
'Internal: can CREATE OR REPLACE VIEW make the one view of the other? Only if columns are added at the end.';

CREATE OR REPLACE FUNCTION csmetrics.outdated_objects(model text, fresh text) RETURNS TABLE (classid oid, objid oid)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT o.classid, o.objid
    FROM csmetrics.own_objects(model) o
    LEFT JOIN pg_class c ON o.classid = 'pg_class'::regclass AND c.oid = o.objid
    LEFT JOIN pg_class n ON n.relnamespace = quote_ident(fresh)::regnamespace AND n.relname = c.relname
         AND n.relkind = c.relkind
    LEFT JOIN pg_proc p ON o.classid = 'pg_proc'::regclass AND p.oid = o.objid
    LEFT JOIN pg_proc q ON q.pronamespace = quote_ident(fresh)::regnamespace AND q.proname = p.proname
         AND pg_get_function_identity_arguments(q.oid) = pg_get_function_identity_arguments(p.oid)
         AND pg_get_function_result(q.oid) = pg_get_function_result(p.oid)
    WHERE CASE WHEN c.oid IS NOT NULL THEN NOT csmetrics.is_replaceable(c.oid, n.oid) ELSE q.oid IS NULL END;
END;
COMMENT ON FUNCTION csmetrics.outdated_objects(text, text) IS
'Internal: the objects of a model that have no successor in a fresh one that could be made of them in place';

CREATE OR REPLACE FUNCTION csmetrics.with_dependents(model text, fresh text)
RETURNS TABLE (classid oid, objid oid, is_own boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH RECURSIVE own AS MATERIALIZED (SELECT o.classid, o.objid FROM csmetrics.own_objects(model) o),
    gone AS (
        SELECT o.classid, o.objid FROM csmetrics.outdated_objects(model, fresh) o
        UNION
        -- a view depends by its rule
        SELECT CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass::oid END, coalesce(r.ev_class, d.objid)
        FROM gone g
        JOIN pg_depend d ON d.refclassid = g.classid AND d.refobjid = g.objid
        LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid)
    SELECT g.classid, g.objid, o.objid IS NOT NULL
    FROM gone g LEFT JOIN own o ON o.classid = g.classid AND o.objid = g.objid
    -- row types, defaults, indexes and the like go with their relation, and are nobody's
    WHERE o.objid IS NOT NULL
       OR g.classid NOT IN ('pg_type'::regclass, 'pg_attrdef'::regclass)
          AND NOT EXISTS (SELECT 1 FROM pg_class c
                          WHERE g.classid = 'pg_class'::regclass AND c.oid = g.objid AND c.relkind IN ('t', 'i'));
END;
COMMENT ON FUNCTION csmetrics.with_dependents(text, text) IS
'Internal: the outdated objects of a model and all that depends on them; is_own: made by csmetrics, not by the user';

CREATE OR REPLACE PROCEDURE csmetrics.require_no_dependents(model text, fresh text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $dependents$
DECLARE
    others text := (
        SELECT string_agg(pg_describe_object(d.classid, d.objid, 0), ', ' ORDER BY d.classid, d.objid)
        FROM csmetrics.with_dependents(model, fresh) d WHERE NOT d.is_own);
BEGIN
    IF others IS NOT NULL THEN
        RAISE EXCEPTION 'these depend on what changes in model "%": %', model, others
            USING ERRCODE = 'dependent_objects_still_exist',
                  DETAIL = (SELECT format('Changed are: %s.',
                                          string_agg(pg_describe_object(o.classid, o.objid, 0), ', ' ORDER BY o.objid))
                            FROM csmetrics.outdated_objects(model, fresh) o),
                  HINT = 'Drop them, update the model, and make them anew over it. Nothing was changed.';
    END IF;
END
$dependents$;
COMMENT ON PROCEDURE csmetrics.require_no_dependents(text, text) IS
'Internal: SQLSTATE 2BP01, which names them, if objects of the user depend on what cannot be replaced in place';

CREATE OR REPLACE FUNCTION csmetrics.rights_on(model text, fresh text) RETURNS TABLE (statement text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT format('GRANT %s ON %s TO %s%s', a.privilege_type,
                  CASE WHEN p.oid IS NULL THEN format('TABLE %I.%I', model, c.relname)
                       ELSE format('FUNCTION %I.%I(%s)', model, p.proname,
                                   pg_get_function_identity_arguments(p.oid)) END,
                  CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                  CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)
    FROM csmetrics.with_dependents(model, fresh) d
    LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
    LEFT JOIN pg_class n ON n.relnamespace = quote_ident(fresh)::regnamespace AND n.relname = c.relname
    LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
    LEFT JOIN pg_proc q ON q.pronamespace = quote_ident(fresh)::regnamespace AND q.proname = p.proname
         AND pg_get_function_identity_arguments(q.oid) = pg_get_function_identity_arguments(p.oid),
         LATERAL aclexplode(coalesce(c.relacl, p.proacl)) a
    WHERE d.is_own AND a.grantee <> coalesce(c.relowner, p.proowner) AND coalesce(n.oid, q.oid) IS NOT NULL;
END;
COMMENT ON FUNCTION csmetrics.rights_on(text, text) IS
'Internal: the statements that give the rights anew that others have on what will be dropped and made anew';

CREATE OR REPLACE PROCEDURE csmetrics.drop_outdated(model text, fresh text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $drop$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT CASE WHEN d.classid = 'pg_proc'::regclass
                    THEN format('DROP FUNCTION IF EXISTS %s CASCADE', d.objid::regprocedure)
                    ELSE format('DROP %s IF EXISTS %s CASCADE', CASE WHEN c.relkind = 'r' THEN 'TABLE' ELSE 'VIEW' END,
                                d.objid::regclass) END
        FROM csmetrics.with_dependents(model, fresh) d
        LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
        WHERE d.is_own
    LOOP
        EXECUTE statement;
    END LOOP;
END
$drop$;
COMMENT ON PROCEDURE csmetrics.drop_outdated(text, text) IS
'Internal: drops what cannot be replaced in place, with what of our own depends on it';

CREATE OR REPLACE FUNCTION csmetrics.missing_columns(model text, fresh text) RETURNS TABLE (statement text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN o.attnum IS NULL THEN
                    format('ALTER TABLE %s ADD COLUMN %I %s%s%s', c.oid::regclass, a.attname,
                           format_type(a.atttypid, a.atttypmod),
                           CASE WHEN a.attgenerated = 's' THEN format(' GENERATED ALWAYS AS (%s) STORED', e.value)
                                ELSE ' DEFAULT ' || e.value END,
                           CASE WHEN a.attnotnull THEN ' NOT NULL' END)
                WHEN e.value IS NULL THEN format('ALTER TABLE %s ALTER %I DROP DEFAULT', c.oid::regclass, a.attname)
                ELSE format('ALTER TABLE %s ALTER %I SET DEFAULT %s', c.oid::regclass, a.attname, e.value) END
    FROM pg_class n
    JOIN pg_class c ON c.relname = n.relname AND c.relnamespace = quote_ident(model)::regnamespace AND c.relkind = 'r'
    JOIN pg_attribute a ON a.attrelid = n.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
    LEFT JOIN pg_attribute o ON o.attrelid = c.oid AND o.attname = a.attname AND NOT o.attisdropped
    LEFT JOIN pg_attrdef w ON w.adrelid = o.attrelid AND w.adnum = o.attnum,
         LATERAL (SELECT pg_get_expr(f.adbin, f.adrelid)) e(value)
    WHERE n.relnamespace = quote_ident(fresh)::regnamespace AND n.relkind = 'r'
      AND (o.attnum IS NULL OR a.attgenerated = '' AND pg_get_expr(w.adbin, w.adrelid) IS DISTINCT FROM e.value)
    ORDER BY n.relname, a.attnum;
END;
COMMENT ON FUNCTION csmetrics.missing_columns(text, text) IS
'Internal: the statements that give the tables of a model the columns and defaults that a fresh one has';

CREATE OR REPLACE FUNCTION csmetrics.missing_parts(model text, fresh text) RETURNS TABLE (statement text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- the definitions name the schema of the fresh one
    SELECT replace(s.statement, quote_ident(fresh) || '.', quote_ident(model) || '.')
    FROM pg_class n
    JOIN pg_class c ON c.relname = n.relname AND c.relnamespace = quote_ident(model)::regnamespace AND c.relkind = 'r',
         LATERAL (
             SELECT 1 AS place, k.conname AS name,
                    format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.oid::regclass, k.conname,
                           pg_get_constraintdef(k.oid)) AS statement
             FROM pg_constraint k
             WHERE k.conrelid = n.oid AND k.contype IN ('c', 'p', 'u', 'x', 'f')
               AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.conrelid = c.oid AND o.conname = k.conname)
             UNION ALL
             SELECT 2, i.relname, pg_get_indexdef(i.oid)
             FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
             WHERE x.indrelid = n.oid AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.oid)
               AND NOT EXISTS (SELECT 1 FROM pg_class o WHERE o.relname = i.relname AND o.relnamespace = c.relnamespace)
             UNION ALL
             SELECT 3, t.tgname, pg_get_triggerdef(t.oid)
             FROM pg_trigger t
             WHERE t.tgrelid = n.oid AND NOT t.tgisinternal
               AND NOT EXISTS (SELECT 1 FROM pg_trigger o WHERE o.tgrelid = c.oid AND o.tgname = t.tgname)
             UNION ALL
             SELECT 4, a.attname, format('ALTER TABLE %s ALTER %I SET STATISTICS %s', c.oid::regclass, a.attname,
                                         coalesce(a.attstattarget, -1))
             FROM pg_attribute a
             JOIN pg_attribute o ON o.attrelid = c.oid AND o.attname = a.attname
             WHERE a.attrelid = n.oid AND a.attnum > 0 AND a.attstattarget IS DISTINCT FROM o.attstattarget) s
    WHERE n.relnamespace = quote_ident(fresh)::regnamespace AND n.relkind = 'r'
    ORDER BY s.place, n.relname, s.name;
END;
COMMENT ON FUNCTION csmetrics.missing_parts(text, text) IS
'Internal: the statements that give the tables of a model the constraints, indexes and triggers that a fresh one has';

CREATE OR REPLACE FUNCTION csmetrics.missing_sources(model text, fresh text) RETURNS TABLE (statement text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT CASE WHEN c.oid IS NULL
                THEN format('CREATE VIEW %I.%I WITH (security_invoker) AS %s', model, n.relname,
                            rtrim(pg_get_viewdef(n.oid), ';'))
                ELSE format('CREATE OR REPLACE VIEW %s WITH (security_invoker) AS SELECT q.*, %s FROM (%s) q',
                            c.oid::regclass, string_agg(format('NULL::%s AS %I', format_type(a.atttypid, a.atttypmod),
                                                               a.attname), ', ' ORDER BY a.attnum),
                            rtrim(pg_get_viewdef(c.oid), ';')) END
    FROM pg_class n
    LEFT JOIN pg_class c ON c.relname = n.relname AND c.relnamespace = quote_ident(model)::regnamespace
    JOIN pg_attribute a ON a.attrelid = n.oid AND a.attnum > 0
    WHERE n.relnamespace = quote_ident(fresh)::regnamespace AND n.relname ~ '^source_'
      AND NOT EXISTS (SELECT 1 FROM pg_attribute o WHERE o.attrelid = c.oid AND o.attname = a.attname)
    GROUP BY n.oid, n.relname, c.oid
    UNION ALL
    SELECT format('CREATE VIEW %I.%I WITH (security_invoker) AS SELECT NULL::text AS complaint, s.* FROM %1$I.%3$I s',
                  model, n.relname, regexp_replace(n.relname, '^kept_', 'source_'))
    FROM pg_class n
    WHERE n.relnamespace = quote_ident(fresh)::regnamespace AND n.relname ~ '^kept_'
      AND NOT EXISTS (SELECT 1 FROM pg_class c
                      WHERE c.relname = n.relname AND c.relnamespace = quote_ident(model)::regnamespace);
END;
COMMENT ON FUNCTION csmetrics.missing_sources(text, text) IS
'Internal: the statements that give a model the source views, and columns of these, that a fresh one has, empty, and '
'the views of what is kept of them';

CREATE OR REPLACE PROCEDURE csmetrics.run_changes(model text, made_by text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $changes$
DECLARE
    change record;
BEGIN
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    FOR change IN
        SELECT c.file, c.ddl FROM csmetrics.model_change c
        WHERE csmetrics.version_number(c.version) > csmetrics.version_number(made_by)
        ORDER BY csmetrics.version_number(c.version)
    LOOP
        CALL csmetrics.run_script(change.ddl, change.file);
    END LOOP;
END
$changes$;
COMMENT ON PROCEDURE csmetrics.run_changes(text, text) IS
'Internal: runs the scripts that change tables of a model, of all versions after the one that made it';

CREATE OR REPLACE PROCEDURE csmetrics.update_model(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off AS $update$
DECLARE
    made_by text := csmetrics.model_version(model);
    fresh text := format('csmetrics_update_%s', pg_backend_pid());
    told text := current_setting('client_min_messages');
    key_type regtype;
    rights text[];
    statement text;
    changed integer := 0;
BEGIN
    RAISE NOTICE 'updating model "%", made by csmetrics % ...', model, made_by;
    EXECUTE format('LOCK TABLE %I.policy, %1$I.account_state IN ACCESS EXCLUSIVE MODE', model);
    key_type := csmetrics.key_type(model)::regtype;
    CALL csmetrics.run_changes(model, made_by);
    CALL csmetrics.create_model(fresh, key_type);
    CALL csmetrics.require_no_dependents(model, fresh);
    rights := ARRAY(SELECT r.statement FROM csmetrics.rights_on(model, fresh) r);
    CALL csmetrics.drop_outdated(model, fresh);
    FOR statement IN
        SELECT s.statement FROM csmetrics.missing_columns(model, fresh) s
        UNION ALL SELECT s.statement FROM csmetrics.missing_sources(model, fresh) s
    LOOP
        EXECUTE statement;
        changed := changed + 1;
    END LOOP;
    CALL csmetrics.run_parts(model, key_type, true);
    FOR statement IN SELECT s.statement FROM csmetrics.missing_parts(model, fresh) s LOOP
        EXECUTE statement;
        changed := changed + 1;
    END LOOP;
    FOREACH statement IN ARRAY rights LOOP
        EXECUTE statement;
    END LOOP;
    PERFORM set_config('client_min_messages', 'warning', true);
    EXECUTE format('DROP SCHEMA %I CASCADE', fresh);
    PERFORM set_config('client_min_messages', told, true);
    -- histories may be made of more now: the next refresh reads all
    EXECUTE format('UPDATE %I.refreshed_source SET policy_hash = '''' WHERE $1', model)
        USING changed > 0 OR made_by <> csmetrics.model_version(model);
    RAISE NOTICE 'model "%" is of csmetrics % now, its tables changed in % places: CALL csmetrics.refresh(%)', model,
        csmetrics.model_version(model), changed, quote_literal(model);
END
$update$;
COMMENT ON PROCEDURE csmetrics.update_model(text) IS
'Brings a model of an older version to that of the extension, and mends one whose parts were lost by DROP EXTENSION '
'CASCADE; settings, records and rights stay. Objects of the user that depend on what changes are named: SQLSTATE '
'2BP01; a model too new or too old: 55000. In one transaction.';
-- The metric catalog: what each figure is, how it is worked out, after whom, which rules of the policy define it, and where it is
-- shown. It holds what is written nowhere else: what is in model_metric, model_column, the policy and the views is read from there.
CREATE TABLE metric_definition (
    position   smallint PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    family     text NOT NULL,
    title      text NOT NULL,
    definition text,
    formula    text NOT NULL,
    unit       text NOT NULL CHECK (unit IN ('rate', 'score', 'days', 'hours', 'mrr', 'count', 'money')),
    benchmark  numrange CHECK (NOT isempty(benchmark)),
    source     text,
    options    text[] NOT NULL,
    columns    text[] NOT NULL,
    functions  text[] NOT NULL,
    CHECK (columns <> '{}' OR functions <> '{}'),
    CHECK (columns <> '{}' OR definition IS NOT NULL));
COMMENT ON TABLE metric_definition IS 'What of the metric catalog is written nowhere else; see view metric_catalog. One row a metric.';
COMMENT ON COLUMN metric_definition.position IS 'Its place in the catalog';
COMMENT ON COLUMN metric_definition.name IS 'Name of the metric; those of model_metric are among them';
COMMENT ON COLUMN metric_definition.family IS 'What it belongs to: revenue, value, onboarding, support, satisfaction, usage, health, prediction, playbook, comparison or data';
COMMENT ON COLUMN metric_definition.title IS 'What people call it';
COMMENT ON COLUMN metric_definition.definition IS 'What it says; NULL: what model_metric says of it, or else model_column of its first column';
COMMENT ON COLUMN metric_definition.formula IS 'How it is worked out';
COMMENT ON COLUMN metric_definition.unit IS 'Unit of its readings: rate (a ratio), score (points), days, hours, mrr (money a month), count or money';
COMMENT ON COLUMN metric_definition.benchmark IS 'Where a reading should lie by common practice, in its unit; a round bracket leaves the limit out and a square one has it in. NULL: there is no such figure';
COMMENT ON COLUMN metric_definition.source IS 'Whose formula it is; NULL: nobody''s in particular';
COMMENT ON COLUMN metric_definition.options IS 'Rules of the policy that define it, besides those that define all';
COMMENT ON COLUMN metric_definition.columns IS 'Columns of the views that show it or what it is made of, the metric itself first; ends of intervals are not named, as they bear its name';
COMMENT ON COLUMN metric_definition.functions IS 'Functions that work it out from states, plain columns or histories';

INSERT INTO metric_definition
SELECT row_number() OVER (), m.name, m.family, m.title, m.definition, m.formula, m.unit, m.benchmark::numrange, m.source, coalesce(f.options, '{}') || m.options::text[], m.columns::text[], m.functions::text[]
FROM (VALUES
('mrr', 'revenue', 'Monthly recurring revenue (MRR)', NULL, 'sum of the MRR in force at the end of the period: prices brought to a month, recurring discounts off, without tax, usage and one-off charges', 'mrr', NULL, 'common practice of subscription analytics: a state at an instant, not what was invoiced',
 '{}', '{mrr,closing_mrr,opening_mrr,closing_count,opening_count,without_closing_mrr,closing_change_mrr}', '{mrr,term_mrr,mrr_at,active_at,opening_mrr,closing_mrr,opening_count,closing_count,first_paid_on}'),
('earned_revenue', 'revenue', 'Revenue earned', 'Money earned on the days between two days', 'sum over days of the MRR in force / days of the month', 'money', NULL, NULL, '{}', '{}', '{revenue_between}'),
('movement', 'revenue', 'Movement of MRR', NULL, 'closing - opening MRR of one account over the period, under one name', 'mrr', NULL, 'revenue bridge (MRR waterfall)', '{}', '{amount_mrr}', '{changes,movements,revenue_flows}'),
('new_mrr', 'revenue', 'New MRR', NULL, 'sum of closing MRR of accounts that never had any before the period', 'mrr', NULL, 'revenue bridge (MRR waterfall)', '{}', '{new_mrr,new_count,joined_mrr,joined_count}', '{new_mrr,new_count}'),
('reactivation_mrr', 'revenue', 'Reactivation MRR', NULL, 'sum of closing MRR of accounts that had some before, and none at the opening', 'mrr', NULL, 'revenue bridge (MRR waterfall)', '{}', '{reactivation_mrr,reactivation_count}', '{movements}'),
('resume_mrr', 'revenue', 'Resumed MRR', NULL, 'sum of closing MRR of accounts that were paused at the opening', 'mrr', NULL, NULL, '{}', '{resume_mrr,resume_count}', '{movements}'),
('expansion_mrr', 'revenue', 'Expansion MRR', NULL, 'sum of (closing - opening) MRR of accounts that closed above their opening, which was above 0', 'mrr', NULL, 'revenue bridge (MRR waterfall)', '{}', '{expansion_mrr,expansion_count}', '{expansion_mrr,expansion_count}'),
('expansion', 'revenue', 'Expansion rate', 'MRR that accounts added / opening MRR', 'expansion MRR / opening MRR', 'rate', NULL, NULL, '{}', '{}', '{expansion}'),
('contraction_mrr', 'revenue', 'Contraction MRR', NULL, 'sum of (opening - closing) MRR of accounts that closed below their opening, and above 0', 'mrr', NULL, 'revenue bridge (MRR waterfall)', '{}', '{contraction_mrr,contraction_count}', '{contraction_mrr,contraction_count}'),
('contraction', 'revenue', 'Contraction rate', NULL, 'contraction MRR / opening MRR', 'rate', NULL, NULL, '{}', '{contraction_rate}', '{contraction}'),
('pause_mrr', 'revenue', 'Paused MRR', NULL, 'sum of opening MRR of accounts that closed paused, less that of pauses that ended in churn', 'mrr', NULL, NULL, '{}', '{pause_mrr,pause_count}', '{movements}'),
('churn_mrr', 'revenue', 'Churned MRR', NULL, 'sum of opening MRR of accounts that closed without, and of pauses that ended without', 'mrr', NULL, 'revenue bridge (MRR waterfall)', '{}', '{churn_mrr,left_mrr}', '{churned_mrr}'),
('discount', 'revenue', 'Discounts', NULL, '(recurring + one-off and limited discounts) / MRR at list price, of the subscriptions in force', 'rate', NULL, NULL, '{}', '{discount_rate,discount_mrr,limited_discount_mrr,list_mrr,discounted_count}', '{counted_mrr}'),
('fx_mrr', 'revenue', 'Effect of exchange rates', NULL, 'closing MRR at the rates of the end - opening MRR at the rates of the day before - movements at the rate of rate_rule', 'mrr', NULL, 'constant-currency reporting',
 '{rate_max_age_days}', '{fx_mrr,own_opening_mrr,own_closing_mrr}', '{scale}'),
('intra_period_mrr', 'revenue', 'MRR within the period', NULL, 'sum of the MRR of accounts that joined and left within the period', 'mrr', NULL, NULL, '{}', '{intra_period_mrr,intra_period_count}', '{intra_period_mrr,intra_period_count}'),
('nrr', 'revenue', 'Net revenue retention (NRR)', NULL, 'sum of closing MRR / sum of opening MRR, over the accounts with opening MRR; who joined since is in neither', 'rate', '(1.10,)', 'point-to-point cohort, as most listed software companies report it; interval: ratio estimator (Cochran, Sampling Techniques)',
 '{confidence}', '{nrr_rate,without_nrr_rate,nrr_change_rate}', '{nrr,nrr_interval,retention}'),
('nrr_movement', 'revenue', 'NRR by movements', NULL, '(opening + expansion - contraction - churn of the twelve months) / opening MRR', 'rate', NULL, 'a variant in use, for comparison', '{}', '{nrr_movement_rate}', '{retention}'),
('nrr_chained', 'revenue', 'NRR chained', NULL, 'product of the twelve monthly NRRs', 'rate', NULL, 'a variant in use, for comparison', '{}', '{nrr_chained_rate}', '{retention}'),
('nrr_ttm_avg', 'revenue', 'NRR, mean of twelve months', NULL, 'sum over twelve months of NRR x opening MRR / sum of opening MRR', 'rate', NULL, 'a variant in use, for comparison', '{}', '{nrr_ttm_avg_rate}', '{retention}'),
('grr', 'revenue', 'Gross revenue retention (GRR)', NULL, 'sum of least(opening, closing) MRR, account by account / sum of opening MRR', 'rate', NULL, 'SaaS Metrics Standards Board: the starting cohort, capped at 100 %; interval: ratio estimator (Cochran, Sampling Techniques)',
 '{confidence}', '{grr_rate,kept_mrr,without_grr_rate,grr_change_rate}', '{grr,grr_interval,retention}'),
('logo_churn', 'revenue', 'Logo churn', NULL, 'accounts with opening MRR that closed without / accounts with opening MRR', 'rate', '(,0.05)', 'cohort at the opening; interval: Wilson (1927)',
 '{confidence}', '{logo_churn_rate,churn_count,left_count,without_logo_churn_rate,logo_churn_change_rate}', '{logo_churn,logo_churn_interval,churned_count,churned_on,account_count}'),
('logo_churn_average', 'revenue', 'Logo churn of the mean', NULL, 'all accounts that left / ((opening + closing accounts) / 2)', 'rate', NULL, NULL, '{}', '{logo_churn_average_rate}', '{logo_churn}'),
('renewal_churn', 'revenue', 'Churn of renewals due', 'Renewals lost / renewals due in the period', 'renewals that fell due and were not renewed / renewals that fell due: logo_churn and revenue_churn with the denominator up_for_renewal', 'rate', NULL, NULL, '{}', '{}', '{logo_churn,revenue_churn,due_count,due_mrr,unrenewed_count,unrenewed_mrr}'),
('annualized_logo_churn', 'revenue', 'Logo churn of a month, brought to a year', NULL, '1 - (1 - churn of the month) ^ 12', 'rate', NULL, 'compounding', '{}', '{annualized_logo_churn_rate}', '{annualize_churn,monthly_churn}'),
('trailing_year_logo_churn', 'revenue', 'Logo churn of twelve months', NULL, '1 - product over the twelve months of (1 - churn)', 'rate', NULL, 'compounding', '{}', '{trailing_year_logo_churn_rate}', '{annualize_churn}'),
('revenue_churn', 'revenue', 'Gross revenue churn', NULL, 'churned MRR / opening MRR', 'rate', NULL, NULL, '{}', '{revenue_churn_rate}', '{revenue_churn}'),
('net_revenue_churn', 'revenue', 'Net revenue churn', NULL, '1 - NRR', 'rate', NULL, NULL, '{}', '{net_revenue_churn_rate}', '{net_revenue_churn}'),
('quick_ratio', 'revenue', 'SaaS quick ratio', 'MRR gained / MRR lost', '(new + returning + expansion MRR) / (contraction + churned MRR)', 'rate', NULL, NULL, '{}', '{}', '{quick_ratio}'),
('arpa', 'revenue', 'Average revenue per account (ARPA)', NULL, 'MRR / accounts with MRR', 'mrr', NULL, NULL, '{}', '{arpa_mrr,paying_count}', '{}'),
('mrr_change', 'revenue', 'Change of MRR', NULL, 'MRR / MRR health_days before - 1', 'rate', NULL, NULL, '{health_days}', '{mrr_change}', '{mrr_at}'),
('logo_retention', 'revenue', 'Logo retention of a cohort', NULL, 'accounts of the cohort with MRR at this age / accounts of the cohort', 'rate', NULL, 'retention triangle by month of first MRR', '{}', '{logo_retention_rate,retained_count}', '{cohort_retention,cohort_average}'),
('gross_retention', 'revenue', 'Gross retention of a cohort', NULL, 'sum of least(MRR of the first day, MRR at this age), account by account / MRR of the first days', 'rate', NULL, 'retention triangle by month of first MRR', '{}', '{gross_retention_rate,start_mrr}', '{cohort_retention,cohort_average}'),
('net_retention', 'revenue', 'Net retention of a cohort', NULL, 'MRR of the cohort at this age / MRR of the first days', 'rate', NULL, 'retention triangle by month of first MRR', '{}', '{net_retention_rate}', '{cohort_retention,cohort_average}'),

('tenure', 'value', 'Tenure', NULL, 'median of the days from the first MRR to the loss of the last, accounts still there censored', 'days', NULL, 'Kaplan and Meier (1958)', '{confidence}', '{tenure_median_days,tenure_days,churned_count}', '{median_duration,median_duration_interval}'),
('retained_12_months', 'value', 'Retained for a year', NULL, 'survival curve of tenure at 366 days', 'rate', NULL, 'Kaplan and Meier (1958)', '{confidence}', '{retained_12_months_rate}', '{survival}'),
('monthly_churn', 'value', 'Monthly churn', NULL, 'losses / months that accounts began with MRR, over the last twelve months', 'rate', NULL, 'occurrence / exposure', '{confidence}', '{monthly_churn_rate,lost_months_count,exposed_months_count}', '{monthly_churn}'),
('cltv', 'value', 'Customer lifetime value, simple', NULL, 'ARPA x gross margin / monthly churn', 'money', NULL, 'common practice; assumes that churn never changes', '{gross_margin,confidence}', '{cltv_amount}', '{cltv}'),
('discounted_cltv', 'value', 'Customer lifetime value, discounted', NULL, 'sum over the months of the horizon of ARPA x gross margin x survival x (1 + expansion) ^ month / (1 + discount) ^ (month / 12)', 'money', NULL, 'survival: Kaplan and Meier (1958)',
 '{gross_margin,annual_discount,monthly_expansion,value_months,confidence}', '{discounted_cltv_amount,weighted_cltv_amount,known_months}', '{cltv_discounted,expected_payments}'),
('sbg_cltv', 'value', 'Customer lifetime value by the sBG model', NULL, 'ARPA x gross margin x expected discounted payments of the shifted-beta-geometric model fitted to monthly renewals', 'money', NULL, 'Fader and Hardie, How to Project Customer Retention (2007)', '{gross_margin,annual_discount}', '{sbg_cltv_amount,sbg_alpha,sbg_beta,renewal_count}', '{sbg_fit,sbg_retention,sbg_residual_lifetime,account_count,churned_count}'),
('log_rank', 'value', 'Log-rank test', NULL, 'log-rank statistic of the curves of the values of the dimension', 'rate', NULL, 'Mantel (1966)', '{}', '{log_rank_p}', '{log_rank}'),

('time_to_value', 'onboarding', 'Time to value', NULL, 'median of the days from the start to first value, accounts that wait censored, those lost before as the policy says', 'days', '(,30)', 'Kaplan and Meier (1958); lost before value: Aalen and Johansen (1978)',
 '{ttv_start_rule,lost_before_value_rule,confidence,value_event}', '{ttv_median_days,ttv_days,time_to_value,reached_count,waiting_count,lost_count}', '{median_duration,median_duration_interval,duration_quantile,duration_quantile_interval,subject_count,ended_count,censored_count,competing_count,rejected_count,is_exact,started_at,value_at}'),
('within_30_days', 'onboarding', 'First value within 30 days', NULL, '1 - survival curve at 30 days', 'rate', NULL, 'Kaplan and Meier (1958); lost before value: Aalen and Johansen (1978)', '{ttv_start_rule,lost_before_value_rule,confidence,value_event}', '{within_30_days_rate}', '{share_within,share_within_interval}'),
('naive_time_to_value', 'onboarding', 'Time to value of who got there', NULL, 'mean and median of the days of accounts that reached first value', 'days', NULL, 'usual, and too low while others wait', '{ttv_start_rule,value_event}', '{naive_ttv_median_days,naive_ttv_mean_days}', '{naive_mean,naive_median,naive_quantile}'),
('survival', 'onboarding', 'Survival curve', 'Share of subjects that have not had the event yet, by the time since their start', 'product over the lengths so far of (1 - ended / at risk); restricted_mean is the area below it', 'rate', NULL, 'Kaplan and Meier (1958); competing events: Aalen and Johansen (1978)', '{}', '{}', '{survival,incidence,restricted_mean,restricted_mean_interval}'),
('milestones', 'onboarding', 'Milestones reached', NULL, 'milestones reached / milestones due', 'rate', NULL, NULL, '{}', '{milestones}', '{due_reached_share,reached_count,due_count,overdue_count}'),
('customer_age', 'onboarding', 'Days as a customer', NULL, 'day of the reading - first day with MRR', 'days', NULL, NULL, '{}', '{customer_days}', '{first_paid_on}'),

('resolution', 'support', 'Time to resolution', NULL, 'median, and ninth decile, of the hours from opening to the last solve, open tickets censored', 'hours', NULL, 'Kaplan and Meier (1958)',
 '{business_hours,business_hours_from,confidence}', '{resolution_median_hours,resolution_p90_hours,resolution}', '{median_resolution,median_duration,duration_quantile,business_time,handling_time,opened_count}'),
('naive_resolution', 'support', 'Time to resolution of solved tickets', NULL, 'mean, median and ninth decile of the hours of solved tickets', 'hours', NULL, 'usual, and too low while others are open', '{business_hours,business_hours_from}', '{naive_resolution_median_hours,naive_resolution_mean_hours,naive_resolution_p90_hours}', '{naive_mean,naive_median,naive_quantile}'),
('first_reply', 'support', 'Time to first reply', NULL, 'median of the hours from opening to the first reply, tickets that wait censored', 'hours', NULL, 'Kaplan and Meier (1958)', '{business_hours,business_hours_from,confidence}', '{first_reply_median_hours}', '{median_duration}'),
('fcr', 'support', 'First contact resolution (FCR), gross', NULL, 'tickets without reopening and without further contact on the same topic within contact_window_days / tickets solved and that old', 'rate', '[0.75,0.85]', 'practice of help desks; interval: Wilson (1927)', '{contact_window_days,confidence}', '{fcr_rate,judged_count,without_fcr_rate,fcr_change_rate}', '{first_contact_resolution,ticket_facts}'),
('fcr_net', 'support', 'First contact resolution (FCR), net', NULL, 'as fcr, of tickets that were not escalated', 'rate', NULL, 'practice of help desks; interval: Wilson (1927)', '{contact_window_days,confidence}', '{fcr_net_rate}', '{first_contact_resolution}'),
('one_touch', 'support', 'One-touch resolution', NULL, 'tickets solved with one agent reply and not reopened / solved tickets whose replies are known', 'rate', NULL, 'practice of help desks; interval: Wilson (1927)', '{confidence}', '{one_touch_rate}', '{first_contact_resolution}'),
('reopen', 'support', 'Reopened tickets', NULL, 'tickets opened again / tickets solved', 'rate', NULL, 'interval: Wilson (1927)', '{confidence}', '{reopen_rate,resolved_count,reopened_90_days_count,reopening}', '{reopened_share}'),
('friction', 'support', 'Friction', NULL, 'tickets of the last 90 days that are a further contact, were reopened or escalated, each once / tickets opened in them', 'rate', NULL, NULL, '{contact_window_days}', '{friction_rate,friction_count,opened_90_days_count,repeated_90_days_count,repeated_contact}', '{repeated_share}'),
('escalation', 'support', 'Escalations', NULL, 'tickets that were escalated; days for which the oldest open one has been', 'count', NULL, NULL, '{}', '{escalated_count,escalated_90_days_count,escalated_open_count,open_escalations,escalation_days}', '{escalated_open_count,escalated_open_days}'),
('backlog', 'support', 'Backlog', NULL, 'tickets open at the end of the period, and their mean age', 'count', NULL, NULL, '{}', '{backlog_count,backlog_age_days,open_count,oldest_open_days}', '{open_count,last_opened_at,first_opened_at}'),
('ticket_volume', 'support', 'Tickets', NULL, 'tickets opened, and tickets solved, in the period', 'count', NULL, NULL, '{}', '{opened_count,solved_count}', '{opened_count}'),

('csat', 'satisfaction', 'Customer satisfaction (CSAT)', NULL, 'answers of satisfied_from or more, on 1 to 5 / all valid answers, neutral ones too', 'rate', '[0.80,0.90]', 'top-two box of five; interval: Wilson (1927)', '{satisfied_from,confidence}', '{csat_rate,csat_count,csat,without_csat_rate,csat_change_rate}', '{csat,csat_interval,answer_count,missing_count,rejected_count,small_sample,rescale,answer_facts}'),
('csat_response', 'satisfaction', 'Response rate of CSAT', NULL, 'questions answered so far / questions sent', 'rate', NULL, 'interval: Wilson (1927)', '{confidence}', '{csat_response_rate,csat_sent_count}', '{response_rate,response_rate_interval}'),
('ces', 'satisfaction', 'Customer effort score (CES)', NULL, 'mean answer on 1 to 7, 7 being the easiest; other scales are brought to it', 'score', '(5.0,)', 'CES 2.0, seven points of agreement; the score: Dixon, Freeman and Toman (2010); interval: Student (1908)', '{confidence}', '{ces_score,ces_count}', '{ces,ces_interval}'),
('ces_easy', 'satisfaction', 'Easy answers of CES', NULL, 'answers from 5 on, of 1 to 7 / all answers', 'rate', NULL, 'CES 2.0; interval: Wilson (1927)', '{confidence}', '{ces_easy_rate}', '{ces_share}'),
('ces_response', 'satisfaction', 'Response rate of CES', NULL, 'questions answered so far / questions sent', 'rate', NULL, 'interval: Wilson (1927)', '{confidence}', '{ces_response_rate,ces_sent_count}', '{response_rate,response_rate_interval}'),
('nps', 'satisfaction', 'Net Promoter Score (NPS)', NULL, '100 x (promoters, 9 and 10, - detractors, below 7) / all answers from 0 to 10', 'score', NULL, 'Reichheld, The One Number You Need to Grow (2003); interval: adjusted Wald (MeasuringU)', '{confidence}', '{nps_score,nps_count,promoter_count,passive_count,detractor_count,nps,without_nps_score,nps_change_score}', '{nps,nps_interval,promoter_count,passive_count,detractor_count}'),
('nps_response', 'satisfaction', 'Response rate of NPS', NULL, 'questions answered so far / questions sent', 'rate', NULL, 'interval: Wilson (1927)', '{confidence}', '{nps_response_rate,nps_sent_count}', '{response_rate,response_rate_interval}'),
('mean_answer', 'satisfaction', 'Mean answer', 'Mean of the answers on the scale that they were given', 'sum of answers / answers', 'score', NULL, NULL, '{}', '{}', '{mean_score,score_stddev,mean_answer}'),

('dau', 'usage', 'Daily active accounts', NULL, 'distinct accounts with usage on the day', 'count', NULL, NULL, '{}', '{dau_count}', '{active_series}'),
('wau', 'usage', 'Weekly active accounts', NULL, 'distinct accounts with usage in the 7 days up to the day', 'count', NULL, NULL, '{}', '{wau_count}', '{active_series}'),
('mau', 'usage', 'Monthly active accounts', NULL, 'distinct accounts with usage in the 28 days up to the day', 'count', NULL, 'trailing 28 days, so that weekdays are balanced', '{}', '{mau_count,new_active_count,retained_active_count,resurrected_active_count,dormant_count}', '{active_series,is_active,account_count}'),
('stickiness', 'usage', 'Stickiness', NULL, 'days on which accounts of mau were active / those of the 28 days from the first activity of each on', 'rate', NULL, 'mean DAU / MAU', '{weekdays_only}', '{stickiness_rate}', '{active_series}'),
('active_days', 'usage', 'Active days', NULL, 'distinct days with usage in the last 28', 'days', NULL, NULL, '{}', '{active_28_days_count}', '{active_days}'),
('usage_trend', 'usage', 'Trend of usage', NULL, 'events a day of the last trend_days days / those of as many before - 1', 'rate', NULL, 'test and interval: Welch (1947), days as the sample', '{trend_days,confidence}', '{change_rate,recent_events_rate,before_events_rate,trend_events_rate,trend_lower_rate,trend_upper_rate,trend_p,trend,events_28_days_count}', '{usage_trend,usage_change,events_between}'),
('consistency', 'usage', 'Consistency of usage', NULL, 'weeks with usage / weeks, of the last 8', 'rate', NULL, NULL, '{week_start}', '{consistency_rate,consistency}', '{consistency}'),
('idle', 'usage', 'Days without usage', NULL, 'day of the reading - last day with usage', 'days', NULL, NULL, '{}', '{idle_days}', '{last_active_on,first_active_on}'),
('longest_gap', 'usage', 'Longest gap in usage', NULL, 'longest run of days without usage in the last 90', 'days', NULL, NULL, '{}', '{longest_gap_days}', '{longest_gap}'),
('streak', 'usage', 'Streak', NULL, 'days with usage in a row, up to the day of the reading', 'days', NULL, NULL, '{}', '{streak_days}', '{streak}'),
('adoption', 'usage', 'Feature adoption', NULL, 'eligible accounts that used the feature in the last adoption_days / accounts entitled to it', 'rate', NULL, 'interval: Wilson (1927)', '{adoption_days,confidence,adoption_threshold}', '{adoption_rate,adopter_count,eligible_count,unentitled_count}', '{feature_adoption,account_count,active_count}'),
('activation', 'usage', 'Time to adopt a feature', NULL, 'median of the days from entitlement to first use, those that have not used it censored', 'days', NULL, 'Kaplan and Meier (1958)', '{}', '{activation_median_days}', '{feature_adoption,first_used_on}'),
('breadth', 'usage', 'Breadth of usage', NULL, 'different features used / features that the account is entitled to', 'rate', NULL, NULL, '{adoption_days}', '{breadth_rate,breadth,features_used_count,entitled_count}', '{breadth,features_used,feature_facts}'),
('depth', 'usage', 'Depth of usage', NULL, 'features used on at least 4 of the last 28 days / features that the account is entitled to', 'rate', NULL, NULL, '{}', '{depth}', '{features_used}'),
('seat_use', 'usage', 'Seats in use', NULL, 'users active in the last adoption_days / seats bought', 'rate', NULL, NULL, '{adoption_days}', '{seat_use_rate,seat_use,active_user_count,user_count,seat_count}', '{}'),
('events_per_user', 'usage', 'Events an active user', NULL, 'events of the last adoption_days / users active in them; and of the user in the middle', 'rate', NULL, NULL, '{adoption_days}', '{events_per_user_rate,events_median_rate}', '{events_between}'),
('n_day_retention', 'usage', 'Usage retention, bracket by bracket', NULL, 'accounts active in that very bracket since their first active day / accounts whose bracket is over', 'rate', NULL, NULL, '{retention_days}', '{n_day_rate,n_day_count,mature_count}', '{usage_retention,usage_retention_average,account_count}'),
('unbounded_retention', 'usage', 'Usage retention, that bracket or later', NULL, 'accounts active in that bracket or later / accounts whose bracket is over', 'rate', NULL, NULL, '{retention_days}', '{unbounded_rate,unbounded_count}', '{usage_retention,usage_retention_average}'),
('rolling_retention', 'usage', 'Usage retention, every bracket', NULL, 'accounts active in every bracket up to that one / accounts whose bracket is over', 'rate', NULL, NULL, '{retention_days}', '{rolling_rate,rolling_count}', '{usage_retention,usage_retention_average}'),

('health', 'health', 'Health score', NULL, 'sum of weight x value / sum of weight of the signals whose value is known, component by component; the reading of a group is the mean, each account alike', 'score', '(70,)', NULL,
 '{health_min_coverage,health_method,health_days}', '{health_score,mean_score,before_score,before_mean_score,opening_score,closing_score}', '{score,score_of,mean_score,health_reasons,scored_count,account_count}'),
('weighted_health', 'health', 'Health score, by MRR', NULL, 'sum of MRR x score / sum of MRR, of the accounts whose score is known', 'score', NULL, NULL, '{health_min_coverage,health_method,health_days}', '{weighted_score}', '{weighted_score}'),
('worst_health', 'health', 'Lowest health score', NULL, 'least score of the group', 'score', NULL, NULL, '{health_min_coverage,health_method,health_days}', '{worst_score,worst_child_score}', '{worst_score}'),
('parent_health', 'health', 'Health score of a parent account', NULL, 'mean score of the child accounts, each by its MRR, without and with the parent', 'score', NULL, NULL, '{health_min_coverage,health_method,health_days}', '{children_score,with_parent_score,child_count}', '{weighted_score}'),
('signal_value', 'health', 'Value of a signal', NULL, 'the reading on a scale from worst, 0, to best, 100; its points are what it gives to the score, or takes from 100', 'score', NULL, NULL, '{health_days}', '{value_score,before_value_score,mean_value_score,points,lost_points,mean_lost_points}', '{contributions,normalize,normalize_linear,normalize_logistic,normalize_percentile,normalize_piecewise,freshness,signal_at,signal_count,signal_sum,signal_given_at}'),
('coverage', 'health', 'Coverage of the health score', NULL, 'weight of the signals whose value is known / weight of all', 'rate', NULL, NULL, '{health_min_coverage}', '{coverage_rate,known_rate,known_count}', '{coverage}'),
('tier', 'health', 'Accounts by tier', NULL, 'accounts, and their MRR, by the tier of the unrounded score: Green, Yellow, Red or Unknown; green_rate is the share that is Green', 'rate', NULL, NULL, '{health_green_from,health_yellow_from,health_min_coverage,health_method,health_days}', '{green_rate,green_count,yellow_count,red_count,unknown_count,green_mrr,yellow_mrr,unknown_mrr}', '{tier,held_tier,health_tiers}'),
('red_mrr', 'health', 'Revenue at risk', NULL, 'sum of MRR of the accounts that are Red', 'mrr', NULL, NULL, '{health_yellow_from,health_min_coverage,health_method,health_days}', '{red_mrr}', '{health_tiers}'),
('red_mrr_share', 'health', 'Share of revenue at risk', NULL, 'MRR of the accounts that are Red / MRR of all', 'rate', NULL, NULL, '{health_yellow_from,health_min_coverage,health_method,health_days}', '{red_mrr_rate}', '{health_tiers}'),
('at_risk_mrr', 'health', 'MRR by lacking points', NULL, 'MRR x (100 - score) / 100', 'mrr', NULL, NULL, '{health_min_coverage,health_method,health_days}', '{at_risk_mrr}', '{}'),
('health_change', 'health', 'Change of the health score', NULL, 'score - score movement_days before, by the rules of now', 'score', NULL, NULL, '{movement_days,health_margin,health_min_coverage,health_method,health_days}', '{change_points}', '{health_change}'),
('tier_moves', 'health', 'Accounts that changed their tier', NULL, 'accounts in a better, or worse, tier than a week before', 'count', NULL, NULL, '{health_green_from,health_yellow_from,health_min_coverage,health_method,health_days}', '{improved_count,declined_count,into_red_count,into_red_mrr,out_of_red_count,before_red_count}', '{}'),
('renewal', 'health', 'Renewal ahead', NULL, 'day of the next renewal - day of the reading; and the share of MRR that is not under notice', 'days', NULL, NULL, '{}', '{renewal_days,renewal_posture}', '{}'),

('auc', 'prediction', 'AUC of the health score', NULL, 'pairs of an account that churned and one that stayed in which the first had the lower score, ties half / all such pairs', 'rate', NULL, 'interval: DeLong (1988), with accounts as clusters Obuchowski (1997)', '{backtest_days,backtest_count,confidence}', '{auc_rate}', '{auc,auc_interval,predicts}'),
('precision', 'prediction', 'Precision of Red', NULL, 'Red accounts that churned within backtest_days / Red accounts', 'rate', NULL, 'interval: Wilson (1927)', '{backtest_days,backtest_count,health_yellow_from,confidence}', '{precision_rate,flagged_count}', '{flagged_at}'),
('recall', 'prediction', 'Recall of Red', NULL, 'accounts that churned within backtest_days and were Red / accounts that churned', 'rate', NULL, 'interval: Wilson (1927)', '{backtest_days,backtest_count,health_yellow_from,confidence}', '{recall_rate}', '{flagged_at}'),
('top_lift', 'prediction', 'Lift of the lowest tenth', NULL, 'churn of the tenth with the lowest scores / churn of all', 'rate', NULL, NULL, '{backtest_days,backtest_count,confidence}', '{top_lift_rate}', '{top_lift}'),
('odds', 'prediction', 'Odds of ten points less', NULL, 'exp(10 x slope) of a logistic regression of churn on the points that the score lacks', 'rate', NULL, 'logistic regression', '{backtest_days,backtest_count,confidence}', '{odds_ten_points_rate,odds_lower_rate,odds_upper_rate}', '{risk_fit}'),
('churned_share', 'prediction', 'Churn after a score', 'Scores after which the account churned within backtest_days / scores', 'churn of the group within backtest_days, beside what the score led to expect', 'rate', NULL, 'interval: Wilson (1927)', '{backtest_days,backtest_count,confidence}', '{churned_rate,expected_rate,prediction_count,lowest_score,highest_score}', '{calibration,base_rate,prediction_count,happened_count}'),
('brier', 'prediction', 'Brier score', 'How far predicted risks are from what happened: 0 is best', 'mean of (risk - 1)^2 of what happened and risk^2 of what did not', 'rate', NULL, 'Brier (1950)', '{}', '{}', '{brier}'),

('effect', 'playbook', 'Effect of a playbook', NULL, 'success of the treated - success of those left alone, or of matched past days', 'rate', NULL, 'interval: Newcombe (1998), with continuity correction', '{playbook_seed,confidence}', '{effect_rate,treated_rate,treated_count,treated_success_count,control_rate,control_count,control_success_count,matched_count}', '{rate_difference,make_rate,rate,rate_interval,success_count,trial_count,wilson_interval}'),
('sample_ratio', 'playbook', 'Holdouts', NULL, 'runs left alone / runs, beside the share that was planned', 'rate', NULL, 'Clopper and Pearson (1934)', '{playbook_seed}', '{holdout_rate,planned_rate,holdout_count}', '{clopper_pearson_interval}'),
('before_after', 'playbook', 'Before and after', NULL, 'closing score - opening score, of the treated, and of those left alone: regression to the mean', 'score', NULL, NULL, '{}', '{naive_change_score,anyway_change_score,treated_opening_score,treated_closing_score,control_opening_score,control_closing_score}', '{}'),
('playbook_runs', 'playbook', 'Runs of a playbook', NULL, 'runs, by how far they are', 'count', NULL, NULL, '{}', '{run_count,open_run_count,unknown_run_count,lost_run_count,left_out_count,done_count,run_days}', '{}'),
('plays', 'playbook', 'Plays of the week', NULL, 'plays opened, judged, succeeded, and past due', 'count', NULL, NULL, '{}', '{play_opened_count,play_judged_count,play_success_count,play_overdue_count}', '{}'),
('alerts', 'playbook', 'Alerts of the week', NULL, 'alerts raised, and cleared', 'count', NULL, NULL, '{alert_late_days}', '{raised_count,cleared_count}', '{}'),

('percentile', 'comparison', 'Percentile of the own history', NULL, '(readings of the 24 months before that lie below + half of the equal ones) / all of them', 'rate', NULL, NULL, '{}', '{percentile_rate,history_count}', '{}'),
('robust_z', 'comparison', 'Robust z score', NULL, '(reading - median) / (1.4826 x median absolute deviation), of the 24 months before', 'score', NULL, NULL, '{}', '{robust_z_score}', '{}'),
('lead', 'comparison', 'Lead of one metric over another', NULL, 'rank correlation of the monthly changes, at the lag chosen on the earlier half of the months', 'rate', NULL, 'Spearman (1904); q: Benjamini and Hochberg (1995)', '{}', '{spearman_rate,earlier_spearman_rate,spearman_p,spearman_q}', '{student_p}'),
('goal', 'comparison', 'Distance from the goal', NULL, 'reading - nearest limit of its goal; 0 within it', 'score', NULL, NULL, '{least_count}', '{reading_from_goal}', '{goal_status,goal_distance,goal_verdict,goal_text}'),

('findings', 'data', 'Rows that a rule of data quality finds', NULL, 'rows of the source for which the condition of the rule holds', 'count', NULL, NULL, '{}', '{row_count}', '{}')
) m(name, family, title, definition, formula, unit, benchmark, source, options, columns, functions)
-- what defines all of a family
LEFT JOIN (VALUES
    ('revenue', '{trial_rule,pause_rule,pause_churn_days,gap_smooth_days,credit_rule,churn_date_rule,delinquency_days,discount_rule,zero_mrr_rule,reactivation_gap_days,entity_grain,period,fiscal_year_start,report_currency,rate_rule,rate_on}'::text[]),
    ('value', '{trial_rule,pause_rule,pause_churn_days,gap_smooth_days,credit_rule,churn_date_rule,delinquency_days,discount_rule,zero_mrr_rule,reactivation_gap_days,entity_grain,report_currency,rate_on}'),
    ('satisfaction', '{answer_rule}')) f(family, options) USING (family);
GRANT SELECT ON metric_definition TO PUBLIC;

CREATE FUNCTION interval_end(name text, metric text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN name ~ '_(lower|upper)_[^_]+$' AND regexp_replace(name, '_(lower|upper)(_[^_]+)$', '\2') = metric;
COMMENT ON FUNCTION interval_end(text, text) IS 'Internal: is the column of that name an end of the interval of the other?';

CREATE FUNCTION metric_views(shown text[], model text DEFAULT NULL) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = csmetrics, pg_temp
BEGIN ATOMIC
    SELECT array_agg(DISTINCT format('%s.%s', v.name, a.attname) ORDER BY format('%s.%s', v.name, a.attname))
    FROM (SELECT n.oid FROM pg_namespace n WHERE n.nspname = model OR model IS NULL AND to_regclass(format('%I.reporting_range', n.nspname)) IS NOT NULL AND to_regclass(format('%I.policy', n.nspname)) IS NOT NULL) m(oid)
         JOIN pg_class c ON c.relnamespace = m.oid AND c.relkind = 'v' JOIN model_object v ON v.name = c.relname AND v.kind = 'view'
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE a.attname = ANY (shown) OR EXISTS (SELECT FROM unnest(shown) s(name) WHERE interval_end(a.attname, s.name));
END;
COMMENT ON FUNCTION metric_views(text[], text) IS 'Internal: the columns of these names, and the ends of their intervals, as view.column, in that model, or in any; NULL where there is none';

CREATE FUNCTION goal_words(goal numrange, unit text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE unit WHEN 'rate' THEN goal_text(numrange(lower(goal) * 100, upper(goal) * 100, CASE WHEN lower_inc(goal) THEN '[' ELSE '(' END || CASE WHEN upper_inc(goal) THEN ']' ELSE ')' END)) || ' %'
                 WHEN 'days' THEN goal_text(goal) || ' days' WHEN 'hours' THEN goal_text(goal) || ' hours' ELSE goal_text(goal) END;
COMMENT ON FUNCTION goal_words(numrange, text) IS 'Internal: goal_text with the unit, ratios in %';

CREATE VIEW metric_catalog AS
SELECT d.position, d.name, d.family, d.title, coalesce(d.definition, k.description, c.description) AS definition, d.formula, coalesce(k.unit, d.unit) AS unit, k.higher_is_better, d.benchmark, d.source,
       '{time_zone,test_account_rule}'::text[] || d.options AS options, metric_views(d.columns) AS views, d.functions
FROM metric_definition d LEFT JOIN model_metric k USING (name) LEFT JOIN model_column c ON c.name = d.columns[1];
COMMENT ON VIEW metric_catalog IS 'Every metric that is shown anywhere: what it is, how it is worked out, after whom, what defines it and where it is. One row a metric; explain_metric tells it in words.';
COMMENT ON COLUMN metric_catalog.position IS 'Its place in the catalog';
COMMENT ON COLUMN metric_catalog.name IS 'Name of the metric; those of model_metric are among them';
COMMENT ON COLUMN metric_catalog.family IS 'What it belongs to: revenue, value, onboarding, support, satisfaction, usage, health, prediction, playbook, comparison or data';
COMMENT ON COLUMN metric_catalog.title IS 'What people call it';
COMMENT ON COLUMN metric_catalog.definition IS 'What it says';
COMMENT ON COLUMN metric_catalog.formula IS 'How it is worked out';
COMMENT ON COLUMN metric_catalog.unit IS 'Unit of its readings: rate (a ratio), score (points), days, hours, mrr (money a month), count or money';
COMMENT ON COLUMN metric_catalog.higher_is_better IS 'Is a higher reading the better one? NULL where it should lie in a band, or nothing is known of that';
COMMENT ON COLUMN metric_catalog.benchmark IS 'Where a reading should lie by common practice, in its unit; a round bracket leaves the limit out and a square one has it in. NULL: there is no such figure';
COMMENT ON COLUMN metric_catalog.source IS 'Whose formula it is; NULL: nobody''s in particular';
COMMENT ON COLUMN metric_catalog.options IS 'Rules of the policy that define it';
COMMENT ON COLUMN metric_catalog.views IS 'Columns of the views of models that show it or what it is made of, as view.column; NULL while there is no model';
COMMENT ON COLUMN metric_catalog.functions IS 'Functions that work it out from states, plain columns or histories';
GRANT SELECT ON metric_catalog TO PUBLIC;

CREATE FUNCTION explain_metric(name text, model text DEFAULT NULL, OUT aspect text, OUT explanation text) RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = csmetrics, pg_temp AS $explain$
DECLARE
    asked text := lower(regexp_replace(trim(explain_metric.name), '[\s-]+', '_', 'g'));
    metric record;
    near text;
    policy jsonb := '{}';
BEGIN
    -- by its name, or else by that of a column or a function of it
    SELECT c.*, d.columns INTO metric FROM metric_catalog c JOIN metric_definition d USING (position)
    WHERE c.name = asked OR asked = ANY (d.columns || d.functions) OR EXISTS (SELECT FROM unnest(d.columns) shown(name) WHERE interval_end(asked, shown.name))
    ORDER BY c.name <> asked, asked <> ALL (d.columns), c.position LIMIT 1;
    IF metric.name IS NULL THEN
        SELECT string_agg(d.name, ', ' ORDER BY d.position) INTO near FROM metric_definition d
        WHERE asked <> '' AND (strpos(d.name, asked) > 0 OR strpos(asked, d.name) > 0 OR strpos(lower(d.title), replace(asked, '_', ' ')) > 0 OR left(d.name, 3) = left(asked, 3));
        RAISE EXCEPTION 'unknown metric "%"', coalesce(explain_metric.name, '')
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = CASE WHEN near IS NOT NULL THEN format('Near are: %s.', near) ELSE (SELECT format('Known are: %s.', string_agg(d.name, ', ' ORDER BY d.position)) FROM metric_definition d) END;
    END IF;
    IF model IS NOT NULL THEN
        PERFORM require_model(model);
        EXECUTE format('SELECT to_jsonb(p) FROM %I.policy p', model) INTO policy;
    END IF;

    RETURN QUERY SELECT t.aspect, t.text FROM (VALUES
        ('name', metric.name), ('title', metric.title), ('definition', metric.definition), ('formula', metric.formula), ('unit', metric.unit),
        ('better', CASE WHEN metric.higher_is_better THEN 'higher' WHEN NOT metric.higher_is_better THEN 'lower' END),
        ('benchmark', goal_words(metric.benchmark, metric.unit)), ('source', metric.source)) t(aspect, text) WHERE t.text IS NOT NULL;
    RETURN QUERY SELECT 'option ' || o.name,
                        format('%s (%s): %s', CASE WHEN model IS NULL THEN coalesce(regexp_replace(c.default_value, '^''(.*)''$', '\1'), 'NULL') ELSE coalesce(policy ->> o.name, 'NULL') END,
                               CASE WHEN model IS NULL THEN 'default' ELSE 'in force' END, c.description)
                 FROM unnest(metric.options) WITH ORDINALITY o(name, n) JOIN policy_column c ON c.name = o.name ORDER BY o.n;
    IF model IS NOT NULL THEN
        RETURN QUERY EXECUTE format($$SELECT 'goal' || coalesce(' of segment ' || segment, ''), csmetrics.goal_words(goal, $2) || coalesce(': ' || note, '') FROM %I.target WHERE metric = $1 ORDER BY segment NULLS FIRST$$, model) USING metric.name, metric.unit;
    END IF;
    RETURN QUERY SELECT t.aspect, t.text FROM (VALUES
        ('views', array_to_string(metric_views(metric.columns, model), ', ')), ('functions', spelled(metric.functions, '%s'))) t(aspect, text) WHERE t.text <> '';
END
$explain$;
COMMENT ON FUNCTION explain_metric(text, text) IS
'A metric in words, a row an aspect: definition, formula, unit, benchmark, source, the rules of the policy that define it with what is in force in the model (without one, with the defaults), the goals that the model has for it, the columns that show it, as view.column, and the functions that work it out. name: of the metric, or of a column or function of it, in any case. An unknown one: SQLSTATE 22023, with those that are near; an unknown model: 3F000.';
DROP PROCEDURE csmetrics.define_agg(text, text, text, integer, text, text, text, boolean),
    csmetrics.define_state(text, boolean), csmetrics.define_value(text);
DELETE FROM csmetrics.model_part;
INSERT INTO csmetrics.model_part VALUES ('model/05_version.sql', $model_part$-- What made the model, so that CALL csmetrics.update_model knows what it finds.

CREATE TABLE model_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  text NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now(),
    views    text[] NOT NULL,
    routines text[] NOT NULL);
COMMENT ON TABLE model_version IS
'The version of csmetrics that made this model, or brought it up to date. Written by CALL csmetrics.create_model and '
'csmetrics.update_model alone.';
COMMENT ON COLUMN model_version.only_row IS 'There is one row';
COMMENT ON COLUMN model_version.version IS 'The version';
COMMENT ON COLUMN model_version.made_at IS 'When that was';
COMMENT ON COLUMN model_version.views IS 'The views that it made, other than those of sources';
COMMENT ON COLUMN model_version.routines IS 'The functions that it made, with the types of their arguments';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/10_connectors.sql', $model_part$-- What the connected vendors are, and which account each of their keys means.

CREATE TABLE connection (
    vendor       text NOT NULL DEFAULT '',
    schema_name  text NOT NULL DEFAULT '',
    priority     integer NOT NULL DEFAULT 0,
    connected_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (vendor));
COMMENT ON TABLE connection IS
'The vendors that feed this model. Written by CALL csmetrics.connect; priority is yours to change, with CALL '
'csmetrics.unite_sources after.';
COMMENT ON COLUMN connection.vendor IS 'The vendor';
COMMENT ON COLUMN connection.schema_name IS 'Schema of its tables';
COMMENT ON COLUMN connection.priority IS
'Who is asked first for the attributes of an account: the lowest number, whose keys are also those of the accounts';
COMMENT ON COLUMN connection.connected_at IS 'When it was connected';

CREATE TABLE connection_view (
    view_name  text NOT NULL DEFAULT '',
    vendor     text,
    source     text,
    definition text NOT NULL DEFAULT '',
    PRIMARY KEY (view_name));
COMMENT ON TABLE connection_view IS
'The views that CALL csmetrics.connect wrote, so that those which were changed since are told apart. Written by it '
'alone.';
COMMENT ON COLUMN connection_view.view_name IS 'The view';
COMMENT ON COLUMN connection_view.vendor IS 'The vendor that it reads; NULL: all that are connected';
COMMENT ON COLUMN connection_view.source IS 'The source that it gives';
COMMENT ON COLUMN connection_view.definition IS 'Fingerprint of its definition as it was written';

CREATE TABLE account_identity (
    vendor      text NOT NULL DEFAULT '',
    account_key text NOT NULL DEFAULT '',
    account_id  @account_id@,
    PRIMARY KEY (vendor, account_key),
    CONSTRAINT account_id_is_known CHECK (account_id IS NOT NULL));
COMMENT ON TABLE account_identity IS
'Which account each vendor means, where CRM keys and domains do not tell, or tell it wrong: rows of your own, which '
'come before these. One row a key of a vendor.';
COMMENT ON COLUMN account_identity.vendor IS 'The vendor';
COMMENT ON COLUMN account_identity.account_key IS 'Its key of the account: the account_key of its views';
COMMENT ON COLUMN account_identity.account_id IS 'The account';

CREATE TABLE identity (
    vendor      text NOT NULL DEFAULT '',
    account_key text NOT NULL DEFAULT '',
    account_id  @account_id@,
    matched_by  text NOT NULL DEFAULT '',
    PRIMARY KEY (vendor, account_key));
COMMENT ON TABLE identity IS
'Which account each key of a connected vendor is, and why; rows of account_identity come first. Written by CALL '
'csmetrics.connect and csmetrics.refresh alone.';
COMMENT ON COLUMN identity.vendor IS 'The vendor';
COMMENT ON COLUMN identity.account_key IS 'Its key of the account';
COMMENT ON COLUMN identity.account_id IS 'The account';
COMMENT ON COLUMN identity.matched_by IS
'mapping (a row of account_identity), crm key, domain, or own: no other is known, so the key is that of the account';

CREATE TABLE connected_account (
    account_id      @account_id@,
    name            text,
    segment         text,
    plan            text,
    lifecycle_stage text,
    onboarding_path text,
    region          text,
    owner           text,
    parent_id       @account_id@,
    created_on      date,
    seats           numeric,
    time_zone       text,
    is_test         boolean,
    PRIMARY KEY (account_id));
COMMENT ON TABLE connected_account IS
'The accounts that the connected vendors know, each attribute from the first that knows it. Written by CALL '
'csmetrics.connect and csmetrics.refresh alone; source_account reads it.';
COMMENT ON COLUMN connected_account.account_id IS 'Key of the account';
COMMENT ON COLUMN connected_account.name IS 'Name of the account';
COMMENT ON COLUMN connected_account.segment IS 'Market segment';
COMMENT ON COLUMN connected_account.plan IS 'Plan or contract type';
COMMENT ON COLUMN connected_account.lifecycle_stage IS 'Stage of the customer lifecycle';
COMMENT ON COLUMN connected_account.onboarding_path IS 'Way in which the account was brought on board';
COMMENT ON COLUMN connected_account.region IS 'Region';
COMMENT ON COLUMN connected_account.owner IS 'Customer-success manager';
COMMENT ON COLUMN connected_account.parent_id IS 'Key of the parent account';
COMMENT ON COLUMN connected_account.created_on IS 'Day the account was created';
COMMENT ON COLUMN connected_account.seats IS 'Seats bought';
COMMENT ON COLUMN connected_account.time_zone IS 'IANA time zone of the account';
COMMENT ON COLUMN connected_account.is_test IS 'True for test and internal accounts, which the model leaves out';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/20_histories.sql', $model_part$-- What refresh saw: accounts and their attributes, rates of exchange, and the histories. Views read these alone, never
-- a source: a figure never mixes two moments.

CREATE TABLE account (
    account_id      @account_id@,
    name            text,
    segment         text,
    plan            text,
    lifecycle_stage text,
    onboarding_path text,
    region          text,
    owner           text,
    parent_id       @account_id@,
    created_on      date,
    seats           numeric,
    time_zone       text,
    is_test         boolean,
    PRIMARY KEY (account_id));
COMMENT ON TABLE account IS
'The accounts and their attributes, as the last CALL csmetrics.refresh saw them in source_account; those in quarantine '
'are left out. Written by it alone.';
COMMENT ON COLUMN account.account_id IS 'Key of the account';
COMMENT ON COLUMN account.name IS 'Name of the account';
COMMENT ON COLUMN account.segment IS 'Market segment';
COMMENT ON COLUMN account.plan IS 'Plan or contract type';
COMMENT ON COLUMN account.lifecycle_stage IS 'Stage of the customer lifecycle';
COMMENT ON COLUMN account.onboarding_path IS 'Way in which the account was brought on board';
COMMENT ON COLUMN account.region IS 'Region';
COMMENT ON COLUMN account.owner IS 'Customer-success manager';
COMMENT ON COLUMN account.parent_id IS 'Key of the parent account';
COMMENT ON COLUMN account.created_on IS 'Day the account was created';
COMMENT ON COLUMN account.seats IS 'Seats bought';
COMMENT ON COLUMN account.time_zone IS 'IANA time zone of the account';
COMMENT ON COLUMN account.is_test IS 'True for test and internal accounts, which the model leaves out';

CREATE TABLE left_out_account (
    account_id @account_id@,
    PRIMARY KEY (account_id));
COMMENT ON TABLE left_out_account IS
'The accounts of source_account that the last CALL csmetrics.refresh left out, with all that is their own: those in '
'quarantine, and test accounts unless the policy counts them. Written by it alone.';
COMMENT ON COLUMN left_out_account.account_id IS 'Key of the account';

CREATE TABLE fx_rate (
    currency text,
    on_date  date,
    rate     numeric NOT NULL,
    PRIMARY KEY (currency, on_date));
COMMENT ON TABLE fx_rate IS
'The rates of exchange, as the last CALL csmetrics.refresh saw them in source_fx_rate; of two of one currency and day '
'the lower. Written by it alone.';
COMMENT ON COLUMN fx_rate.currency IS 'ISO 4217 code, in capitals';
COMMENT ON COLUMN fx_rate.on_date IS 'First day on which the rate holds';
COMMENT ON COLUMN fx_rate.rate IS 'What one unit of the currency is worth, in a currency that is the same in every row';

CREATE TABLE refreshed_source (
    source         text,
    refreshed_at   timestamptz NOT NULL,
    row_count      bigint NOT NULL,
    left_out_count bigint NOT NULL,
    policy_hash    text NOT NULL,
    PRIMARY KEY (source));
COMMENT ON TABLE refreshed_source IS
'How fresh the figures are: when CALL csmetrics.refresh read each source last. Written by it alone.';
COMMENT ON COLUMN refreshed_source.source IS 'The source';
COMMENT ON COLUMN refreshed_source.refreshed_at IS 'When it was read';
COMMENT ON COLUMN refreshed_source.row_count IS 'Rows that were read';
COMMENT ON COLUMN refreshed_source.left_out_count IS 'Rows that were left out, in quarantine';
COMMENT ON COLUMN refreshed_source.policy_hash IS 'Fingerprint of the rules of the policy that hold as of a refresh';

CREATE TABLE account_state (
    account_id   @account_id@,
    revenue      mrr_timeline,
    notice       mrr_timeline,
    milestones   milestones,
    tickets      tickets,
    answers      answers,
    usage        activity,
    features     feature_usage,
    entitlements mrr_timeline,
    renewals     date[],
    signals      signals,
    PRIMARY KEY (account_id));
CREATE INDEX ON account_state (first_paid_on(revenue));
CREATE INDEX ON account_state (first_active_on(usage));
COMMENT ON TABLE account_state IS
'One row an account: its histories. Written by CALL csmetrics.refresh alone; the metric views read it.';
COMMENT ON COLUMN account_state.account_id IS 'Key of the account';
COMMENT ON COLUMN account_state.revenue IS
'Its MRR over time, in the currency of report at constant rates; NULL without subscriptions';
COMMENT ON COLUMN account_state.notice IS 'Its MRR under notice of cancellation over time; NULL without any';
COMMENT ON COLUMN account_state.milestones IS 'Its milestones, reached and due; NULL without any';
COMMENT ON COLUMN account_state.tickets IS 'Its support tickets; NULL without any';
COMMENT ON COLUMN account_state.answers IS 'What it was asked in surveys and answered; NULL without any';
COMMENT ON COLUMN account_state.usage IS 'On which days it used the product, in its own time zone; NULL: never';
COMMENT ON COLUMN account_state.features IS 'Which features it used on which days, in its own time zone; NULL: none';
COMMENT ON COLUMN account_state.entitlements IS 'How many features it was entitled to over time; NULL without any';
COMMENT ON COLUMN account_state.renewals IS
'The days on which its subscriptions renew, as the source says now; NULL without any';
COMMENT ON COLUMN account_state.signals IS 'The user''s own signals of it; NULL without any';

CREATE TABLE revenue_state (
    account_id      @account_id@,
    subscription_id text,
    currency        text,
    valid_from_on   date,
    valid_until_on  date,
    is_mixed        boolean,
    revenue         mrr_timeline,
    PRIMARY KEY (account_id, subscription_id, currency, valid_from_on, valid_until_on, is_mixed));
COMMENT ON TABLE revenue_state IS
'One row an entity that is not just an account in the currency of report, by currency and by the days on which it is '
'made of the same accounts: its revenue history. Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN revenue_state.account_id IS 'Key of the account, or of the one that stands for the entity';
COMMENT ON COLUMN revenue_state.subscription_id IS 'Key of the subscription; empty unless entities are subscriptions';
COMMENT ON COLUMN revenue_state.currency IS 'ISO 4217 code; empty where nothing is converted';
COMMENT ON COLUMN revenue_state.valid_from_on IS 'First day on which it is made of the same accounts';
COMMENT ON COLUMN revenue_state.valid_until_on IS 'The day after the last';
COMMENT ON COLUMN revenue_state.is_mixed IS 'Has it MRR in several currencies?';
COMMENT ON COLUMN revenue_state.revenue IS 'Its MRR over time, in the currency itself';

CREATE TABLE user_state (
    account_id @account_id@,
    user_id    text,
    role       text,
    usage      activity,
    PRIMARY KEY (account_id, user_id));
COMMENT ON TABLE user_state IS
'One row a user of an account: its history. Written by CALL csmetrics.refresh alone; the metric views read it.';
COMMENT ON COLUMN user_state.account_id IS 'Key of the account';
COMMENT ON COLUMN user_state.user_id IS 'Key of the user';
COMMENT ON COLUMN user_state.role IS 'Its role; of several, the last in the alphabet';
COMMENT ON COLUMN user_state.usage IS 'On which days it used the product, in the time zone of its account';

CREATE TABLE entitlement_state (
    account_id @account_id@,
    feature    text,
    terms      daterange[],
    PRIMARY KEY (account_id, feature));
COMMENT ON TABLE entitlement_state IS
'One row a feature that an account is or was entitled to. Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN entitlement_state.account_id IS 'Key of the account';
COMMENT ON COLUMN entitlement_state.feature IS 'Name of the feature';
COMMENT ON COLUMN entitlement_state.terms IS 'When it was; a term that begins at no day holds from ever';

CREATE TABLE discount_state (
    account_id @account_id@,
    currency   text,
    list_price mrr_timeline,
    recurring  mrr_timeline,
    limited    mrr_timeline,
    PRIMARY KEY (account_id, currency));
COMMENT ON TABLE discount_state IS
'One row an account and currency: list price and discounts of its subscriptions over time, in the currency itself. '
'Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN discount_state.account_id IS 'Key of the account';
COMMENT ON COLUMN discount_state.currency IS 'ISO 4217 code, in capitals; empty where the source has none';
COMMENT ON COLUMN discount_state.list_price IS 'MRR without discounts; free subscriptions keep the account in it';
COMMENT ON COLUMN discount_state.recurring IS 'Recurring discounts, which MRR has off';
COMMENT ON COLUMN discount_state.limited IS 'One-off and limited discounts, which it has not';

CREATE TABLE account_entity (
    account_id @account_id@,
    entity_id  @account_id@,
    starts_on  date NOT NULL DEFAULT '-infinity',
    ends_on    date NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (account_id, starts_on),
    CHECK (starts_on < ends_on));
COMMENT ON TABLE account_entity IS
'Which account those with a parent, those merged and those they belong to are part of, and when, at the grain of the '
'policy. One row an account and time with the same ones. Written by CALL csmetrics.refresh alone; others stand for '
'themselves.';
COMMENT ON COLUMN account_entity.account_id IS 'The account';
COMMENT ON COLUMN account_entity.entity_id IS 'The account that it belongs to meanwhile';
COMMENT ON COLUMN account_entity.starts_on IS 'First day';
COMMENT ON COLUMN account_entity.ends_on IS 'The day after the last';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/25_reporting.sql', $model_part$-- What the views report: which days, by which rules, and the attributes that they group by.

CREATE OR REPLACE VIEW account_dimension WITH (security_invoker) AS
SELECT a.account_id, d.dimension, coalesce(d.value, '(none)') AS value
FROM (SELECT count(segment) AS segment, count(plan) AS plan, count(lifecycle_stage) AS lifecycle_stage,
             count(onboarding_path) AS onboarding_path, count(region) AS region, count(owner) AS owner
      FROM account) known,
     account_state a LEFT JOIN account n USING (account_id),
     LATERAL (VALUES ('all', 'all', 1), ('segment', n.segment, known.segment), ('plan', n.plan, known.plan),
                     ('lifecycle_stage', n.lifecycle_stage, known.lifecycle_stage),
                     ('onboarding_path', n.onboarding_path, known.onboarding_path),
                     ('region', n.region, known.region), ('owner', n.owner, known.owner)) d(dimension, value, known)
WHERE d.known > 0;
COMMENT ON VIEW account_dimension IS
'Each account under each of its attributes that is in use, as the account source says now, and under all: what the '
'views by segment group by.';

CREATE OR REPLACE VIEW reporting_range WITH (security_invoker) AS
SELECT date_trunc('month', least(coalesce(p.report_from, (SELECT min(first_paid_on(revenue)) FROM account_state)),
                                 day.as_of))::date AS from_on,
       day.as_of AS as_of_on,
       -- the last instant that counts
       last_instant(day.as_of, p.time_zone) AS as_of_at,
       p.time_zone, p.pause_rule, p.pause_churn_days, p.gap_smooth_days, p.reactivation_gap_days, p.period,
       p.fiscal_year_start, p.report_currency, p.rate_rule, p.rate_on, p.rate_max_age_days,
       p.confidence AS confidence_rate,
       md5((to_jsonb(p) - ARRAY(SELECT name FROM policy_column WHERE NOT defines) - 'only_row')::text) AS policy_hash
FROM policy p, LATERAL (SELECT coalesce(p.as_of, (now() AT TIME ZONE p.time_zone)::date) AS as_of) day
LIMIT 1;
COMMENT ON VIEW reporting_range IS 'The days that the other views report and the rules that they follow: one row.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/30_currencies.sql', $model_part$-- Currencies: what they are worth in the currency of report, day by day and window by window.

CREATE OR REPLACE VIEW currency_rate WITH (security_invoker) AS
WITH daily AS MATERIALIZED (
    SELECT f.currency, f.on_date + n AS day_on, f.rate
    FROM reporting_range r,
         (SELECT currency, on_date, rate, lead(on_date) OVER (PARTITION BY currency ORDER BY on_date) AS next_on
          FROM fx_rate) f,
         -- until the next one, while it is not too old
         LATERAL generate_series(0, least(f.next_on, f.on_date + r.rate_max_age_days + 1,
                                          r.as_of_on + 1) - f.on_date - 1) n)
SELECT d.currency, d.day_on,
       CASE WHEN d.currency = r.report_currency THEN 1 WHEN c.is_crossed THEN round(d.rate / b.rate, 12)
       ELSE d.rate END AS fx
FROM reporting_range r CROSS JOIN (SELECT EXISTS (SELECT FROM daily, reporting_range
                                                  WHERE currency = report_currency) AS is_crossed) c CROSS JOIN daily d
     LEFT JOIN daily b ON b.currency = r.report_currency AND b.day_on = d.day_on;
COMMENT ON VIEW currency_rate IS
'What one unit of each currency was worth in the currency of report, day by day, to twelve decimals where the rates '
'are in another; a rate holds until the next, or for rate_max_age_days. No row, or NULL: there is none.';

CREATE OR REPLACE VIEW constant_rate WITH (security_invoker) AS
SELECT f.currency,
       CASE WHEN f.currency = r.report_currency THEN 1 WHEN b.rate IS NULL THEN f.rate
       ELSE round(f.rate / b.rate, 12) END AS fx
FROM reporting_range r,
     LATERAL (SELECT DISTINCT ON (currency) currency, rate FROM fx_rate
              WHERE on_date <= coalesce(r.rate_on, r.as_of_on) ORDER BY currency, on_date DESC) f
     LEFT JOIN LATERAL (SELECT rate FROM fx_rate
                        WHERE currency = r.report_currency AND on_date <= coalesce(r.rate_on, r.as_of_on)
                        ORDER BY on_date DESC LIMIT 1) b ON true;
COMMENT ON VIEW constant_rate IS
'The rates by which the histories of single accounts are converted, for all time: those of rate_on, or the latest.';

CREATE OR REPLACE FUNCTION report_window(period text, lag integer, earlier integer) RETURNS TABLE (
    start_on date, from_on date, end_on date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT (w.from_on - ($2 - 1) * period_length($1))::date AS start_on, w.from_on::date AS from_on,
           least((w.from_on + period_length($1))::date, r.as_of_on + 1) AS end_on
    FROM reporting_range r, LATERAL generate_series(period_start(r.from_on, $1,
                                                                 r.fiscal_year_start) - $3 * period_length($1),
                                                                 r.as_of_on, period_length($1)) w(from_on);
END;
COMMENT ON FUNCTION report_window(period text, lag integer, earlier integer) IS
'The windows of lag periods of which each ends with a period of the report, the earlier ones before it included.';

CREATE OR REPLACE FUNCTION window_rate(starts date[], ends date[]) RETURNS TABLE (
    currency text, start_on date, end_on date, opening_fx numeric, movement_fx numeric, closing_fx numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH daily AS MATERIALIZED (SELECT * FROM currency_rate)
    SELECT c.currency, w.start_on, w.end_on, CASE r.rate_rule WHEN 'fixed' THEN k.fx ELSE o.fx END AS opening_fx,
           CASE r.rate_rule WHEN 'period_start' THEN o.fx WHEN 'period_end' THEN e.fx WHEN 'average' THEN m.fx
               ELSE k.fx END AS movement_fx,
           CASE r.rate_rule WHEN 'fixed' THEN k.fx ELSE e.fx END AS closing_fx
    FROM reporting_range r CROSS JOIN unnest($1, $2) w(start_on, end_on)
         CROSS JOIN (SELECT DISTINCT currency FROM fx_rate) c
         LEFT JOIN daily o ON o.currency = c.currency AND o.day_on = w.start_on - 1
         LEFT JOIN daily e ON e.currency = c.currency AND e.day_on = w.end_on - 1
         LEFT JOIN constant_rate k ON k.currency = c.currency
         LEFT JOIN LATERAL (SELECT CASE WHEN count(d.fx) = w.end_on - w.start_on THEN round(avg(d.fx), 12) END AS fx
                            FROM daily d
                            WHERE r.rate_rule = 'average' AND d.currency = c.currency AND d.day_on >= w.start_on
                              AND d.day_on < w.end_on) m ON true
    WHERE c.currency <> r.report_currency
    UNION ALL
    SELECT r.report_currency, w.start_on, w.end_on, 1, 1, 1 FROM reporting_range r, unnest($1, $2) w(start_on, end_on)
    WHERE r.report_currency IS NOT NULL;
END;
COMMENT ON FUNCTION window_rate(starts date[], ends date[]) IS
'The rates of each currency for windows from start_on on and before end_on: for what was there before, for what '
'moved, and for what is there at the end; NULL where there is none.';

CREATE OR REPLACE FUNCTION report_rate(period text, lag integer, earlier integer) RETURNS TABLE (
    currency text, start_on date, end_on date, opening_fx numeric, movement_fx numeric, closing_fx numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT x.currency, x.start_on, x.end_on, x.opening_fx, x.movement_fx, x.closing_fx
    FROM (SELECT array_agg(start_on) AS starts, array_agg(end_on) AS ends FROM report_window($1, $2, $3)) w,
         LATERAL window_rate(w.starts, w.ends) x;
END;
COMMENT ON FUNCTION report_rate(period text, lag integer, earlier integer) IS
'The rates of each currency for the windows of lag periods that end with the periods of the report, earlier ones '
'included.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/31_refresh_read.sql', $model_part$-- What refresh reads: a function a source, which reads it once, all histories in one pass, and counts the rows. Rows
-- that cannot be right have a complaint, are in no history, and stop the refresh.

CREATE OR REPLACE FUNCTION read_account() RETURNS TABLE (
    account_id @account_id@, name text, segment text, plan text, lifecycle_stage text, onboarding_path text,
    region text, owner text, parent_id @account_id@, created_on date, seats numeric, time_zone text, is_test boolean,
    row_count bigint, complaint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id, k.name, k.segment, k.plan, k.lifecycle_stage, k.onboarding_path, k.region, k.owner,
           k.parent_id, k.created_on, k.seats, k.time_zone, k.is_test, 1::bigint, k.complaint
    FROM kept_account k;
END;
COMMENT ON FUNCTION read_account() IS 'Internal: the accounts as source_account has them now';

CREATE OR REPLACE FUNCTION read_fx_rate() RETURNS TABLE (
    currency text, on_date date, rate numeric, row_count bigint, complaint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT upper(k.currency), k.on_date, min(k.rate) FILTER (WHERE k.complaint IS NULL), count(*), min(k.complaint)
    FROM kept_fx_rate k
    GROUP BY upper(k.currency), k.on_date;
END;
COMMENT ON FUNCTION read_fx_rate() IS 'Internal: the rates as source_fx_rate has them now';

CREATE OR REPLACE FUNCTION read_parent() RETURNS TABLE (
    account_id @account_id@, parent_id @account_id@, starts_on date, ends_on date, is_merger boolean,
    row_count bigint, complaint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id, k.parent_id, coalesce(k.starts_on, '-infinity'), coalesce(k.ends_on, 'infinity'),
           coalesce(k.is_merger, false), 1::bigint, k.complaint
    FROM kept_parent k;
END;
COMMENT ON FUNCTION read_parent() IS 'Internal: the parents as source_parent has them now';

CREATE OR REPLACE FUNCTION read_subscription() RETURNS TABLE (
    account_id @account_id@, subscription_id text, currency text, revenue mrr_timeline, own_revenue mrr_timeline,
    notice mrr_timeline, renewals date[], list_price mrr_timeline, recurring mrr_timeline, limited mrr_timeline,
    row_count bigint, complaint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT t.account_id, t.subscription_id, t.currency,
           mrr_timeline_agg(t.starts_on, t.until_on,
                            in_report_currency(t.amount, t.currency, t.report_currency,
                                               (SELECT jsonb_object_agg(r.currency, r.fx) FROM constant_rate r)),
                            t.is_paused, t.is_free) FILTER (WHERE t.counts),
           mrr_timeline_agg(t.starts_on, t.until_on, t.amount, t.is_paused, t.is_free)
               FILTER (WHERE t.counts AND t.report_currency IS NOT NULL),
           -- by click nothing counts that is under notice
           mrr_timeline_agg(greatest(t.starts_on, t.cancelled_on), t.until_on, t.amount)
               FILTER (WHERE t.is_in_force AND t.cancelled_on < coalesce(t.until_on, 'infinity')),
           array_agg(DISTINCT t.renews_on) FILTER (WHERE t.renews_on IS NOT NULL AND t.complaint IS NULL),
           mrr_timeline_agg(t.starts_on, t.until_on, t.mrr + t.discount, false, t.mrr + t.discount = 0)
               FILTER (WHERE t.is_in_force),
           mrr_timeline_agg(t.starts_on, t.until_on, t.discount) FILTER (WHERE t.is_in_force AND t.discount > 0),
           mrr_timeline_agg(t.starts_on, t.until_on, t.limited) FILTER (WHERE t.is_in_force AND t.limited > 0),
           count(*), min(t.complaint)
    FROM (SELECT k.account_id, upper(k.currency) AS currency, k.starts_on, k.cancelled_on, k.renews_on, k.mrr,
                 CASE p.entity_grain WHEN 'subscription' THEN coalesce(nullif(k.subscription_id, ''), '?') ELSE '' END
                     AS subscription_id,
                 counted_until(k.starts_on, k.ends_on, k.cancelled_on, k.renews_on, k.past_due_on, p.churn_date_rule,
                               p.delinquency_days) AS until_on,
                 counted_mrr(k.mrr, k.discount_mrr, k.limited_discount_mrr, p.discount_rule) AS amount,
                 coalesce(k.discount_mrr, 0) AS discount, coalesce(k.limited_discount_mrr, 0) AS limited,
                 k.status = 'paused' AND p.pause_rule <> 'keep' AS is_paused,
                 k.mrr = 0 AND p.zero_mrr_rule = 'count' AS is_free,
                 k.complaint IS NULL AND (k.status IS DISTINCT FROM 'trial' OR p.trial_rule = 'count')
                     AND (k.mrr IS NULL OR k.mrr >= 0 OR p.credit_rule = 'count') AS counts,
                 k.complaint IS NULL AND (k.status IS DISTINCT FROM 'trial' OR p.trial_rule = 'count')
                     AND (k.status IS DISTINCT FROM 'paused' OR p.pause_rule = 'keep') AND k.mrr >= 0 AS is_in_force,
                 p.report_currency, k.complaint
          FROM kept_subscription k,
               -- LIMIT tells the planner that this is one row
               (SELECT entity_grain, churn_date_rule, delinquency_days, discount_rule, pause_rule, zero_mrr_rule,
                       trial_rule, credit_rule, report_currency FROM policy LIMIT 1) p
          OFFSET 0) t
    GROUP BY t.account_id, t.subscription_id, t.currency;
END;
COMMENT ON FUNCTION read_subscription() IS
'Internal: the revenue of each account by currency, and by subscription where these are the entities; revenue is in '
'the currency of report at constant rates, own_revenue and the rest in the currency itself';

CREATE OR REPLACE FUNCTION read_ticket() RETURNS TABLE (
    account_id @account_id@, tickets tickets, row_count bigint, complaint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id,
           ticket_agg(k.opened_at, k.first_reply_at, k.solved_at, k.reopened, k.escalated, k.agent_replies,
                      k.requester_id, k.topic, k.escalated_at) FILTER (WHERE k.complaint IS NULL),
           count(*), min(k.complaint)
    FROM kept_ticket k
    GROUP BY k.account_id;
END;
COMMENT ON FUNCTION read_ticket() IS 'Internal: the tickets of each account';

CREATE OR REPLACE FUNCTION read_survey() RETURNS TABLE (
    account_id @account_id@, answers answers, row_count bigint, complaint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id,
           answer_agg(lower(k.kind), k.score, k.responded_at, k.sent_at, k.respondent_id, k.lowest, k.highest,
                      k.higher_is_better) FILTER (WHERE k.complaint IS NULL),
           count(*), min(k.complaint)
    FROM kept_survey k
    GROUP BY k.account_id;
END;
COMMENT ON FUNCTION read_survey() IS 'Internal: the questions and answers of each account';

CREATE OR REPLACE FUNCTION read_milestone() RETURNS TABLE (
    account_id @account_id@, milestones milestones, row_count bigint, complaint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id,
           milestone_agg(k.milestone, k.reached_at, (k.due_on + 1)::timestamp AT TIME ZONE p.time_zone, k.is_start,
                         coalesce(k.milestone = p.value_event, k.is_value)) FILTER (WHERE k.complaint IS NULL),
           count(*), min(k.complaint)
    FROM kept_milestone k, (SELECT time_zone, value_event FROM policy LIMIT 1) p
    GROUP BY k.account_id;
END;
COMMENT ON FUNCTION read_milestone() IS 'Internal: the milestones of each account';

CREATE OR REPLACE FUNCTION read_signal() RETURNS TABLE (
    account_id @account_id@, signals signals, row_count bigint, complaint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id, signal_agg(k.signal, k.at, k.value) FILTER (WHERE k.complaint IS NULL),
           count(*), min(k.complaint)
    FROM kept_signal k
    GROUP BY k.account_id;
END;
COMMENT ON FUNCTION read_signal() IS 'Internal: the user''s own signals of each account';

CREATE OR REPLACE FUNCTION read_entitlement() RETURNS TABLE (
    account_id @account_id@, feature text, entitled mrr_timeline, terms daterange[], row_count bigint, complaint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id, k.feature,
           mrr_timeline_agg(coalesce(k.starts_on, '0001-01-01'), k.ends_on, 1) FILTER (WHERE k.complaint IS NULL),
           array_agg(DISTINCT daterange(k.starts_on, k.ends_on)) FILTER (WHERE k.complaint IS NULL),
           count(*), min(k.complaint)
    FROM kept_entitlement k
    GROUP BY k.account_id, k.feature;
END;
COMMENT ON FUNCTION read_entitlement() IS 'Internal: the features that each account is entitled to';

CREATE OR REPLACE FUNCTION read_usage() RETURNS TABLE (
    account_id @account_id@, user_id text, role text, usage activity, features feature_usage, row_count bigint,
    complaint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT u.account_id, u.user_id, max(u.role),
           activity_agg(u.day, u.events) FILTER (WHERE u.complaint IS NULL),
           feature_usage_agg(u.feature, u.day, u.events) FILTER (WHERE u.feature IS NOT NULL AND u.complaint IS NULL),
           count(*), min(u.complaint)
    -- OFFSET 0: the day is worked out once a row
    FROM (SELECT k.account_id, k.user_id, k.role, k.feature, coalesce(k.events, 1) AS events, k.complaint,
                 CASE WHEN k.complaint IS NULL
                      THEN (k.at AT TIME ZONE coalesce(a.time_zone, p.time_zone))::date END AS day
          FROM kept_usage k LEFT JOIN account a USING (account_id) CROSS JOIN (SELECT time_zone FROM policy LIMIT 1) p
          OFFSET 0) u
    GROUP BY u.account_id, u.user_id;
END;
COMMENT ON FUNCTION read_usage() IS
'Internal: on which days each user did what, in the time zone of its account, and what an account did without a user';

-- Where refresh puts what it reads until it is stored; empty between refreshes.
CREATE UNLOGGED TABLE fresh_account AS SELECT * FROM read_account() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_fx_rate AS SELECT * FROM read_fx_rate() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_parent AS SELECT * FROM read_parent() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_subscription AS SELECT * FROM read_subscription() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_ticket AS SELECT * FROM read_ticket() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_survey AS SELECT * FROM read_survey() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_milestone AS SELECT * FROM read_milestone() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_signal AS SELECT * FROM read_signal() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_entitlement AS SELECT * FROM read_entitlement() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_usage AS SELECT * FROM read_usage() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_key (account_id @account_id@);
COMMENT ON TABLE fresh_account IS 'Internal: what read_account() gave, until refresh has stored it';
COMMENT ON TABLE fresh_fx_rate IS 'Internal: what read_fx_rate() gave, until refresh has stored it';
COMMENT ON TABLE fresh_parent IS 'Internal: what read_parent() gave, until refresh has stored it';
COMMENT ON TABLE fresh_subscription IS 'Internal: what read_subscription() gave, until refresh has stored it';
COMMENT ON TABLE fresh_ticket IS 'Internal: what read_ticket() gave, until refresh has stored it';
COMMENT ON TABLE fresh_survey IS 'Internal: what read_survey() gave, until refresh has stored it';
COMMENT ON TABLE fresh_milestone IS 'Internal: what read_milestone() gave, until refresh has stored it';
COMMENT ON TABLE fresh_signal IS 'Internal: what read_signal() gave, until refresh has stored it';
COMMENT ON TABLE fresh_entitlement IS 'Internal: what read_entitlement() gave, until refresh has stored it';
COMMENT ON TABLE fresh_usage IS 'Internal: what read_usage() gave, until refresh has stored it';
COMMENT ON TABLE fresh_key IS 'Internal: the accounts that have a row in account_state, while refresh is at it';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/31_refresh_write.sql', $model_part$-- What refresh stores: a function a table, which brings it up to date with what was read, and tells how many rows it
-- wrote and removed. Rows that are as they were are not touched: record_image_ne compares bytes, as states are
-- canonical, and needs no operator of ours, which IS DISTINCT FROM would look for on a path that a dump does not have.

CREATE OR REPLACE FUNCTION write_account(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM account o WHERE NOT EXISTS (SELECT 1 FROM fresh_account f WHERE f.account_id = o.account_id)
        RETURNING 1),
    changed AS (
        INSERT INTO account AS o
        SELECT f.account_id, f.name, f.segment, f.plan, f.lifecycle_stage, f.onboarding_path, f.region, f.owner,
               f.parent_id, f.created_on, f.seats, f.time_zone, f.is_test
        FROM fresh_account f LEFT JOIN account o USING (account_id)
        WHERE o.account_id IS NULL
           OR record_image_ne(
                  ROW (f.name, f.segment, f.plan, f.lifecycle_stage, f.onboarding_path, f.region, f.owner, f.parent_id,
                       f.created_on, f.seats, f.time_zone, f.is_test),
                  ROW (o.name, o.segment, o.plan, o.lifecycle_stage, o.onboarding_path, o.region, o.owner, o.parent_id,
                       o.created_on, o.seats, o.time_zone, o.is_test))
        ON CONFLICT (account_id) DO UPDATE SET
            (name, segment, plan, lifecycle_stage, onboarding_path, region, owner, parent_id, created_on, seats,
             time_zone, is_test)
            = ROW (excluded.name, excluded.segment, excluded.plan, excluded.lifecycle_stage, excluded.onboarding_path,
                   excluded.region, excluded.owner, excluded.parent_id, excluded.created_on, excluded.seats,
                   excluded.time_zone, excluded.is_test)
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_account() IS 'Internal: stores the accounts that were read; rows written and removed';

CREATE OR REPLACE FUNCTION write_left_out_account(in_quarantine boolean, OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH fresh AS (
        SELECT s.account_id FROM source_account s WHERE in_quarantine AND s.account_id IS NOT NULL
        UNION SELECT a.account_id FROM account a
        EXCEPT
        SELECT a.account_id FROM account a
        WHERE a.is_test IS NOT TRUE OR (SELECT p.test_account_rule = 'count' FROM policy p)),
    gone AS (
        DELETE FROM left_out_account o WHERE o.account_id NOT IN (SELECT f.account_id FROM fresh f) RETURNING 1),
    changed AS (
        INSERT INTO left_out_account SELECT f.account_id FROM fresh f ON CONFLICT DO NOTHING RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_left_out_account(boolean) IS
'Internal: stores which accounts are left out, test accounts and, if there are any, those in quarantine; rows written '
'and removed';

CREATE OR REPLACE FUNCTION write_fx_rate(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM fx_rate o
        WHERE NOT EXISTS (SELECT 1 FROM fresh_fx_rate f WHERE f.currency = o.currency AND f.on_date = o.on_date)
        RETURNING 1),
    changed AS (
        INSERT INTO fx_rate AS o SELECT f.currency, f.on_date, f.rate FROM fresh_fx_rate f
        ON CONFLICT (currency, on_date) DO UPDATE SET rate = excluded.rate WHERE o.rate <> excluded.rate
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_fx_rate() IS 'Internal: stores the rates that were read; rows written and removed';

CREATE OR REPLACE FUNCTION belonging() RETURNS TABLE (
    account_id @account_id@, parent_id @account_id@, starts_on date, ends_on date)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- to a parent that there is, other than itself
    WITH known AS (
        SELECT a.account_id, a.parent_id FROM account a
        WHERE a.account_id NOT IN (SELECT l.account_id FROM left_out_account l))
    SELECT b.account_id, b.parent_id, b.starts_on, b.ends_on
    FROM policy p,
         LATERAL (
             SELECT f.account_id, f.parent_id, f.starts_on, f.ends_on FROM fresh_parent f
             WHERE f.is_merger OR p.entity_grain = 'parent'
             UNION ALL
             SELECT k.account_id, k.parent_id, '-infinity', 'infinity' FROM known k
             WHERE p.entity_grain = 'parent'
               AND k.account_id NOT IN (SELECT f.account_id FROM fresh_parent f WHERE f.account_id IS NOT NULL)) b
    WHERE b.account_id <> b.parent_id AND b.starts_on < b.ends_on
      AND b.account_id IN (SELECT k.account_id FROM known k) AND b.parent_id IN (SELECT k.account_id FROM known k);
END;
COMMENT ON FUNCTION belonging() IS
'Internal: which account belongs to which, and when, as source_parent and the attributes of accounts say';

CREATE OR REPLACE FUNCTION belonging_path() RETURNS TABLE (
    account_id @account_id@, parent_id @account_id@, starts_on date, ends_on date, seen @account_id@[],
    is_round boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH RECURSIVE belongs AS MATERIALIZED (
        SELECT b.account_id, b.parent_id, b.starts_on, b.ends_on FROM belonging() b),
    path AS (
        SELECT b.account_id, b.parent_id, b.starts_on, b.ends_on, ARRAY[b.account_id, b.parent_id] AS seen,
               false AS is_round
        FROM belongs b
        UNION ALL
        SELECT p.account_id, b.parent_id, greatest(p.starts_on, b.starts_on), least(p.ends_on, b.ends_on),
               p.seen || b.parent_id, b.parent_id = ANY (p.seen)
        FROM path p
        JOIN belongs b ON b.account_id = p.parent_id AND b.starts_on < p.ends_on AND p.starts_on < b.ends_on
        WHERE NOT p.is_round)
    SELECT p.account_id, p.parent_id, p.starts_on, p.ends_on, p.seen, p.is_round FROM path p;
END;
COMMENT ON FUNCTION belonging_path() IS
'Internal: to which accounts each account belongs by way of others, and when; is_round where that leads back';

CREATE OR REPLACE FUNCTION belonging_complaint() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH belongs AS (SELECT row_number() OVER () AS nr, b.* FROM belonging() b)
    SELECT min(c.complaint) FROM (
        SELECT format('account %s belongs to %s and to %s at one time, on %s', a.account_id, a.parent_id, b.parent_id,
                      greatest(a.starts_on, b.starts_on)) AS complaint
        FROM belongs a
        JOIN belongs b ON b.account_id = a.account_id AND b.starts_on < a.ends_on AND a.starts_on < b.ends_on
             AND a.nr < b.nr
        UNION ALL
        SELECT format('account %s belongs to itself, on %s: %s', p.account_id, p.starts_on,
                      array_to_string(p.seen, ' > '))
        FROM belonging_path() p WHERE p.is_round) c;
END;
COMMENT ON FUNCTION belonging_complaint() IS
'Internal: what cannot be of parents: two at one time, or an account under itself; NULL: nothing';

CREATE OR REPLACE FUNCTION write_account_entity(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH path AS MATERIALIZED (SELECT p.* FROM belonging_path() p),
    -- the days on which it may come to belong to another; those that others belong to have all of time, too
    edge AS (
        SELECT account_id, starts_on AS day FROM path UNION SELECT account_id, ends_on FROM path
        UNION
        SELECT a.account_id, d.day
        FROM path p, LATERAL (VALUES (p.account_id), (p.parent_id)) a(account_id),
             (VALUES ('-infinity'::date), ('infinity')) d(day)),
    span AS (
        SELECT account_id, day AS starts_on, lead(day) OVER (PARTITION BY account_id ORDER BY day) AS ends_on
        FROM edge),
    member AS (
        -- the farthest of those that it belongs to then, or itself
        SELECT s.account_id, s.starts_on, s.ends_on,
               coalesce((SELECT p.parent_id FROM path p
                         WHERE p.account_id = s.account_id AND p.starts_on <= s.starts_on AND p.ends_on >= s.ends_on
                         ORDER BY cardinality(p.seen) DESC LIMIT 1), s.account_id) AS entity_id
        FROM span s WHERE s.ends_on IS NOT NULL),
    cut AS (
        SELECT entity_id, day AS starts_on, lead(day) OVER (PARTITION BY entity_id ORDER BY day) AS ends_on
        FROM (SELECT entity_id, starts_on AS day FROM member UNION SELECT entity_id, ends_on FROM member) d),
    fresh AS MATERIALIZED (
        SELECT DISTINCT ON (m.account_id, c.starts_on) m.account_id, m.entity_id, c.starts_on, c.ends_on
        FROM member m
        JOIN cut c ON c.entity_id = m.entity_id AND c.starts_on >= m.starts_on AND c.ends_on <= m.ends_on),
    gone AS (
        DELETE FROM account_entity o
        WHERE NOT EXISTS (SELECT 1 FROM fresh f WHERE f.account_id = o.account_id AND f.starts_on = o.starts_on)
        RETURNING 1),
    changed AS (
        INSERT INTO account_entity AS o (account_id, entity_id, starts_on, ends_on)
        SELECT f.account_id, f.entity_id, f.starts_on, f.ends_on FROM fresh f
        ON CONFLICT (account_id, starts_on)
        DO UPDATE SET (entity_id, ends_on) = ROW (excluded.entity_id, excluded.ends_on)
        WHERE (o.entity_id, o.ends_on) <> (excluded.entity_id, excluded.ends_on)
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_account_entity() IS
'Internal: stores of which entity each account is a part, and when; rows written and removed';

CREATE OR REPLACE FUNCTION read_key(sources text[]) RETURNS TABLE (account_id @account_id@)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.account_id FROM account a
    UNION
    -- facts of accounts that were never there count
    SELECT f.account_id FROM fresh_subscription f
    WHERE f.revenue IS NOT NULL OR f.notice IS NOT NULL OR f.renewals IS NOT NULL
    UNION SELECT f.account_id FROM fresh_ticket f WHERE f.tickets IS NOT NULL
    UNION SELECT f.account_id FROM fresh_survey f WHERE f.answers IS NOT NULL
    UNION SELECT f.account_id FROM fresh_milestone f WHERE f.milestones IS NOT NULL
    UNION SELECT f.account_id FROM fresh_signal f WHERE f.signals IS NOT NULL
    UNION SELECT f.account_id FROM fresh_entitlement f WHERE f.entitled IS NOT NULL
    UNION SELECT f.account_id FROM fresh_usage f WHERE f.usage IS NOT NULL
    UNION
    -- and those of sources that are not read this time
    SELECT s.account_id FROM account_state s
    WHERE NOT 'subscription' = ANY (sources)
          AND (s.revenue IS NOT NULL OR s.notice IS NOT NULL OR s.renewals IS NOT NULL)
       OR NOT 'ticket' = ANY (sources) AND s.tickets IS NOT NULL
       OR NOT 'survey' = ANY (sources) AND s.answers IS NOT NULL
       OR NOT 'milestone' = ANY (sources) AND s.milestones IS NOT NULL
       OR NOT 'signal' = ANY (sources) AND s.signals IS NOT NULL
       OR NOT 'entitlement' = ANY (sources) AND s.entitlements IS NOT NULL
       OR NOT 'usage' = ANY (sources) AND s.usage IS NOT NULL
    EXCEPT
    SELECT l.account_id FROM left_out_account l;
END;
COMMENT ON FUNCTION read_key(text[]) IS
'Internal: the accounts that have a row in account_state, where the sources named were read and others were not';

CREATE OR REPLACE FUNCTION write_account_state(sources text[], OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM account_state o WHERE NOT EXISTS (SELECT 1 FROM fresh_key k WHERE k.account_id = o.account_id)
        RETURNING 1),
    changed AS (
        INSERT INTO account_state AS o (account_id, revenue, notice, milestones, tickets, answers, usage, features,
                                        entitlements, renewals, signals)
        SELECT k.account_id, n.revenue, n.notice, n.milestones, n.tickets, n.answers, n.usage, n.features,
               n.entitlements, n.renewals, n.signals
        FROM fresh_key k
        LEFT JOIN account_state o USING (account_id)
        LEFT JOIN (SELECT f.account_id, rollup(f.revenue) AS revenue, rollup(f.notice) AS notice
                   FROM fresh_subscription f GROUP BY f.account_id) s USING (account_id)
        LEFT JOIN (SELECT f.account_id, array_agg(DISTINCT day ORDER BY day) AS renewals
                   FROM fresh_subscription f, unnest(f.renewals) day GROUP BY f.account_id) d USING (account_id)
        LEFT JOIN fresh_milestone m USING (account_id)
        LEFT JOIN fresh_ticket t USING (account_id)
        LEFT JOIN fresh_survey a USING (account_id)
        LEFT JOIN (SELECT f.account_id, rollup(f.usage) AS usage, rollup(f.features) AS features
                   FROM fresh_usage f GROUP BY f.account_id) u USING (account_id)
        LEFT JOIN (SELECT f.account_id, rollup(f.entitled) AS entitlements
                   FROM fresh_entitlement f GROUP BY f.account_id) e USING (account_id)
        LEFT JOIN fresh_signal g USING (account_id),
        LATERAL (SELECT CASE WHEN 'subscription' = ANY (sources) THEN s.revenue ELSE o.revenue END AS revenue,
                        CASE WHEN 'subscription' = ANY (sources) THEN s.notice ELSE o.notice END AS notice,
                        CASE WHEN 'subscription' = ANY (sources) THEN d.renewals ELSE o.renewals END AS renewals,
                        CASE WHEN 'milestone' = ANY (sources) THEN m.milestones ELSE o.milestones END AS milestones,
                        CASE WHEN 'ticket' = ANY (sources) THEN t.tickets ELSE o.tickets END AS tickets,
                        CASE WHEN 'survey' = ANY (sources) THEN a.answers ELSE o.answers END AS answers,
                        CASE WHEN 'usage' = ANY (sources) THEN u.usage ELSE o.usage END AS usage,
                        CASE WHEN 'usage' = ANY (sources) THEN u.features ELSE o.features END AS features,
                        CASE WHEN 'entitlement' = ANY (sources) THEN e.entitlements ELSE o.entitlements END
                            AS entitlements,
                        CASE WHEN 'signal' = ANY (sources) THEN g.signals ELSE o.signals END AS signals) n
        WHERE o.account_id IS NULL
           OR record_image_ne(
                  ROW (n.revenue, n.notice, n.milestones, n.tickets, n.answers, n.usage, n.features, n.entitlements,
                       n.renewals, n.signals),
                  ROW (o.revenue, o.notice, o.milestones, o.tickets, o.answers, o.usage, o.features, o.entitlements,
                       o.renewals, o.signals))
        ON CONFLICT (account_id) DO UPDATE SET
            (revenue, notice, milestones, tickets, answers, usage, features, entitlements, renewals, signals)
            = ROW (excluded.revenue, excluded.notice, excluded.milestones, excluded.tickets, excluded.answers,
                   excluded.usage, excluded.features, excluded.entitlements, excluded.renewals, excluded.signals)
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_account_state(text[]) IS
'Internal: stores the histories of accounts that the sources named gave, and leaves the others as they are; rows '
'written and removed';

CREATE OR REPLACE FUNCTION read_revenue() RETURNS TABLE (
    account_id @account_id@, subscription_id text, currency text, valid_from_on date, valid_until_on date,
    is_mixed boolean, revenue mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.account_id, f.subscription_id, f.currency, f.valid_from_on, f.valid_until_on, f.is_mixed, rollup(f.revenue)
    FROM (SELECT coalesce(e.entity_id, s.account_id) AS account_id, s.subscription_id, c.currency,
                 coalesce(e.starts_on, '-infinity') AS valid_from_on, coalesce(e.ends_on, 'infinity') AS valid_until_on,
                 min(c.currency) OVER entity <> max(c.currency) OVER entity AS is_mixed,
                 CASE WHEN p.report_currency IS NULL THEN s.revenue ELSE s.own_revenue END AS revenue
          FROM policy p CROSS JOIN fresh_subscription s LEFT JOIN account_entity e USING (account_id),
               LATERAL (SELECT CASE WHEN p.report_currency IS NULL THEN ''
                                    ELSE coalesce(s.currency, p.report_currency) END AS currency) c
          WHERE p.entity_grain = 'subscription' OR p.report_currency IS NOT NULL OR e.account_id IS NOT NULL
          WINDOW entity AS (PARTITION BY coalesce(e.entity_id, s.account_id), s.subscription_id,
                                         coalesce(e.starts_on, '-infinity'))) f
    WHERE f.revenue IS NOT NULL
    GROUP BY f.account_id, f.subscription_id, f.currency, f.valid_from_on, f.valid_until_on, f.is_mixed;
END;
COMMENT ON FUNCTION read_revenue() IS
'Internal: the revenue of entities that are not just an account in the currency of report, from what was read';

CREATE OR REPLACE FUNCTION write_revenue_state(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH fresh AS MATERIALIZED (SELECT r.* FROM read_revenue() r),
    gone AS (
        DELETE FROM revenue_state o
        WHERE NOT EXISTS (SELECT 1 FROM fresh f
                          WHERE f.account_id = o.account_id AND f.subscription_id = o.subscription_id
                            AND f.currency = o.currency AND f.valid_from_on = o.valid_from_on
                            AND f.valid_until_on = o.valid_until_on AND f.is_mixed = o.is_mixed)
        RETURNING 1),
    changed AS (
        INSERT INTO revenue_state AS o SELECT f.* FROM fresh f
        ON CONFLICT (account_id, subscription_id, currency, valid_from_on, valid_until_on, is_mixed)
        DO UPDATE SET revenue = excluded.revenue WHERE o.revenue <> excluded.revenue
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_revenue_state() IS 'Internal: stores the revenue of entities; rows written and removed';

CREATE OR REPLACE FUNCTION write_discount_state(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH fresh AS MATERIALIZED (
        SELECT f.account_id, coalesce(f.currency, '') AS currency, rollup(f.list_price) AS list_price,
               rollup(f.recurring) AS recurring, rollup(f.limited) AS limited
        FROM fresh_subscription f
        WHERE f.list_price IS NOT NULL
        GROUP BY f.account_id, coalesce(f.currency, '')),
    gone AS (
        DELETE FROM discount_state o
        WHERE NOT EXISTS (SELECT 1 FROM fresh f WHERE f.account_id = o.account_id AND f.currency = o.currency)
        RETURNING 1),
    changed AS (
        INSERT INTO discount_state AS o
        SELECT f.account_id, f.currency, f.list_price, f.recurring, f.limited
        FROM fresh f LEFT JOIN discount_state o USING (account_id, currency)
        WHERE record_image_ne(ROW (f.list_price, f.recurring, f.limited), ROW (o.list_price, o.recurring, o.limited))
        ON CONFLICT (account_id, currency) DO UPDATE SET
            (list_price, recurring, limited) = ROW (excluded.list_price, excluded.recurring, excluded.limited)
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_discount_state() IS 'Internal: stores list prices and discounts; rows written and removed';

CREATE OR REPLACE FUNCTION write_user_state(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM user_state o
        WHERE NOT EXISTS (SELECT 1 FROM fresh_usage f WHERE f.account_id = o.account_id AND f.user_id = o.user_id)
        RETURNING 1),
    changed AS (
        INSERT INTO user_state AS o
        SELECT f.account_id, f.user_id, f.role, f.usage
        FROM fresh_usage f LEFT JOIN user_state o USING (account_id, user_id)
        WHERE f.user_id IS NOT NULL
          AND (o.account_id IS NULL OR record_image_ne(ROW (f.role, f.usage), ROW (o.role, o.usage)))
        ON CONFLICT (account_id, user_id) DO UPDATE SET (role, usage) = ROW (excluded.role, excluded.usage)
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_user_state() IS 'Internal: stores the histories of users; rows written and removed';

CREATE OR REPLACE FUNCTION write_entitlement_state(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM entitlement_state o
        WHERE NOT EXISTS (SELECT 1 FROM fresh_entitlement f WHERE f.account_id = o.account_id AND f.feature = o.feature)
        RETURNING 1),
    changed AS (
        INSERT INTO entitlement_state AS o
        SELECT f.account_id, f.feature, f.terms
        FROM fresh_entitlement f LEFT JOIN entitlement_state o USING (account_id, feature)
        WHERE o.account_id IS NULL OR f.terms <> o.terms
        ON CONFLICT (account_id, feature) DO UPDATE SET terms = excluded.terms
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_entitlement_state() IS 'Internal: stores who is entitled to what; rows written and removed';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/32_entities.sql', $model_part$-- Whose revenue, and in which money: the entities that the bridge is about, and the rates that bring them together.
--
-- Most accounts are entities of their own in the currency of report: account_state has their histories. The others
-- have theirs in revenue_state: subscriptions, accounts that merged or have a parent, for as long as the same accounts
-- belong together, and where there are several currencies, all accounts, each history in its own. Sums of one currency
-- are converted as sums, so that nothing is rounded; an entity in several currencies is converted by itself, each
-- history to six decimals.

CREATE OR REPLACE FUNCTION entity_history(period text, earlier integer) RETURNS TABLE (
    account_id @account_id@, subscription_id text, currency text, is_whole boolean, from_on date, until_on date,
    revenue mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    -- LIMIT tells the planner that this is one row, worked out once and not for every account
    SELECT a.account_id, NULL AS subscription_id, NULL AS currency, true AS is_whole, r.first_on AS from_on,
           r.end_on AS until_on,
           limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days) AS revenue
    FROM (SELECT *, (period_start(from_on, $1, fiscal_year_start) - $2 * period_length($1))::date AS first_on,
          as_of_on + 1 AS end_on FROM reporting_range LIMIT 1) r, account_state a
    WHERE a.account_id NOT IN (SELECT e.account_id FROM account_entity e)
      AND NOT (SELECT EXISTS (SELECT FROM revenue_state WHERE currency <> '' OR subscription_id <> ''))
    UNION ALL
    SELECT s.account_id, nullif(s.subscription_id, ''), nullif(s.currency, ''), s.valid_from_on = '-infinity'
        AND s.valid_until_on = 'infinity', p.from_on, p.until_on,
        limit_pauses(smooth_gaps(s.revenue, r.gap_smooth_days), r.pause_churn_days)
    FROM (SELECT *, (period_start(from_on, $1, fiscal_year_start) - $2 * period_length($1))::date AS first_on,
          as_of_on + 1 AS end_on FROM reporting_range LIMIT 1) r, revenue_state s,
         -- the periods that end while it is made of the same accounts
         LATERAL (SELECT CASE WHEN s.valid_from_on <= r.first_on THEN r.first_on ELSE period_start(s.valid_from_on, $1,
                     r.fiscal_year_start) END AS from_on,
                         CASE WHEN s.valid_until_on >= r.end_on THEN r.end_on
                             ELSE period_start(s.valid_until_on, $1, r.fiscal_year_start) END AS until_on) p
    WHERE NOT s.is_mixed AND p.from_on < p.until_on;
END;
COMMENT ON FUNCTION entity_history(period text, earlier integer) IS
'The revenue history of each entity that is all in one currency, in that currency (NULL: nothing to convert), whether '
'it was of the same accounts all the time, and the periods for which it was: those of the report, and earlier ones '
'before it.';

CREATE OR REPLACE FUNCTION revenue_history(period text, earlier integer) RETURNS TABLE (
    account_id @account_id@, subscription_id text, currency text, is_whole boolean, from_on date, until_on date,
    revenue mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT h.account_id, h.subscription_id, h.currency, h.is_whole, h.from_on, h.until_on, h.revenue
    FROM entity_history($1, $2) h WHERE (SELECT reactivation_gap_days IS NULL FROM policy)
    UNION ALL
    SELECT h.account_id, h.subscription_id, h.currency, h.is_whole, h.from_on, h.until_on, part.revenue
    FROM reporting_range r, entity_history($1, $2) h,
         LATERAL split_gaps(h.revenue, r.reactivation_gap_days) part(revenue)
         WHERE (SELECT reactivation_gap_days IS NOT NULL FROM policy);
END;
COMMENT ON FUNCTION revenue_history(period text, earlier integer) IS
'The same, cut where the entity came back after more than reactivation_gap_days.';

CREATE OR REPLACE FUNCTION mixed_window(starts date[], ends date[]) RETURNS TABLE (
    account_id @account_id@, subscription_id text, start_on date, end_on date, is_known boolean, revenue mrr_timeline,
    opening_mrr numeric, closing_mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH rate AS MATERIALIZED (SELECT * FROM window_rate($1, $2))
    SELECT m.account_id, nullif(m.subscription_id, '') AS subscription_id, m.start_on, m.end_on, m.is_known, m.revenue,
           CASE WHEN m.is_known THEN coalesce(mrr_at(smooth_gaps(m.opening, r.gap_smooth_days), m.start_on - 1),
                                              m.opening_mrr) END AS opening_mrr,
           CASE WHEN m.is_known THEN coalesce(mrr_at(smooth_gaps(m.closing, r.gap_smooth_days), m.end_on - 1),
                                              m.closing_mrr) END AS closing_mrr
    FROM reporting_range r,
         (SELECT s.account_id, s.subscription_id, w.start_on, w.end_on,
                 -- a rate is needed where there is something to convert, if only a pause that ends
                 bool_and(x.opening_fx + x.movement_fx + x.closing_fx IS NOT NULL
                          OR NOT moves(limit_pauses(smooth_gaps(s.revenue, p.gap_smooth_days), p.pause_churn_days),
                                       w.start_on, w.end_on)) AS is_known,
                 limit_pauses(smooth_gaps(rollup(scale(s.revenue, coalesce(x.movement_fx, 1))), min(p.gap_smooth_days)),
                              min(p.pause_churn_days)) AS revenue,
                 sum(round(mrr_at(s.revenue, w.start_on - 1) * coalesce(x.opening_fx, 1), 6)) AS opening_mrr,
                 sum(round(mrr_at(s.revenue, w.end_on - 1) * coalesce(x.closing_fx, 1), 6)) AS closing_mrr,
                 -- whether a gap is one tells the whole alone
                 rollup(scale(s.revenue, coalesce(x.opening_fx, 1))) FILTER (WHERE p.gap_smooth_days > 0) AS opening,
                 rollup(scale(s.revenue, coalesce(x.closing_fx, 1))) FILTER (WHERE p.gap_smooth_days > 0) AS closing
          FROM reporting_range p CROSS JOIN unnest($1, $2) w(start_on, end_on)
               JOIN revenue_state s ON s.is_mixed AND s.valid_from_on < w.end_on AND w.end_on <= s.valid_until_on
               LEFT JOIN rate x ON x.currency = s.currency AND x.start_on = w.start_on AND x.end_on = w.end_on
          GROUP BY s.account_id, s.subscription_id, w.start_on, w.end_on) m;
END;
COMMENT ON FUNCTION mixed_window(starts date[], ends date[]) IS
'The revenue history of each entity in several currencies, converted for each window at its rates, with its MRR '
'before and at the end of it at the rates of then, NULL where a rate is missing: then the history tells when there '
'was any, not how much.';

CREATE OR REPLACE FUNCTION mixed_history(period text, lag integer, earlier integer) RETURNS TABLE (
    account_id @account_id@, subscription_id text, start_on date, from_on date, end_on date, is_known boolean,
    revenue mrr_timeline, opening_mrr numeric, closing_mrr numeric, movement_mrr numeric, is_first boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT m.account_id, m.subscription_id, m.start_on, w.from_on, m.end_on, m.is_known, part.revenue,
           CASE WHEN part.nr = 1 THEN m.opening_mrr END AS opening_mrr,
           CASE WHEN part.nr = 1 THEN m.closing_mrr END AS closing_mrr,
           CASE WHEN m.is_known AND part.nr = 1
               THEN mrr_at(m.revenue, m.end_on - 1) - mrr_at(m.revenue, m.start_on - 1) END AS movement_mrr,
               part.nr = 1 AS is_first
    FROM reporting_range r CROSS JOIN (SELECT array_agg(start_on) AS starts, array_agg(end_on) AS ends
                                       FROM report_window($1, $2, $3)) of_report
         CROSS JOIN LATERAL mixed_window(of_report.starts, of_report.ends) m
             JOIN report_window($1, $2, $3) w USING (start_on, end_on),
         LATERAL split_gaps(m.revenue, r.reactivation_gap_days) WITH ORDINALITY part(revenue, nr);
END;
COMMENT ON FUNCTION mixed_history(period text, lag integer, earlier integer) IS
'The same for the windows of lag periods that end with the periods of the report, earlier ones included, cut where '
'the entity came back after more than reactivation_gap_days: then the first part bears the MRR of all.';

CREATE OR REPLACE FUNCTION window_entity(start_on date, end_on date) RETURNS TABLE (
    account_id @account_id@, subscription_id text, revenue mrr_timeline, opening_fx numeric, movement_fx numeric,
    closing_fx numeric, opening_mrr numeric, closing_mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH rate AS MATERIALIZED (SELECT * FROM window_rate(ARRAY[$1], ARRAY[$2]))
    SELECT a.account_id, NULL AS subscription_id,
           limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days) AS revenue,
           1::numeric AS opening_fx, 1::numeric AS movement_fx, 1::numeric AS closing_fx,
           NULL::numeric AS opening_mrr, NULL::numeric AS closing_mrr
    FROM reporting_range r, account_state a
    WHERE a.account_id NOT IN (SELECT e.account_id FROM account_entity e)
      AND NOT (SELECT EXISTS (SELECT FROM revenue_state WHERE currency <> '' OR subscription_id <> ''))
    UNION ALL
    SELECT s.account_id, nullif(s.subscription_id, ''),
           limit_pauses(smooth_gaps(s.revenue, r.gap_smooth_days), r.pause_churn_days),
           CASE WHEN s.currency = '' THEN 1 ELSE x.opening_fx END,
           CASE WHEN s.currency = '' THEN 1 ELSE x.movement_fx END,
           CASE WHEN s.currency = '' THEN 1 ELSE x.closing_fx END, NULL, NULL
    FROM reporting_range r, revenue_state s LEFT JOIN rate x USING (currency)
    WHERE NOT s.is_mixed AND s.valid_from_on < $2 AND $2 <= s.valid_until_on
    UNION ALL
    SELECT m.account_id, m.subscription_id, m.revenue, k.one, k.one, k.one, m.opening_mrr, m.closing_mrr
    FROM mixed_window(ARRAY[$1], ARRAY[$2]) m, LATERAL (SELECT CASE WHEN m.is_known THEN 1::numeric END AS one) k;
END;
COMMENT ON FUNCTION window_entity(start_on date, end_on date) IS
'The entities as of the end of one window, from start_on on and before end_on: their revenue history, the rates that '
'convert it, NULL where one is missing, and of those in several currencies, whose histories are converted, the MRR '
'before and at the end.';

CREATE OR REPLACE FUNCTION entity_window(start_on date, end_on date) RETURNS TABLE (
    account_id @account_id@, subscription_id text, revenue mrr_timeline, opening_fx numeric, movement_fx numeric,
    closing_fx numeric, opening_mrr numeric, closing_mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT e.account_id, e.subscription_id, e.revenue, e.opening_fx, e.movement_fx, e.closing_fx, e.opening_mrr,
           e.closing_mrr
    FROM window_entity($1, $2) e WHERE (SELECT reactivation_gap_days IS NULL FROM policy)
    UNION ALL
    SELECT e.account_id, e.subscription_id, part.revenue, e.opening_fx, e.movement_fx, e.closing_fx,
           CASE WHEN part.nr = 1 THEN e.opening_mrr ELSE 0 * e.opening_mrr END,
           CASE WHEN part.nr = 1 THEN e.closing_mrr ELSE 0 * e.closing_mrr END
    FROM reporting_range r, window_entity($1, $2) e,
         LATERAL split_gaps(e.revenue, r.reactivation_gap_days) WITH ORDINALITY part(revenue, nr)
         WHERE (SELECT reactivation_gap_days IS NOT NULL FROM policy);
END;
COMMENT ON FUNCTION entity_window(start_on date, end_on date) IS
'The same, cut where the entity came back after more than reactivation_gap_days; then the first part bears the MRR of '
'one in several currencies.';

CREATE OR REPLACE FUNCTION entity_revenue(as_of date) RETURNS TABLE (
    account_id @account_id@, subscription_id text, revenue mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT e.account_id, e.subscription_id, part.revenue
    FROM (SELECT a.account_id, NULL AS subscription_id, a.revenue
          FROM account_state a
          WHERE a.account_id NOT IN (SELECT e.account_id FROM account_entity e)
            AND NOT (SELECT EXISTS (SELECT FROM revenue_state WHERE subscription_id <> ''))
          UNION ALL
          SELECT s.account_id, nullif(s.subscription_id, ''),
                 rollup(CASE WHEN s.currency = '' THEN s.revenue ELSE scale(s.revenue, coalesce(k.fx, 1)) END)
          FROM revenue_state s LEFT JOIN constant_rate k USING (currency)
          WHERE s.valid_from_on <= $1 AND $1 < s.valid_until_on
            AND (s.subscription_id <> '' OR EXISTS (SELECT FROM account_entity e WHERE e.entity_id = s.account_id))
          GROUP BY s.account_id, s.subscription_id) e,
         LATERAL (SELECT gap_smooth_days, pause_churn_days, reactivation_gap_days FROM reporting_range) r,
         LATERAL split_gaps(limit_pauses(smooth_gaps(e.revenue, r.gap_smooth_days), r.pause_churn_days),
                            r.reactivation_gap_days) part(revenue);
END;
COMMENT ON FUNCTION entity_revenue(as_of date) IS
'The entities as they are made up on a day, with their revenue history in the currency of report at constant rates, '
'cut where they came back after more than reactivation_gap_days: what cohorts and lifetime value are of.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/34_revenue.sql', $model_part$-- The revenue bridge, its movements, and churn.

CREATE OR REPLACE FUNCTION revenue_bridge(period text, lag integer, earlier integer) RETURNS TABLE (
    period_start_on date, period_end_on date, dimension text, value text, opening_mrr numeric, new_mrr numeric,
    reactivation_mrr numeric, resume_mrr numeric, expansion_mrr numeric, contraction_mrr numeric, pause_mrr numeric,
    churn_mrr numeric, fx_mrr numeric, closing_mrr numeric, intra_period_mrr numeric, opening_count bigint,
    new_count bigint, reactivation_count bigint, resume_count bigint, expansion_count bigint, contraction_count bigint,
    pause_count bigint, churn_count bigint, closing_count bigint, intra_period_count bigint, flow revenue_flow,
    is_complete boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH rate AS MATERIALIZED (SELECT * FROM report_rate($1, $2, $3))
    SELECT s.period_start_on, s.period_end_on, s.dimension, s.value,
           s.one * s.opening AS opening_mrr, s.one * s.new AS new_mrr, s.one * s.reactivation AS reactivation_mrr,
           s.one * s.resume AS resume_mrr,
           s.one * s.expansion AS expansion_mrr, s.one * s.contraction AS contraction_mrr, s.one * s.pause AS pause_mrr,
           s.one * s.churn AS churn_mrr,
           s.one * (s.closing - (s.opening + s.new + s.reactivation + s.resume + s.expansion - s.contraction - s.pause
                                 - s.churn)) AS fx_mrr,
           s.one * s.closing AS closing_mrr, s.one * s.intra_period AS intra_period_mrr,
           s.opening_count, s.new_count, s.reactivation_count, s.resume_count, s.expansion_count, s.contraction_count,
           s.pause_count, s.churn_count,
           s.closing_count, s.intra_period_count, CASE WHEN s.one = 1 THEN s.flow END AS flow, s.is_complete
    FROM (
        SELECT m.period_start AS period_start_on, m.period_end AS period_end_on, g.dimension, g.value,
               -- unknown if any part of it is
               CASE WHEN bool_and(g.is_known AND (k.opening + k.movement + k.closing IS NOT NULL
                                                  OR (m.opening, m.closing, m.new, m.reactivation, m.resume, m.churn,
                                                      m.intra_period) = (0, 0, 0, 0, 0, 0, 0))) THEN 1 END AS one,
               sum(coalesce(g.opening, m.opening * k.opening)) AS opening, sum(m.new * k.movement) AS new,
               sum(m.reactivation * k.movement) AS reactivation,
               sum(m.resume * k.movement) AS resume, sum(m.expansion * k.movement) AS expansion,
               sum(m.contraction * k.movement) AS contraction,
               sum(m.pause * k.movement) AS pause, sum(m.churn * k.movement) AS churn,
               sum(m.intra_period * k.movement) AS intra_period,
               sum(coalesce(g.closing, m.closing * k.closing)) AS closing,
               sum(m.opening_count)::bigint AS opening_count, sum(m.new_count)::bigint AS new_count,
               sum(m.reactivation_count)::bigint AS reactivation_count,
               sum(m.resume_count)::bigint AS resume_count, sum(m.expansion_count)::bigint AS expansion_count,
               sum(m.contraction_count)::bigint AS contraction_count,
               sum(m.pause_count)::bigint AS pause_count, sum(m.churn_count)::bigint AS churn_count,
               sum(m.closing_count)::bigint AS closing_count,
               sum(m.intra_period_count)::bigint AS intra_period_count,
               rollup(CASE WHEN g.currency IS NULL THEN f.flow ELSE scale(f.flow, k.movement) END) AS flow,
               bool_and(m.complete) AS is_complete
        FROM reporting_range r,
             -- those that were of the same accounts all the time have the same windows; they are most
             (SELECT d.dimension, d.value, h.currency,
              mrr_movement_agg(h.revenue, h.from_on, h.until_on, $1, $2) AS state, true AS is_known,
              NULL::numeric AS opening, NULL::numeric AS closing
              FROM revenue_history($1, $3) h JOIN account_dimension d USING (account_id)
              WHERE h.is_whole
              GROUP BY d.dimension, d.value, h.currency
              UNION ALL
              SELECT d.dimension, d.value, h.currency, mrr_movement_agg(h.revenue, h.from_on, h.until_on, $1, $2),
                     bool_and(h.is_known), sum(h.opening_mrr), sum(h.closing_mrr)
              FROM (SELECT account_id, currency, from_on, until_on, revenue, true AS is_known,
                    NULL::numeric AS opening_mrr, NULL::numeric AS closing_mrr, false AS is_mixed
                    FROM revenue_history($1, $3) w WHERE NOT w.is_whole
                    UNION ALL
                    SELECT account_id, NULL, from_on, end_on, revenue, is_known, coalesce(opening_mrr, 0),
                           coalesce(closing_mrr, 0), true FROM mixed_history($1, $2, $3) m) h
                   JOIN account_dimension d USING (account_id)
              GROUP BY d.dimension, d.value, h.currency, h.from_on, h.until_on, h.is_mixed) g
             CROSS JOIN LATERAL movements(g.state, r.pause_rule = 'churn') m
             JOIN LATERAL revenue_flows(g.state) f USING (period_start, period_end)
             LEFT JOIN rate x ON x.currency = g.currency AND x.start_on = m.period_start AND x.end_on = m.period_end,
             LATERAL (SELECT CASE WHEN g.currency IS NULL THEN 1 ELSE x.opening_fx END AS opening,
                      CASE WHEN g.currency IS NULL THEN 1 ELSE x.movement_fx END AS movement,
                             CASE WHEN g.currency IS NULL THEN 1 ELSE x.closing_fx END AS closing) k
        GROUP BY m.period_start, m.period_end, g.dimension, g.value) s;
END;
COMMENT ON FUNCTION revenue_bridge(period text, lag integer, earlier integer) IS
'The revenue bridge over windows of lag periods, one ending with each month, quarter or year of the report, earlier '
'ones before it included, for each value of each attribute of accounts in use, and for all: the views of revenue and '
'retention read it. flow is for readers such as nrr_interval(flow). Amounts are NULL where a rate is missing.';

CREATE OR REPLACE VIEW revenue_by_segment WITH (security_invoker) AS
SELECT b.period_start_on, b.period_end_on, b.dimension, b.value, b.opening_mrr, b.new_mrr, b.reactivation_mrr,
       b.resume_mrr,
       b.expansion_mrr, b.contraction_mrr, b.pause_mrr, b.churn_mrr, b.fx_mrr, b.closing_mrr, b.intra_period_mrr,
       b.opening_count, b.new_count, b.reactivation_count, b.resume_count, b.expansion_count, b.contraction_count,
       b.pause_count, b.churn_count, b.closing_count, b.intra_period_count,
       nrr(b.flow) AS nrr_rate, nrr.lower AS nrr_lower_rate, nrr.upper AS nrr_upper_rate,
       grr(b.flow) AS grr_rate, grr.lower AS grr_lower_rate, grr.upper AS grr_upper_rate,
       b.churn_count / nullif(b.opening_count, 0)::double precision AS logo_churn_rate,
       logo.lower AS logo_churn_lower_rate, logo.upper AS logo_churn_upper_rate,
       (b.churn_mrr / nullif(b.opening_mrr, 0))::double precision AS revenue_churn_rate,
       trim_scale(round(b.closing_mrr / nullif(b.closing_count, 0), 6)) AS arpa_mrr, b.is_complete, r.policy_hash
FROM reporting_range r, revenue_bridge('month', 1, 0) b,
     LATERAL nrr_interval(b.flow, r.confidence_rate) nrr,
     LATERAL grr_interval(b.flow, r.confidence_rate) grr,
     LATERAL wilson_interval(b.churn_count, b.opening_count, r.confidence_rate) logo;
COMMENT ON VIEW revenue_by_segment IS
'The revenue bridge, month by month, for each value of each attribute of accounts that is in use, and for all; the '
'past too is grouped by what the account source says now. The values of one attribute add up to revenue_monthly '
'exactly.';

CREATE OR REPLACE VIEW revenue_by_currency WITH (security_invoker) AS
WITH rate AS MATERIALIZED (SELECT * FROM report_rate('month', 1, 0))
SELECT s.currency, s.start_on AS period_start_on, s.end_on AS period_end_on, s.own_opening_mrr, s.own_closing_mrr,
       x.opening_fx, x.movement_fx, x.closing_fx,
       s.own_single_opening * k.opening_fx + s.opening AS opening_mrr,
       s.own_single_closing * k.closing_fx + s.closing - s.own_single_opening * k.opening_fx - s.opening
           - ((s.own_single_closing - s.own_single_opening) * k.movement_fx + s.movement) AS fx_mrr,
       s.own_single_closing * k.closing_fx + s.closing AS closing_mrr,
       k.opening_fx + k.movement_fx + k.closing_fx IS NOT NULL AS is_known, r.policy_hash
FROM reporting_range r CROSS JOIN
     (SELECT p.currency, p.start_on, p.end_on, sum(p.opening) AS own_opening_mrr, sum(p.closing) AS own_closing_mrr,
      bool_or(p.is_moving) AS is_moving,
             coalesce(sum(p.opening) FILTER (WHERE NOT p.is_mixed), 0) AS own_single_opening,
             coalesce(sum(p.closing) FILTER (WHERE NOT p.is_mixed), 0) AS own_single_closing,
             coalesce(sum(round(p.opening * x.opening_fx, 6)) FILTER (WHERE p.is_mixed), 0) AS opening,
             coalesce(sum(round(p.closing * x.closing_fx, 6)) FILTER (WHERE p.is_mixed), 0) AS closing,
             coalesce(sum(round(p.closing * x.movement_fx, 6) - round(p.opening * x.movement_fx,
                                                                      6)) FILTER (WHERE p.is_mixed), 0) AS movement
      FROM (SELECT coalesce(g.currency, (SELECT report_currency FROM policy)) AS currency, m.period_start AS start_on,
            m.period_end AS end_on, m.opening, m.closing,
                   (m.opening, m.closing, m.new, m.reactivation, m.resume, m.churn, m.intra_period) <> (0, 0, 0, 0, 0,
                           0, 0) AS is_moving, false AS is_mixed
            FROM (SELECT currency, mrr_movement_agg(revenue, from_on, until_on, 'month') AS state
                  FROM revenue_history('month', 0) h GROUP BY currency, from_on, until_on) g,
                       LATERAL movements(g.state) m
            UNION ALL
            SELECT s.currency, w.start_on, w.end_on, mrr_at(s.revenue, w.start_on - 1), mrr_at(s.revenue, w.end_on - 1),
                   moves(limit_pauses(smooth_gaps(s.revenue, r.gap_smooth_days), r.pause_churn_days), w.start_on,
                         w.end_on), true
            FROM reporting_range r CROSS JOIN report_window('month', 1, 0) w
                 JOIN revenue_state s ON s.is_mixed AND s.valid_from_on < w.end_on AND w.end_on <= s.valid_until_on) p
           LEFT JOIN rate x USING (currency, start_on, end_on)
      GROUP BY p.currency, p.start_on, p.end_on) s
     LEFT JOIN rate x USING (currency, start_on, end_on),
     -- where there is nothing to convert any rate will do
     LATERAL (SELECT CASE WHEN s.currency IS NULL OR NOT s.is_moving THEN 1 ELSE x.opening_fx END AS opening_fx,
              CASE WHEN s.currency IS NULL OR NOT s.is_moving THEN 1 ELSE x.movement_fx END AS movement_fx,
                     CASE WHEN s.currency IS NULL OR NOT s.is_moving THEN 1 ELSE x.closing_fx END AS closing_fx) k
ORDER BY s.currency, s.start_on;
COMMENT ON VIEW revenue_by_currency IS
'MRR in each currency itself, month by month, the rates, and what it comes to in the currency of report: opening_mrr, '
'fx_mrr and closing_mrr add up to those of revenue_monthly exactly (but for gaps that gap_smooth_days fills of '
'accounts in several currencies). NULL, and not known, where a rate that it needs is missing.';

CREATE OR REPLACE VIEW missing_rate WITH (security_invoker) AS
SELECT c.currency, c.period_start_on, c.period_end_on, d.day_on, c.own_opening_mrr, c.own_closing_mrr,
       format('no rate from %s to %s on %s, nor in the %s days before it', c.currency, r.report_currency, d.day_on,
              r.rate_max_age_days) AS complaint
FROM reporting_range r, revenue_by_currency c,
     LATERAL (SELECT c.period_start_on - 1 + n AS day_on, n
              FROM generate_series(0, c.period_end_on - c.period_start_on) n) d
WHERE NOT c.is_known
  AND CASE WHEN r.rate_rule = 'average' AND c.movement_fx IS NULL THEN NOT EXISTS (SELECT FROM currency_rate f
          WHERE f.currency = c.currency AND f.day_on = d.day_on AND f.fx IS NOT NULL)
           ELSE d.n = 0 AND c.opening_fx IS NULL OR d.day_on = c.period_end_on - 1 AND c.closing_fx IS NULL END
ORDER BY c.currency, c.period_start_on, d.day_on;
COMMENT ON VIEW missing_rate IS
'The rates that are missing: a row a currency, month and day for which nothing in source_fx_rate says what MRR was '
'worth. The figures that would need them are NULL.';

CREATE OR REPLACE VIEW revenue_by_period WITH (security_invoker) AS
SELECT b.period_start_on, b.period_end_on, b.dimension, b.value, b.opening_mrr, b.new_mrr, b.reactivation_mrr,
       b.resume_mrr,
       b.expansion_mrr, b.contraction_mrr, b.pause_mrr, b.churn_mrr, b.fx_mrr, b.closing_mrr, b.intra_period_mrr,
       b.opening_count, b.churn_count, b.closing_count, nrr(b.flow) AS nrr_rate, nrr.lower AS nrr_lower_rate,
       nrr.upper AS nrr_upper_rate,
       grr(b.flow) AS grr_rate, grr.lower AS grr_lower_rate, grr.upper AS grr_upper_rate,
       b.churn_count / nullif(b.opening_count, 0)::double precision AS logo_churn_rate,
       logo.lower AS logo_churn_lower_rate, logo.upper AS logo_churn_upper_rate, b.is_complete, r.policy_hash
FROM reporting_range r, revenue_bridge(r.period, 1, 0) b,
     LATERAL nrr_interval(b.flow, r.confidence_rate) nrr,
     LATERAL grr_interval(b.flow, r.confidence_rate) grr,
     LATERAL wilson_interval(b.churn_count, b.opening_count, r.confidence_rate) logo;
COMMENT ON VIEW revenue_by_period IS
'The same bridge by the period of the policy: months, quarters or years, of the fiscal year where it is another.';

CREATE OR REPLACE VIEW revenue_monthly WITH (security_invoker) AS
SELECT period_start_on, period_end_on,
       opening_mrr, new_mrr, reactivation_mrr, resume_mrr, expansion_mrr, contraction_mrr, pause_mrr, churn_mrr, fx_mrr,
       closing_mrr,
       intra_period_mrr,
       opening_count, new_count, reactivation_count, resume_count, expansion_count, contraction_count, pause_count,
       churn_count, closing_count, intra_period_count,
       nrr_rate, nrr_lower_rate, nrr_upper_rate, grr_rate, grr_lower_rate, grr_upper_rate,
       logo_churn_rate, logo_churn_lower_rate, logo_churn_upper_rate, revenue_churn_rate, is_complete, policy_hash
FROM revenue_by_segment WHERE dimension = 'all' ORDER BY period_start_on;
COMMENT ON VIEW revenue_monthly IS
'The revenue bridge, month by month: from opening to closing MRR, with the accounts behind each part, NRR, GRR and '
'churn.';

CREATE OR REPLACE VIEW revenue_movement WITH (security_invoker) AS
WITH rate AS MATERIALIZED (SELECT * FROM report_rate('month', 1, 0))
SELECT c.period_start AS period_start_on, c.period_end AS period_end_on, c.account_id, c.subscription_id, n.name,
       n.segment, n.plan, n.owner,
       c.movement, c.opening AS opening_mrr, c.closing AS closing_mrr, c.amount AS amount_mrr
FROM (SELECT h.account_id, h.subscription_id, c.period_start, c.period_end, c.movement, c.opening * k.rate AS opening,
      c.closing * k.rate AS closing, c.amount * k.rate AS amount
      FROM reporting_range r, revenue_history('month', 0) h
           CROSS JOIN LATERAL changes(h.revenue, h.from_on, h.until_on, 'month', 1, r.pause_rule = 'churn') c
           LEFT JOIN rate x ON x.currency = h.currency AND x.start_on = c.period_start AND x.end_on = c.period_end,
           LATERAL (SELECT CASE WHEN h.currency IS NULL THEN 1 ELSE x.movement_fx END AS rate) k
      UNION ALL
      SELECT h.account_id, h.subscription_id, c.period_start, c.period_end, c.movement, k.one * c.opening,
             k.one * c.closing, k.one * c.amount
      FROM reporting_range r, mixed_history('month', 1, 0) h, LATERAL (SELECT CASE WHEN h.is_known THEN 1 END AS one) k,
           LATERAL changes(h.revenue, h.from_on, h.end_on, 'month', 1, r.pause_rule = 'churn') c
      UNION ALL
      SELECT f.account_id, f.subscription_id, f.start_on, f.end_on, 'fx', f.opening, f.closing,
             f.closing - f.opening - f.movement
      FROM (SELECT h.account_id, h.subscription_id, x.start_on, x.end_on, m.opening * x.opening_fx AS opening,
            m.closing * x.closing_fx AS closing, (m.closing - m.opening) * x.movement_fx AS movement,
            m.opening + m.closing > 0 AS is_there
            FROM revenue_history('month', 0) h
                 JOIN rate x ON x.currency = h.currency AND h.from_on <= x.start_on AND x.end_on <= h.until_on,
                 LATERAL (SELECT mrr_at(h.revenue, x.start_on - 1) AS opening,
                          mrr_at(h.revenue, x.end_on - 1) AS closing) m
            UNION ALL
            SELECT h.account_id, h.subscription_id, h.start_on, h.end_on, h.opening_mrr, h.closing_mrr, h.movement_mrr,
                   true
            FROM mixed_history('month', 1, 0) h WHERE h.is_first) f
      -- an error row where a rate is missing
      WHERE f.is_there AND f.closing - f.opening - f.movement IS DISTINCT FROM 0) c
     LEFT JOIN account n USING (account_id);
COMMENT ON VIEW revenue_movement IS
'The movements account by account, with the attributes of now: amount_mrr by month and movement adds up to '
'revenue_monthly exactly. fx is the effect of exchange rates, its opening and closing MRR at the rates of then; those '
'of movements are at one rate. NULL where a rate is missing.';

CREATE OR REPLACE VIEW churn_monthly WITH (security_invoker) AS
SELECT period_start_on, period_end_on, opening_count, churn_count, intra_period_count, closing_count,
       logo_churn_rate, logo_churn_lower_rate, logo_churn_upper_rate,
       (churn_count + intra_period_count) / nullif((opening_count + closing_count) / 2::double precision,
                                                   0) AS logo_churn_average_rate,
       annualize_churn(least(logo_churn_rate, 1)) AS annualized_logo_churn_rate,
       CASE WHEN count(logo_churn_rate) OVER year = 12
            THEN annualize_churn(array_agg(least(logo_churn_rate, 1)) OVER year) END AS trailing_year_logo_churn_rate,
       opening_mrr, churn_mrr, contraction_mrr, revenue_churn_rate,
       (contraction_mrr / nullif(opening_mrr, 0))::double precision AS contraction_rate,
       1 - nrr_rate AS net_revenue_churn_rate, is_complete, policy_hash
FROM revenue_monthly
WINDOW year AS (ORDER BY period_start_on ROWS 11 PRECEDING)
ORDER BY period_start_on;
COMMENT ON VIEW churn_monthly IS
'Churn, month by month: of accounts and of revenue, with its interval, its other denominator and its yearly reading.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/36_retention.sql', $model_part$-- Retention of the trailing year and of cohorts.

CREATE OR REPLACE VIEW retention_by_segment WITH (security_invoker) AS
SELECT b.period_start_on, b.period_end_on, b.dimension, b.value, b.opening_count, b.churn_count, b.opening_mrr,
       nrr(b.flow) AS nrr_rate, nrr.lower AS nrr_lower_rate, nrr.upper AS nrr_upper_rate,
       grr(b.flow) AS grr_rate, grr.lower AS grr_lower_rate, grr.upper AS grr_upper_rate,
       b.churn_count / nullif(b.opening_count, 0)::double precision AS logo_churn_rate,
       logo.lower AS logo_churn_lower_rate, logo.upper AS logo_churn_upper_rate,
       -- of the twelve months, each at its own rates
       (1 + y.net_mrr / nullif(y.opening_mrr, 0))::double precision AS nrr_movement_rate, y.chained AS nrr_chained_rate,
       (1 + y.net_mrr / nullif(y.base_mrr, 0))::double precision AS nrr_ttm_avg_rate, b.is_complete, r.policy_hash
FROM reporting_range r CROSS JOIN revenue_bridge('month', 12, 0) b
     LEFT JOIN (SELECT m.dimension, m.value, (m.period_start_on + k.later * interval '1 month')::date AS last_on,
                sum(m.opening_mrr) AS base_mrr, sum(m.opening_mrr) FILTER (WHERE k.later = 11) AS opening_mrr,
                       sum(m.expansion_mrr - m.contraction_mrr - m.pause_mrr - m.churn_mrr) AS net_mrr,
                       CASE WHEN bool_and(nrr(m.flow) IS NOT NULL)
                           THEN 1 - annualize_churn(array_agg(1 - nrr(m.flow) ORDER BY m.period_start_on)) END
                           AS chained
                FROM revenue_bridge('month', 1, 11) m, generate_series(0, 11) k(later)
                GROUP BY m.dimension, m.value,
                    (m.period_start_on + k.later * interval '1 month')::date HAVING count(*) = 12) y
         ON (y.dimension, y.value, y.last_on) = (b.dimension, b.value,
                                                 (b.period_start_on + interval '11 months')::date),
     LATERAL nrr_interval(b.flow, r.confidence_rate) nrr,
     LATERAL grr_interval(b.flow, r.confidence_rate) grr,
     LATERAL wilson_interval(b.churn_count, b.opening_count, r.confidence_rate) logo
WHERE b.opening_count > 0
ORDER BY b.dimension, b.value, b.period_end_on;
COMMENT ON VIEW retention_by_segment IS
'Retention of the year that ends with each month, of the accounts with MRR at its start, for each value of each '
'attribute of accounts that is in use, and for all; the past too is grouped by what the account source says now. '
'Rates are those of the start of the year at both ends, unless rate_rule says otherwise.';

CREATE OR REPLACE VIEW retention_trailing_year WITH (security_invoker) AS
SELECT period_start_on, period_end_on, opening_count, opening_mrr, nrr_rate, nrr_lower_rate, nrr_upper_rate,
       grr_rate, grr_lower_rate, grr_upper_rate, logo_churn_rate, logo_churn_lower_rate, logo_churn_upper_rate,
       nrr_movement_rate, nrr_chained_rate, nrr_ttm_avg_rate, is_complete, policy_hash
FROM retention_by_segment WHERE dimension = 'all' ORDER BY period_end_on;
COMMENT ON VIEW retention_trailing_year IS
'Retention of the year that ends with each month, of the accounts with MRR at its start: NRR, GRR and logo churn '
'point to point with intervals, and NRR by the other methods in use, each under its name.';

CREATE OR REPLACE FUNCTION account_retention(as_of date) RETURNS TABLE (
    period_start_on date, period_end_on date, account_id @account_id@, subscription_id text, name text, segment text,
    plan text, owner text, opening_mrr numeric, closing_mrr numeric, kept_mrr numeric, opening_count bigint,
    churn_count bigint, policy_hash text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT y.start_on AS period_start_on, y.end_on AS period_end_on, e.account_id, e.subscription_id, n.name, n.segment,
           n.plan, n.owner,
           m.opening_mrr, m.closing_mrr, least(m.opening_mrr, m.closing_mrr) AS kept_mrr,
           (m.is_opening)::integer::bigint AS opening_count, m.churn_count, r.policy_hash
    FROM reporting_range r, LATERAL (SELECT date_trunc('month', $1 + 1)::date AS end_on,
                                     (date_trunc('month', $1 + 1) - interval '1 year')::date AS start_on) y,
         LATERAL entity_window(y.start_on, y.end_on) e LEFT JOIN account n USING (account_id),
         LATERAL (SELECT e.movement_fx * mrr_at(e.revenue, y.start_on - 1) AS opening_mrr,
                  e.movement_fx * mrr_at(e.revenue, y.end_on - 1) AS closing_mrr,
                  active_at(e.revenue, y.start_on - 1) AS is_opening,
                         (SELECT count(*) FROM changes(e.revenue, (y.end_on - interval '1 month')::date, y.end_on,
                                                       'month', 12, r.pause_rule = 'churn')
                          WHERE movement = 'churn') AS churn_count) m
    WHERE m.is_opening OR m.churn_count > 0;
END;
COMMENT ON FUNCTION account_retention(as_of date) IS
'The accounts behind the retention of the year that ends with the last month that was over at the end of a day: those '
'with MRR at its start, and those whose pause became churn in it. Sums of closing_mrr and kept_mrr / those of '
'opening_mrr are NRR and GRR, those of churn_count / opening_count logo churn, exactly.';

CREATE OR REPLACE VIEW retention_by_account WITH (security_invoker) AS
SELECT a.* FROM reporting_range r, LATERAL account_retention(r.as_of_on) a;
COMMENT ON VIEW retention_by_account IS
'The accounts behind the last row of retention_trailing_year that is complete: those with MRR at the start of the '
'year, and those whose pause became churn in it. Sums of closing_mrr and kept_mrr / those of opening_mrr are NRR and '
'GRR, those of churn_count / opening_count logo churn, exactly.';

CREATE OR REPLACE FUNCTION account_revenue(as_of date) RETURNS TABLE (
    period_start_on date, period_end_on date, account_id @account_id@, subscription_id text, opening_mrr numeric,
    closing_mrr numeric, closing_count bigint, new_mrr numeric, expansion_mrr numeric, contraction_mrr numeric,
    churn_mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT m.start_on AS period_start_on, m.end_on AS period_end_on, e.account_id, e.subscription_id,
           coalesce(e.opening_mrr, e.opening_fx * mrr_at(e.revenue, m.start_on - 1)) AS opening_mrr,
           coalesce(e.closing_mrr, e.closing_fx * mrr_at(e.revenue, m.end_on - 1)) AS closing_mrr,
           active_at(e.revenue, m.end_on - 1)::integer::bigint AS closing_count, c.*
    FROM reporting_range r, LATERAL (SELECT date_trunc('month', $1 + 1)::date AS end_on,
                                     (date_trunc('month', $1 + 1) - interval '1 month')::date AS start_on) m,
         LATERAL entity_window(m.start_on, m.end_on) e,
         LATERAL (SELECT e.movement_fx * sum(amount) FILTER (WHERE movement = 'new') AS new_mrr,
                  e.movement_fx * sum(amount) FILTER (WHERE movement = 'expansion') AS expansion_mrr,
                         e.movement_fx * sum(amount) FILTER (WHERE movement = 'contraction') AS contraction_mrr,
                         e.movement_fx * sum(amount) FILTER (WHERE movement = 'churn') AS churn_mrr
                  FROM changes(e.revenue, m.start_on, m.end_on, 'month', 1, r.pause_rule = 'churn')) c;
END;
COMMENT ON FUNCTION account_revenue(as_of date) IS
'The accounts behind the bridge of the last month that was over at the end of a day; NULL where an account did not '
'move so.';

CREATE OR REPLACE VIEW cohort_retention WITH (security_invoker) AS
SELECT c.cohort AS cohort_on, c.age AS age_months, c.period_end AS period_end_on,
       c.accounts AS account_count, c.retained AS retained_count, c.start_mrr, c.kept_mrr, c.mrr,
       c.logo_retention AS logo_retention_rate, c.gross_retention AS gross_retention_rate,
       c.net_retention AS net_retention_rate,
       c.mature AS is_mature, s.policy_hash
FROM (SELECT cohort_agg(a.revenue,
                        -- a triangle of at most 520 months
                        greatest(r.from_on, (date_trunc('month', r.as_of_on) - interval '519 months')::date),
                        r.as_of_on + 1, 'month') AS state,
             r.policy_hash
      FROM reporting_range r, entity_revenue(r.as_of_on) a GROUP BY r.policy_hash) s,
     LATERAL cohort_retention(s.state) c
ORDER BY c.cohort, c.age;
COMMENT ON VIEW cohort_retention IS
'The retention triangle: accounts by the month of their first MRR, followed month by month.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/38_lifetime_value.sql', $model_part$-- How long accounts stay, what they are worth, and what discounts cost.

CREATE OR REPLACE VIEW tenure_by_account WITH (security_invoker) AS
SELECT t.account_id, n.name, n.segment, n.plan, n.owner, t.first_paid_on, t.churned_on,
       (t.end_on - t.first_paid_on)::double precision AS tenure_days,
       -- whole months, and for those that left the one that had begun
       (extract(year FROM age) * 12 + extract(month FROM age)
        + CASE WHEN t.churned_on IS NOT NULL AND extract(day FROM age) > 0 THEN 1 ELSE 0 END)::bigint AS renewal_count,
       month.exposed AS exposed_months_count, month.lost AS lost_months_count,
       mrr_at(t.history, t.first_paid_on) AS start_mrr, mrr_at(t.history, t.as_of_on) AS mrr
FROM (SELECT h.account_id, h.history, h.as_of_on, first_paid_on(h.history), h.churned_on,
      coalesce(h.churned_on, h.as_of_on + 1) AS end_on
      FROM (SELECT a.account_id, r.as_of_on, a.revenue AS history,
            churned_on(a.revenue, r.as_of_on, r.pause_rule = 'churn') AS churned_on
            FROM reporting_range r, entity_revenue(r.as_of_on) a
            WHERE first_paid_on(a.revenue) <= r.as_of_on) h) t
     LEFT JOIN account n USING (account_id),
     LATERAL age(t.end_on::timestamp, t.first_paid_on::timestamp) age,
     -- a month that begins on w: there at the end of the day before, lost from w on and before the next
     LATERAL (SELECT count(*) AS exposed, count(*) FILTER (WHERE t.churned_on < w.next) AS lost
              FROM (SELECT (t.as_of_on + 1 - k * interval '1 month')::date AS day,
                    (t.as_of_on + 1 - (k - 1) * interval '1 month')::date AS next
                    FROM generate_series(1, 12) k) w
              WHERE t.first_paid_on < w.day AND coalesce(t.churned_on, 'infinity') >= w.day) month;
COMMENT ON VIEW tenure_by_account IS
'Tenure, account by account: from the first MRR to the loss of the last; who came back is taken as never gone.';

CREATE OR REPLACE VIEW value_by_segment WITH (security_invoker) AS
WITH held AS (
    SELECT d.dimension, d.value, count(*) AS account_count, count(*) FILTER (WHERE t.mrr > 0) AS paying_count,
           count(t.churned_on) AS churned_count,
           sum(t.mrr) AS mrr, make_rate(sum(t.lost_months_count)::bigint, sum(t.exposed_months_count)::bigint) AS churn,
           duration_agg(t.tenure_days * interval '1 day', t.churned_on IS NOT NULL) AS tenure,
           duration_agg(t.tenure_days * interval '1 day', t.churned_on IS NOT NULL, t.start_mrr) AS weighted,
           sbg_agg(t.renewal_count::integer, t.churned_on IS NOT NULL) AS contract
    FROM tenure_by_account t JOIN account_dimension d USING (account_id)
    GROUP BY d.dimension, d.value),
test AS (
    SELECT w.dimension, l.p AS log_rank_p
    FROM (SELECT dimension, array_agg(tenure ORDER BY value) AS tenures
          FROM held GROUP BY dimension HAVING count(*) BETWEEN 2 AND 100) w,
         LATERAL log_rank(w.tenures) l)
SELECT h.dimension, h.value, h.account_count, h.paying_count, h.churned_count, h.mrr, one.arpa AS arpa_mrr,
       rate(h.churn) AS monthly_churn_rate, churn.lower AS monthly_churn_lower_rate,
       churn.upper AS monthly_churn_upper_rate,
       as_days(median_duration(h.tenure)) AS tenure_median_days,
       as_days(median.lower) AS tenure_median_lower_days, as_days(median.upper) AS tenure_median_upper_days,
       1 - share_within(h.tenure, '366 days') AS retained_12_months_rate,
       1 - year.upper AS retained_12_months_lower_rate, 1 - year.lower AS retained_12_months_upper_rate,
       simple.value AS cltv_amount, low.value AS cltv_lower_amount, high.value AS cltv_upper_amount,
       CASE WHEN one.arpa IS NULL THEN 'no account with MRR' WHEN rate(h.churn) IS NULL
           THEN 'no account began a month with MRR' ELSE simple.reason END AS cltv_reason,
       discounted.value AS discounted_cltv_amount, discounted.lower AS discounted_cltv_lower_amount,
       discounted.upper AS discounted_cltv_upper_amount,
       weighted.value AS weighted_cltv_amount, weighted.lower AS weighted_cltv_lower_amount,
       weighted.upper AS weighted_cltv_upper_amount,
       expected_payments.known_months,
       fit.alpha AS sbg_alpha, fit.beta AS sbg_beta,
       CASE WHEN p.annual_discount > 1e-6
            THEN trim_scale(round(one.arpa * p.gross_margin::numeric
                 * (1 + sbg_residual_lifetime(h.contract, (1 + p.annual_discount) ^ (1 / 12.0) - 1,
                                              0) / (1 + p.annual_discount) ^ (1 / 12.0))::numeric,
                                              6)) END AS sbg_cltv_amount,
       coalesce(fit.reason,
                CASE WHEN one.arpa IS NULL THEN 'no account with MRR' WHEN p.annual_discount <= 1e-6
                    THEN 'without discount it may have no bound' END) AS sbg_reason,
       test.log_rank_p, r.as_of_on, r.policy_hash
FROM reporting_range r, policy p, held h LEFT JOIN test USING (dimension),
     LATERAL (SELECT trim_scale(round(h.mrr / nullif(h.paying_count, 0), 6)) AS arpa) one,
     LATERAL rate_interval(h.churn, r.confidence_rate) churn,
     LATERAL median_duration_interval(h.tenure, r.confidence_rate) median,
     LATERAL share_within_interval(h.tenure, '366 days', r.confidence_rate) year,
     LATERAL cltv(one.arpa, p.gross_margin, rate(h.churn)) simple,
     LATERAL cltv(one.arpa, p.gross_margin, churn.upper) low,
     LATERAL cltv(one.arpa, p.gross_margin, churn.lower) high,
     LATERAL cltv_discounted(h.tenure, one.arpa, p.gross_margin, p.value_months, p.annual_discount, p.monthly_expansion,
                             true, r.confidence_rate) discounted,
     LATERAL cltv_discounted(h.weighted, one.arpa, p.gross_margin, p.value_months, p.annual_discount,
                             p.monthly_expansion, true, r.confidence_rate) weighted,
     LATERAL expected_payments(h.tenure, p.value_months, p.annual_discount, p.monthly_expansion, true,
                               r.confidence_rate),
     LATERAL sbg_fit(h.contract) fit
ORDER BY h.dimension, h.value;
COMMENT ON VIEW value_by_segment IS
'What an account is worth over its life, for all and for each value of each attribute in use: tenure, churn, and '
'lifetime value by constant churn, by the retention curve and by falling churn, each with its interval or the reason '
'why there is none.';

CREATE OR REPLACE VIEW discount_by_segment WITH (security_invoker) AS
SELECT d.dimension, d.value, coalesce(nullif(s.currency, ''), '(none)') AS currency,
       count(DISTINCT s.account_id) AS account_count,
       count(DISTINCT s.account_id) FILTER (WHERE n.discount_mrr + n.limited_mrr > 0) AS discounted_count,
       sum(n.list_mrr) AS list_mrr, sum(n.discount_mrr) AS discount_mrr, sum(n.limited_mrr) AS limited_discount_mrr,
       (sum(n.discount_mrr + n.limited_mrr) / nullif(sum(n.list_mrr), 0))::double precision AS discount_rate,
       r.as_of_on, r.policy_hash
FROM reporting_range r, discount_state s JOIN account_dimension d USING (account_id),
     LATERAL (SELECT mrr_at(s.list_price, r.as_of_on) AS list_mrr,
                     coalesce(mrr_at(s.recurring, r.as_of_on), 0) AS discount_mrr,
                     coalesce(mrr_at(s.limited, r.as_of_on), 0) AS limited_mrr) n
WHERE active_at(s.list_price, r.as_of_on)
GROUP BY d.dimension, d.value, coalesce(nullif(s.currency, ''), '(none)'), r.as_of_on, r.policy_hash
ORDER BY d.dimension, d.value, 3;
COMMENT ON VIEW discount_by_segment IS
'What is off the list price of the subscriptions in force on the day of the reading, as the source says now: '
'recurring discounts, which mrr has off, and one-off and limited ones. By currency, for all and for each value of '
'each attribute in use.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/40_time_to_value.sql', $model_part$-- Time to value: milestones, and how long accounts take from start to first value.

CREATE OR REPLACE FUNCTION account_time_to_value(as_of date) RETURNS TABLE (
    account_id @account_id@, name text, segment text, onboarding_path text, owner text,
    started_at timestamp with time zone, value_at timestamp with time zone, lost_at timestamp with time zone,
    status text, ttv_days double precision, as_of_at timestamp with time zone)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT t.account_id, t.name, t.segment, t.onboarding_path, t.owner, t.started_at, t.value_at, t.lost_at,
           CASE WHEN t.value_at < t.started_at THEN 'rejected'
                WHEN t.value_at <= coalesce(t.lost_at, 'infinity') THEN 'reached'
                WHEN t.lost_at IS NOT NULL THEN 'lost' ELSE 'waiting' END AS status,
           as_days(least(t.value_at, t.lost_at, t.as_of_at) - t.started_at) AS ttv_days, t.as_of_at
    FROM (SELECT a.account_id, n.name, n.segment, n.onboarding_path, n.owner, start.at AS started_at,
          value_at(a.milestones, d.as_of_at), d.as_of_at,
                 -- who was lost before the clock started never had a day
                 CASE WHEN lost.at < start.at THEN start.at ELSE lost.at END AS lost_at
          FROM reporting_range r, policy p, LATERAL (SELECT last_instant($1, r.time_zone) AS as_of_at) d,
               account_state a LEFT JOIN account n USING (account_id),
               LATERAL (SELECT CASE p.ttv_start_rule WHEN 'milestone' THEN started_at(a.milestones, d.as_of_at)
                               WHEN 'created' THEN n.created_on::timestamp AT TIME ZONE r.time_zone
                               ELSE first_paid_on(a.revenue)::timestamp AT TIME ZONE r.time_zone END AS at) start,
               LATERAL (SELECT churned_on(limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days),
                                          $1, r.pause_rule = 'churn')::timestamp AT TIME ZONE r.time_zone AS at) lost
          WHERE start.at <= d.as_of_at) t;
END;
COMMENT ON FUNCTION account_time_to_value(as_of date) IS
'The way of each account to first value as of the end of any day, from what was known then: when it started, when it '
'got there, and where it stood.';

CREATE OR REPLACE VIEW time_to_value_by_account WITH (security_invoker) AS
SELECT t.account_id, t.name, t.segment, t.onboarding_path, t.owner, t.started_at, t.value_at, t.lost_at, t.status,
       t.ttv_days
FROM reporting_range r, LATERAL account_time_to_value(r.as_of_on) t;
COMMENT ON VIEW time_to_value_by_account IS
'The way of each account to first value: when it started, when it got there, and where it stands.';

CREATE OR REPLACE VIEW time_to_value WITH (security_invoker) AS
WITH way AS (
    SELECT d.dimension, d.value, count(*) FILTER (WHERE t.status = 'rejected') AS rejected_count,
           duration_agg(t.started_at, t.value_at,
                        CASE p.lost_before_value_rule WHEN 'censor' THEN least(t.lost_at, r.as_of_at)
                            ELSE r.as_of_at END,
                        CASE p.lost_before_value_rule WHEN 'compete'
                            THEN t.lost_at END) FILTER (WHERE t.status <> 'rejected') AS state,
           r.confidence_rate, r.as_of_on, r.policy_hash
    FROM reporting_range r, policy p, time_to_value_by_account t JOIN account_dimension d USING (account_id)
    GROUP BY d.dimension, d.value, r.confidence_rate, r.as_of_on, r.policy_hash),
test AS (
    SELECT w.dimension, l.p AS log_rank_p
    FROM (SELECT dimension, array_agg(state ORDER BY value) AS states
          FROM way GROUP BY dimension HAVING count(*) BETWEEN 2 AND 100) w,
         LATERAL log_rank(w.states) l)
SELECT w.dimension, w.value, coalesce(subject_count(w.state), 0) AS account_count,
       coalesce(ended_count(w.state), 0) AS reached_count,
       coalesce(censored_count(w.state), 0) AS waiting_count, coalesce(competing_count(w.state), 0) AS lost_count,
       w.rejected_count,
       as_days(median_duration(w.state)) AS ttv_median_days,
       as_days(median.lower) AS ttv_median_lower_days, as_days(median.upper) AS ttv_median_upper_days,
       share_within(w.state, '30 days') AS within_30_days_rate,
       share.lower AS within_30_days_lower_rate, share.upper AS within_30_days_upper_rate,
       as_days(naive_mean(w.state)) AS naive_ttv_mean_days, as_days(naive_median(w.state)) AS naive_ttv_median_days,
       test.log_rank_p, is_exact(w.state) AS is_exact, w.as_of_on, w.policy_hash
FROM way w LEFT JOIN test USING (dimension),
     LATERAL median_duration_interval(w.state, w.confidence_rate) median,
     LATERAL share_within_interval(w.state, '30 days', w.confidence_rate) share
ORDER BY w.dimension, w.value;
COMMENT ON VIEW time_to_value IS
'Time to first value of all accounts, and for each value of each attribute in use, onboarding path among them: '
'survival estimates, so that accounts on their way count and nothing is flattered. With lost_before_value_rule '
'compete, shares and median are those of accounts that got there, of all that set out. Empty where no milestone is '
'marked is_start, unless ttv_start_rule names another start.';

CREATE OR REPLACE VIEW time_to_value_monthly WITH (security_invoker) AS
WITH way AS (
    SELECT m.start_on, m.end_on, d.dimension, d.value, count(*) FILTER (WHERE t.status = 'rejected') AS rejected_count,
           duration_agg(t.started_at, t.value_at,
                        CASE p.lost_before_value_rule WHEN 'censor' THEN least(t.lost_at, t.as_of_at)
                            ELSE t.as_of_at END,
                        CASE p.lost_before_value_rule WHEN 'compete'
                            THEN t.lost_at END) FILTER (WHERE t.status <> 'rejected') AS state,
           r.confidence_rate, r.policy_hash
    FROM reporting_range r, policy p,
         LATERAL (SELECT (date_trunc('month', r.as_of_on + 1) - k * interval '1 month')::date AS end_on,
                  (date_trunc('month', r.as_of_on + 1) - k * interval '1 month' - interval '1 year')::date AS start_on
                  FROM generate_series(0, 23) k) m,
         LATERAL account_time_to_value(m.end_on - 1) t JOIN account_dimension d USING (account_id)
    WHERE t.started_at >= m.start_on::timestamp AT TIME ZONE r.time_zone
      AND m.end_on > coalesce(p.report_from, '-infinity')
    GROUP BY m.start_on, m.end_on, d.dimension, d.value, r.confidence_rate, r.policy_hash)
SELECT w.start_on AS period_start_on, w.end_on AS period_end_on, w.dimension, w.value,
       coalesce(subject_count(w.state), 0) AS account_count, coalesce(ended_count(w.state), 0) AS reached_count,
       coalesce(censored_count(w.state), 0) AS waiting_count, coalesce(competing_count(w.state), 0) AS lost_count,
       w.rejected_count,
       as_days(median_duration(w.state)) AS ttv_median_days,
       as_days(median.lower) AS ttv_median_lower_days, as_days(median.upper) AS ttv_median_upper_days,
       share_within(w.state, '30 days') AS within_30_days_rate,
       share.lower AS within_30_days_lower_rate, share.upper AS within_30_days_upper_rate, true AS is_complete,
       w.policy_hash
FROM way w, LATERAL median_duration_interval(w.state, w.confidence_rate) median,
     LATERAL share_within_interval(w.state, '30 days', w.confidence_rate) share
ORDER BY w.dimension, w.value, w.end_on;
COMMENT ON VIEW time_to_value_monthly IS
'Time to first value as it stood at the end of each of the last 24 months that are over, of the accounts that had set '
'out in the year up to then: survival estimates from what was known then. For all and for each value of each '
'attribute in use.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/42_support.sql', $model_part$-- Support: tickets, how long they take, and what they cost the customer.

CREATE OR REPLACE VIEW support_by_segment WITH (security_invoker) AS
-- by the months of opening and of solve first: few cells, whose states roll up to the month of opening
WITH cell AS (
    SELECT d.dimension, d.value, month.opened, month.solved, count(*) AS ticket_count,
           sum(date_part('epoch', f.opened_at)::bigint) AS epochs,
           count(*) FILTER (WHERE f.escalated) AS escalated_count,
           duration_agg(length.reply, f.first_reply_at IS NOT NULL) AS reply,
           duration_agg(length.resolution, f.solved_at IS NOT NULL) AS resolution,
           rate_agg(CASE WHEN f.solved_at IS NOT NULL THEN f.reopened > 0 END) AS reopen,
           rate_agg(f.first_contact) AS fcr, rate_agg(CASE WHEN NOT f.escalated THEN f.first_contact END) AS fcr_net,
           rate_agg(f.one_touch) AS one_touch
    FROM reporting_range r, policy p, account_state a JOIN account_dimension d USING (account_id),
         LATERAL ticket_facts(a.tickets, r.as_of_at, p.contact_window_days * interval '1 day') f,
         LATERAL (SELECT handling_time(f.opened_at, coalesce(f.first_reply_at, f.solved_at, r.as_of_at),
                                       p.business_hours, p.business_hours_from) AS reply,
                         handling_time(f.opened_at, coalesce(f.solved_at, r.as_of_at), p.business_hours,
                                       p.business_hours_from) AS resolution) length,
         LATERAL (SELECT date_trunc('month', f.opened_at AT TIME ZONE r.time_zone)::date AS opened,
                         date_trunc('month',
                                    CASE WHEN f.solved_at < f.opened_at THEN f.opened_at
                                        ELSE f.solved_at END AT TIME ZONE r.time_zone)::date AS solved) month
    GROUP BY d.dimension, d.value, month.opened, month.solved),
month AS (
    SELECT c.dimension, c.value, e.month, sum(c.ticket_count) FILTER (WHERE e.opens) AS opened_count,
           sum(c.ticket_count) FILTER (WHERE NOT e.opens) AS solved_count,
           sum(CASE WHEN e.opens THEN c.epochs ELSE -c.epochs END) AS open_epochs,
           sum(c.escalated_count) FILTER (WHERE e.opens) AS escalated_count,
           rollup(c.reply) FILTER (WHERE e.opens) AS reply, rollup(c.resolution) FILTER (WHERE e.opens) AS resolution,
           rollup(c.reopen) FILTER (WHERE e.opens) AS reopen, rollup(c.fcr) FILTER (WHERE e.opens) AS fcr,
           rollup(c.fcr_net) FILTER (WHERE e.opens) AS fcr_net, rollup(c.one_touch) FILTER (WHERE e.opens) AS one_touch
    FROM cell c, LATERAL (VALUES (c.opened, true), (c.solved, false)) e(month, opens)
    WHERE e.month IS NOT NULL
    GROUP BY c.dimension, c.value, e.month),
run AS (
    SELECT *, sum(coalesce(opened_count, 0) - coalesce(solved_count, 0)) OVER history AS backlog,
           sum(open_epochs) OVER history AS backlog_epochs,
           lead(month) OVER history AS next_month
    FROM month WINDOW history AS (PARTITION BY dimension, value ORDER BY month))
SELECT period.start_on AS period_start_on, period.end_on AS period_end_on, b.dimension, b.value,
       coalesce(m.opened_count, 0)::bigint AS opened_count, coalesce(m.solved_count, 0)::bigint AS solved_count,
       b.backlog::bigint AS backlog_count,
       ((extract(epoch FROM least(period.end_on::timestamp AT TIME ZONE r.time_zone,
                                  r.as_of_at)) - b.backlog_epochs / nullif(b.backlog, 0)) / 86400)::double precision
                                      AS backlog_age_days,
       coalesce(m.escalated_count, 0)::bigint AS escalated_count,
       as_hours(median_duration(m.reply)) AS first_reply_median_hours,
       as_hours(reply.lower) AS first_reply_median_lower_hours, as_hours(reply.upper) AS first_reply_median_upper_hours,
       as_hours(median_duration(m.resolution)) AS resolution_median_hours,
       as_hours(median.lower) AS resolution_median_lower_hours, as_hours(median.upper) AS resolution_median_upper_hours,
       as_hours(duration_quantile(m.resolution, 0.9)) AS resolution_p90_hours,
       as_hours(p90.lower) AS resolution_p90_lower_hours, as_hours(p90.upper) AS resolution_p90_upper_hours,
       as_hours(naive_mean(m.resolution)) AS naive_resolution_mean_hours,
       as_hours(naive_median(m.resolution)) AS naive_resolution_median_hours,
       as_hours(naive_quantile(m.resolution, 0.9)) AS naive_resolution_p90_hours,
       coalesce(trial_count(m.reopen), 0) AS resolved_count, rate(m.reopen) AS reopen_rate,
       reopen.lower AS reopen_lower_rate, reopen.upper AS reopen_upper_rate,
       coalesce(trial_count(m.fcr), 0) AS judged_count,
       rate(m.fcr) AS fcr_rate, fcr.lower AS fcr_lower_rate, fcr.upper AS fcr_upper_rate,
       rate(m.fcr_net) AS fcr_net_rate, net.lower AS fcr_net_lower_rate, net.upper AS fcr_net_upper_rate,
       rate(m.one_touch) AS one_touch_rate, touch.lower AS one_touch_lower_rate, touch.upper AS one_touch_upper_rate,
       coalesce(rejected_count(m.resolution), 0) AS rejected_count,
       coalesce(is_exact(m.resolution) AND is_exact(m.reply), true) AS is_exact,
       period.end_on <= r.as_of_on + 1 AS is_complete, r.policy_hash
FROM reporting_range r, policy p, run b,
     -- the months until the next with tickets, in which nothing happens but that the backlog grows older
     LATERAL (SELECT month::date AS start_on, (month + interval '1 month')::date AS end_on
              FROM generate_series(b.month::timestamp, coalesce(b.next_month - interval '1 month', r.as_of_on),
                                   '1 month') month) period
     LEFT JOIN LATERAL (SELECT b.* WHERE b.month = period.start_on) m ON true,
     LATERAL median_duration_interval(m.reply, r.confidence_rate) reply,
     LATERAL median_duration_interval(m.resolution, r.confidence_rate) median,
     LATERAL duration_quantile_interval(m.resolution, 0.9, r.confidence_rate) p90,
     LATERAL rate_interval(m.reopen, r.confidence_rate) reopen,
     LATERAL rate_interval(m.fcr, r.confidence_rate) fcr,
     LATERAL rate_interval(m.fcr_net, r.confidence_rate) net,
     LATERAL rate_interval(m.one_touch, r.confidence_rate) touch
WHERE p.report_from IS NULL OR period.start_on >= date_trunc('month', p.report_from)
ORDER BY b.dimension, b.value, period.start_on;
COMMENT ON VIEW support_by_segment IS
'Support, month by month, for each value of each attribute of accounts that is in use, and for all. Times and rates '
'are those of the tickets opened in the month, by survival estimates where some are still open; hours are business '
'hours where the policy has them.';

CREATE OR REPLACE VIEW support_monthly WITH (security_invoker) AS
SELECT period_start_on, period_end_on, opened_count, solved_count, backlog_count, backlog_age_days, escalated_count,
       first_reply_median_hours, first_reply_median_lower_hours, first_reply_median_upper_hours,
       resolution_median_hours, resolution_median_lower_hours, resolution_median_upper_hours,
       resolution_p90_hours, resolution_p90_lower_hours, resolution_p90_upper_hours,
       naive_resolution_mean_hours, naive_resolution_median_hours, naive_resolution_p90_hours,
       resolved_count, reopen_rate, reopen_lower_rate, reopen_upper_rate, judged_count, fcr_rate, fcr_lower_rate,
       fcr_upper_rate,
       fcr_net_rate, fcr_net_lower_rate, fcr_net_upper_rate, one_touch_rate, one_touch_lower_rate, one_touch_upper_rate,
       rejected_count, is_exact, is_complete, policy_hash
FROM support_by_segment WHERE dimension = 'all' ORDER BY period_start_on;
COMMENT ON VIEW support_monthly IS
'Support, month by month: opened, solved and backlog, first reply and resolution, reopening and first contact '
'resolution, each with its interval.';

CREATE OR REPLACE FUNCTION account_ticket(day date) RETURNS TABLE (
    account_id @account_id@, opened_at timestamp with time zone, solved_at timestamp with time zone,
    is_reopened boolean, first_contact boolean, resolution_hours double precision)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT a.account_id, f.opened_at, f.solved_at,
           CASE WHEN f.solved_at IS NOT NULL THEN f.reopened > 0 END AS is_reopened, f.first_contact,
           as_hours(handling_time(f.opened_at, coalesce(f.solved_at, r.as_of_at), p.business_hours,
                                  p.business_hours_from)) AS resolution_hours
    FROM reporting_range r, policy p, account_state a,
         LATERAL ticket_facts(a.tickets, r.as_of_at, p.contact_window_days * interval '1 day') f
    WHERE date_trunc('month', f.opened_at AT TIME ZONE r.time_zone)::date = date_trunc('month', $1)::date;
END;
COMMENT ON FUNCTION account_ticket(day date) IS
'The tickets behind the figures of the month of a day: those opened in it, as they stand now. first_contact is NULL '
'for one that is not old enough to judge; hours below zero are those of rejected rows.';

CREATE OR REPLACE VIEW support_by_account WITH (security_invoker) AS
SELECT a.account_id, n.name, n.segment, n.plan, n.owner, coalesce(mrr_at(a.revenue, r.as_of_on), 0) AS mrr,
       t.open_count, t.escalated_open_count, as_days(r.as_of_at - t.oldest_at) AS oldest_open_days, t.last_opened_at,
       t.opened_90_days_count, t.repeated_90_days_count, t.reopened_90_days_count, t.escalated_90_days_count,
       t.friction_count, t.friction_count::double precision / nullif(t.opened_90_days_count, 0) AS friction_rate,
       as_hours(median_duration(t.resolution)) AS resolution_median_hours, trial_count(t.fcr) AS judged_count,
       rate(t.fcr) AS fcr_rate, fcr.lower AS fcr_lower_rate, fcr.upper AS fcr_upper_rate, r.as_of_on, r.policy_hash
FROM reporting_range r, policy p, account_state a LEFT JOIN account n USING (account_id),
     LATERAL (SELECT count(*) FILTER (WHERE f.solved_at IS NULL) AS open_count,
                     count(*) FILTER (WHERE f.solved_at IS NULL AND f.escalated) AS escalated_open_count,
                     min(f.opened_at) FILTER (WHERE f.solved_at IS NULL) AS oldest_at,
                     max(f.opened_at) AS last_opened_at,
                     count(*) FILTER (WHERE recent) AS opened_90_days_count,
                     count(*) FILTER (WHERE recent AND f.repeated) AS repeated_90_days_count,
                     count(*) FILTER (WHERE recent AND f.reopened > 0) AS reopened_90_days_count,
                     count(*) FILTER (WHERE recent AND f.escalated) AS escalated_90_days_count,
                     count(*) FILTER (WHERE recent AND (f.repeated OR f.reopened > 0 OR f.escalated)) AS friction_count,
                     duration_agg(handling_time(f.opened_at, coalesce(f.solved_at, r.as_of_at), p.business_hours,
                                                p.business_hours_from),
                                  f.solved_at IS NOT NULL) AS resolution,
                     rate_agg(f.first_contact) AS fcr
              FROM ticket_facts(a.tickets, r.as_of_at, p.contact_window_days * interval '1 day') f,
                   LATERAL (SELECT f.opened_at > r.as_of_at - interval '2160 hours' AS recent) e) t,
     LATERAL rate_interval(t.fcr, r.confidence_rate) fcr
WHERE t.last_opened_at IS NOT NULL;
COMMENT ON VIEW support_by_account IS
'Support, account by account: what is open, how much friction the last 90 days brought, and what it has at stake. '
'Resolution and first contact resolution are those of all its tickets.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/44_satisfaction.sql', $model_part$-- Satisfaction: what customers answer.

CREATE OR REPLACE FUNCTION account_answer(as_of date) RETURNS TABLE (
    account_id @account_id@, period_start_on date, kind text, score numeric, is_answer boolean, is_answered boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH fact AS (
        SELECT a.account_id, f.kind, f.respondent, f.responded_at,
               date_trunc('month', f.responded_at AT TIME ZONE r.time_zone)::date AS responded_month,
               date_trunc('month', f.sent_at AT TIME ZONE r.time_zone)::date AS sent_month,
               CASE f.kind WHEN 'nps' THEN rescale(f.score, coalesce(f.lowest, 0), coalesce(f.highest, 10), true,
                                                   coalesce(f.lowest, 0), coalesce(f.highest, 10))
                           WHEN 'csat' THEN rescale(f.score, coalesce(f.lowest, 1), coalesce(f.highest, 5),
                                                    coalesce(f.higher_is_better, true), 1, 5)
                           ELSE rescale(f.score, coalesce(f.lowest, 1), coalesce(f.highest, 7),
                                        coalesce(f.higher_is_better, true), 1, 7) END AS score
        FROM reporting_range r, account_state a,
             LATERAL answer_facts(a.answers, last_instant($1, r.time_zone)) f),
    given AS (
        SELECT account_id, responded_month AS month, kind,
               CASE p.answer_rule WHEN 'mean' THEN CASE WHEN respondent IS NULL THEN score ELSE avg(score) OVER one END
                   ELSE score END AS score,
               p.answer_rule = 'all' OR respondent IS NULL
               OR 1 = row_number() OVER (one ORDER BY CASE p.answer_rule WHEN 'first' THEN responded_at END,
                                         responded_at DESC, score) AS counts
        FROM policy p, fact WHERE responded_at IS NOT NULL AND score IS NOT NULL
        -- answers off their scale are rejected, not preferred to others
        WINDOW one AS (PARTITION BY account_id, responded_month, kind, respondent, score = 'NaN'))
    SELECT account_id, month AS period_start_on, kind, score, true AS is_answer, NULL::boolean AS is_answered FROM given
    WHERE counts
    UNION ALL
    SELECT account_id, sent_month, kind, NULL, false, responded_at IS NOT NULL FROM fact WHERE sent_month IS NOT NULL;
END;
COMMENT ON FUNCTION account_answer(as_of date) IS
'The answers behind NPS, CSAT and CES, in the month in which they were given, one a respondent as answer_rule says '
'and on the usual scale of their kind; and the questions, in the month in which they were sent. As they stand at the '
'end of a day.';

CREATE OR REPLACE FUNCTION account_survey(day date) RETURNS TABLE (
    account_id @account_id@, promoter_count bigint, detractor_count bigint, nps_count bigint, satisfied_count bigint,
    csat_count bigint, ces_points numeric, ces_count bigint, nps_answered_count bigint, nps_sent_count bigint,
    csat_answered_count bigint, csat_sent_count bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT s.account_id, promoter_count(s.nps) AS promoter_count, detractor_count(s.nps) AS detractor_count,
           answer_count(s.nps, 0, 10) AS nps_count,
           -- no score of the scale from 1 to 5 is above 6
           answer_count(s.csat, p.satisfied_from, 6) AS satisfied_count, answer_count(s.csat) AS csat_count,
           s.ces_points, answer_count(s.ces) AS ces_count,
           s.nps_answered_count, s.nps_sent_count, s.csat_answered_count, s.csat_sent_count
    FROM policy p, (SELECT e.account_id, survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'nps') AS nps,
                    survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'csat') AS csat,
                           survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'ces') AS ces,
                           sum(round(e.score, 6)) FILTER (WHERE e.kind = 'ces' AND e.score <> 'NaN') AS ces_points,
                           count(*) FILTER (WHERE e.kind = 'nps' AND e.is_answered) AS nps_answered_count,
                           count(e.is_answered) FILTER (WHERE e.kind = 'nps') AS nps_sent_count,
                           count(*) FILTER (WHERE e.kind = 'csat' AND e.is_answered) AS csat_answered_count,
                           count(e.is_answered) FILTER (WHERE e.kind = 'csat') AS csat_sent_count
                    FROM reporting_range r, LATERAL account_answer(r.as_of_on) e
                    WHERE e.period_start_on = date_trunc('month', $1)::date
                    GROUP BY e.account_id) s;
END;
COMMENT ON FUNCTION account_survey(day date) IS
'The accounts behind NPS, CSAT and CES of the month of a day: what satisfaction_monthly counts, account by account.';

CREATE OR REPLACE VIEW satisfaction_by_segment WITH (security_invoker) AS
WITH told AS (
    SELECT d.dimension, d.value, e.period_start_on AS month,
           survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'nps') AS nps,
           survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'csat') AS csat,
           survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'ces') AS ces,
           rate_agg(e.is_answered) FILTER (WHERE NOT e.is_answer AND e.kind = 'nps') AS nps_sent,
           rate_agg(e.is_answered) FILTER (WHERE NOT e.is_answer AND e.kind = 'csat') AS csat_sent,
           rate_agg(e.is_answered) FILTER (WHERE NOT e.is_answer AND e.kind = 'ces') AS ces_sent
    FROM reporting_range r, LATERAL account_answer(r.as_of_on) e JOIN account_dimension d USING (account_id)
    GROUP BY d.dimension, d.value, e.period_start_on)
SELECT t.month AS period_start_on, period.end_on AS period_end_on, t.dimension, t.value,
       nps(t.nps) AS nps_score, nps.lower AS nps_lower_score, nps.upper AS nps_upper_score,
       coalesce(answer_count(t.nps, 0, 10), 0) AS nps_count,
       coalesce(promoter_count(t.nps), 0) AS promoter_count, coalesce(passive_count(t.nps), 0) AS passive_count,
       coalesce(detractor_count(t.nps), 0) AS detractor_count,
       csat(t.csat, p.satisfied_from) AS csat_rate, csat.lower AS csat_lower_rate, csat.upper AS csat_upper_rate,
       coalesce(answer_count(t.csat), 0) AS csat_count,
       ces(t.ces, 1, 7, true) AS ces_score, ces.lower AS ces_lower_score, ces.upper AS ces_upper_score,
       ces_share(t.ces, 1, 7, true) AS ces_easy_rate,
       coalesce(answer_count(t.ces), 0) AS ces_count,
       coalesce(rejected_count(t.nps), 0) + coalesce(rejected_count(t.csat, 1, 5),
                                                     0) + coalesce(rejected_count(t.ces, 1, 7), 0) AS rejected_count,
       coalesce(small_sample(t.nps), false) OR coalesce(small_sample(t.csat), false)
           OR coalesce(small_sample(t.ces), false) AS is_small_sample,
       coalesce(trial_count(t.nps_sent), 0) AS nps_sent_count, rate(t.nps_sent) AS nps_response_rate,
       nps_sent.lower AS nps_response_lower_rate, nps_sent.upper AS nps_response_upper_rate,
       coalesce(trial_count(t.csat_sent), 0) AS csat_sent_count, rate(t.csat_sent) AS csat_response_rate,
       csat_sent.lower AS csat_response_lower_rate, csat_sent.upper AS csat_response_upper_rate,
       coalesce(trial_count(t.ces_sent), 0) AS ces_sent_count, rate(t.ces_sent) AS ces_response_rate,
       ces_sent.lower AS ces_response_lower_rate, ces_sent.upper AS ces_response_upper_rate,
       period.end_on <= r.as_of_on + 1 AS is_complete, r.policy_hash
FROM reporting_range r, policy p, told t,
     LATERAL (SELECT (t.month + interval '1 month')::date AS end_on) period,
     LATERAL nps_interval(t.nps, r.confidence_rate) nps,
     LATERAL csat_interval(t.csat, p.satisfied_from, r.confidence_rate) csat,
     LATERAL ces_interval(t.ces, 1, 7, true, r.confidence_rate) ces,
     LATERAL rate_interval(t.nps_sent, r.confidence_rate) nps_sent,
     LATERAL rate_interval(t.csat_sent, r.confidence_rate) csat_sent,
     LATERAL rate_interval(t.ces_sent, r.confidence_rate) ces_sent
WHERE p.report_from IS NULL OR t.month >= date_trunc('month', p.report_from)
ORDER BY t.dimension, t.value, t.month;
COMMENT ON VIEW satisfaction_by_segment IS
'NPS, CSAT and CES, month by month, for each value of each attribute of accounts that is in use, and for all. Scores '
'are those of answers given in the month, one a respondent as answer_rule says; response rates those of questions '
'sent in it.';

CREATE OR REPLACE VIEW satisfaction_monthly WITH (security_invoker) AS
SELECT period_start_on, period_end_on, nps_score, nps_lower_score, nps_upper_score, nps_count, promoter_count,
       passive_count, detractor_count,
       csat_rate, csat_lower_rate, csat_upper_rate, csat_count, ces_score, ces_lower_score, ces_upper_score,
       ces_easy_rate, ces_count,
       rejected_count, is_small_sample, nps_sent_count, nps_response_rate, nps_response_lower_rate,
       nps_response_upper_rate,
       csat_sent_count, csat_response_rate, csat_response_lower_rate, csat_response_upper_rate,
       ces_sent_count, ces_response_rate, ces_response_lower_rate, ces_response_upper_rate, is_complete, policy_hash
FROM satisfaction_by_segment WHERE dimension = 'all' ORDER BY period_start_on;
COMMENT ON VIEW satisfaction_monthly IS
'NPS, CSAT and CES, month by month, with their intervals, sample sizes and response rates.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/46_usage.sql', $model_part$-- Usage: who is active, and how often.

CREATE OR REPLACE VIEW usage_by_segment WITH (security_invoker) AS
SELECT s.day AS day_on, g.dimension, g.value, s.dau AS dau_count, s.wau AS wau_count, s.mau AS mau_count,
       s.stickiness AS stickiness_rate,
       s.new AS new_active_count, s.retained AS retained_active_count, s.resurrected AS resurrected_active_count,
       s.dormant AS dormant_count,
       g.account_count, g.policy_hash
FROM (SELECT d.dimension, d.value, count(*) AS account_count, p.weekdays_only, r.policy_hash,
             active_series_agg(a.usage, least(coalesce(p.report_from, first.day), r.as_of_on), r.as_of_on + 1) AS state
      FROM reporting_range r, policy p, (SELECT min(first_active_on(usage)) AS day FROM account_state) first,
           account_state a JOIN account_dimension d USING (account_id)
      WHERE first.day <= r.as_of_on
      GROUP BY d.dimension, d.value, p.weekdays_only, r.policy_hash) g,
     LATERAL active_series(g.state, g.weekdays_only) s
ORDER BY g.dimension, g.value, s.day;
COMMENT ON VIEW usage_by_segment IS
'Active accounts, day by day, for each value of each attribute of accounts that is in use, and for all: in 1, 7 and '
'28 days, stickiness, and where those of the 28 days came from. Counts of distinct accounts, exact.';

CREATE OR REPLACE VIEW usage_daily WITH (security_invoker) AS
SELECT day_on, dau_count, wau_count, mau_count, stickiness_rate, new_active_count, retained_active_count,
       resurrected_active_count, dormant_count,
       account_count, policy_hash
FROM usage_by_segment WHERE dimension = 'all' ORDER BY day_on;
COMMENT ON VIEW usage_daily IS 'Active accounts, day by day: in 1, 7 and 28 days, stickiness, and growth accounting.';

CREATE OR REPLACE FUNCTION account_usage(day date) RETURNS TABLE (
    account_id @account_id@, active_count integer, active_days_count numeric, exposed_days_count bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT a.account_id, is_active(a.usage, $1, 28)::integer AS active_count, s.active_days_count, s.exposed_days_count
    FROM policy p, account_state a,
         LATERAL (SELECT count(*) AS exposed_days_count,
                  sum(active_days(a.usage, d.day::date, d.day::date + 1)) AS active_days_count
                  FROM generate_series(greatest($1 - 27, first_active_on(a.usage))::timestamp, $1, '1 day') d(day)
                  WHERE NOT p.weekdays_only OR extract(isodow FROM d.day) < 6) s
    WHERE is_active(a.usage, $1, 28);
END;
COMMENT ON FUNCTION account_usage(day date) IS
'The accounts behind the usage of a day: those active in the 28 days up to it, on how many of these days and of how '
'many since their first. Sums of active_days_count / those of exposed_days_count are stickiness.';

CREATE OR REPLACE VIEW usage_by_account WITH (security_invoker) AS
SELECT a.account_id, n.name, n.segment, n.plan, n.owner, coalesce(mrr_at(a.revenue, r.as_of_on), 0) AS mrr,
       first.day AS first_active_on, last_active_on(a.usage, r.as_of_on) AS last_active_on,
       (r.as_of_on - last_active_on(a.usage, r.as_of_on))::double precision AS idle_days,
       coalesce(active_days(a.usage, r.as_of_on - 27, r.as_of_on + 1), 0) AS active_28_days_count,
       coalesce(events_between(a.usage, r.as_of_on - 27, r.as_of_on + 1), 0) AS events_28_days_count,
       CASE WHEN first.day <= week.over_on
           THEN consistency(a.usage, week.over_on,
                            least(8, (week.over_on - first.day) / 7 + 1)) END AS consistency_rate,
       longest_gap(a.usage, greatest(first.day, r.as_of_on - 89), r.as_of_on + 1)::double precision AS longest_gap_days,
       streak(a.usage, r.as_of_on)::double precision AS streak_days,
       -- an account that has not been active for both spans has no trend yet
       t.recent AS recent_events_rate, t.before AS before_events_rate, t.difference AS trend_events_rate,
       t.lower AS trend_lower_rate, t.upper AS trend_upper_rate, t.p AS trend_p,
       t.recent / nullif(t.before, 0) - 1 AS change_rate, r.as_of_on, r.policy_hash
FROM reporting_range r, policy p, LATERAL (SELECT week_begin(r.as_of_on + 1, p.week_start) - 1 AS over_on) week,
     account_state a LEFT JOIN account n USING (account_id),
     LATERAL (SELECT first_active_on(a.usage, r.as_of_on) AS day) first,
     LATERAL usage_trend(CASE WHEN first.day <= r.as_of_on + 1 - 2 * p.trend_days THEN a.usage END, r.as_of_on,
                         p.trend_days, r.confidence_rate) t;
COMMENT ON VIEW usage_by_account IS
'Usage, account by account: how lately, how often, how steadily, and where it is going. Accounts that never used the '
'product have no days and zero counts.';

CREATE OR REPLACE VIEW usage_movement WITH (security_invoker) AS
SELECT account_id, name, segment, plan, owner, mrr,
       CASE WHEN trend_events_rate < 0 THEN 'falls' ELSE 'rises' END AS direction,
       recent_events_rate, before_events_rate, change_rate, trend_events_rate, trend_lower_rate, trend_upper_rate,
       trend_p, last_active_on, as_of_on, policy_hash
FROM usage_by_account
WHERE trend_lower_rate > 0 OR trend_upper_rate < 0
ORDER BY trend_events_rate < 0 DESC, mrr DESC, account_id;
COMMENT ON VIEW usage_movement IS
'Accounts whose usage falls or rises by more than chance explains: the confidence interval of the change excludes '
'zero.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/48_features.sql', $model_part$-- Features: which are used, how deeply, and by whom.

CREATE OR REPLACE VIEW entitlement WITH (security_invoker) AS
SELECT e.account_id, e.feature, min(lower(term)) AS starts_on
FROM reporting_range r, entitlement_state e, unnest(e.terms) term
WHERE term @> r.as_of_on
GROUP BY e.account_id, e.feature;
COMMENT ON VIEW entitlement IS 'The features that each account is entitled to on the day of the reading.';

CREATE OR REPLACE VIEW feature_adoption WITH (security_invoker) AS
WITH entitled AS (SELECT account_id, array_agg(feature) AS features FROM entitlement GROUP BY account_id),
-- without entitlements, who is active may use all
adopted AS (
    SELECT d.dimension, d.value, frequent_adoption_agg(p.adoption_threshold, a.features,
                                                       r.as_of_on + 1 - p.adoption_days, r.as_of_on + 1,
                                                       e.features) AS state
    FROM reporting_range r, policy p, account_state a JOIN account_dimension d USING (account_id)
         LEFT JOIN entitled e USING (account_id)
    WHERE EXISTS (SELECT FROM entitlement_state)
    GROUP BY d.dimension, d.value
    UNION ALL
    SELECT d.dimension, d.value, frequent_adoption_agg(p.adoption_threshold, a.features,
                                                       r.as_of_on + 1 - p.adoption_days, r.as_of_on + 1)
    FROM reporting_range r, policy p, account_state a JOIN account_dimension d USING (account_id)
    WHERE NOT EXISTS (SELECT FROM entitlement_state)
    GROUP BY d.dimension, d.value),
waiting AS (
    SELECT d.dimension, d.value, e.feature,
           duration_agg((greatest(coalesce(u.first_used, r.as_of_on + 1),
                                  e.starts_on) - e.starts_on) * interval '1 day', u.first_used IS NOT NULL) AS state
    FROM reporting_range r, entitlement e JOIN account_state a USING (account_id)
         JOIN account_dimension d USING (account_id),
         LATERAL (SELECT CASE WHEN first_used_on(a.features, e.feature) <= r.as_of_on THEN first_used_on(a.features,
                     e.feature) END AS first_used) u
    WHERE e.starts_on IS NOT NULL
    GROUP BY d.dimension, d.value, e.feature)
SELECT a.dimension, a.value, f.feature, f.eligible AS eligible_count, f.adopters AS adopter_count,
       f.adoption AS adoption_rate, f.lower AS adoption_lower_rate, f.upper AS adoption_upper_rate,
       f.unentitled AS unentitled_count,
       as_days(median_duration(w.state)) AS activation_median_days,
       as_days(median.lower) AS activation_median_lower_days, as_days(median.upper) AS activation_median_upper_days,
       r.as_of_on, r.policy_hash
FROM reporting_range r CROSS JOIN adopted a CROSS JOIN LATERAL feature_adoption(a.state, r.confidence_rate) f
     LEFT JOIN waiting w ON (w.dimension, w.value, w.feature) = (a.dimension, a.value, f.feature)
     CROSS JOIN LATERAL median_duration_interval(w.state, r.confidence_rate) median
ORDER BY a.dimension, a.value, f.feature;
COMMENT ON VIEW feature_adoption IS
'Adoption of each feature, for all accounts and for each value of each attribute in use: who may use it, who does, '
'and how long it takes.';

CREATE OR REPLACE VIEW usage_depth WITH (security_invoker) AS
SELECT a.account_id, n.name, n.segment, n.plan, n.owner, coalesce(mrr_at(a.revenue, r.as_of_on), 0) AS mrr,
       n.seats::bigint AS seat_count, coalesce(u.users, 0) AS user_count, coalesce(u.active, 0) AS active_user_count,
       coalesce(u.active, 0) / nullif(n.seats, 0)::double precision AS seat_use_rate,
       coalesce(u.active, 0) > n.seats AS is_over_seats,
       u.events::double precision / nullif(u.active, 0) AS events_per_user_rate, u.middle AS events_median_rate,
       coalesce(features_used(a.features, r.as_of_on + 1 - p.adoption_days, r.as_of_on + 1, 1, p.adoption_threshold),
                0) AS features_used_count,
       coalesce(e.features, 0) AS entitled_count,
       e.used::double precision / nullif(e.features, 0) AS breadth_rate, r.as_of_on, r.policy_hash
FROM reporting_range r, policy p, account_state a LEFT JOIN account n USING (account_id)
     LEFT JOIN (SELECT s.account_id, count(*) AS users, count(*) FILTER (WHERE l.events > 0) AS active,
                sum(l.events) AS events,
                       percentile_cont(0.5) WITHIN GROUP (ORDER BY l.events) FILTER (WHERE l.events > 0) AS middle
                FROM reporting_range r, policy p, user_state s,
                     LATERAL (SELECT events_between(s.usage, r.as_of_on + 1 - p.adoption_days,
                                                    r.as_of_on + 1) AS events) l
                WHERE first_active_on(s.usage) <= r.as_of_on
                GROUP BY s.account_id) u USING (account_id)
     LEFT JOIN (SELECT t.account_id, count(*) AS features,
                       count(*) FILTER (WHERE events_between(feature_activity(s.features, t.feature),
                                                             r.as_of_on + 1 - p.adoption_days,
                                                             r.as_of_on + 1) >= p.adoption_threshold) AS used
                FROM reporting_range r, policy p, entitlement t LEFT JOIN account_state s USING (account_id)
                GROUP BY t.account_id) e USING (account_id);
COMMENT ON VIEW usage_depth IS
'Depth of use, account by account: users of seats, events a user, features of those entitled.';

CREATE OR REPLACE VIEW usage_by_role WITH (security_invoker) AS
SELECT coalesce(s.role, '(none)') AS role, count(*) AS user_count,
       count(*) FILTER (WHERE l.events > 0) AS active_user_count,
       count(DISTINCT s.account_id) AS account_count,
       sum(l.events)::double precision / nullif(count(*) FILTER (WHERE l.events > 0), 0) AS events_per_user_rate,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY l.events) FILTER (WHERE l.events > 0) AS events_median_rate,
       r.as_of_on, r.policy_hash
FROM reporting_range r, policy p, user_state s,
     LATERAL (SELECT events_between(s.usage, r.as_of_on + 1 - p.adoption_days, r.as_of_on + 1) AS events) l
WHERE first_active_on(s.usage) <= r.as_of_on
GROUP BY s.role, r.as_of_on, r.policy_hash
ORDER BY 1;
COMMENT ON VIEW usage_by_role IS 'Users and how much they do, by role.';

CREATE OR REPLACE VIEW usage_retention_by_segment WITH (security_invoker) AS
SELECT u.cohort AS cohort_on, g.dimension, g.value, u.bracket AS bracket_number, u.accounts AS account_count,
       u.mature_accounts AS mature_count,
       u.n_day AS n_day_count, u.unbounded AS unbounded_count, u.rolling AS rolling_count,
       u.n_day_retention AS n_day_rate, u.unbounded_retention AS unbounded_rate, u.rolling_retention AS rolling_rate,
       u.mature AS is_mature, g.policy_hash
FROM (SELECT d.dimension, d.value, r.policy_hash,
             -- months of the last ten years at most
             retention_agg(a.usage, greatest(date_trunc('month', least(coalesce(p.report_from, first.day), r.as_of_on)),
                                             date_trunc('month', r.as_of_on) - interval '119 months')::date,
                           r.as_of_on + 1, 'month', p.retention_days) AS state
      FROM reporting_range r, policy p, (SELECT min(first_active_on(usage)) AS day FROM account_state) first,
           account_state a JOIN account_dimension d USING (account_id)
      WHERE first.day <= r.as_of_on
      GROUP BY d.dimension, d.value, r.policy_hash) g,
     LATERAL usage_retention(g.state) u
ORDER BY g.dimension, g.value, u.cohort, u.bracket;
COMMENT ON VIEW usage_retention_by_segment IS
'Retention of use: accounts by the month of their first active day, followed over brackets of retention_days, for all '
'and for each value of each attribute in use; N-day, unbounded and rolling.';

CREATE OR REPLACE VIEW usage_retention WITH (security_invoker) AS
SELECT cohort_on, bracket_number, account_count, mature_count, n_day_count, unbounded_count, rolling_count, n_day_rate,
       unbounded_rate, rolling_rate, is_mature, policy_hash
FROM usage_retention_by_segment WHERE dimension = 'all' ORDER BY cohort_on, bracket_number;
COMMENT ON VIEW usage_retention IS
'Retention of use: accounts by the month of their first active day, followed over brackets of retention_days; N-day, '
'unbounded and rolling.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/50_health.sql', $model_part$-- Health: a score of each customer that explains itself.

CREATE TABLE health_signal (
    component        text NOT NULL,
    signal           text NOT NULL,
    segment          text,
    lifecycle_stage  text,
    weight           double precision NOT NULL DEFAULT 0,
    worst            double precision,
    best             double precision,
    knots            double precision[],
    scores           double precision[],
    policy           text NOT NULL DEFAULT 'renormalise',
    keep_days        integer,
    veto_from        double precision,
    veto_cap         double precision,
    higher_is_better boolean GENERATED ALWAYS AS (coalesce(best > worst,
                                                           scores[array_upper(scores, 1)] > scores[1])) STORED,
    UNIQUE NULLS NOT DISTINCT (component, signal, segment, lifecycle_stage),
    CONSTRAINT names_of_1_to_255_bytes CHECK (octet_length(component) BETWEEN 1 AND 255
                                              AND octet_length(signal) BETWEEN 1 AND 255),
    CONSTRAINT weight_in_range CHECK (weight >= 0 AND weight <= 1e6),
    CONSTRAINT known_policy CHECK (policy IN ('renormalise', 'neutral', 'zero', 'carry', 'pulse')),
    CONSTRAINT worst_and_best_or_knots_and_scores CHECK (CASE WHEN knots IS NULL THEN scores IS NULL
                                                         AND csmetrics.normalize_linear(0, worst, best) IS NOT NULL
                                                             ELSE worst IS NULL AND best IS NULL
                                                             AND csmetrics.normalize_piecewise(0, knots,
                                                                     scores) IS NOT NULL END),
    CONSTRAINT at_most_64_knots CHECK (cardinality(knots) <= 64),
    CONSTRAINT keep_days_in_range CHECK (keep_days BETWEEN 0 AND 36525),
    CONSTRAINT carry_and_pulse_need_keep_days CHECK (policy NOT IN ('carry', 'pulse') OR coalesce(keep_days, 0) > 0),
    CONSTRAINT veto_from_and_veto_cap CHECK (CASE WHEN veto_from IS NULL THEN veto_cap IS NULL
                                             ELSE abs(veto_from) < 'Infinity'
                                                 AND coalesce(veto_cap, -1) BETWEEN 0 AND 100 END));
COMMENT ON TABLE health_signal IS
'What the health score is made of, one row a signal: those of csmetrics.model_signal, read from the histories, and '
'any of source_signal by its name. Change weights, add rows, or give rows for one segment or lifecycle stage, which '
'then hold there.';
COMMENT ON COLUMN health_signal.component IS 'Component of the score; a component weighs what its signals do together';
COMMENT ON COLUMN health_signal.signal IS 'Name of the signal: of csmetrics.model_signal, or of source_signal';
COMMENT ON COLUMN health_signal.segment IS
'Holds for accounts of this segment; NULL: for all that have no row of their own';
COMMENT ON COLUMN health_signal.lifecycle_stage IS
'Holds in this lifecycle stage; NULL: in all that have no row of their own';
COMMENT ON COLUMN health_signal.weight IS 'Its weight, from 0; only proportions matter';
COMMENT ON COLUMN health_signal.worst IS 'Reading that is worth 0; beyond it too';
COMMENT ON COLUMN health_signal.best IS 'Reading that is worth 100; below worst where lower is better';
COMMENT ON COLUMN health_signal.knots IS 'Instead of worst and best: readings in ascending order';
COMMENT ON COLUMN health_signal.scores IS 'What each of the knots is worth, 0 to 100; even in between';
COMMENT ON COLUMN health_signal.policy IS
'When it is missing: renormalise (others of its component stand in), neutral (counts as 50), zero; carry: a value of '
'source_signal counts less as it grows older; pulse: it is the score, whatever the others say';
COMMENT ON COLUMN health_signal.keep_days IS 'A value of source_signal as old as this is missing; NULL or 0: it stays';
COMMENT ON COLUMN health_signal.veto_from IS
'Where the reading is as bad as this, the score is at most veto_cap; NULL: no veto';
COMMENT ON COLUMN health_signal.veto_cap IS 'The most that the score may be then, 0 to 100';
COMMENT ON COLUMN health_signal.higher_is_better IS 'Direction of the signal, from the above';
INSERT INTO health_signal
SELECT component, name, NULL::text, NULL::text, weight, worst, best, NULL::double precision[], NULL::double precision[],
       'renormalise', NULL::integer, veto_from, veto_cap FROM csmetrics.model_signal
   UNION ALL SELECT 'pulse', 'pulse', NULL, NULL, 0, 0, 100, NULL, NULL, 'pulse', 90, NULL, NULL;

CREATE OR REPLACE FUNCTION account_health(as_of date) RETURNS TABLE (
    account_id @account_id@, name text, segment text, plan text, owner text, parent_id @account_id@, mrr numeric,
    health_score double precision, tier text, coverage_rate double precision, as_of_on date, policy_hash text,
    readings double precision[], health health)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH rule AS (
        SELECT ARRAY[k.segment, k.lifecycle_stage] AS holds_in, segments || lifecycle_stages = '{}' AS holds_everywhere,
               k.segments, k.lifecycle_stages,
               health_rule_agg(h.component, h.signal, m.position, h.weight,
                               coalesce(h.knots, ARRAY[least(h.worst, h.best), greatest(h.worst, h.best)]),
                               coalesce(h.scores,
                                        CASE WHEN h.best > h.worst THEN '{0,100}'::double precision[]
                                            ELSE '{100,0}' END), h.policy, h.keep_days, h.veto_from,
                                            h.veto_cap) AS rules
        FROM (SELECT segment, lifecycle_stage, segments, lifecycle_stages
              FROM (SELECT coalesce(array_agg(DISTINCT segment) FILTER (WHERE segment IS NOT NULL), '{}') AS segments,
                           coalesce(array_agg(DISTINCT lifecycle_stage) FILTER (WHERE lifecycle_stage IS NOT NULL),
                                    '{}') AS lifecycle_stages FROM health_signal) known,
                   unnest(segments || NULL::text) segment, unnest(lifecycle_stages || NULL::text) lifecycle_stage) k,
             -- the row of the segment before that of the stage before that for all
             LATERAL (SELECT DISTINCT ON (g.component, g.signal) * FROM health_signal g
                      WHERE coalesce(g.segment = k.segment, g.segment IS NULL)
                        AND coalesce(g.lifecycle_stage = k.lifecycle_stage, g.lifecycle_stage IS NULL)
                      ORDER BY g.component, g.signal, g.segment IS NULL, g.lifecycle_stage IS NULL) h
             LEFT JOIN model_signal m ON m.name = h.signal
        GROUP BY k.segment, k.lifecycle_stage, k.segments, k.lifecycle_stages),
    reading_day AS (
        SELECT $1 AS day, t.at AS as_of_at, t.at - p.health_days * interval '24 hours' AS from_at,
               t.at - 2 * p.health_days * interval '24 hours' AS before_at, t.at + interval '1 microsecond' AS to_at,
               p.contact_window_days * interval '1 day' AS contact_window, p.trend_days, p.health_days,
               p.ttv_start_rule,
               r.pause_churn_days, r.pause_rule = 'churn' AS pauses_are_churn, r.time_zone,
               p.health_yellow_from, p.health_green_from, p.health_min_coverage, p.health_method,
               md5(concat(r.policy_hash, (SELECT string_agg(rules::text, ' ' ORDER BY holds_in) FROM rule)))
                   AS policy_hash
        FROM reporting_range r, policy p, LATERAL (SELECT last_instant($1, r.time_zone) AS at) t
        LIMIT 1),
    -- what is fed at all by that day, as only then is nothing a reading, and what other accounts are like
    others AS (
        SELECT e.*, CASE WHEN has_features AND NOT has_entitlements THEN
                   (SELECT count(*) FILTER (WHERE adopters > 0)
                    FROM feature_adoption((SELECT adoption_agg(features, $1 - 27, $1 + 1) FROM account_state))) END
                        AS features_in_use
        FROM (SELECT EXISTS (SELECT FROM account_state WHERE first_active_on(usage) <= $1) AS has_usage,
                     EXISTS (SELECT FROM account_state
                             WHERE features_used(features, '0001-01-01', $1 + 1) > 0) AS has_features,
                     EXISTS (SELECT FROM user_state WHERE first_active_on(usage) <= $1) AS has_users,
                     EXISTS (SELECT FROM account_state, reading_day d
                             WHERE first_opened_at(tickets) <= d.as_of_at) AS has_tickets,
                     EXISTS (SELECT FROM account_state WHERE first_paid_on(entitlements) <= $1) AS has_entitlements,
                     EXISTS (SELECT FROM account_state, reading_day d
                             WHERE value_at(milestones, d.as_of_at) IS NOT NULL) AS has_value,
                     EXISTS (SELECT FROM account_state WHERE first_paid_on(revenue) <= $1) AS has_revenue OFFSET 0) e
        LIMIT 1),
    -- each of them read once, not once an account
    same AS NOT MATERIALIZED (
        SELECT $1 AS day, (SELECT as_of_at FROM reading_day) AS as_of_at, (SELECT from_at FROM reading_day) AS from_at,
               (SELECT before_at FROM reading_day) AS before_at, (SELECT to_at FROM reading_day) AS to_at,
               (SELECT contact_window FROM reading_day) AS contact_window,
               (SELECT trend_days FROM reading_day) AS trend_days, (SELECT health_days FROM reading_day) AS health_days,
               (SELECT ttv_start_rule FROM reading_day) AS ttv_start_rule,
               (SELECT pause_churn_days FROM reading_day) AS pause_churn_days,
               (SELECT pauses_are_churn FROM reading_day) AS pauses_are_churn,
               (SELECT time_zone FROM reading_day) AS time_zone,
               (SELECT health_yellow_from FROM reading_day) AS health_yellow_from,
               (SELECT health_green_from FROM reading_day) AS health_green_from,
               (SELECT health_min_coverage FROM reading_day) AS health_min_coverage,
               (SELECT health_method FROM reading_day) AS health_method,
               (SELECT policy_hash FROM reading_day) AS policy_hash,
               (SELECT rules FROM rule WHERE holds_everywhere) AS rules, (SELECT has_usage FROM others) AS has_usage,
               (SELECT has_features FROM others) AS has_features, (SELECT has_users FROM others) AS has_users,
               (SELECT has_tickets FROM others) AS has_tickets,
               (SELECT has_entitlements FROM others) AS has_entitlements, (SELECT has_value FROM others) AS has_value,
               (SELECT has_revenue FROM others) AS has_revenue,
               (SELECT features_in_use FROM others) AS features_in_use),
    users AS (
        SELECT account_id, count(*) AS active_users FROM user_state
        WHERE active_days(usage, (SELECT $1 + 1 - adoption_days FROM policy), $1 + 1) > 0 GROUP BY account_id),
    account AS (
        SELECT a.*, u.active_users, n.name, n.segment, n.lifecycle_stage, n.plan, n.owner, n.parent_id, n.seats,
               coalesce(paid.first_on, first_active_on(a.usage, d.day)) AS since,
               coalesce(mrr_at(a.revenue, d.day), 0) AS mrr,
               CASE WHEN d.has_entitlements THEN mrr_at(a.entitlements, d.day)::bigint
                   ELSE d.features_in_use END AS entitled,
               CASE d.ttv_start_rule WHEN 'milestone' THEN started_at(a.milestones, d.as_of_at) WHEN 'created'
                   THEN n.created_on::timestamp AT TIME ZONE d.time_zone
                                     ELSE paid.first_on::timestamp AT TIME ZONE d.time_zone END AS started_at,
               value_at(a.milestones, d.as_of_at) AS value_at
        FROM same d CROSS JOIN (SELECT account_id, unpacked(stored.revenue) AS revenue,
               unpacked(stored.notice) AS notice,
               unpacked(stored.milestones) AS milestones,
               unpacked(stored.tickets) AS tickets,
               unpacked(stored.answers) AS answers,
               unpacked(stored.usage) AS usage,
               unpacked(stored.features) AS features,
               unpacked(stored.entitlements) AS entitlements,
               unpacked(stored.signals) AS signals FROM account_state stored OFFSET 0) a
             LEFT JOIN account n USING (account_id) LEFT JOIN users u USING (account_id),
             LATERAL (SELECT CASE WHEN d.has_revenue THEN first_paid_on(a.revenue) END AS first_on) paid
        -- customers of that day, paused ones too; without subscriptions, all accounts of the source and those with
        -- usage
        -- in a gap nobody knows yet that it will be a short one, so gap_smooth_days has no part in this
        WHERE CASE WHEN d.has_revenue THEN paid.first_on <= d.day AND churned_on(limit_pauses(a.revenue,
                    d.pause_churn_days), d.day, d.pauses_are_churn) IS NULL
                   ELSE n.account_id IS NOT NULL OR first_active_on(a.usage) <= d.day END
        OFFSET 0),
    -- kept, since some are read against the others of the segment
    reading AS MATERIALIZED (
        SELECT account_id, name, segment, lifecycle_stage, plan, owner, parent_id, mrr, signals,
               CASE WHEN has_usage AND day - since >= 7
               THEN coalesce(consistency(usage, day, least(8, (day - since) / 7)), 0) END AS reading_1,
               CASE WHEN has_features AND entitled > 0
                   AND day - since >= 28 THEN least(1,
                                                    coalesce(features_used(features, day - 27, day + 1),
                                                             0) / entitled::double precision) END AS reading_2,
               CASE WHEN has_features AND entitled > 0
                   AND day - since >= 28 THEN least(1,
                                                    coalesce(features_used(features, day - 27, day + 1, 4),
                                                             0) / entitled::double precision) END AS reading_3,
               CASE WHEN has_users AND day - since >= 28
                   THEN coalesce(active_users, 0) / nullif(seats, 0)::double precision END AS reading_4,
               usage_change(usage, day, trend_days) AS reading_5,
               CASE WHEN has_tickets THEN coalesce(escalated_open_count(tickets, as_of_at), 0) END AS reading_6,
               reopened_share(tickets, from_at, to_at) AS reading_7,
               repeated_share(tickets, from_at, to_at, contact_window) AS reading_8,
               as_hours(median_resolution(tickets, from_at, to_at)) AS reading_9,
               mean_answer(answers, 'csat', from_at, to_at) AS reading_10,
               due_reached_share(milestones, as_of_at) AS reading_11,
               CASE WHEN mrr > 0 THEN 1 - least(1,
                                                coalesce((mrr_at(notice, day) / mrr)::double precision,
                                                         0)) END AS reading_12,
               CASE WHEN day - since >= health_days
                   THEN (mrr / nullif(mrr_at(revenue, day - health_days), 0) - 1)::double precision END AS reading_13,
               mean_answer(answers, 'nps', before_at, to_at) AS reading_14,
               CASE WHEN has_value AND (value_at >= started_at
                                        OR (value_at IS NULL AND as_of_at - started_at >= interval '720 hours'))
                                            THEN as_days(least(value_at, as_of_at) - started_at) END AS reading_15,
               CASE WHEN has_tickets THEN coalesce(escalated_open_days(tickets, as_of_at), 0) END AS reading_16
               FROM account, same),
    usual AS (SELECT coalesce(segment, '') AS of_segment,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY reading_9) AS usual_9 FROM reading GROUP BY 1),
    health AS (
        SELECT r.*, m.readings, score_of(m.rules, m.readings, r.signals, d.as_of_at, d.health_min_coverage,
                                         d.health_method) AS health_score,
               health_of(m.rules, m.readings, r.signals, d.as_of_at) AS health
        FROM same d CROSS JOIN reading r JOIN usual u ON u.of_segment = coalesce(r.segment, ''),
             LATERAL (SELECT ARRAY[reading_1, reading_2, reading_3, reading_4, reading_5, reading_6, reading_7,
                                   reading_8, reading_9 / nullif(usual_9, 0), reading_10, reading_11, reading_12,
                                   reading_13, reading_14, reading_15, reading_16]::double precision[] AS readings,
                                   coalesce(d.rules,
                        (SELECT rule.rules FROM rule WHERE rule.holds_in = ARRAY[CASE
                                    WHEN r.segment = ANY (rule.segments) THEN r.segment END,
                                    CASE WHEN r.lifecycle_stage = ANY (rule.lifecycle_stages)
                                    THEN r.lifecycle_stage END])) AS rules) m
        OFFSET 0)
    SELECT account_id, name, segment, plan, owner, parent_id, mrr, health_score,
           tier(health_score, d.health_yellow_from, d.health_green_from) AS tier,
           coverage(health) AS coverage_rate, d.day AS as_of_on, d.policy_hash, readings, health
    FROM health, same d;
END;
COMMENT ON FUNCTION account_health(as_of date) IS
'The health of each customer as of the end of any day, from what was known then, by the rules of now: the score of a '
'past day is the same whether it was worked out then or later. readings are those of csmetrics.model_signal in their '
'order; health is for csmetrics.contributions and health_change.';

CREATE OR REPLACE VIEW account_health WITH (security_invoker) AS
SELECT h.account_id, h.name, h.segment, h.plan, h.owner, h.mrr, h.health_score, h.tier, h.coverage_rate,
       health_reasons(h.health, p.health_method) AS reasons,
       h.as_of_on, h.policy_hash
FROM reporting_range r, policy p, LATERAL account_health(r.as_of_on) h;
COMMENT ON VIEW account_health IS
'The health of each customer: its score, its tier, and what costs it most points. For a past day, the function of '
'this name.';

CREATE OR REPLACE VIEW health_by_account_signal WITH (security_invoker) AS
SELECT h.account_id, h.name, h.segment, h.owner, h.mrr, k.component, k.signal,
       CASE WHEN k.component = 'veto' THEN NULL WHEN m.position IS NOT NULL THEN h.readings[m.position]
       ELSE signal_at(a.signals, k.signal, r.as_of_at) END AS reading,
       k.value AS value_score, k.weight, k.points, k.points_lost AS lost_points, h.health_score, h.tier, h.as_of_on,
       h.policy_hash
FROM reporting_range r, policy p, LATERAL account_health(r.as_of_on) h JOIN account_state a USING (account_id),
     LATERAL contributions(h.health, p.health_method) k LEFT JOIN model_signal m ON m.name = k.signal;
COMMENT ON VIEW health_by_account_signal IS
'The health of each customer, signal by signal: what it reads, what that is worth, and the points that it gives and '
'takes. They add up to the scores of account_health exactly; those of an Unknown one to the score that it would have.';

CREATE OR REPLACE VIEW health_by_signal WITH (security_invoker) AS
SELECT component, signal, count(*) AS account_count, count(value_score) AS known_count,
       count(value_score)::double precision / count(*) AS known_rate,
       avg(value_score) AS mean_value_score, avg(weight) AS weight, avg(lost_points) AS mean_lost_points, as_of_on,
       policy_hash
FROM health_by_account_signal
GROUP BY component, signal, as_of_on, policy_hash
ORDER BY component, signal;
COMMENT ON VIEW health_by_signal IS
'The signals: of how many customers each is known, what it is worth on average, and how many points it takes. One '
'that is known of nobody has a name that no source gives.';

CREATE OR REPLACE VIEW health_by_segment WITH (security_invoker) AS
SELECT g.dimension, g.value, account_count(g.state) AS account_count,
       max(t.accounts) FILTER (WHERE t.tier = 'Green') AS green_count,
       max(t.accounts) FILTER (WHERE t.tier = 'Yellow') AS yellow_count,
       max(t.accounts) FILTER (WHERE t.tier = 'Red') AS red_count,
       max(t.accounts) FILTER (WHERE t.tier = 'Unknown') AS unknown_count,
       max(t.share) FILTER (WHERE t.tier = 'Green') AS green_rate, sum(t.mrr) AS mrr,
       max(t.mrr) FILTER (WHERE t.tier = 'Green') AS green_mrr,
       max(t.mrr) FILTER (WHERE t.tier = 'Yellow') AS yellow_mrr,
       max(t.mrr) FILTER (WHERE t.tier = 'Red') AS red_mrr, max(t.mrr) FILTER (WHERE t.tier = 'Unknown') AS unknown_mrr,
       max(t.mrr_share) FILTER (WHERE t.tier = 'Red') AS red_mrr_rate,
       mean_score(g.state), weighted_score(g.state), worst_score(g.state), g.as_of_on, g.policy_hash
FROM (SELECT a.dimension, a.value, health_agg(h.health_score, h.mrr) AS state, h.as_of_on, h.policy_hash
      FROM reporting_range r, LATERAL account_health(r.as_of_on) h JOIN account_dimension a USING (account_id)
      GROUP BY a.dimension, a.value, h.as_of_on, h.policy_hash) g, policy p,
     LATERAL health_tiers(g.state, p.health_yellow_from, p.health_green_from) t
GROUP BY g.dimension, g.value, g.state, g.as_of_on, g.policy_hash
ORDER BY g.dimension, g.value;
COMMENT ON VIEW health_by_segment IS
'Health for each value of each attribute of accounts that is in use, and for all: customers and MRR by tier, and mean '
'scores. The values of one attribute add up to all.';

CREATE OR REPLACE VIEW health_by_parent WITH (security_invoker) AS
SELECT c.parent_id, n.name, count(*) AS child_count, sum(c.mrr) AS mrr,
       weighted_score(health_agg(c.health_score, c.mrr)) AS children_score,
       weighted_score(merge(health_agg(c.health_score, c.mrr),
                            health_agg(s.health_score, s.mrr) FILTER (WHERE c.place = 1))) AS with_parent_score,
       (array_agg(c.account_id ORDER BY c.health_score,
                  c.account_id) FILTER (WHERE c.health_score IS NOT NULL))[1] AS worst_child_id,
       min(c.health_score) AS worst_child_score, c.as_of_on, c.policy_hash
FROM (SELECT h.*, row_number() OVER (PARTITION BY h.parent_id) AS place
      FROM reporting_range r, LATERAL account_health(r.as_of_on) h WHERE h.parent_id IS NOT NULL) c
     LEFT JOIN account_health s ON s.account_id = c.parent_id LEFT JOIN account n ON n.account_id = c.parent_id
GROUP BY c.parent_id, n.name, c.as_of_on, c.policy_hash
ORDER BY c.parent_id;
COMMENT ON VIEW health_by_parent IS
'Health of accounts with children: of the children alone, with the parent, each by its MRR, and of the worst child.';

CREATE OR REPLACE VIEW health_movement_by_signal WITH (security_invoker) AS
SELECT h.account_id, h.name, h.segment, h.owner, h.mrr, b.as_of_on AS before_on, h.as_of_on, k.component, k.signal,
       k.term,
       k.value_before AS before_value_score, k.value_after AS value_score, k.points AS change_points,
       b.health_score AS before_score, h.health_score,
       b.tier AS before_tier, h.tier, h.policy_hash
FROM reporting_range r, policy p, LATERAL account_health(r.as_of_on) h
     JOIN LATERAL account_health(r.as_of_on - p.movement_days) b USING (account_id),
     LATERAL health_change(b.health, h.health, p.health_min_coverage, p.health_method) k;
COMMENT ON VIEW health_movement_by_signal IS
'Why scores moved since movement_days ago, change by change: change_points of an account add up to the difference of '
'its scores exactly.';

CREATE OR REPLACE VIEW health_movement WITH (security_invoker) AS
SELECT m.account_id, m.name, m.segment, m.owner, m.mrr, m.before_on, m.as_of_on, m.before_score, m.health_score,
       sum(m.change_points) AS change_points, m.before_tier, m.tier,
       string_agg(format('%s %s', m.signal, to_char(m.change_points, 'FMSG990.0')),
                  ', ' ORDER BY m.place) FILTER (WHERE m.place <= 3 AND abs(m.change_points) >= 0.05) AS reasons,
                  m.policy_hash
FROM policy p, (SELECT *, row_number() OVER (PARTITION BY account_id ORDER BY abs(change_points) DESC, signal,
                                             term) AS place FROM health_movement_by_signal) m
GROUP BY m.account_id, m.name, m.segment, m.owner, m.mrr, m.before_on, m.as_of_on, m.before_score, m.health_score,
    m.before_tier, m.tier, m.policy_hash, p.health_margin
HAVING m.tier <> m.before_tier OR abs(sum(m.change_points)) >= p.health_margin
ORDER BY sum(m.change_points), m.account_id;
COMMENT ON VIEW health_movement IS
'Who moved since movement_days ago, into another tier or by health_margin points, of those whose score is known on '
'both days, and the three changes that moved it most; the steepest falls first.';

CREATE OR REPLACE VIEW health_trend WITH (security_invoker) AS
SELECT g.as_of_on, g.dimension, g.value, account_count(g.state) AS account_count,
       max(t.accounts) FILTER (WHERE t.tier = 'Green') AS green_count,
       max(t.accounts) FILTER (WHERE t.tier = 'Yellow') AS yellow_count,
       max(t.accounts) FILTER (WHERE t.tier = 'Red') AS red_count,
       max(t.accounts) FILTER (WHERE t.tier = 'Unknown') AS unknown_count,
       max(t.share) FILTER (WHERE t.tier = 'Green') AS green_rate, sum(t.mrr) AS mrr,
       max(t.mrr) FILTER (WHERE t.tier = 'Red') AS red_mrr,
       mean_score(g.state), weighted_score(g.state), g.policy_hash
FROM (SELECT a.dimension, a.value, health_agg(h.health_score, h.mrr) AS state, h.as_of_on, h.policy_hash
      FROM reporting_range r,
           LATERAL (SELECT (month - interval '1 day')::date AS day
                    FROM generate_series(date_trunc('month', r.as_of_on) - interval '11 months',
                                         date_trunc('month', r.as_of_on), '1 month') month
                    WHERE (month - interval '1 day')::date >= r.from_on
                    UNION SELECT r.as_of_on) e,
           LATERAL account_health(e.day) h JOIN account_dimension a USING (account_id)
      GROUP BY a.dimension, a.value, h.as_of_on, h.policy_hash) g, policy p,
     LATERAL health_tiers(g.state, p.health_yellow_from, p.health_green_from) t
GROUP BY g.as_of_on, g.dimension, g.value, g.state, g.policy_hash
ORDER BY g.dimension, g.value, g.as_of_on;
COMMENT ON VIEW health_trend IS
'Health at the ends of the last twelve months and today, each as it was known then, by the rules of now; for all and '
'for each value of each attribute in use.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/52_health_backtest.sql', $model_part$-- Health held against what happened.

CREATE OR REPLACE VIEW health_outcome WITH (security_invoker) AS
SELECT h.account_id, h.name, h.segment, h.owner, h.as_of_on AS scored_on, h.mrr, h.health_score, h.tier,
       churned_on(limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days),
                  h.as_of_on + p.backtest_days, r.pause_rule = 'churn') IS NOT NULL AS is_churned, h.policy_hash
FROM reporting_range r, policy p, LATERAL generate_series(1, p.backtest_count) AS k,
     LATERAL account_health(r.as_of_on - k * p.backtest_days) h JOIN account_state a USING (account_id);
COMMENT ON VIEW health_outcome IS
'Scores as of past days, from what was known then, and whether the customer churned in the backtest_days after: the '
'rows of the backtests.';

CREATE OR REPLACE VIEW health_backtest WITH (security_invoker) AS
SELECT s.dimension, s.value, prediction_count(s.state), happened_count(s.state) AS churn_count,
       base_rate(s.state) AS churned_rate,
       auc(s.state) AS auc_rate, auc.lower AS auc_lower_rate, auc.upper AS auc_upper_rate,
       predicts(s.state, s.confidence_rate),
       red.flagged AS flagged_count, red.precision AS precision_rate, red.precision_lower AS precision_lower_rate,
       red.precision_upper AS precision_upper_rate,
       red.recall AS recall_rate, red.recall_lower AS recall_lower_rate, red.recall_upper AS recall_upper_rate,
       top.lift AS top_lift_rate, top.lower AS top_lift_lower_rate, top.upper AS top_lift_upper_rate,
       exp(10 * fit.slope) AS odds_ten_points_rate, exp(10 * fit.slope_lower) AS odds_lower_rate,
       exp(10 * fit.slope_upper) AS odds_upper_rate, s.policy_hash
FROM (SELECT d.dimension, d.value, backtest_agg(100 - o.health_score, o.is_churned, o.account_id::text) AS state,
      r.confidence_rate, o.policy_hash
      FROM reporting_range r, health_outcome o JOIN account_dimension d USING (account_id)
      GROUP BY d.dimension, d.value, r.confidence_rate, o.policy_hash) s, policy p,
     LATERAL auc_interval(s.state, s.confidence_rate) auc,
     -- below yellow_from; scores have 12 decimals
     LATERAL flagged_at(s.state, 100 - p.health_yellow_from + 1e-12, s.confidence_rate) red,
     LATERAL top_lift(s.state, 0.1, s.confidence_rate) top,
     LATERAL risk_fit(s.state, s.confidence_rate) fit
ORDER BY s.dimension, s.value;
COMMENT ON VIEW health_backtest IS
'Was the score right? Scores of past days held against the churn that followed, for all and for each value of each '
'attribute in use. Unknown scores are left out.';

CREATE OR REPLACE VIEW health_backtest_by_tier WITH (security_invoker) AS
SELECT o.tier, count(*) AS prediction_count, count(*) FILTER (WHERE o.is_churned) AS churn_count,
       rate(rate_agg(o.is_churned)) AS churned_rate,
       (rate_interval(rate_agg(o.is_churned), r.confidence_rate)).lower AS churned_lower_rate,
       (rate_interval(rate_agg(o.is_churned), r.confidence_rate)).upper AS churned_upper_rate,
       o.policy_hash
FROM reporting_range r, health_outcome o
GROUP BY o.tier, r.confidence_rate, o.policy_hash
ORDER BY array_position('{Red,Yellow,Green,Unknown}', o.tier);
COMMENT ON VIEW health_backtest_by_tier IS 'Churn in the backtest_days after a score, by its tier.';

CREATE OR REPLACE VIEW health_outcome_by_signal WITH (security_invoker) AS
SELECT h.account_id, h.as_of_on AS scored_on, k.component, k.signal, k.value AS value_score, k.weight,
       churned_on(limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days),
                  h.as_of_on + p.backtest_days, r.pause_rule = 'churn') IS NOT NULL AS is_churned, h.policy_hash
FROM reporting_range r, policy p, LATERAL generate_series(1, p.backtest_count) AS n,
     LATERAL account_health(r.as_of_on - n * p.backtest_days) h
         JOIN account_state a USING (account_id), LATERAL contributions(h.health) k
WHERE k.component NOT IN ('veto', 'pulse');
COMMENT ON VIEW health_outcome_by_signal IS
'The signals behind health_outcome, one row each: what each was worth on past days, and whether the customer churned '
'in the backtest_days after.';

CREATE OR REPLACE VIEW health_backtest_by_signal WITH (security_invoker) AS
SELECT s.component, s.signal, prediction_count(s.state), happened_count(s.state) AS churn_count,
       auc(s.state) AS auc_rate, auc.lower AS auc_lower_rate, auc.upper AS auc_upper_rate,
       predicts(s.state, s.confidence_rate), s.policy_hash
FROM (SELECT o.component, o.signal, backtest_agg(100 - o.value_score, o.is_churned, o.account_id::text) AS state,
             -- of so many signals one would stand out by chance (Bonferroni)
             1 - (1 - r.confidence_rate) / count(*) OVER () AS confidence_rate, o.policy_hash
      FROM reporting_range r, health_outcome_by_signal o
      GROUP BY o.component, o.signal, r.confidence_rate, o.policy_hash) s,
     LATERAL auc_interval(s.state, s.confidence_rate) auc
ORDER BY auc(s.state) DESC NULLS LAST, s.component, s.signal;
COMMENT ON VIEW health_backtest_by_signal IS
'Which signals were right, each on its own where it was known: the AUC of its value against the churn that followed. '
'The intervals allow for looking at so many (Bonferroni).';

CREATE OR REPLACE VIEW health_calibration WITH (security_invoker) AS
SELECT c.group_number, 100 - c.highest_risk AS lowest_score, 100 - c.lowest_risk AS highest_score,
       100 - c.mean_risk AS mean_score, c.predictions AS prediction_count, c.happened AS churn_count,
       c.rate AS churned_rate, c.lower AS churned_lower_rate, c.upper AS churned_upper_rate,
       1 / (1 + exp(-fit.intercept - fit.slope * c.mean_risk)) AS expected_rate, s.policy_hash
FROM (SELECT backtest_agg(100 - o.health_score, o.is_churned,
                          o.account_id::text) FILTER (WHERE o.scored_on = o.last_on) AS state,
             backtest_agg(100 - o.health_score, o.is_churned,
                          o.account_id::text) FILTER (WHERE o.scored_on < o.last_on) AS earlier, r.confidence_rate,
                          o.policy_hash
      FROM reporting_range r, (SELECT *, max(scored_on) OVER () AS last_on FROM health_outcome) o
      GROUP BY r.confidence_rate, o.policy_hash) s
     CROSS JOIN LATERAL calibration(s.state, 10, s.confidence_rate) c
     LEFT JOIN LATERAL risk_fit(s.earlier, s.confidence_rate) fit ON true
ORDER BY c.group_number;
COMMENT ON VIEW health_calibration IS
'Calibration: churn after the last test day, by tenths of the score, beside what the curve of the earlier test days '
'leads to expect.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/60_account_now.sql', $model_part$-- The account as it is: one row a customer with all that a rule may ask for. What a query leaves out costs nothing:
-- the planner drops columns that nobody reads, and joins that give none (hence DISTINCT ON, which tells it that no row
-- gets lost).

CREATE OR REPLACE FUNCTION account_now(as_of date) RETURNS TABLE (
    account_id @account_id@, name text, segment text, plan text, lifecycle_stage text, onboarding_path text,
    region text, owner text, parent_id @account_id@, seat_count bigint, mrr numeric, customer_days double precision,
    renews_on date, renewal_days double precision, health_score double precision, tier text,
    coverage_rate double precision, before_score double precision, before_tier text, change_points numeric,
    reasons text, consistency double precision, breadth double precision, depth double precision,
    seat_use double precision, trend double precision, open_escalations double precision, reopening double precision,
    repeated_contact double precision, resolution double precision, csat double precision, milestones double precision,
    renewal_posture double precision, mrr_change double precision, nps double precision, time_to_value double precision,
    escalation_days double precision, open_count bigint, last_active_on date, idle_days double precision,
    has_value boolean, own_signals jsonb, as_of_on date, policy_hash text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT h.account_id, h.name, h.segment, h.plan, n.lifecycle_stage, n.onboarding_path, n.region, h.owner,
           h.parent_id, n.seats::bigint AS seat_count,
           h.mrr, (h.as_of_on - first_paid_on(a.revenue))::double precision AS customer_days, next.renews_on,
           (next.renews_on - h.as_of_on)::double precision AS renewal_days,
           h.health_score, h.tier, h.coverage_rate, b.health_score AS before_score, b.tier AS before_tier,
           h.health_score::numeric - b.health_score::numeric AS change_points,
           health_reasons(h.health, d.health_method) AS reasons, readings[1] AS consistency,
           readings[2] AS breadth,
           readings[3] AS depth,
           readings[4] AS seat_use,
           readings[5] AS trend,
           readings[6] AS open_escalations,
           readings[7] AS reopening,
           readings[8] AS repeated_contact,
           readings[9] AS resolution,
           readings[10] AS csat,
           readings[11] AS milestones,
           readings[12] AS renewal_posture,
           readings[13] AS mrr_change,
           readings[14] AS nps,
           readings[15] AS time_to_value,
           readings[16] AS escalation_days,
           open_count(a.tickets, d.as_of_at) AS open_count, last_active_on(a.usage, h.as_of_on) AS last_active_on,
           (h.as_of_on - last_active_on(a.usage, h.as_of_on))::double precision AS idle_days,
           value_at(a.milestones, d.as_of_at) IS NOT NULL AS has_value,
           (SELECT jsonb_object_agg(s.signal, signal_at(a.signals, s.signal, d.as_of_at))
            FROM (SELECT DISTINCT signal FROM health_signal
                  WHERE signal NOT IN (SELECT name FROM model_signal)) s) AS own_signals,
           h.as_of_on, h.policy_hash
    FROM (SELECT last_instant($1, p.time_zone) AS as_of_at, p.health_method, p.movement_days FROM policy p LIMIT 1) d
         CROSS JOIN account_health($1) h
         LEFT JOIN account_state a USING (account_id)
         LEFT JOIN LATERAL (SELECT min(day) AS renews_on FROM unnest(a.renewals) day WHERE day >= $1) next ON true
         LEFT JOIN (SELECT DISTINCT ON (account_id) account_id, lifecycle_stage, onboarding_path, region, seats
                    FROM account) n USING (account_id)
         LEFT JOIN (SELECT DISTINCT ON (account_id) account_id, health_score, tier
                    FROM policy p, LATERAL account_health($1 - p.movement_days)) b USING (account_id);
END;
COMMENT ON FUNCTION account_now(as_of date) IS
'Each customer as of the end of any day, with all that rules of alerts and playbooks may ask for. Attributes and '
'renewals are those of now.';

CREATE OR REPLACE VIEW account_now WITH (security_invoker) AS
SELECT n.* FROM reporting_range r, LATERAL account_now(r.as_of_on) n;
COMMENT ON VIEW account_now IS
'Each customer as it is now, with all that rules of alerts and playbooks may ask for: attributes, MRR, health and '
'what moved it, readings of the signals by name, renewal, tickets, usage. For a past day, the function of this name.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/62_alerts.sql', $model_part$-- Alerts: rules over account_now, and one row when an account begins or ends to meet one.

CREATE TABLE alert_rule (
    rule        text,
    description text,
    condition   text NOT NULL,
    clears_when text,
    severity    text NOT NULL DEFAULT 'warning',
    audience    text NOT NULL DEFAULT 'csm',
    cool_down   interval NOT NULL DEFAULT '7 days',
    channel     text NOT NULL DEFAULT 'csmetrics_alert',
    is_enabled  boolean NOT NULL DEFAULT true,
    PRIMARY KEY (rule),
    CONSTRAINT rule_of_1_to_255_bytes CHECK (octet_length(rule) BETWEEN 1 AND 255),
    CONSTRAINT known_severity CHECK (severity IN ('critical', 'warning', 'info')),
    CONSTRAINT known_audience CHECK (audience IN ('csm', 'manager', 'executive')),
    CONSTRAINT cool_down_from_0 CHECK (cool_down >= interval '0'),
    CONSTRAINT channel_of_1_to_63_bytes CHECK (octet_length(channel) BETWEEN 1 AND 63));
COMMENT ON TABLE alert_rule IS
'What deserves an alert, one row a rule: CALL csmetrics.evaluate_alerts records and announces each customer that '
'begins to meet it, or no longer does. Change or add rows; a condition that does not parse, or names an unknown '
'column, is refused with its error.';
COMMENT ON COLUMN alert_rule.rule IS 'Name of the rule';
COMMENT ON COLUMN alert_rule.description IS 'What it says to a reader';
COMMENT ON COLUMN alert_rule.condition IS
'SQL condition over the columns of account_now that turns it on; unknown changes nothing. One that changes begins anew';
COMMENT ON COLUMN alert_rule.clears_when IS
'SQL condition that turns it off again, with a margin, so that it does not flap; NULL: when condition is false';
COMMENT ON COLUMN alert_rule.severity IS 'critical, warning or info';
COMMENT ON COLUMN alert_rule.audience IS 'Whom it is for: csm, manager or executive';
COMMENT ON COLUMN alert_rule.cool_down IS
'So long after an alert of an account its next one waits; if it still holds then, it comes then';
COMMENT ON COLUMN alert_rule.channel IS 'Channel of NOTIFY on which it is announced';
COMMENT ON COLUMN alert_rule.is_enabled IS 'Is it evaluated? When it is again, it begins anew';
INSERT INTO alert_rule
VALUES ('turned red', 'The score is below the bound of Red', 'tier = ''Red''',
        'tier IN (''Yellow'', ''Green'') AND health_score >= 52', 'critical', 'csm'),
          ('steep fall', 'The score lost 15 points within movement_days', 'change_points <= -15', 'change_points > -10',
           'warning', 'csm'),
          ('notice given', 'Some of its MRR is under notice of cancellation', 'renewal_posture < 1', NULL, 'critical',
           'manager'),
          ('renewal at risk', 'It renews within 90 days and is not Green',
           'renewal_days <= 90 AND tier IN (''Red'', ''Yellow'')', 'renewal_days > 90 OR tier = ''Green''', 'warning',
           'manager'),
          ('escalation unresolved', 'An escalated ticket has been open for two weeks', 'escalation_days >= 14', NULL,
           'warning', 'csm'),
          ('gone quiet', 'No usage for two weeks', 'idle_days >= 14', 'idle_days < 7', 'warning', 'csm'),
          ('value overdue', 'No first value 60 days after the start', 'time_to_value >= 60 AND NOT has_value',
           'has_value', 'warning', 'csm'),
          ('seats nearly used', 'A Green customer whose seats are nearly all in use: room to expand',
           'tier = ''Green'' AND seat_use >= 0.9', 'seat_use < 0.85', 'info', 'csm');
CREATE OR REPLACE TRIGGER check_expressions BEFORE INSERT OR UPDATE ON alert_rule FOR EACH ROW
    EXECUTE FUNCTION check_expressions('condition', 'account_now', 'boolean', 'clears_when', 'account_now', 'boolean');

CREATE TABLE alert_state (
    rule       text,
    account_id @account_id@,
    state      text NOT NULL,
    since_at   timestamptz NOT NULL,
    alert_id   bigint,
    evidence   jsonb,
    PRIMARY KEY (rule, account_id),
    CONSTRAINT known_state CHECK (state IN ('new', 'known', 'held', 'raised')));
COMMENT ON TABLE alert_state IS
'Who meets which rule, as of its last evaluation. Written by CALL csmetrics.evaluate_alerts alone.';
COMMENT ON COLUMN alert_state.rule IS 'Name of the rule';
COMMENT ON COLUMN alert_state.account_id IS 'Key of the account';
COMMENT ON COLUMN alert_state.state IS
'raised: an alert was; held: it waits for the cool-down; known: met it when the rule began, or by facts that came '
'late, and raises nothing';
COMMENT ON COLUMN alert_state.since_at IS 'As of when it was first seen to meet the rule';
COMMENT ON COLUMN alert_state.alert_id IS 'The alert that was raised';
COMMENT ON COLUMN alert_state.evidence IS 'What was known of the account then';

CREATE TABLE alert_evaluation (
    rule         text,
    definition   text NOT NULL,
    as_of_at     timestamptz NOT NULL,
    evaluated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (rule));
COMMENT ON TABLE alert_evaluation IS
'When each rule was evaluated last. Written by CALL csmetrics.evaluate_alerts alone.';
COMMENT ON COLUMN alert_evaluation.rule IS 'Name of the rule';
COMMENT ON COLUMN alert_evaluation.definition IS 'Its condition then';
COMMENT ON COLUMN alert_evaluation.as_of_at IS 'As of when it was evaluated';
COMMENT ON COLUMN alert_evaluation.evaluated_at IS 'When that was done';

CREATE TABLE alert (
    alert_id     bigint GENERATED ALWAYS AS IDENTITY,
    rule         text NOT NULL,
    severity     text NOT NULL,
    audience     text NOT NULL,
    account_id   @account_id@,
    from_state   text NOT NULL,
    to_state     text NOT NULL,
    as_of_at     timestamptz NOT NULL,
    evaluated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    evidence     jsonb,
    PRIMARY KEY (alert_id),
    UNIQUE (rule, account_id, from_state, to_state, as_of_at),
    CONSTRAINT a_transition CHECK ((from_state, to_state) IN (('off', 'on'), ('on', 'off'))));
COMMENT ON TABLE alert IS
'The alerts, a row a transition: from off to on when a customer began to meet a rule, from on to off when it no '
'longer did. Written by CALL csmetrics.evaluate_alerts alone.';
COMMENT ON COLUMN alert.alert_id IS 'Key of the alert';
COMMENT ON COLUMN alert.rule IS 'Name of the rule';
COMMENT ON COLUMN alert.severity IS 'critical, warning or info';
COMMENT ON COLUMN alert.audience IS 'Whom it is for: csm, manager or executive';
COMMENT ON COLUMN alert.account_id IS 'Key of the account';
COMMENT ON COLUMN alert.from_state IS 'off or on';
COMMENT ON COLUMN alert.to_state IS 'on: it began to meet the rule; off: it no longer did';
COMMENT ON COLUMN alert.as_of_at IS 'As of when';
COMMENT ON COLUMN alert.evaluated_at IS 'When it was found';
COMMENT ON COLUMN alert.evidence IS
'What was known of the account when it began to meet the rule: name, owner, MRR, score, reasons, usage, tickets, '
'renewal';

CREATE OR REPLACE VIEW alert_open WITH (security_invoker) AS
SELECT a.alert_id, a.rule, a.severity, a.audience, a.account_id, a.evidence ->> 'name' AS name,
       a.evidence ->> 'segment' AS segment, a.evidence ->> 'owner' AS owner,
       (a.evidence ->> 'mrr')::numeric AS mrr, (a.evidence ->> 'health_score')::double precision AS health_score,
       a.evidence ->> 'tier' AS tier, a.evidence ->> 'reasons' AS reasons, a.as_of_at AS raised_at
FROM alert_state s JOIN alert a USING (alert_id) JOIN alert_rule r ON r.rule = s.rule
WHERE s.state = 'raised' AND r.is_enabled
ORDER BY array_position('{critical,warning,info}', a.severity), a.as_of_at DESC, a.alert_id;
COMMENT ON VIEW alert_open IS
'Alerts of customers that still meet the rule, the most severe first, with what was known when each was raised.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/64_playbooks.sql', $model_part$-- Playbooks: what is to be done for which customers, and what came of it.

CREATE TABLE playbook (
    name           text,
    description    text,
    trigger_when   text NOT NULL,
    owner_rule     text NOT NULL DEFAULT 'owner',
    success_when   text NOT NULL,
    horizon_days   integer NOT NULL DEFAULT 60,
    due_days       integer NOT NULL DEFAULT 14,
    cool_down_days integer NOT NULL DEFAULT 30,
    steps          text[] NOT NULL DEFAULT '{}',
    holdout_share  double precision NOT NULL DEFAULT 0.2,
    is_enabled     boolean NOT NULL DEFAULT true,
    PRIMARY KEY (name),
    CONSTRAINT name_of_1_to_255_bytes CHECK (octet_length(name) BETWEEN 1 AND 255),
    CONSTRAINT horizon_days_in_range CHECK (horizon_days BETWEEN 1 AND 3653),
    CONSTRAINT due_by_the_horizon CHECK (due_days BETWEEN 0 AND horizon_days),
    CONSTRAINT cool_down_days_in_range CHECK (cool_down_days BETWEEN 0 AND 3653),
    CONSTRAINT steps_are_texts CHECK (array_position(steps, NULL) IS NULL),
    CONSTRAINT holdout_share_from_0_to_below_1 CHECK (holdout_share >= 0 AND holdout_share < 1));
COMMENT ON TABLE playbook IS
'What is to be done for which customers, one row a playbook: one trigger, one owner, one condition of success. CALL '
'csmetrics.run_playbooks follows it. Another trigger or condition of success is another playbook: give it a name of '
'its own, or figures of two things are put together.';
COMMENT ON COLUMN playbook.name IS 'Name of the playbook';
COMMENT ON COLUMN playbook.description IS 'What it is for';
COMMENT ON COLUMN playbook.trigger_when IS 'SQL condition over account_now: for whom it is opened';
COMMENT ON COLUMN playbook.owner_rule IS 'SQL expression over account_now: who does it';
COMMENT ON COLUMN playbook.success_when IS
'SQL condition over playbook_judgement: whether it succeeded, as the data say horizon_days after it was opened; NULL: '
'unknown';
COMMENT ON COLUMN playbook.horizon_days IS
'It is judged as of so many days after it was opened, neither sooner nor later';
COMMENT ON COLUMN playbook.due_days IS 'Days within which it is to be done';
COMMENT ON COLUMN playbook.cool_down_days IS 'Not opened again for an account until so many days after it was judged';
COMMENT ON COLUMN playbook.steps IS 'What is to be done, in order';
COMMENT ON COLUMN playbook.holdout_share IS
'Of those for whom the trigger holds, the share left alone by chance, to be compared with: from 0 to below 1. 0: '
'compared with past days. Another share begins the comparison anew';
COMMENT ON COLUMN playbook.is_enabled IS 'Is it opened? What is open is judged in any case';
INSERT INTO playbook
VALUES
   ('red turnaround', 'A customer in Red: find out what is wrong, agree on how to mend it, and see that it is mended.',
    $q$tier = 'Red'$q$, 'owner', $q$nullif(tier, 'Unknown') <> 'Red'$q$, 60, 14, 30,
    '{Read what cost most points and the last tickets,"Call the champion within two days: what has changed?",Agree on '
    'a recovery plan with dates and one name for each step,Bring in support or product for what they have to mend,"Go '
    'through the plan with the sponsor, and say what is done"}'::text[], 0, true),
   ('yellow check-in', 'A customer in Yellow who is falling: talk before it turns Red.',
    $q$tier = 'Yellow' AND change_points <= -5$q$, 'owner', 'health_score >= opening_score + 5', 45, 10, 45,
    '{Read which signals fell,Ask the champion for half an hour,"Show what other teams of this size do, or get the '
    'user who is stuck unstuck",Agree on one next step and its date}', 0.2, true),
   ('expansion opportunity',
    'A healthy customer whose seats are nearly all in use: offer more before somebody is locked out.',
    $q$tier = 'Green' AND seat_use >= 0.9$q$, 'owner', 'mrr > opening_mrr', 90, 21, 90,
    '{Look up who uses it and which teams do not yet,Ask the champion what they plan for the next two quarters,Bring '
    'numbers of what they gained,Offer seats or the next plan together with account management}', 0.2, true),
   ('new-customer onboarding', 'A new customer without first value two weeks after it began to pay: get it there.',
    'customer_days BETWEEN 14 AND 90 AND NOT has_value', 'owner', 'has_value', 30, 7, 365,
    '{Find the step of onboarding that is missing and who holds it,Set up the first use together in one session,Show '
    'the result to the sponsor,Book the training of the team}', 0.2, true);
CREATE OR REPLACE TRIGGER check_expressions BEFORE INSERT OR UPDATE ON playbook FOR EACH ROW
    EXECUTE FUNCTION check_expressions('trigger_when', 'account_now', 'boolean', 'owner_rule', 'account_now', 'text',
                                       'success_when', 'playbook_judgement', 'boolean');

CREATE TABLE playbook_run (
    run_id        bigint GENERATED ALWAYS AS IDENTITY,
    playbook      text NOT NULL,
    account_id    @account_id@,
    arm           text NOT NULL,
    planned_share double precision,
    owner         text,
    opened_on     date NOT NULL,
    due_on        date NOT NULL,
    judge_on      date NOT NULL,
    opening_score double precision,
    opening_tier  text,
    opening_mrr   numeric,
    segment       text,
    evidence      jsonb NOT NULL,
    done_on       date,
    note          text,
    closed_on     date,
    is_success    boolean,
    closing_score double precision,
    closing_tier  text,
    closing_mrr   numeric,
    PRIMARY KEY (run_id),
    CONSTRAINT known_playbook FOREIGN KEY (playbook) REFERENCES playbook ON UPDATE CASCADE,
    CONSTRAINT one_run_a_day UNIQUE (playbook, account_id, opened_on),
    CONSTRAINT one_open_run EXCLUDE USING btree (playbook WITH =, account_id WITH =)
    WHERE (closed_on IS NULL AND arm <> 'past'),
    CONSTRAINT with_account CHECK (account_id IS NOT NULL),
    CONSTRAINT known_arm CHECK (arm IN ('treated', 'holdout', 'past')),
    CONSTRAINT planned_share_of_its_arm CHECK (CASE arm WHEN 'treated' THEN planned_share >= 0
                                               AND planned_share < 1 WHEN 'holdout' THEN planned_share > 0
                                                   AND planned_share < 1 ELSE planned_share IS NULL END IS TRUE),
    CONSTRAINT owner_of_the_treated CHECK (owner IS NULL OR arm = 'treated'),
    CONSTRAINT judged_after_it_opened CHECK (judge_on > opened_on),
    CONSTRAINT closed_when_judged CHECK (closed_on = judge_on),
    CONSTRAINT no_outcome_before CHECK (closed_on IS NOT NULL
                                        OR num_nonnulls(is_success, closing_score, closing_tier, closing_mrr) = 0));
COMMENT ON TABLE playbook_run IS
'Playbooks at work, one row a customer for whom a trigger held: those treated, those left alone by chance, and those '
'of past days before anybody was. Written by CALL csmetrics.run_playbooks; done_on and note are yours.';
COMMENT ON COLUMN playbook_run.run_id IS 'Key of the run';
COMMENT ON COLUMN playbook_run.playbook IS 'The playbook';
COMMENT ON COLUMN playbook_run.account_id IS 'Key of the account';
COMMENT ON COLUMN playbook_run.arm IS
'treated; holdout: left alone by chance; past: met the trigger as of a day before the playbook began';
COMMENT ON COLUMN playbook_run.planned_share IS 'The holdout_share that it was thrown with; NULL of past ones';
COMMENT ON COLUMN playbook_run.owner IS 'Who does it, by owner_rule; NULL of those left alone';
COMMENT ON COLUMN playbook_run.opened_on IS 'The day as of which the trigger held';
COMMENT ON COLUMN playbook_run.due_on IS 'The day by which it is to be done';
COMMENT ON COLUMN playbook_run.judge_on IS 'The day as of which it is judged';
COMMENT ON COLUMN playbook_run.opening_score IS 'Health score as of opened_on';
COMMENT ON COLUMN playbook_run.opening_tier IS 'Tier as of opened_on';
COMMENT ON COLUMN playbook_run.opening_mrr IS 'MRR as of opened_on';
COMMENT ON COLUMN playbook_run.segment IS 'Market segment when it was opened';
COMMENT ON COLUMN playbook_run.evidence IS
'What was known as of opened_on: name, reasons, usage_change, renews_on, open_tickets and others, the three latest '
'tickets, and lost_points by component';
COMMENT ON COLUMN playbook_run.done_on IS 'When its owner called it done. Yours to write; no outcome depends on it';
COMMENT ON COLUMN playbook_run.note IS 'Yours to write';
COMMENT ON COLUMN playbook_run.closed_on IS 'judge_on, once it is judged; NULL: open';
COMMENT ON COLUMN playbook_run.is_success IS
'Did success_when hold as of judge_on? False of who was no customer any more; NULL: open, or unknown';
COMMENT ON COLUMN playbook_run.closing_score IS 'Health score as of judge_on';
COMMENT ON COLUMN playbook_run.closing_tier IS 'Tier as of judge_on; NULL: open, or no customer any more';
COMMENT ON COLUMN playbook_run.closing_mrr IS 'MRR as of judge_on';

CREATE OR REPLACE FUNCTION playbook_judgement(as_of date) RETURNS TABLE (
    account_id @account_id@, name text, segment text, plan text, lifecycle_stage text, onboarding_path text,
    region text, owner text, parent_id @account_id@, seat_count bigint, mrr numeric, customer_days double precision,
    renews_on date, renewal_days double precision, health_score double precision, tier text,
    coverage_rate double precision, before_score double precision, before_tier text, change_points numeric,
    reasons text, consistency double precision, breadth double precision, depth double precision,
    seat_use double precision, trend double precision, open_escalations double precision, reopening double precision,
    repeated_contact double precision, resolution double precision, csat double precision, milestones double precision,
    renewal_posture double precision, mrr_change double precision, nps double precision, time_to_value double precision,
    escalation_days double precision, open_count bigint, last_active_on date, idle_days double precision,
    has_value boolean, own_signals jsonb, as_of_on date, policy_hash text, run_id bigint, playbook text, opened_on date,
    due_on date, judge_on date, run_days double precision, opening_score double precision, opening_tier text,
    opening_mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT n.*, u.run_id, u.playbook, u.opened_on, u.due_on, u.judge_on,
           (n.as_of_on - u.opened_on)::double precision AS run_days, u.opening_score, u.opening_tier, u.opening_mrr
    FROM account_now($1) n JOIN playbook_run u USING (account_id) WHERE u.judge_on = $1 AND u.closed_on IS NULL;
END;
COMMENT ON FUNCTION playbook_judgement(as_of date) IS
'The runs to be judged as of a day, with all that success_when may ask for. Nothing of who was treated or what was '
'called done is in it.';

CREATE OR REPLACE VIEW playbook_judgement WITH (security_invoker) AS
SELECT n.*, u.run_id, u.playbook, u.opened_on, u.due_on, u.judge_on,
       (n.as_of_on - u.opened_on)::double precision AS run_days, u.opening_score, u.opening_tier, u.opening_mrr
FROM reporting_range r, LATERAL account_now(r.as_of_on) n JOIN playbook_run u USING (account_id)
     WHERE u.closed_on IS NULL;
COMMENT ON VIEW playbook_judgement IS
'Playbooks in progress: the open runs with the account as it is now and as it was when they were opened; what '
'success_when may ask for.';

CREATE OR REPLACE VIEW playbook_run_outcome WITH (security_invoker) AS
SELECT u.run_id, u.playbook, u.account_id, n.name, u.segment, u.owner AS run_owner, u.arm,
       u.planned_share AS planned_rate, u.opened_on, u.due_on, u.judge_on, u.closed_on, u.done_on,
       CASE WHEN u.closed_on IS NULL THEN 'open' WHEN u.is_success THEN 'succeeded' WHEN u.is_success IS NULL
           THEN 'unknown' WHEN u.closing_tier IS NULL THEN 'lost' ELSE 'failed' END AS outcome,
       u.is_success, u.control_kind, u.planned_share IS NOT DISTINCT FROM u.present_share
           AND u.present_share IS NOT NULL AS is_sampled,
       u.is_success IS NOT NULL
           AND CASE u.control_kind WHEN 'holdout' THEN u.planned_share IS NOT DISTINCT FROM u.present_share
                                                        WHEN 'past' THEN u.is_first AND u.place <= least(u.treated,
                                                                u.past) ELSE true END AS is_counted,
       u.opening_score, u.opening_tier, u.opening_mrr, u.closing_score, u.closing_tier, u.closing_mrr, r.policy_hash
FROM reporting_range r CROSS JOIN (
    SELECT s.*, row_number() OVER (PARTITION BY s.playbook, s.arm, s.is_first, s.segment,
                                   s.band ORDER BY hashtextextended(s.run_id::text, 0), s.run_id) AS place,
           count(*) FILTER (WHERE s.arm = 'treated') OVER alike AS treated,
           count(*) FILTER (WHERE s.arm = 'past') OVER alike AS past
    FROM (SELECT b.*, b.is_success IS NOT NULL
          AND row_number() OVER (PARTITION BY b.playbook, b.arm, b.account_id,
                                 b.is_success IS NULL ORDER BY b.opened_on, b.run_id) = 1 AS is_first,
                                 floor(b.opening_score / 5) AS band, p.share AS present_share,
                 CASE WHEN p.share IS NOT NULL THEN 'holdout'
                     WHEN bool_or(b.arm = 'past') OVER (PARTITION BY b.playbook) THEN 'past'
                     ELSE 'none' END AS control_kind
          FROM playbook_run b
               LEFT JOIN (SELECT DISTINCT ON (playbook) playbook, planned_share AS share FROM playbook_run
                          WHERE planned_share > 0 ORDER BY playbook, opened_on DESC, run_id DESC) p USING (playbook)) s
    WINDOW alike AS (PARTITION BY s.playbook, s.is_first, s.segment, s.band)) u
     LEFT JOIN (SELECT DISTINCT ON (account_id) account_id, name FROM account) n USING (account_id);
COMMENT ON VIEW playbook_run_outcome IS
'The runs of playbooks, one row each: how it ended, and whether it is in the comparison. The counts of '
'playbook_outcome are counts of these rows.';

CREATE OR REPLACE VIEW playbook_outcome WITH (security_invoker) AS
SELECT s.playbook, s.is_enabled, s.control_kind,
       CASE WHEN s.control_kind = 'none' THEN 'no comparison' WHEN ratio.is_off OR missing.is_off THEN 'not comparable'
            WHEN least(trial_count(s.treated), trial_count(s.control)) < 10 THEN 'too few'
            WHEN effect.lower > 0 THEN CASE s.control_kind WHEN 'holdout' THEN 'helps' ELSE 'better than before' END
            WHEN effect.upper < 0 THEN CASE s.control_kind WHEN 'holdout' THEN 'harms' ELSE 'worse than before' END
            ELSE 'no effect shown' END AS effect_verdict,
       effect.difference AS effect_rate, effect.lower AS effect_lower_rate, effect.upper AS effect_upper_rate,
       trial_count(s.treated) AS treated_count, success_count(s.treated) AS treated_success_count,
       rate(s.treated) AS treated_rate, treated.lower AS treated_lower_rate, treated.upper AS treated_upper_rate,
       trial_count(s.control) AS control_count, success_count(s.control) AS control_success_count,
       rate(s.control) AS control_rate, control.lower AS control_lower_rate, control.upper AS control_upper_rate,
       CASE s.control_kind WHEN 'past' THEN trial_count(s.control) END AS matched_count,
       s.treated_opening_score, s.treated_closing_score, s.control_opening_score, s.control_closing_score,
       s.treated_closing_score - s.treated_opening_score AS naive_change_score,
       s.control_closing_score - s.control_opening_score AS anyway_change_score,
       CASE WHEN ratio.is_off THEN 'mismatch' WHEN s.control_kind = 'holdout' THEN 'ok' END AS sample_ratio,
       s.planned_rate,
       CASE s.control_kind WHEN 'holdout' THEN success_count(s.held) END AS holdout_count, rate(s.held) AS holdout_rate,
       s.run_count, s.open_run_count, s.left_out_count, s.unknown_run_count, s.lost_run_count, s.done_count,
       s.policy_hash
FROM (SELECT b.name AS playbook, b.is_enabled, coalesce(max(o.control_kind), 'none') AS control_kind,
      max(o.planned_rate) FILTER (WHERE o.is_sampled) AS planned_rate,
             coalesce(rate_agg(o.is_success) FILTER (WHERE o.is_counted AND o.arm = 'treated'),
                      make_rate(0, 0)) AS treated,
             coalesce(rate_agg(o.is_success) FILTER (WHERE o.is_counted AND o.arm <> 'treated'),
                      make_rate(0, 0)) AS control,
             coalesce(rate_agg(o.arm = 'holdout') FILTER (WHERE o.is_sampled), make_rate(0, 0)) AS held,
             coalesce(rate_agg(o.outcome = 'unknown') FILTER (WHERE o.is_sampled AND o.arm = 'treated'
                                                              AND o.outcome <> 'open'), make_rate(0,
                                                              0)) AS treated_unknown,
             coalesce(rate_agg(o.outcome = 'unknown') FILTER (WHERE o.is_sampled AND o.arm = 'holdout'
                                                              AND o.outcome <> 'open'), make_rate(0,
                                                              0)) AS control_unknown,
             avg(o.opening_score) FILTER (WHERE o.is_counted AND o.arm = 'treated'
                                          AND o.closing_score IS NOT NULL) AS treated_opening_score,
             avg(o.closing_score) FILTER (WHERE o.is_counted AND o.arm = 'treated'
                                          AND o.opening_score IS NOT NULL) AS treated_closing_score,
             avg(o.opening_score) FILTER (WHERE o.is_counted AND o.arm <> 'treated'
                                          AND o.closing_score IS NOT NULL) AS control_opening_score,
             avg(o.closing_score) FILTER (WHERE o.is_counted AND o.arm <> 'treated'
                                          AND o.opening_score IS NOT NULL) AS control_closing_score,
             count(o.run_id) AS run_count, count(*) FILTER (WHERE o.outcome = 'open') AS open_run_count,
             count(*) FILTER (WHERE o.outcome = 'unknown') AS unknown_run_count,
             count(*) FILTER (WHERE o.outcome = 'lost') AS lost_run_count,
             count(*) FILTER (WHERE o.is_success IS NOT NULL AND NOT o.is_counted) AS left_out_count,
             count(o.done_on) FILTER (WHERE o.arm = 'treated') AS done_count, r.confidence_rate, r.policy_hash
      FROM reporting_range r CROSS JOIN playbook b
           LEFT JOIN playbook_run_outcome o ON o.playbook = b.name
      GROUP BY b.name, b.is_enabled, r.confidence_rate, r.policy_hash) s,
     LATERAL rate_interval(s.treated, s.confidence_rate) treated,
         LATERAL rate_interval(s.control, s.confidence_rate) control,
     LATERAL rate_difference(s.treated, s.control, s.confidence_rate, 'newcombe-corrected') effect,
     LATERAL (SELECT (s.planned_rate < i.lower OR s.planned_rate > i.upper) IS TRUE AS is_off
              FROM rate_interval(s.held, 0.999, 'clopper-pearson') i) ratio,
     LATERAL (SELECT (i.lower > 0 OR i.upper < 0) IS TRUE AS is_off
              FROM rate_difference(s.treated_unknown, s.control_unknown, 0.999) i) missing
ORDER BY s.playbook;
COMMENT ON VIEW playbook_outcome IS
'Does a playbook do any good? Its runs, judged by the data at their horizon, beside runs that were left alone: by '
'chance (holdout), or on days before it began (past, matched). What would have come back anyway is in both and so in '
'no effect, and none is claimed where the interval covers 0. The interval is that of one look: of playbooks without '
'effect that are looked at every week for a year, up to one in four shows one at some time by chance, so decide '
'beforehand when to look.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/70_metric_reading.sql', $model_part$-- Every metric in long form: what the scorecard, the executive page and snapshots read.

CREATE OR REPLACE VIEW metric_reading WITH (security_invoker) AS
SELECT m.metric, s.dimension, s.value, s.period_start_on, s.period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, s.is_complete AS is_complete, s.policy_hash
FROM retention_by_segment s,
     LATERAL (VALUES
         ('nrr', (nrr_rate)::double precision, (nrr_lower_rate)::double precision, (nrr_upper_rate)::double precision,
          (opening_count)::bigint),
         ('grr', (grr_rate)::double precision, (grr_lower_rate)::double precision, (grr_upper_rate)::double precision,
          (opening_count)::bigint),
         ('logo_churn', (logo_churn_rate)::double precision, (logo_churn_lower_rate)::double precision,
          (logo_churn_upper_rate)::double precision, (opening_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count)
UNION ALL
SELECT m.metric, s.dimension, s.value, s.period_start_on, s.period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, s.is_complete AS is_complete, s.policy_hash
FROM revenue_by_segment s,
     LATERAL (VALUES
         ('revenue_churn', (revenue_churn_rate)::double precision, (NULL)::double precision, (NULL)::double precision,
          (opening_count)::bigint),
         ('mrr', (closing_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (closing_count)::bigint),
         ('new_mrr', (new_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (new_count)::bigint),
         ('expansion_mrr', (expansion_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (opening_count)::bigint),
         ('contraction_mrr', (contraction_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (opening_count)::bigint),
         ('churn_mrr', (churn_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (opening_count)::bigint),
         ('arpa', (arpa_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (closing_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count)
UNION ALL
SELECT m.metric, s.dimension, s.value, date_trunc('month', s.as_of_on)::date AS period_start_on,
       s.as_of_on + 1 AS period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, extract(day FROM s.as_of_on + 1) = 1 AS is_complete,
       s.policy_hash
FROM (SELECT * FROM health_trend OFFSET 0) s,
     LATERAL (VALUES
         ('health', (mean_score)::double precision, (NULL)::double precision, (NULL)::double precision,
          (account_count - unknown_count)::bigint),
         ('red_mrr', (red_mrr)::double precision, (NULL)::double precision, (NULL)::double precision,
          (account_count)::bigint),
         ('red_mrr_share', (red_mrr / nullif(mrr, 0))::double precision, (NULL)::double precision,
          (NULL)::double precision, (account_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count)
WHERE extract(day FROM s.as_of_on + 1) = 1 OR s.as_of_on = (SELECT as_of_on FROM reporting_range)
UNION ALL
SELECT m.metric, s.dimension, s.value, s.period_start_on, s.period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, s.is_complete AS is_complete, s.policy_hash
FROM time_to_value_monthly s,
     LATERAL (VALUES
         ('time_to_value', (ttv_median_days)::double precision, (ttv_median_lower_days)::double precision,
          (ttv_median_upper_days)::double precision, (account_count)::bigint),
         ('within_30_days', (within_30_days_rate)::double precision, (within_30_days_lower_rate)::double precision,
          (within_30_days_upper_rate)::double precision, (account_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count)
UNION ALL
SELECT m.metric, s.dimension, s.value, date_trunc('month', s.day_on)::date AS period_start_on,
       s.day_on + 1 AS period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, extract(day FROM s.day_on + 1) = 1 AS is_complete,
       s.policy_hash
FROM (SELECT * FROM usage_by_segment OFFSET 0) s,
     LATERAL (VALUES
         ('mau', (mau_count)::double precision, (NULL)::double precision, (NULL)::double precision,
          (account_count)::bigint),
         ('stickiness', (stickiness_rate)::double precision, (NULL)::double precision, (NULL)::double precision,
          (mau_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count)
WHERE extract(day FROM s.day_on + 1) = 1 OR s.day_on = (SELECT as_of_on FROM reporting_range)
UNION ALL
SELECT m.metric, s.dimension, s.value, s.period_start_on, s.period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, s.is_complete AS is_complete, s.policy_hash
FROM satisfaction_by_segment s,
     LATERAL (VALUES
         ('csat', (csat_rate)::double precision, (csat_lower_rate)::double precision,
          (csat_upper_rate)::double precision, (csat_count)::bigint),
         ('csat_response', (csat_response_rate)::double precision, (csat_response_lower_rate)::double precision,
          (csat_response_upper_rate)::double precision, (csat_sent_count)::bigint),
         ('ces', (ces_score)::double precision, (ces_lower_score)::double precision,
          (ces_upper_score)::double precision, (ces_count)::bigint),
         ('nps', (nps_score)::double precision, (nps_lower_score)::double precision,
          (nps_upper_score)::double precision, (nps_count)::bigint),
         ('nps_response', (nps_response_rate)::double precision, (nps_response_lower_rate)::double precision,
          (nps_response_upper_rate)::double precision, (nps_sent_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count)
UNION ALL
SELECT m.metric, s.dimension, s.value, s.period_start_on, s.period_end_on,
       m.reading, m.reading_lower, m.reading_upper, m.n_count, s.is_complete AS is_complete, s.policy_hash
FROM support_by_segment s,
     LATERAL (VALUES
         ('fcr', (fcr_rate)::double precision, (fcr_lower_rate)::double precision, (fcr_upper_rate)::double precision,
          (judged_count)::bigint),
         ('resolution', (resolution_median_hours)::double precision, (resolution_median_lower_hours)::double precision,
          (resolution_median_upper_hours)::double precision, (opened_count - rejected_count)::bigint),
         ('reopen', (reopen_rate)::double precision, (reopen_lower_rate)::double precision,
          (reopen_upper_rate)::double precision, (resolved_count)::bigint)
     ) m(metric, reading, reading_lower, reading_upper, n_count);
COMMENT ON VIEW metric_reading IS
'Every metric of csmetrics.model_metric in long form, for all accounts and for each value of each attribute in use: '
'as the view says that it comes from. Figures of a day, of health and usage, stand at the last day of their month, '
'and at that of the reading. is_complete is false for the month that is not over.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/72_scorecard.sql', $model_part$-- The scorecard: every metric against its goal, its past, and between segments.

CREATE TABLE target (
    metric  text NOT NULL,
    segment text,
    goal    numrange NOT NULL,
    note    text,
    UNIQUE NULLS NOT DISTINCT (metric, segment),
    CONSTRAINT known_metric CHECK (csmetrics.is_metric(metric)),
    CONSTRAINT goal_not_empty CHECK (NOT isempty(goal)),
    CONSTRAINT goal_with_a_limit CHECK (NOT (lower_inf(goal) AND upper_inf(goal))),
    CONSTRAINT finite_limits CHECK (coalesce(abs(lower(goal)) < 'Infinity', true)
                                    AND coalesce(abs(upper(goal)) < 'Infinity', true)));
COMMENT ON TABLE target IS
'The goals of the metrics of csmetrics.model_metric. Change them, add rows, or give rows for one segment, which then '
'hold there; the views judge by them at once.';
COMMENT ON COLUMN target.metric IS 'Name of the metric, of csmetrics.model_metric';
COMMENT ON COLUMN target.segment IS
'Holds for this segment of accounts; NULL: for all, and for all segments that have no row of their own';
COMMENT ON COLUMN target.goal IS
'Where the reading should lie, in its unit; a round bracket leaves the limit out and a square one has it in: (1.1,) '
'is more than 110 %, [0.8,0.9] from 80 to 90 %';
COMMENT ON COLUMN target.note IS 'Why, or in other words';
INSERT INTO target
VALUES ('nrr', NULL::text, '(1.10,)'::numrange, 'Net revenue retention above 110 %'),
          ('logo_churn', NULL, '(,0.05)', 'Below 5 % of the accounts a year'),
          ('health', NULL, '(70,)', 'Mean health above 70'),
          ('time_to_value', NULL, '(,30)', 'Half of them there in less than 30 days'),
          ('csat', NULL, '[0.80,0.90]', 'From 80 to 90 %'),
          ('ces', NULL, '(5.0,)', 'Above 5 of 7'),
          ('fcr', NULL, '[0.75,0.85]', 'From 75 to 85 %');

CREATE OR REPLACE VIEW scorecard WITH (security_invoker) AS
WITH series AS MATERIALIZED (SELECT * FROM metric_reading WHERE is_complete AND dimension IN ('all', 'segment')),
latest AS (
    SELECT DISTINCT ON (metric) * FROM series
    WHERE dimension = 'all' AND (reading IS NOT NULL OR n_count > 0) ORDER BY metric, period_end_on DESC)
SELECT k.name AS metric, k.indicator, k.unit, k.higher_is_better, t.period_start_on, t.period_end_on, t.reading,
       t.reading_lower, t.reading_upper, t.n_count,
       goal_text(g.goal) AS goal, goal_status(t.reading, g.goal), goal_distance(t.reading, g.goal) AS reading_from_goal,
       goal_verdict(t.reading, t.reading_lower, t.reading_upper, g.goal) AS verdict,
       before.reading AS before_reading, t.reading - before.reading AS reading_change,
       year.reading AS year_before_reading, t.reading - year.reading AS reading_change_year,
       past.history_count,
       CASE WHEN past.history_count >= 6 THEN past.place / past.history_count END AS percentile_rate,
       CASE WHEN past.history_count >= 6
           THEN (t.reading - past.middle) / nullif(1.4826 * spread.deviation, 0) END AS robust_z_score,
       low.value AS lowest_segment, low.reading AS lowest_reading, high.value AS highest_segment,
       high.reading AS highest_reading,
       k.source_view, k.reading AS source_column, t.policy_hash
FROM policy p CROSS JOIN model_metric k LEFT JOIN latest t ON t.metric = k.name
     LEFT JOIN target g ON g.metric = k.name AND g.segment IS NULL
     LEFT JOIN series before ON before.metric = k.name AND before.dimension = 'all'
         AND before.period_end_on = t.period_end_on - interval '1 month'
     LEFT JOIN series year ON year.metric = k.name AND year.dimension = 'all'
         AND year.period_end_on = t.period_end_on - interval '1 year'
     LEFT JOIN LATERAL (
         SELECT count(h.reading) AS history_count, percentile_cont(0.5) WITHIN GROUP (ORDER BY h.reading) AS middle,
                array_agg(h.reading) AS readings,
                sum(CASE WHEN h.reading < t.reading THEN 1 WHEN h.reading = t.reading THEN 0.5
                    ELSE 0 END)::double precision AS place
         FROM series h WHERE h.metric = k.name AND h.dimension = 'all' AND h.period_end_on < t.period_end_on
              AND h.period_end_on >= t.period_end_on - interval '24 months') past ON true
     LEFT JOIN LATERAL (
         SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(h.reading - past.middle)) AS deviation
         FROM unnest(past.readings) h(reading)) spread ON true
     LEFT JOIN LATERAL (
         SELECT s.value, s.reading FROM series s
         WHERE s.metric = k.name AND s.dimension = 'segment' AND s.period_end_on = t.period_end_on
         AND s.n_count >= p.least_count AND s.reading IS NOT NULL
         ORDER BY s.reading, s.value LIMIT 1) low ON true
     LEFT JOIN LATERAL (
         SELECT s.value, s.reading FROM series s
         WHERE s.metric = k.name AND s.dimension = 'segment' AND s.period_end_on = t.period_end_on
         AND s.n_count >= p.least_count AND s.reading IS NOT NULL
         ORDER BY s.reading DESC, s.value LIMIT 1) high ON true
ORDER BY k.position;
COMMENT ON VIEW scorecard IS
'One row a metric: its last month that is over and has anything in it, against its goal, the month before, the same '
'month a year before, its own last two years and between segments. A metric that no source feeds has a row without '
'reading and verdict. Readings of the trailing year overlap from month to month.';

CREATE OR REPLACE VIEW scorecard_by_segment WITH (security_invoker) AS
SELECT t.metric, k.indicator, k.unit, t.dimension, t.value, t.period_start_on, t.period_end_on, t.reading,
       t.reading_lower, t.reading_upper, t.n_count, t.is_suppressed,
       t.reading - t.all_reading AS reading_from_all, goal_text(g.goal) AS goal, goal_status(t.reading, g.goal),
       goal_distance(t.reading, g.goal) AS reading_from_goal,
       goal_verdict(t.reading, t.reading_lower, t.reading_upper, g.goal) AS verdict, k.source_view,
       k.reading AS source_column, t.policy_hash
FROM (SELECT m.metric, m.dimension, m.value, m.period_start_on, m.period_end_on, m.n_count, s.is_suppressed,
      m.policy_hash,
             CASE WHEN NOT s.is_suppressed THEN m.reading END AS reading,
             CASE WHEN NOT s.is_suppressed THEN m.reading_lower END AS reading_lower,
             CASE WHEN NOT s.is_suppressed THEN m.reading_upper END AS reading_upper,
             max(m.reading) FILTER (WHERE m.dimension = 'all') OVER (PARTITION BY m.metric,
                                                                     m.period_end_on) AS all_reading,
             max(m.period_end_on) FILTER (WHERE m.dimension = 'all'
                                          AND (m.reading IS NOT NULL OR m.n_count > 0)) OVER (PARTITION BY m.metric)
                                              AS latest_on
      FROM policy p, metric_reading m,
           LATERAL (SELECT m.dimension <> 'all' AND m.n_count < p.least_count AS is_suppressed) s
      WHERE m.is_complete) t
     JOIN model_metric k ON k.name = t.metric
     LEFT JOIN LATERAL (SELECT o.goal FROM target o
                        WHERE o.metric = t.metric AND (o.segment IS NULL
                                                       OR (t.dimension = 'segment' AND o.segment = t.value))
                                                           ORDER BY o.segment LIMIT 1) g ON true
WHERE t.period_end_on = t.latest_on
ORDER BY k.position, t.dimension, t.value;
COMMENT ON VIEW scorecard_by_segment IS
'The metrics of the scorecard for each value of each attribute of accounts in use, in the same month: against all '
'accounts, and against the goal of the segment, or else the general one. What is made of fewer than least_count is '
'not shown.';

CREATE OR REPLACE VIEW executive_monthly WITH (security_invoker) AS
SELECT t.period_start_on, t.period_end_on, t.metric, k.indicator, k.unit, k.higher_is_better, t.reading,
       t.reading_lower, t.reading_upper, t.n_count, t.before_reading, t.reading - t.before_reading AS reading_change,
       goal_text(g.goal) AS goal, goal_status(t.reading, g.goal),
       goal_verdict(t.reading, t.reading_lower, t.reading_upper, g.goal) AS verdict, k.source_view,
       k.reading AS source_column, t.policy_hash
FROM reporting_range r, (SELECT *,
                         first_value(reading) OVER (PARTITION BY metric
                                                    ORDER BY period_end_on RANGE BETWEEN '1 month' PRECEDING
                                                        AND '1 month' PRECEDING) AS before_reading
                         FROM metric_reading WHERE is_complete AND dimension = 'all') t
     JOIN model_metric k ON k.name = t.metric AND k.is_executive
     LEFT JOIN target g ON g.metric = t.metric AND g.segment IS NULL
WHERE t.period_end_on > date_trunc('month', r.as_of_on + 1) - interval '12 months'
ORDER BY t.period_end_on DESC, k.position;
COMMENT ON VIEW executive_monthly IS
'A dozen figures a month, of the last twelve months that are over: what is kept, what is at risk, what is added, '
'against the goals. The latest month comes first; a month in which there was nothing to read, as no survey, has no '
'row of it.';

CREATE OR REPLACE VIEW scorecard_by_account WITH (security_invoker) AS
WITH shown AS MATERIALIZED (
    SELECT DISTINCT ON (m.metric) m.metric, m.period_start_on, m.period_end_on,
           m.period_start_on::timestamp AT TIME ZONE r.time_zone AS from_at
    FROM reporting_range r, metric_reading m
    WHERE m.is_complete AND m.dimension = 'all' AND (m.reading IS NOT NULL OR m.n_count > 0)
    ORDER BY m.metric, m.period_end_on DESC)
SELECT b.metric, b.period_start_on, b.period_end_on, b.account_id, n.name, n.segment, n.owner, b.numerator,
       b.denominator, b.reading
FROM (
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{nrr,grr,logo_churn}') GROUP BY 1, 2, 3) p,
         LATERAL account_retention(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('nrr', (CASE WHEN opening_count > 0 THEN closing_mrr END)::numeric, (opening_mrr)::numeric,
              (NULL)::double precision),
             ('grr', (CASE WHEN opening_count > 0 THEN kept_mrr END)::numeric, (opening_mrr)::numeric,
              (NULL)::double precision),
             ('logo_churn', (churn_count)::numeric, (opening_count)::numeric, (NULL)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE m.metric = ANY (p.metrics) AND m.numerator IS NOT NULL
    UNION ALL
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{revenue_churn,mrr,new_mrr,expansion_mrr,contraction_mrr,churn_mrr,arpa}')
              GROUP BY 1, 2, 3) p,
         LATERAL account_revenue(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('revenue_churn', (CASE WHEN opening_mrr > 0 OR churn_mrr <> 0 THEN coalesce(churn_mrr, 0) END)::numeric,
              (opening_mrr)::numeric, (NULL)::double precision),
             ('mrr', (nullif(closing_mrr, 0))::numeric, (NULL)::numeric, (NULL)::double precision),
             ('new_mrr', (new_mrr)::numeric, (NULL)::numeric, (NULL)::double precision),
             ('expansion_mrr', (expansion_mrr)::numeric, (NULL)::numeric, (NULL)::double precision),
             ('contraction_mrr', (contraction_mrr)::numeric, (NULL)::numeric, (NULL)::double precision),
             ('churn_mrr', (churn_mrr)::numeric, (NULL)::numeric, (NULL)::double precision),
             ('arpa', (CASE WHEN closing_count > 0 THEN closing_mrr END)::numeric, (1)::numeric,
              (closing_mrr)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE m.metric = ANY (p.metrics) AND m.numerator IS NOT NULL
    UNION ALL
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{health,red_mrr,red_mrr_share}') GROUP BY 1, 2, 3) p,
         LATERAL account_health(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('health', (health_score)::numeric, (1)::numeric, (health_score)::double precision),
             ('red_mrr', (CASE tier WHEN 'Red' THEN mrr END)::numeric, (NULL)::numeric, (NULL)::double precision),
             ('red_mrr_share', (CASE tier WHEN 'Red' THEN mrr ELSE 0 END)::numeric, (mrr)::numeric,
              (NULL)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE m.metric = ANY (p.metrics) AND m.numerator IS NOT NULL
    UNION ALL
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{time_to_value,within_30_days}') GROUP BY 1, 2, 3) p,
         LATERAL account_time_to_value(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('time_to_value', (CASE WHEN status <> 'rejected'
                                AND started_at >= p.from_at THEN (status = 'reached')::integer END)::numeric,
                                (1)::numeric, (ttv_days)::double precision),
             ('within_30_days', (CASE WHEN status <> 'rejected'
                                 AND started_at >= p.from_at THEN (status = 'reached')::integer END)::numeric,
                                 (1)::numeric, (ttv_days)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE m.metric = ANY (p.metrics) AND m.numerator IS NOT NULL
    UNION ALL
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{mau,stickiness}') GROUP BY 1, 2, 3) p,
         LATERAL account_usage(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('mau', (active_count)::numeric, (NULL)::numeric, (NULL)::double precision),
             ('stickiness', (active_days_count)::numeric, (exposed_days_count)::numeric, (NULL)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE m.metric = ANY (p.metrics) AND m.numerator IS NOT NULL
    UNION ALL
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{csat,csat_response,ces,nps,nps_response}') GROUP BY 1, 2, 3) p,
         LATERAL account_survey(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('csat', (CASE WHEN csat_count > 0 THEN satisfied_count END)::numeric, (csat_count)::numeric,
              (NULL)::double precision),
             ('csat_response', (CASE WHEN csat_sent_count > 0 THEN csat_answered_count END)::numeric,
              (csat_sent_count)::numeric, (NULL)::double precision),
             ('ces', (ces_points)::numeric, (ces_count)::numeric, (NULL)::double precision),
             ('nps', (CASE WHEN nps_count > 0 THEN 100 * (promoter_count - detractor_count) END)::numeric,
              (nps_count)::numeric, (NULL)::double precision),
             ('nps_response', (CASE WHEN nps_sent_count > 0 THEN nps_answered_count END)::numeric,
              (nps_sent_count)::numeric, (NULL)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE m.metric = ANY (p.metrics) AND m.numerator IS NOT NULL
    UNION ALL
    SELECT m.metric, p.period_start_on, p.period_end_on, a.account_id, m.numerator, m.denominator, m.reading
    FROM (SELECT period_start_on, period_end_on, from_at, array_agg(metric) AS metrics
          FROM shown WHERE metric = ANY ('{fcr,resolution,reopen}') GROUP BY 1, 2, 3) p,
         LATERAL account_ticket(p.period_end_on - 1) a,
         LATERAL (VALUES
             ('fcr', (first_contact::integer)::numeric, (1)::numeric, (NULL)::double precision),
             ('resolution', (CASE WHEN resolution_hours >= 0 THEN (solved_at IS NOT NULL)::integer END)::numeric,
              (1)::numeric, (resolution_hours)::double precision),
             ('reopen', (is_reopened::integer)::numeric, (1)::numeric, (NULL)::double precision)
         ) m(metric, numerator, denominator, reading)
    WHERE m.metric = ANY (p.metrics) AND m.numerator IS NOT NULL) b LEFT JOIN account n USING (account_id);
COMMENT ON VIEW scorecard_by_account IS
'The accounts behind each figure of the scorecard, of some metrics their tickets: sum(numerator) / sum(denominator) '
'is the reading, or the sum of numerators where there is no denominator, exactly. Of medians, and of shares within a '
'time, they are what the estimate is made of: reading is the length so far, numerator whether it ended.';

CREATE OR REPLACE VIEW scorecard_lead WITH (security_invoker) AS
WITH change AS (
    SELECT k.name AS metric, k.indicator, m.month, m.change
    FROM (SELECT metric, period_end_on AS month,
          reading - first_value(reading) OVER (PARTITION BY metric
                                               ORDER BY period_end_on RANGE BETWEEN '1 month' PRECEDING
                                                   AND '1 month' PRECEDING) AS change
          FROM metric_reading WHERE is_complete AND dimension = 'all') m JOIN model_metric k ON k.name = m.metric
    WHERE m.change IS NOT NULL),
-- the later half of the months in which both are known is kept back
pair AS (
    SELECT l.metric AS leading_metric, f.metric AS lagging_metric,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY f.month) AS later_from
    FROM change l JOIN change f USING (month) WHERE l.indicator = 'leading' AND f.indicator = 'lagging'
    GROUP BY l.metric, f.metric),
ranked AS (
    SELECT p.leading_metric, p.lagging_metric, lag.months, f.month >= p.later_from AS is_later,
           rank() OVER leads + count(*) OVER (leads RANGE CURRENT ROW) / 2.0 AS leading_rank,
           rank() OVER follows + count(*) OVER (follows RANGE CURRENT ROW) / 2.0 AS lagging_rank
    FROM pair p CROSS JOIN generate_series(0, 6) lag(months) JOIN change f ON f.metric = p.lagging_metric
         JOIN change l ON l.metric = p.leading_metric AND l.month = f.month - lag.months * interval '1 month'
    WINDOW part AS (PARTITION BY p.leading_metric, p.lagging_metric, lag.months, f.month >= p.later_from),
        leads AS (part ORDER BY l.change), follows AS (part ORDER BY f.change)),
related AS (
    SELECT c.*, student_p(CASE WHEN abs(c.spearman) < 1 THEN c.spearman * sqrt((c.pairs - 2) / (1 - c.spearman ^ 2))
                          ELSE 'Infinity' END, c.pairs::integer - 2) AS p
    FROM (SELECT leading_metric, lagging_metric, months, is_later, count(*) AS pairs,
          corr(leading_rank, lagging_rank) AS spearman
          FROM ranked GROUP BY leading_metric, lagging_metric, months, is_later) c
    WHERE c.spearman IS NOT NULL AND c.pairs >= CASE WHEN c.is_later THEN 12 ELSE 8 END),
chosen AS (
    SELECT DISTINCT ON (leading_metric, lagging_metric) leading_metric, lagging_metric, months, spearman FROM related
    WHERE NOT is_later
    ORDER BY leading_metric, lagging_metric, p, months),
tested AS (
    SELECT c.leading_metric, c.lagging_metric, c.months, c.spearman AS earlier_spearman, t.spearman, t.pairs, t.p,
           count(*) OVER () AS tests, count(*) OVER (ORDER BY t.p) AS place
    FROM chosen c JOIN related t USING (leading_metric, lagging_metric, months) WHERE t.is_later)
SELECT t.leading_metric, t.lagging_metric, t.months AS lag_months, t.earlier_spearman AS earlier_spearman_rate,
       t.spearman AS spearman_rate, t.pairs AS n_count, t.p AS spearman_p,
       least(1, min(t.p * t.tests / t.place) OVER (ORDER BY t.p DESC)) AS spearman_q, r.policy_hash
FROM reporting_range r, tested t
ORDER BY t.p, t.leading_metric, t.lagging_metric;
COMMENT ON VIEW scorecard_lead IS
'Which metric goes before which: leading against lagging ones, by the rank correlation of their changes from month to '
'month (two figures that both grow are always related), 0 to 6 months apart. The lag is the one with the clearest '
'relation (least p) in the earlier months, of at least 8 pairs; what is shown was found at that lag in the later '
'half, of at least 12. p takes months as independent, which changes of a trailing year nearly are. To go before is '
'not to bring about.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/80_data_quality.sql', $model_part$-- Data quality: rules about the rows of the sources, and what they found.

CREATE TABLE quality_rule (
    rule        text,
    source      text,
    severity    text NOT NULL DEFAULT 'warning',
    description text,
    condition   text,
    is_enabled  boolean NOT NULL DEFAULT true,
    quarantine  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (source, rule),
    CONSTRAINT rule_of_1_to_255_bytes CHECK (octet_length(rule) BETWEEN 1 AND 255),
    CONSTRAINT known_severity CHECK (severity IN ('error', 'warning', 'info')),
    CONSTRAINT known_rule_or_condition CHECK (condition IS NOT NULL
                                              OR csmetrics.can_quarantine(rule, source) IS NOT NULL),
    CONSTRAINT rows_that_can_be_left_out CHECK (NOT quarantine OR condition IS NOT NULL
                                                OR coalesce(csmetrics.can_quarantine(rule, source), false)));
COMMENT ON TABLE quality_rule IS
'The rules of data quality, one row a rule and source, which CALL csmetrics.validate holds the sources to: those of '
'csmetrics.quality_check, whose condition is NULL, and any of your own. Change the severity, disable them, or put '
'what they find in quarantine.';
COMMENT ON COLUMN quality_rule.rule IS 'Name of the rule';
COMMENT ON COLUMN quality_rule.source IS 'The source whose rows it is about';
COMMENT ON COLUMN quality_rule.severity IS 'error, warning or info';
COMMENT ON COLUMN quality_rule.description IS 'What it means, and what to do';
COMMENT ON COLUMN quality_rule.condition IS
'SQL condition over the columns of source_<source> that the rows found meet; NULL: that of csmetrics.quality_check';
COMMENT ON COLUMN quality_rule.is_enabled IS 'Is it checked, and its quarantine in force?';
COMMENT ON COLUMN quality_rule.quarantine IS
'Are the rows found left out of the histories, accounts with all that is their own? It takes effect with the next '
'refresh; csmetrics.quality_check.can_quarantine says where that is possible';
INSERT INTO quality_rule
SELECT rule, source, severity, description, NULL, true, false FROM csmetrics.quality_check;
CREATE OR REPLACE TRIGGER check_expressions BEFORE INSERT OR UPDATE ON quality_rule FOR EACH ROW
    EXECUTE FUNCTION check_expressions('condition', 'source_{source}', 'boolean');

CREATE TABLE data_finding (
    rule                    text,
    source                  text,
    severity                text NOT NULL,
    description             text,
    row_count               bigint NOT NULL,
    account_count           bigint,
    sample_keys             text,
    mrr                     numeric,
    nrr_rate                double precision,
    without_nrr_rate        double precision,
    grr_rate                double precision,
    without_grr_rate        double precision,
    logo_churn_rate         double precision,
    without_logo_churn_rate double precision,
    closing_mrr             numeric,
    without_closing_mrr     numeric,
    fcr_rate                double precision,
    without_fcr_rate        double precision,
    csat_rate               double precision,
    without_csat_rate       double precision,
    nps_score               double precision,
    without_nps_score       double precision,
    effect                  text,
    is_quarantined          boolean NOT NULL,
    checked_at              timestamptz NOT NULL,
    policy_hash             text NOT NULL,
    PRIMARY KEY (source, rule));
COMMENT ON TABLE data_finding IS
'What the last CALL csmetrics.validate found, a row a rule and source that it checked. Written by it alone; view '
'data_quality reads it.';
COMMENT ON COLUMN data_finding.rule IS 'Name of the rule';
COMMENT ON COLUMN data_finding.source IS 'The source';
COMMENT ON COLUMN data_finding.severity IS 'error, warning or info';
COMMENT ON COLUMN data_finding.description IS 'What it means, and what to do';
COMMENT ON COLUMN data_finding.row_count IS 'Rows found';
COMMENT ON COLUMN data_finding.account_count IS 'Accounts that they are of; NULL where the source as a whole is meant';
COMMENT ON COLUMN data_finding.sample_keys IS 'The first five of them: the required columns and keys of each';
COMMENT ON COLUMN data_finding.mrr IS
'MRR as of now of these accounts, as the rows say that can be right, those in quarantine left out';
COMMENT ON COLUMN data_finding.nrr_rate IS
'NRR of the trailing year, as a refresh now would give it; as are the others';
COMMENT ON COLUMN data_finding.without_nrr_rate IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.grr_rate IS 'GRR of the trailing year';
COMMENT ON COLUMN data_finding.without_grr_rate IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.logo_churn_rate IS 'Logo churn of the trailing year';
COMMENT ON COLUMN data_finding.without_logo_churn_rate IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.closing_mrr IS 'MRR as of now of all';
COMMENT ON COLUMN data_finding.without_closing_mrr IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.fcr_rate IS 'First contact resolution of the tickets opened in the trailing year';
COMMENT ON COLUMN data_finding.without_fcr_rate IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.csat_rate IS 'CSAT of the answers of the trailing year';
COMMENT ON COLUMN data_finding.without_csat_rate IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.nps_score IS 'NPS of the answers of the trailing year';
COMMENT ON COLUMN data_finding.without_nps_score IS 'The same without the rows found';
COMMENT ON COLUMN data_finding.effect IS 'The difference in words';
COMMENT ON COLUMN data_finding.is_quarantined IS 'Does refresh leave these rows out?';
COMMENT ON COLUMN data_finding.checked_at IS 'When it was checked';
COMMENT ON COLUMN data_finding.policy_hash IS 'Fingerprint of the policy then';

CREATE OR REPLACE VIEW data_quality WITH (security_invoker) AS
SELECT rule, severity, source, description, row_count, account_count, sample_keys, mrr, effect,
       nrr_rate, without_nrr_rate, without_nrr_rate - nrr_rate AS nrr_change_rate, grr_rate, without_grr_rate,
       without_grr_rate - grr_rate AS grr_change_rate,
       logo_churn_rate, without_logo_churn_rate, without_logo_churn_rate - logo_churn_rate AS logo_churn_change_rate,
       closing_mrr, without_closing_mrr, without_closing_mrr - closing_mrr AS closing_change_mrr,
       fcr_rate, without_fcr_rate, without_fcr_rate - fcr_rate AS fcr_change_rate, csat_rate, without_csat_rate,
       without_csat_rate - csat_rate AS csat_change_rate,
       nps_score, without_nps_score, without_nps_score - nps_score AS nps_change_score, is_quarantined, checked_at,
       policy_hash
FROM data_finding
WHERE row_count > 0
ORDER BY array_position('{error,warning,info}', severity), is_quarantined,
    abs(without_nrr_rate - nrr_rate) DESC NULLS LAST, mrr DESC NULLS LAST, row_count DESC, source, rule;
COMMENT ON VIEW data_quality IS
'What is wrong with the rows of the sources, as the last CALL csmetrics.validate found it, the worst first: how many '
'rows and accounts, how much MRR they touch, and what the headline figures would be without them.';

CREATE OR REPLACE FUNCTION headline(sources text[]) RETURNS TABLE (
    movements mrr_movements, resolved rate, satisfied survey, promoted survey, mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- as the views of revenue, support and satisfaction have it, for the twelve months to as_of_on
    WITH day AS (
        SELECT r.as_of_on, r.as_of_at, date_trunc('month', r.as_of_on)::date AS month_on,
               (date_trunc('month', r.as_of_on) - interval '11 months') AT TIME ZONE r.time_zone AS from_at, r.time_zone
        FROM reporting_range r),
    -- facts of accounts that were never there count
    gone AS MATERIALIZED (
        SELECT s.account_id FROM source_account s WHERE s.account_id IS NOT NULL
        EXCEPT
        SELECT k.account_id FROM kept_account k
        WHERE k.complaint IS NULL
          AND (k.is_test IS NOT TRUE OR (SELECT p.test_account_rule FROM policy p) = 'count')),
    revenue AS MATERIALIZED (
        SELECT s.account_id, rollup(s.revenue) AS revenue FROM read_subscription() s GROUP BY s.account_id),
    fact AS (
        SELECT h.account_id, f.kind, f.respondent, f.responded_at,
               date_trunc('month', f.responded_at AT TIME ZONE d.time_zone)::date AS month,
               CASE f.kind WHEN 'nps' THEN rescale(f.score, coalesce(f.lowest, 0), coalesce(f.highest, 10), true,
                                                   coalesce(f.lowest, 0), coalesce(f.highest, 10))
                           ELSE rescale(f.score, coalesce(f.lowest, 1), coalesce(f.highest, 5),
                                        coalesce(f.higher_is_better, true), 1, 5) END AS score
        FROM day d, read_survey() h, LATERAL answer_facts(h.answers, d.as_of_at) f
        WHERE 'survey' = ANY (sources) AND h.account_id NOT IN (SELECT g.account_id FROM gone g)
          AND f.kind IN ('nps', 'csat') AND f.responded_at >= d.from_at AND f.score IS NOT NULL),
    given AS (
        SELECT f.kind,
               CASE WHEN p.answer_rule <> 'mean' OR f.respondent IS NULL THEN f.score ELSE avg(f.score) OVER one END
                   AS score,
               p.answer_rule = 'all' OR f.respondent IS NULL
                   OR 1 = row_number() OVER (one ORDER BY CASE p.answer_rule WHEN 'first' THEN f.responded_at END,
                                                          f.responded_at DESC, f.score) AS counts
        FROM policy p, fact f
        WINDOW one AS (PARTITION BY f.account_id, f.month, f.kind, f.respondent, f.score = 'NaN'))
    SELECT (SELECT mrr_movement_agg(limit_pauses(smooth_gaps(h.revenue, p.gap_smooth_days), p.pause_churn_days),
                                    d.month_on, d.as_of_on + 1, 'month', 12)
            FROM day d, policy p, revenue h WHERE h.account_id NOT IN (SELECT g.account_id FROM gone g)),
           (SELECT rate_agg(f.first_contact)
            FROM day d, policy p, read_ticket() h,
                 LATERAL ticket_facts(h.tickets, d.as_of_at, p.contact_window_days * interval '1 day') f
            WHERE 'ticket' = ANY (sources) AND h.account_id NOT IN (SELECT g.account_id FROM gone g)
              AND f.opened_at >= d.from_at),
           (SELECT survey_agg(g.score) FROM given g WHERE g.counts AND g.kind = 'csat'),
           (SELECT survey_agg(g.score) FROM given g WHERE g.counts AND g.kind = 'nps'),
           (SELECT sum(mrr_at(h.revenue, d.as_of_on)) FROM day d, revenue h);
END;
COMMENT ON FUNCTION headline(text[]) IS
'Internal: what the headline figures of the trailing year are readings of, worked out from the sources; of tickets '
'and surveys only if these are named. mrr is that of all accounts as of now, whether or not they are known.';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/82_restatement.sql', $model_part$-- Snapshots: what was reported when, and what it was made of.

CREATE TABLE snapshot (
    snapshot_id bigint GENERATED ALWAYS AS IDENTITY,
    follows     bigint,
    taken_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    taken_by    text NOT NULL DEFAULT current_user,
    as_of_on    date NOT NULL,
    policy_hash text NOT NULL,
    policy      jsonb NOT NULL,
    note        text,
    PRIMARY KEY (snapshot_id),
    CONSTRAINT one_after_the_other UNIQUE NULLS NOT DISTINCT (follows));
COMMENT ON TABLE snapshot IS
'What was reported when, one row a CALL csmetrics.take_snapshot. Delete rows as you like: what only they showed goes '
'with the next one that is taken.';
COMMENT ON COLUMN snapshot.snapshot_id IS 'Key of the snapshot, in the order in which they were taken';
COMMENT ON COLUMN snapshot.follows IS 'The snapshot before it, when it was taken';
COMMENT ON COLUMN snapshot.taken_at IS 'When it was taken';
COMMENT ON COLUMN snapshot.taken_by IS 'The role that took it';
COMMENT ON COLUMN snapshot.as_of_on IS 'The day as of which the views read: periods that were over then were reported';
COMMENT ON COLUMN snapshot.policy_hash IS 'Fingerprint of the policy';
COMMENT ON COLUMN snapshot.policy IS 'The policy itself';
COMMENT ON COLUMN snapshot.note IS 'What it is, as: board report of May';

CREATE TABLE snapshot_reading (
    source_view     text,
    metric          text,
    dimension       text,
    value           text,
    period_start_on date,
    period_end_on   date NOT NULL,
    reading         numeric NOT NULL,
    from_snapshot   bigint,
    to_snapshot     bigint,
    PRIMARY KEY (source_view, metric, dimension, value, period_start_on, from_snapshot),
    CONSTRAINT from_before_to CHECK (from_snapshot < to_snapshot));
COMMENT ON TABLE snapshot_reading IS
'The figures of the snapshots: each metric of csmetrics.model_metric, and the bridge, of the periods that were over. '
'Written by CALL csmetrics.take_snapshot alone.';
COMMENT ON COLUMN snapshot_reading.source_view IS 'metric_reading or revenue_monthly';
COMMENT ON COLUMN snapshot_reading.metric IS 'Name of the metric, or the column of revenue_monthly';
COMMENT ON COLUMN snapshot_reading.dimension IS 'Attribute of the account by which it is grouped';
COMMENT ON COLUMN snapshot_reading.value IS 'Its value';
COMMENT ON COLUMN snapshot_reading.period_start_on IS 'First day of the period';
COMMENT ON COLUMN snapshot_reading.period_end_on IS 'The day after the last of the period';
COMMENT ON COLUMN snapshot_reading.reading IS
'What was reported: the bridge to the last decimal, all that is not money or a count to 15 digits';
COMMENT ON COLUMN snapshot_reading.from_snapshot IS 'The first snapshot that shows it';
COMMENT ON COLUMN snapshot_reading.to_snapshot IS 'The first later one that does not; NULL: the last one does';

CREATE TABLE snapshot_movement (
    account_id      @account_id@,
    period_start_on date,
    period_end_on   date NOT NULL,
    movement        text,
    amount_mrr      numeric NOT NULL,
    from_snapshot   bigint,
    to_snapshot     bigint,
    PRIMARY KEY (account_id, period_start_on, movement, from_snapshot),
    CONSTRAINT from_before_to CHECK (from_snapshot < to_snapshot));
COMMENT ON TABLE snapshot_movement IS
'The movements behind the bridges of the snapshots, account by account, as revenue_movement gave them. Written by '
'CALL csmetrics.take_snapshot alone.';
COMMENT ON COLUMN snapshot_movement.account_id IS 'Key of the account';
COMMENT ON COLUMN snapshot_movement.period_start_on IS 'First day of the period';
COMMENT ON COLUMN snapshot_movement.period_end_on IS 'The day after the last of the period';
COMMENT ON COLUMN snapshot_movement.movement IS 'The movement';
COMMENT ON COLUMN snapshot_movement.amount_mrr IS 'Its amount, in money a month';
COMMENT ON COLUMN snapshot_movement.from_snapshot IS 'The first snapshot that shows it';
COMMENT ON COLUMN snapshot_movement.to_snapshot IS 'The first later one that does not; NULL: the last one does';

CREATE TABLE snapshot_account (
    account_id    @account_id@,
    from_snapshot bigint,
    to_snapshot   bigint,
    PRIMARY KEY (account_id, from_snapshot),
    CONSTRAINT from_before_to CHECK (from_snapshot < to_snapshot));
COMMENT ON TABLE snapshot_account IS 'The accounts of the snapshots. Written by CALL csmetrics.take_snapshot alone.';
COMMENT ON COLUMN snapshot_account.account_id IS 'Key of the account';
COMMENT ON COLUMN snapshot_account.from_snapshot IS 'The first snapshot that shows it';
COMMENT ON COLUMN snapshot_account.to_snapshot IS 'The first later one that does not; NULL: the last one does';

CREATE TABLE snapshot_definition (
    snapshot_id     bigint NOT NULL,
    account_id      @account_id@,
    period_start_on date,
    period_end_on   date NOT NULL,
    movement        text,
    amount_mrr      numeric NOT NULL,
    PRIMARY KEY (account_id, period_start_on, movement, snapshot_id));
COMMENT ON TABLE snapshot_definition IS
'What a change of the policy between a snapshot and the one before did to the movements, account by account: their '
'amount by the policy of the snapshot, less that by the policy before, both of the facts of the snapshot. Written by '
'CALL csmetrics.take_snapshot alone.';
COMMENT ON COLUMN snapshot_definition.snapshot_id IS 'The snapshot';
COMMENT ON COLUMN snapshot_definition.account_id IS 'Key of the account';
COMMENT ON COLUMN snapshot_definition.period_start_on IS 'First day of the period';
COMMENT ON COLUMN snapshot_definition.period_end_on IS 'The day after the last of the period';
COMMENT ON COLUMN snapshot_definition.movement IS 'The movement';
COMMENT ON COLUMN snapshot_definition.amount_mrr IS 'What the definition added to its amount';
$model_part$);
INSERT INTO csmetrics.model_part VALUES ('model/90_roles.sql', $model_part$-- A view for each role: whom the CSM calls first today, what moved in the manager's week. The executive's month is in
-- the scorecard.

CREATE OR REPLACE VIEW csm_today WITH (security_invoker) AS
WITH alerts AS (
    SELECT account_id, string_agg(rule, ', ' ORDER BY array_position('{critical,warning,info}', severity),
                                  raised_at DESC) AS rules,
           min(array_position('{critical,warning,info}', severity)) AS severity
    FROM alert_open GROUP BY account_id),
plays AS (
    SELECT DISTINCT ON (account_id) account_id, playbook, due_on,
           bool_or(arm = 'holdout') OVER (PARTITION BY account_id) AS is_holdout, arm
    FROM playbook_run WHERE closed_on IS NULL AND done_on IS NULL AND arm <> 'past'
    ORDER BY account_id, arm = 'holdout', due_on, playbook),
queue AS (
    SELECT n.account_id, n.name, n.segment, n.owner, n.mrr, n.health_score, n.tier,
           round(n.mrr * (100 - n.health_score::numeric) / 100, 6) AS at_risk_mrr, n.reasons, a.rules,
           CASE WHEN p.arm = 'treated' THEN p.playbook END AS playbook,
           CASE WHEN p.arm = 'treated' THEN p.due_on END AS due_on,
           coalesce(p.arm = 'treated' AND p.due_on < n.as_of_on, false) AS is_overdue,
           coalesce(p.is_holdout, false) AS is_holdout, n.renews_on,
           CASE WHEN a.severity = 1 OR n.tier = 'Red' OR p.arm = 'treated' AND p.due_on < n.as_of_on THEN 1
                WHEN a.severity = 2 OR p.arm = 'treated' AND n.tier <> 'Green' OR n.tier = 'Yellow'
                    AND n.renewal_days <= 90 THEN 2
                WHEN a.severity = 3 OR p.arm = 'treated' THEN 3 END AS class,
           n.as_of_on, n.policy_hash
    FROM account_now n LEFT JOIN alerts a USING (account_id) LEFT JOIN plays p USING (account_id))
SELECT (row_number() OVER (ORDER BY class, at_risk_mrr DESC NULLS LAST, account_id))::integer AS rank_number,
       (ARRAY['now', 'soon', 'chance'])[class] AS urgency,
       account_id, name, segment, owner, mrr, at_risk_mrr, health_score, tier, reasons, rules, playbook, due_on,
       is_overdue, is_holdout, renews_on, as_of_on, policy_hash
FROM queue WHERE class IS NOT NULL
ORDER BY rank_number;
COMMENT ON VIEW csm_today IS
'Today''s queue: whom to call first, why, and which play to run. Red, open alerts, open plays and renewals ahead; by '
'urgency, then by the MRR at risk. For one CSM: WHERE owner = ...';

CREATE OR REPLACE VIEW manager_weekly WITH (security_invoker) AS
WITH week AS (
    SELECT w.k, w.start_on, d.day, w.start_on::timestamp AT TIME ZONE r.time_zone AS from_at,
           (d.day + 1)::timestamp AT TIME ZONE r.time_zone AS to_at
    FROM reporting_range r, LATERAL (SELECT k, week_begin(r.as_of_on, p.week_start) - 7 * k AS start_on
                                     FROM policy p, generate_series(0, 4) k) w,
         LATERAL (SELECT least(w.start_on + 6, r.as_of_on) AS day) d),
health AS MATERIALIZED (
    SELECT w.k, h.account_id, h.mrr, h.health_score, h.tier, array_position('{Red,Yellow,Green}', h.tier) AS place,
           h.policy_hash FROM week w, LATERAL account_health(w.day) h),
alerts AS (
    SELECT w.k, a.account_id, count(*) FILTER (WHERE a.to_state = 'on') AS raised,
           count(*) FILTER (WHERE a.to_state = 'off') AS cleared
    FROM week w JOIN alert a ON a.as_of_at >= w.from_at AND a.as_of_at < w.to_at GROUP BY w.k, a.account_id),
plays AS (
    SELECT w.k, p.account_id, count(*) FILTER (WHERE p.opened_on BETWEEN w.start_on AND w.day) AS opened,
           count(*) FILTER (WHERE p.judge_on BETWEEN w.start_on AND w.day AND p.closed_on IS NOT NULL) AS judged,
           count(*) FILTER (WHERE p.judge_on BETWEEN w.start_on AND w.day AND p.is_success) AS successes,
           count(*) FILTER (WHERE p.due_on < w.day AND p.judge_on > w.day
                            AND (p.done_on > w.day) IS NOT FALSE) AS overdue
    FROM week w JOIN playbook_run p ON p.arm = 'treated' AND p.opened_on <= w.day GROUP BY w.k, p.account_id),
account AS (
    SELECT k, account_id, coalesce(n.mrr, 0) AS mrr, coalesce(b.mrr, 0) AS opening,
           n.account_id IS NOT NULL AS is_there, b.account_id IS NOT NULL AS was_there,
           n.health_score, b.health_score AS before_score, n.tier, b.tier AS before_tier, n.place,
           b.place AS before_place
    FROM (SELECT * FROM health WHERE k < 4) n
         FULL JOIN (SELECT k - 1 AS k, account_id, mrr, health_score, tier, place FROM health
                    WHERE k > 0) b USING (k, account_id))
SELECT w.start_on AS period_start_on, w.start_on + 7 AS period_end_on, d.dimension, d.value,
       count(*) FILTER (WHERE is_there) AS account_count, count(*) FILTER (WHERE tier = 'Green') AS green_count,
       count(*) FILTER (WHERE tier = 'Yellow') AS yellow_count,
       count(*) FILTER (WHERE tier = 'Red') AS red_count, count(*) FILTER (WHERE tier = 'Unknown') AS unknown_count,
       count(*) FILTER (WHERE before_tier = 'Red') AS before_red_count,
       count(*) FILTER (WHERE place > before_place) AS improved_count,
       count(*) FILTER (WHERE place < before_place) AS declined_count,
       count(*) FILTER (WHERE tier = 'Red' AND before_tier IS DISTINCT FROM 'Red') AS into_red_count,
       coalesce(sum(mrr) FILTER (WHERE tier = 'Red' AND before_tier IS DISTINCT FROM 'Red'), 0) AS into_red_mrr,
       count(*) FILTER (WHERE before_tier = 'Red' AND tier IS DISTINCT FROM 'Red') AS out_of_red_count,
       coalesce(sum(mrr) FILTER (WHERE tier = 'Red'), 0) AS red_mrr,
       mean_score(health_agg(health_score, c.mrr)) AS mean_score,
       mean_score(health_agg(before_score, opening)) AS before_mean_score,
       sum(opening) AS opening_mrr, coalesce(sum(mrr) FILTER (WHERE NOT was_there), 0) AS joined_mrr,
       coalesce(sum(greatest(mrr - opening, 0)) FILTER (WHERE is_there AND was_there), 0) AS expansion_mrr,
       coalesce(sum(greatest(opening - mrr, 0)) FILTER (WHERE is_there AND was_there), 0) AS contraction_mrr,
       coalesce(sum(opening) FILTER (WHERE NOT is_there), 0) AS left_mrr, sum(mrr) AS mrr,
       count(*) FILTER (WHERE NOT was_there) AS joined_count, count(*) FILTER (WHERE NOT is_there) AS left_count,
       coalesce(sum(a.raised), 0)::bigint AS raised_count, coalesce(sum(a.cleared), 0)::bigint AS cleared_count,
       coalesce(sum(p.opened), 0)::bigint AS play_opened_count, coalesce(sum(p.judged), 0)::bigint AS play_judged_count,
       coalesce(sum(p.successes), 0)::bigint AS play_success_count,
       coalesce(sum(p.overdue), 0)::bigint AS play_overdue_count, w.start_on + 7 <= r.as_of_on + 1 AS is_complete,
       r.policy_hash
FROM reporting_range r CROSS JOIN week w JOIN account c USING (k) JOIN account_dimension d USING (account_id)
     LEFT JOIN alerts a USING (k, account_id) LEFT JOIN plays p USING (k, account_id)
GROUP BY w.start_on, w.day, d.dimension, d.value, r.as_of_on, r.policy_hash
ORDER BY w.start_on DESC, d.dimension, d.value;
COMMENT ON VIEW manager_weekly IS
'The week of as_of_on, so far where it is not over, and the three before, beginning on week_start, each against the '
'end of the one before; for all and for each value of each attribute in use: customers by tier, who moved and with '
'how much MRR, alerts and plays. opening + joined + expansion - contraction - left is mrr, exactly.';
$model_part$);
DELETE FROM csmetrics.model_change;
