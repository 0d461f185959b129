-- Churn from first and last days: churn, its aggregate, its readers, and rates brought to another length of time.
CALL define_state('churn', NULL);
COMMENT ON TYPE churn IS
'Customers that were in force, left, joined and came due over one period, with their MRR. Built by churn_agg; read by logo_churn, revenue_churn and the counts; adds up by merge and rollup.';

CREATE FUNCTION churn_agg_add(state churn, started date, ended date, from_date date, to_date date) RETURNS churn
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION churn_agg_add(state churn, started date, ended date, from_date date, to_date date, mrr numeric) RETURNS churn
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION churn_agg_add(state churn, started date, ended date, from_date date, to_date date, mrr numeric, renews_on date) RETURNS churn
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION churn_agg_remove(state churn, started date, ended date, from_date date, to_date date) RETURNS churn
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION churn_agg_remove(state churn, started date, ended date, from_date date, to_date date, mrr numeric) RETURNS churn
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
CREATE FUNCTION churn_agg_remove(state churn, started date, ended date, from_date date, to_date date, mrr numeric, renews_on date) RETURNS churn
LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION churn_agg_add(churn, date, date, date, date) IS 'Internal: transition of churn_agg';
COMMENT ON FUNCTION churn_agg_add(churn, date, date, date, date, numeric) IS 'Internal: transition of churn_agg';
COMMENT ON FUNCTION churn_agg_add(churn, date, date, date, date, numeric, date) IS 'Internal: transition of churn_agg';
COMMENT ON FUNCTION churn_agg_remove(churn, date, date, date, date) IS 'Internal: inverse transition of churn_agg';
COMMENT ON FUNCTION churn_agg_remove(churn, date, date, date, date, numeric) IS 'Internal: inverse transition of churn_agg';
COMMENT ON FUNCTION churn_agg_remove(churn, date, date, date, date, numeric, date) IS 'Internal: inverse transition of churn_agg';

CREATE AGGREGATE churn_agg(started date, ended date, from_date date, to_date date) (
    SFUNC = churn_agg_add, STYPE = churn, SSPACE = 168, COMBINEFUNC = merge, PARALLEL = SAFE,
    MSFUNC = churn_agg_add, MINVFUNC = churn_agg_remove, MSTYPE = churn, MSSPACE = 168);
CREATE AGGREGATE churn_agg(started date, ended date, from_date date, to_date date, mrr numeric) (
    SFUNC = churn_agg_add, STYPE = churn, SSPACE = 168, COMBINEFUNC = merge, PARALLEL = SAFE,
    MSFUNC = churn_agg_add, MINVFUNC = churn_agg_remove, MSTYPE = churn, MSSPACE = 168);
CREATE AGGREGATE churn_agg(started date, ended date, from_date date, to_date date, mrr numeric, renews_on date) (
    SFUNC = churn_agg_add, STYPE = churn, SSPACE = 168, COMBINEFUNC = merge, PARALLEL = SAFE,
    MSFUNC = churn_agg_add, MINVFUNC = churn_agg_remove, MSTYPE = churn, MSSPACE = 168);
COMMENT ON AGGREGATE churn_agg(date, date, date, date) IS
'Churn over [from_date, to_date), one row a customer or subscription, in force on days from started on and before ended (NULL or infinity: still). Opening is the end of the day before from_date, so who starts or ends on from_date does so within the period. Rows without started are counted but never in force. ended before started, an empty period, or one that varies within the group: SQLSTATE 22023. NULL without rows.';
COMMENT ON AGGREGATE churn_agg(date, date, date, date, numeric) IS
'The same with each customer''s MRR, in money, so that revenue_churn can be read; below zero counts as zero; rows without mrr are counted but never in force.';
COMMENT ON AGGREGATE churn_agg(date, date, date, date, numeric, date) IS
'The same with the day on which the customer''s term renews, so that the denominator up_for_renewal can be read. A renewal that falls within the period, after the first day of the term, is due; it is lost when ended is not after it. NULL: none due.';

