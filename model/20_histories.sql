-- The histories: what each account, each user and each currency did, as refresh wrote it.

CREATE TABLE account_state (
    account_id   @account_id@,
    revenue      mrr_timeline,
    notice       mrr_timeline,
    milestones   milestones,
    tickets      tickets,
    answers      answers,
    usage        activity,
    features     feature_usage,
    entitlements mrr_timeline,
    renewals     date[],
    signals      signals,
    PRIMARY KEY (account_id));
CREATE INDEX ON account_state (first_paid_on(revenue));
CREATE INDEX ON account_state (first_active_on(usage));
COMMENT ON TABLE account_state IS
'One row an account: its histories. Written by CALL csmetrics.refresh alone; the metric views read it.';
COMMENT ON COLUMN account_state.account_id IS 'Key of the account';
COMMENT ON COLUMN account_state.revenue IS
'Its MRR over time, in the currency of report at constant rates; NULL without subscriptions';
COMMENT ON COLUMN account_state.notice IS 'Its MRR under notice of cancellation over time; NULL without any';
COMMENT ON COLUMN account_state.milestones IS 'Its milestones, reached and due; NULL without any';
COMMENT ON COLUMN account_state.tickets IS 'Its support tickets; NULL without any';
COMMENT ON COLUMN account_state.answers IS 'What it was asked in surveys and answered; NULL without any';
COMMENT ON COLUMN account_state.usage IS 'On which days it used the product, in its own time zone; NULL: never';
COMMENT ON COLUMN account_state.features IS 'Which features it used on which days, in its own time zone; NULL: none';
COMMENT ON COLUMN account_state.entitlements IS 'How many features it was entitled to over time; NULL without any';
COMMENT ON COLUMN account_state.renewals IS
'The days on which its subscriptions renew, as the source says now; NULL without any';
COMMENT ON COLUMN account_state.signals IS 'The user''s own signals of it; NULL without any';

CREATE TABLE revenue_state (
    account_id      @account_id@,
    subscription_id text,
    currency        text,
    valid_from_on   date,
    valid_until_on  date,
    is_mixed        boolean,
    revenue         mrr_timeline,
    PRIMARY KEY (account_id, subscription_id, currency, valid_from_on, valid_until_on, is_mixed));
COMMENT ON TABLE revenue_state IS
'One row an entity that is not just an account in the currency of report, by currency and by the days on which it is '
'made of the same accounts: its revenue history. Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN revenue_state.account_id IS 'Key of the account';
COMMENT ON COLUMN revenue_state.subscription_id IS 'Key of the subscription';
COMMENT ON COLUMN revenue_state.currency IS 'Key of the currency';
COMMENT ON COLUMN revenue_state.valid_from_on IS 'Key of the valid_from_on';
COMMENT ON COLUMN revenue_state.valid_until_on IS 'Key of the valid_until_on';
COMMENT ON COLUMN revenue_state.is_mixed IS 'Key of the is_mixed';
COMMENT ON COLUMN revenue_state.revenue IS 'Its MRR over time, in the currency itself';

CREATE TABLE user_state (
    account_id @account_id@,
    user_id    text,
    role       text,
    usage      activity,
    PRIMARY KEY (account_id, user_id));
COMMENT ON TABLE user_state IS
'One row a user of an account: its history. Written by CALL csmetrics.refresh alone; the metric views read it.';
COMMENT ON COLUMN user_state.account_id IS 'Key of the account';
COMMENT ON COLUMN user_state.user_id IS 'Key of the user';
COMMENT ON COLUMN user_state.role IS 'Its role; of several, the last in the alphabet';
COMMENT ON COLUMN user_state.usage IS 'On which days it used the product, in the time zone of its account';

CREATE TABLE account_entity (
    account_id @account_id@,
    entity_id  @account_id@,
    starts_on  date NOT NULL DEFAULT '-infinity',
    ends_on    date NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (account_id, starts_on),
    CHECK (starts_on < ends_on));
COMMENT ON TABLE account_entity IS
'Which account those with a parent, those merged and those they belong to are part of, and when, at the grain of the '
'policy. One row an account and time with the same ones. Written by CALL csmetrics.refresh alone; others stand for '
'themselves.';
COMMENT ON COLUMN account_entity.account_id IS 'The account';
COMMENT ON COLUMN account_entity.entity_id IS 'The account that it belongs to meanwhile';
COMMENT ON COLUMN account_entity.starts_on IS 'First day';
COMMENT ON COLUMN account_entity.ends_on IS 'The day after the last';
