-- What rules of data quality find, and what the headline figures would be without it.

CREATE OR REPLACE FUNCTION csmetrics.states_of(
    model text, source text DEFAULT NULL, accounts text[] DEFAULT NULL, without text[] DEFAULT '{}')
RETURNS csmetrics.headline_states
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    internal text := csmetrics.internal_schema(model);
    states csmetrics.headline_states;
    kept text;
BEGIN
    IF accounts IS NOT NULL THEN
        EXECUTE format('DELETE FROM %I.fresh_key', internal);
        EXECUTE format('INSERT INTO %I.fresh_key SELECT k::%s FROM unnest($1) k', internal,
                       csmetrics.key_type(model))
            USING accounts;
    END IF;
    FOREACH kept IN ARRAY '{account,subscription,ticket,survey}'::text[] LOOP
        CALL csmetrics.write_kept_view(model, kept, CASE WHEN kept = source THEN without ELSE '{}' END,
                                       accounts IS NOT NULL);
    END LOOP;
    EXECUTE format('SELECT h.* FROM %I.headline($1) h', internal) INTO states
    USING CASE WHEN coalesce(source, 'account') = 'account' THEN '{ticket,survey}' ELSE ARRAY[source] END;
    RETURN states;
END
$$;
COMMENT ON FUNCTION csmetrics.states_of(text, text, text[], text[]) IS
'Internal: what the headline figures are made of, of the accounts of these keys, NULL: of all, without the rows of the '
'source that meet one of the conditions. It writes views anew: to be rolled back.';

CREATE OR REPLACE FUNCTION csmetrics.states_without(
    whole csmetrics.headline_states, theirs csmetrics.headline_states, rebuilt csmetrics.headline_states)
RETURNS csmetrics.headline_states
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- states are a group: all, less theirs as they are, and theirs without the rows, to the last digit
RETURN ROW (
    (SELECT csmetrics.rollup(s)
     FROM (VALUES (coalesce(csmetrics.unmerge(whole.movements, theirs.movements), whole.movements)),
                  (rebuilt.movements)) v(s)),
    (SELECT csmetrics.rollup(s)
     FROM (VALUES (coalesce(csmetrics.unmerge(whole.resolved, theirs.resolved), whole.resolved)),
                  (rebuilt.resolved)) v(s)),
    (SELECT csmetrics.rollup(s)
     FROM (VALUES (coalesce(csmetrics.unmerge(whole.satisfied, theirs.satisfied), whole.satisfied)),
                  (rebuilt.satisfied)) v(s)),
    (SELECT csmetrics.rollup(s)
     FROM (VALUES (coalesce(csmetrics.unmerge(whole.promoted, theirs.promoted), whole.promoted)),
                  (rebuilt.promoted)) v(s)),
    whole.mrr - coalesce(theirs.mrr, 0) + coalesce(rebuilt.mrr, 0))::csmetrics.headline_states;
COMMENT ON FUNCTION csmetrics.states_without(
    csmetrics.headline_states, csmetrics.headline_states, csmetrics.headline_states) IS
'Internal: the states of all, with those of some accounts exchanged for others';

CREATE OR REPLACE FUNCTION csmetrics.figures_of(
    states csmetrics.headline_states, source text, pauses_are_churn boolean, satisfied_from numeric)
RETURNS csmetrics.headline_figures
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT m.nrr, m.grr, m.logo_churn, CASE WHEN source IN ('account', 'subscription') THEN coalesce(m.closing, 0) END,
           CASE WHEN source IN ('account', 'ticket') THEN csmetrics.rate((states).resolved) END,
           CASE WHEN source IN ('account', 'survey') THEN csmetrics.csat((states).satisfied, satisfied_from) END,
           CASE WHEN source IN ('account', 'survey') THEN csmetrics.nps((states).promoted) END
    FROM (SELECT 1) one
         LEFT JOIN csmetrics.movements((states).movements, pauses_are_churn) m ON source IN ('account', 'subscription');
END;
COMMENT ON FUNCTION csmetrics.figures_of(csmetrics.headline_states, text, boolean, numeric) IS
'Internal: the headline figures that rows of the source are part of';

