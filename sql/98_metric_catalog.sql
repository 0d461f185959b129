-- The metric catalog: what each figure is, how it is worked out, after whom, which rules of the policy define it, and
-- where it is shown. It holds what is written nowhere else: what is in model_metric, model_column, the policy and the
-- views is read from there.

DELETE FROM csmetrics.metric_definition;
INSERT INTO csmetrics.metric_definition
SELECT row_number() OVER (), m.name, m.family, m.title, m.definition, m.formula, m.unit, m.benchmark::numrange,
       m.source, coalesce(f.options, '{}') || m.options::text[], m.columns::text[], m.functions::text[]
FROM (VALUES
('mrr', 'revenue', 'Monthly recurring revenue (MRR)', NULL,
 'sum of the MRR in force at the end of the period: prices brought to a month, recurring discounts off, without tax, '
 'usage and one-off charges',
 'mrr', NULL, 'common practice of subscription analytics: a state at an instant, not what was invoiced',
 '{}', '{mrr,closing_mrr,opening_mrr,closing_count,opening_count,without_closing_mrr,closing_change_mrr}',
 '{mrr,term_mrr,mrr_at,active_at,opening_mrr,closing_mrr,opening_count,closing_count,first_paid_on}'),
('earned_revenue', 'revenue', 'Revenue earned',
 'Money earned on the days between two days',
 'sum over days of the MRR in force / days of the month',
 'money', NULL, NULL,
 '{}', '{}', '{revenue_between}'),
('movement', 'revenue', 'Movement of MRR', NULL,
 'closing - opening MRR of one account over the period, under one name',
 'mrr', NULL, 'revenue bridge (MRR waterfall)',
 '{}', '{amount_mrr}', '{changes,movements,revenue_flows}'),
('new_mrr', 'revenue', 'New MRR', NULL,
 'sum of closing MRR of accounts that never had any before the period',
 'mrr', NULL, 'revenue bridge (MRR waterfall)',
 '{}', '{new_mrr,new_count,joined_mrr,joined_count}', '{new_mrr,new_count}'),
('reactivation_mrr', 'revenue', 'Reactivation MRR', NULL,
 'sum of closing MRR of accounts that had some before, and none at the opening',
 'mrr', NULL, 'revenue bridge (MRR waterfall)',
 '{}', '{reactivation_mrr,reactivation_count}', '{movements}'),
('resume_mrr', 'revenue', 'Resumed MRR', NULL,
 'sum of closing MRR of accounts that were paused at the opening',
 'mrr', NULL, NULL,
 '{}', '{resume_mrr,resume_count}', '{movements}'),
('expansion_mrr', 'revenue', 'Expansion MRR', NULL,
 'sum of (closing - opening) MRR of accounts that closed above their opening, which was above 0',
 'mrr', NULL, 'revenue bridge (MRR waterfall)',
 '{}', '{expansion_mrr,expansion_count}', '{expansion_mrr,expansion_count}'),
('expansion', 'revenue', 'Expansion rate',
 'MRR that accounts added / opening MRR',
 'expansion MRR / opening MRR',
 'rate', NULL, NULL,
 '{}', '{}', '{expansion}'),
('contraction_mrr', 'revenue', 'Contraction MRR', NULL,
 'sum of (opening - closing) MRR of accounts that closed below their opening, and above 0',
 'mrr', NULL, 'revenue bridge (MRR waterfall)',
 '{}', '{contraction_mrr,contraction_count}', '{contraction_mrr,contraction_count}'),
('contraction', 'revenue', 'Contraction rate', NULL,
 'contraction MRR / opening MRR',
 'rate', NULL, NULL,
 '{}', '{contraction_rate}', '{contraction}'),
('pause_mrr', 'revenue', 'Paused MRR', NULL,
 'sum of opening MRR of accounts that closed paused, less that of pauses that ended in churn',
 'mrr', NULL, NULL,
 '{}', '{pause_mrr,pause_count}', '{movements}'),
('churn_mrr', 'revenue', 'Churned MRR', NULL,
 'sum of opening MRR of accounts that closed without, and of pauses that ended without',
 'mrr', NULL, 'revenue bridge (MRR waterfall)',
 '{}', '{churn_mrr,left_mrr}', '{churned_mrr}'),
('loss_reason', 'revenue', 'Churn and contraction by reason',
 'MRR lost for each reason that was given, what customers ended apart from what failed',
 'churned and contraction MRR, shared out to the reasons of the subscriptions that ended in the period',
 'mrr', NULL, NULL,
 '{}', '{reason,cause}', '{}'),
('transfer_mrr', 'revenue', 'Transfers between products', NULL,
 'least(what products of one customer gained, what others lost) in the period',
 'mrr', NULL, 'so that the sum over products is the bridge of customers',
 '{}', '{transfer_mrr,transfer_in_mrr,transfer_out_mrr}', '{}'),
('committed_mrr', 'revenue', 'Committed MRR (CMRR)', NULL,
 'MRR in force now + what is to start - what is to end, pause or was called off, by the end of the month ahead',
 'mrr', NULL, 'contracted MRR: no renewal and no new customer is assumed',
 '{}', '{committed_mrr,committed_count,starting_mrr,starting_count,notice_mrr,scheduled_pause_mrr}', '{}'),
('scheduled_churn_mrr', 'revenue', 'Scheduled churn', NULL,
 'sum of MRR of accounts that have none left at the end of the month ahead',
 'mrr', NULL, NULL,
 '{}', '{scheduled_churn_mrr,scheduled_churn_count,scheduled_contraction_mrr}', '{}'),
('overdue_mrr', 'revenue', 'Renewals overdue', NULL,
 'sum of MRR in force of subscriptions whose day of renewal has passed, neither cancelled nor renewed to a later day',
 'mrr', NULL, NULL,
 '{}', '{overdue_mrr,overdue_days}', '{}'),
('arr', 'revenue', 'Annual recurring revenue (ARR)', NULL,
 '12 x MRR',
 'money', NULL, 'annualized run rate',
 '{}', '{closing_arr,opening_arr,committed_arr}', '{}'),
('discount', 'revenue', 'Discounts', NULL,
 '(recurring + one-off and limited discounts) / MRR at list price, of the subscriptions in force',
 'rate', NULL, NULL,
 '{}', '{discount_rate,discount_mrr,limited_discount_mrr,list_mrr,discounted_count}', '{counted_mrr}'),
('fx_mrr', 'revenue', 'Effect of exchange rates', NULL,
 'closing MRR at the rates of the end - opening MRR at the rates of the day before - movements at the rate of '
 'rate_rule',
 'mrr', NULL, 'constant-currency reporting',
 '{rate_max_age_days}', '{fx_mrr,own_opening_mrr,own_closing_mrr}', '{scale}'),
('intra_period_mrr', 'revenue', 'MRR within the period', NULL,
 'sum of the MRR of accounts that joined and left within the period',
 'mrr', NULL, NULL,
 '{}', '{intra_period_mrr,intra_period_count}', '{intra_period_mrr,intra_period_count}'),
('nrr', 'revenue', 'Net revenue retention (NRR)', NULL,
 'sum of closing MRR / sum of opening MRR, over the accounts with opening MRR; who joined since is in neither',
 'rate', '(1.10,)',
 'point-to-point cohort, as most listed software companies report it; interval: ratio estimator (Cochran, Sampling '
 'Techniques)',
 '{confidence}', '{nrr_rate,without_nrr_rate,nrr_change_rate}', '{nrr,nrr_interval,retention}'),
('nrr_movement', 'revenue', 'NRR by movements', NULL,
 '(opening + expansion - contraction - churn of the twelve months) / opening MRR',
 'rate', NULL, 'a variant in use, for comparison',
 '{}', '{nrr_movement_rate}', '{retention}'),
('nrr_chained', 'revenue', 'NRR chained', NULL,
 'product of the twelve monthly NRRs',
 'rate', NULL, 'a variant in use, for comparison',
 '{}', '{nrr_chained_rate}', '{retention}'),
('nrr_ttm_avg', 'revenue', 'NRR, mean of twelve months', NULL,
 'sum over twelve months of NRR x opening MRR / sum of opening MRR',
 'rate', NULL, 'a variant in use, for comparison',
 '{}', '{nrr_ttm_avg_rate}', '{retention}'),
('grr', 'revenue', 'Gross revenue retention (GRR)', NULL,
 'sum of least(opening, closing) MRR, account by account / sum of opening MRR',
 'rate', NULL,
 'SaaS Metrics Standards Board: the starting cohort, capped at 100 %; interval: ratio estimator (Cochran, Sampling '
 'Techniques)',
 '{confidence}', '{grr_rate,kept_mrr,without_grr_rate,grr_change_rate}', '{grr,grr_interval,retention}'),
('logo_churn', 'revenue', 'Logo churn', NULL,
 'accounts with opening MRR that closed without / accounts with opening MRR',
 'rate', '(,0.05)', 'cohort at the opening; interval: Wilson (1927)',
 '{confidence}', '{logo_churn_rate,churn_count,left_count,without_logo_churn_rate,logo_churn_change_rate}',
 '{logo_churn,logo_churn_interval,churned_count,churned_on,account_count}'),
('logo_churn_average', 'revenue', 'Logo churn of the mean', NULL,
 'all accounts that left / ((opening + closing accounts) / 2)',
 'rate', NULL, NULL,
 '{}', '{logo_churn_average_rate}', '{logo_churn}'),
('renewal_churn', 'revenue', 'Churn of renewals due',
 'Renewals lost / renewals due in the period',
 'renewals that fell due and were not renewed / renewals that fell due: logo_churn and revenue_churn with the '
 'denominator up_for_renewal',
 'rate', NULL, NULL,
 '{}', '{}', '{logo_churn,revenue_churn,due_count,due_mrr,unrenewed_count,unrenewed_mrr}'),
('annualized_logo_churn', 'revenue', 'Logo churn of a month, brought to a year', NULL,
 '1 - (1 - churn of the month) ^ 12',
 'rate', NULL, 'compounding',
 '{}', '{annualized_logo_churn_rate}', '{annualize_churn,monthly_churn}'),
('trailing_year_logo_churn', 'revenue', 'Logo churn of twelve months', NULL,
 '1 - product over the twelve months of (1 - churn)',
 'rate', NULL, 'compounding',
 '{}', '{trailing_year_logo_churn_rate}', '{annualize_churn}'),
('revenue_churn', 'revenue', 'Gross revenue churn', NULL,
 'churned MRR / opening MRR',
 'rate', NULL, NULL,
 '{}', '{revenue_churn_rate}', '{revenue_churn}'),
('net_revenue_churn', 'revenue', 'Net revenue churn', NULL,
 '1 - NRR',
 'rate', NULL, NULL,
 '{}', '{net_revenue_churn_rate}', '{net_revenue_churn}'),
('quick_ratio', 'revenue', 'SaaS quick ratio',
 'MRR gained / MRR lost',
 '(new + returning + expansion MRR) / (contraction + churned MRR)',
 'rate', NULL, NULL,
 '{}', '{}', '{quick_ratio}'),
('arpa', 'revenue', 'Average revenue per account (ARPA)', NULL,
 'MRR / accounts with MRR',
 'mrr', NULL, NULL,
 '{}', '{arpa_mrr,paying_count}', '{}'),
('mrr_change', 'revenue', 'Change of MRR', NULL,
 'MRR / MRR health_days before - 1',
 'rate', NULL, NULL,
 '{health_days}', '{mrr_change}', '{mrr_at}'),
('logo_retention', 'revenue', 'Logo retention of a cohort', NULL,
 'accounts of the cohort with MRR at this age / accounts of the cohort',
 'rate', NULL, 'retention triangle by month of first MRR',
 '{}', '{logo_retention_rate,retained_count}', '{cohort_retention,cohort_average}'),
('gross_retention', 'revenue', 'Gross retention of a cohort', NULL,
 'sum of least(MRR of the first day, MRR at this age), account by account / MRR of the first days',
 'rate', NULL, 'retention triangle by month of first MRR',
 '{}', '{cohort_grr_rate,start_mrr}', '{cohort_retention,cohort_average}'),
('net_retention', 'revenue', 'Net retention of a cohort', NULL,
 'MRR of the cohort at this age / MRR of the first days',
 'rate', NULL, 'retention triangle by month of first MRR',
 '{}', '{cohort_nrr_rate}', '{cohort_retention,cohort_average}'),

('tenure', 'value', 'Tenure', NULL,
 'median of the days from the first MRR to the loss of the last, accounts still there censored',
 'days', NULL, 'Kaplan and Meier (1958)',
 '{confidence}', '{tenure_median_days,tenure_days,churned_count}', '{median_duration,median_duration_interval}'),
('retained_12_months', 'value', 'Retained for a year', NULL,
 'survival curve of tenure at 366 days',
 'rate', NULL, 'Kaplan and Meier (1958)',
 '{confidence}', '{retained_12_months_rate}', '{survival}'),
('monthly_churn', 'value', 'Monthly churn', NULL,
 'losses / months that accounts began with MRR, over the last twelve months',
 'rate', NULL, 'occurrence / exposure',
 '{confidence}', '{monthly_churn_rate,lost_months_count,exposed_months_count}', '{monthly_churn}'),
('cltv', 'value', 'Customer lifetime value, simple', NULL,
 'ARPA x gross margin / monthly churn',
 'money', NULL, 'common practice; assumes that churn never changes',
 '{gross_margin,confidence}', '{cltv_amount}', '{cltv}'),
('discounted_cltv', 'value', 'Customer lifetime value, discounted', NULL,
 'sum over the months of the horizon of ARPA x gross margin x survival x (1 + expansion) ^ month / (1 + discount) ^ '
 '(month / 12)',
 'money', NULL, 'survival: Kaplan and Meier (1958)',
 '{gross_margin,annual_discount,monthly_expansion,value_months,confidence}',
 '{discounted_cltv_amount,weighted_cltv_amount,known_months}', '{cltv_discounted,expected_payments}'),
('sbg_cltv', 'value', 'Customer lifetime value by the sBG model', NULL,
 'ARPA x gross margin x expected discounted payments of the shifted-beta-geometric model fitted to monthly renewals',
 'money', NULL, 'Fader and Hardie, How to Project Customer Retention (2007)',
 '{gross_margin,annual_discount}', '{sbg_cltv_amount,sbg_alpha,sbg_beta,renewal_count}',
 '{sbg_fit,sbg_retention,sbg_residual_lifetime,account_count,churned_count}'),
('account_value', 'value', 'Value of an account',
 'What an account will bring over the horizon, given that it has stayed so long',
 'MRR x gross margin x sum over the months of the horizon of S(tenure + month) / S(tenure) x (1 + expansion) ^ month / '
 '(1 + discount) ^ (month / 12)',
 'money', NULL, 'survival: Kaplan and Meier (1958), the interval by Greenwood''s variance',
 '{gross_margin,annual_discount,monthly_expansion,value_months,least_count,confidence}',
 '{value_amount,value_rate,to_date_amount}', '{}'),
('bdw_value', 'value', 'Value of an account by the BdW model',
 'The same where churn hangs on age: it extrapolates beyond what was seen',
 'as the value of an account, S by the beta-discrete-Weibull model fitted to monthly renewals',
 'money', NULL, 'Fader, Hardie, Liu, Davin and Steenburgh (2018)',
 '{gross_margin,annual_discount,monthly_expansion,value_months,least_count}', '{bdw_value_amount}',
 '{bdw_fit,bdw_retention}'),
('purchases', 'value', 'Purchases without a contract',
 'How often a customer bought again, how long ago, for how long he has been one, and what he spends',
 'frequency: days with a purchase after the first; recency and age from the first on; mean amount of the later ones',
 'count', NULL, 'Fader, Hardie and Lee (2005)',
 '{}', '{}',
 '{purchase_count,purchase_total,first_purchase_on,last_purchase_on,purchase_frequency,purchase_recency,purchase_age,'
 'mean_purchase,purchase_summary,customer_count}'),
('buy_till_you_die', 'value', 'Customers who leave without a word',
 'Is a customer without a contract still there, and what will he buy?',
 'BG/NBD and Pareto/NBD by maximum likelihood of frequency, recency and age; Gamma-Gamma of mean amounts',
 'count', NULL, 'Fader, Hardie and Lee (2005); Schmittlein, Morrison and Colombo (1987); Fader and Hardie (2013)',
 '{}', '{}', '{bgnbd_fit,pareto_nbd_fit,gamma_gamma_fit}'),
('log_rank', 'value', 'Log-rank test', NULL,
 'log-rank statistic of the curves of the values of the dimension',
 'rate', NULL, 'Mantel (1966)',
 '{}', '{log_rank_p}', '{log_rank}'),

('time_to_value', 'onboarding', 'Time to value', NULL,
 'median of the days from the start to first value, accounts that wait censored, those lost before as the policy says',
 'days', '(,30)', 'Kaplan and Meier (1958); lost before value: Aalen and Johansen (1978)',
 '{ttv_start_rule,lost_before_value_rule,confidence,value_event}',
 '{ttv_median_days,ttv_days,time_to_value,reached_count,waiting_count,lost_count}',
 '{median_duration,median_duration_interval,duration_quantile,duration_quantile_interval,subject_count,ended_count,'
 'censored_count,competing_count,rejected_count,is_exact,started_at,value_at}'),
('within_30_days', 'onboarding', 'First value within 30 days', NULL,
 '1 - survival curve at 30 days',
 'rate', NULL, 'Kaplan and Meier (1958); lost before value: Aalen and Johansen (1978)',
 '{ttv_start_rule,lost_before_value_rule,confidence,value_event}', '{within_30_days_rate}',
 '{share_within,share_within_interval}'),
('naive_time_to_value', 'onboarding', 'Time to value of who got there', NULL,
 'mean and median of the days of accounts that reached first value',
 'days', NULL, 'usual, and too low while others wait',
 '{ttv_start_rule,value_event}', '{naive_ttv_median_days,naive_ttv_mean_days}',
 '{naive_mean,naive_median,naive_quantile}'),
('survival', 'onboarding', 'Survival curve',
 'Share of subjects that have not had the event yet, by the time since their start',
 'product over the lengths so far of (1 - ended / at risk); restricted_mean is the area below it',
 'rate', NULL, 'Kaplan and Meier (1958); competing events: Aalen and Johansen (1978)',
 '{}', '{}', '{survival,incidence,restricted_mean,restricted_mean_interval}'),
('milestones', 'onboarding', 'Milestones reached', NULL,
 'milestones reached / milestones due',
 'rate', NULL, NULL,
 '{}', '{milestones}', '{due_reached_share,reached_count,due_count,overdue_count}'),
('customer_age', 'onboarding', 'Days as a customer', NULL,
 'day of the reading - first day with MRR',
 'days', NULL, NULL,
 '{}', '{customer_days}', '{first_paid_on}'),

('resolution', 'support', 'Time to resolution', NULL,
 'median, and ninth decile, of the hours from opening to the last solve, open tickets censored',
 'hours', NULL, 'Kaplan and Meier (1958)',
 '{business_hours,business_hours_from,confidence}', '{resolution_median_hours,resolution_p90_hours,resolution}',
 '{median_resolution,median_duration,duration_quantile,business_time,handling_time,opened_count}'),
('naive_resolution', 'support', 'Time to resolution of solved tickets', NULL,
 'mean, median and ninth decile of the hours of solved tickets',
 'hours', NULL, 'usual, and too low while others are open',
 '{business_hours,business_hours_from}',
 '{naive_resolution_median_hours,naive_resolution_mean_hours,naive_resolution_p90_hours}',
 '{naive_mean,naive_median,naive_quantile}'),
('first_reply', 'support', 'Time to first reply', NULL,
 'median of the hours from opening to the first reply, tickets that wait censored',
 'hours', NULL, 'Kaplan and Meier (1958)',
 '{business_hours,business_hours_from,confidence}', '{first_reply_median_hours}', '{median_duration}'),
('requester_wait', 'support', 'Requester wait', NULL,
 'median of the hours that a ticket was new, open or on hold, open tickets censored',
 'hours', NULL, 'Zendesk Explore; Kaplan and Meier (1958)',
 '{business_hours,business_hours_from}',
 '{requester_wait_median_hours,requester_wait_business_median_hours,timed_count}', '{median_duration,waited}'),
('agent_wait', 'support', 'Agent wait', NULL,
 'median of the hours that a ticket was pending, open tickets censored',
 'hours', NULL, 'Zendesk Explore; Kaplan and Meier (1958)',
 '{business_hours,business_hours_from}', '{agent_wait_median_hours,agent_wait_business_median_hours}',
 '{median_duration}'),
('on_hold', 'support', 'On hold', NULL,
 'median of the hours that a ticket was on hold, open tickets censored',
 'hours', NULL, 'Zendesk Explore; Kaplan and Meier (1958)',
 '{business_hours,business_hours_from}', '{on_hold_median_hours,on_hold_business_median_hours}', '{median_duration}'),
('fcr', 'support', 'First contact resolution (FCR), gross', NULL,
 'tickets without reopening and without further contact on the same topic within contact_window_days / tickets solved '
 'and that old, and those opened again since',
 'rate', '[0.75,0.85]', 'practice of help desks; interval: Wilson (1927)',
 '{contact_window_days,confidence}', '{fcr_rate,judged_count,without_fcr_rate,fcr_change_rate}',
 '{first_contact_resolution,ticket_facts}'),
('fcr_net', 'support', 'First contact resolution (FCR), net', NULL,
 'as fcr, of tickets that were not escalated',
 'rate', NULL, 'practice of help desks; interval: Wilson (1927)',
 '{contact_window_days,confidence}', '{fcr_net_rate}', '{first_contact_resolution}'),
('one_touch', 'support', 'One-touch resolution', NULL,
 'tickets solved with one agent reply and not reopened / tickets solved or open again whose replies are known',
 'rate', NULL, 'practice of help desks; interval: Wilson (1927)',
 '{confidence}', '{one_touch_rate}', '{first_contact_resolution}'),
('reopen', 'support', 'Reopened tickets', NULL,
 'tickets opened again / tickets solved, those that are open again among both',
 'rate', NULL, 'interval: Wilson (1927)',
 '{confidence,least_tickets}', '{reopen_rate,resolved_count,reopened_90_days_count,reopening}', '{reopened_share}'),
('friction', 'support', 'Friction', NULL,
 'tickets of the last 90 days that are a further contact, were reopened or escalated, each once / tickets opened in '
 'them',
 'rate', NULL, NULL,
 '{contact_window_days,least_tickets}',
 '{friction_rate,friction_count,opened_90_days_count,repeated_90_days_count,repeated_contact}',
 '{repeated_share}'),
('escalation', 'support', 'Escalations', NULL,
 'tickets that were escalated; days for which the oldest open one has been',
 'count', NULL, NULL,
 '{}', '{escalated_count,escalated_90_days_count,escalated_open_count,open_escalations,escalation_days}',
 '{escalated_open_count,escalated_open_days}'),
('backlog', 'support', 'Backlog', NULL,
 'tickets open at the end of the period, and their mean age',
 'count', NULL, NULL,
 '{}', '{backlog_count,backlog_age_days,open_count,oldest_open_days}', '{open_count,last_opened_at,first_opened_at}'),
('ticket_volume', 'support', 'Tickets', NULL,
 'tickets opened, and tickets solved, in the period',
 'count', NULL, NULL,
 '{}', '{opened_count,solved_count}', '{opened_count}'),

('csat', 'satisfaction', 'Customer satisfaction (CSAT)', NULL,
 'answers of satisfied_from or more, on 1 to 5 / all valid answers, neutral ones too; those about tickets are one a '
 'respondent and ticket, others one a respondent and month',
 'rate', '[0.80,0.90]', 'top-two box of five; interval: Wilson (1927)',
 '{satisfied_from,confidence}', '{csat_rate,csat_count,csat,without_csat_rate,csat_change_rate}',
 '{csat,csat_interval,answer_count,missing_count,rejected_count,small_sample,rescale,standard_score,answer_facts,'
 'answers_with_ticket}'),
('csat_response', 'satisfaction', 'Response rate of CSAT', NULL,
 'questions answered so far / questions sent',
 'rate', NULL, 'interval: Wilson (1927)',
 '{confidence}', '{csat_response_rate,csat_sent_count}', '{response_rate,response_rate_interval}'),
('ces', 'satisfaction', 'Customer effort score (CES)', NULL,
 'mean answer on 1 to 7, 7 being the easiest; other scales are brought to it',
 'score', '(5.0,)',
 'CES 2.0, seven points of agreement; the score: Dixon, Freeman and Toman (2010); interval: Student (1908)',
 '{confidence}', '{ces_score,ces_count}', '{ces,ces_interval}'),
('ces_easy', 'satisfaction', 'Easy answers of CES', NULL,
 'answers from 5 on, of 1 to 7 / all answers',
 'rate', NULL, 'CES 2.0; interval: Wilson (1927)',
 '{confidence}', '{ces_easy_rate}', '{ces_share}'),
('ces_response', 'satisfaction', 'Response rate of CES', NULL,
 'questions answered so far / questions sent',
 'rate', NULL, 'interval: Wilson (1927)',
 '{confidence}', '{ces_response_rate,ces_sent_count}', '{response_rate,response_rate_interval}'),
('nps', 'satisfaction', 'Net Promoter Score (NPS)', NULL,
 '100 x (promoters, 9 and 10, - detractors, below 7) / all answers on 0 to 10 or 1 to 10, one a respondent and month',
 'score', NULL, 'Reichheld, The One Number You Need to Grow (2003); interval: adjusted Wald (MeasuringU)',
 '{confidence}',
 '{nps_score,nps_count,promoter_count,passive_count,detractor_count,nps,without_nps_score,nps_change_score}',
 '{nps,nps_interval,promoter_count,passive_count,detractor_count}'),
('nps_response', 'satisfaction', 'Response rate of NPS', NULL,
 'questions answered so far / questions sent',
 'rate', NULL, 'interval: Wilson (1927)',
 '{confidence}', '{nps_response_rate,nps_sent_count}', '{response_rate,response_rate_interval}'),
('mean_answer', 'satisfaction', 'Mean answer',
 'Mean of the answers on the scale that they were given',
 'sum of answers / answers',
 'score', NULL, NULL,
 '{}', '{}', '{mean_score,score_stddev,mean_answer}'),

('dau', 'usage', 'Daily active accounts', NULL,
 'distinct accounts with usage on the day',
 'count', NULL, NULL,
 '{}', '{dau_count}', '{active_series}'),
('wau', 'usage', 'Weekly active accounts', NULL,
 'distinct accounts with usage in the 7 days up to the day',
 'count', NULL, NULL,
 '{}', '{wau_count}', '{active_series}'),
('mau', 'usage', 'Monthly active accounts', NULL,
 'distinct accounts with usage in the 28 days up to the day',
 'count', NULL, 'trailing 28 days, so that weekdays are balanced',
 '{}', '{mau_count,new_active_count,retained_active_count,resurrected_active_count,dormant_count}',
 '{active_series,is_active,account_count}'),
('stickiness', 'usage', 'Stickiness', NULL,
 'days on which accounts of mau were active / those of the 28 days from the first activity of each on',
 'rate', NULL, 'mean DAU / MAU',
 '{weekdays_only}', '{stickiness_rate}', '{active_series}'),
('active_days', 'usage', 'Active days', NULL,
 'distinct days with usage in the last 28',
 'days', NULL, NULL,
 '{}', '{active_28_days_count}', '{active_days}'),
('usage_trend', 'usage', 'Trend of usage', NULL,
 'events a day of the last trend_days days / those of as many before - 1',
 'rate', NULL, 'test and interval: Welch (1947), days as the sample',
 '{trend_days,confidence,usage_feed_days,least_events}',
 '{change_rate,recent_events_rate,before_events_rate,trend_events_rate,trend_lower_rate,trend_upper_rate,trend_p,'
 'trend,events_28_days_count}', '{usage_trend,usage_change,events_between}'),
('consistency', 'usage', 'Consistency of usage', NULL,
 'weeks with usage / weeks, of the last 8',
 'rate', NULL, NULL,
 '{week_start}', '{consistency_rate,consistency}', '{consistency}'),
('idle', 'usage', 'Days without usage', NULL,
 'day of the reading - last day with usage, or of who never used it the day of its start',
 'days', NULL, NULL,
 '{usage_feed_days}', '{idle_days}', '{last_active_on,first_active_on}'),
('longest_gap', 'usage', 'Longest gap in usage', NULL,
 'longest run of days without usage in the last 90',
 'days', NULL, NULL,
 '{}', '{longest_gap_days}', '{longest_gap}'),
('streak', 'usage', 'Streak', NULL,
 'days with usage in a row, up to the day of the reading',
 'days', NULL, NULL,
 '{}', '{streak_days}', '{streak}'),
('adoption', 'usage', 'Feature adoption', NULL,
 'eligible accounts that used the feature in the last adoption_days / accounts entitled to it',
 'rate', NULL, 'interval: Wilson (1927)',
 '{adoption_days,confidence,adoption_threshold}', '{adoption_rate,adopter_count,eligible_count,unentitled_count}',
 '{feature_adoption,account_count,active_count}'),
('activation', 'usage', 'Time to adopt a feature', NULL,
 'median of the days from entitlement to first use, those that have not used it censored',
 'days', NULL, 'Kaplan and Meier (1958)',
 '{}', '{activation_median_days}', '{feature_adoption,first_used_on}'),
('breadth', 'usage', 'Breadth of usage', NULL,
 'different features used / features that the account is entitled to',
 'rate', NULL, NULL,
 '{adoption_days}', '{breadth_rate,breadth,features_used_count,entitled_count}',
 '{breadth,features_used,feature_facts}'),
('depth', 'usage', 'Depth of usage', NULL,
 'features used on at least 4 of the last 28 days / features that the account is entitled to',
 'rate', NULL, NULL,
 '{}', '{depth}', '{features_used}'),
('seat_use', 'usage', 'Seats in use', NULL,
 'users active in the last adoption_days / seats bought',
 'rate', NULL, NULL,
 '{adoption_days}', '{seat_use_rate,seat_use,active_user_count,user_count,seat_count}', '{}'),
('events_per_user', 'usage', 'Events an active user', NULL,
 'events of the last adoption_days / users active in them; and of the user in the middle',
 'rate', NULL, NULL,
 '{adoption_days}', '{events_per_user_rate,events_median_rate}', '{events_between}'),
('n_day_retention', 'usage', 'Usage retention, bracket by bracket', NULL,
 'accounts active in that very bracket since their first active day / accounts whose bracket is over',
 'rate', NULL, NULL,
 '{retention_days}', '{n_day_rate,n_day_count,mature_count}',
 '{usage_retention,usage_retention_average,account_count}'),
('unbounded_retention', 'usage', 'Usage retention, that bracket or later', NULL,
 'accounts active in that bracket or later / accounts whose bracket is over',
 'rate', NULL, NULL,
 '{retention_days}', '{unbounded_rate,unbounded_count}', '{usage_retention,usage_retention_average}'),
('rolling_retention', 'usage', 'Usage retention, every bracket', NULL,
 'accounts active in every bracket up to that one / accounts whose bracket is over',
 'rate', NULL, NULL,
 '{retention_days}', '{rolling_rate,rolling_count}', '{usage_retention,usage_retention_average}'),

('health', 'health', 'Health score', NULL,
 'sum of weight x value / sum of weight of the signals whose value is known, component by component; the reading of a '
 'group is the mean, each account alike',
 'score', '(70,)', NULL,
 '{health_min_coverage,health_method,health_days}',
 '{health_score,before_score,opening_score,closing_score}',
 '{score,score_of,mean_score,health_reasons,scored_count,account_count}'),
('weighted_health', 'health', 'Health score, by MRR', NULL,
 'sum of MRR x score / sum of MRR, of the accounts whose score is known',
 'score', NULL, NULL,
 '{health_min_coverage,health_method,health_days}', '{weighted_score}', '{weighted_score}'),
('worst_health', 'health', 'Lowest health score', NULL,
 'least score of the group',
 'score', NULL, NULL,
 '{health_min_coverage,health_method,health_days}', '{worst_score,worst_child_score}', '{worst_score}'),
('parent_health', 'health', 'Health score of a parent account', NULL,
 'mean score of the child accounts, each by its MRR, without and with the parent',
 'score', NULL, NULL,
 '{health_min_coverage,health_method,health_days}', '{children_score,with_parent_score,child_count}',
 '{weighted_score}'),
('signal_value', 'health', 'Value of a signal', NULL,
 'the reading on a scale from worst, 0, to best, 100; its points are what it gives to the score, or takes from 100',
 'score', NULL, NULL,
 '{health_days}', '{value_score,before_value_score,mean_value_score,points,lost_points,mean_lost_points}',
 '{contributions,normalize,normalize_linear,normalize_logistic,normalize_percentile,normalize_piecewise,freshness,'
 'signal_at,signal_count,signal_sum,signal_given_at}'),
('coverage', 'health', 'Coverage of the health score', NULL,
 'weight of the signals whose value is known / weight of all',
 'rate', NULL, NULL,
 '{health_min_coverage}', '{coverage_rate,known_rate,known_count}', '{coverage}'),
('tier', 'health', 'Accounts by tier', NULL,
 'accounts, and their MRR, by the tier of the unrounded score: Green, Yellow, Red or Unknown; green_rate is the share '
 'that is Green',
 'rate', NULL, NULL,
 '{health_green_from,health_yellow_from,health_min_coverage,health_method,health_days}',
 '{green_rate,green_count,yellow_count,red_count,unknown_count,green_mrr,yellow_mrr,unknown_mrr}',
 '{tier,held_tier,health_tiers}'),
('red_mrr', 'health', 'Revenue at risk', NULL,
 'sum of MRR of the accounts that are Red',
 'mrr', NULL, NULL,
 '{health_yellow_from,health_min_coverage,health_method,health_days}', '{red_mrr}', '{health_tiers}'),
('red_mrr_share', 'health', 'Share of revenue at risk', NULL,
 'MRR of the accounts that are Red / MRR of all',
 'rate', NULL, NULL,
 '{health_yellow_from,health_min_coverage,health_method,health_days}', '{red_mrr_rate}', '{health_tiers}'),
('at_risk_mrr', 'health', 'MRR by lacking points', NULL,
 'MRR x (100 - score) / 100',
 'mrr', NULL, NULL,
 '{health_min_coverage,health_method,health_days}', '{at_risk_mrr}', '{}'),
('health_change', 'health', 'Change of the health score', NULL,
 'score - score movement_days before, by the rules of now',
 'score', NULL, NULL,
 '{movement_days,health_margin,health_min_coverage,health_method,health_days}', '{change_points}', '{health_change}'),
('tier_moves', 'health', 'Accounts that changed their tier', NULL,
 'accounts in a better, or worse, tier than a week before',
 'count', NULL, NULL,
 '{health_green_from,health_yellow_from,health_min_coverage,health_method,health_days}',
 '{improved_count,declined_count,into_red_count,into_red_mrr,out_of_red_count,before_red_count}', '{}'),
('renewal', 'health', 'Renewal ahead', NULL,
 'day of the next renewal - day of the reading; and the share of MRR that is not under notice',
 'days', NULL, NULL,
 '{}', '{renewal_days,renewal_posture}', '{}'),

('auc', 'prediction', 'AUC of the health score', NULL,
 'pairs of an account that churned and one that stayed in which the first had the lower score, ties half / all such '
 'pairs',
 'rate', NULL, 'interval: DeLong (1988), with accounts as clusters Obuchowski (1997)',
 '{backtest_days,backtest_count,confidence}', '{auc_rate}', '{auc,auc_interval,predicts}'),
('precision', 'prediction', 'Precision of Red', NULL,
 'Red accounts that churned within backtest_days / Red accounts',
 'rate', NULL, 'interval: Wilson (1927)',
 '{backtest_days,backtest_count,health_yellow_from,confidence}', '{precision_rate,flagged_count}', '{flagged_at}'),
('recall', 'prediction', 'Recall of Red', NULL,
 'accounts that churned within backtest_days and were Red / accounts that churned',
 'rate', NULL, 'interval: Wilson (1927)',
 '{backtest_days,backtest_count,health_yellow_from,confidence}', '{recall_rate}', '{flagged_at}'),
('top_lift', 'prediction', 'Lift of the lowest tenth', NULL,
 'churn of the tenth with the lowest scores / churn of all',
 'rate', NULL, NULL,
 '{backtest_days,backtest_count,confidence}', '{top_lift_rate}', '{top_lift}'),
('odds', 'prediction', 'Odds of ten points less', NULL,
 'exp(10 x slope) of a logistic regression of churn on the points that the score lacks',
 'rate', NULL, 'logistic regression',
 '{backtest_days,backtest_count,confidence}', '{odds_ten_points_rate,odds_lower_rate,odds_upper_rate}', '{risk_fit}'),
('churned_share', 'prediction', 'Churn after a score',
 'Scores after which the account churned within backtest_days / scores',
 'churn of the group within backtest_days, beside what the score led to expect',
 'rate', NULL, 'interval: Wilson (1927)',
 '{backtest_days,backtest_count,confidence}',
 '{churned_rate,expected_rate,prediction_count,lowest_score,highest_score}',
 '{calibration,base_rate,prediction_count,happened_count}'),
('brier', 'prediction', 'Brier score',
 'How far predicted risks are from what happened: 0 is best',
 'mean of (risk - 1)^2 of what happened and risk^2 of what did not',
 'rate', NULL, 'Brier (1950)',
 '{}', '{brier_score}', '{brier}'),
('churn_probability', 'prediction', 'Chance to leave',
 'Chance of a customer to be none any more at the end of the horizon of the churn model in force',
 'logistic regression with splines and chosen pairs of what was known of customers on past days, learnt on the earlier',
 'rate', NULL, 'interval: of what happened on later days by the log odds of the chance, accounts as clusters',
 '{confidence}',
 '{churn_probability,expected_churn_rate,horizon_days,example_count,trained_churn_count,lowest_probability,'
 'highest_probability,mean_probability,lift_rate}', '{risk_line}'),
('expected_loss', 'prediction', 'MRR to be expected lost',
 'MRR times the chance to leave, of each customer and summed',
 'sum of MRR x churn_probability',
 'mrr', NULL, 'beside it what the same model would have said a year before',
 '{}', '{expected_loss_mrr,at_risk_rate,year_before_count,year_before_mrr,year_before_loss_mrr,year_before_rate}',
 '{}'),
('auc_gain', 'prediction', 'What a churn model knows beyond the score',
 'AUC of its chances less that of the health scores, on days that it did not learn from',
 'auc of the chances - auc of the scores, of the same accounts and days',
 'rate', NULL, 'interval: DeLong (1988), with accounts as clusters Obuchowski (1997)',
 '{confidence}', '{auc_gain_rate,health_auc_rate}', '{auc_difference}'),
('drift', 'prediction', 'Drift of a feature',
 'How far the customers of now are from those that a churn model learnt from',
 'sum over tenths of then, and the missing, of (share now - share then) x ln(share now / share then)',
 'score', NULL, 'population stability index, common practice of credit scoring',
 '{}', '{drift_score,trained_known_rate}', '{}'),

('effect', 'playbook', 'Effect of a playbook', NULL,
 'success of the treated - success of those left alone, or of matched past days',
 'rate', NULL, 'interval: Newcombe (1998), with continuity correction',
 '{playbook_seed,confidence}',
 '{effect_rate,treated_rate,treated_count,treated_success_count,control_rate,control_count,control_success_count,'
 'matched_count}', '{rate_difference,make_rate,rate,rate_interval,success_count,trial_count,wilson_interval}'),
('sample_ratio', 'playbook', 'Holdouts', NULL,
 'runs left alone / runs, beside the share that was planned',
 'rate', NULL, 'Clopper and Pearson (1934)',
 '{playbook_seed}', '{holdout_rate,planned_rate,holdout_count}', '{clopper_pearson_interval}'),
('before_after', 'playbook', 'Before and after', NULL,
 'closing score - opening score, of the treated, and of those left alone: regression to the mean',
 'score', NULL, NULL,
 '{}',
 '{naive_change_score,anyway_change_score,treated_opening_score,treated_closing_score,control_opening_score,'
 'control_closing_score}', '{}'),
('playbook_runs', 'playbook', 'Runs of a playbook', NULL,
 'runs, by how far they are',
 'count', NULL, NULL,
 '{}', '{run_count,open_run_count,unknown_run_count,lost_run_count,left_out_count,done_count,run_days}', '{}'),
('plays', 'playbook', 'Plays of the week', NULL,
 'plays opened, judged, succeeded, and past due',
 'count', NULL, NULL,
 '{}', '{play_opened_count,play_judged_count,play_success_count,play_overdue_count}', '{}'),
('alerts', 'playbook', 'Alerts of the week', NULL,
 'alerts raised, and cleared',
 'count', NULL, NULL,
 '{alert_late_days}', '{raised_count,cleared_count}', '{}'),

('percentile', 'comparison', 'Percentile of the own history', NULL,
 '(readings of the 24 months before that lie below + half of the equal ones) / all of them',
 'rate', NULL, NULL,
 '{}', '{percentile_rate,history_count}', '{}'),
('robust_z', 'comparison', 'Robust z score', NULL,
 '(reading - median) / (1.4826 x median absolute deviation), of the 24 months before',
 'score', NULL, NULL,
 '{}', '{robust_z_score}', '{}'),
('lead', 'comparison', 'Lead of one metric over another', NULL,
 'rank correlation of the monthly changes, at the lag chosen on the earlier half of the months',
 'rate', NULL, 'Spearman (1904); q: Benjamini and Hochberg (1995)',
 '{}', '{spearman_rate,earlier_spearman_rate,spearman_p,spearman_q}', '{student_p}'),
('goal', 'comparison', 'Distance from the goal', NULL,
 'reading - nearest limit of its goal; 0 within it',
 'score', NULL, NULL,
 '{least_count}', '{reading_from_goal}', '{goal_status,goal_distance,goal_verdict,goal_text}'),

('findings', 'data', 'Rows that a rule of data quality finds', NULL,
 'rows of the source for which the condition of the rule holds',
 'count', NULL, NULL,
 '{}', '{row_count}', '{}')
) m(name, family, title, definition, formula, unit, benchmark, source, options, columns, functions)
-- what defines all of a family
LEFT JOIN (VALUES
    ('revenue',
     '{trial_rule,pause_rule,pause_churn_days,gap_smooth_days,credit_rule,churn_date_rule,delinquency_days,'
     'discount_rule,zero_mrr_rule,reactivation_gap_days,entity_grain,period,fiscal_year_start,report_currency,'
     'rate_rule,rate_on}'::text[]),
    ('value',
     '{trial_rule,pause_rule,pause_churn_days,gap_smooth_days,credit_rule,churn_date_rule,delinquency_days,'
     'discount_rule,zero_mrr_rule,reactivation_gap_days,entity_grain,report_currency,rate_on}'),
    ('satisfaction', '{answer_rule}')) f(family, options) USING (family);

