#include "core/trend.h"

#include <math.h>

#include "core/distributions.h"

typedef struct Sample
{
	double		mean;
	double		error;			/* variance of the mean */
} Sample;

static Sample
daily_events(const Activity *activity, size_t size, int32_t from, int32_t to)
{
	double		n = to - from;
	double		sum = (double) activity_events(activity, size, from, to);
	double		squares = activity_squares(activity, size, from, to);

	return (Sample) {sum / n, fmax(0, squares - sum * sum / n) / (n - 1) / n};
}

Trend
activity_trend(const Activity *activity, size_t size, int32_t last, int32_t days, double confidence)
{
	Sample		recent = daily_events(activity, size, last + 1 - days, last + 1);
	Sample		before = daily_events(activity, size, last + 1 - 2 * days, last + 1 - days);
	double		error = recent.error + before.error;
	double		difference = recent.mean - before.mean;
	Trend		trend = {recent.mean, before.mean, {difference, difference}, NAN};

	if (error > 0)
	{
		double		degrees = error * error * (days - 1) / (recent.error * recent.error + before.error * before.error);
		double		half = student_quantile_two_sided(confidence, degrees) * sqrt(error);

		trend.difference = (Bounds) {difference - half, difference + half};
		trend.p = beta_regularized(degrees / (degrees + difference * difference / error), degrees / 2, 0.5);
	}
	return trend;
}

bool
activity_change(const Activity *activity, size_t size, int32_t last, int32_t days, int64_t least, double *change)
{
	int32_t		middle = last + 1 - days;
	int32_t		begin = middle - days;
	int64_t		before = activity_events(activity, size, begin, middle);
	int64_t		recent = activity_events(activity, size, middle, last + 1);
	int32_t		first,
				final;

	if (before <= 0 || before + recent < least || !activity_bounds(activity, size, DAY_FIRST, begin + 1, &first, &final))
		return false;
	*change = (double) (recent - before) / before;
	return true;
}
