#include "core/revenue_flow.h"

#include <math.h>

const StateType revenue_flow_type = {
	.name = "revenue_flow",
	.version = 1,
	.fields = "nnnnnn" "mmmmm" REVENUE_MOMENT_FIELDS "w",
	.row = "",
};

void
revenue_moments_add(RevenueMoments *moments, Money m0, Money m1, bool subtract)
{
	Money		change = m1 - m0;
	Money		sign = subtract ? -1 : 1;

	if (change == 0)
		return;
	int256_add_product(&moments->change_change, change, sign * change);
	int256_add_product(&moments->change_opening, change, sign * m0);
	if (change < 0)
	{
		int256_add_product(&moments->loss_loss, change, sign * change);
		int256_add_product(&moments->loss_opening, -change, sign * m0);
	}
}

bool
revenue_flow_add(RevenueFlow *flow, Money m0, Money m1, bool subtract)
{
	int			sign = subtract ? -1 : 1;
	bool		fits = true;

	flow->given += sign;
	m0 = m0 < 0 ? 0 : m0;
	m1 = m1 < 0 ? 0 : m1;
	if (m0 == 0)
	{
		if (m1 > 0)
		{
			flow->new_count += sign;
			fits &= money_add(&flow->new_mrr, sign * m1);
		}
		return fits;
	}

	flow->opening_count += sign;
	fits &= money_add(&flow->opening, sign * m0);
	int256_add_product(&flow->opening_opening, m0, sign * m0);
	revenue_moments_add(&flow->moments, m0, m1, subtract);
	if (m1 > m0)
	{
		flow->expansion_count += sign;
		fits &= money_add(&flow->expansion, sign * (m1 - m0));
	}
	else if (m1 == 0)
	{
		flow->churned_count += sign;
		fits &= money_add(&flow->churned, sign * m0);
	}
	else if (m1 < m0)
	{
		flow->contraction_count += sign;
		fits &= money_add(&flow->contraction, sign * (m0 - m1));
	}
	return fits;
}

bool
revenue_flow_scale(RevenueFlow *flow, const Factor *factor)
{
	FieldWalk	walk = field_walk(&revenue_flow_type, flow, sizeof(*flow));
	bool		fits = true;
	char		letter;
	void	   *field;

	while ((letter = field_next(&walk, &field)) != 0)
	{
		if (letter == 'm')
			fits &= factor_apply(factor, field) && money_within(*(Money *) field, MONEY_SUM_LIMIT);
		else if (letter == 'w')
			fits &= factor_apply_squared(factor, field);
	}
	return fits;
}

Money
revenue_flow_closing(const RevenueFlow *flow)
{
	return flow->opening + flow->new_mrr + flow->expansion - flow->contraction - flow->churned;
}

int64_t
revenue_flow_closing_count(const RevenueFlow *flow)
{
	return flow->opening_count - flow->churned_count + flow->new_count;
}

static bool
divide(double numerator, double denominator, double *ratio)
{
	*ratio = numerator / denominator;
	return denominator > 0;
}

/* NRR = sum over C of m1 / sum over C of m0 (point to point, by account) */
bool
revenue_flow_nrr(const RevenueFlow *flow, double *ratio)
{
	return divide(flow->opening + flow->expansion - flow->contraction - flow->churned, flow->opening, ratio);
}

/* GRR = sum over C of min(m0, m1) / sum over C of m0: the minimum is taken by account, so GRR <= 1 */
bool
revenue_flow_grr(const RevenueFlow *flow, double *ratio)
{
	return divide(flow->opening - flow->contraction - flow->churned, flow->opening, ratio);
}

/* accounts of C with m1 = 0 / accounts of C */
bool
revenue_flow_logo_churn(const RevenueFlow *flow, double *ratio)
{
	return divide(flow->churned_count, flow->opening_count, ratio);
}

/* churn only: sum of m0 where m1 = 0 / sum over C of m0 */
bool
revenue_flow_revenue_churn(const RevenueFlow *flow, double *ratio)
{
	return divide(flow->churned, flow->opening, ratio);
}

