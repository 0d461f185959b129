/*
 * Instants: microseconds from 2000-01-01 00:00 UTC, as in PostgreSQL's
 * timestamptz, of the years 1 to 9999. What has not happened is never.
 */
#ifndef CSMETRICS_INSTANT_H
#define CSMETRICS_INSTANT_H

#include "core/calendar.h"

#define INSTANT_NEVER	INT64_MAX

#define DAY_LENGTH		INT64_C(86400000000)
#define INSTANT_FIRST	(DAY_FIRST * DAY_LENGTH)
#define INSTANT_LAST	((DAY_LAST + 1) * DAY_LENGTH - 1)

static inline bool
instant_is_valid(int64_t instant)
{
	return instant >= INSTANT_FIRST && instant <= INSTANT_LAST;
}

static inline bool
instant_is_valid_or_never(int64_t instant)
{
	return instant_is_valid(instant) || instant == INSTANT_NEVER;
}

/* What was known of it at `as_of`. */
static inline int64_t
instant_as_of(int64_t instant, int64_t as_of)
{
	return instant <= as_of ? instant : INSTANT_NEVER;
}

/* The end of a span, not below zero, that begins at that instant. */
static inline int64_t
instant_after(int64_t instant, int64_t span)
{
	int64_t		end;

	return __builtin_add_overflow(instant, span, &end) ? INSTANT_NEVER : end;
}

#endif
