\unset ECHO
\i test/psql.sql
-- Business hours and the time within them: hand-computed, against a count of every minute, and from hostile hands.
BEGIN;
SELECT plan(172);
SELECT setseed(0.31) \g /dev/null

-- Text in and out.
SELECT is(given::business_hours::text || CASE WHEN want::business_hours <> given::business_hours THEN ' (another value)' ELSE '' END, want, description)
FROM (VALUES
    ('Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30, Sat 10:00-14:00; 2024-12-25 2024-12-26',
     'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30, Sat 10:00-14:00; 2024-12-25 2024-12-26', 'the canonical form comes back as it is'),
    (E'  eUROPE/bERLIN\tMON - fri\n9:00 - 12:00 ,sat 10:00-14:00 ;  2024-12-25  ', 'Europe/Berlin Mon-Fri 09:00-12:00, Sat 10:00-14:00; 2024-12-25', 'letter case and blanks do not matter'),
    ('UTC Mon-Sun 00:00-24:00', 'UTC Mon-Sun 00:00-24:00', 'around the clock'),
    ('UTC Mon 13:00-17:00 09:00-12:00', 'UTC Mon 09:00-12:00 13:00-17:00', 'hours are sorted'),
    ('UTC Mon 09:00-12:00 12:00-13:00, Mon 08:00-09:00', 'UTC Mon 08:00-13:00', 'touching hours are joined'),
    ('UTC Mon 20:00-24:00, Tue 00:00-06:00', 'UTC Mon 20:00-24:00, Tue 00:00-06:00', 'but not those of two days'),
    ('UTC Tue 09:00-10:00, Mon 09:00-10:00, Wed 09:00-10:00 11:00-12:00', 'UTC Mon-Tue 09:00-10:00, Wed 09:00-10:00 11:00-12:00', 'days with the same hours are grouped'),
    ('UTC Mon-Thu 09:00-10:00, Wed 10:00-11:00', 'UTC Mon-Tue 09:00-10:00, Wed 09:00-11:00, Thu 09:00-10:00', 'groups add up'),
    ('UTC Sun-Thu 09:00-10:00', 'UTC Mon-Thu 09:00-10:00, Sun 09:00-10:00', 'a run goes on past Sunday'),
    ('UTC Mon Wed fri-sat mon 09:00-10:00', 'UTC Mon 09:00-10:00, Wed 09:00-10:00, Fri-Sat 09:00-10:00', 'days of one group need not be neighbours'),
    ('UTC Sun-Sun 09:00-10:00', 'UTC Sun 09:00-10:00', 'a run of one day'),
    ('UTC Mon 09:00-10:00;2024-12-26 2024-12-25 2024-12-26 0001-01-01 9999-12-31', 'UTC Mon 09:00-10:00; 0001-01-01 2024-12-25 2024-12-26 9999-12-31', 'holidays are sorted and unique'),
    ('UTC Mon 09:00-10:00; 2024-12-24 9-12 2024-12-25', 'UTC Mon 09:00-10:00; 2024-12-24 09:00-12:00 2024-12-25', 'a holiday with hours'),
    (E'UTC Mon 09:00-10:00;2024-12-25\t2024-12-24 13 - 14:30 9:00-12 12:00-13 2024-12-24 0-8 2024-12-25', 'UTC Mon 09:00-10:00; 2024-12-24 00:00-08:00 09:00-14:30 2024-12-25', 'sorted, joined, given twice'),
    ('UTC Mon 09:00-10:00; 2024-12-31 20-24 2025-01-01 0:00-24:00', 'UTC Mon 09:00-10:00; 2024-12-31 20:00-24:00 2025-01-01 00:00-24:00', 'up to midnight'),
    ('UTC Mon 09:00-10:00;', 'UTC Mon 09:00-10:00', 'no holidays after a semicolon'),
    ('UTC Mon 23:59-24:00', 'UTC Mon 23:59-24:00', 'the last minute of a day'),
    ('etc/gmt+3 Mon 09:00-10:00', 'Etc/GMT+3 Mon 09:00-10:00', 'a zone''s own spelling')
) AS form (given, want, description);

SELECT is(business_hours('europe/berlin', 'Mon-Fri 9:00-12:00 13:00-17:30, Sat 10:00-14:00', '{2024-12-26, 2024-12-25, 2024-12-26}'),
          'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30, Sat 10:00-14:00; 2024-12-25 2024-12-26'::business_hours, 'a schedule from its parts');
SELECT is(business_hours('UTC', 'Mon 09:00-10:00')::text, 'UTC Mon 09:00-10:00', 'a schedule without holidays');
SELECT is(business_hours('UTC', 'Mon-Sun ' || string_agg(format('%s:%s-%1$s:%3$s', h, to_char(m, 'FM00'), to_char(m + 1, 'FM00')), ' ' ORDER BY random()))::text,
          'UTC Mon-Sun ' || string_agg(format('%s:%s-%1$s:%3$s', to_char(h, 'FM00'), to_char(m, 'FM00'), to_char(m + 1, 'FM00')), ' ' ORDER BY h, m),
          'a day of 720 single minutes in any order')
FROM generate_series(0, 23) AS h, generate_series(0, 58, 2) AS m;

