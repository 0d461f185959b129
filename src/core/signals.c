#include "core/signals.h"

#include "core/text_key.h"

static const char *
signals_flaw(const void *state, int64_t rows)
{
	const Signals *signals = state;

	for (int i = 0; i < signals->bag.count; i++)
	{
		if (!instant_is_valid(signals->signal[i].at))
			return "an instant is out of range";
		if (signals->signal[i].name == TEXT_KEY_NONE)
			return "a signal has no name";
	}
	return bag_flaw(&signals_type, &signals->bag);
}

const StateType signals_type = {
	.name = "signals",
	.version = 1,
	.fields = BAG_FIELDS,
	.row = "llsn",
	.count_max = SIGNALS_MAX,
	.row_count = bag_row_count,
	.flaw = signals_flaw,
	.close = bag_close,
};

/* The first row of that name at `at` or later, or of a later name. */
static int
first_row(const Signals *signals, int64_t name, int64_t at)
{
	int			low = 0;
	int			high = signals->bag.count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;
		const Signal *signal = &signals->signal[middle];

		if (signal->name < name || (signal->name == name && signal->at < at))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
add_signal(SignalSum *sum, const Signal *signal)
{
	/* |value| <= 10^24 millionths and all counts together below 2^22: the sum stays below 2^102 */
	sum->at = signal->at;
	sum->count += signal->count;
	sum->sum += signal->value * signal->count;
}

SignalSum
signal_latest(const Signals *signals, int64_t name, int64_t as_of)
{
	SignalSum	sum = {.at = INSTANT_NEVER};

	/* instants end before INT64_MAX, which is infinity */
	for (int i = first_row(signals, name, as_of == INT64_MAX ? as_of : as_of + 1) - 1; i >= 0; i--)
	{
		const Signal *signal = &signals->signal[i];

		if (signal->name != name || (sum.count > 0 && signal->at != sum.at))
			break;
		if (signal->count > 0)
			add_signal(&sum, signal);
	}
	return sum;
}

SignalSum
signal_between(const Signals *signals, int64_t name, int64_t from, int64_t to)
{
	SignalSum	sum = {.at = INSTANT_NEVER};

	for (int i = first_row(signals, name, from); i < signals->bag.count; i++)
	{
		const Signal *signal = &signals->signal[i];

		if (signal->name != name || signal->at >= to)
			break;
		if (signal->count > 0)
			add_signal(&sum, signal);
	}
	return sum;
}
