-- Recurly: subscriptions from the versions of their history, add-ons included, coupons that last subtracted. Amounts
-- are in money, not cents.
INSERT INTO csmetrics.connector
    VALUES ('recurly', 21, 'Accounts, and subscriptions with add-ons, trials, pauses and coupons that last', true);
INSERT INTO csmetrics.connector_table (vendor, table_name, other_names, one_of, keys) VALUES
('recurly', 'account_history', '{account}', 'account', '{id}'),
('recurly', 'subscription_history', '{subscription}', 'subscription', '{id,updated_at}'),
('recurly', 'plan_history', '{plan}', 'plan', '{id}'),
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
('recurly', 'subscription_history', 'id', 'text', true, '{}'),
('recurly', 'subscription_history', 'account_id', 'text', true, '{}'),
('recurly', 'subscription_history', 'plan_id', 'text', true, '{}'),
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
('recurly', 'subscription_history', 'expiration_reason', 'text', false, '{}'),
('recurly', 'plan_history', 'id', 'text', true, '{}'),
('recurly', 'plan_history', 'name', 'text', false, '{}'),
('recurly', 'plan_history', 'code', 'text', false, '{}'),
('recurly', 'plan_history', 'interval_unit', 'text', true, '{}'),
('recurly', 'plan_history', 'interval_length', 'integer', true, '{}'),
('recurly', 'plan_history', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'coupon_redemption_history', 'id', 'text', true, '{}'),
('recurly', 'coupon_redemption_history', 'account_id', 'text', true, '{}'),
('recurly', 'coupon_redemption_history', 'subscription_id', 'text', false, '{}'),
('recurly', 'coupon_redemption_history', 'coupon_id', 'text', true, '{}'),
('recurly', 'coupon_redemption_history', 'created_at', 'timestamptz', true, '{}'),
('recurly', 'coupon_redemption_history', 'removed_at', 'timestamptz', true, '{}'),
('recurly', 'coupon_redemption_history', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'coupon_discount', 'coupon_id', 'text', true, '{}'),
('recurly', 'coupon_discount', 'type', 'text', true, '{}'),
('recurly', 'coupon_discount', 'percentage', 'numeric', false, '{}'),
('recurly', 'coupon_discount', 'amount', 'numeric', false, '{}'),
('recurly', 'coupon_discount', 'currency', 'text', false, '{}'),
('recurly', 'coupon', 'id', 'text', true, '{}'),
('recurly', 'coupon', 'duration', 'text', true, '{}'),
('recurly', 'coupon', 'temporal_unit', 'text', false, '{}'),
('recurly', 'coupon', 'temporal_amount', 'integer', false, '{}'),
('recurly', 'coupon', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'invoice_history', 'id', 'text', true, '{}'),
('recurly', 'invoice_history', 'state', 'text', true, '{}'),
('recurly', 'invoice_history', 'due_at', 'timestamptz', true, '{due_on}'),
('recurly', 'invoice_history', 'updated_at', 'timestamptz', false, '{}'),
('recurly', 'invoice_subscription_history', 'invoice_id', 'text', true, '{}'),
('recurly', 'invoice_subscription_history', 'subscription_id', 'text', true, '{}');

-- The code of an account is the key that the seller gave it.
INSERT INTO csmetrics.connector_source (vendor, source, query) VALUES
('recurly', 'account', $$
    SELECT DISTINCT ON (a.id) a.id AS account_key,
           coalesce(a.company, nullif(concat_ws(' ', a.account_first_name, a.account_last_name), ''), a.code) AS name,
           a.created_at AS created_on, csmetrics.company_domain(a.email) AS domain, a.code AS crm_key
    FROM {account_history} a ORDER BY a.id, a.updated_at DESC NULLS LAST $$),