SELECT throws_ok(format('SELECT %L::csmetrics.business_hours', form), '22P02', message, message)
FROM (VALUES
    ('', 'incomplete business hours ""'),
    ('Europe/Berlin', 'incomplete business hours "Europe/Berlin"'),
    ('UTC Mon', 'incomplete business hours "UTC Mon"'),
    ('UTC Mon-', 'incomplete business hours "UTC Mon-"'),
    ('UTC Mon 09:00-', 'incomplete business hours "UTC Mon 09:00-"'),
    ('UTC Mon 09:00-10:00,', 'incomplete business hours "UTC Mon 09:00-10:00,"'),
    ('UTC Mon, Tue 09:00-10:00', 'incomplete business hours "UTC Mon, Tue 09:00-10:00"'),
    ('UTC ; 2024-12-25', 'incomplete business hours "UTC ; 2024-12-25"'),
    ('Mon-Fri 09:00-17:00', 'not a day of business hours: "09:00-17:00"'),
    ('UTC Mo 09:00-10:00', 'not a day of business hours: "Mo"'),
    ('UTC Monday 09:00-10:00', 'not a day of business hours: "Monday"'),
    ('UTC Mon-Fry 09:00-10:00', 'not a day of business hours: "Fry"'),
    ('UTC Mon 09:00', 'not a time of business hours: "09:00"'),
    ('UTC Mon 9-17', 'not a time of business hours: "9-17"'),
    ('UTC Mon 09:60-17:00', 'not a time of business hours: "09:60-17:00"'),
    ('UTC Mon 009:00-17:00', 'not a time of business hours: "009:00-17:00"'),
    ('UTC Mon 09:00-24:01', 'not a time of business hours: "24:01"'),
    ('UTC Mon 09:00-17:00:00', 'not a time of business hours: "17:00:00"'),
    ('UTC Mon 09:00-17:00-18:00', 'not a time of business hours: "17:00-18:00"'),
    ('UTC Mon 09:00-17:00 Tue 09:00-17:00', 'not a time of business hours: "Tue"'),
    ('UTC Fri 22:00-06:00', 'business hours 22:00-06:00 do not end after they begin'),
    ('UTC Fri 09:00 - 9:00', 'business hours 09:00 - 9:00 do not end after they begin'),
    ('UTC Fri 24:00-24:00', 'business hours 24:00-24:00 do not end after they begin'),
    ('UTC Mon-Fri 09:00-12:00, Wed 11:30-13:00', 'business hours 09:00-12:00 and 11:30-13:00 of Wed overlap'),
    ('UTC Wed 11:30-13:00 09:00-24:00', 'business hours 11:30-13:00 and 09:00-24:00 of Wed overlap'),
    ('UTC Sun-Mon 09:00-10:00, Sat-Sun 09:00-10:00', 'business hours 09:00-10:00 and 09:00-10:00 of Sun overlap'),
    ('UTC Mon 09:00-10:00; 2023-02-29', 'not a holiday of business hours: "2023-02-29"'),
    ('UTC Mon 09:00-10:00; 2024-12-25, 2024-12-26', 'not a holiday of business hours: "2024-12-25"'),
    ('UTC Mon 09:00-10:00; 9-12', 'not a holiday of business hours: "9-12"'),
    ('UTC Mon 09:00-10:00; 2024-12-24 9', 'not a time of business hours: "9"'),
    ('UTC Mon 09:00-10:00; 2024-12-24 9-25', 'not a time of business hours: "25"'),
    ('UTC Mon 09:00-10:00; 2024-12-24 9-24:01', 'not a time of business hours: "24:01"'),
    ('UTC Mon 09:00-10:00; 2024-12-24 9-12, 2024-12-25', 'not a time of business hours: "12"'),
    ('UTC Mon 09:00-10:00; 2024-12-24 12-9', 'business hours 12-9 do not end after they begin'),
    ('UTC Mon 09:00-10:00; 2024-12-24 9-12 2024-12-24 11-13', 'business hours 09:00-12:00 and 11:00-13:00 of Tue overlap'),
    ('UTC Mon 09:00-10:00; 1999-12-25 9-12 10-11', 'business hours 09:00-12:00 and 10:00-11:00 of Sat overlap'),
    ('UTC Mon 09:00-10:00; Christmas', 'not a holiday of business hours: "Christmas"'),
    ('Europe/Bonn Mon 09:00-10:00', 'unknown time zone "Europe/Bonn"'),
    ('UTC+3 Mon 09:00-10:00', 'unknown time zone "UTC+3"'),
    ('CEST Mon 09:00-10:00', 'unknown time zone "CEST"'),
    ('right/UTC Mon 09:00-10:00', 'unknown time zone "right/UTC"'),
    ('../UTC Mon 09:00-10:00', 'unknown time zone "../UTC"'),
    (repeat('a', 300) || ' Mon 09:00-10:00', 'unknown time zone "' || repeat('a', 100) || '"')
) AS wrong (form, message);

