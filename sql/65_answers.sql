-- The survey history of one account: answers, its aggregate and its reader.
CALL csmetrics.define_state('answers', has_final => true);
COMMENT ON TYPE csmetrics.answers IS
'What one account was asked by NPS, CSAT and CES surveys and what it answered, 88 bytes a row. Built by answer_agg; '
'keeps time, so it can be read as of any instant; adds up by merge and rollup, to at most 2^21 rows. Respondents are '
'kept as keys of 64 bits, which tell them apart, not as text.';

CALL csmetrics.define_agg('answer_agg',
    'kind text, score numeric, responded_at timestamptz, sent_at timestamptz, respondent text, '
    'lowest numeric, highest numeric, higher_is_better boolean',
    'answers', 256, add => 'answers_add', removable => false, comment =>
'Surveys of one account, one row a question sent or answered; kind: nps, csat or ces. Rows without an instant are left '
'out. Another kind, a scale out of order: SQLSTATE 22023; no kind: 22004; an end not finite: 22003; years outside 1 to '
'9999: 22008; past 2^21 rows: 54000. NULL without rows.');

CALL csmetrics.define_agg('answer_agg',
    'kind text, score numeric, responded_at timestamptz, sent_at timestamptz, respondent text, '
    'lowest numeric, highest numeric, higher_is_better boolean, ticket text',
    'answers', 256, add => 'answers_add', removable => false, comment =>
'The same with the ticket that it is about (NULL: none): answers to csat and ces about a ticket are one a respondent '
'and ticket, whenever they were given; all others one a respondent and window. Errors as above.');

CREATE FUNCTION csmetrics.answer_facts(history csmetrics.answers, as_of timestamptz,
    OUT kind text, OUT sent_at timestamptz, OUT responded_at timestamptz, OUT score numeric, OUT respondent bigint,
    OUT lowest numeric, OUT highest numeric, OUT higher_is_better boolean) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.answer_facts(csmetrics.answers, timestamptz) IS
'One row a question sent or answered by as_of, as it was known then, in no order: an answer that came later has NULL '
'score and responded_at; sent_at is NULL if not known. respondent is the key of the name, NULL for none; score is NaN '
'for one that surveys reject. No rows for NULL.';

CREATE FUNCTION csmetrics.answers_with_ticket(history csmetrics.answers, as_of timestamptz,
    OUT kind text, OUT sent_at timestamptz, OUT responded_at timestamptz, OUT score numeric, OUT respondent bigint,
    OUT lowest numeric, OUT highest numeric, OUT higher_is_better boolean,
    OUT about_ticket boolean) RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 AS 'MODULE_PATHNAME', 'answer_facts_of_tickets';
COMMENT ON FUNCTION csmetrics.answers_with_ticket(csmetrics.answers, timestamptz) IS
'The rows of answer_facts, and whether each is about a ticket, NPS never: respondent is then the key of the name and '
'the ticket together. No rows for NULL.';

CREATE FUNCTION csmetrics.mean_answer(history csmetrics.answers, kind text, from_at timestamptz,
    to_at timestamptz) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.mean_answer(csmetrics.answers, text, timestamptz, timestamptz) IS
'The mean score of the answers of that kind given from from_at on and before to_at, of each respondent the last alone: '
'csat on a scale of 1 to 5, ces of 1 to 7, higher being better, nps as it is. NULL if there is none, and for NULL. '
'Another kind, from_at not before to_at: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.mean_answer(history csmetrics.answers, kind text, from_at timestamptz,
    to_at timestamptz, answer_rule text) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.mean_answer(csmetrics.answers, text, timestamptz, timestamptz, text) IS
'The same, of several answers of a respondent the last, the first, their mean as one, or all, as answer_rule says; of '
'those about one ticket those of whatever time before to_at. Another rule: SQLSTATE 22023; else as above.';
