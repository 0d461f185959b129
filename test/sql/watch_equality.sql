\unset ECHO
\i test/psql.sql
-- Whatever happens to the sources, a model of which watches tell what changed has, after each refresh, what a rebuild makes of them, byte for byte: at
-- once by triggers, lists and fingerprints, after a sweep by columns. What happens is drawn from a seed. WATCH_STEPS: how many steps
-- there are; WATCH_SEED: another seed.
\getenv steps WATCH_STEPS
\if :{?steps}
\else
    \set steps 60
\endif
\getenv seed WATCH_SEED
\if :{?seed}
\else
    \set seed 0.42
\endif
BEGIN;
SELECT plan(5);
SET LOCAL search_path = public, csmetrics;
SET LOCAL client_min_messages = warning;

CREATE TABLE customer (account_id int, name text, plan text, time_zone text, parent_id int, is_test boolean, updated_at timestamptz);
CREATE TABLE term (account_id int, subscription_id text, starts_on date, ends_on date, mrr numeric, currency text, updated_at timestamptz, product text DEFAULT 'product', end_reason text DEFAULT 'reason');
CREATE TABLE click (account_id int, at timestamptz, user_id text, role text, feature text, events int, updated_at timestamptz) PARTITION BY HASH (account_id);
CREATE TABLE click_0 PARTITION OF click FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE click_1 PARTITION OF click FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE plan_feature (plan text, feature text, updated_at timestamptz);
CREATE TABLE ticket (account_id int, ticket_id text, opened_at timestamptz, solved_at timestamptz, updated_at timestamptz);
CREATE TABLE answer (account_id int, kind text, score int, responded_at timestamptz, updated_at timestamptz);
CREATE TABLE step (account_id int, milestone text, reached_at timestamptz, updated_at timestamptz);
CREATE TABLE reading (account_id int, signal text, at timestamptz, value float8, updated_at timestamptz);
CREATE TABLE rate (currency text, on_date date, rate numeric, updated_at timestamptz);
INSERT INTO customer SELECT a, 'n' || a, 'p' || a % 3, CASE WHEN a % 2 = 0 THEN 'Asia/Tokyo' END, NULL, false FROM generate_series(1, 24) a;
INSERT INTO click SELECT a, timestamptz '2024-05-01 22:30 UTC', 'u' || a % 3, 'r', 'f', 1 FROM generate_series(1, 30) a;
INSERT INTO rate VALUES ('EUR', '2023-01-01', 1), ('USD', '2023-01-01', 0.9);
CREATE TABLE merger (account_id int, parent_id int, starts_on date, ends_on date, is_merger boolean, updated_at timestamptz);
CREATE FUNCTION is_now() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END $$;
SELECT format('CREATE TRIGGER is_now BEFORE INSERT OR UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION is_now()', t)
FROM unnest('{customer,term,click,plan_feature,ticket,answer,step,reading,rate,merger}'::text[]) t \gexec

CREATE PROCEDURE pg_temp.make(model text) LANGUAGE plpgsql AS $$
BEGIN
    CALL create_model(model, 'integer');
    CALL map(model, 'account', 'SELECT account_id, name, plan, time_zone, parent_id, is_test FROM customer');
    CALL map(model, 'subscription', 'SELECT account_id, subscription_id, starts_on, ends_on, mrr, currency, product, end_reason FROM term');
    CALL map(model, 'usage', 'SELECT account_id, at, user_id, role, feature, events FROM click');
    CALL map(model, 'entitlement', 'SELECT c.account_id, f.feature FROM customer c JOIN plan_feature f USING (plan)');
    CALL map(model, 'ticket', 'SELECT account_id, ticket_id, opened_at, solved_at FROM ticket');
    CALL map(model, 'survey', 'SELECT account_id, kind, score, responded_at FROM answer');
    CALL map(model, 'milestone', 'SELECT account_id, milestone, reached_at FROM step');
    CALL map(model, 'signal', 'SELECT account_id, signal, at, value FROM reading');
    CALL map(model, 'fx_rate', 'SELECT currency, on_date, rate FROM rate');
    CALL map(model, 'parent', 'SELECT account_id, parent_id, starts_on, ends_on, is_merger FROM merger');
    EXECUTE format('UPDATE %I.policy SET as_of = ''2025-01-01''', model);
