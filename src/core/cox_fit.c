#include "core/cox_fit.h"

#include <math.h>
#include <string.h>

#include "core/concordance.h"

const char *const cox_ties_words[] = {"efron", "breslow", NULL};

#define ITERATIONS_MAX 40

/*
 * Where the likelihood is this near to its top, one step more comes to it as far
 * as rounding goes, for each doubles the digits; nearer than AT_TOP none is
 * needed. Where it only creeps towards one, less is enough.
 */
#define NEAR_TOP 1e-14
#define AT_TOP 1e-22
#define CREEPING 1e-6
#define CREPT 1e-10

/* A step by which the risk of two rows moves apart as much, this near to the top, has no end. */
#define ENDLESS_STEP 0.1

/* A term that keeps no more of its information beside those before it. */
#define COLLINEAR 1e-10

/* Exponentials stay far from overflow. */
#define ETA_MAX 300

/* Sums over those at risk, or over those that die at one time: of the risk, of x times it, of x x' times it. */
typedef struct Moments
{
	double		risk;
	double	   *x;
	double	   *xx;
} Moments;

static Moments
moments_in(double *room, int32_t terms)
{
	return (Moments) {.x = room, .xx = room + terms};
}

static inline void
moments_add(Moments *moments, const double *restrict x, int32_t terms, double risk)
{
	double	   *restrict xx = moments->xx;

	moments->risk += risk;
	for (int32_t i = 0; i < terms; i++)
	{
		double		weighed = risk * x[i];

		moments->x[i] += weighed;
		for (int32_t j = 0; j <= i; j++)
			xx[j] += weighed * x[j];
		xx += i + 1;
	}
}

static void
moments_clear(Moments *moments, int32_t terms)
{
	moments->risk = 0;
	memset(moments->x, 0, terms * sizeof(double));
	memset(moments->xx, 0, triangle_size(terms) * sizeof(double));
}

/* One death: those at risk without `out` of the dead. */
static void
add_death(CoxPass *pass, const Moments *at_risk, const Moments *dead, double out, double *restrict mean)
{
	int32_t		terms = pass->rows->terms;
	double		risk = at_risk->risk - (out > 0 ? out * dead->risk : 0);
	double		share = 1 / risk;
	double	   *restrict information = pass->sums->information;
	const double *restrict xx = at_risk->xx;

	pass->sums->log_likelihood -= log(risk);
	for (int32_t i = 0; i < terms; i++)
	{
		mean[i] = (at_risk->x[i] - (out > 0 ? out * dead->x[i] : 0)) * share;
		pass->sums->score[i] -= mean[i];
	}
	for (int32_t i = 0; i < terms; i++)
	{
		if (out > 0)
			for (int32_t j = 0; j <= i; j++)
				information[j] += (xx[j] - out * dead->xx[triangle_at(i, j)]) * share - mean[i] * mean[j];
		else
			for (int32_t j = 0; j <= i; j++)
				information[j] += xx[j] * share - mean[i] * mean[j];
		information += i + 1;
		xx += i + 1;
	}
	if (pass->told == NULL)
		return;
	pass->hazard->hazard += share;
	pass->hazard->hazard_dead += (1 - out) * share;
	for (int32_t i = 0; i < terms; i++)
	{
		pass->hazard->mean[i] += mean[i] * share;
		pass->hazard->mean_dead[i] += (1 - out) * mean[i] * share;
		pass->hazard->mean_at_death[i] += mean[i];
	}
}

static void
clear_hazard(CoxPass *pass)
{
	size_t		size = pass->rows->terms * sizeof(double);

	pass->hazard->hazard = pass->hazard->hazard_dead = 0;
	memset(pass->hazard->mean, 0, size);
	memset(pass->hazard->mean_dead, 0, size);
	memset(pass->hazard->mean_at_death, 0, size);
}

static void
clear_sums(const CoxPass *pass)
{
	memset(pass->sums->score, 0, pass->rows->terms * sizeof(double));
	memset(pass->sums->information, 0, triangle_size(pass->rows->terms) * sizeof(double));
}

static void
tell(CoxPass *pass, int64_t event_time)
{
	int64_t		deaths = pass->rows->event_time[event_time].deaths;

	for (int32_t i = 0; i < pass->rows->terms; i++)
		pass->hazard->mean_at_death[i] /= deaths;
	pass->told(pass, event_time, pass->hazard);
	clear_sums(pass);
	clear_hazard(pass);
}

