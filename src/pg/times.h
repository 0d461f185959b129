/* Days, instants and spans of time, in and out of SQL. Bad ones are errors that name the value. */
#ifndef CSMETRICS_PG_TIMES_H
#define CSMETRICS_PG_TIMES_H

#include "pg/pg.h"

#include "utils/timestamp.h"

#include "core/calendar.h"
#include "core/instant.h"

extern char *day_text(int32 day);

/* A day of the years 1 to 9999; infinite or outside, an error that calls it `what`. */
extern int32 day_arg(FunctionCallInfo fcinfo, int n, const char *what);

/* The same, but NULL and infinity give `open`. */
extern int32 open_day_arg(FunctionCallInfo fcinfo, int n, const char *what, int32 open);

/* [from, to) of arguments n and n + 1, from < to, no NULL */
extern void day_range_args(FunctionCallInfo fcinfo, int n, int32 *from, int32 *to);

extern char *instant_text(int64 instant);

/* An instant; NULL and infinity give INSTANT_NEVER, any other outside the years 1 to 9999 an error that calls it `what`. */
extern int64 open_instant_arg(FunctionCallInfo fcinfo, int n, const char *what);

/* [from, to) of arguments n and n + 1, from < to; either may be infinite. */
extern void instant_range_args(FunctionCallInfo fcinfo, int n, int64 *from, int64 *to);

/* Microseconds of an interval without months, not below zero. */
extern int64 span_arg(FunctionCallInfo fcinfo, int n, const char *what);

/* That many microseconds as an interval: days of 24 hours, and the rest of one. */
extern Datum interval_in_days(int64 span);

#endif