END
$$;
CALL pg_temp.make('prompt');
CALL watch('prompt', 'account', 'trigger', 'customer');
CALL watch('prompt', 'subscription', 'trigger', 'term');
CALL watch('prompt', 'usage', 'trigger', 'click');
CALL watch('prompt', 'entitlement', 'trigger', 'customer');
CALL watch('prompt', 'entitlement', 'trigger', 'plan_feature', 'plan', 'SELECT c.account_id FROM customer c JOIN changed USING (plan)');
CALL watch('prompt', 'ticket', 'list');
CALL watch('prompt', 'survey', 'trigger', 'answer');
CALL watch('prompt', 'milestone', 'fingerprint');
CALL watch('prompt', 'fx_rate', 'trigger', 'rate');
CALL watch('prompt', 'parent', 'fingerprint');
CALL pg_temp.make('late');
DO $$
DECLARE
    w record;
BEGIN
    FOR w IN SELECT * FROM (VALUES ('account', 'customer'), ('subscription', 'term'), ('usage', 'click'), ('ticket', 'ticket'), ('survey', 'answer'), ('milestone', 'step'),
                                   ('signal', 'reading'), ('fx_rate', 'rate'), ('parent', 'merger')) v(source, relation) LOOP
        CALL watch('late', w.source, 'column', w.relation::regclass, changed_at => 'updated_at', lag => '0');
    END LOOP;
    CALL watch('late', 'entitlement', 'column', 'customer', changed_at => 'updated_at', lag => '0');
    CALL watch('late', 'entitlement', 'column', 'plan_feature', 'plan', 'SELECT c.account_id FROM customer c JOIN changed USING (plan)', 'updated_at', '0');
END
$$;

