/*
 * Answers: what one account was asked by surveys and what it answered, a bag of
 * the questions sent and the answers given.
 */
#ifndef CSMETRICS_ANSWERS_H
#define CSMETRICS_ANSWERS_H

#include "core/bag.h"
#include "core/instant.h"
#include "core/money.h"

/* So many can be listed one by one. */
#define ANSWERS_MAX STATE_ROWS_MAX

extern const char *const survey_words[];	/* nps, csat, ces; NULL-terminated */

#define SURVEY_KINDS 3

/* What a row says; the fields that it does not speak of are zero. */
#define ANSWER_LOWEST		0x01	/* the scale's ends are given */
#define ANSWER_HIGHEST		0x02
#define ANSWER_DIRECTION	0x04	/* it is known which end is the better */
#define ANSWER_HIGHER		0x08	/* the higher one is */
#define ANSWER_SCORE		0x10	/* answered with a score */
#define ANSWER_NO_AMOUNT	0x20	/* answered with something that no scale can have: NaN, infinite, too large */
#define ANSWER_TICKET		0x40	/* it is about a ticket: the key is that of the respondent and the ticket */

typedef struct Answer
{
	int64_t		responded;		/* or never; known where there is an answer */
	int64_t		sent;			/* or never; not both */
	int64_t		respondent;		/* a text key, of two where it is about a ticket; or none */
	int32_t		kind;			/* 1 and the index in survey_words */
	int32_t		says;
	Money		score;
	Money		lowest;
	Money		highest;
	int64_t		count;			/* rows that say just this */
} Answer;

typedef struct Answers
{
	Bag			bag;
	Answer		answer[];
} Answers;

extern const StateType answers_type;

/* What was known at `as_of`; false if nothing was. */
bool		answer_as_of(const Answer *answer, int64_t as_of, Answer *known);

/* Of several answers of one respondent in a window, or about one ticket, which counts. */
typedef enum AnswerRule
{
	ANSWER_LAST,
	ANSWER_FIRST,
	ANSWER_MEAN,				/* their mean, as one that came with the last */
	ANSWER_ALL					/* all of them, each as one */
} AnswerRule;

extern const char *const answer_rule_words[];

/* An answer on its scale, brought to the standard one of its kind: base + span * part / length. */
typedef struct ScaledAnswer
{
	int64_t		respondent;
	int64_t		responded;
	Money		part;			/* from 0 to length; of NPS, the score itself, the other way round where lower is better */
	Money		length;			/* of its own scale, above 0 */
	int64_t		count;
} ScaledAnswer;

/*
 * The mean score of the answers of that kind given on instants from <= t < to,
 * of those of one respondent by the rule, on the standard scale: CSAT 1 to 5,
 * CES 1 to 7, higher being better; NPS on its own, from 0 or 1 to 10. Those about
 * one ticket count where the one that the rule says was given. What a respondent
 * answered at one instant is one response, worth its mean. False if there is
 * none. `scratch` has room for a row each.
 */
bool		answers_mean(const Answers *answers, int kind, int64_t from, int64_t to, AnswerRule rule, ScaledAnswer *scratch,
						 double *mean);

#endif
