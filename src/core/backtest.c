#include "core/backtest.h"

#include "core/text_key.h"

static const char *
backtest_flaw(const void *state, int64_t rows)
{
	const Backtest *backtest = state;

	for (int64_t i = 0; i < rows; i++)
		if (backtest->row[i].risk == RISK_KEY_MINUS_ZERO || !isfinite(row_risk(backtest, i)))
			return "a risk is out of range";
	return bag_flaw(&backtest_type, &backtest->bag);
}

const StateType backtest_type = {
	.name = "backtest",
	.version = 1,
	.fields = BAG_FIELDS,
	.row = "llnn",
	.row_count = bag_row_count,
	.flaw = backtest_flaw,
	.close = bag_close,
};

BacktestTotals
backtest_totals(const Backtest *backtest)
{
	BacktestTotals totals = {0};

	for (int32_t i = 0; i < backtest->bag.count; i++)
	{
		const BacktestRow *row = &backtest->row[i];

		totals.happened += row->happened;
		totals.spared += row->spared;
		totals.negative |= row->happened < 0 || row->spared < 0;
	}
	return totals;
}

bool
risk_next(RiskWalk *walk)
{
	const BacktestRow *row = walk->backtest->row;
	int32_t		rows = walk->backtest->bag.count;

	walk->happened_below += walk->happened;
	walk->spared_below += walk->spared;
	walk->happened = walk->spared = 0;
	for (walk->first = walk->end; walk->end < rows && row[walk->end].risk == row[walk->first].risk; walk->end++)
	{
		walk->happened += row[walk->end].happened;
		walk->spared += row[walk->end].spared;
	}
	return walk->end > walk->first;
}

/* The rows in an order that has those of a subject together, none first: a radix sort. */
static const int32_t *
rows_by_subject(const Backtest *backtest, int32_t *order, int32_t *other)
{
	int32_t		rows = backtest->bag.count;

	for (int32_t i = 0; i < rows; i++)
		order[i] = i;
	for (int shift = 0; shift < 64; shift += 8)
	{
		int32_t		place[257] = {0};
		int32_t    *sorted = other;
		bool		differ = false;

		for (int32_t i = 0; i < rows; i++)
		{
			place[1 + ((uint64_t) backtest->row[i].subject >> shift & 0xFF)]++;
			differ |= (backtest->row[i].subject ^ backtest->row[0].subject) >> shift & 0xFF;
		}
		if (!differ)
			continue;
		for (int digit = 0; digit < 256; digit++)
			place[digit + 1] += place[digit];
		for (int32_t i = 0; i < rows; i++)
			sorted[place[(uint64_t) backtest->row[order[i]].subject >> shift & 0xFF]++] = order[i];
		other = order;
		order = sorted;
	}
	return order;
}

/* Each prediction of the row by itself. */
static void
add_row_apart(ClusterSums *sums, const BacktestRow *row, const double *amount)
{
	double		happened = row->happened * amount[0] * amount[0];
	double		spared = row->spared * amount[1] * amount[1];

	sums->happened_squares += happened;
	sums->spared_squares += spared;
	sums->squares += happened + spared;
	sums->magnitude += happened + spared;
	sums->happened_clusters += row->happened;
	sums->spared_clusters += row->spared;
	sums->clusters += row->happened + row->spared;
}

/* The predictions of the next subject in the order, together; the place after its last row. */
static int32_t
add_subject(ClusterSums *sums, const Backtest *backtest, const double *amounts, const int32_t *order, int32_t i)
{
	int64_t		subject = backtest->row[order[i]].subject;
	double		happened = 0;
	double		spared = 0;
	double		magnitude = 0;
	bool		any_happened = false;
	bool		any_spared = false;

	for (; i < backtest->bag.count && backtest->row[order[i]].subject == subject; i++)
	{
		const BacktestRow *row = &backtest->row[order[i]];
		const double *amount = amounts + 2 * (size_t) order[i];

		happened += row->happened * amount[0];
		spared += row->spared * amount[1];
		magnitude += fabs(row->happened * amount[0]) + fabs(row->spared * amount[1]);
		any_happened |= row->happened > 0;
		any_spared |= row->spared > 0;
	}
	sums->happened_squares += happened * happened;
	sums->spared_squares += spared * spared;
	sums->squares += (happened + spared) * (happened + spared);
	sums->magnitude += magnitude * magnitude;
	sums->happened_clusters += any_happened;
	sums->spared_clusters += any_spared;
	sums->clusters++;
	return i;
}

