/*
 * Usage retention: accounts by the period of their first active day, followed
 * bracket by bracket of so many days from that day on.
 *
 * Bracket k of an account is over if it ends by the end of the periods; an
 * account with m brackets over has cells 0 .. m. So the cohort that begins on day
 * b has cells 0 .. (end - b) / bracket_days. The first cohort and the last share
 * a line of cells, as do the second and the last but one: one of them from its
 * start on, the other from its end back. All lines are as wide as the widest, so
 * that a cell is found without adding up those before it.
 */
#ifndef CSMETRICS_USAGE_RETENTION_H
#define CSMETRICS_USAGE_RETENTION_H

#include "core/activity.h"
#include "core/windows.h"

/* N-day counts are of their bracket; the others are of accounts whose number of brackets it is. */
typedef enum RetentionColumn
{
	RETENTION_MATURE,			/* brackets that are over */
	RETENTION_N_DAY,			/* active in this bracket, which is over */
	RETENTION_UNBOUNDED,		/* brackets over and before the last activity, or with it */
	RETENTION_ROLLING,			/* brackets over, from the first on, none without activity */
	RETENTION_COLUMNS
} RetentionColumn;

typedef struct RetentionCell
{
	int64_t		column[RETENTION_COLUMNS];
} RetentionCell;

typedef struct UsageRetention
{
	StateHeader header;
	Periods		periods;
	int32_t		bracket_days;
	int32_t		width;			/* of a line, in cells */
	int64_t		given;			/* accounts given, in a cohort or not */
	RetentionCell cell[];
} UsageRetention;

extern const StateType usage_retention_type;

/* No bracket is longer, in days. */
#define BRACKET_DAYS_MAX 36525

/* Cells of a line that has room for any two cohorts that share one. */
int64_t		retention_width(const Periods *periods, int32_t bracket_days);

/* Cells in all lines of that width; at most STATE_ROWS_MAX are possible. */
int64_t		retention_cells(const Periods *periods, int64_t width);

/* Adds one account, or takes it out; `size` is that of its whole state. False on overflow. */
bool		retention_add(UsageRetention *retention, const Activity *activity, size_t size, bool subtract);

/* Reads the cohorts in order, and of each the brackets that begin before the end for its first day. */
typedef struct RetentionWalk
{
	const UsageRetention *retention;
	int32_t		cohort;
	int32_t		bracket;
	int32_t		brackets;		/* of the cohort */
	int64_t		accounts;		/* in the cohort */
	RetentionCell sum;			/* accounts whose bracket is over, and those of them retained */
	bool		overflow;		/* the walk ended because a sum is past the limit */
} RetentionWalk;

RetentionWalk retention_walk(const UsageRetention *retention);

/* false after the last */
bool		retention_next(RetentionWalk *walk);

#endif
