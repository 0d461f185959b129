#include "core/bgnbd.h"

#include <math.h>

/*
 * Of a customer with x purchases after the first, the last at t, known for T, the
 * likelihood has two parts: still there, or left at the last purchase.
 *
 *	 Gamma(r + x) alpha^r    B(a, b + x)
 *	 -------------------- * ------------- * (alpha + T)^-(r + x) * (1 + [x > 0] e^z)
 *	       Gamma(r)            B(a, b)
 *
 *	 z = log a - log(b + x - 1) + (r + x) (log(alpha + T) - log(alpha + t))
 */
static double
log_odds_of_leaving(const Bgnbd *model, const Customer *c)
{
	return log(model->a / (model->b + c->frequency - 1)) +
		(model->r + c->frequency) * log1p((c->age - c->recency) / (model->alpha + c->recency));
}

/* The terms of a row that hang on its frequency alone. */
typedef struct FrequencyTerms
{
	Rising		r;
	Rising		b;
	Rising		a_and_b;
} FrequencyTerms;

static void
add_frequency_terms(FrequencyTerms *terms, int64_t frequency, double n, Slopes *slopes)
{
	double		b_first,
				b_second;

	rising_to(&terms->r, frequency);
	rising_to(&terms->b, frequency);
	rising_to(&terms->a_and_b, frequency);
	slopes->value += n * (terms->r.log + terms->b.log - terms->a_and_b.log);
	slopes->first[0] += n * terms->r.first;
	slopes->second[0][0] += n * terms->r.second;
	b_first = terms->b.first - terms->a_and_b.first;
	b_second = terms->b.second - terms->a_and_b.second;
	slopes->first[2] -= n * terms->a_and_b.first;
	slopes->first[3] += n * b_first;
	slopes->second[2][2] -= n * terms->a_and_b.second;
	slopes->second[2][3] -= n * terms->a_and_b.second;
	slopes->second[3][3] += n * b_second;
}

/* log(1 + e^z), by the four parameters */
static void
add_leaving(const Bgnbd *model, const Customer *c, double n, Slopes *slopes)
{
	double		x = c->frequency;
	double		z = log_odds_of_leaving(model, c);
	double		p = 1 / (1 + exp(-z));
	double		spread = n * p * (1 - p);
	double		now = 1 / (model->alpha + c->age);
	double		last = 1 / (model->alpha + c->recency);
	double		b = 1 / (model->b + x - 1);
	double		by[] = {log1p((c->age - c->recency) * last), (model->r + x) * (now - last), 1 / model->a, -b};

	slopes->value += n * (z > 0 ? z + log1p(exp(-z)) : log1p(exp(z)));
	for (int i = 0; i < 4; i++)
	{
		slopes->first[i] += n * p * by[i];
		for (int j = i; j < 4; j++)
			slopes->second[i][j] += spread * by[i] * by[j];
	}
	slopes->second[0][1] += n * p * (now - last);
	slopes->second[1][1] += n * p * (model->r + x) * (last * last - now * now);
	slopes->second[2][2] -= n * p / (model->a * model->a);
	slopes->second[3][3] += n * p * b * b;
}

static void
likelihood(const void *data, const double *parameter, Slopes *slopes)
{
	const CustomerSample *sample = data;
	Bgnbd		model = {parameter[0], parameter[1], parameter[2], parameter[3]};
	FrequencyTerms terms = {rising_from(model.r), rising_from(model.b), rising_from(model.a + model.b)};
	double		log_alpha = log(model.alpha);

	for (int32_t i = 0; i < sample->customers->bag.count; i += sample->stride)
	{
		const CustomerRow *row = &sample->customers->row[i];
		Customer	c = row_customer(row);
		double		n = row->customers;
		double		x = c.frequency;
		double		now = 1 / (model.alpha + c.age);
		double		log_now = log(model.alpha + c.age);

		add_frequency_terms(&terms, row->frequency, n, slopes);
		slopes->value += n * (model.r * (log_alpha - log_now) - x * log_now);
		slopes->first[0] += n * (log_alpha - log_now);
		slopes->first[1] += n * (model.r / model.alpha - (model.r + x) * now);
		slopes->second[0][1] += n * (1 / model.alpha - now);
		slopes->second[1][1] += n * ((model.r + x) * now * now - model.r / (model.alpha * model.alpha));
		if (row->frequency > 0)
			add_leaving(&model, &c, n, slopes);
	}
}

static const char *const unbounded[] = {
	"r has no bound: customers buy at equal rates, or too few of them were seen",
	"alpha has no bound: customers buy at equal rates, or too few of them were seen",
	"a has no bound: nobody seems to leave, or all with an equal chance",
	"b has no bound: nobody seems to leave, or all with an equal chance",
};

CustomerFit
bgnbd_fit(const Customers *customers, void (*pause) (void))
{
	return customer_fit(customers, likelihood, false, unbounded, pause);
}

double
bgnbd_alive(const Bgnbd *model, const Customer *customer)
{
	return customer->frequency > 0 ? 1 / (1 + exp(log_odds_of_leaving(model, customer))) : 1;
}

/* Of more purchases than that nobody asks. */
#define TERMS_MAX 100000000

/*
 * If nobody left, the number K of purchases to come would be negative binomial,
 * of r + x and z = horizon / (alpha + T + horizon). The customer is there for
 * purchase j + 1 after having stayed at j, which has the chance
 *
 *	 S(j) = (b + x) ... (b + x + j - 1) / ((a + b + x) ... (a + b + x + j - 1))
 *
 * so it makes the sum of P(K > j) S(j) over j from 0 on. That is the formula (10)
 * of the paper without its difference of large numbers, its hypergeometric
 * function, and its gap at a = 1.
 */
static double
purchases_if_alive(const Bgnbd *model, const Customer *customer, double horizon)
{
	double		n = model->r + customer->frequency;
	double		b = model->b + customer->frequency;
	double		z = horizon / (model->alpha + customer->age + horizon);
	double		log_none = -n * log1p(horizon / (model->alpha + customer->age));
	double		first = -expm1(log_none);
	double		more = first;	/* P(K > j) */
	double		chance = exp(log_none); /* P(K = j), while its logarithm is no longer too low */
	bool		tiny = log_none < -600;
	double		stay = 1;
	double		sum = 0;

	for (double j = 0; j < TERMS_MAX; j++)
	{
		double		ratio = (n + j) / (j + 1) * z;

		/* what is left of K; once its chances fall, they fall at least so fast */
		if (!(more > 1e-15 * first) || (!tiny && ratio < 1 && chance * ratio <= 1e-16 * first * (1 - ratio)))
			break;
		sum += more * stay;
		stay *= (b + j) / (model->a + b + j);
		if (tiny)
		{
			log_none += log(ratio);
			tiny = log_none < -600;
			chance = tiny ? 0 : exp(log_none);
		}
		else
			chance *= ratio;
		more -= chance;
	}
	return sum;
}

bool
bgnbd_expected(const Bgnbd *model, const Customer *customer, double horizon, double *purchases)
{
	double		times = horizon / (model->alpha + customer->age);

	/* the tail of K falls by z a purchase */
	if (!(times <= 1e6) || !((model->r + customer->frequency) * times <= 1e7))
		return false;
	*purchases = horizon > 0 ? purchases_if_alive(model, customer, horizon) * bgnbd_alive(model, customer) : 0;
	return true;
}
