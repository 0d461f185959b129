#include "pg/arguments.h"
#include "pg/results.h"
#include "pg/state.h"

#include "core/rate.h"

STATE_IO(rate, rate_type);
STATE_GROUP(rate, rate_type);

static const Rate *
rate_arg(FunctionCallInfo fcinfo, int n)
{
	return state_arg(fcinfo, n, &rate_type);
}

/*
 * Arguments: state, success. NULL rows add nothing, but keep the state: only no
 * rows at all give NULL. A moving aggregate starts over by itself when its last
 * row leaves, so the state need not count rows.
 */
static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	Rate	   *rate = PG_ARGISNULL(0) ? state_new(&rate_type, 0) : state_own(fcinfo, 0, &rate_type);

	if (!PG_ARGISNULL(1) && !rate_add(rate, PG_GETARG_BOOL(1), subtract))
		overflow_error(&rate_type);
	PG_RETURN_POINTER(rate);
}

SQL_FUNCTION(rate_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(rate_agg_remove, accumulate(fcinfo, true));

static Datum
make(int64 successes, int64 trials)
{
	Rate	   *rate = state_new(&rate_type, 0);

	if (successes < 0 || successes > trials)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("successes " INT64_FORMAT " of trials " INT64_FORMAT " are not a share", successes, trials),
				 errhint("Successes lie between 0 and trials.")));
	if (trials >= COUNT_LIMIT)
		overflow_error(&rate_type);
	rate->successes = successes;
	rate->trials = trials;
	PG_RETURN_POINTER(rate);
}

SQL_FUNCTION(make_rate, make(PG_GETARG_INT64(0), PG_GETARG_INT64(1)));

static Datum
share(FunctionCallInfo fcinfo)
{
	const Rate *rate = rate_arg(fcinfo, 0);

	return float8_if(fcinfo, rate_known(rate), rate_share(rate));
}

static Datum
interval(FunctionCallInfo fcinfo)
{
	const Rate *rate = rate_arg(fcinfo, 0);
	double		confidence = confidence_arg(fcinfo, 1);
	int			method = choice_arg(fcinfo, 2, "method", rate_interval_methods);
	Bounds		bounds = {0};

	if (rate_known(rate))
		bounds = rate_bounds(rate, method, confidence);
	return interval_if(fcinfo, rate_known(rate), bounds);
}

/* Row (difference, lower, upper) */
static Datum
difference(FunctionCallInfo fcinfo)
{
	const Rate *a = rate_arg(fcinfo, 0);
	const Rate *b = rate_arg(fcinfo, 1);
	double		confidence = confidence_arg(fcinfo, 2);
	int			method = choice_arg(fcinfo, 3, "method", rate_difference_methods);
	bool		unknown = !rate_known(a) || !rate_known(b);
	bool		nulls[3] = {unknown, unknown, unknown};
	Datum		values[3] = {0};
	Bounds		bounds;

	if (!unknown)
	{
		bounds = rate_difference_bounds(a, b, method, confidence);
		values[0] = Float8GetDatum(rate_share(a) - rate_share(b));
		values[1] = Float8GetDatum(bounds.lower);
		values[2] = Float8GetDatum(bounds.upper);
	}
	return row_result(fcinfo, lengthof(values), values, nulls);
}

SQL_FUNCTION(rate_share_sql, share(fcinfo));
SQL_FUNCTION(rate_success_count, Int64GetDatum(rate_arg(fcinfo, 0)->successes));
SQL_FUNCTION(rate_trial_count, Int64GetDatum(rate_arg(fcinfo, 0)->trials));
SQL_FUNCTION(rate_interval, interval(fcinfo));
SQL_FUNCTION(rate_difference, difference(fcinfo));
