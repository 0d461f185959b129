-- Opening hours, and the time between two instants that lies within them.
CALL csmetrics.define_value('business_hours');
COMMENT ON TYPE csmetrics.business_hours IS
'Weekly opening hours in a named time zone, and holidays: local days without any. Text form: Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30, Sat 10:00-14:00; 2024-12-25 2024-12-26, that is zone, groups of days with their hours, and after a semicolon the holidays, if there are any. Days are Mon to Sun (Sun-Thu runs on past Sunday; Mon Wed 09:00-10:00 is both), hours run from 00:00 to 24:00 in minutes; Mon-Sun 00:00-24:00 is around the clock. Letter case and extra blanks do not matter. Groups add up. Printed in one form only, so that equal schedules are equal values: days in order with those of the same hours together, touching hours joined, holidays sorted. An unknown zone, hours that overlap or do not end after they begin (a night is Fri 22:00-24:00, Sat 00:00-06:00), anything else: SQLSTATE 22P02. Links such as Arctic/Longyearbyen stay names of their own.';
COMMENT ON FUNCTION csmetrics.business_hours_in(cstring) IS 'Internal: text input; SQLSTATE 22P02 for anything that is no schedule';
COMMENT ON FUNCTION csmetrics.business_hours_out(csmetrics.business_hours) IS 'Internal: text output: zone, days and hours, holidays';
COMMENT ON FUNCTION csmetrics.business_hours_recv(internal) IS 'Internal: binary input; SQLSTATE 22P03 for anything that is not a canonical schedule';

CREATE FUNCTION csmetrics.business_hours(zone text, hours text, holidays date[] DEFAULT '{}') RETURNS csmetrics.business_hours
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_hours_make';
COMMENT ON FUNCTION csmetrics.business_hours(text, text, date[]) IS
'A schedule from its parts: a time zone by name, the weekly hours as in the type''s text form, and holidays in any order. business_hours(''Europe/Berlin'', ''Mon-Fri 09:00-17:00'', ''{2024-12-25}''). NULL if any argument is NULL. An unknown zone, hours that overlap or do not end after they begin, hours that do not parse, a holiday that is NULL: SQLSTATE 22023; a holiday outside the years 1 to 9999: 22008.';

CREATE FUNCTION csmetrics.business_time(from_at timestamptz, to_at timestamptz, hours csmetrics.business_hours) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_time_by_hours';
COMMENT ON FUNCTION csmetrics.business_time(timestamptz, timestamptz, csmetrics.business_hours) IS
'Time from from_at on and before to_at that lies within business hours, an interval of hours, minutes and seconds without days. It is real elapsed time while the local clock shows business hours: one that is set forward skips them, one that is set back has them twice. The same cost for a day and a year, but for the changes of the clock and the holidays in it. NULL if any argument is NULL, so that tickets still open have none. to_at before from_at: SQLSTATE 22023; an instant infinite or outside the years 1 to 9999: 22008. Immutable as PostgreSQL''s own timezone() is: new rules for a time zone change the results that use them.';

CREATE FUNCTION csmetrics.business_time(from_at timestamptz, to_at timestamptz, hours csmetrics.business_hours[], in_force_from timestamptz[]) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_time_by_schedules';
COMMENT ON FUNCTION csmetrics.business_time(timestamptz, timestamptz, csmetrics.business_hours[], timestamptz[]) IS
'The same over schedules that followed one another: each of hours counts from the instant at its place in in_force_from (-infinity: from ever) until the next, the last for good. Time before the first counts nothing. NULL if any argument is NULL. Arrays of different length, NULL elements, in_force_from not strictly ascending, to_at before from_at: SQLSTATE 22023; an instant from_at or to_at infinite or outside the years 1 to 9999: 22008.';

CREATE FUNCTION csmetrics.is_open(hours csmetrics.business_hours, at timestamptz) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_hours_open_at';
COMMENT ON FUNCTION csmetrics.is_open(csmetrics.business_hours, timestamptz) IS
'Does the instant lie within business hours? True at the minute they begin, false at the minute they end. NULL if any argument is NULL; an instant infinite or outside the years 1 to 9999: SQLSTATE 22008.';

CREATE FUNCTION csmetrics.weekly_hours(hours csmetrics.business_hours) RETURNS interval
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'business_hours_weekly';
COMMENT ON FUNCTION csmetrics.weekly_hours(csmetrics.business_hours) IS
'Business time of a week without holidays and without a change of the clock, an interval of hours and minutes. NULL for NULL.';

CREATE FUNCTION csmetrics.handling_time(from_at timestamptz, to_at timestamptz, hours csmetrics.business_hours[], in_force_from timestamptz[]) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN hours IS NULL OR to_at < from_at THEN to_at - from_at ELSE csmetrics.business_time(from_at, to_at, hours, in_force_from) END;
COMMENT ON FUNCTION csmetrics.handling_time(timestamptz, timestamptz, csmetrics.business_hours[], timestamptz[]) IS
'Time from from_at to to_at as business_time, or all of it where hours is NULL; below zero where to_at is before from_at, for duration_agg to reject. NULL if an instant is NULL; errors as business_time.';
