#include "core/hazard_fit.h"

#include <math.h>
#include <string.h>

#include "core/concordance.h"

const char *const hazard_link_words[] = {"logit", "cloglog", NULL};

/* As for the partial likelihood, see cox_fit.c; but Fisher's steps gain less in the end. */
#define ITERATIONS_MAX 60
#define NEAR_TOP 1e-18
#define CREEPING 1e-6
#define CREPT 1e-10
#define ENDLESS_STEP 0.1
#define COLLINEAR 1e-10
#define ETA_MAX 100

/* A period in which some had the event and some did not; in ascending order. */
typedef struct Period
{
	double		time;
	double		alpha;
	double		step;
	double		tried;
	double		score;
	double		information;
	double	   *with;			/* its information with the terms */
} Period;

/* What one row in one period says. */
typedef struct Said
{
	double		log_likelihood;
	double		score;			/* by x' beta */
	double		weight;			/* Fisher's information */
} Said;

typedef struct Scoring
{
	const CoxRows *rows;
	const Workspace *workspace;
	HazardLink	link;
	CoxFit	   *fit;
	Period	   *period;
	int64_t		periods;
	double	   *beta;
	double	   *tried;
	double	   *step;
	double	   *eta;			/* of each row, by beta alone */
	double		log_likelihood;
	double	   *score;
	double	   *information;	/* of the terms: a triangle */
	double	   *factor;			/* what is left of it beside the periods, decomposed */
	bool	   *left_out;
	bool	   *weak;
} Scoring;

static Said
said_by_logit(double eta, bool event)
{
	double		rest = exp(-fabs(eta));
	double		hazard = eta > 0 ? 1 / (1 + rest) : rest / (1 + rest);
	double		sign = event ? -eta : eta;

	return (Said) {-(fmax(sign, 0) + log1p(rest)), event - hazard, rest / ((1 + rest) * (1 + rest))};
}

/* With l = exp(eta): h = 1 - exp(-l), dh / d eta = l (1 - h). */
static Said
said_by_cloglog(double eta, bool event)
{
	double		l = exp(eta);
	double		hazard = -expm1(-l);
	double		odds = expm1(l);	/* h / (1 - h) */

	if (isinf(odds))
		return (Said) {event ? 0 : -l, event ? 0 : -l, 0};
	return (Said) {event ? log(hazard) : -l, event ? l / odds : -l, l * l / odds};
}

static double
link_of(HazardLink link, double hazard)
{
	return link == LINK_LOGIT ? log(hazard / (1 - hazard)) : log(-log1p(-hazard));
}

