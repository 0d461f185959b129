/* Trend: daily events of a recent span of days against as many days before. */
#ifndef CSMETRICS_TREND_H
#define CSMETRICS_TREND_H

#include "core/activity.h"
#include "core/statistics.h"

typedef struct Trend
{
	double		recent;			/* events a day */
	double		before;
	Bounds		difference;		/* interval of recent - before */
	double		p;				/* of a difference as large, were there none; NAN where no day differs from another */
} Trend;

/*
 * The last `days` days up to and with `last`, 2 or more, against those before. Days
 * are the sample: Welch's interval and test, which do not take the variances for
 * equal. Source: B. L. Welch, Biometrika 34 (1947) 28-35.
 */
Trend		activity_trend(const Activity *activity, size_t size, int32_t last, int32_t days, double confidence);

/*
 * Events of the last `days` days over those of the days before, less 1; false
 * where it began too late for both spans, the earlier had no events, or both
 * together had fewer than `least`.
 */
bool		activity_change(const Activity *activity, size_t size, int32_t last, int32_t days, int64_t least, double *change);

#endif
