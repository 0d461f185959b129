#include "pg/state.h"
#include "pg/values.h"

/* Arguments: successes, trials, confidence */
static Datum
wilson(FunctionCallInfo fcinfo)
{
	int64		successes = PG_GETARG_INT64(0);
	int64		trials = PG_GETARG_INT64(1);
	double		confidence = confidence_arg(fcinfo, 2);
	Bounds		bounds = {0};
	bool		known = trials > 0 && successes >= 0 && successes <= trials;

	if (known)
		bounds = wilson_interval(successes, trials, confidence);
	return interval_if(fcinfo, known, bounds);
}

SQL_FUNCTION(wilson_interval_sql, wilson(fcinfo));
