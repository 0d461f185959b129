-- Satisfaction: what customers answer.

CREATE OR REPLACE FUNCTION account_answer(as_of date) RETURNS TABLE (
    account_id @account_id@, period_start_on date, kind text, score numeric, is_answer boolean, is_answered boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT a.account_id, a.period_start_on, a.kind, a.score, a.is_answer, a.is_answered FROM answer_of($1, false) a;
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
           CASE WHEN fed.asked THEN s.nps_answered_count END AS nps_answered_count,
           CASE WHEN fed.asked THEN s.nps_sent_count END AS nps_sent_count,
           CASE WHEN fed.asked THEN s.csat_answered_count END AS csat_answered_count,
           CASE WHEN fed.asked THEN s.csat_sent_count END AS csat_sent_count
    FROM policy p, (SELECT is_fed('survey', '{sent_at}') AS asked OFFSET 0) fed,
         (SELECT e.account_id, survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'nps') AS nps,
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
SELECT s.* FROM satisfaction_of(false) s
ORDER BY s.dimension, s.value, s.period_start_on;
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
FROM satisfaction_of(true) ORDER BY period_start_on;
COMMENT ON VIEW satisfaction_monthly IS
'NPS, CSAT and CES, month by month, with their intervals, sample sizes and response rates.';
