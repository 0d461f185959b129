/*
 * What a subscription brings over a horizon: monthly payments, each made while
 * the survival curve of tenures says that the customer is still there, growing
 * by expansion and discounted to the first day.
 */
#ifndef CSMETRICS_PAYMENTS_H
#define CSMETRICS_PAYMENTS_H

#include "core/survival.h"

/* A month of the mean calendar year, 365.25 / 12 days, in microseconds. */
#define MONTH_LENGTH INT64_C(2629800000000)

typedef struct PaymentPlan
{
	int			months;			/* the horizon */
	bool		in_advance;		/* payments at the beginning of each month, not at its end */
	double		growth;			/* of a payment from month to month, a share */
	double		discount;		/* a year, a share */
} PaymentPlan;

/*
 * Expected payments in units of the first one, with their variance, and how many
 * of them the curve tells of: those past its end are left out. False without
 * subjects.
 */
bool		expected_payments(const Durations *durations, const PaymentPlan *plan,
							  double *payments, double *variance, int *known);

#endif