-- A row for each version of a subscription, from its update to the next, the first one from activation on; cut where a
-- trial, a pause or a coupon begins or ends. Canceled means that it will not renew: it is in force until it expires.
-- Future and failed ones have not begun. Coupons that last ('forever', or of unknown duration) are subtracted while
-- they are redeemed; those of the account from each subscription, a fixed amount from the dearest. Limited ones are
-- told beside it: 'temporal' for their time, 'single_use' for one period of billing. A payment is due since the
-- earliest invoice of the subscription that is past due now. Pending changes count once they are made, when the
-- subscription has them.
('recurly', 'subscription', $$
    WITH version AS (
        SELECT h.*, nr = 1 AS is_first, CASE WHEN nr = 1 THEN '-infinity' ELSE updated_at END AS from_at,
               coalesce(lead(updated_at) OVER (PARTITION BY id ORDER BY nr), 'infinity') AS to_at,
               unit_amount * quantity + coalesce(add_ons_total, 0) AS charge
        FROM (SELECT DISTINCT ON (id, updated_at) s.*,
                     dense_rank() OVER (PARTITION BY id ORDER BY updated_at NULLS FIRST) AS nr
              FROM {subscription_history} s ORDER BY id, updated_at) h),
    subscription AS (
        SELECT DISTINCT ON (id) id, account_id, plan_id, coalesce(activated_at, created_at) AS start_at, canceled_at,
               expiration_reason AS reason,
               CASE WHEN state IN ('canceled', 'expired')
                    THEN coalesce(expires_at, current_term_ends_at, current_period_ends_at, canceled_at)
                    ELSE expires_at END AS end_at,
               CASE WHEN state IN ('active', 'paused') AND canceled_at IS NULL
                    THEN coalesce(current_term_ends_at, current_period_ends_at) END AS renews_at,
               first_value(id) OVER (PARTITION BY account_id ORDER BY charge DESC NULLS LAST, id) = id AS is_main
        FROM version ORDER BY id, from_at DESC),
    plan AS (
        SELECT DISTINCT ON (id) id, coalesce(name, code) AS name, rtrim(interval_unit, 's') AS unit,
               coalesce(interval_length, 1) AS unit_count
        FROM {plan_history} p ORDER BY id, updated_at DESC NULLS LAST),
    discount AS (
        SELECT r.account_id, r.subscription_id, r.created_at AS from_at, coalesce(r.removed_at, 'infinity') AS to_at,
               d.percentage, d.amount, d.currency,
               coalesce(c.duration, 'forever') AS duration,
               c.temporal_amount * csmetrics.unit_length(c.temporal_unit) AS lasts
        FROM (SELECT DISTINCT ON (id) * FROM {coupon_redemption_history} r ORDER BY id, updated_at DESC NULLS LAST) r
        JOIN {coupon_discount} d ON d.coupon_id = r.coupon_id AND d.type <> 'free_trial'
        LEFT JOIN (SELECT DISTINCT ON (id) * FROM {coupon} c ORDER BY id, updated_at DESC NULLS LAST) c
             ON c.id = r.coupon_id
        WHERE coalesce(c.duration, 'forever') IN ('forever', 'temporal', 'single_use')),
    applied AS (
        SELECT s.id AS subscription_id, d.from_at, d.duration <> 'forever' AS is_limited, d.percentage AS percent_off,
               CASE WHEN s.is_main OR d.subscription_id IS NOT NULL THEN d.amount END AS amount_off, d.currency,
               -- what was used once is gone, but not its period
               CASE d.duration WHEN 'forever' THEN d.to_at
                    WHEN 'temporal' THEN least(d.to_at, (d.from_at AT TIME ZONE 'UTC' + d.lasts) AT TIME ZONE 'UTC')
                               ELSE (greatest(d.from_at, s.start_at) AT TIME ZONE 'UTC'
                          + p.unit_count * csmetrics.unit_length(p.unit)) AT TIME ZONE 'UTC' END AS to_at
        FROM subscription s
        JOIN discount d ON d.account_id = s.account_id AND (d.subscription_id IS NULL OR d.subscription_id = s.id)
        LEFT JOIN plan p ON p.id = s.plan_id),
    arrears AS (
        SELECT l.subscription_id, min(i.due_at) AS past_due_at
        FROM (SELECT DISTINCT invoice_id, subscription_id FROM {invoice_subscription_history} x) l
        JOIN (SELECT DISTINCT ON (id) id, state, due_at
              FROM {invoice_history} x ORDER BY id, updated_at DESC NULLS LAST) i
          ON i.id = l.invoice_id AND i.state = 'past_due'
        GROUP BY l.subscription_id),
    span AS (
        SELECT subscription_id, at AS from_at, lead(at) OVER (PARTITION BY subscription_id ORDER BY at) AS to_at
        FROM (SELECT subscription_id, from_at AS at FROM applied UNION SELECT subscription_id, to_at FROM applied
              UNION SELECT subscription_id, '-infinity' FROM applied
              UNION SELECT subscription_id, 'infinity' FROM applied) e)
    SELECT s.account_id AS account_key, v.id AS subscription_id, phase.from_at AS starts_on,
           nullif(phase.to_at, 'infinity') AS ends_on,
           price.mrr, price.list - price.mrr AS discount_mrr, price.mrr - price.least AS limited_discount_mrr,
           upper(v.currency) AS currency, p.name AS product, p.name AS plan, phase.status,
           s.canceled_at AS cancelled_on, s.renews_at AS renews_on, s.reason AS end_reason,
           s.reason NOT IN ('nonpayment', 'nonpayment_gift', 'nonpayment_trial', 'trial_ended') AS voluntary,
           r.past_due_at AS past_due_on
    FROM version v
    JOIN subscription s ON s.id = v.id
    JOIN plan p ON p.id = v.plan_id
    LEFT JOIN arrears r ON r.subscription_id = v.id
    LEFT JOIN span o ON o.subscription_id = v.id AND o.to_at IS NOT NULL,
         LATERAL (SELECT round(100 * (1 - CASE WHEN bool_or(a.percent_off >= 100 AND NOT a.is_limited) THEN 0
                                               ELSE exp(coalesce(sum(ln(1 - a.percent_off / 100)) FILTER (
                                                   WHERE a.percent_off < 100 AND NOT a.is_limited), 0)) END), 9)
                             AS percent_off,
                         coalesce(sum(a.amount_off) FILTER (
                             WHERE NOT a.is_limited
                                   AND (a.currency IS NULL OR upper(a.currency) = upper(v.currency))), 0) AS amount_off,
                         round(100 * (1 - CASE WHEN bool_or(a.percent_off >= 100) THEN 0
                                               ELSE exp(coalesce(sum(ln(1 - a.percent_off / 100)) FILTER (
                                                   WHERE a.percent_off < 100), 0)) END), 9) AS all_percent_off,
                         coalesce(sum(a.amount_off) FILTER (
                             WHERE a.currency IS NULL OR upper(a.currency) = upper(v.currency)), 0) AS all_amount_off
                  FROM applied a WHERE a.subscription_id = v.id AND a.from_at <= o.from_at AND a.to_at >= o.to_at) off,
         LATERAL (SELECT csmetrics.mrr(v.charge, p.unit, p.unit_count) AS list,
                         csmetrics.mrr(v.charge, p.unit, p.unit_count, 1, off.percent_off, off.amount_off) AS mrr,
                         csmetrics.mrr(v.charge, p.unit, p.unit_count, 1, off.all_percent_off, off.all_amount_off)
                             AS least) price,
         LATERAL (SELECT greatest(s.start_at, v.from_at, o.from_at) AS from_at,
                         least(v.to_at, s.end_at, o.to_at, 'infinity') AS to_at,
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
    WHERE v.state NOT IN ('future', 'failed', 'pending') AND phase.from_at < phase.to_at $$);
