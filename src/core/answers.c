#include "core/answers.h"

#include "core/sort.h"
#include "core/text_key.h"

const char *const survey_words[] = {"nps", "csat", "ces", NULL};

const char *const answer_rule_words[] = {"last", "first", "mean", "all", NULL};

/* The scales, where an answer does not tell, and where they are brought to. */
typedef struct StandardScale
{
	int			lowest;
	int			highest;
	int			base;
	int			span;
} StandardScale;

static const StandardScale standard_scales[SURVEY_KINDS] = {
	{0, 10, 0, 1},				/* NPS: 0 and the score, in units */
	{1, 5, 1, 4},
	{1, 7, 1, 6},
};

/* Kinds, as rows have them. */
#define SURVEY_NPS 1

#define ANSWERED (ANSWER_SCORE | ANSWER_NO_AMOUNT)

static bool
unless_said(const Answer *answer, int32_t what, Money value)
{
	return (answer->says & what) || value == 0;
}

static bool
says_are_sound(const Answer *answer)
{
	return (answer->says & ~(ANSWER_LOWEST | ANSWER_HIGHEST | ANSWER_DIRECTION | ANSWER_HIGHER | ANSWERED | ANSWER_TICKET)) == 0 &&
		(!(answer->says & ANSWER_TICKET) || (answer->respondent != TEXT_KEY_NONE && answer->kind != SURVEY_NPS)) &&
		(answer->says & (ANSWER_DIRECTION | ANSWER_HIGHER)) != ANSWER_HIGHER &&
		(answer->says & ANSWERED) != ANSWERED &&
		unless_said(answer, ANSWER_SCORE, answer->score) &&
		unless_said(answer, ANSWER_LOWEST, answer->lowest) &&
		unless_said(answer, ANSWER_HIGHEST, answer->highest);
}

static const char *
answers_flaw(const void *state, int64_t rows)
{
	const Answers *answers = state;

	for (int i = 0; i < answers->bag.count; i++)
	{
		const Answer *answer = &answers->answer[i];

		if (!instant_is_valid_or_never(answer->responded) || !instant_is_valid_or_never(answer->sent))
			return "an instant is out of range";
		if (answer->responded == INSTANT_NEVER && (answer->sent == INSTANT_NEVER || (answer->says & ANSWERED)))
			return "an answer has no time";
		if (answer->kind < 1 || answer->kind > SURVEY_KINDS)
			return "unknown kind";
		if (!says_are_sound(answer))
			return "a value is out of range";
	}
	return bag_flaw(&answers_type, &answers->bag);
}

const StateType answers_type = {
	.name = "answers",
	.version = 1,
	.fields = BAG_FIELDS,
	.row = "lllkksssn",
	.count_max = ANSWERS_MAX,
	.row_count = bag_row_count,
	.flaw = answers_flaw,
	.close = bag_close,
};

bool
answer_as_of(const Answer *answer, int64_t as_of, Answer *known)
{
	*known = *answer;
	known->sent = instant_as_of(answer->sent, as_of);
	known->responded = instant_as_of(answer->responded, as_of);
	if (known->responded == INSTANT_NEVER)
	{
		known->says &= ~ANSWERED;
		known->score = 0;
	}
	return known->sent != INSTANT_NEVER || known->responded != INSTANT_NEVER;
}

/* False unless it is a score on its scale. */
static bool
scaled(const Answer *answer, const StandardScale *standard, ScaledAnswer *result)
{
	Money		lowest = (answer->says & ANSWER_LOWEST) ? answer->lowest : (Money) standard->lowest * MONEY_UNIT;
	Money		highest = (answer->says & ANSWER_HIGHEST) ? answer->highest : (Money) standard->highest * MONEY_UNIT;
	bool		reversed = (answer->says & (ANSWER_DIRECTION | ANSWER_HIGHER)) == ANSWER_DIRECTION;

	if (!(answer->says & ANSWER_SCORE) || answer->score < lowest || answer->score > highest || lowest == highest)
		return false;
	*result = (ScaledAnswer) {answer->respondent, answer->responded, .count = answer->count};
	if (standard == &standard_scales[SURVEY_NPS - 1])
	{
		/* promoters and detractors are known of two scales alone */
		if ((lowest != 0 && lowest != MONEY_UNIT) || highest != 10 * MONEY_UNIT)
			return false;
		result->part = reversed ? lowest + highest - answer->score : answer->score;
		result->length = MONEY_UNIT;
		return true;
	}
	result->part = reversed ? highest - answer->score : answer->score - lowest;
	result->length = highest - lowest;
	return true;
}

