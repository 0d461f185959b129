#include "core/maximum.h"

#include <float.h>
#include <math.h>

void
mixture_add(Mixture *mixture, double weight, const double *first, double (*second)[PARAMETERS_MAX])
{
	mixture->weight += weight;
	for (int i = 0; i < mixture->parameters; i++)
	{
		mixture->first[i] += weight * first[i];
		for (int j = i; j < mixture->parameters; j++)
			mixture->second[i][j] += weight * (second[i][j] + first[i] * first[j]);
	}
}

void
mixture_close(const Mixture *mixture, double count, Slopes *slopes)
{
	double		mean[PARAMETERS_MAX];

	for (int i = 0; i < mixture->parameters; i++)
	{
		mean[i] = mixture->first[i] / mixture->weight;
		slopes->first[i] += count * mean[i];
	}
	for (int i = 0; i < mixture->parameters; i++)
		for (int j = i; j < mixture->parameters; j++)
			slopes->second[i][j] += count * (mixture->second[i][j] / mixture->weight - mean[i] * mean[j]);
}

/* The likelihood with its derivatives by the logarithms of parameters. */
static Slopes
slopes_at(Likelihood likelihood, const void *data, int n, const double *parameter)
{
	Slopes		slopes = {0};

	likelihood(data, parameter, &slopes);
	for (int i = 0; i < n; i++)
		slopes.first[i] *= parameter[i];
	for (int i = 0; i < n; i++)
		for (int j = i; j < n; j++)
		{
			slopes.second[i][j] = slopes.second[i][j] * parameter[i] * parameter[j] + (i == j ? slopes.first[i] : 0);
			slopes.second[j][i] = slopes.second[i][j];
		}
	return slopes;
}

/* One of Jacobi's rotations: turns axes p and q until the matrix has nothing between them. */
static void
rotate(int n, double (*matrix)[PARAMETERS_MAX], double (*axes)[PARAMETERS_MAX], int p, int q)
{
	double		theta = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q]);
	double		t = (theta < 0 ? -1 : 1) / (fabs(theta) + hypot(theta, 1));
	double		c = 1 / hypot(t, 1);
	double		s = t * c;

	for (int i = 0; i < n; i++)
	{
		double		x = matrix[i][p];
		double		y = matrix[i][q];

		matrix[i][p] = c * x - s * y;
		matrix[i][q] = s * x + c * y;
	}
	for (int i = 0; i < n; i++)
	{
		double		x = matrix[p][i];
		double		y = matrix[q][i];

		matrix[p][i] = c * x - s * y;
		matrix[q][i] = s * x + c * y;
		x = axes[i][p];
		y = axes[i][q];
		axes[i][p] = c * x - s * y;
		axes[i][q] = s * x + c * y;
	}
	matrix[p][q] = matrix[q][p] = 0;
}

/* Eigenvalues of a symmetric matrix on its diagonal, eigenvectors in the columns of `axes`. Source: Golub and Van Loan, 8.5. */
static void
diagonalize(int n, double (*matrix)[PARAMETERS_MAX], double (*axes)[PARAMETERS_MAX])
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			axes[i][j] = i == j;
	for (int sweep = 0; sweep < 30; sweep++)
		for (int p = 0; p < n; p++)
			for (int q = p + 1; q < n; q++)
				if (fabs(matrix[p][q]) > 1e-20 * (fabs(matrix[p][p]) + fabs(matrix[q][q])))
					rotate(n, matrix, axes, p, q);
}

/* The step in logarithms, and how much the likelihood rises along it. */
typedef struct Step
{
	double		by[PARAMETERS_MAX];
	double		rise;
	int			longest;		/* the parameter that it moves most */
	bool		concave;		/* else the rise tells nothing of how far the top is */
} Step;

/* Further away the parabola means nothing. */
#define STEP_MAX 2

