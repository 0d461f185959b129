#include "core/health_rules.h"

#include <math.h>
#include <string.h>

#include "core/item_parts.h"
#include "core/normalize.h"
#include "core/text_key.h"

const char *const rule_policy_words[] = {"renormalise", "neutral", "zero", "carry", "pulse", NULL};

/* policy 1, reading 4, keep_days 4, weight 8, vetoes 1, veto_from 8, veto_cap 8, normalizer 8 */
#define NUMBERS_SIZE	42
#define KNOT_SIZE		16

int32_t
rule_write(uint8_t *out, const HealthRule *rule)
{
	uint8_t    *begin = out;
	uint8_t    *knots;

	out = write_name(out, rule->component);
	out = write_name(out, rule->signal);
	*out++ = (uint8_t) rule->policy;
	out = write_big(out, rule->reading, 4);
	out = write_big(out, rule->keep_days, 4);
	out = write_big(out, rule->weight, 8);
	*out++ = rule->vetoes;
	out = write_big_double(out, rule->vetoes ? rule->veto_from : 0);
	out = write_big(out, rule->vetoes ? rule->veto_cap : 0, 8);
	knots = out + 8;
	for (int32_t i = 0; i < rule->knots; i++)
		write_big_double(knots + i * KNOT_SIZE, rule->knot[i]);
	for (int32_t i = 0; i < rule->knots; i++)
		write_big(knots + i * KNOT_SIZE + 8, llrint(rule->value[i] * VALUE_UNIT), 8);
	write_big(out, text_key((const char *) knots, rule->knots * KNOT_SIZE), 8);
	return (int32_t) (knots + rule->knots * KNOT_SIZE - begin);
}

HealthRule
rule_read(const ItemWalk *item)
{
	const uint8_t *in = item->bytes;
	HealthRule	rule;

	rule.component = read_name(&in);
	rule.signal = read_name(&in);
	rule.policy = *in++;
	rule.reading = (int32_t) read_big(&in, 4);
	rule.keep_days = (int32_t) read_big(&in, 4);
	rule.weight = (int64_t) read_big(&in, 8);
	rule.vetoes = *in++;
	rule.veto_from = read_big_double(&in);
	rule.veto_cap = (int64_t) read_big(&in, 8);
	rule.normalizer = (int64_t) read_big(&in, 8);
	rule.knots = (int32_t) (item->bytes + item->length - in) / KNOT_SIZE;
	for (int32_t i = 0; i < rule.knots; i++)
	{
		rule.knot[i] = read_big_double(&in);
		rule.value[i] = (double) (int64_t) read_big(&in, 8) / VALUE_UNIT;
	}
	rule.count = item->count;
	return rule;
}

static bool
knots_are_sound(const HealthRule *rule)
{
	for (int32_t i = 0; i < rule->knots; i++)
		if (!isfinite(rule->knot[i]) || (i > 0 && !(rule->knot[i - 1] < rule->knot[i])) ||
			!(rule->value[i] >= 0 && rule->value[i] <= 100))
			return false;
	return rule->knots >= 2;
}

static const char *
rule_flaw(const uint8_t *bytes, int32_t length)
{
	const uint8_t *in = bytes;
	const uint8_t *end = bytes + length;
	ItemWalk	item = {.bytes = bytes, .length = length, .count = 1};
	uint8_t		again[RULE_ITEM_SIZE_MAX];
	HealthRule	rule;

	if (!name_is_sound(&in, end) || !name_is_sound(&in, end))
		return "a name is broken";
	if (end - in < NUMBERS_SIZE || (end - in - NUMBERS_SIZE) % KNOT_SIZE != 0 || (end - in - NUMBERS_SIZE) / KNOT_SIZE > KNOTS_MAX)
		return "a rule has the wrong length";
	rule = rule_read(&item);
	if (rule.policy > RULE_PULSE || rule.reading < 0 || rule.reading > READINGS_MAX || rule.keep_days < 0 || rule.keep_days > KEEP_DAYS_MAX ||
		rule.weight < 0 || rule.weight > WEIGHT_MAX || !isfinite(rule.veto_from) || rule.veto_cap < 0 || rule.veto_cap > VALUE_MAX ||
		!knots_are_sound(&rule))
		return "a value is out of range";
	/* the key and what a rule without veto leaves at zero */
	if (rule_write(again, &rule) != length || memcmp(again, bytes, length) != 0)
		return "a rule is not as it is written";
	return NULL;
}

