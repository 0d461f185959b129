#include "core/logistic.h"

#include <math.h>
#include <string.h>

#include "core/linear.h"

Information
information_new(int columns, const Workshop *workshop)
{
	return (Information) {
		.columns = columns,
		.gradient = workshop->allocate(columns * sizeof(double)),
		.hessian = workshop->allocate((size_t) columns * columns * sizeof(double)),
	};
}

void
information_free(Information *information, const Workshop *workshop)
{
	workshop->release(information->gradient);
	workshop->release(information->hessian);
}

void
information_clear(Information *information)
{
	size_t		columns = information->columns;

	information->log_likelihood = 0;
	memset(information->gradient, 0, columns * sizeof(double));
	memset(information->hessian, 0, columns * columns * sizeof(double));
}

void
information_add(Information *to, const Information *from)
{
	size_t		columns = to->columns;

	to->log_likelihood += from->log_likelihood;
	for (size_t i = 0; i < columns; i++)
		to->gradient[i] += from->gradient[i];
	for (size_t i = 0; i < columns * columns; i++)
		to->hessian[i] += from->hessian[i];
}

double
logistic_of(double log_odds)
{
	return 1 / (1 + exp(-log_odds));
}

double
log_likelihood_of(double log_odds, bool happened)
{
	double		against = happened ? -log_odds : log_odds;

	return against > 0 ? -against - log1p(exp(-against)) : -log1p(exp(against));
}

static double
entries_log_odds(const Entry *entry, int count, const double *coefficient)
{
	double		sum = 0;

	for (int i = 0; i < count; i++)
		sum += entry[i].value * coefficient[entry[i].column];
	return sum;
}

static int
row_entries(const Sample *sample, int32_t row, Entry *entry)
{
	Place		place[FEATURES_MAX];

	design_places(sample->design, sample->reading, row, place);
	return design_entries(sample->design, place, entry);
}

double
sample_log_odds(const Sample *sample, int32_t row, const double *coefficient)
{
	Entry		entry[ENTRIES_MAX];

	return entries_log_odds(entry, row_entries(sample, row, entry), coefficient);
}

/* Rows between two looks at whether to go on. */
#define BREATH_ROWS 4096

static inline void
add_row(Information *to, const Entry *entry, int count, double odds, bool happened)
{
	/* one exponential serves the chance, its complement and the likelihood */
	double		small = exp(-fabs(odds));
	double		rare = small / (1 + small);
	double		p = odds > 0 ? 1 / (1 + small) : rare;
	double		residual = happened ? (odds > 0 ? rare : 1 - p) : -p;
	double		weight = rare / (1 + small);

	to->log_likelihood += (happened == (odds > 0) ? 0 : -fabs(odds)) - log1p(small);
	for (int i = 0; i < count; i++)
	{
		double		weighed = weight * entry[i].value;
		double	   *line = to->hessian + (size_t) entry[i].column * to->columns;

		to->gradient[entry[i].column] += residual * entry[i].value;
		for (int j = 0; j <= i; j++)
			line[entry[j].column] += weighed * entry[j].value;
	}
}

void
sample_inform(const Sample *sample, const double *coefficient, Information *part)
{
	Entry		entry[ENTRIES_MAX];

	for (int32_t i = 0; i < sample->count; i++)
	{
		int32_t		row = sample->rows[i];
		int			count = row_entries(sample, row, entry);

		if (i % BREATH_ROWS == 0)
			sample->workshop->breathe();
		add_row(&part[sample->part ? sample->part[i] : 0], entry, count, entries_log_odds(entry, count, coefficient),
				sample->reading->table->label[row]);
	}
}

static double
penalised(double log_likelihood, const double *penalty, const double *coefficient, int columns)
{
	for (int i = 0; i < columns; i++)
		log_likelihood -= penalty[i] * coefficient[i] * coefficient[i] / 2;
	return log_likelihood;
}

/* No more than that part of a column is left of a combination of others. */
#define COLLINEAR 1e-10

/* The factor of H + P, and the step in `step`; false where numbers are not finite. */
static bool
newton_step(const double *hessian, const double *gradient, const double *penalty, const double *at, int columns, double *factor,
			bool *is_out, double *step)
{
	memcpy(factor, hessian, (size_t) columns * columns * sizeof(double));
	for (int i = 0; i < columns; i++)
	{
		factor[(size_t) i * columns + i] += penalty[i];
		step[i] = gradient[i] - penalty[i] * at[i];
	}
	if (cholesky(factor, columns, COLLINEAR, is_out) < 0)
		return false;
	cholesky_solve(factor, columns, is_out, step);
	return true;
}

#define STEPS_MAX	40

