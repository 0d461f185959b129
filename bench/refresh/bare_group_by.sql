-- The floor: what any answer by account must at least pay, one GROUP BY over each source, of the columns that refresh reads. The counts
-- name the columns, since the planner drops aggregates that nobody asks for.
select count(n), count(a), count(b), count(c), count(d), count(e)
from (select account_id, count(*) as n, min(name) as a, min(segment) as b, min(owner) as c, min(created_on) as d, sum(seats) as e
      from source.account group by account_id) as g;
select count(n), count(a), count(b), count(c), count(d)
from (select account_id, count(*) as n, min(starts_on) as a, max(ends_on) as b, sum(mrr) as c, max(starts_on) as d
      from source.subscription group by account_id) as g;
select count(n), count(a), count(b), count(c), count(d), count(e), count(f)
from (select account_id, count(*) as n, min(opened_at) as a, max(first_reply_at) as b, max(solved_at) as c, count(reopened) as d, max(topic) as e, count(escalated) as f
      from source.ticket group by account_id) as g;
select count(n), count(a), count(b), count(c), count(d)
from (select account_id, count(*) as n, max(at) as a, min(user_id) as b, max(feature) as c, sum(events) as d
      from source.usage group by account_id) as g;
select count(n), count(a), count(b), count(c)
from (select account_id, count(*) as n, max(kind) as a, sum(score) as b, max(responded_at) as c
      from source.answer group by account_id) as g;
select count(n), count(a), count(b), count(c), count(d)
from (select account_id, count(*) as n, max(milestone) as a, max(reached_at) as b, count(is_start) as c, count(is_value) as d
      from source.milestone group by account_id) as g;
