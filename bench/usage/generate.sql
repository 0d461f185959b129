-- About a hundred usage rows for each of :accounts accounts over two years, account by account: each has a start, an activity rate and
-- an end. Days come in no order. The seed is fixed.
drop table if exists usage_event, usage_tenth, usage_history;
create unlogged table usage_event (account_id bigint not null, day date not null, events int not null);
select setseed(0.42);
insert into usage_event
select account_id, day, 1 + (random() * 20)::int
from (select account_id, begins + (random() * long)::int as day
      from (select account_id, date '2024-11-01' + (random() * 500)::int as begins, 30 + (random() * 600)::int as long, 1 + (random() * 2 * 108)::int as rows
            from generate_series(1, :accounts) as account_id offset 0) as account, generate_series(1, rows) offset 0) as event
where day < date '2026-11-01';
vacuum (freeze, analyze) usage_event;
create unlogged table usage_tenth as select * from usage_event where account_id % 10 = 0;
vacuum (freeze, analyze) usage_tenth;
create unlogged table usage_history as select account_id, csmetrics.activity_agg(day, events) as history from usage_event group by account_id;
vacuum (freeze, analyze) usage_history;
