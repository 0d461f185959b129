/*
 * Milestones: the way of one account to its goals, a bag of what was reached and
 * of what is due when.
 */
#ifndef CSMETRICS_MILESTONES_H
#define CSMETRICS_MILESTONES_H

#include "core/bag.h"
#include "core/instant.h"

#define MILESTONES_MAX STATE_ROWS_MAX

typedef struct Milestone
{
	int64_t		reached;		/* or never */
	int64_t		due;			/* or never */
	int64_t		name;			/* a text key, or none */
	int32_t		is_start;
	int32_t		is_value;
	int64_t		count;			/* rows that say just this */
} Milestone;

typedef struct Milestones
{
	Bag			bag;
	Milestone	milestone[];
} Milestones;

extern const StateType milestones_type;

/* When the first milestone of that sort was reached, if by `as_of`; else INSTANT_NEVER. */
int64_t		milestones_started(const Milestones *milestones, int64_t as_of);
int64_t		milestones_valued(const Milestones *milestones, int64_t as_of);

/* Milestones of different names. */
typedef struct MilestoneTally
{
	int64_t		reached;
	int64_t		due;
	int64_t		overdue;		/* due and not reached */
} MilestoneTally;

/* How things stood at `as_of`; `scratch` has room for the rows of all of them. */
MilestoneTally milestones_tally(const Milestones *milestones, int64_t as_of, Milestone *scratch);

#endif
