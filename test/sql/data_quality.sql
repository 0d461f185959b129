\unset ECHO
\i test/psql.sql
-- Data quality: every rule finds what is planted for it and nothing else, the effect on the headline figures is worked
-- out by hand and is that of a model built without the rows, quarantine leaves rows out, and users have rules of their own.
BEGIN;
SET LOCAL jit = off;
SELECT plan(103);

-- A clean company: five customers, of which e left.
CALL create_model('cs');
UPDATE cs.policy SET as_of = '2024-12-31';
CREATE SCHEMA crm;
SELECT format('CREATE TABLE crm.%1$I AS TABLE cs_internal.source_%1$s', source), format('CALL map(''cs'', %1$L, ''TABLE crm.%1$I'')', source) FROM (SELECT DISTINCT source FROM source_column) s \gexec
INSERT INTO crm.account (account_id, name, segment, time_zone, seats, created_on)
SELECT id, 'Company ' || id, 'small', 'Europe/Berlin', 3, '2022-12-01' FROM unnest('{a,b,c,d,e}'::text[]) id;
INSERT INTO crm.subscription (account_id, subscription_id, starts_on, ends_on, mrr, currency, product) VALUES
    ('a', 's1', '2023-01-01', '2024-03-01', 100, 'EUR', 'base'), ('a', 's1', '2024-03-01', NULL, 150, 'EUR', 'base'), ('b', 's2', '2023-01-01', NULL, 100, 'EUR', 'base'),
    ('c', 's3', '2023-01-01', '2024-09-01', 100, 'EUR', 'base'), ('c', 's3', '2024-09-01', NULL, 80, 'EUR', 'base'), ('d', 's4', '2023-01-01', NULL, 100, 'EUR', 'base'), ('e', 's5', '2023-01-01', '2024-06-01', 100, 'EUR', 'base');
INSERT INTO crm.ticket (account_id, ticket_id, opened_at, first_reply_at, solved_at, reopened, agent_replies, requester_id) VALUES
    ('a', 't1', '2024-06-03 10:00', '2024-06-03 11:00', '2024-06-03 12:00', 0, 1, 'ann'), ('b', 't2', '2024-06-03 10:00', '2024-06-03 11:00', '2024-06-03 12:00', 0, 1, 'bob'),
    ('c', 't3', '2024-06-03 10:00', '2024-06-03 11:00', '2024-06-03 12:00', 0, 1, 'cyd'), ('c', 't4', '2024-06-05 10:00', NULL, '2024-06-05 12:00', 0, 1, 'cyd');
INSERT INTO crm.survey (account_id, kind, score, responded_at, sent_at, respondent_id, higher_is_better) VALUES
    ('a', 'nps', 10, '2024-06-03 10:00', '2024-06-02 10:00', 'ann', true), ('b', 'nps', 9, '2024-06-03 10:00', '2024-06-02 10:00', 'bob', true), ('c', 'NPS', 5, '2024-06-03 10:00', '2024-06-02 10:00', 'cyd', NULL),
    ('a', 'csat', 5, '2024-06-03 13:00', NULL, 'ann', true), ('b', 'csat', 2, '2024-06-03 13:00', NULL, 'bob', true), ('c', 'ces', 6, '2024-06-03 13:00', NULL, 'cyd', true), ('d', 'nps', NULL, NULL, '2024-06-02 10:00', 'dee', true);
INSERT INTO crm.usage (account_id, at, user_id, role, feature, events)
SELECT id, day + interval '9 hours', id || '-1', 'admin', 'reports', 3 FROM unnest('{a,b,c,d}'::text[]) id, generate_series(timestamptz '2024-11-01', '2024-12-30', '1 day') day;
INSERT INTO crm.milestone (account_id, milestone, reached_at, due_on, is_start, is_value) SELECT id, m, at, due, m = 'kickoff', m = 'live'
FROM unnest('{a,b,c,d}'::text[]) id, (VALUES ('kickoff', timestamptz '2023-01-02', date '2023-01-03'), ('live', '2023-02-01', '2023-02-10'), ('grown', NULL, '2025-01-01')) AS v(m, at, due);
INSERT INTO crm.signal (account_id, signal, at, value) VALUES ('a', 'pulse', '2024-12-01', 80), ('b', 'pulse', '2024-12-01', 20);
INSERT INTO crm.entitlement (account_id, feature, starts_on, ends_on) VALUES ('a', 'reports', '2023-01-01', NULL), ('b', 'reports', NULL, '2024-01-01');
CALL refresh('cs');

-- What a planted fault makes validate find, one line a finding; then it is gone again.
CREATE FUNCTION pg_temp.found(planted text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        EXECUTE planted;
        CALL csmetrics.validate('cs');
        RETURN QUERY SELECT concat_ws(' | ', format('%s %s %s', severity, source, rule), row_count || CASE WHEN account_count IS NULL THEN '' ELSE ' of ' || account_count END, sample_keys, mrr, effect) FROM cs.data_quality;
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        NULL;
    END;
END
$$;
CREATE TEMP TABLE planted (nr serial, planted text, expected text[]);
INSERT INTO planted (planted, expected) VALUES
('SELECT', '{}'),
($$UPDATE crm.subscription SET ends_on = '9999-12-31' WHERE account_id = 'b'; UPDATE crm.subscription SET ends_on = 'infinity', renews_on = '10000-01-01' WHERE account_id = 'd'; CALL csmetrics.refresh('cs')$$, '{}'),
($$INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr, product) VALUES ('b', 's2', '2024-02-01', 50, 'base')$$,
    ARRAY['warning subscription overlap | 1 of 1 | b / s2 / 2024-02-01 / 50 | 150 | excluding these, NRR falls 10 points, closing MRR falls 50']),
($$INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr, product) VALUES ('b', 's2', '2024-02-01', 50, 'addon')$$, '{}'),
($$INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr, product) VALUES ('e', 's6', '2024-06-02', 60, 'base')$$,
    ARRAY['warning subscription last day as end | 1 of 1 | e / s6 / 2024-06-02 / 60 | 60 | nothing to leave out']),
($$UPDATE cs.policy SET gap_smooth_days = 2; INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr, product) VALUES ('e', 's6', '2024-06-02', 60, 'base')$$, '{}'),
($$INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr, product) VALUES ('e', 's6', '2024-08-01', 60, 'base')$$,
    ARRAY['warning subscription late renewal | 1 of 1 | e / s6 / 2024-08-01 / 60 | 60 | nothing to leave out']),
($$INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr, product) VALUES ('e', 's6', '2024-09-02', 60, 'base')$$, '{}'),
($$INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr, product) VALUES ('e', 's6', '2024-05-01', 60, 'base')$$,
    ARRAY['warning subscription early renewal | 1 of 1 | e / s6 / 2024-05-01 / 60 | 60 | nothing to leave out']),
($$INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr, product) VALUES ('e', 's6', '2024-05-01', 60, 'addon')$$, '{}'),
($$INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr, currency, product) VALUES ('d', 's2', '2023-01-01', 100, 'EUR', 'other')$$,
    ARRAY['warning subscription deal of several accounts | 1 of 1 | d / s2 / 2023-01-01 / 100 | 200 | excluding these, NRR falls 2.3 points, GRR falls 4 points, closing MRR falls 100']),
($$INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr) VALUES ('e', 's5', '2024-08-01', 60)$$,
    ARRAY['warning subscription gap | 1 of 1 | e / s5 / 2024-08-01 / 60 | 60 | nothing to leave out']),
($$UPDATE cs.policy SET gap_smooth_days = 62; INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr) VALUES ('e', 's5', '2024-08-01', 60)$$, '{}'),
($$UPDATE cs.policy SET credit_rule = 'count'; INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr) VALUES ('d', 's4', '2024-05-01', -30)$$,
    ARRAY['warning subscription negative mrr | 1 of 1 | d / s4 / 2024-05-01 / -30 | 70 | excluding these, NRR rises 6 points, GRR rises 6 points, closing MRR rises 30']),
($$INSERT INTO crm.subscription (account_id, starts_on, ends_on, mrr) VALUES ('d', '2024-05-01', '2024-04-01', 30)$$,
    ARRAY['error subscription ends before start | 1 of 1 | d / NULL / 2024-05-01 / 30 | 100 | excluding these changes no headline figure; refresh stops at them']),
