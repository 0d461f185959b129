/*
 * The survival curve of durations: which share has not had the event by t.
 *
 * Without competing events it is the product-limit estimator (Kaplan and Meier,
 * JASA 53, 1958) with Greenwood's variance. With them it is one minus the
 * cumulative incidence of the event (Aalen and Johansen, Scand. J. Stat. 5,
 * 1978), with the delta-method variance of Marubini and Valsecchi (Analysing
 * Survival Data, 1995, 10.2). Weights are no counts: the variance of a weighted
 * curve is the infinitesimal jackknife over subjects, which without weights is
 * Greenwood's.
 */
#ifndef CSMETRICS_SURVIVAL_H
#define CSMETRICS_SURVIVAL_H

#include "core/durations.h"
#include "core/statistics.h"

/* Who left at one length, and the curve from there on. */
typedef struct SurvivalStep
{
	int64_t		length;
	int64_t		at_risk;
	int64_t		ended;
	int64_t		competing;
	int64_t		censored;		/* less those that came under observation here */
	Money		weight_at_risk; /* without weights every subject weighs 1 */
	Money		weight_ended;
	double		free;			/* share without any event */
	double		incidence;		/* share that had the event */
	double		competing_incidence;
	double		surviving;		/* share that did not */
	double		variance;		/* of surviving */
} SurvivalStep;

typedef struct SurvivalWalk
{
	const Durations *durations;
	int			next;
	bool		competing;		/* there are competing events */
	SurvivalStep step;
	double		free_before;	/* the step */
	double		hazard_variance;	/* sum of d / (r (r - d)): Greenwood's */
	double		left_variance;	/* weighted: squared influences on log S of those that left */
	Int256		squares;		/* weighted: of those that stay */
	double		sums[6];		/* of the variance with competing events */
} SurvivalWalk;

SurvivalWalk survival_walk(const Durations *durations);

/* The next length at which anybody left; false after the last. */
bool		survival_next(SurvivalWalk *walk);

/* Scales on which an interval is symmetric; NULL-terminated names in this order. */
typedef enum IntervalScale
{
	SCALE_LOG_LOG,
	SCALE_LOG
} IntervalScale;

extern const char *const interval_scales[];

/* The interval of surviving; false where the scale knows none, as for log-log before the first event. */
bool		survival_interval(const SurvivalStep *step, double z, IntervalScale scale, Bounds *interval);

/* Where a curve is read: itself, or one end of its interval. */
typedef enum SurvivalCurve
{
	CURVE_SURVIVING,
	CURVE_LOWER,
	CURVE_UPPER
} SurvivalCurve;

/*
 * The length by which a share of the subjects had the event: the first at which
 * the curve is not above 1 - share; where it stays at just that for a while, the
 * middle of the while, which may last until the last length. The ends of an
 * interval need not fall steadily: there, as in R survival, the length counts at
 * which they are nearest below. False where the curve never gets there. z and
 * scale are for the ends.
 */
bool		survival_quantile(const Durations *durations, double share, SurvivalCurve curve,
							  double z, IntervalScale scale, double *length);

/* The step in force at a length; false past the last length, where the curve is not known unless all had an event. */
bool		survival_at(const Durations *durations, int64_t length, SurvivalStep *step);

/* How much a stretch of time, from <= t < to, counts in a sum over the curve. */
typedef double (*SurvivalMeasure) (void *context, int64_t from, int64_t to);

/*
 * The sum of surviving over all time by that measure, with its variance; false
 * without subjects. What the measure gives after the last length counts with the
 * last surviving.
 */
bool		survival_sum(const Durations *durations, SurvivalMeasure measure, void *context, double *sum, double *variance);

/* A measure: time itself, up to a horizon. */
double		measure_time(void *horizon, int64_t from, int64_t to);

#endif
