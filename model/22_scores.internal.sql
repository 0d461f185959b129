-- What is stored of health: the scores of the days that views ask for, and what they come to by attribute. Kept by key:
-- refresh scores anew whose facts or attributes changed, on all of these days, and the whole of a day that is missing.

-- logged: live scores name it, and a standby reads no table that is not
CREATE TABLE changed_key (
    account_id    @account_id@,
    comes_or_goes boolean NOT NULL DEFAULT false,
    PRIMARY KEY (account_id));
COMMENT ON TABLE changed_key IS
'Internal: the accounts whose attributes or histories a refresh writes; empty between refreshes';
COMMENT ON COLUMN changed_key.account_id IS 'Key of the account';
COMMENT ON COLUMN changed_key.comes_or_goes IS 'Has it histories now and had none, or the other way round?';

CREATE TABLE scored_day (
    as_of_on date,
    basis    text NOT NULL,
    PRIMARY KEY (as_of_on));
COMMENT ON TABLE scored_day IS
'The days whose scores are stored. Written by CALL csmetrics.refresh alone; emptied, all are worked out when asked '
'for, until the next refresh.';
COMMENT ON COLUMN scored_day.as_of_on IS 'The day as of the end of which they are';
COMMENT ON COLUMN scored_day.basis IS 'Fingerprint of the rules that they are by';

CREATE TABLE score_state (
    as_of_on         date,
    account_id       @account_id@,
    mrr              numeric NOT NULL,
    resolution_hours double precision,
    health_score     double precision,
    readings         double precision[] NOT NULL,
    PRIMARY KEY (as_of_on, account_id));
-- that of the key does not tell the planner how rows of a day lie together
CREATE INDEX ON score_state (as_of_on);
COMMENT ON TABLE score_state IS
'One row a customer of a day whose scores are stored. Written by CALL csmetrics.refresh alone; account_health reads '
'it.';
COMMENT ON COLUMN score_state.as_of_on IS 'The day as of the end of which it is scored';
COMMENT ON COLUMN score_state.account_id IS 'Key of the account';
COMMENT ON COLUMN score_state.mrr IS 'MRR in force on the day';
COMMENT ON COLUMN score_state.resolution_hours IS
'Its median time to resolution, before it is held against that of its segment';
COMMENT ON COLUMN score_state.health_score IS 'The score; NULL: too little is known';
COMMENT ON COLUMN score_state.readings IS 'What the signals of csmetrics.model_signal read, by their positions';

CREATE TABLE score_segment (
    as_of_on date,
    segment  text,
    usual_9  double precision,
    PRIMARY KEY (as_of_on, segment));
COMMENT ON TABLE score_segment IS
'What a segment is like on a day whose scores are stored. Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN score_segment.as_of_on IS 'The day';
COMMENT ON COLUMN score_segment.segment IS 'Market segment; empty: accounts without one';
COMMENT ON COLUMN score_segment.usual_9 IS 'Median of the ninth signal, resolution, of its customers; NULL: of none';

CREATE TABLE score_feed (
    as_of_on         date,
    has_usage        boolean NOT NULL,
    has_features     boolean NOT NULL,
    has_users        boolean NOT NULL,
    has_tickets      boolean NOT NULL,
    has_entitlements boolean NOT NULL,
    has_value        boolean NOT NULL,
    has_revenue      boolean NOT NULL,
    features_in_use  bigint,
    adoption         adoption,
    PRIMARY KEY (as_of_on));
COMMENT ON TABLE score_feed IS
'What is fed at all by a day whose scores are stored. Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN score_feed.as_of_on IS 'The day';
COMMENT ON COLUMN score_feed.has_usage IS 'Has anybody used the product?';
COMMENT ON COLUMN score_feed.has_features IS 'Is any feature known to be used?';
COMMENT ON COLUMN score_feed.has_users IS 'Is any user known?';
COMMENT ON COLUMN score_feed.has_tickets IS 'Is there a ticket?';
COMMENT ON COLUMN score_feed.has_entitlements IS 'Is anybody entitled to anything?';
COMMENT ON COLUMN score_feed.has_value IS 'Has anybody reached first value?';
COMMENT ON COLUMN score_feed.has_revenue IS 'Has anybody paid?';
COMMENT ON COLUMN score_feed.features_in_use IS
'Features that anybody used in the last 28 days; NULL where entitlements tell which an account has';
COMMENT ON COLUMN score_feed.adoption IS 'What features_in_use is counted from';

