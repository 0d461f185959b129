#include "core/wide.h"

#include <string.h>

typedef unsigned __int128 uint128_t;

static void
limbs_add(uint64_t *sum, const uint64_t *term, int n)
{
	uint128_t	carry = 0;

	for (int i = 0; i < n; i++)
	{
		carry += (uint128_t) sum[i] + term[i];
		sum[i] = (uint64_t) carry;
		carry >>= 64;
	}
}

static void
limbs_negate(uint64_t *value, int n)
{
	bool		carry = true;

	for (int i = 0; i < n; i++)
	{
		value[i] = ~value[i] + carry;
		carry = carry && value[i] == 0;
	}
}

static bool
limbs_negative(const uint64_t *value, int n)
{
	return value[n - 1] >> 63;
}

static double
limbs_to_double(const uint64_t *value, int n)
{
	uint64_t	magnitude[8];
	bool		negative = limbs_negative(value, n);
	double		sum = 0;

	memcpy(magnitude, value, n * sizeof(uint64_t));
	if (negative)
		limbs_negate(magnitude, n);
	for (int i = n - 1; i >= 0; i--)
		sum = sum * 0x1p64 + (double) magnitude[i];
	return negative ? -sum : sum;
}

static void
limbs_extend(uint64_t *to, int to_n, const uint64_t *from, int from_n)
{
	memcpy(to, from, from_n * sizeof(uint64_t));
	memset(to + from_n, limbs_negative(from, from_n) ? 0xff : 0, (to_n - from_n) * sizeof(uint64_t));
}

static void
money_limbs(uint64_t limb[2], Money value)
{
	limb[0] = (uint64_t) value;
	limb[1] = (uint64_t) (value >> 64);
}

/* to = a * b modulo 2^(64 n); all of n limbs */
static void
limbs_multiply(uint64_t *to, const uint64_t *a, const uint64_t *b, int n)
{
	memset(to, 0, n * sizeof(uint64_t));
	for (int i = 0; i < n; i++)
	{
		uint64_t	carry = 0;

		for (int j = 0; i + j < n; j++)
		{
			uint128_t	part = (uint128_t) a[i] * b[j] + to[i + j] + carry;

			to[i + j] = (uint64_t) part;
			carry = (uint64_t) (part >> 64);
		}
	}
}

/* value /= divisor, for a value not below zero; the remainder */
static uint64_t
limbs_divide(uint64_t *value, int n, uint64_t divisor)
{
	uint64_t	rest = 0;

	while (n > 0 && value[n - 1] == 0)
		n--;
	while (n-- > 0)
	{
		uint128_t	part = (uint128_t) rest << 64 | value[n];

		value[n] = (uint64_t) (part / divisor);
		rest = (uint64_t) (part % divisor);
	}
	return rest;
}

void
int256_add(Int256 *sum, const Int256 *term)
{
	limbs_add(sum->limb, term->limb, 4);
}

void
int256_subtract(Int256 *sum, const Int256 *term)
{
	Int256		negative = *term;

	limbs_negate(negative.limb, 4);
	limbs_add(sum->limb, negative.limb, 4);
}

/* Nearly every amount fits 64 bits, and then the product fits 128. */
static void
add_narrow_product(Int256 *sum, int64_t a, int64_t b)
{
	__int128	product = (__int128) a * b;
	uint64_t	sign = product < 0 ? UINT64_MAX : 0;
	uint128_t	carry = (uint128_t) sum->limb[0] + (uint64_t) product;

	sum->limb[0] = (uint64_t) carry;
	carry = (carry >> 64) + sum->limb[1] + (uint64_t) (product >> 64);
	sum->limb[1] = (uint64_t) carry;
	carry = (carry >> 64) + sum->limb[2] + sign;
	sum->limb[2] = (uint64_t) carry;
	sum->limb[3] += (uint64_t) (carry >> 64) + sign;
}

void
int256_add_product(Int256 *sum, Money a, Money b)
{
	uint64_t	narrow[2];
	Int256		x,
				y,
				product;

	if (a == (int64_t) a && b == (int64_t) b)
	{
		add_narrow_product(sum, (int64_t) a, (int64_t) b);
		return;
	}
	money_limbs(narrow, a);
	limbs_extend(x.limb, 4, narrow, 2);
	money_limbs(narrow, b);
	limbs_extend(y.limb, 4, narrow, 2);
	limbs_multiply(product.limb, x.limb, y.limb, 4);
	limbs_add(sum->limb, product.limb, 4);
}

