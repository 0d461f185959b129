-- Whose revenue, and in which money: the entities that the bridge is about, and the rates that bring them together.
--
-- Most accounts are entities of their own in the currency of report: account_state has their histories. The others have theirs
-- in revenue_state: subscriptions, accounts that merged or have a parent, for as long as the same accounts belong together, and
-- where there are several currencies, all accounts, each history in its own. Sums of one currency are converted as sums, so that nothing is
-- rounded; an entity in several currencies is converted by itself, each history to six decimals.
INSERT INTO source_column VALUES
('fx_rate', 1, 'currency', 'text', true, 'ISO 4217 code'),
('fx_rate', 2, 'on_date', 'date', true, 'First day on which the rate holds, until the next of the currency'),
('fx_rate', 3, 'rate', 'numeric', true, 'What one unit of the currency is worth, in a currency that is the same in every row; where that is not the currency of report, it has rows too'),
('parent', 1, 'account_id', 'account_id', true, 'Key of the account'),
('parent', 2, 'parent_id', 'account_id', true, 'Key of the account that it belongs to'),
('parent', 3, 'starts_on', 'date', false, 'First day on which it does; NULL: from ever'),
('parent', 4, 'ends_on', 'date', false, 'The day after the last; NULL: still'),
('parent', 5, 'is_merger', 'boolean', false, 'Has it become a part of that account? Then it is no account of its own any more, at whatever grain');

