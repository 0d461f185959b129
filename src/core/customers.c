#include "core/customers.h"

#include <math.h>
#include <string.h>

int64_t
length_key(double length)
{
	double		value = length == 0 ? 0 : length;
	int64_t		bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

double
length_value(int64_t key)
{
	double		value;

	memcpy(&value, &key, sizeof(value));
	return value;
}

const char *
customer_flaw(const Customer *customer)
{
	if (!(customer->frequency >= 0 && customer->frequency <= FREQUENCY_MAX))
		return "a frequency is out of range";
	if (!(customer->age >= 0 && customer->age <= AGE_MAX))
		return "an age is out of range";
	if (!(customer->recency >= 0 && customer->recency <= customer->age))
		return "a recency is out of range";
	if ((customer->frequency > 0) != (customer->recency > 0))
		return "a recency does not fit its frequency";
	return NULL;
}

static const char *
customers_flaw(const StateType *type, const Customers *customers)
{
	for (int32_t i = 0; i < customers->bag.count; i++)
	{
		const CustomerRow *row = &customers->row[i];
		Customer	customer = row_customer(row);
		const char *flaw = customer_flaw(&customer);

		if (flaw)
			return flaw;
		/* the sign of zero is not for others to choose */
		if (row->recency < 0 || row->age < 0)
			return "a recency is out of range";
	}
	return bag_flaw(type, &customers->bag);
}

static const char *
bgnbd_flaw(const void *state, int64_t rows)
{
	return customers_flaw(&bgnbd_type, state);
}

static const char *
pareto_nbd_flaw(const void *state, int64_t rows)
{
	return customers_flaw(&pareto_nbd_type, state);
}

const StateType bgnbd_type = {
	.name = "bgnbd",
	.version = 1,
	.fields = BAG_FIELDS,
	.row = CUSTOMER_KEYS CUSTOMER_COUNTS,
	.row_count = bag_row_count,
	.flaw = bgnbd_flaw,
	.close = bag_close,
};

const StateType pareto_nbd_type = {
	.name = "pareto_nbd",
	.version = 1,
	.fields = BAG_FIELDS,
	.row = CUSTOMER_KEYS CUSTOMER_COUNTS,
	.row_count = bag_row_count,
	.flaw = pareto_nbd_flaw,
	.close = bag_close,
};

void
rising_to(Rising *rising, int64_t count)
{
	for (; rising->count < count; rising->count++)
	{
		double		factor = rising->z + rising->count;

		rising->log += log(factor);
		rising->first += 1 / factor;
		rising->second -= 1 / (factor * factor);
	}
}

/* Of fewer customers a spread says nothing. */
#define SPREAD_CUSTOMERS_MIN 10

CustomerTotals
customer_totals(const Customers *customers)
{
	CustomerTotals totals = {0};
	double		regulars = 0;
	double		mean = 0;
	double		squares = 0;

	for (int32_t i = 0; i < customers->bag.count; i++)
	{
		const CustomerRow *row = &customers->row[i];
		Customer	customer = row_customer(row);
		double		n = row->customers;

		totals.negative |= n < 0;
		totals.customers += n;
		totals.repeated += row->frequency > 0 ? n : 0;
		totals.purchases += n * customer.frequency;
		totals.age += n * customer.age;
		if (row->frequency >= 2 && n > 0)
		{
			/* West's update of mean and squares, CACM 22 (1979) 532-535 */
			double		interval = customer.recency / customer.frequency;
			double		away = interval - mean;

			regulars += n;
			mean += away * n / regulars;
			squares += away * (interval - mean) * n;
		}
	}
	totals.interval_spread = regulars >= SPREAD_CUSTOMERS_MIN ? sqrt(squares / regulars) / mean : NAN;
	return totals;
}

static const char *
why_no_parameters(const CustomerTotals *totals)
{
	if (totals->negative)
		return "counts are below zero";
	if (totals->customers == 0)
		return "no customers";
	if (totals->repeated == 0)
		return "nobody bought again";
	if (totals->age == 0)
		return "all customers are new";
	return NULL;
}

/* Purchases at random times, by customers who differ, spread more than that. */
#define REGULAR_SPREAD 0.1

/* So many rows are enough to come near the maximum of any number of them. */
#define SAMPLE_ROWS 8192

CustomerFit
customer_fit(const Customers *customers, Likelihood likelihood, bool fourth_is_time, const char *const *unbounded,
						 void (*pause) (void))
{
	CustomerTotals totals = customer_totals(customers);
	CustomerFit fit = {.customers = (int64_t) totals.customers, .reason = why_no_parameters(&totals)};
	CustomerSample whole = {customers, 1};
	CustomerSample some = {customers, 1 + customers->bag.count / SAMPLE_ROWS};
	double		unit;
	Maximum		begin;

	if (fit.reason)
		return fit;
	/* the time from a purchase to the next, if all customers were still there */
	unit = totals.age / totals.purchases;
	begin = (Maximum) {
		.parameters = 4,
		.pause = pause,
		.parameter = {1, unit, 1, fourth_is_time ? totals.age / totals.customers : 3},
	};
	for (int i = 0; i < begin.parameters; i++)
		maximum_usual(&begin, i, i == 1 || (i == 3 && fourth_is_time) ? unit : 1);
	fit.maximum = begin;
	if (some.stride > 1)
	{
		maximize(likelihood, &some, &fit.maximum);
		if (!fit.maximum.converged)
			fit.maximum = begin;
	}
	maximize(likelihood, &whole, &fit.maximum);
	if (totals.interval_spread < REGULAR_SPREAD)
		fit.warning = "customers buy at equal intervals, as subscribers do: a model of renewals or of survival fits these, not one of purchases at random";
	else if (fit.maximum.unbounded >= 0)
		fit.warning = unbounded[fit.maximum.unbounded];
	else if (!fit.maximum.converged)
		fit.warning = "the fit did not converge";
	return fit;
}
