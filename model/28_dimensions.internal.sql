-- The attributes that views group by.

CREATE OR REPLACE FUNCTION dimension_values(
    segment text, plan text, lifecycle_stage text, onboarding_path text, region text, owner text)
RETURNS TABLE (dimension text, value text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 7
BEGIN ATOMIC
    VALUES ('all', 'all'), ('segment', coalesce($1, '(none)')), ('account_plan', coalesce($2, '(none)')),
           ('lifecycle_stage', coalesce($3, '(none)')), ('onboarding_path', coalesce($4, '(none)')),
           ('region', coalesce($5, '(none)')), ('owner', coalesce($6, '(none)'));
END;
COMMENT ON FUNCTION dimension_values(text, text, text, text, text, text) IS
'Internal: what an account with these attributes is under, be they in use or not';

CREATE OR REPLACE FUNCTION shown_dimensions(of_changed boolean) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- what is stored is by the attributes that were in use
    SELECT 'all'::text || CASE WHEN $1 THEN (SELECT s.dimensions FROM stored_reading s LIMIT 1)
                               ELSE dimensions_in_use() END;
END;
COMMENT ON FUNCTION shown_dimensions(boolean) IS
'Internal: all, and the attributes in use; of_changed: those by which readings are stored';

CREATE OR REPLACE FUNCTION member_of(of_changed boolean) RETURNS TABLE (
    account_id @account_id@, segment text, plan text, lifecycle_stage text, onboarding_path text, region text,
    owner text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT a.account_id, n.segment, n.plan, n.lifecycle_stage, n.onboarding_path, n.region, n.owner
    FROM account_state a LEFT JOIN account n USING (account_id) WHERE NOT $1
    UNION ALL
    -- OFFSET 0: by their keys, whatever the planner thinks of other ways
    SELECT k.account_id, n.segment, n.plan, n.lifecycle_stage, n.onboarding_path, n.region, n.owner
    FROM changed_key k CROSS JOIN
         LATERAL (SELECT s.account_id FROM account_state s WHERE s.account_id = k.account_id OFFSET 0) a
         LEFT JOIN LATERAL (SELECT n.segment, n.plan, n.lifecycle_stage, n.onboarding_path, n.region, n.owner
                            FROM account n WHERE n.account_id = k.account_id OFFSET 0) n ON true
    WHERE $1;
END;
COMMENT ON FUNCTION member_of(boolean) IS
'Internal: the accounts that have histories, with the attributes that views group by; of all, or of those alone that a '
'refresh is about to write or has just written';

CREATE OR REPLACE FUNCTION dimension_of(of_changed boolean, only_all boolean DEFAULT false) RETURNS TABLE (
    account_id @account_id@, dimension text, value text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT n.account_id, d.dimension, d.value
    FROM member_of($1) n,
         LATERAL dimension_values(n.segment, n.plan, n.lifecycle_stage, n.onboarding_path, n.region, n.owner) d
    WHERE CASE WHEN $2 THEN d.dimension = 'all' ELSE d.dimension = ANY ((SELECT shown_dimensions($1))::text[]) END;
END;
COMMENT ON FUNCTION dimension_of(boolean, boolean) IS
'Internal: account_dimension, of all accounts, or of those alone that a refresh is about to write or has just written; '
'only_all: each under all alone, for who asks for nothing else';

CREATE OR REPLACE VIEW account_dimension WITH (security_invoker) AS
SELECT d.account_id, d.dimension, d.value FROM dimension_of(false) d;
COMMENT ON VIEW account_dimension IS
'Each account under each of its attributes that is in use, as the account source says now, and under all: what the '
'views by segment group by.';

CREATE OR REPLACE VIEW dimension_in_use WITH (security_invoker) AS
SELECT k.dimension FROM known_dimension k WHERE k.account_count > 0
UNION ALL
-- what is stored is of all accounts, and hidden from who sees some
SELECT unnest(shown_dimensions(false)) WHERE NOT EXISTS (SELECT 1 FROM known_dimension k);
COMMENT ON VIEW dimension_in_use IS 'The attributes of which any account has a value, and all.';

CREATE OR REPLACE FUNCTION attributes_are_shared() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT (SELECT count(*) FROM account) > 8 * (
        SELECT count(*) FROM (SELECT 1 FROM account a
                              GROUP BY a.segment, a.plan, a.lifecycle_stage, a.onboarding_path, a.region, a.owner) g);
END;
COMMENT ON FUNCTION attributes_are_shared() IS
'Internal: have, on the average, more than eight accounts the same attributes?';

CREATE OR REPLACE FUNCTION group_of(of_changed boolean, only_all boolean DEFAULT false) RETURNS TABLE (
    account_id @account_id@, members text[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT n.account_id, g.members
    FROM member_of($1) n,
         LATERAL (SELECT ARRAY[n.segment, n.plan, n.lifecycle_stage, n.onboarding_path, n.region, n.owner] AS members
                  WHERE NOT $1 AND NOT $2 AND (SELECT attributes_are_shared())
                  UNION ALL
                  SELECT ARRAY[d.dimension, d.value]
                  FROM dimension_values(n.segment, n.plan, n.lifecycle_stage, n.onboarding_path, n.region, n.owner) d
                  WHERE NOT $2 AND ($1 OR NOT (SELECT attributes_are_shared()))
                  UNION ALL
                  SELECT '{all,all}' WHERE $2) g;
END;
COMMENT ON FUNCTION group_of(boolean, boolean) IS
'Internal: accounts by what they are summed up by before they are under each attribute, see dimension_in: by all '
'attributes at once where many accounts have the same, else by each alone; only_all: under all alone';

CREATE OR REPLACE FUNCTION dimension_in(members text[], of_changed boolean) RETURNS TABLE (dimension text, value text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5
BEGIN ATOMIC
    SELECT d.dimension, d.value
    FROM (SELECT $1[1] AS dimension, $1[2] AS value WHERE cardinality($1) = 2
          UNION ALL
          SELECT v.dimension, v.value FROM dimension_values($1[1], $1[2], $1[3], $1[4], $1[5], $1[6]) v
          WHERE cardinality($1) = 6) d
    WHERE d.dimension = ANY ((SELECT shown_dimensions($2))::text[]);
END;
COMMENT ON FUNCTION dimension_in(text[], boolean) IS
'Internal: the attributes in use under which a group of group_of stands, and their values';
