-- The demo company, from its vendors' tables.
set client_min_messages = warning;
\set seed 1
\set accounts 600
\set health_matters true
\o /dev/null
\i demo/company/generate.sql
\i demo/company/map.sql
