#include "pg/durations.h"
#include "pg/arguments.h"
#include "pg/money.h"
#include "pg/results.h"
#include "pg/state.h"
#include "pg/times.h"

#include <math.h>

#include "utils/timestamp.h"

#include "core/survival.h"

STATE_IO(durations, durations_type);

Durations *
durations_reformed(const Durations *durations, uint8 flags, int more)
{
	DurationsForm form = durations_form(durations, flags, more);
	Durations  *larger = state_new_sized(&durations_type, form.size, 0);

	durations_move(larger, &form, durations);
	return larger;
}

static Durations *
with_subjects(Durations *durations, int64 length, Outcome outcome, int count, Money weight)
{
	while (!durations_record(durations, length, outcome, count, weight))
		durations = durations_reformed(durations, 0, 1);
	return durations;
}

/* The state of a transition, to be recorded in. */
static Durations *
transition_state(FunctionCallInfo fcinfo, uint8 flags)
{
	static const Durations nothing = {.header.version = 1};
	Durations  *durations;

	if (PG_ARGISNULL(0))
		return durations_reformed(&nothing, flags, 0);
	durations = state_own(fcinfo, 0, &durations_type);
	return (durations->header.flags & STATE_OPEN) ? durations : durations_reformed(durations, 0, 0);
}

/*
 * What a transition ends with. No subject is taken out of buckets: there,
 * PostgreSQL starts over with the rows of the frame (NULL from an inverse).
 */
static Datum
transition_result(FunctionCallInfo fcinfo, Durations *durations, bool subtract)
{
	if (durations->given == 0 || (subtract && (durations->header.flags & DURATIONS_BUCKETS)))
		PG_RETURN_NULL();
	return state_result(fcinfo, &durations_type, durations);
}

static void
length_error(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("a length of time is out of range"),
			 errdetail("Lengths go up to 36,533 years.")));
}

static int64
length_between(TimestampTz from, TimestampTz to)
{
	int64		length;

	if (__builtin_sub_overflow(to, from, &length) || length >= LENGTH_LIMIT)
		length_error();
	return length;
}

/* A month is 30 days, as where PostgreSQL compares intervals. */
static int64
length_from_interval(const Interval *interval)
{
	__int128	length = (interval->month * (__int128) DAYS_PER_MONTH + interval->day) * USECS_PER_DAY + interval->time;

	if (INTERVAL_NOT_FINITE(interval) || length >= LENGTH_LIMIT || length <= -LENGTH_LIMIT)
		length_error();
	return (int64) length;
}

static int64
length_asked(FunctionCallInfo fcinfo, int n)
{
	int64		length = length_from_interval(PG_GETARG_INTERVAL_P(n));

	if (length < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a length of time below 0 was asked for")));
	return length;
}

static Datum
interval_from_length(double length)
{
	return interval_in_days(llrint(fmax(0, fmin(length, LENGTH_LIMIT))));
}

static Datum
interval_if_known(FunctionCallInfo fcinfo, bool known, double length)
{
	if (!known)
		PG_RETURN_NULL();
	return interval_from_length(length);
}

static TimestampTz
instant_or(FunctionCallInfo fcinfo, int n, TimestampTz other)
{
	return PG_NARGS() <= n || PG_ARGISNULL(n) ? other : PG_GETARG_TIMESTAMPTZ(n);
}

/* Arguments: state, started, ended, as_of [, competed [, entered]] */
static Datum
add_instants(FunctionCallInfo fcinfo, bool subtract)
{
	Durations  *durations = transition_state(fcinfo, 0);
	int			count = subtract ? -1 : 1;
	TimestampTz started = instant_or(fcinfo, 1, DT_NOEND);
	TimestampTz ended = instant_or(fcinfo, 2, DT_NOEND);
	TimestampTz competed = instant_or(fcinfo, 4, DT_NOEND);
	TimestampTz entered = instant_or(fcinfo, 5, DT_NOBEGIN);
	TimestampTz as_of;
	TimestampTz left;
	Outcome		outcome = competed < ended ? OUTCOME_COMPETING : OUTCOME_ENDED;

	require_not_null(fcinfo, 3, "as_of");
	as_of = PG_GETARG_TIMESTAMPTZ(3);
	if (TIMESTAMP_NOT_FINITE(as_of) || TIMESTAMP_IS_NOBEGIN(started))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s is infinite", TIMESTAMP_NOT_FINITE(as_of) ? "as_of" : "started"),
				 errhint("as_of is the last instant of which the rows tell; an event that is still to come has no ended.")));
	durations->given += count;
	left = Min(ended, competed);
	if (left > as_of)
	{
		left = as_of;
		outcome = OUTCOME_CENSORED;
	}
	/* not begun yet, or not seen yet: no subject so far */
	if (started > as_of || entered > as_of)
		return transition_result(fcinfo, durations, subtract);
	/* gone before it began, or before anybody looked */
	if (Min(ended, competed) < started || (entered > started && left <= entered))
	{
		durations->rejected += count;
		return transition_result(fcinfo, durations, subtract);
	}
	durations->subjects += count;
	durations = with_subjects(durations, length_between(started, left), outcome, count, 0);
	if (entered > started)
	{
		durations->late += count;
		durations = with_subjects(durations, length_between(started, entered), OUTCOME_CENSORED, -count, 0);
	}
	return transition_result(fcinfo, durations, subtract);
}