INSERT INTO source_check VALUES
('fx_rate', 1, 'currency IS NULL', $$'currency is NULL'$$),
('fx_rate', 2, 'on_date IS NULL', $$format('the rate of %s is of no day: on_date is NULL', currency)$$),
('fx_rate', 3, $$NOT coalesce(rate > 0 AND rate < 'infinity', false)$$, $$format('rate %s of %s on %s is not above 0', coalesce(rate::text, 'NULL'), currency, on_date)$$),
('parent', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('parent', 2, 'ends_on < starts_on', $$format('ends %s is before starts %s', ends_on, starts_on)$$),
('subscription', 7, $$currency IS NOT NULL AND upper(currency) <> (SELECT report_currency FROM policy) AND upper(currency) NOT IN (SELECT currency FROM constant_rate WHERE fx IS NOT NULL)$$,
 $$format('no rate from %s to %s is known', currency, (SELECT report_currency FROM policy))$$);

INSERT INTO policy_column VALUES
(6, 'period', 'text', $$'month'$$, $$period IN ('month', 'quarter', 'year')$$, 'Length of the periods of revenue_by_period'),
(7, 'fiscal_year_start', 'integer', '1', 'fiscal_year_start BETWEEN 1 AND 12', 'Month in which quarters and years of revenue_by_period are counted from: 2 for a year from February to January'),
(8, 'entity_grain', 'text', $$'account'$$, $$entity_grain IN ('account', 'subscription', 'parent')$$, 'Whose MRR is compared with its own before, in the bridge, churn and retention: account, each subscription by itself, or the topmost parent with all that belongs to it (refresh)'),
(15, 'reactivation_gap_days', 'integer', NULL, 'reactivation_gap_days BETWEEN 0 AND 36525', 'Who comes back after more than so many days without MRR is a new customer, and the one before is lost; NULL: whoever paid before is back, however long after'),
(200, 'report_currency', 'text', NULL, $$report_currency ~ '^[A-Z]{3}$'$$, 'ISO 4217 code of the currency of report; NULL: all MRR is taken to be in one, and nothing is converted (refresh)'),
(201, 'rate_rule', 'text', $$'period_start'$$, $$rate_rule IN ('period_start', 'period_end', 'average', 'fixed')$$, 'Rate at which movements are converted: that before the period, at its end, the mean of its days, or one for all time; what rates do to MRR between is fx_mrr'),
(202, 'rate_on', 'date', NULL, NULL, 'The day whose rates convert the histories of single accounts, and everything where rate_rule is fixed; NULL: the latest (refresh)'),
(203, 'rate_max_age_days', 'integer', '7', 'rate_max_age_days BETWEEN 0 AND 36525', 'A rate older than this many days is no rate: figures that would need it are NULL, and view missing_rate has the rows');

INSERT INTO model_column VALUES
('currency', 'ISO 4217 code of the currency'),
('reactivation_gap_days', 'Who comes back after more days without MRR is new, from the policy'),
('fx', 'What one unit of the currency is worth in the currency of report'),
('fx_mrr', 'Effect of exchange rates on MRR: what opening and movements do not explain of the closing'),
('subscription_id', 'Key of the subscription, where these are the entities; else NULL'),
('entity_id', 'The account that it belongs to meanwhile'),
('own_opening_mrr', 'Opening MRR in the currency itself'),
('own_closing_mrr', 'Closing MRR in the currency itself'),
('opening_fx', 'Rate of the day before the period'),
('movement_fx', 'Rate at which movements are converted'),
('closing_fx', 'Rate of the last day of the period'),
('complaint', 'What is wrong, in words'),
('is_known', 'Are all the rates there that it needs?')
ON CONFLICT (name) DO NOTHING;

INSERT INTO model_table VALUES
('account_entity', ARRAY['PRIMARY KEY (account_id, starts_on)', 'CHECK (starts_on < ends_on)'], NULL,
 'Which account those with a parent, those merged and those they belong to are part of, and when, at the grain of the policy. One row an account and time with the same ones. Written by CALL csmetrics.refresh alone; others stand for themselves.');
INSERT INTO table_column VALUES
('account_entity', 1, 'account_id', 'account_id', NULL, 'The account'),
('account_entity', 2, 'entity_id', 'account_id', NULL, 'The account that it belongs to meanwhile'),
('account_entity', 3, 'starts_on', 'date', $$'-infinity'$$, 'First day'),
('account_entity', 4, 'ends_on', 'date', $$'infinity'$$, 'The day after the last');

INSERT INTO model_state VALUES
('revenue_state', '{account_id,subscription_id,currency,valid_from_on,valid_until_on,is_mixed}',
 'One row an entity that is not just an account in the currency of report, by currency and by the days on which it is made of the same accounts: its revenue history. Written by CALL csmetrics.refresh alone.',
 $$SELECT f.account_id, f.subscription_id, f.currency, f.valid_from_on, f.valid_until_on,
          min(f.currency) OVER entity <> max(f.currency) OVER entity AS is_mixed,
          f.starts_on, f.ends_on, f.mrr, f.status, f.cancelled_on, f.renews_on, f.past_due_on, f.discount_mrr, f.limited_discount_mrr
   FROM (SELECT coalesce(e.entity_id, s.account_id) AS account_id, CASE p.entity_grain WHEN 'subscription' THEN coalesce(nullif(s.subscription_id, ''), '?') ELSE '' END AS subscription_id,
                CASE WHEN p.report_currency IS NULL THEN '' ELSE upper(coalesce(s.currency, p.report_currency)) END AS currency,
                coalesce(e.starts_on, '-infinity') AS valid_from_on, coalesce(e.ends_on, 'infinity') AS valid_until_on,
                s.starts_on, s.ends_on, s.mrr, s.status, s.cancelled_on, s.renews_on, s.past_due_on, s.discount_mrr, s.limited_discount_mrr,
                p.entity_grain = 'subscription' OR p.report_currency IS NOT NULL OR e.account_id IS NOT NULL AS is_apart
         FROM policy p, {rows} AS s LEFT JOIN account_entity e USING (account_id)
         WHERE (SELECT entity_grain = 'subscription' OR report_currency IS NOT NULL OR EXISTS (SELECT FROM account_entity) FROM policy)
           AND coalesce(NOT (SELECT a.is_test FROM source_account a WHERE a.account_id = s.account_id AND e.account_id IS NOT NULL AND p.test_account_rule = 'exclude'), true)) f
   WHERE f.is_apart
   WINDOW entity AS (PARTITION BY f.account_id, f.subscription_id, f.valid_from_on)$$);

CREATE FUNCTION in_report_currency(amount numeric, currency text, report_currency text, rates jsonb) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN report_currency IS NULL OR currency IS NULL OR upper(currency) = report_currency THEN amount ELSE round(amount * (rates ->> upper(currency))::numeric, 6) END;
COMMENT ON FUNCTION in_report_currency(numeric, text, text, jsonb) IS
'An amount in the currency of report, rounded once to six decimals, by the rate of its currency in rates, an object of numbers by ISO 4217 code; as it is where its own currency is NULL or that of report, or there is none of report. NULL without a rate.';

CREATE FUNCTION period_start(day date, period text, fiscal_year_start integer DEFAULT 1) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (date_trunc(period, day::timestamp - (fiscal_year_start - 1) * interval '1 month') + (fiscal_year_start - 1) * interval '1 month')::date;
COMMENT ON FUNCTION period_start(date, text, integer) IS
'First day of the month, quarter or year that the day is in, with years that begin with that month, 1 to 12. NULL if an argument is NULL; another period: SQLSTATE 22023.';

CREATE FUNCTION period_length(period text) RETURNS interval
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE period WHEN 'month' THEN interval '1 month' WHEN 'quarter' THEN interval '3 months' WHEN 'year' THEN interval '1 year' END;
COMMENT ON FUNCTION period_length(text) IS 'Length of a month, quarter or year. NULL for anything else.';

CREATE FUNCTION moves(revenue mrr_timeline, from_on date, to_on date) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mrr_at(revenue, from_on - 1) > 0 OR EXISTS (SELECT FROM changes(revenue) c WHERE c.changed_on >= from_on AND c.changed_on < to_on);
COMMENT ON FUNCTION moves(mrr_timeline, date, date) IS 'Internal: is there MRR before from_on, or a movement from then on and before to_on?';

INSERT INTO model_view VALUES
(11, 'currency_rate', $$
    WITH daily AS MATERIALIZED (
        SELECT f.currency, f.on_date + n AS day_on, f.rate
        FROM reporting_range r,
             (SELECT upper(currency) AS currency, on_date, rate, lead(on_date) OVER (PARTITION BY upper(currency) ORDER BY on_date) AS next_on FROM source_fx_rate WHERE rate > 0) f,
             -- until the next one, while it is not too old
             LATERAL generate_series(0, least(f.next_on, f.on_date + r.rate_max_age_days + 1, r.as_of_on + 1) - f.on_date - 1) n)
    SELECT d.currency, d.day_on, CASE WHEN d.currency = r.report_currency THEN 1 WHEN c.is_crossed THEN round(d.rate / b.rate, 12) ELSE d.rate END AS fx
    FROM reporting_range r CROSS JOIN (SELECT EXISTS (SELECT FROM daily, reporting_range WHERE currency = report_currency) AS is_crossed) c CROSS JOIN daily d
         LEFT JOIN daily b ON b.currency = r.report_currency AND b.day_on = d.day_on
$$, 'What one unit of each currency was worth in the currency of report, day by day, to twelve decimals where the rates are in another; a rate holds until the next, or for rate_max_age_days. No row, or NULL: there is none.', NULL),

(12, 'constant_rate', $$
    SELECT f.currency, CASE WHEN f.currency = r.report_currency THEN 1 WHEN b.rate IS NULL THEN f.rate ELSE round(f.rate / b.rate, 12) END AS fx
    FROM reporting_range r,
         LATERAL (SELECT DISTINCT ON (upper(currency)) upper(currency) AS currency, rate FROM source_fx_rate WHERE rate > 0 AND on_date <= coalesce(r.rate_on, r.as_of_on) ORDER BY upper(currency), on_date DESC) f
         LEFT JOIN LATERAL (SELECT rate FROM source_fx_rate WHERE upper(currency) = r.report_currency AND rate > 0 AND on_date <= coalesce(r.rate_on, r.as_of_on) ORDER BY on_date DESC LIMIT 1) b ON true
$$, 'The rates by which the histories of single accounts are converted, for all time: those of rate_on, or the latest.', NULL);

INSERT INTO model_view VALUES
(13, 'report_window', $$
    SELECT (w.from_on - ($2 - 1) * period_length($1))::date AS start_on, w.from_on::date AS from_on, least((w.from_on + period_length($1))::date, r.as_of_on + 1) AS end_on
    FROM reporting_range r, LATERAL generate_series(period_start(r.from_on, $1, r.fiscal_year_start) - $3 * period_length($1), r.as_of_on, period_length($1)) w(from_on)
$$, 'The windows of lag periods of which each ends with a period of the report, the earlier ones before it included.', 'period text, lag integer, earlier integer'),

(14, 'window_rate', $$
    WITH daily AS MATERIALIZED (SELECT * FROM currency_rate)
    SELECT c.currency, w.start_on, w.end_on, CASE r.rate_rule WHEN 'fixed' THEN k.fx ELSE o.fx END AS opening_fx,
           CASE r.rate_rule WHEN 'period_start' THEN o.fx WHEN 'period_end' THEN e.fx WHEN 'average' THEN m.fx ELSE k.fx END AS movement_fx,
           CASE r.rate_rule WHEN 'fixed' THEN k.fx ELSE e.fx END AS closing_fx
    FROM reporting_range r CROSS JOIN unnest($1, $2) w(start_on, end_on) CROSS JOIN (SELECT DISTINCT upper(currency) AS currency FROM source_fx_rate) c
         LEFT JOIN daily o ON o.currency = c.currency AND o.day_on = w.start_on - 1
         LEFT JOIN daily e ON e.currency = c.currency AND e.day_on = w.end_on - 1
         LEFT JOIN constant_rate k ON k.currency = c.currency
         LEFT JOIN LATERAL (SELECT CASE WHEN count(d.fx) = w.end_on - w.start_on THEN round(avg(d.fx), 12) END AS fx FROM daily d
                            WHERE r.rate_rule = 'average' AND d.currency = c.currency AND d.day_on >= w.start_on AND d.day_on < w.end_on) m ON true
    WHERE c.currency <> r.report_currency
    UNION ALL
    SELECT r.report_currency, w.start_on, w.end_on, 1, 1, 1 FROM reporting_range r, unnest($1, $2) w(start_on, end_on) WHERE r.report_currency IS NOT NULL
$$, 'The rates of each currency for windows from start_on on and before end_on: for what was there before, for what moved, and for what is there at the end; NULL where there is none.', 'starts date[], ends date[]'),

(15, 'report_rate', $$
    SELECT x.currency, x.start_on, x.end_on, x.opening_fx, x.movement_fx, x.closing_fx
    FROM (SELECT array_agg(start_on) AS starts, array_agg(end_on) AS ends FROM report_window($1, $2, $3)) w, LATERAL window_rate(w.starts, w.ends) x
$$, 'The rates of each currency for the windows of lag periods that end with the periods of the report, earlier ones included.', 'period text, lag integer, earlier integer'),

(16, 'entity_history', $$
    -- LIMIT tells the planner that this is one row, worked out once and not for every account
    SELECT a.account_id, NULL AS subscription_id, NULL AS currency, true AS is_whole, r.first_on AS from_on, r.end_on AS until_on,
           limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days) AS revenue
    FROM (SELECT *, (period_start(from_on, $1, fiscal_year_start) - $2 * period_length($1))::date AS first_on, as_of_on + 1 AS end_on FROM reporting_range LIMIT 1) r, account_state a
    WHERE a.account_id NOT IN (SELECT e.account_id FROM account_entity e) AND NOT (SELECT EXISTS (SELECT FROM revenue_state WHERE currency <> '' OR subscription_id <> ''))
    UNION ALL
    SELECT s.account_id, nullif(s.subscription_id, ''), nullif(s.currency, ''), s.valid_from_on = '-infinity' AND s.valid_until_on = 'infinity', p.from_on, p.until_on, limit_pauses(smooth_gaps(s.revenue, r.gap_smooth_days), r.pause_churn_days)
    FROM (SELECT *, (period_start(from_on, $1, fiscal_year_start) - $2 * period_length($1))::date AS first_on, as_of_on + 1 AS end_on FROM reporting_range LIMIT 1) r, revenue_state s,
         -- the periods that end while it is made of the same accounts
         LATERAL (SELECT CASE WHEN s.valid_from_on <= r.first_on THEN r.first_on ELSE period_start(s.valid_from_on, $1, r.fiscal_year_start) END AS from_on,
                         CASE WHEN s.valid_until_on >= r.end_on THEN r.end_on ELSE period_start(s.valid_until_on, $1, r.fiscal_year_start) END AS until_on) p
    WHERE NOT s.is_mixed AND p.from_on < p.until_on
$$, 'The revenue history of each entity that is all in one currency, in that currency (NULL: nothing to convert), whether it was of the same accounts all the time, and the periods for which it was: those of the report, and earlier ones before it.', 'period text, earlier integer'),

