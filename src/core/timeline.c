#include "core/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "core/calendar.h"
#include "core/standing.h"

#define ROWS_LIMIT (1 << 30)
/* of pauses and of free terms */
#define TERMS_LIMIT (1 << 14)

static int64_t
timeline_row_count(const void *state)
{
	return ((const Timeline *) state)->count;
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
close_state(const StateType *type, void *state)
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

TimelineEntry
entry_in_force(const TimelineWalk *walk, int32_t day)
{
	bool		fits = within(walk->pauses, TERMS_LIMIT) && within(walk->free, TERMS_LIMIT);
	int32_t		tally = fits ? TALLY_PAUSE * walk->pauses + TALLY_FREE * walk->free : TALLY_PAUSE * TERMS_LIMIT;

	return (TimelineEntry) {day, tally, walk->timeline->kind == TIMELINE_TERMS ? walk->mrr : 0};
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
