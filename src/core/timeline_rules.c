#include "core/timeline_rules.h"

#include "core/calendar.h"

bool
timeline_scale(Timeline *timeline, const Factor *factor)
{
	bool		terms = timeline->kind == TIMELINE_TERMS;
	Money		level = 0;
	Money		scaled = 0;

	timeline->header.flags |= STATE_OPEN;
	for (int i = 0; i < timeline->count; i++)
	{
		TimelineEntry *entry = &timeline->entry[i];
		Money		before = scaled;

		scaled = level = terms ? level + entry->amount : entry->amount;
		if (!factor_apply(factor, &scaled))
			return false;
		entry->amount = terms ? scaled - before : scaled;
	}
	return true;
}

/* Appends what leads from one state of affairs to the next. */
static void
append_step(Timeline *out, TimelineStep *last, TimelineStep step)
{
	int32_t		tally = TALLY_PAUSE * (step.paused - last->paused) + TALLY_FREE * (step.free - last->free);

	if (tally != 0 || step.mrr != last->mrr)
		timeline_append(out, step.day, tally, step.mrr - last->mrr);
	*last = step;
}

void
timeline_smooth_gaps(const Timeline *timeline, int32_t days, Timeline *out)
{
	TimelineWalk walk = timeline_walk(timeline);
	TimelineStep last = {0};
	TimelineStep gap;
	TimelineStep step;
	bool		in_gap = false;

	while (timeline_next(&walk, &step))
	{
		bool		active = step_is_active(&step);

		if (in_gap && !active && !step.paused)
			continue;
		if (in_gap && (!active || step.day - gap.day >= days))
			append_step(out, &last, gap);
		in_gap = step_is_active(&last) && !active && !step.paused;
		if (in_gap)
			gap = step;
		else
			append_step(out, &last, step);
	}
	if (in_gap)
		append_step(out, &last, gap);
}

void
timeline_limit_pauses(const Timeline *timeline, int32_t days, Timeline *out)
{
	TimelineWalk walk = timeline_walk(timeline);
	TimelineStep last = {0};
	TimelineStep step;
	int32_t		ends = 0;			/* of the pause in force */
	bool		paused = false;

	while (timeline_next(&walk, &step))
	{
		if (last.paused && step.day > ends)
			append_step(out, &last, (TimelineStep) {ends, last.mrr, false, last.free});
		if (step.paused && !paused)
			ends = step.day < DAY_LAST - days ? step.day + days : DAY_LAST;
		paused = step.paused;
		step.paused = paused && step.day < ends;
		append_step(out, &last, step);
	}
	if (last.paused)
		append_step(out, &last, (TimelineStep) {ends, last.mrr, false, last.free});
}

TimelineSplit
timeline_split(const Timeline *timeline, int32_t days)
{
	return (TimelineSplit) {.walk = timeline_walk(timeline), .days = days, .end = -1};
}

bool
timeline_split_next(TimelineSplit *split)
{
	const Timeline *timeline = split->walk.timeline;
	TimelineStep step;

	if (split->end == timeline->count)
		return false;
	split->first = split->end < 0 ? 0 : split->end;
	split->before = split->after;
	for (;;)
	{
		TimelineWalk here = split->walk;
		Standing	standing = split->standing;
		bool		gone = standing.known && !standing.active && !standing.paused;

		if (!timeline_next(&split->walk, &step))
			break;
		standing_apply(&split->standing, &step);
		if (!gone)
			split->churned_on = step.day;
		else if (step_is_active(&step) && step.day - split->churned_on > split->days)
		{
			split->end = here.next;
			split->after = entry_in_force(&here, step.day);
			return true;
		}
	}
	split->end = timeline->count;
	split->after = (TimelineEntry) {0};
	return true;
}

void
timeline_split_copy(const TimelineSplit *split, Timeline *out)
{
	const Timeline *timeline = split->walk.timeline;

	out->kind = timeline->kind;
	if (!entry_is_void(&split->before))
		timeline_append(out, split->before.day, split->before.tally, split->before.amount);
	for (int i = split->first; i < split->end; i++)
		timeline_append(out, timeline->entry[i].day, timeline->entry[i].tally, timeline->entry[i].amount);
	if (!entry_is_void(&split->after))
		timeline_append(out, split->after.day, -split->after.tally, -split->after.amount);
}
