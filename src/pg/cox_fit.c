#include "pg/arguments.h"
#include "pg/cox.h"
#include "pg/features.h"

#include <math.h>

#include "utils/memutils.h"

STATE_IO(cox, cox_type);
STATE_IO(hazard, hazard_type);

/* Columns that are no features, by their place among these. */
enum
{
	DURATION,
	EVENT,
	START,
	CLUSTER,
	OTHERS
};

static double
time_of(const FeatureColumn *column, Datum value)
{
	double		time = feature_number(column, value);

	if (!isfinite(time))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" has the value %s, which is no time", column->name, number_text(time))));
	return time == 0 ? 0 : time;
}

static double
duration_of(const FeatureColumn *column, Datum value)
{
	double		time = time_of(column, value);

	if (time < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\", the duration, has the value %s", column->name, number_text(time)),
				 errdetail("It is the time until the event, or until the last that is known, and at least 0.")));
	return time;
}

static double
period_of(const FeatureColumn *column, Datum value)
{
	double		period = time_of(column, value);

	if (period < 0 || period != floor(period))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" has the value %s", column->name, number_text(period)),
				 errdetail("Periods are counted in whole numbers, from 0 or 1.")));
	return period;
}

static double
event_of(const FeatureColumn *column, Datum value)
{
	double		event = feature_number(column, value);

	if (event != 0 && event != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\", the event, has the value %s", column->name, number_text(event)),
				 errdetail("It should be true where the event happened at the end of the duration, false where it had not by then; or 1 and 0.")));
	return event;
}

static bool
is_any(const FeatureColumn *column)
{
	return true;
}

static double
cluster_of(const FeatureColumn *column, Datum value)
{
	int64		key = feature_key(column, value);
	double		bits;

	memcpy(&bits, &key, sizeof(bits));
	return bits;
}

static void *
take(size_t size)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, Max(size, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

static void
give(void *memory)
{
	pfree(memory);
}

static void
stop_if_asked(void)
{
	CHECK_FOR_INTERRUPTS();
}

static const Workspace workspace = {take, give, stop_if_asked};

/* Which features lack how many values. */
static char *
missing_text(const FeatureRows *rows)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < rows->features; i++)
		if (rows->feature[i].missing > 0)
			appendStringInfo(&text, "%s\"%s\" in " INT64_FORMAT, text.len > 0 ? ", " : "", rows->feature[i].name, rows->feature[i].missing);
	return text.data;
}

static void
require_rows(const FeatureRows *rows)
{
	if (rows->rows > 0)
		return;
	if (rows->left_out == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("the query gives no rows")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a feature is missing in each of the " INT64_FORMAT " rows of the query", rows->left_out),
			 errdetail("Missing is %s.", missing_text(rows)),
			 errhint("Leave such a feature out of the query, or say what stands for a missing value, as coalesce does.")));
}

static int64
require_times(const FeatureRows *rows)
{
	int64		events = 0;

	for (int64 i = 0; i < rows->rows; i++)
	{
		const double *other = rows->cell + i * rows->width + rows->features;

		events += other[EVENT] != 0;
		if (rows->other[START].name && other[START] >= other[DURATION])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a row starts at %s and ends at %s", number_text(other[START]), number_text(other[DURATION])),
					 errdetail("It is under observation after \"%s\" and up to \"%s\", which should be the later one.",
							   rows->other[START].name, rows->other[DURATION].name)));
	}
	if (events == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\", the event, is true in none of " INT64_FORMAT " rows", rows->other[EVENT].name, rows->rows)));
	return events;
}

static void
require_events(int32 terms, int64 events)
{
	if (terms > COX_TERMS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%d terms are more than %d", terms, COX_TERMS_MAX),
				 errdetail("A number is one, and a text one for each of its levels but the first.")));
	if (terms > events)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d terms are more than " INT64_FORMAT " events", terms, events),
				 errdetail("A number is one term, and a text one for each of its levels but the first."),
				 errhint("Ten events a term and more are usual. Take fewer features, or levels.")));
}

static int32 *
levels_of(const FeatureRows *rows)
{
	int32	   *levels = palloc(rows->features * sizeof(int32));

	for (int i = 0; i < rows->features; i++)
		levels[i] = rows->feature[i].form == COLUMN_TEXT ? rows->feature[i].levels : 0;
	return levels;
}

/* The features as they are written. */
static CoxFeature *
features_of(const FeatureRows *rows)
{
	CoxFeature *features = palloc0(rows->features * sizeof(CoxFeature));
	static const FeatureKind kinds[] = {
		[COLUMN_NUMBER] = FEATURE_NUMBER,[COLUMN_BOOLEAN] = FEATURE_BOOLEAN,[COLUMN_TEXT] = FEATURE_TEXT,
	};

	for (int i = 0; i < rows->features; i++)
	{
		const FeatureColumn *column = rows->feature + i;
		char	   *name = pg_server_to_any(column->name, strlen(column->name), PG_UTF8);
		StringInfoData levels;

		initStringInfo(&levels);
		for (int level = 0; level < column->levels; level++)
		{
			appendBinaryStringInfo(&levels, (const char *) column->level[level].bytes, column->level[level].length);
			appendStringInfoChar(&levels, '\0');
		}
		features[i] = (CoxFeature) {
			.name = {(const uint8 *) name, (int32) strlen(name)},
			.kind = kinds[column->form],
			.missing = column->missing,
			.levels = column->levels,
			.level = (const uint8 *) levels.data,
		};
	}
	return features;
}

