-- The attributes that views group by.

CREATE OR REPLACE FUNCTION dimension_of(of_changed boolean) RETURNS TABLE (
    account_id @account_id@, dimension text, value text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT a.account_id, d.dimension, coalesce(d.value, '(none)')
    FROM account_state a LEFT JOIN account n USING (account_id),
         LATERAL (VALUES ('all', 'all'), ('segment', n.segment), ('plan', n.plan),
                         ('lifecycle_stage', n.lifecycle_stage), ('onboarding_path', n.onboarding_path),
                         ('region', n.region), ('owner', n.owner)) d(dimension, value)
    WHERE (NOT $1 OR a.account_id = ANY (changed_keys()))
      -- those that are stored are by the attributes that were in use
      AND d.dimension = ANY (ARRAY(
              SELECT 'all'
              UNION ALL
              SELECT unnest(CASE WHEN $1 THEN (SELECT s.dimensions FROM stored_reading s LIMIT 1)
                                 ELSE dimensions_in_use() END)));
END;
COMMENT ON FUNCTION dimension_of(boolean) IS
'Internal: account_dimension, of all accounts, or of those alone that a refresh is about to write or has just written';

CREATE OR REPLACE VIEW account_dimension WITH (security_invoker) AS
SELECT d.account_id, d.dimension, d.value FROM dimension_of(false) d;
COMMENT ON VIEW account_dimension IS
'Each account under each of its attributes that is in use, as the account source says now, and under all: what the '
'views by segment group by.';