/* Newton's step; along axes where the likelihood is not concave, away from the bottom as far as it would have been to it. */
static Step
newton_step(int n, const Slopes *slopes)
{
	Step		step = {.concave = true};
	double		matrix[PARAMETERS_MAX][PARAMETERS_MAX];
	double		axes[PARAMETERS_MAX][PARAMETERS_MAX];
	double		largest = 0;
	double		length;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			matrix[i][j] = slopes->second[i][j];
	diagonalize(n, matrix, axes);
	for (int k = 0; k < n; k++)
		largest = fmax(largest, fabs(matrix[k][k]));
	for (int k = 0; k < n; k++)
	{
		double		along = 0;
		double		curvature = fmax(fabs(matrix[k][k]), 1e-14 * largest);

		step.concave &= matrix[k][k] < 0;
		for (int i = 0; i < n; i++)
			along += axes[i][k] * slopes->first[i];
		for (int i = 0; i < n && curvature > 0; i++)
			step.by[i] += axes[i][k] * along / curvature;
	}
	for (int i = 1; i < n; i++)
		if (fabs(step.by[i]) > fabs(step.by[step.longest]))
			step.longest = i;
	length = fabs(step.by[step.longest]);
	for (int i = 0; i < n; i++)
	{
		if (length > STEP_MAX)
			step.by[i] *= STEP_MAX / length;
		step.rise += step.by[i] * slopes->first[i];
	}
	return step;
}

/* Moves by the step, or a part of it that the likelihood rises on. False if there is none. */
static bool
line_search(Likelihood likelihood, const void *data, Maximum *maximum, Slopes *slopes, const Step *step)
{
	/* near the top the rise drowns in rounding */
	double		slack = 64 * DBL_EPSILON * fabs(slopes->value);

	for (double part = 1; part > 1e-10; part /= 2)
	{
		double		parameter[PARAMETERS_MAX];
		Slopes		next;

		for (int i = 0; i < maximum->parameters; i++)
			parameter[i] = maximum->parameter[i] * exp(part * step->by[i]);
		next = slopes_at(likelihood, data, maximum->parameters, parameter);
		if (next.value >= slopes->value + 1e-4 * part * step->rise - slack)
		{
			for (int i = 0; i < maximum->parameters; i++)
				maximum->parameter[i] = parameter[i];
			*slopes = next;
			return true;
		}
	}
	return false;
}

void
maximum_usual(Maximum *maximum, int parameter, double usual)
{
	maximum->least[parameter] = usual / 1e7;
	/* as the inverse of a variance: where customers differ by less than 1 % they are alike */
	maximum->most[parameter] = usual * 1e4;
}

static int
without_bound(const Maximum *maximum)
{
	for (int i = 0; i < maximum->parameters; i++)
		if (!(maximum->parameter[i] > maximum->least[i] && maximum->parameter[i] < maximum->most[i]))
			return i;
	return -1;
}

/* Logarithms of likelihoods that differ by less are the same to any statistics. */
#define NO_RISE		1e-6

/*
 * Nor is there a top nearby while a step goes further than that, in logarithms:
 * towards a top that is at infinity all steps are about 1, however little they rise.
 */
#define NEAR		1e-3
#define FAR			0.1

/* Mostly five to ten are taken. */
#define STEPS_MAX	200

static bool
is_top(const Slopes *slopes, const Step *step, double last_rise)
{
	/* near the top each step doubles the digits, until rounding is all that is left */
	return step->concave && step->rise <= NO_RISE && fabs(step->by[step->longest]) <= NEAR &&
		(step->rise >= last_rise || step->rise <= DBL_EPSILON * fabs(slopes->value));
}

void
maximize(Likelihood likelihood, const void *data, Maximum *maximum)
{
	Slopes		slopes = slopes_at(likelihood, data, maximum->parameters, maximum->parameter);
	double		last_rise = INFINITY;

	maximum->converged = false;
	maximum->unbounded = -1;
	for (maximum->steps = 0; maximum->steps < STEPS_MAX; maximum->steps++)
	{
		Step		step = newton_step(maximum->parameters, &slopes);

		if (maximum->pause)
			maximum->pause();
		maximum->log_likelihood = slopes.value;
		maximum->unbounded = without_bound(maximum);
		if (maximum->unbounded >= 0 || !isfinite(slopes.value) || !isfinite(step.rise))
			return;
		maximum->converged = is_top(&slopes, &step, last_rise);
		if (maximum->converged)
		{
			for (int i = 0; i < maximum->parameters && step.rise < last_rise; i++)
				maximum->parameter[i] *= exp(step.by[i]);
			return;
		}
		last_rise = step.concave ? step.rise : INFINITY;
		if (!line_search(likelihood, data, maximum, &slopes, &step))
		{
			/* all that rises is lost in rounding, though there is far to go */
			if (step.rise <= NO_RISE && fabs(step.by[step.longest]) > FAR)
				maximum->unbounded = step.longest;
			return;
		}
	}
}
