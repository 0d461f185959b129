-- Ours: the median of all, the open ones counted, and the naive one of the solved ones.
select grp, extract(epoch from csmetrics.median_duration(d)) / 3600 as median, extract(epoch from csmetrics.naive_median(d)) / 3600 as naive,
       extract(epoch from csmetrics.naive_quantile(d, 0.9)) / 3600 as naive_p90
from (select grp, csmetrics.duration_agg(opened_at, solved_at, '2026-01-02') as d from duration group by grp) as s order by grp;
