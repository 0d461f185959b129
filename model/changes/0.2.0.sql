-- The dimension of the account's plan of today has a name that says so, beside that of its subscriptions as of then.
UPDATE snapshot_reading SET dimension = 'account_plan' WHERE dimension = 'plan';
