/*
 * Adoption: how many of the accounts that may use a feature did so in a window of
 * days, and how long it took them to.
 *
 * Named counts of accounts, by feature and number: a handful of numbers for
 * totals, and from 0 on two for each number of days, those whose first use came
 * after so many, and those that had none so far.
 */
#ifndef CSMETRICS_ADOPTION_H
#define CSMETRICS_ADOPTION_H

#include "core/durations.h"
#include "core/feature_usage.h"

typedef enum AdoptionForm
{
	ADOPTION_OPEN,				/* every account that was active in the window may use every feature */
	ADOPTION_ENTITLED,			/* each account may use the features of a list */
	ADOPTION_TIMED				/* likewise, and has a day of start */
} AdoptionForm;

typedef enum AdoptionNumber
{
	ADOPTION_USED = -4,			/* without lists: used before the end of the window, so that the feature is known */
	ADOPTION_ADOPTED,			/* used in the window, by who may */
	ADOPTION_UNENTITLED,		/* used in the window, by who may not */
	ADOPTION_ELIGIBLE			/* with lists */
} AdoptionNumber;

typedef struct Adoption
{
	StateHeader header;
	int32_t		from;
	int32_t		to;
	int32_t		form;
	int32_t		beyond;			/* uses that adopting takes beyond the first */
	int64_t		given;			/* accounts given */
	int64_t		active;			/* of these, with any feature in the window */
	NamedCounts counts;
} Adoption;

extern const StateType adoption_type;

/* An account: its usage may be NULL, its features are in order and each once; `started` only counts with ADOPTION_TIMED. */
typedef struct AdoptionAccount
{
	const FeatureUsage *usage;
	size_t		size;
	const Utf8Name *entitled;
	int			entitled_count;
	bool		has_start;
	int32_t		started;
} AdoptionAccount;

typedef struct AdoptionFact
{
	Utf8Name	feature;
	int32_t		number;
} AdoptionFact;

/* At most so many facts has an account. */
int64_t		adoption_facts_max(const AdoptionAccount *account);

/* Writes what counts of an account by the window and form of a state; how many facts. Tells if it was active there. */
int64_t		adoption_facts(const Adoption *adoption, const AdoptionAccount *account, AdoptionFact *facts, bool *active);

/* What a finished state tells of one feature. */
typedef struct FeatureAdoption
{
	int64_t		eligible;
	int64_t		adopters;
	int64_t		unentitled;
	int32_t		lengths;		/* different numbers of days, of users and others */
	bool		whole;			/* no count is below zero */
} FeatureAdoption;

FeatureAdoption adoption_read(const Adoption *adoption, const NamedWalk *walk);

/* Fills a zeroed state with the days to adopt, which has room for that many rows. */
void		adoption_durations(const NamedWalk *walk, Durations *durations);

#endif
