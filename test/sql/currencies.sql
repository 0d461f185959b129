\unset ECHO
\i test/psql.sql
BEGIN;
SELECT plan(55);

-- By hand: A grows in dollars, B leaves in pounds, C is at home, D has both and gives up its dollars.
CALL create_model('cs');
CREATE TABLE fx (code text, day date, rate numeric);
INSERT INTO fx VALUES ('usd', '2023-12-31', 0.90), ('USD', '2024-01-31', 0.92), ('USD', '2024-02-29', 0.95), ('GBP', '2023-12-31', 1.15), ('GBP', '2024-01-31', 1.17), ('GBP', '2024-02-29', 1.16);
CREATE TABLE sold (account text, starts date, ends date, mrr numeric, code text, sub text);
INSERT INTO sold VALUES ('A', '2023-06-01', '2024-01-15', 100, 'USD', 'a'), ('A', '2024-01-15', NULL, 150, 'usd', 'a'), ('B', '2023-06-01', '2024-02-10', 200, 'GBP', 'b'), ('C', '2023-06-01', NULL, 50, NULL, 'c'),
                        ('D', '2023-06-01', '2024-01-20', 10, 'USD', 'd'), ('D', '2023-06-01', NULL, 20, 'GBP', 'e');
CALL map('cs', 'account', $$SELECT v AS account_id, v AS name, CASE v WHEN 'D' THEN 'both' ELSE 'one' END AS segment FROM unnest('{A,B,C,D}'::text[]) v$$);
CALL map('cs', 'subscription', 'SELECT account AS account_id, sub AS subscription_id, starts AS starts_on, ends AS ends_on, mrr, code AS currency FROM sold');
CALL map('cs', 'fx_rate', 'SELECT code AS currency, day AS on_date, rate FROM fx');
UPDATE cs.policy SET as_of = '2024-02-29', report_from = '2024-01-01', rate_max_age_days = 31;
CALL refresh('cs');
PREPARE bridge AS SELECT period_start_on, opening_mrr, expansion_mrr, contraction_mrr, churn_mrr, fx_mrr, closing_mrr FROM cs.revenue_monthly;
SELECT results_eq('bridge', $$VALUES ('2024-01-01'::date, 380::numeric, 50::numeric, 10::numeric, 0::numeric, 0::numeric, 420::numeric), ('2024-02-01', 420, 0, 0, 200, 0, 220)$$,
    'without a currency of report all amounts are taken to be in one');

UPDATE cs.policy SET report_currency = 'EUR';
CALL refresh('cs');
SELECT results_eq('bridge', $$VALUES ('2024-01-01'::date, 402::numeric, 45::numeric, 9::numeric, 0::numeric, 7.4, 445.4), ('2024-02-01', 445.4, 0, 0, 234, 4.3, 215.7)$$,
    'period_start: 100 x 0.90 + 200 x 1.15 + 50 + 10 x 0.90 + 20 x 1.15 = 402, + 50 x 0.90 - 10 x 0.90 + 7.4 = 445.4');
SELECT results_eq($$SELECT nrr_rate, grr_rate, opening_count, contraction_count, churn_count, closing_count FROM cs.revenue_monthly$$,
    $$VALUES (438 / 402::float8, 393 / 402::float8, 4::bigint, 1::bigint, 0::bigint, 4::bigint), (211.4 / 445.4::float8, 211.4 / 445.4::float8, 4, 0, 1, 3)$$, 'retention is at constant rates');
SELECT results_eq($$SELECT account_id, movement, opening_mrr, closing_mrr, amount_mrr FROM cs.revenue_movement WHERE period_start_on = '2024-01-01' ORDER BY 1, 2$$,
    $$VALUES ('A', 'expansion', 90::numeric, 135::numeric, 45::numeric), ('A', 'fx', 90, 138, 3), ('B', 'fx', 230, 234, 4), ('D', 'contraction', 32, 23, 9), ('D', 'fx', 32, 23.4, 0.4)$$, 'account by account');
