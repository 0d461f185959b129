#include "pg/activity.h"
#include "pg/arguments.h"
#include "pg/results.h"
#include "pg/state.h"
#include "pg/times.h"

#include <math.h>

#include "core/trend.h"

STATE_IO(activity, activity_type);

/* Room for a few days; sizes are powers of two, as the allocator's are. */
#define FIRST_SIZE 256
/* Room for 131,071 days, 359 years; the stream of so many has fewer than STATE_ROWS_MAX bytes. */
#define LAST_SIZE (1 << 21)

static Activity *
activity_new(Size size)
{
	return state_new_sized(&activity_type, size, STATE_OPEN);
}

/*
 * The open state with that day in it. Where room runs out the entries are added
 * up first, and where that does not free a quarter of it, copied to twice the size.
 */
static Activity *
with_day(Activity *activity, int32 day, int64 events)
{
	while (!activity_record(activity, VARSIZE(activity), day, events))
	{
		Size		used = activity_compact(activity);
		Activity   *larger;

		if (used == 0)
			overflow_error(&activity_type);
		if (used <= VARSIZE(activity) / 4 * 3)
			continue;
		if (VARSIZE(activity) >= LAST_SIZE)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("activity of more than %d days", activity->entries)));
		larger = activity_new(2 * (Size) VARSIZE(activity));
		memcpy((char *) larger + sizeof(StateHeader), (char *) activity + sizeof(StateHeader), used - sizeof(StateHeader));
		activity = larger;
	}
	return activity;
}

Activity *
activity_begin(void)
{
	return activity_new(FIRST_SIZE);
}

Activity *
activity_with_days(Activity *into, ActivityWalk from, bool subtract)
{
	while (activity_next(&from))
		for (uint64 rest = from.recorded; rest; rest &= rest - 1)
		{
			int64		events = chunk_events(&from, rest & -rest);

			into = with_day(into, from.day + __builtin_ctzll(rest), subtract ? -events : events);
		}
	return into;
}

/* The days of a finished state added to an open one, or taken out. */
static Activity *
with_days(Activity *into, const Activity *from, bool subtract)
{
	return activity_with_days(into, activity_walk(from, VARSIZE(from)), subtract);
}

/* The state of a transition, open. */
static Activity *
activity_own(FunctionCallInfo fcinfo)
{
	Activity   *activity = PG_ARGISNULL(0) ? activity_begin() : state_own(fcinfo, 0, &activity_type);

	return (activity->header.flags & STATE_OPEN) ? activity : with_days(activity_begin(), activity, false);
}

int64
events_arg(FunctionCallInfo fcinfo, int n)
{
	int64		events = PG_GETARG_INT64(n);

	if (events < 0 || events >= EVENTS_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("events " INT64_FORMAT " is not between 0 and " INT64_FORMAT, events, EVENTS_LIMIT - 1)));
	return events;
}

/* Arguments: state, day [, events]. Rows that are left out keep the state: only no rows at all give NULL. */
static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	Activity   *activity = activity_own(fcinfo);
	bool		counted = PG_NARGS() > 2;

	if (!PG_ARGISNULL(1) && !(counted && PG_ARGISNULL(2)))
	{
		int32		day = day_arg(fcinfo, 1, "day");
		int64		events = counted ? events_arg(fcinfo, 2) : 1;

		if (events > 0)
			activity = with_day(activity, day, subtract ? -events : events);
	}
	return state_result(fcinfo, &activity_type, activity);
}

SQL_FUNCTION(activity_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(activity_agg_remove, accumulate(fcinfo, true));

static const Activity *
activity_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &activity_type);
}

static Datum
combine(FunctionCallInfo fcinfo, bool subtract)
{
	Activity   *into = activity_own(fcinfo);

	return state_result(fcinfo, &activity_type, with_days(into, state_arg(fcinfo, 1, &activity_type), subtract));
}

SQL_FUNCTION(activity_merge, combine(fcinfo, false));
SQL_FUNCTION(activity_unmerge, combine(fcinfo, true));
SQL_FUNCTION(activity_final, PointerGetDatum(activity_arg(fcinfo)));

/* Readers */

/* Arguments: activity, from_date, to_date */
static int64
over_window(FunctionCallInfo fcinfo, int64 (*read) (const Activity *activity, size_t size, int32 from, int32 to))
{
	const Activity *activity = activity_arg(fcinfo);
	int32		from,
				to;

	day_range_args(fcinfo, 1, &from, &to);
	return read(activity, VARSIZE(activity), from, to);
}