/* Periods up to a time. */
static int64_t
periods_by(const Scoring *scoring, double time)
{
	int64_t		low = 0;
	int64_t		high = scoring->periods;

	while (low < high)
	{
		int64_t		middle = (low + high) / 2;

		if (scoring->period[middle].time <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Adds what a row says in the periods in which it was at risk. */
static void
add_row(Scoring *scoring, int64_t i, double eta)
{
	const CoxRows *rows = scoring->rows;
	int32_t		terms = rows->terms;
	const double *x = rows->x + i * terms;
	int64_t		to = periods_by(scoring, rows->time[i]);
	double		score = 0;
	double		weight = 0;
	double	   *information = scoring->information;

	for (int64_t n = rows->start ? periods_by(scoring, rows->start[i]) : 0; n < to; n++)
	{
		Period	   *period = scoring->period + n;
		bool		event = rows->event[i] && period->time == rows->time[i];
		Said		said = scoring->link == LINK_LOGIT ? said_by_logit(period->tried + eta, event) : said_by_cloglog(period->tried + eta, event);

		scoring->log_likelihood += said.log_likelihood;
		score += said.score;
		weight += said.weight;
		period->score += said.score;
		period->information += said.weight;
		for (int32_t j = 0; j < terms; j++)
			period->with[j] += said.weight * x[j];
	}
	for (int32_t j = 0; j < terms; j++)
	{
		scoring->score[j] += score * x[j];
		for (int32_t k = 0; k <= j; k++)
			information[k] += weight * x[j] * x[k];
		information += j + 1;
	}
}

/* All that the rows say at what is tried; false where a risk is too large to be told. */
static bool
say(Scoring *scoring)
{
	const CoxRows *rows = scoring->rows;
	int32_t		terms = rows->terms;

	scoring->log_likelihood = 0;
	memset(scoring->score, 0, terms * sizeof(double));
	memset(scoring->information, 0, triangle_size(terms) * sizeof(double));
	for (int64_t n = 0; n < scoring->periods; n++)
	{
		scoring->period[n].score = scoring->period[n].information = 0;
		memset(scoring->period[n].with, 0, terms * sizeof(double));
	}
	for (int64_t i = 0; i < rows->rows; i++)
	{
		double		eta = 0;

		if (i % (ROWS_A_PAUSE / 8) == 0)
			scoring->workspace->pause();
		for (int32_t j = 0; j < terms; j++)
			eta += rows->x[i * terms + j] * scoring->tried[j];
		if (!(fabs(eta) <= ETA_MAX))
			return false;
		scoring->eta[i] = eta;
		add_row(scoring, i, eta);
	}
	return isfinite(scoring->log_likelihood);
}

/* What is left of the information of the terms beside that of the periods, in `factor`. */
static void
leave_periods_out(Scoring *scoring, const bool *left_out)
{
	int32_t		terms = scoring->rows->terms;

	triangle_open(scoring->information, terms, left_out, scoring->factor);
	for (int64_t n = 0; n < scoring->periods; n++)
	{
		const Period *period = scoring->period + n;

		for (int32_t j = 0; j < terms && period->information > 0; j++)
			for (int32_t k = 0; k <= j && !left_out[j]; k++)
				if (!left_out[k])
					scoring->factor[(int64_t) j * terms + k] -= period->with[j] * period->with[k] / period->information;
	}
}

/* Fisher's step; how far below the top it finds us. */
static double
find_step(Scoring *scoring)
{
	int32_t		terms = scoring->rows->terms;
	double		below = 0;

	leave_periods_out(scoring, scoring->left_out);
	cholesky(scoring->factor, terms, 1e-14, scoring->weak);
	memcpy(scoring->step, scoring->score, terms * sizeof(double));
	for (int64_t n = 0; n < scoring->periods; n++)
		for (int32_t j = 0; j < terms && scoring->period[n].information > 0; j++)
			scoring->step[j] -= scoring->period[n].with[j] * scoring->period[n].score / scoring->period[n].information;
	cholesky_solve(scoring->factor, terms, scoring->weak, scoring->step);
	for (int32_t j = 0; j < terms; j++)
		below += scoring->step[j] * scoring->score[j];
	for (int64_t n = 0; n < scoring->periods; n++)
	{
		Period	   *period = scoring->period + n;
		double		rest = period->score;

		for (int32_t j = 0; j < terms; j++)
			rest -= period->with[j] * scoring->step[j];
		period->step = period->information > 0 ? rest / period->information : 0;
		below += period->step * period->score;
	}
	return below;
}

static void
try_share(Scoring *scoring, double share)
{
	for (int32_t j = 0; j < scoring->rows->terms; j++)
		scoring->tried[j] = scoring->beta[j] + share * scoring->step[j];
	for (int64_t n = 0; n < scoring->periods; n++)
		scoring->period[n].tried = scoring->period[n].alpha + share * scoring->period[n].step;
}

/* Takes the step, or as much of it as leads upwards. */
static bool
take_step(Scoring *scoring)
{
	CoxFit	   *fit = scoring->fit;
	double		share = 1;

	for (int halvings = 0; halvings < 30; halvings++, share /= 2)
	{
		try_share(scoring, share);
		if (say(scoring) && scoring->log_likelihood >= fit->log_likelihood - 1e-12 * fabs(fit->log_likelihood))
		{
			memcpy(scoring->beta, scoring->tried, scoring->rows->terms * sizeof(double));
			for (int64_t n = 0; n < scoring->periods; n++)
				scoring->period[n].alpha = scoring->period[n].tried;
			fit->log_likelihood = scoring->log_likelihood;
			return true;
		}
	}
	try_share(scoring, 0);
	say(scoring);
	return false;
}

static bool
find_endless(Scoring *scoring)
{
	bool		any = false;

	for (int32_t j = 0; j < scoring->rows->terms; j++)
		if (fabs(scoring->step[j]) * scoring->rows->range[j] > ENDLESS_STEP)
		{
			scoring->fit->term[j].status = TERM_UNBOUNDED;
			any = true;
		}
	return any;
}

static void
climb_up(Scoring *scoring)
{
	CoxFit	   *fit = scoring->fit;
	bool		endless = false;

	for (;;)
	{
		double		below = find_step(scoring);

		if (below <= NEAR_TOP)
		{
			fit->converged = !endless;
			return;
		}
		if (below <= CREEPING && !endless)
			endless = find_endless(scoring);
		if ((endless && below <= CREPT) || fit->iterations == ITERATIONS_MAX)
			return;
		fit->iterations++;
		if (!take_step(scoring))
			return;
	}
}

/* The periods that say something of the terms, at the hazards that they have without these. */
static void
find_periods(Scoring *scoring)
{
	const CoxRows *rows = scoring->rows;

	for (int64_t e = rows->event_times - 1; e >= 0; e--)
	{
		const EventTime *at = rows->event_time + e;
		double		alpha = link_of(scoring->link, (double) at->deaths / at->at_risk);

		if (at->deaths < at->at_risk)
			scoring->period[scoring->periods++] = (Period) {.time = at->time, .alpha = alpha, .tried = alpha,
			.with = scoring->workspace->take(rows->terms * sizeof(double))};
	}
}

static void
find_left_out(Scoring *scoring)
{
	const CoxRows *rows = scoring->rows;
	bool	   *out = scoring->left_out;

	for (int32_t j = 0; j < rows->terms; j++)
		out[j] = rows->scale[j] == 0 || scoring->information[triangle_at(j, j)] <= 1e-12 * rows->events;
	leave_periods_out(scoring, out);
	/* against what they had before the periods took their part */
	for (int32_t j = 0; j < rows->terms; j++)
		if (scoring->factor[(int64_t) j * (rows->terms + 1)] <= 1e-12 * scoring->information[triangle_at(j, j)])
			out[j] = true;
	leave_periods_out(scoring, out);
	cholesky(scoring->factor, rows->terms, COLLINEAR, out);
	for (int32_t j = 0; j < rows->terms; j++)
		if (out[j])
			scoring->fit->term[j].status = rows->scale[j] == 0 ? TERM_CONSTANT : TERM_COLLINEAR;
}

static void
fill_terms(Scoring *scoring)
{
	const CoxRows *rows = scoring->rows;
	double	   *inverse = scoring->workspace->take((size_t) rows->terms * rows->terms * sizeof(double));

	cholesky_inverse(scoring->factor, rows->terms, scoring->weak, inverse);
	for (int32_t j = 0; j < rows->terms; j++)
	{
		CoxTerm    *term = scoring->fit->term + j;

		term->mean = rows->mean[j];
		if (scoring->left_out[j])
			continue;
		term->coefficient = scoring->beta[j] / rows->scale[j];
		term->standard_error = sqrt(inverse[(int64_t) j * (rows->terms + 1)]) / rows->scale[j];
	}
}

static void
fill_steps(Scoring *scoring)
{
	const CoxRows *rows = scoring->rows;
	HazardStep *step = scoring->workspace->take(rows->event_times * sizeof(HazardStep));
	const Period *period = scoring->period;
	double		sum = 0;

	for (int64_t n = 0; n < rows->event_times; n++)
	{
		const EventTime *at = rows->event_time + (rows->event_times - 1 - n);

		sum += at->deaths < at->at_risk ? exp((period++)->alpha) : NOBODY_SURVIVES;
		step[n] = (HazardStep) {at->time, sum};
	}
	scoring->fit->step = step;
}

CoxFit
hazard_fit(const CoxRows *rows, HazardLink link, const Workspace *workspace)
{
	int32_t		terms = rows->terms;
	CoxFit		fit = {.term = workspace->take(terms * sizeof(CoxTerm))};
	Scoring		scoring = {
		.rows = rows, .workspace = workspace, .link = link, .fit = &fit,
		.period = workspace->take(rows->event_times * sizeof(Period)),
		.beta = workspace->take(terms * sizeof(double)),
		.tried = workspace->take(terms * sizeof(double)),
		.step = workspace->take(terms * sizeof(double)),
		.eta = workspace->take(rows->rows * sizeof(double)),
		.score = workspace->take(terms * sizeof(double)),
		.information = workspace->take(triangle_size(terms) * sizeof(double)),
		.factor = workspace->take((size_t) terms * terms * sizeof(double)),
		.left_out = workspace->take(terms),
		.weak = workspace->take(terms),
	};

	find_periods(&scoring);
	say(&scoring);
	fit.log_likelihood_null = fit.log_likelihood = scoring.log_likelihood;
	find_left_out(&scoring);
	climb_up(&scoring);
	fill_terms(&scoring);
	fill_steps(&scoring);
	concordance(rows, scoring.eta, workspace, &fit.concordant, &fit.discordant, &fit.tied);
	return fit;
}
