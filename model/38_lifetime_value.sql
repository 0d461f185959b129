-- How long accounts stay, what they are worth, and what discounts cost.

CREATE OR REPLACE FUNCTION entity_tenure() RETURNS TABLE (
    account_id @account_id@, first_paid_on date, churned_on date, end_on date, renewal_count bigint, start_mrr numeric,
    mrr numeric, revenue mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT t.account_id, t.first_paid_on, t.churned_on, t.end_on,
           -- whole months, and for those that left the one that had begun
           (extract(year FROM age) * 12 + extract(month FROM age)
            + CASE WHEN t.churned_on IS NOT NULL AND extract(day FROM age) > 0 THEN 1 ELSE 0 END)::bigint,
           mrr_at(t.revenue, t.first_paid_on), mrr_at(t.revenue, t.as_of_on), t.revenue
    FROM (SELECT h.account_id, h.revenue, h.as_of_on, first_paid_on(h.revenue), h.churned_on,
                 coalesce(h.churned_on, h.as_of_on + 1) AS end_on
          FROM (SELECT a.account_id, r.as_of_on, a.revenue,
                       churned_on(a.revenue, r.as_of_on, r.pause_rule = 'churn') AS churned_on
                FROM reporting_range r, entity_on(r.as_of_on) a
                WHERE first_paid_on(a.revenue) <= r.as_of_on) h) t,
         LATERAL age(t.end_on::timestamp, t.first_paid_on::timestamp) age;
END;
COMMENT ON FUNCTION entity_tenure() IS
'Internal: what tenure_by_account has, without attributes and months, and the revenue that it is of';

CREATE OR REPLACE VIEW tenure_by_account WITH (security_invoker) AS
SELECT t.account_id, n.name, n.segment, n.plan, n.owner, t.first_paid_on, t.churned_on,
       (t.end_on - t.first_paid_on)::double precision AS tenure_days, t.renewal_count,
       month.exposed AS exposed_months_count, month.lost AS lost_months_count, t.start_mrr, t.mrr
FROM entity_tenure() t LEFT JOIN account n USING (account_id),
     -- the same for all, and worked out once
     (SELECT array_agg((r.as_of_on + 1 - k * interval '1 month')::date) AS begins,
             array_agg((r.as_of_on + 1 - (k - 1) * interval '1 month')::date) AS ends
      FROM reporting_range r, generate_series(1, 12) k) year,
     -- a month that begins on w: there at the end of the day before, lost from w on and before the next
     LATERAL (SELECT count(*) AS exposed, count(*) FILTER (WHERE t.churned_on < w.next) AS lost
              FROM unnest(year.begins, year.ends) w(day, next)
              WHERE t.first_paid_on < w.day AND coalesce(t.churned_on, 'infinity') >= w.day) month;
COMMENT ON VIEW tenure_by_account IS
'Tenure, account by account: from the first MRR to the loss of the last; who came back is taken as never gone.';

CREATE OR REPLACE FUNCTION live_tenure() RETURNS TABLE (
    members text[], account_count bigint, paying_count bigint, churned_count bigint, mrr numeric, churn rate,
    tenure durations, weighted durations, contract sbg)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 SET jit = off
BEGIN ATOMIC
    SELECT g.members, count(*), count(*) FILTER (WHERE t.mrr > 0), count(t.churned_on), sum(t.mrr),
           make_rate(sum(t.lost_months_count)::bigint, sum(t.exposed_months_count)::bigint),
           duration_agg(t.tenure_days * interval '1 day', t.churned_on IS NOT NULL),
           duration_agg(t.tenure_days * interval '1 day', t.churned_on IS NOT NULL, t.start_mrr),
           sbg_agg(t.renewal_count::integer, t.churned_on IS NOT NULL)
    FROM tenure_by_account t JOIN group_of(false) g USING (account_id)
    GROUP BY g.members;
END;
COMMENT ON FUNCTION live_tenure() IS
'Internal: tenure and churn of all accounts, by what they are summed up by, see group_of';

CREATE OR REPLACE VIEW value_by_segment WITH (security_invoker) AS
WITH held AS (
    SELECT d.dimension, d.value, sum(s.account_count)::bigint AS account_count,
           sum(s.paying_count)::bigint AS paying_count, sum(s.churned_count)::bigint AS churned_count,
           sum(s.mrr) AS mrr, rollup(s.churn) AS churn, rollup(s.tenure) AS tenure, rollup(s.weighted) AS weighted,
           rollup(s.contract) AS contract
    FROM live_tenure() s, LATERAL dimension_in(s.members, false) d
    GROUP BY d.dimension, d.value),
test AS (
    SELECT w.dimension, l.p AS log_rank_p
    FROM (SELECT dimension, array_agg(tenure ORDER BY value) AS tenures
          FROM held GROUP BY dimension HAVING count(*) BETWEEN 2 AND 100) w,
         LATERAL log_rank(w.tenures) l)
SELECT h.dimension, h.value, h.account_count, h.paying_count, h.churned_count, h.mrr, one.arpa AS arpa_mrr,
       rate(h.churn) AS monthly_churn_rate, churn.lower AS monthly_churn_lower_rate,
       churn.upper AS monthly_churn_upper_rate,
       as_days(median_duration(h.tenure)) AS tenure_median_days,
       as_days(median.lower) AS tenure_median_lower_days, as_days(median.upper) AS tenure_median_upper_days,
       1 - share_within(h.tenure, '366 days') AS retained_12_months_rate,
       1 - year.upper AS retained_12_months_lower_rate, 1 - year.lower AS retained_12_months_upper_rate,
       simple.value AS cltv_amount, low.value AS cltv_lower_amount, high.value AS cltv_upper_amount,
       CASE WHEN one.arpa IS NULL THEN 'no account with MRR' WHEN rate(h.churn) IS NULL
           THEN 'no account began a month with MRR' ELSE simple.reason END AS cltv_reason,
       discounted.value AS discounted_cltv_amount, discounted.lower AS discounted_cltv_lower_amount,
       discounted.upper AS discounted_cltv_upper_amount,
       weighted.value AS weighted_cltv_amount, weighted.lower AS weighted_cltv_lower_amount,
       weighted.upper AS weighted_cltv_upper_amount,
       expected_payments.known_months,
       fit.alpha AS sbg_alpha, fit.beta AS sbg_beta,
       CASE WHEN p.annual_discount > 1e-6
            THEN trim_scale(round(one.arpa * p.gross_margin::numeric
                 * (1 + sbg_residual_lifetime(h.contract, (1 + p.annual_discount) ^ (1 / 12.0) - 1,
                                              0) / (1 + p.annual_discount) ^ (1 / 12.0))::numeric,
                                              6)) END AS sbg_cltv_amount,
       coalesce(fit.reason,
                CASE WHEN one.arpa IS NULL THEN 'no account with MRR' WHEN p.annual_discount <= 1e-6
                    THEN 'without discount it may have no bound' END) AS sbg_reason,
       test.log_rank_p, r.as_of_on, r.policy_hash
FROM reporting_range r, policy p, held h LEFT JOIN test USING (dimension),
     LATERAL (SELECT trim_scale(round(h.mrr / nullif(h.paying_count, 0), 6)) AS arpa) one,
     LATERAL rate_interval(h.churn, r.confidence_rate) churn,
     LATERAL median_duration_interval(h.tenure, r.confidence_rate) median,
     LATERAL share_within_interval(h.tenure, '366 days', r.confidence_rate) year,
     LATERAL cltv(one.arpa, p.gross_margin, rate(h.churn)) simple,
     LATERAL cltv(one.arpa, p.gross_margin, churn.upper) low,
     LATERAL cltv(one.arpa, p.gross_margin, churn.lower) high,
     LATERAL cltv_discounted(h.tenure, one.arpa, p.gross_margin, p.value_months, p.annual_discount, p.monthly_expansion,
                             true, r.confidence_rate) discounted,
     LATERAL cltv_discounted(h.weighted, one.arpa, p.gross_margin, p.value_months, p.annual_discount,
                             p.monthly_expansion, true, r.confidence_rate) weighted,
     LATERAL expected_payments(h.tenure, p.value_months, p.annual_discount, p.monthly_expansion, true,
                               r.confidence_rate),
     LATERAL sbg_fit(h.contract) fit
ORDER BY h.dimension, h.value;
COMMENT ON VIEW value_by_segment IS
'What an account is worth over its life, for all and for each value of each attribute in use: tenure, churn, and '
'lifetime value by constant churn, by the retention curve and by falling churn, each with its interval or the reason '
'why there is none.';

CREATE OR REPLACE VIEW discount_by_segment WITH (security_invoker) AS
SELECT d.dimension, d.value, coalesce(nullif(s.currency, ''), '(none)') AS currency,
       sum(s.account_count)::bigint AS account_count,
       CASE WHEN fed.lasting OR fed.limited THEN sum(s.discounted_count)::bigint END AS discounted_count,
       sum(s.list_mrr) AS list_mrr, CASE WHEN fed.lasting THEN sum(s.discount_mrr) END AS discount_mrr,
       CASE WHEN fed.limited THEN sum(s.limited_mrr) END AS limited_discount_mrr,
       CASE WHEN fed.lasting OR fed.limited
            THEN (sum(s.discount_mrr + s.limited_mrr) / nullif(sum(s.list_mrr), 0))::double precision END
           AS discount_rate,
       r.as_of_on, r.policy_hash
FROM reporting_range r,
     -- what nothing is known of is not zero
     (SELECT is_fed('subscription', '{discount_mrr}') AS lasting,
             is_fed('subscription', '{limited_discount_mrr}') AS limited OFFSET 0) fed,
     -- of an account and currency there is one row
     (SELECT g.members, s.currency, count(*) AS account_count,
             count(*) FILTER (WHERE n.discount_mrr + n.limited_mrr > 0) AS discounted_count,
             sum(n.list_mrr) AS list_mrr, sum(n.discount_mrr) AS discount_mrr, sum(n.limited_mrr) AS limited_mrr
      FROM reporting_range t, discount_state s JOIN group_of(false) g USING (account_id),
           LATERAL (SELECT mrr_at(s.list_price, t.as_of_on) AS list_mrr,
                           coalesce(mrr_at(s.recurring, t.as_of_on), 0) AS discount_mrr,
                           coalesce(mrr_at(s.limited, t.as_of_on), 0) AS limited_mrr) n
      WHERE active_at(s.list_price, t.as_of_on)
      GROUP BY g.members, s.currency) s,
     LATERAL dimension_in(s.members, false) d
GROUP BY d.dimension, d.value, coalesce(nullif(s.currency, ''), '(none)'), fed.lasting, fed.limited, r.as_of_on,
         r.policy_hash
ORDER BY d.dimension, d.value, 3;
COMMENT ON VIEW discount_by_segment IS
'What is off the list price of the subscriptions in force on the day of the reading, as refresh saw them: recurring '
'discounts, which mrr has off, and one-off and limited ones. By currency, for all and for each value of each '
'attribute in use.';
COMMENT ON COLUMN discount_by_segment.currency IS 'ISO 4217 code; (none) where the source gives none';
