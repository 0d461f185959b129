-- What refresh reads: a function a source, which reads it once, all histories in one pass, and counts the rows. Rows
-- that cannot be right have a complaint, are in no history, and stop the refresh. The digest of an account is that of
-- its rows: where it is as stored, there is nothing to read.
--
-- only_keys: of these accounts alone, NULL: of all. It is a constant wherever these are called, so that the planner
-- drops the condition, or looks the keys up.

CREATE UNLOGGED TABLE fresh_key (account_id @account_id@, sources text[]);

CREATE OR REPLACE FUNCTION read_account(only_keys @account_id@[] DEFAULT NULL) RETURNS TABLE (
    account_id @account_id@, name text, segment text, plan text, lifecycle_stage text, onboarding_path text,
    region text, owner text, parent_id @account_id@, created_on date, seats numeric, time_zone text, is_test boolean,
    row_count bigint, complaint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id, k.name, k.segment, k.plan, k.lifecycle_stage, k.onboarding_path, k.region, k.owner,
           k.parent_id, k.created_on, k.seats, k.time_zone, k.is_test, 1::bigint, k.complaint
    FROM kept_account k
    WHERE only_keys IS NULL OR k.account_id = ANY (only_keys);
END;
COMMENT ON FUNCTION read_account(@account_id@[]) IS 'Internal: the accounts as source_account has them now';

CREATE OR REPLACE FUNCTION read_fx_rate() RETURNS TABLE (
    currency text, on_date date, rate numeric, row_count bigint, complaint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT upper(k.currency), k.on_date, min(k.rate) FILTER (WHERE k.complaint IS NULL), count(*), min(k.complaint)
    FROM kept_fx_rate k
    GROUP BY upper(k.currency), k.on_date;
END;
COMMENT ON FUNCTION read_fx_rate() IS 'Internal: the rates as source_fx_rate has them now';

CREATE OR REPLACE FUNCTION read_parent() RETURNS TABLE (
    account_id @account_id@, parent_id @account_id@, starts_on date, ends_on date, is_merger boolean,
    row_count bigint, complaint text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id, k.parent_id, coalesce(k.starts_on, '-infinity'), coalesce(k.ends_on, 'infinity'),
           coalesce(k.is_merger, false), 1::bigint, k.complaint
    FROM kept_parent k;
END;
COMMENT ON FUNCTION read_parent() IS 'Internal: the parents as source_parent has them now';

CREATE OR REPLACE FUNCTION counted_subscription(only_keys @account_id@[]) RETURNS TABLE (
    account_id @account_id@, subscription_id text, key text, currency text, product text, plan text, starts_on date,
    until_on date, cancelled_on date, renews_on date, end_reason text, voluntary boolean, mrr numeric, amount numeric,
    report_amount numeric, discount numeric, limited numeric, is_paused boolean, is_free boolean, counts boolean,
    is_in_force boolean, is_delinquent boolean, report_currency text, complaint text, digest bigint, fed_mask integer)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT t.account_id,
           CASE t.entity_grain WHEN 'subscription' THEN coalesce(nullif(t.subscription_id, ''), '?') ELSE '' END,
           t.subscription_id, t.currency, t.product, t.plan, t.starts_on, t.until_on, t.cancelled_on, t.renews_on,
           t.end_reason, t.voluntary, t.mrr, t.amount,
           in_report_currency(t.amount, t.currency, t.report_currency,
                              (SELECT jsonb_object_agg(r.currency, r.fx) FROM constant_rate r)),
           t.discount, t.limited, t.status = 'paused' AND t.pause_rule <> 'keep',
           t.mrr = 0 AND t.zero_mrr_rule = 'count',
           t.is_right AND (t.mrr IS NULL OR t.mrr >= 0 OR t.credit_rule = 'count'),
           t.is_right AND (t.status IS DISTINCT FROM 'paused' OR t.pause_rule = 'keep') AND t.mrr >= 0,
           coalesce(t.due_until = t.until_on AND t.due_until < coalesce(t.ends_on, 'infinity'), false),
           t.report_currency, t.complaint, t.digest, t.fed_mask
    FROM (SELECT k.account_id, k.subscription_id, upper(k.currency) AS currency, coalesce(k.product, '') AS product,
                 coalesce(k.plan, '') AS plan, k.starts_on, k.ends_on, k.cancelled_on, k.renews_on, k.mrr, k.status,
                 nullif(k.end_reason, '') AS end_reason, k.voluntary,
                 counted_until(k.starts_on, k.ends_on, k.cancelled_on, k.renews_on, k.past_due_on, p.churn_date_rule,
                               p.delinquency_days) AS until_on,
                 -- days end with the year 9999
                 CASE WHEN k.past_due_on < date '9999-12-31' - p.delinquency_days
                      THEN greatest(k.starts_on, k.past_due_on + p.delinquency_days) END AS due_until,
                 counted_mrr(k.mrr, k.discount_mrr, k.limited_discount_mrr, p.discount_rule) AS amount,
                 coalesce(k.discount_mrr, 0) AS discount, coalesce(k.limited_discount_mrr, 0) AS limited,
                 k.complaint IS NULL AND (k.status IS DISTINCT FROM 'trial' OR p.trial_rule = 'count') AS is_right,
                 p.entity_grain, p.pause_rule, p.zero_mrr_rule, p.credit_rule, p.report_currency, k.complaint, k.digest,
                 k.fed_mask
          FROM kept_subscription k,
               -- LIMIT tells the planner that this is one row
               (SELECT entity_grain, churn_date_rule, delinquency_days, discount_rule, pause_rule, zero_mrr_rule,
                       trial_rule, credit_rule, report_currency FROM policy LIMIT 1) p
          WHERE only_keys IS NULL OR k.account_id = ANY (only_keys)
          OFFSET 0) t;
END;
COMMENT ON FUNCTION counted_subscription(@account_id@[]) IS
'Internal: the subscriptions as source_subscription has them now, each with what it counts for by the policy: '
'subscription_id is empty unless entities are subscriptions, key is its own; report_amount: in the currency of report '
'at constant rates; is_delinquent: it counts until so long after a payment was due';

CREATE OR REPLACE FUNCTION read_subscription(only_keys @account_id@[] DEFAULT NULL) RETURNS TABLE (
    account_id @account_id@, subscription_id text, currency text, revenue mrr_timeline, own_revenue mrr_timeline,
    notice mrr_timeline, renewals date[], list_price mrr_timeline, recurring mrr_timeline, limited mrr_timeline,
    product text, plan text, endings jsonb, called_off mrr_timeline, overdue mrr_timeline, row_count bigint,
    complaint text, digest numeric, fed_mask integer)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT t.account_id, t.subscription_id, t.currency,
           mrr_timeline_agg(t.starts_on, t.until_on, t.report_amount, t.is_paused, t.is_free) FILTER (WHERE t.counts),
           mrr_timeline_agg(t.starts_on, t.until_on, t.amount, t.is_paused, t.is_free)
               FILTER (WHERE t.counts AND t.report_currency IS NOT NULL),
           -- by click nothing counts that is under notice
           mrr_timeline_agg(greatest(t.starts_on, t.cancelled_on), t.until_on, t.report_amount)
               FILTER (WHERE t.is_in_force AND t.cancelled_on < coalesce(t.until_on, 'infinity')),
           array_agg(DISTINCT t.renews_on) FILTER (WHERE t.renews_on IS NOT NULL AND t.complaint IS NULL),
           mrr_timeline_agg(t.starts_on, t.until_on, t.mrr + t.discount, false, t.mrr + t.discount = 0)
               FILTER (WHERE t.is_in_force),
           mrr_timeline_agg(t.starts_on, t.until_on, t.discount) FILTER (WHERE t.is_in_force AND t.discount > 0),
           mrr_timeline_agg(t.starts_on, t.until_on, t.limited) FILTER (WHERE t.is_in_force AND t.limited > 0),
           t.product, t.plan,
           -- what tells of a reason alone: it is taken to pieces by read_ending()
           jsonb_agg(jsonb_build_array(t.key, t.starts_on, t.until_on, t.cancelled_on, t.end_reason, t.voluntary,
                                       t.is_delinquent, t.is_paused, t.report_amount))
               FILTER (WHERE t.counts AND (t.is_delinquent OR t.is_paused OR t.end_reason IS NOT NULL
                                           OR t.voluntary IS NOT NULL)),
           mrr_timeline_agg(greatest(t.starts_on, t.renews_on), NULL, t.report_amount)
               FILTER (WHERE t.is_in_force AND t.cancelled_on IS NOT NULL AND t.renews_on <= '9999-12-31'
                         AND coalesce(t.until_on, 'infinity') = 'infinity'),
           mrr_timeline_agg(greatest(t.starts_on, t.renews_on), t.until_on, t.report_amount)
               FILTER (WHERE t.is_in_force AND t.cancelled_on IS NULL AND t.renews_on < coalesce(t.until_on, 'infinity')
                         AND t.renews_on <= '9999-12-31'),
           count(*), min(t.complaint), sum(t.digest), bit_or(t.fed_mask)
    FROM counted_subscription(only_keys) t
    GROUP BY t.account_id, t.subscription_id, t.currency, t.product, t.plan;
END;
COMMENT ON FUNCTION read_subscription(@account_id@[]) IS
'Internal: the revenue of each account by currency, product and plan, and by subscription where these are the '
'entities; own_revenue, list_price, recurring and limited are in the currency itself, all else in that of report at '
'constant rates; endings: what read_ending() is made of';

CREATE OR REPLACE FUNCTION read_ticket(only_keys @account_id@[] DEFAULT NULL) RETURNS TABLE (
    account_id @account_id@, tickets tickets, waits ticket_wait[], row_count bigint, complaint text, digest numeric,
    fed_mask integer)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id,
           ticket_agg(k.opened_at, k.first_reply_at, k.solved_at, k.reopened, k.escalated, k.agent_replies,
                      k.requester_id, k.topic, k.escalated_at, k.reopened_at) FILTER (WHERE k.complaint IS NULL),
           array_agg(w.wait ORDER BY w.wait)
               FILTER (WHERE k.complaint IS NULL AND k.opened_at < 'infinity'
                         AND (num_nonnulls(k.requester_wait, k.agent_wait, k.on_hold) > 0 OR w.minutes IS NOT NULL)),
           count(*), min(k.complaint), sum(k.digest), bit_or(k.fed_mask)
    FROM kept_ticket k,
         LATERAL (SELECT CASE WHEN num_nonnulls(k.requester_wait_minutes, k.agent_wait_minutes, k.on_hold_minutes,
                                                k.requester_wait_business_minutes, k.agent_wait_business_minutes,
                                                k.on_hold_business_minutes) > 0
                              THEN ARRAY[k.requester_wait_minutes, k.agent_wait_minutes, k.on_hold_minutes,
                                         k.requester_wait_business_minutes, k.agent_wait_business_minutes,
                                         k.on_hold_business_minutes] END AS minutes) m,
         LATERAL (SELECT m.minutes, ROW (k.opened_at, nullif(k.solved_at, 'infinity'), k.requester_wait, k.agent_wait,
                                         k.on_hold, m.minutes)::ticket_wait AS wait) w
    WHERE only_keys IS NULL OR k.account_id = ANY (only_keys)
    GROUP BY k.account_id;
END;
COMMENT ON FUNCTION read_ticket(@account_id@[]) IS 'Internal: the tickets of each account';

CREATE OR REPLACE FUNCTION read_survey(only_keys @account_id@[] DEFAULT NULL) RETURNS TABLE (
    account_id @account_id@, answers answers, row_count bigint, complaint text, digest numeric,
    fed_mask integer)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id,
           answer_agg(lower(k.kind), k.score, k.responded_at, k.sent_at, k.respondent_id, k.lowest, k.highest,
                      k.higher_is_better, nullif(k.ticket_id, '')) FILTER (WHERE k.complaint IS NULL),
           count(*), min(k.complaint), sum(k.digest), bit_or(k.fed_mask)
    FROM kept_survey k
    WHERE only_keys IS NULL OR k.account_id = ANY (only_keys)
    GROUP BY k.account_id;
END;
COMMENT ON FUNCTION read_survey(@account_id@[]) IS 'Internal: the questions and answers of each account';

CREATE OR REPLACE FUNCTION read_milestone(only_keys @account_id@[] DEFAULT NULL) RETURNS TABLE (
    account_id @account_id@, milestones milestones, row_count bigint, complaint text, digest numeric,
    fed_mask integer)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id,
           milestone_agg(k.milestone, k.reached_at, (k.due_on + 1)::timestamp AT TIME ZONE p.time_zone, k.is_start,
                         coalesce(k.milestone = p.value_event, k.is_value)) FILTER (WHERE k.complaint IS NULL),
           count(*), min(k.complaint), sum(k.digest), bit_or(k.fed_mask)
    FROM kept_milestone k,
         (SELECT time_zone, value_event FROM policy LIMIT 1) p
    WHERE only_keys IS NULL OR k.account_id = ANY (only_keys)
    GROUP BY k.account_id;
END;
COMMENT ON FUNCTION read_milestone(@account_id@[]) IS 'Internal: the milestones of each account';

CREATE OR REPLACE FUNCTION read_signal(only_keys @account_id@[] DEFAULT NULL) RETURNS TABLE (
    account_id @account_id@, signals signals, row_count bigint, complaint text, digest numeric,
    fed_mask integer)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id, signal_agg(k.signal, k.at, k.value) FILTER (WHERE k.complaint IS NULL),
           count(*), min(k.complaint), sum(k.digest), NULL::integer
    FROM kept_signal k
    WHERE only_keys IS NULL OR k.account_id = ANY (only_keys)
    GROUP BY k.account_id;
END;
COMMENT ON FUNCTION read_signal(@account_id@[]) IS 'Internal: the user''s own signals of each account';

CREATE OR REPLACE FUNCTION read_entitlement(only_keys @account_id@[] DEFAULT NULL) RETURNS TABLE (
    account_id @account_id@, feature text, entitled mrr_timeline, terms daterange[], row_count bigint,
    complaint text, digest numeric, fed_mask integer)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT k.account_id, k.feature,
           mrr_timeline_agg(coalesce(k.starts_on, '0001-01-01'), k.ends_on, 1) FILTER (WHERE k.complaint IS NULL),
           array_agg(DISTINCT daterange(k.starts_on, k.ends_on)) FILTER (WHERE k.complaint IS NULL),
           count(*), min(k.complaint), sum(k.digest), NULL::integer
    FROM kept_entitlement k
    WHERE only_keys IS NULL OR k.account_id = ANY (only_keys)
    GROUP BY k.account_id, k.feature;
END;
COMMENT ON FUNCTION read_entitlement(@account_id@[]) IS 'Internal: the features that each account is entitled to';

CREATE OR REPLACE FUNCTION read_usage(only_keys @account_id@[] DEFAULT NULL) RETURNS TABLE (
    account_id @account_id@, user_id text, role text, usage activity, features feature_usage, row_count bigint,
    complaint text, digest numeric, fed_mask integer)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT u.account_id, u.user_id, max(u.role),
           activity_agg(u.day, u.events) FILTER (WHERE u.complaint IS NULL),
           feature_usage_agg(u.feature, u.day, u.events) FILTER (WHERE u.feature IS NOT NULL AND u.complaint IS NULL),
           count(*), min(u.complaint), sum(u.digest), NULL::integer
    -- OFFSET 0: the day is worked out once a row
    FROM (SELECT k.account_id, k.user_id, k.role, k.feature, coalesce(k.events, 1) AS events, k.complaint, k.digest,
                 CASE WHEN k.complaint IS NULL
                      THEN (k.at AT TIME ZONE coalesce(a.time_zone, p.time_zone))::date END AS day
          FROM kept_usage k LEFT JOIN account a USING (account_id) CROSS JOIN (SELECT time_zone FROM policy LIMIT 1) p
          WHERE only_keys IS NULL OR k.account_id = ANY (only_keys)
          OFFSET 0) u
    GROUP BY u.account_id, u.user_id;
END;
COMMENT ON FUNCTION read_usage(@account_id@[]) IS
'Internal: on which days each user did what, in the time zone of its account, and what an account did without a user';

-- Where refresh puts what it reads until it is stored; empty between refreshes.
CREATE UNLOGGED TABLE fresh_account AS SELECT * FROM read_account() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_fx_rate AS SELECT * FROM read_fx_rate() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_parent AS SELECT * FROM read_parent() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_subscription AS SELECT * FROM read_subscription() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_ticket AS SELECT * FROM read_ticket() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_survey AS SELECT * FROM read_survey() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_milestone AS SELECT * FROM read_milestone() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_signal AS SELECT * FROM read_signal() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_entitlement AS SELECT * FROM read_entitlement() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_usage AS SELECT * FROM read_usage() WITH NO DATA;
CREATE UNLOGGED TABLE fresh_digest (
    source text, account_id @account_id@, digest numeric, row_count bigint, fed_mask integer);
CREATE UNLOGGED TABLE fresh_change (source text, account_id @account_id@, is_forced boolean, watch_id integer);
CREATE UNLOGGED TABLE fresh_reading (
    source text, found_by text, rows_read bigint, accounts_changed bigint, accounts_unseen bigint, seconds numeric);
COMMENT ON TABLE fresh_account IS 'Internal: what read_account() gave, until refresh has stored it';
COMMENT ON TABLE fresh_fx_rate IS 'Internal: what read_fx_rate() gave, until refresh has stored it';
COMMENT ON TABLE fresh_parent IS 'Internal: what read_parent() gave, until refresh has stored it';
COMMENT ON TABLE fresh_subscription IS 'Internal: what read_subscription() gave, until refresh has stored it';
COMMENT ON TABLE fresh_ticket IS 'Internal: what read_ticket() gave, until refresh has stored it';
COMMENT ON TABLE fresh_survey IS 'Internal: what read_survey() gave, until refresh has stored it';
COMMENT ON TABLE fresh_milestone IS 'Internal: what read_milestone() gave, until refresh has stored it';
COMMENT ON TABLE fresh_signal IS 'Internal: what read_signal() gave, until refresh has stored it';
COMMENT ON TABLE fresh_entitlement IS 'Internal: what read_entitlement() gave, until refresh has stored it';
COMMENT ON TABLE fresh_usage IS 'Internal: what read_usage() gave, until refresh has stored it';
COMMENT ON TABLE fresh_digest IS
'Internal: the accounts that were read, from which source; digest: of their rows, NULL without any';
COMMENT ON TABLE fresh_key IS
'Internal: the accounts whose row in account_state is to be made, and the sources of which they were read';
COMMENT ON TABLE fresh_change IS
'Internal: the accounts that may have changed, by source, NULL: any of them; is_forced: their rows are to be read even '
'if they are what they were; watch_id: which watch says so';
COMMENT ON TABLE fresh_reading IS 'Internal: what refresh did with each source, until it is in refresh_log';
