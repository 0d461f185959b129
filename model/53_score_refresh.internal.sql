-- How refresh keeps the stored scores: days that no view asks for go, accounts that changed are scored anew on the
-- others, and days that are missing as a whole. What a score is held against, what is fed at all and the median of a
-- segment, is stored, so that this reads the histories of those accounts alone.

CREATE OR REPLACE FUNCTION asked_days() RETURNS TABLE (day date)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- of today, and of tomorrow, too, so that midnight finds it there
    SELECT DISTINCT d.day
    FROM reporting_range r, policy p, generate_series(0, CASE WHEN p.as_of IS NULL THEN 1 ELSE 0 END) ahead,
         LATERAL (SELECT r.as_of_on + ahead AS day) t,
         LATERAL (SELECT t.day
                  UNION ALL SELECT t.day - p.movement_days
                  UNION ALL SELECT week_begin(t.day, p.week_start) - 7 * k - 1 FROM generate_series(0, 3) k
                  UNION ALL
                  SELECT (date_trunc('month', t.day) - k * interval '1 month')::date - 1 FROM generate_series(0, 11) k
                  WHERE (date_trunc('month', t.day) - k * interval '1 month')::date - 1 >= r.from_on) d(day);
END;
COMMENT ON FUNCTION asked_days() IS 'Internal: the days of whose scores views ask';

CREATE OR REPLACE FUNCTION asked_weeks() RETURNS TABLE (before_on date, as_of_on date)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT DISTINCT w.begins_on - 7 * k - 1, CASE k WHEN 0 THEN w.day ELSE w.begins_on - 7 * k + 6 END
    FROM (SELECT t.day, week_begin(t.day, p.week_start) AS begins_on
          FROM reporting_range r, policy p, generate_series(0, CASE WHEN p.as_of IS NULL THEN 1 ELSE 0 END) ahead,
               LATERAL (SELECT r.as_of_on + ahead AS day) t) w, generate_series(0, 3) k;
END;
COMMENT ON FUNCTION asked_weeks() IS 'Internal: the weeks of whose movements views ask, by the days at either end';

CREATE OR REPLACE FUNCTION forget_scores() RETURNS void LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM scored_day s WHERE s.basis <> (SELECT t.basis FROM health_term('2000-01-01') t);
    -- what was scored within movement_days will be asked for
    WITH gone AS (
        DELETE FROM score_feed f
        WHERE f.as_of_on NOT IN (SELECT a.day FROM asked_days() a)
          AND NOT EXISTS (SELECT 1 FROM scored_day s, reporting_range r, policy p
                          WHERE s.as_of_on = f.as_of_on AND s.as_of_on <= r.as_of_on
                            AND s.as_of_on > r.as_of_on - p.movement_days)
        RETURNING f.as_of_on),
    scores AS (DELETE FROM score_state s USING gone g WHERE s.as_of_on = g.as_of_on RETURNING 1),
    segments AS (DELETE FROM score_segment s USING gone g WHERE s.as_of_on = g.as_of_on RETURNING 1),
    totals AS (DELETE FROM health_total s USING gone g WHERE s.as_of_on = g.as_of_on RETURNING 1),
    weeks AS (
        DELETE FROM week_total w
        WHERE (w.before_on, w.as_of_on) NOT IN (SELECT a.before_on, a.as_of_on FROM asked_weeks() a) RETURNING 1)
    DELETE FROM scored_day s USING gone g WHERE s.as_of_on = g.as_of_on;
END;
COMMENT ON FUNCTION forget_scores() IS
'Internal: forgets scores that no view asks for, and that those by other rules are scores';

-- What is fed at all.

CREATE OR REPLACE FUNCTION feed_since(of_changed boolean) RETURNS TABLE (
    usage_on date, feature_on date, user_on date, ticket_at timestamptz, entitled_on date, value_at timestamptz,
    revenue_on date)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT min(first_active_on(s.usage)), min(first_active_on(all_activity(s.features))),
           (SELECT min(first_active_on(u.usage))
            FROM (SELECT u.usage FROM user_state u WHERE NOT $1
                  UNION ALL
                  SELECT u.usage FROM changed_user() u WHERE $1) u),
           min(first_opened_at(s.tickets)), min(first_paid_on(s.entitlements)), min(value_at(s.milestones)),
           min(first_paid_on(s.revenue))
    FROM (SELECT s.usage, s.features, s.tickets, s.entitlements, s.milestones, s.revenue
          FROM account_state s WHERE NOT $1
          UNION ALL
          SELECT s.usage, s.features, s.tickets, s.entitlements, s.milestones, s.revenue
          FROM changed_state() s WHERE $1) s;
END;
COMMENT ON FUNCTION feed_since(boolean) IS
'Internal: since when each kind of fact is there at all, of all accounts, or of those of changed_key';

