#include "pg/arguments.h"
#include "pg/bag.h"
#include "pg/money.h"
#include "pg/results.h"
#include "pg/times.h"

#include "core/signals.h"

STATE_IO(signals, signals_type);
GROWING_STATE_GROUP(signals, signals_type, bag_combine);

/* Arguments: state, signal, at, value. Rows that are left out keep the state: only no rows at all give NULL. */
static Datum
add_value(FunctionCallInfo fcinfo)
{
	Bag		   *bag = bag_own(fcinfo, &signals_type);

	if (!PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !PG_ARGISNULL(3))
	{
		Signal		signal = {
			.name = text_key_arg(fcinfo, 1),
			.at = open_instant_arg(fcinfo, 2, "at"),
			.value = money_arg(fcinfo, 3),
			.count = 1,
		};

		if (signal.at != INSTANT_NEVER)
			bag = bag_with(&signals_type, bag, &signal, false);
	}
	return bag_result(fcinfo, &signals_type, bag);
}

SQL_FUNCTION(signals_add, add_value(fcinfo));

static const Signals *
signals_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &signals_type);
}

/* Arguments: signals, signal, as_of */
static SignalSum
latest(FunctionCallInfo fcinfo)
{
	return signal_latest(signals_arg(fcinfo), text_key_arg(fcinfo, 1), PG_GETARG_TIMESTAMPTZ(2));
}

static Datum
latest_mean(FunctionCallInfo fcinfo)
{
	SignalSum	sum = latest(fcinfo);

	return float8_if(fcinfo, sum.count > 0, (double) sum.sum / ((double) sum.count * MONEY_UNIT));
}

/* Arguments: signals, signal, from_at, to_at */
static SignalSum
over_window(FunctionCallInfo fcinfo)
{
	int64		from,
				to;

	instant_range_args(fcinfo, 2, &from, &to);
	return signal_between(signals_arg(fcinfo), text_key_arg(fcinfo, 1), from, to);
}

SQL_FUNCTION(signal_at, latest_mean(fcinfo));
SQL_FUNCTION(signal_given_at, instant_if_any(fcinfo, latest(fcinfo).at));
SQL_FUNCTION(signal_count, Int64GetDatum(over_window(fcinfo).count));
SQL_FUNCTION(signal_sum, Float8GetDatum((double) over_window(fcinfo).sum / MONEY_UNIT));
