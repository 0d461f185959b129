\unset ECHO
\i test/psql.sql
-- Time to value, support, satisfaction and lifetime value in a model of a few facts: figures by hand, each rule of
-- the policy moving one of them, and each row that cannot be right named.
BEGIN;
SELECT plan(48);
CALL create_model('cs');
UPDATE cs.policy SET time_zone = 'Europe/Berlin', as_of = '2024-06-30';

CREATE TABLE public.customer (account_id text, onboarding_path text, created_on date);
INSERT INTO public.customer VALUES ('a', 'guided', '2024-01-01'), ('b', 'guided', '2024-01-01'), ('c', 'alone', '2024-01-01'), ('d', 'alone', '2024-01-01'), ('e', 'alone', '2024-01-01'), ('f', 'guided', '2024-01-01');
-- Plain timestamps are of the model's zone.
CREATE TABLE public.step (account_id text, milestone text, reached_at timestamp, due_on date, is_start boolean, is_value boolean);
INSERT INTO public.step VALUES
    ('a', 'kickoff', '2024-01-10', NULL, true, NULL), ('a', 'live', '2024-01-20', '2024-01-15', NULL, true),
    ('b', 'kickoff', '2024-03-21', NULL, true, NULL), ('b', 'live', '2024-04-01', NULL, NULL, true), -- over the change of the clock
    ('c', 'kickoff', '2024-01-10', NULL, true, NULL), ('c', 'live', NULL, '2024-07-01', NULL, true),
    ('d', 'kickoff', '2024-01-10', NULL, true, NULL),
    ('e', 'kickoff', '2024-02-01', NULL, true, NULL), ('e', 'live', '2024-01-31', NULL, NULL, true),
    ('f', 'kickoff', '2024-07-02', NULL, true, NULL);
CREATE TABLE public.contract (account_id text, starts_on date, ends_on date, mrr numeric);
INSERT INTO public.contract VALUES ('a', '2024-01-05', NULL, 100), ('b', '2024-01-05', NULL, 100), ('c', '2024-01-05', NULL, 100), ('d', '2024-01-05', '2024-02-09', 300), ('f', '2024-01-05', NULL, 100);
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'milestone', 'TABLE public.step');
CALL map('cs', 'subscription', 'TABLE public.contract');
CALL refresh('cs');

-- Time to value. Berlin's clock is set forward on 2024-03-31: b takes 11 days less an hour.
SELECT results_eq('SELECT account_id, status, round(ttv_days::numeric, 6) FROM cs.time_to_value_by_account ORDER BY 1',
    $$VALUES ('a', 'reached', 10.000000), ('b', 'reached', 10.958333), ('c', 'waiting', 172.958333), ('d', 'lost', 30.000000), ('e', 'rejected', -1.000000)$$,
    'where each account stands; f, whose kickoff is to come, has not set out');
-- a and b of four got there; d never will; c may. Incidence 1/4, 1/2 from 11 days less an hour on to the 172.958333 that c was seen: the median is their middle.
SELECT results_eq($$SELECT account_count, reached_count, waiting_count, lost_count, rejected_count, round(ttv_median_days::numeric, 6), within_30_days_rate, round(naive_ttv_mean_days::numeric, 6), round(naive_ttv_median_days::numeric, 6) FROM cs.time_to_value WHERE dimension = 'all'$$,
    $$VALUES (4::bigint, 2::bigint, 1::bigint, 1::bigint, 1::bigint, 91.958333, 0.5::float8, 10.479167, 10.479167)$$, 'time to value of all: half have got there');
SELECT results_eq('SELECT dimension, value, account_count, round(within_30_days_rate::numeric, 12) FROM cs.time_to_value ORDER BY 1, 2',
    $$VALUES ('all', 'all', 4::bigint, 0.5::numeric(13, 12)), ('onboarding_path', 'alone', 2, 0), ('onboarding_path', 'guided', 2, 1)$$, 'and by onboarding path');
SELECT is(log_rank_p, p, 'paths are compared by log-rank: ' || value)
FROM cs.time_to_value, log_rank((SELECT duration_agg(started_at, value_at, '2024-07-01 00:00 Europe/Berlin'::timestamptz - interval '1 us', lost_at) FROM cs.time_to_value_by_account WHERE status <> 'rejected' AND onboarding_path = 'alone'),
                                (SELECT duration_agg(started_at, value_at, '2024-07-01 00:00 Europe/Berlin'::timestamptz - interval '1 us', lost_at) FROM cs.time_to_value_by_account WHERE status <> 'rejected' AND onboarding_path = 'guided'))
