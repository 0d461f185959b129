\set a random(1, :accounts)
\set b random(1, :accounts)
\set n random(1, 100)
\set what random(1, 8)
\if :what = 1
insert into source.usage values (:a, timestamptz '2026-05-01 UTC' + :n * interval '7 hours', 'u' || :n % 5, 'search', :n);
\elif :what = 2
update source.usage set events = events + 1 where account_id = :a;
\elif :what = 3
delete from source.usage where account_id = :a and events > 150;
\elif :what = 4
update source.subscription set mrr = mrr + :n where account_id = :a;
\elif :what = 5
update source.ticket set account_id = :b where account_id = :a and ticket_id like '%-3';
\elif :what = 6
update source.account set name = 'n' || :n, plan = 'p' || :n % 3 where account_id = :a;
\elif :what = 7
delete from source.milestone where account_id = :a;
\else
insert into source.milestone values (:b, 'm' || :n, timestamptz '2026-02-01 UTC' + :n * interval '1 day', false, false);
\endif
