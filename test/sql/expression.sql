\unset ECHO
\i test/psql.sql
-- Expressions that users write into settings: which are accepted, how they are spelled out, and what is refused with which error.
BEGIN;
SELECT plan(315);
CREATE SCHEMA expressions;
CREATE TYPE expressions.pair AS (x int, y int);
CREATE VIEW expressions."The ""odd"" view" AS
SELECT * FROM (VALUES (1, 1.5, 'Red', true, date '2024-02-29', timestamptz '2024-02-29 12:00+00', 2.5::float8, '{1,2}'::int[], '{"a": 1, "b": "x"}'::jsonb, interval '3 days', '(1,2)'::expressions.pair, 'it''s'),
                      (-7, 0, 'Grün', false, '2024-12-31', '1999-12-31 23:59:59.999999+00', 'NaN', '{}', '{"a": null}', '-1 mon', '(,)', E'back\\slash'),
                      (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                      (2147483647, 'NaN', '', true, 'infinity', '-infinity', '-Infinity', '{NULL,7}', '[]', '0', '(5,)', '%')) v(n, m, s, "Is It", d, at, "score %", list, j, span, pair, "quote "" ' \");
CREATE FUNCTION pg_temp.spelled(expression text, type regtype DEFAULT 'boolean') RETURNS text LANGUAGE sql AS
$$SELECT checked_expression(expression, 'expressions."The ""odd"" view"', type)$$;
CREATE FUNCTION pg_temp.complaint(expression text, type regtype DEFAULT 'boolean') RETURNS text LANGUAGE sql AS
$$SELECT pg_temp.failure(format('SELECT pg_temp.spelled(%L, %L)', expression, type))$$;
-- A function of the extension, and others in the one schema that is looked in
CREATE FUNCTION csmetrics.one_of_ours(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT n + 1';
ALTER EXTENSION csmetrics ADD FUNCTION csmetrics.one_of_ours(int);
CREATE FUNCTION csmetrics.stable_one(n int) RETURNS int LANGUAGE sql STABLE AS 'SELECT n + 1';
CREATE FUNCTION csmetrics.volatile_one(n int) RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT n > 1';
CREATE FUNCTION expressions.takes_row(r expressions."The ""odd"" view") RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true';
CREATE OPERATOR expressions.=>> (FUNCTION = csmetrics.volatile_one, RIGHTARG = int);
CREATE FUNCTION expressions.to_flag(p expressions.pair) RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT true';
CREATE CAST (expressions.pair AS boolean) WITH FUNCTION expressions.to_flag AS ASSIGNMENT;

-- Spelled out: names resolved, types said.
SELECT is(pg_temp.spelled(expression, type::regtype), want, format('%s as %s', translate(expression, E'\n\t', '  '), type))
FROM (VALUES ('"Is It"', 'boolean', '"Is It"'), ('"The ""odd"" view".n > 1', 'boolean', '(n > 1)'), ('n > m', 'boolean', '((n)::numeric > m)'),
             ('n = 1 -- as a remark', 'boolean', '(n = 1)'), ('n = 1 /* so */', 'boolean', '(n = 1)'), (E'\n\tn\n=\n1\n', 'boolean', '(n = 1)'), ('n in (1, 2)', 'boolean', '(n = ANY (ARRAY[1, 2]))'),
             ('null', 'boolean', 'NULL::boolean'), ('''yes''', 'boolean', 'true'), ('TRUE', 'boolean', 'true'), ('"score %" >= 50 AND s = ''Red''', 'boolean', '(("score %" >= (50)::double precision) AND (s = ''Red''::text))'),
             ('one_of_ours(n) = 2', 'boolean', '(one_of_ours(n) = 2)'), ('d < current_date', 'boolean', '(d < CURRENT_DATE)'), ('at < now()', 'boolean', '(at < now())'),
             ('m', 'text', '(m)::text'), ('n', 'text', '(n)::text'), ('''Ann''', 'text', '''Ann''::text'), ('s', 'text', 's'), ('n', 'numeric', '(n)::numeric'), ('m', 'integer', '(m)::integer'), ('"Is It"', 'text', '("Is It")::text'),
             ('"quote "" '' \" || s', 'text', '("quote "" '' \" || s)'), ('at', 'date', '(at)::date')) t(expression, type, want);
SELECT is(pg_temp.spelled('(pair).x = 1'), '((pair).x = 1)', 'a field of a composite column');
SELECT is(checked_expression(e, r, t), NULL, 'NULL of NULL') FROM (VALUES (NULL, 'pg_class'::regclass, 'boolean'::regtype), ('true', NULL, 'boolean'), ('true', 'pg_class', NULL)) v(e, r, t);
SELECT is(checked_expression('relname = ''x''', 'pg_class', 'boolean'), '(relname = ''x''::name)', 'of a table too');
SET search_path = public;
SELECT is(csmetrics.checked_expression('csmetrics.one_of_ours(oid::int) = 1', 'pg_class', 'boolean'), '(csmetrics.one_of_ours((oid)::integer) = 1)', 'what is not in the path is named with its schema');
SET search_path = csmetrics, public;

-- What is spelled out means the same, row by row.
CREATE FUNCTION pg_temp.values_of(expression text, type text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE found text[];
BEGIN
    EXECUTE format('SELECT array_agg(((%s)::%s)::text ORDER BY n) FROM expressions."The ""odd"" view"', expression, type) INTO found;
    RETURN found;
END $$;
SELECT is(pg_temp.values_of(pg_temp.spelled(expression, type::regtype), type), pg_temp.values_of(expression, type), 'means the same: ' || expression)
FROM (VALUES ('n > 1 OR NOT "Is It" AND m < 2', 'boolean'), ('n BETWEEN -7 AND 1', 'boolean'), ('n NOT BETWEEN SYMMETRIC 5 AND -7', 'boolean'), ('s LIKE ''R_d''', 'boolean'), ('s NOT ILIKE ''%ü%'' ESCAPE ''!''', 'boolean'),
             ('s SIMILAR TO ''(R|G)%''', 'boolean'), ('s ~* ''^red$''', 'boolean'), ('s IS NULL', 'boolean'), ('"Is It" IS NOT TRUE', 'boolean'), ('"Is It" IS UNKNOWN', 'boolean'), ('n IS DISTINCT FROM 1', 'boolean'),
             ('(n, m) < (1, 2)', 'boolean'), ('(n, s) IS NOT NULL', 'boolean'), ('ROW(n, m) IS NOT DISTINCT FROM ROW(1, 1.5)', 'boolean'), ('n = ANY (list)', 'boolean'), ('7 <> ALL (list)', 'boolean'), ('n IN (1, NULL)', 'boolean'),
             ('s IN (''Red'', ''Grün'')', 'boolean'), ('list[1] = 1', 'boolean'), ('list[1:1] = ARRAY[1]', 'boolean'), ('list && ARRAY[]::int[]', 'boolean'), ('j ? ''a''', 'boolean'), ('j @> ''{"a": 1}''', 'boolean'),
             ('(j ->> ''a'')::int > 0', 'boolean'), ('j[''a''] = ''1''', 'boolean'), ('d + 60 > date ''2024-05-01''', 'boolean'), ('at + span > timestamptz ''2024-01-01 00:00+02''', 'boolean'),
             ('extract(isodow FROM d) = 4', 'boolean'), ('date_trunc(''month'', at) = ''2024-02-01 00:00+00''', 'boolean'), ('(at AT TIME ZONE ''Asia/Tokyo'')::date = d', 'boolean'), ('(d, interval ''1 day'') OVERLAPS (date ''2024-02-29'', date ''2024-03-02'')', 'boolean'),
             ('CASE s WHEN ''Red'' THEN n > 0 ELSE coalesce("Is It", n < 0) END', 'boolean'), ('CASE WHEN n > 0 THEN NULL ELSE true END', 'boolean'), ('nullif(n, 1) IS NULL', 'boolean'), ('greatest(n, m, "score %") = n', 'boolean'),
             ('"score %" = ''NaN''', 'boolean'), ('-n ^ 2 > 0', 'boolean'), ('(-2) ^ 2 = 4', 'boolean'), ('- 2147483648 = n', 'boolean'), ('- n % 3 + 3 * - 2 = -7', 'boolean'), ('NOT NOT n = 1', 'boolean'), ('n OPERATOR(pg_catalog.=) 1', 'boolean'),
             ('s COLLATE "C" < ''S''', 'boolean'), ('s || NULL IS NULL', 'boolean'), ('length(s) BETWEEN 1 AND 3 AND position(''e'' IN s) > 0', 'boolean'), ('''t''', 'boolean'), ('s = ''it''''s'' OR "quote "" '' \" = ''it''''s''', 'boolean'),
             ('"quote "" '' \" = E''back\\slash''', 'boolean'), ('"quote "" '' \" = ''%''', 'boolean'), ('s = $tag$Red$tag$', 'boolean'), ('(pair).y IS NULL', 'boolean'), ('pair = ROW(1, 2)::expressions.pair', 'boolean'), ('one_of_ours(n => 1) = n', 'boolean'),
             ('n::numeric(20, 2) / 3', 'text'), ('m', 'text'), ('n', 'text'), ('d', 'text'), ('span', 'text'), ('list', 'text'), ('j', 'text'), ('substring(s FROM 1 FOR 2) || overlay(s PLACING ''__'' FROM 1)', 'text'), ('trim(BOTH ''R'' FROM s)', 'text'),
             ('concat_ws('', '', s, n, m, "Is It")', 'text'), ('concat("score %", ''%'')', 'text'), ('s::varchar(2)', 'text'), ('s::char(5)', 'text'), ('''Red''::char(5)', 'text'), ('''2.345''::numeric(4, 2)', 'text'), ('interval ''1.5'' day', 'text'), ('''1.23456 s''::interval(2)', 'text'), ('n + m', 'double precision'), ('n > 1', 'text'), ('U&''\00e4'' || s', 'text'), ('normalize(s, NFD)', 'text')) t(expression, type);
SELECT is(pg_temp.spelled(pg_temp.spelled(expression)), pg_temp.spelled(expression), 'spelled out again it is the same: ' || expression)
FROM (VALUES ('n > 1 OR NOT "Is It" AND m < 2'), ('n BETWEEN -7 AND 1'), ('s SIMILAR TO ''R%'''), ('(n, m) < (1, 2)'), ('CASE s WHEN ''Red'' THEN n > 0 END'), ('(d, d) OVERLAPS (d, d)'), ('"quote "" '' \" = E''back\\slash''')) t(expression);

-- Refused
SELECT is(pg_temp.complaint(expression, type::regtype), want, 'refused: ' || expression)
FROM (VALUES
    ('', 'boolean', '42601 this is not one expression'), (' -- nothing', 'boolean', '42601 this is not one expression'), ('n >', 'boolean', '42601 syntax error at end of input'), ('n > > 1', 'boolean', '42601 syntax error at or near ">"'),
    ('(n = 1', 'boolean', '42601 syntax error at end of input'), ('n = 1)', 'boolean', '42601 syntax error at or near ")"'), ('s = ''Red', 'boolean', '42601 unterminated quoted string at or near "''Red"'),
    ('true /* open', 'boolean', '42601 unterminated /* comment at or near "/* open"'), ('n = 1 OR', 'boolean', '42601 this is not one expression'), ('SELECT true', 'boolean', '42601 syntax error at or near "SELECT"'),
    -- more than one, or more than that
    ('true); DROP TABLE x; --', 'boolean', '42601 syntax error at or near ")"'), ('true; DROP TABLE x', 'boolean', '42601 syntax error at or near ";"'), ('true;', 'boolean', '42601 syntax error at or near ";"'), ('n = 1, n = 2', 'boolean', '42601 this is not one expression'),
    ('n = 1 AS x', 'boolean', '42601 this is not one expression'), ('DISTINCT true', 'boolean', '42601 this is not one expression'), ('true FROM pg_class', 'boolean', '42601 this is not one expression'), ('true WHERE n = 1', 'boolean', '42601 this is not one expression'),
    ('true GROUP BY n', 'boolean', '42601 this is not one expression'), ('true ORDER BY n', 'boolean', '42601 this is not one expression'), ('true LIMIT 1', 'boolean', '42601 this is not one expression'), ('true OFFSET 1', 'boolean', '42601 this is not one expression'),
    ('true FOR UPDATE', 'boolean', '42601 this is not one expression'), ('true HAVING true', 'boolean', '42601 this is not one expression'), ('true UNION SELECT true', 'boolean', '42601 syntax error at or near "UNION"'), ('true INTO x', 'boolean', '42601 syntax error at or near "INTO"'),
    ('*', 'boolean', '42601 this is not one expression'),
    -- queries
    ('EXISTS (SELECT 1)', 'boolean', '42601 this is not one expression'), ('n = (SELECT 1)', 'boolean', '42601 this is not one expression'), ('n IN (SELECT 1)', 'boolean', '42601 this is not one expression'), ('n = ANY (SELECT 1)', 'boolean', '42601 this is not one expression'),
    ('n > ALL (VALUES (1))', 'boolean', '42601 this is not one expression'), ('list = ARRAY(SELECT 1)', 'boolean', '42601 this is not one expression'), ('coalesce(CASE WHEN (TABLE pg_class) IS NULL THEN true END)', 'boolean', '42601 this is not one expression'),
    ('(n, m) = (SELECT 1, 2)', 'boolean', '42601 this is not one expression'), ('list[(SELECT 1)] = 1', 'boolean', '42601 this is not one expression'), ('s COLLATE "C" = (WITH w AS (SELECT ''a'') TABLE w)', 'boolean', '42601 this is not one expression'),
    -- names
    ('colour = 1', 'boolean', '42703 column "colour" does not exist'), ('IS_IT', 'boolean', '42703 column "is_it" does not exist'), ('other.n = 1', 'boolean', '42P01 missing FROM-clause entry for table "other"'), ('nosuch(n)', 'boolean', '42883 function nosuch(integer) does not exist'),
    ('pg_class.relname = s', 'boolean', '42P01 missing FROM-clause entry for table "pg_class"'), ('n + s = 1', 'boolean', '42883 operator does not exist: integer + text'), ('n::nosuch = 1', 'boolean', '42704 type "nosuch" does not exist'), ('s COLLATE "nosuch" = s', 'boolean', '42704 collation "nosuch" for encoding "UTF8" does not exist'),
    -- types
    ('n', 'boolean', '42804 this is of type integer, and should be of type boolean'), ('s', 'boolean', '42804 this is of type text, and should be of type boolean'), ('"Is It"', 'integer', '42804 this is of type boolean, and should be of type integer'), ('list', 'boolean', '42804 this is of type integer[], and should be of type boolean'),
    ('ROW(1, 2)', 'boolean', '42804 this is of type record, and should be of type boolean'), ('''perhaps''', 'boolean', '22P02 invalid input syntax for type boolean: "perhaps"'), ('n = ''one''', 'boolean', '22P02 invalid input syntax for type integer: "one"'), ('n AND true', 'boolean', '42804 argument of AND must be type boolean, not type integer'),
    -- what may write, or is another thing each time
    ('random() < 0.5', 'boolean', '22023 this calls a volatile function'), ('volatile_one(n)', 'boolean', '22023 this calls a volatile function'), ('CASE WHEN n = 1 THEN clock_timestamp() > at END', 'boolean', '22023 this calls a volatile function'), ('nextval(''pg_class'') = 1', 'boolean', '22023 this calls a volatile function'),
    ('OPERATOR(expressions.=>>) n', 'boolean', '22023 this calls a volatile function'), ('pair', 'boolean', '22023 this calls a volatile function'), ('set_config(''a.b'', s, false) = s', 'boolean', '22023 this calls a volatile function'), ('pg_sleep(1) IS NULL', 'boolean', '22023 this calls a volatile function'),
    -- what needs more than one row, or gives more
    ('count(*) > 1', 'boolean', '42803 aggregate functions are not allowed in WHERE'), ('n > avg(n) FILTER (WHERE "Is It")', 'boolean', '42803 aggregate functions are not allowed in WHERE'), ('row_number() OVER () = 1', 'boolean', '42P20 window functions are not allowed in WHERE'),
    ('generate_series(1, n) = 1', 'boolean', '0A000 set-returning functions are not allowed in WHERE'), ('unnest(list) = 1', 'boolean', '0A000 set-returning functions are not allowed in WHERE'), ('grouping(n) = 1', 'boolean', '42803 grouping operations are not allowed in WHERE'),
    ('$1 = 1', 'boolean', '42P02 there is no parameter $1'), ('$1', 'text', '42P02 there is no parameter $1'), ('DEFAULT', 'boolean', '42601 DEFAULT is not allowed in this context'), (':n = 1', 'boolean', '42601 syntax error at or near ":"'),
    -- rows
    ('"The ""odd"" view" IS NULL', 'boolean', '0A000 this reads a whole row or a system column'), ('"The ""odd"" view".* IS NULL', 'boolean', '0A000 this reads a whole row or a system column'), ('expressions.takes_row("The ""odd"" view")', 'boolean', '0A000 this reads a whole row or a system column'),
    ('to_jsonb("The ""odd"" view") ? ''n''', 'boolean', '0A000 this reads a whole row or a system column'), ('(pair).* IS NULL', 'boolean', '0A000 row expansion via "*" is not supported here'), ('ctid IS NULL', 'boolean', '42703 column "ctid" does not exist')) t(expression, type, want);
SELECT is(pg_temp.failure($$SELECT checked_expression('tableoid = 1', 'pg_class', 'boolean')$$), '0A000 this reads a whole row or a system column', 'refused: system columns of a table');
SELECT matches(pg_temp.failure($$SELECT checked_expression('true', 'pg_class_oid_index', 'boolean')$$), '^42809 ', 'refused: an index');
SELECT matches(pg_temp.complaint(repeat('(', 100000) || 'true' || repeat(')', 100000)), '^54000 this is 200004 characters long, and may be 2000 at most', 'refused: what is nested too deeply');

-- What it may reach. Whoever evaluates a rule lends it his rights: an IMMUTABLE function calls VOLATILE ones as well, and
-- PostgreSQL has many that are not volatile and read more than their arguments, or make much from little.
CREATE FUNCTION expressions.sly(n int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN csmetrics.volatile_one(n); END';
CREATE FUNCTION expressions.sly_text(n text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE ''reached''; END';
CREATE OPERATOR expressions.!! (FUNCTION = expressions.sly, RIGHTARG = int);
CREATE OPERATOR expressions.@@@ (FUNCTION = pg_catalog.current_setting, RIGHTARG = text);
CREATE OPERATOR expressions.=== (FUNCTION = pg_catalog.int4eq, LEFTARG = int, RIGHTARG = int);
CREATE TYPE expressions.mood AS ENUM ('good', 'bad');
CREATE FUNCTION expressions.mooded(s text) RETURNS expressions.mood LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RAISE ''reached''; END';
CREATE CAST (text AS expressions.mood) WITH FUNCTION expressions.mooded AS IMPLICIT;
CREATE DOMAIN expressions.watched AS text CHECK (expressions.sly_text(VALUE));
CREATE DOMAIN expressions.plain AS text;
CREATE TYPE expressions.holder AS (w expressions.watched);
CREATE TYPE expressions.holders AS (h expressions.holder[]);
CREATE FUNCTION pg_temp.no_call(name text) RETURNS text LANGUAGE sql AS $$SELECT format('42501 this calls %s, which is not among those that it may call', name)$$;
CREATE FUNCTION pg_temp.no_type(name text) RETURNS text LANGUAGE sql AS $$SELECT format('42501 this makes a value of type %s, which is not among those that it may', name)$$;
SELECT is(pg_temp.complaint(expression, type::regtype), want, 'refused: ' || expression)
FROM (VALUES
    ('expressions.sly(n)', 'boolean', pg_temp.no_call('function expressions.sly(integer)')), ('stable_one(n) = 2', 'boolean', pg_temp.no_call('function stable_one(integer)')),
    ('coalesce(false, CASE WHEN n = 1 THEN (ARRAY[true, expressions.sly(n)])[2] END)', 'boolean', pg_temp.no_call('function expressions.sly(integer)')),
    ('OPERATOR(expressions.!!) n', 'boolean', pg_temp.no_call('operator expressions.!!(NONE,integer)')), ('(OPERATOR(expressions.@@@) s) = s', 'boolean', pg_temp.no_call('operator expressions.@@@(NONE,text)')),
    ('n OPERATOR(expressions.===) ANY (list)', 'boolean', pg_temp.no_call('operator expressions.===(integer,integer)')),
    ('s::expressions.mood = ''good''', 'boolean', pg_temp.no_call('function expressions.mooded(text)')), ('ARRAY[s]::expressions.mood[] IS NULL', 'boolean', pg_temp.no_call('function expressions.mooded(text)')),
    ('s::expressions.watched = s', 'boolean', pg_temp.no_type('expressions.watched')), ('''x''::expressions.watched = s', 'boolean', pg_temp.no_type('expressions.watched')),
    ('expressions.watched(''x'') = s', 'boolean', pg_temp.no_type('expressions.watched')), ('''{x}''::expressions.watched[] IS NULL', 'boolean', pg_temp.no_type('expressions.watched[]')),
    ('''(x)''::expressions.holder IS NULL', 'boolean', pg_temp.no_type('expressions.holder')), ('expressions.holders(''("{(x)}")'') IS NULL', 'boolean', pg_temp.no_type('expressions.holders')),
    ('s::regclass IS NULL', 'boolean', pg_temp.no_type('regclass')), ('''pg_class''::regclass = 1', 'boolean', pg_temp.no_type('regclass')), ('''<a/>''::xml IS NULL', 'boolean', pg_temp.no_type('xml')),
    ('xmlelement(NAME a) IS NULL', 'boolean', '42501 this holds more than columns, values, operators, casts, and calls of functions'),
    ('kept_rows(s, s) IS NULL', 'boolean', pg_temp.no_call('function kept_rows(text,text,text[])')), ('spelled(ARRAY[s], ''%1000000s'') = s', 'boolean', pg_temp.no_call('function spelled(text[],text,text)')),
    ('s', 'expressions.watched', pg_temp.no_type('expressions.watched'))) t(expression, type, want);
SELECT is(pg_temp.complaint(expression), pg_temp.no_call('function ' || called), 'refused: ' || expression)
FROM (VALUES ('current_setting(s) = s', 'current_setting(text)'), ('col_description(n::oid, n) = s', 'col_description(oid,integer)'), ('schema_to_xml(s::name, true, true, s) IS NULL', 'schema_to_xml(name,boolean,boolean,text)'),
             ('has_table_privilege(s, s)', 'has_table_privilege(text,text)'), ('pg_get_viewdef(s) = s', 'pg_get_viewdef(text)'), ('obj_description(n::oid) = s', 'obj_description(oid)'), ('pg_has_role(s::name, s)', 'pg_has_role(name,text)'),
             ('to_jsonb(s) = j', 'to_jsonb(anyelement)'), ('repeat(s, 1000000000) = s', 'repeat(text,integer)'), ('rpad(s, 1000000000) = s', 'rpad(text,integer)'), ('lpad(s, 1000000000, s) = s', 'lpad(text,integer,text)'),
             ('array_fill(n, list) = list', 'array_fill(anyelement,integer[])'), ('format(''%1000000000s'', s) = s', 'format(text,"any")'), ('replace(s, s, s) = s', 'replace(text,text,text)'), ('factorial(n) > 1', 'factorial(bigint)'),
             ('to_regclass(s) IS NULL', 'to_regclass(text)'), ('inet_server_port() = n', 'inet_server_port()'), ('version() = s', 'version()')) t(expression, called);
SELECT is(pg_temp.spelled('s::expressions.plain = ''x'' AND pair = ''(1,2)''::expressions.pair AND ''good''::expressions.mood IS NOT NULL'),
          '((((s)::expressions.plain)::text = ''x''::text) AND (pair = ''(1,2)''::expressions.pair) AND (''good''::expressions.mood IS NOT NULL))', 'types of users that call nothing are none of them');
-- Of all that PostgreSQL has, nothing of these kinds is accepted with any arguments.
SELECT is(count(*) FILTER (WHERE c <> 'no error') || ' ' || coalesce(string_agg(f, ', ') FILTER (WHERE c = 'no error'), 'none'), count(*) || ' none', 'no function that reads the database or the server, or takes a query, is accepted') || CASE WHEN count(*) < 400 THEN ' of too few' ELSE '' END
FROM (SELECT p.oid::regprocedure::text AS f, pg_temp.complaint(format('(pg_catalog.%I(%s)) IS NULL', p.proname, (SELECT string_agg(format('CAST(NULL AS %s)', format_type(t, NULL)), ', ' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY a(t, n)))) AS c
      FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.proname ~ '^(pg_|lo_|has_|ts_|current_|set_|txid_|inet_|dblink|.*_to_xml|repeat$|[lr]pad$|format|nextval|setval|currval)') every_one;

-- How large it may be: neither time nor memory of an expression is bounded otherwise.
SELECT is(pg_temp.complaint(expression), want, name)
FROM (VALUES (1, 'true' || repeat(' ', 1996), 'no error', '2,000 characters'), (2, 'true' || repeat(' ', 1997), '54000 this is 2001 characters long, and may be 2000 at most', 'and one more'), (3, 's = ''' || repeat('ä', 1994) || '''', 'no error', 'characters, not bytes'),
             (4, 'NOT n' || repeat('+n', 98) || ' > 0', 'no error', '200 nodes'), (5, 'n' || repeat('+n', 99) || ' > 0', '54000 this is 201 nodes large, and may be 200 at most', 'and one more'), (6, repeat('(', 900) || 'true' || repeat(')', 900), 'no error', 'brackets are none'),
             -- what repeats itself when it is analysed is not even analysed: this would be 2^40 of it, or 4^40
             (7, repeat('(', 40) || '"Is It"' || repeat(' between true and true)', 40), '54000 this is 4398046511101 nodes large, and may be 200 at most', 'BETWEEN within BETWEEN'),
             (8, repeat('(', 20) || '"Is It"' || repeat(' between symmetric true and true)', 20), '54000 this is 2932031007401 nodes large, and may be 200 at most', 'BETWEEN SYMMETRIC'),
             (9, repeat('(', 20) || '"Is It"' || repeat(' in ("Is It","Is It"))', 20), '54000 this is 4194301 nodes large, and may be 200 at most', 'IN'), (10, 'n IN (' || repeat('1, ', 190) || '1)', 'no error', 'IN constants, of which one array is made'),
             (11, 'm > 1e131071', '54000 this is 131089 characters long when its values are spelled out, and may be 20000 at most', 'a number that is longer than it looks')) t(nr, expression, want, name) ORDER BY nr;

-- What may be called, but not with anything.
CREATE COLLATION expressions.own FROM "C";
CREATE DOMAIN expressions.padded AS char(2000);
CREATE TYPE expressions.wide AS (c char(2000));
SELECT is(pg_temp.complaint(expression), CASE WHEN want = 'no error' THEN want ELSE '42501 ' || want END, want || ': ' || expression)
FROM (VALUES
    -- patterns are constants, without what takes for ever
    ('s ~ ''^R[a-z]{2,3}$''', 'no error'), ('s !~* ''(?:a|b)+''', 'no error'), ('s ~ ''\\1''', 'no error'), ('s ~ NULL', 'no error'), ('s SIMILAR TO ''R(a|b)*''', 'no error'), ('s::name ~ ''a''', 'no error'), ('s::char(3) !~ ''a''', 'no error'),
    ('s ~ s', 'this searches by a regular expression that is no constant'), ('s ~ lower(''a'')', 'this searches by a regular expression that is no constant'), ('s SIMILAR TO s', 'this searches by a regular expression that is no constant'),
    ('s ~ ANY (ARRAY[''a'', s])', 'this searches by a regular expression that is no constant'), ('s ~ ANY (''{a,b}'')', 'this searches by a regular expression for each of an array'), ('s ~ ''(a)\1''', 'this searches by a regular expression with a back reference'),
    ('s SIMILAR TO ''(a)\\1''', 'no error'), ('s SIMILAR TO ''(a)\1''', 'this searches by a regular expression with a back reference'), ('s SIMILAR TO ''(a)#1'' ESCAPE ''#''', 'this searches by a regular expression with a back reference'), ('s ~ ''(?=a)b''', 'this searches by a regular expression with (?'), ('s ~ ''(?x)a''', 'this searches by a regular expression with (?'), ('s ~ ''***:a''', 'this searches by a regular expression with ***'),
    ('s ~ ''^[0-9]{3}-[0-9]{3}-[0-9]{4}$''', 'no error'), ('s ~ ''(a?b?){80}''', 'this searches by a regular expression of too many copies'), ('s ~ ''(a{255}){255}''', 'this searches by a regular expression of too many copies'), ('s ~ ''a{999,}b''', 'this searches by a regular expression of too many copies'), ('s ~ ''' || repeat('a', 200) || '''', 'no error'), ('s ~ ''' || repeat('a', 201) || '''', 'this searches by a regular expression of 201 characters'),
    ('substring(s FROM ''a'') = s', 'this calls function "substring"(text,text), which is not among those that it may call'), ('regexp_match(s, ''a'') IS NULL', 'this calls function regexp_match(text,text), which is not among those that it may call'),
    -- formats and escapes are, too
    ('to_char(n, ''999'') = s', 'no error'), ('to_char(n, s) = s', 'this works out a format while it runs'), ('to_date(s, ''YYYY'') = d', 'no error'), ('to_date(s, s) = d', 'this works out a format while it runs'), ('s LIKE s ESCAPE ''!''', 'no error'),
    ('s LIKE s || ''a'' ESCAPE ''!''', 'this works out a pattern while it runs'), ('s LIKE like_escape(s, ''#'') ESCAPE ''!''', 'this works out a pattern while it runs'),
    -- what is quoted again and again
    ('list::text = s', 'no error'), ('pair::text = s', 'no error'), ('concat(list, pair) = s', 'no error'), ('''{1}''::int[]::text = s', 'no error'), ('ARRAY[s]::text = s', 'this makes a text of a value of type text[] that it has worked out'),
    ('ROW(s, s)::text = s', 'this makes a value of type record, which is not among those that it may'), ('ROW(n, n)::expressions.pair::text = s', 'this makes a text of a value of type expressions.pair that it has worked out'), ('(list || n)::text = s', 'this makes a text of a value of type integer[] that it has worked out'), ('concat(ARRAY[s]) = s', 'this makes a text of a value of type text[] that it has worked out'),
    ('s || ROW(n, n)::expressions.pair = s', 'this makes a text of a value of type expressions.pair that it has worked out'), ('(CASE WHEN true THEN ROW(n) END) = ROW(n)', 'this makes a value of type record, which is not among those that it may'), ('concat_ws(s, VARIADIC ARRAY[s]) = s', 'this puts together the elements of an array'), ('concat_ws(s, s, s) = s', 'no error'), ('concat_ws(lower(s), s, s) = s', 'this works out a separator while it runs'), ('s::int[] = list', 'this reads a text as a value of type integer[] while it runs'),
    -- numbers of 131,072 digits, and blanks
    ('s::numeric(20, 2) > m', 'no error'), ('(j -> ''a'')::numeric(20) > 1', 'no error'), ('(j -> ''a'')::int > 1', 'no error'), ('s::float8 > 1', 'no error'), ('m ^ 2::float8 > 1', 'no error'), ('s::numeric > m', 'this reads a number of any length'),
    ('(j -> ''a'')::numeric > 1', 'this reads a number of any length'), ('ARRAY[s]::numeric[] IS NULL', 'this reads a number of any length'), ('m ^ 2 > 1', 'this calls operator ^(numeric,numeric), which is not among those that it may call'), ('exp(m) > 1', 'this calls function exp(numeric), which is not among those that it may call'),
    ('s::char(1000) = s', 'no error'), ('s::char(1001) = s', 'this pads a text to more than 1000 characters'), ('s::expressions.padded = s', 'this makes a value of type expressions.padded, which is not among those that it may'),
    ('''(x)''::expressions.wide IS NULL', 'this makes a value of type expressions.wide, which is not among those that it may'), ('s::bit(8) IS NULL', 'this makes a value of type bit, which is not among those that it may'),
    -- what reads settings, files, or says who runs it
    ('current_user = s', 'this asks who runs it, and where'), ('current_schema = s', 'this asks who runs it, and where'), ('localtimestamp > d', 'no error'), ('s @@ s', 'this calls operator @@(text,text), which is not among those that it may call'),
    ('j @? ''$.a''', 'this calls operator @?(jsonb,jsonpath), which is not among those that it may call'), ('s COLLATE "C" > s', 'no error'), ('s COLLATE expressions.own > s', 'this compares by collation own, which is not one of PostgreSQL')) t(expression, want);

-- Where it is wrong
CREATE FUNCTION pg_temp.place(expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE context text;
BEGIN
    PERFORM pg_temp.spelled(expression);
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RETURN split_part(context, E'\n', 1);
END $$;
SELECT is(pg_temp.place('n = 1 AND colour'), 'expression "n = 1 AND colour"', 'an error says which expression it is in');
SELECT is(pg_temp.place('n'), 'expression "n"', 'one of the whole too');

SELECT * FROM finish();
ROLLBACK;
