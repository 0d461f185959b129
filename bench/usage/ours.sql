-- Ours from the raw rows: histories and series.
select day, dau, wau, mau, stickiness, new, retained, resurrected, dormant
from csmetrics.active_series((select csmetrics.active_series_agg(history, '2025-11-01', '2026-11-01')
                              from (select csmetrics.activity_agg(day, events) as history from usage_event group by account_id) as account));