(17, 'revenue_history', $$
    SELECT h.account_id, h.subscription_id, h.currency, h.is_whole, h.from_on, h.until_on, h.revenue
    FROM entity_history($1, $2) h WHERE (SELECT reactivation_gap_days IS NULL FROM policy)
    UNION ALL
    SELECT h.account_id, h.subscription_id, h.currency, h.is_whole, h.from_on, h.until_on, part.revenue
    FROM reporting_range r, entity_history($1, $2) h, LATERAL split_gaps(h.revenue, r.reactivation_gap_days) part(revenue) WHERE (SELECT reactivation_gap_days IS NOT NULL FROM policy)
$$, 'The same, cut where the entity came back after more than reactivation_gap_days.', 'period text, earlier integer'),

(18, 'mixed_window', $$
    WITH rate AS MATERIALIZED (SELECT * FROM window_rate($1, $2))
    SELECT m.account_id, nullif(m.subscription_id, '') AS subscription_id, m.start_on, m.end_on, m.is_known, m.revenue,
           CASE WHEN m.is_known THEN coalesce(mrr_at(smooth_gaps(m.opening, r.gap_smooth_days), m.start_on - 1), m.opening_mrr) END AS opening_mrr,
           CASE WHEN m.is_known THEN coalesce(mrr_at(smooth_gaps(m.closing, r.gap_smooth_days), m.end_on - 1), m.closing_mrr) END AS closing_mrr
    FROM reporting_range r,
         (SELECT s.account_id, s.subscription_id, w.start_on, w.end_on,
                 -- a rate is needed where there is something to convert, if only a pause that ends
                 bool_and(x.opening_fx + x.movement_fx + x.closing_fx IS NOT NULL OR NOT moves(limit_pauses(smooth_gaps(s.revenue, p.gap_smooth_days), p.pause_churn_days), w.start_on, w.end_on)) AS is_known,
                 limit_pauses(smooth_gaps(rollup(scale(s.revenue, coalesce(x.movement_fx, 1))), min(p.gap_smooth_days)), min(p.pause_churn_days)) AS revenue,
                 sum(round(mrr_at(s.revenue, w.start_on - 1) * coalesce(x.opening_fx, 1), 6)) AS opening_mrr, sum(round(mrr_at(s.revenue, w.end_on - 1) * coalesce(x.closing_fx, 1), 6)) AS closing_mrr,
                 -- whether a gap is one tells the whole alone
                 rollup(scale(s.revenue, coalesce(x.opening_fx, 1))) FILTER (WHERE p.gap_smooth_days > 0) AS opening,
                 rollup(scale(s.revenue, coalesce(x.closing_fx, 1))) FILTER (WHERE p.gap_smooth_days > 0) AS closing
          FROM reporting_range p CROSS JOIN unnest($1, $2) w(start_on, end_on)
               JOIN revenue_state s ON s.is_mixed AND s.valid_from_on < w.end_on AND w.end_on <= s.valid_until_on
               LEFT JOIN rate x ON x.currency = s.currency AND x.start_on = w.start_on AND x.end_on = w.end_on
          GROUP BY s.account_id, s.subscription_id, w.start_on, w.end_on) m
$$, 'The revenue history of each entity in several currencies, converted for each window at its rates, with its MRR before and at the end of it at the rates of then, NULL where a rate is missing: then the history tells when there was any, not how much.', 'starts date[], ends date[]'),

