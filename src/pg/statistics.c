#include "pg/arguments.h"
#include "pg/results.h"
#include "pg/state.h"

/* Arguments: successes, trials, confidence */
static Datum
share_interval(FunctionCallInfo fcinfo, Bounds (*interval) (double successes, double n, double confidence))
{
	int64		successes = PG_GETARG_INT64(0);
	int64		trials = PG_GETARG_INT64(1);
	double		confidence = confidence_arg(fcinfo, 2);
	Bounds		bounds = {0};
	bool		known = share_known(successes, trials);

	if (known)
		bounds = interval(successes, trials, confidence);
	return interval_if(fcinfo, known, bounds);
}

SQL_FUNCTION(wilson_interval_sql, share_interval(fcinfo, wilson_interval));
SQL_FUNCTION(clopper_pearson_interval_sql, share_interval(fcinfo, clopper_pearson_interval));

static Datum
quantile(FunctionCallInfo fcinfo)
{
	double		share = PG_GETARG_FLOAT8(0);

	if (!(share > 0 && share < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share %g is not between 0 and 1", share),
				 errhint("Write 0.975 for the upper end of an interval of 95 %%.")));
	if (share == 0.5)
		PG_RETURN_FLOAT8(0);
	PG_RETURN_FLOAT8(share > 0.5 ? normal_quantile_two_sided(2 * share - 1) : -normal_quantile_two_sided(1 - 2 * share));
}

SQL_FUNCTION(normal_quantile, quantile(fcinfo));