/* Arguments: state, length, ended [, competing] or [, weight] */
static Datum
add_length(FunctionCallInfo fcinfo, bool weighted, bool subtract)
{
	Durations  *durations = transition_state(fcinfo, weighted ? DURATIONS_WEIGHTED : 0);
	int			count = subtract ? -1 : 1;
	bool		competing = !weighted && PG_NARGS() > 3 && !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);
	bool		known = !PG_ARGISNULL(1) && (competing || !PG_ARGISNULL(2)) && !(weighted && PG_ARGISNULL(3));
	Outcome		outcome = OUTCOME_CENSORED;
	Money		weight = 0;
	int64		length;

	durations->given += count;
	if (!known)
		return transition_result(fcinfo, durations, subtract);
	length = length_from_interval(PG_GETARG_INTERVAL_P(1));
	if (weighted)
		weight = money_arg(fcinfo, 3);
	if (weight < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight %s is below 0", numeric_text(PG_GETARG_DATUM(3)))));
	if (length < 0)
	{
		durations->rejected += count;
		return transition_result(fcinfo, durations, subtract);
	}
	if (!PG_ARGISNULL(2) && PG_GETARG_BOOL(2))
		outcome = OUTCOME_ENDED;
	else if (competing)
		outcome = OUTCOME_COMPETING;
	durations->subjects += count;
	return transition_result(fcinfo, with_subjects(durations, length, outcome, count, weight), subtract);
}

SQL_FUNCTION(duration_agg_add_instants, add_instants(fcinfo, false));
SQL_FUNCTION(duration_agg_remove_instants, add_instants(fcinfo, true));
SQL_FUNCTION(duration_agg_add_length, add_length(fcinfo, false, false));
SQL_FUNCTION(duration_agg_remove_length, add_length(fcinfo, false, true));
SQL_FUNCTION(duration_agg_add_weighted, add_length(fcinfo, true, false));
SQL_FUNCTION(duration_agg_remove_weighted, add_length(fcinfo, true, true));

static const Durations *
durations_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &durations_type);
}

SQL_FUNCTION(durations_final, PointerGetDatum(durations_arg(fcinfo)));

