-- Product usage in the model: which accounts are active, on how many days, and whose usage falls.
INSERT INTO csmetrics.source_column VALUES
('usage', 1, 'account_id', 'account_id', true, 'Key of the account; bots, internal and test users left out'),
('usage', 2, 'at', 'timestamptz', true, 'When it was used'),
('usage', 3, 'user_id', 'text', false, 'Who used it'),
('usage', 4, 'role', 'text', false, 'Role of the user'),
('usage', 5, 'feature', 'text', false, 'What was used'),
('usage', 6, 'events', 'bigint', false, 'How many events the row stands for; NULL: 1');

INSERT INTO csmetrics.source_check VALUES
('usage', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('usage', 2, 'at IS NULL', $$'at is NULL'$$),
('usage', 3, 'events < 0', $$format('events %s is below 0', events)$$),
('usage', 4, 'octet_length(feature) > 255',
 $$format('feature %s ... of %s bytes is longer than 255', left(feature, 40), octet_length(feature))$$);

INSERT INTO csmetrics.policy_column (position, name, type, default_value, condition, takes_effect, meaning) VALUES
(60, 'weekdays_only', 'boolean', 'false', NULL, 'at once', 'Stickiness of the days from Monday to Friday alone'),
(61, 'trend_days', 'integer', '28', 'trend_days BETWEEN 2 AND 366', 'at once',
 'Days of usage that are compared with as many before; whole weeks are best');
