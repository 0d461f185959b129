#include "core/windows.h"

bool
periods_init(Periods *periods, int32_t origin, int32_t end, PeriodUnit unit)
{
	PeriodOrigin first = period_origin(origin, unit);
	int32_t		last = end > origin ? period_index(&first, end - 1) : -1;

	*periods = (Periods) {origin, end, unit, last + 1};
	return last >= 0 && last < PERIODS_MAX;
}

bool
periods_are_valid(const Periods *periods, int32_t lag)
{
	Periods		expected;

	return day_is_valid(periods->origin) && day_is_valid(periods->end) &&
		periods->unit >= 0 && periods->unit < PERIOD_UNITS &&
		periods_init(&expected, periods->origin, periods->end, periods->unit) && expected.count == periods->count &&
		lag >= 1 && lag <= PERIODS_MAX - periods->count + 1 && day_is_valid(periods_boundary(periods, 1 - lag));
}

int32_t
periods_boundary(const Periods *periods, int32_t i)
{
	return i < periods->count ? period_start(periods->origin, periods->unit, i) : periods->end;
}

bool
period_is_complete(const Periods *periods, int32_t i)
{
	return i < periods->count - 1 || period_start(periods->origin, periods->unit, periods->count) == periods->end;
}

static void
boundary_fetch(BoundaryWalk *walk)
{
	/* a change within period p is first seen at boundary p + 1 */
	if (!timeline_next(&walk->steps, &walk->pending) || walk->pending.day >= walk->end)
		walk->changes_at = INT32_MAX;
	else
		walk->changes_at = period_index(&walk->origin, walk->pending.day) + 1;
}

BoundaryWalk
boundary_walk(const Periods *periods, const Timeline *timeline)
{
	BoundaryWalk walk = {
		.origin = period_origin(periods->origin, periods->unit),
		.end = periods->end,
		.steps = timeline_walk(timeline),
	};

	boundary_fetch(&walk);
	return walk;
}

void
boundary_move(BoundaryWalk *walk, int32_t j)
{
	walk->transient = 0;
	while (walk->changes_at <= j)
	{
		standing_apply(&walk->standing, &walk->pending);
		if (walk->pending.mrr > 0)
			walk->transient = walk->pending.mrr;
		boundary_fetch(walk);
	}
}

WindowWalk
window_walk(const Periods *periods, const Timeline *timeline, int32_t first, int32_t lag)
{
	WindowWalk	walk = {
		.end = boundary_walk(periods, timeline),
		.lag = lag,
		.next = first,
		.end_window = periods->count - lag + 1,
	};

	if (lag > 1)
		walk.start = walk.end;
	boundary_move(&walk.end, first);
	return walk;
}

static int32_t
earlier(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

bool
window_next(WindowWalk *walk, WindowRun *run)
{
	int32_t		start_changes_at;
	int32_t		end_at = walk->next + walk->lag;

	if (walk->next >= walk->end_window)
		return false;

	run->first = walk->next;
	if (walk->lag == 1)
	{
		run->before = walk->end.standing;
		/* what changes the end of this window changes the start of the next */
		start_changes_at = walk->end.changes_at <= end_at ? end_at : INT32_MAX;
	}
	else
	{
		boundary_move(&walk->start, run->first);
		run->before = walk->start.standing;
		start_changes_at = walk->start.changes_at;
	}
	boundary_move(&walk->end, end_at);
	run->after = walk->end.standing;
	run->movement = movement_between(&run->before, &run->after, &run->amount);
	/* within one period, the moves of the end are the period's own */
	if (walk->lag == 1 && run->movement == MOVEMENT_NONE && run->before.mrr == 0 && walk->end.transient > 0)
	{
		run->movement = MOVEMENT_INTRA_PERIOD;
		run->amount = walk->end.transient;
	}
	run->next = walk->end.changes_at == INT32_MAX ? walk->end_window : walk->end.changes_at - walk->lag;
	run->next = earlier(walk->end_window, earlier(run->next, start_changes_at));
	walk->next = run->next;
	return true;
}