static Datum
combine(FunctionCallInfo fcinfo, bool subtract)
{
	Durations  *into = transition_state(fcinfo, 0);
	const Durations *from = state_arg(fcinfo, 1, &durations_type);

	if ((into->header.flags ^ from->header.flags) & DURATIONS_WEIGHTED)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot merge durations with weights and durations without")));
	if (!durations_merge_counts(into, from, subtract))
		overflow_error(&durations_type);
	/* what is in buckets cannot leave them */
	if ((from->header.flags & DURATIONS_BUCKETS) && !(into->header.flags & DURATIONS_BUCKETS))
		into = durations_reformed(into, DURATIONS_BUCKETS, 0);
	for (int i = 0; i < from->count; i++)
	{
		DurationsMerge result;

		while ((result = durations_merge_row(into, durations_row(from, i), subtract)) == DURATIONS_NO_ROOM)
			into = durations_reformed(into, 0, 1);
		if (result == DURATIONS_OVERFLOW)
			overflow_error(&durations_type);
	}
	return state_result(fcinfo, &durations_type, into);
}

/* What was left to those that were still there after a while: the curve of these is the rest of the curve, scaled up. */
static Datum
residual(FunctionCallInfo fcinfo)
{
	static const Durations nothing = {.header.version = 1};
	const Durations *from = state_arg(fcinfo, 0, &durations_type);
	int64		after = length_asked(fcinfo, 1);
	Durations  *into = durations_reformed(&nothing, from->header.flags, 0);

	for (int i = 0; i < from->count; i++)
	{
		WeightedDurationRow row;
		DurationsMerge result;

		if (durations_row(from, i)->length <= after)
			continue;
		durations_copy_row(from, i, &row);
		row.counts.length -= after;
		into->subjects += row.counts.ended + row.counts.competing + row.counts.censored;
		into->ended_sum += (Money) row.counts.ended * row.counts.length;
		while ((result = durations_merge_row(into, &row.counts, false)) == DURATIONS_NO_ROOM)
			into = durations_reformed(into, 0, 1);
		if (result == DURATIONS_OVERFLOW || !money_within(into->ended_sum, MONEY_SUM_LIMIT))
			overflow_error(&durations_type);
	}
	into->given = into->subjects;
	return state_result(fcinfo, &durations_type, into);
}

SQL_FUNCTION(durations_residual, residual(fcinfo));

SQL_FUNCTION(durations_merge, combine(fcinfo, false));
SQL_FUNCTION(durations_unmerge, combine(fcinfo, true));

SQL_FUNCTION(durations_is_exact, BoolGetDatum((durations_arg(fcinfo)->header.flags & DURATIONS_BUCKETS) == 0));
SQL_FUNCTION(durations_subject_count, Int64GetDatum(durations_arg(fcinfo)->subjects));
SQL_FUNCTION(durations_ended_count, Int64GetDatum(durations_count(durations_arg(fcinfo), OUTCOME_ENDED)));
SQL_FUNCTION(durations_competing_count, Int64GetDatum(durations_count(durations_arg(fcinfo), OUTCOME_COMPETING)));
SQL_FUNCTION(durations_censored_count, Int64GetDatum(durations_count(durations_arg(fcinfo), OUTCOME_CENSORED)));
SQL_FUNCTION(durations_rejected_count, Int64GetDatum(durations_arg(fcinfo)->rejected));

static double
share_arg(FunctionCallInfo fcinfo, int n)
{
	double		share = PG_GETARG_FLOAT8(n);

	if (!(share > 0 && share < 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share %g is not between 0 and 1", share),
				 errhint("Write 0.5 for the median, 0.9 for the length by which nine of ten had the event.")));
	return share;
}

static Datum
quantile(FunctionCallInfo fcinfo, double share)
{
	double		length = 0;
	bool		known = survival_quantile(durations_arg(fcinfo), share, CURVE_SURVIVING, 0, SCALE_LOG, &length);

	return interval_if_known(fcinfo, known, length);
}

SQL_FUNCTION(duration_quantile, quantile(fcinfo, share_arg(fcinfo, 1)));
SQL_FUNCTION(median_duration, quantile(fcinfo, 0.5));

/* Confidence and scale, which are arguments n and n + 1 of the readers of intervals. */
typedef struct IntervalArgs
{
	double		z;
	IntervalScale scale;
} IntervalArgs;

