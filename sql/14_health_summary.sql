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