CREATE OR REPLACE FUNCTION csmetrics.effect_in_words(
    figures csmetrics.headline_figures, without csmetrics.headline_figures) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT coalesce('excluding these, ' || string_agg(
            CASE WHEN f.figure IS NULL THEN f.name || ' becomes known' WHEN f.other IS NULL THEN f.name || ' is unknown'
                 ELSE format('%s %s %s%s', f.name, CASE WHEN f.other > f.figure THEN 'rises' ELSE 'falls' END,
                             CASE WHEN c.change = 0 THEN 'less than 0.1' ELSE trim_scale(c.change)::text END,
                             CASE WHEN c.change = 1 THEN rtrim(f.unit, 's') ELSE f.unit END) END,
            ', ' ORDER BY f.n), 'excluding these changes no headline figure')
        FROM (VALUES (1, 'NRR', ' points', 100 * figures.nrr_rate, 100 * without.nrr_rate),
                     (2, 'GRR', ' points', 100 * figures.grr_rate, 100 * without.grr_rate),
                     (3, 'logo churn', ' points', 100 * figures.logo_churn_rate, 100 * without.logo_churn_rate),
                     (4, 'closing MRR', '', figures.closing_mrr::double precision,
                      without.closing_mrr::double precision),
                     (5, 'FCR', ' points', 100 * figures.fcr_rate, 100 * without.fcr_rate),
                     (6, 'CSAT', ' points', 100 * figures.csat_rate, 100 * without.csat_rate),
                     (7, 'NPS', ' points', figures.nps_score, without.nps_score)) f(n, name, unit, figure, other),
             LATERAL (SELECT round(abs(f.other - f.figure)::numeric, 1) AS change) c
        WHERE f.figure IS DISTINCT FROM f.other);
COMMENT ON FUNCTION csmetrics.effect_in_words(csmetrics.headline_figures, csmetrics.headline_figures) IS
'Internal: how the headline figures change, in words, to a tenth of their units';

-- The rows that are found.