(19, 'mixed_history', $$
    SELECT m.account_id, m.subscription_id, m.start_on, w.from_on, m.end_on, m.is_known, part.revenue, CASE WHEN part.nr = 1 THEN m.opening_mrr END AS opening_mrr, CASE WHEN part.nr = 1 THEN m.closing_mrr END AS closing_mrr,
           CASE WHEN m.is_known AND part.nr = 1 THEN mrr_at(m.revenue, m.end_on - 1) - mrr_at(m.revenue, m.start_on - 1) END AS movement_mrr, part.nr = 1 AS is_first
    FROM reporting_range r CROSS JOIN (SELECT array_agg(start_on) AS starts, array_agg(end_on) AS ends FROM report_window($1, $2, $3)) of_report
         CROSS JOIN LATERAL mixed_window(of_report.starts, of_report.ends) m JOIN report_window($1, $2, $3) w USING (start_on, end_on),
         LATERAL split_gaps(m.revenue, r.reactivation_gap_days) WITH ORDINALITY part(revenue, nr)
$$, 'The same for the windows of lag periods that end with the periods of the report, earlier ones included, cut where the entity came back after more than reactivation_gap_days: then the first part bears the MRR of all.', 'period text, lag integer, earlier integer'),

(22, 'revenue_bridge', $$
    WITH rate AS MATERIALIZED (SELECT * FROM report_rate($1, $2, $3))
    SELECT s.period_start_on, s.period_end_on, s.dimension, s.value,
           s.one * s.opening AS opening_mrr, s.one * s.new AS new_mrr, s.one * s.reactivation AS reactivation_mrr, s.one * s.resume AS resume_mrr,
           s.one * s.expansion AS expansion_mrr, s.one * s.contraction AS contraction_mrr, s.one * s.pause AS pause_mrr, s.one * s.churn AS churn_mrr,
           s.one * (s.closing - (s.opening + s.new + s.reactivation + s.resume + s.expansion - s.contraction - s.pause - s.churn)) AS fx_mrr,
           s.one * s.closing AS closing_mrr, s.one * s.intra_period AS intra_period_mrr,
           s.opening_count, s.new_count, s.reactivation_count, s.resume_count, s.expansion_count, s.contraction_count, s.pause_count, s.churn_count,
           s.closing_count, s.intra_period_count, CASE WHEN s.one = 1 THEN s.flow END AS flow, s.is_complete
    FROM (
        SELECT m.period_start AS period_start_on, m.period_end AS period_end_on, g.dimension, g.value,
               -- unknown if any part of it is
               CASE WHEN bool_and(g.is_known AND (k.opening + k.movement + k.closing IS NOT NULL OR (m.opening, m.closing, m.new, m.reactivation, m.resume, m.churn, m.intra_period) = (0, 0, 0, 0, 0, 0, 0))) THEN 1 END AS one,
               sum(coalesce(g.opening, m.opening * k.opening)) AS opening, sum(m.new * k.movement) AS new, sum(m.reactivation * k.movement) AS reactivation,
               sum(m.resume * k.movement) AS resume, sum(m.expansion * k.movement) AS expansion, sum(m.contraction * k.movement) AS contraction,
               sum(m.pause * k.movement) AS pause, sum(m.churn * k.movement) AS churn, sum(m.intra_period * k.movement) AS intra_period,
               sum(coalesce(g.closing, m.closing * k.closing)) AS closing,
               sum(m.opening_count)::bigint AS opening_count, sum(m.new_count)::bigint AS new_count, sum(m.reactivation_count)::bigint AS reactivation_count,
               sum(m.resume_count)::bigint AS resume_count, sum(m.expansion_count)::bigint AS expansion_count, sum(m.contraction_count)::bigint AS contraction_count,
               sum(m.pause_count)::bigint AS pause_count, sum(m.churn_count)::bigint AS churn_count, sum(m.closing_count)::bigint AS closing_count,
               sum(m.intra_period_count)::bigint AS intra_period_count,
               rollup(CASE WHEN g.currency IS NULL THEN f.flow ELSE scale(f.flow, k.movement) END) AS flow, bool_and(m.complete) AS is_complete
        FROM reporting_range r,
             -- those that were of the same accounts all the time have the same windows; they are most
             (SELECT d.dimension, d.value, h.currency, mrr_movement_agg(h.revenue, h.from_on, h.until_on, $1, $2) AS state, true AS is_known, NULL::numeric AS opening, NULL::numeric AS closing
              FROM revenue_history($1, $3) h JOIN account_dimension d USING (account_id)
              WHERE h.is_whole
              GROUP BY d.dimension, d.value, h.currency
              UNION ALL
              SELECT d.dimension, d.value, h.currency, mrr_movement_agg(h.revenue, h.from_on, h.until_on, $1, $2), bool_and(h.is_known), sum(h.opening_mrr), sum(h.closing_mrr)
              FROM (SELECT account_id, currency, from_on, until_on, revenue, true AS is_known, NULL::numeric AS opening_mrr, NULL::numeric AS closing_mrr, false AS is_mixed FROM revenue_history($1, $3) w WHERE NOT w.is_whole
                    UNION ALL
                    SELECT account_id, NULL, from_on, end_on, revenue, is_known, coalesce(opening_mrr, 0), coalesce(closing_mrr, 0), true FROM mixed_history($1, $2, $3) m) h
                   JOIN account_dimension d USING (account_id)
              GROUP BY d.dimension, d.value, h.currency, h.from_on, h.until_on, h.is_mixed) g
             CROSS JOIN LATERAL movements(g.state, r.pause_rule = 'churn') m
             JOIN LATERAL revenue_flows(g.state) f USING (period_start, period_end)
             LEFT JOIN rate x ON x.currency = g.currency AND x.start_on = m.period_start AND x.end_on = m.period_end,
             LATERAL (SELECT CASE WHEN g.currency IS NULL THEN 1 ELSE x.opening_fx END AS opening, CASE WHEN g.currency IS NULL THEN 1 ELSE x.movement_fx END AS movement,
                             CASE WHEN g.currency IS NULL THEN 1 ELSE x.closing_fx END AS closing) k
        GROUP BY m.period_start, m.period_end, g.dimension, g.value) s
$$, 'The revenue bridge over windows of lag periods, one ending with each month, quarter or year of the report, earlier ones before it included, for each value of each attribute of accounts in use, and for all: the views of revenue and retention read it. flow is for readers such as nrr_interval(flow). Amounts are NULL where a rate is missing.', 'period text, lag integer, earlier integer'),

