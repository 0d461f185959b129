/*
 * Signals: the history of a user's own signals of one account, a bag of values
 * each given at an instant.
 */
#ifndef CSMETRICS_SIGNALS_H
#define CSMETRICS_SIGNALS_H

#include "core/bag.h"
#include "core/instant.h"
#include "core/money.h"

#define SIGNALS_MAX STATE_ROWS_MAX

/* The name comes first, so that the values of one signal are together, by their time. */
typedef struct Signal
{
	int64_t		name;			/* a text key */
	int64_t		at;
	Money		value;
	int64_t		count;			/* rows that say just this */
} Signal;

typedef struct Signals
{
	Bag			bag;
	Signal		signal[];
} Signals;

extern const StateType signals_type;

/* Some values of a signal; their sum is exact. */
typedef struct SignalSum
{
	int64_t		at;				/* of the last of them; INSTANT_NEVER where there is none */
	int64_t		count;
	Money		sum;
} SignalSum;

/* Those of the latest instant by `as_of`, and those given from <= t < to. */
SignalSum	signal_latest(const Signals *signals, int64_t name, int64_t as_of);
SignalSum	signal_between(const Signals *signals, int64_t name, int64_t from, int64_t to);

#endif
