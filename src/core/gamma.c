#include "core/gamma.h"

#include <math.h>

double
log_gamma(double z)
{
	int			sign;

	return lgamma_r(z, &sign);
}

/* From here on the series below are right to the last digit. */
#define LARGE 16

/* log Gamma(z) less Stirling's (z - 1/2) log z - z + log sqrt(2 pi) */
static double
stirling_rest(double z)
{
	double		square = 1 / (z * z);

	return (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square * (1.0 / 1680 - square / 1188)))) / z;
}

/* Of a large z the two logarithms would lose their digits to each other. */
double
log_gamma_ratio(double z, double more)
{
	if (z < LARGE)
		return log_gamma(z + more) - log_gamma(z);
	return (z - 0.5) * log1p(more / z) + more * (log(z + more) - 1) + stirling_rest(z + more) - stirling_rest(z);
}

/* psi(z) = psi(z + 1) - 1 / z, up to where the series 6.3.18 of Abramowitz and Stegun holds. */
double
digamma(double z)
{
	double		below = 0;
	double		square;

	for (; z < LARGE; z++)
		below += 1 / z;
	square = 1 / (z * z);
	return log(z) - 0.5 / z - below -
		square * (1.0 / 12 - square * (1.0 / 120 - square * (1.0 / 252 - square * (1.0 / 240 - square / 132))));
}

/* psi'(z) = psi'(z + 1) + 1 / z^2, and 6.4.12 there. */
double
trigamma(double z)
{
	double		below = 0;
	double		square;

	for (; z < LARGE; z++)
		below += 1 / (z * z);
	square = 1 / (z * z);
	return below + square / 2 +
		(1 + square * (1.0 / 6 - square * (1.0 / 30 - square * (1.0 / 42 - square * (1.0 / 30 - square * 5 / 66))))) / z;
}
