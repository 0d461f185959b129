#include "pg/fits.h"
#include "pg/results.h"
#include "pg/state.h"

#include "core/bdw.h"

static int
period_arg(FunctionCallInfo fcinfo, int n, const char *what, int least)
{
	int			period = PG_GETARG_INT32(n);

	if (period < least || period > SBG_PERIOD_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %d is not between %d and %d", what, period, least, SBG_PERIOD_MAX)));
	return period;
}

static BdwFit
fit_arg(FunctionCallInfo fcinfo)
{
	return bdw_fit(state_arg(fcinfo, 0, &sbg_type), pause_fit);
}

static Datum
fit_row(FunctionCallInfo fcinfo)
{
	BdwFit		fit = fit_arg(fcinfo);
	Datum		values[6];
	bool		nulls[6] = {false};

	fit.maximum.parameters = 3;
	put_fit(&fit.maximum, fit.reason, fit.warning, lengthof(values), values, nulls);
	return row_result(fcinfo, lengthof(values), values, nulls);
}

SQL_FUNCTION(bdw_fit_sql, fit_row(fcinfo));

static Datum
surviving(FunctionCallInfo fcinfo)
{
	Bdw			model = {parameter_arg(fcinfo, 0, "alpha"), parameter_arg(fcinfo, 1, "beta"), parameter_arg(fcinfo, 2, "c")};

	PG_RETURN_FLOAT8(bdw_surviving(&model, period_arg(fcinfo, 3, "period", 0)));
}

SQL_FUNCTION(bdw_surviving_sql, surviving(fcinfo));

/* Arguments: state, periods */
static Datum
retention_rows(FunctionCallInfo fcinfo)
{
	BdwFit		fit = fit_arg(fcinfo);
	Bdw			model = {fit.maximum.parameter[0], fit.maximum.parameter[1], fit.maximum.parameter[2]};
	int			periods = period_arg(fcinfo, 1, "periods", 1);
	RowBuilder	row = rows_begin(fcinfo);
	double		before = 1;

	for (int period = 1; period <= periods && fit.reason == NULL && fit.maximum.converged; period++)
	{
		double		after = bdw_surviving(&model, period);

		row_put(&row, Int32GetDatum(period));
		row_put(&row, Float8GetDatum(after));
		row_put_ratio(&row, before > 0, after / before);
		row_end(&row);
		before = after;
	}
	return (Datum) 0;
}

SQL_FUNCTION(bdw_retention, retention_rows(fcinfo));
