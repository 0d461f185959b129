-- All that a model stores, a line a row: every table of it that outlives a crash, but what is noted of times, of those who write, and what was
-- seen.
select format('select %L || '' '' || t from (select %s from %s) t order by t::text collate "C"', c.relname,
              (select string_agg(format('%I', a.attname), ', ' order by a.attnum) from pg_attribute a
               where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attname not in ('refreshed_at', 'swept_at')), c.oid::regclass)
from pg_class c
where c.relnamespace in ('bench'::regnamespace, 'bench_internal'::regnamespace) and c.relkind = 'r' and c.relpersistence = 'p'
  and c.relname not in ('refresh_log', 'changed_row', 'watch')
order by c.relname collate "C"
\gexec
