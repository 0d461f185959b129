/*
 * The Gamma-Gamma model of what a purchase brings: amounts of one customer are
 * spread as Gamma(p, nu), nu over customers as Gamma(q, v), whatever the customer's
 * frequency. So a mean of few purchases is drawn towards that of all customers.
 *
 * A bag: customers with as many purchases of the same mean are one row.
 *
 * Source: P. S. Fader, B. G. S. Hardie, "The Gamma-Gamma Model of Monetary
 * Value" (2013).
 */
#ifndef CSMETRICS_GAMMA_GAMMA_H
#define CSMETRICS_GAMMA_GAMMA_H

#include "core/customers.h"

#define AMOUNT_MAX 1e18

typedef struct SpendRow
{
	int64_t		frequency;		/* purchases that the mean is of */
	int64_t		mean_amount;	/* the bits of a double from 0 on */
	int64_t		customers;
} SpendRow;

#define SPEND_KEYS		"ll"
#define SPEND_COUNTS	"n"

typedef struct GammaGamma
{
	Bag			bag;
	SpendRow	row[];			/* by frequency, then by mean */
} GammaGamma;

extern const StateType gamma_gamma_type;

/* What keeps it from being a customer's spend, or NULL. */
const char *spend_flaw(double frequency, double mean_amount);

typedef struct Spend
{
	double		p;
	double		q;
	double		v;
} Spend;

typedef struct SpendFit
{
	Maximum		maximum;
	int64_t		customers;		/* that it is of */
	int64_t		left_out;		/* without a purchase, or of an amount of 0 */
	double		correlation;	/* of frequency and mean amount; NaN where there is none */
	const char *reason;			/* why there are no parameters; NULL if there are some */
	const char *warning;		/* what speaks against the model, or NULL */
} SpendFit;

/* For `pause` see maximum.h. */
SpendFit	gamma_gamma_fit(const GammaGamma *gamma_gamma, void (*pause) (void));

/* The mean of a customer's amounts to come; false where it has no bound. */
bool		gamma_gamma_expected(const Spend *spend, double frequency, double mean_amount, double *amount);

#endif
