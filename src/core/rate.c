#include "core/rate.h"

const StateType rate_type = {
	.name = "rate",
	.version = 1,
	.fields = "nn",
	.row = "",
};

bool
rate_add(Rate *rate, bool success, bool subtract)
{
	int64_t		one[] = {success, 1};

	return fields_merge(rate_type.fields, &rate->successes, one, subtract) == MERGE_DONE;
}

bool
rate_known(const Rate *rate)
{
	return share_known(rate->successes, rate->trials);
}

double
rate_share(const Rate *rate)
{
	return (double) rate->successes / rate->trials;
}

const char *const rate_interval_methods[] = {"wilson", "clopper-pearson", NULL};

Bounds
rate_bounds(const Rate *rate, int method, double confidence)
{
	static const ShareInterval intervals[] = {wilson_interval, clopper_pearson_interval};

	return intervals[method] (rate->successes, rate->trials, confidence);
}

const char *const rate_difference_methods[] = {"newcombe", "newcombe-corrected", NULL};

Bounds
rate_difference_bounds(const Rate *a, const Rate *b, int method, double confidence)
{
	static const ShareInterval intervals[] = {wilson_interval, corrected_wilson_interval};

	return newcombe_interval(intervals[method], a->successes, a->trials, b->successes, b->trials, confidence);
}
