-- The usage history of one account or user: activity, its aggregate and its readers.
CALL csmetrics.define_state('activity', has_final => true);
COMMENT ON TYPE csmetrics.activity IS
'On which days an account or a user was active, and how many events each of them had: three to five bytes an active '
'week. Built by activity_agg; keeps time, so it can be read over any window and as of any day; adds up by merge and '
'rollup. Each day counts once, however many rows it had.';

CALL csmetrics.define_agg('activity_agg', 'day date', 'activity', 512, comment =>
'The usage history of one account or user, one row an event: the day on which it happened, in the zone of the '
'account. Rows with NULL are left out. A day outside the years 1 to 9999: SQLSTATE 22008; more than 131,071 '
'different days: 54000. NULL without rows.');
CALL csmetrics.define_agg('activity_agg', 'day date, events bigint', 'activity', 512, comment =>
'The same, one row a day or part of it, with its number of events; 0 events are no activity. events below 0 or from '
'2^48 on: SQLSTATE 22023; as many on one day, or 2^59 in all: 22003.');

CREATE FUNCTION csmetrics.active_days(history csmetrics.activity, from_date date, to_date date) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.active_days(csmetrics.activity, date, date) IS
'Days with events from from_date on and before to_date. from_date not before to_date: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.events_between(history csmetrics.activity, from_date date, to_date date) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.events_between(csmetrics.activity, date, date) IS
'Events on the days from from_date on and before to_date. from_date not before '
'to_date: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.longest_gap(history csmetrics.activity, from_date date, to_date date) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.longest_gap(csmetrics.activity, date, date) IS
'The longest run of days without events from from_date on and before to_date, those at the ends included: all of them '
'where there is no activity. from_date not before to_date: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.first_active_on(history csmetrics.activity, as_of date DEFAULT 'infinity') RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.first_active_on(csmetrics.activity, date) IS
'The first day with events, if by as_of (default: whenever). NULL if there is none, and for NULL.';
CREATE FUNCTION csmetrics.last_active_on(history csmetrics.activity, as_of date DEFAULT 'infinity') RETURNS date
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.last_active_on(csmetrics.activity, date) IS
'The last day with events by as_of (default: whenever). NULL if there is none, and for NULL.';
CREATE FUNCTION csmetrics.is_active(history csmetrics.activity, as_of date, days integer DEFAULT 28) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.is_active(csmetrics.activity, date, integer) IS
'Were there events on one of the days up to as_of, that day included? days outside 1 '
'to 36525: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.consistency(history csmetrics.activity, as_of date,
    weeks integer DEFAULT 4) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.consistency(csmetrics.activity, date, integer) IS
'Active weeks / weeks, a ratio: of the weeks of seven days that end with as_of, the share with an '
'active day. Weeks before an account began count against it; ask for no more than it has had. weeks '
'outside 1 to 5218: SQLSTATE 22023. NULL for NULL.';
CREATE FUNCTION csmetrics.streak(history csmetrics.activity, as_of date) RETURNS integer
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.streak(csmetrics.activity, date) IS
'Active days in a row up to as_of, that day included; 0 where it is not active. NULL for NULL.';
CREATE FUNCTION csmetrics.usage_trend(history csmetrics.activity, as_of date, days integer DEFAULT 28,
    confidence double precision DEFAULT 0.95,
    OUT recent double precision, OUT before double precision, OUT difference double precision,
    OUT lower double precision, OUT upper double precision, OUT p double precision)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.usage_trend(csmetrics.activity, date, integer, double precision) IS
'Events a day on the days up to as_of, it included, against as many days before: recent, before, difference, its '
'confidence interval and p (Welch, Biometrika 34, 1947). p is NULL where no day differs in its span. days outside 2 to '
'36525, confidence outside 0 to 1: SQLSTATE 22023. NULLs for NULL.';
CREATE FUNCTION csmetrics.usage_change(history csmetrics.activity, as_of date,
    days integer DEFAULT 28) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.usage_change(csmetrics.activity, date, integer) IS
'Events on the days up to as_of, it included, over those on as many days before, less 1, a ratio. NULL where the '
'history does not reach back over both spans or the earlier had no events, and for NULL. days outside 2 to 36525: '
'SQLSTATE 22023; as_of infinite or outside the years 1 to 9999: 22008.';
CREATE FUNCTION csmetrics.usage_change(history csmetrics.activity, as_of date, days integer,
    least_events bigint) RETURNS double precision
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION csmetrics.usage_change(csmetrics.activity, date, integer, bigint) IS
'The same, and NULL where both spans together had fewer than least_events events: two after three is chance.';
