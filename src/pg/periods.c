#include "pg/periods.h"

#include "pg/values.h"

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

PeriodArgs
period_args(FunctionCallInfo fcinfo, int n, int32 most)
{
	PeriodArgs	args = {.lag = 1};
	int32		from,
				to;
	PeriodUnit	unit = unit_arg(fcinfo, n + 2);

	day_range_args(fcinfo, n, &from, &to);
	if (PG_NARGS() > n + 3)
	{
		require_not_null(fcinfo, n + 3, "lag");
		args.lag = PG_GETARG_INT32(n + 3);
		if (args.lag < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("lag %d is not at least 1", args.lag),
					 errhint("12 with period month compares each month with the year before.")));
	}
	if (!periods_init(&args.periods, from, to, unit) || !periods_extend(&args.periods, args.lag - 1) ||
		args.periods.count > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("too many periods of one %s between %s and %s",
						text_to_cstring(PG_GETARG_TEXT_PP(n + 2)), day_text(from), day_text(to)),
				 errdetail("At most %d periods, with those of the lag, are possible, all of them within the years 1 to 9999.",
						   most),
				 errhint("Choose a longer period or a shorter range.")));
	return args;
}

void
check_same_periods(const Periods *state, const Periods *row)
{
	if (memcmp(state, row, sizeof(Periods)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_date, to_date, period and lag must be the same in every row of a group")));
}
