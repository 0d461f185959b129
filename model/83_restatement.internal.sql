-- What a snapshot was made of, and what a change of facts or definitions did to it.

CREATE TABLE snapshot_movement (
    account_id      @account_id@,
    period_start_on date,
    period_end_on   date NOT NULL,
    movement        text,
    amount_mrr      numeric NOT NULL,
    from_snapshot   bigint,
    to_snapshot     bigint,
    PRIMARY KEY (account_id, period_start_on, movement, from_snapshot),
    CONSTRAINT from_before_to CHECK (from_snapshot < to_snapshot));
COMMENT ON TABLE snapshot_movement IS
'The movements behind the bridges of the snapshots, account by account, as revenue_movement gave them. Written by '
'CALL csmetrics.take_snapshot alone.';
COMMENT ON COLUMN snapshot_movement.account_id IS 'Key of the account';
COMMENT ON COLUMN snapshot_movement.period_start_on IS 'First day of the period';
COMMENT ON COLUMN snapshot_movement.period_end_on IS 'The day after the last of the period';
COMMENT ON COLUMN snapshot_movement.movement IS 'The movement';
COMMENT ON COLUMN snapshot_movement.amount_mrr IS 'Its amount, in money a month';
COMMENT ON COLUMN snapshot_movement.from_snapshot IS 'The first snapshot that shows it';
COMMENT ON COLUMN snapshot_movement.to_snapshot IS 'The first later one that does not; NULL: the last one does';

CREATE TABLE snapshot_account (
    account_id    @account_id@,
    from_snapshot bigint,
    to_snapshot   bigint,
    PRIMARY KEY (account_id, from_snapshot),
    CONSTRAINT from_before_to CHECK (from_snapshot < to_snapshot));
COMMENT ON TABLE snapshot_account IS 'The accounts of the snapshots. Written by CALL csmetrics.take_snapshot alone.';
COMMENT ON COLUMN snapshot_account.account_id IS 'Key of the account';
COMMENT ON COLUMN snapshot_account.from_snapshot IS 'The first snapshot that shows it';
COMMENT ON COLUMN snapshot_account.to_snapshot IS 'The first later one that does not; NULL: the last one does';

CREATE TABLE snapshot_definition (
    snapshot_id     bigint NOT NULL,
    account_id      @account_id@,
    period_start_on date,
    period_end_on   date NOT NULL,
    movement        text,
    amount_mrr      numeric NOT NULL,
    PRIMARY KEY (account_id, period_start_on, movement, snapshot_id));
COMMENT ON TABLE snapshot_definition IS
'What a change of the policy between a snapshot and the one before did to the movements, account by account: their '
'amount by the policy of the snapshot, less that by the policy before, both of the facts of the snapshot. Written by '
'CALL csmetrics.take_snapshot alone.';
COMMENT ON COLUMN snapshot_definition.snapshot_id IS 'The snapshot';
COMMENT ON COLUMN snapshot_definition.account_id IS 'Key of the account';
COMMENT ON COLUMN snapshot_definition.period_start_on IS 'First day of the period';
COMMENT ON COLUMN snapshot_definition.period_end_on IS 'The day after the last of the period';
COMMENT ON COLUMN snapshot_definition.movement IS 'The movement';
COMMENT ON COLUMN snapshot_definition.amount_mrr IS 'What the definition added to its amount';

-- What a snapshot shows; without one, what the model shows now.

