-- The floor: reads each row to its last column.
select count(events) from usage_event;
