-- Retention of the trailing year and of cohorts.

CREATE OR REPLACE VIEW retention_by_segment WITH (security_invoker) AS
SELECT s.* FROM retained_of(false) s
ORDER BY s.dimension, s.value, s.period_end_on;
COMMENT ON VIEW retention_by_segment IS
'Retention of the year that ends with each month, of the accounts with MRR at its start, for all and for each value of '
'each attribute in use; the past too is grouped by what the account source says now. Rates are those of the start of '
'the year at both ends, unless rate_rule says otherwise.';

CREATE OR REPLACE VIEW retention_trailing_year WITH (security_invoker) AS
SELECT period_start_on, period_end_on, opening_count, opening_mrr, nrr_rate, nrr_lower_rate, nrr_upper_rate,
       grr_rate, grr_lower_rate, grr_upper_rate, logo_churn_rate, logo_churn_lower_rate, logo_churn_upper_rate,
       nrr_movement_rate, nrr_chained_rate, nrr_ttm_avg_rate, is_complete, policy_hash
FROM retained_of(true) ORDER BY period_end_on;
COMMENT ON VIEW retention_trailing_year IS
'Retention of the year that ends with each month, of the accounts with MRR at its start: NRR, GRR and logo churn '
'point to point with intervals, and NRR by the other methods in use, each under its name.';

CREATE OR REPLACE FUNCTION account_retention(as_of date) RETURNS TABLE (
    period_start_on date, period_end_on date, account_id @account_id@, subscription_id text, name text, segment text,
    plan text, owner text, opening_mrr numeric, closing_mrr numeric, kept_mrr numeric, opening_count bigint,
    churn_count bigint, policy_hash text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT y.start_on AS period_start_on, y.end_on AS period_end_on, e.account_id, e.subscription_id, n.name, n.segment,
           n.plan, n.owner,
           m.opening_mrr, m.closing_mrr, least(m.opening_mrr, m.closing_mrr) AS kept_mrr,
           (m.is_opening)::integer::bigint AS opening_count, m.churn_count, r.policy_hash
    FROM reporting_range r, LATERAL (SELECT date_trunc('month', $1 + 1)::date AS end_on,
                                     (date_trunc('month', $1 + 1) - interval '1 year')::date AS start_on) y,
         LATERAL entity_in_window(y.start_on, y.end_on) e LEFT JOIN account n USING (account_id),
         LATERAL (SELECT e.movement_fx * mrr_at(e.revenue, y.start_on - 1) AS opening_mrr,
                  e.movement_fx * mrr_at(e.revenue, y.end_on - 1) AS closing_mrr,
                  active_at(e.revenue, y.start_on - 1) AS is_opening,
                         (SELECT count(*) FROM changes(e.revenue, (y.end_on - interval '1 month')::date, y.end_on,
                                                       'month', 12, r.pause_rule = 'churn')
                          WHERE movement = 'churn') AS churn_count) m
    WHERE m.is_opening OR m.churn_count > 0;
END;
COMMENT ON FUNCTION account_retention(as_of date) IS
'The accounts behind the retention of the year up to the last month that was over on a day: those with MRR at its '
'start, and those whose pause became churn in it. Sums of closing_mrr and kept_mrr / those of opening_mrr are NRR and '
'GRR, those of churn_count / opening_count logo churn, exactly.';

CREATE OR REPLACE VIEW retention_by_account WITH (security_invoker) AS
SELECT a.* FROM reporting_range r, LATERAL account_retention(r.as_of_on) a;
COMMENT ON VIEW retention_by_account IS
'The accounts behind the last row of retention_trailing_year that is complete: those with MRR at the start of the '
'year, and those whose pause became churn in it. Sums of closing_mrr and kept_mrr / those of opening_mrr are NRR and '
'GRR, those of churn_count / opening_count logo churn, exactly.';

CREATE OR REPLACE FUNCTION account_revenue(as_of date) RETURNS TABLE (
    period_start_on date, period_end_on date, account_id @account_id@, subscription_id text, opening_mrr numeric,
    closing_mrr numeric, closing_count bigint, new_mrr numeric, expansion_mrr numeric, contraction_mrr numeric,
    churn_mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT m.start_on AS period_start_on, m.end_on AS period_end_on, e.account_id, e.subscription_id,
           coalesce(e.opening_mrr, e.opening_fx * mrr_at(e.revenue, m.start_on - 1)) AS opening_mrr,
           coalesce(e.closing_mrr, e.closing_fx * mrr_at(e.revenue, m.end_on - 1)) AS closing_mrr,
           active_at(e.revenue, m.end_on - 1)::integer::bigint AS closing_count, c.*
    FROM reporting_range r, LATERAL (SELECT date_trunc('month', $1 + 1)::date AS end_on,
                                     (date_trunc('month', $1 + 1) - interval '1 month')::date AS start_on) m,
         LATERAL entity_in_window(m.start_on, m.end_on) e,
         LATERAL (SELECT e.movement_fx * sum(amount) FILTER (WHERE movement = 'new') AS new_mrr,
                  e.movement_fx * sum(amount) FILTER (WHERE movement = 'expansion') AS expansion_mrr,
                         e.movement_fx * sum(amount) FILTER (WHERE movement = 'contraction') AS contraction_mrr,
                         e.movement_fx * sum(amount) FILTER (WHERE movement = 'churn') AS churn_mrr
                  FROM changes(e.revenue, m.start_on, m.end_on, 'month', 1, r.pause_rule = 'churn')) c;
END;
COMMENT ON FUNCTION account_revenue(as_of date) IS
'The accounts behind the bridge of the last month that was over at the end of a day; NULL where an account did not '
'move so.';

CREATE OR REPLACE VIEW cohort_retention WITH (security_invoker) AS
SELECT c.cohort AS cohort_on, c.age AS age_months, c.period_end AS period_end_on,
       c.accounts AS account_count, c.retained AS retained_count, c.start_mrr, c.kept_mrr, c.mrr,
       c.logo_retention AS logo_retention_rate, c.gross_retention AS cohort_grr_rate,
       c.net_retention AS cohort_nrr_rate,
       c.mature AS is_mature, s.policy_hash
FROM (SELECT cohort_agg(a.revenue,
                        -- a triangle of at most 520 months
                        greatest(r.from_on, (date_trunc('month', r.as_of_on) - interval '519 months')::date),
                        r.as_of_on + 1, 'month') AS state,
             r.policy_hash
      FROM reporting_range r, entity_on(r.as_of_on) a GROUP BY r.policy_hash) s,
     LATERAL cohort_retention(s.state) c
ORDER BY c.cohort, c.age;
COMMENT ON VIEW cohort_retention IS
'The retention triangle: accounts by the month of their first MRR, followed month by month.';
