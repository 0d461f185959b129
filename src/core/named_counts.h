/*
 * Named counts: counts by name and number, as of events by feature and day. What
 * the states that tell of features have in common: it is the end of their structs.
 *
 * A finished one is a stream of names, in bytewise order:
 *
 *	 length		of the name, in bytes: one byte
 *	 name		UTF-8
 *	 length		of the chunks that follow, in bytes: a number of seven bits a byte
 *	 chunks		those of activity.h, with numbers for days
 *
 * While open, the stream gives place to entries in any order, a hash table of
 * names, and the names; see named_counts.c.
 */
#ifndef CSMETRICS_NAMED_COUNTS_H
#define CSMETRICS_NAMED_COUNTS_H

#include "core/activity.h"
#include "core/utf8_name.h"

typedef struct NamedCounts
{
	int32_t		names;			/* that have counts; open: in the table */
	int32_t		entries;		/* open: in use; else 0 */
	uint8_t		stream[];
} NamedCounts;

/* Letters of the two; a row is "b". */
#define NAMED_COUNTS_FIELDS "kk"

/* Different names of a state, and counts of an open one. */
#define NAMES_MAX		4096
#define NAMED_COUNTS_MAX (1 << 20)

/* Where they are in a state of that type. */
static inline NamedCounts *
named_counts_of(const StateType *type, const void *state)
{
	return (NamedCounts *) ((char *) state + state_size(type, 0) - sizeof(NamedCounts));
}

/* What an open one has room for. */
typedef struct NamedRoom
{
	int32_t		entries;
	int32_t		names;			/* a power of two */
	int32_t		bytes;			/* of names, each with its length */
} NamedRoom;

/* Size of the stream. */
size_t		named_room_size(NamedRoom room);

/* Begins an open one in zeroed memory of that room. */
void		named_open(NamedCounts *counts, NamedRoom room);

typedef enum NamedResult
{
	NAMED_RECORDED,
	NAMED_NO_ENTRY,				/* no room for an entry */
	NAMED_NO_NAME				/* no room for a name */
} NamedResult;

/* Adds to a count of an open one. */
NamedResult named_record(NamedCounts *counts, Utf8Name name, int32_t number, int64_t count);

/* Adds up the entries of an open one; false on overflow. */
bool		named_compact(NamedCounts *counts);

/* The room that is in use, once compact, names without counts aside; and that of an open one. */
NamedRoom	named_used(const NamedCounts *counts);
NamedRoom	named_room(const NamedCounts *counts);

/* Copies what is in use into a newly opened one that has room for it. */
void		named_copy(NamedCounts *to, const NamedCounts *from);

/*
 * Finishes an open one in place; its size with its stream, 0 on overflow, or
 * STATE_TOO_LARGE. Sets `debt` where a count is below zero.
 */
size_t		named_close(NamedCounts *counts, bool *debt);

/* What is wrong with one from outside, with numbers from `lowest` to `highest`, or NULL. */
const char *named_flaw(const NamedCounts *counts, int64_t rows, int32_t lowest, int32_t highest, bool *debt);

/* Reads a finished one. */
typedef struct NamedWalk
{
	const uint8_t *next;
	const uint8_t *end;
	bool		debt;
	Utf8Name		name;
	const uint8_t *chunks;		/* of the name, until `next` */
} NamedWalk;

/* `size` is that of the whole state; with `debt`, counts below zero are not active. */
NamedWalk	named_walk(const StateType *type, const void *state, size_t size, bool debt);

/* The next name; false after the last. */
bool		named_next(NamedWalk *walk);

/* The counts of the name. */
ActivityWalk named_chunks(const NamedWalk *walk);

#endif
