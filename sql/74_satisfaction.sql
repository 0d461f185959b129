-- Surveys in the model: NPS, CSAT and CES, and who answers.
INSERT INTO source_column VALUES
('survey', 1, 'account_id', 'account_id', true, 'Key of the account'),
('survey', 2, 'kind', 'text', true, 'nps, csat or ces'),
('survey', 3, 'score', 'numeric', true, 'The score given; NULL: sent and not answered'),
('survey', 4, 'responded_at', 'timestamptz', true, 'When it was answered; NULL: not yet'),
('survey', 5, 'sent_at', 'timestamptz', false, 'When it was sent; needed for response rates, and for rows without an answer'),
('survey', 6, 'respondent_id', 'text', false, 'Who was asked'),
('survey', 7, 'ticket_id', 'text', false, 'The ticket it is about'),
('survey', 8, 'lowest', 'numeric', false, 'Lowest score of its scale; NULL: 0 of NPS, else 1'),
('survey', 9, 'highest', 'numeric', false, 'Highest score of its scale; NULL: 10 of NPS, 5 of CSAT, 7 of CES'),
('survey', 10, 'higher_is_better', 'boolean', false, 'False where a low score is the good one; CES scales run both ways and must say it'),
('survey', 11, 'comment', 'text', false, 'What was written');

