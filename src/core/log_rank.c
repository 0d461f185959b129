#include "core/log_rank.h"

#include <math.h>
#include <string.h>

static bool
next_length(const LogRankGroup *groups, int count, int64_t *length)
{
	*length = INT64_MAX;
	for (int j = 0; j < count; j++)
		if (groups[j].next < groups[j].durations->count)
		{
			int64_t		own = durations_row(groups[j].durations, groups[j].next)->length;

			if (own < *length)
				*length = own;
		}
	return *length < INT64_MAX;
}

/* The group's row at that length, or NULL. */
static const DurationRow *
row_of(const LogRankGroup *group, int64_t length)
{
	const DurationRow *row;

	if (group->next == group->durations->count)
		return NULL;
	row = durations_row(group->durations, group->next);
	return row->length == length ? row : NULL;
}

/* Observed less expected events of each group, and their covariances. */
static void
compare_groups(LogRankGroup *groups, int count, double rho, double *matrix)
{
	double		surviving = 1;
	int64_t		length;

	while (next_length(groups, count, &length))
	{
		double		weight = pow(surviving, rho);
		double		at_risk = 0;
		double		ended = 0;

		for (int j = 0; j < count; j++)
		{
			const DurationRow *row = row_of(&groups[j], length);

			at_risk += groups[j].at_risk;
			ended += row ? row->ended : 0;
			groups[j].excess += row ? weight * row->ended : 0;
		}
		for (int j = 0; j < count && ended > 0 && at_risk > 0; j++)
		{
			double		share = groups[j].at_risk / at_risk;
			double		scale = at_risk > 1 ? weight * weight * ended * (at_risk - ended) / (at_risk - 1) : 0;

			groups[j].excess -= weight * ended * share;
			groups[j].expected += weight * ended * share;
			for (int k = 0; k < count; k++)
				matrix[j * count + k] += scale * share * ((j == k) - groups[k].at_risk / at_risk);
		}
		if (ended > 0 && at_risk > 0)
			surviving *= (at_risk - ended) / at_risk;
		for (int j = 0; j < count; j++)
		{
			const DurationRow *row = row_of(&groups[j], length);

			if (row)
			{
				groups[j].at_risk -= row->ended + row->competing + row->censored;
				groups[j].next++;
			}
		}
	}
}

/* v' M^-1 v by elimination, with v the excesses and M the n rows and columns of their covariances; NAN where M is singular. */
static double
quadratic_form(double *m, int stride, LogRankGroup *v, int n)
{
	double		sum = 0;

	for (int i = 0; i < n; i++)
	{
		double		pivot = m[i * stride + i];

		if (!(pivot > 0))
			return NAN;
		sum += v[i].excess * v[i].excess / pivot;
		for (int j = i + 1; j < n; j++)
		{
			double		factor = m[j * stride + i] / pivot;

			for (int k = i + 1; k < n; k++)
				m[j * stride + k] -= factor * m[i * stride + k];
			v[j].excess -= factor * v[i].excess;
		}
	}
	return sum;
}

bool
log_rank_test(LogRankGroup *groups, int count, double rho, double *matrix, double *statistic, int *degrees)
{
	int			kept = 0;

	memset(matrix, 0, (size_t) count * count * sizeof(double));
	for (int j = 0; j < count; j++)
	{
		groups[j].next = 0;
		groups[j].at_risk = groups[j].excess = groups[j].expected = 0;
		for (int i = 0; i < groups[j].durations->count; i++)
		{
			const DurationRow *row = durations_row(groups[j].durations, i);

			groups[j].at_risk += row->ended + row->competing + row->censored;
		}
	}
	compare_groups(groups, count, rho, matrix);

	/* groups that were never at risk of an event have nothing to say; `next` is now where one was */
	for (int j = 0; j < count; j++)
		if (groups[j].expected > 0)
			groups[kept++].next = j;
	if (kept < 2)
		return false;
	/* of the rest, the last follows from the others; what is read lies behind what is written */
	for (int j = 0; j < kept - 1; j++)
	{
		groups[j].excess = groups[groups[j].next].excess;
		for (int k = 0; k < kept - 1; k++)
			matrix[j * count + k] = matrix[groups[j].next * count + groups[k].next];
	}
	*degrees = kept - 1;
	*statistic = quadratic_form(matrix, count, groups, kept - 1);
	return isfinite(*statistic);
}
