-- The larger set: the sources of bench/run refresh.
\i bench/refresh/generate.sql
\i bench/refresh/map.sql
