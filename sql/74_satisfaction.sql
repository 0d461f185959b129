-- Surveys in the model: NPS, CSAT and CES, and who answers.
INSERT INTO csmetrics.source_column VALUES
('survey', 1, 'account_id', 'account_id', true, 'Key of the account'),
('survey', 2, 'kind', 'text', true, 'nps, csat or ces'),
('survey', 3, 'score', 'numeric', true, 'The score given; NULL: sent and not answered'),
('survey', 4, 'responded_at', 'timestamptz', true, 'When it was answered; NULL: not yet'),
('survey', 5, 'sent_at', 'timestamptz', false,
 'When it was sent; needed for response rates, and for rows without an answer'),
('survey', 6, 'respondent_id', 'text', false, 'Who was asked'),
('survey', 7, 'ticket_id', 'text', false, 'The ticket it is about'),
('survey', 8, 'lowest', 'numeric', false, 'Lowest score of its scale; NULL: 0 of NPS, else 1'),
('survey', 9, 'highest', 'numeric', false, 'Highest score of its scale; NULL: 10 of NPS, 5 of CSAT, 7 of CES'),
('survey', 10, 'higher_is_better', 'boolean', false,
 'False where a low score is the good one; CES scales run both ways and must say it'),
('survey', 11, 'comment', 'text', false, 'What was written');

INSERT INTO csmetrics.source_check VALUES
('survey', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('survey', 2, $$lower(kind) IN ('nps', 'csat', 'ces') IS NOT TRUE$$,
 $$format('kind %s is not nps, csat or ces', coalesce(quote_literal(kind), 'NULL'))$$),
('survey', 3, 'responded_at IS NULL AND sent_at IS NULL', $$'neither responded_at nor sent_at'$$),
('survey', 4, 'lowest >= highest', $$format('lowest %s is not below highest %s', lowest, highest)$$),
('survey', 5, $$lower(kind) = 'ces' AND higher_is_better IS NULL$$,
 $$'higher_is_better is NULL, and CES scales run both ways'$$);

INSERT INTO csmetrics.policy_column (position, name, type, default_value, condition, takes_effect, meaning) VALUES
(40, 'satisfied_from', 'numeric', '4', 'satisfied_from > 1 AND satisfied_from <= 5', 'at once',
 'CSAT counts scores from here on as satisfied, on a scale of 1 to 5 to which others are brought'),
(41, 'answer_rule', 'text', $$'last'$$, $$answer_rule IN ('last', 'first', 'mean', 'all')$$, 'at once',
 'Of several answers of one respondent in one month: the last counts, the first, their mean as one, or all of them');
