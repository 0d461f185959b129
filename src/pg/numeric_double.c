#include "pg/numeric_double.h"

#include <math.h>

/*
 * The stored form of numeric, as of every version since 9.1, as in money.c: a header
 * of one or two 16-bit words, then digits to the base 10000, the first of weight
 * 10000^weight.
 */
#define KIND_MASK		0xC000
#define KIND_NEGATIVE	0x4000
#define KIND_SHORT		0x8000
#define KIND_SPECIAL	0xC000
#define SHORT_NEGATIVE	0x2000
#define SHORT_WEIGHT_SIGN	0x0040
#define SHORT_WEIGHT_MASK	0x003F

static uint16
read_uint16(const char *at)
{
	uint16		value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static double
by_cast(Numeric value)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value)));
}

/* Doubles hold powers of ten up to 10^22, and whole numbers up to 2^53: of two of these a product or quotient is rounded once. */
static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

#define E9 UINT64CONST(1000000000)
static const uint64 whole_powers[] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, E9, E9 * 10, E9 * 100, E9 * 1000, E9 * 10000, E9 * 100000,
	E9 * 1000000, E9 * 10000000, E9 * 100000000, E9 * E9, E9 * E9 * 10
};

#define LARGEST_POWER		22
#define LARGEST_WHOLE_POWER	19

/* The nearest double of sum / 10^power; sum is from 2^53 on. */
static double
quotient(uint64 sum, int power)
{
	int			shift = 64 + __builtin_clzll(sum);
	unsigned __int128 scaled = (unsigned __int128) sum << shift;
	unsigned __int128 whole = scaled / whole_powers[power];
	int			spare = whole >> 64 ? 64 - __builtin_clzll((uint64) (whole >> 64)) : 0;
	uint64		kept = (uint64) (whole >> spare);

	/* 63 bits and more: that any is lost is told by the last, which is below half of what a double keeps */
	if ((unsigned __int128) kept << spare != whole || whole * whole_powers[power] != scaled)
		kept |= 1;
	return ldexp((double) kept, spare - shift);
}

/* The base-10000 digits without zeros at their end, up to 2^64, and by which power of ten they are to be divided; false: too many. */
static bool
read_digits(const char *digit, const char *end, int weight, uint64 *sum, int *power)
{
	unsigned __int128 read = 0;

	if (end - digit > (int) (5 * sizeof(uint16)))
		return false;
	*power = -4;
	for (; digit < end; digit += sizeof(uint16), *power += 4)
		read = read * 10000 + read_uint16(digit);
	*power -= 4 * weight;
	for (; read >> 53 != 0 && *power > 0 && read % 10 == 0; --*power)
		read /= 10;
	*sum = (uint64) read;
	return read >> 64 == 0;
}

double
double_of_numeric(Numeric value)
{
	const char *digit = VARDATA_ANY(value);
	const char *end = digit + VARSIZE_ANY_EXHDR(value);
	uint16		header = read_uint16(digit);
	uint16		kind = header & KIND_MASK;
	bool		negative = kind == KIND_SHORT ? (header & SHORT_NEGATIVE) != 0 : kind == KIND_NEGATIVE;
	int			weight;
	int			power;
	uint64		sum;
	double		number;

	if (kind == KIND_SPECIAL)
		return by_cast(value);
	weight = kind == KIND_SHORT ? (header & SHORT_WEIGHT_MASK) - (header & SHORT_WEIGHT_SIGN) : (int16) read_uint16(digit + sizeof(uint16));
	digit += kind == KIND_SHORT ? sizeof(uint16) : 2 * sizeof(uint16);
	if (!read_digits(digit, end, weight, &sum, &power))
		return by_cast(value);
	if (sum >> 53 == 0 && power >= -LARGEST_POWER && power <= LARGEST_POWER)
		number = power <= 0 ? (double) sum * powers[-power] : (double) sum / powers[power];
	else if (sum >> 53 != 0 && power > 0 && power <= LARGEST_WHOLE_POWER)
		number = quotient(sum, power);
	else
		return by_cast(value);
	return negative ? -number : number;
}
