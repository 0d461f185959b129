/*
 * Beta-discrete-Weibull model of contracts: as the shifted-beta-geometric one, but
 * an account's own chance to leave changes with its age. Of those with chance
 * theta the share (1 - theta)^(t^c) survives renewal t: with c above 1 the chance
 * rises from renewal to renewal, below 1 it falls, and at 1 it is the other model.
 * Over accounts theta is spread as Beta(alpha, beta).
 *
 * Source: P. S. Fader, B. G. S. Hardie, Y. Liu, J. Davin, T. Steenburgh, "'How to
 * Project Customer Retention' Revisited: The Role of Duration Dependence", Journal
 * of Interactive Marketing 43 (2018) 1-16.
 */
#ifndef CSMETRICS_BDW_H
#define CSMETRICS_BDW_H

#include "core/maximum.h"
#include "core/sbg.h"

typedef struct Bdw
{
	double		alpha;
	double		beta;
	double		c;
} Bdw;

typedef struct BdwFit
{
	Maximum		maximum;
	const char *reason;			/* why there are no parameters; NULL if there are some */
	const char *warning;		/* what speaks against the model, or NULL */
} BdwFit;

BdwFit		bdw_fit(const Sbg *sbg, void (*pause) (void));

/* The share that is still there after a renewal; 1 after none. */
double		bdw_surviving(const Bdw *model, double period);

#endif
