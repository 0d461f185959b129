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