SELECT results_eq($$SELECT currency, own_opening_mrr, own_closing_mrr, opening_fx, movement_fx, closing_fx, opening_mrr, fx_mrr, closing_mrr FROM cs.revenue_by_currency WHERE period_start_on = '2024-01-01'$$,
    $$VALUES ('EUR', 50::numeric, 50::numeric, 1::numeric, 1::numeric, 1::numeric, 50::numeric, 0::numeric, 50::numeric), ('GBP', 220, 220, 1.15, 1.15, 1.17, 253, 4.4, 257.4), ('USD', 110, 150, 0.90, 0.90, 0.92, 99, 3, 138)$$, 'currency by currency');
SELECT results_eq($$SELECT account_id, mrr_at(revenue, '2024-02-29') FROM cs_internal.account_state ORDER BY 1$$, $$VALUES ('A', 142.5), ('B', 0), ('C', 50), ('D', 23.2)$$, 'histories of single accounts are at the latest rates');
SELECT results_eq($$SELECT dimension, value, opening_mrr, fx_mrr FROM cs.revenue_by_segment WHERE dimension = 'segment' AND period_start_on = '2024-01-01' ORDER BY 2$$,
    $$VALUES ('segment', 'both', 32::numeric, 0.4::numeric), ('segment', 'one', 370, 7)$$, 'by segment');
SELECT results_eq($$SELECT sum(opening_mrr), sum(closing_mrr), sum(expansion_mrr), sum(contraction_mrr), sum(churn_mrr) FROM cs.account_revenue('2024-01-31')$$, $$VALUES (402::numeric, 445.4::numeric, 45::numeric, 9::numeric, NULL::numeric)$$, 'the accounts behind a month');

-- the other rules
UPDATE cs.policy SET rate_rule = 'period_end';
SELECT results_eq('bridge', $$VALUES ('2024-01-01'::date, 402::numeric, 46::numeric, 9.2, 0::numeric, 6.6, 445.4), ('2024-02-01', 445.4, 0, 0, 232, 2.3, 215.7)$$, 'period_end: 50 x 0.92, 10 x 0.92, 200 x 1.16');
UPDATE cs.policy SET rate_rule = 'average';
-- dollars: 30 days at 0.90 and one at 0.92; pounds in February: 28 at 1.17 and one at 1.16
SELECT results_eq('bridge', $$VALUES ('2024-01-01'::date, 402::numeric, 50 * 0.900645161290, 9.006452, 0::numeric, 445.4 - 402 - 50 * 0.900645161290 + 9.006452, 445.4), ('2024-02-01', 445.4, 0, 0, 200 * 1.169655172414, 215.7 - 445.4 + 200 * 1.169655172414, 215.7)$$,
    'average: 27.92 / 31, 33.92 / 29; an account in two currencies is rounded to six decimals');
UPDATE cs.policy SET rate_rule = 'fixed', rate_on = '2023-12-31';
CALL refresh('cs');
SELECT results_eq('bridge', $$VALUES ('2024-01-01'::date, 402::numeric, 45::numeric, 9::numeric, 0::numeric, 0::numeric, 438::numeric), ('2024-02-01', 438, 0, 0, 230, 0, 208)$$, 'fixed: all at the rates of a day');
SELECT is(sum(mrr_at(revenue, '2024-02-29')), 208.0, 'as are then the single accounts') FROM cs_internal.account_state;
UPDATE cs.policy SET rate_rule = 'period_start', rate_on = NULL;

-- rates that are in another currency than that of report: the same worth in francs, 0.8 to the euro
UPDATE fx SET rate = rate * 0.8;
INSERT INTO fx SELECT 'EUR', day, 0.8 FROM fx WHERE code = 'GBP';
CALL refresh('cs');
SELECT results_eq('bridge', $$VALUES ('2024-01-01'::date, 402::numeric, 45::numeric, 9::numeric, 0::numeric, 7.4, 445.4), ('2024-02-01', 445.4, 0, 0, 234, 4.3, 215.7)$$, 'rates in another currency give the same');
SELECT results_eq($$SELECT currency, fx FROM cs_internal.constant_rate ORDER BY 1$$, $$VALUES ('EUR', 1::numeric), ('GBP', 1.16), ('USD', 0.95)$$, 'crossed');
DELETE FROM fx WHERE code = 'EUR';
UPDATE fx SET rate = rate / 0.8;
CALL refresh('cs');

