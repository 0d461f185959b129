#include "core/statistics.h"

#include <math.h>

#define SQRT_2 1.41421356237309504880
#define SQRT_2_PI 2.50662827463100050242

/*
 * Solves erfc(z / sqrt 2) = 1 - confidence. The rational start is 26.2.23 of
 * Abramowitz and Stegun, right to 4.5e-4; each Halley step triples the digits.
 */
double
normal_quantile_two_sided(double confidence)
{
	double		tail = (1 - confidence) / 2;
	double		t = sqrt(-2 * log(tail));
	double		z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
		(1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));

	for (int i = 0; i < 3; i++)
	{
		double		excess = (erfc(z / SQRT_2) / 2 - tail) * SQRT_2_PI * exp(z * z / 2);

		z += excess / (1 - z * excess / 2);
	}
	return z;
}

Bounds
wilson_interval(double successes, double n, double confidence)
{
	double		z = normal_quantile_two_sided(confidence);
	double		share = successes / n;
	double		scale = 1 + z * z / n;
	double		middle = (share + z * z / (2 * n)) / scale;
	double		half = z / scale * sqrt(share * (1 - share) / n + z * z / (4 * n * n));

	/* at none and at all the bound is exact, whatever the rounding above */
	return (Bounds) {
		successes <= 0 ? 0 : middle - half,
		successes >= n ? 1 : middle + half,
	};
}
