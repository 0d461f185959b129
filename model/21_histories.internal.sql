-- What refresh stored: rates of exchange, the histories, and by what to tell what changed.

CREATE TABLE left_out_account (
    account_id @account_id@,
    PRIMARY KEY (account_id));
COMMENT ON TABLE left_out_account IS
'The accounts of source_account that the last CALL csmetrics.refresh left out, with all that is their own: those in '
'quarantine, and test accounts unless the policy counts them. Written by it alone.';
COMMENT ON COLUMN left_out_account.account_id IS 'Key of the account';

CREATE TABLE fx_rate (
    currency text,
    on_date  date,
    rate     numeric NOT NULL,
    PRIMARY KEY (currency, on_date));
COMMENT ON TABLE fx_rate IS
'The rates of exchange, as the last CALL csmetrics.refresh saw them in source_fx_rate; of two of one currency and day '
'the lower. Written by it alone.';
COMMENT ON COLUMN fx_rate.currency IS 'ISO 4217 code, in capitals';
COMMENT ON COLUMN fx_rate.on_date IS 'First day on which the rate holds';
COMMENT ON COLUMN fx_rate.rate IS 'What one unit of the currency is worth, in a currency that is the same in every row';

CREATE TABLE account_digest (
    source     text,
    account_id @account_id@,
    digest     numeric NOT NULL,
    row_count  bigint NOT NULL DEFAULT 0,
    fed_mask   integer NOT NULL DEFAULT 0,
    PRIMARY KEY (source, account_id));
COMMENT ON TABLE account_digest IS
'What the rows of each account were when CALL csmetrics.refresh read them, as a number: where a source has the same '
'now, they are not read anew. Written by it alone; emptied, all is read.';
COMMENT ON COLUMN account_digest.source IS 'The source';
COMMENT ON COLUMN account_digest.account_id IS 'Key of the account';
COMMENT ON COLUMN account_digest.digest IS 'Sum of the hashes of its rows';
COMMENT ON COLUMN account_digest.row_count IS 'How many rows these are';
COMMENT ON COLUMN account_digest.fed_mask IS
'Which of csmetrics.telling_columns() have a value in any of them, the first in the lowest bit';

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
    waits        ticket_wait[],
    called_off   mrr_timeline,
    overdue      mrr_timeline,
    PRIMARY KEY (account_id));
CREATE INDEX ON account_state (first_paid_on(revenue));
CREATE INDEX ON account_state (first_active_on(usage));
CREATE INDEX ON account_state (account_id) INCLUDE (renewals) WHERE renewals IS NOT NULL;
CREATE INDEX ON account_state (account_id) WHERE signals IS NOT NULL;
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
COMMENT ON COLUMN account_state.waits IS 'When its tickets waited for whom; NULL where nothing tells';
COMMENT ON COLUMN account_state.called_off IS
'Its MRR whose renewal was called off and that has no end in the source, from the day of the renewal on; NULL: none';
COMMENT ON COLUMN account_state.overdue IS
'Its MRR in force past its day of renewal, though not cancelled, over time; NULL without any';

CREATE OR REPLACE FUNCTION first_fact() RETURNS TABLE (first_paid_on date, first_active_on date)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
    SELECT (SELECT min(first_paid_on(s.revenue)) FROM account_state s),
           (SELECT min(first_active_on(s.usage)) FROM account_state s);
END;
COMMENT ON FUNCTION first_fact() IS
'Internal: the first day on which anybody paid, and the first on which anybody used the product';

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
COMMENT ON COLUMN revenue_state.account_id IS 'Key of the account, or of the one that stands for the entity';
COMMENT ON COLUMN revenue_state.subscription_id IS 'Key of the subscription; empty unless entities are subscriptions';
COMMENT ON COLUMN revenue_state.currency IS 'ISO 4217 code; empty where nothing is converted';
COMMENT ON COLUMN revenue_state.valid_from_on IS 'First day on which it is made of the same accounts';
COMMENT ON COLUMN revenue_state.valid_until_on IS 'The day after the last';
COMMENT ON COLUMN revenue_state.is_mixed IS 'Has it MRR in several currencies?';
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