CREATE OR REPLACE FUNCTION readings_at(shown_by bigint) RETURNS TABLE (
    source_view text, metric text, dimension text, value text, period_start_on date, period_end_on date,
    reading numeric)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT 'metric_reading', m.metric, m.dimension, m.value, m.period_start_on, m.period_end_on, m.reading::numeric
    FROM metric_reading m
    WHERE shown_by IS NULL AND m.is_complete AND m.reading IS NOT NULL
    UNION ALL
    SELECT 'revenue_monthly', c.key, 'all', 'all', m.period_start_on, m.period_end_on,
           CASE WHEN c.key LIKE '%\_rate' THEN c.value::double precision::numeric ELSE c.value::numeric END
    FROM revenue_monthly m, LATERAL jsonb_each_text(to_jsonb(m)) c
    WHERE shown_by IS NULL AND m.is_complete AND c.key ~ '_(mrr|count|rate)$' AND c.value IS NOT NULL
    UNION ALL
    SELECT s.source_view, s.metric, s.dimension, s.value, s.period_start_on, s.period_end_on, s.reading
    FROM snapshot_reading s
    WHERE s.from_snapshot <= shown_by AND coalesce(s.to_snapshot > shown_by, true);
END;
COMMENT ON FUNCTION readings_at(bigint) IS
'Internal: the figures, and the bridge, of the periods that are over, as a snapshot shows them; NULL: as of now';

CREATE OR REPLACE FUNCTION movements_at(shown_by bigint) RETURNS TABLE (
    account_id @account_id@, period_start_on date, period_end_on date, movement text, amount_mrr numeric)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT m.account_id, m.period_start_on, m.period_end_on, m.movement, sum(m.amount_mrr)
    FROM revenue_movement m
    WHERE shown_by IS NULL AND m.amount_mrr IS NOT NULL
      AND m.period_end_on <= (SELECT r.over_until_on FROM reporting_range r)
    GROUP BY m.account_id, m.period_start_on, m.period_end_on, m.movement
    UNION ALL
    SELECT s.account_id, s.period_start_on, s.period_end_on, s.movement, s.amount_mrr
    FROM snapshot_movement s
    WHERE s.from_snapshot <= shown_by AND coalesce(s.to_snapshot > shown_by, true);
END;
COMMENT ON FUNCTION movements_at(bigint) IS
'Internal: the movements behind the bridge, account by account, as a snapshot shows them; NULL: as of now';

CREATE OR REPLACE FUNCTION accounts_at(shown_by bigint) RETURNS TABLE (account_id @account_id@)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT a.account_id FROM account_state a WHERE shown_by IS NULL
    UNION ALL
    SELECT s.account_id
    FROM snapshot_account s
    WHERE s.from_snapshot <= shown_by AND coalesce(s.to_snapshot > shown_by, true);
END;
COMMENT ON FUNCTION accounts_at(bigint) IS 'Internal: the accounts that a snapshot shows; NULL: those of now';

CREATE OR REPLACE FUNCTION present_definition() RETURNS jsonb
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT jsonb_build_object(
        'quarantine', (SELECT coalesce(jsonb_object_agg(f.source, f.quarantine), '{}') FROM refreshed_source f
                       WHERE f.quarantine IS NOT NULL),
        'health', (SELECT coalesce(jsonb_agg(to_jsonb(h) ORDER BY h.component, h.signal, h.segment, h.lifecycle_stage),
                                   '[]') FROM health_signal h),
        'components', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.component, c.segment, c.lifecycle_stage), '[]')
                       FROM health_component c),
        'targets', (SELECT coalesce(jsonb_agg(to_jsonb(t) ORDER BY t.metric, t.segment), '[]') FROM target t));
END;
COMMENT ON FUNCTION present_definition() IS
'Internal: what defines figures besides the policy: rules by which rows were left out, what health is made of, targets';

CREATE OR REPLACE FUNCTION definition_at(shown_by bigint) RETURNS TABLE (
    policy_hash text, policy jsonb, as_of_on date, health_hash text, definition jsonb)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT r.policy_hash, to_jsonb(p) - 'only_row', r.as_of_on, h.policy_hash, present_definition()
    FROM reporting_range r, policy p, LATERAL health_term(r.as_of_on) h
    WHERE shown_by IS NULL
    UNION ALL
    SELECT s.policy_hash, s.policy, s.as_of_on, s.health_hash, s.definition
    FROM snapshot s WHERE s.snapshot_id = shown_by;
