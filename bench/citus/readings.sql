-- Writes each view of a model into a file of its own, its rows in one order. (The script is a query's answer.)
\pset tuples_only on
\pset format unaligned
set timezone = 'UTC';
select format(E'\\o %s/%s\nselect t::text from %I.%I t order by t::text collate "C";', :'folder', c.relname, n.nspname, c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'v' and n.nspname in (:'model', :'model' || '_internal') and c.relname !~ '^(source|kept)_'
  and n.nspname || '.' || c.relname not in (select :'model' || '_internal.' || v.view_name from :"internal".connection_view v)
order by c.relname
\g :script
\i :script
