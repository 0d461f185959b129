/*
 * Churn: customers (or subscriptions) with a first day and perhaps a last, seen
 * over one period [from, to). A customer is in force on days started <= d < ended.
 * Opening is the end of the day before `from`, closing the end of the last day
 * of the period; so who starts or ends on `from` does so within the period.
 */
#ifndef CSMETRICS_CHURN_H
#define CSMETRICS_CHURN_H

#include "core/state.h"
#include "core/statistics.h"
#include "core/money.h"

typedef struct ChurnGroup
{
	int64_t		count;
	Money		mrr;
} ChurnGroup;

typedef struct Churn
{
	StateHeader header;
	int32_t		from;
	int32_t		to;
	int64_t		given;			/* customers given, whether the period touches them or not */
	ChurnGroup	opening;		/* in force before the period */
	ChurnGroup	churned;		/* of these, ended within it */
	ChurnGroup	joined;			/* started within it and in force at its end */
	ChurnGroup	intra_period;	/* started and ended within it */
	ChurnGroup	due;			/* had a renewal due within it */
	ChurnGroup	unrenewed;		/* of these, ended by that renewal */
} Churn;

extern const StateType churn_type;

#define DAY_NEVER INT32_MAX

typedef struct ChurnRow
{
	int32_t		started;		/* DAY_NEVER: not in force at all */
	int32_t		ended;			/* DAY_NEVER: in force still */
	int32_t		renews;			/* DAY_NEVER: no renewal known */
	Money		mrr;
} ChurnRow;

/* Adds one customer, or takes it out; false on overflow. */
bool		churn_add(Churn *churn, const ChurnRow *row, bool subtract);

typedef enum ChurnDenominator
{
	CHURN_START,
	CHURN_START_PLUS_NEW,
	CHURN_AVERAGE,
	CHURN_UP_FOR_RENEWAL
} ChurnDenominator;

/* NULL-terminated, in the order of ChurnDenominator */
extern const char *const churn_denominators[];

ChurnGroup	churn_closing(const Churn *churn);

/* Lost and base for a denominator, each doubled so that the average stays whole. */
void		churn_twice(const Churn *churn, ChurnDenominator denominator, ChurnGroup *lost, ChurnGroup *base);

/* 1 - (1 - rate)^(to_months / from_months): compounding, for rate <= 1 */
double		compound_churn(double rate, double from_months, double to_months);

#endif
