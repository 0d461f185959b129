-- What the queue of the CSM reads besides the health: alerts of a week, and the plays of a day.
update bench.policy set as_of = '2025-06-23';
call csmetrics.evaluate_alerts('bench');
update bench.policy set as_of = '2025-06-30';
call csmetrics.evaluate_alerts('bench');
call csmetrics.run_playbooks('bench');