/* Those that die among rows from..to, which have one time; the sums of these where Efron asks for them. */
static int64_t
add_dead(CoxPass *pass, int64_t from, int64_t to, Moments *dead)
{
	const CoxRows *rows = pass->rows;
	int64_t		deaths = 0;

	for (int64_t i = from; i < to; i++)
	{
		const double *x = rows->x + i * rows->terms;

		if (!rows->event[i])
			continue;
		pass->sums->log_likelihood += pass->eta[i];
		for (int32_t j = 0; j < rows->terms; j++)
			pass->sums->score[j] += x[j];
		deaths++;
	}
	if (deaths < 2 || pass->ties != TIES_EFRON)
		return deaths;
	moments_clear(dead, rows->terms);
	for (int64_t i = from; i < to; i++)
		if (rows->event[i])
			moments_add(dead, rows->x + i * rows->terms, rows->terms, pass->risk[i]);
	return deaths;
}

/* eta and its exponential of a row; false where that would be too large. */
static inline bool
find_risk(CoxPass *pass, int64_t i)
{
	int32_t		terms = pass->rows->terms;
	const double *x = pass->rows->x + i * terms;
	double		eta = 0;

	for (int32_t j = 0; j < terms; j++)
		eta += x[j] * pass->beta[j];
	pass->eta[i] = eta;
	pass->risk[i] = exp(eta);
	return fabs(eta) <= ETA_MAX;
}

bool
cox_pass(CoxPass *pass)
{
	const CoxRows *rows = pass->rows;
	int32_t		terms = rows->terms;
	int64_t		half = terms + triangle_size(terms);
	Moments		at_risk = moments_in(pass->moments, terms);
	Moments		dead = moments_in(pass->moments + half, terms);
	double	   *mean = pass->moments + 2 * half;
	int64_t		left = 0;
	int64_t		event_time = 0;

	moments_clear(&at_risk, terms);
	pass->sums->log_likelihood = 0;
	clear_sums(pass);
	if (pass->told)
		clear_hazard(pass);
	for (int64_t i = 0; i < rows->rows;)
	{
		double		time = rows->time[i];
		int64_t		from = i;
		int64_t		deaths;

		for (; i < rows->rows && rows->time[i] == time; i++)
		{
			if (i % ROWS_A_PAUSE == 0)
				pass->workspace->pause();
			if (!find_risk(pass, i))
				return false;
			moments_add(&at_risk, rows->x + i * terms, terms, pass->risk[i]);
		}
		if (event_time == rows->event_times || rows->event_time[event_time].time != time)
			continue;
		if (rows->start)
			for (; left < rows->rows && rows->start[rows->leaving[left]] >= time; left++)
				moments_add(&at_risk, rows->x + rows->leaving[left] * terms, terms, -pass->risk[rows->leaving[left]]);
		if (!(at_risk.risk > 0))
			return false;
		deaths = add_dead(pass, from, i, &dead);
		for (int64_t k = 0; k < deaths; k++)
		{
			if (k % ROWS_A_PAUSE == ROWS_A_PAUSE - 1)
				pass->workspace->pause();
			add_death(pass, &at_risk, &dead, pass->ties == TIES_EFRON ? (double) k / deaths : 0, mean);
		}
		if (pass->told)
			tell(pass, event_time);
		event_time++;
	}
	return isfinite(pass->sums->log_likelihood);
}

void
triangle_open(const double *triangle, int32_t n, const bool *left_out, double *matrix)
{
	for (int32_t row = 0; row < n; row++)
		for (int32_t column = 0; column <= row; column++)
		{
			double		value = left_out[row] || left_out[column] ? 0 : triangle[triangle_at(row, column)];

			matrix[(int64_t) row * n + column] = matrix[(int64_t) column * n + row] = value;
		}
}

/* The maximum, by Newton's steps */

typedef struct Climb
{
	CoxPass		pass;
	CoxFit	   *fit;
	double	   *beta;
	double	   *tried;
	double	   *step;
	double	   *factor;			/* the information, decomposed */
	bool	   *left_out;		/* terms that say nothing of their own */
	bool	   *weak;			/* these, and those that have no information at present */
} Climb;

/* The step to the top of the parabola here; how far below it we are. */
static double
find_step(Climb *climb)
{
	const CoxSums *sums = climb->pass.sums;
	int32_t		terms = climb->pass.rows->terms;
	double		below = 0;

	triangle_open(sums->information, terms, climb->left_out, climb->factor);
	cholesky(climb->factor, terms, 1e-14, climb->weak);
	memcpy(climb->step, sums->score, terms * sizeof(double));
	cholesky_solve(climb->factor, terms, climb->weak, climb->step);
	for (int32_t j = 0; j < terms; j++)
		below += climb->step[j] * sums->score[j];
	return below;
}