static const char *
rules_flaw(const void *state, int64_t rows)
{
	return items_flaw(&health_rules_type, state, rows, rule_flaw);
}

const StateType health_rules_type = {
	.name = "health_rules",
	.version = 1,
	.fields = ITEMS_FIELDS,
	.row = "b",
	.count_max = HEALTH_SIGNALS_MAX / 2,	/* each may bring a veto */
	.flaw = rules_flaw,
	.close = items_close,
};

/* The measure, and how fresh it is; NaN where it is missing. */
static double
measure_of(const HealthRule *rule, const Measures *measures, double *freshness)
{
	SignalSum	latest;
	double		age;

	*freshness = 1;
	if (rule->reading > 0)
		return rule->reading <= measures->readings ? measures->reading[rule->reading - 1] : NAN;
	if (!measures->own)
		return NAN;
	latest = signal_latest(measures->own, text_key((const char *) rule->signal.bytes, rule->signal.length), measures->as_of);
	if (latest.at == INSTANT_NEVER)
		return NAN;
	age = (double) (measures->as_of - latest.at) / DAY_LENGTH;
	if (rule->keep_days > 0 && age >= rule->keep_days)
		return NAN;
	if (rule->keep_days > 0 && rule->policy == RULE_CARRY)
		*freshness = 1 - age / rule->keep_days;
	return (double) latest.sum / latest.count / MONEY_UNIT;
}

/* Where the last knot is worth more than the first, higher is better. */
static bool
is_as_bad(const HealthRule *rule, double measure)
{
	return rule->value[rule->knots - 1] > rule->value[0] ? measure <= rule->veto_from : measure >= rule->veto_from;
}

static const HealthPolicy policy_of_rule[] = {
	[RULE_RENORMALISE] = HEALTH_RENORMALISE,
	[RULE_NEUTRAL] = HEALTH_NEUTRAL,
	[RULE_ZERO] = HEALTH_ZERO,
	[RULE_CARRY] = HEALTH_RENORMALISE,
	[RULE_PULSE] = HEALTH_PULSE,
};

/* True if a veto comes of it too. */
static bool
rule_apply(const HealthRule *rule, const Measures *measures, HealthSignal *signal, HealthSignal *veto)
{
	double		freshness;
	double		measure = measure_of(rule, measures, &freshness);

	*signal = (HealthSignal) {
		.component = rule->component,
		.signal = rule->signal,
		.policy = policy_of_rule[rule->policy],
		.weight = rule->weight,
		.normalizer = rule->normalizer,
		.count = rule->count,
	};
	if (!isnan(measure))
	{
		signal->freshness = (int32_t) lrint(freshness * FRESHNESS_UNIT);
		signal->known = signal->freshness > 0;
		if (signal->known)
			signal->value = llrint(normalize_piecewise(measure, rule->knot, rule->value, rule->knots) * VALUE_UNIT);
	}
	if (!rule->vetoes || isnan(measure) || !is_as_bad(rule, measure))
		return false;
	*veto = (HealthSignal) {
		.component = {(const uint8_t *) "veto", 4},
		.signal = rule->signal,
		.policy = HEALTH_VETO,
		.known = true,
		.freshness = FRESHNESS_UNIT,
		.value = rule->veto_cap,
		.count = rule->count,
	};
	return true;
}

int32_t
rules_apply(const HealthRule *rules, int32_t count, const Measures *measures, HealthSignal *signals)
{
	HealthSignal *veto = signals + count;

	for (int32_t i = 0; i < count; i++)
		veto += rule_apply(&rules[i], measures, &signals[i], veto);
	return (int32_t) (veto - signals);
}
