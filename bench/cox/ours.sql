-- The whole call: :duration is years or months.
select c.term, c.coefficient, c.standard_error, s.log_likelihood, s.concordance
from (select csmetrics.fit_cox(format('select x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, %I, churned from stay', :'duration'), :'duration', 'churned') as fit offset 0) f,
     csmetrics.coefficients(fit) c, csmetrics.cox_summary(fit) s;
