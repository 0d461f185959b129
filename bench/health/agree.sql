-- Scores that differ, and how many were compared.
select count(*) as accounts, count(*) filter (where h.health_score is distinct from a.health_score) as "differ from the aggregate",
       count(*) filter (where h.health_score is not null and (b.health_score is null or abs(b.health_score - h.health_score) > 1e-9)) as "differ from by hand"
from bench.account_health('2025-06-30') h full join scores_aggregate a using (account_id) full join scores_hand b using (account_id);