($$INSERT INTO crm.subscription (account_id, starts_on, mrr) VALUES ('d', NULL, 30), ('d', '2024-05-01', NULL)$$,
    ARRAY['error subscription mrr missing | 1 of 1 | d / NULL / 2024-05-01 / NULL | 100 | excluding these changes no headline figure; refresh stops at them',
     'error subscription start missing | 1 of 1 | d / NULL / NULL / 30 | 100 | excluding these changes no headline figure; refresh stops at them']),
($$INSERT INTO crm.subscription (account_id, starts_on, mrr, discount_mrr, limited_discount_mrr) VALUES ('d', '2024-05-01', 1, -1, 0), ('d', '2024-05-02', 1, 0, -1), ('d', '2024-05-03', 1, 0, 'NaN')$$,
    ARRAY['error subscription discount below 0 | 1 of 1 | d / NULL / 2024-05-01 / 1 | 100 | excluding these changes no headline figure; refresh stops at them',
     'error subscription discount out of range | 1 of 1 | d / NULL / 2024-05-03 / 1 | 100 | excluding these changes no headline figure; refresh stops at them',
     'error subscription limited discount below 0 | 1 of 1 | d / NULL / 2024-05-02 / 1 | 100 | excluding these changes no headline figure; refresh stops at them']),
($$INSERT INTO crm.subscription (account_id, starts_on, mrr) VALUES (NULL, '2024-05-01', 1), ('d', '2024-05-01', 'NaN'), ('d', '12024-05-01', 1)$$,
    ARRAY['error subscription amount out of range | 1 of 1 | d / NULL / 2024-05-01 / NaN | 100 | excluding these changes no headline figure; refresh stops at them',
     'error subscription date out of range | 1 of 1 | d / NULL / 12024-05-01 / 1 | 100 | excluding these changes no headline figure; refresh stops at them',
     'error subscription account missing | 1 of 0 | NULL / NULL / 2024-05-01 / 1 | 0 | excluding these changes no headline figure; refresh stops at them']),
($$INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr) VALUES ('x', 's9', '2024-05-01', 70), ('y', 's8', '2023-05-01', 7)$$,
    ARRAY['error subscription orphan | 2 of 2 | x / s9 / 2024-05-01 / 70; y / s8 / 2023-05-01 / 7 | 77 | excluding these, NRR falls 0.2 points, GRR falls 0.3 points, logo churn rises 3.3 points, closing MRR falls 77']),
($$INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr, product) VALUES ('d', 's44', '2023-01-01', 100, 'base')$$,
    ARRAY['warning subscription double-counted subscription | 1 of 1 | d / s44 / 2023-01-01 / 100 | 200 | excluding these, NRR falls 2.3 points, GRR falls 4 points, closing MRR falls 100']),
($$INSERT INTO crm.subscription (account_id, starts_on, mrr) SELECT 'b', '2024-12-01', 5 FROM generate_series(1, 3)$$,
    ARRAY['warning subscription duplicate row | 2 of 1 | b / NULL / 2024-12-01 / 5; b / NULL / 2024-12-01 / 5 | 115 | excluding these, NRR falls 2 points, closing MRR falls 10']),
($$UPDATE crm.subscription SET currency = 'usd' WHERE account_id = 'd'; UPDATE crm.subscription SET currency = 'DM' WHERE account_id = 'c'$$,
    ARRAY['warning subscription mixed currencies | 3 of 2 | c / s3 / 2023-01-01 / 100; c / s3 / 2024-09-01 / 80; d / s4 / 2023-01-01 / 100 | 180 | excluding these, NRR falls 2.7 points, GRR falls 9.3 points, logo churn rises 13.3 points, closing MRR falls 180',
     'warning subscription unknown currency | 2 of 1 | c / s3 / 2023-01-01 / 100; c / s3 / 2024-09-01 / 80 | 80 | excluding these, NRR rises 1.5 points, GRR falls 1 point, logo churn rises 5 points, closing MRR falls 80']),
($$INSERT INTO crm.ticket SELECT * FROM crm.ticket WHERE ticket_id = 't1'$$,
    ARRAY['warning ticket duplicate ticket | 1 of 1 | a / t1 / 2024-06-03 10:00:00+00 | 150 | excluding these, FCR rises 15 points']),
($$INSERT INTO crm.ticket (account_id, ticket_id, opened_at, first_reply_at, solved_at) VALUES ('d', 't5', '2024-06-03 10:00', NULL, '2024-06-03 09:00'), ('d', 't6', '2024-07-03 10:00', '2024-07-03 09:00', '2024-07-03 11:00')$$,
    ARRAY['warning ticket reply before opened | 1 of 1 | d / t6 / 2024-07-03 10:00:00+00 | 100 | excluding these, FCR falls 5 points',
     'warning ticket solved before opened | 1 of 1 | d / t5 / 2024-06-03 10:00:00+00 | 100 | excluding these changes no headline figure']),
($$INSERT INTO crm.ticket (account_id, ticket_id, opened_at, reopened, agent_replies) VALUES ('d', 't5', NULL, 0, 0), ('d', 't6', '2024-07-03 10:00', -1, 0), ('d', 't7', '2024-07-03 10:00', 0, -1), (NULL, 't8', '2024-07-03 10:00', 0, 0), ('d', 't9', '-infinity', 0, 0)$$,
    ARRAY['error ticket agent replies below 0 | 1 of 1 | d / t7 / 2024-07-03 10:00:00+00 | 100 | excluding these changes no headline figure; refresh stops at them',
     'error ticket date out of range | 1 of 1 | d / t9 / -infinity | 100 | excluding these changes no headline figure; refresh stops at them',
     'error ticket opening missing | 1 of 1 | d / t5 / NULL | 100 | excluding these changes no headline figure; refresh stops at them',
     'error ticket reopened below 0 | 1 of 1 | d / t6 / 2024-07-03 10:00:00+00 | 100 | excluding these changes no headline figure; refresh stops at them',
     'error ticket account missing | 1 of 0 | NULL / t8 / 2024-07-03 10:00:00+00 | 0 | excluding these changes no headline figure; refresh stops at them']),
($$INSERT INTO crm.ticket (account_id, ticket_id, opened_at, solved_at) VALUES ('d', 't5', '2999-01-01', NULL), ('d', 't6', '2024-07-03 10:00', 'infinity'), ('x', 't7', '2024-07-03 10:00', NULL)$$,
    ARRAY['error ticket orphan | 1 of 1 | x / t7 / 2024-07-03 10:00:00+00 | 0 | excluding these changes no headline figure',
     'warning ticket future date | 1 of 1 | d / t5 / 2999-01-01 00:00:00+00 | 100 | excluding these changes no headline figure']),
($$INSERT INTO crm.survey (account_id, kind, score, responded_at, respondent_id, ticket_id) VALUES ('a', 'csat', 1, '2024-07-03 10:00', 'ann', 't1'), ('a', 'csat', 2, '2024-07-03 10:00', 'ann', 't1'), ('a', 'csat', 2, '2024-07-03 10:00', 'ann', 't2')$$,
    ARRAY['warning survey duplicate answer | 1 of 1 | a / csat / 2 / 2024-07-03 10:00:00+00 / ann | 150 | excluding these changes no headline figure']),
($$INSERT INTO crm.survey (account_id, kind, score, responded_at, respondent_id) VALUES ('a', 'nps', 11, '2024-07-03 10:00', 'ann'), ('b', 'csat', 0, '2024-07-03 10:00', 'bob'), ('b', 'csat', 'NaN', '2024-08-03 10:00', 'bob')$$,
    ARRAY['warning survey score off its scale | 3 of 2 | a / nps / 11 / 2024-07-03 10:00:00+00 / ann; b / csat / 0 / 2024-07-03 10:00:00+00 / bob; b / csat / NaN / 2024-08-03 10:00:00+00 / bob | 250 | excluding these changes no headline figure']),
