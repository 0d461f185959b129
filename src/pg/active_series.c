#include "pg/arguments.h"
#include "pg/results.h"
#include "pg/state.h"
#include "pg/times.h"

#include "core/active_series.h"

STATE_IO(active_series, active_series_type);
STATE_GROUP(active_series, active_series_type);

/* Which series a row asks for. */
typedef struct SeriesArgs
{
	int32		from;
	int32		to;
	int32		days[SERIES_WINDOWS];
	int32		reserved;
} SeriesArgs;

/* Arguments: from_date, to_date [, short_days, middle_days, long_days], from n on */
static SeriesArgs
series_args(FunctionCallInfo fcinfo, int n)
{
	SeriesArgs	args = {.days = {1, 7, 28}};

	day_range_args(fcinfo, n, &args.from, &args.to);
	for (int i = 0; i < SERIES_WINDOWS && PG_NARGS() > n + 2; i++)
	{
		require_not_null(fcinfo, n + 2 + i, "a window");
		args.days[i] = PG_GETARG_INT32(n + 2 + i);
	}
	if (args.days[0] < 1 || args.days[1] < args.days[0] || args.days[2] < args.days[1] || args.days[2] > SERIES_DAYS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("windows of %d, %d and %d days", args.days[0], args.days[1], args.days[2]),
				 errhint("Give them in order, from 1 to %d days: 1, 7 and 28 are usual.", SERIES_DAYS_MAX)));
	if (args.to - args.from > SERIES_DAYS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a series of %d days, from %s to %s", args.to - args.from, day_text(args.from), day_text(args.to)),
				 errdetail("At most %d days are possible.", SERIES_DAYS_MAX)));
	return args;
}

static ActiveSeries *
series_new(const SeriesArgs *args)
{
	ActiveSeries *series = state_new(&active_series_type, series_rows(args->from, args->to, args->days[WINDOW_LONG]));

	memcpy(&series->from, args, sizeof(SeriesArgs));
	return series;
}

/* Arguments: state, activity, from_date, to_date [, short_days, middle_days, long_days] */
static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	SeriesArgs	args = series_args(fcinfo, 2);
	ActiveSeries *series = PG_ARGISNULL(0) ? series_new(&args) : state_own(fcinfo, 0, &active_series_type);
	bool		fits = true;

	if (memcmp(&series->from, &args, sizeof(SeriesArgs)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_date, to_date and windows must be the same in every row of a group"),
				 errdetail("This row asks for %s to %s and %d, %d, %d days, those before it for %s to %s and %d, %d, %d.",
						   day_text(args.from), day_text(args.to), args.days[0], args.days[1], args.days[2],
						   day_text(series->from), day_text(series->to), series->days[0], series->days[1], series->days[2])));
	if (PG_ARGISNULL(1))
		series->given += subtract ? -1 : 1;
	else
	{
		const Activity *activity = state_arg(fcinfo, 1, &activity_type);

		fits = series_add(series, activity, VARSIZE(activity), subtract);
	}
	if (!fits)
		overflow_error(&active_series_type);
	return unless_empty(fcinfo, series, series->given);
}

SQL_FUNCTION(active_series_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(active_series_agg_remove, accumulate(fcinfo, true));

/* Saturday and Sunday; 2000-01-01 was a Saturday. */
static bool
is_weekend(int32 day)
{
	int			weekday = day % 7;

	return weekday == 0 || weekday == 1 || weekday == -6;
}

/* What was read of one of the days in the long window. */
typedef struct SeriesDay
{
	int64		active;			/* in the short window */
	int64		lately;			/* in the long one */
	int64		ever;
} SeriesDay;

/* Sums over the days of the long window that count. */
typedef struct SeriesSums
{
	int128		active;
	int128		ever;
	int			days;
} SeriesSums;

static void
add_day(SeriesSums *sums, const SeriesDay *day, int sign)
{
	sums->active += sign * day->active;
	sums->ever += sign * day->ever;
	sums->days += sign;
}

/* Arguments: state, weekdays_only */
static Datum
series_rows_out(FunctionCallInfo fcinfo)
{
	const ActiveSeries *series = state_arg(fcinfo, 0, &active_series_type);
	bool		weekdays_only = PG_GETARG_BOOL(1);
	SeriesWalk	walk = series_walk(series);
	RowBuilder	row = rows_begin(fcinfo);
	int32		longest = series->days[WINDOW_LONG];
	int32		day = series->from - longest;
	SeriesDay  *days = palloc0(longest * sizeof(SeriesDay));	/* that of a day and of the one a long window before it share a place */
	SeriesSums	sums = {0};

	for (int64 i = 0; series_next(&walk); i++, day++)
	{
		const int64_t *column = walk.sum.column;
		SeriesDay	before = days[i % longest];
		SeriesDay	today = {column[WINDOW_SHORT], column[WINDOW_LONG], column[SERIES_EVER]};
		double		exposure;

		if (i >= longest && !(weekdays_only && is_weekend(day - longest)))
			add_day(&sums, &before, -1);
		if (!(weekdays_only && is_weekend(day)))
			add_day(&sums, &today, 1);
		days[i % longest] = today;
		if (day < series->from)
			continue;
		/* on each day of the window, the active accounts less those that began later */
		exposure = (double) ((int128) sums.days * (today.lately - today.ever) + sums.ever);
		row_put(&row, DateADTGetDatum(day));
		for (int window = 0; window < SERIES_WINDOWS; window++)
			row_put(&row, Int64GetDatum(column[window]));
		row_put_ratio(&row, today.lately > 0 && exposure > 0, (double) sums.active / exposure);
		row_put(&row, Int64GetDatum(today.ever - before.ever));
		row_put(&row, Int64GetDatum(column[SERIES_RETAINED]));
		row_put(&row, Int64GetDatum(today.lately - (today.ever - before.ever) - column[SERIES_RETAINED]));
		row_put(&row, Int64GetDatum(before.lately - column[SERIES_RETAINED]));
		row_end(&row);
	}
	if (walk.overflow)
		overflow_error(&active_series_type);
	return (Datum) 0;
}

SQL_FUNCTION(active_series_sql, series_rows_out(fcinfo));
SQL_FUNCTION(active_series_account_count, Int64GetDatum(((const ActiveSeries *) state_arg(fcinfo, 0, &active_series_type))->given));
