\unset ECHO
\i test/psql.sql
-- Policy as data: what a term of a subscription counts for by each rule, options that move a figure worked out by hand,
-- and a hash that all that defines a figure is part of, and nothing else.
BEGIN;
SELECT plan(98);

-- The day after the last that counts: starts, ends, cancelled, renews, past due, rule, days of arrears.
SELECT is(counted_until(s::date, e::date, c::date, n::date, p::date, rule, days), want::date, format('%s: %s', rule, why))
FROM (VALUES
    (1, '2024-01-01', '2024-07-01', '2024-03-15', NULL, NULL, 'term_end', 30, '2024-07-01', 'the end of what was paid for'),
    (2, '2024-01-01', NULL, '2024-03-15', '2024-05-01', NULL, 'term_end', 30, NULL, 'without an end still in force'),
    (3, '2024-01-01', '2024-07-01', '2024-03-15', '2024-05-01', NULL, 'click', 30, '2024-03-15', 'the day of the cancellation'),
    (4, '2024-01-01', NULL, '2024-03-15', NULL, NULL, 'click', 30, '2024-03-15', 'of one without an end, too'),
    (5, '2024-01-01', '2024-03-01', '2024-03-15', NULL, NULL, 'click', 30, '2024-03-01', 'a term that was over before keeps its end'),
    (6, '2024-04-01', '2024-07-01', '2024-03-15', NULL, NULL, 'click', 30, '2024-04-01', 'one that starts after the click counts for nothing'),
    (7, '2024-01-01', '2024-07-01', NULL, '2024-05-01', NULL, 'click', 30, '2024-07-01', 'nothing was cancelled'),
    (8, '2024-01-01', NULL, NULL, NULL, NULL, 'click', 30, NULL, 'nor has it an end'),
    (9, '2024-01-01', '2024-07-01', '2024-03-15', '2024-10-01', NULL, 'scheduled', 30, '2024-10-01', 'the renewal that was called off, later than the end'),
    (10, '2024-01-01', '2025-07-01', '2024-03-15', '2024-10-01', NULL, 'scheduled', 30, '2024-10-01', 'or before it'),
    (11, '2024-01-01', NULL, '2024-03-15', '2024-10-01', NULL, 'scheduled', 30, '2024-10-01', 'or of one without an end'),
    (12, '2024-01-01', '2024-07-01', '2024-03-15', NULL, NULL, 'scheduled', 30, '2024-07-01', 'without a renewal the end'),
    (13, '2024-01-01', NULL, '2024-03-15', NULL, NULL, 'scheduled', 30, 'infinity', 'without either still'),
    (14, '2024-01-01', '2024-02-01', '2024-03-15', '2024-10-01', NULL, 'scheduled', 30, '2024-02-01', 'a term that was over before the click'),
    (15, '2024-01-01', '2024-03-15', '2024-03-15', '2024-10-01', NULL, 'scheduled', 30, '2024-03-15', 'or ended with it'),
    (16, '2024-03-15', '2024-04-01', '2024-03-15', '2024-10-01', NULL, 'scheduled', 30, '2024-10-01', 'bought and cancelled on one day'),
    (17, '2024-04-01', '2024-07-01', '2024-03-15', '2024-10-01', NULL, 'scheduled', 30, '2024-04-01', 'one that starts after the click: that of the click lasts until then'),
    (18, '2024-04-01', '2024-07-01', '2024-03-15', NULL, NULL, 'scheduled', 30, '2024-07-01', 'but without a renewal it counts'),
    (19, '2024-01-01', '2024-07-01', '2024-03-15', '2024-03-15', NULL, 'scheduled', 30, '2024-07-01', 'a renewal that was not called off any more'),
    (20, '2024-01-01', '2024-07-01', '2024-03-15', '12024-03-15', NULL, 'scheduled', 30, '2024-07-01', 'a renewal that is no day of the calendar'),
    (21, '2024-01-01', NULL, NULL, NULL, '2024-05-01', 'term_end', 30, '2024-05-31', 'thirty days after a payment was due'),
    (22, '2024-01-01', NULL, NULL, NULL, '2024-05-01', 'term_end', 0, '2024-05-01', 'or at once'),
    (23, '2024-01-01', NULL, NULL, NULL, '2024-05-01', 'term_end', NULL, NULL, 'or never'),
    (24, '2024-01-01', '2024-05-10', NULL, NULL, '2024-05-01', 'term_end', 30, '2024-05-10', 'an end that is earlier stands'),
    (25, '2024-06-01', NULL, NULL, NULL, '2024-04-01', 'term_end', 30, '2024-06-01', 'never before the start'),
    (26, '2024-01-01', '2024-12-01', '2024-05-10', NULL, '2024-05-01', 'click', 5, '2024-05-06', 'arrears before the click'),
    (27, '2024-01-01', '2024-12-01', '2024-05-10', NULL, '2024-05-01', 'click', 30, '2024-05-10', 'or after it'),
    (28, '2024-01-01', '2024-12-01', '2024-05-10', '2024-10-01', '2024-05-01', 'scheduled', 30, '2024-05-31', 'arrears before the renewal'),
    (29, '2024-01-01', NULL, NULL, NULL, '9999-12-31', 'term_end', 30, '9999-12-31', 'days end with the year 9999')) AS t(nr, s, e, c, n, p, rule, days, want, why)
