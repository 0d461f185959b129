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