CREATE TABLE feed_first (
    only_row      boolean DEFAULT true CHECK (only_row),
    usage_on      date,
    feature_on    date,
    user_on       date,
    ticket_at     timestamptz,
    entitled_on   date,
    value_at      timestamptz,
    revenue_on    date,
    doubts        boolean[],
    PRIMARY KEY (only_row));
COMMENT ON TABLE feed_first IS
'Since when each kind of fact is there at all, of all accounts: one row. Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN feed_first.only_row IS 'There is one row';
COMMENT ON COLUMN feed_first.usage_on IS 'First day of usage';
COMMENT ON COLUMN feed_first.feature_on IS 'First day on which a feature was used';
COMMENT ON COLUMN feed_first.user_on IS 'First day on which a user was active';
COMMENT ON COLUMN feed_first.ticket_at IS 'When the first ticket was opened';
COMMENT ON COLUMN feed_first.entitled_on IS 'First day on which anybody was entitled to anything';
COMMENT ON COLUMN feed_first.value_at IS 'When first value was first reached';
COMMENT ON COLUMN feed_first.revenue_on IS 'First day on which anybody paid';
COMMENT ON COLUMN feed_first.doubts IS 'Which of them are of an account that is being written';

CREATE TABLE score_account (
    account_id      @account_id@,
    segment         text,
    plan            text,
    lifecycle_stage text,
    onboarding_path text,
    region          text,
    owner           text,
    PRIMARY KEY (account_id));
COMMENT ON TABLE score_account IS
'The attributes by which each account is counted in health_total. Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN score_account.account_id IS 'Key of the account';
COMMENT ON COLUMN score_account.segment IS 'Market segment';
COMMENT ON COLUMN score_account.plan IS 'Plan or contract type';
COMMENT ON COLUMN score_account.lifecycle_stage IS 'Stage of the customer lifecycle';
COMMENT ON COLUMN score_account.onboarding_path IS 'Way in which the account was brought on board';
COMMENT ON COLUMN score_account.region IS 'Region';
COMMENT ON COLUMN score_account.owner IS 'Customer-success manager';

CREATE TABLE health_total (
    as_of_on  date,
    dimension text,
    value     text,
    state     health_summary,
    PRIMARY KEY (as_of_on, dimension, value));
-- read as it is, not unpacked each time
ALTER TABLE health_total ALTER state SET STORAGE EXTERNAL;
COMMENT ON TABLE health_total IS
'What the scores of a day come to, for all accounts and for each value of each attribute, in use or not. Written by '
'CALL csmetrics.refresh alone.';
COMMENT ON COLUMN health_total.as_of_on IS 'The day';
COMMENT ON COLUMN health_total.dimension IS 'Attribute of the account by which it is grouped';
COMMENT ON COLUMN health_total.value IS 'Its value';
COMMENT ON COLUMN health_total.state IS 'The scores, with their MRR';

CREATE UNLOGGED TABLE changed_score (
    as_of_on         date,
    account_id       @account_id@,
    was_there        boolean NOT NULL,
    before_mrr       numeric,
    before_hours     double precision,
    before_score     double precision,
    is_there         boolean NOT NULL,
    mrr              numeric,
    resolution_hours double precision,
    health_score     double precision,
    readings         double precision[],
    PRIMARY KEY (as_of_on, account_id));
COMMENT ON TABLE changed_score IS
'Internal: scores that are others than those stored, until a refresh has stored them; empty between refreshes';
COMMENT ON COLUMN changed_score.as_of_on IS 'As in score_state';
COMMENT ON COLUMN changed_score.account_id IS 'As in score_state';
COMMENT ON COLUMN changed_score.was_there IS 'Is it in score_state?';
COMMENT ON COLUMN changed_score.before_mrr IS 'MRR there';
COMMENT ON COLUMN changed_score.before_hours IS 'Median time to resolution there';
COMMENT ON COLUMN changed_score.before_score IS 'Score there';
COMMENT ON COLUMN changed_score.is_there IS 'Is it to be in score_state?';
COMMENT ON COLUMN changed_score.mrr IS 'As it is to be there';
COMMENT ON COLUMN changed_score.resolution_hours IS 'As it is to be there';
COMMENT ON COLUMN changed_score.health_score IS 'As it is to be there';
COMMENT ON COLUMN changed_score.readings IS 'As they are to be there';

