-- Included by the reports: reads "name<TAB>cores<TAB>seconds" lines and takes the medians.
create temp table sample (name text, cores int, seconds float8);
\copy sample from pstdin

create temp view median as
select name, cores, count(*) as runs, percentile_cont(0.5) within group (order by seconds) as seconds
from sample
group by name, cores;

\pset footer off
\pset null '-'
\echo
