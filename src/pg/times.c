#include "pg/times.h"

#include "pg/arguments.h"

char *
day_text(int32 day)
{
	return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(day)));
}

int32
day_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	int32		day = PG_GETARG_DATEADT(n);

	if (!day_is_valid(day))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s out of range: %s", what, day_text(day)),
				 errdetail("Days lie between 0001-01-01 and 9999-12-31.")));
	return day;
}

int32
open_day_arg(FunctionCallInfo fcinfo, int n, const char *what, int32 open)
{
	return PG_ARGISNULL(n) || DATE_IS_NOEND(PG_GETARG_DATEADT(n)) ? open : day_arg(fcinfo, n, what);
}

void
day_range_args(FunctionCallInfo fcinfo, int n, int32 *from, int32 *to)
{
	require_not_null(fcinfo, n, "from_date");
	require_not_null(fcinfo, n + 1, "to_date");
	*from = day_arg(fcinfo, n, "from_date");
	*to = day_arg(fcinfo, n + 1, "to_date");
	if (*from >= *to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("to_date %s is not after from_date %s", day_text(*to), day_text(*from)),
				 errdetail("The days are those from from_date on and before to_date.")));
}

char *
instant_text(int64 instant)
{
	return DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampTzGetDatum(instant)));
}

int64
open_instant_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	int64		instant = PG_ARGISNULL(n) ? INSTANT_NEVER : PG_GETARG_TIMESTAMPTZ(n);

	StaticAssertStmt(INSTANT_NEVER == DT_NOEND, "infinity is never");
	if (!instant_is_valid_or_never(instant))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s out of range: %s", what, instant_text(instant)),
				 errdetail("Instants lie in the years 1 to 9999, UTC; NULL or infinity is never.")));
	return instant;
}

void
instant_range_args(FunctionCallInfo fcinfo, int n, int64 *from, int64 *to)
{
	*from = PG_GETARG_TIMESTAMPTZ(n);
	*to = PG_GETARG_TIMESTAMPTZ(n + 1);
	if (*from >= *to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("to_at %s is not after from_at %s", instant_text(*to), instant_text(*from)),
				 errdetail("The instants are those from from_at on and before to_at.")));
}

int64
span_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	const Interval *interval = PG_GETARG_INTERVAL_P(n);
	/* neither product nor sum gets past 128 bits */
	int128		span = (int128) interval->day * DAY_LENGTH + interval->time;

	if (interval->month != 0 || span < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %s is not a fixed length of time from 0 on", what,
						DatumGetCString(DirectFunctionCall1(interval_out, IntervalPGetDatum(interval)))),
				 errhint("Write days, which are 24 hours each, or hours: months and years differ in length.")));
	return span < PG_INT64_MAX ? (int64) span : PG_INT64_MAX;
}

Datum
interval_in_days(int64 span)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->day = span / DAY_LENGTH;
	interval->time = span % DAY_LENGTH;
	PG_RETURN_INTERVAL_P(interval);
}
