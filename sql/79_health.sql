-- Health in the model: signals read from the histories as of any day, the score that they make, who moved and why.
CREATE TABLE model_signal (
    position    smallint PRIMARY KEY,
    component   text NOT NULL,
    name        text NOT NULL UNIQUE,
    weight      double precision NOT NULL,
    worst       double precision NOT NULL,
    best        double precision NOT NULL,
    veto_from   double precision,
    veto_cap    double precision,
    against_segment boolean NOT NULL,
    expression  text NOT NULL,      -- over the histories of an account, and what view account_health puts beside them
    description text NOT NULL);
COMMENT ON TABLE model_signal IS 'The signals of health that every model reads from its histories, with the rules that a model begins with. One row a signal.';
COMMENT ON COLUMN model_signal.position IS 'Its place among the readings of an account, from 1 without gaps';
COMMENT ON COLUMN model_signal.component IS 'Component of the score: usage, support or business';
COMMENT ON COLUMN model_signal.name IS 'Name of the signal';
COMMENT ON COLUMN model_signal.weight IS 'Weight at first; those of usage come to 40, of support and of business to 30 each';
COMMENT ON COLUMN model_signal.worst IS 'Reading that is worth 0 at first';
COMMENT ON COLUMN model_signal.best IS 'Reading that is worth 100 at first';
COMMENT ON COLUMN model_signal.veto_from IS 'Reading from which on it vetoes at first; NULL: never';
COMMENT ON COLUMN model_signal.veto_cap IS 'The most that the score may be then';
COMMENT ON COLUMN model_signal.against_segment IS 'Is the reading that expression / that of the customer in the middle of its segment?';
COMMENT ON COLUMN model_signal.expression IS 'SQL expression of the reading, a double precision; NULL: missing';
COMMENT ON COLUMN model_signal.description IS 'What it reads, and in which unit';
GRANT SELECT ON model_signal TO PUBLIC;

INSERT INTO model_signal VALUES
(1, 'usage', 'consistency', 10, 0, 1, NULL, NULL, false,
 $$CASE WHEN has_usage AND day - since >= 7 THEN coalesce(consistency(usage, day, least(8, (day - since) / 7)), 0) END$$,
 'Share of the last 8 times 7 days, or as many as it has been a customer for, with usage'),
(2, 'usage', 'breadth', 6, 0, 0.8, NULL, NULL, false,
 $$CASE WHEN has_features AND entitled > 0 AND day - since >= 28 THEN least(1, coalesce(features_used(features, day - 27, day + 1), 0) / entitled::double precision) END$$,
 'Features used in the last 28 days / those it is entitled to; where no entitlements are mapped, those that anybody used'),
(3, 'usage', 'depth', 6, 0, 0.5, NULL, NULL, false,
 $$CASE WHEN has_features AND entitled > 0 AND day - since >= 28 THEN least(1, coalesce(features_used(features, day - 27, day + 1, 4), 0) / entitled::double precision) END$$,
 'Features used on at least 4 of the last 28 days / those it is entitled to, as in breadth'),
(4, 'usage', 'seat_use', 8, 0, 0.8, NULL, NULL, false,
 $$CASE WHEN has_users AND day - since >= 28 THEN coalesce(active_users, 0) / nullif(seats, 0)::double precision END$$,
 'Users active in the last adoption_days / seats bought'),
(5, 'usage', 'trend', 10, -0.5, 0, NULL, NULL, false,
 $$usage_change(usage, day, trend_days)$$,
 'Events of the last trend_days days / those of as many days before - 1'),
(6, 'support', 'open_escalations', 8, 2, 0, NULL, NULL, false,
 $$CASE WHEN has_tickets THEN coalesce(escalated_open_count(tickets, as_of_at), 0) END$$,
 'Escalated tickets that are open'),
(7, 'support', 'reopening', 5, 0.4, 0, NULL, NULL, false,
 $$reopened_share(tickets, from_at, to_at)$$,
 'Tickets that were opened again / tickets solved in the last health_days'),