-- A missing rate is no guess.
UPDATE cs.policy SET rate_max_age_days = 10;
SELECT results_eq('SELECT currency, day_on, complaint FROM cs.missing_rate', 'SELECT NULL::text, NULL::date, NULL::text WHERE false', 'rates that are there on the days are enough');
DELETE FROM fx WHERE code = 'GBP' AND day = '2024-01-31';
CALL refresh('cs');
SELECT results_eq('bridge', $$VALUES ('2024-01-01'::date, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric, NULL::numeric), ('2024-02-01', NULL, NULL, NULL, NULL, NULL, NULL)$$, 'months that need one that is missing are unknown');
SELECT results_eq('SELECT opening_count, churn_count, nrr_rate FROM cs.revenue_monthly', 'VALUES (4::bigint, 0::bigint, NULL::float8), (4, 1, NULL)', 'but not how many accounts');
SELECT results_eq('SELECT currency, period_start_on, day_on, own_opening_mrr, complaint FROM cs.missing_rate', $$VALUES
    ('GBP', '2024-01-01'::date, '2024-01-31'::date, 220::numeric, 'no rate from GBP to EUR on 2024-01-31, nor in the 10 days before it'),
    ('GBP', '2024-02-01', '2024-01-31', 220, 'no rate from GBP to EUR on 2024-01-31, nor in the 10 days before it')$$, 'and a row says which');
SELECT results_eq($$SELECT account_id, movement, amount_mrr FROM cs.revenue_movement WHERE period_start_on = '2024-02-01' ORDER BY 1, 2$$, $$VALUES ('A', 'fx', 4.5::numeric), ('B', 'churn', NULL), ('B', 'fx', NULL), ('D', 'fx', NULL)$$, 'account by account, too');
UPDATE cs.policy SET rate_max_age_days = 31;
SELECT is(opening_mrr, 402 - 0.0 + 36 + 3.0 - 0.0, 'an older rate, where it may be that old') FROM (SELECT opening_mrr FROM cs.revenue_monthly WHERE period_start_on = '2024-02-01') m;
INSERT INTO sold VALUES ('C', '2024-01-01', NULL, 7, 'TRY', 'f');
SELECT is(pg_temp.failure($$CALL refresh('cs')$$), '22023 source "subscription", account C: no rate from TRY to EUR is known', 'a currency without any rate stops a refresh');
UPDATE cs.quality_rule SET quarantine = true WHERE rule = 'rate missing';
SELECT is(pg_temp.failure($$CALL refresh('cs')$$), 'no error', 'unless the rows are in quarantine');
DELETE FROM sold WHERE code = 'TRY';
INSERT INTO fx VALUES ('GBP', '2024-01-31', 0);
SELECT is(pg_temp.failure($$CALL refresh('cs')$$), '22023 source "fx_rate": rate 0 of GBP on 2024-01-31 is not above 0', 'a rate is above 0');
UPDATE fx SET rate = 1.17 WHERE rate = 0;
SELECT is(pg_temp.failure($$UPDATE cs.policy SET report_currency = 'Euro'$$), '23514 report_currency Euro is no code of three capitals, such as EUR', 'currencies are codes');

