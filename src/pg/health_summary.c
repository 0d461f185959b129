#include "pg/arguments.h"
#include "pg/bag.h"
#include "pg/health.h"
#include "pg/health_tiers.h"
#include "pg/money.h"
#include "pg/results.h"

#include <math.h>

#include "core/health_summary.h"

STATE_IO(health_summary, health_summary_type);
GROWING_STATE_GROUP(health_summary, health_summary_type, bag_combine);

static const HealthSummary *
summary_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &health_summary_type);
}

/* The score of argument 1 of a transition, a number. */
static int64
score_of_number(FunctionCallInfo fcinfo)
{
	return PG_ARGISNULL(1) ? SCORE_UNKNOWN : value_units(PG_GETARG_FLOAT8(1), "score");
}

/* The same of a health, read as score() reads it. */
static int64
score_of_health(FunctionCallInfo fcinfo)
{
	Scored		scored;
	int64		units;

	if (PG_ARGISNULL(1))
		return SCORE_UNKNOWN;
	scored = scored_arg(fcinfo, 1, HEALTH_WEIGHTED);
	return health_score_read(&scored.score, scored.signals, MIN_COVERAGE, &units) ? units : SCORE_UNKNOWN;
}

/* Arguments: state, health or score, mrr */
static Datum
accumulate(FunctionCallInfo fcinfo, int64 score, bool subtract)
{
	HealthSummary *summary = (HealthSummary *) bag_own(fcinfo, &health_summary_type);
	HealthTotals totals = {.given = 1};
	HealthSummaryRow row;

	if (!PG_ARGISNULL(1) || !PG_ARGISNULL(2))
	{
		health_summary_of(score, PG_ARGISNULL(2) ? 0 : money_arg(fcinfo, 2), &totals, &row);
		summary = (HealthSummary *) bag_with(&health_summary_type, &summary->bag, &row, subtract);
	}
	if (fields_merge(HEALTH_TOTALS_FIELDS, &summary->totals, &totals, subtract) != MERGE_DONE)
		overflow_error(&health_summary_type);
	if (summary->totals.given == 0)
		PG_RETURN_NULL();
	return bag_result(fcinfo, &health_summary_type, &summary->bag);
}

SQL_FUNCTION(health_agg_add_score, accumulate(fcinfo, score_of_number(fcinfo), false));
SQL_FUNCTION(health_agg_remove_score, accumulate(fcinfo, score_of_number(fcinfo), true));
SQL_FUNCTION(health_agg_add_health, accumulate(fcinfo, score_of_health(fcinfo), false));
SQL_FUNCTION(health_agg_remove_health, accumulate(fcinfo, score_of_health(fcinfo), true));

SQL_FUNCTION(health_account_count, Int64GetDatum(health_summary_all(summary_arg(fcinfo)).accounts));
SQL_FUNCTION(health_scored_count, Int64GetDatum(summary_arg(fcinfo)->totals.scored));

static Datum
mean_score(FunctionCallInfo fcinfo)
{
	const HealthTotals *totals = &summary_arg(fcinfo)->totals;

	return float8_if(fcinfo, totals->scored > 0, (double) totals->score / ((double) totals->scored * VALUE_UNIT));
}

static Datum
weighted_score(FunctionCallInfo fcinfo)
{
	const HealthTotals *totals = &summary_arg(fcinfo)->totals;

	return float8_if(fcinfo, totals->mrr > 0, int256_to_double(&totals->score_mrr) / ((double) totals->mrr * VALUE_UNIT));
}

static Datum
worst_score(FunctionCallInfo fcinfo)
{
	int64		worst = health_summary_worst(summary_arg(fcinfo));

	return float8_if(fcinfo, worst != SCORE_UNKNOWN, (double) worst / 100);
}

SQL_FUNCTION(health_mean_score, mean_score(fcinfo));
SQL_FUNCTION(health_weighted_score, weighted_score(fcinfo));
SQL_FUNCTION(health_worst_score, worst_score(fcinfo));

static int32
whole_hundredths(double bound, const char *what)
{
	double		hundredths = rint(bound * 100);

	if (hundredths / 100 != bound)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %g has more than two decimals", what, bound),
				 errhint("A summary keeps scores by hundredths; count accounts by tier(score, ...) for other bounds.")));
	return (int32) hundredths;
}

/* Arguments: summary, yellow_from, green_from, confidence */
static Datum
tier_rows(FunctionCallInfo fcinfo)
{
	const HealthSummary *summary = summary_arg(fcinfo);
	HealthBounds bounds = bounds_args(fcinfo, 1);
	double		confidence = confidence_arg(fcinfo, 3);
	HealthGroup all = health_summary_all(summary);
	HealthGroup group[HEALTH_TIERS];
	int32		yellow_from,
				green_from;
	RowBuilder	row = rows_begin(fcinfo);

	yellow_from = whole_hundredths(bounds.yellow_from, "yellow_from");
	green_from = whole_hundredths(bounds.green_from, "green_from");
	health_summary_tiers(summary, yellow_from, green_from, group);
	for (int tier = 0; tier < HEALTH_TIERS; tier++)
	{
		bool		known = share_known(group[tier].accounts, all.accounts);
		Bounds		share = known ? wilson_interval(group[tier].accounts, all.accounts, confidence) : (Bounds) {0};

		row_put_text(&row, health_tier_words[tier]);
		row_put(&row, Int64GetDatum(group[tier].accounts));
		row_put_ratio(&row, known, (double) group[tier].accounts / all.accounts);
		row_put_ratio(&row, known, share.lower);
		row_put_ratio(&row, known, share.upper);
		row_put(&row, money_to_numeric(group[tier].mrr));
		row_put_ratio(&row, all.mrr > 0, (double) group[tier].mrr / (double) all.mrr);
		row_end(&row);
	}
	return (Datum) 0;
}

SQL_FUNCTION(health_tiers, tier_rows(fcinfo));
