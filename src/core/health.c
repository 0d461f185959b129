#include "core/health.h"

#include <math.h>
#include <string.h>

#include "core/item_parts.h"

const char *const health_policy_words[] = {"renormalise", "neutral", "zero", "veto", "pulse", NULL};
const char *const health_method_words[] = {"weighted", "worst_component", "worst_signal", NULL};

#define VALUE_MISSING	UINT64_MAX
#define NUMBERS_SIZE	29

/* Items */

int32_t
health_write(uint8_t *out, const HealthSignal *signal)
{
	uint8_t    *begin = out;

	out = write_name(out, signal->component);
	out = write_name(out, signal->signal);
	*out++ = (uint8_t) signal->policy;
	out = write_big(out, signal->known ? (uint64_t) signal->value : VALUE_MISSING, 8);
	out = write_big(out, signal->weight, 8);
	out = write_big(out, signal->freshness, 4);
	out = write_big(out, signal->normalizer, 8);
	return (int32_t) (out - begin);
}

static HealthSignal
read_signal(const uint8_t *in, int64_t count)
{
	HealthSignal signal = {.count = count};
	uint64_t	value;

	signal.component = read_name(&in);
	signal.signal = read_name(&in);
	signal.policy = *in++;
	value = read_big(&in, 8);
	signal.known = value != VALUE_MISSING;
	signal.value = signal.known ? (int64_t) value : 0;
	signal.weight = (int64_t) read_big(&in, 8);
	signal.freshness = (int32_t) read_big(&in, 4);
	signal.normalizer = (int64_t) read_big(&in, 8);
	return signal;
}

static const char *
signal_flaw(const uint8_t *bytes, int32_t length)
{
	const uint8_t *in = bytes;
	const uint8_t *end = bytes + length;
	HealthSignal signal;

	if (!name_is_sound(&in, end) || !name_is_sound(&in, end))
		return "a name is broken";
	if (end - in != NUMBERS_SIZE)
		return "a signal has the wrong length";
	signal = read_signal(bytes, 1);
	if (signal.policy > HEALTH_PULSE)
		return "unknown policy";
	if ((signal.known && (signal.value < 0 || signal.value > VALUE_MAX)) || signal.weight < 0 || signal.weight > WEIGHT_MAX ||
		signal.freshness < 0 || signal.freshness > FRESHNESS_UNIT || signal.known != (signal.freshness > 0))
		return "a value is out of range";
	return NULL;
}

static const char *
health_flaw(const void *state, int64_t rows)
{
	return items_flaw(&health_type, state, rows, signal_flaw);
}

const StateType health_type = {
	.name = "health",
	.version = 1,
	.fields = ITEMS_FIELDS,
	.row = "b",
	.count_max = HEALTH_SIGNALS_MAX,
	.flaw = health_flaw,
	.close = items_close,
};

int32_t
health_read(const Items *health, HealthSignal *signals)
{
	ItemWalk	walk = items_walk(health);
	int32_t		count = 0;

	while (item_next(&walk))
		if (walk.count > 0)
			signals[count++] = read_signal(walk.bytes, walk.count);
	return count;
}

/* Scores */

/* Does it have a value to count with, its own or that of its policy? */
static bool
has_part(const HealthSignal *signal)
{
	return !signal_is_override(signal) && signal->weight > 0 && signal->count > 0 && (signal->known || signal->policy != HEALTH_RENORMALISE);
}

static int64_t
value_of(const HealthSignal *signal)
{
	return signal->known ? signal->value : signal->policy == HEALTH_NEUTRAL ? VALUE_MAX / 2 : 0;
}

/* The weight with which it counts, in WEIGHT_UNIT * FRESHNESS_UNIT: below 2^79 in all. */
static __int128
held_weight(const HealthSignal *signal)
{
	return (__int128) signal->weight * signal->count * (signal->known ? signal->freshness : FRESHNESS_UNIT);
}

/*
 * A component: the weight that it has in the score is that of all its signals,
 * missing ones too, and its value the mean of those that count.
 */
typedef struct Component
{
	int32_t		end;			/* of its signals */
	int64_t		weight;
	__int128	held;
	__int128	sum;			/* of held weight times value: below 2^126 */
} Component;

static Component
component_from(const HealthSignal *signals, int32_t first, int32_t count)
{
	Component	component = {.end = first};

	for (; component.end < count && name_compare(signals[component.end].component, signals[first].component) == 0; component.end++)
	{
		const HealthSignal *signal = &signals[component.end];
		__int128	held;

		if (!signal_is_override(signal))
			component.weight += signal->weight * signal->count;
		if (!signal->counts)
			continue;
		held = held_weight(signal);
		component.held += held;
		component.sum += held * value_of(signal);
	}
	return component;
}

/* Its mean, with twenty bits below VALUE_UNIT, so that means that add up to a whole do so. */
#define MEAN_BITS 20

static __int128
component_mean(const Component *component)
{
	__int128	whole = component->sum / component->held;
	__int128	rest = component->sum - whole * component->held;

	return (whole << MEAN_BITS) + (((rest << (MEAN_BITS + 1)) / component->held + 1) >> 1);
}

/* Leaves only the signals of the worst component, or the worst signal, to count. */
static void
leave_the_worst(HealthSignal *signals, int32_t count, bool one_signal)
{
	int32_t		first = 0;		/* of the worst, and its end */
	int32_t		end = 0;
	__int128	lowest = 0;

	for (int32_t i = 0, next; i < count; i = next)
	{
		Component	component = component_from(signals, i, one_signal ? i + 1 : count);
		__int128	mean;

		next = component.end;
		if (component.held == 0)
			continue;
		mean = component_mean(&component);
		if (end == 0 || mean < lowest)
		{
			lowest = mean;
			first = i;
			end = next;
		}
	}
	for (int32_t i = 0; i < count; i++)
		signals[i].counts &= i >= first && i < end;
}

