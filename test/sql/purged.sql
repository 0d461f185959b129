\unset ECHO
\i test/psql.sql
-- What grows with time is taken away by the days of the policy, each where it is written: alerts that are over, snapshots and what only they showed.
-- The log of refreshes: watch.sql.
BEGIN;
SELECT plan(16);
CREATE TABLE public.contract (account_id text, starts_on date, ends_on date, mrr numeric);
INSERT INTO public.contract VALUES ('a', '2024-01-01', NULL, 10), ('a', '2024-03-02', '2024-03-03', 60), ('b', '2024-01-01', NULL, 10), ('b', '2024-03-03', NULL, 60);
CALL create_model('cs');
CALL map('cs', 'subscription', 'TABLE public.contract');
DELETE FROM cs.alert_rule;
INSERT INTO cs.alert_rule (rule, condition, cool_down) VALUES ('big', 'mrr > 50', '7 days');
CREATE FUNCTION pg_temp.alerts(day date) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE cs.policy SET as_of = day;
    CALL csmetrics.refresh('cs');
    CALL csmetrics.evaluate_alerts('cs');
    RETURN (SELECT string_agg(account_id || ' ' || to_state, ', ' ORDER BY alert_id) FROM cs.alert);
END
$$;
SELECT is(pg_temp.alerts('2024-03-01'), NULL, 'nobody meets the rule');
SELECT is(pg_temp.alerts('2024-03-02'), 'a on', 'one does');
SELECT is(pg_temp.alerts('2024-03-03'), 'a on, a off, b on', 'it is over, and another does');
UPDATE cs.alert SET evaluated_at = evaluated_at - CASE WHEN account_id = 'a' AND to_state = 'off' THEN interval '99 days' ELSE interval '101 days' END;
SELECT is((SELECT alert_days FROM cs.policy), 730, 'for two years they are kept');
UPDATE cs.policy SET alert_days = 100;
SELECT is(pg_temp.alerts('2024-03-04'), 'a on, a off, b on', 'within the cool-down, and as long as facts may be late, none goes');
SELECT is(pg_temp.alerts('2024-04-01'), 'a on, a off, b on', 'counted from the evaluation before');
SELECT is(pg_temp.alerts('2024-04-02'), 'a off, b on', 'then one goes that is over and older; not one that is younger, nor one that still holds');
UPDATE cs.policy SET alert_days = NULL;
UPDATE cs.alert SET evaluated_at = evaluated_at - interval '99 years';
SELECT is(pg_temp.alerts('2024-04-03'), 'a off, b on', 'NULL: for ever');
SELECT is(pg_temp.refusal('UPDATE cs.policy SET alert_days = 41'), '23514 policy_alert_days_check', 'not fewer than a report of weeks counts');
INSERT INTO public.contract VALUES ('b', '2024-04-05', '2024-04-06', -60);
UPDATE cs.policy SET alert_days = 100, credit_rule = 'count';
SELECT is(pg_temp.alerts('2024-04-05'), 'b on, b off', 'what is over at last goes with a later evaluation');

-- Snapshots. What each of them shows of January: 20, 30 and 40.
CREATE FUNCTION pg_temp.snapshots(more numeric) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.contract VALUES ('c', '2024-01-01', NULL, more);
    CALL csmetrics.refresh('cs');
    CALL csmetrics.take_snapshot('cs');
    RETURN (SELECT string_agg(s.snapshot_id || ': ' || (SELECT string_agg(trim_scale(r.reading)::text, ' ') FROM cs.snapshot_reading r
                WHERE r.metric = 'closing_mrr' AND r.period_start_on = '2024-01-01' AND r.source_view = 'revenue_monthly' AND r.from_snapshot <= s.snapshot_id AND coalesce(r.to_snapshot > s.snapshot_id, true)), ', ' ORDER BY s.snapshot_id) FROM cs.snapshot s);
END
$$;
SELECT pg_temp.snapshots(0), pg_temp.snapshots(10) \g /dev/null
UPDATE cs.snapshot SET taken_at = taken_at - interval '101 days';
SELECT is(pg_temp.snapshots(10), '1: 20, 2: 30, 3: 40', 'snapshots are kept for ever');
UPDATE cs.policy SET snapshot_days = 100;
SELECT is(pg_temp.snapshots(0), '3: 40, 4: 40', 'or for so many days');
SELECT is((SELECT min(from_snapshot)::text || ' ' || string_agg(DISTINCT trim_scale(reading)::text, ' ') FROM cs.snapshot_reading WHERE metric = 'closing_mrr' AND period_start_on = '2024-01-01' AND source_view = 'revenue_monthly'), '3 40', 'with what only they showed');
SELECT is((SELECT count(*) FROM cs_internal.snapshot_movement WHERE to_snapshot <= 3), 0::bigint, 'account by account');
UPDATE cs.snapshot SET taken_at = taken_at - interval '99 years';
SELECT is(pg_temp.snapshots(0), '4: 40, 5: 40', 'the last is kept however old it is');
SELECT is(pg_temp.refusal('UPDATE cs.policy SET snapshot_days = 0'), '23514 policy_snapshot_days_check', 'a day at least');
SELECT * FROM finish();
ROLLBACK;
