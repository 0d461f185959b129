#include "pg/fits.h"

#include <math.h>

#include "pg/arguments.h"

double
number_between_arg(FunctionCallInfo fcinfo, int n, const char *what, double least, double most)
{
	double		number = PG_GETARG_FLOAT8(n);

	if (!(number >= least && number <= most))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %s is not between %s and %s", what, number_text(number), number_text(least), number_text(most))));
	return number;
}

double
parameter_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	double		parameter = PG_GETARG_FLOAT8(n);

	if (!(parameter > 0) || isinf(parameter))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %s is not a finite number above 0", what, number_text(parameter)),
				 errhint("Parameters are those that a fit gives.")));
	return parameter;
}

int64
customers_arg(FunctionCallInfo fcinfo, int n)
{
	int64		customers = PG_GETARG_INT64(n);

	if (customers < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("customers " INT64_FORMAT " is not at least 0", customers)));
	return customers;
}

void
pause_fit(void)
{
	CHECK_FOR_INTERRUPTS();
}

void
put_fit(const Maximum *maximum, const char *reason, const char *warning, int columns, Datum *values, bool *nulls)
{
	int			n = maximum->parameters;
	const char *told = reason;

	/* so that no parameter is other than a number */
	for (int i = 0; i < n; i++)
		if (told == NULL && !isfinite(maximum->parameter[i]))
			told = "the fit did not converge";
	if (told == NULL && !isfinite(maximum->log_likelihood))
		told = "the fit did not converge";
	for (int i = 0; i <= n; i++)
	{
		values[i] = Float8GetDatum(i < n ? maximum->parameter[i] : maximum->log_likelihood);
		nulls[i] = told != NULL;
	}
	values[n + 1] = BoolGetDatum(told == NULL && maximum->converged);
	told = told ? told : warning;
	if (told)
		values[columns - 1] = CStringGetTextDatum(told);
	nulls[columns - 1] = told == NULL;
}
