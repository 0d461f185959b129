-- What refresh asks of the accounts that it read, before it writes any.

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
