/*
 * Logistic regression of what happened on the risk that was predicted:
 *
 *	 log odds = intercept + slope * risk
 */
#ifndef CSMETRICS_RISK_FIT_H
#define CSMETRICS_RISK_FIT_H

#include "core/backtest.h"

typedef struct RiskFit
{
	double		intercept;
	double		slope;
	Bounds		interval;		/* of the slope */
	bool		has_interval;
	const char *reason;			/* why there is no fit; NULL if there is one */
} RiskFit;

/* Maximum likelihood; memory as cluster_sums takes it. */
RiskFit		risk_fit(const Backtest *backtest, double confidence, double *memory);

/* The same line by its level at the center of risks, with the errors of any point of it, by cluster. */
typedef struct RiskLine
{
	bool		known;
	double		center;
	double		level;
	double		slope;
	double		level_variance;
	double		covariance;
	double		slope_variance;
} RiskLine;

RiskLine	risk_line(const Backtest *backtest, double *memory);

#endif
