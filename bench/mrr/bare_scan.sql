-- The floor: read every row to its last column, compute nothing.
select count(mrr) from seg;
