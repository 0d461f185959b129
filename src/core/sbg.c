#include "core/sbg.h"

#include <math.h>

#include "core/maximum.h"

static const char *
sbg_flaw(const void *state, int64_t rows)
{
	const Sbg  *sbg = state;

	for (int64_t i = 0; i < rows; i++)
		if (sbg->row[i].period < 0 || sbg->row[i].period > SBG_PERIOD_MAX ||
			(sbg->row[i].period == 0 && sbg->row[i].churned != 0))
			return "a period is out of range";
	return bag_flaw(&sbg_type, &sbg->bag);
}

const StateType sbg_type = {
	.name = "sbg",
	.version = 1,
	.fields = BAG_FIELDS,
	.row = SBG_ROW_KEYS SBG_ROW_COUNTS,
	.row_count = bag_row_count,
	.flaw = sbg_flaw,
	.close = bag_close,
};

SbgRow
sbg_totals(const Sbg *sbg)
{
	SbgRow		totals = {0};

	for (int32_t i = 0; i < sbg->bag.count; i++)
	{
		totals.churned += sbg->row[i].churned;
		totals.kept += sbg->row[i].kept;
	}
	return totals;
}

/* Walks renewals from the last to the first: accounts at risk, and of these who left. */
typedef struct RenewalWalk
{
	const Sbg  *sbg;
	int32_t		row;			/* rows above it are behind us */
	int64_t		renewal;
	int64_t		at_risk;
	int64_t		churned;
} RenewalWalk;

static RenewalWalk
renewal_walk(const Sbg *sbg)
{
	int32_t		rows = sbg->bag.count;

	return (RenewalWalk) {.sbg = sbg, .row = rows - 1, .renewal = rows > 0 ? sbg->row[rows - 1].period + 1 : 1};
}

static bool
renewal_next(RenewalWalk *walk)
{
	walk->renewal--;
	walk->churned = 0;
	if (walk->renewal < 1)
		return false;
	if (walk->row >= 0 && walk->sbg->row[walk->row].period == walk->renewal)
	{
		const SbgRow *row = &walk->sbg->row[walk->row--];

		walk->churned = row->churned;
		walk->at_risk += row->churned + row->kept;
	}
	return true;
}

/*
 * Of n at risk at renewal t, d left and n - d stayed, with the probabilities
 * alpha / (alpha + beta + t - 1) and (beta + t - 1) / (alpha + beta + t - 1).
 * The recursions of the paper for P(T = t) and S(t) are products of these, so
 *
 *	 LL = sum d log alpha + (n - d) log(beta + t - 1) - n log(alpha + beta + t - 1)
 */
static void
likelihood(const void *data, const double *parameter, Slopes *slopes)
{
	RenewalWalk walk = renewal_walk(data);
	double		alpha = parameter[0];
	double		beta = parameter[1];

	while (renewal_next(&walk))
	{
		double		n = walk.at_risk;
		double		d = walk.churned;
		/* the whole number first: a small alpha or beta keeps its digits */
		double		x = alpha + beta + (walk.renewal - 1);
		double		y = beta + (walk.renewal - 1);

		/* where nobody is, the logarithm may be infinite */
		if (d > 0)
			slopes->value += d * log(alpha / x);
		if (n > d)
			slopes->value += (n - d) * log1p(-alpha / x);
		slopes->first[0] += d / alpha - n / x;
		slopes->first[1] += (n - d) / y - n / x;
		slopes->second[0][0] += n / (x * x) - d / (alpha * alpha);
		slopes->second[0][1] += n / (x * x);
		slopes->second[1][1] += n / (x * x) - (n - d) / (y * y);
	}
}

static double
likelihood_at(const Sbg *sbg, double alpha, double beta)
{
	Slopes		slopes = {0};

	likelihood(sbg, (double[]) {alpha, beta}, &slopes);
	return slopes.value;
}

/* What decides whether there is a maximum. */
typedef struct Outcome
{
	double		churned;
	double		churned_at_first;
	double		at_risk;		/* renewals over all accounts */
	int64_t		last_renewal;
	bool		negative;		/* a count is below zero */
} Outcome;

static Outcome
outcome(const Sbg *sbg)
{
	RenewalWalk walk = renewal_walk(sbg);
	Outcome		o = {.last_renewal = walk.renewal - 1};

	for (int32_t i = 0; i < sbg->bag.count; i++)
		o.negative |= sbg->row[i].churned < 0 || sbg->row[i].kept < 0;
	while (renewal_next(&walk))
	{
		o.at_risk += walk.at_risk;
		o.churned += walk.churned;
		o.churned_at_first = walk.churned;
	}
	return o;
}

/*
 * In p = alpha / (alpha + beta) and phi = 1 / (alpha + beta) the chance to leave
 * at renewal t is p / (1 + phi (t - 1)). Some churn after the first renewal makes
 * the likelihood zero where p is 0 or 1 and where phi goes to infinity; what is
 * left is phi = 0, equal churn at all renewals. So the likelihood has its maximum
 * inside unless that edge is as high.
 */