-- what came after a rate was known does not make earlier months unknown
INSERT INTO sold VALUES ('C', '2024-02-10', NULL, 1000, 'JPY', 'j');
INSERT INTO fx VALUES ('JPY', '2024-02-09', 0.006);
CALL refresh('cs');
SELECT results_eq('SELECT period_start_on, closing_mrr FROM cs.revenue_monthly', $$VALUES ('2024-01-01'::date, 445.4), ('2024-02-01', NULL::numeric)$$, 'January needs no rate of what began in February, which has none of the day before it');
SELECT results_eq('SELECT account_id, movement, amount_mrr FROM cs.revenue_movement WHERE amount_mrr IS NULL', $$VALUES ('C', 'expansion', NULL::numeric), ('C', 'fx', NULL)$$, 'whose rows say so');
DELETE FROM sold WHERE code = 'JPY';
DELETE FROM fx WHERE code = 'JPY';

-- each subscription by itself: D's dollars leave, where its pounds do not matter
UPDATE cs.policy SET entity_grain = 'subscription';
CALL refresh('cs');
SELECT results_eq('bridge', $$VALUES ('2024-01-01'::date, 402::numeric, 45::numeric, 0::numeric, 9::numeric, 7.4, 445.4), ('2024-02-01', 445.4, 0, 0, 234, 4.3, 215.7)$$, 'by subscription');
SELECT results_eq($$SELECT account_id, subscription_id, movement, amount_mrr FROM cs.revenue_movement WHERE movement <> 'fx' ORDER BY 1, 2$$, $$VALUES ('A', 'a', 'expansion', 45::numeric), ('B', 'b', 'churn', 234), ('D', 'd', 'churn', 9)$$, 'each under its account');

-- P pauses in two currencies and lapses 60 days later, in March; Q comes and goes within April: both need rates that are not there.
CREATE TABLE idle (account text, starts date, ends date, mrr numeric, code text, status text);
INSERT INTO idle VALUES ('P', '2023-06-01', '2024-01-05', 10, 'EUR', NULL), ('P', '2024-01-05', NULL, 10, 'EUR', 'paused'), ('P', '2023-06-01', '2024-01-05', 5, 'USD', NULL), ('P', '2024-01-05', NULL, 5, 'USD', 'paused'),
                        ('Q', '2024-04-10', '2024-04-20', 7, 'USD', NULL);
CALL create_model('idle');
CALL map('idle', 'account', 'SELECT DISTINCT account AS account_id FROM idle');
CALL map('idle', 'subscription', 'SELECT account AS account_id, starts AS starts_on, ends AS ends_on, mrr, code AS currency, status FROM idle');
CALL map('idle', 'fx_rate', $$SELECT 'USD' AS currency, date '2023-12-31' AS on_date, 0.9 AS rate$$);
UPDATE idle.policy SET as_of = '2024-04-30', report_from = '2024-01-01', report_currency = 'EUR', rate_max_age_days = 31;
CALL refresh('idle');
SELECT results_eq('SELECT period_start_on, opening_mrr, pause_mrr, churn_mrr, closing_mrr FROM idle.revenue_monthly',
    $$VALUES ('2024-01-01'::date, 14.5, 14.5, 0::numeric, 0::numeric), ('2024-02-01', 0, 0, 0, 0), ('2024-03-01', NULL, NULL, NULL, NULL), ('2024-04-01', NULL, NULL, NULL, NULL)$$, 'a pause that ends, and what comes and goes, need a rate');
SELECT results_eq('SELECT period_start_on, day_on, currency FROM idle.missing_rate', $$VALUES ('2024-03-01'::date, '2024-02-29'::date, 'USD'), ('2024-03-01', '2024-03-31', 'USD'), ('2024-04-01', '2024-03-31', 'USD'), ('2024-04-01', '2024-04-30', 'USD')$$,
    'and rows say which');
