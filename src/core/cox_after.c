#include "core/cox_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Proportional hazards: the score test of a further term g(t) x for each term x,
 * g being 1 less the product-limit curve just before t, less its mean over
 * deaths (P. M. Grambsch, T. M. Therneau, Biometrika 81, 1994; as cox.zph of R
 * survival from 3.0 on).
 */
typedef struct Proportionality
{
	double	   *g;				/* of each event time */
	double	   *score;			/* of the further terms */
	double	   *cross;			/* information of these with the terms, and of their own: triangles */
	double	   *own;
} Proportionality;

/* What is known of each event time, or summed over those up to it. */
typedef struct Cumulated
{
	double	   *hazard;
	double	   *hazard_dead;
	double	   *mean;			/* terms numbers each, as below */
	double	   *mean_dead;
	double	   *mean_at_death;
} Cumulated;

typedef struct After
{
	CoxFit	   *fit;
	Proportionality test;
	Cumulated	at;
	const bool *left_out;
	const double *inverse;
} After;

static void
find_g(const CoxRows *rows, double *g)
{
	double		surviving = 1;
	double		mean = 0;

	for (int64_t e = rows->event_times - 1; e >= 0; e--)
	{
		g[e] = 1 - surviving;
		mean += g[e] * rows->event_time[e].deaths / rows->events;
		surviving *= 1 - (double) rows->event_time[e].deaths / rows->event_time[e].at_risk;
	}
	for (int64_t e = 0; e < rows->event_times; e++)
		g[e] -= mean;
}

static void
take_event_time(CoxPass *pass, int64_t e, const CoxHazard *hazard)
{
	After	   *after = pass->context;
	Proportionality *test = &after->test;
	int32_t		terms = pass->rows->terms;
	double		g = test->g[e];

	for (int32_t j = 0; j < terms; j++)
		test->score[j] += g * pass->sums->score[j];
	for (int64_t k = 0; k < triangle_size(terms); k++)
	{
		test->cross[k] += g * pass->sums->information[k];
		test->own[k] += g * g * pass->sums->information[k];
	}
	after->at.hazard[e] = hazard->hazard;
	if (after->at.mean == NULL)
		return;
	after->at.hazard_dead[e] = hazard->hazard_dead;
	memcpy(after->at.mean + e * terms, hazard->mean, terms * sizeof(double));
	memcpy(after->at.mean_dead + e * terms, hazard->mean_dead, terms * sizeof(double));
	memcpy(after->at.mean_at_death + e * terms, hazard->mean_at_death, terms * sizeof(double));
}

static double
triangle_get(const double *triangle, int32_t i, int32_t j)
{
	return triangle[j <= i ? triangle_at(i, j) : triangle_at(j, i)];
}

/* inverse(information) * cross: what the terms themselves explain of the further ones, column by column */
static void
find_explained(const After *after, int32_t terms, double *explained)
{
	for (int32_t j = 0; j < terms; j++)
		for (int32_t i = 0; i < terms; i++)
			for (int32_t k = 0; k < terms; k++)
				explained[(int64_t) j * terms + i] += after->inverse[(int64_t) i * terms + k] * triangle_get(after->test.cross, k, j);
}

/* What is left of the information of the further terms i and j beside the terms themselves. */
static double
left_of(const After *after, int32_t terms, int32_t i, int32_t j, const double *explained)
{
	double		left = triangle_get(after->test.own, i, j);

	for (int32_t k = 0; k < terms; k++)
		left -= triangle_get(after->test.cross, k, i) * explained[(int64_t) j * terms + k];
	return left;
}

/* A term that is left out, or has no bound, has no test. */
static void
test_proportionality(After *after, int32_t terms, const Workspace *workspace)
{
	double	   *left = workspace->take((size_t) terms * terms * sizeof(double));
	double	   *explained = workspace->take((size_t) terms * terms * sizeof(double));
	bool	   *out = workspace->take(terms);

	find_explained(after, terms, explained);
	for (int32_t i = 0; i < terms; i++)
	{
		double		own = left_of(after, terms, i, i, explained);
		CoxTerm    *term = after->fit->term + i;

		out[i] = after->left_out[i] || term->status != TERM_ESTIMATED || !(own > 1e-12 * triangle_get(after->test.own, i, i));
		if (out[i])
			continue;
		term->chi_square = after->test.score[i] * after->test.score[i] / own;
		for (int32_t j = 0; j <= i; j++)
			left[(int64_t) i * terms + j] = out[j] ? 0 : left_of(after, terms, i, j, explained);
	}
	cholesky(left, terms, 1e-12, out);
	after->fit->chi_square = cholesky_quadratic(left, terms, out, after->test.score);
}

/* Robust standard errors */

