-- Stripe. MRR is that of the items of each subscription, not of invoices, so that prorations do not matter.
INSERT INTO csmetrics.connector

    VALUES ('stripe', 20,
            'Customers, and subscriptions from their items: prices and plans, tiers, coupons that last, trials, pauses',
            true);
INSERT INTO csmetrics.connector_table (vendor, table_name, other_names, one_of, keys) VALUES
('stripe', 'customer', '{}', 'customer', '{id}'),
('stripe', 'subscription_history', '{subscription}', 'subscription', '{id,_fivetran_start}'),
('stripe', 'subscription_item', '{subscription_item_history}', 'subscription_item', '{id,_fivetran_start}'),
('stripe', 'price', '{}', 'price', '{id}'),
('stripe', 'plan', '{}', 'price', '{id}'),
('stripe', 'price_tier', '{tier,plan_tier}', NULL, '{price_id,up_to}'),
('stripe', 'price_currency_option', '{currency_option,price_currency_options}', NULL, '{price_id,currency}'),
('stripe', 'product', '{}', NULL, '{id}'),
('stripe', 'coupon', '{}', NULL, '{id}'),
('stripe', 'coupon_product', '{coupon_applies_to_product,coupon_applies_to}', NULL, '{coupon_id,product_id}'),
('stripe', 'coupon_currency_option', '{coupon_currency_options}', NULL, '{coupon_id,currency}'),
('stripe', 'discount', '{}', NULL, '{id,type}'),
('stripe', 'subscription_discount', '{}', NULL, '{id}'),
('stripe', 'subscription_item_discount', '{item_discount}', NULL, '{id}'),
('stripe', 'customer_discount', '{}', NULL, '{id}'),
('stripe', 'tax_rate', '{}', NULL, '{id}'),
('stripe', 'subscription_tax_rate', '{subscription_default_tax_rate}', NULL, '{subscription_id,tax_rate_id}'),
('stripe', 'subscription_item_tax_rate', '{item_tax_rate}', NULL, '{subscription_item_id,tax_rate_id}'),
('stripe', 'invoice', '{}', NULL, '{id}'),
('stripe', 'invoice_line_item', '{invoice_line}', NULL, '{id,invoice_id}');
INSERT INTO csmetrics.connector_column (vendor, table_name, column_name, type, required, other_names) VALUES
('stripe', 'customer', 'id', 'text', true, '{}'),
('stripe', 'customer', 'name', 'text', false, '{}'),
('stripe', 'customer', 'email', 'text', false, '{}'),
('stripe', 'customer', 'description', 'text', false, '{}'),
('stripe', 'customer', 'created', 'timestamptz', false, '{created_at}'),
('stripe', 'customer', 'metadata', 'jsonb', false, '{}'),
('stripe', 'customer', 'is_deleted', 'boolean', false, '{}'),
('stripe', 'customer', 'discount', 'text', false, '{}'),
('stripe', 'customer', '_fivetran_synced', 'timestamptz', false, '{}'),
('stripe', 'customer', 'livemode', 'boolean', false, '{}'),
('stripe', 'subscription_history', 'id', 'text', true, '{}'),
('stripe', 'subscription_history', 'customer_id', 'text', true, '{customer.id}'),
('stripe', 'subscription_history', 'status', 'text', true, '{}'),
('stripe', 'subscription_history', 'created', 'timestamptz', false, '{created_at}'),
('stripe', 'subscription_history', 'start_date', 'timestamptz', false, '{start}'),
('stripe', 'subscription_history', 'ended_at', 'timestamptz', true, '{}'),
('stripe', 'subscription_history', 'cancel_at', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'cancel_at_period_end', 'boolean', true, '{}'),
('stripe', 'subscription_history', 'canceled_at', 'timestamptz', true, '{}'),
('stripe', 'subscription_history', 'cancellation_details_reason', 'text', false,
 '{cancellation_reason,cancellation_details.reason}'),
