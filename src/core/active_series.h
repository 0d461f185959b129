/*
 * Active series: how many accounts were active in the days up to each day, over
 * three windows of days (1, 7 and 28 as a rule), and how those of the longest
 * came and went.
 *
 * An account is active on d over a window of w days if it has an active day after
 * d - w and up to d. So each active day is good for w days, and those of a run
 * make one span. Columns are kept as differences from day to day: a span costs
 * two of them, however long it is.
 */
#ifndef CSMETRICS_ACTIVE_SERIES_H
#define CSMETRICS_ACTIVE_SERIES_H

#include "core/activity.h"

typedef enum SeriesWindow
{
	WINDOW_SHORT,
	WINDOW_MIDDLE,
	WINDOW_LONG,
	SERIES_WINDOWS
} SeriesWindow;

/* Columns after those of the windows. */
typedef enum SeriesColumn
{
	SERIES_EVER = SERIES_WINDOWS,	/* active by then, that day or before */
	SERIES_RETAINED,			/* active in the longest window, and in the window before it too */
	SERIES_COLUMNS
} SeriesColumn;

typedef struct SeriesRow
{
	int64_t		column[SERIES_COLUMNS];
} SeriesRow;

typedef struct ActiveSeries
{
	StateHeader header;
	int32_t		from;
	int32_t		to;
	int32_t		days[SERIES_WINDOWS];	/* none shorter than the one before */
	int32_t		reserved;
	int64_t		given;			/* accounts given */
	SeriesRow	row[];			/* of days from a long window before `from` on and before `to` */
} ActiveSeries;

extern const StateType active_series_type;

/* No series is longer, nor any of its windows. */
#define SERIES_DAYS_MAX 36525

int64_t		series_rows(int32_t from, int32_t to, int32_t longest);

/* Adds one account, or takes it out; `size` is that of its whole state. False on overflow. */
bool		series_add(ActiveSeries *series, const Activity *activity, size_t size, bool subtract);

/* Reads the days that were asked for, in order. */
typedef struct SeriesWalk
{
	const ActiveSeries *series;
	int32_t		next;			/* row */
	SeriesRow	sum;			/* of the day */
	bool		overflow;		/* the walk ended because a sum is past the limit */
} SeriesWalk;

SeriesWalk	series_walk(const ActiveSeries *series);

/* The next day, also those before `from`; false after the last. */
bool		series_next(SeriesWalk *walk);

#endif
