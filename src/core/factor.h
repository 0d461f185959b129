/*
 * A decimal factor, such as a rate of exchange: digits / 10^decimals, above zero.
 * What is multiplied by it is exact until it is rounded, once.
 */
#ifndef CSMETRICS_FACTOR_H
#define CSMETRICS_FACTOR_H

#include "core/wide.h"

/* A factor is below 10^12 and has no more digits than this, before and after its point. */
#define FACTOR_DIGITS 36

typedef struct Factor
{
	Money		digits;
	int			decimals;
} Factor;

/* Reads decimal text without zeros before the first digit but one; false when it is no factor. */
bool		factor_parse(const char *text, Factor *factor);

/* value = round(value * factor), half away from zero; false when that is past 2^126. */
bool		factor_apply(const Factor *factor, Money *value);

/* value = round(value * factor^2); false when that is past 255 bits. */
bool		factor_apply_squared(const Factor *factor, Int256 *value);

#endif