INSERT INTO source_check VALUES
('survey', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('survey', 2, $$lower(kind) IN ('nps', 'csat', 'ces') IS NOT TRUE$$, $$format('kind %s is not nps, csat or ces', coalesce(quote_literal(kind), 'NULL'))$$),
('survey', 3, 'responded_at IS NULL AND sent_at IS NULL', $$'neither responded_at nor sent_at'$$),
('survey', 4, 'lowest >= highest', $$format('lowest %s is not below highest %s', lowest, highest)$$),
('survey', 5, $$lower(kind) = 'ces' AND higher_is_better IS NULL$$, $$'higher_is_better is NULL, and CES scales run both ways'$$);

INSERT INTO model_history (position, name, type, source, expression, condition, index_on, description) VALUES
(40, 'answers', 'answers', 'survey',
 'answer_agg(lower(kind), score, responded_at, sent_at, respondent_id, lowest, highest, higher_is_better)', 'true',
 NULL, 'What it was asked in surveys and answered; NULL without any');

INSERT INTO policy_column VALUES
(40, 'satisfied_from', 'numeric', '4', 'satisfied_from > 1 AND satisfied_from <= 5', 'CSAT counts scores from here on as satisfied, on a scale of 1 to 5 to which others are brought'),
(41, 'answer_rule', 'text', $$'last'$$, $$answer_rule IN ('last', 'first', 'mean', 'all')$$,
 'Of several answers of one respondent in one month: the last counts, the first, their mean as one, or all of them');

INSERT INTO model_column VALUES
('nps_score', 'Net Promoter Score, -100 to 100'),
('nps_lower_score', 'Lower end of its confidence interval (adjusted Wald)'),
('nps_upper_score', 'Upper end of its confidence interval'),
('nps_count', 'Answers it is made of'),
('promoter_count', 'NPS answers from 9 on'),
('passive_count', 'NPS answers from 7 on and below 9'),
('detractor_count', 'NPS answers below 7'),
('csat_rate', 'Customer satisfaction: answers of satisfied_from or more, on a scale of 1 to 5 / all answers'),
('csat_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('csat_upper_rate', 'Upper end of its confidence interval'),
('csat_count', 'Answers it is made of'),
('ces_score', 'Customer effort score, 1 to 7, 7 being the easiest; other scales are brought to it'),
('ces_lower_score', 'Lower end of its confidence interval (t)'),
('ces_upper_score', 'Upper end of its confidence interval'),
('ces_easy_rate', 'CES answers from 5 on / all of them'),
('ces_count', 'Answers it is made of'),
('is_small_sample', 'Is one of these figures made of fewer than 30 answers?'),
('nps_sent_count', 'NPS questions sent in the period'),
('nps_response_rate', 'Of these, the share answered so far'),
('nps_response_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('nps_response_upper_rate', 'Upper end of its confidence interval'),
('csat_sent_count', 'CSAT questions sent in the period'),
('csat_response_rate', 'Of these, the share answered so far'),
('csat_response_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('csat_response_upper_rate', 'Upper end of its confidence interval'),
('ces_sent_count', 'CES questions sent in the period'),
('ces_response_rate', 'Of these, the share answered so far'),
('ces_response_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('ces_response_upper_rate', 'Upper end of its confidence interval');

INSERT INTO model_view VALUES
(155, 'account_answer', $$
    WITH fact AS (
        SELECT a.account_id, f.kind, f.respondent, f.responded_at,
               date_trunc('month', f.responded_at AT TIME ZONE r.time_zone)::date AS responded_month,
               date_trunc('month', f.sent_at AT TIME ZONE r.time_zone)::date AS sent_month,
               CASE f.kind WHEN 'nps' THEN rescale(f.score, coalesce(f.lowest, 0), coalesce(f.highest, 10), true, coalesce(f.lowest, 0), coalesce(f.highest, 10))
                           WHEN 'csat' THEN rescale(f.score, coalesce(f.lowest, 1), coalesce(f.highest, 5), coalesce(f.higher_is_better, true), 1, 5)
                           ELSE rescale(f.score, coalesce(f.lowest, 1), coalesce(f.highest, 7), coalesce(f.higher_is_better, true), 1, 7) END AS score
        FROM reporting_range r, account_state a,
             LATERAL answer_facts(a.answers, last_instant($1, r.time_zone)) f),
    given AS (
        SELECT account_id, responded_month AS month, kind,
               CASE p.answer_rule WHEN 'mean' THEN CASE WHEN respondent IS NULL THEN score ELSE avg(score) OVER one END ELSE score END AS score,
               p.answer_rule = 'all' OR respondent IS NULL
               OR 1 = row_number() OVER (one ORDER BY CASE p.answer_rule WHEN 'first' THEN responded_at END, responded_at DESC, score) AS counts
        FROM policy p, fact WHERE responded_at IS NOT NULL AND score IS NOT NULL
        -- answers off their scale are rejected, not preferred to others
        WINDOW one AS (PARTITION BY account_id, responded_month, kind, respondent, score = 'NaN'))
    SELECT account_id, month AS period_start_on, kind, score, true AS is_answer, NULL::boolean AS is_answered FROM given WHERE counts
    UNION ALL
    SELECT account_id, sent_month, kind, NULL, false, responded_at IS NOT NULL FROM fact WHERE sent_month IS NOT NULL
$$, 'The answers behind NPS, CSAT and CES, in the month in which they were given, one a respondent as answer_rule says and on the usual scale of their kind; and the questions, in the month in which they were sent. As they stand at the end of a day.', 'as_of date'),

(157, 'account_survey', $$
    SELECT s.account_id, promoter_count(s.nps) AS promoter_count, detractor_count(s.nps) AS detractor_count, answer_count(s.nps, 0, 10) AS nps_count,
           -- no score of the scale from 1 to 5 is above 6
           answer_count(s.csat, p.satisfied_from, 6) AS satisfied_count, answer_count(s.csat) AS csat_count, s.ces_points, answer_count(s.ces) AS ces_count,
           s.nps_answered_count, s.nps_sent_count, s.csat_answered_count, s.csat_sent_count
    FROM policy p, (SELECT e.account_id, survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'nps') AS nps, survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'csat') AS csat,
                           survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'ces') AS ces, sum(round(e.score, 6)) FILTER (WHERE e.kind = 'ces' AND e.score <> 'NaN') AS ces_points,
                           count(*) FILTER (WHERE e.kind = 'nps' AND e.is_answered) AS nps_answered_count, count(e.is_answered) FILTER (WHERE e.kind = 'nps') AS nps_sent_count,
                           count(*) FILTER (WHERE e.kind = 'csat' AND e.is_answered) AS csat_answered_count, count(e.is_answered) FILTER (WHERE e.kind = 'csat') AS csat_sent_count
                    FROM reporting_range r, LATERAL account_answer(r.as_of_on) e
                    WHERE e.period_start_on = date_trunc('month', $1)::date
                    GROUP BY e.account_id) s
$$, 'The accounts behind NPS, CSAT and CES of the month of a day: what satisfaction_monthly counts, account by account.', 'day date'),

(160, 'satisfaction_by_segment', $$
    WITH told AS (
        SELECT d.dimension, d.value, e.period_start_on AS month,
               survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'nps') AS nps, survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'csat') AS csat,
               survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'ces') AS ces,
               rate_agg(e.is_answered) FILTER (WHERE NOT e.is_answer AND e.kind = 'nps') AS nps_sent, rate_agg(e.is_answered) FILTER (WHERE NOT e.is_answer AND e.kind = 'csat') AS csat_sent,
               rate_agg(e.is_answered) FILTER (WHERE NOT e.is_answer AND e.kind = 'ces') AS ces_sent
        FROM reporting_range r, LATERAL account_answer(r.as_of_on) e JOIN account_dimension d USING (account_id)
        GROUP BY d.dimension, d.value, e.period_start_on)
    SELECT t.month AS period_start_on, period.end_on AS period_end_on, t.dimension, t.value,
           nps(t.nps) AS nps_score, nps.lower AS nps_lower_score, nps.upper AS nps_upper_score, coalesce(answer_count(t.nps, 0, 10), 0) AS nps_count,
           coalesce(promoter_count(t.nps), 0) AS promoter_count, coalesce(passive_count(t.nps), 0) AS passive_count, coalesce(detractor_count(t.nps), 0) AS detractor_count,
           csat(t.csat, p.satisfied_from) AS csat_rate, csat.lower AS csat_lower_rate, csat.upper AS csat_upper_rate, coalesce(answer_count(t.csat), 0) AS csat_count,
           ces(t.ces, 1, 7, true) AS ces_score, ces.lower AS ces_lower_score, ces.upper AS ces_upper_score, ces_share(t.ces, 1, 7, true) AS ces_easy_rate,
           coalesce(answer_count(t.ces), 0) AS ces_count,
           coalesce(rejected_count(t.nps), 0) + coalesce(rejected_count(t.csat, 1, 5), 0) + coalesce(rejected_count(t.ces, 1, 7), 0) AS rejected_count,
           coalesce(small_sample(t.nps), false) OR coalesce(small_sample(t.csat), false) OR coalesce(small_sample(t.ces), false) AS is_small_sample,
           coalesce(trial_count(t.nps_sent), 0) AS nps_sent_count, rate(t.nps_sent) AS nps_response_rate,
           nps_sent.lower AS nps_response_lower_rate, nps_sent.upper AS nps_response_upper_rate,
           coalesce(trial_count(t.csat_sent), 0) AS csat_sent_count, rate(t.csat_sent) AS csat_response_rate,
           csat_sent.lower AS csat_response_lower_rate, csat_sent.upper AS csat_response_upper_rate,
           coalesce(trial_count(t.ces_sent), 0) AS ces_sent_count, rate(t.ces_sent) AS ces_response_rate,
           ces_sent.lower AS ces_response_lower_rate, ces_sent.upper AS ces_response_upper_rate,
           period.end_on <= r.as_of_on + 1 AS is_complete, r.policy_hash
    FROM reporting_range r, policy p, told t,
         LATERAL (SELECT (t.month + interval '1 month')::date AS end_on) period,
         LATERAL nps_interval(t.nps, r.confidence_rate) nps,
         LATERAL csat_interval(t.csat, p.satisfied_from, r.confidence_rate) csat,
         LATERAL ces_interval(t.ces, 1, 7, true, r.confidence_rate) ces,
         LATERAL rate_interval(t.nps_sent, r.confidence_rate) nps_sent,
         LATERAL rate_interval(t.csat_sent, r.confidence_rate) csat_sent,
         LATERAL rate_interval(t.ces_sent, r.confidence_rate) ces_sent
    WHERE p.report_from IS NULL OR t.month >= date_trunc('month', p.report_from)
    ORDER BY t.dimension, t.value, t.month
$$, 'NPS, CSAT and CES, month by month, for each value of each attribute of accounts that is in use, and for all. Scores are those of answers given in the month, one a respondent as answer_rule says; response rates those of questions sent in it.', NULL),

(170, 'satisfaction_monthly', $$
    SELECT period_start_on, period_end_on, nps_score, nps_lower_score, nps_upper_score, nps_count, promoter_count, passive_count, detractor_count,
           csat_rate, csat_lower_rate, csat_upper_rate, csat_count, ces_score, ces_lower_score, ces_upper_score, ces_easy_rate, ces_count,
           rejected_count, is_small_sample, nps_sent_count, nps_response_rate, nps_response_lower_rate, nps_response_upper_rate,
           csat_sent_count, csat_response_rate, csat_response_lower_rate, csat_response_upper_rate,
           ces_sent_count, ces_response_rate, ces_response_lower_rate, ces_response_upper_rate, is_complete, policy_hash
    FROM satisfaction_by_segment WHERE dimension = 'all' ORDER BY period_start_on
$$, 'NPS, CSAT and CES, month by month, with their intervals, sample sizes and response rates.', NULL);
