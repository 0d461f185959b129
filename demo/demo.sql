-- Customer-success metrics of a fictional telephone company. script/demo runs this in a throw-away
-- cluster; in a database that has the extension, run it from the root of the repository:
--     psql -X -q -f demo/demo.sql
-- It makes the schemas telco and cs. Run again, it makes them anew; it stops at a schema telco or a
-- model cs that is not its own.
\set ON_ERROR_STOP on
\pset border 0
\pset footer off
\pset null ''
\pset pager off
SET client_min_messages = warning;

SELECT coalesce(pg_get_viewdef(to_regclass('cs.source_account')) LIKE '% telco.customer%', false) AS made_before,
       clock_timestamp() AS began \gset
BEGIN;
\if :made_before
DROP SCHEMA cs CASCADE;
DROP SCHEMA telco CASCADE;
\endif

\echo
\echo 'Reading demo/telco/telco_customer_churn.csv (IBM sample data, Apache-2.0, see demo/telco/NOTICE.md) ...'
\ir telco/load.sql

\echo 'Making the model "cs", mapping telco.customer and telco.subscription to it ...'
CALL csmetrics.create_model('cs');
CALL csmetrics.map('cs', 'account', $$
    SELECT id AS account_id, contract AS plan, internet AS segment, joined_on AS created_on FROM telco.customer $$);
CALL csmetrics.map('cs', 'subscription', $$
    SELECT customer_id AS account_id, valid_from AS starts_on, valid_to AS ends_on, monthly_price AS mrr
    FROM telco.subscription $$);
UPDATE cs.policy SET as_of = '2026-06-30';

\echo 'Working out the revenue history of each account ...'
CALL csmetrics.refresh('cs');
COMMIT;
SELECT format('%s histories, all in %s s.', to_char(count(*), 'FM999,999'),
              round(extract(epoch FROM clock_timestamp() - :'began'), 1)) AS line
FROM cs.account_state \gset
\echo :line

\echo
\echo '1. WHAT IS LOADED                                       telco.customer, telco.subscription, cs.account_state'
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
      FROM cs.account_state a
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
FROM cs.account_state JOIN cs.source_account USING (account_id)
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
      FROM cs.revenue_by_segment WHERE dimension = 'plan' AND period_start_on >= '2026-01-01') s
GROUP BY period_start_on ORDER BY period_start_on;

\echo '5. THE COHORT TRIANGLE: WHO IS STILL THERE           csmetrics.cohort_agg(..., ''year'') FROM cs.account_state'
\echo
CREATE TEMPORARY VIEW triangle AS
SELECT csmetrics.cohort_agg(revenue, from_on, as_of_on + 1, 'year') AS state FROM cs.account_state, cs.reporting_range;

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

\echo '7. YOUR OWN TABLES                                                                                 README.md'
SELECT $text$
In a database of yours, after CREATE EXTENSION csmetrics, with your tables and columns in the two queries:

  CALL csmetrics.create_model('cs');         -- ('cs', 'bigint') if that is the type of your account keys
  CALL csmetrics.map('cs', 'account', 'SELECT id AS account_id, plan, segment FROM customers');
  CALL csmetrics.map('cs', 'subscription', 'SELECT customer_id AS account_id, begins AS starts_on,
                                            ends AS ends_on, monthly_price AS mrr FROM subscriptions');
  CALL csmetrics.refresh('cs');              -- again whenever the tables have changed
  SELECT * FROM cs.revenue_monthly;

TABLE csmetrics.source_column lists all that can be mapped, TABLE cs.policy the rules in force, \dv+ cs.* the
views and \d+ cs.revenue_monthly what the columns of one mean. csmetrics.mrr() brings yearly and other prices
to a month. README.md tells the rest.
$text$ AS line \gset
\echo :line