CREATE OR REPLACE FUNCTION csmetrics.key_of_row(source text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (SELECT string_agg(format('coalesce(%I::text, ''NULL'')', c.name), ' || '' / '' || ' ORDER BY c.position)
               || ' || coalesce('' / '' || misread, '''')'
        FROM csmetrics.source_column c
        WHERE c.source = $1 AND (c.required OR c.name IN ($1 || '_id', 'name', 'user_id', 'respondent_id')));
COMMENT ON FUNCTION csmetrics.key_of_row(text) IS
'Internal: SQL that tells a row of a source from others to a reader: its required columns and keys, and what of it '
'could not be read';

CREATE OR REPLACE FUNCTION csmetrics.findings_query(model text, source text, conditions text[]) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
-- all rules in one pass; OFFSET 0 keeps the planner from working them out once for each
RETURN format($query$
    SELECT ($1)[n], ($2)[n], coalesce(f.row_count, 0), coalesce(f.accounts, '{}'), f.sample_keys
    FROM generate_series(1, %3$s) n LEFT JOIN (
        SELECT n, count(*) AS row_count, array_agg(DISTINCT account) FILTER (WHERE account IS NOT NULL) AS accounts,
               string_agg(key, '; ' ORDER BY place) FILTER (WHERE place <= 5) AS sample_keys
        FROM (SELECT n, %1$s AS account, %2$s AS key, row_number() OVER (PARTITION BY n ORDER BY %2$s) AS place
              FROM (%4$s OFFSET 0) j, generate_series(1, %3$s) n
              WHERE true = ANY (j.found) AND j.found[n]) k
        GROUP BY n) f USING (n) $query$,
    CASE WHEN EXISTS (SELECT 1 FROM csmetrics.source_column c WHERE c.source = $2 AND c.name = 'account_id')
         THEN 'account_id::text' ELSE 'NULL::text' END,
    csmetrics.key_of_row(source), cardinality(conditions),
    csmetrics.judged_rows(model, source, conditions));
COMMENT ON FUNCTION csmetrics.findings_query(text, text, text[]) IS
'Internal: a query of what each condition finds among the rows of a source: a row of found_rows a rule, of $1, whose '
'condition is in $2';

CREATE OR REPLACE FUNCTION csmetrics.findings_of(model text, source text, rules text[], conditions text[])
RETURNS SETOF csmetrics.found_rows
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $findings$
BEGIN
    RETURN QUERY EXECUTE csmetrics.findings_query(model, source, conditions) USING rules, conditions;
EXCEPTION WHEN OTHERS THEN
    IF cardinality(rules) = 1 THEN
        RAISE EXCEPTION '"%" of source "%": %', rules[1], source, SQLERRM USING ERRCODE = SQLSTATE;
    END IF;
    -- one after the other, to tell which of them it is
    FOR i IN 1 .. cardinality(rules) LOOP
        PERFORM 1 FROM csmetrics.findings_of(model, source, rules[i:i], conditions[i:i]);
    END LOOP;
    RAISE;
END
$findings$;
COMMENT ON FUNCTION csmetrics.findings_of(text, text, text[], text[]) IS
'Internal: what each condition finds among the rows of a source. An error names the rule.';

CREATE OR REPLACE FUNCTION csmetrics.found_in(model text, source text, rules text[], conditions text[])
RETURNS csmetrics.found_rows[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found csmetrics.found_rows[];
BEGIN
    -- whatever a rule does is undone: it runs read only, in a subtransaction that is rolled back; the rows found stay
    BEGIN
        PERFORM set_config('transaction_read_only', 'on', true);
        found := ARRAY(SELECT f FROM csmetrics.findings_of(model, source, rules, conditions) f);
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN found;
    END;
END
$$;
COMMENT ON FUNCTION csmetrics.found_in(text, text, text[], text[]) IS
'Internal: what each rule finds among the rows of a source, read only. An error names the rule.';

-- What is told of them.

CREATE OR REPLACE FUNCTION csmetrics.plain_effect(
    found csmetrics.found_rows, source text, kind text, can_quarantine boolean, is_quarantined boolean) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN (found).row_count = 0 THEN NULL
            WHEN is_quarantined THEN 'left out already: in quarantine'
            WHEN kind = 'feed' THEN 'nothing to leave out: rows are missing'
            WHEN NOT can_quarantine THEN 'nothing to leave out'
            WHEN source NOT IN ('account', 'subscription', 'ticket', 'survey')
                THEN 'no headline figure is made of these' END;
COMMENT ON FUNCTION csmetrics.plain_effect(csmetrics.found_rows, text, text, boolean, boolean) IS
'Internal: the effect of leaving rows out, where that takes no figures to tell; else NULL';

CREATE OR REPLACE FUNCTION csmetrics.rules_in_force(model text) RETURNS TABLE (
    source text, rule text, condition text, severity text, description text, quarantine boolean, kind text,
    can_quarantine boolean, stops_refresh boolean, place bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT q.source, q.rule, csmetrics.quality_condition($1, q.rule, q.source, q.condition), q.severity,
               coalesce(q.description, c.description), q.quarantine, coalesce(c.kind, 'row'),
               coalesce(c.can_quarantine OR q.condition IS NOT NULL, true),
               coalesce(c.stops_refresh AND q.condition IS NULL, false),
               row_number() OVER (PARTITION BY q.source ORDER BY c.position, q.rule)
        FROM %I.quality_rule q LEFT JOIN csmetrics.quality_check c USING (rule, source)
        WHERE q.is_enabled $query$, model)
    USING model;
END
$$;
COMMENT ON FUNCTION csmetrics.rules_in_force(text) IS
'Internal: the rules of data quality that are enabled, with their conditions';

CREATE OR REPLACE PROCEDURE csmetrics.find_effect(
    model text, condition text, accounts text[], INOUT finding csmetrics.finding,
    INOUT whole csmetrics.headline_states)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- of the accounts concerned alone: those of usage and the like are not rebuilt
    theirs csmetrics.headline_states := csmetrics.states_of(model, finding.source, accounts);
    rebuilt csmetrics.headline_states;
    pauses_are_churn boolean;
    satisfied_from numeric;
BEGIN
    finding.mrr := coalesce(theirs.mrr, 0);
    IF finding.effect IS NOT NULL THEN
        RETURN;
    END IF;
    whole := CASE WHEN whole IS NULL THEN csmetrics.states_of(model) ELSE whole END;
    rebuilt := csmetrics.states_of(model, finding.source, accounts, ARRAY[condition]);
    EXECUTE format('SELECT p.pause_rule = ''churn'', p.satisfied_from FROM %I.policy p', model)
        INTO pauses_are_churn, satisfied_from;
    finding.figures := csmetrics.figures_of(whole, finding.source, pauses_are_churn, satisfied_from);
    finding.without := csmetrics.figures_of(csmetrics.states_without(whole, theirs, rebuilt), finding.source,
                                            pauses_are_churn, satisfied_from);
    finding.effect := csmetrics.effect_in_words(finding.figures, finding.without);
END
$$;
COMMENT ON PROCEDURE csmetrics.find_effect(text, text, text[], csmetrics.finding, csmetrics.headline_states) IS
'Internal: adds to a finding the MRR of the accounts concerned and, unless its effect is plain, the headline figures '
'with and without its rows; whole: the states of all, once known';

CREATE OR REPLACE PROCEDURE csmetrics.find_in_source(
    model text, source text, INOUT findings csmetrics.finding[], INOUT whole csmetrics.headline_states)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $find$
DECLARE
    started timestamptz := clock_timestamp();
    rules text[];
    conditions text[];
    found csmetrics.found_rows;
    known record;
    told csmetrics.finding;
    feed record;
    found_count integer := 0;
BEGIN
    SELECT array_agg(r.rule ORDER BY r.place), array_agg(r.condition ORDER BY r.place) INTO rules, conditions
    FROM csmetrics.rules_in_force(model) r WHERE r.source = find_in_source.source;
    FOREACH found IN ARRAY csmetrics.found_in(model, source, rules, conditions) LOOP
        feed := csmetrics.found_of_feed(model, source, found.rule, found);
        found := feed.found;
        SELECT r.* INTO known FROM csmetrics.rules_in_force(model) r
        WHERE (r.source, r.rule) = (find_in_source.source, found.rule);
        told := (found.rule, source, known.severity, known.description, found.row_count,
                 CASE WHEN known.kind <> 'feed' THEN cardinality(found.accounts) END, found.sample_keys, feed.mrr, NULL,
                 NULL, csmetrics.plain_effect(found, source, known.kind, known.can_quarantine, known.quarantine),
                 known.quarantine);
        IF found.row_count > 0 AND known.kind <> 'feed' THEN
            CALL csmetrics.find_effect(model, found.condition, found.accounts, told, whole);
        END IF;
        IF known.stops_refresh AND NOT known.quarantine THEN
            told.effect := told.effect || '; refresh stops at them';
        END IF;
        found_count := found_count + (found.row_count > 0)::integer;
        findings := findings || told;
    END LOOP;
    RAISE NOTICE 'validating model "%": source "%" by % rules, % found something, in % s', model, source,
        cardinality(rules), found_count, round(extract(epoch FROM clock_timestamp() - started), 1);
END
$find$;
COMMENT ON PROCEDURE csmetrics.find_in_source(text, text, csmetrics.finding[], csmetrics.headline_states) IS
'Internal: adds what the rules find among the rows of a source to findings; whole: the states of all, once known';

CREATE OR REPLACE FUNCTION csmetrics.data_findings(model text) RETURNS SETOF csmetrics.finding
-- long queries, each run once: compiling them takes longer than running them
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $findings$
DECLARE
    source text;
    zone text;
    findings csmetrics.finding[] := '{}';
    whole csmetrics.headline_states;
BEGIN
    -- rates as the source says now, and views of the rows that are left: undone at the end; the findings stay
    BEGIN
        EXECUTE format('SELECT p.time_zone FROM %I.policy p', model) INTO zone;
        -- keys read the same in every session
        PERFORM set_config('TimeZone', zone, true), set_config('DateStyle', 'ISO, YMD', true);
        CALL csmetrics.write_kept_views(model);
        EXECUTE format('SELECT %I.write_rates_of_now()', csmetrics.internal_schema(model));
        FOR source IN SELECT DISTINCT r.source FROM csmetrics.rules_in_force(model) r ORDER BY r.source LOOP
            BEGIN
                CALL csmetrics.find_in_source(model, source, findings, whole);
            EXCEPTION WHEN data_exception THEN
                CALL csmetrics.raise_broken(model, source, SQLSTATE);
                RAISE;
            END;
        END LOOP;
        findings := findings || ARRAY(SELECT f FROM csmetrics.setting_findings(model) f);
        RAISE SQLSTATE 'CSEND';
    EXCEPTION WHEN SQLSTATE 'CSEND' THEN
        RETURN QUERY SELECT f.* FROM unnest(findings) f;
    END;
END
$findings$;
COMMENT ON FUNCTION csmetrics.data_findings(text) IS
'Internal: what CALL validate() writes to data_finding. Rules run with the rights of the caller, read only; an error '
'names the rule.';

CREATE OR REPLACE PROCEDURE csmetrics.validate(model text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off SET jit = off
SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres' SET TimeZone = 'UTC' SET extra_float_digits = 1
SET bytea_output = 'hex' SET lc_numeric = 'C' AS $validate$
DECLARE
    started timestamptz := clock_timestamp();
    findings csmetrics.finding[];
    counts record;
BEGIN
    PERFORM csmetrics.require_owner(model);
    PERFORM csmetrics.require_all_rows(model, '^source_');
    -- one validation at a time, and no refresh meanwhile; readers go on
    CALL csmetrics.lock_model(model);
    findings := ARRAY(SELECT f FROM csmetrics.data_findings(model) f);
    EXECUTE format('SELECT %I.write_findings($1)', csmetrics.internal_schema(model)) USING findings;
    SELECT count(*) AS rules, count(*) FILTER (WHERE row_count > 0 AND severity = 'error') AS errors,
           count(*) FILTER (WHERE row_count > 0 AND severity = 'warning') AS warnings,
           count(*) FILTER (WHERE row_count > 0 AND severity = 'info') AS infos
    INTO counts FROM unnest(findings);
    RAISE NOTICE 'validated model "%" by % rules: % errors, % warnings, % infos, in % s', model, counts.rules,
        counts.errors, counts.warnings, counts.infos, round(extract(epoch FROM clock_timestamp() - started), 1);
END
$validate$;
COMMENT ON PROCEDURE csmetrics.validate(text) IS
'Holds the rows of the sources to the rules of quality_rule and writes to data_finding what each found, with the '
'headline figures with and without it; see view data_quality. Rules are read only; an error names the rule. Hidden '
'rows: SQLSTATE 42501; an unknown model: 3F000.';
