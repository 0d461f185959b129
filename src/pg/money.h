/* Amounts and other numerics, in and out of SQL. */
#ifndef CSMETRICS_PG_MONEY_H
#define CSMETRICS_PG_MONEY_H

#include "pg/pg.h"

#include "core/factor.h"
#include "core/money.h"

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

/* The text form of a numeric, and the numeric of one. */
extern char *numeric_text(Datum value);
extern Datum numeric_from_text(const char *text);

#endif
