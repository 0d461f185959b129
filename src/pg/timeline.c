#include "pg/money.h"
#include "pg/periods.h"
#include "pg/results.h"
#include "pg/state.h"
#include "pg/times.h"

#include "core/timeline_rules.h"

STATE_IO(mrr_timeline, timeline_type);

static const Timeline *
timeline_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &timeline_type);
}

/* An open timeline of that many bytes, empty. */
static Timeline *
timeline_new(Size size)
{
	Timeline   *timeline = palloc0(size);

	SET_VARSIZE(timeline, size);
	timeline->header.version = timeline_type.version;
	timeline->header.flags = STATE_OPEN;
	return timeline;
}

/*
 * Makes room for more entries: first by adding up what is there, and where that
 * does not free half the room, by a copy of twice the size. So n entries cost
 * O(n log n) in any order. Sizes are powers of two, as the allocator's are.
 */
static Timeline *
timeline_with_room(Timeline *timeline, int more)
{
	Size		size = VARSIZE(timeline);
	Size		needed = timeline_size(timeline->count + more);
	Timeline   *larger;

	if (needed <= size)
		return timeline;
	if ((timeline->header.flags & STATE_OPEN) && timeline_close(timeline) == 0)
		overflow_error(&timeline_type);
	needed = timeline_size(timeline->count + more);
	if (needed <= size / 2)
		return timeline;
	if (timeline->count + more > TIMELINE_ENTRIES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("an mrr_timeline has more than %d days of change", TIMELINE_ENTRIES_MAX),
				 errhint("A timeline is the history of one account: group by account.")));

	for (size = 128; size < needed || size < 2 * VARSIZE(timeline);)
		size *= 2;
	larger = timeline_new(size);
	larger->kind = timeline->kind;
	larger->count = timeline->count;
	memcpy(larger->entry, timeline->entry, timeline->count * sizeof(TimelineEntry));
	return larger;
}

/* The state of a transition, with room for two entries of that kind. */
static Timeline *
transition_state(FunctionCallInfo fcinfo, TimelineKind kind)
{
	Timeline   *timeline = PG_ARGISNULL(0) ? timeline_new(128) : state_own(fcinfo, 0, &timeline_type);

	timeline = timeline_with_room(timeline, 2);
	if (timeline->count == 0)
		timeline->kind = kind;
	return timeline;
}

static void
kinds_error(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("cannot put terms and snapshots into one mrr_timeline"),
			 errhint("A snapshot holds until the next; write a term for how long it holds instead.")));
}

/* An optional flag: NULL is none. */
static bool
flag_arg(FunctionCallInfo fcinfo, int n)
{
	return PG_NARGS() > n && !PG_ARGISNULL(n) && PG_GETARG_BOOL(n);
}

/* Arguments: state, starts, ends, mrr [, paused [, free]] */
static Datum
add_term(FunctionCallInfo fcinfo)
{
	Timeline   *timeline = transition_state(fcinfo, TIMELINE_TERMS);
	bool		paused = flag_arg(fcinfo, 4);
	bool		free = flag_arg(fcinfo, 5);

	if (!PG_ARGISNULL(1) && (paused || free || !PG_ARGISNULL(3)))
	{
		int32		starts = day_arg(fcinfo, 1, "starts");
		int32		ends = open_day_arg(fcinfo, 2, "ends", PG_INT32_MAX);
		Money		mrr = paused || PG_ARGISNULL(3) ? 0 : money_arg(fcinfo, 3);
		int32		tally = paused ? TALLY_PAUSE : free && mrr == 0 ? TALLY_FREE : 0;

		if (ends < starts)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("ends %s is before starts %s", day_text(ends), day_text(starts)),
					 errhint("A term is in force on days from starts on and before ends.")));
		if (timeline->kind != TIMELINE_TERMS)
			kinds_error();
		timeline_append(timeline, starts, tally, mrr);
		if (ends != PG_INT32_MAX)
			timeline_append(timeline, ends, -tally, -mrr);
	}
	return state_result(fcinfo, &timeline_type, timeline);
}

/* Arguments: state, as_of, mrr */
static Datum
add_snapshot(FunctionCallInfo fcinfo)
{
	Timeline   *timeline = transition_state(fcinfo, TIMELINE_SNAPSHOTS);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2))
	{
		if (timeline->kind != TIMELINE_SNAPSHOTS)
			kinds_error();
		timeline_append(timeline, day_arg(fcinfo, 1, "as_of"), 1, money_arg(fcinfo, 2));
	}
	return state_result(fcinfo, &timeline_type, timeline);
}

