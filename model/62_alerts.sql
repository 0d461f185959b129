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
CREATE OR REPLACE TRIGGER a_sentence BEFORE INSERT OR UPDATE ON alert_rule FOR EACH ROW
    EXECUTE FUNCTION say_what_is_wrong();
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
          ('renewal overdue', 'A day of renewal has passed, and it was neither renewed nor cancelled',
           'overdue_days >= 1', NULL, 'warning', 'csm'),
          ('seats nearly used', 'A Green customer whose seats are nearly all in use: room to expand',
           'tier = ''Green'' AND seat_use >= 0.9', 'seat_use < 0.85', 'info', 'csm');
CREATE OR REPLACE TRIGGER check_expressions BEFORE INSERT OR UPDATE ON alert_rule FOR EACH ROW
    EXECUTE FUNCTION check_expressions('condition', 'account_now', 'boolean', 'clears_when', 'account_now', 'boolean');

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
    response     text,
    reason       text,
    until_on     date,
    responded_by text,
    responded_at timestamptz,
    PRIMARY KEY (alert_id),
    UNIQUE (rule, account_id, from_state, to_state, as_of_at),
    CONSTRAINT a_transition CHECK ((from_state, to_state) IN (('off', 'on'), ('on', 'off'))),
    CONSTRAINT known_response CHECK (response IN ('acknowledged', 'snoozed', 'dismissed')));
COMMENT ON TABLE alert IS
'The alerts, a row a transition: from off to on when a customer began to meet a rule, from on to off when it no '
'longer did. Written by CALL csmetrics.evaluate_alerts, but for what an editor responds: response, reason and '
'until_on; CALL csmetrics.respond_to_alert writes them.';
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
COMMENT ON COLUMN alert.response IS
'acknowledged: somebody is at it; snoozed: not before until_on; dismissed: not again until the rule turned off and on '
'anew. NULL: none';
COMMENT ON COLUMN alert.reason IS 'Why; dismissed needs one';
COMMENT ON COLUMN alert.until_on IS
'The first day on which the response holds no more, by as_of of the policy; snoozed needs one. NULL: it does not '
'expire';
COMMENT ON COLUMN alert.responded_by IS 'The role that responded';
COMMENT ON COLUMN alert.responded_at IS 'When it did';
CREATE OR REPLACE TRIGGER note_response BEFORE UPDATE ON alert FOR EACH ROW EXECUTE FUNCTION note_response();

CREATE OR REPLACE VIEW alert_open WITH (security_invoker) AS
SELECT a.alert_id, a.rule, a.severity, a.audience, a.account_id, a.evidence ->> 'name' AS name,
       a.evidence ->> 'segment' AS segment,
       CASE WHEN n.account_id IS NULL THEN a.evidence ->> 'owner' ELSE n.owner END AS owner,
       (a.evidence ->> 'mrr')::numeric AS mrr, (a.evidence ->> 'health_score')::double precision AS health_score,
       a.evidence ->> 'tier' AS tier, a.evidence ->> 'reasons' AS reasons, a.as_of_at AS raised_at,
       CASE WHEN h.holds THEN a.response END AS response, CASE WHEN h.holds THEN a.reason END AS reason,
       CASE WHEN h.holds THEN a.until_on END AS until_on, CASE WHEN h.holds THEN a.responded_by END AS responded_by,
       CASE WHEN h.holds THEN a.responded_at END AS responded_at
FROM reporting_range d CROSS JOIN alert_state s JOIN alert a USING (alert_id) JOIN alert_rule r ON r.rule = s.rule
     LEFT JOIN account n ON n.account_id = a.account_id,
     LATERAL (SELECT a.response IS NOT NULL AND coalesce(d.as_of_on < a.until_on, true) AS holds) h
WHERE s.state = 'raised' AND r.is_enabled AND (h.holds AND a.response IN ('snoozed', 'dismissed')) IS NOT TRUE
ORDER BY array_position('{critical,warning,info}', a.severity), a.as_of_at DESC, a.alert_id;
COMMENT ON VIEW alert_open IS
'Alerts of customers that still meet the rule, the most severe first, with what was known when each was raised; the '
'owner is that of now. Those that were dismissed, or are snoozed, are left out.';
COMMENT ON COLUMN alert_open.reason IS 'Why it was responded so';
