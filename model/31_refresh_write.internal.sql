-- What refresh stores: a function a table, which brings it up to date with what was read, and tells how many rows it
-- wrote and removed. Rows that are as they were are not touched: record_image_ne compares bytes, as states are
-- canonical, and needs no operator of ours, which IS DISTINCT FROM would look for on a path that a dump does not have.

CREATE OR REPLACE FUNCTION changed_account() RETURNS TABLE (
    account_id @account_id@, name text, segment text, plan text, lifecycle_stage text, onboarding_path text,
    region text, owner text, parent_id @account_id@, created_on date, seats numeric, time_zone text, is_test boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.account_id, f.name, f.segment, f.plan, f.lifecycle_stage, f.onboarding_path, f.region, f.owner,
           f.parent_id, f.created_on, f.seats, f.time_zone, f.is_test
    FROM fresh_account f LEFT JOIN account o USING (account_id)
    WHERE o.account_id IS NULL
       OR record_image_ne(
              ROW (f.name, f.segment, f.plan, f.lifecycle_stage, f.onboarding_path, f.region, f.owner, f.parent_id,
                   f.created_on, f.seats, f.time_zone, f.is_test),
              ROW (o.name, o.segment, o.plan, o.lifecycle_stage, o.onboarding_path, o.region, o.owner, o.parent_id,
                   o.created_on, o.seats, o.time_zone, o.is_test));
END;
COMMENT ON FUNCTION changed_account() IS 'Internal: the accounts that were read and are new, or not as they are stored';

CREATE OR REPLACE FUNCTION write_account(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM account o WHERE NOT EXISTS (SELECT 1 FROM fresh_account f WHERE f.account_id = o.account_id)
        RETURNING 1),
    changed AS (
        INSERT INTO account AS o SELECT f.* FROM changed_account() f
        ON CONFLICT (account_id) DO UPDATE SET
            (name, segment, plan, lifecycle_stage, onboarding_path, region, owner, parent_id, created_on, seats,
             time_zone, is_test)
            = ROW (excluded.name, excluded.segment, excluded.plan, excluded.lifecycle_stage, excluded.onboarding_path,
                   excluded.region, excluded.owner, excluded.parent_id, excluded.created_on, excluded.seats,
                   excluded.time_zone, excluded.is_test)
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_account() IS
'Internal: stores the accounts that were read, of all; rows written and removed';

CREATE OR REPLACE FUNCTION write_account_of_key(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM account o USING fresh_key k
        WHERE k.account_id = o.account_id
          AND NOT EXISTS (SELECT 1 FROM fresh_account f WHERE f.account_id = o.account_id)
        RETURNING 1),
    changed AS (
        INSERT INTO account AS o SELECT f.* FROM changed_account() f
        ON CONFLICT (account_id) DO UPDATE SET
            (name, segment, plan, lifecycle_stage, onboarding_path, region, owner, parent_id, created_on, seats,
             time_zone, is_test)
            = ROW (excluded.name, excluded.segment, excluded.plan, excluded.lifecycle_stage, excluded.onboarding_path,
                   excluded.region, excluded.owner, excluded.parent_id, excluded.created_on, excluded.seats,
                   excluded.time_zone, excluded.is_test)
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_account_of_key() IS
'Internal: stores the accounts that were read, of those of fresh_key; rows written and removed';

CREATE OR REPLACE FUNCTION read_left_out(in_quarantine boolean, only_keys @account_id@[] DEFAULT NULL)
RETURNS TABLE (account_id @account_id@)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    (SELECT s.account_id FROM source_account s
     WHERE in_quarantine AND s.account_id IS NOT NULL AND (only_keys IS NULL OR s.account_id = ANY (only_keys))
     EXCEPT SELECT a.account_id FROM account a WHERE in_quarantine)
    UNION
    SELECT a.account_id FROM account a
    WHERE a.is_test AND (SELECT p.test_account_rule <> 'count' FROM policy p)
      AND (only_keys IS NULL OR a.account_id = ANY (only_keys));
END;
COMMENT ON FUNCTION read_left_out(boolean, @account_id@[]) IS
'Internal: which accounts are left out, of all or of these: test accounts and, if there are any, those in quarantine';

CREATE OR REPLACE FUNCTION write_left_out_account(in_quarantine boolean, OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH fresh AS (SELECT r.account_id FROM read_left_out(in_quarantine) r),
    gone AS (
        DELETE FROM left_out_account o
        WHERE o.account_id NOT IN (SELECT f.account_id FROM fresh f)
        RETURNING o.account_id),
    changed AS (
        INSERT INTO left_out_account SELECT f.account_id FROM fresh f ON CONFLICT DO NOTHING RETURNING account_id),
    -- all that is their own comes or goes with them
    forced AS (
        INSERT INTO fresh_change (source, account_id, is_forced)
        SELECT s, m.account_id, true
        FROM (SELECT g.account_id FROM gone g UNION ALL SELECT c.account_id FROM changed c) m,
             unnest(fact_sources()) s)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_left_out_account(boolean) IS
'Internal: stores which accounts are left out, test accounts and, if there are any, those in quarantine; rows written '
'and removed';

CREATE OR REPLACE FUNCTION write_left_out_account_of_key(in_quarantine boolean, OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH fresh AS (
        SELECT r.account_id
        FROM read_left_out(in_quarantine, ARRAY(SELECT k.account_id FROM fresh_key k)) r),
    gone AS (
        DELETE FROM left_out_account o
        WHERE o.account_id IN (SELECT k.account_id FROM fresh_key k)
          AND o.account_id NOT IN (SELECT f.account_id FROM fresh f)
        RETURNING o.account_id),
    changed AS (
        INSERT INTO left_out_account SELECT f.account_id FROM fresh f ON CONFLICT DO NOTHING RETURNING account_id),
    -- all that is their own comes or goes with them
    forced AS (
        INSERT INTO fresh_change (source, account_id, is_forced)
        SELECT s, m.account_id, true
        FROM (SELECT g.account_id FROM gone g UNION ALL SELECT c.account_id FROM changed c) m,
             unnest(fact_sources()) s)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_left_out_account_of_key(boolean) IS
'Internal: the same of the accounts of fresh_key; rows written and removed';

CREATE OR REPLACE FUNCTION write_fx_rate(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM fx_rate o
        WHERE NOT EXISTS (SELECT 1 FROM fresh_fx_rate f WHERE f.currency = o.currency AND f.on_date = o.on_date)
        RETURNING 1),
    changed AS (
        INSERT INTO fx_rate AS o SELECT f.currency, f.on_date, f.rate FROM fresh_fx_rate f
        ON CONFLICT (currency, on_date) DO UPDATE SET rate = excluded.rate WHERE o.rate <> excluded.rate
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_fx_rate() IS 'Internal: stores the rates that were read; rows written and removed';

CREATE OR REPLACE FUNCTION belonging() RETURNS TABLE (
    account_id @account_id@, parent_id @account_id@, starts_on date, ends_on date, is_merger boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- to a parent that there is, other than itself
    WITH known AS (
        SELECT a.account_id, a.parent_id FROM account a
        WHERE a.account_id NOT IN (SELECT l.account_id FROM left_out_account l))
    SELECT b.account_id, b.parent_id, b.starts_on, b.ends_on, b.is_merger
    FROM policy p,
         LATERAL (
             SELECT f.account_id, f.parent_id, f.starts_on, f.ends_on, f.is_merger FROM fresh_parent f
             WHERE f.is_merger OR p.entity_grain = 'parent'
             UNION ALL
             SELECT k.account_id, k.parent_id, '-infinity', 'infinity', false FROM known k
             WHERE p.entity_grain = 'parent'
               AND k.account_id NOT IN (SELECT f.account_id FROM fresh_parent f WHERE f.account_id IS NOT NULL)) b
    WHERE b.account_id <> b.parent_id AND b.starts_on < b.ends_on
      AND b.account_id IN (SELECT k.account_id FROM known k) AND b.parent_id IN (SELECT k.account_id FROM known k);
END;
COMMENT ON FUNCTION belonging() IS
'Internal: which account belongs to which, and when, as source_parent and the attributes of accounts say';

CREATE OR REPLACE FUNCTION belonging_path() RETURNS TABLE (
    account_id @account_id@, parent_id @account_id@, starts_on date, ends_on date, seen @account_id@[],
    is_round boolean)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH RECURSIVE belongs AS MATERIALIZED (
        SELECT b.account_id, b.parent_id, b.starts_on, b.ends_on FROM belonging() b),
    path AS (
        SELECT b.account_id, b.parent_id, b.starts_on, b.ends_on, ARRAY[b.account_id, b.parent_id] AS seen,
               false AS is_round
        FROM belongs b
        UNION ALL
        SELECT p.account_id, b.parent_id, greatest(p.starts_on, b.starts_on), least(p.ends_on, b.ends_on),
               p.seen || b.parent_id, b.parent_id = ANY (p.seen)
        FROM path p
        JOIN belongs b ON b.account_id = p.parent_id AND b.starts_on < p.ends_on AND p.starts_on < b.ends_on
        WHERE NOT p.is_round)
    SELECT p.account_id, p.parent_id, p.starts_on, p.ends_on, p.seen, p.is_round FROM path p;
END;
COMMENT ON FUNCTION belonging_path() IS
'Internal: to which accounts each account belongs by way of others, and when; is_round where that leads back';

CREATE OR REPLACE FUNCTION belonging_complaint() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH belongs AS (SELECT row_number() OVER () AS nr, b.* FROM belonging() b)
    SELECT min(c.complaint) FROM (
        SELECT format('account %s belongs to %s and to %s at one time, on %s', a.account_id, a.parent_id, b.parent_id,
                      greatest(a.starts_on, b.starts_on)) AS complaint
        FROM belongs a
        JOIN belongs b ON b.account_id = a.account_id AND b.starts_on < a.ends_on AND a.starts_on < b.ends_on
             AND a.nr < b.nr
        UNION ALL
        SELECT format('account %s belongs to itself, on %s: %s', p.account_id, p.starts_on,
                      array_to_string(p.seen, ' > '))
        FROM belonging_path() p WHERE p.is_round) c;
END;
COMMENT ON FUNCTION belonging_complaint() IS
'Internal: what cannot be of parents: two at one time, or an account under itself; NULL: nothing';

CREATE OR REPLACE FUNCTION write_account_entity(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH path AS MATERIALIZED (SELECT p.* FROM belonging_path() p),
    -- the days on which it may come to belong to another; those that others belong to have all of time, too
    edge AS (
        SELECT account_id, starts_on AS day FROM path UNION SELECT account_id, ends_on FROM path
        UNION
        SELECT a.account_id, d.day
        FROM path p, LATERAL (VALUES (p.account_id), (p.parent_id)) a(account_id),
             (VALUES ('-infinity'::date), ('infinity')) d(day)),
    span AS (
        SELECT account_id, day AS starts_on, lead(day) OVER (PARTITION BY account_id ORDER BY day) AS ends_on
        FROM edge),
    member AS (
        -- the farthest of those that it belongs to then, or itself
        SELECT s.account_id, s.starts_on, s.ends_on,
               coalesce((SELECT p.parent_id FROM path p
                         WHERE p.account_id = s.account_id AND p.starts_on <= s.starts_on AND p.ends_on >= s.ends_on
                         ORDER BY cardinality(p.seen) DESC LIMIT 1), s.account_id) AS entity_id
        FROM span s WHERE s.ends_on IS NOT NULL),
    cut AS (
        SELECT entity_id, day AS starts_on, lead(day) OVER (PARTITION BY entity_id ORDER BY day) AS ends_on
        FROM (SELECT entity_id, starts_on AS day FROM member UNION SELECT entity_id, ends_on FROM member) d),
    merger AS MATERIALIZED (SELECT b.account_id, b.starts_on, b.ends_on FROM belonging() b WHERE b.is_merger),
    fresh AS MATERIALIZED (
        SELECT DISTINCT ON (m.account_id, c.starts_on) m.account_id, m.entity_id, c.starts_on, c.ends_on,
               EXISTS (SELECT 1 FROM merger g
                       WHERE g.account_id = m.account_id AND g.starts_on <= c.starts_on AND g.ends_on >= c.ends_on)
                   AS is_merged
        FROM member m
        JOIN cut c ON c.entity_id = m.entity_id AND c.starts_on >= m.starts_on AND c.ends_on <= m.ends_on),
    gone AS (
        DELETE FROM account_entity o
        WHERE NOT EXISTS (SELECT 1 FROM fresh f WHERE f.account_id = o.account_id AND f.starts_on = o.starts_on)
        RETURNING 1),
    changed AS (
        INSERT INTO account_entity AS o (account_id, entity_id, starts_on, ends_on, is_merged)
        SELECT f.account_id, f.entity_id, f.starts_on, f.ends_on, f.is_merged FROM fresh f
        ON CONFLICT (account_id, starts_on)
        DO UPDATE SET (entity_id, ends_on, is_merged)
                      = ROW (excluded.entity_id, excluded.ends_on, excluded.is_merged)
        WHERE (o.entity_id, o.ends_on, o.is_merged) <> (excluded.entity_id, excluded.ends_on, excluded.is_merged)
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_account_entity() IS
'Internal: stores of which entity each account is a part, and when; rows written and removed';

CREATE OR REPLACE FUNCTION read_key() RETURNS TABLE (account_id @account_id@, sources text[])
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- those that were read, are new, are in no source of accounts, or came to be left out
    WITH key AS (
        SELECT d.account_id, d.source FROM fresh_digest d
        UNION ALL
        SELECT a.account_id, NULL FROM account a
        WHERE NOT EXISTS (SELECT 1 FROM account_state s WHERE s.account_id = a.account_id)
        UNION ALL
        SELECT s.account_id, NULL FROM account_state s
        WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.account_id = s.account_id)
        UNION ALL
        SELECT l.account_id, NULL FROM left_out_account l)
    SELECT k.account_id, array_remove(array_agg(k.source), NULL) FROM key k GROUP BY k.account_id;
END;
COMMENT ON FUNCTION read_key() IS
'Internal: the accounts whose row in account_state is to be made, and the sources of which they were read';

CREATE OR REPLACE FUNCTION read_changed_key() RETURNS TABLE (account_id @account_id@, sources text[])
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- those that were read, and those that may be new, gone or left out
    SELECT k.account_id, array_remove(array_agg(k.source), NULL)
    FROM (SELECT d.account_id, d.source FROM fresh_digest d
          UNION ALL SELECT c.account_id, NULL FROM fresh_change c WHERE c.source = 'account') k
    GROUP BY k.account_id;
END;
COMMENT ON FUNCTION read_changed_key() IS
'Internal: the same where the accounts that may have changed are known';

CREATE OR REPLACE FUNCTION kept_key() RETURNS TABLE (account_id @account_id@)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id FROM fresh_key k JOIN account a USING (account_id)
    UNION
    -- facts of accounts that were never there count
    SELECT f.account_id FROM fresh_subscription f
    WHERE f.revenue IS NOT NULL OR f.notice IS NOT NULL OR f.renewals IS NOT NULL
    UNION SELECT f.account_id FROM fresh_ticket f WHERE f.tickets IS NOT NULL
    UNION SELECT f.account_id FROM fresh_survey f WHERE f.answers IS NOT NULL
    UNION SELECT f.account_id FROM fresh_milestone f WHERE f.milestones IS NOT NULL
    UNION SELECT f.account_id FROM fresh_signal f WHERE f.signals IS NOT NULL
    UNION SELECT f.account_id FROM fresh_entitlement f WHERE f.entitled IS NOT NULL
    UNION SELECT f.account_id FROM fresh_usage f WHERE f.usage IS NOT NULL
    UNION
    -- and those of sources of which it was not read this time
    SELECT k.account_id FROM fresh_key k JOIN account_state s USING (account_id)
    WHERE NOT 'subscription' = ANY (k.sources)
          AND (s.revenue IS NOT NULL OR s.notice IS NOT NULL OR s.renewals IS NOT NULL)
       OR NOT 'ticket' = ANY (k.sources) AND s.tickets IS NOT NULL
       OR NOT 'survey' = ANY (k.sources) AND s.answers IS NOT NULL
       OR NOT 'milestone' = ANY (k.sources) AND s.milestones IS NOT NULL
       OR NOT 'signal' = ANY (k.sources) AND s.signals IS NOT NULL
       OR NOT 'entitlement' = ANY (k.sources) AND s.entitlements IS NOT NULL
       OR NOT 'usage' = ANY (k.sources) AND s.usage IS NOT NULL
    EXCEPT
    SELECT l.account_id FROM left_out_account l;
END;
COMMENT ON FUNCTION kept_key() IS 'Internal: those accounts of fresh_key that have a row in account_state';

CREATE OR REPLACE FUNCTION mark_coming() RETURNS void LANGUAGE sql
BEGIN ATOMIC
    UPDATE fresh_key k SET sources = k.sources || 'account'::text
    WHERE EXISTS (SELECT 1 FROM stored_reading)
      AND EXISTS (SELECT 1 FROM account_state s WHERE s.account_id = k.account_id)
          <> (k.account_id IN (SELECT x.account_id FROM kept_key() x));
END;
COMMENT ON FUNCTION mark_coming() IS
'Internal: names account among the sources of those accounts of fresh_key that come or go: sums count them, of '
'whichever source they are';

CREATE OR REPLACE FUNCTION read_state() RETURNS TABLE (
    account_id @account_id@, revenue mrr_timeline, notice mrr_timeline, milestones milestones, tickets tickets,
    answers answers, usage activity, features feature_usage, entitlements mrr_timeline, renewals date[],
    signals signals, waits ticket_wait[], called_off mrr_timeline, overdue mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id, n.revenue, n.notice, n.milestones, n.tickets, n.answers, n.usage, n.features, n.entitlements,
           n.renewals, n.signals, n.waits, n.called_off, n.overdue
    FROM fresh_key k
    LEFT JOIN account_state o USING (account_id)
    LEFT JOIN (SELECT f.account_id, rollup(f.revenue) AS revenue, rollup(f.notice) AS notice,
                      rollup(f.called_off) AS called_off, rollup(f.overdue) AS overdue
               FROM fresh_subscription f GROUP BY f.account_id) s USING (account_id)
    LEFT JOIN (SELECT f.account_id, array_agg(DISTINCT day ORDER BY day) AS renewals
               FROM fresh_subscription f, unnest(f.renewals) day GROUP BY f.account_id) d USING (account_id)
    LEFT JOIN fresh_milestone m USING (account_id)
    LEFT JOIN fresh_ticket t USING (account_id)
    LEFT JOIN fresh_survey a USING (account_id)
    LEFT JOIN (SELECT f.account_id, rollup(f.usage) AS usage, rollup(f.features) AS features
               FROM fresh_usage f GROUP BY f.account_id) u USING (account_id)
    LEFT JOIN (SELECT f.account_id, rollup(f.entitled) AS entitlements
               FROM fresh_entitlement f GROUP BY f.account_id) e USING (account_id)
    LEFT JOIN fresh_signal g USING (account_id),
    LATERAL (SELECT CASE WHEN 'subscription' = ANY (k.sources) THEN s.revenue ELSE o.revenue END AS revenue,
                    CASE WHEN 'subscription' = ANY (k.sources) THEN s.notice ELSE o.notice END AS notice,
                    CASE WHEN 'subscription' = ANY (k.sources) THEN d.renewals ELSE o.renewals END AS renewals,
                    CASE WHEN 'subscription' = ANY (k.sources) THEN s.called_off ELSE o.called_off END AS called_off,
                    CASE WHEN 'subscription' = ANY (k.sources) THEN s.overdue ELSE o.overdue END AS overdue,
                    CASE WHEN 'milestone' = ANY (k.sources) THEN m.milestones ELSE o.milestones END AS milestones,
                    CASE WHEN 'ticket' = ANY (k.sources) THEN t.tickets ELSE o.tickets END AS tickets,
                    CASE WHEN 'ticket' = ANY (k.sources) THEN t.waits ELSE o.waits END AS waits,
                    CASE WHEN 'survey' = ANY (k.sources) THEN a.answers ELSE o.answers END AS answers,
                    CASE WHEN 'usage' = ANY (k.sources) THEN u.usage ELSE o.usage END AS usage,
                    CASE WHEN 'usage' = ANY (k.sources) THEN u.features ELSE o.features END AS features,
                    CASE WHEN 'entitlement' = ANY (k.sources) THEN e.entitlements ELSE o.entitlements END
                        AS entitlements,
                    CASE WHEN 'signal' = ANY (k.sources) THEN g.signals ELSE o.signals END AS signals) n;
END;
COMMENT ON FUNCTION read_state() IS
'Internal: the histories of the accounts of fresh_key: of sources that were read as read, of others as stored';

CREATE OR REPLACE FUNCTION write_account_state(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH kept AS MATERIALIZED (SELECT k.account_id FROM kept_key() k),
    gone AS (
        DELETE FROM account_state o USING fresh_key k
        WHERE k.account_id = o.account_id AND NOT EXISTS (SELECT 1 FROM kept f WHERE f.account_id = o.account_id)
        RETURNING 1),
    changed AS (
        INSERT INTO account_state AS o (account_id, revenue, notice, milestones, tickets, answers, usage, features,
                                        entitlements, renewals, signals, waits, called_off, overdue)
        SELECT n.account_id, n.revenue, n.notice, n.milestones, n.tickets, n.answers, n.usage, n.features,
               n.entitlements, n.renewals, n.signals, n.waits, n.called_off, n.overdue
        FROM kept JOIN read_state() n USING (account_id)
        LEFT JOIN account_state o USING (account_id)
        WHERE o.account_id IS NULL
           OR record_image_ne(
                  ROW (n.revenue, n.notice, n.milestones, n.tickets, n.answers, n.usage, n.features, n.entitlements,
                       n.renewals, n.signals, n.waits, n.called_off, n.overdue),
                  ROW (o.revenue, o.notice, o.milestones, o.tickets, o.answers, o.usage, o.features, o.entitlements,
                       o.renewals, o.signals, o.waits, o.called_off, o.overdue))
        ON CONFLICT (account_id) DO UPDATE SET
            (revenue, notice, milestones, tickets, answers, usage, features, entitlements, renewals, signals, waits,
             called_off, overdue)
            = ROW (excluded.revenue, excluded.notice, excluded.milestones, excluded.tickets, excluded.answers,
                   excluded.usage, excluded.features, excluded.entitlements, excluded.renewals, excluded.signals,
                   excluded.waits, excluded.called_off, excluded.overdue)
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_account_state() IS
'Internal: stores the histories of accounts that were read, and leaves the others as they are; rows written and '
'removed';

CREATE OR REPLACE FUNCTION read_revenue() RETURNS TABLE (
    account_id @account_id@, subscription_id text, currency text, valid_from_on date, valid_until_on date,
    is_mixed boolean, revenue mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.account_id, f.subscription_id, f.currency, f.valid_from_on, f.valid_until_on, f.is_mixed, rollup(f.revenue)
    FROM (SELECT coalesce(e.entity_id, s.account_id) AS account_id, s.subscription_id, c.currency,
                 coalesce(e.starts_on, '-infinity') AS valid_from_on, coalesce(e.ends_on, 'infinity') AS valid_until_on,
                 min(c.currency) OVER entity <> max(c.currency) OVER entity AS is_mixed,
                 CASE WHEN p.report_currency IS NULL THEN s.revenue ELSE s.own_revenue END AS revenue
          FROM policy p CROSS JOIN fresh_subscription s LEFT JOIN account_entity e USING (account_id),
               LATERAL (SELECT CASE WHEN p.report_currency IS NULL THEN ''
                                    ELSE coalesce(s.currency, p.report_currency) END AS currency) c
          WHERE p.entity_grain = 'subscription' OR p.report_currency IS NOT NULL OR e.account_id IS NOT NULL
          WINDOW entity AS (PARTITION BY coalesce(e.entity_id, s.account_id), s.subscription_id,
                                         coalesce(e.starts_on, '-infinity'))) f
    WHERE f.revenue IS NOT NULL
    GROUP BY f.account_id, f.subscription_id, f.currency, f.valid_from_on, f.valid_until_on, f.is_mixed;
END;
COMMENT ON FUNCTION read_revenue() IS
'Internal: the revenue of entities that are not just an account in the currency of report, from what was read';

CREATE OR REPLACE FUNCTION write_revenue_state(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH fresh AS MATERIALIZED (SELECT r.* FROM read_revenue() r),
    gone AS (
        DELETE FROM revenue_state o
        WHERE NOT EXISTS (SELECT 1 FROM fresh f
                          WHERE f.account_id = o.account_id AND f.subscription_id = o.subscription_id
                            AND f.currency = o.currency AND f.valid_from_on = o.valid_from_on
                            AND f.valid_until_on = o.valid_until_on AND f.is_mixed = o.is_mixed)
        RETURNING 1),
    changed AS (
        INSERT INTO revenue_state AS o SELECT f.* FROM fresh f
        ON CONFLICT (account_id, subscription_id, currency, valid_from_on, valid_until_on, is_mixed)
        DO UPDATE SET revenue = excluded.revenue WHERE o.revenue <> excluded.revenue
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_revenue_state() IS 'Internal: stores the revenue of entities; rows written and removed';

CREATE OR REPLACE FUNCTION read_discount() RETURNS TABLE (
    account_id @account_id@, currency text, list_price mrr_timeline, recurring mrr_timeline, limited mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.account_id, coalesce(f.currency, ''), rollup(f.list_price), rollup(f.recurring), rollup(f.limited)
    FROM fresh_subscription f
    WHERE f.list_price IS NOT NULL
    GROUP BY f.account_id, coalesce(f.currency, '');
END;
COMMENT ON FUNCTION read_discount() IS
'Internal: list prices and discounts of accounts by currency, from what was read';

CREATE OR REPLACE FUNCTION write_discount_state(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH fresh AS MATERIALIZED (SELECT r.* FROM read_discount() r),
    gone AS (
        DELETE FROM discount_state o USING fresh_digest d
        WHERE d.source = 'subscription' AND d.account_id = o.account_id
          AND NOT EXISTS (SELECT 1 FROM fresh f WHERE f.account_id = o.account_id AND f.currency = o.currency)
        RETURNING 1),
    changed AS (
        INSERT INTO discount_state AS o
        SELECT f.account_id, f.currency, f.list_price, f.recurring, f.limited
        FROM fresh f LEFT JOIN discount_state o USING (account_id, currency)
        WHERE record_image_ne(ROW (f.list_price, f.recurring, f.limited), ROW (o.list_price, o.recurring, o.limited))
        ON CONFLICT (account_id, currency) DO UPDATE SET
            (list_price, recurring, limited) = ROW (excluded.list_price, excluded.recurring, excluded.limited)
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_discount_state() IS 'Internal: stores list prices and discounts; rows written and removed';

CREATE OR REPLACE FUNCTION read_product() RETURNS TABLE (
    account_id @account_id@, subscription_id text, product text, plan text, revenue mrr_timeline)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.account_id, f.subscription_id, f.product, f.plan, rollup(f.revenue)
    FROM fresh_subscription f
    WHERE f.revenue IS NOT NULL
      -- all parts of an account, or none
      AND f.account_id IN (SELECT n.account_id FROM fresh_subscription n
                           WHERE n.product || n.plan <> '' AND n.revenue IS NOT NULL)
    GROUP BY f.account_id, f.subscription_id, f.product, f.plan;
END;
COMMENT ON FUNCTION read_product() IS
'Internal: revenue by product and plan of the accounts whose subscriptions were read';

CREATE OR REPLACE FUNCTION write_product_state(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH fresh AS MATERIALIZED (SELECT r.* FROM read_product() r),
    gone AS (
        DELETE FROM product_state o USING fresh_digest d
        WHERE d.source = 'subscription' AND d.account_id = o.account_id
          AND NOT EXISTS (SELECT 1 FROM fresh f
                          WHERE (f.account_id, f.subscription_id, f.product, f.plan)
                                = (o.account_id, o.subscription_id, o.product, o.plan))
        RETURNING 1),
    changed AS (
        INSERT INTO product_state AS o
        SELECT f.account_id, f.subscription_id, f.product, f.plan, f.revenue
        FROM fresh f LEFT JOIN product_state o USING (account_id, subscription_id, product, plan)
        WHERE record_image_ne(ROW (f.revenue), ROW (o.revenue))
        ON CONFLICT (account_id, subscription_id, product, plan) DO UPDATE SET revenue = excluded.revenue
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_product_state() IS 'Internal: stores revenue by product and plan; rows written and removed';

CREATE OR REPLACE FUNCTION read_ending() RETURNS TABLE (
    account_id @account_id@, subscription_id text, ended_on date, cause text, reason text, mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH told AS (
        SELECT f.account_id, f.subscription_id, t.key, t.starts_on, t.until_on, t.end_reason, t.voluntary,
               t.is_delinquent, t.is_paused, coalesce(greatest(t.mrr, 0), 0) AS mrr,
               -- rows of one subscription that was cancelled once have one reason: that of the end of the last
               max(coalesce(t.until_on, 'infinity')) OVER (PARTITION BY f.account_id, t.key, t.cancelled_on)
                   > coalesce(t.until_on, 'infinity') AND t.key IS NOT NULL AND t.cancelled_on IS NOT NULL AS goes_on
        FROM fresh_subscription f,
             LATERAL (SELECT e ->> 0 AS key, (e ->> 1)::date AS starts_on, (e ->> 2)::date AS until_on,
                             (e ->> 3)::date AS cancelled_on, e ->> 4 AS end_reason, (e ->> 5)::boolean AS voluntary,
                             (e ->> 6)::boolean AS is_delinquent, (e ->> 7)::boolean AS is_paused,
                             (e ->> 8)::numeric AS mrr
                      FROM jsonb_array_elements(f.endings) e) t)
    SELECT e.account_id, e.subscription_id, e.ended_on, e.cause, e.reason, trim_scale(sum(e.mrr))
    FROM (SELECT t.account_id, t.subscription_id, t.until_on AS ended_on,
                 CASE WHEN t.is_delinquent THEN 'involuntary' WHEN t.voluntary THEN 'voluntary'
                      WHEN NOT t.voluntary THEN 'involuntary' ELSE 'unknown' END AS cause,
                 coalesce(t.end_reason, CASE WHEN t.is_delinquent THEN '(past due)' ELSE '(unknown)' END) AS reason,
                 CASE WHEN t.is_paused THEN 0 ELSE t.mrr END AS mrr
          FROM told t
          WHERE t.until_on > t.starts_on AND t.until_on < 'infinity' AND NOT t.goes_on
            AND (t.is_delinquent OR t.end_reason IS NOT NULL OR t.voluntary IS NOT NULL)
          UNION ALL
          SELECT t.account_id, t.subscription_id, t.starts_on, 'paused', '(paused)', 0
          FROM told t WHERE t.is_paused AND coalesce(t.until_on > t.starts_on, true)) e
    GROUP BY e.account_id, e.subscription_id, e.ended_on, e.cause, e.reason;
END;
COMMENT ON FUNCTION read_ending() IS
'Internal: why MRR of the accounts that were read ended, and when, from what read_subscription() gave';

CREATE OR REPLACE FUNCTION write_ending_state(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH fresh AS MATERIALIZED (SELECT r.* FROM read_ending() r),
    gone AS (
        DELETE FROM ending_state o USING fresh_digest d
        WHERE d.source = 'subscription' AND d.account_id = o.account_id
          AND NOT EXISTS (SELECT 1 FROM fresh f
                          WHERE (f.account_id, f.subscription_id, f.ended_on, f.cause, f.reason)
                                = (o.account_id, o.subscription_id, o.ended_on, o.cause, o.reason))
        RETURNING 1),
    changed AS (
        INSERT INTO ending_state AS o
        SELECT f.account_id, f.subscription_id, f.ended_on, f.cause, f.reason, f.mrr
        FROM fresh f LEFT JOIN ending_state o USING (account_id, subscription_id, ended_on, cause, reason)
        WHERE record_image_ne(ROW (f.mrr), ROW (o.mrr))
        ON CONFLICT (account_id, subscription_id, ended_on, cause, reason) DO UPDATE SET mrr = excluded.mrr
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_ending_state() IS 'Internal: stores why MRR ended; rows written and removed';

CREATE OR REPLACE FUNCTION write_user_state(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM user_state o USING fresh_digest d
        WHERE d.source = 'usage' AND d.account_id = o.account_id
          AND NOT EXISTS (SELECT 1 FROM fresh_usage f WHERE f.account_id = o.account_id AND f.user_id = o.user_id)
        RETURNING 1),
    changed AS (
        INSERT INTO user_state AS o
        SELECT f.account_id, f.user_id, f.role, f.usage
        FROM fresh_usage f LEFT JOIN user_state o USING (account_id, user_id)
        WHERE f.user_id IS NOT NULL
          AND (o.account_id IS NULL OR record_image_ne(ROW (f.role, f.usage), ROW (o.role, o.usage)))
        ON CONFLICT (account_id, user_id) DO UPDATE SET (role, usage) = ROW (excluded.role, excluded.usage)
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_user_state() IS 'Internal: stores the histories of users; rows written and removed';

CREATE OR REPLACE FUNCTION write_entitlement_state(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM entitlement_state o USING fresh_digest d
        WHERE d.source = 'entitlement' AND d.account_id = o.account_id
          AND NOT EXISTS (SELECT 1 FROM fresh_entitlement f WHERE f.account_id = o.account_id AND f.feature = o.feature)
        RETURNING 1),
    changed AS (
        INSERT INTO entitlement_state AS o
        SELECT f.account_id, f.feature, f.terms
        FROM fresh_entitlement f LEFT JOIN entitlement_state o USING (account_id, feature)
        WHERE o.account_id IS NULL OR f.terms <> o.terms
        ON CONFLICT (account_id, feature) DO UPDATE SET terms = excluded.terms
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_entitlement_state() IS 'Internal: stores who is entitled to what; rows written and removed';

CREATE OR REPLACE FUNCTION forget_digests(sources text[]) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH lost AS (
        SELECT d.source, d.account_id FROM account_digest d
        WHERE NOT EXISTS (SELECT 1 FROM account_state s WHERE s.account_id = d.account_id)
          AND NOT EXISTS (SELECT 1 FROM left_out_account l WHERE l.account_id = d.account_id)),
    -- those of sources that are not read now are read next time
    gone AS (
        DELETE FROM account_digest d USING lost l
        WHERE l.source = d.source AND l.account_id = d.account_id AND d.source <> ALL (sources))
    INSERT INTO fresh_change (source, account_id, is_forced)
    SELECT l.source, l.account_id, true FROM lost l WHERE l.source = ANY (sources);
END;
COMMENT ON FUNCTION forget_digests(text[]) IS
'Internal: has the rows of accounts read whose histories are gone, whatever they were; sources: those that are read '
'now';

CREATE OR REPLACE FUNCTION fed_now() RETURNS TABLE (source text, columns text[])
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH fresh AS (
        SELECT f.source, bit_or(f.fed_mask) AS gained, bool_or(o.fed_mask & ~ coalesce(f.fed_mask, 0) <> 0) AS has_lost
        FROM fresh_digest f LEFT JOIN account_digest o USING (source, account_id)
        GROUP BY f.source)
    SELECT f.source, ARRAY(SELECT c.name FROM unnest(telling_columns(f.source)) WITH ORDINALITY c(name, place)
                           WHERE (coalesce(f.gained, 0) | coalesce(k.mask, 0)) >> (c.place::integer - 1) & 1 = 1
                              OR c.name = ANY (k.names))
    FROM fresh f JOIN refreshed_source r USING (source),
         -- where no account lost what it had, what was fed still is
         LATERAL (SELECT r.fed_columns AS names, NULL::integer AS mask
                  WHERE f.has_lost IS NOT TRUE AND r.fed_columns IS NOT NULL
                  UNION ALL
                  SELECT NULL, (SELECT bit_or(o.fed_mask) FROM account_digest o
                                WHERE o.source = f.source
                                  AND NOT EXISTS (SELECT 1 FROM fresh_digest d
                                                  WHERE d.source = o.source AND d.account_id = o.account_id))
                  WHERE f.has_lost OR r.fed_columns IS NULL) k;
END;
COMMENT ON FUNCTION fed_now() IS
'Internal: of the sources that were read, those of csmetrics.telling_columns() that any row has a value of now';

CREATE OR REPLACE FUNCTION write_fed_columns() RETURNS boolean
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH changed AS (
        UPDATE refreshed_source r SET fed_columns = n.columns FROM fed_now() n
        WHERE n.source = r.source AND r.fed_columns IS DISTINCT FROM n.columns RETURNING 1)
    SELECT EXISTS (SELECT 1 FROM changed);
END;
COMMENT ON FUNCTION write_fed_columns() IS
'Internal: notes which columns are fed, before digests are written; did that change?';

CREATE OR REPLACE FUNCTION write_account_digest(OUT written bigint, OUT removed bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH gone AS (
        DELETE FROM account_digest o
        USING (SELECT f.source, f.account_id FROM fresh_digest f
               GROUP BY f.source, f.account_id HAVING max(f.digest) IS NULL) f
        WHERE f.source = o.source AND f.account_id = o.account_id
        RETURNING 1),
    changed AS (
        INSERT INTO account_digest AS o (source, account_id, digest, row_count, fed_mask)
        SELECT f.source, f.account_id, max(f.digest), max(f.row_count), coalesce(max(f.fed_mask), 0)
        FROM fresh_digest f WHERE f.digest IS NOT NULL
        GROUP BY f.source, f.account_id
        ON CONFLICT (source, account_id)
        DO UPDATE SET (digest, row_count, fed_mask) = ROW (excluded.digest, excluded.row_count, excluded.fed_mask)
        WHERE o.digest <> excluded.digest OR o.row_count <> excluded.row_count OR o.fed_mask <> excluded.fed_mask
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION write_account_digest() IS
'Internal: stores what the rows that were read are; rows written and removed';
