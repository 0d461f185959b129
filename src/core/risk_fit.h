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

#endif
