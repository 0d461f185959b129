-- Recurly: subscriptions from the versions of their history, add-ons included, coupons that last subtracted. Amounts
-- are in money, not cents.
INSERT INTO csmetrics.connector
    VALUES ('recurly', 21, 'Accounts, and subscriptions with add-ons, trials, pauses and coupons that last', true);
INSERT INTO csmetrics.connector_table (vendor, table_name, other_names, one_of, keys) VALUES
('recurly', 'account_history', '{account}', 'account', '{id}'),
('recurly', 'subscription_history', '{subscription}', 'subscription', '{id,updated_at}'),
('recurly', 'plan_history', '{plan}', 'plan', '{id}'),
('recurly', 'subscription_add_on_history', '{subscription_add_on}', NULL, '{id}'),
('recurly', 'coupon_redemption_history', '{coupon_redemption}', NULL, '{id}'),
('recurly', 'coupon_discount', '{}', NULL, '{coupon_id,type,currency}'),
('recurly', 'coupon', '{coupon_history}', NULL, '{id}'),
('recurly', 'invoice_history', '{invoice}', NULL, '{id}'),
('recurly', 'invoice_subscription_history', '{invoice_subscription}', NULL, '{invoice_id,subscription_id}');
INSERT INTO csmetrics.connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('recurly', 'account_history', 'id', 'text', true, '{}'),
('recurly', 'account_history', 'code', 'text', false, '{}'),
('recurly', 'account_history', 'company', 'text', false, '{}'),
('recurly', 'account_history', 'account_first_name', 'text', false, '{first_name}'),
('recurly', 'account_history', 'account_last_name', 'text', false, '{last_name}'),
('recurly', 'account_history', 'email', 'text', false, '{}'),
('recurly', 'account_history', 'created_at', 'timestamptz', false, '{}'),
('recurly', 'account_history', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'account_history', 'is_deleted', 'boolean', false, '{}'),
('recurly', 'account_history', '_fivetran_synced', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'id', 'text', true, '{}'),
('recurly', 'subscription_history', 'account_id', 'text', true, '{account.id}'),
('recurly', 'subscription_history', 'plan_id', 'text', true, '{plan.id}'),
('recurly', 'subscription_history', 'state', 'text', true, '{}'),
('recurly', 'subscription_history', 'created_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'activated_at', 'timestamptz', true, '{}'),
('recurly', 'subscription_history', 'canceled_at', 'timestamptz', true, '{}'),
('recurly', 'subscription_history', 'expires_at', 'timestamptz', true, '{}'),
('recurly', 'subscription_history', 'current_period_started_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'current_period_ends_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'current_term_ends_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'trial_started_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'trial_ends_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'paused_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_history', 'currency', 'text', true, '{}'),
('recurly', 'subscription_history', 'unit_amount', 'numeric', true, '{}'),
('recurly', 'subscription_history', 'quantity', 'numeric', true, '{}'),
('recurly', 'subscription_history', 'add_ons_total', 'numeric', false, '{}'),
('recurly', 'subscription_history', 'subtotal', 'numeric', false, '{}'),
('recurly', 'subscription_history', 'tax_inclusive', 'boolean', false, '{}'),
('recurly', 'subscription_history', 'tax_rate', 'numeric', false, '{tax_info_rate,tax_info.rate}'),
('recurly', 'subscription_history', 'expiration_reason', 'text', false, '{}'),
('recurly', 'plan_history', 'id', 'text', true, '{}'),
('recurly', 'plan_history', 'name', 'text', false, '{}'),
('recurly', 'plan_history', 'code', 'text', false, '{}'),
('recurly', 'plan_history', 'interval_unit', 'text', true, '{}'),
('recurly', 'plan_history', 'interval_length', 'integer', true, '{}'),
('recurly', 'plan_history', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_add_on_history', 'id', 'text', true, '{}'),
('recurly', 'subscription_add_on_history', 'subscription_id', 'text', true, '{}'),
('recurly', 'subscription_add_on_history', 'unit_amount', 'numeric', true, '{}'),
('recurly', 'subscription_add_on_history', 'quantity', 'numeric', true, '{}'),
('recurly', 'subscription_add_on_history', 'created_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_add_on_history', 'expired_at', 'timestamptz', false, '{}'),
('recurly', 'subscription_add_on_history', 'is_deleted', 'boolean', false, '{}'),
('recurly', 'coupon_redemption_history', 'id', 'text', true, '{}'),
('recurly', 'coupon_redemption_history', 'account_id', 'text', true, '{account.id}'),
('recurly', 'coupon_redemption_history', 'subscription_id', 'text', false, '{}'),
('recurly', 'coupon_redemption_history', 'coupon_id', 'text', true, '{coupon.id}'),
('recurly', 'coupon_redemption_history', 'created_at', 'timestamptz', true, '{}'),
('recurly', 'coupon_redemption_history', 'removed_at', 'timestamptz', true, '{}'),
('recurly', 'coupon_redemption_history', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'coupon_redemption_history', 'is_deleted', 'boolean', false, '{}'),
('recurly', 'coupon_discount', 'coupon_id', 'text', true, '{}'),
('recurly', 'coupon_discount', 'type', 'text', true, '{}'),
('recurly', 'coupon_discount', 'percentage', 'numeric', false, '{}'),
('recurly', 'coupon_discount', 'amount', 'numeric', false, '{}'),
('recurly', 'coupon_discount', 'currency', 'text', false, '{}'),
('recurly', 'coupon', 'id', 'text', true, '{}'),
('recurly', 'coupon', 'duration', 'text', true, '{}'),
('recurly', 'coupon', 'temporal_unit', 'text', false, '{}'),
('recurly', 'coupon', 'temporal_amount', 'integer', false, '{}'),
('recurly', 'coupon', 'discount', 'text', false, '{}'),
('recurly', 'coupon', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'invoice_history', 'id', 'text', true, '{}'),
('recurly', 'invoice_history', 'state', 'text', true, '{}'),
('recurly', 'invoice_history', 'due_at', 'timestamptz', true, '{due_on}'),
('recurly', 'invoice_history', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'invoice_subscription_history', 'invoice_id', 'text', true, '{}'),
('recurly', 'invoice_subscription_history', 'subscription_id', 'text', true, '{}');

-- The code of an account is the key that the seller gave it. One that has no row is known by its key.
INSERT INTO csmetrics.connector_source (vendor, source, query) VALUES
('recurly', 'account', $$
    SELECT a.id AS account_key,
           coalesce(a.company, nullif(concat_ws(' ', a.account_first_name, a.account_last_name), ''), a.code) AS name,
           a.created_at AS created_on, csmetrics.company_domain(a.email) AS domain, a.code AS crm_key
    FROM {account_history} a
    UNION ALL
    SELECT DISTINCT coalesce(s.account_id, s.id), NULL, NULL::timestamptz, NULL, NULL
    FROM {subscription_history} s
    WHERE s.state NOT IN ('future', 'failed', 'pending')
          AND NOT EXISTS (SELECT 1 FROM {account_history} a WHERE a.id = s.account_id) $$),

-- The versions of subscriptions, and plans. A plan that is missing is told by the period; add-ons that are not added up
-- stand side by side in their table; tax in the price is taken out.
('recurly', 'versions', $$
    version AS (
        SELECT h.*, nr = 1 AS is_first, CASE WHEN nr = 1 THEN '-infinity' ELSE updated_at END AS from_at,
               coalesce(lead(updated_at) OVER (PARTITION BY h.id ORDER BY nr), 'infinity') AS to_at,
               count(*) OVER (PARTITION BY h.id) = 1 AS is_only,
               coalesce(unit_amount * coalesce(quantity, 1) + coalesce(add_ons_total, (
                            SELECT sum(a.unit_amount * coalesce(a.quantity, 1))
                            FROM {subscription_add_on_history} a
                            WHERE a.subscription_id = h.id AND a.is_deleted IS NOT TRUE
                                  AND (a.expired_at > coalesce(h.updated_at, '-infinity')) IS NOT FALSE
                                  AND (h.is_latest OR (a.created_at <= h.updated_at) IS NOT FALSE)), 0), subtotal)
                   / CASE WHEN tax_inclusive THEN 1 + coalesce(tax_rate, 0) ELSE 1 END AS charge,
               coalesce(p.name, h.plan_id) AS plan,
               coalesce(p.unit, CASE WHEN period.days >= 27 THEN 'month' ELSE 'day' END) AS unit,
               coalesce(p.unit_count, CASE WHEN period.days >= 27 THEN round(period.days / 30.4375)
                                           ELSE ceil(nullif(period.days, 0)) END)::integer AS unit_count
        FROM (SELECT DISTINCT ON (id, updated_at) s.*,
                     dense_rank() OVER (PARTITION BY id ORDER BY updated_at NULLS FIRST) AS nr,
                     updated_at IS NOT DISTINCT FROM max(updated_at) OVER (PARTITION BY id) AS is_latest
              FROM {subscription_history} s ORDER BY id, updated_at) h
        LEFT JOIN (SELECT id, coalesce(name, code) AS name, rtrim(interval_unit, 's') AS unit,
                          coalesce(interval_length, 1) AS unit_count
                   FROM {plan_history} p WHERE interval_unit IS NOT NULL) p ON p.id = h.plan_id,
             LATERAL (SELECT extract(epoch FROM current_period_ends_at - current_period_started_at) / 86400 AS days)
                 period) $$),

-- Without versions a subscription is changed in place: a refresh keeps what it was.
('recurly', 'observed', $$
    WITH {versions}
    SELECT v.id AS item_key, coalesce(v.account_id, v.id) AS account_key, v.id AS subscription_key, v.charge,
           lower(v.currency) AS currency, v.unit, v.unit_count, v.plan_id AS product_id, v.plan AS product,
           NULL::timestamptz AS since_at, NULL::timestamptz AS until_at, v.updated_at AS synced_at
    FROM version v
    WHERE v.is_only AND v.state NOT IN ('future', 'failed', 'pending', 'expired') AND v.unit_count IS NOT NULL
          AND v.charge IS NOT NULL $$),

('recurly', 'unmatched', $$
    WITH {versions}
    SELECT DISTINCT 'subscription' AS source, 'subscription ' || v.id AS row_key, NULL::numeric AS mrr,
           CASE WHEN v.unit_count IS NULL THEN format('plan %s is missing', v.plan_id) ELSE 'it has no amount' END
               AS reason
    FROM version v
    WHERE (v.unit_count IS NULL OR v.charge IS NULL) AND v.state NOT IN ('future', 'failed', 'pending')
          AND NOT EXISTS (SELECT 1 FROM {observed} o WHERE o.item_key = v.id AND NOT o.is_gone) $$),

-- A row for each version of a subscription, from its update to the next, the first one from activation on; cut where a
-- trial, a pause or a coupon begins or ends. Canceled means that it will not renew: it is in force until it expires.
-- Future and failed ones have not begun. Coupons that last ('forever', or of unknown duration) are subtracted while
-- they are redeemed; those of the account from each subscription, a fixed amount from the dearest in force. Limited
-- ones are told beside it: 'temporal' for their time, 'single_use' for one period of billing. A payment is due since
-- the earliest invoice of the subscription that is past due now. Pending changes count once they are made, when the
-- subscription has them. Of a subscription without versions earlier refreshes tell what it was.
('recurly', 'subscription', $$
    WITH {versions},
    seen AS (
        SELECT id, from_at, charge, unit, unit_count, plan,
               lead(from_at) OVER (PARTITION BY id ORDER BY from_at) AS to_at
        FROM (SELECT DISTINCT ON (item_key, from_at) item_key AS id, from_at, charge, unit, unit_count, product AS plan
              FROM (SELECT o.item_key, o.from_at, 1 AS place, o.charge, o.unit, o.unit_count, o.product
                    FROM {observed} o WHERE NOT o.is_gone
                    UNION ALL
                    SELECT v.id, CASE WHEN v.updated_at > l.from_at THEN v.updated_at
                                      ELSE greatest(now(), l.from_at) END, 2, v.charge, v.unit, v.unit_count, v.plan
                    FROM version v
                    JOIN (SELECT DISTINCT ON (item_key) * FROM {observed} o WHERE NOT o.is_gone
                          ORDER BY item_key, from_at DESC) l ON l.item_key = v.id
                    WHERE v.is_only AND v.charge IS NOT NULL
                          AND (v.charge, v.unit, v.unit_count)
                                        IS DISTINCT FROM (l.charge, l.unit, l.unit_count)) e
              ORDER BY item_key, from_at, place DESC) e),
    subscription AS (
        SELECT DISTINCT ON (id) id, account_id, state, currency, unit, unit_count,
               coalesce(activated_at, created_at) AS start_at, canceled_at,
               expiration_reason AS reason,
               CASE WHEN state IN ('canceled', 'expired')
                    THEN coalesce(expires_at, current_term_ends_at, current_period_ends_at, canceled_at)
                    ELSE coalesce(expires_at, gone_at) END AS end_at,
               CASE WHEN state IN ('active', 'paused') AND canceled_at IS NULL
                    THEN coalesce(current_term_ends_at, current_period_ends_at) END AS renews_at,
               row_number() OVER (PARTITION BY account_id, currency ORDER BY charge DESC NULLS LAST, id) AS place
        FROM (SELECT v.*, CASE WHEN a.is_deleted THEN coalesce(a._fivetran_synced, v.current_period_ends_at, now()) END
                              AS gone_at
              FROM version v LEFT JOIN {account_history} a ON a.id = v.account_id) v
        ORDER BY id, from_at DESC),
    discount AS (
        SELECT r.account_id, r.subscription_id, r.coupon_id, r.created_at AS from_at,
               coalesce(r.removed_at, 'infinity') AS to_at, d.percentage, d.amount, d.currency,
               coalesce(c.duration, 'forever') AS duration,
               c.temporal_amount * csmetrics.unit_length(c.temporal_unit) AS lasts
        FROM {coupon_redemption_history} r
        JOIN (SELECT coupon_id, type, percentage, amount, currency FROM {coupon_discount} t
              UNION ALL
              -- as it stands in the coupon
              SELECT c.id, c.d ->> 'type', (c.d ->> 'percent')::numeric, (a ->> 'amount')::numeric, a ->> 'currency'
              FROM (SELECT id, CASE WHEN discount ~ '^\s*\{' THEN discount::jsonb END AS d FROM {coupon} c
                    WHERE discount IS NOT NULL) c
                   LEFT JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(c.d -> 'currencies') WHEN 'array'
                                                          THEN c.d -> 'currencies' ELSE '[]' END) a ON true
              WHERE c.d IS NOT NULL AND c.id NOT IN (SELECT coupon_id FROM {coupon_discount} t
                                                     WHERE coupon_id IS NOT NULL)) d
             ON d.coupon_id = r.coupon_id AND d.type <> 'free_trial'
        LEFT JOIN {coupon} c ON c.id = r.coupon_id
        WHERE r.is_deleted IS NOT TRUE AND coalesce(c.duration, 'forever') IN ('forever', 'temporal', 'single_use')),
    applied AS (
        SELECT s.id AS subscription_id, d.coupon_id, d.from_at, d.duration <> 'forever' AS is_limited,
               d.percentage AS percent_off,
               d.amount AS amount_off, d.currency, d.subscription_id IS NOT NULL AS is_own,
               -- what was used once is gone, but not its period
               CASE d.duration WHEN 'forever' THEN d.to_at
                    WHEN 'temporal' THEN least(d.to_at, (d.from_at AT TIME ZONE 'UTC' + d.lasts) AT TIME ZONE 'UTC')
                               ELSE (greatest(d.from_at, s.start_at) AT TIME ZONE 'UTC'
                          + s.unit_count * csmetrics.unit_length(s.unit)) AT TIME ZONE 'UTC' END AS to_at
        FROM subscription s
        JOIN discount d ON d.account_id = s.account_id AND (d.subscription_id IS NULL OR d.subscription_id = s.id)),
    -- what takes the amounts that are off the account's whole: the dearest in force
    dearer AS (
        SELECT s.id AS subscription_id, o.start_at, coalesce(o.end_at, 'infinity') AS end_at
        FROM subscription s
        JOIN subscription o ON o.account_id = s.account_id AND upper(o.currency) IS NOT DISTINCT FROM upper(s.currency)
             AND o.place < s.place AND o.state NOT IN ('future', 'failed', 'pending')
        WHERE s.account_id IN (SELECT account_id FROM discount WHERE amount > 0 AND subscription_id IS NULL)),
    arrears AS (
        SELECT l.subscription_id, min(i.due_at) AS past_due_at
        FROM {invoice_subscription_history} l
        JOIN {invoice_history} i ON i.id = l.invoice_id AND i.state = 'past_due'
        GROUP BY l.subscription_id),
    span AS (
        SELECT subscription_id, at AS from_at, lead(at) OVER (PARTITION BY subscription_id ORDER BY at) AS to_at
        FROM (SELECT subscription_id, from_at AS at FROM applied UNION SELECT subscription_id, to_at FROM applied
              UNION SELECT subscription_id, '-infinity' FROM applied
              UNION SELECT subscription_id, 'infinity' FROM applied
              UNION SELECT subscription_id, start_at FROM dearer UNION SELECT subscription_id, end_at FROM dearer) e),
    -- what is off the charge, of discounts that last and of all, each coupon once
    discounted AS (
        SELECT subscription_id, from_at, to_at, currency,
               round(100 * (1 - CASE WHEN bool_or(percent_off >= 100 AND NOT is_limited) THEN 0
                                     ELSE exp(coalesce(sum(ln(1 - percent_off / 100)) FILTER (
                                         WHERE percent_off < 100 AND NOT is_limited), 0)) END), 9) AS percent_off,
               coalesce(sum(amount_off) FILTER (WHERE NOT is_limited), 0) AS amount_off,
               round(100 * (1 - CASE WHEN bool_or(percent_off >= 100) THEN 0
                                     ELSE exp(coalesce(sum(ln(1 - percent_off / 100)) FILTER (
                                         WHERE percent_off < 100), 0)) END), 9) AS all_percent_off,
               coalesce(sum(amount_off), 0) AS all_amount_off
        FROM (SELECT DISTINCT ON (o.subscription_id, o.from_at, v.currency, a.coupon_id)
                     o.subscription_id, o.from_at, o.to_at, v.currency, a.percent_off,
                     CASE WHEN a.is_own OR NOT EXISTS (SELECT 1 FROM dearer r
                                                       WHERE r.subscription_id = o.subscription_id
                                                             AND r.start_at <= o.from_at AND r.end_at >= o.to_at)
                          THEN a.amount_off END AS amount_off, a.is_limited
              FROM span o
              JOIN (SELECT DISTINCT id, currency FROM version) v ON v.id = o.subscription_id
              LEFT JOIN applied a ON a.subscription_id = o.subscription_id AND a.from_at <= o.from_at
                   AND a.to_at >= o.to_at AND (a.amount_off IS NULL OR a.currency IS NULL
                                               OR upper(a.currency) = upper(v.currency))
              WHERE o.to_at IS NOT NULL
              ORDER BY o.subscription_id, o.from_at, v.currency, a.coupon_id, a.is_limited,
                       a.amount_off DESC NULLS LAST) d
        GROUP BY subscription_id, from_at, to_at, currency)
    SELECT coalesce(s.account_id, s.id) AS account_key, v.id AS subscription_id, phase.from_at AS starts_on,
           nullif(phase.to_at, 'infinity') AS ends_on,
           price.mrr, price.list - price.mrr AS discount_mrr, price.mrr - price.least AS limited_discount_mrr,
           upper(v.currency) AS currency, c.plan AS product, c.plan AS plan, phase.status,
           s.canceled_at AS cancelled_on, s.renews_at AS renews_on, s.reason AS end_reason,
           s.reason NOT IN ('nonpayment', 'nonpayment_gift', 'nonpayment_trial', 'trial_ended') AS voluntary,
           r.past_due_at AS past_due_on
    FROM version v
    JOIN subscription s ON s.id = v.id
    LEFT JOIN seen w ON w.id = v.id AND v.is_only
    LEFT JOIN arrears r ON r.subscription_id = v.id
    LEFT JOIN discounted o ON o.subscription_id = v.id AND o.currency IS NOT DISTINCT FROM v.currency,
         LATERAL (SELECT coalesce(w.charge, v.charge) AS charge, coalesce(w.unit, v.unit) AS unit,
                         coalesce(w.unit_count, v.unit_count) AS unit_count, coalesce(w.plan, v.plan) AS plan) c,
         LATERAL (SELECT csmetrics.mrr(c.charge, c.unit, c.unit_count) AS list,
                         csmetrics.mrr(c.charge, c.unit, c.unit_count, 1, coalesce(o.percent_off, 0),
                                       coalesce(o.amount_off, 0)) AS mrr,
                         csmetrics.mrr(c.charge, c.unit, c.unit_count, 1, coalesce(o.all_percent_off, 0),
                                       coalesce(o.all_amount_off, 0))
                             AS least) price,
         LATERAL (SELECT greatest(s.start_at, v.from_at, w.from_at, o.from_at) AS from_at,
                         least(v.to_at, w.to_at, s.end_at, o.to_at, 'infinity') AS to_at,
                         coalesce(v.trial_started_at, s.start_at) AS trial_from,
                         coalesce(v.trial_ends_at, '-infinity') AS trial_to,
                         CASE WHEN v.state <> 'paused' THEN 'infinity'
                              ELSE coalesce(v.paused_at, CASE WHEN v.is_first THEN v.current_period_started_at END,
                                            '-infinity') END AS pause_from) t,
         LATERAL (VALUES (t.from_at, least(t.to_at, CASE WHEN t.trial_to > t.trial_from THEN t.trial_from
                                                         ELSE '-infinity' END), v.state),
                         (greatest(t.from_at, t.trial_from), least(t.to_at, t.trial_to), 'trial'),
                         (greatest(t.from_at, t.trial_to), least(t.to_at, t.pause_from),
                          CASE v.state WHEN 'paused' THEN 'active' ELSE v.state END),
                         (greatest(t.from_at, t.trial_to, t.pause_from), t.to_at, 'paused'))
             phase(from_at, to_at, status)
    WHERE v.state NOT IN ('future', 'failed', 'pending') AND c.unit_count IS NOT NULL AND c.charge IS NOT NULL
          AND phase.from_at < phase.to_at $$);