CREATE OR REPLACE FUNCTION feed_at(day date) RETURNS TABLE (
    has_usage_before boolean, has_features boolean, has_users boolean, has_tickets boolean, has_entitlements boolean,
    has_value boolean, has_revenue boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT coalesce(f.usage_on <= $1 + 1 - 2 * d.trend_days, false), coalesce(f.feature_on <= $1, false),
           coalesce(f.user_on <= $1, false), coalesce(f.ticket_at <= d.as_of_at, false),
           coalesce(f.entitled_on <= $1, false),
           coalesce(f.value_at <= d.as_of_at, false), coalesce(f.revenue_on <= $1, false)
    FROM feed_first f, health_day($1) d;
END;
COMMENT ON FUNCTION feed_at(date) IS 'Internal: what is fed at all by a day, by feed_first';

CREATE OR REPLACE FUNCTION changed_active() RETURNS TABLE (as_of_on date, active_count bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.as_of_on, count(*)
    FROM policy p, score_feed f, changed_state() s
    WHERE is_active(s.usage, f.as_of_on, p.usage_feed_days)
    GROUP BY f.as_of_on;
END;
COMMENT ON FUNCTION changed_active() IS
'Internal: how many of the accounts of changed_key are in score_feed.active_count of each stored day';

CREATE OR REPLACE FUNCTION changed_adoption() RETURNS TABLE (as_of_on date, adoption adoption)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT f.as_of_on, adoption_agg(s.features, f.as_of_on - 27, f.as_of_on + 1)
    FROM score_feed f, changed_state() s
    WHERE f.features_in_use IS NOT NULL
    GROUP BY f.as_of_on;
END;
COMMENT ON FUNCTION changed_adoption() IS
'Internal: what the accounts of changed_key have in score_feed.adoption of each stored day';

CREATE OR REPLACE FUNCTION take_out_feed() RETURNS void LANGUAGE sql
BEGIN ATOMIC
    UPDATE score_feed f SET adoption = unmerge(f.adoption, o.adoption)
    FROM changed_adoption() o WHERE o.as_of_on = f.as_of_on AND o.adoption IS NOT NULL;
    UPDATE score_feed f SET active_count = f.active_count - o.active_count
    FROM changed_active() o WHERE o.as_of_on = f.as_of_on;
    UPDATE feed_first f
    SET doubts = ARRAY[o.usage_on <= f.usage_on, o.feature_on <= f.feature_on, o.user_on <= f.user_on,
                       o.ticket_at <= f.ticket_at, o.entitled_on <= f.entitled_on, o.value_at <= f.value_at,
                       o.revenue_on <= f.revenue_on]
    FROM feed_since(true) o;
END;
COMMENT ON FUNCTION take_out_feed() IS
'Internal: takes what the accounts of changed_key have part in out of what is fed, before they are written';

CREATE OR REPLACE FUNCTION put_in_feed() RETURNS void LANGUAGE sql
BEGIN ATOMIC
    UPDATE feed_first f
    SET (usage_on, feature_on, user_on, ticket_at, entitled_on, value_at, revenue_on)
        = ROW (least(f.usage_on, n.usage_on), least(f.feature_on, n.feature_on), least(f.user_on, n.user_on),
               least(f.ticket_at, n.ticket_at), least(f.entitled_on, n.entitled_on), least(f.value_at, n.value_at),
               least(f.revenue_on, n.revenue_on)),
        -- that an account was the first, and is no more, leaves open who is
        doubts = ARRAY[f.doubts[1] AND (n.usage_on <= f.usage_on) IS NOT TRUE,
                       f.doubts[2] AND (n.feature_on <= f.feature_on) IS NOT TRUE,
                       f.doubts[3] AND (n.user_on <= f.user_on) IS NOT TRUE,
                       f.doubts[4] AND (n.ticket_at <= f.ticket_at) IS NOT TRUE,
                       f.doubts[5] AND (n.entitled_on <= f.entitled_on) IS NOT TRUE,
                       f.doubts[6] AND (n.value_at <= f.value_at) IS NOT TRUE,
                       f.doubts[7] AND (n.revenue_on <= f.revenue_on) IS NOT TRUE]
    FROM feed_since(true) n;
    DELETE FROM feed_first f WHERE true = ANY (f.doubts);
    INSERT INTO feed_first SELECT true, n.* FROM feed_since(false) n WHERE NOT EXISTS (SELECT 1 FROM feed_first f);
    UPDATE feed_first f SET doubts = NULL WHERE f.doubts IS NOT NULL;
    UPDATE score_feed f SET adoption = coalesce(merge(f.adoption, n.adoption), f.adoption, n.adoption)
    FROM changed_adoption() n WHERE n.as_of_on = f.as_of_on;
    UPDATE score_feed f SET active_count = f.active_count + n.active_count
    FROM changed_active() n WHERE n.as_of_on = f.as_of_on;
    -- days on which something else is fed now are to be scored anew as a whole
    DELETE FROM scored_day s USING score_feed f, feed_at(f.as_of_on) n
    WHERE f.as_of_on = s.as_of_on
      AND (f.has_usage <> (f.active_count > 0)
           OR (f.has_usage_before, f.has_features, f.has_users, f.has_tickets, f.has_entitlements, f.has_value,
               f.has_revenue)
              <> (n.has_usage_before, n.has_features, n.has_users, n.has_tickets, n.has_entitlements, n.has_value,
                  n.has_revenue)
           OR f.features_in_use <> (SELECT count(*) FILTER (WHERE a.adopters > 0) FROM feature_adoption(f.adoption) a));
END;
COMMENT ON FUNCTION put_in_feed() IS
'Internal: puts what the accounts of changed_key have part in now into what is fed';

-- Accounts that changed.

CREATE OR REPLACE FUNCTION read_changed_score() RETURNS SETOF changed_score
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH moved AS (
        -- counted under another attribute, whatever its score
        SELECT k.account_id
        FROM changed_key k LEFT JOIN score_account o USING (account_id) LEFT JOIN account a USING (account_id)
        WHERE record_image_ne(ROW (a.segment, a.plan, a.lifecycle_stage, a.onboarding_path, a.region, a.owner),
                              ROW (o.segment, o.plan, o.lifecycle_stage, o.onboarding_path, o.region, o.owner))),
    n AS (
        SELECT d.as_of_on, s.account_id, s.mrr, s.resolution_hours, s.health_score, s.readings
        FROM scored_day d, LATERAL scores(d.as_of_on, true, true) s),
    o AS (
        SELECT s.as_of_on, s.account_id, s.mrr, s.resolution_hours, s.health_score, s.readings
        FROM scored_day d, changed_key k,
             LATERAL (SELECT * FROM score_as_stored() s
                      WHERE s.as_of_on = d.as_of_on AND s.account_id = k.account_id OFFSET 0) s)
    SELECT as_of_on, account_id, o.mrr IS NOT NULL, o.mrr, o.resolution_hours, o.health_score, n.mrr IS NOT NULL,
           n.mrr, n.resolution_hours, n.health_score, n.readings
    FROM n FULL JOIN o USING (as_of_on, account_id)
    WHERE record_image_ne(ROW (n.mrr, n.resolution_hours, n.health_score, n.readings),
                          ROW (o.mrr, o.resolution_hours, o.health_score, o.readings))
       OR account_id IN (SELECT m.account_id FROM moved m);
END;
COMMENT ON FUNCTION read_changed_score() IS
'Internal: the scores of the accounts of changed_key on the stored days, with what is stored of them, where that is '
'another';

CREATE OR REPLACE FUNCTION score_changed() RETURNS void LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO changed_score SELECT c.* FROM read_changed_score() c;
END;
COMMENT ON FUNCTION score_changed() IS 'Internal: scores the accounts of changed_key on the stored days';

CREATE OR REPLACE FUNCTION changed_place() RETURNS TABLE (
    account_id @account_id@, of_segment text, of_plan text, of_stage text, of_path text, of_region text, of_owner text,
    segment text, plan text, lifecycle_stage text, onboarding_path text, region text, owner text)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- OFFSET 0: by their keys, whatever the planner thinks of other ways
    SELECT k.account_id, o.segment, o.plan, o.lifecycle_stage, o.onboarding_path, o.region, o.owner,
           a.segment, a.plan, a.lifecycle_stage, a.onboarding_path, a.region, a.owner
    FROM (SELECT DISTINCT c.account_id FROM changed_score c) k
         LEFT JOIN LATERAL (SELECT * FROM score_account o WHERE o.account_id = k.account_id OFFSET 0) o ON true
         LEFT JOIN LATERAL (SELECT * FROM account a WHERE a.account_id = k.account_id OFFSET 0) a ON true;
END;
COMMENT ON FUNCTION changed_place() IS
'Internal: the attributes of the accounts of changed_score, those by which what is stored of them counts and those of '
'now';

CREATE OR REPLACE FUNCTION usual_to_settle() RETURNS TABLE (as_of_on date)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT DISTINCT c.as_of_on
    FROM changed_score c JOIN changed_place() p USING (account_id)
    WHERE coalesce(c.before_hours, c.resolution_hours) IS NOT NULL
      AND (c.before_hours IS DISTINCT FROM c.resolution_hours
           OR coalesce(p.of_segment, '') <> coalesce(p.segment, ''));
END;
COMMENT ON FUNCTION usual_to_settle() IS
'Internal: the stored days on which the median of a segment may be another, by the accounts of changed_key';

CREATE OR REPLACE FUNCTION settle_usual() RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    WITH day AS MATERIALIZED (SELECT d.as_of_on FROM usual_to_settle() d),
    held AS MATERIALIZED (
        SELECT s.*, n.segment, n.lifecycle_stage
        FROM (SELECT s.as_of_on, s.account_id, s.mrr, s.resolution_hours, s.health_score, s.readings
              FROM day d JOIN score_state s USING (as_of_on)
              WHERE (s.as_of_on, s.account_id) NOT IN (SELECT c.as_of_on, c.account_id FROM changed_score c)
              UNION ALL
              SELECT c.as_of_on, c.account_id, c.mrr, c.resolution_hours, c.health_score, c.readings
              FROM day d JOIN changed_score c USING (as_of_on) WHERE c.is_there) s
             LEFT JOIN account n USING (account_id)
        WHERE s.resolution_hours IS NOT NULL),
    usual AS (
        SELECT h.as_of_on, coalesce(h.segment, '') AS of_segment,
               middle_of(array_agg(h.resolution_hours ORDER BY h.resolution_hours)) AS usual_9
        FROM held h GROUP BY 1, 2),
    gone AS (
        DELETE FROM score_segment o USING day d
        WHERE d.as_of_on = o.as_of_on
          AND NOT EXISTS (SELECT 1 FROM usual u WHERE u.as_of_on = o.as_of_on AND u.of_segment = o.segment)
        RETURNING 1),
    settled AS (
        INSERT INTO score_segment AS o SELECT u.as_of_on, u.of_segment, u.usual_9 FROM usual u
        ON CONFLICT (as_of_on, segment) DO UPDATE SET usual_9 = excluded.usual_9 WHERE o.usual_9 <> excluded.usual_9
        RETURNING o.as_of_on, o.segment AS of_segment, o.usual_9),
    -- the others of these segments are held against another median now: no history is read for that
    rule AS (SELECT r.* FROM health_rule_set() r),
    term AS MATERIALIZED (
        SELECT m.*, t.*, r.segments, r.lifecycle_stages
        FROM settled m, LATERAL health_term(m.as_of_on) t, (SELECT segments, lifecycle_stages FROM rule LIMIT 1) r),
    anew AS (
        INSERT INTO changed_score AS o
        SELECT h.as_of_on, h.account_id, true, h.mrr, h.resolution_hours, h.health_score, true, h.mrr,
               h.resolution_hours,
               score_of(u.rules, r.readings, a.signals, t.as_of_at, t.min_coverage, t.method), r.readings
        FROM term t JOIN held h ON h.as_of_on = t.as_of_on AND coalesce(h.segment, '') = t.of_segment
             LEFT JOIN account_state a USING (account_id)
             LEFT JOIN rule u ON u.holds_in = rule_place(h.segment, h.lifecycle_stage, t.segments, t.lifecycle_stages),
             LATERAL (SELECT ARRAY[h.readings[1], h.readings[2], h.readings[3], h.readings[4], h.readings[5],
                                   h.readings[6], h.readings[7], h.readings[8],
                                   h.resolution_hours / nullif(median_of_others(h.resolution_hours, t.usual_9), 0),
                                   h.readings[10], h.readings[11],
                                   h.readings[12], h.readings[13], h.readings[14], h.readings[15],
                                   h.readings[16]] AS readings OFFSET 0) r
        -- what it was stays: it is that of an account that changed
        ON CONFLICT (as_of_on, account_id) DO UPDATE
            SET (health_score, readings) = ROW (excluded.health_score, excluded.readings)
        RETURNING 1)
    SELECT count(*) FROM anew;
END;
COMMENT ON FUNCTION settle_usual() IS
'Internal: stores the medians of segments that the accounts of changed_key moved, and scores who is held against them '
'from stored readings; how many';

CREATE OR REPLACE FUNCTION read_changed_total() RETURNS SETOF health_total
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH pair AS MATERIALIZED (
        SELECT c.as_of_on, c.was_there, c.before_mrr, c.before_score, c.is_there, c.mrr, c.health_score, p.*
        FROM changed_score c JOIN changed_place() p USING (account_id)
        WHERE record_image_ne(
                  ROW (c.was_there, c.before_mrr, c.before_score, p.of_segment, p.of_plan, p.of_stage, p.of_path,
                       p.of_region, p.of_owner),
                  ROW (c.is_there, c.mrr, c.health_score, p.segment, p.plan, p.lifecycle_stage, p.onboarding_path,
                       p.region, p.owner))),
    part AS (
        SELECT p.as_of_on, d.dimension, d.value, health_agg(p.before_score, p.before_mrr) AS lost,
               NULL::health_summary AS won
        FROM pair p, LATERAL dimension_values(p.of_segment, p.of_plan, p.of_stage, p.of_path, p.of_region,
                                             p.of_owner) d
        WHERE p.was_there GROUP BY 1, 2, 3
        UNION ALL
        SELECT p.as_of_on, d.dimension, d.value, NULL, health_agg(p.health_score, p.mrr)
        FROM pair p, LATERAL dimension_values(p.segment, p.plan, p.lifecycle_stage, p.onboarding_path, p.region,
                                             p.owner) d
        WHERE p.is_there GROUP BY 1, 2, 3)
    SELECT as_of_on, dimension, value, coalesce(unmerge(merged.state, lost), merged.state) AS state
    FROM (SELECT as_of_on, dimension, value, rollup(lost) AS lost, rollup(won) AS won
          FROM part GROUP BY 1, 2, 3) p
         LEFT JOIN total_as_stored() t USING (as_of_on, dimension, value),
         LATERAL (SELECT coalesce(merge(t.state, won), t.state, won) AS state) merged;
END;
COMMENT ON FUNCTION read_changed_total() IS
'Internal: the totals in which the scores of changed_score take part, without what these were and with what they are';

CREATE OR REPLACE FUNCTION settle_totals() RETURNS void LANGUAGE sql
BEGIN ATOMIC
    WITH settled AS MATERIALIZED (SELECT s.* FROM read_changed_total() s),
    gone AS (
        DELETE FROM health_total o USING settled s
        WHERE s.as_of_on = o.as_of_on AND s.dimension = o.dimension AND s.value = o.value
          AND coalesce(account_count(s.state), 0) = 0 RETURNING 1)
    INSERT INTO health_total SELECT s.as_of_on, s.dimension, s.value, s.state FROM settled s
    WHERE account_count(s.state) > 0
    ON CONFLICT (as_of_on, dimension, value) DO UPDATE SET state = excluded.state;
END;
COMMENT ON FUNCTION settle_totals() IS
'Internal: takes what the scores of changed_score were out of the totals, and puts in what they are';

CREATE OR REPLACE FUNCTION week_flow(
    before_mrr numeric, before_tier text, mrr numeric, tier text) RETURNS TABLE (
    improved integer, declined integer, into_red integer, into_red_mrr numeric, out_of_red integer, joined integer,
    joined_mrr numeric, "left" integer, left_mrr numeric, expansion_mrr numeric, contraction_mrr numeric)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT coalesce(p.place > p.before_place, false)::integer, coalesce(p.place < p.before_place, false)::integer,
           p.into_red::integer, CASE WHEN p.into_red THEN $3 ELSE 0 END,
           coalesce($2 = 'Red' AND $4 IS DISTINCT FROM 'Red', false)::integer, ($1 IS NULL)::integer,
           CASE WHEN $1 IS NULL THEN $3 ELSE 0 END, ($3 IS NULL)::integer, CASE WHEN $3 IS NULL THEN $1 ELSE 0 END,
           coalesce(greatest($3 - $1, 0) , 0), coalesce(greatest($1 - $3, 0), 0)
    FROM (SELECT array_position('{Red,Yellow,Green}', $2) AS before_place,
                 array_position('{Red,Yellow,Green}', $4) AS place,
                 coalesce($4 = 'Red' AND $2 IS DISTINCT FROM 'Red', false) AS into_red) p;
END;
COMMENT ON FUNCTION week_flow(numeric, text, numeric, text) IS
'Internal: what a customer of either day adds to week_total; MRR and tier are NULL where it is none';

CREATE OR REPLACE FUNCTION changed_weeks() RETURNS TABLE (
    before_on date, as_of_on date, dimension text, value text, sign integer, improved integer, declined integer,
    into_red integer, into_red_mrr numeric, out_of_red integer, joined integer, joined_mrr numeric, "left" integer,
    left_mrr numeric, expansion_mrr numeric, contraction_mrr numeric)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH term AS (SELECT t.yellow_from, t.green_from FROM health_term('2000-01-01') t),
    -- what is stored is what was; what is to be stored is what is
    pair AS MATERIALIZED (
        SELECT w.before_on, w.as_of_on, p.*, b.mrr AS old_before_mrr,
               tier(b.health_score, t.yellow_from, t.green_from) AS old_before_tier, s.mrr AS old_mrr,
               tier(s.health_score, t.yellow_from, t.green_from) AS old_tier,
               CASE WHEN cb.is_there IS NULL THEN b.mrr ELSE cb.mrr END AS before_mrr,
               tier(CASE WHEN cb.is_there IS NULL THEN b.health_score ELSE cb.health_score END, t.yellow_from,
                    t.green_from) AS before_tier,
               CASE WHEN ca.is_there IS NULL THEN s.mrr ELSE ca.mrr END AS mrr,
               tier(CASE WHEN ca.is_there IS NULL THEN s.health_score ELSE ca.health_score END, t.yellow_from,
                    t.green_from) AS tier
        FROM term t CROSS JOIN (
                 SELECT DISTINCT w.before_on, w.as_of_on, c.account_id
                 FROM (SELECT DISTINCT w.before_on, w.as_of_on FROM week_as_stored() w) w
                 JOIN changed_score c ON c.as_of_on = w.before_on OR c.as_of_on = w.as_of_on) w
             LEFT JOIN changed_score cb ON cb.as_of_on = w.before_on AND cb.account_id = w.account_id
             LEFT JOIN changed_score ca ON ca.as_of_on = w.as_of_on AND ca.account_id = w.account_id
             LEFT JOIN score_as_stored() b ON b.as_of_on = w.before_on AND b.account_id = w.account_id
             LEFT JOIN score_as_stored() s ON s.as_of_on = w.as_of_on AND s.account_id = w.account_id
             JOIN changed_place() p ON p.account_id = w.account_id)
    SELECT p.before_on, p.as_of_on, d.dimension, d.value, -1 AS sign, f.*
    FROM pair p, LATERAL week_flow(p.old_before_mrr, p.old_before_tier, p.old_mrr, p.old_tier) f,
         LATERAL dimension_values(p.of_segment, p.of_plan, p.of_stage, p.of_path, p.of_region, p.of_owner) d
    WHERE p.old_before_mrr IS NOT NULL OR p.old_mrr IS NOT NULL
    UNION ALL
    SELECT p.before_on, p.as_of_on, d.dimension, d.value, 1, f.*
    FROM pair p, LATERAL week_flow(p.before_mrr, p.before_tier, p.mrr, p.tier) f,
         LATERAL dimension_values(p.segment, p.plan, p.lifecycle_stage, p.onboarding_path, p.region, p.owner) d
    WHERE p.before_mrr IS NOT NULL OR p.mrr IS NOT NULL;
END;
COMMENT ON FUNCTION changed_weeks() IS
'Internal: what the accounts of changed_score add to week_total, and, with sign -1, what they did as stored';

CREATE OR REPLACE FUNCTION read_changed_week() RETURNS SETOF week_total
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH delta AS (
        SELECT p.before_on, p.as_of_on, p.dimension, p.value, sum(p.sign) AS accounts,
               sum(p.sign * p.improved) AS improved, sum(p.sign * p.declined) AS declined,
               sum(p.sign * p.into_red) AS into_red, sum(p.sign * p.into_red_mrr) AS into_red_mrr,
               sum(p.sign * p.out_of_red) AS out_of_red, sum(p.sign * p.joined) AS joined,
               sum(p.sign * p.joined_mrr) AS joined_mrr, sum(p.sign * p."left") AS "left",
               sum(p.sign * p.left_mrr) AS left_mrr, sum(p.sign * p.expansion_mrr) AS expansion_mrr,
               sum(p.sign * p.contraction_mrr) AS contraction_mrr
        FROM changed_weeks() p GROUP BY 1, 2, 3, 4)
    SELECT before_on, as_of_on, dimension, value, coalesce(w.account_count, 0) + d.accounts AS account_count,
           coalesce(w.improved_count, 0) + d.improved AS improved_count,
           coalesce(w.declined_count, 0) + d.declined AS declined_count,
           coalesce(w.into_red_count, 0) + d.into_red AS into_red_count,
           trim_scale(coalesce(w.into_red_mrr, 0) + d.into_red_mrr) AS into_red_mrr,
           coalesce(w.out_of_red_count, 0) + d.out_of_red AS out_of_red_count,
           coalesce(w.joined_count, 0) + d.joined AS joined_count,
           trim_scale(coalesce(w.joined_mrr, 0) + d.joined_mrr) AS joined_mrr,
           coalesce(w.left_count, 0) + d."left" AS left_count,
           trim_scale(coalesce(w.left_mrr, 0) + d.left_mrr) AS left_mrr,
           trim_scale(coalesce(w.expansion_mrr, 0) + d.expansion_mrr) AS expansion_mrr,
           trim_scale(coalesce(w.contraction_mrr, 0) + d.contraction_mrr) AS contraction_mrr
    FROM delta d LEFT JOIN week_as_stored() w USING (before_on, as_of_on, dimension, value);
END;
COMMENT ON FUNCTION read_changed_week() IS
'Internal: the movements of weeks in which the scores of changed_score take part, without what these were and with '
'what they are';

CREATE OR REPLACE FUNCTION settle_weeks() RETURNS void LANGUAGE sql
BEGIN ATOMIC
    WITH settled AS MATERIALIZED (SELECT s.* FROM read_changed_week() s),
    gone AS (
        DELETE FROM week_total w USING settled s
        WHERE w.before_on = s.before_on AND w.as_of_on = s.as_of_on AND w.dimension = s.dimension AND w.value = s.value
          AND s.account_count = 0 RETURNING 1)
    INSERT INTO week_total
    SELECT s.before_on, s.as_of_on, s.dimension, s.value, s.account_count,
           s.improved_count, s.declined_count, s.into_red_count, s.into_red_mrr, s.out_of_red_count, s.joined_count,
           s.joined_mrr, s.left_count, s.left_mrr, s.expansion_mrr, s.contraction_mrr
    FROM settled s WHERE s.account_count > 0
    ON CONFLICT (before_on, as_of_on, dimension, value) DO UPDATE SET (
         account_count, improved_count, declined_count, into_red_count, into_red_mrr, out_of_red_count, joined_count,
         joined_mrr, left_count, left_mrr, expansion_mrr, contraction_mrr)
        = ROW (
               excluded.account_count, excluded.improved_count, excluded.declined_count, excluded.into_red_count,
               excluded.into_red_mrr, excluded.out_of_red_count, excluded.joined_count, excluded.joined_mrr,
               excluded.left_count, excluded.left_mrr, excluded.expansion_mrr, excluded.contraction_mrr);
END;
COMMENT ON FUNCTION settle_weeks() IS
'Internal: takes what the scores of changed_score were out of the movements of weeks, and puts in what they are';

CREATE OR REPLACE FUNCTION count_known(of_changed boolean) RETURNS TABLE (dimension text, account_count bigint)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT d.dimension, d.account_count
    FROM (SELECT count(a.segment), count(a.plan), count(a.lifecycle_stage), count(a.onboarding_path), count(a.region),
                 count(a.owner)
          FROM (SELECT a.* FROM score_account a WHERE NOT $1
                UNION ALL
                SELECT a.* FROM changed_key k JOIN score_account a USING (account_id) WHERE $1) a)
         k(segment, plan, lifecycle_stage, onboarding_path, region, owner),
         LATERAL (VALUES ('all', 1), ('segment', k.segment), ('account_plan', k.plan),
                         ('lifecycle_stage', k.lifecycle_stage),
                         ('onboarding_path', k.onboarding_path), ('region', k.region), ('owner', k.owner))
         d(dimension, account_count);
END;
COMMENT ON FUNCTION count_known(boolean) IS
'Internal: of how many accounts of score_account each attribute is known, of all, or of those of changed_key';

CREATE OR REPLACE FUNCTION store_changed() RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    UPDATE known_dimension d SET account_count = d.account_count - k.account_count
    FROM count_known(true) k WHERE k.dimension = d.dimension AND k.account_count > 0;
    DELETE FROM score_state o USING changed_score c
    WHERE o.as_of_on = c.as_of_on AND o.account_id = c.account_id AND NOT c.is_there;
    DELETE FROM score_account o USING changed_key k
    WHERE o.account_id = k.account_id AND NOT EXISTS (SELECT 1 FROM account a WHERE a.account_id = o.account_id);
    INSERT INTO score_account
    SELECT a.account_id, a.segment, a.plan, a.lifecycle_stage, a.onboarding_path, a.region, a.owner
    FROM changed_key k JOIN account a USING (account_id) LEFT JOIN score_account o USING (account_id)
    WHERE o.account_id IS NULL
       OR record_image_ne(ROW (a.segment, a.plan, a.lifecycle_stage, a.onboarding_path, a.region, a.owner),
                          ROW (o.segment, o.plan, o.lifecycle_stage, o.onboarding_path, o.region, o.owner))
    ON CONFLICT (account_id) DO UPDATE SET (segment, plan, lifecycle_stage, onboarding_path, region, owner)
        = ROW (excluded.segment, excluded.plan, excluded.lifecycle_stage, excluded.onboarding_path, excluded.region,
               excluded.owner);
    UPDATE known_dimension d SET account_count = d.account_count + k.account_count
    FROM count_known(true) k WHERE k.dimension = d.dimension AND k.account_count > 0;
    WITH changed AS (
        INSERT INTO score_state
        SELECT c.as_of_on, c.account_id, c.mrr, c.resolution_hours, c.health_score, c.readings
        FROM changed_score c WHERE c.is_there
        ON CONFLICT (as_of_on, account_id) DO UPDATE SET (mrr, resolution_hours, health_score, readings)
            = ROW (excluded.mrr, excluded.resolution_hours, excluded.health_score, excluded.readings)
        RETURNING 1)
    SELECT count(*) FROM changed;
END;
COMMENT ON FUNCTION store_changed() IS
'Internal: stores the scores of changed_score, and the attributes by which they are counted; how many were others';

-- Whole days.

CREATE OR REPLACE FUNCTION settle_all() RETURNS void LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM feed_first;
    INSERT INTO feed_first SELECT true, n.* FROM feed_since(false) n;
    DELETE FROM score_account o WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.account_id = o.account_id);
    INSERT INTO score_account
    SELECT a.account_id, a.segment, a.plan, a.lifecycle_stage, a.onboarding_path, a.region, a.owner
    FROM account a LEFT JOIN score_account o USING (account_id)
    WHERE o.account_id IS NULL
       OR record_image_ne(ROW (a.segment, a.plan, a.lifecycle_stage, a.onboarding_path, a.region, a.owner),
                          ROW (o.segment, o.plan, o.lifecycle_stage, o.onboarding_path, o.region, o.owner))
    ON CONFLICT (account_id) DO UPDATE SET (segment, plan, lifecycle_stage, onboarding_path, region, owner)
        = ROW (excluded.segment, excluded.plan, excluded.lifecycle_stage, excluded.onboarding_path, excluded.region,
               excluded.owner);
    DELETE FROM known_dimension;
    INSERT INTO known_dimension SELECT k.* FROM count_known(false) k;
END;
COMMENT ON FUNCTION settle_all() IS
'Internal: stores since when what is fed, and the attributes of accounts, of all of them';

CREATE OR REPLACE FUNCTION unscored_days() RETURNS TABLE (day date)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    -- the latest first: they are asked for most
    SELECT a.day FROM asked_days() a WHERE a.day NOT IN (SELECT s.as_of_on FROM scored_day s) ORDER BY a.day DESC;
END;
COMMENT ON FUNCTION unscored_days() IS 'Internal: the days of whose scores views ask, and that are not stored';

CREATE OR REPLACE FUNCTION score_day(day date, OUT written bigint, OUT removed bigint) LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM week_total w WHERE $1 IN (w.before_on, w.as_of_on);
    DELETE FROM score_feed f WHERE f.as_of_on = $1;
    INSERT INTO score_feed (as_of_on, has_usage, has_usage_before, has_features, has_users, has_tickets,
                            has_entitlements, has_value, has_revenue, features_in_use, adoption, active_count)
    SELECT $1, c.active > 0, f.*,
           CASE WHEN f.has_features AND NOT f.has_entitlements
                THEN (SELECT count(*) FILTER (WHERE u.adopters > 0) FROM feature_adoption(a.adoption) u) END,
           a.adoption, c.active
    FROM feed_at($1) f CROSS JOIN
         (SELECT count(*) AS active FROM policy p, account_state s
          WHERE is_active(s.usage, $1, p.usage_feed_days)) c LEFT JOIN LATERAL (
             SELECT adoption_agg(s.features, $1 - 27, $1 + 1) AS adoption FROM account_state s) a
         ON f.has_features AND NOT f.has_entitlements;
    DELETE FROM scored_day d WHERE d.as_of_on = $1;
    INSERT INTO scored_day SELECT $1, t.basis FROM health_term($1) t;
    WITH fresh AS MATERIALIZED (SELECT s.* FROM scores($1, false, true) s),
    gone AS (
        DELETE FROM score_state o
        WHERE o.as_of_on = $1 AND NOT EXISTS (SELECT 1 FROM fresh f WHERE f.account_id = o.account_id) RETURNING 1),
    changed AS (
        UPDATE score_state o
        SET (mrr, resolution_hours, health_score, readings)
            = ROW (f.mrr, f.resolution_hours, f.health_score, f.readings)
        FROM fresh f
        WHERE o.as_of_on = $1 AND o.account_id = f.account_id
          AND record_image_ne(ROW (f.mrr, f.resolution_hours, f.health_score, f.readings),
                              ROW (o.mrr, o.resolution_hours, o.health_score, o.readings))
        RETURNING 1),
    added AS (
        -- nobody else writes it, so that no conflict is looked for
        INSERT INTO score_state
        SELECT $1, f.account_id, f.mrr, f.resolution_hours, f.health_score, f.readings
        FROM fresh f LEFT JOIN score_state o ON o.as_of_on = $1 AND o.account_id = f.account_id
        WHERE o.account_id IS NULL
        RETURNING 1)
    SELECT (SELECT count(*) FROM changed) + (SELECT count(*) FROM added), (SELECT count(*) FROM gone);
END;
COMMENT ON FUNCTION score_day(date) IS
'Internal: scores all customers as of the end of a day, and stores what is not as it was; rows written and removed';

CREATE OR REPLACE FUNCTION sum_day(day date) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM score_segment o WHERE o.as_of_on = $1;
    INSERT INTO score_segment
    SELECT $1, coalesce(n.segment, ''), middle_of(array_agg(s.resolution_hours ORDER BY s.resolution_hours))
    FROM score_state s LEFT JOIN account n USING (account_id)
    WHERE s.as_of_on = $1 AND s.resolution_hours IS NOT NULL
    GROUP BY 2;
    DELETE FROM health_total o WHERE o.as_of_on = $1;
    INSERT INTO health_total
    SELECT $1, d.dimension, d.value, rollup(g.state)
    FROM (SELECT n.segment, n.plan, n.lifecycle_stage, n.onboarding_path, n.region, n.owner,
                 health_agg(s.health_score, s.mrr) AS state
          FROM score_state s LEFT JOIN account n USING (account_id)
          WHERE s.as_of_on = $1
          GROUP BY n.segment, n.plan, n.lifecycle_stage, n.onboarding_path, n.region, n.owner) g,
         LATERAL dimension_values(g.segment, g.plan, g.lifecycle_stage, g.onboarding_path, g.region, g.owner) d
    GROUP BY d.dimension, d.value;
END;
COMMENT ON FUNCTION sum_day(date) IS
'Internal: stores the medians of segments on a day, and what its scores come to by attribute';

CREATE OR REPLACE FUNCTION unsummed_weeks() RETURNS TABLE (before_on date, as_of_on date)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT a.before_on, a.as_of_on FROM asked_weeks() a
    WHERE NOT EXISTS (SELECT 1 FROM week_total w
                      WHERE w.before_on = a.before_on AND w.as_of_on = a.as_of_on AND w.dimension = 'all');
END;
COMMENT ON FUNCTION unsummed_weeks() IS 'Internal: the weeks of whose movements views ask, and that are not stored';

CREATE OR REPLACE FUNCTION sum_week(before_on date, as_of_on date) RETURNS void LANGUAGE sql
BEGIN ATOMIC
    DELETE FROM week_total w WHERE w.before_on = $1 AND w.as_of_on = $2;
    INSERT INTO week_total
    SELECT $1, $2, d.dimension, d.value, sum(g.accounts),
           sum(g.improved), sum(g.declined), sum(g.into_red), trim_scale(sum(g.into_red_mrr)), sum(g.out_of_red),
           sum(g.joined), trim_scale(sum(g.joined_mrr)), sum(g."left"), trim_scale(sum(g.left_mrr)),
           trim_scale(sum(g.expansion_mrr)), trim_scale(sum(g.contraction_mrr))
    FROM (SELECT n.segment, n.plan, n.lifecycle_stage, n.onboarding_path, n.region, n.owner, count(*) AS accounts,
                 sum(f.improved) AS improved, sum(f.declined) AS declined, sum(f.into_red) AS into_red,
                 sum(f.into_red_mrr) AS into_red_mrr, sum(f.out_of_red) AS out_of_red, sum(f.joined) AS joined,
                 sum(f.joined_mrr) AS joined_mrr, sum(f."left") AS "left", sum(f.left_mrr) AS left_mrr,
                 sum(f.expansion_mrr) AS expansion_mrr, sum(f.contraction_mrr) AS contraction_mrr
          FROM (SELECT b.account_id, b.mrr, tier(b.health_score, t.yellow_from, t.green_from) AS tier
                FROM score_state b, health_term($1) t WHERE b.as_of_on = $1) b
               FULL JOIN (SELECT s.account_id, s.mrr, tier(s.health_score, t.yellow_from, t.green_from) AS tier
                          FROM score_state s, health_term($2) t WHERE s.as_of_on = $2) s USING (account_id)
               LEFT JOIN account n USING (account_id), LATERAL week_flow(b.mrr, b.tier, s.mrr, s.tier) f
          GROUP BY n.segment, n.plan, n.lifecycle_stage, n.onboarding_path, n.region, n.owner) g,
         LATERAL dimension_values(g.segment, g.plan, g.lifecycle_stage, g.onboarding_path, g.region, g.owner) d
    GROUP BY d.dimension, d.value;
END;
COMMENT ON FUNCTION sum_week(date, date) IS 'Internal: stores what moved between the ends of two weeks, by attribute';
