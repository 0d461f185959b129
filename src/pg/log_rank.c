#include "pg/durations.h"
#include "pg/results.h"
#include "pg/state.h"

#include "utils/array.h"

#include "core/distributions.h"
#include "core/log_rank.h"

/* More groups than anybody compares; the matrix grows with their square. */
#define GROUPS_MAX 1000

/* Exact and bucketed lengths do not compare: then all go to buckets. */
static void
align_groups(LogRankGroup *groups, int count)
{
	uint8		flags = 0;

	for (int i = 0; i < count; i++)
		flags |= groups[i].durations->header.flags & DURATIONS_BUCKETS;
	for (int i = 0; i < count && flags; i++)
		if ((groups[i].durations->header.flags & DURATIONS_BUCKETS) == 0)
			groups[i].durations = state_closed(&durations_type, durations_reformed(groups[i].durations, DURATIONS_BUCKETS, 0));
}

static double
rho_arg(FunctionCallInfo fcinfo, int n)
{
	double		rho = PG_GETARG_FLOAT8(n);

	if (!(rho >= 0 && rho <= 100))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rho %g is not between 0 and 100", rho),
				 errhint("0 is the log-rank test; 1 gives early differences more weight.")));
	return rho;
}

static Datum
compare_groups(FunctionCallInfo fcinfo, LogRankGroup *groups, int count, double rho, bool with_degrees)
{
	double		statistic = 0;
	int			degrees = 1;
	bool		known;
	Datum		values[3];
	bool		nulls[3];

	align_groups(groups, count);
	known = log_rank_test(groups, count, rho, palloc((Size) count * count * sizeof(double)), &statistic, &degrees);
	values[0] = Float8GetDatum(statistic);
	values[with_degrees ? 2 : 1] = Float8GetDatum(known ? chi_square_tail(statistic, degrees) : 0);
	if (with_degrees)
		values[1] = Int32GetDatum(degrees);
	nulls[0] = nulls[1] = nulls[2] = !known;
	return row_result(fcinfo, with_degrees ? 3 : 2, values, nulls);
}

/* Arguments: a, b, rho */
static Datum
log_rank_pair(FunctionCallInfo fcinfo)
{
	LogRankGroup groups[2] = {{.durations = state_arg(fcinfo, 0, &durations_type)}, {.durations = state_arg(fcinfo, 1, &durations_type)}};

	return compare_groups(fcinfo, groups, 2, rho_arg(fcinfo, 2), false);
}

/* Arguments: array of durations, rho */
static Datum
log_rank_all(FunctionCallInfo fcinfo)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	LogRankGroup *groups;
	Datum	   *values;
	bool	   *nulls;
	int			given;
	int			count = 0;

	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &values, &nulls, &given);
	if (given > GROUPS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d groups are more than the %d that can be compared", given, GROUPS_MAX)));
	groups = palloc0(Max(given, 1) * sizeof(LogRankGroup));
	for (int i = 0; i < given; i++)
		if (!nulls[i])
			groups[count++].durations = state_value(values[i], &durations_type);
	return compare_groups(fcinfo, groups, count, rho_arg(fcinfo, 1), true);
}

SQL_FUNCTION(log_rank, log_rank_pair(fcinfo));
SQL_FUNCTION(log_rank_groups, log_rank_all(fcinfo));