END;
COMMENT ON FUNCTION definition_at(bigint) IS
'Internal: the policy of a snapshot, its fingerprint, the day as of which it reads, that of health, and what else '
'defines its figures; NULL: those of now';

CREATE OR REPLACE FUNCTION definition_before() RETURNS TABLE (
    snapshot_id bigint, policy jsonb, present jsonb, is_redefined boolean, quarantine jsonb, present_quarantine jsonb)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT s.snapshot_id, s.policy || jsonb_build_object('as_of', p.as_of, 'report_from', p.report_from),
           to_jsonb(p) - 'only_row', s.policy_hash <> r.policy_hash, coalesce(s.definition -> 'quarantine', '{}'),
           present_definition() -> 'quarantine'
    FROM snapshot s, policy p, reporting_range r
    ORDER BY s.snapshot_id DESC
    LIMIT 1;
END;
COMMENT ON FUNCTION definition_before() IS
'Internal: the policy of the last snapshot, with the days as of which the model reads now, the present policy, whether '
'that is another definition, and by which rules rows were left out then and are now; no row without a snapshot';

CREATE OR REPLACE FUNCTION put_quarantine(rules jsonb) RETURNS void
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    UPDATE quality_rule q
    SET (is_enabled, quarantine, condition)
        = ROW (q.is_enabled OR rules -> q.source ? q.rule, coalesce(rules -> q.source ? q.rule, false),
               CASE WHEN rules -> q.source ? q.rule THEN rules -> q.source ->> q.rule ELSE q.condition END)
    WHERE q.quarantine OR rules -> q.source ? q.rule;
    INSERT INTO quality_rule (source, rule, condition, quarantine)
    SELECT s.key, r.key, r.value, true FROM jsonb_each(rules) s, jsonb_each_text(s.value) r
    ON CONFLICT DO NOTHING;
END;
COMMENT ON FUNCTION put_quarantine(jsonb) IS
'Internal: puts the rules in force by which rows were left out, by source, as table refreshed_source has them';

-- Taking one.

CREATE OR REPLACE FUNCTION forget_snapshots() RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    -- the last one is what the next is held against
    DELETE FROM snapshot s USING policy p
    WHERE s.taken_at < now() - p.snapshot_days * interval '1 day'
      AND s.snapshot_id < (SELECT max(o.snapshot_id) FROM snapshot o);
    DELETE FROM snapshot_definition d
    WHERE NOT EXISTS (SELECT 1 FROM snapshot s WHERE s.snapshot_id < d.snapshot_id);
    DELETE FROM snapshot_reading r
    WHERE r.to_snapshot IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM snapshot s
                      WHERE s.snapshot_id >= r.from_snapshot AND s.snapshot_id < r.to_snapshot);
    DELETE FROM snapshot_movement r
    WHERE r.to_snapshot IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM snapshot s
                      WHERE s.snapshot_id >= r.from_snapshot AND s.snapshot_id < r.to_snapshot);
    DELETE FROM snapshot_account r
    WHERE r.to_snapshot IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM snapshot s
                      WHERE s.snapshot_id >= r.from_snapshot AND s.snapshot_id < r.to_snapshot);
END;
COMMENT ON FUNCTION forget_snapshots() IS
'Internal: takes away snapshots older than snapshot_days, and what only those showed that are gone';

CREATE OR REPLACE FUNCTION write_snapshot(note text) RETURNS TABLE (
    snapshot_id bigint, as_of_on date, reading_count bigint, movement_count bigint, account_count bigint)
