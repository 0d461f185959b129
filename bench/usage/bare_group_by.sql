-- What any answer by account must at least pay.
select count(n), count(total) from (select account_id, count(*) as n, sum(events) as total from usage_event group by account_id) as account;
