/*
 * Wide integers for exact second moments: two's complement, 64-bit limbs, the
 * lowest first. 256 bits hold sums of squares of Money, 512 bits the products
 * from which a variance is read without rounding.
 */
#ifndef CSMETRICS_WIDE_H
#define CSMETRICS_WIDE_H

#include "core/money.h"

typedef struct Int256
{
	uint64_t	limb[4];
} Int256;

typedef struct Int512
{
	uint64_t	limb[8];
} Int512;

/* Longest text: sign, "0x", 64 digits. */
#define INT256_TEXT_SIZE 67

void		int256_add(Int256 *sum, const Int256 *term);
void		int256_subtract(Int256 *sum, const Int256 *term);

/* sum += a * b */
void		int256_add_product(Int256 *sum, Money a, Money b);

/* sum -= a * b */
static inline void
int256_subtract_product(Int256 *sum, Money a, Money b)
{
	int256_add_product(sum, -a, b);
}

double		int256_to_double(const Int256 *value);

/* Shortest hexadecimal text with sign, no terminator; returns its length. */
int			int256_print(char *out, const Int256 *value);

/* NULL when the text is no such number, else the first character not read. */
const char *int256_parse(const char *text, Int256 *value);

Int512		int512_from_money(Money value);
Int512		int512_from_int256(const Int256 *value);
Int512		int512_add(Int512 a, Int512 b);
Int512		int512_subtract(Int512 a, Int512 b);

/* a * b modulo 2^512 */
Int512		int512_multiply(Int512 a, Int512 b);
double		int512_to_double(Int512 value);

/* value / 10^decimals, rounded half away from zero */
Int512		int512_drop_decimals(Int512 value, int decimals);

/* The value in less; false, and nothing changed, when it does not fit: 126 and 255 bits. */
bool		int512_to_money(Int512 value, Money *narrow);
bool		int512_to_int256(Int512 value, Int256 *narrow);

#endif
