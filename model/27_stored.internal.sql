-- What is dear to read is stored, and kept by what changed. Two kinds of tables, told by the function that fills them:
--
-- * sums: read_stored_NAME(of_changed) gives the states of groups of accounts, of all accounts or of those in
--   changed_key. A refresh takes out of stored_NAME what these accounts added before it writes, and puts in what they
--   add after: unmerge and merge are exact. The key of the table is the group; row_count says how many rows went into
--   it; a state is NULL without any, unless its column is NOT NULL.
-- * rows: read_stored_NAME(of_stored) gives the rows of a view, from the sums that are stored or from the histories.
--
-- stored_reading says by which definitions and as of which day each was stored. Where these are not the present ones,
-- views work it out: by the same function, which is planned only when it is called, since it has a setting.

CREATE TABLE stored_reading (
    reading    text,
    basis      text NOT NULL,
    dimensions text[] NOT NULL,
    PRIMARY KEY (reading));
COMMENT ON TABLE stored_reading IS
'Which readings are stored: one row each, by what definitions. Written by CALL csmetrics.refresh alone; emptied, all '
'are worked out by the views until the next.';
COMMENT ON COLUMN stored_reading.reading IS 'The table';
COMMENT ON COLUMN stored_reading.basis IS 'What present_basis() was';
COMMENT ON COLUMN stored_reading.dimensions IS 'The attributes of accounts that were in use';

CREATE UNLOGGED TABLE changed_key (account_id @account_id@, PRIMARY KEY (account_id));
COMMENT ON TABLE changed_key IS 'Internal: the accounts that a refresh is about to write';

CREATE OR REPLACE FUNCTION history_of(of_changed boolean) RETURNS SETOF account_state
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT s.* FROM account_state s WHERE NOT $1
    UNION ALL
    SELECT s.* FROM changed_key k JOIN account_state s USING (account_id) WHERE $1;
END;
COMMENT ON FUNCTION history_of(boolean) IS
'Internal: the histories of all accounts, or of those alone that a refresh is about to write or has just written';

CREATE OR REPLACE FUNCTION present_basis() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT concat_ws('/', r.as_of_on, r.from_on, p.report_from,
                     (SELECT min(first_active_on(s.usage)) FROM account_state s), r.policy_hash)
    FROM reporting_range r, policy p;
END;
COMMENT ON FUNCTION present_basis() IS
'Internal: all that readings hang on but the histories: the day, where the report begins, and the policy';

CREATE OR REPLACE FUNCTION is_stored(reading text) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000
BEGIN ATOMIC
    -- who sees some accounts alone gets figures of these
    SELECT NOT row_security_active('account'::regclass::oid)
       AND EXISTS (SELECT 1 FROM stored_reading s WHERE s.reading = $1 AND s.basis = present_basis());
END;
COMMENT ON FUNCTION is_stored(text) IS
'Internal: may a reading be taken from its table: is it of today and of the present definitions, and of all accounts?';

CREATE OR REPLACE FUNCTION dimensions_in_use() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT array_remove(ARRAY[CASE WHEN count(a.segment) > 0 THEN 'segment' END,
                              CASE WHEN count(a.plan) > 0 THEN 'plan' END,
                              CASE WHEN count(a.lifecycle_stage) > 0 THEN 'lifecycle_stage' END,
                              CASE WHEN count(a.onboarding_path) > 0 THEN 'onboarding_path' END,
                              CASE WHEN count(a.region) > 0 THEN 'region' END,
                              CASE WHEN count(a.owner) > 0 THEN 'owner' END], NULL)
    FROM account a;
END;
COMMENT ON FUNCTION dimensions_in_use() IS 'Internal: the attributes of accounts that any account has a value of';

CREATE OR REPLACE FUNCTION dimension_of(of_changed boolean) RETURNS TABLE (
    account_id @account_id@, dimension text, value text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT d.account_id, d.dimension, d.value FROM account_dimension d WHERE NOT $1
    UNION ALL
    SELECT k.account_id, d.dimension, coalesce(d.value, '(none)')
    FROM (SELECT array_agg(DISTINCT u.dimension) AS in_use FROM stored_reading s, unnest(s.dimensions) u(dimension)) s,
         changed_key k LEFT JOIN account n USING (account_id),
         LATERAL (VALUES ('all', 'all'), ('segment', n.segment), ('plan', n.plan),
                         ('lifecycle_stage', n.lifecycle_stage), ('onboarding_path', n.onboarding_path),
                         ('region', n.region), ('owner', n.owner)) d(dimension, value)
    WHERE $1 AND (d.dimension = 'all' OR d.dimension = ANY (s.in_use));
END;
COMMENT ON FUNCTION dimension_of(boolean) IS
'Internal: account_dimension, of all accounts, or of those alone that a refresh is about to write or has just written';

CREATE OR REPLACE FUNCTION is_additive(reading text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT $1 <> 'stored_movement'
        OR NOT (EXISTS (SELECT 1 FROM policy p WHERE p.entity_grain = 'subscription' OR p.report_currency IS NOT NULL)
                OR EXISTS (SELECT 1 FROM account_entity) OR EXISTS (SELECT 1 FROM revenue_state));
END;
COMMENT ON FUNCTION is_additive(text) IS
'Internal: is a reading the sum of what each account adds? Where accounts make up entities, movements are not.';
