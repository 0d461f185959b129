-- Who may do what with a model, and who sees what of it. Only its owner runs it: sources are queries of the owner's,
-- and what these call runs with the rights of who runs the model. Others are given rights to read, or to write rules.

CREATE OR REPLACE FUNCTION csmetrics.require_role("role" text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF "role" IS NULL OR NOT EXISTS (SELECT 1 FROM pg_roles r WHERE r.rolname = "role") THEN
        RAISE EXCEPTION 'there is no role "%"', "role" USING ERRCODE = 'undefined_object';
    END IF;
END
$$;
COMMENT ON FUNCTION csmetrics.require_role(text) IS 'Internal: SQLSTATE 42704 unless there is such a role';

-- What a reader needs: what is in the schema of the model, and what stands below its views. What feeds it is not: the
-- sources, what refresh works with, and the keys and names by which accounts of vendors are told.
CREATE OR REPLACE FUNCTION csmetrics.readable(model text) RETURNS SETOF regclass
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.oid::regclass
    FROM csmetrics.model_object o
    JOIN pg_class c ON c.oid = csmetrics.relation(model, o.name)
    WHERE o.kind <> 'function'
      AND o.name NOT IN ('account_digest', 'account_identity', 'changed_row', 'changed_score', 'churn_example',
                         'connected_account', 'connection', 'connection_view', 'granted_role', 'identity',
                         'left_out_account', 'read_form', 'score_account', 'shared_domain', 'taken_row')
      AND o.name !~ '^(fresh|before|observed)_'
    UNION ALL
    SELECT to_regclass(format('%I.policy', model));
END;
COMMENT ON FUNCTION csmetrics.readable(text) IS 'Internal: the tables and views of a model that its readers read';

CREATE OR REPLACE FUNCTION csmetrics.rights_of(model text, may_write boolean)
RETURNS TABLE (rights text, relation regclass)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT 'SELECT', r FROM csmetrics.readable(model) r
    UNION ALL
    SELECT w.rights, csmetrics.relation(model, w.name)
    FROM (VALUES ('INSERT, UPDATE, DELETE', 'alert_rule'), ('INSERT, UPDATE, DELETE', 'playbook'),
                 ('INSERT, UPDATE, DELETE', 'quality_rule'), ('INSERT, UPDATE, DELETE', 'health_signal'),
                 ('INSERT, UPDATE, DELETE', 'target'), ('UPDATE (done_on, note)', 'playbook_run'),
                 ('INSERT, UPDATE, DELETE', 'health_component'), ('UPDATE (response, reason, until_on)', 'alert'),
                 ('INSERT (relation, action, item, before, after)', 'definition_change'),
                 -- but for what decides who sees the company's totals
                 (format('UPDATE (%s)', csmetrics.spelled(
                      ARRAY(SELECT o FROM unnest(csmetrics.policy_options(model)) o
                            WHERE o NOT IN ('restricted_totals', 'hidden_least_count')), '%I')), 'policy'))
         w(rights, name)
    WHERE may_write;
END;
COMMENT ON FUNCTION csmetrics.rights_of(text, boolean) IS
'Internal: the rights of who reads a model, or also writes its rules, by table';

CREATE OR REPLACE FUNCTION csmetrics.read_live(model text) RETURNS SETOF regclass
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    -- the views of sources, and what of the model's own is below them
    WITH RECURSIVE read AS (
        SELECT c.oid FROM pg_class c
        WHERE c.relnamespace = ANY (csmetrics.schemas_of(model)) AND c.relkind = 'v' AND c.relname ~ '^(source|kept)_'
        UNION
        SELECT c.oid
        FROM read r
        JOIN pg_rewrite w ON w.ev_class = r.oid
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
             AND d.refclassid = 'pg_class'::regclass
        JOIN pg_class c ON c.oid = d.refobjid AND c.relnamespace = ANY (csmetrics.schemas_of(model)))
    SELECT r.oid::regclass FROM read r
    UNION
    SELECT csmetrics.relation(model, n)
    FROM unnest('{account_digest,changed_row,left_out_account,score_account,watch}'::text[]) n;
END;
COMMENT ON FUNCTION csmetrics.read_live(text) IS
'Internal: what readers of the live form of a model read of it besides what all of its readers do';

CREATE OR REPLACE PROCEDURE csmetrics.give_live_rights(model text, "role" text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    "schema" text;
    relation regclass;
BEGIN
    FOREACH "schema" IN ARRAY csmetrics.live_schemas(model) LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', "schema", "role");
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', "schema", "role");
    END LOOP;
    FOR relation IN SELECT r FROM csmetrics.read_live(model) r LOOP
        EXECUTE format('GRANT SELECT ON %s TO %I', relation, "role");
    END LOOP;
END
$$;
COMMENT ON PROCEDURE csmetrics.give_live_rights(text, text) IS
'Internal: gives a reader of a model the rights of one of its live form; those on the tables of its sources are of '
'their owners to give';

CREATE OR REPLACE PROCEDURE csmetrics.give_rights(model text, "role" text, may_write boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    given record;
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA %I, %I TO %I', model, csmetrics.internal_schema(model), "role");
    FOR given IN SELECT r.rights, r.relation FROM csmetrics.rights_of(model, may_write) r LOOP
        EXECUTE format('GRANT %s ON %s TO %I', given.rights, given.relation, "role");
    END LOOP;
    IF csmetrics.is_live(model) THEN
        CALL csmetrics.give_live_rights(model, "role");
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.give_rights(text, text, boolean) IS
'Internal: gives a role the rights of a reader of the model, or of an editor of its rules';

CREATE OR REPLACE PROCEDURE csmetrics.take_rights(model text, "role" text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    schemas text := format('%I, %I', model, csmetrics.internal_schema(model))
                    || CASE WHEN csmetrics.is_live(model)
                            THEN ', ' || csmetrics.spelled(csmetrics.live_schemas(model), '%I') ELSE '' END;
BEGIN
    -- rights on columns go with those on their tables
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %s FROM %I', schemas, "role");
    EXECUTE format('REVOKE ALL ON SCHEMA %s FROM %I', schemas, "role");
END
$$;
COMMENT ON PROCEDURE csmetrics.take_rights(text, text) IS 'Internal: takes all rights on a model from a role';

CREATE OR REPLACE PROCEDURE csmetrics.set_rights(model text, "role" text, may_write boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM csmetrics.require_owner(model);
    PERFORM csmetrics.require_role("role");
    CALL csmetrics.take_rights(model, "role");
    EXECUTE format('DELETE FROM %I.granted_role g WHERE g.role_name = $1', csmetrics.internal_schema(model))
        USING "role";
    IF may_write IS NOT NULL THEN
        CALL csmetrics.give_rights(model, "role", may_write);
        EXECUTE format('INSERT INTO %I.granted_role VALUES ($1, $2)', csmetrics.internal_schema(model))
            USING "role", may_write;
        PERFORM csmetrics.tell_unseeing(model);
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.set_rights(text, text, boolean) IS
'Internal: makes a role an editor (true), a reader (false) or nothing (NULL) of a model. Not by its owner: SQLSTATE '
'42501; no such role: 42704.';

CREATE OR REPLACE PROCEDURE csmetrics.grant_read(model text, "role" text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $$
BEGIN
    CALL csmetrics.set_rights(model, "role", false);
END
$$;
COMMENT ON PROCEDURE csmetrics.grant_read(text, text) IS
'Makes a role a reader of the model: it reads the metric views, settings and records, and what stands below these, '
'and neither sources nor anything else; it writes nothing. Kept by update_model. Not by its owner: SQLSTATE 42501; no '
'such role: 42704.';

CREATE OR REPLACE PROCEDURE csmetrics.grant_write(model text, "role" text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $$
BEGIN
    CALL csmetrics.set_rights(model, "role", true);
END
$$;
COMMENT ON PROCEDURE csmetrics.grant_write(text, text) IS
'Makes a role an editor of the model: a reader that writes policy, targets, health signals and the rules of alerts, '
'playbooks and data quality, responds to alerts and closes runs. Kept by update_model. Not by its owner: SQLSTATE '
'42501; no such role: 42704.';

CREATE OR REPLACE PROCEDURE csmetrics.revoke_rights(model text, "role" text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $$
BEGIN
    CALL csmetrics.set_rights(model, "role", NULL);
END
$$;
COMMENT ON PROCEDURE csmetrics.revoke_rights(text, text) IS
'Takes from a role all rights on the model, however they were given. Not by its owner: SQLSTATE 42501; no such role: '
'42704.';

-- Who sees which accounts: by policies of row-level security, one a role, on every table that has a key of accounts.
-- That on table account is by the condition; those on the others let through what is seen of it.

CREATE OR REPLACE FUNCTION csmetrics.secured(model text) RETURNS TABLE (relation regclass, is_keyed boolean)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.oid::regclass,
           EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'account_id'
                                                AND NOT a.attisdropped)
    FROM csmetrics.model_object o
    JOIN pg_class c ON c.oid = csmetrics.relation(model, o.name) AND c.relkind = 'r'
    WHERE o.kind = 'table'
      AND (EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'account_id'
                                                AND NOT a.attisdropped)
           -- figures of all accounts that are stored, and errors that name some
           OR o.name IN ('snapshot_reading', 'data_finding', 'company_total', 'health_total', 'changed_row',
                      'known_dimension', 'week_total', 'feed_first', 'score_feed', 'score_segment',
                      'refresh_log')
           OR o.name IN (SELECT r.name FROM csmetrics.stored_readings(model) r))
    ORDER BY c.oid::regclass::text;
END;
COMMENT ON FUNCTION csmetrics.secured(text) IS
'Internal: the tables of a model that tell of accounts; is_keyed: each row of one, else of all together';

CREATE OR REPLACE FUNCTION csmetrics.policy_on(
    model text, relation regclass, is_keyed boolean, "role" text, sees_all boolean) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN format('CREATE POLICY %1$I ON %2$s TO %1$I USING (%3$s)', "role", relation,
              CASE WHEN sees_all THEN 'true'
                   WHEN relation = csmetrics.relation(model, 'company_total') THEN csmetrics.condition_on_totals(model)
                   -- of rows that are told apart by keys of accounts
                   WHEN relation = csmetrics.relation(model, 'changed_row')
                   THEN format('key IN (SELECT a.account_id::text FROM %I.account a)', model)
                   WHEN NOT is_keyed THEN 'false'
                   -- hashed once a statement; an array is taken for ten keys, and searched from end to end for each row
                   ELSE format('account_id IN (SELECT a.account_id FROM %I.account a)', model) END);
COMMENT ON FUNCTION csmetrics.policy_on(text, regclass, boolean, text, boolean) IS
'Internal: the statement that lets a role see of a table what it sees of table account';

CREATE OR REPLACE FUNCTION csmetrics.tell_unseeing(model text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    account regclass := format('%I.account', model)::regclass;
    unseeing text;
BEGIN
    IF (SELECT c.relrowsecurity FROM pg_class c WHERE c.oid = account) THEN
        EXECUTE format('SELECT string_agg(format(''"%%s"'', g.role_name), '', '' ORDER BY g.role_name)
                        FROM %I.granted_role g
                        WHERE NOT EXISTS (SELECT 1 FROM pg_policy p, pg_roles r
                                          WHERE p.polrelid = $1 AND r.rolname = g.role_name
                                            AND EXISTS (SELECT 1 FROM unnest(p.polroles) o
                                                        WHERE o = 0 OR pg_has_role(r.oid, o, ''USAGE'')))',
                       csmetrics.internal_schema(model)) INTO unseeing USING account;
        IF unseeing IS NOT NULL THEN
            RAISE NOTICE 'model "%" is secured: of its accounts these roles see none as yet: %', model, unseeing
                USING HINT = format('CALL csmetrics.secure(%L, role, condition over the columns of table account); '
                                    'true: all.', model);
        END IF;
    END IF;
END
$$;
COMMENT ON FUNCTION csmetrics.tell_unseeing(text) IS
'Internal: a NOTICE names the readers of a secured model that have no policy';

CREATE OR REPLACE PROCEDURE csmetrics.enable_policies(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', s.relation) FROM csmetrics.secured(model) s
        UNION ALL
        -- tables that came since have the policies that the others have
        SELECT csmetrics.policy_on(model, s.relation, s.is_keyed, p.polname,
                                   pg_get_expr(p.polqual, p.polrelid) = 'true')
        FROM csmetrics.secured(model) s, pg_policy p
        WHERE p.polrelid = format('%I.account', model)::regclass
          AND p.polroles = ARRAY(SELECT r.oid FROM pg_roles r WHERE r.rolname = p.polname)
          AND NOT EXISTS (SELECT 1 FROM pg_policy o WHERE o.polrelid = s.relation AND o.polname = p.polname)
    LOOP
        EXECUTE statement;
    END LOOP;
    PERFORM csmetrics.tell_unseeing(model);
END
$$;
COMMENT ON PROCEDURE csmetrics.enable_policies(text) IS
'Internal: turns row-level security on for the tables of a model that tell of accounts, and gives those that have no '
'policy of a role the one that follows from that on table account';

CREATE OR REPLACE PROCEDURE csmetrics.drop_policies(model text, "role" text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    relation regclass;
BEGIN
    PERFORM csmetrics.require_owner(model);
    PERFORM csmetrics.require_role("role");
    FOR relation IN SELECT s.relation FROM csmetrics.secured(model) s LOOP
        EXECUTE format('DROP POLICY IF EXISTS %I ON %s', "role", relation);
    END LOOP;
END
$$;
COMMENT ON PROCEDURE csmetrics.drop_policies(text, text) IS
'Internal: drops what lets a role see accounts of a model. Not by its owner: SQLSTATE 42501; no such role: 42704.';

CREATE OR REPLACE PROCEDURE csmetrics.secure(model text, "role" text DEFAULT NULL, condition text DEFAULT NULL)
LANGUAGE plpgsql SET jit = off AS $$
BEGIN
    PERFORM csmetrics.require_owner(model);
    IF "role" IS NOT NULL THEN
        CALL csmetrics.drop_policies(model, "role");
        IF condition IS NOT NULL THEN
            -- along the caller's path, as a query for map()
            EXECUTE pg_catalog.format(E'CREATE POLICY %1$I ON %2$I.account TO %1$I USING (%3$s\n)', "role", model,
                                      condition);
        END IF;
    END IF;
    CALL csmetrics.enable_policies(model);
END
$$;
COMMENT ON PROCEDURE csmetrics.secure(text, text, text) IS
'From now on a role sees of a model the accounts for which the SQL condition over table account holds (true: all), '
'without one none; the owner sees all. Stored figures of all accounts are for who sees all. Kept by update_model. '
'Not by its owner: SQLSTATE 42501; no such role: 42704.';

CREATE OR REPLACE PROCEDURE csmetrics.unsecure(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $$
DECLARE
    relation regclass;
    policy name;
BEGIN
    PERFORM csmetrics.require_owner(model);
    FOR relation IN SELECT s.relation FROM csmetrics.secured(model) s LOOP
        FOR policy IN
            SELECT p.polname FROM pg_policy p JOIN pg_roles r ON p.polroles = ARRAY[r.oid] AND r.rolname = p.polname
            WHERE p.polrelid = relation
        LOOP
            EXECUTE format('DROP POLICY %I ON %s', policy, relation);
        END LOOP;
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', relation);
    END LOOP;
END
$$;
COMMENT ON PROCEDURE csmetrics.unsecure(text) IS
'Undoes secure(): whoever has the rights of a reader sees all accounts of the model again. Not by its owner: SQLSTATE '
'42501.';

CREATE OR REPLACE PROCEDURE csmetrics.renew_rights(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    granted record;
BEGIN
    FOR granted IN EXECUTE format('SELECT g.role_name, g.may_write FROM %I.granted_role g
                                   JOIN pg_roles r ON r.rolname = g.role_name', csmetrics.internal_schema(model)) LOOP
        CALL csmetrics.give_rights(model, granted.role_name, granted.may_write);
    END LOOP;
    IF (SELECT c.relrowsecurity FROM pg_class c WHERE c.oid = format('%I.account', model)::regclass) THEN
        CALL csmetrics.enable_policies(model);
    END IF;
END
$$;
COMMENT ON PROCEDURE csmetrics.renew_rights(text) IS
'Internal: gives the readers and editors of a model, after an update, their rights and policies on what is new';

-- Personal data, erased.

CREATE OR REPLACE FUNCTION csmetrics.keys_in(model text) RETURNS TABLE (relation regclass, key name)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.oid::regclass, a.attname
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = ANY (csmetrics.schemas_of(model)) AND c.relkind = 'r'
      AND (c.relname IN (SELECT o.name FROM csmetrics.model_object o))
      AND a.attname IN ('account_id', 'parent_id', 'entity_id')
    ORDER BY c.oid::regclass::text, a.attnum;
END;
COMMENT ON FUNCTION csmetrics.keys_in(text) IS
'Internal: the columns of tables of a model that are keys of accounts';

CREATE OR REPLACE FUNCTION csmetrics.sources_with(model text, account_id text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    source text;
    is_there boolean;
    found text[] := '{}';
BEGIN
    FOR source IN SELECT c.source FROM csmetrics.source_column c WHERE c.name = 'account_id' ORDER BY c.source LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.%I s WHERE s.account_id = $1::%s)',
                       csmetrics.internal_schema(model), 'source_' || source, csmetrics.key_type(model))
            INTO is_there USING account_id;
        IF is_there THEN
            found := found || source;
        END IF;
    END LOOP;
    RETURN nullif(array_to_string(found, ', '), '');
END
$$;
COMMENT ON FUNCTION csmetrics.sources_with(text, text) IS
'Internal: the sources of a model that have rows of an account; NULL: none';

CREATE OR REPLACE PROCEDURE csmetrics.forget_account(model text, account_id text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $forget$
DECLARE
    internal text := csmetrics.internal_schema(model);
    key record;
    count bigint;
    told text[] := '{}';
    sources text;
BEGIN
    PERFORM csmetrics.require_owner(model);
    IF account_id IS NULL THEN
        RAISE EXCEPTION 'no account is named' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    CALL csmetrics.lock_model(model);
    EXECUTE format('DELETE FROM %I.stored_reading', csmetrics.internal_schema(model));
    -- what it was part of is made anew from all rows by the next refresh
    EXECUTE format('UPDATE %I.refreshed_source SET policy_hash = '''' WHERE source = ''subscription'' AND EXISTS (
                        SELECT 1 FROM %I.account_entity e WHERE $1 IN (e.account_id::text, e.entity_id::text))',
                   model, csmetrics.internal_schema(model)) USING account_id;
    -- nor does any watch tell of it: what sources still have is found by reading them as a whole
    EXECUTE format('UPDATE %I.refreshed_source SET swept_at = NULL', model);
    EXECUTE format('DELETE FROM %I.changed_row WHERE key = $1', csmetrics.internal_schema(model)) USING account_id;
    -- totals are without it, too, once its scores are gone
    EXECUTE format('INSERT INTO %I.changed_key SELECT $1::%s', internal, csmetrics.key_type(model)) USING account_id;
    CALL csmetrics.scores_before(model);
    CALL csmetrics.forget_observed(model, account_id);
    FOR key IN
        SELECT k.relation, k.key FROM csmetrics.keys_in(model) k
        WHERE k.relation <> ALL (ARRAY[csmetrics.relation(model, 'changed_key'),
                                       csmetrics.relation(model, 'score_state'),
                                       csmetrics.relation(model, 'score_account')])
    LOOP
        -- another that belonged to it stays, and belongs to none
        EXECUTE format(CASE WHEN key.key = 'parent_id' THEN 'UPDATE %1$s SET %2$I = NULL WHERE %2$I = $1::%3$s'
                            ELSE 'DELETE FROM %1$s WHERE %2$I = $1::%3$s' END,
                       key.relation, key.key, csmetrics.key_type(model)) USING account_id;
        GET DIAGNOSTICS count = ROW_COUNT;
        IF count > 0 THEN
            told := told || format('%s of %s', count, key.relation);
        END IF;
    END LOOP;
    CALL csmetrics.score_changed(model);
    EXECUTE format('DELETE FROM %I.score_state s WHERE s.account_id = $1::%s', internal, csmetrics.key_type(model))
        USING account_id;
    EXECUTE format('DELETE FROM %I.changed_key', internal);
    EXECUTE format('UPDATE %I.data_finding SET sample_keys = NULL WHERE position($1 IN sample_keys) > 0', model)
        USING account_id;
    RAISE NOTICE 'model "%": forgot %', model,
        coalesce(nullif(array_to_string(told, ', '), ''), 'nothing: no row of it');
    sources := csmetrics.sources_with(model, account_id);
    IF sources IS NOT NULL THEN
        RAISE WARNING 'sources of model "%" still have the account: %', model, sources
            USING HINT = 'The next refresh reads it anew. Delete it there too, or leave it out in the queries given to '
                         'csmetrics.map.';
    END IF;
END
$forget$;
COMMENT ON PROCEDURE csmetrics.forget_account(text, text) IS
'Erases an account from a model: histories, records and all else that has its key; figures that were reported stay '
'(snapshot_reading). A WARNING names sources that still have it: the next refresh reads it anew. Not by the owner: '
'SQLSTATE 42501; no key: 22004.';
