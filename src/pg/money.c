#include "pg/money.h"

char *
numeric_text(Datum value)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, value));
}

Datum
numeric_from_text(const char *text)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/*
 * The stored form of numeric, as of every version since 9.1: a header of one or
 * two 16-bit words, then digits to the base 10000, the first of weight
 * 10000^weight. Reading it directly costs a tenth of what numeric's own
 * functions would; test/sql/revenue_flow.sql holds the two against each other.
 */
#define NUMERIC_KIND_MASK		0xC000
#define NUMERIC_KIND_NEGATIVE	0x4000
#define NUMERIC_KIND_SHORT		0x8000
#define NUMERIC_KIND_SPECIAL	0xC000
#define SHORT_NEGATIVE			0x2000
#define SHORT_WEIGHT_SIGN		0x0040
#define SHORT_WEIGHT_MASK		0x003F

static uint16
read_uint16(const char *at)
{
	uint16		value;

	memcpy(&value, at, sizeof(value));
	return value;
}

bool
money_try_numeric(Datum value, Money *money)
{
	struct varlena *numeric = PG_DETOAST_DATUM_PACKED(value);
	const char *digits = VARDATA_ANY(numeric);
	const char *end = digits + VARSIZE_ANY_EXHDR(numeric);
	uint16		header = read_uint16(digits);
	uint16		kind = header & NUMERIC_KIND_MASK;
	bool		negative;
	int			weight;
	unsigned __int128 sum = 0;

	if (kind == NUMERIC_KIND_SPECIAL)
		return false;
	if (kind == NUMERIC_KIND_SHORT)
	{
		negative = header & SHORT_NEGATIVE;
		weight = (header & SHORT_WEIGHT_MASK) - (header & SHORT_WEIGHT_SIGN);
		digits += sizeof(uint16);
	}
	else
	{
		negative = kind == NUMERIC_KIND_NEGATIVE;
		weight = (int16) read_uint16(digits + sizeof(uint16));
		digits += 2 * sizeof(uint16);
	}
	if (weight > 4)
		return false;

	/* zeros are not stored, neither before the first digit nor after the last */
	for (int place = Max(weight, 0); place >= -2; place--)
	{
		int			digit = 0;

		if (place <= weight && digits < end)
		{
			digit = read_uint16(digits);
			digits += sizeof(uint16);
		}
		/* places -1 and -2 hold the first eight decimals; six are kept */
		if (place > -2)
			sum = sum * 10000 + digit;
		else
			sum = sum * 100 + digit / 100 + (digit % 100 >= 50);
	}
	if (sum > (unsigned __int128) MONEY_LIMIT)
		return false;
	*money = negative ? -(Money) sum : (Money) sum;
	return true;
}

Money
money_from_numeric(Datum value)
{
	Money		money;

	if (!money_try_numeric(value, &money))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("amount out of range: %s", numeric_text(value)),
				 errdetail("An amount lies between -10^18 and 10^18; six decimals are kept.")));
	return money;
}

Datum
money_to_numeric(Money value)
{
	char		text[MONEY_TEXT_SIZE + 1];

	if (value >= PG_INT64_MIN && value <= PG_INT64_MAX)
	{
		int64		rest = (int64) value;
		int			decimals = MONEY_DECIMALS;

		for (; decimals > 0 && rest % 10 == 0; decimals--)
			rest /= 10;
		return NumericGetDatum(int64_div_fast_to_numeric(rest, decimals));
	}
	text[money_print(text, value)] = '\0';
	return numeric_from_text(text);
}

Factor
factor_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	char	   *text = numeric_text(PG_GETARG_DATUM(n));
	Factor		factor;

	if (!factor_parse(text, &factor))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s out of range: %s", what, text),
				 errdetail("A %s is above 0 and below 10^12, with at most %d digits before and after the point.", what, FACTOR_DIGITS)));
	return factor;
}
