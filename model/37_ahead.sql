-- What is known of the months to come.

CREATE OR REPLACE FUNCTION ahead_entity() RETURNS TABLE (
    account_id @account_id@, revenue mrr_timeline, notice mrr_timeline, called_off mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT e.account_id,
           limit_pauses(smooth_gaps(CASE WHEN c.called_off IS NULL THEN e.revenue
                                         ELSE unmerge(e.revenue, c.called_off) END, e.gap_smooth_days),
                        e.pause_churn_days),
           e.notice, c.called_off
    FROM (SELECT coalesce(x.entity_id, a.account_id) AS account_id, rollup(a.revenue) AS revenue,
                 rollup(a.notice) AS notice, rollup(a.called_off) AS called_off, r.as_of_on, r.gap_smooth_days,
                 r.pause_churn_days
          FROM (SELECT as_of_on, gap_smooth_days, pause_churn_days FROM reporting_range LIMIT 1) r
               CROSS JOIN account_state a
               LEFT JOIN account_entity x
                   ON x.account_id = a.account_id AND x.starts_on <= r.as_of_on AND r.as_of_on < x.ends_on
          WHERE a.revenue IS NOT NULL
          GROUP BY coalesce(x.entity_id, a.account_id), r.as_of_on, r.gap_smooth_days, r.pause_churn_days) e,
         -- what should have ended already ends tomorrow
         LATERAL (SELECT mrr_timeline_agg(greatest(c.changed_on, e.as_of_on + 1), NULL, c.closing - c.opening)
                             AS called_off
                  FROM changes(e.called_off) c) c;
END;
COMMENT ON FUNCTION ahead_entity() IS
'Internal: the entities as they are made up now, subscriptions in one, with the revenue that is committed: without '
'what was called off, from the day of its renewal on; what of it is under notice, and what was called off';

CREATE OR REPLACE VIEW revenue_ahead WITH (security_invoker) AS
WITH term AS MATERIALIZED (
    SELECT w.from_on, w.until_on
    FROM reporting_range r,
         LATERAL (SELECT (date_trunc('month', r.as_of_on + 1) + interval '1 month')::date AS next_on) n,
         -- what is left of this month, and the twelve after it
         LATERAL (VALUES (r.as_of_on + 1, n.next_on), (n.next_on, (n.next_on + interval '12 months')::date))
             w(from_on, until_on)),
held AS (
    SELECT d.dimension, d.value, mrr_movement_agg(e.revenue, t.from_on, t.until_on, 'month') AS state,
           mrr_movement_agg(e.notice, t.from_on, t.until_on, 'month') AS notice,
           mrr_movement_agg(e.called_off, t.from_on, t.until_on, 'month') AS called_off
    FROM term t CROSS JOIN ahead_entity() e JOIN account_dimension d USING (account_id)
    GROUP BY t.from_on, t.until_on, d.dimension, d.value)
SELECT m.period_start AS period_start_on, m.period_end AS period_end_on, h.dimension, h.value,
       m.opening AS opening_mrr, m.new + m.reactivation + m.resume + m.expansion AS starting_mrr,
       m.contraction AS scheduled_contraction_mrr, m.pause AS scheduled_pause_mrr, m.churn AS scheduled_churn_mrr,
       m.closing AS committed_mrr, 12 * m.closing AS committed_arr,
       n.churn + n.contraction + c.new + c.reactivation + c.expansion AS notice_mrr,
       m.opening_count, m.new_count + m.reactivation_count + m.resume_count AS starting_count,
       m.churn_count AS scheduled_churn_count, m.closing_count AS committed_count,
       -- it has not happened
       false AS is_complete, r.policy_hash
FROM reporting_range r CROSS JOIN held h CROSS JOIN LATERAL movements(h.state, r.pause_rule = 'churn') m
     JOIN LATERAL movements(h.notice) n USING (period_start)
     JOIN LATERAL movements(h.called_off) c USING (period_start)
ORDER BY h.dimension, h.value, m.period_start;
COMMENT ON VIEW revenue_ahead IS
'What is known of the rest of this month and the twelve after it: MRR that starts, ends or was called off, by what '
'subscriptions say now, and the MRR that is committed. opening + starting - contraction - pause - churn is committed, '
'exactly. Nobody new, no renewal and no price is assumed.';
