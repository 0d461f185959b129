-- Settings that cannot be right: what a constraint refuses is said in a sentence, and names that nobody has are found.

CREATE OR REPLACE FUNCTION csmetrics.is_time_zone(name text) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
-- with a digit it may be read by POSIX's rules, by which CET+1 lies west of Greenwich
RETURN name !~ '[0-9]' OR EXISTS (SELECT 1 FROM pg_timezone_names z WHERE lower(z.name) = lower(is_time_zone.name));
COMMENT ON FUNCTION csmetrics.is_time_zone(text) IS
'Internal: is it a name of IANA, or at least none that is read by the rules of POSIX?';

CREATE OR REPLACE FUNCTION csmetrics.terms_of(condition text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN condition ~ ' OR ' THEN ARRAY[condition]
            ELSE (SELECT array_agg(replace(term, ' .. ', ' AND ') ORDER BY place)
                  FROM regexp_split_to_table(
                           regexp_replace(condition, 'BETWEEN (\S+) AND (\S+)', 'BETWEEN \1 .. \2', 'g'), ' AND ')
                       WITH ORDINALITY t(term, place)) END;
COMMENT ON FUNCTION csmetrics.terms_of(text) IS 'Internal: what a condition of policy_column asks one by one';

CREATE OR REPLACE FUNCTION csmetrics.said_of_term(term text, row_of jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT CASE
        WHEN term ~ '^\w+ BETWEEN ' THEN regexp_replace(term, '^\w+ BETWEEN (\S+) AND (\S+)$',
                                                       format('%s is not from \1 to \2', told))
        WHEN term ~ '^\w+ IN ' THEN format('%s is none of %s', told,
                                           replace(substring(term FROM '\((.*)\)'), '''', ''))
        WHEN m[2] IS NOT NULL THEN
            format('%s is %s %s', told, CASE m[2] WHEN '>' THEN 'not above' WHEN '>=' THEN 'below'
                                                  WHEN '<' THEN 'not below' ELSE 'above' END,
                   CASE WHEN row_of ? m[3] THEN concat(m[3], ' ', row_of ->> m[3]) ELSE replace(m[3], '''', '') END)
        WHEN term ~ ' = round\(' THEN told || ' has more than two decimals'
        WHEN term ~ 'A-Z' THEN told || ' is no code of three capitals, such as EUR'
        WHEN term ~ 'cardinality' THEN 'business_hours_from has not as many instants as business_hours has schedules'
        WHEN term ~ 'is_time_zone' THEN told || ' is no name of a time zone in pg_timezone_names, such as Europe/Berlin'
        ELSE format('%s does not meet: %s', told, term) END
    FROM (SELECT regexp_match(term, '^(\w+) (>=|<=|>|<) (\S+)$') AS m,
                 (SELECT string_agg(concat(name, ' ', coalesce(row_of ->> name, 'NULL')), ', ' ORDER BY place)
                  FROM (SELECT t.names[1] AS name, min(place) AS place
                        FROM regexp_matches(term, '\m([a-z_]+)\M', 'g') WITH ORDINALITY t(names, place)
                        WHERE row_of ? t.names[1] GROUP BY 1) n
                  WHERE term !~ '^\w+ (>=|<=|>|<|BETWEEN|IN) ' OR place = 1) AS told) t);
COMMENT ON FUNCTION csmetrics.said_of_term(text, jsonb) IS
'Internal: what is wrong with a row that does not meet a term of a condition, in a sentence';

CREATE OR REPLACE FUNCTION csmetrics.policy_sentence(model text, options text[], policy jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    term text;
    met boolean;
BEGIN
    PERFORM set_config('search_path', 'csmetrics, pg_temp', true);
    FOR term IN
        SELECT t FROM csmetrics.policy_column c, unnest(csmetrics.terms_of(c.condition)) t
        WHERE c.name OPERATOR(pg_catalog.=) ANY (options) ORDER BY c.position
    LOOP
        EXECUTE pg_catalog.format('SELECT (%s) IS NOT FALSE FROM pg_catalog.jsonb_populate_record(NULL::%I.policy, $1)',
                                  term, model) INTO met USING policy;
        IF NOT met THEN
            RETURN csmetrics.said_of_term(term, policy);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION csmetrics.policy_sentence(text, text[], jsonb) IS
'Internal: what policy_column refuses of these options of a policy, in a sentence; NULL: nothing';

CREATE OR REPLACE FUNCTION csmetrics.setting_sentences() RETURNS TABLE (relation text, broken text, sentence text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    VALUES
    ('health_signal', 'names_of_1_to_255_bytes',
     'component and signal have 1 to 255 bytes: "{component}", "{signal}"'),
    ('health_signal', 'weight_in_range', 'weight {weight} is not from 0 to 1000000'),
    ('health_signal', 'known_policy', 'policy {policy} is none of renormalise, neutral, zero, carry, pulse'),
    ('health_signal', 'worst_and_best_or_knots_and_scores',
     'signal {signal} needs either worst and best, or knots and scores'),
    ('health_signal', 'at_most_64_knots', 'signal {signal} has more than 64 knots'),
    ('health_signal', 'keep_days_in_range', 'keep_days {keep_days} is not from 0 to 36525'),
    ('health_signal', 'carry_and_pulse_need_keep_days', 'policy {policy} needs keep_days above 0'),
    ('health_signal', 'veto_from_and_veto_cap',
     'veto_from {veto_from} and veto_cap {veto_cap} are given together, veto_cap from 0 to 100'),
    ('health_component', 'weight_in_range', 'weight {weight} is not from 0 to 1000000'),
    ('account_identity', 'account_id_is_known', 'key {account_key} of {vendor} is given no account_id'),
    ('shared_domain', 'domain_in_lower_case',
     'domain "{domain}" is no domain in lower case, without www, such as provider.example'),
    ('alert_rule', 'rule_of_1_to_255_bytes', 'the name of a rule has 1 to 255 bytes: "{rule}"'),
    ('alert_rule', 'known_severity', 'severity {severity} is none of critical, warning, info'),
    ('alert_rule', 'known_audience', 'audience {audience} is none of csm, manager, executive'),
    ('alert_rule', 'cool_down_from_0', 'cool_down {cool_down} is below 0'),
    ('alert_rule', 'channel_of_1_to_63_bytes', 'channel "{channel}" has not 1 to 63 bytes'),
    ('playbook', 'name_of_1_to_255_bytes', 'the name of a playbook has 1 to 255 bytes: "{name}"'),
    ('playbook', 'horizon_days_in_range', 'horizon_days {horizon_days} is not from 1 to 3653'),
    ('playbook', 'due_by_the_horizon', 'due_days {due_days} is not from 0 to horizon_days {horizon_days}'),
    ('playbook', 'cool_down_days_in_range', 'cool_down_days {cool_down_days} is not from 0 to 3653'),
    ('playbook', 'steps_are_texts', 'one of the steps is NULL'),
    ('playbook', 'holdout_share_from_0_to_below_1', 'holdout_share {holdout_share} is not from 0 to below 1'),
    ('target', 'known_metric', 'metric {metric} is none of csmetrics.model_metric'),
    ('target', 'goal_not_empty', 'the goal of {metric} is empty: nothing lies in it'),
    ('target', 'goal_with_a_limit', 'the goal of {metric} has no limit: everything lies in it'),
    ('target', 'finite_limits', 'the goal {goal} of {metric} has a limit that is no number'),
    ('quality_rule', 'rule_of_1_to_255_bytes', 'the name of a rule has 1 to 255 bytes: "{rule}"'),
    ('quality_rule', 'known_severity', 'severity {severity} is none of error, warning, info'),
    ('quality_rule', 'known_rule_or_condition',
     'rule {rule} of source {source} is none of csmetrics.quality_check, and has no condition'),
    ('quality_rule', 'rows_that_can_be_left_out',
     'what rule {rule} of source {source} finds cannot be left out: see can_quarantine of csmetrics.quality_check');
END;
COMMENT ON FUNCTION csmetrics.setting_sentences() IS
'Internal: what is wrong with a row of settings that a constraint refuses, in a sentence, in which {column} stands for '
'what the row has there';

CREATE OR REPLACE FUNCTION csmetrics.say_what_is_wrong() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    expressions text;
    names text[];
    met boolean[];
    broken record;
    row_of jsonb := to_jsonb(NEW);
    sentence text;
BEGIN
    SELECT string_agg(format('(%s) IS NOT FALSE', pg_get_expr(c.conbin, c.conrelid)), ', ' ORDER BY c.conname),
           array_agg(c.conname::text ORDER BY c.conname) INTO expressions, names
    FROM pg_constraint c WHERE c.conrelid = TG_RELID AND c.contype = 'c';
    BEGIN
        EXECUTE format('SELECT ARRAY[%s] FROM (SELECT ($1).*) AS %I', expressions, TG_TABLE_NAME) INTO met USING NEW;
    EXCEPTION WHEN OTHERS THEN
        -- one that says by itself what is wrong does so when the table asks it
        RETURN NEW;
    END;
    IF false = ANY (met) THEN
        SELECT c.conname::text, ARRAY(SELECT a.attname::text FROM pg_attribute a
                                       WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)) AS options
        INTO broken FROM pg_constraint c
        WHERE c.conrelid = TG_RELID AND c.conname = names[array_position(met, false)];
        sentence := CASE WHEN TG_TABLE_NAME = 'policy'
                         THEN csmetrics.policy_sentence(TG_TABLE_SCHEMA, broken.options, row_of)
                         ELSE csmetrics.filled_in((SELECT s.sentence FROM csmetrics.setting_sentences() s
                                                   WHERE (s.relation, s.broken) = (TG_TABLE_NAME, broken.conname)),
                                                  (SELECT jsonb_object_agg(k, coalesce(v, 'NULL'))
                                                   FROM jsonb_each_text(row_of) r(k, v))) END;
        RAISE EXCEPTION '%', coalesce(sentence, format('new row for relation "%s" violates check constraint "%s"',
                                                       TG_TABLE_NAME, broken.conname))
            USING ERRCODE = 'check_violation', CONSTRAINT = broken.conname, TABLE = TG_TABLE_NAME,
                  SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION csmetrics.say_what_is_wrong() IS
'Internal: refuses rows of settings that a check constraint refuses, with a sentence: that of policy_column, or of '
'setting_sentences()';

-- Names that nobody has.

CREATE OR REPLACE FUNCTION csmetrics.compared_values(spelled text) RETURNS TABLE (name text, value text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT m[1], replace(v[1], '''''', '''')
    FROM regexp_matches(spelled,
             '\m(\w+) (?:=|<>) '
             '((?:(?:ANY|ALL) \(ARRAY\[)?''(?:[^'']|'''')*''::text(?:, ''(?:[^'']|'''')*''::text)*)', 'g') m,
         regexp_matches(m[2], '''((?:[^'']|'''')*)''::text', 'g') v
    UNION
    SELECT m[2], replace(m[1], '''''', '''')
    FROM regexp_matches(spelled, '''((?:[^'']|'''')*)''::text (?:=|<>) (\w+)', 'g') m
    UNION
    SELECT 'signal', replace(m[1], '''''', '''')
    FROM regexp_matches(spelled, '\mown_signals ->>? ''((?:[^'']|'''')*)''::text', 'g') m;
END;
COMMENT ON FUNCTION csmetrics.compared_values(text) IS
'Internal: the texts to which an expression, as checked_expression spells it, holds the columns of its view, and the '
'signals of own_signals that it asks for';

CREATE OR REPLACE FUNCTION csmetrics.require_known_tiers(spelled text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unknown record;
BEGIN
    SELECT c.name, c.value INTO unknown FROM csmetrics.compared_values(spelled) c
    WHERE c.name ~ '^([a-z]+_)?tier$' AND c.value NOT IN ('Green', 'Yellow', 'Red', 'Unknown') LIMIT 1;
    IF unknown.name IS NOT NULL THEN
        RAISE EXCEPTION '% is never %: it is Green, Yellow, Red or Unknown', unknown.name, quote_literal(unknown.value)
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$$;
COMMENT ON FUNCTION csmetrics.require_known_tiers(text) IS
'Internal: SQLSTATE 22023 where an expression holds a tier to a word that is none';

CREATE OR REPLACE FUNCTION csmetrics.words_of_rules(model text) RETURNS TABLE (
    source text, rule text, name text, value text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT r.source, r.rule, c.name, c.value
        FROM (SELECT 'alert_rule' AS source, a.rule, e.expression, 'account_now' AS over
              FROM %1$I.alert_rule a, unnest(ARRAY[a.condition, a.clears_when]) e(expression)
              UNION ALL
              SELECT 'playbook', b.name, e.expression, e.over
              FROM %1$I.playbook b, LATERAL (VALUES (b.trigger_when, 'account_now'),
                                                    (b.success_when, 'playbook_judgement')) e(expression, over)) r,
             LATERAL csmetrics.compared_values(csmetrics.checked_expression(
                 r.expression, format('%%I.%%I', $1, r.over)::regclass, 'boolean', $1)) c $query$, model) USING model;
END
$$;
COMMENT ON FUNCTION csmetrics.words_of_rules(text) IS
'Internal: the texts to which rules of alerts and playbooks hold columns of their views';

CREATE OR REPLACE FUNCTION csmetrics.known_words(model text) RETURNS TABLE (name text, value text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT DISTINCT w.name, w.value
        FROM %1$I.kept_account k,
             LATERAL (VALUES ('segment', k.segment), ('plan', k.plan), ('lifecycle_stage', k.lifecycle_stage),
                             ('onboarding_path', k.onboarding_path), ('region', k.region), ('owner', k.owner))
             w(name, value)
        WHERE w.value IS NOT NULL
        UNION ALL SELECT 'signal', s.signal FROM %1$I.kept_signal s WHERE s.signal IS NOT NULL
        UNION ALL SELECT 'signal', m.name FROM csmetrics.model_signal m
        UNION ALL SELECT 'value_event', s.milestone FROM %1$I.kept_milestone s WHERE s.milestone IS NOT NULL
        UNION ALL SELECT 'vendor', c.vendor FROM csmetrics.connector c
        UNION ALL SELECT 'component', h.component FROM %2$I.health_signal h
        -- a pulse may be given at any time
        UNION ALL SELECT 'signal', 'pulse' $query$, csmetrics.internal_schema(model), model);
END
$$;
COMMENT ON FUNCTION csmetrics.known_words(text) IS
'Internal: the values of attributes that accounts have, and the signals, milestones, vendors and components that there '
'are, as the sources say now';

CREATE OR REPLACE FUNCTION csmetrics.unknown_words(model text) RETURNS TABLE (source text, rule text, key text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE format($query$
        WITH known AS MATERIALIZED (SELECT * FROM csmetrics.known_words($1)),
        used AS (
            SELECT 'health_signal' AS source, 'signal' AS name, h.signal AS value, h.signal AS key
            FROM %1$I.health_signal h
            UNION ALL SELECT 'health_signal', 'segment', h.segment, concat(h.signal, ' / ', h.segment)
            FROM %1$I.health_signal h
            UNION ALL SELECT 'health_signal', 'lifecycle_stage', h.lifecycle_stage,
                             concat(h.signal, ' / ', h.lifecycle_stage) FROM %1$I.health_signal h
            UNION ALL SELECT 'health_component', w.name, w.value,
                             concat(c.component, ' / ' || nullif(w.value, c.component))
            FROM %1$I.health_component c,
                 LATERAL (VALUES ('component', c.component), ('segment', c.segment),
                                 ('lifecycle_stage', c.lifecycle_stage)) w(name, value)
            UNION ALL SELECT 'policy', 'value_event', p.value_event, p.value_event FROM %1$I.policy p
            UNION ALL SELECT 'account_identity', 'vendor', i.vendor, concat(i.vendor, ' ', i.account_key)
            FROM %1$I.account_identity i
            UNION ALL SELECT 'target', 'segment', t.segment, concat(t.metric, ' / ', t.segment) FROM %1$I.target t
            UNION ALL SELECT w.source, w.name, w.value, concat(w.rule, ' / ', w.name, ' ', w.value)
            FROM csmetrics.words_of_rules($1) w
            WHERE w.name IN ('segment', 'plan', 'lifecycle_stage', 'onboarding_path', 'region', 'owner', 'signal'))
        SELECT u.source, 'unknown ' || replace(u.name, '_', ' '), u.key FROM used u
        WHERE u.value IS NOT NULL AND (u.name, u.value) NOT IN (SELECT k.name, k.value FROM known k)
        UNION ALL
        SELECT 'health_signal', 'two components', concat(h.signal, ' / ', string_agg(DISTINCT h.component, ', '))
        FROM %1$I.health_signal h GROUP BY h.signal HAVING count(DISTINCT h.component) > 1 $query$, model)
    USING model;
END
$$;
COMMENT ON FUNCTION csmetrics.unknown_words(text) IS
'Internal: names in settings that nobody has, and signals that are under two components and count twice';

CREATE OR REPLACE FUNCTION csmetrics.setting_findings(model text) RETURNS SETOF csmetrics.finding
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT u.rule, u.source, 'warning',
           CASE u.rule WHEN 'unknown signal' THEN 'Neither csmetrics.model_signal nor source_signal has a signal of '
                                                  'that name: it is always missing'
                       WHEN 'two components' THEN 'A signal counts in each component that it is under; a row for a '
                                                  'segment or a stage stands for another only in the same component'
                       WHEN 'unknown component' THEN 'No signal of health_signal is under a component of that name'
                       WHEN 'unknown vendor' THEN 'csmetrics.connector has no vendor of that name: the row ties nothing'
                       WHEN 'unknown value event' THEN 'source_milestone has no milestone of that name: nobody is '
                                                       'known to have reached first value'
                       ELSE 'No account of source_account has that value: what is said of it holds for nobody' END,
           count(*), NULL::bigint, string_agg(u.key, '; ' ORDER BY u.key) FILTER (WHERE u.place <= 5), NULL::numeric,
           NULL::csmetrics.headline_figures, NULL::csmetrics.headline_figures, 'nothing to leave out', false
    FROM (SELECT w.*, row_number() OVER (PARTITION BY w.source, w.rule ORDER BY w.key) AS place
          FROM (SELECT DISTINCT * FROM csmetrics.unknown_words(model)) w) u
    GROUP BY u.rule, u.source
    ORDER BY u.source, u.rule;
END
$$;
COMMENT ON FUNCTION csmetrics.setting_findings(text) IS
'Internal: what CALL validate() finds wrong with the settings of a model, among its other findings';