(20, 'window_entity', $$
    WITH rate AS MATERIALIZED (SELECT * FROM window_rate(ARRAY[$1], ARRAY[$2]))
    SELECT a.account_id, NULL AS subscription_id, limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days) AS revenue, 1::numeric AS opening_fx, 1::numeric AS movement_fx, 1::numeric AS closing_fx,
           NULL::numeric AS opening_mrr, NULL::numeric AS closing_mrr
    FROM reporting_range r, account_state a
    WHERE a.account_id NOT IN (SELECT e.account_id FROM account_entity e) AND NOT (SELECT EXISTS (SELECT FROM revenue_state WHERE currency <> '' OR subscription_id <> ''))
    UNION ALL
    SELECT s.account_id, nullif(s.subscription_id, ''), limit_pauses(smooth_gaps(s.revenue, r.gap_smooth_days), r.pause_churn_days),
           CASE WHEN s.currency = '' THEN 1 ELSE x.opening_fx END, CASE WHEN s.currency = '' THEN 1 ELSE x.movement_fx END, CASE WHEN s.currency = '' THEN 1 ELSE x.closing_fx END, NULL, NULL
    FROM reporting_range r, revenue_state s LEFT JOIN rate x USING (currency)
    WHERE NOT s.is_mixed AND s.valid_from_on < $2 AND $2 <= s.valid_until_on
    UNION ALL
    SELECT m.account_id, m.subscription_id, m.revenue, k.one, k.one, k.one, m.opening_mrr, m.closing_mrr
    FROM mixed_window(ARRAY[$1], ARRAY[$2]) m, LATERAL (SELECT CASE WHEN m.is_known THEN 1::numeric END AS one) k
