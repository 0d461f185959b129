-- The view account_health alone, all of its columns.
select count(*) as accounts, count(name) as names, sum(mrr) as mrr, sum(health_score) as health_score, count(tier) as tiers, sum(coverage_rate) as coverage, count(reasons) as reasons from bench.account_health;