ClusterSums
cluster_sums(const Backtest *backtest, double *memory)
{
	int32_t		rows = backtest->bag.count;
	int32_t    *spare = (int32_t *) (memory + 2 * (size_t) rows);
	const int32_t *order = rows_by_subject(backtest, spare, spare + rows);
	ClusterSums sums = {0};
	int32_t		i = 0;

	for (; i < rows && backtest->row[order[i]].subject == TEXT_KEY_NONE; i++)
		add_row_apart(&sums, &backtest->row[order[i]], memory + 2 * (size_t) order[i]);
	while (i < rows)
		i = add_subject(&sums, backtest, memory, order, i);
	return sums;
}

/* Wins, ties half, of those that happened over those that did not; exact. */
static double
area(const Backtest *backtest, const BacktestTotals *totals)
{
	RiskWalk	walk = {.backtest = backtest};
	unsigned __int128 twice = 0;

	while (risk_next(&walk))
		twice += (unsigned __int128) walk.happened * (2 * walk.spared_below + walk.spared);
	return (double) twice / (double) ((unsigned __int128) 2 * totals->happened * totals->spared);
}

/*
 * What each prediction adds to the error of the area: the share of the other kind
 * that it wins against, less the area, over how many there are of its own kind.
 */
void
auc_errors(const Backtest *backtest, double area, double *amounts)
{
	BacktestTotals totals = backtest_totals(backtest);
	RiskWalk	walk = {.backtest = backtest};

	while (risk_next(&walk))
	{
		int64_t		above = totals.happened - walk.happened_below - walk.happened;
		double		of_happened = (walk.spared_below + walk.spared / 2.0) / totals.spared;
		double		of_spared = (above + walk.happened / 2.0) / totals.happened;

		for (int32_t i = walk.first; i < walk.end; i++)
		{
			amounts[2 * (size_t) i] = (of_happened - area) / totals.happened;
			amounts[2 * (size_t) i + 1] = (of_spared - area) / totals.spared;
		}
	}
}

/* A standard error below this is rounding: no number of predictions makes it as small. */
#define ROUNDING 1e-13

/*
 * With a and b what those that happened and the others add to the error in a
 * cluster, and k, l, n the clusters that have the one, the other, and all:
 *
 *	 k / (k - 1) sum a^2 + l / (l - 1) sum b^2 + 2 n / (n - 1) sum a b
 *
 * Source: N. A. Obuchowski, "Nonparametric analysis of clustered ROC curve data",
 * Biometrics 53 (1997) 567-578. Where each prediction is a cluster it is that of
 * E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 44 (1988) 837-845.
 * Written with (a + b)^2 no term is negative, so none cancels.
 */
double
auc_variance(const ClusterSums *sums)
{
	double		k = sums->happened_clusters;
	double		l = sums->spared_clusters;
	double		n = sums->clusters;
	double		of_all = n / (n - 1);
	double		variance = of_all * sums->squares + (k / (k - 1) - of_all) * sums->happened_squares
		+ (l / (l - 1) - of_all) * sums->spared_squares;

	if (k < 2 || l < 2 || variance <= ROUNDING * ROUNDING)
		return 0;
	return variance;
}

Auc
backtest_auc(const Backtest *backtest, double *memory)
{
	BacktestTotals totals = backtest_totals(backtest);
	Auc			auc = {.known = !totals.negative && totals.happened > 0 && totals.spared > 0};
	ClusterSums sums;

	if (totals.negative)
		return auc;
	if (auc.known)
		auc.area = area(backtest, &totals);
	if (memory)
	{
		auc_errors(backtest, auc.area, memory);
		sums = cluster_sums(backtest, memory);
		auc.variance = auc.known ? auc_variance(&sums) : 0;
		auc.happened_clusters = sums.happened_clusters;
		auc.spared_clusters = sums.spared_clusters;
	}
	return auc;
}

/*
 * The area from which the one seen is just that far off, below it. With N the mean
 * of both counts, the variance at area A is
 *
 *	 A (1 - A) (2 N - 1 - 3 (N - 1) / ((2 - A) (1 + A))) / (k l)
 *
 * Source: R. G. Newcombe, "Confidence intervals for an effect size measure based on
 * the Mann-Whitney statistic. Part 2", Statistics in Medicine 25 (2006) 559-573,
 * method 5.
 */
