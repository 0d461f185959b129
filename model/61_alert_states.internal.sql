-- Who meets which rule of alerts, and when that was last looked at.

CREATE TABLE alert_state (
    rule       text,
    account_id @account_id@,
    state      text NOT NULL,
    since_at   timestamptz NOT NULL,
    alert_id   bigint,
    evidence   jsonb,
    PRIMARY KEY (rule, account_id),
    CONSTRAINT known_state CHECK (state IN ('new', 'known', 'held', 'raised')));
COMMENT ON TABLE alert_state IS
'Who meets which rule, as of its last evaluation. Written by CALL csmetrics.evaluate_alerts alone.';
COMMENT ON COLUMN alert_state.rule IS 'Name of the rule';
COMMENT ON COLUMN alert_state.account_id IS 'Key of the account';
COMMENT ON COLUMN alert_state.state IS
'raised: an alert was; held: it waits for the cool-down; known: met it when the rule began, or by facts that came '
'late, and raises nothing';
COMMENT ON COLUMN alert_state.since_at IS 'As of when it was first seen to meet the rule';
COMMENT ON COLUMN alert_state.alert_id IS 'The alert that was raised';
COMMENT ON COLUMN alert_state.evidence IS 'What was known of the account then';

CREATE TABLE alert_evaluation (
    rule         text,
    definition   text NOT NULL,
    as_of_at     timestamptz NOT NULL,
    evaluated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (rule));
COMMENT ON TABLE alert_evaluation IS
'When each rule was evaluated last. Written by CALL csmetrics.evaluate_alerts alone.';
COMMENT ON COLUMN alert_evaluation.rule IS 'Name of the rule';
COMMENT ON COLUMN alert_evaluation.definition IS 'Its condition then';
COMMENT ON COLUMN alert_evaluation.as_of_at IS 'As of when it was evaluated';
COMMENT ON COLUMN alert_evaluation.evaluated_at IS 'When that was done';
