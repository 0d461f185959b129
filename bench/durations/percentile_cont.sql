-- The exact median and p90 of the solved ones, of a column that is there: one sort for both.
select grp, q[1] as naive, q[2] as naive_p90 from (select grp, percentile_cont('{0.5,0.9}'::float8[]) within group (order by hours) as q from duration group by grp) as s order by grp;
