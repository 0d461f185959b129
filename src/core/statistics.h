/* Intervals. Confidence is a share, 0.95 for the usual one. */
#ifndef CSMETRICS_STATISTICS_H
#define CSMETRICS_STATISTICS_H

typedef struct Bounds
{
	double		lower;
	double		upper;
} Bounds;

/* z such that a standard normal lies within +-z with probability `confidence` */
double		normal_quantile_two_sided(double confidence);

/* Wilson score interval of a share; n > 0. Source: E. B. Wilson, JASA 22 (1927) 209-212. */
Bounds	wilson_interval(double successes, double n, double confidence);

#endif