SQL_FUNCTION(active_days, Int64GetDatum(over_window(fcinfo, activity_active_days)));
SQL_FUNCTION(events_between, Int64GetDatum(over_window(fcinfo, activity_events)));
SQL_FUNCTION(longest_gap, Int32GetDatum((int32) over_window(fcinfo, activity_longest_gap)));

int32
day_after_arg(FunctionCallInfo fcinfo, int n)
{
	return DATE_IS_NOEND(PG_GETARG_DATEADT(n)) ? DAY_LAST + 1 : day_arg(fcinfo, n, "as_of") + 1;
}

/* Arguments: activity, as_of */
static Datum
bound(FunctionCallInfo fcinfo, bool last)
{
	const Activity *activity = activity_arg(fcinfo);
	int32		bounds[2];

	if (!activity_bounds(activity, VARSIZE(activity), DAY_FIRST, day_after_arg(fcinfo, 1), &bounds[0], &bounds[1]))
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(bounds[last]);
}

SQL_FUNCTION(first_active_on, bound(fcinfo, false));
SQL_FUNCTION(last_active_on, bound(fcinfo, true));

static int32
days_arg(FunctionCallInfo fcinfo, int n, const char *what, int32 least, int32 most)
{
	int32		days = PG_GETARG_INT32(n);

	if (days < least || days > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %d is not between %d and %d", what, days, least, most)));
	return days;
}

/* Arguments: activity, as_of, days */
static Datum
active_lately(FunctionCallInfo fcinfo)
{
	const Activity *activity = activity_arg(fcinfo);
	int32		last = day_arg(fcinfo, 1, "as_of");
	int32		days = days_arg(fcinfo, 2, "days", 1, 36525);
	int32		first,
				final;

	PG_RETURN_BOOL(activity_bounds(activity, VARSIZE(activity), last + 1 - days, last + 1, &first, &final));
}

/* Arguments: activity, as_of, weeks */
static Datum
active_weeks(FunctionCallInfo fcinfo)
{
	const Activity *activity = activity_arg(fcinfo);
	int32		last = day_arg(fcinfo, 1, "as_of");
	int32		weeks = days_arg(fcinfo, 2, "weeks", 1, 5218);

	PG_RETURN_FLOAT8((double) activity_active_spans(activity, VARSIZE(activity), last + 1, 7, weeks) / weeks);
}

static Datum
days_in_a_row(FunctionCallInfo fcinfo)
{
	const Activity *activity = activity_arg(fcinfo);

	PG_RETURN_INT32(activity_streak(activity, VARSIZE(activity), day_arg(fcinfo, 1, "as_of")));
}

/* Arguments: activity, as_of, days, confidence */
static Datum
trend_row(FunctionCallInfo fcinfo)
{
	const Activity *activity = activity_arg(fcinfo);
	int32		last = day_arg(fcinfo, 1, "as_of");
	int32		days = days_arg(fcinfo, 2, "days", 2, 36525);
	Trend		trend = activity_trend(activity, VARSIZE(activity), last, days, confidence_arg(fcinfo, 3));
	Datum		values[] = {
		Float8GetDatum(trend.recent),
		Float8GetDatum(trend.before),
		Float8GetDatum(trend.recent - trend.before),
		Float8GetDatum(trend.difference.lower),
		Float8GetDatum(trend.difference.upper),
		Float8GetDatum(trend.p),
	};
	bool		nulls[lengthof(values)] = {[5] = isnan(trend.p)};

	return row_result(fcinfo, lengthof(values), values, nulls);
}

/* Arguments: activity, as_of, days [, least_events] */
static Datum
change_of_usage(FunctionCallInfo fcinfo)
{
	const Activity *activity = activity_arg(fcinfo);
	int32		last = day_arg(fcinfo, 1, "as_of");
	int32		days = days_arg(fcinfo, 2, "days", 2, 36525);
	double		change = 0;
	int64		least = PG_NARGS() > 3 ? PG_GETARG_INT64(3) : 0;
	bool		known = activity_change(activity, VARSIZE(activity), last, days, least, &change);

	return float8_if(fcinfo, known, change);
}

SQL_FUNCTION(usage_change, change_of_usage(fcinfo));
SQL_FUNCTION(is_active, active_lately(fcinfo));
SQL_FUNCTION(consistency, active_weeks(fcinfo));
SQL_FUNCTION(streak, days_in_a_row(fcinfo));
SQL_FUNCTION(usage_trend, trend_row(fcinfo));
