/*
 * Health rules: which signals make the health of an account, and how the measure
 * of each becomes its value. Items, one a signal:
 *
 *	 component	UTF-8, NUL
 *	 signal		UTF-8, NUL
 *	 numbers	those of RuleNumbers, the high byte first
 *	 knots		of the normalizer: the measure of each, which ascend, as 64 bits of a double
 *	 values		what these are worth, of VALUE_UNIT
 *
 * A measure is one of a list, which the rule names by its place, or the latest
 * value of the account's own signal of that name.
 */
#ifndef CSMETRICS_HEALTH_RULES_H
#define CSMETRICS_HEALTH_RULES_H

#include "core/health.h"
#include "core/signals.h"

/* What a signal does, and what becomes of one that is missing. */
typedef enum RulePolicy
{
	RULE_RENORMALISE,
	RULE_NEUTRAL,
	RULE_ZERO,
	RULE_CARRY,					/* fades over keep_days, and others stand in */
	RULE_PULSE
} RulePolicy;

extern const char *const rule_policy_words[];

#define KNOTS_MAX 64
#define KEEP_DAYS_MAX 36525
#define READINGS_MAX 1000

typedef struct HealthRule
{
	Utf8Name	component;
	Utf8Name	signal;
	RulePolicy	policy;
	int32_t		reading;		/* place of its measure, from 1; 0: its own signal */
	int32_t		keep_days;		/* an own signal as old as this is missing; 0: none is */
	int64_t		weight;
	bool		vetoes;			/* at veto_from or worse, the score is at most veto_cap */
	double		veto_from;
	int64_t		veto_cap;
	int32_t		knots;
	double		knot[KNOTS_MAX];
	double		value[KNOTS_MAX];
	int64_t		normalizer;		/* key of the knots */
	int64_t		count;
} HealthRule;

extern const StateType health_rules_type;

#define RULE_ITEM_SIZE_MAX (2 * (NAME_LENGTH_MAX + 1) + 42 + KNOTS_MAX * 16)

/* Writes its item; the length. */
int32_t		rule_write(uint8_t *out, const HealthRule *rule);

HealthRule	rule_read(const ItemWalk *item);

/* What is known of an account. */
typedef struct Measures
{
	const double *reading;		/* NaN where it is missing */
	int32_t		readings;
	const Signals *own;			/* or NULL */
	int64_t		as_of;
} Measures;

/*
 * The signals that rules in order make of the measures, and after them their
 * vetoes; how many. `signals` has room for two a rule.
 */
int32_t		rules_apply(const HealthRule *rules, int32_t count, const Measures *measures, HealthSignal *signals);

#endif
