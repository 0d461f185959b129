-- The demo company as script/demo shows it.
\set seed 1
\set accounts 2000
\set health_matters true
\i demo/company/generate.sql
\i demo/company/map.sql
