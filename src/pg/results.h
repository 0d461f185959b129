/* What SQL functions give: a value or NULL, a row, a set of rows. */
#ifndef CSMETRICS_PG_RESULTS_H
#define CSMETRICS_PG_RESULTS_H

#include "pg/pg.h"

#include "core/statistics.h"

/* The value if it is known, else SQL NULL. */
extern Datum float8_if(FunctionCallInfo fcinfo, bool known, double value);

/* The instant, or NULL for INSTANT_NEVER. */
extern Datum instant_if_any(FunctionCallInfo fcinfo, int64 instant);

/* A row of the function's result type, which has that many columns. */
extern Datum row_result(FunctionCallInfo fcinfo, int columns, const Datum *values, const bool *nulls);

/* Row (lower, upper), of NULLs unless known. */
extern Datum interval_if(FunctionCallInfo fcinfo, bool known, Bounds interval);

/*
 * A row of a set-returning function, filled column by column. It has room for the
 * columns that the function was declared with: one more is an error, one less too.
 */
typedef struct RowBuilder
{
	ReturnSetInfo *result;
	int			column;
	Datum	   *values;
	bool	   *nulls;
} RowBuilder;

extern RowBuilder rows_begin(FunctionCallInfo fcinfo);
extern void row_put(RowBuilder *row, Datum value);
extern void row_put_null(RowBuilder *row);
extern void row_put_ratio(RowBuilder *row, bool known, double value);
extern void row_put_instant(RowBuilder *row, int64 instant);
extern void row_put_text(RowBuilder *row, const char *value);
extern void row_end(RowBuilder *row);

#endif
