/*
 * Do groups differ? The log-rank test, or its kin of Harrington and Fleming
 * (Biometrika 69, 1982, 553-566), weighted by the pooled curve to the power of
 * rho. By subjects, whatever their weights; competing events count as censoring.
 */
#ifndef CSMETRICS_LOG_RANK_H
#define CSMETRICS_LOG_RANK_H

#include "core/durations.h"

typedef struct LogRankGroup
{
	const Durations *durations; /* exact in all groups, or in buckets in all */
	int			next;
	double		at_risk;
	double		excess;			/* events above those expected */
	double		expected;
} LogRankGroup;

/*
 * Chi-square statistic and its degrees of freedom; false unless two groups were
 * at risk of an event. `matrix` is memory for count * count numbers; of the
 * groups only `durations` is read.
 */
bool		log_rank_test(LogRankGroup *groups, int count, double rho, double *matrix, double *statistic, int *degrees);

#endif
