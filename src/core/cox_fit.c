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

/*
 * Sums over the deaths at one time, of which the k-th has f = k / deaths of the
 * dead taken out (Breslow: 0), and s = those at risk less that. What a death adds
 * is made of sums a over those at risk and d over the dead, as its mean term
 * (a - f d) / s is, so it need not be worked out for each.
 */
typedef struct DeathSums
{
	double		logs;			/* log s */
	double		share;			/* 1 / s */
	double		out;			/* f / s */
	double		share2;			/* 1 / s^2 */
	double		out2;			/* f / s^2 */
	double		out_twice;		/* f^2 / s^2 */
} DeathSums;

static DeathSums
sum_deaths(const CoxPass *pass, double at_risk, double dead, int64_t deaths)
{
	DeathSums	sums = {0};

	if (pass->ties == TIES_BRESLOW || deaths == 1)
	{
		double		share = 1 / at_risk;

		return (DeathSums) {.logs = deaths * log(at_risk), .share = deaths * share, .share2 = deaths * share * share};
	}
	for (int64_t k = 0; k < deaths; k++)
	{
		double		f = (double) k / deaths;
		double		s = at_risk - f * dead;
		double		share = 1 / s;

		sums.logs += log(s);
		sums.share += share;
		sums.out += f * share;
		sums.share2 += share * share;
		sums.out2 += f * share * share;
		sums.out_twice += f * f * share * share;
	}
	return sums;
}

static void
add_information(double *restrict information, const Moments *at_risk, const Moments *dead, const DeathSums *sums, int32_t terms)
{
	const double *restrict xx = at_risk->xx;
	const double *restrict a = at_risk->x;
	const double *restrict d = dead->x;

	for (int32_t i = 0; i < terms; i++)
	{
		double		ai = a[i] * sums->share2;

		for (int32_t j = 0; j <= i; j++)
			information[j] += xx[j] * sums->share - ai * a[j];
		if (sums->out > 0)
		{
			const double *restrict dead_xx = dead->xx + triangle_at(i, 0);
			double		of_a = a[i] * sums->out2 - d[i] * sums->out_twice;
			double		of_d = d[i] * sums->out2;

			for (int32_t j = 0; j <= i; j++)
				information[j] += of_a * d[j] + of_d * a[j] - dead_xx[j] * sums->out;
		}
		information += i + 1;
		xx += i + 1;
	}
}

static void
add_deaths(CoxPass *pass, const Moments *at_risk, const Moments *dead, int64_t deaths)
{
	int32_t		terms = pass->rows->terms;
	DeathSums	sums = sum_deaths(pass, at_risk->risk, dead->risk, deaths);
	CoxHazard  *hazard = pass->hazard;

	pass->sums->log_likelihood -= sums.logs;
	for (int32_t i = 0; i < terms; i++)
		pass->sums->score[i] -= at_risk->x[i] * sums.share - (sums.out > 0 ? dead->x[i] * sums.out : 0);
	add_information(pass->sums->information, at_risk, dead, &sums, terms);
	if (pass->told == NULL)
		return;
	hazard->hazard = sums.share;
	hazard->hazard_dead = sums.share - sums.out;
	for (int32_t i = 0; i < terms; i++)
	{
		double		a = at_risk->x[i];
		double		d = sums.out > 0 ? dead->x[i] : 0;

		hazard->mean[i] = a * sums.share2 - d * sums.out2;
		hazard->mean_dead[i] = a * (sums.share2 - sums.out2) - d * (sums.out2 - sums.out_twice);
		hazard->mean_at_death[i] = (a * sums.share - d * sums.out) / deaths;
	}
}

static void
clear_sums(const CoxPass *pass)
{
	memset(pass->sums->score, 0, pass->rows->terms * sizeof(double));
	memset(pass->sums->information, 0, triangle_size(pass->rows->terms) * sizeof(double));
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
	int64_t		left = 0;
	int64_t		event_time = 0;

	moments_clear(&at_risk, terms);
	pass->sums->log_likelihood = 0;
	clear_sums(pass);
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
		add_deaths(pass, &at_risk, &dead, deaths);
		if (pass->told)
		{
			pass->told(pass, event_time, pass->hazard);
			clear_sums(pass);
		}
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