-- What happens, to accounts from 1 to 30 (of which some never are customers).
CREATE FUNCTION pg_temp.any_of(from_n int, to_n int) RETURNS int LANGUAGE sql VOLATILE RETURN from_n + floor(random() * (to_n - from_n + 1))::int;
CREATE FUNCTION pg_temp.happen(which int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    a int := pg_temp.any_of(1, 30);
    b int := pg_temp.any_of(1, 30);
    k int := pg_temp.any_of(0, 9);
    model text;
BEGIN
    CASE which
    WHEN 0 THEN INSERT INTO click SELECT a, timestamptz '2024-06-01 22:30 UTC' + (k * 9 + n) * interval '24 hours', CASE WHEN n < 3 THEN 'u' || n END, 'r' || k % 2, 'f' || n % 3, n FROM generate_series(1, k) n;
    WHEN 1 THEN DELETE FROM click WHERE account_id = a;
    WHEN 2 THEN UPDATE click SET account_id = b WHERE account_id = a AND events > k;
    WHEN 3 THEN UPDATE click SET user_id = 'u' || k WHERE account_id = a AND events % 2 = 0;
    WHEN 4 THEN INSERT INTO term VALUES (a, 's' || k, date '2024-01-01' + 30 * k, CASE WHEN k < 5 THEN date '2024-06-01' + 10 * k END, 10 * k, CASE WHEN k < 9 THEN 'EUR' ELSE 'USD' END);
    WHEN 5 THEN UPDATE term SET mrr = mrr + k WHERE account_id = a;
    WHEN 6 THEN DELETE FROM term WHERE account_id = a AND subscription_id < 's5';
    WHEN 7 THEN UPDATE term SET account_id = b WHERE account_id = a;
    WHEN 8 THEN DELETE FROM customer WHERE account_id = a;
    WHEN 9 THEN INSERT INTO customer SELECT a, 'n' || k, 'p' || k % 3, (ARRAY[NULL, 'UTC', 'Asia/Tokyo', 'America/Lima'])[1 + k % 4], NULL, k = 0 WHERE NOT EXISTS (SELECT FROM customer WHERE account_id = a);
    WHEN 10 THEN UPDATE customer SET name = 'm' || k, plan = 'p' || k % 3 WHERE account_id = a;
    WHEN 11 THEN UPDATE customer SET time_zone = (ARRAY[NULL, 'UTC', 'Asia/Tokyo', 'America/Lima'])[1 + k % 4] WHERE account_id = a;
    WHEN 12 THEN UPDATE customer SET is_test = NOT coalesce(is_test, false) WHERE account_id = a;
    WHEN 13 THEN UPDATE customer SET account_id = b WHERE account_id = a AND NOT EXISTS (SELECT FROM customer WHERE account_id = b);
    WHEN 14 THEN INSERT INTO plan_feature VALUES ('p' || k % 3, 'f' || k);
    WHEN 15 THEN DELETE FROM plan_feature WHERE plan = 'p' || k % 3 AND feature = 'f' || k;
    WHEN 16 THEN
        INSERT INTO ticket VALUES (a, 't' || k, timestamptz '2024-05-01 UTC' + k * interval '9 days', NULL);
        UPDATE ticket SET solved_at = opened_at + interval '3 hours' WHERE account_id = b;
        CALL mark_changed('prompt', 'ticket', ARRAY[a, b]::text[]);
    WHEN 17 THEN
        DELETE FROM ticket WHERE account_id = a;
        CALL mark_changed('prompt', 'ticket', ARRAY[a, b]::text[]);
    WHEN 18 THEN INSERT INTO answer VALUES (a, 'nps', k, timestamptz '2024-05-01 UTC' + k * interval '9 days');
    WHEN 19 THEN DELETE FROM answer WHERE account_id = a;
    WHEN 20 THEN INSERT INTO step VALUES (a, 'm' || k, timestamptz '2024-02-01 UTC' + k * interval '9 days');
    WHEN 21 THEN DELETE FROM step WHERE account_id = a;
    WHEN 22 THEN INSERT INTO reading VALUES (a, 'load', timestamptz '2024-02-01 UTC' + k * interval '9 days', k);
    WHEN 23 THEN DELETE FROM reading WHERE account_id = a;
    WHEN 24 THEN INSERT INTO merger SELECT least(a, b), greatest(a, b), '2024-08-01', NULL, true WHERE a <> b AND k < 4 AND NOT EXISTS (SELECT FROM merger WHERE account_id = least(a, b));
    WHEN 25 THEN DELETE FROM merger;
    WHEN 26 THEN INSERT INTO rate VALUES ('USD', date '2024-01-01' + 30 * k, 0.5 + k / 10.0);
    WHEN 27 THEN
        TRUNCATE answer;
        INSERT INTO answer SELECT n, 'csat', 1 + n % 5, timestamptz '2024-07-01 UTC' FROM generate_series(a, 30) n;
    WHEN 28 THEN
        FOREACH model IN ARRAY '{prompt,late}'::text[] LOOP
            EXECUTE format('UPDATE %I.policy SET %s', model,
                           (ARRAY['test_account_rule = CASE test_account_rule WHEN ''count'' THEN ''exclude'' ELSE ''count'' END',
                                  'zero_mrr_rule = CASE zero_mrr_rule WHEN ''count'' THEN ''exclude'' ELSE ''count'' END', 'confidence = 0.9',
                                  'entity_grain = CASE entity_grain WHEN ''account'' THEN ''subscription'' ELSE ''account'' END',
                                  'report_currency = CASE WHEN report_currency IS NULL THEN ''EUR'' END', 'as_of = as_of + 1'])[1 + k % 6]);
        END LOOP;
    WHEN 29 THEN
        FOREACH model IN ARRAY '{prompt,late}'::text[] LOOP
            EXECUTE format('UPDATE %I.quality_rule SET quarantine = NOT quarantine WHERE (rule, source) = %s', model,
                           (ARRAY['(''duplicate ticket'', ''ticket'')', '(''bot or test user'', ''usage'')', '(''test account'', ''account'')', '(''orphan'', ''usage'')'])[1 + k % 4]);
        END LOOP;
    WHEN 30 THEN
        -- of some sources alone; the others wait
        CALL refresh('prompt', ARRAY[(ARRAY['usage', 'subscription', 'ticket'])[1 + k % 3]], may_shrink => true);
    ELSE UPDATE click SET events = events + 1 WHERE account_id % 3 = k % 3;
    END CASE;
    RETURN format('%s(%s, %s, %s)', which, a, b, k);
END
$$;

CREATE FUNCTION pg_temp.contents(model text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    name text;
    part text[];
    contents text[] := '{}';
BEGIN
    FOREACH name IN ARRAY '{account,left_out_account,fx_rate,account_state,revenue_state,user_state,entitlement_state,discount_state,product_state,ending_state,account_entity,account_digest}'::text[] LOOP
        EXECUTE format('SELECT ARRAY(SELECT %L || '': '' || t FROM %s t)', name, csmetrics.relation(model, name)) INTO part;
        contents := contents || part;
    END LOOP;
    EXECUTE format('SELECT ARRAY(SELECT concat_ws('' '', ''rows:'', r.source, r.row_count) FROM %I.refreshed_source r)', model) INTO part;
    RETURN contents || part;
END
$$;
-- What is in the one alone: the model, or its rebuild, which is undone
CREATE FUNCTION pg_temp.differs(model text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    kept text[] := pg_temp.contents(model);
    anew text[];
BEGIN
    BEGIN
        CALL rebuild(model, may_shrink => true);
        anew := pg_temp.contents(model);
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        NULL;
    END;
    RETURN QUERY (SELECT 'kept ' || k FROM unnest(kept) k EXCEPT ALL SELECT 'kept ' || k FROM unnest(anew) k)
    UNION ALL (SELECT 'anew ' || k FROM unnest(anew) k EXCEPT ALL SELECT 'anew ' || k FROM unnest(kept) k);
END
$$;
CREATE TEMP TABLE wrong (at_step int, model text, happened text, difference text);
CREATE PROCEDURE pg_temp.go(steps int, seed float8) LANGUAGE plpgsql AS $$
DECLARE
    happened text;
BEGIN
    PERFORM setseed(seed);
    FOR i IN 1 .. steps LOOP
        happened := (SELECT string_agg(pg_temp.happen(CASE WHEN i <= 20 THEN n * 2 ELSE pg_temp.any_of(0, 31) END), ' ') FROM generate_series(0, CASE WHEN i <= 20 THEN 11 ELSE pg_temp.any_of(0, 2) END) n);
        CALL refresh('prompt', may_shrink => true);
        INSERT INTO wrong SELECT i, 'prompt', happened, d FROM pg_temp.differs('prompt') d LIMIT 5;
        CALL refresh('late', may_shrink => true);
        IF i % 7 = 0 THEN
            CALL refresh('late', may_shrink => true, sweep => true);
            INSERT INTO wrong SELECT i, 'late', happened, d FROM pg_temp.differs('late') d LIMIT 5;
        END IF;
        EXIT WHEN EXISTS (SELECT FROM wrong);
    END LOOP;
END
$$;
CALL pg_temp.go(:steps, :seed);
SELECT is_empty('TABLE wrong', 'after each refresh all that is stored is what a rebuild makes');
SELECT cmp_ok((SELECT count(*) FROM prompt.refresh_log l, jsonb_each(l.sources) s WHERE s.value ->> 'found_by' = 'trigger'), '>', :steps::bigint / 2, 'many sources were read by key');
SELECT ok(count(*) > 0, 'and some found a change by ' || method) FROM unnest('{trigger,list}'::text[]) method, prompt.refresh_log l, jsonb_each(l.sources) s
WHERE s.value ->> 'found_by' = method AND (s.value ->> 'accounts_changed')::int > 0 GROUP BY method ORDER BY method;
SELECT cmp_ok((SELECT count(*) FROM late.refresh_log l, jsonb_each(l.sources) s WHERE (s.value ->> 'accounts_unseen')::int > 0), '>', 0::bigint, 'sweeps found what columns had not told');
SELECT * FROM finish();
ROLLBACK;
