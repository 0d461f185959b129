-- Stripe. MRR is that of the items of each subscription, not of invoices, so that prorations do not matter.
INSERT INTO csmetrics.connector

    VALUES ('stripe', 20,
            'Customers, and subscriptions from their items: prices and plans, tiers, coupons that last, trials, pauses',
            true);
INSERT INTO csmetrics.connector_table (vendor, table_name, other_names, one_of) VALUES
('stripe', 'customer', '{}', 'customer'),
('stripe', 'subscription_history', '{subscription}', 'subscription'),
('stripe', 'subscription_item', '{subscription_item_history}', 'subscription_item'),
('stripe', 'price', '{}', 'price'),
('stripe', 'plan', '{}', 'price'),
('stripe', 'price_tier', '{tier,plan_tier}', NULL),
('stripe', 'product', '{}', NULL),
('stripe', 'coupon', '{}', NULL),
('stripe', 'discount', '{}', NULL),
('stripe', 'subscription_discount', '{}', NULL),
('stripe', 'customer_discount', '{}', NULL);
INSERT INTO csmetrics.connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('stripe', 'customer', 'id', 'text', true, '{}'),
('stripe', 'customer', 'name', 'text', false, '{}'),
('stripe', 'customer', 'email', 'text', false, '{}'),
('stripe', 'customer', 'description', 'text', false, '{}'),
('stripe', 'customer', 'created', 'timestamptz', false, '{created_at}'),
('stripe', 'customer', 'metadata', 'jsonb', false, '{}'),
('stripe', 'customer', 'is_deleted', 'boolean', false, '{deleted,_fivetran_deleted}'),
('stripe', 'customer', 'livemode', 'boolean', false, '{}'),
('stripe', 'subscription_history', 'id', 'text', true, '{}'),
('stripe', 'subscription_history', 'customer_id', 'text', true, '{customer}'),
('stripe', 'subscription_history', 'status', 'text', true, '{}'),
('stripe', 'subscription_history', 'created', 'timestamptz', false, '{created_at}'),
('stripe', 'subscription_history', 'start_date', 'timestamptz', false, '{start}'),
('stripe', 'subscription_history', 'ended_at', 'timestamptz', true, '{}'),
('stripe', 'subscription_history', 'cancel_at', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'cancel_at_period_end', 'boolean', true, '{}'),
('stripe', 'subscription_history', 'canceled_at', 'timestamptz', true, '{}'),
('stripe', 'subscription_history', 'cancellation_details_reason', 'text', false, '{cancellation_reason}'),
('stripe', 'subscription_history', 'current_period_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'current_period_end', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'trial_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'trial_end', 'timestamptz', true, '{}'),
('stripe', 'subscription_history', 'pause_collection_behavior', 'text', false, '{}'),
('stripe', 'subscription_history', 'pause_collection_resumes_at', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'livemode', 'boolean', false, '{}'),
('stripe', 'subscription_history', '_fivetran_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', '_fivetran_end', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', '_fivetran_active', 'boolean', false, '{}'),
('stripe', 'subscription_history', '_fivetran_synced', 'timestamptz', false,
 '{_airbyte_extracted_at,_sdc_received_at}'),
('stripe', 'subscription_item', 'id', 'text', true, '{}'),
('stripe', 'subscription_item', 'subscription_id', 'text', true, '{subscription}'),
('stripe', 'subscription_item', 'plan_id', 'text', true, '{price_id}'),
('stripe', 'subscription_item', 'quantity', 'numeric', true, '{}'),
('stripe', 'subscription_item', 'created', 'timestamptz', false, '{created_at}'),
('stripe', 'subscription_item', 'current_period_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_item', 'current_period_end', 'timestamptz', false, '{}'),
('stripe', 'subscription_item', '_fivetran_deleted', 'boolean', false, '{is_deleted,deleted}'),
('stripe', 'subscription_item', '_fivetran_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_item', '_fivetran_end', 'timestamptz', false, '{}'),
('stripe', 'subscription_item', '_fivetran_synced', 'timestamptz', false, '{_airbyte_extracted_at,_sdc_received_at}'),
('stripe', 'price', 'id', 'text', true, '{}'),
('stripe', 'price', 'currency', 'text', true, '{}'),
('stripe', 'price', 'unit_amount', 'numeric', true, '{}'),
('stripe', 'price', 'unit_amount_decimal', 'numeric', false, '{}'),
('stripe', 'price', 'recurring_interval', 'text', true, '{}'),
('stripe', 'price', 'recurring_interval_count', 'integer', true, '{}'),
('stripe', 'price', 'recurring_usage_type', 'text', false, '{}'),
('stripe', 'price', 'product_id', 'text', false, '{product}'),
('stripe', 'price', 'tiers_mode', 'text', false, '{}'),
('stripe', 'price', 'transform_quantity_divide_by', 'numeric', false, '{}'),
('stripe', 'price', 'transform_quantity_round', 'text', false, '{}'),
('stripe', 'plan', 'id', 'text', true, '{}'),
('stripe', 'plan', 'currency', 'text', true, '{}'),
('stripe', 'plan', 'amount', 'numeric', true, '{}'),
('stripe', 'plan', 'amount_decimal', 'numeric', false, '{}'),
('stripe', 'plan', 'interval', 'text', true, '{}'),
('stripe', 'plan', 'interval_count', 'integer', true, '{}'),
('stripe', 'plan', 'usage_type', 'text', false, '{}'),
('stripe', 'plan', 'product_id', 'text', false, '{product}'),
('stripe', 'plan', 'tiers_mode', 'text', false, '{}'),
('stripe', 'plan', 'transform_usage_divide_by', 'numeric', false, '{}'),
('stripe', 'plan', 'transform_usage_round', 'text', false, '{}'),
('stripe', 'price_tier', 'price_id', 'text', true, '{plan_id}'),
('stripe', 'price_tier', 'up_to', 'numeric', true, '{}'),
('stripe', 'price_tier', 'unit_amount', 'numeric', false, '{amount}'),
('stripe', 'price_tier', 'flat_amount', 'numeric', false, '{}'),
('stripe', 'product', 'id', 'text', true, '{}'),
('stripe', 'product', 'name', 'text', true, '{}'),
('stripe', 'coupon', 'id', 'text', true, '{}'),
('stripe', 'coupon', 'duration', 'text', true, '{}'),
('stripe', 'coupon', 'duration_in_months', 'integer', false, '{}'),
('stripe', 'coupon', 'percent_off', 'numeric', false, '{}'),
('stripe', 'coupon', 'amount_off', 'numeric', false, '{}'),
('stripe', 'discount', 'coupon_id', 'text', true, '{coupon}'),
('stripe', 'discount', 'type', 'text', false, '{}'),
('stripe', 'discount', 'subscription_id', 'text', false, '{subscription}'),
('stripe', 'discount', 'customer_id', 'text', false, '{customer}'),
('stripe', 'discount', 'invoice_id', 'text', false, '{invoice}'),
('stripe', 'discount', 'invoice_item_id', 'text', false, '{invoice_item}'),
('stripe', 'discount', 'start', 'timestamptz', false, '{}'),
('stripe', 'discount', 'end', 'timestamptz', false, '{}'),
('stripe', 'subscription_discount', 'coupon_id', 'text', true, '{}'),
('stripe', 'subscription_discount', 'subscription_id', 'text', true, '{}'),
('stripe', 'subscription_discount', 'start', 'timestamptz', false, '{}'),
('stripe', 'subscription_discount', 'end', 'timestamptz', false, '{}'),
('stripe', 'customer_discount', 'coupon_id', 'text', true, '{}'),
('stripe', 'customer_discount', 'customer_id', 'text', true, '{}'),
('stripe', 'customer_discount', 'start', 'timestamptz', false, '{}'),
('stripe', 'customer_discount', 'end', 'timestamptz', false, '{}');

-- A customer of test mode is none. One that was deleted is kept: it had a past. The plan is the product of its latest
-- item.
INSERT INTO csmetrics.connector_source (vendor, source, query) VALUES
('stripe', 'account', $$
    SELECT c.id AS account_key, coalesce(c.name, c.description, c.email) AS name, i.product AS plan,
           c.created AS created_on, csmetrics.company_domain(c.email) AS domain,
           coalesce(c.metadata ->> 'salesforce_account_id', c.metadata ->> 'sf_account_id',
                    c.metadata ->> 'salesforce_id', c.metadata ->> 'hubspot_company_id', c.metadata ->> 'hubspot_id',
                    c.metadata ->> 'crm_account_id', c.metadata ->> 'crm_id', c.metadata ->> 'account_id',
                    c.metadata ->> 'external_id') AS crm_key
    FROM {customer} c
    LEFT JOIN (SELECT DISTINCT ON (s.customer_id) s.customer_id, d.name AS product
               FROM (SELECT DISTINCT id, customer_id FROM {subscription_history} h) s
               JOIN {subscription_item} i ON i.subscription_id = s.id
               JOIN (SELECT id, product_id FROM {price} a UNION SELECT id, product_id FROM {plan} b) p
                    ON p.id = i.plan_id
               JOIN {product} d ON d.id = p.product_id
               ORDER BY s.customer_id, i.created DESC NULLS LAST, d.name) i ON i.customer_id = c.id
    WHERE c.livemode IS NOT FALSE $$),

-- A row for each item during each version of its subscription, cut where a trial, a pause or a discount begins or ends.
--
-- Versions are those of the history, the first one reaching back to the beginning; without a history there is one, that
-- of now: then a pause or the end of payments is taken to have begun with the current period. An incomplete
-- subscription has not begun, an unpaid one has ended; one that is past due has been so since the first of its versions
-- that are, one after the other, or since its period began where none went before. Who has given notice is in force
-- until then.
--
-- Items of different products stand side by side, a later item of one product replaces the one before. Discounts that
-- last ('forever') are subtracted, percentages from every item, amounts from those of the product that costs most; a
-- discount of the customer holds where the subscription has none. Limited ones are told beside it: 'repeating' until
-- their end, 'once' for one period of billing. Metered prices have no MRR, nor have one-off ones; of tiers without
-- table price_tier it is unknown (NULL).
('stripe', 'subscription', $$
    WITH known AS (
        SELECT v.*, coalesce(CASE WHEN nr > 1 THEN _fivetran_start END, '-infinity') AS from_at,
               coalesce(lead(_fivetran_start) OVER (PARTITION BY id ORDER BY nr),
                        CASE WHEN _fivetran_end < '9999-01-01' AND _fivetran_active IS NOT TRUE THEN _fivetran_end END,
                        'infinity') AS to_at,
               nr = 1 OR timed = 0 AS is_first
        FROM (SELECT h.*, row_number() OVER (PARTITION BY id ORDER BY _fivetran_start NULLS FIRST, _fivetran_active,
                                             _fivetran_synced) AS nr,
                     -- versions without a time: the last one alone
                     row_number() OVER (PARTITION BY id ORDER BY _fivetran_start DESC NULLS LAST,
                                        _fivetran_active DESC NULLS LAST,
                                        _fivetran_synced DESC NULLS LAST) AS from_last,
                     count(_fivetran_start) OVER (PARTITION BY id) AS timed
              FROM {subscription_history} h WHERE livemode IS NOT FALSE) v
        WHERE from_last = 1 OR _fivetran_start IS NOT NULL),
    version AS (
        SELECT k.*,
               CASE WHEN status = 'past_due'
                    THEN coalesce(max(to_at) FILTER (WHERE status <> 'past_due') OVER so_far,
                                  first_value(coalesce(current_period_start, _fivetran_start)) OVER so_far)
                    END AS past_due_at
        FROM known k WINDOW so_far AS (PARTITION BY id ORDER BY from_at)),
    subscription AS (
        SELECT DISTINCT ON (v.id) v.id, v.customer_id, v.created, coalesce(v.start_date, v.created) AS start_at,
               v.canceled_at, v.cancellation_details_reason AS reason,
               CASE WHEN v.ended_at IS NULL AND v.cancel_at_period_end IS NOT TRUE
                         AND v.status NOT IN ('canceled', 'incomplete_expired')
                    THEN v.current_period_end END AS renews_at,
               least(v.ended_at, v.cancel_at,
                     CASE WHEN v.cancel_at_period_end AND v.cancel_at IS NULL THEN v.current_period_end END,
                     -- ended, and nothing says when: with the cancellation
                     CASE WHEN (v.status IN ('canceled', 'incomplete_expired') OR c.is_deleted) AND v.ended_at IS NULL
                          THEN coalesce(v.canceled_at, '-infinity') END) AS end_at
        FROM version v JOIN {customer} c ON c.id = v.customer_id AND c.livemode IS NOT FALSE
        ORDER BY v.id, v.from_at DESC),
    price AS (
        SELECT id, product_id, currency, coalesce(unit_amount_decimal, unit_amount) AS amount,
               recurring_interval AS unit, coalesce(recurring_interval_count, 1) AS unit_count,
               recurring_usage_type AS usage_type, tiers_mode, transform_quantity_divide_by AS divide_by,
               transform_quantity_round AS round
        FROM {price} a
        UNION ALL
        SELECT id, product_id, currency, coalesce(amount_decimal, amount), "interval", coalesce(interval_count, 1),
               usage_type, tiers_mode, transform_usage_divide_by, transform_usage_round
        FROM {plan} b WHERE id NOT IN (SELECT id FROM {price} a WHERE id IS NOT NULL)),
    tier AS (
        SELECT price_id, up_to, coalesce(unit_amount, 0) AS unit_amount, coalesce(flat_amount, 0) AS flat_amount,
               coalesce(lag(up_to) OVER (PARTITION BY price_id ORDER BY up_to NULLS LAST), 0) AS above
        FROM {price_tier} t),
    item AS (
        SELECT i.id, i.subscription_id, s.customer_id, p.currency, p.unit, p.unit_count,
               coalesce(d.name, p.product_id) AS product, p.product_id,
               -- in minor units, for what is charged each time
               CASE WHEN i.quantity = 0 THEN 0
                    WHEN p.tiers_mode IS NULL
                    THEN p.amount * CASE WHEN p.divide_by > 1 AND p.round = 'down' THEN floor(i.quantity / p.divide_by)
                                         WHEN p.divide_by > 1 THEN ceil(i.quantity / p.divide_by)
                                         ELSE coalesce(i.quantity, 1) END
                    ELSE (SELECT CASE p.tiers_mode
                                 WHEN 'volume' THEN sum(t.unit_amount * i.quantity + t.flat_amount) FILTER (
                                     WHERE i.quantity <= coalesce(t.up_to, i.quantity))
                                 ELSE sum(t.unit_amount * (least(i.quantity, t.up_to) - t.above) + t.flat_amount) END
                          FROM tier t WHERE t.price_id = p.id AND i.quantity > t.above) END AS charge,
               CASE WHEN i.created <= coalesce(s.created, s.start_at) + interval '1 hour' OR i.created IS NULL
                    THEN coalesce(s.start_at, i.created) ELSE i.created END AS created_at,
               i._fivetran_start,
               CASE WHEN i._fivetran_deleted THEN i._fivetran_synced
                    WHEN i._fivetran_end < '9999-01-01' THEN i._fivetran_end END AS gone_at
        FROM {subscription_item} i
        JOIN subscription s ON s.id = i.subscription_id
        JOIN price p ON p.id = i.plan_id
        LEFT JOIN {product} d ON d.id = p.product_id
        WHERE p.unit IS NOT NULL AND p.usage_type IS DISTINCT FROM 'metered'),
    item_in_force AS (
        SELECT i.*,
               least(lead(i.from_at) OVER (PARTITION BY i.subscription_id, coalesce(i.product_id, i.id)
                                           ORDER BY i.from_at, i.id), i.gone_at) AS until_at,
               -- the product that costs most
               first_value(coalesce(i.product_id, i.id))
                   OVER (PARTITION BY i.subscription_id ORDER BY i.charge DESC NULLS LAST, i.id)
                   = coalesce(i.product_id, i.id) AS is_main
        FROM (SELECT i.*,
                     CASE WHEN row_number() OVER (PARTITION BY i.id ORDER BY i._fivetran_start NULLS FIRST) > 1
                          THEN i._fivetran_start ELSE i.created_at END AS from_at
              FROM item i) i),
    discount AS (
        SELECT d.subscription_id, d.customer_id, d.start, d."end", c.duration, c.duration_in_months, c.percent_off,
               c.amount_off
        FROM (SELECT coupon_id, subscription_id, NULL AS customer_id, start, "end" FROM {subscription_discount} d
              UNION SELECT coupon_id, subscription_id, NULL, start, "end" FROM {discount} d
                    WHERE subscription_id IS NOT NULL AND coalesce(type, 'subscription') ILIKE 'subscription%'
              UNION SELECT coupon_id, NULL, customer_id, start, "end" FROM {customer_discount} d
              UNION SELECT coupon_id, NULL, customer_id, start, "end" FROM {discount} d
                    WHERE subscription_id IS NULL AND customer_id IS NOT NULL
                          AND coalesce(type, 'customer') ILIKE 'customer%' AND invoice_id IS NULL
                          AND invoice_item_id IS NULL) d
        JOIN {coupon} c ON c.id = d.coupon_id AND c.duration IN ('forever', 'repeating', 'once')),
    billing AS (SELECT subscription_id, max(unit_count * csmetrics.unit_length(unit)) AS period FROM item
                GROUP BY subscription_id),
    applied AS (
        SELECT t.id AS subscription_id, t.from_at, t.duration <> 'forever' AS is_limited, t.percent_off, t.amount_off,
               least(t."end", (t.from_at AT TIME ZONE 'UTC'
                               + CASE t.duration WHEN 'repeating' THEN t.duration_in_months * interval '1 month'
                                                 WHEN 'once' THEN b.period END) AT TIME ZONE 'UTC', 'infinity') AS to_at
        FROM (SELECT s.id, coalesce(d.start, CASE WHEN d.duration <> 'forever' THEN s.start_at END, '-infinity')
                         AS from_at, d.*
              FROM subscription s JOIN discount d ON d.subscription_id = s.id
              UNION ALL
              SELECT s.id, coalesce(d.start, CASE WHEN d.duration <> 'forever' THEN s.start_at END, '-infinity'), d.*
              FROM subscription s JOIN discount d ON d.customer_id = s.customer_id
              WHERE NOT EXISTS (SELECT 1 FROM discount own
                                WHERE own.subscription_id = s.id
                                      AND (own.duration = 'forever' OR d.duration <> 'forever'))) t
        LEFT JOIN billing b ON b.subscription_id = t.id),
    -- what is off the charge, of discounts that last and of all
    discounted AS (
        SELECT b.subscription_id, b.from_at, b.to_at,
               100 * (1 - CASE WHEN bool_or(a.percent_off >= 100 AND NOT a.is_limited) THEN 0
                               ELSE exp(coalesce(sum(ln(1 - a.percent_off / 100)) FILTER (
                                   WHERE a.percent_off < 100 AND NOT a.is_limited), 0)) END) AS percent_off,
               coalesce(sum(a.amount_off) FILTER (WHERE NOT a.is_limited), 0) AS amount_off,
               100 * (1 - CASE WHEN bool_or(a.percent_off >= 100) THEN 0
                               ELSE exp(coalesce(sum(ln(1 - a.percent_off / 100)) FILTER (
                                   WHERE a.percent_off < 100), 0)) END) AS all_percent_off,
               coalesce(sum(a.amount_off), 0) AS all_amount_off
        FROM (SELECT subscription_id, at AS from_at, lead(at) OVER (PARTITION BY subscription_id ORDER BY at) AS to_at
              FROM (SELECT subscription_id, from_at AS at FROM applied UNION SELECT subscription_id, to_at FROM applied
                    UNION SELECT subscription_id, '-infinity' FROM applied
                    UNION SELECT subscription_id, 'infinity' FROM applied) e) b
        LEFT JOIN applied a ON a.subscription_id = b.subscription_id AND a.from_at <= b.from_at AND a.to_at >= b.to_at
        WHERE b.to_at IS NOT NULL GROUP BY b.subscription_id, b.from_at, b.to_at)
    SELECT i.customer_id AS account_key, i.subscription_id, phase.from_at AS starts_on,
           nullif(phase.to_at, 'infinity') AS ends_on,
           price.mrr, price.list - price.mrr AS discount_mrr, price.mrr - price.least AS limited_discount_mrr,
           upper(i.currency) AS currency, i.product,
           i.product || CASE i.unit_count WHEN 1 THEN ', by the ' || i.unit
                        ELSE format(', every %s %ss', i.unit_count, i.unit) END AS plan,
           phase.status, s.canceled_at AS cancelled_on, s.renews_at AS renews_on, s.reason AS end_reason,
           s.reason NOT IN ('payment_failed', 'payment_disputed') AS voluntary, h.past_due_at AS past_due_on
    FROM item_in_force i
    JOIN subscription s ON s.id = i.subscription_id
    JOIN version h ON h.id = i.subscription_id AND h.status NOT IN ('incomplete', 'incomplete_expired')
        AND (h.status <> 'unpaid' OR h.is_first)
    LEFT JOIN discounted o ON o.subscription_id = i.subscription_id,
         LATERAL (SELECT i.charge / csmetrics.minor_units(i.currency) AS charge,
                         CASE WHEN i.is_main THEN coalesce(o.amount_off, 0) ELSE 0 END
                             / csmetrics.minor_units(i.currency) AS off,
                         CASE WHEN i.is_main THEN coalesce(o.all_amount_off, 0) ELSE 0 END
                             / csmetrics.minor_units(i.currency) AS all_off) c,
         LATERAL (SELECT csmetrics.mrr(c.charge, i.unit, i.unit_count) AS list,
                         csmetrics.mrr(c.charge, i.unit, i.unit_count, 1, round(coalesce(o.percent_off, 0), 9), c.off)
                             AS mrr,
                         csmetrics.mrr(c.charge, i.unit, i.unit_count, 1, round(coalesce(o.all_percent_off, 0), 9),
                                       c.all_off) AS least) price,
         LATERAL (SELECT greatest(i.from_at, h.from_at, o.from_at) AS from_at,
                         least(i.until_at, h.to_at, s.end_at, o.to_at,
                               CASE WHEN h.status = 'unpaid' THEN h.current_period_start END, 'infinity') AS to_at,
                         h.trial_start AS trial_from,
                         CASE WHEN h.status = 'trialing' THEN coalesce(h.trial_end, 'infinity')
                              ELSE coalesce(h.trial_end, '-infinity') END AS trial_to,
                         CASE WHEN h.status = 'paused' THEN '-infinity'
                              WHEN h.pause_collection_behavior IS NULL THEN 'infinity'
                              WHEN h.is_first THEN coalesce(h.current_period_start, '-infinity')
                              ELSE '-infinity' END AS pause_from,
                         coalesce(h.pause_collection_resumes_at, 'infinity') AS pause_to,
                         CASE h.status WHEN 'trialing' THEN 'active' ELSE h.status END AS status) t,
         -- before a trial, the trial, before a pause, the pause, after it
         LATERAL (VALUES (t.from_at, least(t.to_at, CASE WHEN t.trial_to > t.trial_from THEN t.trial_from
                                                         ELSE '-infinity' END), t.status),
                         (greatest(t.from_at, t.trial_from), least(t.to_at, t.trial_to), 'trial'),
                         (greatest(t.from_at, t.trial_to), least(t.to_at, t.pause_from), t.status),
                         (greatest(t.from_at, t.trial_to, t.pause_from), least(t.to_at, t.pause_to), 'paused'),
                         (greatest(t.from_at, t.trial_to, t.pause_from, t.pause_to), t.to_at, t.status))
             phase(from_at, to_at, status)
    WHERE phase.from_at < phase.to_at AND phase.from_at > '-infinity' $$);
