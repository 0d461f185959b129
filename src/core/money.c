#include "core/money.h"

int
money_print(char *out, Money value)
{
	char		digits[MONEY_TEXT_SIZE];
	int			count = 0;
	int			decimals = MONEY_DECIMALS;
	char	   *start = out;
	unsigned __int128 rest = value < 0 ? -(unsigned __int128) value : (unsigned __int128) value;

	for (; decimals > 0 && rest % 10 == 0; decimals--)
		rest /= 10;
	for (; rest > 0 || count <= decimals; rest /= 10)
		digits[count++] = '0' + (int) (rest % 10);

	if (value < 0)
		*out++ = '-';
	while (count > 0)
	{
		if (count == decimals)
			*out++ = '.';
		*out++ = digits[--count];
	}
	return out - start;
}

const char *
money_parse(const char *text, Money *value)
{
	bool		negative = *text == '-';
	int			decimals = -1;
	int			digits = 0;
	Money		sum = 0;

	if (negative)
		text++;
	for (; (*text >= '0' && *text <= '9') || (*text == '.' && decimals < 0); text++)
	{
		if (*text == '.')
		{
			decimals = 0;
			continue;
		}
		if (decimals == MONEY_DECIMALS)
			return 0;
		decimals += decimals >= 0;
		digits++;
		/* built on the negative side, which reaches one further */
		if (__builtin_mul_overflow(sum, (Money) 10, &sum) ||
			__builtin_sub_overflow(sum, (Money) (*text - '0'), &sum))
			return 0;
	}
	if (digits == 0 || decimals == 0)
		return 0;
	for (decimals = decimals < 0 ? 0 : decimals; decimals < MONEY_DECIMALS; decimals++)
		if (__builtin_mul_overflow(sum, (Money) 10, &sum))
			return 0;
	if (!negative && __builtin_sub_overflow((Money) 0, sum, &sum))
		return 0;
	*value = sum;
	return text;
}

Money
money_divide(Money numerator, Money denominator)
{
	Money		quotient = numerator / denominator;
	Money		rest = numerator % denominator;

	if (rest < 0)
		rest = -rest;
	if (rest >= denominator - rest)
		quotient += numerator < 0 ? -1 : 1;
	return quotient;
}
