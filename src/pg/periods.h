/* Arguments that say which periods: from_date, to_date, period [, lag]. */
#ifndef CSMETRICS_PG_PERIODS_H
#define CSMETRICS_PG_PERIODS_H

#include "pg/pg.h"

#include "core/windows.h"

typedef struct PeriodArgs
{
	int32		from;
	int32		to;
	Periods		periods;
	int32		lag;
} PeriodArgs;

/* Arguments n to n + 2, and n + 3 where there is one; at most `most` periods, with the lag - 1 before from_date. */
extern PeriodArgs period_args(FunctionCallInfo fcinfo, int n, int32 most);

/* The same where the lag is given otherwise. */
extern PeriodArgs period_args_lag(FunctionCallInfo fcinfo, int n, int32 lag, int32 most);

/* All rows of a group must ask for the same periods and lag: those of the state. */
extern void check_same_periods(const Periods *periods, int32 lag, const PeriodArgs *row);

#endif
