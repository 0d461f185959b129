#include "core/gamma_gamma.h"

#include <math.h>

#include "core/gamma.h"

const char *
spend_flaw(double frequency, double mean_amount)
{
	if (!(frequency >= 0 && frequency <= FREQUENCY_MAX))
		return "a frequency is out of range";
	if (!(mean_amount >= 0 && mean_amount <= AMOUNT_MAX))
		return "an amount is out of range";
	return NULL;
}

static const char *
gamma_gamma_flaw(const void *state, int64_t rows)
{
	const GammaGamma *gamma_gamma = state;

	for (int32_t i = 0; i < gamma_gamma->bag.count; i++)
	{
		const SpendRow *row = &gamma_gamma->row[i];
		/* the sign of zero is not for others to choose */
		const char *flaw = row->mean_amount < 0 ? "an amount is out of range" : spend_flaw(row->frequency, length_value(row->mean_amount));

		if (flaw)
			return flaw;
	}
	return bag_flaw(&gamma_gamma_type, &gamma_gamma->bag);
}

const StateType gamma_gamma_type = {
	.name = "gamma_gamma",
	.version = 1,
	.fields = BAG_FIELDS,
	.row = SPEND_KEYS SPEND_COUNTS,
	.row_count = bag_row_count,
	.flaw = gamma_gamma_flaw,
	.close = bag_close,
};

/* A mean of no purchases, or of free ones, has no likelihood. */
static bool
is_spend(const SpendRow *row)
{
	return row->frequency > 0 && row->mean_amount > 0;
}

/* The terms of a row that hang on its frequency x alone. */
typedef struct FrequencyTerms
{
	double		x;
	double		value;			/* log(Gamma(p x + q) / (Gamma(p x) Gamma(q))) + q log v + p x log x */
	double		by_p;
	double		by_q;
	double		by_pp;
	double		by_pq;
	double		by_qq;
} FrequencyTerms;

static FrequencyTerms
frequency_terms(const Spend *m, double x)
{
	double		px = m->p * x;
	double		all = digamma(px + m->q);
	double		all2 = trigamma(px + m->q);

	return (FrequencyTerms) {
		.x = x,
		.value = log_gamma_ratio(px, m->q) - log_gamma(m->q) + m->q * log(m->v) + px * log(x),
		.by_p = x * (all - digamma(px) + log(x)),
		.by_q = all - digamma(m->q) + log(m->v),
		.by_pp = x * x * (all2 - trigamma(px)),
		.by_pq = x * all2,
		.by_qq = all2 - trigamma(m->q),
	};
}

/* Of x purchases of mean z, the terms above and (p x - 1) log z - (p x + q) log(v + x z). */
static void
likelihood(const void *data, const double *parameter, Slopes *slopes)
{
	const GammaGamma *gamma_gamma = data;
	Spend		m = {parameter[0], parameter[1], parameter[2]};
	FrequencyTerms terms = {0};

	for (int32_t i = 0; i < gamma_gamma->bag.count; i++)
	{
		const SpendRow *row = &gamma_gamma->row[i];
		double		n = row->customers;
		double		x = row->frequency;
		double		z = length_value(row->mean_amount);
		double		shape = m.p * x + m.q;
		double		all = m.v + x * z;

		if (!is_spend(row))
			continue;
		if (terms.x != x)
			terms = frequency_terms(&m, x);
		slopes->value += n * (terms.value + (m.p * x - 1) * log(z) - shape * log(all));
		slopes->first[0] += n * (terms.by_p + x * (log(z) - log(all)));
		slopes->first[1] += n * (terms.by_q - log(all));
		slopes->first[2] += n * (m.q / m.v - shape / all);
		slopes->second[0][0] += n * terms.by_pp;
		slopes->second[0][1] += n * terms.by_pq;
		slopes->second[0][2] -= n * x / all;
		slopes->second[1][1] += n * terms.by_qq;
		slopes->second[1][2] += n * (1 / m.v - 1 / all);
		slopes->second[2][2] += n * (shape / (all * all) - m.q / (m.v * m.v));
	}
}

