-- What looks like amounts of another unit taken for MRR. It is said when a query is mapped, and never an error: what it
-- costs is bounded by rows and by the planner's cost, and what cannot be read is not looked at.

CREATE OR REPLACE FUNCTION csmetrics.sampled_amounts(view regclass, OUT amounts numeric[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    sample text := format('SELECT mrr FROM %s WHERE mrr <> 0 AND mrr BETWEEN -1e18 AND 1e18 LIMIT 1000', view);
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || sample INTO plan;
    IF (plan #>> '{0,Plan,Total Cost}')::numeric < 100000 THEN
        EXECUTE format('SELECT array_agg(mrr) FROM (%s) s', sample) INTO amounts;
    END IF;
EXCEPTION WHEN OTHERS THEN
    amounts := NULL;
END
$$;
COMMENT ON FUNCTION csmetrics.sampled_amounts(regclass) IS
'Internal: up to 1,000 amounts of a view with a column mrr; NULL: none, or it is dear or fails';

CREATE OR REPLACE FUNCTION csmetrics.amounts_look_like(amounts numeric[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT CASE
            WHEN count(*) >= 5 AND bool_and(scale(a) = 3 AND abs(a) < 1000)
                THEN 'each of them has three digits after the point, as 1.234 has that stands for 1234: '
                     'replace(x, ''.'', '''')'
            WHEN count(*) >= 20 AND bool_and(a = trunc(a))
                 AND percentile_disc(0.5) WITHIN GROUP (ORDER BY abs(a)) >= 1000
                 AND count(*) FILTER (WHERE abs(a) % 100 IN (0, 50, 90, 95, 99)) >= 0.95 * count(*)
                THEN 'they are whole, most of them 1000 and more, and end in 00, 50, 90, 95 or 99, as cents do: '
                     'x / 100.0' END
        FROM unnest(amounts) a);
COMMENT ON FUNCTION csmetrics.amounts_look_like(numeric[]) IS
'Internal: what amounts look like, with the cure, if they look like cents (20 or more) or like thousands written with '
'a point (5 or more); else NULL';

CREATE OR REPLACE FUNCTION csmetrics.unread_terms(view regclass)
RETURNS TABLE (relation regclass, name text, type regtype)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT DISTINCT d.refobjid::regclass, a.attname::text, a.atttypid::regtype
    FROM pg_rewrite r
    JOIN pg_depend d ON (d.classid, d.objid) = ('pg_rewrite'::regclass, r.oid) AND d.refclassid = 'pg_class'::regclass
    JOIN pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.oid <> view
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE r.ev_class = view AND c.relnamespace NOT IN ('csmetrics'::regnamespace, 'pg_catalog'::regnamespace)
      AND CASE t.typcategory WHEN 'B' THEN a.attname ~* 'yearly|annual'
                             WHEN 'S' THEN a.attname ~* 'interval|period|cycle|frequency|billing|yearly|annual'
                             WHEN 'E' THEN a.attname ~* 'interval|period|cycle|frequency|billing|yearly|annual' END
      AND NOT EXISTS (SELECT 1 FROM pg_depend u
                      WHERE u.classid = d.classid AND u.objid = d.objid AND u.refclassid = d.refclassid
                        AND u.refobjid = d.refobjid AND u.refobjsubid = a.attnum);
END;
COMMENT ON FUNCTION csmetrics.unread_terms(regclass) IS
'Internal: columns of what a view reads that by their name say for how long a price is, and that it does not read';

CREATE OR REPLACE FUNCTION csmetrics.is_yearly(relation regclass, name text, type regtype) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    sample text := format('SELECT %I::text AS term FROM %s LIMIT 1000', name, relation);
    plan json;
    found boolean;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || sample INTO plan;
    IF (plan #>> '{0,Plan,Total Cost}')::numeric < 100000 THEN
        EXECUTE format('SELECT bool_or(CASE WHEN $1 THEN term = ''true''
                                            ELSE term ~* ''^\s*(1|per)?\s*(y|yr|years?|yearly|annual(ly)?)\s*$'' END)
                        FROM (%s) s', sample) INTO found USING type = 'boolean'::regtype;
    END IF;
    RETURN coalesce(found, false);
EXCEPTION WHEN OTHERS THEN
    RETURN false;
END
$$;
COMMENT ON FUNCTION csmetrics.is_yearly(regclass, text, regtype) IS
'Internal: is there a year among up to 1,000 values of a column that says for how long a price is? False where it is '
'dear or fails.';

CREATE OR REPLACE PROCEDURE csmetrics.warn_of_amounts(model text, view_name text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    view CONSTANT regclass := csmetrics.relation(model, view_name);
    look text;
    term record;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = view AND a.attname = 'mrr') THEN
        RETURN;
    END IF;
    look := csmetrics.amounts_look_like(csmetrics.sampled_amounts(view));
    IF look IS NOT NULL THEN
        RAISE WARNING '%: is mrr money a month? Of its first amounts %', view, look;
    END IF;
    FOR term IN SELECT t.* FROM csmetrics.unread_terms(view) t ORDER BY t.relation::text, t.name LOOP
        IF csmetrics.is_yearly(term.relation, term.name, term.type) THEN
            RAISE WARNING '%: is mrr money a month? Column % of % has years, and the query does not read it', view,
                term.name, term.relation
                USING HINT = 'csmetrics.mrr(amount, unit) makes MRR of a price for a unit of time.';
        END IF;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE csmetrics.warn_of_amounts(text, text) IS
'Internal: a WARNING where the amounts of a view with a column mrr look like cents, like thousands written with a '
'point, or like yearly prices';
