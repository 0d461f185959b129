-- Health: the signals of one account, the score that they come to, and what it is made of.
CALL csmetrics.define_state('health', has_final => true);
COMMENT ON TYPE csmetrics.health IS
'The signals of one account, each with its component, value, weight and policy. Built by health_score; read by score, tier, coverage, contributions and health_change. Values keep 12 decimals, weights 6. The same signals give the same bytes in any order. merge adds the signals of both, so the health of several accounts together is that of their mean; see health_agg for how they are distributed.';

CALL csmetrics.define_agg('health_score',
    'component text, signal text, value double precision, weight double precision',
    'health', 4096, removable => false, comment =>
'The health of one account, one row a signal: its component (such as usage, support, business), its name, its value from 0, the worst, to 100, the best (see normalize_linear), NULL where it is missing, and its weight from 0 to 10^6. The others of its component stand in for a missing one; a component without any leaves its part to the others. A signal given twice counts twice. Rows that are NULL throughout are left out; a NULL component, signal or weight otherwise: SQLSTATE 22004; a value outside 0 ... 100, a weight below 0 or above 10^6, a name above 255 bytes: 22023; more than 2^19 signals: 54000. NULL without rows.');
CALL csmetrics.define_agg('health_score',
    'component text, signal text, value double precision, weight double precision, policy text',
    'health', 4096, removable => false, comment =>
'The same, with a policy for each signal. What becomes of it when it is missing: renormalise (the others of its component stand in), neutral (counts as 50) or zero (counts as 0); the last two are in the score, not in the coverage. Or what it overrides: veto (its value, unless NULL, is the most that the score may be) or pulse (its value, unless NULL, is the score, whatever the signals say: what a human said, and NULL once it has expired); of several the lowest holds, a veto also over a pulse, and their weight does not matter. Another policy: SQLSTATE 22023; NULL: 22004.');
CALL csmetrics.define_agg('health_score',
    'component text, signal text, value double precision, weight double precision, policy text, freshness double precision',
    'health', 4096, removable => false, comment =>
'The same, with the freshness of each value: the share of its weight that still counts, from 1 to 0, for values that are carried forward with decay; see freshness(). NULL and 0: the value is missing. Outside 0 ... 1: SQLSTATE 22023.');

CREATE FUNCTION csmetrics.score(health csmetrics.health, min_coverage double precision DEFAULT 0.6, method text DEFAULT 'weighted') RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_score_read_sql';
COMMENT ON FUNCTION csmetrics.score(csmetrics.health, double precision, text) IS
'The health score, 0 to 100, rounded to 12 decimals. weighted: the mean of the components, each the mean of its signals that have a value; a signal weighs what it was given, a component what all its signals were. worst_component, worst_signal: the lowest of these instead. Then overrides: see health_score. NULL where less than min_coverage of the weight is known, unless there is a pulse, where nothing has weight, and for NULL. min_coverage outside 0 ... 1, another method: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.tier(health csmetrics.health, yellow_from double precision DEFAULT 50, green_from double precision DEFAULT 80, min_coverage double precision DEFAULT 0.6, method text DEFAULT 'weighted') RETURNS text
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_tier_sql';
COMMENT ON FUNCTION csmetrics.tier(csmetrics.health, double precision, double precision, double precision, text) IS
'The tier of the score: Green from green_from on, Yellow from yellow_from on, Red below; so 79.999 is Yellow, 80 is Green. Unknown where score(health, min_coverage, method) is NULL, and for NULL. yellow_from not below green_from, bounds outside 0 ... 100: SQLSTATE 22023; errors as score.';

CREATE FUNCTION csmetrics.tier(score double precision, yellow_from double precision DEFAULT 50, green_from double precision DEFAULT 80) RETURNS text
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_tier_of_score';
COMMENT ON FUNCTION csmetrics.tier(double precision, double precision, double precision) IS
'The tier of a score: Green from green_from on, Yellow from yellow_from on, Red below; Unknown for NULL. yellow_from not below green_from, bounds or score outside 0 ... 100: SQLSTATE 22023.';

CREATE FUNCTION csmetrics.held_tier(score double precision, held text, margin double precision DEFAULT 2, yellow_from double precision DEFAULT 50, green_from double precision DEFAULT 80) RETURNS text
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_held_tier_sql';
COMMENT ON FUNCTION csmetrics.held_tier(double precision, text, double precision, double precision, double precision) IS
'The tier of a score with hysteresis, for an account that is in tier held so far: it goes up at margin points above a bound and down at margin points below it, so a score that wavers about a bound changes nothing. held NULL or Unknown: tier(score). Unknown for a NULL score. Another tier, margin outside 0 ... 100: SQLSTATE 22023; errors as tier.';

CREATE FUNCTION csmetrics.coverage(health csmetrics.health) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_coverage';
COMMENT ON FUNCTION csmetrics.coverage(csmetrics.health) IS
'The share of the weight whose value is known, 0 to 1; what is carried forward counts by its freshness, what is assumed (neutral, zero) does not. NULL where nothing has weight, and for NULL.';

CREATE FUNCTION csmetrics.contributions(health csmetrics.health, method text DEFAULT 'weighted',
    OUT component text, OUT signal text, OUT value double precision, OUT weight double precision, OUT points numeric, OUT points_lost numeric)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 16 AS 'MODULE_PATHNAME', 'health_contributions';
COMMENT ON FUNCTION csmetrics.contributions(csmetrics.health, text) IS
'What the score is made of, one row a signal, by component and signal: its value, its weight, the points that it gives to the score and those that it takes from 100. points add up to score(health, 0, method) exactly, points_lost to 100 less that; a part is within 10^-11 of what it should be. A missing signal has a NULL value and no points, unless its policy assumes some. A pulse has the points from the score without it, a veto that holds those that it takes. All zero where there is no score. No rows for NULL. Errors as score.';

CREATE FUNCTION csmetrics.health_change(before csmetrics.health, after csmetrics.health, min_coverage double precision DEFAULT 0.6, method text DEFAULT 'weighted',
    OUT component text, OUT signal text, OUT term text, OUT value_before double precision, OUT value_after double precision, OUT points numeric)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 8 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.health_change(csmetrics.health, csmetrics.health, double precision, text) IS
'Why the score is another than before, one row a change; points add up to score(after) - score(before) exactly. The changes are made one after the other, by term and name, and each has the points by which the score then moves: value (a value is another), coverage (a value came, went or grew older, and others no longer stand in for it or now do), definition (a weight, policy or normalizer is another, whatever its value did; a signal is new or gone), override (a pulse or veto came, went or changed). While an override holds, what happens beneath it moves nothing. No rows for the same health, where either score is NULL, and for NULL. Errors as score.';

CREATE FUNCTION csmetrics.health_reasons(health csmetrics.health, method text DEFAULT 'weighted', at_most integer DEFAULT 3) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.health_reasons(csmetrics.health, text, integer) IS
'What costs the score most, as text: the at_most signals, 3 if not given, with the most points_lost of contributions, the greatest first, as in ''trend -6.2, csat -3.1''. Less than 0.05 points is left out. NULL where nothing is lost, there is no score, or an argument is NULL. Errors as score.';
