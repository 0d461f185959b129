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
	static Bounds (*const intervals[]) (double successes, double n, double confidence) =
		{wilson_interval, clopper_pearson_interval};

	return intervals[method] (rate->successes, rate->trials, confidence);
}
