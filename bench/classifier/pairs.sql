-- What is learnt from the same 30,000, held against the same others.
with learnt as materialized (
    select csmetrics.fit_classifier('select a, b, c, d, e, f, u, v, k, l, y from paired where n <= 30000', 'y', interactions => :interactions, folds => 0) as fit)
select csmetrics.auc(csmetrics.backtest_agg(p, y)) as auc, csmetrics.brier(csmetrics.backtest_agg(p, y)) as brier
from (select y, csmetrics.predict((select fit from learnt), to_jsonb(t)) as p from paired t where n > 30000) q;