($$INSERT INTO crm.survey (account_id, kind, score, responded_at, sent_at, respondent_id, higher_is_better) VALUES ('a', 'nps', 6.5, '2024-07-03 10:00', NULL, 'ann', NULL), ('b', 'ces', 6.5, '2024-07-03 10:00', '2024-07-04 10:00', 'bob', true)$$,
    ARRAY['warning survey nps not whole | 1 of 1 | a / nps / 6.5 / 2024-07-03 10:00:00+00 / ann | 150 | excluding these, NPS rises 33.3 points',
     'warning survey answered before sent | 1 of 1 | b / ces / 6.5 / 2024-07-03 10:00:00+00 / bob | 100 | excluding these changes no headline figure']),
($$INSERT INTO crm.survey (account_id, kind, score, responded_at, respondent_id, lowest, highest) VALUES ('a', 'nps', 3, '2024-07-03 10:00', 'ann', 0, 5), ('b', 'nps', 9, '2024-07-03 10:00', 'bob', 1, 10)$$,
    ARRAY['warning survey nps on another scale | 1 of 1 | a / nps / 3 / 2024-07-03 10:00:00+00 / ann | 150 | excluding these changes no headline figure',
     'info survey nps from 1 | 1 of 1 | b / nps / 9 / 2024-07-03 10:00:00+00 / bob | 100 | excluding these, NPS falls 16.7 points']),
($$INSERT INTO crm.survey (account_id, kind, score, responded_at, sent_at, lowest, highest, higher_is_better) VALUES ('a', 'stars', 3, '2024-07-03', NULL, NULL, NULL, true), ('a', 'nps', 3, NULL, NULL, NULL, NULL, true), ('a', 'csat', 3, '2024-07-03', NULL, 5, 1, true), ('a', 'ces', 3, '2024-07-03', NULL, NULL, NULL, NULL), (NULL, 'nps', 3, '2024-07-03', NULL, NULL, NULL, true), ('a', 'csat', 3, '2024-07-03', NULL, NULL, 1e19, true), ('a', 'csat', 3, '10000-01-01', NULL, NULL, NULL, true)$$,
    ARRAY['error survey date out of range | 1 of 1 | a / csat / 3 / 10000-01-01 00:00:00+00 / NULL | 150 | excluding these changes no headline figure; refresh stops at them',
     'error survey direction missing | 1 of 1 | a / ces / 3 / 2024-07-03 00:00:00+00 / NULL | 150 | excluding these changes no headline figure; refresh stops at them',
     'error survey neither sent nor answered | 1 of 1 | a / nps / 3 / NULL / NULL | 150 | excluding these changes no headline figure; refresh stops at them',
     'error survey scale out of range | 1 of 1 | a / csat / 3 / 2024-07-03 00:00:00+00 / NULL | 150 | excluding these changes no headline figure; refresh stops at them',
     'error survey scale upside down | 1 of 1 | a / csat / 3 / 2024-07-03 00:00:00+00 / NULL | 150 | excluding these changes no headline figure; refresh stops at them',
     'error survey unknown kind | 1 of 1 | a / stars / 3 / 2024-07-03 00:00:00+00 / NULL | 150 | excluding these changes no headline figure; refresh stops at them',
     'error survey account missing | 1 of 0 | NULL / nps / 3 / 2024-07-03 00:00:00+00 / NULL | 0 | excluding these changes no headline figure; refresh stops at them',
     'warning survey future date | 1 of 1 | a / csat / 3 / 10000-01-01 00:00:00+00 / NULL | 150 | excluding these changes no headline figure']),
($$INSERT INTO crm.survey (account_id, kind, score, responded_at) VALUES ('a', 'nps', 0, '2999-01-01'), ('x', 'nps', 0, '2024-07-03')$$,
    ARRAY['error survey orphan | 1 of 1 | x / nps / 0 / 2024-07-03 00:00:00+00 / NULL | 0 | excluding these, NPS rises 33.3 points',
     'warning survey future date | 1 of 1 | a / nps / 0 / 2999-01-01 00:00:00+00 / NULL | 150 | excluding these changes no headline figure']),
($$INSERT INTO crm.usage (account_id, at, events, feature) VALUES (NULL, '2024-12-30', 1, NULL), ('a', NULL, 1, NULL), ('a', '2024-12-30', -1, NULL), ('a', '2024-12-30', 1, repeat('f', 256)), ('a', '2024-12-30', 281474976710656, NULL), ('a', 'infinity', 1, NULL)$$,
    ARRAY['error usage date out of range | 1 of 1 | a / infinity / NULL | 150 | no headline figure is made of these; refresh stops at them',
     'error usage events below 0 | 1 of 1 | a / 2024-12-30 00:00:00+00 / NULL | 150 | no headline figure is made of these; refresh stops at them',
     'error usage events out of range | 1 of 1 | a / 2024-12-30 00:00:00+00 / NULL | 150 | no headline figure is made of these; refresh stops at them',
     'error usage feature name too long | 1 of 1 | a / 2024-12-30 00:00:00+00 / NULL | 150 | no headline figure is made of these; refresh stops at them',
     'error usage instant missing | 1 of 1 | a / NULL / NULL | 150 | no headline figure is made of these; refresh stops at them',
     'error usage account missing | 1 of 0 | NULL / 2024-12-30 00:00:00+00 / NULL | 0 | no headline figure is made of these; refresh stops at them']),
($$INSERT INTO crm.usage (account_id, at) VALUES ('a', '2999-01-01'), ('x', '2024-12-30')$$,
    ARRAY['error usage orphan | 1 of 1 | x / 2024-12-30 00:00:00+00 / NULL | 0 | no headline figure is made of these',
     'warning usage future date | 1 of 1 | a / 2999-01-01 00:00:00+00 / NULL | 150 | no headline figure is made of these']),
($$INSERT INTO crm.usage (account_id, at, user_id, role) VALUES ('a', '2024-12-30', 'qa@a.example', 'admin'), ('a', '2024-12-30', 'Abbot@a.example', 'Bot'), ('a', '2024-12-30', 'latest', 'protester')$$,
    ARRAY['info usage bot or test user | 2 of 1 | a / 2024-12-30 00:00:00+00 / Abbot@a.example; a / 2024-12-30 00:00:00+00 / qa@a.example | 150 | no headline figure is made of these']),
($$INSERT INTO crm.usage (account_id, at, user_id) SELECT 'a', at, 'night-owl' FROM generate_series(timestamptz '2024-12-01', '2024-12-04', '1 hour') at WHERE extract(hour FROM at) <> 4$$,
    ARRAY['info usage inhuman usage | 70 of 1 | a / 2024-12-01 00:00:00+00 / night-owl; a / 2024-12-01 01:00:00+00 / night-owl; a / 2024-12-01 02:00:00+00 / night-owl; a / 2024-12-01 03:00:00+00 / night-owl; a / 2024-12-01 05:00:00+00 / night-owl | 150 | no headline figure is made of these']),
($$DELETE FROM crm.usage WHERE at > '2024-12-26'$$,
    ARRAY['warning usage stale feed | 4 | a / 2024-12-25 09:00:00+00 / a-1; b / 2024-12-25 09:00:00+00 / b-1; c / 2024-12-25 09:00:00+00 / c-1; d / 2024-12-25 09:00:00+00 / d-1 | nothing to leave out: rows are missing']),
($$DELETE FROM crm.usage WHERE at > '2024-12-28'$$, '{}'),
($$DELETE FROM crm.usage WHERE at BETWEEN '2024-12-01' AND '2024-12-08' OR at BETWEEN '2024-11-10' AND '2024-11-17' OR at > '2024-12-25'$$, '{}'),
($$INSERT INTO crm.milestone (account_id, milestone, reached_at, is_start, is_value) VALUES ('e', 'kickoff', '2023-02-01', true, false), ('e', 'live', '2023-01-31', false, true), ('e', NULL, '2023-03-01', NULL, NULL), (NULL, 'live', '2023-02-01', NULL, NULL), ('x', 'live', NULL, NULL, NULL), ('e', 'grown', '2999-01-01', NULL, NULL), ('e', 'old', '-infinity', NULL, NULL)$$,
    ARRAY['error milestone account missing | 1 of 0 | NULL / live | 0 | no headline figure is made of these; refresh stops at them',
     'error milestone date out of range | 1 of 1 | e / old | 0 | no headline figure is made of these; refresh stops at them',
     'error milestone name missing | 1 of 1 | e / NULL | 0 | no headline figure is made of these; refresh stops at them',
     'error milestone orphan | 1 of 1 | x / live | 0 | no headline figure is made of these',
     'warning milestone reached before start | 2 of 1 | e / live; e / old | 0 | no headline figure is made of these',
     'warning milestone future date | 1 of 1 | e / grown | 0 | no headline figure is made of these']),
