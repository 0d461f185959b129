-- The health of a group of accounts: how scores are distributed, and the MRR behind them.
CALL define_state('health_summary', 'health_summary_final');
COMMENT ON TYPE health_summary IS
'How the health scores of a group of accounts are distributed, with their MRR: exact sums, and the accounts by hundredths of a score, at most 10,002 rows of 32 bytes. Built by health_agg; adds up by merge and rollup.';

CREATE FUNCTION health_agg_add(state health_summary, health health, mrr numeric) RETURNS health_summary
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_agg_add_health';
CREATE FUNCTION health_agg_remove(state health_summary, health health, mrr numeric) RETURNS health_summary
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_agg_remove_health';
CREATE FUNCTION health_agg_add(state health_summary, score double precision, mrr numeric) RETURNS health_summary
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_agg_add_score';
CREATE FUNCTION health_agg_remove(state health_summary, score double precision, mrr numeric) RETURNS health_summary
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_agg_remove_score';
COMMENT ON FUNCTION health_agg_add(health_summary, health, numeric) IS 'Internal: transition of health_agg';
COMMENT ON FUNCTION health_agg_remove(health_summary, health, numeric) IS 'Internal: inverse transition of health_agg';
COMMENT ON FUNCTION health_agg_add(health_summary, double precision, numeric) IS 'Internal: transition of health_agg';
COMMENT ON FUNCTION health_agg_remove(health_summary, double precision, numeric) IS 'Internal: inverse transition of health_agg';

CREATE AGGREGATE health_agg(health health, mrr numeric) (
    SFUNC = health_agg_add, STYPE = health_summary, FINALFUNC = health_summary_final, COMBINEFUNC = merge, PARALLEL = SAFE,
    MSFUNC = health_agg_add, MINVFUNC = health_agg_remove, MSTYPE = health_summary, MFINALFUNC = health_summary_final);
CREATE AGGREGATE health_agg(score double precision, mrr numeric) (
    SFUNC = health_agg_add, STYPE = health_summary, FINALFUNC = health_summary_final, COMBINEFUNC = merge, PARALLEL = SAFE,
    MSFUNC = health_agg_add, MINVFUNC = health_agg_remove, MSTYPE = health_summary, MFINALFUNC = health_summary_final);
COMMENT ON AGGREGATE health_agg(health, numeric) IS
'Summarizes the health of accounts, one row an account with its MRR (NULL: 0), each by score(health). An account whose score is NULL, or whose health is, counts as Unknown. Rows that are NULL throughout are left out. An MRR beyond 10^18: SQLSTATE 22003. NULL without rows.';
COMMENT ON AGGREGATE health_agg(double precision, numeric) IS
'The same of scores, however they were read: 0 to 100, NULL where unknown. A score outside: SQLSTATE 22023.';

CREATE FUNCTION account_count(summary health_summary) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_account_count';
COMMENT ON FUNCTION account_count(health_summary) IS 'Accounts, those of unknown score too';
CREATE FUNCTION scored_count(summary health_summary) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_scored_count';
COMMENT ON FUNCTION scored_count(health_summary) IS 'Accounts whose score is known';
CREATE FUNCTION mean_score(summary health_summary) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_mean_score';
COMMENT ON FUNCTION mean_score(health_summary) IS 'Mean of the known scores, each account alike; NULL without any';
CREATE FUNCTION weighted_score(summary health_summary) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_weighted_score';
COMMENT ON FUNCTION weighted_score(health_summary) IS 'Mean of the known scores, each account by its MRR: the health of the revenue; NULL where these have none';
CREATE FUNCTION worst_score(summary health_summary) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'health_worst_score';
COMMENT ON FUNCTION worst_score(health_summary) IS 'The lowest known score, rounded down to hundredths; NULL without any';

CREATE FUNCTION health_tiers(summary health_summary, yellow_from double precision DEFAULT 50, green_from double precision DEFAULT 80, confidence double precision DEFAULT 0.95,
    OUT tier text, OUT accounts bigint, OUT share double precision, OUT lower double precision, OUT upper double precision, OUT mrr numeric, OUT mrr_share double precision)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 4 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION health_tiers(health_summary, double precision, double precision, double precision) IS
'Accounts and MRR by tier: one row each for Green, Yellow, Red and Unknown, with their share of all accounts, its confidence interval (Wilson) and the share of MRR. Scores are judged unrounded. Bounds with more than two decimals, outside 0 ... 100 or in the wrong order: SQLSTATE 22023. Shares are NULL without accounts or MRR. No rows for NULL.';
