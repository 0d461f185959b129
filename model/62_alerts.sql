-- Alerts: rules over account_now, and one row when an account begins or ends to meet one.

CREATE TABLE alert_rule (
    rule        text,
    description text,
    condition   text NOT NULL,
    clears_when text,
    severity    text NOT NULL DEFAULT 'warning',
    audience    text NOT NULL DEFAULT 'csm',
    cool_down   interval NOT NULL DEFAULT '7 days',
    channel     text NOT NULL DEFAULT 'csmetrics_alert',
    is_enabled  boolean NOT NULL DEFAULT true,
    PRIMARY KEY (rule),
    CONSTRAINT rule_of_1_to_255_bytes CHECK (octet_length(rule) BETWEEN 1 AND 255),
    CONSTRAINT known_severity CHECK (severity IN ('critical', 'warning', 'info')),
    CONSTRAINT known_audience CHECK (audience IN ('csm', 'manager', 'executive')),
    CONSTRAINT cool_down_from_0 CHECK (cool_down >= interval '0'),
    CONSTRAINT channel_of_1_to_63_bytes CHECK (octet_length(channel) BETWEEN 1 AND 63));
COMMENT ON TABLE alert_rule IS
'What deserves an alert, one row a rule: CALL csmetrics.evaluate_alerts records and announces each customer that '
'begins to meet it, or no longer does. Change or add rows; a condition that does not parse, or names an unknown '
'column, is refused with its error.';
COMMENT ON COLUMN alert_rule.rule IS 'Name of the rule';
COMMENT ON COLUMN alert_rule.description IS 'What it says to a reader';
COMMENT ON COLUMN alert_rule.condition IS
'SQL condition over the columns of account_now that turns it on; unknown changes nothing. One that changes begins anew';
COMMENT ON COLUMN alert_rule.clears_when IS
'SQL condition that turns it off again, with a margin, so that it does not flap; NULL: when condition is false';
COMMENT ON COLUMN alert_rule.severity IS 'critical, warning or info';
COMMENT ON COLUMN alert_rule.audience IS 'Whom it is for: csm, manager or executive';
COMMENT ON COLUMN alert_rule.cool_down IS
'So long after an alert of an account its next one waits; if it still holds then, it comes then';
COMMENT ON COLUMN alert_rule.channel IS 'Channel of NOTIFY on which it is announced';
COMMENT ON COLUMN alert_rule.is_enabled IS 'Is it evaluated? When it is again, it begins anew';
INSERT INTO alert_rule
VALUES ('turned red', 'The score is below the bound of Red', 'tier = ''Red''',
        'tier IN (''Yellow'', ''Green'') AND health_score >= 52', 'critical', 'csm'),
          ('steep fall', 'The score lost 15 points within movement_days', 'change_points <= -15', 'change_points > -10',
           'warning', 'csm'),
          ('notice given', 'Some of its MRR is under notice of cancellation', 'renewal_posture < 1', NULL, 'critical',
           'manager'),
          ('renewal at risk', 'It renews within 90 days and is not Green',
           'renewal_days <= 90 AND tier IN (''Red'', ''Yellow'')', 'renewal_days > 90 OR tier = ''Green''', 'warning',
           'manager'),
          ('escalation unresolved', 'An escalated ticket has been open for two weeks', 'escalation_days >= 14', NULL,
           'warning', 'csm'),
          ('gone quiet', 'No usage for two weeks', 'idle_days >= 14', 'idle_days < 7', 'warning', 'csm'),
          ('value overdue', 'No first value 60 days after the start', 'time_to_value >= 60 AND NOT has_value',
           'has_value', 'warning', 'csm'),
          ('seats nearly used', 'A Green customer whose seats are nearly all in use: room to expand',
           'tier = ''Green'' AND seat_use >= 0.9', 'seat_use < 0.85', 'info', 'csm');
CREATE OR REPLACE TRIGGER check_expressions BEFORE INSERT OR UPDATE ON alert_rule FOR EACH ROW
    EXECUTE FUNCTION check_expressions('condition', 'account_now', 'boolean', 'clears_when', 'account_now', 'boolean');

CREATE TABLE alert_state (
    rule       text,
    account_id @account_id@,
    state      text NOT NULL,
    since_at   timestamptz NOT NULL,
    alert_id   bigint,
    evidence   jsonb,
    PRIMARY KEY (rule, account_id),
    CONSTRAINT known_state CHECK (state IN ('new', 'known', 'held', 'raised')));
