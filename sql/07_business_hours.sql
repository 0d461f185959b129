-- Opening hours, and the time between two instants that lies within them.
CALL csmetrics.define_value('business_hours');
COMMENT ON TYPE csmetrics.business_hours IS
'Weekly opening hours in a named time zone, and holidays: local days without any, or with their own. Text form: '
'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30, Sat 10:00-14:00; 2024-12-24 09:00-12:00 2024-12-25. Equal schedules '
'are equal values. What is no schedule: SQLSTATE 22P02.';
COMMENT ON FUNCTION csmetrics.business_hours_in(cstring) IS
'Internal: text input; SQLSTATE 22P02 for anything that is no schedule';
COMMENT ON FUNCTION csmetrics.business_hours_out(csmetrics.business_hours) IS
'Internal: text output: zone, days and hours, holidays';
COMMENT ON FUNCTION csmetrics.business_hours_recv(internal) IS
'Internal: binary input; SQLSTATE 22P03 for anything that is not a canonical schedule';

CREATE FUNCTION csmetrics.business_hours(zone text, hours text,
    holidays date[] DEFAULT '{}') RETURNS csmetrics.business_hours
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_hours_make';
COMMENT ON FUNCTION csmetrics.business_hours(text, text, date[]) IS
'A schedule of a time zone, weekly hours as in the type''s text form, and holidays in any order. NULL if any argument '
'is NULL. An unknown zone, hours that overlap, end before they begin or do not parse, a holiday that is NULL: SQLSTATE '
'22023; a holiday outside the years 1 to 9999: 22008.';

CREATE FUNCTION csmetrics.business_time(from_at timestamptz, to_at timestamptz,
    hours csmetrics.business_hours) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_time_by_hours';
COMMENT ON FUNCTION csmetrics.business_time(timestamptz, timestamptz, csmetrics.business_hours) IS
'Time from from_at on and before to_at within business hours, as it really elapsed: an interval without days. '
'NULL if any argument is NULL, as while a ticket is open. to_at before from_at: SQLSTATE 22023; an instant '
'infinite or outside the years 1 to 9999: 22008.';

CREATE FUNCTION csmetrics.business_time(from_at timestamptz, to_at timestamptz, hours csmetrics.business_hours[],
    in_force_from timestamptz[]) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_time_by_schedules';
COMMENT ON FUNCTION csmetrics.business_time(timestamptz, timestamptz, csmetrics.business_hours[], timestamptz[]) IS
'The same over schedules that followed one another, each of hours in force from its place in in_force_from (-infinity: '
'from ever) until the next; before the first nothing counts. Arrays of different length, NULL elements, in_force_from '
'not strictly ascending: SQLSTATE 22023; else as above.';

CREATE FUNCTION csmetrics.is_open(hours csmetrics.business_hours, at timestamptz) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_hours_open_at';
COMMENT ON FUNCTION csmetrics.is_open(csmetrics.business_hours, timestamptz) IS
'Does the instant lie within business hours? True at the minute they begin, false at the minute they end. NULL if any '
'argument is NULL; an instant infinite or outside the years 1 to 9999: SQLSTATE 22008.';

CREATE FUNCTION csmetrics.weekly_hours(hours csmetrics.business_hours) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_hours_weekly';
COMMENT ON FUNCTION csmetrics.weekly_hours(csmetrics.business_hours) IS
'Business time of a week without holidays and without a change of the clock, an '
'interval of hours and minutes. NULL for NULL.';

CREATE FUNCTION csmetrics.handling_time(from_at timestamptz, to_at timestamptz, hours csmetrics.business_hours[],
    in_force_from timestamptz[]) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN hours IS NULL OR to_at < from_at THEN to_at - from_at
            ELSE csmetrics.business_time(from_at, to_at, hours, in_force_from) END;
COMMENT ON FUNCTION csmetrics.handling_time(timestamptz, timestamptz, csmetrics.business_hours[], timestamptz[]) IS
'Time from from_at to to_at as business_time, or all of it where hours is NULL; below zero where to_at is before '
'from_at, for duration_agg to reject. NULL if an instant is NULL; errors as business_time.';
