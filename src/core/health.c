#include "core/health.h"

#include <math.h>
#include <string.h>

#include "core/item_parts.h"

const char *const health_policy_words[] = {"renormalise", "neutral", "zero", "veto", "pulse", NULL};
const char *const health_method_words[] = {"weighted", "worst_component", "worst_signal", NULL};
const char *const health_term_words[] = {"value", "coverage", "definition", "override", NULL};
const char *const health_tier_words[] = {"Green", "Yellow", "Red", "Unknown", NULL};

#define VALUE_MISSING	UINT64_MAX
#define NUMBERS_SIZE	29

static bool
is_override(const HealthSignal *signal)
{
	return signal->policy >= HEALTH_VETO;
}

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

static size_t
close_state(void *state)
{
	return items_close(&health_type, state);
}

const StateType health_type = {
	.name = "health",
	.version = 1,
	.fields = ITEMS_FIELDS,
	.row = "b",
	.count_max = HEALTH_SIGNALS_MAX,
	.flaw = health_flaw,
	.close = close_state,
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
	return !is_override(signal) && signal->weight > 0 && signal->count > 0 && (signal->known || signal->policy != HEALTH_RENORMALISE);
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

		if (!is_override(signal))
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
		if (is_override(signal))
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

/* Changes */

static int
compare_names(const HealthSignal *a, const HealthSignal *b)
{
	int			order = name_compare(a->component, b->component);

	return order ? order : name_compare(a->signal, b->signal);
}

/* The signals of one name: in `work`, those of before and then those of after, which do not count yet. */
typedef struct Pair
{
	const HealthSignal *before;
	const HealthSignal *after;
	int32_t		before_count;
	int32_t		after_count;
	HealthSignal *work;
} Pair;

static int32_t
same_name(const HealthSignal *signals, int32_t count)
{
	int32_t		same = count > 0;

	while (same > 0 && same < count && compare_names(&signals[same], signals) == 0)
		same++;
	return same;
}

/* One signal of one account on both sides, whose change can be told apart. */
static bool
is_one(const Pair *pair)
{
	return pair->before_count == 1 && pair->after_count == 1 && pair->before->count == 1 && pair->after->count == 1 &&
		!is_override(pair->before) && !is_override(pair->after);
}

static bool
is_comparable(const Pair *pair)
{
	return pair->before->normalizer == pair->after->normalizer;
}

static void
count_after(Pair *pair)
{
	for (int32_t i = 0; i < pair->before_count; i++)
		pair->work[i].count = 0;
	for (int32_t i = 0; i < pair->after_count; i++)
		pair->work[pair->before_count + i].count = pair->after[i].count;
}

static bool
are_equal(const Pair *pair)
{
	bool		equal = pair->before_count == pair->after_count;

	for (int32_t i = 0; equal && i < pair->before_count; i++)
	{
		const HealthSignal *a = &pair->before[i];
		const HealthSignal *b = &pair->after[i];

		equal = a->policy == b->policy && a->known == b->known && a->value == b->value && a->weight == b->weight &&
			a->freshness == b->freshness && a->normalizer == b->normalizer && a->count == b->count;
	}
	return equal;
}

/* The term under which signals of one name change as a whole. */
static HealthTerm
whole_term(const Pair *pair)
{
	if (is_override(pair->before_count > 0 ? pair->before : pair->after) || (pair->after_count > 0 && is_override(pair->after)))
		return HEALTH_TERM_OVERRIDE;
	return pair->before_count > 0 && pair->after_count > 0 ? HEALTH_TERM_VALUE : HEALTH_TERM_DEFINITION;
}

/* Makes what the term changes in them; false if that is nothing. */
static bool
change(Pair *pair, HealthTerm term)
{
	HealthSignal *work = pair->work;
	const HealthSignal *after = pair->after;
	HealthSignal old;

	if (!is_one(pair))
	{
		if (term != whole_term(pair) || are_equal(pair))
			return false;
		count_after(pair);
		return true;
	}
	old = *work;
	switch (term)
	{
		case HEALTH_TERM_VALUE:
			if (is_comparable(pair) && work->known && after->known)
				work->value = after->value;
			break;
		case HEALTH_TERM_COVERAGE:
			if (is_comparable(pair))
			{
				work->known = after->known;
				work->value = after->value;
				work->freshness = after->freshness;
			}
			break;
		case HEALTH_TERM_DEFINITION:
			*work = *after;
			break;
		case HEALTH_TERM_OVERRIDE:
			break;
	}
	return old.known != work->known || old.value != work->value || old.freshness != work->freshness ||
		old.weight != work->weight || old.policy != work->policy || old.normalizer != work->normalizer;
}

/* The next name of the two, in order. */
static Pair
next_pair(const HealthSignal *before, int32_t before_count, const HealthSignal *after, int32_t after_count, HealthSignal *work)
{
	int			order = before_count == 0 ? 1 : after_count == 0 ? -1 : compare_names(before, after);

	return (Pair) {
		.before = before,
		.after = after,
		.before_count = order > 0 ? 0 : same_name(before, before_count),
		.after_count = order < 0 ? 0 : same_name(after, after_count),
		.work = work,
	};
}

static void
lay_out(Pair *pair)
{
	memcpy(pair->work, pair->before, pair->before_count * sizeof(HealthSignal));
	memcpy(pair->work + pair->before_count, pair->after, pair->after_count * sizeof(HealthSignal));
	for (int32_t i = 0; i < pair->after_count; i++)
		pair->work[pair->before_count + i].count = 0;
}

/* The score, or what it was before where nothing counts for the moment. */
static int64_t
score_now(HealthSignal *signals, int32_t count, HealthMethod method, int64_t before)
{
	HealthScore score = health_score_of(signals, count, method);

	health_score_read(&score, signals, 0, &before);
	return before;
}

int32_t
health_changes(const HealthSignal *before, int32_t before_count, const HealthSignal *after, int32_t after_count,
			   HealthMethod method, HealthSignal *work, HealthChange *changes)
{
	int32_t		count = before_count + after_count;
	int32_t		found = 0;
	int64_t		score = 0;

	/* the first round lays the signals out, the others make the changes of one term each */
	for (int term = -1; term <= HEALTH_TERM_OVERRIDE; term++)
	{
		int32_t		b = 0;
		int32_t		a = 0;

		while (b + a < count)
		{
			Pair		pair = next_pair(before + b, before_count - b, after + a, after_count - a, work + b + a);

			b += pair.before_count;
			a += pair.after_count;
			if (term < 0)
				lay_out(&pair);
			else if (change(&pair, term))
			{
				int64_t		old = score;

				score = score_now(work, count, method, old);
				changes[found++] = (HealthChange) {
					.before = pair.before_count > 0 ? pair.before : NULL,
					.after = pair.after_count > 0 ? pair.after : NULL,
					.term = term,
					.points = score - old,
				};
			}
		}
		if (term < 0)
			score = score_now(work, count, method, 0);
	}
	return found;
}

HealthTier
health_tier(double score, HealthBounds bounds)
{
	return score >= bounds.green_from ? TIER_GREEN : score >= bounds.yellow_from ? TIER_YELLOW : TIER_RED;
}

HealthTier
health_held_tier(double score, HealthTier held, double margin, HealthBounds bounds)
{
	if (held == TIER_UNKNOWN)
		return health_tier(score, bounds);
	bounds.green_from += held == TIER_GREEN ? -margin : margin;
	bounds.yellow_from += held == TIER_RED ? margin : -margin;
	return health_tier(score, bounds);
}
