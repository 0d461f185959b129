#include "core/payments.h"

#include <math.h>

/* The value of payment k, from 0 on, made at its instant. */
static double
payment(const PaymentPlan *plan, int k)
{
	int			months_later = plan->in_advance ? k : k + 1;

	return pow(1 + plan->growth, k) * pow(1 + plan->discount, -months_later / 12.0);
}

/* Payments made at instants from <= t < to: payment k is due k months after the start, or one more. */
static double
measure_payments(void *context, int64_t from, int64_t to)
{
	const PaymentPlan *plan = context;
	int64_t		first = (from + MONTH_LENGTH - 1) / MONTH_LENGTH - !plan->in_advance;
	double		sum = 0;

	for (int64_t k = first < 0 ? 0 : first; k < plan->months && (k + !plan->in_advance) * MONTH_LENGTH < to; k++)
		sum += payment(plan, (int) k);
	return sum;
}

bool
expected_payments(const Durations *durations, const PaymentPlan *plan,
				  double *payments, double *variance, int *known)
{
	PaymentPlan told = *plan;
	SurvivalStep step;
	int64_t		end;

	if (durations->count == 0)
		return false;
	end = durations_row(durations, durations->count - 1)->length;
	/* a curve that ends at zero tells of all time to come */
	if (survival_at(durations, end, &step) && step.free > 0 && end / MONTH_LENGTH + plan->in_advance < plan->months)
		told.months = (int) (end / MONTH_LENGTH) + plan->in_advance;
	*known = told.months;
	return survival_sum(durations, measure_payments, &told, payments, variance);
}
