-- The mean as people write it.
select grp, avg(solved_at - opened_at) from duration group by grp order by grp;
