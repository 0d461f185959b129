-- The floor of any answer by requester and time: one sorted pass over the rows, computing nothing.
select count(solved_at) from (select requester, opened_at, solved_at, reopened from ticket order by requester, opened_at offset 0) as sorted;
