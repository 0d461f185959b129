#include "pg/bag.h"
#include "pg/fits.h"
#include "pg/results.h"

#include <math.h>

#include "core/gamma_gamma.h"

STATE_IO(gamma_gamma, gamma_gamma_type);
GROWING_STATE_GROUP(gamma_gamma, gamma_gamma_type, bag_combine);

static int32
frequency_arg(FunctionCallInfo fcinfo, int n)
{
	int32		frequency = PG_GETARG_INT32(n);

	if (frequency < 0 || frequency > FREQUENCY_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("frequency %d is not between 0 and %d", frequency, FREQUENCY_MAX)));
	return frequency;
}

/* Arguments: state, frequency, mean_amount [, customers]. Rows that are left out keep the state: only no rows at all give NULL. */
static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	Bag		   *bag = bag_own(fcinfo, &gamma_gamma_type);
	bool		known = true;

	for (int i = 1; i < PG_NARGS(); i++)
		known &= !PG_ARGISNULL(i);
	if (known)
	{
		SpendRow	row = {
			.frequency = frequency_arg(fcinfo, 1),
			.mean_amount = length_key(number_between_arg(fcinfo, 2, "mean_amount", 0, AMOUNT_MAX)),
			.customers = PG_NARGS() > 3 ? customers_arg(fcinfo, 3) : 1,
		};

		bag = bag_with(&gamma_gamma_type, bag, &row, subtract);
	}
	return bag_result(fcinfo, &gamma_gamma_type, bag);
}

SQL_FUNCTION(gamma_gamma_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(gamma_gamma_agg_remove, accumulate(fcinfo, true));

static Datum
fit_row(FunctionCallInfo fcinfo)
{
	SpendFit	fit = gamma_gamma_fit(state_arg(fcinfo, 0, &gamma_gamma_type), pause_fit);
	Datum		values[9] = {[5] = Int64GetDatum(fit.customers), Int64GetDatum(fit.left_out), Float8GetDatum(fit.correlation)};
	bool		nulls[9] = {[7] = !isfinite(fit.correlation)};

	fit.maximum.parameters = 3;
	put_fit(&fit.maximum, fit.reason, fit.warning, lengthof(values), values, nulls);
	return row_result(fcinfo, lengthof(values), values, nulls);
}

SQL_FUNCTION(gamma_gamma_fit_sql, fit_row(fcinfo));

static Datum
customer_count(FunctionCallInfo fcinfo)
{
	const GammaGamma *gamma_gamma = state_arg(fcinfo, 0, &gamma_gamma_type);
	int64		count = 0;

	for (int i = 0; i < gamma_gamma->bag.count; i++)
		count += gamma_gamma->row[i].customers;
	PG_RETURN_INT64(count);
}

SQL_FUNCTION(gamma_gamma_customer_count, customer_count(fcinfo));

/* Arguments: p, q, v, frequency, mean_amount, which alone may be NULL where there were no purchases */
static Datum
expected(FunctionCallInfo fcinfo)
{
	Spend		spend;
	int32		frequency;
	double		amount = 0;
	bool		known;

	for (int i = 0; i < 4; i++)
		if (PG_ARGISNULL(i))
			PG_RETURN_NULL();
	spend = (Spend) {parameter_arg(fcinfo, 0, "p"), parameter_arg(fcinfo, 1, "q"), parameter_arg(fcinfo, 2, "v")};
	frequency = frequency_arg(fcinfo, 3);
	if (PG_ARGISNULL(4) && frequency > 0)
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(4))
		amount = number_between_arg(fcinfo, 4, "mean_amount", 0, AMOUNT_MAX);
	known = gamma_gamma_expected(&spend, frequency, amount, &amount);
	return float8_if(fcinfo, known, amount);
}

SQL_FUNCTION(gamma_gamma_expected_sql, expected(fcinfo));
