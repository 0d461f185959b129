-- Playbooks: what is done for customers of whom a trigger says so, and whether it does any good. That is judged by what
-- the data say at a fixed horizon, beside customers who met the same trigger and were left alone; never by whether
-- tasks were done, and never by how the treated were before: who is picked at his worst comes back by himself.

INSERT INTO csmetrics.policy_column
    (position, name, type, default_value, condition, takes_effect, meaning, defines)
VALUES
(96, 'playbook_seed', 'bigint', '1', NULL, 'at once',
 'Seed of the throws that leave holdouts alone: the same seed, the same holdouts', false);

CREATE OR REPLACE FUNCTION csmetrics.tickets_opened(model text, keys text[], until_at timestamptz)
RETURNS TABLE (account_key text, ticket_id text, opened_at timestamptz, solved_at timestamptz, topic text, subject text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF keys IS NULL THEN
        RETURN;
    END IF;
    -- in PL/pgSQL, since Citus plans no function in SQL that asks a distributed source with parameters
    RETURN QUERY EXECUTE format(
        'SELECT t.account_id::text, t.ticket_id, t.opened_at, t.solved_at, t.topic, t.subject FROM %I.source_ticket t
         WHERE t.opened_at <= $1 AND t.account_id = ANY ($2::%s[])',
        csmetrics.internal_schema(model), csmetrics.key_type(model)) USING until_at, keys;
END
$$;
COMMENT ON FUNCTION csmetrics.tickets_opened(text, text[], timestamptz) IS
'Internal: the tickets of these accounts that were opened until then, as source_ticket has them; keys NULL: none';

CREATE OR REPLACE FUNCTION csmetrics.open_playbook_runs(model text, day date, only_past text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    wanted record;
    opened bigint;
BEGIN
    EXECUTE format('SELECT w.names, w.triggers, w.owners FROM %I.playbooks_wanted($1) w', internal)
        INTO wanted USING only_past;
    IF wanted.names IS NULL THEN
        RETURN 0;
    END IF;
    EXECUTE format('SELECT %I.open_runs($1, $2, $3, $4, $5, $6)', internal)
        INTO opened USING model, day, wanted.names, wanted.triggers, wanted.owners, only_past;
    RETURN opened;
EXCEPTION WHEN OTHERS THEN
    -- one after the other, to tell in which of them the mistake is
    FOR i IN 1 .. coalesce(cardinality(wanted.names), 0) LOOP
        PERFORM 1 FROM csmetrics.customers_by_rule(model, day, wanted.names[i:i], wanted.triggers[i:i],
                                                 wanted.owners[i:i]);
    END LOOP;
    RAISE;
END
$$;
COMMENT ON FUNCTION csmetrics.open_playbook_runs(text, date, text) IS
'Internal: opens runs of the enabled playbooks for the customers who meet their triggers as of the day and have none '
'open or cooling down, and gives their number. only_past: instead, runs of this playbook alone as if it had been '
'followed then.';

CREATE OR REPLACE FUNCTION csmetrics.close_playbook_runs(model text, day date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 AS $$
DECLARE
    closed bigint;
BEGIN
    EXECUTE format('SELECT %I.judge_runs($1, $2)', csmetrics.internal_schema(model)) INTO closed USING model, day;
    RETURN closed;
END
$$;
COMMENT ON FUNCTION csmetrics.close_playbook_runs(text, date) IS
'Internal: judges the open runs whose day to be judged it is, as of that day, and gives their number. An account that '
'is no customer any more has not succeeded.';

CREATE OR REPLACE FUNCTION csmetrics.open_past_runs(model text, as_of_on date, from_on date, past_days integer,
    latest_id bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    begun record;
    past_day date;
    opened bigint := 0;
BEGIN
    -- Without holdouts, a playbook that begins is compared with days before it, when nobody was treated.
    FOR begun IN EXECUTE format('SELECT b.name, b.horizon_days FROM %I.playbooks_begun($1) b',
                                csmetrics.internal_schema(model)) USING latest_id
    LOOP
        FOR k IN REVERSE past_days .. 1 LOOP
            past_day := as_of_on - 1 - k * begun.horizon_days;
            CONTINUE WHEN past_day < from_on;
            RAISE NOTICE 'playbook "%": who would have met it as of % ...', begun.name, past_day;
            opened := opened + csmetrics.open_playbook_runs(model, past_day, begun.name);
            PERFORM csmetrics.close_playbook_runs(model, past_day + begun.horizon_days);
        END LOOP;
    END LOOP;
    RETURN opened;
END
$$;
COMMENT ON FUNCTION csmetrics.open_past_runs(text, date, date, integer, bigint) IS
'Internal: opens and judges runs of past_days past days, none before from_on, of the playbooks without holdouts whose '
'first run came after latest_id, and gives their number';

CREATE OR REPLACE PROCEDURE csmetrics.run_playbooks(model text)
-- long queries over few rows, which take longer to compile than to run
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $$
DECLARE
    started timestamptz := clock_timestamp();
    rules record;
    latest record;
    day date;
    judged bigint := 0;
    past bigint;
    opened record;
BEGIN
    PERFORM csmetrics.require_owner(model);
    PERFORM csmetrics.require_all_rows(model, NULL);
    -- one at a time; readers go on
    EXECUTE format('LOCK TABLE %I.playbook_run IN SHARE ROW EXCLUSIVE MODE', model);
    -- today is not over before tomorrow: a run is judged by the whole of its day, or it would matter at what hour
    EXECUTE format('SELECT r.as_of_on, coalesce(p.as_of, r.as_of_on - 1) AS over_on, r.from_on, p.backtest_count
                    FROM %1$I.reporting_range r, %1$I.policy p', model) INTO rules;
    EXECUTE format('SELECT max(greatest(u.opened_on, u.closed_on)) AS day, coalesce(max(u.run_id), 0) AS id
                    FROM %I.playbook_run u', model) INTO latest;

    -- each as of its own day, also when that is long ago
    FOR day IN EXECUTE format('SELECT DISTINCT u.judge_on FROM %I.playbook_run u
                               WHERE u.closed_on IS NULL AND u.judge_on <= $1 ORDER BY 1', model) USING rules.over_on
    LOOP
        judged := judged + csmetrics.close_playbook_runs(model, day);
    END LOOP;

    IF rules.as_of_on < latest.day THEN
        RAISE NOTICE 'playbooks of model "%": % is before %, of which there are runs already: none is opened', model,
            rules.as_of_on, latest.day;
    ELSE
        PERFORM csmetrics.open_playbook_runs(model, rules.as_of_on);
    END IF;
    past := csmetrics.open_past_runs(model, rules.as_of_on, rules.from_on, rules.backtest_count, latest.id);

    EXECUTE format('SELECT count(*) FILTER (WHERE u.arm = ''treated'') AS treated,
                           count(*) FILTER (WHERE u.arm = ''holdout'') AS held
                    FROM %I.playbook_run u WHERE u.run_id > $1', model) INTO opened USING latest.id;
    RAISE NOTICE 'ran the playbooks of model "%" as of %: % judged, % opened (% treated, % left alone), % of past days '
        'to compare with, in % s', model, rules.as_of_on, judged, opened.treated + opened.held, opened.treated,
        opened.held, past, round(extract(epoch FROM clock_timestamp() - started), 1);
END
$$;
COMMENT ON PROCEDURE csmetrics.run_playbooks(text) IS
'Follows the playbooks of a model, say each night after its refresh: judges runs whose judge_on is over, opens new '
'ones, leaves holdouts alone. Again on the same day it changes nothing. An error names the playbook. Row-level '
'security that may hide rows: SQLSTATE 42501; an unknown model: 3F000.';
