/*
 * Windows over one account's timeline: where it stood at the two ends of every
 * window of `lag` periods. Boundary j is the moment before the first day of
 * period j; window q reaches from boundary q to boundary q + lag. Periods before
 * the first have negative numbers. Windows that see the same two standings come
 * as one run, so the cost is that of the changes, not of the periods.
 */
#ifndef CSMETRICS_WINDOWS_H
#define CSMETRICS_WINDOWS_H

#include "core/calendar.h"
#include "core/standing.h"

typedef struct Periods
{
	int32_t		origin;			/* first day of period 0 */
	int32_t		end;			/* the day after the last period, which it may cut short */
	int32_t		unit;			/* PeriodUnit */
	int32_t		count;
} Periods;

/* No state has more periods than this. */
#define PERIODS_MAX 20000

/* Counts the periods of [origin, end); false when there are none or too many. */
bool		periods_init(Periods *periods, int32_t origin, int32_t end, PeriodUnit unit);

/* Are these what periods_init makes, and can windows of `lag` periods end with each of them? */
bool		periods_are_valid(const Periods *periods, int32_t lag);

/* First day of period i, which may be negative, or the end for i = count. */
int32_t		periods_boundary(const Periods *periods, int32_t i);

/* True unless period i is the last and cut short. */
bool		period_is_complete(const Periods *periods, int32_t i);

/* Walks the standings of an account from boundary to boundary. */
typedef struct BoundaryWalk
{
	PeriodOrigin origin;
	int32_t		end;
	TimelineWalk steps;
	TimelineStep pending;
	int32_t		changes_at;		/* boundary at which `pending` is first seen; INT32_MAX after the last */
	Standing	standing;
	Money		transient;		/* last MRR above zero among the steps of the last move */
	bool		visited;		/* was any of them active? */
} BoundaryWalk;

BoundaryWalk boundary_walk(const Periods *periods, const Timeline *timeline);

/* Moves on to boundary j. */
void		boundary_move(BoundaryWalk *walk, int32_t j);

typedef struct WindowRun
{
	int32_t		first;			/* windows first <= q < next */
	int32_t		next;
	Movement	movement;
	Money		amount;
	Standing	before;
	Standing	after;
} WindowRun;

typedef struct WindowWalk
{
	BoundaryWalk end;			/* at first at the start of the first window */
	BoundaryWalk start;			/* these two are idle where the lag is 1: a window then starts */
	int32_t		next;			/* where the one before it ended */
	int32_t		lag;
	int32_t		end_window;		/* the one after the last */
} WindowWalk;

/* The windows from `first` on that end within the periods. */
WindowWalk	window_walk(const Periods *periods, const Timeline *timeline, int32_t first, int32_t lag);

/* The next run in which something moved; false after the last. */
bool		window_next(WindowWalk *walk, WindowRun *run);

#endif
