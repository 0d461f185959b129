-- A t-digest with its usual 100 centroids.
select grp, tdigest_percentile(hours, 100, 0.5) as naive, tdigest_percentile(hours, 100, 0.9) as naive_p90 from duration group by grp order by grp;
