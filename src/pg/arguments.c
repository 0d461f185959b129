#include "pg/arguments.h"

char *
number_text(double value)
{
	return DatumGetCString(DirectFunctionCall1(float8out, Float8GetDatum(value)));
}

void
require_not_null(FunctionCallInfo fcinfo, int n, const char *what)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be NULL", what)));
}

int64
text_key_arg(FunctionCallInfo fcinfo, int n)
{
	const text *given;

	if (PG_ARGISNULL(n))
		return TEXT_KEY_NONE;
	given = PG_GETARG_TEXT_PP(n);
	return text_key(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given));
}

int
choice_arg(FunctionCallInfo fcinfo, int n, const char *what, const char *const *words)
{
	const text *given;
	StringInfoData known;

	require_not_null(fcinfo, n, what);
	given = PG_GETARG_TEXT_PP(n);
	for (int i = 0; words[i]; i++)
		if (strlen(words[i]) == VARSIZE_ANY_EXHDR(given) && memcmp(words[i], VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given)) == 0)
			return i;
	initStringInfo(&known);
	for (int i = 0; words[i]; i++)
		appendStringInfo(&known, "%s%s", i > 0 ? ", " : "", words[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown %s \"%s\"", what, text_to_cstring(given)),
			 errdetail("Known are: %s.", known.data)));
}

double
confidence_arg(FunctionCallInfo fcinfo, int n)
{
	double		confidence = PG_GETARG_FLOAT8(n);

	if (!(confidence > 0 && confidence < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("confidence %g is not between 0 and 1", confidence),
				 errhint("Write 0.95 for 95 %%.")));
	return confidence;
}

int64
at_least_arg(FunctionCallInfo fcinfo, int n, const char *name)
{
	int64		number = PG_GETARG_INT64(n);

	if (number < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s " INT64_FORMAT " is below 1", name, number)));
	return number;
}