INSERT INTO idle VALUES ('R', '2023-06-01', '2024-02-20', 3, 'USD', NULL), ('R', '2024-04-05', NULL, 3, 'USD', NULL), ('R', '2023-06-01', '2024-02-20', 4, 'EUR', NULL), ('R', '2024-04-05', NULL, 4, 'EUR', NULL);
DELETE FROM idle WHERE account = 'P';
UPDATE idle.policy SET gap_smooth_days = 60;
CALL refresh('idle');
SELECT is(opening_mrr, NULL, 'a gap that is none is there to convert') FROM idle.revenue_monthly WHERE period_start_on = '2024-03-01';
UPDATE idle.policy SET gap_smooth_days = 0;
SELECT is(opening_mrr, 0.0, 'and one that is one is not') FROM idle.revenue_monthly WHERE period_start_on = '2024-03-01';
UPDATE idle.policy SET rate_rule = 'average', rate_max_age_days = 10;
SELECT results_eq('SELECT min(day_on), max(day_on), count(*) FROM idle.missing_rate WHERE period_start_on = ''2024-01-01''', $$VALUES ('2024-01-11'::date, '2024-01-31'::date, 21::bigint)$$, 'a mean needs the rate of every day');

-- Random accounts against plain SQL: 200 accounts in five currencies, a fifth of them in two, rates by the day, over 26 months.
CALL create_model('r', 'integer');
CREATE TABLE daily AS SELECT code, date '2021-12-25' + n AS day, round((0.5 + 0.3 * ascii(code) % 7 / 5.0 + 0.05 * sin(n / 20.0 + ascii(code)))::numeric, 4) AS rate FROM unnest('{AAA,BBB,CCC,DDD}'::text[]) code, generate_series(0, 900) n;
SELECT setseed(0.7) \g /dev/null
CREATE TABLE term AS
SELECT id, id * 10 + n AS sub, d AS starts, nullif(d + (random() * 400)::integer + 1, date '2023-11-11') AS ends, round((random() * 500)::numeric, 2) AS mrr,
       (ARRAY['AAA', 'BBB', 'CCC', 'DDD', 'EUR'])[1 + (id + CASE WHEN id % 5 = 0 THEN n ELSE 0 END) % 5] AS code
FROM generate_series(1, 200) id, generate_series(1, 3) n, LATERAL (SELECT date '2021-11-01' + (random() * 800)::integer + 0 * id AS d) d;
CALL map('r', 'account', $$SELECT id AS account_id, 'p' || id % 3 AS plan FROM generate_series(1, 200) id$$);
CALL map('r', 'subscription', 'SELECT id AS account_id, sub::text AS subscription_id, starts AS starts_on, ends AS ends_on, mrr, code AS currency FROM term');
CALL map('r', 'fx_rate', 'SELECT code AS currency, day AS on_date, rate FROM daily');
UPDATE r.policy SET as_of = '2024-03-31', report_from = '2022-02-01', report_currency = 'EUR';
CALL refresh('r');
CREATE VIEW month AS SELECT m::date AS t0, (m + interval '1 month')::date AS t1 FROM generate_series(timestamp '2022-02-01', '2024-03-01', '1 month') m;
CREATE VIEW worth AS
    SELECT id, t0, t1, sum(m0 * coalesce(a.rate, 1)) AS o, sum(m1 * coalesce(a.rate, 1)) AS c, sum(m1 * coalesce(b.rate, 1)) AS x, bool_or(paid) AS paid, bool_or(between_times) AS between_times
    FROM (SELECT id, code, t0, t1, coalesce(sum(mrr) FILTER (WHERE starts <= t0 - 1 AND (ends > t0 - 1) IS NOT FALSE), 0) AS m0, coalesce(sum(mrr) FILTER (WHERE starts <= t1 - 1 AND (ends > t1 - 1) IS NOT FALSE), 0) AS m1,
                 bool_or(starts < t0 AND mrr > 0) AS paid, bool_or(starts >= t0 AND starts < t1 AND mrr > 0) AS between_times FROM term, month GROUP BY 1, 2, 3, 4) p
         LEFT JOIN daily a ON a.code = p.code AND a.day = t0 - 1 LEFT JOIN daily b ON b.code = p.code AND b.day = t1 - 1
    GROUP BY 1, 2, 3;
