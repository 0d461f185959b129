#include "core/survey.h"

#include <math.h>

#include "core/distributions.h"

static const char *
survey_flaw(const void *state, int64_t rows)
{
	const Survey *survey = state;
	const char *flaw = bag_flaw(&survey_type, &survey->bag);
	int64_t		answers = 0;

	if (flaw)
		return flaw;
	for (int64_t i = 0; i < rows; i++)
	{
		if (!money_within(survey->row[i].score, SCORE_LIMIT + 1))
			return "a score is out of range";
		answers += survey->row[i].count;
	}
	if (survey->tally.given != survey->tally.missing + survey->tally.rejected + answers)
		return "counts do not add up";
	return NULL;
}

const StateType survey_type = {
	.name = "survey",
	.version = 1,
	.fields = BAG_FIELDS SURVEY_TALLY_FIELDS,
	.row = "sn",
	.row_count = bag_row_count,
	.flaw = survey_flaw,
	.close = bag_close,
};

const char *const nps_methods[] = {"adjusted_wald", "wald", NULL};

static bool
on_scale(Scale scale, Money score)
{
	return score >= scale.lowest && score <= scale.highest;
}

int64_t
survey_count(const Survey *survey, Scale scale)
{
	int64_t		count = 0;

	for (int32_t i = 0; i < survey->bag.count; i++)
		if (on_scale(scale, survey->row[i].score))
			count += survey->row[i].count;
	return count;
}

bool
survey_is_whole(const Survey *survey)
{
	for (int32_t i = 0; i < survey->bag.count; i++)
		if (survey->row[i].count < 0)
			return false;
	return survey->tally.missing >= 0 && survey->tally.rejected >= 0;
}

/*
 * Net Promoter Score: 0 to below 7 detractors, 7 to below 9 passives, 9 to 10
 * promoters. Half open, so that 6.5 and 8.5 belong somewhere.
 * Source: F. F. Reichheld, "The One Number You Need to Grow", HBR 81 (2003).
 */
NpsGroups
survey_nps_groups(const Survey *survey)
{
	/* scores are whole millionths: the one below 7 is 7 - 0.000001 */
	return (NpsGroups) {
		.promoters = survey_count(survey, (Scale) {score_of(9), score_of(10)}),
		.passives = survey_count(survey, (Scale) {score_of(7), score_of(9) - 1}),
		.detractors = survey_count(survey, (Scale) {score_of(0), score_of(7) - 1}),
	};
}

double
nps_score(NpsGroups groups)
{
	return 100.0 * (groups.promoters - groups.detractors) / nps_answers(groups);
}

/*
 * With shares p of promoters and d of detractors, one answer has the variance
 * p + d - (p - d)^2. The adjusted Wald interval does the same with three answers
 * more, 3/4 of them promoters, 3/4 detractors and the rest passives.
 * Source: B. Rocks, "Interval Estimation for the Net Promoter Score", The
 * American Statistician 70 (2016) 365-372.
 */
Bounds
nps_bounds(NpsGroups groups, NpsMethod method, double confidence)
{
	double		more = method == NPS_ADJUSTED_WALD ? 3 : 0;
	double		n = nps_answers(groups) + more;
	double		p = (groups.promoters + more / 4) / n;
	double		d = (groups.detractors + more / 4) / n;
	/* p + d - (p - d)^2 as a sum of what is not negative, so that no rounding takes it below zero */
	double		variance = 4 * p * d + (p + d) * ((groups.passives + more / 2) / n);
	double		half = normal_quantile_two_sided(confidence) * sqrt(variance / n);

	return (Bounds) {100 * (p - d - half), 100 * (p - d + half)};
}

ScoreSums
survey_sums(const Survey *survey, Scale scale)
{
	ScoreSums	sums = {0};

	for (int32_t i = 0; i < survey->bag.count; i++)
	{
		const SurveyRow *row = &survey->row[i];

		/* |score| <= 10^15 millionths and all counts together below 2^59: the sum stays below 2^109 */
		if (!on_scale(scale, row->score))
			continue;
		sums.count += row->count;
		sums.sum += row->score * row->count;
		int256_add_product(&sums.squares, row->score * row->count, row->score);
	}
	return sums;
}

double
scores_mean(const ScoreSums *sums)
{
	return (double) sums->sum / ((double) sums->count * MONEY_UNIT);
}

/* sqrt((n sum x^2 - (sum x)^2) / (n (n - 1))), the difference in integers, so that nothing cancels */
double
scores_stddev(const ScoreSums *sums)
{
	Int512		n = int512_from_money(sums->count);
	Int512		sum = int512_from_money(sums->sum);
	double		squares = int512_to_double(int512_subtract(int512_multiply(n, int512_from_int256(&sums->squares)),
														   int512_multiply(sum, sum)));

	return sqrt(squares / ((double) sums->count * (double) (sums->count - 1))) / MONEY_UNIT;
}

static Money
scale_length(Scale scale)
{
	return scale.highest - scale.lowest;
}

/*
 * 1 + 6 (x - lowest) / (highest - lowest), counted from the other end where low
 * scores are the good ones: the seven-point agreement of CES 2.0.
 * Source: M. Dixon, N. Toman, R. DeLisi, "The Effortless Experience" (2013), for
 * the seven-point scale; the rescaling is linear.
 */
double
effort_mean(EffortScale effort, const ScoreSums *sums)
{
	Money		whole = sums->count * scale_length(effort.scale);
	Money		from_hard_end = effort.higher_is_better ?
		sums->sum - sums->count * effort.scale.lowest : sums->count * effort.scale.highest - sums->sum;

	return (double) (whole + 6 * from_hard_end) / (double) whole;
}

Bounds
effort_bounds(EffortScale effort, const ScoreSums *sums, double confidence)
{
	double		mean = effort_mean(effort, sums);
	double		stddev = 6 * scores_stddev(sums) * MONEY_UNIT / (double) scale_length(effort.scale);
	double		half = student_quantile_two_sided(confidence, sums->count - 1.0) * stddev / sqrt(sums->count);

	return (Bounds) {mean - half, mean + half};
}

/* 1 + 6 (x - lowest) / length >= 5 where 3 (x - lowest) >= 2 length: rounded towards the easy end, no score is lost */
Scale
effort_easy_part(EffortScale effort)
{
	Scale		easy = effort.scale;
	Money		hard = (2 * scale_length(easy) + 2) / 3;

	if (effort.higher_is_better)
		easy.lowest += hard;
	else
		easy.highest -= hard;
	return easy;
}
