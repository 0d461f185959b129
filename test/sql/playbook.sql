\unset ECHO
\i test/psql.sql
-- The example data of dbt Labs' MRR playbook, with what its own models make of it: 121 subscription
-- periods of 55 customers. The data is not part of this project: without it the tests are skipped.
BEGIN;
SELECT plan(9);
\set present false
\if :{?data}
    \set present `test -r :'data'/mrr_playbook/subscription_periods.csv && echo true || echo false`
\endif
\if :present

\set periods `cat :'data'/mrr_playbook/subscription_periods.csv`
\set waterfall `cat :'data'/mrr_playbook/expected_monthly_waterfall.csv`
\set movements `cat :'data'/mrr_playbook/expected_mrr_movements.csv`
CREATE FUNCTION pg_temp.fields(csv text) RETURNS SETOF text[] LANGUAGE sql AS $$
    SELECT string_to_array(line, ',') FROM regexp_split_to_table(rtrim(csv, E'\r\n'), '\r?\n') WITH ORDINALITY AS l(line, number) WHERE number > 1
$$;

CREATE TEMP TABLE history AS
    SELECT f[2]::integer AS customer_id, mrr_timeline_agg(f[3]::date, nullif(f[4], '')::date, f[5]::numeric) AS history
    FROM pg_temp.fields(:'periods') AS f GROUP BY f[2];
CREATE TEMP TABLE waterfall AS
    SELECT f[1]::date AS month, f[2]::numeric AS opening, f[3]::numeric AS new, f[4]::numeric AS reactivation, f[5]::numeric AS expansion, -f[6]::numeric AS contraction,
           -f[7]::numeric AS churn, f[8]::numeric AS closing, f[9]::bigint AS closing_count, f[10]::bigint AS churn_count,
           nullif(f[11], '')::numeric AS nrr, nullif(f[12], '')::numeric AS grr
    FROM pg_temp.fields(:'waterfall') AS f;
CREATE TEMP TABLE movement AS
    SELECT f[1]::date AS month, f[2]::integer AS customer_id, f[3]::numeric AS mrr, abs(f[11]::numeric) AS amount,
           CASE f[12] WHEN 'upgrade' THEN 'expansion' WHEN 'downgrade' THEN 'contraction' ELSE f[12] END AS movement
    FROM pg_temp.fields(:'movements') AS f;
CREATE TEMP TABLE bridge AS
    SELECT m.* FROM (SELECT mrr_movement_agg(history, '2018-01-01', '2020-03-01', 'month') FROM history) AS s(state), movements(state) AS m;

SELECT is(row((SELECT count(*) FROM history), (SELECT count(*) FROM waterfall), (SELECT count(*) FROM movement))::text, '(55,26,410)', 'the data is all there');

-- To the playbook time begins in 2018: it knows nothing of the three customers who ended before
SELECT is((SELECT count(*) FROM history WHERE churned_on(history) < '2018-01-01' AND NOT EXISTS (SELECT FROM movement WHERE movement.customer_id = history.customer_id)),
          3::bigint, 'three customers ended before 2018, and are not in its rows');

SELECT results_eq('SELECT period_start, opening, new, reactivation, expansion, contraction, churn, closing, closing_count, churn_count FROM bridge',
                  'SELECT month, opening, new, reactivation, expansion, contraction, churn, closing, closing_count, churn_count FROM waterfall ORDER BY month',
                  'every amount and count of its monthly waterfall');
SELECT results_eq('SELECT period_start, round(nrr::numeric, 12), round(grr::numeric, 12) FROM bridge', 'SELECT month, nrr, grr FROM waterfall ORDER BY month',
                  'every monthly nrr and grr, to its twelve decimals');
SELECT results_eq('SELECT sum(new_count), sum(reactivation_count), sum(expansion_count), sum(contraction_count), sum(churn_count), sum(intra_period_count) FROM bridge',
                  $$SELECT count(*) FILTER (WHERE movement = 'new')::numeric, count(*) FILTER (WHERE movement = 'reactivation')::numeric, count(*) FILTER (WHERE movement = 'expansion')::numeric,
                           count(*) FILTER (WHERE movement = 'contraction')::numeric, count(*) FILTER (WHERE movement = 'churn')::numeric, 0::numeric FROM movement$$,
                  'as many movements of each kind');

-- Customer by customer
SELECT results_eq($$SELECT customer_id, period_start, c.movement, amount FROM history, changes(history, '2018-01-01', '2020-07-01', 'month') AS c ORDER BY 1, 2$$,
                  $$SELECT customer_id, month, movement, amount FROM movement WHERE movement <> '' ORDER BY 1, 2$$,
                  'every movement of every customer, and no other');
SELECT results_eq($$SELECT customer_id, changed_on, c.movement, amount FROM history, changes(history) AS c WHERE changed_on >= '2018-01-01' ORDER BY 1, 2$$,
                  $$SELECT customer_id, month, movement, amount FROM movement WHERE movement <> '' ORDER BY 1, 2$$,
                  'the same by day: all its changes are on the first of a month');
SELECT is_empty($$SELECT customer_id, month, mrr, mrr_at(history, month) FROM movement LEFT JOIN history USING (customer_id) WHERE mrr_at(history, month) IS DISTINCT FROM mrr$$,
                'the MRR of every customer in every month');
SELECT is((SELECT sum(mrr_at(history, month::date)) FROM history, generate_series(date '2018-01-01', '2020-06-01', interval '1 month') AS month),
          (SELECT sum(mrr) FROM movement), 'and in no month that it has no row for');

\else
SELECT skip('the data of the MRR playbook is not there (CSMETRICS_DATA)', 9);
\endif
SELECT * FROM finish();
ROLLBACK;
