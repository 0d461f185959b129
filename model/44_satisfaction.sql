-- Satisfaction: what customers answer.

CREATE OR REPLACE FUNCTION account_answer(as_of date) RETURNS TABLE (
    account_id @account_id@, period_start_on date, kind text, score numeric, is_answer boolean, is_answered boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH fact AS (
        SELECT a.account_id, f.kind, f.respondent, f.responded_at,
               date_trunc('month', f.responded_at AT TIME ZONE r.time_zone)::date AS responded_month,
               date_trunc('month', f.sent_at AT TIME ZONE r.time_zone)::date AS sent_month,
               CASE f.kind WHEN 'nps' THEN rescale(f.score, coalesce(f.lowest, 0), coalesce(f.highest, 10), true,
                                                   coalesce(f.lowest, 0), coalesce(f.highest, 10))
                           WHEN 'csat' THEN rescale(f.score, coalesce(f.lowest, 1), coalesce(f.highest, 5),
                                                    coalesce(f.higher_is_better, true), 1, 5)
                           ELSE rescale(f.score, coalesce(f.lowest, 1), coalesce(f.highest, 7),
                                        coalesce(f.higher_is_better, true), 1, 7) END AS score
        FROM reporting_range r, account_state a,
             LATERAL answer_facts(a.answers, last_instant($1, r.time_zone)) f),
    given AS (
        SELECT account_id, responded_month AS month, kind,
               CASE p.answer_rule WHEN 'mean' THEN CASE WHEN respondent IS NULL THEN score ELSE avg(score) OVER one END
                   ELSE score END AS score,
               p.answer_rule = 'all' OR respondent IS NULL
               OR 1 = row_number() OVER (one ORDER BY CASE p.answer_rule WHEN 'first' THEN responded_at END,
                                         responded_at DESC, score) AS counts
        FROM policy p, fact WHERE responded_at IS NOT NULL AND score IS NOT NULL
        -- answers off their scale are rejected, not preferred to others
        WINDOW one AS (PARTITION BY account_id, responded_month, kind, respondent, score = 'NaN'))
    SELECT account_id, month AS period_start_on, kind, score, true AS is_answer, NULL::boolean AS is_answered FROM given
    WHERE counts
    UNION ALL
    SELECT account_id, sent_month, kind, NULL, false, responded_at IS NOT NULL FROM fact WHERE sent_month IS NOT NULL;
END;
COMMENT ON FUNCTION account_answer(as_of date) IS
'The answers behind NPS, CSAT and CES, in the month in which they were given, one a respondent as answer_rule says '
'and on the usual scale of their kind; and the questions, in the month in which they were sent. As they stand at the '
'end of a day.';

CREATE OR REPLACE FUNCTION account_survey(day date) RETURNS TABLE (
    account_id @account_id@, promoter_count bigint, detractor_count bigint, nps_count bigint, satisfied_count bigint,
    csat_count bigint, ces_points numeric, ces_count bigint, nps_answered_count bigint, nps_sent_count bigint,
    csat_answered_count bigint, csat_sent_count bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT s.account_id, promoter_count(s.nps) AS promoter_count, detractor_count(s.nps) AS detractor_count,
           answer_count(s.nps, 0, 10) AS nps_count,
           -- no score of the scale from 1 to 5 is above 6
           answer_count(s.csat, p.satisfied_from, 6) AS satisfied_count, answer_count(s.csat) AS csat_count,
           s.ces_points, answer_count(s.ces) AS ces_count,
           s.nps_answered_count, s.nps_sent_count, s.csat_answered_count, s.csat_sent_count
    FROM policy p, (SELECT e.account_id, survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'nps') AS nps,
                    survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'csat') AS csat,
                           survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'ces') AS ces,
                           sum(round(e.score, 6)) FILTER (WHERE e.kind = 'ces' AND e.score <> 'NaN') AS ces_points,
                           count(*) FILTER (WHERE e.kind = 'nps' AND e.is_answered) AS nps_answered_count,
                           count(e.is_answered) FILTER (WHERE e.kind = 'nps') AS nps_sent_count,
                           count(*) FILTER (WHERE e.kind = 'csat' AND e.is_answered) AS csat_answered_count,
                           count(e.is_answered) FILTER (WHERE e.kind = 'csat') AS csat_sent_count
                    FROM reporting_range r, LATERAL account_answer(r.as_of_on) e
                    WHERE e.period_start_on = date_trunc('month', $1)::date
                    GROUP BY e.account_id) s;
