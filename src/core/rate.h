/* A rate: how many of the trials (customers, answers, tickets) were successes. */
#ifndef CSMETRICS_RATE_H
#define CSMETRICS_RATE_H

#include "core/state.h"
#include "core/statistics.h"

/* What unmerge leaves may be below zero, or more successes than trials: such a rate is not known. */
typedef struct Rate
{
	StateHeader header;
	int64_t		successes;
	int64_t		trials;
} Rate;

extern const StateType rate_type;

/* Adds one trial, or takes it out; false on overflow. */
bool		rate_add(Rate *rate, bool success, bool subtract);

bool		rate_known(const Rate *rate);

/* successes / trials; the rate is known */
double		rate_share(const Rate *rate);

/* NULL-terminated; Wilson's score interval is the first */
extern const char *const rate_interval_methods[];

/* The interval of a known rate by the method of that index. */
Bounds		rate_bounds(const Rate *rate, int method, double confidence);

/* The same of the difference of two known rates. */
extern const char *const rate_difference_methods[];
Bounds		rate_difference_bounds(const Rate *a, const Rate *b, int method, double confidence);

#endif