/* The latest event time that is not after `time`: the event times descend. */
static int64_t
event_time_by(const CoxRows *rows, double time)
{
	int64_t		low = 0;
	int64_t		high = rows->event_times;

	while (low < high)
	{
		int64_t		middle = (low + high) / 2;

		if (rows->event_time[middle].time <= time)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* From each event time its own sums of hazard and means to those up to it. */
static void
cumulate(const CoxRows *rows, Cumulated *at)
{
	int32_t		terms = rows->terms;

	for (int64_t e = rows->event_times - 2; e >= 0; e--)
	{
		/* what differs for the dead of that time alone */
		at->hazard[e] += at->hazard[e + 1];
		for (int32_t j = 0; j < terms; j++)
			at->mean[e * terms + j] += at->mean[(e + 1) * terms + j];
	}
}

static void
add_hazard(const Cumulated *at, int64_t e, int32_t terms, double sign, double *hazard, double *mean)
{
	*hazard += sign * at->hazard[e];
	for (int32_t j = 0; j < terms; j++)
		mean[j] += sign * at->mean[e * terms + j];
}

/* The score residual of a row, added to what its cluster has. */
static void
add_residual(const CoxPass *pass, const Cumulated *at, const int64_t i, double *mean, double *sum)
{
	const CoxRows *rows = pass->rows;
	int32_t		terms = rows->terms;
	const double *x = rows->x + i * terms;
	int64_t		e = event_time_by(rows, rows->time[i]);
	double		hazard = 0;

	memset(mean, 0, terms * sizeof(double));
	if (rows->event[i])
	{
		/* of its own time the share that it is itself among those at risk */
		hazard = at->hazard_dead[e];
		memcpy(mean, at->mean_dead + e * terms, terms * sizeof(double));
		for (int32_t j = 0; j < terms; j++)
			sum[j] += x[j] - at->mean_at_death[e * terms + j];
		e++;
	}
	if (e < rows->event_times)
		add_hazard(at, e, terms, 1, &hazard, mean);
	if (rows->start)
	{
		e = event_time_by(rows, rows->start[i]);
		if (e < rows->event_times)
			add_hazard(at, e, terms, -1, &hazard, mean);
	}
	for (int32_t j = 0; j < terms; j++)
		sum[j] -= pass->risk[i] * (x[j] * hazard - mean[j]);
}

static int
compare_keys(const void *a, const void *b)
{
	uint64_t	left = *(const uint64_t *) a;
	uint64_t	right = *(const uint64_t *) b;

	return (left > right) - (left < right);
}

/* The different clusters, ascending; how many. */
static int64_t
distinct_clusters(const CoxRows *rows, uint64_t *key)
{
	int64_t		clusters = 0;

	memcpy(key, rows->cluster, rows->rows * sizeof(uint64_t));
	qsort(key, rows->rows, sizeof(uint64_t), compare_keys);
	for (int64_t i = 0; i < rows->rows; i++)
		if (i == 0 || key[i] != key[i - 1])
			key[clusters++] = key[i];
	return clusters;
}

static void
robust_errors(After *after, CoxPass *pass)
{
	const CoxRows *rows = pass->rows;
	int32_t		terms = rows->terms;
	uint64_t   *key = pass->workspace->take(rows->rows * sizeof(uint64_t));
	int64_t		clusters = distinct_clusters(rows, key);
	double	   *sum = pass->workspace->take(clusters * terms * sizeof(double));
	double	   *mean = pass->workspace->take(terms * sizeof(double));

	after->fit->clusters = clusters;
	cumulate(rows, &after->at);
	for (int64_t i = 0; i < rows->rows; i++)
	{
		const uint64_t *found = bsearch(rows->cluster + i, key, clusters, sizeof(uint64_t), compare_keys);

		if (i % ROWS_A_PAUSE == 0)
			pass->workspace->pause();
		add_residual(pass, &after->at, i, mean, sum + (found - key) * terms);
	}
	for (int32_t j = 0; j < terms; j++)
	{
		double		squares = 0;

		for (int64_t c = 0; c < clusters; c++)
		{
			double		influence = 0;

			for (int32_t k = 0; k < terms; k++)
				influence += after->inverse[(int64_t) j * terms + k] * sum[c * terms + k];
			squares += influence * influence;
		}
		if (!after->left_out[j])
			after->fit->term[j].robust = sqrt(squares) / rows->scale[j];
	}
}

/* From each event time up to it, in ascending order. */
static void
fill_steps(CoxFit *fit, const CoxRows *rows, const double *hazard)
{
	double		sum = 0;

	for (int64_t e = rows->event_times - 1; e >= 0; e--)
	{
		sum += hazard[e];
		fit->step[rows->event_times - 1 - e] = (HazardStep) {rows->event_time[e].time, sum};
	}
}

void
cox_after(CoxFit *fit, CoxPass *pass, const bool *left_out, const double *inverse)
{
	const CoxRows *rows = pass->rows;
	const Workspace *workspace = pass->workspace;
	size_t		row = rows->terms * sizeof(double);
	size_t		triangle = triangle_size(rows->terms) * sizeof(double);
	size_t		times = rows->event_times;
	CoxHazard	hazard = {.mean = workspace->take(row), .mean_dead = workspace->take(row), .mean_at_death = workspace->take(row)};
	After		after = {.fit = fit, .left_out = left_out, .inverse = inverse};

	after.test = (Proportionality) {workspace->take(times * sizeof(double)), workspace->take(row), workspace->take(triangle), workspace->take(triangle)};
	after.at.hazard = workspace->take(times * sizeof(double));
	if (rows->cluster)
	{
		after.at.hazard_dead = workspace->take(times * sizeof(double));
		after.at.mean = workspace->take(times * row);
		after.at.mean_dead = workspace->take(times * row);
		after.at.mean_at_death = workspace->take(times * row);
	}
	find_g(rows, after.test.g);
	pass->told = take_event_time;
	pass->hazard = &hazard;
	pass->context = &after;
	cox_pass(pass);
	test_proportionality(&after, rows->terms, workspace);
	fit->step = workspace->take(times * sizeof(HazardStep));
	fill_steps(fit, rows, after.at.hazard);
	if (rows->cluster)
		robust_errors(&after, pass);
}