END;
COMMENT ON FUNCTION account_survey(day date) IS
'The accounts behind NPS, CSAT and CES of the month of a day: what satisfaction_monthly counts, account by account.';

CREATE OR REPLACE VIEW satisfaction_by_segment WITH (security_invoker) AS
WITH told AS (
    SELECT d.dimension, d.value, e.period_start_on AS month,
           survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'nps') AS nps,
           survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'csat') AS csat,
           survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'ces') AS ces,
           rate_agg(e.is_answered) FILTER (WHERE NOT e.is_answer AND e.kind = 'nps') AS nps_sent,
           rate_agg(e.is_answered) FILTER (WHERE NOT e.is_answer AND e.kind = 'csat') AS csat_sent,
           rate_agg(e.is_answered) FILTER (WHERE NOT e.is_answer AND e.kind = 'ces') AS ces_sent
    FROM reporting_range r, LATERAL account_answer(r.as_of_on) e JOIN account_dimension d USING (account_id)
    GROUP BY d.dimension, d.value, e.period_start_on)
SELECT t.month AS period_start_on, period.end_on AS period_end_on, t.dimension, t.value,
       nps(t.nps) AS nps_score, nps.lower AS nps_lower_score, nps.upper AS nps_upper_score,
       coalesce(answer_count(t.nps, 0, 10), 0) AS nps_count,
       coalesce(promoter_count(t.nps), 0) AS promoter_count, coalesce(passive_count(t.nps), 0) AS passive_count,
       coalesce(detractor_count(t.nps), 0) AS detractor_count,
       csat(t.csat, p.satisfied_from) AS csat_rate, csat.lower AS csat_lower_rate, csat.upper AS csat_upper_rate,
       coalesce(answer_count(t.csat), 0) AS csat_count,
       ces(t.ces, 1, 7, true) AS ces_score, ces.lower AS ces_lower_score, ces.upper AS ces_upper_score,
       ces_share(t.ces, 1, 7, true) AS ces_easy_rate,
       coalesce(answer_count(t.ces), 0) AS ces_count,
       coalesce(rejected_count(t.nps), 0) + coalesce(rejected_count(t.csat, 1, 5),
                                                     0) + coalesce(rejected_count(t.ces, 1, 7), 0) AS rejected_count,
       coalesce(small_sample(t.nps), false) OR coalesce(small_sample(t.csat), false)
           OR coalesce(small_sample(t.ces), false) AS is_small_sample,
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
ORDER BY t.dimension, t.value, t.month;
COMMENT ON VIEW satisfaction_by_segment IS
'NPS, CSAT and CES, month by month, for each value of each attribute of accounts that is in use, and for all. Scores '
'are those of answers given in the month, one a respondent as answer_rule says; response rates those of questions '
'sent in it.';

CREATE OR REPLACE VIEW satisfaction_monthly WITH (security_invoker) AS
SELECT period_start_on, period_end_on, nps_score, nps_lower_score, nps_upper_score, nps_count, promoter_count,
       passive_count, detractor_count,
       csat_rate, csat_lower_rate, csat_upper_rate, csat_count, ces_score, ces_lower_score, ces_upper_score,
       ces_easy_rate, ces_count,
       rejected_count, is_small_sample, nps_sent_count, nps_response_rate, nps_response_lower_rate,
       nps_response_upper_rate,
       csat_sent_count, csat_response_rate, csat_response_lower_rate, csat_response_upper_rate,
       ces_sent_count, ces_response_rate, ces_response_lower_rate, ces_response_upper_rate, is_complete, policy_hash
FROM satisfaction_by_segment WHERE dimension = 'all' ORDER BY period_start_on;
COMMENT ON VIEW satisfaction_monthly IS
'NPS, CSAT and CES, month by month, with their intervals, sample sizes and response rates.';
