/*
 * MRR movements: the revenue bridge of a group of accounts, period by period.
 *
 * The state holds one row a period, and, where the lag is above one, one more
 * row a window of that many periods. Window rows are kept as differences from
 * the window before, so an account costs what its changes cost. Rows of periods
 * begin lag - 1 before the first asked for, so that each window has its periods.
 */
#ifndef CSMETRICS_MOVEMENTS_H
#define CSMETRICS_MOVEMENTS_H

#include "core/revenue_flow.h"
#include "core/windows.h"

typedef struct MovementRow
{
	int64_t		count[MOVEMENT_KINDS];
	Money		amount[MOVEMENT_KINDS];
	Money		net;			/* change of MRR, added up apart from the amounts: the bridge must meet it */
	RevenueMoments moments;
	Int256		squares;		/* change of the sum of squared MRR; periods only */
} MovementRow;

typedef struct Movements
{
	StateHeader header;
	Periods		periods;		/* those asked for: windows end with them */
	int32_t		lag;
	int32_t		reserved;
	int64_t		given;			/* accounts given */
	int64_t		opening_count;	/* at boundary 0 */
	Money		opening;
	Int256		opening_squares;
	MovementRow row[];			/* lag - 1 + periods.count, then the windows if lag > 1 */
} Movements;

extern const StateType movements_type;

/* The number of the first period that has a row, and of the first window. */
static inline int32_t
movements_first(const Movements *movements)
{
	return 1 - movements->lag;
}

/* Rows of a state with these periods and lag. */
int64_t		movements_rows(const Periods *periods, int32_t lag);

/* Adds one account, or takes it out; false on overflow. */
bool		movements_add(Movements *movements, const Timeline *timeline, bool subtract);

/*
 * The periods that have rows, as those of a state of lag 1; false where counting from
 * the first of them, which a short month cut, does not come to the days that the rows have.
 */
bool		movements_single_periods(const Movements *movements, Periods *periods);

/* Reads windows in order, each once. */
typedef struct MovementsWalk
{
	const Movements *movements;
	int32_t		window;			/* the one that was read last, counted from 0: it ends with that period */
	int64_t		opening_count;
	Money		opening;
	Int256		opening_squares;
	MovementRow row;			/* of that window */
	int64_t		closing_count;
	Money		closing;
	bool		overflow;		/* the walk ended because a sum is past the limit */
} MovementsWalk;

MovementsWalk movements_walk(const Movements *movements);

/* false after the last */
bool		movements_next(MovementsWalk *walk);

/* The bridge of the row: does opening plus its movements meet the closing found apart? */
bool		movement_row_balances(const MovementRow *row);

/* Moves the kinds that have no place of their own in a bridge to where the caller wants to see them. */
void		movement_row_fold_pauses(MovementRow *row, bool pauses_are_churn);

/* Shows what came and went within the period as new and as churn, too. */
void		movement_row_gross_up(MovementRow *row);

/* The window's flow, with all that gained from zero as new and pauses as churn: m1 is 0 in a pause. */
RevenueFlow movements_flow(const MovementsWalk *walk);

/* Ways to read retention over a window of several periods; NULL-terminated names in this order. */
typedef enum RetentionMethod
{
	RETENTION_COHORT,			/* point to point on the opening cohort */
	RETENTION_MOVEMENT,			/* (opening + the periods' movements) / opening: those of newcomers leak in */
	RETENTION_CHAINED,			/* product of the periods' ratios */
	RETENTION_TTM_AVG			/* mean of the periods' ratios, weighted by opening MRR */
} RetentionMethod;

extern const char *const retention_methods[];

/* false where a denominator is not above zero */
bool		movements_retention(const MovementsWalk *walk, RetentionMethod method, double *nrr, double *grr);

#endif
