-- Churn from first and last days: churn, its aggregate, its readers, and rates brought to another length of time.
CALL csmetrics.define_state('churn', has_final => false);
COMMENT ON TYPE csmetrics.churn IS
'Customers that were in force, left, joined and came due over one period, with their MRR. Built by churn_agg; read by '
'logo_churn, revenue_churn and the counts; adds up by merge and rollup.';

CALL csmetrics.define_agg('churn_agg',
    'started date, ended date, from_date date, to_date date',
    'churn', 168, comment =>
'Churn over [from_date, to_date), one row a customer, in force on days from started on and before ended (NULL or '
'infinity: still). Rows without started are counted, never in force. ended before started, an empty period, or one '
'that varies in the group: SQLSTATE 22023. NULL without rows.');
CALL csmetrics.define_agg('churn_agg',
    'started date, ended date, from_date date, to_date date, mrr numeric',
    'churn', 168, comment =>
'The same with each customer''s MRR, in money, so that revenue_churn can be read; below zero counts as zero; rows '
'without mrr are counted but never in force.');
CALL csmetrics.define_agg('churn_agg',
    'started date, ended date, from_date date, to_date date, mrr numeric, renews_on date',
    'churn', 168, comment =>
'The same with the day on which the customer''s term renews, so that the denominator up_for_renewal can '
'be read. A renewal that falls within the period, after the first day of the term, is due; it is lost '
'when ended is not after it. NULL: none due.');

CREATE FUNCTION csmetrics.logo_churn(state csmetrics.churn, denominator text DEFAULT 'start') RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_logo';
COMMENT ON FUNCTION csmetrics.logo_churn(csmetrics.churn, text) IS
'Logo churn of the period, a ratio. denominator: start (default), lost of the opening / opening; start_plus_new, lost '
'/ opening and joined; average, lost / mean of opening and closing; up_for_renewal, renewals lost / due. NULL when the '
'denominator is 0. An unknown word: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.revenue_churn(state csmetrics.churn,
    denominator text DEFAULT 'start') RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_revenue';
COMMENT ON FUNCTION csmetrics.revenue_churn(csmetrics.churn, text) IS
'Revenue churn of the period, a ratio: logo_churn weighted by MRR, with the same denominators. NULL when '
'the denominator is 0, as it is without MRR.';
CREATE FUNCTION csmetrics.logo_churn_interval(state csmetrics.churn, confidence double precision DEFAULT 0.95,
    denominator text DEFAULT 'start',
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_logo_interval';
COMMENT ON FUNCTION csmetrics.logo_churn_interval(csmetrics.churn, double precision, text) IS
'Confidence interval of logo_churn, as ratios: Wilson score. confidence is a share, 0.95 if not given; outside 0 to 1: '
'SQLSTATE 22023. NULLs when the denominator is 0, or when an average is less than what was lost.';

CREATE FUNCTION csmetrics.account_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.churn) IS
'Rows given to the aggregate, whether the period touches them or not.';
CREATE FUNCTION csmetrics.opening_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_opening_count';
COMMENT ON FUNCTION csmetrics.opening_count(csmetrics.churn) IS
'Customers in force at the end of the day before the period.';
CREATE FUNCTION csmetrics.churned_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_churned_count';
COMMENT ON FUNCTION csmetrics.churned_count(csmetrics.churn) IS
'Customers in force at the opening whose end falls within the period.';
CREATE FUNCTION csmetrics.new_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_new_count';
COMMENT ON FUNCTION csmetrics.new_count(csmetrics.churn) IS
'Customers that started within the period and were in force at its end.';
CREATE FUNCTION csmetrics.intra_period_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_intra_period_count';
COMMENT ON FUNCTION csmetrics.intra_period_count(csmetrics.churn) IS
'Customers that started and ended within the period.';
CREATE FUNCTION csmetrics.closing_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_closing_count';
COMMENT ON FUNCTION csmetrics.closing_count(csmetrics.churn) IS
'Customers in force at the end of the period: opening - churned + new.';
CREATE FUNCTION csmetrics.due_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_due_count';
COMMENT ON FUNCTION csmetrics.due_count(csmetrics.churn) IS 'Customers with a renewal due within the period.';
CREATE FUNCTION csmetrics.unrenewed_count(state csmetrics.churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_unrenewed_count';
COMMENT ON FUNCTION csmetrics.unrenewed_count(csmetrics.churn) IS
'Customers with a renewal due within the period that had ended by it.';

CREATE FUNCTION csmetrics.opening_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_opening_mrr';
COMMENT ON FUNCTION csmetrics.opening_mrr(csmetrics.churn) IS 'MRR of opening_count, in money, exact.';
CREATE FUNCTION csmetrics.churned_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_churned_mrr';
COMMENT ON FUNCTION csmetrics.churned_mrr(csmetrics.churn) IS 'MRR of churned_count, in money, exact.';
CREATE FUNCTION csmetrics.new_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_new_mrr';
COMMENT ON FUNCTION csmetrics.new_mrr(csmetrics.churn) IS 'MRR of new_count, in money, exact.';
CREATE FUNCTION csmetrics.intra_period_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_intra_period_mrr';
COMMENT ON FUNCTION csmetrics.intra_period_mrr(csmetrics.churn) IS 'MRR of intra_period_count, in money, exact.';
CREATE FUNCTION csmetrics.closing_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_closing_mrr';
COMMENT ON FUNCTION csmetrics.closing_mrr(csmetrics.churn) IS 'MRR of closing_count, in money, exact.';
CREATE FUNCTION csmetrics.due_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_due_mrr';
COMMENT ON FUNCTION csmetrics.due_mrr(csmetrics.churn) IS 'MRR of due_count, in money, exact.';
CREATE FUNCTION csmetrics.unrenewed_mrr(state csmetrics.churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_unrenewed_mrr';
COMMENT ON FUNCTION csmetrics.unrenewed_mrr(csmetrics.churn) IS 'MRR of unrenewed_count, in money, exact.';

CREATE FUNCTION csmetrics.annualize_churn(rate double precision, months integer DEFAULT 1) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'annualize_churn';
COMMENT ON FUNCTION csmetrics.annualize_churn(double precision, integer) IS
'The yearly rate of a churn rate over that many months, compounding: 1 - (1 - rate)^(12 / months). 0.05 a month is '
'0.4596 a year, not 0.60. A rate above 1, infinite or NaN, or months below 1: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.annualize_churn(rates double precision[]) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'annualize_churn_months';
COMMENT ON FUNCTION csmetrics.annualize_churn(double precision[]) IS
'The yearly rate of the churn rates of actual months, compounding: 1 - product of (1 - rate); of '
'another number of months than twelve, brought to twelve. NULL for an empty array or one with NULL. A '
'rate above 1, infinite or NaN: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.monthly_churn(annual_rate double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'monthly_churn';
COMMENT ON FUNCTION csmetrics.monthly_churn(double precision) IS
'The monthly rate that compounds to a yearly churn rate: 1 - (1 - rate)^(1/12), the inverse of annualize_churn. A rate '
'above 1, infinite or NaN: SQLSTATE 22023.';
