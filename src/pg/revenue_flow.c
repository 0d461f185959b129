#include "pg/arguments.h"
#include "pg/money.h"
#include "pg/results.h"
#include "pg/state.h"

#include "core/revenue_flow.h"

STATE_IO(revenue_flow, revenue_flow_type);
STATE_GROUP(revenue_flow, revenue_flow_type);

static const RevenueFlow *
flow_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &revenue_flow_type);
}

/* NULL is no MRR: the side of an outer join that found nothing */
static Money
mrr_or_zero(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? 0 : money_arg(fcinfo, n);
}

static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	RevenueFlow *flow = PG_ARGISNULL(0) ? state_new(&revenue_flow_type, 0) : state_own(fcinfo, 0, &revenue_flow_type);

	if (!revenue_flow_add(flow, mrr_or_zero(fcinfo, 1), mrr_or_zero(fcinfo, 2), subtract))
		overflow_error(&revenue_flow_type);
	return unless_empty(fcinfo, flow, flow->given);
}

SQL_FUNCTION(nrr_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(nrr_agg_remove, accumulate(fcinfo, true));

static Datum
scaled(FunctionCallInfo fcinfo)
{
	Factor		rate = factor_arg(fcinfo, 1, "rate");
	RevenueFlow *flow = state_own(fcinfo, 0, &revenue_flow_type);

	if (!revenue_flow_scale(flow, &rate))
		overflow_error(&revenue_flow_type);
	PG_RETURN_POINTER(flow);
}

SQL_FUNCTION(flow_scale_by, scaled(fcinfo));

typedef bool (*IntervalReader) (const RevenueFlow *, double, Bounds *);

static Datum
ratio(FunctionCallInfo fcinfo, RevenueRatio read)
{
	double		value;
	bool		known = read(flow_arg(fcinfo), &value);

	return float8_if(fcinfo, known, value);
}

SQL_FUNCTION(flow_nrr, ratio(fcinfo, revenue_flow_nrr));
SQL_FUNCTION(flow_grr, ratio(fcinfo, revenue_flow_grr));
SQL_FUNCTION(flow_logo_churn, ratio(fcinfo, revenue_flow_logo_churn));
SQL_FUNCTION(flow_revenue_churn, ratio(fcinfo, revenue_flow_revenue_churn));
SQL_FUNCTION(flow_contraction, ratio(fcinfo, revenue_flow_contraction));
SQL_FUNCTION(flow_expansion, ratio(fcinfo, revenue_flow_expansion));
SQL_FUNCTION(flow_net_revenue_churn, ratio(fcinfo, revenue_flow_net_revenue_churn));
SQL_FUNCTION(flow_quick_ratio, ratio(fcinfo, revenue_flow_quick_ratio));

static Datum
interval(FunctionCallInfo fcinfo, IntervalReader read)
{
	Bounds	value = {0};
	bool		known = read(flow_arg(fcinfo), confidence_arg(fcinfo, 1), &value);

	return interval_if(fcinfo, known, value);
}

SQL_FUNCTION(flow_nrr_interval, interval(fcinfo, revenue_flow_nrr_interval));
SQL_FUNCTION(flow_grr_interval, interval(fcinfo, revenue_flow_grr_interval));
SQL_FUNCTION(flow_logo_churn_interval, interval(fcinfo, revenue_flow_logo_churn_interval));

SQL_FUNCTION(flow_opening_mrr, money_to_numeric(flow_arg(fcinfo)->opening));
SQL_FUNCTION(flow_new_mrr, money_to_numeric(flow_arg(fcinfo)->new_mrr));
SQL_FUNCTION(flow_expansion_mrr, money_to_numeric(flow_arg(fcinfo)->expansion));
SQL_FUNCTION(flow_contraction_mrr, money_to_numeric(flow_arg(fcinfo)->contraction));
SQL_FUNCTION(flow_churned_mrr, money_to_numeric(flow_arg(fcinfo)->churned));
SQL_FUNCTION(flow_closing_mrr, money_to_numeric(revenue_flow_closing(flow_arg(fcinfo))));

SQL_FUNCTION(flow_account_count, Int64GetDatum(flow_arg(fcinfo)->given));
SQL_FUNCTION(flow_opening_count, Int64GetDatum(flow_arg(fcinfo)->opening_count));
SQL_FUNCTION(flow_new_count, Int64GetDatum(flow_arg(fcinfo)->new_count));
SQL_FUNCTION(flow_expansion_count, Int64GetDatum(flow_arg(fcinfo)->expansion_count));
SQL_FUNCTION(flow_contraction_count, Int64GetDatum(flow_arg(fcinfo)->contraction_count));
SQL_FUNCTION(flow_churned_count, Int64GetDatum(flow_arg(fcinfo)->churned_count));
SQL_FUNCTION(flow_closing_count, Int64GetDatum(revenue_flow_closing_count(flow_arg(fcinfo))));
