/*
 * Classifier: what was learnt, as a value: how features become columns, a coefficient
 * for each, and the card that says how well it foretells.
 *
 * A stream of bytes holds it, in the order that classifier.c writes: counts as numbers
 * of seven bits a byte, doubles with the high byte first, texts after their length. It
 * is canonical: no count has more bytes than it needs, no zero has a sign.
 */
#ifndef CSMETRICS_CLASSIFIER_H
#define CSMETRICS_CLASSIFIER_H

#include "core/backtest.h"
#include "core/design.h"
#include "core/state.h"

#define NOTES_MAX		100
#define SEGMENTS_MAX	100
#define STRING_MAX		1000	/* bytes of a name, level or note */

typedef enum SplitKind
{
	SPLIT_NONE,					/* not held against anything */
	SPLIT_FOLDS,				/* by chance */
	SPLIT_TIME					/* learnt from before, held against what came later */
} SplitKind;

typedef struct ClassifierCard
{
	int64_t		rows;
	int64_t		positives;
	double		log_likelihood;
	double		ridge;
	double		pair_ridge;
	bool		converged;
	bool		separated;
	int64_t		seed;
	SplitKind	split;
	int			folds;
	int64_t		tested;			/* predictions that were held against what happened */
	bool		has_auc;
	Auc			auc;
	double		brier;
	double		lift;			/* of the tenth with the highest chances */
	bool		has_calibration;
	double		calibration_slope;
	double		calibration_intercept;
	int			notes;
	Utf8Name	note[NOTES_MAX];
} ClassifierCard;

typedef struct ClassifierColumn
{
	double		coefficient;
	double		error;			/* standard error */
	bool		is_out;			/* it says nothing beside others: 0 */
} ClassifierColumn;

typedef struct Classifier
{
	Utf8Name	label;
	Design		design;
	ClassifierColumn *column;
	double	   *coefficient;	/* by column */
	double		intercept_error;	/* of the intercept where numbers are 0, not at their means */
	double	   *mean;			/* of what each feature adds, over all rows; then over those of each segment */
	int			segments;
	Utf8Name   *segment;		/* in the order of bytes */
	ClassifierCard card;
} Classifier;

typedef struct ClassifierState
{
	StateHeader header;
	int32_t		bytes;
	uint8_t		stream[];
} ClassifierState;

extern const StateType classifier_type;

size_t		classifier_stream_size(Classifier *classifier);
void		classifier_write(Classifier *classifier, uint8_t *stream);

/* Of a stream that is sound; texts stay where they are in it. */
Classifier *classifier_read(const uint8_t *stream, size_t size, const Workshop *workshop);

double		classifier_log_odds(const Classifier *classifier, const Place *place);

/*
 * What each feature adds to the log odds, half of a pair to either of it, less its
 * mean over all rows (segment -1) or those of a segment; returns the log odds there.
 */
double		classifier_contributions(const Classifier *classifier, const Place *place, int segment, double *contribution);

/* The same without taking off a mean. */
void		classifier_sums(const Design *d, const Place *place, const double *coefficient, double *sum);

#endif
