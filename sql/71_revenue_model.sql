-- The revenue part of the model: what subscriptions say, and the bridge, churn and cohorts read from it.
INSERT INTO source_column VALUES
('subscription', 1, 'account_id', 'account_id', true, 'Key of the account'),
('subscription', 2, 'subscription_id', 'text', false, 'Key of the subscription'),
('subscription', 3, 'starts_on', 'date', true, 'First day in force'),
('subscription', 4, 'ends_on', 'date', false, 'The day after the last in force; NULL: still in force'),
('subscription', 5, 'mrr', 'numeric', true, 'MRR in force meanwhile, in money a month, recurring discounts off, without tax; see mrr() and term_mrr() for prices'),
('subscription', 6, 'currency', 'text', false, 'ISO 4217 code'),
('subscription', 7, 'product', 'text', false, 'Product'),
('subscription', 8, 'plan', 'text', false, 'Plan'),
('subscription', 9, 'status', 'text', false, 'trial and paused are treated as the policy says; anything else counts by its days'),
('subscription', 10, 'cancelled_on', 'date', false, 'Day on which the customer cancelled'),
('subscription', 11, 'renews_on', 'date', false, 'Day of the next renewal; where it was cancelled, of the one that was called off'),
('subscription', 12, 'end_reason', 'text', false, 'Why it ended'),
('subscription', 13, 'voluntary', 'boolean', false, 'Was it the customer who ended it?'),
('subscription', 14, 'past_due_on', 'date', false, 'Day since which a payment is due; NULL: none is'),
('subscription', 15, 'discount_mrr', 'numeric', false, 'Recurring discounts that are off mrr already, in money a month; NULL: 0'),
('subscription', 16, 'limited_discount_mrr', 'numeric', false, 'One-off and limited discounts of that time that are not off mrr, in money a month; NULL: 0');