CREATE OR REPLACE FUNCTION csmetrics.interval_end(name text, metric text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN name ~ '_(lower|upper)_[^_]+$' AND regexp_replace(name, '_(lower|upper)(_[^_]+)$', '\2') = metric;
COMMENT ON FUNCTION csmetrics.interval_end(text, text) IS
'Internal: is the column of that name an end of the interval of the other?';

CREATE OR REPLACE FUNCTION csmetrics.metric_views(shown text[], model text DEFAULT NULL) RETURNS text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT array_agg(DISTINCT format('%s.%s', v.name, a.attname) ORDER BY format('%s.%s', v.name, a.attname))
    FROM (SELECT n.oid
          FROM pg_namespace n
          WHERE n.nspname = model
             -- one that has these is a model; whether the caller may look into it is no matter
             OR model IS NULL AND (SELECT count(*) FROM pg_class c
                                   WHERE c.relnamespace = n.oid AND c.relname IN ('reporting_range', 'policy')) = 2)
         m(oid)
         JOIN pg_class c ON c.relnamespace = m.oid AND c.relkind = 'v'
         JOIN csmetrics.model_object v ON v.name = c.relname AND v.kind = 'view'
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE a.attname = ANY (shown)
       OR EXISTS (SELECT 1 FROM unnest(shown) s(name) WHERE csmetrics.interval_end(a.attname::text, s.name));
END;
COMMENT ON FUNCTION csmetrics.metric_views(text[], text) IS
'Internal: the columns of these names, and the ends of their intervals, as view.column, in that model, or in any; NULL '
'where there is none';

CREATE OR REPLACE FUNCTION csmetrics.goal_words(goal numrange, unit text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE unit
       WHEN 'rate' THEN csmetrics.goal_text(numrange(lower(goal) * 100, upper(goal) * 100,
                                                     CASE WHEN lower_inc(goal) THEN '[' ELSE '(' END
                                                     || CASE WHEN upper_inc(goal) THEN ']' ELSE ')' END)) || ' %'
       WHEN 'days' THEN csmetrics.goal_text(goal) || ' days'
       WHEN 'hours' THEN csmetrics.goal_text(goal) || ' hours'
       ELSE csmetrics.goal_text(goal) END;
COMMENT ON FUNCTION csmetrics.goal_words(numrange, text) IS 'Internal: goal_text with the unit, ratios in %';

CREATE OR REPLACE VIEW csmetrics.metric_catalog AS
SELECT d.position, d.name, d.family, d.title, coalesce(d.definition, k.description, c.description) AS definition,
       d.formula, coalesce(k.unit, d.unit) AS unit, k.higher_is_better, d.benchmark, d.source,
       '{time_zone,test_account_rule}'::text[] || d.options AS options, csmetrics.metric_views(d.columns) AS views,
       d.functions
FROM csmetrics.metric_definition d
     LEFT JOIN csmetrics.model_metric k USING (name)
     LEFT JOIN csmetrics.model_column c ON c.name = d.columns[1];
COMMENT ON VIEW csmetrics.metric_catalog IS
'Every metric that is shown anywhere: what it is, how it is worked out, after whom, what defines it and where it is. '
'One row a metric; explain_metric tells it in words.';
COMMENT ON COLUMN csmetrics.metric_catalog.position IS 'Its place in the catalog';
COMMENT ON COLUMN csmetrics.metric_catalog.name IS 'Name of the metric; those of model_metric are among them';
COMMENT ON COLUMN csmetrics.metric_catalog.family IS
'What it belongs to: revenue, value, onboarding, support, satisfaction, usage, health, prediction, playbook, '
'comparison or data';
COMMENT ON COLUMN csmetrics.metric_catalog.title IS 'What people call it';
COMMENT ON COLUMN csmetrics.metric_catalog.definition IS 'What it says';
COMMENT ON COLUMN csmetrics.metric_catalog.formula IS 'How it is worked out';
COMMENT ON COLUMN csmetrics.metric_catalog.unit IS
'Unit of its readings: rate (a ratio), score (points), days, hours, mrr (money a month), count or money';
COMMENT ON COLUMN csmetrics.metric_catalog.higher_is_better IS
'Is a higher reading the better one? NULL where it should lie in a band, or nothing is known of that';
COMMENT ON COLUMN csmetrics.metric_catalog.benchmark IS
'Where a reading should lie by common practice, in its unit; a round bracket leaves the limit out and a square one has '
'it in. NULL: there is no such figure';
COMMENT ON COLUMN csmetrics.metric_catalog.source IS 'Whose formula it is; NULL: nobody''s in particular';
COMMENT ON COLUMN csmetrics.metric_catalog.options IS 'Rules of the policy that define it';
COMMENT ON COLUMN csmetrics.metric_catalog.views IS
'Columns of the views of models that show it or what it is made of, as view.column; NULL while there is no model';
COMMENT ON COLUMN csmetrics.metric_catalog.functions IS
'Functions that work it out from states, plain columns or histories';
GRANT SELECT ON csmetrics.metric_catalog TO PUBLIC;

CREATE OR REPLACE FUNCTION csmetrics.metric_named(name text) RETURNS smallint
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    asked text := lower(regexp_replace(trim(metric_named.name), '[\s-]+', '_', 'g'));
    place smallint;
    near text;
BEGIN
    -- by its name, or else by that of a column or a function of it
    SELECT d.position INTO place FROM csmetrics.metric_definition d
    WHERE d.name = asked OR asked = ANY (d.columns || d.functions)
       OR EXISTS (SELECT 1 FROM unnest(d.columns) shown(name) WHERE csmetrics.interval_end(asked, shown.name))
    ORDER BY d.name <> asked, asked <> ALL (d.columns), d.position LIMIT 1;
    IF place IS NULL THEN
        SELECT format('Near are: %s.', string_agg(d.name, ', ' ORDER BY d.position)) INTO near
        FROM csmetrics.metric_definition d
        WHERE asked <> '' AND (strpos(d.name, asked) > 0 OR strpos(asked, d.name) > 0
                               OR strpos(lower(d.title), replace(asked, '_', ' ')) > 0
                               OR left(d.name, 3) = left(asked, 3))
        HAVING count(*) > 0;
        RAISE EXCEPTION 'unknown metric "%"', coalesce(metric_named.name, '')
            USING ERRCODE = 'invalid_parameter_value',
                  DETAIL = coalesce(near, (SELECT format('Known are: %s.', string_agg(d.name, ', ' ORDER BY d.position))
                                           FROM csmetrics.metric_definition d));
    END IF;
    RETURN place;
END
$$;
COMMENT ON FUNCTION csmetrics.metric_named(text) IS
'Internal: the place in the catalog of the metric of that name, or with a column or function of it. An unknown one: '
'SQLSTATE 22023, with those that are near.';

CREATE OR REPLACE FUNCTION csmetrics.explained_options(options text[], policy jsonb)
RETURNS TABLE (aspect text, explanation text)
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT 'option ' || o.name,
           CASE WHEN policy IS NULL
                THEN format('%s (default): %s', coalesce(regexp_replace(c.default_value, '^''(.*)''$', '\1'), 'NULL'),
                            c.description)
                ELSE format('%s (in force): %s', coalesce(policy ->> o.name, 'NULL'), c.description) END
    FROM unnest(options) WITH ORDINALITY o(name, n) JOIN csmetrics.policy_column c ON c.name = o.name
    ORDER BY o.n;
END;
COMMENT ON FUNCTION csmetrics.explained_options(text[], jsonb) IS
'Internal: rules of the policy as explain_metric tells them, with what is in force in the policy given; NULL: with '
'their defaults';

CREATE OR REPLACE FUNCTION csmetrics.explained_changes(model text, metric text, options text[], is_of_health boolean)
RETURNS TABLE (aspect text, explanation text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY EXECUTE format($query$
        SELECT 'changed ' || to_char(c.changed_at AT TIME ZONE p.time_zone, 'YYYY-MM-DD'),
               format('%%s by %%s', c.text, c.changed_by)
        FROM %1$I.policy p,
             (SELECT d.change_id, d.changed_at, d.changed_by,
                     CASE WHEN d.relation = 'policy'
                          THEN (SELECT string_agg(format('%%s from %%s to %%s', o.key,
                                                         coalesce(d.before ->> o.key, 'NULL'),
                                                         coalesce(o.value, 'NULL')), ', ' ORDER BY o.key)
                                FROM jsonb_each_text(d.after) o WHERE o.key = ANY ($2))
                          WHEN d.relation = 'target' AND coalesce(d.after, d.before) ->> 'metric' IS DISTINCT FROM $1
                               AND split_part(d.item, ',', 1) IS DISTINCT FROM $1 THEN NULL
                          WHEN d.relation IN ('health_signal', 'health_component') AND NOT $3 THEN NULL
                          WHEN d.relation = 'quality_rule'
                               AND NOT coalesce(d.after, '{}') || coalesce(d.before, '{}') ?| '{quarantine,condition}'
                               THEN NULL
                          WHEN d.relation IN ('alert_rule', 'playbook') THEN NULL
                          ELSE concat_ws(' ', d.relation, d.item, d.action,
                                         'from ' || d.before::text, 'to ' || d.after::text) END AS text
              FROM %1$I.definition_change d) c
        WHERE c.text IS NOT NULL
        ORDER BY c.change_id DESC LIMIT 10 $query$, model) USING metric, options, is_of_health;
END
$$;
COMMENT ON FUNCTION csmetrics.explained_changes(text, text, text[], boolean) IS
'Internal: the last ten changes of what defines a metric, or what it is judged by, as explain_metric tells them, the '
'latest first';

CREATE OR REPLACE FUNCTION csmetrics.explain_metric(
    name text, model text DEFAULT NULL, OUT aspect text, OUT explanation text) RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $explain$
DECLARE
    metric record;
    policy jsonb;
BEGIN
    SELECT c.*, d.columns INTO metric
    FROM csmetrics.metric_catalog c JOIN csmetrics.metric_definition d USING (position)
    WHERE position = csmetrics.metric_named(explain_metric.name);
    IF model IS NOT NULL THEN
        PERFORM csmetrics.require_model(model);
        EXECUTE format('SELECT to_jsonb(p) FROM %I.policy p', model) INTO policy;
    END IF;

    RETURN QUERY
    SELECT t.aspect, t.text
    FROM (VALUES ('name', metric.name), ('title', metric.title), ('definition', metric.definition),
                 ('formula', metric.formula), ('unit', metric.unit),
                 ('better', CASE metric.higher_is_better WHEN true THEN 'higher' WHEN false THEN 'lower' END),
                 ('benchmark', csmetrics.goal_words(metric.benchmark, metric.unit)),
                 ('source', metric.source)) t(aspect, text)
    WHERE t.text IS NOT NULL;
    RETURN QUERY SELECT o.aspect, o.explanation FROM csmetrics.explained_options(metric.options, policy) o;
    IF model IS NOT NULL THEN
        RETURN QUERY EXECUTE format(
            'SELECT ''goal'' || coalesce('' of segment '' || segment, ''''),
                    csmetrics.goal_words(goal, $2) || coalesce('': '' || note, '''')
             FROM %I.target WHERE metric = $1 ORDER BY segment NULLS FIRST', model)
        USING metric.name, metric.unit;
        RETURN QUERY SELECT c.aspect, c.explanation
        FROM csmetrics.explained_changes(model, metric.name, metric.options, metric.family = 'health') c;
    END IF;
    RETURN QUERY
    SELECT t.aspect, t.text
    FROM (VALUES ('views', array_to_string(csmetrics.metric_views(metric.columns, model), ', ')),
                 ('functions', array_to_string(metric.functions, ', '))) t(aspect, text)
    WHERE t.text <> '';
END
$explain$;
COMMENT ON FUNCTION csmetrics.explain_metric(text, text) IS
'A metric in words, a row an aspect: what it is, rules with what is in force in the model (NULL: their defaults), '
'goals, who changed these when, columns, functions. name: of it, or of a column or function. An unknown one: '
'SQLSTATE 22023, with those near; an unknown model: 3F000.';