WHERE dimension = 'onboarding_path' ORDER BY value;
SELECT is(log_rank_p, NULL, 'with nothing to compare, nothing is') FROM cs.time_to_value WHERE dimension = 'all';
SELECT results_eq('SELECT account_id, due_count(milestones, at), overdue_count(milestones, at) FROM cs_internal.account_state, (VALUES (timestamptz ''2024-01-16 00:00 Europe/Berlin'')) AS t(at) WHERE account_id = ''a''',
    $$VALUES ('a', 1::bigint, 1::bigint)$$, 'a milestone is overdue when its day is over in the model''s zone');
SELECT is(overdue_count(milestones, timestamptz '2024-01-16 00:00 Europe/Berlin' - interval '1 us'), 0::bigint, 'and not before') FROM cs_internal.account_state WHERE account_id = 'a';

UPDATE cs.policy SET lost_before_value_rule = 'censor';
SELECT results_eq($$SELECT waiting_count, lost_count FROM cs.time_to_value WHERE dimension = 'all'$$, 'VALUES (2::bigint, 0::bigint)', 'lost_before_value_rule censor: the lost count as waiting until then');
UPDATE cs.policy SET lost_before_value_rule = 'compete', ttv_start_rule = 'paid';
SELECT results_eq('SELECT account_id, round(ttv_days::numeric, 6) FROM cs.time_to_value_by_account ORDER BY 1', $$VALUES ('a', 15.000000), ('b', 86.958333), ('c', 177.958333), ('d', 35.000000), ('f', 177.958333)$$, 'ttv_start_rule paid: from the first MRR');
UPDATE cs.policy SET ttv_start_rule = 'created';
SELECT results_eq('SELECT account_id, round(ttv_days::numeric, 6) FROM cs.time_to_value_by_account ORDER BY 1', $$VALUES ('a', 19.000000), ('b', 90.958333), ('c', 181.958333), ('d', 39.000000), ('e', 30.000000), ('f', 181.958333)$$, 'ttv_start_rule created: from the day the account was created');
UPDATE cs.policy SET as_of = '2024-01-14', ttv_start_rule = 'milestone';
SELECT results_eq('SELECT account_id, status FROM cs.time_to_value_by_account ORDER BY 1', $$VALUES ('a', 'waiting'), ('c', 'waiting'), ('d', 'waiting')$$, 'in the middle of January three had set out, and none was there');
UPDATE cs.policy SET as_of = '2024-06-30', ttv_start_rule = 'milestone';
-- g was lost before its kickoff, h at the very instant of its value
INSERT INTO public.contract VALUES ('g', '2024-01-05', '2024-02-01', 10), ('h', '2024-01-05', '2024-03-01', 10);
INSERT INTO public.step VALUES ('g', 'kickoff', '2024-02-10', NULL, true, NULL), ('h', 'kickoff', '2024-02-10', NULL, true, NULL), ('h', 'live', '2024-03-01', NULL, NULL, true);
CALL refresh('cs');
SELECT results_eq($$SELECT account_id, status, ttv_days FROM cs.time_to_value_by_account WHERE account_id IN ('g', 'h') ORDER BY 1$$, $$VALUES ('g', 'lost', 0::float8), ('h', 'reached', 20)$$, 'lost before it began: no day; value and loss at once: reached');
SELECT results_eq($$SELECT reached_count, lost_count FROM cs.time_to_value WHERE dimension = 'all'$$, 'VALUES (3::bigint, 2::bigint)', 'and so they count');
DELETE FROM public.contract WHERE account_id IN ('g', 'h');
DELETE FROM public.step WHERE account_id IN ('g', 'h');
CALL refresh('cs');

-- Lifetime value. Tenures as of 2024-06-30: d 35 days and gone, the others 178 days and here, paying 100 each.
SELECT results_eq($$SELECT account_count, paying_count, churned_count, mrr, arpa_mrr, tenure_median_days FROM cs.value_by_segment WHERE dimension = 'all'$$,
    'VALUES (5::bigint, 4::bigint, 1::bigint, 400::numeric, 100::numeric, NULL::float8)', 'value of all');
-- Months that began on the first with MRR: five in February, four from March to June; one was lost in February.
SELECT results_eq($$SELECT monthly_churn_rate, cltv_amount, cltv_reason FROM cs.value_by_segment WHERE dimension = 'all'$$, $$VALUES (1 / 21.0::float8, 2100::numeric, NULL)$$, 'constant churn: 100 / (1 / 21)');
SELECT results_eq($$SELECT cltv_amount, cltv_lower_amount > 0, cltv_upper_amount, cltv_reason FROM cs.value_by_segment WHERE value = 'guided'$$,
    $$VALUES (NULL::numeric, true, NULL::numeric, 'no churn: the formula has no bound')$$, 'a segment without churn has no such value, but a lower bound');
