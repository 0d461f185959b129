/* From rows to a classifier: their order, what is held back, the fit, its errors, and the card. */
#ifndef CSMETRICS_TRAINING_H
#define CSMETRICS_TRAINING_H

#include "core/classifier.h"
#include "core/learner.h"

typedef struct TrainingOptions
{
	double		ridge;			/* NaN: chosen; 0: none */
	bool		splines;
	bool		interactions;
	int			folds;			/* 0: nothing is held back */
	int64_t		seed;
} TrainingOptions;

/* Rows as they came. Codes of texts are in the order of the texts already, which makes them the same for the same rows. */
typedef struct TrainingRows
{
	FitTable	table;			/* without clusters and segments */
	int64_t    *cluster;		/* keys; TEXT_KEY_NONE: a row by itself; NULL: no row has one */
	double	   *time;			/* NULL: there is none */
	FitColumn  *segment;		/* a text; NULL: there is none */
	int64_t		unlabelled;		/* rows left out before */
} TrainingRows;

/*
 * Puts the rows into an order that hangs on their contents alone, so that sums are the
 * same whatever order they came in, and learns. Not to be used without events, or rows without.
 */
Classifier *train(TrainingRows *rows, Utf8Name label, const TrainingOptions *options, const Workshop *workshop);

/* The name of a column: as R names it, where it is of one feature; the length. */
#define TERM_MAX (2 * STRING_MAX + 200)
int			term_name(const Design *d, int column, char *name);

#endif
