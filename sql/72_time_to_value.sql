-- Time to value in the model: milestones, and how long accounts take from start to first value.
INSERT INTO source_column VALUES
('milestone', 1, 'account_id', 'account_id', true, 'Key of the account'),
('milestone', 2, 'milestone', 'text', true, 'Name of the milestone'),
('milestone', 3, 'reached_at', 'timestamptz', false, 'When it was reached; NULL: not yet'),
('milestone', 4, 'due_on', 'date', false, 'The day by which it is to be reached'),
('milestone', 5, 'is_start', 'boolean', false, 'True where reaching it starts the clock to first value, as kickoff does'),
('milestone', 6, 'is_value', 'boolean', false, 'True where it is first value, unless value_event of the policy names another');

INSERT INTO source_check VALUES
('milestone', 1, 'account_id IS NULL', $$'account_id is NULL'$$),
('milestone', 2, 'milestone IS NULL', $$'milestone is NULL'$$);

INSERT INTO model_history (position, name, type, source, expression, condition, index_on, description) VALUES
(20, 'milestones', 'milestones', 'milestone',
 $$milestone_agg(milestone, reached_at, (due_on + 1)::timestamp AT TIME ZONE (rules).time_zone, is_start, coalesce(milestone = (rules).value_event, is_value))$$, 'true',
 NULL, 'Its milestones, reached and due; NULL without any');

INSERT INTO policy_column VALUES
(20, 'ttv_start_rule', 'text', $$'milestone'$$, $$ttv_start_rule IN ('milestone', 'created', 'paid')$$,
 'The clock to first value starts when the first is_start milestone is reached (milestone), with the day the account was created (created), or with that of its first MRR (paid); accounts without have not started'),
(21, 'lost_before_value_rule', 'text', $$'compete'$$, $$lost_before_value_rule IN ('compete', 'censor')$$,
 'Accounts lost before first value: never get there any more (compete), or count as waiting until the day they were lost (censor)'),
(22, 'value_event', 'text', NULL, NULL, 'Name of the milestone that is first value; NULL: those that the source marks is_value (refresh)');

INSERT INTO model_column VALUES
('onboarding_path', 'Way in which the account was brought on board'),
('started_at', 'When the clock to first value started, as the policy says'),
('value_at', 'When first value was reached'),
('lost_at', 'When the account lost its last MRR'),
('status', 'reached, waiting, lost before value, or rejected: value before the start, for somebody to mend'),
('ttv_days', 'Days from the start to first value, to the loss, or so far'),
('reached_count', 'Accounts that reached first value'),
('waiting_count', 'Accounts on their way: censored, not left out'),
('lost_count', 'Accounts lost before first value'),
('rejected_count', 'Rows that cannot be right, in no figure: first value before the start, solved before opened, answers off their scale'),
('ttv_median_days', 'Median days to first value of all accounts, those waiting included; NULL where half have not got there'),
('ttv_median_lower_days', 'Lower end of its confidence interval (log-log)'),
('ttv_median_upper_days', 'Upper end of its confidence interval'),
('within_30_days_rate', 'Share of accounts that reach first value within 30 days, those waiting included'),
('within_30_days_lower_rate', 'Lower end of its confidence interval'),
('within_30_days_upper_rate', 'Upper end of its confidence interval'),
('naive_ttv_mean_days', 'Mean days of the accounts that reached first value alone: too low while others wait'),
('naive_ttv_median_days', 'Median days of the accounts that reached first value alone: too low while others wait'),
('log_rank_p', 'Probability of differences as large as those between the values of this dimension if there were none (log-rank test); NULL with one value, or more than 100'),
('is_exact', 'Are all lengths of time kept as they are? Else they are off by at most 0.4 %');

INSERT INTO model_view VALUES
(105, 'account_time_to_value', $$
    SELECT t.account_id, t.name, t.segment, t.onboarding_path, t.owner, t.started_at, t.value_at, t.lost_at,
           CASE WHEN t.value_at < t.started_at THEN 'rejected'
                WHEN t.value_at <= coalesce(t.lost_at, 'infinity') THEN 'reached'
                WHEN t.lost_at IS NOT NULL THEN 'lost' ELSE 'waiting' END AS status,
           as_days(least(t.value_at, t.lost_at, t.as_of_at) - t.started_at) AS ttv_days, t.as_of_at
    FROM (SELECT a.account_id, n.name, n.segment, n.onboarding_path, n.owner, start.at AS started_at, value_at(a.milestones, d.as_of_at), d.as_of_at,
                 -- who was lost before the clock started never had a day
                 CASE WHEN lost.at < start.at THEN start.at ELSE lost.at END AS lost_at
          FROM reporting_range r, policy p, LATERAL (SELECT last_instant($1, r.time_zone) AS as_of_at) d,
               account_state a LEFT JOIN source_account n USING (account_id),
               LATERAL (SELECT CASE p.ttv_start_rule WHEN 'milestone' THEN started_at(a.milestones, d.as_of_at)
                                                     WHEN 'created' THEN n.created_on::timestamp AT TIME ZONE r.time_zone
                                                     ELSE first_paid_on(a.revenue)::timestamp AT TIME ZONE r.time_zone END AS at) start,
               LATERAL (SELECT churned_on(limit_pauses(smooth_gaps(a.revenue, r.gap_smooth_days), r.pause_churn_days),
                                          $1, r.pause_rule = 'churn')::timestamp AT TIME ZONE r.time_zone AS at) lost
          WHERE start.at <= d.as_of_at) t
$$, 'The way of each account to first value as of the end of any day, from what was known then: when it started, when it got there, and where it stood.', 'as_of date'),

