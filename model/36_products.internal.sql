-- The bridge by product and plan of subscriptions as of then: what each movement of an entity is made of, by its MRR of
-- each product at either end of the month. What one product gained and another lost is a transfer between these; the
-- rest is the movement itself, so that the sum over products is the bridge.

CREATE OR REPLACE FUNCTION entity_part(of_changed boolean) RETURNS TABLE (
    account_id @account_id@, subscription_id text, product text, plan text, revenue mrr_timeline, starts_on date,
    ends_on date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT coalesce(x.entity_id, p.account_id), p.subscription_id, p.product, p.plan, p.revenue,
           coalesce(x.starts_on, '-infinity'), coalesce(x.ends_on, 'infinity')
    FROM product_state p LEFT JOIN account_entity x USING (account_id)
    WHERE NOT $1 OR p.account_id = ANY (ARRAY(SELECT k.account_id FROM changed_key k))
    UNION ALL
    -- of an entity all parts are known, or none
    SELECT x.entity_id, '', '', '', a.revenue, x.starts_on, x.ends_on
    FROM account_entity x JOIN account_state a USING (account_id)
    WHERE a.revenue IS NOT NULL AND x.account_id NOT IN (SELECT p.account_id FROM product_state p);
END;
COMMENT ON FUNCTION entity_part(boolean) IS
'Internal: the revenue of entities by product and plan, and the windows at whose end it is theirs; entities of which '
'no product is known have none. of_changed: of accounts in changed_key alone.';

CREATE OR REPLACE FUNCTION entity_opening(of_changed boolean) RETURNS TABLE (
    account_id @account_id@, subscription_id text, begins_on date, opening numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH rate AS MATERIALIZED (SELECT * FROM rate_in_report('month', 1, 0))
    SELECT o.account_id, o.subscription_id, o.begins_on, o.opening
    FROM (SELECT h.account_id, h.subscription_id, r.from_on AS begins_on, mrr_at(h.revenue, r.from_on - 1) * k.rate
                     AS opening
          FROM reporting_range r JOIN entity_period('month', 0, $1) h ON h.from_on = r.from_on
               LEFT JOIN rate x ON x.currency = h.currency AND x.start_on = r.from_on,
               LATERAL (SELECT CASE WHEN h.currency IS NULL THEN 1 ELSE x.opening_fx END AS rate) k
          UNION ALL
          SELECT m.account_id, m.subscription_id, r.from_on, m.opening_mrr
          FROM reporting_range r JOIN mixed_entity_period('month', 1, 0) m ON m.from_on = r.from_on
          WHERE m.is_first) o
    WHERE o.opening IS DISTINCT FROM 0;
END;
COMMENT ON FUNCTION entity_opening(boolean) IS
'Internal: the MRR with which entities enter the report, NULL where a rate is missing. of_changed: of accounts in '
'changed_key alone.';

CREATE OR REPLACE FUNCTION entity_shift(of_changed boolean) RETURNS TABLE (
    nr bigint, account_id @account_id@, subscription_id text, period_start_on date, period_end_on date, movement text,
    opening numeric, closing numeric, amount numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH moved AS MATERIALIZED (SELECT m.* FROM entity_movement('month', $1) m)
    SELECT row_number() OVER (), s.*
    FROM (SELECT m.* FROM moved m WHERE m.movement <> 'intra_period'
          UNION ALL
          SELECT f.* FROM entity_fx('month') f WHERE NOT $1
          UNION ALL
          -- as if it were new the day before
          SELECT o.account_id, o.subscription_id, o.begins_on, o.begins_on, 'opening', 0, o.opening, o.opening
          FROM entity_opening($1) o
          UNION ALL
          -- months in which parts moved, and their sum did not
          SELECT p.account_id, nullif(p.subscription_id, ''), p.period_start, p.period_end, 'shift', 0, 0, 0
          FROM (SELECT p.account_id, p.subscription_id, c.period_start, c.period_end
                FROM reporting_range r,
                     (SELECT q.*, count(*) OVER (PARTITION BY q.account_id, q.subscription_id) AS parts
                      FROM entity_part($1) q) p,
                     LATERAL changes(p.revenue, r.from_on, r.as_of_on + 1, 'month') c
                WHERE p.parts > 1 AND p.starts_on < c.period_end AND c.period_end <= p.ends_on
                EXCEPT
                SELECT m.account_id, coalesce(m.subscription_id, ''), m.period_start_on, m.period_end_on
                FROM moved m) p) s;
END;
COMMENT ON FUNCTION entity_shift(boolean) IS
'Internal: the movements of entities, month by month, with what they enter the report with (opening), what rates did '
'(fx), and months in which products may have moved within an entity though it did not (shift)';

CREATE OR REPLACE FUNCTION shift_part(of_changed boolean) RETURNS TABLE (
    nr bigint, account_id @account_id@, period_start_on date, movement text, opening numeric, closing numeric,
    amount numeric, dimension text, value text, before numeric, after numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH shift AS MATERIALIZED (
        SELECT s.*, r.gap_smooth_days > 0 OR s.opening = 0 AND s.movement IN ('churn', 'pause') AS may_lack
        FROM (SELECT gap_smooth_days FROM reporting_range LIMIT 1) r, entity_shift($1) s),
    part AS (
        SELECT s.nr, p.product, p.plan, n.before, n.after
        FROM shift s JOIN entity_part($1) p ON p.account_id = s.account_id
                 AND p.subscription_id = coalesce(s.subscription_id, '') AND p.starts_on < s.period_end_on
                 AND s.period_end_on <= p.ends_on,
             LATERAL (SELECT mrr_at(p.revenue, s.period_start_on - 1) AS before,
                             mrr_at(p.revenue, s.period_end_on - 1) AS after OFFSET 0) n
        WHERE NOT coalesce(s.may_lack, false) AND (n.before > 0 OR n.after > 0)
        UNION ALL
        -- in a pause, or a gap that is smoothed, that of the last day with any
        SELECT k.nr, k.product, k.plan,
               CASE WHEN sum(k.before) OVER entity > 0 THEN k.before
                    ELSE mrr_at(k.revenue, max(churned_on(k.revenue, k.period_start_on - 1, true)) OVER entity - 1) END,
               CASE WHEN sum(k.after) OVER entity > 0 THEN k.after
                    ELSE mrr_at(k.revenue, max(churned_on(k.revenue, k.period_end_on - 1, true)) OVER entity - 1) END
        FROM (SELECT s.nr, s.period_start_on, s.period_end_on, p.product, p.plan, p.revenue,
                     mrr_at(p.revenue, s.period_start_on - 1) AS before,
                     mrr_at(p.revenue, s.period_end_on - 1) AS after
              FROM shift s JOIN entity_part($1) p ON p.account_id = s.account_id
                       AND p.subscription_id = coalesce(s.subscription_id, '') AND p.starts_on < s.period_end_on
                       AND s.period_end_on <= p.ends_on
              WHERE s.may_lack) k
        WINDOW entity AS (PARTITION BY k.nr)),
    known AS (
        SELECT p.nr, d.dimension, d.value, coalesce(sum(p.before), 0) AS before, coalesce(sum(p.after), 0) AS after
        FROM part p, LATERAL (VALUES ('product', p.product), ('subscription_plan', p.plan)) d(dimension, value)
        GROUP BY p.nr, d.dimension, d.value
        HAVING sum(p.before) > 0 OR sum(p.after) > 0)
    SELECT s.nr, s.account_id, s.period_start_on, s.movement, s.opening, s.closing, s.amount, d.dimension,
           coalesce(nullif(k.value, ''), '(none)'), coalesce(k.before, 0), coalesce(k.after, 0)
    FROM shift s CROSS JOIN (VALUES ('product'), ('subscription_plan')) d(dimension)
         LEFT JOIN known k ON k.nr = s.nr AND k.dimension = d.dimension
    WHERE s.movement <> 'shift' OR k.nr IS NOT NULL;
END;
COMMENT ON FUNCTION shift_part(boolean) IS
'Internal: the rows of entity_shift by product and by plan, (none) where the source has none: MRR at either end, or '
'that of the last day with any, at constant rates';

CREATE OR REPLACE FUNCTION shared_out(total numeric, weight numeric, weights numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN total = weights THEN weight WHEN weights > 0 THEN round(total * weight / weights, 6) ELSE 0 END;
COMMENT ON FUNCTION shared_out(numeric, numeric, numeric) IS
'Internal: the share of a total by weight, to six decimals; the weight itself where the total is their sum; 0 without '
'weights. What is left over goes to the first.';

CREATE OR REPLACE FUNCTION shift_share(of_changed boolean) RETURNS TABLE (
    nr bigint, account_id @account_id@, period_start_on date, movement text, amount numeric, dimension text, value text,
    before numeric, after numeric, moved numeric, gained numeric, lost numeric, is_first boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH weighed AS (
        SELECT p.*, count(*) OVER entity > 1 AS is_shared, sum(p.before) OVER entity AS befores,
               sum(p.after) OVER entity AS afters, p.value = min(p.value) OVER entity AS is_first
        FROM shift_part($1) p WINDOW entity AS (PARTITION BY p.nr, p.dimension)),
    drawn AS (
        SELECT w.*, w.is_first AND w.movement <> 'shift' AS is_whole,
               CASE w.movement WHEN 'shift' THEN w.before ELSE shared_out(w.opening, w.before, w.befores) END AS o,
               CASE w.movement WHEN 'shift' THEN w.after ELSE shared_out(w.closing, w.after, w.afters) END AS c,
               CASE WHEN w.movement IN ('churn', 'pause') OR w.movement = 'fx' AND w.closing = 0
                    THEN shared_out(w.amount, w.before, w.befores)
                    WHEN w.movement NOT IN ('shift', 'expansion', 'contraction')
                    THEN shared_out(w.amount, w.after, w.afters) END AS m
        FROM weighed w WHERE w.is_shared),
    whole AS (
        SELECT d.nr, d.account_id, d.period_start_on, d.movement, d.amount, d.dimension, d.value, d.is_first,
               d.o + CASE WHEN d.is_whole THEN d.opening - sum(d.o) OVER entity ELSE 0 END AS o,
               d.c + CASE WHEN d.is_whole THEN d.closing - sum(d.c) OVER entity ELSE 0 END AS c,
               d.m + CASE WHEN d.is_first THEN d.amount - sum(d.m) OVER entity ELSE 0 END AS m
        FROM drawn d WINDOW entity AS (PARTITION BY d.nr, d.dimension)),
    -- as much as others lost a product gained of these, and the other way round
    netted AS (
        SELECT w.*, g.up, g.down, least(sum(g.up) OVER entity, sum(g.down) OVER entity) AS transferred,
               sum(g.up) OVER entity AS ups, sum(g.down) OVER entity AS downs,
               w.value = min(w.value) FILTER (WHERE g.up > 0) OVER entity AS is_first_up,
               w.value = min(w.value) FILTER (WHERE g.down > 0) OVER entity AS is_first_down
        FROM whole w,
             LATERAL (SELECT CASE WHEN w.m IS NULL THEN greatest(w.c - w.o, 0) ELSE 0 END AS up,
                             CASE WHEN w.m IS NULL THEN greatest(w.o - w.c, 0) ELSE 0 END AS down) g
        WINDOW entity AS (PARTITION BY w.nr, w.dimension)),
    crossed AS (
        SELECT b.*, shared_out(b.transferred, b.up, b.ups) AS u, shared_out(b.transferred, b.down, b.downs) AS d
        FROM netted b),
    settled AS (
        SELECT c.*,
               c.u + CASE WHEN c.is_first_up THEN c.transferred - sum(c.u) OVER entity ELSE 0 END AS gained,
               c.d + CASE WHEN c.is_first_down THEN c.transferred - sum(c.d) OVER entity ELSE 0 END AS lost
        FROM crossed c WINDOW entity AS (PARTITION BY c.nr, c.dimension))
    SELECT s.nr, s.account_id, s.period_start_on, s.movement, s.amount, s.dimension, s.value, s.o, s.c,
           coalesce(s.m, CASE s.movement WHEN 'expansion' THEN s.up - s.gained
                                         WHEN 'contraction' THEN s.down - s.lost END), s.gained, s.lost, s.is_first
    FROM settled s
    UNION ALL
    -- one product has all of it
    SELECT w.nr, w.account_id, w.period_start_on, w.movement, w.amount, w.dimension, w.value, w.opening, w.closing,
           w.amount, 0, 0, true
    FROM weighed w WHERE NOT w.is_shared AND w.movement <> 'shift';
END;
COMMENT ON FUNCTION shift_share(boolean) IS
'Internal: the rows of shift_part, brought to the opening, closing and amount of the movement: moved is its share of '
'it, gained and lost what it had from and gave to others';

CREATE TABLE stored_product_movement (
    period_start_on date,
    dimension       text,
    value           text,
    to_value        text,
    movement        text,
    row_count       bigint NOT NULL,
    account_count   bigint NOT NULL,
    unknown_count   bigint NOT NULL,
    amount          numeric NOT NULL,
    PRIMARY KEY (period_start_on, dimension, value, to_value, movement));
COMMENT ON TABLE stored_product_movement IS
'Internal: the bridge by product and plan, as read_stored_product_movement gives it';
CREATE UNLOGGED TABLE before_product_movement AS SELECT * FROM stored_product_movement WITH NO DATA;
COMMENT ON TABLE before_product_movement IS
'Internal: what accounts that a refresh writes have in stored_product_movement';

CREATE OR REPLACE FUNCTION read_stored_product_movement(of_changed boolean) RETURNS SETOF stored_product_movement
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH share AS MATERIALIZED (SELECT s.* FROM shift_share($1) s),
    queue AS (
        SELECT s.nr, s.period_start_on, s.dimension, s.value, s.gained, s.lost,
               sum(s.gained) OVER (entity ORDER BY s.gained DESC, s.value) AS gained_to,
               sum(s.lost) OVER (entity ORDER BY s.lost DESC, s.value) AS lost_to
        FROM share s WHERE s.gained + s.lost > 0 WINDOW entity AS (PARTITION BY s.nr, s.dimension)),
    told AS (
        SELECT s.period_start_on, s.dimension, s.value, '' AS to_value, s.movement, 1 AS counted, s.moved AS amount
        FROM share s
        WHERE s.moved <> 0 OR s.amount IS NULL AND s.is_first
        UNION ALL
        SELECT s.period_start_on, s.dimension, s.value, '', CASE WHEN s.after > 0 THEN 'joined' ELSE 'left' END, 1, 0
        FROM share s WHERE (s.before > 0) <> (s.after > 0) AND s.movement <> 'fx'
        UNION ALL
        -- who gave most gives to who had most
        SELECT f.period_start_on, f.dimension, f.value, t.value, 'transfer', 1,
               least(f.lost_to, t.gained_to) - greatest(f.lost_to - f.lost, t.gained_to - t.gained)
        FROM queue f JOIN queue t USING (nr, dimension)
        WHERE f.lost > 0 AND t.gained > 0
          AND least(f.lost_to, t.gained_to) > greatest(f.lost_to - f.lost, t.gained_to - t.gained))
    SELECT t.period_start_on, t.dimension, t.value, t.to_value, t.movement, count(*), sum(t.counted)::bigint,
           count(*) FILTER (WHERE t.amount IS NULL), trim_scale(coalesce(sum(t.amount), 0))
    FROM told t
    GROUP BY t.period_start_on, t.dimension, t.value, t.to_value, t.movement;
END;
COMMENT ON FUNCTION read_stored_product_movement(boolean) IS
'Internal: movements by month, product and plan, who joined and left each, and transfers from one to another, of all '
'accounts or of those in changed_key; unknown_count: amounts that lack a rate';

CREATE OR REPLACE FUNCTION live_stored_product_movement() RETURNS SETOF stored_product_movement
LANGUAGE sql STABLE PARALLEL SAFE SET jit = off
BEGIN ATOMIC
    SELECT r.* FROM read_stored_product_movement(false) r;
END;
COMMENT ON FUNCTION live_stored_product_movement() IS
'Internal: what read_stored_product_movement gives of all accounts, for views where it is not stored';

CREATE OR REPLACE FUNCTION product_movement() RETURNS SETOF stored_product_movement
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
BEGIN ATOMIC
    SELECT s.* FROM stored_product_movement s WHERE is_stored('stored_product_movement')
    UNION ALL
    SELECT l.* FROM live_stored_product_movement() l WHERE NOT is_stored('stored_product_movement');
END;
COMMENT ON FUNCTION product_movement() IS 'Internal: the bridge by product and plan, as stored or worked out';
