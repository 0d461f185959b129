-- Retention by cohort: cohorts, its aggregate and its readers.
CALL csmetrics.define_state('cohorts', has_final => false);
COMMENT ON TYPE csmetrics.cohorts IS
'Accounts by the period of their first MRR (or free term, where timelines count those), followed period by '
'period: 40 bytes a cell of the triangle. Built by cohort_agg; read by cohort_retention and '
'cohort_average; adds up by merge and rollup.';

CALL csmetrics.define_agg('cohort_agg',
    'timeline csmetrics.mrr_timeline, from_date date, to_date date, period text',
    'cohorts', 65536, comment =>
'Cohorts by the period (day, week, month, quarter, year, from from_date on) of the first MRR or counted free term, one '
'timeline an account. Others are left out. A bad range or period, arguments that vary in the group, more than 520 '
'periods: SQLSTATE 22023. NULL without rows.');

CREATE FUNCTION csmetrics.cohort_retention(state csmetrics.cohorts,
    OUT cohort date, OUT age integer, OUT period_end date, OUT accounts bigint, OUT retained bigint,
    OUT start_mrr numeric, OUT kept_mrr numeric, OUT mrr numeric,
    OUT logo_retention double precision, OUT gross_retention double precision, OUT net_retention double precision,
    OUT mature boolean)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.cohort_retention(csmetrics.cohorts) IS
'The retention triangle, a row a cohort and age in periods, 0 being its own: accounts that began and those retained, '
'MRR of the first day, what is kept of it and what there is, in money, and their ratios. mature: the period is over by '
'to_date. No rows for cohorts without accounts.';

CREATE FUNCTION csmetrics.cohort_average(state csmetrics.cohorts,
    OUT age integer, OUT cohorts bigint, OUT accounts bigint, OUT retained bigint,
    OUT logo_retention double precision, OUT gross_retention double precision, OUT net_retention double precision)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.cohort_average(csmetrics.cohorts) IS
'Retention by age over all cohorts that have reached that age in full: immature cells are left out. Weighted by where '
'cohorts started: logo_retention by accounts, gross_retention and net_retention by MRR.';