/* Takes the step, or as much of it as leads upwards. */
static bool
take_step(Climb *climb)
{
	CoxFit	   *fit = climb->fit;
	CoxPass    *pass = &climb->pass;
	double		share = 1;

	for (int halvings = 0; halvings < 30; halvings++, share /= 2)
	{
		for (int32_t j = 0; j < pass->rows->terms; j++)
			climb->tried[j] = climb->beta[j] + share * climb->step[j];
		pass->beta = climb->tried;
		if (cox_pass(pass) && pass->sums->log_likelihood >= fit->log_likelihood - 1e-12 * fabs(fit->log_likelihood))
		{
			memcpy(climb->beta, climb->tried, pass->rows->terms * sizeof(double));
			fit->log_likelihood = pass->sums->log_likelihood;
			return true;
		}
	}
	pass->beta = climb->beta;
	cox_pass(pass);
	return false;
}

/* Terms that still run away though the likelihood hardly grows. */
static bool
find_endless(Climb *climb)
{
	bool		any = false;

	for (int32_t j = 0; j < climb->pass.rows->terms; j++)
		if (fabs(climb->step[j]) * climb->pass.rows->range[j] > ENDLESS_STEP)
		{
			climb->fit->term[j].status = TERM_UNBOUNDED;
			any = true;
		}
	return any;
}

static void
climb_up(Climb *climb)
{
	CoxFit	   *fit = climb->fit;
	bool		endless = false;

	for (;;)
	{
		double		below = find_step(climb);

		if (below <= NEAR_TOP)
		{
			fit->converged = !endless;
			if (below > AT_TOP && take_step(climb))
			{
				fit->iterations++;
				find_step(climb);
			}
			return;
		}
		if (below <= CREEPING && !endless)
			endless = find_endless(climb);
		if ((endless && below <= CREPT) || fit->iterations == ITERATIONS_MAX)
			return;
		fit->iterations++;
		if (!take_step(climb))
			return;
	}
}

/* Terms that are constant, or follow from those before them where anybody is at risk. */
static void
find_left_out(Climb *climb)
{
	const CoxRows *rows = climb->pass.rows;
	const double *information = climb->pass.sums->information;

	/* what is left of a term that is constant where anybody is at risk is rounding */
	for (int32_t j = 0; j < rows->terms; j++)
		climb->left_out[j] = rows->scale[j] == 0 || information[triangle_at(j, j)] <= 1e-12 * rows->events;
	triangle_open(information, rows->terms, climb->left_out, climb->factor);
	cholesky(climb->factor, rows->terms, COLLINEAR, climb->left_out);
	for (int32_t j = 0; j < rows->terms; j++)
		if (climb->left_out[j])
			climb->fit->term[j].status = rows->scale[j] == 0 ? TERM_CONSTANT : TERM_COLLINEAR;
}

static void
fill_terms(Climb *climb, const double *inverse)
{
	const CoxRows *rows = climb->pass.rows;

	for (int32_t j = 0; j < rows->terms; j++)
	{
		CoxTerm    *term = climb->fit->term + j;

		term->mean = rows->mean[j];
		if (climb->left_out[j])
			continue;
		term->coefficient = climb->beta[j] / rows->scale[j];
		term->standard_error = sqrt(inverse[(int64_t) j * rows->terms + j]) / rows->scale[j];
	}
}

CoxFit
cox_fit(const CoxRows *rows, CoxTies ties, const Workspace *workspace)
{
	int32_t		terms = rows->terms;
	int64_t		triangle = triangle_size(terms);
	size_t		square = (size_t) terms * terms * sizeof(double);
	double	   *inverse = workspace->take(square);
	CoxSums		sums = {.score = workspace->take(terms * sizeof(double)), .information = workspace->take(triangle * sizeof(double))};
	CoxFit		fit = {.term = workspace->take(terms * sizeof(CoxTerm))};
	Climb		climb = {
		.pass = {.rows = rows, .ties = ties, .workspace = workspace, .sums = &sums,
			.eta = workspace->take(rows->rows * sizeof(double)),
			.risk = workspace->take(rows->rows * sizeof(double)),
		.moments = workspace->take(cox_pass_room(terms) * sizeof(double))},
		.fit = &fit,
		.beta = workspace->take(terms * sizeof(double)),
		.tried = workspace->take(terms * sizeof(double)),
		.step = workspace->take(terms * sizeof(double)),
		.factor = workspace->take(square),
		.left_out = workspace->take(terms),
		.weak = workspace->take(terms),
	};

	climb.pass.beta = climb.beta;
	cox_pass(&climb.pass);
	fit.log_likelihood_null = fit.log_likelihood = sums.log_likelihood;
	find_left_out(&climb);
	climb_up(&climb);
	climb.pass.beta = climb.beta;
	cholesky_inverse(climb.factor, terms, climb.weak, inverse);
	fill_terms(&climb, inverse);
	concordance(rows, climb.pass.eta, workspace, &fit.concordant, &fit.discordant, &fit.tied);
	cox_after(&fit, &climb.pass, climb.weak, inverse);
	return fit;
}
