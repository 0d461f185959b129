-- A demo company whose customers leave without regard to anything.
\set seed 1
\set accounts 1500
\set health_matters false
\i demo/company/generate.sql
\i demo/company/map.sql