ORDER BY nr;
SELECT is(string_agg(coalesce(trim_scale(counted_mrr(mrr, discount, limited, rule))::text, 'NULL'), ' ' ORDER BY n), want, 'discount_rule ' || rule)
FROM (VALUES ('recurring', '80 10 -5 NULL 7'), ('none', '100 10 -5 NULL 7'), ('all', '50 0 -5 NULL 7')) AS r(rule, want),
     (VALUES (1, 80::numeric, 20::numeric, 30::numeric), (2, 10, 0, 25), (3, -5, NULL, 1), (4, NULL, 1, 1), (5, 7, NULL, NULL)) AS m(n, mrr, discount, limited)
GROUP BY rule, want ORDER BY want DESC;
-- Terms that follow each other and all bear one cancellation and one renewal: whatever the rule, never two at once, and by click nothing after it.
SELECT setseed(0.17) \g /dev/null
CREATE TEMP TABLE chain AS
SELECT id, rule, c.clicked, c.clicked + 1 + floor(random() * 120)::int AS renews, starts, coalesce(lead(starts) OVER (PARTITION BY id, rule ORDER BY starts), CASE WHEN id % 3 > 0 THEN starts + 60 END) AS ends
FROM (SELECT id, rule, date '2024-01-01' + floor(random() * 300)::int AS starts FROM generate_series(1, 60) id, unnest('{term_end,click,scheduled}'::text[]) rule, generate_series(1, 5) UNION SELECT id, rule, '2024-01-01' FROM generate_series(1, 60) id, unnest('{term_end,click,scheduled}'::text[]) rule) t,
     LATERAL (SELECT date '2024-01-01' + id * 5 AS clicked) c;
UPDATE chain k SET renews = (SELECT max(renews) FROM chain o WHERE (o.id, o.rule) = (k.id, k.rule));
SELECT is_empty($$SELECT id, rule, day FROM (SELECT id, rule, mrr_timeline_agg(starts, counted_until(starts, ends, clicked, renews, NULL, rule, 30), 1) AS t FROM chain GROUP BY 1, 2) h, generate_series(timestamp '2024-01-01', '2025-06-01', '1 day') day WHERE mrr_at(t, day::date) > 1$$,
    'terms that follow each other never count at once');
SELECT is_empty($$SELECT id FROM chain WHERE rule = 'click' AND counted_until(starts, ends, clicked, renews, NULL, rule, 30) > greatest(clicked, starts)$$, 'by click nothing counts after it');
SELECT is_empty($$SELECT id FROM chain WHERE rule = 'scheduled' GROUP BY id HAVING bool_or(starts <= clicked AND (ends > clicked) IS NOT FALSE) AND max(counted_until(starts, ends, clicked, renews, NULL, rule, 30)) FILTER (WHERE counted_until(starts, ends, clicked, renews, NULL, rule, 30) > starts) <> max(renews)$$,
    'scheduled: the last day is that of the renewal, where a term was in force');
