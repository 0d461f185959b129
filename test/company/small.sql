-- The first 300 accounts of the demo company.
\set seed 1
\set accounts 300
\set health_matters true
\i demo/company/generate.sql
\i demo/company/map.sql