static const char *
why_no_maximum(const Outcome *o)
{
	if (o->negative)
		return "counts are below zero";
	if (o->at_risk == 0)
		return "no account has come to a renewal";
	if (o->churned == 0)
		return "nobody churned";
	if (o->last_renewal == 1)
		return o->churned == o->at_risk ? "everybody churned at the first renewal" : "only one renewal was seen";
	if (o->churned == o->churned_at_first)
		return "nobody churned after the first renewal";
	return NULL;
}

static const char *const equal_churn = "churn does not fall from renewal to renewal, so alpha and beta have no bound";

/* The likelihood where churn is equal at all renewals. */
static double
equal_churn_likelihood(const Outcome *o)
{
	double		p = o->churned / o->at_risk;

	return o->churned * log(p) + (o->at_risk - o->churned) * log1p(-p);
}

/* The best of some alpha + beta, with the alpha that the slope by alpha asks for. */
static SbgFit
first_guess(const Sbg *sbg, const Outcome *o)
{
	SbgFit		best = {.log_likelihood = -INFINITY};

	for (double sum = 1e-3; sum < 1e6; sum *= 10)
	{
		RenewalWalk walk = renewal_walk(sbg);
		double		risk = 0;
		SbgFit		guess = {0};

		while (renewal_next(&walk))
			risk += walk.at_risk / (sum + (walk.renewal - 1));
		guess.alpha = o->churned / risk;
		guess.beta = sum - guess.alpha;
		guess.log_likelihood = likelihood_at(sbg, guess.alpha, guess.beta);
		if (guess.log_likelihood > best.log_likelihood)
			best = guess;
	}
	return best;
}

SbgFit
sbg_fit(const Sbg *sbg)
{
	Outcome		o = outcome(sbg);
	SbgFit		fit = {.reason = why_no_maximum(&o)};
	/* so large that no data could tell it from equal churn */
	double		most = 1e6 * o.last_renewal;
	Maximum		maximum = {.parameters = 2, .most = {most, most}};

	if (fit.reason)
		return fit;
	fit = first_guess(sbg, &o);
	maximum.parameter[0] = fit.alpha;
	maximum.parameter[1] = fit.beta;
	maximize(likelihood, sbg, &maximum);
	fit = (SbgFit) {.alpha = maximum.parameter[0], .beta = maximum.parameter[1], .log_likelihood = maximum.log_likelihood};
	if (maximum.unbounded >= 0 || fit.log_likelihood <= equal_churn_likelihood(&o))
		return (SbgFit) {.reason = equal_churn};
	if (!maximum.converged)
		return (SbgFit) {.reason = "the fit did not converge"};
	return fit;
}

/*
 * sum over j >= 1 of S(k + j) / S(k) / (1 + d)^(j - 1), for k renewals survived:
 *
 *	 r(k + 1) 2F1(1, beta + k + 1; c + 1; 1 / (1 + d)),	c = alpha + beta + k
 *
 * Source: P. S. Fader, B. G. S. Hardie, "Customer-Base Valuation in a Contractual
 * Setting: The Perils of Ignoring Heterogeneity", Marketing Science 29 (2010)
 * 85-93. Pfaff's transformation (Abramowitz and Stegun 15.3.4) makes that
 *
 *	 r(k + 1) (1 + d) / d 2F1(1, alpha; c + 1; -1 / d)
 *
 * and Gauss's continued fraction of this 1 / (1 + a1 / (1 + a2 / (1 + ...))) has
 * positive a only. So its convergents lie below and above the value in turn, the
 * last two of them enclose it, and no step cancels. It takes about 16 / sqrt(d)
 * steps, whatever alpha, beta and k are.
 */
double
sbg_residual_lifetime(const SbgFit *fit, double discount_rate, double survived)
{
	double		c = fit->alpha + fit->beta + survived;
	double		b = fit->beta + survived;
	double		fraction = 1;
	double		change;
	/* ratios of successive numerators and of successive denominators, after Lentz */
	double		numerators = INFINITY;
	double		denominators = 1;

	for (double n = 0;; n++)
	{
		double		odd = (fit->alpha + n) * (c + n) / ((c + 2 * n) * (c + 2 * n + 1)) / discount_rate;
		double		even = (n + 1) * (b + n + 1) / ((c + 2 * n + 1) * (c + 2 * n + 2)) / discount_rate;

		numerators = 1 + odd / numerators;
		denominators = 1 / (1 + odd * denominators);
		fraction *= numerators * denominators;
		numerators = 1 + even / numerators;
		denominators = 1 / (1 + even * denominators);
		change = numerators * denominators;
		fraction *= change;
		if (fabs(change - 1) <= 1e-14)
			break;
	}
	return sbg_retention_rate(fit, survived + 1) * (1 + discount_rate) / discount_rate * fraction;
}
