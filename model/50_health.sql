-- Health: a score of each customer that explains itself.

CREATE TABLE health_signal (
    component        text NOT NULL,
    signal           text NOT NULL,
    segment          text,
    lifecycle_stage  text,
    weight           double precision NOT NULL DEFAULT 0,
    worst            double precision,
    best             double precision,
    knots            double precision[],
    scores           double precision[],
    policy           text NOT NULL DEFAULT 'renormalise',
    keep_days        integer,
    veto_from        double precision,
    veto_cap         double precision,
    higher_is_better boolean GENERATED ALWAYS AS (coalesce(best > worst,
                                                           scores[array_upper(scores, 1)] > scores[1])) STORED,
    UNIQUE NULLS NOT DISTINCT (component, signal, segment, lifecycle_stage),
    CONSTRAINT names_of_1_to_255_bytes CHECK (octet_length(component) BETWEEN 1 AND 255
                                              AND octet_length(signal) BETWEEN 1 AND 255),
    CONSTRAINT weight_in_range CHECK (weight >= 0 AND weight <= 1e6),
    CONSTRAINT known_policy CHECK (policy IN ('renormalise', 'neutral', 'zero', 'carry', 'pulse')),
    CONSTRAINT worst_and_best_or_knots_and_scores CHECK (CASE WHEN knots IS NULL THEN scores IS NULL
                                                         AND csmetrics.normalize_linear(0, worst, best) IS NOT NULL
                                                             ELSE worst IS NULL AND best IS NULL
                                                             AND csmetrics.normalize_piecewise(0, knots,
                                                                     scores) IS NOT NULL END),
    CONSTRAINT at_most_64_knots CHECK (cardinality(knots) <= 64),
    CONSTRAINT keep_days_in_range CHECK (keep_days BETWEEN 0 AND 36525),
    CONSTRAINT carry_and_pulse_need_keep_days CHECK (policy NOT IN ('carry', 'pulse') OR coalesce(keep_days, 0) > 0),
    CONSTRAINT veto_from_and_veto_cap CHECK (CASE WHEN veto_from IS NULL THEN veto_cap IS NULL
                                             ELSE abs(veto_from) < 'Infinity'
                                                 AND coalesce(veto_cap, -1) BETWEEN 0 AND 100 END));
COMMENT ON TABLE health_signal IS
'What the health score is made of, one row a signal: those of csmetrics.model_signal, read from the histories, and '
'any of source_signal by its name. Change weights, add rows, or give rows for one segment or lifecycle stage, which '
'then hold there.';
COMMENT ON COLUMN health_signal.component IS 'Component of the score; a component weighs what its signals do together';
COMMENT ON COLUMN health_signal.signal IS 'Name of the signal: of csmetrics.model_signal, or of source_signal';
COMMENT ON COLUMN health_signal.segment IS
'Holds for accounts of this segment; NULL: for all that have no row of their own';
COMMENT ON COLUMN health_signal.lifecycle_stage IS
'Holds in this lifecycle stage; NULL: in all that have no row of their own';
COMMENT ON COLUMN health_signal.weight IS 'Its weight, from 0; only proportions matter';
COMMENT ON COLUMN health_signal.worst IS 'Reading that is worth 0; beyond it too';
COMMENT ON COLUMN health_signal.best IS 'Reading that is worth 100; below worst where lower is better';
COMMENT ON COLUMN health_signal.knots IS 'Instead of worst and best: readings in ascending order';
COMMENT ON COLUMN health_signal.scores IS 'What each of the knots is worth, 0 to 100; even in between';
COMMENT ON COLUMN health_signal.policy IS
'When it is missing: renormalise (others of its component stand in), neutral (counts as 50), zero; carry: a value of '
'source_signal counts less as it grows older; pulse: it is the score, whatever the others say';
COMMENT ON COLUMN health_signal.keep_days IS 'A value of source_signal as old as this is missing; NULL or 0: it stays';
COMMENT ON COLUMN health_signal.veto_from IS
'Where the reading is as bad as this, the score is at most veto_cap; NULL: no veto';
COMMENT ON COLUMN health_signal.veto_cap IS 'The most that the score may be then, 0 to 100';
COMMENT ON COLUMN health_signal.higher_is_better IS 'Direction of the signal, from the above';
CREATE OR REPLACE TRIGGER a_sentence BEFORE INSERT OR UPDATE ON health_signal FOR EACH ROW
    EXECUTE FUNCTION say_what_is_wrong();
INSERT INTO health_signal
SELECT component, name, NULL::text, NULL::text, weight, worst, best, NULL::double precision[], NULL::double precision[],
       'renormalise', NULL::integer, veto_from, veto_cap FROM csmetrics.model_signal
   UNION ALL SELECT 'pulse', 'pulse', NULL, NULL, 0, 0, 100, NULL, NULL, 'pulse', 90, NULL, NULL;

CREATE TABLE health_component (
    component       text NOT NULL,
    segment         text,
    lifecycle_stage text,
    weight          double precision NOT NULL,
    UNIQUE NULLS NOT DISTINCT (component, segment, lifecycle_stage),
    CONSTRAINT weight_in_range CHECK (weight >= 0 AND weight <= 1e6));
COMMENT ON TABLE health_component IS
'Weights of components, for who wants them to weigh the same whatever signals they are of: the weights of the signals '
'of a component are then shares of its own. A component without a row weighs what its signals do together.';
COMMENT ON COLUMN health_component.component IS 'The component, as in health_signal';
COMMENT ON COLUMN health_component.segment IS
'Holds for accounts of this segment; NULL: for all that have no row of their own';
COMMENT ON COLUMN health_component.lifecycle_stage IS
'Holds in this lifecycle stage; NULL: in all that have no row of their own';
COMMENT ON COLUMN health_component.weight IS 'Its weight, from 0; only proportions matter';
CREATE OR REPLACE TRIGGER a_sentence BEFORE INSERT OR UPDATE ON health_component FOR EACH ROW
    EXECUTE FUNCTION say_what_is_wrong();

