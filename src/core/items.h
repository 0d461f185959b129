/*
 * Items: states that are a multiset of byte strings, for facts with names in them.
 *
 * A closed one is a stream of its different items in bytewise order:
 *
 *	 length		of the item: a number of seven bits a byte
 *	 bytes
 *	 count		how many there are of it (zigzag); never 0
 *
 * While open, the same stream is in any order and has items more than once;
 * where each begins stands at the end of the room.
 */
#ifndef CSMETRICS_ITEMS_H
#define CSMETRICS_ITEMS_H

#include "core/state.h"

typedef struct Items
{
	StateHeader header;
	int32_t		items;
	int32_t		room;			/* open: bytes of stream and places; closed: 0 */
	uint8_t		stream[];
} Items;

/* Letters of the two; a row is "b". */
#define ITEMS_FIELDS "kk"

/* Length of an item. */
#define ITEM_SIZE_MAX 2048

/* Begins an open one in zeroed memory with so much room, a multiple of 4. */
void		items_open(Items *items, int32_t room);

/* Adds an item so many times; false where there is no room. */
bool		items_add(Items *items, const uint8_t *bytes, int32_t length, int64_t count);

/* Finishes an open one in place: its size, 0 on overflow, or STATE_TOO_LARGE. */
size_t		items_close(const StateType *type, void *items);

/* What keeps these bytes from being items, or NULL; `flaw` says it of one of them. */
const char *items_flaw(const StateType *type, const Items *items, int64_t rows, const char *(*flaw) (const uint8_t *bytes, int32_t length));

/* Reads a closed one. */
typedef struct ItemWalk
{
	const uint8_t *next;
	int32_t		left;
	const uint8_t *bytes;
	int32_t		length;
	int64_t		count;
} ItemWalk;

static inline ItemWalk
items_walk(const Items *items)
{
	return (ItemWalk) {.next = items->stream, .left = items->items};
}

/* The next item; false after the last. */
bool		item_next(ItemWalk *walk);

#endif