SQL_FUNCTION(mrr_timeline_add_term, add_term(fcinfo));
SQL_FUNCTION(mrr_timeline_add_snapshot, add_snapshot(fcinfo));
SQL_FUNCTION(mrr_timeline_final, PointerGetDatum(timeline_arg(fcinfo)));

static Datum
combine(FunctionCallInfo fcinfo, int sign)
{
	Timeline   *into = state_own(fcinfo, 0, &timeline_type);
	const Timeline *from = state_arg(fcinfo, 1, &timeline_type);

	into = timeline_with_room(into, from->count);
	if (into->count == 0)
		into->kind = from->kind;
	if (from->count > 0 && into->kind != from->kind)
		kinds_error();
	for (int i = 0; i < from->count; i++)
		timeline_append(into, from->entry[i].day, sign * from->entry[i].tally, sign * from->entry[i].amount);
	return state_result(fcinfo, &timeline_type, into);
}

SQL_FUNCTION(mrr_timeline_merge, combine(fcinfo, 1));
SQL_FUNCTION(mrr_timeline_unmerge, combine(fcinfo, -1));

SQL_FUNCTION(mrr_at, money_to_numeric(timeline_mrr_at(timeline_arg(fcinfo), PG_GETARG_DATEADT(1))));

SQL_FUNCTION(active_at, BoolGetDatum(timeline_active_at(timeline_arg(fcinfo), PG_GETARG_DATEADT(1))));

static Datum
first_paid(FunctionCallInfo fcinfo)
{
	int32		day;

	if (!timeline_first_paid_on(timeline_arg(fcinfo), &day))
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(day);
}

static Datum
churned(FunctionCallInfo fcinfo)
{
	int32		day;

	if (!timeline_churned_on(timeline_arg(fcinfo), PG_GETARG_DATEADT(1), PG_GETARG_BOOL(2), &day))
		PG_RETURN_NULL();
	PG_RETURN_DATEADT(day);
}

static Datum
revenue(FunctionCallInfo fcinfo)
{
	int32		from,
				to;
	Money		earned;

	day_range_args(fcinfo, 1, &from, &to);
	if (!timeline_revenue_between(timeline_arg(fcinfo), from, to, &earned))
		overflow_error(&timeline_type);
	return money_to_numeric(earned);
}

SQL_FUNCTION(first_paid_on, first_paid(fcinfo));
SQL_FUNCTION(churned_on, churned(fcinfo));
SQL_FUNCTION(revenue_between, revenue(fcinfo));

static Datum
scaled(FunctionCallInfo fcinfo)
{
	Factor		rate = factor_arg(fcinfo, 1, "rate");
	Timeline   *timeline = state_close(&timeline_type, state_own(fcinfo, 0, &timeline_type));

	if (!timeline_scale(timeline, &rate))
		overflow_error(&timeline_type);
	PG_RETURN_POINTER(state_close(&timeline_type, timeline));
}

SQL_FUNCTION(timeline_scale_by, scaled(fcinfo));

static int32
days_arg(FunctionCallInfo fcinfo, int n)
{
	int32		days = PG_GETARG_INT32(n);

	if (days < 0 || days > DAY_LAST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("days %d is not between 0 and %d", days, DAY_LAST)));
	return days;
}

typedef void (*TimelineRule) (const Timeline *, int32_t days, Timeline *out);

/* The timeline under a rule, or as it is where the rule has nothing to say. */
static Datum
under_rule(const Timeline *timeline, TimelineRule rule, int32 days, bool applies)
{
	Timeline   *out;

	if (!applies)
		PG_RETURN_POINTER(timeline);
	out = timeline_new(timeline_size(2 * timeline->count + 1));
	rule(timeline, days, out);
	PG_RETURN_POINTER(state_closed(&timeline_type, out));
}

static Datum
smooth(FunctionCallInfo fcinfo)
{
	int32		days = days_arg(fcinfo, 1);

	/* no gap is shorter than a day */
	return under_rule(timeline_arg(fcinfo), timeline_smooth_gaps, days, days > 1);
}

static Datum
limit(FunctionCallInfo fcinfo)
{
	const Timeline *timeline = timeline_arg(fcinfo);

	return under_rule(timeline, timeline_limit_pauses, days_arg(fcinfo, 1), timeline_has_pauses(timeline));
}

SQL_FUNCTION(smooth_gaps, smooth(fcinfo));
SQL_FUNCTION(limit_pauses, limit(fcinfo));