$$, 'The entities as of the end of one window, from start_on on and before end_on: their revenue history, the rates that convert it, NULL where one is missing, and of those in several currencies, whose histories are converted, the MRR before and at the end.', 'start_on date, end_on date'),

(21, 'entity_window', $$
    SELECT e.account_id, e.subscription_id, e.revenue, e.opening_fx, e.movement_fx, e.closing_fx, e.opening_mrr, e.closing_mrr
    FROM window_entity($1, $2) e WHERE (SELECT reactivation_gap_days IS NULL FROM policy)
    UNION ALL
    SELECT e.account_id, e.subscription_id, part.revenue, e.opening_fx, e.movement_fx, e.closing_fx, CASE WHEN part.nr = 1 THEN e.opening_mrr ELSE 0 * e.opening_mrr END, CASE WHEN part.nr = 1 THEN e.closing_mrr ELSE 0 * e.closing_mrr END
    FROM reporting_range r, window_entity($1, $2) e, LATERAL split_gaps(e.revenue, r.reactivation_gap_days) WITH ORDINALITY part(revenue, nr) WHERE (SELECT reactivation_gap_days IS NOT NULL FROM policy)
$$, 'The same, cut where the entity came back after more than reactivation_gap_days; then the first part bears the MRR of one in several currencies.', 'start_on date, end_on date'),

