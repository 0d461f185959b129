#include "core/health_changes.h"

#include <string.h>

const char *const health_term_words[] = {"value", "coverage", "definition", "override", NULL};

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
		!signal_is_override(pair->before) && !signal_is_override(pair->after);
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
	if (signal_is_override(pair->before_count > 0 ? pair->before : pair->after) || (pair->after_count > 0 && signal_is_override(pair->after)))
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
