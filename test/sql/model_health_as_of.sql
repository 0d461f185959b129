\unset ECHO
\i test/psql.sql
-- Health of random accounts as of past days: what a model of all facts says of a day is what one that held only
-- the facts known at the end of that day said, to the last digit, whatever came later, in any time zone, by any rule.
BEGIN;
SELECT plan(55);
SELECT setseed(0.79) \g /dev/null

CREATE TABLE public.customer AS
SELECT id, 'Account ' || id AS name, (ARRAY['small', 'large', NULL])[1 + id % 3] AS segment, (ARRAY['young', 'mature', NULL])[1 + id % 4 % 3] AS lifecycle_stage, CASE WHEN id % 10 = 3 THEN id + 1 END AS parent_id,
       nullif(id % 6, 0) AS seats, date '2023-06-01' + floor(random() * 400)::int AS created_on, CASE id % 15 WHEN 1 THEN 'Asia/Kolkata' WHEN 2 THEN 'America/New_York' END AS time_zone
FROM generate_series(1, 150) AS id;
CREATE TABLE public.contract AS
SELECT id AS account_id, created_on + floor(random() * 20)::int AS starts_on, CASE WHEN random() < 0.5 THEN created_on + 20 + floor(random() * 300)::int END AS ends_on, (10 + id % 7)::numeric AS mrr, 'active' AS status, NULL::date AS cancelled_on
FROM public.customer WHERE id % 10 > 0;
-- some change, some come back, some pause, some give notice; some are unknown to the account source
INSERT INTO public.contract SELECT account_id, starts_on + 100, NULL, 5 FROM public.contract WHERE account_id % 3 = 0;
INSERT INTO public.contract SELECT account_id, ends_on + CASE WHEN account_id % 2 = 0 THEN 15 ELSE 40 END, NULL, 25 FROM public.contract WHERE ends_on IS NOT NULL AND account_id % 7 < 2;
INSERT INTO public.contract SELECT account_id, ends_on, CASE WHEN account_id % 2 = 0 THEN ends_on + 50 END, mrr, 'paused' FROM public.contract WHERE ends_on IS NOT NULL AND account_id % 7 = 2;
UPDATE public.contract SET cancelled_on = coalesce(ends_on, '2024-06-30') - (account_id % 80) WHERE account_id % 4 = 1;
INSERT INTO public.contract SELECT 1000 + id, date '2023-06-01' + id * 20, NULL, 50, 'active' FROM generate_series(1, 25) id;
CREATE TABLE public.step AS
SELECT id AS account_id, 'kickoff' AS milestone, created_on + random() * interval '10 days' AS reached_at, created_on + 14 AS due_on, true AS is_start, false AS is_value FROM public.customer WHERE id % 4 > 0
UNION ALL SELECT id, 'live', CASE WHEN random() < 0.7 THEN created_on + (random() - 0.05) * interval '150 days' END, created_on + 60, false, true FROM public.customer WHERE id % 5 > 0;
CREATE TABLE public.ticket AS
SELECT id AS ticket_id, account_id, opened_at, CASE WHEN random() < 0.8 THEN opened_at + (random() * random() * 60 - 0.5) * interval '1 day' END AS solved_at,
       (random() < 0.15)::int AS reopened, (ARRAY['ann', 'bob', NULL])[1 + id % 3] AS requester_id, random() < 0.1 AS escalated,
       CASE WHEN id % 5 = 0 THEN opened_at + (id % 92 - 1) * interval '1 day' END AS escalated_at
FROM (SELECT id, 1 + floor(random() * 150)::int AS account_id, timestamptz '2023-07-01' + random() * interval '450 days' AS opened_at FROM generate_series(1, 2000) AS id) AS t;
ALTER TABLE public.ticket ADD reopened_at timestamptz;
UPDATE public.ticket SET reopened_at = opened_at + (ticket_id % 47 - 1) * interval '1 day' WHERE reopened > 0 AND ticket_id % 4 > 0;
CREATE TABLE public.answer AS
SELECT id, 1 + id % 150 AS account_id, (ARRAY['nps', 'csat', 'ces'])[1 + id % 3] AS kind, sent_at, CASE WHEN random() < 0.6 THEN sent_at + random() * interval '20 days' END AS responded_at,
       1 + floor(random() * 5) AS score, (ARRAY['ann', 'bob', 'cyd', NULL])[1 + floor(random() * 4)::int] AS respondent_id
