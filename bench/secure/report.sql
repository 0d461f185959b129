-- Reads "name<TAB>reader<TAB>seconds" lines, prints the medians beside those of the owner, to whom no policy applies, then each target.
create temp table sample (name text, reader text, seconds float8);
\copy sample from pstdin
\pset footer off
\echo
create temp view median as
select name, reader, count(*) as runs, percentile_cont(0.5) within group (order by seconds) as seconds from sample group by name, reader;

select m.name, m.reader, m.runs, round(m.seconds::numeric * 1000, 1) as "ms", round((m.seconds / o.seconds)::numeric, 2) as "x without"
from median m join median o on o.name = m.name and o.reader = 'owner'
order by array_position('{account by key,state by key,health of one,first page,headline}', m.name), array_position('{owner,all,few,some,most}', m.reader);

select target, reader, round(figure::numeric, 2) as figure, at_most, case when figure <= at_most then 'reached' else 'NOT reached' end as verdict
from (select 1 as place, name || ', ms' as target, reader, seconds * 1000 as figure, 100 as at_most from median
      where name in ('account by key', 'state by key', 'health of one', 'first page') and reader in ('few', 'some', 'most')
      union all
      select 2, 'headline, x without', m.reader, m.seconds / o.seconds, 2
      from median m join median o on o.name = 'headline' and o.reader = 'owner' where m.name = 'headline' and m.reader in ('few', 'some', 'most')) t
order by place, target, array_position('{few,some,most}', reader);