CREATE OR REPLACE FUNCTION health_place() RETURNS TABLE (
    segment text, lifecycle_stage text, segments text[], lifecycle_stages text[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
    SELECT s.segment, l.lifecycle_stage, known.segments, known.lifecycle_stages
    FROM (SELECT coalesce(array_agg(DISTINCT p.segment) FILTER (WHERE p.segment IS NOT NULL), '{}') AS segments,
                 coalesce(array_agg(DISTINCT p.lifecycle_stage) FILTER (WHERE p.lifecycle_stage IS NOT NULL), '{}')
                     AS lifecycle_stages
          FROM (SELECT h.segment, h.lifecycle_stage FROM health_signal h
                UNION ALL SELECT c.segment, c.lifecycle_stage FROM health_component c) p) known,
         unnest(known.segments || NULL::text) s(segment),
         unnest(known.lifecycle_stages || NULL::text) l(lifecycle_stage);
END;
COMMENT ON FUNCTION health_place() IS
'Internal: the segments and lifecycle stages that have rules of health of their own, each with each, and NULL for the '
'others';

CREATE OR REPLACE FUNCTION health_weight(segment text, lifecycle_stage text) RETURNS TABLE (
    component text, signal text, weight double precision, worst double precision, best double precision,
    knots double precision[], scores double precision[], policy text, keep_days integer, veto_from double precision,
    veto_cap double precision)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20
BEGIN ATOMIC
    -- the row of the segment before that of the stage before that for all
    WITH held AS (
        SELECT DISTINCT ON (g.component, g.signal) g.* FROM health_signal g
        WHERE coalesce(g.segment = $1, g.segment IS NULL)
          AND coalesce(g.lifecycle_stage = $2, g.lifecycle_stage IS NULL)
        ORDER BY g.component, g.signal, g.segment IS NULL, g.lifecycle_stage IS NULL),
    own AS (
        SELECT DISTINCT ON (c.component) c.component, c.weight FROM health_component c
        WHERE coalesce(c.segment = $1, c.segment IS NULL)
          AND coalesce(c.lifecycle_stage = $2, c.lifecycle_stage IS NULL)
        ORDER BY c.component, c.segment IS NULL, c.lifecycle_stage IS NULL)
    SELECT h.component, h.signal,
           CASE WHEN o.weight IS NULL OR t.weight IN (o.weight, 0) THEN h.weight
                ELSE h.weight * o.weight / t.weight END,
           h.worst, h.best, h.knots, h.scores, h.policy, h.keep_days, h.veto_from, h.veto_cap
    FROM held h
         -- numbers of any order add up to the same as numeric
         JOIN (SELECT h.component, sum(h.weight::numeric)::double precision AS weight FROM held h GROUP BY 1) t
             USING (component)
         LEFT JOIN own o USING (component);
END;
COMMENT ON FUNCTION health_weight(text, text) IS
'Internal: the rows of health_signal that hold in a segment and lifecycle stage, with the weights that they have '
'there: where their component has one of its own, shares of that';

CREATE OR REPLACE FUNCTION health_rule_set() RETURNS TABLE (
    holds_in text[], holds_everywhere boolean, segments text[], lifecycle_stages text[], rules health_rules)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
    SELECT ARRAY[k.segment, k.lifecycle_stage], k.segments || k.lifecycle_stages = '{}', k.segments, k.lifecycle_stages,
           health_rule_agg(h.component, h.signal, m.position, h.weight,
                           coalesce(h.knots, ARRAY[least(h.worst, h.best), greatest(h.worst, h.best)]),
                           coalesce(h.scores, CASE WHEN h.best > h.worst THEN '{0,100}'::double precision[]
                                              ELSE '{100,0}' END), h.policy, h.keep_days, h.veto_from, h.veto_cap)
    FROM health_place() k, LATERAL health_weight(k.segment, k.lifecycle_stage) h
         LEFT JOIN model_signal m ON m.name = h.signal
    GROUP BY k.segment, k.lifecycle_stage, k.segments, k.lifecycle_stages;
END;
COMMENT ON FUNCTION health_rule_set() IS
'Internal: the rules of health_signal, a row for each segment and lifecycle stage that has rules of its own, and one '
'(NULL, NULL) for all others; holds_everywhere: there is no other row.';

CREATE OR REPLACE FUNCTION health_day(as_of date) RETURNS TABLE (
    as_of_at timestamptz, from_at timestamptz, before_at timestamptz, to_at timestamptz, contact_window interval,
    trend_days integer, health_days integer, ttv_start_rule text, pause_churn_days integer, pauses_are_churn boolean,
    time_zone text, answer_rule text, usage_feed_days integer, least_events bigint, least_tickets bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT t.at, t.at - p.health_days * interval '24 hours', t.at - 2 * p.health_days * interval '24 hours',
           t.at + interval '1 microsecond', p.contact_window_days * interval '1 day', p.trend_days, p.health_days,
           p.ttv_start_rule, r.pause_churn_days, r.pause_rule = 'churn', r.time_zone, p.answer_rule, p.usage_feed_days,
           p.least_events, p.least_tickets
    FROM reporting_range r, policy p, LATERAL (SELECT last_instant($1, r.time_zone) AS at) t
    LIMIT 1;
END;
COMMENT ON FUNCTION health_day(as_of date) IS
'Internal: the instants and days between which health as of the end of a day is read, and the rules of the policy.';

CREATE OR REPLACE FUNCTION health_feed(as_of date, is_fed boolean DEFAULT false) RETURNS TABLE (
    has_usage boolean, has_usage_before boolean, has_features boolean, has_users boolean, has_tickets boolean,
    has_entitlements boolean, has_value boolean, has_revenue boolean, features_in_use bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT e.*, CASE WHEN has_features AND NOT has_entitlements THEN
               (SELECT count(*) FILTER (WHERE adopters > 0)
                FROM feature_adoption((SELECT adoption_agg(features, $1 - 27, $1 + 1) FROM account_state))) END
    FROM (SELECT EXISTS (SELECT 1 FROM account_state, health_day($1) d WHERE is_active(usage, $1, d.usage_feed_days))
                     AS has_usage,
                 EXISTS (SELECT 1 FROM account_state, health_day($1) d
                         WHERE first_active_on(usage) <= $1 + 1 - 2 * d.trend_days) AS has_usage_before,
                 EXISTS (SELECT 1 FROM account_state WHERE features_used(features, '0001-01-01', $1 + 1) > 0)
                     AS has_features,
                 EXISTS (SELECT 1 FROM user_state WHERE first_active_on(usage) <= $1) AS has_users,
                 EXISTS (SELECT 1 FROM account_state, health_day($1) d WHERE first_opened_at(tickets) <= d.as_of_at)
                     AS has_tickets,
                 EXISTS (SELECT 1 FROM account_state WHERE first_paid_on(entitlements) <= $1) AS has_entitlements,
                 EXISTS (SELECT 1 FROM account_state, health_day($1) d
                         WHERE value_at(milestones, d.as_of_at) IS NOT NULL) AS has_value,
                 EXISTS (SELECT 1 FROM account_state WHERE first_paid_on(revenue) <= $1) AS has_revenue OFFSET 0) e
    WHERE NOT $2
    UNION ALL
    SELECT f.has_usage, f.has_usage_before, f.has_features, f.has_users, f.has_tickets, f.has_entitlements,
           f.has_value, f.has_revenue, f.features_in_use
    FROM score_feed f WHERE $2 AND f.as_of_on = $1;
END;
COMMENT ON FUNCTION health_feed(date, boolean) IS
'Internal: what is fed at all by a day, as only then is nothing a reading; has_usage: within usage_feed_days, '
'has_usage_before: before what trend compares; features_in_use: how many features are used by anyone, where no source '
'says which of them an account has. is_fed: as stored.';

CREATE OR REPLACE FUNCTION merged_on(as_of date) RETURNS TABLE (account_id @account_id@, entity_id @account_id@)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
    SELECT e.account_id, e.entity_id FROM account_entity e
    WHERE e.is_merged AND e.starts_on <= $1 AND $1 < e.ends_on AND e.entity_id <> e.account_id;
END;
COMMENT ON FUNCTION merged_on(date) IS
'Internal: the accounts that have become a part of another by a day, and are no customers of their own any more';

CREATE OR REPLACE FUNCTION merged_mrr(as_of date) RETURNS TABLE (account_id @account_id@, mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10
BEGIN ATOMIC
    SELECT m.entity_id, sum(mrr_at(s.revenue, $1)) FROM merged_on($1) m JOIN account_state s USING (account_id)
    GROUP BY m.entity_id;
END;
COMMENT ON FUNCTION merged_mrr(date) IS
'Internal: what is still in force on a day of the subscriptions of accounts that merged, by the account that they '
'are a part of';

CREATE OR REPLACE FUNCTION users_active(as_of date, of_changed boolean) RETURNS TABLE (
    account_id @account_id@, active_users bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT u.account_id, count(*)
    FROM (SELECT u.account_id, u.usage FROM user_state u WHERE NOT $2
          UNION ALL SELECT u.account_id, u.usage FROM changed_user() u WHERE $2) u
    WHERE active_days(u.usage, (SELECT $1 + 1 - p.adoption_days FROM policy p), $1 + 1) > 0
    GROUP BY u.account_id;
END;
COMMENT ON FUNCTION users_active(date, boolean) IS
'Internal: the users of each account that used the product within adoption_days of the end of a day; of_changed: of '
'the accounts of changed_key';

CREATE OR REPLACE FUNCTION health_subject(
    as_of date, of_changed boolean DEFAULT false, is_fed boolean DEFAULT false) RETURNS TABLE (
    account_id @account_id@, revenue mrr_timeline, notice mrr_timeline, milestones milestones, tickets tickets,
    answers answers, usage activity, features feature_usage, entitlements mrr_timeline, signals signals,
    active_users bigint, name text, segment text, lifecycle_stage text, plan text, owner text, parent_id @account_id@,
    seats numeric, since date, mrr numeric, entitled bigint, started_at timestamptz, value_at timestamptz,
    as_of_at timestamptz, from_at timestamptz, before_at timestamptz, to_at timestamptz, contact_window interval,
    trend_days integer, health_days integer, answer_rule text, least_events bigint, least_tickets bigint,
    has_usage boolean, has_usage_before boolean, has_features boolean, has_users boolean, has_tickets boolean,
    has_value boolean, has_reopenings boolean, has_escalations boolean, has_notice boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH day AS (SELECT * FROM health_day($1)),
    feed AS (SELECT * FROM health_feed($1, $3)),
    -- each of them read once, not once an account
    same AS NOT MATERIALIZED (
        SELECT (SELECT as_of_at FROM day) AS as_of_at, (SELECT from_at FROM day) AS from_at,
               (SELECT before_at FROM day) AS before_at, (SELECT to_at FROM day) AS to_at,
               (SELECT contact_window FROM day) AS contact_window, (SELECT ttv_start_rule FROM day) AS ttv_start_rule,
               (SELECT trend_days FROM day) AS trend_days, (SELECT health_days FROM day) AS health_days,
               (SELECT least_events FROM day) AS least_events, (SELECT has_usage_before FROM feed) AS has_usage_before,
               (SELECT least_tickets FROM day) AS least_tickets, (SELECT pause_churn_days FROM day) AS pause_churn_days,
               (SELECT answer_rule FROM day) AS answer_rule, (SELECT is_fed('ticket', '{reopened}')) AS has_reopenings,
               (SELECT time_zone FROM day) AS time_zone, (SELECT pauses_are_churn FROM day) AS pauses_are_churn,
               (SELECT has_usage FROM feed) AS has_usage, (SELECT has_features FROM feed) AS has_features,
               (SELECT has_users FROM feed) AS has_users, (SELECT has_tickets FROM feed) AS has_tickets,
               (SELECT has_entitlements FROM feed) AS has_entitlements, (SELECT has_revenue FROM feed) AS has_revenue,
               (SELECT has_value FROM feed) AS has_value, (SELECT features_in_use FROM feed) AS features_in_use,
               (SELECT is_fed('ticket', '{escalated,escalated_at}')) AS has_escalations,
               (SELECT is_fed('subscription', '{cancelled_on}')) AS has_notice)
    SELECT a.*, u.active_users, n.name, n.segment, n.lifecycle_stage, n.plan, n.owner, n.parent_id, n.seats,
           coalesce(paid.first_on, first_active_on(a.usage, $1), n.created_on),
           coalesce(mrr_at(a.revenue, $1) + coalesce(g.mrr, 0), g.mrr, 0),
           CASE WHEN d.has_entitlements THEN mrr_at(a.entitlements, $1)::bigint ELSE d.features_in_use END,
           CASE d.ttv_start_rule WHEN 'milestone' THEN started_at(a.milestones, d.as_of_at)
               WHEN 'created' THEN n.created_on::timestamp AT TIME ZONE d.time_zone
               ELSE paid.first_on::timestamp AT TIME ZONE d.time_zone END,
           value_at(a.milestones, d.as_of_at), d.as_of_at, d.from_at, d.before_at, d.to_at, d.contact_window,
           d.trend_days, d.health_days, d.answer_rule, d.least_events, d.least_tickets, d.has_usage, d.has_usage_before,
           d.has_features, d.has_users, d.has_tickets, d.has_value, d.has_reopenings, d.has_escalations, d.has_notice
    FROM same d CROSS JOIN (
          SELECT account_id, unpacked(s.revenue) AS revenue, unpacked(s.notice) AS notice,
                 unpacked(s.milestones) AS milestones, unpacked(s.tickets) AS tickets, unpacked(s.answers) AS answers,
                 unpacked(s.usage) AS usage, unpacked(s.features) AS features, unpacked(s.entitlements) AS entitlements,
                 unpacked(s.signals) AS signals FROM (
                SELECT s.account_id, s.revenue, s.notice, s.milestones, s.tickets, s.answers, s.usage, s.features,
                       s.entitlements, s.signals FROM account_state s WHERE NOT $2
                UNION ALL SELECT s.* FROM changed_state() s WHERE $2) s OFFSET 0) a
         LEFT JOIN account n USING (account_id) LEFT JOIN users_active($1, $2) u USING (account_id)
         LEFT JOIN merged_mrr($1) g USING (account_id),
         LATERAL (SELECT CASE WHEN d.has_revenue THEN first_paid_on(a.revenue) END AS first_on) paid
    -- customers of that day, paused ones too; without subscriptions, all accounts of the source and those with usage
    -- in a gap nobody knows yet that it will be a short one, so gap_smooth_days has no part in this
    WHERE a.account_id NOT IN (SELECT m.account_id FROM merged_on($1) m)
      AND CASE WHEN d.has_revenue
               THEN g.mrr > 0 OR paid.first_on <= $1 AND churned_on(limit_pauses(a.revenue, d.pause_churn_days), $1,
                                                                    d.pauses_are_churn) IS NULL
               ELSE n.account_id IS NOT NULL OR first_active_on(a.usage) <= $1 END
    OFFSET 0;
END;
COMMENT ON FUNCTION health_subject(date, boolean, boolean) IS
'Internal: whose health is read as of the end of a day, with their histories unpacked, and all that readings need, the '
'same for each of them: the instants of health_day, and what is fed. of_changed: those of changed_key; is_fed: what is '
'fed is stored.';

CREATE OR REPLACE FUNCTION health_reading(
    as_of date, of_changed boolean DEFAULT false, is_fed boolean DEFAULT false) RETURNS TABLE (
    account_id @account_id@, name text, segment text, lifecycle_stage text, plan text, owner text,
    parent_id @account_id@, mrr numeric, signals signals, reading_1 double precision, reading_2 double precision,
    reading_3 double precision, reading_4 double precision, reading_5 double precision, reading_6 bigint,
    reading_7 double precision, reading_8 double precision, reading_9 double precision, reading_10 double precision,
    reading_11 double precision, reading_12 double precision, reading_13 double precision,
    reading_14 double precision, reading_15 double precision, reading_16 double precision)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT account_id, name, segment, lifecycle_stage, plan, owner, parent_id, mrr, signals,
           CASE WHEN has_usage AND $1 - since >= 7
           THEN coalesce(consistency(usage, $1, least(8, ($1 - since) / 7)), 0) END AS reading_1,
           CASE WHEN has_usage AND has_features AND entitled > 0
               AND $1 - since >= 28 THEN least(1,
                                                coalesce(features_used(features, $1 - 27, $1 + 1),
                                                         0) / entitled::double precision) END AS reading_2,
           CASE WHEN has_usage AND has_features AND entitled > 0
               AND $1 - since >= 28 THEN least(1,
                                                coalesce(features_used(features, $1 - 27, $1 + 1, 4),
                                                         0) / entitled::double precision) END AS reading_3,
           CASE WHEN has_usage AND has_users AND $1 - since >= 28
               THEN coalesce(active_users, 0) / nullif(seats, 0)::double precision END AS reading_4,
           CASE WHEN NOT has_usage THEN NULL
                -- known silence, of who was there for both spans
                WHEN has_usage_before AND $1 - since >= 2 * trend_days - 1
                     AND is_active(usage, $1, trend_days) IS NOT TRUE THEN -1
                ELSE coalesce(usage_change(usage, $1, trend_days, least_events),
                              CASE WHEN has_usage_before AND $1 - since >= 2 * trend_days - 1
                                        AND events_between(usage, $1 + 1 - trend_days, $1 + 1) >= least_events
                                        AND NOT is_active(usage, $1 - trend_days, trend_days) THEN 1 END)
                END AS reading_5,
           CASE WHEN has_tickets AND has_escalations
               THEN coalesce(escalated_open_count(tickets, as_of_at), 0) END AS reading_6,
           CASE WHEN has_reopenings THEN reopened_share(tickets, from_at, to_at, least_tickets) END AS reading_7,
           repeated_share(tickets, from_at, to_at, contact_window, least_tickets) AS reading_8,
           as_hours(median_resolution(tickets, from_at, to_at)) AS reading_9,
           mean_answer(answers, 'csat', from_at, to_at, answer_rule) AS reading_10,
           due_reached_share(milestones, as_of_at) AS reading_11,
           CASE WHEN has_notice AND mrr > 0 THEN 1 - least(1,
                                            coalesce((mrr_at(notice, $1) / mrr)::double precision,
                                                     0)) END AS reading_12,
           CASE WHEN $1 - since >= health_days
               THEN (mrr / nullif(mrr_at(revenue, $1 - health_days), 0) - 1)::double precision END AS reading_13,
           mean_answer(answers, 'nps', before_at, to_at, answer_rule) AS reading_14,
           CASE WHEN has_value AND (value_at >= started_at
                                    OR (value_at IS NULL AND as_of_at - started_at >= interval '720 hours'))
                                        THEN as_days(least(value_at, as_of_at) - started_at) END AS reading_15,
           CASE WHEN has_tickets AND has_escalations
               THEN coalesce(escalated_open_days(tickets, as_of_at), 0) END AS reading_16
    FROM health_subject($1, $2, $3);
END;
COMMENT ON FUNCTION health_reading(date, boolean, boolean) IS
'Internal: what the signals of csmetrics.model_signal read of each customer as of the end of a day, by their '
'positions; 9 is not yet held against others of the segment. of_changed and is_fed as for health_subject.';

CREATE OR REPLACE FUNCTION health_term(as_of date) RETURNS TABLE (
    as_of_at timestamptz, yellow_from double precision, green_from double precision, min_coverage double precision,
    method text, policy_hash text, basis text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT last_instant($1, r.time_zone), p.health_yellow_from, p.health_green_from, p.health_min_coverage,
           p.health_method, md5(concat(r.policy_hash, h.definition)),
           -- all that a score hangs on but for the facts, and the bounds of tiers
           md5(concat_ws(' ', r.time_zone, r.pause_rule, r.pause_churn_days, p.trend_days, p.health_days,
                         p.usage_feed_days, p.least_events, p.least_tickets, p.contact_window_days, p.answer_rule,
                         p.adoption_days, p.ttv_start_rule, p.health_method,
                         p.health_min_coverage::numeric, p.health_yellow_from::numeric, p.health_green_from::numeric,
                         h.places, h.definition,
                         (SELECT string_agg(concat_ws(',', e.account_id, e.entity_id, e.starts_on, e.ends_on), ' '
                                            ORDER BY e.account_id, e.starts_on)
                          FROM account_entity e WHERE e.is_merged)))
    FROM reporting_range r, policy p,
         (SELECT string_agg(s.rules::text, ' ' ORDER BY s.holds_in) AS definition,
                 string_agg(s.holds_in::text, ' ' ORDER BY s.holds_in) AS places
          FROM health_rule_set() s) h
    LIMIT 1;
END;
COMMENT ON FUNCTION health_term(date) IS
'Internal: the rules by which scores are made and judged; basis: fingerprint of all that stored ones hang on but for '
'the facts';

CREATE OR REPLACE FUNCTION rule_place(
    segment text, lifecycle_stage text, segments text[], lifecycle_stages text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ARRAY[CASE WHEN $1 = ANY ($3) THEN $1 END, CASE WHEN $2 = ANY ($4) THEN $2 END];
COMMENT ON FUNCTION rule_place(text, text, text[], text[]) IS
'Internal: holds_in of those rules of health_rule_set() that hold for an account of this segment and lifecycle stage';

CREATE OR REPLACE FUNCTION middle_of(ascending double precision[]) RETURNS double precision[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT CASE WHEN n % 2 = 1 THEN ARRAY[$1[n / 2], $1[n / 2 + 1], $1[n / 2 + 2]]
                    ELSE ARRAY[$1[n / 2], NULL, $1[n / 2 + 1]] END FROM cardinality($1) n);
COMMENT ON FUNCTION middle_of(double precision[]) IS
'Internal: of values in ascending order the one in the middle and those on either side of it; of an even count, the '
'two in the middle, with NULL between them';

CREATE OR REPLACE FUNCTION median_of_others(own double precision, middle double precision[]) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN $2[2] IS NULL THEN CASE WHEN $1 <= $2[1] THEN $2[3] ELSE $2[1] END
            WHEN $1 < $2[2] THEN ($2[2] + $2[3]) / 2 WHEN $1 > $2[2] THEN ($2[1] + $2[2]) / 2
            ELSE ($2[1] + $2[3]) / 2 END;
COMMENT ON FUNCTION median_of_others(double precision, double precision[]) IS
'Internal: the median of the other values, of one of them and middle_of() all; NULL: there are no others';

CREATE OR REPLACE FUNCTION scores(
    as_of date, of_changed boolean DEFAULT false, is_fed boolean DEFAULT false) RETURNS TABLE (
    account_id @account_id@, mrr numeric, resolution_hours double precision, health_score double precision,
    readings double precision[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH rule AS (SELECT * FROM health_rule_set()),
    term AS (SELECT * FROM health_term($1)),
    -- each of them read once, not once an account
    same AS NOT MATERIALIZED (
        SELECT (SELECT as_of_at FROM term) AS as_of_at, (SELECT min_coverage FROM term) AS min_coverage,
               (SELECT method FROM term) AS method, (SELECT segments FROM rule LIMIT 1) AS segments,
               (SELECT lifecycle_stages FROM rule LIMIT 1) AS lifecycle_stages),
    -- kept, since some are read against the others of the segment
    reading AS MATERIALIZED (SELECT * FROM health_reading($1, $2, $3)),
    usual AS (
        SELECT coalesce(segment, '') AS of_segment, middle_of(array_agg(reading_9 ORDER BY reading_9)) AS usual_9
        FROM reading WHERE NOT $2 AND reading_9 IS NOT NULL GROUP BY 1
        UNION ALL
        SELECT s.segment, s.usual_9 FROM score_segment s WHERE $2 AND s.as_of_on = $1)
    SELECT r.account_id, r.mrr, r.reading_9, score_of(h.rules, m.readings, r.signals, d.as_of_at, d.min_coverage,
                                                      d.method), m.readings
    FROM same d CROSS JOIN reading r LEFT JOIN usual u ON u.of_segment = coalesce(r.segment, '')
         LEFT JOIN rule h ON h.holds_in = rule_place(r.segment, r.lifecycle_stage, d.segments, d.lifecycle_stages),
         LATERAL (SELECT ARRAY[reading_1, reading_2, reading_3, reading_4, reading_5, reading_6, reading_7,
                               reading_8, reading_9 / nullif(median_of_others(reading_9, usual_9), 0), reading_10,
                               reading_11, reading_12, reading_13, reading_14, reading_15,
                               reading_16]::double precision[] AS readings OFFSET 0) m;
END;
COMMENT ON FUNCTION scores(date, boolean, boolean) IS
'Internal: the readings of each customer as of the end of a day, and the score that they make. of_changed: of accounts '
'of changed_key, against what is stored of their segments; is_fed: what is fed is stored.';

CREATE OR REPLACE FUNCTION live_scores(as_of date) RETURNS TABLE (
    account_id @account_id@, mrr numeric, resolution_hours double precision, health_score double precision,
    readings double precision[])
-- strict: so it is no part of the query that calls it, and is planned only if it is called
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT s.* FROM scores($1) s;
END;
COMMENT ON FUNCTION live_scores(date) IS
'Internal: what scores() has of a day, worked out from the histories at a cost that is paid only where nothing is '
'stored';

CREATE OR REPLACE FUNCTION account_score(as_of date) RETURNS TABLE (
    account_id @account_id@, name text, segment text, lifecycle_stage text, plan text, owner text,
    parent_id @account_id@, mrr numeric, health_score double precision, tier text, readings double precision[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH term AS (SELECT * FROM health_term($1)),
    day AS (SELECT EXISTS (SELECT 1 FROM scored_day s JOIN term t USING (basis) WHERE s.as_of_on = $1) AS is_stored),
    same AS NOT MATERIALIZED (
        SELECT (SELECT yellow_from FROM term) AS yellow_from, (SELECT green_from FROM term) AS green_from)
    SELECT s.account_id, n.name, n.segment, n.lifecycle_stage, n.plan, n.owner, n.parent_id, s.mrr, s.health_score,
           tier(s.health_score, d.yellow_from, d.green_from), s.readings
    FROM same d CROSS JOIN (
             SELECT s.account_id, s.mrr, s.health_score, s.readings FROM score_state s
             WHERE s.as_of_on = $1 AND (SELECT is_stored FROM day)
             UNION ALL
             SELECT s.account_id, s.mrr, s.health_score, s.readings FROM live_scores($1) s
             WHERE NOT (SELECT is_stored FROM day)) s LEFT JOIN account n USING (account_id);
END;
COMMENT ON FUNCTION account_score(date) IS
'Internal: the scores of account_health, as stored where they are, else worked out, without what they are made of';

CREATE OR REPLACE FUNCTION account_health(as_of date) RETURNS TABLE (
    account_id @account_id@, name text, segment text, plan text, owner text, parent_id @account_id@, mrr numeric,
    health_score double precision, tier text, coverage_rate double precision, as_of_on date, policy_hash text,
    readings double precision[], health health)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH rule AS (SELECT * FROM health_rule_set()),
    term AS (SELECT * FROM health_term($1)),
    -- each of them read once, not once an account
    same AS NOT MATERIALIZED (
        SELECT (SELECT as_of_at FROM term) AS as_of_at, (SELECT policy_hash FROM term) AS policy_hash,
               (SELECT segments FROM rule LIMIT 1) AS segments,
               (SELECT lifecycle_stages FROM rule LIMIT 1) AS lifecycle_stages)
    SELECT s.account_id, s.name, s.segment, s.plan, s.owner, s.parent_id, s.mrr, s.health_score, s.tier,
           coverage(h.health), $1, d.policy_hash, s.readings, h.health
    FROM same d CROSS JOIN account_score($1) s
         LEFT JOIN (SELECT account_id, signals FROM account_state WHERE signals IS NOT NULL) a USING (account_id)
         -- by its key a join that nobody needs the rules of is left out
         LEFT JOIN (SELECT DISTINCT ON (holds_in) holds_in, rules FROM rule) r
             ON r.holds_in = rule_place(s.segment, s.lifecycle_stage, d.segments, d.lifecycle_stages),
         LATERAL (SELECT health_of(r.rules, s.readings, a.signals, d.as_of_at) AS health) h;
END;
COMMENT ON FUNCTION account_health(as_of date) IS
'The health of each customer as of the end of any day, from what was known then, by the rules of now: the score of a '
'past day is the same whether it was worked out then or later. readings are those of csmetrics.model_signal in their '
'order; health is for csmetrics.contributions and health_change.';

CREATE OR REPLACE FUNCTION reasons_of(
    health health, score double precision, min_coverage double precision, method text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN score IS NOT NULL THEN health_reasons(health, method)
            WHEN coverage(health) IS NULL THEN 'Unknown: no signal has weight'
            ELSE concat_ws('; ',
                format('Unknown: %s %% of the weight is known, and %s %% is needed',
                       floor(100 * coverage(health)::numeric),
                       trim_scale(100 * min_coverage::numeric)),
                -- those whose weight was taken away
                (SELECT format('of weight 0, though known: %s', string_agg(c.signal, ', ' ORDER BY c.signal))
                 FROM contributions(health, method) c
                 WHERE c.weight = 0 AND c.value IS NOT NULL AND c.component NOT IN ('veto', 'pulse')
                   AND c.signal NOT IN (SELECT m.name FROM model_signal m WHERE m.weight = 0) HAVING count(*) > 0),
                health_reasons(health, method)) END;
COMMENT ON FUNCTION reasons_of(health, double precision, double precision, text) IS
'Internal: what costs a score most; of one that is Unknown first why it is, and which signals that are known were '
'given no weight';

CREATE OR REPLACE VIEW account_health WITH (security_invoker) AS
SELECT h.account_id, h.name, h.segment, h.plan, h.owner, h.mrr, h.health_score, h.tier, h.coverage_rate,
       reasons_of(h.health, h.health_score, p.health_min_coverage, p.health_method) AS reasons,
       h.as_of_on, h.policy_hash
FROM reporting_range r, policy p, LATERAL account_health(r.as_of_on) h;
COMMENT ON VIEW account_health IS
'The health of each customer: its score, its tier, and what costs it most points, or why it is Unknown. For a past '
'day, the function of this name.';

CREATE OR REPLACE VIEW health_by_account_signal WITH (security_invoker) AS
SELECT h.account_id, h.name, h.segment, h.owner, h.mrr, k.component, k.signal,
       CASE WHEN k.component = 'veto' THEN NULL WHEN m.position IS NOT NULL THEN h.readings[m.position]
       ELSE signal_at(a.signals, k.signal, last_instant(r.as_of_on, r.time_zone)) END AS reading,
       k.value AS value_score, k.weight, k.points, k.points_lost AS lost_points, h.health_score, h.tier, h.as_of_on,
       h.policy_hash
FROM reporting_range r, policy p, LATERAL account_health(r.as_of_on) h JOIN account_state a USING (account_id),
     LATERAL contributions(h.health, p.health_method) k LEFT JOIN model_signal m ON m.name = k.signal;
COMMENT ON VIEW health_by_account_signal IS
'The health of each customer, signal by signal: what it reads, what that is worth, and the points that it gives and '
'takes. They add up to the scores of account_health exactly; those of an Unknown one to the score that it would have.';

CREATE OR REPLACE VIEW health_by_signal WITH (security_invoker) AS
SELECT s.place[1] AS component, s.place[2] AS signal, count(*) AS account_count, count(s.value_score) AS known_count,
       count(s.value_score)::double precision / count(*) AS known_rate,
       -- numbers of any order add up to the same as numeric
       avg(s.value_score::numeric)::double precision AS mean_value_score,
       avg(s.weight::numeric)::double precision AS weight, avg(s.lost_points) AS mean_lost_points,
       min(s.as_of_on) AS as_of_on, min(s.policy_hash) AS policy_hash
-- OFFSET 0: of so few groups that the planner need not sort the rows
FROM (SELECT ARRAY[h.component, h.signal] AS place, h.value_score, h.weight, h.lost_points, h.as_of_on, h.policy_hash
      FROM health_by_account_signal h OFFSET 0) s
GROUP BY s.place
ORDER BY 1, 2;
COMMENT ON VIEW health_by_signal IS
'The signals: of how many customers each is known, what it is worth on average, and how many points it takes. One '
'that is known of nobody has a name that no source gives.';

CREATE OR REPLACE FUNCTION tiers_in_row(
    state health_summary, yellow_from double precision, green_from double precision) RETURNS TABLE (
    green bigint, yellow bigint, red bigint, unknown bigint, green_rate double precision, mrr numeric,
    green_mrr numeric, yellow_mrr numeric, red_mrr numeric, unknown_mrr numeric, red_mrr_rate double precision)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT max(t.accounts) FILTER (WHERE t.tier = 'Green'), max(t.accounts) FILTER (WHERE t.tier = 'Yellow'),
           max(t.accounts) FILTER (WHERE t.tier = 'Red'), max(t.accounts) FILTER (WHERE t.tier = 'Unknown'),
           max(t.share) FILTER (WHERE t.tier = 'Green'), sum(t.mrr), max(t.mrr) FILTER (WHERE t.tier = 'Green'),
           max(t.mrr) FILTER (WHERE t.tier = 'Yellow'), max(t.mrr) FILTER (WHERE t.tier = 'Red'),
           max(t.mrr) FILTER (WHERE t.tier = 'Unknown'), max(t.mrr_share) FILTER (WHERE t.tier = 'Red')
    FROM health_tiers($1, $2, $3) t;
END;
COMMENT ON FUNCTION tiers_in_row(health_summary, double precision, double precision) IS
'Internal: what health_tiers() has, in one row';

CREATE OR REPLACE FUNCTION live_health_totals(as_of date) RETURNS TABLE (
    dimension text, value text, state health_summary)
-- strict, as live_scores() is
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 100
BEGIN ATOMIC
    SELECT a.dimension, a.value, health_agg(s.health_score, s.mrr)
    FROM account_score($1) s JOIN account_dimension a USING (account_id)
    GROUP BY a.dimension, a.value;
END;
COMMENT ON FUNCTION live_health_totals(date) IS
'Internal: what health_totals() has of a day, added up from the scores that the reader sees';

CREATE OR REPLACE FUNCTION health_totals(as_of date, basis text) RETURNS TABLE (
    dimension text, value text, state health_summary)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
    -- those that are stored are of all accounts, and hidden from who sees some
    WITH day AS (
        SELECT EXISTS (SELECT 1 FROM scored_day s WHERE s.as_of_on = $1 AND s.basis = $2)
               AND EXISTS (SELECT 1 FROM health_total t WHERE t.as_of_on = $1 AND t.dimension = 'all') AS is_stored)
    SELECT t.dimension, t.value, unpacked(t.state) FROM health_total t
    WHERE t.as_of_on = $1 AND (SELECT is_stored FROM day)
    UNION ALL
    SELECT t.dimension, t.value, t.state FROM live_health_totals($1) t WHERE NOT (SELECT is_stored FROM day);
END;
COMMENT ON FUNCTION health_totals(date, text) IS
'Internal: the scores of a day for all accounts that the reader sees and for each value of each attribute, as stored '
'where they are by the rules of basis, else added up';

CREATE OR REPLACE VIEW health_by_segment WITH (security_invoker) AS
SELECT g.dimension, g.value, account_count(g.state) AS account_count, t.green AS green_count,
       t.yellow AS yellow_count, t.red AS red_count, t.unknown AS unknown_count, t.green_rate, t.mrr, t.green_mrr,
       t.yellow_mrr, t.red_mrr, t.unknown_mrr, t.red_mrr_rate,
       mean_score(g.state) AS health_score, weighted_score(g.state), worst_score(g.state), g.as_of_on, g.policy_hash
FROM (SELECT t.dimension, t.value, t.state, r.as_of_on, h.policy_hash, p.health_yellow_from, p.health_green_from
      FROM policy p, reporting_range r, LATERAL health_term(r.as_of_on) h,
           LATERAL health_totals(r.as_of_on, h.basis) t JOIN dimension_in_use USING (dimension) OFFSET 0) g,
     LATERAL tiers_in_row(g.state, g.health_yellow_from, g.health_green_from) t
ORDER BY g.dimension, g.value;
COMMENT ON VIEW health_by_segment IS
'Health for each value of each attribute of accounts that is in use, and for all: customers and MRR by tier, and mean '
'scores. The values of one attribute add up to all.';

CREATE OR REPLACE FUNCTION live_by_parent() RETURNS TABLE (
    parent_id @account_id@, name text, child_count bigint, mrr numeric, children_score double precision,
    with_parent_score double precision, worst_child_id @account_id@, worst_child_score double precision, as_of_on date,
    policy_hash text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 SET jit = off
BEGIN ATOMIC
    WITH RECURSIVE below AS (
        SELECT a.account_id, a.parent_id AS ancestor_id, ARRAY[a.account_id, a.parent_id] AS seen
        FROM account a WHERE a.parent_id <> a.account_id
        UNION ALL
        SELECT b.account_id, a.parent_id, b.seen || a.parent_id
        FROM below b JOIN account a ON a.account_id = b.ancestor_id
        WHERE a.parent_id <> ALL (b.seen)),
    -- of whom revenue is part where entities are parents, too
    known AS (
        SELECT b.account_id, b.ancestor_id FROM below b
        UNION
        SELECT e.account_id, e.entity_id FROM account_entity e, reporting_range r
        WHERE NOT e.is_merged AND e.entity_id <> e.account_id AND e.starts_on <= r.as_of_on AND r.as_of_on < e.ends_on)
    SELECT c.parent_id, n.name, count(*) AS child_count, sum(c.mrr) AS mrr,
           weighted_score(health_agg(c.health_score, c.mrr)) AS children_score,
           weighted_score(merge(health_agg(c.health_score, c.mrr),
                                health_agg(s.health_score, s.mrr) FILTER (WHERE c.place = 1))) AS with_parent_score,
           (array_agg(c.account_id ORDER BY c.health_score,
                      c.account_id) FILTER (WHERE c.health_score IS NOT NULL))[1] AS worst_child_id,
           min(c.health_score) AS worst_child_score, c.as_of_on, c.policy_hash
    FROM (SELECT h.account_id, h.mrr, h.health_score, h.as_of_on, h.policy_hash, k.ancestor_id AS parent_id,
                 row_number() OVER (PARTITION BY k.ancestor_id) AS place
          FROM reporting_range r, LATERAL account_health(r.as_of_on) h JOIN known k USING (account_id)) c
         LEFT JOIN account_health s ON s.account_id = c.parent_id LEFT JOIN account n ON n.account_id = c.parent_id
    GROUP BY c.parent_id, n.name, c.as_of_on, c.policy_hash;
END;
COMMENT ON FUNCTION live_by_parent() IS
'Internal: the rows of view health_by_parent; how deep accounts belong to each other no planner knows';

CREATE OR REPLACE VIEW health_by_parent WITH (security_invoker) AS
SELECT p.* FROM live_by_parent() p ORDER BY p.parent_id;
COMMENT ON VIEW health_by_parent IS
'Health of accounts with children: of all below them, at whatever depth, alone, with the parent, each by its MRR, and '
'of the worst of them.';

CREATE OR REPLACE FUNCTION scores_moved() RETURNS TABLE (
    account_id @account_id@, mrr numeric, before_on date, as_of_on date, before_at timestamptz, as_of_at timestamptz,
    before_score double precision, health_score double precision, before_tier text, tier text,
    before_readings double precision[], readings double precision[], moved numeric, margin double precision,
    min_coverage double precision, method text, policy_hash text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    SELECT h.account_id, h.mrr, d.before_on, d.as_of_on, d.before_at, d.as_of_at, b.health_score, h.health_score,
           b.tier, h.tier, b.readings, h.readings, h.health_score::numeric - b.health_score::numeric, d.margin,
           d.min_coverage, d.method, d.policy_hash
    FROM (SELECT r.as_of_on, r.as_of_on - p.movement_days AS before_on,
                 last_instant(r.as_of_on - p.movement_days, r.time_zone) AS before_at, p.health_margin AS margin,
                 t.as_of_at, t.min_coverage, t.method, t.policy_hash
          FROM reporting_range r, policy p, LATERAL health_term(r.as_of_on) t LIMIT 1) d,
         LATERAL account_score(d.as_of_on) h
         -- by which the planner knows that there is one row an account
         JOIN LATERAL (SELECT DISTINCT ON (b.account_id) b.account_id, b.health_score, b.tier, b.readings
                       FROM account_score(d.before_on) b WHERE b.health_score IS NOT NULL) b USING (account_id)
    WHERE h.health_score IS NOT NULL;
END;
COMMENT ON FUNCTION scores_moved() IS
'Internal: whose score is known as of now and movement_days ago, and all that the difference is made of';

CREATE OR REPLACE VIEW health_movement_by_signal WITH (security_invoker) AS
SELECT m.account_id, n.name, n.segment, n.owner, m.mrr, m.before_on, m.as_of_on, k.component, k.signal, k.term,
       k.value_before AS before_value_score, k.value_after AS value_score, k.points AS change_points,
       m.before_score, m.health_score, m.before_tier, m.tier, m.policy_hash
FROM scores_moved() m LEFT JOIN account n USING (account_id)
     LEFT JOIN (SELECT account_id, signals FROM account_state WHERE signals IS NOT NULL) a USING (account_id)
     LEFT JOIN health_rule_set() r
         ON r.holds_in = rule_place(n.segment, n.lifecycle_stage, r.segments, r.lifecycle_stages),
     LATERAL health_change(health_of(r.rules, m.before_readings, a.signals, m.before_at),
                           health_of(r.rules, m.readings, a.signals, m.as_of_at), m.min_coverage, m.method) k;
COMMENT ON VIEW health_movement_by_signal IS
'Why scores moved since movement_days ago, change by change: change_points of an account add up to the difference of '
'its scores exactly.';

CREATE OR REPLACE VIEW health_movement WITH (security_invoker) AS
SELECT m.account_id, n.name, n.segment, n.owner, m.mrr, m.before_on, m.as_of_on, m.before_score, m.health_score,
       k.change_points, m.before_tier, m.tier, k.reasons, m.policy_hash
-- changes add up to what the score did: the others are left out before anything else of theirs is read
FROM (SELECT m.* FROM scores_moved() m
      WHERE m.tier <> m.before_tier OR abs(m.moved) >= m.margin
      ORDER BY m.moved, m.account_id) m
     LEFT JOIN account n USING (account_id)
     LEFT JOIN (SELECT account_id, signals FROM account_state WHERE signals IS NOT NULL) a USING (account_id)
     LEFT JOIN health_rule_set() r
         ON r.holds_in = rule_place(n.segment, n.lifecycle_stage, r.segments, r.lifecycle_stages),
     LATERAL (
         SELECT sum(c.points) AS change_points,
                string_agg(format('%s %s', c.signal, to_char(c.points, 'FMSG990.0')), ', ' ORDER BY c.place)
                    FILTER (WHERE c.place <= 3 AND abs(c.points) >= 0.05) AS reasons
         FROM (SELECT c.signal, c.points, row_number() OVER (ORDER BY abs(c.points) DESC, c.signal, c.term) AS place
               FROM health_change(health_of(r.rules, m.before_readings, a.signals, m.before_at),
                                  health_of(r.rules, m.readings, a.signals, m.as_of_at), m.min_coverage,
                                  m.method) c) c
         HAVING count(*) > 0) k
ORDER BY m.moved, m.account_id;
COMMENT ON VIEW health_movement IS
'Who moved since movement_days ago, into another tier or by health_margin points, of those whose score is known on '
'both days, and the three changes that moved it most; the steepest falls first.';

CREATE OR REPLACE VIEW health_trend WITH (security_invoker) AS
SELECT g.as_of_on, g.dimension, g.value, account_count(g.state) AS account_count, t.green AS green_count,
       t.yellow AS yellow_count, t.red AS red_count, t.unknown AS unknown_count, t.green_rate, t.mrr, t.red_mrr,
       mean_score(g.state) AS health_score, weighted_score(g.state), g.policy_hash
FROM (SELECT t.dimension, t.value, t.state, e.day AS as_of_on, h.policy_hash, p.health_yellow_from, p.health_green_from
      FROM policy p, reporting_range r, LATERAL health_term(r.as_of_on) h,
           LATERAL (SELECT m.day
                    FROM generate_series(0, 11) k,
                         LATERAL (SELECT (date_trunc('month', r.as_of_on) - k * interval '1 month')::date - 1) m(day)
                    WHERE m.day >= r.from_on
                    UNION ALL SELECT r.as_of_on) e,
           LATERAL health_totals(e.day, h.basis) t JOIN dimension_in_use USING (dimension) OFFSET 0) g,
     LATERAL tiers_in_row(g.state, g.health_yellow_from, g.health_green_from) t
ORDER BY g.dimension, g.value, g.as_of_on;
COMMENT ON VIEW health_trend IS
'Health at the ends of the last twelve months and today, each as it was known then, by the rules of now; for all and '
'for each value of each attribute in use.';
