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
