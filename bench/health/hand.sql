-- What people write: the formula spelled out over the readers.
select csmetrics.tier(health_score) as tier, count(*) as accounts, avg(health_score) as health_score from scores_hand group by 1 order by 1;