#define COMPARE(x, y) ((x) == (y) ? 0 : (x) < (y) ? -1 : 1)

/* By respondent, the last first, of these the lowest; then by scale, so that equal ones have one order. */
static int
compare_scaled(const void *a, const void *b)
{
	const ScaledAnswer *x = a;
	const ScaledAnswer *y = b;
	int			order = COMPARE(x->respondent, y->respondent);

	if (order == 0)
		order = COMPARE(y->responded, x->responded);
	if (order == 0)
		order = COMPARE((double) x->part / (double) x->length, (double) y->part / (double) y->length);
	if (order == 0)
		order = COMPARE(x->length, y->length);
	return order == 0 ? COMPARE(x->part, y->part) : order;
}

/* What counts as one, or of nobody as so many: rows that follow one another. */
typedef struct Voice
{
	const ScaledAnswer *answer;
	int			rows;
	int64_t		responded;
	int64_t		times;
} Voice;

/* The voice that begins with the first of so many rows; `*used` is how many of them are spent on it. */
static Voice
voice_of(const ScaledAnswer *answer, int rows, AnswerRule rule, int *used)
{
	Voice		voice = {answer, 1, answer->responded, answer->count};
	int			same = 1;

	*used = 1;
	if (rule == ANSWER_ALL || answer->respondent == TEXT_KEY_NONE)
		return voice;
	while (same < rows && answer[same].respondent == answer->respondent)
		same++;
	*used = same;
	voice.times = 1;
	if (rule == ANSWER_MEAN)
	{
		voice.rows = same;
		return voice;
	}
	if (rule == ANSWER_FIRST)
	{
		voice.responded = answer[same - 1].responded;
		while (voice.answer->responded != voice.responded)
			voice.answer++;
		voice.rows = (int) (answer + same - voice.answer);
		return voice;
	}
	while (voice.rows < same && answer[voice.rows].responded == voice.responded)
		voice.rows++;
	return voice;
}

/* The mean of what a voice is made of, from 0 to 1; of NPS, in points. */
static double
voice_mean(const Voice *voice)
{
	int64_t		count = 0;
	double		sum = 0;

	for (int i = 0; i < voice->rows; i++)
	{
		sum += (double) (voice->answer[i].part * voice->answer[i].count) / (double) voice->answer[i].length;
		count += voice->answer[i].count;
	}
	return sum / (double) count;
}

/*
 * Of single answers on one scale that follow one another the parts are added
 * exactly, and divided once: a part is below 2^82 and all counts together below
 * 2^22. Those of several rows are added as they are.
 */
static bool
scaled_mean(const ScaledAnswer *answer, int rows, const StandardScale *standard, AnswerRule rule, int64_t from, double *mean)
{
	Money		length = 0;
	Money		parts = 0;
	int64_t		alike = 0;
	int64_t		count = 0;
	double		sum = 0;

	for (int i = 0, used; i < rows; i += used)
	{
		Voice		voice = voice_of(answer + i, rows - i, rule, &used);

		if (voice.responded < from)
			continue;
		count += voice.times;
		if (voice.rows > 1)
		{
			sum += standard->base + standard->span * voice_mean(&voice);
			continue;
		}
		if (voice.answer->length != length && alike > 0)
		{
			sum += (double) (standard->base * length * alike + standard->span * parts) / (double) length;
			parts = alike = 0;
		}
		length = voice.answer->length;
		parts += voice.answer->part * voice.times;
		alike += voice.times;
	}
	if (alike > 0)
		sum += (double) (standard->base * length * alike + standard->span * parts) / (double) length;
	if (count > 0)
		*mean = sum / (double) count;
	return count > 0;
}

bool
answers_mean(const Answers *answers, int kind, int64_t from, int64_t to, AnswerRule rule, ScaledAnswer *scratch, double *mean)
{
	const StandardScale *standard = &standard_scales[kind - 1];
	int			rows = 0;

	/* rows are in the order of `responded`; those without an answer come last */
	for (int i = 0; i < answers->bag.count && answers->answer[i].responded < to; i++)
	{
		const Answer *answer = &answers->answer[i];

		/* of those about one ticket the first may be the one that counts, and the mean is that of all */
		if (answer->count > 0 && answer->kind == kind && (answer->responded >= from || (answer->says & ANSWER_TICKET)) &&
			scaled(answer, standard, &scratch[rows]))
			rows++;
	}
	sort_rows(scratch, rows, sizeof(ScaledAnswer), compare_scaled);
	return scaled_mean(scratch, rows, standard, rule, from, mean);
}
