-- The steps of CALL csmetrics.validate.

CREATE OR REPLACE FUNCTION headline(sources text[]) RETURNS TABLE (
    movements mrr_movements, resolved rate, satisfied survey, promoted survey, mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- as the views of revenue, support and satisfaction have it, for the twelve months to as_of_on
    WITH day AS (
        SELECT r.as_of_on, r.as_of_at, date_trunc('month', r.as_of_on)::date AS month_on,
               (date_trunc('month', r.as_of_on) - interval '11 months') AT TIME ZONE r.time_zone AS from_at, r.time_zone
        FROM reporting_range r),
    -- facts of accounts that were never there count
    gone AS MATERIALIZED (
        SELECT s.account_id FROM source_account s WHERE s.account_id IS NOT NULL
        EXCEPT
        SELECT k.account_id FROM kept_account k
        WHERE k.complaint IS NULL
          AND (k.is_test IS NOT TRUE OR (SELECT p.test_account_rule FROM policy p) = 'count')),
    revenue AS MATERIALIZED (
        SELECT s.account_id, rollup(s.revenue) AS revenue FROM read_subscription() s GROUP BY s.account_id),
    fact AS (
        SELECT h.account_id, f.kind, f.respondent, f.responded_at, f.about_ticket,
               date_trunc('month', f.responded_at AT TIME ZONE d.time_zone)::date AS month,
               standard_score(f.kind, f.score, f.lowest, f.highest, f.higher_is_better) AS score
        FROM day d, read_survey() h, LATERAL answers_with_ticket(h.answers, d.as_of_at) f
        WHERE 'survey' = ANY (sources) AND h.account_id NOT IN (SELECT g.account_id FROM gone g)
          AND f.kind IN ('nps', 'csat') AND (f.responded_at >= d.from_at OR f.about_ticket) AND f.score IS NOT NULL),
    given AS (
        SELECT f.kind, f.responded_at,
               CASE WHEN p.answer_rule = 'all' OR f.respondent IS NULL THEN f.score
                    WHEN p.answer_rule = 'mean'
                    THEN avg(f.score) OVER (one RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
                    WHEN count(*) OVER (one RANGE BETWEEN CURRENT ROW AND CURRENT ROW) > 1
                    THEN avg(f.score) OVER (one RANGE BETWEEN CURRENT ROW AND CURRENT ROW)
                    ELSE f.score END AS score,
               p.answer_rule = 'all' OR f.respondent IS NULL OR 1 = row_number() OVER one AS counts
        FROM policy p, fact f
        WINDOW one AS (PARTITION BY f.account_id, CASE WHEN NOT f.about_ticket THEN f.month END, f.kind, f.respondent,
                                    f.score = 'NaN'
                       ORDER BY CASE p.answer_rule WHEN 'first' THEN f.responded_at END, f.responded_at DESC))
    SELECT (SELECT mrr_movement_agg(limit_pauses(smooth_gaps(h.revenue, p.gap_smooth_days), p.pause_churn_days),
                                    d.month_on, d.as_of_on + 1, 'month', 12)
            FROM day d, policy p, revenue h WHERE h.account_id NOT IN (SELECT g.account_id FROM gone g)),
           (SELECT rate_agg(f.first_contact)
            FROM day d, policy p, read_ticket() h,
                 LATERAL ticket_facts(h.tickets, d.as_of_at, p.contact_window_days * interval '1 day') f
            WHERE 'ticket' = ANY (sources) AND h.account_id NOT IN (SELECT g.account_id FROM gone g)
              AND f.opened_at >= d.from_at),
           (SELECT survey_agg(g.score) FROM given g, day d
            WHERE g.counts AND g.kind = 'csat' AND g.responded_at >= d.from_at),
           (SELECT survey_agg(g.score) FROM given g, day d
            WHERE g.counts AND g.kind = 'nps' AND g.responded_at >= d.from_at),
           (SELECT sum(mrr_at(h.revenue, d.as_of_on)) FROM day d, revenue h);
END;
COMMENT ON FUNCTION headline(text[]) IS
'Internal: what the headline figures of the trailing year are readings of, worked out from the sources; of tickets '
'and surveys only if these are named. mrr is that of all accounts as of now, whether or not they are known.';

CREATE OR REPLACE FUNCTION write_rates_of_now() RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM fresh_fx_rate;
    INSERT INTO fresh_fx_rate SELECT r.* FROM read_fx_rate() r WHERE r.rate IS NOT NULL;
    SELECT count(*) FROM write_fx_rate();
END;
COMMENT ON FUNCTION write_rates_of_now() IS
'Internal: brings fx_rate to what source_fx_rate says now, as CALL csmetrics.validate has it while it lasts';

CREATE OR REPLACE FUNCTION write_findings(findings csmetrics.finding[]) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM data_finding;
    INSERT INTO data_finding
    SELECT f.rule, f.source, f.severity, f.description, f.row_count, f.account_count, f.sample_keys, f.mrr,
           (f.figures).nrr_rate, (f.without).nrr_rate, (f.figures).grr_rate, (f.without).grr_rate,
           (f.figures).logo_churn_rate, (f.without).logo_churn_rate, (f.figures).closing_mrr, (f.without).closing_mrr,
           (f.figures).fcr_rate, (f.without).fcr_rate, (f.figures).csat_rate, (f.without).csat_rate,
           (f.figures).nps_score, (f.without).nps_score, f.effect, f.is_quarantined, now(), r.policy_hash
    FROM reporting_range r, unnest(findings) f;
END;
COMMENT ON FUNCTION write_findings(csmetrics.finding[]) IS 'Internal: writes what CALL csmetrics.validate found';
