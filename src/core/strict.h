/*
 * Values in texts, in the one form that nobody reads otherwise: days and instants
 * of ISO 8601, plain decimals, words for true and false. No setting has a say.
 * Blanks around a value are not part of it.
 */
#ifndef CSMETRICS_STRICT_H
#define CSMETRICS_STRICT_H

#include "core/calendar.h"

#include <stddef.h>

/* Longest number that is read: more characters are no number of anybody's. */
#define STRICT_NUMBER_SIZE 1000

typedef struct StrictText
{
	const char *at;
	size_t		length;
} StrictText;

/* A local time, or an instant where a zone is written. */
typedef struct StrictTime
{
	int32_t		day;
	int64_t		time;			/* microseconds of the day; rounding may make it a whole one */
	bool		has_time;
	bool		has_zone;
	int32_t		offset;			/* minutes east of UTC, where has_zone */
} StrictTime;

StrictText	strict_text(const char *text, size_t length);

/* 2026-03-04, then perhaps T or a blank and 10:00[:00[.000001]], then perhaps Z, UTC, GMT, +01, +0100 or +01:00 */
bool		strict_time_parse(StrictText text, StrictTime *time);

/* -1234.50: a sign, digits, and digits after a point; .50 too, 50. not */
bool		strict_number_is_plain(StrictText text);

/* A sign and digits, within 64 bits. */
bool		strict_integer_parse(StrictText text, int64_t *value);

/* true, t, yes, y, on, 1 and their opposites, in any case */
bool		strict_boolean_parse(StrictText text, bool *value);

#endif
