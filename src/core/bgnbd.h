/*
 * The BG/NBD model of customers without a contract: each buys at random times, at
 * a rate of its own, spread over customers as Gamma(r, alpha); after each purchase
 * it may leave, with a probability of its own, spread as Beta(a, b).
 *
 * A customer can leave only at a purchase, so who has not come back after the
 * first is taken to be there still, however long ago that was: the first purchase
 * is no chance to leave.
 *
 * Source: P. S. Fader, B. G. S. Hardie, K. L. Lee, "'Counting Your Customers' the
 * Easy Way: An Alternative to the Pareto/NBD Model", Marketing Science 24 (2005) 275-284.
 */
#ifndef CSMETRICS_BGNBD_H
#define CSMETRICS_BGNBD_H

#include "core/customers.h"

typedef struct Bgnbd
{
	double		r;
	double		alpha;
	double		a;
	double		b;
} Bgnbd;

CustomerFit bgnbd_fit(const Customers *customers, void (*pause) (void));

/* The chance that the customer is still there. */
double		bgnbd_alive(const Bgnbd *model, const Customer *customer);

/* Purchases to expect in a time; false where that would take too long to add up. */
bool		bgnbd_expected(const Bgnbd *model, const Customer *customer, double horizon, double *purchases);

#endif
