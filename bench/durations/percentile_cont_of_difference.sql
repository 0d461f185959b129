-- The median as people write it.
select grp, percentile_cont(0.5) within group (order by solved_at - opened_at) from duration group by grp order by grp;
