-- The revenue bridge, its movements, and churn.

CREATE OR REPLACE FUNCTION revenue_bridge(period text, lag integer, earlier integer) RETURNS TABLE (
    period_start_on date, period_end_on date, dimension text, value text, opening_mrr numeric, new_mrr numeric,
    reactivation_mrr numeric, resume_mrr numeric, expansion_mrr numeric, contraction_mrr numeric, pause_mrr numeric,
    churn_mrr numeric, fx_mrr numeric, closing_mrr numeric, intra_period_mrr numeric, opening_count bigint,
    new_count bigint, reactivation_count bigint, resume_count bigint, expansion_count bigint, contraction_count bigint,
    pause_count bigint, churn_count bigint, closing_count bigint, intra_period_count bigint, flow revenue_flow,
    is_complete boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT b.period_start_on, b.period_end_on, b.dimension, b.value, b.opening_mrr, b.new_mrr, b.reactivation_mrr,
           b.resume_mrr, b.expansion_mrr, b.contraction_mrr, b.pause_mrr, b.churn_mrr, b.fx_mrr, b.closing_mrr,
           b.intra_period_mrr, b.opening_count, b.new_count, b.reactivation_count, b.resume_count,
           b.expansion_count, b.contraction_count, b.pause_count, b.churn_count, b.closing_count,
           b.intra_period_count, b.flow, b.is_complete
    FROM bridge_of($1, $2, $3, false) b;
END;
COMMENT ON FUNCTION revenue_bridge(period text, lag integer, earlier integer) IS
'The revenue bridge over windows of lag periods, one ending with each month, quarter or year of the report, and of '
'earlier ones before it, for all and for each value of each attribute in use. flow is for readers such as '
'nrr_interval(flow). Amounts are NULL where a rate is missing.';

CREATE OR REPLACE VIEW revenue_by_segment WITH (security_invoker) AS
SELECT s.*, 12 * s.opening_mrr AS opening_arr, 12 * s.closing_mrr AS closing_arr FROM revenue_of(false) s;
COMMENT ON VIEW revenue_by_segment IS
'The revenue bridge, month by month, for each value of each attribute of accounts that is in use, and for all; the '
'past too is grouped by what the account source says now. The values of one attribute add up to revenue_monthly '
'exactly.';

CREATE OR REPLACE VIEW revenue_by_currency WITH (security_invoker) AS
WITH rate AS MATERIALIZED (SELECT * FROM rate_in_report('month', 1, 0))
SELECT s.currency, s.start_on AS period_start_on, s.end_on AS period_end_on, s.own_opening_mrr, s.own_closing_mrr,
       x.opening_fx, x.movement_fx, x.closing_fx,
       s.own_single_opening * k.opening_fx + s.opening AS opening_mrr,
       s.own_single_closing * k.closing_fx + s.closing - s.own_single_opening * k.opening_fx - s.opening
           - ((s.own_single_closing - s.own_single_opening) * k.movement_fx + s.movement) AS fx_mrr,
       s.own_single_closing * k.closing_fx + s.closing AS closing_mrr,
       k.opening_fx + k.movement_fx + k.closing_fx IS NOT NULL AS is_known, r.policy_hash
FROM reporting_range r CROSS JOIN
     (SELECT p.currency, p.start_on, p.end_on, sum(p.opening) AS own_opening_mrr, sum(p.closing) AS own_closing_mrr,
      bool_or(p.is_moving) AS is_moving,
             coalesce(sum(p.opening) FILTER (WHERE NOT p.is_mixed), 0) AS own_single_opening,
             coalesce(sum(p.closing) FILTER (WHERE NOT p.is_mixed), 0) AS own_single_closing,
             coalesce(sum(round(p.opening * x.opening_fx, 6)) FILTER (WHERE p.is_mixed), 0) AS opening,
             coalesce(sum(round(p.closing * x.closing_fx, 6)) FILTER (WHERE p.is_mixed), 0) AS closing,
             coalesce(sum(round(p.closing * x.movement_fx, 6) - round(p.opening * x.movement_fx,
                                                                      6)) FILTER (WHERE p.is_mixed), 0) AS movement
      FROM (SELECT coalesce(g.currency, (SELECT report_currency FROM policy)) AS currency, m.period_start AS start_on,
            m.period_end AS end_on, m.opening, m.closing,
                   (m.opening, m.closing, m.new, m.reactivation, m.resume, m.churn, m.intra_period) <> (0, 0, 0, 0, 0,
                           0, 0) AS is_moving, false AS is_mixed
            FROM (SELECT nullif(s.currency, '') AS currency, s.state FROM stored_movement s
                  WHERE is_stored('stored_movement') AND s.period = 'month' AND s.lag = 1 AND s.dimension = 'all'
                    AND NOT s.is_mixed
                  UNION ALL
                  SELECT l.currency, l.state FROM live_stored_movement() l
                  WHERE NOT is_stored('stored_movement')) g,
                 reporting_range r, LATERAL movements(g.state) m
            -- what is stored begins earlier
            WHERE m.period_start >= r.from_on
            UNION ALL
            SELECT s.currency, w.start_on, w.end_on, mrr_at(s.revenue, w.start_on - 1), mrr_at(s.revenue, w.end_on - 1),
                   moves(limit_pauses(smooth_gaps(s.revenue, r.gap_smooth_days), r.pause_churn_days), w.start_on,
                         w.end_on), true
            FROM reporting_range r CROSS JOIN window_of_report('month', 1, 0) w
                 JOIN revenue_state s ON s.is_mixed AND s.valid_from_on < w.end_on AND w.end_on <= s.valid_until_on) p
           LEFT JOIN rate x USING (currency, start_on, end_on)
      GROUP BY p.currency, p.start_on, p.end_on) s
     LEFT JOIN rate x USING (currency, start_on, end_on),
     -- where there is nothing to convert any rate will do
     LATERAL (SELECT CASE WHEN s.currency IS NULL OR NOT s.is_moving THEN 1 ELSE x.opening_fx END AS opening_fx,
              CASE WHEN s.currency IS NULL OR NOT s.is_moving THEN 1 ELSE x.movement_fx END AS movement_fx,
                     CASE WHEN s.currency IS NULL OR NOT s.is_moving THEN 1 ELSE x.closing_fx END AS closing_fx) k
ORDER BY s.currency, s.start_on;
COMMENT ON VIEW revenue_by_currency IS
'MRR in each currency itself, month by month, the rates, and what it comes to in the currency of report: opening_mrr, '
'fx_mrr and closing_mrr add up to those of revenue_monthly (see doc/revenue.md). NULL where a rate that it needs is '
'missing.';

CREATE OR REPLACE VIEW missing_rate WITH (security_invoker) AS
SELECT c.currency, c.period_start_on, c.period_end_on, d.day_on, c.own_opening_mrr, c.own_closing_mrr,
       format('no rate from %s to %s on %s, nor in the %s days before it', c.currency, r.report_currency, d.day_on,
              r.rate_max_age_days) AS complaint
FROM reporting_range r, revenue_by_currency c,
     -- LIMIT tells the planner how many days a month has
     LATERAL (SELECT c.period_start_on - 1 + n AS day_on, n
              FROM generate_series(0, c.period_end_on - c.period_start_on) n LIMIT 32) d
WHERE NOT c.is_known
  AND CASE WHEN r.rate_rule = 'average' AND c.movement_fx IS NULL THEN NOT EXISTS (SELECT 1 FROM currency_rate f
          WHERE f.currency = c.currency AND f.day_on = d.day_on AND f.fx IS NOT NULL)
           ELSE d.n = 0 AND c.opening_fx IS NULL OR d.day_on = c.period_end_on - 1 AND c.closing_fx IS NULL END
ORDER BY c.currency, c.period_start_on, d.day_on;
COMMENT ON VIEW missing_rate IS
'The rates that are missing: a row a currency, month and day for which nothing in source_fx_rate says what MRR was '
'worth. The figures that would need them are NULL.';

CREATE OR REPLACE VIEW revenue_all_periods WITH (security_invoker) AS
SELECT s.*, 12 * s.opening_mrr AS opening_arr, 12 * s.closing_mrr AS closing_arr FROM revenue_by_periods(false) s;
COMMENT ON VIEW revenue_all_periods IS
'The revenue bridge by months, by quarters and by years, of the fiscal year where it is another, side by side: column '
'period tells which. For all and for each value of each attribute in use.';
COMMENT ON COLUMN revenue_all_periods.period IS
'month, quarter or year: choose one, since each has all of the movements';

CREATE OR REPLACE VIEW revenue_by_period WITH (security_invoker) AS
SELECT s.period_start_on, s.period_end_on, s.dimension, s.value, s.opening_mrr, s.new_mrr, s.reactivation_mrr,
       s.resume_mrr, s.expansion_mrr, s.contraction_mrr, s.pause_mrr, s.churn_mrr, s.fx_mrr, s.closing_mrr,
       s.intra_period_mrr, s.opening_count, s.churn_count, s.closing_count, s.nrr_rate, s.nrr_lower_rate,
       s.nrr_upper_rate, s.grr_rate, s.grr_lower_rate, s.grr_upper_rate, s.logo_churn_rate, s.logo_churn_lower_rate,
       s.logo_churn_upper_rate, s.is_complete, s.policy_hash, 12 * s.opening_mrr AS opening_arr,
       12 * s.closing_mrr AS closing_arr
FROM revenue_by_periods(true) s;
COMMENT ON VIEW revenue_by_period IS
'The same bridge by the period of the policy: months, quarters or years, of the fiscal year where it is another. All '
'of these beside each other are in revenue_all_periods.';

CREATE OR REPLACE VIEW revenue_monthly WITH (security_invoker) AS
SELECT period_start_on, period_end_on,
       opening_mrr, new_mrr, reactivation_mrr, resume_mrr, expansion_mrr, contraction_mrr, pause_mrr, churn_mrr, fx_mrr,
       closing_mrr,
       intra_period_mrr,
       opening_count, new_count, reactivation_count, resume_count, expansion_count, contraction_count, pause_count,
       churn_count, closing_count, intra_period_count,
       nrr_rate, nrr_lower_rate, nrr_upper_rate, grr_rate, grr_lower_rate, grr_upper_rate,
       logo_churn_rate, logo_churn_lower_rate, logo_churn_upper_rate, revenue_churn_rate, is_complete, policy_hash,
       12 * opening_mrr AS opening_arr, 12 * closing_mrr AS closing_arr
FROM revenue_of(true) ORDER BY period_start_on;
COMMENT ON VIEW revenue_monthly IS
'The revenue bridge, month by month: from opening to closing MRR, with the accounts behind each part, NRR, GRR and '
'churn.';

CREATE OR REPLACE VIEW revenue_movement WITH (security_invoker) AS
SELECT c.period_start_on, c.period_end_on, c.account_id, c.subscription_id, n.name,
       n.segment, n.plan, n.owner,
       c.movement, c.opening AS opening_mrr, c.closing AS closing_mrr, c.amount AS amount_mrr
FROM (SELECT m.* FROM entity_movement('month', false) m UNION ALL SELECT f.* FROM entity_fx('month') f) c
     LEFT JOIN account n USING (account_id);
COMMENT ON VIEW revenue_movement IS
'The movements account by account, with the attributes of now: amount_mrr by month and movement adds up to '
'revenue_monthly exactly. fx is the effect of exchange rates, its opening and closing MRR at the rates of then; those '
'of movements are at one rate. NULL where a rate is missing.';

CREATE OR REPLACE VIEW churn_monthly WITH (security_invoker) AS
SELECT period_start_on, period_end_on, opening_count, churn_count, intra_period_count, closing_count,
       logo_churn_rate, logo_churn_lower_rate, logo_churn_upper_rate,
       (churn_count + intra_period_count) / nullif((opening_count + closing_count) / 2::double precision,
                                                   0) AS logo_churn_average_rate,
       annualize_churn(least(logo_churn_rate, 1)) AS annualized_logo_churn_rate,
       CASE WHEN count(logo_churn_rate) OVER year = 12
            THEN annualize_churn(array_agg(least(logo_churn_rate, 1)) OVER year) END AS trailing_year_logo_churn_rate,
       opening_mrr, churn_mrr, contraction_mrr, revenue_churn_rate,
       (contraction_mrr / nullif(opening_mrr, 0))::double precision AS contraction_rate,
       1 - nrr_rate AS net_revenue_churn_rate, is_complete, policy_hash
FROM revenue_monthly
WINDOW year AS (ORDER BY period_start_on ROWS 11 PRECEDING)
ORDER BY period_start_on;
COMMENT ON VIEW churn_monthly IS
'Churn, month by month: of accounts and of revenue, with its interval, its other denominator and its yearly reading.';