SELECT results_eq($$SELECT period_start_on, opening_mrr, new_mrr, reactivation_mrr, expansion_mrr, contraction_mrr, churn_mrr, fx_mrr, closing_mrr,
                       opening_count, new_count, reactivation_count, expansion_count, contraction_count, churn_count, closing_count FROM r.revenue_monthly ORDER BY 1$$,
    $$SELECT t0, sum(o), sum(CASE WHEN o = 0 AND NOT paid THEN c ELSE 0 END), sum(CASE WHEN o = 0 AND paid THEN c ELSE 0 END), sum(CASE WHEN o > 0 AND c > o THEN c - o ELSE 0 END),
             sum(CASE WHEN c > 0 AND c < o THEN o - c ELSE 0 END), sum(CASE WHEN o > 0 AND c = 0 THEN o ELSE 0 END), sum(x - c), sum(x),
             count(*) FILTER (WHERE o > 0), count(*) FILTER (WHERE o = 0 AND c > 0 AND NOT paid), count(*) FILTER (WHERE o = 0 AND c > 0 AND paid), count(*) FILTER (WHERE o > 0 AND c > o),
             count(*) FILTER (WHERE c > 0 AND c < o), count(*) FILTER (WHERE o > 0 AND c = 0), count(*) FILTER (WHERE c > 0) FROM worth GROUP BY t0 ORDER BY 1$$, 'every month and movement is what plain SQL gives, to the last decimal');
SELECT is(count(*), 26::bigint, '26 months') FROM r.revenue_monthly;
SELECT is_empty($$SELECT * FROM r.revenue_monthly WHERE opening_mrr + new_mrr + reactivation_mrr + resume_mrr + expansion_mrr - contraction_mrr - pause_mrr - churn_mrr + fx_mrr <> closing_mrr$$, 'opening and movements and fx are the closing');
SELECT is_empty($$SELECT * FROM (SELECT closing_mrr, lead(opening_mrr) OVER (ORDER BY period_start_on) AS next FROM r.revenue_monthly) m WHERE closing_mrr <> next$$, 'which is the next opening');
SELECT is_empty($$SELECT 1 FROM r.revenue_monthly WHERE fx_mrr = 0$$, 'rates move every month');
CREATE VIEW pg_temp.parts AS SELECT period_start_on, sum(amount_mrr) FILTER (WHERE movement = 'new') AS new, sum(amount_mrr) FILTER (WHERE movement = 'expansion') AS expansion, sum(amount_mrr) FILTER (WHERE movement = 'contraction') AS contraction,
    sum(amount_mrr) FILTER (WHERE movement = 'churn') AS churn, sum(amount_mrr) FILTER (WHERE movement = 'fx') AS fx FROM r.revenue_movement GROUP BY 1;
SELECT results_eq('SELECT period_start_on, coalesce(new, 0), coalesce(expansion, 0), coalesce(contraction, 0), coalesce(churn, 0), fx FROM pg_temp.parts ORDER BY 1', 'SELECT period_start_on, new_mrr, expansion_mrr, contraction_mrr, churn_mrr, fx_mrr FROM r.revenue_monthly ORDER BY 1', 'accounts add up exactly');
SELECT results_eq('SELECT period_start_on, sum(opening_mrr), sum(fx_mrr), sum(closing_mrr) FROM r.revenue_by_currency GROUP BY 1 ORDER BY 1', 'SELECT period_start_on, opening_mrr, fx_mrr, closing_mrr FROM r.revenue_monthly ORDER BY 1', 'currencies add up exactly');
SELECT results_eq($$SELECT period_start_on, sum(opening_mrr), sum(expansion_mrr), sum(fx_mrr), sum(closing_mrr), sum(closing_count) FROM r.revenue_by_segment WHERE dimension = 'account_plan' GROUP BY 1 ORDER BY 1$$,
    'SELECT period_start_on, opening_mrr, expansion_mrr, fx_mrr, closing_mrr, closing_count::numeric FROM r.revenue_monthly ORDER BY 1', 'segments add up exactly');