static IntervalArgs
interval_args(FunctionCallInfo fcinfo, int n)
{
	return (IntervalArgs) {
		normal_quantile_two_sided(confidence_arg(fcinfo, n)),
		choice_arg(fcinfo, n + 1, "scale", interval_scales),
	};
}

static Datum
quantile_interval(FunctionCallInfo fcinfo, double share, int n)
{
	const Durations *durations = durations_arg(fcinfo);
	IntervalArgs args = interval_args(fcinfo, n);
	double		lower = 0;
	double		upper = 0;
	bool		nulls[2];
	Datum		values[2];

	nulls[0] = !survival_quantile(durations, share, CURVE_LOWER, args.z, args.scale, &lower);
	nulls[1] = !survival_quantile(durations, share, CURVE_UPPER, args.z, args.scale, &upper);
	values[0] = interval_from_length(lower);
	values[1] = interval_from_length(upper);
	return row_result(fcinfo, lengthof(values), values, nulls);
}

SQL_FUNCTION(duration_quantile_interval, quantile_interval(fcinfo, share_arg(fcinfo, 1), 2));
SQL_FUNCTION(median_duration_interval, quantile_interval(fcinfo, 0.5, 1));

/* Arguments: durations, within */
static bool
step_within(FunctionCallInfo fcinfo, SurvivalStep *step)
{
	return survival_at(durations_arg(fcinfo), length_asked(fcinfo, 1), step);
}

static Datum
within_share(FunctionCallInfo fcinfo)
{
	SurvivalStep step;
	bool		known = step_within(fcinfo, &step);

	return float8_if(fcinfo, known, 1 - step.surviving);
}

static Datum
within_share_interval(FunctionCallInfo fcinfo)
{
	IntervalArgs args = interval_args(fcinfo, 2);
	Bounds		interval = {0};
	SurvivalStep step;
	bool		known = step_within(fcinfo, &step) && survival_interval(&step, args.z, args.scale, &interval);

	return interval_if(fcinfo, known, (Bounds) {1 - interval.upper, 1 - interval.lower});
}

SQL_FUNCTION(share_within, within_share(fcinfo));
SQL_FUNCTION(share_within_interval, within_share_interval(fcinfo));

/* The mean up to a horizon (argument n; without it the last length), with its variance. */
static bool
mean_until(FunctionCallInfo fcinfo, bool has_horizon, int n, double *mean, double *variance)
{
	const Durations *durations = durations_arg(fcinfo);
	int64		horizon;
	SurvivalStep step;

	*mean = *variance = 0;
	if (durations->count == 0)
		return false;
	horizon = has_horizon ? length_from_interval(PG_GETARG_INTERVAL_P(n)) : durations_row(durations, durations->count - 1)->length;
	return horizon >= 0 && survival_at(durations, horizon, &step) &&
		survival_sum(durations, measure_time, &horizon, mean, variance);
}

static Datum
mean_until_length(FunctionCallInfo fcinfo)
{
	double		mean,
				variance;
	bool		known = mean_until(fcinfo, PG_NARGS() > 1, 1, &mean, &variance);

	return interval_if_known(fcinfo, known, mean);
}

/* Arguments: durations [, horizon], confidence */
static Datum
mean_until_interval(FunctionCallInfo fcinfo)
{
	bool		has_horizon = PG_NARGS() > 2;
	double		z = normal_quantile_two_sided(confidence_arg(fcinfo, has_horizon ? 2 : 1));
	double		mean,
				variance;
	bool		known = mean_until(fcinfo, has_horizon, 1, &mean, &variance) && variance >= 0;
	double		half = known ? z * sqrt(variance) : 0;
	Datum		values[2] = {interval_from_length(mean - half), interval_from_length(mean + half)};
	bool		nulls[2] = {!known, !known};

	return row_result(fcinfo, lengthof(values), values, nulls);
}

SQL_FUNCTION(restricted_mean, mean_until_length(fcinfo));
SQL_FUNCTION(restricted_mean_interval, mean_until_interval(fcinfo));

