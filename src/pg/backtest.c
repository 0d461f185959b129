#include "pg/arguments.h"
#include "pg/bag.h"
#include "pg/results.h"

#include <math.h>

#include "utils/float.h"

#include "core/backtest.h"
#include "core/risk_fit.h"

STATE_IO(backtest, backtest_type);
GROWING_STATE_GROUP(backtest, backtest_type, bag_combine);

static const Backtest *
backtest_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &backtest_type);
}

static double
risk_arg(FunctionCallInfo fcinfo, int n)
{
	double		risk = PG_GETARG_FLOAT8(n);

	if (!isfinite(risk))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("risk %s is not a finite number", float8out_internal(risk)),
				 errhint("Leave out a prediction that was not made: give it a risk of NULL.")));
	return risk;
}

/*
 * Arguments: state, risk, happened [, subject]. Rows that are left out keep the
 * state: only no rows at all give NULL.
 */
static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	Bag		   *bag = bag_own(fcinfo, &backtest_type);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
	{
		bool		happened = PG_GETARG_BOOL(2);
		BacktestRow row = {
			.risk = risk_key(risk_arg(fcinfo, 1)),
			.subject = PG_NARGS() > 3 ? text_key_arg(fcinfo, 3) : TEXT_KEY_NONE,
			.happened = happened,
			.spared = !happened,
		};

		bag = bag_with(&backtest_type, bag, &row, subtract);
	}
	return bag_result(fcinfo, &backtest_type, bag);
}

SQL_FUNCTION(backtest_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(backtest_agg_remove, accumulate(fcinfo, true));

static bool
base_rate_known(const BacktestTotals *totals)
{
	return !totals->negative && totals->happened + totals->spared > 0;
}

static double
base_rate_of(const BacktestTotals *totals)
{
	return (double) totals->happened / (totals->happened + totals->spared);
}

/* hits / flagged over the base rate */
static double
lift_of(double hits, double flagged, const BacktestTotals *totals)
{
	return hits * ((double) totals->happened + totals->spared) / (flagged * totals->happened);
}

static Datum
prediction_count(FunctionCallInfo fcinfo)
{
	BacktestTotals totals = backtest_totals(backtest_arg(fcinfo));

	PG_RETURN_INT64(totals.happened + totals.spared);
}

static Datum
happened_share(FunctionCallInfo fcinfo)
{
	BacktestTotals totals = backtest_totals(backtest_arg(fcinfo));

	return float8_if(fcinfo, base_rate_known(&totals), base_rate_of(&totals));
}

SQL_FUNCTION(backtest_prediction_count, prediction_count(fcinfo));
SQL_FUNCTION(backtest_happened_count, Int64GetDatum(backtest_totals(backtest_arg(fcinfo)).happened));
SQL_FUNCTION(base_rate, happened_share(fcinfo));

/* What readers by cluster work in. */
static double *
cluster_memory(const Backtest *backtest)
{
	CHECK_FOR_INTERRUPTS();
	return palloc(Max(backtest->bag.count, 1) * CLUSTER_ROW_SIZE);
}

static Datum
area(FunctionCallInfo fcinfo)
{
	Auc			auc = backtest_auc(backtest_arg(fcinfo), NULL);

	return float8_if(fcinfo, auc.known, auc.area);
}

static Datum
area_interval(FunctionCallInfo fcinfo)
{
	const Backtest *backtest = backtest_arg(fcinfo);
	double		confidence = confidence_arg(fcinfo, 1);
	Auc			auc = backtest_auc(backtest, cluster_memory(backtest));
	Bounds		bounds = {0};

	if (auc.known)
		bounds = auc_bounds(&auc, confidence);
	return interval_if(fcinfo, auc.known, bounds);
}

/* Arguments: a, b [, confidence] */
static Datum
areas_compared(FunctionCallInfo fcinfo)
{
	const Backtest *a = state_arg(fcinfo, 0, &backtest_type);
	const Backtest *b = state_arg(fcinfo, 1, &backtest_type);
	double		z = normal_quantile_two_sided(confidence_arg(fcinfo, 2));
	size_t		size = ((size_t) a->bag.count + b->bag.count) * AUC_DIFFERENCE_ROW_SIZE;
	AucDifference result = auc_difference(a, b, palloc_extended(Max(size, 1), MCXT_ALLOC_HUGE));
	double		half = z * sqrt(result.variance);
	Datum		values[] = {
		Float8GetDatum(result.difference),
		Float8GetDatum(fmax(-1, result.difference - half)),
		Float8GetDatum(fmin(1, result.difference + half)),
	};
	bool		nulls[] = {!result.known, result.variance <= 0, result.variance <= 0};

	CHECK_FOR_INTERRUPTS();
	return row_result(fcinfo, lengthof(values), values, nulls);
}

SQL_FUNCTION(auc_difference_sql, areas_compared(fcinfo));

static const char *
prediction_verdict(const Auc *auc, double confidence, int at_least)
{
	Bounds		bounds;

	if (Min(auc->happened_clusters, auc->spared_clusters) < at_least)
		return "too few";
	bounds = auc_bounds(auc, confidence);
	if (bounds.lower > 0.5)
		return "yes";
	return bounds.upper < 0.5 ? "inverse" : "no";
}

/* Arguments: state, confidence, at_least */
static Datum
verdict(FunctionCallInfo fcinfo)
{
	const Backtest *backtest = backtest_arg(fcinfo);
	double		confidence = confidence_arg(fcinfo, 1);
	int			at_least = PG_GETARG_INT32(2);
	Auc			auc;

	if (at_least < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("at_least %d is not at least 1", at_least),
				 errhint("So many subjects must be seen with the event, and so many without it.")));
	if (backtest_totals(backtest).negative)
		PG_RETURN_NULL();
	auc = backtest_auc(backtest, cluster_memory(backtest));
	PG_RETURN_DATUM(CStringGetTextDatum(prediction_verdict(&auc, confidence, at_least)));
}