SELECT is_empty($$SELECT 1 FROM r.revenue_monthly r, LATERAL (SELECT sum(opening_mrr) AS o, sum(closing_mrr) AS c, sum(churn_mrr) AS churn FROM r.account_revenue(period_end_on - 1)) a WHERE (a.o, a.c, coalesce(a.churn, 0)) IS DISTINCT FROM (r.opening_mrr, r.closing_mrr, r.churn_mrr)$$, 'the accounts of any month, too');
SELECT is(count(*), 0::bigint, 'intervals are those of the converted amounts') FROM (SELECT t0, nrr_interval(nrr_agg(o, c)) AS i, nrr(nrr_agg(o, c)) AS n FROM worth GROUP BY t0) w JOIN r.revenue_monthly m ON m.period_start_on = w.t0
WHERE abs(m.nrr_lower_rate - (w.i).lower) > 1e-6 OR abs(m.nrr_upper_rate - (w.i).upper) > 1e-6 OR abs(m.nrr_rate - w.n) > 1e-12;
CREATE VIEW year AS SELECT (m - interval '1 year')::date AS t0, m::date AS t1 FROM generate_series(timestamp '2022-03-01' + interval '11 months', '2024-04-01', '1 month') m;
SELECT is_empty($$SELECT y.t1, w.o, t.opening_mrr FROM year y CROSS JOIN LATERAL (SELECT sum(o) AS o, sum(CASE WHEN o > 0 THEN c ELSE 0 END) AS c, sum(least(o, c)) AS kept FROM (
        SELECT id, sum(m0 * coalesce(a.rate, 1)) AS o, sum(m1 * coalesce(a.rate, 1)) AS c
        FROM (SELECT id, code, coalesce(sum(mrr) FILTER (WHERE starts <= y.t0 - 1 AND (ends > y.t0 - 1) IS NOT FALSE), 0) AS m0, coalesce(sum(mrr) FILTER (WHERE starts <= y.t1 - 1 AND (ends > y.t1 - 1) IS NOT FALSE), 0) AS m1 FROM term GROUP BY 1, 2) p
             LEFT JOIN daily a ON a.code = p.code AND a.day = y.t0 - 1 GROUP BY id) e) w
    LEFT JOIN r.retention_trailing_year t ON t.period_end_on = y.t1
    WHERE (t.opening_mrr = w.o AND abs(t.nrr_rate - w.c / w.o) < 1e-12 AND abs(t.grr_rate - w.kept / w.o) < 1e-12) IS NOT TRUE$$, 'trailing years are at the rates of their start');
SELECT is_empty($$SELECT 1 FROM r.retention_trailing_year t, LATERAL (SELECT sum(opening_mrr) AS o, sum(closing_mrr) FILTER (WHERE opening_count > 0) AS c, sum(kept_mrr) AS k, sum(churn_count) AS n FROM r.account_retention(t.period_end_on - 1)) a
    WHERE a.o <> t.opening_mrr OR abs(a.c / a.o - t.nrr_rate) > 1e-12 OR abs(a.k / a.o - t.grr_rate) > 1e-12 OR a.n / t.opening_count::float8 <> t.logo_churn_rate$$, 'and their accounts add up');
