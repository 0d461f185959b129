/* Derivatives of the logarithm of the gamma function, and that of beta; z, a, b > 0. */
#ifndef CSMETRICS_GAMMA_H
#define CSMETRICS_GAMMA_H

double		log_gamma(double z);

/* The first derivative of log_gamma, and the second. */
double		digamma(double z);
double		trigamma(double z);

#endif
