#include "pg/arguments.h"
#include "pg/bag.h"
#include "pg/money.h"
#include "pg/results.h"

#include "core/survey.h"

STATE_IO(survey, survey_type);
GROWING_STATE_GROUP(survey, survey_type, bag_combine);

static const Survey *
survey_arg(FunctionCallInfo fcinfo)
{
	return state_arg(fcinfo, 0, &survey_type);
}

static bool
try_score(Datum value, Money *score)
{
	return money_try_numeric(value, score) && money_within(*score, SCORE_LIMIT + 1);
}

/* Arguments: state, score */
static Datum
accumulate(FunctionCallInfo fcinfo, bool subtract)
{
	Survey	   *survey = (Survey *) bag_own(fcinfo, &survey_type);
	SurveyRow	row = {.count = 1};
	SurveyTally one = {.given = 1};

	if (PG_ARGISNULL(1))
		one.missing = 1;
	else if (try_score(PG_GETARG_DATUM(1), &row.score))
		survey = (Survey *) bag_with(&survey_type, &survey->bag, &row, subtract);
	else
		one.rejected = 1;
	if (fields_merge(SURVEY_TALLY_FIELDS, &survey->tally, &one, subtract) != MERGE_DONE)
		overflow_error(&survey_type);
	if (survey->tally.given == 0)
		PG_RETURN_NULL();
	return bag_result(fcinfo, &survey_type, &survey->bag);
}

SQL_FUNCTION(survey_agg_add, accumulate(fcinfo, false));
SQL_FUNCTION(survey_agg_remove, accumulate(fcinfo, true));

static Money
score_arg(FunctionCallInfo fcinfo, int n, const char *what)
{
	Money		score;

	if (!try_score(PG_GETARG_DATUM(n), &score))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s %s is not a score", what, numeric_text(PG_GETARG_DATUM(n))),
				 errdetail("Scores lie between -10^9 and 10^9; six decimals are kept.")));
	return score;
}

static char *
score_text(Money score)
{
	return numeric_text(money_to_numeric(score));
}

/* Arguments n and n + 1 */
static Scale
scale_arg(FunctionCallInfo fcinfo, int n)
{
	Scale		scale = {score_arg(fcinfo, n, "lowest"), score_arg(fcinfo, n + 1, "highest")};

	if (scale.lowest >= scale.highest)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("highest %s is not above lowest %s", score_text(scale.highest), score_text(scale.lowest)),
				 errhint("A scale goes from its lowest score to its highest, both included; what is better is no matter of the scale.")));
	return scale;
}

SQL_FUNCTION(survey_answer_count, Int64GetDatum(survey_count(survey_arg(fcinfo), all_scores())));
SQL_FUNCTION(survey_answer_count_on_scale, Int64GetDatum(survey_count(survey_arg(fcinfo), scale_arg(fcinfo, 1))));
SQL_FUNCTION(survey_missing_count, Int64GetDatum(survey_arg(fcinfo)->tally.missing));
SQL_FUNCTION(survey_promoter_count, Int64GetDatum(survey_nps_groups(survey_arg(fcinfo)).promoters));
SQL_FUNCTION(survey_passive_count, Int64GetDatum(survey_nps_groups(survey_arg(fcinfo)).passives));
SQL_FUNCTION(survey_detractor_count, Int64GetDatum(survey_nps_groups(survey_arg(fcinfo)).detractors));

/* Arguments: state, lowest, highest */
static Datum
rejected_count(FunctionCallInfo fcinfo)
{
	const Survey *survey = survey_arg(fcinfo);
	int64		off_scale = survey_count(survey, all_scores()) - survey_count(survey, scale_arg(fcinfo, 1));

	PG_RETURN_INT64(survey->tally.rejected + off_scale);
}

/* Arguments: state, at_least */
static Datum
small_sample(FunctionCallInfo fcinfo)
{
	int			at_least = PG_GETARG_INT32(1);

	if (at_least < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("at_least %d is not at least 1", at_least)));
	PG_RETURN_BOOL(survey_count(survey_arg(fcinfo), all_scores()) < at_least);
}

SQL_FUNCTION(survey_rejected_count, rejected_count(fcinfo));
SQL_FUNCTION(survey_small_sample, small_sample(fcinfo));

/* The share that some answers are of others, where it is known. */
typedef struct Share
{
	int64		part;
	int64		whole;
	bool		known;
} Share;

static Share
share_of(const Survey *survey, int64 part, int64 whole)
{
	return (Share) {part, whole, whole > 0 && survey_is_whole(survey)};
}

static Datum
share_result(FunctionCallInfo fcinfo, Share share)
{
	return float8_if(fcinfo, share.known, (double) share.part / share.whole);
}

static Datum
share_interval(FunctionCallInfo fcinfo, Share share, double confidence)
{
	Bounds		interval = {0};

	if (share.known)
		interval = wilson_interval(share.part, share.whole, confidence);
	return interval_if(fcinfo, share.known, interval);
}

