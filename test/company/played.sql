-- 600 accounts of the demo company after eight months of playbooks that do nothing for anybody; company.task_before is what
-- company_salesforce.task was before them.
\set seed 1
\set accounts 600
\set health_matters true
\i demo/company/generate.sql
\i demo/company/map.sql
CREATE TABLE company.task_before AS TABLE company_salesforce.task;
COMMENT ON TABLE company.task_before IS 'The tasks before any play';
\set weeks 32
\set holdout 0.4
\set effect 0
\i demo/company/playbook.sql
