-- Features, seats and retention of use in the model: what is used of what was bought, and who keeps using it.
INSERT INTO csmetrics.source_column VALUES
('entitlement', 1, 'account_id', 'account_id', true, 'Key of the account'),
('entitlement', 2, 'feature', 'text', true, 'A feature that the account may use, named as in the usage'),
('entitlement', 3, 'starts_on', 'date', false, 'First day on which it may; NULL: always'),
('entitlement', 4, 'ends_on', 'date', false, 'The day after the last; NULL: still');

INSERT INTO csmetrics.source_check VALUES
('entitlement', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('entitlement', 2, 'feature IS NULL', $$'feature is NULL'$$),
('entitlement', 3, 'ends_on < starts_on',
 $$format('feature %s ends %s before it starts %s', feature, ends_on, starts_on)$$);

INSERT INTO csmetrics.policy_column (position, name, type, default_value, condition, takes_effect, meaning) VALUES
(62, 'adoption_days', 'integer', '28', 'adoption_days BETWEEN 1 AND 3653', 'at once',
 'A feature is adopted, a user or a seat in use, with usage in so many days up to the day of the reading'),
(63, 'retention_days', 'integer', '7', 'retention_days BETWEEN 1 AND 366', 'at once',
 'Length of the brackets of usage retention'),
(64, 'adoption_threshold', 'integer', '1', 'adoption_threshold >= 1', 'at once',
 'So many events of a feature in the adoption_days make it adopted, and used');
