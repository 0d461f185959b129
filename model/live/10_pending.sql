-- What is live: the views and functions of model/ made once more, in <model>_live_now, over relations that stand
-- here under the names of tables: what is stored of the accounts that are not pending, and what those that are come to
-- now. No rule is told a second time: how an account is read is read_<source>() and read_state(), as refresh does it.
--
-- csmetrics.once() runs a query once for all views that name it, as long as it must give the same, and looks names up
-- when it does, so that it may name what is made after it. Functions in PL/pgSQL are what it calls.

CREATE OR REPLACE VIEW found WITH (security_invoker) AS
SELECT NULL::text AS source, NULL::@account_id@ AS account_id WHERE false;
COMMENT ON VIEW found IS 'Internal: the form of what is found by source';

CREATE OR REPLACE FUNCTION unchanged(source text, keys @account_id@[]) RETURNS @account_id@[]
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $live$
DECLARE
    unchanged @account_id@[] := '{}';
BEGIN
    -- what is within the lag of a column was read by the last refresh, too
    IF source <> 'account' AND EXISTS (SELECT 1 FROM @model@.watch w
                                       WHERE w.source = unchanged.source AND w.method = 'column') THEN
        EXECUTE format('SELECT coalesce(array_agg(d.account_id), ''{}'')
                        FROM %1$I.account_digest d
                        JOIN (SELECT k.account_id, sum(k.digest) AS digest FROM %1$I.%2$I k
                              WHERE k.account_id = ANY ($1) GROUP BY k.account_id) n USING (account_id, digest)
                        WHERE d.source = $2', @internal_name@, 'kept_' || source) INTO unchanged USING keys, source;
    END IF;
    RETURN unchanged;
END
$live$;
COMMENT ON FUNCTION unchanged(text, @account_id@[]) IS
'Internal: which of these accounts have, of a source of which a column tells, the rows that the last refresh read';

CREATE OR REPLACE FUNCTION find_pending() RETURNS TABLE (source text, account_id @account_id@)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off AS $live$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH told AS (
        SELECT o.source, array_agg(DISTINCT o.account_id) AS keys
        FROM @live@.told o GROUP BY o.source
        HAVING bool_and(o.account_id IS NOT NULL))
    SELECT t.source, k
    FROM told t JOIN @model@.refreshed_source r ON r.source = t.source,
         LATERAL (SELECT @live@.unchanged(t.source, t.keys) AS keys OFFSET 0) u, unnest(t.keys) k
    -- those that the next refresh will read by key; see csmetrics.keyed_now and take_changes
    WHERE cardinality(t.keys) <= greatest(1000, (SELECT c.reltuples / 10 FROM pg_class c
                                                 WHERE c.oid = '@internal@.account_state'::regclass))
      AND r.swept_at IS NOT NULL AND r.policy_hash = csmetrics.policy_of_refresh(@model_name@)
      AND NOT (t.source = 'subscription' AND (SELECT p.report_currency IS NOT NULL FROM @model@.policy p))
      AND csmetrics.is_judged_alone(@model_name@, t.source)
      AND k <> ALL (u.keys)
      -- who sees some accounts alone hears of no other
      AND (NOT row_security_active('@model@.account'::regclass)
           OR k IN (SELECT a.account_id FROM @model@.account a));
END
$live$;
COMMENT ON FUNCTION find_pending() IS
'Internal: the accounts that may have changed since the last refresh, by source, of the sources that are live';

CREATE OR REPLACE VIEW pending WITH (security_invoker) AS
SELECT p.source, p.account_id
FROM once($live$SELECT p.source, p.account_id FROM @live@.find_pending() p$live$, NULL::found) p;
COMMENT ON VIEW pending IS
'Internal: the accounts that may have changed since the last refresh, by source, of the sources that are live';

CREATE OR REPLACE FUNCTION is_pending() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000 SET search_path = pg_catalog, pg_temp AS $live$
BEGIN
    -- most of the time no more than this is asked
    RETURN @live@.is_told() AND EXISTS (SELECT 1 FROM @live@.pending p);
END
$live$;
COMMENT ON FUNCTION is_pending() IS 'Internal: may any account have changed since the last refresh?';

CREATE OR REPLACE VIEW changed_key WITH (security_invoker) AS
SELECT p.account_id FROM pending p
UNION
-- what merged into another is part of its score
SELECT e.entity_id FROM account_entity e JOIN pending p USING (account_id)
WHERE e.is_merged AND e.entity_id <> e.account_id;
COMMENT ON VIEW changed_key IS 'Internal: the accounts that may have changed since the last refresh';

-- The accounts themselves.

CREATE OR REPLACE VIEW form_account WITH (security_invoker) AS
SELECT r.* FROM read_account() r WHERE false;
COMMENT ON VIEW form_account IS 'Internal: the form of what is read of accounts';

CREATE OR REPLACE FUNCTION find_account() RETURNS SETOF form_account
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off AS $live$
DECLARE
    keys @account_id@[] := ARRAY(SELECT p.account_id FROM @live@.pending p WHERE p.source = 'account');
BEGIN
    IF keys <> '{}' THEN
        -- one that is there twice stops a refresh
        RETURN QUERY SELECT DISTINCT ON (r.account_id) r.* FROM @internal@.read_account(keys) r ORDER BY r.account_id;
    END IF;
END
$live$;
COMMENT ON FUNCTION find_account() IS 'Internal: the accounts that may have changed, as their source has them now';

CREATE OR REPLACE VIEW fresh_account WITH (security_invoker) AS
SELECT f.* FROM once($live$SELECT f.* FROM @live@.find_account() f$live$, NULL::form_account) f;
COMMENT ON VIEW fresh_account IS 'Internal: the accounts that may have changed, as their source has them now';

CREATE OR REPLACE VIEW account WITH (security_invoker) AS
SELECT a.account_id, a.name, a.segment, a.plan, a.lifecycle_stage, a.onboarding_path, a.region, a.owner, a.parent_id,
       a.created_on, a.seats, a.time_zone, a.is_test
FROM account a WHERE a.account_id NOT IN (SELECT p.account_id FROM pending p WHERE p.source = 'account')
UNION ALL
SELECT f.account_id, f.name, f.segment, f.plan, f.lifecycle_stage, f.onboarding_path, f.region, f.owner, f.parent_id,
       f.created_on, f.seats, f.time_zone, f.is_test
FROM fresh_account f;
COMMENT ON VIEW account IS 'The accounts and their attributes, with what changed since the last refresh';

CREATE OR REPLACE FUNCTION find_left_out() RETURNS SETOF left_out_account
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off AS $live$
DECLARE
    keys @account_id@[] := ARRAY(SELECT p.account_id FROM @live@.pending p WHERE p.source = 'account');
BEGIN
    IF keys <> '{}' THEN
        RETURN QUERY
        SELECT r.account_id
        FROM @live@.read_left_out(EXISTS (SELECT 1 FROM @model@.quality_rule q
                                          WHERE q.source = 'account' AND q.is_enabled AND q.quarantine), keys) r;
    END IF;
END
$live$;
COMMENT ON FUNCTION find_left_out() IS 'Internal: which of the accounts that may have changed are left out now';

CREATE OR REPLACE VIEW left_out_account WITH (security_invoker) AS
SELECT l.account_id FROM left_out_account l
WHERE l.account_id NOT IN (SELECT p.account_id FROM pending p WHERE p.source = 'account')
UNION ALL
SELECT f.account_id FROM once($live$SELECT f.* FROM @live@.find_left_out() f$live$, NULL::left_out_account) f;
COMMENT ON VIEW left_out_account IS 'Internal: the accounts that are left out, with what changed';

-- What is to be read of which account.

CREATE OR REPLACE FUNCTION forced() RETURNS TABLE (source text, account_id @account_id@)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 100 SET search_path = pg_catalog, pg_temp SET jit = off AS $live$
#variable_conflict use_column
DECLARE
    keys @account_id@[] := ARRAY(SELECT p.account_id FROM @live@.pending p WHERE p.source = 'account');
    now_out @account_id@[];
    was_out @account_id@[];
BEGIN
    IF keys = '{}' THEN
        RETURN;
    END IF;
    now_out := ARRAY(SELECT f.account_id FROM @live@.find_left_out() f);
    was_out := ARRAY(SELECT l.account_id FROM @internal@.left_out_account l WHERE l.account_id = ANY (keys));
    RETURN QUERY
    -- all that is their own comes or goes with them
    SELECT s, k FROM unnest(keys) k, unnest(csmetrics.fact_sources()) s
    WHERE (k = ANY (now_out)) <> (k = ANY (was_out))
    UNION ALL
    -- the days of use are those of its time zone
    SELECT 'usage', k
    FROM unnest(keys) k LEFT JOIN @live@.fresh_account f ON f.account_id = k
         LEFT JOIN @model@.account a ON a.account_id = k
    WHERE f.time_zone IS DISTINCT FROM a.time_zone;
END
$live$;
COMMENT ON FUNCTION forced() IS
'Internal: the accounts of which sources are to be read whose rows did not change, since the account did';

CREATE OR REPLACE VIEW find_change WITH (security_invoker) AS
WITH told AS (SELECT p.source, p.account_id FROM pending p UNION SELECT f.source, f.account_id FROM forced() f)
SELECT t.source, t.account_id FROM told t
UNION
-- revenue of an entity is made of that of all of its accounts
SELECT 'subscription', m.account_id
FROM told t JOIN account_entity e ON t.account_id IN (e.account_id, e.entity_id)
     JOIN account_entity o ON o.entity_id = e.entity_id, LATERAL (VALUES (o.account_id), (o.entity_id)) m(account_id)
WHERE t.source = 'subscription'
UNION
-- the entities themselves, of which some account is read
SELECT 'entity', coalesce(e.entity_id, t.account_id)
FROM told t LEFT JOIN account_entity e USING (account_id) WHERE t.source = 'subscription'
UNION
SELECT 'entity', t.account_id FROM told t WHERE t.source = 'subscription';
COMMENT ON VIEW find_change IS 'Internal: the accounts to be read, by source, and the entities that they touch';

CREATE OR REPLACE VIEW fresh_change WITH (security_invoker) AS
SELECT c.source, c.account_id
FROM once($live$SELECT c.source, c.account_id FROM @live@.find_change c$live$, NULL::found) c;
COMMENT ON VIEW fresh_change IS
'Internal: the accounts to be read, by source, and the entities that they touch: once a state of the database';

CREATE OR REPLACE VIEW fresh_key WITH (security_invoker) AS
SELECT c.account_id, array_remove(array_agg(CASE WHEN c.source <> 'account' THEN c.source END), NULL) AS sources
FROM fresh_change c WHERE c.source <> 'entity' GROUP BY c.account_id;
COMMENT ON VIEW fresh_key IS
'Internal: the accounts whose histories are to be made, and the sources of which they are read';
