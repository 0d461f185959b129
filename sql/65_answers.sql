-- The survey history of one account: answers, its aggregate and its reader.
CALL csmetrics.define_state('answers', has_final => true);
COMMENT ON TYPE csmetrics.answers IS
'What one account was asked by NPS, CSAT and CES surveys and what it answered, 88 bytes a row. Built by answer_agg; keeps time, so it can be read as of any instant; adds up by merge and rollup, to at most 2^21 rows. Respondents are kept as keys of 64 bits, which tell them apart, not as text.';

CALL csmetrics.define_agg('answer_agg',
    'kind text, score numeric, responded_at timestamptz, sent_at timestamptz, respondent text, lowest numeric, highest numeric, higher_is_better boolean',
    'answers', 256, add => 'answers_add', removable => false, comment =>
'The survey history of one account, one row a question sent or answered: its kind (nps, csat or ces), the score (NULL: sent and not answered), when it was answered and when it was sent (NULL or infinity: not yet, or not known), by whom, the ends of its scale and whether higher is better (NULL: as usual for the kind). Rows with neither responded_at nor sent_at are left out; a score without responded_at counts as given when the question was sent. Scores are kept to six decimals; one that is not finite or beyond 10^18 is kept as NaN, for surveys to reject. Another kind, or lowest not below highest: SQLSTATE 22023; no kind: 22004; an end of the scale that is not finite or beyond 10^18: 22003; an instant of -infinity or outside the years 1 to 9999: 22008; more than 2^21 rows: 54000. NULL without rows.');

CREATE FUNCTION csmetrics.answer_facts(history csmetrics.answers, as_of timestamptz,
    OUT kind text, OUT sent_at timestamptz, OUT responded_at timestamptz, OUT score numeric, OUT respondent bigint, OUT lowest numeric, OUT highest numeric, OUT higher_is_better boolean)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.answer_facts(csmetrics.answers, timestamptz) IS
'One row a question sent or answered by as_of, as it was known then, in no order that means anything: an answer that came later is not answered yet, with NULL score and responded_at; sent_at is NULL if it is not known or came later. respondent is the key of the name, NULL for none; score is NaN for one that surveys reject. No rows for NULL.';

CREATE FUNCTION csmetrics.mean_answer(history csmetrics.answers, kind text, from_at timestamptz, to_at timestamptz) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.mean_answer(csmetrics.answers, text, timestamptz, timestamptz) IS
'The mean score of the answers of that kind (nps, csat or ces) given from from_at on and before to_at, of each respondent the last one alone, and the lowest of several at that instant; answers of no respondent all count. csat is brought to a scale from 1 to 5 and ces to one from 1 to 7, higher being better; nps is taken as it is. An answer that tells no ends is on the usual scale of its kind (nps 0 to 10, csat 1 to 5, ces 1 to 7), one that tells no direction has higher as better, as nps always; answers off their scale are left out. NULL if there is none, and for NULL. Another kind, or from_at not before to_at: SQLSTATE 22023.';
