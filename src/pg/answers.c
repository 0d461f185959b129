#include "pg/arguments.h"
#include "pg/bag.h"
#include "pg/money.h"
#include "pg/results.h"
#include "pg/times.h"

#include "core/answers.h"

STATE_IO(answers, answers_type);
GROWING_STATE_GROUP(answers, answers_type, bag_combine);

/* The amount of argument n if it is given, saying `what`. */
static Money
scale_arg(FunctionCallInfo fcinfo, int n, int32 what, int32 *says)
{
	if (PG_ARGISNULL(n))
		return 0;
	*says |= what;
	return money_arg(fcinfo, n);
}

/* Arguments from 6 on: lowest, highest, higher_is_better */
static void
read_scale(FunctionCallInfo fcinfo, Answer *answer)
{
	answer->lowest = scale_arg(fcinfo, 6, ANSWER_LOWEST, &answer->says);
	answer->highest = scale_arg(fcinfo, 7, ANSWER_HIGHEST, &answer->says);
	if (!PG_ARGISNULL(6) && !PG_ARGISNULL(7) && answer->lowest >= answer->highest)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lowest %s is not below highest %s", numeric_text(PG_GETARG_DATUM(6)), numeric_text(PG_GETARG_DATUM(7))),
				 errhint("They are the ends of the scale; higher_is_better says which of them is good.")));
	if (!PG_ARGISNULL(8))
		answer->says |= PG_GETARG_BOOL(8) ? ANSWER_DIRECTION | ANSWER_HIGHER : ANSWER_DIRECTION;
}

/* One of transactions: of a ticket each respondent has one. NPS is about the whole, whatever it was asked after. */
static void
read_ticket(FunctionCallInfo fcinfo, Answer *answer)
{
	int64		ticket = PG_NARGS() > 9 ? text_key_arg(fcinfo, 9) : TEXT_KEY_NONE;

	if (ticket == TEXT_KEY_NONE || answer->respondent == TEXT_KEY_NONE || strcmp(survey_words[answer->kind - 1], "nps") == 0)
		return;
	answer->respondent = text_key_of_two(answer->respondent, ticket);
	answer->says |= ANSWER_TICKET;
}

/* Arguments: state, kind, score, responded_at, sent_at, respondent, lowest, highest, higher_is_better [, ticket] */
static Datum
add_answer(FunctionCallInfo fcinfo)
{
	Bag		   *bag = bag_own(fcinfo, &answers_type);
	Answer		answer = {
		.responded = open_instant_arg(fcinfo, 3, "responded_at"),
		.sent = open_instant_arg(fcinfo, 4, "sent_at"),
		.respondent = text_key_arg(fcinfo, 5),
		.count = 1,
	};

	if (answer.responded != INSTANT_NEVER || answer.sent != INSTANT_NEVER)
	{
		answer.kind = 1 + choice_arg(fcinfo, 1, "survey kind", survey_words);
		if (!PG_ARGISNULL(2))
		{
			bool		is_amount = money_try_numeric(PG_GETARG_DATUM(2), &answer.score);

			answer.says = is_amount ? ANSWER_SCORE : ANSWER_NO_AMOUNT;
			/* an answer without a time came no sooner than this */
			if (answer.responded == INSTANT_NEVER)
				answer.responded = answer.sent;
		}
		read_scale(fcinfo, &answer);
		read_ticket(fcinfo, &answer);
		bag = bag_with(&answers_type, bag, &answer, false);
	}
	return bag_result(fcinfo, &answers_type, bag);
}

SQL_FUNCTION(answers_add, add_answer(fcinfo));

static void
put_amount_if(RowBuilder *row, bool known, Money value)
{
	if (known)
		row_put(row, money_to_numeric(value));
	else
		row_put_null(row);
}

static void
put_answer(RowBuilder *row, const Answer *answer, bool with_ticket)
{
	row_put_text(row, survey_words[answer->kind - 1]);
	row_put_instant(row, answer->sent);
	row_put_instant(row, answer->responded);
	if (answer->says & ANSWER_NO_AMOUNT)
		row_put(row, numeric_from_text("NaN"));
	else
		put_amount_if(row, answer->says & ANSWER_SCORE, answer->score);
	if (answer->respondent == TEXT_KEY_NONE)
		row_put_null(row);
	else
		row_put(row, Int64GetDatum(answer->respondent));
	put_amount_if(row, answer->says & ANSWER_LOWEST, answer->lowest);
	put_amount_if(row, answer->says & ANSWER_HIGHEST, answer->highest);
	if (answer->says & ANSWER_DIRECTION)
		row_put(row, BoolGetDatum((answer->says & ANSWER_HIGHER) != 0));
	else
		row_put_null(row);
	if (with_ticket)
		row_put(row, BoolGetDatum((answer->says & ANSWER_TICKET) != 0));
	row_end(row);
}

/* Arguments: answers, as_of */
static Datum
list(FunctionCallInfo fcinfo, bool with_ticket)
{
	const Answers *answers = state_arg(fcinfo, 0, &answers_type);
	RowBuilder	row = rows_begin(fcinfo);
	Answer		known;

	for (int i = 0; i < answers->bag.count; i++)
		if (answer_as_of(&answers->answer[i], PG_GETARG_TIMESTAMPTZ(1), &known))
			for (int64 n = 0; n < known.count; n++)
			{
				CHECK_FOR_INTERRUPTS();
				put_answer(&row, &known, with_ticket);
			}
	return (Datum) 0;
}

SQL_FUNCTION(answer_facts, list(fcinfo, false));
SQL_FUNCTION(answer_facts_of_tickets, list(fcinfo, true));

/* Arguments: answers, kind, from_at, to_at [, answer_rule] */
static Datum
mean_of_kind(FunctionCallInfo fcinfo)
{
	const Answers *answers = state_arg(fcinfo, 0, &answers_type);
	int			kind = 1 + choice_arg(fcinfo, 1, "survey kind", survey_words);
	AnswerRule	rule = PG_NARGS() > 4 ? choice_arg(fcinfo, 4, "answer rule", answer_rule_words) : ANSWER_LAST;
	ScaledAnswer *scratch = palloc(answers->bag.count * sizeof(ScaledAnswer));
	double		mean = 0;
	bool		known;
	int64		from,
				to;

	instant_range_args(fcinfo, 2, &from, &to);
	known = answers_mean(answers, kind, from, to, rule, scratch, &mean);
	return float8_if(fcinfo, known, mean);
}

SQL_FUNCTION(mean_answer, mean_of_kind(fcinfo));
