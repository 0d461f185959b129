#include "core/activity.h"

#include <stdlib.h>
#include <string.h>

#include "core/numbers.h"

/* Entries */

static ActivityEntry *
entries(const Activity *activity)
{
	return (ActivityEntry *) activity->stream;
}

bool
activity_record(Activity *activity, size_t size, int32_t day, int64_t events)
{
	ActivityEntry *entry = entries(activity) + activity->entries;

	/* rows mostly come by day */
	if (activity->entries > 0 && entry[-1].day == day && llabs(entry[-1].events) < EVENTS_LIMIT)
	{
		entry[-1].events += events;
		return true;
	}
	if ((char *) (entry + 1) > (char *) activity + size)
		return false;
	*entry = (ActivityEntry) {day, 0, events};
	activity->entries++;
	return true;
}

static int
compare_entries(const void *a, const void *b)
{
	const ActivityEntry *x = a;
	const ActivityEntry *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->day > y->day) - (x->day < y->day);
}

/* Days of up to so long a range, of all keys, are sorted by place: of one key some eleven years. */
#define PLACES 4096

/* Adds, unless the sum is past what days may have; no sum of two such is past 64 bits. */
static bool
add_events(int64_t *sum, int64_t events)
{
	*sum += events;
	return llabs(*sum) < COUNT_LIMIT;
}

/* Writes the sums of a short range of days over the entries, in order. */
static int32_t
sort_by_place(ActivityEntry *entry, int32_t count, int32_t keys, int32_t first, int32_t range)
{
	int64_t		place[PLACES];
	uint64_t	taken[PLACES / 64];	/* a bit a place */
	int32_t		places = keys * range;
	int32_t		words = (places + 63) / 64;
	int32_t		kept = 0;

	memset(place, 0, places * sizeof(int64_t));
	memset(taken, 0, words * sizeof(uint64_t));
	for (int32_t i = 0; i < count; i++)
	{
		int32_t		at = entry[i].key * range + entry[i].day - first;

		if (!add_events(&place[at], entry[i].events))
			return -1;
		taken[at / 64] |= UINT64_C(1) << (at % 64);
	}
	for (int32_t word = 0; word < words; word++)
		for (uint64_t rest = taken[word]; rest; rest &= rest - 1)
		{
			int32_t		at = 64 * word + __builtin_ctzll(rest);

			if (place[at] != 0)
				entry[kept++] = (ActivityEntry) {first + at % range, at / range, place[at]};
		}
	return kept;
}

static int32_t
sort_by_comparing(ActivityEntry *entry, int32_t count)
{
	int32_t		kept = 0;

	qsort(entry, count, sizeof(ActivityEntry), compare_entries);
	for (int32_t i = 0; i < count;)
	{
		ActivityEntry sum = entry[i++];

		while (i < count && compare_entries(&entry[i], &sum) == 0)
			if (!add_events(&sum.events, entry[i++].events))
				return -1;
		if (sum.events != 0)
			entry[kept++] = sum;
	}
	return kept;
}

int32_t
entries_add_up(ActivityEntry *entry, int32_t count, int32_t keys)
{
	int32_t		first = INT32_MAX;
	int32_t		last = INT32_MIN;
	int64_t		room = COUNT_LIMIT;

	for (int32_t i = 0; i < count; i++)
	{
		first = entry[i].day < first ? entry[i].day : first;
		last = entry[i].day > last ? entry[i].day : last;
	}
	if (count > 0)
		count = ((int64_t) last - first + 1) * keys <= PLACES ?
			sort_by_place(entry, count, keys, first, last - first + 1) : sort_by_comparing(entry, count);
	for (int32_t i = 0; i < count; i++)
	{
		room -= llabs(entry[i].events);
		if (llabs(entry[i].events) >= EVENTS_LIMIT || room <= 0)
			return -1;
	}
	return count;
}

size_t
activity_compact(Activity *activity)
{
	int32_t		kept = entries_add_up(entries(activity), activity->entries, 1);

	if (kept < 0)
		return 0;
	activity->entries = kept;
	return sizeof(Activity) + kept * sizeof(ActivityEntry);
}

/*
 * A chunk of n days takes no more than 4 + 9 + 2 + 7 n bytes, and with one day
 * 4 + 1 + 1 + 7: written from where the entries begin, or before that, it never
 * reaches those that are still to be read, of 16 bytes each.
 */
