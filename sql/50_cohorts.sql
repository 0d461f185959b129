-- Retention by cohort: cohorts, its aggregate and its readers.
CALL csmetrics.define_state('cohorts', has_final => false);
COMMENT ON TYPE csmetrics.cohorts IS
'Accounts by the period of their first MRR (or free term, where timelines count those), followed period by period: 40 bytes a cell of the triangle. Built by cohort_agg; read by cohort_retention and cohort_average; adds up by merge and rollup.';

CALL csmetrics.define_agg('cohort_agg',
    'timeline csmetrics.mrr_timeline, from_date date, to_date date, period text',
    'cohorts', 65536, comment =>
'Cohorts by the period of the first MRR (or free term, where timelines count those), one timeline an account (NULL: an account without history). Periods are day, week, month, quarter or year, counted from from_date; accounts that began outside [from_date, to_date) are left out. An empty range, an unknown period, arguments that vary within the group, more than 520 periods: SQLSTATE 22023. NULL without rows.');

CREATE FUNCTION csmetrics.cohort_retention(state csmetrics.cohorts,
    OUT cohort date, OUT age integer, OUT period_end date, OUT accounts bigint, OUT retained bigint,
    OUT start_mrr numeric, OUT kept_mrr numeric, OUT mrr numeric,
    OUT logo_retention double precision, OUT gross_retention double precision, OUT net_retention double precision,
    OUT mature boolean)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.cohort_retention(csmetrics.cohorts) IS
'The retention triangle, a row a cohort and age: cohort is the first day of the period in which accounts had their first MRR, age 0 its close, age 1 the close of the next. accounts began, retained are active at period_end: with MRR, or with a free term where timelines count those. start_mrr is the MRR of each account''s first day, mrr what it has, kept_mrr the smaller of the two by account; in money. Ratios: retained / accounts, kept_mrr / start_mrr (at most 1), mrr / start_mrr. mature: the period is over by to_date. Cohorts without accounts have no rows.';

CREATE FUNCTION csmetrics.cohort_average(state csmetrics.cohorts,
    OUT age integer, OUT cohorts bigint, OUT accounts bigint, OUT retained bigint,
    OUT logo_retention double precision, OUT gross_retention double precision, OUT net_retention double precision)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 100 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.cohort_average(csmetrics.cohorts) IS
'Retention by age over all cohorts that have reached that age in full: immature cells are left out. Weighted by where cohorts started: logo_retention by accounts, gross_retention and net_retention by MRR.';
