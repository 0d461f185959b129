-- Why MRR was lost: churn and contraction of the bridge, shared out to the reasons for which subscriptions ended.

CREATE OR REPLACE FUNCTION told_loss(of_changed boolean) RETURNS TABLE (
    nr bigint, account_id @account_id@, period_start_on date, movement text, opening numeric, amount numeric,
    cause text, reason text, mrr numeric, last_on date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH lost AS MATERIALIZED (
        SELECT row_number() OVER () AS nr, m.* FROM entity_movement('month', $1) m
        WHERE m.movement IN ('churn', 'contraction'))
    SELECT l.nr, l.account_id, l.period_start_on, l.movement, l.opening, l.amount, e.cause, e.reason,
           coalesce(sum(e.mrr) FILTER (WHERE e.ended_on >= l.period_start_on), 0), max(e.ended_on)
    FROM lost l
         LEFT JOIN (SELECT coalesce(x.entity_id, e.account_id) AS account_id, e.subscription_id, e.ended_on, e.cause,
                           e.reason, e.mrr, coalesce(x.starts_on, '-infinity') AS starts_on,
                           coalesce(x.ends_on, 'infinity') AS ends_on
                    FROM ending_state e LEFT JOIN account_entity x USING (account_id)
                    WHERE NOT $1 OR e.account_id = ANY (ARRAY(SELECT k.account_id FROM changed_key k))) e
             ON e.account_id = l.account_id AND e.subscription_id = coalesce(l.subscription_id, '')
                AND e.starts_on < l.period_end_on AND l.period_end_on <= e.ends_on AND e.ended_on < l.period_end_on
                -- a pause that became churn lost its MRR before
                AND (e.ended_on >= l.period_start_on OR l.opening = 0 AND l.amount > 0)
    GROUP BY l.nr, l.account_id, l.period_start_on, l.movement, l.opening, l.amount, e.cause, e.reason;
END;
COMMENT ON FUNCTION told_loss(boolean) IS
'Internal: each movement of an entity by which MRR was lost, with the reasons that were given in the period for what '
'ended, NULL: none, and the MRR that ended for each; of a pause that became churn those of before, too. of_changed: of '
'accounts in changed_key alone.';

CREATE OR REPLACE FUNCTION lost_by_reason(of_changed boolean) RETURNS TABLE (
    account_id @account_id@, period_start_on date, movement text, cause text, reason text, amount numeric,
    is_main boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH loss AS MATERIALIZED (SELECT t.* FROM told_loss($1) t),
    told AS MATERIALIZED (
        SELECT t.*, sum(t.mrr) OVER lost AS known,
               row_number() OVER (lost ORDER BY t.mrr DESC, t.cause, t.reason) AS place
        FROM loss t WHERE t.cause IS NOT NULL WINDOW lost AS (PARTITION BY t.nr)),
    -- as much as ended, or a share of that where less was lost: something came in its place
    shared AS (
        SELECT t.*, CASE WHEN t.amount >= t.known THEN t.mrr ELSE round(t.amount * t.mrr / t.known, 6) END AS share
        FROM told t WHERE t.mrr > 0 AND t.amount > 0),
    -- what nobody gave a reason for
    rest AS (
        SELECT t.nr, t.account_id, t.period_start_on, t.movement, t.amount, t.known,
               coalesce(t.amount > 0 AND t.known > 0, false) AS is_further, bool_or(t.cause = 'paused') AS is_paused,
               (array_agg(t.cause ORDER BY t.last_on DESC, t.cause = 'paused', t.cause, t.reason))[1] AS cause,
               (array_agg(t.reason ORDER BY t.last_on DESC, t.cause = 'paused', t.cause, t.reason))[1] AS reason
        FROM told t
        WHERE (t.amount > 0 AND t.amount <= t.known) IS NOT TRUE
        GROUP BY t.nr, t.account_id, t.period_start_on, t.movement, t.amount, t.known)
    SELECT s.account_id, s.period_start_on, s.movement, s.cause, s.reason,
           -- the largest bears what rounding leaves
           s.share + CASE WHEN s.place = 1 AND s.amount < s.known
                          THEN s.amount - sum(s.share) OVER (PARTITION BY s.nr) ELSE 0 END, s.place = 1
    FROM shared s
    UNION ALL
    SELECT r.account_id, r.period_start_on, r.movement,
           CASE WHEN NOT r.is_further THEN r.cause WHEN r.is_paused THEN 'paused' ELSE 'unknown' END,
           CASE WHEN NOT r.is_further THEN r.reason WHEN r.is_paused THEN '(paused)' ELSE '(unknown)' END,
           CASE WHEN r.is_further THEN r.amount - r.known ELSE r.amount END, NOT r.is_further
    FROM rest r
    UNION ALL
    SELECT t.account_id, t.period_start_on, t.movement, 'unknown', '(unknown)', t.amount, true
    FROM loss t WHERE t.cause IS NULL;
END;
COMMENT ON FUNCTION lost_by_reason(boolean) IS
'Internal: MRR lost by entities, month by month, by the reason that was given: what ended for one, at most what was '
'lost in all; the rest is (paused) or (unknown). Amounts of a movement add up to that of the bridge, and one of its '
'rows is the main one. of_changed: of accounts in changed_key alone.';

CREATE TABLE stored_loss (
    period_start_on date,
    dimension       text,
    value           text,
    movement        text,
    cause           text,
    reason          text,
    row_count       bigint NOT NULL,
    account_count   bigint NOT NULL,
    unknown_count   bigint NOT NULL,
    amount          numeric NOT NULL,
    PRIMARY KEY (period_start_on, dimension, value, movement, cause, reason));
COMMENT ON TABLE stored_loss IS 'Internal: MRR lost by groups of accounts by reason, as read_stored_loss gives it';
CREATE UNLOGGED TABLE before_loss AS SELECT * FROM stored_loss WITH NO DATA;
COMMENT ON TABLE before_loss IS 'Internal: what accounts that a refresh writes have in stored_loss';

CREATE OR REPLACE FUNCTION read_stored_loss(of_changed boolean) RETURNS SETOF stored_loss
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT l.period_start_on, d.dimension, d.value, l.movement, l.cause, l.reason, count(*),
           count(*) FILTER (WHERE l.is_main), count(*) FILTER (WHERE l.amount IS NULL),
           trim_scale(coalesce(sum(l.amount), 0))
    FROM lost_by_reason($1) l JOIN dimension_of($1) d USING (account_id)
    GROUP BY l.period_start_on, d.dimension, d.value, l.movement, l.cause, l.reason;
END;
COMMENT ON FUNCTION read_stored_loss(boolean) IS
'Internal: MRR lost by month and reason, of all accounts or of those in changed_key; unknown_count: amounts that lack '
'a rate';

CREATE OR REPLACE FUNCTION live_stored_loss() RETURNS SETOF stored_loss
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
    SELECT r.* FROM read_stored_loss(false) r;
END;
COMMENT ON FUNCTION live_stored_loss() IS
'Internal: what read_stored_loss gives of all accounts, for views where it is not stored';
