/* Health changes: why the score of an account is another than it was, in points that add up to the difference. */
#ifndef CSMETRICS_HEALTH_CHANGES_H
#define CSMETRICS_HEALTH_CHANGES_H

#include "core/health.h"

/* Why a score is another than before, in the order in which changes are made. */
typedef enum HealthTerm
{
	HEALTH_TERM_VALUE,			/* a value is another */
	HEALTH_TERM_COVERAGE,		/* a value came, went, or grew older */
	HEALTH_TERM_DEFINITION,		/* a weight, policy or normalizer is another; a signal is new or gone */
	HEALTH_TERM_OVERRIDE		/* a pulse or a veto */
} HealthTerm;

extern const char *const health_term_words[];

typedef struct HealthChange
{
	const HealthSignal *before;	/* or NULL */
	const HealthSignal *after;
	HealthTerm	term;
	int64_t		points;
} HealthChange;

/*
 * The changes from one score to the other, in `changes` with room for
 * 2 * (before_count + after_count); how many. `work` has room for all signals.
 * Changes are made one after the other, by term and name; so their points add up
 * to the difference.
 */
int32_t		health_changes(const HealthSignal *before, int32_t before_count, const HealthSignal *after, int32_t after_count,
						   HealthMethod method, HealthSignal *work, HealthChange *changes);

#endif