/* choice: ties or link */
static Cox *
cox_new(const StateType *type, const FeatureRows *rows, const CoxRows *observed, const CoxFit *fit, int choice)
{
	CoxFeature *features = features_of(rows);
	CoxView		view = {
		.ties = choice,
		.flags = fit->converged ? COX_CONVERGED : 0,
		.iterations = fit->iterations,
		.log_likelihood_null = fit->log_likelihood_null,
		.log_likelihood = fit->log_likelihood,
		.chi_square = fit->chi_square,
		.concordant = fit->concordant,
		.discordant = fit->discordant,
		.tied = fit->tied,
		.last_time = observed->time[0],
		.features = rows->features,
		.terms = observed->terms,
	};
	uint8	   *stream = palloc(cox_room(features, rows->features, observed->terms));
	size_t		size = cox_write(stream, &view, features, fit->term, fit->step, observed->event_times);
	Cox		   *cox = state_new(type, size);

	cox->rows = rows->rows;
	cox->left_out = rows->left_out;
	cox->events = observed->events;
	cox->clusters = fit->clusters;
	memcpy(cox->stream, stream, size);
	return cox;
}

static char *
name_if_any(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static char *
name_needed(FunctionCallInfo fcinfo, int n, const char *what)
{
	require_not_null(fcinfo, n, what);
	return name_if_any(fcinfo, n);
}

/* Each column once. */
static void
require_apart(const OtherColumn *other)
{
	for (int i = 1; i < OTHERS; i++)
		for (int k = 0; k < i; k++)
			if (other[i].name && other[k].name && strcmp(other[i].name, other[k].name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("column \"%s\" cannot be both the %s and the %s", other[i].name, other[k].what, other[i].what)));
}

static CoxRows
observe(FeatureRows *rows)
{
	CoxInput	input = {
		.cell = rows->cell,
		.rows = rows->rows,
		.width = rows->width,
		.features = rows->features,
		.levels = levels_of(rows),
		.time = rows->features + DURATION,
		.event = rows->features + EVENT,
		.start = rows->other[START].name ? rows->features + START : -1,
		.cluster = rows->other[CLUSTER].name ? rows->features + CLUSTER : -1,
	};
	int64		events;

	require_rows(rows);
	events = require_times(rows);
	require_events(cox_terms(input.levels, input.features), events);
	return cox_rows(&input, &workspace);
}

/* Periods with an event take a step each. */
static void
require_periods(const CoxRows *observed)
{
	if (observed->event_times > COX_STEPS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg(INT64_FORMAT " periods with an event are more than %d", observed->event_times, COX_STEPS_MAX),
				 errhint("Take longer periods, or fit_cox.")));
}

/* Reads and fits, in memory of its own. */
static Datum
fit_rows(const char *query, OtherColumn *other, const StateType *type, int choice)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "csmetrics fit", ALLOCSET_DEFAULT_SIZES);
	FeatureRows *rows;
	CoxRows		observed;
	CoxFit		fit;
	Cox		   *cox;

	require_apart(other);
	MemoryContextSwitchTo(context);
	rows = features_read(query, other, OTHERS);
	observed = observe(rows);
	pfree(rows->cell);
	if (type == &hazard_type)
	{
		require_periods(&observed);
		fit = hazard_fit(&observed, choice, &workspace);
	}
	else
		fit = cox_fit(&observed, choice, &workspace);
	cox = cox_new(type, rows, &observed, &fit, choice);
	MemoryContextSwitchTo(caller);
	cox = memcpy(palloc(VARSIZE(cox)), cox, VARSIZE(cox));
	MemoryContextDelete(context);
	PG_RETURN_POINTER(cox);
}

/* Arguments: query, duration, event, ties, cluster, start */
static Datum
fit_cox(FunctionCallInfo fcinfo)
{
	char	   *query = name_needed(fcinfo, 0, "query");
	OtherColumn other[OTHERS] = {
		[DURATION] = {name_needed(fcinfo, 1, "duration"), "duration", is_number, "a number", duration_of},
		[EVENT] = {name_needed(fcinfo, 2, "event"), "event", is_number_or_boolean, "boolean, or 1 and 0", event_of},
		[START] = {name_if_any(fcinfo, 5), "start", is_number, "a number", time_of},
		[CLUSTER] = {name_if_any(fcinfo, 4), "cluster", is_any, "a number or text", cluster_of},
	};

	return fit_rows(query, other, &cox_type, choice_arg(fcinfo, 3, "ties", cox_ties_words));
}

/* Arguments: query, period, event, link, start */
static Datum
fit_hazard(FunctionCallInfo fcinfo)
{
	char	   *query = name_needed(fcinfo, 0, "query");
	OtherColumn other[OTHERS] = {
		[DURATION] = {name_needed(fcinfo, 1, "period"), "period", is_number, "a number", period_of},
		[EVENT] = {name_needed(fcinfo, 2, "event"), "event", is_number_or_boolean, "boolean, or 1 and 0", event_of},
		[START] = {name_if_any(fcinfo, 4), "start", is_number, "a number", period_of},
		[CLUSTER] = {.what = "cluster"},
	};

	return fit_rows(query, other, &hazard_type, choice_arg(fcinfo, 3, "link", hazard_link_words));
}

SQL_FUNCTION(fit_cox_sql, fit_cox(fcinfo));
SQL_FUNCTION(fit_hazard_sql, fit_hazard(fcinfo));
