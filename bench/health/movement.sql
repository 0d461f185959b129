-- Who moved in four weeks and why: two scores of each account, and the changes between them.
select count(*) as accounts, sum(change_points) as change_points from bench.health_movement;
