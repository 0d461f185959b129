#include "core/factor.h"

#include <string.h>

bool
factor_parse(const char *text, Factor *factor)
{
	const Money limit = (Money) 1000000000000000000 * 1000000000000000000;	/* of 36 digits */
	const char *end = text + strlen(text);
	const char *point = strchr(text, '.');
	const char *whole_end = point ? point : end;

	*factor = (Factor) {0};
	if (whole_end - text > 12)
		return false;
	/* zeros after the point that end a number are no digits of it */
	while (point && end[-1] == '0')
		end--;
	for (; text < end; text++)
	{
		if (text == point)
			continue;
		factor->digits = factor->digits * 10 + (*text - '0');
		factor->decimals += text > whole_end;
		if (*text < '0' || *text > '9' || factor->digits >= limit || factor->decimals > FACTOR_DIGITS)
			return false;
	}
	return factor->digits > 0;
}

bool
factor_apply(const Factor *factor, Money *value)
{
	Int512		product = int512_multiply(int512_from_money(*value), int512_from_money(factor->digits));

	return int512_to_money(int512_drop_decimals(product, factor->decimals), value);
}

bool
factor_apply_squared(const Factor *factor, Int256 *value)
{
	Int512		digits = int512_from_money(factor->digits);
	Int512		product = int512_multiply(int512_from_int256(value), int512_multiply(digits, digits));

	return int512_to_int256(int512_drop_decimals(product, 2 * factor->decimals), value);
}
