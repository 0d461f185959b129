/*
 * Customers without a contract, as models of purchasing see them: how often one
 * came back, when last, and for how long it is known. A bag: those alike in all
 * three are one row.
 *
 * Sources: D. C. Schmittlein, D. G. Morrison, R. Colombo, "Counting Your
 * Customers", Management Science 33 (1987) 1-24; P. S. Fader, B. G. S. Hardie,
 * K. L. Lee, "'Counting Your Customers' the Easy Way", Marketing Science 24
 * (2005) 275-284.
 */
#ifndef CSMETRICS_CUSTOMERS_H
#define CSMETRICS_CUSTOMERS_H

#include "core/bag.h"
#include "core/maximum.h"

/* Purchases on more days than that take 274 years. */
#define FREQUENCY_MAX	100000
/* In whatever unit. */
#define AGE_MAX			1e12

typedef struct CustomerRow
{
	int64_t		frequency;		/* purchases after the first */
	int64_t		recency;		/* from the first to the last; the bits of a double from 0 on, which are in its order */
	int64_t		age;			/* from the first to now; likewise */
	int64_t		customers;
} CustomerRow;

#define CUSTOMER_KEYS	"lll"
#define CUSTOMER_COUNTS	"n"

typedef struct Customers
{
	Bag			bag;
	CustomerRow row[];			/* by frequency, recency, age */
} Customers;

/* The same customers under two names, for two models. */
extern const StateType bgnbd_type;
extern const StateType pareto_nbd_type;

/* The bits of a double from 0 on, and back. */
int64_t		length_key(double length);
double		length_value(int64_t key);

/* One customer of whom a model is asked. */
typedef struct Customer
{
	double		frequency;
	double		recency;
	double		age;
} Customer;

static inline Customer
row_customer(const CustomerRow *row)
{
	return (Customer) {row->frequency, length_value(row->recency), length_value(row->age)};
}

/* What keeps a customer from being one, or NULL. */
const char *customer_flaw(const Customer *customer);

/*
 * log of z (z + 1) ... (z + count - 1) and its derivatives by z. `count` only
 * ever grows: rows come in the order of their frequency.
 */
typedef struct Rising
{
	double		z;
	int64_t		count;
	double		log;
	double		first;
	double		second;
} Rising;

static inline Rising
rising_from(double z)
{
	return (Rising) {.z = z};
}

void		rising_to(Rising *rising, int64_t count);

/* What is known of the customers before any model. */
typedef struct CustomerTotals
{
	double		customers;
	double		repeated;		/* customers who came back */
	double		purchases;		/* after the first */
	double		age;
	bool		negative;		/* a count is below zero */
	double		interval_spread;	/* of the mean interval between purchases, over those with three or more: deviation / mean; NaN of too few */
} CustomerTotals;

CustomerTotals customer_totals(const Customers *customers);

/* The rows that a likelihood runs over: each, or one in so many, to begin with. */
typedef struct CustomerSample
{
	const Customers *customers;
	int32_t		stride;
} CustomerSample;

typedef struct CustomerFit
{
	Maximum		maximum;
	int64_t		customers;
	const char *reason;			/* why there are no parameters; NULL if there are some */
	const char *warning;		/* what speaks against the model, or NULL */
} CustomerFit;

/*
 * A model of four parameters, the second in the unit of time and the fourth too
 * if so said, by maximum likelihood. `unbounded` says what it means that a
 * parameter has no bound; for `pause` see maximum.h.
 */
CustomerFit customer_fit(const Customers *customers, Likelihood likelihood, bool fourth_is_time, const char *const *unbounded,
						 void (*pause) (void));

#endif
