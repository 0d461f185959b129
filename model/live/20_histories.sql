-- The histories, with what changed since the last refresh.

CREATE OR REPLACE VIEW form_state WITH (security_invoker) AS
SELECT r.* FROM read_state() r WHERE false;
COMMENT ON VIEW form_state IS 'Internal: the form of what is read of histories';

CREATE OR REPLACE VIEW fresh_state WITH (security_invoker) AS
SELECT s.*
FROM once($live$SELECT s.* FROM @live@.kept_key() k JOIN @live@.read_state() s ON s.account_id = k.account_id$live$,
          NULL::form_state) s;
COMMENT ON VIEW fresh_state IS 'Internal: the histories of the accounts that may have changed, as they are now';

CREATE OR REPLACE FUNCTION find_first() RETURNS TABLE (first_paid_on date, first_active_on date)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED ROWS 1 SET search_path = pg_catalog, pg_temp AS $live$
DECLARE
    keys @account_id@[] := ARRAY(SELECT k.account_id FROM @live@.fresh_key k);
BEGIN
    -- the earliest first, by the indexes: that of an account that does not change is the first or one of the next
    RETURN QUERY
    SELECT least((SELECT csmetrics.first_paid_on(s.revenue) FROM @internal@.account_state s
                  WHERE s.account_id <> ALL (keys) AND csmetrics.first_paid_on(s.revenue) IS NOT NULL
                  ORDER BY 1 LIMIT 1), min(csmetrics.first_paid_on(f.revenue))),
           least((SELECT csmetrics.first_active_on(s.usage) FROM @internal@.account_state s
                  WHERE s.account_id <> ALL (keys) AND csmetrics.first_active_on(s.usage) IS NOT NULL
                  ORDER BY 1 LIMIT 1), min(csmetrics.first_active_on(f.usage)))
    FROM @live@.fresh_state f;
END
$live$;
COMMENT ON FUNCTION find_first() IS
'Internal: the first day on which anybody paid, and the first on which anybody used the product';

CREATE OR REPLACE FUNCTION first_fact() RETURNS TABLE (first_paid_on date, first_active_on date)
LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1
BEGIN ATOMIC
    SELECT (SELECT f FROM once($live$SELECT f.first_paid_on FROM @live@.find_first() f$live$, NULL::date) f),
           (SELECT f FROM once($live$SELECT f.first_active_on FROM @live@.find_first() f$live$, NULL::date) f);
END;
COMMENT ON FUNCTION first_fact() IS
'Internal: the first day on which anybody paid, and the first on which anybody used the product, once a state';

CREATE OR REPLACE VIEW account_state WITH (security_invoker) AS
SELECT s.account_id, s.revenue, s.notice, s.milestones, s.tickets, s.answers, s.usage, s.features, s.entitlements,
       s.renewals, s.signals, s.waits, s.called_off, s.overdue
FROM account_state s WHERE s.account_id NOT IN (SELECT k.account_id FROM fresh_key k)
UNION ALL
SELECT f.account_id, f.revenue, f.notice, f.milestones, f.tickets, f.answers, f.usage, f.features, f.entitlements,
       f.renewals, f.signals, f.waits, f.called_off, f.overdue
FROM fresh_state f;
COMMENT ON VIEW account_state IS 'Internal: the histories of accounts, with what changed';

CREATE OR REPLACE VIEW user_state WITH (security_invoker) AS
SELECT s.account_id, s.user_id, s.role, s.usage
FROM user_state s WHERE s.account_id NOT IN (SELECT c.account_id FROM fresh_change c WHERE c.source = 'usage')
UNION ALL
SELECT f.account_id, f.user_id, f.role, f.usage FROM fresh_usage f WHERE f.user_id IS NOT NULL;
COMMENT ON VIEW user_state IS 'Internal: the histories of users, with what changed';

CREATE OR REPLACE VIEW entitlement_state WITH (security_invoker) AS
SELECT s.account_id, s.feature, s.terms
FROM entitlement_state s WHERE s.account_id NOT IN (SELECT c.account_id FROM fresh_change c
                                                    WHERE c.source = 'entitlement')
UNION ALL
SELECT f.account_id, f.feature, f.terms FROM fresh_entitlement f;
COMMENT ON VIEW entitlement_state IS 'Internal: who is entitled to what, with what changed';

CREATE OR REPLACE VIEW discount_state WITH (security_invoker) AS
SELECT s.account_id, s.currency, s.list_price, s.recurring, s.limited
FROM discount_state s WHERE s.account_id NOT IN (SELECT c.account_id FROM fresh_change c
                                                 WHERE c.source = 'subscription')
UNION ALL
SELECT d.account_id, d.currency, d.list_price, d.recurring, d.limited FROM read_discount() d;
COMMENT ON VIEW discount_state IS 'Internal: list prices and discounts, with what changed';

CREATE OR REPLACE VIEW product_state WITH (security_invoker) AS
SELECT s.account_id, s.subscription_id, s.product, s.plan, s.revenue
FROM product_state s WHERE s.account_id NOT IN (SELECT c.account_id FROM fresh_change c
                                                WHERE c.source = 'subscription')
UNION ALL
SELECT p.account_id, p.subscription_id, p.product, p.plan, p.revenue FROM read_product() p;
COMMENT ON VIEW product_state IS 'Internal: revenue by product and plan, with what changed';

CREATE OR REPLACE VIEW ending_state WITH (security_invoker) AS
SELECT s.account_id, s.subscription_id, s.ended_on, s.cause, s.reason, s.mrr
FROM ending_state s WHERE s.account_id NOT IN (SELECT c.account_id FROM fresh_change c
                                               WHERE c.source = 'subscription')
UNION ALL
SELECT e.account_id, e.subscription_id, e.ended_on, e.cause, e.reason, e.mrr FROM read_ending() e;
COMMENT ON VIEW ending_state IS 'Internal: why MRR ended, with what changed';

CREATE OR REPLACE VIEW revenue_state WITH (security_invoker) AS
SELECT s.account_id, s.subscription_id, s.currency, s.valid_from_on, s.valid_until_on, s.is_mixed, s.revenue
FROM revenue_state s WHERE s.account_id NOT IN (SELECT c.account_id FROM fresh_change c WHERE c.source = 'entity')
UNION ALL
SELECT r.account_id, r.subscription_id, r.currency, r.valid_from_on, r.valid_until_on, r.is_mixed, r.revenue
FROM read_revenue() r WHERE r.account_id IN (SELECT c.account_id FROM fresh_change c WHERE c.source = 'entity');
COMMENT ON VIEW revenue_state IS 'Internal: the revenue of entities, with what changed';
