-- Does the bridge add up, and is what it opens and closes with, and the effect of rates, what plain SQL gives? Cross rates there are not rounded.
select count(*) from many.revenue_monthly where opening_mrr + new_mrr + reactivation_mrr + resume_mrr + expansion_mrr - contraction_mrr - pause_mrr - churn_mrr + fx_mrr <> closing_mrr;
select count(*) from many.revenue_monthly m full join spine s on s.month = m.period_start_on where (abs(m.opening_mrr - s.opening) < 0.01 and abs(m.closing_mrr - s.closing) < 0.01 and abs(m.fx_mrr - s.fx) < 0.01) is not true;
select count(*) from many.revenue_monthly m full join one.revenue_monthly o using (period_start_on) where (m.opening_count, m.new_count, m.expansion_count, m.contraction_count, m.churn_count, m.closing_count)
  is distinct from (o.opening_count, o.new_count, o.expansion_count, o.contraction_count, o.churn_count, o.closing_count);
