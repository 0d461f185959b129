-- Ours: the score of each account, by tier.
select tier, count(*) as accounts, avg(health_score) as health_score from bench.account_health('2025-06-30') group by tier order by tier;
