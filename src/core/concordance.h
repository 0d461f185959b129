/*
 * Does who has the higher risk have the event first? Over all pairs of which it
 * is known who had it first: where both had it at one time, it is not; who is
 * censored at the time of an event outlasts it; who is not under observation at
 * that time is no partner (F. E. Harrell et al., JAMA 247, 1982).
 */
#ifndef CSMETRICS_CONCORDANCE_H
#define CSMETRICS_CONCORDANCE_H

#include "core/cox_rows.h"

/* risk: of each row. In time that grows as n log n. */
void		concordance(const CoxRows *rows, const double *risk, const Workspace *workspace, int64_t *concordant,
						int64_t *discordant, int64_t *tied);

#endif
