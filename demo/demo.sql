-- Customer-success metrics of a fictional telephone company, a retailer, and a generated company. script/demo runs this in a
-- throw-away cluster; in a database that has the extension, run it from the root of the repository:
--     psql -X -q -f demo/demo.sql                  a generated company of 600 accounts
--     psql -X -q -v full=true -f demo/demo.sql     of 2,000, and nine months of its plays
-- It makes the schemas telco, retail, cs and those of the demo company (company, company_stripe, ...). Run again, it makes them anew;
-- it stops at a schema of that name that is not its own.
\set ON_ERROR_STOP on
\if :{?full}
\else
    \set full false
\endif
\pset border 0
\pset footer off
\pset null ''
\pset pager off
SET client_min_messages = warning;

SELECT coalesce(pg_get_viewdef(to_regclass('cs_internal.source_account')) LIKE '% telco.customer%', false) AS made_before,
       clock_timestamp() AS began \gset
BEGIN;
\if :made_before
DROP SCHEMA cs, cs_internal CASCADE;
DROP SCHEMA telco CASCADE;
DROP SCHEMA IF EXISTS retail CASCADE;
\endif

\echo
\echo 'What is shown, and where README.md tells more:'
\echo
\echo '   1 - 7   revenue of a telephone company: bridge, retention, churn, cohorts, lifetime value   Ten lines of SQL on your own table'
\echo '   8 - 9   its onboarding and its support, those that still wait counted                       A model for BI tools'
\echo '  10       what 14,000 customers of a retailer answered, with intervals                        Ten lines of SQL on your own table'
\echo '  11 - 13  health of a generated company: who, why, and whether the score was right            A model for BI tools'
\echo '  14 - 17  its plays, and whether they work; the queue of a morning, a week, a month           A model for BI tools'
\echo '  18       how to do it with tables of your own, and where to go on'
\echo
\echo 'Reading demo/telco/telco_customer_churn.csv (IBM sample data, Apache-2.0, see demo/telco/NOTICE.md) ...'
\ir telco/load.sql
\ir telco/support.sql
\echo 'Reading demo/retail/answers.csv (survey of a French retailer, CC0, see demo/retail/NOTICE.md) ...'
CREATE SCHEMA retail;
CREATE TABLE retail.answer (respondent integer, wave integer, nps numeric, satisfaction numeric, intention numeric);
\copy retail.answer FROM 'demo/retail/answers.csv' (FORMAT csv, HEADER true)

\echo 'Making the model "cs", mapping customers, subscriptions, tickets and installations to it ...'
CALL csmetrics.create_model('cs');
CALL csmetrics.map('cs', 'account', $$
    SELECT id AS account_id, contract AS plan, internet AS segment, joined_on AS created_on, way AS onboarding_path
    FROM telco.customer LEFT JOIN telco.installation ON customer_id = id $$);
CALL csmetrics.map('cs', 'subscription', $$
    SELECT customer_id AS account_id, valid_from AS starts_on, valid_to AS ends_on, monthly_price AS mrr
    FROM telco.subscription $$);
CALL csmetrics.map('cs', 'milestone', $$
    SELECT customer_id AS account_id, 'ordered' AS milestone, ordered_on AS reached_at, true AS is_start, false AS is_value FROM telco.installation
    UNION ALL SELECT customer_id, 'works', works_at, false, true FROM telco.installation $$);
CALL csmetrics.map('cs', 'ticket', $$
    SELECT customer_id AS account_id, id AS ticket_id, opened_at, replied_at AS first_reply_at, solved_at, reopened, replies AS agent_replies, escalated
    FROM telco.ticket $$);
UPDATE cs.policy SET as_of = '2026-06-30';

\echo 'Working out the histories of each account ...'
CALL csmetrics.refresh('cs');
COMMIT;
SELECT format('%s accounts, all in %s s.', to_char(count(*), 'FM999,999'),
              round(extract(epoch FROM clock_timestamp() - :'began'), 1)) AS line
FROM cs_internal.account_state \gset
\echo :line

\echo
\echo '1. WHAT IS LOADED                                       telco.customer, telco.subscription, cs_internal.account_state'
\echo
SELECT format(E'%s customers with %s subscriptions (a new price begins a new one), %s to %s.\n'
              'At the end of %s %s customers pay: MRR %s.',
              to_char((SELECT count(*) FROM telco.customer), 'FM999,999'),
              to_char((SELECT count(*) FROM telco.subscription), 'FM999,999'),
              to_char(from_on, 'FMMonth YYYY'), to_char(as_of_on, 'FMMonth YYYY'),
              to_char(as_of_on, 'FMMonth YYYY'), to_char(closing_count, 'FM999,999'), to_char(closing_mrr, 'FM999,999')) AS line