/* The next part, where there are several: a call each. */
static Datum
next_part(FunctionCallInfo fcinfo)
{
	FuncCallContext *calls = SRF_PERCALL_SETUP();
	TimelineSplit *split = calls->user_fctx;
	Timeline   *part;

	if (!timeline_split_next(split))
		SRF_RETURN_DONE(calls);
	part = timeline_new(timeline_size(split->end - split->first + 2));
	timeline_split_copy(split, part);
	SRF_RETURN_NEXT(calls, PointerGetDatum(state_close(&timeline_type, part)));
}

/* Arguments: timeline, days. What is not to be cut is returned as it is, and costs a look. */
static Datum
split(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const Timeline *timeline;
	TimelineSplit split;
	FuncCallContext *calls;

	if (!SRF_IS_FIRSTCALL())
		return next_part(fcinfo);
	if (PG_ARGISNULL(0))
	{
		result->isDone = ExprEndResult;
		PG_RETURN_NULL();
	}
	timeline = timeline_arg(fcinfo);
	result->isDone = ExprSingleResult;
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(timeline);
	split = timeline_split(timeline, days_arg(fcinfo, 1));
	if (timeline_split_next(&split) && split.end == timeline->count)
		PG_RETURN_POINTER(timeline);

	calls = SRF_FIRSTCALL_INIT();
	timeline = memcpy(MemoryContextAlloc(calls->multi_call_memory_ctx, VARSIZE(timeline)), timeline, VARSIZE(timeline));
	calls->user_fctx = MemoryContextAlloc(calls->multi_call_memory_ctx, sizeof(split));
	*(TimelineSplit *) calls->user_fctx = timeline_split(timeline, split.days);
	return next_part(fcinfo);
}

SQL_FUNCTION(split_gaps, split(fcinfo));

/* Completes a row; a lapsed pause gives two, churn and its way back out of the pauses. */
static void
put_change(RowBuilder *row, Movement movement, const Standing *before, const Standing *after, Money amount)
{
	RowBuilder	begun = *row;

	if (movement == MOVEMENT_LAPSE)
	{
		put_change(row, MOVEMENT_CHURN, before, after, amount);
		*row = begun;
		put_change(row, MOVEMENT_PAUSE, before, after, -amount);
		return;
	}
	row_put_text(row, movement_names[movement]);
	row_put(row, money_to_numeric(before->mrr));
	row_put(row, money_to_numeric(after->mrr));
	row_put(row, money_to_numeric(amount));
	row_end(row);
}

static Movement
as_asked(Movement movement, bool pauses_are_churn)
{
	return pauses_are_churn ? movement_without_pauses(movement) : movement;
}

/* Arguments: timeline, pauses_are_churn */
static void
list_days(FunctionCallInfo fcinfo, RowBuilder *row)
{
	TimelineWalk walk = timeline_walk(timeline_arg(fcinfo));
	TimelineStep step;
	Standing	standing = {0};

	while (timeline_next(&walk, &step))
	{
		Standing	before = standing;
		Movement	movement;
		Money		amount;

		standing_apply(&standing, &step);
		movement = as_asked(movement_between(&before, &standing, &amount), PG_GETARG_BOOL(1));
		if (movement == MOVEMENT_NONE)
			continue;
		row_put(row, DateADTGetDatum(step.day));
		put_change(row, movement, &before, &standing, amount);
	}
}

/* Arguments: timeline, from_date, to_date, period, lag, pauses_are_churn */
static void
list_periods(FunctionCallInfo fcinfo, RowBuilder *row)
{
	PeriodArgs	args = period_args(fcinfo, 1, PERIODS_MAX);
	WindowWalk	walk = window_walk(&args.periods, timeline_arg(fcinfo), 1 - args.lag, args.lag);
	WindowRun	run;

	while (window_next(&walk, &run))
	{
		Movement	movement = as_asked(run.movement, PG_GETARG_BOOL(5));

		for (int window = run.first; window < run.next && movement != MOVEMENT_NONE; window++)
		{
			CHECK_FOR_INTERRUPTS();
			row_put(row, DateADTGetDatum(periods_boundary(&args.periods, window)));
			row_put(row, DateADTGetDatum(periods_boundary(&args.periods, window + args.lag)));
			put_change(row, movement, &run.before, &run.after, run.amount);
		}
	}
}

static Datum
changes(FunctionCallInfo fcinfo, void (*list) (FunctionCallInfo, RowBuilder *))
{
	RowBuilder	row = rows_begin(fcinfo);

	list(fcinfo, &row);
	return (Datum) 0;
}

SQL_FUNCTION(changes_by_day, changes(fcinfo, list_days));
SQL_FUNCTION(changes_by_period, changes(fcinfo, list_periods));
