\unset ECHO
\i test/psql.sql
-- Scores that are stored are what they would be if nothing was: whatever comes, goes and changes between refreshes, and
-- however the day moves, each stored row and each view over them equals, byte for byte, what is worked out anew.
BEGIN;
SELECT plan(19);
SELECT setseed(0.31) \g /dev/null

CREATE TABLE public.customer AS
SELECT id AS account_id, 'Account ' || id AS name, (ARRAY['small', 'large', NULL])[1 + id % 3] AS segment, (ARRAY['young', 'mature', NULL])[1 + id % 4 % 3] AS lifecycle_stage, NULL::text AS plan, (ARRAY['ann', 'bob'])[1 + id % 2] AS owner,
       nullif(id % 6, 0) AS seats, date '2023-06-01' + floor(random() * 300)::int AS created_on, CASE WHEN id % 10 = 3 THEN id + 1 END AS parent_id, false AS is_test
FROM generate_series(1, 60) AS id;
CREATE TABLE public.contract AS
SELECT account_id, created_on + floor(random() * 20)::int AS starts_on, CASE WHEN random() < 0.4 THEN created_on + 60 + floor(random() * 300)::int END AS ends_on, (10 + account_id % 7)::numeric AS mrr, NULL::date AS cancelled_on
FROM public.customer WHERE account_id % 10 > 0;
CREATE TABLE public.ticket AS
SELECT id AS ticket_id, account_id, opened_at, CASE WHEN random() < 0.8 THEN opened_at + random() * random() * 20 * interval '1 day' END AS solved_at, random() < 0.1 AS escalated
FROM (SELECT id, 1 + floor(random() * 60)::int AS account_id, timestamptz '2023-12-01' + random() * interval '210 days' AS opened_at FROM generate_series(1, 500) AS id) t;
CREATE TABLE public.use AS
SELECT 1 + id % 55 AS account_id, timestamptz '2024-02-01' + random() * interval '150 days' AS at, id % 55 || '-' || id % 3 AS user_id, 'f' || floor(random() * random() * 5) AS feature
FROM generate_series(1, 2500) AS id;
CREATE TABLE public.answer AS
SELECT id, 1 + id % 60 AS account_id, (ARRAY['nps', 'csat'])[1 + id % 2] AS kind, timestamptz '2024-01-01' + random() * interval '180 days' AS responded_at, 1 + floor(random() * 5) AS score FROM generate_series(1, 200) AS id;
CREATE TABLE public.step AS
SELECT account_id, 'live' AS milestone, CASE WHEN random() < 0.7 THEN created_on + random() * interval '90 days' END AS reached_at, created_on + 60 AS due_on, false AS is_start, true AS is_value FROM public.customer WHERE account_id % 5 > 0;
CREATE TABLE public.bought (account_id integer, feature text, starts_on date, ends_on date);
CREATE TABLE public.own AS
SELECT 1 + floor(random() * 60)::int AS account_id, (ARRAY['pulse', 'quality'])[1 + id % 2] AS signal, timestamptz '2024-03-01' + random() * interval '120 days' AS at, floor(random() * 100) AS value FROM generate_series(1, 80) AS id;
CALL create_model('cs', 'integer');
UPDATE cs.policy SET as_of = '2024-06-20', report_from = '2024-01-01', health_min_coverage = 0.3, store_from_count = 0;
INSERT INTO cs.health_signal (component, signal, segment, lifecycle_stage, weight, worst, best, policy, keep_days)
VALUES ('own', 'quality', NULL, NULL, 10, 0, 100, 'carry', 60), ('support', 'resolution', 'small', NULL, 20, 3, 0, 'zero', NULL), ('support', 'csat', NULL, 'young', 3, 1, 4, 'neutral', NULL);
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'subscription', 'TABLE public.contract');
CALL map('cs', 'ticket', 'TABLE public.ticket');
CALL map('cs', 'usage', 'TABLE public.use');
CALL map('cs', 'survey', 'SELECT account_id, kind, score, responded_at FROM public.answer');
CALL map('cs', 'milestone', 'TABLE public.step');
CALL map('cs', 'entitlement', 'TABLE public.bought');
CALL map('cs', 'signal', 'TABLE public.own');

-- All that is stored, and all that views make of it, a line each.
CREATE FUNCTION pg_temp.stored() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT 'state ' || s::text FROM cs_internal.score_state s UNION ALL SELECT 'day ' || s::text FROM cs_internal.scored_day s
    UNION ALL SELECT 'segment ' || s::text FROM cs_internal.score_segment s UNION ALL SELECT 'feed ' || s::text FROM cs_internal.score_feed s
    UNION ALL SELECT 'first ' || s::text FROM cs_internal.feed_first s UNION ALL SELECT 'account ' || s::text FROM cs_internal.score_account s
    UNION ALL SELECT 'total ' || s::text FROM cs_internal.health_total s
    UNION ALL SELECT 'week ' || s::text FROM cs_internal.week_total s UNION ALL SELECT 'known ' || s::text FROM cs_internal.known_dimension s $$;
