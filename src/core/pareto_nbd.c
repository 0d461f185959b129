#include "core/pareto_nbd.h"

#include <math.h>

/*
 * Of a customer with x purchases after the first, the last at t, known for T, the
 * likelihood is that of being there still, and that of having left at each time
 * since the last purchase:
 *
 *	 Gamma(r + x) alpha^r beta^s / Gamma(r) * (e^f(T) + integral of e^g(u) du over t .. T)
 *
 *	 f(u) = -(r + x) log(alpha + u) - s log(beta + u)
 *	 g(u) = log s - (r + x) log(alpha + u) - (s + 1) log(beta + u)
 *
 * The papers write the integral as a difference of two hypergeometric functions,
 * which lose their digits to each other and overflow. Here it is added up, in
 * logarithms and relative to the largest of its terms.
 */

/* The points of Gauss and Legendre on 0 .. 1: how far from 1/2 on either side; and their weights. */
#define POINTS 16
static const double half_point[POINTS / 2] = {
	0.04750625491881872, 0.14080177538962946, 0.2290083888286137, 0.30893812220132187,
	0.3777022041775015, 0.4328156011939159, 0.47228751153661629, 0.49470046749582497,
};
static const double half_weight[POINTS / 2] = {
	0.09472530522753425, 0.09130170752246179, 0.08457825969750127, 0.07479799440828837,
	0.06231448562776694, 0.04757925584124639, 0.03112676196932395, 0.013576229705877047,
};

typedef struct Terms
{
	const ParetoNbd *model;
	double		n;				/* r + x */
	double		largest;		/* the logarithm that terms are relative to */
	Mixture    *mixture;		/* or NULL where only the sum is asked for */
	double		sum;
} Terms;

/* Adds a term of weight e^log, which `left` at u or is there still. */
static void
add_term(Terms *terms, double log_weight, double u, double log_alpha, double log_beta, bool left)
{
	const ParetoNbd *m = terms->model;
	double		weight = exp(log_weight - terms->largest);
	double		to_alpha = 1 / (m->alpha + u);
	double		to_beta = 1 / (m->beta + u);
	double		s = m->s + left;
	double		first[] = {-log_alpha, -terms->n * to_alpha, (left ? 1 / m->s : 0) - log_beta, -s * to_beta};
	double		second[PARAMETERS_MAX][PARAMETERS_MAX] = {
		[0][1] = -to_alpha,
		[1][1] = terms->n * to_alpha * to_alpha,
		[2][2] = left ? -1 / (m->s * m->s) : 0,
		[2][3] = -to_beta,
		[3][3] = s * to_beta * to_beta,
	};

	terms->sum += weight;
	if (terms->mixture)
		mixture_add(terms->mixture, weight, first, second);
}

/*
 * Over u in the logarithm v of (least + u), where least is the smaller of alpha
 * and beta: by that the integrand has no other edge nearer than pi. Panels are of
 * at most 1 in v, and such that it falls by e^16 at most; what has fallen by e^45 is
 * left out.
 */
static void
add_having_left(Terms *terms, const Customer *c)
{
	const ParetoNbd *m = terms->model;
	double		least = fmin(m->alpha, m->beta);
	double		v = log(least + c->recency);
	double		end = log(least + c->age);
	double		log_s = log(m->s);

	while (v < end)
	{
		double		at = exp(v);
		double		fall = terms->n * at / (m->alpha - least + at) + (m->s + 1) * at / (m->beta - least + at);
		double		length = fmin(fmin(1, 6 / fall), end - v);
		double		highest = -INFINITY;

		/* as small a rest as this would be no panel of its own */
		if (end - v - length < length * 1e-3)
			length = end - v;
		for (int i = 0; i < POINTS; i++)
		{
			double		half = i % 2 ? half_point[i / 2] : -half_point[i / 2];
			double		w = v + length * (0.5 + half);
			double		u = fmax(exp(w) - least, c->recency);
			double		log_alpha = log(m->alpha + u);
			double		log_beta = log(m->beta + u);
			/* du = (least + u) dv */
			double		weight = log_s - terms->n * log_alpha - (m->s + 1) * log_beta + w + log(half_weight[i / 2] * length);

			highest = fmax(highest, weight);
			add_term(terms, weight, u, log_alpha, log_beta, true);
		}
		v += length;
		if (highest < terms->largest - 45 || length < 1e-15 * fabs(v))
			break;
	}
}

