/*
 * Cohorts: accounts by the period in which they were first active, followed period by period.
 *
 * The cohort of period c has cells for ages -1 .. count - 1 - c: age -1 is the
 * start, the MRR at the end of the first active day; age a is the close of period
 * c + a. Cells are kept as differences along the age, so an account costs what
 * its changes cost.
 */
#ifndef CSMETRICS_COHORTS_H
#define CSMETRICS_COHORTS_H

#include "core/windows.h"

/* No cohort state has more periods than this; cells grow with its square. */
#define COHORT_PERIODS_MAX 520

typedef struct CohortCell
{
	int64_t		count;			/* active accounts */
	Money		mrr;
	Money		kept;			/* min of MRR and the account's MRR at the start */
} CohortCell;

typedef struct Cohorts
{
	StateHeader header;
	Periods		periods;
	int64_t		given;			/* accounts given, whether they began within the periods or not */
	CohortCell	cell[];			/* cohort by cohort, by age */
} Cohorts;

extern const StateType cohorts_type;

int64_t		cohorts_cells(const Periods *periods);

/* Adds one account, or takes it out; false on overflow. */
bool		cohorts_add(Cohorts *cohorts, const Timeline *timeline, bool subtract);

/* Reads cells in order of cohort and age; age 0 is the first of a cohort. */
typedef struct CohortsWalk
{
	const Cohorts *cohorts;
	const CohortCell *next;
	int32_t		cohort;
	int32_t		age;
	CohortCell	start;
	CohortCell	cell;
	bool		overflow;		/* the walk ended because a sum is past the limit */
} CohortsWalk;

CohortsWalk cohorts_walk(const Cohorts *cohorts);

/* false after the last */
bool		cohorts_next(CohortsWalk *walk);

#endif
