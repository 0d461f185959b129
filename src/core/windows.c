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
	walk->visited = false;
	while (walk->changes_at <= j)
	{
		standing_apply(&walk->standing, &walk->pending);
		walk->visited |= walk->standing.active;
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

/* Windows of one period: a run is a period with changes, and ends where the next begins. */
static bool
next_period(WindowWalk *walk, WindowRun *run)
{
	BoundaryWalk *end = &walk->end;

	if (end->changes_at > walk->end_window)
		return false;
	run->next = end->changes_at;
	run->first = run->next - 1;
	run->before = end->standing;
	boundary_move(end, run->next);
	run->after = end->standing;
	run->movement = movement_between(&run->before, &run->after, &run->amount);
	if (run->movement == MOVEMENT_NONE && !run->before.active && end->visited)
	{
		run->movement = MOVEMENT_INTRA_PERIOD;
		run->amount = end->transient;
	}
	return true;
}

static int32_t
earlier(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static bool
next_window(WindowWalk *walk, WindowRun *run)
{
	if (walk->next >= walk->end_window)
		return false;
	run->first = walk->next;
	boundary_move(&walk->start, run->first);
	boundary_move(&walk->end, run->first + walk->lag);
	run->before = walk->start.standing;
	run->after = walk->end.standing;
	run->movement = movement_between(&run->before, &run->after, &run->amount);
	run->next = earlier(walk->end_window, walk->start.changes_at);
	if (walk->end.changes_at != INT32_MAX)
		run->next = earlier(run->next, walk->end.changes_at - walk->lag);
	walk->next = run->next;
	return true;
}

bool
window_next(WindowWalk *walk, WindowRun *run)
{
	while (walk->lag == 1 ? next_period(walk, run) : next_window(walk, run))
		if (run->movement != MOVEMENT_NONE)
			return true;
	return false;
}