/* The logarithm that no term is far above. */
static double
largest_term(const ParetoNbd *m, double n, const Customer *c)
{
	double		there = -n * log(m->alpha + c->age) - m->s * log(m->beta + c->age);
	double		left = -n * log(m->alpha + c->recency) - m->s * log(m->beta + c->recency);

	return c->age > c->recency ? left : there;
}

/* The weight of being there still, relative to the largest. */
static double
add_terms(Terms *terms, const Customer *c)
{
	const ParetoNbd *m = terms->model;
	double		log_alpha = log(m->alpha + c->age);
	double		log_beta = log(m->beta + c->age);
	double		there;

	terms->n = m->r + c->frequency;
	terms->largest = largest_term(m, terms->n, c);
	add_term(terms, -terms->n * log_alpha - m->s * log_beta, c->age, log_alpha, log_beta, false);
	there = terms->sum;
	add_having_left(terms, c);
	return there;
}

static void
likelihood(const void *data, const double *parameter, Slopes *slopes)
{
	const CustomerSample *sample = data;
	ParetoNbd	model = {parameter[0], parameter[1], parameter[2], parameter[3]};
	Rising		rising = rising_from(model.r);
	double		log_alpha = log(model.alpha);
	double		log_beta = log(model.beta);

	for (int32_t i = 0; i < sample->customers->bag.count; i += sample->stride)
	{
		const CustomerRow *row = &sample->customers->row[i];
		Customer	c = row_customer(row);
		double		n = row->customers;
		Mixture		mixture = {.parameters = 4};
		Terms		terms = {.model = &model, .mixture = &mixture};

		rising_to(&rising, row->frequency);
		add_terms(&terms, &c);
		mixture_close(&mixture, n, slopes);
		slopes->value += n * (rising.log + model.r * log_alpha + model.s * log_beta + terms.largest + log(terms.sum));
		slopes->first[0] += n * (rising.first + log_alpha);
		slopes->first[1] += n * model.r / model.alpha;
		slopes->first[2] += n * log_beta;
		slopes->first[3] += n * model.s / model.beta;
		slopes->second[0][0] += n * rising.second;
		slopes->second[0][1] += n / model.alpha;
		slopes->second[1][1] -= n * model.r / (model.alpha * model.alpha);
		slopes->second[2][3] += n / model.beta;
		slopes->second[3][3] -= n * model.s / (model.beta * model.beta);
	}
}

static const char *const unbounded[] = {
	"r has no bound: customers buy at equal rates, or too few of them were seen",
	"alpha has no bound: customers buy at equal rates, or too few of them were seen",
	"s has no bound: nobody seems to leave, or all at an equal rate",
	"beta has no bound: nobody seems to leave, or all at an equal rate",
};

CustomerFit
pareto_nbd_fit(const Customers *customers, void (*pause) (void))
{
	return customer_fit(customers, likelihood, true, unbounded, pause);
}

double
pareto_nbd_alive(const ParetoNbd *model, const Customer *customer)
{
	Terms		terms = {.model = model};
	double		there = add_terms(&terms, customer);

	return there / terms.sum;
}

double
pareto_nbd_expected(const ParetoNbd *model, const Customer *customer, double horizon)
{
	double		span = log1p(horizon / (model->beta + customer->age));
	double		more = model->s - 1;
	/* (1 - e^(-more * span)) / more, which is span where more is 0 */
	double		life = more * span == 0 ? span : -expm1(-more * span) / more;

	return (model->r + customer->frequency) * (model->beta + customer->age) / (model->alpha + customer->age) * life *
		pareto_nbd_alive(model, customer);
}
