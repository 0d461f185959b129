#include "core/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"

#define ROWS_LIMIT (1 << 30)
/* of pauses and of free terms */
#define TERMS_LIMIT (1 << 14)

static int64_t
timeline_row_count(const void *state)
{
	return ((const Timeline *) state)->count;
}

static bool
entry_is_void(const TimelineEntry *entry)
{
	return entry->tally == 0 && entry->amount == 0;
}

static bool
within(int64_t value, int64_t limit)
{
	return value < limit && value > -limit;
}

static bool
entry_is_within_limits(const TimelineEntry *entry, int32_t kind)
{
	if (!money_within(entry->amount, MONEY_ACCOUNT_LIMIT))
		return false;
	if (entry->tally == 0)
		return true;
	if (kind == TIMELINE_SNAPSHOTS)
		return within(entry->tally, ROWS_LIMIT);
	return within(tally_pauses(entry->tally), TERMS_LIMIT) && within(tally_free(entry->tally), TERMS_LIMIT);
}

static const char *
timeline_flaw(const void *state, int64_t rows)
{
	const Timeline *timeline = state;

	/* nothing is known of an empty one, so it has the first kind */
	if (timeline->kind != TIMELINE_TERMS && (timeline->kind != TIMELINE_SNAPSHOTS || timeline->count == 0))
		return "unknown kind";
	for (int i = 0; i < timeline->count; i++)
	{
		const TimelineEntry *entry = &timeline->entry[i];

		if (i > 0 && entry->day <= entry[-1].day)
			return "days are not in order";
		if (entry_is_void(entry))
			return "an entry is void";
		if (!entry_is_within_limits(entry, timeline->kind))
			return "a value is out of range";
	}
	return NULL;
}

static size_t
close_state(void *state)
{
	return timeline_close(state);
}

const StateType timeline_type = {
	.name = "mrr_timeline",
	.version = 1,
	.fields = "kk",
	.row = "dkm",
	.row_count = timeline_row_count,
	.flaw = timeline_flaw,
	.close = close_state,
};

void
timeline_append(Timeline *timeline, int32_t day, int32_t tally, Money amount)
{
	timeline->header.flags |= STATE_OPEN;
	/* a term that begins where the one before it ended needs no entry of its own */
	if (timeline->count > 0)
	{
		TimelineEntry *last = &timeline->entry[timeline->count - 1];

		if (last->day == day)
		{
			TimelineEntry both = {day, last->tally + tally, last->amount + amount};

			if (entry_is_within_limits(&both, timeline->kind))
			{
				*last = both;
				return;
			}
		}
	}
	timeline->entry[timeline->count++] = (TimelineEntry) {day, tally, amount};
}

static int
compare_days(const void *a, const void *b)
{
	int32_t		x = ((const TimelineEntry *) a)->day;
	int32_t		y = ((const TimelineEntry *) b)->day;

	return (x > y) - (x < y);
}

/* Histories are short and mostly in order; qsort is for the others. */
static void
sort_entries(TimelineEntry *entry, int count)
{
	if (count > 32)
	{
		qsort(entry, count, sizeof(*entry), compare_days);
		return;
	}
	for (int i = 1; i < count; i++)
	{
		TimelineEntry moving = entry[i];
		int			hole = i;

		for (; hole > 0 && entry[hole - 1].day > moving.day; hole--)
			entry[hole] = entry[hole - 1];
		entry[hole] = moving;
	}
}

size_t
timeline_close(Timeline *timeline)
{
	TimelineEntry *entry = timeline->entry;
	int			kept = 0;

	sort_entries(entry, timeline->count);
	for (int i = 0; i < timeline->count;)
	{
		TimelineEntry sum = {.day = entry[i].day};

		do
		{
			sum.tally += entry[i].tally;
			sum.amount += entry[i].amount;
			if (!entry_is_within_limits(&sum, timeline->kind))
				return 0;
		} while (++i < timeline->count && entry[i].day == sum.day);
		if (!entry_is_void(&sum))
			entry[kept++] = sum;
	}
	timeline->count = kept;
	if (kept == 0)
		timeline->kind = TIMELINE_TERMS;
	timeline->header.flags &= ~STATE_OPEN;
	return timeline_size(kept);
}

bool
timeline_next(TimelineWalk *walk, TimelineStep *step)
{
	const TimelineEntry *entry;

	if (walk->next == walk->timeline->count)
		return false;
	entry = &walk->timeline->entry[walk->next++];
	if (walk->timeline->kind == TIMELINE_SNAPSHOTS)
		walk->mrr = entry->amount;
	else
	{
		walk->mrr += entry->amount;
		if (entry->tally != 0)
		{
			walk->pauses += tally_pauses(entry->tally);
			walk->free += tally_free(entry->tally);
		}
	}
	step->day = entry->day;
	step->mrr = walk->mrr < 0 ? 0 : walk->mrr;
	step->paused = walk->pauses > 0;
	step->free = walk->free > 0;
	return true;
}

void
standing_apply(Standing *standing, const TimelineStep *step)
{
	bool		active = step_is_active(step);

	if (active || !step->paused)
	{
		standing->paused = false;
		standing->held = 0;
	}
	else if (standing->active)
	{
		standing->paused = true;
		standing->held = standing->mrr;
	}
	standing->mrr = step->mrr;
	standing->active = active;
	standing->known |= active;
}

const char *const movement_names[MOVEMENT_KINDS] = {
	"new", "reactivation", "resume", "expansion", "contraction", "churn", "pause", "lapse", "intra_period"
};