FROM cs.reporting_range JOIN cs.revenue_monthly ON period_end_on = as_of_on + 1 \gset
\echo :line
\echo 'The file has no dates: the snapshot day is set to 2026-07-01, who stayed began that many months before,'
\echo 'and who left did so in one of the months in which it was possible, evenly spread (demo/telco/load.sql):'
\echo 'tenures, departures and payments are the data''s own, the calendar is not.'
SELECT format(E'Check: the histories of the %s customers with two prices earned %s, and their TotalCharges\n'
              'in the file are %s; no customer is off by more than %s.',
              to_char(count(*), 'FM999,999'), to_char(sum(earned), 'FM999,999,999.00'),
              to_char(sum(total), 'FM999,999,999.00'), to_char(max(abs(earned - total)), 'FM0.000000')) AS line
FROM (SELECT csmetrics.revenue_between(a.revenue, '2020-06-01', '2026-07-01') AS earned, f.TotalCharges::numeric AS total
      FROM cs_internal.account_state a
      JOIN telco.file f ON f.customerID = a.account_id
      WHERE (SELECT count(*) FROM telco.subscription s WHERE s.customer_id = a.account_id) = 2) both_prices \gset
\echo :line

\echo
\echo '2. THE MONTHLY BRIDGE: WHERE MRR CAME FROM AND WENT                         SELECT * FROM cs.revenue_monthly'
\echo
SELECT to_char(period_start_on, 'Mon YYYY') AS month,
       to_char(opening_mrr, '9,999,999') AS "opening",
       to_char(new_mrr, '999,999') AS "+ new",
       to_char(expansion_mrr, '9,999,999') AS "+ expansion",
       to_char(contraction_mrr, '999,999,999') AS "- contraction",
       to_char(churn_mrr, '999,999') AS "- churn",
       to_char(closing_mrr, '9,999,999') AS "= closing",
       to_char(closing_count, '9,999,999') AS "customers",
       to_char(100 * nrr_rate, '990.0 %') AS "   NRR",
       to_char(100 * grr_rate, '990.0 %') AS "   GRR"
FROM cs.revenue_monthly
WHERE period_start_on >= '2025-06-01'
ORDER BY period_start_on;
SELECT format('Check: opening + new + expansion - contraction - churn = closing, to the last decimal, in %s of %s months.',
              count(*) FILTER (WHERE opening_mrr + new_mrr + expansion_mrr - contraction_mrr - churn_mrr = closing_mrr),
              count(*)) AS line
FROM cs.revenue_monthly \gset
\echo :line

\echo
\echo '3. RETENTION OF THE TRAILING YEAR, WITH 95 % INTERVALS              SELECT * FROM cs.retention_trailing_year'
\echo
SELECT to_char(period_end_on - 1, 'DD Mon YYYY') AS "year to",
       to_char(opening_count, '999,999') AS "accounts",
       to_char(100 * nrr_rate, '990.0 %') AS "   NRR",
       to_char(100 * nrr_lower_rate, '990.0" to "') || to_char(100 * nrr_upper_rate, 'FM990.0 %') AS "95 % interval",
       to_char(100 * grr_rate, '990.0 %') AS "   GRR",
       to_char(100 * grr_lower_rate, '990.0" to "') || to_char(100 * grr_upper_rate, 'FM990.0 %') AS "95 % interval",
       overlay(overlay(overlay(overlay(repeat(' ', 36)
           PLACING repeat('-', upper_at - lower_at) FROM lower_at) PLACING '[' FROM lower_at) PLACING ']' FROM upper_at)
           PLACING 'o' FROM at) AS "NRR between 86 % and 92 %"
FROM (SELECT * FROM cs.retention_trailing_year ORDER BY period_end_on DESC LIMIT 6) y,
     LATERAL (SELECT 1 + round(600 * (nrr_rate - 0.86))::integer AS at,
                     1 + round(600 * (nrr_lower_rate - 0.86))::integer AS lower_at,
                     1 + round(600 * (nrr_upper_rate - 0.86))::integer AS upper_at) place
