-- Satisfaction: the answers of groups of accounts by month, and what is stored of them.

CREATE OR REPLACE FUNCTION answer_of(as_of date, of_changed boolean) RETURNS TABLE (
    account_id @account_id@, period_start_on date, kind text, score numeric, is_answer boolean, is_answered boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT a.account_id, x.period_start_on, x.kind, x.score, x.is_answer, x.is_answered
    FROM reporting_range r, policy p, history_of($2) a,
         -- account by account, so that of one its history alone is read
         LATERAL (
             WITH fact AS MATERIALIZED (
                 SELECT f.kind, f.respondent, f.responded_at, f.about_ticket,
                        date_trunc('month', f.responded_at AT TIME ZONE r.time_zone)::date AS responded_month,
                        date_trunc('month', f.sent_at AT TIME ZONE r.time_zone)::date AS sent_month,
                        f.score IS NOT NULL AS is_answered,
                        standard_score(f.kind, f.score, f.lowest, f.highest, f.higher_is_better) AS score
                 FROM answers_with_ticket(a.answers, last_instant($1, r.time_zone)) f),
             given AS (
                 SELECT responded_month AS month, kind,
                        CASE WHEN p.answer_rule = 'all' OR respondent IS NULL THEN score
                             WHEN p.answer_rule = 'mean'
                             THEN avg(score) OVER (one RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
                             -- several questions of one response are worth their mean
                             WHEN count(*) OVER (one RANGE BETWEEN CURRENT ROW AND CURRENT ROW) > 1
                             THEN avg(score) OVER (one RANGE BETWEEN CURRENT ROW AND CURRENT ROW)
                             ELSE score END AS score,
                        p.answer_rule = 'all' OR respondent IS NULL OR 1 = row_number() OVER one AS counts
                 FROM fact WHERE responded_at IS NOT NULL AND score IS NOT NULL
                 -- one a month, or about a ticket; answers off their scale are rejected, not preferred to others
                 WINDOW one AS (PARTITION BY CASE WHEN NOT about_ticket THEN responded_month END, kind, respondent,
                                             score = 'NaN'
                                ORDER BY CASE p.answer_rule WHEN 'first' THEN responded_at END, responded_at DESC))
             SELECT month AS period_start_on, kind, score, true AS is_answer, NULL::boolean AS is_answered FROM given
             WHERE counts
             UNION ALL
             -- a row without a score is a question without an answer
             SELECT sent_month, kind, NULL, false, responded_at IS NOT NULL AND is_answered
             FROM fact WHERE sent_month IS NOT NULL) x;
END;
COMMENT ON FUNCTION answer_of(date, boolean) IS
'Internal: account_answer, of all accounts or of those in changed_key';

CREATE TABLE stored_answer (
    dimension text, value text, month date, row_count bigint NOT NULL, nps survey, csat survey, ces survey,
    nps_sent rate, csat_sent rate, ces_sent rate, PRIMARY KEY (dimension, value, month));
COMMENT ON TABLE stored_answer IS 'Internal: what groups of accounts answered by month, and of what they were asked';
CREATE UNLOGGED TABLE before_answer AS SELECT * FROM stored_answer WITH NO DATA;
COMMENT ON TABLE before_answer IS 'Internal: what accounts that a refresh writes have in stored_answer';

CREATE OR REPLACE FUNCTION read_stored_answer(of_changed boolean, only_all boolean DEFAULT false)
RETURNS SETOF stored_answer
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH summed AS (
        SELECT g.members, e.period_start_on AS month, count(*) AS row_count,
               survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'nps') AS nps,
               survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'csat') AS csat,
               survey_agg(e.score) FILTER (WHERE e.is_answer AND e.kind = 'ces') AS ces,
               rate_agg(e.is_answered) FILTER (WHERE NOT e.is_answer AND e.kind = 'nps') AS nps_sent,
               rate_agg(e.is_answered) FILTER (WHERE NOT e.is_answer AND e.kind = 'csat') AS csat_sent,
               rate_agg(e.is_answered) FILTER (WHERE NOT e.is_answer AND e.kind = 'ces') AS ces_sent
        FROM reporting_range r, LATERAL answer_of(r.as_of_on, $1) e JOIN group_of($1, $2) g USING (account_id)
        GROUP BY g.members, e.period_start_on)
    SELECT d.dimension, d.value, s.month, sum(s.row_count)::bigint, rollup(s.nps), rollup(s.csat), rollup(s.ces),
           rollup(s.nps_sent), rollup(s.csat_sent), rollup(s.ces_sent)
    FROM summed s, LATERAL dimension_in(s.members, $1) d
    GROUP BY d.dimension, d.value, s.month;
END;
COMMENT ON FUNCTION read_stored_answer(boolean, boolean) IS
'Internal: the answers of all accounts, or of those in changed_key, by month';