SQL_FUNCTION(auc, area(fcinfo));
SQL_FUNCTION(auc_interval, area_interval(fcinfo));
SQL_FUNCTION(predicts, verdict(fcinfo));

/* A share with its interval in three columns of a row; NULLs unless known. */
static void
put_share(Datum *values, bool *nulls, bool known, double successes, double n, double confidence)
{
	Bounds		bounds = {0};

	nulls[0] = nulls[1] = nulls[2] = !known;
	if (known)
		bounds = wilson_interval(successes, n, confidence);
	values[0] = Float8GetDatum(known ? successes / n : 0);
	values[1] = Float8GetDatum(bounds.lower);
	values[2] = Float8GetDatum(bounds.upper);
}

/* Arguments: state, risk_from, confidence */
static Datum
flagged_row(FunctionCallInfo fcinfo)
{
	const Backtest *backtest = backtest_arg(fcinfo);
	double		risk_from = PG_GETARG_FLOAT8(1);
	double		confidence = confidence_arg(fcinfo, 2);
	BacktestTotals totals = backtest_totals(backtest);
	bool		known = !totals.negative;
	int64		hits;
	int64		flagged = backtest_flagged(backtest, risk_from, &hits);
	Datum		values[10] = {Int64GetDatum(flagged), Int64GetDatum(hits), Int64GetDatum(totals.happened - hits)};
	bool		nulls[10] = {false};

	if (isnan(risk_from))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("risk_from NaN is not a number")));
	put_share(values + 3, nulls + 3, known && flagged > 0, hits, flagged, confidence);
	put_share(values + 6, nulls + 6, known && totals.happened > 0, hits, totals.happened, confidence);
	nulls[9] = nulls[3] || nulls[6];
	values[9] = Float8GetDatum(nulls[9] ? 0 : lift_of(hits, flagged, &totals));
	return row_result(fcinfo, lengthof(values), values, nulls);
}

static double
share_arg(FunctionCallInfo fcinfo, int n)
{
	double		share = PG_GETARG_FLOAT8(n);

	if (!(share > 0 && share <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share %s is not above 0 and at most 1", float8out_internal(share)),
				 errhint("Write 0.1 for the tenth of highest risk.")));
	return share;
}

/* Arguments: state, share, confidence */
static Datum
top_row(FunctionCallInfo fcinfo)
{
	const Backtest *backtest = backtest_arg(fcinfo);
	double		share = share_arg(fcinfo, 1);
	double		confidence = confidence_arg(fcinfo, 2);
	BacktestTotals totals = backtest_totals(backtest);
	bool		known = base_rate_known(&totals);
	double		flagged = known ? share * (totals.happened + totals.spared) : 0;
	double		hits = known ? backtest_top_hits(backtest, &totals, flagged) : 0;
	Datum		values[5] = {Float8GetDatum(flagged), Float8GetDatum(hits)};
	bool		nulls[5] = {!known, !known};

	put_share(values + 2, nulls + 2, known && totals.happened > 0, hits, flagged, confidence);
	if (!nulls[2])
	{
		values[2] = Float8GetDatum(lift_of(hits, flagged, &totals));
		values[3] = Float8GetDatum(DatumGetFloat8(values[3]) / base_rate_of(&totals));
		values[4] = Float8GetDatum(DatumGetFloat8(values[4]) / base_rate_of(&totals));
	}
	return row_result(fcinfo, lengthof(values), values, nulls);
}