CREATE TABLE week_total (
    before_on         date,
    as_of_on          date,
    dimension         text,
    value             text,
    account_count     bigint NOT NULL,
    improved_count    bigint NOT NULL,
    declined_count    bigint NOT NULL,
    into_red_count    bigint NOT NULL,
    into_red_mrr      numeric NOT NULL,
    out_of_red_count  bigint NOT NULL,
    joined_count      bigint NOT NULL,
    joined_mrr        numeric NOT NULL,
    left_count        bigint NOT NULL,
    left_mrr          numeric NOT NULL,
    expansion_mrr     numeric NOT NULL,
    contraction_mrr   numeric NOT NULL,
    PRIMARY KEY (before_on, as_of_on, dimension, value));
COMMENT ON TABLE week_total IS
'What moved between the ends of two weeks, for all accounts and for each value of each attribute, in use or not: what '
'manager_weekly shows. Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN week_total.before_on IS 'End of the week before';
COMMENT ON COLUMN week_total.as_of_on IS 'End of the week';
COMMENT ON COLUMN week_total.dimension IS 'Attribute of the account by which it is grouped';
COMMENT ON COLUMN week_total.value IS 'Its value';
COMMENT ON COLUMN week_total.account_count IS 'Customers on either day';
COMMENT ON COLUMN week_total.improved_count IS 'Those in a better tier than before';
COMMENT ON COLUMN week_total.declined_count IS 'Those in a worse tier';
COMMENT ON COLUMN week_total.into_red_count IS 'Those that are Red and were not';
COMMENT ON COLUMN week_total.into_red_mrr IS 'Their MRR';
COMMENT ON COLUMN week_total.out_of_red_count IS 'Those that were Red and are not';
COMMENT ON COLUMN week_total.joined_count IS 'Those that were no customers';
COMMENT ON COLUMN week_total.joined_mrr IS 'Their MRR';
COMMENT ON COLUMN week_total.left_count IS 'Those that are no customers any more';
COMMENT ON COLUMN week_total.left_mrr IS 'The MRR that they had';
COMMENT ON COLUMN week_total.expansion_mrr IS 'What others have more';
COMMENT ON COLUMN week_total.contraction_mrr IS 'What others have less';

CREATE TABLE known_dimension (
    dimension     text,
    account_count bigint NOT NULL,
    PRIMARY KEY (dimension));
COMMENT ON TABLE known_dimension IS
'Of how many accounts each attribute is known. Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN known_dimension.dimension IS 'The attribute, or all';
COMMENT ON COLUMN known_dimension.account_count IS 'Accounts that have a value of it';

CREATE OR REPLACE FUNCTION changed_state() RETURNS TABLE (
    account_id @account_id@, revenue mrr_timeline, notice mrr_timeline, milestones milestones, tickets tickets,
    answers answers, usage activity, features feature_usage, entitlements mrr_timeline, signals signals)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
    -- OFFSET 0: by their keys, whatever the planner thinks of other ways
    SELECT s.account_id, s.revenue, s.notice, s.milestones, s.tickets, s.answers, s.usage, s.features, s.entitlements,
           s.signals
    FROM changed_key k, LATERAL (SELECT * FROM account_state s WHERE s.account_id = k.account_id OFFSET 0) s;
END;
COMMENT ON FUNCTION changed_state() IS 'Internal: the histories of the accounts of changed_key';

CREATE OR REPLACE FUNCTION changed_user() RETURNS TABLE (account_id @account_id@, usage activity)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100
BEGIN ATOMIC
    SELECT u.account_id, u.usage
    FROM changed_key k, LATERAL (SELECT * FROM user_state u WHERE u.account_id = k.account_id OFFSET 0) u;
END;
COMMENT ON FUNCTION changed_user() IS 'Internal: the histories of the users of the accounts of changed_key';