CREATE FUNCTION pg_temp.shown() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    what text;
BEGIN
    RETURN QUERY SELECT d.day || ' ' || h::text FROM cs_internal.asked_days() d(day), LATERAL cs.account_health(d.day) h;
    FOREACH what IN ARRAY '{account_health,health_by_account_signal,health_by_signal,health_by_segment,health_by_parent,health_movement,health_movement_by_signal,health_trend,account_now,csm_today,manager_weekly}'::text[] LOOP
        RETURN QUERY EXECUTE format('SELECT %L || v::text FROM cs.%I v', what || ' ', what);
    END LOOP;
END
$$;
-- How many lines are not what they are where nothing is stored, and the first of them.
CREATE FUNCTION pg_temp.difference() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    stored text[] := ARRAY(SELECT s FROM pg_temp.stored() s);
    shown text[] := ARRAY(SELECT s FROM pg_temp.shown() s);
    days date[] := ARRAY(SELECT s.as_of_on FROM cs_internal.scored_day s ORDER BY 1 DESC);
    found text;
BEGIN
    IF NOT ARRAY(SELECT a.day FROM cs_internal.asked_days() a) <@ days THEN
        RETURN 'days are missing';
    END IF;
    BEGIN
        DELETE FROM cs_internal.scored_day;
        SELECT string_agg(line, E'\n') INTO found FROM (
            (SELECT 'shown ' || s AS line FROM unnest(shown) s EXCEPT ALL SELECT 'shown ' || s FROM pg_temp.shown() s)
            UNION ALL (SELECT 'live ' || s FROM pg_temp.shown() s EXCEPT ALL SELECT 'live ' || s FROM unnest(shown) s) ORDER BY 1 LIMIT 4) d;
        IF found IS NULL THEN
            DELETE FROM cs_internal.score_state;
            DELETE FROM cs_internal.score_feed;
            PERFORM cs_internal.settle_all();
            PERFORM cs_internal.score_day(d), cs_internal.sum_day(d) FROM unnest(days) d;
            PERFORM cs_internal.sum_week(w.before_on, w.as_of_on) FROM cs_internal.asked_weeks() w;
            SELECT string_agg(left(line, 600), E'\n') INTO found FROM (
                (SELECT 'stored ' || s AS line FROM unnest(stored) s EXCEPT ALL SELECT 'stored ' || s FROM pg_temp.stored() s)
                UNION ALL (SELECT 'anew ' || s FROM pg_temp.stored() s EXCEPT ALL SELECT 'anew ' || s FROM unnest(stored) s) ORDER BY 1 LIMIT 4) d;
        END IF;
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN found;
    END;
END
$$;

-- One change of one of the sources, or of the rules, or of the day.
CREATE FUNCTION pg_temp.step() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    kind integer := floor(random() * 20);
    id integer := 1 + floor(random() * 62);
    today date := (SELECT as_of FROM cs.policy);
