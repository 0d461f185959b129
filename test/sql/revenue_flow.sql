\unset ECHO
\i test/psql.sql
-- Retention between two days: nrr_agg and what is read from it.
BEGIN;
SELECT plan(55);

CREATE TEMP TABLE book (account text, opening numeric, closing numeric);
INSERT INTO book VALUES
    ('ash',     100,  150),   -- expansion 50
    ('birch',   120,  120),   -- unchanged
    ('oak',      80,   80),   -- unchanged
    ('cedar',   200,   90),   -- contraction 110
    ('maple',   100,   30),   -- contraction 70
    ('date',    150,    0),   -- churned 150
    ('elm',     210, NULL),   -- churned 210
    ('koa',      40,  -10),   -- churned 40: below zero counts as zero
    ('fir',       0,   80),   -- new 80
    ('gum',    NULL,   45),   -- new 45
    ('lime',      0,   30),   -- new 30
    ('juniper', -40,   25),   -- new 25: below zero counts as zero
    ('hazel',  NULL, NULL),   -- none
    ('iris',      0,    0);   -- none

-- opening 100 + 120 + 80 + 200 + 100 + 150 + 210 + 40 = 1000; new 80 + 45 + 30 + 25 = 180
CREATE TEMP TABLE flow AS SELECT nrr_agg(opening, closing) AS state FROM book;

SELECT is(have, want, description)
FROM flow, LATERAL (VALUES
    (opening_mrr(state),      1000.0, 'opening_mrr adds the openings up'),
    (new_mrr(state),           180.0, 'new_mrr is the closing MRR of accounts without opening MRR'),
    (expansion_mrr(state),      50.0, 'expansion_mrr is gained by accounts with opening MRR'),
    (contraction_mrr(state),   180.0, 'contraction_mrr is lost by accounts that stayed'),
    (churned_mrr(state),       400.0, 'churned_mrr is lost by accounts that left'),
    -- 150 + 120 + 80 + 90 + 30 + 80 + 45 + 30 + 25 = 1000 + 180 + 50 - 180 - 400
    (closing_mrr(state),       650.0, 'closing_mrr is opening + new + expansion - contraction - churned')
) AS amount (have, want, description);

SELECT is(have, want::bigint, description)
FROM flow, LATERAL (VALUES
    (account_count(state),     14, 'account_count counts every row, with MRR or not'),
    (opening_count(state),      8, 'opening_count counts accounts above zero at the opening'),
    (new_count(state),          4, 'new_count counts accounts with closing MRR alone'),
    (expansion_count(state),    1, 'expansion_count counts accounts that grew'),
    (contraction_count(state),  2, 'contraction_count counts accounts that shrank and stayed'),
    (churned_count(state),      3, 'churned_count counts closings of zero, NULL and below zero'),
    (closing_count(state),      9, 'closing_count counts accounts above zero at the closing')
) AS number (have, want, description);

SELECT is(have, want::float8, description)
FROM flow, LATERAL (VALUES
    (nrr(state),               0.47,  'nrr: (1000 + 50 - 180 - 400) / 1000, without new accounts'),
    (grr(state),               0.42,  'grr: (1000 - 180 - 400) / 1000, without expansion'),
    (logo_churn(state),        0.375, 'logo_churn: 3 of 8 accounts'),
    (revenue_churn(state),     0.4,   'revenue_churn: 400 / 1000, by accounts that left'),
    (contraction(state),       0.18,  'contraction: 180 / 1000, by accounts that stayed'),
    (expansion(state),         0.05,  'expansion: 50 / 1000, without new accounts'),
    (net_revenue_churn(state), 0.53,  'net_revenue_churn: 1 - nrr'),
    (quick_ratio(state),       230.0 / 580, 'quick_ratio: (180 + 50) / (180 + 400)')
) AS ratio (have, want, description);

-- One grows by 100, one shrinks by 50. On totals min(200, 250) / 200 would be 1.
CREATE TEMP TABLE pair AS
SELECT nrr_agg(opening, closing) AS state FROM (VALUES (100, 200), (100, 50)) AS a (opening, closing);
SELECT is(grr(state), 0.75::float8, 'grr takes the minimum by account: growth of one does not hide the loss of another') FROM pair;
SELECT is(nrr(state), 1.25::float8, 'nrr may pass 1') FROM pair;
SELECT is(net_revenue_churn(state), -0.25::float8, 'net_revenue_churn is negative where expansion outweighs losses') FROM pair;

