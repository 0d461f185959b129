-- What one account uses of the product: feature_usage, its aggregate and its readers.
CALL csmetrics.define_state('feature_usage', has_final => true);
COMMENT ON TYPE csmetrics.feature_usage IS
'Which features an account used on which days, and how many events each had: their names, and three to five '
'bytes an active week of each. Built by feature_usage_agg; keeps time, so it can be read over any window and as '
'of any day; adds up by merge and rollup.';

CALL csmetrics.define_agg('feature_usage_agg', 'feature text, day date', 'feature_usage', 4096, comment =>
'The feature usage of one account, one row an event: which feature, and the day, in the zone of the account. Rows with '
'NULL are left out. A name past 255 bytes: SQLSTATE 22023; a day outside the years 1 to 9999: 22008; more than 4,096 '
'features, or a state past 2 MB: 54000. NULL without rows.');
CALL csmetrics.define_agg('feature_usage_agg',
    'feature text, day date, events bigint',
    'feature_usage', 4096, comment =>
'The same, one row a day or part of it, with its number of events; 0 events are no use. events below 0 or from 2^48 '
'on: SQLSTATE 22023; as many of a feature on one day, or 2^59 in all: 22003.');

CREATE FUNCTION csmetrics.features_used(usage csmetrics.feature_usage, from_date date, to_date date) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'features_used_sql';
COMMENT ON FUNCTION csmetrics.features_used(csmetrics.feature_usage, date, date) IS
'Different features with events from from_date on and before to_date. from_date not '
'before to_date: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.features_used(usage csmetrics.feature_usage, from_date date, to_date date,
    at_least_days bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'features_used_often';
COMMENT ON FUNCTION csmetrics.features_used(csmetrics.feature_usage, date, date, bigint) IS
'Different features with events on at_least_days days or more from from_date on and before to_date: used, and not just '
'tried. from_date not before to_date, at_least_days below 1: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.features_used(usage csmetrics.feature_usage, from_date date, to_date date,
    at_least_days bigint, at_least_events bigint) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'features_used_often';
COMMENT ON FUNCTION csmetrics.features_used(csmetrics.feature_usage, date, date, bigint, bigint) IS
'The same, of features with at_least_events events or more in there besides. '
'at_least_events below 1: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.breadth(usage csmetrics.feature_usage, from_date date, to_date date,
    entitled bigint) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.breadth(csmetrics.feature_usage, date, date, bigint) IS
'Breadth of use, a ratio: features_used from from_date on and before to_date / entitled, the number of features that '
'the account may use. Above 1 where it used more than these. NULL where entitled is 0, and for NULL. entitled below 0, '
'from_date not before to_date: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.feature_facts(usage csmetrics.feature_usage, as_of date DEFAULT 'infinity',
    OUT feature text, OUT first_used_on date, OUT last_used_on date, OUT active_days bigint, OUT events bigint)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME', 'feature_facts_sql';
COMMENT ON FUNCTION csmetrics.feature_facts(csmetrics.feature_usage, date) IS
'A row for each feature used by as_of (default: whenever), it included, in the order of the bytes of their names: the '
'first and the last day with events, the number of such days, and all events, as known by as_of. No rows for NULL.';
CREATE FUNCTION csmetrics.first_used_on(usage csmetrics.feature_usage, feature text) RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.first_used_on(csmetrics.feature_usage, text) IS
'The first day with events of the feature. NULL if it was never used, and for NULL. A '
'name of more than 255 bytes: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.feature_activity(usage csmetrics.feature_usage, feature text) RETURNS csmetrics.activity
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.feature_activity(csmetrics.feature_usage, text) IS
'The activity of the feature alone, for all readers of activity. NULL if it was never used, and for NULL. A '
'name of more than 255 bytes: SQLSTATE 22023.';
CREATE FUNCTION csmetrics.all_activity(usage csmetrics.feature_usage) RETURNS csmetrics.activity
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.all_activity(csmetrics.feature_usage) IS
'The activity of all features together: what activity_agg makes of the same rows. Events of one day '
'from 2^48 on: SQLSTATE 22003. NULL for NULL.';
