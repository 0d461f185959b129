/* The logarithm of the gamma function, and its derivatives; z > 0. */
#ifndef CSMETRICS_GAMMA_H
#define CSMETRICS_GAMMA_H

double		log_gamma(double z);

/* log(Gamma(z + more) / Gamma(z)), more from 0 on */
double		log_gamma_ratio(double z, double more);

/* The first derivative of log_gamma, and the second. */
double		digamma(double z);
double		trigamma(double z);

#endif
