#include "core/distributions.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#define SQRT_2 1.41421356237309504880
#define SQRT_2_PI 2.50662827463100050242
#define LOG_SQRT_2_PI 0.91893853320467274178

/* From here on the beta tail is as exact in closed form as by its fraction, which takes sqrt(a) steps. */
#define BETA_LARGE 1e8

/*
 * Solves erfc(z / sqrt 2) / 2 = tail. The rational start is 26.2.23 of
 * Abramowitz and Stegun, right to 4.5e-4; each Halley step triples the digits.
 */
static double
normal_quantile_upper(double tail)
{
	double		t = sqrt(-2 * log(tail));
	double		z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
		(1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));

	for (int i = 0; i < 3; i++)
	{
		double		excess = (erfc(z / SQRT_2) / 2 - tail) * SQRT_2_PI * exp(z * z / 2);

		z += excess / (1 - z * excess / 2);
	}
	return z;
}

double
normal_quantile_two_sided(double confidence)
{
	return normal_quantile_upper((1 - confidence) / 2);
}

/*
 * The continued fraction b0 + a1 / (b1 + a2 / (b2 + ...)), term by term.
 * Source: modified Lentz, I. J. Thompson and A. R. Barnett, J. Comput. Phys. 64 (1986) 490-509.
 */
typedef struct Fraction
{
	double		value;
	double		ratio;			/* of the last two numerators */
	double		inverse;		/* of the ratio of the last two denominators */
} Fraction;

static double
not_zero(double value)
{
	return fabs(value) < DBL_MIN ? DBL_MIN : value;
}

static Fraction
fraction_begin(double b)
{
	b = not_zero(b);
	return (Fraction) {b, b, 0};
}

/* False once another term changes nothing. */
static bool
fraction_extend(Fraction *fraction, double a, double b)
{
	double		factor;

	fraction->inverse = 1 / not_zero(b + a * fraction->inverse);
	fraction->ratio = not_zero(b + a / fraction->ratio);
	factor = fraction->ratio * fraction->inverse;
	fraction->value *= factor;
	return fabs(factor - 1) > DBL_EPSILON;
}

/* log Gamma(z) less Stirling's (z - 1/2) log z - z + log sqrt(2 pi); z > 0 */
static double
stirling_rest(double z)
{
	double		square = 1 / (z * z);
	int			sign;

	if (z < 16)
		return lgamma_r(z, &sign) - ((z - 0.5) * log(z) - z + LOG_SQRT_2_PI);
	return (1.0 / 12 - square * (1.0 / 360 - square * (1.0 / 1260 - square * (1.0 / 1680 - square / 1188)))) / z;
}

/*
 * count * log(mean / count) - excess, never above 0, where excess = mean - count.
 * Where the two are near, their difference vanishes in the logarithm, but not in
 * r = excess / (mean + count), by which log(mean / count) = 2 (r + r^3 / 3 + r^5 / 5 + ...).
 * After C. Loader, Fast and Accurate Computation of Binomial Probabilities (2000).
 */
static double
log_deviance(double count, double mean, double excess)
{
	double		r = excess / (mean + count);
	double		power = 2 * r * r * r;
	double		sum = -r * excess / count;
	double		before;

	if (fabs(r) > 0.2)
		return count * log(mean / count) - excess;
	for (int n = 3; n < 40; n += 2)
	{
		before = sum;
		sum += power / n;
		if (sum == before)
			break;
		power *= r * r;
	}
	return count * sum;
}

/* log of x^a e^-x / Gamma(a) */
static double
gamma_log_weight(double a, double x)
{
	return log(a) / 2 - LOG_SQRT_2_PI + log_deviance(a, x, x - a) - stirling_rest(a);
}

/* log of x^a y^b / B(a, b), where x + y = 1: the density of log(x / y) */
static double
beta_log_weight(double x, double y, double a, double b)
{
	double		n = a + b;
	double		excess = b * x - a * y;

	return log(a / n * b) / 2 - LOG_SQRT_2_PI
		+ log_deviance(a, n * x, excess) + log_deviance(b, n * y, -excess)
		+ stirling_rest(n) - stirling_rest(a) - stirling_rest(b);
}

/*
 * log I_x(a, b) by its continued fraction, which is quick where x is below about the mean.
 * Source: A. R. DiDonato and A. H. Morris, ACM Trans. Math. Software 18 (1992) 360-373, (9).
 */
static double
beta_log_lower_by_fraction(double x, double y, double a, double b)
{
	double		lambda = a * y - b * x;
	Fraction	fraction = fraction_begin(a / (a + 1) * (lambda + 1));
	double		n = 0;
	double		s,
				numerator,
				denominator;

	do
	{
		n++;
		s = a + 2 * n - 1;
		numerator = (a + n - 1) / s * x * ((a + b + n - 1) / s * x) * n * (b - n);
		denominator = n + n * (b - n) * x / s + (a + n) / (s + 2) * (lambda + 1 + n * (1 + y));
	} while (fraction_extend(&fraction, numerator, denominator));
	return beta_log_weight(x, y, a, b) - log(fraction.value);
}

