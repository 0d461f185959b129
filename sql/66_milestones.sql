-- The way of one account to its goals: milestones, its aggregate and its readers.
CALL csmetrics.define_state('milestones', has_final => true);
COMMENT ON TYPE csmetrics.milestones IS
'The milestones of one account over time, reached or due, 40 bytes a row. Built by milestone_agg; keeps time, so it '
'can be read as of any instant; adds up by merge and rollup, to at most 2^21 rows. Their names are kept as keys of 64 '
'bits, which tell them apart, not as text.';

CALL csmetrics.define_agg('milestone_agg',
    'milestone text, reached_at timestamptz, due_at timestamptz, is_start boolean, is_value boolean',
    'milestones', 256, add => 'milestones_add', removable => false, comment =>
'The milestones of one account: name (NULL is one), when reached and due (NULL or infinity: not yet, never), whether '
'it starts the clock, whether it is first value. Rows of a name are one. An instant outside the years 1 to 9999: '
'SQLSTATE 22008; past 2^21 rows: 54000. NULL without rows.');

CREATE FUNCTION csmetrics.started_at(history csmetrics.milestones,
    as_of timestamptz DEFAULT 'infinity') RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.started_at(csmetrics.milestones, timestamptz) IS
'When the clock to first value started: the earliest is_start milestone was reached, if by as_of (default: '
'whenever); NULL if there is none, and for NULL.';
CREATE FUNCTION csmetrics.value_at(history csmetrics.milestones,
    as_of timestamptz DEFAULT 'infinity') RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.value_at(csmetrics.milestones, timestamptz) IS
'When first value was reached: the earliest is_value milestone, if by as_of (default: whenever); NULL if there is '
'none, and for NULL. It may lie before started_at, where the source says so.';
CREATE FUNCTION csmetrics.reached_count(history csmetrics.milestones, as_of timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.reached_count(csmetrics.milestones, timestamptz) IS
'Milestones of different names reached by as_of. NULL for NULL.';
CREATE FUNCTION csmetrics.due_count(history csmetrics.milestones, as_of timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.due_count(csmetrics.milestones, timestamptz) IS
'Milestones of different names due by as_of, reached or not. NULL for NULL.';
CREATE FUNCTION csmetrics.overdue_count(history csmetrics.milestones, as_of timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.overdue_count(csmetrics.milestones, timestamptz) IS
'Milestones of different names due by as_of and not reached by then. NULL for NULL.';
CREATE FUNCTION csmetrics.due_reached_share(history csmetrics.milestones, as_of timestamptz) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.due_reached_share(csmetrics.milestones, timestamptz) IS
'Of the milestones due by as_of, the share reached by then, late or not: 1 - overdue_count / due_count, a '
'ratio. NULL where none was due, and for NULL.';
