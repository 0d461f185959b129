#include "core/health_tiers.h"

#include <stddef.h>

const char *const health_tier_words[] = {"Green", "Yellow", "Red", "Unknown", NULL};

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
