-- A user's own signals of one account: signals, its aggregate and its readers.
CALL csmetrics.define_state('signals', has_final => true);
COMMENT ON TYPE csmetrics.signals IS
'The history of a user''s own signals of one account, values that were given at an instant, such as its '
'manager''s pulse: 40 bytes a row. Built by signal_agg; keeps time, so it can be read as of any instant; adds up '
'by merge and rollup, to at most 2^21 rows.';

CALL csmetrics.define_agg('signal_agg',
    'signal text, at timestamptz, value numeric',
    'signals', 256, add => 'signals_add', removable => false, comment =>
'The signals of one account, one row a value: its signal, when it was given, and the value, to six decimals. Rows with '
'NULL, or at infinity, are left out. A value not finite or beyond 10^18: SQLSTATE 22003; an instant outside the years '
'1 to 9999: 22008; more than 2^21 rows: 54000. NULL without rows.');

CREATE FUNCTION csmetrics.signal_at(history csmetrics.signals, signal text, as_of timestamptz) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.signal_at(csmetrics.signals, text, timestamptz) IS
'The latest value of that signal given by as_of, in the unit in which it was given; of several given at that very '
'instant, their mean. However old it is: signal_given_at tells. NULL if none was given by then, and for NULL.';
CREATE FUNCTION csmetrics.signal_given_at(history csmetrics.signals, signal text, as_of timestamptz) RETURNS timestamptz
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.signal_given_at(csmetrics.signals, text, timestamptz) IS
'When the value that signal_at reads was given: the latest of that signal by as_of. NULL '
'if none was given by then, and for NULL.';
CREATE FUNCTION csmetrics.signal_count(history csmetrics.signals, signal text, from_at timestamptz,
    to_at timestamptz) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.signal_count(csmetrics.signals, text, timestamptz, timestamptz) IS
'Values of that signal given from from_at on and before to_at. from_at not '
'before to_at: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.signal_sum(history csmetrics.signals, signal text, from_at timestamptz,
    to_at timestamptz) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.signal_sum(csmetrics.signals, text, timestamptz, timestamptz) IS
'Sum of the values of that signal given from from_at on and before to_at, added exactly; 0 where none '
'was given, which signal_count tells apart. Their mean is signal_sum / signal_count. from_at not '
'before to_at: SQLSTATE 22023. NULL for NULL.';