FROM (SELECT id, timestamptz '2023-07-01' + random() * interval '450 days' AS sent_at FROM generate_series(1, 3000) AS id) AS s;
UPDATE public.answer SET score = NULL WHERE responded_at IS NULL;
CREATE TABLE public.use AS
SELECT account_id, at, account_id || '-' || id % 4 AS user_id, 'f' || floor(random() * random() * 6 + CASE WHEN at > '2024-03-01' THEN random() * 2 ELSE 0 END) AS feature, 1 + id % 5 AS events
FROM (SELECT id, CASE WHEN id % 50 = 0 THEN 1001 + id % 25 ELSE 1 + id % 140 END AS account_id, timestamptz '2023-05-10' + (CASE WHEN id % 140 < 60 THEN random() ELSE sqrt(random()) END) * interval '500 days' AS at FROM generate_series(1, 15000) AS id) u;
CREATE TABLE public.bought AS
SELECT id AS account_id, 'f' || f AS feature, CASE WHEN (id + f) % 5 > 0 THEN date '2023-09-01' + floor(random() * 400)::int END AS starts_on, NULL::date AS ends_on FROM public.customer, generate_series(0, 5) f WHERE id % 8 > 0 AND (id * f) % 3 < 2;
DELETE FROM public.bought WHERE starts_on IS NULL AND account_id % 2 = 0;
UPDATE public.bought SET starts_on = '2023-09-01' WHERE starts_on IS NULL;
UPDATE public.bought SET ends_on = starts_on + 90 WHERE account_id % 4 = 0;
CREATE TABLE public.own AS
SELECT 1 + floor(random() * 150)::int AS account_id, (ARRAY['pulse', 'quality', 'quality'])[1 + id % 3] AS signal, timestamptz '2023-08-01' + random() * interval '420 days' AS at, floor(random() * 100) AS value FROM generate_series(1, 400) AS id;

-- What the systems held at the end of a day. That a contract will end, or be cancelled, is not known before.
CREATE TABLE public.known (zone text, day date, until timestamptz);
INSERT INTO public.known SELECT zone FROM unnest('{Europe/Berlin,Asia/Tokyo,America/New_York}'::text[]) zone;
CREATE VIEW public.ticket_then AS
    SELECT zone, account_id, ticket_id, opened_at, CASE WHEN solved_at < until THEN solved_at END AS solved_at, CASE WHEN solved_at < until OR coalesce(reopened_at, solved_at, opened_at) < until THEN reopened ELSE 0 END AS reopened,
           CASE WHEN reopened_at < until THEN reopened_at END AS reopened_at, requester_id,
           CASE WHEN escalated_at IS NULL THEN escalated ELSE escalated_at < until END AS escalated, CASE WHEN escalated_at < until THEN escalated_at END AS escalated_at
    FROM public.ticket, public.known WHERE opened_at < until;
CREATE VIEW public.answer_then AS
    SELECT zone, account_id, kind, sent_at, CASE WHEN responded_at < until THEN responded_at END AS responded_at, CASE WHEN responded_at < until THEN score END AS score, respondent_id FROM public.answer, public.known WHERE sent_at < until;
CREATE VIEW public.step_then AS SELECT zone, account_id, milestone, CASE WHEN reached_at < until THEN reached_at END AS reached_at, due_on, is_start, is_value FROM public.step, public.known;
CREATE VIEW public.contract_then AS
    SELECT zone, account_id, starts_on, CASE WHEN ends_on <= day THEN ends_on END AS ends_on, mrr, status, CASE WHEN cancelled_on <= day THEN cancelled_on END AS cancelled_on FROM public.contract, public.known WHERE starts_on <= day;
-- a day of usage is one of the account
CREATE VIEW public.use_then AS
    SELECT zone, u.* FROM public.known, public.use u LEFT JOIN public.customer c ON c.id = u.account_id WHERE (u.at AT TIME ZONE coalesce(c.time_zone, zone))::date <= day;