INSERT INTO source_check VALUES
('subscription', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('subscription', 2, 'starts_on IS NULL', $$'starts_on is NULL'$$),
('subscription', 3, 'ends_on < starts_on', $$format('ends %s is before starts %s', ends_on, starts_on)$$),
('subscription', 4, $$mrr IS NULL AND status IS DISTINCT FROM 'paused'$$, $$'mrr is NULL'$$),
('subscription', 5, 'discount_mrr < 0', $$format('discount_mrr %s is below 0', discount_mrr)$$),
('subscription', 6, 'limited_discount_mrr < 0', $$format('limited_discount_mrr %s is below 0', limited_discount_mrr)$$);

INSERT INTO model_history (position, state, name, type, source, expression, condition, index_on, description)
SELECT position, state, 'revenue', 'mrr_timeline', 'subscription',
       format($$mrr_timeline_agg(starts_on,
           counted_until(starts_on, ends_on, cancelled_on, renews_on, past_due_on, (rules).churn_date_rule, (rules).delinquency_days), %s, status = 'paused' AND (rules).pause_rule <> 'keep', mrr = 0 AND (rules).zero_mrr_rule = 'count')$$, amount),
       $$(status IS DISTINCT FROM 'trial' OR (rules).trial_rule = 'count') AND (mrr IS NULL OR mrr >= 0 OR (rules).credit_rule = 'count')$$, index_on, description
FROM (VALUES
    (10, 'account_state', 'in_report_currency(counted_mrr(mrr, discount_mrr, limited_discount_mrr, (rules).discount_rule), currency, (rules).report_currency, (SELECT jsonb_object_agg(k.currency, k.fx) FROM constant_rate k))', 'first_paid_on(revenue)',
     'Its MRR over time, in the currency of report at constant rates; NULL without subscriptions'),
    (12, 'revenue_state', 'counted_mrr(mrr, discount_mrr, limited_discount_mrr, (rules).discount_rule)', NULL, 'Its MRR over time, in the currency itself')) v(position, state, amount, index_on, description);

INSERT INTO policy_column VALUES
(10, 'trial_rule', 'text', $$'exclude'$$, $$trial_rule IN ('exclude', 'count')$$, 'Subscriptions with status trial: exclude, or count their MRR (refresh)'),
(11, 'pause_rule', 'text', $$'pause'$$, $$pause_rule IN ('pause', 'churn', 'keep')$$, 'Subscriptions with status paused: no MRR and shown as pause, no MRR and shown as churn, or keep their MRR (to or from keep: refresh)'),
(12, 'pause_churn_days', 'integer', '60', 'pause_churn_days BETWEEN 0 AND 36525', 'A pause of this many days becomes churn'),
(13, 'gap_smooth_days', 'integer', '0', 'gap_smooth_days BETWEEN 0 AND 36525', 'A gap without MRR of fewer days is no churn; 0: every gap is'),
(14, 'credit_rule', 'text', $$'exclude'$$, $$credit_rule IN ('exclude', 'count')$$, 'Subscription rows with MRR below zero: exclude, or count against the others of the account (refresh)'),
(16, 'zero_mrr_rule', 'text', $$'exclude'$$, $$zero_mrr_rule IN ('exclude', 'count')$$, 'Subscriptions with an MRR of 0, free plans and discounts of 100 %: exclude, or count the account as an active customer (refresh)'),
(17, 'churn_date_rule', 'text', $$'term_end'$$, $$churn_date_rule IN ('term_end', 'click', 'scheduled')$$,
 'The MRR of a subscription that was cancelled counts until ends_on, the end of what was paid for (term_end), until cancelled_on (click), or until the renewal that was called off, renews_on (scheduled); see csmetrics.counted_until (refresh)'),
(19, 'discount_rule', 'text', $$'recurring'$$, $$discount_rule IN ('recurring', 'none', 'all')$$,
 'MRR has recurring discounts off (recurring), no discounts (none), or one-off and limited ones too (all); see csmetrics.counted_mrr (refresh)');
INSERT INTO policy_column (position, name, type, default_value, condition, description, may_be_null) VALUES
(18, 'delinquency_days', 'integer', '30', 'delinquency_days BETWEEN 0 AND 3653', 'The MRR of a subscription counts until so many days after past_due_on, and is churn then; 0: at once; NULL: never (refresh)', true);

INSERT INTO model_column VALUES
('period_start_on', 'First day of the period'),
('period_end_on', 'The day after the last of the period'),
('from_on', 'First day that the views report'),
('as_of_on', 'The day as of which the views read'),
('as_of_at', 'The last instant that the views know of'),
('time_zone', 'Time zone in which a day begins, from the policy'),
('pause_rule', 'How pauses are shown, from the policy'),
('pause_churn_days', 'Days after which a pause becomes churn, from the policy'),
('gap_smooth_days', 'Gaps of fewer days are no churn, from the policy'),
('period', 'Length of the periods of revenue_by_period, from the policy'),
('fiscal_year_start', 'First month of its years, from the policy'),
('report_currency', 'Currency of report, from the policy'),
('rate_rule', 'Rate at which movements are converted, from the policy'),
('rate_on', 'The day whose rates convert the histories of single accounts, from the policy'),
('rate_max_age_days', 'Age at which a rate is none any more, from the policy'),
('confidence_rate', 'Confidence of the intervals, from the policy'),
('dimension', 'Attribute of the account by which it is grouped'),
('value', 'Its value; (none) where the account has none'),
('account_id', 'Key of the account'),
('name', 'Name of the account'),
('segment', 'Market segment of the account'),
('plan', 'Plan of the account'),
('owner', 'Customer-success manager of the account'),
('movement', 'new, reactivation, resume, expansion, contraction, pause, churn or intra_period'),
('amount_mrr', 'Amount of the movement, in money a month'),
('opening_mrr', 'MRR at the end of the day before the period, in money a month'),
('new_mrr', 'MRR of accounts that never had any before'),
('reactivation_mrr', 'MRR of accounts that had some before, none at the opening'),
('resume_mrr', 'MRR of accounts that are back from a pause'),
('expansion_mrr', 'MRR gained by accounts with opening MRR'),
('contraction_mrr', 'MRR lost by accounts that stayed'),
('pause_mrr', 'MRR lost to pauses, less that of pauses that ended in churn'),
('churn_mrr', 'MRR lost by accounts that left, and of pauses that ended in churn'),
('intra_period_mrr', 'MRR that came and went within the period: in no other column'),
('closing_mrr', 'MRR at the end of the period: opening + new + reactivation + resume + expansion - contraction - pause - churn, exactly'),
('opening_count', 'Accounts with opening MRR'),
('new_count', 'Accounts of new_mrr'),
('reactivation_count', 'Accounts of reactivation_mrr'),
('resume_count', 'Accounts of resume_mrr'),
('expansion_count', 'Accounts of expansion_mrr'),
('contraction_count', 'Accounts of contraction_mrr'),
('pause_count', 'Accounts of pause_mrr'),
('churn_count', 'Accounts of churn_mrr'),
('intra_period_count', 'Accounts of intra_period_mrr'),
('closing_count', 'Accounts with closing MRR'),
('nrr_rate', 'Net revenue retention: closing / opening MRR of the accounts with opening MRR; NULL without any'),
('nrr_lower_rate', 'Lower end of its confidence interval (ratio estimator, account as unit)'),
('nrr_upper_rate', 'Upper end of its confidence interval'),
('grr_rate', 'Gross revenue retention: the same with each account''s closing MRR capped at its opening; at most 1'),
('grr_lower_rate', 'Lower end of its confidence interval'),
('grr_upper_rate', 'Upper end of its confidence interval'),
('nrr_movement_rate', 'NRR by method movement: (opening + expansion - contraction - churn of the twelve months) / opening; the movements of newcomers leak in'),
('nrr_chained_rate', 'NRR by method chained: product of the twelve monthly ratios'),
('nrr_ttm_avg_rate', 'NRR by method ttm_avg: mean of the twelve monthly ratios weighted by opening MRR; a monthly figure'),
('logo_churn_rate', 'Logo churn: accounts that left / accounts with opening MRR'),
('logo_churn_lower_rate', 'Lower end of its confidence interval (Wilson)'),
('logo_churn_upper_rate', 'Upper end of its confidence interval'),
('logo_churn_average_rate', 'Logo churn by the denominator average: accounts that left, those of within the period too / mean of opening and closing accounts'),
('annualized_logo_churn_rate', 'This month''s logo churn if it held for a year, compounding'),
('trailing_year_logo_churn_rate', 'Logo churn of the twelve months to here, compounding; NULL before there are twelve'),
('revenue_churn_rate', 'Revenue churn of accounts that left: churn / opening MRR'),
('contraction_rate', 'Contraction / opening MRR'),
('net_revenue_churn_rate', '1 - NRR; below zero where expansion outweighs the losses'),
('cohort_on', 'First day of the month in which the accounts had their first MRR'),
('age_months', 'Months since then; 0 is the close of the first month'),
('account_count', 'Accounts of the cohort'),
('retained_count', 'Those with MRR at this age'),
('start_mrr', 'MRR of the first paid day of each account, in money a month'),
('kept_mrr', 'MRR at this age, or at the end of the period, each account''s capped at what it began with'),
('mrr', 'MRR as of then, in money a month'),
('logo_retention_rate', 'retained_count / account_count'),
('gross_retention_rate', 'kept_mrr / start_mrr; at most 1'),
('net_retention_rate', 'mrr / start_mrr'),
('is_complete', 'Is the period over as of as_of?'),
('is_mature', 'Is the period of this cell over as of as_of?'),
('policy_hash', 'Fingerprint of the policy: equal hashes, equal definitions');

INSERT INTO model_view VALUES
-- LIMIT tells the planner that this is one row, worked out once and not for every account
(10, 'reporting_range', $$
    SELECT date_trunc('month', least(coalesce(p.report_from, (SELECT min(first_paid_on(revenue)) FROM account_state)), day.as_of))::date AS from_on,
           day.as_of AS as_of_on,
           -- the last instant that counts
           last_instant(day.as_of, p.time_zone) AS as_of_at,
           p.time_zone, p.pause_rule, p.pause_churn_days, p.gap_smooth_days, p.reactivation_gap_days, p.period, p.fiscal_year_start, p.report_currency, p.rate_rule, p.rate_on, p.rate_max_age_days,
           p.confidence AS confidence_rate,
           md5((to_jsonb(p) - ARRAY(SELECT name FROM policy_column WHERE NOT defines) - 'only_row')::text) AS policy_hash
    FROM policy p, LATERAL (SELECT coalesce(p.as_of, (now() AT TIME ZONE p.time_zone)::date) AS as_of) day
    LIMIT 1
$$, 'The days that the other views report and the rules that they follow: one row.', NULL),

(9, 'account_dimension', $$
    SELECT a.account_id, d.dimension, coalesce(d.value, '(none)') AS value
    FROM (SELECT count(segment) AS segment, count(plan) AS plan, count(lifecycle_stage) AS lifecycle_stage,
                 count(onboarding_path) AS onboarding_path, count(region) AS region, count(owner) AS owner
          FROM source_account) known,
         account_state a LEFT JOIN source_account n USING (account_id),
         LATERAL (VALUES ('all', 'all', 1), ('segment', n.segment, known.segment), ('plan', n.plan, known.plan),
                         ('lifecycle_stage', n.lifecycle_stage, known.lifecycle_stage),
                         ('onboarding_path', n.onboarding_path, known.onboarding_path),
                         ('region', n.region, known.region), ('owner', n.owner, known.owner)) d(dimension, value, known)
    WHERE d.known > 0
$$, 'Each account under each of its attributes that is in use, as the account source says now, and under all: what the views by segment group by.', NULL),

(25, 'revenue_by_segment', $$
    SELECT b.period_start_on, b.period_end_on, b.dimension, b.value, b.opening_mrr, b.new_mrr, b.reactivation_mrr, b.resume_mrr,
           b.expansion_mrr, b.contraction_mrr, b.pause_mrr, b.churn_mrr, b.fx_mrr, b.closing_mrr, b.intra_period_mrr,
           b.opening_count, b.new_count, b.reactivation_count, b.resume_count, b.expansion_count, b.contraction_count,
           b.pause_count, b.churn_count, b.closing_count, b.intra_period_count,
           nrr(b.flow) AS nrr_rate, nrr.lower AS nrr_lower_rate, nrr.upper AS nrr_upper_rate,
           grr(b.flow) AS grr_rate, grr.lower AS grr_lower_rate, grr.upper AS grr_upper_rate,
           b.churn_count / nullif(b.opening_count, 0)::double precision AS logo_churn_rate, logo.lower AS logo_churn_lower_rate, logo.upper AS logo_churn_upper_rate,
           (b.churn_mrr / nullif(b.opening_mrr, 0))::double precision AS revenue_churn_rate,
           trim_scale(round(b.closing_mrr / nullif(b.closing_count, 0), 6)) AS arpa_mrr, b.is_complete, r.policy_hash
    FROM reporting_range r, revenue_bridge('month', 1, 0) b,
         LATERAL nrr_interval(b.flow, r.confidence_rate) nrr,
         LATERAL grr_interval(b.flow, r.confidence_rate) grr,
         LATERAL wilson_interval(b.churn_count, b.opening_count, r.confidence_rate) logo
$$, 'The revenue bridge, month by month, for each value of each attribute of accounts that is in use, and for all; the past too is grouped by what the account source says now. The values of one attribute add up to revenue_monthly exactly.', NULL),

(28, 'revenue_by_period', $$
    SELECT b.period_start_on, b.period_end_on, b.dimension, b.value, b.opening_mrr, b.new_mrr, b.reactivation_mrr, b.resume_mrr,
           b.expansion_mrr, b.contraction_mrr, b.pause_mrr, b.churn_mrr, b.fx_mrr, b.closing_mrr, b.intra_period_mrr,
           b.opening_count, b.churn_count, b.closing_count, nrr(b.flow) AS nrr_rate, nrr.lower AS nrr_lower_rate, nrr.upper AS nrr_upper_rate,
           grr(b.flow) AS grr_rate, grr.lower AS grr_lower_rate, grr.upper AS grr_upper_rate,
           b.churn_count / nullif(b.opening_count, 0)::double precision AS logo_churn_rate, logo.lower AS logo_churn_lower_rate, logo.upper AS logo_churn_upper_rate, b.is_complete, r.policy_hash
    FROM reporting_range r, revenue_bridge(r.period, 1, 0) b,
         LATERAL nrr_interval(b.flow, r.confidence_rate) nrr,
         LATERAL grr_interval(b.flow, r.confidence_rate) grr,
         LATERAL wilson_interval(b.churn_count, b.opening_count, r.confidence_rate) logo
$$, 'The same bridge by the period of the policy: months, quarters or years, of the fiscal year where it is another.', NULL),

(30, 'revenue_monthly', $$
    SELECT period_start_on, period_end_on,
           opening_mrr, new_mrr, reactivation_mrr, resume_mrr, expansion_mrr, contraction_mrr, pause_mrr, churn_mrr, fx_mrr, closing_mrr,
           intra_period_mrr,
           opening_count, new_count, reactivation_count, resume_count, expansion_count, contraction_count, pause_count,
           churn_count, closing_count, intra_period_count,
           nrr_rate, nrr_lower_rate, nrr_upper_rate, grr_rate, grr_lower_rate, grr_upper_rate,
           logo_churn_rate, logo_churn_lower_rate, logo_churn_upper_rate, revenue_churn_rate, is_complete, policy_hash
    FROM revenue_by_segment WHERE dimension = 'all' ORDER BY period_start_on
$$, 'The revenue bridge, month by month: from opening to closing MRR, with the accounts behind each part, NRR, GRR and churn.', NULL),

(40, 'revenue_movement', $$
    WITH rate AS MATERIALIZED (SELECT * FROM report_rate('month', 1, 0))
    SELECT c.period_start AS period_start_on, c.period_end AS period_end_on, c.account_id, c.subscription_id, n.name, n.segment, n.plan, n.owner,
           c.movement, c.opening AS opening_mrr, c.closing AS closing_mrr, c.amount AS amount_mrr
    FROM (SELECT h.account_id, h.subscription_id, c.period_start, c.period_end, c.movement, c.opening * k.rate AS opening, c.closing * k.rate AS closing, c.amount * k.rate AS amount
          FROM reporting_range r, revenue_history('month', 0) h
               CROSS JOIN LATERAL changes(h.revenue, h.from_on, h.until_on, 'month', 1, r.pause_rule = 'churn') c
               LEFT JOIN rate x ON x.currency = h.currency AND x.start_on = c.period_start AND x.end_on = c.period_end,
               LATERAL (SELECT CASE WHEN h.currency IS NULL THEN 1 ELSE x.movement_fx END AS rate) k
          UNION ALL
          SELECT h.account_id, h.subscription_id, c.period_start, c.period_end, c.movement, k.one * c.opening, k.one * c.closing, k.one * c.amount
          FROM reporting_range r, mixed_history('month', 1, 0) h, LATERAL (SELECT CASE WHEN h.is_known THEN 1 END AS one) k, LATERAL changes(h.revenue, h.from_on, h.end_on, 'month', 1, r.pause_rule = 'churn') c
          UNION ALL
          SELECT f.account_id, f.subscription_id, f.start_on, f.end_on, 'fx', f.opening, f.closing, f.closing - f.opening - f.movement
          FROM (SELECT h.account_id, h.subscription_id, x.start_on, x.end_on, m.opening * x.opening_fx AS opening, m.closing * x.closing_fx AS closing, (m.closing - m.opening) * x.movement_fx AS movement, m.opening + m.closing > 0 AS is_there
                FROM revenue_history('month', 0) h JOIN rate x ON x.currency = h.currency AND h.from_on <= x.start_on AND x.end_on <= h.until_on,
                     LATERAL (SELECT mrr_at(h.revenue, x.start_on - 1) AS opening, mrr_at(h.revenue, x.end_on - 1) AS closing) m
                UNION ALL
                SELECT h.account_id, h.subscription_id, h.start_on, h.end_on, h.opening_mrr, h.closing_mrr, h.movement_mrr, true
                FROM mixed_history('month', 1, 0) h WHERE h.is_first) f
          -- an error row where a rate is missing
          WHERE f.is_there AND f.closing - f.opening - f.movement IS DISTINCT FROM 0) c
         LEFT JOIN source_account n USING (account_id)
$$, 'The movements account by account, with the attributes of now: amount_mrr by month and movement adds up to revenue_monthly exactly. fx is the effect of exchange rates, its opening and closing MRR at the rates of then; those of movements are at one rate. NULL where a rate is missing.', NULL),

(50, 'churn_monthly', $$
    SELECT period_start_on, period_end_on, opening_count, churn_count, intra_period_count, closing_count,
           logo_churn_rate, logo_churn_lower_rate, logo_churn_upper_rate,
           (churn_count + intra_period_count) / nullif((opening_count + closing_count) / 2::double precision, 0) AS logo_churn_average_rate,
           annualize_churn(least(logo_churn_rate, 1)) AS annualized_logo_churn_rate,
           CASE WHEN count(logo_churn_rate) OVER year = 12
                THEN annualize_churn(array_agg(least(logo_churn_rate, 1)) OVER year) END AS trailing_year_logo_churn_rate,
           opening_mrr, churn_mrr, contraction_mrr, revenue_churn_rate,
           (contraction_mrr / nullif(opening_mrr, 0))::double precision AS contraction_rate,
           1 - nrr_rate AS net_revenue_churn_rate, is_complete, policy_hash
    FROM revenue_monthly
    WINDOW year AS (ORDER BY period_start_on ROWS 11 PRECEDING)
    ORDER BY period_start_on
$$, 'Churn, month by month: of accounts and of revenue, with its interval, its other denominator and its yearly reading.', NULL),

(55, 'retention_by_segment', $$
    SELECT b.period_start_on, b.period_end_on, b.dimension, b.value, b.opening_count, b.churn_count, b.opening_mrr,
           nrr(b.flow) AS nrr_rate, nrr.lower AS nrr_lower_rate, nrr.upper AS nrr_upper_rate,
           grr(b.flow) AS grr_rate, grr.lower AS grr_lower_rate, grr.upper AS grr_upper_rate,
           b.churn_count / nullif(b.opening_count, 0)::double precision AS logo_churn_rate, logo.lower AS logo_churn_lower_rate, logo.upper AS logo_churn_upper_rate,
           -- of the twelve months, each at its own rates
           (1 + y.net_mrr / nullif(y.opening_mrr, 0))::double precision AS nrr_movement_rate, y.chained AS nrr_chained_rate,
           (1 + y.net_mrr / nullif(y.base_mrr, 0))::double precision AS nrr_ttm_avg_rate, b.is_complete, r.policy_hash
    FROM reporting_range r CROSS JOIN revenue_bridge('month', 12, 0) b
         LEFT JOIN (SELECT m.dimension, m.value, (m.period_start_on + k.later * interval '1 month')::date AS last_on, sum(m.opening_mrr) AS base_mrr, sum(m.opening_mrr) FILTER (WHERE k.later = 11) AS opening_mrr,
                           sum(m.expansion_mrr - m.contraction_mrr - m.pause_mrr - m.churn_mrr) AS net_mrr,
                           CASE WHEN bool_and(nrr(m.flow) IS NOT NULL) THEN 1 - annualize_churn(array_agg(1 - nrr(m.flow) ORDER BY m.period_start_on)) END AS chained
                    FROM revenue_bridge('month', 1, 11) m, generate_series(0, 11) k(later)
                    GROUP BY m.dimension, m.value, (m.period_start_on + k.later * interval '1 month')::date HAVING count(*) = 12) y
             ON (y.dimension, y.value, y.last_on) = (b.dimension, b.value, (b.period_start_on + interval '11 months')::date),
         LATERAL nrr_interval(b.flow, r.confidence_rate) nrr,
         LATERAL grr_interval(b.flow, r.confidence_rate) grr,
         LATERAL wilson_interval(b.churn_count, b.opening_count, r.confidence_rate) logo
    WHERE b.opening_count > 0
    ORDER BY b.dimension, b.value, b.period_end_on
$$, 'Retention of the year that ends with each month, of the accounts with MRR at its start, for each value of each attribute of accounts that is in use, and for all; the past too is grouped by what the account source says now. Rates are those of the start of the year at both ends, unless rate_rule says otherwise.', NULL),

(60, 'retention_trailing_year', $$
    SELECT period_start_on, period_end_on, opening_count, opening_mrr, nrr_rate, nrr_lower_rate, nrr_upper_rate,
           grr_rate, grr_lower_rate, grr_upper_rate, logo_churn_rate, logo_churn_lower_rate, logo_churn_upper_rate,
           nrr_movement_rate, nrr_chained_rate, nrr_ttm_avg_rate, is_complete, policy_hash
    FROM retention_by_segment WHERE dimension = 'all' ORDER BY period_end_on
$$, 'Retention of the year that ends with each month, of the accounts with MRR at its start: NRR, GRR and logo churn point to point with intervals, and NRR by the other methods in use, each under its name.', NULL),

(62, 'account_retention', $$
    SELECT y.start_on AS period_start_on, y.end_on AS period_end_on, e.account_id, e.subscription_id, n.name, n.segment, n.plan, n.owner,
           m.opening_mrr, m.closing_mrr, least(m.opening_mrr, m.closing_mrr) AS kept_mrr,
           (m.is_opening)::integer::bigint AS opening_count, m.churn_count, r.policy_hash
    FROM reporting_range r, LATERAL (SELECT date_trunc('month', $1 + 1)::date AS end_on, (date_trunc('month', $1 + 1) - interval '1 year')::date AS start_on) y,
         LATERAL entity_window(y.start_on, y.end_on) e LEFT JOIN source_account n USING (account_id),
         LATERAL (SELECT e.movement_fx * mrr_at(e.revenue, y.start_on - 1) AS opening_mrr, e.movement_fx * mrr_at(e.revenue, y.end_on - 1) AS closing_mrr, active_at(e.revenue, y.start_on - 1) AS is_opening,
                         (SELECT count(*) FROM changes(e.revenue, (y.end_on - interval '1 month')::date, y.end_on, 'month', 12, r.pause_rule = 'churn')
                          WHERE movement = 'churn') AS churn_count) m
    WHERE m.is_opening OR m.churn_count > 0
$$, 'The accounts behind the retention of the year that ends with the last month that was over at the end of a day: those with MRR at its start, and those whose pause became churn in it. Sums of closing_mrr and kept_mrr / those of opening_mrr are NRR and GRR, those of churn_count / opening_count logo churn, exactly.', 'as_of date'),

(64, 'retention_by_account', $$
    SELECT a.* FROM reporting_range r, LATERAL account_retention(r.as_of_on) a
$$, 'The accounts behind the last row of retention_trailing_year that is complete: those with MRR at the start of the year, and those whose pause became churn in it. Sums of closing_mrr and kept_mrr / those of opening_mrr are NRR and GRR, those of churn_count / opening_count logo churn, exactly.', NULL),

(66, 'account_revenue', $$
    SELECT m.start_on AS period_start_on, m.end_on AS period_end_on, e.account_id, e.subscription_id,
           coalesce(e.opening_mrr, e.opening_fx * mrr_at(e.revenue, m.start_on - 1)) AS opening_mrr, coalesce(e.closing_mrr, e.closing_fx * mrr_at(e.revenue, m.end_on - 1)) AS closing_mrr,
           active_at(e.revenue, m.end_on - 1)::integer::bigint AS closing_count, c.*
    FROM reporting_range r, LATERAL (SELECT date_trunc('month', $1 + 1)::date AS end_on, (date_trunc('month', $1 + 1) - interval '1 month')::date AS start_on) m,
         LATERAL entity_window(m.start_on, m.end_on) e,
         LATERAL (SELECT e.movement_fx * sum(amount) FILTER (WHERE movement = 'new') AS new_mrr, e.movement_fx * sum(amount) FILTER (WHERE movement = 'expansion') AS expansion_mrr,
                         e.movement_fx * sum(amount) FILTER (WHERE movement = 'contraction') AS contraction_mrr, e.movement_fx * sum(amount) FILTER (WHERE movement = 'churn') AS churn_mrr
                  FROM changes(e.revenue, m.start_on, m.end_on, 'month', 1, r.pause_rule = 'churn')) c
$$, 'The accounts behind the bridge of the last month that was over at the end of a day; NULL where an account did not move so.', 'as_of date'),

(70, 'cohort_retention', $$
    SELECT c.cohort AS cohort_on, c.age AS age_months, c.period_end AS period_end_on,
           c.accounts AS account_count, c.retained AS retained_count, c.start_mrr, c.kept_mrr, c.mrr,
           c.logo_retention AS logo_retention_rate, c.gross_retention AS gross_retention_rate, c.net_retention AS net_retention_rate,
           c.mature AS is_mature, s.policy_hash
    FROM (SELECT cohort_agg(a.revenue,
                            -- a triangle of at most 520 months
                            greatest(r.from_on, (date_trunc('month', r.as_of_on) - interval '519 months')::date), r.as_of_on + 1, 'month') AS state,
                 r.policy_hash
          FROM reporting_range r, entity_revenue(r.as_of_on) a GROUP BY r.policy_hash) s,
         LATERAL cohort_retention(s.state) c
    ORDER BY c.cohort, c.age
$$, 'The retention triangle: accounts by the month of their first MRR, followed month by month.', NULL);
