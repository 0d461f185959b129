-- The steps of CALL csmetrics.evaluate_alerts, in their order.

CREATE OR REPLACE FUNCTION alert_rules_ahead(as_of_at timestamptz) RETURNS text[]
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT array_agg(r.rule ORDER BY r.rule) FROM alert_rule r JOIN alert_evaluation e USING (rule)
    WHERE r.is_enabled AND e.as_of_at > alert_rules_ahead.as_of_at;
END;
COMMENT ON FUNCTION alert_rules_ahead(timestamptz) IS
'Internal: the rules that were evaluated as of a later instant already; NULL: none';

CREATE OR REPLACE FUNCTION forget_alert_states() RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    -- what is gone has no states, and what is off begins anew when it is on again
    DELETE FROM alert_state s WHERE s.rule NOT IN (SELECT r.rule FROM alert_rule r);
    DELETE FROM alert_evaluation e WHERE e.rule NOT IN (SELECT r.rule FROM alert_rule r WHERE r.is_enabled);
END;
COMMENT ON FUNCTION forget_alert_states() IS 'Internal: removes what was known of rules that are gone or off';

CREATE OR REPLACE FUNCTION forget_alerts(as_of_at timestamptz) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    -- not those that still hold, nor those by which it is told later what is news, and what waits for the cool-down
    DELETE FROM alert a USING policy p
    WHERE a.evaluated_at < now() - p.alert_days * interval '1 day'
      AND NOT EXISTS (SELECT 1 FROM alert_state s WHERE s.alert_id = a.alert_id)
      AND NOT EXISTS (SELECT 1 FROM alert_rule r LEFT JOIN alert_evaluation e USING (rule)
                      WHERE r.rule = a.rule
                        AND a.as_of_at >= least(forget_alerts.as_of_at, e.as_of_at)
                            - greatest(r.cool_down, (p.alert_late_days + 2) * interval '1 day'));
END;
COMMENT ON FUNCTION forget_alerts(timestamptz) IS
'Internal: takes away alerts that are over, and older than alert_days';

CREATE OR REPLACE FUNCTION alert_rules_due(ahead text[], OUT names text[], OUT conditions text[], OUT clearing text[])
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT array_agg(r.rule ORDER BY r.rule), array_agg(r.condition ORDER BY r.rule),
           array_agg(coalesce(r.clears_when, format(E'NOT (%s\n)', r.condition)) ORDER BY r.rule)
    FROM alert_rule r WHERE r.is_enabled AND (r.rule = ANY (ahead)) IS NOT TRUE;
END;
COMMENT ON FUNCTION alert_rules_due(text[]) IS
'Internal: the rules to be evaluated, all that are on but those ahead, and what turns each on and off; NULLs: none';

CREATE OR REPLACE FUNCTION turn_alerts(model text, day date, as_of_at timestamptz, names text[], conditions text[],
    clearing text[]) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    -- those that no longer meet it are off, those that began to are new; who waits has no margin of clears_when
    WITH found AS MATERIALIZED (
        SELECT s.account_id, f.met, f.evidence
        FROM customers_by_rule(model, day, names, conditions || clearing) f
             JOIN account_state s ON s.account_id::text = f.account_id),
    ended AS (
        DELETE FROM alert_state s USING unnest(names) WITH ORDINALITY r(rule, n)
        WHERE s.rule = r.rule
          AND NOT EXISTS (SELECT 1 FROM found f WHERE f.account_id = s.account_id
                          AND (f.met[r.n]
                               OR (s.state <> 'held' AND f.met[cardinality(names) + r.n] IS NOT TRUE)))
        RETURNING s.rule, s.account_id, s.state, s.evidence),
    off AS (
        INSERT INTO alert (rule, severity, audience, account_id, from_state, to_state, as_of_at, evidence)
        SELECT e.rule, r.severity, r.audience, e.account_id, 'on', 'off', turn_alerts.as_of_at, e.evidence
        FROM ended e JOIN alert_rule r USING (rule) WHERE e.state = 'raised'
        ORDER BY e.rule, e.account_id ON CONFLICT DO NOTHING)
    INSERT INTO alert_state (rule, account_id, state, since_at, evidence)
    SELECT r.rule, f.account_id, 'new', turn_alerts.as_of_at, f.evidence
    FROM found f, unnest(names) WITH ORDINALITY r(rule, n) WHERE f.met[r.n]
    ON CONFLICT DO NOTHING;
END;
COMMENT ON FUNCTION turn_alerts(text, date, timestamptz, text[], text[], text[]) IS
'Internal: brings alert_state up to date with who meets which rule as of the day, and records who no longer does';

