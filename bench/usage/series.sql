-- Ours from stored histories: three windows and growth accounting of a year.
select day, dau, wau, mau, stickiness, new, retained, resurrected, dormant
from csmetrics.active_series((select csmetrics.active_series_agg(history, '2025-11-01', '2026-11-01') from usage_history));
