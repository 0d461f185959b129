/*
 * Feature usage: which features an account used on which days, and how many
 * events each of them had: named counts, of events by feature and day.
 */
#ifndef CSMETRICS_FEATURE_USAGE_H
#define CSMETRICS_FEATURE_USAGE_H

#include "core/named_counts.h"

typedef struct FeatureUsage
{
	StateHeader header;
	NamedCounts counts;
} FeatureUsage;

extern const StateType feature_usage_type;

/* Some feature has a day of fewer than no events. */
#define FEATURE_USAGE_DEBT ACTIVITY_DEBT

/* Reads the features one by one; `size` is that of the whole state. */
NamedWalk	features_walk(const FeatureUsage *usage, size_t size);

/* What is known of one feature from the days before `to`. */
typedef struct FeatureFacts
{
	int32_t		first;			/* active day */
	int32_t		last;
	int64_t		active_days;	/* 0: no such day */
	int64_t		events;
} FeatureFacts;

FeatureFacts feature_facts(const NamedWalk *walk, int32_t to);

/* Has it so many active days, 1 or more, from `from` on and before `to`? */
bool		feature_used(const NamedWalk *walk, int32_t from, int32_t to, int64_t at_least_days);

/* Has it so many events there, 1 or more? Those of days that are not active do not count. */
bool		feature_used_times(const NamedWalk *walk, int32_t from, int32_t to, int64_t at_least_events);

/* Features that have both. */
int64_t		features_used(const FeatureUsage *usage, size_t size, int32_t from, int32_t to, int64_t at_least_days, int64_t at_least_events);

/* Walks to the feature of that name; false if there is none. */
bool		feature_find(const FeatureUsage *usage, size_t size, Utf8Name name, NamedWalk *walk);

#endif
