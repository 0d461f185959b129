\unset ECHO
\i test/psql.sql
-- Values in texts are read in their one plain form, whatever the settings of the session.
BEGIN;
SELECT plan(37);

-- What is read, and as what.
SELECT results_eq($$ SELECT strict_date(t) FROM unnest('{2026-03-04," 2026-03-04 ",0001-01-01,9999-12-31,2024-02-29,2000-02-29,2026-03-04 23:59:59,2026-03-04T10:00}'::text[]) t $$,
                  $$ VALUES (date '2026-03-04'), ('2026-03-04'), ('0001-01-01'), ('9999-12-31'), ('2024-02-29'), ('2000-02-29'), ('2026-03-04'), ('2026-03-04') $$,
                  'days, also those of times');
SELECT results_eq($$ SELECT strict_date('2026-03-04T23:30:00Z', z) FROM unnest('{UTC,Europe/Berlin,America/New_York}'::text[]) z $$,
                  $$ VALUES (date '2026-03-04'), ('2026-03-05'), ('2026-03-04') $$, 'an instant falls on its day in the zone');
SELECT is(strict_date('2026-03-04T23:30', 'Europe/Berlin'), '2026-03-04', 'a time without offset on its own');
SELECT results_eq($$ SELECT strict_instant(t) FROM unnest('{2026-03-04,2026-03-04 10:00,2026-03-04T10:00:30,2026-03-04t10:00:30z,2026-03-04 10:00:30.5Z,2026-03-04 10:00:30.123456789+01,'
                     '2026-03-04 10:00:30 UTC,2026-03-04 10:00:30gmt,2026-03-04T10:00:30-0530,2026-03-04 10:00 +05:45,2026-12-31 23:59:59.9999996,0001-01-01 00:00+14}'::text[]) t $$,
                  $$ VALUES (timestamptz '2026-03-04 00:00+00'), ('2026-03-04 10:00+00'), ('2026-03-04 10:00:30+00'), ('2026-03-04 10:00:30+00'), ('2026-03-04 10:00:30.5+00'),
                            ('2026-03-04 09:00:30.123457+00'), ('2026-03-04 10:00:30+00'), ('2026-03-04 10:00:30+00'), ('2026-03-04 15:30:30+00'), ('2026-03-04 04:15+00'),
                            ('2027-01-01 00:00+00'), ('0001-12-31 10:00+00 BC') $$, 'instants');
SELECT is(strict_instant('2026-07-01 10:00', 'Europe/Berlin'), '2026-07-01 08:00+00', 'without an offset in the time zone given');
SELECT is(strict_instant('2026-07-01', 'Europe/Berlin'), '2026-06-30 22:00+00', 'so too the beginning of a day');
SELECT is(strict_instant('2026-07-01 10:00Z', 'Europe/Berlin'), '2026-07-01 10:00+00', 'with one, whatever that is');
SELECT results_eq($$ SELECT strict_numeric(t)::text FROM unnest('{1234.50,-1234.50,+7,0,.5,-.25,007,1.234,"	12 ",123456789012345678901234567890.123456789}'::text[]) t $$,
                  ARRAY['1234.50', '-1234.50', '7', '0', '0.5', '-0.25', '7', '1.234', '12', '123456789012345678901234567890.123456789'], 'numbers, exactly');
SELECT results_eq($$ SELECT strict_double(t) FROM unnest('{0.1,-1234.50,17}'::text[]) t $$, $$ VALUES (0.1::float8), (-1234.5), (17) $$, 'the nearest of double precision');
SELECT results_eq($$ SELECT strict_integer(t) FROM unnest('{2147483647,-2147483648,+7,-0,007}'::text[]) t $$, $$ VALUES (2147483647), (-2147483648), (7), (0), (7) $$, 'whole numbers');
SELECT results_eq($$ SELECT strict_bigint(t) FROM unnest('{9223372036854775807,-9223372036854775808}'::text[]) t $$,
                  $$ VALUES (9223372036854775807), (-9223372036854775808) $$, 'whole numbers of 64 bits');
SELECT ok(bool_and(strict_boolean(t)), 'true: ' || string_agg(t, ', ')) FROM unnest('{true,TRUE,t,yes,Y,on,1," true "}'::text[]) t;
SELECT ok(bool_and(NOT strict_boolean(t)), 'false: ' || string_agg(t, ', ')) FROM unnest('{false,False,f,no,N,off,0}'::text[]) t;

