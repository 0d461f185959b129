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

CREATE OR REPLACE FUNCTION history_of(of_changed boolean) RETURNS SETOF account_state
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT s.* FROM account_state s WHERE NOT $1 OR s.account_id = ANY (ARRAY(SELECT k.account_id FROM changed_key k));
END;
COMMENT ON FUNCTION history_of(boolean) IS
'Internal: the histories of all accounts, or of those alone that a refresh is about to write or has just written';

CREATE OR REPLACE FUNCTION present_basis(reading text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT concat_ws('/',
                     -- of months that are over, a day of the next one changes nothing
                     CASE WHEN $1 IN ('stored_way', 'stored_time_to_value_monthly')
                          THEN date_trunc('month', r.as_of_on + 1)::date ELSE r.as_of_on END,
                     -- of days to come, a day that passes is one that is over
                     CASE WHEN r.over_until_on <= r.as_of_on THEN r.over_until_on END,
                     r.from_on, p.report_from, (SELECT f.first_active_on FROM first_fact() f),
                     r.policy_hash)
    FROM reporting_range r, policy p;
END;
COMMENT ON FUNCTION present_basis(text) IS
'Internal: all that a reading hangs on but the histories: the day, where the report begins, and the policy';

CREATE OR REPLACE FUNCTION is_stored(reading text) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000
BEGIN ATOMIC
    -- who sees some accounts alone gets figures of these
    SELECT NOT row_security_active('account'::regclass::oid)
       AND EXISTS (SELECT 1 FROM stored_reading s WHERE s.reading = $1 AND s.basis = present_basis($1));
END;
COMMENT ON FUNCTION is_stored(text) IS
'Internal: may a reading be taken from its table: is it of today and of the present definitions, and of all accounts?';

CREATE OR REPLACE FUNCTION count_dimensions() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT array_remove(ARRAY[CASE WHEN count(a.segment) > 0 THEN 'segment' END,
                              CASE WHEN count(a.plan) > 0 THEN 'account_plan' END,
                              CASE WHEN count(a.lifecycle_stage) > 0 THEN 'lifecycle_stage' END,
                              CASE WHEN count(a.onboarding_path) > 0 THEN 'onboarding_path' END,
                              CASE WHEN count(a.region) > 0 THEN 'region' END,
                              CASE WHEN count(a.owner) > 0 THEN 'owner' END], NULL)
    FROM account a;
END;
COMMENT ON FUNCTION count_dimensions() IS
'Internal: the attributes of accounts that any account has a value of, looked for among all of them';

CREATE OR REPLACE FUNCTION dimensions_in_use() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT count_dimensions();
END;
COMMENT ON FUNCTION dimensions_in_use() IS 'Internal: the attributes of accounts that any account has a value of';

CREATE OR REPLACE FUNCTION is_additive(reading text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT $1 NOT IN ('stored_movement', 'stored_loss', 'stored_product_movement', 'stored_ahead')
        OR NOT (EXISTS (SELECT 1 FROM policy p WHERE p.entity_grain = 'subscription' OR p.report_currency IS NOT NULL)
                OR EXISTS (SELECT 1 FROM account_entity) OR EXISTS (SELECT 1 FROM revenue_state));
END;
COMMENT ON FUNCTION is_additive(text) IS
'Internal: is a reading the sum of what each account adds? Where accounts make up entities, movements are not.';

CREATE OR REPLACE FUNCTION hangs_on(reading text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE $1 WHEN 'stored_movement' THEN '{subscription}'::text[]
                   WHEN 'stored_loss' THEN '{subscription}'
                   WHEN 'stored_ahead' THEN '{subscription}'
                   WHEN 'stored_product_movement' THEN '{subscription}'
                   WHEN 'stored_ticket' THEN '{ticket}'
                   WHEN 'stored_answer' THEN '{survey}'
                   WHEN 'stored_active' THEN '{usage}'
                   WHEN 'stored_retention' THEN '{usage}'
                   WHEN 'stored_way' THEN '{milestone,subscription}'
                   WHEN 'stored_way_now' THEN '{milestone,subscription}' END;
END;
COMMENT ON FUNCTION hangs_on(text) IS
'Internal: the sources of which the histories are that a sum is made of, besides attributes of accounts; NULL: any';