typedef struct SpendTotals
{
	double		customers;
	double		left_out;
	double		frequency;		/* means over customers */
	double		amount;
	double		correlation;
	bool		negative;		/* a count is below zero */
	bool		alike;			/* all have the same mean amount */
} SpendTotals;

static SpendTotals
spend_totals(const GammaGamma *gamma_gamma)
{
	SpendTotals totals = {.alike = true};
	double		frequencies = 0;	/* sums of squares about the means, and of products */
	double		amounts = 0;
	double		both = 0;
	int64_t		last = 0;

	for (int32_t i = 0; i < gamma_gamma->bag.count; i++)
	{
		const SpendRow *row = &gamma_gamma->row[i];
		double		n = row->customers;
		double		by_frequency = row->frequency - totals.frequency;
		double		by_amount = length_value(row->mean_amount) - totals.amount;

		totals.negative |= n < 0;
		if (!is_spend(row))
			totals.left_out += n;
		else if (n > 0)
		{
			/* West's update of means and squares, CACM 22 (1979) 532-535 */
			totals.alike &= totals.customers == 0 || row->mean_amount == last;
			last = row->mean_amount;
			totals.customers += n;
			totals.frequency += by_frequency * n / totals.customers;
			totals.amount += by_amount * n / totals.customers;
			frequencies += by_frequency * (row->frequency - totals.frequency) * n;
			amounts += by_amount * (length_value(row->mean_amount) - totals.amount) * n;
			both += by_frequency * (length_value(row->mean_amount) - totals.amount) * n;
		}
	}
	totals.correlation = both / sqrt(frequencies) / sqrt(amounts);
	return totals;
}

static const char *
why_no_parameters(const SpendTotals *totals)
{
	if (totals->negative)
		return "counts are below zero";
	if (totals->customers == 0)
		return "no customers with purchases of an amount";
	if (totals->alike)
		return "all customers have the same mean amount";
	return NULL;
}

/* From here on what a customer spends can hardly be said to be independent of how often. */
#define CORRELATION_MAX 0.3

static const char *const unbounded[] = {
	"p has no bound: amounts of one customer are all alike",
	"q has no bound: customers spend alike, or too few of them were seen",
	"v has no bound: customers spend alike, or too few of them were seen",
};

SpendFit
gamma_gamma_fit(const GammaGamma *gamma_gamma, void (*pause) (void))
{
	SpendTotals totals = spend_totals(gamma_gamma);
	SpendFit	fit = {
		.customers = (int64_t) totals.customers,
		.left_out = (int64_t) totals.left_out,
		.correlation = totals.correlation,
		.reason = why_no_parameters(&totals),
	};

	if (fit.reason)
		return fit;
	/* p v / (q - 1) is the mean amount */
	fit.maximum = (Maximum) {
		.parameters = 3,
		.pause = pause,
		.parameter = {2, 3, totals.amount},
	};
	for (int i = 0; i < fit.maximum.parameters; i++)
		maximum_usual(&fit.maximum, i, i == 2 ? totals.amount : 1);
	maximize(likelihood, gamma_gamma, &fit.maximum);
	if (fabs(fit.correlation) > CORRELATION_MAX)
		fit.warning = fit.correlation > 0 ?
			"spend rises with frequency, which the model takes to be independent: read frequent customers apart" :
			"spend falls with frequency, which the model takes to be independent: read frequent customers apart";
	else if (fit.maximum.unbounded >= 0)
		fit.warning = unbounded[fit.maximum.unbounded];
	else if (!fit.maximum.converged)
		fit.warning = "the fit did not converge";
	return fit;
}

/* p (v + x z) / (p x + q - 1) */
bool
gamma_gamma_expected(const Spend *spend, double frequency, double mean_amount, double *amount)
{
	double		divisor = spend->p * frequency + spend->q - 1;

	if (!(divisor > 0))
		return false;
	*amount = spend->p * (spend->v + frequency * mean_amount) / divisor;
	return true;
}