($$INSERT INTO crm.signal (account_id, signal, at, value) VALUES (NULL, 'pulse', '2024-12-01', 1), ('a', NULL, '2024-12-01', 1), ('a', 'pulse', NULL, 1), ('a', 'pulse', '2024-12-01', NULL), ('a', 'pulse', '2024-12-01', 'NaN'), ('a', 'pulse', '20024-12-01', 1), ('x', 'pulse', '2024-12-01', 1), ('a', 'pulse', '2999-01-01', 1), ('a', 'trend', '2024-12-01', 1)$$,
    ARRAY['error signal date out of range | 1 of 1 | a / pulse / 20024-12-01 00:00:00+00 / 1 | 150 | no headline figure is made of these; refresh stops at them',
     'error signal instant missing | 1 of 1 | a / pulse / NULL / 1 | 150 | no headline figure is made of these; refresh stops at them',
     'error signal name missing | 1 of 1 | a / NULL / 2024-12-01 00:00:00+00 / 1 | 150 | no headline figure is made of these; refresh stops at them',
     'error signal value missing | 1 of 1 | a / pulse / 2024-12-01 00:00:00+00 / NULL | 150 | no headline figure is made of these; refresh stops at them',
     'error signal value out of range | 1 of 1 | a / pulse / 2024-12-01 00:00:00+00 / NaN | 150 | no headline figure is made of these; refresh stops at them',
     'error signal account missing | 1 of 0 | NULL / pulse / 2024-12-01 00:00:00+00 / 1 | 0 | no headline figure is made of these; refresh stops at them',
     'error signal orphan | 1 of 1 | x / pulse / 2024-12-01 00:00:00+00 / 1 | 0 | no headline figure is made of these',
     'warning signal future date | 2 of 1 | a / pulse / 20024-12-01 00:00:00+00 / 1; a / pulse / 2999-01-01 00:00:00+00 / 1 | 150 | no headline figure is made of these',
     'warning signal signal of the model | 1 of 1 | a / trend / 2024-12-01 00:00:00+00 / 1 | 150 | no headline figure is made of these']),
($$INSERT INTO crm.entitlement (account_id, feature, starts_on, ends_on) VALUES (NULL, 'reports', NULL, NULL), ('a', NULL, NULL, NULL), ('a', 'reports', '2024-01-01', '2023-01-01'), ('a', 'reports', '-infinity', NULL), ('x', 'reports', NULL, NULL)$$,
    ARRAY['error entitlement date out of range | 1 of 1 | a / reports | 150 | no headline figure is made of these; refresh stops at them',
     'error entitlement ends before start | 1 of 1 | a / reports | 150 | no headline figure is made of these; refresh stops at them',
     'error entitlement feature missing | 1 of 1 | a / NULL | 150 | no headline figure is made of these; refresh stops at them',
     'error entitlement account missing | 1 of 0 | NULL / reports | 0 | no headline figure is made of these; refresh stops at them',
     'error entitlement orphan | 1 of 1 | x / reports | 0 | no headline figure is made of these']),
($$INSERT INTO crm.account (account_id, name, time_zone, created_on) VALUES (NULL, 'Nobody', NULL, NULL), ('a', 'Company a', 'Europe/Berlin', NULL)$$,
    ARRAY['error account account missing | 1 of 0 | NULL / Nobody | 0 | excluding these changes no headline figure; refresh stops at them',
     'error account account twice | 1 of 1 | a / Company a | 150 | nothing to leave out; refresh stops at them']),
($$UPDATE crm.account SET time_zone = 'Mars/Base' WHERE account_id = 'b'; UPDATE crm.account SET created_on = '2999-01-01' WHERE account_id = 'c'; UPDATE crm.account SET time_zone = 'utc' WHERE account_id = 'd'$$,
    ARRAY['error account unknown time zone | 1 of 1 | b / Company b | 100 | excluding these, NRR falls 3.5 points, GRR falls 6 points, logo churn rises 5 points, closing MRR falls 100, FCR falls 8.3 points, CSAT rises 50 points, NPS falls 33.3 points',
     'warning account future date | 1 of 1 | c / Company c | 80 | excluding these, NRR rises 1.5 points, GRR falls 1 point, logo churn rises 5 points, closing MRR falls 80, FCR rises 25 points, NPS rises 66.7 points']),
($$UPDATE crm.account SET name = 'QA of us' WHERE account_id = 'c'; UPDATE crm.account SET is_test = true WHERE account_id = 'd'; UPDATE crm.account SET name = 'Democritus Contest' WHERE account_id = 'e'; UPDATE crm.account SET name = 'test_2' WHERE account_id = 'b'$$,
    ARRAY['info account test account | 3 of 3 | b / test_2; c / QA of us; d / Company d | 280 | excluding these, NRR falls 7.5 points, GRR falls 20 points, logo churn rises 25 points, closing MRR falls 180, FCR rises 25 points, CSAT rises 50 points, NPS rises 66.7 points']),
($$INSERT INTO crm.fx_rate VALUES (NULL, '2024-01-01', 1), ('GBP', NULL, 1), ('CHF', '2024-01-01', 0), ('USD', '2024-02-01', 0.9), ('usd', '2024-02-01', 0.91), ('USD', '2024-03-01', 9.1), ('DM', '2024-01-01', 0.5), ('JPY', '12024-01-01', 1)$$,
    ARRAY['error fx_rate currency missing | 1 of 0 | NULL / 2024-01-01 / 1 | 0 | no headline figure is made of these; refresh stops at them',
     'error fx_rate date out of range | 1 of 0 | JPY / 12024-01-01 / 1 | 0 | no headline figure is made of these; refresh stops at them',
     'error fx_rate day missing | 1 of 0 | GBP / NULL / 1 | 0 | no headline figure is made of these; refresh stops at them',
     'error fx_rate rate not above 0 | 1 of 0 | CHF / 2024-01-01 / 0 | 0 | no headline figure is made of these; refresh stops at them',
     'error fx_rate rate twice | 1 of 0 | usd / 2024-02-01 / 0.91 | 0 | no headline figure is made of these',
     'warning fx_rate rate jumps | 1 of 0 | USD / 2024-03-01 / 9.1 | 0 | no headline figure is made of these',
     'warning fx_rate unknown currency | 1 of 0 | DM / 2024-01-01 / 0.5 | 0 | no headline figure is made of these']),
($$UPDATE cs.policy SET report_currency = 'EUR'; UPDATE crm.subscription SET currency = 'usd' WHERE account_id = 'd'$$,
    ARRAY['error subscription rate missing | 1 of 1 | d / s4 / 2023-01-01 / 100 | 0 | excluding these changes no headline figure; refresh stops at them']),
($$INSERT INTO crm.parent VALUES (NULL, 'a', NULL::date, NULL::date), ('x', 'a', NULL, NULL), ('b', 'zz', NULL, NULL), ('c', 'c', NULL, NULL), ('d', 'a', '2024-01-01', '2023-01-01'), ('d', 'a', '12024-01-01', NULL)$$,
    ARRAY['error parent date out of range | 1 of 1 | d / a | 100 | no headline figure is made of these; refresh stops at them',
     'error parent ends before start | 1 of 1 | d / a | 100 | no headline figure is made of these; refresh stops at them',
     'error parent unknown parent | 1 of 1 | b / zz | 100 | no headline figure is made of these',
     'error parent account missing | 1 of 0 | NULL / a | 0 | no headline figure is made of these; refresh stops at them',
     'error parent orphan | 1 of 1 | x / a | 0 | no headline figure is made of these',
     'warning parent own parent | 1 of 1 | c / c | 80 | no headline figure is made of these']),
($$INSERT INTO crm.parent VALUES ('e', 'a', NULL, '2024-01-01'), ('e', 'b', '2024-01-01', '2024-06-01'), ('e', 'c', '2024-05-31', NULL)$$,
    ARRAY['error parent two parents | 1 of 1 | e / c | 0 | no headline figure is made of these; refresh stops at them']),
($$UPDATE crm.account SET parent_id = 'zz' WHERE account_id = 'b'; UPDATE crm.account SET parent_id = 'a' WHERE account_id = 'c'$$,
    ARRAY['warning account unknown parent | 1 of 1 | b / Company b | 100 | nothing to leave out']),
