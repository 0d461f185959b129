/*
 * Revenue flow: what became of the MRR of a group of accounts between two days.
 *
 * C is the opening cohort, the accounts with m0 > 0. Amounts below zero count
 * as zero (the rulebook clamps them). The second moments, over C, are those of
 * the change e = m1 - m0 and the loss l = (m0 - m1)+; unchanged accounts add
 * nothing to them, which keeps them small and cheap.
 */
#ifndef CSMETRICS_REVENUE_FLOW_H
#define CSMETRICS_REVENUE_FLOW_H

#include "core/factor.h"
#include "core/state.h"
#include "core/statistics.h"
#include "core/wide.h"

typedef struct RevenueMoments
{
	Int256		change_change;	/* sum of e^2 */
	Int256		change_opening; /* sum of e m0 */
	Int256		loss_loss;		/* sum of l^2 */
	Int256		loss_opening;	/* sum of l m0 */
} RevenueMoments;

#define REVENUE_MOMENT_FIELDS "wwww"

typedef struct RevenueFlow
{
	StateHeader header;
	int64_t		given;			/* accounts given, with MRR or not */
	int64_t		opening_count;	/* C */
	int64_t		new_count;		/* m0 = 0 < m1 */
	int64_t		expansion_count;
	int64_t		contraction_count;	/* 0 < m1 < m0 */
	int64_t		churned_count;	/* m1 = 0 < m0 */
	Money		opening;
	Money		new_mrr;
	Money		expansion;
	Money		contraction;
	Money		churned;
	RevenueMoments moments;
	Int256		opening_opening;	/* sum of m0^2 */
} RevenueFlow;

extern const StateType revenue_flow_type;

/* Adds one account, or takes it out; false on overflow. */
bool		revenue_flow_add(RevenueFlow *flow, Money m0, Money m1, bool subtract);

/* Adds the moments of one account of C. */
void		revenue_moments_add(RevenueMoments *moments, Money m0, Money m1, bool subtract);

/* Sums of money times the factor, moments times its square, each rounded once; false on overflow. */
bool		revenue_flow_scale(RevenueFlow *flow, const Factor *factor);

Money		revenue_flow_closing(const RevenueFlow *flow);
int64_t		revenue_flow_closing_count(const RevenueFlow *flow);

typedef bool (*RevenueRatio) (const RevenueFlow *flow, double *ratio);

/* Ratios; each false where its denominator is not above zero. */
bool		revenue_flow_nrr(const RevenueFlow *flow, double *ratio);
bool		revenue_flow_grr(const RevenueFlow *flow, double *ratio);
bool		revenue_flow_logo_churn(const RevenueFlow *flow, double *ratio);
bool		revenue_flow_revenue_churn(const RevenueFlow *flow, double *ratio);
bool		revenue_flow_contraction(const RevenueFlow *flow, double *ratio);
bool		revenue_flow_expansion(const RevenueFlow *flow, double *ratio);
bool		revenue_flow_net_revenue_churn(const RevenueFlow *flow, double *ratio);
bool		revenue_flow_quick_ratio(const RevenueFlow *flow, double *ratio);

/* Intervals; each false below two accounts (below one for logo churn) or without opening MRR. */
bool		revenue_flow_nrr_interval(const RevenueFlow *flow, double confidence, Bounds *interval);
bool		revenue_flow_grr_interval(const RevenueFlow *flow, double confidence, Bounds *interval);
bool		revenue_flow_logo_churn_interval(const RevenueFlow *flow, double confidence, Bounds *interval);

#endif