/* sum of m0 - m1 where 0 < m1 < m0 / sum over C of m0 */
bool
revenue_flow_contraction(const RevenueFlow *flow, double *ratio)
{
	return divide(flow->contraction, flow->opening, ratio);
}

/* sum of m1 - m0 where m1 > m0 > 0 / sum over C of m0 */
bool
revenue_flow_expansion(const RevenueFlow *flow, double *ratio)
{
	return divide(flow->expansion, flow->opening, ratio);
}

/* 1 - NRR, below zero where expansion outweighs the losses */
bool
revenue_flow_net_revenue_churn(const RevenueFlow *flow, double *ratio)
{
	return divide(flow->contraction + flow->churned - flow->expansion, flow->opening, ratio);
}

/* (new + expansion) / (contraction + churn) */
bool
revenue_flow_quick_ratio(const RevenueFlow *flow, double *ratio)
{
	return divide(flow->new_mrr + flow->expansion, flow->contraction + flow->churned, ratio);
}

/*
 * Standard error of the ratio estimator R = sum y / sum x with the account as
 * unit (Cochran, Sampling Techniques, 3rd ed., 6.4), y = x + e:
 *
 *	 n / (n - 1) * sum (e - r x)^2 / (sum x)^2	with r = sum e / sum x
 *
 * The sum of squares is (X^2 See - 2 X E Sex + E^2 Sxx) / X^2 with X = sum x,
 * E = sum e: computed in integers, so nothing cancels. It is a sum of squares,
 * but where rounded moments of another currency bring it just below zero.
 */
static double
ratio_standard_error(const RevenueFlow *flow, Money e_sum, const Int256 *ee, const Int256 *ex)
{
	Int512		x = int512_from_money(flow->opening);
	Int512		e = int512_from_money(e_sum);
	Int512		two = int512_from_money(2);
	Int512		squares = int512_add(
		int512_subtract(int512_multiply(int512_multiply(x, x), int512_from_int256(ee)),
						int512_multiply(int512_multiply(two, int512_multiply(x, e)), int512_from_int256(ex))),
		int512_multiply(int512_multiply(e, e), int512_from_int256(&flow->opening_opening)));
	double		n = flow->opening_count;
	double		total = flow->opening;

	return sqrt(n / (n - 1) * fmax(int512_to_double(squares), 0)) / (total * total);
}

static bool
ratio_interval(const RevenueFlow *flow, double ratio, double standard_error, double confidence, Bounds *interval)
{
	double		half = normal_quantile_two_sided(confidence) * standard_error;

	interval->lower = fmax(ratio - half, 0);
	interval->upper = ratio + half;
	return flow->opening_count >= 2;
}

bool
revenue_flow_nrr_interval(const RevenueFlow *flow, double confidence, Bounds *interval)
{
	Money		change = flow->expansion - flow->contraction - flow->churned;
	double		ratio;

	return revenue_flow_nrr(flow, &ratio) &&
		ratio_interval(flow, ratio,
					   ratio_standard_error(flow, change, &flow->moments.change_change, &flow->moments.change_opening),
					   confidence, interval);
}

bool
revenue_flow_grr_interval(const RevenueFlow *flow, double confidence, Bounds *interval)
{
	Money		loss = flow->contraction + flow->churned;
	double		ratio;

	if (!revenue_flow_grr(flow, &ratio) ||
		!ratio_interval(flow, ratio,
						ratio_standard_error(flow, loss, &flow->moments.loss_loss, &flow->moments.loss_opening),
						confidence, interval))
		return false;
	interval->upper = fmin(interval->upper, 1);
	return true;
}

bool
revenue_flow_logo_churn_interval(const RevenueFlow *flow, double confidence, Bounds *interval)
{
	if (flow->opening_count <= 0)
		return false;
	*interval = wilson_interval(flow->churned_count, flow->opening_count, confidence);
	return true;
}