Movement
movement_between(const Standing *before, const Standing *after, Money *amount)
{
	if (!before->active && !after->active)
	{
		*amount = before->held;
		return before->paused && !after->paused ? MOVEMENT_LAPSE : MOVEMENT_NONE;
	}
	*amount = after->mrr > before->mrr ? after->mrr - before->mrr : before->mrr - after->mrr;
	if (!before->active)
		return before->paused ? MOVEMENT_RESUME : before->known ? MOVEMENT_REACTIVATION : MOVEMENT_NEW;
	if (!after->active)
		return after->paused ? MOVEMENT_PAUSE : MOVEMENT_CHURN;
	if (after->mrr == before->mrr)
		return MOVEMENT_NONE;
	return after->mrr > before->mrr ? MOVEMENT_EXPANSION : MOVEMENT_CONTRACTION;
}

int
movement_sign(Movement movement)
{
	static const int signs[] = {1, 1, 1, 1, -1, -1, -1, 0, 0, 0};

	return signs[movement];
}

Movement
movement_without_pauses(Movement movement)
{
	switch (movement)
	{
		case MOVEMENT_RESUME:
			return MOVEMENT_REACTIVATION;
		case MOVEMENT_PAUSE:
			return MOVEMENT_CHURN;
		case MOVEMENT_LAPSE:
			return MOVEMENT_NONE;	/* churned when the pause began */
		default:
			return movement;
	}
}

bool
timeline_has_pauses(const Timeline *timeline)
{
	if (timeline->kind == TIMELINE_TERMS)
		for (int i = 0; i < timeline->count; i++)
			if (tally_pauses(timeline->entry[i].tally) != 0)
				return true;
	return false;
}

Money
timeline_mrr_at(const Timeline *timeline, int32_t day)
{
	TimelineWalk walk = timeline_walk(timeline);
	TimelineStep step;
	Money		mrr = 0;

	while (timeline_next(&walk, &step) && step.day <= day)
		mrr = step.mrr;
	return mrr;
}

bool
timeline_active_at(const Timeline *timeline, int32_t day)
{
	TimelineWalk walk = timeline_walk(timeline);
	TimelineStep step;
	bool		active = false;

	while (timeline_next(&walk, &step) && step.day <= day)
		active = step_is_active(&step);
	return active;
}

bool
timeline_first_paid_on(const Timeline *timeline, int32_t *day)
{
	TimelineWalk walk = timeline_walk(timeline);
	TimelineStep step;

	while (timeline_next(&walk, &step))
		if (step_is_active(&step))
		{
			*day = step.day;
			return true;
		}
	return false;
}

bool
timeline_churned_on(const Timeline *timeline, int32_t as_of, bool pauses_are_churn, int32_t *day)
{
	TimelineWalk walk = timeline_walk(timeline);
	TimelineStep step;
	Standing	standing = {0};
	bool		churned = false;

	while (timeline_next(&walk, &step) && step.day <= as_of)
	{
		Standing	before = standing;
		Movement	movement;
		Money		amount;

		standing_apply(&standing, &step);
		movement = movement_between(&before, &standing, &amount);
		if (pauses_are_churn)
			movement = movement_without_pauses(movement);
		if (movement == MOVEMENT_CHURN || movement == MOVEMENT_LAPSE)
		{
			churned = true;
			*day = step.day;
		}
		else if (standing.active)
			churned = false;
	}
	return churned;
}

/* Months of 28 to 31 days have this many parts in common. */
#define MONTH_PARTS 377580

/* MRR over [from, to) in parts of 1 / MONTH_PARTS, apart from the full months within. */
static bool
revenue_add(Money mrr, int32_t from, int32_t to, Money *whole, Money *parts)
{
	while (from < to)
	{
		Civil		civil = civil_from_day(from);
		int			length = days_in_month(civil.year, civil.month);
		int32_t		next = from - civil.day + 1 + length;

		if (civil.day == 1 && next <= to)
		{
			PeriodOrigin first = period_origin(from, PERIOD_MONTH);
			int32_t		months = period_index(&first, to);
			Money		earned;

			if (__builtin_mul_overflow(mrr, (Money) months, &earned) || !money_add(whole, earned))
				return false;
			next = period_start(from, PERIOD_MONTH, months);
		}
		else
		{
			int32_t		days = (next < to ? next : to) - from;
			Money		share;

			if (__builtin_mul_overflow(mrr, (Money) days * (MONTH_PARTS / length), &share) ||
				__builtin_add_overflow(*parts, share, &share))
				return false;
			*parts = share;
		}
		from = next;
	}
	return true;
}

bool
timeline_revenue_between(const Timeline *timeline, int32_t from, int32_t to, Money *revenue)
{
	TimelineWalk walk = timeline_walk(timeline);
	TimelineStep step;
	Money		mrr = 0;
	Money		parts = 0;

	*revenue = 0;
	while (timeline_next(&walk, &step) && step.day < to)
	{
		if (step.day > from)
		{
			if (!revenue_add(mrr, from, step.day, revenue, &parts))
				return false;
			from = step.day;
		}
		mrr = step.mrr;
	}
	return revenue_add(mrr, from, to, revenue, &parts) && money_add(revenue, money_divide(parts, MONTH_PARTS));
}

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

/* What is in force, as the change that brings it about; counts past a limit stay past it. */
static TimelineEntry
entry_of(const TimelineWalk *walk, int32_t day)
{
	bool		fits = within(walk->pauses, TERMS_LIMIT) && within(walk->free, TERMS_LIMIT);
	int32_t		tally = fits ? TALLY_PAUSE * walk->pauses + TALLY_FREE * walk->free : TALLY_PAUSE * TERMS_LIMIT;

	return (TimelineEntry) {day, tally, walk->timeline->kind == TIMELINE_TERMS ? walk->mrr : 0};
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
			split->after = entry_of(&here, step.day);
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