(110, 'time_to_value_by_account', $$
    SELECT t.account_id, t.name, t.segment, t.onboarding_path, t.owner, t.started_at, t.value_at, t.lost_at, t.status, t.ttv_days
    FROM reporting_range r, LATERAL account_time_to_value(r.as_of_on) t
$$, 'The way of each account to first value: when it started, when it got there, and where it stands.', NULL),

(120, 'time_to_value', $$
    WITH way AS (
        SELECT d.dimension, d.value, count(*) FILTER (WHERE t.status = 'rejected') AS rejected_count,
               duration_agg(t.started_at, t.value_at,
                            CASE p.lost_before_value_rule WHEN 'censor' THEN least(t.lost_at, r.as_of_at) ELSE r.as_of_at END,
                            CASE p.lost_before_value_rule WHEN 'compete' THEN t.lost_at END) FILTER (WHERE t.status <> 'rejected') AS state,
               r.confidence_rate, r.as_of_on, r.policy_hash
        FROM reporting_range r, policy p, time_to_value_by_account t JOIN account_dimension d USING (account_id)
        GROUP BY d.dimension, d.value, r.confidence_rate, r.as_of_on, r.policy_hash),
    test AS (
        SELECT w.dimension, l.p AS log_rank_p
        FROM (SELECT dimension, array_agg(state ORDER BY value) AS states FROM way GROUP BY dimension HAVING count(*) BETWEEN 2 AND 100) w,
             LATERAL log_rank(w.states) l)
    SELECT w.dimension, w.value, coalesce(subject_count(w.state), 0) AS account_count, coalesce(ended_count(w.state), 0) AS reached_count,
           coalesce(censored_count(w.state), 0) AS waiting_count, coalesce(competing_count(w.state), 0) AS lost_count, w.rejected_count,
           as_days(median_duration(w.state)) AS ttv_median_days,
           as_days(median.lower) AS ttv_median_lower_days, as_days(median.upper) AS ttv_median_upper_days,
           share_within(w.state, '30 days') AS within_30_days_rate,
           share.lower AS within_30_days_lower_rate, share.upper AS within_30_days_upper_rate,
           as_days(naive_mean(w.state)) AS naive_ttv_mean_days, as_days(naive_median(w.state)) AS naive_ttv_median_days,
           test.log_rank_p, is_exact(w.state) AS is_exact, w.as_of_on, w.policy_hash
    FROM way w LEFT JOIN test USING (dimension),
         LATERAL median_duration_interval(w.state, w.confidence_rate) median,
         LATERAL share_within_interval(w.state, '30 days', w.confidence_rate) share
    ORDER BY w.dimension, w.value
$$, 'Time to first value of all accounts, and for each value of each attribute in use, onboarding path among them: survival estimates, so that accounts on their way count and nothing is flattered. With lost_before_value_rule compete, shares and median are those of accounts that got there, of all that set out. Empty where no milestone is marked is_start, unless ttv_start_rule names another start.', NULL),

(125, 'time_to_value_monthly', $$
    WITH way AS (
        SELECT m.start_on, m.end_on, d.dimension, d.value, count(*) FILTER (WHERE t.status = 'rejected') AS rejected_count,
               duration_agg(t.started_at, t.value_at,
                            CASE p.lost_before_value_rule WHEN 'censor' THEN least(t.lost_at, t.as_of_at) ELSE t.as_of_at END,
                            CASE p.lost_before_value_rule WHEN 'compete' THEN t.lost_at END) FILTER (WHERE t.status <> 'rejected') AS state,
               r.confidence_rate, r.policy_hash
        FROM reporting_range r, policy p,
             LATERAL (SELECT (date_trunc('month', r.as_of_on + 1) - k * interval '1 month')::date AS end_on, (date_trunc('month', r.as_of_on + 1) - k * interval '1 month' - interval '1 year')::date AS start_on
                      FROM generate_series(0, 23) k) m,
             LATERAL account_time_to_value(m.end_on - 1) t JOIN account_dimension d USING (account_id)
        WHERE t.started_at >= m.start_on::timestamp AT TIME ZONE r.time_zone AND m.end_on > coalesce(p.report_from, '-infinity')
        GROUP BY m.start_on, m.end_on, d.dimension, d.value, r.confidence_rate, r.policy_hash)
    SELECT w.start_on AS period_start_on, w.end_on AS period_end_on, w.dimension, w.value,
           coalesce(subject_count(w.state), 0) AS account_count, coalesce(ended_count(w.state), 0) AS reached_count,
           coalesce(censored_count(w.state), 0) AS waiting_count, coalesce(competing_count(w.state), 0) AS lost_count, w.rejected_count,
           as_days(median_duration(w.state)) AS ttv_median_days,
           as_days(median.lower) AS ttv_median_lower_days, as_days(median.upper) AS ttv_median_upper_days,
           share_within(w.state, '30 days') AS within_30_days_rate,
           share.lower AS within_30_days_lower_rate, share.upper AS within_30_days_upper_rate, true AS is_complete, w.policy_hash
    FROM way w, LATERAL median_duration_interval(w.state, w.confidence_rate) median,
         LATERAL share_within_interval(w.state, '30 days', w.confidence_rate) share
    ORDER BY w.dimension, w.value, w.end_on
$$, 'Time to first value as it stood at the end of each of the last 24 months that are over, of the accounts that had set out in the year up to then: survival estimates from what was known then. For all and for each value of each attribute in use.', NULL);