CREATE OR REPLACE FUNCTION begin_alert_rules() RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    UPDATE alert_state s SET state = 'known'
    WHERE s.state IN ('new', 'held')
      AND s.rule NOT IN (SELECT e.rule FROM alert_evaluation e JOIN alert_rule r USING (rule)
                         WHERE e.definition = r.condition);
END;
COMMENT ON FUNCTION begin_alert_rules() IS
'Internal: who meets a rule that was never evaluated, or with another condition, is known';

CREATE OR REPLACE FUNCTION alert_probe(as_of_on date, time_zone text)
RETURNS TABLE (day date, names text[], conditions text[])
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT least(((e.as_of_at + interval '1 microsecond') AT TIME ZONE time_zone)::date - 1, as_of_on - 1),
           array_agg(r.rule ORDER BY r.rule), array_agg(r.condition ORDER BY r.rule)
    FROM alert_rule r JOIN alert_evaluation e USING (rule)
    WHERE r.rule IN (SELECT s.rule FROM alert_state s WHERE s.state = 'new') GROUP BY 1;
END;
COMMENT ON FUNCTION alert_probe(date, text) IS
'Internal: the rules with news, by the last day that was over when they were evaluated last';

CREATE OR REPLACE FUNCTION hold_alerts_again(names text[], since_at timestamptz) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    UPDATE alert_state s SET state = 'held'
    FROM alert a
    WHERE s.state = 'new' AND s.rule = ANY (names) AND a.rule = s.rule AND a.account_id = s.account_id
      AND a.to_state = 'off' AND a.as_of_at >= hold_alerts_again.since_at;
END;
COMMENT ON FUNCTION hold_alerts_again(text[], timestamptz) IS
'Internal: it is news of whom was seen to turn off since then';

CREATE OR REPLACE FUNCTION hold_alerts(model text, day date, names text[], conditions text[]) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    -- NOT IN is looked up in a hash, however few the planner takes the new ones for
    UPDATE alert_state s SET state = 'held'
    WHERE s.state = 'new' AND s.rule = ANY (names)
      AND (s.rule, s.account_id::text) NOT IN (
          SELECT r.rule, f.account_id
          FROM customers_by_rule(model, day, names, conditions) f, unnest(names) WITH ORDINALITY r(rule, n)
          WHERE f.met[r.n]);
END;
COMMENT ON FUNCTION hold_alerts(text, date, text[], text[]) IS
'Internal: it is news of whom did not meet the rule as of the day';

CREATE OR REPLACE FUNCTION raise_alerts(names text[], as_of_at timestamptz) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    WITH due AS (
        INSERT INTO alert (rule, severity, audience, account_id, from_state, to_state, as_of_at, evidence)
        SELECT s.rule, r.severity, r.audience, s.account_id, 'off', 'on', raise_alerts.as_of_at, s.evidence
        FROM alert_state s JOIN alert_rule r USING (rule)
        WHERE s.state = 'held' AND s.rule = ANY (names)
          AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.rule = s.rule AND a.account_id = s.account_id
                          AND a.to_state = 'on' AND a.as_of_at > raise_alerts.as_of_at - r.cool_down)
        ORDER BY s.rule, s.account_id ON CONFLICT DO NOTHING
        RETURNING alert_id, rule, account_id)
    UPDATE alert_state s SET state = 'raised', alert_id = due.alert_id
    FROM due WHERE s.rule = due.rule AND s.account_id = due.account_id;

    INSERT INTO alert_evaluation (rule, definition, as_of_at)
    SELECT r.rule, r.condition, raise_alerts.as_of_at FROM alert_rule r WHERE r.rule = ANY (names)
    ON CONFLICT (rule) DO UPDATE
        SET definition = excluded.definition, as_of_at = excluded.as_of_at, evaluated_at = excluded.evaluated_at;
END;
COMMENT ON FUNCTION raise_alerts(text[], timestamptz) IS
'Internal: raises what is held and has cooled down, and notes that these rules were evaluated';

CREATE OR REPLACE FUNCTION announce_alerts(model text, after_id bigint,
    OUT raised bigint, OUT cleared bigint, OUT announced bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    -- Listeners hear of it when this is committed. Whoever can connect may be one: they get keys, and read the row with
    -- their own rights.
    SELECT count(*) FILTER (WHERE n.to_state = 'on'), count(*) FILTER (WHERE n.to_state = 'off'),
           count(pg_notify(n.channel, jsonb_build_object('model', model, 'alert_id', n.alert_id, 'rule', n.rule,
                                                         'direction', n.to_state)::text))
    FROM (SELECT a.alert_id, a.rule, a.to_state, r.channel FROM alert a JOIN alert_rule r USING (rule)
          WHERE a.alert_id > after_id ORDER BY a.alert_id) n;
END;
COMMENT ON FUNCTION announce_alerts(text, bigint) IS
'Internal: announces the alerts after that one, and counts them';