SELECT is_empty($$SELECT 1 FROM r.retention_trailing_year WHERE nrr_rate IS NOT NULL AND (nrr_chained_rate IS NULL OR nrr_movement_rate IS NULL OR nrr_ttm_avg_rate IS NULL)$$, 'by every method');
-- other rules keep the identity
UPDATE r.policy SET rate_rule = 'average';
SELECT results_eq('SELECT period_start_on, coalesce(new, 0), coalesce(expansion, 0), coalesce(contraction, 0), coalesce(churn, 0), fx FROM pg_temp.parts ORDER BY 1', 'SELECT period_start_on, new_mrr, expansion_mrr, contraction_mrr, churn_mrr, fx_mrr FROM r.revenue_monthly ORDER BY 1', 'accounts add up exactly at mean rates');
SELECT results_eq('SELECT period_start_on, sum(opening_mrr), sum(fx_mrr), sum(closing_mrr) FROM r.revenue_by_currency GROUP BY 1 ORDER BY 1', 'SELECT period_start_on, opening_mrr, fx_mrr, closing_mrr FROM r.revenue_monthly ORDER BY 1', 'and currencies');
UPDATE r.policy SET rate_rule = 'period_start', entity_grain = 'subscription';
CALL refresh('r');
SELECT results_eq('SELECT period_start_on, coalesce(new, 0), coalesce(expansion, 0), coalesce(contraction, 0), coalesce(churn, 0), fx FROM pg_temp.parts ORDER BY 1', 'SELECT period_start_on, new_mrr, expansion_mrr, contraction_mrr, churn_mrr, fx_mrr FROM r.revenue_monthly ORDER BY 1', 'and subscriptions');
SELECT results_eq($$SELECT period_start_on, opening_mrr, closing_mrr, expansion_count, contraction_count FROM r.revenue_monthly ORDER BY 1$$, $$SELECT t0, sum(o), sum(x), 0::bigint, 0::bigint FROM worth GROUP BY t0 ORDER BY 1$$,
    'by subscription MRR is the same, and nothing expands, as each has one price');
-- once more by the quarter of a fiscal year that begins in February
UPDATE r.policy SET entity_grain = 'account', period = 'quarter', fiscal_year_start = 2;
CALL refresh('r');
SELECT results_eq('SELECT period_start_on, is_complete FROM r.revenue_by_period WHERE dimension = ''all'' ORDER BY 1', $$SELECT q::date, q < '2024-02-01' FROM generate_series(timestamp '2022-02-01', '2024-02-01', '3 months') q$$, 'quarters from February');
SELECT is_empty($$SELECT 1 FROM r.revenue_by_period q JOIN r.revenue_monthly m ON m.period_start_on = q.period_start_on WHERE q.dimension = 'all' AND q.opening_mrr <> m.opening_mrr$$, 'open with their first month');
SELECT is_empty($$SELECT 1 FROM r.revenue_by_period q, LATERAL (SELECT sum(o) AS o, sum(CASE WHEN o > 0 THEN c ELSE 0 END) AS c FROM (
        SELECT id, sum(m0 * coalesce(a.rate, 1)) AS o, sum(m1 * coalesce(a.rate, 1)) AS c
        FROM (SELECT id, code, coalesce(sum(mrr) FILTER (WHERE starts <= q.period_start_on - 1 AND (ends > q.period_start_on - 1) IS NOT FALSE), 0) AS m0,
                     coalesce(sum(mrr) FILTER (WHERE starts <= q.period_end_on - 1 AND (ends > q.period_end_on - 1) IS NOT FALSE), 0) AS m1 FROM term GROUP BY 1, 2) p
             LEFT JOIN daily a ON a.code = p.code AND a.day = q.period_start_on - 1 GROUP BY id) e) w
    WHERE q.dimension = 'all' AND abs(q.nrr_rate - w.c / w.o) > 1e-12$$, 'and keep what plain SQL says');
UPDATE r.policy SET period = 'year', fiscal_year_start = 1;
SELECT results_eq('SELECT period_start_on, period_end_on, is_complete FROM r.revenue_by_period WHERE dimension = ''all'' ORDER BY 1', $$VALUES ('2022-01-01'::date, '2023-01-01'::date, true), ('2023-01-01', '2024-01-01', true), ('2024-01-01', '2024-04-01', false)$$, 'or by the year');
SELECT results_eq('SELECT period_start(d, p, f) FROM (VALUES (date ''2024-03-31'', ''quarter'', 2), (''2024-01-31'', ''quarter'', 2), (''2024-05-31'', ''year'', 7), (''2024-07-01'', ''year'', 7), (''2024-02-29'', ''month'', 3)) v(d, p, f)',
    $$VALUES ('2024-02-01'::date), ('2023-11-01'), ('2023-07-01'), ('2024-07-01'), ('2024-02-01')$$, 'period_start');
SELECT * FROM finish();
ROLLBACK;
