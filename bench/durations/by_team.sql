-- One :reading a team.
select team, :reading from work group by team order by team;
