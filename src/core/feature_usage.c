#include "core/feature_usage.h"

static size_t
feature_usage_close(const StateType *type, void *state)
{
	FeatureUsage *usage = state;
	bool		debt = false;
	size_t		size = named_close(&usage->counts, &debt);

	usage->header.flags = debt ? FEATURE_USAGE_DEBT : 0;
	return size == 0 || size == STATE_TOO_LARGE ? size : sizeof(StateHeader) + size;
}

static const char *
feature_usage_flaw(const void *state, int64_t rows)
{
	const FeatureUsage *usage = state;
	bool		debt = false;
	const char *flaw = named_flaw(&usage->counts, rows, DAY_FIRST, DAY_LAST, &debt);

	if (!flaw && debt != ((usage->header.flags & FEATURE_USAGE_DEBT) != 0))
		return "unknown flags";
	return flaw;
}

const StateType feature_usage_type = {
	.name = "feature_usage",
	.version = 1,
	.flags = FEATURE_USAGE_DEBT,
	.fields = NAMED_COUNTS_FIELDS,
	.row = "b",
	.flaw = feature_usage_flaw,
	.close = feature_usage_close,
};

NamedWalk
features_walk(const FeatureUsage *usage, size_t size)
{
	return named_walk(&feature_usage_type, usage, size, usage->header.flags & FEATURE_USAGE_DEBT);
}

FeatureFacts
feature_facts(const NamedWalk *walk, int32_t to)
{
	ActivityWalk chunks = named_chunks(walk);
	FeatureFacts facts = {0};

	while (activity_next(&chunks) && chunks.day < to)
	{
		uint64_t	days = chunk_days(&chunks, chunks.day, to);
		uint64_t	active = chunks.active & days;

		facts.events += chunk_events(&chunks, days);
		if (active == 0)
			continue;
		if (facts.active_days == 0)
			facts.first = chunks.day + __builtin_ctzll(active);
		facts.last = chunks.day + 63 - __builtin_clzll(active);
		facts.active_days += __builtin_popcountll(active);
	}
	return facts;
}

bool
feature_used(const NamedWalk *walk, int32_t from, int32_t to, int64_t at_least_days)
{
	ActivityWalk chunks = named_chunks(walk);

	while (at_least_days > 0 && activity_next_within(&chunks, from, to))
		at_least_days -= __builtin_popcountll(chunks.active & chunk_days(&chunks, from, to));
	return at_least_days <= 0;
}

bool
feature_used_times(const NamedWalk *walk, int32_t from, int32_t to, int64_t at_least_events)
{
	ActivityWalk chunks = named_chunks(walk);

	while (at_least_events > 0 && activity_next_within(&chunks, from, to))
		at_least_events -= chunk_events(&chunks, chunks.active & chunk_days(&chunks, from, to));
	return at_least_events <= 0;
}

int64_t
features_used(const FeatureUsage *usage, size_t size, int32_t from, int32_t to, int64_t at_least_days, int64_t at_least_events)
{
	NamedWalk	walk = features_walk(usage, size);
	int64_t		used = 0;

	while (named_next(&walk))
		used += feature_used(&walk, from, to, at_least_days) && feature_used_times(&walk, from, to, at_least_events);
	return used;
}

bool
feature_find(const FeatureUsage *usage, size_t size, Utf8Name name, NamedWalk *walk)
{
	*walk = features_walk(usage, size);
	while (named_next(walk))
	{
		int			order = name_compare(walk->name, name);

		if (order >= 0)
			return order == 0;
	}
	return false;
}
