#include "pg/arguments.h"
#include "pg/money.h"
#include "pg/results.h"
#include "pg/state.h"
#include "pg/times.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "core/churn.h"

STATE_IO(churn, churn_type);
STATE_GROUP(churn, churn_type);

static const Churn *
churn_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &churn_type);
}

static void
check_term(int32 started, int32 ended)
{
	if (ended < started)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ended %s is before started %s", day_text(ended), day_text(started)),
				 errhint("A customer is in force on days from started on and before ended.")));
}

/* Arguments: state, started, ended, from_date, to_date [, mrr [, renews_on]] */
static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	Churn	   *churn;
	ChurnRow	row = {.ended = DAY_NEVER, .renews = DAY_NEVER};
	int32		from;
	int32		to;

	day_range_args(fcinfo, 3, &from, &to);
	if (PG_ARGISNULL(0))
	{
		churn = state_new(&churn_type, 0);
		churn->from = from;
		churn->to = to;
	}
	else
		churn = state_own(fcinfo, 0, &churn_type);
	if (churn->from != from || churn->to != to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_date and to_date must be the same in every row of a group"),
				 errdetail("This row asks for %s to %s, those before it for %s to %s.",
						   day_text(from), day_text(to), day_text(churn->from), day_text(churn->to))));

	if (PG_ARGISNULL(1))
		row.started = DAY_NEVER;
	else
	{
		row.started = day_arg(fcinfo, 1, "started");
		row.ended = open_day_arg(fcinfo, 2, "ended", DAY_NEVER);
		check_term(row.started, row.ended);
	}
	if (PG_NARGS() > 5)
	{
		if (PG_ARGISNULL(5))
			row.started = DAY_NEVER;
		else
			row.mrr = money_arg(fcinfo, 5);
	}
	if (PG_NARGS() > 6)
		row.renews = open_day_arg(fcinfo, 6, "renews_on", DAY_NEVER);
	if (!churn_add(churn, &row, subtract))
		overflow_error(&churn_type);
	return unless_empty(fcinfo, churn, churn->given);
}

SQL_FUNCTION(churn_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(churn_agg_remove, accumulate(fcinfo, true));

static ChurnDenominator
denominator_arg(FunctionCallInfo fcinfo, int n)
{
	return choice_arg(fcinfo, n, "denominator", churn_denominators);
}

static Datum
logo_churn(FunctionCallInfo fcinfo)
{
	ChurnGroup	lost,
				base;

	churn_twice(churn_arg(fcinfo), denominator_arg(fcinfo, 1), &lost, &base);
	return float8_if(fcinfo, base.count > 0, (double) lost.count / base.count);
}

static Datum
revenue_churn(FunctionCallInfo fcinfo)
{
	ChurnGroup	lost,
				base;

	churn_twice(churn_arg(fcinfo), denominator_arg(fcinfo, 1), &lost, &base);
	return float8_if(fcinfo, base.mrr > 0, (double) lost.mrr / (double) base.mrr);
}

/* Halves of an average need not be whole, and what was lost can then pass the base: no share, no interval. */
static Datum
logo_churn_interval(FunctionCallInfo fcinfo)
{
	ChurnDenominator denominator = denominator_arg(fcinfo, 2);
	double		confidence = confidence_arg(fcinfo, 1);
	Bounds	interval = {0};
	ChurnGroup	lost,
				base;
	bool		known;

	churn_twice(churn_arg(fcinfo), denominator, &lost, &base);
	known = base.count > 0 && lost.count <= base.count;
	if (known)
		interval = wilson_interval(lost.count / 2.0, base.count / 2.0, confidence);
	return interval_if(fcinfo, known, interval);
}

SQL_FUNCTION(churn_logo, logo_churn(fcinfo));
SQL_FUNCTION(churn_revenue, revenue_churn(fcinfo));
SQL_FUNCTION(churn_logo_interval, logo_churn_interval(fcinfo));

SQL_FUNCTION(churn_account_count, Int64GetDatum(churn_arg(fcinfo)->given));
SQL_FUNCTION(churn_opening_count, Int64GetDatum(churn_arg(fcinfo)->opening.count));
SQL_FUNCTION(churn_churned_count, Int64GetDatum(churn_arg(fcinfo)->churned.count));
SQL_FUNCTION(churn_new_count, Int64GetDatum(churn_arg(fcinfo)->joined.count));
SQL_FUNCTION(churn_intra_period_count, Int64GetDatum(churn_arg(fcinfo)->intra_period.count));
SQL_FUNCTION(churn_due_count, Int64GetDatum(churn_arg(fcinfo)->due.count));
SQL_FUNCTION(churn_unrenewed_count, Int64GetDatum(churn_arg(fcinfo)->unrenewed.count));
SQL_FUNCTION(churn_closing_count, Int64GetDatum(churn_closing(churn_arg(fcinfo)).count));

SQL_FUNCTION(churn_opening_mrr, money_to_numeric(churn_arg(fcinfo)->opening.mrr));
SQL_FUNCTION(churn_churned_mrr, money_to_numeric(churn_arg(fcinfo)->churned.mrr));
SQL_FUNCTION(churn_new_mrr, money_to_numeric(churn_arg(fcinfo)->joined.mrr));
SQL_FUNCTION(churn_intra_period_mrr, money_to_numeric(churn_arg(fcinfo)->intra_period.mrr));
SQL_FUNCTION(churn_due_mrr, money_to_numeric(churn_arg(fcinfo)->due.mrr));
SQL_FUNCTION(churn_unrenewed_mrr, money_to_numeric(churn_arg(fcinfo)->unrenewed.mrr));
SQL_FUNCTION(churn_closing_mrr, money_to_numeric(churn_closing(churn_arg(fcinfo)).mrr));

static double
rate_checked(double rate)
{
	if (!(rate <= 1) || isinf(rate))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("churn rate %g is not a share of at most 1", rate),
				 errhint("Write 0.05 for 5 %%; net churn may be below 0.")));
	return rate;
}

static int
months_checked(int months)
{
	if (months < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("months %d is not at least 1", months)));
	return months;
}

SQL_FUNCTION(annualize_churn, Float8GetDatum(compound_churn(rate_checked(PG_GETARG_FLOAT8(0)),
															months_checked(PG_GETARG_INT32(1)), 12)));
SQL_FUNCTION(monthly_churn, Float8GetDatum(compound_churn(rate_checked(PG_GETARG_FLOAT8(0)), 12, 1)));

/* 1 - product of (1 - c) over the months of the array, brought to twelve of them */
static Datum
annualize_months(FunctionCallInfo fcinfo)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *rates;
	bool	   *nulls;
	int			count;
	double		log_kept = 0;

	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &rates, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			PG_RETURN_NULL();
		log_kept += log1p(-rate_checked(DatumGetFloat8(rates[i])));
	}
	return float8_if(fcinfo, count > 0, -expm1(log_kept * 12 / count));
}

SQL_FUNCTION(annualize_churn_months, annualize_months(fcinfo));
