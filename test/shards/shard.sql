-- Shard :shard of two has the accounts of one half of the keys, and a view that gives states: this is what doc/scale.md shows.
\i test/shards/rows.sql
DELETE FROM subscription WHERE (account_id <= 1500) <> (:shard = 1);
ANALYZE subscription;
CREATE VIEW movements_by_segment AS
SELECT segment, csmetrics.mrr_movement_agg(history, '2023-01-01', '2026-01-01', 'month') AS movements
FROM (SELECT account_id, segment, csmetrics.mrr_timeline_agg(starts_on, ends_on, mrr) AS history
      FROM subscription GROUP BY account_id, segment) h
GROUP BY segment;
