#include "core/survival.h"

#include <math.h>

/* The curve is at a level if it is this near: products of ratios are not exact. Square root of the spacing of doubles at 1. */
#define LEVEL_TOLERANCE 0x1p-26

#define WEIGHT_ONE ((Money) MONEY_UNIT)

static const WeightedDurationRow *
weighted_row(const Durations *durations, int i)
{
	return (const WeightedDurationRow *) durations_row(durations, i);
}

static bool
is_weighted(const Durations *durations)
{
	return durations->header.flags & DURATIONS_WEIGHTED;
}

SurvivalWalk
survival_walk(const Durations *durations)
{
	SurvivalWalk walk = {.durations = durations};

	for (int i = 0; i < durations->count; i++)
	{
		const DurationRow *row = durations_row(durations, i);

		walk.step.at_risk += row->ended + row->competing + row->censored;
		walk.competing |= row->competing != 0;
		if (is_weighted(durations))
		{
			const WeightedDurationRow *weighted = weighted_row(durations, i);

			walk.step.weight_at_risk += weighted->weight_ended + weighted->weight_censored;
			int256_add(&walk.squares, &weighted->squares_ended);
			int256_add(&walk.squares, &weighted->squares_censored);
		}
	}
	if (!is_weighted(durations))
		walk.step.weight_at_risk = walk.step.at_risk * WEIGHT_ONE;
	walk.step.free = walk.step.surviving = 1;
	return walk;
}

/* Squared influences on log S of those that leave here, and of all that stay. */
static double
jackknife_variance(SurvivalWalk *walk, const WeightedDurationRow *row, double at_risk, double ended)
{
	double		before = walk->hazard_variance;
	double		after = before + ended / (at_risk * (at_risk - ended));
	double		of_ended = before - 1 / at_risk;

	int256_subtract(&walk->squares, &row->squares_ended);
	int256_subtract(&walk->squares, &row->squares_censored);
	if (ended > 0)
		walk->left_variance += int256_to_double(&row->squares_ended) * of_ended * of_ended;
	walk->left_variance += int256_to_double(&row->squares_censored) * after * after;
	walk->hazard_variance = after;
	return walk->left_variance + int256_to_double(&walk->squares) * after * after;
}

/*
 * Sum over the lengths s so far, with F the incidence, D and d all events and
 * those of interest, r at risk and S the share without an event before s:
 * (F - F(s))^2 D / (r (r - D)) + S^2 d (r - d) / r^3 - 2 (F - F(s)) S d / r^2.
 */
static double
incidence_variance(SurvivalWalk *walk, double at_risk, double ended, double all)
{
	double		f = walk->step.incidence;
	double		own = walk->free_before * ended / (at_risk * at_risk);
	double	   *sum = walk->sums;

	/* where all leave, F stays */
	if (all < at_risk)
	{
		double		hazard = all / (at_risk * (at_risk - all));

		sum[0] += hazard;
		sum[1] += hazard * f;
		sum[2] += hazard * f * f;
	}
	sum[3] += own;
	sum[4] += own * f;
	sum[5] += own * walk->free_before * (at_risk - ended) / at_risk;
	return fmax(0, f * f * sum[0] - 2 * f * sum[1] + sum[2] + sum[5] - 2 * (f * sum[3] - sum[4]));
}

static void
take_events(SurvivalWalk *walk, const WeightedDurationRow *weighted)
{
	SurvivalStep *step = &walk->step;
	double		at_risk = (double) step->weight_at_risk;
	double		ended = (double) step->weight_ended;
	double		competing = (double) (step->competing * WEIGHT_ONE);
	double		all = ended + competing;

	/*
	 * In buckets nobody knows who of one left first: half of the censored did, as in a
	 * life table (Cutler and Ederer, J. Chronic Dis. 8, 1958).
	 */
	if (walk->durations->header.flags & DURATIONS_BUCKETS)
		at_risk -= (double) (weighted ? weighted->weight_censored : step->censored * WEIGHT_ONE) / 2;
	walk->free_before = step->free;
	step->incidence += step->free * ended / at_risk;
	step->competing_incidence += step->free * competing / at_risk;
	step->free *= (at_risk - all) / at_risk;
	if (walk->competing)
	{
		step->surviving = 1 - step->incidence;
		/* a weight of 1 is WEIGHT_ONE in money */
		step->variance = incidence_variance(walk, step->at_risk, step->ended, step->ended + step->competing);
		return;
	}
	step->surviving = step->free;
	step->incidence = 1 - step->free;
	if (weighted)
		step->variance = jackknife_variance(walk, weighted, at_risk, ended);
	else
	{
		at_risk = step->at_risk;
		ended = step->ended;
		step->variance = walk->hazard_variance += ended / (at_risk * (at_risk - ended));
	}
	/* so far of log S */
	step->variance = step->free > 0 ? step->variance * step->free * step->free : 0;
}