('stripe', 'subscription_history', 'current_period_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'current_period_end', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'trial_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', 'trial_end', 'timestamptz', true, '{}'),
('stripe', 'subscription_history', 'pause_collection_behavior', 'text', false, '{pause_collection.behavior}'),
('stripe', 'subscription_history', 'pause_collection_resumes_at', 'timestamptz', false,
 '{pause_collection.resumes_at}'),
('stripe', 'subscription_history', 'currency', 'text', false, '{}'),
('stripe', 'subscription_history', 'tax_percent', 'numeric', false, '{}'),
('stripe', 'subscription_history', 'default_tax_rates', 'text', false, '{}'),
('stripe', 'subscription_history', 'discount', 'text', false, '{}'),
('stripe', 'subscription_history', 'discounts', 'text', false, '{}'),
('stripe', 'subscription_history', 'is_deleted', 'boolean', false, '{}'),
('stripe', 'subscription_history', 'livemode', 'boolean', false, '{}'),
('stripe', 'subscription_history', '_fivetran_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', '_fivetran_end', 'timestamptz', false, '{}'),
('stripe', 'subscription_history', '_fivetran_active', 'boolean', false, '{}'),
('stripe', 'subscription_history', '_fivetran_synced', 'timestamptz', false, '{}'),
('stripe', 'subscription_item', 'id', 'text', true, '{}'),
('stripe', 'subscription_item', 'subscription_id', 'text', true, '{subscription.id}'),
('stripe', 'subscription_item', 'plan_id', 'text', true, '{price_id,price.id,plan.id}'),
('stripe', 'subscription_item', 'price_id', 'text', false, '{price.id}'),
('stripe', 'subscription_item', 'price', 'text', false, '{plan}'),
('stripe', 'subscription_item', 'tax_rates', 'text', false, '{}'),
('stripe', 'subscription_item', 'discounts', 'text', false, '{}'),
('stripe', 'subscription_item', 'quantity', 'numeric', true, '{}'),
('stripe', 'subscription_item', 'created', 'timestamptz', false, '{created_at}'),
('stripe', 'subscription_item', 'current_period_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_item', 'current_period_end', 'timestamptz', false, '{}'),
('stripe', 'subscription_item', 'is_deleted', 'boolean', false, '{}'),
('stripe', 'subscription_item', '_fivetran_active', 'boolean', false, '{}'),
('stripe', 'subscription_item', '_fivetran_start', 'timestamptz', false, '{}'),
('stripe', 'subscription_item', '_fivetran_end', 'timestamptz', false, '{}'),
('stripe', 'subscription_item', '_fivetran_synced', 'timestamptz', false, '{}'),
('stripe', 'price', 'id', 'text', true, '{}'),
('stripe', 'price', 'currency', 'text', true, '{}'),
('stripe', 'price', 'unit_amount', 'numeric', true, '{}'),
('stripe', 'price', 'unit_amount_decimal', 'numeric', false, '{}'),
('stripe', 'price', 'recurring_interval', 'text', true, '{recurring.interval}'),
('stripe', 'price', 'recurring_interval_count', 'integer', true, '{recurring.interval_count}'),
('stripe', 'price', 'recurring_usage_type', 'text', false, '{recurring.usage_type}'),
('stripe', 'price', 'product_id', 'text', false, '{product.id}'),
('stripe', 'price', 'tiers_mode', 'text', false, '{}'),
('stripe', 'price', 'transform_quantity_divide_by', 'numeric', false, '{transform_quantity.divide_by}'),
('stripe', 'price', 'transform_quantity_round', 'text', false, '{transform_quantity.round}'),
('stripe', 'price', 'tiers', 'text', false, '{}'),
('stripe', 'price', 'currency_options', 'text', false, '{}'),
('stripe', 'price', 'tax_behavior', 'text', false, '{}'),
('stripe', 'plan', 'id', 'text', true, '{}'),
('stripe', 'plan', 'currency', 'text', true, '{}'),
('stripe', 'plan', 'amount', 'numeric', true, '{}'),
('stripe', 'plan', 'amount_decimal', 'numeric', false, '{}'),
('stripe', 'plan', 'interval', 'text', true, '{}'),
('stripe', 'plan', 'interval_count', 'integer', true, '{}'),
('stripe', 'plan', 'usage_type', 'text', false, '{}'),
('stripe', 'plan', 'product_id', 'text', false, '{product.id}'),
('stripe', 'plan', 'tiers_mode', 'text', false, '{}'),
('stripe', 'plan', 'transform_usage_divide_by', 'numeric', false, '{transform_usage.divide_by}'),
('stripe', 'plan', 'transform_usage_round', 'text', false, '{transform_usage.round}'),
('stripe', 'plan', 'tiers', 'text', false, '{}'),
('stripe', 'price_tier', 'price_id', 'text', true, '{plan_id}'),
('stripe', 'price_tier', 'up_to', 'numeric', true, '{}'),
('stripe', 'price_tier', 'unit_amount', 'numeric', false, '{amount}'),
('stripe', 'price_tier', 'unit_amount_decimal', 'numeric', false, '{}'),
('stripe', 'price_currency_option', 'price_id', 'text', true, '{}'),
('stripe', 'price_currency_option', 'currency', 'text', true, '{currency_code}'),
('stripe', 'price_currency_option', 'unit_amount', 'numeric', false, '{amount}'),
('stripe', 'price_currency_option', 'unit_amount_decimal', 'numeric', false, '{}'),
('stripe', 'price_tier', 'flat_amount', 'numeric', false, '{}'),
('stripe', 'product', 'id', 'text', true, '{}'),
('stripe', 'product', 'name', 'text', true, '{}'),
('stripe', 'coupon', 'id', 'text', true, '{}'),
('stripe', 'coupon', 'duration', 'text', true, '{}'),
('stripe', 'coupon', 'duration_in_months', 'integer', false, '{}'),
('stripe', 'coupon', 'percent_off', 'numeric', false, '{}'),
('stripe', 'coupon', 'amount_off', 'numeric', false, '{}'),
('stripe', 'coupon', 'currency', 'text', false, '{}'),
('stripe', 'coupon', 'currency_options', 'text', false, '{}'),
('stripe', 'coupon', 'applies_to', 'text', false, '{applies_to_products,applies_to.products}'),
('stripe', 'coupon_product', 'coupon_id', 'text', true, '{}'),
('stripe', 'coupon_product', 'product_id', 'text', true, '{product}'),
('stripe', 'coupon_currency_option', 'coupon_id', 'text', true, '{}'),
('stripe', 'coupon_currency_option', 'currency', 'text', true, '{}'),
('stripe', 'coupon_currency_option', 'amount_off', 'numeric', true, '{}'),
('stripe', 'discount', 'id', 'text', false, '{}'),
('stripe', 'discount', 'coupon_id', 'text', true, '{coupon.id,source.coupon}'),
('stripe', 'discount', 'type', 'text', false, '{}'),
('stripe', 'discount', 'subscription_id', 'text', false, '{subscription}'),
('stripe', 'discount', 'customer_id', 'text', false, '{customer}'),
('stripe', 'discount', 'invoice_id', 'text', false, '{invoice}'),
('stripe', 'discount', 'subscription_item_id', 'text', false, '{subscription_item}'),
('stripe', 'discount', 'is_deleted', 'boolean', false, '{}'),
('stripe', 'discount', '_fivetran_synced', 'timestamptz', false, '{}'),
('stripe', 'discount', 'invoice_item_id', 'text', false, '{invoice_item}'),
('stripe', 'discount', 'start', 'timestamptz', false, '{}'),
('stripe', 'discount', 'end', 'timestamptz', false, '{}'),
('stripe', 'subscription_discount', 'id', 'text', false, '{}'),
('stripe', 'subscription_discount', 'is_deleted', 'boolean', false, '{}'),
('stripe', 'subscription_discount', '_fivetran_synced', 'timestamptz', false, '{}'),
('stripe', 'subscription_discount', 'coupon_id', 'text', true, '{coupon}'),
('stripe', 'subscription_discount', 'subscription_id', 'text', true, '{subscription}'),
('stripe', 'subscription_discount', 'start', 'timestamptz', false, '{}'),
('stripe', 'subscription_discount', 'end', 'timestamptz', false, '{}'),
('stripe', 'subscription_item_discount', 'id', 'text', false, '{}'),
('stripe', 'subscription_item_discount', 'is_deleted', 'boolean', false, '{}'),
('stripe', 'subscription_item_discount', '_fivetran_synced', 'timestamptz', false, '{}'),
('stripe', 'subscription_item_discount', 'coupon_id', 'text', true, '{coupon}'),
('stripe', 'subscription_item_discount', 'subscription_item_id', 'text', true, '{subscription_item}'),
('stripe', 'subscription_item_discount', 'start', 'timestamptz', false, '{}'),
('stripe', 'subscription_item_discount', 'end', 'timestamptz', false, '{}'),
('stripe', 'tax_rate', 'id', 'text', true, '{}'),
('stripe', 'tax_rate', 'percentage', 'numeric', true, '{}'),
('stripe', 'tax_rate', 'inclusive', 'boolean', false, '{}'),
('stripe', 'subscription_tax_rate', 'subscription_id', 'text', true, '{}'),
('stripe', 'subscription_tax_rate', 'tax_rate_id', 'text', true, '{}'),
('stripe', 'subscription_item_tax_rate', 'subscription_item_id', 'text', true, '{item_id}'),
('stripe', 'subscription_item_tax_rate', 'tax_rate_id', 'text', true, '{}'),
('stripe', 'invoice', 'id', 'text', true, '{}'),
('stripe', 'invoice', 'status', 'text', false, '{}'),
('stripe', 'invoice', 'is_deleted', 'boolean', false, '{}'),
('stripe', 'invoice_line_item', 'id', 'text', false, '{}'),
('stripe', 'invoice_line_item', 'invoice_id', 'text', false, '{invoice.id}'),
('stripe', 'invoice_line_item', 'subscription_item_id', 'text', false,
 '{subscription_item,parent.subscription_item_details.subscription_item}'),
('stripe', 'invoice_line_item', 'plan_id', 'text', false, '{price_id,price.id,plan.id,pricing.price_details.price}'),
('stripe', 'invoice_line_item', 'price_id', 'text', false, '{}'),
('stripe', 'invoice_line_item', 'quantity', 'numeric', false, '{}'),
('stripe', 'invoice_line_item', 'amount', 'numeric', false, '{}'),
('stripe', 'invoice_line_item', 'currency', 'text', false, '{}'),
('stripe', 'invoice_line_item', 'proration', 'boolean', false, '{parent.subscription_item_details.proration}'),
('stripe', 'invoice_line_item', 'type', 'text', false, '{}'),
('stripe', 'invoice_line_item', 'period_start', 'timestamptz', false, '{period.start}'),
('stripe', 'invoice_line_item', 'period_end', 'timestamptz', false, '{period.end}'),
('stripe', 'customer_discount', 'id', 'text', false, '{}'),
('stripe', 'customer_discount', 'is_deleted', 'boolean', false, '{}'),
('stripe', 'customer_discount', '_fivetran_synced', 'timestamptz', false, '{}'),
('stripe', 'customer_discount', 'coupon_id', 'text', true, '{coupon}'),
('stripe', 'customer_discount', 'customer_id', 'text', true, '{customer}'),
('stripe', 'customer_discount', 'start', 'timestamptz', false, '{}'),
('stripe', 'customer_discount', 'end', 'timestamptz', false, '{}');

-- A customer of test mode is none. One that was deleted is kept: it had a past; one whose row is missing is known by
-- its key, and a subscription of nobody by its own. The plan is the product of the latest item.
INSERT INTO csmetrics.connector_source (vendor, source, query) VALUES
('stripe', 'account', $$
    SELECT c.id AS account_key, coalesce(c.name, c.description, c.email) AS name, i.product AS plan,
           c.created AS created_on, csmetrics.company_domain(c.email) AS domain,
           (SELECT nullif(c.metadata ->> k.name, '')
            FROM unnest('{salesforce_account_id,sf_account_id,salesforce_id,hubspot_company_id,hubspot_id,'
                        'crm_account_id,crm_id,account_id,external_id}'::text[]) WITH ORDINALITY k(name, place)
            WHERE c.metadata ->> k.name <> '' ORDER BY k.place LIMIT 1) AS crm_key
    FROM (SELECT id, name, description, email, created, metadata, livemode FROM {customer} c
          UNION ALL
          SELECT DISTINCT coalesce(s.customer_id, s.id), NULL, NULL, NULL, NULL::timestamptz, NULL::jsonb, true
          FROM {subscription_history} s
          WHERE s.livemode IS NOT FALSE
                AND NOT EXISTS (SELECT 1 FROM {customer} c WHERE c.id = s.customer_id)) c
    LEFT JOIN (SELECT DISTINCT ON (s.customer_id) s.customer_id, d.name AS product
               FROM (SELECT DISTINCT id, coalesce(customer_id, id) AS customer_id FROM {subscription_history} h) s
               JOIN {subscription_item} i ON i.subscription_id = s.id
               JOIN (SELECT id, product_id FROM {price} a UNION SELECT id, product_id FROM {plan} b) p
                    ON p.id = coalesce(i.plan_id, i.price_id)
               JOIN {product} d ON d.id = p.product_id
               ORDER BY s.customer_id, i.created DESC NULLS LAST, d.name) i ON i.customer_id = c.id
    WHERE c.livemode IS NOT FALSE $$),

-- What is charged, in minor units and each time, without tax: for each row of an item, and for each line of an invoice
-- that is no proration. A line says what was charged for its period; where that is not a whole one, by its price. A
-- price that is missing may stand in the item, or be told by its lines.
('stripe', 'priced', $$
    own_currency AS (
        SELECT id, max(lower(currency)) AS currency, max(tax_percent) AS tax_percent
        FROM {subscription_history} h WHERE currency IS NOT NULL OR tax_percent IS NOT NULL GROUP BY id),
    written_price AS (
        SELECT id, p FROM (SELECT CASE WHEN price ~ '^\s*\{\s*"' THEN price::jsonb END AS p FROM {subscription_item} i
                           WHERE price IS NOT NULL) i, LATERAL (SELECT p ->> 'id' AS id) k
        WHERE id IS NOT NULL),
    price AS (
        SELECT id, product_id, lower(currency) AS currency, coalesce(unit_amount_decimal, unit_amount) AS amount,
               recurring_interval AS unit, coalesce(recurring_interval_count, 1) AS unit_count,
               recurring_usage_type AS usage_type, tiers_mode, transform_quantity_divide_by AS divide_by,
               transform_quantity_round AS round, tax_behavior, tiers, currency_options
        FROM {price} a
        UNION ALL
        SELECT id, product_id, lower(currency), coalesce(amount_decimal, amount), "interval",
               coalesce(interval_count, 1), usage_type, tiers_mode, transform_usage_divide_by, transform_usage_round,
               NULL, tiers, NULL
        FROM {plan} b WHERE NOT EXISTS (SELECT 1 FROM {price} a WHERE a.id = b.id)
        UNION ALL
        (SELECT DISTINCT ON (w.id) w.id, coalesce(p #>> '{product,id}', p ->> 'product'), lower(p ->> 'currency'),
               coalesce(p ->> 'unit_amount_decimal', p ->> 'unit_amount', p ->> 'amount_decimal',
                        p ->> 'amount')::numeric,
               coalesce(p #>> '{recurring,interval}', p ->> 'interval'),
               coalesce(p #>> '{recurring,interval_count}', p ->> 'interval_count', '1')::integer,
               coalesce(p #>> '{recurring,usage_type}', p ->> 'usage_type'), p ->> 'tiers_mode',
               coalesce(p #>> '{transform_quantity,divide_by}', p #>> '{transform_usage,divide_by}')::numeric,
               coalesce(p #>> '{transform_quantity,round}', p #>> '{transform_usage,round}'), p ->> 'tax_behavior',
               p ->> 'tiers', p ->> 'currency_options'
        FROM written_price w
        WHERE NOT EXISTS (SELECT 1 FROM {price} a WHERE a.id = w.id)
              AND NOT EXISTS (SELECT 1 FROM {plan} b WHERE b.id = w.id)
        ORDER BY w.id, p::text)),
    -- what it is in other currencies
    price_option AS (
        SELECT price_id, lower(currency) AS currency, coalesce(unit_amount_decimal, unit_amount) AS amount,
               NULL AS tiers
        FROM {price_currency_option} o
        UNION
        SELECT p.id, lower(o.key), coalesce(o.value ->> 'unit_amount_decimal', o.value ->> 'unit_amount')::numeric,
               o.value ->> 'tiers'
        FROM price p, jsonb_each(CASE WHEN p.currency_options ~ '^\s*\{\s*"' THEN p.currency_options::jsonb
                                      ELSE '{}' END) o
        WHERE p.currency_options IS NOT NULL),
    price_steps AS (
        SELECT price_id, option, array_agg(up_to ORDER BY up_to) AS up_to,
               array_agg(unit_amount ORDER BY up_to) AS unit_amount,
               array_agg(flat_amount ORDER BY up_to) AS flat_amount, array_agg(above ORDER BY up_to) AS above
        FROM (SELECT price_id, option, up_to, coalesce(unit_amount, 0) AS unit_amount,
                     coalesce(flat_amount, 0) AS flat_amount,
                     coalesce(lag(up_to) OVER (PARTITION BY price_id, option ORDER BY up_to NULLS LAST), 0) AS above
              FROM (SELECT price_id, '' AS option, up_to, coalesce(unit_amount_decimal, unit_amount) AS unit_amount,
                           flat_amount
                    FROM {price_tier} t
                    UNION ALL
                    SELECT p.id, p.option, (t ->> 'up_to')::numeric,
                           coalesce(t ->> 'unit_amount_decimal', t ->> 'unit_amount')::numeric,
                           coalesce(t ->> 'flat_amount_decimal', t ->> 'flat_amount')::numeric
                    FROM (SELECT id, '' AS option, tiers FROM price
                          WHERE tiers IS NOT NULL AND id NOT IN (SELECT price_id FROM {price_tier} x
                                                                 WHERE price_id IS NOT NULL)
                          UNION ALL
                          SELECT price_id, currency, tiers FROM price_option WHERE tiers IS NOT NULL) p,
                         jsonb_array_elements(CASE WHEN p.tiers ~ '^\s*\[\s*\{' THEN p.tiers::jsonb
                                                   ELSE '[]' END) t) t) t
        GROUP BY price_id, option),
    -- rates of tax, of items and of subscriptions: in the price, and such that do not say
    tax AS (
        SELECT item_id, subscription_id, sum(percentage) FILTER (WHERE inclusive) AS inclusive,
               sum(percentage) FILTER (WHERE inclusive IS NULL) AS unknown
        FROM (SELECT x.subscription_item_id AS item_id, NULL AS subscription_id, r.percentage, r.inclusive
              FROM {subscription_item_tax_rate} x JOIN {tax_rate} r ON r.id = x.tax_rate_id
              UNION ALL
              SELECT NULL, x.subscription_id, r.percentage, r.inclusive
              FROM {subscription_tax_rate} x JOIN {tax_rate} r ON r.id = x.tax_rate_id
              UNION ALL
              SELECT w.item_id, w.subscription_id, coalesce(r.percentage, (t ->> 'percentage')::numeric),
                     coalesce(r.inclusive, (t ->> 'inclusive')::boolean)
              FROM (SELECT id AS item_id, NULL AS subscription_id, tax_rates AS rates FROM {subscription_item} i
                    WHERE tax_rates IS NOT NULL
                    UNION
                    SELECT NULL, id, default_tax_rates FROM {subscription_history} h
                    WHERE default_tax_rates IS NOT NULL) w,
                   jsonb_array_elements(CASE WHEN w.rates ~ '^\s*\[\s*["{]' THEN w.rates::jsonb ELSE '[]' END) t
                   LEFT JOIN {tax_rate} r ON r.id = coalesce(t ->> 'id', t #>> '{}')) t
        GROUP BY item_id, subscription_id),
    -- flags, not words: the planner takes half of the rows for those of a flag
    charged AS (
        SELECT true AS is_item, false AS is_line, _fivetran_start IS NOT NULL AS has_versions, id AS item_id,
               subscription_id, coalesce(plan_id, price_id) AS price_id, quantity, NULL::numeric AS billed,
               NULL AS currency, current_period_start AS from_at, current_period_end AS to_at, created, _fivetran_start,
               _fivetran_end, _fivetran_active, is_deleted, _fivetran_synced
        FROM {subscription_item} i
        UNION ALL
        SELECT false, l.proration IS NOT TRUE, false, l.subscription_item_id, NULL, coalesce(l.plan_id, l.price_id),
               l.quantity, l.amount, lower(l.currency), l.period_start, l.period_end, NULL, NULL, NULL, NULL, NULL, NULL
        FROM {invoice_line_item} l LEFT JOIN {invoice} v ON v.id = l.invoice_id
        WHERE CASE WHEN l.proration THEN l.amount > 0
                   ELSE l.amount <> 0 AND l.type IS DISTINCT FROM 'invoiceitem' END
              AND l.subscription_item_id IS NOT NULL AND l.period_end > l.period_start
              AND coalesce(v.status, '') NOT IN ('void', 'draft') AND v.is_deleted IS NOT TRUE),
    valued AS (
        SELECT c.is_item, c.is_line, c.has_versions, c.item_id,
               coalesce(c.subscription_id, w.subscription_id) AS subscription_id, c.price_id,
               c.from_at, c.to_at, c.created, c._fivetran_start,
               c._fivetran_end, c._fivetran_active, c.is_deleted, c._fivetran_synced, p.id IS NOT NULL AS is_known,
               p.product_id, coalesce(d.name, p.product_id) AS product,
               coalesce(o.currency, p.currency, c.currency, n.currency) AS currency,
               coalesce(p.unit, CASE WHEN term.days >= 27 THEN 'month' ELSE 'day' END) AS unit,
               coalesce(p.unit_count, CASE WHEN term.days >= 27 THEN round(term.days / 30.4375) ELSE term.days END)
                   ::integer AS unit_count,
               CASE WHEN NOT c.is_item AND (p.id IS NULL OR c.quantity IS NULL
                        OR c.to_at >= c.from_at + (p.unit_count * csmetrics.unit_length(p.unit) - interval '1 day'))
                    THEN c.billed
                    WHEN c.quantity = 0 THEN 0
                    WHEN p.tiers_mode IS NULL
                    THEN CASE WHEN o.currency IS NULL THEN p.amount ELSE o.amount END
                         * CASE WHEN p.divide_by > 1 AND p.round = 'down' THEN floor(term.quantity / p.divide_by)
                                WHEN p.divide_by > 1 THEN ceil(term.quantity / p.divide_by)
                                ELSE term.quantity END
                    ELSE (SELECT CASE p.tiers_mode
                                 WHEN 'volume' THEN sum(t.unit_amount * term.quantity + t.flat_amount) FILTER (
                                     WHERE term.quantity <= coalesce(t.up_to, term.quantity))
                                 ELSE sum(t.unit_amount * (least(term.quantity, t.up_to) - t.above) + t.flat_amount) END
                          FROM unnest(s.up_to, s.unit_amount, s.flat_amount, s.above)
                               t(up_to, unit_amount, flat_amount, above)
                          WHERE term.quantity > t.above) END
               * 100 / (100 + coalesce(
                   nullif(coalesce(i.inclusive, 0)
                          + CASE WHEN p.tax_behavior = 'inclusive' THEN coalesce(i.unknown, 0) ELSE 0 END, 0),
                   nullif(coalesce(u.inclusive, 0)
                          + CASE WHEN p.tax_behavior = 'inclusive' THEN coalesce(u.unknown, 0) ELSE 0 END, 0),
                   CASE WHEN p.tax_behavior = 'inclusive' THEN n.tax_percent END, 0)) AS charge
        FROM charged c
        LEFT JOIN price p ON p.id = c.price_id
        LEFT JOIN {product} d ON d.id = p.product_id
        LEFT JOIN (SELECT item_id, max(subscription_id) AS subscription_id FROM charged WHERE is_item
                   GROUP BY item_id) w ON w.item_id = c.item_id
        LEFT JOIN own_currency n ON n.id = w.subscription_id
        LEFT JOIN price_option o ON o.price_id = p.id AND o.currency = n.currency AND o.currency <> p.currency
        LEFT JOIN price_steps s ON s.price_id = p.id AND s.option = coalesce(o.currency, '')
        LEFT JOIN tax i ON i.item_id = c.item_id
        LEFT JOIN tax u ON u.subscription_id = w.subscription_id,
             LATERAL (SELECT greatest(1, ceil(extract(epoch FROM c.to_at - c.from_at) / 86400)) AS days,
                             coalesce(c.quantity, 1) AS quantity) term
        WHERE p.id IS NULL OR p.unit IS NOT NULL AND p.usage_type IS DISTINCT FROM 'metered'),
    -- one of no known amount, such as one of tiers that are not there, is as one that is missing
    priced AS (
        SELECT v.is_item, v.is_line, v.has_versions, v.item_id, v.subscription_id, v.price_id, v.from_at, v.to_at,
               v.created, v._fivetran_start, v._fivetran_end, v._fivetran_active, v.is_deleted, v._fivetran_synced,
               v.is_known, v.is_known AND v.charge IS NOT NULL AND v.currency IS NOT NULL AS is_priced, v.product_id,
               v.product, v.currency, v.unit, v.unit_count, v.charge
        FROM valued v WHERE v.is_item OR v.charge IS NOT NULL),
    -- since when an item is what it is now, where its lines tell, or a proration; until when it was another
    present AS (
        SELECT p.*, CASE WHEN after_line AND (p.charge, p.currency, p.unit, p.unit_count)
                              IS NOT DISTINCT FROM (line_charge, line_currency, line_unit, line_unit_count)
                         THEN line_from_at
                         WHEN after_line AND prorated_at > line_from_at THEN prorated_at END AS since_at,
               CASE WHEN after_line THEN line_to_at END AS until_at
        FROM (SELECT q.*, lag(q.is_line) OVER w AS after_line, lag(q.charge) OVER w AS line_charge,
                     lag(q.currency) OVER w AS line_currency, lag(q.unit) OVER w AS line_unit,
                     lag(q.unit_count) OVER w AS line_unit_count, lag(q.from_at) OVER w AS line_from_at,
                     lag(q.to_at) OVER w AS line_to_at,
                     max(q.from_at) FILTER (WHERE NOT q.is_item AND NOT q.is_line) OVER (PARTITION BY q.item_id)
                         AS prorated_at
              FROM priced q
              WINDOW w AS (PARTITION BY q.item_id ORDER BY q.is_item, q.is_line, q.from_at, q.charge)) p
        WHERE p.is_item AND NOT p.has_versions AND p.is_priced) $$),

-- What is seen of items that are kept in place, without versions: a refresh keeps it, so that what they were stays.
-- Where later items replace those before, it is by these that they change.
('stripe', 'observed', $$
    WITH {priced}
    SELECT p.item_id AS item_key, coalesce(s.customer_id, p.subscription_id) AS account_key,
           p.subscription_id AS subscription_key, p.charge, p.currency, p.unit, p.unit_count,
           p.product_id, p.product,
           coalesce(p.since_at, CASE WHEN p.is_deleted IS NULL AND p._fivetran_active IS NULL
                                          AND EXISTS (SELECT 1 FROM present o GROUP BY o.subscription_id, o.product_id
                                                      HAVING max(o.created) > min(o.created))
                                     THEN p.created END) AS since_at, p.until_at, p._fivetran_synced AS synced_at
    FROM present p
    LEFT JOIN (SELECT id, max(customer_id) AS customer_id FROM {subscription_history} h GROUP BY id) s
        ON s.id = p.subscription_id
    WHERE p.is_deleted IS NOT TRUE $$),

-- Items that stand for no account or no money.
('stripe', 'unmatched', $$
    WITH {priced},
    known AS (SELECT id, bool_or(status IN ('active', 'past_due', 'trialing')) AS is_live FROM {subscription_history} h
              WHERE livemode IS NOT FALSE GROUP BY id)
    SELECT 'subscription' AS source, 'item ' || p.item_id AS row_key,
           CASE WHEN p.is_priced THEN csmetrics.mrr(p.charge / csmetrics.minor_units(p.currency), p.unit, p.unit_count)
                END AS mrr,
           CASE WHEN p.is_priced THEN format('subscription %s is missing', p.subscription_id)
                WHEN p.is_known THEN format('price %s has no amount in its currency', p.price_id)
                ELSE format('price %s is missing', p.price_id) END AS reason
    FROM (SELECT DISTINCT item_id, subscription_id, price_id, is_priced, is_known, charge, currency, unit, unit_count
          FROM priced
          WHERE is_item AND (NOT is_priced OR is_deleted IS NOT TRUE AND _fivetran_active IS NOT FALSE)) p
    WHERE CASE WHEN p.is_priced
               THEN NOT EXISTS (SELECT 1 FROM {subscription_history} h WHERE h.id = p.subscription_id)
               ELSE NOT EXISTS (SELECT 1 FROM priced l WHERE l.is_line AND l.item_id = p.item_id)
                    AND NOT EXISTS (SELECT 1 FROM {observed} o WHERE o.item_key = p.item_id)
                    AND NOT EXISTS (SELECT 1 FROM {subscription_history} h
                                    WHERE h.id = p.subscription_id AND h.livemode IS FALSE) END
    UNION ALL
    SELECT 'subscription', 'subscription ' || k.id, NULL, 'its items are missing'
    FROM known k
    WHERE k.is_live AND NOT EXISTS (SELECT 1 FROM {subscription_item} i WHERE i.subscription_id = k.id) $$),

-- A row for each state of an item during each version of its subscription, cut where a trial, a pause or a discount
-- begins or ends.
--
-- Versions are those of the history, the first one reaching back to the beginning; without a history there is one, that
-- of now: then a pause or the end of payments is taken to have begun with the current period, which the subscription
-- has or its items have. An incomplete subscription has not begun, an unpaid one has ended; one that is past due has
-- been so since the first of its versions that are, one after the other, or since its period began where none went
-- before. Who has given notice is in force until then, a customer who was deleted until that is known.
--
-- States of an item are its versions; or what the lines of its invoices, and earlier refreshes, say that it was. Items
-- stand side by side. Only where a table has neither a mark of deletion nor versions does a later item of a product
-- replace the ones before.
--
-- Discounts that last ('forever') are subtracted, percentages from every item that they apply to, amounts once from the
-- whole, beginning with the dearest item of the shortest term; a coupon counts once, in however many tables it stands;
-- a discount of the customer holds where the subscription has none. Limited ones are told beside it: 'repeating' until
-- their end, 'once' for one period of billing. Metered prices have no MRR, nor have one-off ones; of tiers without
-- table price_tier it is unknown (NULL).
('stripe', 'subscription', $$
    WITH {priced},
    known AS (
        SELECT v.*, coalesce(CASE WHEN nr > 1 THEN _fivetran_start END, '-infinity') AS from_at,
               coalesce(lead(_fivetran_start) OVER (PARTITION BY id ORDER BY nr),
                        CASE WHEN _fivetran_end < '9999-01-01' AND _fivetran_active IS NOT TRUE THEN _fivetran_end END,
                        'infinity') AS to_at,
               nr = 1 OR timed = 0 AS is_first, from_last = 1 AS is_last
        FROM (SELECT h.*, row_number() OVER (PARTITION BY id ORDER BY _fivetran_start NULLS FIRST, _fivetran_active,
                                             _fivetran_synced) AS nr,
                     -- versions without a time: the last one alone
                     row_number() OVER (PARTITION BY id ORDER BY _fivetran_start DESC NULLS LAST,
                                        _fivetran_active DESC NULLS LAST,
                                        _fivetran_synced DESC NULLS LAST) AS from_last,
                     count(_fivetran_start) OVER (PARTITION BY id) AS timed
              FROM {subscription_history} h WHERE livemode IS NOT FALSE) v
        WHERE from_last = 1 OR _fivetran_start IS NOT NULL),
    -- that of its items, or else the last one that was billed
    item_period AS (
        SELECT subscription_id, coalesce(max(from_at) FILTER (WHERE is_item), max(from_at)) AS start_at,
               coalesce(max(to_at) FILTER (WHERE is_item), max(to_at)) AS end_at
        FROM priced
        WHERE (is_item OR is_line) AND is_deleted IS NOT TRUE AND _fivetran_active IS NOT FALSE
        GROUP BY subscription_id),
    dated AS (
        SELECT k.*, coalesce(k.current_period_end, CASE WHEN k.is_last THEN p.end_at END) AS period_end,
               coalesce(k.current_period_start, CASE WHEN k.is_last THEN p.start_at END, k._fivetran_start,
                        k._fivetran_synced) AS since_at
        FROM known k LEFT JOIN item_period p ON p.subscription_id = k.id),
    version AS (
        SELECT k.*,
               CASE WHEN status = 'past_due'
                    THEN coalesce(max(to_at) FILTER (WHERE status <> 'past_due') OVER so_far,
                                  first_value(since_at) OVER so_far)
                    END AS past_due_at
        FROM dated k WINDOW so_far AS (PARTITION BY id ORDER BY from_at)),
    subscription AS (
        SELECT DISTINCT ON (v.id) v.id, v.customer_id, v.created,
               coalesce(v.start_date, v.created, v.trial_start, v.since_at) AS start_at,
               v.canceled_at, v.cancellation_details_reason AS reason,
               v.ended_at IS NULL AND v.cancel_at_period_end IS NOT TRUE
                   AND v.status NOT IN ('canceled', 'incomplete_expired') AS renews, v.current_period_end,
               v.period_end,
               least(v.ended_at, v.cancel_at,
                     CASE WHEN v.cancel_at_period_end AND v.cancel_at IS NULL THEN v.period_end END,
                     -- ended, and nothing says when: with the cancellation
                     CASE WHEN v.status IN ('canceled', 'incomplete_expired') AND v.ended_at IS NULL
                          THEN coalesce(v.canceled_at, CASE WHEN NOT v.is_first THEN v._fivetran_start END,
                                        v.period_end, v._fivetran_synced, '-infinity') END,
                     CASE WHEN v.is_deleted AND v.ended_at IS NULL
                          THEN coalesce(v._fivetran_synced, v.canceled_at, v.period_end, now()) END,
                     CASE WHEN c.is_deleted AND v.ended_at IS NULL
                          THEN coalesce(c._fivetran_synced, v.canceled_at, v.period_end, now()) END) AS end_at
        FROM version v LEFT JOIN {customer} c ON c.id = v.customer_id
        WHERE c.livemode IS NOT FALSE
        ORDER BY v.id, v.from_at DESC),
    -- what an item was, by its lines and by what was seen, and what it is; what was seen counts on the day of a line.
    -- What is not seen yet is so since it was synced.
    evidence AS (
        SELECT item_id, from_at, 1 AS place, charge, currency, unit, unit_count, product_id, product,
               NULL::timestamptz AS synced_at
        FROM priced WHERE is_line
        UNION ALL
        SELECT o.item_key, o.from_at, 2, o.charge, o.currency, o.unit, o.unit_count, o.product_id,
               coalesce(d.name, o.product), NULL
        FROM {observed} o LEFT JOIN {product} d ON d.id = o.product_id
        WHERE NOT o.is_gone
        UNION ALL
        SELECT item_id, since_at, 3, charge, currency, unit, unit_count, product_id, product, _fivetran_synced
        FROM present p),
    state AS (
        SELECT item_id, product_id, product, charge, currency, unit, unit_count,
               CASE WHEN place < 3 THEN from_at
                    ELSE coalesce(from_at, CASE WHEN before_at IS NULL THEN '-infinity'
                                                WHEN synced_at > before_at THEN synced_at
                                                ELSE greatest(now(), before_at) END) END AS from_at
        FROM (SELECT e.*, lag(from_at) OVER w AS before_at, lead(from_at) OVER w AS next_at, lead(place) OVER w AS next,
                     count(*) FILTER (WHERE place = 1) OVER (PARTITION BY item_id) AS lines,
                     (lag(charge) OVER w, lag(currency) OVER w, lag(unit) OVER w, lag(unit_count) OVER w,
                      coalesce(lag(product_id) OVER w, product_id))
                         IS DISTINCT FROM (charge, currency, unit, unit_count, product_id) AS differs
              FROM evidence e WINDOW w AS (PARTITION BY item_id ORDER BY place = 3, from_at, place)) e
        WHERE CASE WHEN place = 3 THEN before_at IS NULL OR differs
                   ELSE (next < 3 AND next_at = from_at) IS NOT TRUE AND (lines = 0 OR from_at > '-infinity') END),
    -- since when, and until when an item was
    item AS (
        SELECT i.*, CASE WHEN NOT is_marked
                         THEN min(created_at) OVER (PARTITION BY subscription_id, coalesce(product_id, item_id),
                                                                 is_marked
                                                    ORDER BY created_at GROUPS BETWEEN 1 FOLLOWING AND 1 FOLLOWING)
                         END AS replaced_at
        FROM (SELECT p.item_id, p.subscription_id, s.customer_id, p.product_id, p.has_versions, p._fivetran_start,
                     p._fivetran_end, p.is_priced, p.charge, p.currency, p.unit, p.unit_count, p.product,
                     p.to_at AS period_end,
                     CASE WHEN p.created <= coalesce(s.created, s.start_at) + interval '1 hour' OR p.created IS NULL
                          THEN coalesce(s.start_at, p.created) ELSE p.created END AS created_at,
                     p.is_deleted IS NOT NULL OR p.has_versions OR p._fivetran_active IS NOT NULL AS is_marked,
                     CASE WHEN p.is_deleted OR p._fivetran_active IS FALSE AND p._fivetran_start IS NULL
                          THEN coalesce(p._fivetran_synced, p.to_at, s.period_end, now()) END AS gone_at
              FROM priced p JOIN subscription s ON s.id = p.subscription_id
              WHERE p.is_item
              UNION ALL
              -- seen once, and in the table no more
              SELECT o.item_key, s.id, s.customer_id, o.product_id, false, NULL, NULL, false, NULL, NULL, NULL, NULL,
                     NULL, NULL,
                     s.start_at, true, o.gone_at
              FROM (SELECT item_key, max(subscription_key) AS subscription_key, max(product_id) AS product_id,
                           max(from_at) FILTER (WHERE is_gone) AS gone_at
                    FROM {observed} o GROUP BY item_key) o
              JOIN subscription s ON s.id = o.subscription_key
              WHERE o.gone_at IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM {subscription_item} i WHERE i.id = o.item_key)) i),
    item_in_force AS MATERIALIZED (
        SELECT row_number() OVER () AS nr, t.item_id, t.subscription_id, t.customer_id, t.product_id, t.product,
               t.charge, t.currency, t.unit, t.unit_count, t.period_end, t.from_at,
               least(t.until_at, t.gone_at, t.replaced_at) AS until_at
        FROM (SELECT i.item_id, i.subscription_id, i.customer_id, coalesce(i.product_id, l.product_id) AS product_id,
                     coalesce(i.product, l.product) AS product, CASE WHEN i.is_priced THEN i.charge ELSE l.charge END
                         AS charge,
                     CASE WHEN i.is_priced THEN i.currency ELSE l.currency END AS currency,
                     CASE WHEN i.is_priced THEN i.unit ELSE l.unit END AS unit,
                     CASE WHEN i.is_priced THEN i.unit_count ELSE l.unit_count END AS unit_count,
                     i.period_end, i.gone_at, i.replaced_at,
                     CASE WHEN row_number() OVER of_item = 1 THEN i.created_at ELSE i._fivetran_start END AS from_at,
                     -- a version ends a moment before the next begins
                     CASE WHEN lead(i._fivetran_start) OVER of_item <= i._fivetran_end + interval '1 second'
                               OR i._fivetran_end IS NULL
                          THEN lead(i._fivetran_start) OVER of_item
                          WHEN i._fivetran_end < '9999-01-01' THEN i._fivetran_end END AS until_at
              FROM item i
              -- of a version without a known price the lines of that time tell what it is
              LEFT JOIN LATERAL (SELECT p.product_id, p.product, p.charge, p.currency, p.unit, p.unit_count
                                 FROM priced p
                                 WHERE NOT i.is_priced AND p.is_line AND p.item_id = i.item_id
                                 ORDER BY (p.from_at < i._fivetran_end) IS FALSE, p.from_at DESC LIMIT 1) l ON true
              WHERE i.has_versions
              WINDOW of_item AS (PARTITION BY i.item_id ORDER BY i._fivetran_start)
              UNION ALL
              SELECT i.item_id, i.subscription_id, i.customer_id, w.product_id, w.product, w.charge, w.currency, w.unit,
                     w.unit_count, i.period_end, i.gone_at, i.replaced_at,
                     CASE WHEN w.nr = 1 THEN i.created_at ELSE greatest(i.created_at, w.from_at) END, w.until_at
              FROM item i
              JOIN (SELECT w.*, row_number() OVER of_item AS nr, lead(from_at) OVER of_item AS until_at
                    FROM state w WINDOW of_item AS (PARTITION BY item_id ORDER BY from_at)) w ON w.item_id = i.item_id
              WHERE NOT i.has_versions) t
        WHERE t.charge IS NOT NULL),
    -- discounts that stand in the objects that they are of
    written_discount AS (
        SELECT w.subscription_id, w.customer_id, w.item_id, d,
               coalesce(d -> 'coupon', d #> '{source,coupon}') AS c
        FROM (SELECT id AS subscription_id, NULL AS customer_id, NULL AS item_id, discount AS one, discounts AS some
              FROM {subscription_history} h
              WHERE (discount IS NOT NULL OR discounts IS NOT NULL) AND _fivetran_active IS NOT FALSE
              UNION ALL
              SELECT NULL, id, NULL, discount, NULL FROM {customer} c WHERE discount IS NOT NULL
              UNION ALL
              SELECT NULL, NULL, id, NULL, discounts FROM {subscription_item} i
              WHERE discounts IS NOT NULL AND _fivetran_active IS NOT FALSE) w,
             jsonb_array_elements(CASE WHEN w.some ~ '^\s*\[\s*\{' THEN w.some::jsonb ELSE '[]' END
                                  || CASE WHEN w.one ~ '^\s*\{\s*"' THEN jsonb_build_array(w.one::jsonb)
                                          ELSE '[]' END) d),
    coupon AS (
        SELECT c.id, c.duration, c.duration_in_months, c.percent_off, c.amount_off, lower(c.currency) AS currency,
               coalesce(a.products, CASE WHEN c.applies_to ~ '^\s*\{\s*"products"'
                                         THEN ARRAY(SELECT jsonb_array_elements_text(c.applies_to::jsonb -> 'products'))
                                         WHEN c.applies_to ~ '^\s*\['
                                         THEN ARRAY(SELECT jsonb_array_elements_text(c.applies_to::jsonb))
                                         WHEN c.applies_to LIKE '{%' THEN c.applies_to::text[] END) AS products
        FROM (SELECT id, duration, duration_in_months, percent_off, amount_off, currency, applies_to FROM {coupon} c
              UNION ALL
              (SELECT DISTINCT ON (w.c ->> 'id') w.c ->> 'id', w.c ->> 'duration',
                     (w.c ->> 'duration_in_months')::integer, (w.c ->> 'percent_off')::numeric,
                     (w.c ->> 'amount_off')::numeric, w.c ->> 'currency', w.c ->> 'applies_to'
              FROM written_discount w
              WHERE jsonb_typeof(w.c) = 'object' AND NOT EXISTS (SELECT 1 FROM {coupon} c WHERE c.id = w.c ->> 'id')
              ORDER BY w.c ->> 'id', w.c::text)
              UNION ALL
              -- what it takes off in other currencies
              SELECT c.id, c.duration, c.duration_in_months, c.percent_off, o.amount_off, o.currency, c.applies_to
              FROM {coupon} c
              JOIN (SELECT coupon_id, currency, amount_off FROM {coupon_currency_option} o
                    UNION
                    SELECT c.id, o.key, (o.value ->> 'amount_off')::numeric
                    FROM {coupon} c, jsonb_each(CASE WHEN c.currency_options ~ '^\s*\{\s*"'
                                                     THEN c.currency_options::jsonb ELSE '{}' END) o
                    WHERE c.currency_options IS NOT NULL) o ON o.coupon_id = c.id
              WHERE lower(o.currency) IS DISTINCT FROM lower(c.currency)) c
        LEFT JOIN (SELECT coupon_id, array_agg(product_id) AS products FROM {coupon_product} x
                   GROUP BY coupon_id) a ON a.coupon_id = c.id
        WHERE c.duration IN ('forever', 'repeating', 'once')),
    discount AS (
        SELECT d.subscription_id, d.customer_id, d.item_id, d.coupon_id, d.start,
               CASE WHEN d.is_deleted THEN least(d."end", d._fivetran_synced) ELSE d."end" END AS "end", c.duration,
               c.duration_in_months, c.percent_off, c.amount_off, c.currency, c.products
        FROM (SELECT subscription_id, NULL AS customer_id, NULL AS item_id, coupon_id, start, "end", is_deleted,
                     _fivetran_synced
              FROM {subscription_discount} d
              UNION ALL
              SELECT CASE WHEN subscription_item_id IS NULL THEN subscription_id END,
                     CASE WHEN coalesce(subscription_item_id, subscription_id) IS NULL THEN customer_id END,
                     subscription_item_id, coupon_id, start, "end", is_deleted, _fivetran_synced
              FROM {discount} d
              WHERE CASE WHEN subscription_item_id IS NOT NULL THEN coalesce(type, '') NOT ILIKE 'invoice%'
                         WHEN subscription_id IS NOT NULL
                         THEN coalesce(type, 'subscription') ILIKE 'subscription%'
                         ELSE coalesce(type, 'customer') ILIKE 'customer%' AND invoice_id IS NULL
                              AND invoice_item_id IS NULL END
              UNION ALL
              SELECT NULL, NULL, subscription_item_id, coupon_id, start, "end", is_deleted, _fivetran_synced
              FROM {subscription_item_discount} d
              UNION ALL
              SELECT NULL, customer_id, NULL, coupon_id, start, "end", is_deleted, _fivetran_synced
              FROM {customer_discount} d
              UNION ALL
              SELECT w.subscription_id, w.customer_id, w.item_id, coalesce(w.c ->> 'id', w.c #>> '{}'),
                     csmetrics.readable_instant_of(w.d ->> 'start'), csmetrics.readable_instant_of(w.d ->> 'end'),
                     false, NULL
              FROM written_discount w) d
        JOIN coupon c ON c.id = d.coupon_id
        WHERE d.is_deleted IS NOT TRUE OR d._fivetran_synced IS NOT NULL),
    billing AS (
        SELECT i.subscription_id, max(i.unit_count * u.length) AS period, min(i.unit_count * u.length) AS shortest
        FROM item_in_force i
        LEFT JOIN (VALUES ('day', interval '1 day'), ('week', '1 week'), ('month', '1 month'), ('year', '1 year'))
                  u(unit, length) ON u.unit = i.unit
        GROUP BY i.subscription_id),
    applied AS (
        SELECT t.id AS subscription_id, t.item_id, t.coupon_id, t.products, t.currency, t.from_at,
               t.duration <> 'forever' AS is_limited, t.percent_off, t.amount_off,
               least(t."end", (t.from_at AT TIME ZONE 'UTC'
                               + CASE t.duration WHEN 'repeating' THEN t.duration_in_months * interval '1 month'
                                                 WHEN 'once' THEN b.period END) AT TIME ZONE 'UTC', 'infinity') AS to_at
        FROM (SELECT s.id, coalesce(d.start, CASE WHEN d.duration <> 'forever' THEN s.start_at END, '-infinity')
                         AS from_at, d.*
              FROM subscription s JOIN discount d ON d.subscription_id = s.id
              UNION ALL
              SELECT i.subscription_id, coalesce(d.start, CASE WHEN d.duration <> 'forever' THEN i.created_at END,
                                                 '-infinity'), d.*
              FROM (SELECT item_id, subscription_id, min(created_at) AS created_at FROM item
                    GROUP BY item_id, subscription_id) i JOIN discount d ON d.item_id = i.item_id
              UNION ALL
              SELECT s.id, coalesce(d.start, CASE WHEN d.duration <> 'forever' THEN s.start_at END, '-infinity'), d.*
              FROM subscription s JOIN discount d ON d.customer_id = s.customer_id
              WHERE NOT EXISTS (SELECT 1 FROM discount own
                                WHERE own.subscription_id = s.id
                                      AND (own.duration = 'forever' OR d.duration <> 'forever'))) t
        LEFT JOIN billing b ON b.subscription_id = t.id),
    span AS (
        SELECT subscription_id, at AS from_at, lead(at) OVER (PARTITION BY subscription_id ORDER BY at) AS to_at
        FROM (SELECT subscription_id, from_at AS at FROM applied UNION SELECT subscription_id, to_at FROM applied
              UNION SELECT subscription_id, '-infinity' FROM applied
              UNION SELECT subscription_id, 'infinity' FROM applied
              -- an amount is off what is there at the time
              UNION SELECT i.subscription_id, e.at
              FROM item_in_force i, LATERAL (VALUES (i.from_at), (i.until_at)) e(at)
              WHERE e.at IS NOT NULL AND i.subscription_id IN (SELECT subscription_id FROM applied
                                                               WHERE amount_off IS NOT NULL)) e),
    -- each coupon once
    coupon_in_force AS (
        SELECT DISTINCT ON (b.subscription_id, b.from_at, a.coupon_id, a.currency, a.item_id)
               b.subscription_id, b.from_at, b.to_at, a.item_id, a.coupon_id, a.products, a.currency, a.is_limited,
               a.percent_off, a.amount_off
        FROM span b
        JOIN applied a ON a.subscription_id = b.subscription_id AND a.from_at <= b.from_at AND a.to_at >= b.to_at
        WHERE b.to_at IS NOT NULL
        ORDER BY b.subscription_id, b.from_at, a.coupon_id, a.currency, a.item_id, a.is_limited),
    -- what is off the charge of each item, of discounts that last and of all
    reduced AS (
        SELECT i.nr, n.from_at, n.to_at, i.subscription_id, i.item_id, i.product_id, i.currency, i.charge,
               i.unit_count * csmetrics.unit_length(i.unit) = b.shortest AS is_shortest,
               round(100 * (1 - CASE WHEN bool_or(c.percent_off >= 100 AND NOT c.is_limited) THEN 0
                                     ELSE exp(coalesce(sum(ln(1 - c.percent_off / 100)) FILTER (
                                         WHERE c.percent_off < 100 AND NOT c.is_limited), 0)) END), 9) AS percent_off,
               round(100 * (1 - CASE WHEN bool_or(c.percent_off >= 100) THEN 0
                                     ELSE exp(coalesce(sum(ln(1 - c.percent_off / 100)) FILTER (
                                         WHERE c.percent_off < 100), 0)) END), 9) AS all_percent_off
        FROM item_in_force i
        JOIN billing b ON b.subscription_id = i.subscription_id
        JOIN span n ON n.subscription_id = i.subscription_id AND n.to_at IS NOT NULL
             AND n.from_at < coalesce(i.until_at, 'infinity') AND n.to_at > i.from_at
        LEFT JOIN coupon_in_force c ON c.subscription_id = i.subscription_id AND c.from_at = n.from_at
             AND (c.item_id IS NULL OR c.item_id = i.item_id)
             AND (c.products IS NULL OR i.product_id = ANY (c.products))
        GROUP BY i.nr, n.from_at, n.to_at, i.subscription_id, i.item_id, i.product_id, i.currency, i.charge,
                 i.unit_count, i.unit, b.shortest),
    taken AS (
        SELECT nr, from_at, sum(greatest(0, least(due, off - before))) FILTER (WHERE NOT of_all) AS off,
               sum(greatest(0, least(due, off - before))) FILTER (WHERE of_all) AS all_off
        FROM (SELECT t.*, coalesce(sum(due) OVER (PARTITION BY subscription_id, from_at, scope, of_all
                                                  ORDER BY charge DESC NULLS LAST, nr
                                                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
              FROM (SELECT r.nr, r.subscription_id, r.from_at, r.charge, m.of_all,
                           concat(c.item_id, c.products::text) AS scope, sum(c.amount_off) AS off,
                           coalesce(r.charge * (1 - CASE WHEN m.of_all THEN r.all_percent_off ELSE r.percent_off END
                                                    / 100), 0) AS due
                    FROM reduced r
                    JOIN coupon_in_force c ON c.subscription_id = r.subscription_id AND c.from_at = r.from_at,
                         LATERAL (VALUES (false), (true)) m(of_all)
                    WHERE c.amount_off > 0 AND r.is_shortest AND (m.of_all OR NOT c.is_limited)
                      AND (c.currency IS NULL OR c.currency = r.currency)
                      AND (c.item_id IS NULL OR c.item_id = r.item_id)
                      AND (c.products IS NULL OR r.product_id = ANY (c.products))
                    GROUP BY r.nr, r.subscription_id, r.from_at, r.charge, m.of_all, c.item_id, c.products,
                             r.all_percent_off, r.percent_off) t) t
        GROUP BY nr, from_at)
    SELECT coalesce(i.customer_id, i.subscription_id) AS account_key, i.subscription_id, phase.from_at AS starts_on,
           nullif(phase.to_at, 'infinity') AS ends_on,
           price.mrr, price.list - price.mrr AS discount_mrr, price.mrr - price.least AS limited_discount_mrr,
           upper(i.currency) AS currency, i.product,
           i.product || CASE i.unit_count WHEN 1 THEN ', by the ' || i.unit
                        ELSE format(', every %s %ss', i.unit_count, i.unit) END AS plan,
           phase.status, s.canceled_at AS cancelled_on,
           CASE WHEN s.renews THEN coalesce(s.current_period_end, i.period_end, s.period_end) END AS renews_on,
           s.reason AS end_reason, s.reason NOT IN ('payment_failed', 'payment_disputed') AS voluntary,
           h.past_due_at AS past_due_on
    FROM item_in_force i
    JOIN subscription s ON s.id = i.subscription_id
    JOIN version h ON h.id = i.subscription_id AND h.status NOT IN ('incomplete', 'incomplete_expired')
        AND (h.status <> 'unpaid' OR h.is_first)
    LEFT JOIN reduced o ON o.nr = i.nr
    LEFT JOIN taken f ON f.nr = o.nr AND f.from_at = o.from_at,
         LATERAL (SELECT i.charge / csmetrics.minor_units(i.currency) AS charge,
                         coalesce(f.off, 0) / csmetrics.minor_units(i.currency) AS off,
                         coalesce(f.all_off, 0) / csmetrics.minor_units(i.currency) AS all_off) c,
         LATERAL (SELECT csmetrics.mrr(c.charge, i.unit, i.unit_count) AS list,
                         csmetrics.mrr(c.charge, i.unit, i.unit_count, 1, coalesce(o.percent_off, 0), c.off) AS mrr,
                         csmetrics.mrr(c.charge, i.unit, i.unit_count, 1, coalesce(o.all_percent_off, 0), c.all_off)
                             AS least) price,
         LATERAL (SELECT greatest(i.from_at, h.from_at, o.from_at) AS from_at,
                         least(i.until_at, h.to_at, s.end_at, o.to_at,
                               CASE WHEN h.status = 'unpaid' THEN h.since_at END, 'infinity') AS to_at,
                         h.trial_start AS trial_from,
                         CASE WHEN h.status = 'trialing' THEN coalesce(h.trial_end, 'infinity')
                              ELSE coalesce(h.trial_end, '-infinity') END AS trial_to,
                         CASE WHEN h.status = 'paused' THEN '-infinity'
                              WHEN h.pause_collection_behavior IS NULL THEN 'infinity'
                              WHEN h.is_first THEN coalesce(h.since_at, '-infinity')
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