-- S falls to 4/5 at 35 days; months 0 to 5 begin within 178 days. Discount 1.1 a year.
SELECT results_eq($$SELECT round(discounted_cltv_amount, 6), known_months FROM cs.value_by_segment WHERE dimension = 'all'$$,
    $$SELECT round(100 * sum(CASE WHEN k < 2 THEN 1 ELSE 0.8 END * 1.1 ^ (-k / 12.0)), 6), 6 FROM generate_series(0, 5) AS k$$, 'from the retention curve, as far as it tells');
-- By MRR: 300 of 700 lost.
SELECT results_eq($$SELECT round(weighted_cltv_amount, 6) FROM cs.value_by_segment WHERE dimension = 'all'$$,
    $$SELECT round(100 * sum(CASE WHEN k < 2 THEN 1 ELSE 4 / 7.0 END * 1.1 ^ (-k / 12.0)), 6) FROM generate_series(0, 5) AS k$$, 'from the curve of MRR');
UPDATE cs.policy SET gross_margin = 0.8, annual_discount = 0, value_months = 3, monthly_expansion = 0.1;
SELECT results_eq($$SELECT discounted_cltv_amount, known_months, cltv_amount FROM cs.value_by_segment WHERE dimension = 'all'$$, 'VALUES (80 * (1 + 1.1 + 0.8 * 1.21), 3, 1680::numeric)', 'gross_margin, annual_discount, value_months and monthly_expansion');
SELECT results_eq($$SELECT sbg_cltv_amount, sbg_reason FROM cs.value_by_segment WHERE dimension = 'all'$$, $$VALUES (NULL::numeric, 'without discount it may have no bound')$$, 'without a discount, nothing without a horizon');
UPDATE cs.policy SET gross_margin = 1, annual_discount = 0.1, value_months = 60, monthly_expansion = 0;
SELECT results_eq('SELECT account_id, renewal_count FROM cs.tenure_by_account ORDER BY 1', $$VALUES ('a', 5::bigint), ('b', 5), ('c', 5), ('d', 2), ('f', 5)$$, 'renewals that came up: d left at the second');
-- A fit of many contracts: the view gives what sbg_fit gives, and margin x (1 + residual) in money.
INSERT INTO public.contract SELECT 's' || n, '2024-01-01', date '2024-01-01' + (CASE WHEN n <= 40 THEN 1 WHEN n <= 55 THEN 2 WHEN n <= 62 THEN 3 WHEN n <= 66 THEN 4 END) * interval '1 month', 50 FROM generate_series(1, 100) AS n;
CALL refresh('cs');
SELECT is(concat_ws(' ', round(sbg_alpha::numeric, 9), round(sbg_beta::numeric, 9), sbg_cltv_amount, sbg_reason),
          concat_ws(' ', round(alpha::numeric, 9), round(beta::numeric, 9), trim_scale(round(arpa_mrr * (1 + sbg_residual_lifetime(s, 1.1 ^ (1 / 12.0) - 1, 0) / 1.1 ^ (1 / 12.0))::numeric, 6))), 'shifted-beta-geometric value')
FROM cs.value_by_segment, (SELECT sbg_agg(renewal_count::int, churned_on IS NOT NULL) AS s FROM cs.tenure_by_account) AS t, sbg_fit(s) AS f WHERE dimension = 'all';
-- Forty of a hundred left with the first month, 15, 7 and 4 with those after: they began 40, 30, 21 and 16 months with MRR, who stayed 170.
SELECT is(monthly_churn_rate, 67 / (21 + 277)::float8, 'a loss on the first of a month is one of that month') FROM cs.value_by_segment WHERE dimension = 'all';
SELECT ok(sbg_cltv_amount > cltv_amount, 'where churn falls with age, constant churn understates what customers are worth') FROM cs.value_by_segment WHERE dimension = 'all';

-- Support. Opened on Friday 2024-05-03 16:00, solved on Monday 10:00: 66 hours, 3 of business.
CREATE TABLE public.ticket (account_id text, ticket_id integer, opened_at timestamptz, first_reply_at timestamptz, solved_at timestamptz, reopened integer, agent_replies integer, requester_id text);
INSERT INTO public.ticket VALUES
    ('a', 1, '2024-05-03 16:00+02', '2024-05-03 17:30+02', '2024-05-06 10:00+02', 0, 1, 'ann'),
    ('a', 2, '2024-05-16 10:00+02', '2024-05-16 10:30+02', '2024-05-16 11:00+02', 0, 2, 'ann'),
    ('b', 3, '2024-05-08 09:00+02', '2024-05-08 09:30+02', '2024-05-08 12:00+02', 1, 1, 'bob'),
    ('b', 4, '2024-06-25 09:00+02', NULL, NULL, NULL, NULL, 'bob'),
    ('b', 5, '2024-05-09 12:00+02', NULL, '2024-05-09 11:00+02', NULL, NULL, 'eve');
