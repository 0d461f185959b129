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