-- What is not.
CREATE FUNCTION pg_temp.read_among(type text, texts text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    written text;
    state text;
BEGIN
    FOREACH written IN ARRAY texts LOOP
        state := split_part(pg_temp.failure(format('SELECT csmetrics.%I(%L)', 'strict_' || type, written)), ' ', 1);
        CONTINUE WHEN state = CASE WHEN type IN ('date', 'instant') THEN '22007' ELSE '22P02' END;
        RETURN NEXT written || ' ' || state;
    END LOOP;
END
$$;
CREATE TABLE no_time (written) AS SELECT unnest('{"",05.01.2023,03/04/2026,03/04/2026 10:00,January 8,"January 8, 1999",08-Jan-1999,infinity,-infinity,today,now,yesterday,tomorrow,epoch,'
    'allballs,20260304,2026-3-4,26-03-04,2026-02-29,2100-02-29,2026-13-01,2026-00-10,2026-04-31,2026-01-00,0000-01-01,10000-01-01,-2026-03-04,2026-03-04 BC,2026.03.04,2026/03/04,2026-064,2026-W10-3,2026-03,'
    '2026-03-04 10,2026-03-04  10:00,2026-03-04 24:00,2026-03-04 23:60,2026-03-04 23:59:60,2026-03-04 10:00 am,"2026-03-04 10:00:00,5",2026-03-04 10:00:00.,2026-03-04 10:00 CET,'
    '2026-03-04 10:00 Europe/Berlin,2026-03-04 10:00+16,2026-03-04 10:00+1,2026-03-04 10:00+01:,2026-03-04 10:00+01:60,2026-03-04 10:00+01:00:00,2026-03-04T,2026-03-04Z,2026-03-04+01,1772618400,J2451187,NaN,"null"}'::text[]);
SELECT cmp_ok(count(*), '>', 50::bigint, 'texts that are no time') FROM no_time;
SELECT is_empty($$ SELECT pg_temp.read_among('date', array_agg(written)) FROM no_time $$, 'none is a day');
SELECT is_empty($$ SELECT pg_temp.read_among('instant', array_agg(written)) FROM no_time $$, 'nor an instant');
CREATE TABLE no_number (written) AS SELECT unnest(ARRAY['', '-', '+', '.', '5.', '1.234,50', '1,234', '1,5', '1 234', '1_234', '1''234', E'1\u00a0234', '1.234.567', '--1', '+-1', '1-', '(5)', '1e3', '1E-2', '0x1F',
    '0b1', 'NaN', 'Infinity', '-infinity', 'inf', '12%', '$5', E'\u20ac5', '5 EUR', 'twelve', E'\u0661', '1' || repeat('0', 1000)]);
SELECT is_empty($$ SELECT pg_temp.read_among('numeric', array_agg(written)) FROM no_number $$, 'texts that are no number: ' || count(*)) FROM no_number;
SELECT is_empty($$ SELECT pg_temp.read_among('double', array_agg(written)) FROM no_number $$, 'nor one of double precision');
SELECT is_empty($$ SELECT pg_temp.read_among('double', ARRAY['1' || repeat('0', 400)]) $$, 'nor one past its range');
SELECT is_empty($$ SELECT pg_temp.read_among('integer', array_agg(written) || '{1.0,1.000,2147483648,-2147483649}'::text[]) FROM no_number $$, 'nor a whole number');
SELECT is_empty($$ SELECT pg_temp.read_among('bigint', array_agg(written) || '{1.0,9223372036854775808,-9223372036854775809,99999999999999999999}'::text[]) FROM no_number $$, 'of 64 bits either');
SELECT is_empty($$ SELECT pg_temp.read_among('boolean', '{"",ja,nein,tr,fals,2,-1,01,true false,"null",x,oui}') $$, 'texts that are neither true nor false');

-- Errors name the value and say what would be right.
CREATE FUNCTION pg_temp.cure(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN hint;
END
$$;
SELECT throws_ok($$ SELECT strict_date('05.01.2023') $$, '22007', '"05.01.2023" is no day in ISO form, like 2026-03-04', 'of days');
SELECT matches(pg_temp.cure($$ SELECT strict_date('05.01.2023') $$), 'to_date\(value, ''DD\.MM\.YYYY''\)', 'with the cure');
SELECT throws_ok($$ SELECT strict_numeric('1.234,50') $$, '22P02', '"1.234,50" is no plain decimal, like -1234.50', 'of numbers');
SELECT matches(pg_temp.cure($$ SELECT strict_numeric('1.234,50') $$), 'replace\(replace\(value, ''\.'', ''''\), '','', ''\.''\)', 'with the cure');
SELECT is(length(split_part(pg_temp.failure(format('SELECT strict_date(%L)', repeat(E'\u00e4', 5000))), '"', 2)), 53, 'no more of a value than its beginning');
SELECT throws_ok($$ SELECT strict_instant('2026-03-04', 'Nowhere/Land') $$, '22023', NULL, 'an unknown time zone');

-- The others: NULL where there is no value, and why.
SELECT results_eq($$ SELECT readable_date(w), readable_instant(w), readable_numeric(w), readable_double(w), readable_integer(w), readable_bigint(w), readable_boolean(w)
                     FROM (VALUES ('2026-03-04'), ('1'), ('1.5'), ('x'), (NULL)) v(w) $$,
                  $$ VALUES (date '2026-03-04', timestamptz '2026-03-04 00:00+00', NULL::numeric, NULL::float8, NULL::integer, NULL::bigint, NULL::boolean), (NULL, NULL, 1, 1, 1, 1, true),
                            (NULL, NULL, 1.5, 1.5, NULL, NULL, NULL), (NULL, NULL, NULL, NULL, NULL, NULL, NULL), (NULL, NULL, NULL, NULL, NULL, NULL, NULL) $$,
                  'readable_* are NULL where there is no value');
SELECT is(misread('von', '05.01.2023', 'date'), 'column von: "05.01.2023" is no day in ISO form, like 2026-03-04; say how it is written, as to_date(von, ''DD.MM.YYYY'') does, or NULL where it is none',
          'misread says why, and what to do');
SELECT is_empty($$ SELECT t FROM unnest('{date,timestamptz,numeric,float8,integer,bigint,boolean}'::regtype[]) t WHERE misread('a', 'x', t) NOT LIKE 'column a: "x" is %' $$, 'of each type');
SELECT is_empty($$ SELECT w, t FROM (VALUES ('2026-03-04', 'date'::regtype), ('2026-03-04 10:00Z', 'date'), ('2026-03-04 10:00', 'timestamptz'), ('1.5', 'numeric'), ('1.5', 'float8'), ('1', 'integer'), ('1', 'bigint'),
                                           ('yes', 'boolean'), (NULL, 'date')) v(w, t) WHERE misread('a', w, t) IS NOT NULL $$, 'nothing of what is read');
SELECT throws_ok($$ SELECT misread('a', 'x', 'interval') $$, '22023', NULL, 'other types are none that texts are read as');

-- As PostgreSQL itself reads ISO forms, every day of 800 years and a hundred thousand times.
SELECT is_empty($$ SELECT d FROM generate_series(date '1700-01-01', date '2500-12-31', interval '1 day') d WHERE strict_date(to_char(d, 'YYYY-MM-DD')) <> d::date $$, 'every day of 1700 to 2500');
SELECT is_empty($$ SELECT t FROM (SELECT timestamptz '2000-01-01 UTC' + hashint4(n) * interval '1.037 second' + n * interval '1 microsecond' AS t FROM generate_series(1, 100000) n) r
                   WHERE strict_instant(t::text) <> t $$, 'a hundred thousand instants');

-- Whatever the settings.
CREATE FUNCTION pg_temp.under(settings text[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config(split_part(s, '=', 1), split_part(s, '=', 2), true) FROM unnest(settings) s;
    RETURN md5((SELECT array_agg(ROW (extract(epoch FROM strict_instant(w, 'Europe/Berlin')), strict_date(w, 'Europe/Berlin') - date '2000-01-01', strict_numeric(n), strict_double(n) = 0.5))
                FROM (VALUES ('2026-03-04', '0.5'), ('2026-03-04 10:00', '12.50'), ('2026-03-04T23:30:00Z', '-7')) v(w, n))::text);
END
$$;
SELECT is(count(DISTINCT pg_temp.under(s)), 1::bigint, 'the same under all settings')
FROM (VALUES ('{"DateStyle=ISO, YMD",TimeZone=UTC}'::text[]), ('{"DateStyle=German, DMY",TimeZone=Pacific/Apia,extra_float_digits=-3}'), ('{"DateStyle=SQL, MDY",TimeZone=America/New_York}'),
             ('{"DateStyle=Postgres, DMY",TimeZone=Asia/Kathmandu,IntervalStyle=sql_standard}')) v(s);
SELECT is(pg_temp.under('{"DateStyle=German, DMY"}') = pg_temp.under('{"DateStyle=ISO, YMD"}'), true, 'and one after the other');

SELECT * FROM finish();
ROLLBACK;