ORDER BY period_end_on;
\echo 'NRR of the last of these years by each of the named methods:'
SELECT method.name AS "method", to_char(100 * rate, '990.0 %') AS "   NRR", reading
FROM (SELECT * FROM cs.retention_trailing_year ORDER BY period_end_on DESC LIMIT 1) y,
     LATERAL (VALUES ('cohort', nrr_rate, 'what the accounts of a year ago pay now / what they paid then: nrr_rate above'),
                     ('chained', nrr_chained_rate, 'product of the twelve monthly ratios: newcomers join month by month'),
                     ('movement', nrr_movement_rate, 'opening and all movements since / opening: those of newcomers leak in'),
                     ('ttm_avg', nrr_ttm_avg_rate, 'mean of the twelve monthly ratios: retention of a month, not of the year')
             ) method(name, rate, reading);

\echo '4. CHURN BY CONTRACT TYPE                      csmetrics.churn_agg(...) GROUP BY plan; cs.revenue_by_segment'
\echo
CREATE TEMPORARY VIEW contract_churn AS
SELECT plan,
       -- to the snapshot day, on which those that have not paid yet begin
       csmetrics.churn_agg(csmetrics.first_paid_on(revenue), csmetrics.churned_on(revenue), '2020-06-01', '2026-07-02') AS churn
FROM cs_internal.account_state JOIN cs_internal.source_account USING (account_id)
GROUP BY plan;

SELECT plan AS contract,
       to_char(csmetrics.intra_period_count(churn), '99,999') AS "left",
       to_char(csmetrics.account_count(churn), '99,999') AS "of all",
       to_char(100 * csmetrics.logo_churn(churn, 'start_plus_new'), '9,990.0 %') AS "logo churn",
       to_char(100 * i.lower, '990.0" to "') || to_char(100 * i.upper, 'FM990.0 %') AS "95 % interval",
       repeat('#', round(100 * csmetrics.logo_churn(churn, 'start_plus_new'))::integer) AS "over the whole history, # is 1 %"
FROM contract_churn, LATERAL csmetrics.logo_churn_interval(churn, 0.95, 'start_plus_new') i
ORDER BY csmetrics.logo_churn(churn, 'start_plus_new') DESC;
SELECT format('Check: the file itself counts %s%s.',
              string_agg(format('%s of %s', to_char(lost, 'FM99,999'), to_char(of_all, 'FM99,999')), ', ' ORDER BY plan),
              CASE WHEN bool_and(lost = csmetrics.intra_period_count(churn) AND of_all = csmetrics.account_count(churn))
                   THEN ': the same' ELSE ', WHICH IS NOT THE SAME' END) AS line
FROM contract_churn
JOIN (SELECT Contract AS plan, count(*) FILTER (WHERE Churn = 'Yes') AS lost, count(*) AS of_all
      FROM telco.file GROUP BY Contract) f USING (plan) \gset
\echo :line
\echo
\echo 'Logo churn month by month, with who left of the accounts at the opening:'
SELECT to_char(period_start_on, 'Mon YYYY') AS month,
       max(cell) FILTER (WHERE value = 'Month-to-month') AS "Month-to-month",
       max(cell) FILTER (WHERE value = 'One year') AS "One year",
       max(cell) FILTER (WHERE value = 'Two year') AS "Two year"
FROM (SELECT *, to_char(100 * logo_churn_rate, '9990.0 %') || to_char(churn_count, '9999')
                || to_char(opening_count, '" of"9,999') AS cell
      FROM cs.revenue_by_segment WHERE dimension = 'account_plan' AND period_start_on >= '2026-01-01') s
GROUP BY period_start_on ORDER BY period_start_on;

\echo '5. THE COHORT TRIANGLE: WHO IS STILL THERE           csmetrics.cohort_agg(..., ''year'') FROM cs_internal.account_state'
\echo
CREATE TEMPORARY VIEW triangle AS
SELECT csmetrics.cohort_agg(revenue, from_on, as_of_on + 1, 'year') AS state FROM cs_internal.account_state, cs.reporting_range;

SELECT CASE WHEN cohort = 'infinity' THEN 'average, weighted'
            ELSE to_char(cohort, 'Mon YYYY') || to_char(cohort + interval '11 months', '" to "Mon YYYY') END AS "began",
       to_char(max(accounts), '99,999') AS accounts,
       max(cell) FILTER (WHERE age = 0) AS "  1st", max(cell) FILTER (WHERE age = 1) AS "  2nd",
       max(cell) FILTER (WHERE age = 2) AS "  3rd", max(cell) FILTER (WHERE age = 3) AS "  4th",
       max(cell) FILTER (WHERE age = 4) AS "  5th", max(cell) FILTER (WHERE age = 5) AS "  6th year"
