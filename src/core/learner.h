/*
 * Learning a classifier: which columns, how strong a ridge, which pairs; and how well
 * that foretells what it has not seen.
 *
 * The ridge is the one with the highest likelihood of rows left out, by folds: one
 * Newton step from the fit of all rows leads to that without a fold, since the
 * information of a fold is subtracted from that of the whole. Pairs are those whose cells hold residuals that
 * are not of chance (as in Y. Lou, R. Caruana, J. Gehrke, G. Hooker, "Accurate
 * intelligible models with pairwise interactions", KDD 2013), and have a ridge of their own, which may leave them out.
 */
#ifndef CSMETRICS_LEARNER_H
#define CSMETRICS_LEARNER_H

#include <math.h>

#include "core/logistic.h"

typedef struct LearnerOptions
{
	double		ridge;			/* NaN: chosen by folds; 0: none, and then texts have a base level */
	bool		splines;
	bool		interactions;
	int			rare;			/* a level of fewer rows is taken together with the like */
	uint64_t	seed;
	const int32_t *cluster;		/* of rows of one cluster all are in one fold; NULL: each by itself */
} LearnerOptions;

typedef struct Learned
{
	Design		design;
	DesignReading reading;
	LogisticFit fit;
	double	   *penalty;
	double		ridge;
	double		pair_ridge;		/* 0: there are no pairs */
	bool		separated;		/* without a ridge there would be no maximum: one was added */
	Information whole;
	double	   *factor;
} Learned;

/* The fit of these rows. */
Learned		learn(const FitTable *table, const int32_t *rows, int32_t count, const LearnerOptions *options, const Workshop *workshop);
void		learned_free(Learned *learned, const Workshop *workshop);

/* Deals rows out to folds, by label, or by cluster: part, by place in rows. */
void		deal_folds(const FitTable *table, const int32_t *rows, int32_t count, int folds, uint64_t seed, const int32_t *cluster,
					   uint8_t *part, const Workshop *workshop);

#endif
