-- What models of earlier versions lack, once: a rule of alerts, over columns that account_now does not have yet.
DO $$
DECLARE
    has_check boolean := EXISTS (SELECT 1 FROM pg_trigger t
                                 WHERE t.tgrelid = 'alert_rule'::regclass AND t.tgname = 'check_expressions');
BEGIN
    IF has_check THEN
        ALTER TABLE alert_rule DISABLE TRIGGER check_expressions;
    END IF;
    INSERT INTO alert_rule (rule, description, condition, severity, audience)
    VALUES ('renewal overdue', 'A day of renewal has passed, and it was neither renewed nor cancelled',
            'overdue_days >= 1', 'warning', 'csm')
    ON CONFLICT DO NOTHING;
    IF has_check THEN
        ALTER TABLE alert_rule ENABLE TRIGGER check_expressions;
    END IF;
END
$$;