/*
 * The same for large a and b. In zeta, the signed root of twice the deviance, the
 * density is normal but for a smooth factor; integrating that once by parts leaves
 * an error of order min(a, b)^-3/2.
 * Source: R. Lugannani and S. Rice, Adv. Appl. Prob. 12 (1980) 475-490.
 */
static double
beta_log_lower_large(double x, double y, double a, double b)
{
	double		n = a + b;
	double		scale = sqrt(a / n * b);
	double		excess = b * x - a * y;
	double		deviance = -2 * (log_deviance(a, n * x, excess) + log_deviance(b, n * y, -excess));
	double		zeta = copysign(sqrt(deviance), excess);
	double		correction = scale / excess - 1 / zeta;

	/* its limit at the mean, where the two terms cancel */
	if (fabs(zeta) < 1e-4)
		correction = (a - b) / (3 * n * scale);
	return log(erfc(-zeta / SQRT_2) / 2 - exp(-deviance / 2) / SQRT_2_PI * correction);
}

static double
beta_log_lower(double x, double y, double a, double b)
{
	double		log_tail = fmin(a, b) < BETA_LARGE ? beta_log_lower_by_fraction(x, y, a, b) : beta_log_lower_large(x, y, a, b);

	/* rounding must not carry it past certainty */
	return fmin(log_tail, 0);
}

/* log I_x(a, b), where x + y = 1; beyond about the mean from the other tail, I_x(a, b) = 1 - I_y(b, a) */
static double
beta_log_tail(double x, double y, double a, double b)
{
	if (x * (b + 1) > y * (a + 1))
		return log1p(-exp(beta_log_lower(y, x, b, a)));
	return beta_log_lower(x, y, a, b);
}

double
beta_regularized(double x, double a, double b)
{
	if (x <= 0 || x >= 1)
		return x >= 1;
	return exp(beta_log_tail(x, 1 - x, a, b));
}

/*
 * Newton on the logarithm of I as a function of the log odds. The density of the
 * log odds is log-concave, hence so is I: from any start the steps cannot diverge,
 * and after the first they do not pass the solution. The start takes the log odds as normal.
 */
double
beta_quantile_odds(double p, double a, double b)
{
	double		spread = sqrt(1 / a + 1 / b);
	double		z = normal_quantile_upper(fmax(fmin(p, 1 - p), 1e-300));
	double		odds = a / b * exp(copysign(z, p - 0.5) * spread);
	double		step;
	int			steps = 0;

	if (p <= 0 || p >= 1)
		return p <= 0 ? 0 : INFINITY;
	do
	{
		double		x = odds / (1 + odds);
		double		y = 1 / (1 + odds);
		double		log_tail = beta_log_tail(x, y, a, b);

		step = (log(p) - log_tail) / exp(beta_log_weight(x, y, a, b) - log_tail);
		odds *= exp(step);
	} while (fabs(step) > 1e-8 * spread && odds > 0 && ++steps < 100);
	return odds;
}

double
beta_quantile(double p, double a, double b)
{
	double		odds;

	/* the nearer tail holds the digits */
	if (p > 0.5)
		return 1 / (1 + beta_quantile_odds(1 - p, b, a));
	odds = beta_quantile_odds(p, a, b);
	return odds / (1 + odds);
}

/* P(|T| > t) = I_x(degrees / 2, 1 / 2) for x = degrees / (degrees + t^2) */
double
student_quantile_two_sided(double confidence, double degrees)
{
	if (confidence < 0.5)
		return sqrt(degrees * beta_quantile_odds(confidence, 0.5, degrees / 2));
	return sqrt(degrees / beta_quantile_odds(1 - confidence, degrees / 2, 0.5));
}

/*
 * Q(a, x) of a = degrees / 2 and x = statistic / 2: near 0 by the series of 1 - Q,
 * beyond by the continued fraction of Q (Abramowitz and Stegun 6.5.29 and 6.5.31).
 */
double
chi_square_tail(double statistic, int degrees)
{
	double		a = degrees / 2.0;
	double		x = statistic / 2;
	double		term = 1 / a;
	double		sum = term;
	Fraction	fraction;
	double		n = 0;

	if (x <= 0 || isinf(x))
		return x <= 0;
	if (x < a + 1)
	{
		while (term > sum * DBL_EPSILON / 2)
			sum += term *= x / (a + ++n);
		return 1 - exp(gamma_log_weight(a, x)) * sum;
	}
	fraction = fraction_begin(x + 1 - a);
	do
		n++;
	while (fraction_extend(&fraction, n * (a - n), x + 1 - a + 2 * n));
	return exp(gamma_log_weight(a, x)) / fraction.value;
}
