/* Tiers: what a score is called. */
#ifndef CSMETRICS_HEALTH_TIERS_H
#define CSMETRICS_HEALTH_TIERS_H

typedef enum HealthTier
{
	TIER_GREEN,
	TIER_YELLOW,
	TIER_RED,
	TIER_UNKNOWN
} HealthTier;

#define HEALTH_TIERS 4

extern const char *const health_tier_words[];

/* Scores from which on an account is in a tier. */
typedef struct HealthBounds
{
	double		yellow_from;
	double		green_from;
} HealthBounds;

HealthTier	health_tier(double score, HealthBounds bounds);

/* The same for an account in that tier so far, which it leaves when the score is past a bound by the margin. */
HealthTier	health_held_tier(double score, HealthTier held, double margin, HealthBounds bounds);

#endif
