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

#include "core/factor.h"
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

/* Where an account stands at one moment. */
typedef struct Standing
{
	Money		mrr;
	Money		held;			/* MRR lost to the pause, where `paused`, else 0 */
	bool		active;
	bool		paused;			/* no longer active, by a pause that still lasts */
	bool		known;			/* was active at some moment until now */
} Standing;

void		standing_apply(Standing *standing, const TimelineStep *step);

typedef enum Movement
{
	MOVEMENT_NEW,
	MOVEMENT_REACTIVATION,		/* was active before, in whatever past, but not now */
	MOVEMENT_RESUME,			/* back from a pause */
	MOVEMENT_EXPANSION,
	MOVEMENT_CONTRACTION,
	MOVEMENT_CHURN,
	MOVEMENT_PAUSE,
	MOVEMENT_LAPSE,				/* a pause ended in churn: moves no MRR, the pause did */
	MOVEMENT_INTRA_PERIOD,		/* came and went within one period: moves no MRR */
	MOVEMENT_NONE
} Movement;

#define MOVEMENT_KINDS MOVEMENT_NONE

extern const char *const movement_names[MOVEMENT_KINDS];

/* What lies between two standings, and the amount of it: above zero, but where a free term begins or ends. */
Movement	movement_between(const Standing *before, const Standing *after, Money *amount);

/* +1 where a movement adds its amount to MRR, -1 where it takes it, else 0 */
int			movement_sign(Movement movement);

/* Merges pauses into churn and reactivation, for readers that want no pauses. */
Movement	movement_without_pauses(Movement movement);

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

/*
 * The MRR of every step times the factor, in place; leaves the timeline open. It
 * is the levels that are rounded, so no error adds up. False on overflow.
 */
bool		timeline_scale(Timeline *timeline, const Factor *factor);

/*
 * Copies with a rule applied, as terms, left open; `out` has room for 2 * count + 1 entries.
 * smooth_gaps: a gap of fewer than `days` days, neither active nor in a pause, keeps what was before it.
 * limit_pauses: a pause that lasts `days` days ends then, in churn.
 */
void		timeline_smooth_gaps(const Timeline *timeline, int32_t days, Timeline *out);
void		timeline_limit_pauses(const Timeline *timeline, int32_t days, Timeline *out);

/*
 * Splits a timeline where the account comes back more than `days` days after its
 * churn; a pause is no churn while it lasts. Each part is as if it were the whole:
 * what is in force meanwhile without being MRR, a pause or a sum below zero, ends
 * in one part and begins in the next, so that the parts add up to the whole.
 */
typedef struct TimelineSplit
{
	TimelineWalk walk;
	Standing	standing;
	int32_t		days;
	int32_t		churned_on;
	int			first;			/* the part has the entries first <= i < end */
	int			end;
	TimelineEntry before;		/* in force before the part, on its first day */
	TimelineEntry after;		/* in force after it, on the first day of the next */
} TimelineSplit;

TimelineSplit timeline_split(const Timeline *timeline, int32_t days);

/* Finds the next part, the first at first; false after the last. An empty timeline has one. */
bool		timeline_split_next(TimelineSplit *split);

/* Copies the part, left open; `out` has room for end - first + 2 entries. */
void		timeline_split_copy(const TimelineSplit *split, Timeline *out);

#endif
