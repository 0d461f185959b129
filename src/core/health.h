/*
 * Health: the signals of one account, each with its value and weight, and the
 * score from 0 to 100 that they come to. Items, one a signal:
 *
 *	 component	UTF-8, NUL
 *	 signal		UTF-8, NUL
 *	 policy		one byte; the rest are numbers, the high byte first:
 *	 value		64 bits, of VALUE_UNIT; VALUE_MISSING: none
 *	 weight		64 bits, of WEIGHT_UNIT
 *	 freshness	32 bits, of FRESHNESS_UNIT: the share of the weight that still counts
 *	 normalizer	64 bits: a key of how the value was come to, or 0
 *
 * All are whole numbers of decimal units, and the arithmetic is that of whole
 * numbers: a score does not depend on the order or the machine, and what it is
 * made of adds up to it exactly.
 */
#ifndef CSMETRICS_HEALTH_H
#define CSMETRICS_HEALTH_H

#include "core/items.h"
#include "core/utf8_name.h"

#define VALUE_DECIMALS	12
#define VALUE_UNIT		INT64_C(1000000000000)
#define VALUE_MAX		(100 * VALUE_UNIT)
#define WEIGHT_UNIT		INT64_C(1000000)
#define WEIGHT_MAX		(1000000 * WEIGHT_UNIT)
#define FRESHNESS_UNIT	1000000

/* Signals of a state: with these limits no sum is past 127 bits. */
#define HEALTH_SIGNALS_MAX (1 << 19)

/* What a signal does, and what becomes of one that is missing. */
typedef enum HealthPolicy
{
	HEALTH_RENORMALISE,			/* the others of its component stand in for it */
	HEALTH_NEUTRAL,				/* counts as 50 */
	HEALTH_ZERO,				/* counts as 0 */
	HEALTH_VETO,				/* its value is the most that the score may be */
	HEALTH_PULSE				/* its value is the score: what a human said */
} HealthPolicy;

extern const char *const health_policy_words[];

/* How signals make a score. */
typedef enum HealthMethod
{
	HEALTH_WEIGHTED,			/* the mean of components, each that of its signals, all by weight */
	HEALTH_WORST_COMPONENT,
	HEALTH_WORST_SIGNAL
} HealthMethod;

extern const char *const health_method_words[];

typedef struct HealthSignal
{
	Utf8Name	component;
	Utf8Name	signal;
	HealthPolicy policy;
	bool		known;
	bool		counts;			/* found while scoring: it is part of the score */
	int32_t		freshness;		/* 0 unless known, else above */
	int64_t		value;			/* 0 unless known */
	int64_t		weight;
	int64_t		normalizer;
	int64_t		count;			/* how often it is there; none below 1 */
} HealthSignal;

/* It does not count by weight, but stands above the score. */
static inline bool
signal_is_override(const HealthSignal *signal)
{
	return signal->policy >= HEALTH_VETO;
}

extern const StateType health_type;

#define HEALTH_ITEM_SIZE_MAX (2 * (NAME_LENGTH_MAX + 1) + 29)

/* Writes its item; the length. */
int32_t		health_write(uint8_t *out, const HealthSignal *signal);

/* Reads the signals of a closed state, which has room for items->items of them; how many. */
int32_t		health_read(const Items *health, HealthSignal *signals);

/* What signals come to. */
typedef struct HealthScore
{
	bool		weighed;		/* there is weight, and so coverage */
	bool		based;			/* some signal counts, and so there is a base */
	double		coverage;		/* the share of the weight that is known */
	int64_t		base;			/* the score by the method, overrides aside */
	int32_t		pulse;			/* the signals that override it, or -1 */
	int32_t		veto;
	HealthMethod method;
} HealthScore;

HealthScore health_score_of(HealthSignal *signals, int32_t count, HealthMethod method);

/* The score with overrides; false where it is not known, or too little of it. */
bool		health_score_read(const HealthScore *score, const HealthSignal *signals, double min_coverage, int64_t *read);

/* The points that each signal, just scored, gives to the score and takes from 100: they add up to both. */
void		health_points(const HealthScore *score, const HealthSignal *signals, int32_t count, int64_t *points, int64_t *lost);

#endif
