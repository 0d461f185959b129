/*
 * Durations: how long it took until an event, where some events are still to come.
 *
 * Each subject leaves at some length, in microseconds: by the event, by a
 * competing event that rules it out, or by the end of observation (censored). A
 * row counts those that left at one length. At risk at t are those that leave
 * at t or later; who came under observation late, after e, was at risk for
 * e < t alone, which is one censoring at e taken away.
 *
 * Up to DURATIONS_EXACT_MAX different lengths are kept as they are. With more,
 * lengths go to buckets, 128 of equal width from each power of two to the next,
 * and stand for their middle: off by at most 1/256 of the length. Which of the
 * two holds depends on the facts alone; only taking facts away (unmerge) cannot
 * bring lengths back.
 *
 * While open, rows are slots of a hash table, found by length; free ones are zero.
 * Open buckets without weights have a slot each, see durations.c.
 */
#ifndef CSMETRICS_DURATIONS_H
#define CSMETRICS_DURATIONS_H

#include "core/state.h"
#include "core/wide.h"

typedef struct DurationRow
{
	int64_t		length;			/* in an open state one more, so that a free slot is zero */
	int64_t		ended;
	int64_t		competing;
	int64_t		censored;
} DurationRow;

/* What a row of weighted subjects has besides: sums of weights, and of their squares. */
typedef struct WeightedDurationRow
{
	DurationRow counts;
	Money		weight_ended;
	Money		weight_censored;
	Int256		squares_ended;
	Int256		squares_censored;
} WeightedDurationRow;

/* Weighted states have wide rows. */
#define DURATIONS_WEIGHTED	STATE_WIDE
#define DURATIONS_BUCKETS	0x02

#define DURATIONS_EXACT_MAX	4096

typedef struct Durations
{
	StateHeader header;
	int32_t		count;			/* rows in use */
	int32_t		slots;			/* open: as a power of two; closed: 0 */
	int64_t		given;			/* rows given to the aggregate */
	int64_t		subjects;
	int64_t		late;			/* of these, under observation only after a while */
	int64_t		rejected;		/* ended before they started: no subjects */
	Money		ended_sum;		/* of the lengths of those that ended */
} Durations;

extern const StateType durations_type;

/* Lengths are below this: 36,533 years. */
#define LENGTH_LIMIT (INT64_C(1) << 60)

typedef enum Outcome
{
	OUTCOME_CENSORED,
	OUTCOME_ENDED,
	OUTCOME_COMPETING
} Outcome;

/* Form and size of an open state. */
typedef struct DurationsForm
{
	uint8_t		flags;
	int32_t		slots;
	size_t		size;
} DurationsForm;

/* The form that has room for what is there and `more` new lengths, 0 or 1, in buckets if `flags` says so. */
DurationsForm durations_form(const Durations *durations, uint8_t flags, int more);

/* Moves everything from a state, open or closed, into zeroed memory of that form. */
void		durations_move(Durations *to, const DurationsForm *form, const Durations *from);

/* Records that `count` subjects left, 1 or -1, each with that weight; false when there is no room. */
bool		durations_record(Durations *durations, int64_t length, Outcome outcome, int count, Money weight);

typedef enum DurationsMerge
{
	DURATIONS_MERGED,
	DURATIONS_NO_ROOM,
	DURATIONS_OVERFLOW
} DurationsMerge;

/* Adds one row of a closed state, or takes it out. */
DurationsMerge durations_merge_row(Durations *into, const DurationRow *row, bool subtract);

/* The same for the fixed fields; false on overflow. */
bool		durations_merge_counts(Durations *into, const Durations *from, bool subtract);

/* Sorts the rows and drops the slots; the size that remains, 0 on overflow. */
size_t		durations_close(Durations *durations);

/* Row i of a closed state. */
const DurationRow *durations_row(const Durations *durations, int i);

/* A copy of it; one without weights leaves the rest as it is. */
void		durations_copy_row(const Durations *durations, int i, WeightedDurationRow *row);

/* The length that stands for the bucket of a length. */
int64_t		bucket_length(int64_t length);

/* All of one outcome. */
int64_t		durations_count(const Durations *durations, Outcome outcome);

/* Quantile of the lengths of those that ended, between neighbours; false where nobody did. */
bool		durations_naive_quantile(const Durations *durations, double share, double *length);

#endif
