-- Discounts in the model: what is off the list price of the subscriptions in force.
INSERT INTO model_column VALUES
('currency', 'ISO 4217 code; (none) where the source gives none'),
('discounted_count', 'Those with a discount, recurring or limited'),
('list_mrr', 'MRR of the subscriptions in force without discounts, in money a month of that currency'),
('discount_mrr', 'Recurring discounts on it'),
('limited_discount_mrr', 'One-off and limited discounts on it, which mrr does not have off unless discount_rule is all'),
('discount_rate', '(discount_mrr + limited_discount_mrr) / list_mrr')
ON CONFLICT (name) DO NOTHING;

INSERT INTO model_view VALUES
(195, 'discount_by_segment', $$
    SELECT d.dimension, d.value, coalesce(s.currency, '(none)') AS currency, count(DISTINCT s.account_id) AS account_count, count(DISTINCT s.account_id) FILTER (WHERE s.discount + s.limited > 0) AS discounted_count,
           sum(s.mrr + s.discount) AS list_mrr, sum(s.discount) AS discount_mrr, sum(s.limited) AS limited_discount_mrr,
           (sum(s.discount + s.limited) / nullif(sum(s.mrr + s.discount), 0))::double precision AS discount_rate, r.as_of_on, r.policy_hash
    FROM reporting_range r, policy p,
         LATERAL (SELECT account_id, upper(currency) AS currency, mrr, coalesce(discount_mrr, 0) AS discount, coalesce(limited_discount_mrr, 0) AS limited
                  FROM source_subscription
                  WHERE starts_on <= r.as_of_on AND coalesce(counted_until(starts_on, ends_on, cancelled_on, renews_on, past_due_on, p.churn_date_rule, p.delinquency_days), 'infinity') > r.as_of_on AND mrr >= 0
                    AND (status IS DISTINCT FROM 'trial' OR p.trial_rule = 'count') AND (status IS DISTINCT FROM 'paused' OR p.pause_rule = 'keep')) s
         JOIN account_state a USING (account_id) JOIN account_dimension d USING (account_id)
    GROUP BY d.dimension, d.value, s.currency, r.as_of_on, r.policy_hash
    ORDER BY d.dimension, d.value, 3
$$, 'What is off the list price of the subscriptions in force on the day of the reading, as the source says now: recurring discounts, which mrr has off, and one-off and limited ones. By currency, for all and for each value of each attribute in use.');
