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
CREATE FUNCTION csmetrics.normal_quantile(share double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.normal_quantile(double precision) IS
'Below what that share of the standard normal distribution lies: 1.96 for 0.975. share outside 0 to 1: SQLSTATE 22023. '
'NULL for NULL.';