LANGUAGE sql
BEGIN ATOMIC
    -- one statement, so that a refresh meanwhile cannot come between the figures and the accounts behind them
    WITH taken AS (
        INSERT INTO snapshot (follows, as_of_on, policy_hash, policy, note, health_hash, definition)
        SELECT (SELECT max(s.snapshot_id) FROM snapshot s), d.as_of_on, d.policy_hash, d.policy, $1, d.health_hash,
               d.definition FROM definition_at(NULL) d
        RETURNING snapshot.snapshot_id, snapshot.as_of_on),
    now_reading AS MATERIALIZED (SELECT r.* FROM readings_at(NULL) r),
    old_reading AS (
        UPDATE snapshot_reading old SET to_snapshot = taken.snapshot_id FROM taken
        WHERE old.to_snapshot IS NULL AND NOT EXISTS (
            SELECT 1 FROM now_reading n
            WHERE (n.source_view, n.metric, n.dimension, n.value, n.period_start_on)
                  = (old.source_view, old.metric, old.dimension, old.value, old.period_start_on)
              AND (n.period_end_on, n.reading) IS NOT DISTINCT FROM (old.period_end_on, old.reading))),
    new_reading AS (
        INSERT INTO snapshot_reading (source_view, metric, dimension, value, period_start_on, period_end_on, reading,
                                      from_snapshot)
        SELECT n.*, taken.snapshot_id
        FROM taken, now_reading n
        WHERE NOT EXISTS (
            SELECT 1 FROM snapshot_reading old WHERE old.to_snapshot IS NULL
              AND (n.source_view, n.metric, n.dimension, n.value, n.period_start_on)
                  = (old.source_view, old.metric, old.dimension, old.value, old.period_start_on)
              AND (n.period_end_on, n.reading) IS NOT DISTINCT FROM (old.period_end_on, old.reading))
        RETURNING 1),
    now_movement AS MATERIALIZED (SELECT m.* FROM movements_at(NULL) m),
    old_movement AS (
        UPDATE snapshot_movement old SET to_snapshot = taken.snapshot_id FROM taken
        WHERE old.to_snapshot IS NULL AND NOT EXISTS (
            SELECT 1 FROM now_movement n
            WHERE (n.account_id, n.period_start_on, n.movement) = (old.account_id, old.period_start_on, old.movement)
              AND (n.period_end_on, n.amount_mrr) IS NOT DISTINCT FROM (old.period_end_on, old.amount_mrr))),
    new_movement AS (
        INSERT INTO snapshot_movement (account_id, period_start_on, period_end_on, movement, amount_mrr, from_snapshot)
        SELECT n.*, taken.snapshot_id
        FROM taken, now_movement n
        WHERE NOT EXISTS (
            SELECT 1 FROM snapshot_movement old WHERE old.to_snapshot IS NULL
              AND (n.account_id, n.period_start_on, n.movement) = (old.account_id, old.period_start_on, old.movement)
              AND (n.period_end_on, n.amount_mrr) IS NOT DISTINCT FROM (old.period_end_on, old.amount_mrr))
        RETURNING 1),
    now_account AS MATERIALIZED (SELECT a.account_id FROM accounts_at(NULL) a),
    old_account AS (
        UPDATE snapshot_account old SET to_snapshot = taken.snapshot_id FROM taken
        WHERE old.to_snapshot IS NULL
          AND NOT EXISTS (SELECT 1 FROM now_account n WHERE n.account_id = old.account_id)),
    new_account AS (
        INSERT INTO snapshot_account (account_id, from_snapshot)
        SELECT n.account_id, taken.snapshot_id
        FROM taken, now_account n
        WHERE NOT EXISTS (SELECT 1 FROM snapshot_account old
                          WHERE old.to_snapshot IS NULL AND old.account_id = n.account_id) RETURNING 1)
    SELECT taken.snapshot_id, taken.as_of_on, (SELECT count(*) FROM new_reading), (SELECT count(*) FROM new_movement),
           (SELECT count(*) FROM new_account)
    FROM taken;
END;
COMMENT ON FUNCTION write_snapshot(text) IS
'Internal: stores what is shown now, and was not by the snapshot before; gives the new snapshot, its day, and how many '
'rows are new';

CREATE OR REPLACE FUNCTION write_redefinition(of_snapshot bigint, differences jsonb) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO snapshot_definition (snapshot_id, account_id, period_start_on, period_end_on, movement, amount_mrr)
    SELECT of_snapshot, d.account_id, d.period_start_on, d.period_end_on, d.movement, d.amount_mrr
    FROM jsonb_populate_recordset(NULL::snapshot_definition, differences) d;