FROM (SELECT cohort, age, accounts, logo_retention FROM triangle, csmetrics.cohort_retention(state) WHERE mature
      UNION ALL
      SELECT 'infinity', age, accounts, logo_retention FROM triangle, csmetrics.cohort_average(state)) cells,
     LATERAL to_char(100 * logo_retention, '9990.0 %') cell
GROUP BY cohort ORDER BY cohort;
\echo 'Share of the accounts that still pay at the end of the year in which they began (1st), of the next (2nd),'
\echo 'and so on; a year is June to May here, and one that is not over is left out. By month: cs.cohort_retention.'

\echo
\echo '6. FROM THE HEADLINE TO THE ACCOUNTS                                       SELECT * FROM cs.revenue_movement'
\echo
SELECT format('June 2026 has %s movements. The largest of each kind, and the next:', count(*)) AS line
FROM cs.revenue_movement WHERE period_start_on = '2026-06-01' \gset
\echo :line
SELECT account_id AS account, plan AS contract, segment AS internet, movement, to_char(opening_mrr, '9,990.00') AS opening,
       to_char(closing_mrr, '9,990.00') AS closing, to_char(amount_mrr, '9,990.00') AS amount
FROM (SELECT *, row_number() OVER (PARTITION BY movement ORDER BY amount_mrr DESC, account_id) AS nth
      FROM cs.revenue_movement WHERE period_start_on = '2026-06-01') m
ORDER BY nth, amount_mrr DESC LIMIT 5;
SELECT movement, to_char(count(*), '999,999') AS accounts, to_char(sum(amount_mrr), '9,999,990.00') AS "their amounts",
       to_char(headline, '99,999,990.00') AS "revenue_monthly",
       CASE WHEN sum(amount_mrr) = headline AND count(*) = headline_count THEN 'equal' ELSE 'DIFFERENT' END AS "check"
FROM cs.revenue_movement
JOIN cs.revenue_monthly USING (period_start_on),
     LATERAL (VALUES ('new', new_mrr, new_count), ('expansion', expansion_mrr, expansion_count),
                     ('contraction', contraction_mrr, contraction_count), ('churn', churn_mrr, churn_count)
             ) h(kind, headline, headline_count)
WHERE period_start_on = '2026-06-01' AND kind = movement
GROUP BY movement, headline, headline_count
ORDER BY headline DESC;

\echo '7. HOW LONG CUSTOMERS STAY, AND WHAT THEY ARE WORTH                         SELECT * FROM cs.value_by_segment'
\echo
SELECT value AS contract, to_char(account_count, '99,999') AS customers, to_char(arpa_mrr, '990.00') AS "MRR each",
       to_char(100 * monthly_churn_rate, '90.00 %') AS "churn a month",
       to_char(100 * retained_12_months_rate, '990.0 %') AS "there after a year",
       to_char(100 * retained_12_months_lower_rate, '990.0" to "') || to_char(100 * retained_12_months_upper_rate, 'FM990.0 %') AS "95 % interval",
       to_char(cltv_amount, '99,999') AS "by constant churn",
       to_char(discounted_cltv_amount, '99,999') || to_char(discounted_cltv_lower_amount, '" ("FM99,999') || to_char(discounted_cltv_upper_amount, '" to "FM99,999")"') AS "five years, by the curve",
       coalesce(to_char(sbg_cltv_amount, '99,999'), '      -') AS "as churn falls"
FROM cs.value_by_segment WHERE dimension IN ('all', 'account_plan') ORDER BY dimension, cltv_amount;
\echo 'Lifetime values are revenue (gross_margin 1 in cs.policy), the last two discounted by a tenth a year. Constant churn takes'
\echo 'customers of all ages for alike. By the curve counts what was seen of five years, with its interval. As churn falls is'
\echo 'the shifted-beta-geometric model; it has no fit where churn does not fall with age, which sbg_reason says.'
SELECT format('Log-rank test: contracts that keep customers equally long would differ so much with a probability of %s.',
              CASE WHEN log_rank_p < 1e-6 THEN 'less than one in a million' ELSE round(log_rank_p::numeric, 6)::text END) AS line
