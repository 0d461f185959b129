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
