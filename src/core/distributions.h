/*
 * Distributions behind the intervals and tests. Confidence is a share, 0.95 for
 * the usual one. Arguments are within the ranges given; the callers see to that.
 */
#ifndef CSMETRICS_DISTRIBUTIONS_H
#define CSMETRICS_DISTRIBUTIONS_H

/* z such that a standard normal lies within +-z with probability `confidence` */
double		normal_quantile_two_sided(double confidence);

/* I_x(a, b), the chance that a beta variable is at most x; a, b > 0 */
double		beta_regularized(double x, double a, double b);

/* x such that I_x(a, b) = p; a, b >= 1/2 */
double		beta_quantile(double p, double a, double b);

/* x / (1 - x) of that x: keeps the digits of x near 0 and of 1 - x near 1 alike; p <= 1/2 is best */
double		beta_quantile_odds(double p, double a, double b);

/* t such that Student's variable lies within +-t with probability `confidence`; degrees >= 1 */
double		student_quantile_two_sided(double confidence, double degrees);

/* The chance that a chi-square variable is at least `statistic`; right in relative terms, however small; degrees >= 1 */
double		chi_square_tail(double statistic, int degrees);

#endif
