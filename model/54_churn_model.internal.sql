-- What a churn model learns from: customers as of past days, read as account_health() reads them, and who left after.

CREATE UNLOGGED TABLE churn_example (
    as_of_on     date,
    account_id   @account_id@,
    segment      text,
    is_churned   boolean NOT NULL,
    health_score double precision,
    features     double precision[] NOT NULL,
    PRIMARY KEY (as_of_on, account_id));
COMMENT ON TABLE churn_example IS
'Internal: customers as of past days, as CALL csmetrics.train_churn_model learns from them; empty otherwise';
COMMENT ON COLUMN churn_example.as_of_on IS 'The day as of the end of which they are';
COMMENT ON COLUMN churn_example.account_id IS 'Key of the account';
COMMENT ON COLUMN churn_example.segment IS 'Market segment';
COMMENT ON COLUMN churn_example.is_churned IS 'Was it no customer any more at the end of the horizon?';
COMMENT ON COLUMN churn_example.health_score IS 'The score as of the day; NULL: too little was known';
COMMENT ON COLUMN churn_example.features IS 'What was known of it then, in the order of churn_features()';

CREATE OR REPLACE FUNCTION own_features() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(array_agg(DISTINCT h.signal ORDER BY h.signal), '{}') FROM health_signal h
    WHERE h.signal NOT IN (SELECT m.name FROM model_signal m) AND h.signal <> 'pulse';
END;
COMMENT ON FUNCTION own_features() IS 'Internal: the signals of one''s own that have a row in health_signal';

CREATE OR REPLACE FUNCTION churn_features() RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT (SELECT array_agg(m.name ORDER BY m.position) FROM model_signal m)
           || '{mrr,customer_days,anniversary_days}'::text[]
           || own_features();
END;
COMMENT ON FUNCTION churn_features() IS
'Internal: what a churn model is told of a customer: the signals of health, MRR, how long it has been one, how long '
'until that is another year, and the signals of one''s own that have a row in health_signal';

CREATE OR REPLACE FUNCTION features_of(
    readings double precision[], mrr numeric, revenue mrr_timeline, signals signals, as_of date, as_of_at timestamptz,
    own text[]) RETURNS double precision[]
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT $1 || ARRAY[$2::double precision, ($5 - paid.first_on)::double precision,
                           (365 - ($5 - paid.first_on) % 365)::double precision]
               || CASE WHEN $7 <> '{}'
                       THEN (SELECT array_agg(signal_at($4, o.name, $6) ORDER BY o.place)
                             FROM unnest($7) WITH ORDINALITY o(name, place)) END
        FROM (SELECT CASE WHEN first_paid_on($3) <= $5 THEN first_paid_on($3) END AS first_on) paid);
COMMENT ON FUNCTION features_of(double precision[], numeric, mrr_timeline, signals, date, timestamptz, text[]) IS
'Internal: the churn_features() of a customer as of the end of a day, from its readings; own: the names of the signals '
'that csmetrics.model_signal has not';

CREATE OR REPLACE FUNCTION churn_feature(as_of date) RETURNS TABLE (
    account_id @account_id@, name text, segment text, owner text, mrr numeric, health_score double precision, tier text,
    features double precision[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
BEGIN ATOMIC
    WITH rule AS (SELECT last_instant($1, p.time_zone) AS as_of_at, own_features() AS own FROM policy p LIMIT 1),
    -- each of them read once, not once an account
    same AS NOT MATERIALIZED (SELECT (SELECT as_of_at FROM rule) AS as_of_at, (SELECT own FROM rule) AS own)
    SELECT s.account_id, s.name, s.segment, s.owner, s.mrr, s.health_score, s.tier,
           features_of(s.readings, s.mrr, a.revenue, a.signals, $1, d.as_of_at, d.own)
    FROM same d CROSS JOIN account_score($1) s JOIN account_state a USING (account_id);
END;
COMMENT ON FUNCTION churn_feature(date) IS
'Internal: the customers as of the end of a day with their churn_features(), from what was known then: nothing that '
'came later has a part in it. Attributes, which are those of now, are none of them.';

CREATE OR REPLACE FUNCTION churn_days(horizon_days integer, months integer) RETURNS date[]
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT array_agg(d.day ORDER BY d.day)
    FROM reporting_range r, LATERAL (SELECT least(r.as_of_on, r.over_until_on - 1) - $1 AS last_on) l,
         generate_series(0, $2 - 1) k,
         LATERAL (SELECT (date_trunc('month', l.last_on + 1) - k * interval '1 month')::date - 1 AS day) d
    WHERE d.day >= r.from_on;
END;
COMMENT ON FUNCTION churn_days(integer, integer) IS
'Internal: the last ends of months of which it is known who left within a horizon; NULL: there are none';

CREATE OR REPLACE FUNCTION write_churn_example(day date, horizon_days integer, share double precision)
RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    WITH written AS (
        INSERT INTO churn_example
        SELECT $1, f.account_id, f.segment,
               churned_on(limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days), $1 + $2,
                          r.pause_rule = 'churn') IS NOT NULL,
               f.health_score, f.features
        FROM reporting_range r, churn_feature($1) f JOIN account_state a USING (account_id)
        -- by its key alone: all days of an account, or none
        WHERE $3 >= 1 OR ('x' || left(md5(f.account_id::text), 8))::bit(32)::bigint
                         < $3 * (1::bigint << 32)
        RETURNING 1)
    SELECT count(*) FROM written;
END;
COMMENT ON FUNCTION write_churn_example(date, integer, double precision) IS
'Internal: reads the customers as of a day, or a share of them, and who of them left within the horizon; how many';
