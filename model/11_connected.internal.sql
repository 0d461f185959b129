-- What CALL csmetrics.connect wrote.

CREATE TABLE connection_view (
    view_name  text NOT NULL DEFAULT '',
    vendor     text,
    source     text,
    definition text NOT NULL DEFAULT '',
    PRIMARY KEY (view_name));
COMMENT ON TABLE connection_view IS
'The views that CALL csmetrics.connect wrote, so that those which were changed since are told apart. Written by it '
'alone.';
COMMENT ON COLUMN connection_view.view_name IS 'The view';
COMMENT ON COLUMN connection_view.vendor IS 'The vendor that it reads; NULL: all that are connected';
COMMENT ON COLUMN connection_view.source IS 'The source that it gives';
COMMENT ON COLUMN connection_view.definition IS 'Fingerprint of its definition as it was written';

CREATE TABLE identity (
    vendor      text NOT NULL DEFAULT '',
    account_key text NOT NULL DEFAULT '',
    account_id  @account_id@,
    matched_by  text NOT NULL DEFAULT '',
    PRIMARY KEY (vendor, account_key));
COMMENT ON TABLE identity IS
'Which account each key of a connected vendor is, and why; rows of account_identity come first. Written by CALL '
'csmetrics.connect and csmetrics.refresh alone.';
COMMENT ON COLUMN identity.vendor IS 'The vendor';
COMMENT ON COLUMN identity.account_key IS 'Its key of the account';
COMMENT ON COLUMN identity.account_id IS 'The account';
COMMENT ON COLUMN identity.matched_by IS
'mapping (a row of account_identity), crm key, domain, merged (into another of its vendor''s), or own: no other is '
'known, so the key is that of the account';

CREATE TABLE connected_account (
    account_id      @account_id@,
    name            text,
    segment         text,
    plan            text,
    lifecycle_stage text,
    onboarding_path text,
    region          text,
    owner           text,
    parent_id       @account_id@,
    created_on      date,
    seats           numeric,
    time_zone       text,
    is_test         boolean,
    PRIMARY KEY (account_id));
COMMENT ON TABLE connected_account IS
'The accounts that the connected vendors know, each attribute from the first that knows it. Written by CALL '
'csmetrics.connect and csmetrics.refresh alone; source_account reads it.';
COMMENT ON COLUMN connected_account.account_id IS 'Key of the account';
COMMENT ON COLUMN connected_account.name IS 'Name of the account';
COMMENT ON COLUMN connected_account.segment IS 'Market segment';
COMMENT ON COLUMN connected_account.plan IS 'Plan or contract type';
COMMENT ON COLUMN connected_account.lifecycle_stage IS 'Stage of the customer lifecycle';
COMMENT ON COLUMN connected_account.onboarding_path IS 'Way in which the account was brought on board';
COMMENT ON COLUMN connected_account.region IS 'Region';
COMMENT ON COLUMN connected_account.owner IS 'Customer-success manager';
COMMENT ON COLUMN connected_account.parent_id IS 'Key of the parent account';
COMMENT ON COLUMN connected_account.created_on IS 'Day the account was created';
COMMENT ON COLUMN connected_account.seats IS 'Seats bought';
COMMENT ON COLUMN connected_account.time_zone IS 'IANA time zone of the account';
COMMENT ON COLUMN connected_account.is_test IS 'True for test and internal accounts, which the model leaves out';

CREATE TABLE observed_charge (
    vendor           text NOT NULL DEFAULT '',
    item_key         text NOT NULL DEFAULT '',
    found_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    from_at          timestamptz NOT NULL DEFAULT '-infinity',
    account_key      text,
    subscription_key text,
    charge           numeric,
    currency         text,
    unit             text,
    unit_count       integer,
    product_id       text,
    product          text,
    is_gone          boolean NOT NULL DEFAULT false,
    PRIMARY KEY (vendor, item_key, found_at));
COMMENT ON TABLE observed_charge IS
'What refreshes saw of items of subscriptions that their vendor changes in place: a row when one was first seen, or '
'was another. Added to by CALL csmetrics.refresh alone and never made anew: nothing else knows what they were.';
COMMENT ON COLUMN observed_charge.vendor IS 'The vendor';
COMMENT ON COLUMN observed_charge.item_key IS 'Its key of the item';
COMMENT ON COLUMN observed_charge.found_at IS 'When it was found so first';
COMMENT ON COLUMN observed_charge.from_at IS 'Since when it counts so; -infinity: since the item is there';
COMMENT ON COLUMN observed_charge.account_key IS 'The vendor''s key of the account';
COMMENT ON COLUMN observed_charge.subscription_key IS 'The vendor''s key of the subscription';
COMMENT ON COLUMN observed_charge.charge IS 'What is charged each time, as the vendor writes amounts';
COMMENT ON COLUMN observed_charge.currency IS 'Currency of charge';
COMMENT ON COLUMN observed_charge.unit IS 'It is charged every unit_count of these: day, week, month, year';
COMMENT ON COLUMN observed_charge.unit_count IS 'How many of unit';
COMMENT ON COLUMN observed_charge.product_id IS 'The vendor''s key of the product';
COMMENT ON COLUMN observed_charge.product IS 'Name of the product';
COMMENT ON COLUMN observed_charge.is_gone IS 'Was the item no more in the vendor''s table?';