CREATE TABLE entitlement_state (
    account_id @account_id@,
    feature    text,
    terms      daterange[],
    PRIMARY KEY (account_id, feature));
COMMENT ON TABLE entitlement_state IS
'One row a feature that an account is or was entitled to. Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN entitlement_state.account_id IS 'Key of the account';
COMMENT ON COLUMN entitlement_state.feature IS 'Name of the feature';
COMMENT ON COLUMN entitlement_state.terms IS 'When it was; a term that begins at no day holds from ever';

CREATE TABLE discount_state (
    account_id @account_id@,
    currency   text,
    list_price mrr_timeline,
    recurring  mrr_timeline,
    limited    mrr_timeline,
    PRIMARY KEY (account_id, currency));
COMMENT ON TABLE discount_state IS
'One row an account and currency: list price and discounts of its subscriptions over time, in the currency itself. '
'Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN discount_state.account_id IS 'Key of the account';
COMMENT ON COLUMN discount_state.currency IS 'ISO 4217 code, in capitals; empty where the source has none';
COMMENT ON COLUMN discount_state.list_price IS 'MRR without discounts; free subscriptions keep the account in it';
COMMENT ON COLUMN discount_state.recurring IS 'Recurring discounts, which MRR has off';
COMMENT ON COLUMN discount_state.limited IS 'One-off and limited discounts, which it has not';

CREATE TABLE product_state (
    account_id      @account_id@,
    subscription_id text,
    product         text,
    plan            text,
    revenue         mrr_timeline,
    PRIMARY KEY (account_id, subscription_id, product, plan));
COMMENT ON TABLE product_state IS
'One row an account, product and plan of its subscriptions: their MRR over time, which adds up to its own. Only of '
'accounts with a subscription that has either. Written by CALL csmetrics.refresh alone.';
COMMENT ON COLUMN product_state.account_id IS 'Key of the account';
COMMENT ON COLUMN product_state.subscription_id IS 'Key of the subscription; empty unless entities are subscriptions';
COMMENT ON COLUMN product_state.product IS 'Product; empty where the source has none';
COMMENT ON COLUMN product_state.plan IS 'Plan; empty where the source has none';
COMMENT ON COLUMN product_state.revenue IS 'MRR over time, in the currency of report at constant rates';

CREATE TABLE ending_state (
    account_id      @account_id@,
    subscription_id text,
    ended_on        date,
    cause           text,
    reason          text,
    mrr             numeric NOT NULL,
    PRIMARY KEY (account_id, subscription_id, ended_on, cause, reason));
COMMENT ON TABLE ending_state IS
'One row an account, day and reason for which some of its MRR ended then, as its subscriptions say. Written by CALL '
'csmetrics.refresh alone.';
COMMENT ON COLUMN ending_state.account_id IS 'Key of the account';
COMMENT ON COLUMN ending_state.subscription_id IS 'Key of the subscription; empty unless entities are subscriptions';
COMMENT ON COLUMN ending_state.ended_on IS 'The first day without it';
COMMENT ON COLUMN ending_state.cause IS 'voluntary, involuntary, paused or unknown';
COMMENT ON COLUMN ending_state.reason IS
'end_reason of the source; (past due): it counted until so long after a payment was due; (paused); (unknown)';
COMMENT ON COLUMN ending_state.mrr IS
'MRR that ended, in the currency of report at constant rates, before what came in its place';

CREATE TABLE account_entity (
    account_id @account_id@,
    entity_id  @account_id@,
    starts_on  date NOT NULL DEFAULT '-infinity',
    ends_on    date NOT NULL DEFAULT 'infinity',
    is_merged  boolean NOT NULL DEFAULT false,
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
COMMENT ON COLUMN account_entity.is_merged IS 'Is it no account of its own any more?';
