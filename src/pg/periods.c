#include "pg/periods.h"
#include "pg/arguments.h"
#include "pg/times.h"

static PeriodUnit
unit_arg(FunctionCallInfo fcinfo, int n)
{
	text	   *word;
	PeriodUnit	unit;

	require_not_null(fcinfo, n, "period");
	word = PG_GETARG_TEXT_PP(n);
	if (!period_unit_parse(VARDATA_ANY(word), VARSIZE_ANY_EXHDR(word), &unit))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown period \"%s\"", text_to_cstring(word)),
				 errdetail("Known are: day, week, month, quarter, year.")));
	return unit;
}

static int32
lag_arg(FunctionCallInfo fcinfo, int n)
{
	int32		lag;

	if (PG_NARGS() <= n)
		return 1;
	require_not_null(fcinfo, n, "lag");
	lag = PG_GETARG_INT32(n);
	if (lag < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lag %d is not at least 1", lag),
				 errhint("12 with period month compares each month with the year before.")));
	return lag;
}

PeriodArgs
period_args(FunctionCallInfo fcinfo, int n, int32 most)
{
	return period_args_lag(fcinfo, n, lag_arg(fcinfo, n + 3), most);
}

PeriodArgs
period_args_lag(FunctionCallInfo fcinfo, int n, int32 lag, int32 most)
{
	PeriodArgs	args = {.lag = lag};
	PeriodArgs *last = fcinfo->flinfo->fn_extra;
	PeriodUnit	unit = unit_arg(fcinfo, n + 2);

	day_range_args(fcinfo, n, &args.from, &args.to);
	/* an aggregate gives the same periods with every row */
	if (last && last->from == args.from && last->to == args.to &&
		last->periods.unit == (int32) unit && last->lag == args.lag)
		return *last;

	if (!periods_init(&args.periods, args.from, args.to, unit) || !periods_are_valid(&args.periods, args.lag) ||
		args.periods.count + args.lag - 1 > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("too many periods of one %s between %s and %s",
						text_to_cstring(PG_GETARG_TEXT_PP(n + 2)), day_text(args.from), day_text(args.to)),
				 errdetail("At most %d periods, with those of the lag, are possible, all of them within the years 1 to 9999.",
						   most),
				 errhint("Choose a longer period or a shorter range.")));
	if (last == NULL)
		fcinfo->flinfo->fn_extra = last = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(PeriodArgs));
	*last = args;
	return args;
}

void
check_same_periods(const Periods *periods, int32 lag, const PeriodArgs *row)
{
	if (memcmp(periods, &row->periods, sizeof(Periods)) != 0 || lag != row->lag)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_date, to_date, period and lag must be the same in every row of a group"),
				 errdetail("This row asks for %s to %s by %s with lag %d, those before it for %s to %s by %s with lag %d.",
						   day_text(row->from), day_text(row->to), period_unit_words[row->periods.unit], row->lag,
						   day_text(periods->origin), day_text(periods->end), period_unit_words[periods->unit], lag)));
}