bool
survival_next(SurvivalWalk *walk)
{
	const Durations *durations = walk->durations;
	SurvivalStep *step = &walk->step;
	const DurationRow *row;
	const WeightedDurationRow *weighted = NULL;
	Money		weight_left;

	if (walk->next > 0)
	{
		/* those of the last row have left */
		row = durations_row(durations, walk->next - 1);
		step->at_risk -= row->ended + row->competing + row->censored;
		weight_left = (row->ended + row->competing + row->censored) * WEIGHT_ONE;
		if (is_weighted(durations))
			weight_left = weighted_row(durations, walk->next - 1)->weight_ended + weighted_row(durations, walk->next - 1)->weight_censored;
		step->weight_at_risk -= weight_left;
	}
	if (walk->next == durations->count)
		return false;
	row = durations_row(durations, walk->next);
	if (is_weighted(durations))
		weighted = weighted_row(durations, walk->next);
	walk->next++;
	step->length = row->length;
	step->ended = row->ended;
	step->competing = row->competing;
	step->censored = row->censored;
	step->weight_ended = weighted ? weighted->weight_ended : row->ended * WEIGHT_ONE;
	/* after an unmerge there can be more that leave than there are: that tells nothing */
	if (step->weight_at_risk > 0 && (weighted || step->ended != 0 || step->competing != 0))
		take_events(walk, weighted);
	return true;
}

const char *const interval_scales[] = {"log-log", "log", NULL};

bool
survival_interval(const SurvivalStep *step, double z, IntervalScale scale, Bounds *interval)
{
	double		surviving = step->surviving;
	double		half = z * sqrt(step->variance) / surviving;

	if (!(surviving > 0 && surviving <= 1) || !isfinite(half))
		return false;
	if (scale == SCALE_LOG)
	{
		*interval = (Bounds) {surviving * exp(-half), fmin(1, surviving * exp(half))};
		return true;
	}
	if (surviving == 1 || half == 0)
		return false;
	half /= -log(surviving);
	*interval = (Bounds) {pow(surviving, exp(half)), pow(surviving, exp(-half))};
	return true;
}

static bool
curve_value(const SurvivalStep *step, SurvivalCurve curve, double z, IntervalScale scale, double *value)
{
	Bounds		interval;

	*value = step->surviving;
	if (curve == CURVE_SURVIVING)
		return true;
	if (!survival_interval(step, z, scale, &interval))
		return false;
	*value = curve == CURVE_LOWER ? interval.lower : interval.upper;
	return true;
}

bool
survival_quantile(const Durations *durations, double share, SurvivalCurve curve,
				  double z, IntervalScale scale, double *length)
{
	SurvivalWalk walk = survival_walk(durations);
	double		level = 1 - share;
	double		below = -INFINITY;	/* the highest value below the level, and where it begins */
	int64_t		below_at = 0;
	int64_t		level_at = -1;	/* where the curve is at the level */
	int64_t		last = 0;

	while (survival_next(&walk))
	{
		double		value;

		if (!curve_value(&walk.step, curve, z, scale, &value))
			continue;
		last = walk.step.length;
		if (fabs(value - level) < LEVEL_TOLERANCE)
			level_at = level_at < 0 ? last : level_at;
		else if (value < level && value > below)
		{
			below = value;
			below_at = last;
		}
	}
	if (level_at >= 0)
		*length = level_at + ((below > -INFINITY ? below_at : last) - level_at) / 2.0;
	else
		*length = below_at;
	return level_at >= 0 || below > -INFINITY;
}

