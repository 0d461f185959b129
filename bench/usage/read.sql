-- The floor of what reads stored histories.
select sum(pg_column_size(history)) from usage_history;