uint8_t *
chunks_write(uint8_t *out, const ActivityEntry *entry, const ActivityEntry *end, bool *debt)
{
	int32_t		following = 0;
	bool		begun = false;

	while (entry < end)
	{
		int32_t		day = entry->day;
		uint64_t	mask = 0;
		uint8_t		counts[CHUNK_DAYS * 8];
		uint8_t    *count = counts;

		for (; entry < end && entry->day < day + CHUNK_DAYS; entry++)
		{
			mask |= UINT64_C(1) << (entry->day - day);
			count = number_write(count, zigzag(entry->events));
			*debt |= entry->events < 0;
		}
		out = number_write(out, begun ? (uint64_t) (day - following) : zigzag(day));
		out = number_write(out, mask >> 1);
		out = number_write(out, count - counts);
		memcpy(out, counts, count - counts);
		out += count - counts;
		following = day + CHUNK_DAYS;
		begun = true;
	}
	return out;
}

static size_t
activity_close(const StateType *type, void *state)
{
	Activity   *activity = state;
	size_t		size = activity_compact(activity);
	const ActivityEntry *entry = entries(activity);
	uint8_t    *end;
	bool		debt = false;

	if (size == 0)
		return 0;
	end = chunks_write(activity->stream, entry, entry + activity->entries, &debt);
	activity->days = activity->entries;
	activity->entries = 0;
	activity->header.flags = debt ? ACTIVITY_DEBT : 0;
	return end - (uint8_t *) activity;
}

const char *
chunks_flaw(const uint8_t *begin, const uint8_t *end, int32_t lowest, int32_t highest, ChunksSum *sum)
{
	const uint8_t *in = begin;
	int64_t		day = 0;

	while (in < end)
	{
		bool		first = in == begin;
		uint64_t	gap;
		uint64_t	mask;
		uint64_t	length;
		const uint8_t *after;

		if (!(in = number_read(in, end, &gap)) || !(in = number_read(in, end, &mask)) || !(in = number_read(in, end, &length)) ||
			length > (uint64_t) (end - in) || mask >> 63)
			return "a chunk is broken";
		if (gap > (uint64_t) INT32_MAX)
			return "a day is out of range";
		day = first ? unzigzag(gap) : day + CHUNK_DAYS + (int64_t) gap;
		mask = mask << 1 | 1;
		if (day < lowest || day + 63 - __builtin_clzll(mask) > highest)
			return "a day is out of range";
		after = in + length;
		for (; mask; mask &= mask - 1)
		{
			uint64_t	number;
			int64_t		events;

			if (!(in = number_read(in, after, &number)))
				return "a count is broken";
			events = unzigzag(number);
			if (events == 0 || events >= EVENTS_LIMIT || events <= -EVENTS_LIMIT)
				return "a count is out of range";
			sum->debt |= events < 0;
			sum->events += llabs(events);
			sum->days++;
		}
		if (in != after || sum->events >= COUNT_LIMIT)
			return "counts do not fit";
	}
	return NULL;
}

static const char *
activity_flaw(const void *state, int64_t rows)
{
	const Activity *activity = state;
	ChunksSum	sum = {0};
	const char *flaw;

	if (activity->entries != 0)
		return "entries of a finished state";
	flaw = chunks_flaw(activity->stream, activity->stream + rows, DAY_FIRST, DAY_LAST, &sum);
	if (flaw)
		return flaw;
	if (sum.days != activity->days)
		return "number of days does not fit";
	if (sum.debt != ((activity->header.flags & ACTIVITY_DEBT) != 0))
		return "unknown flags";
	return NULL;
}

const StateType activity_type = {
	.name = "activity",
	.version = 1,
	.flags = ACTIVITY_DEBT,
	.fields = "kk",
	.row = "b",
	.flaw = activity_flaw,
	.close = activity_close,
};

/* Chunks */

ActivityWalk
chunks_walk(const uint8_t *begin, const uint8_t *end, bool debt)
{
	return (ActivityWalk) {.next = begin, .end = end, .following = INT32_MIN, .debt = debt};
}

ActivityWalk
activity_walk(const Activity *activity, size_t size)
{
	return chunks_walk(activity->stream, (const uint8_t *) activity + size, activity->header.flags & ACTIVITY_DEBT);
}

static void
read_chunk(ActivityWalk *walk)
{
	uint64_t	length;

	walk->recorded = number_next_long(&walk->next, walk->end) << 1 | 1;
	length = number_next(&walk->next);
	walk->counts = walk->next;
	walk->next += length;
	walk->active = walk->recorded;
	if (walk->debt)
	{
		const uint8_t *count = walk->counts;

		for (uint64_t rest = walk->recorded; rest; rest &= rest - 1)
			if (unzigzag(number_next(&count)) < 0)
				walk->active &= ~(rest & -rest);
	}
}

static void
skip_chunk(ActivityWalk *walk)
{
	uint64_t	length;

	number_next_long(&walk->next, walk->end);
	length = number_next(&walk->next);
	walk->next += length;
}

bool
activity_next_within(ActivityWalk *walk, int32_t from, int32_t to)
{
	while (walk->next < walk->end)
	{
		uint64_t	gap = number_next(&walk->next);

		walk->day = walk->following == INT32_MIN ? (int32_t) unzigzag(gap) : walk->following + (int32_t) gap;
		walk->following = walk->day + CHUNK_DAYS;
		if (walk->day >= to)
			return false;
		if (walk->following > from)
		{
			read_chunk(walk);
			return true;
		}
		skip_chunk(walk);
	}
	return false;
}

