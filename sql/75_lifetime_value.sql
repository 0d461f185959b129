-- Lifetime value in the model: how long accounts stay, and what they bring meanwhile.
INSERT INTO policy_column VALUES
(50, 'gross_margin', 'double precision', '1', $$gross_margin > '-infinity' AND gross_margin <= 1$$, 'Gross margin as a share; at 1 lifetime values are revenue, not profit'),
(51, 'annual_discount', 'double precision', '0.1', 'annual_discount >= 0 AND annual_discount <= 10', 'Discount of future payments a year, as a share'),
(52, 'monthly_expansion', 'double precision', '0', 'monthly_expansion > -1 AND monthly_expansion <= 10', 'Growth of MRR a month that discounted lifetime values assume, as a share'),
(53, 'value_months', 'integer', '60', 'value_months BETWEEN 1 AND 1200', 'Horizon of discounted lifetime values, in months');

INSERT INTO model_column VALUES
('first_paid_on', 'Day of the first MRR'),
('churned_on', 'Day on which the last MRR was lost; NULL: still there, or paused'),
('tenure_days', 'Days from the first MRR to the loss of the last, or so far'),
('renewal_count', 'Monthly renewals that came up so far; the account was lost at the last, or is still there'),
('exposed_months_count', 'Months of the last twelve that began with MRR'),
('lost_months_count', 'Those of them in which the last MRR was lost: 0 or 1'),
('paying_count', 'Accounts with MRR'),
('churned_count', 'Accounts that lost their last MRR, at whatever time'),
('arpa_mrr', 'MRR an account with MRR, in money a month'),
('monthly_churn_rate', 'Accounts lost a month, over the last twelve months: losses / months that accounts began with MRR'),
('monthly_churn_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('monthly_churn_upper_rate', 'Upper end of its confidence interval'),
('tenure_median_days', 'Median tenure, accounts still there included; NULL where half have not left'),
('tenure_median_lower_days', 'Lower end of its confidence interval (log-log)'),
('tenure_median_upper_days', 'Upper end of its confidence interval'),
('retained_12_months_rate', 'Share of accounts still there after a year (366 days); NULL where none was seen so long'),
('retained_12_months_lower_rate', 'Lower end of its confidence interval'),
('retained_12_months_upper_rate', 'Upper end of its confidence interval'),
('cltv_amount', 'Lifetime value, simple: arpa_mrr x gross margin / monthly churn, in money; assumes that churn never changes'),
('cltv_lower_amount', 'The same at the upper end of monthly churn'),
('cltv_upper_amount', 'The same at the lower end of monthly churn; NULL where that is 0'),
('cltv_reason', 'Why there is no simple lifetime value'),
('discounted_cltv_amount', 'Lifetime value over the horizon, discounted, from the retention curve that was seen, in money'),
('discounted_cltv_lower_amount', 'Lower end of its confidence interval, from that of the curve'),
('discounted_cltv_upper_amount', 'Upper end of its confidence interval'),
('weighted_cltv_amount', 'The same with the curve of MRR: each account weighs as much as the MRR it began with'),
('weighted_cltv_lower_amount', 'Lower end of its confidence interval'),
('weighted_cltv_upper_amount', 'Upper end of its confidence interval'),
('known_months', 'Months of the horizon that the curve tells of; payments after them are in neither'),
('sbg_alpha', 'Shifted-beta-geometric model of monthly renewals: alpha'),
('sbg_beta', 'Its beta; mean churn of a new account at its first renewal is alpha / (alpha + beta)'),
('sbg_cltv_amount', 'Lifetime value of a new account by that model, discounted, without horizon, in money: churn falls as accounts age, as constant churn denies'),
('sbg_reason', 'Why there is no such model');

INSERT INTO model_view VALUES
(180, 'tenure_by_account', $$
    SELECT t.account_id, n.name, n.segment, n.plan, n.owner, t.first_paid_on, t.churned_on,
           (t.end_on - t.first_paid_on)::double precision AS tenure_days,
           -- whole months, and for those that left the one that had begun
           (extract(year FROM age) * 12 + extract(month FROM age)
            + CASE WHEN t.churned_on IS NOT NULL AND extract(day FROM age) > 0 THEN 1 ELSE 0 END)::bigint AS renewal_count,
           month.exposed AS exposed_months_count, month.lost AS lost_months_count, mrr_at(t.history, t.first_paid_on) AS start_mrr, mrr_at(t.history, t.as_of_on) AS mrr
    FROM (SELECT h.account_id, h.history, h.as_of_on, first_paid_on(h.history), h.churned_on, coalesce(h.churned_on, h.as_of_on + 1) AS end_on
          FROM (SELECT a.account_id, r.as_of_on, a.revenue AS history, churned_on(a.revenue, r.as_of_on, r.pause_rule = 'churn') AS churned_on
                FROM reporting_range r, entity_revenue(r.as_of_on) a
                WHERE first_paid_on(a.revenue) <= r.as_of_on) h) t
         LEFT JOIN source_account n USING (account_id),
         LATERAL age(t.end_on::timestamp, t.first_paid_on::timestamp) age,
         -- a month that begins on w: there at the end of the day before, lost from w on and before the next
         LATERAL (SELECT count(*) AS exposed, count(*) FILTER (WHERE t.churned_on < w.next) AS lost
                  FROM (SELECT (t.as_of_on + 1 - k * interval '1 month')::date AS day, (t.as_of_on + 1 - (k - 1) * interval '1 month')::date AS next
                        FROM generate_series(1, 12) k) w
                  WHERE t.first_paid_on < w.day AND coalesce(t.churned_on, 'infinity') >= w.day) month
$$, 'Tenure, account by account: from the first MRR to the loss of the last; who came back is taken as never gone.'),

(190, 'value_by_segment', $$
    WITH held AS (
        SELECT d.dimension, d.value, count(*) AS account_count, count(*) FILTER (WHERE t.mrr > 0) AS paying_count, count(t.churned_on) AS churned_count,
               sum(t.mrr) AS mrr, make_rate(sum(t.lost_months_count)::bigint, sum(t.exposed_months_count)::bigint) AS churn,
               duration_agg(t.tenure_days * interval '1 day', t.churned_on IS NOT NULL) AS tenure,
               duration_agg(t.tenure_days * interval '1 day', t.churned_on IS NOT NULL, t.start_mrr) AS weighted,
               sbg_agg(t.renewal_count::integer, t.churned_on IS NOT NULL) AS contract
        FROM tenure_by_account t JOIN account_dimension d USING (account_id)
        GROUP BY d.dimension, d.value),
    test AS (
        SELECT w.dimension, l.p AS log_rank_p
        FROM (SELECT dimension, array_agg(tenure ORDER BY value) AS tenures FROM held GROUP BY dimension HAVING count(*) BETWEEN 2 AND 100) w,
             LATERAL log_rank(w.tenures) l)
    SELECT h.dimension, h.value, h.account_count, h.paying_count, h.churned_count, h.mrr, one.arpa AS arpa_mrr,
           rate(h.churn) AS monthly_churn_rate, churn.lower AS monthly_churn_lower_rate, churn.upper AS monthly_churn_upper_rate,
           as_days(median_duration(h.tenure)) AS tenure_median_days,
           as_days(median.lower) AS tenure_median_lower_days, as_days(median.upper) AS tenure_median_upper_days,
           1 - share_within(h.tenure, '366 days') AS retained_12_months_rate,
           1 - year.upper AS retained_12_months_lower_rate, 1 - year.lower AS retained_12_months_upper_rate,
           simple.value AS cltv_amount, low.value AS cltv_lower_amount, high.value AS cltv_upper_amount,
           CASE WHEN one.arpa IS NULL THEN 'no account with MRR' WHEN rate(h.churn) IS NULL THEN 'no account began a month with MRR' ELSE simple.reason END AS cltv_reason,
           discounted.value AS discounted_cltv_amount, discounted.lower AS discounted_cltv_lower_amount, discounted.upper AS discounted_cltv_upper_amount,
           weighted.value AS weighted_cltv_amount, weighted.lower AS weighted_cltv_lower_amount, weighted.upper AS weighted_cltv_upper_amount,
           expected_payments.known_months,
           fit.alpha AS sbg_alpha, fit.beta AS sbg_beta,
           CASE WHEN p.annual_discount > 1e-6
                THEN trim_scale(round(one.arpa * p.gross_margin::numeric
                     * (1 + sbg_residual_lifetime(h.contract, (1 + p.annual_discount) ^ (1 / 12.0) - 1, 0) / (1 + p.annual_discount) ^ (1 / 12.0))::numeric, 6)) END AS sbg_cltv_amount,
           coalesce(fit.reason, CASE WHEN one.arpa IS NULL THEN 'no account with MRR' WHEN p.annual_discount <= 1e-6 THEN 'without discount it may have no bound' END) AS sbg_reason,
           test.log_rank_p, r.as_of_on, r.policy_hash
    FROM reporting_range r, policy p, held h LEFT JOIN test USING (dimension),
         LATERAL (SELECT trim_scale(round(h.mrr / nullif(h.paying_count, 0), 6)) AS arpa) one,
         LATERAL rate_interval(h.churn, r.confidence_rate) churn,
         LATERAL median_duration_interval(h.tenure, r.confidence_rate) median,
         LATERAL share_within_interval(h.tenure, '366 days', r.confidence_rate) year,
         LATERAL cltv(one.arpa, p.gross_margin, rate(h.churn)) simple,
         LATERAL cltv(one.arpa, p.gross_margin, churn.upper) low,
         LATERAL cltv(one.arpa, p.gross_margin, churn.lower) high,
         LATERAL cltv_discounted(h.tenure, one.arpa, p.gross_margin, p.value_months, p.annual_discount, p.monthly_expansion, true, r.confidence_rate) discounted,
         LATERAL cltv_discounted(h.weighted, one.arpa, p.gross_margin, p.value_months, p.annual_discount, p.monthly_expansion, true, r.confidence_rate) weighted,
         LATERAL expected_payments(h.tenure, p.value_months, p.annual_discount, p.monthly_expansion, true, r.confidence_rate),
         LATERAL sbg_fit(h.contract) fit
    ORDER BY h.dimension, h.value
$$, 'What an account is worth over its life, for all and for each value of each attribute in use: tenure, churn, and lifetime value by constant churn, by the retention curve and by falling churn, each with its interval or the reason why there is none.');