CREATE TABLE stored_satisfaction_by_segment (
    period_start_on date, period_end_on date, dimension text, value text, nps_score double precision,
    nps_lower_score double precision, nps_upper_score double precision, nps_count bigint, promoter_count bigint,
    passive_count bigint, detractor_count bigint, csat_rate double precision, csat_lower_rate double precision,
    csat_upper_rate double precision, csat_count bigint, ces_score double precision, ces_lower_score double precision,
    ces_upper_score double precision, ces_easy_rate double precision, ces_count bigint, rejected_count bigint,
    is_small_sample boolean, nps_sent_count bigint, nps_response_rate double precision,
    nps_response_lower_rate double precision, nps_response_upper_rate double precision, csat_sent_count bigint,
    csat_response_rate double precision, csat_response_lower_rate double precision,
    csat_response_upper_rate double precision, ces_sent_count bigint, ces_response_rate double precision,
    ces_response_lower_rate double precision, ces_response_upper_rate double precision, is_complete boolean,
    policy_hash text, PRIMARY KEY (dimension, value, period_start_on));
COMMENT ON TABLE stored_satisfaction_by_segment IS 'Internal: the rows of view satisfaction_by_segment';

CREATE OR REPLACE FUNCTION read_stored_satisfaction_by_segment(of_stored boolean, only_all boolean DEFAULT false)
RETURNS SETOF stored_satisfaction_by_segment
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
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
           coalesce(rejected_count(t.nps), 0) + coalesce(rejected_count(t.csat, 1, 5), 0)
               + coalesce(rejected_count(t.ces, 1, 7), 0) AS rejected_count,
           coalesce(small_sample(t.nps), false) OR coalesce(small_sample(t.csat), false)
               OR coalesce(small_sample(t.ces), false) AS is_small_sample,
           CASE WHEN fed.asked THEN coalesce(trial_count(t.nps_sent), 0) END AS nps_sent_count,
           rate(t.nps_sent) AS nps_response_rate,
           nps_sent.lower AS nps_response_lower_rate, nps_sent.upper AS nps_response_upper_rate,
           CASE WHEN fed.asked THEN coalesce(trial_count(t.csat_sent), 0) END AS csat_sent_count,
           rate(t.csat_sent) AS csat_response_rate,
           csat_sent.lower AS csat_response_lower_rate, csat_sent.upper AS csat_response_upper_rate,
           CASE WHEN fed.asked THEN coalesce(trial_count(t.ces_sent), 0) END AS ces_sent_count,
           rate(t.ces_sent) AS ces_response_rate,
           ces_sent.lower AS ces_response_lower_rate, ces_sent.upper AS ces_response_upper_rate,
           period.end_on <= r.over_until_on AS is_complete, r.policy_hash
    FROM reporting_range r, policy p,
         -- where nobody says what was sent, nothing is known of it
         (SELECT is_fed('survey', '{sent_at}') AS asked OFFSET 0) fed,
         (SELECT s.* FROM stored_answer s WHERE $1
          UNION ALL SELECT l.* FROM read_stored_answer(false, $2) l WHERE NOT $1) t,
         LATERAL (SELECT (t.month + interval '1 month')::date AS end_on) period,
         LATERAL nps_interval(t.nps, r.confidence_rate) nps,
         LATERAL csat_interval(t.csat, p.satisfied_from, r.confidence_rate) csat,
         LATERAL ces_interval(t.ces, 1, 7, true, r.confidence_rate) ces,
         LATERAL rate_interval(t.nps_sent, r.confidence_rate) nps_sent,
         LATERAL rate_interval(t.csat_sent, r.confidence_rate) csat_sent,
         LATERAL rate_interval(t.ces_sent, r.confidence_rate) ces_sent
    WHERE p.report_from IS NULL OR t.month >= date_trunc('month', p.report_from);
END;
COMMENT ON FUNCTION read_stored_satisfaction_by_segment(boolean, boolean) IS
'Internal: the rows of view satisfaction_by_segment, from what is stored or from the histories';

CREATE OR REPLACE FUNCTION satisfaction_of(only_all boolean) RETURNS SETOF stored_satisfaction_by_segment
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT s.* FROM stored_satisfaction_by_segment s
    WHERE is_stored('stored_satisfaction_by_segment') AND (NOT $1 OR s.dimension = 'all')
    UNION ALL
    SELECT l.* FROM read_stored_satisfaction_by_segment(false, $1) l
    WHERE NOT is_stored('stored_satisfaction_by_segment');
END;
COMMENT ON FUNCTION satisfaction_of(boolean) IS
'Internal: the rows of view satisfaction_by_segment, as they are stored, or else worked out; only_all: those of all '
'alone';
