\unset ECHO
\i test/psql.sql
-- Support, surveys, milestones and value in a model of random facts: as of a past day the views say what they
-- said on that day, whatever came later; segments add up; and plain SQL over the sources agrees.
BEGIN;
SELECT plan(30);
SELECT setseed(0.29) \g /dev/null

CREATE TABLE public.customer AS
SELECT id, (ARRAY['small', 'large', NULL])[1 + id % 3] AS segment, (ARRAY['guided', 'alone'])[1 + id % 2] AS path, date '2023-06-01' + floor(random() * 400)::int AS created_on
FROM generate_series(1, 150) AS id;
CREATE TABLE public.contract AS
SELECT id AS account_id, created_on + floor(random() * 20)::int AS starts_on, CASE WHEN random() < 0.5 THEN created_on + 20 + floor(random() * 300)::int END AS ends_on, (10 + id % 7)::numeric AS mrr
FROM public.customer WHERE id % 10 > 0;
-- some come back
INSERT INTO public.contract SELECT account_id, ends_on + 40, NULL, 25 FROM public.contract WHERE ends_on IS NOT NULL AND account_id % 7 = 0;
CREATE TABLE public.step AS
SELECT id AS account_id, 'kickoff' AS milestone, created_on + random() * interval '10 days' AS reached_at, created_on + 14 AS due_on, true AS is_start, false AS is_value FROM public.customer WHERE id % 4 > 0
UNION ALL SELECT id, 'live', CASE WHEN random() < 0.7 THEN created_on + random() * interval '150 days' END, created_on + 60, false, true FROM public.customer WHERE id % 5 > 0;
CREATE TABLE public.ticket AS
SELECT id AS ticket_id, account_id, opened_at, CASE WHEN random() < 0.9 THEN opened_at + random() * interval '2 days' END AS first_reply_at,
       CASE WHEN random() < 0.8 THEN opened_at + (random() * random() * 60 - 0.5) * interval '1 day' END AS solved_at,
       (random() < 0.15)::int AS reopened, floor(random() * 4)::int AS agent_replies, (ARRAY['ann', 'bob', NULL])[1 + id % 3] AS requester_id, random() < 0.1 AS escalated
FROM (SELECT id, 1 + floor(random() * 150)::int AS account_id, timestamptz '2023-07-01' + random() * interval '450 days' AS opened_at FROM generate_series(1, 3000) AS id) AS t;
-- of some it is known when they were escalated: up to 90 days after the opening, or a day before
ALTER TABLE public.ticket ADD escalated_at timestamptz;
UPDATE public.ticket SET escalated_at = opened_at + (ticket_id % 92 - 1) * interval '1 day', escalated = (ARRAY[true, false, NULL])[1 + ticket_id % 3] WHERE ticket_id % 5 = 0;
-- and of some when they were reopened; some were, and are open ever since
ALTER TABLE public.ticket ADD reopened_at timestamptz;
UPDATE public.ticket SET reopened_at = opened_at + (ticket_id % 47 - 1) * interval '1 day' WHERE reopened > 0 AND ticket_id % 4 > 0;
CREATE TABLE public.answer AS
SELECT id, 1 + id % 150 AS account_id, (ARRAY['nps', 'csat', 'ces'])[1 + id % 3] AS kind, sent_at, CASE WHEN random() < 0.6 THEN sent_at + random() * interval '20 days' END AS responded_at,
       floor(random() * 12) AS score, (ARRAY['ann', 'bob', 'cyd', NULL])[1 + floor(random() * 4)::int] AS respondent_id
FROM (SELECT id, timestamptz '2023-07-01' + random() * interval '450 days' AS sent_at FROM generate_series(1, 4000) AS id) AS s;
-- NPS 0 to 10 (11 is off), CSAT 1 to 5 and a thumb, CES 1 to 7 with 1 the easiest
UPDATE public.answer SET score = CASE WHEN responded_at IS NOT NULL THEN CASE kind WHEN 'nps' THEN score WHEN 'csat' THEN CASE WHEN id % 2 = 0 THEN least(score, 2) ELSE least(score, 6) END ELSE least(score, 8) END END;

