-- Health in the model: signals read from the histories as of any day, the score that they make, who moved and why.

DELETE FROM csmetrics.model_signal;
INSERT INTO csmetrics.model_signal VALUES
(1, 'usage', 'consistency', 10, 0, 1, NULL, NULL,
 'Share of the last 8 times 7 days, or as many as it has been a customer for, with usage'),
(2, 'usage', 'breadth', 6, 0, 0.8, NULL, NULL,
 'Features used in the last 28 days / those it is entitled to; where no entitlements are mapped, those that anybody '
 'used'),
(3, 'usage', 'depth', 6, 0, 0.5, NULL, NULL,
 'Features used on at least 4 of the last 28 days / those it is entitled to, as in breadth'),
(4, 'usage', 'seat_use', 8, 0, 0.8, NULL, NULL, 'Users active in the last adoption_days / seats bought'),
(5, 'usage', 'trend', 10, -0.5, 0, -1, 49,
 'Events of the last trend_days days / those of as many days before - 1; -1 of no use at all, where others use it: a '
 'veto to Red; 1 of use after none; of fewer than least_events events it is not told'),
(6, 'support', 'open_escalations', 8, 2, 0, NULL, NULL, 'Escalated tickets that are open'),
(7, 'support', 'reopening', 5, 0.4, 0, NULL, NULL,
 'Tickets that were opened again / tickets solved in the last health_days, of least_tickets at least'),
(8, 'support', 'repeated_contact', 5, 0.5, 0, NULL, NULL,
 'Further contacts on an earlier ticket / tickets opened in the last health_days, of least_tickets at least'),
(9, 'support', 'resolution', 5, 3, 1, NULL, NULL,
 'Median time to resolution of the tickets solved in the last health_days / the median of the others of its segment'),
(10, 'support', 'csat', 7, 2, 5, NULL, NULL, 'Mean CSAT answer of the last health_days, 1 to 5'),
(11, 'business', 'milestones', 5, 0, 1, NULL, NULL, 'Milestones reached / milestones due'),
(12, 'business', 'renewal_posture', 9, 0, 1, NULL, NULL, 'Share of its MRR that is not under notice of cancellation'),
(13, 'business', 'mrr_change', 5, -0.3, 0, NULL, NULL, 'MRR / MRR health_days before - 1'),
(14, 'business', 'nps', 5, 3, 9, NULL, NULL, 'Mean NPS answer of twice the last health_days, 0 to 10'),
(15, 'business', 'time_to_value', 6, 90, 30, NULL, NULL,
 'Days from the start to first value, as the policy says; so far, where it is not reached after 30 days'),
(16, 'support', 'escalation_days', 0, 30, 0, 14, 79,
 'Days for which an escalated ticket has been open: no weight, but from 14 on a veto to Green');
INSERT INTO csmetrics.model_column SELECT name, description FROM csmetrics.model_signal;

INSERT INTO csmetrics.policy_column (position, name, type, default_value, condition, takes_effect, meaning) VALUES
(80, 'health_green_from', 'double precision', '80',
 'health_green_from <= 100 AND health_green_from = round(health_green_from::numeric, 2)', 'at once',
 'Scores from here on are Green; at most two decimals'),
(81, 'health_yellow_from', 'double precision', '50',
 'health_yellow_from >= 0 AND health_yellow_from < health_green_from AND health_yellow_from = '
 'round(health_yellow_from::numeric, 2)', 'at once',
 'Scores from here on are Yellow, lower ones Red; at most two decimals'),
(82, 'health_min_coverage', 'double precision', '0.6', 'health_min_coverage >= 0 AND health_min_coverage <= 1',
 'at once', 'A score of which less than this share of the weight is known is Unknown'),
(83, 'health_method', 'text', $$'weighted'$$, $$health_method IN ('weighted', 'worst_component', 'worst_signal')$$,
 'at once', 'The score is the weighted mean of its components, or that of the worst component, or of the worst signal'),
(84, 'health_days', 'integer', '90', 'health_days BETWEEN 1 AND 3653', 'at once',
 'Days of tickets, answers and MRR that signals of health look back on'),
(85, 'health_margin', 'double precision', '2', 'health_margin >= 0 AND health_margin <= 100', 'at once',
 'Points by which a score has to move to count as moved, and to pass a bound to leave its tier where tiers are held'),
(86, 'movement_days', 'integer', '28', 'movement_days BETWEEN 1 AND 3653', 'at once',
 'health_movement compares with the score of so many days before'),
(230, 'usage_feed_days', 'integer', '7', 'usage_feed_days BETWEEN 1 AND 366', 'at once',
 'Where nobody used the product for so many days, its feed is taken to have stopped: of no use nothing is known then'),
(231, 'least_events', 'bigint', '10', 'least_events >= 0', 'at once',
 'The signal trend is not told of fewer events than these in both spans together: two after three is chance'),
(232, 'least_tickets', 'bigint', '3', 'least_tickets >= 0', 'at once',
 'The signals reopening and repeated_contact are not told of fewer tickets than these: one of one is chance');
