#include "pg/bag.h"
#include "pg/results.h"

#include <math.h>

#include "core/sbg.h"

STATE_IO(sbg, sbg_type);
GROWING_STATE_GROUP(sbg, sbg_type, bag_combine);

static const Sbg *
sbg_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &sbg_type);
}

static int
period_arg(FunctionCallInfo fcinfo, int n, const char *what, int least)
{
	int			period = PG_GETARG_INT32(n);

	if (period < least || period > SBG_PERIOD_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %d is not between %d and %d", what, period, least, SBG_PERIOD_MAX),
				 errdetail("Renewals are numbered from 1. An account churned at one, or survived so many, 0 if none came up yet.")));
	return period;
}

static int64
accounts_checked(int64 accounts)
{
	if (accounts < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("accounts " INT64_FORMAT " is not at least 0", accounts)));
	return accounts;
}

/*
 * Arguments: state, period, churned [, accounts]. Rows that are left out keep the
 * state: only no rows at all give NULL.
 */
static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	Sbg		   *sbg = (Sbg *) bag_own(fcinfo, &sbg_type);
	bool		counted = PG_NARGS() > 3;

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !(counted && PG_ARGISNULL(3)))
	{
		bool		churned = PG_GETARG_BOOL(2);
		int64		accounts = counted ? accounts_checked(PG_GETARG_INT64(3)) : 1;
		SbgRow		row = {
			.period = period_arg(fcinfo, 1, "period", churned ? 1 : 0),
			.churned = churned ? accounts : 0,
			.kept = churned ? 0 : accounts,
		};

		sbg = (Sbg *) bag_with(&sbg_type, &sbg->bag, &row, subtract);
	}
	return bag_result(fcinfo, &sbg_type, &sbg->bag);
}

SQL_FUNCTION(sbg_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(sbg_agg_remove, accumulate(fcinfo, true));

static Datum
account_count(FunctionCallInfo fcinfo)
{
	SbgRow		totals = sbg_totals(sbg_arg(fcinfo));

	PG_RETURN_INT64(totals.churned + totals.kept);
}

SQL_FUNCTION(sbg_account_count, account_count(fcinfo));
SQL_FUNCTION(sbg_churned_count, Int64GetDatum(sbg_totals(sbg_arg(fcinfo)).churned));

static Datum
fit_row(FunctionCallInfo fcinfo)
{
	SbgFit		fit = sbg_fit(sbg_arg(fcinfo));
	bool		none = fit.reason != NULL;
	Datum		values[4] = {Float8GetDatum(fit.alpha), Float8GetDatum(fit.beta), Float8GetDatum(fit.log_likelihood)};
	bool		nulls[4] = {none, none, none, !none};

	if (none)
		values[3] = CStringGetTextDatum(fit.reason);
	return row_result(fcinfo, lengthof(values), values, nulls);
}

/* Arguments: state, periods */
static Datum
retention_rows(FunctionCallInfo fcinfo)
{
	SbgFit		fit = sbg_fit(sbg_arg(fcinfo));
	int			periods = period_arg(fcinfo, 1, "periods", 1);
	RowBuilder	row = rows_begin(fcinfo);
	double		surviving = 1;

	for (int period = 1; period <= periods && fit.reason == NULL; period++)
	{
		double		retention = sbg_retention_rate(&fit, period);

		surviving *= retention;
		row_put(&row, Int32GetDatum(period));
		row_put(&row, Float8GetDatum(surviving));
		row_put(&row, Float8GetDatum(retention));
		row_end(&row);
	}
	return (Datum) 0;
}

/* Arguments: state, discount_rate, periods_survived */
static Datum
residual_lifetime(FunctionCallInfo fcinfo)
{
	double		discount_rate = PG_GETARG_FLOAT8(1);
	int			survived = period_arg(fcinfo, 2, "periods_survived", 0);
	SbgFit		fit;

	if (!(discount_rate >= SBG_DISCOUNT_MIN) || isinf(discount_rate))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("discount_rate %g is not finite and at least %g", discount_rate, SBG_DISCOUNT_MIN),
				 errhint("Write 0.1 for 10 %% a period; without any discount the sum may have no bound.")));
	fit = sbg_fit(sbg_arg(fcinfo));
	if (fit.reason)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sbg_residual_lifetime(&fit, discount_rate, survived));
}

SQL_FUNCTION(sbg_fit_sql, fit_row(fcinfo));
SQL_FUNCTION(sbg_retention, retention_rows(fcinfo));
SQL_FUNCTION(sbg_residual_lifetime_sql, residual_lifetime(fcinfo));