/* The lowest n bits, of 0 to 64. */
static uint64_t
low_bits(int64_t n)
{
	return n >= 64 ? ~UINT64_C(0) : n <= 0 ? 0 : (UINT64_C(1) << n) - 1;
}

uint64_t
chunk_days(const ActivityWalk *walk, int32_t from, int32_t to)
{
	return low_bits((int64_t) to - walk->day) & ~low_bits((int64_t) from - walk->day);
}

int64_t
chunk_events(const ActivityWalk *walk, uint64_t days)
{
	const uint8_t *count = walk->counts;
	int64_t		sum = 0;

	for (uint64_t rest = walk->recorded; rest & days; rest &= rest - 1)
	{
		int64_t		events = unzigzag(number_next(&count));

		if (rest & -rest & days)
			sum += events;
	}
	return sum;
}

/* Readers */

int64_t
activity_active_days(const Activity *activity, size_t size, int32_t from, int32_t to)
{
	ActivityWalk walk = activity_walk(activity, size);
	int64_t		days = 0;

	while (activity_next_within(&walk, from, to))
		days += __builtin_popcountll(walk.active & chunk_days(&walk, from, to));
	return days;
}

int64_t
activity_events(const Activity *activity, size_t size, int32_t from, int32_t to)
{
	ActivityWalk walk = activity_walk(activity, size);
	int64_t		events = 0;

	while (activity_next_within(&walk, from, to))
		events += chunk_events(&walk, chunk_days(&walk, from, to));
	return events;
}

bool
activity_bounds(const Activity *activity, size_t size, int32_t from, int32_t to, int32_t *first, int32_t *last)
{
	ActivityWalk walk = activity_walk(activity, size);
	bool		found = false;

	while (activity_next_within(&walk, from, to))
	{
		uint64_t	days = walk.active & chunk_days(&walk, from, to);

		if (days == 0)
			continue;
		if (!found)
			*first = walk.day + __builtin_ctzll(days);
		*last = walk.day + 63 - __builtin_clzll(days);
		found = true;
	}
	return found;
}

int64_t
activity_longest_gap(const Activity *activity, size_t size, int32_t from, int32_t to)
{
	ActivityWalk walk = activity_walk(activity, size);
	int32_t		longest = 0;
	int32_t		next = from;	/* the day after the last active one */

	while (activity_next_within(&walk, from, to))
		for (uint64_t rest = walk.active & chunk_days(&walk, from, to); rest; rest &= rest - 1)
		{
			int32_t		day = walk.day + __builtin_ctzll(rest);

			if (day - next > longest)
				longest = day - next;
			next = day + 1;
		}
	return to - next > longest ? to - next : longest;
}

int32_t
activity_streak(const Activity *activity, size_t size, int32_t day)
{
	ActivityWalk walk = activity_walk(activity, size);
	int32_t		begun = day + 1;	/* of the run so far */
	int32_t		next = INT32_MIN;	/* the day that would go on with it */

	while (activity_next(&walk) && walk.day <= day)
		for (uint64_t rest = walk.active & chunk_days(&walk, walk.day, day + 1); rest; rest &= rest - 1)
		{
			int32_t		active = walk.day + __builtin_ctzll(rest);

			if (active != next)
				begun = active;
			next = active + 1;
		}
	return next == day + 1 ? day + 1 - begun : 0;
}

int32_t
activity_active_spans(const Activity *activity, size_t size, int32_t to, int32_t length, int32_t count)
{
	ActivityWalk walk = activity_walk(activity, size);
	int64_t		from = (int64_t) to - (int64_t) length * count;
	int64_t		last = -1;
	int32_t		spans = 0;

	from = from < DAY_FIRST ? DAY_FIRST : from;
	while (activity_next_within(&walk, (int32_t) from, to))
		for (uint64_t rest = walk.active & chunk_days(&walk, (int32_t) from, to); rest; rest &= rest - 1)
		{
			/* counted from the end, so that spans begin where they should */
			int64_t		span = ((int64_t) to - 1 - (walk.day + __builtin_ctzll(rest))) / length;

			spans += span != last;
			last = span;
		}
	return spans;
}

double
activity_squares(const Activity *activity, size_t size, int32_t from, int32_t to)
{
	ActivityWalk walk = activity_walk(activity, size);
	double		sum = 0;

	while (activity_next_within(&walk, from, to))
		for (uint64_t rest = walk.recorded & chunk_days(&walk, from, to); rest; rest &= rest - 1)
		{
			double		events = (double) chunk_events(&walk, rest & -rest);

			sum += events * events;
		}
	return sum;
}
