-- The mean of a column that is there.
select grp, avg(hours) from duration group by grp order by grp;
