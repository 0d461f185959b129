/*
 * Activity: on which days an account or a user was active, and how many events
 * each of them had.
 *
 * A finished state is a stream of chunks. A chunk begins with an active day and
 * tells of it and the 63 after it:
 *
 *	 gap		days from the end of the chunk before; of the first one, its day (zigzag)
 *	 mask		which of the 63 are active, the next day in the lowest bit
 *	 length		of the counts that follow, in bytes
 *	 counts		events of each active day (zigzag)
 *
 * all of them numbers of seven bits a byte, the lowest first. An active week
 * takes three to five bytes.
 *
 * While open, the stream gives place to entries in any order, added up where
 * room runs out.
 */
#ifndef CSMETRICS_ACTIVITY_H
#define CSMETRICS_ACTIVITY_H

#include "core/calendar.h"
#include "core/state.h"

typedef struct ActivityEntry
{
	int32_t		day;
	int32_t		key;			/* of the history it belongs to, where a state has several; here 0 */
	int64_t		events;
} ActivityEntry;

typedef struct Activity
{
	StateHeader header;
	int32_t		days;			/* that have events */
	int32_t		entries;		/* open: in use; else 0 */
	uint8_t		stream[];		/* open: ActivityEntry */
} Activity;

extern const StateType activity_type;

/* Some day has fewer than no events, as unmerge can leave it: it is not active. */
#define ACTIVITY_DEBT 0x02

/* Events of one day are below this, and those of all days together below COUNT_LIMIT. */
#define EVENTS_LIMIT (INT64_C(1) << 48)

#define CHUNK_DAYS 64

/* Records events of a day in an open state of that size; false when there is no room. */
bool		activity_record(Activity *activity, size_t size, int32_t day, int64_t events);

/* Adds up the entries of an open state by day, and sorts them; the size in use, 0 on overflow. */
size_t		activity_compact(Activity *activity);

/* Reads the chunks of a finished state. */
typedef struct ActivityWalk
{
	const uint8_t *next;
	const uint8_t *end;
	const uint8_t *counts;		/* of the chunk */
	int32_t		day;			/* its first */
	int32_t		following;		/* the day after its last */
	bool		debt;
	uint64_t	recorded;		/* its days with events, the first in the lowest bit */
	uint64_t	active;			/* those of them that are active */
} ActivityWalk;

/* The chunks between two places of a stream that is known to be sound. */
ActivityWalk chunks_walk(const uint8_t *begin, const uint8_t *end, bool debt);

/* `size` is that of the whole state. */
ActivityWalk activity_walk(const Activity *activity, size_t size);

/* The next chunk that has days from `from` on and before `to`; false after the last. */
bool		activity_next_within(ActivityWalk *walk, int32_t from, int32_t to);

static inline bool
activity_next(ActivityWalk *walk)
{
	return activity_next_within(walk, INT32_MIN, INT32_MAX);
}

/* The days of a chunk from one day on and before another, as a mask of it. */
uint64_t	chunk_days(const ActivityWalk *walk, int32_t from, int32_t to);

/* The events of these days of the chunk. */
int64_t		chunk_events(const ActivityWalk *walk, uint64_t days);

/* For streams that hold several histories, see named_counts.h. */

/*
 * Adds up entries by key, from 0 on and below `keys`, and day, and sorts them by
 * these; how many remain, -1 on overflow.
 */
int32_t		entries_add_up(ActivityEntry *entry, int32_t count, int32_t keys);

/*
 * Writes the chunks of entries that are in order; their end. Sets `debt` where a
 * day has fewer than no events. They may be written over the entries.
 */
uint8_t    *chunks_write(uint8_t *out, const ActivityEntry *entry, const ActivityEntry *end, bool *debt);

/* What all chunks of a state come to. */
typedef struct ChunksSum
{
	int64_t		days;
	int64_t		events;			/* signs aside */
	bool		debt;
} ChunksSum;

/* What is wrong with chunks from outside, with days from `lowest` to `highest`, or NULL; adds to the sum. */
const char *chunks_flaw(const uint8_t *begin, const uint8_t *end, int32_t lowest, int32_t highest, ChunksSum *sum);

/* Readers: over the days from `from` on and before `to`. */
int64_t		activity_active_days(const Activity *activity, size_t size, int32_t from, int32_t to);
int64_t		activity_events(const Activity *activity, size_t size, int32_t from, int32_t to);

/* The first and the last active day in there; false if there is none. */
bool		activity_bounds(const Activity *activity, size_t size, int32_t from, int32_t to, int32_t *first, int32_t *last);

/* The longest run of days in there that are not active. */
int64_t		activity_longest_gap(const Activity *activity, size_t size, int32_t from, int32_t to);

/* How many days in a row were active up to `day`, which is one of them; else 0. */
int32_t		activity_streak(const Activity *activity, size_t size, int32_t day);

/* How many of the spans of `length` days, `count` of them that end before `to`, have an active day. */
int32_t		activity_active_spans(const Activity *activity, size_t size, int32_t to, int32_t length, int32_t count);

/* Sum of squares of daily events, of active and other days alike. */
double		activity_squares(const Activity *activity, size_t size, int32_t from, int32_t to);

#endif
