-- The same by the aggregate health_score, one row a signal.
select csmetrics.tier(health_score) as tier, count(*) as accounts, avg(health_score) as health_score from scores_aggregate group by 1 order by 1;