static Share
response(FunctionCallInfo fcinfo)
{
	const Survey *survey = survey_arg(fcinfo);

	return share_of(survey, survey->tally.given - survey->tally.missing, survey->tally.given);
}

/* Arguments: state, satisfied_from [, lowest, highest] */
static Share
satisfied(FunctionCallInfo fcinfo, bool has_scale)
{
	const Survey *survey = survey_arg(fcinfo);
	Money		from = score_arg(fcinfo, 1, "satisfied_from");
	Scale		scale = has_scale ? scale_arg(fcinfo, 2) : all_scores();

	if (from < scale.lowest || from > scale.highest)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("satisfied_from %s is not between lowest %s and highest %s",
						score_text(from), score_text(scale.lowest), score_text(scale.highest))));
	return share_of(survey, survey_count(survey, (Scale) {from, scale.highest}), survey_count(survey, scale));
}

SQL_FUNCTION(survey_response_rate, share_result(fcinfo, response(fcinfo)));
SQL_FUNCTION(survey_response_rate_interval, share_interval(fcinfo, response(fcinfo), confidence_arg(fcinfo, 1)));
SQL_FUNCTION(survey_csat, share_result(fcinfo, satisfied(fcinfo, false)));
SQL_FUNCTION(survey_csat_on_scale, share_result(fcinfo, satisfied(fcinfo, true)));
SQL_FUNCTION(survey_csat_interval, share_interval(fcinfo, satisfied(fcinfo, false), confidence_arg(fcinfo, 2)));
SQL_FUNCTION(survey_csat_interval_on_scale, share_interval(fcinfo, satisfied(fcinfo, true), confidence_arg(fcinfo, 4)));

static Datum
nps(FunctionCallInfo fcinfo)
{
	const Survey *survey = survey_arg(fcinfo);
	NpsGroups	groups = survey_nps_groups(survey);

	return float8_if(fcinfo, nps_answers(groups) > 0 && survey_is_whole(survey), nps_score(groups));
}

/* Arguments: state, confidence, method */
static Datum
nps_interval(FunctionCallInfo fcinfo)
{
	const Survey *survey = survey_arg(fcinfo);
	NpsGroups	groups = survey_nps_groups(survey);
	double		confidence = confidence_arg(fcinfo, 1);
	NpsMethod	method = choice_arg(fcinfo, 2, "method", nps_methods);

	return interval_if(fcinfo, nps_answers(groups) > 0 && survey_is_whole(survey), nps_bounds(groups, method, confidence));
}

SQL_FUNCTION(survey_nps, nps(fcinfo));
SQL_FUNCTION(survey_nps_interval, nps_interval(fcinfo));

static Datum
mean_score(FunctionCallInfo fcinfo)
{
	const Survey *survey = survey_arg(fcinfo);
	ScoreSums	sums = survey_sums(survey, all_scores());

	return float8_if(fcinfo, sums.count > 0 && survey_is_whole(survey), scores_mean(&sums));
}

static Datum
score_stddev(FunctionCallInfo fcinfo)
{
	const Survey *survey = survey_arg(fcinfo);
	ScoreSums	sums = survey_sums(survey, all_scores());

	return float8_if(fcinfo, sums.count > 1 && survey_is_whole(survey), scores_stddev(&sums));
}

SQL_FUNCTION(survey_mean_score, mean_score(fcinfo));
SQL_FUNCTION(survey_score_stddev, score_stddev(fcinfo));

/* Arguments of the readers of effort: state, lowest, highest, higher_is_better [, confidence] */
static EffortScale
effort_arg(FunctionCallInfo fcinfo)
{
	return (EffortScale) {scale_arg(fcinfo, 1), PG_GETARG_BOOL(3)};
}

static Datum
ces(FunctionCallInfo fcinfo)
{
	const Survey *survey = survey_arg(fcinfo);
	EffortScale effort = effort_arg(fcinfo);
	ScoreSums	sums = survey_sums(survey, effort.scale);

	return float8_if(fcinfo, sums.count > 0 && survey_is_whole(survey), effort_mean(effort, &sums));
}

static Datum
ces_interval(FunctionCallInfo fcinfo)
{
	const Survey *survey = survey_arg(fcinfo);
	EffortScale effort = effort_arg(fcinfo);
	double		confidence = confidence_arg(fcinfo, 4);
	ScoreSums	sums = survey_sums(survey, effort.scale);
	bool		known = sums.count > 1 && survey_is_whole(survey);
	Bounds		interval = {0};

	if (known)
		interval = effort_bounds(effort, &sums, confidence);
	return interval_if(fcinfo, known, interval);
}

static Share
easy(FunctionCallInfo fcinfo)
{
	const Survey *survey = survey_arg(fcinfo);
	EffortScale effort = effort_arg(fcinfo);

	return share_of(survey, survey_count(survey, effort_easy_part(effort)), survey_count(survey, effort.scale));
}

SQL_FUNCTION(survey_ces, ces(fcinfo));
SQL_FUNCTION(survey_ces_interval, ces_interval(fcinfo));
SQL_FUNCTION(survey_ces_share, share_result(fcinfo, easy(fcinfo)));
