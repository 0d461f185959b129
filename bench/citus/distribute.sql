-- The sources of a model become tables of their own, a table a source, :distributed by account or not; accounts with their attributes, and
-- what has no account, stay in local tables. They are distributed before a view is made over them.
set client_min_messages = warning;
create schema fleet;
select format('create table fleet.%1$I as select * from %2$I.%3$I', s.source, csmetrics.internal_schema(:'model'), 'source_' || s.source)
from (select distinct source from csmetrics.source_column) s order by 1 \gexec
\if :distributed
select format('select create_distributed_table(%L, ''account_id'')', 'fleet.' || s.source)
from csmetrics.source_column s where s.name = 'account_id' and s.source <> 'account' order by 1 \gexec
\endif
select format('analyze fleet.%I', s.source) from (select distinct source from csmetrics.source_column) s order by 1 \gexec
select format('call csmetrics.map(%L, %L, %L)', :'model', s.source, format('select * from fleet.%I', s.source))
from (select distinct source from csmetrics.source_column) s order by 1 \gexec
