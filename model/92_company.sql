-- The company's months, as those see them who see some of its accounts alone.

CREATE OR REPLACE VIEW company_monthly WITH (security_invoker) AS
SELECT t.period_start_on, t.period_end_on, t.opening_mrr, t.closing_mrr, t.opening_count, t.closing_count, t.nrr_rate,
       t.grr_rate, t.logo_churn_rate, t.policy_hash
FROM reporting_range r JOIN company_total t ON t.policy_hash = r.policy_hash AND t.period_end_on <= r.over_until_on
ORDER BY t.period_start_on;
COMMENT ON VIEW company_monthly IS
'The company''s months that were over at the last refresh, also for who sees some accounts, where restricted_totals is '
'company: none in which fewer than hidden_least_count customers are hidden from the reader, nor any by another policy, '
'nor by subscriptions.';
