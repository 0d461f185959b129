#include "core/named_counts.h"

#include <stdlib.h>
#include <string.h>

#include "core/numbers.h"
#include "core/text_key.h"

/*
 * Open: this, then entries, whose keys are indexes of names; a hash table of
 * twice as many slots as there may be names, each with an index and one, or 0;
 * where each name begins; and the names, each after its length.
 */
typedef struct OpenCounts
{
	NamedRoom	room;
	int32_t		bytes;			/* of names in use */
} OpenCounts;

static OpenCounts *
open_counts(const NamedCounts *counts)
{
	return (OpenCounts *) counts->stream;
}

static ActivityEntry *
entries(const NamedCounts *counts)
{
	return (ActivityEntry *) (open_counts(counts) + 1);
}

static int32_t *
slots(const NamedCounts *counts)
{
	return (int32_t *) (entries(counts) + open_counts(counts)->room.entries);
}

static int32_t *
places(const NamedCounts *counts)
{
	return slots(counts) + 2 * open_counts(counts)->room.names;
}

static uint8_t *
names(const NamedCounts *counts)
{
	return (uint8_t *) (places(counts) + open_counts(counts)->room.names);
}

static Utf8Name
name_at(const uint8_t *place)
{
	return (Utf8Name) {place + 1, *place};
}

static Utf8Name
name_of(const NamedCounts *counts, int32_t index)
{
	return name_at(names(counts) + places(counts)[index]);
}

size_t
named_room_size(NamedRoom room)
{
	return sizeof(OpenCounts) + room.entries * sizeof(ActivityEntry) + (size_t) room.names * 3 * sizeof(int32_t) + room.bytes;
}

void
named_open(NamedCounts *counts, NamedRoom room)
{
	open_counts(counts)->room = room;
}

/* The index of a name, made where there is none yet; -1 when there is no room for it. */
static int32_t
index_of(NamedCounts *counts, Utf8Name name)
{
	OpenCounts *open = open_counts(counts);
	uint32_t	mask = 2 * open->room.names - 1;
	uint32_t	slot = (uint64_t) text_key((const char *) name.bytes, name.length) & mask;

	for (; slots(counts)[slot] != 0; slot = (slot + 1) & mask)
		if (name_compare(name_of(counts, slots(counts)[slot] - 1), name) == 0)
			return slots(counts)[slot] - 1;
	if (counts->names == open->room.names || open->bytes + 1 + name.length > open->room.bytes)
		return -1;
	names(counts)[open->bytes] = (uint8_t) name.length;
	memcpy(names(counts) + open->bytes + 1, name.bytes, name.length);
	places(counts)[counts->names] = open->bytes;
	open->bytes += 1 + name.length;
	slots(counts)[slot] = ++counts->names;
	return counts->names - 1;
}

/* The length of the chunks of one name takes no more: they are below 2^28 bytes. */
#define LENGTH_BYTES 4

/* Bytes that the stream takes for names besides those of their counts, at most. */
static size_t
name_overhead(NamedRoom used)
{
	return used.bytes + (size_t) used.names * LENGTH_BYTES;
}

NamedResult
named_record(NamedCounts *counts, Utf8Name name, int32_t number, int64_t count)
{
	OpenCounts *open = open_counts(counts);
	ActivityEntry *entry = entries(counts) + counts->entries;
	int32_t		key;

	/* rows mostly come by name */
	if (counts->entries > 0 && name_compare(name_of(counts, entry[-1].key), name) == 0)
		key = entry[-1].key;
	else if ((key = index_of(counts, name)) < 0)
		return NAMED_NO_NAME;
	if (counts->entries > 0 && entry[-1].key == key && entry[-1].day == number && llabs(entry[-1].events) < EVENTS_LIMIT)
	{
		entry[-1].events += count;
		return NAMED_RECORDED;
	}
	/* what is left beside the entries is for their end, when names come between them */
	if ((counts->entries + 1) * sizeof(ActivityEntry) + name_overhead((NamedRoom) {0, counts->names, open->bytes}) >
		open->room.entries * sizeof(ActivityEntry))
		return NAMED_NO_ENTRY;
	*entry = (ActivityEntry) {number, key, count};
	counts->entries++;
	return NAMED_RECORDED;
}

bool
named_compact(NamedCounts *counts)
{
	int32_t		kept = entries_add_up(entries(counts), counts->entries, counts->names);

	if (kept >= 0)
		counts->entries = kept;
	return kept >= 0;
}

NamedRoom
named_used(const NamedCounts *counts)
{
	const ActivityEntry *entry = entries(counts);
	NamedRoom	used = {.entries = counts->entries};

	for (int32_t i = 0; i < counts->entries; i++)
		if (i == 0 || entry[i].key != entry[i - 1].key)
		{
			used.names++;
			used.bytes += 1 + name_of(counts, entry[i].key).length;
		}
	return used;
}

