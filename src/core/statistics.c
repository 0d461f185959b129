#include "core/statistics.h"

#include <math.h>

bool
share_known(int64_t successes, int64_t trials)
{
	return trials > 0 && successes >= 0 && successes <= trials;
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

Bounds
corrected_wilson_interval(double successes, double n, double confidence)
{
	double		z = normal_quantile_two_sided(confidence);
	double		share = successes / n;
	double		middle = 2 * successes + z * z;
	double		scale = 2 * (n + z * z);

	/* the roots are of more than zero wherever the bound is not exact */
	return (Bounds) {
		successes <= 0 ? 0 : fmax((middle - 1 - z * sqrt(z * z - 2 - 1 / n + 4 * share * (n - successes + 1))) / scale, 0),
		successes >= n ? 1 : fmin((middle + 1 + z * sqrt(z * z + 2 - 1 / n + 4 * share * (n - successes - 1))) / scale, 1),
	};
}

/*
 * The shares at which so many successes or more, and so many or fewer, have
 * probability tail: quantiles of beta variables, since P(X >= k) = I_share(k, n - k + 1).
 */
Bounds
clopper_pearson_interval(double successes, double n, double confidence)
{
	double		tail = (1 - confidence) / 2;
	double		failures = n - successes;

	return (Bounds) {
		successes <= 0 ? 0 : beta_quantile(tail, successes, failures + 1),
		failures <= 0 ? 1 : 1 / (1 + beta_quantile_odds(tail, failures, successes + 1)),
	};
}

Bounds
newcombe_interval(ShareInterval of_share, double successes_a, double n_a, double successes_b, double n_b, double confidence)
{
	double		a = successes_a / n_a;
	double		b = successes_b / n_b;
	Bounds		of_a = of_share(successes_a, n_a, confidence);
	Bounds		of_b = of_share(successes_b, n_b, confidence);

	return (Bounds) {
		fmax(a - b - hypot(a - of_a.lower, of_b.upper - b), -1),
		fmin(a - b + hypot(of_a.upper - a, b - of_b.lower), 1),
	};
}