($$INSERT INTO crm.usage (account_id, at, user_id) SELECT 'a', '2024-12-30', 'u' || n FROM generate_series(1, 3) n; CALL csmetrics.refresh('cs')$$,
    ARRAY['info account more users than seats | 1 of 1 | a / Company a | 150 | nothing to leave out']),
($$UPDATE crm.account SET misread = 'column seats: "3,5"' WHERE account_id = 'e'; UPDATE crm.subscription SET misread = 'column mrr: "1.234,50"' WHERE account_id = 'd';
   UPDATE crm.ticket SET misread = 'column reopened: "x"' WHERE ticket_id = 't2'; UPDATE crm.survey SET misread = 'column score: "x"' WHERE account_id = 'b'; UPDATE crm.usage SET misread = 'column events: "x"' WHERE account_id = 'b' AND at < '2024-11-03';
   UPDATE crm.milestone SET misread = 'column due_on: "x"' WHERE account_id = 'b' AND milestone = 'live'; UPDATE crm.signal SET misread = 'column value: "x"' WHERE account_id = 'b'; UPDATE crm.entitlement SET misread = 'column ends_on: "x"' WHERE account_id = 'b';
   INSERT INTO crm.fx_rate VALUES ('USD', '2024-01-01', 1, 'column rate: "x"'); INSERT INTO crm.parent (account_id, parent_id, misread) VALUES ('b', 'a', 'column starts_on: "x"')$$,
    ARRAY['error account misread | 1 of 1 | e / Company e / column seats: "3,5" | 0 | excluding these changes no headline figure; refresh stops at them',
     'error subscription misread | 1 of 1 | d / s4 / 2023-01-01 / 100 / column mrr: "1.234,50" | 0 | excluding these changes no headline figure; refresh stops at them',
     'error survey misread | 2 of 1 | b / csat / 2 / 2024-06-03 13:00:00+00 / bob / column score: "x"; b / nps / 9 / 2024-06-03 10:00:00+00 / bob / column score: "x" | 100 | excluding these changes no headline figure; refresh stops at them',
     'error usage misread | 2 of 1 | b / 2024-11-01 09:00:00+00 / b-1 / column events: "x"; b / 2024-11-02 09:00:00+00 / b-1 / column events: "x" | 100 | no headline figure is made of these; refresh stops at them',
     'error entitlement misread | 1 of 1 | b / reports / column ends_on: "x" | 100 | no headline figure is made of these; refresh stops at them',
     'error milestone misread | 1 of 1 | b / live / column due_on: "x" | 100 | no headline figure is made of these; refresh stops at them',
     'error parent misread | 1 of 1 | b / a / column starts_on: "x" | 100 | no headline figure is made of these; refresh stops at them',
     'error signal misread | 1 of 1 | b / pulse / 2024-12-01 00:00:00+00 / 20 / column value: "x" | 100 | no headline figure is made of these; refresh stops at them',
     'error ticket misread | 1 of 1 | b / t2 / 2024-06-03 10:00:00+00 / column reopened: "x" | 100 | excluding these changes no headline figure; refresh stops at them',
     'error fx_rate misread | 1 of 0 | USD / 2024-01-01 / 1 / column rate: "x" | 0 | no headline figure is made of these; refresh stops at them']);
SELECT is(ARRAY(SELECT f FROM pg_temp.found(planted) f), expected, CASE nr WHEN 1 THEN 'nothing is found in a clean company' ELSE 'found of: ' || left(planted, 130) END) FROM planted ORDER BY nr;
SELECT set_eq($$SELECT source, rule FROM csmetrics.quality_check WHERE rule NOT IN ('stale feed', 'unmatched', 'kept in place', 'unknown crm key')$$, -- the last three are of connected vendors: see connect_items and connect_who
    $$SELECT split_part(line, ' ', 2), substring(split_part(line, ' | ', 1) FROM '^\S+ \S+ (.*)$') FROM planted, unnest(expected) line WHERE line NOT LIKE '% stale feed %'$$, 'every rule has found what was planted for it');
SELECT set_eq($$SELECT source, position FROM csmetrics.source_check$$, $$SELECT c.source, c.position FROM csmetrics.source_check c JOIN csmetrics.quality_check q ON q.source = c.source AND q.condition = c.failing AND q.can_quarantine AND q.stops_refresh$$, 'what stops a refresh is a rule, and can be put in quarantine');

-- The figures beside the words; a rerun replaces them.
INSERT INTO crm.subscription (account_id, subscription_id, starts_on, mrr, product) VALUES ('b', 's2', '2024-02-01', 50, 'base');
INSERT INTO crm.ticket SELECT * FROM crm.ticket WHERE ticket_id = 't1';
CALL validate('cs');
SELECT results_eq('SELECT rule, nrr_rate, without_nrr_rate, grr_rate, without_grr_rate, logo_churn_rate, without_logo_churn_rate, closing_mrr, without_closing_mrr, closing_change_mrr, fcr_rate, without_fcr_rate, is_quarantined, policy_hash FROM cs.data_quality',
    $$SELECT v.*, false, policy_hash FROM (VALUES ('overlap', 0.96::float8, 0.86::float8, 0.76::float8, 0.76::float8, 0.2::float8, 0.2::float8, 480::numeric, 430::numeric, -50::numeric, NULL::float8, NULL::float8),
        ('duplicate ticket', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0.6, 0.75)) v, cs.reporting_range$$, 'the figures of an effect');
SELECT is(count(*), (SELECT count(*) FROM cs.quality_rule), 'a rule that found nothing has a record, too') FROM cs.data_finding;
UPDATE cs.quality_rule SET severity = 'info' WHERE rule = 'overlap';
UPDATE cs.quality_rule SET is_enabled = false WHERE rule = 'duplicate ticket';
CALL validate('cs');
SELECT results_eq('SELECT rule, severity FROM cs.data_quality', $$VALUES ('overlap', 'info')$$, 'a rule can be disabled, and its severity changed; another run replaces the findings');
SELECT is(count(*), (SELECT count(*) - 1 FROM cs.quality_rule), 'a disabled rule has no record') FROM cs.data_finding;

-- Quarantine.
CALL refresh('cs');
SELECT is(closing_mrr, 480::numeric, 'by default nothing is left out') FROM cs.revenue_monthly WHERE period_start_on = '2024-12-01';
UPDATE cs.quality_rule SET quarantine = true WHERE rule IN ('overlap', 'duplicate ticket', 'ends before start');
CALL refresh('cs');
SELECT is(closing_mrr, 430::numeric, 'in quarantine, the overlap is left out') FROM cs.revenue_monthly WHERE period_start_on = '2024-12-01';
SELECT is(opened_count, 5::bigint, 'a disabled rule has no quarantine') FROM cs.support_monthly WHERE period_start_on = '2024-06-01';
UPDATE cs.quality_rule SET is_enabled = true WHERE rule = 'duplicate ticket';
INSERT INTO crm.subscription (account_id, starts_on, ends_on, mrr) VALUES ('b', '2024-01-01', '2023-01-01', 1000);
CALL refresh('cs');
SELECT is(opened_count, 4::bigint, 'of duplicates the first stays') FROM cs.support_monthly WHERE period_start_on = '2024-06-01';
SELECT is(s.revenue, t.revenue, 'what would stop a refresh is left out too: the history is that of the other row') FROM cs_internal.account_state s, (SELECT mrr_timeline_agg(starts_on, ends_on, mrr, false) AS revenue FROM crm.subscription WHERE account_id = 'b' AND starts_on = '2023-01-01') t WHERE account_id = 'b';
CALL validate('cs');
SELECT results_eq('SELECT rule, row_count, is_quarantined, effect, nrr_rate FROM cs.data_quality ORDER BY rule',
    $$VALUES ('duplicate ticket', 1::bigint, true, 'left out already: in quarantine', NULL::float8), ('ends before start', 1, true, 'left out already: in quarantine', NULL), ('overlap', 1, true, 'left out already: in quarantine', NULL)$$, 'what is in quarantine is found all the same');
