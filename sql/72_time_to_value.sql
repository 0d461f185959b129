-- Time to value in the model: milestones, and how long accounts take from start to first value.
INSERT INTO csmetrics.source_column VALUES
('milestone', 1, 'account_id', 'account_id', true, 'Key of the account'),
('milestone', 2, 'milestone', 'text', true, 'Name of the milestone'),
('milestone', 3, 'reached_at', 'timestamptz', false, 'When it was reached; NULL: not yet'),
('milestone', 4, 'due_on', 'date', false, 'The day by which it is to be reached'),
('milestone', 5, 'is_start', 'boolean', false,
 'True where reaching it starts the clock to first value, as kickoff does'),
('milestone', 6, 'is_value', 'boolean', false,
 'True where it is first value, unless value_event of the policy names another');

INSERT INTO csmetrics.source_check VALUES
('milestone', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('milestone', 2, 'milestone IS NULL', $$'milestone is NULL'$$);

INSERT INTO csmetrics.policy_column (position, name, type, default_value, condition, takes_effect, meaning) VALUES
(20, 'ttv_start_rule', 'text', $$'milestone'$$, $$ttv_start_rule IN ('milestone', 'created', 'paid')$$, 'at once',
 'The clock to first value starts when the first is_start milestone is reached (milestone), with the day the account '
 'was created (created), or with that of its first MRR (paid); accounts without have not started'),
(21, 'lost_before_value_rule', 'text', $$'compete'$$, $$lost_before_value_rule IN ('compete', 'censor')$$, 'at once',
 'Accounts lost before first value: never get there any more (compete), or count as waiting until the day they were '
 'lost (censor)'),
(22, 'value_event', 'text', NULL, NULL, 'refresh',
 'Name of the milestone that is first value; NULL: those that the source marks is_value');
