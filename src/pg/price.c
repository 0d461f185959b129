/*
 * A price brought to MRR. The factors are those of the rulebook: a year has 12
 * months, 52 weeks or 365.25 days.
 */
#include "pg/arguments.h"
#include "pg/money.h"
#include "pg/state.h"
#include "pg/times.h"

static Datum
times(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_mul, a, b);
}

static Datum
minus(Datum a, Datum b)
{
	return DirectFunctionCall2(numeric_sub, a, b);
}

static bool
less(Datum a, Datum b)
{
	return DatumGetBool(DirectFunctionCall2(numeric_lt, a, b));
}

static Datum
whole(int64 value)
{
	return NumericGetDatum(int64_to_numeric(value));
}

/*
 * round(a / b, 6), half away from zero; decided on twenty decimals, which are
 * enough: with d decimals in a, and b below 10^13, a quotient that is no half
 * is further from one than 10^-(20 + d).
 */
static Datum
ratio_of(Datum a, Datum b)
{
	Datum		exact = DirectFunctionCall2(numeric_div, times(a, numeric_from_text("1.00000000000000000000")), b);

	if (numeric_is_nan(DatumGetNumeric(exact)) || numeric_is_inf(DatumGetNumeric(exact)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("MRR out of range: %s", numeric_text(exact))));
	return DirectFunctionCall1(numeric_trim_scale,
							   DirectFunctionCall2(numeric_round, exact, Int32GetDatum(MONEY_DECIMALS)));
}

static Datum
periods_per_year(FunctionCallInfo fcinfo, int n)
{
	static const char *const units[] = {"day", "week", "month", "quarter", "year", NULL};
	static const char *const per_year[] = {"365.25", "52", "12", "4", "1"};

	return numeric_from_text(per_year[choice_arg(fcinfo, n, "unit", units)]);
}

static void
price_error(const char *what, Datum value, const char *right)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s %s is not %s", what, numeric_text(value), right)));
}

/*
 * Arguments: amount, unit, unit_count, quantity, discount_percent, discount_amount
 *
 *	 MRR = (amount * quantity * (1 - percent / 100) - discount) * periods a year / (12 * unit_count)
 */
static Datum
price_to_mrr(FunctionCallInfo fcinfo)
{
	Datum		amount = PG_GETARG_DATUM(0);
	Datum		per_year = periods_per_year(fcinfo, 1);
	Datum		unit_count = whole(PG_GETARG_INT32(2));
	Datum		quantity = PG_GETARG_DATUM(3);
	Datum		percent = PG_GETARG_DATUM(4);
	Datum		discount = PG_GETARG_DATUM(5);
	Datum		zero = whole(0);
	Datum		hundred = whole(100);
	Datum		price;

	if (less(unit_count, whole(1)))
		price_error("unit_count", unit_count, "at least 1");
	if (less(quantity, zero))
		price_error("quantity", quantity, "at least 0");
	if (less(percent, zero) || less(hundred, percent))
		price_error("discount_percent", percent, "between 0 and 100");
	if (less(discount, zero))
		price_error("discount_amount", discount, "at least 0");

	/* in hundredths, so that the only division is the last */
	price = times(times(amount, quantity), minus(hundred, percent));
	/* a discount takes a charge down to nothing, never below; a credit has none to give */
	if (!less(price, zero))
	{
		price = minus(price, times(discount, hundred));
		if (less(price, zero))
			price = zero;
	}
	return ratio_of(times(price, per_year), times(unit_count, whole(1200)));
}

/* Arguments: amount, starts, ends: whole months where the term is of whole months, else days */
static Datum
term_to_mrr(FunctionCallInfo fcinfo)
{
	int32		starts = day_arg(fcinfo, 1, "starts");
	int32		ends = day_arg(fcinfo, 2, "ends");
	PeriodOrigin origin;
	int32		months;

	if (ends <= starts)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ends %s is not after starts %s", day_text(ends), day_text(starts)),
				 errhint("A term is in force on days from starts on and before ends.")));
	origin = period_origin(starts, PERIOD_MONTH);
	months = period_index(&origin, ends);
	if (period_start(starts, PERIOD_MONTH, months) == ends)
		return ratio_of(PG_GETARG_DATUM(0), whole(months));
	return ratio_of(times(PG_GETARG_DATUM(0), numeric_from_text("365.25")), whole((int64) 12 * (ends - starts)));
}

SQL_FUNCTION(mrr_from_price, price_to_mrr(fcinfo));
SQL_FUNCTION(mrr_from_term, term_to_mrr(fcinfo));
