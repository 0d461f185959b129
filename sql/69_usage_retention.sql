-- Retention of use by cohort: usage_retention, its aggregate and its readers.
CALL csmetrics.define_state('usage_retention', has_final => false);
COMMENT ON TYPE csmetrics.usage_retention IS
'Accounts (or users) by the period of their first active day, followed over brackets of days from that day on: 32 bytes a cohort and bracket, whatever the number of accounts. Built by retention_agg; read by usage_retention and usage_retention_average; adds up by merge and rollup. Counts are exact, as each account is one value.';

CALL csmetrics.define_agg('retention_agg',
    'history csmetrics.activity, from_date date, to_date date, period text',
    'usage_retention', 65536, comment =>
'Retention of use in brackets of 7 days, one activity an account or user (NULL: never active). Cohorts are by the first active day ever: periods are day, week, month, quarter or year, counted from from_date; accounts that began outside [from_date, to_date), or never, are given but in no cohort. Bracket k of an account is the days from k * 7 to k * 7 + 6 days after its first active day: bracket 0 holds that day. to_date is the day after the last one known: a bracket is over (mature) if it ends by then, and activity from then on is not seen. An empty range, an unknown period, arguments that vary within the group, more than 20,000 periods, more than 2,097,152 cells, one a cohort and bracket that may be over and some between them: SQLSTATE 22023; from_date, to_date or period NULL: 22004. NULL without rows.');
CALL csmetrics.define_agg('retention_agg',
    'history csmetrics.activity, from_date date, to_date date, period text, bracket_days integer',
    'usage_retention', 65536, comment =>
'The same in brackets of bracket_days days: 1 for retention day by day, 7, 28. bracket_days outside 1 to 36525: SQLSTATE 22023; NULL: 22004.');

CREATE FUNCTION csmetrics.usage_retention(state csmetrics.usage_retention,
    OUT cohort date, OUT bracket integer, OUT accounts bigint, OUT mature_accounts bigint,
    OUT n_day bigint, OUT unbounded bigint, OUT rolling bigint,
    OUT n_day_retention double precision, OUT unbounded_retention double precision, OUT rolling_retention double precision,
    OUT mature boolean)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1000 AS 'MODULE_PATHNAME', 'usage_retention_sql';
COMMENT ON FUNCTION csmetrics.usage_retention(csmetrics.usage_retention) IS
'A row a cohort and bracket, of every bracket that begins before to_date for the first day of the cohort; no rows of cohorts without accounts, no rows for NULL. cohort is the first day of the period in which accounts were first active, bracket is counted from 0. accounts are all of the cohort, mature_accounts those whose bracket is over. Of mature_accounts: n_day were active in that very bracket, unbounded in that one or on any later day before to_date, rolling in every bracket up to that one. (Some tools say rolling for unbounded.) Ratios are these counts / mature_accounts, NULL where no bracket is over: an account counts only from the day on which its bracket is over, so what is not over is never 0. mature: the bracket is over for all of the cohort. n_day_retention and rolling_retention of a mature row no longer change; unbounded_retention can still rise, as accounts may come back. Bracket 0 of who is mature is 1 in all three. N-day and unbounded retention are as in Amplitude, where nobody counts before the end of the bracket either; days are those of the history.';

CREATE FUNCTION csmetrics.usage_retention_average(state csmetrics.usage_retention,
    OUT bracket integer, OUT cohorts bigint, OUT mature_accounts bigint,
    OUT n_day bigint, OUT unbounded bigint, OUT rolling bigint,
    OUT n_day_retention double precision, OUT unbounded_retention double precision, OUT rolling_retention double precision)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.usage_retention_average(csmetrics.usage_retention) IS
'Retention by bracket over all cohorts: a row a bracket that is over for someone, no rows for NULL. mature_accounts are all accounts whose bracket is over, of so many cohorts; those of whom it is not are left out, also where others of their cohort are in. So the result does not depend on the period of the cohorts, and is weighted by accounts. Counts and ratios as in usage_retention. From bracket to bracket there are fewer and older accounts: unbounded and rolling retention may rise for that reason.';

CREATE FUNCTION csmetrics.account_count(state csmetrics.usage_retention) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'usage_retention_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.usage_retention) IS 'Accounts given to the aggregate, in a cohort or not. NULL for NULL.';
