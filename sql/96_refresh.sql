-- Refresh: what the sources say now becomes histories. It comes after all that it asks: who is who, which rows count, who belongs to whom.
CREATE PROCEDURE resolve_entities(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp AS $resolve$
DECLARE
    wrong text;
BEGIN
    PERFORM require_model(model);
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    EXECUTE format($query$
        WITH RECURSIVE account AS (SELECT account_id, parent_id FROM %1$s AS kept WHERE is_test IS NOT TRUE OR (SELECT test_account_rule FROM policy) = 'count'),
        parent AS (SELECT account_id, parent_id, coalesce(starts_on, '-infinity') AS starts_on, coalesce(ends_on, 'infinity') AS ends_on, coalesce(is_merger, false) AS is_merger FROM %2$s AS kept),
        -- to a parent that there is, other than itself
        belongs AS MATERIALIZED (
            SELECT row_number() OVER () AS nr, b.* FROM (
                SELECT account_id, parent_id, starts_on, ends_on FROM parent WHERE is_merger OR (SELECT entity_grain FROM policy) = 'parent'
                UNION ALL
                SELECT account_id, parent_id, '-infinity', 'infinity' FROM account
                WHERE (SELECT entity_grain FROM policy) = 'parent' AND account_id NOT IN (SELECT account_id FROM parent WHERE account_id IS NOT NULL)) b
            WHERE account_id <> parent_id AND starts_on < ends_on AND account_id IN (SELECT account_id FROM account) AND parent_id IN (SELECT account_id FROM account)),
        path AS (
            SELECT account_id, parent_id, starts_on, ends_on, ARRAY[account_id, parent_id] AS seen, false AS is_round FROM belongs
            UNION ALL
            SELECT p.account_id, b.parent_id, greatest(p.starts_on, b.starts_on), least(p.ends_on, b.ends_on), p.seen || b.parent_id, b.parent_id = ANY (p.seen)
            FROM path p JOIN belongs b ON b.account_id = p.parent_id AND b.starts_on < p.ends_on AND p.starts_on < b.ends_on
            WHERE NOT p.is_round),
        -- the days on which it may come to belong to another; those that others belong to have all of time, too
        edge AS (
            SELECT account_id, starts_on AS day FROM path UNION SELECT account_id, ends_on FROM path
            UNION SELECT a.account_id, d.day FROM path p, LATERAL (VALUES (p.account_id), (p.parent_id)) a(account_id), (VALUES ('-infinity'::date), ('infinity')) d(day)),
        span AS (
            SELECT account_id, day AS starts_on, lead(day) OVER (PARTITION BY account_id ORDER BY day) AS ends_on FROM edge),
        member AS (
            -- the farthest of those that it belongs to then, or itself
            SELECT s.account_id, s.starts_on, s.ends_on,
                   coalesce((SELECT p.parent_id FROM path p WHERE p.account_id = s.account_id AND p.starts_on <= s.starts_on AND p.ends_on >= s.ends_on ORDER BY cardinality(p.seen) DESC LIMIT 1), s.account_id) AS entity_id
            FROM span s WHERE s.ends_on IS NOT NULL),
        cut AS (
            SELECT entity_id, day AS starts_on, lead(day) OVER (PARTITION BY entity_id ORDER BY day) AS ends_on
            FROM (SELECT entity_id, starts_on AS day FROM member UNION SELECT entity_id, ends_on FROM member) d),
        fresh AS MATERIALIZED (
            SELECT m.account_id, m.entity_id, c.starts_on, c.ends_on
            FROM member m JOIN cut c ON c.entity_id = m.entity_id AND c.starts_on >= m.starts_on AND c.ends_on <= m.ends_on),
        gone AS (
            DELETE FROM account_entity AS old WHERE NOT EXISTS (SELECT FROM fresh f WHERE f.account_id = old.account_id AND f.starts_on = old.starts_on)),
        changed AS (
            INSERT INTO account_entity AS old (account_id, entity_id, starts_on, ends_on)
            SELECT DISTINCT ON (account_id, starts_on) account_id, entity_id, starts_on, ends_on FROM fresh
            ON CONFLICT (account_id, starts_on) DO UPDATE SET (entity_id, ends_on) = ROW (excluded.entity_id, excluded.ends_on)
            WHERE (old.entity_id, old.ends_on) <> (excluded.entity_id, excluded.ends_on))
        SELECT min(complaint) FROM (
            SELECT format('account %%s belongs to %%s and to %%s at one time, on %%s', a.account_id, a.parent_id, b.parent_id, greatest(a.starts_on, b.starts_on)) AS complaint
            FROM belongs a JOIN belongs b ON b.account_id = a.account_id AND b.starts_on < a.ends_on AND a.starts_on < b.ends_on AND a.nr < b.nr
            UNION ALL
            SELECT format('account %%s belongs to itself, on %%s: %%s', account_id, starts_on, array_to_string(seen, ' > ')) FROM path WHERE is_round) c $query$,
        kept_rows(model, 'account'), kept_rows(model, 'parent')) INTO wrong;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'source "parent": %', wrong
            USING ERRCODE = 'invalid_parameter_value', HINT = 'At any time an account belongs to one other at most, and never to itself; see source_parent, and parent_id of source_account. Nothing was changed.';
    END IF;
    ANALYZE account_entity;
END
$resolve$;
COMMENT ON PROCEDURE resolve_entities(text) IS
'Internal: brings account_entity up to date with source_parent and the parents of source_account, as refresh begins. An account that belongs to two others at one time, or to itself by way of others: SQLSTATE 22023.';

CREATE PROCEDURE refresh(model text)
LANGUAGE plpgsql SET search_path = csmetrics, pg_temp SET row_security = off AS $refresh$
DECLARE
    state record;
    source record;
    wrong record;
    started timestamptz := clock_timestamp();
    written bigint;
    removed bigint;
    accounts text;
BEGIN
    PERFORM require_model(model);
    PERFORM require_all_rows(model, '^source_');
    PERFORM set_config('search_path', format('%I, csmetrics, pg_temp', model), true);
    accounts := kept_rows(model, 'account');
    -- one refresh at a time; readers go on
    FOR state IN SELECT name FROM model_state ORDER BY name LOOP
        EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', state.name);
    END LOOP;

    CALL resolve_identities(model);
    CALL resolve_entities(model);

    RAISE NOTICE 'refreshing model "%": checking the sources ...', model;
    FOR source IN SELECT q.source AS name, string_agg(q.rule, ', ' ORDER BY q.rule) AS rules FROM quality_rule q WHERE q.is_enabled AND q.quarantine GROUP BY q.source ORDER BY q.source LOOP
        RAISE NOTICE 'refreshing model "%": % rows of source "%" left out, in quarantine by: %', model, left_out_count(model, source.name), source.name, source.rules;
    END LOOP;
    FOR source IN
        SELECT c.source AS name, string_agg(format('WHEN %s THEN %s', failing, complaint), ' ' ORDER BY position) AS complaint,
               CASE WHEN EXISTS (SELECT FROM source_column k WHERE k.source = c.source AND k.name = 'account_id') THEN $$format(', account %s', coalesce(account_id::text, 'NULL'))$$ ELSE $$''$$ END AS whose
        FROM source_check c GROUP BY c.source ORDER BY c.source
    LOOP
        EXECUTE format('SELECT whose, complaint FROM (SELECT %s AS whose, CASE %s END AS complaint FROM %s AS kept) AS s WHERE complaint IS NOT NULL LIMIT 1',
                       source.whose, source.complaint, kept_rows(model, source.name)) INTO wrong;
        IF wrong.complaint IS NOT NULL THEN
            RAISE EXCEPTION 'source "%"%: %', source.name, wrong.whose, wrong.complaint
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = 'Mend the row, leave it out in the query given to csmetrics.map, or put its rule in quarantine; CALL csmetrics.validate finds all such rows. Nothing was changed.';
        END IF;
    END LOOP;

    EXECUTE format('SELECT count(*) AS wrong_count, min(account_id::text) AS account_id FROM (SELECT account_id FROM %s AS kept GROUP BY account_id HAVING count(*) > 1 OR account_id IS NULL LIMIT 1) AS s', accounts) INTO wrong;
    IF wrong.wrong_count > 0 THEN
        RAISE EXCEPTION 'source "account": account_id % is %', coalesce(wrong.account_id, 'NULL'),
            CASE WHEN wrong.account_id IS NULL THEN 'missing' ELSE 'there twice' END
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'The query given to csmetrics.map must have one row an account. Nothing was changed.';
    END IF;

    RAISE NOTICE 'refreshing model "%": building the histories ...', model;
    FOR state IN
        SELECT t.name, t.keys, array_agg(h.name ORDER BY h.position) AS names,
               -- one row of the policy, called rules, stands beside every row of the source
               string_agg(format('%1$I AS (SELECT %2$s, %3$s AS %1$I FROM %4$s AS %7$I %5$s, (SELECT policy AS rules FROM policy) AS p WHERE %6$s GROUP BY %2$s)',
                                 h.name, spelled(t.keys, '%I'), h.expression, coalesce('(' || replace(t.rows, '{rows}', kept_rows(model, h.source)) || ')', kept_rows(model, h.source)),
                                 CASE WHEN h.with_zone THEN format('LEFT JOIN (SELECT account_id, time_zone AS account_zone FROM %s AS kept) AS account USING (account_id)', accounts) END,
                                 h.condition, 'source_' || h.source), ', ' ORDER BY h.position) AS histories
        FROM model_state t JOIN model_history h ON h.state = t.name GROUP BY t.name, t.keys ORDER BY cardinality(t.keys), t.name
    LOOP
        EXECUTE format($query$
            WITH %1$s,
            fresh AS MATERIALIZED (
                SELECT %2$s, %3$s FROM %4$s %5$s JOIN %11$s AS account USING (account_id)
                WHERE (account.is_test IS NOT TRUE OR (SELECT test_account_rule FROM policy) = 'count') %12$s),
            gone AS (
                DELETE FROM %6$I AS old WHERE NOT EXISTS (SELECT FROM fresh WHERE (%7$s) = (%8$s))
                RETURNING 1),
            changed AS (
                INSERT INTO %6$I AS old SELECT * FROM fresh
                ON CONFLICT (%2$s) DO UPDATE SET (%3$s) = ROW (%9$s)
                WHERE (%10$s) IS DISTINCT FROM (%9$s)
                RETURNING 1)
            SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone) $query$,
            state.histories, spelled(state.keys, '%I'), spelled(state.names, '%I'),
            spelled(state.names[1:1], '%I') || coalesce(spelled(state.names[2:], format(' FULL JOIN %%I USING (%s)', spelled(state.keys, '%I')), ''), ''),
            -- every account has a row, and only the users that there are
            CASE WHEN cardinality(state.keys) = 1 THEN 'FULL' ELSE 'LEFT' END,
            state.name, spelled(state.keys, 'fresh.%I'), spelled(state.keys, 'old.%I'), spelled(state.names, 'excluded.%I'), spelled(state.names, 'old.%I'), accounts,
            -- an account in quarantine takes what is its own with it; one that was never there does not
            CASE WHEN accounts <> 'source_account' THEN 'AND (account.account_id IS NOT NULL OR account_id NOT IN (SELECT account_id FROM source_account WHERE account_id IS NOT NULL))' END)
        INTO written, removed;
        EXECUTE format('ANALYZE %I', state.name);
        RAISE NOTICE 'refreshed model "%": % rows of % written, % removed, in % s', model, written, state.name, removed,
            round(extract(epoch FROM clock_timestamp() - started), 1);
    END LOOP;
END
$refresh$;
COMMENT ON PROCEDURE refresh(text) IS
'Brings account_state and its like up to date with the sources: rows of accounts and users whose history changed are written, those that are gone removed, in one transaction that readers do not wait for. A row that cannot be right (see source_check) stops it with SQLSTATE 22023, names the account and leaves everything as it was. Rows that rules with quarantine in quality_rule find are left out, accounts with all that is their own, and counted in a NOTICE. A caller from whom row-level security may hide rows is refused: SQLSTATE 42501.';