CREATE PROCEDURE pg_temp.build(model text, tickets text, answers text, steps text, contracts text) LANGUAGE plpgsql AS $$
BEGIN
    CALL create_model(model, 'integer');
    EXECUTE format('UPDATE %I.policy SET time_zone = ''Europe/Berlin'', as_of = ''2024-05-15'', gross_margin = 0.8', model);
    CALL map(model, 'account', 'SELECT id AS account_id, segment, path AS onboarding_path, created_on FROM public.customer');
    CALL map(model, 'ticket', 'SELECT ticket_id, account_id, opened_at, first_reply_at, solved_at, reopened, agent_replies, requester_id, escalated, escalated_at, reopened_at FROM ' || tickets);
    CALL map(model, 'survey', 'SELECT account_id, kind, score, sent_at, responded_at, respondent_id, CASE WHEN kind = ''csat'' AND id % 2 = 0 THEN 0 END AS lowest,
                                      CASE WHEN kind = ''csat'' AND id % 2 = 0 THEN 1 END AS highest, kind <> ''ces'' AS higher_is_better FROM ' || answers);
    CALL map(model, 'milestone', 'SELECT * FROM ' || steps);
    CALL map(model, 'subscription', 'SELECT * FROM ' || contracts);
    CALL refresh(model);
END
$$;
CALL pg_temp.build('now', 'public.ticket', 'public.answer', 'public.step', 'public.contract');
-- What the systems held at the end of 2024-05-15 in Berlin. That a contract will end is known before it does, so those keep their ends.
CREATE VIEW public.known AS SELECT timestamptz '2024-05-16 00:00 Europe/Berlin' AS until;
CREATE VIEW public.ticket_then AS
    SELECT ticket_id, account_id, opened_at, CASE WHEN first_reply_at < until THEN first_reply_at END AS first_reply_at, CASE WHEN solved_at < until THEN solved_at END AS solved_at,
           CASE WHEN solved_at < until OR coalesce(reopened_at, solved_at, opened_at) < until THEN reopened ELSE 0 END AS reopened,
           CASE WHEN solved_at < until OR reopened > 0 AND coalesce(reopened_at, solved_at, opened_at) < until THEN agent_replies END AS agent_replies, requester_id,
           CASE WHEN reopened_at < until THEN reopened_at END AS reopened_at,
           CASE WHEN escalated_at IS NULL THEN escalated ELSE escalated_at < until END AS escalated, CASE WHEN escalated_at < until THEN escalated_at END AS escalated_at
    FROM public.ticket, public.known WHERE opened_at < until;
CREATE VIEW public.answer_then AS
    SELECT id, account_id, kind, sent_at, CASE WHEN responded_at < until THEN responded_at END AS responded_at, CASE WHEN responded_at < until THEN score END AS score, respondent_id
    FROM public.answer, public.known WHERE sent_at < until;
CREATE VIEW public.step_then AS SELECT account_id, milestone, CASE WHEN reached_at < until THEN reached_at END AS reached_at, due_on, is_start, is_value FROM public.step, public.known;
CREATE VIEW public.contract_then AS SELECT account_id, starts_on, CASE WHEN ends_on <= '2024-05-15' THEN ends_on END AS ends_on, mrr FROM public.contract WHERE starts_on <= '2024-05-15';
CALL pg_temp.build('past', 'public.ticket_then', 'public.answer_then', 'public.step_then', 'public.contract_then');

SELECT isnt_empty(format('TABLE now.%I', v), v || ' has rows')
FROM unnest(ARRAY['time_to_value', 'support_by_segment', 'support_by_account', 'satisfaction_by_segment', 'value_by_segment']) AS v;
SELECT results_eq(format('SELECT t::text FROM now.%I t ORDER BY 1', v), format('SELECT t::text FROM past.%I t ORDER BY 1', v), v || ' as of a past day is what it was on that day')
FROM unnest(ARRAY['time_to_value', 'time_to_value_by_account', 'support_by_segment', 'support_by_account', 'satisfaction_by_segment', 'tenure_by_account', 'value_by_segment']) AS v;

-- Segments add up to the whole.
SELECT results_eq($$SELECT period_start_on, sum(opened_count)::bigint, sum(solved_count)::bigint, sum(backlog_count)::bigint, sum(judged_count)::bigint, sum(rejected_count)::bigint FROM now.support_by_segment WHERE dimension = 'segment' GROUP BY 1 ORDER BY 1$$,
              $$SELECT period_start_on, opened_count, solved_count, backlog_count, judged_count, rejected_count FROM now.support_monthly ORDER BY 1$$, 'support: segments add up to the month');
SELECT results_eq($$SELECT period_start_on, sum(nps_count)::bigint, sum(promoter_count)::bigint, sum(csat_count)::bigint, sum(ces_count)::bigint, sum(rejected_count)::bigint, sum(nps_sent_count)::bigint FROM now.satisfaction_by_segment WHERE dimension = 'segment' GROUP BY 1 ORDER BY 1$$,
              $$SELECT period_start_on, nps_count, promoter_count, csat_count, ces_count, rejected_count, nps_sent_count FROM now.satisfaction_monthly ORDER BY 1$$, 'satisfaction: segments add up to the month');
SELECT results_eq($$SELECT dimension, sum(account_count)::bigint, sum(reached_count)::bigint, sum(waiting_count)::bigint, sum(lost_count)::bigint, sum(rejected_count)::bigint FROM now.time_to_value GROUP BY 1 ORDER BY 1$$,
              $$SELECT d, account_count, reached_count, waiting_count, lost_count, rejected_count FROM now.time_to_value, unnest('{all,segment,onboarding_path}'::text[]) AS d WHERE dimension = 'all' ORDER BY 1$$, 'time to value: the values of each attribute add up');
SELECT results_eq($$SELECT dimension, sum(account_count)::bigint, sum(paying_count)::bigint, sum(churned_count)::bigint, sum(mrr) FROM now.value_by_segment GROUP BY 1 ORDER BY 1$$,
              $$SELECT d, account_count, paying_count, churned_count, mrr FROM now.value_by_segment, unnest('{all,segment,onboarding_path}'::text[]) AS d WHERE dimension = 'all' ORDER BY 1$$, 'value: the values of each attribute add up');
SELECT results_eq($$SELECT account_count, reached_count, waiting_count, lost_count, rejected_count FROM now.time_to_value WHERE dimension = 'all'$$,
                  $$SELECT count(*) FILTER (WHERE status <> 'rejected'), count(*) FILTER (WHERE status = 'reached'), count(*) FILTER (WHERE status = 'waiting'), count(*) FILTER (WHERE status = 'lost'), count(*) FILTER (WHERE status = 'rejected')
                    FROM now.time_to_value_by_account$$, 'time to value: the accounts behind it');
SELECT results_eq('SELECT sum(mrr), count(*) FILTER (WHERE mrr > 0) FROM now.tenure_by_account', $$SELECT mrr, paying_count FROM now.value_by_segment WHERE dimension = 'all'$$, 'value: the accounts behind it');
SELECT results_eq('SELECT sum(open_count), sum(escalated_open_count) FROM now.support_by_account',
                  $$SELECT count(*)::numeric, count(*) FILTER (WHERE escalated)::numeric FROM public.ticket_then WHERE solved_at IS NULL$$, 'support: what is open');

SELECT isnt_empty('SELECT FROM public.ticket_then WHERE solved_at IS NULL AND reopened > 0', 'support: some are open again');
SELECT isnt_empty('SELECT FROM public.ticket, public.known WHERE opened_at < until AND solved_at > until AND escalated AND escalated_at > until', 'support: some that are open were escalated later, and count as not escalated yet');

-- Plain SQL over what was known, months of Berlin.
CREATE TEMP VIEW month AS
SELECT m::date AS start, (m + interval '1 month')::date AS end, (m + interval '1 month') AT TIME ZONE 'Europe/Berlin' AS until FROM generate_series(timestamp '2023-07-01', '2024-05-01', '1 month') AS m;
CREATE TEMP VIEW dated AS
SELECT *, date_trunc('month', opened_at AT TIME ZONE 'Europe/Berlin')::date AS opened_in, date_trunc('month', greatest(solved_at, CASE WHEN solved_at IS NOT NULL THEN opened_at END) AT TIME ZONE 'Europe/Berlin')::date AS solved_in
FROM public.ticket_then;
SELECT results_eq('SELECT period_start_on, period_end_on, opened_count, solved_count, backlog_count, round(backlog_age_days::numeric, 4), escalated_count, rejected_count, is_complete FROM now.support_monthly ORDER BY 1',
    $$SELECT start, "end", count(*) FILTER (WHERE opened_in = start), count(*) FILTER (WHERE solved_in = start), count(*) FILTER (WHERE opened_at < m.until AND (solved_in > start) IS NOT FALSE),
             round(avg(extract(epoch FROM least(m.until, k.until - interval '1 us') - opened_at)) FILTER (WHERE opened_at < m.until AND (solved_in > start) IS NOT FALSE) / 86400, 4),
             count(*) FILTER (WHERE opened_in = start AND escalated), count(*) FILTER (WHERE opened_in = start AND solved_at < opened_at), start < '2024-05-01'
      FROM month AS m, dated, public.known AS k GROUP BY 1, 2 ORDER BY 1$$, 'support: opened, solved, backlog and its age');
SELECT results_eq('SELECT period_start_on, round(naive_resolution_median_hours::numeric, 6), round(naive_resolution_mean_hours::numeric, 6), round(naive_resolution_p90_hours::numeric, 6) FROM now.support_monthly ORDER BY 1',
    $$SELECT opened_in, round((percentile_cont(0.5) WITHIN GROUP (ORDER BY h))::numeric, 6), round(avg(h)::numeric, 6), round((percentile_cont(0.9) WITHIN GROUP (ORDER BY h))::numeric, 6)
      FROM (SELECT opened_in, extract(epoch FROM solved_at - opened_at)::float8 / 3600 AS h FROM dated WHERE solved_at >= opened_at) AS s GROUP BY 1 ORDER BY 1$$, 'support: naive median, mean and p90 are those of plain SQL');
SELECT ok(bool_and(resolution_median_hours > naive_resolution_median_hours AND resolution_p90_hours IS NULL OR resolution_p90_hours > naive_resolution_p90_hours), 'and too low, as a fifth is never solved')
FROM now.support_monthly WHERE is_complete;
SELECT results_eq('SELECT period_start_on, reopen_rate, one_touch_rate FROM now.support_monthly ORDER BY 1',
    $$SELECT opened_in, avg((reopened > 0)::int) FILTER (WHERE solved_at IS NOT NULL OR reopened > 0)::float8, avg((agent_replies = 1 AND reopened = 0)::int)::float8 FROM dated GROUP BY 1 ORDER BY 1$$, 'support: reopening and one touch');
SELECT results_eq('SELECT period_start_on, judged_count, round(fcr_rate::numeric, 12), round(fcr_net_rate::numeric, 12) FROM now.support_monthly ORDER BY 1',
    $$SELECT opened_in, count(fc), round(avg(fc::int), 12), round(avg(fc::int) FILTER (WHERE NOT escalated), 12)
      FROM (SELECT t.*, CASE WHEN solved_at IS NULL AND reopened > 0 THEN CASE WHEN opened_at + interval '168 hours' < until THEN false END
                             WHEN solved_at >= opened_at AND solved_at + interval '168 hours' < until
                             THEN reopened = 0 AND NOT EXISTS (SELECT FROM dated AS o WHERE o.account_id = t.account_id AND o.requester_id IS NOT DISTINCT FROM t.requester_id
                                                                AND o.opened_at > t.opened_at AND o.opened_at <= t.solved_at + interval '168 hours') END AS fc
            FROM dated AS t, public.known) AS j GROUP BY 1 ORDER BY 1$$, 'support: first contact resolution, by self-join');

CREATE TEMP VIEW voiced AS
SELECT DISTINCT ON (account_id, kind, month, respondent, score = 'NaN') * FROM (
    SELECT account_id, kind, date_trunc('month', responded_at AT TIME ZONE 'Europe/Berlin')::date AS month, coalesce(respondent_id, id::text) AS respondent, responded_at,
           CASE WHEN kind = 'nps' AND score BETWEEN 0 AND 10 THEN score WHEN kind = 'csat' AND id % 2 = 0 AND score BETWEEN 0 AND 1 THEN 1 + 4 * score
                WHEN kind = 'csat' AND id % 2 = 1 AND score BETWEEN 1 AND 5 THEN score WHEN kind = 'ces' AND score BETWEEN 1 AND 7 THEN 8 - score ELSE 'NaN' END AS score
    FROM public.answer_then WHERE responded_at IS NOT NULL) AS a
ORDER BY account_id, kind, month, respondent, score = 'NaN', responded_at DESC;
SELECT results_eq('SELECT period_start_on, nps_score, nps_count, promoter_count, passive_count, detractor_count, csat_rate, csat_count, round(ces_score::numeric, 12), round(ces_easy_rate::numeric, 12), ces_count, rejected_count FROM now.satisfaction_monthly ORDER BY 1',
    $$SELECT month, 100 * (p - d)::float8 / (p + q + d), p + q + d, p, q, d, csat, csat_count, round(ces, 12), round(easy, 12), ces_count, rejected FROM (
          SELECT month, count(*) FILTER (WHERE kind = 'nps' AND score IN (9, 10)) AS p, count(*) FILTER (WHERE kind = 'nps' AND score IN (7, 8)) AS q, count(*) FILTER (WHERE kind = 'nps' AND score <= 6) AS d,
                 avg((score >= 4)::int) FILTER (WHERE kind = 'csat' AND score <> 'NaN')::float8 AS csat, count(*) FILTER (WHERE kind = 'csat' AND score <> 'NaN') AS csat_count,
                 avg(score::numeric) FILTER (WHERE kind = 'ces' AND score <> 'NaN') AS ces, avg((score >= 5)::int) FILTER (WHERE kind = 'ces' AND score <> 'NaN') AS easy,
                 count(*) FILTER (WHERE kind = 'ces' AND score <> 'NaN') AS ces_count, count(*) FILTER (WHERE score = 'NaN') AS rejected
          FROM voiced GROUP BY 1) AS c ORDER BY 1$$, 'satisfaction: the last answer of each respondent a month');
SELECT results_eq('SELECT period_start_on, nps_sent_count, nps_response_rate, csat_sent_count, csat_response_rate, ces_sent_count, ces_response_rate FROM now.satisfaction_monthly ORDER BY 1',
    $$SELECT date_trunc('month', sent_at AT TIME ZONE 'Europe/Berlin')::date, count(*) FILTER (WHERE kind = 'nps'), avg((responded_at IS NOT NULL)::int) FILTER (WHERE kind = 'nps')::float8,
             count(*) FILTER (WHERE kind = 'csat'), avg((responded_at IS NOT NULL)::int) FILTER (WHERE kind = 'csat')::float8,
             count(*) FILTER (WHERE kind = 'ces'), avg((responded_at IS NOT NULL)::int) FILTER (WHERE kind = 'ces')::float8 FROM public.answer_then GROUP BY 1 ORDER BY 1$$, 'satisfaction: response rates');

CREATE TEMP VIEW tenure AS
SELECT account_id, first, CASE WHEN last <= '2024-05-15' THEN last END AS gone, (CASE WHEN last <= '2024-05-15' THEN last ELSE '2024-05-16' END) - first AS days
FROM (SELECT account_id, min(starts_on) AS first, max(coalesce(ends_on, 'infinity')) AS last FROM public.contract_then GROUP BY 1) AS c;
SELECT results_eq('SELECT account_id, first_paid_on, churned_on, tenure_days FROM now.tenure_by_account ORDER BY 1', 'SELECT account_id, first, gone, days::float8 FROM tenure ORDER BY 1', 'value: tenures');
SELECT results_eq($$SELECT monthly_churn_rate FROM now.value_by_segment WHERE dimension = 'all'$$,
    $$SELECT (count(*) FILTER (WHERE gone < w + interval '1 month'))::float8 / count(*) FROM tenure, generate_series(timestamp '2023-05-16', '2024-04-16', '1 month') AS w WHERE first < w AND (gone >= w) IS NOT FALSE$$, 'value: churn of the twelve months');

SELECT * FROM finish();
ROLLBACK;