BEGIN
    CASE kind
        WHEN 0 THEN INSERT INTO public.ticket SELECT 1000 + floor(random() * 1e8)::int, id, today - random() * interval '20 days', CASE WHEN random() < 0.8 THEN today - random() * interval '5 days' END, random() < 0.2;
        WHEN 1 THEN UPDATE public.ticket t SET solved_at = opened_at + random() * interval '9 days' WHERE t.account_id = id AND solved_at IS NULL;
        WHEN 2 THEN DELETE FROM public.ticket t WHERE t.account_id = id;
        WHEN 3 THEN INSERT INTO public.use SELECT id, today - random() * interval '40 days', id || '-9', 'f' || floor(random() * 8) FROM generate_series(1, 5);
        WHEN 4 THEN DELETE FROM public.use u WHERE u.feature = 'f' || (3 + floor(random() * 5)::int);
        WHEN 5 THEN DELETE FROM public.use u WHERE u.account_id = id;
        WHEN 6 THEN INSERT INTO public.contract SELECT id, today - floor(random() * 90)::int, NULL, 5 + floor(random() * 20);
        WHEN 7 THEN UPDATE public.contract c SET ends_on = today - floor(random() * 40)::int WHERE c.account_id = id AND starts_on < today - 40;
        WHEN 8 THEN DELETE FROM public.contract c WHERE c.account_id = id;
        WHEN 9 THEN INSERT INTO public.answer SELECT floor(random() * 1e8)::int, id, (ARRAY['nps', 'csat'])[1 + floor(random() * 2)::int], today - random() * interval '9 days', 1 + floor(random() * 5);
        WHEN 10 THEN INSERT INTO public.own SELECT id, (ARRAY['pulse', 'quality'])[1 + floor(random() * 2)::int], today - random() * interval '9 days', floor(random() * 100);
        WHEN 11 THEN DELETE FROM public.own o WHERE o.account_id = id;
        WHEN 12 THEN UPDATE public.customer c SET segment = (ARRAY['small', 'large', 'huge', '', NULL])[1 + floor(random() * 5)::int], owner = (ARRAY['ann', 'bob', 'cyd'])[1 + floor(random() * 3)::int] WHERE c.account_id = id;
        WHEN 13 THEN DELETE FROM public.customer c WHERE c.account_id = id AND c.account_id % 4 = 0;
        WHEN 14 THEN INSERT INTO public.customer SELECT id, 'New', 'large', 'young', CASE WHEN random() < 0.2 THEN 'basic' END, 'ann', 3, today - 50, NULL, false WHERE NOT EXISTS (SELECT 1 FROM public.customer c WHERE c.account_id = id);
        WHEN 15 THEN UPDATE public.customer c SET is_test = NOT is_test, plan = NULL WHERE c.account_id = id;
        WHEN 16 THEN
            IF EXISTS (SELECT 1 FROM public.bought) AND random() < 0.6 THEN DELETE FROM public.bought; ELSE INSERT INTO public.bought SELECT id, 'f' || f, today - 30, NULL FROM generate_series(1, 4) f; END IF;
        WHEN 17 THEN UPDATE cs.policy SET as_of = today + (ARRAY[1, 1, 1, 3, 8, -2, -20])[1 + floor(random() * 7)::int];
        WHEN 18 THEN
            CASE floor(random() * 4)
                WHEN 0 THEN UPDATE cs.policy SET health_green_from = 70 + floor(random() * 20), health_method = (ARRAY['weighted', 'worst_component'])[1 + floor(random() * 2)::int];
                WHEN 1 THEN UPDATE cs.policy SET trend_days = 20 + floor(random() * 10), time_zone = (ARRAY['UTC', 'Asia/Tokyo'])[1 + floor(random() * 2)::int];
                WHEN 2 THEN UPDATE cs.policy SET movement_days = 5 + floor(random() * 20), gross_margin = 0.5 + random() / 2;
                ELSE UPDATE cs.policy SET week_start = 1 + floor(random() * 7), health_days = 60 + floor(random() * 40);
            END CASE;
        ELSE UPDATE cs.health_signal SET weight = floor(random() * 12) WHERE signal = (ARRAY['trend', 'csat', 'quality', 'resolution'])[1 + floor(random() * 4)::int];
    END CASE;
    RETURN kind;