double
int256_to_double(const Int256 *value)
{
	return limbs_to_double(value->limb, 4);
}

int
int256_print(char *out, const Int256 *value)
{
	Int256		magnitude = *value;
	char	   *start = out;
	bool		leading = true;

	if (limbs_negative(value->limb, 4))
	{
		limbs_negate(magnitude.limb, 4);
		*out++ = '-';
	}
	*out++ = '0';
	*out++ = 'x';
	for (int i = 63; i >= 0; i--)
	{
		int			digit = (magnitude.limb[i / 16] >> (i % 16 * 4)) & 15;

		leading = leading && digit == 0 && i > 0;
		if (!leading)
			*out++ = "0123456789abcdef"[digit];
	}
	return out - start;
}

const char *
int256_parse(const char *text, Int256 *value)
{
	bool		negative = *text == '-';
	int			digits = 0;

	memset(value, 0, sizeof(*value));
	text += negative;
	if (text[0] != '0' || text[1] != 'x')
		return 0;
	for (text += 2;; text++, digits++)
	{
		int			digit;

		if (*text >= '0' && *text <= '9')
			digit = *text - '0';
		else if (*text >= 'a' && *text <= 'f')
			digit = *text - 'a' + 10;
		else
			break;
		if (digits == 64)
			return 0;
		for (int i = 3; i > 0; i--)
			value->limb[i] = value->limb[i] << 4 | value->limb[i - 1] >> 60;
		value->limb[0] = value->limb[0] << 4 | digit;
	}
	if (digits == 0)
		return 0;
	if (negative)
		limbs_negate(value->limb, 4);
	/* past 255 bits the sign flips; -0 has none */
	if (limbs_negative(value->limb, 4) != negative && (value->limb[0] | value->limb[1] | value->limb[2] | value->limb[3]) != 0)
		return 0;
	return text;
}

Int512
int512_from_money(Money value)
{
	uint64_t	narrow[2];
	Int512		wide;

	money_limbs(narrow, value);
	limbs_extend(wide.limb, 8, narrow, 2);
	return wide;
}

Int512
int512_from_int256(const Int256 *value)
{
	Int512		wide;

	limbs_extend(wide.limb, 8, value->limb, 4);
	return wide;
}

Int512
int512_add(Int512 a, Int512 b)
{
	limbs_add(a.limb, b.limb, 8);
	return a;
}

Int512
int512_subtract(Int512 a, Int512 b)
{
	limbs_negate(b.limb, 8);
	return int512_add(a, b);
}

Int512
int512_multiply(Int512 a, Int512 b)
{
	Int512		product;

	limbs_multiply(product.limb, a.limb, b.limb, 8);
	return product;
}

double
int512_to_double(Int512 value)
{
	return limbs_to_double(value.limb, 8);
}

Int512
int512_drop_decimals(Int512 value, int decimals)
{
	static const uint64_t one[8] = {1};
	bool		negative = limbs_negative(value.limb, 8);
	bool		up = false;

	if (negative)
		limbs_negate(value.limb, 8);
	while (decimals > 0)
	{
		uint64_t	divisor = 1;

		for (int i = 0; i < 18 && decimals > 0; i++, decimals--)
			divisor *= 10;
		/* rounding looks at the first of the digits that go, and those go last */
		up = limbs_divide(value.limb, 8, divisor) >= divisor / 2;
	}
	if (up)
		limbs_add(value.limb, one, 8);
	if (negative)
		limbs_negate(value.limb, 8);
	return value;
}

/* Is the value that of its lowest n limbs? */
static bool
limbs_fit(const uint64_t *value, int n)
{
	for (int i = n; i < 8; i++)
		if (value[i] != (limbs_negative(value, n) ? UINT64_MAX : 0))
			return false;
	return true;
}

bool
int512_to_money(Int512 value, Money *narrow)
{
	Money		money = (Money) ((uint128_t) value.limb[1] << 64 | value.limb[0]);

	if (!limbs_fit(value.limb, 2) || !money_within(money, (Money) 1 << 126))
		return false;
	*narrow = money;
	return true;
}

bool
int512_to_int256(Int512 value, Int256 *narrow)
{
	if (!limbs_fit(value.limb, 4))
		return false;
	memcpy(narrow->limb, value.limb, sizeof(narrow->limb));
	return true;
}
