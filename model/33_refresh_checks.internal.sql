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

CREATE OR REPLACE FUNCTION force_moved() RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH moved AS (
        INSERT INTO fresh_change (source, account_id, is_forced)
        SELECT 'usage', account_id, true
        FROM fresh_account f FULL JOIN account a USING (account_id)
        WHERE f.time_zone IS DISTINCT FROM a.time_zone
        RETURNING 1)
    SELECT count(*) FROM moved;
END;
COMMENT ON FUNCTION force_moved() IS
'Internal: has the usage read of accounts that, as read, have another time zone than the last refresh saw; how many';

CREATE OR REPLACE FUNCTION force_moved_of_key() RETURNS bigint
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH moved AS (
        INSERT INTO fresh_change (source, account_id, is_forced)
        SELECT 'usage', k.account_id, true
        FROM fresh_key k LEFT JOIN fresh_account f USING (account_id) LEFT JOIN account a USING (account_id)
        WHERE f.time_zone IS DISTINCT FROM a.time_zone
        RETURNING 1)
    SELECT count(*) FROM moved;
END;
COMMENT ON FUNCTION force_moved_of_key() IS 'Internal: the same of the accounts of fresh_key';

CREATE OR REPLACE FUNCTION unseen_accounts() RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT count(*)
    FROM (SELECT c.account_id FROM changed_account() c
          UNION
          SELECT a.account_id FROM account a
          WHERE NOT EXISTS (SELECT 1 FROM fresh_account f WHERE f.account_id = a.account_id)) c
    WHERE NOT EXISTS (SELECT 1 FROM fresh_change s WHERE s.source = 'account' AND s.account_id = c.account_id)
      -- told of since
      AND NOT EXISTS (SELECT 1 FROM changed_row r WHERE r.source = 'account' AND r.key = c.account_id::text);
END;
COMMENT ON FUNCTION unseen_accounts() IS
'Internal: how many accounts, as read, are not as they are stored, and no watch had told of them';

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

CREATE OR REPLACE FUNCTION written_account(by_key boolean) RETURNS TABLE (account_id @account_id@)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT c.account_id FROM changed_account() c
    UNION ALL
    SELECT o.account_id FROM account o
    WHERE NOT $1 AND NOT EXISTS (SELECT 1 FROM fresh_account f WHERE f.account_id = o.account_id)
    UNION ALL
    SELECT k.account_id FROM fresh_key k JOIN account o USING (account_id)
    WHERE $1 AND NOT EXISTS (SELECT 1 FROM fresh_account f WHERE f.account_id = k.account_id);
END;
COMMENT ON FUNCTION written_account(boolean) IS
'Internal: the accounts that write_account() writes or removes; by_key: that write_account_of_key() does';