FROM cs.value_by_segment WHERE dimension = 'account_plan' LIMIT 1 \gset
\echo :line
\echo
\echo 'Share that is still there, month by month (Kaplan-Meier, those that stay so far counted as long as they were seen):'
SELECT value AS contract, string_agg(to_char(100 * (1 - csmetrics.share_within(tenure, months * interval '30.4375 days')), '990'), '' ORDER BY months) AS "after  6  12  18  24  30  36  42  48  54  60  66 months, in %"
FROM (SELECT d.value, csmetrics.duration_agg(t.tenure_days * interval '1 day', t.churned_on IS NOT NULL) AS tenure
      FROM cs.tenure_by_account t JOIN cs_internal.account_dimension d USING (account_id) WHERE d.dimension = 'account_plan' GROUP BY d.value) curve,
     generate_series(6, 66, 6) months
GROUP BY value ORDER BY value;

\echo
\echo '8. TIME TO VALUE, THOSE STILL WAITING COUNTED  (made-up installations)          SELECT * FROM cs.time_to_value'
\echo
SELECT value AS "onboarding path", to_char(account_count, '99,999') AS started, to_char(reached_count, '99,999') AS reached,
       to_char(waiting_count, '99,999') AS waiting, to_char(lost_count, '9,999') AS lost,
       to_char(ttv_median_days, '990.0') || to_char(ttv_median_lower_days, '" ("FM990.0') || to_char(ttv_median_upper_days, '" to "FM990.0")"') AS "median days (95 %)",
       to_char(naive_ttv_median_days, '990.0') AS "naive",
       to_char(100 * within_30_days_rate, '990.0 %') AS "within 30 days",
       CASE WHEN log_rank_p < 1e-6 THEN '< 1e-6' ELSE round(log_rank_p::numeric, 6)::text END AS "log-rank p"
FROM cs.time_to_value WHERE dimension = 'all' OR dimension = 'onboarding_path' AND value <> '(none)' ORDER BY dimension, value;
\echo 'Naive is the median of those that got there, which is what most dashboards show. The dice behind it had medians of 6'
\echo 'and, one in eight never arriving, of 16.6 days (demo/telco/support.sql).'

\echo
\echo '9. SUPPORT  (made-up tickets)                                                SELECT * FROM cs.support_monthly'
\echo
SELECT to_char(period_start_on, 'Mon YYYY') AS month, to_char(opened_count, '99,999') AS opened, to_char(solved_count, '99,999') AS solved,
       to_char(backlog_count, '9,999') AS backlog, to_char(backlog_age_days, '990.0') AS "days old",
       to_char(first_reply_median_hours, '990.0') AS "first reply, h", to_char(resolution_median_hours, '9,990.0') AS "resolution, h", to_char(naive_resolution_median_hours, '990.0') AS "naive",
       coalesce(to_char(resolution_p90_hours, '9,990'), ' never') AS "p90", to_char(naive_resolution_p90_hours, '990') AS "naive",
       to_char(100 * reopen_rate, '990.0 %') AS "reopened",
       to_char(100 * fcr_rate, '990.0 %') || to_char(100 * fcr_lower_rate, '" ("FM990.0') || to_char(100 * fcr_upper_rate, '" to "FM990.0")"') AS "first contact resolution"
FROM cs.support_monthly ORDER BY period_start_on;
\echo 'Resolution and p90 count open tickets, naive does not. First contact: solved, not reopened, and nobody asked again within'
\echo 'seven days; tickets too young to judge are left out.'
\echo
\echo 'Where friction is, and what is at stake (cs.support_by_account):'
SELECT account_id AS account, segment AS internet, to_char(mrr, '990.00') AS mrr, open_count AS open, opened_90_days_count AS "in 90 days",
       repeated_90_days_count AS "asked again", reopened_90_days_count AS reopened, escalated_90_days_count AS escalated, repeat('#', friction_count::integer) AS friction
FROM cs.support_by_account WHERE mrr > 0 ORDER BY friction_count DESC, mrr DESC, account_id LIMIT 5;

