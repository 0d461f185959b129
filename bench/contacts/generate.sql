-- :rows tickets of a tenth as many requesters over a year, in the order in which they came, which is no requester's. A tenth is open, one
-- in thirteen was reopened. Fixed seed.
drop table if exists ticket;
create unlogged table ticket (requester int not null, opened_at timestamptz not null, solved_at timestamptz, reopened int);
select setseed(0.5);
insert into ticket
select requester, opened_at, case when random() < 0.9 then opened_at + random() * random() * interval '20 days' end, (random() < 1 / 13.0)::int
from (select 1 + floor(random() * :rows / 10)::int as requester, timestamptz '2024-01-01' + i * (interval '366 days' / :rows) as opened_at from generate_series(1, :rows) as i offset 0) as opened;
vacuum (freeze, analyze) ticket;
-- The same for the self-join, with the index that it needs: in reach of the others, it might replace their sort.
drop table if exists indexed_ticket;
create unlogged table indexed_ticket as table ticket;
create index on indexed_ticket (requester, opened_at);
vacuum (freeze, analyze) indexed_ticket;