CREATE FUNCTION logo_churn(state churn, denominator text DEFAULT 'start') RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_logo';
COMMENT ON FUNCTION logo_churn(churn, text) IS
'Logo churn of the period, a ratio. denominator: start (default), lost of those in force at the opening / those; start_plus_new, all lost / opening and all that joined; average, all lost / mean of opening and closing; up_for_renewal, renewals lost / renewals due. Who joined and left within the period is lost in start_plus_new and average alone. NULL when the denominator is 0. An unknown word: SQLSTATE 22023.';
CREATE FUNCTION revenue_churn(state churn, denominator text DEFAULT 'start') RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_revenue';
COMMENT ON FUNCTION revenue_churn(churn, text) IS
'Revenue churn of the period, a ratio: logo_churn weighted by MRR, with the same denominators. NULL when the denominator is 0, as it is without MRR.';
CREATE FUNCTION logo_churn_interval(state churn, confidence double precision DEFAULT 0.95, denominator text DEFAULT 'start', OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_logo_interval';
COMMENT ON FUNCTION logo_churn_interval(churn, double precision, text) IS
'Confidence interval of logo_churn, as ratios: Wilson score. confidence is a share, 0.95 if not given; outside 0 to 1: SQLSTATE 22023. NULLs when the denominator is 0, or when an average is less than what was lost.';

CREATE FUNCTION account_count(state churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_account_count';
COMMENT ON FUNCTION account_count(churn) IS 'Rows given to the aggregate, whether the period touches them or not.';
CREATE FUNCTION opening_count(state churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_opening_count';
COMMENT ON FUNCTION opening_count(churn) IS 'Customers in force at the end of the day before the period.';
CREATE FUNCTION churned_count(state churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_churned_count';
COMMENT ON FUNCTION churned_count(churn) IS 'Customers in force at the opening whose end falls within the period.';
CREATE FUNCTION new_count(state churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_new_count';
COMMENT ON FUNCTION new_count(churn) IS 'Customers that started within the period and were in force at its end.';
CREATE FUNCTION intra_period_count(state churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_intra_period_count';
COMMENT ON FUNCTION intra_period_count(churn) IS 'Customers that started and ended within the period.';
CREATE FUNCTION closing_count(state churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_closing_count';
COMMENT ON FUNCTION closing_count(churn) IS 'Customers in force at the end of the period: opening - churned + new.';
CREATE FUNCTION due_count(state churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_due_count';
COMMENT ON FUNCTION due_count(churn) IS 'Customers with a renewal due within the period.';
CREATE FUNCTION unrenewed_count(state churn) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_unrenewed_count';
COMMENT ON FUNCTION unrenewed_count(churn) IS 'Customers with a renewal due within the period that had ended by it.';

CREATE FUNCTION opening_mrr(state churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_opening_mrr';
COMMENT ON FUNCTION opening_mrr(churn) IS 'MRR of opening_count, in money, exact.';
CREATE FUNCTION churned_mrr(state churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_churned_mrr';
COMMENT ON FUNCTION churned_mrr(churn) IS 'MRR of churned_count, in money, exact.';
CREATE FUNCTION new_mrr(state churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_new_mrr';
COMMENT ON FUNCTION new_mrr(churn) IS 'MRR of new_count, in money, exact.';
CREATE FUNCTION intra_period_mrr(state churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_intra_period_mrr';
COMMENT ON FUNCTION intra_period_mrr(churn) IS 'MRR of intra_period_count, in money, exact.';
CREATE FUNCTION closing_mrr(state churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_closing_mrr';
COMMENT ON FUNCTION closing_mrr(churn) IS 'MRR of closing_count, in money, exact.';
CREATE FUNCTION due_mrr(state churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_due_mrr';
COMMENT ON FUNCTION due_mrr(churn) IS 'MRR of due_count, in money, exact.';
CREATE FUNCTION unrenewed_mrr(state churn) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'churn_unrenewed_mrr';
COMMENT ON FUNCTION unrenewed_mrr(churn) IS 'MRR of unrenewed_count, in money, exact.';

CREATE FUNCTION annualize_churn(rate double precision, months integer DEFAULT 1) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'annualize_churn';
COMMENT ON FUNCTION annualize_churn(double precision, integer) IS
'The yearly rate of a churn rate over that many months, compounding: 1 - (1 - rate)^(12 / months). 0.05 a month is 0.4596 a year, not 0.60. A rate above 1, infinite or NaN, or months below 1: SQLSTATE 22023.';
CREATE FUNCTION annualize_churn(rates double precision[]) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'annualize_churn_months';
COMMENT ON FUNCTION annualize_churn(double precision[]) IS
'The yearly rate of the churn rates of actual months, compounding: 1 - product of (1 - rate); of another number of months than twelve, brought to twelve. NULL for an empty array or one with NULL. A rate above 1, infinite or NaN: SQLSTATE 22023.';
CREATE FUNCTION monthly_churn(annual_rate double precision) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'monthly_churn';
COMMENT ON FUNCTION monthly_churn(double precision) IS
'The monthly rate that compounds to a yearly churn rate: 1 - (1 - rate)^(1/12), the inverse of annualize_churn. A rate above 1, infinite or NaN: SQLSTATE 22023.';