static void
inform_whole(const Sample *sample, const double *coefficient, Information *whole, Information *part, int parts)
{
	information_clear(whole);
	if (parts <= 1)
	{
		sample_inform(sample, coefficient, whole);
		return;
	}
	for (int i = 0; i < parts; i++)
		information_clear(&part[i]);
	sample_inform(sample, coefficient, part);
	for (int i = 0; i < parts; i++)
		information_add(whole, &part[i]);
}

void
logistic_fit(const Sample *sample, const double *penalty, double tolerance, LogisticFit *fit, Information *whole, Information *part,
			 int parts, double *factor)
{
	const Workshop *workshop = sample->workshop;
	int			columns = sample->design->columns;
	double	   *step = workshop->allocate(2 * columns * sizeof(double));
	double	   *before = step + columns;
	double		last = -INFINITY;
	double		scale = 1;		/* of the step */

	fit->converged = false;
	for (fit->steps = 0; fit->steps <= STEPS_MAX; fit->steps++)
	{
		double		now;

		inform_whole(sample, fit->coefficient, whole, part, parts);
		now = penalised(whole->log_likelihood, penalty, fit->coefficient, columns);
		/* a step too long: half of it */
		if (!(now >= last - 1e-9 * fabs(last)) && scale > 1e-6)
		{
			scale /= 2;
			for (int i = 0; i < columns; i++)
				fit->coefficient[i] = before[i] + scale * step[i];
			continue;
		}
		memcpy(before, fit->coefficient, columns * sizeof(double));
		if (!newton_step(whole->hessian, whole->gradient, penalty, before, columns, factor, fit->is_out, step))
			break;
		if (scale == 1 && fabs(now - last) <= tolerance * (fabs(now) + 1e-3))
		{
			fit->converged = true;
			break;
		}
		scale = 1;
		last = now;
		for (int i = 0; i < columns; i++)
			fit->coefficient[i] += step[i];
	}
	fit->log_likelihood = whole->log_likelihood;
	workshop->release(step);
}

bool
logistic_step(const Information *whole, const Information *without, const double *penalty, const double *from, double *to, bool *is_out,
			  double *factor)
{
	int			columns = whole->columns;
	size_t		cells = (size_t) columns * columns;

	for (size_t i = 0; i < cells; i++)
		factor[i] = whole->hessian[i] - without->hessian[i];
	for (int i = 0; i < columns; i++)
	{
		factor[(size_t) i * columns + i] += penalty[i];
		to[i] = whole->gradient[i] - without->gradient[i] - penalty[i] * from[i];
	}
	if (cholesky(factor, columns, COLLINEAR, is_out) < 0)
		return false;
	cholesky_solve(factor, columns, is_out, to);
	for (int i = 0; i < columns; i++)
		to[i] += from[i];
	return true;
}

/* What the rows of each cluster add to the gradient. */
static void
cluster_scores(const Sample *sample, const LogisticFit *fit, const int32_t *cluster, double *score)
{
	Entry		entry[ENTRIES_MAX];
	int			columns = sample->design->columns;

	for (int32_t i = 0; i < sample->count; i++)
	{
		int32_t		row = sample->rows[i];
		int			count = row_entries(sample, row, entry);
		double		p = logistic_of(entries_log_odds(entry, count, fit->coefficient));
		double	   *line = score + (size_t) cluster[row] * columns;

		if (i % BREATH_ROWS == 0)
			sample->workshop->breathe();
		for (int j = 0; j < count; j++)
			line[entry[j].column] += (sample->reading->table->label[row] - p) * entry[j].value;
	}
}

/* covariance = g / (g - 1) inverse S' S inverse */
static void
sandwich(const Sample *sample, const LogisticFit *fit, const double *factor, const int32_t *cluster, int32_t clusters, double *covariance)
{
	int			columns = sample->design->columns;
	double	   *score = sample->workshop->allocate((size_t) clusters * columns * sizeof(double));
	double		g = clusters;

	cluster_scores(sample, fit, cluster, score);
	memset(covariance, 0, (size_t) columns * columns * sizeof(double));
	for (int32_t c = 0; c < clusters; c++)
	{
		double	   *line = score + (size_t) c * columns;

		sample->workshop->breathe();
		cholesky_solve(factor, columns, fit->is_out, line);
		for (int i = 0; i < columns; i++)
			for (int j = 0; j < columns; j++)
				covariance[(size_t) i * columns + j] += g / (g - 1) * line[i] * line[j];
	}
	sample->workshop->release(score);
}

void
logistic_covariance(const Sample *sample, const LogisticFit *fit, const double *factor, const int32_t *cluster, double *covariance)
{
	int32_t		clusters = 0;

	if (cluster)
		for (int32_t i = 0; i < sample->count; i++)
			if (cluster[sample->rows[i]] >= clusters)
				clusters = cluster[sample->rows[i]] + 1;
	if (clusters > 1)
		sandwich(sample, fit, factor, cluster, clusters, covariance);
	else
		cholesky_inverse(factor, sample->design->columns, fit->is_out, covariance);
}
