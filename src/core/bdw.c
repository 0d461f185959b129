#include "core/bdw.h"

#include <math.h>

#include "core/gamma.h"

#define ALPHA	0
#define BETA	1
#define C		2

/* log S at a renewal, where S = B(alpha, beta + t^c) / B(alpha, beta), and its derivatives */
typedef struct Survival
{
	double		value;
	double		first[PARAMETERS_MAX];
	double		second[PARAMETERS_MAX][PARAMETERS_MAX];
} Survival;

static double
log_surviving(const Bdw *m, double period)
{
	double		tau = pow(period, m->c);

	if (period == 0)
		return 0;
	return log_gamma_ratio(m->beta, tau) - log_gamma_ratio(m->alpha + m->beta, tau);
}

static Survival
survival_at(const Bdw *m, double period)
{
	Survival	s = {.value = log_surviving(m, period)};
	double		sum = m->alpha + m->beta;
	double		tau = pow(period, m->c);
	/* of tau by c */
	double		by_c = tau * log(period);
	double		by_cc = by_c * log(period);
	double		by_alpha,
				by_tau,
				by_tau2;

	if (period == 0)
		return s;
	by_alpha = digamma(sum) - digamma(sum + tau);
	by_tau = digamma(m->beta + tau) - digamma(sum + tau);
	by_tau2 = trigamma(m->beta + tau) - trigamma(sum + tau);
	s.first[ALPHA] = by_alpha;
	s.first[BETA] = by_alpha + digamma(m->beta + tau) - digamma(m->beta);
	s.first[C] = by_tau * by_c;
	s.second[ALPHA][ALPHA] = trigamma(sum) - trigamma(sum + tau);
	s.second[ALPHA][BETA] = s.second[ALPHA][ALPHA];
	s.second[ALPHA][C] = -trigamma(sum + tau) * by_c;
	s.second[BETA][BETA] = s.second[ALPHA][ALPHA] + trigamma(m->beta + tau) - trigamma(m->beta);
	s.second[BETA][C] = by_tau2 * by_c;
	s.second[C][C] = by_tau2 * by_c * by_c + by_tau * by_cc;
	return s;
}

/* Accounts that churned at t have the likelihood S(t - 1) - S(t), those still there after t that of S(t). */
static void
likelihood(const void *data, const double *parameter, Slopes *slopes)
{
	const Sbg  *sbg = data;
	Bdw			m = {parameter[ALPHA], parameter[BETA], parameter[C]};

	for (int32_t i = 0; i < sbg->bag.count; i++)
	{
		const SbgRow *row = &sbg->row[i];
		Survival	after = survival_at(&m, row->period);

		slopes->value += row->kept > 0 ? row->kept * after.value : 0;
		for (int k = 0; k < 3; k++)
			for (int j = k; j < 3; j++)
				slopes->second[k][j] += row->kept * after.second[k][j];
		for (int k = 0; k < 3; k++)
			slopes->first[k] += row->kept * after.first[k];
		if (row->churned > 0)
		{
			Survival	before = survival_at(&m, row->period - 1);
			Mixture		mixture = {.parameters = 3};

			/* relative to S(t - 1) */
			mixture_add(&mixture, 1, before.first, before.second);
			mixture_add(&mixture, -exp(after.value - before.value), after.first, after.second);
			mixture.weight = -expm1(after.value - before.value);
			slopes->value += row->churned * (before.value + log(mixture.weight));
			mixture_close(&mixture, row->churned, slopes);
		}
	}
}

/* Three parameters need as many renewals with an outcome. */
#define RENEWALS_MIN 3

static const char *
why_no_parameters(const Sbg *sbg)
{
	int64_t		last = 0;
	int64_t		churned = 0;
	int64_t		churned_before_last = 0;

	for (int32_t i = 0; i < sbg->bag.count; i++)
	{
		if (sbg->row[i].churned < 0 || sbg->row[i].kept < 0)
			return "counts are below zero";
		churned_before_last = churned;
		churned += sbg->row[i].churned;
		last = sbg->row[i].period;
	}
	if (last == 0)
		return "no account has come to a renewal";
	if (churned == 0)
		return "nobody churned";
	if (last < RENEWALS_MIN || churned_before_last == 0)
		return "churn at fewer than three renewals was seen";
	return NULL;
}

static const char *const unbounded[] = {
	"alpha has no bound: accounts do not differ in their chance to leave",
	"beta has no bound: accounts do not differ in their chance to leave",
	"c has no bound: churn hangs on age alone",
};

BdwFit
bdw_fit(const Sbg *sbg, void (*pause) (void))
{
	BdwFit		fit = {.reason = why_no_parameters(sbg)};
	SbgFit		equal = sbg_fit(sbg);
	SbgRow		totals = sbg_totals(sbg);

	if (fit.reason)
		return fit;
	/* from what it is without c on; else from a mean chance that is about right */
	fit.maximum = (Maximum) {
		.parameters = 3,
		.pause = pause,
		.parameter = {1, 1 + (double) totals.kept / totals.churned, 1},
	};
	if (!equal.reason && equal.alpha < 1e3 && equal.beta < 1e3)
	{
		fit.maximum.parameter[ALPHA] = equal.alpha;
		fit.maximum.parameter[BETA] = equal.beta;
	}
	for (int i = 0; i < fit.maximum.parameters; i++)
		maximum_usual(&fit.maximum, i, 1);
	maximize(likelihood, sbg, &fit.maximum);
	if (fit.maximum.unbounded >= 0)
		fit.warning = unbounded[fit.maximum.unbounded];
	else if (!fit.maximum.converged)
		fit.warning = "the fit did not converge";
	return fit;
}

double
bdw_surviving(const Bdw *model, double period)
{
	return exp(log_surviving(model, period));
}