END;
COMMENT ON FUNCTION write_redefinition(bigint, jsonb) IS
'Internal: stores what the definition of a snapshot changed of the movements';

-- Comparing two.

CREATE OR REPLACE FUNCTION restated(then_id bigint, now_id bigint) RETURNS TABLE (
    source_view text, metric text, dimension text, value text, period_start_on date, period_end_on date,
    reported_then numeric, reported_now numeric, difference numeric, is_restated boolean, is_health boolean)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT source_view, metric, dimension, value, period_start_on, coalesce(b.period_end_on, n.period_end_on),
           b.reading, n.reading, d.difference,
           coalesce(d.difference <> 0, b.reading IS DISTINCT FROM n.reading),
           coalesce(k.of_view = 'health_trend', false)
    FROM readings_at(then_id) b
         FULL JOIN readings_at(now_id) n USING (source_view, metric, dimension, value, period_start_on)
         LEFT JOIN (SELECT m.name, m.unit, m.source_view AS of_view FROM csmetrics.model_metric m) k
             ON k.name = metric AND source_view = 'metric_reading',
         -- where there is nothing of what is added up, there is none of it; a ratio of nothing is unknown
         LATERAL (SELECT CASE WHEN k.unit IN ('mrr', 'count') OR k.unit IS NULL AND metric ~ '_(mrr|count)$'
                              THEN coalesce(n.reading, 0) - coalesce(b.reading, 0)
                              ELSE n.reading - b.reading END AS difference) d;
END;
COMMENT ON FUNCTION restated(bigint, bigint) IS
'Internal: the figures of one snapshot beside those of another, NULL: of now; is_health: they hang on what health is '
'made of';

CREATE OR REPLACE FUNCTION restated_by_account(then_id bigint, now_id bigint, since_last jsonb) RETURNS TABLE (
    account_id @account_id@, period_start_on date, period_end_on date, movement text, amount_then numeric,
    amount_now numeric, by_definition numeric, is_new boolean, is_gone boolean)
LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH defined AS (
        SELECT d.account_id, d.period_start_on, d.period_end_on, d.movement, sum(d.amount_mrr) AS amount_mrr
        FROM (SELECT s.account_id, s.period_start_on, s.period_end_on, s.movement, s.amount_mrr
              FROM snapshot_definition s
              WHERE s.snapshot_id > then_id AND (s.snapshot_id <= now_id OR now_id IS NULL)
              UNION ALL
              SELECT s.account_id, s.period_start_on, s.period_end_on, s.movement, s.amount_mrr
              FROM jsonb_populate_recordset(NULL::snapshot_definition, since_last) s) d
        GROUP BY d.account_id, d.period_start_on, d.period_end_on, d.movement),
    moved AS (
        SELECT account_id, period_start_on, movement,
               coalesce(b.period_end_on, n.period_end_on, d.period_end_on) AS period_end_on,
               coalesce(b.amount_mrr, 0) AS before, coalesce(n.amount_mrr, 0) AS now,
               coalesce(d.amount_mrr, 0) AS defined
        FROM movements_at(then_id) b
             FULL JOIN movements_at(now_id) n USING (account_id, period_start_on, movement)
             FULL JOIN defined d USING (account_id, period_start_on, movement))
    SELECT m.account_id, m.period_start_on, m.period_end_on, m.movement, m.before, m.now, m.defined,
           b.account_id IS NULL, n.account_id IS NULL
    FROM moved m
         LEFT JOIN accounts_at(then_id) b USING (account_id)
         LEFT JOIN accounts_at(now_id) n USING (account_id)
    WHERE m.now <> m.before OR m.defined <> 0;
END;
COMMENT ON FUNCTION restated_by_account(bigint, bigint, jsonb) IS
'Internal: the movements of one snapshot that are others in another one, NULL: now, and what of that the definition '
'did; since_last: what it did since the last snapshot';