static Datum
mean_of_ended(FunctionCallInfo fcinfo)
{
	const Durations *durations = durations_arg(fcinfo);
	int64		ended = durations_count(durations, OUTCOME_ENDED);

	return interval_if_known(fcinfo, ended > 0, (double) durations->ended_sum / ended);
}

static Datum
quantile_of_ended(FunctionCallInfo fcinfo, double share)
{
	double		length = 0;
	bool		known = durations_naive_quantile(durations_arg(fcinfo), share, &length);

	return interval_if_known(fcinfo, known, length);
}

SQL_FUNCTION(naive_mean, mean_of_ended(fcinfo));
SQL_FUNCTION(naive_median, quantile_of_ended(fcinfo, 0.5));
SQL_FUNCTION(naive_quantile, quantile_of_ended(fcinfo, share_arg(fcinfo, 1)));

/* Arguments: durations, confidence, scale */
static Datum
curve_rows(FunctionCallInfo fcinfo, void (*put) (RowBuilder *row, const SurvivalStep *step, bool known, Bounds interval))
{
	SurvivalWalk walk = survival_walk(durations_arg(fcinfo));
	IntervalArgs args = interval_args(fcinfo, 1);
	RowBuilder	row = rows_begin(fcinfo);

	while (survival_next(&walk))
	{
		Bounds		interval = {0};
		bool		known = survival_interval(&walk.step, args.z, args.scale, &interval);

		put(&row, &walk.step, known, interval);
		row_end(&row);
	}
	return (Datum) 0;
}

static void
put_survival(RowBuilder *row, const SurvivalStep *step, bool known, Bounds interval)
{
	row_put(row, interval_from_length(step->length));
	row_put(row, Int64GetDatum(step->at_risk));
	row_put(row, Int64GetDatum(step->ended));
	row_put(row, Int64GetDatum(step->censored));
	row_put(row, Float8GetDatum(step->surviving));
	row_put_ratio(row, known, interval.lower);
	row_put_ratio(row, known, interval.upper);
	row_put(row, Int64GetDatum(step->competing));
	row_put(row, money_to_numeric(step->weight_at_risk));
	row_put(row, money_to_numeric(step->weight_ended));
}

static void
put_incidence(RowBuilder *row, const SurvivalStep *step, bool known, Bounds interval)
{
	row_put(row, interval_from_length(step->length));
	row_put(row, Int64GetDatum(step->at_risk));
	row_put(row, Int64GetDatum(step->ended));
	row_put(row, Int64GetDatum(step->competing));
	row_put(row, Int64GetDatum(step->censored));
	row_put(row, Float8GetDatum(step->incidence));
	row_put_ratio(row, known, 1 - interval.upper);
	row_put_ratio(row, known, 1 - interval.lower);
	row_put(row, Float8GetDatum(step->competing_incidence));
	row_put(row, Float8GetDatum(step->free));
}

SQL_FUNCTION(survival, curve_rows(fcinfo, put_survival));
SQL_FUNCTION(incidence, curve_rows(fcinfo, put_incidence));

/*
 * Seconds of an interval, as extract(epoch) counts them: a month has 30 days, a
 * year 365.25. Up to 285 years the nearest double, as microseconds are exact.
 */
static double
seconds_of(const Interval *interval)
{
	int128		quarter_days = (int128) 1461 * (interval->month / 12) + 120 * (interval->month % 12) + (int128) 4 * interval->day;
	int128		length = quarter_days * (DAY_LENGTH / 4) + interval->time;

	if (INTERVAL_NOT_FINITE(interval))
		return interval->time > 0 ? INFINITY : -INFINITY;
	return (double) length / USECS_PER_SEC;
}

SQL_FUNCTION(as_days, Float8GetDatum(seconds_of(PG_GETARG_INTERVAL_P(0)) / 86400));
SQL_FUNCTION(as_hours, Float8GetDatum(seconds_of(PG_GETARG_INTERVAL_P(0)) / 3600));