UPDATE cs.quality_rule SET quarantine = false;
SELECT is(pg_temp.failure($$CALL refresh('cs')$$), '22023 source "subscription", account b: ends 2023-01-01 is before starts 2024-01-01', 'without, a refresh stops as ever');
DELETE FROM crm.subscription WHERE mrr IN (50, 1000);
DELETE FROM crm.ticket WHERE ctid = (SELECT max(ctid) FROM crm.ticket WHERE ticket_id = 't1');
-- an account in quarantine is left out of everything, by each of several rules over what the one before left
UPDATE cs.quality_rule SET quarantine = true WHERE source = 'account' AND can_quarantine(rule, source);
UPDATE crm.account SET name = 'Demo' WHERE account_id = 'd';
INSERT INTO crm.account (account_id) VALUES (NULL);
CALL refresh('cs');
SELECT results_eq('SELECT account_id FROM cs_internal.account_state ORDER BY 1', $$VALUES ('a'), ('b'), ('c'), ('e')$$, 'accounts can be left out');
DELETE FROM crm.account WHERE account_id IS NULL;
UPDATE crm.account SET name = 'Company d' WHERE account_id = 'd';
UPDATE cs.quality_rule SET quarantine = false;
CALL refresh('cs');

-- Rules of the user.
INSERT INTO cs.quality_rule (rule, source, severity, condition, description, quarantine) VALUES ('cheap', 'subscription', 'error', 'mrr < 90 AND "currency" = ''EUR'' -- too little', 'Below the price list', true);
SELECT is(ARRAY(SELECT f FROM pg_temp.found('UPDATE cs.quality_rule SET quarantine = false')  f),
    ARRAY['error subscription cheap | 1 of 1 | c / s3 / 2024-09-01 / 80 | 80 | excluding these, NRR falls 16 points, GRR falls 16 points, logo churn rises 20 points, closing MRR falls 80'], 'a rule of one''s own');
CALL refresh('cs');
SELECT is(closing_mrr, 350::numeric, 'and its quarantine') FROM cs.revenue_monthly WHERE period_start_on = '2024-12-01';
DELETE FROM cs.quality_rule WHERE rule = 'cheap';
INSERT INTO cs.quality_rule (rule, source, condition) VALUES ('negative mrr', 'ticket', 'escalated');
UPDATE cs.quality_rule SET condition = 'mrr < 100' WHERE (rule, source) = ('negative mrr', 'subscription');
SELECT is(ARRAY(SELECT f FROM pg_temp.found('SELECT')  f),
    ARRAY['warning subscription negative mrr | 1 of 1 | c / s3 / 2024-09-01 / 80 | 80 | excluding these, NRR falls 16 points, GRR falls 16 points, logo churn rises 20 points, closing MRR falls 80'], 'a condition of one''s own takes the place of that of csmetrics.quality_check, in its source');
UPDATE cs.quality_rule SET condition = NULL WHERE (rule, source) = ('negative mrr', 'subscription');
DELETE FROM cs.quality_rule WHERE (rule, source) = ('negative mrr', 'ticket');

SELECT is(pg_temp.failure(statement), error, what) FROM (VALUES
    (1, $$INSERT INTO cs.quality_rule (rule, source, condition) VALUES ('r', 'subscription', 'mrr <')$$, '42601 syntax error at end of input', 'a condition that does not parse'),
    (2, $$INSERT INTO cs.quality_rule (rule, source, condition) VALUES ('r', 'subscription', 'opened_at IS NULL')$$, '42703 column "opened_at" does not exist', 'a column of another source'),
    (3, $$UPDATE cs.quality_rule SET source = 'account', condition = 'mrr < 0' WHERE (rule, source) = ('negative mrr', 'subscription')$$, '42703 column "mrr" does not exist', 'an update to another source'),
    (4, $$INSERT INTO cs.quality_rule (rule, source, condition) VALUES ('r', 'subscription', 'mrr')$$, '42804 this is of type numeric, and should be of type boolean', 'no condition'),
    (5, $$INSERT INTO cs.quality_rule (rule, source, condition) VALUES ('r', 'subscription', 'random() < 0.5')$$, '22023 this calls a volatile function', 'a volatile function'),
    (6, $$INSERT INTO cs.quality_rule (rule, source, condition) VALUES ('r', 'subscription', 'row_number() OVER () > 1')$$, '42P20 window functions are not allowed in WHERE', 'a window function'),
    (7, $$INSERT INTO cs.quality_rule (rule, source, condition) VALUES ('r', 'invoice', 'true')$$, '42P01 there is no view "source_invoice" of which condition could be an expression', 'an unknown source'),
    (8, $$INSERT INTO cs.quality_rule (rule, source) VALUES ('negative', 'subscription')$$, '23514 rule negative of source subscription is none of csmetrics.quality_check, and has no condition', 'neither a condition nor a rule of the extension'),
    (9, $$UPDATE cs.quality_rule SET quarantine = true WHERE rule = 'gap'$$, '23514 what rule gap of source subscription finds cannot be left out: see can_quarantine of csmetrics.quality_check', 'quarantine where nothing can be left out'),
    (10, $$UPDATE cs.quality_rule SET quarantine = true WHERE rule = 'account twice'$$, '23514 what rule account twice of source account finds cannot be left out: see can_quarantine of csmetrics.quality_check', 'nor for an account that is there twice'),
    (11, $$UPDATE cs.quality_rule SET severity = 'fatal'$$, '23514 severity fatal is none of error, warning, info', 'an unknown severity'),
    (12, $$INSERT INTO cs.quality_rule (rule, source, condition) VALUES ('', 'ticket', 'true')$$, '23514 the name of a rule has 1 to 255 bytes: ""', 'a rule without a name'),
    (13, $$CALL csmetrics.validate('nosuch')$$, '3F000 there is no model "nosuch"', 'an unknown model'),
    (14, $$SELECT csmetrics.is_dst_hole('2024-03-31 02:30', 'Mars/Base')$$, '22023 time zone "Mars/Base" not recognized', 'an unknown zone')) AS v(nr, statement, error, what) ORDER BY nr;

