/*
 * Hazards of discrete time: of those at risk in a period, the share that has the
 * event in it, by a baseline of each period and the features:
 *
 *	 logit	 log(h / (1 - h))		= alpha(period) + x' beta
 *	 cloglog log(-log(1 - h))		= alpha(period) + x' beta
 *
 * (D. R. Cox, JRSS B 34, 1972; R. L. Prentice, L. A. Gloeckler, Biometrics 34,
 * 1978: the latter is the proportional hazards of a time of which only the period
 * is known). Maximum likelihood, by Fisher's scoring.
 *
 * Periods without events have no hazard, and those that nobody at risk survives
 * have one of 1; neither says anything of beta.
 */
#ifndef CSMETRICS_HAZARD_FIT_H
#define CSMETRICS_HAZARD_FIT_H

#include "core/cox_fit.h"

typedef enum HazardLink
{
	LINK_LOGIT,
	LINK_CLOGLOG
} HazardLink;

extern const char *const hazard_link_words[];

/*
 * The observations' times are numbers of whole periods. What steps hold is summed
 * over periods: odds exp(alpha) of who has the mean of every term (logit), or the
 * hazard of continuous time exp(alpha) (cloglog). A period that nobody survives has
 * NOBODY_SURVIVES in place of either.
 */
CoxFit		hazard_fit(const CoxRows *rows, HazardLink link, const Workspace *workspace);

#define NOBODY_SURVIVES 1e9

#endif