(23, 'entity_revenue', $$
    SELECT e.account_id, e.subscription_id, part.revenue
    FROM (SELECT a.account_id, NULL AS subscription_id, a.revenue
          FROM account_state a
          WHERE a.account_id NOT IN (SELECT e.account_id FROM account_entity e) AND NOT (SELECT EXISTS (SELECT FROM revenue_state WHERE subscription_id <> ''))
          UNION ALL
          SELECT s.account_id, nullif(s.subscription_id, ''), rollup(CASE WHEN s.currency = '' THEN s.revenue ELSE scale(s.revenue, coalesce(k.fx, 1)) END)
          FROM revenue_state s LEFT JOIN constant_rate k USING (currency)
          WHERE s.valid_from_on <= $1 AND $1 < s.valid_until_on
            AND (s.subscription_id <> '' OR EXISTS (SELECT FROM account_entity e WHERE e.entity_id = s.account_id))
          GROUP BY s.account_id, s.subscription_id) e,
         LATERAL (SELECT gap_smooth_days, pause_churn_days, reactivation_gap_days FROM reporting_range) r,
         LATERAL split_gaps(limit_pauses(smooth_gaps(e.revenue, r.gap_smooth_days), r.pause_churn_days), r.reactivation_gap_days) part(revenue)
$$, 'The entities as they are made up on a day, with their revenue history in the currency of report at constant rates, cut where they came back after more than reactivation_gap_days: what cohorts and lifetime value are of.', 'as_of date'),