CREATE VIEW public.bought_then AS SELECT zone, account_id, feature, starts_on, CASE WHEN ends_on <= day THEN ends_on END AS ends_on FROM public.bought, public.known WHERE starts_on <= day;
CREATE VIEW public.own_then AS SELECT zone, own.* FROM public.own, public.known WHERE at < until;

CREATE PROCEDURE pg_temp.build(model text, zone text, suffix text) LANGUAGE plpgsql AS $$
DECLARE condition text := CASE WHEN suffix = '' THEN '' ELSE format(' WHERE zone = %L', zone) END;
BEGIN
    CALL create_model(model, 'integer');
    EXECUTE format('UPDATE %I.policy SET time_zone = %L, as_of = ''2024-08-31''', model, zone);
    EXECUTE format('INSERT INTO %I.health_signal (component, signal, segment, lifecycle_stage, weight, worst, best, policy, keep_days)
                    VALUES (''own'', ''quality'', NULL, NULL, 10, 0, 100, ''carry'', 60), (''usage'', ''trend'', ''small'', NULL, 20, -1, 0.5, ''zero'', NULL), (''support'', ''csat'', NULL, ''young'', 3, 1, 4, ''neutral'', NULL)', model);
    CALL map(model, 'account', 'SELECT id AS account_id, name, segment, lifecycle_stage, parent_id, seats, created_on, time_zone FROM public.customer');
    CALL map(model, 'ticket', format('SELECT account_id, ticket_id, opened_at, solved_at, reopened, requester_id, escalated, escalated_at, reopened_at FROM public.ticket%s%s', suffix, condition));
    CALL map(model, 'survey', format('SELECT account_id, kind, score, sent_at, responded_at, respondent_id, true AS higher_is_better FROM public.answer%s%s', suffix, condition));
    CALL map(model, 'milestone', format('SELECT account_id, milestone, reached_at, due_on, is_start, is_value FROM public.step%s%s', suffix, condition));
    CALL map(model, 'subscription', format('SELECT account_id, starts_on, ends_on, mrr, status, cancelled_on FROM public.contract%s%s', suffix, condition));
    CALL map(model, 'usage', format('SELECT account_id, at, user_id, feature, events FROM public.use%s%s', suffix, condition));
    CALL map(model, 'entitlement', format('SELECT account_id, feature, starts_on, ends_on FROM public.bought%s%s', suffix, condition));
    CALL map(model, 'signal', format('SELECT account_id, signal, at, value FROM public.own%s%s', suffix, condition));
    CALL refresh(model);
END
$$;
CREATE PROCEDURE pg_temp.arrive(known_day date) LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.known SET day = known_day, until = (known_day + 1)::timestamp AT TIME ZONE zone;
    CALL refresh('past', may_shrink => true);
    CALL refresh('past_tokyo', may_shrink => true);
    CALL refresh('past_york', may_shrink => true);
END
$$;
CALL pg_temp.build('now', 'Europe/Berlin', '');
CALL pg_temp.build('now_tokyo', 'Asia/Tokyo', '');
CALL pg_temp.build('now_york', 'America/New_York', '');
CALL pg_temp.build('past', 'Europe/Berlin', '_then');
CALL pg_temp.build('past_tokyo', 'Asia/Tokyo', '_then');
CALL pg_temp.build('past_york', 'America/New_York', '_then');

-- The rows of two models as of a day, as text: how many differ, and the first that does
CREATE FUNCTION pg_temp.difference(one text, two text, day date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
    EXECUTE format($q$SELECT format('%%s differ, such as %%s', count(*), left(min(row), 300)) FROM (
                      (SELECT 'then' AS side, h::text AS row FROM %2$I.account_health(%3$L) h EXCEPT ALL SELECT 'then', h::text FROM %1$I.account_health(%3$L) h)
                      UNION ALL (SELECT 'now', h::text FROM %1$I.account_health(%3$L) h EXCEPT ALL SELECT 'now', h::text FROM %2$I.account_health(%3$L) h)) d$q$, one, two, day) INTO found;
    RETURN found;
END
$$;

-- Usage begins on 2023-05-10, subscriptions in June, tickets and answers in July, own signals in August, entitlements in September.
CREATE TABLE public.said (model text, day date, row text);
CREATE FUNCTION pg_temp.same(day date) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE place text;
BEGIN
    CALL pg_temp.arrive(day);
    FOREACH place IN ARRAY '{"",_tokyo,_york}'::text[] LOOP
        RETURN NEXT is(pg_temp.difference('now' || place, 'past' || place, day), '0 differ, such as ', format('now%s: as of %s it is what it was on that day', place, day));
        EXECUTE format('INSERT INTO public.said SELECT %L, %L, h::text FROM past%s.account_health(%L) h', place, day, place, day);
    END LOOP;
END
$$;
SELECT pg_temp.same(day) FROM (VALUES (date '2023-05-01'), ('2023-05-20'), ('2023-06-20'), ('2023-08-20'), ('2023-10-29'), ('2024-02-29'), ('2024-05-15')) d(day);
SELECT bag_eq(format($$SELECT day, md5(h::text) FROM (SELECT DISTINCT day FROM public.said) d, LATERAL past%s.account_health(day) h$$, place), format('SELECT day, md5(row) FROM public.said WHERE model = %L', place),
              format('past%s: what was said of earlier days is said still, after rows of later days came', place)) FROM unnest('{"",_tokyo,_york}'::text[]) place;
SELECT isnt((SELECT count(*) FROM (SELECT h.health_score FROM now.account_health('2024-05-15') h EXCEPT SELECT h.health_score FROM now_tokyo.account_health('2024-05-15') h) d), 0::bigint, 'where a day ends matters');

-- The facts are rich enough to tell.
SELECT is(count(*) FILTER (WHERE n = 0), 0::bigint, 'every signal is read of somebody') FROM (SELECT m.name, count(h.readings[m.position]) AS n FROM now.account_health('2024-05-15') h, model_signal m GROUP BY 1) s;
SELECT set_eq($$SELECT DISTINCT tier FROM now.account_health('2024-05-15')$$, '{Green,Yellow,Red,Unknown}'::text[], 'there are accounts of each tier');
SELECT isnt_empty($$SELECT FROM now_internal.account_state n LEFT JOIN past_internal.account_state p USING (account_id) WHERE p.account_id IS NULL$$, 'some accounts came only later');

-- By other rules too
CREATE FUNCTION pg_temp.by_rule(rule text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE day date;
BEGIN
    EXECUTE format('UPDATE now.policy SET %s', rule);
    EXECUTE format('UPDATE past.policy SET %s', rule);
    CALL refresh('now');
    FOREACH day IN ARRAY '{2023-05-20,2023-08-20,2024-05-15}'::date[] LOOP
        CALL pg_temp.arrive(day);
        RETURN NEXT is(pg_temp.difference('now', 'past', day), '0 differ, such as ', format('%s: as of %s too', rule, day));
    END LOOP;
END
$$;
SELECT pg_temp.by_rule(rule) FROM unnest('{ttv_start_rule = ''paid'',ttv_start_rule = ''created'',pause_rule = ''churn'',pause_rule = ''keep'',"pause_rule = ''pause'', pause_churn_days = 20",gap_smooth_days = 30,"health_days = 30, contact_window_days = 20, trend_days = 7, adoption_days = 7, health_method = ''worst_component''"}'::text[]) rule;

-- Was it right? By plain SQL over the outcomes, and by the functions of backtests over them.
UPDATE now.policy SET health_days = 90, trend_days = 28, adoption_days = 28, contact_window_days = 7, health_method = 'weighted', gap_smooth_days = 0, as_of = '2024-08-31', confidence = 0.9, backtest_days = 60, backtest_count = 5, health_min_coverage = 0.5, health_yellow_from = 45;
CALL refresh('now');
CREATE TABLE public.outcome AS SELECT * FROM now.health_outcome;
SELECT results_eq('SELECT scored_on, account_id FROM public.outcome WHERE is_churned ORDER BY 1, 2',
    $$SELECT scored_on, o.account_id FROM public.outcome o JOIN now_internal.account_state a USING (account_id) WHERE mrr_at(a.revenue, scored_on + 60) = 0 AND churned_on(limit_pauses(a.revenue, 20), scored_on + 60) IS NOT NULL ORDER BY 1, 2$$, 'who had churned 60 days after');
SELECT cmp_ok(count(*) FILTER (WHERE is_churned AND tier = 'Red'), '>=', 5::bigint, 'enough did, of all tiers') FROM public.outcome;
SELECT results_eq('SELECT prediction_count, churn_count, round(auc_rate::numeric, 9), flagged_count, precision_rate, recall_rate FROM now.health_backtest WHERE dimension = ''all''',
    $$SELECT count(*), count(*) FILTER (WHERE is_churned), (SELECT round(avg(CASE WHEN c.health_score < s.health_score THEN 1 WHEN c.health_score = s.health_score THEN 0.5 ELSE 0 END), 9) FROM public.outcome c, public.outcome s WHERE c.is_churned AND NOT s.is_churned AND c.health_score IS NOT NULL AND s.health_score IS NOT NULL),
             count(*) FILTER (WHERE tier = 'Red'), (avg(is_churned::int) FILTER (WHERE tier = 'Red'))::float8, (avg((tier = 'Red')::int) FILTER (WHERE is_churned))::float8 FROM public.outcome WHERE health_score IS NOT NULL$$, 'backtest: AUC over all pairs, precision and recall of Red');
CREATE FUNCTION pg_temp.rounded(VARIADIC n float8[]) RETURNS text LANGUAGE sql AS $$SELECT string_agg(coalesce(round(x::numeric, 9)::text, '-'), ' ') FROM unnest(n) x$$;
SELECT is(pg_temp.rounded(b.auc_lower_rate, b.auc_upper_rate, b.precision_lower_rate, b.recall_upper_rate, b.top_lift_rate, b.top_lift_lower_rate, b.odds_ten_points_rate, b.odds_lower_rate, b.odds_upper_rate) || b.predicts,
          pg_temp.rounded(a.lower, a.upper, f.precision_lower, f.recall_upper, t.lift, t.lower, exp(10 * r.slope), exp(10 * r.slope_lower), exp(10 * r.slope_upper)) || predicts(s.state, 0.9), 'its intervals are those of the policy''s confidence')
FROM now.health_backtest b, (SELECT backtest_agg(100 - health_score, is_churned, account_id::text) AS state FROM public.outcome) s, auc_interval(s.state, 0.9) a, flagged_at(s.state, 55.000000000001, 0.9) f, top_lift(s.state, 0.1, 0.9) t, risk_fit(s.state, 0.9) r WHERE dimension = 'all';
SELECT set_eq('SELECT component, signal, prediction_count, pg_temp.rounded(auc_lower_rate, auc_upper_rate) AS interval, predicts FROM now.health_backtest_by_signal',
    $$SELECT component, signal, prediction_count(state), CASE WHEN predicts(state, confidence) = 'too few' THEN '- -' ELSE pg_temp.rounded(i.lower, i.upper) END AS interval, predicts(state, confidence)
      FROM (SELECT component, signal, backtest_agg(100 - value, is_churned, o.account_id::text) AS state, 1 - 0.1 / count(*) OVER () AS confidence
            FROM public.outcome o, now.account_health(scored_on) h, contributions(h.health) k WHERE h.account_id = o.account_id AND component NOT IN ('veto', 'pulse') GROUP BY 1, 2) s, auc_interval(state, confidence) i$$, 'by signal: intervals that allow for so many, and none of too few');
SELECT results_eq('SELECT group_number, prediction_count, churn_count, pg_temp.rounded(lowest_score, highest_score, health_score, churned_lower_rate, expected_rate) FROM now.health_calibration',
    $$WITH s AS (SELECT backtest_agg(100 - health_score, is_churned, account_id::text) FILTER (WHERE scored_on = '2024-07-02') AS last, backtest_agg(100 - health_score, is_churned, account_id::text) FILTER (WHERE scored_on < '2024-07-02') AS earlier FROM public.outcome)
      SELECT c.group_number, c.predictions, c.happened, pg_temp.rounded(100 - c.highest_risk, 100 - c.lowest_risk, 100 - c.mean_risk, CASE WHEN predicts(last, 0.9) <> 'too few' THEN c.lower END, 1 / (1 + exp(-f.intercept - f.slope * c.mean_risk))) FROM s, calibration(last, 10, 0.9) c, risk_fit(earlier, 0.9) f ORDER BY 1$$, 'calibration: the last day beside the curve of those before');
SELECT * FROM finish();
ROLLBACK;
