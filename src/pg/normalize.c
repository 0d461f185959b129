#include "pg/normalize.h"
#include "pg/arguments.h"
#include "pg/state.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"

#include "core/normalize.h"

static double
measure_arg(FunctionCallInfo fcinfo)
{
	double		measure = PG_GETARG_FLOAT8(0);

	if (isnan(measure))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("value NaN cannot be normalized"),
				 errhint("Write NULL for one that is missing.")));
	return measure;
}

static double
finite_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	double		value = PG_GETARG_FLOAT8(n);

	if (!isfinite(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %s is not finite", what, number_text(value))));
	return value;
}

/* Arguments: value, worst, best */
static Datum
linear(FunctionCallInfo fcinfo)
{
	double		worst = finite_arg(fcinfo, 1, "worst");
	double		best = finite_arg(fcinfo, 2, "best");

	if (worst == best)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("worst and best are both %s", number_text(worst)),
				 errhint("worst is the measure that is worth 0, best the one that is worth 100.")));
	PG_RETURN_FLOAT8(normalize_linear(measure_arg(fcinfo), worst, best));
}

/* A one-dimensional array of finite numbers. */
static const double *
numbers_arg(FunctionCallInfo fcinfo, int n, const char *what, int *count)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(n);
	double	   *numbers;
	Datum	   *given;

	if (ARR_NDIM(array) != 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a list of numbers without NULL", what)));
	deconstruct_array(array, FLOAT8OID, sizeof(double), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &given, NULL, count);
	numbers = palloc(*count * sizeof(double));
	for (int i = 0; i < *count; i++)
	{
		numbers[i] = DatumGetFloat8(given[i]);
		if (!isfinite(numbers[i]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s: %s is not finite", what, number_text(numbers[i]))));
	}
	return numbers;
}

/* Knots in order, at least two; `strictly`: no two of them equal. */
static const double *
knots_arg(FunctionCallInfo fcinfo, int n, bool strictly, int *count)
{
	const double *knots = numbers_arg(fcinfo, n, "knots", count);

	if (*count < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("knots must be at least two")));
	for (int i = 1; i < *count; i++)
		if (knots[i] < knots[i - 1] || (strictly && knots[i] == knots[i - 1]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("knots must ascend: %s is followed by %s", number_text(knots[i - 1]), number_text(knots[i]))));
	return knots;
}

Piecewise
piecewise_args(FunctionCallInfo fcinfo, int n)
{
	Piecewise	piecewise;
	int			scored;

	piecewise.knots = knots_arg(fcinfo, n, true, &piecewise.count);
	piecewise.scores = numbers_arg(fcinfo, n + 1, "scores", &scored);
	if (scored != piecewise.count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d scores for %d knots", scored, piecewise.count),
				 errhint("Each knot needs the score that it is worth.")));
	for (int i = 0; i < scored; i++)
		if (piecewise.scores[i] < 0 || piecewise.scores[i] > 100)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("score %s is out of range", number_text(piecewise.scores[i])),
					 errdetail("Scores go from 0, the worst, to 100, the best.")));
	return piecewise;
}

/* Arguments: value, knots, scores */
static Datum
by_thresholds(FunctionCallInfo fcinfo)
{
	Piecewise	piecewise = piecewise_args(fcinfo, 1);

	PG_RETURN_FLOAT8(normalize_piecewise(measure_arg(fcinfo), piecewise.knots, piecewise.scores, piecewise.count));
}

/* Arguments: value, knots */
static Datum
percentile(FunctionCallInfo fcinfo)
{
	int			count;
	const double *knots = knots_arg(fcinfo, 1, false, &count);

	PG_RETURN_FLOAT8(normalize_percentile(measure_arg(fcinfo), knots, count));
}

/* Arguments: value, middle, spread */
static Datum
logistic(FunctionCallInfo fcinfo)
{
	double		middle = finite_arg(fcinfo, 1, "middle");
	double		spread = finite_arg(fcinfo, 2, "spread");

	if (spread == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("spread must not be 0"),
				 errhint("It is the standard deviation, below zero where a low value is the good one.")));
	PG_RETURN_FLOAT8(normalize_logistic(measure_arg(fcinfo), middle, spread));
}

SQL_FUNCTION(normalize_linear_sql, linear(fcinfo));
SQL_FUNCTION(normalize_piecewise_sql, by_thresholds(fcinfo));
SQL_FUNCTION(normalize_percentile_sql, percentile(fcinfo));
SQL_FUNCTION(normalize_logistic_sql, logistic(fcinfo));
