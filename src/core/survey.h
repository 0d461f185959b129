/*
 * Survey: the scores that people gave, each with how often it was given. What
 * scale they are on is for the reader to say, so one state answers for NPS, CSAT
 * and CES alike. Scores keep six decimals, and all comparisons are exact.
 */
#ifndef CSMETRICS_SURVEY_H
#define CSMETRICS_SURVEY_H

#include "core/bag.h"
#include "core/money.h"
#include "core/statistics.h"
#include "core/wide.h"

typedef struct SurveyRow
{
	Money		score;
	int64_t		count;
} SurveyRow;

typedef struct SurveyTally
{
	int64_t		given;			/* all that were asked: missing, rejected, and the counts of the rows */
	int64_t		missing;		/* gave no answer */
	int64_t		rejected;		/* gave one that is no score */
} SurveyTally;

#define SURVEY_TALLY_FIELDS "nnn"

typedef struct Survey
{
	Bag			bag;
	SurveyTally tally;
	SurveyRow	row[];			/* by score */
} Survey;

extern const StateType survey_type;

/* Scores lie between -10^9 and 10^9. */
#define SCORE_LIMIT ((Money) 1000000000 * MONEY_UNIT)

static inline Money
score_of(int whole)
{
	return (Money) whole * MONEY_UNIT;
}

/* Scores from lowest to highest, both included. */
typedef struct Scale
{
	Money		lowest;
	Money		highest;
} Scale;

static inline Scale
all_scores(void)
{
	return (Scale) {-SCORE_LIMIT, SCORE_LIMIT};
}

/* Answers on the scale. */
int64_t		survey_count(const Survey *survey, Scale scale);

/* False where a count is below zero, as after unmerge: then no share or mean is known. */
bool		survey_is_whole(const Survey *survey);

typedef struct NpsGroups
{
	int64_t		promoters;
	int64_t		passives;
	int64_t		detractors;
} NpsGroups;

NpsGroups	survey_nps_groups(const Survey *survey);

static inline int64_t
nps_answers(NpsGroups groups)
{
	return groups.promoters + groups.passives + groups.detractors;
}

/* -100 to 100; there must be answers. */
double		nps_score(NpsGroups groups);

typedef enum NpsMethod
{
	NPS_ADJUSTED_WALD,
	NPS_WALD
} NpsMethod;

/* NULL-terminated, in the order of NpsMethod */
extern const char *const nps_methods[];

/* Not cut to -100 and 100. */
Bounds		nps_bounds(NpsGroups groups, NpsMethod method, double confidence);

/* Count, sum and sum of squares of the answers on a scale, exact. */
typedef struct ScoreSums
{
	int64_t		count;
	Money		sum;
	Int256		squares;		/* in square millionths */
} ScoreSums;

ScoreSums	survey_sums(const Survey *survey, Scale scale);

/* There must be one answer, for the deviation two. */
double		scores_mean(const ScoreSums *sums);
double		scores_stddev(const ScoreSums *sums);

/* The scale of a customer effort score: its ends and which of them is the easy one. */
typedef struct EffortScale
{
	Scale		scale;
	bool		higher_is_better;
} EffortScale;

/* The mean of the answers on the scale, brought to 1..7, 7 being the easiest. */
double		effort_mean(EffortScale effort, const ScoreSums *sums);

/* Student's interval of that mean, for two answers or more; not cut to 1 and 7. */
Bounds		effort_bounds(EffortScale effort, const ScoreSums *sums, double confidence);

/* The part of the scale that comes to 5 or more on 1..7. */
Scale		effort_easy_part(EffortScale effort);

#endif
