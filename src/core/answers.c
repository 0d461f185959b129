#include "core/answers.h"

const char *const survey_words[] = {"nps", "csat", "ces", NULL};

#define ANSWERED (ANSWER_SCORE | ANSWER_NO_AMOUNT)

static bool
unless_said(const Answer *answer, int32_t what, Money value)
{
	return (answer->says & what) || value == 0;
}

static bool
says_are_sound(const Answer *answer)
{
	return (answer->says & ~(ANSWER_LOWEST | ANSWER_HIGHEST | ANSWER_DIRECTION | ANSWER_HIGHER | ANSWERED)) == 0 &&
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

static size_t
close_state(void *state)
{
	return bag_close(&answers_type, state);
}

const StateType answers_type = {
	.name = "answers",
	.version = 1,
	.fields = BAG_FIELDS,
	.row = "lllkksssn",
	.count_max = ANSWERS_MAX,
	.row_count = bag_row_count,
	.flaw = answers_flaw,
	.close = close_state,
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