-- They run with the rights of the caller, read only, and are named where they fail.
CREATE FUNCTION public.hidden(kind text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM public.writing(); RETURN true; END';
CREATE FUNCTION public.writing() RETURNS void LANGUAGE sql AS 'INSERT INTO crm.signal (account_id) VALUES (NULL)';
SELECT is(pg_temp.failure($$INSERT INTO cs.quality_rule (rule, source, condition) VALUES ('planting', 'survey', 'public.hidden(kind)')$$), '42501 this calls function public.hidden(text), which is not among those that it may call', 'a function of a user is refused, whatever it is declared to be');
-- as in a model from before that was refused
ALTER TABLE cs.quality_rule DISABLE TRIGGER check_expressions;
INSERT INTO cs.quality_rule (rule, source, condition, quarantine) VALUES ('harmless', 'survey', 'score = 5', false), ('planting', 'survey', 'public.hidden(kind)', true);
ALTER TABLE cs.quality_rule ENABLE TRIGGER check_expressions;
SELECT is(pg_temp.failure($$CALL csmetrics.validate('cs')$$), '42501 "planting": this calls function public.hidden(text), which is not among those that it may call', 'validate looks again, and names the rule');
SELECT is(pg_temp.failure($$CALL csmetrics.refresh('cs')$$), '42501 "planting": this calls function public.hidden(text), which is not among those that it may call', 'so does refresh');
SELECT is((SELECT count(*) FROM crm.signal), 2::bigint, 'nothing was written');
UPDATE cs.quality_rule SET quarantine = false, condition = 'true' WHERE rule = 'planting';
-- A function in the schema of the model that is a better match than that of PostgreSQL is not called either.
CREATE FUNCTION cs.concat(text, text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM public.writing(); RETURN $1; END';
UPDATE cs.quality_rule SET condition = 'concat(kind, kind) = ''x''' WHERE rule = 'planting';
SELECT is(pg_temp.failure($$CALL csmetrics.validate('cs')$$) || (SELECT count(*) FROM crm.signal), 'no error2', 'what came to stand before a function of PostgreSQL is not found');
DROP FUNCTION cs.concat(text, text);
UPDATE cs.quality_rule SET condition = '1 / (score - 5) > 0' WHERE rule = 'planting';
SELECT is(pg_temp.failure($$CALL csmetrics.validate('cs')$$), '22012 "planting" of source "survey": division by zero', 'and so is one that fails');
UPDATE cs.quality_rule SET quarantine = true WHERE rule = 'planting';
SELECT is(pg_temp.failure($$CALL csmetrics.refresh('cs')$$), '22012 "planting" of source "survey": division by zero', 'in quarantine it stops the refresh, which names it');
SELECT is((SELECT count(*) FROM crm.signal), 2::bigint, 'nothing was written');
DELETE FROM cs.quality_rule WHERE rule IN ('harmless', 'planting');
CREATE ROLE csmetrics_reader;
GRANT USAGE ON SCHEMA cs, crm, csmetrics TO csmetrics_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA cs TO csmetrics_reader;
GRANT SELECT ON crm.account, crm.ticket, crm.survey TO csmetrics_reader;
SET LOCAL ROLE csmetrics_reader;
SELECT is(pg_temp.failure($$CALL csmetrics.validate('cs')$$) LIKE '42501 %', true, 'who does not own the model cannot');
RESET ROLE;
CALL validate('cs');
SELECT is(pg_temp.failure('SELECT count(*) FROM cs.data_quality'), 'no error', 'the model goes on');

-- Local times that never were.
SELECT results_eq($$SELECT local, is_dst_hole(local::timestamp, 'Europe/Berlin') FROM (VALUES ('2024-03-31 01:59:59'), ('2024-03-31 02:00'), ('2024-03-31 02:59:59'), ('2024-03-31 03:00'), ('2024-10-27 02:30'), ('infinity'), (NULL)) v(local)$$,
    $$VALUES ('2024-03-31 01:59:59', false), ('2024-03-31 02:00', true), ('2024-03-31 02:59:59', true), ('2024-03-31 03:00', false), ('2024-10-27 02:30', false), ('infinity', false), (NULL, NULL)$$, 'is_dst_hole');

-- Any names, any type of key.
CREATE SCHEMA "odd ""crm""";
CREATE TABLE "odd ""crm"""."sub's" ("Account" bigint, "from" timestamp, amount numeric);
INSERT INTO "odd ""crm"""."sub's" VALUES (1, '2024-01-01', '10'), (2, '2024-01-01', '-5');
CALL create_model('my "odd" mod''el', 'bigint');
CALL map('my "odd" mod''el', 'account', 'SELECT 1 AS account_id');
CALL map('my "odd" mod''el', 'subscription', $$SELECT "Account" AS account_id, "from" AS starts_on, amount AS mrr FROM "odd ""crm"""."sub's"$$);
INSERT INTO "my ""odd"" mod'el".quality_rule (rule, source, condition, quarantine) VALUES ('my "rule" of 100 % mod''els', 'subscription', 'mrr < 0 AND ''%s'' <> ''%I''', true);
CALL refresh('my "odd" mod''el');
CALL validate('my "odd" mod''el');
SELECT results_eq($$SELECT rule, row_count, mrr, sample_keys FROM "my ""odd"" mod'el".data_quality ORDER BY rule$$,
    $$VALUES ('my "rule" of 100 % mod''els', 1::bigint, 0::numeric, '2 / NULL / 2024-01-01 / -5'), ('negative mrr', 1, 0, '2 / NULL / 2024-01-01 / -5'), ('orphan', 1, 0, '2 / NULL / 2024-01-01 / -5')$$, 'any names, keys that are numbers');

-- The effect is that of a model built without the rows: random customers, and rows planted and marked by the rule that is to find them.
SELECT setseed(0.42) \g /dev/null
CREATE SCHEMA fair;
CREATE TABLE fair.account AS SELECT id AS account_id, 'Firm ' || id AS name, date '2021-12-01' AS created_on, NULL::text AS planted FROM generate_series(1, 200) id;
CREATE TABLE fair.subscription AS
SELECT id AS account_id, 's' || id AS subscription_id, day AS starts_on, CASE WHEN n < terms OR random() < 0.3 THEN day + 180 END AS ends_on, round((50 + 400 * random())::numeric, 2) AS mrr, 'base' AS product, NULL::text AS planted
FROM (SELECT id, date '2022-01-01' + (900 * random())::int AS first, (1 + 5 * random())::int AS terms FROM generate_series(1, 200) id OFFSET 0) a, LATERAL generate_series(1, terms) n, LATERAL (SELECT first + 180 * (n - 1) AS day) d;
CREATE TABLE fair.ticket AS
SELECT (1 + floor(200 * random()))::int AS account_id, 't' || n AS ticket_id, at AS opened_at, at + 3e5 * random() * interval '1 s' AS first_reply_at, CASE WHEN random() < 0.9 THEN at + (3e5 + 1e6 * random()) * interval '1 s' END AS solved_at,
       'u' || (3 * random())::int AS requester_id, NULL::text AS planted
FROM (SELECT n, timestamptz '2023-10-01' + 6e7 * random() * interval '1 s' AS at FROM generate_series(1, 1500) n OFFSET 0) t;
CREATE TABLE fair.survey AS
SELECT (1 + floor(200 * random()))::int AS account_id, kind, CASE kind WHEN 'nps' THEN floor(11 * random()) ELSE 1 + floor(5 * random()) END::numeric AS score, timestamptz '2023-10-01' + 4e7 * random() * interval '1 s' AS responded_at, NULL::timestamptz AS sent_at,
       'r' || (2 * random())::int AS respondent_id, NULL::text AS planted
FROM (SELECT n, CASE WHEN random() < 0.5 THEN 'nps' ELSE 'csat' END AS kind FROM generate_series(1, 900) n OFFSET 0) a;

INSERT INTO fair.account SELECT 200 + n, CASE WHEN n % 2 = 0 THEN 'Test Ltd' ELSE 'Late Ltd' END, CASE WHEN n % 2 = 0 THEN date '2021-12-01' ELSE date '2999-01-01' END, CASE WHEN n % 2 = 0 THEN 'test account' ELSE 'future date' END FROM generate_series(1, 20) n;
INSERT INTO fair.subscription SELECT 200 + n, 'x' || n, date '2022-06-01' + 30 * n, CASE WHEN n % 3 = 0 THEN date '2024-05-01' END, 100 + n, 'base', NULL FROM generate_series(1, 20) n;
INSERT INTO fair.subscription SELECT account_id, subscription_id, starts_on + 30, coalesce(ends_on - 30, starts_on + 9999), 77.5, product, 'overlap'
FROM (SELECT *, row_number() OVER (ORDER BY md5(account_id::text || starts_on)) AS place FROM fair.subscription WHERE account_id <= 200) s WHERE place <= 60;
INSERT INTO fair.subscription SELECT account_id, 'z' || account_id, starts_on, ends_on, mrr, product, 'double-counted subscription' FROM fair.subscription WHERE planted IS NULL AND account_id % 7 = 0 AND account_id <= 200;
INSERT INTO fair.subscription SELECT id, 'credit', '2022-02-01'::date + id, NULL, -10, 'credit', 'negative mrr' FROM generate_series(1, 200, 3) id;
INSERT INTO fair.subscription SELECT 1000 + id, 'lost' || id, '2022-02-01', NULL, 10, 'base', 'orphan' FROM generate_series(1, 9) id;
INSERT INTO fair.subscription SELECT id, 'swapped' || id, '2023-02-01', '2023-01-01', 500, 'base', 'ends before start' FROM generate_series(1, 200, 11) id;
INSERT INTO fair.ticket SELECT account_id, ticket_id, opened_at + interval '1 hour', first_reply_at + interval '1 hour', solved_at, requester_id, 'duplicate ticket' FROM fair.ticket WHERE ticket_id LIKE '%7';
INSERT INTO fair.ticket SELECT account_id, 'b' || ticket_id, opened_at, NULL, opened_at - interval '1 day', requester_id, 'solved before opened' FROM fair.ticket WHERE planted IS NULL AND ticket_id LIKE '%3';
INSERT INTO fair.ticket SELECT account_id, 'r' || ticket_id, opened_at, opened_at - interval '1 day', solved_at, requester_id, 'reply before opened' FROM fair.ticket WHERE planted IS NULL AND ticket_id LIKE '%21';
INSERT INTO fair.survey SELECT account_id, kind, score + 1, responded_at, NULL, respondent_id, 'duplicate answer' FROM fair.survey WHERE score < 5 AND account_id % 5 = 0;
INSERT INTO fair.survey SELECT account_id, 'nps', 8.5, responded_at + interval '1 hour', NULL, respondent_id, 'nps not whole' FROM fair.survey WHERE planted IS NULL AND account_id % 9 = 0;
INSERT INTO fair.survey SELECT account_id, kind, CASE kind WHEN 'nps' THEN 11 ELSE 6 END, responded_at + interval '2 hours', NULL, respondent_id, 'score off its scale' FROM fair.survey WHERE planted IS NULL AND account_id % 8 = 0;
INSERT INTO fair.survey SELECT account_id, kind, 1, responded_at, responded_at + interval '1 hour', 's', 'answered before sent' FROM fair.survey WHERE planted IS NULL AND account_id % 4 = 0;

-- A model of what is left without some of them.
CREATE PROCEDURE pg_temp.build(model text, without text[]) LANGUAGE plpgsql AS $$
DECLARE
    source text;
    columns text;
BEGIN
    IF to_regnamespace(model) IS NULL THEN
        CALL csmetrics.create_model(model, 'integer');
        EXECUTE format('UPDATE %I.policy SET as_of = ''2024-12-31'', credit_rule = ''count'', answer_rule = ''all''', model);
    END IF;
    FOREACH source IN ARRAY '{account,subscription,ticket,survey}'::text[] LOOP
        SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute WHERE attrelid = ('fair.' || source)::regclass AND attnum > 0 AND attname <> 'planted';
        -- accounts with all that is their own
        CALL csmetrics.map(model, source, format('SELECT %s FROM fair.%I WHERE (planted IS NULL OR planted <> ALL (%L)) AND account_id NOT IN (SELECT account_id FROM fair.account WHERE planted = ANY (%3$L))', columns, source, without));
    END LOOP;
END
$$;
CREATE FUNCTION pg_temp.headline(model text, OUT nrr float8, OUT grr float8, OUT churn float8, OUT closing numeric, OUT fcr float8, OUT csat float8, OUT nps float8) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('search_path', quote_ident(model) || ', csmetrics, pg_temp', true);
    EXECUTE 'SELECT nrr_rate, grr_rate, logo_churn_rate FROM retention_trailing_year ORDER BY period_end_on DESC LIMIT 1' INTO nrr, grr, churn;
    EXECUTE 'SELECT closing_mrr FROM revenue_monthly ORDER BY period_end_on DESC LIMIT 1' INTO closing;
    EXECUTE 'SELECT sum(round(fcr_rate * judged_count)) / sum(judged_count)::float8 FROM support_monthly WHERE period_start_on >= ''2024-01-01''' INTO fcr;
    EXECUTE 'SELECT sum(round(csat_rate * csat_count)) / sum(csat_count)::float8, 100 * (sum(promoter_count) - sum(detractor_count))::float8 / sum(nps_count)::float8 FROM satisfaction_monthly WHERE period_start_on >= ''2024-01-01''' INTO csat, nps;
    PERFORM set_config('search_path', 'csmetrics, public', true);
END
$$;
CALL pg_temp.build('with_all', '{}');
CALL validate('with_all');
SELECT results_eq('SELECT source, rule, row_count FROM with_all.data_quality ORDER BY 1, 2',
    $$SELECT source, planted, count(*) FROM (SELECT 'account' AS source, planted FROM fair.account UNION ALL SELECT 'subscription', planted FROM fair.subscription UNION ALL SELECT 'ticket', planted FROM fair.ticket UNION ALL SELECT 'survey', planted FROM fair.survey) p
      WHERE planted IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2$$, 'rules find what is planted among random rows, and nothing else');
CREATE TEMP TABLE finding AS SELECT * FROM with_all.data_quality;
CALL pg_temp.build('without_some', '{ends before start}');
CALL refresh('without_some');
CREATE TEMP TABLE headline_now AS SELECT * FROM pg_temp.headline('without_some');
SELECT is_empty($$SELECT f.rule FROM finding f, headline_now h WHERE (f.nrr_rate, f.grr_rate, f.logo_churn_rate, f.closing_mrr) IS DISTINCT FROM (h.nrr, h.grr, h.churn, h.closing) AND f.source IN ('account', 'subscription')
    OR f.fcr_rate IS DISTINCT FROM h.fcr AND f.source IN ('account', 'ticket') OR (f.csat_rate, f.nps_score) IS DISTINCT FROM (h.csat, h.nps) AND f.source IN ('account', 'survey')$$, 'the figures with all rows are those of the model, to the last digit');
CREATE TEMP TABLE rebuilt (source text, rule text, LIKE headline_now);
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN SELECT source, rule FROM finding ORDER BY 1, 2 LOOP
        CALL pg_temp.build('without_some', ARRAY[f.rule, 'ends before start']);
        CALL csmetrics.refresh('without_some');
        INSERT INTO rebuilt SELECT f.source, f.rule, h.* FROM pg_temp.headline('without_some') h;
    END LOOP;
END
$$;
SELECT is_empty($$SELECT f.source, f.rule, f.effect FROM finding f JOIN rebuilt h USING (source, rule) WHERE (f.without_nrr_rate, f.without_grr_rate, f.without_logo_churn_rate, f.without_closing_mrr) IS DISTINCT FROM (h.nrr, h.grr, h.churn, h.closing) AND f.source IN ('account', 'subscription')
    OR f.without_fcr_rate IS DISTINCT FROM h.fcr AND f.source IN ('account', 'ticket') OR (f.without_csat_rate, f.without_nps_score) IS DISTINCT FROM (h.csat, h.nps) AND f.source IN ('account', 'survey')$$, 'the figures without the rows of a rule are those of a model built without them, to the last digit');
SELECT is(count(*), 14::bigint, 'of all these rules') FROM rebuilt;
SELECT cmp_ok(count(*), '>=', 9::bigint, 'most of which have an effect') FROM finding WHERE effect LIKE 'excluding these, %';
UPDATE with_all.quality_rule SET quarantine = true WHERE can_quarantine(rule, source);
CALL refresh('with_all');
SELECT array_agg(rule) AS rules FROM finding \gset
CALL pg_temp.build('without_some', :'rules');
CALL refresh('without_some');
SELECT results_eq('SELECT account_id, revenue::text, tickets::text, answers::text FROM with_all_internal.account_state ORDER BY 1', 'SELECT account_id, revenue::text, tickets::text, answers::text FROM without_some_internal.account_state ORDER BY 1', 'with all in quarantine, the histories are those of the model without');

-- The demo company, as it is generated: its test account, and the customers that use more seats than they bought.
\set company small
\i test/company.sql
CALL validate('company');
-- who left and was back within three months could have renewed late
CREATE TEMP VIEW back AS
SELECT min(s.starts_on) - (SELECT max(b.ends_on) FROM company_internal.source_subscription b WHERE b.account_id = s.account_id AND b.starts_on < min(s.starts_on)) AS days
FROM company_internal.source_subscription s GROUP BY s.account_id, s.subscription_id;
SELECT set_eq('SELECT rule, severity, row_count FROM company.data_quality', $$SELECT 'test account' AS rule, 'info' AS severity, 1::bigint AS row_count UNION ALL SELECT 'more users than seats', 'info', (SELECT count(*) FROM company.usage_depth WHERE is_over_seats)
    UNION ALL SELECT CASE WHEN days = 1 THEN 'last day as end' ELSE 'late renewal' END, 'warning', count(*) FROM back WHERE days BETWEEN 1 AND 92 GROUP BY 1$$, 'nothing is wrong with the demo company but what is known of it');
-- its map left the bots out; with them, they are found
CALL map('company', 'usage', $$SELECT e.account_id, e."timestamp" AS at, e.visitor_id AS user_id, v.agent_role AS role, f.name AS feature, e.num_events AS events
    FROM company_pendo.feature_event e JOIN company_pendo.visitor_history v ON v.id = e.visitor_id JOIN company_pendo.feature_history f ON f.id = e.feature_id $$);
CALL validate('company');
SELECT is(account_count, (SELECT count(DISTINCT e.account_id) FROM company_pendo.feature_event e JOIN company_pendo.visitor_history v ON v.id = e.visitor_id AND v.agent_role = 'bot'), 'its bots are found') FROM company.data_quality WHERE rule = 'bot or test user';

SELECT * FROM finish();
ROLLBACK;