CALL map('cs', 'ticket', 'TABLE public.ticket');
CALL refresh('cs');
SELECT results_eq('SELECT period_start_on, opened_count, solved_count, backlog_count, round(backlog_age_days::numeric, 6), judged_count, fcr_rate, reopen_rate, one_touch_rate, rejected_count, is_complete FROM cs.support_monthly',
    $$VALUES (date '2024-05-01', 4::bigint, 4::bigint, 0::bigint, NULL::numeric, 3::bigint, 2 / 3.0::float8, 0.25::float8, 1 / 3.0::float8, 1::bigint, true),
             ('2024-06-01', 1, 0, 1, 5.625000, 0, NULL, NULL, NULL, 0, true)$$, 'support, month by month');
SELECT results_eq('SELECT resolution_median_hours, naive_resolution_mean_hours, first_reply_median_hours FROM cs.support_monthly WHERE opened_count = 4',
    'VALUES (3::float8, 70 / 3.0::float8, 0.5::float8)', 'hours of 66, 1 and 3; replies after 1.5, 0.5 and 0.5');
SELECT results_eq($$SELECT account_id, open_count, opened_90_days_count, repeated_90_days_count, reopened_90_days_count, friction_count, round(oldest_open_days::numeric, 6), mrr FROM cs.support_by_account ORDER BY 1$$,
    $$VALUES ('a', 0::bigint, 2::bigint, 0::bigint, 0::bigint, 0::bigint, NULL::numeric, 100::numeric), ('b', 1, 3, 0, 1, 1, 5.625000, 100)$$, 'friction by account');
UPDATE cs.policy SET contact_window_days = 14;
SELECT is(fcr_rate, 1 / 3.0::float8, 'contact_window_days: ticket 2 came 10 days after the solve of ticket 1') FROM cs.support_monthly WHERE opened_count = 4;
SELECT is(repeated_90_days_count, 1::bigint, 'and is a repeated contact now') FROM cs.support_by_account WHERE account_id = 'a';
UPDATE cs.policy SET contact_window_days = 7, business_hours = '{Europe/Berlin Mon-Fri 09:00-17:00}';
SELECT results_eq('SELECT resolution_median_hours, naive_resolution_mean_hours, first_reply_median_hours, rejected_count FROM cs.support_monthly WHERE opened_count = 4',
    'VALUES (2::float8, 2::float8, 0.5::float8, 1::bigint)', 'business_hours: 2, 1 and 3; replies after 1, 0.5 and 0.5');
UPDATE cs.policy SET business_hours = '{Europe/Berlin Mon-Fri 09:00-17:00,Europe/Berlin Mon-Fri 09:30-17:00}', business_hours_from = '{-infinity,2024-05-06}';
SELECT is(naive_resolution_mean_hours, (1.5 + 1 + 2.5) / 3::float8, 'several schedules: since that Monday hours begin at half past nine') FROM cs.support_monthly WHERE opened_count = 4;
SELECT is(pg_temp.failure($$UPDATE cs.policy SET business_hours_from = '{-infinity}'$$) LIKE '23514 %', true, 'two schedules need two beginnings');
UPDATE cs.policy SET business_hours = NULL, business_hours_from = '{-infinity}', report_from = '2024-06-15';
SELECT results_eq('SELECT period_start_on, backlog_count FROM cs.support_monthly', $$VALUES (date '2024-06-01', 1::bigint)$$, 'report_from: months from there on, with the backlog of before');
UPDATE cs.policy SET report_from = NULL;

-- Satisfaction
CREATE TABLE public.answer (account_id text, kind text, score numeric, responded_at timestamptz, sent_at timestamptz, respondent_id text, lowest numeric, highest numeric, higher_is_better boolean);
INSERT INTO public.answer VALUES
    ('a', 'NPS', 10, '2024-05-02 00:00+02', '2024-04-30 23:00+02', 'ann'), ('a', 'NPS', 3, '2024-05-20 00:00+02', '2024-05-19 00:00+02', 'ann'), ('b', 'NPS', 9, '2024-05-31 23:00+02', NULL, NULL),
    ('b', 'NPS', 8, '2024-05-31 23:00+02', NULL, NULL), ('b', 'NPS', 11, '2024-05-31 23:00+02', NULL, 'bob'), ('b', 'NPS', NULL, NULL, '2024-05-05 00:00+02', 'cyd'),
    ('a', 'csat', 3, '2024-05-02 00:00+02', NULL, 'ann'), ('a', 'csat', 5, '2024-05-02 00:00+02', NULL, 'bob'), ('a', 'csat', 4, '2024-05-02 00:00+02', NULL, 'cyd');
