#include "pg/activity.h"
#include "pg/arguments.h"
#include "pg/named_counts.h"
#include "pg/results.h"
#include "pg/times.h"

#include "core/feature_usage.h"

STATE_IO(feature_usage, feature_usage_type);
GROWING_STATE_GROUP(feature_usage, feature_usage_type, named_combine);

/* Arguments: state, feature, day [, events]. Rows that are left out keep the state: only no rows at all give NULL. */
static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	void	   *usage = named_own(fcinfo, &feature_usage_type);
	bool		counted = PG_NARGS() > 3;

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !(counted && PG_ARGISNULL(3)))
	{
		Utf8Name		feature = name_arg(fcinfo, 1, "feature");
		int32		day = day_arg(fcinfo, 2, "day");
		int64		events = counted ? events_arg(fcinfo, 3) : 1;

		if (events > 0)
			usage = named_with(&feature_usage_type, usage, feature, day, subtract ? -events : events);
	}
	return state_result(fcinfo, &feature_usage_type, usage);
}

SQL_FUNCTION(feature_usage_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(feature_usage_agg_remove, accumulate(fcinfo, true));

static const FeatureUsage *
usage_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &feature_usage_type);
}

/* Arguments: usage, from_date, to_date; on so many days, and so many times, in there */
static int64
used_in_window(FunctionCallInfo fcinfo, int64 at_least_days, int64 at_least_events)
{
	const FeatureUsage *usage = usage_arg(fcinfo);
	int32		from,
				to;

	day_range_args(fcinfo, 1, &from, &to);
	return features_used(usage, VARSIZE(usage), from, to, at_least_days, at_least_events);
}

/* Arguments: usage, from_date, to_date, at_least_days [, at_least_events] */
static Datum
used_often(FunctionCallInfo fcinfo)
{
	int64		at_least_days = at_least_arg(fcinfo, 3, "at_least_days");
	int64		at_least_events = PG_NARGS() > 4 ? at_least_arg(fcinfo, 4, "at_least_events") : 1;

	PG_RETURN_INT64(used_in_window(fcinfo, at_least_days, at_least_events));
}

/* Arguments: usage, from_date, to_date, entitled */
static Datum
breadth_of_use(FunctionCallInfo fcinfo)
{
	int64		used = used_in_window(fcinfo, 1, 1);
	int64		entitled = PG_GETARG_INT64(3);

	if (entitled < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("entitled " INT64_FORMAT " is below 0", entitled)));
	return float8_if(fcinfo, entitled > 0, (double) used / entitled);
}

SQL_FUNCTION(features_used_sql, Int64GetDatum(used_in_window(fcinfo, 1, 1)));
SQL_FUNCTION(features_used_often, used_often(fcinfo));
SQL_FUNCTION(breadth, breadth_of_use(fcinfo));

/* Arguments: usage, as_of */
static Datum
facts_rows(FunctionCallInfo fcinfo)
{
	const FeatureUsage *usage = usage_arg(fcinfo);
	int32		to = day_after_arg(fcinfo, 1);
	NamedWalk	walk = features_walk(usage, VARSIZE(usage));
	RowBuilder	row = rows_begin(fcinfo);

	while (named_next(&walk))
	{
		FeatureFacts facts = feature_facts(&walk, to);

		if (facts.active_days == 0)
			continue;
		row_put(&row, name_to_text(walk.name));
		row_put(&row, DateADTGetDatum(facts.first));
		row_put(&row, DateADTGetDatum(facts.last));
		row_put(&row, Int64GetDatum(facts.active_days));
		row_put(&row, Int64GetDatum(facts.events));
		row_end(&row);
	}
	return (Datum) 0;
}

SQL_FUNCTION(feature_facts_sql, facts_rows(fcinfo));

/* Arguments: usage, feature */
static bool
find(FunctionCallInfo fcinfo, NamedWalk *walk)
{
	const FeatureUsage *usage = usage_arg(fcinfo);

	return feature_find(usage, VARSIZE(usage), name_arg(fcinfo, 1, "feature"), walk);
}

static Datum
first_use(FunctionCallInfo fcinfo)
{
	NamedWalk	walk;
	FeatureFacts facts = {0};

	if (find(fcinfo, &walk))
		facts = feature_facts(&walk, DAY_LAST + 1);
	if (facts.active_days == 0)
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(facts.first);
}

static Datum
activity_of_one(FunctionCallInfo fcinfo)
{
	NamedWalk	walk;

	if (!find(fcinfo, &walk))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(state_closed(&activity_type, activity_with_days(activity_begin(), named_chunks(&walk), false)));
}

static Datum
activity_of_all(FunctionCallInfo fcinfo)
{
	const FeatureUsage *usage = usage_arg(fcinfo);
	NamedWalk	walk = features_walk(usage, VARSIZE(usage));
	Activity   *activity = activity_begin();

	while (named_next(&walk))
		activity = activity_with_days(activity, named_chunks(&walk), false);
	PG_RETURN_POINTER(state_closed(&activity_type, activity));
}

SQL_FUNCTION(first_used_on, first_use(fcinfo));
SQL_FUNCTION(feature_activity, activity_of_one(fcinfo));
SQL_FUNCTION(all_activity, activity_of_all(fcinfo));
