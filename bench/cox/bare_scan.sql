-- The floor: reads each row to its last column.
select count(*) from stay where churned and x10 > 100 or months < -1;
