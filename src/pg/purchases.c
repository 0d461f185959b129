#include "pg/arguments.h"
#include "pg/activity.h"
#include "pg/bag.h"
#include "pg/money.h"
#include "pg/results.h"
#include "pg/times.h"

#include "core/purchases.h"

STATE_IO(purchases, purchases_type);
GROWING_STATE_GROUP(purchases, purchases_type, bag_combine);

static Money
amount_arg(FunctionCallInfo fcinfo, int n)
{
	Money		amount = money_arg(fcinfo, n);

	if (amount < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("amount %s is below 0", numeric_text(PG_GETARG_DATUM(n))),
				 errhint("A refund is no purchase: leave it out, or take it off what it refunds.")));
	return amount;
}

/* Arguments: state, day, amount. Rows that are left out keep the state: only no rows at all give NULL. */
static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	Bag		   *bag = bag_own(fcinfo, &purchases_type);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
	{
		PurchaseDay row = {day_arg(fcinfo, 1, "day"), 1, amount_arg(fcinfo, 2)};

		bag = bag_with(&purchases_type, bag, &row, subtract);
	}
	return bag_result(fcinfo, &purchases_type, bag);
}

SQL_FUNCTION(purchase_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(purchase_agg_remove, accumulate(fcinfo, true));

/* Arguments: purchases, as_of, which may be infinite */
static PurchaseSummary
summary_arg(FunctionCallInfo fcinfo)
{
	return purchases_by(state_arg(fcinfo, 0, &purchases_type), (int64) day_after_arg(fcinfo, 1) - 1);
}

static Datum
day_if(FunctionCallInfo fcinfo, bool known, int64 day)
{
	if (!known)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT((DateADT) day);
}

static Datum
bound(FunctionCallInfo fcinfo, bool last)
{
	PurchaseSummary summary = summary_arg(fcinfo);

	return day_if(fcinfo, summary.days > 0, last ? summary.last_day : summary.first_day);
}

static Datum
frequency(FunctionCallInfo fcinfo)
{
	PurchaseSummary summary = summary_arg(fcinfo);

	if (summary.days == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT32((int32) (summary.days - 1));
}

static double
mean_amount(const PurchaseSummary *summary)
{
	return (double) summary->amount_after_first / MONEY_UNIT / (summary->days - 1);
}

static Datum
mean_purchase_amount(FunctionCallInfo fcinfo)
{
	PurchaseSummary summary = summary_arg(fcinfo);

	return float8_if(fcinfo, summary.days > 1, mean_amount(&summary));
}

SQL_FUNCTION(purchase_count, Int64GetDatum(summary_arg(fcinfo).purchases));
SQL_FUNCTION(purchase_total, money_to_numeric(summary_arg(fcinfo).amount));
SQL_FUNCTION(purchase_frequency, frequency(fcinfo));
SQL_FUNCTION(mean_purchase, mean_purchase_amount(fcinfo));
SQL_FUNCTION(first_purchase_on, bound(fcinfo, false));
SQL_FUNCTION(last_purchase_on, bound(fcinfo, true));

/* Days of a unit that ages are told in, argument n. */
static double
unit_days(FunctionCallInfo fcinfo, int n)
{
	static const char *const units[] = {"day", "week", NULL};

	return choice_arg(fcinfo, n, "unit", units) == 0 ? 1 : 7;
}

/* Arguments: purchases, as_of, unit */
static Datum
length_of(FunctionCallInfo fcinfo, bool to_last)
{
	int32		as_of = day_arg(fcinfo, 1, "as_of");
	double		unit = unit_days(fcinfo, 2);
	PurchaseSummary summary = purchases_by(state_arg(fcinfo, 0, &purchases_type), as_of);

	return float8_if(fcinfo, summary.days > 0, ((to_last ? summary.last_day : as_of) - summary.first_day) / unit);
}

SQL_FUNCTION(purchase_recency, length_of(fcinfo, true));
SQL_FUNCTION(purchase_age, length_of(fcinfo, false));

/* The same arguments */
static Datum
summary_row(FunctionCallInfo fcinfo)
{
	int32		as_of = day_arg(fcinfo, 1, "as_of");
	double		unit = unit_days(fcinfo, 2);
	PurchaseSummary summary = purchases_by(state_arg(fcinfo, 0, &purchases_type), as_of);
	bool		none = summary.days == 0;
	bool		nulls[] = {none, none, none, summary.days < 2};
	Datum		values[] = {
		Int32GetDatum((int32) (summary.days - 1)),
		Float8GetDatum((summary.last_day - summary.first_day) / unit),
		Float8GetDatum((as_of - summary.first_day) / unit),
		Float8GetDatum(summary.days < 2 ? 0 : mean_amount(&summary)),
	};

	return row_result(fcinfo, lengthof(values), values, nulls);
}

SQL_FUNCTION(purchase_summary, summary_row(fcinfo));
