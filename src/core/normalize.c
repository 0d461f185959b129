#include "core/normalize.h"

#include <math.h>

static double
clamp(double value)
{
	return value < 0 ? 0 : value > 100 ? 100 : value;
}

double
normalize_linear(double measure, double worst, double best)
{
	if (isinf(measure))
		return (measure > 0) == (best > worst) ? 100 : 0;
	return clamp(100 * ((measure - worst) / (best - worst)));
}

/* The last knot that is not above the measure; -1 if the first is. */
static int32_t
knot_below(double measure, const double *knots, int32_t count)
{
	int32_t		low = 0;
	int32_t		high = count;

	while (low < high)
	{
		int32_t		middle = low + (high - low) / 2;

		if (knots[middle] <= measure)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

double
normalize_piecewise(double measure, const double *knots, const double *values, int32_t count)
{
	int32_t		below = knot_below(measure, knots, count);

	if (below < 0)
		return values[0];
	if (below == count - 1)
		return values[count - 1];
	return clamp(values[below] + (values[below + 1] - values[below]) * ((measure - knots[below]) / (knots[below + 1] - knots[below])));
}

double
normalize_percentile(double measure, const double *knots, int32_t count)
{
	int32_t		below = knot_below(measure, knots, count);
	int32_t		first = below;
	double		rank;

	if (below < 0)
		return 0;
	while (first > 0 && knots[first - 1] == measure)
		first--;
	if (knots[below] == measure)
		rank = (first + below) / 2.0;
	else if (below == count - 1)
		rank = below;
	else
		rank = below + (measure - knots[below]) / (knots[below + 1] - knots[below]);
	return clamp(100 * (rank / (count - 1)));
}

double
normalize_logistic(double measure, double middle, double spread)
{
	return 100 / (1 + exp(-(measure - middle) / spread));
}
