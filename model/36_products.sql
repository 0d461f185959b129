-- The bridge by product and plan of the subscriptions as of then.

CREATE OR REPLACE VIEW revenue_by_product WITH (security_invoker) AS
WITH told AS MATERIALIZED (SELECT m.* FROM product_movement() m),
flow AS (
    SELECT f.period_start_on, f.dimension, f.value,
           sum(f.amount) FILTER (WHERE f.movement = 'opening') AS opening,
           sum(f.amount) FILTER (WHERE f.movement = 'new') AS new,
           sum(f.amount) FILTER (WHERE f.movement = 'reactivation') AS reactivation,
           sum(f.amount) FILTER (WHERE f.movement = 'resume') AS resume,
           sum(f.amount) FILTER (WHERE f.movement = 'expansion') AS expansion,
           sum(f.amount) FILTER (WHERE f.movement = 'contraction') AS contraction,
           sum(f.amount) FILTER (WHERE f.movement = 'pause') AS pause,
           sum(f.amount) FILTER (WHERE f.movement = 'churn') AS churn,
           sum(f.amount) FILTER (WHERE f.movement = 'fx') AS fx,
           sum(f.amount) FILTER (WHERE f.movement = 'into') AS transfer_in,
           sum(f.amount) FILTER (WHERE f.movement = 'transfer') AS transfer_out,
           sum(f.account_count) FILTER (WHERE f.movement = 'opening') AS entered,
           sum(f.account_count) FILTER (WHERE f.movement = 'joined') AS joined,
           sum(f.account_count) FILTER (WHERE f.movement = 'left') AS lost
    FROM (SELECT t.period_start_on, t.dimension, t.value, t.movement, t.amount, t.account_count FROM told t
          UNION ALL
          SELECT t.period_start_on, t.dimension, t.to_value, 'into', t.amount, 0 FROM told t
          WHERE t.movement = 'transfer') f
    GROUP BY f.period_start_on, f.dimension, f.value),
moved AS (
    SELECT w.start_on, w.end_on, n.dimension, n.value, coalesce(f.opening, 0) AS opening, coalesce(f.new, 0) AS new,
           coalesce(f.reactivation, 0) AS reactivation, coalesce(f.resume, 0) AS resume,
           coalesce(f.expansion, 0) AS expansion, coalesce(f.contraction, 0) AS contraction,
           coalesce(f.pause, 0) AS pause, coalesce(f.churn, 0) AS churn, coalesce(f.fx, 0) AS fx,
           coalesce(f.transfer_in, 0) AS transfer_in, coalesce(f.transfer_out, 0) AS transfer_out,
           coalesce(f.entered, 0)::bigint AS entered, coalesce(f.joined, 0)::bigint AS joined,
           coalesce(f.lost, 0)::bigint AS lost
    FROM window_of_report('month', 1, 0) w CROSS JOIN (SELECT DISTINCT o.dimension, o.value FROM flow o) n
         LEFT JOIN flow f ON f.period_start_on = w.start_on AND f.dimension = n.dimension AND f.value = n.value),
unknown AS (SELECT t.dimension, min(t.period_start_on) AS since_on FROM told t WHERE t.unknown_count > 0 GROUP BY 1),
carried AS (
    SELECT m.*,
           sum(m.opening + m.new + m.reactivation + m.resume + m.expansion + m.transfer_in - m.contraction
               - m.transfer_out - m.pause - m.churn + m.fx) OVER so_far AS closing,
           sum(m.joined - m.lost) OVER so_far AS closing_count,
           -- a rate that is missing leaves open all that comes after
           CASE WHEN u.since_on <= m.start_on THEN NULL ELSE 1 END AS one
    FROM moved m LEFT JOIN unknown u USING (dimension)
    WINDOW so_far AS (PARTITION BY m.dimension, m.value ORDER BY m.start_on))
SELECT c.start_on AS period_start_on, c.end_on AS period_end_on, c.dimension, c.value,
       c.one * (c.closing - (c.new + c.reactivation + c.resume + c.expansion + c.transfer_in - c.contraction
                             - c.transfer_out - c.pause - c.churn + c.fx)) AS opening_mrr,
       c.one * c.new AS new_mrr, c.one * c.reactivation AS reactivation_mrr, c.one * c.resume AS resume_mrr,
       c.one * c.expansion AS expansion_mrr, c.one * c.transfer_in AS transfer_in_mrr,
       c.one * c.contraction AS contraction_mrr, c.one * c.transfer_out AS transfer_out_mrr,
       c.one * c.pause AS pause_mrr, c.one * c.churn AS churn_mrr, c.one * c.fx AS fx_mrr,
       c.one * c.closing AS closing_mrr, 12 * c.one * c.closing AS closing_arr,
       c.joined - c.entered AS joined_count, c.lost AS left_count, c.closing_count::bigint AS closing_count,
       c.end_on = (c.start_on + interval '1 month')::date AND c.end_on <= r.over_until_on AS is_complete, r.policy_hash
FROM carried c, reporting_range r
-- what is not known is told, too
WHERE c.one IS NULL
   OR (c.closing, c.opening, c.new, c.reactivation, c.resume, c.expansion, c.transfer_in, c.contraction,
       c.transfer_out, c.pause, c.churn, c.fx, c.joined, c.lost) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
ORDER BY c.dimension, c.value, c.start_on;
COMMENT ON VIEW revenue_by_product IS
'The revenue bridge, month by month, by the product and by the plan of the subscriptions as of then (dimension product '
'or subscription_plan): another product of a customer is expansion, a move between two a transfer. The values of one '
'dimension add up to revenue_monthly exactly.';
COMMENT ON COLUMN revenue_by_product.dimension IS
'product or subscription_plan: that of the subscription as of then, not the plan that the account source says now';
COMMENT ON COLUMN revenue_by_product.value IS 'Product or plan; (none) where the subscription source has none';
COMMENT ON COLUMN revenue_by_product.joined_count IS 'Customers that have some of it at the end and had none before';
COMMENT ON COLUMN revenue_by_product.left_count IS 'Customers that had some of it before and have none at the end';
COMMENT ON COLUMN revenue_by_product.closing_count IS
'Customers that have some of it at the end of the period; one with two products counts with both';

CREATE OR REPLACE VIEW revenue_transfer WITH (security_invoker) AS
SELECT m.period_start_on, w.end_on AS period_end_on, m.dimension, m.value AS from_value, m.to_value,
       m.account_count, CASE WHEN m.unknown_count = 0 THEN m.amount END AS transfer_mrr,
       w.end_on = (w.start_on + interval '1 month')::date AND w.end_on <= r.over_until_on AS is_complete, r.policy_hash
FROM reporting_range r CROSS JOIN product_movement() m
     JOIN window_of_report('month', 1, 0) w ON w.start_on = m.period_start_on
WHERE m.movement = 'transfer'
ORDER BY m.period_start_on, m.dimension, m.value, m.to_value;
COMMENT ON VIEW revenue_transfer IS
'MRR that moved from one product or plan to another within one customer and month: no expansion, no contraction, no '
'churn. What moved to a value adds up to transfer_in_mrr of revenue_by_product, what moved from it to '
'transfer_out_mrr.';
COMMENT ON COLUMN revenue_transfer.dimension IS 'product or subscription_plan, as of then';
COMMENT ON COLUMN revenue_transfer.account_count IS 'Customers that moved so';
