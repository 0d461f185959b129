#include "core/risk_fit.h"

/*
 * Risks as the fit sees them, from 0 to 2: less the lowest of them, which takes no
 * digits from those that lie close together, and scaled.
 */
typedef struct Risks
{
	const Backtest *backtest;
	double		scale;
	double		lowest;
} Risks;

static double
fit_risk(const Risks *risks, int32_t row)
{
	return row_risk(risks->backtest, row) * risks->scale - risks->lowest;
}

/* Log odds as a line through `level` at `center`. */
typedef struct Line
{
	double		level;
	double		slope;
	double		center;
} Line;

static double
log_odds(const Line *line, double risk)
{
	return line->level + line->slope * (risk - line->center);
}

static double
logistic(double log_odds)
{
	return 1 / (1 + exp(-log_odds));
}

/*
 * The likelihood at a line, and its derivatives by level and slope. The line is
 * taken by its level at the mean of risks, each weighed by its information: there
 * the two do not interact, whatever the risks are measured in.
 */
typedef struct Likelihood
{
	Line		line;
	double		value;
	double		by_level;
	double		by_slope;
	double		level_information;
	double		slope_information;
} Likelihood;

static Likelihood
likelihood(const Risks *risks, Line line)
{
	Likelihood	l = {0};
	double		weighed = 0;

	for (int32_t i = 0; i < risks->backtest->bag.count; i++)
	{
		const BacktestRow *row = &risks->backtest->row[i];
		double		risk = fit_risk(risks, i);
		double		odds = log_odds(&line, risk);
		double		p = logistic(odds);
		double		q = logistic(-odds);
		double		information = ((double) row->happened + row->spared) * p * q;
		double		near = -log1p(exp(-fabs(odds)));	/* log of the likelier */

		l.value += row->happened * (near + fmin(odds, 0)) + row->spared * (near - fmax(odds, 0));
		l.by_level += row->happened * q - row->spared * p;
		l.level_information += information;
		weighed += information * risk;
	}
	l.line = (Line) {.slope = line.slope, .center = weighed / l.level_information};
	l.line.level = log_odds(&line, l.line.center);
	for (int32_t i = 0; i < risks->backtest->bag.count; i++)
	{
		const BacktestRow *row = &risks->backtest->row[i];
		double		risk = fit_risk(risks, i);
		double		odds = log_odds(&line, risk);
		double		p = logistic(odds);
		double		q = logistic(-odds);

		l.by_slope += (risk - l.line.center) * (row->happened * q - row->spared * p);
		l.slope_information += (risk - l.line.center) * (risk - l.line.center) * ((double) row->happened + row->spared) * p * q;
	}
	return l;
}

/* How much a Newton step raises the parabola that the likelihood looks like, twice. */
static double
rise(const Likelihood *l)
{
	return l->by_level * l->by_level / l->level_information + l->by_slope * l->by_slope / l->slope_information;
}

/* Takes Newton's step, or a part of it that the likelihood rises on. False if there is none. */
static bool
climb(const Risks *risks, Likelihood *l)
{
	/* near the top the rise drowns in rounding */
	double		slack = 1e-12 * fabs(l->value);

	for (double part = 1; part > 1e-15; part /= 2)
	{
		Line		line = {
			l->line.level + part * l->by_level / l->level_information,
			l->line.slope + part * l->by_slope / l->slope_information,
			l->line.center,
		};
		Likelihood	next = likelihood(risks, line);

		if (next.value >= l->value + 1e-4 * part * rise(l) - slack)
		{
			*l = next;
			return true;
		}
	}
	return false;
}

/* Logarithms of likelihoods that differ by less are the same to any statistics. */
#define NO_RISE		1e-6

/* Mostly five to ten are taken. */
#define STEPS_MAX	500

/* False if it did not converge. */
static bool
maximize(const Risks *risks, const BacktestTotals *totals, Likelihood *l)
{
	double		last = INFINITY;

	*l = likelihood(risks, (Line) {.level = log((double) totals->happened / totals->spared)});
	for (int i = 0; i < STEPS_MAX; i++)
	{
		double		now = rise(l);

		if (!isfinite(now))
			return false;
		/* near the top each step doubles the digits, until the gradient is rounding and no more */
		if (now <= NO_RISE && now >= last)
			return true;
		last = now;
		if (!climb(risks, l))
			return now <= NO_RISE;
	}
	return false;
}

/*
 * The likelihood has a maximum unless some risk tells all that happened from all
 * that did not, those of just that risk aside.
 */
