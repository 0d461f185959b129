/* Scores in and out of SQL. */
#ifndef CSMETRICS_PG_HEALTH_H
#define CSMETRICS_PG_HEALTH_H

#include "pg/pg.h"

#include "core/health.h"
#include "core/utf8_name.h"

/* Any other value, or NaN, is an error that calls it `what`; the detail says what it may be. */
extern void require_within(double value, double least, double most, const char *what, const char *detail);

/* A value from 0 to 100 in units, rounded; another is an error that calls it `what`. */
extern int64 value_units(double value, const char *what);

static inline double
value_of_units(int64 units)
{
	/* both are whole numbers below 2^53: the nearest double */
	return (double) units / VALUE_UNIT;
}

/* Names and weights of signals; NULL is an error. */
extern Utf8Name part_name_arg(FunctionCallInfo fcinfo, int n, const char *what);
extern int64 weight_arg(FunctionCallInfo fcinfo, int n);

/* A share of the weight, and a method of scoring. */
extern double coverage_arg(FunctionCallInfo fcinfo, int n);
extern HealthMethod method_arg(FunctionCallInfo fcinfo, int n);

/* The signals of argument n, and their score by a method. */
typedef struct Scored
{
	HealthSignal *signals;
	int32		count;
	HealthScore score;
} Scored;

extern Scored scored_arg(FunctionCallInfo fcinfo, int n, HealthMethod method);

/* What a score needs at least to be known, where nobody says another. */
#define MIN_COVERAGE 0.6

#endif
