/*
 * Exact money: a fixed-point number with six decimals in 128 bits.
 *
 * One amount may be up to 10^18 units; sums go on to 10^30, so a million
 * million of the largest amounts still add up.
 */
#ifndef CSMETRICS_MONEY_H
#define CSMETRICS_MONEY_H

#include <stdbool.h>
#include <stdint.h>

/* palloc promises 8-byte alignment only, a bare __int128 asks for 16 */
typedef __int128 Money __attribute__((aligned(8)));

#define MONEY_DECIMALS	6
#define MONEY_UNIT		1000000
/* The largest single amount: 10^18 units. */
#define MONEY_LIMIT		((Money) 1000000000000000000 * MONEY_UNIT)
/* What one account may add up to; 2^50 squares of it fit 256 bits. */
#define MONEY_ACCOUNT_LIMIT ((Money) 1 << 100)
/* What any sum may reach: far enough from the end that readers may add up a dozen of them. */
#define MONEY_SUM_LIMIT ((Money) 1 << 120)

/* Longest text of a Money: sign, 33 digits, point, 6 digits. */
#define MONEY_TEXT_SIZE 42

static inline bool
money_within(Money value, Money limit)
{
	return value < limit && value > -limit;
}

/* a += b; false when the sum is past the limit. Both must be within it. */
static inline bool
money_add(Money *a, Money b)
{
	*a += b;
	return money_within(*a, MONEY_SUM_LIMIT);
}

static inline Money
money_min(Money a, Money b)
{
	return a < b ? a : b;
}

/* Writes the shortest decimal text without a terminator; returns its length. */
int			money_print(char *out, Money value);

/* Reads decimal text; NULL when it is no amount, else the first character not read. */
const char *money_parse(const char *text, Money *value);

/* round(numerator / denominator), half away from zero */
Money		money_divide(Money numerator, Money denominator);

#endif
