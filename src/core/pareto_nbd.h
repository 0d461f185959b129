/*
 * The Pareto/NBD model of customers without a contract: each buys at random times,
 * at a rate of its own, spread over customers as Gamma(r, alpha); and leaves at a
 * random time, at a rate of its own, spread as Gamma(s, beta). It can leave
 * whether it buys or not.
 *
 * Sources: D. C. Schmittlein, D. G. Morrison, R. Colombo, "Counting Your
 * Customers: Who Are They and What Will They Do Next?", Management Science 33
 * (1987) 1-24; P. S. Fader, B. G. S. Hardie, "A Note on Deriving the Pareto/NBD
 * Model and Related Expressions" (2005).
 */
#ifndef CSMETRICS_PARETO_NBD_H
#define CSMETRICS_PARETO_NBD_H

#include "core/customers.h"

typedef struct ParetoNbd
{
	double		r;
	double		alpha;
	double		s;
	double		beta;
} ParetoNbd;

CustomerFit pareto_nbd_fit(const Customers *customers, void (*pause) (void));

/* The chance that the customer is still there. */
double		pareto_nbd_alive(const ParetoNbd *model, const Customer *customer);

/* Purchases to expect in a time. */
double		pareto_nbd_expected(const ParetoNbd *model, const Customer *customer, double horizon);

#endif
