/*
 * Purchases: the history of one customer without a contract. A bag with a row a
 * day on which it bought, so that it can be read as of any day.
 *
 * Several purchases on one day are one coming back: what models of purchasing
 * count are days.
 */
#ifndef CSMETRICS_PURCHASES_H
#define CSMETRICS_PURCHASES_H

#include "core/bag.h"
#include "core/money.h"

typedef struct PurchaseDay
{
	int64_t		day;
	int64_t		purchases;
	Money		amount;
} PurchaseDay;

#define PURCHASE_DAY_KEYS	"l"
#define PURCHASE_DAY_SUMS	"nm"

typedef struct Purchases
{
	Bag			bag;
	PurchaseDay row[];			/* by day */
} Purchases;

extern const StateType purchases_type;

/* What had been bought by a day. */
typedef struct PurchaseSummary
{
	int64_t		days;			/* with purchases */
	int64_t		purchases;
	Money		amount;
	Money		amount_after_first; /* on days after the first */
	int64_t		first_day;
	int64_t		last_day;
} PurchaseSummary;

/* A day that has fewer than one purchase, as unmerge can leave it, has none. */
PurchaseSummary purchases_by(const Purchases *purchases, int64_t last_day);

#endif
