/* What the models of customers have in common: arguments that are numbers, and rows of parameters. */
#ifndef CSMETRICS_PG_FITS_H
#define CSMETRICS_PG_FITS_H

#include "pg/pg.h"

#include "core/maximum.h"

/* Argument n, a number from `least` to `most`. */
extern double number_between_arg(FunctionCallInfo fcinfo, int n, const char *what, double least, double most);

/* Argument n, a finite number above 0. */
extern double parameter_arg(FunctionCallInfo fcinfo, int n, const char *what);

/* Argument n, a count of customers. */
extern int64 customers_arg(FunctionCallInfo fcinfo, int n);

/* Gives up a long fit where that is asked for. */
extern void pause_fit(void);

/*
 * Fills the first columns of a row: the parameters, log_likelihood and converged,
 * of NULL where there is a reason for none; and the last of `columns` with the
 * reason or the warning. Those between are the caller's.
 */
extern void put_fit(const Maximum *maximum, const char *reason, const char *warning, int columns, Datum *values, bool *nulls);

#endif
