/*
 * Bags: states whose rows are a multiset of facts.
 *
 * The letters of a row begin with the keys that say which fact it is; the rest,
 * counts and sums, adds up where facts are equal. A closed bag has its rows in
 * ascending order of their keys, each fact once, and none that came to nothing,
 * so bags form a group under addition. An open one may end in rows that are in
 * no order yet.
 */
#ifndef CSMETRICS_BAG_H
#define CSMETRICS_BAG_H

#include "core/state.h"

/* What the state of a bag begins with; letters "kk". */
typedef struct Bag
{
	StateHeader header;
	int32_t		count;			/* rows */
	int32_t		sorted;			/* of these, the first so many are in order; all of them in a closed bag */
} Bag;

#define BAG_FIELDS "kk"

static inline void *
bag_row(const StateType *type, const Bag *bag, int64_t i)
{
	return (char *) bag + state_size(type, i);
}

typedef enum BagResult
{
	BAG_ADDED,
	BAG_FULL,					/* a new row, and no room for it */
	BAG_OVERFLOW
} BagResult;

/* Adds a row, or takes it out, in a bag of `size` bytes. The bag is open from then on. */
BagResult	bag_add(const StateType *type, Bag *bag, size_t size, const void *row, bool subtract);

/* Sorts, adds up and drops what came to nothing; the size that remains, 0 on overflow. */
size_t		bag_close(const StateType *type, void *bag);

/* The row count and the flaws that all bags share, for their StateTypes. */
int64_t		bag_row_count(const void *bag);
const char *bag_flaw(const StateType *type, const Bag *bag);

#endif