END
$$;
CREATE FUNCTION pg_temp.walk(rounds integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    steps text;
    found text;
BEGIN
    FOR round IN 1 .. rounds LOOP
        steps := '';
        FOR step IN 1 .. 1 + floor(random() * 4)::int LOOP
            steps := concat_ws(' ', steps, pg_temp.step());
        END LOOP;
        CALL csmetrics.refresh('cs', may_shrink => true);
        IF round % 4 = 0 THEN
            CALL csmetrics.run('cs', '{evaluate_alerts,run_playbooks}');
        END IF;
        found := pg_temp.difference();
        IF found IS NOT NULL THEN
            RETURN NEXT format('round %s, after%s: %s', round, steps, found);
        END IF;
    END LOOP;
END
$$;
INSERT INTO cs.alert_rule (rule, severity, condition) VALUES ('low', 'warning', 'health_score < 60'), ('none', 'info', 'open_count > 2');
INSERT INTO cs.playbook (name, trigger_when, success_when, horizon_days, due_days) VALUES ('call', 'tier = ''Red''', 'tier <> ''Red''', 10, 3);
CALL refresh('cs');
CALL evaluate_alerts('cs');
CALL run_playbooks('cs');
SELECT is(pg_temp.difference(), NULL, 'after the first refresh');
SELECT is_empty('SELECT * FROM pg_temp.walk(25)', 'after random changes');

-- Nothing is written where nothing changed, and scores of days that nobody asks for any more are gone.
SELECT cmp_ok(count(*), '>', 300::bigint, 'scores are stored') FROM cs_internal.score_state;
CREATE TABLE public.place AS SELECT as_of_on, account_id, ctid AS at FROM cs_internal.score_state;
CALL refresh('cs');
SELECT is_empty('SELECT as_of_on, account_id, ctid FROM cs_internal.score_state EXCEPT TABLE public.place', 'nothing changed, nothing written');
UPDATE cs.policy SET as_of = as_of + 200;
CALL refresh('cs');
SELECT set_eq('SELECT as_of_on FROM cs_internal.scored_day', 'SELECT day FROM cs_internal.asked_days()', 'after half a year other days are stored');
SELECT is_empty('SELECT as_of_on FROM cs_internal.score_state EXCEPT SELECT day FROM cs_internal.asked_days()', 'and no scores of others');
-- One day more is one day to score, once those between are there; what lies between is kept until it is asked for.
UPDATE cs.policy SET as_of = as_of + 1;
SELECT set_eq('SELECT day FROM cs_internal.unscored_days()', 'SELECT as_of - d FROM cs.policy, LATERAL (VALUES (0), (movement_days)) v(d)', 'at first a day more is two to score');
CALL refresh('cs');
SELECT ok(EXISTS (SELECT 1 FROM cs_internal.scored_day JOIN cs.policy ON as_of_on = as_of - 1), 'yesterday is kept');

-- A change of the rules shows at once.
CREATE TABLE public.said AS SELECT account_id, health_score FROM cs.account_health;
UPDATE cs.health_signal SET weight = weight + 50 WHERE signal = 'milestones';
SELECT isnt_empty('SELECT account_id, health_score FROM cs.account_health EXCEPT TABLE public.said', 'other weights, other scores, at once');
UPDATE cs.health_signal SET weight = weight - 50 WHERE signal = 'milestones';
SELECT is_empty('SELECT account_id, health_score FROM cs.account_health EXCEPT TABLE public.said', 'and back');

-- The account of a page is looked up, not searched for.
CREATE FUNCTION pg_temp.executed(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) ' || statement LOOP
        IF line !~ 'never executed' THEN
            RETURN NEXT line;
        END IF;
    END LOOP;
END
$$;
ANALYZE;
SET LOCAL enable_seqscan = off;
SELECT is_empty($$SELECT e FROM pg_temp.executed('SELECT * FROM cs.account_health WHERE account_id = 7') e WHERE e ~ 'live_scores|user_state|Seq Scan on (account|account_state|score_state)\M'$$, 'one account is found by its key');
SELECT isnt_empty($$SELECT e FROM pg_temp.executed('SELECT * FROM cs.account_health WHERE account_id = 7') e WHERE e ~ 'score_state_pkey'$$, 'where its score is stored');
DELETE FROM cs_internal.scored_day;
SELECT isnt_empty($$SELECT e FROM pg_temp.executed('SELECT * FROM cs.account_health WHERE account_id = 7') e WHERE e ~ 'Function Scan on live_scores'$$, 'which is worked out where it is not');
SET LOCAL enable_seqscan = on;
CALL refresh('cs');

-- An account that is forgotten is in none of it, at once.
SET LOCAL client_min_messages = error;
CALL forget_account('cs', '7');
SET LOCAL client_min_messages = warning;
SELECT is(pg_temp.difference(), NULL, 'one is forgotten');
SELECT is_empty($$SELECT 1 FROM cs_internal.score_state WHERE account_id = 7 UNION ALL SELECT 1 FROM cs_internal.score_account WHERE account_id = 7$$, 'altogether');

-- Who sees some accounts reads their scores as stored, held against their whole segment, and totals of these alone.
CREATE ROLE stored_scores_ann;
CALL grant_read('cs', 'stored_scores_ann');
CALL secure('cs', 'stored_scores_ann', $$owner = 'ann'$$);
CREATE TABLE public.own_score AS SELECT h.* FROM cs.account_health h WHERE owner = 'ann';
CREATE TABLE public.own_total AS SELECT account_count, mrr, health_score FROM cs.health_by_segment WHERE dimension = 'owner' AND value = 'ann';
CREATE TABLE public.own_week AS SELECT period_start_on, account_count, improved_count, joined_mrr, opening_mrr FROM cs.manager_weekly WHERE dimension = 'owner' AND value = 'ann';
GRANT SELECT ON public.own_score, public.own_total, public.own_week TO stored_scores_ann;
SET LOCAL ROLE stored_scores_ann;
SELECT results_eq('SELECT account_id, health_score, tier, reasons FROM cs.account_health ORDER BY 1', 'SELECT account_id, health_score, tier, reasons FROM public.own_score ORDER BY 1', 'own scores are those of the store');
SELECT results_eq($$SELECT account_count, mrr, health_score FROM cs.health_by_segment WHERE dimension = 'all'$$, 'TABLE public.own_total', 'totals are of own accounts');
SELECT results_eq($$SELECT period_start_on, account_count, improved_count, joined_mrr, opening_mrr FROM cs.manager_weekly WHERE dimension = 'all'$$, 'TABLE public.own_week', 'and so are weeks');
SELECT is_empty('SELECT 1 FROM cs_internal.health_total UNION ALL SELECT 1 FROM cs_internal.week_total UNION ALL SELECT 1 FROM cs_internal.known_dimension UNION ALL SELECT 1 FROM cs_internal.score_feed UNION ALL SELECT 1 FROM cs_internal.score_segment', 'those of all accounts are hidden');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
