-- Churn and contraction by reason.

CREATE OR REPLACE VIEW churn_by_reason WITH (security_invoker) AS
SELECT s.period_start_on, e.period_end_on, s.dimension, s.value, s.cause, s.reason,
       coalesce(sum(s.account_count) FILTER (WHERE s.movement = 'churn'), 0)::bigint AS churn_count,
       CASE WHEN coalesce(sum(s.unknown_count) FILTER (WHERE s.movement = 'churn'), 0) = 0
            THEN coalesce(sum(s.amount) FILTER (WHERE s.movement = 'churn'), 0) END AS churn_mrr,
       coalesce(sum(s.account_count) FILTER (WHERE s.movement = 'contraction'), 0)::bigint AS contraction_count,
       CASE WHEN coalesce(sum(s.unknown_count) FILTER (WHERE s.movement = 'contraction'), 0) = 0
            THEN coalesce(sum(s.amount) FILTER (WHERE s.movement = 'contraction'), 0) END AS contraction_mrr,
       e.period_end_on = (s.period_start_on + interval '1 month')::date AND e.period_end_on <= r.over_until_on
           AS is_complete, r.policy_hash
FROM reporting_range r,
     (SELECT s.* FROM stored_loss s WHERE is_stored('stored_loss')
      UNION ALL
      SELECT l.* FROM live_stored_loss() l WHERE NOT is_stored('stored_loss')) s,
     LATERAL (SELECT least((s.period_start_on + interval '1 month')::date, r.as_of_on + 1) AS period_end_on) e
GROUP BY s.period_start_on, e.period_end_on, s.dimension, s.value, s.cause, s.reason, r.policy_hash, r.over_until_on
ORDER BY s.period_start_on, s.dimension, s.value, s.cause, s.reason;
COMMENT ON VIEW churn_by_reason IS
'Why MRR was lost, month by month, for all and for each value of each attribute in use: churn and contraction by the '
'end_reason of subscriptions that ended, what the customer wanted apart from what failed. Sums over reasons are those '
'of revenue_by_segment exactly; see doc/churn.md.';