static bool
is_separated(const Backtest *backtest)
{
	int32_t		rows = backtest->bag.count;
	int64_t		lowest[2] = {INT64_MAX, INT64_MAX};		/* of those that did not happen, of those that did */
	int64_t		highest[2] = {INT64_MIN, INT64_MIN};

	for (int32_t i = 0; i < rows; i++)
		for (int kind = 0; kind < 2; kind++)
			if ((kind ? backtest->row[i].happened : backtest->row[i].spared) > 0)
			{
				if (lowest[kind] == INT64_MAX)
					lowest[kind] = backtest->row[i].risk;
				highest[kind] = backtest->row[i].risk;
			}
	return highest[0] <= lowest[1] || highest[1] <= lowest[0];
}

static const char *
why_no_maximum(const Backtest *backtest, const BacktestTotals *totals)
{
	if (totals->negative)
		return "counts are below zero";
	if (backtest->bag.count == 0)
		return "no predictions";
	if (totals->happened == 0)
		return "nothing happened";
	if (totals->spared == 0)
		return "always happened";
	if (backtest->row[0].risk == backtest->row[backtest->bag.count - 1].risk)
		return "constant risk";
	if (is_separated(backtest))
		return "separated";
	return NULL;
}

/* So small a part of what adds up to nothing is rounding. */
#define ROUNDING 1e-10

/*
 * The variance of a sum that holds however predictions of a cluster depend on each
 * other: g / (g - 1) of the squared slopes of the likelihood of each of the g
 * clusters, each slope being so much of that by level and by slope. Over the squared
 * information it is that of the estimate. 0 where there is no telling.
 *
 * Source: K.-Y. Liang and S. L. Zeger, "Longitudinal data analysis using generalized
 * linear models", Biometrika 73 (1986) 13-22, with independence as working correlation.
 */
static double
score_variance(const Risks *risks, const Likelihood *l, double by_level, double by_slope, double *memory)
{
	ClusterSums sums;
	double		g;

	for (int32_t i = 0; i < risks->backtest->bag.count; i++)
	{
		double		risk = fit_risk(risks, i);
		double		odds = log_odds(&l->line, risk);
		double		amount = by_level + by_slope * (risk - l->line.center);

		memory[2 * (size_t) i] = amount * logistic(-odds);
		memory[2 * (size_t) i + 1] = -amount * logistic(odds);
	}
	sums = cluster_sums(risks->backtest, memory);
	g = sums.clusters;
	if (g < 2 || sums.squares <= ROUNDING * ROUNDING * sums.magnitude)
		return 0;
	return g / (g - 1) * sums.squares;
}

static double
slope_variance(const Risks *risks, const Likelihood *l, double *memory)
{
	return score_variance(risks, l, 0, 1, memory) / l->slope_information / l->slope_information;
}

RiskFit
risk_fit(const Backtest *backtest, double confidence, double *memory)
{
	BacktestTotals totals = backtest_totals(backtest);
	RiskFit		fit = {.reason = why_no_maximum(backtest, &totals)};
	Risks		risks = {backtest, risk_scale(backtest), 0};
	Likelihood	l;
	double		half;

	if (fit.reason)
		return fit;
	risks.lowest = fit_risk(&risks, 0);
	if (!maximize(&risks, &totals, &l))
		return (RiskFit) {.reason = "the fit did not converge"};
	half = normal_quantile_two_sided(confidence) * sqrt(slope_variance(&risks, &l, memory));
	fit.slope = l.line.slope * risks.scale;
	fit.intercept = log_odds(&l.line, -risks.lowest);
	fit.interval = (Bounds) {(l.line.slope - half) * risks.scale, (l.line.slope + half) * risks.scale};
	fit.has_interval = half > 0;
	if (!isfinite(fit.slope) || !isfinite(fit.intercept) || !isfinite(fit.interval.lower) || !isfinite(fit.interval.upper))
		return (RiskFit) {.reason = "the slope is out of range"};
	return fit;
}

RiskLine
risk_line(const Backtest *backtest, double *memory)
{
	BacktestTotals totals = backtest_totals(backtest);
	Risks		risks = {backtest, risk_scale(backtest), 0};
	RiskLine	line = {0};
	Likelihood	l;

	if (why_no_maximum(backtest, &totals))
		return line;
	risks.lowest = fit_risk(&risks, 0);
	if (!maximize(&risks, &totals, &l))
		return line;
	line.center = (l.line.center + risks.lowest) / risks.scale;
	line.level = l.line.level;
	line.slope = l.line.slope * risks.scale;
	line.level_variance = score_variance(&risks, &l, 1, 0, memory) / l.level_information / l.level_information;
	line.slope_variance = slope_variance(&risks, &l, memory) * risks.scale * risks.scale;
	/* of both together there is twice that of the two with each other */
	line.covariance = (score_variance(&risks, &l, 1 / l.level_information, risks.scale / l.slope_information, memory)
					   - line.level_variance - line.slope_variance) / 2;
	line.known = isfinite(line.center) && isfinite(line.slope) && line.level_variance > 0 && isfinite(line.slope_variance);
	return line;
}
