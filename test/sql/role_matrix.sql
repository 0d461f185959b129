\unset ECHO
\i test/psql.sql
-- Each object of a model, and each routine that takes a model, against each role: what it can read, write and run. An object without a row here fails the test.
BEGIN;
SELECT plan(59);
-- so that what is never executed does not hang on how often it was planned
SET plan_cache_mode = force_custom_plan;
CREATE FUNCTION pg_temp.by("role" text, statement text, OUT state text, OUT answer text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %I', "role");
    IF statement ~ '^SELECT' THEN
        EXECUTE statement INTO answer;
    ELSE
        EXECUTE statement;
    END IF;
    RESET ROLE;
    state := 'ok';
EXCEPTION WHEN OTHERS THEN
    state := SQLSTATE;
    answer := SQLERRM;
END $$;
CREATE FUNCTION pg_temp.undone("role" text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    state := (pg_temp.by("role", statement)).state;
    RAISE SQLSTATE 'CSEND';
EXCEPTION WHEN SQLSTATE 'CSEND' THEN
    RETURN state;
END $$;

-- Two accounts of one customer-success manager, and two of others; whatever tells of those has one of these words in it.
\set of_others '''"[cd]"|Cedar|Dorn|Enterprise|Large|\m(4000|70000)\M|"t[cd]"'''
CREATE ROLE matrix_owner;
CREATE ROLE matrix_member IN ROLE matrix_owner;
CREATE ROLE matrix_editor;
CREATE ROLE matrix_reader;
CREATE ROLE matrix_csm;
CREATE ROLE matrix_nobody;
SELECT format('GRANT CREATE ON DATABASE %I TO matrix_owner', current_database()) \gexec
CREATE SCHEMA crm AUTHORIZATION matrix_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
SET LOCAL ROLE matrix_owner;
CREATE TABLE crm.customer AS SELECT * FROM (VALUES ('a', 'Ash', 'SMB', 'matrix_csm', NULL), ('b', 'Birch', 'SMB', 'matrix_csm', 'a'), ('c', 'Cedar', 'Enterprise', 'another', NULL),
                                                   ('d', 'Dorn', 'Large', 'another', 'c')) v(account_id, name, segment, owner, parent_id);
CREATE TABLE crm.contract AS SELECT * FROM (VALUES ('a', date '2024-01-01', 100), ('b', '2024-01-01', 200), ('c', '2024-01-01', 4000), ('d', '2024-03-15', 70000)) v(account_id, starts_on, mrr);
CREATE TABLE crm.click AS SELECT account_id, timestamptz '2024-06-01 12:00+00' AS at, 'u' AS user_id, 'report' AS feature FROM crm.customer;
CREATE TABLE crm.ticket AS SELECT account_id, 't' || account_id AS ticket_id, timestamptz '2024-05-01 12:00+00' AS opened_at FROM crm.customer;
CALL create_model('cs');
CALL map('cs', 'account', 'TABLE crm.customer');
CALL map('cs', 'subscription', 'TABLE crm.contract');
CALL map('cs', 'usage', 'TABLE crm.click');
CALL map('cs', 'ticket', 'TABLE crm.ticket');
UPDATE cs.policy SET as_of = '2024-06-10';
INSERT INTO cs.alert_rule (rule, condition) VALUES ('customer', 'mrr > 0');
INSERT INTO cs.playbook (name, trigger_when, success_when, horizon_days, due_days) VALUES ('p', 'true', 'true', 10, 5);
CALL refresh('cs');
CALL validate('cs');
CALL evaluate_alerts('cs');
CALL run_playbooks('cs');
CALL take_snapshot('cs');
CALL grant_read('cs', 'matrix_reader');
CALL grant_write('cs', 'matrix_editor');
CALL grant_read('cs', 'matrix_csm');
CALL secure('cs', 'matrix_reader', 'true');
CALL secure('cs', 'matrix_editor', 'true');
CALL secure('cs', 'matrix_csm', 'owner = current_user');
RESET ROLE;
ANALYZE;

-- Tables and views: r reads, a adds, w changes, d deletes rows; owner: also its members, by inheritance.
CREATE TEMP TABLE relation_matrix (schema text, kind text, owner text, editor text, reader text, csm text, nobody text, names text);
INSERT INTO relation_matrix VALUES
    ('cs', 'records', 'rawd', 'r', 'r', 'r', '', 'account allowed_function churn_model data_finding refresh_log refreshed_source snapshot snapshot_reading watch'),
    ('cs', 'what feeds it', 'rawd', '', '', '', '', 'account_identity connection shared_domain'),
    ('cs', 'rules', 'rawd', 'rawd', 'r', 'r', '', 'alert_rule health_component health_signal playbook quality_rule target'),
    ('cs', 'what triggers write', 'rawd', 'ra', 'r', 'r', '', 'definition_change'),
    ('cs', 'runs of plays, and alerts', 'rawd', 'rw', 'r', 'r', '', 'playbook_run alert'),
    ('cs', 'policy', 'rawd', 'rw', 'r', 'r', '', 'policy'),
    ('cs', 'metric views', 'rawd', 'r', 'r', 'r', '', 'account_health account_now account_value alert_open churn_by_reason churn_calibration churn_drift churn_monthly churn_risk model_card revenue_at_risk cohort_retention company_monthly csm_today data_quality discount_by_segment entitlement executive_monthly
      feature_adoption health_backtest health_backtest_by_signal health_backtest_by_tier health_by_account_signal health_by_parent health_by_segment health_by_signal
      health_calibration health_movement health_movement_by_signal health_outcome health_outcome_by_signal health_trend manager_weekly metric_reading missing_rate
      playbook_judgement playbook_outcome playbook_run_outcome reporting_range retention_by_account retention_by_segment retention_trailing_year revenue_ahead revenue_all_periods revenue_by_currency
      revenue_by_period revenue_by_product revenue_by_segment revenue_monthly revenue_movement revenue_transfer satisfaction_by_segment satisfaction_monthly scorecard scorecard_by_account
      scorecard_by_segment scorecard_lead support_by_account support_by_segment support_monthly tenure_by_account time_to_value time_to_value_by_account
      time_to_value_monthly usage_by_account usage_by_role usage_by_segment usage_daily usage_depth usage_movement usage_retention usage_retention_by_segment
      value_by_segment waiting_by_segment waiting_monthly'),
    ('cs_internal', 'what feeds it', 'rawd', '', '', '', '', 'churn_example changed_row fresh_change fresh_reading read_form taken_row account_digest changed_score connected_account connection_view score_account fresh_account fresh_digest fresh_entitlement fresh_fx_rate fresh_key fresh_milestone fresh_parent fresh_signal
      fresh_subscription fresh_survey fresh_ticket fresh_usage granted_role identity left_out_account observed_charge'),
    ('cs_internal', 'histories', 'rawd', 'r', 'r', 'r', '', 'account_entity account_state changed_key health_total known_dimension feed_first score_feed score_segment score_state scored_day week_total alert_evaluation alert_state company_total discount_state ending_state entitlement_state product_state fx_rate model_version revenue_state snapshot_account
      snapshot_definition snapshot_movement user_state'),
    ('cs_internal', 'views below them', 'rawd', 'r', 'r', 'r', '', 'account_dimension constant_rate currency_rate dimension_in_use'),
    ('cs_internal', 'what is stored of readings', 'rawd', 'r', 'r', 'r', '', 'stored_active stored_ahead stored_answer stored_loss stored_movement stored_product_movement stored_reading stored_retention_by_segment stored_revenue_by_period stored_revenue_by_segment
      stored_satisfaction_by_segment stored_support_by_segment stored_ticket stored_time_to_value_monthly stored_way stored_way_now stored_retention'),
    ('cs_internal', 'what is taken out of it', 'rawd', '', '', '', '', 'before_active before_ahead before_answer before_loss before_movement before_product_movement before_ticket before_way before_way_now before_retention'),
    ('cs_internal', 'sources', 'rawd', '', '', '', '', 'kept_account kept_entitlement kept_fx_rate kept_milestone kept_parent kept_signal kept_subscription kept_survey kept_ticket kept_usage source_account
      source_entitlement source_fx_rate source_milestone source_parent source_signal source_subscription source_survey source_ticket source_usage');
CREATE TEMP VIEW named AS SELECT m.*, n AS name, format('%I.%I', m.schema, n) AS relation FROM relation_matrix m, regexp_split_to_table(trim(m.names), '\s+') n;
SELECT set_eq($$SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = ANY (schemas_of('cs')) AND c.relkind IN ('r', 'v', 'm', 'p', 'f')$$, 'SELECT relation FROM named', 'each table and view has a row in the matrix');
CREATE FUNCTION pg_temp.rights("role" text, relation regclass) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN has_schema_privilege("role", c.relnamespace, 'USAGE') THEN concat(
        CASE WHEN has_table_privilege("role", c.oid, 'SELECT') THEN 'r' END, CASE WHEN has_any_column_privilege("role", c.oid, 'INSERT') THEN 'a' END,
        CASE WHEN has_any_column_privilege("role", c.oid, 'UPDATE') THEN 'w' END, CASE WHEN has_table_privilege("role", c.oid, 'DELETE') THEN 'd' END) ELSE '' END
    FROM pg_class c WHERE c.oid = relation $$;
CREATE TEMP VIEW cell AS SELECT n.relation, r.role, r.rights FROM named n, LATERAL (VALUES ('matrix_owner', n.owner), ('matrix_member', n.owner), ('matrix_editor', n.editor), ('matrix_reader', n.reader),
                                                                                           ('matrix_csm', n.csm), ('matrix_nobody', n.nobody)) r(role, rights);
SELECT set_eq(format('SELECT relation, pg_temp.rights(role, relation::regclass) FROM cell WHERE role = %L', role), format('SELECT relation, rights FROM cell WHERE role = %L', role), role || ': rights')
FROM (SELECT DISTINCT role FROM cell) r ORDER BY role;
SELECT set_eq(format('SELECT relation, pg_temp.undone(role, format(''SELECT count(*) FROM %%s'', relation)) FROM cell WHERE role = %L', role),
              format('SELECT relation, CASE WHEN rights ~ ''r'' THEN ''ok'' ELSE ''42501'' END FROM cell WHERE role = %L', role), role || ': really read')
FROM (SELECT DISTINCT role FROM cell) r ORDER BY role;
SELECT set_eq($$SELECT relation, role, pg_temp.undone(role, format('DELETE FROM %s', relation)) = '42501' FROM cell JOIN pg_class c ON c.oid = relation::regclass AND c.relkind = 'r'$$,
              $$SELECT relation, role, rights !~ 'd' FROM cell JOIN pg_class c ON c.oid = relation::regclass AND c.relkind = 'r'$$, 'really deleted from');
SELECT set_eq($$SELECT c.oid::regclass::text, a.attname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND c.relname IN ('policy', 'playbook_run', 'alert')
                WHERE c.relnamespace = 'cs'::regnamespace AND has_column_privilege('matrix_editor', c.oid, a.attnum, 'UPDATE')$$,
              $$SELECT 'cs.policy', name FROM policy_column WHERE name NOT IN ('restricted_totals', 'hidden_least_count') UNION ALL VALUES ('cs.playbook_run', 'done_on'), ('cs.playbook_run', 'note'), ('cs.alert', 'response'), ('cs.alert', 'reason'), ('cs.alert', 'until_on')$$,
              'of policy, runs and alerts an editor changes these columns');
SELECT is_empty($$SELECT * FROM pg_class c, unnest('{matrix_editor,matrix_reader,matrix_csm,matrix_nobody}'::text[]) r WHERE c.relnamespace = ANY (schemas_of('cs'))
                  AND (c.relkind = 'S' AND has_sequence_privilege(r, c.oid, 'USAGE, SELECT, UPDATE') OR c.relkind IN ('r', 'v') AND has_table_privilege(r, c.oid, 'TRUNCATE, REFERENCES, TRIGGER'))$$,
                'no other right on a table or a sequence');
SELECT is_empty($$SELECT * FROM unnest('{matrix_editor,matrix_reader,matrix_csm,matrix_nobody}'::text[]) r, unnest(schemas_of('cs')) s WHERE has_schema_privilege(r, s, 'CREATE')$$, 'nobody else creates in the schemas');
SELECT is((pg_temp.by('matrix_editor', statement)).state, state, 'an editor: ' || statement)
FROM (VALUES ('INSERT INTO cs.alert_rule (rule, condition) VALUES (''r'', ''mrr > 1'')', 'ok'), ('INSERT INTO cs.alert_rule (rule, condition) VALUES (''s'', ''no such column'')', '42601'),
             ('INSERT INTO cs.playbook (name, trigger_when, success_when, horizon_days, due_days) VALUES (''q'', ''mrr > 1'', ''true'', 10, 5)', 'ok'),
             ('INSERT INTO cs.quality_rule (rule, source, severity, condition) VALUES (''r'', ''account'', ''info'', ''name IS NULL'')', 'ok')) v(statement, state);

-- Routines: what comes of calling them, by those who are not the owner, with the model and nothing else.
CREATE TEMP TABLE routine_matrix (schema text, editor text, reader text, csm text, nobody text, names text);
INSERT INTO routine_matrix VALUES
    -- of the model, for readers
    ('cs', 'ok', 'ok', 'ok', '42501', 'revenue_bridge'),
    ('cs_internal', 'ok', 'ok', 'ok', '42501', 'entity_movement entity_fx told_loss lost_by_reason read_stored_loss live_stored_loss entity_part entity_opening entity_shift shift_part shared_out shift_share read_stored_product_movement
      live_stored_product_movement product_movement ahead_entity read_stored_ahead live_stored_ahead answer_of attributes_are_shared bridge_of live_stored_movement revenue_of revenue_by_periods retained_of support_of satisfaction_of active_of use_retained_of live_stored_active live_stored_retention live_stored_way_now dimension_in dimension_of group_of hangs_on dimensions_in_use history_of is_additive is_stored movement_of movement_state present_basis read_stored_active read_stored_answer
      read_stored_movement read_stored_retention_by_segment read_stored_revenue_by_period read_stored_revenue_by_segment read_stored_satisfaction_by_segment read_stored_support_by_segment read_stored_ticket
      read_stored_time_to_value_monthly read_stored_way read_stored_way_now read_stored_retention way_in'),
    ('cs_internal', '42501', '42501', '42501', '42501', 'fed_now write_fed_columns written_account'),
    ('cs', 'ok', 'ok', 'ok', '42501', 'is_fed live_activation live_adoption live_backtest live_backtest_by_signal live_backtest_by_tier live_by_parent live_calibration live_tenure median_of_others middle_of reasons_of sure_auc'),
    ('cs_internal', 'ok', 'ok', 'ok', '42501', 'changed_active feed_at idle_days usage_feed'),
    ('csmetrics', '42501', '42501', '42501', '42501', 'known_words setting_findings unknown_words'),
    ('csmetrics', 'ok', 'ok', 'ok', '42501', 'words_of_rules'),
    ('csmetrics', 'ok', 'ok', 'ok', 'ok', 'given_columns policy_sentence raise_broken stored_readings'),
    ('csmetrics', '22004', '22004', '22004', '22004', 'broken_value'),
    ('csmetrics', '22004', '22004', '22004', '22004', 'write_changed_sum write_reading'),
    ('csmetrics', '42501', '42501', '42501', '42501', 'store_readings begin_readings end_readings forget_readings readings_after'),
    ('csmetrics', '42P01', '42P01', '42P01', '42501', 'note_changed'),
    ('csmetrics', 'ok', 'ok', 'ok', '42501', 'explained_changes is_kept readings_before scores_before sums_to_keep'),
    ('cs', 'ok', 'ok', 'ok', '42501', 'churn_chance told_reasons churn_verdict entity_tenure live_account_value live_drift live_revenue_at_risk users_active merged_on merged_mrr health_place health_weight judged_hash account_answer account_health account_now account_retention account_revenue account_survey account_ticket account_time_to_value account_usage account_wait account_score health_day health_feed
      health_reading health_rule_set health_subject health_term health_totals live_health_totals live_manager_weekly live_scores report_weeks rule_place scores scores_moved tiers_in_row week_happened playbook_judgement readings_of_all suggested_weights'),
    -- of csmetrics, for people
    ('csmetrics', '22004', '22004', '22004', '22004', 'create_model'),
    ('csmetrics', '22023', '22023', '22023', '22023', 'days_of_training explain_metric'),
    ('csmetrics', 'ok', 'ok', 'ok', '42501', 'example_query'),
    ('csmetrics', '3F000', '3F000', '3F000', '42501', 'make_behind make_fresh make_live_readings tell_live'),
    ('csmetrics', '42P01', '42P01', '42P01', '42501', 'make_live_pending'),
    ('csmetrics', 'ok', 'ok', 'ok', 'ok', 'is_live live_schemas remake_live remove_live renew_told run_live'),
    ('csmetrics', 'ok', 'ok', 'ok', '42501', 'in_live read_live'),
    ('csmetrics', '42501', '42501', '42501', '42501', 'create_live drop_live make_live note_mapped'),
    ('csmetrics', '22004', '22004', '22004', '22004', 'give_live_rights live_sum live_view make_live_relation make_live_view'),
    ('csmetrics', '55000', '55000', '55000', '55000', 'newer_rows told_by'),
    ('cs_internal', '42501', '42501', '42501', '42501', 'mark_coming read_changed_score read_changed_total read_changed_week read_discount read_ending read_product read_left_out read_state'),
    ('cs_internal', 'ok', 'ok', 'ok', '42501', 'count_dimensions first_fact member_of score_as_stored total_as_stored week_as_stored'),
    ('csmetrics', '22023', '42501', '42501', '42501', 'respond_to_alert'),
    ('cs_internal', 'ok', '42501', '42501', '42501', 'put_quarantine'),
    ('csmetrics', '42501', '42501', '42501', '42501', 'allow_function compare_policies train_churn_model read_examples require_churn connect disallow_function disconnect drop_model evaluate_alerts forget_account grant_read grant_write map mark_changed policy_differences rebuild refresh revoke_rights run run_playbooks
      schedule secure take_snapshot unite_sources unsecure unwatch update_model validate watch'),
    ('csmetrics', '55000', '55000', '55000', '55000', 'ask_watch take_newer unschedule'),
    ('csmetrics', 'ok', 'ok', '42501', '42501', 'restatement'),
    ('csmetrics', 'ok', 'ok', 'ok', '42501', 'model_version restatement_by_account suggest_weights'),
    ('csmetrics', 'ok', 'ok', 'ok', 'ok', 'checked_expression internal_schema'),
    -- of the model, for its procedures
    ('cs_internal', '42501', '42501', '42501', '42501', 'changed_account counted_subscription write_ending_state write_product_state force_moved force_moved_of_key read_changed_key unseen_accounts write_account_of_key write_left_out_account_of_key feature_bounds write_churn_example write_churn_model choose_churn_model changed_place changed_weeks count_known forget_scores put_in_feed score_changed score_day settle_all settle_totals settle_usual settle_weeks store_changed sum_day
      sum_week take_out_feed usual_to_settle account_complaint begin_alert_rules belonging belonging_complaint belonging_path forget_alerts forget_alert_states forget_digests forget_snapshots has_belonging headline
      hold_alerts hold_alerts_again judge_runs kept_key open_runs raise_alerts read_account read_entitlement read_fx_rate read_key read_milestone read_parent read_revenue
      read_signal read_subscription read_survey read_ticket read_usage turn_alerts write_account write_account_digest write_account_entity
      write_account_state write_company_total write_discount_state write_entitlement_state write_findings write_fx_rate write_left_out_account write_rates_of_now
      write_redefinition write_revenue_state write_snapshot write_user_state'),
    ('cs_internal', 'ok', 'ok', 'ok', '42501', 'churn_days churn_feature churn_features features_of own_features present_definition asked_days asked_weeks changed_adoption changed_state changed_user feed_since dimension_values shown_dimensions unscored_days unsummed_weeks week_flow accounts_at alert_probe alert_rules_ahead alert_rules_due announce_alerts definition_at definition_before entity_in_window entity_on entity_period has_entities
      mixed_entity_period movements_at playbook_candidate playbooks_begun playbooks_to_judge playbooks_wanted rate_in_report rate_in_window readings_at restated
      restated_by_account uncut_entity_in_window uncut_entity_period uncut_mixed_entity window_of_report'),
    -- of csmetrics, for these
    ('csmetrics', '22004', '22004', '22004', '22004', 'found_of_feed write_part_views unmatched_query unmatched_rows tell_unmatched by_hand cast_column check_source customers_by_rule drop_outdated empty_source find_changed find_in_source findings_of findings_query found_in give_rights judged_rows kept_rows
      read_rows read_whole kept_query logged make_queue make_triggers read_stale renew_kept_view take_fingerprint relation replace_rows rule_query run_parts take_rights warn_of_amounts write_kept_view write_table write_view'),
    ('csmetrics', '22004', '22004', '22004', '42501', 'policy_on read_facts watched_statement'),
    ('csmetrics', '23502', '23502', '23502', '42501', 'require_allowed'),
    ('csmetrics', '42P01', '42P01', '42P01', '42P01', 'cast_columns'),
    ('csmetrics', '42501', '42501', '42501', '42501', 'has_all_accounts accounts_by_hand unknown_crm_keys checked_watch drop_vendor_watches empty_stored forced_sources found_by is_marked is_watched keyed_now lead_on log_refresh make_watch note_reading note_unseen read_accounts read_hash read_keyed read_keyed_accounts read_source observe tell_in_place kept_in_place forget_observed queries_of
      ready_keys refresh_once run_once take_changes tell_unseen tell_unseen_accounts write_accounts changed_views close_playbook_runs comment_columns comment_rules connected_vendors data_findings drop_policies enable_policies find_effect lock_model
      make_internal_schema make_policy mapping misplaced put_policy read_changed readings_under redefinition refresh_accounts refresh_entities renew_rights require_owner
      require_ownership stored_count resolve_identities scores_after set_rights settle_alerts sign_model sign_source sources_with stand_apart states_of tell_unseeing unchanged_views unite_source whole_policy widen_vendor_views
      write_histories write_kept_views write_totals write_vendor_view'),
    ('csmetrics', '42501', '42501', '42501', '55000', 'open_playbook_runs'),
    ('csmetrics', '42501', '42501', '42501', 'ok', 'require_all_rows'),
    ('csmetrics', '42601', '42601', '42601', '42601', 'conformed make_sources'),
    ('csmetrics', '42P06', '42P06', '42P06', '42501', 'make_schemas'),
    ('csmetrics', 'ok', 'ok', 'ok', '42501', 'vendor_query what_was_observed is_judged_alone unmapped condition_on_totals score_changed key_type left_out_count open_past_runs outdated_objects own_objects policy_checks policy_of_refresh policy_options readable redefined_since
      require_model require_snapshots rights_of rights_on rules_in_force secured snapshot_pair warn_of_casts row_counts require_no_shrinking'),
    ('csmetrics', 'ok', 'ok', 'ok', 'ok', 'drop_watch reads_from is_broken log_failure queue_functions run_changes drop_views asked_columns crontab_command crontab_line identity_query keys_in known_query listed_query metric_views missing_columns missing_parts outdated_checks missing_sources misread_facts complaint_of_allowed
      objects_of of_model quality_condition run_command schemas_of stale_sources tickets_opened united_accounts united_facts with_connector');
CREATE TEMP VIEW expected AS SELECT m.*, n AS name FROM routine_matrix m, regexp_split_to_table(trim(m.names), '\s+') n;
CREATE TEMP TABLE routine AS
SELECT p.oid, n.nspname::text AS schema, p.proname::text AS name, p.prosecdef, array_agg(a.name ORDER BY a.place) AS names, array_agg(a.type ORDER BY a.place) AS types,
       CASE WHEN p.prokind = 'p' THEN 'CALL %s(%s)' ELSE 'SELECT string_agg(to_jsonb(t)::text, '' '') FROM %s(%s) t' END AS form
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     LEFT JOIN LATERAL (SELECT t.place, p.proargnames[t.place] AS name, t.type::regtype::text AS type FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY t(type, place)
                        WHERE coalesce(p.proargmodes[t.place], 'i') IN ('i', 'b', 'v')) a ON true
WHERE n.oid = ANY (schemas_of('cs')) OR n.nspname = 'csmetrics' AND 'model' = ANY (p.proargnames)
GROUP BY p.oid, n.nspname, p.proname, p.prosecdef, p.prokind;
-- given: what is passed for what is neither the model nor a role
CREATE FUNCTION pg_temp.call(r routine, "role" text, given jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT format(r.form, format('%I.%I', r.schema, r.name),
                  (SELECT string_agg(format('%L::%s', CASE WHEN a.name = 'model' THEN 'cs' WHEN given <> '{}' AND a.name = 'role' THEN "role" ELSE given ->> a.type END, a.type), ', ' ORDER BY a.place)
                   FROM unnest(r.names, r.types) WITH ORDINALITY a(name, type, place) WHERE a.type IS NOT NULL)) $$;
SELECT set_eq('SELECT schema, name FROM routine', 'SELECT schema, name FROM expected', 'each routine has a row in the matrix');
SELECT is_empty('SELECT oid::regprocedure FROM routine WHERE prosecdef', 'none runs with rights of another');
CREATE FUNCTION pg_temp.standing() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    relation regclass;
    answer text := '';
    sum text;
BEGIN
    FOR relation IN SELECT c.oid FROM pg_class c WHERE c.relkind = 'r' AND (c.relnamespace = ANY (schemas_of('cs')) OR c.relnamespace IN ('csmetrics'::regnamespace, 'crm'::regnamespace)) ORDER BY c.oid::regclass::text LOOP
        EXECUTE format('SELECT md5(string_agg(t::text, '' '' ORDER BY t::text)) FROM %s t', relation) INTO sum;
        answer := answer || relation || sum;
    END LOOP;
    SELECT answer || string_agg(concat_ws(' ', o, s), '') INTO answer FROM (
        SELECT relname::text, concat(relacl, relowner, relrowsecurity) FROM pg_class WHERE relnamespace = ANY (schemas_of('cs')) UNION ALL SELECT proname, concat(proacl, proowner, prosrc) FROM pg_proc
        WHERE pronamespace = ANY (schemas_of('cs')) OR pronamespace = 'csmetrics'::regnamespace UNION ALL SELECT nspname, concat(nspacl, nspowner) FROM pg_namespace WHERE nspname !~ '^pg_'
        UNION ALL SELECT polname, pg_get_expr(polqual, polrelid) FROM pg_policy ORDER BY 1, 2) x(o, s);
    RETURN answer;
END $$;
CREATE TEMP TABLE before AS SELECT pg_temp.standing() AS standing;
SET client_min_messages = error; -- GRANT of what one does not have is a warning
CREATE TEMP TABLE called AS
SELECT r.schema, r.name, w.role, g.given, b.state, b.answer
FROM routine r, unnest('{matrix_editor,matrix_reader,matrix_csm,matrix_nobody}'::text[]) w(role),
     (VALUES ('{}'::jsonb), ('{"text": "account", "text[]": "{account}", "date": "2024-06-10", "date[]": "{2024-06-01}", "bigint": "1", "integer": "1", "boolean": "true", "jsonb": "{}",
                              "timestamp with time zone": "2024-06-10 12:00+00", "regclass": "cs.account"}')) g(given), LATERAL pg_temp.by(w.role, pg_temp.call(r, w.role, g.given)) b;
SET client_min_messages = warning;
SELECT set_eq(format('SELECT schema, name, state FROM called WHERE role = %L AND given = ''{}''', 'matrix_' || role), format('SELECT schema, name, %I FROM expected', role), role || ': what comes of calls')
FROM unnest('{editor,reader,csm,nobody}'::text[]) role;
SELECT is((SELECT standing FROM before), pg_temp.standing(), 'nothing is another than before');
SELECT is_empty(format('SELECT name, answer FROM called WHERE role IN (''matrix_csm'', ''matrix_nobody'') AND answer ~ %L', :of_others), 'and nothing tells of the accounts of others');
SELECT cmp_ok(count(*), '>', 12::bigint, 'of which these calls tell who sees all') FROM called WHERE role = 'matrix_reader' AND state = 'ok' AND answer ~ :of_others;
SELECT set_eq($$SELECT r.name FROM routine r WHERE schema = 'csmetrics' AND obj_description(oid) !~ '^Internal' AND pg_temp.undone('matrix_member', pg_temp.call(r, 'matrix_member', '{}')) <> '42501'$$,
              $$VALUES ('checked_expression'), ('create_model'), ('drop_model'), ('explain_metric'), ('internal_schema'), ('model_version'), ('respond_to_alert'), ('restatement'), ('restatement_by_account'), ('suggest_weights'), ('unschedule')$$,
              'what a member of the owner runs without becoming it');
SELECT is((pg_temp.by(r, 'SELECT count(*) FROM csmetrics.explain_metric(''nrr'', ' || m || ')')).state, s, r || ' has metrics explained: ' || m)
FROM (VALUES ('matrix_reader', '''cs''', 'ok'), ('matrix_nobody', 'NULL', 'ok'), ('matrix_nobody', '''cs''', '42501')) v(r, m, s);
SELECT is((pg_temp.by('matrix_nobody', 'SELECT count(*) > 80 FROM csmetrics.metric_catalog')).answer, 'true', 'the catalog is for all');

-- Who sees some accounts sees no row of others, however it asks.
CREATE FUNCTION pg_temp.tell("role" text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT n.relation FROM named n, LATERAL pg_temp.by("role", format('SELECT string_agg(to_jsonb(t)::text, '' '') FROM %s t', n.relation)) b WHERE n.reader ~ 'r' AND b.answer ~ '"[cd]"|Cedar|Dorn|Enterprise|Large|\m(4000|70000)\M|"t[cd]"' $$;
SELECT is_empty('SELECT * FROM pg_temp.tell(''matrix_csm'')', 'no table or view tells of the accounts of others');
SELECT cmp_ok(count(*), '>', 35::bigint, 'as they do to the owner') FROM pg_temp.tell('matrix_owner');
CREATE FUNCTION pg_temp.peek(value text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$
BEGIN
    PERFORM set_config('matrix.seen', concat(current_setting('matrix.seen', true), ' ', value), true);
    RETURN true;
END $$;
CREATE FUNCTION pg_temp.peeked("role" text, relation text, col text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('matrix.seen', '', true), pg_temp.by("role", format('SELECT count(*) FROM %s WHERE pg_temp.peek(%I)', relation, col));
    RETURN (SELECT string_agg(DISTINCT w, ' ' ORDER BY w) FROM regexp_split_to_table(current_setting('matrix.seen'), ' ') w WHERE w ~ '^(Ash|Birch|Cedar|Dorn|SMB|Enterprise|Large)$');
END $$;
SELECT is(pg_temp.peeked('matrix_csm', relation, col), own, 'a function of the reader''s in WHERE sees no more: ' || relation)
FROM (VALUES ('cs.account', 'name', 'Ash Birch'), ('cs.account_health', 'name', 'Ash Birch'), ('cs.csm_today', 'name', 'Ash Birch'), ('cs.revenue_movement', 'name', 'Ash Birch'), ('cs.revenue_by_segment', 'value', 'SMB')) v(relation, col, own);
SELECT is(pg_temp.peeked('matrix_reader', 'cs.csm_today', 'name'), 'Ash Birch Cedar Dorn', 'as it does for who sees all');
SELECT is((pg_temp.by(r, 'SELECT count(*) FROM cs.account_health WHERE 1 / (mrr - 4000) < 2')).state, s, 'nor does an error tell: ' || r) FROM (VALUES ('matrix_csm', 'ok'), ('matrix_reader', '22012')) v(r, s);
SELECT is((pg_temp.by(r, 'SELECT count(*) > 0 FROM pg_stats WHERE schemaname ~ ''^cs'' AND tablename ~ ''^(account|account_state|user_state|alert)$''')).answer, s, 'nor statistics: ' || r)
FROM (VALUES ('matrix_csm', 'false'), ('matrix_owner', 'true')) v(r, s);
SELECT is((pg_temp.by('matrix_csm', 'SELECT count(*) FROM csmetrics.restatement(''cs'')')).answer, 'the figures in snapshots are of all accounts, which you do not see', 'restatement says what it needs');

-- The company's totals for who sees some accounts: where the policy says so, and where no small group is what differs.
CREATE FUNCTION pg_temp.months("role" text, relation text DEFAULT 'cs.company_monthly') RETURNS text LANGUAGE sql AS $$
    SELECT b.answer FROM pg_temp.by("role", format('SELECT string_agg(concat_ws('' '', period_start_on, opening_mrr, closing_mrr, closing_count), '', '' ORDER BY period_start_on) FROM %s', relation)) b $$;
SELECT is(pg_temp.months('matrix_owner'), NULL, 'none, unless the policy says so');
SET LOCAL ROLE matrix_owner;
UPDATE cs.policy SET restricted_totals = 'company', hidden_least_count = 2;
CALL refresh('cs');
RESET ROLE;
SELECT is(pg_temp.months('matrix_owner'), '2024-01-01 0 4300 3, 2024-02-01 4300 4300 3, 2024-03-01 4300 74300 4, 2024-04-01 74300 74300 4, 2024-05-01 74300 74300 4', 'the owner sees the months that are over');
SELECT is(pg_temp.months('matrix_reader'), pg_temp.months('matrix_owner'), 'and who sees all');
SELECT is(pg_temp.months('matrix_csm'), '2024-04-01 74300 74300 4, 2024-05-01 74300 74300 4', 'who does not: months in which two are hidden at either end');
SELECT is(pg_temp.months('matrix_csm', 'cs_internal.company_total'), pg_temp.months('matrix_csm'), 'and no more in the table below');
SET LOCAL ROLE matrix_owner;
UPDATE cs.policy SET hidden_least_count = 3;
RESET ROLE;
SELECT is(pg_temp.months('matrix_csm'), NULL, 'three: none');
SET LOCAL ROLE matrix_owner;
CALL grant_write('cs', 'matrix_csm');
RESET ROLE;
SELECT is((pg_temp.by('matrix_csm', 'UPDATE cs.policy SET hidden_least_count = 2')).state, '42501', 'which no editor changes');
-- an editor can have the policy report less, but is not then taken for one who sees less
SELECT is(pg_temp.months('matrix_csm', 'cs_internal.company_total'), NULL, 'of days that the policy does not report: ' || s)
FROM (VALUES ('as_of = ''2024-02-10'''), ('as_of = ''2024-06-10'', report_from = ''2024-06-01'''), ('report_from = NULL, pause_rule = ''churn''')) v(s), LATERAL pg_temp.by('matrix_csm', 'UPDATE cs.policy SET ' || s) b WHERE b.state = 'ok';
SET LOCAL ROLE matrix_owner;
UPDATE cs.policy SET restricted_totals = 'own', hidden_least_count = 2, pause_rule = DEFAULT;
RESET ROLE;
SELECT is(pg_temp.months('matrix_csm'), NULL, 'own: gone at once');
SELECT * FROM finish();
ROLLBACK;
