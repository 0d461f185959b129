-- Retention between two days: revenue_flow, its aggregate and its readers.
CALL csmetrics.define_state('revenue_flow', has_final => false);
COMMENT ON TYPE csmetrics.revenue_flow IS
'What became of the MRR of a group of accounts between two days: amounts, account counts and exact second moments. '
'Built by nrr_agg; read by nrr, grr, logo_churn and their fellows; adds up by merge and rollup.';

CALL csmetrics.define_agg('nrr_agg', 'opening numeric, closing numeric', 'revenue_flow', 312, comment =>
'Retention of a group, one row an account: its MRR at the opening and at the closing of the period, in money. NULL is '
'none, as the empty side of an outer join gives it; below zero counts as zero. Six decimals are kept; beyond 10^18 or '
'not finite: SQLSTATE 22003. NULL without rows.');

CREATE FUNCTION csmetrics.nrr(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_nrr';
COMMENT ON FUNCTION csmetrics.nrr(csmetrics.revenue_flow) IS
'Net revenue retention, a ratio (1.05 is 105 %): closing MRR of the accounts with opening MRR / their opening MRR. '
'Point to point, by account; new and returning accounts are out. NULL without opening MRR.';
CREATE FUNCTION csmetrics.grr(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_grr';
COMMENT ON FUNCTION csmetrics.grr(csmetrics.revenue_flow) IS
'Gross revenue retention, a ratio of at most 1: sum of min(opening, closing) by account / opening MRR. The minimum is '
'taken by account, so the expansion of one never hides the loss of another (SMSB standard). NULL without opening MRR.';
CREATE FUNCTION csmetrics.logo_churn(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_logo_churn';
COMMENT ON FUNCTION csmetrics.logo_churn(csmetrics.revenue_flow) IS
'Logo churn, a ratio: accounts with opening but no closing MRR / accounts with opening MRR. NULL without any.';
CREATE FUNCTION csmetrics.revenue_churn(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_revenue_churn';
COMMENT ON FUNCTION csmetrics.revenue_churn(csmetrics.revenue_flow) IS
'Revenue churn by churned accounts alone, a ratio: opening MRR of the accounts without closing MRR / opening MRR. With '
'contraction it is 1 - grr. NULL without opening MRR.';
CREATE FUNCTION csmetrics.contraction(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_contraction';
COMMENT ON FUNCTION csmetrics.contraction(csmetrics.revenue_flow) IS
'Contraction, a ratio: MRR lost by accounts that stayed / opening MRR. NULL without opening MRR.';
CREATE FUNCTION csmetrics.expansion(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_expansion';
COMMENT ON FUNCTION csmetrics.expansion(csmetrics.revenue_flow) IS
'Expansion, a ratio: MRR gained by accounts with opening MRR / opening MRR. New '
'accounts are out. NULL without opening MRR.';
CREATE FUNCTION csmetrics.net_revenue_churn(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_net_revenue_churn';
COMMENT ON FUNCTION csmetrics.net_revenue_churn(csmetrics.revenue_flow) IS
'Net revenue churn, a ratio: 1 - nrr, below zero where expansion outweighs the losses. NULL without opening MRR.';
CREATE FUNCTION csmetrics.quick_ratio(flow csmetrics.revenue_flow) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_quick_ratio';
COMMENT ON FUNCTION csmetrics.quick_ratio(csmetrics.revenue_flow) IS
'SaaS quick ratio: MRR gained (new, returning, expansion) / MRR lost '
'(contraction, churn). NULL when nothing was lost.';

CREATE FUNCTION csmetrics.nrr_interval(flow csmetrics.revenue_flow, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_nrr_interval';
COMMENT ON FUNCTION csmetrics.nrr_interval(csmetrics.revenue_flow, double precision) IS
'Confidence interval of nrr, as ratios, lower at least 0. Ratio estimator with the account as unit, normal quantile '
'(Cochran, Sampling Techniques, 6.4), from exact second moments. confidence is a share, 0.95 if not given; outside 0 '
'to 1: SQLSTATE 22023. NULLs below two accounts.';
CREATE FUNCTION csmetrics.grr_interval(flow csmetrics.revenue_flow, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_grr_interval';
COMMENT ON FUNCTION csmetrics.grr_interval(csmetrics.revenue_flow, double precision) IS
'Confidence interval of grr, as ratios between 0 and 1; method, confidence and NULLs as nrr_interval.';
CREATE FUNCTION csmetrics.logo_churn_interval(flow csmetrics.revenue_flow, confidence double precision DEFAULT 0.95,
    OUT lower double precision, OUT upper double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_logo_churn_interval';
COMMENT ON FUNCTION csmetrics.logo_churn_interval(csmetrics.revenue_flow, double precision) IS
'Confidence interval of logo_churn, as ratios: Wilson score (JASA 22, 1927). 0 of 20 at 0.95 gives 0 to 0.161. '
'confidence is a share, 0.95 if not given; outside 0 to 1: SQLSTATE 22023. NULLs without accounts.';

CREATE FUNCTION csmetrics.opening_mrr(flow csmetrics.revenue_flow) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_opening_mrr';
COMMENT ON FUNCTION csmetrics.opening_mrr(csmetrics.revenue_flow) IS 'Opening MRR, in money, exact.';
CREATE FUNCTION csmetrics.new_mrr(flow csmetrics.revenue_flow) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_new_mrr';
COMMENT ON FUNCTION csmetrics.new_mrr(csmetrics.revenue_flow) IS
'Closing MRR of accounts without opening MRR, in money, exact; two amounts cannot tell new from returning accounts.';
CREATE FUNCTION csmetrics.expansion_mrr(flow csmetrics.revenue_flow) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_expansion_mrr';
COMMENT ON FUNCTION csmetrics.expansion_mrr(csmetrics.revenue_flow) IS
'MRR gained by accounts with opening MRR, in money, exact.';
CREATE FUNCTION csmetrics.contraction_mrr(flow csmetrics.revenue_flow) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_contraction_mrr';
COMMENT ON FUNCTION csmetrics.contraction_mrr(csmetrics.revenue_flow) IS
'MRR lost by accounts that stayed, in money, exact, at least 0.';
CREATE FUNCTION csmetrics.churned_mrr(flow csmetrics.revenue_flow) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_churned_mrr';
COMMENT ON FUNCTION csmetrics.churned_mrr(csmetrics.revenue_flow) IS
'Opening MRR of accounts without closing MRR, in money, exact, at least 0.';
CREATE FUNCTION csmetrics.closing_mrr(flow csmetrics.revenue_flow) RETURNS numeric
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_closing_mrr';
COMMENT ON FUNCTION csmetrics.closing_mrr(csmetrics.revenue_flow) IS
'Closing MRR, in money, exact: opening + new + expansion - contraction - churned.';

CREATE FUNCTION csmetrics.account_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_account_count';
COMMENT ON FUNCTION csmetrics.account_count(csmetrics.revenue_flow) IS 'Rows given to the aggregate, with MRR or not.';
CREATE FUNCTION csmetrics.opening_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_opening_count';
COMMENT ON FUNCTION csmetrics.opening_count(csmetrics.revenue_flow) IS 'Accounts with opening MRR.';
CREATE FUNCTION csmetrics.new_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_new_count';
COMMENT ON FUNCTION csmetrics.new_count(csmetrics.revenue_flow) IS 'Accounts with closing but no opening MRR.';
CREATE FUNCTION csmetrics.expansion_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_expansion_count';
COMMENT ON FUNCTION csmetrics.expansion_count(csmetrics.revenue_flow) IS
'Accounts with opening MRR that closed above it.';
CREATE FUNCTION csmetrics.contraction_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_contraction_count';
COMMENT ON FUNCTION csmetrics.contraction_count(csmetrics.revenue_flow) IS
'Accounts that closed below their opening MRR, but above zero.';
CREATE FUNCTION csmetrics.churned_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_churned_count';
COMMENT ON FUNCTION csmetrics.churned_count(csmetrics.revenue_flow) IS 'Accounts with opening but no closing MRR.';
CREATE FUNCTION csmetrics.closing_count(flow csmetrics.revenue_flow) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_closing_count';
COMMENT ON FUNCTION csmetrics.closing_count(csmetrics.revenue_flow) IS 'Accounts with closing MRR.';

CREATE FUNCTION csmetrics.scale(flow csmetrics.revenue_flow, rate numeric) RETURNS csmetrics.revenue_flow
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'flow_scale_by';
COMMENT ON FUNCTION csmetrics.scale(csmetrics.revenue_flow, numeric) IS
'The same accounts in another currency: each sum of money times rate, rounded once to six decimals, half away from '
'zero; counts as they are. rate is above 0 and below 10^12, with at most 36 digits before and after the point, else '
'SQLSTATE 22023; a sum past 10^30: 22003. NULL for NULL.';