NamedRoom
named_room(const NamedCounts *counts)
{
	return open_counts(counts)->room;
}

void
named_copy(NamedCounts *to, const NamedCounts *from)
{
	const ActivityEntry *entry = entries(from);

	for (int32_t i = 0; i < from->entries; i++)
		named_record(to, name_of(from, entry[i].key), entry[i].day, entry[i].events);
}

/* Shell's sort of the indexes of names (CACM 2, 1959): few, and in place. */
static void
sort_names(const NamedCounts *counts, int32_t *order)
{
	for (int32_t i = 0; i < counts->names; i++)
		order[i] = i;
	for (int32_t gap = counts->names / 2; gap > 0; gap /= 2)
		for (int32_t i = gap; i < counts->names; i++)
		{
			int32_t		moving = order[i];
			int32_t		hole = i;

			for (; hole >= gap && name_compare(name_of(counts, order[hole - gap]), name_of(counts, moving)) > 0; hole -= gap)
				order[hole] = order[hole - gap];
			order[hole] = moving;
		}
}

/*
 * Writes the stream over the entries, moved to the end of their room: a chunk
 * takes less than its entries, and named_record has kept free what the names take.
 */
size_t
named_close(NamedCounts *counts, bool *debt)
{
	int32_t    *order = slots(counts);	/* there is room for the indexes twice */
	int32_t    *rank = order + counts->names;
	const int32_t *place = places(counts);
	const uint8_t *bytes = names(counts);
	ActivityEntry *entry = entries(counts);
	ActivityEntry *end = entry + open_counts(counts)->room.entries;
	uint8_t    *out = counts->stream;
	int32_t		written = 0;

	sort_names(counts, order);
	for (int32_t i = 0; i < counts->names; i++)
		rank[order[i]] = i;
	for (int32_t i = 0; i < counts->entries; i++)
		entry[i].key = rank[entry[i].key];
	if (!named_compact(counts))
		return 0;
	entry = memmove(end - counts->entries, entry, counts->entries * sizeof(ActivityEntry));
	while (entry < end)
	{
		const ActivityEntry *first = entry;
		const uint8_t *name = bytes + place[order[first->key]];
		uint8_t    *chunks;
		size_t		length;

		while (entry < end && entry->key == first->key)
			entry++;
		memcpy(out, name, 1 + *name);
		out += 1 + *name;
		chunks = out + LENGTH_BYTES;
		length = chunks_write(chunks, first, entry, debt) - chunks;
		out = number_write(out, length);
		memmove(out, chunks, length);
		out += length;
		written++;
	}
	counts->names = written;
	counts->entries = 0;
	if (out - counts->stream > STATE_ROWS_MAX)
		return STATE_TOO_LARGE;
	return out - (uint8_t *) counts;
}

const char *
named_flaw(const NamedCounts *counts, int64_t rows, int32_t lowest, int32_t highest, bool *debt)
{
	const uint8_t *in = counts->stream;
	const uint8_t *end = in + rows;
	ChunksSum	sum = {0};
	Utf8Name		before = {0};
	int32_t		found = 0;

	if (counts->entries != 0)
		return "entries of a finished state";
	while (in < end)
	{
		Utf8Name		name = name_at(in);
		const char *flaw;
		uint64_t	length;

		if (name.length >= end - in || !name_is_text(name))
			return "a name is broken";
		if (found > 0 && name_compare(before, name) >= 0)
			return "names are not in order";
		in = number_read(name.bytes + name.length, end, &length);
		if (!in || length == 0 || length > (uint64_t) (end - in))
			return "a name has no counts";
		flaw = chunks_flaw(in, in + length, lowest, highest, &sum);
		if (flaw)
			return flaw;
		in += length;
		before = name;
		found++;
	}
	if (found != counts->names || found > NAMES_MAX)
		return "number of names does not fit";
	*debt = sum.debt;
	return NULL;
}

NamedWalk
named_walk(const StateType *type, const void *state, size_t size, bool debt)
{
	return (NamedWalk) {
		.next = named_counts_of(type, state)->stream,
		.end = (const uint8_t *) state + size,
		.debt = debt,
	};
}

bool
named_next(NamedWalk *walk)
{
	uint64_t	length = 0;

	if (walk->next >= walk->end)
		return false;
	walk->name = name_at(walk->next);
	walk->chunks = number_read(walk->name.bytes + walk->name.length, walk->end, &length);
	walk->next = walk->chunks + length;
	return true;
}

ActivityWalk
named_chunks(const NamedWalk *walk)
{
	return chunks_walk(walk->chunks, walk->next, walk->debt);
}