static double
newcombe_area_below(double seen, double k, double l, double z)
{
	double		mean = (k + l) / 2;
	double		low = 0;
	double		high = seen;

	for (int i = 0; i < 100; i++)
	{
		double		a = (low + high) / 2;
		double		variance = a * (1 - a) * (2 * mean - 1 - 3 * (mean - 1) / ((2 - a) * (1 + a))) / (k * l);

		if (seen - a > z * sqrt(variance))
			low = a;
		else
			high = a;
	}
	return low;
}

/* Of an area that is known and has been taken with memory. */
Bounds
auc_bounds(const Auc *auc, double confidence)
{
	double		z = normal_quantile_two_sided(confidence);
	double		a = auc->area;
	double		k = auc->happened_clusters;
	double		l = auc->spared_clusters;
	double		half;

	if (auc->variance <= 0 || a <= 0 || a >= 1)
		return (Bounds) {newcombe_area_below(a, k, l, z), 1 - newcombe_area_below(1 - a, k, l, z)};
	/* on the scale of log odds */
	half = exp(-z * sqrt(auc->variance) / (a * (1 - a)));
	return (Bounds) {a * half / (a * half + (1 - a)), a / (a + (1 - a) * half)};
}

int64_t
backtest_flagged(const Backtest *backtest, double risk_from, int64_t *hits)
{
	int64_t		flagged = 0;

	*hits = 0;
	for (int32_t i = backtest->bag.count - 1; i >= 0 && row_risk(backtest, i) >= risk_from; i--)
	{
		flagged += backtest->row[i].happened + backtest->row[i].spared;
		*hits += backtest->row[i].happened;
	}
	return flagged;
}

double
backtest_top_hits(const Backtest *backtest, const BacktestTotals *totals, double flagged)
{
	RiskWalk	walk = {.backtest = backtest};
	int64_t		above = totals->happened + totals->spared;
	double		hits = 0;

	while (risk_next(&walk))
	{
		int64_t		size = walk.happened + walk.spared;

		above -= size;
		if (flagged > above)
			hits += walk.happened * fmin((flagged - above) / size, 1);
	}
	return fmin(hits, flagged);
}

double
risk_scale(const Backtest *backtest)
{
	int32_t		rows = backtest->bag.count;
	int			exponent = 0;

	if (rows > 0)
		frexp(fmax(fabs(row_risk(backtest, 0)), fabs(row_risk(backtest, rows - 1))), &exponent);
	/* the inverse of a smaller one would be infinite */
	return ldexp(1, -(exponent < -1000 ? -1000 : exponent));
}

CalibrationWalk
calibration_walk(const Backtest *backtest, int32_t groups)
{
	BacktestTotals totals = backtest_totals(backtest);
	CalibrationWalk walk = {
		.risks = {.backtest = backtest},
		.predictions = totals.happened + totals.spared,
		.groups = groups,
	};

	walk.more = !totals.negative && risk_next(&walk.risks);
	return walk;
}

/* A risk belongs where the middle of its predictions does, were all of them dealt out evenly. */
static int32_t
group_of(const CalibrationWalk *walk)
{
	const RiskWalk *risks = &walk->risks;
	__int128	middle = 2 * (risks->happened_below + risks->spared_below) + risks->happened + risks->spared;

	return middle * walk->groups / (2 * (__int128) walk->predictions);
}

bool
calibration_next(CalibrationWalk *walk)
{
	const RiskWalk *risks = &walk->risks;
	double		scale = risk_scale(risks->backtest);
	double		sum = 0;
	int32_t		group;

	if (!walk->more)
		return false;
	group = group_of(walk);
	walk->lowest = row_risk(risks->backtest, risks->first);
	walk->happened = walk->spared = 0;
	do
	{
		walk->highest = row_risk(risks->backtest, risks->first);
		walk->happened += risks->happened;
		walk->spared += risks->spared;
		sum += walk->highest * scale * (risks->happened + risks->spared);
		walk->more = risk_next(&walk->risks);
	} while (walk->more && group_of(walk) == group);
	walk->mean = sum / (walk->happened + walk->spared) / scale;
	/* whatever the rounding */
	walk->mean = fmin(fmax(walk->mean, walk->lowest), walk->highest);
	return true;
}

/*
 * Source: G. W. Brier, "Verification of forecasts expressed in terms of probability",
 * Monthly Weather Review 78 (1950) 1-3; here the half of his sum over both outcomes.
 */
double
backtest_squared_error(const Backtest *backtest)
{
	double		sum = 0;

	for (int32_t i = 0; i < backtest->bag.count; i++)
	{
		double		risk = row_risk(backtest, i);

		sum += backtest->row[i].happened * (1 - risk) * (1 - risk) + backtest->row[i].spared * risk * risk;
	}
	return sum;
}