INSERT INTO public.answer VALUES ('a', 'csat', 5, '2024-05-02 00:00+02', NULL, 'dee', 1, 7, true),
    ('a', 'ces', 1, '2024-05-02 00:00+02', NULL, 'ann', 1, 5, false), ('a', 'ces', 4, '2024-05-02 00:00+02', NULL, 'bob', 1, 7, true);
CALL map('cs', 'survey', 'TABLE public.answer');
CALL refresh('cs');
-- NPS of 3 (the last of ann), 9 and 8; CSAT of 3, 5, 4 and 11/3; CES of 7 and 4
SELECT results_eq('SELECT period_start_on, nps_score, nps_count, csat_rate, csat_count, ces_score, ces_easy_rate, ces_count, rejected_count, is_small_sample, nps_sent_count, nps_response_rate FROM cs.satisfaction_monthly',
    $$VALUES (date '2024-04-01', NULL::float8, 0::bigint, NULL::float8, 0::bigint, NULL::float8, NULL::float8, 0::bigint, 0::bigint, false, 1::bigint, 1::float8),
             ('2024-05-01', 0, 3, 0.5, 4, 5.5, 0.5, 2, 1, true, 2, 0.5)$$, 'satisfaction, month by month, in the months of Berlin');
UPDATE cs.policy SET answer_rule = 'first', satisfied_from = 3.5;
SELECT results_eq($$SELECT nps_score, csat_rate FROM cs.satisfaction_monthly WHERE nps_count > 0$$, 'VALUES (200 / 3.0::float8, 0.75::float8)', 'answer_rule first: 10, 9, 8; satisfied_from 3.5: 11/3 is satisfied');
UPDATE cs.policy SET answer_rule = 'mean';
SELECT results_eq($$SELECT nps_score, nps_count, detractor_count FROM cs.satisfaction_monthly WHERE nps_count > 0$$, 'VALUES (0::float8, 3::bigint, 1::bigint)', 'answer_rule mean: 6.5, 9, 8');
UPDATE cs.policy SET answer_rule = 'all';
SELECT results_eq($$SELECT nps_score, nps_count FROM cs.satisfaction_monthly WHERE nps_count > 0$$, 'VALUES (25::float8, 4::bigint)', 'answer_rule all: 10, 3, 9, 8');
SELECT is(rescale(2, 1, 4, false, 1, 7), 5::numeric, 'rescale turns a scale round');
SELECT is(rescale(11, 0, 10, true, 0, 10), 'NaN'::numeric, 'and has no place for what is off it');

-- Rows that cannot be right
CREATE FUNCTION pg_temp.refused(line text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE said text;
BEGIN
    EXECUTE 'INSERT INTO public.' || line;
    CALL refresh('cs');
    RAISE EXCEPTION USING ERRCODE = 'P0099', MESSAGE = 'accepted';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;
SELECT is(pg_temp.refused(line), want, want)
FROM (VALUES
    ($$ticket VALUES (NULL, 9, '2024-01-01')$$, 'source "ticket", account NULL: ticket 9: account_id is NULL'),
    ($$ticket VALUES ('a', 9)$$, 'source "ticket", account a: ticket 9: opened_at is NULL'),
    ($$ticket VALUES ('a', 9, '2024-01-01', NULL, NULL, -1)$$, 'source "ticket", account a: ticket 9: reopened -1 is below 0'),
    ($$answer VALUES ('a', 'smile', 1, '2024-01-01')$$, 'source "survey", account a: kind ''smile'' is not nps, csat or ces'),
    ($$answer VALUES ('a', 'nps', 1)$$, 'source "survey", account a: neither responded_at nor sent_at'),
    ($$answer VALUES ('a', 'csat', 1, '2024-01-01', NULL, NULL, 5, 1)$$, 'source "survey", account a: lowest 5 is not below highest 1'),
    ($$answer VALUES ('a', 'ces', 1, '2024-01-01')$$, 'source "survey", account a: higher_is_better is NULL, and CES scales run both ways'),
    ($$step VALUES ('a', NULL)$$, 'source "milestone", account a: milestone is NULL')
) AS wrong(line, want);
SELECT * FROM finish();
ROLLBACK;
