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
