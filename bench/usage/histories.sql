-- Ours: a history an account.
select count(history) from (select account_id, csmetrics.activity_agg(day, events) as history from usage_event group by account_id) as account;