\echo '10. WOULD THEY RECOMMEND IT? 13,954 CUSTOMERS OF A FRENCH RETAILER       csmetrics.survey_agg(nps) GROUP BY wave'
\echo
CREATE TEMPORARY VIEW wave AS
SELECT wave, csmetrics.survey_agg(nps) AS recommend, csmetrics.survey_agg(satisfaction) AS satisfaction FROM retail.answer GROUP BY wave;
CREATE TEMPORARY VIEW wave_line AS
SELECT row_number() OVER (ORDER BY wave) AS place, wave::text AS wave, recommend, satisfaction FROM wave WHERE wave IS NOT NULL
UNION ALL SELECT 1000, 'all', csmetrics.rollup(recommend), csmetrics.rollup(satisfaction) FROM wave;
SELECT wave, to_char(csmetrics.answer_count(recommend), '99,999') AS answers, to_char(100 * csmetrics.response_rate(recommend), '990.0 %') AS answered,
       to_char(csmetrics.nps(recommend), '990.0') AS "  NPS", to_char(i.lower, '990.0" to "') || to_char(i.upper, 'FM990.0') AS "95 % interval",
       CASE WHEN csmetrics.small_sample(recommend) THEN 'fewer than 30 answers: no picture'
            ELSE overlay(overlay(overlay(overlay(repeat(' ', 45) PLACING repeat('-', hi - lo) FROM lo) PLACING '[' FROM lo) PLACING ']' FROM hi) PLACING 'o' FROM at) END AS "NPS between 35 and 80",
       to_char(100 * csmetrics.csat(satisfaction, 9, 1, 10), '990.0 %') AS "  CSAT"
FROM wave_line, LATERAL csmetrics.nps_interval(recommend) i,
     LATERAL (SELECT 1 + round(csmetrics.nps(recommend) - 35)::integer AS at, 1 + round(i.lower - 35)::integer AS lo, 1 + round(i.upper - 35)::integer AS hi) place
ORDER BY place;
\echo 'CSAT here is 9 or 10 of 10. The last line is the waves'' states rolled up, not their percentages averaged.'

-- So small a company shows an effect only if it is a big one. --full has the sizes that demo/company/README.md tells of.
\set seed 1
\set health_matters true
\set model company
\if :full
    \set accounts 2000
    \set weeks 39
    \set effect 0.3
    \set holdout 0.3
\else
    \set accounts 600
    \set weeks 26
    \set effect 0.8
    \set holdout 0.4
\endif
\ir company/generate.sql
\echo 'Connecting the tables of its five vendors to the model "company", and working out its histories ...'
\ir company/map.sql
SET client_min_messages = warning;
\ir company/health.sql
\echo
\ir company/playbook.sql
\echo 'Evaluating its alerts every third day of the last six weeks ...'
\ir company/action.sql

\echo
\echo '18. YOUR OWN TABLES, AND WHERE TO GO ON                                                              README.md'
SELECT $text$
In a database of yours, after CREATE EXTENSION csmetrics, with your tables and columns in the two queries:

  CALL csmetrics.create_model('cs');         -- ('cs', 'bigint') if that is the type of your account keys
  CALL csmetrics.map('cs', 'account', 'SELECT id AS account_id, plan, segment FROM customers');
  CALL csmetrics.map('cs', 'subscription', 'SELECT customer_id AS account_id, begins AS starts_on,
                                            ends AS ends_on, monthly_price AS mrr FROM subscriptions');
  -- and, where you have them, 'ticket', 'survey', 'milestone', 'usage', 'entitlement', 'signal'
  CALL csmetrics.refresh('cs');              -- again whenever the tables have changed
  SELECT * FROM cs.revenue_monthly;          -- SELECT * FROM cs.account_health;

TABLE csmetrics.source_column lists all that can be mapped, TABLE cs.policy the rules in force, \dv+ cs.* the
views and \d+ cs.revenue_monthly what the columns of one mean. csmetrics.mrr() brings yearly and other prices
to a month.

  where to look next, in this database or in yours
  SELECT * FROM csmetrics.metric_catalog;                the metrics, what each means, and the view that has it
  SELECT * FROM csmetrics.explain_metric('nrr', 'cs');   how one is worked out in this model
  SELECT * FROM company.scorecard;                       all of them, with history and segments; the accounts behind
                                                         each: company.scorecard_by_account
  SELECT * FROM company.account_health('2026-03-31');    anything as of a past day

  README.md, A model for BI tools: views, health, alerts, plays; Whose revenue, in which money: groups, currencies;
  Definitions, and what changed: the policy, snapshots; By itself: schedules. CONNECTORS.md: Stripe, Salesforce and
  others, mapped for you. REFERENCE.md: every function, view and column. demo/company/README.md: what was planted.
$text$ AS line \gset
\echo :line
