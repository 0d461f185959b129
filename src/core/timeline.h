/*
 * MRR timeline: the revenue history of one account, as the days on which it changed.
 *
 * From terms (segments) an entry holds the day's change of MRR and of the number
 * of pauses and of free terms in force; entries of concurrent subscriptions add
 * up, and an entry that comes to nothing is dropped. From snapshots an entry holds the day's
 * total and the number of rows it adds up; it is in force until the next one.
 * Either way timelines form a group under addition, entry by entry.
 *
 * Readers see neither: they walk steps, each the MRR in force from a day on,
 * never below zero. An account is active, a customer, on days with MRR or with a
 * free term; whether terms without MRR are free terms is for the caller to say.
 */
#ifndef CSMETRICS_TIMELINE_H
#define CSMETRICS_TIMELINE_H

#include "core/money.h"
#include "core/state.h"

typedef enum TimelineKind
{
	TIMELINE_TERMS,
	TIMELINE_SNAPSHOTS
} TimelineKind;

typedef struct TimelineEntry
{
	int32_t		day;
	int32_t		tally;			/* terms: change in pauses and free terms; snapshots: rows */
	Money		amount;			/* terms: change in MRR; snapshots: MRR */
} TimelineEntry;

static inline bool
entry_is_void(const TimelineEntry *entry)
{
	return entry->tally == 0 && entry->amount == 0;
}

/*
 * The tally of terms is two counters in one number, TALLY_PAUSE * pauses +
 * TALLY_FREE * free terms, which add up as one: without free terms it counts
 * pauses. On each day both stay below half of what their bits hold, so that the
 * sum of two shows whether it is past the limit.
 */
#define TALLY_PAUSE 1
#define TALLY_FREE (1 << 16)

static inline int32_t
tally_pauses(int32_t tally)
{
	return (int16_t) tally;
}

static inline int32_t
tally_free(int32_t tally)
{
	return ((int64_t) tally - tally_pauses(tally)) / TALLY_FREE;
}

typedef struct Timeline
{
	StateHeader header;
	int32_t		kind;
	int32_t		count;
	TimelineEntry entry[];		/* by day, each day once, unless STATE_OPEN is set */
} Timeline;

extern const StateType timeline_type;

#define TIMELINE_ENTRIES_MAX STATE_ROWS_MAX

static inline size_t
timeline_size(int count)
{
	return sizeof(Timeline) + count * sizeof(TimelineEntry);
}

/* Adds to the entry of that day; there must be room for one more. Leaves the timeline open. */
void		timeline_append(Timeline *timeline, int32_t day, int32_t tally, Money amount);

/* Sorts, adds up and drops what came to nothing; the size that remains, 0 on overflow. */
size_t		timeline_close(Timeline *timeline);

typedef struct TimelineStep
{
	int32_t		day;
	Money		mrr;			/* in force from that day on, at least 0 */
	bool		paused;			/* a pause is in force */
	bool		free;			/* a free term is in force */
} TimelineStep;

static inline bool
step_is_active(const TimelineStep *step)
{
	return step->mrr > 0 || step->free;
}

typedef struct TimelineWalk
{
	const Timeline *timeline;
	int			next;
	Money		mrr;
	int64_t		pauses;
	int64_t		free;
} TimelineWalk;

static inline TimelineWalk
timeline_walk(const Timeline *timeline)
{
	return (TimelineWalk) {.timeline = timeline};
}

bool		timeline_next(TimelineWalk *walk, TimelineStep *step);

/* What is in force, as the change that brings it about on that day; counts past a limit stay past it. */
TimelineEntry entry_in_force(const TimelineWalk *walk, int32_t day);

bool		timeline_has_pauses(const Timeline *timeline);

/* MRR in force on that day. */
Money		timeline_mrr_at(const Timeline *timeline, int32_t day);

/* Is the account active on that day? */
bool		timeline_active_at(const Timeline *timeline, int32_t day);

/* The first day on which it is active; false when there is none. */
bool		timeline_first_paid_on(const Timeline *timeline, int32_t *day);

/* The day of the churn that still stood on `as_of`; false when there is none. */
bool		timeline_churned_on(const Timeline *timeline, int32_t as_of, bool pauses_are_churn, int32_t *day);

/*
 * Revenue earned on days from <= d < to. A full calendar month earns its MRR, a
 * part of one its share of days; rounded once, at the end. False on overflow.
 */
bool		timeline_revenue_between(const Timeline *timeline, int32_t from, int32_t to, Money *revenue);

#endif
