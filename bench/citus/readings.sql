-- Writes each view of a model into a file of its own, its rows in one order, without the time at which something was looked at. (The script
-- is a query's answer.)
\pset tuples_only on
\pset format unaligned
set timezone = 'UTC';
select format(E'\\o %s/%s\nselect to_jsonb(t) - ''checked_at'' from %I.%I t order by (to_jsonb(t) - ''checked_at'')::text collate "C";', :'folder', c.relname, n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'v' and n.nspname in (:'model', :'model' || '_internal') and c.relname !~ '^(source|kept)_'
  and n.nspname || '.' || c.relname not in (select :'model' || '_internal.' || v.view_name from :"internal".connection_view v)
order by c.relname
\g :script
\i :script
