-- The user's own signals in the model: a history to read, with no view of its own.
INSERT INTO csmetrics.source_column VALUES
('signal', 1, 'account_id', 'account_id', true, 'Key of the account'),
('signal', 2, 'signal', 'text', true, 'Name of the signal'),
('signal', 3, 'at', 'timestamptz', true, 'When its value was given'),
('signal', 4, 'value', 'numeric', true, 'The value');

INSERT INTO csmetrics.source_check VALUES
('signal', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('signal', 2, 'signal IS NULL', $$'signal is NULL'$$),
('signal', 3, 'at IS NULL', $$format('signal %s: at is NULL', signal)$$),
('signal', 4, 'value IS NULL', $$format('signal %s: value is NULL', signal)$$),
-- NaN is above all numbers
('signal', 5, 'abs(value) > 1e18',
 $$format('signal %s: value %s is no amount between -10^18 and 10^18', signal, value)$$);
