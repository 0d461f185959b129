-- The revenue part of the model: what subscriptions say, and the bridge, churn and cohorts read from it.
INSERT INTO csmetrics.source_column VALUES
('subscription', 1, 'account_id', 'account_id', true, 'Key of the account'),
('subscription', 2, 'subscription_id', 'text', false, 'Key of the subscription'),
('subscription', 3, 'starts_on', 'date', true, 'First day in force'),
('subscription', 4, 'ends_on', 'date', false, 'The day after the last in force; NULL: still in force'),
('subscription', 5, 'mrr', 'numeric', true,
 'MRR in force meanwhile, in money a month, recurring discounts off, without tax; see mrr() and term_mrr() for prices'),
('subscription', 6, 'currency', 'text', false, 'ISO 4217 code'),
('subscription', 7, 'product', 'text', false, 'Product'),
('subscription', 8, 'plan', 'text', false, 'Plan'),
('subscription', 9, 'status', 'text', false,
 'trial and paused are treated as the policy says; anything else counts by its days'),
('subscription', 10, 'cancelled_on', 'date', false, 'Day on which the customer cancelled'),
('subscription', 11, 'renews_on', 'date', false,
 'Day of the next renewal; where it was cancelled, of the one that was called off'),
('subscription', 12, 'end_reason', 'text', false, 'Why it ended'),
('subscription', 13, 'voluntary', 'boolean', false, 'Was it the customer who ended it?'),
('subscription', 14, 'past_due_on', 'date', false, 'Day since which a payment is due; NULL: none is'),
('subscription', 15, 'discount_mrr', 'numeric', false,
 'Recurring discounts that are off mrr already, in money a month; NULL: 0'),
('subscription', 16, 'limited_discount_mrr', 'numeric', false,
 'One-off and limited discounts of that time that are not off mrr, in money a month; NULL: 0');

INSERT INTO csmetrics.source_check VALUES
('subscription', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('subscription', 2, 'starts_on IS NULL', $$'starts_on is NULL'$$),
('subscription', 3, 'ends_on < starts_on', $$format('ends %s is before starts %s', ends_on, starts_on)$$),
('subscription', 4, $$mrr IS NULL AND status IS DISTINCT FROM 'paused'$$, $$'mrr is NULL'$$),
('subscription', 5, 'discount_mrr < 0', $$format('discount_mrr %s is below 0', discount_mrr)$$),
('subscription', 6, 'limited_discount_mrr < 0', $$format('limited_discount_mrr %s is below 0', limited_discount_mrr)$$);

INSERT INTO csmetrics.policy_column (position, name, type, default_value, condition, takes_effect, meaning) VALUES
(10, 'trial_rule', 'text', $$'exclude'$$, $$trial_rule IN ('exclude', 'count')$$, 'refresh',
 'Subscriptions with status trial: exclude, or count their MRR'),
(11, 'pause_rule', 'text', $$'pause'$$, $$pause_rule IN ('pause', 'churn', 'keep')$$, 'refresh',
 'Subscriptions with status paused: no MRR and shown as pause, no MRR and shown as churn, or keep their MRR; it is a '
 'change to or from keep that waits'),
(12, 'pause_churn_days', 'integer', '60', 'pause_churn_days BETWEEN 0 AND 36525', 'at once',
 'A pause of this many days becomes churn'),
(13, 'gap_smooth_days', 'integer', '0', 'gap_smooth_days BETWEEN 0 AND 36525', 'at once',
 'A gap without MRR of fewer days is no churn; 0: every gap is'),
(14, 'credit_rule', 'text', $$'exclude'$$, $$credit_rule IN ('exclude', 'count')$$, 'refresh',
 'Subscription rows with MRR below zero: exclude, or count against the others of the account'),
(16, 'zero_mrr_rule', 'text', $$'exclude'$$, $$zero_mrr_rule IN ('exclude', 'count')$$, 'refresh',
 'Subscriptions with an MRR of 0, free plans and discounts of 100 %: exclude, or count the account as an active '
 'customer'),
(17, 'churn_date_rule', 'text', $$'term_end'$$, $$churn_date_rule IN ('term_end', 'click', 'scheduled')$$, 'refresh',
 'The MRR of a subscription that was cancelled counts until ends_on, the end of what was paid for (term_end), until '
 'cancelled_on (click), or until the renewal that was called off, renews_on (scheduled); see csmetrics.counted_until'),
(19, 'discount_rule', 'text', $$'recurring'$$, $$discount_rule IN ('recurring', 'none', 'all')$$, 'refresh',
 'MRR has recurring discounts off (recurring), no discounts (none), or one-off and limited ones too (all); see '
 'csmetrics.counted_mrr');
INSERT INTO csmetrics.policy_column
    (position, name, type, default_value, condition, takes_effect, meaning, may_be_null)
VALUES
(18, 'delinquency_days', 'integer', '30', 'delinquency_days BETWEEN 0 AND 3653', 'refresh',
 'The MRR of a subscription counts until so many days after past_due_on, and is churn then; 0: at once; NULL: never',
 true);