/* Of overrides of one kind, the lowest counts. */
static int32_t
lowest_override(const HealthSignal *signals, int32_t count, HealthPolicy policy)
{
	int32_t		lowest = -1;

	for (int32_t i = 0; i < count; i++)
		if (signals[i].policy == policy && signals[i].known && signals[i].count > 0 &&
			(lowest < 0 || signals[i].value < signals[lowest].value))
			lowest = i;
	return lowest;
}

static int64_t
weight_that_counts(const HealthSignal *signals, int32_t count)
{
	int64_t		weight = 0;

	for (int32_t i = 0; i < count;)
	{
		Component	component = component_from(signals, i, count);

		if (component.held > 0)
			weight += component.weight;
		i = component.end;
	}
	return weight;
}

/* False where nothing counts. */
static bool
base_score(const HealthSignal *signals, int32_t count, int64_t *base)
{
	int64_t		weight = 0;
	__int128	sum = 0;
	__int128	whole;

	for (int32_t i = 0; i < count;)
	{
		Component	component = component_from(signals, i, count);

		i = component.end;
		if (component.held == 0)
			continue;
		weight += component.weight;
		sum += component.weight * component_mean(&component);
	}
	if (weight == 0)
		return false;
	whole = (__int128) weight << MEAN_BITS;
	*base = (int64_t) ((2 * sum + whole) / (2 * whole));
	return true;
}

HealthScore
health_score_of(HealthSignal *signals, int32_t count, HealthMethod method)
{
	HealthScore score = {.method = method};
	__int128	known = 0;
	__int128	all = 0;

	for (int32_t i = 0; i < count; i++)
	{
		HealthSignal *signal = &signals[i];

		signal->counts = has_part(signal);
		if (signal_is_override(signal))
			continue;
		all += (__int128) signal->weight * signal->count * FRESHNESS_UNIT;
		known += signal->known ? held_weight(signal) : 0;
	}
	if (method != HEALTH_WEIGHTED)
		leave_the_worst(signals, count, method == HEALTH_WORST_SIGNAL);
	score.weighed = all > 0;
	score.coverage = all > 0 ? (double) known / (double) all : 0;
	score.based = base_score(signals, count, &score.base);
	score.pulse = lowest_override(signals, count, HEALTH_PULSE);
	score.veto = lowest_override(signals, count, HEALTH_VETO);
	return score;
}

bool
health_score_read(const HealthScore *score, const HealthSignal *signals, double min_coverage, int64_t *read)
{
	if (score->pulse >= 0)
		*read = signals[score->pulse].value;
	else if (score->based && score->coverage >= min_coverage)
		*read = score->base;
	else
		return false;
	if (score->veto >= 0 && signals[score->veto].value < *read)
		*read = signals[score->veto].value;
	return true;
}

/* A rounding of less is that of the arithmetic. */
#define ROUNDING 0.05

/*
 * What each signal gives to the score, or takes from 100: parts of that whole,
 * each rounded. What they are then off by goes to the largest of those that were
 * rounded the other way.
 */
static void
share_out(const HealthSignal *signals, int32_t count, int64_t whole, bool lost, int64_t *shares)
{
	double		weight = (double) weight_that_counts(signals, count);
	int64_t		rest = whole;
	int32_t		down = -1;
	int32_t		up = -1;
	int32_t		largest = 0;

	for (int32_t i = 0; i < count;)
	{
		Component	component = component_from(signals, i, count);
		double		each = component.held > 0 ? component.weight / weight / (double) component.held : 0;

		for (; i < component.end; i++)
		{
			int64_t		value = lost ? VALUE_MAX - value_of(&signals[i]) : value_of(&signals[i]);
			double		share = signals[i].counts ? (double) held_weight(&signals[i]) * each * (double) value : 0;

			shares[i] = llrint(share);
			rest -= shares[i];
			if (share - shares[i] > ROUNDING && (down < 0 || shares[i] > shares[down]))
				down = i;
			if (shares[i] - share > ROUNDING && (up < 0 || shares[i] > shares[up]))
				up = i;
			if (shares[i] > shares[largest])
				largest = i;
		}
	}
	shares[rest > 0 && down >= 0 ? down : rest < 0 && up >= 0 ? up : largest] += rest;
}

void
health_points(const HealthScore *score, const HealthSignal *signals, int32_t count, int64_t *points, int64_t *lost)
{
	int64_t		base = score->based ? score->base : 0;
	int64_t		read = 0;
	int64_t		pulsed;

	memset(points, 0, count * sizeof(*points));
	memset(lost, 0, count * sizeof(*lost));
	if (!health_score_read(score, signals, 0, &read))
		return;
	if (score->based)
	{
		share_out(signals, count, base, false, points);
		share_out(signals, count, VALUE_MAX - base, true, lost);
	}
	pulsed = score->pulse >= 0 ? signals[score->pulse].value : base;
	if (score->pulse >= 0)
	{
		points[score->pulse] = pulsed - base;
		lost[score->pulse] = score->based ? base - pulsed : VALUE_MAX - pulsed;
	}
	if (read < pulsed)
	{
		points[score->veto] = read - pulsed;
		lost[score->veto] = pulsed - read;
	}
}
