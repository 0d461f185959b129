#include "pg/arguments.h"
#include "pg/bag.h"
#include "pg/fits.h"
#include "pg/results.h"

#include "core/bgnbd.h"
#include "core/pareto_nbd.h"

STATE_IO(bgnbd, bgnbd_type);
GROWING_STATE_GROUP(bgnbd, bgnbd_type, bag_combine);
STATE_IO(pareto_nbd, pareto_nbd_type);
GROWING_STATE_GROUP(pareto_nbd, pareto_nbd_type, bag_combine);

static int32
frequency_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	int32		frequency = PG_GETARG_INT32(n);

	if (frequency < 0 || frequency > FREQUENCY_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %d is not between 0 and %d", what, frequency, FREQUENCY_MAX)));
	return frequency;
}

/* Arguments from n on: frequency, recency and age, called `what`. */
static Customer
customer_args(FunctionCallInfo fcinfo, int n, const char *const *what)
{
	Customer	customer = {
		frequency_arg(fcinfo, n, what[0]),
		number_between_arg(fcinfo, n + 1, what[1], 0, AGE_MAX),
		number_between_arg(fcinfo, n + 2, what[2], 0, AGE_MAX),
	};

	if (customer.recency > customer.age)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %s is past %s %s", what[1], number_text(customer.recency), what[2], number_text(customer.age)),
				 errdetail("Both are counted from the first purchase, in one unit: to the last purchase, and to the day of the reading.")));
	if ((customer.frequency > 0) != (customer.recency > 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %s does not fit %s %s", what[1], number_text(customer.recency), what[0], number_text(customer.frequency)),
				 errdetail("The first purchase is not counted: who never came back has both 0, and who came back neither.")));
	return customer;
}

/* Arguments: state, frequency, recency, age [, customers]. Rows that are left out keep the state: only no rows at all give NULL. */
static Datum
accumulate(FunctionCallInfo fcinfo, const StateType *type, bool subtract)
{
	static const char *const what[] = {"frequency", "recency", "age"};
	Bag		   *bag = bag_own(fcinfo, type);
	bool		known = true;

	for (int i = 1; i < PG_NARGS(); i++)
		known &= !PG_ARGISNULL(i);
	if (known)
	{
		Customer	customer = customer_args(fcinfo, 1, what);
		CustomerRow row = {
			.frequency = (int64) customer.frequency,
			.recency = length_key(customer.recency),
			.age = length_key(customer.age),
			.customers = PG_NARGS() > 4 ? customers_arg(fcinfo, 4) : 1,
		};

		bag = bag_with(type, bag, &row, subtract);
	}
	return bag_result(fcinfo, type, bag);
}

SQL_FUNCTION(bgnbd_agg_add, accumulate(fcinfo, &bgnbd_type, false));
SQL_FUNCTION(bgnbd_agg_remove, accumulate(fcinfo, &bgnbd_type, true));
SQL_FUNCTION(pareto_nbd_agg_add, accumulate(fcinfo, &pareto_nbd_type, false));
SQL_FUNCTION(pareto_nbd_agg_remove, accumulate(fcinfo, &pareto_nbd_type, true));

static Datum
fit_row(FunctionCallInfo fcinfo, const StateType *type, CustomerFit (*fit_of) (const Customers *customers, void (*pause) (void)))
{
	CustomerFit fit = fit_of(state_arg(fcinfo, 0, type), pause_fit);
	Datum		values[8] = {[6] = Int64GetDatum(fit.customers)};
	bool		nulls[8] = {false};

	fit.maximum.parameters = 4;
	put_fit(&fit.maximum, fit.reason, fit.warning, lengthof(values), values, nulls);
	return row_result(fcinfo, lengthof(values), values, nulls);
}

SQL_FUNCTION(bgnbd_fit_sql, fit_row(fcinfo, &bgnbd_type, bgnbd_fit));
SQL_FUNCTION(pareto_nbd_fit_sql, fit_row(fcinfo, &pareto_nbd_type, pareto_nbd_fit));

static Customer
asked_customer(FunctionCallInfo fcinfo)
{
	static const char *const what[] = {"x", "t_x", "age"};

	return customer_args(fcinfo, 4, what);
}

/* Arguments: the parameters, x, t_x, age [, horizon] */
static Bgnbd
bgnbd_args(FunctionCallInfo fcinfo)
{
	return (Bgnbd) {
		parameter_arg(fcinfo, 0, "r"), parameter_arg(fcinfo, 1, "alpha"), parameter_arg(fcinfo, 2, "a"), parameter_arg(fcinfo, 3, "b"),
	};
}

static ParetoNbd
pareto_nbd_args(FunctionCallInfo fcinfo)
{
	return (ParetoNbd) {
		parameter_arg(fcinfo, 0, "r"), parameter_arg(fcinfo, 1, "alpha"), parameter_arg(fcinfo, 2, "s"), parameter_arg(fcinfo, 3, "beta"),
	};
}

static Datum
bgnbd_alive_of(FunctionCallInfo fcinfo)
{
	Bgnbd		model = bgnbd_args(fcinfo);
	Customer	customer = asked_customer(fcinfo);

	PG_RETURN_FLOAT8(bgnbd_alive(&model, &customer));
}

static Datum
pareto_nbd_alive_of(FunctionCallInfo fcinfo)
{
	ParetoNbd	model = pareto_nbd_args(fcinfo);
	Customer	customer = asked_customer(fcinfo);

	PG_RETURN_FLOAT8(pareto_nbd_alive(&model, &customer));
}

static Datum
bgnbd_expected_of(FunctionCallInfo fcinfo)
{
	Bgnbd		model = bgnbd_args(fcinfo);
	Customer	customer = asked_customer(fcinfo);
	double		horizon = number_between_arg(fcinfo, 7, "horizon", 0, AGE_MAX);
	double		purchases;

	if (!bgnbd_expected(&model, &customer, horizon, &purchases))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("horizon %s is too long", number_text(horizon)),
				 errdetail("At most a million times alpha + age, and ten million purchases.")));
	PG_RETURN_FLOAT8(purchases);
}

static Datum
pareto_nbd_expected_of(FunctionCallInfo fcinfo)
{
	ParetoNbd	model = pareto_nbd_args(fcinfo);
	Customer	customer = asked_customer(fcinfo);

	PG_RETURN_FLOAT8(pareto_nbd_expected(&model, &customer, number_between_arg(fcinfo, 7, "horizon", 0, AGE_MAX)));
}

SQL_FUNCTION(bgnbd_alive_sql, bgnbd_alive_of(fcinfo));
SQL_FUNCTION(bgnbd_expected_sql, bgnbd_expected_of(fcinfo));
SQL_FUNCTION(pareto_nbd_alive_sql, pareto_nbd_alive_of(fcinfo));
SQL_FUNCTION(pareto_nbd_expected_sql, pareto_nbd_expected_of(fcinfo));

static Datum
customer_count(FunctionCallInfo fcinfo, const StateType *type)
{
	const Customers *customers = state_arg(fcinfo, 0, type);
	int64		count = 0;

	for (int i = 0; i < customers->bag.count; i++)
		count += customers->row[i].customers;
	PG_RETURN_INT64(count);
}

SQL_FUNCTION(bgnbd_customer_count, customer_count(fcinfo, &bgnbd_type));
SQL_FUNCTION(pareto_nbd_customer_count, customer_count(fcinfo, &pareto_nbd_type));
