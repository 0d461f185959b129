-- Reads "name<TAB>accounts<TAB>work_mem<TAB>jit<TAB>round<TAB>seconds" lines, prints the medians, then each target with the median of the
-- ratios within the rounds: a noisy minute hits both sides of a ratio.
create temp table sample (name text, accounts text, memory text, jit text, round int, seconds float8);
\copy sample from pstdin
\pset footer off
\pset null '-'
\echo
create temp view median as
select name, accounts, memory, jit, count(*) as runs, percentile_cont(0.5) within group (order by seconds) as seconds
from sample group by name, accounts, memory, jit;

select what as "refresh", m.accounts, m.memory as "work_mem", m.runs, round(m.seconds::numeric, 3) as "seconds",
       round((m.seconds * 1e6 / m.accounts::int)::numeric, 1) as "us an account", round((m.seconds / bare.seconds)::numeric, 2) as "x bare GROUP BY"
from median m
join (values
  (1, 'bare',             'bare', 'bare GROUP BY of each source'),
  (2, 'bare, default',    'bare', 'the same, with workers'),
  (3, 'first',            'bare', 'first'),
  (4, 'second',           'bare', 'second, nothing changed'),
  (5, 'usage',            'bare', 'of usage alone, nothing changed'),
  (6, 'one in a hundred', 'bare', 'one account in a hundred changed'),
  (7, 'bare, analysed',   'bare, analysed', 'bare GROUP BY, analysed'),
  (8, 'first, analysed',  'bare, analysed', 'first, analysed'),
  (9, 'second, analysed', 'bare, analysed', 'second, analysed'),
  (10, 'watched, nothing changed', 'bare, analysed', 'watched, nothing changed'),
  (11, 'watched, 200 accounts', 'bare, analysed', 'watched, 200 accounts changed')
) label (place, name, base, what) using (name)
left join median bare on bare.name = label.base and (bare.accounts, bare.memory) = (m.accounts, m.memory)
order by place, m.accounts::int, left(m.memory, -2)::int;

select o.name as "procedure", o.runs, round(o.seconds::numeric, 3) as "jit on", round(f.seconds::numeric, 3) as "jit off"
from median o join median f using (name, accounts) where accounts = 'jit' and o.jit = 'on' and f.jit = 'off' order by name;

create temp view pair as
select one.name || ' / ' || base.name as pair, one.accounts, one.memory, percentile_cont(0.5) within group (order by one.seconds / base.seconds) as ratio
from sample one join sample base using (accounts, memory, jit, round)
group by one.name, base.name, one.accounts, one.memory;

select target, accounts, memory as "work_mem", round(figure::numeric, 2) as figure, at_most,
       case when figure <= at_most then 'reached' else 'NOT reached' end as verdict
from (select 1 as place, 'second / first' as target, accounts, memory, ratio as figure, 1.2 as at_most from pair where pair = 'second / first'
      union all
      select 2, 'second / bare GROUP BY', accounts, memory, ratio, 1.5 from pair
      -- those that few rows cost are no matter of rows
      where pair = 'second / bare' and accounts <> :'few'
      union all
      select 3, 'second / bare GROUP BY, analysed', accounts, memory, ratio, 1.5 from pair where pair = 'second, analysed / bare, analysed'
      union all
      select 4, 'cost an account of the ' || more.name || ', against ' || :few, more.accounts, more.memory,
             percentile_cont(0.5) within group (order by more.seconds / more.accounts::int / less.seconds * :few), 1.3
      from sample more join sample less using (name, memory, round)
      where name in ('first', 'second') and less.accounts = :'few' and more.accounts in (:'accounts', :'many')
      group by more.name, more.accounts, more.memory
      union all
      select 5, 'jit on / off: ' || o.name, null, o.memory, percentile_cont(0.5) within group (order by o.seconds / f.seconds), 1.2
      from sample o join sample f using (name, accounts, round)
      where accounts = 'jit' and o.jit = 'on' and f.jit = 'off' group by o.name, o.memory
      union all
      select 6, name || ', in seconds', accounts, memory, seconds, case name when 'watched, nothing changed' then 0.2 else 0.5 end
      from median where name in ('watched, nothing changed', 'watched, 200 accounts')
      union all
      select 7, 'seconds of writers, watched / not', null, memory, ratio, 1 / 0.85 from pair where pair = 'writers, watched / writers') t
order by place, target, accounts::int, left(memory, -2)::int;