SELECT ok(count(*) FILTER (WHERE starts > clicked) > 50 AND count(*) FILTER (WHERE ends <= clicked) > 50 AND count(*) FILTER (WHERE ends IS NULL) > 20, 'there are terms before, during and after') FROM chain;

-- A model of these
CREATE TABLE public.contract (account_id text, subscription_id text, starts_on date, ends_on date, mrr numeric, status text, cancelled_on date, renews_on date, past_due_on date, discount_mrr numeric, limited_discount_mrr numeric);
INSERT INTO public.contract (account_id, subscription_id, starts_on, ends_on, mrr, cancelled_on, renews_on, past_due_on, discount_mrr, limited_discount_mrr) VALUES
    ('a', 'a', '2024-01-01', '2024-07-01', 100, '2024-03-15', NULL, NULL, NULL, NULL),
    -- three terms that all bear the cancellation
    ('b', 'b', '2024-01-01', '2024-04-01', 100, '2024-05-20', '2024-10-01', NULL, NULL, NULL), ('b', 'b', '2024-04-01', '2024-07-01', 120, '2024-05-20', '2024-10-01', NULL, NULL, NULL), ('b', 'b', '2024-07-01', '2024-09-01', 130, '2024-05-20', '2024-10-01', NULL, NULL, NULL),
    -- a click that was withdrawn
    ('c', 'c', '2024-01-01', '2024-06-01', 100, '2024-04-10', NULL, NULL, NULL, NULL), ('c', 'c', '2024-06-01', NULL, 100, NULL, NULL, NULL, NULL, NULL),
    ('d', 'd', '2024-01-01', NULL, 100, NULL, NULL, '2024-05-01', NULL, NULL),
    -- paid after all, and a later term in arrears
    ('e', 'e', '2024-01-01', '2024-06-10', 100, NULL, NULL, '2024-04-01', NULL, NULL), ('e', 'e', '2024-06-10', NULL, 100, NULL, NULL, NULL, NULL, NULL),
    ('f', 'f', '2024-01-01', NULL, 80, NULL, NULL, NULL, 20, 30),
    -- of two subscriptions one is cancelled
    ('g', 'g1', '2024-01-01', '2024-08-01', 60, '2024-06-01', NULL, NULL, NULL, NULL), ('g', 'g2', '2024-01-01', NULL, 40, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.contract (account_id, subscription_id, starts_on, ends_on, mrr, status, cancelled_on) VALUES ('h', 'h', '2024-01-01', '2024-05-01', 100, 'active', '2024-05-20'), ('h', 'h', '2024-05-01', '2024-07-01', 100, 'paused', '2024-05-20');
CALL create_model('cs');
UPDATE cs.policy SET as_of = '2024-06-30';
CALL map('cs', 'subscription', 'TABLE public.contract');
CALL refresh('cs');
-- MRR of the accounts at the end of a day, as the policy has it after a refresh; the change is undone.
CREATE FUNCTION pg_temp.under(change text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    EXECUTE 'UPDATE cs.policy SET ' || change;
    CALL csmetrics.refresh('cs');
    EXECUTE query INTO result;
    RAISE SQLSTATE 'CSEND';
EXCEPTION WHEN SQLSTATE 'CSEND' THEN
    RETURN result;
END $$;
CREATE FUNCTION pg_temp.mrr(change text, accounts text, day date) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.under(change, format('SELECT string_agg(trim_scale(mrr_at(revenue, %L))::text, '' '' ORDER BY account_id) FROM cs_internal.account_state WHERE account_id = ANY (string_to_array(%L, NULL))', day, accounts)) $$;
SELECT is(pg_temp.mrr(change, accounts, day::date), want, format('%s: %s on %s', change, accounts, day))
FROM (VALUES
    (1, 'churn_date_rule = ''term_end''', 'abc', '2024-06-30', '100 120 100'), (2, 'churn_date_rule = ''click''', 'abc', '2024-03-14', '100 100 100'), (3, 'churn_date_rule = ''click''', 'abc', '2024-03-15', '0 100 100'),
    (4, 'churn_date_rule = ''click''', 'abc', '2024-05-19', '0 120 0'), (5, 'churn_date_rule = ''click''', 'abc', '2024-05-20', '0 0 0'), (6, 'churn_date_rule = ''click''', 'abc', '2024-07-15', '0 0 100'),
    (7, 'churn_date_rule = ''scheduled''', 'abc', '2024-09-30', '0 120 100'), (8, 'churn_date_rule = ''scheduled''', 'abc', '2024-10-01', '0 0 100'), (9, 'churn_date_rule = ''scheduled''', 'abc', '2024-06-30', '100 120 100'),
    (10, 'delinquency_days = 30', 'de', '2024-05-30', '100 0'), (11, 'delinquency_days = 30', 'de', '2024-05-31', '0 0'), (12, 'delinquency_days = 30', 'de', '2024-06-10', '0 100'), (13, 'delinquency_days = 0', 'de', '2024-04-30', '100 0'),
    (14, 'delinquency_days = 0', 'de', '2024-05-01', '0 0'), (15, 'delinquency_days = NULL', 'de', '2024-06-30', '100 100'), (16, 'discount_rule = ''recurring''', 'f', '2024-06-30', '80'), (17, 'discount_rule = ''none''', 'f', '2024-06-30', '100'),
    (18, 'discount_rule = ''all''', 'f', '2024-06-30', '50')) AS t(nr, change, accounts, day, want) ORDER BY nr;
-- At the close of March all eight have MRR, but for who clicked; d and e are in arrears from May on; the pause of h is churn on its 60th day, 06-30, unless it clicked.
SELECT is(pg_temp.under(change, $$SELECT string_agg(concat_ws(' ', opening_count, churn_count, trim_scale(churn_mrr)), ', ' ORDER BY period_start_on) FROM cs.revenue_monthly WHERE period_start_on BETWEEN '2024-04-01' AND '2024-06-01'$$), want, change || ': the accounts that left from April to June')
FROM (VALUES ('churn_date_rule = ''term_end''', '8 0 0, 8 2 200, 5 1 100'), ('churn_date_rule = ''click''', '7 1 100, 6 4 420, 2 0 0'), ('delinquency_days = NULL', '8 0 0, 8 0 0, 7 1 100'), ('delinquency_days = 0', '8 1 100, 7 1 100, 5 1 100')) AS t(change, want);
SELECT is(pg_temp.under('churn_date_rule = ' || quote_literal(rule), $$SELECT concat_ws(' ', churned_on(revenue, '2024-06-30'), churned_on(revenue, '2024-12-31')) FROM cs_internal.account_state WHERE account_id = 'h'$$), want, 'a pause that was cancelled ends by ' || rule)
FROM (VALUES ('click', '2024-05-20 2024-05-20'), ('term_end', '2024-07-01')) AS t(rule, want);
-- Of 100 in all 60 are under notice until August; by click they are gone already, and 40 are under none.
SELECT is(pg_temp.under('churn_date_rule = ' || quote_literal(rule), $$SELECT round(readings[12]::numeric, 6) FROM cs.account_health('2024-06-30') WHERE account_id = 'g'$$), want, 'renewal_posture by ' || rule) FROM (VALUES ('term_end', '0.400000'), ('click', '1.000000')) AS t(rule, want);
SELECT is(pg_temp.failure('INSERT INTO public.contract VALUES (''x'', NULL, ''2024-01-01'', NULL, 1, NULL, NULL, NULL, NULL, ' || line || '); CALL refresh(''cs'')'), '22023 source "subscription", account x: ' || want, want)
FROM (VALUES ('-1, 0', 'discount_mrr -1 is below 0'), ('0, -2', 'limited_discount_mrr -2 is below 0'), ('''NaN'', NULL', 'the discounts NaN and NULL are no amounts up to 10^18')) AS t(line, want);
SELECT matches(pg_temp.refusal('UPDATE cs.policy SET ' || change), '^23514 policy_', change || ' is refused')
FROM unnest(ARRAY['churn_date_rule = ''never''', 'delinquency_days = -1', 'discount_rule = ''some''', 'week_start = 0', 'week_start = 8', 'adoption_threshold = 0']) change;

-- In force on June 30 by a click: f, with 20 off for good and 30 for a time, c, e and 40 of g, whose other subscription was cancelled; of h and i nothing counts.
SELECT is(pg_temp.under('churn_date_rule = ' || quote_literal(rule), $$SELECT string_agg(concat_ws(' ', dimension, value, currency, account_count, discounted_count, list_mrr, discount_mrr, limited_discount_mrr, round(discount_rate::numeric, 6)), ', ') FROM cs.discount_by_segment$$), want, 'discounts by ' || rule)
FROM (VALUES (1, 'click', 'all all (none) 4 1 340 20 30 0.147059'), (2, 'term_end', 'all all (none) 6 1 620 20 30 0.080645')) AS t(nr, rule, want) ORDER BY nr;

-- A gap of 15 days: churn and reactivation, or continuity.
INSERT INTO public.contract (account_id, starts_on, ends_on, mrr) VALUES ('i', '2024-01-01', '2024-02-20', 10), ('i', '2024-03-06', NULL, 10);
CALL refresh('cs');
SELECT is(pg_temp.under('gap_smooth_days = ' || days, $$SELECT string_agg(concat_ws(' ', churn_mrr, reactivation_mrr), ', ' ORDER BY period_start_on) FROM cs.revenue_monthly WHERE period_start_on IN ('2024-02-01', '2024-03-01')$$), want, 'gap_smooth_days ' || days)
FROM (VALUES (0, '10 0, 0 10'), (15, '10 0, 0 10'), (16, '0 0, 0 0')) AS t(days, want);
-- Of the accounts of April two left in May: Wilson's interval.
SELECT is(pg_temp.under('confidence = ' || share, $$SELECT concat_ws(' ', round(logo_churn_lower_rate::numeric, 9), round(logo_churn_upper_rate::numeric, 9)) FROM cs.revenue_monthly WHERE period_start_on = '2024-05-01'$$),
          (SELECT concat_ws(' ', round(((p + z * z / (2 * n) - w) / (1 + z * z / n))::numeric, 9), round(((p + z * z / (2 * n) + w) / (1 + z * z / n))::numeric, 9)) FROM (SELECT 2 / 9.0::float8 AS p, 9.0::float8 AS n, z) s, LATERAL (SELECT z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) AS w) i),
          format('confidence %s: an interval of %s standard deviations', share, z))
FROM (VALUES (0.5, 0.674489750196082::float8), (0.95, 1.95996398454005)) AS t(share, z);

-- Who reaches value by which event: go live after 20 days, a tenth report after 50.
CREATE TABLE public.step (account_id text, milestone text, reached_at timestamptz, is_start boolean, is_value boolean);
INSERT INTO public.step VALUES ('f', 'kickoff', '2024-01-01', true, false), ('f', 'live', '2024-01-21', false, true), ('f', 'tenth report', '2024-02-20', false, false), ('g', 'kickoff', '2024-01-01', true, false), ('g', 'tenth report', '2024-01-11', false, NULL);
CALL map('cs', 'milestone', 'TABLE public.step');
CALL refresh('cs');
SELECT is(pg_temp.under('value_event = ' || quote_nullable(event), $$SELECT string_agg(concat_ws(' ', account_id, status, CASE status WHEN 'reached' THEN ttv_days END), ', ' ORDER BY account_id) FROM cs.time_to_value_by_account$$), want, 'value_event ' || coalesce(event, 'NULL'))
FROM (VALUES (1, NULL, 'f reached 20, g waiting'), (2, 'tenth report', 'f reached 50, g reached 10'), (3, 'live', 'f reached 20, g waiting'), (4, 'nobody', 'f waiting, g waiting')) AS t(nr, event, want) ORDER BY nr;

-- f used search 3 times on two days and export once; g export twice. Both are entitled to both.
CREATE TABLE public.click (account_id text, at timestamptz, feature text, events int);
INSERT INTO public.click VALUES ('f', '2024-06-20', 'search', 2), ('f', '2024-06-25', 'search', 1), ('f', '2024-06-25', 'export', 1), ('g', '2024-06-20', 'export', 2), ('f', '2024-05-20', 'export', 9);
CALL map('cs', 'usage', 'TABLE public.click');
CALL refresh('cs');
CREATE FUNCTION pg_temp.adopted(n int) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.under('adoption_threshold = ' || n, $q$SELECT (SELECT string_agg(concat_ws(' ', feature, adopter_count, eligible_count, adoption_rate), ', ' ORDER BY feature) FROM cs.feature_adoption WHERE dimension = 'all')
        || '; ' || (SELECT string_agg(concat_ws(' ', account_id, features_used_count, breadth_rate), ', ' ORDER BY account_id) FROM cs.usage_depth WHERE account_id IN ('f', 'g'))$q$) $$;
SELECT is(pg_temp.adopted(n), want, format('adoption_threshold %s: features of active accounts', n))
FROM (VALUES (1, 'export 2 2 1, search 1 2 0.5; f 2, g 1'), (2, 'export 1 2 0.5, search 1 2 0.5; f 1, g 1'), (3, 'export 0 2 0, search 1 2 0.5; f 1, g 0'), (4, 'export 0 2 0, search 0 2 0; f 0, g 0')) AS t(n, want) ORDER BY n;
CREATE TABLE public.bought (account_id text, feature text);
INSERT INTO public.bought VALUES ('f', 'search'), ('f', 'export'), ('g', 'search'), ('g', 'export');
CALL map('cs', 'entitlement', 'TABLE public.bought');
SELECT is(pg_temp.adopted(n), want, format('adoption_threshold %s: of entitled ones', n))
FROM (VALUES (1, 'export 2 2 1, search 1 2 0.5; f 2 1, g 1 0.5'), (2, 'export 1 2 0.5, search 1 2 0.5; f 1 0.5, g 1 0.5'), (3, 'export 0 2 0, search 1 2 0.5; f 1 0.5, g 0 0')) AS t(n, want) ORDER BY n;
-- f is active in May and June: on 05-20, 06-20 and 06-25, 31 and 36 days later; g on a day of June.
SELECT is(pg_temp.under('retention_days = ' || days, $$SELECT string_agg(concat_ws(' ', bracket_number, n_day_count), ', ' ORDER BY bracket_number) FROM cs.usage_retention WHERE cohort_on = '2024-05-01' AND n_day_count > 0$$), want, 'retention_days ' || days)
FROM (VALUES (7, '0 1, 4 1, 5 1'), (30, '0 1'), (20, '0 1, 1 1')) AS t(days, want) ORDER BY want;

-- Each option that defines a figure is part of the hash, and no other. The list has them all.
CREATE TEMP TABLE other (name text, value text);
INSERT INTO other VALUES ('as_of', '2024-05-31'), ('time_zone', 'Asia/Tokyo'), ('report_from', '2024-02-01'), ('test_account_rule', 'count'), ('confidence', '0.9'), ('week_start', '7'), ('trial_rule', 'count'), ('pause_rule', 'churn'), ('pause_churn_days', '10'), ('gap_smooth_days', '5'),
    ('credit_rule', 'count'), ('churn_date_rule', 'click'), ('delinquency_days', NULL), ('discount_rule', 'all'), ('ttv_start_rule', 'paid'), ('lost_before_value_rule', 'censor'), ('value_event', 'live'), ('contact_window_days', '14'), ('business_hours', '{Europe/Berlin Mon-Fri 09:00-17:00}'),
    ('business_hours_from', '{2024-01-01}'), ('satisfied_from', '3'), ('answer_rule', 'all'), ('gross_margin', '0.5'), ('annual_discount', '0'), ('monthly_expansion', '0.1'), ('value_months', '12'), ('weekdays_only', 'true'), ('trend_days', '14'), ('adoption_days', '7'), ('retention_days', '30'),
    ('adoption_threshold', '2'), ('health_green_from', '90'), ('health_yellow_from', '40'), ('health_min_coverage', '0.5'), ('health_method', 'worst_signal'), ('health_days', '30'), ('health_margin', '3'), ('movement_days', '7'), ('backtest_days', '30'), ('backtest_count', '2'), ('alert_late_days', '1'),
    ('playbook_seed', '7'), ('least_count', '5'), ('restricted_totals', 'company'), ('hidden_least_count', '5'), ('shrink_limit_rate', '0.9'), ('sweep_hours', '12'), ('refresh_log_days', '30'), ('alert_days', '100'), ('snapshot_days', '100'), ('store_from_count', '0'), ('usage_feed_days', '14'), ('least_events', '20'), ('least_tickets', '1'), ('period', 'quarter'), ('fiscal_year_start', '2'), ('entity_grain', 'parent'), ('report_currency', 'EUR'), ('rate_rule', 'average'), ('rate_on', '2024-01-01'),
    ('rate_max_age_days', '3'), ('reactivation_gap_days', '90'), ('zero_mrr_rule', 'count');
SELECT is_empty($$SELECT name FROM policy_column WHERE name NOT IN (SELECT name FROM other) UNION ALL SELECT name FROM other WHERE name NOT IN (SELECT name FROM policy_column)$$, 'these are options');
SELECT set_eq($$SELECT o.name FROM other o, cs.reporting_range r WHERE pg_temp.under(format('%I = %L', o.name, o.value), 'SELECT policy_hash FROM cs.reporting_range') <> r.policy_hash$$, $$SELECT name FROM policy_column WHERE defines AND name IN (SELECT name FROM other)$$, 'options that define a figure move the hash');
SELECT set_eq('SELECT name FROM policy_column WHERE NOT defines', ARRAY['as_of', 'report_from', 'alert_late_days', 'playbook_seed', 'least_count', 'restricted_totals', 'hidden_least_count', 'shrink_limit_rate', 'sweep_hours', 'refresh_log_days', 'alert_days', 'snapshot_days', 'store_from_count'], 'others do not');
SELECT set_eq($$SELECT attname::text FROM pg_attribute WHERE attrelid = 'cs.policy'::regclass AND col_description(attrelid, attnum) ~ '\(refresh\)$'$$,
    $$SELECT name FROM policy_column WHERE takes_effect = 'refresh'$$, 'comments bear the mark (refresh) where it is so');
-- the functions that refresh reads by
SELECT is_empty($$SELECT DISTINCT c.name FROM policy_column c JOIN pg_attribute a ON a.attrelid = 'cs.policy'::regclass AND a.attname = c.name
    JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND (d.refclassid, d.refobjid, d.refobjsubid) = ('pg_class'::regclass, a.attrelid, a.attnum)
    JOIN pg_proc p ON p.oid = d.objid AND p.pronamespace = ANY (csmetrics.schemas_of('cs')) AND p.proname ~ '^(read|write|belonging)' AND p.proname !~ '^read_stored_' WHERE c.takes_effect <> 'refresh' AND c.name <> 'pause_rule'$$,
    'what the histories are made by is marked (refresh)');
SELECT is_empty($$SELECT v FROM unnest('{revenue_monthly,revenue_by_segment,churn_monthly,retention_trailing_year,retention_by_segment,cohort_retention,time_to_value,time_to_value_monthly,support_monthly,support_by_segment,satisfaction_monthly,satisfaction_by_segment,value_by_segment,usage_daily,usage_by_segment,feature_adoption,usage_depth,usage_by_role,usage_retention,account_health,health_by_segment,health_by_signal,health_movement,health_trend,health_backtest,metric_reading,scorecard,scorecard_by_segment,executive_monthly,playbook_outcome,csm_today,manager_weekly,data_quality}'::text[]) v
                  WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = format('cs.%I', v)::regclass AND attname = 'policy_hash')$$, 'each view of headlines has the hash');

SELECT * FROM finish();
ROLLBACK;