SQL_FUNCTION(flagged_at, flagged_row(fcinfo));
SQL_FUNCTION(top_lift, top_row(fcinfo));

/* Arguments: state, groups, confidence */
static Datum
calibration_rows(FunctionCallInfo fcinfo)
{
	int			groups = PG_GETARG_INT32(1);
	double		confidence = confidence_arg(fcinfo, 2);
	CalibrationWalk walk;
	RowBuilder	row;

	if (groups < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("groups %d is not at least 1", groups)));
	walk = calibration_walk(backtest_arg(fcinfo), groups);
	row = rows_begin(fcinfo);
	for (int number = 1; calibration_next(&walk); number++)
	{
		int64		predictions = walk.happened + walk.spared;
		Bounds		bounds = wilson_interval(walk.happened, predictions, confidence);

		CHECK_FOR_INTERRUPTS();
		row_put(&row, Int32GetDatum(number));
		row_put(&row, Float8GetDatum(walk.lowest));
		row_put(&row, Float8GetDatum(walk.highest));
		row_put(&row, Float8GetDatum(walk.mean));
		row_put(&row, Int64GetDatum(predictions));
		row_put(&row, Int64GetDatum(walk.happened));
		row_put(&row, Float8GetDatum((double) walk.happened / predictions));
		row_put(&row, Float8GetDatum(bounds.lower));
		row_put(&row, Float8GetDatum(bounds.upper));
		row_end(&row);
	}
	return (Datum) 0;
}

SQL_FUNCTION(calibration, calibration_rows(fcinfo));

/* Row (intercept, slope, slope_lower, slope_upper, reason) */
static Datum
fit_row(FunctionCallInfo fcinfo)
{
	const Backtest *backtest = backtest_arg(fcinfo);
	RiskFit		fit = risk_fit(backtest, confidence_arg(fcinfo, 1), cluster_memory(backtest));
	bool		none = fit.reason != NULL;
	Datum		values[5] = {
		Float8GetDatum(fit.intercept),
		Float8GetDatum(fit.slope),
		Float8GetDatum(fit.interval.lower),
		Float8GetDatum(fit.interval.upper),
	};
	bool		nulls[5] = {none, none, !fit.has_interval, !fit.has_interval, !none};

	if (none)
		values[4] = CStringGetTextDatum(fit.reason);
	return row_result(fcinfo, lengthof(values), values, nulls);
}

SQL_FUNCTION(risk_fit_sql, fit_row(fcinfo));

static Datum
line_row(FunctionCallInfo fcinfo)
{
	const Backtest *backtest = backtest_arg(fcinfo);
	RiskLine	line = risk_line(backtest, cluster_memory(backtest));
	Datum		values[] = {
		Float8GetDatum(line.center),
		Float8GetDatum(line.level),
		Float8GetDatum(line.slope),
		Float8GetDatum(line.level_variance),
		Float8GetDatum(line.covariance),
		Float8GetDatum(line.slope_variance),
	};
	bool		nulls[lengthof(values)];

	memset(nulls, !line.known, sizeof(nulls));
	return row_result(fcinfo, lengthof(values), values, nulls);
}

SQL_FUNCTION(risk_line_sql, line_row(fcinfo));

static void
require_probability(double risk)
{
	if (risk < 0 || risk > 1)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("risk %s is not a probability from 0 to 1", float8out_internal(risk)),
				 errhint("A score that is none can be turned into one by risk_fit.")));
}

static Datum
mean_squared_error(FunctionCallInfo fcinfo)
{
	const Backtest *backtest = backtest_arg(fcinfo);
	BacktestTotals totals = backtest_totals(backtest);

	if (!base_rate_known(&totals))
		PG_RETURN_NULL();
	/* rows are in order of risk */
	require_probability(row_risk(backtest, 0));
	require_probability(row_risk(backtest, backtest->bag.count - 1));
	PG_RETURN_FLOAT8(backtest_squared_error(backtest) / (totals.happened + totals.spared));
}

SQL_FUNCTION(brier, mean_squared_error(fcinfo));