-- One account
SELECT is(ARRAY[nrr(state), grr(state), logo_churn(state), revenue_churn(state), contraction(state), expansion(state), quick_ratio(state)],
          want::float8[], description)
FROM (VALUES
    (80,   80, '{1, 1, 0, 0, 0, 0, NULL}',         'one unchanged account: nothing lost, so no quick ratio'),
    (80,  100, '{1.25, 1, 0, 0, 0, 0.25, NULL}',   'one growing account: nothing lost, so no quick ratio'),
    (80,   60, '{0.75, 0.75, 0, 0, 0.25, 0, 0}',   'one shrinking account'),
    (80, NULL, '{0, 0, 1, 1, 0, 0, 0}',            'one account that left'),
    (NULL, 80, '{NULL, NULL, NULL, NULL, NULL, NULL, NULL}', 'one new account: every ratio is NULL, not 0'),
    (0,    80, '{NULL, NULL, NULL, NULL, NULL, NULL, NULL}', 'an opening of zero is none'),
    (-5,   80, '{NULL, NULL, NULL, NULL, NULL, NULL, NULL}', 'an opening below zero is none'),
    (NULL, NULL, '{NULL, NULL, NULL, NULL, NULL, NULL, NULL}', 'no MRR at all: every ratio is NULL')
) AS a (opening, closing, want, description),
LATERAL (SELECT nrr_agg(only_opening, only_closing) AS state
         FROM (VALUES (opening, closing)) AS only_row (only_opening, only_closing)) AS s;

SELECT is(net_revenue_churn(nrr_agg(NULL, 80)), NULL::float8, 'net_revenue_churn of new accounts alone is NULL, not 1');
SELECT is(new_mrr(nrr_agg(NULL, closing)), 125::numeric, 'new accounts alone still have amounts')
FROM (VALUES (80), (45)) AS a (closing);
SELECT is(nrr_agg(opening, closing), NULL::revenue_flow, 'no rows: no state') FROM book WHERE false;
SELECT is(nrr(nrr_agg(opening, closing)), NULL::float8, 'no rows: nrr is NULL') FROM book WHERE false;
SELECT is(account_count(nrr_agg(opening, closing)), NULL::bigint, 'no rows: account_count is NULL') FROM book WHERE false;

-- Six decimals, half away from zero
SELECT is((SELECT opening_mrr(nrr_agg(given, given)) FROM (VALUES (amount)) AS one (given)), want, description)
FROM (VALUES
    (0.0000005,       0.000001,  'half of the sixth decimal rounds up'),
    (0.00000049999,   0.0,       'less than half of it rounds down'),
    (2.0000025,       2.000003,  'half above an even digit rounds up too'),
    (1234567.8901234, 1234567.890123, 'further decimals are cut by rounding')
) AS a (amount, want, description);
SELECT is(opening_count(nrr_agg(0.0000004, 1)), 0::bigint, 'an opening that rounds to zero is none');
SELECT is(churned_count(nrr_agg(1, 0.0000004)), 1::bigint, 'a closing that rounds to zero is churn');
SELECT is(contraction_mrr(nrr_agg(1, 0.9999995)), 0::numeric, 'the change is that of the rounded amounts');

SELECT throws_ok('SELECT csmetrics.nrr_agg(' || amounts || ')', '22003', 'amount out of range: ' || named, description)
FROM (VALUES
    ('1000000000000000001, 1',  '1000000000000000001',  'an opening past 10^18 is an error'),
    ('1, -1000000000000000001', '-1000000000000000001', 'a closing past -10^18 is an error'),
    ('''NaN'', 1',              'NaN',                  'NaN is an error'),
    ('1, ''Infinity''',         'Infinity',             'infinity is an error')
) AS wrong (amounts, named, description);

-- A year of 300 accounts in three regions; month 0 is the opening of month 1.
DO 'BEGIN PERFORM setseed(0.25); END';
CREATE TEMP TABLE months AS
SELECT month, account, 'region ' || account % 3 AS region, round((random() * 1000)::numeric, 6) AS mrr
FROM generate_series(0, 12) AS month, generate_series(1, 300) AS account
WHERE random() < 0.8;
CREATE TEMP TABLE changes AS
SELECT month, region, o.mrr AS opening, c.mrr AS closing
FROM (SELECT month + 1 AS month, account, region, mrr FROM months WHERE month < 12) AS o
FULL JOIN (SELECT * FROM months WHERE month > 0) AS c USING (month, account, region);

