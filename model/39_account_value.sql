-- What each account is worth from now on, by how long those like it stay.

CREATE OR REPLACE FUNCTION live_account_value() RETURNS TABLE (
    account_id @account_id@, tenure_days double precision, renewal_count bigint, mrr numeric, to_date numeric,
    basis text, payments double precision, lower double precision, upper double precision, known_months integer,
    contract_payments double precision, contract_warning text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 SET jit = off
BEGIN ATOMIC
    WITH rule AS MATERIALIZED (
        SELECT p.value_months, p.annual_discount, p.monthly_expansion, p.least_count, r.confidence_rate, r.as_of_on,
               (1 + p.annual_discount) ^ (1 / 12.0) AS month_discount
        FROM policy p, reporting_range r LIMIT 1),
    stay AS MATERIALIZED (
        SELECT t.account_id, n.segment, t.first_paid_on, t.churned_on, t.end_on - t.first_paid_on AS days,
               t.renewal_count, t.mrr,
               CASE WHEN t.churned_on IS NULL AND t.mrr > 0
                    THEN revenue_between(t.revenue, t.first_paid_on, t.end_on) END AS to_date
        FROM entity_tenure() t LEFT JOIN account n USING (account_id)),
    curve AS MATERIALIZED (
        SELECT s.segment, grouping(s.segment) = 1 AS is_of_all, count(s.churned_on) AS churned_count,
               duration_agg(s.days * interval '1 day', s.churned_on IS NOT NULL) AS tenure,
               sbg_agg(s.renewal_count::integer, s.churned_on IS NOT NULL) AS contract
        FROM stay s GROUP BY GROUPING SETS ((s.segment), ())),
    contract AS MATERIALIZED (
        SELECT c.segment, c.is_of_all, c.churned_count, c.tenure, f.* FROM curve c, LATERAL bdw_fit(c.contract) f),
    -- who stays how long in a segment is told by that alone, where enough of it left, else by all
    told AS (
        SELECT s.segment, s.renewal_count, c.tenure, c.alpha, c.beta, c.c, c.converged, c.warning,
               CASE WHEN c.is_of_all THEN 'all' ELSE 'segment' END AS basis
        FROM rule r, (SELECT DISTINCT segment, renewal_count FROM stay WHERE churned_on IS NULL AND mrr > 0) s,
             LATERAL (SELECT c.* FROM contract c
                      WHERE c.is_of_all OR c.segment = s.segment AND c.churned_count >= r.least_count
                      ORDER BY c.is_of_all LIMIT 1) c),
    worth AS MATERIALIZED (
        SELECT t.segment, t.renewal_count, t.basis, e.payments, e.lower, e.upper, e.known_months, t.warning,
               b.payments AS contract_payments
        FROM rule r, told t,
             -- months of the mean year, as payments are due by
             LATERAL expected_payments(residual(t.tenure, t.renewal_count * interval '30 days 10:30:00'),
                                       r.value_months, r.annual_discount, r.monthly_expansion, true,
                                       r.confidence_rate) e,
             LATERAL (SELECT sum(bdw_surviving(t.alpha, t.beta, t.c, least(t.renewal_count + k, 10000)::integer)
                                 / nullif(bdw_surviving(t.alpha, t.beta, t.c,
                                                        least(t.renewal_count, 10000)::integer), 0)
                                 * ((1 + r.monthly_expansion) / r.month_discount) ^ k ORDER BY k) AS payments
                      FROM generate_series(0, r.value_months - 1) k WHERE t.converged) b)
    SELECT s.account_id, s.days::double precision, s.renewal_count, s.mrr, s.to_date, w.basis, w.payments, w.lower,
           w.upper, w.known_months, w.contract_payments, w.warning
    FROM stay s JOIN worth w ON w.segment IS NOT DISTINCT FROM s.segment AND w.renewal_count = s.renewal_count
    WHERE s.churned_on IS NULL AND s.mrr > 0;
END;
COMMENT ON FUNCTION live_account_value() IS
'Internal: what account_value is made of: payments to come of each account with MRR, in units of its MRR, by the '
'curve of its segment, given that it has stayed so long';

CREATE OR REPLACE VIEW account_value WITH (security_invoker) AS
SELECT v.account_id, n.name, n.segment, n.plan, n.owner, v.mrr, v.tenure_days, v.renewal_count,
       v.basis AS value_basis, trim_scale(round(v.to_date * m.margin, 6)) AS to_date_amount,
       v.payments AS value_rate, v.known_months,
       trim_scale(round(v.mrr * m.margin * v.payments::numeric, 6)) AS value_amount,
       trim_scale(round(v.mrr * least(m.margin * v.lower::numeric, m.margin * v.upper::numeric), 6))
           AS value_lower_amount,
       trim_scale(round(v.mrr * greatest(m.margin * v.lower::numeric, m.margin * v.upper::numeric), 6))
           AS value_upper_amount,
       CASE WHEN v.payments IS NULL THEN 'nobody has stayed longer: no retention curve'
            WHEN v.known_months < p.value_months
            THEN format('retention is known for %s of %s months: payments after that are left out', v.known_months,
                        p.value_months) END AS value_reason,
       trim_scale(round(v.mrr * m.margin * v.contract_payments::numeric, 6)) AS bdw_value_amount,
       v.contract_warning AS bdw_reason,
       r.as_of_on, r.policy_hash
FROM reporting_range r, policy p, LATERAL (SELECT p.gross_margin::numeric AS margin) m, live_account_value() v
     LEFT JOIN account n USING (account_id);
COMMENT ON VIEW account_value IS
'What each account with MRR will bring: its MRR times margin times the payments to be expected of who has stayed so '
'long, discounted, by the retention curve of its segment, with its interval; and by churn that hangs on age (BdW).';