SELECT throws_ok('SELECT csmetrics.' || statement, code, message, description)
FROM (VALUES
    ('business_hours(''Mars'', ''Mon 09:00-10:00'')', '22023', 'unknown time zone "Mars"', 'an unknown zone is an error'),
    ('business_hours('''', ''Mon 09:00-10:00'')', '22023', 'unknown time zone ""', 'and no zone'),
    ('business_hours(''UTC'', '''')', '22023', 'incomplete business hours ""', 'no hours are an error'),
    ('business_hours(''UTC'', ''Mon 10:00-09:00'')', '22023', 'business hours 10:00-09:00 do not end after they begin', 'hours backwards are an error'),
    ('business_hours(''UTC'', ''Mon 09:00-10:00; 2024-12-25'')', '22023', 'not a day of business hours: "; 2024-12-25"', 'holidays go into their own argument'),
    ('business_hours(''UTC'', ''Mon 09:00-10:00'', ''{2024-12-25,NULL}'')', '22023', 'holiday 2 is NULL', 'a holiday that is NULL is an error'),
    ('business_hours(''UTC'', ''Mon 09:00-10:00'', ''{infinity}'')', '22008', 'holiday 1 is infinity', 'a holiday without end is one, too'),
    ('business_time(''2024-01-02'', ''2024-01-01'', ''UTC Mon 09:00-10:00'')', '22023',
        'to_at 2024-01-01 00:00:00+00 is before from_at 2024-01-02 00:00:00+00', 'an end before the beginning is an error'),
    ('business_time(''-infinity'', ''2024-01-01'', ''UTC Mon 09:00-10:00'')', '22008', 'from_at out of range: -infinity', 'an infinite beginning is an error'),
    ('business_time(''2024-01-01'', ''infinity'', ''UTC Mon 09:00-10:00'')', '22008', 'to_at out of range: infinity', 'an infinite end is an error'),
    ('business_time(''2024-01-01'', ''10000-01-01'', ''UTC Mon 09:00-10:00'')', '22008', 'to_at out of range: 10000-01-01 00:00:00+00', 'a year past 9999 is an error'),
    ('is_open(''UTC Mon 09:00-10:00'', ''infinity'')', '22008', 'at out of range: infinity', 'an infinite instant is neither in nor out'),
    ('business_time(''2024-01-01'', ''2024-01-02'', ''{UTC Mon 09:00-10:00}'', ''{-infinity,2024-01-01}'')', '22023',
        '1 hours but 2 in_force_from', 'arrays of different length are an error'),
    ('business_time(''2024-01-01'', ''2024-01-02'', ''{UTC Mon 09:00-10:00,NULL}'', ''{-infinity,2024-01-01}'')', '22023',
        'element 2 of hours is NULL', 'a schedule that is NULL is an error'),
    ('business_time(''2024-01-01'', ''2024-01-02'', ''{UTC Mon 09:00-10:00}'', ''{NULL}'')', '22023',
        'element 1 of in_force_from is NULL', 'in_force_from that is NULL is an error'),
    ('business_time(''2024-01-01'', ''2024-01-02'', ''{UTC Mon 09:00-10:00,UTC Tue 09:00-10:00}'', ''{2024-01-01,2024-01-01}'')', '22023',
        'in_force_from 2024-01-01 00:00:00+00 does not come after 2024-01-01 00:00:00+00', 'in_force_from must ascend'),
    ('business_time(''2024-01-02'', ''2024-01-01'', ''{}''::csmetrics.business_hours[], ''{}'')', '22023',
        'to_at 2024-01-01 00:00:00+00 is before from_at 2024-01-02 00:00:00+00', 'schedules do not mend an end before the beginning')
) AS wrong (statement, code, message, description);

SELECT ok(have IS NULL, description || ' NULL: NULL')
FROM (VALUES
    (business_time(NULL, '2024-01-01', 'UTC Mon 09:00-10:00')::text, 'from_at'),
    (business_time('2024-01-01', NULL, 'UTC Mon 09:00-10:00')::text, 'to_at'),
    (business_time('2024-01-01', '2024-01-02', NULL::business_hours)::text, 'hours'),
    (business_time('2024-01-01', '2024-01-02', NULL::business_hours[], '{}')::text, 'schedules'),
    (business_time('2024-01-01', '2024-01-02', '{}'::business_hours[], NULL)::text, 'in_force_from'),
    (business_hours(NULL, 'Mon 09:00-10:00')::text, 'zone'),
    (business_hours('UTC', NULL)::text, 'hours of a new schedule'),
    (business_hours('UTC', 'Mon 09:00-10:00', NULL)::text, 'holidays'),
    (is_open(NULL, '2024-01-01')::text, 'hours that may be open'),
    (is_open('UTC Mon 09:00-10:00', NULL)::text, 'at'),
    (weekly_hours(NULL)::text, 'hours of a week')
) AS missing (have, description);