bool
survival_at(const Durations *durations, int64_t length, SurvivalStep *step)
{
	SurvivalWalk walk = survival_walk(durations);

	*step = walk.step;
	if (durations->count == 0)
		return false;
	while (survival_next(&walk))
	{
		if (walk.step.length > length)
			return true;
		*step = walk.step;
	}
	return step->length == length || step->free <= 0;
}

double
measure_time(void *horizon, int64_t from, int64_t to)
{
	int64_t		end = *(const int64_t *) horizon;

	return from < end ? (double) ((to < end ? to : end) - from) : 0;
}

/* The stretch that the curve has after a step lasts until the next one. */
static int64_t
stretch_end(const Durations *durations, int next)
{
	return next < durations->count ? durations_row(durations, next)->length : INT64_MAX;
}

/*
 * Squared influences of weighted subjects on a sum over the curve. One that
 * leaves at T has the influence of those at risk before, and its own, constant
 * one on log S from then on.
 */
static double
jackknife_sum_variance(const Durations *durations, SurvivalMeasure measure, void *context, double sum)
{
	SurvivalWalk walk = survival_walk(durations);
	double		before = 0;		/* sum of S G by the measure, G being the influence of those at risk */
	double		rest = sum;		/* sum of S from here on */
	double		g = 0;
	double		variance = 0;
	int64_t		from = 0;

	do
	{
		double		stretch = measure(context, from, stretch_end(durations, walk.next)) * walk.step.surviving;

		before += stretch * g;
		rest -= stretch;
		if (!survival_next(&walk))
			break;
		if (walk.step.weight_at_risk > 0)
		{
			const WeightedDurationRow *row = weighted_row(durations, walk.next - 1);
			double		of_ended = g - 1 / (double) walk.step.weight_at_risk;
			double		influence;

			g = walk.hazard_variance;
			if (!isfinite(g))
				g = 0;			/* nobody is left, and so is nothing of S */
			influence = before + of_ended * rest;
			variance += int256_to_double(&row->squares_ended) * influence * influence;
			influence = before + g * rest;
			variance += int256_to_double(&row->squares_censored) * influence * influence;
		}
		from = walk.step.length;
	} while (true);
	return variance;
}

/*
 * Sum over the lengths s: with M what the measure gives from s on and K the sum
 * of F - F(s) by it, K^2 D / (r (r - D)) + M^2 S^2 d (r - d) / r^3 - 2 K M S d / r^2.
 */
static double
counted_sum_variance(const Durations *durations, SurvivalMeasure measure, void *context, double total, double missed)
{
	SurvivalWalk walk = survival_walk(durations);
	double		mass = total;
	double		rest = missed;	/* sum of F from here on */
	double		variance = 0;
	int64_t		from = 0;

	do
	{
		double		stretch = measure(context, from, stretch_end(durations, walk.next));

		mass -= stretch;
		rest -= stretch * (1 - walk.step.surviving);
		if (!survival_next(&walk))
			break;
		if (walk.step.at_risk > 0 && (walk.step.ended != 0 || walk.step.competing != 0))
		{
			double		r = walk.step.at_risk;
			double		d = walk.step.ended;
			double		all = d + walk.step.competing;
			double		s = walk.free_before;
			double		k = rest - (1 - walk.step.surviving) * mass;

			if (all < r)
				variance += k * k * all / (r * (r - all));
			variance += mass * mass * s * s * d * (r - d) / (r * r * r) - 2 * k * mass * s * d / (r * r);
		}
		from = walk.step.length;
	} while (true);
	return fmax(0, variance);
}

bool
survival_sum(const Durations *durations, SurvivalMeasure measure, void *context, double *sum, double *variance)
{
	SurvivalWalk walk = survival_walk(durations);
	double		total = 0;
	double		missed = 0;
	int64_t		from = 0;

	if (durations->count == 0)
		return false;
	do
	{
		double		stretch = measure(context, from, stretch_end(durations, walk.next));

		total += stretch;
		missed += stretch * (1 - walk.step.surviving);
		from = stretch_end(durations, walk.next);
	} while (survival_next(&walk));
	*sum = total - missed;
	*variance = is_weighted(durations) ? jackknife_sum_variance(durations, measure, context, *sum)
		: counted_sum_variance(durations, measure, context, total, missed);
	return true;
}
