\unset ECHO
\i test/psql.sql
-- Ten thousand expressions over all that PostgreSQL has and a list does not, and over what an attacker makes himself: refused before any of
-- it runs. What is accepted is run, and neither does anything nor grows. The seed is fixed, and no result hangs on what is drawn.
BEGIN;
SELECT plan(21);

-- Detectors. What ran is told by a sequence and by a lock of the session, which outlive the error that undoes the rest; and by a table.
CREATE SCHEMA attack;
CREATE TABLE attack.seen (what text);
CREATE SEQUENCE attack.counter;
CREATE FUNCTION attack.hit(what text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM nextval('attack.counter'), pg_advisory_lock(20240611), pg_notify('attack', what);
    INSERT INTO attack.seen VALUES (what);
END $$;
CREATE FUNCTION pg_temp.hits() RETURNS bigint LANGUAGE sql AS $$SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM attack.counter$$;
-- What he can make: functions whose label is a lie, and what calls them.
CREATE FUNCTION attack.flag(v text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM attack.hit('flag'); RETURN true; END$$;
CREATE FUNCTION attack.same(v text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT attack.hit('same'); SELECT v$$;
CREATE FUNCTION attack.stable(v text) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$BEGIN PERFORM attack.hit('stable'); RETURN v; END$$;
CREATE FUNCTION attack.abs(v integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM attack.hit('abs'); RETURN v; END$$;
CREATE FUNCTION attack.any(VARIADIC v text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM attack.hit('any'); RETURN v[1]; END$$;
CREATE FUNCTION attack.either(v text, w text DEFAULT attack.same('x')) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM attack.hit('either'); RETURN w; END$$;
CREATE FUNCTION attack.poly(v anyelement) RETURNS anyelement LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM attack.hit('poly'); RETURN v; END$$;
CREATE FUNCTION attack.equal(v integer, w integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM attack.hit('equal'); RETURN true; END$$;
CREATE OPERATOR attack.= (FUNCTION = attack.equal, LEFTARG = integer, RIGHTARG = integer);
CREATE OPERATOR attack.!! (FUNCTION = attack.flag, RIGHTARG = text);
CREATE OPERATOR attack.<> (FUNCTION = pg_catalog.pg_read_file, RIGHTARG = text);
CREATE TYPE attack.mood AS ENUM ('a', 'b');
CREATE FUNCTION attack.mooded(v text) RETURNS attack.mood LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM attack.hit('mooded'); RETURN 'a'; END$$;
CREATE FUNCTION attack.unmooded(v attack.mood) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM attack.hit('unmooded'); RETURN 'a'; END$$;
CREATE FUNCTION attack.is_mood(v attack.mood) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM attack.hit('is_mood'); RETURN true; END$$;
CREATE CAST (text AS attack.mood) WITH FUNCTION attack.mooded AS IMPLICIT;
CREATE CAST (attack.mood AS text) WITH FUNCTION attack.unmooded AS IMPLICIT;
CREATE CAST (attack.mood AS boolean) WITH FUNCTION attack.is_mood AS ASSIGNMENT;
CREATE CAST (attack.mood AS jsonb) WITH FUNCTION pg_catalog.to_jsonb(anyelement) AS IMPLICIT;
CREATE DOMAIN attack.watched AS text CHECK (attack.flag(VALUE));
CREATE DOMAIN attack.watched_number AS integer CHECK (attack.abs(VALUE) IS NOT NULL);
CREATE DOMAIN attack.padded AS char(1000000);
CREATE TYPE attack.holder AS (w attack.watched);
CREATE TYPE attack.holders AS (h attack.holder[]);
CREATE TYPE attack.wide AS (c char(10000000));
CREATE FUNCTION attack.takes(h attack.holder) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION attack.takes_many(h attack.holder[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE FUNCTION attack.both(h attack.holder, g attack.holder) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR attack.? (FUNCTION = attack.both, LEFTARG = attack.holder, RIGHTARG = attack.holder);
CREATE OPERATOR attack.@ (FUNCTION = attack.takes, RIGHTARG = attack.holder);
CREATE TYPE attack.texts AS RANGE (subtype = text);
CREATE COLLATION attack.folded FROM "C";
-- his own, made a member of an extension that he owns
CREATE ROLE csmetrics_member_planter;
CREATE FUNCTION csmetrics.planted(v integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM attack.hit('planted'); RETURN v; END$$;
ALTER FUNCTION csmetrics.planted(integer) OWNER TO csmetrics_member_planter;
ALTER EXTENSION csmetrics ADD FUNCTION csmetrics.planted(integer);
CREATE AGGREGATE attack.sum (integer) (SFUNC = pg_catalog.int4pl, STYPE = integer);
-- and, by a superuser, a class of operators by which rows, arrays and the greatest are compared
CREATE TYPE attack.ranked AS ENUM ('a', 'b');
CREATE FUNCTION attack.compared(v attack.ranked, w attack.ranked) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM attack.hit('compared'); RETURN 0; END$$;
CREATE FUNCTION attack.below(v attack.ranked, w attack.ranked) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM attack.hit('below'); RETURN true; END$$;
CREATE OPERATOR attack.< (FUNCTION = attack.below, LEFTARG = attack.ranked, RIGHTARG = attack.ranked);
CREATE OPERATOR attack.== (FUNCTION = attack.below, LEFTARG = attack.ranked, RIGHTARG = attack.ranked);
CREATE OPERATOR CLASS attack.ranked_ops DEFAULT FOR TYPE attack.ranked USING btree AS OPERATOR 1 attack.<, OPERATOR 3 attack.==, FUNCTION 1 attack.compared;

CREATE VIEW attack.account AS SELECT 1 AS n, 'a"\%_('::text AS s, 1.5 AS m, date '2024-02-29' AS d, timestamptz '2024-02-29 12:00+00' AS at, '{"a": [1, "x"]}'::jsonb AS j, '{1,2}'::int[] AS list, true AS is_it,
                                     2.5::float8 AS x, interval '3 days' AS span, 'a'::attack.mood AS mood, 'a'::attack.ranked AS ranked;
CREATE FUNCTION pg_temp.complaint(expression text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM checked_expression(expression, 'attack.account', 'boolean');
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    -- PostgreSQL's own words for what has no type
    RETURN CASE WHEN SQLERRM LIKE 'failed to find conversion function from unknown to %' THEN '42846' ELSE SQLSTATE END;
END $$;
-- Of what is accepted: run, with a right to write, as in a refresh. What it fails with matters not.
CREATE FUNCTION pg_temp.run(expression text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    answer boolean;
BEGIN
    EXECUTE format('SELECT %s FROM attack.account', checked_expression(expression, 'attack.account', 'boolean')) INTO answer;
    RETURN answer;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;

-- An argument of a type: a column, a value, a literal that says nothing of its type.
CREATE FUNCTION pg_temp.argument(type oid, variant integer) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN typname IN ('any', 'anyelement', 'anynonarray') THEN 's' WHEN typname IN ('anycompatible', 'anycompatiblenonarray') THEN 'n'
                WHEN typname IN ('anyarray', 'anycompatiblearray') THEN 'list' WHEN typname = 'anyenum' THEN 'mood'
                WHEN typname IN ('anyrange', 'anycompatiblerange') THEN '''[1,2)''::int4range' WHEN typname IN ('anymultirange', 'anycompatiblemultirange') THEN '''{[1,2)}''::int4multirange'
                WHEN typtype = 'p' THEN 'NULL'
                WHEN variant = 0 THEN format('CAST(NULL AS %s)', format_type(t.oid, NULL))
                ELSE format(CASE WHEN variant = 1 THEN '%L' ELSE '%L::%s' END,
                            CASE WHEN typcategory = 'N' AND typname NOT LIKE 'reg%' THEN '1' WHEN typcategory = 'B' THEN 't' WHEN typcategory = 'D' THEN '2024-01-01 00:00' WHEN typcategory = 'T' THEN '1 day'
                                 WHEN typcategory = 'A' THEN '{}' WHEN typname LIKE 'json%' THEN '{}' WHEN typname = 'oid' OR typname LIKE '%id' THEN '1' ELSE 'pg_class' END, format_type(t.oid, NULL)) END
    FROM pg_type t WHERE t.oid = type $$;
CREATE FUNCTION pg_temp.call(function oid, variant integer) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT format('pg_catalog.%I(%s)', p.proname, (SELECT string_agg(pg_temp.argument(a.type, variant), ', ' ORDER BY a.n) FROM unnest(p.proargtypes) WITH ORDINALITY a(type, n)))
    FROM pg_proc p WHERE p.oid = function $$;

-- The list, by hand: whatever PostgreSQL has besides, in any version, is refused when it is called by name.
CREATE TEMP TABLE listed AS SELECT unnest(string_to_array(
    'abs float4|abs float8|abs int2|abs int4|abs int8|abs numeric|cbrt float8|ceil float8|ceil numeric|ceiling float8|ceiling numeric|div numeric numeric|exp float8|float4 float8|float4 int2|float4 int4|float4 int8|float4 jsonb'
    '|float4 numeric|float8 float4|float8 int2|float8 int4|float8 int8|float8 jsonb|float8 numeric|floor float8|floor numeric|int2 float4|int2 float8|int2 int4|int2 int8|int2 jsonb|int2 numeric|int4 bool|int4 float4'
    '|int4 float8|int4 int2|int4 int8|int4 jsonb|int4 numeric|int8 float4|int8 float8|int8 int2|int8 int4|int8 jsonb|int8 numeric|ln float8|ln numeric|log float8|log numeric|log numeric numeric|log10 float8|log10 numeric'
    '|min_scale numeric|mod int2 int2|mod int4 int4|mod int8 int8|mod numeric numeric|numeric float4|numeric float8|numeric int2|numeric int4|numeric int8|pow float8 float8|power float8 float8|round float8|round numeric'
    '|round numeric int4|scale numeric|sign float8|sign numeric|sqrt float8|sqrt numeric|trim_scale numeric|trunc float8|trunc numeric|trunc numeric int4|width_bucket anycompatible anycompatiblearray'
    '|width_bucket float8 float8 float8 int4|width_bucket numeric numeric numeric int4'
    '|ascii text|bit_length text|btrim text|btrim text text|char_length bpchar|char_length text|character_length bpchar|character_length text|chr int4|concat any|concat_ws text any|hashtext text'
    '|hashtextextended text int8|initcap text|is_normalized text text|left text int4|length bpchar|length text|like_escape text text|lower text|ltrim text|ltrim text text|md5 text|normalize text text|octet_length bpchar'
    '|octet_length text|overlay text text int4|overlay text text int4 int4|position text text|reverse text|right text int4|rtrim text|rtrim text text|similar_to_escape text|similar_to_escape text text'
    '|split_part text text int4|starts_with text text|strpos text text|substr text int4|substr text int4 int4|substring text int4|substring text int4 int4|text bool|text bpchar|text name|to_char float4 text|to_char float8 text'
    '|to_char int4 text|to_char int8 text|to_char interval text|to_char numeric text|to_char timestamp text|to_char timestamptz text|to_date text text|to_hex int4|to_hex int8|to_number text text|to_timestamp text text'
    '|translate text text text|upper text'
    '|age timestamp|age timestamp timestamp|age timestamptz|age timestamptz timestamptz|date timestamp|date timestamptz|date_bin interval timestamp timestamp|date_bin interval timestamptz timestamptz|date_part text date'
    '|date_part text interval|date_part text time|date_part text timestamp|date_part text timestamptz|date_part text timetz|date_trunc text interval|date_trunc text timestamp|date_trunc text timestamptz'
    '|date_trunc text timestamptz text|extract text date|extract text interval|extract text time|extract text timestamp|extract text timestamptz|extract text timetz|interval time|isfinite date|isfinite interval'
    '|isfinite timestamp|isfinite timestamptz|justify_days interval|justify_hours interval|justify_interval interval|make_date int4 int4 int4|make_interval int4 int4 int4 int4 int4 int4 float8|make_time int4 int4 float8'
    '|make_timestamp int4 int4 int4 int4 int4 float8|make_timestamptz int4 int4 int4 int4 int4 float8|make_timestamptz int4 int4 int4 int4 int4 float8 text|now|overlaps time interval time interval'
    '|overlaps time interval time time|overlaps time time time interval|overlaps time time time time|overlaps timestamp interval timestamp interval|overlaps timestamp interval timestamp timestamp'
    '|overlaps timestamp timestamp timestamp interval|overlaps timestamp timestamp timestamp timestamp|overlaps timestamptz interval timestamptz interval|overlaps timestamptz interval timestamptz timestamptz'
    '|overlaps timestamptz timestamptz timestamptz interval|overlaps timestamptz timestamptz timestamptz timestamptz|overlaps timetz timetz timetz timetz|statement_timestamp|time interval|time timestamp|time timestamptz|time timetz'
    '|timestamp date|timestamp date time|timestamp timestamptz|timestamptz date|timestamptz date time|timestamptz date timetz|timestamptz timestamp|timezone interval timestamp|timezone interval timestamptz'
    '|timezone text timestamp|timezone text timestamptz|to_timestamp float8|transaction_timestamp'
    '|array_append anycompatiblearray anycompatible|array_cat anycompatiblearray anycompatiblearray|array_length anyarray int4|array_lower anyarray int4|array_ndims anyarray|array_position anycompatiblearray anycompatible'
    '|array_position anycompatiblearray anycompatible int4|array_positions anycompatiblearray anycompatible|array_prepend anycompatible anycompatiblearray|array_remove anycompatiblearray anycompatible|array_upper anyarray int4'
    '|cardinality anyarray|daterange date date|daterange date date text|int4range int4 int4|int4range int4 int4 text|int8range int8 int8|int8range int8 int8 text|isempty anyrange|lower anyrange|lower_inc anyrange'
    '|lower_inf anyrange|num_nonnulls any|num_nulls any|numrange numeric numeric|numrange numeric numeric text|trim_array anyarray int4|tsrange timestamp timestamp|tsrange timestamp timestamp text'
    '|tstzrange timestamptz timestamptz|tstzrange timestamptz timestamptz text|upper anyrange|upper_inc anyrange|upper_inf anyrange'
    '|json_array_length json|json_extract_path json _text|json_extract_path_text json _text|json_typeof json|jsonb_array_length jsonb|jsonb_extract_path jsonb _text|jsonb_extract_path_text jsonb _text|jsonb_typeof jsonb', '|')) AS signature;
CREATE TEMP TABLE function AS
SELECT p.oid, p.provolatile = 'v' AS is_volatile, l.signature IS NOT NULL AS is_listed, row_number() OVER (ORDER BY p.oid) AS nr
FROM pg_proc p CROSS JOIN LATERAL (SELECT concat_ws(' ', p.proname, string_agg(t.typname, ' ' ORDER BY n)) AS signature FROM unnest(p.proargtypes) WITH ORDINALITY a(type, n) JOIN pg_type t ON t.oid = a.type) s
LEFT JOIN listed l USING (signature)
WHERE p.pronamespace = 'pg_catalog'::regnamespace;
SELECT is((SELECT count(*) FROM function WHERE is_listed), (SELECT count(*) FROM listed), 'all that is listed is there');
SELECT is_empty($$SELECT oid::regprocedure FROM function WHERE is_listed AND is_volatile$$, 'nothing that is listed is volatile');
CREATE TEMP TABLE direct AS SELECT f.*, v AS variant, pg_temp.complaint(format('(%s) IS NULL', pg_temp.call(oid, v))) AS answer FROM function f, generate_series(0, 2) v;
SELECT is_empty($$SELECT oid::regprocedure, variant FROM direct WHERE NOT is_listed AND answer = 'accepted'
                  -- with literals as arguments, another of that name may be meant, or a literal of that type
                  AND NOT (variant = 1 AND EXISTS (SELECT FROM pg_proc p JOIN pg_proc q ON q.proname = p.proname AND q.pronargs = p.pronargs JOIN function f ON f.oid = q.oid AND f.is_listed WHERE p.oid = direct.oid))
                  AND NOT (variant = 1 AND oid IN (SELECT p.oid FROM pg_proc p WHERE p.proname IN ('name', 'bpchar', 'varchar', 'text') AND p.prorettype = p.proname::text::regtype AND p.pronargs = 1))$$,
                'what is not listed is refused, with whatever arguments');
SELECT is_empty($$SELECT oid::regprocedure FROM direct WHERE is_listed GROUP BY oid HAVING NOT bool_or(answer = 'accepted')$$, 'what is listed is accepted');
SELECT is_empty($$SELECT oid::regprocedure, answer FROM direct WHERE is_volatile AND answer NOT IN ('22023', '42501', '42883', '42725', '42601', '42809', '42P13', '0A000', '42804', '42803')$$, 'volatile ones as such, or for what they take and give');

-- Ten thousand: each function off the list at least twice, and whatever the attacker made, in three layers of wrapping.
CREATE TEMP TABLE bait AS SELECT * FROM (VALUES
    ('attack.flag(s)'), ('attack.flag(''x'')'), ('attack.same(s)'), ('attack.stable(s)'), ('attack.abs(n)'), ('attack.any(s, s)'), ('attack.either(s)'), ('attack.poly(n)'), ('attack.poly(s)'), ('n OPERATOR(attack.=) 1'),
    ('n OPERATOR(attack.=) ANY (list)'), ('OPERATOR(attack.!!) s'), ('OPERATOR(attack.<>) s'), ('s::attack.mood'), ('mood::text'), ('mood || s'), ('lower(mood)'), ('mood::boolean'), ('mood::jsonb'), ('j || mood'),
    ('s::attack.watched'), ('''x''::attack.watched'), ('attack.watched(''x'')'), ('n::attack.watched_number'), ('''{x}''::attack.watched[]'), ('ARRAY[s]::attack.watched[]'), ('''(x)''::attack.holder'), ('ROW(s)::attack.holder'),
    ('''("{(x)}")''::attack.holders'), ('attack.takes(''(x)'')'), ('attack.takes_many(''{(x)}'')'), ('''(x)'' OPERATOR(attack.?) ''(x)'''), ('OPERATOR(attack.@) ''(x)'''), ('attack.takes(ROW(s))'), ('s::attack.padded'), ('''x''::attack.padded'),
    ('''(x)''::attack.wide'), ('''{"(x)"}''::attack.wide[]'), ('''[a,b]''::attack.texts'), ('s COLLATE attack.folded'), ('attack.sum(n)'), ('greatest(ranked, ranked)'), ('ROW(ranked) = ROW(ranked)'), ('ranked = ANY (ARRAY[ranked])'),
    ('least(''a''::attack.ranked, ranked)'), ('(CASE WHEN is_it THEN ROW(ranked) END) = ROW(ranked)'), ('ROW(ranked) = ANY (ARRAY[ROW(ranked)])'), ('csmetrics.planted(n)'), ('(SELECT 1)'), ('EXISTS (TABLE attack.seen)'), ('ARRAY(SELECT what FROM attack.seen)'), ('current_user'), ('session_user'), ('current_catalog'), ('current_schema'), ('user'), ('xmlelement(NAME a, s)'),
    ('xmlparse(CONTENT s)'), ('s::regclass'), ('''attack.seen''::regclass'), ('n::oid::regrole'), ('s::xml'), ('s::tsvector'), ('s @@ s'), ('s @@ ''a''::tsquery'), ('j @? ''$.**'''), ('j @@ ''$.a == 1'''), ('s::money'), ('s::bytea'), ('s::inet'),
    ('s::bit(80000000)'), ('s::char(10000000)'), ('ARRAY[s]::char(10000000)[]'), ('m ^ 100000'), ('s::numeric'), ('(j -> ''a'')::numeric'), ('s ~ s'), ('''a'' ~ s'), ('s ~ ''(a*)*\1'''), ('s ~ ''(((a{255}){255}){255})'''), ('s SIMILAR TO s'),
    ('s ~ ANY (ARRAY[s])'), ('s ~ ''(?=a)'''), ('substring(s FROM ''a*'')'), ('substring(s SIMILAR ''a*'' ESCAPE ''#'')'), ('ROW(s)::text'), ('ARRAY[s]::text'), ('s || ROW(s)'), ('concat(ARRAY[s])'), ('concat_ws(s, VARIADIC ARRAY[s])'),
    ('to_char(n, s)'), ('s::date[]'), ('attack.account'), ('account'), ('account.*'), ('tableoid'), ('$1'), ('count(*)'), ('generate_series(1, n)'), ('row_number() OVER ()'), ('1e131071::text || 1e131071'),
    ('((((((is_it BETWEEN true AND true) BETWEEN true AND true) BETWEEN true AND true) BETWEEN true AND true) BETWEEN true AND true) BETWEEN true AND true)')) b(expression);
CREATE TEMP TABLE wrapper AS SELECT row_number() OVER () - 1 AS nr, pattern FROM (VALUES
    ('%s'), ('(%s)::text'), ('coalesce(%s, NULL)'), ('CASE WHEN is_it THEN (%s) END'), ('CASE (%s) WHEN (%s) THEN ''a'' END'), ('(ARRAY[%s])[1]'), ('nullif(%s, NULL)'), ('greatest(%s, NULL)'), ('lower((%s)::text)'),
    ('(%s)::text::varchar(10)'), ('concat(s, %s)'), ('(%s)::text || s'), ('attack.same((%s)::text)'), ('OPERATOR(attack.!!) (%s)::text'), ('((%s)::text)::attack.mood'), ('((%s)::text COLLATE attack.folded)'), ('attack.poly(%s)'),
    ('ROW(%s) = ROW(%s)'), ('ARRAY[%s] = ARRAY[%s]'), ('(%s) IS DISTINCT FROM (%s)'), ('(%s) IN (%s, NULL)'), ('num_nulls(%s)'), ('length((%s)::text) BETWEEN 1 AND n'), ('((%s)::text)::jsonb'), ('n OPERATOR(attack.=) length((%s)::text)')) w(pattern);
CREATE FUNCTION pg_temp.drawn(seed bigint, below bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$SELECT (hashint8extended(seed, 20240611) & 9007199254740991) % below$$;
CREATE FUNCTION pg_temp.wrapped(expression text, seed bigint) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    FOR i IN 1 .. pg_temp.drawn(seed, 3) + 1 LOOP
        expression := (SELECT replace(pattern, '%s', expression) FROM wrapper WHERE nr = pg_temp.drawn(seed * 4 + i, (SELECT count(*) FROM wrapper)));
    END LOOP;
    RETURN format('(%s) IS NULL', expression);
END $$;
CREATE TEMP TABLE drawn AS SELECT row_number() OVER (ORDER BY round, kind, place) AS nr, oid, atom FROM (
    SELECT round, 1 AS kind, f.nr AS place, f.oid, pg_temp.call(f.oid, (round + f.nr)::integer % 3) AS atom FROM function f, generate_series(1, 10) round WHERE NOT is_listed
    UNION ALL SELECT round, 0, row_number() OVER (), NULL, expression FROM bait, generate_series(1, 10) round) a;
CREATE TEMP TABLE fuzz AS SELECT nr, pg_temp.wrapped(atom, nr) AS expression, NULL AS answer FROM drawn WHERE nr <= 10000;
SELECT is(count(*), 10000::bigint, 'ten thousand expressions') FROM fuzz;
SELECT is_empty($$SELECT oid::regprocedure FROM function WHERE NOT is_listed EXCEPT SELECT oid::regprocedure FROM drawn JOIN fuzz USING (nr)$$, 'each function off the list is in them');
SELECT is_empty($$SELECT expression FROM bait WHERE NOT EXISTS (SELECT FROM fuzz WHERE position(bait.expression IN fuzz.expression) > 0)$$, 'each bait is in them');
-- Outside of this guard they do what they are there for, some of them when they are but looked at.
CREATE FUNCTION pg_temp.does(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    before bigint := pg_temp.hits();
BEGIN
    BEGIN
        EXECUTE statement;
        RAISE 'undo';
    EXCEPTION WHEN OTHERS THEN
        RETURN pg_temp.hits() > before;
    END;
END $$;
CREATE TEMP TABLE acting AS SELECT expression FROM bait WHERE pg_temp.does(format('SELECT %s FROM attack.account', expression));
SELECT is_empty($$SELECT expression FROM bait WHERE expression ~ 'attack\.|ranked|planted' AND expression NOT IN (TABLE acting)
                  -- what calls nothing, or does not get so far
                  AND expression !~ 'OPERATOR.attack.<>|takes.ROW|padded|wide|texts|folded|sum|attack.seen|attack.account|^ROW.ranked. = |^ranked = '$$, 'all that the attacker made does it');
SELECT is(pg_temp.does(format('CREATE VIEW attack.looked_at AS SELECT %s AS x FROM attack.account', expression)), true, 'at once, when it is analysed: ' || expression) FROM (VALUES ('attack.takes(''(x)'')'), ('''(x)''::attack.holder')) v(expression);
SELECT is((SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()), 1::bigint, 'its lock stays');
SELECT is(pg_advisory_unlock_all()::text, '', 'until it is released');
SELECT pg_temp.hits() AS hits, (SELECT count(*) FROM attack.seen) AS seen, (SELECT count(*) FROM pg_largeobject_metadata) AS objects \gset

UPDATE fuzz SET answer = pg_temp.complaint(expression);
SELECT is_empty($$SELECT answer, min(expression) FROM fuzz WHERE answer <> 'accepted' AND answer !~ '^(42|22|0A|54000|2BP)' GROUP BY answer$$, 'refused with what was wrong about them');
SELECT is_empty($$SELECT b.expression, f.expression FROM fuzz f JOIN bait b ON position(b.expression IN f.expression) > 0 WHERE f.answer = 'accepted'$$, 'none with a bait in it is accepted');
SELECT is_empty($$SELECT fuzz.expression FROM fuzz JOIN drawn USING (nr) JOIN function USING (oid) WHERE answer = 'accepted' AND NOT is_listed AND pg_temp.complaint(format('(%s) IS NULL', atom)) <> 'accepted'$$,
                'nor one with a function that is refused by itself');
-- what is on the list, wrapped in the same way, and run
INSERT INTO fuzz SELECT 100000 + n, e, pg_temp.complaint(e) FROM (SELECT f.nr * 10 + round AS n, pg_temp.wrapped(pg_temp.call(oid, round % 3), f.nr * 10 + round) AS e FROM function f, generate_series(0, 9) round WHERE is_listed) l;
SELECT cmp_ok(count(pg_temp.run(expression)), '>', 500::bigint, 'what is accepted runs') FROM fuzz WHERE answer = 'accepted';
SELECT is(pg_temp.hits() || ' ' || (SELECT count(*) FROM attack.seen) || ' ' || (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) || ' ' || (SELECT count(*) FROM pg_largeobject_metadata), :'hits' || ' ' || :'seen' || ' 0 ' || :'objects',
          'nothing ran that writes, counts, locks or sends');

-- Nothing makes much of little, however often it is applied to its own result.
CREATE TEMP TABLE step AS SELECT row_number() OVER () - 1 AS nr, pattern FROM (VALUES
    ('lower(%s)'), ('upper(%s)'), ('initcap(%s)'), ('reverse(%s)'), ('normalize(%s, NFKD)'), ('(%s)::varchar'), ('left(%s, 1000)'), ('overlay(%s PLACING ''ab'' FROM 1)'), ('translate(%s, ''ax'', ''"\'')'), ('similar_to_escape(%s, ''#'')'),
    ('like_escape(%s, ''#'')'), ('(ARRAY[%s])::text'), ('ROW(%s)::text'), ('concat(%s, ''x"'')'), ('concat(ARRAY[%s])'), ('concat_ws('','', %s, ''a'')'), ('(%s) || ''\'''), ('''"'' || (%s) || ''"'''), ('((%s)::jsonb)::text'), ('((%s)::json)::text'),
    ('((%s)::jsonb) ->> 0'), ('to_char(n, %s)'), ('to_char(at, %s)'), ('(%s)::bytea::text'), ('(%s)::char(1000)::text'), ('(%s)::char(100000)::text'), ('quote_literal(%s)'), ('quote_ident(%s)'), ('replace(%s, ''a'', ''aa"'')'),
    ('array_to_string(string_to_array(%s, NULL), ''xx'')'), ('string_to_array(%s, NULL)::text'), ('format(''%1$1000s'', %s)'), ('regexp_replace(%s, ''.'', ''\&\&'', ''g'')'), ('repeat(%s, 9)'), ('rpad(%s, 9999)'), ('to_json(%s)::text'),
    ('(''{'' || (%s) || ''}'')::text[]::text'), ('encode(convert_to(%s, ''UTF8''), ''hex'')'), ('(array_append(ARRAY[''a''], %s))::text'), ('(''1e'' || (%s))::numeric::text'), ('(''1e'' || length(%s))::jsonb::text'), ('(%s)::tsvector::text'), ('''x'' || ROW(%s)'),
    ('('''' || ARRAY[%s])'), ('(coalesce(ROW(%s), NULL))::text'), ('(ARRAY[ARRAY[%s]])::varchar'), ('jsonb_build_array(%s)::text'), ('(%s)::name'), ('split_part(%s, ''z'', 1)'), ('btrim(%s)'),
    ('concat_ws(%s, '''', '''', '''')'), ('concat_ws(%s, %s, s)'), ('overlay(''ab'' PLACING %s FROM 1)'), ('translate(''aaaa'', ''a'', %s)')) v(pattern);
-- whatever is on the list and gives a text, with the text that grows as each of its arguments
INSERT INTO step SELECT 1000 + row_number() OVER (), format('pg_catalog.%I(%s)', p.proname, (SELECT string_agg(CASE WHEN a.n = grows.n THEN '%s' WHEN a.type = 'text'::regtype THEN '''"a'''
                                                                                                                 ELSE pg_temp.argument(a.type, CASE WHEN a.type = '"any"'::regtype THEN 0 ELSE 2 END) END, ', ' ORDER BY a.n)
                                                                       FROM unnest(p.proargtypes || CASE WHEN p.provariadic <> 0 THEN ARRAY[p.provariadic, p.provariadic] END) WITH ORDINALITY a(type, n)))
FROM function f JOIN pg_proc p USING (oid), unnest(p.proargtypes) WITH ORDINALITY grows(type, n) WHERE f.is_listed AND p.prorettype = 'text'::regtype AND grows.type IN ('text'::regtype, '"any"'::regtype);
CREATE FUNCTION pg_temp.chain(pattern text, other text, length integer) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    expression text := 's';
BEGIN
    FOR i IN 1 .. length LOOP
        EXIT WHEN length(expression) + length(pattern) + length(other) > 1900;
        expression := replace(CASE WHEN i % 2 = 0 THEN other ELSE pattern END, '%s', expression);
    END LOOP;
    RETURN format('length(%s) >= 0', expression);
END $$;
CREATE FUNCTION pg_temp.size(expression text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    size bigint;
BEGIN
    EXECUTE format('SELECT %s FROM attack.account', regexp_replace(expression, ' >= 0$', '')) INTO size;
    RETURN size;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $$;
-- each with each, as often as there is room for
CREATE TEMP TABLE grown AS
SELECT c.expression, pg_temp.size(c.expression) AS size
FROM (SELECT DISTINCT pg_temp.chain(a.pattern, b.pattern, length) AS expression FROM step a, step b, unnest('{3,12,40}'::integer[]) length) c
WHERE pg_temp.complaint(c.expression) = 'accepted';
SELECT cmp_ok(count(*), '>', 1000::bigint, 'a thousand of chains are accepted') FROM grown;
SELECT is_empty($$SELECT size, expression FROM grown WHERE size > 200000 ORDER BY size DESC LIMIT 3$$, 'none of them grows');
SELECT is(pg_temp.hits(), :hits::bigint, 'nor does anything');
SELECT * FROM finish();
ROLLBACK;