(26, 'revenue_by_currency', $$
    WITH rate AS MATERIALIZED (SELECT * FROM report_rate('month', 1, 0))
    SELECT s.currency, s.start_on AS period_start_on, s.end_on AS period_end_on, s.own_opening_mrr, s.own_closing_mrr, x.opening_fx, x.movement_fx, x.closing_fx,
           s.own_single_opening * k.opening_fx + s.opening AS opening_mrr,
           s.own_single_closing * k.closing_fx + s.closing - s.own_single_opening * k.opening_fx - s.opening - ((s.own_single_closing - s.own_single_opening) * k.movement_fx + s.movement) AS fx_mrr,
           s.own_single_closing * k.closing_fx + s.closing AS closing_mrr, k.opening_fx + k.movement_fx + k.closing_fx IS NOT NULL AS is_known, r.policy_hash
    FROM reporting_range r CROSS JOIN
         (SELECT p.currency, p.start_on, p.end_on, sum(p.opening) AS own_opening_mrr, sum(p.closing) AS own_closing_mrr, bool_or(p.is_moving) AS is_moving,
                 coalesce(sum(p.opening) FILTER (WHERE NOT p.is_mixed), 0) AS own_single_opening, coalesce(sum(p.closing) FILTER (WHERE NOT p.is_mixed), 0) AS own_single_closing,
                 coalesce(sum(round(p.opening * x.opening_fx, 6)) FILTER (WHERE p.is_mixed), 0) AS opening, coalesce(sum(round(p.closing * x.closing_fx, 6)) FILTER (WHERE p.is_mixed), 0) AS closing,
                 coalesce(sum(round(p.closing * x.movement_fx, 6) - round(p.opening * x.movement_fx, 6)) FILTER (WHERE p.is_mixed), 0) AS movement
          FROM (SELECT coalesce(g.currency, (SELECT report_currency FROM policy)) AS currency, m.period_start AS start_on, m.period_end AS end_on, m.opening, m.closing,
                       (m.opening, m.closing, m.new, m.reactivation, m.resume, m.churn, m.intra_period) <> (0, 0, 0, 0, 0, 0, 0) AS is_moving, false AS is_mixed
                FROM (SELECT currency, mrr_movement_agg(revenue, from_on, until_on, 'month') AS state FROM revenue_history('month', 0) h GROUP BY currency, from_on, until_on) g, LATERAL movements(g.state) m
                UNION ALL
                SELECT s.currency, w.start_on, w.end_on, mrr_at(s.revenue, w.start_on - 1), mrr_at(s.revenue, w.end_on - 1), moves(limit_pauses(smooth_gaps(s.revenue, r.gap_smooth_days), r.pause_churn_days), w.start_on, w.end_on), true
                FROM reporting_range r CROSS JOIN report_window('month', 1, 0) w JOIN revenue_state s ON s.is_mixed AND s.valid_from_on < w.end_on AND w.end_on <= s.valid_until_on) p
               LEFT JOIN rate x USING (currency, start_on, end_on)
          GROUP BY p.currency, p.start_on, p.end_on) s
         LEFT JOIN rate x USING (currency, start_on, end_on),
         -- where there is nothing to convert any rate will do
         LATERAL (SELECT CASE WHEN s.currency IS NULL OR NOT s.is_moving THEN 1 ELSE x.opening_fx END AS opening_fx, CASE WHEN s.currency IS NULL OR NOT s.is_moving THEN 1 ELSE x.movement_fx END AS movement_fx,
                         CASE WHEN s.currency IS NULL OR NOT s.is_moving THEN 1 ELSE x.closing_fx END AS closing_fx) k
    ORDER BY s.currency, s.start_on
$$, 'MRR in each currency itself, month by month, the rates, and what it comes to in the currency of report: opening_mrr, fx_mrr and closing_mrr add up to those of revenue_monthly exactly (but for gaps that gap_smooth_days fills of accounts in several currencies). NULL, and not known, where a rate that it needs is missing.', NULL),

(27, 'missing_rate', $$
    SELECT c.currency, c.period_start_on, c.period_end_on, d.day_on, c.own_opening_mrr, c.own_closing_mrr,
           format('no rate from %s to %s on %s, nor in the %s days before it', c.currency, r.report_currency, d.day_on, r.rate_max_age_days) AS complaint
    FROM reporting_range r, revenue_by_currency c, LATERAL (SELECT c.period_start_on - 1 + n AS day_on, n FROM generate_series(0, c.period_end_on - c.period_start_on) n) d
    WHERE NOT c.is_known
      AND CASE WHEN r.rate_rule = 'average' AND c.movement_fx IS NULL THEN NOT EXISTS (SELECT FROM currency_rate f WHERE f.currency = c.currency AND f.day_on = d.day_on AND f.fx IS NOT NULL)
               ELSE d.n = 0 AND c.opening_fx IS NULL OR d.day_on = c.period_end_on - 1 AND c.closing_fx IS NULL END
    ORDER BY c.currency, c.period_start_on, d.day_on
$$, 'The rates that are missing: a row a currency, month and day for which nothing in source_fx_rate says what MRR was worth. The figures that would need them are NULL.', NULL);
