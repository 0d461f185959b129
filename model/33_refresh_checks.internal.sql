-- What refresh asks of what it read, and of what is stored, before it writes any.

CREATE OR REPLACE FUNCTION account_complaint() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT format('%s is %s', coalesce(f.account_id::text, 'NULL'),
                  CASE WHEN f.account_id IS NULL THEN 'missing' ELSE 'there twice' END)
    FROM fresh_account f
    GROUP BY f.account_id
    HAVING count(*) > 1 OR f.account_id IS NULL
    LIMIT 1;
END;
COMMENT ON FUNCTION account_complaint() IS
'Internal: a key of an account, as read, that is missing or there twice, and which of these; NULL: all are right';

CREATE OR REPLACE FUNCTION time_zones_moved() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT EXISTS (SELECT 1 FROM fresh_account f LEFT JOIN account a USING (account_id)
                   WHERE f.time_zone IS DISTINCT FROM a.time_zone);
END;
COMMENT ON FUNCTION time_zones_moved() IS
'Internal: has an account, as read, another time zone than the last refresh saw?';

CREATE OR REPLACE FUNCTION has_belonging() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT EXISTS (SELECT 1 FROM fresh_parent) OR EXISTS (SELECT 1 FROM account_entity)
        OR EXISTS (SELECT 1 FROM policy p WHERE p.entity_grain = 'parent');
END;
COMMENT ON FUNCTION has_belonging() IS
'Internal: may an account belong to another, as read, or did one at the last refresh?';

CREATE OR REPLACE FUNCTION has_entities() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT EXISTS (SELECT 1 FROM policy p WHERE p.entity_grain = 'subscription' OR p.report_currency IS NOT NULL)
        OR EXISTS (SELECT 1 FROM account_entity) OR EXISTS (SELECT 1 FROM revenue_state);
END;
COMMENT ON FUNCTION has_entities() IS
'Internal: is there revenue of entities that are not just an account? It is made of that of several.';

CREATE OR REPLACE VIEW changed_account WITH (security_invoker) AS
SELECT coalesce(f.account_id, o.account_id) AS account_id
FROM fresh_account f FULL JOIN account o ON o.account_id = f.account_id
WHERE record_image_ne(
          ROW (f.name, f.segment, f.plan, f.lifecycle_stage, f.onboarding_path, f.region, f.owner, f.parent_id,
               f.created_on, f.seats, f.time_zone, f.is_test),
          ROW (o.name, o.segment, o.plan, o.lifecycle_stage, o.onboarding_path, o.region, o.owner, o.parent_id,
               o.created_on, o.seats, o.time_zone, o.is_test));
COMMENT ON VIEW changed_account IS 'Internal: the accounts whose attributes, as read, are not what they were';
