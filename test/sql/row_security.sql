\unset ECHO
\i test/psql.sql
-- Who sees some of the rows only must not put what comes of them in the place of what came of all.
BEGIN;
SELECT plan(20);
CREATE TABLE public.customer (account_id text, name text, owner text);
INSERT INTO public.customer VALUES ('a', 'A', 'csmetrics_some'), ('b', 'B', 'somebody else');
CREATE TABLE public.contract AS SELECT account_id, date '2024-01-01' AS starts_on, 100 AS mrr FROM public.customer;
CREATE VIEW public.contract_seen WITH (security_invoker) AS TABLE public.contract;
CREATE ROLE csmetrics_some;
SELECT format('GRANT CREATE ON DATABASE %I TO csmetrics_some', current_database()) \gexec
GRANT USAGE ON SCHEMA public TO csmetrics_some;
GRANT SELECT ON public.customer, public.contract, public.contract_seen TO csmetrics_some;
-- The owner, who may do all of it, but for policies.
SET LOCAL ROLE csmetrics_some;
CALL create_model('cs');
CALL map('cs', 'account', 'TABLE public.customer');
CALL map('cs', 'subscription', 'TABLE public.contract_seen');
UPDATE cs.policy SET as_of = '2024-06-10';
UPDATE cs.alert_rule SET is_enabled = false;
INSERT INTO cs.alert_rule (rule, condition) VALUES ('customer', 'mrr > 0');
CALL refresh('cs');
CALL evaluate_alerts('cs');
RESET ROLE;

CREATE FUNCTION pg_temp.everything() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    all_of text := '';
    rows text;
    kept regclass;
BEGIN
    FOR kept IN SELECT oid FROM pg_class WHERE relnamespace = ANY (csmetrics.schemas_of('cs')) AND relkind = 'r' ORDER BY relname LOOP
        EXECUTE format('SELECT string_agg(t::text, '' '' ORDER BY t::text) FROM %s t', kept) INTO rows;
        all_of := concat_ws(E'\n', all_of, kept, rows);
    END LOOP;
    RETURN all_of;
END $$;
-- What is said, and whether anything but the error is left of it.
CREATE FUNCTION pg_temp.by_some(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    before text := pg_temp.everything();
    clue text;
BEGIN
    BEGIN
        SET LOCAL ROLE csmetrics_some;
        EXECUTE statement;
        RESET ROLE;
        RETURN 'no error';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS clue = PG_EXCEPTION_HINT;
        RETURN concat_ws(' ', SQLSTATE, SQLERRM, CASE WHEN clue LIKE '%sees them all%' THEN '(and why)' END, CASE WHEN before <> pg_temp.everything() THEN '(changed)' END);
    END;
END $$;
\set statements '(VALUES (1, ''CALL csmetrics.refresh(''''cs'''')''), (2, ''CALL csmetrics.validate(''''cs'''')''), (3, ''CALL csmetrics.evaluate_alerts(''''cs'''')''), (4, ''CALL csmetrics.run_playbooks(''''cs'''')''), (5, ''CALL csmetrics.take_snapshot(''''cs'''')''), (6, ''CALL csmetrics.run(''''cs'''')'')) s(n, statement)'
SELECT is(pg_temp.by_some('CALL csmetrics.evaluate_alerts(''cs'')'), 'no error', 'without policies it may');

-- A policy on a table below the sources.
ALTER TABLE public.customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.customer USING (owner = current_user);
SELECT is(pg_temp.by_some(statement), '42501 row-level security may hide rows of cs_internal.source_account (and why)', statement) FROM :statements WHERE n IN (1, 2, 6) ORDER BY n;
SELECT is(pg_temp.by_some(statement), 'no error', 'what reads the model alone is not refused: ' || statement) FROM :statements WHERE n IN (3, 4, 5) ORDER BY n;
ALTER TABLE public.customer DISABLE ROW LEVEL SECURITY;
ALTER TABLE public.contract ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.contract USING (account_id = 'a');
SELECT is(pg_temp.by_some(statement), '42501 row-level security may hide rows of cs_internal.source_subscription (and why)', 'of a table below a view: ' || statement) FROM :statements WHERE n < 3 ORDER BY n;
SELECT is(pg_temp.by_some('CALL csmetrics.evaluate_alerts(''cs'')'), 'no error', 'what does not read it is not refused');
ALTER TABLE public.contract DISABLE ROW LEVEL SECURITY;
-- And on what is stored.
ALTER TABLE cs_internal.account_state ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON cs_internal.account_state USING (account_id = 'a');
SELECT is(pg_temp.by_some(statement), '42501 row-level security may hide rows of cs_internal.account_state (and why)', 'of a stored table: ' || statement) FROM :statements ORDER BY n;
-- The owner is not under it unless that is forced, and the session's setting is what it was.
ALTER TABLE cs_internal.account_state NO FORCE ROW LEVEL SECURITY;
SELECT is(pg_temp.by_some(statement), 'no error', 'its owner may: ' || statement) FROM :statements WHERE n < 3 ORDER BY n;
SELECT is(current_setting('row_security'), 'on', 'the setting is as it was');
SELECT is((SELECT count(*) FROM cs_internal.account_state), 2::bigint, 'and both histories are there');
SELECT * FROM finish();
ROLLBACK;
