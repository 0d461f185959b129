/*
 * Backtest: predictions held against what then happened. A prediction is a risk,
 * any finite number, the higher the more likely; a bag tells how often each risk
 * of each subject came true and how often it did not.
 *
 * Predictions of one subject are not independent: what repeats for one account
 * tells less than as many accounts. So intervals take each subject as a cluster;
 * predictions without a subject are each a cluster of their own.
 */
#ifndef CSMETRICS_BACKTEST_H
#define CSMETRICS_BACKTEST_H

#include <math.h>
#include <string.h>

#include "core/bag.h"
#include "core/statistics.h"

typedef struct BacktestRow
{
	int64_t		risk;			/* by its key, see below */
	int64_t		subject;		/* a text key, or none */
	int64_t		happened;		/* predictions that came true */
	int64_t		spared;			/* those that did not */
} BacktestRow;

typedef struct Backtest
{
	Bag			bag;
	BacktestRow row[];			/* by risk, then by subject */
} Backtest;

extern const StateType backtest_type;

/*
 * Keys are in the order of the doubles they stand for: the bits of one from 0 on
 * are in order already, those of one below it in reverse. -0 is taken for 0, so its
 * key is that of no risk.
 */
#define RISK_KEY_MINUS_ZERO (-1)

static inline int64_t
risk_key(double risk)
{
	double		value = risk == 0 ? 0 : risk;
	int64_t		bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits < 0 ? bits ^ INT64_MAX : bits;
}

static inline double
risk_value(int64_t key)
{
	int64_t		bits = key < 0 ? key ^ INT64_MAX : key;
	double		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline double
row_risk(const Backtest *backtest, int32_t row)
{
	return risk_value(backtest->row[row].risk);
}

typedef struct BacktestTotals
{
	int64_t		happened;
	int64_t		spared;
	bool		negative;		/* unmerge left a count below zero: nothing is known then */
} BacktestTotals;

BacktestTotals backtest_totals(const Backtest *backtest);

/*
 * Predictions in ascending order of risk, those of equal risk at once, and how
 * many lie below. Begins with {.backtest = b}.
 */
typedef struct RiskWalk
{
	const Backtest *backtest;
	int32_t		first;			/* rows first to end - 1 have this risk */
	int32_t		end;
	int64_t		happened;
	int64_t		spared;
	int64_t		happened_below;
	int64_t		spared_below;
} RiskWalk;

bool		risk_next(RiskWalk *walk);

/* Bytes of memory that a row takes in what goes by cluster; the memory is aligned as doubles are. */
#define CLUSTER_ROW_SIZE (2 * sizeof(double) + 2 * sizeof(int32_t))

/* Sums over clusters, where each prediction that happened adds one amount and each that did not another. */
typedef struct ClusterSums
{
	double		happened_squares;	/* what those that happened add up to in a cluster, squared */
	double		spared_squares; /* what the others do */
	double		squares;		/* what both do */
	double		magnitude;		/* what both do, signs aside: rounding is a small part of that */
	int64_t		happened_clusters;	/* clusters with any that happened */
	int64_t		spared_clusters;
	int64_t		clusters;
} ClusterSums;

/*
 * The memory begins with two amounts a row, and holds CLUSTER_ROW_SIZE a row in
 * all. No count is negative.
 */
ClusterSums cluster_sums(const Backtest *backtest, double *memory);

/* The chance that one that happened had a higher risk than one that did not. */
typedef struct Auc
{
	bool		known;			/* both kinds were seen, and no count is negative */
	double		area;
	double		variance;		/* by cluster; 0 where there is no telling */
	int64_t		happened_clusters;
	int64_t		spared_clusters;
} Auc;

/* Without memory, the area alone. */
Auc			backtest_auc(const Backtest *backtest, double *memory);

Bounds		auc_bounds(const Auc *auc, double confidence);

/* What each prediction of a row adds to the error of a known area: one that happened, then one that did not. */
void		auc_errors(const Backtest *backtest, double area, double *amounts);

/* Sums by cluster to the variance of the area; 0 where there is no telling. */
double		auc_variance(const ClusterSums *sums);

/* How much greater the area of one is than that of another, whose predictions may be of the same subjects. */
typedef struct AucDifference
{
	bool		known;			/* both areas are */
	double		difference;
	double		variance;		/* 0 where there is no telling */
} AucDifference;

/* The memory has AUC_DIFFERENCE_ROW_SIZE for each row of both, and is aligned as doubles are. */
#define AUC_DIFFERENCE_ROW_SIZE (8 * sizeof(double))

AucDifference auc_difference(const Backtest *a, const Backtest *b, void *memory);

/* Predictions of risk_from and more: how many, and of these how many happened. */
int64_t		backtest_flagged(const Backtest *backtest, double risk_from, int64_t *hits);

/* Happened among the `flagged` of highest risk; ties across the border in proportion. No count is negative. */
double		backtest_top_hits(const Backtest *backtest, const BacktestTotals *totals, double flagged);

/* Groups of about equal size in ascending order of risk. Begins with calibration_walk. */
typedef struct CalibrationWalk
{
	RiskWalk	risks;
	int64_t		predictions;	/* in all groups */
	int32_t		groups;			/* asked for */
	bool		more;			/* risks stand at one that is not in a group yet */
	double		lowest;
	double		highest;
	double		mean;
	int64_t		happened;
	int64_t		spared;
} CalibrationWalk;

CalibrationWalk calibration_walk(const Backtest *backtest, int32_t groups);
bool		calibration_next(CalibrationWalk *walk);

/* A power of two that brings every risk between -1 and 1, so that sums and squares of them have bounds. */
double		risk_scale(const Backtest *backtest);

/* Sum of squared errors of risks as probabilities. */
double		backtest_squared_error(const Backtest *backtest);

#endif