(8, 'support', 'repeated_contact', 5, 0.5, 0, NULL, NULL, false,
 $$repeated_share(tickets, from_at, to_at, contact_window)$$,
 'Further contacts on an earlier ticket / tickets opened in the last health_days'),
(9, 'support', 'resolution', 5, 3, 1, NULL, NULL, true,
 $$as_hours(median_resolution(tickets, from_at, to_at))$$,
 'Median time to resolution of the tickets solved in the last health_days / that of the customer in the middle of its segment'),
(10, 'support', 'csat', 7, 2, 5, NULL, NULL, false,
 $$mean_answer(answers, 'csat', from_at, to_at)$$,
 'Mean CSAT answer of the last health_days, 1 to 5'),
(11, 'business', 'milestones', 5, 0, 1, NULL, NULL, false,
 $$due_reached_share(milestones, as_of_at)$$,
 'Milestones reached / milestones due'),
(12, 'business', 'renewal_posture', 9, 0, 1, NULL, NULL, false,
 $$CASE WHEN mrr > 0 THEN 1 - least(1, coalesce((mrr_at(notice, day) / mrr)::double precision, 0)) END$$,
 'Share of its MRR that is not under notice of cancellation'),
(13, 'business', 'mrr_change', 5, -0.3, 0, NULL, NULL, false,
 $$CASE WHEN day - since >= health_days THEN (mrr / nullif(mrr_at(revenue, day - health_days), 0) - 1)::double precision END$$,
 'MRR / MRR health_days before - 1'),
(14, 'business', 'nps', 5, 3, 9, NULL, NULL, false,
 $$mean_answer(answers, 'nps', before_at, to_at)$$,
 'Mean NPS answer of twice the last health_days, 0 to 10'),
(15, 'business', 'time_to_value', 6, 90, 30, NULL, NULL, false,
 $$CASE WHEN has_value AND (value_at >= started_at OR (value_at IS NULL AND as_of_at - started_at >= interval '720 hours')) THEN as_days(least(value_at, as_of_at) - started_at) END$$,
 'Days from the start to first value, as the policy says; so far, where it is not reached after 30 days'),
(16, 'support', 'escalation_days', 0, 30, 0, 14, 79, false,
 $$CASE WHEN has_tickets THEN coalesce(escalated_open_days(tickets, as_of_at), 0) END$$,
 'Days for which an escalated ticket has been open: no weight, but from 14 on a veto to Green');
INSERT INTO model_column SELECT name, description FROM model_signal;

INSERT INTO policy_column VALUES
(80, 'health_green_from', 'double precision', '80', 'health_green_from > health_yellow_from AND health_green_from <= 100 AND health_green_from = round(health_green_from::numeric, 2)', 'Scores from here on are Green; at most two decimals'),
(81, 'health_yellow_from', 'double precision', '50', 'health_yellow_from >= 0 AND health_yellow_from = round(health_yellow_from::numeric, 2)', 'Scores from here on are Yellow, lower ones Red; at most two decimals'),
(82, 'health_min_coverage', 'double precision', '0.6', 'health_min_coverage >= 0 AND health_min_coverage <= 1', 'A score of which less than this share of the weight is known is Unknown'),
(83, 'health_method', 'text', $$'weighted'$$, $$health_method IN ('weighted', 'worst_component', 'worst_signal')$$, 'The score is the weighted mean of its components, or that of the worst component, or of the worst signal'),
(84, 'health_days', 'integer', '90', 'health_days BETWEEN 1 AND 3653', 'Days of tickets, answers and MRR that signals of health look back on'),
(85, 'health_margin', 'double precision', '2', 'health_margin >= 0 AND health_margin <= 100', 'Points by which a score has to move to count as moved, and to pass a bound to leave its tier where tiers are held'),
(86, 'movement_days', 'integer', '28', 'movement_days BETWEEN 1 AND 3653', 'health_movement compares with the score of so many days before');