/* Intervals of shares. Confidence is a share, 0.95 for the usual one. */
#ifndef CSMETRICS_STATISTICS_H
#define CSMETRICS_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/distributions.h"

typedef struct Bounds
{
	double		lower;
	double		upper;
} Bounds;

/* There is a share of successes: some trials, and no more successes than these. */
bool		share_known(int64_t successes, int64_t trials);

/* Wilson score interval of a share; n > 0. Source: E. B. Wilson, JASA 22 (1927) 209-212. */
Bounds	wilson_interval(double successes, double n, double confidence);

/* The same with continuity correction: wider, so that it covers the share about as often as asked for or more; method 4 of Newcombe, 857-872. */
Bounds	corrected_wilson_interval(double successes, double n, double confidence);

typedef Bounds (*ShareInterval) (double successes, double n, double confidence);

/*
 * Exact interval of a share, which covers it at least that often; n > 0.
 * Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404-413.
 */
Bounds	clopper_pearson_interval(double successes, double n, double confidence);

/*
 * Interval of share a - share b of independent samples, from the intervals of both; n_a, n_b > 0. Source: R. G. Newcombe,
 * Statistics in Medicine 17 (1998) 873-890, method 10 of wilson_interval, method 11 of corrected_wilson_interval.
 */
Bounds	newcombe_interval(ShareInterval of_share, double successes_a, double n_a, double successes_b, double n_b, double confidence);

#endif
