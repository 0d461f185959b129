-- Included by the tests of the installation script, after test/psql.sql, with its text in :parts: the overloads of all
-- functions and operators that it uses, which the owner of schema csmetrics could plant there. pg_temp.plant() plants
-- them, if own is true those over types of csmetrics too, which are there where an older version is. The role :planter
-- is made, so that what is planted is known by its owner.

-- What fits a call better than what it means: an argument is of the very type of a value, which is converted else.
CREATE TEMP TABLE fitting AS
SELECT castsource AS given, casttarget AS wanted FROM pg_cast WHERE castcontext = 'i'
UNION SELECT oid, oid FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype <> 'p'
-- literals are text before they are anything else
UNION SELECT 'text'::regtype, oid FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype <> 'p'
UNION SELECT given, 'anyelement'::regtype
      FROM unnest('{text,name,integer,bigint,numeric,float8,boolean,date,oid,regclass,jsonb,anyelement}'::regtype[])
           AS given
UNION SELECT given, 'anyarray'::regtype FROM unnest('{text[],date[],float8[],anyarray}'::regtype[]) AS given;

-- The functions of each name that is written in the script. Where types of its own are not there yet, anything stands
-- for them. Calls that leave defaults out fit what has no more arguments, those by name what has the same names.
CREATE TEMP TABLE known AS
SELECT proname::text AS name, a.types[:n] AS types, a.names[:n] AS names, 'FUNCTION' AS kind,
       pronamespace = 'csmetrics'::regnamespace AS is_ours
FROM pg_proc AS p CROSS JOIN (VALUES (true), (false)) AS v(own)
     CROSS JOIN LATERAL generate_series(greatest(pronargs - pronargdefaults, 1), pronargs) AS n,
     LATERAL (SELECT array_agg(CASE WHEN type = '"any"'::regtype THEN 'anyelement'::regtype
                                    WHEN own OR typnamespace = 'pg_catalog'::regnamespace THEN type
                                    WHEN typelem = 0 THEN 'anyelement'::regtype ELSE 'anyarray'::regtype END
                               ORDER BY i),
                     array_agg(coalesce(proargnames[i], '') ORDER BY i)
              FROM unnest(proargtypes::oid[]) WITH ORDINALITY AS a(type, i) JOIN pg_type AS t ON t.oid = type)
         AS a(types, names)
WHERE proname IN (SELECT lower(m[1]) FROM regexp_matches(:'parts', '([A-Za-z_]\w*)\s*\(', 'g') AS m)
  AND pronamespace IN ('pg_catalog'::regnamespace, 'csmetrics'::regnamespace) AND pronargs > 0
-- as many arguments as there may be
UNION ALL SELECT proname, array_fill('text'::regtype::oid, ARRAY[n]), NULL, 'FUNCTION', false
          FROM pg_proc CROSS JOIN generate_series(2, 9) AS n
          WHERE provariadic = '"any"'::regtype AND pronamespace = 'pg_catalog'::regnamespace
-- what it drops again
UNION ALL SELECT name, types::regtype[]::oid[], names::text[], 'PROCEDURE', true
          FROM (VALUES ('define_value', '{text}', '{type_name}'),
                       ('define_state', '{text,boolean}', '{type_name,has_final}'),
                       ('define_agg', '{text,text,text,integer,text,text,text,boolean}',
                        '{name,arguments,state,space,comment,add,symbol,removable}')) AS p(name, types, names);
INSERT INTO known
SELECT name, types[:n], names[:n], kind, is_ours FROM known CROSS JOIN generate_series(5, 7) AS n
WHERE name = 'define_agg';
CREATE TEMP TABLE overload AS
SELECT DISTINCT ON (name, types) *,
       EXISTS (SELECT FROM pg_type WHERE oid = ANY (types) AND typnamespace = 'csmetrics'::regnamespace) AS own
FROM (SELECT name, types, names, kind FROM known
      UNION ALL SELECT name, types[:n - 1] || given || types[n + 1:], names, kind
                FROM known CROSS JOIN generate_subscripts(types, 1) AS n JOIN fitting ON wanted = types[n]) AS o
-- beside just the same, or the same without defaults, ours would not be installed or called: an error, and no catch
WHERE NOT EXISTS (SELECT FROM known AS k WHERE (k.name, k.types) = (o.name, o.types) AND k.is_ours)
ORDER BY name, types, names;
DELETE FROM overload WHERE EXISTS (SELECT FROM pg_type WHERE oid = ANY (types) AND typtype = 'p'
                                                         AND oid NOT IN ('anyelement'::regtype, 'anyarray'::regtype));
CREATE TEMP TABLE overload_operator AS
SELECT oprname AS name, l.given AS leftarg, r.given AS rightarg
FROM pg_operator JOIN fitting AS l ON l.wanted = oprleft JOIN fitting AS r ON r.wanted = oprright
WHERE position(oprname IN :'parts') > 0 AND oprnamespace = 'pg_catalog'::regnamespace
EXCEPT SELECT oprname, oprleft, oprright FROM pg_operator;

-- types of csmetrics by their names in full
SET search_path = pg_catalog, pg_temp;
CREATE TEMP TABLE planting AS
SELECT format('CREATE %s csmetrics.%I(%s) %s LANGUAGE plpgsql AS ''BEGIN RAISE ''''caught''''; END''',
              kind, name,
              (SELECT string_agg(concat_ws(' ', quote_ident(nullif(a.name, '')), type::regtype), ', ' ORDER BY n)
               FROM unnest(types, names) WITH ORDINALITY AS a(type, name, n)),
              CASE kind WHEN 'FUNCTION' THEN 'RETURNS boolean' END) AS statement, own
FROM overload
UNION ALL
SELECT format('CREATE FUNCTION csmetrics.planted(%s, %s) RETURNS boolean LANGUAGE plpgsql
               AS ''BEGIN RAISE ''''caught''''; END''', leftarg::regtype, rightarg::regtype), false
FROM (SELECT DISTINCT leftarg, rightarg FROM overload_operator) AS o
UNION ALL
SELECT format('CREATE OPERATOR csmetrics.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = csmetrics.planted)',
              name, leftarg::regtype, rightarg::regtype), false
FROM overload_operator;
SET search_path = csmetrics, public;

CREATE ROLE :planter;
SELECT format('GRANT CREATE ON DATABASE %I TO %I', current_database(), :'planter') \gexec
GRANT ALL ON planting TO :planter;
CREATE FUNCTION pg_temp.plant(own boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN SELECT p.statement FROM planting AS p WHERE plant.own OR NOT p.own LOOP
        BEGIN
            EXECUTE statement;
        EXCEPTION WHEN undefined_object THEN
            -- a type that the older version has not
        END;
    END LOOP;
END
$$;
CREATE TEMP VIEW planted AS
SELECT 'pg_proc'::regclass AS classid, oid FROM pg_proc WHERE pg_get_userbyid(proowner) = :'planter'
UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE pg_get_userbyid(oprowner) = :'planter';
CREATE TEMP VIEW bound_to_planted AS
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS object, pg_describe_object(refclassid, refobjid, 0) AS "to"
FROM pg_depend AS d JOIN planted AS p ON (p.classid, p.oid) = (refclassid, refobjid)
WHERE (d.classid, d.objid) NOT IN (TABLE planted);
