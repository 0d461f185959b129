-- What each score is made of.
select count(*) as signals, sum(points) as points, sum(points_lost) as points_lost from bench.account_health('2025-06-30') h, lateral csmetrics.contributions(h.health) k;