-- From 16 on, PostgreSQL can ask whether text is valid.
CREATE FUNCTION valid(form text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE answer boolean;
BEGIN
    IF current_setting('server_version_num')::int < 160000 THEN RETURN NULL; END IF;
    EXECUTE 'SELECT pg_input_is_valid($1, ''business_hours'')' INTO answer USING form;
    RETURN answer;
END
$$;
SELECT is(array_agg(form) FILTER (WHERE valid(form)), NULL, 'errors of input are soft')
FROM unnest(ARRAY['', 'UTC Mo 09:00-10:00', 'UTC Mon 9-10', 'UTC Mon 10:00-09:00', 'UTC Mon 09:00-10:00 09:30-11:00', 'Mars Mon 09:00-10:00', 'UTC Mon 09:00-10:00; 1']) AS form;

-- Times by hand.
SELECT is(business_time(from_at::timestamptz, to_at::timestamptz, hours::business_hours)::text, want, description)
FROM (VALUES
    ('2024-05-14 09:30+02', '2024-05-14 11:00+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30', '01:30:00', 'within a morning'),
    ('2024-05-14 11:00+02', '2024-05-14 14:15+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30', '02:15:00', 'over lunch'),
    ('2024-05-14 12:00+02', '2024-05-14 13:00+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30', '00:00:00', 'lunch itself'),
    ('2024-05-14 18:00+02', '2024-05-15 08:00+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30', '00:00:00', 'a night'),
    ('2024-05-14 10:00+02', '2024-05-14 10:00+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30', '00:00:00', 'no time at all'),
    ('2024-05-14 10:00+02', '2024-05-14 10:00:00.000001+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30', '00:00:00.000001', 'a microsecond'),
    ('2024-05-10 16:30+02', '2024-05-13 10:00+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30', '02:00:00', 'a weekend between'),
    -- Monday to Friday of Christmas week: 8, 3, 0, 0 and 8 hours
    ('2024-12-23 00:00+01', '2024-12-28 00:00+01', 'Europe/Berlin Mon-Fri 09:00-17:00; 2024-12-24 9-12 2024-12-25 2024-12-26', '19:00:00', 'a half holiday'),
    ('2024-12-24 10:00+01', '2024-12-24 16:00+01', 'Europe/Berlin Mon-Fri 09:00-17:00; 2024-12-24 9-12', '02:00:00', 'within it'),
    ('2024-12-24 11:30+01', '2024-12-27 09:30+01', 'Europe/Berlin Mon-Fri 09:00-17:00; 2024-12-24 9-12 13-14 2024-12-25 2024-12-26', '02:00:00', 'from it to the day after: half an hour, an hour and half an hour'),
    ('2024-12-24 12:00+01', '2024-12-27 09:00+01', 'Europe/Berlin Mon-Fri 09:00-17:00; 2024-12-24 9-12 2024-12-25 2024-12-26', '00:00:00', 'from its end on, nothing'),
    ('2024-12-21 00:00+01', '2024-12-23 00:00+01', 'Europe/Berlin Mon-Fri 09:00-17:00; 2024-12-21 10:00-14:00', '04:00:00', 'a Saturday that is open'),
    ('1999-12-24 00:00+00', '1999-12-25 00:00+00', 'UTC Mon-Fri 09:00-17:00; 1999-12-24 22-24', '02:00:00', 'before the year 2000, up to midnight'),
    ('2024-05-17 16:30+02', '2024-05-21 10:00+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30; 2024-05-20', '02:00:00', 'a weekend and a holiday between'),
    ('2024-05-20 10:00+02', '2024-05-20 11:00+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30; 2024-05-20', '00:00:00', 'within a holiday'),
    ('2024-05-20 10:00+02', '2024-05-21 11:00+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30; 2024-05-20', '02:00:00', 'from within a holiday'),
    ('2024-05-17 16:00+02', '2024-05-20 11:00+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30; 2024-05-20', '01:30:00', 'into a holiday'),
    ('2024-05-17 00:00+02', '2024-05-20 00:00+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30; 2024-05-20', '07:30:00', 'up to a holiday'),
    ('2024-05-21 00:00+02', '2024-05-22 00:00+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30; 2024-05-20', '07:30:00', 'after a holiday'),
    ('2024-05-17 00:00+02', '2024-05-19 12:00+02', 'Europe/Berlin Mon-Fri 09:00-17:00; 2024-05-18', '08:00:00', 'a holiday on a closed day'),
    ('2024-05-13 00:00+02', '2024-05-27 00:00+02', 'Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30', '75:00:00', 'two weeks, in hours'),
    ('1999-12-27 00:00+00', '2000-01-03 00:00+00', 'UTC Mon-Fri 09:00-17:00', '40:00:00', 'a week before 2000'),
    ('1969-12-31 23:59:59.5+00', '1970-01-01 00:00:00.25+00', 'UTC Wed-Thu 00:00-24:00', '00:00:00.75', 'fractions before 1970'),
    ('2024-03-31 00:00+01', '2024-04-01 00:00+02', 'Europe/Berlin Sun 00:00-06:00', '05:00:00', 'Berlin, spring forward: an hour less'),
    ('2024-03-31 00:00+01', '2024-04-01 00:00+02', 'Europe/Berlin Sun 02:00-03:00', '00:00:00', 'hours that the clock skips'),
    ('2024-03-31 00:00+01', '2024-04-01 00:00+02', 'Europe/Berlin Sun 02:30-03:30', '00:30:00', 'hours half of which the clock skips'),
    ('2024-10-27 00:00+02', '2024-10-28 00:00+01', 'Europe/Berlin Sun 00:00-06:00', '07:00:00', 'Berlin, fall back: an hour more'),
    ('2024-10-27 00:00+02', '2024-10-28 00:00+01', 'Europe/Berlin Sun 02:30-03:30', '01:30:00', 'hours that come twice in part'),
    ('2024-10-27 02:30+02', '2024-10-27 02:30+01', 'Europe/Berlin Sun 02:00-03:00', '01:00:00', 'from half past two to half past two'),
    ('2024-03-10 00:00-05', '2024-03-11 00:00-04', 'America/New_York Sun 01:00-04:00', '02:00:00', 'New York, spring forward'),
    ('2024-11-03 00:00-04', '2024-11-04 00:00-05', 'America/New_York Sun 01:00-02:00', '02:00:00', 'New York, fall back'),
    ('2024-01-01 00:00-05', '2025-01-01 00:00-05', 'America/New_York Sun 01:00-03:00', '104:00:00', 'both in a year: 52 Sundays'),
    ('2024-10-06 00:00+10:30', '2024-10-07 00:00+11', 'Australia/Lord_Howe Sun 02:00-03:00', '00:30:00', 'Lord Howe moves by half an hour forward'),
    ('2024-04-07 00:00+11', '2024-04-08 00:00+10:30', 'Australia/Lord_Howe Sun 01:00-02:00', '01:30:00', 'and back'),
    ('2024-05-20 03:00+00', '2024-05-20 04:00+00', 'Asia/Kathmandu Mon 09:00-17:00', '00:45:00', 'Kathmandu opens at 03:15 UTC'),
    ('1985-12-31 12:00+00', '1986-01-01 12:00+00', 'Asia/Kathmandu Wed 00:00-01:00', '00:45:00', 'and moved by a quarter of an hour in 1986'),
    ('2011-12-29 00:00-10', '2012-01-03 00:00+14', 'Pacific/Apia Mon-Fri 09:00-17:00', '16:00:00', 'Samoa had no Friday 2011-12-30: Thursday and Monday'),
    ('2011-12-29 00:00-10', '2012-01-03 00:00+14', 'Pacific/Apia Mon-Fri 09:00-17:00; 2011-12-30', '16:00:00', 'a holiday on that day takes nothing'),
    ('2011-12-29 00:00-10', '2012-01-03 00:00+14', 'Pacific/Apia Mon-Fri 09:00-17:00; 2011-12-29 2012-01-02', '00:00:00', 'one before and after it do'),
    ('2011-12-29 23:00-10', '2011-12-31 01:00+14', 'Pacific/Apia Mon-Sun 00:00-24:00', '02:00:00', 'the night over the date line is two hours long'),
    ('0001-01-01 00:00+00', '9999-12-31 23:59:59.999999+00', 'UTC Mon-Sun 00:00-24:00', '87649415:59:59.999999', 'all time: 3652059 days'),
    ('0001-01-01 00:00+00', '9999-12-31 23:59:59.999999+00', 'UTC Mon 00:00-00:01; 0001-01-01', '8695:22:00', 'and its 521723 Mondays, less a holiday')
) AS span (from_at, to_at, hours, want, description);

SELECT ok(bool_and(business_time(from_at, to_at, business_hours(zone, 'Mon-Sun 00:00-24:00')) = to_at - from_at), 'around the clock, business time is the plain difference')
FROM (SELECT zone, from_at, from_at + random() * interval '10000 days' AS to_at
      FROM unnest(ARRAY['Europe/Berlin', 'America/New_York', 'Pacific/Apia', 'Australia/Lord_Howe', 'UTC']) AS zone, generate_series(1, 100),
           LATERAL (SELECT timestamptz '1950-01-01' + random() * interval '30000 days' AS from_at) AS f) AS s;
SELECT is(business_time('2024-01-01', '2025-01-01', 'UTC Mon-Fri 09:00-17:00')::text, '2096:00:00', 'a year of 262 days of 8 hours');

SELECT is(weekly_hours(hours::business_hours)::text, want, 'a week of ' || hours)
FROM (VALUES ('UTC Mon-Sun 00:00-24:00', '168:00:00'), ('Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30, Sat 10:00-14:00; 2024-12-25', '41:30:00'), ('UTC Sun 23:59-24:00', '00:01:00')) AS w(hours, want);
SELECT is(is_open('Europe/Berlin Mon-Fri 09:00-17:00; 2024-05-20', at::timestamptz), want, description)
FROM (VALUES
    ('2024-05-14 09:00+02', true, 'open when hours begin'), ('2024-05-14 08:59:59.999999+02', false, 'closed just before'),
    ('2024-05-14 16:59:59.999999+02', true, 'open up to their end'), ('2024-05-14 17:00+02', false, 'closed when they end'),
    ('2024-05-18 10:00+02', false, 'closed at the weekend'), ('2024-05-20 10:00+02', false, 'closed on a holiday')
) AS i(at, want, description);

-- Schedules that follow one another. May 14 2024 was a Tuesday.
SELECT is(business_time('2024-05-14 16:00+02', '2024-05-15 14:00+02', hours::business_hours[], starts::timestamptz[])::text, want, description)
FROM (VALUES
    ('{"Europe/Berlin Mon-Fri 09:00-17:00"}', '{-infinity}', '06:00:00', 'one schedule from ever: 1 + 5 hours'),
    ('{"Europe/Berlin Mon-Fri 09:00-17:00"}', '{2024-05-14 16:30+02}', '05:30:00', 'time before the first counts nothing'),
    ('{"Europe/Berlin Mon-Fri 09:00-17:00"}', '{2024-06-01}', '00:00:00', 'not yet in force'),
    ('{"Europe/Berlin Mon-Fri 09:00-17:00"}', '{infinity}', '00:00:00', 'never in force'),
    ('{}', '{}', '00:00:00', 'no schedule'),
    ('{"Europe/Berlin Mon-Fri 09:00-17:00","UTC Mon-Sun 00:00-24:00"}', '{-infinity,2024-05-15 12:00+02}', '06:00:00', 'a change at noon: 1 + 3, then 2'),
    ('{"Europe/Berlin Mon-Fri 09:00-17:00","UTC Mon-Sun 00:00-24:00"}', '{-infinity,2024-05-15 02:00+02}', '13:00:00', 'a change in the night: 1, then 12'),
    ('{"Europe/Berlin Mon-Fri 09:00-17:00","UTC Mon-Sun 00:00-24:00"}', '{2024-05-01,2024-06-01}', '06:00:00', 'the next comes too late'),
    ('{"Europe/Berlin Mon-Fri 09:00-17:00","UTC Mon-Sun 00:00-24:00"}', '{2024-04-01,2024-05-01}', '22:00:00', 'the first is over'),
    ('{"Europe/Berlin Mon-Fri 09:00-17:00","Asia/Kathmandu Mon-Fri 09:00-17:00"}', '{-infinity,2024-05-15 00:00+02}', '09:00:00', 'a move to Kathmandu: 1, then 09:00-17:00 there'),
    ('{"UTC Sat 00:00-24:00","UTC Mon-Sun 00:00-24:00","UTC Sat 00:00-24:00"}', '{-infinity,2024-05-14 20:00+02,2024-05-14 21:00+02}', '01:00:00', 'three, the middle one for an hour')
) AS s(hours, starts, want, description);

-- Against a count of every minute: random hours around the moments at which zones changed their clocks.
CREATE TABLE plan (nr int GENERATED ALWAYS AS IDENTITY, zone text, around timestamptz, tick interval DEFAULT '1 minute', reach interval DEFAULT '22 days');
INSERT INTO plan (zone, around) VALUES
    ('Europe/Berlin', '2024-03-31'), ('Europe/Berlin', '2024-10-27'), ('America/New_York', '2024-03-10'), ('America/New_York', '2024-11-03'),
    ('Australia/Lord_Howe', '2024-04-07'), ('Australia/Lord_Howe', '2024-10-06'), ('Asia/Kathmandu', '1986-01-01'), ('Pacific/Apia', '2011-12-30'),
    ('Pacific/Apia', '2011-12-31'), ('Pacific/Kwajalein', '1993-08-21'), ('Pacific/Kiritimati', '1995-01-01'), ('America/St_Johns', '2024-03-10'),
    ('America/St_Johns', '2006-10-29'), ('Asia/Tehran', '2021-03-22'), ('Africa/Casablanca', '2024-03-10'), ('Africa/Casablanca', '2024-04-14'),
    ('America/Sao_Paulo', '2018-11-04'), ('America/Sao_Paulo', '2018-02-18'), ('Asia/Pyongyang', '2018-05-05'), ('America/Caracas', '2016-05-01'),
    ('Europe/Istanbul', '2016-03-27'), ('Asia/Kolkata', '2024-03-01'), ('UTC', '2024-02-29'), ('Antarctica/Troll', '2024-03-31'),
    ('Antarctica/Troll', '2024-10-27'), ('America/Havana', '2024-03-10'), ('America/Havana', '2024-11-03'), ('Asia/Beirut', '2024-03-31'),
    ('Pacific/Chatham', '2024-04-07'), ('Pacific/Chatham', '2024-09-29'), ('Europe/Dublin', '2024-10-27'), ('Australia/Adelaide', '2024-10-06'),
    ('Europe/London', '1999-12-31'), ('Europe/London', '2000-03-26'), ('Africa/Juba', '2021-02-01'), ('Europe/Volgograd', '2020-12-27'),
    ('Asia/Gaza', '2024-04-20'), ('America/Asuncion', '2024-03-24'), ('Pacific/Norfolk', '2015-10-04'), ('Etc/GMT-14', '2024-01-01');
-- Clocks that did not run in whole minutes.
INSERT INTO plan (zone, around, tick, reach) VALUES
    ('Africa/Monrovia', '1972-01-07', '1 second', '5 hours'), ('Asia/Kathmandu', '1920-01-01', '1 second', '5 hours'), ('America/Juneau', '1867-10-19', '1 second', '11 hours');

CREATE TABLE opening (nr int, day int, opens int, closes int, PRIMARY KEY (nr, day, opens));
INSERT INTO opening
SELECT nr, day, opens, closes
FROM (SELECT nr, day, minute AS opens, lead(minute) OVER w AS closes, row_number() OVER w AS n
      FROM (SELECT DISTINCT nr, day, CASE floor(random() * 4) WHEN 0 THEN floor(random() * 1441)::int WHEN 1 THEN floor(random() * 8)::int * 15 ELSE floor(random() * 97)::int * 15 END AS minute
            FROM plan, generate_series(0, 6) AS day, generate_series(1, 6) AS n WHERE (nr * 7 + day * 5 + n) % 6 > 1 AND (nr + day) % 5 > 0) AS m
      WINDOW w AS (PARTITION BY nr, day ORDER BY minute)) AS pairs
WHERE n % 2 = 1 AND closes IS NOT NULL;
CREATE TABLE schedule AS
SELECT p.*, holidays, open_minutes, (zone || ' ' || week || '; ' || array_to_string(holidays, ' '))::business_hours AS hours
FROM plan AS p,
     LATERAL (SELECT ARRAY(SELECT around::date + floor(random() * 50)::int - 25 FROM generate_series(1, nr % 8)) || CASE nr % 3 WHEN 0 THEN ARRAY[around::date] END AS holidays) AS h,
     LATERAL (SELECT string_agg(format('%s %s:%s-%s:%s', ('{Mon,Tue,Wed,Thu,Fri,Sat,Sun}'::text[])[day + 1], opens / 60, to_char(opens % 60, 'FM00'), closes / 60, to_char(closes % 60, 'FM00')), ', ' ORDER BY random()) AS week
              FROM opening AS o WHERE o.nr = p.nr) AS w,
     LATERAL (SELECT array_agg(EXISTS (SELECT FROM opening AS o WHERE o.nr = p.nr AND day = minute / 1440 AND minute % 1440 >= opens AND minute % 1440 < closes) ORDER BY minute) AS open_minutes
              FROM generate_series(0, 10079) AS minute) AS m;

CREATE TABLE tick (at timestamptz, open boolean);
CREATE FUNCTION compare(s schedule, OUT cases int, OUT wrong text) LANGUAGE plpgsql AS $$
DECLARE
    start timestamptz := s.around - s.reach;
    week boolean[] := s.open_minutes;
    hours business_hours := s.hours;
    counts int[];
    a int;
    b int;
    from_at timestamptz;
    to_at timestamptz;
    want interval;
    have interval;
BEGIN
    TRUNCATE tick;
    -- 1970-01-01 was a Thursday; twenty thousand weeks more keep it positive
    INSERT INTO tick
    SELECT at, week[1 + (date_part('epoch', local)::bigint + 3 * 86400 + 20000::bigint * 604800) / 60 % 10080] AND NOT local::date = ANY (s.holidays)
    FROM generate_series(start, s.around + s.reach, s.tick) AS at, LATERAL (SELECT at AT TIME ZONE s.zone AS local) AS l;
    SELECT array_agg(n) INTO counts FROM (SELECT at, count(*) FILTER (WHERE open) OVER (ORDER BY at ROWS UNBOUNDED PRECEDING) - open::int AS n FROM tick) AS c;

    SELECT string_agg(at::text, ', ') INTO wrong FROM (SELECT at FROM tick WHERE is_open(hours, at) <> open OR is_open(hours, at + s.tick - interval '1 us') <> open LIMIT 3) AS t;
    cases := 0;
    FOR i IN 1 .. 270 LOOP
        a := 1 + floor(random() * cardinality(counts));
        b := CASE WHEN i % 3 = 0 THEN a + floor(random() * (cardinality(counts) + 1 - a)) ELSE least(a + floor(random() * 3000), cardinality(counts)) END;
        from_at := start + (a - 1) * s.tick;
        to_at := start + (b - 1) * s.tick;
        want := s.tick * (counts[b] - counts[a]);
        IF i > 260 THEN -- with fractions of ticks at both ends
            from_at := from_at + random() * s.tick;
            to_at := greatest(from_at, to_at - random() * s.tick);
            SELECT coalesce(sum(least(to_at, at + s.tick) - greatest(from_at, at)), '0') INTO want FROM tick WHERE open AND at < to_at AND at + s.tick > from_at;
        END IF;
        have := business_time(from_at, to_at, hours);
        cases := cases + 1;
        IF have <> want THEN
            wrong := concat_ws('; ', wrong, format('%s to %s: %s, not %s', from_at, to_at, have, want));
        END IF;
    END LOOP;
END
$$;
CREATE TABLE compared AS SELECT nr, zone, cases, left(wrong, 300) AS wrong, hours FROM schedule AS s, compare(s);
SELECT is(string_agg(format('%s: %s (%s)', nr, wrong, hours), E'\n'), NULL, 'business_time and is_open agree with a count of every minute') FROM compared WHERE wrong <> '';
SELECT ok(sum(cases) > 11000 AND count(DISTINCT zone) > 24, 'in eleven thousand cases') FROM compared;
SELECT cmp_ok(count(DISTINCT hours), '=', 43::bigint, 'of as many schedules') FROM compared;

-- Over long times: a span is the sum of its days. The tables of zones end after some four hundred years, their rules do not.
SELECT ok(bool_and(business_time(first, last, hours) = (SELECT sum(business_time(day, day + interval '1 day', hours)) FROM generate_series(first, last - interval '1 day', '1 day') AS day)),
          'a span of years is the sum of its days, also beyond the last change in the tables')
FROM (VALUES ('America/New_York Sun 00:00-06:00; 2769-01-01'), ('Europe/Berlin Sun 00:00-06:00'), ('Australia/Lord_Howe Sun 00:00-06:00'), ('UTC Sun 00:00-06:00')) AS h(form),
     (VALUES (timestamptz '1880-01-01', timestamptz '1885-07-01'), ('2036-01-01', '2040-07-01'), ('2368-01-01', '2372-07-01'), ('2768-01-01', '2772-07-01'), ('9968-01-01', '9972-07-01')) AS s(first, last),
     LATERAL (SELECT form::business_hours AS hours) AS f;
SELECT ok(bool_and(business_time(a, c, ARRAY[h, i], ARRAY['-infinity', b]) = business_time(a, b, h) + business_time(b, c, i)), 'two schedules are two spans')
FROM (SELECT x.hours AS h, y.hours AS i, x.around + random() * interval '9 days' AS a, x.around + interval '9 days' + random() * interval '9 days' AS b, x.around + interval '18 days' + random() * interval '9 days' AS c
      FROM schedule AS x, schedule AS y) AS s;

-- Values as keys, and stored.
CREATE TABLE office AS SELECT nr, hours, hours::text AS form FROM schedule, generate_series(1, 3);
SELECT is(count(DISTINCT hours), 43::bigint, 'equal schedules are one group') FROM office;
SELECT ok(bool_and((a.hours = b.hours) = (a.form = b.form) AND (a.hours < b.hours) = (b.hours > a.hours) AND (state_hash(a.hours) = state_hash(b.hours) OR a.form <> b.form)),
          'schedules are equal as their texts are') FROM office AS a, office AS b;
CREATE INDEX ON office (hours);
SET LOCAL enable_seqscan = off;
SELECT is(count(*), 3::bigint, 'an index finds a schedule') FROM office WHERE hours = (SELECT hours FROM schedule WHERE nr = 7);
RESET enable_seqscan;
CREATE TABLE long AS SELECT business_hours('Europe/Berlin', 'Mon-Fri 09:00-17:00', array_agg(day::date)) AS packed FROM generate_series(timestamp '1900-01-01', '2100-01-01', '1 day') AS day;
ALTER TABLE long ADD apart business_hours;
ALTER TABLE long ALTER apart SET STORAGE external;
UPDATE long SET apart = packed;
SELECT ok(packed = apart AND pg_column_size(apart) > 200000 AND packed::text = apart::text AND business_time('1900-01-01', '2100-01-01', packed) = '0' AND business_time('1899-01-01', '2100-01-09', apart) = '2120:00', 'a long value is stored compressed or out of line, and reads the same')
FROM long;

-- From hostile hands: each text and each binary value is refused properly, or is a canonical value that can be used.
CREATE FUNCTION judge(x business_hours) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF x::text::business_hours <> x OR x::text::business_hours::text <> x::text THEN RETURN 'not canonical: ' || x::text; END IF;
    IF weekly_hours(x) NOT BETWEEN interval '1 minute' AND interval '168 hours'
        OR NOT business_time('2024-03-01', '2024-04-15 12:34:56.7', x) BETWEEN interval '0' AND timestamptz '2024-04-15 12:34:56.7' - timestamptz '2024-03-01'
        OR business_time('2024-03-01', '2024-04-15', ARRAY[x], '{-infinity}') <> business_time('2024-03-01', '2024-04-15', x) OR is_open(x, '2024-03-01') IS NULL THEN
        RETURN 'not usable: ' || x::text;
    END IF;
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    RETURN format('accepted, then %s %s: %s', SQLSTATE, SQLERRM, left(x::text, 300));
END
$$;
CREATE FUNCTION try(hostile text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE x business_hours;
BEGIN
    BEGIN
        x := hostile;
    EXCEPTION WHEN invalid_text_representation THEN
        RETURN 'refused';
    WHEN OTHERS THEN
        RETURN format('%s %s for %s', SQLSTATE, SQLERRM, left(hostile, 300));
    END;
    RETURN judge(x);
END
$$;
-- Bytes come in by COPY; a trigger judges what was accepted, and keeps it out of the table.
SELECT set_config('hostile.path', current_setting('data_directory') || '/csmetrics_hours.copy', true) \g /dev/null
CREATE TABLE sink (x business_hours);
CREATE FUNCTION sink() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('hostile.verdict', CASE WHEN business_hours_send(NEW.x) = current_setting('hostile.bytes')::bytea THEN judge(NEW.x) ELSE 'not sent as it was received: ' || NEW.x::text END, true);
    RETURN NULL;
END
$$;
CREATE TRIGGER judge BEFORE INSERT ON sink FOR EACH ROW EXECUTE FUNCTION sink();
CREATE FUNCTION try(hostile bytea) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('hostile.bytes', hostile::text, true);
    EXECUTE format('COPY (SELECT %L::bytea) TO %L (FORMAT binary)', hostile, current_setting('hostile.path'));
    EXECUTE format('COPY sink FROM %L (FORMAT binary)', current_setting('hostile.path'));
    RETURN current_setting('hostile.verdict');
EXCEPTION WHEN invalid_binary_representation OR protocol_violation THEN
    RETURN 'refused';
WHEN OTHERS THEN
    RETURN format('%s %s for %s', SQLSTATE, SQLERRM, left(hostile::text, 300));
END
$$;

CREATE FUNCTION below(n int) RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT floor(random() * n)::int $$;
CREATE FUNCTION any_of(choices text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;
CREATE FUNCTION spoil(form text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    pieces text[] := regexp_split_to_array(form, '(?<=[ ,;-])');
    at int := 1 + below(length(form));
    i int := 1 + below(cardinality(pieces));
BEGIN
    CASE below(5)
    WHEN 0 THEN -- a character
        RETURN overlay(form PLACING any_of(ARRAY['0', '1', '2', '9', ':', '-', ',', ';', ' ', E'\t', 'M', 'm', 'Sat', '24:00', chr(233), '/', '+', '.', '']) FROM at FOR below(2));
    WHEN 1 THEN -- a piece
        pieces[i] := any_of(ARRAY['', 'Mon', 'Fri-', 'Sun', 'sat ', 'Sun-Sat ', '09:00-', '00:00-24:00', '24:00-', '9:30', '23:59-', '99:99', '7:5', '2024-02-29', '2023-02-29', '0000-01-01',
                                  '9999-12-31 ', '10000-01-01', '-', ' - ', ',', ';', 'utc ', 'Asia/Kathmandu ', 'EST5EDT ', 'UTC+3 ', 'posix/UTC ', 'right/UTC ', '../UTC ', ':UTC ', repeat('x', 400)]);
        RETURN array_to_string(pieces, '');
    WHEN 2 THEN -- pieces dropped, doubled, swapped, made many
        RETURN array_to_string(pieces[:i - 1] || CASE below(4) WHEN 0 THEN '{}' WHEN 1 THEN pieces[i:i] || pieces[i:i] WHEN 2 THEN pieces[i + 1:i + 1] || pieces[i:i]
                                                               ELSE array_fill(pieces[i], ARRAY[below(50)]) END || pieces[i + 1 + below(2):], '');
    WHEN 3 THEN -- cut short
        RETURN CASE below(2) WHEN 0 THEN left(form, at) ELSE substr(form, at) END;
    ELSE -- twice
        RETURN CASE WHEN form = '' THEN form ELSE spoil(spoil(form)) END;
    END CASE;
END
$$;
CREATE FUNCTION spoil(bytes bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    long int := length(bytes);
    at int := below(long);
    word int := 1 + 2 * below(greatest(long / 2, 1));
BEGIN
    CASE below(6)
    WHEN 0 THEN RETURN CASE WHEN long = 0 THEN bytes ELSE set_byte(bytes, at, below(256)) END;
    WHEN 1 THEN RETURN overlay(bytes PLACING decode(any_of(ARRAY['0000', '0001', 'ffff', '7fff', '8000', '05a0', '05a1', '2760', '2761', '0b40']), 'hex') FROM word);
    WHEN 2 THEN RETURN overlay(bytes PLACING substr(bytes, 1 + 2 * below(long / 2 + 1), 4) FROM word);
    WHEN 3 THEN RETURN substr(bytes, 1, word - 1) || CASE below(2) WHEN 0 THEN substr(bytes, word, 4) || substr(bytes, word) ELSE substr(bytes, word + 4) END;
    WHEN 4 THEN RETURN CASE below(2) WHEN 0 THEN '\x01000000'::bytea ELSE '' END || decode(substr(md5(random()::text) || md5(random()::text), 1, 2 * below(32)), 'hex');
    ELSE RETURN CASE WHEN long < 8 THEN bytes ELSE spoil(spoil(bytes)) END;
    END CASE;
END
$$;

CREATE TABLE seed AS SELECT hours::text AS form, business_hours_send(hours) AS bytes FROM schedule WHERE nr IN (1, 9, 16, 40)
UNION ALL SELECT h::text, business_hours_send(h) FROM unnest('{UTC Mon-Sun 00:00-24:00,UTC Mon 09:00-10:00; 2024-12-24 9-12 13-14 2024-12-25,Europe/Berlin Mon-Fri 09:00-12:00 13:00-17:30}'::business_hours[]) AS h;
CREATE TABLE text_case AS SELECT left(form, n) AS hostile FROM seed, generate_series(0, length(form)) AS n
UNION ALL SELECT spoil(form) FROM seed, generate_series(1, 1800);
CREATE TABLE bytes_case AS SELECT substr(bytes, 1, n) AS hostile FROM seed, generate_series(0, length(bytes)) AS n
UNION ALL SELECT set_bit(bytes, n, 1 - get_bit(bytes, n)) FROM seed, generate_series(0, 8 * length(bytes) - 1) AS n
UNION ALL SELECT set_byte(bytes, at, n) FROM seed, generate_series(0, 11) AS at, generate_series(0, 255, 7) AS n
UNION ALL SELECT spoil(bytes) FROM seed, generate_series(1, 1500);
CREATE TABLE verdict AS SELECT 'texts' AS way, try(hostile) AS verdict, count(*) AS cases FROM text_case GROUP BY 2
UNION ALL SELECT 'bytes', try(hostile), count(*) FROM bytes_case GROUP BY 2;
SELECT format('COPY sink FROM PROGRAM %L', format('rm "%s"', current_setting('hostile.path'))) \gexec

SELECT cmp_ok(sum(cases), '>=', 10000::numeric, way || ' from outside: there are cases enough') FROM verdict GROUP BY way ORDER BY way;
SELECT is(string_agg(verdict, E'\n') FILTER (WHERE verdict NOT IN ('accepted', 'refused')), NULL, way || ' from outside: each is accepted and sound, or refused as it should be')
FROM verdict GROUP BY way ORDER BY way;
SELECT ok(bool_and(cases > 200) AND count(*) = 2, way || ' from outside: many are accepted, many are refused') FROM verdict GROUP BY way ORDER BY way;

SELECT * FROM finish();
ROLLBACK;
