/*
 * Shifted-beta-geometric model of contracts: each account leaves at a renewal
 * with a probability of its own that stays the same, and over accounts these are
 * spread as Beta(alpha, beta). Who is likely to leave does so early, hence
 * retention rises with age though nobody changes.
 *
 * Renewals are numbered from 1. An account seen over `period` of them survived
 * them all, or churned at the last.
 *
 * Source: P. S. Fader, B. G. S. Hardie, "How to Project Customer Retention",
 * Journal of Interactive Marketing 21 (2007) 76-90.
 */
#ifndef CSMETRICS_SBG_H
#define CSMETRICS_SBG_H

#include "core/bag.h"

#define SBG_PERIOD_MAX 10000

typedef struct SbgRow
{
	int64_t		period;			/* from 1, for those that are still there from 0 */
	int64_t		churned;		/* accounts that left at this renewal */
	int64_t		kept;			/* accounts that survived it, and of which no more is known */
} SbgRow;

#define SBG_ROW_KEYS	"l"
#define SBG_ROW_COUNTS	"nn"

typedef struct Sbg
{
	Bag			bag;
	SbgRow		row[];			/* by period */
} Sbg;

extern const StateType sbg_type;

SbgRow		sbg_totals(const Sbg *sbg);

typedef struct SbgFit
{
	double		alpha;
	double		beta;
	double		log_likelihood;
	const char *reason;			/* why there is no fit; NULL if there is one */
} SbgFit;

/* Maximum likelihood. */
SbgFit		sbg_fit(const Sbg *sbg);

/* r(t) = S(t) / S(t - 1) */
static inline double
sbg_retention_rate(const SbgFit *fit, double period)
{
	return (fit->beta + (period - 1)) / (fit->alpha + fit->beta + (period - 1));
}

/*
 * Payments to be expected of an account that has survived so many renewals, the
 * next one undiscounted; discount_rate at least SBG_DISCOUNT_MIN.
 */
double		sbg_residual_lifetime(const SbgFit *fit, double discount_rate, double survived);

#define SBG_DISCOUNT_MIN 1e-9

#endif
