/* SQL values in and out: amounts, days, words, ratios. Bad ones are errors that name the value. */
#ifndef CSMETRICS_PG_VALUES_H
#define CSMETRICS_PG_VALUES_H

#include "pg/pg.h"

#include "utils/timestamp.h"

#include "core/calendar.h"
#include "core/factor.h"
#include "core/instant.h"
#include "core/money.h"
#include "core/statistics.h"
#include "core/text_key.h"

/* Rounds half away from zero to six decimals; past MONEY_LIMIT, or not finite, an error. */
extern Money money_from_numeric(Datum value);

/* The same, but false where the value is no amount. */
extern bool money_try_numeric(Datum value, Money *money);

extern Datum money_to_numeric(Money value);

static inline Money
money_arg(FunctionCallInfo fcinfo, int n)
{
	return money_from_numeric(PG_GETARG_DATUM(n));
}

/* A factor above zero; any other number, or one of too many digits, is an error that calls it `what`. */
extern Factor factor_arg(FunctionCallInfo fcinfo, int n, const char *what);

/* A day of the years 1 to 9999; infinite or outside, an error that calls it `what`. */
extern int32 day_arg(FunctionCallInfo fcinfo, int n, const char *what);

/* The same, but NULL and infinity give `open`. */
extern int32 open_day_arg(FunctionCallInfo fcinfo, int n, const char *what, int32 open);

extern char *day_text(int32 day);

extern char *instant_text(int64 instant);

/* [from, to) of arguments n and n + 1, from < to, no NULL */
extern void day_range_args(FunctionCallInfo fcinfo, int n, int32 *from, int32 *to);

/* An instant; NULL and infinity give INSTANT_NEVER, any other outside the years 1 to 9999 an error that calls it `what`. */
extern int64 open_instant_arg(FunctionCallInfo fcinfo, int n, const char *what);

/* [from, to) of arguments n and n + 1, from < to; either may be infinite. */
extern void instant_range_args(FunctionCallInfo fcinfo, int n, int64 *from, int64 *to);

/* That many microseconds as an interval: days of 24 hours, and the rest of one. */
extern Datum interval_in_days(int64 span);

/* Microseconds of an interval without months, not below zero. */
extern int64 span_arg(FunctionCallInfo fcinfo, int n, const char *what);

/* The key of a text, TEXT_KEY_NONE of NULL. */
extern int64 text_key_arg(FunctionCallInfo fcinfo, int n);

/* One of NULL-terminated words, by its index. */
extern int	choice_arg(FunctionCallInfo fcinfo, int n, const char *what, const char *const *words);

/* Strictly between 0 and 1. */
extern double confidence_arg(FunctionCallInfo fcinfo, int n);

/* Argument n, a number from 1 on. */
extern int64 at_least_arg(FunctionCallInfo fcinfo, int n, const char *name);

extern void require_not_null(FunctionCallInfo fcinfo, int n, const char *what);

/* The value if it is known, else SQL NULL. */
extern Datum float8_if(FunctionCallInfo fcinfo, bool known, double value);

/* The instant, or NULL for INSTANT_NEVER. */
extern Datum instant_if_any(FunctionCallInfo fcinfo, int64 instant);

/* A row of the function's result type. */
extern Datum row_result(FunctionCallInfo fcinfo, Datum *values, bool *nulls);

/* Row (lower, upper), of NULLs unless known. */
extern Datum interval_if(FunctionCallInfo fcinfo, bool known, Bounds interval);

/* A row of a set-returning function, filled column by column. */
typedef struct RowBuilder
{
	ReturnSetInfo *result;
	int			column;
	Datum		values[32];
	bool		nulls[32];
} RowBuilder;

extern RowBuilder rows_begin(FunctionCallInfo fcinfo);
extern void row_put(RowBuilder *row, Datum value);
extern void row_put_null(RowBuilder *row);
extern void row_put_ratio(RowBuilder *row, bool known, double value);
extern void row_put_instant(RowBuilder *row, int64 instant);
extern void row_put_text(RowBuilder *row, const char *value);
extern void row_end(RowBuilder *row);

#endif
