-- Snapshots: what was reported when.

CREATE TABLE snapshot (
    snapshot_id bigint GENERATED ALWAYS AS IDENTITY,
    follows     bigint,
    taken_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    taken_by    text NOT NULL DEFAULT current_user,
    as_of_on    date NOT NULL,
    policy_hash text NOT NULL,
    policy      jsonb NOT NULL,
    note        text,
    health_hash text,
    definition  jsonb,
    PRIMARY KEY (snapshot_id),
    CONSTRAINT one_after_the_other UNIQUE NULLS NOT DISTINCT (follows));
COMMENT ON TABLE snapshot IS
'What was reported when, one row a CALL csmetrics.take_snapshot. Delete rows as you like: what only they showed goes '
'with the next one that is taken.';
COMMENT ON COLUMN snapshot.snapshot_id IS 'Key of the snapshot, in the order in which they were taken';
COMMENT ON COLUMN snapshot.follows IS 'The snapshot before it, when it was taken';
COMMENT ON COLUMN snapshot.taken_at IS 'When it was taken';
COMMENT ON COLUMN snapshot.taken_by IS 'The role that took it';
COMMENT ON COLUMN snapshot.as_of_on IS 'The day as of which the views read: periods that were over then were reported';
COMMENT ON COLUMN snapshot.policy_hash IS 'Fingerprint of the policy';
COMMENT ON COLUMN snapshot.policy IS 'The policy itself';
COMMENT ON COLUMN snapshot.note IS 'What it is, as: board report of May';
COMMENT ON COLUMN snapshot.health_hash IS
'Fingerprint of the policy and of what health is made of; NULL: not known then';
COMMENT ON COLUMN snapshot.definition IS
'What else defines figures: quarantine (rules by source), health (signals), components (their weights), targets; NULL: '
'not known then';

CREATE TABLE snapshot_reading (
    source_view     text,
    metric          text,
    dimension       text,
    value           text,
    period_start_on date,
    period_end_on   date NOT NULL,
    reading         numeric NOT NULL,
    from_snapshot   bigint,
    to_snapshot     bigint,
    PRIMARY KEY (source_view, metric, dimension, value, period_start_on, from_snapshot),
    CONSTRAINT from_before_to CHECK (from_snapshot < to_snapshot));
COMMENT ON TABLE snapshot_reading IS
'The figures of the snapshots: each metric of csmetrics.model_metric, and the bridge, of the periods that were over. '
'Written by CALL csmetrics.take_snapshot alone.';
COMMENT ON COLUMN snapshot_reading.source_view IS 'metric_reading or revenue_monthly';
COMMENT ON COLUMN snapshot_reading.metric IS 'Name of the metric, or the column of revenue_monthly';
COMMENT ON COLUMN snapshot_reading.dimension IS 'Attribute of the account by which it is grouped';
COMMENT ON COLUMN snapshot_reading.value IS 'Its value';
COMMENT ON COLUMN snapshot_reading.period_start_on IS 'First day of the period';
COMMENT ON COLUMN snapshot_reading.period_end_on IS 'The day after the last of the period';
COMMENT ON COLUMN snapshot_reading.reading IS
'What was reported: the bridge to the last decimal, all that is not money or a count to 15 digits';
COMMENT ON COLUMN snapshot_reading.from_snapshot IS 'The first snapshot that shows it';
COMMENT ON COLUMN snapshot_reading.to_snapshot IS 'The first later one that does not; NULL: the last one does';