CREATE TEMP TABLE oracle AS
SELECT month, region, count(*) AS accounts,
    sum(coalesce(closing, 0)) FILTER (WHERE opening > 0) / sum(opening) AS nrr,
    sum(least(opening, coalesce(closing, 0))) FILTER (WHERE opening > 0) / sum(opening) AS grr,
    (count(*) FILTER (WHERE opening > 0 AND closing IS NULL))::numeric / count(opening) AS logo_churn
FROM changes GROUP BY ROLLUP (month, region);

SELECT is(
    (SELECT count(*) FROM oracle AS o
     JOIN (SELECT month, region, nrr_agg(opening, closing) AS state FROM changes GROUP BY ROLLUP (month, region)) AS s
         ON s.month IS NOT DISTINCT FROM o.month AND s.region IS NOT DISTINCT FROM o.region
     WHERE abs(nrr(state) - o.nrr) < 1e-14 AND abs(grr(state) - o.grr) < 1e-14
         AND abs(logo_churn(state) - o.logo_churn) < 1e-14 AND account_count(state) = o.accounts),
    (12 * 3 + 12 + 1)::bigint,
    'twelve months by three regions with ROLLUP equal plain SQL in every group and total');
SELECT is(
    (SELECT ARRAY(SELECT nrr(state) FROM (
        SELECT month, nrr_agg(opening, closing) AS state FROM changes GROUP BY month) AS m ORDER BY month)),
    (SELECT ARRAY[
        nrr(nrr_agg(opening, closing) FILTER (WHERE month = 1)), nrr(nrr_agg(opening, closing) FILTER (WHERE month = 2)),
        nrr(nrr_agg(opening, closing) FILTER (WHERE month = 3)), nrr(nrr_agg(opening, closing) FILTER (WHERE month = 4)),
        nrr(nrr_agg(opening, closing) FILTER (WHERE month = 5)), nrr(nrr_agg(opening, closing) FILTER (WHERE month = 6)),
        nrr(nrr_agg(opening, closing) FILTER (WHERE month = 7)), nrr(nrr_agg(opening, closing) FILTER (WHERE month = 8)),
        nrr(nrr_agg(opening, closing) FILTER (WHERE month = 9)), nrr(nrr_agg(opening, closing) FILTER (WHERE month = 10)),
        nrr(nrr_agg(opening, closing) FILTER (WHERE month = 11)), nrr(nrr_agg(opening, closing) FILTER (WHERE month = 12))]
     FROM changes),
    'twelve columns with FILTER equal twelve groups');
SELECT ok(
    (SELECT bool_and(opening_mrr(state) - sum_of_minima = contraction_mrr(state) + churned_mrr(state)
                     AND abs((1 - grr(state)) - (revenue_churn(state) + contraction(state))) < 1e-15)
     FROM (SELECT nrr_agg(opening, closing) AS state,
               sum(least(opening, coalesce(closing, 0))) FILTER (WHERE opening > 0) AS sum_of_minima
           FROM changes GROUP BY month, region) AS s),
    '1 - grr = revenue_churn + contraction, in amounts exactly');
SELECT ok(
    (SELECT nrr_agg(opening, closing ORDER BY opening, closing) = nrr_agg(opening, closing ORDER BY opening DESC, closing)
        AND nrr_agg(opening, closing ORDER BY opening, closing) = nrr_agg(opening, closing ORDER BY md5(opening::text), closing)
     FROM changes),
    'the order of rows changes nothing, to the last bit');
SELECT ok(
    (SELECT rollup(state) = (SELECT nrr_agg(opening, closing) FROM changes)
     FROM (SELECT nrr_agg(opening, closing) AS state FROM changes GROUP BY month, region) AS s),
    'rollup of the states of groups is the state of all rows');

-- The argument is evaluated once a row and transition, whatever reads the result.
CREATE TEMP SEQUENCE evaluations;
CREATE FUNCTION pg_temp.counted(amount numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM nextval('pg_temp.evaluations'); RETURN amount; END $$;
SELECT ok(
    (SELECT nrr(nrr_agg(pg_temp.counted(opening), closing)) > grr(nrr_agg(pg_temp.counted(opening), closing))
        AND logo_churn(nrr_agg(pg_temp.counted(opening), closing)) = 0.375 FROM book),
    'nrr, grr and logo_churn are read from the same rows');
SELECT is((SELECT last_value FROM evaluations), 14::bigint, 'and share one transition: 14 rows, 14 evaluations');

SELECT * FROM finish();
ROLLBACK;
