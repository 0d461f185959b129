#include "pg/arguments.h"
#include "pg/results.h"
#include "pg/state.h"

#include <math.h>

#include "core/payments.h"

/* Horizons are of up to a hundred years. */
#define MONTHS_MAX 1200

static double
rate_above(FunctionCallInfo fcinfo, int n, const char *what, double least)
{
	double		rate = PG_GETARG_FLOAT8(n);

	if (!(rate >= least && rate <= 10))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %g is not a share between %g and 10", what, rate, least),
				 errhint("Write 0.1 for 10 %%.")));
	return rate;
}

/* Arguments: durations, months, annual_discount, monthly_expansion, in_advance, confidence */
static Datum
payments(FunctionCallInfo fcinfo)
{
	PaymentPlan plan = {
		.months = PG_GETARG_INT32(1),
		.discount = rate_above(fcinfo, 2, "annual_discount", 0),
		.growth = rate_above(fcinfo, 3, "monthly_expansion", -1),
		.in_advance = PG_GETARG_BOOL(4),
	};
	double		z = normal_quantile_two_sided(confidence_arg(fcinfo, 5));
	double		sum = 0;
	double		variance = 0;
	int			months = 0;
	double		half;
	bool		known;
	bool		bounded;
	Datum		values[4];
	bool		nulls[lengthof(values)];

	if (plan.months < 1 || plan.months > MONTHS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("months %d is not between 1 and %d", plan.months, MONTHS_MAX)));
	known = expected_payments(state_arg(fcinfo, 0, &durations_type), &plan, &sum, &variance, &months) && isfinite(sum);
	bounded = known && variance >= 0;
	half = bounded ? z * sqrt(variance) : 0;
	values[0] = Float8GetDatum(sum);
	values[1] = Float8GetDatum(fmax(0, sum - half));
	values[2] = Float8GetDatum(sum + half);
	values[3] = Int32GetDatum(months);
	nulls[0] = nulls[3] = !known;
	nulls[1] = nulls[2] = !bounded;
	return row_result(fcinfo, lengthof(values), values, nulls);
}

SQL_FUNCTION(expected_payments_sql, payments(fcinfo));
