/*
 * Health summary: how the scores of a group of accounts are distributed, with
 * their MRR. A bag of hundredths of a score.
 */
#ifndef CSMETRICS_HEALTH_SUMMARY_H
#define CSMETRICS_HEALTH_SUMMARY_H

#include "core/bag.h"
#include "core/health.h"
#include "core/health_tiers.h"
#include "core/wide.h"

#define SCORE_UNKNOWN (-1)

/* Units of a score in a row. */
#define HUNDREDTH (VALUE_UNIT / 100)

typedef struct HealthSummaryRow
{
	int64_t		hundredths;		/* of the score, rounded down; or SCORE_UNKNOWN */
	int64_t		accounts;
	Money		mrr;
} HealthSummaryRow;

/* Sums; but for the first, over the accounts whose score is known. */
typedef struct HealthTotals
{
	int64_t		given;			/* rows of the aggregate */
	int64_t		scored;
	Money		mrr;
	Money		score;			/* of VALUE_UNIT */
	Int256		score_mrr;
} HealthTotals;

#define HEALTH_TOTALS_FIELDS "nnmmw"

typedef struct HealthSummary
{
	Bag			bag;
	HealthTotals totals;
	HealthSummaryRow row[];
} HealthSummary;

extern const StateType health_summary_type;

/* What one account adds; a score of SCORE_UNKNOWN is not known. */
void		health_summary_of(int64_t score, Money mrr, HealthTotals *totals, HealthSummaryRow *row);

typedef struct HealthGroup
{
	int64_t		accounts;
	Money		mrr;
} HealthGroup;

/* Accounts by tier; the bounds are whole hundredths. */
void		health_summary_tiers(const HealthSummary *summary, int32_t yellow_from, int32_t green_from, HealthGroup group[HEALTH_TIERS]);

HealthGroup health_summary_all(const HealthSummary *summary);

/* The lowest score, rounded down to hundredths; SCORE_UNKNOWN if none is known. */
int64_t		health_summary_worst(const HealthSummary *summary);

#endif
