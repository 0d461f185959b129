/*
 * Normalizers: measures brought to a value from 0, the worst, to 100, the best.
 */
#ifndef CSMETRICS_NORMALIZE_H
#define CSMETRICS_NORMALIZE_H

#include <stdbool.h>
#include <stdint.h>

/* 0 at the worst and beyond, 100 at the best and beyond, even in between; the two differ. */
double		normalize_linear(double measure, double worst, double best);

/* Even between the knots, which ascend, from value to value; the end values beyond them. */
double		normalize_piecewise(double measure, const double *knots, const double *values, int32_t count);

/*
 * The rank among knots that divide a population evenly, from its lowest to its
 * highest: all of it in order, or its percentiles. Of equal knots, the middle.
 */
double		normalize_percentile(double measure, const double *knots, int32_t count);

/* 50 at the middle, 73 one spread beyond; with a spread below zero, lower is better. */
double		normalize_logistic(double measure, double middle, double spread);

#endif
