-- The months to come.

CREATE OR REPLACE VIEW revenue_ahead WITH (security_invoker) AS
SELECT m.period_start AS period_start_on, m.period_end AS period_end_on, h.dimension, h.value,
       m.opening AS opening_mrr, m.new + m.reactivation + m.resume + m.expansion AS starting_mrr,
       m.contraction AS scheduled_contraction_mrr, m.pause AS scheduled_pause_mrr, m.churn AS scheduled_churn_mrr,
       m.closing AS committed_mrr, 12 * m.closing AS committed_arr,
       n.churn + n.contraction + c.new + c.reactivation + c.expansion AS notice_mrr,
       m.opening_count, m.new_count + m.reactivation_count + m.resume_count AS starting_count,
       m.churn_count AS scheduled_churn_count, m.closing_count AS committed_count,
       -- it has not happened
       false AS is_complete, r.policy_hash
FROM reporting_range r CROSS JOIN
     (SELECT s.* FROM stored_ahead s WHERE is_stored('stored_ahead')
      UNION ALL
      SELECT l.* FROM live_stored_ahead() l WHERE NOT is_stored('stored_ahead')) h
     CROSS JOIN LATERAL movements(h.state, r.pause_rule = 'churn') m
     JOIN LATERAL movements(h.notice) n USING (period_start)
     JOIN LATERAL movements(h.called_off) c USING (period_start)
ORDER BY h.dimension, h.value, m.period_start;
COMMENT ON VIEW revenue_ahead IS
'What is known of the rest of this month and the twelve after it: MRR that starts, ends or was called off, by what '
'subscriptions say now, and the MRR that is committed. opening + starting - contraction - pause - churn is committed, '
'exactly. Nobody new, no renewal and no price is assumed.';
