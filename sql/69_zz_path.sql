-- The parts that follow still look names up along the path that CREATE EXTENSION gives.
SET LOCAL search_path = csmetrics, pg_temp;