COMMENT ON TABLE alert_state IS
'Who meets which rule, as of its last evaluation. Written by CALL csmetrics.evaluate_alerts alone.';
COMMENT ON COLUMN alert_state.rule IS 'Name of the rule';
COMMENT ON COLUMN alert_state.account_id IS 'Key of the account';
COMMENT ON COLUMN alert_state.state IS
'raised: an alert was; held: it waits for the cool-down; known: met it when the rule began, or by facts that came '
'late, and raises nothing';
COMMENT ON COLUMN alert_state.since_at IS 'As of when it was first seen to meet the rule';
COMMENT ON COLUMN alert_state.alert_id IS 'The alert that was raised';
COMMENT ON COLUMN alert_state.evidence IS 'What was known of the account then';

CREATE TABLE alert_evaluation (
    rule         text,
    definition   text NOT NULL,
    as_of_at     timestamptz NOT NULL,
    evaluated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (rule));
COMMENT ON TABLE alert_evaluation IS
'When each rule was evaluated last. Written by CALL csmetrics.evaluate_alerts alone.';
COMMENT ON COLUMN alert_evaluation.rule IS 'Name of the rule';
COMMENT ON COLUMN alert_evaluation.definition IS 'Its condition then';
COMMENT ON COLUMN alert_evaluation.as_of_at IS 'As of when it was evaluated';
COMMENT ON COLUMN alert_evaluation.evaluated_at IS 'When that was done';

CREATE TABLE alert (
    alert_id     bigint GENERATED ALWAYS AS IDENTITY,
    rule         text NOT NULL,
    severity     text NOT NULL,
    audience     text NOT NULL,
    account_id   @account_id@,
    from_state   text NOT NULL,
    to_state     text NOT NULL,
    as_of_at     timestamptz NOT NULL,
    evaluated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    evidence     jsonb,
    PRIMARY KEY (alert_id),
    UNIQUE (rule, account_id, from_state, to_state, as_of_at),
    CONSTRAINT a_transition CHECK ((from_state, to_state) IN (('off', 'on'), ('on', 'off'))));
COMMENT ON TABLE alert IS
'The alerts, a row a transition: from off to on when a customer began to meet a rule, from on to off when it no '
'longer did. Written by CALL csmetrics.evaluate_alerts alone.';
COMMENT ON COLUMN alert.alert_id IS 'Key of the alert';
COMMENT ON COLUMN alert.rule IS 'Name of the rule';
COMMENT ON COLUMN alert.severity IS 'critical, warning or info';
COMMENT ON COLUMN alert.audience IS 'Whom it is for: csm, manager or executive';
COMMENT ON COLUMN alert.account_id IS 'Key of the account';
COMMENT ON COLUMN alert.from_state IS 'off or on';
COMMENT ON COLUMN alert.to_state IS 'on: it began to meet the rule; off: it no longer did';
COMMENT ON COLUMN alert.as_of_at IS 'As of when';
COMMENT ON COLUMN alert.evaluated_at IS 'When it was found';
COMMENT ON COLUMN alert.evidence IS
'What was known of the account when it began to meet the rule: name, owner, MRR, score, reasons, usage, tickets, '
'renewal';

CREATE OR REPLACE VIEW alert_open WITH (security_invoker) AS
SELECT a.alert_id, a.rule, a.severity, a.audience, a.account_id, a.evidence ->> 'name' AS name,
       a.evidence ->> 'segment' AS segment, a.evidence ->> 'owner' AS owner,
       (a.evidence ->> 'mrr')::numeric AS mrr, (a.evidence ->> 'health_score')::double precision AS health_score,
       a.evidence ->> 'tier' AS tier, a.evidence ->> 'reasons' AS reasons, a.as_of_at AS raised_at
FROM alert_state s JOIN alert a USING (alert_id) JOIN alert_rule r ON r.rule = s.rule
WHERE s.state = 'raised' AND r.is_enabled
ORDER BY array_position('{critical,warning,info}', a.severity), a.as_of_at DESC, a.alert_id;
COMMENT ON VIEW alert_open IS
'Alerts of customers that still meet the rule, the most severe first, with what was known when each was raised.';

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
          AND NOT EXISTS (SELECT FROM found f WHERE f.account_id = s.account_id
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
          AND NOT EXISTS (SELECT FROM alert a WHERE a.rule = s.rule AND a.account_id = s.account_id
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
