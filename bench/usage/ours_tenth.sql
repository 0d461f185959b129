-- Ours from the raw rows of a tenth of the accounts.
select day, dau, wau, mau
from csmetrics.active_series((select csmetrics.active_series_agg(history, '2025-11-01', '2026-11-01')
                              from (select csmetrics.activity_agg(day, events) as history from usage_tenth group by account_id) as account));
