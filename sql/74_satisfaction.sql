-- Surveys in the model: NPS, CSAT and CES, and who answers.
INSERT INTO csmetrics.source_column VALUES
('survey', 1, 'account_id', 'account_id', true, 'Key of the account'),
('survey', 2, 'kind', 'text', true, 'nps, csat or ces'),
('survey', 3, 'score', 'numeric', true, 'The score given; NULL: sent and not answered'),
('survey', 4, 'responded_at', 'timestamptz', true, 'When it was answered; NULL: not yet'),
('survey', 5, 'sent_at', 'timestamptz', false,
 'When it was sent; needed for response rates, and for rows without an answer'),
('survey', 6, 'respondent_id', 'text', false, 'Who was asked'),
('survey', 7, 'ticket_id', 'text', false,
 'The ticket it is about: CSAT and CES that have one are one answer a respondent and ticket'),
('survey', 8, 'lowest', 'numeric', false, 'Lowest score of its scale; NULL: 0 of NPS, else 1; NPS knows 0 and 1'),
('survey', 9, 'highest', 'numeric', false,
 'Highest score of its scale; NULL: 10 of NPS, 5 of CSAT, 7 of CES; NPS knows 10'),
('survey', 10, 'higher_is_better', 'boolean', false,
 'False where a low score is the good one; CES scales run both ways and must say it'),
('survey', 11, 'comment', 'text', false, 'What was written');

CREATE OR REPLACE FUNCTION csmetrics.standard_score(
    kind text, score numeric, lowest numeric, highest numeric, higher_is_better boolean) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE kind
       WHEN 'nps' THEN CASE WHEN coalesce(lowest, 0) IN (0, 1) AND coalesce(highest, 10) = 10
                            THEN csmetrics.rescale(score, coalesce(lowest, 0), 10::numeric,
                                                   coalesce(higher_is_better, true), coalesce(lowest, 0), 10::numeric)
                            WHEN score IS NOT NULL THEN 'NaN' END
       WHEN 'csat' THEN csmetrics.rescale(score, coalesce(lowest, 1), coalesce(highest, 5),
                                          coalesce(higher_is_better, true), 1::numeric, 5::numeric)
       WHEN 'ces' THEN csmetrics.rescale(score, coalesce(lowest, 1), coalesce(highest, 7),
                                         coalesce(higher_is_better, true), 1::numeric, 7::numeric) END;
COMMENT ON FUNCTION csmetrics.standard_score(text, numeric, numeric, numeric, boolean) IS
'A score of kind nps, csat or ces on the usual scale of its kind, higher being better: 1 to 5 of csat, 1 to 7 of ces; '
'nps as it is on 0 to 10 and 1 to 10, turned round where lower is better, and on no other scale. NaN off its scale, '
'which survey_agg rejects. NULL for NULL, and another kind.';

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
 'Of several answers of one respondent in one month, or window of a signal, and of several about one ticket at any '
 'time: the last counts, the first, their mean as one, or all of them');
